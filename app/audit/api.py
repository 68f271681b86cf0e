"""The audit API: the journal of the own organisation, or of all for the platform's auditor."""

from app.audit import queries
from app.audit.schemas import EventPageSchema, EventQuery
from app.kernel.permissions import Permission
from app.web.access import access, current_actor, current_session
from app.web.openapi import ApiBlueprint

blueprint = ApiBlueprint(
    "audit", "audit", url_prefix="/api/v1/audit-events", description="The audit journal"
)


@blueprint.route("")
@access(Permission.READ_AUDIT)
@blueprint.arguments(EventQuery, location="query")
@blueprint.response(200, EventPageSchema)
def list_events(wanted: queries.EventFilter) -> queries.EventPage:
    """Events of one chain, newest first."""
    return queries.list_events(current_session(), current_actor(), wanted)
