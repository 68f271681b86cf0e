from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.money import (
    MAX_FEN,
    Money,
    ceil_div,
    fen_half_up,
    floor_div,
    round_half_up,
    split_largest_remainder,
)

amounts = st.integers(min_value=1 - MAX_FEN, max_value=MAX_FEN - 1)


@pytest.mark.parametrize("wrong", [1.0, True, Decimal(1), "1", None, Fraction(1)])
def test_money_takes_nothing_but_whole_fen(wrong):
    with pytest.raises(TypeError):
        Money(wrong)


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("0", 0),
        ("-0", 0),
        ("1234.56", 123_456),
        ("1234.5", 123_450),
        ("-0.05", -5),
        ("9999999999999.99", MAX_FEN - 1),
    ],
)
def test_money_reads_plain_decimal_yuan(text, fen):
    assert Money.parse(text) == Money(fen)


@pytest.mark.parametrize(
    "text",
    [
        "", " 1", "1 ", "+1", "1.", ".5", "1.005", "1,000", "1_000", "1e3", "0x10", "NaN",
        "Infinity", "１２３", "--1", "1\n", "10000000000000.00",
    ],
)  # fmt: skip
def test_money_refuses_every_other_text(text):
    with pytest.raises(ValueError, match="Not an amount"):
        Money.parse(text)


@pytest.mark.parametrize(("fen", "text"), [(-5, "-0.05"), (0, "0.00"), (-12_345, "-123.45")])
def test_money_shows_two_decimals(fen, text):
    assert Money(fen).yuan == text


@given(amounts)
def test_money_survives_writing_and_reading(fen):
    assert Money.parse(Money(fen).yuan) == Money(fen)


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [(5, 2, 3), (-5, 2, -3), (5, -2, -3), (7, 3, 2), (8, 3, 3), (4, 3, 1), (0, 7, 0)],
)
def test_rounding_half_up_takes_ties_away_from_zero(numerator, denominator, rounded):
    assert round_half_up(numerator, denominator) == rounded


@given(st.integers(), st.integers(min_value=1))
def test_rounding_half_up_is_off_by_half_at_most(numerator, denominator):
    rounded = round_half_up(numerator, denominator)
    assert abs(rounded * denominator - numerator) * 2 <= denominator
    assert floor_div(numerator, denominator) <= rounded <= ceil_div(numerator, denominator)


def test_limits_round_down_and_top_ups_round_up():
    assert floor_div(10, 3) == 3
    assert ceil_div(10, 3) == 4
    assert ceil_div(9, 3) == floor_div(9, 3) == 3


@pytest.mark.parametrize(
    ("exact", "fen"),
    [(Decimal("0.5"), 1), (Decimal("-0.5"), -1), (Fraction(1, 3), 0), (Decimal("2.4999"), 2)],
)
def test_exact_fen_are_rounded_half_up(exact, fen):
    assert fen_half_up(exact) == fen


@pytest.mark.parametrize("wrong", [Decimal("NaN"), Decimal("Infinity")])
def test_what_is_not_a_number_has_no_fen(wrong):
    with pytest.raises((ValueError, OverflowError)):
        fen_half_up(wrong)


weights_strategy = st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any)


@given(amounts, weights_strategy)
def test_split_parts_sum_to_the_total_and_keep_within_a_fen_of_their_share(total, weights):
    parts = split_largest_remainder(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1


def test_split_gives_the_odd_fen_to_the_largest_remainder():
    assert split_largest_remainder(100, [1, 1, 1]) == [34, 33, 33]
    assert split_largest_remainder(100, [50, 30, 15, 5]) == [50, 30, 15, 5]
    assert split_largest_remainder(10, [1, 2]) == [3, 7]
    assert split_largest_remainder(-100, [1, 1, 1]) == [-34, -33, -33]


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1], [2, -1]])
def test_split_refuses_weights_that_share_nothing(weights):
    with pytest.raises(ValueError, match="Weights"):
        split_largest_remainder(100, weights)
