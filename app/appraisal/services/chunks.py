"""One chunk of a revaluation run: read what the model needs, write what it gave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal import queries
from app.appraisal.domain import AppraisalState, ItemState
from app.appraisal.domain.catalogue import find_spec
from app.appraisal.domain.valuing import (
    Answer,
    Ask,
    Inputs,
    Problem,
    Recorded,
    digest,
    laid_over,
)
from app.appraisal.models import (
    Appraisal,
    AssetValue,
    RevaluationItem,
    RevaluationRun,
    Valuation,
)
from app.appraisal.services.prices import market_facts
from app.db.bulk import insert_rows
from app.db.engine import now
from app.kernel.ids import new_id

_NO_APPRAISAL = Problem(
    code="no-valid-appraisal",
    field="",
    en="The appraisal is no longer valid on the day of the run.",
    zh="评估报告在本次重估日已失效。",
)

_VALUATION_COLUMNS = (
    "id", "asset_id", "on", "model_id", "model_version", "value_fen", "inputs_digest",
    "basis_digest", "prices", "recorded", "appraisal_id", "run_id", "created_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Assets of one model in the order of their ids, and the question about them."""

    run_id: UUID
    asset_ids: Sequence[UUID]
    appraisal_ids: Sequence[UUID | None]
    digests: Sequence[str]
    recorded: Sequence[list[str]]
    ask: Ask
    places: Sequence[int]
    """Where in `asset_ids` each row of the question stands; others have lost their appraisal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkRows:
    """What is written for a chunk: figures and problems by place, and the digest of both."""

    figures: Mapping[int, int]
    problems: Mapping[int, Problem]
    model_version: str
    basis_digest: str
    sha256: str


def read_chunk(
    session: Session, run_id: UUID, *, after: tuple[str, UUID] | None, size: int
) -> Chunk | None:
    """The next waiting assets of one model after a place in the order (model, asset); None at the end."""
    run = session.get_one(RevaluationRun, run_id)
    model_id = _next_model(session, run_id, after)
    if model_id is None:
        return None
    rows = _waiting(session, run, model_id, after, size)
    asset_ids = [row.asset_id for row in rows]
    found = queries.recorded_between(session, asset_ids[0], asset_ids[-1])
    spec = find_spec(model_id)
    prices = market_facts(session, spec.price_ids if spec else (), run.on)
    return _chunk(run_id, run.on, model_id, rows, found, prices)


def _next_model(session: Session, run_id: UUID, after: tuple[str, UUID] | None) -> str | None:
    statement = (
        sa.select(col(RevaluationItem.model_id))
        .where(*_waiting_in(run_id), *_past(after))
        .order_by(col(RevaluationItem.model_id), col(RevaluationItem.asset_id))
        .limit(1)
    )
    return session.execute(statement).scalar_one_or_none()


def _waiting_in(run_id: UUID) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(RevaluationItem.run_id) == run_id,
        col(RevaluationItem.state) == ItemState.WAITING,
    )


def _past(after: tuple[str, UUID] | None) -> tuple[sa.ColumnElement[bool], ...]:
    if after is None:
        return ()
    model_id, asset_id = after
    later = sa.and_(
        col(RevaluationItem.model_id) == model_id, col(RevaluationItem.asset_id) > asset_id
    )
    return (sa.or_(col(RevaluationItem.model_id) > model_id, later),)


def _waiting(
    session: Session,
    run: RevaluationRun,
    model_id: str,
    after: tuple[str, UUID] | None,
    size: int,
) -> Sequence[sa.Row[Any]]:
    """Items with the inputs of the appraisal that is valid now and covers the day of the run."""
    covering = sa.and_(
        col(Appraisal.asset_id) == col(RevaluationItem.asset_id),
        col(Appraisal.state) == AppraisalState.VALID,
        col(Appraisal.model_id) == model_id,
        col(Appraisal.valued_on) <= run.on,
        col(Appraisal.valid_until) >= run.on,
    )
    statement = (
        sa.select(
            col(RevaluationItem.asset_id),
            col(Appraisal.id).label("appraisal_id"),
            col(Appraisal.valued_on),
            col(Appraisal.inputs),
            col(Appraisal.inputs_digest),
        )
        .join_from(RevaluationItem, Appraisal, covering, isouter=True)
        .where(*_waiting_in(run.id), col(RevaluationItem.model_id) == model_id)
        .order_by(col(RevaluationItem.asset_id))
        .limit(size)
    )
    if after is not None and after[0] == model_id:
        statement = statement.where(col(RevaluationItem.asset_id) > after[1])
    return session.execute(statement).all()


def _chunk(
    run_id: UUID,
    on: date,
    model_id: str,
    rows: Sequence[sa.Row[Any]],
    found: Mapping[UUID, list[Any]],
    prices: Mapping[str, Any],
) -> Chunk:
    asked: list[Inputs] = []
    places: list[int] = []
    digests: list[str] = []
    recorded: list[list[str]] = []
    for place, row in enumerate(rows):
        inputs, used, inputs_digest = _inputs(
            row, queries.recorded_of(found.get(row.asset_id, [])), on
        )
        digests.append(inputs_digest)
        recorded.append(used)
        if inputs is not None:
            asked.append(inputs)
            places.append(place)
    return Chunk(
        run_id=run_id,
        asset_ids=[row.asset_id for row in rows],
        appraisal_ids=[row.appraisal_id for row in rows],
        digests=digests,
        recorded=recorded,
        ask=Ask(model_id=model_id, on=on, rows=asked, prices=prices),
        places=places,
    )


def _inputs(
    row: sa.Row[Any], recorded: list[Recorded], on: date
) -> tuple[Inputs | None, list[str], str]:
    """The inputs to ask about; their digest is the stored one when nothing lies over them."""
    if row.appraisal_id is None:
        return None, [], ""
    if not recorded:
        return row.inputs, [], row.inputs_digest
    merged, used = laid_over(row.inputs, recorded, valued_on=row.valued_on, on=on)
    return merged, used, digest(merged) if used else row.inputs_digest


def chunk_rows(chunk: Chunk, answer: Answer) -> ChunkRows:
    """What will be written: every asset of the chunk has a figure or a problem."""
    figures: dict[int, int] = {}
    problems = {
        place: _NO_APPRAISAL
        for place, appraisal_id in enumerate(chunk.appraisal_ids)
        if appraisal_id is None
    }
    for row, place in enumerate(chunk.places):
        value_fen = answer.value_fen[row]
        if value_fen is None:
            problems[place] = answer.problems[row]
        else:
            figures[place] = value_fen
    plain = [
        [str(asset_id), figures.get(place), problems[place].code if place in problems else ""]
        for place, asset_id in enumerate(chunk.asset_ids)
    ]
    return ChunkRows(
        figures=figures,
        problems=problems,
        model_version=answer.model_version,
        basis_digest=answer.basis_digest,
        sha256=digest(plain),
    )


def finish_chunk(session: Session, chunk: Chunk, rows: ChunkRows) -> tuple[int, int]:
    """Write a chunk: valuations, hot values, items; gives how many are done and how many failed."""
    _insert_valuations(session, chunk, rows, now(session))
    _close_failed(session, chunk, rows.problems)
    _remember(session, chunk, before_fen=AssetValue.current_fen)
    _update_values(session, chunk)
    done = _remember(session, chunk, after_fen=AssetValue.current_fen, state=ItemState.DONE)
    done += _close_rest(session, chunk)
    if done != len(rows.figures):
        raise RuntimeError(f"{done} items were closed for {len(rows.figures)} figures")
    return done, len(rows.problems)


def _insert_valuations(session: Session, chunk: Chunk, rows: ChunkRows, instant: datetime) -> None:
    made = [
        (
            new_id(),
            chunk.asset_ids[place],
            chunk.ask.on,
            chunk.ask.model_id,
            rows.model_version,
            value_fen,
            chunk.digests[place],
            rows.basis_digest,
            chunk.ask.prices,
            chunk.recorded[place],
            chunk.appraisal_ids[place],
            chunk.run_id,
            instant,
        )
        for place, value_fen in sorted(rows.figures.items())
    ]
    table = Valuation.__table__  # type: ignore[attr-defined]
    insert_rows(session, table, _VALUATION_COLUMNS, made)


def _of_chunk(chunk: Chunk) -> tuple[sa.ColumnElement[bool], ...]:
    """The items of a chunk: still waiting, of its model, between its first and last asset."""
    return (
        *_waiting_in(chunk.run_id),
        col(RevaluationItem.model_id) == chunk.ask.model_id,
        col(RevaluationItem.asset_id).between(chunk.asset_ids[0], chunk.asset_ids[-1]),
    )


def _new_of_chunk(chunk: Chunk) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(Valuation.run_id) == chunk.run_id,
        col(Valuation.asset_id).between(chunk.asset_ids[0], chunk.asset_ids[-1]),
        col(Valuation.model_id) == chunk.ask.model_id,
    )


def _touched(chunk: Chunk) -> tuple[sa.ColumnElement[bool], ...]:
    """Items of the chunk with their new figure and hot row, unless a newer report came between."""
    return (
        *_of_chunk(chunk),
        *_new_of_chunk(chunk),
        col(Valuation.asset_id) == col(RevaluationItem.asset_id),
        col(AssetValue.asset_id) == col(RevaluationItem.asset_id),
        col(AssetValue.appraisal_id) == col(Valuation.appraisal_id),
    )


def _remember(session: Session, chunk: Chunk, **kept: object) -> int:
    """Keep with the items that are touched what stands with their assets now; gives how many."""
    statement = sa.update(RevaluationItem).values(kept).where(*_touched(chunk))
    return _updated(session, statement)


def _update_values(session: Session, chunk: Chunk) -> None:
    """The hot rows take the new figures, unless a newer appraisal or a later day came between."""
    lower = sa.case(
        (col(Valuation.value_fen) < 0, 0),
        (
            col(Valuation.value_fen) < col(AssetValue.appraised_fen),
            col(Valuation.value_fen),
        ),
        else_=col(AssetValue.appraised_fen),
    )
    session.execute(
        sa.update(AssetValue)
        .values(
            valuation_fen=Valuation.value_fen,
            valued_on=Valuation.on,
            current_fen=lower,
            version=AssetValue.version + 1,
        )
        .where(
            *_new_of_chunk(chunk),
            col(AssetValue.asset_id) == col(Valuation.asset_id),
            col(AssetValue.appraisal_id) == col(Valuation.appraisal_id),
            sa.or_(col(AssetValue.valued_on).is_(None), col(AssetValue.valued_on) <= chunk.ask.on),
        )
        .execution_options(synchronize_session=False)
    )


def _close_rest(session: Session, chunk: Chunk) -> int:
    """What is still waiting has its figure too; a newer report keeps it from the current value."""
    statement = sa.update(RevaluationItem).values(state=ItemState.DONE).where(*_of_chunk(chunk))
    return _updated(session, statement)


def _updated(session: Session, statement: sa.Update) -> int:
    """How many rows a statement changed."""
    found = session.execute(statement.execution_options(synchronize_session=False))
    return int(cast("sa.CursorResult[Any]", found).rowcount)


def _close_failed(session: Session, chunk: Chunk, problems: Mapping[int, Problem]) -> None:
    if not problems:
        return
    table = RevaluationItem.__table__  # type: ignore[attr-defined]
    stands = (
        sa.select(col(AssetValue.current_fen))
        .where(col(AssetValue.asset_id) == table.c.asset_id)
        .scalar_subquery()
    )
    statement = (
        sa.update(table)
        .where(table.c.run_id == chunk.run_id, table.c.asset_id == sa.bindparam("failed_id"))
        .values(
            state=ItemState.FAILED,
            problem=sa.bindparam("words"),
            before_fen=stands,
            after_fen=stands,
        )
    )
    session.connection().execute(
        statement,
        [
            {"failed_id": chunk.asset_ids[place], "words": problem.as_json()}
            for place, problem in sorted(problems.items())
        ],
    )
