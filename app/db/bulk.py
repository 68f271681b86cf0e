"""Bulk writes: COPY on PostgreSQL, executemany on SQLite."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

_Item = TypeVar("_Item")

CHUNK_ROWS = 5_000
"""A chunk is a few megabytes, whatever the number of rows."""


def pieces(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    """The items in their order, at most so many at a time."""
    for first in range(0, len(items), size):
        yield items[first : first + size]


def insert_rows(
    session: Session, table: sa.Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    """Insert rows of one table given in the order of `columns`; returns how many.

    Values are those of the column types (UUID, date, aware datetime, int, str, dict for JSON).
    """
    count = 0
    for chunk in _chunks(rows):
        processors = _processors(session, table, columns)
        prepared = [
            tuple(_bind(processor, value) for processor, value in zip(processors, row, strict=True))
            for row in chunk
        ]
        _write(session, table, columns, prepared)
        count += len(prepared)
    return count


def update_rows(
    session: Session,
    table: sa.Table,
    key: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
) -> int:
    """Update rows found by `key`; each row gives the key and then the values of `columns`.

    Returns how many were given. JSON columns are not for this path.
    """
    count = 0
    names = (key, *columns)
    for chunk in _chunks(rows):
        processors = _processors(session, table, names)
        prepared = [
            tuple(_bind(processor, value) for processor, value in zip(processors, row, strict=True))
            for row in chunk
        ]
        _update(session, table, names, prepared)
        count += len(prepared)
    return count


def make_ready(session: Session, *tables: sa.Table) -> None:
    """Let the connection have temporary tables of its own, emptied for the set that is worked on."""
    connection = session.connection()
    for table in tables:
        connection.exec_driver_sql(_creation(table, connection.dialect.name))
        connection.execute(_emptying(table))


@cache
def _creation(table: sa.Table, dialect: str) -> str:
    """The text of a definition, which SQLAlchemy does not keep."""
    statement = sa.schema.CreateTable(table, if_not_exists=True)
    return str(statement.compile(dialect=_DIALECTS[dialect]))


@cache
def _emptying(table: sa.Table) -> sa.Delete:
    return sa.delete(table)


_DIALECTS: Final[Mapping[str, sa.Dialect]] = {
    "sqlite": sqlite.dialect(),
    "postgresql": postgresql.dialect(),  # type: ignore[no-untyped-call]
}


def _update(
    session: Session, table: sa.Table, names: Sequence[str], rows: list[tuple[Any, ...]]
) -> None:
    """On PostgreSQL one statement over arrays, on SQLite one prepared statement a row."""
    dialect = session.get_bind().dialect
    quote = dialect.identifier_preparer.quote
    key, columns = quote(names[0]), [quote(name) for name in names[1:]]
    raw: Any = session.connection().connection.driver_connection
    if dialect.name == "sqlite":
        sets = ", ".join(f"{name} = ?" for name in columns)
        statement = f"UPDATE {table.name} SET {sets} WHERE {key} = ?"  # noqa: S608 - names of our own tables
        raw.executemany(statement, [(*row[1:], row[0]) for row in rows])
        return
    kinds = [table.c[name].type.compile(dialect=dialect) for name in names]
    arrays = ", ".join(f"%s::{kind}[]" for kind in kinds)
    sets = ", ".join(f"{name} = given.{name}" for name in columns)
    given = ", ".join((key, *columns))
    statement = (
        f"UPDATE {table.name} SET {sets} FROM unnest({arrays}) AS given ({given})"  # noqa: S608 - names of our own tables
        f" WHERE {table.name}.{key} = given.{key}"
    )
    with raw.cursor() as cursor:
        cursor.execute(statement, [list(values) for values in zip(*rows, strict=True)])


def _processors(session: Session, table: sa.Table, columns: Sequence[str]) -> list[Any]:
    dialect = session.get_bind().dialect
    return [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in columns]


def _bind(processor: Any, value: Any) -> Any:
    return value if processor is None else processor(value)


def _write(
    session: Session, table: sa.Table, columns: Sequence[str], rows: list[tuple[Any, ...]]
) -> None:
    quote = session.get_bind().dialect.identifier_preparer.quote
    names = ", ".join(quote(name) for name in columns)
    raw: Any = session.connection().connection.driver_connection
    if session.get_bind().dialect.name == "sqlite":
        marks = ", ".join("?" for _ in columns)
        raw.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", rows)  # noqa: S608 - names of our own tables
        return
    with raw.cursor().copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _chunks(rows: Iterable[Sequence[Any]]) -> Iterable[list[Sequence[Any]]]:
    chunk: list[Sequence[Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK_ROWS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
