"""Sums by key up to a day, asked while amounts come in."""

import time
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.loans.domain.running_sums import SumsByDay

FIRST = date(2024, 1, 1)
amounts = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(min_value=0, max_value=9), st.integers(-500, 500)),
    max_size=30,
)


@given(amounts, st.integers(min_value=-1, max_value=10))
def test_a_sum_is_that_of_all_amounts_up_to_and_on_the_day(rows, asked):
    sums = SumsByDay()
    for key, day, fen in rows:
        sums.add(key, FIRST + timedelta(days=day), fen)
    for key in "abc":
        expected = sum(fen for name, day, fen in rows if name == key and day <= asked)
        assert sums.until(key, FIRST + timedelta(days=asked)) == expected


def test_a_hundred_thousand_amounts_of_one_key_take_no_longer_each_than_a_few():
    sums, began = SumsByDay(), time.process_time()
    for at in range(100_000):
        on = FIRST + timedelta(days=at // 10)
        assert sums.until("note", on) == at
        sums.add("note", on, 1)
    assert time.process_time() - began < 2
