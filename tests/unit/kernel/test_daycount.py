"""Published day counts are in tests/vectors; here stand the rules that hold for all days."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.daycount import DayCount, days_by_year

days = st.dates(date(1950, 1, 1), date(2300, 12, 31))
spans = st.tuples(days, days).map(sorted)


@pytest.mark.parametrize("convention", DayCount)
@given(spans, st.integers(0, 400))
def test_no_convention_counts_backwards_as_the_end_moves_on(convention, span, more):
    start, end = span
    assert convention.year_units(start, end) >= 0
    later = end + timedelta(days=more)
    assert convention.year_units(start, end) <= convention.year_units(start, later)


ADDITIVE = [DayCount.ACT_360, DayCount.ACT_365, DayCount.ACT_ACT, DayCount.THIRTY_E_360]


@pytest.mark.parametrize("convention", ADDITIVE)
@given(st.tuples(days, days, days).map(sorted))
def test_parts_of_a_span_sum_to_the_span(convention, dates):
    start, between, end = dates
    parts = convention.year_units(start, between) + convention.year_units(between, end)
    assert parts == convention.year_units(start, end)


@given(days)
def test_whole_years_are_whole_under_actual_actual_from_a_first_of_january(day):
    start, end = date(day.year, 1, 1), date(day.year + 3, 1, 1)
    assert DayCount.ACT_ACT.year_fraction(start, end) == 3


@given(spans)
def test_actual_actual_sums_each_day_by_its_own_year(span):
    start, end = span
    end = min(end, start + timedelta(days=1500))
    by_day = Fraction(0)
    for offset in range((end - start).days):
        year = (start + timedelta(days=offset)).year
        by_day += Fraction(1, (date(year + 1, 1, 1) - date(year, 1, 1)).days)
    assert DayCount.ACT_ACT.year_fraction(start, end) == by_day


def test_first_day_counts_and_last_does_not():
    assert DayCount.ACT_360.days(date(2023, 12, 21), date(2024, 1, 2)) == 12
    assert DayCount.ACT_360.days(date(2023, 12, 26), date(2024, 3, 21)) == 86
    assert DayCount.ACT_360.days(date(2024, 2, 29), date(2024, 2, 29)) == 0


@pytest.mark.parametrize(
    ("start_on", "end_on", "found"),
    [
        (date(2023, 12, 21), date(2024, 3, 21), ((11, 365), (80, 366))),
        (date(2023, 12, 21), date(2024, 1, 1), ((11, 365),)),
        (date(2024, 12, 31), date(2026, 1, 2), ((1, 366), (366, 365))),
        (date(2024, 1, 1), date(2024, 1, 1), ()),
    ],
)
def test_days_by_year_make_the_year_fraction_again(start_on, end_on, found):
    assert days_by_year(start_on, end_on) == found
    total = sum((Fraction(days, length) for days, length in found), Fraction(0))
    assert total == DayCount.ACT_ACT.year_fraction(start_on, end_on)
