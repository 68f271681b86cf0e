"""Plans that changes of terms made: of a change that the audit journal was told of, all from its one day."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.models import AuditEvent
from app.db.invariants import Violation
from app.loans.models import LoanNote, NotePlan
from app.loans.repayments.replayed_plans import is_decided


def decided_violations(session: Session) -> Iterator[Violation]:
    """Each plan of a change that nobody booked, or that counts from another day than its change."""
    told, counted = _told(session), dict[tuple[UUID, str], date]()
    statement = (
        sa.select(NotePlan, LoanNote)
        .join(LoanNote, col(LoanNote.id) == col(NotePlan.note_id))
        .where(
            col(NotePlan.number) > 1,
            col(NotePlan.repayment_id).is_(None),
            col(NotePlan.extension_id).is_(None),
            col(NotePlan.repeats).is_(None),
        )
        .order_by(col(LoanNote.number), col(NotePlan.number))
    )
    for plan, note in session.execute(statement):
        if not is_decided(plan):
            continue
        if (str(note.loan_id), plan.reason) not in told:
            yield _broken(note, f"plan {plan.number} is of no change of terms that was booked")
        on = counted.setdefault((note.loan_id, plan.reason), plan.from_on)
        if plan.from_on != on:
            yield _broken(note, f"plan {plan.number} counts from {plan.from_on}, its change {on}")


def _told(session: Session) -> set[tuple[str, str]]:
    """Loans and the numbers of the changes that were booked on them."""
    statement = sa.select(col(AuditEvent.subject_id), col(AuditEvent.facts)).where(
        col(AuditEvent.action).in_(("loan.reprice", "loan.restructure"))
    )
    return {(subject_id, str(facts["change"])) for subject_id, facts in session.execute(statement)}


def _broken(note: LoanNote, detail: str) -> Violation:
    return Violation(invariant="loan-decided-plan", subject=f"note {note.number}", detail=detail)
