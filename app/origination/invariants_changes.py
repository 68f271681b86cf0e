"""What `verify` asks about changes of a loan: two people, the limit kept, the books as carried out."""

from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.domain import json_value
from app.audit.models import AuditEvent
from app.db.invariants import Violation
from app.loans.classes.models import LoanObservation
from app.loans.models import Loan
from app.origination.change_models import KEPT, KEPT_LATER, LoanChange
from app.origination.domain.changes import ChangeKind, ChangeState
from app.origination.domain.extension import longest_of_change
from app.policy import Policy
from app.reference.services import policy_for

_DECIDED = (ChangeState.APPROVED, ChangeState.CARRIED_OUT)


def change_violations(session: Session) -> Iterator[Violation]:
    """Each broken rule about changes of loans."""
    said = _said(session)
    observed = set(session.execute(sa.select(col(LoanObservation.change_number))).scalars())
    statement = (
        sa.select(LoanChange, Loan)
        .join(Loan, col(Loan.id) == col(LoanChange.loan_id))
        .order_by(col(LoanChange.id))
    )

    @cache
    def policy_on(bank_id: UUID, day: date) -> Policy:
        return policy_for(session, bank_id, day)

    for row, loan in session.execute(statement):
        yield from _as_said(row, said.get(str(row.id), {}))
        yield from _duties(row)
        yield from _limit(row, loan, policy_on(row.bank_id, row.applied_on))
        yield from _carried_out(row, loan, observed=row.number in observed)
    yield from _renewed(session)


def _said(session: Session) -> dict[str, dict[str, Any]]:
    statement = (
        sa.select(col(AuditEvent.subject_id), col(AuditEvent.facts))
        .where(col(AuditEvent.action).like("loan-change.%"))
        .order_by(col(AuditEvent.organisation_id), col(AuditEvent.seq))
    )
    return {subject: dict(facts) for subject, facts in session.execute(statement)}


def _as_said(row: LoanChange, said: dict[str, Any]) -> Iterator[Violation]:
    """A change is what the journal kept of it."""
    for name in KEPT:
        found = json_value(getattr(row, name))
        kept = said.get(name, found if name in KEPT_LATER else None)
        if found != kept:
            yield _broken("loan-change", row, f"{name} is {found}, the journal says {kept}")


def _duties(row: LoanChange) -> Iterator[Violation]:
    if row.state in _DECIDED and row.decided_by_id in (None, row.proposed_by_id):
        yield _broken("duties-apart", row, f"{row.state} without a second person")
    if row.state is ChangeState.CARRIED_OUT and row.carried_out_by_id in (None, row.decided_by_id):
        yield _broken("duties-apart", row, "carried out by nobody, or by who decided")


def _limit(row: LoanChange, loan: Loan, policy: Policy) -> Iterator[Violation]:
    """The limit is that of the day of application, and an extension keeps it."""
    if loan.starts_on is None:
        return
    longest = longest_of_change(
        row.kind,
        starts_on=loan.starts_on,
        signed_until_on=row.signed_until_on,
        applied_on=row.applied_on,
        policy=policy,
    )
    if row.longest_on != longest:
        yield _broken("extension-limit", row, f"limit {row.longest_on} stored, {longest} by rule")
    if row.kind is not ChangeKind.RESTRUCTURING and row.matures_on > longest:
        yield _broken("extension-limit", row, f"extended to {row.matures_on}, past {longest}")


def _carried_out(row: LoanChange, loan: Loan, *, observed: bool) -> Iterator[Violation]:
    """What was carried out stands in the books; a debtor in difficulty is under observation."""
    done = row.state is ChangeState.CARRIED_OUT
    renews = row.kind is ChangeKind.RENEWAL
    if done and not renews and (loan.matures_on is None or loan.matures_on < row.matures_on):
        detail = f"carried out to {row.matures_on}, loan {loan.number} matures {loan.matures_on}"
        yield _broken("loan-change-books", row, detail)
    if observed != (done and row.financial_difficulty):
        yield _broken("loan-change-books", row, f"under observation: {observed}")


def _renewed(session: Session) -> Iterator[Violation]:
    """Each renewal carried out made one loan, and no loan renews another without one."""
    made = sa.select(col(Loan.id), col(Loan.renews_id), col(Loan.number)).where(
        col(Loan.renews_id).is_not(None)
    )
    new_loans = {row[0]: (row[1], row[2]) for row in session.execute(made)}
    done = sa.select(LoanChange).where(
        col(LoanChange.kind) == ChangeKind.RENEWAL, col(LoanChange.state) == ChangeState.CARRIED_OUT
    )
    for row in session.execute(done.order_by(col(LoanChange.number))).scalars():
        found = new_loans.pop(row.new_loan_id, None) if row.new_loan_id else None
        if found is None or found[0] != row.loan_id:
            yield _broken("loan-change-books", row, "no new loan renews its loan")
    for _old, number in new_loans.values():
        detail = "renews another loan without a decision"
        yield Violation(invariant="loan-change-books", subject=f"loan {number}", detail=detail)


def _broken(invariant: str, row: LoanChange, detail: str) -> Violation:
    return Violation(invariant=invariant, subject=f"loan change {row.number}", detail=detail)
