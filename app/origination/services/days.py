"""The day of which a bank's lending speaks, and by when its steps are due."""

from datetime import date
from uuid import UUID

from sqlmodel import Session

from app.db.engine import today
from app.loans.services import find_business_day
from app.origination.domain.states import ApplicationState
from app.reference.services import business_calendar, policy_for


def lending_day(session: Session, bank_id: UUID) -> date:
    """The open business day of a bank; the civil day while its books were never opened."""
    return find_business_day(session, bank_id) or today(session)


def step_due_on(session: Session, bank_id: UUID, state: ApplicationState) -> date | None:
    """By when the step that follows a state should be taken; None when nobody waits."""
    day = lending_day(session, bank_id)
    table = policy_for(session, bank_id, day).table("origination.step_days")
    if state.value not in table:
        return None
    return business_calendar(session).add(day, int(table.decimal(state.value, "days")))
