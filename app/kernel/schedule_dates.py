"""Due days: every so many months or days, counted from an anchor and never from each other."""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import count, islice, takewhile
from typing import Final, Self

MAX_EVERY_MONTHS: Final = 120
"""Ten years between two instalments."""

MAX_EVERY_DAYS: Final = 3660
"""Ten years between two instalments."""

_EVERY_TEXT: Final = re.compile(r"([1-9][0-9]{0,3})([md])")

# Interest of bank loans is settled at the end of the 20th of these months, paid on the 21st.
QUARTER_MONTHS: Final = (3, 6, 9, 12)
PAYMENT_DAY: Final = 21

_DAYS_IN_EVERY_MONTH: Final = 28


class MonthEnd(StrEnum):
    """Where a due day goes that its month does not have."""

    CLAMP = "clamp"
    """To the last day of that month."""
    ROLL = "roll"
    """To the first day of the next month."""


@dataclass(frozen=True, slots=True)
class Every:
    """A step between due days: whole months, or whole days."""

    months: int = 0
    days: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "1m", "3m", "7d"; ValueError for anything else or a step out of limits."""
        match = _EVERY_TEXT.fullmatch(text)
        if match is None:
            raise ValueError(f"Not a step such as 1m or 14d: {text[:40]!r}.")
        count = int(match[1])
        limit = MAX_EVERY_MONTHS if match[2] == "m" else MAX_EVERY_DAYS
        if count > limit:
            raise ValueError(f"A step of {text} is over the limit of {limit}{match[2]}.")
        return cls(months=count) if match[2] == "m" else cls(days=count)

    def __post_init__(self) -> None:
        if (self.months > 0) == (self.days > 0) or min(self.months, self.days) < 0:
            raise ValueError("A step is a positive number of either months or days.")

    def __str__(self) -> str:
        return f"{self.months}m" if self.months else f"{self.days}d"


def add_months(
    day: date, months: int, *, anchor_day: int, month_end: MonthEnd = MonthEnd.CLAMP
) -> date:
    """The anchor day of the month so many months after the month of `day`."""
    return _in_month(12 * day.year + day.month - 1 + months, anchor_day, month_end)


def _in_month(month_number: int, anchor_day: int, month_end: MonthEnd) -> date:
    """The anchor day of a month, counted from the beginning of the calendar."""
    year, month_index = divmod(month_number, 12)
    month = month_index + 1
    if anchor_day <= _DAYS_IN_EVERY_MONTH:
        return date(year, month, anchor_day)
    last_day = monthrange(year, month)[1]
    if anchor_day <= last_day:
        return date(year, month, anchor_day)
    if month_end is MonthEnd.CLAMP:
        return date(year, month, last_day)
    return date(year, month, last_day) + timedelta(days=1)


def step(start_on: date, every: Every, steps: int, month_end: MonthEnd = MonthEnd.CLAMP) -> date:
    """The day so many steps after the start, anchored on the day of the start."""
    if every.days:
        return start_on + timedelta(days=every.days * steps)
    return add_months(start_on, every.months * steps, anchor_day=start_on.day, month_end=month_end)


def steps_from(
    start_on: date, every: Every, first: int, month_end: MonthEnd = MonthEnd.CLAMP
) -> Iterator[date]:
    """The days of `step` for one number of steps after the other, without an end."""
    if every.days:
        return (start_on + timedelta(days=days) for days in count(first * every.days, every.days))
    day, beginning = start_on.day, 12 * start_on.year + start_on.month - 1
    months = count(beginning + first * every.months, every.months)
    if day <= _DAYS_IN_EVERY_MONTH:
        return (date(month // 12, month % 12 + 1, day) for month in months)
    return (_in_month(month, day, month_end) for month in months)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """Due days without an end: the first, the second and so on, each counted from the anchor.

    A first due day of its own becomes the anchor of the days after it, unless it is the day
    on which the first instalment would fall anyway: 28 February after a start on the 31st
    stays anchored on the 31st.
    """

    start_on: date
    every: Every
    month_end: MonthEnd = MonthEnd.CLAMP
    first_due_on: date | None = None

    @property
    def starts_regularly(self) -> bool:
        """Whether the first period is one whole step."""
        regular = step(self.start_on, self.every, 1, self.month_end)
        return self.first_due_on is None or self.first_due_on == regular

    @property
    def first_step_on(self) -> date:
        """Where the step begins that ends on the first due day; the start where that is regular."""
        if self.first_due_on is None or self.starts_regularly:
            return self.start_on
        return step(self.first_due_on, self.every, -1, self.month_end)

    def due_dates(self, periods: int) -> tuple[date, ...]:
        """The first so many due days."""
        return tuple(islice(self._without_end(), periods))

    def due_dates_until(self, matures_on: date) -> tuple[date, ...]:
        """The due days before the maturity, and the maturity itself."""
        return (*takewhile(lambda day: day < matures_on, self._without_end()), matures_on)

    def due_date(self, number: int) -> date:
        """The due day of one instalment, numbered from 1."""
        origin, shift = self._anchor()
        return step(origin, self.every, number - shift, self.month_end)

    def _anchor(self) -> tuple[date, int]:
        """The day that steps are counted from, and the instalment that falls on it."""
        if self.first_due_on is None or self.starts_regularly:
            return self.start_on, 0
        return self.first_due_on, 1

    def _without_end(self) -> Iterator[date]:
        origin, shift = self._anchor()
        return steps_from(origin, self.every, 1 - shift, self.month_end)


def quarterly_interest_days(start_on: date, matures_on: date) -> tuple[date, ...]:
    """The days on which a bank loan pays interest: each 21st of a quarter's month, then maturity.

    The settlement day is the 20th, included; so a period runs from one 21st up to, and
    without, the next. The last interest is paid with the principal at maturity.
    """
    days = (
        date(year, month, PAYMENT_DAY)
        for year in range(start_on.year, matures_on.year + 1)
        for month in QUARTER_MONTHS
    )
    return (*(day for day in days if start_on < day < matures_on), matures_on)


def quarterly_principal_days(
    start_on: date,
    matures_on: date,
    *,
    instalments: int,
    quarters: int = 1,
    day_of_month: int = PAYMENT_DAY,
) -> tuple[date, ...]:
    """The days of so many principal instalments, `quarters` apart, the last one at maturity.

    The first falls in the last month of the quarter so many quarters after that of the start.
    """
    quarter_end = date(start_on.year, 3 * ((start_on.month - 1) // 3) + 3, 1)
    days = (
        add_months(quarter_end, 3 * quarters * number, anchor_day=day_of_month)
        for number in range(1, instalments)
    )
    return (*(day for day in days if day < matures_on), matures_on)
