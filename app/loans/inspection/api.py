"""The API of post-loan checks, of warning signals, and of who looks after a loan."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Response

from app.documents.downloads import attachment
from app.kernel.permissions import Permission
from app.loans.inspection import services as checks
from app.loans.inspection import signals as warnings
from app.loans.inspection.events import INSPECTION_EVENTS, SIGNAL_EVENTS
from app.loans.inspection.queries import (
    InspectionFilter,
    inspection_view,
    inspection_views,
    inspections_of_loan,
    list_inspections,
)
from app.loans.inspection.schemas import (
    InspectionFileSchema,
    InspectionListSchema,
    InspectionQuery,
    InspectionSchema,
    NameOfficerSchema,
    OfficerListSchema,
    OrderInspectionSchema,
    ReasonSchema,
)
from app.loans.inspection.signal_queries import (
    SignalFilter,
    list_signals,
    signal_view,
    signal_views,
    signals_of_loan,
)
from app.loans.inspection.signal_schemas import (
    RaiseSignalSchema,
    SignalFileSchema,
    SignalListSchema,
    SignalQuery,
    SignalSchema,
)
from app.loans.loan_officers import NameOfficer, list_officers, name_officer
from app.loans.queries import loan_view
from app.web.access import access, check_version, current_actor, current_session, tagged
from app.web.openapi import ApiBlueprint
from app.web.paging import fetch_page, page_request
from app.web.schemas import page_of
from app.web.uploads import multipart_body, read_multipart

inspections = ApiBlueprint(
    "inspections", __name__, url_prefix="/api/v1/inspections", description="Post-loan checks"
)
signals = ApiBlueprint(
    "warning-signals",
    __name__,
    url_prefix="/api/v1/warning-signals",
    description="Signs that a loan may go wrong",
)
of_loans = ApiBlueprint(
    "loan-inspections",
    __name__,
    url_prefix="/api/v1/loans",
    description="Checks, signals and officers of a loan",
)

BLUEPRINTS = (inspections, signals, of_loans)

BINARY = {"type": "string", "format": "binary"}


@inspections.route("", methods=["GET"])
@access(Permission.READ_INSPECTIONS)
@inspections.arguments(InspectionQuery, location="query")
@inspections.response(200, page_of(InspectionSchema))
def list_all(wanted: InspectionFilter) -> Any:
    """The checks in sight, what still wants work first, by their days."""
    session, actor = current_session(), current_actor()
    page = fetch_page(session, list_inspections(session, actor, wanted), page_request())
    return replace(page, items=inspection_views(session, actor, page.items))


@inspections.route("", methods=["POST"])
@access(Permission.INSPECT_LOANS, idempotent=True)
@inspections.arguments(OrderInspectionSchema)
@inspections.response(201, InspectionSchema)
def order_inspection(command: checks.OrderInspection) -> Any:
    """Order a special check of a drawn loan; first and regular checks are planned by the day close."""
    view = checks.order_inspection(current_session(), current_actor(), command)
    return tagged(view), 201, {"Location": f"/api/v1/inspections/{view.id}"}


@inspections.route("/<uuid:inspection_id>", methods=["GET"])
@access(Permission.READ_INSPECTIONS)
@inspections.response(200, InspectionSchema)
def get_inspection(inspection_id: UUID) -> Any:
    """A check with its report, files and the use of funds."""
    return tagged(inspection_view(current_session(), current_actor(), inspection_id))


@inspections.route("/<uuid:inspection_id>/files", methods=["POST"])
@access(Permission.INSPECT_LOANS, upload=True)
@inspections.doc(requestBody=multipart_body(InspectionFileSchema))
@inspections.response(201, InspectionSchema)
def add_file(inspection_id: UUID) -> Any:
    """Add a photo or a paper to a report that is being written."""
    command = read_multipart(InspectionFileSchema())
    view = checks.add_file(current_session(), current_actor(), inspection_id, command)
    return tagged(view), 201, {"Location": f"/api/v1/inspections/{view.id}"}


@inspections.route("/<uuid:inspection_id>/files/<uuid:file_id>", methods=["GET"])
@access(Permission.READ_INSPECTIONS)
@inspections.response(200, BINARY, content_type="*/*")
def get_file(inspection_id: UUID, file_id: UUID) -> Response:
    """A file of a check, as an attachment."""
    row, content = checks.file_content(current_session(), current_actor(), inspection_id, file_id)
    return attachment(content, name=row.name, media_type=row.media_type)


@inspections.route("/<uuid:inspection_id>/files/<uuid:file_id>/withdrawal", methods=["POST"])
@access(Permission.INSPECT_LOANS, idempotent=True, versioned=True)
@inspections.arguments(ReasonSchema)
@inspections.response(200, InspectionSchema)
def withdraw_file(command: checks.Said, inspection_id: UUID, file_id: UUID) -> Any:
    """Take a file out of a report that is being written; it stays on record with the reason."""
    session, actor = current_session(), current_actor()
    check_version(inspection_view(session, actor, inspection_id).version)
    return tagged(checks.withdraw_file(session, actor, inspection_id, file_id, command))


@inspections.route("/<uuid:inspection_id>/report.pdf", methods=["GET"])
@access(Permission.READ_INSPECTIONS)
@inspections.response(200, BINARY, content_type="application/pdf")
def get_report(inspection_id: UUID) -> Response:
    """The printed report, once it is reviewed."""
    name, content = checks.report_content(current_session(), current_actor(), inspection_id)
    return attachment(content, name=name, media_type="application/pdf")


@signals.route("", methods=["GET"])
@access(Permission.READ_INSPECTIONS)
@signals.arguments(SignalQuery, location="query")
@signals.response(200, page_of(SignalSchema))
def list_all_signals(wanted: SignalFilter) -> Any:
    """The signals in sight, the open and the gravest first."""
    session, actor = current_session(), current_actor()
    page = fetch_page(session, list_signals(actor, wanted), page_request())
    return replace(page, items=signal_views(session, actor, page.items))


@signals.route("", methods=["POST"])
@access(Permission.RAISE_SIGNAL, idempotent=True)
@signals.arguments(RaiseSignalSchema)
@signals.response(201, SignalSchema)
def raise_signal(command: warnings.RaiseSignal) -> Any:
    """Raise a signal on a loan, by hand or from a check."""
    view = warnings.raise_signal(current_session(), current_actor(), command)
    return tagged(view), 201, {"Location": f"/api/v1/warning-signals/{view.id}"}


@signals.route("/<uuid:signal_id>", methods=["GET"])
@access(Permission.READ_INSPECTIONS)
@signals.response(200, SignalSchema)
def get_signal(signal_id: UUID) -> Any:
    """A signal with its measures, acts and evidence."""
    return tagged(signal_view(current_session(), current_actor(), signal_id))


@signals.route("/<uuid:signal_id>/files", methods=["POST"])
@access(Permission.RAISE_SIGNAL, upload=True)
@signals.doc(requestBody=multipart_body(SignalFileSchema))
@signals.response(201, SignalSchema)
def add_evidence(signal_id: UUID) -> Any:
    """Add evidence to a signal."""
    command = read_multipart(SignalFileSchema())
    view = warnings.add_evidence(current_session(), current_actor(), signal_id, command)
    return tagged(view), 201, {"Location": f"/api/v1/warning-signals/{view.id}"}


@signals.route("/<uuid:signal_id>/files/<uuid:file_id>", methods=["GET"])
@access(Permission.READ_INSPECTIONS)
@signals.response(200, BINARY, content_type="*/*")
def get_evidence(signal_id: UUID, file_id: UUID) -> Response:
    """A file of a signal, as an attachment."""
    row, content = warnings.evidence_content(current_session(), current_actor(), signal_id, file_id)
    return attachment(content, name=row.name, media_type=row.media_type)


@of_loans.route("/<uuid:loan_id>/inspections", methods=["GET"])
@access(Permission.READ_INSPECTIONS)
@of_loans.response(200, InspectionListSchema)
def list_of_loan(loan_id: UUID) -> Any:
    """The checks of a loan, the latest day first."""
    session, actor = current_session(), current_actor()
    loan_view(session, actor, loan_id)
    return {"items": inspections_of_loan(session, actor, loan_id)}


@of_loans.route("/<uuid:loan_id>/warning-signals", methods=["GET"])
@access(Permission.READ_INSPECTIONS)
@of_loans.response(200, SignalListSchema)
def list_signals_of_loan(loan_id: UUID) -> Any:
    """The signals of a loan, the open and the gravest first."""
    session, actor = current_session(), current_actor()
    loan_view(session, actor, loan_id)
    return {"items": signals_of_loan(session, actor, loan_id)}


@of_loans.route("/<uuid:loan_id>/officers", methods=["GET"])
@access(Permission.READ_INSPECTIONS)
@of_loans.response(200, OfficerListSchema)
def list_officers_of_loan(loan_id: UUID) -> Any:
    """Who looked after a loan, the latest first."""
    return {"items": list_officers(current_session(), current_actor(), loan_id)}


@of_loans.route("/<uuid:loan_id>/officers", methods=["POST"])
@access(Permission.NAME_LOAN_OFFICER, idempotent=True)
@of_loans.arguments(NameOfficerSchema)
@of_loans.response(201, OfficerListSchema)
def name_officer_of_loan(command: NameOfficer, loan_id: UUID) -> Any:
    """Give a loan to another officer; checks that are only planned go with it."""
    items = name_officer(current_session(), current_actor(), loan_id, command)
    return {"items": items}, 201, {"Location": f"/api/v1/loans/{loan_id}/officers"}


INSPECTION_EVENTS.register_api(inspections)
SIGNAL_EVENTS.register_api(signals)
