"""What a second person does with proposals, for API, buttons and forms alike."""

from uuid import UUID

from sqlmodel import Session

from app.kernel.actor import Actor
from app.kernel.text import N_
from app.reference import domain, services
from app.reference.schemas import CatalogueImportSchema, PolicyOverrideSchema
from app.web.events import EventHandler, Events
from app.web.schemas import NoFields


def _accept_override(
    session: Session, actor: Actor, override_id: UUID, _command: object
) -> services.OverrideView:
    return services.decide_override(session, actor, override_id, accept=True)


def _reject_override(
    session: Session, actor: Actor, override_id: UUID, _command: object
) -> services.OverrideView:
    return services.decide_override(session, actor, override_id, accept=False)


def _accept_items(
    session: Session, actor: Actor, import_id: UUID, _command: object
) -> services.CatalogueImportView:
    return services.decide_items(session, actor, import_id, accept=True)


def _reject_items(
    session: Session, actor: Actor, import_id: UUID, _command: object
) -> services.CatalogueImportView:
    return services.decide_items(session, actor, import_id, accept=False)


OVERRIDE_EVENTS = Events(
    thing="policy-override",
    machine=domain.OVERRIDE,
    handlers=(
        EventHandler(
            event=domain.ProposalEvent.ACCEPT,
            handle=_accept_override,
            schema=NoFields,
            help=N_("The bank's own value counts from its day on."),
        ),
        EventHandler(
            event=domain.ProposalEvent.REJECT,
            handle=_reject_override,
            schema=NoFields,
            tone="danger",
        ),
    ),
    get=services.get_override,
    view_schema=PolicyOverrideSchema,
    page_href=lambda override_id: f"/reference/policy/{override_id}",
    heading=lambda view: f"{view.parameter_id} · {view.valid_from}",
)

ITEM_EVENTS = Events(
    thing="catalogue-import",
    machine=domain.ITEMS,
    handlers=(
        EventHandler(
            event=domain.ProposalEvent.ACCEPT,
            handle=_accept_items,
            schema=NoFields,
            help=N_("The items enter the edition and can be used for tags."),
        ),
        EventHandler(
            event=domain.ProposalEvent.REJECT,
            handle=_reject_items,
            schema=NoFields,
            tone="danger",
        ),
    ),
    get=services.get_import_view,
    view_schema=CatalogueImportSchema,
    page_href=lambda import_id: f"/reference/imports/{import_id}",
    heading=lambda view: f"{view.edition} · {view.source}",
)
