from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kernel.daycount import DayCount
from app.kernel.schedule_dates import Every
from app.loans.domain.bulk import level_schedules
from app.loans.domain.schedule import make_schedule
from app.loans.domain.terms import Method, Terms


def single(principal_fen, rate_ppm, periods, months):
    terms = Terms(
        principal_fen=principal_fen,
        rate_ppm=rate_ppm,
        start_on=date(2024, 1, 31),
        periods=periods,
        every=Every(months=months),
        method=Method.EQUAL_INSTALMENT,
        day_count=DayCount.THIRTY_360,
    )
    rows = make_schedule(terms).instalments
    return [(row.principal_fen, row.interest_fen, row.balance_fen) for row in rows]


loans = st.lists(
    st.tuples(st.one_of(st.integers(1, 1000), st.integers(1, 10**11)), st.integers(0, 400_000)),
    min_size=1,
    max_size=6,
)


@settings(deadline=None)
@given(loans, st.integers(1, 60), st.sampled_from([1, 3, 12]))
def test_many_schedules_equal_those_drawn_one_by_one(book, periods, months):
    principal, rate = (np.array(column, np.int64) for column in zip(*book, strict=True))
    bulk = level_schedules(principal, rate, periods=periods, months=months)
    for loan, (fen, ppm) in enumerate(book):
        columns = (bulk.principal_fen, bulk.interest_fen, bulk.balance_fen)
        rows = list(zip(*(column[:, loan].tolist() for column in columns), strict=True))
        assert rows == single(fen, ppm, periods, months)


def test_level_instalment_on_a_tie_is_rounded_up():
    """Without interest 3 fen over 2 periods tie at 1.5 fen."""
    bulk = level_schedules(np.array([3]), np.array([0]), periods=2)
    assert bulk.payment_fen[:, 0].tolist() == [2, 1]


def test_no_loans_have_no_schedules():
    empty = np.array([], np.int64)
    assert level_schedules(empty, empty, periods=3).payment_fen.shape == (3, 0)


@pytest.mark.parametrize(
    ("principal", "rate"), [(10**15, 43_500), (0, 43_500), (-1, 43_500), (100, -1)]
)
def test_loans_that_do_not_fit_are_refused(principal, rate):
    with pytest.raises(ValueError, match=r"fit|above zero"):
        level_schedules(np.array([principal]), np.array([rate]), periods=12)
