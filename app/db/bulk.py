"""Bulk writes: COPY on PostgreSQL, executemany on SQLite."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

CHUNK_ROWS = 5_000


def insert_rows(
    session: Session, table: sa.Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    """Insert rows of one table given in the order of `columns`; returns how many.

    Values are those of the column types (UUID, date, aware datetime, int, str, dict for JSON).
    """
    count = 0
    processors = _processors(session, table, columns)
    for chunk in _chunks(rows):
        prepared = [
            tuple(_bind(processor, value) for processor, value in zip(processors, row, strict=True))
            for row in chunk
        ]
        _write(session, table, columns, prepared)
        count += len(prepared)
    return count


def _processors(session: Session, table: sa.Table, columns: Sequence[str]) -> list[Any]:
    dialect = session.get_bind().dialect
    return [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in columns]


def _bind(processor: Any, value: Any) -> Any:
    return value if processor is None else processor(value)


def _write(
    session: Session, table: sa.Table, columns: Sequence[str], rows: list[tuple[Any, ...]]
) -> None:
    names = ", ".join(columns)
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
