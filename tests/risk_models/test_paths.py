"""Price paths: exact steps, means on the forward curve, one common factor, refusals."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from risk_models.appraise import basis_on
from risk_models.batches import batch_from_rows
from risk_models.conformance import random_rows
from risk_models.contract import Price
from risk_models.dated import ParameterNotInForce, load_folder
from risk_models.engines.paths import (
    CORRELATION,
    PROCESS,
    STRESS_VOLATILITY,
    Process,
    Simulation,
    between,
    price_paths,
    process_of,
)
from risk_models.registry import BUILT_INS, science_parameters
from risk_models.runner import value

PRICE = Price(yuan=30.0, unit="yuan/tCO2e", growth=0.02)
MANY = Simulation(paths=20_000, seed=7)
PARAMETERS = science_parameters().on(date(2023, 12, 26))

KINDS = {
    "walk": Process(volatility=0.30),
    "reverting": Process(volatility=0.30, reversion_speed=0.61),
    "jumping": Process(volatility=0.2, jumps_per_year=0.5, jump_mean=-0.2, jump_volatility=0.1),
    "both": Process(
        volatility=0.2, reversion_speed=1.1, jumps_per_year=2.0, jump_mean=-0.1, jump_volatility=0.1
    ),
}


def _paths(process, price_id="local-sink", *, years=20, simulation=MANY, correlation=0.25):
    return price_paths(PRICE, price_id, years, process, simulation, correlation=correlation)


@pytest.mark.parametrize("process", KINDS.values(), ids=KINDS)
def test_paths_start_at_one_and_their_mean_is_the_forward_curve(process):
    paths = _paths(process)
    assert np.all(paths[0] == 1.0)
    assert np.allclose(paths.mean(axis=1), 1.02 ** np.arange(21), rtol=1e-12)


def test_a_curve_is_kept_and_flat_after_its_end():
    curve = replace(PRICE, growth=0.0, curve=(1.0, 1.1, 1.3))
    paths = price_paths(curve, "local-sink", 4, KINDS["both"], MANY, correlation=0.0)
    assert np.allclose(paths.mean(axis=1), [1.0, 1.1, 1.3, 1.3, 1.3])


def test_a_walk_spreads_with_the_root_of_time():
    """The standard error of a deviation of 20,000 draws is half a percent."""
    spread = np.log(_paths(KINDS["walk"])).std(axis=1)
    assert np.allclose(spread[1:], 0.30 * np.sqrt(np.arange(1, 21)), rtol=0.03)


def test_a_return_to_the_curve_bounds_the_spread():
    """The variance after t years is s^2 (1 - exp(-2kt)) / 2k."""
    process = KINDS["reverting"]
    spread = np.log(_paths(process)).std(axis=1)
    expected = [process.deviation(years) for years in range(1, 21)]
    assert np.allclose(spread[1:], expected, rtol=0.03)
    assert spread[20] < 0.30 / np.sqrt(2 * 0.61) * 1.03


def test_yearly_steps_of_a_return_compose_to_one_step_over_all_years():
    """Exact: the variances of three years, each shrunk over the years left, are that of three."""
    process = KINDS["reverting"]
    composed = sum((process.kept(left) * process.deviation()) ** 2 for left in range(3))
    assert composed == pytest.approx(process.deviation(3.0) ** 2, rel=1e-12)


def test_jumps_add_their_variance():
    """Variance a year: s^2 + lambda (m^2 + v^2)."""
    process = KINDS["jumping"]
    spread = np.log(_paths(process, years=1)[1]).var()
    assert spread == pytest.approx(0.2**2 + 0.5 * (0.2**2 + 0.1**2), rel=0.05)


def test_jumps_shrink_when_the_price_returns():
    """Of a jump at a random moment of the year (1 - exp(-2k)) / 2k of its square is left."""
    process = replace(KINDS["both"], volatility=0.0)
    spread = np.log(_paths(process, years=1)[1]).var()
    left = -np.expm1(-2.2) / 2.2
    assert spread == pytest.approx(2.0 * (0.1**2 + 0.1**2) * left, rel=0.06)


@pytest.mark.parametrize("correlation", [0.0, 0.25, 1.0])
def test_two_prices_have_the_stated_correlation(correlation):
    moves = [
        np.log(_paths(KINDS["walk"], name, years=1, correlation=correlation)[1])
        for name in ("local-sink", "timber")
    ]
    assert np.corrcoef(moves)[0, 1] == pytest.approx(correlation, abs=0.02)


def test_an_average_over_days_moves_with_the_price_it_averages():
    one = _paths(KINDS["walk"], "cea-vwap-20d", years=3)
    assert np.array_equal(one, _paths(KINDS["walk"], "cea", years=3))
    assert process_of(PARAMETERS, "cea-vwap-250d") == process_of(PARAMETERS, "cea")


def test_a_longer_horizon_leaves_the_first_years_alone():
    short, long = _paths(KINDS["both"], years=5), _paths(KINDS["both"], years=30)
    assert np.array_equal(short, long[:6])


def test_the_seed_repeats_to_the_bit():
    again = Simulation(paths=20_000, seed=8)
    assert np.array_equal(_paths(KINDS["both"]), _paths(KINDS["both"]))
    assert not np.array_equal(_paths(KINDS["both"])[1], _paths(KINDS["both"], simulation=again)[1])


def test_huge_volatility_stays_finite():
    paths = _paths(Process(volatility=20.0), years=60)
    assert np.isfinite(paths).all()


def test_a_price_without_a_process_is_refused():
    with pytest.raises(ParameterNotInForce, match=r"price\.process .* no row 'moonlight'"):
        process_of(PARAMETERS, "moonlight")


def test_a_table_named_after_the_price_counts_before_the_common_one(tmp_path):
    (tmp_path / "reed.yaml").write_text(
        """
id: price.process.dry-reed
title: {en: "How the price of reeds moves", zh: "芦苇价格运动参数"}
unit: table
rows: {dry-reed: {en: "Dry reeds", zh: "干芦苇"}}
columns:
  volatility: {en: "Volatility", zh: "波动率", unit: ratio}
  reversion_speed: {en: "Speed", zh: "速度", unit: "1/year"}
  jumps_per_year: {en: "Jumps", zh: "跳跃", unit: "1/year"}
  jump_mean: {en: "Mean", zh: "均值", unit: ratio}
  jump_volatility: {en: "Spread", zh: "标准差", unit: ratio}
values:
  "2020-01-01":
    dry-reed: {volatility: "0.2", reversion_speed: "0.5", jumps_per_year: "0", jump_mean: "0", jump_volatility: "0"}
references: {"2020-01-01": {title: "Invented", source: "This test"}}
status: judgement
checked_on: "2026-11-21"
""",
        encoding="utf-8",
    )
    parameters = load_folder(tmp_path).on(PARAMETERS.on)
    assert process_of(parameters, "dry-reed") == Process(volatility=0.2, reversion_speed=0.5)


def test_stress_lifts_calm_prices_only():
    calm = process_of(PARAMETERS, "timber", stressed=True)
    assert calm.volatility == PARAMETERS.number(STRESS_VOLATILITY)
    wild = process_of(PARAMETERS, "carbon-ticket", stressed=True)
    assert wild == process_of(PARAMETERS, "carbon-ticket")


def test_the_base_is_thirty_percent_and_the_stress_forty_five():
    assert process_of(PARAMETERS, "ccer").volatility == 0.30
    assert PARAMETERS.number(STRESS_VOLATILITY) == 0.45
    assert 0.0 <= PARAMETERS.number(CORRELATION) <= 1.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"volatility": -0.1},
        {"volatility": np.nan},
        {"volatility": 0.3, "reversion_speed": -1.0},
        {"volatility": 0.3, "jumps_per_year": np.inf},
        {"volatility": 0.3, "jump_mean": np.nan},
    ],
)
def test_a_process_out_of_bounds_is_refused(wrong):
    with pytest.raises(ValueError, match="number"):
        Process(**wrong)


@pytest.mark.parametrize("correlation", [-0.1, 1.1])
def test_a_correlation_out_of_bounds_is_refused(correlation):
    with pytest.raises(ValueError, match="between 0 and 1"):
        _paths(KINDS["walk"], correlation=correlation)


def test_every_row_of_the_table_is_a_process():
    for price_id in PARAMETERS.table(PROCESS):
        assert process_of(PARAMETERS, price_id).volatility > 0.0


@pytest.mark.parametrize("model", BUILT_INS, ids=lambda model: model.spec.id)
def test_every_price_paid_in_later_years_has_a_process(model):
    """Of each built-in model over its own random rows; services paid within the year need none."""
    basis = basis_on(
        PARAMETERS.on, {use.id: Price(yuan=30.0, unit=use.unit) for use in model.spec.prices}
    )
    rows = random_rows(model.spec, basis.parameters, 20, 1)
    batch = batch_from_rows(model.spec, rows, basis.parameters)
    result = value(model, batch, basis, simulation=Simulation(paths=11, seed=1))
    assert result.valid.any()
    assert np.array_equal(np.isfinite(result.low), np.isfinite(result.high))


@pytest.mark.parametrize("at", [0.001, 0.25, 0.5, 0.9, 1.25, 2.5, 7.75])
@pytest.mark.parametrize("kind", KINDS)
def test_between_two_years_a_price_spreads_as_by_an_exact_step_to_its_moment(kind, at):
    """The mean is that of the forward curve. A price drawn back spreads less in later years."""
    process = KINDS[kind]
    years = _paths(process, years=9)
    early, late = between(PRICE, process, np.array(at))
    there = early * years[int(at)] + late * years[int(at) + 1]
    assert there.mean() == pytest.approx(1.02**at, rel=1e-12)
    yearly = process.volatility**2
    yearly += process.jumps_per_year * (process.jump_mean**2 + process.jump_volatility**2)
    exact = np.sqrt(yearly) * process.deviation(at) / process.volatility
    least = 0.94 if at < 1.0 or process.reversion_speed == 0.0 else 0.78
    assert least * exact < np.log(there).std() < 1.06 * exact


@pytest.mark.parametrize(("at", "low", "high"), [(0.249, 0.773, 1.265), (1.498, 0.511, 1.711)])
def test_quantiles_between_two_years_are_near_those_of_the_exact_step(at, low, high):
    """exp(-s^2 t / 2 -+ 1.645 s sqrt(t)) of a geometric Brownian motion, s = 30 %."""
    flat = replace(PRICE, growth=0.0)
    walk = KINDS["walk"]
    years = price_paths(flat, "local-sink", 3, walk, MANY, correlation=0.0)
    early, late = between(flat, walk, np.array(at))
    there = early * years[int(at)] + late * years[int(at) + 1]
    assert np.quantile(there, [0.05, 0.95]) == pytest.approx([low, high], rel=0.04)


@pytest.mark.parametrize("kind", KINDS)
def test_a_payment_near_a_whole_year_leans_on_it_alone(kind):
    early, late = between(PRICE, KINDS[kind], np.array([0.0, 1.0, 5.0, 3.0 - 1e-9]))
    assert late == pytest.approx([0.0, 0.0, 0.0, 1.0], abs=1e-6)
    assert early == pytest.approx([1.0, 1.0, 1.0, 0.0], abs=1e-6)


def test_what_was_paid_before_the_day_has_the_price_of_the_day():
    early, late = between(PRICE, KINDS["walk"], np.array([-0.75, -2.5]))
    assert early + late == pytest.approx([1.0, 1.0])
