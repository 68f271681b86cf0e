"""The days off and made-up days that the State Council ordered, as the calendar package carries them."""

from collections.abc import Iterator
from datetime import date
from typing import Final

import chinese_calendar

from app.kernel.calendar import BusinessCalendar
from app.reference.domain import DayKind

__all__ = [
    "FIRST_CALENDAR_YEAR",
    "holiday_weekends",
    "last_calendar_year",
    "official_calendar",
    "special_days",
]

FIRST_CALENDAR_YEAR: Final = 2015
_SATURDAY: Final = 5


def last_calendar_year() -> int:
    """The last year whose order is known."""
    return int(max(chinese_calendar.constants.holidays).year)


def special_days() -> Iterator[tuple[date, DayKind, str]]:
    """Weekdays off and weekend days of work, with the name of their occasion."""
    holidays, workdays = chinese_calendar.constants.holidays, chinese_calendar.constants.workdays
    for day, note in holidays.items():
        if day.year >= FIRST_CALENDAR_YEAR and day.weekday() < _SATURDAY:
            yield day, DayKind.HOLIDAY, note
    for day, note in workdays.items():
        if day.year >= FIRST_CALENDAR_YEAR and day.weekday() >= _SATURDAY:
            yield day, DayKind.WORKDAY, note


def holiday_weekends(first: date, last: date) -> set[date]:
    """Weekend days between two days that belong to a named holiday."""
    holidays = chinese_calendar.constants.holidays
    return {day for day in holidays if first <= day <= last and day.weekday() >= _SATURDAY}


def official_calendar() -> BusinessCalendar:
    """The calendar as a value, for what works without a database."""
    days = list(special_days())
    return BusinessCalendar(
        holidays=frozenset(day for day, kind, _ in days if kind is DayKind.HOLIDAY),
        workdays=frozenset(day for day, kind, _ in days if kind is DayKind.WORKDAY),
        official_until=date(last_calendar_year(), 12, 31),
    )
