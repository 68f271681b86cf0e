"""The past of a loan whose bank opens its books here: replayed by the same rules.

For taking over a portfolio: drawdowns, repayments and write-offs of the past are booked on
their own days, with interest grown and bills made between them, up to the day before the
bank's first open day.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.kernel.actor import Actor
from app.kernel.permissions import Permission
from app.kernel.schedule_dates import add_months
from app.loans.books import ONE_DAY, LoanLedger, lock_ledger, open_books
from app.loans.closing.loans import close_loans
from app.loans.contracts import ExtendLoan, PostDrawdown, WriteOff, book_write_off, draw, extend
from app.loans.domain.classification import ClassRules, class_rules
from app.loans.domain.states import LoanState
from app.loans.models import Loan, LoanMonthEnd, LoanStateRow, NoteStateRow
from app.loans.refusals import HistoryNotFirst
from app.loans.repayments.repaying import Repay, book_repayment
from app.reference.services import policy_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A drawdown of the past."""

    on: date
    command: PostDrawdown


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaid:
    """A repayment of the past; `dues` pays exactly what had fallen due by then."""

    on: date
    command: Repay | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extended:
    """An extension of the past."""

    on: date
    command: ExtendLoan


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenOff:
    """A write-off of the past."""

    on: date
    command: WriteOff


PastEvent: TypeAlias = Drawn | Repaid | Extended | WrittenOff


def load_history(
    session: Session, actor: Actor, loan_id: UUID, events: Sequence[PastEvent]
) -> None:
    """Replay the past of a signed loan up to the day before the bank's open day.

    A `Repaid` without a command pays all that is due on its day. Month ends on the way are
    kept. Classes on the way are those of the open day's rules. Refuses a loan with bookings,
    and events out of order or on the open day.
    """
    actor.require(Permission.CLOSE_DAY)
    ledger, day = open_books(session, actor, loan_id)
    days = [each.on for each in events]
    if ledger.notes or days != sorted(days) or (days and days[-1] >= day):
        raise HistoryNotFirst(number=ledger.loan.number, until=day - ONE_DAY)
    rules = class_rules(policy_for(session, ledger.loan.bank_id, day))
    for event in events:
        _advance(session, loan_id, event.on, rules)
        _book(session, actor, lock_ledger(session, loan_id), event)
    _advance(session, loan_id, day, rules)


def _book(session: Session, actor: Actor, ledger: LoanLedger, event: PastEvent) -> None:
    match event:
        case Drawn():
            draw(session, actor, ledger, event.command, event.on)
        case Extended():
            extend(session, actor, ledger, event.command, event.on)
        case WrittenOff():
            book_write_off(session, actor, ledger, event.command, event.on)
        case Repaid():
            command = event.command or Repay(amount_fen=_due_fen(ledger))
            book_repayment(session, actor, ledger, command, event.on)
    session.flush()


def _due_fen(ledger: LoanLedger) -> int:
    """Everything billed and not paid, with penalty and compound interest."""
    billed = sum(
        due.principal_fen + due.interest_fen - due.paid_principal_fen - due.paid_interest_fen
        for _, due in ledger.dues
    )
    grown = sum(
        note.state.penalty_fen
        - note.state.penalty_paid_fen
        + note.state.compound_fen
        - note.state.compound_paid_fen
        for note in ledger.notes
    )
    return billed + grown


def _advance(session: Session, loan_id: UUID, until_on: date, rules: ClassRules) -> None:
    """Close the days before `until_on`, stopping where something falls due or a month ends."""
    while True:
        session.flush()
        row = session.execute(_running(loan_id)).one_or_none()
        if row is None or row.closed_on is None or row.closed_on >= until_on - ONE_DAY:
            return
        stop = min(_stops(row.closed_on, row.stops_on, until_on))
        close_loans(
            session,
            [loan_id],
            lambda _: (stop,),  # noqa: B023 - called at once
            last_on=stop,
            booked_on=None,
            rules=rules,
        )
        session.expire_all()
        if (stop + ONE_DAY).month != stop.month:
            _keep_month_end(session, loan_id, stop)


def _running(loan_id: UUID) -> sa.Select[date | None, date | None]:
    return (
        sa.select(col(LoanStateRow.closed_on), sa.func.min(_stop()).label("stops_on"))
        .join(Loan, col(Loan.id) == col(LoanStateRow.loan_id))
        .outerjoin(NoteStateRow, col(NoteStateRow.loan_id) == col(LoanStateRow.loan_id))
        .where(
            col(LoanStateRow.loan_id) == loan_id,
            col(Loan.state).in_((LoanState.PERFORMING, LoanState.OVERDUE)),
        )
        .group_by(col(LoanStateRow.closed_on))
    )


def _stop() -> sa.ColumnElement[date]:
    """Where something of a note falls due, or odd days end whose interest is spread."""
    due_on, period_due_on = col(NoteStateRow.next_due_on), col(NoteStateRow.period_due_on)
    return sa.case((due_on < period_due_on, due_on), (due_on.is_not(None), period_due_on))


def _stops(closed_on: date, stops_on: date | None, until_on: date) -> Iterable[date]:
    first = closed_on + ONE_DAY
    yield until_on - ONE_DAY
    yield add_months(first, 1, anchor_day=1) - ONE_DAY
    if stops_on is not None and stops_on > first:
        yield stops_on - ONE_DAY


def _keep_month_end(session: Session, loan_id: UUID, month_end_on: date) -> None:
    state = session.get_one(LoanStateRow, loan_id)
    if state.principal_fen:
        session.add(
            LoanMonthEnd(
                loan_id=loan_id,
                month_end_on=month_end_on,
                principal_fen=state.principal_fen,
                loan_class=state.loan_class,
            )
        )
        session.flush()
