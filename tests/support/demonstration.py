"""The home folder of the demonstration, loaded by the command once a run; every test takes a copy."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.runs import one_at_a_time

ROOT = Path(__file__).parents[2]
ANSWER = "loaded.json"
"""What `greenpledge demo load --json` said, beside the database."""


def copy_of_demonstration(target: Path, runs_folder: Path) -> Path:
    """A home folder with the demonstration in it; `runs_folder` is shared by all processes of a run."""
    with one_at_a_time(runs_folder, "demonstration"):
        home = runs_folder / "demonstration"
        if not (home / ANSWER).exists():
            _load(home)
    shutil.copytree(home, target)
    return target


def command(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the service's settings for a home folder."""
    kept = {name: value for name, value in os.environ.items() if "GREENPLEDGE_" not in name}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**kept, "GREENPLEDGE_HOME": str(home), "LANG": "en"},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def greenpledge(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the service on a home folder."""
    return command(home, "-m", "app.cli", *arguments)


def _load(home: Path) -> None:
    for arguments in (("db", "upgrade"), ("demo", "load", "--json")):
        done = greenpledge(home, *arguments)
        if done.returncode:
            raise RuntimeError(done.stderr)
    (home / ANSWER).write_text(done.stdout, encoding="utf-8")
