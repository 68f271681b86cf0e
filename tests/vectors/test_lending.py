"""Published lending cases: schedules, day counts, rate factors, accruals, due days."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from pathlib import Path

import pytest
import yaml

from app.kernel.daycount import DayCount
from app.kernel.money import Money
from app.kernel.rates import PPM, parse_fraction
from app.kernel.schedule_dates import Every, MonthEnd, Rhythm
from app.loans.domain.accrual import BalanceFrom, accrued_fen
from app.loans.domain.periods import Period
from app.loans.domain.schedule import level_parts, make_schedule, period_rates
from app.loans.domain.terms import Method, OddDays, Terms

FOLDER = Path(__file__).parent


def load(name):
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


SCHEDULES = load("lending_schedules.yaml")
DAY_COUNTS = load("lending_day_counts.yaml")
RATES = load("lending_rates.yaml")


def terms_of(case):
    given = case["terms"]
    return Terms(
        principal_fen=Money.parse(given["principal_yuan"]).fen,
        rate_ppm=parse_fraction(given["rate"]),
        periods=given["periods"],
        every=Every.parse(given["every"]),
        method=Method(given["method"]),
        day_count=DayCount(given["day_count"]),
        start_on=given["start_on"],
        first_due_on=given.get("first_due_on"),
        grace_principal=given.get("grace_principal", 0),
        month_end=MonthEnd(given.get("month_end", "clamp")),
        odd_days=OddDays(given.get("odd_days", "with-first")),
    )


def row_text(row):
    amounts = (row.interest_fen, row.principal_fen, row.balance_fen)
    return "/".join(Money(fen).yuan for fen in amounts)


@pytest.mark.parametrize("case", SCHEDULES, ids=lambda case: case["id"])
def test_schedule_equals_the_published_case(case):
    schedule = make_schedule(terms_of(case))
    rows = {row.number: row_text(row) for row in schedule.instalments}
    assert {number: rows[number] for number in case["rows"]} == case["rows"]
    totals = case["totals"]
    assert Money(schedule.total_interest_fen).yuan == totals["total_interest_yuan"]
    assert Money(schedule.instalments[-1].payment_fen).yuan == totals["last_yuan"]
    if "level_yuan" in totals:
        level = schedule.instalments[case["terms"].get("grace_principal", 0)]
        assert Money(level.payment_fen).yuan == totals["level_yuan"]


DATED = [case for case in SCHEDULES if {"due_on", "first_and_last_due_on", "days"} & set(case)]


@pytest.mark.parametrize("case", DATED, ids=lambda case: case["id"])
def test_due_days_and_day_numbers_equal_the_published_case(case):
    rows = make_schedule(terms_of(case)).instalments
    dues = [row.due_on for row in rows]
    assert dues == case.get("due_on", dues)
    assert [dues[0], dues[-1]] == case.get("first_and_last_due_on", [dues[0], dues[-1]])
    assert [row.days for row in rows] == case.get("days", [row.days for row in rows])


DAY_COUNT_CASES = [
    pytest.param(DayCount(group["day_count"]), case, id=f"{group['id']}-{case['from']}")
    for group in DAY_COUNTS
    for case in group["cases"]
]


@pytest.mark.parametrize(("convention", "case"), DAY_COUNT_CASES)
def test_day_count_equals_the_published_case(convention, case):
    if "days" in case:
        assert convention.days(case["from"], case["to"]) == case["days"]
    else:
        fraction = convention.year_fraction(case["from"], case["to"])
        assert abs(fraction - Fraction(case["year_fraction"])) <= Fraction(1, 2 * 10**12)


@pytest.mark.parametrize("rate", RATES["payments_per_hundred"]["level"])
def test_level_payment_of_a_hundred_over_thirty_years(rate):
    table = RATES["payments_per_hundred"]
    # A thousand million times a hundred yuan shows nine decimals of the payment.
    scale = 10**9
    terms = Terms(
        principal_fen=100 * scale * 100,
        rate_ppm=parse_fraction(rate),
        periods=table["periods"],
        every=Every(months=1),
        method=Method.EQUAL_INSTALMENT,
        day_count=DayCount.THIRTY_360,
        start_on=date(2024, 1, 1),
    )
    payment = Decimal(make_schedule(terms).instalments[0].payment_fen) / 100 / scale
    assert abs(payment - Decimal(table["level"][rate])) <= Decimal(table["tolerance"])


def months_of(table, day_count):
    rhythm = Rhythm(start_on=table["start_on"], every=Every(months=1))
    dues = rhythm.due_dates(6)
    months = 1 if day_count is DayCount.THIRTY_360 else 0
    return [
        Period(starts_on=start, due_on=due, day_count=day_count, whole_months=months)
        for start, due in zip((table["start_on"], *dues), dues, strict=False)
    ]


@pytest.mark.parametrize("convention", RATES["rate_factors"]["factors"])
def test_rate_factors_of_periods(convention):
    table = RATES["rate_factors"]
    periods = months_of(table, DayCount(convention))
    rates, denominator = period_rates(periods, parse_fraction(table["rate"]))
    for rate, published in zip(rates, table["factors"][convention], strict=True):
        assert abs(Fraction(rate, denominator) - Fraction(published)) <= Fraction(1, 10**12)


def test_annuity_factors_follow_from_the_level_instalment():
    """F_n = P * prod(1 + r_i) / instalment."""
    table = RATES["rate_factors"]
    rates, denominator = period_rates(months_of(table, DayCount.ACT_365), 94_822)
    growth = Fraction(1)
    for count, published in enumerate(RATES["annuity_factors"]["factors"], start=1):
        growth *= 1 + Fraction(rates[count - 1], denominator)
        level = Fraction(*level_parts(PPM, list(islice(rates, count)), denominator))
        factor = PPM * growth / level
        # The source rounded its rates to twelve decimals before it summed.
        assert abs(factor - Fraction(published)) <= Fraction(1, 10**10)


@pytest.mark.parametrize("case", RATES["accruals"], ids=lambda case: case["id"])
def test_accrual_inside_a_period(case):
    given = case["period"]
    period = Period(**{**given, "day_count": DayCount(given["day_count"])})
    balances = [
        BalanceFrom(
            from_on=day, balance_fen=Money.parse(text).fen, rate_ppm=parse_fraction(case["rate"])
        )
        for day, text in case["balances"].items()
    ]
    interest = accrued_fen(period, balances, case["until_on"])
    assert Money(interest).yuan == case["interest_yuan"]


@pytest.mark.parametrize("case", RATES["due_dates"], ids=lambda case: case["id"])
def test_due_days_do_not_drift_from_their_anchor(case):
    rhythm = Rhythm(start_on=case["start_on"], every=Every(months=1))
    assert list(rhythm.due_dates(len(case["dates"]))) == case["dates"]
