"""What `verify` asks of oversight: looks are complete and written down; published cards carry no judgement."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.models import AuditEvent
from app.collateral.models import LoanCover, MarginCall
from app.db.invariants import Violation
from app.loans.models import Loan, LoanMonthEnd
from app.oversight.domain import DRILL_DOWN_HOURS, MIN_PURPOSE
from app.oversight.models import DrillDown


def violations(session: Session) -> Iterator[Violation]:
    """Every broken invariant of this room."""
    yield from _drill_downs(session)
    yield from _published(session)


def _drill_downs(session: Session) -> Iterator[Violation]:
    """A look has its purpose, its scope, its time, and its event in the journal."""
    opened = sa.select(col(AuditEvent.subject_id)).where(
        col(AuditEvent.action) == "drill-down.open"
    )
    written = set(session.execute(opened).scalars())
    for row in session.execute(sa.select(DrillDown).order_by(col(DrillDown.id))).scalars():
        subject = f"drill-down {row.id}"
        if len(row.purpose.strip()) < MIN_PURPOSE or not row.scope:
            yield _broken(subject, "purpose or scope is missing")
        if row.valid_until != row.opened_at + DRILL_DOWN_HOURS:
            yield _broken(subject, f"valid from {row.opened_at} until {row.valid_until}")
        if str(row.id) not in written:
            yield _broken(subject, "the journal does not know it")


def _published(session: Session) -> Iterator[Violation]:
    """No class, cover or case is ever kept for a real name."""
    tables = (
        ("a class", LoanMonthEnd.loan_id, col(LoanMonthEnd.loan_class).is_not(None)),
        ("a cover", LoanCover.loan_id, sa.true()),
        ("a top-up case", MarginCall.loan_id, sa.true()),
    )
    for what, loan_id, condition in tables:
        statement = (
            sa.select(col(Loan.number))
            .join_from(Loan, loan_id.class_, col(loan_id) == col(Loan.id))  # type: ignore[attr-defined]
            .where(col(Loan.published), condition)
            .distinct()
        )
        for number in session.execute(statement).scalars():
            yield Violation(
                invariant="published-card", subject=f"loan {number}", detail=f"carries {what}"
            )


def _broken(subject: str, detail: str) -> Violation:
    return Violation(invariant="drill-down", subject=subject, detail=detail)
