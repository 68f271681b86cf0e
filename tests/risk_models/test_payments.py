"""Yearly payments are counted on the calendar and come smoothly nearer from day to day."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_models.contract import Recorder
from risk_models.payments import anniversaries
from risk_models.trace import recompute, whole_years

DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 12, 31))


def _column(*days):
    return np.array(days, dtype="datetime64[D]")


def _due(since, on, ends, growth=None, steps=None):
    return anniversaries(
        steps or Recorder(),
        paid_each_year_since=_column(since),
        valuation_on=np.datetime64(on),
        right_ends_on=_column(ends),
        growth_share=None if growth is None else np.array([growth]),
    )


def _count(due):
    at = due.first[0] + np.arange(due.profile.values.shape[1])
    return int(np.sum(at <= due.term[0] + 1e-9))


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("2024-02-01", "2027-01-31", 2),
        ("2024-02-01", "2027-02-01", 3),
        ("2024-02-29", "2025-02-28", 0),
        ("2024-02-29", "2025-03-01", 1),
        ("2024-02-29", "2028-02-29", 4),
        ("2024-02-01", "2024-01-31", -1),
        ("1969-12-31", "1970-12-31", 1),
    ],
)
def test_years_are_completed_on_the_calendar(since, until, expected):
    assert whole_years(_column(since), _column(until))[0] == expected


@given(since=DAYS, until=DAYS)
def test_whole_years_agree_with_the_calendar(since, until):
    expected = until.year - since.year - ((until.month, until.day) < (since.month, since.day))
    assert whole_years(_column(since), _column(until))[0] == expected


@pytest.mark.parametrize("year", [2023, 2024, 2025, 2026])
def test_a_payment_on_the_day_the_right_ends_counts_in_every_year(year):
    """Three years are 1,095 or 1,096 days; neither loses the third payment."""
    due = _due(f"{year}-02-01", f"{year}-02-01", f"{year + 3}-02-01")
    assert _count(due) == 3
    assert _count(_due(f"{year}-02-01", f"{year}-02-01", f"{year + 3}-01-31")) == 2


@pytest.mark.parametrize("year", [2023, 2024, 2025, 2026])
def test_a_payment_due_on_the_valuation_day_counts_as_received(year):
    before = date(year, 12, 30)
    since, ends = date(year - 1, 12, 31), date(year + 2, 12, 31)
    assert _count(_due(since, before, ends)) == 3
    assert _count(_due(since, before + timedelta(days=1), ends)) == 2


@given(since=DAYS, passed=st.integers(0, 12_000), left=st.integers(1, 12_000))
def test_the_next_payment_is_never_past_nor_further_than_a_year(since, passed, left):
    on = since + timedelta(days=passed)
    due = _due(since, on, on + timedelta(days=left))
    assert 0.0 < due.first[0] <= 1.0 + 1.0 / 365.25


def test_payments_that_have_not_begun_start_on_their_day():
    due = _due("2025-06-26", "2023-12-26", "2027-12-31")
    assert due.first[0] == pytest.approx(548 / 365.25)
    assert _count(due) == 3


def test_no_payment_is_left_when_the_right_ends_before_the_next():
    assert _count(_due("2023-12-31", "2024-06-30", "2024-12-30")) == 0


def test_the_payments_come_nearer_by_a_day_each_day():
    days = [date(2024, 2, 25) + timedelta(days=at) for at in range(10)]
    first = [_due("2020-07-01", day, "2030-07-01").first[0] for day in days]
    assert np.diff(first) == pytest.approx(-1.0 / 365.25)


def test_payments_grow_from_the_second_on():
    due = _due("2023-12-31", "2023-12-31", "2026-12-31", growth=0.1)
    assert due.profile.values[0] == pytest.approx([1.0, 1.1, 1.21])


def test_steps_follow_from_what_is_printed():
    steps = Recorder(on=True)
    _due("2021-02-28", "2023-12-26", "2030-02-28", growth=0.02, steps=steps)
    assert recompute(steps.steps) == []
    assert [each.name for each in steps.steps][-1] == "growth_path"
