"""By when the steps of an application are due."""

from datetime import date
from uuid import UUID

from sqlmodel import Session

from app.loans.services import lending_day
from app.origination.domain.states import ApplicationState
from app.reference.services import business_calendar, policy_for


def step_due_on(session: Session, bank_id: UUID, state: ApplicationState) -> date | None:
    """By when the step that follows a state should be taken; None when nobody waits."""
    day = lending_day(session, bank_id)
    table = policy_for(session, bank_id, day).table("origination.step_days")
    if state.value not in table:
        return None
    return business_calendar(session).add(day, int(table.decimal(state.value, "days")))
