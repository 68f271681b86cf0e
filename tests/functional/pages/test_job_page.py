"""The job page."""

import threading
from datetime import time

from app.jobs.domain import JobRule, Scope
from app.jobs.runner import ShortJob, run_due
from app.kernel.actor import Name


def run_once(database):
    rule = JobRule(name="revaluation", title=Name(zh="每日重估", en="Daily"), daily_at=time(1))
    job = ShortJob(rule=rule, effect=lambda *_: {"done": 3})
    assert run_due(database, job, owner="one", stop=threading.Event()) == 1


def test_page_shows_jobs_and_runs_in_both_languages(sign_in, database):
    run_once(database)
    chinese = sign_in("sys-1").get("/jobs").text
    assert "每日重估" in chinese
    assert "完成" in chinese
    assert "已估值: 3" in chinese
    assert "done=3" not in chinese
    english = sign_in("sys-1", language="en").get("/jobs").text
    assert "Daily revaluation" in english
    assert "No scheduler is at work" in english


def test_slots_are_days_or_instants_of_here_and_runs_name_their_bank(sign_in, database):
    """The clock stands at 02:00 UTC: ten o'clock in Shanghai."""
    run_once(database)
    title = Name(zh="押品盯市", en="Watch")
    rule = JobRule(name="collateral-watch", title=title, scope=Scope.BANK, every_seconds=60)
    job = ShortJob(rule=rule, effect=lambda *_: {"loans_measured": 1})
    assert run_due(database, job, owner="one", stop=threading.Event()) >= 1
    page = sign_in("sys-1", language="en").get("/jobs").text
    assert "2024-01-02 10:00:00" in page
    assert "T02:00:00Z" not in page
    assert ">2024-01-02</td>" in page
    assert "Yanzhi Demo Rural Commercial Bank" in page
    assert "Loans measured: 1" in page


def test_a_bank_is_told_that_runs_for_the_platform_are_not_shown_to_it(sign_in, database):
    run_once(database)
    words = "Runs for the whole platform; not shown to a bank"
    assert words in sign_in("a-ops", language="en").get("/jobs").text
    assert words not in sign_in("sys-1", language="en").get("/jobs").text
