"""States of a stored GEP account, and what is read from its rows."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from app.kernel.text import N_
from risk_models.accounts import AccountDocument, AccountRow

__all__ = ["MOST_FEN", "STATE_TITLES", "GepAccountState", "named", "top_region"]

MOST_FEN: Final = 10**18
"""Ten million billion yuan: a hundred times the product of the country's ecosystems."""


class GepAccountState(StrEnum):
    """A draft is seen by who keeps it; what is published is never changed."""

    DRAFT = "draft"
    PUBLISHED = "published"


STATE_TITLES: Final = {
    GepAccountState.DRAFT: N_("Draft"),
    GepAccountState.PUBLISHED: N_("Published"),
}


def top_region(rows: Iterable[AccountRow]) -> str:
    """The one region that has no other above it, or nothing when there are several."""
    listed = list(rows)
    regions = {row.region for row in listed}
    tops = {row.parent or row.region for row in listed if row.parent not in regions}
    return tops.pop() if len(tops) == 1 else ""


def named(document: AccountDocument, field: str) -> str:
    """The norm or price table of all rows, joined when there are several."""
    found = sorted({str(row.inputs[field]) for row in document.rows if field in row.inputs})
    return ", ".join(found)[:60]
