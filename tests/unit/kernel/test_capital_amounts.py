"""Amounts in capital numerals follow the rules for bills and vouchers."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.capital_amounts import YUAN_LIMIT, amount_in_words_zh

DIGIT_VALUES = {digit: value for value, digit in enumerate("零壹贰叁肆伍陆柒捌玖")}
PLACE_VALUES = {"拾": 10, "佰": 100, "仟": 1000}


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (0, "零元整"),
        (1, "壹分"),
        (5, "伍分"),
        (10, "壹角整"),
        (32, "叁角贰分"),
        (100, "壹元整"),
        (105, "壹元零伍分"),
        (150, "壹元伍角整"),
        (1_000, "壹拾元整"),
        (325_04, "叁佰贰拾伍元零肆分"),
        (1_001_00, "壹仟零壹元整"),
        (1_409_50, "壹仟肆佰零玖元伍角整"),
        (1_680_32, "壹仟陆佰捌拾元叁角贰分"),
        (6_007_14, "陆仟零柒元壹角肆分"),
        (10_010_00, "壹万零壹拾元整"),
        (16_409_02, "壹万陆仟肆佰零玖元零贰分"),
        (107_000_53, "壹拾万柒仟元伍角叁分"),
        (1_000_001_00, "壹佰万零壹元整"),
        (32_790_000_00, "叁仟贰佰柒拾玖万元整"),
        (100_000_000_00, "壹亿元整"),
        (100_010_000_00, "壹亿零壹万元整"),
        (110_000_001_00, "壹亿壹仟万零壹元整"),
        (1_000_000_000_000_00, "壹万亿元整"),
        (1_234_500_000_000_00, "壹万贰仟叁佰肆拾伍亿元整"),
    ],
)
def test_amount_is_written_in_capital_numerals(fen: int, words: str) -> None:
    assert amount_in_words_zh(fen) == words


def test_largest_amount_is_written_and_the_next_one_is_refused() -> None:
    assert amount_in_words_zh(YUAN_LIMIT * 100 - 1).endswith("玖角玖分")
    with pytest.raises(ValueError, match="between zero"):
        amount_in_words_zh(YUAN_LIMIT * 100)


def test_negative_amount_is_refused() -> None:
    with pytest.raises(ValueError, match="between zero"):
        amount_in_words_zh(-1)


@pytest.mark.parametrize("amount", [1.5, True, "100", None])
def test_only_whole_fen_are_accepted(amount: object) -> None:
    with pytest.raises(TypeError, match="whole fen"):
        amount_in_words_zh(amount)  # type: ignore[arg-type]


@given(st.integers(min_value=0, max_value=YUAN_LIMIT * 100 - 1))
def test_words_read_back_to_the_same_amount(fen: int) -> None:
    assert _read(amount_in_words_zh(fen)) == fen


@given(st.integers(min_value=0, max_value=YUAN_LIMIT * 100 - 1))
def test_no_two_zeros_stand_together_and_none_closes_a_number(fen: int) -> None:
    words = amount_in_words_zh(fen)
    assert "零零" not in words
    assert fen < 100 or "零元" not in words


def _read(words: str) -> int:
    yuan, _, rest = words.rpartition("元")
    fen = 0
    for digit, unit in pairwise(rest):
        fen += DIGIT_VALUES.get(digit, 0) * {"角": 10, "分": 1}.get(unit, 0)
    return _read_whole(yuan) * 100 + fen


def _read_whole(words: str) -> int:
    for name, scale in (("亿", 10**8), ("万", 10**4)):
        if name in words:
            high, _, low = words.rpartition(name) if name == "亿" else words.partition(name)
            return _read_whole(high) * scale + _read_whole(low)
    total = digit = 0
    for sign in words:
        if sign in PLACE_VALUES:
            total, digit = total + digit * PLACE_VALUES[sign], 0
        else:
            digit = DIGIT_VALUES[sign]
    return total + digit
