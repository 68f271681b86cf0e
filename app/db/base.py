"""The base of all tables: naming convention, keys, versions."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel

from app.kernel.ids import new_id

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = SQLModel.metadata


class Table(SQLModel):
    """Base of a table whose key is a UUIDv7 made by the application."""

    id: UUID = Field(default_factory=new_id, primary_key=True)


class Versioned(Table):
    """A row that people edit: `version` grows by one with each change; a stale write raises StaleDataError."""

    version: int = Field(default=1, nullable=False)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.__table__.c.version}  # type: ignore[attr-defined]


def check(name: str, sql: str) -> sa.CheckConstraint:
    """A named CHECK; the naming convention adds table and prefix."""
    return sa.CheckConstraint(sql, name=name)


def one_of(name: str, columns: tuple[str, ...], *, where: str) -> sa.Index:
    """A partial unique index that reads the same on both engines."""
    condition = sa.text(where)
    return sa.Index(name, *columns, unique=True, sqlite_where=condition, postgresql_where=condition)
