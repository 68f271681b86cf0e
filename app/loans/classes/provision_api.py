"""The API of provisions."""

from dataclasses import replace
from datetime import date
from typing import Any

from app.kernel.permissions import Permission
from app.loans.classes import provisions
from app.loans.classes.provision_schemas import (
    LoanProvisionQuery,
    LoanProvisionSchema,
    ProvisionQuery,
    ProvisionSchema,
)
from app.web.access import access, current_actor, current_session
from app.web.openapi import ApiBlueprint
from app.web.paging import fetch_page, page_request
from app.web.schemas import page_of

blueprint = ApiBlueprint(
    "provisions",
    __name__,
    url_prefix="/api/v1/provisions",
    description="What a bank sets aside for its loans",
)


@blueprint.route("", methods=["GET"])
@access(Permission.READ_PROVISIONS)
@blueprint.arguments(ProvisionQuery, location="query")
@blueprint.response(200, ProvisionSchema)
def get_provision(wanted: dict[str, date]) -> Any:
    """Balance and provision by class: at the close of a past day, or as the books stand today."""
    return provisions.provision_view(current_session(), current_actor(), wanted.get("on"))


@blueprint.route("/loans", methods=["GET"])
@access(Permission.READ_PROVISIONS)
@blueprint.arguments(LoanProvisionQuery, location="query")
@blueprint.response(200, page_of(LoanProvisionSchema))
def list_loan_provisions(wanted: dict[str, Any]) -> Any:
    """The loans behind the sums, the largest provision first."""
    session = current_session()
    statement = provisions.list_provisions(session, current_actor(), **wanted)
    page = fetch_page(session, statement, page_request())
    return replace(page, items=[provisions.loan_provision(row) for row in page.items])
