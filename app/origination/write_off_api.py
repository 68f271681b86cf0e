"""The API of write-offs of a loan."""

from typing import Any
from uuid import UUID

from app.kernel.permissions import Permission
from app.origination.services import write_offs
from app.origination.write_off_events import WRITE_OFF_EVENTS
from app.origination.write_off_schemas import (
    ProposeWriteOffSchema,
    WriteOffListSchema,
    WriteOffSchema,
)
from app.web.access import access, current_actor, current_session, tagged
from app.web.openapi import ApiBlueprint

of_loans = ApiBlueprint(
    "write-offs-of-loans",
    __name__,
    url_prefix="/api/v1/loans",
    description="Write-offs of a loan",
)
things = ApiBlueprint(
    "loan-write-offs",
    __name__,
    url_prefix="/api/v1/loan-write-offs",
    description="Write-offs",
)
BLUEPRINTS = (of_loans, things)


@of_loans.route("/<uuid:loan_id>/write-offs", methods=["GET"])
@access(Permission.READ_LOANS)
@of_loans.response(200, WriteOffListSchema)
def list_write_offs(loan_id: UUID) -> Any:
    """The write-offs of a loan, the newest first; for its bank."""
    session, actor = current_session(), current_actor()
    return {
        "items": write_offs.write_offs_of_loan(session, actor, loan_id),
        "loaded": write_offs.find_loaded_write_off(session, actor, loan_id),
    }


@of_loans.route("/<uuid:loan_id>/write-offs", methods=["POST"])
@access(Permission.WRITE_OFF_LOAN, idempotent=True)
@of_loans.arguments(ProposeWriteOffSchema)
@of_loans.response(201, WriteOffSchema)
def propose_write_off(command: write_offs.ProposeWriteOff, loan_id: UUID) -> Any:
    """Propose to write a loan off for what it owes today."""
    view = write_offs.propose_write_off(current_session(), current_actor(), loan_id, command)
    return tagged(view), 201, {"Location": f"/api/v1/loan-write-offs/{view.id}"}


@things.route("/<uuid:write_off_id>", methods=["GET"])
@access(Permission.READ_LOANS)
@things.response(200, WriteOffSchema)
def get_write_off(write_off_id: UUID) -> Any:
    """A write-off with its conditions and its people."""
    return tagged(write_offs.write_off_view(current_session(), current_actor(), write_off_id))


WRITE_OFF_EVENTS.register_api(things)
