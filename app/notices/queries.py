"""Lists of notices: an organisation reads its own."""

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from app.kernel.actor import Actor
from app.notices.models import Notice


def visible_notices(actor: Actor, *, unread: bool = False) -> sa.Select[Any]:
    """Messages to the actor's organisation, the newest first."""
    statement = (
        sa.select(Notice)
        .where(col(Notice.organisation_id) == actor.organisation_id)
        .order_by(col(Notice.created_at).desc(), col(Notice.id).desc())
    )
    return statement.where(col(Notice.read_at).is_(None)) if unread else statement


def unread_count(session: Session, actor: Actor) -> int:
    """How many messages nobody of the organisation has read."""
    statement = sa.select(sa.func.count(col(Notice.id))).where(
        col(Notice.organisation_id) == actor.organisation_id, col(Notice.read_at).is_(None)
    )
    count: int = session.execute(statement).scalar_one()
    return count
