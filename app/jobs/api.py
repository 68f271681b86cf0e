"""The job API: which jobs there are, their last runs, and the schedulers at work."""

from typing import cast

from flask import current_app

from app.jobs import queries
from app.jobs.domain import JobRule, read_rules
from app.jobs.schemas import JobStatusSchema
from app.kernel.permissions import Permission
from app.settings import Settings
from app.web.access import access, current_actor, current_session
from app.web.openapi import ApiBlueprint

blueprint = ApiBlueprint(
    "jobs", "jobs", url_prefix="/api/v1/jobs", description="Jobs and their runs"
)


def rules() -> tuple[JobRule, ...]:
    """The jobs as the settings of this installation time them."""
    return read_rules(cast(Settings, current_app.extensions["settings"]).scheduler_seconds)


@blueprint.route("")
@access(Permission.READ_JOBS)
@blueprint.response(200, JobStatusSchema)
def list_jobs() -> queries.JobStatus:
    """All jobs with their last runs."""
    return queries.job_status(current_session(), current_actor(), rules())
