"""Pages of the papers of a loan: the list with numbers and codes, each of them, a new statement."""

from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, url_for
from flask_babel import gettext

from app.desk.loan_documents import loan_document_content, loan_documents
from app.documents.downloads import attachment
from app.kernel.permissions import Permission
from app.loans.queries import loan_view
from app.loans.repayments.statements import DrawnStatement, draw_statement, issue_statement
from app.web.access import access, current_actor, current_session, prepared_as, tell
from app.web.csrf import page_token
from app.web.dispatch import database
from app.web.shell import words

blueprint = Blueprint("loan_documents_pages", __name__, url_prefix="/loans")


@blueprint.get("/<uuid:loan_id>/documents")
@access(Permission.READ_LOANS)
def document_list(loan_id: UUID) -> str:
    """Statements, notices and files of the contract, the latest first."""
    session, actor = current_session(), current_actor()
    return render_template(
        "desk/loan_documents.html",
        loan=loan_view(session, actor, loan_id),
        documents=loan_documents(session, actor, loan_id),
        may_issue=actor.may(Permission.SEND_NOTICES),
        csrf_token=page_token(),
        words=words,
    )


@blueprint.get("/<uuid:loan_id>/documents/<uuid:document_id>")
@access(Permission.READ_LOANS)
def document_file(loan_id: UUID, document_id: UUID) -> Response:
    """A paper of the list, as an attachment."""
    session, actor = current_session(), current_actor()
    name, media_type, content = loan_document_content(session, actor, loan_id, document_id)
    return attachment(content, name=name, media_type=media_type)


def _draw(loan_id: UUID) -> DrawnStatement:
    return draw_statement(database(), current_actor(), loan_id)


@blueprint.post("/<uuid:loan_id>/statements")
@access(Permission.SEND_NOTICES, ahead=_draw)
def new_statement(loan_id: UUID) -> Response:
    """Issue the statement of the business day."""
    drawn = prepared_as(DrawnStatement)
    issue_statement(current_session(), current_actor(), loan_id, drawn)
    tell("ok", gettext("The statement is issued."))
    address = url_for("loan_documents_pages.document_list", loan_id=loan_id)
    return redirect(address, 303)  # type: ignore[return-value]
