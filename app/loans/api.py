"""The API of loans: list, figures, schedule, journal, repayments, classes; previews."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Response

from app.documents.downloads import attachment
from app.kernel.permissions import Permission
from app.loans import queries, services
from app.loans.classes.taken import classes_taken
from app.loans.domain.schedule import make_schedule
from app.loans.domain.terms import Terms
from app.loans.due.next_payments import loans_ahead
from app.loans.ledger.written_off import loan_with_claim
from app.loans.repayments.statements import statement_pdf
from app.loans.running import running_interest
from app.loans.schedules import loan_schedule
from app.loans.schemas import (
    ClassificationListSchema,
    JournalQuery,
    JournalSchema,
    LoanQuery,
    LoanScheduleSchema,
    LoanSchema,
    LoanWithClaimSchema,
    PreviewSchema,
    RepaymentListSchema,
    RepaymentSchema,
    ReverseSchema,
    SchedulePreviewSchema,
)
from app.reference.services import business_calendar
from app.web.access import access, current_actor, current_session, tagged
from app.web.openapi import ApiBlueprint
from app.web.paging import fetch_page, page_request
from app.web.schemas import page_of

loans = ApiBlueprint(
    "loans", __name__, url_prefix="/api/v1/loans", description="Loans and their books"
)
schedules = ApiBlueprint(
    "schedules", __name__, url_prefix="/api/v1/schedules", description="Schedules to look at"
)

BLUEPRINTS = (loans, schedules)

READERS = (Permission.READ_LOANS,)


@loans.route("", methods=["GET"])
@access(*READERS)
@loans.arguments(LoanQuery, location="query")
@loans.response(200, page_of(LoanSchema))
def list_loans(wanted: tuple[queries.LoanFilter, str]) -> Any:
    """The loans in sight with their next payments, the newest first."""
    narrowed, sort = wanted
    statement = queries.list_loans(current_actor(), narrowed, sort or queries.DEFAULT_SORT)
    page = fetch_page(current_session(), statement, page_request())
    return page.holding(loans_ahead(current_session(), page.items))


@loans.route("/<uuid:loan_id>", methods=["GET"])
@access(*READERS)
@loans.response(200, LoanWithClaimSchema)
def get_loan(loan_id: UUID) -> Any:
    """A loan with its terms, its figures at the opening of the business day, and the claim of one written off."""
    return tagged(loan_with_claim(current_session(), current_actor(), loan_id))


@loans.route("/<uuid:loan_id>/schedule", methods=["GET"])
@access(*READERS)
@loans.response(200, LoanScheduleSchema)
def get_schedule(loan_id: UUID) -> Any:
    """Bills as they were made, what is to come when all is paid on its day, and what runs now, worked out."""
    session, actor = current_session(), current_actor()
    schedule = loan_schedule(session, actor, loan_id)
    return {
        "drawn": schedule.drawn,
        "instalments": schedule.instalments,
        "running": running_interest(session, actor, loan_id),
        "total_principal_fen": schedule.total_principal_fen,
        "total_interest_fen": schedule.total_interest_fen,
        "total_payment_fen": schedule.total_payment_fen,
    }


@loans.route("/<uuid:loan_id>/journal", methods=["GET"])
@access(*READERS)
@loans.arguments(JournalQuery, location="query")
@loans.response(200, JournalSchema)
def get_journal(wanted: dict[str, Any], loan_id: UUID) -> Any:
    """The double-entry journal of a loan, newest first; `next_cursor` reads on."""
    return queries.journal(current_session(), current_actor(), loan_id, **wanted)


@loans.route("/<uuid:loan_id>/repayments", methods=["GET"])
@access(*READERS)
@loans.response(200, RepaymentListSchema)
def list_repayments(loan_id: UUID) -> Any:
    """The repayments of a loan and what each settled."""
    return {"items": queries.list_repayments(current_session(), current_actor(), loan_id)}


@loans.route("/<uuid:loan_id>/repayments/<uuid:entry_id>/reversal", methods=["POST"])
@access(Permission.POST_REPAYMENT, idempotent=True)
@loans.arguments(ReverseSchema)
@loans.response(201, RepaymentSchema)
def reverse_repayment(command: dict[str, Any], loan_id: UUID, entry_id: UUID) -> Any:
    """Take back a repayment by its entry in the journal; what followed is booked again on its day."""
    session, actor = current_session(), current_actor()
    services.loan_view(session, actor, loan_id)
    taken = services.Reverse(entry_id=entry_id, reason=command["reason"], loan_id=loan_id)
    view = services.reverse(session, actor, taken)
    return view, 201, {"Location": f"/api/v1/loans/{loan_id}/repayments/{view.entry_id}"}


@loans.route("/<uuid:loan_id>/classifications", methods=["GET"])
@access(*READERS)
@loans.response(200, ClassificationListSchema)
def list_classifications(loan_id: UUID) -> Any:
    """The classes that a loan took, with every reason looked at."""
    return {"items": classes_taken(current_session(), current_actor(), loan_id)}


@loans.route("/<uuid:loan_id>/statement.pdf", methods=["GET"])
@access(*READERS)
@loans.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
def get_statement(loan_id: UUID) -> Response:
    """The statement of a loan as PDF, for reading; one that can be verified is issued among its papers."""
    session, actor = current_session(), current_actor()
    content = statement_pdf(session, actor, loan_id)
    number = services.loan_view(session, actor, loan_id).number
    return attachment(content, name=f"{number}.pdf", media_type="application/pdf")


@schedules.route("", methods=["POST"])
@access()
@schedules.arguments(SchedulePreviewSchema)
@schedules.response(200, PreviewSchema)
def preview_schedule(terms: Terms) -> Any:
    """Draw a schedule without storing anything."""
    return make_schedule(replace(terms, calendar=business_calendar(current_session())))
