"""What a repayment does to a loan's ledger: debts at hand, lines, figures of notes, plans, the entry."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.db.engine import now
from app.db.numbers import next_number
from app.kernel.actor import Actor
from app.kernel.ids import new_id
from app.kernel.money import Money
from app.loans.books import (
    ONE_DAY,
    Booking,
    LoanLedger,
    NoteLedger,
    add_plan,
    note_book,
    post_entry,
    steps_to_json,
)
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.classification import LoanClass
from app.loans.domain.early import Keep, plan_kept
from app.loans.domain.journal import Account, repayment_postings
from app.loans.domain.servicing import overdue_on
from app.loans.domain.spreading import Spread
from app.loans.domain.standing import GROWING_CLAIMS, standing
from app.loans.domain.states import EntryKind
from app.loans.domain.waterfall import Allocation, Claim, Debt, Line, Order, allocate, order_of
from app.loans.models import (
    Loan,
    LoanClassification,
    LoanDue,
    NoteStateRow,
    Repayment,
    RepaymentLine,
)
from app.loans.refusals import SuspenseNotOwed
from app.loans.repayments.models import RepaymentOrder
from app.reference.services import policy_for


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteDebt(Debt):
    """A debt that knows its note and bill; without a bill it is a fee, grown, or not yet due."""

    note: NoteLedger
    due: LoanDue | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is wanted of an amount, now or when it is booked again for an earlier change.

    `early_fen` is the principal that a quote named; without, all that the money reaches.
    """

    amount_fen: int
    prepay: bool = False
    keep: Keep | None = None
    early_fen: int | None = None
    from_suspense: bool = False
    source: Account = Account.CASH
    """What pays, unless it is money that waited: cash, or the loan that renews this one."""
    payer: str = ""
    key: str = ""
    quote_id: UUID | None = None
    replays_id: UUID | None = None
    number: str = ""
    """Taken before, where something was booked in its name; else the next one."""
    waterfall: str = ""
    """The row of the table of orders that split it before; else that of the class on its day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """An amount split over the debts of a ledger as it stands, by the order of a day."""

    allocation: Allocation
    order: Order
    early: frozenset[int] = field(default_factory=frozenset)
    """Places in the list of lines of what was not yet due."""


def split(session: Session, ledger: LoanLedger, wish: Wish, on: date) -> Split:
    """Split an amount over what a ledger owes on the day on which it stands."""
    order = order_of(
        policy_for(session, ledger.loan.bank_id, on),
        product=ledger.loan.product,
        loan_class=_class_on(session, ledger, on),
        row=wish.waterfall,
    )
    due = list(due_debts(ledger, on))
    early: list[NoteDebt] = []
    if wish.prepay:
        early = list(early_debts(ledger, wish, sum(each.owed_fen for each in due), on))
    found = allocate(wish.amount_fen, due, order, early)
    if wish.from_suspense and found.suspense_fen:
        raise SuspenseNotOwed(usable=Money(wish.amount_fen - found.suspense_fen))
    places = range(len(due), len(due) + len(early))
    return Split(allocation=found, order=order, early=frozenset(places))


def _class_on(session: Session, ledger: LoanLedger, on: date) -> LoanClass | None:
    """The class in force on a day: the last one taken before it, or the first one known."""
    state = ledger.state
    if state.closed_on is None or on > state.closed_on:
        return state.loan_class
    taken = sa.select(col(LoanClassification.loan_class)).where(
        col(LoanClassification.loan_id) == ledger.loan.id
    )
    on_day = col(LoanClassification.on)
    before = taken.where(on_day < on).order_by(on_day.desc()).limit(1)
    for statement in (before, taken.order_by(on_day).limit(1)):
        found: LoanClass | None = session.execute(statement).scalars().first()
        if found is not None:
            return found
    return state.loan_class


def due_debts(ledger: LoanLedger, on: date) -> Iterator[NoteDebt]:
    """Fees, penalty and compound interest grown, and what is unpaid of bills."""
    if ledger.state.fees_fen > 0 and ledger.notes:
        first = ledger.notes[0]
        yield NoteDebt(claim=Claim.FEE, due_on=on, owed_fen=ledger.state.fees_fen, note=first)
    for note in ledger.notes:
        for claim in (Claim.PENALTY, Claim.COMPOUND):
            owed_fen = note.owed_fen(claim)
            if owed_fen > 0:
                yield NoteDebt(claim=claim, due_on=on, owed_fen=owed_fen, note=note)
        for due in note.dues:
            yield from _of_bill(note, due)


def _of_bill(note: NoteLedger, due: LoanDue) -> Iterator[NoteDebt]:
    left = (
        (Claim.INTEREST, due.interest_fen - due.paid_interest_fen),
        (Claim.PRINCIPAL, due.principal_fen - due.paid_principal_fen),
    )
    for claim, owed_fen in left:
        if owed_fen:
            yield NoteDebt(claim=claim, due_on=due.due_on, owed_fen=owed_fen, note=note, due=due)


def early_debts(ledger: LoanLedger, wish: Wish, due_fen: int, on: date) -> Iterator[NoteDebt]:
    """Principal not yet due, and the interest grown on the way to its day.

    Plain money repays principal; enough of it to end the loan pays the interest first. A quote
    pays the interest grown in any case, then its principal, note by note.
    """
    notes = [note for note in ledger.notes if note.note.drawn_on <= on]
    interest = [
        NoteDebt(claim=Claim.INTEREST, due_on=date.max, owed_fen=grown, note=note)
        for note in notes
        if (grown := note.grown_fen) > 0
    ]
    unbilled = sum(note.state.unbilled_fen for note in notes)
    rest_fen = wish.amount_fen - due_fen
    grown_fen = sum(each.owed_fen for each in interest)
    if wish.early_fen is not None or rest_fen >= unbilled + grown_fen:
        yield from interest
    left_fen = unbilled if wish.early_fen is None else wish.early_fen
    for note in notes:
        part_fen = min(note.state.unbilled_fen, left_fen)
        if part_fen and rest_fen > 0:
            yield NoteDebt(claim=Claim.PRINCIPAL, due_on=date.max, owed_fen=part_fen, note=note)
        left_fen -= part_fen


def place(
    session: Session, actor: Actor, ledger: LoanLedger, wish: Wish, *, value_on: date, day: date
) -> Repayment:
    """Book an amount into a ledger that stands at the value day; `day` is the business day."""
    found = split(session, ledger, wish, value_on)
    before = {note.note.id: note.state.unbilled_fen for note in ledger.notes}
    row = _stored(session, actor, ledger.loan, wish, found, value_on=value_on, day=day)
    for seq, line in enumerate(_paid_lines(found.allocation.lines), start=1):
        _settle(session, row, seq, line)
    _change_plans(session, ledger, row, wish.keep, before)
    source = Account.SUSPENSE if wish.from_suspense else wish.source
    off = frozenset(GROWING_CLAIMS) if ledger.state.off_balance else frozenset()
    postings = repayment_postings(found.allocation, source=source, off_balance=off)
    booking = Booking(kind=EntryKind.REPAYMENT, booked_on=day, value_on=value_on, words=row.number)
    row.entry_id = post_entry(session, ledger.loan, postings, booking)
    move_figures(ledger, row, sign=-1)
    session.flush()
    return row


def _paid_lines(lines: Sequence[Line]) -> Iterator[Line]:
    return (line for line in lines if line.paid_fen)


def _stored(
    session: Session,
    actor: Actor,
    loan: Loan,
    wish: Wish,
    found: Split,
    *,
    value_on: date,
    day: date,
) -> Repayment:
    allocation = found.allocation
    row = Repayment(
        number=wish.number or next_number(session, "C", day.year),
        loan_id=loan.id,
        bank_id=loan.bank_id,
        entry_id=new_id(),
        amount_fen=wish.amount_fen,
        principal_fen=allocation.paid_fen(Claim.PRINCIPAL),
        interest_fen=allocation.paid_fen(Claim.INTEREST),
        penalty_fen=allocation.paid_fen(Claim.PENALTY),
        compound_fen=allocation.paid_fen(Claim.COMPOUND),
        fee_fen=allocation.paid_fen(Claim.FEE),
        suspense_fen=allocation.suspense_fen,
        used_suspense=wish.from_suspense,
        booked_on=day,
        value_on=value_on,
        key=wish.key or str(new_id()),
        payer=wish.payer,
        person_id=actor.person_id,
        created_at=now(session),
    )
    session.add(row)
    session.flush()
    session.add(
        RepaymentOrder(
            repayment_id=row.id,
            prepay=wish.prepay,
            keep=wish.keep,
            early_fen=wish.early_fen,
            quote_id=wish.quote_id,
            replays_id=wish.replays_id,
            waterfall=found.order.row,
        )
    )
    return row


def _settle(session: Session, row: Repayment, seq: int, line: Line) -> None:
    debt = line.debt
    if not isinstance(debt, NoteDebt):
        raise TypeError("Only debts of notes are settled here.")
    _apply(debt.note, debt.due, debt.claim, line.paid_fen, row.value_on)
    session.add(
        RepaymentLine(
            repayment_id=row.id,
            seq=seq,
            note_id=debt.note.note.id,
            due_id=debt.due.id if debt.due else None,
            claim=debt.claim,
            paid_fen=line.paid_fen,
            value_on=row.value_on,
            place=line.place,
            owed_fen=debt.owed_fen,
        )
    )


def _apply(
    note: NoteLedger, due: LoanDue | None, claim: Claim, paid_fen: int, value_on: date
) -> None:
    """Move the figures of a note by what was paid."""
    state = note.state
    if claim is Claim.FEE:
        return
    if claim is Claim.PENALTY:
        state.penalty_paid_fen += paid_fen
    elif claim is Claim.COMPOUND:
        state.compound_paid_fen += paid_fen
    elif due is None and claim is Claim.INTEREST:
        _paid_ahead(state, paid_fen)
    elif due is None:
        _prepaid(note, paid_fen, value_on)
    elif claim is Claim.INTEREST:
        due.paid_interest_fen += paid_fen
    else:
        due.paid_principal_fen += paid_fen
        state.overdue_principal_fen -= paid_fen
    if due is not None:
        mark_settled(due)


def _paid_ahead(state: NoteStateRow, paid_fen: int) -> None:
    """Interest that has not fallen due: of odd days that are over first, then of the running period."""
    spread, ahead_fen = Spread(left_fen=state.odd_fen, part_fen=state.odd_part_fen).paid(paid_fen)
    state.odd_fen, state.odd_part_fen = spread.left_fen, spread.part_fen
    state.ahead_fen += ahead_fen


def mark_settled(due: LoanDue) -> None:
    """A bill is settled when nothing of it is left."""
    owed = due.principal_fen + due.interest_fen
    due.settled = due.paid_principal_fen + due.paid_interest_fen == owed


def _prepaid(note: NoteLedger, paid_fen: int, value_on: date) -> None:
    book = note_book(note)
    book.change(value_on, -paid_fen)
    note.state.unbilled_fen = book.unbilled_fen
    note.state.steps = steps_to_json(book.steps)


def _change_plans(
    session: Session, ledger: LoanLedger, row: Repayment, keep: Keep | None, before: dict[UUID, int]
) -> None:
    """Where principal was paid before its day, the rest is planned anew."""
    for note in ledger.notes:
        replan(
            session,
            note,
            row,
            before_fen=before[note.note.id],
            keep=keep,
            after_on=max(row.value_on, note.note.drawn_on),
        )


def replan(
    session: Session,
    note: NoteLedger,
    row: Repayment,
    *,
    before_fen: int,
    keep: Keep | None,
    after_on: date,
) -> None:
    """Draw the plan of a note anew when it does not fit the principal left; then its next day."""
    planned = sum(each.amount_fen for each in note.plan if each.on > after_on)
    if planned != note.state.unbilled_fen:
        plan = plan_kept(
            note.terms,
            note.plan,
            after_on=after_on,
            before_fen=before_fen,
            balance_fen=note.state.unbilled_fen,
            keep=keep,
        )
        add_plan(session, note, plan, from_on=after_on, reason=row.number, repayment_id=row.id)
    note.state.next_due_on = note_book(note).next_due(after_on)


def move_figures(ledger: LoanLedger, row: Repayment, *, sign: int) -> None:
    """Lower the loan's debts by the repayment (-1), or raise them again (+1)."""
    state = ledger.state
    state.principal_fen += sign * row.principal_fen
    state.accrued_fen += sign * (row.interest_fen + row.penalty_fen + row.compound_fen)
    state.fees_fen += sign * row.fee_fen
    waiting = -row.amount_fen if row.used_suspense else row.suspense_fen
    state.suspense_fen -= sign * waiting
    state.version += 1


def stand(ledger: LoanLedger) -> None:
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
