"""Month end closes the period: totals and a digest of its lines are kept, and nothing is booked into it again.

Lines are read, hashed and summed before the transaction that writes; it checks that none came in meanwhile.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.services import record
from app.db.engine import Database, now
from app.kernel.actor import Actor
from app.loans.books import last_closed_on
from app.loans.domain.ledger import PairSum, PostingDigest, month_of
from app.loans.domain.states import CloseState
from app.loans.ledger.models import LedgerPeriod, LedgerPeriodTotal
from app.loans.ledger.queries import pair_sums
from app.loans.models import BankDay, DayClose, LoanPosting

READ_ROWS: Final = 5_000
"""Lines read at a time while a month is hashed: the memory that a month takes does not grow with it."""

_LINE: Final = (
    LoanPosting.id,
    LoanPosting.entry_id,
    LoanPosting.seq,
    LoanPosting.loan_id,
    LoanPosting.note_id,
    LoanPosting.debit,
    LoanPosting.credit,
    LoanPosting.booked_on,
    LoanPosting.value_on,
    LoanPosting.kind,
    LoanPosting.text,
    LoanPosting.reverses_id,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Month:
    """A month as it was read: the digest of its lines, and what moved between each two accounts."""

    starts_on: date
    ends_on: date
    lines: int
    """All that no earlier period holds, counted before they were read."""
    digest: PostingDigest
    sums: Sequence[PairSum]


def close_due_periods(database: Database, actor: Actor, bank_id: UUID) -> None:
    """Close every month whose last day was closed and that has no period yet; a second run does nothing."""
    with database.read() as session:
        due = list(_due(session, bank_id))
    for starts_on, ends_on in due:
        with database.read() as session:
            month = _summed(session, bank_id, starts_on, ends_on)
        with database.write() as session:
            _write_period(session, actor, bank_id, month)


def close_month(session: Session, actor: Actor, bank_id: UUID, last_on: date) -> None:
    """Close the month that a day ends, in one transaction: for the past that was just loaded."""
    starts_on, ends_on = month_of(last_on)
    _write_period(session, actor, bank_id, _summed(session, bank_id, starts_on, ends_on))


def _due(session: Session, bank_id: UUID) -> Iterator[tuple[date, date]]:
    """Months that ended with a closed day, the earliest first."""
    for day in session.execute(_due_asked(), {"of_bank": bank_id}).scalars():
        if month_of(day)[1] == day:
            yield month_of(day)


@cache
def _due_asked() -> sa.Select[Any]:
    """The closed days that no period holds."""
    bank_id = sa.bindparam("of_bank", type_=sa.Uuid)
    last = sa.select(sa.func.max(LedgerPeriod.ends_on)).where(col(LedgerPeriod.bank_id) == bank_id)
    after_on = sa.func.coalesce(last.scalar_subquery(), sa.literal(date.min, sa.Date))
    return (
        sa.select(col(DayClose.on))
        .where(
            col(DayClose.bank_id) == bank_id,
            col(DayClose.state) == CloseState.FINISHED,
            col(DayClose.on) > after_on,
        )
        .order_by(col(DayClose.on))
    )


def period_digest(session: Session, bank_id: UUID, starts_on: date, ends_on: date) -> PostingDigest:
    """All lines of a month in the order of their days and ids, hashed."""
    digest = PostingDigest()
    statement = (
        sa.select(*(col(each) for each in _LINE), col(LoanPosting.amount_fen))
        .where(*_of_month(bank_id, starts_on, ends_on))
        .order_by(col(LoanPosting.booked_on), col(LoanPosting.id))
        .execution_options(yield_per=READ_ROWS)
    )
    for *parts, amount_fen in session.execute(statement):
        digest.add(*parts, amount_fen=amount_fen)
    return digest


def _summed(session: Session, bank_id: UUID, starts_on: date, ends_on: date) -> _Month:
    return _Month(
        starts_on=starts_on,
        ends_on=ends_on,
        lines=_open_lines(session, bank_id, ends_on),
        digest=period_digest(session, bank_id, starts_on, ends_on),
        sums=pair_sums(session, bank_id, starts_on, ends_on),
    )


def _open_lines(session: Session, bank_id: UUID, ends_on: date) -> int:
    """How many lines are booked up to a day that no period holds yet."""
    lines = sa.select(sa.func.count()).where(
        col(LoanPosting.bank_id) == bank_id, col(LoanPosting.booked_on) <= ends_on
    )
    closed_on = last_closed_on(session, bank_id)
    if closed_on is not None:
        lines = lines.where(col(LoanPosting.booked_on) > closed_on)
    return int(session.execute(lines).scalar_one())


def _of_month(bank_id: UUID, starts_on: date, ends_on: date) -> tuple[Any, ...]:
    return (
        col(LoanPosting.bank_id) == bank_id,
        col(LoanPosting.booked_on).between(starts_on, ends_on),
    )


def _write_period(session: Session, actor: Actor, bank_id: UUID, month: _Month) -> None:
    """Keep the month; the bank's day is held, so that nothing is booked between the look and the row.

    Lines are only added to, and only on the open day: as many as were read means the same.
    """
    starts_on, ends_on = month.starts_on, month.ends_on
    held = session.execute(
        sa.select(BankDay).where(col(BankDay.bank_id) == bank_id).with_for_update()
    ).scalar_one()
    closed_on = last_closed_on(session, bank_id)
    if held.open_on <= ends_on or (closed_on is not None and closed_on >= ends_on):
        return
    if _open_lines(session, bank_id, ends_on) != month.lines:
        month = _summed(session, bank_id, starts_on, ends_on)
    digest = month.digest
    period = LedgerPeriod(
        bank_id=bank_id,
        starts_on=starts_on,
        ends_on=ends_on,
        postings=digest.count,
        amount_fen=digest.amount_fen,
        sha256=digest.hexdigest(),
        closed_at=now(session),
    )
    session.add(period)
    session.flush()
    for each in month.sums:
        session.add(
            LedgerPeriodTotal(
                period_id=period.id,
                debit=each.debit,
                credit=each.credit,
                before_fen=each.before_fen,
                amount_fen=each.amount_fen,
            )
        )
    session.flush()
    record(
        session,
        actor,
        "ledger-period.close",
        subject_kind="ledger-period",
        subject_id=period.id,
        organisation_id=bank_id,
        day=ends_on,
        count=period.postings,
        amount_fen=period.amount_fen,
        sha256=period.sha256,
    )
