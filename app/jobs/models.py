"""Tables of the jobs room: runs under leases, and the schedulers that are alive."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.base import check
from app.db.types import choice, json_column, text
from app.jobs.domain import RunState


class JobRun(SQLModel, table=True):
    """One run for one planned slot of one job; `fence` grows with each holder of the job."""

    __tablename__ = "job_run"
    __table_args__ = (
        check("attempt_positive", "attempt >= 1"),
        sa.Index("ix_job_run_started_at", "started_at"),
    )

    job: str = Field(primary_key=True, max_length=60)
    scope: str = Field(primary_key=True, max_length=36)
    tick: str = Field(primary_key=True, max_length=40)
    state: RunState = choice(RunState, "state", default=RunState.RUNNING)
    attempt: int = Field(default=1, nullable=False)
    fence: int = Field(nullable=False)
    owner: str = text(120)
    lease_until: datetime
    """When somebody else may take over: the end of the lease, or of the wait after a failure."""
    started_at: datetime
    finished_at: datetime | None = None
    facts: dict[str, Any] = json_column()
    detail: str = text(300, default="")


class SchedulerProcess(SQLModel, table=True):
    """A scheduler and when it was last seen."""

    __tablename__ = "scheduler_process"

    owner: str = Field(primary_key=True, max_length=120)
    started_at: datetime
    seen_at: datetime = Field(index=True)
