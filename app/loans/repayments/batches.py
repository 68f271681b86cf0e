"""Files of repayments as they are looked at: what became of a batch, and its rows a page at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.kernel.actor import Actor, Name
from app.kernel.csv_rows import LineError
from app.kernel.errors import NotFound
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.loans.domain.importing import BatchState, RowState
from app.loans.models import Repayment
from app.loans.repayments.import_files import BatchRow
from app.loans.repayments.models import RepaymentBatch, RepaymentBatchRow

Tally = Mapping[RowState, tuple[int, int]]
"""How many rows are in a state, and their money."""


FAILED: Final = N_(
    "The last %(runs)s runs could not book it (%(problem)s). Nothing is booked twice, and it is tried again by"
    " itself. If it stays so, tell whoever runs the service the number of the file and this word."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFailure:
    """What keeps a batch from being booked at every run, and what to do."""

    runs: int
    failed_at: datetime
    problem: str
    detail: str = FAILED

    @property
    def facts(self) -> dict[str, object]:
        """What the words name."""
        return {"runs": self.runs, "problem": self.problem}


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchView:
    """A file; without a number it was only checked. `rows` are those that were just read from it."""

    id: UUID | None
    number: str
    file_name: str
    state: BatchState | None
    created_at: datetime | None
    finished_at: datetime | None
    tally: Tally
    failure: BatchFailure | None = None
    rows: tuple[BatchRow, ...] = ()

    def _count(self, state: RowState) -> int:
        return self.tally.get(state, (0, 0))[0]

    def _fen(self, state: RowState) -> int:
        return self.tally.get(state, (0, 0))[1]

    @property
    def total(self) -> int:
        """How many rows the file holds."""
        return sum(count for count, _ in self.tally.values())

    @property
    def waiting(self) -> int:
        """How many are to be booked, or of a check, can be."""
        return self._count(RowState.WAITING)

    @property
    def booked(self) -> int:
        """How many were booked by this batch."""
        return self._count(RowState.BOOKED)

    @property
    def known(self) -> int:
        """How many had been booked before."""
        return self._count(RowState.KNOWN)

    @property
    def refused(self) -> int:
        """How many something stands against."""
        return self._count(RowState.REFUSED)

    @property
    def amount_fen(self) -> int:
        """The money of the rows that nothing stands against."""
        return self._fen(RowState.WAITING) + self._fen(RowState.BOOKED)

    @property
    def booked_fen(self) -> int:
        """The money booked by this batch."""
        return self._fen(RowState.BOOKED)


def tally_of(rows: Sequence[BatchRow]) -> Tally:
    """Rows that were just read, by their state."""
    states = {row.state for row in rows}
    return {
        state: (
            sum(1 for row in rows if row.state is state),
            sum(row.amount_fen or 0 for row in rows if row.state is state),
        )
        for state in states
    }


def list_batches(actor: Actor) -> sa.Select[Any]:
    """The batches of the actor's bank, the newest first."""
    actor.require(Permission.POST_REPAYMENT)
    return (
        sa.select(RepaymentBatch)
        .where(col(RepaymentBatch.bank_id) == actor.organisation_id)
        .order_by(col(RepaymentBatch.id).desc())
    )


def batch_view(session: Session, actor: Actor, batch_id: UUID) -> BatchView:
    """A batch of the actor's bank and what became of its rows, which are listed by `list_rows`."""
    batch = _own_batch(session, actor, batch_id)
    failure = None
    if batch.failed_at is not None:
        failure = BatchFailure(
            runs=batch.failed_runs, failed_at=batch.failed_at, problem=batch.problem or ""
        )
    statement = (
        sa.select(
            col(RepaymentBatchRow.state),
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(RepaymentBatchRow.amount_fen), 0),
        )
        .where(col(RepaymentBatchRow.batch_id) == batch_id)
        .group_by(col(RepaymentBatchRow.state))
    )
    return BatchView(
        id=batch.id,
        number=batch.number,
        file_name=batch.file_name,
        state=batch.state,
        created_at=batch.created_at,
        finished_at=batch.finished_at,
        failure=failure,
        tally={state: (int(count), int(fen)) for state, count, fen in session.execute(statement)},
    )


def list_rows(
    session: Session, actor: Actor, batch_id: UUID, state: RowState | None = None
) -> sa.Select[Any]:
    """The rows of a batch, those with problems first, then as in the file; give them to `row_views`."""
    batch = _own_batch(session, actor, batch_id)
    refused = sa.case((col(RepaymentBatchRow.state) == RowState.REFUSED, 0), else_=1)
    statement: Any = (
        sa.select(RepaymentBatchRow, col(Repayment.number))
        .outerjoin(Repayment, col(Repayment.id) == col(RepaymentBatchRow.repayment_id))
        .where(col(RepaymentBatchRow.batch_id) == batch.id)
        .order_by(refused, col(RepaymentBatchRow.line))
    )
    if state is not None:
        statement = statement.where(col(RepaymentBatchRow.state) == state)
    return cast("sa.Select[Any]", statement)


def row_views(rows: Sequence[Any]) -> list[BatchRow]:
    """The views of rows of `list_rows`."""
    return [_row_view(row, number) for row, number in rows]


def _own_batch(session: Session, actor: Actor, batch_id: UUID) -> RepaymentBatch:
    actor.require(Permission.POST_REPAYMENT)
    batch = session.get(RepaymentBatch, batch_id)
    if batch is None or batch.bank_id != actor.organisation_id:
        raise NotFound
    return batch


def _row_view(row: RepaymentBatchRow, number: str | None) -> BatchRow:
    plain = "line loan_number amount_fen value_on prepay key payer state loan_id"
    return BatchRow(
        **{name: getattr(row, name) for name in plain.split()},
        repayment_number=number or "",
        problems=tuple(_problem_from_json(row.line, each) for each in row.problems),
    )


def problem_to_json(problem: LineError) -> dict[str, Any]:
    """A problem as a row of a batch keeps it."""
    facts = {name: _fact_to_json(value) for name, value in problem.facts.items()}
    return {
        "column": problem.column,
        "detail": problem.detail,
        "facts": facts,
        "typed": problem.typed,
    }


def _fact_to_json(value: object) -> object:
    if isinstance(value, Name):
        return {"zh": value.zh, "en": value.en}
    return value if isinstance(value, int) else str(value)


def _problem_from_json(line: int, row: Mapping[str, Any]) -> LineError:
    facts = {
        name: Name(**value) if isinstance(value, dict) else value
        for name, value in row["facts"].items()
    }
    return LineError(
        line=line,
        column=row["column"],
        detail=row["detail"],
        facts=facts,
        typed=row.get("typed", ""),
    )
