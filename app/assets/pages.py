"""Pages of the registry: the list, a new asset, an asset, its evidence and encumbrances."""

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Blueprint, Response, redirect, render_template, request
from flask_babel import gettext
from sqlmodel import Session

from app.assets import domain, queries, services
from app.assets.events import EVENTS
from app.assets.kinds import kind_info, kinds
from app.assets.schemas import (
    AddAssetEncumbranceSchema,
    AddAssetEvidenceSchema,
    AssetQuery,
    EndAssetEncumbranceSchema,
    RegisterAssetSchema,
)
from app.documents.content_types import MAX_GEOJSON_BYTES
from app.documents.downloads import attachment
from app.documents.services import document_content
from app.identity.domain import OrganisationKind
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.reference.domain import RegionLevel
from app.reference.services import region_names
from app.web.access import access, current_actor, current_session, tell
from app.web.fields import Ident
from app.web.forms import form_page
from app.web.paging import fetch_page, page_request
from app.web.reading import load_schema
from app.web.shell import words
from app.web.strict_json import read_json
from app.web.uploads import File, UploadSchema

blueprint = Blueprint("assets_pages", __name__, url_prefix="/assets")

Answer = Response | str | tuple[str, int]

FILTERS = ("kind", "county", "state", "q")
STATE_TONES = {"draft": "grey", "withdrawn": "grey", "registered": "green", "filed": "green"}


def words_of_assets() -> dict[str, Any]:
    """Titles that the templates of this room look up."""
    return {
        "kind_titles": {kind.value: words(info.title) for kind, info in kinds().items()},
        "state_titles": {state.value: gettext(t) for state, t in domain.ASSET_STATE_TITLES.items()},
        "state_tones": STATE_TONES,
        "act_titles": {act.value: gettext(t) for act, t in domain.MRV_ACT_TITLES.items()},
        "forest_titles": {c.value: gettext(t) for c, t in domain.FOREST_CATEGORY_TITLES.items()},
        "encumbrance_titles": {k.value: gettext(t) for k, t in domain.ENCUMBRANCE_TITLES.items()},
        "words": words,
    }


@blueprint.get("")
@access(Permission.READ_ASSETS)
def asset_list() -> str:
    """The assets in sight, by kind, county, state and words."""
    session, actor = current_session(), current_actor()
    asked = {name: request.args.get(name, "") for name in FILTERS}
    wanted = load_schema(AssetQuery(), {name: text for name, text in asked.items() if text})
    page = fetch_page(session, queries.list_assets(session, actor, wanted), page_request())
    return render_template(
        "assets/list.html",
        page=replace(page, items=queries.summaries(session, actor, page.items)),
        asked=asked,
        counties=_counties(session),
        may_register=actor.may(Permission.REGISTER_ASSET),
        **words_of_assets(),
    )


class NewAssetSchema(RegisterAssetSchema, UploadSchema):
    """The form of a new asset: the parcels also as a file, the centres one by one."""

    class Meta:
        """A person fills in neither."""

        exclude = ("send_to", "model_id")

    parcels_file = File(
        title=N_("Parcels as a file"), help=N_("A .geojson file; instead of the text above.")
    )
    measuring_id = Ident(title=N_("Measurement and monitoring centre"))
    certifying_id = Ident(title=N_("Review and certification centre"))
    filing_id = Ident(title=N_("Filing and transaction centre"))

    @ma.pre_load
    def read_parcels(self, data: dict[str, Any], **_kwargs: object) -> dict[str, Any]:
        """Parcels of a file stand for the text."""
        found = request.files.get("parcels_file")
        if found is None or not found.filename:
            return data
        return {**data, "parcels": read_json(found.read(MAX_GEOJSON_BYTES))}

    @ma.post_load
    def make(self, data: dict[str, Any], **_kwargs: object) -> services.RegisterAsset:
        """The frozen command."""
        data.pop("parcels_file", None)
        centres = [data.pop(name, None) for name in ("measuring_id", "certifying_id", "filing_id")]
        return services.RegisterAsset(**data, send_to=tuple(each for each in centres if each))


@blueprint.route("/new", methods=["GET", "POST"])
@access(Permission.REGISTER_ASSET, upload=True)
def new_asset() -> Answer:
    """Register a right of the own organisation."""
    session = current_session()

    def submit(command: services.RegisterAsset) -> Response:
        view = services.register_asset(session, current_actor(), command)
        tell("ok", gettext("%(number)s is in the registry.", number=view.number))
        return redirect(f"/assets/{view.id}", 303)  # type: ignore[return-value]

    return form_page(
        NewAssetSchema(),
        title=gettext("New asset"),
        submit=submit,
        back="/assets",
        submit_title=gettext("Save the asset"),
        choices={
            "kind": [(kind.value, words(info.title)) for kind, info in kinds().items()],
            "region_code": _counties(session),
            "measuring_id": _centres(session, OrganisationKind.MRV_MEASURE),
            "certifying_id": _centres(session, OrganisationKind.MRV_VERIFY),
            "filing_id": _centres(session, OrganisationKind.LOCAL_REGISTRY),
        },
        needed_when={"forest_category": ("kind", [domain.AssetKind.FOREST_RIGHT.value])},
    )


def _counties(session: Session) -> list[tuple[str, str]]:
    names = region_names(session, RegionLevel.COUNTY)
    return [(code, words(name)) for code, name in names.items()]


def _centres(session: Session, kind: OrganisationKind) -> list[tuple[str, str]]:
    return [(str(each), words(name)) for each, name in queries.centres(session, kind)]


def asset_context(view: queries.AssetView) -> dict[str, Any]:
    """What the parts of an asset's page need; the page itself stands at the desk, which sees all rooms."""
    actor = current_actor()
    may_encumber = any(actor.may(each) for each in services.ENCUMBERING)
    return {
        "asset": view,
        "info": kind_info(view.kind),
        "buttons": EVENTS.buttons(view),
        "parcels": parcel_collection(view),
        "may_prove": any(actor.may(each) for each in services.PROVING),
        "may_encumber": may_encumber,
        "may_end": {right.id for right in view.encumbrances if may_encumber and right.may_end},
        **words_of_assets(),
    }


def parcel_collection(view: queries.AssetView) -> dict[str, Any]:
    """The land of an asset as the map draws it."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": parcel.geometry,
                "properties": {
                    "name": parcel.name,
                    "value": str(parcel.area_mu),
                    "text": f"{parcel.area_mu:,.1f}",
                    "tone": "green",
                },
            }
            for parcel in view.parcels
        ],
    }


@blueprint.get("/<uuid:asset_id>/parcels.geojson")
@access(Permission.READ_ASSETS)
def parcels_file(asset_id: UUID) -> Response:
    """The land of an asset as a GeoJSON file."""
    view = services.get_asset(current_session(), current_actor(), asset_id)
    content = json.dumps(parcel_collection(view), ensure_ascii=False).encode()
    return attachment(content, name=f"{view.number}.geojson", media_type="application/geo+json")


@blueprint.route("/<uuid:asset_id>/evidence", methods=["GET", "POST"])
@access(*services.PROVING, upload=True)
def add_evidence(asset_id: UUID) -> Answer:
    """Add a file to an asset."""
    session, actor = current_session(), current_actor()
    view = services.get_asset(session, actor, asset_id)

    def submit(command: services.AddEvidence) -> Response:
        services.add_evidence(session, actor, asset_id, command)
        tell("ok", gettext("The file is stored."))
        return redirect(f"/assets/{asset_id}", 303)  # type: ignore[return-value]

    return form_page(
        AddAssetEvidenceSchema(),
        title=gettext("Add a file"),
        subtitle=f"{view.title} · {view.number}",
        submit=submit,
        back=f"/assets/{asset_id}",
    )


@blueprint.get("/<uuid:asset_id>/evidence/<uuid:document_id>")
@access(Permission.READ_ASSETS)
def download_evidence(asset_id: UUID, document_id: UUID) -> Response:
    """A file of an asset, as an attachment."""
    session, actor = current_session(), current_actor()
    services.get_asset(session, actor, asset_id)
    row = queries.evidence_document(session, asset_id, document_id)
    return attachment(document_content(session, row), name=row.name, media_type=row.media_type)


@blueprint.route("/<uuid:asset_id>/encumbrances", methods=["GET", "POST"])
@access(*services.ENCUMBERING)
def add_encumbrance(asset_id: UUID) -> Answer:
    """Record a third party's right."""
    session, actor = current_session(), current_actor()
    view = services.get_asset(session, actor, asset_id)

    def submit(command: services.AddEncumbrance) -> Response:
        services.add_encumbrance(session, actor, asset_id, command)
        tell("ok", gettext("The right of the third party is recorded."))
        return redirect(f"/assets/{asset_id}", 303)  # type: ignore[return-value]

    return form_page(
        AddAssetEncumbranceSchema(),
        title=gettext("Record a third party's right"),
        subtitle=f"{view.title} · {view.number}",
        submit=submit,
        back=f"/assets/{asset_id}",
    )


@blueprint.route("/<uuid:asset_id>/encumbrances/<uuid:encumbrance_id>/end", methods=["GET", "POST"])
@access(*services.ENCUMBERING)
def end_encumbrance(asset_id: UUID, encumbrance_id: UUID) -> Answer:
    """Record that a third party's right ended."""
    session, actor = current_session(), current_actor()
    view = services.get_asset(session, actor, asset_id)

    def submit(command: services.EndEncumbrance) -> Response:
        services.end_encumbrance(session, actor, asset_id, encumbrance_id, command)
        tell("ok", gettext("The end of the right is recorded."))
        return redirect(f"/assets/{asset_id}", 303)  # type: ignore[return-value]

    return form_page(
        EndAssetEncumbranceSchema(),
        title=gettext("Record the end of a third party's right"),
        subtitle=f"{view.title} · {view.number}",
        submit=submit,
        back=f"/assets/{asset_id}",
    )


EVENTS.register_pages(blueprint)
