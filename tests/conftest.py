"""What every test may ask for: a database of its own on each engine, the app, clients and the world.

Rules and the API run on SQLite and PostgreSQL; tests of pages and in a browser on SQLite, and on both where
they are marked `both_engines` or when GREENPLEDGE_TEST_DEEP=1. Each test gets a copy of a template
database that holds the world of `tests.factories.world`.
"""

import gc
import os
import pickle
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from sqlmodel import Session

import dev
from app import create_app
from app.assets.burdens import bind_burdens
from app.audit.services import watch
from app.collateral.queries import burdens_in_force
from app.db.engine import Database
from app.documents.files import bind_store
from app.documents.store import MemoryStore
from app.identity.calling import COOKIE
from app.identity.sessions import open_session
from app.kernel.clock import FixedClock
from app.settings import Settings
from app.web.operation import configure_logs
from tests.factories.world import OPENED_AT, World, build_world
from tests.support.clients import ApiClient, PageClient
from tests.support.databases import (
    CountedDatabase,
    Engines,
    PostgresTemplate,
    SqliteTemplate,
    Template,
    listening,
    skip_fsync,
    template_name,
)
from tests.support.demonstration import copy_of_demonstration
from tests.support.examples import DEEP, load_profile
from tests.support.postgres import create_database, drop_database, postgres_server
from tests.support.runs import one_at_a_time
from tests.support.schema import build_schema

SECRET_KEY = "a key for tests only, of thirty-two characters"


load_profile()


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        dev.compile_catalogues()
    # As the service writes them: drawn for a terminal, the trace of one failure takes seconds.
    configure_logs("ERROR")
    # What is collected stays: the collector need not look at it again and again.
    gc.set_threshold(100_000, 50, 50)
    config.addinivalue_line("markers", "both_engines: a page test that also runs on PostgreSQL")
    config.addinivalue_line("markers", "fresh_copy: on a database that no test used before")
    config.addinivalue_line("markers", "one_engine(name): a test of one engine only")
    config.addinivalue_line("markers", "deep_on(*engines): on these engines in a deep run only")


LONGEST = (
    "tests/browser/",
    "tests/integration/demo/",
    "tests/functional/api/test_bad_input.py",
    "tests/functional/api/test_schemathesis.py",
    "tests/functional/test_matrix.py",
    "tests/functional/pages/test_every_page.py",
    "tests/migrations/",
    "tests/integration/cli/",
    "tests/integration/jobs/test_scheduler_processes.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin the longest files first, so that no worker idles while another ends one."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run whatever touches a database once per engine."""
    if "engine_name" not in metafunc.fixturenames:
        return
    marks = {"postgres": pytest.mark.postgres}
    engines = [
        pytest.param(name, marks=marks.get(name, ()))
        for name in _engines(metafunc.definition, metafunc.fixturenames)
    ]
    metafunc.parametrize("engine_name", engines, indirect=True)


def _engines(test: pytest.Function, asked: Sequence[str]) -> tuple[str, ...]:
    only = test.get_closest_marker("one_engine")
    if only is not None:
        return tuple(only.args)
    folders = set(Path(test.path).parts)
    opens_pages = "functional" in folders and "sign_in" in asked and "api" not in asked
    page = opens_pages or {"pages", "browser"} & folders
    if page and not DEEP and test.get_closest_marker("both_engines") is None:
        return ("sqlite",)
    deep = test.get_closest_marker("deep_on")
    later = deep.args if deep is not None and not DEEP else ()
    return tuple(name for name in ("sqlite", "postgres") if name not in later)


@pytest.fixture
def engine_name(request: pytest.FixtureRequest) -> str:
    """`sqlite` or `postgres`: asking for anything on a database runs the test on both."""
    name: str = request.param
    return name


# --- Databases ---


Templates = Callable[[str], Template]


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of a run share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server of this test process."""
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> Iterator[PostgresTemplate]:
    """The template on PostgreSQL."""
    url = create_database(postgres_url, template_name())
    world = _fill(url)
    template = PostgresTemplate(name=template_name(), server=postgres_url, world=world)
    yield template
    template.drop_all()


@pytest.fixture(scope="session")
def sqlite_template(
    tmp_path_factory: pytest.TempPathFactory, shared_folder: Path
) -> SqliteTemplate:
    """The template on SQLite, filled once a run."""
    filled, world = shared_folder / "template.db", shared_folder / "world.pickle"
    with one_at_a_time(shared_folder, "template"):
        if not world.exists():
            world.write_bytes(pickle.dumps(_fill(f"sqlite:///{filled}")))
    path = tmp_path_factory.mktemp("databases") / "template.db"
    shutil.copyfile(filled, path)
    return SqliteTemplate(path=path, world=pickle.loads(world.read_bytes()))


@pytest.fixture(scope="session")
def templates(request: pytest.FixtureRequest) -> Templates:
    """The template of an engine, made when first asked for."""

    def template(engine_name: str) -> Template:
        found: Template = request.getfixturevalue(f"{engine_name}_template")
        return found

    return template


def _fill(url: str) -> World:
    """Make the tables and the world in an empty database."""
    build_schema(url)
    database = open_database(url, FixedClock(OPENED_AT))
    world = build_world(database)
    if database.is_sqlite:
        with database.engine.connect() as connection:
            connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.dispose()
    return world


def open_database(url: str, clock: FixedClock) -> Database:
    """A database as the service opens it, with a clock that stands and without waiting for disks."""
    database = prepared_database(Database(url, clock=clock))
    skip_fsync(database.engine)
    return database


def prepared_database(database: Database) -> Database:
    """The same with what the service binds to its database."""
    watch(database)
    bind_store(database, MemoryStore())
    bind_burdens(database, burdens_in_force)
    return database


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    """Engines that one test after the other uses, with all statements that they compiled."""
    lending = Engines()
    yield lending
    lending.dispose()


@pytest.fixture
def clock() -> FixedClock:
    """Ten in the morning of 2 January 2024 in Zhangye; set `clock.instant` to move it."""
    return FixedClock(OPENED_AT)


@pytest.fixture
def database(
    engine_name: str,
    templates: Templates,
    engines: Engines,
    clock: FixedClock,
    request: pytest.FixtureRequest,
) -> Iterator[Database]:
    """A copy of the template: all tables, and the organisations and people of the world."""
    fresh = request.node.get_closest_marker("fresh_copy") is not None
    with templates(engine_name).copy(fresh=fresh) as url, engines.lent(url) as engine:
        made = CountedDatabase(url, clock=clock, engine=engine)
        prepared_database(made)
        yield made


@pytest.fixture
def once(
    engine_name: str, templates: Templates, database: CountedDatabase, clock: FixedClock
) -> Callable[[str, Callable[[], Any]], Any]:
    """Fills the database by some steps the first time, then with the rows that they left: `built_once`."""
    template = templates(engine_name)

    def once(name: str, build: Callable[[], Any]) -> Any:
        opened: Any = database.engine.pool
        assert opened.checkedout() == 0, f"{name} comes while something is open."
        before = database.written
        if not template.has(database.url, name):
            answer = build()
            kept = (answer, clock.instant, before, database.written)
            template.keep(database.url, name, kept)
            return answer
        if database.is_sqlite:
            database.dispose()
        answer, clock.instant, first, database.written = template.bring_back(database.url, name)
        assert before == first, f"{name} must be the first that a test writes."
        return answer

    return once


@pytest.fixture(scope="session")
def demonstration(
    tmp_path_factory: pytest.TempPathFactory, shared_folder: Path
) -> Callable[[], Path]:
    """Makes home folders with the demonstration in them."""

    def copy() -> Path:
        return copy_of_demonstration(tmp_path_factory.mktemp("home") / "home", shared_folder)

    return copy


@pytest.fixture
def empty_database(
    engine_name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[str]:
    """The URL of a database without any table."""
    if engine_name == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server = request.getfixturevalue("postgres_url")
    name = f"gp_{os.getpid()}_empty"
    yield create_database(server, name)
    drop_database(server, name)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A unit of work for services; `commit()` ends it. Commit before a client calls: writers exclude each other."""
    with Session(database.engine, expire_on_commit=False) as opened:
        opened.info["database"] = database
        yield opened
        opened.rollback()


@pytest.fixture
def commit(database: Database, session: Session) -> Callable[[], None]:
    """Commit the unit of work as the service does, audit journal included."""
    return lambda: database.commit(session)


@pytest.fixture
def world(engine_name: str, templates: Templates) -> World:
    """Ids and actors of the organisations and people in the test's database."""
    return templates(engine_name).world


# --- The app and its clients ---


class MakeApp(Protocol):
    """Makes an app of its own, for tests of settings or with routes of their own."""

    def __call__(self, database: Database, **settings: Any) -> Flask: ...


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home folder of the test process: evidence files, keys."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def compiled_templates(shared_folder: Path) -> FileSystemBytecodeCache:
    """Templates that any app of any process of this run has compiled."""
    folder = shared_folder / "templates"
    folder.mkdir(exist_ok=True)
    return FileSystemBytecodeCache(str(folder))


@pytest.fixture(scope="session")
def make_app(home: Path, compiled_templates: FileSystemBytecodeCache) -> MakeApp:
    """Make an app bound to a database; keyword arguments are settings."""

    def make(database: Database, **settings: Any) -> Flask:
        chosen: dict[str, Any] = {
            "env": "test",
            "home": home,
            "secret_key": SECRET_KEY,
            "log_level": "ERROR",
            **settings,
        }
        made = create_app(Settings(**chosen), database=database)
        made.jinja_env.bytecode_cache = compiled_templates
        return made

    return make


@pytest.fixture(scope="session")
def shared_app(make_app: MakeApp, templates: Templates, home: Path) -> Iterator[Flask]:
    """One app a process: building it costs more than most tests."""
    resting = open_database(f"sqlite:///{home / 'resting.db'}", FixedClock(OPENED_AT))
    yield make_app(resting)
    resting.dispose()


@pytest.fixture
def app(shared_app: Flask, database: Database) -> Iterator[Flask]:
    """The app bound to the test's database and clock."""
    resting = shared_app.extensions["database"]
    shared_app.extensions["database"] = database
    yield shared_app
    shared_app.extensions["database"] = resting


@pytest.fixture
def client(app: Flask) -> Any:
    """A browser that is not signed in."""
    return app.test_client()


class SignIn(Protocol):
    """Opens a browser session for a person."""

    def __call__(
        self, login: str, *, organisation: str = "", language: str = "zh_CN"
    ) -> PageClient: ...


@pytest.fixture
def sign_in(app: Flask, database: Database, world: World) -> SignIn:
    """A browser signed in as a person: `sign_in("a-officer").get("/")`."""

    def enter(login: str, *, organisation: str = "", language: str = "zh_CN") -> PageClient:
        code = organisation or world.organisation_of(login)
        with database.write() as writing:
            secret = open_session(writing, world.person(login), world.organisation(code))
        browser = app.test_client()
        browser.set_cookie(COOKIE, secret)
        return PageClient(app, browser, language)

    return enter


class Api(Protocol):
    """Gives a program's client for a person; without a login, one without a token."""

    def __call__(self, login: str = "", *, organisation: str = "") -> ApiClient: ...


@pytest.fixture
def api(app: Flask, world: World) -> Api:
    """A program with the token of a person: `api("c1-fin").post("/assets", {...}, status=201)`."""

    def call_as(login: str = "", *, organisation: str = "") -> ApiClient:
        return ApiClient(app, world.token(login, organisation) if login else "")

    return call_as


@pytest.fixture
def queries(database: Database) -> Callable[[], AbstractContextManager[list[str]]]:
    """Collect the SQL statements of a block: `with queries() as seen: …; assert len(seen) < 10`."""

    @contextmanager
    def watching() -> Iterator[list[str]]:
        seen: list[str] = []

        def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            seen.append(statement)

        with listening(database.engine, "before_cursor_execute", note):
            yield seen

    return watching


def pytest_collection_finish() -> None:
    """What stands by now stays until the end: the collector need not look at it after each few tests."""
    gc.collect()
    gc.freeze()
