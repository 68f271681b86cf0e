"""Day counts: how many days, and what share of a year, lie between two days.

The first day counts, the last does not. All answers are exact; `year_units` over `basis`
is the year fraction as two whole numbers, for schedules that must not round on the way.
"""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from fractions import Fraction
from operator import sub
from typing import Final


class DayCount(StrEnum):
    """A convention by the name used in contracts, files and commands."""

    THIRTY_360 = "30/360"
    """Bond basis: the 31st of the end counts as 30 only when the start is the 30th or 31st."""
    THIRTY_E_360 = "30e/360"
    """Eurobond basis: each 31st counts as the 30th."""
    ACT_360 = "act/360"
    ACT_365 = "act/365"
    """Actual days over 365, leap years too."""
    ACT_ACT = "act/act"
    """ISDA: days in leap years over 366, other days over 365."""

    @property
    def basis(self) -> int:
        """How many units make a year."""
        return _BASIS[self]

    def days(self, start_on: date, end_on: date) -> int:
        """Days from the start to the end by this convention."""
        if self is DayCount.THIRTY_360:
            return _thirty_360_days(start_on, end_on)
        if self is DayCount.THIRTY_E_360:
            return _thirty_e_360_days(start_on, end_on)
        return (end_on - start_on).days

    def year_units(self, start_on: date, end_on: date) -> int:
        """The year fraction times `basis`: a whole number for every convention."""
        if self is DayCount.ACT_ACT:
            return _act_act_units(start_on, end_on)
        return self.days(start_on, end_on)

    def all_year_units(self, starts: Iterable[date], ends: Iterable[date]) -> list[int]:
        """The same for many spans; counted days are few steps of the interpreter then."""
        if self in (DayCount.ACT_360, DayCount.ACT_365):
            return [each.days for each in map(sub, ends, starts)]
        return list(map(self.year_units, starts, ends))

    def year_fraction(self, start_on: date, end_on: date) -> Fraction:
        """The exact share of a year from the start to the end."""
        return Fraction(self.year_units(start_on, end_on), self.basis)


# One 365th is 366 units and one 366th is 365 units of the common denominator.
_ACT_ACT_BASIS: Final = 365 * 366

_BASIS: Final = {
    DayCount.THIRTY_360: 360,
    DayCount.THIRTY_E_360: 360,
    DayCount.ACT_360: 360,
    DayCount.ACT_365: 365,
    DayCount.ACT_ACT: _ACT_ACT_BASIS,
}


def _thirty_days(start_on: date, end_on: date, *, start_day: int, end_day: int) -> int:
    months = 12 * (end_on.year - start_on.year) + end_on.month - start_on.month
    return 30 * months + end_day - start_day


def _thirty_360_days(start_on: date, end_on: date) -> int:
    start_day = min(start_on.day, 30)
    end_day = min(end_on.day, 30) if start_day == 30 else end_on.day
    return _thirty_days(start_on, end_on, start_day=start_day, end_day=end_day)


def _thirty_e_360_days(start_on: date, end_on: date) -> int:
    start_day, end_day = min(start_on.day, 30), min(end_on.day, 30)
    return _thirty_days(start_on, end_on, start_day=start_day, end_day=end_day)


def _act_act_units(start_on: date, end_on: date) -> int:
    return _units_since_year_one(end_on) - _units_since_year_one(start_on)


def _units_since_year_one(day: date) -> int:
    """Whole years at the full basis each, and the days of the year begun."""
    first_of_year = date(day.year, 1, 1)
    days_in_year = 366 if _is_leap(day.year) else 365
    unit_of_a_day = _ACT_ACT_BASIS // days_in_year
    return day.year * _ACT_ACT_BASIS + (day - first_of_year).days * unit_of_a_day


def days_by_year(start_on: date, end_on: date) -> tuple[tuple[int, int], ...]:
    """Actual days up to an end, by years of one length: how many, and the days of their year."""
    found: dict[int, int] = {}
    from_on = start_on
    while from_on < end_on:
        until_on = min(date(from_on.year + 1, 1, 1), end_on)
        length = 366 if _is_leap(from_on.year) else 365
        found[length] = found.get(length, 0) + (until_on - from_on).days
        from_on = until_on
    return tuple((days, length) for length, days in found.items())


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
