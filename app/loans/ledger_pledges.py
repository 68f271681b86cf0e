"""Security in the memorandum: what registered pledges and mortgages secure, loan by loan.

The room of collateral lies above and calls this when a security takes force or ends.
"""

from uuid import UUID

from sqlmodel import Session

from app.db.engine import pretended_day
from app.loans.books import Booking, find_business_day, hold_business_day, lending_day, post_entry
from app.loans.domain.journal import pledge_postings
from app.loans.domain.states import EntryKind
from app.loans.models import Loan


def book_security(session: Session, loan_id: UUID, *, secured_fen: int, number: str) -> None:
    """Security of so much took force for a loan; with a negative amount it ended.

    Booked on the open business day of the bank, which cannot end before this is committed.
    """
    loan = session.get_one(Loan, loan_id)
    if pretended_day(session) is None and find_business_day(session, loan.bank_id) is not None:
        hold_business_day(session, loan.bank_id)
    day = lending_day(session, loan.bank_id)
    booking = Booking(kind=EntryKind.PLEDGE, booked_on=day, value_on=day, words=number)
    post_entry(session, loan, pledge_postings(secured_fen), booking)
