"""Which plan of a note holds when its loan is taken back to a day, and which rates were known on it."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.loans.domain.accrual import RateFrom
from app.loans.domain.repricing import RateReason, RateSet
from app.loans.models import NotePlan
from app.loans.rates.queries import rate_rows


def plans_by_note(session: Session, note_ids: Collection[UUID]) -> dict[UUID, list[NotePlan]]:
    """Every plan of some notes, in their order."""
    statement = (
        sa.select(NotePlan)
        .where(col(NotePlan.note_id).in_(note_ids))
        .order_by(col(NotePlan.note_id), col(NotePlan.number))
    )
    found: dict[UUID, list[NotePlan]] = {note_id: [] for note_id in note_ids}
    for row in session.execute(statement).scalars():
        found[row.note_id].append(row)
    return found


def plan_on(
    rows: Sequence[NotePlan],
    on: date,
    *,
    standing: Collection[UUID],
    undone: Collection[UUID | str],
) -> NotePlan:
    """The last plan that counts at the opening of a day.

    standing: the repayments that were not taken back. undone: extensions by their ids and changes of
    terms by their numbers that come later.
    """
    numbered = {row.number: row for row in rows}

    def counts(row: NotePlan) -> bool:
        if row.from_on > on or row.extension_id in undone:
            return False
        if _is_reset(row) and row.from_on == on:
            # Rates are set by the close of their day.
            return False
        made = row
        while made.repeats is not None:
            made = numbered[made.repeats]
        if is_decided(made) and made.reason in undone:
            return False
        return row.repayment_id is None or row.repayment_id in standing

    return [row for row in rows if counts(row)][-1]


def plan_at_end_of(rows: Sequence[NotePlan], due_on: date) -> NotePlan:
    """The plan in force when something falls due on a day."""
    return [row for row in rows if row.from_on < due_on][-1]


def is_decided(row: NotePlan) -> bool:
    """Whether a change of terms made it, by a rate or a plan that it set; it then bears the number of the change."""
    made_by = (row.repayment_id, row.extension_id, row.repeats)
    return row.number > 1 and made_by == (None, None, None) and not _is_reset(row)


def _is_reset(row: NotePlan) -> bool:
    """Whether it was drawn because the contract set the rate again."""
    return row.reason == RateReason.RESET and row.repayment_id is None and row.repeats is None


def known_rates(
    session: Session, note_id: UUID, on: date, *, undone: Collection[date]
) -> tuple[tuple[RateFrom, ...], tuple[RateSet, ...]]:
    """The rates of a note in force at the opening of a day, and those that closes set from it on.

    undone: the days of changes of the rate that come later.
    """
    known: list[RateFrom] = []
    later: list[RateSet] = []
    for row in rate_rows(session, [note_id]):
        changed = row.reason is RateReason.CHANGE
        if not known or (row.from_on not in undone if changed else row.from_on < on):
            known.append(RateFrom(from_on=row.from_on, rate_ppm=row.rate_ppm))
        elif not changed:
            later.append(RateSet(from_on=row.from_on, rate_ppm=row.rate_ppm, reason=row.reason))
    return tuple(known), tuple(later)


__all__ = ["is_decided", "known_rates", "plan_at_end_of", "plan_on", "plans_by_note"]
