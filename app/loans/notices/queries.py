"""Lists of notices to borrowers with what became of their mail, and where borrowers are written to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, cast
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.kernel.actor import Actor, Name
from app.kernel.errors import NotFound
from app.kernel.text import N_
from app.loans.domain.notices import NOTICE_TITLES, Language, NoticeKind, NoticeState
from app.loans.models import Loan, LoanNote
from app.loans.notices.models import LoanNotice, NoticeContact
from app.loans.queries import visible_loans
from app.notices.domain import MailState
from app.notices.models import OutboxMail


class MailStanding(StrEnum):
    """What became of the mail of a notice."""

    NONE = "none"
    WAITING = "waiting"
    SENT = "sent"
    WRITTEN = "written"
    FAILED = "failed"


MAIL_TITLES: Final = {
    MailStanding.NONE: N_("No address on file"),
    MailStanding.WAITING: N_("Mail on its way"),
    MailStanding.SENT: N_("Mail sent"),
    MailStanding.WRITTEN: N_("Written to a folder, not sent"),
    MailStanding.FAILED: N_("Mail failed"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanNoticeFilter:
    """What a list of notices is narrowed to."""

    kind: NoticeKind | None = None
    state: NoticeState | None = None
    mail: MailStanding | None = None
    number: str = ""
    """Of the loan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanNoticeView:
    """A notice with its document and the last mail that carried it."""

    id: UUID
    loan_id: UUID
    loan_number: str
    note_number: str
    kind: NoticeKind
    title: Name
    about_on: date
    filed_on: date
    state: NoticeState
    number: str
    code: str
    language: Language
    detail: str
    issued_at: datetime | None
    mail: MailStanding
    address: str
    attempts: int
    mail_error: str
    sent_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactView:
    """Where a bank writes to a borrower."""

    id: UUID
    address: str
    language: Language
    created_at: datetime


def visible_loan_notices(session: Session, actor: Actor) -> sa.Select[Any]:
    """The notices about visible loans; borrowers see those that were issued."""
    loans = visible_loans(session, actor).with_only_columns(col(Loan.id)).order_by(None)
    statement: Any = (
        sa.select(LoanNotice, col(Loan.number), col(LoanNote.number))
        .join(Loan, col(Loan.id) == col(LoanNotice.loan_id))
        .join(LoanNote, col(LoanNote.id) == col(LoanNotice.note_id))
        .where(col(LoanNotice.loan_id).in_(loans))
    )
    if actor.organisation_kind == "enterprise":
        statement = statement.where(col(LoanNotice.state) == NoticeState.ISSUED)
    return cast("sa.Select[Any]", statement)


def list_loan_notices(session: Session, actor: Actor, wanted: LoanNoticeFilter) -> sa.Select[Any]:
    """The rows of a list of notices, the newest first; give them to `notice_views`."""
    statement = visible_loan_notices(session, actor)
    for column, value in ((LoanNotice.kind, wanted.kind), (LoanNotice.state, wanted.state)):
        if value is not None:
            statement = statement.where(col(column) == value)
    if wanted.number:
        statement = statement.where(col(Loan.number) == wanted.number)
    if wanted.mail is not None:
        statement = statement.where(_mail_is(wanted.mail))
    return statement.order_by(col(LoanNotice.filed_on).desc(), col(LoanNotice.id).desc())


def count_waiting(session: Session, actor: Actor) -> int:
    """How many notices in sight are still to be printed."""
    waiting = list_loan_notices(session, actor, LoanNoticeFilter(state=NoticeState.WAITING))
    rows = waiting.with_only_columns(sa.func.count()).order_by(None)
    return int(session.execute(rows).scalar_one())


def _mail_is(standing: MailStanding) -> sa.ColumnElement[bool]:
    """By the last letter of a notice."""
    if standing is MailStanding.NONE:
        return sa.and_(col(LoanNotice.state) == NoticeState.ISSUED, sa.not_(_some_letter()))
    newer: Any = sa.orm.aliased(OutboxMail)
    later = sa.select(sa.literal(1)).where(
        newer.notice_id == col(OutboxMail.notice_id), newer.id > col(OutboxMail.id)
    )
    return _some_letter(_STANDS[standing], sa.not_(later.exists()))


def _some_letter(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return (
        sa.select(sa.literal(1))
        .where(col(OutboxMail.notice_id) == col(LoanNotice.message_id), *conditions)
        .exists()
    )


_LEFT: Final = col(OutboxMail.state) == MailState.SENT
_STANDS: Final = {
    MailStanding.WAITING: col(OutboxMail.state) == MailState.WAITING,
    MailStanding.SENT: sa.and_(_LEFT, col(OutboxMail.attempts) > 0),
    MailStanding.WRITTEN: sa.and_(_LEFT, col(OutboxMail.attempts) == 0),
    MailStanding.FAILED: col(OutboxMail.state) == MailState.FAILED,
}


def notice_views(session: Session, rows: Iterable[Any]) -> list[LoanNoticeView]:
    """The views of rows of `list_loan_notices`."""
    found = list(rows)
    mails = last_mails(session, [notice.message_id for notice, *_ in found if notice.message_id])
    return [
        _view(notice, loan_number, note_number, mails.get(notice.message_id))
        for notice, loan_number, note_number in found
    ]


def get_loan_notice(session: Session, actor: Actor, notice_id: UUID) -> LoanNoticeView:
    """One visible notice; `NotFound` otherwise."""
    statement = visible_loan_notices(session, actor).where(col(LoanNotice.id) == notice_id)
    row = session.execute(statement).one_or_none()
    if row is None:
        raise NotFound
    return notice_views(session, [row])[0]


def last_mails(session: Session, message_ids: Sequence[UUID]) -> dict[UUID, OutboxMail]:
    """The last letter of each message."""
    statement = (
        sa.select(OutboxMail)
        .where(col(OutboxMail.notice_id).in_(message_ids))
        .order_by(col(OutboxMail.id))
    )
    return {row.notice_id: row for row in session.execute(statement).scalars()}


def _view(
    row: LoanNotice, loan_number: str, note_number: str, mail: OutboxMail | None
) -> LoanNoticeView:
    return LoanNoticeView(
        loan_number=loan_number,
        note_number=note_number,
        title=NOTICE_TITLES[row.kind],
        mail=_standing(mail),
        address=mail.address if mail else "",
        attempts=mail.attempts if mail else 0,
        mail_error=mail.last_error if mail else "",
        sent_at=mail.sent_at if mail and not mail.only_written else None,
        **{name: getattr(row, name) for name in _COLUMNS},
    )


def _standing(mail: OutboxMail | None) -> MailStanding:
    if mail is None:
        return MailStanding.NONE
    return MailStanding.WRITTEN if mail.only_written else MailStanding(mail.state.value)


_COLUMNS: Final = (
    "id", "loan_id", "kind", "about_on", "filed_on", "state", "number", "code", "language",
    "detail", "issued_at",
)  # fmt: skip


def newest_contact(
    session: Session, bank_id: UUID, borrower_id: UUID | None
) -> NoticeContact | None:
    """The address that counts now; an older one, or none, never does."""
    statement = contacts_of(bank_id, borrower_id).limit(1)
    return session.execute(statement).scalar_one_or_none()


def contacts_of(bank_id: UUID, borrower_id: UUID | None) -> sa.Select[NoticeContact]:
    """Addresses of a borrower at a bank, the newest first."""
    return (
        sa.select(NoticeContact)
        .where(col(NoticeContact.bank_id) == bank_id)
        .where(col(NoticeContact.borrower_id) == borrower_id)
        .order_by(col(NoticeContact.created_at).desc(), col(NoticeContact.id).desc())
    )


def contact_view(row: NoticeContact) -> ContactView:
    """An address as callers see it."""
    return ContactView(**{name: getattr(row, name) for name in ContactView.__dataclass_fields__})
