"""Databases of the tests: a filled template for each engine, and copies that cost little.

SQLite is copied as a file. On PostgreSQL making a database costs a second, so a copy that a test
gives back is set to what the template holds and lent again.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from tests.factories.world import World
from tests.support.postgres import create_database, drop_database


@dataclass(slots=True, kw_only=True)
class SqliteTemplate:
    """A filled file, copied for each test."""

    path: Path
    world: World
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @contextmanager
    def copy(self) -> Iterator[str]:
        """The URL of a fresh copy, removed afterwards."""
        copied = self.path.with_name(f"copy-{next(self.numbers)}.db")
        shutil.copyfile(self.path, copied)
        yield f"sqlite:///{copied}"
        for leftover in copied.parent.glob(f"{copied.name}*"):
            leftover.unlink()


@dataclass(slots=True, kw_only=True)
class PostgresTemplate:
    """A filled database; what it holds stands a second time in the schema `kept` of each copy."""

    name: str
    server: str
    world: World
    idle: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    restore: sql.Composed = field(init=False)

    def __post_init__(self) -> None:
        with _connect(self.url_of(self.name)) as connection:
            tables = _tables(connection)
            connection.execute("CREATE SCHEMA kept")
            for table in tables:
                connection.execute(_filled("CREATE TABLE kept.{} AS TABLE {}", table))
            filled = [table for table in tables if _holds_rows(connection, table)]
        emptied = [_filled("DELETE FROM {}", table) for table in tables]
        refilled = [_filled("INSERT INTO {} SELECT * FROM kept.{}", table) for table in filled]
        self.restore = sql.SQL("; ").join([*emptied, *refilled])

    def url_of(self, name: str) -> str:
        """The URL of a database of this server."""
        return make_url(self.server).set(database=name).render_as_string(hide_password=False)

    @contextmanager
    def copy(self) -> Iterator[str]:
        """The URL of a copy as the template is; set back afterwards."""
        name = self.idle.pop() if self.idle else self._make()
        yield self.url_of(name)
        try:
            self._set_back(name)
        except psycopg.Error:
            # The test changed the tables themselves: this copy cannot be lent again.
            drop_database(self.server, name)
        else:
            self.idle.append(name)

    def drop_all(self) -> None:
        """Remove the template and its copies."""
        for name in [*self.idle, self.name]:
            drop_database(self.server, name)

    def _make(self) -> str:
        name = f"gp_{os.getpid()}_{next(self.numbers)}"
        create_database(self.server, name, self.name)
        return name

    def _set_back(self, name: str) -> None:
        with _connect(self.url_of(name)) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            # Neither references nor triggers against changed history stand in the way.
            connection.execute("SET session_replication_role = replica")
            connection.execute(self.restore)


Template = SqliteTemplate | PostgresTemplate


def template_name() -> str:
    """The name of this process's template on a server that may have others."""
    return f"gp_{os.getpid()}_template"


def _connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(address, autocommit=True)


def _tables(connection: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return [str(row[0]) for row in found]


def _holds_rows(connection: psycopg.Connection[tuple[object, ...]], table: str) -> bool:
    return connection.execute(_filled("SELECT 1 FROM {} LIMIT 1", table)).fetchone() is not None


def _filled(statement: str, table: str) -> sql.Composed:
    places = statement.count("{}")
    return sql.SQL(statement).format(*[sql.Identifier(table)] * places)  # type: ignore[arg-type]
