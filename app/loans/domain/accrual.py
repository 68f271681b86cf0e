"""Interest that has grown up to a day, over the balances and rates that held.

What is posted on a day is the rounded interest of the period from its start to that day,
less what was posted before. So daily postings never drift: at the end of the period they
sum to the interest of the schedule, and a late correction settles itself the next day.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from app.kernel.daycount import DayCount
from app.kernel.money import fen_half_up, round_half_up
from app.kernel.rates import PPM
from app.loans.domain.periods import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceFrom:
    """The balance that bears interest, and its rate, from the start of a day."""

    from_on: date
    balance_fen: int
    rate_ppm: int


def accrued_fen(period: Period, balances: Sequence[BalanceFrom], until_on: date) -> int:
    """Interest from the start of the period up to, and without, a day: rounded once.

    It is the sum of balance * rate * share of a year over the spans of equal balance. The close of
    day D accrues until D + 1, because the day itself counts. `balances` ascend by day, and the first
    holds at the start of the period.
    """
    return fen_half_up(sum(_span_interests(period, balances, until_on), Fraction(0)))


def interest_of_a_day_fen(principal_fen: int, *, rate_ppm: int, day_count: DayCount) -> int:
    """Principal * rate over the days that the convention gives an ordinary year, half-up; for words, never posted."""
    units = day_count.year_units(_ORDINARY, _ORDINARY + timedelta(days=1))
    return round_half_up(principal_fen * rate_ppm * units, PPM * day_count.basis)


# A day of a common year that is no end of a month.
_ORDINARY: Final = date(2023, 1, 2)


def overdue_rate_ppm(rate_ppm: int, *, surcharge_ppm: int) -> int:
    """The penalty rate: contract rate * (1 + surcharge), a surcharge of 50 % being 500,000."""
    return round_half_up(rate_ppm * (PPM + surcharge_ppm), PPM)


def _span_interests(
    period: Period, balances: Sequence[BalanceFrom], until_on: date
) -> Iterator[Fraction]:
    if not balances or balances[0].from_on > period.starts_on:
        raise ValueError("The first balance must hold at the start of the period.")
    ends = [later.from_on for later in balances[1:]]
    for balance, end_on in zip(balances, [*ends, until_on], strict=True):
        from_on = max(balance.from_on, period.starts_on)
        to_on = min(end_on, until_on)
        if from_on < to_on:
            year_fraction = period.year_fraction_to(to_on) - period.year_fraction_to(from_on)
            yield balance.balance_fen * balance.rate_ppm * year_fraction / PPM
