"""greenpledge: ecological assets become bankable collateral."""

from typing import TYPE_CHECKING

from app.kernel.version import VERSION

if TYPE_CHECKING:
    from flask import Flask

    from app.db.engine import Database
    from app.settings import Settings

__version__ = VERSION


def create_app(
    settings: "Settings | None" = None, *, database: "Database | None" = None
) -> "Flask":
    """The web application; settings come from the environment, the database from the settings, unless given."""
    from app.assembly import assemble  # noqa: PLC0415 - commands that need no Flask import this package too
    from app.settings import read_settings  # noqa: PLC0415

    return assemble(settings or read_settings(), database)
