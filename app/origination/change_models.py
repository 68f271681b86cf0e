"""The table of changes of a loan: extension and restructuring."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.db.base import Versioned, check, one_of
from app.db.types import choice, json_column, link, text
from app.origination.domain.changes import ChangeKind, ChangeState


class LoanChange(Versioned, table=True):
    """A change of a loan's terms: proposed by one person, decided by another, then carried out."""

    __tablename__ = "loan_change"
    __table_args__ = (
        check("later", "matures_on >= before_on AND before_on >= signed_until_on"),
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
        one_of("uq_loan_change_waiting", ("loan_id",), where="state IN ('proposed', 'approved')"),
    )

    number: str = text(20, unique=True)
    loan_id: UUID = link("loan.id", index=True)
    bank_id: UUID = link("organisation.id", index=True)
    kind: ChangeKind = choice(ChangeKind, "kind")
    state: ChangeState = choice(ChangeState, "state")
    signed_until_on: date
    """The maturity that the contract was signed with."""
    before_on: date
    """The maturity before this change."""
    matures_on: date
    longest_on: date
    """The latest maturity that the limits of the day of application allow for an extension."""
    applied_on: date
    plan: list[dict[str, Any]] | None = json_column(nullable=True)
    """For a restructuring: dated principal of what has not fallen due."""
    financial_difficulty: bool
    reason: str = text(1000)
    consent: str = text(500, default="")
    """The written consent of pledgors and guarantors."""
    registered_until: date | None = None
    """Until when the registrations of the security run."""
    checks: list[dict[str, Any]] = json_column()
    note: str = text(500, default="")
    """Of who decided."""
    proposed_by_id: UUID
    decided_by_id: UUID | None = None
    decided_on: date | None = None
    carried_out_by_id: UUID | None = None
    carried_out_on: date | None = None
    withdrawn_note: str = text(500, default="")
    """Of who took it back; what the approver wrote stays."""
    withdrawn_by_id: UUID | None = None
    withdrawn_on: date | None = None
    created_at: datetime
    rate_ppm: int | None = None
    """The new fixed rate, where one was proposed."""
    lpr_bp: int | None = None
    """The new basis points over the LPR."""
    small_borrower: bool = Field(
        default=False, nullable=False, sa_column_kwargs={"server_default": sa.false()}
    )
    """Of a renewal: the officer found the borrower to be a small or micro firm."""
    new_loan_id: UUID | None = link("loan.id", nullable=True)
    """The loan that renewed this one."""


KEPT: Final = (
    "kind", "state", "matures_on", "longest_on", "rate_ppm", "lpr_bp", "plan", "small_borrower",
    "financial_difficulty", "consent", "registered_until",
)  # fmt: skip
"""What the audit journal keeps of a change; `verify` compares it with the row."""

KEPT_LATER: Final = KEPT[KEPT.index("plan") :]
"""Of these, what entries of the first versions did not keep."""
