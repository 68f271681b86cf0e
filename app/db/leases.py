"""Leases: one holder at a time for a named piece of work, over any number of processes."""

from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from app.db.engine import now
from app.db.models import Lease
from app.db.numbers import insert_ignoring
from app.kernel.errors import Busy
from app.kernel.text import N_


class LeaseLost(Busy):
    """The holder was away too long, and another process took the work over."""

    code = "lease-lost"
    title = N_("Another process took this over")
    detail = N_(
        "Another process took this work over and ends it. "
        "Look at its result in %(retry_after)s seconds; nothing is to be repeated."
    )


def claim(session: Session, name: str, owner: str, seconds: int) -> int | None:
    """Take the lease when free, expired, or already ours; gives the fencing number, or None when held."""
    instant = now(session)
    until = instant + timedelta(seconds=seconds)
    statement = (
        sa.update(Lease)
        .where(
            col(Lease.name) == name,
            sa.or_(col(Lease.held_until) < instant, col(Lease.owner) == owner),
        )
        .values(owner=owner, held_until=until, fence=Lease.fence + 1)
        .returning(col(Lease.fence))
        .execution_options(synchronize_session=False)
    )
    fence: int | None = session.execute(statement).scalar_one_or_none()
    if fence is not None:
        return fence
    row = {"name": name, "owner": owner, "fence": 1, "held_until": until}
    return 1 if insert_ignoring(session, Lease.__table__, row) else None  # type: ignore[attr-defined]


def release(session: Session, name: str, owner: str) -> None:
    """Give the lease back so that the next holder need not wait for its end."""
    statement = (
        sa.update(Lease)
        .where(col(Lease.name) == name, col(Lease.owner) == owner)
        .values(held_until=now(session) - timedelta(seconds=1))
        .execution_options(synchronize_session=False)
    )
    session.execute(statement)
