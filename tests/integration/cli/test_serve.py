"""The one command that runs everything: real processes, killed and stopped."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.conftest import DEEP

ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS = 90
"""Starts take a few seconds; other tests may need both cores meanwhile."""


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def serve(tmp_path):
    """Start the service in a process of its own; whatever is left of it is killed."""
    started = []

    def start(*options, **environment):
        said = tmp_path / f"said-{len(started)}.txt"
        with said.open("w") as sink:
            process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "serve", *map(str, options)],
                cwd=ROOT,
                env={
                    **os.environ,
                    "LANG": "en",
                    "GREENPLEDGE_HOME": str(tmp_path / "home"),
                    "GREENPLEDGE_LOG_LEVEL": "ERROR",
                    **environment,
                },
                stdout=sink,
                stderr=subprocess.STDOUT,
            )
        process.said = said
        started.append(process)
        return process

    yield start
    for process in started:
        for child in children_of(process):
            os.kill(child, signal.SIGKILL)
        process.kill()
        process.wait()


def children_of(process):
    found = subprocess.run(
        ["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=False
    )
    return [int(line) for line in found.stdout.split()]


def child_named(process, name):
    listed = subprocess.run(
        ["pgrep", "-P", str(process.pid), "-f", name], capture_output=True, text=True, check=False
    )
    return [int(line) for line in listed.stdout.split()]


def answers(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def wait_for(condition, seconds=PATIENCE_SECONDS):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.1)


def lines_until(process, mark):
    """What the service said, once it has said the mark."""
    end = time.monotonic() + PATIENCE_SECONDS
    while mark not in process.said.read_text(encoding="utf-8"):
        assert time.monotonic() < end, process.said.read_text(encoding="utf-8")
        assert process.poll() is None, process.said.read_text(encoding="utf-8")
        time.sleep(0.1)
    return process.said.read_text(encoding="utf-8").splitlines()


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def home(demonstration, tmp_path):
    """Where `demo load` has been; in a deep run nothing stands there, and `serve` loads by the same steps."""
    return str(tmp_path / "home" if DEEP else demonstration())


def test_service_starts_with_its_demonstration_heals_and_stops(serve, port, home):
    process = serve("--demo", "--port", port, GREENPLEDGE_HOME=home)
    told = lines_until(process, "Ctrl-C")
    assert any(f"http://127.0.0.1:{port}" in line for line in told)
    logins = [line for line in told if re.match(r"\s+a-officer\s+\S+\s+loan-officer\s+A", line)]
    assert len(logins) == 1
    assert answers(port)

    (web,) = child_named(process, "app.cli.web")
    (scheduler,) = child_named(process, "scheduler")
    os.kill(web, signal.SIGKILL)
    os.kill(scheduler, signal.SIGKILL)
    wait_for(lambda: child_named(process, "app.cli.web") not in ([], [web]))
    wait_for(lambda: child_named(process, "scheduler") not in ([], [scheduler]))
    wait_for(lambda: answers(port))

    children = children_of(process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=40) == 0
    assert not any(alive(child) for child in children)
    assert not answers(port)
    if not DEEP:
        # The logins were those that `demo load` had kept.
        return

    again = serve("--demo", "--port", port, GREENPLEDGE_HOME=home)
    assert any("a-officer" in line for line in lines_until(again, "Ctrl-C"))


@pytest.mark.deep
def test_children_end_with_a_supervisor_that_was_killed(serve, port):
    process = serve("--port", port)
    lines_until(process, "ready")
    children = children_of(process)
    assert len(children) == 2
    process.kill()
    wait_for(lambda: not any(alive(child) for child in children))


def test_taken_port_is_said_in_one_line_with_the_remedy(serve):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        process = serve("--port", port)
        assert process.wait(timeout=PATIENCE_SECONDS) == 1
    assert f"--port {port + 1}" in process.said.read_text(encoding="utf-8")


def test_demonstration_is_refused_in_production(serve, port):
    process = serve("--demo", "--port", port, GREENPLEDGE_ENV="production")
    assert process.wait(timeout=PATIENCE_SECONDS) == 1
    assert "No demonstration in production" in process.said.read_text(encoding="utf-8")
