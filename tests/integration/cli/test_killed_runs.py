"""Revaluation and day close as processes that are killed by force again and again: nothing is lost or done twice."""

import shutil
import signal
import sqlite3
from pathlib import Path

import pytest

from tests.conftest import DEEP
from tests.support.demonstration import command, greenpledge

FIRST_LIFE = 4
LONGER = 3 if DEEP else 25
"""By how many commits each life is longer than the one before."""

LIVES = 60

# Runs the command line with a death by SIGKILL just before a commit.
MORTAL = """
import itertools, os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine

last, commits = int(sys.argv.pop(1)), itertools.count(1)

@event.listens_for(Engine, "commit")
def die(connection):
    if next(commits) == last:
        os.kill(os.getpid(), signal.SIGKILL)

from app.cli import main
main(prog_name="greenpledge")
"""

RESULTS = (
    *("valuation", "asset_value", "revaluation_run", "revaluation_item", "loan_cover"),
    *("margin_call", "loan_state", "note_state", "loan_accrual", "loan_posting", "loan_due"),
    *("loan_month_end", "bank_day", "day_close"),
)
"""The tables that the work of a night writes."""

LASTING = {"loan_id", "note_id", "asset_id", "bank_id"}
"""Ids of rows that were there before; all others are new with every run."""

DAY = "2024-01-02"
"""The day that the demonstration opens on."""


@pytest.fixture
def loaded(demonstration) -> Path:
    return demonstration()


def lived(home: Path, *arguments: str) -> int:
    """Run a command until it lives to its end; the number of deaths. Each life is longer than the one before."""
    for deaths in range(LIVES):
        done = command(home, "-c", MORTAL, str(FIRST_LIFE + LONGER * deaths), *arguments)
        if done.returncode == 0:
            return deaths
        assert done.returncode == -signal.SIGKILL, done.stderr + done.stdout
        let_leases_expire(home)
    pytest.fail(f"{arguments[0]} makes no headway when it is killed")


def let_leases_expire(home: Path) -> None:
    """Spare the test the minute that the dead process's leases are still held for."""
    with sqlite3.connect(home / "greenpledge.db") as connection:
        connection.execute("UPDATE lease SET held_until = '2000-01-01 00:00:00.000000'")
    connection.close()


def results(home: Path) -> dict[str, list[tuple[object, ...]]]:
    """What the runs left, without ids, versions and moments of their own."""
    found = {}
    with sqlite3.connect(home / "greenpledge.db") as connection:
        for table in RESULTS:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            kept = [
                f'"{name}"'
                for name in columns
                if name in LASTING
                or not (name.endswith(("_id", "_at", "version")) or name in {"id", "fence"})
            ]
            rows = connection.execute(f"SELECT {', '.join(kept)} FROM {table}").fetchall()
            found[table] = sorted(rows, key=repr)
    connection.close()
    return found


@pytest.mark.deep
def test_a_night_killed_again_and_again_ends_as_an_undisturbed_one(loaded, tmp_path):
    calm, killed = tmp_path / "calm", tmp_path / "killed"
    shutil.copytree(loaded, calm)
    shutil.copytree(loaded, killed)
    deaths = {}
    for work in ("revalue", "close-day"):
        done = greenpledge(calm, work, "--on", DAY)
        assert done.returncode == 0, done.stderr
        deaths[work] = lived(killed, work, "--on", DAY)
    assert all(count > 0 for count in deaths.values()), deaths
    wanted, found = results(calm), results(killed)
    assert wanted["revaluation_run"], "the calm night revalued nothing"
    assert wanted["loan_accrual"] != results(loaded)["loan_accrual"], "nothing accrued"
    for table in RESULTS:
        assert found[table] == wanted[table], table
    verified = greenpledge(killed, "verify")
    assert verified.returncode == 0, verified.stdout
