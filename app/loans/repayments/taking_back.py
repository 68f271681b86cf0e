"""The reversal of a repayment: row, lines and entry the same the other way; notes are worked out after."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.db.engine import now
from app.db.numbers import next_number
from app.kernel.actor import Actor
from app.kernel.ids import new_id
from app.kernel.money import Money
from app.loans.books import Booking, LoanLedger, post_entry
from app.loans.domain.journal import INCOMES, RECEIVABLES, Posting, reversal_postings
from app.loans.domain.standing import GROWING_CLAIMS, switch_postings
from app.loans.domain.states import EntryKind
from app.loans.domain.waterfall import Claim
from app.loans.models import Loan, LoanPosting, Repayment, RepaymentLine
from app.loans.refusals import SuspenseTooSmall
from app.loans.repayments.applying import move_figures

REVERSAL_KEY = "reversal:"


def take_back(
    session: Session,
    actor: Actor,
    ledger: LoanLedger,
    row: Repayment,
    *,
    value_on: date,
    day: date,
    reason: str,
    number: str = "",
) -> Repayment:
    """Book the reversal and move the figures of the loan; refuses to take back money that was used since."""
    if not row.used_suspense and row.suspense_fen > ledger.state.suspense_fen:
        raise SuspenseTooSmall(suspense=Money(ledger.state.suspense_fen))
    taken = _reversal(session, actor, row, value_on, day, reason, number)
    for line in session.execute(
        sa.select(RepaymentLine)
        .where(col(RepaymentLine.repayment_id) == row.id)
        .order_by(col(RepaymentLine.seq))
    ).scalars():
        session.add(
            RepaymentLine(
                repayment_id=taken.id,
                seq=line.seq,
                note_id=line.note_id,
                due_id=line.due_id,
                claim=line.claim,
                paid_fen=-line.paid_fen,
                value_on=taken.value_on,
                place=line.place,
            )
        )
    taken.entry_id = _post_reversal(session, ledger.loan, row, taken)
    _keep_income(session, ledger, row, taken)
    move_figures(ledger, taken, sign=1)
    return taken


def _keep_income(session: Session, ledger: LoanLedger, row: Repayment, taken: Repayment) -> None:
    """Interest owed again stands where the loan's income stands now, on the balance sheet or off it."""
    off = ledger.state.off_balance
    settled = INCOMES if not off else RECEIVABLES
    owed: dict[Claim, int] = {}
    for posting in _postings_of(session, row):
        for claim in GROWING_CLAIMS:
            if posting.credit is settled[claim]:
                owed[claim] = owed.get(claim, 0) + posting.amount_fen
    postings = switch_postings(owed, off_balance=off)
    if postings:
        booking = Booking(
            kind=EntryKind.NON_ACCRUAL,
            booked_on=taken.booked_on,
            value_on=taken.value_on,
            words=taken.number,
        )
        post_entry(session, ledger.loan, postings, booking)


def _reversal(
    session: Session,
    actor: Actor,
    row: Repayment,
    value_on: date,
    day: date,
    reason: str,
    number: str,
) -> Repayment:
    copied = (
        "loan_id bank_id amount_fen principal_fen interest_fen penalty_fen compound_fen fee_fen"
        " suspense_fen used_suspense payer"
    )
    taken = Repayment(
        **{name: getattr(row, name) for name in copied.split()},
        number=number or next_number(session, "C", day.year),
        entry_id=new_id(),
        booked_on=day,
        value_on=value_on,
        key=f"{REVERSAL_KEY}{row.id}",
        reverses_id=row.id,
        reason=reason,
        person_id=actor.person_id,
        created_at=now(session),
    )
    session.add(taken)
    session.flush()
    return taken


def _postings_of(session: Session, row: Repayment) -> list[Posting]:
    statement = (
        sa.select(LoanPosting)
        .where(col(LoanPosting.entry_id) == row.entry_id)
        .order_by(col(LoanPosting.seq))
    )
    return [
        Posting(debit=each.debit, credit=each.credit, amount_fen=each.amount_fen)
        for each in session.execute(statement).scalars()
    ]


def _post_reversal(session: Session, loan: Loan, row: Repayment, taken: Repayment) -> UUID:
    postings = _postings_of(session, row)
    booking = Booking(
        kind=EntryKind.REVERSAL,
        booked_on=taken.booked_on,
        value_on=taken.value_on,
        words=taken.number,
        reverses_id=row.entry_id,
    )
    return post_entry(session, loan, reversal_postings(postings), booking)


__all__ = ["REVERSAL_KEY", "take_back"]
