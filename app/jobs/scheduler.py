"""The scheduler process: a clock that looks for due work. Several may run side by side."""

import os
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import sqlalchemy as sa
import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from sqlmodel import Session, col

from app.db.engine import Database, now
from app.jobs.models import SchedulerProcess
from app.jobs.runner import Job, run_due

log = structlog.get_logger("greenpledge.jobs")

ZONE: Final = "Asia/Shanghai"
THREADS: Final = 4
BEAT_SECONDS: Final = 15
SWEEP_SECONDS: Final = 60
"""How soon a daily job that was missed, or whose holder died, is taken up."""


def run_scheduler(
    database: Database,
    jobs: Sequence[Job],
    *,
    stop: threading.Event | None = None,
    sweep_seconds: int = SWEEP_SECONDS,
) -> None:
    """Look for due work until `stop` is set; what is running then is finished first."""
    stop = stop or threading.Event()
    owner = f"{socket.gethostname()}:{os.getpid()}"[:80]
    clock = _clock()
    _beat(database, owner)
    clock.add_job(_beat, "interval", seconds=BEAT_SECONDS, args=(database, owner))
    for job in jobs:
        _add(clock, job, partial(_look, database, job, owner, stop), sweep_seconds)
    clock.start()
    log.info("scheduler started", owner=owner, jobs=len(jobs))
    stop.wait()
    clock.shutdown(wait=True)
    _leave(database, owner)
    log.info("scheduler stopped", owner=owner)


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _clock() -> BackgroundScheduler:
    clock = BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(THREADS)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 3600},
        timezone=ZONE,
    )
    clock.add_listener(_note, EVENT_JOB_MISSED | EVENT_JOB_ERROR | EVENT_JOB_MAX_INSTANCES)
    return clock


def _add(
    clock: BackgroundScheduler, job: Job, look: Callable[[], None], sweep_seconds: int
) -> None:
    """A daily job is looked for at its time, and between for what was missed or cut off."""
    rule = job.rule
    if rule.daily_at is not None:
        at = {"hour": rule.daily_at.hour, "minute": rule.daily_at.minute, "day_of_week": "mon-sun"}
        clock.add_job(look, "cron", id=rule.name, **at)
    seconds = rule.every_seconds or sweep_seconds
    clock.add_job(look, "interval", id=f"{rule.name}-look", seconds=seconds)
    clock.add_job(look, id=f"{rule.name}-start")


def _look(database: Database, job: Job, owner: str, stop: threading.Event) -> None:
    if stop.is_set():
        return
    try:
        run_due(database, job, owner=owner, stop=stop)
    except sa.exc.OperationalError as error:
        log.warning("database unavailable", job=job.rule.name, error=type(error).__name__)


def _note(event: Any) -> None:
    log.warning("clock event", event_code=event.code, job=event.job_id)


def _beat(database: Database, owner: str) -> None:
    """Say that this scheduler is alive."""
    try:
        with database.write() as session:
            row = session.get(SchedulerProcess, owner) or _new_process(session, owner)
            row.seen_at = now(session)
            session.add(row)
    except sa.exc.OperationalError as error:
        log.warning("database unavailable", error=type(error).__name__)


def _new_process(session: Session, owner: str) -> SchedulerProcess:
    instant = now(session)
    return SchedulerProcess(owner=owner, started_at=instant, seen_at=instant)


def _leave(database: Database, owner: str) -> None:
    with database.write() as session:
        statement = sa.delete(SchedulerProcess).where(col(SchedulerProcess.owner) == owner)
        session.execute(statement.execution_options(synchronize_session=False))
