"""Pages of revaluation: runs, starting one, one with its progress, falls and problems."""

from uuid import UUID

from flask import Blueprint, Response, make_response, redirect, render_template
from flask_babel import gettext

from app.appraisal import queries, services
from app.appraisal.domain import RunState
from app.appraisal.domain.catalogue import all_specs
from app.appraisal.pages.shown import room_words
from app.appraisal.schemas import RequestRevaluationSchema
from app.db.engine import today
from app.kernel.permissions import Permission
from app.web.access import access, current_actor, current_session, tell
from app.web.forms import form_page
from app.web.paging import fetch_page, page_request
from app.web.shell import words

blueprint = Blueprint("revaluation_pages", __name__, url_prefix="/revaluations")

MAX_FALLS = 20
"""The largest falls are what a reader looks for."""

WORKING = frozenset({RunState.WAITING, RunState.RUNNING})


@blueprint.get("")
@access(Permission.RUN_REVALUATION)
def run_list() -> str:
    """The runs of the own organisation."""
    session, actor = current_session(), current_actor()
    page = fetch_page(session, queries.list_runs(session, actor), page_request())
    shown = page.holding([services.run_view(row) for row in page.items])
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


@blueprint.get("/<uuid:run_id>")
@access(Permission.RUN_REVALUATION)
def run_page(run_id: UUID) -> str:
    """A run: progress, largest falls, problems."""
    session, actor = current_session(), current_actor()
    view = services.get_run(session, actor, run_id)
    problems = fetch_page(session, queries.run_problems(run_id), page_request())
    falls = session.execute(queries.run_falls(run_id).limit(MAX_FALLS)).all()
    return render_template(
        "appraisal/run.html",
        run=view,
        working=view.state in WORKING,
        problems=problems.holding(services.problem_views(problems.items)),
        falls=services.fall_views(falls),
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
