import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.rates import format_fraction, format_percent, parse_fraction


@pytest.mark.parametrize(
    ("text", "ppm"),
    [("0.0435", 43_500), ("0", 0), ("1", 1_000_000), ("-0.001", -1_000), ("0.000001", 1)],
)
def test_rate_is_read_as_parts_per_million(text, ppm):
    assert parse_fraction(text) == ppm


@pytest.mark.parametrize(
    "text", ["", "4.35%", ".05", "1e-2", "0.0000001", "1000", " 0.1", "+0.1", "０.1", "nan", "1."]
)
def test_rate_refuses_every_other_text(text):
    with pytest.raises(ValueError, match="Not a fraction"):
        parse_fraction(text)


@given(st.integers(-999_999_999, 999_999_999))
def test_rate_survives_writing_and_reading(ppm):
    assert parse_fraction(format_fraction(ppm)) == ppm


@pytest.mark.parametrize(
    ("ppm", "percent"), [(43_500, "4.35"), (43_525, "4.3525"), (-5_000, "-0.50"), (10_000, "1.00")]
)
def test_percent_has_at_least_two_decimals_and_loses_none(ppm, percent):
    assert format_percent(ppm) == percent
