"""The API of rates: those of a loan by note and day, and misuse of its principal."""

from typing import Any
from uuid import UUID

from app.kernel.permissions import Permission
from app.loans.misuse import RecordMisuse, record_misuse
from app.loans.rates.schemas import LoanRatesSchema, MisuseSchema, RecordMisuseSchema
from app.loans.rates.services import loan_rates, misuse_view
from app.web.access import access, current_actor, current_session
from app.web.openapi import ApiBlueprint

blueprint = ApiBlueprint(
    "loan-rates", __name__, url_prefix="/api/v1/loans", description="Rates of loans"
)


@blueprint.route("/<uuid:loan_id>/rates", methods=["GET"])
@access(Permission.READ_LOANS)
@blueprint.response(200, LoanRatesSchema)
def get_rates(loan_id: UUID) -> Any:
    """How the rate of a loan is made, the rates of its notes by day, and what was misused."""
    return loan_rates(current_session(), current_actor(), loan_id)


@blueprint.route("/<uuid:loan_id>/misuses", methods=["POST"])
@access(Permission.REVIEW_WARNING, idempotent=True)
@blueprint.arguments(RecordMisuseSchema)
@blueprint.response(201, MisuseSchema)
def post_misuse(command: RecordMisuse, loan_id: UUID) -> Any:
    """Record that principal was used for something else, or was put right, from a day on."""
    row = record_misuse(current_session(), current_actor(), loan_id, command)
    return misuse_view(row), 201, {"Location": f"/api/v1/loans/{loan_id}/rates"}
