"""What a decided change of terms does to a note on its day: a rate, a plan. A replay does it again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sqlmodel import Session

from app.loans.books import NoteLedger, add_plan, note_book, steps_to_json
from app.loans.domain.accrual import RateFrom
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.notes import NoteTerms, cut_at_end, rates_of, replanned
from app.loans.domain.terms import Method


def carry_rate(
    session: Session, note: NoteLedger, rate_ppm: int, *, on: date, change_number: str
) -> None:
    """The rate of a note from a day on; the running period bears both, level instalments are drawn again."""
    state = note.state
    rates = (*rates_of(note.terms), RateFrom(from_on=on, rate_ppm=rate_ppm))
    note.terms = replace(note.terms, rates=rates, rate_ppm=rate_ppm)
    if state.unbilled_fen and not state.steps:
        state.steps = steps_to_json([(state.period_starts_on, state.unbilled_fen)])
    plan = plan_at_rate(note.terms, note.plan, on, balance_fen=state.unbilled_fen)
    _put_in_force(session, note, plan, on=on, change_number=change_number)


def carry_plan(
    session: Session,
    note: NoteLedger,
    decided: Sequence[DatedAmount],
    *,
    on: date,
    change_number: str,
) -> None:
    """A decided plan from a day on: kept from its beginning, what is owed less or more is of its last days."""
    plan = cut_at_end(decided, note.state.unbilled_fen)
    _put_in_force(session, note, plan, on=on, change_number=change_number)


def plan_at_rate(
    terms: NoteTerms, plan: Sequence[DatedAmount], day: date, *, balance_fen: int
) -> tuple[DatedAmount, ...]:
    """What is still planned after a day; equal instalments are drawn again by the rate of the terms."""
    if terms.method is Method.EQUAL_INSTALMENT:
        return replanned(terms, plan, after_on=day, balance_fen=balance_fen)
    return tuple(each for each in plan if each.on > day)


def _put_in_force(
    session: Session,
    note: NoteLedger,
    plan: tuple[DatedAmount, ...],
    *,
    on: date,
    change_number: str,
) -> None:
    add_plan(session, note, plan, from_on=on, reason=change_number)
    note.state.next_due_on = note_book(note).next_due(on)


__all__ = ["carry_plan", "carry_rate", "plan_at_rate"]
