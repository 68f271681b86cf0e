"""The close of loans on which nothing happens but interest: most loans on most days.

Such a loan owes nothing that fell due, has nothing that falls due, no fact about it and no changed past. Its interest
is worked out and written inside the database, for all of a set at once; the figures are those of the full close.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.db.bulk import insert_selected, make_ready
from app.db.expressions import among, as_text, fresh_id, joined, product_half_up
from app.kernel.daycount import DayCount
from app.kernel.rates import PPM
from app.loans.closing.rows import ACCRUAL_COLUMNS, DIGEST_COLUMNS, POSTING_COLUMNS, Posted
from app.loans.domain.classification import LoanClass
from app.loans.domain.journal import accrual_postings
from app.loans.domain.states import AccrualKind, EntryKind, LoanState
from app.loans.models import (
    Loan,
    LoanAccrual,
    LoanDue,
    LoanFactRow,
    LoanNote,
    LoanPosting,
    LoanStateRow,
    NoteStateRow,
)
from app.loans.rates.models import NoteRate

_ONE_DAY: Final = timedelta(days=1)

_WORK: Final = sa.MetaData()
_NOTES: Final = sa.Table(
    "quiet_note",
    _WORK,
    sa.Column("note_id", sa.Uuid),
    sa.Column("loan_id", sa.Uuid),
    sa.Column("bank_id", sa.Uuid),
    sa.Column("day_count", sa.String(40)),
    sa.Column("starts_on", sa.Date),
    sa.Column("unbilled_fen", sa.BigInteger),
    sa.Column("rate_ppm", sa.BigInteger),
    sa.Column("posted_fen", sa.BigInteger),
    sa.Column("total_fen", sa.BigInteger),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DELETE ROWS",
)
"""The notes of the quiet loans of a set, with the interest of their periods before and after the day."""

_FOUND: Final = tuple(column.name for column in _NOTES.c if column.name != "total_fen")

_SPANS: Final = sa.Table(
    "quiet_span",
    _WORK,
    sa.Column("day_count", sa.String(40)),
    sa.Column("starts_on", sa.Date),
    sa.Column("units", sa.BigInteger),
    sa.Column("denominator", sa.BigInteger),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DELETE ROWS",
)
"""The share of a year since the start of a period; loans of a bank share few pairs of these days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietClose:
    """What the quiet loans of a set came to on a day, and the loans that are left for the full close."""

    left: Sequence[UUID]
    done: int = 0
    earned_fen: int = 0
    posted: Sequence[Posted] = ()


def close_quiet(
    session: Session, loan_ids: Sequence[UUID], on: date, *, booked_on: date
) -> QuietClose:
    """Lock some loans and close a day of the quiet ones among them."""
    _lock(session, loan_ids)
    make_ready(session, _NOTES, _SPANS)
    insert_selected(session, _NOTES, _FOUND, _quiet_notes(session, loan_ids, on))
    done = session.execute(sa.select(sa.func.count(_NOTES.c.loan_id.distinct()))).scalar_one()
    if not done:
        return QuietClose(left=loan_ids)
    _work_out(session, on + _ONE_DAY)
    posted = _write(session, on, booked_on)
    earned = session.execute(sa.select(sa.func.sum(_EARNED))).scalar_one()
    return QuietClose(
        left=_left(session, loan_ids) if done < len(loan_ids) else (),
        done=done,
        earned_fen=int(earned),
        posted=posted,
    )


# --- Working out ---


def _work_out(session: Session, until_on: date) -> None:
    """The interest of each period up to a day: unbilled * rate * share of a year, rounded once."""
    pairs = sa.select(_NOTES.c.day_count, _NOTES.c.starts_on).distinct()
    spans = [
        {
            "day_count": day_count,
            "starts_on": starts_on,
            "units": DayCount(day_count).year_units(starts_on, until_on),
            "denominator": PPM * DayCount(day_count).basis,
        }
        for day_count, starts_on in session.execute(pairs)
    ]
    session.execute(sa.insert(_SPANS), spans)
    factor = _NOTES.c.rate_ppm * _SPANS.c.units
    total = product_half_up(_NOTES.c.unbilled_fen, factor, _SPANS.c.denominator)
    session.execute(
        sa.update(_NOTES)
        .where(_NOTES.c.day_count == _SPANS.c.day_count, _NOTES.c.starts_on == _SPANS.c.starts_on)
        .values(total_fen=total)
    )


_EARNED: Final = _NOTES.c.total_fen - _NOTES.c.posted_fen


# --- Writing ---


def _write(session: Session, on: date, booked_on: date) -> Sequence[Posted]:
    """Accruals and postings of the notes that earned; then the notes and the loans move forward."""
    insert_selected(session, _table(LoanAccrual), ACCRUAL_COLUMNS, _accruals(on))
    table, postings = _table(LoanPosting), _postings(session, on, booked_on)
    values = (as_text(session, table.c[name]) for name in ("id", *DIGEST_COLUMNS))
    posting_id, *line = values
    posted = insert_selected(
        session, table, POSTING_COLUMNS, postings, returning=(posting_id, joined("|", line))
    )
    session.execute(_move_notes())
    session.execute(_move_loans(on))
    return posted


def _accruals(on: date) -> sa.Select[*tuple[Any, ...]]:
    """In the order of `ACCRUAL_COLUMNS`."""
    kind = sa.literal(AccrualKind.INTEREST.value)
    return sa.select(
        _NOTES.c.note_id, sa.literal(on, sa.Date), kind, _NOTES.c.loan_id, _EARNED,
        _NOTES.c.total_fen, sa.false(),
    ).where(_EARNED != 0)  # fmt: skip


def _postings(session: Session, on: date, booked_on: date) -> sa.Select[*tuple[Any, ...]]:
    """In the order of `POSTING_COLUMNS`; less interest than was posted is taken back."""
    (more,), (less,) = accrual_postings(1), accrual_postings(-1)
    debit, credit = (
        sa.case((_EARNED > 0, ups.value), else_=downs.value)
        for ups, downs in ((more.debit, less.debit), (more.credit, less.credit))
    )
    return sa.select(
        fresh_id(session), fresh_id(session), sa.literal(1), _NOTES.c.bank_id, _NOTES.c.loan_id,
        _NOTES.c.note_id, debit, credit, sa.func.abs(_EARNED), sa.literal(booked_on, sa.Date),
        sa.literal(on, sa.Date), sa.literal(EntryKind.ACCRUAL.value), sa.literal(""), sa.null(),
    ).where(_EARNED != 0)  # fmt: skip


def _move_notes() -> sa.Update:
    note = _table(NoteStateRow)
    return (
        sa.update(note)
        .where(note.c.note_id == _NOTES.c.note_id, _EARNED != 0)
        .values(interest_fen=_NOTES.c.total_fen)
    )


def _move_loans(on: date) -> sa.Update:
    earned = (
        sa.select(_NOTES.c.loan_id, sa.cast(sa.func.sum(_EARNED), sa.BigInteger).label("fen"))
        .group_by(_NOTES.c.loan_id)
        .subquery("earned")
    )
    state = _table(LoanStateRow)
    return (
        sa.update(state)
        .where(state.c.loan_id == earned.c.loan_id)
        .values(
            accrued_fen=state.c.accrued_fen + earned.c.fen,
            closed_on=on,
            version=state.c.version + 1,
        )
    )


# --- Finding ---


def _lock(session: Session, loan_ids: Sequence[UUID]) -> None:
    """In one order, whoever closes or books several loans; what is read after it stays as it is."""
    locked = (
        sa.select(col(LoanStateRow.loan_id))
        .where(among(session, col(LoanStateRow.loan_id), loan_ids))
        .order_by(col(LoanStateRow.loan_id))
        .with_for_update()
        .subquery()
    )
    session.execute(sa.select(sa.func.count()).select_from(locked))


def _left(session: Session, loan_ids: Sequence[UUID]) -> Sequence[UUID]:
    statement = sa.select(col(LoanStateRow.loan_id)).where(
        among(session, col(LoanStateRow.loan_id), loan_ids),
        col(LoanStateRow.loan_id).not_in(sa.select(_NOTES.c.loan_id)),
    )
    return session.execute(statement).scalars().all()


def _quiet_notes(
    session: Session, loan_ids: Sequence[UUID], on: date
) -> sa.Select[*tuple[Any, ...]]:
    """In the order of `_FOUND`."""
    state, note = LoanStateRow, NoteStateRow
    return (
        sa.select(
            col(note.note_id), col(state.loan_id), col(Loan.bank_id), col(Loan.day_count),
            col(note.period_starts_on), col(note.unbilled_fen), col(LoanNote.rate_ppm),
            col(note.interest_fen),
        )
        .join(Loan, col(Loan.id) == col(state.loan_id))
        .join(note, col(note.loan_id) == col(state.loan_id))
        .join(LoanNote, col(LoanNote.id) == col(note.note_id))
        .where(
            among(session, col(state.loan_id), loan_ids),
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
    )  # fmt: skip


def _about(model: Any, condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.exists().where(col(model.loan_id) == col(LoanStateRow.loan_id), condition)


def _stirring(opening_on: date) -> sa.ColumnElement[bool]:
    """Whether any note has more than one balance, a changed past, something falling due, or a new rate."""
    note = aliased(NoteStateRow)
    stepped = sa.and_(col(note.steps).is_not(None), col(note.steps) != sa.JSON.NULL)
    due = sa.func.coalesce(col(note.next_due_on), opening_on) <= opening_on
    # Odd days whose interest is spread end without a bill; the full close moves on from them.
    ended = col(note.period_due_on) <= opening_on
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
        sa.or_(stepped, due, ended, repriced, two_rates),
    )


def _table(model: Any) -> sa.Table:
    table: sa.Table = model.__table__
    return table
