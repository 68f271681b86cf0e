"""How what runs on a note was worked out: the parts, their rounded sum, and when it was posted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from app.loans.domain.accrual import InterestPart, interest_parts
from app.loans.domain.burden import compound_parts, compound_to, penalty_parts, penalty_to
from app.loans.domain.servicing import NoteBook
from app.loans.domain.states import AccrualKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What the close of the last closed day brought, and what was posted since to correct earlier days."""

    day_fen: int = 0
    corrected_fen: int = 0


_NOTHING: Final = Posted()


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Interest of the running period, or penalty or compound interest since the drawdown."""

    kind: AccrualKind
    through_on: date
    """The last closed day; it counts."""
    parts: tuple[InterestPart, ...]
    grown_fen: int
    """The sum of the parts, rounded once."""
    worth_fen: int
    """What the last closed day is worth by the terms and balances as they are known now."""
    posted: Posted
    before_fen: int
    """Posted on earlier days."""

    @property
    def day_fen(self) -> int:
        """Posted for the last closed day."""
        return self.posted.day_fen

    @property
    def corrected_fen(self) -> int:
        """Posted since to correct earlier days."""
        return self.posted.corrected_fen

    @property
    def pending_fen(self) -> int:
        """Grown by what was learnt since the last close; the next one posts it."""
        return self.grown_fen - self.before_fen - self.day_fen - self.corrected_fen


def growth(book: NoteBook, through_on: date, posted: Mapping[AccrualKind, Posted]) -> list[Growth]:
    """What runs on a note after the close of a day, by kind.

    Needs the bills of the note with what was paid of them.
    """
    until_on = through_on + timedelta(days=1)
    found = []
    if book.next_due_on is not None and until_on > book.period_starts_on:
        parts = interest_parts(book.period, book.balances(), until_on)
        begun = through_on > book.period_starts_on
        sums = (book.interest_to(through_on) if begun else 0, book.interest_to(until_on))
        found.append((AccrualKind.INTEREST, parts, sums, book.interest_fen))
    found += [
        (
            AccrualKind.PENALTY,
            penalty_parts(book.dues, until_on, book.burden),
            (
                penalty_to(book.dues, through_on, book.burden),
                penalty_to(book.dues, until_on, book.burden),
            ),
            book.penalty_fen,
        ),
        (
            AccrualKind.COMPOUND,
            compound_parts(book.dues, until_on, book.burden),
            (
                compound_to(book.dues, through_on, book.burden),
                compound_to(book.dues, until_on, book.burden),
            ),
            book.compound_fen,
        ),
    ]
    return [
        Growth(
            kind=kind,
            through_on=through_on,
            parts=parts,
            grown_fen=grown_fen,
            worth_fen=grown_fen - through_fen,
            posted=(of_kind := posted.get(kind, _NOTHING)),
            before_fen=posted_fen - of_kind.day_fen - of_kind.corrected_fen,
        )
        for kind, parts, (through_fen, grown_fen), posted_fen in found
        if parts
    ]
