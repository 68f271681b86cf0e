"""Tables of the database room itself: number series and leases of exclusive work."""

from datetime import date, datetime

from sqlmodel import Field, SQLModel

from app.db.base import metadata  # noqa: F401 - the naming convention must stand before any table


class NumberSeries(SQLModel, table=True):
    """The last number given in a series and year."""

    __tablename__ = "number_series"

    series: str = Field(primary_key=True, max_length=20)
    year: int = Field(primary_key=True)
    last: int = Field(default=0, nullable=False)


class Lease(SQLModel, table=True):
    """A piece of exclusive work held by one owner until an instant; `fence` grows with each holder."""

    __tablename__ = "lease"

    name: str = Field(primary_key=True, max_length=120)
    owner: str = Field(max_length=120)
    fence: int = Field(default=1, nullable=False)
    held_until: datetime


class CivilDay(SQLModel, table=True):
    """The civil day of a demonstration, which only the close of day moves; no row means the clock's."""

    __tablename__ = "civil_day"

    id: int = Field(default=1, primary_key=True)
    on: date
