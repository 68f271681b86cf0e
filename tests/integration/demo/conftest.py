"""The demonstration world, loaded once an engine; tests here only look at it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from app.audit.services import watch
from app.db.engine import Database
from app.demo.load import load
from app.documents.files import FOLDER, bind_store
from app.documents.store import FileStore, LocalStore, MemoryStore
from app.kernel.clock import SystemClock
from tests.support.demonstration import ANSWER
from tests.support.postgres import create_database
from tests.support.schema import build_schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """The loaded database and what the loader answered."""

    database: Database
    answer: dict[str, Any]


@pytest.fixture(scope="session")
def demos(
    request: pytest.FixtureRequest, demonstration: Callable[[], Path]
) -> Iterator[Callable[[str], Demo]]:
    made: dict[str, Demo] = {}

    def of(engine_name: str) -> Demo:
        if engine_name not in made:
            made[engine_name] = _copied() if engine_name == "sqlite" else _loaded()
        return made[engine_name]

    def _copied() -> Demo:
        home = demonstration()
        database = _open(f"sqlite:///{home / 'greenpledge.db'}", LocalStore(home / FOLDER))
        answer = json.loads((home / ANSWER).read_text(encoding="utf-8"))
        return Demo(database=database, answer=answer)

    def _loaded() -> Demo:
        url = create_database(request.getfixturevalue("postgres_url"), "gp_demo")
        build_schema(url)
        database = _open(url, MemoryStore())
        return Demo(database=database, answer=load(database))

    yield of
    for demo in made.values():
        demo.database.dispose()


def _open(url: str, store: FileStore) -> Database:
    database = Database(url, clock=SystemClock())
    watch(database)
    bind_store(database, store)
    return database


@pytest.fixture
def demo(engine_name: str, demos: Callable[[str], Demo]) -> Demo:
    return demos(engine_name)


@pytest.fixture
def look(demo: Demo) -> Iterator[Session]:
    """A read-only session on the demonstration."""
    with demo.database.read() as session:
        yield session
