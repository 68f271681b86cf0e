"""Runs one tick of a job: claim, work, end. A short job does all three in one transaction."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlmodel import Session, col

from app.audit.models import REQUEST_ID_LENGTH
from app.db.engine import Database, asked_by
from app.db.leases import LeaseLost
from app.identity.domain import OrganisationKind
from app.identity.models import Organisation
from app.jobs import runs
from app.jobs.domain import JobRule, Scope
from app.kernel.actor import PLATFORM_ORGANISATION_ID, Actor, system_actor
from app.kernel.ids import new_id

log = structlog.get_logger("greenpledge.jobs")

Facts = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What a job is given: its tick, on whose behalf, and the wish to stop."""

    tick: str
    actor: Actor
    stop: threading.Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortJob:
    """Work of one transaction, well under half a second; None means that there was nothing to do."""

    rule: JobRule
    effect: Callable[[Session, Turn], Facts | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LongJob:
    """Work of many transactions that may be cut off at any point and begun again.

    `needed` looks first, so that nothing is written while there is nothing to do.
    """

    rule: JobRule
    work: Callable[[Database, Turn], Facts]
    needed: Callable[[Session], bool] | None = None


Job = ShortJob | LongJob

PLATFORM_SCOPE: Final = ""


def run_due(database: Database, job: Job, *, owner: str, stop: threading.Event) -> int:
    """Run every due tick of a job for everyone it is for; gives how many had an effect."""
    count = 0
    for scope, actor in _for_whom(database, job.rule):
        with database.read() as session:
            ticks = runs.open_ticks(session, job.rule, scope) if _wanted(session, job) else []
        for tick in ticks:
            if stop.is_set():
                return count
            count += run_tick(database, job, Turn(tick=tick, actor=actor, stop=stop), scope, owner)
    return count


def _wanted(session: Session, job: Job) -> bool:
    return not isinstance(job, LongJob) or job.needed is None or job.needed(session)


def run_tick(database: Database, job: Job, turn: Turn, scope: str, owner: str) -> bool:
    """Run one tick; whether it was ours and had an effect. A failure is kept with the run, not raised."""
    holder = f"{owner}/{new_id().hex}"
    run = _run_short if isinstance(job, ShortJob) else _run_long
    try:
        with asked_by(f"{job.rule.name}@{turn.tick}"[:REQUEST_ID_LENGTH]):
            return run(database, job, turn, scope, holder)  # type: ignore[arg-type]
    except LeaseLost:
        log.warning("job lost", job=job.rule.name, tick=turn.tick, scope=scope)
        return False
    except Exception:
        log.exception("job failed", job=job.rule.name, tick=turn.tick, scope=scope)
        return False


class _NothingToDoError(Exception):
    """Undoes the claim of a short job that found nothing to do."""


def _run_short(database: Database, job: ShortJob, turn: Turn, scope: str, owner: str) -> bool:
    try:
        with database.write() as session:
            _in_one_transaction(session, job, turn, scope, owner)
    except _NothingToDoError:
        return False
    except Exception as error:
        _note_failure(database, job.rule, turn.tick, scope, owner, error)
        raise
    return True


def _in_one_transaction(
    session: Session, job: ShortJob, turn: Turn, scope: str, owner: str
) -> None:
    held = runs.claim_run(session, job.rule, scope=scope, tick=turn.tick, owner=owner)
    facts = job.effect(session, turn) if held else None
    if held is None or (facts is None and not job.rule.daily):
        raise _NothingToDoError
    runs.complete(session, held, facts or {}, keep=job.rule.daily)


def _note_failure(
    database: Database, rule: JobRule, tick: str, scope: str, owner: str, error: Exception
) -> None:
    """The claim was undone with the work: claim once more, to say that it failed."""
    with database.write() as session:
        held = runs.claim_run(session, rule, scope=scope, tick=tick, owner=owner)
        if held is not None:
            runs.fail(session, held, _reason(error), keep=rule.daily)


def _run_long(database: Database, job: LongJob, turn: Turn, scope: str, owner: str) -> bool:
    with database.write() as session:
        held = runs.claim_run(session, job.rule, scope=scope, tick=turn.tick, owner=owner)
    if held is None:
        return False
    try:
        with _heartbeat(database, held):
            facts = job.work(database, turn)
    except Exception as error:
        with database.write() as session:
            runs.fail(session, held, _reason(error), keep=job.rule.daily)
        raise
    with database.write() as session:
        runs.complete(session, held, facts, keep=job.rule.daily)
    return True


def _reason(error: Exception) -> str:
    """The kind of error; its text may hold figures of customers."""
    return type(error).__name__


@contextmanager
def _heartbeat(database: Database, held: runs.Claim) -> Iterator[None]:
    """Renew the lease at a third of its length while the work goes on."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(held.lease_seconds / 3):
            try:
                with database.write() as session:
                    runs.renew(session, held)
            except LeaseLost:
                return
            except sa.exc.OperationalError:
                log.warning("job heartbeat delayed", job=held.job, tick=held.tick)

    thread = threading.Thread(target=beat, name=f"lease-{held.job}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _for_whom(database: Database, rule: JobRule) -> list[tuple[str, Actor]]:
    if rule.scope is Scope.PLATFORM:
        return [(PLATFORM_SCOPE, platform_actor())]
    with database.read() as session:
        banks = session.execute(
            sa.select(col(Organisation.id), col(Organisation.region_code))
            .where(col(Organisation.kind) == OrganisationKind.BANK)
            .order_by(col(Organisation.code))
        ).all()
    return [(str(bank_id), _bank_actor(bank_id, region)) for bank_id, region in banks]


def platform_actor() -> Actor:
    """The scheduler acting for the platform."""
    return system_actor(organisation_id=PLATFORM_ORGANISATION_ID, organisation_kind="platform")


def _bank_actor(bank_id: UUID, region_code: str) -> Actor:
    return system_actor(organisation_id=bank_id, organisation_kind="bank", region_code=region_code)
