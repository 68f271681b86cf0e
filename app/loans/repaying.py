"""Repayments: what was received, which debts it settles, and taking one back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.services import record
from app.db.engine import now
from app.db.numbers import next_number
from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.kernel.ids import new_id
from app.kernel.money import Money
from app.kernel.permissions import Permission
from app.loans.books import (
    ONE_DAY,
    Booking,
    LoanLedger,
    NoteLedger,
    add_plan,
    lines_of,
    note_book,
    open_books,
    post_entry,
    require_current,
    steps_to_json,
)
from app.loans.closing_loans import open_due
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.journal import Account, Posting, repayment_postings, reversal_postings
from app.loans.domain.notes import plan_from_json, replanned
from app.loans.domain.servicing import compound_to, overdue_on, penalty_to
from app.loans.domain.standing import GROWING_CLAIMS, standing
from app.loans.domain.states import (
    LOAN,
    OPEN_STATES,
    STATE_TITLES,
    EntryKind,
    LoanEvent,
    LoanState,
)
from app.loans.domain.waterfall import Allocation, Claim, Debt, Line, allocate
from app.loans.models import Loan, LoanDue, LoanPosting, NotePlan, Repayment, RepaymentLine
from app.loans.queries import RepaymentView, repayment_view
from app.loans.refusals import (
    AlreadyReversed,
    AmountNotPositive,
    ClosedPeriod,
    KeyTaken,
    LaterRepaymentStands,
    NotDrawn,
    PrepaymentNotToday,
    SuspenseTooSmall,
    ValueDayInFuture,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repay:
    """Money received for a loan.

    It settles what has fallen due, the oldest first in each kind. With `prepay` the rest
    lowers principal that is not yet due, and enough of it pays the loan off with the
    interest grown so far; without, the rest waits in suspense. `key` is the caller's: the
    same key is the same repayment. With `from_suspense` money that waited is used.
    """

    amount_fen: int
    value_on: date | None = None
    prepay: bool = False
    from_suspense: bool = False
    payer: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverse:
    """Take back a repayment by its entry in the journal; of one loan when it is named."""

    entry_id: UUID
    reason: str
    loan_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _NoteDebt(Debt):
    """A debt that knows its note and bill; without a bill it has not fallen due."""

    note: NoteLedger
    due: LoanDue | None = None


def repay(session: Session, actor: Actor, loan_id: UUID, command: Repay) -> RepaymentView:
    """Book a repayment on the business day; refusals name the rule and the facts."""
    actor.require(Permission.POST_REPAYMENT)
    ledger, day = open_books(session, actor, loan_id)
    known = _find_by_key(session, loan_id, command.key)
    if known is not None:
        _require_same(known, command)
        return repayment_view(known)
    require_current(ledger, day)
    return book_repayment(session, actor, ledger, command, day)


def _find_by_key(session: Session, loan_id: UUID, key: str) -> Repayment | None:
    if not key:
        return None
    statement = sa.select(Repayment).where(
        col(Repayment.loan_id) == loan_id, col(Repayment.key) == key
    )
    return session.execute(statement).scalar_one_or_none()


def _require_same(known: Repayment, command: Repay) -> None:
    same_day = command.value_on is None or command.value_on == known.value_on
    if known.amount_fen != command.amount_fen or not same_day:
        raise KeyTaken(number=known.number)


def book_repayment(
    session: Session, actor: Actor, ledger: LoanLedger, command: Repay, day: date
) -> RepaymentView:
    """Book a repayment on a day into a ledger under lock."""
    value_on = command.value_on or day
    _require_possible(ledger, command, day, value_on)
    debts = _debts(session, ledger, day, value_on)
    if command.prepay:
        debts += _early_debts(ledger, command.amount_fen - sum(each.owed_fen for each in debts))
    allocation = _allocated(command, debts)
    row = _stored(session, actor, ledger.loan, command, allocation, day)
    for seq, line in enumerate((each for each in allocation.lines if each.paid_fen), start=1):
        _settle(session, row, seq, line)
    _change_plans(session, ledger, day, row.number)
    source = Account.SUSPENSE if command.from_suspense else Account.CASH
    off = frozenset(GROWING_CLAIMS) if ledger.state.off_balance else frozenset()
    postings = repayment_postings(allocation, source=source, off_balance=off)
    booking = Booking(kind=EntryKind.REPAYMENT, booked_on=day, value_on=value_on, words=row.number)
    row.entry_id = post_entry(session, ledger.loan, postings, booking)
    _move_figures(ledger, row, sign=-1)
    _stand(ledger)
    session.flush()
    _record(session, actor, ledger.loan, "loan.repay", row)
    return repayment_view(row)


def _require_possible(ledger: LoanLedger, command: Repay, day: date, value_on: date) -> None:
    loan = ledger.loan
    if loan.state not in OPEN_STATES:
        raise NotDrawn(
            number=loan.number, state=loan.state.value, state_title=STATE_TITLES[loan.state]
        )
    if command.amount_fen <= 0:
        raise AmountNotPositive
    if value_on > day:
        raise ValueDayInFuture(day=day, value_on=value_on)
    first = max(day.replace(day=1), min(each.note.drawn_on for each in ledger.notes))
    if value_on < first:
        raise ClosedPeriod(first=first, value_on=value_on)
    if command.prepay and value_on != day:
        raise PrepaymentNotToday(day=day)
    if command.from_suspense and command.amount_fen > ledger.state.suspense_fen:
        raise SuspenseTooSmall(suspense=Money(ledger.state.suspense_fen))


def _allocated(command: Repay, debts: Sequence[_NoteDebt]) -> Allocation:
    found = allocate(command.amount_fen, debts)
    if command.from_suspense and found.suspense_fen:
        raise SuspenseTooSmall(suspense=Money(command.amount_fen - found.suspense_fen))
    return found


def _debts(session: Session, ledger: LoanLedger, day: date, value_on: date) -> list[_NoteDebt]:
    """What has fallen due, with penalty and compound interest grown up to the value day."""
    debts: list[_NoteDebt] = []
    for note in ledger.notes:
        for claim, owed_fen in _grown(session, note, day, value_on):
            if owed_fen > 0:
                debts.append(_NoteDebt(claim=claim, due_on=value_on, owed_fen=owed_fen, note=note))
        for due in note.dues:
            debts += _due_debts(note, due)
    return debts


def _due_debts(note: NoteLedger, due: LoanDue) -> list[_NoteDebt]:
    left = (
        (Claim.INTEREST, due.interest_fen - due.paid_interest_fen),
        (Claim.PRINCIPAL, due.principal_fen - due.paid_principal_fen),
    )
    return [
        _NoteDebt(claim=claim, due_on=due.due_on, owed_fen=fen, note=note, due=due)
        for claim, fen in left
        if fen
    ]


def _grown(
    session: Session, note: NoteLedger, day: date, value_on: date
) -> tuple[tuple[Claim, int], ...]:
    """Penalty and compound interest owed; a payment dated back owes only what had grown then."""
    state = note.state
    penalty, compound = state.penalty_fen, state.compound_fen
    if value_on < day and (penalty or compound):
        lines = lines_of(session, [note.note.id])
        dues = [open_due(due, lines.get(due.id, ())) for due in note.dues]
        rate = note_book(note).overdue_rate_ppm
        penalty = penalty_to(dues, value_on, rate, note.loan.day_count)
        compound = compound_to(dues, value_on, rate, note.loan.day_count)
    return (
        (Claim.PENALTY, penalty - state.penalty_paid_fen),
        (Claim.COMPOUND, compound - state.compound_paid_fen),
    )


def _early_debts(ledger: LoanLedger, rest_fen: int) -> list[_NoteDebt]:
    """Principal not yet due; with enough money also the interest grown, which ends the loan."""
    day = date.max
    principal = [
        _NoteDebt(claim=Claim.PRINCIPAL, due_on=day, owed_fen=note.state.unbilled_fen, note=note)
        for note in ledger.notes
        if note.state.unbilled_fen
    ]
    interest = [
        _NoteDebt(claim=Claim.INTEREST, due_on=day, owed_fen=grown, note=note)
        for note in ledger.notes
        if (grown := note.state.interest_fen - note.state.ahead_fen) > 0
    ]
    total = sum(each.owed_fen for each in (*principal, *interest))
    return [*interest, *principal] if rest_fen >= total else principal if rest_fen > 0 else []


def _stored(
    session: Session, actor: Actor, loan: Loan, command: Repay, allocation: Allocation, day: date
) -> Repayment:
    row = Repayment(
        number=next_number(session, "C", day.year),
        loan_id=loan.id,
        bank_id=loan.bank_id,
        entry_id=new_id(),
        amount_fen=command.amount_fen,
        principal_fen=allocation.paid_fen(Claim.PRINCIPAL),
        interest_fen=allocation.paid_fen(Claim.INTEREST),
        penalty_fen=allocation.paid_fen(Claim.PENALTY),
        compound_fen=allocation.paid_fen(Claim.COMPOUND),
        fee_fen=allocation.paid_fen(Claim.FEE),
        suspense_fen=allocation.suspense_fen,
        used_suspense=command.from_suspense,
        booked_on=day,
        value_on=command.value_on or day,
        key=command.key or str(new_id()),
        payer=command.payer,
        person_id=actor.person_id,
        created_at=now(session),
    )
    session.add(row)
    session.flush()
    return row


def _settle(session: Session, row: Repayment, seq: int, line: Line) -> None:
    debt = line.debt
    if not isinstance(debt, _NoteDebt):
        raise TypeError("Only debts of notes are settled here.")
    _apply(debt.note, debt.due, debt.claim, line.paid_fen, row.value_on, row.booked_on)
    session.add(
        RepaymentLine(
            repayment_id=row.id,
            seq=seq,
            note_id=debt.note.note.id,
            due_id=debt.due.id if debt.due else None,
            claim=debt.claim,
            paid_fen=line.paid_fen,
            value_on=row.value_on,
        )
    )


def _apply(
    note: NoteLedger, due: LoanDue | None, claim: Claim, paid_fen: int, value_on: date, day: date
) -> None:
    """Move the figures of a note by what was paid; negative when it is taken back."""
    state = note.state
    if claim is Claim.PENALTY:
        state.penalty_paid_fen += paid_fen
    elif claim is Claim.COMPOUND:
        state.compound_paid_fen += paid_fen
    elif due is None and claim is Claim.INTEREST:
        state.ahead_fen += paid_fen
    elif due is None:
        _prepaid(note, paid_fen, value_on)
    elif claim is Claim.INTEREST:
        due.paid_interest_fen += paid_fen
    else:
        due.paid_principal_fen += paid_fen
        state.overdue_principal_fen -= paid_fen
    if due is not None:
        owed = due.principal_fen + due.interest_fen
        due.settled = due.paid_principal_fen + due.paid_interest_fen == owed
    state.restate = state.restate or value_on < day


def _prepaid(note: NoteLedger, paid_fen: int, value_on: date) -> None:
    book = note_book(note)
    book.change(value_on, -paid_fen)
    note.state.unbilled_fen = book.unbilled_fen
    note.state.steps = steps_to_json(book.steps)


def _change_plans(session: Session, ledger: LoanLedger, day: date, reason: str) -> None:
    """Where principal was paid before its day, the rest is planned anew."""
    for note in ledger.notes:
        planned = sum(each.amount_fen for each in note.plan if each.on > day)
        if planned != note.state.unbilled_fen:
            _replan(session, note, note.plan, after_on=day, reason=reason)
        note.state.next_due_on = note_book(note).next_due(day)


def _replan(
    session: Session,
    note: NoteLedger,
    plan: tuple[DatedAmount, ...],
    *,
    after_on: date,
    reason: str,
) -> None:
    changed = replanned(note.terms, plan, after_on=after_on, balance_fen=note.state.unbilled_fen)
    add_plan(session, note, changed, from_on=after_on, reason=reason)


def _move_figures(ledger: LoanLedger, row: Repayment, *, sign: int) -> None:
    """Lower the loan's debts by the repayment (-1), or raise them again (+1)."""
    state = ledger.state
    state.principal_fen += sign * row.principal_fen
    state.accrued_fen += sign * (row.interest_fen + row.penalty_fen + row.compound_fen)
    state.fees_fen += sign * row.fee_fen
    waiting = -row.amount_fen if row.used_suspense else row.suspense_fen
    state.suspense_fen -= sign * waiting
    state.version += 1


def _stand(ledger: LoanLedger) -> None:
    """Work out what is overdue and in which state that leaves the loan."""
    unpaid = [
        DatedAmount(
            on=due.due_on,
            amount_fen=due.principal_fen
            + due.interest_fen
            - due.paid_principal_fen
            - due.paid_interest_fen,
        )
        for _, due in ledger.dues
        if not due.settled
    ]
    state = ledger.state
    overdue = overdue_on(unpaid, (state.closed_on or date.min) + ONE_DAY)
    state.overdue_days, state.overdue_fen = overdue.days, overdue.amount_fen
    owed_fen = state.principal_fen + abs(state.accrued_fen) + state.fees_fen
    ledger.loan.state = standing(ledger.loan.state, owed_fen=owed_fen, overdue_days=overdue.days)


def reverse(session: Session, actor: Actor, command: Reverse) -> RepaymentView:
    """Take back the last repayment of a loan: the same amounts the other way, with a reason.

    An entry is reversed at most once. A loan that it had settled is open again.
    """
    actor.require(Permission.POST_REPAYMENT)
    found = session.execute(
        sa.select(Repayment).where(col(Repayment.entry_id) == command.entry_id)
    ).scalar_one_or_none()
    if found is None or command.loan_id not in (None, found.loan_id):
        raise NotFound
    ledger, day = open_books(session, actor, found.loan_id)
    _require_reversible(session, found)
    if ledger.loan.state is LoanState.SETTLED:
        ledger.loan.state = LOAN.next(ledger.loan.state, LoanEvent.REOPEN)
    else:
        require_current(ledger, day)
    if found.suspense_fen > ledger.state.suspense_fen:
        raise SuspenseTooSmall(suspense=Money(ledger.state.suspense_fen))
    row = _reversal(session, actor, found, command, day)
    _take_back(session, ledger, found, row)
    row.entry_id = _post_reversal(session, ledger.loan, found, row)
    _move_figures(ledger, row, sign=1)
    _stand(ledger)
    session.flush()
    _record(session, actor, ledger.loan, "loan.reverse", row)
    return repayment_view(row)


def _require_reversible(session: Session, found: Repayment) -> None:
    statement = (
        sa.select(Repayment)
        .where(col(Repayment.loan_id) == found.loan_id)
        .order_by(col(Repayment.id))
    )
    rows = session.execute(statement).scalars().all()
    taken_back = {row.reverses_id: row for row in rows if row.reverses_id is not None}
    if found.reverses_id is not None or found.id in taken_back:
        by = taken_back.get(found.id, found)
        raise AlreadyReversed(number=found.number, by=by.number)
    standing_rows = [row for row in rows if row.reverses_id is None and row.id not in taken_back]
    if standing_rows[-1].id != found.id:
        raise LaterRepaymentStands(later=standing_rows[-1].number)


def _reversal(
    session: Session, actor: Actor, found: Repayment, command: Reverse, day: date
) -> Repayment:
    copied = (
        "loan_id bank_id amount_fen principal_fen interest_fen penalty_fen compound_fen fee_fen"
        " suspense_fen used_suspense payer"
    )
    row = Repayment(
        **{name: getattr(found, name) for name in copied.split()},
        number=next_number(session, "C", day.year),
        entry_id=new_id(),
        booked_on=day,
        value_on=max(found.value_on, day.replace(day=1)),
        key=f"reversal:{found.id}",
        reverses_id=found.id,
        reason=command.reason,
        person_id=actor.person_id,
        created_at=now(session),
    )
    session.add(row)
    session.flush()
    return row


def _take_back(session: Session, ledger: LoanLedger, found: Repayment, row: Repayment) -> None:
    notes = {note.note.id: note for note in ledger.notes}
    dues = {due.id: due for _, due in ledger.dues}
    statement = (
        sa.select(RepaymentLine)
        .where(col(RepaymentLine.repayment_id) == found.id)
        .order_by(col(RepaymentLine.seq))
    )
    after_on = ledger.state.closed_on or row.booked_on
    for line in session.execute(statement).scalars().all():
        note, due = notes[line.note_id], dues.get(line.due_id) if line.due_id else None
        _apply(note, due, line.claim, -line.paid_fen, row.value_on, row.booked_on)
        note.state.restate = True
        session.add(
            RepaymentLine(
                repayment_id=row.id,
                seq=line.seq,
                note_id=line.note_id,
                due_id=line.due_id,
                claim=line.claim,
                paid_fen=-line.paid_fen,
                value_on=row.value_on,
            )
        )
    for note in ledger.notes:
        _restore_plan(session, note, after_on + ONE_DAY, row.number)


def _restore_plan(session: Session, note: NoteLedger, after_on: date, reason: str) -> None:
    planned = sum(each.amount_fen for each in note.plan if each.on > after_on)
    if planned != note.state.unbilled_fen:
        statement = sa.select(NotePlan).where(
            col(NotePlan.note_id) == note.note.id, col(NotePlan.number) == note.plan_number - 1
        )
        before = session.execute(statement).scalar_one()
        plan = plan_from_json(before.plan)
        _replan(session, note, plan, after_on=after_on, reason=reason)
    note.state.next_due_on = note_book(note).next_due(after_on)


def _post_reversal(session: Session, loan: Loan, found: Repayment, row: Repayment) -> UUID:
    statement = (
        sa.select(LoanPosting)
        .where(col(LoanPosting.entry_id) == found.entry_id)
        .order_by(col(LoanPosting.seq))
    )
    postings = [
        Posting(debit=each.debit, credit=each.credit, amount_fen=each.amount_fen)
        for each in session.execute(statement).scalars()
    ]
    booking = Booking(
        kind=EntryKind.REVERSAL,
        booked_on=row.booked_on,
        value_on=row.value_on,
        words=row.number,
        reverses_id=found.entry_id,
    )
    return post_entry(session, loan, reversal_postings(postings), booking)


def _record(session: Session, actor: Actor, loan: Loan, action: str, row: Repayment) -> None:
    record(
        session,
        actor,
        action,
        subject_kind="loan",
        subject_id=loan.id,
        organisation_id=loan.bank_id,
        number=row.number,
        amount_fen=row.amount_fen,
        day=row.booked_on,
        value_on=row.value_on,
        reason=row.reason,
    )
