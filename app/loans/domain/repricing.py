"""Rates that follow the loan prime rate: which publication counts on which day.

A floating rate is the LPR of a tenor and a spread. It is set when a note is drawn and again
on the days of its rule, always by the last LPR published at least so many days before; that
lag is a term of the contract. From its maturity on a note is not set again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import count
from typing import Final

from app.kernel.errors import RuleViolation
from app.kernel.rates import PPM
from app.kernel.schedule_dates import add_months
from app.kernel.text import N_

PPM_OF_A_BP: Final = PPM // 10_000
"""A basis point is a hundredth of one per cent."""

_YEAR_MONTHS: Final = 12
_QUARTER_MONTHS: Final = 3


class LprTenor(StrEnum):
    """Which of the two published rates."""

    ONE_YEAR = "1y"
    FIVE_YEARS = "5y"


TENOR_TITLES: Final = {
    LprTenor.ONE_YEAR: N_("LPR of one year"),
    LprTenor.FIVE_YEARS: N_("LPR of more than five years"),
}

SERIES: Final = {LprTenor.ONE_YEAR: "LPR-1Y", LprTenor.FIVE_YEARS: "LPR-5Y"}
"""The series of published rates, by their codes in the market room."""


class ResetRule(StrEnum):
    """The days on which a floating rate is set again."""

    JANUARY = "january"
    """Each 1 January."""
    ANNIVERSARY = "anniversary"
    """Each anniversary of the note's drawdown."""
    QUARTERLY = "quarterly"
    """The first day of each quarter of the calendar."""


RESET_TITLES: Final = {
    ResetRule.JANUARY: N_("Each 1 January"),
    ResetRule.ANNIVERSARY: N_("Each anniversary of the drawdown"),
    ResetRule.QUARTERLY: N_("The first day of each quarter"),
}


class RateReason(StrEnum):
    """Why a note has a rate from a day on."""

    DRAWDOWN = "drawdown"
    RESET = "reset"
    CHANGE = "change"
    """A change of terms: an extension past a border of tenors, or a restructuring."""


RATE_REASON_TITLES: Final = {
    RateReason.DRAWDOWN: N_("Drawdown"),
    RateReason.RESET: N_("Reset by the contract"),
    RateReason.CHANGE: N_("Change of terms"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """How a floating rate is made: LPR of a tenor + basis points, its days, and the lag in days."""

    tenor: LprTenor
    bp: int
    rule: ResetRule
    lag_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixing:
    """An LPR and the day of its publication."""

    on: date
    rate_ppm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RateSet:
    """The rate of a note from a day on, and the LPR that it was made from; none for a fixed rate."""

    from_on: date
    rate_ppm: int
    reason: RateReason
    fixing: Fixing | None = None


class NoLprInForce(RuleViolation):
    """No LPR was published by the day that counts."""

    code = "no-lpr-in-force"
    title = N_("No LPR is in force on this day")
    detail = N_(
        "The contract takes the last LPR published by %(by)s, and none is on file. "
        "Import the publication into the series %(series)s."
    )


def counting_fixing(pricing: Pricing, fixings: Sequence[Fixing], day: date) -> Fixing:
    """The last LPR published so many days before a day, or earlier; `NoLprInForce` when there is none."""
    by = day - timedelta(days=pricing.lag_days)
    known = [each for each in fixings if each.on <= by]
    if not known:
        raise NoLprInForce(by=by, series=SERIES[pricing.tenor])
    return max(known, key=lambda each: each.on)


def floating_rate_ppm(lpr_ppm: int, *, bp: int) -> int:
    """LPR + basis points, never below zero: 3.45 % + 55 bp = 4.00 %."""
    return max(lpr_ppm + bp * PPM_OF_A_BP, 0)


def rate_set(pricing: Pricing, fixings: Sequence[Fixing], day: date, reason: RateReason) -> RateSet:
    """The floating rate from a day on."""
    fixing = counting_fixing(pricing, fixings, day)
    rate_ppm = floating_rate_ppm(fixing.rate_ppm, bp=pricing.bp)
    return RateSet(from_on=day, rate_ppm=rate_ppm, reason=reason, fixing=fixing)


def next_reset_on(rule: ResetRule, *, drawn_on: date, after_on: date, ends_on: date) -> date | None:
    """The first day of the rule after a day; None where that is not before the end of the note."""
    day = next(each for each in _reset_days(rule, drawn_on) if each > after_on)
    return day if day < ends_on else None


def due_resets(
    pricing: Pricing,
    fixings: Sequence[Fixing],
    *,
    drawn_on: date,
    after_on: date,
    until_on: date,
    ends_on: date,
) -> Iterator[RateSet]:
    """The rates set on the days of the rule after a day, up to and with another."""
    while True:
        day = next_reset_on(pricing.rule, drawn_on=drawn_on, after_on=after_on, ends_on=ends_on)
        if day is None or day > until_on:
            return
        yield rate_set(pricing, fixings, day, RateReason.RESET)
        after_on = day


def _reset_days(rule: ResetRule, drawn_on: date) -> Iterator[date]:
    """The days of the rule after the drawdown, ascending."""
    if rule is ResetRule.ANNIVERSARY:
        first_on, step, anchor_day = drawn_on, _YEAR_MONTHS, drawn_on.day
    elif rule is ResetRule.JANUARY:
        first_on, step, anchor_day = date(drawn_on.year, 1, 1), _YEAR_MONTHS, 1
    else:
        quarter = _QUARTER_MONTHS * ((drawn_on.month - 1) // _QUARTER_MONTHS) + 1
        first_on, step, anchor_day = date(drawn_on.year, quarter, 1), _QUARTER_MONTHS, 1
    return (add_months(first_on, step * number, anchor_day=anchor_day) for number in count(1))
