"""Tables of classes: what people decided about them, and restructured loans under observation."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from app.db.base import Table, Versioned, check, one_of
from app.db.types import choice, link, text
from app.loans.domain.class_changes import ChangeKind, ChangeState
from app.loans.domain.classification import LoanClass
from app.loans.domain.states import LoanFact


class ClassChange(Versioned, table=True):
    """A class by judgement, a fact for the better, or the end of a fact; for the better it takes two people."""

    __tablename__ = "class_change"
    __table_args__ = (
        check("kind_parts", "(kind = 'judge') = (judged_class IS NOT NULL)"),
        check("better_fact_named", "(kind = 'better-fact') = (better_fact IS NOT NULL)"),
        check(
            "fact_named",
            "(fact_id IS NOT NULL) ="
            " (kind = 'end-fact' OR (kind = 'better-fact' AND state = 'in-force'))",
        ),
        check(
            "duties_apart",
            "state = 'refused' OR decided_by_id IS NULL OR decided_by_id <> proposed_by_id",
        ),
        check(
            "better_by_two",
            "NOT for_better OR (state = 'proposed') = (decided_by_id IS NULL)",
        ),
        check("decided_day", "(state = 'proposed') = (decided_on IS NULL)"),
        one_of("uq_class_change_waiting", ("loan_id",), where="state = 'proposed'"),
        sa.Index("ix_class_change_bank_decided", "bank_id", "decided_on"),
    )

    number: str = text(20, unique=True)
    loan_id: UUID = link("loan.id", index=True)
    bank_id: UUID = link("organisation.id")
    kind: ChangeKind = choice(ChangeKind, "kind")
    judged_class: LoanClass | None = choice(LoanClass, "judged_class", nullable=True)
    better_fact: LoanFact | None = choice(LoanFact, "better_fact", nullable=True)
    fact_id: UUID | None = link("loan_fact.id", nullable=True)
    """The fact that ends, or that the confirmation recorded."""
    held_class: LoanClass = choice(LoanClass, "held_class")
    """The class of the loan when the change was proposed, or a worse one judged since the last close."""
    for_better: bool
    state: ChangeState = choice(ChangeState, "state")
    reason: str = text(500)
    note: str = text(500, default="")
    """Of who decided."""
    proposed_by_id: UUID
    proposed_on: date
    decided_by_id: UUID | None = None
    decided_on: date | None = None
    """The business day from whose close it counts."""
    created_at: datetime


class LoanObservation(Table, table=True):
    """A restructured loan under observation; how far it has come follows from its due days."""

    __tablename__ = "loan_observation"
    __table_args__ = (one_of("uq_loan_observation_open", ("fact_id",), where="ended_on IS NULL"),)

    loan_id: UUID = link("loan.id", index=True)
    fact_id: UUID = link("loan_fact.id")
    change_number: str = text(20)
    first_due_on: date
    """The first due day after the change; the observation begins with it."""
    started_on: date
    ended_on: date | None = None
    """The day whose close found all conditions met."""
