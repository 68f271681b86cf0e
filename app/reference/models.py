"""Tables of the reference room."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.base import Versioned, check, one_of
from app.db.types import choice, exact, json_column, link, text
from app.reference.domain import DayKind, ProposalState, RegionLevel


class Region(SQLModel, table=True):
    """An administrative division by its code of GB/T 2260."""

    __tablename__ = "region"

    code: str = Field(primary_key=True, max_length=6)
    name_zh: str = text(60)
    name_en: str = text(80)
    short_zh: str = text(30)
    short_en: str = text(40)
    level: RegionLevel = choice(RegionLevel, "level")
    parent_code: str | None = Field(default=None, foreign_key="region.code", max_length=6)
    bucket_zh: str = text(30, default="")
    bucket_en: str = text(40, default="")
    source: str = text(200)
    status: str = text(20)


class Industry(SQLModel, table=True):
    """An industry by its code of GB/T 4754."""

    __tablename__ = "industry"

    code: str = Field(primary_key=True, max_length=5)
    name_zh: str = text(100)
    name_en: str = text(160)
    source: str = text(200)
    status: str = text(20)


class CatalogueEdition(SQLModel, table=True):
    """An edition of the green catalogue and the days on which new business is tagged by it."""

    __tablename__ = "catalogue_edition"

    edition: str = Field(primary_key=True, max_length=10)
    title_zh: str = text(100)
    title_en: str = text(160)
    document: str = text(100)
    tags_from: date
    tags_to: date | None = None
    counts: dict[str, Any] = json_column()


class CatalogueItem(SQLModel, table=True):
    """An item of an edition; its parent is of the same edition."""

    __tablename__ = "catalogue_item"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["edition", "parent_code"], ["catalogue_item.edition", "catalogue_item.code"]
        ),
        check("level_range", "level BETWEEN 1 AND 4"),
    )

    edition: str = Field(primary_key=True, foreign_key="catalogue_edition.edition", max_length=10)
    code: str = Field(primary_key=True, max_length=20)
    level: int
    parent_code: str | None = Field(default=None, max_length=20)
    name_zh: str = text(200)
    name_en: str = text(300, default="")
    status: str = text(20)
    import_id: UUID | None = None


class CatalogueImport(Versioned, table=True):
    """Items proposed for an edition by one person, taken in when a second one accepts them."""

    __tablename__ = "catalogue_import"
    __table_args__ = (check("four_eyes", "decided_by IS NULL OR decided_by <> proposed_by"),)

    edition: str = text(10, foreign_key="catalogue_edition.edition")
    source: str = text(300)
    rows: list[dict[str, Any]] = json_column()
    sha256: str = text(64)
    state: ProposalState = choice(ProposalState, "state", default=ProposalState.PROPOSED)
    proposed_by: UUID
    proposed_at: datetime
    decided_by: UUID | None = None
    decided_at: datetime | None = None


class CalendarYear(SQLModel, table=True):
    """A year whose days off are known from the order of the State Council."""

    __tablename__ = "calendar_year"

    year: int = Field(primary_key=True)
    source: str = text(200)


class CalendarDay(SQLModel, table=True):
    """A day that differs from its weekday: a weekday off, or a weekend day worked."""

    __tablename__ = "calendar_day"

    day: date = Field(primary_key=True)
    kind: DayKind = choice(DayKind, "kind")
    note: str = text(60, default="")


class PolicyOverride(Versioned, table=True):
    """A bank's own value of a parameter from a day on; it counts once a second person agrees."""

    __tablename__ = "policy_override"
    __table_args__ = (
        one_of(
            "uq_policy_override_accepted",
            ("bank_id", "parameter_id", "valid_from"),
            where="state = 'accepted'",
        ),
        check("four_eyes", "decided_by IS NULL OR decided_by <> proposed_by"),
    )

    bank_id: UUID = link("organisation.id", index=True)
    parameter_id: str = text(120)
    valid_from: date
    value: Decimal | None = exact(nullable=True)
    reason: str = text(300)
    state: ProposalState = choice(ProposalState, "state", default=ProposalState.PROPOSED)
    proposed_by: UUID
    proposed_at: datetime
    decided_by: UUID | None = None
    decided_at: datetime | None = None
