"""Whatever figure, state or class is changed by hand in the demonstration, `verify` names the row.

The demonstration is lived on for a day first, so that closes, revaluations and their items are there
too. Each change is one SQL statement on one row, judged by the rooms as `verify` asks them, and taken back.
"""

import importlib
import re
import sqlite3
from collections.abc import Callable, Iterator
from enum import Enum
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, SQLModel

from app.audit.services import watch
from app.db.base import metadata
from app.db.engine import Database
from app.db.invariants import Violation
from app.documents.files import bind_store, store_of
from app.kernel.clock import SystemClock
from app.tables import load_tables
from app.verify import CHECKERS
from tests.conftest import DEEP
from tests.integration.demo.conftest import Demo
from tests.integration.demo.living import live_on
from tests.support.postgres import create_database

load_tables()

STANDING = ("state", "level", "loan_class", "own_class", "method")
"""Columns of words on which amounts or rights hang, beside the figures in fen."""

OUTSIDE = {
    # The list of regions is public knowledge and shown as it is.
    "region.level",
}
"""Columns that no figure hangs on."""

TRIED = 100 if DEEP else 1
"""Values that a row gets in turn; a deep run tries all."""

ROOM_OF_TABLE = {
    mapper.local_table.name: mapper.class_.__module__.split(".")[1]
    for mapper in SQLModel._sa_registry.mappers
}
ROOMS = [room for room, _ in CHECKERS]
UUID_TEXT = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-", re.IGNORECASE)


def columns() -> list[str]:
    """Every figure in fen and every standing, as `table.column`."""
    return sorted(
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if (column.name.endswith("_fen") or column.name in STANDING)
        and f"{table.name}.{column.name}" not in OUTSIDE
    )


@pytest.fixture(scope="module")
def lived(
    demos: Callable[[str], Demo], request: pytest.FixtureRequest, tmp_path_factory: Any
) -> Iterator[Callable[[str], Database]]:
    made: dict[str, Database] = {}

    def of(engine_name: str) -> Database:
        if engine_name not in made:
            demo = demos(engine_name).database
            with Session(demo.engine) as session:
                session.info["database"] = demo
                store = store_of(session)
            made[engine_name] = Database(_copy(demo, engine_name), clock=SystemClock())
            watch(made[engine_name])
            bind_store(made[engine_name], store)
            live_on(made[engine_name])
        return made[engine_name]

    def _copy(demo: Database, engine_name: str) -> str:
        demo.dispose()
        if engine_name == "sqlite":
            path: Path = tmp_path_factory.mktemp("lived") / "lived.db"
            source, target = sqlite3.connect(str(demo.engine.url.database)), sqlite3.connect(path)
            source.backup(target)
            source.close()
            target.close()
            return f"sqlite:///{path}"
        server = request.getfixturevalue("postgres_url")
        return create_database(server, "gp_lived", demo.engine.url.database)

    yield of
    for database in made.values():
        database.dispose()


@pytest.fixture
def tampering(engine_name: str, lived: Callable[[str], Database]) -> Iterator[Session]:
    """A session whose changes are never committed."""
    database = lived(engine_name)
    with Session(database.engine) as session:
        session.info["database"] = database
        yield session
        session.rollback()


def asked(session: Session, first: str) -> Violation | None:
    """The first violation that the rooms find, the owner of the row before the others."""
    for room in [first, *(each for each in ROOMS if each != first)]:
        rules = importlib.import_module(f"app.{room}.invariants")
        found = next(iter(rules.violations(session)), None)
        if found is not None:
            return found
    return None


def other_value(column: sa.Column[Any], value: Any) -> Iterator[Any]:
    """Other values that the column's type lets in."""
    if column.name.endswith("_fen"):
        yield from (value + 1, value - 1, value + 100_000_000)
        return
    choices = getattr(column.type, "enum_class", None)
    if choices is not None:
        yield from (each for each in choices if each is not value)
        return
    words = getattr(column.type, "enums", ())
    yield from (
        each for each in words if each != (value.value if isinstance(value, Enum) else value)
    )


def change(session: Session, table: sa.Table, row: Any, column: sa.Column[Any], value: Any) -> bool:
    """Change one row beside the service; False when the database itself refuses."""
    mine = [key == row[key.name] for key in table.primary_key.columns]
    statement = sa.update(table).where(*mine).values({column.name: value})
    try:
        with session.begin_nested():
            return session.execute(statement).rowcount == 1  # type: ignore[attr-defined]
    except DBAPIError:
        return False


@pytest.mark.deep_on("postgres")
def test_the_day_after_is_as_clean_as_the_demonstration(tampering: Session) -> None:
    assert asked(tampering, "loans") is None


@pytest.mark.one_engine("sqlite")
@pytest.mark.parametrize("name", columns())
def test_a_change_by_hand_is_named(name: str, tampering: Session) -> None:
    every_change_is_named(name, tampering)


@pytest.mark.deep
@pytest.mark.postgres
@pytest.mark.one_engine("postgres")
@pytest.mark.parametrize(
    "name", ["loan.contract_fen", "loan_posting.amount_fen", "asset.state", "pledge.secured_fen"]
)
def test_on_postgres_as_well(name: str, tampering: Session) -> None:
    every_change_is_named(name, tampering)


def every_change_is_named(name: str, tampering: Session) -> None:
    table = metadata.tables[name.partition(".")[0]]
    column = table.columns[name.partition(".")[2]]
    rows = _rows(tampering, table, column)
    assert rows, "the demonstration lived on holds no such row"
    room = ROOM_OF_TABLE[table.name]
    for row in rows:
        for value in islice(other_value(column, row[column.name]), TRIED):
            tampering.rollback()
            tampering.expire_all()
            if not change(tampering, table, row, column, value):
                continue
            found = asked(tampering, room)
            assert found is not None, f"{name}: {row[column.name]} became {value}"
            assert not UUID_TEXT.search(found.subject), found
            assert not UUID_TEXT.search(found.detail), found


def _rows(session: Session, table: sa.Table, column: sa.Column[Any]) -> list[Any]:
    """One row from the middle; in a deep run the first and the last as well."""
    keys = list(table.primary_key.columns)
    statement = sa.select(table).where(column.is_not(None)).order_by(*keys)
    every = session.execute(statement).mappings().all()
    places = {0, len(every) // 2, len(every) - 1} if DEEP else {len(every) // 2}
    return [every[at] for at in sorted(places)] if every else []
