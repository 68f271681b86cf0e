"""Databases of the tests: a filled template for each engine, and copies that cost little.

SQLite is copied as a file. On PostgreSQL making a database costs a second, so a copy that a test
gives back is set to what the template holds and lent again.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy import Engine, make_url
from sqlmodel import Session

from app.db.engine import STATEMENTS_KEPT, Database, make_engine
from tests.factories.world import World
from tests.support.postgres import create_database, drop_database

Connection = psycopg.Connection[tuple[object, ...]]


@dataclass(slots=True, kw_only=True)
class SqliteTemplate:
    """A filled file, copied for each test."""

    path: Path
    world: World
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    kept: dict[str, tuple[Path, Any]] = field(default_factory=dict)
    """Copies as they stood when they were kept, and what was said of them, by a name."""

    def has(self, _url: str, name: str) -> bool:
        """Whether something is kept under a name."""
        return name in self.kept

    def keep(self, url: str, name: str, said: Any) -> None:
        """Keep what a copy holds now."""
        path = self.path.with_name(f"kept-{next(self.numbers)}.db")
        with (
            closing(sqlite3.connect(_database_of(url))) as source,
            closing(sqlite3.connect(path)) as target,
        ):
            source.backup(target)
        self.kept[name] = (path, said)

    def bring_back(self, url: str, name: str) -> Any:
        """Fill a copy, to which nobody is connected, with what was kept; gives what was said of it."""
        path, said = self.kept[name]
        for log in ("-wal", "-shm"):
            Path(f"{_database_of(url)}{log}").unlink(missing_ok=True)
        shutil.copyfile(path, _database_of(url))
        return said

    @contextmanager
    def copy(self, *, fresh: bool = True) -> Iterator[str]:
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
    keepers: dict[str, Connection] = field(default_factory=dict)
    """What sets a copy back, by its name: a connection that knows all tables already."""
    kept: dict[tuple[str, str], tuple[str, Any]] = field(default_factory=dict)
    """The schema in which a copy keeps what it held, and what was said of it, by the copy and a name."""

    def __post_init__(self) -> None:
        with _connect(self.url_of(self.name)) as connection:
            _keep_rows(connection, "kept")

    def has(self, url: str, name: str) -> bool:
        """Whether a copy keeps something under a name."""
        return (_database_of(url), name) in self.kept

    def keep(self, url: str, name: str, said: Any) -> None:
        """Keep what a copy holds now, in the copy itself."""
        copy, schema = _database_of(url), f"kept_{next(self.numbers)}"
        _keep_rows(self.keepers[copy], schema)
        self.kept[copy, name] = (schema, said)

    def bring_back(self, url: str, name: str) -> Any:
        """Fill a copy with what it kept; gives what was said of it."""
        copy = _database_of(url)
        schema, said = self.kept[copy, name]
        self.keepers[copy].execute(_filled("SELECT {}.restore()", schema))
        return said

    def url_of(self, name: str) -> str:
        """The URL of a database of this server."""
        return make_url(self.server).set(database=name).render_as_string(hide_password=False)

    @contextmanager
    def copy(self, *, fresh: bool = False) -> Iterator[str]:
        """The URL of a copy as the template is; set back afterwards.

        A fresh one was never lent: the planner knows nothing of rows that other tests had.
        """
        name = self.idle.pop() if self.idle and not fresh else self._make()
        yield self.url_of(name)
        try:
            self._set_back(name)
        except psycopg.Error:
            # The test changed the tables themselves: this copy cannot be lent again.
            self.keepers.pop(name).close()
            drop_database(self.server, name)
        else:
            self.idle.append(name)

    def drop_all(self) -> None:
        """Remove the template and its copies."""
        for keeper in self.keepers.values():
            keeper.close()
        for name in [*self.idle, self.name]:
            drop_database(self.server, name)

    def _make(self) -> str:
        name = f"gp_{os.getpid()}_{next(self.numbers)}"
        create_database(self.server, name, self.name)
        keeper = self.keepers[name] = _connect(self.url_of(name))
        # Neither references nor triggers against changed history stand in the way.
        keeper.execute("SET session_replication_role = replica")
        return name

    def _set_back(self, name: str) -> None:
        keeper = self.keepers[name]
        # Idle connections of a lent engine serve the next test; all others end here.
        keeper.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND (application_name <> %s OR state <> 'idle')",
            [LENT],
        )
        keeper.execute("SELECT kept.restore()")


Template = SqliteTemplate | PostgresTemplate


SHAPE: Final = "SELECT sum(relnatts) * 10000 + count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
"""How many columns, tables and indexes a database has."""

LENT: Final = "lent"
"""What a lent engine calls itself on PostgreSQL."""


class CountedDatabase(Database):
    """Knows how often it was written to."""

    written = 0

    def commit(self, session: Session) -> None:
        """Commit, and count it."""
        self.written += 1
        super().commit(session)


class Engines:
    """Engines lent to one test at a time: what they compiled serves the next.

    On PostgreSQL, where a copy is lent again and again, its connections stay as well: a new one would
    have to learn all tables first. On SQLite one engine is led to one file after the other.
    """

    def __init__(self) -> None:
        self._of_copies: dict[str, Engine] = {}
        self._of_files: list[Engine] = []
        self._leads_to: dict[Engine, str] = {}

    @contextmanager
    def lent(self, url: str) -> Iterator[Engine]:
        """An engine that connects to a URL until it is given back."""
        if make_url(url).get_backend_name() == "sqlite":
            engine = self._of_files.pop() if self._of_files else self._make(url)
            self._leads_to[engine] = str(make_url(url).database)
            with _left_as_found(engine):
                yield engine
            engine.dispose()
            self._of_files.append(engine)
            return
        if url not in self._of_copies:
            self._of_copies[url] = make_engine(url)
            sa.event.listen(self._of_copies[url], "do_connect", _connect_lent)
            sa.event.listen(self._of_copies[url], "connect", _keep_prepared)
        with _left_as_found(self._of_copies[url]):
            yield self._of_copies[url]

    def _make(self, url: str) -> Engine:
        engine = make_engine(url)

        def connect(_dialect: Any, _record: Any, given: list[Any], _named: dict[str, Any]) -> None:
            given[:] = [self._leads_to[engine]]

        sa.event.listen(engine, "do_connect", connect)
        skip_fsync(engine)
        return engine

    def dispose(self) -> None:
        """Close what is left open."""
        for engine in [*self._of_files, *self._of_copies.values()]:
            engine.dispose()


def _connect_lent(_dialect: Any, _record: Any, _given: list[Any], named: dict[str, Any]) -> None:
    """The same statements come in test after test: prepared once, they serve all."""
    named["application_name"] = LENT
    named["prepare_threshold"] = 1


def _keep_prepared(connection: Any, _record: object) -> None:
    connection.prepared_max = STATEMENTS_KEPT


@contextmanager
def _left_as_found(engine: Engine) -> Iterator[None]:
    before = _listeners(engine)
    yield
    assert _listeners(engine) == before, "A test left a listener on the engine it was lent."


@contextmanager
def listening(engine: Engine, event: str, listener: Callable[..., None]) -> Iterator[None]:
    """A listener on an engine or its connections, for a block."""
    sa.event.listen(engine, event, listener)
    try:
        yield
    finally:
        sa.event.remove(engine, event, listener)


def _listeners(engine: Engine) -> tuple[int, int]:
    return len(engine.dispatch.before_cursor_execute), len(engine.pool.dispatch.connect)


def skip_fsync(engine: Engine) -> None:
    """Nothing that a test leaves behind need outlast the machine."""
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _skip_fsync)


def _skip_fsync(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def template_name() -> str:
    """The name of this process's template on a server that may have others."""
    return f"gp_{os.getpid()}_template"


def _database_of(url: str) -> str:
    """The file, or the name on its server."""
    return str(make_url(url).database)


def _keep_rows(connection: Connection, schema: str) -> None:
    """Keep all rows a second time in a schema, with a function that fills the tables with them again.

    It refuses where a test made or changed a table or an index.
    """
    tables = _tables(connection)
    (shape,) = connection.execute(f"SELECT ({SHAPE})").fetchone() or (None,)
    unchanged = sql.SQL("ASSERT ({}) = {}, 'other tables';").format(sql.SQL(SHAPE), shape)
    filled = [table for table in tables if _holds_rows(connection, table)]
    connection.execute(_filled("CREATE SCHEMA {}", schema))
    for table in filled:
        connection.execute(_filled("CREATE TABLE {}.{} AS TABLE {}", schema, table, table))
    emptied = [_filled("DELETE FROM {};", table) for table in tables]
    refilled = [
        _filled("INSERT INTO {} SELECT * FROM {}.{};", table, schema, table) for table in filled
    ]
    # A function keeps the plans of its statements.
    body = sql.SQL("BEGIN {} END").format(sql.SQL(" ").join([unchanged, *emptied, *refilled]))
    make = sql.SQL("CREATE FUNCTION {}.restore() RETURNS void LANGUAGE plpgsql AS {}")
    connection.execute(make.format(sql.Identifier(schema), body.as_string(connection)))


def _connect(url: str) -> Connection:
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(address, autocommit=True)


def _tables(connection: Connection) -> list[str]:
    found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return [str(row[0]) for row in found]


def _holds_rows(connection: Connection, table: str) -> bool:
    return connection.execute(_filled("SELECT 1 FROM {} LIMIT 1", table)).fetchone() is not None


def _filled(statement: str, *names: str) -> sql.Composed:
    return sql.SQL(statement).format(*map(sql.Identifier, names))  # type: ignore[arg-type]
