"""The business calendar as a value: weekends, public holidays, make-up workdays."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

FIRST_DAY: Final = date(1949, 10, 1)
LAST_DAY: Final = date(2199, 12, 31)
"""No day that people or programs send lies outside of these two."""

_SATURDAY: Final = 5

# The longest run of days off is the ten of a Golden Week; a longer one means wrong data.
MAX_DAYS_OFF: Final = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessCalendar:
    """Which days banks are open.

    `holidays` are weekdays off, `workdays` are weekend days on which work is made up. Past
    `official_until` no order of the State Council is known: the answers are provisional.
    """

    holidays: frozenset[date]
    workdays: frozenset[date]
    official_until: date

    def is_business_day(self, day: date) -> bool:
        if day in self.workdays:
            return True
        return day.weekday() < _SATURDAY and day not in self.holidays

    def is_official(self, day: date) -> bool:
        return day <= self.official_until

    def on_or_after(self, day: date) -> date:
        """The day itself when banks are open, else the next day on which they are."""
        return self._roll(day, step_days=1)

    def on_or_before(self, day: date) -> date:
        """The day itself when banks are open, else the last day before on which they were."""
        return self._roll(day, step_days=-1)

    def next_after(self, day: date) -> date:
        return self.on_or_after(day + timedelta(days=1))

    def last_before(self, day: date) -> date:
        return self.on_or_before(day - timedelta(days=1))

    def add(self, day: date, business_days: int) -> date:
        """The day so many open days after (or, when negative, before) the given day."""
        move: Callable[[date], date] = self.next_after if business_days > 0 else self.last_before
        for _ in range(abs(business_days)):
            day = move(day)
        return day

    def _roll(self, day: date, *, step_days: int) -> date:
        for offset in range(MAX_DAYS_OFF):
            candidate = day + timedelta(days=step_days * offset)
            if self.is_business_day(candidate):
                return candidate
        raise ValueError(f"No business day within {MAX_DAYS_OFF} days of {day}.")
