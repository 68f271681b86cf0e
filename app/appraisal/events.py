"""What moves an appraisal, for API, buttons and forms alike."""

from typing import Any
from uuid import UUID

from flask_babel import gettext
from sqlmodel import Session

from app.appraisal import services
from app.appraisal.domain import APPRAISAL, AppraisalEvent
from app.appraisal.domain.catalogue import find_spec
from app.appraisal.schemas import (
    AppraisalNoteSchema,
    AppraisalSchema,
    CountersignAppraisalSchema,
    SignAppraisalSchema,
)
from app.appraisal.services import AppraisalView
from app.assets.services import get_asset
from app.kernel.actor import Actor
from app.kernel.text import N_
from app.web.dispatch import after_commit
from app.web.events import EventHandler, Events
from app.web.formats import current_locale, money_with_unit
from app.web.shell import words


def _accept(session: Session, actor: Actor, appraisal_id: UUID, _command: Any) -> Any:
    return services.accept_order(session, actor, appraisal_id)


def _ordered(session: Session, actor: Actor, view: AppraisalView) -> list[tuple[str, str]]:
    """What an order asks for; fees are agreed outside of the platform."""
    spec = find_spec(view.model_id)
    owner = get_asset(session, actor, view.asset_id).owner
    return [
        (gettext("Asset"), f"{words(view.asset_title)} · {view.asset_number}"),
        (gettext("Owner"), words(owner)),
        (gettext("Ordered by"), words(view.ordered_by)),
        _backing(view),
        (gettext("Appraisal model"), words(spec.title) if spec else view.model_id),
        (gettext("Purpose of the appraisal"), view.purpose),
    ]


def _backing(view: AppraisalView) -> tuple[str, str]:
    """An agency works for a bank's panel; a bank appraises for itself behind a small loan."""
    if view.loan_fen is None:
        return gettext("Panel of"), words(view.bank)
    loan = money_with_unit(view.loan_fen, "yuan", locale=current_locale())
    return gettext("Loan that the appraisal stands behind"), loan


def _countersign(
    session: Session, actor: Actor, appraisal_id: UUID, command: services.CountersignAppraisal
) -> Any:
    view = services.countersign_appraisal(session, actor, appraisal_id, command)
    after_commit(
        lambda store: services.issue_report(store, actor, appraisal_id),
        what=f"report of appraisal {view.number}",
    )
    return view


EVENTS = Events(
    thing="appraisal",
    machine=APPRAISAL,
    handlers=(
        EventHandler(
            event=AppraisalEvent.ACCEPT,
            handle=_accept,
            help=N_("Who takes the order may then enter inputs."),
            facts=_ordered,
        ),
        EventHandler(
            event=AppraisalEvent.DECLINE,
            handle=services.decline_order,
            schema=AppraisalNoteSchema,
            tone="danger",
            facts=_ordered,
        ),
        EventHandler(
            event=AppraisalEvent.SIGN,
            handle=services.sign_appraisal,
            schema=SignAppraisalSchema,
            help=N_("Inputs, prices and result are frozen. Another appraiser countersigns."),
        ),
        EventHandler(
            event=AppraisalEvent.RETURN,
            handle=services.return_appraisal,
            schema=AppraisalNoteSchema,
            tone="secondary",
            help=N_("The first signature no longer counts; inputs can be changed again."),
        ),
        EventHandler(
            event=AppraisalEvent.COUNTERSIGN,
            handle=_countersign,
            schema=CountersignAppraisalSchema,
            help=N_(
                "The report becomes valid and is issued; a former one of the asset is superseded."
            ),
        ),
        EventHandler(
            event=AppraisalEvent.REVOKE,
            handle=services.revoke_appraisal,
            schema=AppraisalNoteSchema,
            tone="danger",
            help=N_("The asset has no value until its next report; its loans become unpriced."),
        ),
    ),
    get=services.get_appraisal,
    view_schema=AppraisalSchema,
    page_href=lambda appraisal_id: f"/appraisals/{appraisal_id}",
    heading=lambda view: f"{view.number} · {words(view.asset_title)}",
)
