"""What an extension does to a note: the maturity and its due days move, and what was due at the end with them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from sqlmodel import Session

from app.loans.books import NoteLedger, add_plan, note_book
from app.loans.domain.notes import interest_periods
from app.loans.models import LoanExtension
from app.loans.rates.queries import moved_from_json


def carry_extension(session: Session, note: NoteLedger, given: LoanExtension) -> None:
    """Move the maturity of a note on the day of the extension; the plan after it counts from there."""
    old_end_on = note.terms.ends_on
    set_maturity(note, given.matures_on, given.moved)
    new_end_on = note.terms.ends_on
    left = [each for each in note.plan if each.on > given.booked_on]
    plan = [replace(each, on=new_end_on) if each.on == old_end_on else each for each in left]
    add_plan(
        session,
        note,
        tuple(plan),
        from_on=given.booked_on,
        reason=given.reason[:200],
        extension_id=given.id,
    )
    running = next(
        each
        for each in interest_periods(note.terms)
        if each.starts_on <= note.state.period_starts_on < each.due_on
    )
    note.state.period_due_on, note.state.whole_months = running.due_on, running.whole_months
    note.state.next_due_on = note_book(note).next_due(given.booked_on)


def set_maturity(note: NoteLedger, matures_on: date, moved: Sequence[Sequence[str]] | None) -> None:
    """The terms of a note with another maturity, as they held before an extension or from it on."""
    note.terms = replace(note.terms, matures_on=matures_on, moved=moved_from_json(moved))


def is_extended(note: NoteLedger, given: LoanExtension) -> bool:
    """Whether a note was drawn before an extension."""
    return (note.note.drawn_on, _id(note.note.id)) < (given.booked_on, _id(given.id))


def _id(given: UUID) -> int:
    """Ids grow with time."""
    return given.int


__all__ = ["carry_extension", "is_extended", "set_maturity"]
