"""What `verify` asks about classes: two people for the better, facts ended by decision or rule, provisions."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.models import AuditEvent
from app.db.invariants import Violation
from app.loans.classes.classifying import observation_trial
from app.loans.classes.models import ClassChange, LoanObservation
from app.loans.domain.class_changes import ChangeKind, ChangeState
from app.loans.domain.classification import class_rules
from app.loans.domain.provision import Rates, provision_fen, provision_rates
from app.loans.domain.states import CloseState, Kept
from app.loans.models import BankDay, DayClose, Loan, LoanFactRow, LoanMonthEnd
from app.reference.services import policy_for

_ONE_DAY = timedelta(days=1)
_KEPT = ("kind", "state", "judged_class", "better_fact", "proposed_by", "decided_by")


def class_violations(session: Session) -> Iterator[Violation]:
    """Each broken rule about changes of classes, facts and observations."""
    yield from _changes(session)
    yield from _ended_facts(session)
    yield from _better_facts(session)
    yield from _observations(session)
    yield from _provisions(session)


def _changes(session: Session) -> Iterator[Violation]:
    """A change is what the journal kept of it; one for the better in force had two people."""
    said = _said(session)
    for row in session.execute(sa.select(ClassChange).order_by(col(ClassChange.id))).scalars():
        subject = f"class change {row.number}"
        kept = said.get(str(row.id), {})
        found: dict[str, Any] = {
            "kind": row.kind.value,
            "state": row.state.value,
            "judged_class": row.judged_class.value if row.judged_class else None,
            "better_fact": row.better_fact.value if row.better_fact else None,
            "proposed_by": str(row.proposed_by_id),
            "decided_by": str(row.decided_by_id) if row.decided_by_id else None,
        }
        for name in _KEPT:
            if found[name] != kept.get(name):
                detail = f"{name} is {found[name]}, the journal says {kept.get(name)}"
                yield Violation(invariant="class-change", subject=subject, detail=detail)
        alone = row.decided_by_id in (None, row.proposed_by_id)
        if row.for_better and row.state is ChangeState.IN_FORCE and alone:
            detail = "a better class in force without a second person"
            yield Violation(invariant="duties-apart", subject=subject, detail=detail)


def _said(session: Session) -> dict[str, dict[str, Any]]:
    statement = (
        sa.select(col(AuditEvent.subject_id), col(AuditEvent.facts))
        .where(col(AuditEvent.action).like("class-change.%"))
        .order_by(col(AuditEvent.organisation_id), col(AuditEvent.seq))
    )
    return {subject: dict(facts) for subject, facts in session.execute(statement)}


def _ended_facts(session: Session) -> Iterator[Violation]:
    """A fact under observation ends with it; a fact that a change ended is ended since."""
    ended = (
        sa.select(ClassChange, LoanFactRow)
        .join(LoanFactRow, col(LoanFactRow.id) == col(ClassChange.fact_id))
        .where(
            col(ClassChange.kind) == ChangeKind.END_FACT,
            col(ClassChange.state) == ChangeState.IN_FORCE,
        )
    )
    for change, fact in session.execute(ended):
        last = change.decided_on - _ONE_DAY if change.decided_on else None
        if last is None or fact.until_on is None or fact.until_on > last:
            detail = f"the fact counts until {fact.until_on}, it was ended on {change.decided_on}"
            subject = f"class change {change.number}"
            yield Violation(invariant="fact-ended", subject=subject, detail=detail)


def _better_facts(session: Session) -> Iterator[Violation]:
    """A fact for the better is the one that two people agreed on, in the name of who proposed it."""
    begun = (
        sa.select(ClassChange, LoanFactRow)
        .join(LoanFactRow, col(LoanFactRow.id) == col(ClassChange.fact_id))
        .where(col(ClassChange.kind) == ChangeKind.BETTER_FACT)
    )
    for change, fact in session.execute(begun):
        agreed = (change.loan_id, change.better_fact, change.proposed_by_id)
        if (fact.loan_id, fact.fact, fact.person_id) != agreed:
            detail = f"the fact {fact.fact.value} is not the one that was confirmed"
            subject = f"class change {change.number}"
            yield Violation(invariant="better-fact", subject=subject, detail=detail)


def _observations(session: Session) -> Iterator[Violation]:
    """An observation ended on a day whose close found its conditions met, and its fact with it."""
    statement = (
        sa.select(LoanObservation, LoanFactRow, Loan, BankDay)
        .join(LoanFactRow, col(LoanFactRow.id) == col(LoanObservation.fact_id))
        .join(Loan, col(Loan.id) == col(LoanObservation.loan_id))
        .join(BankDay, col(BankDay.bank_id) == col(Loan.bank_id))
        .order_by(col(LoanObservation.id))
    )
    for row, fact, loan, held in session.execute(statement):
        subject = f"observation of loan {loan.number}"
        if row.ended_on != fact.until_on:
            detail = f"it ended on {row.ended_on}, its fact counts until {fact.until_on}"
            yield Violation(invariant="observation-fact", subject=subject, detail=detail)
        if row.ended_on is not None:
            rules = class_rules(policy_for(session, loan.bank_id, row.ended_on))
            if not observation_trial(session, row, row.ended_on, rules).is_over:
                detail = f"ended on {row.ended_on} before its conditions were met"
                yield Violation(invariant="observation-ended", subject=subject, detail=detail)
        elif _is_over(session, row, loan, held.open_on - _ONE_DAY):
            detail = "its conditions are met, but it was not ended"
            yield Violation(invariant="observation-ended", subject=subject, detail=detail)


def _is_over(session: Session, row: LoanObservation, loan: Loan, closed_on: date) -> bool:
    if row.started_on > closed_on:
        return False
    rules = class_rules(policy_for(session, loan.bank_id, closed_on))
    return observation_trial(session, row, closed_on, rules).is_over


def _provisions(session: Session) -> Iterator[Violation]:
    """A month end that a close kept has the provision of its balance and class; one taken over may have."""

    @cache
    def rates_on(bank_id: UUID, day: date) -> Rates:
        return provision_rates(policy_for(session, bank_id, day))

    closed = sa.select(col(DayClose.bank_id), col(DayClose.on)).where(
        col(DayClose.state) == CloseState.FINISHED
    )
    finished = {(bank_id, on) for bank_id, on in session.execute(closed)}
    statement = (
        sa.select(LoanMonthEnd, col(Loan.bank_id), col(Loan.number))
        .join(Loan, col(Loan.id) == col(LoanMonthEnd.loan_id))
        .where(col(Loan.kept) == Kept.SERVICED)
        .execution_options(yield_per=_ROWS_AT_ONCE)
    )
    for row, bank_id, number in session.execute(statement):
        expected = None
        kept = (bank_id, row.month_end_on) in finished or row.provision_fen is not None
        if kept and row.loan_class is not None:
            rate = rates_on(bank_id, row.month_end_on)[row.loan_class]
            expected = provision_fen(row.principal_fen, rate)
        if row.provision_fen != expected:
            subject = f"loan {number} at {row.month_end_on}"
            detail = f"provision is {row.provision_fen} fen, balance and class say {expected}"
            yield Violation(invariant="loan-provision", subject=subject, detail=detail)


_ROWS_AT_ONCE = 1_000
"""Month ends read at a time."""
