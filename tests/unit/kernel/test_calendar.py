from datetime import date, timedelta

import pytest

from app.kernel.calendar import BusinessCalendar

# Spring Festival 2024: Saturday 10 to Saturday 17 February off; the 4th and 18th, both
# Sundays, are worked. Weekdays off are the 12th to the 16th.
CALENDAR = BusinessCalendar(
    holidays=frozenset(date(2024, 2, day) for day in range(12, 17)),
    workdays=frozenset({date(2024, 2, 4), date(2024, 2, 18)}),
    official_until=date(2024, 12, 31),
)


@pytest.mark.parametrize(
    ("day", "is_open"),
    [(3, False), (4, True), (5, True), (10, False), (12, False), (16, False), (18, True)],
)
def test_banks_are_open_on_weekdays_but_holidays_and_on_made_up_days(day, is_open):
    assert CALENDAR.is_business_day(date(2024, 2, day)) is is_open


def test_days_roll_over_a_holiday_in_both_directions():
    assert CALENDAR.on_or_after(date(2024, 2, 10)) == date(2024, 2, 18)
    assert CALENDAR.on_or_before(date(2024, 2, 17)) == date(2024, 2, 9)
    assert CALENDAR.on_or_after(date(2024, 2, 18)) == date(2024, 2, 18)


def test_neighbours_leave_the_day_itself():
    assert CALENDAR.next_after(date(2024, 2, 9)) == date(2024, 2, 18)
    assert CALENDAR.last_before(date(2024, 2, 18)) == date(2024, 2, 9)


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, date(2024, 2, 9)), (1, date(2024, 2, 18)), (2, date(2024, 2, 19)), (-1, date(2024, 2, 8))],
)
def test_business_days_are_added_one_by_one(count, expected):
    assert CALENDAR.add(date(2024, 2, 9), count) == expected


def test_answers_past_the_last_order_are_provisional():
    assert CALENDAR.is_official(date(2024, 12, 31))
    assert not CALENDAR.is_official(date(2025, 1, 1))


def test_a_calendar_without_open_days_is_refused():
    closed = BusinessCalendar(
        holidays=frozenset(date(2024, 1, 1) + timedelta(days=offset) for offset in range(60)),
        workdays=frozenset(),
        official_until=date(2024, 12, 31),
    )
    with pytest.raises(ValueError, match="No business day"):
        closed.on_or_after(date(2024, 1, 1))
