"""Tables of the documents room. The bytes lie in the file store under their SHA-256."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from app.db.base import Table, check
from app.db.types import link, text


class Document(Table, table=True):
    """An evidence file that an organisation uploaded."""

    __tablename__ = "document"
    __table_args__ = (
        check("size_positive", "size_bytes > 0"),
        check("sha256_length", "length(sha256) = 64"),
    )

    organisation_id: UUID = link("organisation.id", index=True)
    uploaded_by: UUID
    sha256: str = text(64, index=True)
    name: str = text(160)
    media_type: str = text(100)
    size_bytes: int
    created_at: datetime


class IssuedDocument(Table, table=True):
    """A document that the platform made for an issuer; anybody may check it by its code."""

    __tablename__ = "issued_document"
    __table_args__ = (
        sa.Index("ix_issued_document_subject", "subject_kind", "subject_id"),
        check("sha256_length", "length(sha256) = 64"),
    )

    code: str = text(24, unique=True)
    number: str = text(40, unique=True)
    kind: str = text(40)
    title_zh: str = text(160)
    title_en: str = text(200)
    issued_on: date
    issuer_id: UUID = link("organisation.id", index=True)
    issuer_zh: str = text(120)
    issuer_en: str = text(160, default="")
    sha256: str = text(64)
    size_bytes: int
    subject_kind: str = text(40)
    subject_id: UUID
    created_at: datetime
