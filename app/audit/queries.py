"""Reading the audit journal: one chain at a time, newest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.models import AuditChain, AuditEvent
from app.kernel.actor import Actor
from app.kernel.clock import CIVIL_ZONE

MAX_EVENTS: Final = 100
"""Events on one page of the journal; the next page begins at the cursor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events of a chain are asked for; `before_seq` is the cursor."""

    organisation_id: UUID | None = None
    action: str = ""
    subject_kind: str = ""
    subject_id: str = ""
    first_on: date | None = None
    last_on: date | None = None
    verbs: tuple[str, ...] = ()
    """Last parts of actions: what was done, to whatever thing."""
    but_actions: tuple[str, ...] = ()
    """Whole actions that end like a verb and say something else."""
    before_seq: int | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """An event of the journal."""

    id: UUID
    organisation_id: UUID
    seq: int
    at: datetime
    person_id: UUID
    action: str
    subject_kind: str
    subject_id: str
    facts: Mapping[str, Any]
    request_id: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    """Some events, and the cursor of those before them; None at the beginning of the chain."""

    items: tuple[EventView, ...]
    next_cursor: int | None


def visible_events(session: Session, actor: Actor) -> sa.Select[Any]:  # noqa: ARG001 - as in every room
    """The events that the actor may read: the own chain, or every chain."""
    statement = sa.select(AuditEvent)
    if "all" in {actor.sees("audit"), actor.sees("*")}:
        return statement
    if actor.sees("audit") == "own":
        return statement.where(col(AuditEvent.organisation_id) == actor.organisation_id)
    return statement.where(sa.false())


def list_events(session: Session, actor: Actor, wanted: EventFilter) -> EventPage:
    """A page of one chain, newest first; another's chain is empty for who may not see it."""
    limit = min(wanted.limit, MAX_EVENTS)
    statement = visible_events(session, actor).where(*_conditions(actor, wanted))
    ordered = statement.order_by(col(AuditEvent.seq).desc()).limit(limit + 1)
    rows = session.execute(ordered).scalars().all()
    shown = tuple(_view(row) for row in rows[:limit])
    return EventPage(items=shown, next_cursor=shown[-1].seq if len(rows) > limit else None)


def events_so_far(session: Session) -> int:
    """How many events all chains hold: a number that grows whenever something is done."""
    return int(session.execute(_sum_asked()).scalar_one())


@cache
def _sum_asked() -> sa.Select[int]:
    return sa.select(sa.func.coalesce(sa.func.sum(col(AuditChain.head_seq)), 0))


def _conditions(actor: Actor, wanted: EventFilter) -> list[sa.ColumnElement[bool]]:
    chain = wanted.organisation_id or actor.organisation_id
    found = [
        col(AuditEvent.organisation_id) == chain,
        *(
            col(getattr(AuditEvent, name)) == getattr(wanted, name)
            for name in ("action", "subject_kind", "subject_id")
            if getattr(wanted, name)
        ),
    ]
    if wanted.verbs:
        found.append(sa.or_(*(_says(verb) for verb in wanted.verbs)))
        found.append(col(AuditEvent.action).not_in(wanted.but_actions))
    if wanted.first_on is not None:
        found.append(col(AuditEvent.at) >= _midnight(wanted.first_on))
    if wanted.last_on is not None:
        found.append(col(AuditEvent.at) < _midnight(wanted.last_on + timedelta(days=1)))
    if wanted.before_seq is not None:
        found.append(col(AuditEvent.seq) < wanted.before_seq)
    return found


def _says(verb: str) -> sa.ColumnElement[bool]:
    action = col(AuditEvent.action)
    return sa.or_(action == verb, action.endswith(f".{verb}", autoescape=True))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=CIVIL_ZONE)


def _view(row: AuditEvent) -> EventView:
    return EventView(**{name: getattr(row, name) for name in EventView.__dataclass_fields__})
