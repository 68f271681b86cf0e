"""`greenpledge verify` as a process on a loaded demonstration: clean, and naming what SQL changed."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("demonstration")
    for arguments in (("db", "upgrade"), ("demo", "load", "--json")):
        done = greenpledge(folder, *arguments)
        assert done.returncode == 0, done.stderr
    return folder


def greenpledge(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("GREENPLEDGE_")
    }
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=ROOT,
        env={**environment, "GREENPLEDGE_HOME": str(home), "LANG": "en"},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def verified(home: Path) -> tuple[int, dict]:
    done = greenpledge(home, "verify", "--json")
    return done.returncode, json.loads(done.stdout)


def test_the_demonstration_is_clean_until_a_row_is_changed_by_hand(home):
    assert verified(home) == (0, {"ok": True, "violations": []})

    (database,) = home.glob("*.db")
    with sqlite3.connect(database) as connection:
        row = "(SELECT min(id) FROM loan_posting)"
        number = connection.execute(
            "SELECT loan.number FROM loan JOIN loan_posting ON loan_posting.loan_id = loan.id"
            f" WHERE loan_posting.id = {row}"
        ).fetchone()[0]
        connection.execute(f"UPDATE loan_posting SET amount_fen = amount_fen + 1 WHERE id = {row}")
    connection.close()

    code, answer = verified(home)
    assert (code, answer["ok"]) == (1, False)
    assert f"loan {number}" in {each["subject"] for each in answer["violations"]}
    assert all({"invariant", "subject", "detail"} == each.keys() for each in answer["violations"])
