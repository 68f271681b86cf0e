"""Tables of what bears on the accrual of a note by day: its rates, and principal that was misused."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.base import Table, check
from app.db.types import FEN_RANGE, choice, fen, link, text
from app.loans.domain.repricing import LprTenor, RateReason


class NoteRate(SQLModel, table=True):
    """The rate of a note from a day on; a floating one names the LPR that it was made from."""

    __tablename__ = "note_rate"
    __table_args__ = (
        sa.UniqueConstraint("note_id", "from_on"),
        check("rate_range", "rate_ppm BETWEEN 0 AND 1000000"),
        check("number_positive", "number >= 1"),
        check("lpr_complete", "(lpr_on IS NULL) = (lpr_ppm IS NULL)"),
        check("reset_has_lpr", "reason <> 'reset' OR lpr_on IS NOT NULL"),
    )

    note_id: UUID = Field(primary_key=True, foreign_key="loan_note.id")
    number: int = Field(primary_key=True)
    from_on: date
    rate_ppm: int
    reason: RateReason = choice(RateReason, "reason")
    lpr_on: date | None = None
    lpr_ppm: int | None = None


class LoanRateChange(SQLModel, table=True):
    """How the rate of a loan is made from a day on, by a change of terms, and how it was made before."""

    __tablename__ = "loan_rate_change"
    __table_args__ = (
        sa.UniqueConstraint("loan_id", "from_on"),
        check("rate_range", "rate_ppm BETWEEN 0 AND 1000000"),
        check("number_positive", "number >= 1"),
        check(
            "kind_kept",
            "(lpr_tenor IS NULL) = (lpr_bp IS NULL)"
            " AND (lpr_tenor IS NULL) = (before_lpr_tenor IS NULL)",
        ),
    )

    loan_id: UUID = Field(primary_key=True, foreign_key="loan.id")
    number: int = Field(primary_key=True)
    from_on: date
    change_number: str = text(20)
    before_rate_ppm: int
    before_lpr_tenor: LprTenor | None = choice(
        LprTenor, "before_lpr_tenor", nullable=True, checked=False
    )
    before_lpr_bp: int | None = None
    rate_ppm: int
    """Of a floating loan, what its contract says from the day on."""
    lpr_tenor: LprTenor | None = choice(LprTenor, "lpr_tenor", nullable=True, checked=False)
    lpr_bp: int | None = None


class NoteMisuse(Table, table=True):
    """Principal of a note that was used for something else, from a day on; a later row replaces the amount."""

    __tablename__ = "note_misuse"
    __table_args__ = (
        sa.UniqueConstraint("note_id", "number"),
        check("amount_range", f"amount_fen {FEN_RANGE}"),
        check("number_positive", "number >= 1"),
    )

    note_id: UUID = link("loan_note.id")
    loan_id: UUID = link("loan.id", index=True)
    number: int
    from_on: date
    amount_fen: int = fen()
    """Zero: it was put right."""
    reason: str = text(300)
    booked_on: date
    """The business day on which it became known: closes before it did not know."""
    person_id: UUID
    created_at: datetime
