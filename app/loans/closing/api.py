"""The API of closes of days: filing one or several, progress, loans left behind and their repeat."""

from typing import Any
from uuid import UUID

from app.kernel.permissions import Permission
from app.loans.closing import queries
from app.loans.closing.repeating import RepeatLoans, RequestCloses, repeat_loans, request_closes
from app.loans.closing.schemas import DayCloseSchema, RepeatLoansSchema, RequestCloseSchema
from app.web.access import access, current_actor, current_session, tagged
from app.web.openapi import ApiBlueprint
from app.web.paging import fetch_page, page_request
from app.web.schemas import ListQuery, page_of

blueprint = ApiBlueprint(
    "day-closes", __name__, url_prefix="/api/v1/day-closes", description="Closes of business days"
)

READERS = (Permission.CLOSE_DAY, Permission.READ_JOBS)


@blueprint.route("", methods=["GET"])
@access(*READERS)
@blueprint.arguments(ListQuery, location="query")
@blueprint.response(200, page_of(DayCloseSchema))
def list_closes(_wanted: dict[str, Any]) -> Any:
    """The closes of the own bank, the latest day first."""
    statement = queries.list_closes(current_actor())
    page = fetch_page(current_session(), statement, page_request())
    return page.holding([queries.close_view_of(row) for row in page.items])


@blueprint.route("", methods=["POST"])
@access(Permission.CLOSE_DAY, idempotent=True)
@blueprint.arguments(RequestCloseSchema)
@blueprint.response(201, DayCloseSchema)
@blueprint.alt_response(200, schema=DayCloseSchema, success=True)
def request_close(command: RequestCloses) -> Any:
    """File the close of the open business day, and of the days after it up to `until_on`.

    The scheduler runs them in order. 201 answers with the last close that was filed now; where all of them were
    filed before, 200 answers with how far that of `on` has come: nothing is filed twice.
    """
    found = request_closes(current_session(), current_actor(), command)
    address = {"Location": f"/api/v1/day-closes/{found.view.id}"}
    return tagged(found.view), 201 if found.filed else 200, address


@blueprint.route("/<uuid:close_id>", methods=["GET"])
@access(*READERS)
@blueprint.response(200, DayCloseSchema)
def get_close(close_id: UUID) -> Any:
    """How far a close has come, which loans it left behind, and what was tried since."""
    return tagged(queries.close_view(current_session(), current_actor(), close_id))


@blueprint.route("/<uuid:close_id>/repeats", methods=["POST"])
@access(Permission.CLOSE_DAY, idempotent=True)
@blueprint.arguments(RepeatLoansSchema)
@blueprint.response(201, DayCloseSchema)
def post_repeat(command: RepeatLoans, close_id: UUID) -> Any:
    """Close loans that a finished close left behind on their own; those that fail again stay locked."""
    view = repeat_loans(current_session(), current_actor(), close_id, command)
    return tagged(view), 201, {"Location": f"/api/v1/day-closes/{close_id}"}
