"""The API of the papers of a loan: the list, each of them, and a statement with number and code."""

from typing import Any
from uuid import UUID

from flask import Response

from app.desk.document_schemas import LoanDocumentListSchema, LoanDocumentSchema
from app.desk.loan_documents import loan_document_content, loan_documents
from app.documents.downloads import attachment
from app.kernel.permissions import Permission
from app.loans.repayments.statements import DrawnStatement, draw_statement, issue_statement
from app.web.access import access, current_actor, current_session, prepared_as
from app.web.dispatch import database
from app.web.openapi import ApiBlueprint
from app.web.schemas import NoFields

blueprint = ApiBlueprint(
    "loan-documents", __name__, url_prefix="/api/v1/loans", description="Papers of loans"
)


def _draw(loan_id: UUID) -> DrawnStatement:
    return draw_statement(database(), current_actor(), loan_id)


@blueprint.route("/<uuid:loan_id>/documents", methods=["GET"])
@access(Permission.READ_LOANS)
@blueprint.response(200, LoanDocumentListSchema)
def list_loan_documents(loan_id: UUID) -> Any:
    """Statements, notices and files of the contract, the latest first."""
    return {"items": loan_documents(current_session(), current_actor(), loan_id)}


@blueprint.route("/<uuid:loan_id>/documents/<uuid:document_id>", methods=["GET"])
@access(Permission.READ_LOANS)
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="*/*")
def get_loan_document(loan_id: UUID, document_id: UUID) -> Response:
    """A paper of the list, as an attachment."""
    session, actor = current_session(), current_actor()
    name, media_type, content = loan_document_content(session, actor, loan_id, document_id)
    return attachment(content, name=name, media_type=media_type)


@blueprint.route("/<uuid:loan_id>/statements", methods=["POST"])
@access(Permission.SEND_NOTICES, idempotent=True, ahead=_draw)
@blueprint.arguments(NoFields)
@blueprint.response(201, LoanDocumentSchema)
def post_statement(_nothing: dict[str, Any], loan_id: UUID) -> Any:
    """Issue the statement of the business day with a number and a code that anybody may check."""
    session, actor = current_session(), current_actor()
    document_id = issue_statement(session, actor, loan_id, prepared_as(DrawnStatement))
    found = {each.id: each for each in loan_documents(session, actor, loan_id)}
    address = f"/api/v1/loans/{loan_id}/documents/{document_id}"
    return found[document_id], 201, {"Location": address}
