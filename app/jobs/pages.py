"""The job page."""

from flask import Blueprint, render_template
from sqlmodel import col

from app.jobs import queries
from app.jobs.api import rules
from app.jobs.domain import FACT_TITLES, RUN_STATE_TITLES
from app.jobs.models import JobRun
from app.kernel.permissions import Permission
from app.web.access import access, current_actor, current_session
from app.web.paging import fetch_page, page_request

blueprint = Blueprint("jobs_pages", __name__, url_prefix="/jobs")


@blueprint.get("")
@access(Permission.READ_JOBS)
def jobs() -> str:
    """Jobs with their last runs, and the latest runs of all."""
    session, actor = current_session(), current_actor()
    order = (col(JobRun.started_at).desc(), col(JobRun.job), col(JobRun.tick))
    found = fetch_page(
        session, queries.visible_runs(session, actor).order_by(*order), page_request()
    )
    runs = found.holding([queries.run_view(row) for row in found.items])
    return render_template(
        "jobs/jobs.html",
        status=queries.job_status(session, actor, rules()),
        runs=runs,
        titles={rule.name: rule.title for rule in rules()},
        banks=queries.bank_names(session, runs.items),
        state_titles=RUN_STATE_TITLES,
        fact_titles=FACT_TITLES,
    )
