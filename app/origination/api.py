"""The API of origination."""

from typing import Any
from uuid import UUID

from flask import Response

from app.documents.downloads import attachment
from app.documents.services import document_content
from app.kernel.permissions import Permission
from app.origination.events import APPLICATION_EVENTS, DRAWDOWN_EVENTS
from app.origination.schemas import (
    ApplicationDocumentSchema,
    ApplicationQuery,
    ApplicationSchema,
    ApplicationSummarySchema,
    AttachDocumentSchema,
    ChangeDraftSchema,
    CheckListSchema,
    ComposePoolSchema,
    DrawdownListSchema,
    DrawdownQuery,
    DrawdownSchema,
    LoanProductSchema,
    OpenDraftSchema,
    PoolPreviewSchema,
    PreviewPoolSchema,
    ProductQuery,
    RequestDrawdownSchema,
)
from app.origination.services import drafts, drawdowns, lists, pool, products
from app.origination.services.views import get_application
from app.web.access import access, check_version, current_actor, current_session, tagged
from app.web.openapi import ApiBlueprint
from app.web.paging import page_request
from app.web.schemas import page_of
from app.web.uploads import multipart_body, read_multipart

applications = ApiBlueprint(
    "loan-applications",
    __name__,
    url_prefix="/api/v1/loan-applications",
    description="Applications for loans, from draft to contract",
)
of_loans = ApiBlueprint(
    "loan-drawdowns", __name__, url_prefix="/api/v1/loans", description="Drawdowns of a loan"
)
drawdown_things = ApiBlueprint(
    "drawdowns", __name__, url_prefix="/api/v1/drawdowns", description="Drawdowns"
)
loan_products = ApiBlueprint(
    "loan-products",
    __name__,
    url_prefix="/api/v1/loan-products",
    description="Loan products on offer",
)
BLUEPRINTS = (applications, of_loans, drawdown_things, loan_products)

COMPOSERS = (Permission.APPLY_FOR_LOAN, Permission.COMPOSE_POOL)


@loan_products.route("", methods=["GET"])
@access(Permission.READ_REFERENCE)
@loan_products.arguments(ProductQuery, location="query")
@loan_products.response(200, page_of(LoanProductSchema))
def list_products(narrowed: products.ProductFilter) -> Any:
    """What banks offer today, with the terms of each product; applications name its code."""
    return products.product_page(current_session(), current_actor(), page_request(), narrowed)


@applications.route("", methods=["GET"])
@access(Permission.READ_APPLICATIONS)
@applications.arguments(ApplicationQuery, location="query")
@applications.response(200, page_of(ApplicationSummarySchema))
def list_applications(narrowed: lists.ApplicationFilter) -> Any:
    """Applications in sight, the newest first."""
    return lists.application_page(current_session(), current_actor(), page_request(), narrowed)


@applications.route("", methods=["POST"])
@access(Permission.APPLY_FOR_LOAN, idempotent=True)
@applications.arguments(OpenDraftSchema)
@applications.response(201, ApplicationSchema)
def open_draft(command: drafts.OpenDraft) -> Any:
    """A draft, with the assets and guarantees offered so far."""
    view = drafts.open_draft(current_session(), current_actor(), command)
    return tagged(view), 201, {"Location": f"/api/v1/loan-applications/{view.id}"}


@applications.route("/<uuid:application_id>", methods=["GET"])
@access(Permission.READ_APPLICATIONS)
@applications.response(200, ApplicationSchema)
def get_one(application_id: UUID) -> Any:
    """An application with its pool, acts and documents."""
    return tagged(get_application(current_session(), current_actor(), application_id))


@applications.route("/<uuid:application_id>", methods=["PATCH"])
@access(Permission.APPLY_FOR_LOAN, idempotent=True, versioned=True)
@applications.arguments(ChangeDraftSchema)
@applications.response(200, ApplicationSchema)
def change_draft(command: drafts.ChangeDraft, application_id: UUID) -> Any:
    """Change a draft or a returned application."""
    session, actor = current_session(), current_actor()
    check_version(drafts.held_version(session, actor, application_id))
    return tagged(drafts.change_draft(session, actor, application_id, command))


@applications.route("/<uuid:application_id>/pool", methods=["GET"])
@access(Permission.READ_APPLICATIONS)
@applications.response(200, PoolPreviewSchema)
def get_pool(application_id: UUID) -> Any:
    """The stored pool with its value chain today."""
    return lists.pool_of(current_session(), current_actor(), application_id)


@applications.route("/<uuid:application_id>/pool", methods=["PUT"])
@access(*COMPOSERS, idempotent=True, versioned=True)
@applications.arguments(ComposePoolSchema)
@applications.response(200, ApplicationSchema)
def put_pool(command: pool.ComposePool, application_id: UUID) -> Any:
    """Replace assets and guarantees; every asset that a rule keeps out is named with its reason."""
    session, actor = current_session(), current_actor()
    check_version(drafts.held_version(session, actor, application_id))
    return tagged(drafts.set_pool(session, actor, application_id, command))


@applications.route("/<uuid:application_id>/pool-preview", methods=["POST"])
@access(*COMPOSERS)
@applications.arguments(PreviewPoolSchema)
@applications.response(200, PoolPreviewSchema)
def preview_pool(command: pool.PreviewPool, application_id: UUID) -> Any:
    """What another pool would lend; stores nothing."""
    return drafts.what_if(current_session(), current_actor(), application_id, command)


@applications.route("/<uuid:application_id>/checks", methods=["GET"])
@access(Permission.READ_APPLICATIONS)
@applications.response(200, CheckListSchema)
def get_checks(application_id: UUID) -> Any:
    """Whether an application is complete enough to be submitted."""
    found = drafts.checks_before_submit(current_session(), current_actor(), application_id)
    return {"items": found}


@applications.route("/<uuid:application_id>/documents", methods=["POST"])
@access(*drafts.MAY_PROVE, upload=True)
@applications.doc(requestBody=multipart_body(AttachDocumentSchema))
@applications.response(201, ApplicationDocumentSchema)
def attach_document(application_id: UUID) -> Any:
    """Add a file as evidence; known by content and extension, within its limit."""
    command = read_multipart(AttachDocumentSchema())
    view = drafts.attach_document(current_session(), current_actor(), application_id, command)
    added = view.documents[-1]
    href = f"/api/v1/loan-applications/{application_id}/documents/{added.document_id}"
    return added, 201, {"Location": href}


@applications.route("/<uuid:application_id>/documents/<uuid:document_id>", methods=["GET"])
@access(Permission.READ_APPLICATIONS)
@applications.response(200, {"type": "string", "format": "binary"}, content_type="*/*")
def download_document(application_id: UUID, document_id: UUID) -> Response:
    """A file of an application, as an attachment."""
    session, actor = current_session(), current_actor()
    row = drafts.document_of(session, actor, application_id, document_id)
    return attachment(document_content(session, row), name=row.name, media_type=row.media_type)


@of_loans.route("/<uuid:loan_id>/drawdowns", methods=["GET"])
@access(Permission.READ_LOANS)
@of_loans.response(200, DrawdownListSchema)
def list_drawdowns_of_loan(loan_id: UUID) -> Any:
    """The drawdowns of a loan, the newest first."""
    found = drawdowns.drawdowns_of_loan(current_session(), current_actor(), loan_id)
    return {"items": found}


@of_loans.route("/<uuid:loan_id>/drawdowns", methods=["POST"])
@access(Permission.REQUEST_DRAWDOWN, idempotent=True)
@of_loans.arguments(RequestDrawdownSchema)
@of_loans.response(201, DrawdownSchema)
def request_drawdown(command: drawdowns.RequestDrawdown, loan_id: UUID) -> Any:
    """Ask for money of a signed loan."""
    view = drawdowns.request_drawdown(current_session(), current_actor(), loan_id, command)
    return tagged(view), 201, {"Location": f"/api/v1/drawdowns/{view.id}"}


@drawdown_things.route("", methods=["GET"])
@access(Permission.READ_LOANS)
@drawdown_things.arguments(DrawdownQuery, location="query")
@drawdown_things.response(200, page_of(DrawdownSchema))
def list_drawdowns(narrowed: dict[str, Any]) -> Any:
    """Drawdowns in sight, the newest first."""
    session, actor = current_session(), current_actor()
    return lists.drawdown_page(session, actor, page_request(), narrowed.get("state"))


@drawdown_things.route("/<uuid:drawdown_id>", methods=["GET"])
@access(Permission.READ_LOANS)
@drawdown_things.response(200, DrawdownSchema)
def get_drawdown(drawdown_id: UUID) -> Any:
    """A drawdown with its checklist."""
    return tagged(drawdowns.drawdown_view(current_session(), current_actor(), drawdown_id))


APPLICATION_EVENTS.register_api(applications)
DRAWDOWN_EVENTS.register_api(drawdown_things)
