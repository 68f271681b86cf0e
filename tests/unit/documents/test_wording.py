"""Figures and days as documents print them."""

from datetime import date
from decimal import Decimal

import pytest

from app.documents import wording


@pytest.mark.parametrize(
    ("amount_fen", "shown"),
    [
        (0, "0.00"),
        (5, "0.05"),
        (-5, "-0.05"),
        (100, "1.00"),
        (43_653_167, "436,531.67"),
        (-100_000_000, "-1,000,000.00"),
        (None, "—"),
    ],
)
def test_yuan_keep_every_fen(amount_fen: int | None, shown: str) -> None:
    assert wording.yuan(amount_fen) == shown


@pytest.mark.parametrize(
    ("ratio", "shown"),
    [
        ("0.700925", "70.09%"),
        ("0.70095", "70.10%"),
        ("0.6", "60.00%"),
        ("0", "0.00%"),
        ("12", "1,200.00%"),
    ],
)
def test_a_ratio_is_rounded_half_up_to_two_decimals(ratio: str, shown: str) -> None:
    assert wording.percent(Decimal(ratio)) == shown


@pytest.mark.parametrize(
    ("rate_ppm", "shown"), [(44_500, "4.45%"), (50_000, "5.00%"), (43_525, "4.3525%"), (0, "0.00%")]
)
def test_a_rate_shows_all_its_digits_and_at_least_two(rate_ppm: int, shown: str) -> None:
    assert wording.rate(rate_ppm) == shown


def test_days_are_written_for_each_language() -> None:
    on = date(2024, 1, 2)
    assert wording.day_zh(on) == "2024年1月2日"
    assert wording.day_en(on) == "2 January 2024"
    assert wording.day(on) == "2024-01-02"
    assert wording.day(None) == wording.day_zh(None) == wording.both_days(None) == "—"
