"""What bears on the accrual of notes by day, read for one loan or for many: rates, misuse, published LPR."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.loans.domain.accrual import RateFrom
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.burden import Misuse
from app.loans.domain.journal import INCOMES, RECEIVABLES, Account
from app.loans.domain.repricing import SERIES, Fixing, LprTenor, Pricing
from app.loans.domain.states import EntryKind
from app.loans.domain.waterfall import Claim
from app.loans.models import LoanPosting, RepaymentLine
from app.loans.rates.models import NoteMisuse, NoteRate
from app.market.queries import points

_PPM_OF_A_PER_CENT = 10_000

Fixings = Mapping[LprTenor, Sequence[Fixing]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearing:
    """Rates of floating notes, and misuse, by note."""

    rates: Mapping[UUID, tuple[RateFrom, ...]] = field(default_factory=dict)
    misuse: Mapping[UUID, Misuse] = field(default_factory=dict)


def pricing_of(loan: Any) -> Pricing | None:
    """How the rate of a loan is made; None for a fixed one."""
    if loan.lpr_tenor is None:
        return None
    return Pricing(
        tenor=loan.lpr_tenor, bp=loan.lpr_bp, rule=loan.reset_rule, lag_days=loan.lpr_lag_days
    )


def has_rates(loan: Any) -> bool:
    """Whether the rates of a loan's notes are read by day: it floats, or a change set its rate anew."""
    return loan.lpr_tenor is not None or loan.repriced


def published_lpr(session: Session) -> Fixings:
    """Every published LPR by tenor, in the order of days; the revision that counts of each day."""
    return {
        tenor: tuple(
            Fixing(on=point.on, rate_ppm=int(point.value * _PPM_OF_A_PER_CENT))
            for point in reversed(session.execute(points(code)).scalars().all())
        )
        for tenor, code in SERIES.items()
    }


def bearing_of(session: Session, notes: Sequence[Any], *, floating: Iterable[UUID] = ()) -> Bearing:
    """What bears on some notes; rates only of the floating ones, by their ids."""
    return Bearing(rates=rates_of_notes(session, floating), misuse=misuse_of_notes(session, notes))


def rates_of_notes(session: Session, note_ids: Iterable[UUID]) -> dict[UUID, tuple[RateFrom, ...]]:
    """The rates of notes by day."""
    found: dict[UUID, list[RateFrom]] = defaultdict(list)
    for row in rate_rows(session, note_ids):
        found[row.note_id].append(RateFrom(from_on=row.from_on, rate_ppm=row.rate_ppm))
    return {note_id: tuple(rates) for note_id, rates in found.items()}


def rate_rows(session: Session, note_ids: Iterable[UUID]) -> Sequence[NoteRate]:
    """The rows of rates of notes, in their order."""
    wanted = list(note_ids)
    if not wanted:
        return ()
    statement = (
        sa.select(NoteRate)
        .where(col(NoteRate.note_id).in_(wanted))
        .order_by(col(NoteRate.note_id), col(NoteRate.number))
    )
    return session.execute(statement).scalars().all()


def misuse_told_on(session: Session, loan_id: UUID, day: date) -> bool:
    """Whether misuse of a loan became known on a day, so that its close works out the surcharge."""
    statement = sa.select(col(NoteMisuse.id)).where(
        col(NoteMisuse.loan_id) == loan_id, col(NoteMisuse.booked_on) == day
    )
    return session.execute(statement.limit(1)).first() is not None


def overpaid_of_notes(
    session: Session, note_ids: Sequence[UUID]
) -> Mapping[tuple[UUID, Claim], int]:
    """What closes moved to suspense of penalty and compound interest that was paid, by note and claim."""
    found: dict[tuple[UUID, Claim], int] = defaultdict(int)
    if not note_ids:
        return found
    statement = sa.select(LoanPosting).where(
        col(LoanPosting.note_id).in_(note_ids),
        col(LoanPosting.kind) == EntryKind.REVERSAL,
        col(LoanPosting.credit) == Account.SUSPENSE,
        col(LoanPosting.reverses_id).is_(None),
    )
    for row in session.execute(statement).scalars():
        for claim in (Claim.PENALTY, Claim.COMPOUND):
            if row.note_id is not None and row.debit in (RECEIVABLES[claim], INCOMES[claim]):
                found[row.note_id, claim] += row.amount_fen
    return found


def misuse_rows(session: Session, note_ids: Sequence[UUID]) -> Sequence[NoteMisuse]:
    """What is on file of misused principal, by day."""
    return session.execute(_misuse_asked(), {"notes": note_ids}).scalars().all()


@cache
def _misuse_asked() -> sa.Select[NoteMisuse]:
    notes = sa.bindparam("notes", type_=sa.Uuid, expanding=True)
    return (
        sa.select(NoteMisuse)
        .where(col(NoteMisuse.note_id).in_(notes))
        .order_by(col(NoteMisuse.note_id), col(NoteMisuse.from_on), col(NoteMisuse.number))
    )


def misuse_of_notes(session: Session, notes: Sequence[Any]) -> dict[UUID, Misuse]:
    """The misuse of those notes that have any; a note has id, drawn_on and amount_fen."""
    by_id = {note.id: note for note in notes}
    misused: dict[UUID, list[DatedAmount]] = defaultdict(list)
    for row in misuse_rows(session, list(by_id)) if by_id else ():
        misused[row.note_id].append(DatedAmount(on=row.from_on, amount_fen=row.amount_fen))
    early = early_principal(session, list(misused))
    return {
        note_id: Misuse(
            misused=tuple(amounts),
            drawn_on=by_id[note_id].drawn_on,
            drawn_fen=by_id[note_id].amount_fen,
            early=tuple(early.get(note_id, ())),
        )
        for note_id, amounts in misused.items()
    }


def early_principal(session: Session, note_ids: Sequence[UUID]) -> dict[UUID, list[DatedAmount]]:
    """Principal repaid before its day, by note; negative where it was taken back."""
    found: dict[UUID, list[DatedAmount]] = defaultdict(list)
    if not note_ids:
        return found
    statement = sa.select(RepaymentLine).where(
        col(RepaymentLine.note_id).in_(note_ids),
        col(RepaymentLine.due_id).is_(None),
        col(RepaymentLine.claim) == Claim.PRINCIPAL,
    )
    for line in session.execute(statement).scalars():
        found[line.note_id].append(DatedAmount(on=line.value_on, amount_fen=line.paid_fen))
    return found


def moved_from_json(rows: Sequence[Sequence[str]] | None) -> tuple[tuple[date, date], ...]:
    """Due days that were moved, as they were stored."""
    return tuple((date.fromisoformat(day), date.fromisoformat(to)) for day, to in rows or ())


def moved_to_json(moved: Sequence[tuple[date, date]]) -> list[list[str]] | None:
    """Due days that were moved, as they are stored; None for the common case of none."""
    return [[day.isoformat(), to.isoformat()] for day, to in moved] or None
