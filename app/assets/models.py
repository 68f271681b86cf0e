"""Tables of the asset registry."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.assets.domain import (
    AssetKind,
    AssetState,
    EncumbranceKind,
    ForestCategory,
    GrantReason,
    MrvAct,
)
from app.db.base import Table, Versioned, check, one_of
from app.db.types import choice, exact, fen, json_column, link, text


class Asset(Versioned, table=True):
    """A right over an ecological asset, as its certificate states it."""

    __tablename__ = "asset"
    __table_args__ = (
        one_of(
            "uq_asset_certificate",
            ("certificate_registry", "certificate_number"),
            where="state <> 'withdrawn'",
        ),
        check("right_ends_after_start", "right_ends_on > right_starts_on"),
    )

    number: str = text(40, unique=True)
    kind: AssetKind = choice(AssetKind, "kind", index=True)
    title: str = text(120)
    title_en: str = text(160, default="")
    owner_id: UUID = link("organisation.id", index=True)
    region_code: str = text(6, foreign_key="region.code", index=True)
    state: AssetState = choice(AssetState, "state", index=True)
    certificate_registry: str = text(60)
    certificate_number: str = text(80)
    right_starts_on: date
    right_ends_on: date
    forest_category: ForestCategory | None = choice(
        ForestCategory, "forest_category", nullable=True
    )
    area_mu: Decimal | None = exact(nullable=True)
    quantity: Decimal | None = exact(nullable=True)
    quantity_unit: str = text(30, default="")
    model_id: str | None = text(60, nullable=True)
    note: str = text(500, default="")
    synthetic: bool = Field(default=False, nullable=False)
    created_by: UUID
    created_at: datetime
    registered_on: date | None = None


class AssetParcel(Table, table=True):
    """A drawn piece of land in WGS 84; its box, in ten-millionths of a degree, is for searching."""

    __tablename__ = "asset_parcel"
    __table_args__ = (
        sa.UniqueConstraint("asset_id", "seq"),
        check("box_ordered", "west_e7 < east_e7 AND south_e7 < north_e7"),
        sa.Index("ix_asset_parcel_box", "west_e7", "east_e7", "south_e7", "north_e7"),
    )

    asset_id: UUID = link("asset.id", index=True)
    seq: int
    name: str = text(60, default="")
    geometry: dict[str, Any] = json_column()
    area_mu: Decimal = exact()
    stated_area_mu: Decimal | None = exact(nullable=True)
    vertices: int
    west_e7: int
    south_e7: int
    east_e7: int
    north_e7: int


class AssetMeasurement(Table, table=True):
    """An act of measurement, certification or filing: by whom, its number, what quantity."""

    __tablename__ = "asset_measurement"
    __table_args__ = (
        sa.UniqueConstraint("asset_id", "act"),
        sa.UniqueConstraint("asset_id", "organisation_id"),
        sa.UniqueConstraint("organisation_id", "number"),
    )

    asset_id: UUID = link("asset.id", index=True)
    act: MrvAct = choice(MrvAct, "act")
    organisation_id: UUID = link("organisation.id")
    person_id: UUID
    number: str = text(80)
    on: date
    quantity: Decimal = exact()
    unit: str = text(30)
    document_id: UUID | None = link("document.id", nullable=True)
    recorded_at: datetime


class AssetEvidence(Table, table=True):
    """A file that proves something of the asset."""

    __tablename__ = "asset_evidence"
    __table_args__ = (sa.UniqueConstraint("asset_id", "document_id"),)

    asset_id: UUID = link("asset.id", index=True)
    document_id: UUID = link("document.id")
    title: str = text(120)
    added_by: UUID
    added_at: datetime


class AssetGrant(Table, table=True):
    """How an organisation other than the owner comes to see an asset."""

    __tablename__ = "asset_grant"
    __table_args__ = (sa.UniqueConstraint("asset_id", "organisation_id", "reason"),)

    asset_id: UUID = link("asset.id")
    organisation_id: UUID = link("organisation.id", index=True)
    reason: GrantReason = choice(GrantReason, "reason")
    granted_at: datetime


class AssetEncumbrance(Table, table=True):
    """A third party's right that was not made on this platform; it ends, it is never deleted."""

    __tablename__ = "asset_encumbrance"
    __table_args__ = (
        check("secured_not_negative", "secured_fen >= 0"),
        check("ends_after_start", "ended_on >= since_on"),
    )

    asset_id: UUID = link("asset.id", index=True)
    kind: EncumbranceKind = choice(EncumbranceKind, "kind")
    holder: str = text(120)
    secured_fen: int | None = fen(nullable=True)
    since_on: date
    ended_on: date | None = None
    note: str = text(300, default="")
    recorded_by: UUID
    recorded_at: datetime


KEPT_OF_ENCUMBRANCE: Final = ("kind", "holder", "secured_fen", "since_on")
"""What the journal keeps of a third party's right, to be compared with the row."""
