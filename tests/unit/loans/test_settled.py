"""Bank loans that settle interest by quarters."""

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kernel.schedule_dates import quarterly_interest_days, quarterly_principal_days
from app.loans.domain.settled import (
    DatedAmount,
    RateFrom,
    SettledTerms,
    equal_parts,
    make_settled_schedule,
)
from app.loans.domain.terms import ScheduleError

START, MATURITY = date(2023, 12, 26), date(2024, 12, 25)


def amount(on, fen):
    return DatedAmount(on=on, amount_fen=fen)


BULLET = SettledTerms(
    draws=(amount(START, 300_000_000),),
    principal_due=(amount(MATURITY, 300_000_000),),
    rates=(RateFrom(from_on=START, rate_ppm=44_500),),
    interest_days=quarterly_interest_days(START, MATURITY),
)


def test_bullet_pays_interest_by_quarter_and_the_last_with_the_principal():
    rows = make_settled_schedule(BULLET).instalments
    assert [row.days for row in rows] == [86, 92, 92, 91, 4]
    assert rows[0].interest_fen == 3_189_167
    assert [row.principal_fen for row in rows] == [0, 0, 0, 0, 300_000_000]
    assert rows[-1].payment_fen == 300_000_000 + rows[-1].interest_fen
    assert rows[-1].balance_fen == 0


def test_quarterly_equal_principal_lowers_the_next_period():
    start, maturity = date(2023, 6, 28), date(2026, 6, 27)
    days = quarterly_principal_days(start, maturity, instalments=12)
    terms = SettledTerms(
        draws=(amount(start, 360_000_000),),
        principal_due=equal_parts(360_000_000, days),
        rates=(RateFrom(from_on=start, rate_ppm=44_500),),
        interest_days=quarterly_interest_days(start, maturity),
    )
    rows = make_settled_schedule(terms).instalments
    assert [row.balance_fen for row in rows[:2]] == [330_000_000, 300_000_000]
    # 3,600,000.00 * 4.45 % * 85 / 360, then 3,300,000.00 over 91 days.
    assert [row.interest_fen for row in rows[:2]] == [3_782_500, 3_712_042]
    assert rows[-1].balance_fen == 0


def test_principal_on_a_day_of_its_own_bears_interest_until_then():
    start, maturity = date(2023, 9, 21), date(2024, 3, 21)
    terms = SettledTerms(
        draws=(amount(start, 36_000_000),),
        principal_due=(amount(date(2023, 12, 28), 18_000_000), amount(maturity, 18_000_000)),
        rates=(RateFrom(from_on=start, rate_ppm=50_000),),
        interest_days=quarterly_interest_days(start, maturity),
    )
    rows = make_settled_schedule(terms).instalments
    assert [str(row.due_on) for row in rows] == ["2023-12-21", "2023-12-28", "2024-03-21"]
    assert (rows[1].interest_fen, rows[1].days) == (0, 0)
    # Seven days at 50.00 and 84 days at 25.00 a day.
    assert rows[2].interest_fen == 35_000 + 210_000


def test_later_draws_and_a_new_rate_bear_interest_from_their_days():
    start, maturity = date(2023, 9, 21), date(2023, 12, 21)
    terms = SettledTerms(
        draws=(amount(start, 36_000_000), amount(date(2023, 10, 21), 36_000_000)),
        principal_due=(amount(maturity, 72_000_000),),
        rates=(
            RateFrom(from_on=date(2023, 1, 1), rate_ppm=50_000),
            RateFrom(from_on=date(2023, 12, 1), rate_ppm=40_000),
        ),
        interest_days=(maturity,),
    )
    (row,) = make_settled_schedule(terms).instalments
    # 30 days at 50.00, 41 days at 100.00, 20 days at 80.00.
    assert row.interest_fen == 150_000 + 410_000 + 160_000


@settings(deadline=None)
@given(
    st.integers(1, 10**12),
    st.integers(1, 20),
    st.dates(date(2000, 1, 1), date(2050, 1, 1)),
    st.integers(0, 240_000),
)
def test_settled_schedule_repays_exactly_what_was_drawn(principal, count, start, rate):
    maturity = date(start.year + 6, start.month, 15)
    days = quarterly_principal_days(start, maturity, instalments=count)
    terms = SettledTerms(
        draws=(amount(start, principal),),
        principal_due=tuple(due for due in equal_parts(principal, days) if due.amount_fen),
        rates=(RateFrom(from_on=start, rate_ppm=rate),),
        interest_days=quarterly_interest_days(start, maturity),
    )
    schedule = make_settled_schedule(terms)
    assert schedule.total_principal_fen == principal
    assert schedule.instalments[-1].balance_fen == 0
    assert all(row.interest_fen >= 0 <= row.balance_fen for row in schedule.instalments)
    dues = [row.due_on for row in schedule.instalments]
    assert all(before < after for before, after in pairwise(dues))


@pytest.mark.parametrize(
    ("pointer", "changes"),
    [
        ("/principal_yuan", {"draws": ()}),
        ("/principal_yuan", {"draws": (amount(START, 0),)}),
        ("/principal_yuan", {"principal_due": (amount(MATURITY, -1),)}),
        ("/plan_yuan", {"principal_due": (amount(MATURITY, 299_999_999),)}),
        ("/plan_yuan", {"principal_due": (amount(START, 300_000_000),)}),
        ("/rate", {"rates": ()}),
        ("/rate", {"rates": (RateFrom(from_on=date(2023, 12, 27), rate_ppm=1),)}),
        ("/matures_on", {"interest_days": ()}),
        ("/matures_on", {"interest_days": (date(2024, 12, 24),)}),
        ("/matures_on", {"interest_days": (START, MATURITY)}),
        ("/matures_on", {"interest_days": (MATURITY, date(2024, 6, 21))}),
    ],
)
def test_settled_terms_that_cannot_close_are_refused(pointer, changes):
    with pytest.raises(ScheduleError) as refusal:
        make_settled_schedule(replace(BULLET, **changes))
    assert [error.pointer for error in refusal.value.errors] == [pointer]
