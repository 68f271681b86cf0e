"""Rates that the closes of loans set on their days, and what bears on their notes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.kernel.ids import new_id
from app.loans.domain.notes import plan_to_json
from app.loans.domain.repricing import RateReason, RateSet, due_resets, next_reset_on
from app.loans.domain.servicing import NoteBook
from app.loans.models import LoanNote, NotePlan, NoteStateRow
from app.loans.rates.models import NoteRate
from app.loans.rates.queries import (
    Bearing,
    Fixings,
    bearing_of,
    pricing_of,
    published_lpr,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repricing:
    """What a set of loans needs for its rates: those of its notes, misuse, and LPR where a rate is set."""

    bearing: Bearing
    fixings: Fixings = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class RateWrites:
    """Rows of rates, of plans drawn again, and the figures of the notes that they changed."""

    rates: list[dict[str, Any]] = field(default_factory=list)
    plans: list[dict[str, Any]] = field(default_factory=list)
    moved: list[tuple[UUID, int, date | None]] = field(default_factory=list)

    def add(self, other: "RateWrites") -> None:
        """Take over the rows of one loan."""
        self.rates += other.rates
        self.plans += other.plans
        self.moved += other.moved


@dataclass(frozen=True, slots=True)
class _Note:
    id: UUID
    drawn_on: date
    amount_fen: int


def load_repricing(
    session: Session, rows: Sequence[Any], floating: Iterable[UUID], last_on: date
) -> Repricing:
    """Read it for the rows of notes; `floating` are the ids of notes without a fixed rate."""
    notes = [_Note(row.note_id, row.drawn_on, row.amount_fen) for row in rows]
    bearing = bearing_of(session, notes, floating=floating)
    due = any(is_repriced(row, last_on) for row in rows)
    return Repricing(bearing=bearing, fixings=published_lpr(session) if due else {})


def is_repriced(row: Any, last_on: date) -> bool:
    """Whether a rate is set on the days to close."""
    return row.next_reset_on is not None and row.next_reset_on <= last_on


def resets_of(
    repricing: Repricing, loan: Any, row: Any, ends_on: date, until_on: date
) -> tuple[RateSet, ...]:
    """The rates to be set for a note up to a day; refused where no LPR counts."""
    pricing = pricing_of(loan)
    if pricing is None or not is_repriced(row, until_on):
        return ()
    known = repricing.bearing.rates[row.note_id]
    found = due_resets(
        pricing,
        repricing.fixings[pricing.tenor],
        drawn_on=row.drawn_on,
        after_on=known[-1].from_on,
        until_on=until_on,
        ends_on=ends_on,
    )
    return tuple(found)


def collect_rates(
    writes: RateWrites,
    loan: Any,
    row: Any,
    book: NoteBook,
    resets: Sequence[RateSet],
    plan_number: int,
) -> None:
    """The rows of the rates that were set on a note, and of its plans."""
    pricing = pricing_of(loan)
    if pricing is None or not resets:
        return
    first = len(book.rates) - len(resets) + 1
    for number, each in enumerate(resets, start=first):
        writes.rates.append(rate_row(row.note_id, number, each))
    for number, (from_on, plan) in enumerate(book.replans, start=plan_number + 1):
        writes.plans.append(
            {
                "id": new_id(),
                "note_id": row.note_id,
                "number": number,
                "from_on": from_on,
                "plan": plan_to_json(plan),
                "reason": RateReason.RESET.value,
            }
        )
    following = next_reset_on(
        pricing.rule, drawn_on=row.drawn_on, after_on=resets[-1].from_on, ends_on=book.ends_on
    )
    writes.moved.append((row.note_id, book.rate_ppm, following))


def rate_row(note_id: UUID, number: int, given: RateSet) -> dict[str, Any]:
    """A rate of a note as it is stored."""
    return {
        "note_id": note_id,
        "number": number,
        "from_on": given.from_on,
        "rate_ppm": given.rate_ppm,
        "reason": given.reason,
        "lpr_on": given.fixing.on if given.fixing else None,
        "lpr_ppm": given.fixing.rate_ppm if given.fixing else None,
    }


def write_rates(session: Session, writes: RateWrites) -> None:
    """Write what was collected: few rows, on the days of a rule."""
    for model, rows in ((NoteRate, writes.rates), (NotePlan, writes.plans)):
        if rows:
            session.execute(sa.insert(model), rows)
    for note_id, rate_ppm, following in writes.moved:
        for statement in (
            sa.update(LoanNote).where(col(LoanNote.id) == note_id).values(rate_ppm=rate_ppm),
            sa.update(NoteStateRow)
            .where(col(NoteStateRow.note_id) == note_id)
            .values(next_reset_on=following),
        ):
            session.execute(statement, execution_options={"synchronize_session": False})
