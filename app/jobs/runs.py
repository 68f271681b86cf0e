"""Claims, heartbeats and ends of runs: exactly one effect for each (job, tick, scope).

A run is claimed by inserting its row. Whoever finds it held waits; when the lease is over the run is
taken over with a higher attempt. Every later write names owner and attempt, so that a process that
was thought dead finds its row gone and undoes what it was about to commit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.domain import json_facts
from app.db import leases
from app.db.engine import now
from app.db.numbers import insert_ignoring
from app.jobs.domain import MAX_ATTEMPTS, JobRule, RunState, due_ticks, wait_after
from app.jobs.models import JobRun

DETAIL_LENGTH: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A run that is ours until its lease ends."""

    job: str
    scope: str
    tick: str
    owner: str
    attempt: int
    fence: int
    lease_seconds: int


def open_ticks(session: Session, rule: JobRule, scope: str) -> list[str]:
    """Ticks to run now, oldest first: those without a run, and those whose holder died or failed."""
    instant = now(session)
    statement = sa.select(
        col(JobRun.tick), col(JobRun.state), col(JobRun.attempt), col(JobRun.lease_until)
    ).where(col(JobRun.job) == rule.name, col(JobRun.scope) == scope)
    rows = session.execute(statement).all()
    left = [
        row.tick
        for row in rows
        if rule.daily
        and row.state is not RunState.DONE
        and row.lease_until < instant
        and row.attempt < MAX_ATTEMPTS
    ]
    return sorted({*left, *due_ticks(rule, instant, [row.tick for row in rows])})


def claim_run(
    session: Session, rule: JobRule, *, scope: str, tick: str, owner: str
) -> Claim | None:
    """Take the run of a tick, or None when it is done, held, or another tick of the job is running."""
    fence = leases.claim(session, _lease_name(rule.name, scope), owner, rule.lease_seconds)
    if fence is None:
        return None
    attempt = _insert(session, rule, scope, tick, owner, fence) or _take_over(
        session, rule, scope, tick, owner, fence
    )
    if attempt is None:
        leases.release(session, _lease_name(rule.name, scope), owner)
        return None
    return Claim(
        job=rule.name,
        scope=scope,
        tick=tick,
        owner=owner,
        attempt=attempt,
        fence=fence,
        lease_seconds=rule.lease_seconds,
    )


def _lease_name(job: str, scope: str) -> str:
    return f"job:{job}:{scope}"


def _insert(
    session: Session, rule: JobRule, scope: str, tick: str, owner: str, fence: int
) -> int | None:
    row = {
        "job": rule.name,
        "scope": scope,
        "tick": tick,
        "state": RunState.RUNNING,
        "attempt": 1,
        "fence": fence,
        "owner": owner,
        "lease_until": now(session) + timedelta(seconds=rule.lease_seconds),
        "started_at": now(session),
        "facts": {},
        "detail": "",
    }
    return 1 if insert_ignoring(session, JobRun.__table__, row) else None  # type: ignore[attr-defined]


def _take_over(
    session: Session, rule: JobRule, scope: str, tick: str, owner: str, fence: int
) -> int | None:
    statement = (
        sa.update(JobRun)
        .where(
            *_named(rule.name, scope, tick),
            col(JobRun.state) != RunState.DONE,
            col(JobRun.lease_until) < now(session),
        )
        .values(
            state=RunState.RUNNING,
            owner=owner,
            attempt=JobRun.attempt + 1,
            finished_at=None,
            fence=fence,
            lease_until=now(session) + timedelta(seconds=rule.lease_seconds),
        )
        .returning(col(JobRun.attempt))
        .execution_options(synchronize_session=False)
    )
    return session.execute(statement).scalar_one_or_none()


def renew(session: Session, held: Claim) -> None:
    """Keep the run for another lease; `LeaseLost` when it is no longer ours."""
    until = now(session) + timedelta(seconds=held.lease_seconds)
    _write_held(session, held, {"lease_until": until})
    name = _lease_name(held.job, held.scope)
    if leases.claim(session, name, held.owner, held.lease_seconds) is None:
        raise leases.LeaseLost(retry_after=held.lease_seconds)


def complete(session: Session, held: Claim, facts: Mapping[str, object], *, keep: bool) -> None:
    """Mark the run as done, in the transaction of its effect; `keep` keeps the runs before it too."""
    values = {
        "state": RunState.DONE,
        "finished_at": now(session),
        "facts": json_facts(facts),
        "detail": "",
    }
    _write_held(session, held, values)
    leases.release(session, _lease_name(held.job, held.scope), held.owner)
    if not keep:
        _forget_former(session, held)


def fail(session: Session, held: Claim, detail: str, *, keep: bool) -> None:
    """Mark the run as failed; it rests, then may be taken over."""
    values = {
        "state": RunState.FAILED,
        "finished_at": now(session),
        "lease_until": now(session) + wait_after(held.attempt),
        "detail": detail[:DETAIL_LENGTH],
    }
    _write_held(session, held, values)
    leases.release(session, _lease_name(held.job, held.scope), held.owner)
    if not keep:
        _forget_former(session, held)


def _write_held(session: Session, held: Claim, values: Mapping[str, Any]) -> None:
    statement = (
        sa.update(JobRun)
        .where(
            *_named(held.job, held.scope, held.tick),
            col(JobRun.owner) == held.owner,
            col(JobRun.attempt) == held.attempt,
            col(JobRun.state) == RunState.RUNNING,
        )
        .values(**values)
        .returning(col(JobRun.tick))
        .execution_options(synchronize_session=False)
    )
    if session.execute(statement).first() is None:
        raise leases.LeaseLost(retry_after=held.lease_seconds)


def _forget_former(session: Session, held: Claim) -> None:
    """Of a job that looks every few seconds only the last run is kept."""
    statement = (
        sa.delete(JobRun)
        .where(
            col(JobRun.job) == held.job,
            col(JobRun.scope) == held.scope,
            col(JobRun.tick) < held.tick,
        )
        .execution_options(synchronize_session=False)
    )
    session.execute(statement)


def _named(job: str, scope: str, tick: str) -> tuple[sa.ColumnElement[bool], ...]:
    return col(JobRun.job) == job, col(JobRun.scope) == scope, col(JobRun.tick) == tick
