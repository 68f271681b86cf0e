"""Use cases of documents: storing evidence, issuing documents, sweeping what no row points at."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.services import record
from app.db.engine import now
from app.db.numbers import next_number
from app.documents import queries
from app.documents.content_types import UploadRefused, check_upload
from app.documents.files import store_of
from app.documents.models import Document, IssuedDocument
from app.documents.standing import Standing, standing_of
from app.kernel.actor import SYSTEM_PERSON_ID, Actor, Name
from app.kernel.errors import InvalidInput, NotFound, TooManyRequests

MAX_UPLOADS_PER_DAY: Final = 500
"""A county's whole survey arrives in a day; ten thousand small files are an attack."""

ORPHAN_AGE: Final = timedelta(days=1)
"""A file is put before its row: younger ones may still get theirs."""

CODE_LETTERS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without letters that a reader takes for digits."""

_CODE_GROUPS: Final = 4
_GROUP_LETTERS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadFile:
    """A file as it was sent; its name is kept for display only."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentView:
    """An evidence file."""

    id: UUID
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentIdentity:
    """Number and public code of a document, taken before it is drawn because it prints both."""

    number: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueDocument:
    """A finished document: what it is about, its identity, and its bytes.

    The title says what kind of document it is and nothing of its content: anybody with the code reads it.
    """

    identity: DocumentIdentity
    kind: str
    title: Name
    issued_on: date
    subject_kind: str
    subject_id: UUID
    content: bytes
    issuer_id: UUID | None = None
    issuer: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicCheck:
    """What anybody may learn by a document's code; its content is not among it."""

    number: str
    code: str
    kind: str
    title: Name
    issued_on: date
    issuer: Name
    sha256: str
    standing: Standing | None = None
    """Whether it still counts; None for documents that cannot lose their force."""


def upload_document(session: Session, actor: Actor, command: UploadFile) -> DocumentView:
    """Store an evidence file for the actor's organisation: checked, put, then its row."""
    try:
        accepted = check_upload(filename=command.name, content=command.content)
    except UploadRefused as refused:
        raise InvalidInput.at("/file", refused.detail, **refused.facts) from refused
    _require_quota(session, actor)
    row = Document(
        organisation_id=actor.organisation_id,
        uploaded_by=actor.person_id,
        sha256=store_of(session).put_once(command.content),
        name=accepted.display_name,
        media_type=accepted.media_type,
        size_bytes=accepted.size_bytes,
        created_at=now(session),
    )
    session.add(row)
    session.flush()
    record(
        session,
        actor,
        "document.upload",
        subject_kind="document",
        subject_id=row.id,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
    )
    return document_view(row)


def document_view(row: Document) -> DocumentView:
    """A file as callers see it."""
    return DocumentView(**{name: getattr(row, name) for name in DocumentView.__dataclass_fields__})


def document_content(session: Session, row: Document | IssuedDocument) -> bytes:
    """The bytes of a file whose row the actor was found to see."""
    return store_of(session).get(row.sha256)


def _require_quota(session: Session, actor: Actor) -> None:
    since = now(session) - timedelta(days=1)
    count = sa.select(sa.func.count()).where(
        col(Document.organisation_id) == actor.organisation_id, col(Document.created_at) > since
    )
    if session.execute(count).scalar_one() >= MAX_UPLOADS_PER_DAY:
        raise TooManyRequests(retry_after=3600)


def new_identity(session: Session, *, year: int) -> DocumentIdentity:
    """The next number of documents and a new code."""
    return DocumentIdentity(number=next_number(session, "DOC", year), code=new_code())


def new_code() -> str:
    """A code that cannot be guessed; enough for a document that bears the number of what it is about."""
    groups = (
        "".join(secrets.choice(CODE_LETTERS) for _ in range(_GROUP_LETTERS))
        for _ in range(_CODE_GROUPS)
    )
    return "-".join(groups)


def issue_document(session: Session, actor: Actor, command: IssueDocument) -> IssuedDocument:
    """Store a document that the platform made for the actor's organisation (or the named issuer)."""
    issuer = command.issuer or actor.organisation_name
    row = IssuedDocument(
        code=command.identity.code,
        number=command.identity.number,
        kind=command.kind,
        title_zh=command.title.zh,
        title_en=command.title.en,
        issued_on=command.issued_on,
        issuer_id=command.issuer_id or actor.organisation_id,
        issuer_zh=issuer.zh,
        issuer_en=issuer.en,
        sha256=store_of(session).put_once(command.content),
        size_bytes=len(command.content),
        subject_kind=command.subject_kind,
        subject_id=command.subject_id,
        created_at=now(session),
    )
    session.add(row)
    session.flush()
    record(
        session,
        actor,
        "document.issue",
        subject_kind=command.subject_kind,
        subject_id=command.subject_id,
        # What the system prints by itself stands in the journal of who issues it.
        organisation_id=row.issuer_id if actor.person_id == SYSTEM_PERSON_ID else None,
        number=row.number,
        sha256=row.sha256,
    )
    return row


def check_code(session: Session, code: str) -> PublicCheck:
    """What the public page says of a code; NotFound when no document has it."""
    row = queries.find_issued(session, _plain_code(code))
    if row is None:
        raise NotFound
    return PublicCheck(
        number=row.number,
        code=row.code,
        kind=row.kind,
        title=Name(zh=row.title_zh, en=row.title_en),
        issued_on=row.issued_on,
        issuer=Name(zh=row.issuer_zh, en=row.issuer_en),
        sha256=row.sha256,
        standing=standing_of(session, row),
    )


def _plain_code(code: str) -> str:
    """A code as it is stored, however it was typed."""
    letters = "".join(each for each in code.upper() if each in CODE_LETTERS)
    groups = (letters[at : at + _GROUP_LETTERS] for at in range(0, len(letters), _GROUP_LETTERS))
    return "-".join(groups)


def sweep_orphans(session: Session) -> int:
    """Remove files that were put and never got a row, half-written ones too; gives how many."""
    store = store_of(session)
    known = {
        *session.execute(sa.select(col(Document.sha256))).scalars(),
        *session.execute(sa.select(col(IssuedDocument.sha256))).scalars(),
    }
    before = now(session) - ORPHAN_AGE
    orphans = set(store.keys()) - known
    swept = sum(store.delete_orphan(key, untouched_since=before) for key in sorted(orphans))
    return swept + store.remove_stale_incoming(untouched_since=before)
