"""The job page."""

from flask import Blueprint, render_template
from sqlmodel import col

from app.jobs import queries
from app.jobs.api import rules
from app.jobs.domain import RUN_STATE_TITLES
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
    return render_template(
        "jobs/jobs.html",
        status=queries.job_status(session, actor, rules()),
        runs=found,
        state_titles=RUN_STATE_TITLES,
    )
