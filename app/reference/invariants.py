"""What `verify` asks of the reference room: complete trees, and four eyes on every change."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlmodel import Session, col

from app import policy
from app.audit.models import AuditEvent
from app.db.invariants import Violation
from app.reference.domain import ProposalState
from app.reference.models import CatalogueImport, CatalogueItem, PolicyOverride


def violations(session: Session) -> Iterator[Violation]:
    """Items whose code does not fit their place, and decisions without a second person."""
    for item in session.execute(sa.select(CatalogueItem)).scalars():
        parent = item.code.rpartition(".")[0] or None
        if item.parent_code != parent or item.level != item.code.count(".") + 1:
            subject = f"catalogue item {item.edition} {item.code}"
            detail = f"level {item.level} under {item.parent_code}"
            yield Violation(invariant="catalogue-tree", subject=subject, detail=detail)
    decided = _decisions(session)
    yield from _imports(session, decided)
    yield from _overrides(session, decided)


def _decisions(session: Session) -> dict[str, str]:
    """The state to which the journal says that each proposal was led, by its id."""
    states = {
        f"{thing}.{state.value}": state.value
        for thing in ("policy", "catalogue")
        for state in (ProposalState.ACCEPTED, ProposalState.REJECTED)
    }
    statement = sa.select(col(AuditEvent.subject_id), col(AuditEvent.action)).where(
        col(AuditEvent.action).in_(states)
    )
    return {subject_id: states[action] for subject_id, action in session.execute(statement)}


def _imports(session: Session, decided: dict[str, str]) -> Iterator[Violation]:
    for row in session.execute(sa.select(CatalogueImport)).scalars():
        subject = f"catalogue import of {row.edition} from {row.source}"
        yield from _four_eyes(row, subject, decided)
        accepted = len(row.rows) if row.state is ProposalState.ACCEPTED else 0
        count = sa.select(sa.func.count()).where(col(CatalogueItem.import_id) == row.id)
        found = session.execute(count).scalar_one()
        if found != accepted:
            detail = f"{accepted} items were accepted, {found} stand"
            yield Violation(invariant="catalogue-import", subject=subject, detail=detail)


def _overrides(session: Session, decided: dict[str, str]) -> Iterator[Violation]:
    known = policy.parameter_set()
    for row in session.execute(sa.select(PolicyOverride)).scalars():
        subject = f"policy override {row.parameter_id} from {row.valid_from}"
        yield from _four_eyes(row, subject, decided)
        if row.parameter_id not in known:
            detail = "no parameter file holds this id"
            yield Violation(invariant="policy-known", subject=subject, detail=detail)


def _four_eyes(
    row: CatalogueImport | PolicyOverride, subject: str, decided: dict[str, str]
) -> Iterator[Violation]:
    journal = decided.get(str(row.id), ProposalState.PROPOSED.value)
    if row.state.value != journal:
        detail = f"state {row.state.value}, in the journal {journal}"
        yield Violation(invariant="proposal-state", subject=subject, detail=detail)
    waits = row.state is ProposalState.PROPOSED
    if waits != (row.decided_by is None) or row.decided_by == row.proposed_by:
        detail = f"state {row.state.value} without the eyes of a second person"
        yield Violation(invariant="four-eyes", subject=subject, detail=detail)
