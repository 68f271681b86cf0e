"""The events of a write-off: one table for the API, the buttons and the forms."""

from flask_babel import gettext
from sqlmodel import Session

from app.kernel.actor import Actor
from app.kernel.text import N_
from app.origination.change_schemas import CarryOutSchema, DecideChangeSchema
from app.origination.domain.changes import ChangeEvent
from app.origination.domain.write_off import GROUND_TITLES, WRITE_OFF
from app.origination.services import write_offs
from app.origination.write_off_schemas import WriteOffSchema
from app.web.events import EventHandler, Events
from app.web.formats import money_yuan
from app.web.shell import words


def _what(
    session: Session,  # noqa: ARG001 - the shape of all facts
    actor: Actor,  # noqa: ARG001
    view: write_offs.WriteOffView,
) -> list[tuple[str, str]]:
    return [
        (gettext("Loan"), view.loan_number),
        (gettext("Ground"), gettext(GROUND_TITLES[view.ground])),
        (gettext("Principal"), money_yuan(view.principal_fen)),
        (gettext("Interest and surcharges"), money_yuan(view.interest_fen)),
        (gettext("Fees"), money_yuan(view.fees_fen)),
        (gettext("Reasons"), view.reason),
        (gettext("Evidence that recovery is exhausted"), view.evidence),
    ]


WRITE_OFF_EVENTS = Events(
    thing="loan-write-off",
    machine=WRITE_OFF,
    handlers=(
        EventHandler(
            event=ChangeEvent.APPROVE,
            schema=DecideChangeSchema,
            handle=write_offs.approve_write_off,
            help=N_("Within your authority; all conditions are tested anew."),
            facts=_what,
        ),
        EventHandler(
            event=ChangeEvent.CARRY_OUT,
            schema=CarryOutSchema,
            handle=write_offs.carry_out_write_off,
            help=N_(
                "Principal and interest leave the balance sheet on the business day;"
                " the claim is kept on file. This is not taken back."
            ),
            tone="danger",
            facts=_what,
        ),
        EventHandler(
            event=ChangeEvent.REFUSE,
            schema=DecideChangeSchema,
            handle=write_offs.refuse_write_off,
            tone="danger",
            facts=_what,
        ),
        EventHandler(
            event=ChangeEvent.WITHDRAW,
            schema=DecideChangeSchema,
            handle=write_offs.withdraw_write_off,
            tone="secondary",
            facts=_what,
        ),
    ),
    get=write_offs.write_off_view,
    view_schema=WriteOffSchema,
    page_href=lambda thing_id: f"/loan-write-offs/{thing_id}",
    heading=lambda view: f"{view.number} · {view.loan_number} · {words(view.borrower)}",
)
