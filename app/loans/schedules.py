"""What falls due of a loan: bills as they were made, and what is still to come."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import accumulate
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.kernel.schedule_dates import Every
from app.kernel.text import N_
from app.loans.books import (
    ONE_DAY,
    NoteLedger,
    bearing_of_loans,
    find_business_day,
    latest_plans,
    note_book,
    note_ledger,
)
from app.loans.domain.accrual import BalanceFrom, Explained, explained, held
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.notes import (
    NoteTerms,
    interest_periods,
    note_schedule,
    plan_balances,
    plan_from_json,
    principal_plan,
    rates_of,
)
from app.loans.domain.servicing import NoteBook
from app.loans.domain.states import Kept, LoanState
from app.loans.domain.terms import OddDays
from app.loans.models import Loan, LoanDue, LoanNote, NoteStateRow
from app.loans.queries import visible_loans
from app.loans.rates.queries import early_principal, moved_from_json

MAX_ROWS: Final = 1200
"""A century of months; no note has more days on which something falls due."""


class InstalmentState(StrEnum):
    """Where an instalment stands."""

    PAID = "paid"
    OVERDUE = "overdue"
    DUE = "due"
    TO_COME = "to-come"
    EARLY = "early"
    """Principal that was repaid before it fell due."""
    TAKEN_BACK = "taken-back"
    """Principal owed again: it was repaid before it fell due, and that was taken back on a later day."""


INSTALMENT_TITLES: Final = {
    InstalmentState.PAID: N_("Paid"),
    InstalmentState.OVERDUE: N_("Overdue"),
    InstalmentState.DUE: N_("Due today"),
    InstalmentState.TO_COME: N_("To come"),
    InstalmentState.EARLY: N_("Repaid early"),
    InstalmentState.TAKEN_BACK: N_("Early repayment taken back"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalmentView:
    """What falls due of a note on a day; paid parts only of what was billed.

    Principal repaid before its day has a row of its own, on that day and with number 0; where that
    was taken back on a later day one more, below zero.
    """

    note_number: str
    number: int
    due_on: date
    days: int
    """Days since the day before on which something of the note fell due."""
    principal_fen: int
    interest_fen: int
    paid_principal_fen: int
    paid_interest_fen: int
    balance_fen: int
    state: InstalmentState
    explained: Explained = field(default_factory=Explained)
    """Of which days, balances and rates the interest is made."""

    @property
    def payment_fen(self) -> int:
        """Principal and interest together."""
        return self.principal_fen + self.interest_fen

    @property
    def left_fen(self) -> int:
        """What is still to be paid."""
        return self.payment_fen - self.paid_principal_fen - self.paid_interest_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleView:
    """The instalments of all notes, by day; before the drawdown those of the contract."""

    drawn: bool
    instalments: Sequence[InstalmentView] = field(default_factory=tuple)

    @property
    def total_principal_fen(self) -> int:
        return sum(each.principal_fen for each in self.instalments)

    @property
    def total_interest_fen(self) -> int:
        return sum(each.interest_fen for each in self.instalments)

    @property
    def total_payment_fen(self) -> int:
        return self.total_principal_fen + self.total_interest_fen


def loan_schedule(session: Session, actor: Actor, loan_id: UUID) -> ScheduleView:
    """The schedule of a visible loan: bills as made, the rest as it comes when all is paid in time."""
    statement = visible_loans(session, actor).where(col(Loan.id) == loan_id)
    loan = session.execute(statement).scalar_one_or_none()
    if loan is None:
        raise NotFound
    if loan.kept is Kept.MIRRORED:
        return ScheduleView(drawn=True)
    if loan.state in (LoanState.SIGNED, LoanState.CANCELLED):
        return ScheduleView(drawn=False, instalments=tuple(contract_instalments(loan)))
    day = find_business_day(session, loan.bank_id) or date.max
    ledgers = read_ledgers(session, col(LoanNote.loan_id) == loan.id, bills=True)
    early = early_principal(session, [ledger.note.id for ledger in ledgers])
    rows = [row for note in ledgers for row in _of_note(note, day, early.get(note.note.id, ()))]
    return ScheduleView(
        drawn=True,
        instalments=tuple(sorted(rows, key=lambda each: (each.due_on, each.note_number))),
    )


def contract_instalments(loan: Loan) -> Iterator[InstalmentView]:
    """What falls due of a contract that is drawn whole on its first day."""
    terms = contract_terms(loan)
    plan = principal_plan(terms)
    ending = {period.due_on: period for period in interest_periods(terms)}
    balances = plan_balances(terms, plan)
    for row in note_schedule(terms, plan).instalments:
        yield InstalmentView(
            note_number="",
            number=row.number,
            due_on=row.due_on,
            days=row.days,
            principal_fen=row.principal_fen,
            interest_fen=row.interest_fen,
            paid_principal_fen=0,
            paid_interest_fen=0,
            balance_fen=row.balance_fen,
            state=InstalmentState.TO_COME,
            explained=explained(
                ending.get(row.due_on),
                balances,
                row.interest_fen,
                spread=terms.odd_days is OddDays.SPREAD,
            ),
        )


def contract_terms(loan: Loan) -> NoteTerms:
    """The whole contract as one note drawn on its first day."""
    if loan.starts_on is None or loan.matures_on is None:
        raise NotFound
    return NoteTerms(
        amount_fen=loan.contract_fen,
        drawn_on=loan.starts_on,
        matures_on=loan.matures_on,
        rate_ppm=loan.rate_ppm,
        method=loan.method,
        every=Every.parse(loan.every),
        day_count=loan.day_count,
        style=loan.interest_style,
        contract_starts_on=loan.starts_on,
        first_due_on=loan.first_due_on,
        plan=plan_from_json(loan.plan),
        grace_principal=loan.grace_principal,
        month_end=loan.month_end,
        odd_days=loan.odd_days,
        moved=moved_from_json(loan.moved_days),
    )


def read_ledgers(
    session: Session, *which: sa.ColumnElement[bool], bills: bool = False
) -> list[NoteLedger]:
    """The notes of one or many loans for reading, without a lock; with their bills where asked for."""
    rows = session.execute(
        sa.select(Loan, LoanNote, NoteStateRow)
        .join(LoanNote, col(LoanNote.loan_id) == col(Loan.id))
        .join(NoteStateRow, col(NoteStateRow.note_id) == col(LoanNote.id))
        .where(*which)
        .order_by(col(LoanNote.drawn_on), col(LoanNote.number))
    ).all()
    note_ids = [note.id for _, note, _ in rows]
    plans = latest_plans(session, note_ids)
    by_note = _bills_of(session, note_ids) if bills else {}
    bearing = bearing_of_loans(session, [(loan, note) for loan, note, _ in rows])
    return [
        note_ledger(
            loan,
            note,
            state,
            plan=plans[note.id],
            dues=by_note.get(note.id, []),
            bearing=bearing,
        )
        for loan, note, state in rows
    ]


def _bills_of(session: Session, note_ids: Sequence[UUID]) -> dict[UUID, list[LoanDue]]:
    statement = (
        sa.select(LoanDue).where(col(LoanDue.note_id).in_(note_ids)).order_by(col(LoanDue.number))
    )
    by_note: dict[UUID, list[LoanDue]] = {}
    for due in session.execute(statement).scalars():
        by_note.setdefault(due.note_id, []).append(due)
    return by_note


def _of_note(
    ledger: NoteLedger, day: date, early: Sequence[DatedAmount]
) -> Iterator[InstalmentView]:
    ending = {period.due_on: period for period in interest_periods(ledger.terms)}
    spread = ledger.terms.odd_days is OddDays.SPREAD
    balances = _balances(ledger, early)
    balance, before_on = ledger.note.amount_fen, ledger.note.drawn_on
    for event in _fallen(ledger, early):
        balance -= event.principal_fen if isinstance(event, LoanDue) else event.amount_fen
        if isinstance(event, DatedAmount):
            yield _repaid_early(ledger, event, balance)
            continue
        days, before_on = (event.due_on - before_on).days, event.due_on
        yield InstalmentView(
            note_number=ledger.note.number,
            number=event.number,
            due_on=event.due_on,
            days=days,
            principal_fen=event.principal_fen,
            interest_fen=event.interest_fen,
            paid_principal_fen=event.paid_principal_fen,
            paid_interest_fen=event.paid_interest_fen,
            balance_fen=balance,
            state=_state_of(event, day),
            explained=explained(
                ending.get(event.due_on), balances, event.interest_fen, spread=spread
            ),
        )
    yield from to_come(ledger, before_on)


def _fallen(ledger: NoteLedger, early: Sequence[DatedAmount]) -> list[LoanDue | DatedAmount]:
    """Bills and principal repaid before its day, by day: what came back, then bills, then what was repaid.

    What was taken back by a change of an earlier day stays on file and is left out.
    """
    by_day: dict[date, int] = defaultdict(int)
    for each in early:
        by_day[each.on] += each.amount_fen
    events: list[tuple[date, int, LoanDue | DatedAmount]] = [
        (due.due_on, 0, due) for due in ledger.dues if due.principal_fen + due.interest_fen
    ]
    events += [
        (on, 1 if fen > 0 else -1, DatedAmount(on=on, amount_fen=fen))
        for on, fen in by_day.items()
        if fen
    ]
    return [event for _on, _place, event in sorted(events, key=lambda each: each[:2])]


def _repaid_early(ledger: NoteLedger, early: DatedAmount, balance_fen: int) -> InstalmentView:
    return InstalmentView(
        note_number=ledger.note.number,
        number=0,
        due_on=early.on,
        days=0,
        principal_fen=early.amount_fen,
        interest_fen=0,
        paid_principal_fen=early.amount_fen,
        paid_interest_fen=0,
        balance_fen=balance_fen,
        state=InstalmentState.EARLY if early.amount_fen > 0 else InstalmentState.TAKEN_BACK,
    )


def _balances(ledger: NoteLedger, early: Sequence[DatedAmount]) -> list[BalanceFrom]:
    """The balances that bore the contract rate since the drawdown, with the rate of each day."""
    moves: dict[date, int] = {ledger.note.drawn_on: ledger.note.amount_fen}
    for on, fen in (
        *((due.due_on, due.principal_fen) for due in ledger.dues),
        *((each.on, each.amount_fen) for each in early),
    ):
        moves[on] = moves.get(on, 0) - fen
    days = sorted(moves)
    totals = accumulate(moves[day] for day in days)
    return held(tuple(zip(days, totals, strict=True)), rates_of(ledger.terms))


def _state_of(due: LoanDue, day: date) -> InstalmentState:
    if due.settled:
        return InstalmentState.PAID
    return InstalmentState.OVERDUE if due.due_on < day else InstalmentState.DUE


def last_due_on(ledger: NoteLedger) -> date:
    """The day on which something last fell due, or the drawdown; from here the next instalment counts its days."""
    billed = [due.due_on for due in ledger.dues if due.principal_fen + due.interest_fen]
    return max(billed, default=ledger.note.drawn_on)


def to_come(
    ledger: NoteLedger,
    before_on: date,
    until_on: date = date.max,
    *,
    book: NoteBook | None = None,
) -> Iterator[InstalmentView]:
    """The books run forward to their end, or to a day; `before_on` is when something last fell due.

    `book` is another working copy than the stored one, for a look at what would be.
    """
    book, number = book or note_book(ledger), ledger.state.bills
    for _ in range(MAX_ROWS):
        stop_on = book.next_stop_on
        if stop_on is None or stop_on > until_on:
            return
        period, balances = book.period, book.balances()
        bill = book.close(stop_on - ONE_DAY).bill
        book.is_overdue = False
        if bill is None:
            continue
        number += 1
        days, before_on = (bill.due_on - before_on).days, bill.due_on
        yield InstalmentView(
            note_number=ledger.note.number,
            number=number,
            due_on=bill.due_on,
            days=days,
            principal_fen=bill.principal_fen,
            interest_fen=bill.interest_fen,
            paid_principal_fen=0,
            paid_interest_fen=0,
            balance_fen=book.unbilled_fen,
            state=InstalmentState.TO_COME,
            explained=explained(
                period if period.due_on == bill.due_on else None,
                balances,
                bill.interest_fen,
                spread=ledger.terms.odd_days is OddDays.SPREAD,
            ),
        )
