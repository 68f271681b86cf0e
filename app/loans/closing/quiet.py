"""The close of loans on which nothing happens but interest: most loans on most days.

Such a loan owes nothing that fell due, has nothing that falls due, no fact about it and no changed past. Its interest
is worked out and written inside the database, for all of a set at once; the figures are those of the full close.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.db.bulk import make_ready
from app.db.expressions import (
    among,
    as_text,
    dialect_of,
    fresh_id,
    given_ids,
    id_stem,
    joined,
    product_half_up,
)
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
    dialect = dialect_of(session)
    ask, given = _asks(dialect), _given(dialect, loan_ids, on, booked_on)
    session.execute(ask.lock, given)
    make_ready(session, _NOTES, _SPANS)
    session.execute(ask.find, given)
    pairs = session.execute(ask.pairs).all()
    if not pairs:
        return QuietClose(left=loan_ids)
    session.execute(
        ask.add_spans, [_span(each.day_count, each.starts_on, on + _ONE_DAY) for each in pairs]
    )
    session.execute(ask.work_out)
    session.execute(ask.accrue, given)
    posted = session.execute(ask.post, given).all()
    session.execute(ask.move_notes)
    session.execute(ask.move_loans, given)
    done, earned_fen = session.execute(ask.tally).one()
    return QuietClose(
        left=session.execute(ask.left, given).scalars().all() if done < len(loan_ids) else (),
        done=done,
        earned_fen=int(earned_fen),
        posted=posted,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asks:
    """The statements of a set, in their order; made once, since that takes longer than to carry them out."""

    lock: sa.Select[Any]
    find: sa.Insert
    pairs: sa.Select[Any]
    add_spans: sa.Insert
    work_out: sa.Update
    accrue: sa.Insert
    post: Any
    move_notes: sa.Update
    move_loans: sa.Update
    tally: sa.Select[*tuple[Any, ...]]
    left: sa.Select[Any]


@cache
def _asks(dialect: str) -> _Asks:
    return _Asks(
        lock=_lock(dialect),
        find=sa.insert(_NOTES).from_select(list(_FOUND), _quiet_notes(dialect)),
        pairs=sa.select(_NOTES.c.day_count, _NOTES.c.starts_on).distinct(),
        add_spans=sa.insert(_SPANS),
        work_out=_work_out(),
        accrue=sa.insert(_table(LoanAccrual)).from_select(list(ACCRUAL_COLUMNS), _accruals()),
        post=_post(dialect),
        move_notes=_move_notes(),
        move_loans=_move_loans(),
        tally=sa.select(sa.func.count(_NOTES.c.loan_id.distinct()), sa.func.sum(_EARNED)),
        left=_left(dialect),
    )


def _given(dialect: str, loan_ids: Sequence[UUID], on: date, booked_on: date) -> dict[str, Any]:
    """The values of all parameters."""
    return {
        "loan_ids": given_ids(dialect, loan_ids),
        "for_day": on,
        "day_before": on - _ONE_DAY,
        "day_after": on + _ONE_DAY,
        "booked_day": booked_on,
        "id_stem": id_stem(dialect),
    }


def _day(name: str) -> sa.ColumnElement[date]:
    return sa.bindparam(name, type_=sa.Date)


# --- Working out ---


def _span(day_count: str, starts_on: date, until_on: date) -> dict[str, Any]:
    """The share of a year between two days."""
    counted = DayCount(day_count)
    return {
        "day_count": day_count,
        "starts_on": starts_on,
        "units": counted.year_units(starts_on, until_on),
        "denominator": PPM * counted.basis,
    }


def _work_out() -> sa.Update:
    """The interest of each period up to a day: unbilled * rate * share of a year, rounded once."""
    factor = _NOTES.c.rate_ppm * _SPANS.c.units
    total = product_half_up(_NOTES.c.unbilled_fen, factor, _SPANS.c.denominator)
    return (
        sa.update(_NOTES)
        .where(_NOTES.c.day_count == _SPANS.c.day_count, _NOTES.c.starts_on == _SPANS.c.starts_on)
        .values(total_fen=total)
    )


_EARNED: Final = _NOTES.c.total_fen - _NOTES.c.posted_fen


# --- Writing ---


def _accruals() -> sa.Select[*tuple[Any, ...]]:
    """In the order of `ACCRUAL_COLUMNS`."""
    kind = sa.literal(AccrualKind.INTEREST.value)
    return sa.select(
        _NOTES.c.note_id, _day("for_day"), kind, _NOTES.c.loan_id, _EARNED, _NOTES.c.total_fen,
        sa.false(),
    ).where(_EARNED != 0)  # fmt: skip


def _post(dialect: str) -> Any:
    """Gives the id of each posting and its line of the digest."""
    table = _table(LoanPosting)
    posting_id, *line = (as_text(dialect, table.c[name]) for name in ("id", *DIGEST_COLUMNS))
    written = sa.insert(table).from_select(list(POSTING_COLUMNS), _postings(dialect))
    return written.returning(posting_id, joined("|", line))


def _postings(dialect: str) -> sa.Select[*tuple[Any, ...]]:
    """In the order of `POSTING_COLUMNS`; less interest than was posted is taken back."""
    (more,), (less,) = accrual_postings(1), accrual_postings(-1)
    debit, credit = (
        sa.case((_EARNED > 0, ups.value), else_=downs.value)
        for ups, downs in ((more.debit, less.debit), (more.credit, less.credit))
    )
    stem = sa.bindparam("id_stem", type_=sa.String)
    return sa.select(
        fresh_id(dialect, stem), fresh_id(dialect, stem), sa.literal(1), _NOTES.c.bank_id,
        _NOTES.c.loan_id, _NOTES.c.note_id, debit, credit, sa.func.abs(_EARNED),
        _day("booked_day"), _day("for_day"), sa.literal(EntryKind.ACCRUAL.value), sa.literal(""),
        sa.null(),
    ).where(_EARNED != 0)  # fmt: skip


def _move_notes() -> sa.Update:
    note = _table(NoteStateRow)
    return (
        sa.update(note)
        .where(note.c.note_id == _NOTES.c.note_id, _EARNED != 0)
        .values(interest_fen=_NOTES.c.total_fen)
    )


def _move_loans() -> sa.Update:
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
            closed_on=_day("for_day"),
            version=state.c.version + 1,
        )
    )


# --- Finding ---


def _lock(dialect: str) -> sa.Select[Any]:
    """In one order, whoever closes or books several loans; what is read after it stays as it is."""
    state = _table(LoanStateRow)
    locked = (
        sa.select(state.c.loan_id)
        .where(among(dialect, state.c.loan_id, "loan_ids"))
        .order_by(state.c.loan_id)
        .with_for_update()
        .subquery()
    )
    return sa.select(sa.func.count()).select_from(locked)


def _left(dialect: str) -> sa.Select[Any]:
    state = _table(LoanStateRow)
    return sa.select(state.c.loan_id).where(
        among(dialect, state.c.loan_id, "loan_ids"),
        state.c.loan_id.not_in(sa.select(_NOTES.c.loan_id)),
    )


def _quiet_notes(dialect: str) -> sa.Select[*tuple[Any, ...]]:
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
            among(dialect, col(state.loan_id), "loan_ids"),
            col(state.closed_on) == _day("day_before"),
            col(state.own_class) == LoanClass.NORMAL,
            col(state.overdue_days) == 0,
            sa.not_(col(state.off_balance)),
            col(Loan.state) == LoanState.PERFORMING,
            # Whole months under this convention are no matter of days.
            col(Loan.day_count) != DayCount.THIRTY_360,
            ~_about(LoanDue, sa.not_(col(LoanDue.settled))),
            ~_about(LoanFactRow, sa.true()),
            ~_stirring(),
        )
    )  # fmt: skip


def _about(model: Any, condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.exists().where(col(model.loan_id) == col(LoanStateRow.loan_id), condition)


def _stirring() -> sa.ColumnElement[bool]:
    """Whether any note has more than one balance, a changed past, something falling due, or a new rate."""
    note, opening_on = aliased(NoteStateRow), _day("day_after")
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
