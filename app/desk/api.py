"""The API of the desk: a repayment with the look at its loan in one transaction."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import request

from app.desk import services
from app.kernel.permissions import Permission
from app.loans.schemas import RepaymentSchema, RepaySchema
from app.loans.services import Repay
from app.web import idempotency
from app.web.access import access, current_actor, current_session
from app.web.openapi import ApiBlueprint

repayments = ApiBlueprint(
    "loan-repayments", __name__, url_prefix="/api/v1/loans", description="Repayments of loans"
)


@repayments.route("/<uuid:loan_id>/repayments", methods=["POST"])
@access(Permission.POST_REPAYMENT, idempotent=True)
@repayments.arguments(RepaySchema)
@repayments.response(201, RepaymentSchema)
def post_repayment(command: Repay, loan_id: UUID) -> Any:
    """Book money received for a loan, and measure its cover."""
    keyed = replace(command, key=idempotency.key_of(request) or "")
    view = services.repay_and_watch(current_session(), current_actor(), loan_id, keyed)
    return view, 201, {"Location": f"/api/v1/loans/{loan_id}/repayments/{view.entry_id}"}
