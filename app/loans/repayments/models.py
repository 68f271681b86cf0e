"""Tables beside repayments: what was asked for, corrections of a replay, quotes, batches of a file."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.base import Table, check
from app.db.types import FEN_RANGE, choice, fen, json_column, link, text
from app.loans.domain.early import Keep, QuoteKind
from app.loans.domain.importing import BatchState, RowState
from app.loans.domain.states import AccrualKind


class RepaymentOrder(SQLModel, table=True):
    """How a repayment was asked for: enough to book it again when an earlier day changes."""

    __tablename__ = "repayment_order"
    __table_args__ = (check("early_range", f"early_fen {FEN_RANGE}"),)

    repayment_id: UUID = Field(primary_key=True, foreign_key="repayment.id")
    prepay: bool = Field(default=False, nullable=False)
    keep: Keep | None = choice(Keep, "keep", nullable=True)
    early_fen: int | None = fen(nullable=True)
    """Principal wanted before its day by a quote; none: all that the money reaches."""
    quote_id: UUID | None = link("repayment_quote.id", nullable=True, index=True)
    replays_id: UUID | None = link("repayment.id", nullable=True, index=True)
    """The repayment that this one books again."""
    cause_id: UUID | None = link("repayment.id", nullable=True, index=True)
    """The repayment or reversal of an earlier day for which this one was booked."""
    waterfall: str = text(60, default="")
    """The row of the table of orders that split it."""


class AccrualCorrection(Table, table=True):
    """What a change of an earlier day took back of interest already posted, or added to it."""

    __tablename__ = "accrual_correction"
    __table_args__ = (
        sa.Index("ix_accrual_correction_note", "note_id", "booked_on"),
        check("amount_not_zero", "amount_fen <> 0"),
    )

    note_id: UUID = link("loan_note.id")
    loan_id: UUID = link("loan.id", index=True)
    repayment_id: UUID = link("repayment.id")
    kind: AccrualKind = choice(AccrualKind, "kind")
    period_starts_on: date
    """Of the interest period; for penalty and compound interest the day of the drawdown."""
    booked_on: date
    amount_fen: int = fen()
    off_balance: bool = Field(default=False, nullable=False)


class DueChange(Table, table=True):
    """What a bill said before a change of an earlier day; nothing for a bill that was not made."""

    __tablename__ = "due_change"

    due_id: UUID = link("loan_due.id", index=True)
    repayment_id: UUID = link("repayment.id", index=True)
    booked_on: date
    principal_fen: int = fen()
    interest_fen: int = fen()


class RepaymentQuote(Table, table=True):
    """What paying early costs on each of a few days, and the plan that follows."""

    __tablename__ = "repayment_quote"
    __table_args__ = (
        sa.Index("ix_repayment_quote_loan", "loan_id", "quoted_on"),
        check("days_ascend", "quoted_on <= valid_until"),
        check("principal_positive", "principal_fen > 0"),
    )

    number: str = text(40, unique=True)
    loan_id: UUID = link("loan.id")
    bank_id: UUID = link("organisation.id")
    kind: QuoteKind = choice(QuoteKind, "kind")
    keep: Keep = choice(Keep, "keep")
    principal_fen: int = fen()
    """Principal paid before its day."""
    quoted_on: date
    valid_until: date
    days: list[dict[str, Any]] = json_column()
    """For each day: what is due, interest grown, the total."""
    plans: dict[str, Any] = json_column()
    """The plan of each note after it, by the note's number."""
    person_id: UUID
    created_at: datetime


class RepaymentBatch(Table, table=True):
    """A file of repayments that was taken in; its rows are booked in chunks."""

    __tablename__ = "repayment_batch"
    __table_args__ = (
        sa.Index("ix_repayment_batch_state", "state"),
        check("counters", "booked >= 0 AND refused >= 0 AND booked + refused <= total"),
    )

    number: str = text(40, unique=True)
    bank_id: UUID = link("organisation.id")
    file_name: str = text(200)
    sha256: str = text(64)
    state: BatchState = choice(BatchState, "state", default=BatchState.WAITING)
    total: int
    booked: int = Field(default=0, nullable=False)
    refused: int = Field(default=0, nullable=False)
    amount_fen: int = fen()
    """Of the rows that nothing stood against."""
    booked_fen: int = fen(default=0)
    person_id: UUID
    created_at: datetime
    finished_at: datetime | None = None
    failed_runs: int = Field(default=0, nullable=False, sa_column_kwargs={"server_default": "0"})
    """Runs in a row that could not book what waits; none once one could."""
    failed_at: datetime | None = None
    problem: str | None = text(60, nullable=True)
    """What stopped the last of them: the code of a refusal, or the name of an error."""
    version: int = Field(default=1, nullable=False)


class RepaymentBatchRow(SQLModel, table=True):
    """One row of a file: what it asked for, and what became of it."""

    __tablename__ = "repayment_batch_row"
    __table_args__ = (check("booked_complete", "(state = 'booked') = (repayment_id IS NOT NULL)"),)

    batch_id: UUID = Field(primary_key=True, foreign_key="repayment_batch.id")
    line: int = Field(primary_key=True)
    loan_number: str = text(60)
    loan_id: UUID | None = link("loan.id", nullable=True)
    amount_fen: int | None = fen(nullable=True)
    value_on: date | None = None
    prepay: bool = Field(default=False, nullable=False)
    key: str = text(120)
    payer: str = text(160, default="")
    state: RowState = choice(RowState, "state")
    repayment_id: UUID | None = link("repayment.id", nullable=True)
    problems: list[dict[str, Any]] = json_column()
