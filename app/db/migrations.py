"""The schema's version: bring a database to it, compare, and say what does not fit."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Final, Literal

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.autogenerate.api import AutogenContext
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.engine import Engine
from sqlmodel import Session
from sqlmodel.sql.sqltypes import AutoString

from app.db.types import Exact
from app.kernel.errors import RuleViolation
from app.kernel.folders import find_folder
from app.kernel.text import N_

VERSION_TABLE: Final = "schema_version"
_LOCK_TABLE: Final = "schema_lock"
_MAKE_LOCK: Final = (
    "CREATE TABLE IF NOT EXISTS schema_lock (id integer PRIMARY KEY)",
    "INSERT INTO schema_lock (id) VALUES (1) ON CONFLICT DO NOTHING",
)
_TAKE_LOCK: Final = "SELECT id FROM schema_lock WHERE id = 1 FOR UPDATE"
_LOCK_WAIT: Final = "120s"
"""A second start waits for the first one's migrations; longer means that something hangs."""


class SchemaState(StrEnum):
    """How the database stands to the code."""

    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaStatus:
    """The version found, the version the code needs, and what lies between."""

    state: SchemaState
    current: str | None
    head: str
    pending: tuple[str, ...]


class SchemaMismatch(RuleViolation):
    """The database is older or newer than this version of the service."""

    code = "schema-mismatch"
    title = N_("The database does not fit this version")
    detail = N_(
        "The database has schema %(current)s, this version needs %(head)s. "
        "If the database is older, run `greenpledge db upgrade`; if it is newer, install the newer version."
    )


class UnknownRevision(RuleViolation):
    """There is no such migration, or none on the way from here."""

    code = "unknown-revision"
    title = N_("There is no such revision")
    detail = N_("The revision %(revision)s is not known. `greenpledge db status` lists them.")


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the schema up to a revision; waits for another process that does the same."""
    with _exclusively(engine):
        _require_not_newer(engine)
        _run(engine, "upgrade", revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the schema down to a revision; `base` removes every table."""
    with _exclusively(engine):
        _require_not_newer(engine)
        _run(engine, "downgrade", revision)


def status(engine: Engine) -> SchemaStatus:
    """How the schema of the database stands to the code."""
    with engine.connect() as connection:
        return _status(_current(connection))


def readiness(session: Session) -> str:
    """Empty when the schema fits; otherwise what /readyz answers."""
    found = _status(_current(session.connection()))
    return "" if found.state is SchemaState.CURRENT else f"schema-{found.state}"


def require_current(engine: Engine) -> None:
    """Refuse with `SchemaMismatch` to work on a schema that does not fit."""
    found = status(engine)
    if found.state is not SchemaState.CURRENT:
        raise SchemaMismatch(current=found.current or "-", head=found.head)


def differences(engine: Engine, metadata: sa.MetaData) -> list[str]:
    """What autogenerate would change to make the schema fit the models; empty when they agree."""
    options = {
        "compare_type": True,
        "compare_server_default": True,
        "version_table": VERSION_TABLE,
        "include_name": _is_ours,
    }
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        return [_described(difference) for difference in compare_metadata(context, metadata)]


def revisions() -> tuple[str, ...]:
    """All revisions of the code, oldest first."""
    return _revisions()


def render_item(kind: str, item: Any, context: AutogenContext) -> str | Literal[False]:
    """Spell our column types by those of SQLAlchemy, so that a migration never changes with the code."""
    if kind != "type":
        return False
    if isinstance(item, sa.Enum):
        return _render_choice(item)
    if isinstance(item, sa.JSON):
        context.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    if isinstance(item, Exact | AutoString):
        length = item.length if isinstance(item, AutoString) else 40
        return f"sa.String({length or ''})"
    if isinstance(item, sa.TypeDecorator) and isinstance(item.impl_instance, sa.DateTime):
        return "sa.DateTime(timezone=True)"
    return False


def _render_choice(item: sa.Enum) -> str:
    values = ", ".join(repr(value) for value in item.enums)
    return (
        f"sa.Enum({values}, name={item.name!r}, native_enum=False, "
        f"length={item.length}, create_constraint=True)"
    )


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    return not (kind == "table" and name in {VERSION_TABLE, _LOCK_TABLE})


def _described(difference: Any) -> str:
    """One difference in a line: what would be done, and to what."""
    if isinstance(difference, list):
        return "; ".join(_described(each) for each in difference)
    return " ".join(str(part) for part in difference if part is not None)


def _config() -> Config:
    config = Config()
    # A percent sign in the folder's name would be read as an interpolation.
    config.set_main_option("script_location", str(find_folder("migrations")).replace("%", "%%"))
    return config


def _run(engine: Engine, direction: Literal["upgrade", "downgrade"], revision: str) -> None:
    config = _config()
    config.attributes["connection"] = engine
    run = command.upgrade if direction == "upgrade" else command.downgrade
    try:
        run(config, revision)
    except CommandError as error:
        raise UnknownRevision(revision=revision) from error


@cache
def _revisions() -> tuple[str, ...]:
    scripts = ScriptDirectory.from_config(_config())
    return tuple(reversed([script.revision for script in scripts.walk_revisions()]))


def _current(connection: sa.Connection) -> str | None:
    options = {"version_table": VERSION_TABLE}
    return MigrationContext.configure(connection, opts=options).get_current_revision()


def _status(current: str | None) -> SchemaStatus:
    known = _revisions()
    head = known[-1]
    if current is None:
        return SchemaStatus(state=SchemaState.EMPTY, current=None, head=head, pending=known)
    if current not in known:
        return SchemaStatus(state=SchemaState.NEWER, current=current, head=head, pending=())
    pending = known[known.index(current) + 1 :]
    state = SchemaState.OLDER if pending else SchemaState.CURRENT
    return SchemaStatus(state=state, current=current, head=head, pending=pending)


def _require_not_newer(engine: Engine) -> None:
    found = status(engine)
    if found.state is SchemaState.NEWER:
        raise SchemaMismatch(current=found.current, head=found.head)


@contextmanager
def _exclusively(engine: Engine) -> Iterator[None]:
    """One process migrates at a time.

    SQLite excludes by its write lock, taken before the version is read. Elsewhere a row is locked
    on a connection of its own: a process that dies lets go of it.
    """
    if engine.dialect.name == "sqlite":
        yield
        return
    _make_lock(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'")
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{_LOCK_WAIT}'")
        connection.exec_driver_sql(_TAKE_LOCK)
        yield
        connection.rollback()


def _make_lock(engine: Engine) -> None:
    """Make the row that is locked; two first starts at once may both try to make its table."""
    for last in (False, True):
        try:
            with engine.begin() as connection:
                for statement in _MAKE_LOCK:
                    connection.exec_driver_sql(statement)
            return
        except sa.exc.IntegrityError:
            if last:
                raise
