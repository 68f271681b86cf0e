"""Revaluation runs: filed in one transaction, valued in short chunks, resumable, with equal result."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, cast
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal import run_queries
from app.appraisal.domain import AppraisalState, ItemState, RunState
from app.appraisal.models import Appraisal, RevaluationItem, RevaluationRun
from app.appraisal.services.chunks import (
    Chunk,
    ChunkRows,
    chunk_rows,
    finish_chunk,
    read_chunk,
)
from app.appraisal.services.errors import RunInFuture
from app.appraisal.services.executors import Executor, executor_for, require_executor
from app.appraisal.services.views import RunSummary, RunView, run_summary, run_view, way_of
from app.assets.models import Asset
from app.assets.queries import visible_assets
from app.audit.services import record
from app.db.engine import Database, now, today
from app.db.leases import LeaseLost, claim, release
from app.db.numbers import next_number
from app.kernel.actor import PLATFORM_ORGANISATION_ID, Actor
from app.kernel.errors import Busy, Forbidden, NotFound
from app.kernel.ids import new_id
from app.kernel.permissions import Permission
from app.market.services import prices_came_since

SERIES: Final = "R"
CHUNK: Final = 500
LEASE_SECONDS: Final = 60
"""A chunk takes well under a second; a runner that died is replaced after a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRevaluation:
    """A revaluation of everything the actor sees, on a day."""

    on: date
    executor: str = "serial"


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledRun:
    """The run that answers a request, and whether the request filed it."""

    view: RunView
    filed: bool


def request_revaluation(session: Session, actor: Actor, command: RequestRevaluation) -> RunView:
    """The run of `file_revaluation`, filed now or before."""
    return file_revaluation(session, actor, command).view


def file_revaluation(session: Session, actor: Actor, command: RequestRevaluation) -> FiledRun:
    """File a run over the assets with an appraisal valid on the day.

    A run that waits or works answers its day, and so does a finished one while nothing failed in it and
    nothing came since that counts on the day. Else the new run supersedes it; its figures stay. Refuses
    days to come and ways of running that are not installed. The jobs room runs what is filed.
    """
    actor.require(Permission.RUN_REVALUATION)
    require_executor(command.executor)
    if command.on > today(session):
        raise RunInFuture(today=today(session))
    scope_id = scope_of(actor)
    known = _run_of_day(session, scope_id, command.on)
    if known is not None and _answers(session, actor, known):
        return FiledRun(view=run_view(known), filed=False)
    if known is not None:
        _supersede(session, actor, known)
    row = RevaluationRun(
        number=next_number(session, SERIES, command.on.year),
        on=command.on,
        scope_id=scope_id,
        state=RunState.WAITING,
        executor=command.executor,
        requested_by_id=actor.person_id,
        created_at=now(session),
    )
    session.add(row)
    session.flush()
    row.total = _file_items(session, actor, row)
    session.flush()
    record(
        session,
        actor,
        "revaluation.request",
        subject_kind="revaluation-run",
        subject_id=row.id,
        number=row.number,
        on=row.on,
        total=row.total,
    )
    return FiledRun(view=run_view(row), filed=True)


def find_settled_run(session: Session, actor: Actor, on: date) -> RunView | None:
    """The finished run that a request of the actor for a day would answer, if there is one."""
    actor.require(Permission.RUN_REVALUATION)
    row = _run_of_day(session, scope_of(actor), on)
    if row is None or row.state is not RunState.FINISHED or not _answers(session, actor, row):
        return None
    return run_view(row)


def get_run(session: Session, actor: Actor, run_id: UUID) -> RunView:
    """One run in the actor's sight; of another's run the assets in sight are counted."""
    row = load_run(session, actor, run_id)
    view = run_view(row)
    if _is_own(actor, row):
        return view
    counts = run_queries.run_counts(session, actor, run_id)
    return replace(
        view,
        executor=way_of(row.executor),
        total=sum(counts.values()),
        done=counts.get(ItemState.DONE, 0),
        failed=counts.get(ItemState.FAILED, 0),
    )


def run_summaries(actor: Actor, rows: Sequence[RevaluationRun]) -> list[RunSummary]:
    """Runs for a list: of another's run nothing is counted, which would read all its assets."""
    return [run_view(row) if _is_own(actor, row) else run_summary(row) for row in rows]


def _is_own(actor: Actor, run: RevaluationRun) -> bool:
    """Whether all assets of a run are the actor's to see and to work on."""
    return actor.sees("*") == "all" or run.scope_id == actor.organisation_id


def load_run(session: Session, actor: Actor, run_id: UUID) -> RevaluationRun:
    """The row, or NotFound."""
    statement = run_queries.visible_runs(session, actor).where(col(RevaluationRun.id) == run_id)
    row: RevaluationRun | None = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


def waiting_runs(session: Session) -> list[UUID]:
    """Runs that wait or were interrupted, oldest first, for the jobs room."""
    statement = (
        sa.select(col(RevaluationRun.id))
        .where(col(RevaluationRun.state).in_([RunState.WAITING, RunState.RUNNING]))
        .order_by(col(RevaluationRun.id))
    )
    return list(session.execute(statement).scalars())


def run_revaluation(
    database: Database,
    actor: Actor,
    run_id: UUID,
    *,
    executor: str | None = None,
    opened: Executor | None = None,
    chunk: int = CHUNK,
) -> RunView:
    """Value what is still waiting in a run, chunk by chunk, each in a short transaction of its own.

    Own runs alone (`Forbidden` otherwise), by one runner at a time (`Busy` otherwise). Killed at any
    point and started again it ends in the same state as without. An asset that cannot be valued is
    listed and stops nothing. A finished run is answered as it is. `executor` is the way of running, by
    default the one of the request; `opened` is that executor where the caller has it at work already.
    The run keeps the way that worked last.
    """
    actor.require(Permission.RUN_REVALUATION)
    with database.read() as session:
        row = load_run(session, actor, run_id)
        found = run_view(row)
        if not _is_own(actor, row):
            raise Forbidden
    if found.state in {RunState.FINISHED, RunState.SUPERSEDED}:
        return found
    name = executor or found.executor
    require_executor(name)
    with nullcontext(opened) if opened is not None else executor_for(name) as working:
        Runner(database, actor, run_id, chunk, name).run(working)
    with database.read() as session:
        return get_run(session, actor, run_id)


def scope_of(actor: Actor) -> UUID:
    """Whose run it is: the actor's organisation; the system's runs are the platform's."""
    return PLATFORM_ORGANISATION_ID if actor.sees("*") == "all" else actor.organisation_id


def _run_of_day(session: Session, scope_id: UUID, on: date) -> RevaluationRun | None:
    statement = sa.select(RevaluationRun).where(
        col(RevaluationRun.scope_id) == scope_id,
        col(RevaluationRun.on) == on,
        col(RevaluationRun.state) != RunState.SUPERSEDED,
    )
    return session.execute(statement).scalar_one_or_none()


def _answers(session: Session, actor: Actor, run: RevaluationRun) -> bool:
    """Whether another run of the day could say nothing new."""
    if run.state is not RunState.FINISHED:
        return True
    started_at = run.started_at or run.created_at
    # The assets were chosen when the run was filed, their facts were read when it worked.
    return not (
        run.failed
        or prices_came_since(session, started_at, day=run.on)
        or run_queries.records_came_since(session, run, started_at)
        or run_queries.reports_came_since(session, actor, run.on, run.created_at)
    )


def _supersede(session: Session, actor: Actor, run: RevaluationRun) -> None:
    """Take a finished run from its day, before the next takes its place; refused to whoever comes second."""
    statement = (
        sa.update(RevaluationRun)
        .where(col(RevaluationRun.id) == run.id, col(RevaluationRun.state) == RunState.FINISHED)
        .values(state=RunState.SUPERSEDED, version=RevaluationRun.version + 1)
        .execution_options(synchronize_session=False)
    )
    found = cast("sa.CursorResult[Any]", session.execute(statement))
    if found.rowcount != 1:
        raise Busy(retry_after=1)
    session.expire(run)
    record(
        session,
        actor,
        "revaluation.supersede",
        subject_kind="revaluation-run",
        subject_id=run.id,
        number=run.number,
        on=run.on,
    )


def _file_items(session: Session, actor: Actor, run: RevaluationRun) -> int:
    """All assets in sight with an appraisal valid on the day, in one statement."""
    seen = visible_assets(session, actor).with_only_columns(col(Asset.id)).order_by(None)
    chosen = sa.select(
        sa.literal(run.id, type_=sa.Uuid()),
        col(Appraisal.asset_id),
        col(Appraisal.model_id),
        sa.literal(ItemState.WAITING.value),
    ).where(
        col(Appraisal.state) == AppraisalState.VALID,
        col(Appraisal.valued_on) <= run.on,
        col(Appraisal.valid_until) >= run.on,
        col(Appraisal.asset_id).in_(seen),
    )
    table = RevaluationItem.__table__  # type: ignore[attr-defined]
    columns = [table.c.run_id, table.c.asset_id, table.c.model_id, table.c.state]
    session.execute(sa.insert(table).from_select(columns, chosen))
    count = sa.select(sa.func.count()).where(col(RevaluationItem.run_id) == run.id)
    total: int = session.execute(count).scalar_one()
    return total


class Runner:
    """One process that works on a run under its lease; the fence tells whether it is still the holder."""

    def __init__(
        self, database: Database, actor: Actor, run_id: UUID, chunk: int, name: str = "serial"
    ) -> None:
        self.database = database
        self.actor = actor
        self.run_id = run_id
        self.chunk = chunk
        self.name = name
        self.owner = f"runner-{new_id().hex}"
        self.lease = f"revaluation-{run_id.hex}"
        self.fence = 0

    def run(self, executor: Executor) -> None:
        """Claim, value all chunks, finish, and give the lease back whatever happened."""
        with self.database.write() as session:
            self._claim(session)
            self._start(session)
        try:
            self._work(executor)
            with self.database.write() as session:
                self._hold(session)
                self._finish(session)
        finally:
            with self.database.write() as session:
                release(session, self.lease, self.owner)

    def _work(self, executor: Executor) -> None:
        """Chunks are valued as the executor pleases and written in their order."""
        for chunk, answer in executor.map(self._chunks()):
            rows = chunk_rows(chunk, answer)
            with self.database.write() as session:
                self._hold(session)
                self._write(session, chunk, rows)

    def _chunks(self) -> Iterator[Chunk]:
        after: tuple[str, UUID] | None = None
        while True:
            with self.database.read() as session:
                chunk = read_chunk(session, self.run_id, after=after, size=self.chunk)
            if chunk is None:
                return
            after = (chunk.ask.model_id, chunk.asset_ids[-1])
            yield chunk

    def _write(self, session: Session, chunk: Chunk, rows: ChunkRows) -> None:
        done, failed = finish_chunk(session, chunk, rows)
        statement = (
            sa.update(RevaluationRun)
            .where(col(RevaluationRun.id) == self.run_id)
            .values(
                done=RevaluationRun.done + done,
                failed=RevaluationRun.failed + failed,
                version=RevaluationRun.version + 1,
            )
            .execution_options(synchronize_session=False)
        )
        session.execute(statement)
        record(
            session,
            self.actor,
            "revaluation.chunk",
            subject_kind="revaluation-run",
            subject_id=self.run_id,
            model_id=chunk.ask.model_id,
            first=chunk.asset_ids[0],
            last=chunk.asset_ids[-1],
            done=done,
            failed=failed,
            sha256=rows.sha256,
        )

    def _claim(self, session: Session) -> None:
        fence = claim(session, self.lease, self.owner, LEASE_SECONDS)
        if fence is None:
            raise Busy(retry_after=LEASE_SECONDS)
        self.fence = fence

    def _hold(self, session: Session) -> None:
        """Renew the lease in the transaction of the write; a gap in the fence means somebody else ran."""
        fence = claim(session, self.lease, self.owner, LEASE_SECONDS)
        if fence != self.fence + 1:
            raise LeaseLost(retry_after=LEASE_SECONDS)
        self.fence = fence

    def _start(self, session: Session) -> None:
        row = session.get_one(RevaluationRun, self.run_id)
        if row.state is RunState.WAITING:
            row.state = RunState.RUNNING
            row.started_at = now(session)
        row.executor = self.name
        session.add(row)

    def _finish(self, session: Session) -> None:
        row = session.get_one(RevaluationRun, self.run_id)
        if row.done + row.failed != row.total:
            raise LeaseLost(retry_after=1)
        row.state = RunState.FINISHED
        row.finished_at = now(session)
        session.add(row)
        record(
            session,
            self.actor,
            "revaluation.finish",
            subject_kind="revaluation-run",
            subject_id=row.id,
            number=row.number,
            done=row.done,
            failed=row.failed,
        )


__all__ = [
    "CHUNK",
    "FiledRun",
    "RequestRevaluation",
    "file_revaluation",
    "find_settled_run",
    "get_run",
    "load_run",
    "request_revaluation",
    "run_revaluation",
    "run_summaries",
    "scope_of",
    "waiting_runs",
]
