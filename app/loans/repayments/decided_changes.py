"""What changes of terms decided about a loan: a rate, a plan; read from the plans that they made first."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.loans.books import NoteLedger
from app.loans.decided import carry_plan, carry_rate
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.notes import plan_from_json
from app.loans.models import LoanNote, NotePlan
from app.loans.rates.models import LoanRateChange
from app.loans.repayments.replayed_plans import is_decided


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedChange:
    """A change of terms that set the rate or the plan of a loan's notes on a day."""

    id: UUID
    """Its place in the order of one day: after the extension that was booked with it."""
    change_number: str
    on: date
    rate_ppm: int | None
    plans: Mapping[UUID, tuple[DatedAmount, ...]]
    """What was decided for each note that it bears on; empty where the plan stayed its own."""


def decided_changes(session: Session, loan_id: UUID) -> Iterator[DecidedChange]:
    """The changes of a loan that decided a rate or a plan."""
    statement = (
        sa.select(NotePlan)
        .join(LoanNote, col(LoanNote.id) == col(NotePlan.note_id))
        .where(col(LoanNote.loan_id) == loan_id)
        .order_by(col(NotePlan.note_id), col(NotePlan.number))
    )
    made, places = _first_made(session.execute(statement).scalars())
    if not made:
        return
    changes = sa.select(LoanRateChange).where(col(LoanRateChange.loan_id) == loan_id)
    rates = {row.change_number: row.rate_ppm for row in session.execute(changes).scalars()}
    for number, by_note in made.items():
        rows = next(iter(by_note.values()))
        plans = {
            note_id: _given(own[1:] if number in rates else own) for note_id, own in by_note.items()
        }
        yield DecidedChange(
            id=max(places[number]),
            change_number=number,
            on=rows[0].from_on,
            rate_ppm=rates.get(number),
            plans=plans,
        )


_Made = Mapping[str, Mapping[UUID, list[NotePlan]]]


def _first_made(rows: Iterable[NotePlan]) -> tuple[_Made, Mapping[str, set[UUID]]]:
    """The plans that each change made when it was decided, by note, and the ids that place it.

    They stand in a row, that of its rate first; those of a replay come after one that counts again.
    """
    made: dict[str, dict[UUID, list[NotePlan]]] = defaultdict(lambda: defaultdict(list))
    places: dict[str, set[UUID]] = defaultdict(set)
    extended: dict[UUID, UUID] = {}
    for row in rows:
        if row.extension_id is not None:
            extended[row.note_id] = row.extension_id
        if not is_decided(row):
            continue
        own = made[row.reason][row.note_id]
        if not own or row.number == own[-1].number + 1:
            own.append(row)
            places[row.reason] |= {row.id, extended.get(row.note_id, row.id)}
    return made, places


def _given(rows: Sequence[NotePlan]) -> tuple[DatedAmount, ...]:
    return plan_from_json(rows[0].plan) if rows else ()


def carry_decided(session: Session, note: NoteLedger, change: DecidedChange) -> None:
    """Do again to a note what a change decided for it, on what is left of it now."""
    decided = change.plans.get(note.note.id)
    if decided is None:
        return
    on, number = change.on, change.change_number
    if change.rate_ppm is not None:
        carry_rate(session, note, change.rate_ppm, on=on, change_number=number)
    if decided:
        carry_plan(session, note, decided, on=on, change_number=number)


__all__ = ["DecidedChange", "carry_decided", "decided_changes"]
