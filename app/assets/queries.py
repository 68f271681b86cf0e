"""Who may see which assets, and the views of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.assets.domain import (
    ACTIVE_STATES,
    ASSET,
    UNMEASURED,
    AssetKind,
    AssetState,
    EncumbranceKind,
    ForestCategory,
    GrantReason,
    MrvAct,
)
from app.assets.kinds import kind_info
from app.assets.models import (
    Asset,
    AssetEncumbrance,
    AssetEvidence,
    AssetGrant,
    AssetMeasurement,
    AssetParcel,
)
from app.documents.models import Document
from app.identity.domain import OrganisationKind
from app.identity.models import Membership, Organisation
from app.kernel.actor import Actor, Name
from app.kernel.errors import NotFound
from app.reference.models import Region

_GRANTS_BY_RULE = {
    "offered": (GrantReason.OFFERED, GrantReason.PLEDGED),
    "ordered": (GrantReason.ORDERED,),
    "sent": (GrantReason.SENT,),
}


def visible_assets(_session: Session, actor: Actor) -> sa.Select[Any]:
    """The assets that the actor may see, by the rule of its kind of organisation."""
    statement = sa.select(Asset)
    rule = "all" if actor.sees("*") == "all" else actor.sees("asset")
    if rule == "all":
        return statement
    if rule == "own":
        return statement.where(col(Asset.owner_id) == actor.organisation_id)
    if rule in _GRANTS_BY_RULE:
        return statement.where(_granted(actor, _GRANTS_BY_RULE[rule]))
    return statement.where(sa.false())


def _granted(actor: Actor, reasons: Sequence[GrantReason]) -> sa.ColumnElement[bool]:
    granted = sa.select(col(AssetGrant.asset_id)).where(
        col(AssetGrant.organisation_id) == actor.organisation_id,
        col(AssetGrant.reason).in_(reasons),
    )
    return col(Asset.id).in_(granted)


def load_asset(session: Session, actor: Actor, asset_id: UUID, *, lock: bool = False) -> Asset:
    """The row, or NotFound; `lock` holds it, freshly read, for the transaction."""
    statement = visible_assets(session, actor).where(col(Asset.id) == asset_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row: Asset | None = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetFilter:
    """What a list is asked for; the county by the beginning of its code, words in title and numbers."""

    kind: AssetKind | None = None
    county: str | None = None
    state: AssetState | None = None
    q: str | None = None
    number: str | None = None


def list_assets(session: Session, actor: Actor, wanted: AssetFilter) -> sa.Select[Any]:
    """The visible assets that fit the filter, the newest first."""
    statement = visible_assets(session, actor).order_by(col(Asset.number).desc())
    if wanted.kind:
        statement = statement.where(col(Asset.kind) == wanted.kind)
    if wanted.state:
        statement = statement.where(col(Asset.state) == wanted.state)
    if wanted.number:
        statement = statement.where(col(Asset.number) == wanted.number)
    if wanted.county:
        statement = statement.where(
            col(Asset.region_code).startswith(wanted.county, autoescape=True)
        )
    if wanted.q:
        fields = (Asset.title, Asset.title_en, Asset.number, Asset.certificate_number)
        found = [col(each).icontains(wanted.q, autoescape=True) for each in fields]
        statement = statement.where(sa.or_(*found))
    return statement


# ---------------------------------------------------------------------------
# Views


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelView:
    """A drawn parcel."""

    id: UUID
    seq: int
    name: str
    geometry: dict[str, Any]
    area_mu: Decimal
    stated_area_mu: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasurementView:
    """An act of the measurement chain."""

    id: UUID
    act: MrvAct
    organisation_id: UUID
    organisation: Name
    number: str
    on: date
    quantity: Decimal
    unit: str
    document_id: UUID | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceView:
    """A file that proves something of the asset."""

    id: UUID
    document_id: UUID
    title: str
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EncumbranceView:
    """A third party's right."""

    id: UUID
    kind: EncumbranceKind
    holder: str
    secured_fen: int | None
    since_on: date
    ended_on: date | None
    note: str
    may_end: bool
    """Whether this actor may record its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetSummary:
    """An asset as lists show it."""

    id: UUID
    number: str
    state: AssetState
    events: tuple[str, ...]
    version: int
    created_at: datetime
    kind: AssetKind
    title: str
    title_en: str
    owner_id: UUID
    owner: Name
    region_code: str
    region: Name
    area_mu: Decimal | None
    quantity: Decimal | None
    quantity_unit: str
    right_ends_on: date
    registered_on: date | None
    ready_for_pledge: bool
    encumbered: bool
    synthetic: bool

    @property
    def name(self) -> Name:
        """The title in both languages."""
        return Name(zh=self.title, en=self.title_en)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetView(AssetSummary):
    """An asset with all that hangs on it."""

    certificate_registry: str
    certificate_number: str
    right_starts_on: date
    forest_category: ForestCategory | None
    model_id: str | None
    note: str
    security: str
    ecological: bool
    needs_mrv: bool
    parcels: tuple[ParcelView, ...]
    measurements: tuple[MeasurementView, ...]
    evidence: tuple[EvidenceView, ...]
    encumbrances: tuple[EncumbranceView, ...]

    @property
    def drawn_area_mu(self) -> Decimal | None:
        """The area of all parcels as drawn."""
        return sum((each.area_mu for each in self.parcels), Decimal(0)) if self.parcels else None


def is_ready_for_pledge(asset: Asset) -> bool:
    """Whether the registry lets it secure a loan: filed when it is measured, else registered."""
    if kind_info(asset.kind).needs_mrv:
        return asset.state is AssetState.FILED
    return asset.state in ACTIVE_STATES


def is_encumbered(session: Session, asset_id: UUID) -> bool:
    """Whether a third party's right rests on it that was not made on this platform."""
    return asset_id in encumbered_ids(session, [asset_id])


def encumbered_ids(session: Session, asset_ids: Sequence[UUID]) -> set[UUID]:
    """Which of some assets carry a third party's right."""
    statement = sa.select(col(AssetEncumbrance.asset_id)).where(
        col(AssetEncumbrance.asset_id).in_(asset_ids), col(AssetEncumbrance.ended_on).is_(None)
    )
    return set(session.execute(statement).scalars())


def may_end_encumbrance(session: Session, actor: Actor, right: AssetEncumbrance) -> bool:
    """Whether the actor may say that a third party's right ended: as who recorded it, or as a bank with a pledge."""
    return right.id in endable_ids(session, actor, [right])


def endable_ids(session: Session, actor: Actor, rights: Sequence[AssetEncumbrance]) -> set[UUID]:
    """Those of some rights of one asset that the actor may end."""
    if actor.sees("*") == "all":
        return {each.id for each in rights}
    pledged = sa.select(col(AssetGrant.asset_id)).where(
        col(AssetGrant.organisation_id) == actor.organisation_id,
        col(AssetGrant.reason) == GrantReason.PLEDGED,
        col(AssetGrant.asset_id).in_({each.asset_id for each in rights}),
    )
    colleagues = sa.select(col(Membership.person_id)).where(
        col(Membership.organisation_id) == actor.organisation_id,
        col(Membership.person_id).in_({each.recorded_by for each in rights}),
    )
    secured = set(session.execute(pledged).scalars())
    own = {actor.person_id, *session.execute(colleagues).scalars()}
    return {each.id for each in rights if each.asset_id in secured or each.recorded_by in own}


def summaries(session: Session, actor: Actor, rows: Sequence[Asset]) -> list[AssetSummary]:
    """Rows of a list with the names of owners and regions: three queries for any number."""
    owners = organisation_names(session, {row.owner_id for row in rows})
    regions = _regions(session, {row.region_code for row in rows})
    encumbered = encumbered_ids(session, [row.id for row in rows])
    return [
        AssetSummary(
            **_head(row, actor),
            owner=owners[row.owner_id],
            region=regions[row.region_code],
            encumbered=row.id in encumbered,
        )
        for row in rows
    ]


def asset_view(session: Session, actor: Actor, row: Asset) -> AssetView:
    """A row with all that hangs on it."""
    info = kind_info(row.kind)
    encumbrances = _encumbrances(session, actor, row.id)
    return AssetView(
        **_head(row, actor),
        owner=organisation_names(session, {row.owner_id})[row.owner_id],
        region=_regions(session, {row.region_code})[row.region_code],
        encumbered=any(each.ended_on is None for each in encumbrances),
        certificate_registry=row.certificate_registry,
        certificate_number=row.certificate_number,
        right_starts_on=row.right_starts_on,
        forest_category=row.forest_category,
        model_id=row.model_id,
        note=row.note,
        security=info.security,
        ecological=info.ecological,
        needs_mrv=info.needs_mrv,
        parcels=_parcels(session, row.id),
        measurements=_measurements(session, row.id),
        evidence=_evidence(session, row.id),
        encumbrances=encumbrances,
    )


def _head(row: Asset, actor: Actor) -> dict[str, Any]:
    return {
        "id": row.id,
        "number": row.number,
        "state": row.state,
        "events": legal_events(row, actor),
        "version": row.version,
        "created_at": row.created_at,
        "kind": row.kind,
        "title": row.title,
        "title_en": row.title_en,
        "owner_id": row.owner_id,
        "region_code": row.region_code,
        "area_mu": row.area_mu,
        "quantity": row.quantity,
        "quantity_unit": row.quantity_unit,
        "right_ends_on": row.right_ends_on,
        "registered_on": row.registered_on,
        "ready_for_pledge": is_ready_for_pledge(row),
        "synthetic": row.synthetic,
    }


_OWNER_EVENTS = frozenset({"register", "withdraw"})


def legal_events(row: Asset, actor: Actor) -> tuple[str, ...]:
    """What the actor may do now: the owner registers and withdraws, others measure, certify and file."""
    owns = row.owner_id == actor.organisation_id
    machine = ASSET if kind_info(row.kind).needs_mrv else UNMEASURED
    return tuple(
        event.value
        for event in machine.events_for(row.state, actor)
        if owns == (event.value in _OWNER_EVENTS)
    )


def organisation_names(session: Session, ids: set[UUID]) -> dict[UUID, Name]:
    """Names of organisations by id."""
    statement = sa.select(Organisation).where(col(Organisation.id).in_(ids))
    rows = session.execute(statement).scalars()
    return {row.id: Name(zh=row.name_zh, en=row.name_en) for row in rows}


def centres(session: Session, kind: OrganisationKind) -> list[tuple[UUID, Name]]:
    """The centres of a kind that assets can be sent to, by code."""
    statement = (
        sa.select(Organisation)
        .where(col(Organisation.kind) == kind)
        .order_by(col(Organisation.code))
    )
    rows = session.execute(statement).scalars()
    return [(row.id, Name(zh=row.name_zh, en=row.name_en)) for row in rows]


def _regions(session: Session, codes: set[str]) -> dict[str, Name]:
    rows = session.execute(sa.select(Region).where(col(Region.code).in_(codes))).scalars()
    return {row.code: Name(zh=row.short_zh, en=row.short_en) for row in rows}


def _parcels(session: Session, asset_id: UUID) -> tuple[ParcelView, ...]:
    statement = (
        sa.select(AssetParcel)
        .where(col(AssetParcel.asset_id) == asset_id)
        .order_by(col(AssetParcel.seq))
    )
    names = ParcelView.__dataclass_fields__
    return tuple(
        ParcelView(**{name: getattr(row, name) for name in names})
        for row in session.execute(statement).scalars()
    )


def drawn_area_mu(session: Session, asset_id: UUID) -> Decimal | None:
    """The area of all parcels as drawn; None without any."""
    statement = sa.select(col(AssetParcel.area_mu)).where(col(AssetParcel.asset_id) == asset_id)
    drawn = list(session.execute(statement).scalars())
    return sum(drawn, Decimal(0)) if drawn else None


def acts_of(session: Session, asset_id: UUID) -> list[AssetMeasurement]:
    """The acts on an asset in the order they were recorded."""
    statement = (
        sa.select(AssetMeasurement)
        .where(col(AssetMeasurement.asset_id) == asset_id)
        .order_by(col(AssetMeasurement.recorded_at), col(AssetMeasurement.id))
    )
    return list(session.execute(statement).scalars())


def _measurements(session: Session, asset_id: UUID) -> tuple[MeasurementView, ...]:
    rows = acts_of(session, asset_id)
    names = organisation_names(session, {row.organisation_id for row in rows})
    fields = set(MeasurementView.__dataclass_fields__) - {"organisation"}
    return tuple(
        MeasurementView(
            **{field: getattr(row, field) for field in fields},
            organisation=names[row.organisation_id],
        )
        for row in rows
    )


def _evidence(session: Session, asset_id: UUID) -> tuple[EvidenceView, ...]:
    statement = (
        sa.select(AssetEvidence, Document)
        .join(Document, col(Document.id) == col(AssetEvidence.document_id))
        .where(col(AssetEvidence.asset_id) == asset_id)
        .order_by(col(AssetEvidence.added_at), col(AssetEvidence.id))
    )
    return tuple(
        EvidenceView(
            id=evidence.id,
            document_id=document.id,
            title=evidence.title,
            name=document.name,
            media_type=document.media_type,
            size_bytes=document.size_bytes,
            sha256=document.sha256,
            added_at=evidence.added_at,
        )
        for evidence, document in session.execute(statement)
    )


def evidence_document(session: Session, asset_id: UUID, document_id: UUID) -> Document:
    """A file of an asset that the actor was found to see, or NotFound."""
    statement = (
        sa.select(Document)
        .join(AssetEvidence, col(AssetEvidence.document_id) == col(Document.id))
        .where(col(AssetEvidence.asset_id) == asset_id, col(Document.id) == document_id)
    )
    row: Document | None = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


def _encumbrances(session: Session, actor: Actor, asset_id: UUID) -> tuple[EncumbranceView, ...]:
    statement = (
        sa.select(AssetEncumbrance)
        .where(col(AssetEncumbrance.asset_id) == asset_id)
        .order_by(col(AssetEncumbrance.since_on), col(AssetEncumbrance.id))
    )
    rows = session.execute(statement).scalars().all()
    in_force = [row for row in rows if row.ended_on is None]
    endable = endable_ids(session, actor, in_force) if in_force else set()
    names = set(EncumbranceView.__dataclass_fields__) - {"may_end"}
    return tuple(
        EncumbranceView(**{name: getattr(row, name) for name in names}, may_end=row.id in endable)
        for row in rows
    )
