"""Expressions that mean the same on SQLite and PostgreSQL."""

import json
from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session

from app.kernel.ids import new_id

_LIMB: Final = 2**25
MAX_DENOMINATOR: Final = 2**37
"""Two limbs times this fill 64 bits: 10^6 ppm of a year in the units of any day count fit."""

_STEM: Final = len("00000000-0000-7")


def product_half_up(amount: Any, factor: Any, denominator: Any) -> sa.ColumnElement[int]:
    """An amount times factor / denominator, half-up, in 64 bits: `round_half_up` of the product.

    amount: a column from 0 to `MAX_FEN`; denominator: up to `MAX_DENOMINATOR`; no factor below 0. The amount is
    taken in two limbs, since the product may not fit and SQLite would go on in floating point without a word.
    """
    whole, part = factor // denominator, factor % denominator
    high = (amount // _LIMB) * part
    low = _LIMB * (high % denominator) + (amount % _LIMB) * part
    up = sa.case((2 * (low % denominator) >= denominator, 1), else_=0)
    found: sa.ColumnElement[int] = (
        amount * whole + _LIMB * (high // denominator) + low // denominator + up
    )
    return found


def dialect_of(session: Session) -> str:
    """For which engine a statement is made: "sqlite" or "postgresql"."""
    return session.get_bind().dialect.name


def fresh_id(dialect: str, stem: sa.ColumnElement[str]) -> sa.ColumnElement[UUID]:
    """A fresh id for each row, ordered by time as those of `new_id`: all of the millisecond of `id_stem`."""
    if dialect == "sqlite":
        variant = sa.func.substr("89ab", 1 + sa.func.random().bitwise_and(3), 1)
        return _uuid(stem + _digits(2) + variant + _digits(8))
    random = sa.cast(sa.func.gen_random_uuid(), sa.String)
    return sa.cast(stem + sa.func.substr(random, _STEM + 1), sa.Uuid)


def id_stem(dialect: str) -> str:
    """What the ids of a statement begin with: the millisecond of this call."""
    stem = str(new_id())[:_STEM]
    return stem.replace("-", "") if dialect == "sqlite" else stem


def _digits(size: int) -> sa.ColumnElement[str]:
    """So many random bytes in hexadecimal digits, without the first digit."""
    digits: sa.ColumnElement[str] = sa.func.substr(
        sa.func.lower(sa.func.hex(sa.func.randomblob(size))), 2
    )
    return sa.type_coerce(digits, sa.String)


def _uuid(text: sa.ColumnElement[str]) -> sa.ColumnElement[UUID]:
    return sa.type_coerce(text, sa.Uuid())


def as_text(dialect: str, column: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """A value as Python's `str` writes it: ids with their hyphens, which SQLite keeps without."""
    if not (dialect == "sqlite" and isinstance(column.type, sa.Uuid)):
        return sa.cast(column, sa.String)
    digits = sa.type_coerce(column, sa.String)
    parts = [sa.func.substr(digits, first, size) for first, size in _UUID_PARTS]
    return joined("-", parts)


_UUID_PARTS: Final = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))


def joined(separator: str, texts: Sequence[sa.ColumnElement[str]]) -> sa.ColumnElement[str]:
    """Texts one after the other with a separator between; none of them NULL."""
    found: sa.ColumnElement[str] = sa.type_coerce(texts[0], sa.String)
    for text in texts[1:]:
        found = found + separator + text
    return found


def among(dialect: str, column: Any, ids: str) -> sa.ColumnElement[bool]:
    """Whether a column holds one of many ids: a single parameter `ids`, so that one statement serves any number.

    Its value is that of `given_ids`.
    """
    if dialect == "sqlite":
        each = sa.func.json_each(sa.bindparam(ids, type_=sa.String)).table_valued("value")
        given = sa.select(each.c.value)
    else:
        # As a query, since a list may become a condition that is tried for each row of an index.
        given = sa.select(sa.func.unnest(sa.bindparam(ids, type_=ARRAY(sa.Uuid()))))
    found: sa.ColumnElement[bool] = column.in_(given)
    return found


def given_ids(dialect: str, ids: Collection[UUID]) -> Any:
    """The value of the parameter of `among`."""
    return json.dumps([one.hex for one in ids]) if dialect == "sqlite" else list(ids)
