"""What `verify` asks of the registry: areas, boxes, the order of acts, and land that belongs to one asset."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from shapely import STRtree
from sqlmodel import Session, col

from app.assets.domain import ACTIVE_STATES, AssetState, MrvAct, geometry
from app.assets.kinds import kind_info
from app.assets.models import (
    KEPT_OF_ENCUMBRANCE,
    Asset,
    AssetEncumbrance,
    AssetMeasurement,
    AssetParcel,
)
from app.audit.domain import json_value
from app.audit.models import AuditEvent
from app.db.engine import today
from app.db.invariants import Violation
from app.reference.services import policy_for

_ACTS_BY_STATE: dict[AssetState, tuple[MrvAct, ...]] = {
    AssetState.DRAFT: (),
    AssetState.REGISTERED: (),
    AssetState.MEASURED: (MrvAct.MEASURE,),
    AssetState.CERTIFIED: (MrvAct.MEASURE, MrvAct.CERTIFY),
    AssetState.FILED: (MrvAct.MEASURE, MrvAct.CERTIFY, MrvAct.FILE),
}


def violations(session: Session) -> Iterator[Violation]:
    """Each asset that breaks a rule of the registry, by its number."""
    assets = {row.id: row for row in session.execute(sa.select(Asset)).scalars()}
    parcels = _grouped(session, sa.select(AssetParcel).order_by(col(AssetParcel.seq)))
    acts = _grouped(
        session, sa.select(AssetMeasurement).order_by(col(AssetMeasurement.recorded_at))
    )
    steps = _steps(session)
    for row in assets.values():
        yield from _as_recorded(row, steps.get(str(row.id), {}))
        yield from _acts(row, acts.get(row.id, []))
        yield from _land(row, parcels.get(row.id, []))
    yield from _overlaps(session, assets, parcels)
    yield from _encumbrances(session, assets)


_STEPS: dict[str, AssetState] = {
    "asset.withdraw": AssetState.WITHDRAWN,
    "asset.file": AssetState.FILED,
    "asset.certify": AssetState.CERTIFIED,
    "asset.measure": AssetState.MEASURED,
    "asset.register": AssetState.REGISTERED,
    "asset.draft": AssetState.DRAFT,
}
"""What leads to each state, the last step first."""


def _steps(session: Session) -> dict[str, dict[str, Any]]:
    """What the journal kept of each asset's steps, by action."""
    found: dict[str, dict[str, Any]] = {}
    statement = sa.select(
        col(AuditEvent.subject_id), col(AuditEvent.action), col(AuditEvent.facts)
    ).where(col(AuditEvent.action).in_(_STEPS))
    for subject_id, action, facts in session.execute(statement):
        found.setdefault(subject_id, {})[action] = facts
    return found


def _as_recorded(row: Asset, steps: dict[str, Any]) -> Iterator[Violation]:
    """State, kind and area are those of the steps in the journal; what was taken over in bulk has none."""
    expected = next((state for action, state in _STEPS.items() if action in steps), None)
    if expected is not None and row.state is not expected:
        yield _broken("asset-state", row, f"state {row.state.value}, {expected.value} was reached")
    registered = steps.get("asset.register", {})
    for name in ("kind", "area_mu"):
        stored = json_value(getattr(row, name))
        if name in registered and stored != registered[name]:
            detail = f"{name} {stored} stored, {registered[name]} was registered"
            yield _broken("asset-as-registered", row, detail)


def _encumbrances(session: Session, assets: dict[UUID, Asset]) -> Iterator[Violation]:
    """Each third party's right is the one that was recorded, and ended when the journal says so."""
    statement = sa.select(col(AuditEvent.action), col(AuditEvent.facts)).where(
        col(AuditEvent.action).in_(("asset.encumber", "asset.unencumber"))
    )
    recorded: dict[str, dict[str, Any]] = {}
    for action, facts in session.execute(statement):
        kept = {"ended_on": facts["on"]} if action == "asset.unencumber" else facts
        recorded.setdefault(facts["encumbrance"], {}).update(kept)
    for right in session.execute(sa.select(AssetEncumbrance)).scalars():
        facts = recorded.get(str(right.id), {})
        wrong = [
            name
            for name in (*KEPT_OF_ENCUMBRANCE, "ended_on")
            if json_value(getattr(right, name)) != facts.get(name)
        ]
        if wrong:
            detail = f"the right of {right.holder} differs in {', '.join(wrong)}"
            yield _broken("encumbrance-as-recorded", assets[right.asset_id], detail)


def _grouped(session: Session, statement: sa.Select[Any]) -> dict[UUID, list[Any]]:
    groups: dict[UUID, list[Any]] = {}
    for row in session.execute(statement).scalars():
        groups.setdefault(row.asset_id, []).append(row)
    return groups


def _acts(row: Asset, acts: Sequence[AssetMeasurement]) -> Iterator[Violation]:
    order = list(MrvAct)
    done = sorted(acts, key=lambda act: order.index(act.act))
    expected = _ACTS_BY_STATE.get(row.state)
    if expected is not None and tuple(act.act for act in done) != expected:
        yield _broken("asset-state", row, f"state {row.state.value} with {len(done)} acts")
    bodies = [row.owner_id, *(act.organisation_id for act in done)]
    if len(set(bodies)) != len(bodies):
        yield _broken("asset-bodies", row, "one body did two of the acts, or owns the asset")
    for former, act in pairwise(done):
        if act.on < former.on or act.quantity > former.quantity or act.unit != former.unit:
            yield _broken(
                "asset-acts", row, f"{act.act.value} is not covered by {former.act.value}"
            )
    if done and (row.quantity, row.quantity_unit) != (done[-1].quantity, done[-1].unit):
        yield _broken("asset-quantity", row, f"{row.quantity} is not what was last recorded")
    if not kind_info(row.kind).needs_mrv and done:
        yield _broken("asset-acts", row, "this kind is not measured")


def _land(row: Asset, parcels: Sequence[AssetParcel]) -> Iterator[Violation]:
    for parcel in parcels:
        area = geometry.area_mu(parcel.geometry)
        if area != parcel.area_mu:
            detail = f"parcel {parcel.name}: {parcel.area_mu} mu is stored, {area} is drawn"
            yield _broken("parcel-area", row, detail)
        box = (parcel.west_e7, parcel.south_e7, parcel.east_e7, parcel.north_e7)
        if geometry.box_of(geometry.shape_of(parcel.geometry)) != box:
            yield _broken("parcel-box", row, f"parcel {parcel.name}: the box does not fit")
    if row.state in ACTIVE_STATES and kind_info(row.kind).land and not parcels:
        yield _broken("asset-land", row, "an active asset of this kind has no parcel")


def _overlaps(
    session: Session, assets: dict[UUID, Asset], parcels: dict[UUID, list[AssetParcel]]
) -> Iterator[Violation]:
    """Active assets of one kind on the same land."""
    rows = [
        parcel
        for asset_id, group in parcels.items()
        if assets[asset_id].state in ACTIVE_STATES
        for parcel in group
    ]
    if not rows:
        return
    tolerance = policy_for(session, None, today(session)).ratio("assets.overlap_tolerance")
    shapes = [geometry.shape_of(row.geometry) for row in rows]
    pairs = STRtree(shapes).query(shapes, predicate="intersects").T
    for one, other in ((int(one), int(other)) for one, other in pairs if one < other):
        mine, theirs = assets[rows[one].asset_id], assets[rows[other].asset_id]
        if mine.kind is not theirs.kind:
            continue
        overlap = geometry.overlap_ratio(shapes[one], shapes[other])
        if overlap is None or overlap > tolerance:
            yield _broken("asset-overlap", mine, f"overlaps {theirs.number}")


def _broken(invariant: str, row: Asset, detail: str) -> Violation:
    return Violation(invariant=invariant, subject=f"asset {row.number}", detail=detail)
