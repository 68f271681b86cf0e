"""Haircuts: the published figure, what a return to the mean does, and their order."""

from itertools import pairwise

import pytest

from risk_models.engines.haircuts import CONFIDENCES, HORIZONS, haircut, haircuts
from risk_models.engines.paths import Process

BASE = Process(volatility=0.30)


def test_half_a_year_at_thirty_percent_takes_thirty_nine_percent():
    """1 - exp(-2.326 * 0.30 * sqrt(0.5)) = 0.39."""
    assert haircut(BASE, years=0.5, confidence=0.99) == pytest.approx(0.39, abs=0.001)


def test_a_return_to_the_mean_lowers_the_haircut():
    slow = Process(volatility=0.30, reversion_speed=0.61)
    assert haircut(slow, years=1.0, confidence=0.99) < haircut(BASE, years=1.0, confidence=0.99)


def test_a_price_that_jumps_has_no_closed_haircut():
    falls = Process(volatility=0.30, jumps_per_year=2.0, jump_mean=-0.2, jump_volatility=0.1)
    with pytest.raises(ValueError, match="jumps"):
        haircut(falls, years=0.5, confidence=0.99)


def test_the_table_grows_with_time_and_confidence():
    table = haircuts(BASE)
    assert [(cell.years, cell.confidence) for cell in table] == [
        (years, confidence) for years in HORIZONS for confidence in CONFIDENCES
    ]
    for confidence in CONFIDENCES:
        shares = [cell.share for cell in table if cell.confidence == confidence]
        assert all(low < high for low, high in pairwise(shares))


def test_a_calm_price_needs_no_haircut():
    assert haircut(Process(volatility=0.0), years=1.0, confidence=0.99) == 0.0


@pytest.mark.parametrize(("years", "confidence"), [(0.0, 0.9), (1.0, 1.0), (1.0, 0.4)])
def test_time_and_confidence_out_of_bounds_are_refused(years, confidence):
    with pytest.raises(ValueError, match=r"years|confidence"):
        haircut(BASE, years=years, confidence=confidence)
