"""What happened to a loan in the order in which it counts: repayments, fees and refunds, changes of terms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.loans.domain.ledger import EntryState, ManualKind
from app.loans.ledger.models import ManualEntry
from app.loans.models import LoanExtension, Repayment
from app.loans.repayments.decided_changes import DecidedChange, decided_changes
from app.loans.repayments.models import RepaymentOrder

What: TypeAlias = Repayment | ManualEntry | LoanExtension | DecidedChange


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """Something that counts from a day on; on one day it counts in the order in which it was first booked."""

    on: date
    key: UUID
    """Ids grow with time: that of the first booking, also where it was booked again since."""
    what: What

    @property
    def place(self) -> tuple[date, UUID]:
        """Its place in the order."""
        return self.on, self.key


def timeline(session: Session, loan_id: UUID) -> list[Happened]:
    """All that stands, in its order: a fee or refund that was taken back counts nowhere, nor does its reversal."""
    return sorted(
        [
            *_repayments(session, loan_id),
            *_entries(session, loan_id),
            *_extensions(session, loan_id),
            *_decided(session, loan_id),
        ],
        key=lambda each: each.place,
    )


def standing_repayments(session: Session, loan_id: UUID) -> list[Repayment]:
    """The repayments of a loan that were not taken back, in the order in which they count."""
    found = sorted(_repayments(session, loan_id), key=lambda each: each.place)
    return [each.what for each in found if isinstance(each.what, Repayment)]


def _repayments(session: Session, loan_id: UUID) -> Sequence[Happened]:
    statement = sa.select(Repayment).where(col(Repayment.loan_id) == loan_id)
    rows = session.execute(statement).scalars().all()
    gone = {row.reverses_id for row in rows}
    again = _booked_again(session, loan_id)
    return [
        Happened(on=row.value_on, key=_first(row.id, again), what=row)
        for row in rows
        if row.reverses_id is None and row.id not in gone
    ]


def _booked_again(session: Session, loan_id: UUID) -> Mapping[UUID, UUID]:
    """From repayments booked again to those that they book again."""
    statement = (
        sa.select(col(RepaymentOrder.repayment_id), col(RepaymentOrder.replays_id))
        .join(Repayment, col(Repayment.id) == col(RepaymentOrder.repayment_id))
        .where(col(Repayment.loan_id) == loan_id, col(RepaymentOrder.replays_id).is_not(None))
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def _first(repayment_id: UUID, again: Mapping[UUID, UUID]) -> UUID:
    while repayment_id in again:
        repayment_id = again[repayment_id]
    return repayment_id


def _entries(session: Session, loan_id: UUID) -> Sequence[Happened]:
    statement = sa.select(ManualEntry).where(
        col(ManualEntry.loan_id) == loan_id, col(ManualEntry.state) == EntryState.BOOKED
    )
    rows = session.execute(statement).scalars().all()
    taken_back = {row.reverses_id for row in rows}
    return [
        Happened(on=row.booked_on, key=row.entry_id, what=row)
        for row in rows
        if row.kind in (ManualKind.FEE, ManualKind.REFUND)
        and row.id not in taken_back
        and row.booked_on is not None
        and row.entry_id is not None
    ]


def _extensions(session: Session, loan_id: UUID) -> Sequence[Happened]:
    statement = sa.select(LoanExtension).where(col(LoanExtension.loan_id) == loan_id)
    return [
        Happened(on=row.booked_on, key=row.id, what=row)
        for row in session.execute(statement).scalars()
    ]


def _decided(session: Session, loan_id: UUID) -> Sequence[Happened]:
    return [
        Happened(on=each.on, key=each.id, what=each) for each in decided_changes(session, loan_id)
    ]


__all__ = ["Happened", "standing_repayments", "timeline"]
