"""Extensions on file: in an order that leads to the maturity of the loan, as the audit journal was told."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.models import AuditEvent
from app.db.invariants import Violation
from app.loans.models import Loan, LoanExtension, LoanNote, NotePlan


def extension_violations(session: Session) -> Iterator[Violation]:
    """Each extension that does not follow on the one before, and each plan that names none of its loan."""
    by_loan: dict[UUID, list[LoanExtension]] = defaultdict(list)
    ordered = sa.select(LoanExtension).order_by(col(LoanExtension.number))
    for row in session.execute(ordered).scalars():
        by_loan[row.loan_id].append(row)
    told = _told(session)
    loans = sa.select(Loan).where(col(Loan.id).in_(by_loan)).order_by(col(Loan.number))
    for loan in session.execute(loans).scalars():
        for detail in _chain(loan, by_loan[loan.id], told[str(loan.id)]):
            yield _broken(f"loan {loan.number}", detail)
    yield from _plans(session)


def _told(session: Session) -> dict[str, list[Mapping[str, Any]]]:
    statement = (
        sa.select(col(AuditEvent.subject_id), col(AuditEvent.facts))
        .where(col(AuditEvent.action) == "loan.extend")
        .order_by(col(AuditEvent.organisation_id), col(AuditEvent.seq))
    )
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for subject_id, facts in session.execute(statement):
        found[subject_id].append(facts)
    return found


def _chain(
    loan: Loan, rows: Sequence[LoanExtension], told: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    if [row.number for row in rows] != list(range(1, len(rows) + 1)):
        yield "its extensions are not numbered in their order"
    ends = [rows[0].before_on, *(row.matures_on for row in rows)]
    moved = [rows[0].before_moved, *(row.moved for row in rows)]
    if [(row.before_on, row.before_moved) for row in rows] != list(zip(ends, moved, strict=True))[
        :-1
    ]:
        yield "an extension does not begin where the one before it ended"
    if (ends[-1], moved[-1]) != (loan.matures_on, loan.moved_days):
        yield f"matures on {loan.matures_on}, its last extension says {ends[-1]}"
    days = [row.booked_on for row in rows]
    if days != sorted(days) or any(row.booked_on >= row.before_on for row in rows):
        yield "an extension was booked out of its order, or after the maturity"
    said = [
        (each["until"], each.get("moved_days"), str(each["reason"])[:300])
        for each in told[-len(rows) :]
    ]
    if said != [(row.matures_on.isoformat(), row.moved, row.reason) for row in rows]:
        yield "its extensions differ from what the journal was told"


def _plans(session: Session) -> Iterator[Violation]:
    """A plan that names an extension counts from its day, or repeats one that does."""
    statement = (
        sa.select(NotePlan, LoanNote, LoanExtension)
        .join(LoanNote, col(LoanNote.id) == col(NotePlan.note_id))
        .outerjoin(LoanExtension, col(LoanExtension.id) == col(NotePlan.extension_id))
        .where(col(NotePlan.extension_id).is_not(None))
        .order_by(col(LoanNote.number), col(NotePlan.number))
    )
    for plan, note, row in session.execute(statement):
        fits = row is not None and row.loan_id == note.loan_id
        if not fits or not _counts_from(plan, row.booked_on):
            detail = f"plan {plan.number} counts from {plan.from_on}, its extension says otherwise"
            yield _broken(f"note {note.number}", detail)


def _counts_from(plan: NotePlan, booked_on: date) -> bool:
    return plan.from_on == booked_on if plan.repeats is None else plan.from_on >= booked_on


def _broken(subject: str, detail: str) -> Violation:
    return Violation(invariant="loan-extension", subject=subject, detail=detail)
