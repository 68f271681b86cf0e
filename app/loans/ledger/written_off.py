"""A loan written off: the day on which it left the balance sheet, and the claim that is kept on file."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.kernel.actor import Actor
from app.loans.domain.states import EntryKind, LoanState
from app.loans.due.next_payments import LoanAhead, next_payments
from app.loans.ledger.entries import claim_left
from app.loans.models import LoanPosting, LoanStateRow
from app.loans.queries import LoanView, loan_view


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenOff:
    """When a loan was written off, and what of its claim is not recovered."""

    on: date
    principal_fen: int
    interest_fen: int
    fees_fen: int
    """Owed on the balance sheet still; money that comes in settles them first."""

    @property
    def claim_fen(self) -> int:
        """Fees, principal and interest together."""
        return self.fees_fen + self.principal_fen + self.interest_fen


def written_off_on(session: Session, loan_id: UUID) -> date | None:
    """The day on which a loan was written off; None while it was not."""
    statement = sa.select(sa.func.max(LoanPosting.booked_on)).where(
        col(LoanPosting.loan_id) == loan_id, col(LoanPosting.kind) == EntryKind.WRITE_OFF
    )
    on: date | None = session.execute(statement).scalar_one()
    return on


def find_written_off(session: Session, loan_id: UUID) -> WrittenOff | None:
    """The claim left of a loan; None while it was not written off."""
    on = written_off_on(session, loan_id)
    if on is None:
        return None
    principal_fen, interest_fen = claim_left(session, loan_id)
    fees_fen = session.get_one(LoanStateRow, loan_id).fees_fen
    return WrittenOff(
        on=on, principal_fen=principal_fen, interest_fen=interest_fen, fees_fen=fees_fen
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanWithClaim(LoanAhead):
    """A loan with its next payment, and of one that was written off the claim that is left."""

    claim: WrittenOff | None = None


def loan_with_claim(session: Session, actor: Actor, loan_id: UUID) -> LoanWithClaim:
    """One visible loan with its next payment and the claim that is left."""
    view = loan_view(session, actor, loan_id)
    lost = view.state is LoanState.WRITTEN_OFF
    return LoanWithClaim(
        **{name: getattr(view, name) for name in LoanView.__dataclass_fields__},
        next_payment=next_payments(session, [loan_id]).get(loan_id),
        claim=find_written_off(session, loan_id) if lost else None,
    )
