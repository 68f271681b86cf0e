"""What an extension does to a note: the maturity and its due days move, and what was due at the end with them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from sqlmodel import Session

from app.loans.books import NoteLedger, add_plan, note_book
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.notes import NoteTerms, interest_periods
from app.loans.domain.periods import Period
from app.loans.models import LoanExtension
from app.loans.rates.queries import moved_from_json


def carry_extension(session: Session, note: NoteLedger, given: LoanExtension) -> None:
    """Move the maturity of a note on the day of the extension; the plan after it counts from there."""
    old_end_on = note.terms.ends_on
    set_maturity(note, given.matures_on, given.moved)
    new_end_on = note.terms.ends_on
    add_plan(
        session,
        note,
        plan_moved(note.plan, given.booked_on, before_on=old_end_on, after_on=new_end_on),
        from_on=given.booked_on,
        reason=given.reason[:200],
        extension_id=given.id,
    )
    running = running_period(note.terms, note.state.period_starts_on)
    note.state.period_due_on, note.state.whole_months = running.due_on, running.whole_months
    note.state.next_due_on = note_book(note).next_due(given.booked_on)


def plan_moved(
    plan: Sequence[DatedAmount], day: date, *, before_on: date, after_on: date
) -> tuple[DatedAmount, ...]:
    """What is planned after a day, what was due at the end on the new end."""
    left = (each for each in plan if each.on > day)
    return tuple(replace(each, on=after_on) if each.on == before_on else each for each in left)


def running_period(terms: NoteTerms, starts_on: date) -> Period:
    """The interest period of the terms in which one runs that began on a day."""
    return next(
        each for each in interest_periods(terms) if each.starts_on <= starts_on < each.due_on
    )


def set_maturity(note: NoteLedger, matures_on: date, moved: Sequence[Sequence[str]] | None) -> None:
    """The terms of a note with another maturity, as they held before an extension or from it on."""
    note.terms = replace(note.terms, matures_on=matures_on, moved=moved_from_json(moved))


def is_extended(note: NoteLedger, given: LoanExtension) -> bool:
    """Whether a note was drawn before an extension."""
    return (note.note.drawn_on, _id(note.note.id)) < (given.booked_on, _id(given.id))


def _id(given: UUID) -> int:
    """Ids grow with time."""
    return given.int


__all__ = ["carry_extension", "is_extended", "plan_moved", "running_period", "set_maturity"]
