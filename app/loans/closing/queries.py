"""Closes of days as callers see them: how far each has come, whom it left behind, and what was tried since."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm
from sqlmodel import Session, col

from app.db.engine import now
from app.db.models import Lease
from app.identity.models import Organisation
from app.kernel.actor import Actor, Name
from app.kernel.errors import NotFound
from app.loans.closing.models import DayCloseRepeat
from app.loans.domain.states import OPEN_STATES, CloseState
from app.loans.models import DayClose, DayCloseError, Loan, LoanStateRow
from app.loans.queries import MAX_LISTED_ROWS

_BANK: Any = sa.orm.aliased(Organisation, name="bank")


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseError:
    """A loan that a close left behind, and why."""

    loan_id: UUID
    loan_number: str
    detail: str
    closed_on: date
    """Through which day its books stand now."""
    behind: bool
    """Whether it stands before the day of the close still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRepeat:
    """A try at loans that a close left behind."""

    booked_on: date
    done: int
    failed: int
    accrued_fen: int
    billed_fen: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCloseView:
    """How far the close of a day has come."""

    id: UUID
    bank_id: UUID
    bank_name: Name
    on: date
    state: str
    total: int
    done: int
    failed: int
    accrued_fen: int
    billed_fen: int
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    version: int
    interrupted: bool = False
    """Begun, and nobody works on it: the scheduler takes it up."""
    errors: tuple[CloseError, ...] = ()
    """The loans left behind."""
    repeats: tuple[CloseRepeat, ...] = ()

    @property
    def month_end(self) -> bool:
        """Whether it closes the last day of a month."""
        return (self.on + timedelta(days=1)).month != self.on.month

    @property
    def behind(self) -> int:
        """How many of the listed loans stand before the day still."""
        return sum(each.behind for each in self.errors)


def visible_closes(actor: Actor) -> sa.Select[Any]:
    """The closes of the actor's bank, or of all banks for the scheduler."""
    if actor.sees("*") == "all":
        return _closes()
    return _closes().where(col(DayClose.bank_id) == actor.organisation_id)


@cache
def _closes() -> sa.Select[Any]:
    statement: Any = sa.select(DayClose, _BANK).join(_BANK, _BANK.id == col(DayClose.bank_id))
    return cast("sa.Select[Any]", statement)


def list_closes(actor: Actor) -> sa.Select[Any]:
    """The rows of a list of closes, the latest day first; give each to `close_view_of`."""
    return visible_closes(actor).order_by(col(DayClose.on).desc(), col(DayClose.id))


def close_view(session: Session, actor: Actor, close_id: UUID) -> DayCloseView:
    """One visible close with the loans that it left behind; `NotFound` otherwise."""
    return _view(session, visible_closes(actor).where(col(DayClose.id) == close_id))


def day_close_view(session: Session, actor: Actor, bank_id: UUID, on: date) -> DayCloseView:
    """The same for the close of a bank's day."""
    of_day = (col(DayClose.bank_id) == bank_id, col(DayClose.on) == on)
    return _view(session, visible_closes(actor).where(*of_day))


def _view(session: Session, statement: sa.Select[Any]) -> DayCloseView:
    row = session.execute(statement).one_or_none()
    if row is None:
        raise NotFound
    close = row[0]
    return close_view_of(
        row,
        # Only who left a loan behind has more to say, and something to repeat.
        errors=_close_errors(session, close) if close.failed else (),
        repeats=_close_repeats(session, close) if close.failed else (),
        interrupted=_is_interrupted(session, close),
    )


def _close_errors(session: Session, close: DayClose) -> tuple[CloseError, ...]:
    statement: Any = (
        sa.select(
            col(Loan.id).label("loan_id"),
            col(Loan.number).label("loan_number"),
            col(Loan.state),
            col(DayCloseError.detail),
            col(LoanStateRow.closed_on),
        )
        .join(Loan, col(Loan.id) == col(DayCloseError.loan_id))
        .join(LoanStateRow, col(LoanStateRow.loan_id) == col(Loan.id))
        .where(col(DayCloseError.close_id) == close.id)
        .order_by(col(Loan.number))
        .limit(MAX_LISTED_ROWS)
    )
    return tuple(
        CloseError(
            loan_id=row.loan_id,
            loan_number=row.loan_number,
            detail=row.detail,
            closed_on=row.closed_on,
            behind=row.state in OPEN_STATES and row.closed_on < close.on,
        )
        for row in session.execute(statement)
    )


def _close_repeats(session: Session, close: DayClose) -> tuple[CloseRepeat, ...]:
    statement = (
        sa.select(DayCloseRepeat)
        .where(col(DayCloseRepeat.close_id) == close.id)
        .order_by(col(DayCloseRepeat.id))
        .limit(MAX_LISTED_ROWS)
    )
    names = CloseRepeat.__dataclass_fields__
    return tuple(
        CloseRepeat(**{name: getattr(row, name) for name in names})
        for row in session.execute(statement).scalars()
    )


def lease_of(bank_id: UUID) -> str:
    """The lease that excludes other closers of a bank."""
    return f"day-close:{bank_id}"


def _is_interrupted(session: Session, close: DayClose) -> bool:
    """A running close whose lease ran out was cut off."""
    if close.state is not CloseState.RUNNING:
        return False
    lease = session.get(Lease, lease_of(close.bank_id), populate_existing=True)
    return lease is None or lease.held_until < now(session)


def close_view_of(
    row: Any,
    *,
    errors: tuple[CloseError, ...] = (),
    repeats: tuple[CloseRepeat, ...] = (),
    interrupted: bool = False,
) -> DayCloseView:
    """The view of a row of `list_closes`."""
    close, bank = row
    plain = (
        "id bank_id on total done failed accrued_fen billed_fen requested_at started_at"
        " finished_at version"
    )
    return DayCloseView(
        **{name: getattr(close, name) for name in plain.split()},
        state=close.state.value,
        bank_name=Name(zh=bank.name_zh, en=bank.name_en),
        errors=errors,
        repeats=repeats,
        interrupted=interrupted,
    )
