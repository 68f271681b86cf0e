"""Repayment schedules in whole fen: from terms to instalments, exact on the way.

The interest of a period is the opening balance times the period's rate, rounded once,
half-up. The level instalment is P * prod(1 + r_i) / F_n with F_1 = 1 and
F_i = F_(i-1) * (1 + r_i) + 1, rounded half-up; r_i differs where the periods differ. The
last instalment takes what is left, so the principal parts sum to the principal. Interest of
odd days is rounded once too; spread, its parts are equal and the last takes the rest.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from itertools import accumulate
from math import gcd, prod
from typing import TypeAlias

from app.kernel.money import round_half_up
from app.kernel.rates import PPM
from app.loans.domain.periods import Period
from app.loans.domain.terms import Method, OddDays, Terms, odd_period, periods_of, require_possible


@dataclass(frozen=True, slots=True, kw_only=True)
class Instalment:
    """What is due on one day; interest is for the days from `starts_on` up to `due_on`."""

    number: int
    starts_on: date
    due_on: date
    days: int
    payment_fen: int
    principal_fen: int
    interest_fen: int
    base_fen: int
    """Principal that bore the interest."""
    odd_interest_fen: int = 0
    """Part of the interest that is for the odd days before the first whole period."""

    @property
    def balance_fen(self) -> int:
        """Principal left after this instalment."""
        return self.base_fen - self.principal_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """All instalments, in the order in which they fall due."""

    instalments: tuple[Instalment, ...]

    @property
    def total_interest_fen(self) -> int:
        return sum(row.interest_fen for row in self.instalments)

    @property
    def total_principal_fen(self) -> int:
        return sum(row.principal_fen for row in self.instalments)

    @property
    def total_payment_fen(self) -> int:
        return sum(row.payment_fen for row in self.instalments)

    @property
    def matures_on(self) -> date:
        return self.instalments[-1].due_on


# From a period's index and interest to the principal that is wanted with it.
_PrincipalRule: TypeAlias = Callable[[int, int], int]


def make_schedule(terms: Terms) -> Schedule:
    """Draw the schedule of the terms; `ScheduleError` when they are impossible.

    No part is negative: where a long period's interest is above the level instalment, that
    instalment is its interest alone. `bullet-all` has one instalment, at the end.
    """
    require_possible(terms)
    periods = periods_of(terms)
    if terms.method is Method.BULLET_ALL:
        return Schedule(instalments=(_single_instalment(terms, periods),))
    rates, denominator = period_rates(periods, terms.rate_ppm)
    rule = _principal_rule(terms, rates, denominator)
    rows = _instalments(terms.principal_fen, periods, rates, denominator, rule)
    odd = odd_period(terms)
    return Schedule(instalments=_with_odd_days(terms, odd, rows) if odd else rows)


def period_rates(periods: Sequence[Period], rate_ppm: int) -> tuple[list[int], int]:
    """The periods' rates as whole numerators over one common denominator, in lowest terms."""
    numerators = [rate_ppm * period.year_units for period in periods]
    denominator = PPM * periods[0].day_count.basis
    common = gcd(denominator, *numerators)
    return [numerator // common for numerator in numerators], denominator // common


def level_instalment(principal_fen: int, rates: Sequence[int], denominator: int) -> Fraction:
    """The exact level instalment in fen for rates as `period_rates` gives them."""
    count = len(rates)
    if not any(rates):
        return Fraction(principal_fen, count)
    if min(rates) == max(rates):
        growth, unit = (denominator + rates[0]) ** count, denominator**count
        return Fraction(principal_fen * rates[0] * growth, denominator * (growth - unit))
    return _uneven_level_instalment(principal_fen, rates, denominator)


def _uneven_level_instalment(
    principal_fen: int, rates: Sequence[int], denominator: int
) -> Fraction:
    growths = [denominator + rate for rate in rates]
    units = accumulate([denominator] * (len(rates) - 1), int.__mul__)
    series = 1
    for growth, unit in zip(growths[1:], units, strict=True):
        series = series * growth + unit
    return Fraction(principal_fen * prod(growths), denominator * series)


def _principal_rule(terms: Terms, rates: Sequence[int], denominator: int) -> _PrincipalRule:
    grace, count = terms.grace_principal, len(rates)
    if terms.method is Method.EQUAL_INSTALMENT:
        exact = level_instalment(terms.principal_fen, rates[grace:], denominator)
        level_fen = round_half_up(exact.numerator, exact.denominator)
        return lambda index, interest: level_fen - interest if index >= grace else 0
    planned = (0,) * grace + _planned_principal(terms, count - grace)
    return lambda index, _interest: planned[index]


def _planned_principal(terms: Terms, count: int) -> tuple[int, ...]:
    if terms.method is Method.PLAN:
        return terms.plan_fen
    if terms.method is Method.EQUAL_PRINCIPAL:
        return (round_half_up(terms.principal_fen, count),) * count
    return (0,) * (count - 1) + (terms.principal_fen,)


def _instalments(
    principal_fen: int,
    periods: Sequence[Period],
    rates: Sequence[int],
    denominator: int,
    rule: _PrincipalRule,
) -> tuple[Instalment, ...]:
    rows: list[Instalment] = []
    balance, last = principal_fen, len(periods) - 1
    for index, (period, rate) in enumerate(zip(periods, rates, strict=True)):
        interest = round_half_up(balance * rate, denominator)
        wanted = balance if index == last else rule(index, interest)
        principal = min(max(wanted, 0), balance)
        rows.append(_instalment(index + 1, period, principal, interest, balance))
        balance -= principal
    return tuple(rows)


def _instalment(
    number: int, period: Period, principal_fen: int, interest_fen: int, base_fen: int
) -> Instalment:
    return Instalment(
        number=number,
        starts_on=period.starts_on,
        due_on=period.due_on,
        days=period.days,
        payment_fen=principal_fen + interest_fen,
        principal_fen=principal_fen,
        interest_fen=interest_fen,
        base_fen=base_fen,
    )


def _with_odd_days(
    terms: Terms, odd: Period, rows: tuple[Instalment, ...]
) -> tuple[Instalment, ...]:
    (rate,), denominator = period_rates([odd], terms.rate_ppm)
    interest_fen = round_half_up(terms.principal_fen * rate, denominator)
    if terms.odd_days is OddDays.OWN_ROW:
        first = _instalment(1, odd, 0, interest_fen, terms.principal_fen)
        return (
            replace(first, odd_interest_fen=interest_fen),
            *(replace(row, number=row.number + 1) for row in rows),
        )
    part_fen = interest_fen // len(rows)
    parts = [part_fen] * (len(rows) - 1) + [interest_fen - part_fen * (len(rows) - 1)]
    return tuple(_with_part(row, part) for row, part in zip(rows, parts, strict=True))


def _with_part(row: Instalment, part_fen: int) -> Instalment:
    return replace(
        row,
        payment_fen=row.payment_fen + part_fen,
        interest_fen=row.interest_fen + part_fen,
        odd_interest_fen=part_fen,
    )


def _single_instalment(terms: Terms, periods: Sequence[Period]) -> Instalment:
    """Simple interest over the whole term, rounded once."""
    rates, denominator = period_rates(periods, terms.rate_ppm)
    interest_fen = round_half_up(terms.principal_fen * sum(rates), denominator)
    return Instalment(
        number=1,
        starts_on=terms.start_on,
        due_on=periods[-1].due_on,
        days=sum(period.days for period in periods),
        payment_fen=terms.principal_fen + interest_fen,
        principal_fen=terms.principal_fen,
        interest_fen=interest_fen,
        base_fen=terms.principal_fen,
    )
