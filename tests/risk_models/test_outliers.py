"""Prices that look like slips: both limits of the rule, slips at either end, and what is no slip."""

from datetime import date, timedelta

import numpy as np
import pytest

from risk_models.engines.calibration import calibrate
from risk_models.engines.outliers import OutlierRule, outlier_words, rule_in_force
from risk_models.registry import science_parameters

RULE = OutlierRule(deviations=10.0, move=0.5)
POINTS = 300


def days(points=POINTS):
    return [date(2022, 1, 1) + timedelta(days=place) for place in range(points)]


def calm(volatility=0.02):
    moves = np.random.default_rng(7).standard_normal(POINTS - 1) * volatility
    return list(50.0 * np.exp(np.concatenate([[0.0], np.cumsum(moves)])))


def with_slip(place, price=5_000.0):
    prices = calm()
    prices[place] = price
    return prices


def test_the_rule_in_force_is_dated_data():
    rule = rule_in_force(science_parameters().on(date(2024, 1, 2)))
    assert rule == RULE


def test_a_slip_is_named_once_with_its_day_and_price_in_both_languages():
    (found,) = outlier_words(days(), with_slip(100), RULE)
    for words in (found.en, found.zh):
        assert days()[100].isoformat() in words
        assert "5,000" in words


@pytest.mark.parametrize(("place", "named"), [(0, 1), (POINTS - 1, POINTS - 1)])
def test_a_slip_at_either_end_is_named_by_the_move_beside_it(place, named):
    (found,) = outlier_words(days(), with_slip(place), RULE)
    assert days()[named].isoformat() in found.en
    assert "5,000" in found.en


@pytest.mark.parametrize("volatility", [0.02, 0.05])
def test_a_lively_market_without_slips_is_left_alone(volatility):
    assert outlier_words(days(), calm(volatility), RULE) == []


@pytest.mark.parametrize(("times", "stands_out"), [(1.49, 0), (1.51, 1)])
def test_a_move_stands_out_beyond_the_share_only(times, stands_out):
    prices = [50.0] * 20 + [50.0 * times] * 20
    assert len(outlier_words(days(40), prices, RULE)) == stands_out


@pytest.mark.parametrize(("deviations", "stands_out"), [(9.9, 2), (10.1, 0)])
def test_a_move_stands_out_beyond_the_deviations_only(deviations, stands_out):
    usual = 0.06
    far = 10.0 * 1.4826 * usual
    moves = [usual, -usual] * 50 + [far, usual, -far, -usual] + [usual, -usual] * 50
    prices = list(50.0 * np.exp(np.cumsum([0.0, *moves])))
    rule = OutlierRule(deviations=deviations, move=0.5)
    assert len(outlier_words(days(len(prices)), prices, rule)) == stands_out


def test_a_slip_warns_of_the_absurd_speed_it_gives_and_changes_no_figure():
    told = calibrate(days(), with_slip(100), RULE)
    codes = [each.code for each in told.warnings]
    assert codes.count("outlier") == 1
    assert told.reversion.half_life_years < 1 / 365
    assert "fast-return" in codes
    assert told.volatility == calibrate(days(), with_slip(100)).volatility
    assert "outlier" not in {each.code for each in calibrate(days(), with_slip(100)).warnings}
    fine = calibrate(days(), calm(), RULE)
    assert not {"outlier", "fast-return"} & {each.code for each in fine.warnings}
