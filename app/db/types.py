"""Column types that mean the same on SQLite and PostgreSQL."""

from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.kernel.money import MAX_FEN

E = TypeVar("E", bound=StrEnum)


class Exact(sa.TypeDecorator[Decimal]):
    """An exact decimal kept as text, since NUMERIC is a float on SQLite; never compared or summed in SQL."""

    impl = sa.String(40)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002
        """Plain digits without exponent."""
        return None if value is None else format(value, "f")

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Decimal | None:  # noqa: ARG002
        """The same digits back."""
        return None if value is None else Decimal(value)


def json_type() -> sa.types.TypeEngine[Any]:
    """JSON on SQLite, JSONB on PostgreSQL."""
    return sa.JSON().with_variant(JSONB(), "postgresql")


def fen(*, nullable: bool = False, default: int | None = None) -> Any:
    """A column of whole fen."""
    return Field(
        default=default if default is not None or nullable else ...,
        sa_type=sa.BigInteger,
        nullable=nullable,
    )


def exact(*, nullable: bool = False) -> Any:
    """A column of an exact decimal (areas, volumes, tonnes)."""
    return Field(default=None if nullable else ..., sa_type=Exact, nullable=nullable)


def text(length: int, *, nullable: bool = False, default: str | None = None, **kwargs: Any) -> Any:
    """A column of text with a limit that the write schemas share."""
    first = default if default is not None else (None if nullable else ...)
    return Field(default=first, sa_type=sa.String(length), nullable=nullable, **kwargs)


def choice(
    enum: type[E],
    name: str,
    *,
    nullable: bool = False,
    default: E | None = None,
    checked: bool = True,
    **kwargs: Any,
) -> Any:
    """A column that stores the value of a StrEnum with a named CHECK (never a native type).

    `checked=False` is for a column added to a table in use, which SQLite would have to rebuild for
    its CHECK: the type alone refuses other words.
    """
    kind = sa.Enum(
        enum,
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        length=40,
        create_constraint=checked,
        name=name,
        validate_strings=True,
    )
    first = default if default is not None else (None if nullable else ...)
    return Field(default=first, sa_type=kind, nullable=nullable, **kwargs)


def json_column(*, nullable: bool = False) -> Any:
    """A column of JSON; assign a new value to change it, in-place edits are not seen."""
    return Field(default=None if nullable else ..., sa_type=json_type(), nullable=nullable)


def link(target: str, *, nullable: bool = False, index: bool = False, **kwargs: Any) -> Any:
    """A foreign key to `table.column` by UUID."""
    return Field(
        default=None if nullable else ...,
        foreign_key=target,
        nullable=nullable,
        index=index,
        **kwargs,
    )


FEN_RANGE = f"BETWEEN 0 AND {MAX_FEN}"
