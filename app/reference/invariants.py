"""What `verify` asks of the reference room: complete trees, and four eyes on every change."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlmodel import Session, col

from app import policy
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
    yield from _imports(session)
    yield from _overrides(session)


def _imports(session: Session) -> Iterator[Violation]:
    for row in session.execute(sa.select(CatalogueImport)).scalars():
        subject = f"catalogue import {row.id}"
        yield from _four_eyes(row, subject)
        if row.state is not ProposalState.ACCEPTED:
            continue
        count = sa.select(sa.func.count()).where(col(CatalogueItem.import_id) == row.id)
        found = session.execute(count).scalar_one()
        if found != len(row.rows):
            detail = f"{len(row.rows)} items were accepted, {found} are left"
            yield Violation(invariant="catalogue-import", subject=subject, detail=detail)


def _overrides(session: Session) -> Iterator[Violation]:
    known = policy.parameter_set()
    for row in session.execute(sa.select(PolicyOverride)).scalars():
        subject = f"policy override {row.parameter_id} from {row.valid_from}"
        yield from _four_eyes(row, subject)
        if row.parameter_id not in known:
            detail = "no parameter file holds this id"
            yield Violation(invariant="policy-known", subject=subject, detail=detail)


def _four_eyes(row: CatalogueImport | PolicyOverride, subject: str) -> Iterator[Violation]:
    decided = row.state is not ProposalState.PROPOSED
    if decided == (row.decided_by is None) or row.decided_by == row.proposed_by:
        detail = (
            f"state {row.state.value}, proposed by {row.proposed_by}, decided by {row.decided_by}"
        )
        yield Violation(invariant="four-eyes", subject=subject, detail=detail)
