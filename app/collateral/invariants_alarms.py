"""What `verify` asks of warning signals that collateral led to: the observation or the term behind each."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlmodel import Session, col

from app.collateral.domain.cover import LINE_PLACES
from app.collateral.models import LtvObservation, Pledge, Registration
from app.db.invariants import Violation
from app.loans.domain.causes import Trigger
from app.loans.inspection.models import SignalCause, WarningSignal


def alarm_violations(session: Session) -> Iterator[Violation]:
    """Each signal about cover or a registration of which nothing on file is the cause."""
    for number in (*_unobserved(session), *_unregistered(session)):
        yield Violation(
            invariant="signal-cause-fact",
            subject=f"warning signal {number}",
            detail="nothing on file began its cause",
        )


def _unobserved(session: Session) -> list[str]:
    """Cover was seen over a line of the contract by the day of the figures."""
    seen = sa.exists().where(
        col(LtvObservation.loan_id) == col(SignalCause.loan_id),
        col(LtvObservation.on) <= col(SignalCause.seen_on),
        col(LtvObservation.level).in_(tuple(LINE_PLACES)),
    )
    statement = (
        sa.select(col(WarningSignal.number))
        .join(SignalCause, col(SignalCause.signal_id) == col(WarningSignal.id))
        .where(col(SignalCause.trigger) == Trigger.COVER_LOW, ~seen)
    )
    return list(session.execute(statement).scalars())


def _unregistered(session: Session) -> list[str]:
    """A registration of the loan's security ends on the day that the figures name."""
    terms = (
        sa.select(col(Pledge.loan_id), col(Registration.expires_on))
        .join(Pledge, col(Pledge.id) == col(Registration.pledge_id))
        .where(col(Registration.expires_on).is_not(None))
    )
    known = {(row.loan_id, row.expires_on.isoformat()) for row in session.execute(terms)}
    statement = (
        sa.select(SignalCause, col(WarningSignal.number))
        .join(WarningSignal, col(WarningSignal.id) == col(SignalCause.signal_id))
        .where(col(SignalCause.trigger) == Trigger.REGISTRATION_SHORT)
    )
    return [
        number
        for cause, number in session.execute(statement)
        if (cause.loan_id, cause.figures.get("ends_on")) not in known
    ]
