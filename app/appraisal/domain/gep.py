"""States of a stored GEP account, and what is read from its rows."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Final

from app.appraisal.domain.valuing import digest
from app.kernel.text import N_
from risk_models.accounts import AccountDocument, AccountRow

__all__ = [
    "MOST_FEN",
    "STATE_TITLES",
    "GepAccountState",
    "account_digest",
    "named",
    "one_norm",
    "top_region",
]

MOST_FEN: Final = 10**18
"""Ten million billion yuan: a hundred times the product of the country's ecosystems."""

REGION_CHARACTERS: Final = 12
"""A division has six digits; twelve reach down to the village."""


class GepAccountState(StrEnum):
    """A draft is seen by who keeps it; what is published is never changed."""

    DRAFT = "draft"
    PUBLISHED = "published"


STATE_TITLES: Final = {
    GepAccountState.DRAFT: N_("Draft"),
    GepAccountState.PUBLISHED: N_("Published"),
}


def top_region(rows: Iterable[AccountRow]) -> str:
    """The one region that has no other above it, or nothing when there are several; a name is cut."""
    listed = list(rows)
    regions = {row.region for row in listed}
    tops = {row.parent or row.region for row in listed if row.parent not in regions}
    return tops.pop()[:REGION_CHARACTERS] if len(tops) == 1 else ""


def named(document: AccountDocument, field: str) -> str:
    """The norm or price table of all rows, joined when there are several."""
    found = sorted({str(row.inputs[field]) for row in document.rows if field in row.inputs})
    return ", ".join(found)[:60]


def one_norm(norm: str, other: str) -> bool:
    """Whether two accounts speak of the same thing; stated figures without a norm go for any."""
    return norm == other or not (norm and other)


def account_digest(
    on: date, model_version: str, document: Mapping[str, Any], result: Mapping[str, Any]
) -> str:
    """SHA-256 over the day, the model's version, the rows and what they gave."""
    return digest([on.isoformat(), model_version, _plain(document), _plain(result)])


def _plain(value: Any) -> Any:
    """Whole numbers without a point: one database gives 1e16 back as it was sent, the other as an integer."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
