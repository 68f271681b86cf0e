"""A close of two thousand loans that is killed by force three times ends as one that was left alone."""

import hashlib
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.db.engine import Database
from app.loans.models import LoanAccrual, LoanDue, LoanPosting, LoanStateRow, NoteStateRow
from tests.conftest import DEEP, prepared_database
from tests.support.bank import Bank
from tests.support.many_loans import FIRST, fill

ROOT = Path(__file__).parents[3]
LOANS, KILLS = 2_000 if DEEP else 400, 3
PATIENCE_SECONDS = 120


def start_closing(database: Database, bank: Bank) -> "subprocess.Popen[bytes]":
    line = ("-m", "tests.support.closing_process", database.url, str(bank.id), FIRST.isoformat())
    return subprocess.Popen([sys.executable, *line], cwd=ROOT, stderr=subprocess.PIPE)


def closed_loans(database: Database) -> int:
    statement = sa.select(sa.func.count()).where(LoanStateRow.closed_on == FIRST)
    with database.read() as session:
        return int(session.execute(statement).scalar_one())


def kill_after(process: "subprocess.Popen[bytes]", database: Database, loans: int) -> None:
    """Kill the process as soon as so many loans are closed."""
    until = time.monotonic() + PATIENCE_SECONDS
    while closed_loans(database) < loans:
        assert process.poll() is None, "the close ended before it could be killed"
        assert time.monotonic() < until, "the close makes no headway"
        time.sleep(0.005)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def let_leases_expire(database: Database) -> None:
    """Spare the test the minutes for which a dead process still holds its lease."""
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE lease SET held_until = '2000-01-01 00:00:00.000000'"))


def state_hash(database: Database) -> str:
    """A hash over all rows that a close writes, without their ids: each loan has an amount of its own."""
    digest = hashlib.sha256()
    for model in (LoanAccrual, LoanPosting, LoanDue, LoanStateRow, NoteStateRow):
        table = model.__table__
        columns = [
            column
            for column in table.columns
            if not (column.name == "id" or column.name.endswith("_id"))
        ]
        with database.read() as session:
            rows = session.execute(sa.select(*columns)).all()
        for line in sorted(repr(tuple(row)) for row in rows):
            digest.update(line.encode())
    return digest.hexdigest()


@pytest.fixture
def calm(engine_name, templates, engines, clock):
    """A second copy of the database, whose close nobody disturbs."""
    with templates(engine_name).copy() as url, engines.lent(url) as engine:
        yield prepared_database(Database(url, clock=clock, engine=engine))


@pytest.mark.deep_on("postgres")
def test_a_close_killed_thrice_ends_as_one_left_alone(database, calm, world, clock):
    killed, undisturbed = (Bank(each, world, clock).open(FIRST) for each in (database, calm))
    for bank in (killed, undisturbed):
        fill(bank, LOANS, classified=True)
    places = sorted(random.sample(range(1, LOANS // 2), KILLS))
    for place in places:
        kill_after(start_closing(database, killed), database, place)
        let_leases_expire(database)
    assert 0 < closed_loans(database) < LOANS
    last = start_closing(database, killed)
    _out, said = last.communicate(timeout=PATIENCE_SECONDS)
    assert last.returncode == 0, said.decode()
    undisturbed.close(FIRST)
    assert closed_loans(database) == closed_loans(calm) == LOANS
    assert state_hash(database) == state_hash(calm), f"killed after {places} loans"
