"""Tables of the market room."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.base import Table, check
from app.db.types import exact, link, text


class PriceSeries(SQLModel, table=True):
    """A series of prices or rates. `price_id` is the name under which appraisal models read it."""

    __tablename__ = "price_series"

    code: str = Field(primary_key=True, max_length=40)
    title_zh: str = text(100)
    title_en: str = text(120)
    unit: str = text(30)
    price_id: str | None = text(40, nullable=True, unique=True)
    max_age_days: int | None = None
    source: str = text(300, default="")
    synthetic: bool = Field(default=False, nullable=False)


class PriceImport(Table, table=True):
    """One import of points: who, when, from which file."""

    __tablename__ = "price_import"

    series_code: str = text(40, foreign_key="price_series.code", index=True)
    sha256: str = text(64)
    points: int
    person_id: UUID
    organisation_id: UUID
    at: datetime


class PricePoint(Table, table=True):
    """A price on a day. A correction is a row with the next revision and its reason."""

    __tablename__ = "price_point"
    __table_args__ = (
        sa.UniqueConstraint("series_code", "on", "revision"),
        check("revision_positive", "revision >= 1"),
        check("correction_has_reason", "revision = 1 OR reason <> ''"),
    )

    series_code: str = text(40, foreign_key="price_series.code")
    on: date
    revision: int = Field(default=1, nullable=False)
    value: Decimal = exact()
    source: str = text(300, default="")
    status: str = text(20, default="sourced")
    note: str = text(300, default="")
    reason: str = text(300, default="")
    import_id: UUID | None = link("price_import.id", nullable=True)
    recorded_at: datetime
