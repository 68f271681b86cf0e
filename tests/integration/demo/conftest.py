"""The demonstration world, loaded once an engine; tests here only look at it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from app.audit.services import watch
from app.db.engine import Database
from app.demo.load import load
from app.documents.files import bind_store
from app.documents.store import MemoryStore
from app.kernel.clock import SystemClock
from tests.support.postgres import create_database
from tests.support.schema import build_schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """The loaded database and what the loader answered."""

    database: Database
    answer: dict[str, Any]


def load_demo(url: str) -> Demo:
    build_schema(url)
    database = Database(url, clock=SystemClock())
    watch(database)
    bind_store(database, MemoryStore())
    return Demo(database=database, answer=load(database))


@pytest.fixture(scope="session")
def demos(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Demo]]:
    made: dict[str, Demo] = {}

    def of(engine_name: str) -> Demo:
        if engine_name not in made:
            made[engine_name] = load_demo(_url(engine_name))
        return made[engine_name]

    def _url(engine_name: str) -> str:
        if engine_name == "sqlite":
            folder: Path = tmp_path_factory.mktemp("demo")
            return f"sqlite:///{folder / 'demo.db'}"
        return create_database(request.getfixturevalue("postgres_url"), "gp_demo")

    yield of
    for demo in made.values():
        demo.database.dispose()


@pytest.fixture
def demo(engine_name: str, demos: Callable[[str], Demo]) -> Demo:
    return demos(engine_name)


@pytest.fixture
def look(demo: Demo) -> Iterator[Session]:
    """A read-only session on the demonstration."""
    with demo.database.read() as session:
        yield session
