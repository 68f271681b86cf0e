"""A settled loan that is open again: no close saw it meanwhile, so its books are brought up to the open day at once."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlmodel import Session

from app.kernel.actor import Actor
from app.loans.books import ONE_DAY, LoanLedger, lock_ledger
from app.loans.closing.days import days_between, find_close
from app.loans.closing.loans import close_loans
from app.loans.closing.repeating import close_behind
from app.loans.domain.classification import class_rules
from app.loans.domain.states import LOAN, OPEN_STATES, LoanEvent
from app.loans.repayments.rewinding_refusals import NotReopened
from app.reference.services import policy_for


def reopen(session: Session, ledger: LoanLedger, on: date, day: date) -> LoanLedger:
    """Open a settled loan again with its books at the opening of a day, or later where they stand.

    Nothing was owed on the days before, so nothing grows on them; its rates are set on their days.
    """
    loan, closed_on, last_on = ledger.loan, ledger.state.closed_on, on - ONE_DAY
    if closed_on is not None and closed_on < last_on:
        result = close_loans(
            session,
            [loan.id],
            lambda from_on: days_between(from_on, last_on),
            last_on=last_on,
            booked_on=day,
            rules=class_rules(policy_for(session, loan.bank_id, last_on)),
        )
        _require_closed(loan.number, last_on, result.failed)
        ledger = lock_ledger(session, loan.id)
    ledger.loan.state = LOAN.next(ledger.loan.state, LoanEvent.REOPEN)
    return ledger


def bring_up(session: Session, actor: Actor, ledger: LoanLedger, day: date) -> None:
    """Close the days since it is open again through the day before the open one, beside the close of that day."""
    loan, last_on = ledger.loan, day - ONE_DAY
    close = find_close(session, loan.bank_id, last_on)
    if close is None or loan.state not in OPEN_STATES or ledger.state.closed_on == last_on:
        return
    result = close_behind(session, actor, close.id, loan.bank_id, [loan.id])
    _require_closed(loan.number, last_on, result.failed)
    lock_ledger(session, loan.id)


def _require_closed(number: str, last_on: date, failed: Iterable[tuple[UUID, str]]) -> None:
    for _, why in failed:
        raise NotReopened(number=number, last=last_on, why=why)


__all__ = ["bring_up", "reopen"]
