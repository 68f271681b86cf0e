"""The job API: who may look, and what it shows."""

import threading
from datetime import time

from app.jobs.domain import JobRule, Scope
from app.jobs.runner import ShortJob, run_due
from app.kernel.actor import Name


def run_once(database):
    rule = JobRule(name="revaluation", title=Name(zh="每日重估", en="Daily"), daily_at=time(1))
    job = ShortJob(rule=rule, effect=lambda *_: {"done": 3})
    assert run_due(database, job, owner="one", stop=threading.Event()) == 1


def test_jobs_show_their_rhythm_and_last_run(api, database):
    run_once(database)
    answer = api("sys-1").get("/jobs").json
    by_name = {job["name"]: job for job in answer["jobs"]}
    assert by_name["revaluation"]["daily_at"] == "02:00"
    assert by_name["revaluation"]["last"]["state"] == "done"
    assert by_name["revaluation"]["last"]["facts"] == {"done": 3}
    assert by_name["collateral-watch"]["last"] is None
    assert {job["visible"] for job in answer["jobs"]} == {True}
    assert by_name["collateral-watch"]["every_seconds"] == 5
    assert answer["alive"] is False


def test_who_may_not_read_jobs_is_refused(api):
    assert api("a-officer").get("/jobs", status=403).json["code"] == "forbidden"


def test_bank_sees_its_own_runs_only(api, database, world):
    rule = JobRule(
        name="collateral-watch",
        title=Name(zh="押品盯市", en="Watch"),
        daily_at=time(1),
        scope=Scope.BANK,
    )
    job = ShortJob(rule=rule, effect=lambda *_: {"loans_measured": 1})
    assert run_due(database, job, owner="one", stop=threading.Event()) == 2
    run_once(database)
    by_name = {job["name"]: job for job in api("a-ops").get("/jobs").json["jobs"]}
    assert by_name["collateral-watch"]["last"]["scope"] == str(world.organisation("A"))
    assert by_name["revaluation"]["last"] is None
    assert (by_name["collateral-watch"]["visible"], by_name["revaluation"]["visible"]) == (
        True,
        False,
    )
