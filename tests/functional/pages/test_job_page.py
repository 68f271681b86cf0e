"""The job page."""

import threading
from datetime import time

from app.jobs.domain import JobRule
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
    english = sign_in("sys-1", language="en").get("/jobs").text
    assert "Daily revaluation" in english
    assert "No scheduler is at work" in english
