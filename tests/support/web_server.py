"""Real web processes for tests of races: gunicorn on loopback, on a database of the test."""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from app.kernel.ids import new_id

ROOT: Final = Path(__file__).resolve().parents[2]
START_SECONDS: Final = 60
REQUEST_SECONDS: Final = 60
SHIPPED: Final = "wsgi:app"
PROGRAM: Final = "import app.assembly; from gunicorn.app.wsgiapp import run; run()"
"""Modules are imported before the workers part, as `serve` does it; each makes its own app."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Status and body of a response."""

    status: int
    body: Any

    @property
    def code(self) -> str:
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebServer:
    """A running service that tests call as many programs at once."""

    port: int

    def send(
        self, method: str, path: str, token: str, body: Any = None, *, etag: str = ""
    ) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=REQUEST_SECONDS)
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Idempotency-Key": new_id().hex,
        }
        if etag:
            headers["If-Match"] = etag
        try:
            connection.request(method, f"/api/v1{path}", json.dumps(body), headers)
            response = connection.getresponse()
            return Answer(status=response.status, body=json.loads(response.read() or b"null"))
        finally:
            connection.close()

    def at_once(self, calls: Sequence[dict[str, Any]]) -> list[Answer]:
        """All calls leave together."""
        gate = threading.Barrier(len(calls))

        def call(given: dict[str, Any]) -> Answer:
            gate.wait()
            return self.send(**given)

        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(call, calls))


@contextmanager
def web_server(database_url: str, home: Path, module: str = SHIPPED) -> Iterator[WebServer]:
    """Two workers of four threads, as the service is shipped, serving `module`."""
    port = _free_port()
    options = (
        *("--bind", f"127.0.0.1:{port}", "--worker-class", "gthread"),
        *("--workers", "2", "--threads", "4", "--log-level", "error"),
    )
    environment = {
        **os.environ,
        "GREENPLEDGE_ENV": "test",
        "GREENPLEDGE_HOME": str(home),
        "GREENPLEDGE_DATABASE_URL": database_url,
        "GREENPLEDGE_SECRET_KEY": "a key for tests only, of thirty-two characters",
        "GREENPLEDGE_LOG_LEVEL": "ERROR",
    }
    command = (sys.executable, "-c", PROGRAM, module, *options)
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            _wait_until_ready(process, port, home / "server.log")
            yield WebServer(port=port)
        finally:
            process.terminate()
            process.wait(timeout=START_SECONDS)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise AssertionError(log.read_text(encoding="utf-8", errors="replace")[-3000:])
