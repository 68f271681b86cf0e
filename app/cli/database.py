"""`db upgrade`, `db downgrade`, `db status`, `db check`: the schema."""

from dataclasses import asdict

import click

from app.cli.opening import any_database, current_database
from app.cli.seeding import seed
from app.cli.terminal import REFUSED, as_json_option, echo_json, echo_pairs, say
from app.db import migrations
from app.kernel.text import N_
from app.tables import load_tables

__all__ = ["commands"]


@click.group("db")
def database() -> None:
    """The schema: upgrade, downgrade, status, check."""


@database.command("upgrade")
@as_json_option
def upgrade(*, as_json: bool) -> None:
    """Bring the schema to this version, and the reference tables to its files."""
    with any_database() as store:
        migrations.upgrade(store.engine)
        seed(store)
        _show(migrations.status(store.engine), as_json=as_json)


@database.command("downgrade")
@click.argument("revision", metavar="REV")
@as_json_option
def downgrade(*, revision: str, as_json: bool) -> None:
    """Take the schema down to a revision; `base` removes every table and all that is in it."""
    with any_database() as store:
        migrations.downgrade(store.engine, revision)
        _show(migrations.status(store.engine), as_json=as_json)


@database.command("status")
@as_json_option
def status(*, as_json: bool) -> None:
    """Say how the schema stands to this version."""
    with any_database() as store:
        _show(migrations.status(store.engine), as_json=as_json)


@database.command("check")
@as_json_option
def check(*, as_json: bool) -> None:
    """Compare the schema with the models; exit 1 when they differ."""
    with current_database() as store:
        found = migrations.differences(store.engine, load_tables())
    if as_json:
        echo_json({"ok": not found, "differences": found})
    else:
        click.echo("\n".join(found) or say(N_("The schema is what the models say.")))
    if found:
        raise click.exceptions.Exit(REFUSED)


def _show(found: migrations.SchemaStatus, *, as_json: bool) -> None:
    if as_json:
        echo_json({**asdict(found), "pending": list(found.pending)})
        return
    pairs: list[tuple[str, object]] = [
        (N_("Schema"), found.current or "-"),
        (N_("Needed"), found.head),
        (N_("State"), say(_STATES[found.state])),
    ]
    echo_pairs(pairs)


_STATES = {
    migrations.SchemaState.EMPTY: N_("empty"),
    migrations.SchemaState.OLDER: N_("older than this version"),
    migrations.SchemaState.CURRENT: N_("fits"),
    migrations.SchemaState.NEWER: N_("newer than this version"),
}

commands: list[click.Command] = [database]
