"""The API of classes: the record of a loan, facts, changes by judgement, their second person."""

from typing import Any
from uuid import UUID

from app.kernel.permissions import Permission
from app.loans.classes import changes as class_changes
from app.loans.classes.events import CLASS_CHANGE_EVENTS
from app.loans.classes.schemas import (
    ClassChangeSchema,
    ClassRecordSchema,
    EndFactSchema,
    FactRecordedSchema,
    JudgeClassSchema,
    RecordFactSchema,
)
from app.loans.classes.views import class_record
from app.web.access import access, current_actor, current_session, tagged
from app.web.openapi import ApiBlueprint

of_loans = ApiBlueprint(
    "loan-classes", __name__, url_prefix="/api/v1/loans", description="Classes of loans"
)
changes = ApiBlueprint(
    "class-changes",
    __name__,
    url_prefix="/api/v1/class-changes",
    description="Changes of a class by people",
)
BLUEPRINTS = (of_loans, changes)


@of_loans.route("/<uuid:loan_id>/class-record", methods=["GET"])
@access(Permission.READ_LOANS)
@of_loans.response(200, ClassRecordSchema)
def get_class_record(loan_id: UUID) -> Any:
    """Facts, changes, observation, way back and provision of a loan; for its bank, empty for others."""
    return class_record(current_session(), current_actor(), loan_id)


@of_loans.route("/<uuid:loan_id>/facts", methods=["POST"])
@access(Permission.JUDGE_CLASS, idempotent=True)
@of_loans.arguments(RecordFactSchema)
@of_loans.response(201, FactRecordedSchema)
def record_fact(command: class_changes.RecordClassFact, loan_id: UUID) -> Any:
    """Record a fact that bears on the class from the next close; one for the better waits for a second person."""
    session, actor = current_session(), current_actor()
    made = class_changes.record_class_fact(session, actor, loan_id, command)
    place = f"loans/{loan_id}/class-record"
    if made.change is not None:
        place = f"class-changes/{made.change.id}"
    return made, 201, {"Location": f"/api/v1/{place}"}


@of_loans.route("/<uuid:loan_id>/class-changes", methods=["POST"])
@access(Permission.JUDGE_CLASS, idempotent=True)
@of_loans.arguments(JudgeClassSchema)
@of_loans.response(201, ClassChangeSchema)
def judge_class(command: class_changes.JudgeClass, loan_id: UUID) -> Any:
    """Lower the class from the next close of day, or propose a better one for a second person."""
    return _made(class_changes.judge_class(current_session(), current_actor(), loan_id, command))


@of_loans.route("/<uuid:loan_id>/fact-endings", methods=["POST"])
@access(Permission.JUDGE_CLASS, idempotent=True)
@of_loans.arguments(EndFactSchema)
@of_loans.response(201, ClassChangeSchema)
def propose_end(command: class_changes.EndFact, loan_id: UUID) -> Any:
    """Propose that a recorded fact ends; a second person confirms."""
    return _made(class_changes.propose_end(current_session(), current_actor(), loan_id, command))


def _made(view: class_changes.ClassChangeView) -> Any:
    return tagged(view), 201, {"Location": f"/api/v1/class-changes/{view.id}"}


@changes.route("/<uuid:change_id>", methods=["GET"])
@access(Permission.READ_LOANS)
@changes.response(200, ClassChangeSchema)
def get_change(change_id: UUID) -> Any:
    """A change of a class with its two people."""
    return tagged(class_changes.class_change_view(current_session(), current_actor(), change_id))


CLASS_CHANGE_EVENTS.register_api(changes)
