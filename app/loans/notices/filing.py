"""Which borrowers are to be told what, at the opening of a day: filed with the close, a set of loans at a time.

A notice is filed once for each note, kind and day; its figures are worked out when it is printed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm
from sqlmodel import Session, col

from app.db.bulk import insert_rows
from app.db.expressions import among, dialect_of, given_ids
from app.kernel.ids import new_id
from app.loans.domain.notices import Language, NoticeDays, NoticeKind, NoticeState
from app.loans.domain.repricing import RateReason
from app.loans.domain.states import OPEN_STATES
from app.loans.models import Loan, LoanDue, LoanStateRow, NoteStateRow
from app.loans.notices.models import LoanNotice
from app.loans.rates.models import NoteRate

RATE_NOTICE_WINDOW: Final = timedelta(days=31)
"""A rate set longer ago was lived with before there were notices."""

_COLUMNS: Final = (
    "id", "bank_id", "loan_id", "note_id", "kind", "about_on", "filed_on", "state", "number",
    "code", "language", "detail",
)  # fmt: skip
_NOTICES: sa.Table = LoanNotice.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a notice is filed about."""

    bank_id: UUID
    loan_id: UUID
    note_id: UUID
    kind: NoticeKind
    about_on: date


def file_notices(
    session: Session, loan_ids: Sequence[UUID], open_on: date, days: NoticeDays
) -> int:
    """File what the borrowers of some loans are to be told as a day opens; gives how many notices.

    open_on: the day that opens; loans that stand further back are passed over.
    """
    return file_abouts(session, _to_tell(session, loan_ids, open_on, days), open_on)


def file_abouts(session: Session, abouts: Iterable[About], filed_on: date) -> int:
    """File notices that are known to be new, such as those of rates that somebody set by hand."""
    rows = [
        (
            new_id(), each.bank_id, each.loan_id, each.note_id, each.kind, each.about_on, filed_on,
            NoticeState.WAITING, "", "", Language.ZH, "",
        )
        for each in abouts
    ]  # fmt: skip
    if rows:
        session.flush()
        insert_rows(session, _NOTICES, _COLUMNS, rows)
    return len(rows)


def _to_tell(
    session: Session, loan_ids: Sequence[UUID], open_on: date, days: NoticeDays
) -> Iterator[About]:
    dialect = dialect_of(session)
    given = {
        "loan_ids": given_ids(dialect, loan_ids),
        "open_day": open_on,
        "day_before": open_on - timedelta(days=1),
        "last_day_ahead": open_on + timedelta(days=days.ahead),
        "last_day_overdue": open_on - timedelta(days=days.after),
        "day_before_rates": open_on - RATE_NOTICE_WINDOW,
    }
    for row in session.execute(_telling(dialect), given):
        yield About(
            bank_id=row.bank_id,
            loan_id=row.loan_id,
            note_id=row.note_id,
            kind=NoticeKind(row.kind),
            about_on=row.about_on,
        )


@cache
def _telling(dialect: str) -> sa.CompoundSelect[Any]:
    """One statement for notices of every kind, made once."""
    notes = _notes(dialect)
    return sa.union(_falls_due(notes), _is_overdue(notes), _rate_changes(notes))


def _day(name: str) -> sa.ColumnElement[date]:
    return sa.bindparam(name, type_=sa.Date)


def _notes(dialect: str) -> sa.CTE:
    """The notes of the loans, read once for notices of every kind."""
    return (
        sa.select(
            col(Loan.bank_id),
            col(NoteStateRow.loan_id),
            col(NoteStateRow.note_id),
            col(NoteStateRow.next_due_on),
        )
        .select_from(LoanStateRow)
        .join(Loan, col(Loan.id) == col(LoanStateRow.loan_id))
        .join(NoteStateRow, col(NoteStateRow.loan_id) == col(LoanStateRow.loan_id))
        .where(
            among(dialect, col(LoanStateRow.loan_id), "loan_ids"),
            col(LoanStateRow.closed_on) == _day("day_before"),
            col(Loan.state).in_(OPEN_STATES),
        )
        .cte("notes")
    )


def _falls_due(notes: sa.CTE) -> sa.Select[Any]:
    about_on = notes.c.next_due_on
    return _new(notes, NoticeKind.DUE, about_on).where(
        about_on >= _day("open_day"), about_on <= _day("last_day_ahead")
    )


def _is_overdue(notes: sa.CTE) -> sa.Select[Any]:
    about_on = col(LoanDue.due_on)
    return (
        _new(notes, NoticeKind.OVERDUE, about_on)
        .join(LoanDue, col(LoanDue.note_id) == notes.c.note_id)
        .where(col(LoanDue.settled).is_(False), about_on <= _day("last_day_overdue"))
    )


def _rate_changes(notes: sa.CTE) -> sa.Select[Any]:
    """Rates that differ from the one before: a reset that leaves the rate as it was is no news."""
    about_on = col(NoteRate.from_on)
    before: Any = sa.orm.aliased(NoteRate, name="before")
    return (
        _new(notes, NoticeKind.RATE_CHANGE, about_on)
        .join(NoteRate, col(NoteRate.note_id) == notes.c.note_id)
        .join(
            before,
            sa.and_(
                before.note_id == col(NoteRate.note_id), before.number == col(NoteRate.number) - 1
            ),
        )
        .where(
            col(NoteRate.reason) != RateReason.DRAWDOWN,
            col(NoteRate.rate_ppm) != before.rate_ppm,
            about_on > _day("day_before_rates"),
            about_on <= _day("open_day"),
        )
    )


def _new(notes: sa.CTE, kind: NoticeKind, about_on: Any) -> sa.Select[Any]:
    """Notes with a day for which no notice of the kind is on file."""
    filed = (
        sa.select(sa.literal(1))
        .where(
            col(LoanNotice.note_id) == notes.c.note_id,
            col(LoanNotice.kind) == kind,
            col(LoanNotice.about_on) == about_on,
        )
        .exists()
    )
    return (
        sa.select(
            sa.literal(kind.value).label("kind"),
            notes.c.bank_id,
            notes.c.loan_id,
            notes.c.note_id,
            about_on.label("about_on"),
        )
        .select_from(notes)
        .where(sa.not_(filed))
    )
