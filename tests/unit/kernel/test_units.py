from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.units import format_scaled, ha_to_mu, m2_to_mu, mu_to_ha, parse_scaled


@pytest.mark.parametrize(
    ("text", "places", "scaled"),
    [("12.5", 4, 125_000), ("-0.0001", 4, -1), ("7", 0, 7), ("900", 2, 90_000)],
)
def test_quantity_is_read_as_a_scaled_whole_number(text, places, scaled):
    assert parse_scaled(text, places) == scaled


@pytest.mark.parametrize(
    ("text", "places"),
    [("1.00001", 4), ("1.0", 0), ("", 4), ("1e3", 4), ("1,000", 4), (" 1", 4), ("１", 4)],
)
def test_quantity_refuses_text_that_would_lose_a_decimal_or_is_no_number(text, places):
    with pytest.raises(ValueError, match="Not a number"):
        parse_scaled(text, places)


@given(st.integers(1 - 10**14, 10**14 - 1), st.integers(0, 6))
def test_quantity_survives_writing_and_reading(scaled, places):
    assert parse_scaled(format_scaled(scaled, places), places) == scaled


def test_fifteen_mu_are_one_hectare():
    assert ha_to_mu(2) == 30
    assert mu_to_ha(15) == 1
    assert mu_to_ha(1) == Fraction(1, 15)
    assert m2_to_mu(10_000) == 15
