"""All that a bank knows about the class of one loan: facts, changes, observation, way back, provision."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.kernel.actor import Actor, Name
from app.kernel.permissions import Permission
from app.loans.books import lending_day
from app.loans.classes.changes import ClassChangeView, changes_of_loan, person_names
from app.loans.classes.classifying import due_days, observation_trial
from app.loans.classes.models import LoanObservation
from app.loans.domain.classification import ClassRules, class_rules
from app.loans.domain.payment_record import Trial, upgrade_trial
from app.loans.domain.provision import provision_fen, provision_rates
from app.loans.domain.states import OPEN_STATES, Kept, LoanFact
from app.loans.models import LoanFactRow
from app.loans.queries import LoanView, loan_view
from app.reference.services import policy_for

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FactView:
    """A recorded fact, and whether it counts today."""

    id: UUID
    fact: LoanFact
    from_on: date
    until_on: date | None
    share_ppm: int | None
    reason: str
    person: Name | None
    counts: bool
    by_rule: bool
    """It ends by rule only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationView:
    """The observation of a restructured loan with what remains of it."""

    change_number: str
    first_due_on: date
    started_on: date
    ended_on: date | None
    trial: Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRecord:
    """Everything about the class of a loan beside its history; `inside` for the bank itself."""

    inside: bool
    facts: Sequence[FactView] = ()
    changes: Sequence[ClassChangeView] = ()
    observations: Sequence[ObservationView] = ()
    upgrade: Trial | None = None
    """For a non-performing loan: the run since its arrears were paid."""
    rate_ppm: int | None = None
    provision_fen: int | None = None


def class_record(session: Session, actor: Actor, loan_id: UUID) -> ClassRecord:
    """The record of a visible loan; empty for everybody but its bank, and for loans kept elsewhere."""
    loan = loan_view(session, actor, loan_id)
    inside = actor.organisation_id == loan.bank_id or actor.sees("*") == "all"
    if not inside or loan.kept is Kept.MIRRORED:
        return ClassRecord(inside=inside)
    day = lending_day(session, loan.bank_id)
    policy = policy_for(session, loan.bank_id, day)
    rules = class_rules(policy)
    held = loan.loan_class
    may_read = actor.may(Permission.READ_PROVISIONS)
    rate = provision_rates(policy)[held] if held and may_read else None
    return ClassRecord(
        inside=True,
        facts=_facts(session, loan_id, day),
        changes=changes_of_loan(session, actor, loan_id),
        observations=_observations(session, loan, rules),
        upgrade=_upgrade(session, loan, rules),
        rate_ppm=rate,
        provision_fen=None if rate is None else provision_fen(loan.principal_fen, rate),
    )


def _facts(session: Session, loan_id: UUID, day: date) -> list[FactView]:
    statement = (
        sa.select(LoanFactRow)
        .where(col(LoanFactRow.loan_id) == loan_id)
        .order_by(col(LoanFactRow.from_on).desc(), col(LoanFactRow.id).desc())
    )
    rows = session.execute(statement).scalars().all()
    people = person_names(session, [row.person_id for row in rows])
    watched = sa.select(col(LoanObservation.fact_id)).where(
        col(LoanObservation.loan_id) == loan_id, col(LoanObservation.ended_on).is_(None)
    )
    by_rule = set(session.execute(watched).scalars())
    return [
        FactView(
            id=row.id,
            fact=row.fact,
            from_on=row.from_on,
            until_on=row.until_on,
            share_ppm=row.share_ppm,
            reason=row.reason,
            person=people.get(row.person_id),
            counts=row.until_on is None or row.until_on >= day,
            by_rule=row.id in by_rule,
        )
        for row in rows
    ]


def _observations(session: Session, loan: LoanView, rules: ClassRules) -> list[ObservationView]:
    statement = (
        sa.select(LoanObservation)
        .where(col(LoanObservation.loan_id) == loan.id)
        .order_by(col(LoanObservation.id).desc())
    )
    return [
        ObservationView(
            change_number=row.change_number,
            first_due_on=row.first_due_on,
            started_on=row.started_on,
            ended_on=row.ended_on,
            trial=observation_trial(session, row, row.ended_on or _closed(loan), rules),
        )
        for row in session.execute(statement).scalars()
    ]


def _upgrade(session: Session, loan: LoanView, rules: ClassRules) -> Trial | None:
    """None of a performing loan, and of one that is not open: nothing leads a loss written off back."""
    if loan.loan_class is None or loan.state not in OPEN_STATES:
        return None
    if not loan.loan_class.is_non_performing:
        return None
    on = _closed(loan)
    return upgrade_trial(due_days(session, loan.id, until_on=on), on=on, rules=rules.upgrade)


def _closed(loan: LoanView) -> date:
    return loan.closed_on or (loan.starts_on or date.min) - _ONE_DAY
