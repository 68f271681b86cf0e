"""A tick has one effect, whoever asks for it and however often."""

import threading
from datetime import time, timedelta

import pytest
import sqlalchemy as sa

from app.audit.models import AuditEvent
from app.audit.services import record
from app.db.leases import LeaseLost
from app.db.numbers import next_number
from app.jobs import runs
from app.jobs.domain import MAX_ATTEMPTS, JobRule, RunState, Scope
from app.jobs.models import JobRun
from app.jobs.runner import LongJob, ShortJob, platform_actor, run_due
from app.kernel.actor import Name

NAME = Name(zh="任务", en="Job")
STOP = threading.Event()


def daily(**changes):
    return JobRule(name="test-job", title=NAME, daily_at=time(1), catch_up_days=7, **changes)


def polling(**changes):
    return JobRule(name="test-job", title=NAME, every_seconds=5, **changes)


def count_up(session, _turn):
    return {"number": next_number(session, "X", 1)}


def effects(database):
    with database.read() as session:
        found = session.execute(
            sa.text("SELECT last FROM number_series WHERE series = 'X'")
        ).scalar()
    return found or 0


def all_runs(database):
    with database.read() as session:
        return session.execute(sa.select(JobRun).order_by(JobRun.tick)).scalars().all()


def run(database, job, owner="one"):
    return run_due(database, job, owner=owner, stop=STOP)


def test_second_look_at_the_same_tick_does_nothing(database):
    job = ShortJob(rule=daily(), effect=count_up)
    assert run(database, job) == 1
    assert run(database, job, "two") == 0
    assert effects(database) == 1


def test_what_a_job_does_names_its_run_in_the_journal(database):
    def effect(session, turn):
        record(session, turn.actor, "thing.do", subject_kind="thing", subject_id="1")
        return {}

    assert run(database, ShortJob(rule=daily(), effect=effect)) == 1
    with database.write() as session:
        count_up(session, None)
        record(session, platform_actor(), "thing.do", subject_kind="thing", subject_id="2")
    with database.read() as session:
        kept = session.execute(sa.select(AuditEvent.request_id).order_by(AuditEvent.seq)).scalars()
        assert list(kept) == [f"test-job@{all_runs(database)[0].tick}", ""]


def test_missed_days_run_in_order(database, clock):
    ticks = []

    def effect(session, turn):
        ticks.append(turn.tick)
        return count_up(session, turn)

    job = ShortJob(rule=daily(), effect=effect)
    run(database, job)
    clock.instant += timedelta(days=3)
    assert run(database, job) == 3
    assert ticks == ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05"]


def test_short_job_that_finds_nothing_leaves_no_trace(database):
    assert run(database, ShortJob(rule=polling(), effect=lambda *_: None)) == 0
    assert all_runs(database) == []


def test_daily_job_that_finds_nothing_is_done(database):
    assert run(database, ShortJob(rule=daily(), effect=lambda *_: None)) == 1
    assert [row.state for row in all_runs(database)] == [RunState.DONE]


def test_effect_of_a_failed_short_job_is_undone_and_the_failure_is_kept(database):
    def effect(session, turn):
        count_up(session, turn)
        raise ValueError("secret figures")

    assert run(database, ShortJob(rule=daily(), effect=effect)) == 0
    assert effects(database) == 0
    (row,) = all_runs(database)
    assert (row.state, row.detail) == (RunState.FAILED, "ValueError")


def test_failed_day_is_tried_again_after_a_rest_and_given_up_in_the_end(database, clock):
    attempts = []

    def work(_database, _turn):
        attempts.append(clock.instant)
        raise OSError

    job = LongJob(rule=daily(), work=work)
    run(database, job)
    run(database, job)
    assert len(attempts) == 1
    for _ in range(MAX_ATTEMPTS + 2):
        clock.instant += timedelta(minutes=31)
        run(database, job)
    assert len(attempts) == MAX_ATTEMPTS


def test_job_that_looks_often_keeps_only_its_last_run(database, clock):
    job = ShortJob(rule=polling(), effect=count_up)
    for _ in range(3):
        assert run(database, job) == 1
        clock.instant += timedelta(seconds=5)
    assert len(all_runs(database)) == 1
    assert effects(database) == 3


def test_long_job_is_not_claimed_while_nothing_waits(database):
    job = LongJob(rule=polling(), work=lambda *_: {}, needed=lambda _session: False)
    assert run(database, job) == 0
    assert all_runs(database) == []


def test_job_for_banks_runs_once_for_each_and_one_failure_stops_no_other(database, world):
    seen = []

    def effect(_session, turn):
        seen.append(turn.actor.organisation_id)
        if turn.actor.organisation_id == world.organisation("A"):
            raise ValueError
        return {}

    assert run(database, ShortJob(rule=daily(scope=Scope.BANK), effect=effect)) == 1
    assert seen == [world.organisation("A"), world.organisation("B")]


@pytest.fixture
def claimed(database):
    with database.write() as session:
        return runs.claim_run(session, daily(lease_seconds=10), scope="", tick="t", owner="one")


def claim_again(database, owner="two", tick="t"):
    with database.write() as session:
        return runs.claim_run(session, daily(lease_seconds=10), scope="", tick=tick, owner=owner)


def finish(database, held):
    """The effect and the end of a run in one transaction."""
    with database.write() as session:
        count_up(session, None)
        runs.complete(session, held, {}, keep=True)


def test_held_run_is_not_taken_until_its_lease_ends(database, clock, claimed):
    clock.instant += timedelta(seconds=10)
    assert claim_again(database) is None
    clock.instant += timedelta(seconds=1)
    taken = claim_again(database)
    assert taken.attempt == 2
    assert taken.fence > claimed.fence


def test_only_one_tick_of_a_job_runs_at_a_time(database, claimed):
    assert claim_again(database, tick="t2") is None


def test_holder_that_was_replaced_can_neither_finish_nor_write(database, clock, claimed):
    clock.instant += timedelta(seconds=11)
    taken = claim_again(database)
    with pytest.raises(LeaseLost):
        finish(database, claimed)
    assert effects(database) == 0
    with pytest.raises(LeaseLost), database.write() as session:
        runs.renew(session, claimed)
    finish(database, taken)
    assert effects(database) == 1
    assert [row.state for row in all_runs(database)] == [RunState.DONE]


def test_renewed_lease_lasts_longer(database, clock, claimed):
    clock.instant += timedelta(seconds=8)
    with database.write() as session:
        runs.renew(session, claimed)
    clock.instant += timedelta(seconds=8)
    assert claim_again(database) is None


def test_many_threads_claim_one_tick_once(database):
    job = ShortJob(rule=daily(), effect=count_up)
    threads = [threading.Thread(target=run, args=(database, job, f"t{n}")) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert effects(database) == 1
