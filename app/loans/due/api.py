"""The API of due dates: what falls due or is overdue over all loans in sight."""

from typing import Any

from flask import request

from app.db.engine import today
from app.documents.downloads import attachment
from app.documents.tables import CSV_TYPE, table_csv
from app.kernel.permissions import Permission
from app.loans.due.schemas import DueListSchema, DueMonthSchema, DueQuery, MonthQuery
from app.loans.due.services import DueFilter, due_month
from app.loans.due.views import due_file_name, due_page, due_table
from app.web.access import access, current_actor, current_session
from app.web.openapi import ApiBlueprint

JSON = "application/json"
CSV = "text/csv"

blueprint = ApiBlueprint(
    "due-dates", __name__, url_prefix="/api/v1/due-dates", description="What falls due"
)


@blueprint.route("", methods=["GET"])
@access(Permission.READ_LOANS)
@blueprint.arguments(DueQuery, location="query")
@blueprint.response(200, DueListSchema)
@blueprint.doc(responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}})
def list_due_dates(wanted: DueFilter) -> Any:
    """What falls due or is overdue between two days, by day, with sums over all pages.

    Without `from` everything unpaid before belongs to it; without `until` the next thirty days. As
    JSON, or with `Accept: text/csv` as a file of all pages.
    """
    session, actor = current_session(), current_actor()
    if request.accept_mimetypes.best_match([JSON, CSV], default=JSON) == CSV:
        content = table_csv(due_table(session, actor, wanted))
        return attachment(content, name=due_file_name(wanted, "csv"), media_type=CSV_TYPE)
    return due_page(session, actor, wanted)


@blueprint.route("/calendar", methods=["GET"])
@access(Permission.READ_LOANS)
@blueprint.arguments(MonthQuery, location="query")
@blueprint.response(200, DueMonthSchema)
def get_due_month(asked: dict[str, Any]) -> Any:
    """The days of a month on which something fell or falls due, with their sums."""
    session = current_session()
    return due_month(session, current_actor(), asked.get("day") or today(session))
