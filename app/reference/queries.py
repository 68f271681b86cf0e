"""Lists of the reference room; everybody who is signed in may read them."""

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.reference.domain import ProposalState
from app.reference.models import (
    CalendarDay,
    CatalogueEdition,
    CatalogueImport,
    CatalogueItem,
    Industry,
    PolicyOverride,
    Region,
)


def regions(*, parent_code: str | None = None, level: str | None = None) -> sa.Select[Any]:
    """Regions by code."""
    statement = sa.select(Region).order_by(col(Region.code))
    if parent_code:
        statement = statement.where(col(Region.parent_code) == parent_code)
    return statement.where(col(Region.level) == level) if level else statement


def industries() -> sa.Select[Any]:
    """Industries by code."""
    return sa.select(Industry).order_by(col(Industry.code))


def editions(session: Session) -> Sequence[CatalogueEdition]:
    """The catalogue editions, the newest first."""
    statement = sa.select(CatalogueEdition).order_by(col(CatalogueEdition.tags_from).desc())
    return session.execute(statement).scalars().all()


def get_edition(session: Session, edition: str) -> CatalogueEdition:
    """An edition, or NotFound."""
    row = session.get(CatalogueEdition, edition)
    if row is None:
        raise NotFound
    return row


def catalogue_items(edition: str, *, level: int | None = None) -> sa.Select[Any]:
    """Items of an edition by code."""
    statement = sa.select(CatalogueItem).where(col(CatalogueItem.edition) == edition)
    if level is not None:
        statement = statement.where(col(CatalogueItem.level) == level)
    return statement.order_by(col(CatalogueItem.code))


def find_item(session: Session, edition: str, code: str) -> CatalogueItem | None:
    """An item of an edition, if it has one."""
    return session.get(CatalogueItem, (edition, code))


def has_items_below(session: Session, edition: str, code: str) -> bool:
    """Whether an item is a chapter of its edition: loans are tagged with what stands below it."""
    statement = sa.select(col(CatalogueItem.code)).where(
        col(CatalogueItem.edition) == edition, col(CatalogueItem.parent_code) == code
    )
    return session.execute(statement.limit(1)).first() is not None


def special_days(session: Session, first: date, last: date) -> dict[date, CalendarDay]:
    """Days between two days that differ from their weekday."""
    statement = sa.select(CalendarDay).where(col(CalendarDay.day).between(first, last))
    return {row.day: row for row in session.execute(statement).scalars()}


def visible_overrides(actor: Actor) -> sa.Select[Any]:
    """The bank's own rows of policy, accepted or not; the newest first."""
    statement = sa.select(PolicyOverride).order_by(
        col(PolicyOverride.parameter_id),
        col(PolicyOverride.valid_from).desc(),
        col(PolicyOverride.id).desc(),
    )
    if actor.sees("*") == "all":
        return statement
    return statement.where(col(PolicyOverride.bank_id) == actor.organisation_id)


def accepted_overrides(session: Session, bank_id: UUID) -> Sequence[PolicyOverride]:
    """The rows of a bank that count, by parameter and day."""
    return session.execute(_accepted_asked(), {"of_bank": bank_id}).scalars().all()


@cache
def _accepted_asked() -> sa.Select[PolicyOverride]:
    return (
        sa.select(PolicyOverride)
        .where(
            col(PolicyOverride.bank_id) == sa.bindparam("of_bank", type_=sa.Uuid),
            col(PolicyOverride.state) == ProposalState.ACCEPTED,
        )
        .order_by(col(PolicyOverride.parameter_id), col(PolicyOverride.valid_from))
    )


def catalogue_imports() -> sa.Select[Any]:
    """Proposed items of catalogues, the newest first."""
    return sa.select(CatalogueImport).order_by(col(CatalogueImport.proposed_at).desc())
