"""The API of collateral."""

from typing import Any
from uuid import UUID

from flask import Response

from app.collateral.events import CALL_EVENTS, PLEDGE_EVENTS
from app.collateral.queries import CallFilter, PledgeFilter
from app.collateral.schemas import (
    CallQuery,
    ConfirmRecognisedSchema,
    CoverSchema,
    MarginCallListSchema,
    MarginCallSchema,
    PledgeLineSchema,
    PledgeListSchema,
    PledgeQuery,
    PledgeSchema,
    RecognitionSchema,
)
from app.collateral.services import calls, cover_views, lists, pledge_views, pledging, recognition
from app.collateral.stress_api import blueprint as stress
from app.documents.downloads import attachment
from app.kernel.permissions import Permission
from app.web.access import access, check_version, current_actor, current_session, tagged
from app.web.openapi import ApiBlueprint
from app.web.paging import page_request
from app.web.schemas import page_of

pledges = ApiBlueprint(
    "pledges", __name__, url_prefix="/api/v1/pledges", description="Pledges and mortgages"
)
margin_calls = ApiBlueprint(
    "margin-calls", __name__, url_prefix="/api/v1/margin-calls", description="Top-up cases"
)
of_loans = ApiBlueprint(
    "loan-collateral", __name__, url_prefix="/api/v1/loans", description="Collateral of a loan"
)
of_assets = ApiBlueprint(
    "asset-values", __name__, url_prefix="/api/v1/assets", description="Recognised values"
)


@pledges.route("", methods=["GET"])
@access(Permission.READ_COLLATERAL)
@pledges.arguments(PledgeQuery, location="query")
@pledges.response(200, page_of(PledgeSchema))
def list_register(filtered: PledgeFilter) -> Any:
    """The register of pledges and mortgages in sight, the newest first."""
    return lists.pledge_page(current_session(), current_actor(), filtered, page_request())


@pledges.route("/<uuid:pledge_id>", methods=["GET"])
@access(Permission.READ_COLLATERAL)
@pledges.response(200, PledgeSchema)
def get_pledge(pledge_id: UUID) -> Any:
    """A pledge or mortgage with its registrations."""
    return tagged(pledge_views.pledge_view(current_session(), current_actor(), pledge_id))


@margin_calls.route("", methods=["GET"])
@access(Permission.READ_COLLATERAL)
@margin_calls.arguments(CallQuery, location="query")
@margin_calls.response(200, page_of(MarginCallSchema))
def list_margin_calls(filtered: CallFilter) -> Any:
    """Top-up cases in sight, the open ones first."""
    return lists.margin_call_page(current_session(), current_actor(), filtered, page_request())


@margin_calls.route("/<uuid:call_id>", methods=["GET"])
@access(Permission.READ_COLLATERAL)
@margin_calls.response(200, MarginCallSchema)
def get_margin_call(call_id: UUID) -> Any:
    """A top-up case."""
    return tagged(calls.margin_call_view(current_session(), current_actor(), call_id))


@margin_calls.route("/<uuid:call_id>/notice.pdf", methods=["GET"])
@access(Permission.READ_COLLATERAL)
@margin_calls.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
def get_notice(call_id: UUID) -> Response:
    """The notice of a top-up case, once it is issued."""
    name, content = calls.notice_content(current_session(), current_actor(), call_id)
    return attachment(content, name=name, media_type="application/pdf")


@of_loans.route("/<uuid:loan_id>/pledges", methods=["GET"])
@access(Permission.READ_COLLATERAL)
@of_loans.response(200, PledgeListSchema)
def list_pledges(loan_id: UUID) -> Any:
    """The pledges and mortgages of a loan."""
    return {"items": lists.pledges_of_loan(current_session(), current_actor(), loan_id)}


@of_loans.route("/<uuid:loan_id>/pledges", methods=["POST"])
@access(Permission.SIGN_CONTRACT, idempotent=True)
@of_loans.arguments(PledgeLineSchema)
@of_loans.response(201, PledgeSchema)
def add_pledge(command: pledging.PledgeLine, loan_id: UUID) -> Any:
    """Take one more asset for a loan."""
    view = pledging.add_collateral(current_session(), current_actor(), loan_id, command)
    return tagged(view), 201, {"Location": f"/api/v1/pledges/{view.id}"}


@of_loans.route("/<uuid:loan_id>/cover", methods=["GET"])
@access(Permission.READ_COLLATERAL)
@of_loans.response(200, CoverSchema)
def get_cover(loan_id: UUID) -> Any:
    """Loan-to-value, recognised and lendable value of a loan as last watched, its lines, and what cures it."""
    return cover_views.cover_of_loan(current_session(), current_actor(), loan_id)


@of_loans.route("/<uuid:loan_id>/margin-calls", methods=["GET"])
@access(Permission.READ_COLLATERAL)
@of_loans.response(200, MarginCallListSchema)
def list_calls_of_loan(loan_id: UUID) -> Any:
    """The top-up cases of a loan."""
    return {"items": lists.calls_of_loan(current_session(), current_actor(), loan_id)}


@of_assets.route("/<uuid:asset_id>/recognised-value", methods=["GET"])
@access(Permission.READ_COLLATERAL)
@of_assets.response(200, RecognitionSchema)
def get_recognised_value(asset_id: UUID) -> Any:
    """The values of an asset side by side, as the actor's bank sees them."""
    return tagged(recognition.recognition_view(current_session(), current_actor(), asset_id))


@of_assets.route("/<uuid:asset_id>/recognised-value", methods=["PUT"])
@access(Permission.CONFIRM_RECOGNISED_VALUE, idempotent=True, versioned=True)
@of_assets.arguments(ConfirmRecognisedSchema)
@of_assets.response(200, RecognitionSchema)
def put_recognised_value(command: recognition.ConfirmRecognised, asset_id: UUID) -> Any:
    """Confirm what the actor's bank recognises for an asset."""
    session, actor = current_session(), current_actor()
    check_version(recognition.held_version(session, actor, asset_id))
    return tagged(recognition.confirm_recognised_value(session, actor, asset_id, command))


BLUEPRINTS = (pledges, margin_calls, of_loans, of_assets, stress)

PLEDGE_EVENTS.register_api(pledges)
CALL_EVENTS.register_api(margin_calls)
