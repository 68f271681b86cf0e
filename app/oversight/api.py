"""The API of oversight: balances within sight, and single loans under a stated purpose."""

from typing import Any
from uuid import UUID

from flask import request

from app.documents.downloads import attachment
from app.documents.tables import CSV_TYPE, table_csv
from app.kernel.permissions import Permission
from app.oversight import queries, schemas, services, views
from app.web.access import access, current_actor, current_session
from app.web.openapi import ApiBlueprint
from app.web.paging import page_request

JSON = "application/json"
CSV = "text/csv"

balances = ApiBlueprint(
    "green-loan-balances",
    __name__,
    url_prefix="/api/v1/green-loan-balances",
    description="Balances of green loans",
)
detail = ApiBlueprint(
    "oversight",
    __name__,
    url_prefix="/api/v1/oversight",
    description="Single loans under a stated purpose",
)
BLUEPRINTS = (balances, detail)


@balances.route("", methods=["GET"])
@access(Permission.READ_BALANCES)
@balances.arguments(schemas.BalanceQuery, location="query")
@balances.response(200, schemas.BalancesSchema)
@balances.doc(responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}})
def get_balances(asked: dict[str, Any]) -> Any:
    """Green loan balances by category, region, bank or month, with growth on a stated base.

    As JSON, or with `Accept: text/csv` as the file that the page of balances exports.
    """
    actor = current_actor()
    report = queries.report(current_session(), actor, queries.Wanted(**asked))
    if request.accept_mimetypes.best_match([JSON, CSV], default=JSON) == CSV:
        content = table_csv(views.export_table(report, actor))
        return attachment(content, name=views.file_name(report, "csv"), media_type=CSV_TYPE)
    return views.answer(report)


@detail.route("/drill-downs", methods=["POST"])
@access(Permission.READ_BALANCE_DETAIL, idempotent=True)
@detail.arguments(schemas.OpenDrillDownSchema)
@detail.response(201, schemas.DrillDownSchema)
def post_drill_down(command: services.OpenDrillDown) -> Any:
    """State the purpose of looking at single loans; it holds for eight hours."""
    return services.open_drill_down(current_session(), current_actor(), command)


@detail.route("/loans", methods=["GET"])
@access(Permission.READ_BALANCE_DETAIL)
@detail.arguments(schemas.DetailQuery, location="query")
@detail.response(200, schemas.DetailPageSchema)
def list_detail(asked: dict[str, Any]) -> Any:
    """Single loans of the region; each one shown is written into the journal."""
    page = services.look_at_loans(
        current_session(),
        current_actor(),
        views.loan_filter(asked),
        page_request(),
        sort=asked["sort"],
    )
    return page.holding(views.loan_answers(page.items))


@detail.route("/loans/<uuid:loan_id>", methods=["GET"])
@access(Permission.READ_BALANCE_DETAIL)
@detail.response(200, schemas.LoanDetailSchema)
def get_detail(loan_id: UUID) -> Any:
    """One loan of the region; the look is written into the journal."""
    return views.detail_answer(services.look_at_loan(current_session(), current_actor(), loan_id))
