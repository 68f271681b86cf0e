from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.schedule_dates import (
    Every,
    MonthEnd,
    Rhythm,
    quarterly_interest_days,
    quarterly_principal_days,
)

MONTHLY = Every(months=1)


@pytest.mark.parametrize("text", ["1m", "2m", "3m", "6m", "12m", "7d", "14d", "15d"])
def test_step_survives_reading_and_writing(text):
    assert str(Every.parse(text)) == text


@pytest.mark.parametrize("text", ["", "m", "0m", "-1m", "1y", "1M", "01m", "121m", "3661d", "1.5m"])
def test_step_refuses_every_other_text(text):
    with pytest.raises(ValueError, match=r"step"):
        Every.parse(text)


@pytest.mark.parametrize("parts", [{}, {"months": 1, "days": 1}, {"months": -1, "days": 0}])
def test_step_is_either_months_or_days(parts):
    with pytest.raises(ValueError, match="positive number of either"):
        Every(**parts)


def due_texts(periods, **rhythm):
    return [str(day) for day in Rhythm(**rhythm).due_dates(periods)]


def test_missing_day_is_clamped_to_the_end_of_its_month():
    dues = due_texts(3, start_on=date(2025, 1, 31), every=MONTHLY)
    assert dues == ["2025-02-28", "2025-03-31", "2025-04-30"]


def test_missing_day_rolls_to_the_first_of_the_next_month():
    dues = due_texts(3, start_on=date(2025, 1, 31), every=MONTHLY, month_end=MonthEnd.ROLL)
    assert dues == ["2025-03-01", "2025-03-31", "2025-05-01"]


def test_own_first_due_day_becomes_the_anchor():
    dues = due_texts(3, start_on=date(2023, 11, 3), every=MONTHLY, first_due_on=date(2023, 12, 31))
    assert dues == ["2023-12-31", "2024-01-31", "2024-02-29"]


def test_first_due_day_on_the_rhythm_keeps_the_anchor_of_the_start():
    rhythm = Rhythm(start_on=date(2025, 1, 31), every=MONTHLY, first_due_on=date(2025, 2, 28))
    assert rhythm.starts_regularly
    assert rhythm.due_dates(2)[1] == date(2025, 3, 31)


@pytest.mark.parametrize(
    ("first_due_on", "dues"),
    [
        (date(2016, 11, 30), ["2016-11-30", "2017-02-28", "2017-05-31"]),
        (date(2016, 11, 29), ["2016-11-29", "2017-02-28", "2017-05-29"]),
    ],
)
def test_a_first_due_day_is_the_anchor_unless_it_is_one_step_after_the_start(first_due_on, dues):
    quarters = Every(months=3)
    found = due_texts(3, start_on=date(2016, 8, 31), every=quarters, first_due_on=first_due_on)
    assert found == dues


def test_fortnights_count_days():
    assert due_texts(2, start_on=date(2024, 2, 20), every=Every(days=14)) == [
        "2024-03-05",
        "2024-03-19",
    ]


def test_due_days_stop_at_the_maturity():
    rhythm = Rhythm(start_on=date(2024, 1, 15), every=Every(months=3))
    assert rhythm.due_dates_until(date(2024, 7, 15))[-2:] == (date(2024, 4, 15), date(2024, 7, 15))
    assert rhythm.due_dates_until(date(2024, 7, 16))[-2:] == (date(2024, 7, 15), date(2024, 7, 16))
    assert rhythm.due_dates_until(date(2024, 1, 16)) == (date(2024, 1, 16),)


rhythms = st.builds(
    Rhythm,
    start_on=st.dates(date(1950, 1, 1), date(2150, 1, 1)),
    every=st.one_of(
        st.builds(Every, months=st.integers(1, 12)), st.builds(Every, days=st.integers(1, 100))
    ),
    month_end=st.sampled_from(MonthEnd),
)


@given(rhythms, st.integers(1, 60))
def test_due_days_strictly_increase_after_the_start(rhythm, periods):
    dues = (rhythm.start_on, *rhythm.due_dates(periods))
    assert all(before < after for before, after in pairwise(dues))
    assert rhythm.due_date(periods) == dues[-1]


def test_quarterly_interest_is_paid_on_the_21st_and_with_the_principal():
    days = quarterly_interest_days(date(2023, 12, 26), date(2024, 12, 25))
    assert [str(day) for day in days] == [
        "2024-03-21",
        "2024-06-21",
        "2024-09-21",
        "2024-12-21",
        "2024-12-25",
    ]


def test_quarterly_interest_of_a_start_on_a_payment_day_is_paid_a_quarter_later():
    days = quarterly_interest_days(date(2024, 3, 21), date(2024, 6, 21))
    assert days == (date(2024, 6, 21),)


def test_quarterly_interest_of_a_start_on_the_settlement_day_is_paid_next_day():
    days = quarterly_interest_days(date(2024, 3, 20), date(2024, 4, 20))
    assert days == (date(2024, 3, 21), date(2024, 4, 20))


def test_quarterly_principal_begins_in_the_next_quarter_and_ends_at_maturity():
    days = quarterly_principal_days(date(2023, 6, 28), date(2026, 6, 27), instalments=12)
    assert len(days) == 12
    assert days[:2] == (date(2023, 9, 21), date(2023, 12, 21))
    assert days[-2:] == (date(2026, 3, 21), date(2026, 6, 27))


def test_principal_may_fall_on_a_day_of_its_own_twice_a_year():
    days = quarterly_principal_days(
        date(2021, 9, 28), date(2031, 9, 27), instalments=20, quarters=2, day_of_month=28
    )
    assert len(days) == 20
    assert days[:2] == (date(2022, 3, 28), date(2022, 9, 28))
