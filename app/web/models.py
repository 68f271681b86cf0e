"""Table of the web room: answers kept by idempotency key."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.db.base import Table
from app.db.types import json_column, text


class IdempotencyKey(Table, table=True):
    """One effect for one key of one person for one organisation on one route; the answer is stored with it."""

    __tablename__ = "idempotency_key"
    __table_args__ = (sa.UniqueConstraint("organisation_id", "person_id", "route", "key"),)

    organisation_id: UUID
    person_id: UUID
    route: str = text(200)
    key: str = text(255)
    request_sha256: str = text(64)
    status: int | None = Field(default=None)
    headers: dict[str, str] | None = json_column(nullable=True)
    body: bytes | None = Field(default=None, sa_type=sa.LargeBinary)
    created_at: datetime
