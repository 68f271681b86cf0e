"""The API of notices to borrowers: list, document, sending again, addresses."""

from typing import Any
from uuid import UUID

from flask import Response

from app.documents.downloads import attachment
from app.kernel.permissions import Permission
from app.loans.notices import queries, services
from app.loans.notices.schemas import (
    ContactListSchema,
    ContactSchema,
    LoanNoticeQuery,
    LoanNoticeSchema,
    RecordContactSchema,
)
from app.web.access import access, current_actor, current_session
from app.web.openapi import ApiBlueprint
from app.web.paging import fetch_page, page_request
from app.web.schemas import NoFields, page_of

blueprint = ApiBlueprint(
    "loan-notices",
    __name__,
    url_prefix="/api/v1/loan-notices",
    description="Notices to borrowers: due, overdue, change of rate",
)
contacts = ApiBlueprint(
    "notice-contacts", __name__, url_prefix="/api/v1/loans", description="Addresses for notices"
)
BLUEPRINTS = (blueprint, contacts)


@blueprint.route("", methods=["GET"])
@access(Permission.READ_LOANS)
@blueprint.arguments(LoanNoticeQuery, location="query")
@blueprint.response(200, page_of(LoanNoticeSchema))
def list_loan_notices(wanted: queries.LoanNoticeFilter) -> Any:
    """The notices about loans in sight, the newest first; borrowers see those that were issued."""
    session = current_session()
    statement = queries.list_loan_notices(session, current_actor(), wanted)
    page = fetch_page(session, statement, page_request())
    return page.holding(queries.notice_views(session, page.items))


@blueprint.route("/<uuid:notice_id>", methods=["GET"])
@access(Permission.READ_LOANS)
@blueprint.response(200, LoanNoticeSchema)
def get_loan_notice(notice_id: UUID) -> Any:
    """One notice with its document's number and code, and what became of its mail."""
    return queries.get_loan_notice(current_session(), current_actor(), notice_id)


@blueprint.route("/<uuid:notice_id>/notice.pdf", methods=["GET"])
@access(Permission.READ_LOANS)
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
def get_notice_pdf(notice_id: UUID) -> Response:
    """The notice as it was issued."""
    name, content = services.notice_content(current_session(), current_actor(), notice_id)
    return attachment(content, name=name, media_type="application/pdf")


@blueprint.route("/<uuid:notice_id>/mails", methods=["POST"])
@access(Permission.SEND_NOTICES, idempotent=True)
@blueprint.arguments(NoFields)
@blueprint.response(201, LoanNoticeSchema)
def send_notice_again(_nothing: dict[str, Any], notice_id: UUID) -> Any:
    """Send the notice to the address that counts now; one that could not be printed is tried again."""
    view = services.send_notice_again(current_session(), current_actor(), notice_id)
    return view, 201, {"Location": f"/api/v1/loan-notices/{notice_id}"}


@contacts.route("/<uuid:loan_id>/notice-contacts", methods=["GET"])
@access(Permission.READ_LOANS)
@contacts.response(200, ContactListSchema)
def list_contacts(loan_id: UUID) -> Any:
    """Where the borrower of a loan is written to; the first one counts."""
    return {"items": services.list_contacts(current_session(), current_actor(), loan_id)}


@contacts.route("/<uuid:loan_id>/notice-contacts", methods=["POST"])
@access(Permission.SEND_NOTICES, idempotent=True)
@contacts.arguments(RecordContactSchema)
@contacts.response(201, ContactSchema)
def record_contact(command: services.RecordContact, loan_id: UUID) -> Any:
    """Keep an address of the borrower of a loan; it counts from now on."""
    view = services.record_contact(current_session(), current_actor(), loan_id, command)
    return view, 201, {"Location": f"/api/v1/loans/{loan_id}/notice-contacts"}
