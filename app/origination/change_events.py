"""The events of a change of a loan: one table for the API, the buttons and the forms."""

from flask_babel import gettext
from sqlmodel import Session

from app.kernel.actor import Actor
from app.kernel.text import N_
from app.origination.change_schemas import CarryOutSchema, DecideChangeSchema, LoanChangeSchema
from app.origination.domain.changes import CHANGE_KIND_TITLES, LOAN_CHANGE, ChangeEvent
from app.origination.services import changes
from app.web.events import EventHandler, Events
from app.web.formats import day
from app.web.shell import words


def _what(
    session: Session,  # noqa: ARG001 - the shape of all facts
    actor: Actor,  # noqa: ARG001
    view: changes.LoanChangeView,
) -> list[tuple[str, str]]:
    return [
        (gettext("Loan"), view.loan_number),
        (gettext("What changes"), gettext(CHANGE_KIND_TITLES[view.kind])),
        (gettext("Present maturity"), day(view.before_on)),
        (gettext("New maturity"), day(view.matures_on)),
        (gettext("Why it is proposed"), view.reason),
    ]


CHANGE_EVENTS = Events(
    thing="loan-change",
    machine=LOAN_CHANGE,
    handlers=(
        EventHandler(
            event=ChangeEvent.APPROVE,
            schema=DecideChangeSchema,
            handle=changes.approve_change,
            help=N_("Within your authority; all conditions are tested anew."),
            facts=_what,
        ),
        EventHandler(
            event=ChangeEvent.CARRY_OUT,
            schema=CarryOutSchema,
            handle=changes.carry_out_change,
            help=N_("Booked on the business day while every condition still holds."),
            facts=_what,
        ),
        EventHandler(
            event=ChangeEvent.REFUSE,
            schema=DecideChangeSchema,
            handle=changes.refuse_change,
            tone="danger",
            facts=_what,
        ),
        EventHandler(
            event=ChangeEvent.WITHDRAW,
            schema=DecideChangeSchema,
            handle=changes.withdraw_change,
            tone="secondary",
            facts=_what,
        ),
    ),
    get=changes.change_view,
    view_schema=LoanChangeSchema,
    page_href=lambda thing_id: f"/loan-changes/{thing_id}",
    heading=lambda view: f"{view.number} · {view.loan_number} · {words(view.borrower)}",
)
