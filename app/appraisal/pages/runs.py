"""Pages of revaluation: runs, starting one, one with its progress and its assets; one asset valued again."""

from typing import cast
from uuid import UUID

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask_babel import gettext

from app.appraisal import run_queries, services
from app.appraisal.domain import ItemState, RunState
from app.appraisal.domain.catalogue import all_specs
from app.appraisal.pages.shown import model_title, room_words
from app.appraisal.run_tables import (
    MAX_RUN_EXPORT_ROWS,
    RunExportTooLong,
    file_name,
    items_table,
)
from app.appraisal.schemas import RequestRevaluationSchema, RevalueAssetSchema, RunItemQuery
from app.assets.queries import load_asset
from app.db.engine import today
from app.documents.downloads import attachment
from app.documents.tables import CSV_TYPE, XLSX_TYPE, ExportTable, table_csv, table_xlsx
from app.kernel.actor import Name
from app.kernel.permissions import Permission
from app.web.access import access, current_actor, current_session, tell
from app.web.formats import current_locale, money_with_unit
from app.web.forms import form_page
from app.web.paging import fetch_page, page_request
from app.web.reading import load_schema
from app.web.shell import words

blueprint = Blueprint("revaluation_pages", __name__, url_prefix="/revaluations")

MAX_FALLS = 20
"""The largest falls are what a reader looks for."""

WORKING = frozenset({RunState.WAITING, RunState.RUNNING})


@blueprint.get("")
@access(Permission.RUN_REVALUATION)
def run_list() -> str:
    """The own runs and those of the platform."""
    session, actor = current_session(), current_actor()
    page = fetch_page(session, run_queries.list_runs(session, actor), page_request())
    shown = page.holding(services.run_summaries(actor, page.items))
    return render_template("appraisal/runs.html", page=shown, **room_words())


@blueprint.route("/new", methods=["GET", "POST"])
@access(Permission.RUN_REVALUATION)
def new_run() -> Response | str | tuple[str, int]:
    """File a run for a day."""
    session, actor = current_session(), current_actor()

    def submit(command: services.RequestRevaluation) -> Response:
        found = services.file_revaluation(session, actor, command)
        tell("ok" if found.filed else "note", _told(found))
        return redirect(f"/revaluations/{found.view.id}", 303)  # type: ignore[return-value]

    return form_page(
        RequestRevaluationSchema(),
        title=gettext("Start a revaluation"),
        help_text=gettext(
            "All assets in your sight with a valid appraisal are valued again. "
            "A day that was revalued is revalued again where assets failed or facts came since."
        ),
        back="/revaluations",
        values={"on": today(session).isoformat(), "executor": "serial"},
        choices={
            "executor": [
                ("serial", gettext("One process")),
                ("processes", gettext("Several processes of this machine")),
            ]
        },
        submit=submit,
    )


def _told(found: services.FiledRun) -> str:
    """What became of a request."""
    number = found.view.number
    if found.filed:
        return gettext("Revaluation %(number)s is filed.", number=number)
    if found.view.state in WORKING:
        return gettext("Revaluation %(number)s of this day is not finished yet.", number=number)
    return gettext(
        "This day was revalued already by %(number)s, and nothing has changed since.", number=number
    )


@blueprint.route("/assets/<uuid:asset_id>", methods=["GET", "POST"])
@access(Permission.RUN_REVALUATION)
def revalue_asset(asset_id: UUID) -> Response | str | tuple[str, int]:
    """Value one asset again on a day."""
    session, actor = current_session(), current_actor()
    asset, back = load_asset(session, actor, asset_id), f"/assets/{asset_id}"

    def submit(command: services.RevalueAsset) -> Response:
        found = services.revalue_asset(session, actor, asset_id, command)
        current = services.asset_value(session, actor, asset_id, today(session)).current_fen
        tell("ok", _told_again(found, current))
        return redirect(back, 303)  # type: ignore[return-value]

    return form_page(
        RevalueAssetSchema(),
        title=gettext("Value again"),
        subtitle=f"{asset.number} · {words(Name(zh=asset.title, en=asset.title_en))}",
        help_text=gettext(
            "The model of the valid appraisal runs again at the prices of the day, on the inputs of the "
            "appraisal and what was recorded since. The appraised value stays; the current value is the lower of "
            "it and the figure of the latest day."
        ),
        back=back,
        values={"on": today(session).isoformat()},
        submit=submit,
    )


def _told_again(found: services.ValuationView, current_fen: int | None) -> str:
    """The figure of the day, and the current value, which that of a later day may decide."""
    value, current = (
        "—" if fen is None else money_with_unit(fen, "yuan", locale=current_locale())
        for fen in (found.value_fen, current_fen)
    )
    return gettext(
        "Valued on %(day)s: %(value)s. The current value is %(current)s.",
        day=found.on,
        value=value,
        current=current,
    )


@blueprint.get("/<uuid:run_id>")
@access(Permission.RUN_REVALUATION)
def run_page(run_id: UUID) -> str:
    """A run: progress, largest falls, problems."""
    session, actor = current_session(), current_actor()
    view = services.get_run(session, actor, run_id)
    failed = run_queries.run_items(session, actor, run_id, ItemState.FAILED)
    problems = fetch_page(session, failed, page_request())
    falls = session.execute(run_queries.run_falls(session, actor, run_id).limit(MAX_FALLS)).all()
    return render_template(
        "appraisal/run.html",
        run=view,
        working=view.state in WORKING,
        problems=problems.holding(services.item_views(problems.items)),
        falls=services.item_views(falls),
        input_titles={each.name: words(each.title) for spec in all_specs() for each in spec.fields},
        **room_words(),
    )


@blueprint.get("/<uuid:run_id>/progress")
@access(Permission.RUN_REVALUATION)
def run_progress(run_id: UUID) -> Response:
    """The progress alone, asked for every second; the page is loaded again when the run has ended."""
    view = services.get_run(current_session(), current_actor(), run_id)
    working = view.state in WORKING
    page = render_template("appraisal/progress.html", run=view, working=working, **room_words())
    response = make_response(page)
    if not working:
        response.headers["HX-Refresh"] = "true"
    return response


@blueprint.get("/<uuid:run_id>/assets")
@access(Permission.RUN_REVALUATION)
def run_assets(run_id: UUID) -> str:
    """Every asset of a run: what it was worth before and after, or why it could not be valued."""
    session, actor = current_session(), current_actor()
    view, state = services.get_run(session, actor, run_id), _asked_state()
    found = run_queries.run_items(session, actor, run_id, state)
    page = fetch_page(session, found, page_request())
    return render_template(
        "appraisal/run_assets.html",
        run=view,
        page=page.holding(services.item_views(page.items)),
        asked=state or "",
        exports=[
            ("Excel", url_for("revaluation_pages.assets_xlsx", run_id=run_id, state=state)),
            ("CSV", url_for("revaluation_pages.assets_csv", run_id=run_id, state=state)),
        ],
        **room_words(),
    )


@blueprint.get("/<uuid:run_id>/assets.csv")
@access(Permission.RUN_REVALUATION)
def assets_csv(run_id: UUID) -> Response:
    """The assets of a run as text."""
    table, name = _file(run_id, "csv")
    return attachment(table_csv(table), name=name, media_type=CSV_TYPE)


@blueprint.get("/<uuid:run_id>/assets.xlsx")
@access(Permission.RUN_REVALUATION)
def assets_xlsx(run_id: UUID) -> Response:
    """The assets of a run as a workbook with native numbers."""
    table, name = _file(run_id, "xlsx")
    return attachment(table_xlsx(table), name=name, media_type=XLSX_TYPE)


def _file(run_id: UUID, ending: str) -> tuple[ExportTable, str]:
    session, actor = current_session(), current_actor()
    view, state = services.get_run(session, actor, run_id), _asked_state()
    found = run_queries.run_items(session, actor, run_id, state)
    rows = session.execute(found.limit(MAX_RUN_EXPORT_ROWS + 1)).all()
    if len(rows) > MAX_RUN_EXPORT_ROWS:
        listed = fetch_page(session, found, page_request()).total
        raise RunExportTooLong(rows=listed, most=MAX_RUN_EXPORT_ROWS)
    items = services.item_views(rows)
    models = {each: model_title(each) for each in {item.model_id for item in items}}
    return items_table(view, items, models, actor, state), file_name(view, state, ending)


def _asked_state() -> ItemState | None:
    """The state that the address asks for; None for all."""
    asked = request.args.get("state")
    query = load_schema(RunItemQuery(), {"state": asked} if asked else {})
    return cast("ItemState | None", query.get("state"))
