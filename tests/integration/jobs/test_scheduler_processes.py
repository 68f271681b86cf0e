"""Real scheduler processes side by side, one of them killed in the middle of its work."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.jobs.domain import RunState
from app.jobs.models import JobRun, SchedulerProcess

ROOT = Path(__file__).parents[3]
PROGRAM = ROOT / "tests" / "support" / "scheduler_process.py"
COMPILED = {name: os.environ[name] for name in ("PYTHONPYCACHEPREFIX",) if name in os.environ}
"""Where compiled modules lie, so that no process compiles them again."""


@pytest.fixture
def start(database):
    with database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE effect (job text, tick text)")
    running = []

    def begin():
        url = database.url
        process = subprocess.Popen(
            [sys.executable, str(PROGRAM), url],
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), **COMPILED},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()


def effects(database, job):
    with database.read() as session:
        statement = sa.text("SELECT tick FROM effect WHERE job = :job ORDER BY tick")
        return session.execute(statement, {"job": job}).scalars().all()


def wait_for(condition, seconds=40):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.1)


@pytest.mark.deep_on("sqlite")
def test_killed_scheduler_is_replaced_and_no_tick_has_two_effects(database, start):
    first = start()
    assert first.stdout.readline() == "working\n"
    others = [start(), start()]
    first.send_signal(signal.SIGKILL)
    wait_for(lambda: effects(database, "slow"))
    wait_for(lambda: len(effects(database, "count")) >= 5)
    for process in others:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0

    assert len(effects(database, "slow")) == 1
    counted = effects(database, "count")
    assert len(counted) == len(set(counted))
    with database.read() as session:
        slow = session.execute(sa.select(JobRun).where(JobRun.job == "slow")).scalar_one()
        assert (slow.state, slow.attempt) == (RunState.DONE, 2)
        # Those that stopped in order have taken their names off; the killed one has not.
        assert len(session.execute(sa.select(SchedulerProcess)).scalars().all()) == 1
