"""Interest periods: what share of a year a period is, whole and in part."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from fractions import Fraction
from itertools import repeat
from typing import Any, NamedTuple, TypeVar, cast

from app.kernel.daycount import DayCount

_Row = TypeVar("_Row", bound=tuple[Any, ...])


def from_columns(kind: type[_Row], *columns: Iterable[Any]) -> Iterator[_Row]:
    """Rows of a kind of tuple as long as its shortest column, made without a call of Python for each."""
    made = map(tuple.__new__, repeat(kind), zip(*columns, strict=False))
    return cast("Iterator[_Row]", made)


class Period(NamedTuple):
    """The days from one due day up to, and without, the next: a tuple, since schedules have hundreds.

    `whole_months` is set for a regular month period under `30/360`: such a period is that
    many twelfths of a year whatever days lie in it, as in the instalment formula.
    """

    starts_on: date
    due_on: date
    day_count: DayCount
    whole_months: int = 0

    @property
    def days(self) -> int:
        if self.whole_months:
            return 30 * self.whole_months
        return self.day_count.days(self.starts_on, self.due_on)

    @property
    def year_units(self) -> int:
        """The share of a year, in units of the day count's basis."""
        if self.whole_months:
            return 30 * self.whole_months
        return self.day_count.year_units(self.starts_on, self.due_on)

    @property
    def unit_basis(self) -> int:
        """How many of the units of `units_to` make a year."""
        if not self.whole_months:
            return self.day_count.basis
        return self.day_count.basis * (self.due_on - self.starts_on).days

    def units_to(self, until_on: date) -> int:
        """The share of a year from the start of the period up to, and without, a day in it, in units.

        A regular month accrues evenly over its actual days; so the last day of the period
        always brings the accrual to the period's interest.
        """
        if not self.starts_on <= until_on <= self.due_on:
            raise ValueError(f"{until_on} lies outside {self.starts_on} to {self.due_on}.")
        if not self.whole_months:
            return self.day_count.year_units(self.starts_on, until_on)
        return self.year_units * (until_on - self.starts_on).days

    def year_fraction_to(self, until_on: date) -> Fraction:
        """The same as a fraction of a year."""
        return Fraction(self.units_to(until_on), self.unit_basis)


def joined(periods: Sequence[Period]) -> Period:
    """One period over all: whole months stay whole only when every part is."""
    whole = sum(each.whole_months for each in periods)
    regular = all(each.whole_months for each in periods)
    first, last = periods[0], periods[-1]
    return Period(
        starts_on=first.starts_on,
        due_on=last.due_on,
        day_count=first.day_count,
        whole_months=whole if regular else 0,
    )


class PeriodColumns(NamedTuple):
    """Periods before they are put together: what hundreds of them have in common is worked out once."""

    starts: Sequence[date]
    dues: Sequence[date]
    day_count: DayCount
    whole_months: Sequence[int]

    def periods(self) -> tuple[Period, ...]:
        """The periods themselves."""
        columns = (self.starts, self.dues, repeat(self.day_count), self.whole_months)
        return tuple(from_columns(Period, *columns))

    def year_units(self) -> Sequence[int]:
        """Of each period; regular months under `30/360` are all alike."""
        first, *others = set(self.whole_months)
        if others:
            return [each.year_units for each in self.periods()]
        if first:
            return (30 * first,) * len(self.dues)
        return self.day_count.all_year_units(self.starts, self.dues)
