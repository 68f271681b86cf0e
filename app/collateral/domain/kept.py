"""What the audit journal keeps of facts that cannot be recomputed later; `verify` compares the rows with it."""

import hashlib
from collections.abc import Iterable
from typing import Any, Final

from app.audit.domain import canonical, json_facts

PLEDGE_FIGURES: Final = (
    "rank",
    "secured_fen",
    "cap_ppm",
    "relied_current_fen",
    "relied_recognised_fen",
    "relied_valid_until",
)
"""Of a pledge when it is taken."""

RECOGNITION_FIGURES: Final = ("before_fen", "after_fen", "current_fen")
"""Of each change of a recognised value."""

CALL_FIGURES: Final = (
    "level",
    "basis",
    "measured_on",
    "exposure_fen",
    "recognised_fen",
    "ratio_ppm",
    "line_ppm",
    "target_ppm",
    "repay_fen",
    "add_recognised_fen",
)
"""Of a top-up case at each step."""

OBSERVED: Final = (
    "loan_id",
    "on",
    "principal_fen",
    "exposure_fen",
    "recognised_fen",
    "lendable_fen",
    "ltv_ppm",
    "risk_ltv_ppm",
    "level",
)
"""Of each observation, under the digest of its look."""


def figures_of(row: object, names: Iterable[str]) -> dict[str, Any]:
    """The named figures of a row."""
    return {name: getattr(row, name) for name in names}


def observations_digest(rows: Iterable[object]) -> str:
    """SHA-256 over the observations of one look of the watch, in whatever order they are given."""
    lines = sorted(canonical(json_facts(figures_of(row, OBSERVED))) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
