"""How what runs on a note was worked out: the parts, their rounded sum, and what was posted before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from app.loans.domain.accrual import InterestPart, interest_parts
from app.loans.domain.burden import compound_parts, compound_to, penalty_parts, penalty_to
from app.loans.domain.servicing import NoteBook
from app.loans.domain.states import AccrualKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Interest of the running period, or penalty or compound interest since the drawdown."""

    kind: AccrualKind
    through_on: date
    """The last closed day; it counts."""
    parts: tuple[InterestPart, ...]
    grown_fen: int
    """The sum of the parts, rounded once."""
    before_fen: int
    """Of it posted on earlier days."""

    @property
    def day_fen(self) -> int:
        """Posted for the last closed day."""
        return self.grown_fen - self.before_fen


def growth(book: NoteBook, through_on: date, posted: Mapping[AccrualKind, int]) -> list[Growth]:
    """What runs on a note after the close of a day, by kind; `posted` is what that day brought.

    Needs the bills of the note with what was paid of them.
    """
    until_on = through_on + timedelta(days=1)
    found = []
    if book.next_due_on is not None and until_on > book.period_starts_on:
        parts = interest_parts(book.period, book.balances(), until_on)
        found.append((AccrualKind.INTEREST, parts, book.interest_to(until_on), book.interest_fen))
    found += [
        (
            AccrualKind.PENALTY,
            penalty_parts(book.dues, until_on, book.burden),
            penalty_to(book.dues, until_on, book.burden),
            book.penalty_fen,
        ),
        (
            AccrualKind.COMPOUND,
            compound_parts(book.dues, until_on, book.burden),
            compound_to(book.dues, until_on, book.burden),
            book.compound_fen,
        ),
    ]
    return [
        Growth(
            kind=kind,
            through_on=through_on,
            parts=parts,
            grown_fen=grown_fen,
            before_fen=posted_fen - posted.get(kind, 0),
        )
        for kind, parts, grown_fen, posted_fen in found
        if parts
    ]
