"""The API of evidence files and of the public check."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Response

from app.documents import queries, services
from app.documents.downloads import attachment
from app.documents.schemas import DocumentSchema, PublicCheckSchema, UploadDocumentSchema
from app.web.access import access, current_actor, current_session, public
from app.web.openapi import ApiBlueprint
from app.web.paging import fetch_page, page_request
from app.web.schemas import ListQuery, page_of
from app.web.uploads import multipart_body, read_multipart

blueprint = ApiBlueprint(
    "documents", __name__, url_prefix="/api/v1/documents", description="Evidence files"
)
check = ApiBlueprint(
    "document-check", __name__, url_prefix="/api/v1/verify", description="Public check of documents"
)
BLUEPRINTS = (blueprint, check)


@blueprint.route("", methods=["GET"])
@access()
@blueprint.arguments(ListQuery, location="query")
@blueprint.response(200, page_of(DocumentSchema))
def list_documents(_query: dict[str, Any]) -> Any:
    """The files of the own organisation, the newest first."""
    page = fetch_page(current_session(), queries.visible_documents(current_actor()), page_request())
    return replace(page, items=[services.document_view(row) for row in page.items])


@blueprint.route("", methods=["POST"])
@access(upload=True)
@blueprint.doc(requestBody=multipart_body(UploadDocumentSchema))
@blueprint.response(201, DocumentSchema)
def upload_document() -> Any:
    """Store a file; known by content and extension, within its limit."""
    schema = UploadDocumentSchema()
    command = schema.command_for(read_multipart(schema))
    view = services.upload_document(current_session(), current_actor(), command)
    return view, 201, {"Location": f"/api/v1/documents/{view.id}"}


@blueprint.route("/<uuid:document_id>", methods=["GET"])
@access()
@blueprint.response(200, DocumentSchema)
def get_document(document_id: UUID) -> Any:
    """A file of the own organisation."""
    row = queries.get_document(current_session(), current_actor(), document_id)
    return services.document_view(row)


@blueprint.route("/<uuid:document_id>/content", methods=["GET"])
@access()
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="*/*")
def download_document(document_id: UUID) -> Response:
    """The file itself, as an attachment."""
    session = current_session()
    row = queries.get_document(session, current_actor(), document_id)
    content = services.document_content(session, row)
    return attachment(content, name=row.name, media_type=row.media_type)


@check.route("/<string:code>", methods=["GET"])
@public
@check.doc(security=[])
@check.response(200, PublicCheckSchema)
def check_code(code: str) -> Any:
    """Number, day, issuer and digest of an issued document; nothing else of it."""
    return services.check_code(current_session(), code)
