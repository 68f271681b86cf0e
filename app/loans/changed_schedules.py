"""What a change of terms would make of a loan's schedule, beside what stands: worked out, never stored."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from sqlmodel import Session, col

from app.loans.books import NoteLedger, note_book
from app.loans.contract_terms import OpenLoan, contract_terms, moved_after_extension
from app.loans.decided import plan_at_rate
from app.loans.domain.accrual import RateFrom
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.notes import NoteTerms, rates_of
from app.loans.domain.repricing import RateSet
from app.loans.domain.servicing import NoteBook
from app.loans.extending import plan_moved, running_period
from app.loans.models import Loan, LoanNote
from app.loans.rates.queries import moved_from_json
from app.loans.repricing import NewRate, new_rate_set
from app.loans.restructuring import share_of_plan
from app.loans.schedules import (
    InstalmentView,
    contract_instalments,
    last_due_on,
    read_ledgers,
    to_come,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedTerms:
    """A later maturity, another rate, another plan of what has not fallen due; what is left out stays."""

    matures_on: date | None = None
    rate: NewRate | None = None
    plan: tuple[DatedAmount, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """The change as each note of the loan takes it on a day."""

    day: date
    plan: tuple[DatedAmount, ...]
    rate: RateSet | None
    matures_on: date | None
    moved: tuple[tuple[date, date], ...]


def schedule_to_come(session: Session, loan: Loan) -> tuple[InstalmentView, ...]:
    """What is to come of a loan as it stands, when all is paid in time."""
    return _joined(to_come(note, last_due_on(note)) for note in _ledgers(session, loan))


def schedule_as_changed(
    session: Session, loan: Loan, changed: ChangedTerms, day: date
) -> tuple[InstalmentView, ...]:
    """What would be to come if the change were booked on the day; nothing is stored.

    The same steps in the same order as the booking takes them: the maturity, the rate, the plan.
    """
    notes = _ledgers(session, loan)
    if not notes:
        return ()
    change = _change(session, loan, notes[0].terms, changed, day)
    return _joined(
        to_come(note, last_due_on(note), book=_book_as_changed(note, change)) for note in notes
    )


def schedule_of_terms(session: Session, terms: OpenLoan) -> tuple[InstalmentView, ...]:
    """What falls due of a contract on these terms that is drawn whole on its first day."""
    return tuple(contract_instalments(Loan(**contract_terms(session, terms))))


def _ledgers(session: Session, loan: Loan) -> list[NoteLedger]:
    return read_ledgers(session, col(LoanNote.loan_id) == loan.id, bills=True)


def _change(
    session: Session, loan: Loan, terms: NoteTerms, changed: ChangedTerms, day: date
) -> _Change:
    before_on, later_on = loan.matures_on or day, changed.matures_on
    moved = None
    if later_on is not None and later_on > before_on:
        whole = replace(terms, matures_on=later_on)
        moved = moved_after_extension(session, loan, whole, old_end_on=before_on)
    else:
        later_on = None
    return _Change(
        day=day,
        plan=changed.plan,
        rate=new_rate_set(session, loan, changed.rate, day) if changed.rate else None,
        matures_on=later_on,
        moved=moved_from_json(moved),
    )


def _book_as_changed(note: NoteLedger, change: _Change) -> NoteBook:
    terms, plan = note.terms, note.plan
    if change.matures_on is not None:
        terms = replace(
            terms,
            matures_on=change.matures_on,
            moved=change.moved,
            extended_from_on=terms.extended_from_on or terms.matures_on,
        )
        plan = plan_moved(plan, change.day, before_on=note.terms.ends_on, after_on=terms.ends_on)
    if change.rate is not None:
        terms = _at_rate(terms, change.rate)
        plan = plan_at_rate(terms, plan, change.day, balance_fen=note.state.unbilled_fen)
    if change.plan and note.state.unbilled_fen:
        plan = share_of_plan(change.plan, note.state.unbilled_fen)
    book = note_book(replace(note, terms=terms, plan=plan))
    if change.matures_on is not None:
        running = running_period(terms, note.state.period_starts_on)
        book.period_due_on, book.whole_months = running.due_on, running.whole_months
    if change.rate is not None and book.unbilled_fen:
        book.steps = book.steps or ((book.period_starts_on, book.unbilled_fen),)
    book.next_due_on = book.next_due(change.day)
    return book


def _at_rate(terms: NoteTerms, made: RateSet) -> NoteTerms:
    rates = (*rates_of(terms), RateFrom(from_on=made.from_on, rate_ppm=made.rate_ppm))
    return replace(terms, rate_ppm=made.rate_ppm, rates=rates)


def _joined(parts: Iterable[Iterator[InstalmentView]]) -> tuple[InstalmentView, ...]:
    rows = [row for part in parts for row in part]
    return tuple(sorted(rows, key=lambda each: (each.due_on, each.note_number)))
