"""Pages of dated parameters: one with its history, what changed between two days, tables to take away."""

from typing import Any

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from app.db.engine import today
from app.documents.downloads import attachment
from app.documents.tables import CSV_TYPE, XLSX_TYPE, table_csv, table_xlsx
from app.kernel.permissions import Permission
from app.kernel.units import RATIO, per_cent
from app.reference.browsing import changes_between, history_of
from app.reference.domain import STATUS_TITLES
from app.reference.parameter_schemas import ChangesQuery, ParameterListQuery
from app.reference.parameter_views import parameters_table
from app.reference.parameters import parameters_in_force
from app.web.access import access, current_actor, current_session
from app.web.formats import current_locale, unit_title
from app.web.reading import load_schema
from app.web.shell import said, words

STATUS_TONES = {"sourced": "green", "practice": "green", "judgement": "amber"}
blueprint = Blueprint("parameter_pages", __name__, url_prefix="/reference/parameters")


@blueprint.get("/<string:parameter_id>")
@access(Permission.READ_REFERENCE)
def parameter(parameter_id: str) -> str:
    """One parameter: every dated value with its source, and the models that read it."""
    actor = current_actor()
    return render_template(
        "reference/parameter.html",
        row=history_of(parameter_id),
        reads_models=actor.may(Permission.READ_APPRAISALS),
        **_common(),
    )


@blueprint.get("/changes")
@access(Permission.READ_REFERENCE)
def changes() -> str:
    """What differs between two days, by default this day and a year before."""
    day = today(current_session())
    asked = {
        "from": request.args.get("from") or day.replace(year=day.year - 1, day=1).isoformat(),
        "to": request.args.get("to") or day.isoformat(),
    }
    query = load_schema(ChangesQuery(), asked)
    return render_template(
        "reference/parameter_changes.html",
        rows=changes_between(query["from_on"], query["to_on"]),
        asked=asked,
        query=query,
        **_common(),
    )


@blueprint.get("/export.csv")
@access(Permission.READ_REFERENCE)
def export_csv() -> Response:
    """The list as CSV, a line a figure."""
    return attachment(table_csv(_table()), name="parameters.csv", media_type=CSV_TYPE)


@blueprint.get("/export.xlsx")
@access(Permission.READ_REFERENCE)
def export_xlsx() -> Response:
    """The list as a workbook with native numbers, a line a figure."""
    return attachment(table_xlsx(_table()), name="parameters.xlsx", media_type=XLSX_TYPE)


def _table() -> Any:
    """The list that the address asks for."""
    session, actor = current_session(), current_actor()
    asked = {name: request.args.get(name, "") for name in ("on", "area", "status", "q")}
    query = load_schema(ParameterListQuery(), {name: text for name, text in asked.items() if text})
    day = query.get("on") or today(session)
    bank_id = actor.organisation_id if actor.organisation_kind == "bank" else None
    rows = parameters_in_force(session, bank_id, day, ParameterListQuery.narrowed(query))
    return parameters_table(rows, day)


def _told(figure: str | None, unit: str) -> str:
    """A figure as pages tell it: a share in per cent, none as a dash."""
    if figure is None:
        return "—"
    return per_cent(figure) if unit == RATIO else figure


def _unit_told(unit: str) -> str:
    """The unit beside such a figure; a table has one in each of its columns."""
    if unit == RATIO:
        return "%"
    return "" if unit == "table" else unit_title(unit, locale=current_locale())


def _common() -> dict[str, Any]:
    return {
        "words": words,
        "said": said,
        "told": _told,
        "unit_told": _unit_told,
        "statuses": {code: gettext(title) for code, title in STATUS_TITLES.items()},
        "status_tones": STATUS_TONES,
    }
