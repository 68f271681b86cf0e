"""Recording: services say what they did; the unit of work chains it just before commit."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.domain import GENESIS_HASH, Entry, entry_hash, json_facts
from app.audit.models import AuditChain, AuditEvent
from app.db.engine import Database, now
from app.db.numbers import insert_ignoring
from app.kernel.actor import Actor

_PENDING = "audit_pending"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    organisation_id: UUID
    person_id: UUID
    at: datetime
    action: str
    subject_kind: str
    subject_id: str
    facts: dict[str, Any]
    request_id: str


def record(
    session: Session,
    actor: Actor,
    action: str,
    *,
    subject_kind: str,
    subject_id: object,
    organisation_id: UUID | None = None,
    **facts: object,
) -> None:
    """Say that the actor did something; written with the commit, or not at all.

    The event goes to the chain of the actor's organisation unless another is named.
    """
    said = _Said(
        organisation_id=organisation_id or actor.organisation_id,
        person_id=actor.person_id,
        at=now(session),
        action=action,
        subject_kind=subject_kind,
        subject_id=str(subject_id),
        facts=json_facts(facts),
        request_id=str(session.info.get("request_id", "")),
    )
    if not session.in_transaction():
        # Only what has begun can be taken back, and with it what was said.
        session.begin()
    session.info.setdefault(_PENDING, []).append(said)


def write_pending(session: Session) -> None:
    """The hook before commit: chain what was said, locking the heads in the order of their ids."""
    pending: list[_Said] = session.info.pop(_PENDING, [])
    if not pending:
        return
    session.flush()
    for organisation_id in sorted({said.organisation_id for said in pending}):
        _append(
            session,
            organisation_id,
            (said for said in pending if said.organisation_id == organisation_id),
        )


def forget_pending(session: Session) -> None:
    """After a rollback: what was said did not happen."""
    session.info.pop(_PENDING, None)


def _append(session: Session, organisation_id: UUID, events: Iterable[_Said]) -> None:
    chain = _lock_chain(session, organisation_id)
    seq, head = chain.head_seq, chain.head_hash
    for said in events:
        seq += 1
        entry = Entry(
            organisation_id=organisation_id,
            seq=seq,
            prev_hash=head,
            at=said.at,
            person_id=said.person_id,
            action=said.action,
            subject_kind=said.subject_kind,
            subject_id=said.subject_id,
            facts=said.facts,
            request_id=said.request_id,
        )
        head = entry_hash(entry)
        session.add(_row(entry, head))
    chain.head_seq, chain.head_hash = seq, head
    session.add(chain)


def _row(entry: Entry, head: str) -> AuditEvent:
    return AuditEvent(
        organisation_id=entry.organisation_id,
        seq=entry.seq,
        prev_hash=entry.prev_hash,
        hash=head,
        at=entry.at,
        person_id=entry.person_id,
        action=entry.action,
        subject_kind=entry.subject_kind,
        subject_id=entry.subject_id,
        facts=dict(entry.facts),
        request_id=entry.request_id,
    )


def _lock_chain(session: Session, organisation_id: UUID) -> AuditChain:
    statement, given = _chain_asked(), {"of_organisation": organisation_id}
    chain: AuditChain | None = session.execute(statement, given).scalar_one_or_none()
    if chain is not None:
        return chain
    row = {"organisation_id": organisation_id, "head_seq": 0, "head_hash": GENESIS_HASH}
    insert_ignoring(session, AuditChain.__table__, row)  # type: ignore[attr-defined]
    begun: AuditChain = session.execute(statement, given).scalar_one()
    return begun


@cache
def _chain_asked() -> sa.Select[AuditChain]:
    return (
        sa.select(AuditChain)
        .where(col(AuditChain.organisation_id) == sa.bindparam("of_organisation", type_=sa.Uuid))
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def watch(database: Database) -> None:
    """Bind the journal to a database: chained before each commit, forgotten with each rollback."""
    database.before_commit.append(write_pending)


@sa.event.listens_for(Session, "after_rollback")
def _after_rollback(session: Session) -> None:
    forget_pending(session)
