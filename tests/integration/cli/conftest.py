"""A terminal on the test's database."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from app.cli import main


@pytest.fixture(autouse=True)
def english_terminal(monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_GB.UTF-8")


@pytest.fixture
def at(monkeypatch, tmp_path):
    """Point the command at a database and a home folder of the test's own."""

    def point(url: str, home: Path = tmp_path / "home"):
        monkeypatch.setenv("GREENPLEDGE_DATABASE_URL", url)
        monkeypatch.setenv("GREENPLEDGE_HOME", str(home))
        return home

    return point


@pytest.fixture
def run():
    """Run the command; gives exit code, answer in JSON where there is one, output and errors."""

    def call(*arguments, stdin=None):
        done = CliRunner().invoke(main, [str(each) for each in arguments], input=stdin)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        answer = json.loads(done.stdout) if "--json" in arguments and done.stdout.strip() else None
        return SimpleNamespace(code=done.exit_code, json=answer, out=done.stdout, err=done.stderr)

    return call


@pytest.fixture
def terminal(database, at, run):
    """The command on the database of the world."""
    at(database.url)
    return run
