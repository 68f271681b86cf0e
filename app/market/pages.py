"""Pages of prices: the series, one series with its chart, and the import with its check."""

from typing import Any, Final

from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask_babel import gettext, ngettext

from app.db.engine import today
from app.documents.content_types import decode_text
from app.kernel.errors import InvalidInput
from app.kernel.ids import new_id
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.market import queries, services
from app.market.domain import SeriesCalibration, SeriesNotCalibrated, exact
from app.market.models import PriceSeries
from app.market.schemas import MAX_TEXT, AcceptTextSchema, CalibrationQuery, CheckFileSchema
from app.reference.domain import STATUS_TITLES
from app.web.access import access, current_actor, current_session, tell
from app.web.csrf import page_token
from app.web.formats import current_locale, unit_title
from app.web.forms import form_page
from app.web.language import current_language
from app.web.paging import fetch_page, page_request
from app.web.problems import lines_in_words, show
from app.web.reading import load_schema
from app.web.shell import said

blueprint = Blueprint("market_pages", __name__, url_prefix="/market")

CHART_POINTS: Final = 260
"""A year of trading days; the table has the rest."""

CALIBRATION_POINTS: Final = 1_500
"""Six years of trading days; the figures beside the chart are of all points."""

SHOWN_CHANGES: Final = 200
"""Rows of a check that the page lists; the counts cover all."""

Answer = Response | str | tuple[str, int]


def _title(series: PriceSeries) -> str:
    return series.title_zh if current_language().startswith("zh") else series.title_en


HAIRCUT_BASES: Final = {
    "measured": N_("As measured, as a random walk"),
    "reverting": N_("As measured, with the return to the mean"),
    "in-use": N_("As the models take it"),
    "stress": N_("Under stress"),
}


def _common() -> dict[str, Any]:
    """Titles that every page of the room looks up."""
    return {
        "said": said,
        "statuses": {code: gettext(title) for code, title in STATUS_TITLES.items()},
    }


@blueprint.get("")
@access(Permission.READ_PRICES)
def series_list() -> str:
    """The series with their latest price."""
    session, actor = current_session(), current_actor()
    rows = session.execute(queries.visible_series(actor)).scalars().all()
    latest = queries.latest_points(session, [row.code for row in rows], today(session))
    return render_template(
        "market/list.html",
        rows=[(row, _title(row), latest.get(row.code)) for row in rows],
        **_common(),
    )


@blueprint.get("/<string:code>")
@access(Permission.READ_PRICES)
def series_page(code: str) -> str:
    """A series: chart and points, corrected ones included when asked for."""
    session, actor = current_session(), current_actor()
    series = queries.get_series(session, actor, code)
    history = request.args.get("history") == "1"
    values = queries.chart_values(session, code, limit=CHART_POINTS)
    return render_template(
        "market/series.html",
        series=series,
        title=_title(series),
        page=fetch_page(session, queries.points(code, history=history), page_request()),
        history=history,
        chart_data=_chart(series, values),
        may_import=actor.may(Permission.IMPORT_PRICES),
        **_common(),
    )


@blueprint.get("/<string:code>/calibration")
@access(Permission.READ_PRICES)
def calibration_page(code: str) -> str:
    """How the prices of a series moved: course, figures, haircuts; a refusal stands on the page."""
    session, actor = current_session(), current_actor()
    series = queries.get_series(session, actor, code)
    sent = {name: text for name, text in request.args.items() if text}
    query = load_schema(CalibrationQuery(), sent)
    found, refused = None, None
    try:
        found = services.calibrate_series(
            session, actor, services.CalibrateSeries(code=code, **query)
        )
    except SeriesNotCalibrated as refusal:
        refused = show(refusal.facts["reason"])
    return render_template(
        "market/calibration.html",
        series=series,
        title=_title(series),
        query=query,
        refused=refused,
        **(_calibrated(series, found) if found else {"report": None}),
        **_common(),
    )


def _calibrated(series: PriceSeries, found: SeriesCalibration) -> dict[str, Any]:
    horizons = sorted({line.years for line in found.haircuts})
    return {
        "report": found.report,
        "exact": exact,
        "chart_data": _chart(series, list(found.course[-CALIBRATION_POINTS:])),
        "warnings": found.warnings_in(current_language()),
        "bases": {code: gettext(title) for code, title in HAIRCUT_BASES.items()},
        "confidences": sorted({line.confidence for line in found.haircuts}),
        "haircuts": [
            (
                basis,
                next(line.volatility for line in found.haircuts if line.basis == basis),
                years,
                [
                    line.share
                    for line in found.haircuts
                    if (line.basis, line.years) == (basis, years)
                ],
            )
            for basis in HAIRCUT_BASES
            for years in horizons
            if any(line.basis == basis for line in found.haircuts)
        ],
    }


def _chart(series: PriceSeries, values: list[Any]) -> dict[str, Any]:
    return {
        "labels": [on.isoformat() for on, _ in values],
        "left": {
            "name": _title(series),
            "unit": unit_title(series.unit, locale=current_locale()),
            "values": [f"{value:f}" for _, value in values],
            "texts": [f"{value:,f}" for _, value in values],
        },
        "right": None,
        "lines": [],
    }


@blueprint.route("/<string:code>/import", methods=["GET", "POST"])
@access(Permission.IMPORT_PRICES, upload=True)
def check_file(code: str) -> Answer:
    """Check a file: what would be new, corrected, wrong. Nothing is stored."""
    session, actor = current_session(), current_actor()
    series = queries.get_series(session, actor, code)

    def submit(command: dict[str, Any]) -> Response:
        sent, source = command["file"], command.get("source", "")
        report = services.import_points(
            session,
            actor,
            services.ImportPrices(
                code=code, content=sent.content, file_name=sent.name, source=source
            ),
        )
        text = decode_text(sent.content)
        if len(text) > MAX_TEXT:
            raise _too_long()
        return _checked(series, report, text, source)

    return form_page(
        CheckFileSchema(),
        title=gettext("Import prices"),
        subtitle=_title(series),
        submit=submit,
        submit_title=gettext("Check the file"),
        back=f"/market/{code}",
    )


def _too_long() -> InvalidInput:
    return InvalidInput.at(
        "/file", N_("The file is too long for this page. Divide it, or send it by the API.")
    )


def _checked(
    series: PriceSeries, report: services.ImportReport, text: str, source: str
) -> Response:
    errors = [(each.line, each.detail) for each in lines_in_words(report.errors)]
    page = render_template(
        "market/check.html",
        series=series,
        title=_title(series),
        report=report,
        errors=errors,
        changes=report.changes[:SHOWN_CHANGES],
        text=text,
        source=source,
        csrf_token=page_token(),
        idempotency_key=str(new_id()),
        **_common(),
    )
    return make_response(page)


@blueprint.route("/<string:code>/points", methods=["GET", "POST"])
@access(Permission.IMPORT_PRICES)
def accept_text(code: str) -> Answer:
    """Take in the rows that the check found good, or rows typed here."""
    session, actor = current_session(), current_actor()
    series = queries.get_series(session, actor, code)

    def submit(command: dict[str, Any]) -> Response:
        report = services.import_points(
            session,
            actor,
            services.ImportPrices(
                code=code,
                content=command["text"].encode(),
                dry_run=False,
                source=command.get("source", ""),
                reason=command.get("reason", ""),
            ),
        )
        said = ngettext(
            "%(new)s point is new, %(corrections)s corrected.",
            "%(new)s points are new, %(corrections)s corrected.",
            report.new,
            new=report.new,
            corrections=report.corrections,
        )
        tell("ok", said)
        return redirect(f"/market/{code}", 303)  # type: ignore[return-value]

    return form_page(
        AcceptTextSchema(),
        title=gettext("Import prices"),
        subtitle=_title(series),
        submit=submit,
        back=f"/market/{code}",
    )
