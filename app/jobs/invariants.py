"""What `verify` asks of runs: what is over has an end, and no job runs twice at once."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlmodel import Session, col

from app.db.invariants import Violation
from app.jobs.domain import RunState
from app.jobs.models import JobRun


def violations(session: Session) -> Iterator[Violation]:
    """Runs whose state does not fit their end and their reason, and jobs with two runs under lease."""
    for row in session.execute(sa.select(JobRun)).scalars():
        ended = row.finished_at is not None
        failed = ended and bool(row.detail)
        fits = {
            RunState.RUNNING: not ended,
            RunState.DONE: ended and not failed,
            RunState.FAILED: failed,
        }
        if not fits[row.state]:
            subject = f"job {row.job} {row.tick}"
            yield Violation(invariant="job-run-end", subject=subject, detail=f"state {row.state}")
    yield from _two_at_once(session)


def _two_at_once(session: Session) -> Iterator[Violation]:
    statement = (
        sa.select(col(JobRun.job), col(JobRun.scope), sa.func.count())
        .where(col(JobRun.state) == RunState.RUNNING)
        .group_by(col(JobRun.job), col(JobRun.scope), col(JobRun.fence))
        .having(sa.func.count() > 1)
    )
    for job, scope, count in session.execute(statement):
        subject = f"job {job} {scope}".strip()
        yield Violation(
            invariant="job-run-fence", subject=subject, detail=f"{count} runs hold one fence"
        )
