"""The public page that checks a document by its code, and downloads of own files."""

from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request
from flask_babel import gettext

from app.documents import queries, services
from app.documents.downloads import attachment
from app.kernel.errors import NotFound
from app.web.access import access, current_actor, current_session, public
from app.web.shell import words

blueprint = Blueprint("documents_pages", __name__)


@blueprint.get("/verify")
@public
def check_form() -> Response | str:
    """Asks for the code that a document prints."""
    code = request.args.get("code", "").strip()
    if code:
        plain = "".join(each for each in code if each.isalnum() or each == "-")
        return redirect(f"/verify/{plain[:40] or '-'}", 303)  # type: ignore[return-value]
    return render_template("documents/check_form.html", code="", problem=None)


@blueprint.get("/verify/<string:code>")
@public
def check_code(code: str) -> str | tuple[str, int]:
    """Number, day, issuer and digest of a document; whether the paper matches is for the reader to see."""
    try:
        found = services.check_code(current_session(), code)
    except NotFound:
        problem = {
            "title": gettext("No document has this code"),
            "detail": gettext(
                "Compare the code with the paper. A document without a valid code was not issued here."
            ),
            "errors": [],
        }
        page = render_template("documents/check_form.html", code=code[:40], problem=problem)
        return page, 404
    return render_template("documents/check.html", found=found, words=words)


@blueprint.get("/documents/<uuid:document_id>")
@access()
def download_document(document_id: UUID) -> Response:
    """An own file, as an attachment."""
    session = current_session()
    row = queries.get_document(session, current_actor(), document_id)
    content = services.document_content(session, row)
    return attachment(content, name=row.name, media_type=row.media_type)
