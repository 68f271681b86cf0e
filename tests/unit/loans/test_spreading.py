"""Interest of odd days in parts: equal, the last one the rest, and nothing lost to what is paid ahead."""

from hypothesis import given
from hypothesis import strategies as st

from app.loans.domain.spreading import Spread


@given(st.integers(0, 10**9), st.integers(1, 400))
def test_the_parts_are_equal_and_sum_to_the_interest(grown_fen, instalments):
    spread, parts = Spread.over(grown_fen, instalments), []
    for number in range(1, instalments + 1):
        parts.append(spread.due_fen(last=number == instalments))
        spread = spread.less(parts[-1])
    assert sum(parts) == grown_fen
    assert set(parts[:-1]) <= {grown_fen // instalments}
    assert spread == Spread()


@given(st.integers(0, 10**9), st.integers(1, 40), st.integers(0, 2 * 10**9))
def test_what_is_paid_ahead_settles_the_odd_days_first(grown_fen, instalments, paid_fen):
    before = Spread.over(grown_fen, instalments)
    after, own_fen = before.paid(paid_fen)
    assert before.left_fen - after.left_fen + own_fen == paid_fen
    assert own_fen == max(paid_fen - before.left_fen, 0)
    assert after.due_fen(last=False) <= before.due_fen(last=False)


def test_interest_that_is_owed_again_belongs_to_the_running_period():
    before = Spread.over(1_000, 4)
    assert before.paid(-300) == (before, -300)


def test_nothing_grown_is_nothing_spread():
    assert Spread.over(-5, 3) == Spread.over(0, 3) == Spread()
