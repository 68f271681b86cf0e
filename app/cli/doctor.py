"""`doctor`: what would keep the service from working, with the remedy."""

import hashlib
import json
import os
import platform
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import click
import sqlalchemy as sa

from app import __version__
from app.cli.opening import any_database, settings
from app.cli.terminal import REFUSED, as_json_option, echo_json, say
from app.db import migrations
from app.db.engine import Database
from app.kernel.errors import Refusal
from app.kernel.text import N_
from app.notices.mail import FileMail, mail_of, reason_of
from app.settings import MIN_SECRET_CHARACTERS, Settings

__all__ = ["commands"]

FIRST_FAULTY: Final = (3, 7, 0)
LAST_FAULTY: Final = (3, 51, 2)
"""SQLite libraries in which a checkpoint beside a restarting log can lose pages."""

LEAST_FREE_BYTES: Final = 1024**3
LARGEST_CLOCK_GAP_SECONDS: Final = 5
OLDEST_POSTGRES: Final = 15
_PACKAGE: Final = Path(__file__).resolve().parent.parent
_OTHERS_MAY_READ: Final = 0o077


class Health(StrEnum):
    """How a look ended."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One thing looked at: what was found, and the remedy unless it is well."""

    name: str
    health: Health
    found: str
    remedy: str = ""


def _look(
    name: str, found: str, *, well: bool, remedy: str = "", worst: Health = Health.FAULT
) -> Look:
    health = Health.OK if well else worst
    return Look(name=name, health=health, found=found, remedy="" if well else remedy)


def look_at_all() -> Iterator[Look]:
    """Every look; settings that cannot be read end them early."""
    yield look_at_python()
    yield look_at_sqlite(sqlite3.sqlite_version_info)
    yield look_at_assets(_PACKAGE / "static" / "vendor")
    yield look_at_translations(_PACKAGE / "translations")
    try:
        chosen = settings()
    except Refusal as refusal:
        names = ", ".join(error.pointer for error in refusal.errors)
        remedy = N_("Correct these variables of the environment.")
        yield _look("settings", names, well=False, remedy=remedy)
        return
    for look in (look_at_settings, look_at_mail, look_at_home, look_at_disk):
        yield look(chosen)
    yield from look_at_database(chosen)


def look_at_python() -> Look:
    """Versions of what the service stands on."""
    names = ("flask", "sqlmodel", "sqlalchemy", "alembic", "marshmallow", "apscheduler")
    found = ", ".join(f"{name} {_version(name)}" for name in names)
    python = platform.python_version()
    remedy = N_("Use Python 3.11 to 3.14.")
    well = (3, 11) <= sys.version_info[:2] <= (3, 14)
    text = f"greenpledge {__version__}, Python {python}, {found}"
    return _look("versions", text, well=well, remedy=remedy)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"


def look_at_sqlite(found: tuple[int, ...]) -> Look:
    """Whether the library has the fault of its write-ahead log."""
    text = ".".join(map(str, found))
    remedy = N_(
        "This SQLite can lose pages when several processes write and checkpoint at once (fixed in 3.51.3). "
        "Use a Python with a newer library, or PostgreSQL."
    )
    well = not FIRST_FAULTY <= found[:3] <= LAST_FAULTY
    return _look("sqlite", text, well=well, remedy=remedy, worst=Health.WARNING)


def look_at_assets(folder: Path) -> Look:
    """Whether the front-end files stand and have their hashes."""
    remedy = N_("Run `python3 dev.py setup` to fetch the front-end files again.")
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return _look("assets", "manifest.json", well=False, remedy=remedy)
    wrong = [
        name
        for name, facts in manifest["files"].items()
        if _digest(folder / name) != facts["sha256"]
    ]
    found = ", ".join(wrong) or str(len(manifest["files"]))
    return _look("assets", found, well=not wrong, remedy=remedy)


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def look_at_translations(folder: Path) -> Look:
    """Whether each catalogue is compiled and not older than its text."""
    stale = [po.parent.parent.name for po in folder.glob("*/LC_MESSAGES/*.po") if _is_stale(po)]
    remedy = N_("Run `python3 dev.py setup` to compile the translations.")
    found = ", ".join(stale) or "compiled"
    return _look("translations", found, well=not stale, remedy=remedy, worst=Health.WARNING)


def _is_stale(catalogue: Path) -> bool:
    compiled = catalogue.with_suffix(".mo")
    return not compiled.exists() or compiled.stat().st_mtime < catalogue.stat().st_mtime


def look_at_settings(chosen: Settings) -> Look:
    """Whether production has what production needs."""
    missing = [name for name, needed in _needed(chosen) if needed]
    remedy = N_("Set these variables: production does not start without them.")
    found = ", ".join(missing) or chosen.env
    return _look("settings", found, well=not missing, remedy=remedy)


def _needed(chosen: Settings) -> Iterator[tuple[str, bool]]:
    production = chosen.production
    yield "GREENPLEDGE_SECRET_KEY", production and len(chosen.secret_key) < MIN_SECRET_CHARACTERS
    yield "GREENPLEDGE_TRUSTED_HOSTS", production and not chosen.trusted_hosts
    yield "GREENPLEDGE_PUBLIC_URL", production and not chosen.public_url.startswith("https://")


def look_at_mail(chosen: Settings) -> Look:
    """Which way mail goes, and whether its server lets us in."""
    mail = mail_of(chosen)
    if isinstance(mail, FileMail):
        remedy = N_(
            "Mail is written to this folder and goes to nobody: set GREENPLEDGE_MAIL_SERVER."
        )
        well = not chosen.production
        return _look("mail", str(mail.folder), well=well, remedy=remedy, worst=Health.WARNING)
    found, well = f"{chosen.mail_server} ({mail.security}), {mail.sender}", True
    try:
        with mail.conversation():
            pass
    except OSError as error:
        found, well = f"{chosen.mail_server}: {reason_of(error)}", False
    remedy = N_(
        "No letter leaves: correct the variables GREENPLEDGE_MAIL_... or ask the mail server."
    )
    return _look("mail", found, well=well, remedy=remedy, worst=Health.WARNING)


def look_at_home(chosen: Settings) -> Look:
    """Whether the home folder is ours to write and closed to others."""
    home = chosen.home
    home.mkdir(parents=True, exist_ok=True)
    if not os.access(home, os.W_OK):
        remedy = N_("Give the folder to the user that runs the service.")
        return _look("home", str(home), well=False, remedy=remedy)
    secret = home / "secret.key"
    open_to_others = secret.exists() and bool(secret.stat().st_mode & _OTHERS_MAY_READ)
    remedy = N_("Others can read the signing key: chmod 600 secret.key.")
    return _look("home", str(home), well=not open_to_others, remedy=remedy)


def look_at_disk(chosen: Settings) -> Look:
    """Whether there is room."""
    free = shutil.disk_usage(chosen.home).free
    remedy = N_("Less than 1 GiB is free: make room before writes fail.")
    found = f"{free // 1024**2} MiB"
    well = free >= LEAST_FREE_BYTES
    return _look("disk", found, well=well, remedy=remedy, worst=Health.WARNING)


def look_at_database(chosen: Settings) -> Iterator[Look]:
    """Whether it answers, fits this version and agrees on the time."""
    try:
        with any_database(chosen) as store:
            looks: tuple[Callable[[Database], Look], ...] = (
                look_at_server,
                look_at_schema,
                look_at_clock,
            )
            yield from [look(store) for look in looks]
    except Refusal as refusal:
        reason = str(refusal.facts.get("reason", refusal.code))
        remedy = N_("Check that it runs and that GREENPLEDGE_DATABASE_URL is right.")
        yield _look("database", reason, well=False, remedy=remedy)


def look_at_server(store: Database) -> Look:
    """Kind and version of the database."""
    with store.engine.connect() as connection:
        found = connection.dialect.server_version_info or ()
    well = store.is_sqlite or found[:1] >= (OLDEST_POSTGRES,)
    text = f"{store.engine.dialect.name} {'.'.join(map(str, found))}"
    return _look("database", text, well=well, remedy=N_("Use PostgreSQL 15 or newer."))


def look_at_schema(store: Database) -> Look:
    """Whether the schema is that of this version."""
    found = migrations.status(store.engine)
    text = f"{found.current or '-'} ({found.state})"
    well = found.state is migrations.SchemaState.CURRENT
    remedy = N_("Run `greenpledge db upgrade`; a newer schema needs the newer version.")
    return _look("schema", text, well=well, remedy=remedy)


def look_at_clock(store: Database) -> Look:
    """Whether the clocks of this machine and of the database agree."""
    if store.is_sqlite:
        return _look("clock", datetime.now(UTC).isoformat(timespec="seconds"), well=True)
    with store.engine.connect() as connection:
        there: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    gap = abs((there - datetime.now(UTC)).total_seconds())
    remedy = N_("The clocks differ: leases and sessions need a common time. Set up NTP.")
    well = gap <= LARGEST_CLOCK_GAP_SECONDS
    return _look("clock", f"{gap:.1f} s", well=well, remedy=remedy, worst=Health.WARNING)


@click.command("doctor")
@as_json_option
def doctor(*, as_json: bool) -> None:
    """Look for what would keep the service from working."""
    looks = list(look_at_all())
    faults = any(look.health is Health.FAULT for look in looks)
    if as_json:
        echo_json({"ok": not faults, "looks": [asdict(look) for look in looks]})
    else:
        for look in looks:
            click.echo(f"{_MARKS[look.health]} {look.name:<14} {look.found}")
            if look.remedy:
                click.echo(f"  {say(look.remedy)}")
    if faults:
        raise click.exceptions.Exit(REFUSED)


_MARKS: Final = {Health.OK: "+", Health.WARNING: "!", Health.FAULT: "x"}

commands: list[click.Command] = [doctor]
