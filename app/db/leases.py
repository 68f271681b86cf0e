"""Leases: one holder at a time for a named piece of work, over any number of processes."""

from datetime import timedelta
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import Session

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
    given = {"of_name": name, "of_owner": owner, "instant": instant, "until": until}
    fence: int | None = session.execute(_claim(), given).scalar_one_or_none()
    if fence is not None:
        return fence
    row = {"name": name, "owner": owner, "fence": 1, "held_until": until}
    return 1 if insert_ignoring(session, _LEASES, row) else None


_LEASES: Final[sa.Table] = Lease.__table__  # type: ignore[attr-defined]


@cache
def _claim() -> Any:
    lease, owner = _LEASES.c, sa.bindparam("of_owner", type_=sa.String)
    return (
        sa.update(_LEASES)
        .where(
            lease.name == sa.bindparam("of_name"),
            sa.or_(lease.held_until < sa.bindparam("instant"), lease.owner == owner),
        )
        .values(owner=owner, held_until=sa.bindparam("until"), fence=lease.fence + 1)
        .returning(lease.fence)
    )


def release(session: Session, name: str, owner: str) -> None:
    """Give the lease back so that the next holder need not wait for its end."""
    ended = now(session) - timedelta(seconds=1)
    session.execute(_release(), {"of_name": name, "of_owner": owner, "until": ended})


@cache
def _release() -> sa.Update:
    lease = _LEASES.c
    return (
        sa.update(_LEASES)
        .where(lease.name == sa.bindparam("of_name"), lease.owner == sa.bindparam("of_owner"))
        .values(held_until=sa.bindparam("until"))
    )
