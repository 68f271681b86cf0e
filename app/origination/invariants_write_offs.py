"""What `verify` asks about write-offs: two people, what the journal kept, the books as carried out."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.models import AuditEvent
from app.db.invariants import Violation
from app.loans.domain.journal import Account
from app.loans.domain.states import EntryKind, LoanState
from app.loans.models import Loan, LoanPosting
from app.origination.domain.changes import ChangeState
from app.origination.write_off_models import KEPT, KEPT_LATER, LoanWriteOff

_DECIDED = (ChangeState.APPROVED, ChangeState.CARRIED_OUT)


def write_off_violations(session: Session) -> Iterator[Violation]:
    """Each broken rule about write-offs of loans."""
    said, booked = _said(session), _booked(session)
    statement = (
        sa.select(LoanWriteOff, Loan)
        .join(Loan, col(Loan.id) == col(LoanWriteOff.loan_id))
        .order_by(col(LoanWriteOff.id))
    )
    for row, loan in session.execute(statement):
        yield from _as_said(row, said.get(str(row.id), {}))
        yield from _duties(row)
        yield from _carried_out(row, loan, booked.get(row.number))
    yield from _undecided(session)


def _said(session: Session) -> dict[str, dict[str, Any]]:
    statement = (
        sa.select(col(AuditEvent.subject_id), col(AuditEvent.facts))
        .where(col(AuditEvent.action).like("loan-write-off.%"))
        .order_by(col(AuditEvent.organisation_id), col(AuditEvent.seq))
    )
    return {subject: dict(facts) for subject, facts in session.execute(statement)}


def _booked(session: Session) -> dict[str, int]:
    """Principal that write-offs took off the balance sheet, by the number that the entry bears."""
    statement = (
        sa.select(col(LoanPosting.text), sa.func.sum(LoanPosting.amount_fen))
        .where(
            col(LoanPosting.kind) == EntryKind.WRITE_OFF,
            col(LoanPosting.credit) == Account.PRINCIPAL,
        )
        .group_by(col(LoanPosting.text))
    )
    return {number: int(amount) for number, amount in session.execute(statement)}


def _as_said(row: LoanWriteOff, said: dict[str, Any]) -> Iterator[Violation]:
    """A write-off is what the journal kept of it."""
    for name in KEPT:
        found = getattr(row, name)
        kept = said.get(name, found if name in KEPT_LATER else None)
        if found != kept:
            yield _broken("loan-write-off", row, f"{name} is {found}, the journal says {kept}")


def _duties(row: LoanWriteOff) -> Iterator[Violation]:
    if row.state in _DECIDED and row.decided_by_id in (None, row.proposed_by_id):
        yield _broken("duties-apart", row, f"{row.state} without a second person")
    if row.state is ChangeState.CARRIED_OUT and row.carried_out_by_id in (None, row.decided_by_id):
        yield _broken("duties-apart", row, "carried out by nobody, or by who decided")


def _carried_out(row: LoanWriteOff, loan: Loan, booked_fen: int | None) -> Iterator[Violation]:
    """What was carried out stands in the books with the principal that was approved."""
    done = row.state is ChangeState.CARRIED_OUT
    if done and loan.state is not LoanState.WRITTEN_OFF:
        yield _broken("loan-write-off-books", row, f"carried out, loan is {loan.state}")
    expected = row.principal_fen if done else None
    if booked_fen != expected:
        detail = f"{booked_fen} fen of principal booked, {expected} by this write-off"
        yield _broken("loan-write-off-books", row, detail)


def _undecided(session: Session) -> Iterator[Violation]:
    """What was written off without a decision here was so before the books of its bank were opened here."""
    opened = _opened(session)
    statement = (
        sa.select(col(Loan.number), col(Loan.bank_id), col(LoanPosting.booked_on))
        .join(Loan, col(Loan.id) == col(LoanPosting.loan_id))
        .outerjoin(
            LoanWriteOff,
            sa.and_(
                col(LoanWriteOff.loan_id) == col(Loan.id),
                col(LoanWriteOff.number) == col(LoanPosting.text),
                col(LoanWriteOff.state) == ChangeState.CARRIED_OUT,
            ),
        )
        .where(col(LoanPosting.kind) == EntryKind.WRITE_OFF, col(LoanWriteOff.id).is_(None))
        .distinct()
        .order_by(col(Loan.number))
    )
    for number, bank_id, booked_on in session.execute(statement):
        first_on = opened.get(str(bank_id))
        if first_on is None or booked_on.isoformat() >= first_on:
            detail = f"written off on {booked_on} without a decision"
            yield Violation(
                invariant="loan-write-off-books", subject=f"loan {number}", detail=detail
            )


def _opened(session: Session) -> dict[str, str]:
    """The first day of each bank whose books are kept here, as the audit journal was told."""
    statement = sa.select(col(AuditEvent.subject_id), col(AuditEvent.facts)).where(
        col(AuditEvent.action) == "business-day.open"
    )
    return {bank_id: str(facts["day"]) for bank_id, facts in session.execute(statement)}


def _broken(invariant: str, row: LoanWriteOff, detail: str) -> Violation:
    return Violation(invariant=invariant, subject=f"write-off {row.number}", detail=detail)
