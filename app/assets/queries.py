"""Which assets an actor sees, and what stands against them."""

from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.assets.domain import AssetState, GrantReason
from app.assets.kinds import kind_info
from app.assets.models import Asset, AssetEncumbrance, AssetGrant
from app.kernel.actor import Actor

GRANTS_BY_RULE = {
    "offered": (GrantReason.OFFERED, GrantReason.PLEDGED),
    "ordered": (GrantReason.ORDERED,),
    "sent": (GrantReason.SENT,),
}


def visible_assets(session: Session, actor: Actor) -> sa.Select[Asset]:  # noqa: ARG001 - the shape of all such queries
    """Assets in the actor's sight: the own ones, or those granted for the reason that its kind of organisation has."""
    return sa.select(Asset).where(_in_sight(actor))


def _in_sight(actor: Actor) -> sa.ColumnElement[bool]:
    rule = actor.sees("asset")
    if actor.sees("*") == "all" or rule == "all":
        return sa.true()
    if rule == "own":
        return col(Asset.owner_id) == actor.organisation_id
    reasons = GRANTS_BY_RULE.get(rule)
    if reasons is None:
        return sa.false()
    granted = sa.select(col(AssetGrant.asset_id)).where(
        col(AssetGrant.organisation_id) == actor.organisation_id,
        col(AssetGrant.reason).in_(reasons),
    )
    return col(Asset.id).in_(granted)


def is_ready_for_pledge(asset: Asset) -> bool:
    """Registered, and measured, certified and filed where the kind needs it."""
    if kind_info(asset.kind).needs_mrv:
        return asset.state is AssetState.FILED
    return asset.state in {
        AssetState.REGISTERED,
        AssetState.MEASURED,
        AssetState.CERTIFIED,
        AssetState.FILED,
    }


def is_encumbered(session: Session, asset_id: UUID) -> bool:
    """Whether a third party's right from outside this platform stands against the asset."""
    statement = sa.select(col(AssetEncumbrance.id)).where(
        col(AssetEncumbrance.asset_id) == asset_id, col(AssetEncumbrance.ended_on).is_(None)
    )
    return session.execute(statement).first() is not None
