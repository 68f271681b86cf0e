"""The classes that a loan took: those of its closes, and the loss that a write-off took it as."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.kernel.actor import Actor
from app.kernel.text import N_
from app.loans.domain.classification import LoanClass
from app.loans.domain.debtor import reason_read
from app.loans.domain.states import LoanState
from app.loans.ledger.written_off import written_off_on
from app.loans.models import LoanClassification
from app.loans.queries import MAX_LISTED_ROWS, LoanView, loan_view

WRITTEN_OFF_REASON: Final = {
    "code": "written-off",
    "floor": LoanClass.LOSS.value,
    "detail": N_("The loan was written off on this day, which took it as loss."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassificationView:
    """A class taken on a day, and why."""

    on: date
    loan_class: LoanClass
    own_class: LoanClass
    overdue_days: int | None
    """None of what a write-off took, which no close counted."""
    reasons: Sequence[Mapping[str, Any]]


def classes_taken(session: Session, actor: Actor, loan_id: UUID) -> tuple[ClassificationView, ...]:
    """The classes that a visible loan took, newest first; none of a card of published facts.

    What was written off was taken as loss on that day, by the write-off and no close.
    """
    loan = loan_view(session, actor, loan_id)
    if loan.published:
        return ()
    statement = (
        sa.select(LoanClassification)
        .where(col(LoanClassification.loan_id) == loan_id)
        .order_by(col(LoanClassification.on).desc())
        .limit(MAX_LISTED_ROWS)
    )
    taken = tuple(
        ClassificationView(
            on=row.on,
            loan_class=row.loan_class,
            own_class=row.own_class,
            overdue_days=row.overdue_days,
            reasons=[reason_read(each) for each in row.reasons],
        )
        for row in session.execute(statement).scalars()
    )
    return (*_taken_as_loss(session, loan), *taken)


def _taken_as_loss(session: Session, loan: LoanView) -> Iterator[ClassificationView]:
    on = written_off_on(session, loan.id) if loan.state is LoanState.WRITTEN_OFF else None
    if on is None:
        return
    yield ClassificationView(
        on=on,
        loan_class=LoanClass.LOSS,
        own_class=LoanClass.LOSS,
        overdue_days=None,
        reasons=[{**WRITTEN_OFF_REASON, "facts": {}}],
    )
