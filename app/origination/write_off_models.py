"""The table of write-offs of loans."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.db.base import Versioned, check, one_of
from app.db.types import choice, fen, json_column, link, text
from app.origination.domain.changes import ChangeState
from app.origination.domain.write_off import WriteOffGround


class LoanWriteOff(Versioned, table=True):
    """A write-off of a loan: proposed by one person, decided by another, then carried out."""

    __tablename__ = "loan_write_off"
    __table_args__ = (
        check("owed", "principal_fen >= 0 AND interest_fen >= 0 AND repayments >= 0"),
        check("duties_apart", "decided_by_id IS NULL OR decided_by_id <> proposed_by_id"),
        check(
            "carried_out_apart",
            "carried_out_by_id IS NULL OR carried_out_by_id <> decided_by_id",
        ),
        check("carried_out_day", "(state = 'carried-out') = (carried_out_on IS NOT NULL)"),
        check("decided_day", "(decided_by_id IS NULL) = (decided_on IS NULL)"),
        check(
            "withdrawn_day",
            "(state = 'withdrawn') = (withdrawn_on IS NOT NULL)"
            " AND (withdrawn_on IS NULL) = (withdrawn_by_id IS NULL)",
        ),
        one_of(
            "uq_loan_write_off_standing",
            ("loan_id",),
            where="state IN ('proposed', 'approved', 'carried-out')",
        ),
    )

    number: str = text(20, unique=True)
    loan_id: UUID = link("loan.id", index=True)
    bank_id: UUID = link("organisation.id", index=True)
    state: ChangeState = choice(ChangeState, "state")
    ground: WriteOffGround = choice(WriteOffGround, "ground")
    reason: str = text(1000)
    evidence: str = text(1000)
    """Rulings, demands and searches that show that recovery is exhausted."""
    security_note: str = text(500, default="")
    """Why security that is left brings nothing more."""
    proposed_on: date
    principal_fen: int = fen()
    interest_fen: int = fen()
    """Interest with penalty and compound interest, owed when it was proposed."""
    fees_fen: int = Field(
        sa_type=sa.BigInteger, nullable=False, sa_column_kwargs={"server_default": "0"}
    )
    """Fees owed when it was proposed."""
    repayments: int
    """Repayments of the loan when it was proposed."""
    checks: list[dict[str, Any]] = json_column()
    note: str = text(500, default="")
    """Of who decided."""
    proposed_by_id: UUID
    decided_by_id: UUID | None = None
    decided_on: date | None = None
    carried_out_by_id: UUID | None = None
    carried_out_on: date | None = None
    withdrawn_note: str = text(500, default="")
    withdrawn_by_id: UUID | None = None
    withdrawn_on: date | None = None
    created_at: datetime


KEPT: Final = (
    "state", "ground", "reason", "evidence", "security_note",
    "principal_fen", "interest_fen", "repayments", "fees_fen",
)  # fmt: skip
"""What the audit journal keeps of a write-off; `verify` compares it with the row."""

KEPT_LATER: Final = ("fees_fen",)
"""Of these, what entries of the first versions did not keep."""
