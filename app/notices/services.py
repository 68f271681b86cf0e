"""Use cases of notices: tell an organisation something, mark it read, deliver the outbox."""

from dataclasses import dataclass, field
from threading import Event
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.domain import json_facts
from app.db.engine import Database, now
from app.documents.models import IssuedDocument
from app.documents.services import document_content
from app.documents.store import DamagedFile, UnknownFile
from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.notices import queries
from app.notices.domain import MAX_ATTEMPTS, MailState, wait_after
from app.notices.mail import Attachment, Letter, Mail, answered, reason_of
from app.notices.models import Notice, OutboxMail

MAILS_PER_RUN: Final = 50
"""A run of the job takes some seconds with a mail server that answers."""

REASON_LENGTH: Final = 200
"""As much of a server's words as the table keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """A message to an organisation; `addresses` come from whoever knows them.

    `template` is a message of the catalogue, `facts` fill it; letters carry it in the words of `letter`.
    """

    organisation_id: UUID
    kind: str
    template: str
    facts: dict[str, object] = field(default_factory=dict)
    href: str = ""
    addresses: tuple[str, ...] = ()
    letter_subject: str = ""
    letter_body: str = ""
    document_id: UUID | None = None
    """An issued document that the letters carry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendLetter:
    """One letter about a message, put into the outbox."""

    notice_id: UUID
    address: str
    subject: str
    body: str
    document_id: UUID | None = None


def notify(session: Session, command: Notify) -> Notice:
    """Put a message before an organisation and its letters into the outbox, in the caller's transaction."""
    row = Notice(
        organisation_id=command.organisation_id,
        kind=command.kind,
        template=command.template,
        facts=json_facts(command.facts),
        href=command.href,
        created_at=now(session),
    )
    session.add(row)
    session.flush()
    for address in command.addresses:
        send_letter(
            session,
            SendLetter(
                notice_id=row.id,
                address=address,
                subject=command.letter_subject,
                body=command.letter_body,
                document_id=command.document_id,
            ),
        )
    return row


def send_letter(session: Session, command: SendLetter) -> OutboxMail:
    """Put a letter into the outbox, in the caller's transaction; letters that failed stay on file."""
    names = SendLetter.__dataclass_fields__
    row = OutboxMail(**{name: getattr(command, name) for name in names}, due_at=now(session))
    session.add(row)
    session.flush()
    return row


def mark_read(session: Session, actor: Actor, notice_id: UUID) -> Notice:
    """Mark a message of the own organisation as read; once read it stays so."""
    statement = queries.visible_notices(actor).where(col(Notice.id) == notice_id)
    row: Notice | None = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise NotFound
    if row.read_at is None:
        row.read_at, row.read_by = now(session), actor.person_id
        session.add(row)
        session.flush()
    return row


def mails_wait(session: Session) -> bool:
    """Whether letters are due."""
    return session.execute(_due(session).limit(1)).first() is not None


def _due(session: Session) -> sa.Select[Any]:
    return (
        sa.select(col(OutboxMail.id))
        .where(col(OutboxMail.state) == MailState.WAITING, col(OutboxMail.due_at) <= now(session))
        .order_by(col(OutboxMail.due_at), col(OutboxMail.id))
    )


def deliver_due(database: Database, mail: Mail, stop: Event | None = None) -> int:
    """Send the letters that are due, each outside of any transaction; gives how many left.

    A failure waits and is tried again. A server that is away ends the run: the next look goes on.
    """
    with database.read() as session:
        ids = session.execute(_due(session).limit(MAILS_PER_RUN)).scalars().all()
    left = 0
    for mail_id in ids:
        if stop is not None and stop.is_set():
            break
        failure = _hand_over(database, mail, mail_id)
        with database.write() as session:
            _note(session, mail_id, failure, sent=mail.leaves_the_house)
        left += failure is None
        if isinstance(failure, OSError) and not answered(failure):
            break
    return left


def _hand_over(database: Database, mail: Mail, mail_id: UUID) -> Exception | None:
    """What went wrong with a letter, if anything did."""
    try:
        with database.read() as session:
            letter = _letter(session, session.get_one(OutboxMail, mail_id))
        mail.send(letter)
    except (OSError, ValueError, UnknownFile, DamagedFile) as error:
        return error
    return None


def _note(session: Session, mail_id: UUID, failure: Exception | None, *, sent: bool) -> None:
    row = session.get_one(OutboxMail, mail_id)
    session.add(row)
    if failure is None:
        row.attempts = row.attempts + 1 if sent else 0
        row.state, row.sent_at = MailState.SENT, now(session)
        return
    row.attempts += 1
    row.last_error = reason_of(failure)[:REASON_LENGTH]
    row.due_at = now(session) + wait_after(row.attempts)
    if row.attempts >= MAX_ATTEMPTS:
        row.state = MailState.FAILED


def _letter(session: Session, row: OutboxMail) -> Letter:
    return Letter(
        id=row.id,
        address=row.address,
        subject=row.subject,
        body=row.body,
        attachment=_attachment(session, row),
    )


def _attachment(session: Session, row: OutboxMail) -> Attachment | None:
    if row.document_id is None:
        return None
    issued = session.get_one(IssuedDocument, row.document_id)
    return Attachment(name=f"{issued.number}.pdf", content=document_content(session, issued))
