"""Tables of notices to borrowers, and of the addresses that they go to."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db.base import Table, check
from app.db.types import choice, json_column, link, text
from app.loans.domain.notices import Language, NoticeKind, NoticeState


class LoanNotice(Table, table=True):
    """What a borrower is told about a note, once for each kind and day."""

    __tablename__ = "loan_notice"
    __table_args__ = (
        sa.UniqueConstraint("note_id", "kind", "about_on"),
        sa.Index("ix_loan_notice_bank", "bank_id", "filed_on"),
        sa.Index(
            "ix_loan_notice_waiting",
            "filed_on",
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        ),
        check("issued", "(state = 'issued') = (document_id IS NOT NULL)"),
        check("issued_at", "(document_id IS NULL) = (issued_at IS NULL)"),
    )

    bank_id: UUID = link("organisation.id")
    loan_id: UUID = link("loan.id", index=True)
    note_id: UUID = link("loan_note.id")
    kind: NoticeKind = choice(NoticeKind, "kind")
    about_on: date
    """The due day, or the day from which a rate counts."""
    filed_on: date
    """The business day that opened when it was filed."""
    state: NoticeState = choice(NoticeState, "state", default=NoticeState.WAITING)
    number: str = text(40, default="")
    code: str = text(24, default="")
    language: Language = choice(Language, "language", default=Language.ZH)
    facts: dict[str, Any] | None = json_column(nullable=True)
    """What it says, kept when it is issued."""
    detail: str = text(300, default="")
    """Why it was dropped, or could not be printed."""
    document_id: UUID | None = link("issued_document.id", nullable=True)
    message_id: UUID | None = link("notice.id", nullable=True, index=True)
    issued_at: datetime | None = None


class NoticeContact(Table, table=True):
    """Where a bank writes to a borrower, and in which language; the newest row counts."""

    __tablename__ = "notice_contact"
    __table_args__ = (sa.Index("ix_notice_contact_of", "bank_id", "borrower_id"),)

    bank_id: UUID = link("organisation.id")
    borrower_id: UUID = link("organisation.id")
    address: str = text(254)
    language: Language = choice(Language, "language", default=Language.ZH)
    person_id: UUID
    created_at: datetime
