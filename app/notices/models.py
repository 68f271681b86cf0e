"""Tables of the notices room: what organisations are told, and the outbox of mail."""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.db.base import Table, check
from app.db.types import choice, json_column, link, text
from app.notices.domain import MailState


class Notice(Table, table=True):
    """A message to an organisation: a template with facts, put into words for each reader."""

    __tablename__ = "notice"

    organisation_id: UUID = link("organisation.id", index=True)
    kind: str = text(40)
    template: str = text(300)
    facts: dict[str, Any] = json_column()
    href: str = text(200, default="")
    created_at: datetime
    read_at: datetime | None = None
    read_by: UUID | None = None


class OutboxMail(Table, table=True):
    """A mail waiting in the outbox; written with the notice, sent after the commit by a job."""

    __tablename__ = "outbox_mail"
    __table_args__ = (check("attempts_natural", "attempts >= 0"),)

    notice_id: UUID = link("notice.id", index=True)
    address: str = text(254)
    subject: str = text(200)
    body: str = text(4000)
    document_id: UUID | None = link("issued_document.id", nullable=True)
    """What travels with it."""
    state: MailState = choice(MailState, "state", default=MailState.WAITING, index=True)
    attempts: int = 0
    """Tries to send it; none where it left the outbox means that it was written into a folder only."""
    last_error: str = text(200, default="")
    due_at: datetime
    sent_at: datetime | None = None

    @property
    def only_written(self) -> bool:
        """Whether it lies in a folder and went to nobody."""
        return self.state is MailState.SENT and not self.attempts
