"""Which borrowers are to be told what, at the opening of a day: filed with the close, a set of loans at a time.

A notice is filed once for each note, kind and day; its figures are worked out when it is printed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.db.bulk import insert_rows
from app.db.expressions import among
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
    notes = _notes(session, loan_ids, open_on)
    statement = sa.union(
        _falls_due(notes, open_on, days.ahead),
        _is_overdue(notes, open_on, days.after),
        _rate_changes(notes, open_on),
    )
    for row in session.execute(statement):
        yield About(
            bank_id=row.bank_id,
            loan_id=row.loan_id,
            note_id=row.note_id,
            kind=NoticeKind(row.kind),
            about_on=row.about_on,
        )


def _notes(session: Session, loan_ids: Sequence[UUID], open_on: date) -> sa.CTE:
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
            among(session, col(LoanStateRow.loan_id), loan_ids),
            col(LoanStateRow.closed_on) == open_on - timedelta(days=1),
            col(Loan.state).in_(OPEN_STATES),
        )
        .cte("notes")
    )


def _falls_due(notes: sa.CTE, open_on: date, ahead: int) -> sa.Select[Any]:
    about_on = notes.c.next_due_on
    return _new(notes, NoticeKind.DUE, about_on).where(
        about_on >= open_on, about_on <= open_on + timedelta(days=ahead)
    )


def _is_overdue(notes: sa.CTE, open_on: date, after: int) -> sa.Select[Any]:
    about_on = col(LoanDue.due_on)
    return (
        _new(notes, NoticeKind.OVERDUE, about_on)
        .join(LoanDue, col(LoanDue.note_id) == notes.c.note_id)
        .where(col(LoanDue.settled).is_(False), about_on <= open_on - timedelta(days=after))
    )


def _rate_changes(notes: sa.CTE, open_on: date) -> sa.Select[Any]:
    about_on = col(NoteRate.from_on)
    return (
        _new(notes, NoticeKind.RATE_CHANGE, about_on)
        .join(NoteRate, col(NoteRate.note_id) == notes.c.note_id)
        .where(
            col(NoteRate.reason) != RateReason.DRAWDOWN,
            about_on > open_on - RATE_NOTICE_WINDOW,
            about_on <= open_on,
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
