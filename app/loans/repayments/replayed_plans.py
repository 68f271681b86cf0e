"""Which plan of a note holds when its loan is taken back to a day, and which rates were known on it."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.loans.books import LoanLedger
from app.loans.domain.accrual import RateFrom
from app.loans.domain.repricing import RateReason, RateSet
from app.loans.models import NotePlan
from app.loans.rates.queries import rate_rows
from app.loans.refusals import ChangedSince


def plan_rows(session: Session, note_id: UUID) -> Sequence[NotePlan]:
    """Every plan of a note, in their order."""
    statement = (
        sa.select(NotePlan).where(col(NotePlan.note_id) == note_id).order_by(col(NotePlan.number))
    )
    return session.execute(statement).scalars().all()


def plan_on(
    rows: Sequence[NotePlan], on: date, *, standing: Collection[UUID], undone: Collection[UUID]
) -> NotePlan:
    """The last plan that counts at the opening of a day.

    standing: the repayments that were not taken back. undone: extensions that come later.
    """

    def counts(row: NotePlan) -> bool:
        if row.from_on > on or row.extension_id in undone:
            return False
        if _is_reset(row) and row.from_on == on:
            # Rates are set by the close of their day.
            return False
        return row.repayment_id is None or row.repayment_id in standing

    return [row for row in rows if counts(row)][-1]


def plan_at_end_of(rows: Sequence[NotePlan], due_on: date) -> NotePlan:
    """The plan in force when something falls due on a day."""
    return [row for row in rows if row.from_on < due_on][-1]


def require_replayable(session: Session, ledger: LoanLedger, on: date) -> None:
    """Refuse to go back over a plan that was decided: it divides the principal that was left on its day."""
    for note in ledger.notes:
        for row in plan_rows(session, note.note.id):
            if row.from_on > on and row.number > 1 and _is_decided(row):
                raise ChangedSince(number=ledger.loan.number, on=row.from_on)


def _is_decided(row: NotePlan) -> bool:
    made_by = (row.repayment_id, row.extension_id, row.repeats)
    return made_by == (None, None, None) and not _is_reset(row)


def _is_reset(row: NotePlan) -> bool:
    """Whether it was drawn because the contract set the rate again."""
    return row.reason == RateReason.RESET and row.repayment_id is None and row.repeats is None


def known_rates(
    session: Session, note_id: UUID, on: date
) -> tuple[tuple[RateFrom, ...], tuple[RateSet, ...]]:
    """The rates of a note in force at the opening of a day, and those set from it on."""
    known: list[RateFrom] = []
    later: list[RateSet] = []
    for row in rate_rows(session, [note_id]):
        by_close = row.reason is RateReason.RESET
        if not later and (not known or row.from_on < on or (row.from_on == on and not by_close)):
            known.append(RateFrom(from_on=row.from_on, rate_ppm=row.rate_ppm))
        else:
            later.append(RateSet(from_on=row.from_on, rate_ppm=row.rate_ppm, reason=row.reason))
    return tuple(known), tuple(later)


__all__ = ["known_rates", "plan_at_end_of", "plan_on", "plan_rows", "require_replayable"]
