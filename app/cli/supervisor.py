"""`serve`: one process that migrates, then keeps web and scheduler alive until it is stopped."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import click
import structlog

from app.cli.lifeline import VARIABLE
from app.cli.opening import any_database
from app.cli.seeding import is_seeded, seed
from app.cli.terminal import say
from app.db import migrations
from app.db.engine import Database
from app.demo.load import is_loaded, load
from app.documents.pdf_text import FONT_FOLDER, missing_fonts
from app.kernel.errors import RuleViolation
from app.kernel.text import N_
from app.settings import Settings

log = structlog.get_logger("greenpledge.serve")

READY_SECONDS: Final = 60
LEAVE_SECONDS: Final = 30
"""Children finish what runs, then are ended."""

FIRST_WAIT_SECONDS: Final = 1.0
LONGEST_WAIT_SECONDS: Final = 30.0
STEADY_SECONDS: Final = 60.0
"""A child that lived so long may crash again without waiting longer."""

_SLOW: Final = N_("Not ready after %(seconds)s seconds; still trying. The lines above may say why.")
_LOOK_SECONDS: Final = 0.1
_LOGINS: Final = "demo-logins.json"


class PortTaken(RuleViolation):
    """Somebody else listens there."""

    code = "port-taken"
    title = N_("The port is taken")
    detail = N_(
        "Something listens on %(host)s:%(port)s already. Stop it, or choose another port: "
        "greenpledge serve --port %(other)s."
    )


class NoDemoInProduction(RuleViolation):
    """The demonstration has known passwords."""

    code = "no-demo-in-production"
    title = N_("No demonstration in production")
    detail = N_(
        "The demonstration has published passwords. Unset GREENPLEDGE_ENV or leave out --demo."
    )


class FontsNotSetUp(RuleViolation):
    """The demonstration prints documents, and the fonts were not copied yet."""

    code = "fonts-not-set-up"
    title = N_("The fonts of documents are not set up")
    detail = N_(
        "%(files)s are missing, and the demonstration prints documents. Nothing was loaded. "
        "Run `python3 dev.py setup`, then load it again."
    )


@dataclass(slots=True)
class Child:
    """A process that is started again when it ends by itself, with growing pauses."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    wait_seconds: float = FIRST_WAIT_SECONDS
    start_at: float = field(default=0.0)

    def look(self, instant: float) -> None:
        """Start it when it is time; notice when it ended."""
        if self.process is None:
            if instant >= self.start_at:
                self._start(instant)
            return
        code = self.process.poll()
        if code is None:
            return
        if instant - self.started_at >= STEADY_SECONDS:
            self.wait_seconds = FIRST_WAIT_SECONDS
        log.error("child ended", child=self.name, code=code, again_in=self.wait_seconds)
        self._let_go()
        self.start_at = instant + self.wait_seconds
        self.wait_seconds = min(self.wait_seconds * 2, LONGEST_WAIT_SECONDS)

    def _start(self, instant: float) -> None:
        # Its own session: Ctrl-C reaches the supervisor alone, which then stops the children in order.
        self.process = subprocess.Popen(  # noqa: S603 - our own programs
            self.command,
            stdin=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, VARIABLE: "1"},
        )
        self.started_at = instant

    def stop(self) -> None:
        """Ask it to end."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait(self, until: float) -> None:
        """Wait for its end; past the time it is killed."""
        if self.process is None:
            return
        try:
            self.process.wait(timeout=max(until - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            log.warning("child killed", child=self.name)
            self.process.kill()
            self.process.wait()
        self._let_go()

    def _let_go(self) -> None:
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()
        self.process = None


def serve(settings: Settings, *, demo: bool, host: str, port: int) -> None:
    """Run until SIGINT or SIGTERM."""
    if demo and settings.production:
        raise NoDemoInProduction
    require_free(host, port)
    print_own_address(settings, host, port)
    logins = prepare(settings, demo=demo)
    children = (
        Child("web", (sys.executable, "-m", "app.cli.web", host, str(port))),
        Child("scheduler", (sys.executable, "-m", "app.cli", "scheduler")),
    )
    stop = _stop_on_signals()
    _keep(children, stop, announce=lambda: _announce(host, port, logins))


def require_free(host: str, port: int) -> None:
    """Refuse in one line when the port cannot be had."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.create_server((host, port), family=family):
            pass
    except OSError as error:
        raise PortTaken(host=host, port=port, other=port + 1) from error


def print_own_address(settings: Settings, host: str, port: int) -> None:
    """Documents lead to this service where the settings name no address; its processes inherit it."""
    if "public_url" not in settings.model_fields_set:
        os.environ["GREENPLEDGE_PUBLIC_URL"] = f"http://{_reachable(host)}:{port}"


def prepare(settings: Settings, *, demo: bool) -> list[dict[str, Any]]:
    """Bring schema and tables up to date, with --demo the demonstration too; gives its logins."""
    with any_database(settings) as store:
        if migrations.status(store.engine).state is not migrations.SchemaState.CURRENT:
            migrations.upgrade(store.engine)
        if not is_seeded(store):
            seed(store)
        return _demo_logins(settings, store) if demo else []


def _demo_logins(settings: Settings, store: Database) -> list[dict[str, Any]]:
    """Load the demonstration once; later starts read the logins that were kept then."""
    with store.read() as session:
        loaded = is_loaded(session)
    if not loaded:
        require_fonts()
        click.echo(say(N_("Loading the demonstration ...")))
        load_demonstration(settings, store)
    return read_logins(logins_file(settings))


def require_fonts() -> None:
    """Refuse to begin what would end where the first document is printed."""
    if missing := missing_fonts(FONT_FOLDER):
        raise FontsNotSetUp(files=missing)


def load_demonstration(settings: Settings, store: Database) -> dict[str, Any]:
    """Load the demonstration into an empty database and keep its logins for later starts."""
    answer = load(store)
    keep_logins(logins_file(settings), answer["users"])
    return answer


def logins_file(settings: Settings) -> Path:
    """Where the logins of the demonstration are kept."""
    return settings.home / _LOGINS


def keep_logins(path: Path, users: list[dict[str, Any]]) -> None:
    """Keep the logins where only the owner reads them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(users, ensure_ascii=False), encoding="utf-8")


def read_logins(path: Path) -> list[dict[str, Any]]:
    """The logins kept; none when the demonstration was loaded from elsewhere."""
    if not path.exists():
        return []
    users: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return users


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _keep(children: Sequence[Child], stop: threading.Event, announce: Callable[[], None]) -> None:
    teller = threading.Thread(target=announce, daemon=True)
    try:
        for child in children:
            child.look(time.monotonic())
        teller.start()
        while not stop.wait(_LOOK_SECONDS):
            for child in children:
                child.look(time.monotonic())
    finally:
        for child in children:
            child.stop()
        until = time.monotonic() + LEAVE_SECONDS
        for child in children:
            child.wait(until)


def _announce(host: str, port: int, logins: list[dict[str, Any]]) -> None:
    """Say where the service is once it answers."""
    address = f"http://{_reachable(host)}:{port}"
    while not wait_until_ready(address):
        click.echo(say(_SLOW, {"seconds": READY_SECONDS}), err=True)
    click.echo(say(N_("greenpledge is ready: %(address)s"), {"address": address}))
    for user in logins:
        line = f"  {user['login']:<16} {user['password']:<24} {user['role']:<24} {user['organisation']}"
        click.echo(line)
    click.echo(say(N_("Stop with Ctrl-C.")))
    sys.stdout.flush()


def _reachable(host: str) -> str:
    """An address that a browser on this machine can open."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"[{shown}]" if ":" in shown else shown


def wait_until_ready(address: str, seconds: float = READY_SECONDS) -> bool:
    """Ask /readyz until it answers 200; False when it does not in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(  # noqa: S310 - our own address
                f"{address}/readyz", timeout=5
            ) as answer,
        ):
            if answer.status == 200:
                return True
        time.sleep(_LOOK_SECONDS)
    return False
