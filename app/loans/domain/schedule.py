"""Repayment schedules in whole fen: from terms to instalments, exact on the way.

The interest of a period is the opening balance times the period's rate, rounded once,
half-up. The level instalment is P * prod(1 + r_i) / F_n with F_1 = 1 and
F_i = F_(i-1) * (1 + r_i) + 1, rounded half-up; r_i differs where the periods differ. The
last instalment takes what is left, so the principal parts sum to the principal. Interest of
odd days is rounded once too; spread, its parts are equal and the last takes the rest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, count, repeat
from math import gcd, prod
from operator import add, sub
from typing import NamedTuple, overload

from app.kernel.daycount import DayCount
from app.kernel.money import round_half_up
from app.kernel.rates import PPM
from app.loans.domain.periods import Period, PeriodColumns, from_columns, joined
from app.loans.domain.terms import (
    Method,
    OddDays,
    Terms,
    odd_period,
    period_columns,
    periods_of,
    require_possible,
)


class Instalment(NamedTuple):
    """What is due on one day; interest is for the days from `starts_on` up to `due_on`.

    A tuple, since a schedule has hundreds of them and a tuple is made several times as fast.
    """

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


class Rows(Sequence[Instalment]):
    """Instalments whose amounts are worked out; they are put together with their days when they are first read."""

    __slots__ = ("_columns", "_interests", "_principal_fen", "_principals", "_rows")

    def __init__(
        self,
        principal_fen: int,
        columns: PeriodColumns,
        principals: Sequence[int],
        interests: Sequence[int],
    ) -> None:
        self._principal_fen, self._columns = principal_fen, columns
        self._principals, self._interests = principals, interests
        self._rows: tuple[Instalment, ...] = ()

    @overload
    def __getitem__(self, index: int) -> Instalment: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Instalment, ...]: ...
    def __getitem__(self, index: int | slice) -> Instalment | tuple[Instalment, ...]:
        return self._read()[index]

    def __len__(self) -> int:
        return len(self._principals)

    def __iter__(self) -> Iterator[Instalment]:
        return iter(self._read())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._read() == tuple(other)

    def __hash__(self) -> int:
        return hash(self._read())

    def _read(self) -> tuple[Instalment, ...]:
        if not self._rows:
            self._rows = tuple(
                from_columns(
                    Instalment,
                    count(1),
                    self._columns.starts,
                    self._columns.dues,
                    [each.days for each in self._columns.periods()],
                    map(add, self._principals, self._interests),
                    self._principals,
                    self._interests,
                    accumulate(self._principals, sub, initial=self._principal_fen),
                    repeat(0),
                )
            )
        return self._rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """All instalments, in the order in which they fall due."""

    instalments: Sequence[Instalment]

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


def make_schedule(terms: Terms) -> Schedule:
    """Draw the schedule of the terms; `ScheduleError` when they are impossible.

    No part is negative: where a long period's interest is above the level instalment, that
    instalment is its interest alone. `bullet-all` has one instalment, at the end.
    """
    require_possible(terms)
    if terms.method is Method.BULLET_ALL:
        return Schedule(instalments=(_single_instalment(terms, joined(periods_of(terms))),))
    columns = period_columns(terms)
    rates, denominator = _lowest(columns.year_units(), terms.day_count, terms.rate_ppm)
    rows = Rows(terms.principal_fen, columns, *_parts(terms, rates, denominator))
    odd = odd_period(terms)
    return Schedule(instalments=_with_odd_days(terms, odd, rows) if odd else rows)


def period_rates(periods: Sequence[Period], rate_ppm: int) -> tuple[list[int], int]:
    """The periods' rates as whole numerators over one common denominator, in lowest terms."""
    units = [period.year_units for period in periods]
    return _lowest(units, periods[0].day_count, rate_ppm)


def _lowest(units: Sequence[int], day_count: DayCount, rate_ppm: int) -> tuple[list[int], int]:
    # Hundreds of periods have few lengths.
    numerators = {each: rate_ppm * each for each in set(units)}
    denominator = PPM * day_count.basis
    common = gcd(denominator, *numerators.values())
    lowest = {each: numerator // common for each, numerator in numerators.items()}
    return [lowest[each] for each in units], denominator // common


def level_fen(principal_fen: int, rates: Sequence[int], denominator: int) -> int:
    """The level instalment in whole fen for rates as `period_rates` gives them."""
    return round_half_up(*level_parts(principal_fen, rates, denominator))


def level_parts(principal_fen: int, rates: Sequence[int], denominator: int) -> tuple[int, int]:
    """The exact level instalment as numerator and denominator.

    Not in lowest terms: their common factors would take longer to find than all the rest.
    """
    periods = len(rates)
    if rates.count(rates[0]) == periods:
        if not rates[0]:
            return principal_fen, periods
        growth, unit = (denominator + rates[0]) ** periods, denominator**periods
        return principal_fen * rates[0] * growth, denominator * (growth - unit)
    growths = [denominator + rate for rate in rates]
    units = accumulate([denominator] * (periods - 1), int.__mul__)
    series = 1
    for growth, unit in zip(growths[1:], units, strict=True):
        series = series * growth + unit
    return principal_fen * prod(growths), denominator * series


def _parts(
    terms: Terms, rates: Sequence[int], denominator: int
) -> tuple[Sequence[int], Sequence[int]]:
    """Principal and interest of each period; the last one takes what is left."""
    wanted, less_interest = _wanted(terms, rates, denominator)
    balance, principals, interests = terms.principal_fen, list[int](), list[int]()
    twice_rate, twice = [2 * rate for rate in rates], 2 * denominator
    for rate, payment in zip(twice_rate, (*wanted, 0), strict=True):
        # As `round_half_up`, whose call would take longer: nothing here is negative.
        interest = (balance * rate + denominator) // twice
        principal = payment - interest if less_interest else payment
        if principal > balance:
            principal = balance
        elif principal < 0:
            principal = 0
        principals.append(principal)
        interests.append(interest)
        balance -= principal
    principals[-1] += balance
    return principals, interests


def _wanted(terms: Terms, rates: Sequence[int], denominator: int) -> tuple[Sequence[int], bool]:
    """What is to be paid in each period but the last, and whether its interest is a part of that."""
    grace = terms.grace_principal
    paying = len(rates) - grace
    if terms.method is Method.EQUAL_INSTALMENT:
        level = level_fen(terms.principal_fen, rates[grace:], denominator)
        return (0,) * grace + (level,) * (paying - 1), True
    return (0,) * grace + _planned_principal(terms, paying)[:-1], False


def _planned_principal(terms: Terms, periods: int) -> tuple[int, ...]:
    if terms.method is Method.PLAN:
        return terms.plan_fen
    if terms.method is Method.EQUAL_PRINCIPAL:
        return (round_half_up(terms.principal_fen, periods),) * periods
    return (0,) * (periods - 1) + (terms.principal_fen,)


def _with_odd_days(terms: Terms, odd: Period, rows: Sequence[Instalment]) -> tuple[Instalment, ...]:
    (rate,), denominator = period_rates([odd], terms.rate_ppm)
    interest_fen = round_half_up(terms.principal_fen * rate, denominator)
    if terms.odd_days is OddDays.OWN_ROW:
        first = Instalment(
            number=1,
            starts_on=odd.starts_on,
            due_on=odd.due_on,
            days=odd.days,
            payment_fen=interest_fen,
            principal_fen=0,
            interest_fen=interest_fen,
            base_fen=terms.principal_fen,
            odd_interest_fen=interest_fen,
        )
        return (
            first,
            *(row._replace(number=row.number + 1) for row in rows),
        )
    part_fen = interest_fen // len(rows)
    parts = [part_fen] * (len(rows) - 1) + [interest_fen - part_fen * (len(rows) - 1)]
    return tuple(_with_part(row, part) for row, part in zip(rows, parts, strict=True))


def _with_part(row: Instalment, part_fen: int) -> Instalment:
    return row._replace(
        payment_fen=row.payment_fen + part_fen,
        interest_fen=row.interest_fen + part_fen,
        odd_interest_fen=part_fen,
    )


def _single_instalment(terms: Terms, whole: Period) -> Instalment:
    """Simple interest over the whole term, rounded once: where a roll moves other days changes nothing."""
    (rate,), denominator = period_rates([whole], terms.rate_ppm)
    interest_fen = round_half_up(terms.principal_fen * rate, denominator)
    return Instalment(
        number=1,
        starts_on=terms.start_on,
        due_on=whole.due_on,
        days=whole.days,
        payment_fen=terms.principal_fen + interest_fen,
        principal_fen=terms.principal_fen,
        interest_fen=interest_fen,
        base_fen=terms.principal_fen,
    )
