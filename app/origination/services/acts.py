"""The transition log of a file: one act a step, and the state equals the last act."""

from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from app.audit.domain import json_facts
from app.audit.services import record
from app.db.engine import now
from app.kernel.actor import Actor
from app.kernel.errors import DutiesApart
from app.kernel.text import N_
from app.loans.services import lending_day
from app.notices.services import Notify, notify
from app.origination.domain.duties import decide_duty, duty_of
from app.origination.domain.states import (
    APPLICATION,
    RETURNS_FROM,
    ApplicationEvent,
)
from app.origination.models import Application, ApplicationAct
from app.origination.queries import acts_of
from app.origination.services.days import step_due_on
from app.origination.services.views import (
    ApplicationView,
    application_view,
    load_application,
    parts_of,
)

TOLD: Final = {
    ApplicationEvent.SUBMIT: N_("Application %(number)s was submitted."),
    ApplicationEvent.ACCEPT: N_("Application %(number)s was taken up."),
    ApplicationEvent.RETURN: N_("Application %(number)s was returned: something is missing."),
    ApplicationEvent.APPROVE: N_("Application %(number)s was approved."),
    ApplicationEvent.REJECT: N_("Application %(number)s was rejected."),
    ApplicationEvent.CONTRACT: N_("The contract of application %(number)s is signed."),
    ApplicationEvent.WITHDRAW: N_("Application %(number)s was withdrawn."),
}
"""What the other side is told; investigation and review stay inside the bank."""


def begin_step(
    session: Session, actor: Actor, application_id: UUID, event: ApplicationEvent
) -> Application:
    """The application, locked, when the step is legal, permitted and not excluded by an earlier part."""
    row = load_application(session, actor, application_id, lock=True)
    actor.require(APPLICATION.permissions[event])
    APPLICATION.next(row.state, event)
    if event is ApplicationEvent.RETURN:
        actor.require(RETURNS_FROM[row.state])
    parts = parts_of(row, acts_of(session, [row.id]).get(row.id, []))
    if not decide_duty(parts, person_id=actor.person_id, duty=duty_of(event, row.state)):
        raise DutiesApart
    return row


def finish_step(
    session: Session,
    actor: Actor,
    row: Application,
    event: ApplicationEvent,
    *,
    opinion: str = "",
    **facts: object,
) -> ApplicationView:
    """Move the application, log the act, tell the other side, and give the view."""
    before, after = row.state, APPLICATION.next(row.state, event)
    row.state = after
    row.due_on = step_due_on(session, row.bank_id, after)
    session.add(row)
    session.add(_act(session, actor, row, event, before=before, opinion=opinion, facts=facts))
    session.flush()
    record(
        session,
        actor,
        f"application.{event.value}",
        subject_kind="application",
        subject_id=row.id,
        organisation_id=row.bank_id,
        number=row.number,
        before=before,
        after=after,
        **facts,
    )
    _tell(session, actor, row, event)
    return application_view(session, actor, row)


def _act(
    session: Session,
    actor: Actor,
    row: Application,
    event: ApplicationEvent,
    *,
    before: Any,
    opinion: str,
    facts: dict[str, object],
) -> ApplicationAct:
    return ApplicationAct(
        application_id=row.id,
        seq=len(acts_of(session, [row.id]).get(row.id, [])) + 1,
        event=event,
        before=before,
        after=row.state,
        person_id=actor.person_id,
        organisation_id=actor.organisation_id,
        opinion=opinion,
        facts=json_facts(facts),
        at=now(session),
        on=lending_day(session, row.bank_id),
    )


def _tell(session: Session, actor: Actor, row: Application, event: ApplicationEvent) -> None:
    """The borrower hears what the bank decides, the bank what the borrower sends."""
    words = TOLD.get(event)
    receiver = row.borrower_id if actor.organisation_id == row.bank_id else row.bank_id
    if words is None or receiver == actor.organisation_id:
        return
    notify(
        session,
        Notify(
            organisation_id=receiver,
            kind=f"application-{event.value}",
            template=words,
            facts={"number": row.number},
            href=f"/loan-applications/{row.id}",
        ),
    )
