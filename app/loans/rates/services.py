"""The rates of a loan as people read them: by note and day, with what they were made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.loans.domain.accrual import overdue_rate_ppm
from app.loans.domain.repricing import LprTenor, RateReason, ResetRule
from app.loans.models import Loan, LoanNote, NoteStateRow
from app.loans.queries import visible_loans
from app.loans.rates.models import NoteMisuse, NoteRate
from app.loans.rates.queries import misuse_rows, rate_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class RateView:
    """A rate from a day on, and the LPR that it was made from; none of a fixed one."""

    from_on: date
    rate_ppm: int
    reason: RateReason
    lpr_on: date | None
    lpr_ppm: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MisuseView:
    """Principal that was misused from a day on."""

    number: int
    from_on: date
    amount_fen: int
    reason: str
    booked_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRatesView:
    """The rates of a note: in force, while overdue, of misused principal, and by day."""

    note_number: str
    drawn_on: date
    rate_ppm: int
    overdue_rate_ppm: int
    misuse_rate_ppm: int | None
    next_reset_on: date | None
    rates: Sequence[RateView]
    misuses: Sequence[MisuseView]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanRatesView:
    """How the rate of a loan is made, and the rates of its notes."""

    lpr_tenor: LprTenor | None
    lpr_bp: int | None
    reset_rule: ResetRule | None
    lpr_lag_days: int | None
    penalty_ppm: int
    misuse_ppm: int | None
    notes: Sequence[NoteRatesView]


def loan_rates(session: Session, actor: Actor, loan_id: UUID) -> LoanRatesView:
    """The rates of a visible loan."""
    statement = visible_loans(session, actor).where(col(Loan.id) == loan_id)
    loan = session.execute(statement).scalar_one_or_none()
    if loan is None:
        raise NotFound
    rows = session.execute(
        sa.select(LoanNote, NoteStateRow)
        .join(NoteStateRow, col(NoteStateRow.note_id) == col(LoanNote.id))
        .where(col(LoanNote.loan_id) == loan_id)
        .order_by(col(LoanNote.drawn_on), col(LoanNote.number))
    ).all()
    note_ids = [note.id for note, _ in rows]
    rates, misuses = rate_rows(session, note_ids), misuse_rows(session, note_ids)
    return LoanRatesView(
        lpr_tenor=loan.lpr_tenor,
        lpr_bp=loan.lpr_bp,
        reset_rule=loan.reset_rule,
        lpr_lag_days=loan.lpr_lag_days,
        penalty_ppm=loan.penalty_ppm,
        misuse_ppm=loan.misuse_ppm,
        notes=[_note_view(loan, note, state, rates, misuses) for note, state in rows],
    )


def _note_view(
    loan: Loan,
    note: LoanNote,
    state: NoteStateRow,
    rates: Sequence[NoteRate],
    misuses: Sequence[NoteMisuse],
) -> NoteRatesView:
    return NoteRatesView(
        note_number=note.number,
        drawn_on=note.drawn_on,
        rate_ppm=note.rate_ppm,
        overdue_rate_ppm=overdue_rate_ppm(note.rate_ppm, surcharge_ppm=loan.penalty_ppm),
        misuse_rate_ppm=overdue_rate_ppm(note.rate_ppm, surcharge_ppm=loan.misuse_ppm)
        if loan.misuse_ppm is not None
        else None,
        next_reset_on=state.next_reset_on,
        rates=[_rate_view(row) for row in rates if row.note_id == note.id],
        misuses=[misuse_view(row) for row in misuses if row.note_id == note.id],
    )


def _rate_view(row: NoteRate) -> RateView:
    return RateView(**{name: getattr(row, name) for name in RateView.__dataclass_fields__})


def misuse_view(row: NoteMisuse) -> MisuseView:
    """A row as people read it."""
    return MisuseView(**{name: getattr(row, name) for name in MisuseView.__dataclass_fields__})
