"""The close of loans on which nothing happens but interest: most loans on most days.

Such a loan owes nothing that fell due, has nothing that falls due, no fact about it and no changed past. Its
notes are read with one statement and worked out by one formula; the figures are those of the full close.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.db.bulk import update_rows
from app.kernel.daycount import DayCount
from app.kernel.money import round_half_up
from app.kernel.rates import PPM
from app.loans.closing.rows import Earner, accrual_row, posting_row
from app.loans.domain.classification import LoanClass
from app.loans.domain.states import AccrualKind, LoanState
from app.loans.models import Loan, LoanDue, LoanFactRow, LoanNote, LoanStateRow, NoteStateRow
from app.loans.rates.models import NoteRate

_ONE_DAY: Final = timedelta(days=1)
_LOAN_COLUMNS: Final = ("accrued_fen", "closed_on", "version")


@dataclass(slots=True, kw_only=True)
class _Loan:
    accrued_fen: int
    version: int
    earned_fen: int = 0


@dataclass(slots=True, kw_only=True)
class QuietClose:
    """What the quiet loans of a set earned on a day; rows in the order of `closing_rows`."""

    on: date
    loans: dict[UUID, _Loan] = field(default_factory=dict)
    notes: list[tuple[UUID, int]] = field(default_factory=list)
    """Interest of the running period, in fen, by note."""
    accruals: list[tuple[Any, ...]] = field(default_factory=list)
    postings: list[tuple[Any, ...]] = field(default_factory=list)

    @property
    def earned_fen(self) -> int:
        return sum(each.earned_fen for each in self.loans.values())


def close_quiet(
    session: Session, loan_ids: Sequence[UUID], on: date, *, booked_on: date
) -> QuietClose:
    """Lock the quiet ones among the loans and work out their interest of a day; nothing is written."""
    found = QuietClose(on=on)
    for row in session.execute(_quiet_notes(loan_ids, on)):
        loan = found.loans.setdefault(
            row.loan_id, _Loan(accrued_fen=row.accrued_fen, version=row.version)
        )
        units, basis = _units(row.day_count, row.period_starts_on, on + _ONE_DAY)
        total = round_half_up(row.unbilled_fen * row.rate_ppm * units, PPM * basis)
        amount = total - row.interest_fen
        if amount:
            loan.earned_fen += amount
            _collect(found, row, amount, total, booked_on)
    return found


def _collect(found: QuietClose, row: Any, amount_fen: int, total_fen: int, booked_on: date) -> None:
    earner = Earner(
        bank_id=row.bank_id, loan_id=row.loan_id, note_id=row.note_id, off_balance=False
    )
    kind, on = AccrualKind.INTEREST, found.on
    found.notes.append((row.note_id, total_fen))
    found.accruals.append(
        accrual_row(earner, kind, on, amount_fen=amount_fen, cumulative_fen=total_fen)
    )
    found.postings.append(posting_row(earner, kind, on, amount_fen=amount_fen, booked_on=booked_on))


def write_quiet(session: Session, found: QuietClose) -> None:
    """Move the loans and their notes forward; the rows of accrual are inserted by the caller."""
    update_rows(session, _table(NoteStateRow), "note_id", ("interest_fen",), found.notes)
    moved = (
        (loan_id, each.accrued_fen + each.earned_fen, found.on, each.version + 1)
        for loan_id, each in found.loans.items()
    )
    update_rows(session, _table(LoanStateRow), "loan_id", _LOAN_COLUMNS, moved)


@lru_cache(maxsize=4096)
def _units(day_count: DayCount, starts_on: date, until_on: date) -> tuple[int, int]:
    """The share of a year as two whole numbers; loans of a bank share few pairs of days."""
    return day_count.year_units(starts_on, until_on), day_count.basis


def _quiet_notes(loan_ids: Sequence[UUID], on: date) -> sa.Select[*tuple[Any, ...]]:
    state, note = LoanStateRow, NoteStateRow
    return (
        sa.select(
            col(state.loan_id), col(state.accrued_fen), col(state.version), col(Loan.bank_id),
            col(Loan.day_count), col(note.note_id), col(note.unbilled_fen), col(note.interest_fen),
            col(note.period_starts_on), col(LoanNote.rate_ppm),
        )
        .join(Loan, col(Loan.id) == col(state.loan_id))
        .join(note, col(note.loan_id) == col(state.loan_id))
        .join(LoanNote, col(LoanNote.id) == col(note.note_id))
        .where(
            col(state.loan_id).in_(loan_ids),
            col(state.closed_on) == on - _ONE_DAY,
            col(state.own_class) == LoanClass.NORMAL,
            col(state.overdue_days) == 0,
            sa.not_(col(state.off_balance)),
            col(Loan.state) == LoanState.PERFORMING,
            # Whole months under this convention are no matter of days.
            col(Loan.day_count) != DayCount.THIRTY_360,
            ~_about(LoanDue, sa.not_(col(LoanDue.settled))),
            ~_about(LoanFactRow, sa.true()),
            ~_stirring(on + _ONE_DAY),
        )
        # Locked in one order, whoever closes or books several loans.
        .order_by(col(state.loan_id))
        .with_for_update(of=state)
    )  # fmt: skip


def _about(model: Any, condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.exists().where(col(model.loan_id) == col(LoanStateRow.loan_id), condition)


def _stirring(opening_on: date) -> sa.ColumnElement[bool]:
    """Whether any note has more than one balance, a changed past, something falling due, or a new rate."""
    note = aliased(NoteStateRow)
    stepped = sa.and_(col(note.steps).is_not(None), col(note.steps) != sa.JSON.NULL)
    due = sa.func.coalesce(col(note.next_due_on), opening_on) <= opening_on
    # A period that ended without its bill is for the full close, which refuses it.
    ended = col(note.period_due_on) < opening_on
    repriced = sa.func.coalesce(col(note.next_reset_on), opening_on) < opening_on
    # A period with days of two rates is no matter of the last one alone.
    two_rates = sa.and_(
        sa.or_(col(Loan.lpr_tenor).is_not(None), col(Loan.repriced)),
        sa.exists().where(
            col(NoteRate.note_id) == col(note.note_id),
            col(NoteRate.from_on) > col(note.period_starts_on),
        ),
    )
    return sa.exists().where(
        col(note.loan_id) == col(LoanStateRow.loan_id),
        sa.or_(col(note.restate), stepped, due, ended, repriced, two_rates),
    )


def _table(model: Any) -> sa.Table:
    table: sa.Table = model.__table__
    return table
