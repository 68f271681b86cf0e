from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.jobs.domain import FIRST_WAIT, LONGEST_WAIT, JobRule, due_ticks, read_rules, wait_after
from app.kernel.actor import Name

NAME = Name(zh="任务", en="Job")


def polling(seconds=5):
    return JobRule(name="look", title=NAME, every_seconds=seconds)


def daily(at="02:00", catch_up_days=7):
    return JobRule(
        name="daily", title=NAME, daily_at=time.fromisoformat(at), catch_up_days=catch_up_days
    )


def shanghai(text):
    return datetime.fromisoformat(text + "+08:00")


def test_slot_is_the_same_for_every_instant_in_it():
    first = due_ticks(polling(), datetime(2024, 1, 2, 2, 0, 0, tzinfo=UTC), [])
    last = due_ticks(polling(), datetime(2024, 1, 2, 2, 0, 4, 999_999, tzinfo=UTC), [])
    after = due_ticks(polling(), datetime(2024, 1, 2, 2, 0, 5, tzinfo=UTC), [])
    assert first == last == ["2024-01-02T02:00:00Z"]
    assert after == ["2024-01-02T02:00:05Z"]


def test_slot_that_has_a_run_is_not_due():
    assert (
        due_ticks(polling(), datetime(2024, 1, 2, 2, 0, 3, tzinfo=UTC), ["2024-01-02T02:00:00Z"])
        == []
    )


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2024-01-02T01:59:59", []),
        ("2024-01-02T02:00:00", ["2024-01-02"]),
        ("2024-01-02T23:59:59", ["2024-01-02"]),
    ],
)
def test_day_is_due_from_its_time_on(now, due):
    assert due_ticks(daily(), shanghai(now), ["2024-01-01"]) == due


def test_days_of_a_standstill_are_made_up_for_oldest_first():
    found = due_ticks(daily(), shanghai("2024-01-06T09:00:00"), ["2024-01-01", "2024-01-02"])
    assert found == ["2024-01-03", "2024-01-04", "2024-01-05", "2024-01-06"]


def test_catch_up_has_a_limit():
    found = due_ticks(daily(catch_up_days=2), shanghai("2024-01-06T09:00:00"), ["2024-01-01"])
    assert found == ["2024-01-05", "2024-01-06"]


def test_hole_between_runs_is_filled():
    found = due_ticks(daily(), shanghai("2024-01-04T09:00:00"), ["2024-01-02", "2024-01-04"])
    assert found == ["2024-01-03"]


def test_job_that_never_ran_begins_with_the_latest_day():
    assert due_ticks(daily(), shanghai("2024-01-06T09:00:00"), []) == ["2024-01-06"]
    assert due_ticks(daily(), shanghai("2024-01-06T01:00:00"), []) == ["2024-01-05"]


@given(
    start=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    days=st.integers(0, 40),
    catch_up=st.integers(1, 20),
)
def test_looking_again_after_running_everything_finds_nothing(start, days, catch_up):
    rule = daily(catch_up_days=catch_up)
    now = shanghai(f"{start + timedelta(days=days)}T12:00:00")
    known = [start.isoformat()]
    found = due_ticks(rule, now, known)
    assert len(found) == min(days, catch_up)
    assert due_ticks(rule, now, [*known, *found]) == []


def test_wait_doubles_up_to_a_limit():
    assert wait_after(1) == FIRST_WAIT
    assert wait_after(2) == 2 * FIRST_WAIT
    assert wait_after(40) == LONGEST_WAIT


@pytest.mark.parametrize("rhythm", [{}, {"every_seconds": 5, "daily_at": time(2)}])
def test_job_has_exactly_one_rhythm(rhythm):
    with pytest.raises(ValueError, match="either"):
        JobRule(name="x", title=NAME, **rhythm)


def test_every_job_of_the_file_has_both_names_and_looks_follow_the_setting():
    rules = read_rules(7)
    assert len({rule.name for rule in rules}) == len(rules)
    assert all(rule.title.zh and rule.title.en for rule in rules)
    assert {rule.every_seconds for rule in rules if not rule.daily} == {7}
