"""What `verify` asks of the audit journal: every chain holds from its first event to its head."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.domain import GENESIS_HASH, Entry, entry_hash
from app.audit.models import AuditChain, AuditEvent
from app.db.invariants import Violation


def violations(session: Session) -> Iterator[Violation]:
    """Each break of a chain: the first bad event of every organisation."""
    heads = {
        chain.organisation_id: chain for chain in session.execute(sa.select(AuditChain)).scalars()
    }
    statement = sa.select(AuditEvent).order_by(col(AuditEvent.organisation_id), col(AuditEvent.seq))
    events = session.execute(statement.execution_options(yield_per=2000)).scalars()
    seen = set()
    for organisation_id, group in groupby(events, key=lambda event: event.organisation_id):
        seen.add(organisation_id)
        yield from _check_chain(heads.get(organisation_id), group)
    for organisation_id, chain in heads.items():
        if organisation_id not in seen and chain.head_seq:
            yield _violation(organisation_id, "no event is left of the chain")


def _check_chain(chain: AuditChain | None, events: Any) -> Iterator[Violation]:
    seq, head, organisation_id = 0, GENESIS_HASH, None
    for event in events:
        organisation_id = event.organisation_id
        if event.seq != seq + 1:
            yield _violation(organisation_id, f"event {seq + 1} is missing")
            return
        if event.prev_hash != head or event.hash != _hash(event):
            yield _violation(organisation_id, f"event {event.seq} was changed")
            return
        seq, head = event.seq, event.hash
    if chain is None or (chain.head_seq, chain.head_hash) != (seq, head):
        yield _violation(organisation_id, f"the head does not match event {seq}")


def _hash(event: AuditEvent) -> str:
    return entry_hash(Entry(**{name: getattr(event, name) for name in Entry.__dataclass_fields__}))


def _violation(subject: object, detail: str) -> Violation:
    return Violation(invariant="audit-chain", subject=f"organisation {subject}", detail=detail)
