"""The API of the asset registry."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Response

from app.assets import queries, services
from app.assets.events import EVENTS
from app.assets.schemas import (
    AddAssetEncumbranceSchema,
    AddAssetEvidenceSchema,
    AssetEncumbranceSchema,
    AssetEvidenceSchema,
    AssetMeasurementSchema,
    AssetParcelSchema,
    AssetParcelsSchema,
    AssetQuery,
    AssetSchema,
    AssetSendSchema,
    AssetSummarySchema,
    EndAssetEncumbranceSchema,
    RegisterAssetSchema,
    items_of,
)
from app.documents.downloads import attachment
from app.documents.services import document_content
from app.kernel.permissions import Permission
from app.web.access import access, check_version, current_actor, current_session, tagged
from app.web.openapi import ApiBlueprint
from app.web.paging import fetch_page, page_request
from app.web.schemas import page_of
from app.web.uploads import multipart_body, read_multipart

blueprint = ApiBlueprint(
    "assets", __name__, url_prefix="/api/v1/assets", description="Registry of ecological assets"
)

READERS = (Permission.READ_ASSETS,)


@blueprint.route("", methods=["GET"])
@access(*READERS)
@blueprint.arguments(AssetQuery, location="query")
@blueprint.response(200, page_of(AssetSummarySchema))
def list_assets(wanted: queries.AssetFilter) -> Any:
    """The assets in sight, the newest first."""
    session, actor = current_session(), current_actor()
    page = fetch_page(session, queries.list_assets(session, actor, wanted), page_request())
    return replace(page, items=queries.summaries(session, actor, page.items))


@blueprint.route("", methods=["POST"])
@access(Permission.REGISTER_ASSET, idempotent=True)
@blueprint.arguments(RegisterAssetSchema)
@blueprint.response(201, AssetSchema)
def register_asset(command: services.RegisterAsset) -> Any:
    """Register a right of the own organisation, or keep it as a draft."""
    view = services.register_asset(current_session(), current_actor(), command)
    return tagged(view), 201, {"Location": f"/api/v1/assets/{view.id}"}


@blueprint.route("/<uuid:asset_id>", methods=["GET"])
@access(*READERS)
@blueprint.response(200, AssetSchema)
def get_asset(asset_id: UUID) -> Any:
    """An asset with its parcels, acts, evidence and encumbrances."""
    return tagged(services.get_asset(current_session(), current_actor(), asset_id))


@blueprint.route("/<uuid:asset_id>/parcels", methods=["GET"])
@access(*READERS)
@blueprint.response(200, items_of(AssetParcelSchema))
def list_parcels(asset_id: UUID) -> Any:
    """The drawn land of an asset."""
    return {"items": services.get_asset(current_session(), current_actor(), asset_id).parcels}


@blueprint.route("/<uuid:asset_id>/parcels", methods=["POST"])
@access(Permission.REGISTER_ASSET, idempotent=True, versioned=True)
@blueprint.arguments(AssetParcelsSchema)
@blueprint.response(200, AssetSchema)
def add_parcels(command: dict[str, Any], asset_id: UUID) -> Any:
    """Draw more land of a draft."""
    session, actor = current_session(), current_actor()
    check_version(services.get_asset(session, actor, asset_id).version)
    return tagged(services.add_parcels(session, actor, asset_id, command["parcels"]))


@blueprint.route("/<uuid:asset_id>/measurements", methods=["GET"])
@access(*READERS)
@blueprint.response(200, items_of(AssetMeasurementSchema))
def list_measurements(asset_id: UUID) -> Any:
    """What was measured, certified and filed; recorded by events of the asset."""
    return {"items": services.get_asset(current_session(), current_actor(), asset_id).measurements}


@blueprint.route("/<uuid:asset_id>/receivers", methods=["POST"])
@access(Permission.REGISTER_ASSET, idempotent=True)
@blueprint.arguments(AssetSendSchema)
@blueprint.response(200, AssetSchema)
def send_asset(command: dict[str, Any], asset_id: UUID) -> Any:
    """Let a centre see the asset, so that it can measure, certify or file it."""
    session, actor = current_session(), current_actor()
    services.send_asset(session, actor, asset_id, command["organisation_id"])
    return tagged(services.get_asset(session, actor, asset_id))


@blueprint.route("/<uuid:asset_id>/evidence", methods=["GET"])
@access(*READERS)
@blueprint.response(200, items_of(AssetEvidenceSchema))
def list_evidence(asset_id: UUID) -> Any:
    """The files of an asset."""
    return {"items": services.get_asset(current_session(), current_actor(), asset_id).evidence}


@blueprint.route("/<uuid:asset_id>/evidence", methods=["POST"])
@access(*services.PROVING, upload=True)
@blueprint.doc(requestBody=multipart_body(AddAssetEvidenceSchema))
@blueprint.response(201, AssetEvidenceSchema)
def add_evidence(asset_id: UUID) -> Any:
    """Add a file; known by content and extension, within its limit."""
    command = read_multipart(AddAssetEvidenceSchema())
    view = services.add_evidence(current_session(), current_actor(), asset_id, command)
    added = view.evidence[-1]
    href = f"/api/v1/assets/{asset_id}/evidence/{added.document_id}"
    return added, 201, {"Location": href}


@blueprint.route("/<uuid:asset_id>/evidence/<uuid:document_id>", methods=["GET"])
@access(*READERS)
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="*/*")
def download_evidence(asset_id: UUID, document_id: UUID) -> Response:
    """A file of an asset, as an attachment."""
    session, actor = current_session(), current_actor()
    services.get_asset(session, actor, asset_id)
    row = queries.evidence_document(session, asset_id, document_id)
    return attachment(document_content(session, row), name=row.name, media_type=row.media_type)


@blueprint.route("/<uuid:asset_id>/encumbrances", methods=["GET"])
@access(*READERS)
@blueprint.response(200, items_of(AssetEncumbranceSchema))
def list_encumbrances(asset_id: UUID) -> Any:
    """Rights of third parties over an asset."""
    return {"items": services.get_asset(current_session(), current_actor(), asset_id).encumbrances}


@blueprint.route("/<uuid:asset_id>/encumbrances", methods=["POST"])
@access(*services.ENCUMBERING, idempotent=True)
@blueprint.arguments(AddAssetEncumbranceSchema)
@blueprint.response(201, AssetSchema)
def add_encumbrance(command: services.AddEncumbrance, asset_id: UUID) -> Any:
    """Record a third party's right."""
    view = services.add_encumbrance(current_session(), current_actor(), asset_id, command)
    return tagged(view), 201, {"Location": f"/api/v1/assets/{asset_id}/encumbrances"}


@blueprint.route("/<uuid:asset_id>/encumbrances/<uuid:encumbrance_id>/end", methods=["POST"])
@access(*services.ENCUMBERING, idempotent=True)
@blueprint.arguments(EndAssetEncumbranceSchema)
@blueprint.response(200, AssetSchema)
def end_encumbrance(command: services.EndEncumbrance, asset_id: UUID, encumbrance_id: UUID) -> Any:
    """Record that a third party's right ended."""
    session, actor = current_session(), current_actor()
    return tagged(services.end_encumbrance(session, actor, asset_id, encumbrance_id, command))


EVENTS.register_api(blueprint)
