"""Interest periods: what share of a year a period is, whole and in part."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from app.kernel.daycount import DayCount


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The days from one due day up to, and without, the next.

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

    def year_fraction_to(self, until_on: date) -> Fraction:
        """The share of a year from the start of the period up to, and without, a day in it.

        A regular month accrues evenly over its actual days; so the last day of the period
        always brings the accrual to the period's interest.
        """
        if not self.starts_on <= until_on <= self.due_on:
            raise ValueError(f"{until_on} lies outside {self.starts_on} to {self.due_on}.")
        if not self.whole_months:
            return self.day_count.year_fraction(self.starts_on, until_on)
        elapsed_days = (until_on - self.starts_on).days
        actual_days = (self.due_on - self.starts_on).days
        return Fraction(self.year_units * elapsed_days, self.day_count.basis * actual_days)
