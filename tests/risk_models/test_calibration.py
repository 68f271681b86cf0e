"""Calibration: known parameters come back, scale does not matter, a bad series is refused."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_models.engines.calibration import (
    DICKEY_FULLER,
    InvalidSeries,
    calibrate,
    calibration_json,
)
from tests.support.examples import examples

FIRST = date(2014, 1, 1)
STEP = 1.0 / 250.0


def weekdays(points):
    """The days of a market that trades 250 times a year, near enough."""
    return [FIRST + timedelta(days=round(place * 365.25 * STEP)) for place in range(points)]


def walk(points, *, volatility=0.30, drift=0.0, seed=1):
    moves = np.random.default_rng(seed).standard_normal(points - 1) * volatility * STEP**0.5
    return 50.0 * np.exp(np.concatenate([[0.0], np.cumsum(moves + drift * STEP)]))


def reverting(points, *, volatility=0.30, speed=4.0, level=60.0, seed=1):
    kept = np.exp(-speed * STEP)
    deviation = volatility * np.sqrt(-np.expm1(-2 * speed * STEP) / (2 * speed))
    logs = [np.log(level)]
    for shock in np.random.default_rng(seed).standard_normal(points - 1):
        logs.append(np.log(level) + (logs[-1] - np.log(level)) * kept + deviation * shock)
    return np.exp(logs)


def codes(found):
    return {warned.code for warned in found.warnings}


def test_the_volatility_of_a_random_walk_comes_back():
    """Of 5,000 points the standard error is 1 % of the volatility; three of them are allowed."""
    found = calibrate(weekdays(5_000), walk(5_000, volatility=0.30))
    assert found.volatility == pytest.approx(0.30, rel=0.03)
    assert found.span_years == pytest.approx(20.0, rel=0.001)
    assert found.step_days == pytest.approx(365.25 * STEP, rel=0.001)
    assert found.kurtosis == pytest.approx(3.0, abs=0.25)
    assert found.jumps.per_year < 0.2


def test_the_drift_comes_back():
    """Its standard error over 20 years is 0.30 / sqrt(20) = 0.067."""
    found = calibrate(weekdays(5_000), walk(5_000, drift=0.20))
    assert found.drift == pytest.approx(0.20, abs=0.2)


def test_speed_level_and_half_life_of_a_return_to_the_mean_come_back():
    """Speed within a quarter over 40 years: b is biased towards a faster return."""
    found = calibrate(weekdays(10_000), reverting(10_000, speed=4.0, level=60.0))
    assert found.reversion.speed == pytest.approx(4.0, rel=0.25)
    assert found.reversion.level == pytest.approx(60.0, rel=0.05)
    assert found.reversion.half_life_years == pytest.approx(np.log(2) / 4.0, rel=0.25)
    assert found.reversion.volatility == pytest.approx(0.30, rel=0.03)
    assert found.reversion.is_shown
    assert found.better == "reverting"
    assert "no-return" not in codes(found)


def test_a_random_walk_is_told_to_show_no_return():
    found = calibrate(weekdays(2_000), walk(2_000, seed=5))
    assert found.reversion.dickey_fuller > DICKEY_FULLER
    assert "no-return" in codes(found)


def test_jumps_are_counted_and_leave_the_calm_volatility():
    logs = np.log(walk(5_000, volatility=0.20))
    at = np.arange(100, 5_000, 250)
    logs += np.cumsum(np.isin(np.arange(5_000), at) * -0.15)
    found = calibrate(weekdays(5_000), np.exp(logs))
    assert found.jumps.count == len(at)
    assert found.jumps.per_year == pytest.approx(1.0, rel=0.02)
    assert found.jumps.mean == pytest.approx(-0.15, abs=0.01)
    assert found.jumps.volatility_without == pytest.approx(0.20, rel=0.03)
    assert found.volatility > found.jumps.volatility_without


def test_likelihoods_are_those_of_the_normal_law_and_aic_counts_parameters():
    found = calibrate(weekdays(300), walk(300))
    returns = np.diff(np.log(walk(300)))
    density = np.exp(-((returns - returns.mean()) ** 2) / (2 * returns.var()))
    density /= np.sqrt(2 * np.pi * returns.var())
    assert found.walk.log_likelihood == pytest.approx(np.log(density).sum(), rel=1e-9)
    assert found.walk.aic == pytest.approx(4.0 - 2.0 * found.walk.log_likelihood)
    assert found.reverting.log_likelihood >= found.walk.log_likelihood


@examples(30)
@given(
    seed=st.integers(0, 1_000),
    factor=st.floats(min_value=1e-4, max_value=1e4),
    points=st.integers(20, 200),
)
def test_only_the_level_knows_the_unit_of_the_price(seed, factor, points):
    prices = walk(points, seed=seed)
    one, other = calibrate(weekdays(points), prices), calibrate(weekdays(points), prices * factor)
    assert other.volatility == pytest.approx(one.volatility, rel=1e-6)
    assert other.reversion.b == pytest.approx(one.reversion.b, rel=1e-6)
    assert other.jumps.count == one.jumps.count
    assert codes(other) == codes(one)
    if one.reversion.level is not None and one.reversion.b < 0.999:
        assert other.reversion.level == pytest.approx(one.reversion.level * factor, rel=1e-3)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda days, prices: (days[:9], prices[:9]), "too-few-points"),
        (lambda days, prices: (days, prices[:-1]), "unequal-length"),
        (lambda days, prices: ([*days[:5], days[4], *days[6:]], prices), "double-day"),
        (lambda days, prices: ([days[1], days[0], *days[2:]], prices), "unsorted-days"),
        (lambda days, prices: (days, [*prices[:-1], 0.0]), "not-above-zero"),
        (lambda days, prices: (days, [-1.0, *prices[1:]]), "not-above-zero"),
        (lambda days, prices: (days, [*prices[:-1], np.nan]), "not-above-zero"),
        (lambda days, prices: (days, [*prices[:-1], np.inf]), "not-above-zero"),
        (lambda days, prices: (days, [7.0] * len(prices)), "no-chance"),
        (lambda days, prices: (days, 1.01 ** np.arange(len(prices))), "no-chance"),
        (lambda days, prices: (days, [1.0, 2.0] * (len(prices) // 2)), "no-chance"),
    ],
)
def test_a_bad_series_is_refused_with_its_reason(change, code):
    days, prices = weekdays(20), list(walk(20))
    with pytest.raises(InvalidSeries) as refusal:
        calibrate(*change(days, prices))
    assert refusal.value.code == code
    assert refusal.value.detail.complete


def test_ten_points_are_enough_to_calibrate_and_are_told_to_be_few():
    assert "short" in codes(calibrate(weekdays(10), walk(10)))


def test_a_year_of_daily_points_is_not_short():
    assert "short" not in codes(calibrate(weekdays(260), walk(260)))


def test_gaps_are_counted():
    days, prices = weekdays(400), walk(400)
    assert calibrate(days, prices).gaps == 0
    found = calibrate([*days[:200], *days[230:]], np.delete(prices, np.s_[200:230]))
    assert found.gaps == 1
    assert "gaps" in codes(found)


def test_days_without_a_move_make_a_market_thin():
    prices = walk(400)
    prices[1::3] = prices[0::3][: len(prices[1::3])]
    found = calibrate(weekdays(400), prices)
    assert found.still_share > 0.3
    assert "thin" in codes(found)
    assert "thin" not in codes(calibrate(weekdays(400), walk(400)))


def test_large_moves_make_a_daily_market_thin_and_a_monthly_one_not():
    wild = walk(1_000, volatility=1.2)
    assert calibrate(weekdays(1_000), wild).large_share > 0.1
    assert "thin" in codes(calibrate(weekdays(1_000), wild))
    monthly = calibrate(weekdays(4_200)[::21], walk(4_200, volatility=0.5)[::21])
    assert monthly.large_share > 0.1
    assert "thin" not in codes(monthly)


def test_monthly_points_are_annualised_by_their_own_step():
    """Twelve points a year of a walk have the yearly volatility of its daily ones."""
    days, prices = weekdays(10_000), walk(10_000)
    monthly = calibrate(days[::21], prices[::21])
    assert monthly.volatility == pytest.approx(0.30, rel=0.10)


def test_the_json_says_null_where_nothing_falls_back():
    rising = calibrate(weekdays(60), np.exp(np.linspace(0, 1, 60) ** 2) + walk(60) * 1e-4)
    plain = calibration_json(rising, language="zh")
    assert plain["reversion"]["speed"] is None
    assert plain["reversion"]["level"] is None
    assert plain["warnings"][0]["detail"].startswith("序列较短")
    assert len(plain["haircuts"]) == 6
    assert len(plain["haircuts_reverting"]) == (6 if plain["reversion"]["shown"] else 0)
