"""The API of reference tables, catalogues, calendar and policy."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from app.db.engine import today
from app.kernel.actor import Actor
from app.kernel.errors import InvalidInput
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.reference import queries, services
from app.reference.events import ITEM_EVENTS, OVERRIDE_EVENTS
from app.reference.parameter_api import blueprint as single
from app.reference.parameter_schemas import ParameterListQuery
from app.reference.parameters import parameters_in_force
from app.reference.schemas import (
    MAX_CALENDAR_DAYS,
    CalendarQuery,
    CalendarSchema,
    CatalogueImportSchema,
    CatalogueItemSchema,
    EditionListSchema,
    ImportItemsSchema,
    IndustrySchema,
    ItemQuery,
    ParameterListSchema,
    PolicyOverrideSchema,
    ProposeOverrideSchema,
    RegionQuery,
    RegionSchema,
)
from app.web.access import access, current_actor, current_session, tagged
from app.web.openapi import ApiBlueprint
from app.web.paging import fetch_page, page_request
from app.web.problems import lines_in_words
from app.web.schemas import ListQuery, page_of
from app.web.uploads import multipart_body, read_multipart

blueprint = ApiBlueprint(
    "reference", __name__, url_prefix="/api/v1", description="Reference tables and policy"
)
overrides = ApiBlueprint(
    "policy-overrides",
    __name__,
    url_prefix="/api/v1/policy-overrides",
    description="A bank's own policy",
)
imports = ApiBlueprint(
    "catalogue-imports",
    __name__,
    url_prefix="/api/v1/catalogue-imports",
    description="Proposed items of catalogues",
)
BLUEPRINTS = (blueprint, single, overrides, imports)

READERS = (Permission.READ_REFERENCE,)


@blueprint.route("/regions", methods=["GET"])
@access(*READERS)
@blueprint.arguments(RegionQuery, location="query")
@blueprint.response(200, page_of(RegionSchema))
def list_regions(query: dict[str, Any]) -> Any:
    """Administrative divisions by code."""
    statement = queries.regions(parent_code=query.get("parent_code"), level=query.get("level"))
    return fetch_page(current_session(), statement, page_request())


@blueprint.route("/industries", methods=["GET"])
@access(*READERS)
@blueprint.arguments(ListQuery, location="query")
@blueprint.response(200, page_of(IndustrySchema))
def list_industries(_query: dict[str, Any]) -> Any:
    """Industries by code."""
    return fetch_page(current_session(), queries.industries(), page_request())


@blueprint.route("/catalogues", methods=["GET"])
@access(*READERS)
@blueprint.response(200, EditionListSchema)
def list_editions() -> Any:
    """Editions of the green catalogue, the newest first."""
    return {"items": queries.editions(current_session())}


@blueprint.route("/catalogues/<string:edition>/items", methods=["GET"])
@access(*READERS)
@blueprint.arguments(ItemQuery, location="query")
@blueprint.response(200, page_of(CatalogueItemSchema))
def list_items(query: dict[str, Any], edition: str) -> Any:
    """Items of an edition by code."""
    session = current_session()
    row = queries.get_edition(session, edition)
    statement = queries.catalogue_items(row.edition, level=query.get("level"))
    return fetch_page(session, statement, page_request())


@blueprint.route("/catalogues/<string:edition>/imports", methods=["POST"])
@access(Permission.IMPORT_CATALOGUE, idempotent=True, upload=True)
@blueprint.doc(requestBody=multipart_body(ImportItemsSchema))
@blueprint.response(201, CatalogueImportSchema)
@blueprint.alt_response(200, schema=CatalogueImportSchema, success=True)
def import_items(edition: str) -> Any:
    """Propose items of an edition; a dry run stores nothing and answers 200."""
    schema = ImportItemsSchema()
    command = schema.command_for(edition, read_multipart(schema))
    view = services.propose_items(current_session(), current_actor(), command)
    said = replace(view, errors=lines_in_words(view.errors))
    if view.id is None:
        return said, 200
    return tagged(said), 201, {"Location": f"/api/v1/catalogue-imports/{view.id}"}


@imports.route("/<uuid:import_id>", methods=["GET"])
@access(Permission.IMPORT_CATALOGUE, Permission.ACCEPT_CATALOGUE)
@imports.response(200, CatalogueImportSchema)
def get_import(import_id: UUID) -> Any:
    """Proposed items of an edition."""
    return tagged(services.get_import_view(current_session(), current_actor(), import_id))


@blueprint.route("/calendar", methods=["GET"])
@access(*READERS)
@blueprint.arguments(CalendarQuery, location="query")
@blueprint.response(200, CalendarSchema)
def list_days(query: dict[str, Any]) -> Any:
    """Business days, days off and made-up days between two days."""
    first, last = query["from_on"], query["to_on"]
    if not 0 <= (last - first).days < MAX_CALENDAR_DAYS:
        raise InvalidInput.at(
            "/to",
            N_("Ask for at most %(limit)s days, the first before the last."),
            limit=MAX_CALENDAR_DAYS,
        )
    return {"items": services.calendar_days(current_session(), first, last)}


@blueprint.route("/parameters", methods=["GET"])
@access(*READERS)
@blueprint.arguments(ParameterListQuery, location="query")
@blueprint.response(200, ParameterListSchema)
def list_parameters(query: dict[str, Any]) -> Any:
    """The parameters of policy, science and prices in force on a day, with the own rows of the actor's bank."""
    session = current_session()
    day = query.get("on") or today(session)
    wanted = ParameterListQuery.narrowed(query)
    found = parameters_in_force(session, bank_of(current_actor()), day, wanted)
    return {"on": day, "items": found}


def bank_of(actor: Actor) -> UUID | None:
    """The bank whose own rows the actor sees; None for all others."""
    return actor.organisation_id if actor.organisation_kind == "bank" else None


@overrides.route("", methods=["GET"])
@access(Permission.PROPOSE_POLICY, Permission.ACCEPT_POLICY)
@overrides.arguments(ListQuery, location="query")
@overrides.response(200, page_of(PolicyOverrideSchema))
def list_overrides(_query: dict[str, Any]) -> Any:
    """The bank's own rows of policy, decided or not."""
    session, actor = current_session(), current_actor()
    page = fetch_page(session, queries.visible_overrides(actor), page_request())
    return replace(page, items=[services.override_view(row, actor) for row in page.items])


@overrides.route("", methods=["POST"])
@access(Permission.PROPOSE_POLICY, idempotent=True)
@overrides.arguments(ProposeOverrideSchema)
@overrides.response(201, PolicyOverrideSchema)
def propose_override(command: services.ProposeOverride) -> Any:
    """Propose the bank's own value of a parameter from a day on."""
    view = services.propose_override(current_session(), current_actor(), command)
    return tagged(view), 201, {"Location": f"/api/v1/policy-overrides/{view.id}"}


@overrides.route("/<uuid:override_id>", methods=["GET"])
@access(Permission.PROPOSE_POLICY, Permission.ACCEPT_POLICY)
@overrides.response(200, PolicyOverrideSchema)
def get_override(override_id: UUID) -> Any:
    """A row of the bank's own policy."""
    return tagged(services.get_override(current_session(), current_actor(), override_id))


OVERRIDE_EVENTS.register_api(overrides)
ITEM_EVENTS.register_api(imports)
