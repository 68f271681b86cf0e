"""What `verify` asks of signals that the system raised: each has its cause, by the facts that the books keep."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.models import AuditEvent
from app.db.invariants import Violation
from app.kernel.actor import SYSTEM_PERSON_ID
from app.loans.domain.causes import ENDINGS, SYSTEM_SOURCE, CauseNote, Trigger, trigger_words
from app.loans.inspection.causes import acts_digest
from app.loans.inspection.models import (
    Inspection,
    SignalAct,
    SignalCause,
    WarningSignal,
)
from app.loans.models import LoanClassification, LoanDue, LoanNote


def cause_violations(session: Session) -> Iterator[Violation]:
    """Each broken invariant of causes, and of what the looks of the system wrote."""
    yield from _pairs(session)
    yield from _endings(session)
    yield from _without_fact(session)
    yield from _looks(session)


def _violation(invariant: str, number: str, detail: str) -> Violation:
    return Violation(invariant=invariant, subject=f"warning signal {number}", detail=detail)


def _pairs(session: Session) -> Iterator[Violation]:
    """A signal of the system has one cause of its loan, bank and kind; nobody else's has any."""
    statement = sa.select(WarningSignal, SignalCause).outerjoin(
        SignalCause, col(SignalCause.signal_id) == col(WarningSignal.id)
    )
    both = sa.or_(col(WarningSignal.source) == SYSTEM_SOURCE, col(SignalCause.id).is_not(None))
    for signal, cause in session.execute(statement.where(both)):
        if cause is None:
            yield _violation("signal-cause", signal.number, "raised by the system without a cause")
        elif signal.source != SYSTEM_SOURCE or signal.raised_by != SYSTEM_PERSON_ID:
            yield _violation(
                "signal-cause", signal.number, "a person raised it, and it has a cause"
            )
        elif (
            (cause.loan_id, cause.bank_id) != (signal.loan_id, signal.bank_id)
            or signal.kind != trigger_words()[cause.trigger].kind
            or set(cause.figures) != set(trigger_words()[cause.trigger].figures)
        ):
            detail = "its cause is of another loan or kind, or lacks figures"
            yield _violation("signal-cause", signal.number, detail)


def _endings(session: Session) -> Iterator[Violation]:
    """A cause has ended exactly when the last thing said of it is its end, on that day."""
    notes = [each.value for each in CauseNote]
    statement = (
        sa.select(col(SignalAct.signal_id), col(SignalAct.event), col(SignalAct.on))
        .where(col(SignalAct.event).in_(notes))
        .order_by(col(SignalAct.seq))
    )
    last = {row.signal_id: (row.event, row.on) for row in session.execute(statement)}
    causes = sa.select(
        col(SignalCause.signal_id), col(SignalCause.ended_on), col(WarningSignal.number)
    ).join(WarningSignal, col(WarningSignal.id) == col(SignalCause.signal_id))
    for signal_id, ended_on, number in session.execute(causes):
        event, on = last.get(signal_id, (None, None))
        said_on = on if event in ENDINGS else None
        if said_on != ended_on:
            detail = f"its cause ended on {ended_on}, its history says {said_on}"
            yield _violation("signal-cause-end", number, detail)


def _without_fact(session: Session) -> Iterator[Violation]:
    """The fact that a cause began with is on file, unless it was none after all."""
    undone = sa.exists().where(
        col(SignalAct.signal_id) == col(SignalCause.signal_id),
        col(SignalAct.event) == CauseNote.UNDONE,
    )
    for triggers, model, day in _FACTS:
        table: Any = model
        fact = sa.exists().where(
            col(table.loan_id) == col(SignalCause.loan_id), day == col(SignalCause.began_on)
        )
        statement = (
            sa.select(col(WarningSignal.number))
            .join(SignalCause, col(SignalCause.signal_id) == col(WarningSignal.id))
            .where(col(SignalCause.trigger).in_(triggers), ~fact, ~undone)
        )
        for number in session.execute(statement).scalars():
            yield _violation("signal-cause-fact", number, "nothing on file began its cause")


_FACTS: tuple[tuple[tuple[Trigger, ...], Any, Any], ...] = (
    ((Trigger.OVERDUE, Trigger.INTEREST_UNPAID), LoanDue, col(LoanDue.due_on)),
    ((Trigger.CLASS_WORSE,), LoanClassification, col(LoanClassification.on)),
    ((Trigger.CHECK_LATE,), Inspection, col(Inspection.due_on)),
    ((Trigger.PROOF_MISSING,), LoanNote, col(LoanNote.drawn_on)),
)


def _looks(session: Session) -> Iterator[Violation]:
    """What each look wrote is what the journal says, and the system writes nothing outside of one."""
    told: dict[UUID | None, list[Any]] = defaultdict(list)
    statement = (
        sa.select(SignalAct, col(WarningSignal.number))
        .join(WarningSignal, col(WarningSignal.id) == col(SignalAct.signal_id))
        .where(
            sa.or_(
                col(SignalAct.look_id).is_not(None), col(SignalAct.person_id) == SYSTEM_PERSON_ID
            )
        )
    )
    for act, number in session.execute(statement):
        told[act.look_id].append((number, act.seq, act.event, act.level, act.on, act.note))
    events = sa.select(col(AuditEvent.subject_id), col(AuditEvent.facts)).where(
        col(AuditEvent.action) == "warning-signal.look"
    )
    digests = {subject: facts["sha256"] for subject, facts in session.execute(events)}
    for look_id in {*told, *(UUID(each) for each in digests)}:
        if acts_digest(told[look_id]) != digests.get(str(look_id)):
            yield Violation(
                invariant="signal-look",
                subject=f"look {look_id}",
                detail="what it wrote differs from what the journal says",
            )
