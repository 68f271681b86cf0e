"""Security in the memorandum: what registered pledges and mortgages secure, loan by loan.

The room of collateral lies above and calls this when a security takes force or ends.
"""

from datetime import date
from uuid import UUID

from sqlmodel import Session

from app.db.engine import pretended_day
from app.loans.books import Booking, find_business_day, hold_business_day, lending_day, post_entry
from app.loans.domain.journal import pledge_postings
from app.loans.domain.states import EntryKind
from app.loans.models import Loan


def hold_lending_day(session: Session, bank_id: UUID) -> date:
    """The day of which a bank's lending speaks; an open business day cannot end before this is committed.

    Held before a loan's debt, in the order of all bookings.
    """
    if pretended_day(session) is None and find_business_day(session, bank_id) is not None:
        return hold_business_day(session, bank_id)
    return lending_day(session, bank_id)


def book_security(session: Session, loan_id: UUID, *, secured_fen: int, number: str) -> None:
    """Security of so much took force for a loan; with a negative amount it ended."""
    loan = session.get_one(Loan, loan_id)
    day = hold_lending_day(session, loan.bank_id)
    booking = Booking(kind=EntryKind.PLEDGE, booked_on=day, value_on=day, words=number)
    post_entry(session, loan, pledge_postings(secured_fen), booking)
