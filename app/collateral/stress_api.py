"""The API of portfolio stress; nothing is stored."""

from typing import Any

from app.appraisal.services.stressing import scenarios_on
from app.collateral.services.stressing import stress_portfolio
from app.collateral.stress_schemas import ScenarioListSchema, StressQuery, StressReportSchema
from app.collateral.stress_views import report_answer, scenario_answer
from app.db.engine import today
from app.kernel.permissions import Permission
from app.web.access import access, current_actor, current_session
from app.web.openapi import ApiBlueprint

blueprint = ApiBlueprint(
    "portfolio-stress",
    __name__,
    url_prefix="/api/v1/portfolio-stress",
    description="Pledged assets and loans under named scenarios",
)


@blueprint.route("/scenarios", methods=["GET"])
@access(Permission.RUN_STRESS)
@blueprint.response(200, ScenarioListSchema)
def list_scenarios() -> Any:
    """The scenarios that count today."""
    return {"items": [scenario_answer(each) for each in scenarios_on(today(current_session()))]}


@blueprint.route("", methods=["GET"])
@access(Permission.RUN_STRESS)
@blueprint.arguments(StressQuery, location="query")
@blueprint.response(200, StressReportSchema)
def get_stress(asked: dict[str, Any]) -> Any:
    """What a scenario does to the loans in sight, the hardest hit first, at most a thousand of them."""
    session, actor = current_session(), current_actor()
    return report_answer(stress_portfolio(session, actor, asked["scenario"], asked.get("on")))
