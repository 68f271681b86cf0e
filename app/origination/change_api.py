"""The API of changes of a loan."""

from typing import Any
from uuid import UUID

from app.kernel.permissions import Permission
from app.origination.change_events import CHANGE_EVENTS
from app.origination.change_schemas import (
    ChangePreviewSchema,
    LoanChangeListSchema,
    LoanChangeSchema,
    ProposeChangeSchema,
)
from app.origination.services import changes
from app.origination.services.change_previews import preview_change
from app.web.access import access, current_actor, current_session, tagged
from app.web.openapi import ApiBlueprint

of_loans = ApiBlueprint(
    "changes-of-loans",
    __name__,
    url_prefix="/api/v1/loans",
    description="Extensions, restructurings and renewals of a loan",
)
things = ApiBlueprint(
    "loan-changes",
    __name__,
    url_prefix="/api/v1/loan-changes",
    description="Extensions, restructurings and renewals",
)
BLUEPRINTS = (of_loans, things)


@of_loans.route("/<uuid:loan_id>/changes", methods=["GET"])
@access(Permission.READ_LOANS)
@of_loans.response(200, LoanChangeListSchema)
def list_changes(loan_id: UUID) -> Any:
    """The changes of a loan, the newest first; for its bank."""
    return {"items": changes.changes_of_loan(current_session(), current_actor(), loan_id)}


@of_loans.route("/<uuid:loan_id>/changes", methods=["POST"])
@access(Permission.INVESTIGATE, idempotent=True)
@of_loans.arguments(ProposeChangeSchema)
@of_loans.response(201, LoanChangeSchema)
def propose_change(command: changes.ProposeChange, loan_id: UUID) -> Any:
    """Propose an extension within its limit, a restructuring, or a renewal without repayment."""
    view = changes.propose_change(current_session(), current_actor(), loan_id, command)
    return tagged(view), 201, {"Location": f"/api/v1/loan-changes/{view.id}"}


@things.route("/<uuid:change_id>", methods=["GET"])
@access(Permission.READ_LOANS)
@things.response(200, LoanChangeSchema)
def get_change(change_id: UUID) -> Any:
    """A change with its conditions and its people."""
    return tagged(changes.change_view(current_session(), current_actor(), change_id))


@things.route("/<uuid:change_id>/preview", methods=["GET"])
@access(Permission.READ_LOANS)
@things.response(200, ChangePreviewSchema)
def get_preview(change_id: UUID) -> Any:
    """The schedule without the change and with it carried out today; both empty once it no longer waits."""
    return preview_change(current_session(), current_actor(), change_id)


CHANGE_EVENTS.register_api(things)
