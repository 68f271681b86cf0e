"""What post-loan checks and warning signals leave to do: each feed is a bounded number of queries."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import Session, col

from app.desk.domain import Task
from app.kernel.actor import Actor
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.loans.domain.causes import SYSTEM_SOURCE
from app.loans.domain.inspection import InspectionState
from app.loans.domain.signals import OPEN_SIGNALS, SignalState, fact_to_consider
from app.loans.domain.states import LoanState
from app.loans.inspection.models import (
    Inspection,
    InspectionFile,
    SignalMeasure,
    WarningSignal,
)
from app.loans.inspection.queries import visible_inspections, words_of_loans
from app.loans.inspection.signal_queries import (
    is_over,
    officer_of_signal,
    rank_of_level,
    visible_signals,
)
from app.loans.models import Loan, LoanFactRow
from app.loans.services import lending_day
from app.reference.services import policy_for

MAX_TASKS: Final = 200
"""Rows of one feed; a desk with more works from the lists of the room."""

_CHECK_WHAT: Final = {
    InspectionState.PLANNED: N_("Make the post-loan check"),
    InspectionState.DRAFT: N_("Finish the report of the check"),
    InspectionState.SUBMITTED: N_("Review the report of the check"),
}


def inspection_tasks(session: Session, actor: Actor) -> Iterator[Task]:
    """Checks soon due or late of the loan's officer, of any officer where none is named; reports to review."""
    states = _states(actor)
    if actor.organisation_kind != "bank" or not states:
        return
    day = lending_day(session, actor.organisation_id)
    soon = day + _reminded(session, actor, day)
    statement: Any = (
        visible_inspections(actor)
        .where(
            col(Inspection.state).in_(states),
            sa.or_(
                col(Inspection.state) == InspectionState.SUBMITTED, col(Inspection.due_on) <= soon
            ),
        )
        .where(_own(actor))
        .order_by(col(Inspection.due_on), col(Inspection.number))
        .limit(MAX_TASKS)
    )
    rows = session.execute(statement).scalars().all()
    loans = words_of_loans(session, {row.loan_id for row in rows})
    for row in rows:
        loan = loans[row.loan_id]
        yield Task(
            what=_CHECK_WHAT[row.state],
            number=row.number,
            href=f"/inspections/{row.id}",
            title=loan.title,
            customer=loan.borrower,
            due_on=row.due_on,
        )


def _states(actor: Actor) -> list[InspectionState]:
    makes = actor.may(Permission.INSPECT_LOANS)
    reviews = actor.may(Permission.REVIEW_INSPECTION)
    return [
        state for state in _CHECK_WHAT if (reviews if state is InspectionState.SUBMITTED else makes)
    ]


def _reminded(session: Session, actor: Actor, day: date) -> timedelta:
    policy = policy_for(session, actor.organisation_id, day)
    return timedelta(days=policy.whole("loans.inspection.remind_days"))


def _own(actor: Actor) -> sa.ColumnElement[bool]:
    """A report waits for somebody without a part in it; a check for the officer of its loan."""
    added = sa.select(col(InspectionFile.inspection_id)).where(
        col(InspectionFile.person_id) == actor.person_id, col(InspectionFile.withdrawn_at).is_(None)
    )
    return sa.or_(
        sa.and_(
            col(Inspection.state) == InspectionState.SUBMITTED,
            col(Inspection.submitted_by) != actor.person_id,
            col(Inspection.inspector_id) != actor.person_id,
            col(Inspection.id).not_in(added),
        ),
        sa.and_(
            col(Inspection.state) != InspectionState.SUBMITTED,
            sa.or_(
                col(Inspection.officer_id) == actor.person_id,
                col(Inspection.officer_id).is_(None),
            ),
        ),
    )


def measure_tasks(session: Session, actor: Actor) -> Iterator[Task]:
    """Measures of open signals that the actor answers for."""
    if not actor.may(Permission.HANDLE_SIGNAL):
        return
    statement: Any = (
        visible_signals(actor)
        .join(SignalMeasure, col(SignalMeasure.signal_id) == col(WarningSignal.id))
        .add_columns(col(SignalMeasure.task), col(SignalMeasure.due_on))
        .where(
            col(WarningSignal.state).in_(OPEN_SIGNALS),
            col(SignalMeasure.person_id) == actor.person_id,
            col(SignalMeasure.done_on).is_(None),
        )
        .order_by(col(SignalMeasure.due_on), col(SignalMeasure.id))
        .limit(MAX_TASKS)
    )
    rows = session.execute(statement).all()
    loans = words_of_loans(session, {row[0].loan_id for row in rows})
    for signal, task, due_on in rows:
        yield Task(
            what=N_("Carry out the measure: %(task)s"),
            facts={"task": task},
            number=signal.number,
            href=f"/warning-signals/{signal.id}",
            title=loans[signal.loan_id].title,
            customer=loans[signal.loan_id].borrower,
            due_on=due_on,
        )


def signal_tasks(session: Session, actor: Actor) -> Iterator[Task]:
    """Signals that nobody handles yet, and those whose fact the officer of classification has to consider."""
    handles = actor.may(Permission.HANDLE_SIGNAL)
    judges = actor.may(Permission.JUDGE_CLASS)
    if actor.organisation_kind != "bank" or not (handles or judges):
        return
    statement = (
        visible_signals(actor)
        .add_columns(
            _is_for(actor).label("own"),
            is_over().label("over"),
            _is_written_off().label("written_off"),
        )
        .where(col(WarningSignal.state).in_(OPEN_SIGNALS))
        .order_by(rank_of_level().desc(), col(WarningSignal.raised_on), col(WarningSignal.number))
        .limit(MAX_TASKS)
    )
    found = session.execute(statement if judges else statement.where(_is_for(actor))).all()
    rows = [each[0] for each in found]
    loans = words_of_loans(session, {row.loan_id for row in rows})
    recorded = _recorded(session, rows) if judges else set()
    for row, own, over, written_off in found:
        fact = fact_to_consider(row.kind, row.level)
        if judges and fact is not None and (row.loan_id, fact) not in recorded:
            what = N_("Consider a fact for the class after the signal")
        elif handles and own and over:
            what = _ENDED[written_off]
        elif handles and own and row.state is SignalState.OPEN:
            what = N_("Handle the warning signal")
        else:
            continue
        yield Task(
            what=what,
            number=row.number,
            href=f"/warning-signals/{row.id}",
            title=loans[row.loan_id].title,
            customer=loans[row.loan_id].borrower,
            due_on=row.raised_on,
        )


_ENDED: Final = {
    False: N_("End the signal: its cause has ended"),
    True: N_("End the signal: the loan was written off"),
}


def _is_written_off() -> sa.ColumnElement[bool]:
    return (
        sa.exists()
        .where(col(Loan.id) == col(WarningSignal.loan_id), col(Loan.state) == LoanState.WRITTEN_OFF)
        .correlate(WarningSignal)
    )


def _is_for(actor: Actor) -> sa.ColumnElement[bool]:
    """What a person raised is for all who handle signals; what the system raised for the officer of the loan.

    Of a loan without one, for all too.
    """
    officer = officer_of_signal()
    return sa.or_(
        col(WarningSignal.source) != SYSTEM_SOURCE,
        officer == actor.person_id,
        officer.is_(None),
    )


def _recorded(session: Session, rows: Any) -> set[tuple[Any, Any]]:
    """Facts in force or later on the loans of some signals."""
    ids = {row.loan_id for row in rows}
    if not ids:
        return set()
    since = min(row.raised_on for row in rows)
    statement = sa.select(col(LoanFactRow.loan_id), col(LoanFactRow.fact)).where(
        col(LoanFactRow.loan_id).in_(ids),
        sa.or_(col(LoanFactRow.until_on).is_(None), col(LoanFactRow.until_on) >= since),
    )
    return {(row.loan_id, row.fact) for row in session.execute(statement)}
