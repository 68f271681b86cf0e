"""The API of repayments: splits, quotes of early repayment, files, the statement as a workbook."""

from typing import Any
from uuid import UUID

from flask import Response, request

from app.documents.downloads import attachment
from app.documents.tables import XLSX_TYPE
from app.kernel.permissions import Permission
from app.loans.queries import loan_view
from app.loans.repayments import batches as batch_queries
from app.loans.repayments import importing, quoting
from app.loans.repayments.batches import batch_view, list_rows, row_views
from app.loans.repayments.explaining import explain_repayment, preview_repayment
from app.loans.repayments.import_files import repayment_template
from app.loans.repayments.repaying import Repay
from app.loans.repayments.schemas import (
    CarryOutQuoteSchema,
    ExplanationSchema,
    ImportRepaymentsSchema,
    QuoteEarlySchema,
    QuoteListSchema,
    QuoteSchema,
    ReadRepaymentsSchema,
    RepaymentBatchItemSchema,
    RepaymentBatchRowSchema,
    RepaymentBatchSchema,
    RepaymentPreviewSchema,
    RepaymentRowQuery,
)
from app.loans.repayments.statement_workbook import statement_xlsx
from app.loans.repayments.views import batch_in_words, explained, rows_in_words
from app.loans.schemas import RepaymentSchema, RepaySchema
from app.web import idempotency
from app.web.access import access, current_actor, current_session
from app.web.language import current_language
from app.web.openapi import ApiBlueprint
from app.web.paging import fetch_page, page_request
from app.web.schemas import ListQuery, page_of
from app.web.uploads import multipart_body, read_multipart

BINARY = {"type": "string", "format": "binary"}
TEMPLATE_NAME = "repayments.xlsx"

loans = ApiBlueprint(
    "repayment-steps",
    __name__,
    url_prefix="/api/v1/loans",
    description="Splits of repayments, quotes of early repayment",
)
batches = ApiBlueprint(
    "repayment-batches",
    __name__,
    url_prefix="/api/v1/repayment-batches",
    description="Files of repayments",
)

BLUEPRINTS = (loans, batches)


@loans.route("/<uuid:loan_id>/repayment-previews", methods=["POST"])
@access(Permission.POST_REPAYMENT)
@loans.arguments(RepaySchema)
@loans.response(200, RepaymentPreviewSchema)
def preview(command: Repay, loan_id: UUID) -> Any:
    """How money would be split, line by line; nothing is stored."""
    return explained(preview_repayment(current_session(), current_actor(), loan_id, command))


@loans.route("/<uuid:loan_id>/repayments/<uuid:entry_id>", methods=["GET"])
@access(Permission.READ_LOANS)
@loans.response(200, ExplanationSchema)
def get_repayment(loan_id: UUID, entry_id: UUID) -> Any:
    """A repayment line by line: which debt took what, at which place of the order, and why."""
    return explained(explain_repayment(current_session(), current_actor(), loan_id, entry_id))


@loans.route("/<uuid:loan_id>/statement.xlsx", methods=["GET"])
@access(Permission.READ_LOANS)
@loans.response(200, BINARY, content_type=XLSX_TYPE)
def get_statement_workbook(loan_id: UUID) -> Response:
    """The statement as a workbook: repayments, bills and journal with native numbers."""
    session, actor = current_session(), current_actor()
    content = statement_xlsx(session, actor, loan_id)
    number = loan_view(session, actor, loan_id).number
    return attachment(content, name=f"{number}.xlsx", media_type=XLSX_TYPE)


@loans.route("/<uuid:loan_id>/repayment-quotes", methods=["GET"])
@access(Permission.POST_REPAYMENT)
@loans.response(200, QuoteListSchema)
def list_quotes(loan_id: UUID) -> Any:
    """The quotes of early repayment of a loan, the newest first."""
    return {"items": quoting.list_quotes(current_session(), current_actor(), loan_id)}


@loans.route("/<uuid:loan_id>/repayment-quotes", methods=["POST"])
@access(Permission.POST_REPAYMENT, idempotent=True)
@loans.arguments(QuoteEarlySchema)
@loans.response(201, QuoteSchema)
def quote_early(command: quoting.QuoteEarly, loan_id: UUID) -> Any:
    """What paying early costs on each of the next days, and the instalments that follow."""
    view = quoting.quote_early(current_session(), current_actor(), loan_id, command)
    return view, 201, {"Location": f"/api/v1/loans/{loan_id}/repayment-quotes/{view.id}"}


@loans.route("/<uuid:loan_id>/repayment-quotes/<uuid:quote_id>", methods=["GET"])
@access(Permission.POST_REPAYMENT)
@loans.response(200, QuoteSchema)
def get_quote(loan_id: UUID, quote_id: UUID) -> Any:
    """A quote with its days, and the instalments before and after while it counts."""
    return quoting.get_quote(current_session(), current_actor(), loan_id, quote_id)


@loans.route("/<uuid:loan_id>/repayment-quotes/<uuid:quote_id>/execution", methods=["POST"])
@access(Permission.POST_REPAYMENT, idempotent=True)
@loans.arguments(CarryOutQuoteSchema)
@loans.response(201, RepaymentSchema)
def carry_out(sent: dict[str, Any], loan_id: UUID, quote_id: UUID) -> Any:
    """Book the money that a quote names for the business day, and its plan; exactly, or not at all."""
    command = quoting.CarryOut(
        quote_id=quote_id, payer=sent.get("payer", ""), key=idempotency.key_of(request) or ""
    )
    view = quoting.carry_out(current_session(), current_actor(), loan_id, command)
    return view, 201, {"Location": f"/api/v1/loans/{loan_id}/repayments/{view.entry_id}"}


@batches.route("", methods=["GET"])
@access(Permission.POST_REPAYMENT)
@batches.arguments(ListQuery, location="query")
@batches.response(200, page_of(RepaymentBatchItemSchema))
def list_batches(_wanted: dict[str, Any]) -> Any:
    """The files of repayments of the own bank, the newest first."""
    return fetch_page(
        current_session(), batch_queries.list_batches(current_actor()), page_request()
    )


@batches.route("", methods=["POST"])
@access(Permission.POST_REPAYMENT, idempotent=True, upload=True)
@batches.doc(requestBody=multipart_body(ImportRepaymentsSchema))
@batches.response(201, ReadRepaymentsSchema)
@batches.alt_response(200, schema=ReadRepaymentsSchema, success=True)
def import_repayments() -> Any:
    """Check a file, or file it as a batch whose good rows are booked next; 200 when only checked."""
    schema = ImportRepaymentsSchema()
    command = schema.command_for(read_multipart(schema))
    view = importing.import_repayments(current_session(), current_actor(), command)
    told = batch_in_words(view)
    if view.id is None:
        return told, 200
    return told, 201, {"Location": f"/api/v1/repayment-batches/{view.id}"}


@batches.route("/template.xlsx", methods=["GET"])
@access(Permission.POST_REPAYMENT)
@batches.response(200, BINARY, content_type=XLSX_TYPE)
def get_template() -> Response:
    """The workbook to fill in."""
    content = repayment_template(current_actor(), current_language())
    return attachment(content, name=TEMPLATE_NAME, media_type=XLSX_TYPE)


@batches.route("/<uuid:batch_id>", methods=["GET"])
@access(Permission.POST_REPAYMENT)
@batches.response(200, RepaymentBatchSchema)
def get_batch(batch_id: UUID) -> Any:
    """A batch: how many of its rows were booked, known before or refused; what keeps it from being booked."""
    return batch_in_words(batch_view(current_session(), current_actor(), batch_id))


@batches.route("/<uuid:batch_id>/rows", methods=["GET"])
@access(Permission.POST_REPAYMENT)
@batches.arguments(RepaymentRowQuery, location="query")
@batches.response(200, page_of(RepaymentBatchRowSchema))
def get_batch_rows(wanted: dict[str, Any], batch_id: UUID) -> Any:
    """What became of the rows of a batch, those with problems first."""
    session = current_session()
    statement = list_rows(session, current_actor(), batch_id, wanted.get("state"))
    page = fetch_page(session, statement, page_request())
    return page.holding(rows_in_words(row_views(page.items)))
