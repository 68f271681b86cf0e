"""Look-ups of files and issued documents."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.documents.models import Document, IssuedDocument
from app.kernel.actor import Actor
from app.kernel.errors import NotFound


def visible_documents(actor: Actor) -> sa.Select[Any]:
    """Files that the actor's own organisation uploaded, the newest first.

    Files of others are reached through the thing that they prove, in its own room.
    """
    statement = sa.select(Document).order_by(col(Document.created_at).desc(), col(Document.id))
    if actor.sees("*") == "all":
        return statement
    return statement.where(col(Document.organisation_id) == actor.organisation_id)


def get_document(session: Session, actor: Actor, document_id: UUID) -> Document:
    """An own file, or NotFound."""
    statement = visible_documents(actor).where(col(Document.id) == document_id)
    row: Document | None = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


def find_issued(session: Session, code: str) -> IssuedDocument | None:
    """An issued document by its public code."""
    statement = sa.select(IssuedDocument).where(col(IssuedDocument.code) == code)
    return session.execute(statement).scalar_one_or_none()
