"""What stands on an asset by this platform's own register: kept by a room above, asked for by those below.

The rooms below the register of pledges cannot look into it; what puts the rooms together gives them
a reader. Without one the answer is None: nobody looked, which is not the same as nothing found.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, cast
from uuid import UUID

from sqlmodel import Session

from app.assets.domain import EncumbranceKind
from app.db.engine import Database, database_of

_PORT: Final = "burdens"


@dataclass(frozen=True, slots=True, kw_only=True)
class Burden:
    """A mortgage or pledge in force; `registered` is False between its contract and its registration."""

    kind: EncumbranceKind
    bank_id: UUID
    rank: int
    secured_fen: int
    contracted_on: date
    registered: bool


ReadBurdens = Callable[[Session, UUID], Sequence[Burden]]


def bind_burdens(database: Database, read: ReadBurdens) -> None:
    """Give a database the reader of its register."""
    database.ports[_PORT] = read


def burdens_of(session: Session, asset_id: UUID) -> Sequence[Burden] | None:
    """The mortgages and pledges in force on an asset by rank; None where no register can be read."""
    read = cast(ReadBurdens | None, database_of(session).ports.get(_PORT))
    return None if read is None else read(session, asset_id)
