"""Pages of portfolio stress: a scenario, its totals, the loans by effect, the assets behind them."""

from typing import Final

from flask import Blueprint, Response, render_template, request

from app.appraisal.services.stressing import scenarios_on
from app.collateral.domain.states import LEVEL_TITLES
from app.collateral.services.stressing import StressReport, stress_portfolio
from app.collateral.stress_schemas import StressQuery
from app.collateral.stress_views import file_name, loans_table
from app.db.engine import today
from app.documents.downloads import attachment
from app.documents.tables import XLSX_TYPE, table_xlsx
from app.kernel.permissions import Permission
from app.web.access import access, current_actor, current_session
from app.web.reading import load_schema
from app.web.shell import said, words

MAX_SHOWN_LOANS: Final = 100
"""Loans on the page, the hardest hit; the workbook has all."""

LEVEL_TONES: Final = {
    "none": "grey",
    "normal": "green",
    "warning": "amber",
    "top-up": "orange",
    "disposal": "red",
    "unpriced": "red",
}

blueprint = Blueprint("stress_pages", __name__, url_prefix="/collateral/risk")


@blueprint.get("")
@access(Permission.RUN_STRESS)
def stress() -> str:
    """A scenario over the pledged assets in sight."""
    report = _report()
    return render_template(
        "collateral/stress.html",
        report=report,
        scenarios=scenarios_on(today(current_session())),
        shown=report.loans[:MAX_SHOWN_LOANS],
        pledged=len({each.asset_id for loan in report.loans for each in loan.assets}),
        level_titles=LEVEL_TITLES,
        level_tones=LEVEL_TONES,
        words=words,
        said=said,
    )


@blueprint.get("/stress.xlsx")
@access(Permission.RUN_STRESS)
def stress_xlsx() -> Response:
    """Every loan under a scenario as a workbook."""
    report = _report()
    content = table_xlsx(loans_table(report))
    return attachment(content, name=file_name(report), media_type=XLSX_TYPE)


def _report() -> StressReport:
    """The report that the address asks for; without a scenario, of the first."""
    session = current_session()
    asked = {name: request.args.get(name, "") for name in ("scenario", "on")}
    given = {name: text for name, text in asked.items() if text}
    given.setdefault("scenario", scenarios_on(today(session))[0].id)
    query = load_schema(StressQuery(), given)
    return stress_portfolio(session, current_actor(), query["scenario"], query.get("on"))
