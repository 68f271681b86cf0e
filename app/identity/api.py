"""The identity API: who am I, tokens, organisations, people."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from app.identity import domain, queries, services
from app.identity.events import EVENTS
from app.identity.schemas import (
    AddOrganisationSchema,
    AddPersonSchema,
    GrantAuthoritySchema,
    GrantRoleSchema,
    IssuedTokenSchema,
    IssueTokenSchema,
    MeSchema,
    OrganisationPageSchema,
    OrganisationSchema,
    PersonPageSchema,
    PersonSchema,
    TokenPageSchema,
)
from app.kernel.permissions import Permission
from app.web.access import access, current_actor, current_session, tagged
from app.web.fields import Choice, Text
from app.web.openapi import ApiBlueprint
from app.web.paging import page_request
from app.web.schemas import ListQuery

blueprint = ApiBlueprint(
    "identity", "identity", url_prefix="/api/v1", description="People, organisations and tokens"
)
people = ApiBlueprint(
    "people", "people", url_prefix="/api/v1/people", description="People and their roles"
)
BLUEPRINTS = (blueprint, people)


class OrganisationQuery(ListQuery):
    """Filters of the list of organisations."""

    kind = Choice(domain.OrganisationKind)


class PeopleQuery(ListQuery):
    """Filters of the list of people."""

    search = Text(max_length=60)


@blueprint.route("/me")
@access()
@blueprint.response(200, MeSchema)
def me() -> dict[str, Any]:
    """Who is calling, for which organisation, with which permissions."""
    return queries.profile_of(current_session(), current_actor())


@blueprint.route("/tokens")
@access(Permission.MANAGE_OWN_TOKENS)
@blueprint.arguments(ListQuery, location="query")
@blueprint.response(200, TokenPageSchema)
def list_tokens(_query: dict[str, Any]) -> Any:
    """The caller's own tokens, without their secrets."""
    return queries.list_own_tokens(current_session(), current_actor(), page_request())


@blueprint.route("/tokens", methods=["POST"])
@access(Permission.MANAGE_OWN_TOKENS, secret=True)
@blueprint.arguments(IssueTokenSchema)
@blueprint.response(201, IssuedTokenSchema)
def issue_token(command: services.IssueToken) -> Any:
    """Issue a token; its secret is shown in this answer only."""
    row, secret = services.issue_token(current_session(), current_actor(), command)
    return {**asdict(queries.token_view(row)), "secret": secret}


@blueprint.route("/tokens/<uuid:token_id>", methods=["DELETE"])
@access(Permission.MANAGE_OWN_TOKENS)
@blueprint.response(204)
def revoke_token(token_id: UUID) -> None:
    """Revoke one of the caller's own tokens; it is refused from now on."""
    services.revoke_token(current_session(), current_actor(), token_id)


@blueprint.route("/organisations")
@access()
@blueprint.arguments(OrganisationQuery, location="query")
@blueprint.response(200, OrganisationPageSchema)
def list_organisations(query: dict[str, Any]) -> Any:
    """The own organisation and the directory of banks, agencies, centres and guarantee companies.

    Of others only id, code, kind, names and region are told.
    """
    session, actor = current_session(), current_actor()
    kind = query.get("kind", "")
    return queries.list_known_organisations(session, actor, page_request(), kind=kind)


@blueprint.route("/organisations", methods=["POST"])
@access(Permission.MANAGE_ORGANISATIONS, idempotent=True)
@blueprint.arguments(AddOrganisationSchema)
@blueprint.response(201, OrganisationSchema)
def add_organisation(command: services.AddOrganisation) -> Any:
    """Add an organisation."""
    row = services.add_organisation(current_session(), current_actor(), command)
    view = queries.organisation_view(row)
    return tagged(view), 201, {"Location": f"/api/v1/organisations/{view.id}"}


@blueprint.route("/organisations/<uuid:organisation_id>")
@access()
@blueprint.response(200, OrganisationSchema)
def get_organisation(organisation_id: UUID) -> Any:
    """One organisation; of others in the directory only id, code, kind, names and region."""
    return tagged(queries.get_organisation(current_session(), current_actor(), organisation_id))


@people.route("")
@access(Permission.MANAGE_PEOPLE)
@people.arguments(PeopleQuery, location="query")
@people.response(200, PersonPageSchema)
def list_people(query: dict[str, Any]) -> Any:
    """The people whom the caller administers."""
    session, actor = current_session(), current_actor()
    return queries.list_people(session, actor, page_request(), search=query.get("search", ""))


@people.route("", methods=["POST"])
@access(Permission.MANAGE_PEOPLE, secret=True)
@people.arguments(AddPersonSchema)
@people.response(201, PersonSchema)
def add_person(command: services.AddPerson) -> Any:
    """Add a person with a first role."""
    session, actor = current_session(), current_actor()
    row = services.add_person(session, actor, command)
    view = queries.get_person(session, actor, row.id)
    return tagged(view), 201, {"Location": f"/api/v1/people/{view.id}"}


@people.route("/<uuid:person_id>")
@access(Permission.MANAGE_PEOPLE)
@people.response(200, PersonSchema)
def get_person(person_id: UUID) -> Any:
    """One person with the roles held."""
    return tagged(queries.get_person(current_session(), current_actor(), person_id))


@people.route("/<uuid:person_id>/roles", methods=["POST"])
@access(Permission.MANAGE_PEOPLE, idempotent=True)
@people.arguments(GrantRoleSchema)
@people.response(201, PersonSchema)
def grant_role(command: services.GrantRole, person_id: UUID) -> Any:
    """Give a person one more role; conflicting pairs are refused."""
    session, actor = current_session(), current_actor()
    services.grant_role(session, actor, command, person_id=person_id)
    return tagged(queries.get_person(session, actor, person_id)), 201


@people.route("/<uuid:person_id>/authority-limits", methods=["POST"])
@access(Permission.MANAGE_PEOPLE, idempotent=True)
@people.arguments(GrantAuthoritySchema)
@people.response(201, PersonSchema)
def grant_authority(command: services.GrantAuthority, person_id: UUID) -> Any:
    """Set what a person may approve from a day on; what was granted before ends the day before."""
    session, actor = current_session(), current_actor()
    services.grant_authority(session, actor, command, person_id=person_id)
    return tagged(queries.get_person(session, actor, person_id)), 201


EVENTS.register_api(people)
