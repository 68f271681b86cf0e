"""`demo load`: the demo world into an empty database."""

import click

from app.cli.opening import any_database, settings
from app.cli.seeding import is_seeded, seed
from app.cli.supervisor import NoDemoInProduction, load_demonstration, require_fonts
from app.cli.terminal import as_json_option, echo_json
from app.db import migrations

__all__ = ["commands"]


@click.group("demo")
def demo() -> None:
    """The demo world."""


@demo.command("load")
@as_json_option
def load_command(*, as_json: bool) -> None:
    """Load the demo world into an empty database; prints logins, passwords and API tokens."""
    chosen = settings()
    if chosen.production:
        raise NoDemoInProduction
    require_fonts()
    with any_database(chosen) as store:
        migrations.upgrade(store.engine)
        if not is_seeded(store):
            seed(store)
        answer = load_demonstration(chosen, store)
    if as_json:
        echo_json(answer)
        return
    for user in answer["users"]:
        click.echo("  ".join(str(user[name]) for name in ("login", "password", "role", "token")))


commands: list[click.Command] = [demo]
