"""How many things wait for an actor, as the menu of every page says: counted again once something has happened."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlmodel import Session

from app.audit.queries import events_so_far
from app.db.engine import Database, database_of, now, today
from app.desk.worklist import worklist
from app.kernel.actor import Actor

COUNT_KEPT: Final = timedelta(seconds=30)
"""What is in no journal, such as a letter that failed, is counted by then."""

MAX_COUNTS: Final = 10_000
"""Counts kept by one process; more people than work with one installation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Count:
    """A count, when it was made, and what stood then: events of all journals, the day, the actor's roles."""

    number: int
    at: datetime
    beside: tuple[int, date, frozenset[str]]


_counts: WeakKeyDictionary[Database, dict[tuple[UUID, UUID], _Count]] = WeakKeyDictionary()


def count_waiting(session: Session, actor: Actor) -> int:
    """The length of the worklist. The list itself is never older than its page; this may be by `COUNT_KEPT`."""
    known = _counts.setdefault(database_of(session), {})
    person, at = (actor.person_id, actor.organisation_id), now(session)
    beside = (events_so_far(session), today(session), actor.roles)
    found = known.get(person)
    if found is None or found.beside != beside or not found.at <= at < found.at + COUNT_KEPT:
        if len(known) >= MAX_COUNTS:
            known.clear()
        found = _Count(number=len(worklist(session, actor)), at=at, beside=beside)
        known[person] = found
    return found.number
