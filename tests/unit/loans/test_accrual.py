from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.daycount import DayCount
from app.kernel.money import fen_half_up
from app.kernel.schedule_dates import Every
from app.loans.domain.accrual import (
    BalanceFrom,
    accrued_fen,
    interest_of_a_day_fen,
    overdue_rate_ppm,
)
from app.loans.domain.periods import Period
from app.loans.domain.schedule import make_schedule
from app.loans.domain.terms import Method, Terms, periods_of

ONE_DAY = timedelta(days=1)


def held(balance_fen, rate_ppm, from_on):
    return BalanceFrom(from_on=from_on, balance_fen=balance_fen, rate_ppm=rate_ppm)


def quarter(starts_on, due_on, day_count=DayCount.ACT_360):
    return Period(starts_on=starts_on, due_on=due_on, day_count=day_count)


def test_86_days_to_the_close_of_the_settlement_day():
    period = quarter(date(2023, 12, 26), date(2024, 3, 21))
    balances = [held(300_000_000, 44_500, date(2023, 12, 26))]
    assert accrued_fen(period, balances, date(2024, 3, 20) + ONE_DAY) == 3_189_167


def test_12_days_since_interest_was_paid():
    period = quarter(date(2023, 12, 21), date(2024, 3, 21))
    balances = [held(400_000_000, 43_500, date(2023, 12, 21))]
    assert accrued_fen(period, balances, date(2024, 1, 2)) == 580_000


def test_balance_and_rate_change_on_their_days():
    period = quarter(date(2024, 1, 1), date(2024, 3, 1))
    balances = [
        held(36_000_000, 50_000, date(2023, 10, 1)),
        held(18_000_000, 50_000, date(2024, 1, 11)),
        held(18_000_000, 40_000, date(2024, 2, 1)),
    ]
    # Ten days at 50.00, 21 days at 25.00, 29 days at 20.00 a day.
    assert accrued_fen(period, balances, date(2024, 3, 1)) == 50_000 + 52_500 + 58_000
    assert accrued_fen(period, balances, date(2024, 1, 6)) == 25_000


def test_two_changes_on_one_day_count_once():
    period = quarter(date(2024, 1, 1), date(2024, 2, 1))
    balances = [
        held(36_000_000, 50_000, date(2024, 1, 1)),
        held(0, 50_000, date(2024, 1, 1)),
    ]
    assert accrued_fen(period, balances, date(2024, 2, 1)) == 0


def test_accrual_needs_a_balance_at_the_start_and_a_day_in_the_period():
    period = quarter(date(2024, 1, 1), date(2024, 2, 1))
    with pytest.raises(ValueError, match="first balance"):
        accrued_fen(period, [held(1, 1, date(2024, 1, 2))], date(2024, 1, 3))
    with pytest.raises(ValueError, match="lies outside"):
        accrued_fen(period, [held(1, 1, date(2024, 1, 1))], date(2024, 2, 2))


@pytest.mark.parametrize(
    ("day_count", "expected_fen"),
    [
        (DayCount.ACT_360, 37_083),
        (DayCount.THIRTY_360, 37_083),
        (DayCount.ACT_365, 36_575),
        (DayCount.ACT_ACT, 36_575),
    ],
)
def test_interest_of_a_day_follows_the_count_of_the_contract(day_count, expected_fen):
    """3,000,000.00 at 4.45 %: 370.83 a day of 360, 365.75 a day of 365."""
    found = interest_of_a_day_fen(300_000_000, rate_ppm=44_500, day_count=day_count)
    assert found == expected_fen


def test_penalty_rate_is_the_contract_rate_with_its_surcharge():
    assert overdue_rate_ppm(43_500, surcharge_ppm=500_000) == 65_250
    assert overdue_rate_ppm(43_501, surcharge_ppm=300_000) == 56_551


@given(
    principal=st.integers(1, 10**13),
    rate=st.integers(0, 240_000),
    start=st.dates(date(2000, 1, 1), date(2080, 1, 1)),
    day_count=st.sampled_from(DayCount),
    every=st.sampled_from([Every(months=1), Every(months=3), Every(days=15)]),
    method=st.sampled_from([Method.EQUAL_INSTALMENT, Method.EQUAL_PRINCIPAL, Method.BULLET]),
)
def test_daily_postings_sum_to_the_interest_of_the_schedule(
    principal, rate, start, day_count, every, method
):
    terms = Terms(
        principal_fen=principal,
        rate_ppm=rate,
        start_on=start,
        periods=3,
        every=every,
        method=method,
        day_count=day_count,
    )
    balance = principal
    schedule = make_schedule(terms).instalments
    for period, row in zip(periods_of(terms), schedule, strict=True):
        balances = [held(balance, rate, period.starts_on)]
        posted = 0
        day = period.starts_on
        while day < period.due_on:
            day += ONE_DAY
            today = accrued_fen(period, balances, day) - posted
            assert today >= 0
            posted += today
        assert posted == row.interest_fen
        balance = row.balance_fen


@given(st.integers(1, 28))
def test_a_regular_month_accrues_evenly_over_its_days(day):
    month = Period(
        starts_on=date(2023, 1, 31),
        due_on=date(2023, 2, 28),
        day_count=DayCount.THIRTY_360,
        whole_months=1,
    )
    until_on = month.starts_on + timedelta(days=day)
    interest = accrued_fen(month, [held(1_200_000, 120_000, month.starts_on)], until_on)
    assert interest == fen_half_up(12_000 * month.year_fraction_to(until_on) * 12)
    assert month.days == 30
