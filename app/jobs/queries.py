"""What the job page, the API and `job status` show."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.db.engine import now
from app.identity.models import Organisation
from app.jobs.domain import JobRule, RunState, Scope, slot_of
from app.jobs.models import JobRun, SchedulerProcess
from app.kernel.actor import Actor, Name
from app.kernel.permissions import Permission

ALIVE: Final = timedelta(seconds=60)
"""A scheduler says every quarter of a minute that it is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One run."""

    job: str
    scope: str
    tick: str
    state: RunState
    attempt: int
    started_at: datetime
    finished_at: datetime | None
    facts: Mapping[str, Any]
    detail: str

    @property
    def slot(self) -> date | datetime:
        """The planned slot: a day, or an instant."""
        return slot_of(self.tick)

    @property
    def daily(self) -> bool:
        """Whether the slot is a day."""
        return not isinstance(self.slot, datetime)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """A job, its rhythm and its last run."""

    name: str
    title: Name
    scope: str
    every_seconds: int | None
    daily_at: str | None
    visible: bool
    """Whether the reader may see its runs: a bank sees those for itself."""
    last: RunView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerView:
    """A scheduler process."""

    owner: str
    started_at: datetime
    seen_at: datetime
    alive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus:
    """All jobs and schedulers."""

    jobs: tuple[JobView, ...]
    schedulers: tuple[SchedulerView, ...]

    @property
    def alive(self) -> bool:
        """Whether a scheduler is at work."""
        return any(scheduler.alive for scheduler in self.schedulers)


def job_status(session: Session, actor: Actor, rules: Sequence[JobRule]) -> JobStatus:
    """The jobs in their order, each with its last run."""
    actor.require(Permission.READ_JOBS)
    last = _last_runs(session, actor)
    whole = _sees_all(actor)
    processes = session.execute(
        sa.select(SchedulerProcess).order_by(col(SchedulerProcess.started_at))
    ).scalars()
    oldest = now(session) - ALIVE
    return JobStatus(
        jobs=tuple(
            _job_view(rule, last.get(rule.name), visible=whole or rule.scope is Scope.BANK)
            for rule in rules
        ),
        schedulers=tuple(_scheduler_view(row, oldest) for row in processes),
    )


def visible_runs(session: Session, actor: Actor) -> sa.Select[Any]:  # noqa: ARG001 - as in every room
    """Runs that the actor may see: all, or those for the own bank."""
    statement = sa.select(JobRun)
    if _sees_all(actor):
        return statement
    if actor.sees("job") == "own":
        return statement.where(col(JobRun.scope) == str(actor.organisation_id))
    return statement.where(sa.false())


def _sees_all(actor: Actor) -> bool:
    return "all" in {actor.sees("job"), actor.sees("*")}


def bank_names(session: Session, runs: Iterable[RunView]) -> dict[str, Name]:
    """The names of the banks that runs were for, by their scope."""
    ids = {UUID(run.scope) for run in runs if run.scope}
    statement = sa.select(Organisation).where(col(Organisation.id).in_(ids))
    rows = session.execute(statement).scalars()
    return {str(row.id): Name(zh=row.name_zh, en=row.name_en) for row in rows}


def run_view(row: JobRun) -> RunView:
    """The view of a run."""
    return RunView(**{name: getattr(row, name) for name in RunView.__dataclass_fields__})


def _last_runs(session: Session, actor: Actor) -> dict[str, RunView]:
    """The run that began last of each job, among those in sight."""
    seen = visible_runs(session, actor).subquery()
    newest = sa.select(seen.c.job, sa.func.max(seen.c.started_at).label("at"))
    newest_of = newest.group_by(seen.c.job).subquery()
    statement = visible_runs(session, actor).join(
        newest_of,
        sa.and_(newest_of.c.job == col(JobRun.job), newest_of.c.at == col(JobRun.started_at)),
    )
    return {row.job: run_view(row) for row in session.execute(statement).scalars()}


def _job_view(rule: JobRule, last: RunView | None, *, visible: bool) -> JobView:
    return JobView(
        name=rule.name,
        title=rule.title,
        scope=rule.scope.value,
        every_seconds=rule.every_seconds,
        daily_at=rule.daily_at.strftime("%H:%M") if rule.daily_at else None,
        visible=visible,
        last=last,
    )


def _scheduler_view(row: SchedulerProcess, oldest: datetime) -> SchedulerView:
    return SchedulerView(
        owner=row.owner,
        started_at=row.started_at,
        seen_at=row.seen_at,
        alive=row.seen_at >= oldest,
    )
