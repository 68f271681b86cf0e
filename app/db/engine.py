"""Engines and the unit of work: one transaction a use case, on SQLite and PostgreSQL alike."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session, col

from app.db.models import CivilDay
from app.kernel.clock import Clock, SystemClock

SQLITE_BUSY_MS = 10_000
"""Longer than any write transaction of ours by far."""

POOL_WAIT_SECONDS = 10
"""After this a request is told to come back instead of waiting on."""

STATEMENT_TIMEOUT_MS = 60_000
"""No page needs a query of a minute; longer work goes in chunks."""

STATEMENTS_KEPT = 2_000
"""Compiled statements; all rooms together ask for more than SQLAlchemy's 500."""

BeforeCommit = Callable[[Session], None]
_CIVIL_DAY: Final = "civil_day"
_PRETENDED: Final = "pretended_day"
_ASKED_BY: ContextVar[str] = ContextVar("asked_by", default="")


@contextmanager
def asked_by(number: str) -> Iterator[None]:
    """Units of work begun in this block keep the number of the request, or of the job's run, that asked for them."""
    token = _ASKED_BY.set(number)
    try:
        yield
    finally:
        _ASKED_BY.reset(token)


class Database:
    """A database with a writing and a read-only engine over one pool.

    `before_commit` hooks run in order just before each commit; the audit journal is one.
    `ports` are the outsides that rooms reach beside the tables, by name: the file store, the mail.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Clock | None = None,
        pool_size: int = 8,
        engine: Engine | None = None,
    ) -> None:
        self.url = url
        self.clock: Clock = clock or SystemClock()
        self.before_commit: list[BeforeCommit] = []
        self.ports: dict[str, object] = {}
        self.engine = engine or make_engine(url, pool_size=pool_size)
        self.reading = self.engine.execution_options(
            greenpledge_read_only=True, postgresql_readonly=True
        )

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A unit of work: commits at the end, rolls back on any exception."""
        with Session(self.engine, expire_on_commit=False) as session:
            self.begin(session)
            yield session
            self.commit(session)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A read-only session; never commits. Rows that were loaded stay readable after it."""
        with Session(self.reading, expire_on_commit=False, autoflush=False) as session:
            session.info["database"] = self
            yield session

    def begin(self, session: Session) -> None:
        """Make a session a unit of work of this database."""
        session.info["database"] = self
        session.info["request_id"] = _ASKED_BY.get()

    def commit(self, session: Session) -> None:
        """Run the hooks and commit. Only the unit of work calls this."""
        for hook in self.before_commit:
            hook(session)
        session.commit()

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def make_engine(url: str, *, pool_size: int = 8) -> Engine:
    """An engine with the settings that each kind of database needs; bound values never enter messages."""
    if url.startswith("sqlite"):
        engine = sa.create_engine(
            url,
            hide_parameters=True,
            pool_size=pool_size,
            max_overflow=4,
            pool_timeout=POOL_WAIT_SECONDS,
            query_cache_size=STATEMENTS_KEPT,
        )
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
        return engine
    return sa.create_engine(
        url,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_WAIT_SECONDS,
        query_cache_size=STATEMENTS_KEPT,
        pool_pre_ping=True,
        pool_recycle=1800,
        connect_args={"options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c timezone=UTC"},
    )


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    """Take transaction control away from the driver and set the durable options."""
    raw: Any = connection
    raw.isolation_level = None
    cursor = raw.cursor()
    cursor.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    """Writers take the write lock before their first read, so that nothing read can be stale."""
    read_only = connection.get_execution_options().get("greenpledge_read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def database_of(session: Session) -> Database:
    """The database that a session belongs to."""
    database: Database = session.info["database"]
    return database


def now(session: Session) -> datetime:
    """The instant, from the clock of the session's database."""
    return database_of(session).clock.now()


def today(session: Session) -> date:
    """The civil day: that of a demonstration where one is loaded, else the clock's in Asia/Shanghai."""
    if _CIVIL_DAY not in session.info:
        session.info[_CIVIL_DAY] = demonstration_day(session)
    known: date | None = pretended_day(session) or session.info[_CIVIL_DAY]
    return known or database_of(session).clock.today()


def demonstration_day(session: Session) -> date | None:
    """The day of the demonstration that is loaded; None in real use."""
    with session.no_autoflush:
        return session.execute(_civil_day()).scalar_one_or_none()


@cache
def _civil_day() -> sa.Select[date]:
    return sa.select(col(CivilDay.on))


def move_demonstration(session: Session, day: date) -> None:
    """A close of day moves a demonstration's civil day forward; in real use nothing happens."""
    session.execute(_move_civil_day(), {"to_day": day})
    session.info.pop(_CIVIL_DAY, None)


@cache
def _move_civil_day() -> sa.Update:
    days: sa.Table = CivilDay.__table__  # type: ignore[attr-defined]
    to_day = sa.bindparam("to_day", type_=sa.Date)
    return sa.update(days).where(days.c.on < to_day).values(on=to_day)


def pretend_day(session: Session, day: date) -> None:
    """Let a session act on a past day: for taking over history, never for requests."""
    session.info[_PRETENDED] = day


def pretended_day(session: Session) -> date | None:
    """The past day that a session acts on; None for every request."""
    day: date | None = session.info.get(_PRETENDED)
    return day
