"""Whether an issued document still counts: said by the room that its subject belongs to.

The rooms above register a reader for the kinds of document that can lose their force; a document of
another kind simply was issued.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final, cast
from uuid import UUID

from sqlmodel import Session

from app.db.engine import Database, database_of
from app.documents.models import IssuedDocument
from app.kernel.actor import Name

_PORT: Final = "standing:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The state of a document's subject, and since when; nothing of its content."""

    state: str
    title: Name
    in_force: bool
    on: date | None
    """The last day of a document in force or run out, the day on which another lost its force."""


ReadStanding = Callable[[Session, UUID], Standing | None]


def bind_standing(database: Database, kind: str, read: ReadStanding) -> None:
    """Give a database the reader for one kind of document."""
    database.ports[_PORT + kind] = read


def standing_of(session: Session, issued: IssuedDocument) -> Standing | None:
    """Whether the document counts today; None for kinds that cannot lose their force."""
    read = cast(ReadStanding | None, database_of(session).ports.get(_PORT + issued.kind))
    return None if read is None else read(session, issued.subject_id)
