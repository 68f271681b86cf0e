"""`greenpledge verify` as a process on a loaded demonstration: clean, and naming what SQL changed."""

import json
import sqlite3
from pathlib import Path

import pytest

from tests.support.demonstration import greenpledge


@pytest.fixture
def home(demonstration) -> Path:
    return demonstration()


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
