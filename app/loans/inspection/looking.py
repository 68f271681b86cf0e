"""The look after a close of day: what the books of a bank know raises signals, in chunks, once an episode.

It follows the close and never runs inside it. A look that was cut off or comes days later finds the same.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeAlias
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.db.bulk import pieces
from app.db.engine import Database
from app.kernel.actor import Actor
from app.kernel.permissions import Permission
from app.loans.books import business_day, find_business_day
from app.loans.classes.classifying import due_days_of
from app.loans.domain.causes import CauseNote, Trigger, TriggerRule, trigger_rule
from app.loans.domain.inspection import MADE
from app.loans.inspection.cause_queries import (
    FOUND_HERE,
    Place,
    endings,
    finding_of,
    loans_to_prove,
    news,
    proofs_missing,
)
from app.loans.inspection.causes import Seen, hold_looks, take_findings, write_seen
from app.loans.inspection.models import Inspection, SignalCause, SignalLook
from app.loans.inspection.planning import books_since
from app.reference.services import policy_for

LOOK_CHUNK: Final = 1_000
"""Signals written together: in less than half a second."""


_Opening: TypeAlias = Callable[[], AbstractContextManager[Session]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Books:
    """How a look opens its transactions: one for what it reads, one for each chunk that it writes."""

    read: _Opening
    write: _Opening


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    actor: Actor
    place: Place
    rules: dict[Trigger, TriggerRule]
    chunk: int

    @property
    def where(self) -> tuple[UUID, date]:
        return self.place.bank_id, self.place.on


def look_at_bank(
    database: Database, actor: Actor, bank_id: UUID, *, chunk: int = LOOK_CHUNK
) -> int:
    """Look for what raises signals among the loans of a bank on its open day; gives how many were raised."""
    books = _Books(read=database.read, write=database.write)
    return _look_through(books, actor, bank_id, chunk)


def look_once(session: Session, actor: Actor, bank_id: UUID, *, chunk: int = LOOK_CHUNK) -> int:
    """The same in one transaction of the caller; gives how many signals were raised."""

    def own() -> AbstractContextManager[Session]:
        return nullcontext(session)

    return _look_through(_Books(read=own, write=own), actor, bank_id, chunk)


def _look_through(books: _Books, actor: Actor, bank_id: UUID, chunk: int) -> int:
    """Every trigger over every loan, so many at a time."""
    actor.require(Permission.CLOSE_DAY)
    with books.read() as session:
        look = _look(session, actor, bank_id, chunk)
    if look is None:
        return 0
    raised = 0
    for trigger in FOUND_HERE:
        raised += sum(_take_news(books, look, look.rules[trigger]))
        _take_endings(books, look, look.rules[trigger])
    raised += _take_proofs(books, look)
    with books.write() as session:
        hold_looks(session, bank_id).looked_on = look.place.on
    return raised


def _look(session: Session, actor: Actor, bank_id: UUID, chunk: int) -> _Look | None:
    """None before a bank has opened its books."""
    if find_business_day(session, bank_id) is None:
        return None
    on = business_day(session, bank_id)
    policy = policy_for(session, bank_id, on)
    last = session.get(SignalLook, bank_id)
    return _Look(
        actor=actor,
        place=Place(
            bank_id=bank_id,
            on=on,
            since_on=last.looked_on if last else None,
            books_since_on=books_since(session, bank_id, on),
        ),
        rules={
            trigger: trigger_rule(policy, trigger)
            for trigger in (*FOUND_HERE, Trigger.PROOF_MISSING)
        },
        chunk=chunk,
    )


def _take_news(books: _Books, look: _Look, rule: TriggerRule) -> Iterator[int]:
    """A chunk of loans a transaction, from the first loan to the last; gives what each raised."""
    last: UUID | None = None
    while True:
        with books.read() as session:
            if session.execute(news(look.place, rule, after=last, limit=1)).first() is None:
                return
        with books.write() as session:
            hold_looks(session, look.place.bank_id)
            raised, last = _write_news(session, look, rule, last)
        yield raised


def _write_news(
    session: Session, look: _Look, rule: TriggerRule, after: UUID | None
) -> tuple[int, UUID | None]:
    rows = session.execute(news(look.place, rule, after=after, limit=look.chunk)).all()
    findings = [finding_of(row, rule, look.place) for row in rows]
    raised = write_seen(session, look.actor, look.where, Seen(rule=rule, findings=findings))
    return raised, findings[-1].loan_id if findings else after


def _take_endings(books: _Books, look: _Look, rule: TriggerRule) -> None:
    """The same of causes that hold no more."""
    last: UUID | None = None
    while True:
        with books.read() as session:
            if session.execute(endings(look.place, rule, after=last, limit=1)).first() is None:
                return
        with books.write() as session:
            hold_looks(session, look.place.bank_id)
            last = _write_endings(session, look, rule, last)


def _write_endings(
    session: Session, look: _Look, rule: TriggerRule, after: UUID | None
) -> UUID | None:
    statement = endings(look.place, rule, after=after, limit=look.chunk)
    found = session.execute(statement).scalars().all()
    undone = _UNDONE[rule.trigger](session, found) if found else set()
    ended = [(each, CauseNote.UNDONE if each.id in undone else CauseNote.OVER) for each in found]
    write_seen(session, look.actor, look.where, Seen(rule=rule, ended=ended))
    return found[-1].loan_id if found else after


def _take_proofs(books: _Books, look: _Look) -> int:
    rule, raised = look.rules[Trigger.PROOF_MISSING], 0
    with books.read() as session:
        loan_ids = loans_to_prove(session, look.place, rule)
    for some in pieces(loan_ids, look.chunk):
        with books.write() as session:
            found = proofs_missing(session, look.place, rule, some)
            raised += take_findings(session, look.actor, look.where, rule, found, among=some)
    return raised


def _paid_in_time(session: Session, causes: Sequence[SignalCause]) -> set[UUID]:
    """Causes whose bill, by the value days booked since, was paid by its day after all."""
    until_on = max(each.began_on for each in causes)
    days = due_days_of(session, [each.loan_id for each in causes], until_on=until_on)
    return {
        each.id
        for each in causes
        if all(
            due.paid_on is not None and due.paid_on <= due.due_on
            for due in days[each.loan_id]
            if due.due_on == each.began_on
        )
    }


def _checked_in_time(session: Session, causes: Sequence[SignalCause]) -> set[UUID]:
    """Causes whose check was carried out by its day and written down later."""
    statement = sa.select(col(Inspection.loan_id), col(Inspection.due_on)).where(
        col(Inspection.loan_id).in_([each.loan_id for each in causes]),
        col(Inspection.state).in_(MADE),
        col(Inspection.checked_on) <= col(Inspection.due_on),
    )
    made = {(row.loan_id, row.due_on) for row in session.execute(statement)}
    return {each.id for each in causes if (each.loan_id, each.began_on) in made}


def _none(_session: Session, _causes: Sequence[SignalCause]) -> set[UUID]:
    """A class that was taken stays history: it ends, and is never undone."""
    return set()


_UNDONE: Final[dict[Trigger, Any]] = {
    Trigger.OVERDUE: _paid_in_time,
    Trigger.INTEREST_UNPAID: _paid_in_time,
    Trigger.CLASS_WORSE: _none,
    Trigger.CHECK_LATE: _checked_in_time,
}
