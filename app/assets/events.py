"""What moves an asset, for API, buttons and forms alike."""

from collections.abc import Sequence
from uuid import UUID

from flask_babel import gettext
from sqlmodel import Session

from app.assets import services
from app.assets.domain import ASSET, MRV_ACT_TITLES, UNMEASURED, AssetEvent
from app.assets.queries import AssetView
from app.assets.schemas import AssetActSchema, AssetSchema, AssetWithdrawSchema
from app.documents.queries import visible_documents
from app.kernel.actor import Actor
from app.kernel.text import N_
from app.kernel.units import unit_name
from app.web.events import EventHandler, Events
from app.web.schemas import NoFields
from app.web.shell import words

MAX_FILES = 50
"""The latest files of the own organisation that a form offers."""


def _own_files(
    session: Session, actor: Actor, _asset_id: UUID
) -> dict[str, Sequence[tuple[str, str]]]:
    rows = session.execute(visible_documents(actor).limit(MAX_FILES)).scalars()
    return {"document_id": [(str(row.id), row.name) for row in rows]}


def _former_act(_session: Session, _actor: Actor, view: AssetView) -> Sequence[tuple[str, str]]:
    """What the act before covers: no more of it, in the same unit, is certified or filed."""
    return [
        (
            gettext(MRV_ACT_TITLES[each.act]),
            f"{each.quantity:,f} {words(unit_name(each.unit))} · {each.number} · {each.on}",
        )
        for each in view.measurements[-1:]
    ]


def _former_unit(view: AssetView) -> dict[str, str]:
    return {"unit": view.measurements[-1].unit} if view.measurements else {}


EVENTS = Events(
    thing="asset",
    machine=ASSET,
    machine_of=lambda view: ASSET if view.needs_mrv else UNMEASURED,
    handlers=(
        EventHandler(
            event=AssetEvent.REGISTER,
            handle=services.register_draft,
            schema=NoFields,
            help=N_("Certificate, category of forest, area and land are checked."),
        ),
        EventHandler(
            event=AssetEvent.MEASURE,
            handle=services.measure_asset,
            schema=AssetActSchema,
            choices=_own_files,
        ),
        EventHandler(
            event=AssetEvent.CERTIFY,
            handle=services.certify_asset,
            schema=AssetActSchema,
            help=N_("No more than what was measured, in the same unit, by another body."),
            choices=_own_files,
            facts=_former_act,
            values=_former_unit,
        ),
        EventHandler(
            event=AssetEvent.FILE,
            handle=services.file_asset,
            schema=AssetActSchema,
            help=N_("No more than what was certified. The asset may then secure a loan."),
            choices=_own_files,
            facts=_former_act,
            values=_former_unit,
        ),
        EventHandler(
            event=AssetEvent.WITHDRAW,
            handle=services.withdraw_asset,
            schema=AssetWithdrawSchema,
            tone="danger",
            help=N_("The asset leaves the registry; its history stays."),
        ),
    ),
    get=services.get_asset,
    view_schema=AssetSchema,
    page_href=lambda asset_id: f"/assets/{asset_id}",
    heading=lambda view: f"{view.title} · {view.number}",
)
