"""Tables of the audit room: one chain per organisation and one for the platform."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.base import Table
from app.db.types import json_column, text

REQUEST_ID_LENGTH: Final = 64


class AuditChain(SQLModel, table=True):
    """The head of one chain; locked while events are added."""

    __tablename__ = "audit_chain"

    organisation_id: UUID = Field(primary_key=True)
    head_seq: int = Field(default=0, sa_type=sa.BigInteger)
    head_hash: str = text(64)


class AuditEvent(Table, table=True):
    """One event: what was done by whom to what, chained by hash to the one before."""

    __tablename__ = "audit_event"
    __table_args__ = (
        sa.UniqueConstraint("organisation_id", "seq"),
        sa.Index("ix_audit_event_subject", "subject_kind", "subject_id"),
    )

    organisation_id: UUID
    seq: int = Field(sa_type=sa.BigInteger)
    prev_hash: str = text(64)
    hash: str = text(64)
    at: datetime
    person_id: UUID
    action: str = text(80)
    subject_kind: str = text(40)
    subject_id: str = text(80)
    facts: dict[str, Any] = json_column()
    request_id: str = text(REQUEST_ID_LENGTH, default="")
    """Of the request, or job and slot of the run, that did it; none for commands."""
