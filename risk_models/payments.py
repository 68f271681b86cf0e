"""Money that falls due once a year on the same calendar day, until a right ends.

How many payments are still to come is counted on the calendar, so a payment due on the day the
right ends counts in every year, leap or not, and one due on the valuation day counts as received.
When they come is smooth from day to day.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.batches import distinct, finding
from risk_models.contract import Batch, Condition, Field, Finding, Floats, Keyed, Recorder, step
from risk_models.fields import day, number
from risk_models.modelling import Days, years
from risk_models.trace import whole_years
from risk_models.words import Text

__all__ = [
    "Anniversaries",
    "anniversaries",
    "growth_field",
    "growth_path",
    "income_end_field",
    "last_payment_years",
    "never_paid",
    "next_payment_years",
    "paid_years",
    "payment_day_field",
    "payments_left",
    "payments_made",
]

NEVER_PAID: Final = Text(
    en="No payment falls due before the right ends. Check both days.",
    zh="权利到期前没有待收付款项，请核对两个日期。",
)


ANNIVERSARY: Final = Text(
    en="Payments fall due on the anniversaries of this day.", zh="每年于该日的周年日支付。"
)


def payment_day_field(
    help_: Text = ANNIVERSARY,
    *,
    example: str,
    needed_when: Condition | None = None,
    required: bool = True,
) -> Field:
    """The day on whose anniversaries money falls due."""
    title = Text(en="Paid each year since", zh="每年支付的起算日")
    return day(
        "paid_each_year_since",
        title,
        help_,
        example=example,
        required=required,
        needed_when=needed_when,
    )


def growth_field(help_: Text, *, vary: tuple[float, float], required: bool = True) -> Field:
    """How each payment grows over the one before."""
    return number(
        "growth_share",
        Text(en="Growth a year", zh="年增长率"),
        help_,
        unit="ratio",
        example=0.01,
        group="income",
        low=-0.5,
        high=0.2,
        required=required,
        vary=vary,
    )


def income_end_field(*, example: str) -> Field:
    """The last day of a right to income."""
    return day(
        "right_ends_on",
        Text(en="Right ends on", zh="权利到期日"),
        Text(en="Payments after this day belong to others.", zh="该日之后的收入不再归属该权利。"),
        example=example,
    )


def never_paid(
    batch: Batch, on: np.datetime64, rows: npt.NDArray[np.bool_] | None = None
) -> list[Finding]:
    """Asks about rights still running whose next payment comes after their end.

    Days come from `paid_each_year_since` and `right_ends_on`; `rows` [n] are those that are paid.
    """
    since, ends = batch.days("paid_each_year_since"), batch.days("right_ends_on")
    paid = np.full(batch.n, fill_value=True) if rows is None else rows
    # A row that is paid nothing has a day only so that it can be counted.
    since = np.where(paid & ~np.isnat(since), since, on)
    ends = np.where(np.isnat(ends), on, ends)
    made = np.maximum(whole_years(since, np.full(batch.n, on)), -1.0)
    return finding(
        "no-payment-left",
        "right_ends_on",
        paid & (ends > on) & (whole_years(since, ends) <= made),
        severity="ask",
        detail=NEVER_PAID,
    )


@step(unit="year", zh="已收付年数")
def paid_years(*, paid_each_year_since: Days, valuation_on: Days) -> Floats:
    """Years since payments began: years(paid_each_year_since, valuation_on)."""
    return years(paid_each_year_since, valuation_on)


@step(unit="payment", zh="已过收付次数")
def payments_made(*, paid_each_year_since: Days, valuation_on: Days) -> Floats:
    """Payments made since that day, which itself is none when it is past.

    Formula: max(whole_years(paid_each_year_since, valuation_on), -1).
    """
    return np.maximum(whole_years(paid_each_year_since, valuation_on), -1.0)


@step(unit="year", zh="距下次收付年数")
def next_payment_years(*, payments_made: Floats, paid_years: Floats) -> Floats:
    """Years to the next anniversary: payments_made + 1 - paid_years."""
    return np.asarray(payments_made + 1.0 - paid_years)


@step(unit="payment", zh="剩余收付次数")
def payments_left(
    *, paid_each_year_since: Days, right_ends_on: Days, payments_made: Floats
) -> Floats:
    """Payments until the right ends.

    Formula: max(0, whole_years(paid_each_year_since, right_ends_on) - payments_made).
    """
    until_end = whole_years(paid_each_year_since, right_ends_on)
    return np.maximum(0.0, until_end - payments_made)


@step(unit="year", zh="距末次收付年数")
def last_payment_years(*, next_payment_years: Floats, payments_left: Floats) -> Floats:
    """Years to the last payment: next_payment_years + payments_left - 1."""
    return np.asarray(next_payment_years + payments_left - 1.0)


@step(unit="1", zh="各年收益增长倍数")
def growth_path(*, growth_share: Floats, year: Floats) -> Floats:
    """Income of a year over that of the next: (1 + growth_share) ** year."""
    return np.asarray((1.0 + growth_share) ** year)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Anniversaries:
    """When and how much is paid: `profile`, `first` and `term` of a Flow whose `unit` is year.

    `made`, `coming` and `left` [n] are the printed steps, for contracts that end before the right.
    """

    profile: Keyed
    first: Floats
    term: Floats
    made: Floats
    coming: Floats
    left: Floats


def anniversaries(
    steps: Recorder,
    *,
    paid_each_year_since: Days,
    valuation_on: np.datetime64,
    right_ends_on: Days,
    growth_share: Floats | None = None,
) -> Anniversaries:
    """The payments [n] still to come, one unit the next time and growing after it.

    The inputs are printed under these names, so they must be fields of the model, or steps of it.
    Without `growth_share` all payments are one unit.
    """
    on = np.full(len(paid_each_year_since), valuation_on)
    paid = steps(
        "paid_years", paid_years, paid_each_year_since=paid_each_year_since, valuation_on=on
    )
    made = steps(
        "payments_made", payments_made, paid_each_year_since=paid_each_year_since, valuation_on=on
    )
    coming = steps("next_payment_years", next_payment_years, payments_made=made, paid_years=paid)
    left = steps(
        "payments_left",
        payments_left,
        paid_each_year_since=paid_each_year_since,
        right_ends_on=right_ends_on,
        payments_made=made,
    )
    last = steps(
        "last_payment_years", last_payment_years, next_payment_years=coming, payments_left=left
    )
    profile, first = _profile(steps, coming, left, growth_share)
    return Anniversaries(
        profile=profile, first=first, term=last, made=made, coming=coming, left=left
    )


def _profile(
    steps: Recorder, coming: Floats, left: Floats, growth_share: Floats | None
) -> tuple[Keyed, Floats]:
    """Units of each payment, and when the first one comes, by profile."""
    most = max(int(np.max(left, initial=1.0)), 1)
    if growth_share is None:
        (first,), key = distinct(coming)
        return Keyed(values=np.ones((len(first), most)), key=key), first
    (growth, first), key = distinct(growth_share, coming)
    path = steps(
        "growth_path",
        growth_path,
        growth_share=growth[:, np.newaxis],
        year=np.arange(most, dtype=np.float64)[np.newaxis],
    )
    return Keyed(values=path, key=key), first
