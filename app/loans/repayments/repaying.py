"""Repayments: what was received, which debts it settles, and taking one back.

Money dated to an earlier day of the open month, and a repayment taken back that others followed,
change the past: the loan goes back to that day and comes forward again (`rewinding`).
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.services import record
from app.db.numbers import next_number
from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.kernel.money import Money
from app.kernel.permissions import Permission
from app.kernel.text import Coded
from app.loans.books import ONE_DAY, LoanLedger, open_books, require_current
from app.loans.domain.early import Keep
from app.loans.domain.states import OPEN_STATES, STATE_TITLES, LoanState
from app.loans.models import Loan, LoanStateRow, Repayment
from app.loans.queries import RepaymentView, repayment_view
from app.loans.rates.queries import misuse_told_on
from app.loans.rates.refusals import MisusePending
from app.loans.refusals import (
    AlreadyReversed,
    AmountNotPositive,
    AmountTooLarge,
    BeforeDrawdown,
    ClosedPeriod,
    KeyReserved,
    KeyTaken,
    KeyTakenBack,
    LoanRenewed,
    NotDrawn,
    SuspenseTooSmall,
    ValueDayInFuture,
)
from app.loans.repayments.applying import Wish, place, replan, stand
from app.loans.repayments.models import RepaymentOrder
from app.loans.repayments.reopening import bring_up, reopen
from app.loans.repayments.replayed import replay_facts
from app.loans.repayments.rewinding import OWN_KEYS, Replay
from app.loans.repayments.taking_back import take_back
from app.loans.repayments.timeline import timeline
from app.reference.services import policy_for

PAYMENT_LIMIT: Final = "loans.repayment_limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repay:
    """Money received for a loan.

    It settles what has fallen due, in the order of claims of its day. With `prepay` the rest
    lowers principal that is not yet due, and enough of it pays the loan off with the interest
    grown so far; without, the rest waits in suspense. `keep` says what stays of the plan then.
    `key` is the caller's: the same key is the same repayment. With `from_suspense` money that
    waited is used. A value day before the business day counts as if it had been known on it.
    """

    amount_fen: int
    value_on: date | None = None
    prepay: bool = False
    keep: Keep | None = None
    from_suspense: bool = False
    payer: str = ""
    key: str = ""
    early_fen: int | None = None
    """Principal that a quote named: the interest grown is paid with it."""
    quote_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverse:
    """Take back a repayment by its entry in the journal; of one loan when it is named."""

    entry_id: UUID
    reason: str
    loan_id: UUID | None = None


def repay(session: Session, actor: Actor, loan_id: UUID, command: Repay) -> RepaymentView:
    """Book a repayment on the business day; refusals name the rule and the facts."""
    actor.require(Permission.POST_REPAYMENT)
    ledger, day = open_books(session, actor, loan_id)
    known = find_by_key(session, loan_id, command.key)
    if known is not None:
        require_same(session, known, command)
        return repayment_view(known)
    require_current(ledger, day)
    return book_repayment(session, actor, ledger, command, day)


def find_by_key(session: Session, loan_id: UUID, key: str) -> Repayment | None:
    """The repayment that stands for a key: booked again where a replay took it back.

    Refused where it was taken back for good, and for keys that are not a caller's.
    """
    if not key:
        return None
    if key.startswith(OWN_KEYS):
        raise KeyReserved(prefixes=", ".join(OWN_KEYS))
    statement = sa.select(Repayment).where(
        col(Repayment.loan_id) == loan_id, col(Repayment.key) == key
    )
    named = session.execute(statement).scalar_one_or_none()
    return _standing(session, named) if named is not None else None


def _standing(session: Session, named: Repayment) -> Repayment:
    """The repayment itself, or the one that books it again."""
    while True:
        reversal = sa.select(Repayment).where(col(Repayment.reverses_id) == named.id)
        by = session.execute(reversal).scalar_one_or_none()
        if by is None:
            return named
        again = session.execute(
            sa.select(Repayment)
            .join(RepaymentOrder, col(RepaymentOrder.repayment_id) == col(Repayment.id))
            .where(col(RepaymentOrder.replays_id) == named.id)
        ).scalar_one_or_none()
        if again is None:
            raise KeyTakenBack(number=named.number, by=by.number)
        named = again


def require_same(session: Session, known: Repayment, command: Repay) -> None:
    """Refuse a key that was used for something else."""
    order = session.get(RepaymentOrder, known.id)
    asked = (command.prepay, command.keep, command.quote_id)
    same_order = order is None or asked == (order.prepay, order.keep, order.quote_id)
    same_day = command.value_on is None or command.value_on == known.value_on
    same_money = (known.amount_fen, known.used_suspense) == (
        command.amount_fen,
        command.from_suspense,
    )
    if not (same_money and same_day and same_order):
        raise KeyTaken(number=known.number)


def book_repayment(
    session: Session, actor: Actor, ledger: LoanLedger, command: Repay, day: date
) -> RepaymentView:
    """Book a repayment on a day into a ledger under lock."""
    row = book_row(session, actor, ledger, command, day)
    record_repayment(session, actor, ledger, "loan.repay", row)
    return repayment_view(row)


def book_row(
    session: Session, actor: Actor, ledger: LoanLedger, command: Repay, day: date
) -> Repayment:
    """The same without the audit journal, for what is only looked at and then rolled back."""
    value_on = command.value_on or day
    require_possible(ledger, command, day, value_on)
    owed_fen = owed_in_all_fen(ledger.state)
    require_plausible(session, ledger.loan, command.amount_fen, day, owed_fen=owed_fen)
    wish = _wish(command, next_number(session, "C", day.year))
    replay = None
    if value_on < day:
        replay = _replay(session, actor, ledger, value_on, day, wish.number)
        happened = timeline(session, ledger.loan.id)
        replay.go_back([each for each in happened if each.on > value_on])
        replay.stand_back()
    if command.from_suspense and command.amount_fen > ledger.state.suspense_fen:
        waiting = Money(ledger.state.suspense_fen)
        raise SuspenseTooSmall(suspense=waiting).about("/amount_yuan")
    row = place(session, actor, ledger, wish, value_on=value_on, day=day)
    if replay is not None:
        replay.go_forward(row)
    stand(ledger)
    if ledger.loan.state is LoanState.SETTLED:
        require_misuse_worked_out(session, ledger, day)
    session.flush()
    return row


def require_misuse_worked_out(session: Session, ledger: LoanLedger, day: date) -> None:
    """Refuse to pay off a loan before the close that works out misuse told on the day."""
    if misuse_told_on(session, ledger.loan.id, day):
        raise MisusePending(number=ledger.loan.number, day=day)


def _wish(command: Repay, number: str) -> Wish:
    return Wish(
        amount_fen=command.amount_fen,
        prepay=command.prepay,
        keep=command.keep,
        early_fen=command.early_fen,
        from_suspense=command.from_suspense,
        payer=command.payer,
        key=command.key,
        quote_id=command.quote_id,
        number=number,
    )


def _replay(
    session: Session, actor: Actor, ledger: LoanLedger, on: date, day: date, number: str
) -> Replay:
    closed_on = ledger.state.closed_on or day - ONE_DAY
    return Replay(
        session=session,
        actor=actor,
        ledger=ledger,
        on=on,
        until=min(closed_on + ONE_DAY, day),
        day=day,
        reason=number,
    )


def require_possible(ledger: LoanLedger, command: Repay, day: date, value_on: date) -> None:
    """Refuse a repayment outside its borders."""
    loan = ledger.loan
    _require_open(ledger, OPEN_STATES)
    if command.amount_fen <= 0:
        raise AmountNotPositive().about("/amount_yuan")
    if value_on > day:
        raise ValueDayInFuture(day=day, value_on=value_on).about("/value_on")
    drawn_on = min(each.note.drawn_on for each in ledger.notes)
    if value_on < drawn_on:
        refused = BeforeDrawdown(number=loan.number, drawn_on=drawn_on, value_on=value_on)
        raise refused.about("/value_on")
    first = day.replace(day=1)
    if value_on < first:
        raise ClosedPeriod(first=first, value_on=value_on).about("/value_on")


def require_plausible(
    session: Session, loan: Loan, amount_fen: int, day: date, *, owed_fen: int
) -> None:
    """Refuse money far above what the loan could ever owe: a slip of the keyboard."""
    times = policy_for(session, loan.bank_id, day).ratio(PAYMENT_LIMIT)
    limit = payment_limit(loan, owed_fen, times)
    if amount_fen > limit.fen:
        raise AmountTooLarge(number=loan.number, limit=limit).about("/amount_yuan")


def payment_limit(loan: Loan, owed_fen: int, times: Decimal) -> Money:
    """The most that one payment may be: so many times what was lent, or is owed where that is more."""
    return Money(int(max(loan.contract_fen, owed_fen) * times))


def owed_in_all_fen(state: LoanStateRow) -> int:
    """Principal, what has grown and fees, due or not."""
    return state.principal_fen + abs(state.accrued_fen) + state.fees_fen


def _require_open(ledger: LoanLedger, states: tuple[LoanState, ...]) -> None:
    loan = ledger.loan
    if loan.state not in states:
        raise NotDrawn(number=loan.number, state=Coded(loan.state, STATE_TITLES[loan.state]))


def reverse(session: Session, actor: Actor, command: Reverse) -> RepaymentView:
    """Take back a repayment: the same amounts the other way, with a reason.

    An entry is reversed at most once. Repayments that followed are taken back and booked again on
    their days. A loan that it had settled is open again, its books brought up to the open day. One of
    a closed month is taken back on the first day of the open one.
    """
    actor.require(Permission.POST_REPAYMENT)
    found = session.execute(
        sa.select(Repayment).where(col(Repayment.entry_id) == command.entry_id)
    ).scalar_one_or_none()
    if found is None or command.loan_id not in (None, found.loan_id):
        raise NotFound
    ledger, day = open_books(session, actor, found.loan_id)
    _require_reversible(session, found)
    _require_not_renewed(session, ledger.loan)
    _require_open(ledger, (*OPEN_STATES, LoanState.SETTLED))
    value_on = max(found.value_on, day.replace(day=1))
    was_settled = ledger.loan.state is LoanState.SETTLED
    if was_settled:
        ledger = reopen(session, ledger, value_on, day)
    else:
        require_current(ledger, day)
    row = _reverse(session, actor, ledger, found, command.reason, value_on, day)
    record_repayment(session, actor, ledger, "loan.reverse", row)
    if was_settled:
        bring_up(session, actor, ledger, day)
    return repayment_view(row)


def _reverse(
    session: Session,
    actor: Actor,
    ledger: LoanLedger,
    found: Repayment,
    reason: str,
    value_on: date,
    day: date,
) -> Repayment:
    number = next_number(session, "C", day.year)
    replay = _replay(session, actor, ledger, value_on, day, number)
    happened = timeline(session, ledger.loan.id)
    (own,) = (each for each in happened if each.what.id == found.id)
    counted = own.place if value_on == own.on else (value_on, UUID(int=0))
    replay.go_back([each for each in happened if each is not own and each.place > counted])
    taken = take_back(
        session,
        actor,
        ledger,
        found,
        value_on=value_on,
        day=day,
        reason=reason,
        number=number,
    )
    replay.stand_back()
    replay.fall_due(taken)
    for note in ledger.notes:
        after_on = max(value_on, note.note.drawn_on)
        unbilled = note.state.unbilled_fen
        replan(session, note, taken, before_fen=unbilled, keep=None, after_on=after_on)
    replay.go_forward(taken)
    stand(ledger)
    session.flush()
    return taken


def _require_not_renewed(session: Session, loan: Loan) -> None:
    """What a new loan paid off stays paid: its principal and its security are the new loan's."""
    statement = sa.select(col(Loan.number)).where(col(Loan.renews_id) == loan.id)
    by = session.execute(statement).scalar_one_or_none()
    if by is not None:
        raise LoanRenewed(number=loan.number, by=by)


def _require_reversible(session: Session, found: Repayment) -> None:
    statement = sa.select(Repayment).where(col(Repayment.reverses_id) == found.id)
    by = session.execute(statement).scalar_one_or_none()
    if found.reverses_id is not None or by is not None:
        raise AlreadyReversed(number=found.number, by=(by or found).number)


def record_repayment(
    session: Session, actor: Actor, ledger: LoanLedger, action: str, row: Repayment
) -> None:
    """Keep a repayment, or what took it back, in the audit journal."""
    record(
        session,
        actor,
        action,
        subject_kind="loan",
        subject_id=ledger.loan.id,
        organisation_id=ledger.loan.bank_id,
        number=row.number,
        amount_fen=row.amount_fen,
        day=row.booked_on,
        value_on=row.value_on,
        reason=row.reason,
        **replay_facts(session, row),
    )
