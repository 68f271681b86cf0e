"""Land that is drawn twice: the parcels of an asset beside each other and beside those of others."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import Session, col

from app.assets.domain import ACTIVE_STATES, geometry, registration
from app.assets.models import Asset, AssetParcel
from app.kernel.actor import Actor
from app.reference.models import Region

MAX_NEIGHBOURS: Final = 500
"""Parcels whose box meets a new one; a county's densest orchards have fewer."""


def require_free_land(
    session: Session, actor: Actor, row: Asset, parcels: Sequence[AssetParcel], tolerance: Decimal
) -> None:
    """Refuse land that the asset draws twice, or that another active asset of the kind has."""
    if not parcels:
        return
    _lock_surroundings(session, row.region_code)
    shapes = [(each, geometry.shape_of(each.geometry)) for each in parcels]
    for index, (parcel, shape) in enumerate(shapes):
        for other, other_shape in shapes[index + 1 :]:
            _compare(parcel, shape, other.name, _box(other), other_shape, tolerance)
        for other, number in _neighbours(session, actor, row, parcel):
            _compare(
                parcel, shape, number, _box(other), geometry.shape_of(other.geometry), tolerance
            )


def _lock_surroundings(session: Session, region_code: str) -> None:
    """Two registrations in one city wait for each other, so that neither misses the other's land."""
    region = session.get_one(Region, region_code)
    city = region.parent_code or region.code
    session.execute(sa.select(Region).where(col(Region.code) == city).with_for_update())


def _neighbours(
    session: Session, actor: Actor, row: Asset, parcel: AssetParcel
) -> list[tuple[AssetParcel, str]]:
    """Parcels of other active assets of the kind whose box meets; their number if the actor sees it."""
    west, south, east, north = _box(parcel)
    statement = (
        sa.select(AssetParcel, Asset)
        .join(Asset, col(Asset.id) == col(AssetParcel.asset_id))
        .where(
            col(Asset.id) != row.id,
            col(Asset.kind) == row.kind,
            col(Asset.state).in_(ACTIVE_STATES),
            col(AssetParcel.west_e7) <= east,
            col(AssetParcel.east_e7) >= west,
            col(AssetParcel.south_e7) <= north,
            col(AssetParcel.north_e7) >= south,
        )
        .limit(MAX_NEIGHBOURS + 1)
    )
    found = session.execute(statement).all()
    if len(found) > MAX_NEIGHBOURS:
        raise registration.TooManyNeighbours(parcel=parcel.name, limit=MAX_NEIGHBOURS)
    return [
        (other, asset.number if asset.owner_id == actor.organisation_id else "—")
        for other, asset in found
    ]


def _box(parcel: AssetParcel) -> geometry.Box:
    return (parcel.west_e7, parcel.south_e7, parcel.east_e7, parcel.north_e7)


def _compare(
    parcel: AssetParcel,
    shape: Any,
    other_name: str,
    other_box: geometry.Box,
    other_shape: Any,
    tolerance: Decimal,
) -> None:
    if not geometry.boxes_meet(_box(parcel), other_box):
        return
    overlap = geometry.overlap_ratio(shape, other_shape)
    if overlap is None:
        raise registration.ParcelTooTangled(parcel=parcel.name)
    if overlap > tolerance:
        raise registration.ParcelsOverlap(
            parcel=parcel.name, other=other_name, overlap_percent=f"{overlap * 100:.2f}"
        )
