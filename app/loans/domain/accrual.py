"""Interest that has grown up to a day, over the balances and rates that held.

What is posted on a day is the rounded interest of the period from its start to that day,
less what was posted before. So daily postings never drift: at the end of the period they
sum to the interest of the schedule, and a late correction settles itself the next day.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from operator import attrgetter
from typing import Final

from app.kernel.daycount import DayCount
from app.kernel.money import round_half_up
from app.kernel.rates import PPM
from app.loans.domain.periods import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceFrom:
    """The balance that bears interest, and its rate, from the start of a day."""

    from_on: date
    balance_fen: int
    rate_ppm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RateFrom:
    """A yearly rate, and the day from which it holds."""

    from_on: date
    rate_ppm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestPart:
    """Days of a period with one balance and one rate; the interest is the rounded sum of such parts."""

    from_on: date
    until_on: date
    days: int
    base_fen: int
    rate_ppm: int
    of_days: int = 0
    """Calendar days of the whole months of which these are a part; such months count `month_days`."""
    month_days: int = 0
    share: Fraction = Fraction(0)
    """Of a year, exactly."""

    @property
    def interest_yuan(self) -> Decimal:
        """The interest of these days alone, to a hundredth of a fen; only the sum is rounded to the fen."""
        exact = self.base_fen * self.rate_ppm * self.share / PPM
        return Decimal(round_half_up(exact.numerator * 100, exact.denominator)).scaleb(-4)


def held(steps: Sequence[tuple[date, int]], rates: Sequence[RateFrom]) -> list[BalanceFrom]:
    """Balances with the rate of each day: cut where either changes. Both ascend by day."""
    if len(rates) == 1:
        rate_ppm = rates[0].rate_ppm
        return [BalanceFrom(from_on=day, balance_fen=fen, rate_ppm=rate_ppm) for day, fen in steps]
    first_on = steps[0][0]
    days = {day for day, _ in steps} | {each.from_on for each in rates if each.from_on > first_on}
    return [
        BalanceFrom(from_on=day, balance_fen=on_day(steps, day), rate_ppm=rate_on(rates, day))
        for day in sorted(days)
    ]


def on_day(steps: Sequence[tuple[date, int]], day: date) -> int:
    """The amount that holds on a day; nothing before the first step."""
    known = [fen for from_on, fen in steps if from_on <= day]
    return known[-1] if known else 0


def balance_on(balances: Sequence[BalanceFrom], day: date) -> int:
    """The balance that holds from a day on."""
    return on_day([(each.from_on, each.balance_fen) for each in balances], day)


def rate_on(rates: Sequence[RateFrom], day: date) -> int:
    """The rate that holds on a day; before the first, the first."""
    known = [each.rate_ppm for each in rates if each.from_on <= day]
    return known[-1] if known else rates[0].rate_ppm


def accrued_fen(period: Period, balances: Sequence[BalanceFrom], until_on: date) -> int:
    """Interest from the start of the period up to, and without, a day: rounded once.

    It is the sum of balance * rate * share of a year over the spans of equal balance. The close of
    day D accrues until D + 1, because the day itself counts. `balances` ascend by day, and the first
    holds at the start of the period.
    """
    return round_half_up(*_interest(period, balances, until_on))


def exact_interest(period: Period, balances: Sequence[BalanceFrom], until_on: date) -> Fraction:
    """The same before it is rounded."""
    return Fraction(*_interest(period, balances, until_on))


def _interest(period: Period, balances: Sequence[BalanceFrom], until_on: date) -> tuple[int, int]:
    """As numerator and denominator, whole numbers all the way."""
    place = _holding(period, balances)
    if period.starts_on < until_on == period.due_on and not _changes(balances, place, until_on):
        balance = balances[place]
        numerator = balance.balance_fen * balance.rate_ppm * period.year_units
        return numerator, PPM * period.day_count.basis
    numerator = sum(
        each.balance_fen * each.rate_ppm * (period.units_to(to_on) - period.units_to(from_on))
        for each, from_on, to_on in _spans(period, balances, until_on)
    )
    return numerator, PPM * period.unit_basis


def interest_parts(
    period: Period, balances: Sequence[BalanceFrom], until_on: date
) -> tuple[InterestPart, ...]:
    """What the interest of a period up to a day was worked out from; spans without balance are left out."""
    parts: list[InterestPart] = []
    for balance, from_on, to_on in _spans(period, balances, until_on):
        alike = parts and (parts[-1].base_fen, parts[-1].rate_ppm) == (
            balance.balance_fen,
            balance.rate_ppm,
        )
        since = parts.pop().from_on if alike else from_on
        parts.append(_part(period, balance, since, to_on))
    return tuple(each for each in parts if each.base_fen)


def _part(period: Period, balance: BalanceFrom, from_on: date, to_on: date) -> InterestPart:
    in_months = period.whole_months and (from_on, to_on) != (period.starts_on, period.due_on)
    return InterestPart(
        from_on=from_on,
        until_on=to_on,
        days=_days(period, from_on, to_on),
        base_fen=balance.balance_fen,
        rate_ppm=balance.rate_ppm,
        of_days=(period.due_on - period.starts_on).days if in_months else 0,
        month_days=period.days if in_months else 0,
        share=period.year_fraction_to(to_on) - period.year_fraction_to(from_on),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """How the interest of an instalment was worked out: its parts, less what was paid before it was due."""

    parts: tuple[InterestPart, ...] = ()
    ahead_fen: int = 0
    odd_fen: int = 0
    """What falls due with it of the interest of odd days."""


def explained(
    period: Period | None,
    balances: Sequence[BalanceFrom],
    interest_fen: int,
    *,
    spread: bool = False,
) -> Explained:
    """The parts of a whole period, and what of their interest the instalment no longer asks for.

    spread: what it asks for beyond the period is its part of the interest of odd days.
    """
    if period is None:
        return Explained()
    ahead_fen = accrued_fen(period, balances, period.due_on) - interest_fen
    return Explained(
        parts=interest_parts(period, balances, period.due_on),
        ahead_fen=max(ahead_fen, 0) if spread else ahead_fen,
        odd_fen=max(-ahead_fen, 0) if spread else 0,
    )


def _days(period: Period, from_on: date, to_on: date) -> int:
    """Days as the convention counts them; in part of a whole month, those of the calendar."""
    if (from_on, to_on) == (period.starts_on, period.due_on):
        return period.days
    if period.whole_months:
        return (to_on - from_on).days
    count = period.day_count.days
    return count(period.starts_on, to_on) - count(period.starts_on, from_on)


def rate_of_period(period: Period, rates: Sequence[RateFrom]) -> Fraction:
    """Interest on one fen over a whole period, by the rate of each day."""
    return exact_interest(period, held([(period.starts_on, 1)], rates), period.due_on)


def interest_of_a_day_fen(principal_fen: int, *, rate_ppm: int, day_count: DayCount) -> int:
    """Principal * rate over the days that the convention gives an ordinary year, half-up; for words, never posted."""
    units = day_count.year_units(_ORDINARY, _ORDINARY + timedelta(days=1))
    return round_half_up(principal_fen * rate_ppm * units, PPM * day_count.basis)


# A day of a common year that is no end of a month.
_ORDINARY: Final = date(2023, 1, 2)


def overdue_rate_ppm(rate_ppm: int, *, surcharge_ppm: int) -> int:
    """The penalty rate: contract rate * (1 + surcharge), a surcharge of 50 % being 500,000."""
    return round_half_up(rate_ppm * (PPM + surcharge_ppm), PPM)


def _spans(
    period: Period, balances: Sequence[BalanceFrom], until_on: date
) -> Iterator[tuple[BalanceFrom, date, date]]:
    for place in range(_holding(period, balances), len(balances)):
        balance = balances[place]
        from_on = max(balance.from_on, period.starts_on)
        to_on = balances[place + 1].from_on if _changes(balances, place, until_on) else until_on
        if from_on < to_on:
            yield balance, from_on, to_on
        if to_on >= until_on:
            return


def _holding(period: Period, balances: Sequence[BalanceFrom]) -> int:
    """The place of the balance that holds at the start of a period."""
    if not balances or balances[0].from_on > period.starts_on:
        raise ValueError("The first balance must hold at the start of the period.")
    return bisect_right(balances, period.starts_on, key=_from_on) - 1


def _changes(balances: Sequence[BalanceFrom], place: int, until_on: date) -> bool:
    """Whether another balance follows before a day."""
    return place + 1 < len(balances) and balances[place + 1].from_on < until_on


_from_on = attrgetter("from_on")
