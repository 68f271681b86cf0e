"""Tables of post-loan checks and warning signals. Nothing of them is deleted."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.base import Table, Versioned, check, one_of
from app.db.types import choice, fen, json_column, link, text
from app.loans.domain.causes import Trigger
from app.loans.domain.classification import LoanClass
from app.loans.domain.inspection import (
    Conclusion,
    FilePurpose,
    InspectionKind,
    InspectionState,
)
from app.loans.domain.signals import SignalState
from app.loans.domain.states import Security


class LoanOfficer(Table, table=True):
    """Who looks after a loan from a day on; the latest row counts."""

    __tablename__ = "loan_officer"
    __table_args__ = (sa.UniqueConstraint("loan_id", "seq"),)

    loan_id: UUID = link("loan.id")
    seq: int
    person_id: UUID = link("person.id", index=True)
    from_on: date
    reason: str = text(300, default="")
    named_by: UUID
    created_at: datetime


class Inspection(Versioned, table=True):
    """A post-loan check: planned, then its report. A reviewed one never changes."""

    __tablename__ = "inspection"
    __table_args__ = (
        one_of(
            "uq_inspection_task",
            ("loan_id", "kind", "due_on"),
            where="state IN ('planned', 'draft', 'submitted')",
        ),
        one_of(
            "uq_inspection_next",
            ("loan_id",),
            where="state IN ('planned', 'draft', 'submitted') AND kind <> 'special'",
        ),
        sa.Index("ix_inspection_bank", "bank_id", "state", "due_on"),
        sa.Index("ix_inspection_loan", "loan_id", "due_on"),
        check("recorded", "state IN ('planned', 'dropped') OR checked_on IS NOT NULL"),
        check("submitted", "state NOT IN ('submitted', 'reviewed') OR submitted_by IS NOT NULL"),
        check("reviewed", "(state = 'reviewed') = (reviewed_by IS NOT NULL)"),
        check("two_people", "reviewed_by IS NULL OR reviewed_by <> submitted_by"),
        check("dropped", "(state = 'dropped') = (dropped_on IS NOT NULL)"),
        check("figures", "coalesce(drawn_fen, 0) >= 0 AND coalesce(proved_fen, 0) >= 0"),
    )

    number: str = text(40, unique=True)
    loan_id: UUID = link("loan.id")
    bank_id: UUID = link("organisation.id")
    kind: InspectionKind = choice(InspectionKind, "kind")
    state: InspectionState = choice(InspectionState, "state", default=InspectionState.PLANNED)
    due_on: date
    planned_on: date
    officer_id: UUID | None = link("person.id", nullable=True, index=True)
    loan_class: LoanClass | None = choice(LoanClass, "loan_class", nullable=True)
    """The class by which the day was planned."""
    security: Security | None = choice(Security, "security", nullable=True)
    """The security by which the day was planned; it says which points are asked."""
    months: int | None = None
    reason: str = text(300, default="")
    """Why a special check was ordered, or a planned one brought forward."""
    ordered_by: UUID | None = None
    replaces_id: UUID | None = link("inspection.id", nullable=True)
    """The later check that this one was brought forward from."""
    dropped_on: date | None = None
    drop_reason: str = text(300, default="")
    checked_on: date | None = None
    place: str = text(160, default="")
    present: str = text(300, default="")
    findings: list[dict[str, Any]] | None = json_column(nullable=True)
    conclusion: Conclusion | None = choice(Conclusion, "conclusion", nullable=True)
    summary: str = text(2000, default="")
    next_step: str = text(500, default="")
    inspector_id: UUID | None = None
    submitted_by: UUID | None = None
    submitted_at: datetime | None = None
    submitted_on: date | None = None
    drawn_fen: int | None = fen(nullable=True)
    """Drawn by the day of the check, as the report was submitted."""
    proved_fen: int | None = fen(nullable=True)
    """Proofs of the use of funds, of this report and of those reviewed before it was submitted."""
    return_reason: str = text(500, default="")
    reviewed_by: UUID | None = None
    reviewed_at: datetime | None = None
    reviewed_on: date | None = None
    review_note: str = text(500, default="")
    document_id: UUID | None = link("issued_document.id", nullable=True)
    sealed_sha256: str = text(64, default="")
    """Over the content of a reviewed report; `verify` works it out again."""
    created_at: datetime


class InspectionFile(Table, table=True):
    """A photo or a proof of a check; one put by mistake is withdrawn with a reason and stays."""

    __tablename__ = "inspection_file"
    __table_args__ = (
        sa.UniqueConstraint("inspection_id", "document_id"),
        check("amount_of_proof", "(purpose = 'use-of-funds') = (amount_fen IS NOT NULL)"),
        check("amount_positive", "amount_fen IS NULL OR amount_fen > 0"),
        check("withdrawn_with_reason", "(withdrawn_at IS NULL) = (withdrawn_reason = '')"),
    )

    inspection_id: UUID = link("inspection.id")
    loan_id: UUID = link("loan.id", index=True)
    document_id: UUID = link("document.id")
    purpose: FilePurpose = choice(FilePurpose, "purpose")
    amount_fen: int | None = fen(nullable=True)
    payee: str = text(160, default="")
    note: str = text(300, default="")
    person_id: UUID
    created_at: datetime
    withdrawn_at: datetime | None = None
    withdrawn_reason: str = text(300, default="")


class WarningSignal(Versioned, table=True):
    """A sign that a loan may go wrong; it ends resolved or dismissed, and stays."""

    __tablename__ = "warning_signal"
    __table_args__ = (
        sa.Index("ix_warning_signal_bank", "bank_id", "state"),
        check("closed", "(state IN ('resolved', 'dismissed')) = (closed_on IS NOT NULL)"),
        check("two_people", "state <> 'dismissed' OR closed_by <> raised_by"),
    )

    number: str = text(40, unique=True)
    loan_id: UUID = link("loan.id", index=True)
    bank_id: UUID = link("organisation.id")
    inspection_id: UUID | None = link("inspection.id", nullable=True, index=True)
    level: str = text(20)
    kind: str = text(40)
    source: str = text(40)
    state: SignalState = choice(SignalState, "state", default=SignalState.OPEN)
    description: str = text(2000)
    raised_on: date
    raised_by: UUID
    closed_on: date | None = None
    closed_by: UUID | None = None
    closing_note: str = text(500, default="")
    created_at: datetime


class SignalAct(Table, table=True):
    """What was done about a signal, in order."""

    __tablename__ = "signal_act"
    __table_args__ = (sa.UniqueConstraint("signal_id", "seq"),)

    signal_id: UUID = link("warning_signal.id")
    seq: int
    event: str = text(40)
    level: str = text(20)
    """The level after the act."""
    on: date
    note: str = text(500, default="")
    person_id: UUID
    look_id: UUID | None = Field(default=None, index=True)
    """The look of the system that wrote it; the journal keeps the digest of what a look wrote."""
    created_at: datetime


class SignalCause(Table, table=True):
    """Why the system raised a signal: one row an episode of a loan, at most one of a trigger that has not ended."""

    __tablename__ = "signal_cause"
    __table_args__ = (
        one_of("uq_signal_cause_holding", ("loan_id", "trigger"), where="ended_on IS NULL"),
        sa.Index("ix_signal_cause_bank", "bank_id", "trigger", "ended_on"),
        sa.Index("ix_signal_cause_loan", "loan_id", "trigger"),
        check("seen_after_begun", "seen_on >= began_on"),
    )

    signal_id: UUID = link("warning_signal.id", unique=True)
    loan_id: UUID = link("loan.id")
    bank_id: UUID = link("organisation.id")
    trigger: Trigger = choice(Trigger, "trigger", checked=False)
    level: str = text(20)
    """The gravest level that the cause reached; people may have raised that of the signal further."""
    began_on: date
    """By the facts: the due day that was missed, the day of the class."""
    seen_on: date
    """The business day on which its figures were seen."""
    figures: dict[str, Any] = json_column()
    ended_on: date | None = None


class SignalLook(SQLModel, table=True):
    """Up to which business day the system looked for causes among the loans of a bank."""

    __tablename__ = "signal_look"

    bank_id: UUID = Field(primary_key=True, foreign_key="organisation.id")
    looked_on: date | None = None


class SignalMeasure(Table, table=True):
    """A task that a signal brought, with its day and who answers for it."""

    __tablename__ = "signal_measure"
    __table_args__ = (
        sa.UniqueConstraint("signal_id", "seq"),
        sa.Index("ix_signal_measure_person", "person_id", "done_on"),
        check("done", "(done_on IS NULL) = (done_by IS NULL)"),
    )

    signal_id: UUID = link("warning_signal.id")
    seq: int
    task: str = text(500)
    due_on: date
    person_id: UUID = link("person.id")
    done_on: date | None = None
    done_by: UUID | None = None
    done_note: str = text(500, default="")
    created_at: datetime


class SignalFile(Table, table=True):
    """Evidence of a signal."""

    __tablename__ = "signal_file"
    __table_args__ = (sa.UniqueConstraint("signal_id", "document_id"),)

    signal_id: UUID = link("warning_signal.id")
    document_id: UUID = link("document.id")
    note: str = text(300, default="")
    person_id: UUID
    created_at: datetime
