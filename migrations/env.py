"""Runs migrations on SQLite and PostgreSQL: in a transaction, one process at a time.

The service passes its engine in `attributes["connection"]`; the `alembic` command, used to write a
new migration, finds the database by the settings instead.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic import context

from app.db.base import metadata
from app.db.engine import make_engine
from app.db.migrations import VERSION_TABLE, render_item
from app.settings import read_settings
from app.tables import load_tables

LOCK_TIMEOUT = "4s"
"""A migration that waits longer for a table would stop the service behind it."""

STATEMENT_TIMEOUT = "10min"


def run() -> None:
    """Open or take over a connection and migrate on it."""
    given = context.config.attributes.get("connection")
    if isinstance(given, sa.Connection):
        migrate(given, inside=given.in_transaction())
        return
    engine = given or make_engine(read_settings().sqlalchemy_url())
    with engine.connect() as connection:
        migrate(connection, inside=False)


def migrate(connection: sa.Connection, *, inside: bool) -> None:
    """Configure and run; a transaction that was open before is left to its owner."""
    sqlite = connection.dialect.name == "sqlite"
    guard = foreign_keys_off if sqlite else patience_bounded
    with guard(connection, inside=inside):
        context.configure(
            connection=connection,
            target_metadata=target(),
            version_table=VERSION_TABLE,
            render_as_batch=True,
            render_item=render_item,
            compare_type=True,
            compare_server_default=True,
            # SQLite's one writer keeps the lock from the first look at the version to the end.
            transactional_ddl=True,
            transaction_per_migration=not sqlite,
        )
        with context.begin_transaction():
            context.run_migrations()
            if sqlite:
                require_foreign_keys(connection)


def target() -> sa.MetaData:
    """All tables when a migration is written; for running one, the names of constraints are enough."""
    if "connection" not in context.config.attributes:
        return load_tables()
    given: sa.MetaData | None = context.config.attributes.get("metadata")
    return given or sa.MetaData(naming_convention=dict(metadata.naming_convention))


@contextmanager
def foreign_keys_off(connection: sa.Connection, *, inside: bool) -> Iterator[None]:
    """A batch rebuilds a table by dropping it, which would delete its children by cascade."""
    if inside:
        yield
        return
    raw: Any = connection.connection.driver_connection
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys=ON")


def require_foreign_keys(connection: sa.Connection) -> None:
    """Nothing may point nowhere after the rebuild; the exception rolls everything back."""
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise RuntimeError(f"rows of {broken[0][0]} refer to rows that do not exist")


@contextmanager
def patience_bounded(connection: sa.Connection, *, inside: bool) -> Iterator[None]:
    """Give up on a held table soon; the migration can be run again."""
    connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
    connection.exec_driver_sql(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'")
    if not inside:
        connection.commit()
    yield
    if not inside:
        connection.exec_driver_sql("RESET lock_timeout")
        connection.exec_driver_sql("RESET statement_timeout")
        connection.commit()


run()
