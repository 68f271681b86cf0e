"""A renewal without repayment carried out: a new loan pays off the old one on the same day, without cash."""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlmodel import Session

from app.audit.services import record
from app.db.engine import now
from app.kernel.actor import Actor
from app.kernel.money import Money
from app.kernel.permissions import Permission
from app.loans.books import LoanLedger, lock_ledger, open_books, require_current
from app.loans.contract_terms import OpenLoan
from app.loans.contracts import PostDrawdown, draw, open_loan
from app.loans.domain.journal import Account
from app.loans.domain.states import LoanFact, LoanState
from app.loans.models import Loan, LoanFactRow
from app.loans.refusals import RenewalInterestAhead, RenewalInterestOwed, RenewalRefused
from app.loans.repayments.applying import Wish, place, stand
from app.loans.repayments.repaying import record_repayment, require_misuse_worked_out
from app.loans.repayments.rewinding import RENEWAL_KEY


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewLoan:
    """The terms of the new loan, decided before; its amount and its first day are those of the booking."""

    loan_id: UUID
    terms: OpenLoan
    change_number: str
    reason: str


def renew_loan(session: Session, actor: Actor, command: RenewLoan) -> UUID:
    """Settle a loan by a new one on the business day; gives the new loan's id.

    Interest grown and fees are taken out of money that waits for the loan; principal moves through the account of
    renewals. The old loan is settled, the new one names it, and bears the mark of its renewal.
    """
    actor.require(Permission.SIGN_CONTRACT)
    ledger, day = open_books(session, actor, command.loan_id)
    require_current(ledger, day)
    require_misuse_worked_out(session, ledger, day)
    _require_renewable(ledger)
    number = command.change_number
    owed_fen = ledger.state.accrued_fen + ledger.state.fees_fen
    principal_fen = ledger.state.principal_fen
    if owed_fen:
        interest = Wish(
            amount_fen=owed_fen,
            prepay=True,
            early_fen=0,
            from_suspense=True,
            key=f"{RENEWAL_KEY}{number}:interest",
        )
        _book(session, actor, ledger, interest, day)
    terms = replace(
        command.terms,
        contract_fen=principal_fen,
        starts_on=day,
        signed_on=day,
        renews_id=ledger.loan.id,
    )
    new_id = open_loan(session, actor, terms)
    new = lock_ledger(session, new_id)
    drawn = PostDrawdown(loan_id=new_id, amount_fen=principal_fen)
    draw(session, actor, new, drawn, day, source=Account.RENEWAL)
    payoff = Wish(
        amount_fen=principal_fen,
        prepay=True,
        source=Account.RENEWAL,
        payer=new.loan.number,
        key=f"{RENEWAL_KEY}{number}",
    )
    _book(session, actor, ledger, payoff, day)
    stand(ledger)
    if ledger.loan.state is not LoanState.SETTLED:
        raise RenewalRefused(number=ledger.loan.number)
    _mark(session, actor, new.loan, command, day)
    session.flush()
    record(
        session,
        actor,
        "loan.renew",
        subject_kind="loan",
        subject_id=ledger.loan.id,
        organisation_id=ledger.loan.bank_id,
        number=ledger.loan.number,
        by=new.loan.number,
        change=number,
        principal_fen=principal_fen,
        owed_fen=owed_fen,
        day=day,
        reason=command.reason,
    )
    return new_id


def _require_renewable(ledger: LoanLedger) -> None:
    """Only a performing loan, none of whose bills is open, with the interest grown waiting for it."""
    loan, state = ledger.loan, ledger.state
    unpaid = any(not due.settled for _note, due in ledger.dues)
    if loan.state is not LoanState.PERFORMING or unpaid or state.off_balance:
        raise RenewalRefused(number=loan.number)
    unbilled_fen = sum(each.state.unbilled_fen for each in ledger.notes)
    if not unbilled_fen or unbilled_fen != state.principal_fen:
        raise RenewalRefused(number=loan.number)
    if state.accrued_fen < 0:
        raise RenewalInterestAhead(number=loan.number, ahead=Money(-state.accrued_fen))
    owed_fen = state.accrued_fen + state.fees_fen
    if owed_fen > state.suspense_fen:
        raise RenewalInterestOwed(
            number=loan.number, owed=Money(owed_fen), waiting=Money(state.suspense_fen)
        )


def _book(session: Session, actor: Actor, ledger: LoanLedger, wish: Wish, day: date) -> None:
    row = place(session, actor, ledger, wish, value_on=day, day=day)
    record_repayment(session, actor, ledger, "loan.repay", row)


def _mark(session: Session, actor: Actor, loan: Loan, command: RenewLoan, day: date) -> None:
    """The new loan is known as a renewal at each of its classifications."""
    session.add(
        LoanFactRow(
            loan_id=loan.id,
            fact=LoanFact.RENEWED,
            from_on=day,
            reason=command.reason[:300],
            person_id=actor.person_id,
            created_at=now(session),
        )
    )
