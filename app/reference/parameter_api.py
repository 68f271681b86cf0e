"""The API of single parameters: their history, and what changed between two days."""

from typing import Any

from app.kernel.permissions import Permission
from app.reference.browsing import changes_between, history_of
from app.reference.parameter_schemas import (
    ChangesQuery,
    ParameterChangesSchema,
    ParameterHistorySchema,
)
from app.web.access import access
from app.web.openapi import ApiBlueprint

blueprint = ApiBlueprint(
    "parameters",
    __name__,
    url_prefix="/api/v1/parameters",
    description="Dated parameters of policy, science and prices",
)


@blueprint.route("/changes", methods=["GET"])
@access(Permission.READ_REFERENCE)
@blueprint.arguments(ChangesQuery, location="query")
@blueprint.response(200, ParameterChangesSchema)
def list_changes(query: dict[str, Any]) -> Any:
    """Every figure of the files that differs between two days."""
    return {"items": changes_between(query["from_on"], query["to_on"])}


@blueprint.route("/<string:parameter_id>", methods=["GET"])
@access(Permission.READ_REFERENCE)
@blueprint.response(200, ParameterHistorySchema)
def get_parameter(parameter_id: str) -> Any:
    """A parameter with every dated value, its sources, and the models that read it."""
    return history_of(parameter_id)
