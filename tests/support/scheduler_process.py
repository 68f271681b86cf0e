"""A scheduler with two jobs of its own, run as a process by the tests: `scheduler_process.py URL`."""

import sys
import time
from datetime import time as time_of_day

import sqlalchemy as sa

from app.audit.services import watch
from app.db.engine import Database
from app.jobs.domain import JobRule
from app.jobs.runner import LongJob, ShortJob
from app.jobs.scheduler import run_scheduler, stop_on_signals
from app.kernel.actor import Name
from app.web.operation import configure_logs

NAME = Name(zh="任务", en="Job")
INSERT = sa.text("INSERT INTO effect (job, tick) VALUES (:job, :tick)")


def count(session, turn):
    """An effect that is not repeatable, slow enough to be killed in the middle."""
    session.execute(INSERT, {"job": "count", "tick": turn.tick})
    time.sleep(0.3)
    return {"counted": 1}


def slow(database, turn):
    """Work of which the first holder never sees the end."""
    sys.stdout.write("working\n")
    sys.stdout.flush()
    time.sleep(2)
    with database.write() as session:
        session.execute(INSERT, {"job": "slow", "tick": turn.tick})
    return {}


def main(url):
    configure_logs("ERROR")
    database = Database(url)
    watch(database)
    jobs = (
        ShortJob(rule=JobRule(name="count", title=NAME, every_seconds=1), effect=count),
        LongJob(
            rule=JobRule(name="slow", title=NAME, daily_at=time_of_day(0), lease_seconds=3),
            work=slow,
        ),
    )
    run_scheduler(database, jobs, stop=stop_on_signals(), sweep_seconds=1)


if __name__ == "__main__":
    main(sys.argv[1])
