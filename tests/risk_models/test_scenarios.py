"""The scenario engine: shared paths, stated quantiles, the same seed the same figures."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_models.appraise import basis_on, to_fen
from risk_models.batches import batch_from_rows
from risk_models.conformance import random_rows
from risk_models.contract import Exposure, Keyed, Price, Stress
from risk_models.engines.hazards import lives, row_seeds
from risk_models.engines.paths import PROCESS
from risk_models.engines.scenarios import (
    Holding,
    Simulation,
    merged,
    portfolio_paths,
    scenarios,
)
from risk_models.models import carbon_sink_income, forest_right
from risk_models.runner import fan, portfolio, value
from tests.risk_models.helpers import ON, SINK, example, flow, worth
from tests.support.examples import examples

MODEL = carbon_sink_income.MODEL
SIMULATION = Simulation(paths=2_000, seed=11)


def calm(basis):
    """The table of processes with nothing moving."""
    table = basis.parameters.table(PROCESS)
    return {row: dict.fromkeys(table.columns, Decimal(0)) for row in table}


def _value(rows, prices=SINK, simulation=SIMULATION, model=MODEL):
    basis = basis_on(ON, prices)
    batch = batch_from_rows(model.spec, rows, basis.parameters)
    return value(model, batch, basis, simulation=simulation)


def test_low_middle_and_high_are_order_statistics_in_order():
    result = _value([example(MODEL)])
    assert result.low[0] < result.mid[0] < result.high[0]
    assert result.low[0] < result.value[0] < result.high[0]


def test_without_volatility_all_quantiles_are_the_value():
    basis = basis_on(ON, SINK)
    still = replace(basis, parameters=basis.parameters.with_values({PROCESS: calm(basis)}))
    batch = batch_from_rows(MODEL.spec, [example(MODEL)], basis.parameters)
    result = value(MODEL, batch, still, simulation=SIMULATION)
    for column in (result.low, result.mid, result.high):
        assert column[0] == pytest.approx(result.value[0], rel=1e-9)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others():
    one, again = _value([example(MODEL)]), _value([example(MODEL)])
    other = _value([example(MODEL)], simulation=Simulation(paths=2_000, seed=12))
    assert one.low[0] == again.low[0]
    assert one.low[0] != other.low[0]


def test_quantiles_of_a_row_do_not_depend_on_its_neighbours():
    rows = [example(MODEL, area_mu=20_000 + 100 * place) for place in range(30)]
    together = _value(rows)
    alone = _value([rows[17]])
    assert together.low[17] == pytest.approx(alone.low[0], rel=1e-9)
    assert together.high[17] == pytest.approx(alone.high[0], rel=1e-9)


def test_a_quantile_is_the_sorted_value_at_the_rounded_place():
    """Of 21 paths P5 is the value at place 1, P50 at 10, P95 at 19."""
    few = Simulation(paths=21, seed=4)
    result = _value([example(MODEL)], simulation=few)
    lone = [
        _value([example(MODEL)], simulation=Simulation(paths=21, seed=4, quantiles=(q, 0.5, 0.95)))
        for q in (1 / 20, 0.06)
    ]
    assert lone[0].low[0] == lone[1].low[0] == result.low[0]


def test_refused_rows_have_no_quantiles():
    result = _value([example(MODEL), example(MODEL, area_mu=-1)])
    assert np.isfinite(result.low[0])
    assert np.isnan(result.low[1])


def test_where_every_row_is_refused_the_quantiles_are_as_empty_as_the_values():
    result = _value([example(MODEL, area_mu=-1)])
    assert np.isnan(result.low).all()
    assert result.cohorts == 0
    assert _value([example(MODEL, area_mu=-1)], simulation=None).low is None


def test_what_no_price_moves_has_no_band():
    """The same figure thrice would read as a value without risk."""
    result = _value([example(forest_right.MODEL)], {}, model=forest_right.MODEL)
    assert result.value[0] > 0.0
    assert np.isnan([result.low[0], result.mid[0], result.high[0]]).all()


def test_profiles_that_no_row_has_move_nothing():
    """All rows were paid before the day; what would be paid later belongs to none of them."""
    rows = 5
    paid = replace(
        flow([1.0]),
        profile=Keyed(values=np.ones((2, 2)), key=np.zeros(rows, np.int32)),
        first=np.array([-1.0, 30.0]),
        quantity=np.ones(rows),
        unit_price=30.0,
        index="local-sink",
    )
    nothing = Keyed.one(0.0, rows)
    exposure = Exposure(n=rows, flows=(paid,), rate=nothing, hazard=nothing)
    found = scenarios(Holding(exposures=(exposure,), rows=rows), basis_on(ON, SINK), SIMULATION)
    assert np.isnan(found.quantiles).all()
    assert found.cohorts == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"paths": 1},
        {"paths": 100_001},
        {"seed": -1},
        {"threads": 0},
        {"threads": 65},
        {"quantiles": (0.5, 0.05, 0.95)},
        {"quantiles": (-0.1, 0.5, 0.95)},
    ],
)
def test_a_simulation_out_of_bounds_is_refused(wrong):
    with pytest.raises(ValueError, match=r"paths|seed|threads|quantiles"):
        Simulation(**{"paths": 10, "seed": 0, **wrong})


# ---------------------------------------------------------------------------
# Cohorts, blocks, threads, precision


def _fen(*results):
    return [[to_fen(entry) for entry in (*one.low, *one.mid, *one.high)] for one in results]


def _areas(count):
    return [example(MODEL, area_mu=20_000 + 7 * place) for place in range(count)]


def test_rows_that_share_all_but_the_quantity_are_simulated_once():
    result = _value(_areas(30))
    assert result.cohorts == 1
    assert np.ptp(result.low) > 0.0


def test_every_rate_is_a_cohort():
    rows = [example(MODEL, discount_rate=rate) for rate in (0.06, 0.07, 0.07, 0.08)]
    assert _value(rows).cohorts == 3


def test_a_cohort_gives_what_its_rows_give_one_by_one():
    """A second flow of nothing takes the row out of its cohort and changes no figure."""
    basis = basis_on(ON, {**SINK, "ccer": Price(yuan=80.0, unit="yuan/tCO2e")})
    sale = flow(np.linspace(1.0, 3.0, 12), index="local-sink", quantity=np.array([5.0]))
    less = flow(np.ones(12), index="local-sink", quantity=np.array([1e-12]))
    cost = flow(np.ones(12), quantity=np.array([-4.0]))
    alone, apart = (_scenarios(flows, basis) for flows in ((sale, cost), (sale, less, cost)))
    assert np.allclose(alone, apart, rtol=1e-9)


def test_a_quantity_below_zero_keeps_low_below_high():
    """A row that must buy credits loses when the price rises."""
    basis = basis_on(ON, SINK)
    bought = flow(np.ones(5), index="local-sink", quantity=np.array([-3.0]))
    low, mid, high = _scenarios((bought,), basis)
    assert low < mid < high < 0.0


def test_blocks_and_threads_change_no_fen():
    """4,001 rows leave a block of one; pieces and threads divide them otherwise."""
    count, few = 4_001, Simulation(paths=200, seed=3)
    rows = [example(MODEL, discount_rate=0.06 + 0.00001 * place) for place in range(count)]
    whole = _value(rows, simulation=few)
    assert whole.cohorts == count
    threads = _value(rows, simulation=replace(few, threads=2))
    assert _fen(whole) == _fen(threads)
    for piece in (slice(0, 1), slice(1_000, 1_250), slice(4_000, 4_001)):
        alone = _value(rows[piece], simulation=few)
        assert _fen(alone)[0] == [
            to_fen(entry) for part in (whole.low, whole.mid, whole.high) for entry in part[piece]
        ]


def test_single_precision_stays_within_its_promise():
    exact = _value(_areas(50))
    quick = _value(_areas(50), simulation=replace(SIMULATION, precision="float32"))
    assert quick.low.dtype == np.float64
    for one, other in ((exact.low, quick.low), (exact.mid, quick.mid), (exact.high, quick.high)):
        assert np.allclose(one, other, atol=2e-5 * exact.value.max(), rtol=0.0)


@examples(15)
@given(seed=st.integers(0, 10_000))
def test_low_middle_and_high_stand_in_order_for_every_row(seed):
    parameters = basis_on(ON, SINK).parameters
    rows = random_rows(MODEL.spec, parameters, 10, seed)
    prices = {use.id: Price(yuan=40.0, unit=use.unit) for use in MODEL.spec.prices}
    result = _value(rows, prices, Simulation(paths=101, seed=seed))
    valid = result.valid
    assert (result.low[valid] <= result.mid[valid]).all()
    assert (result.mid[valid] <= result.high[valid]).all()


@pytest.mark.parametrize(("calmer", "wilder"), [(0.1, 0.2), (0.2, 0.3), (0.3, 0.45)])
def test_a_wilder_price_never_narrows_the_band(calmer, wilder):
    basis = basis_on(ON, SINK)
    batch = batch_from_rows(MODEL.spec, _areas(3), basis.parameters)
    bands = []
    for volatility in (calmer, wilder):
        table = {
            "local-sink": {**calm(basis)["local-sink"], "volatility": Decimal(str(volatility))}
        }
        moved = replace(basis, parameters=basis.parameters.with_values({PROCESS: table}))
        result = value(MODEL, batch, moved, simulation=SIMULATION)
        bands.append(result.high - result.low)
    assert (bands[0] < bands[1]).all()


def test_a_stressed_run_has_the_wider_band():
    calmer = _value([example(MODEL)])
    wilder = _value([example(MODEL)], simulation=replace(SIMULATION, stressed=True))
    assert wilder.high[0] - wilder.low[0] > calmer.high[0] - calmer.low[0]


def test_a_price_shock_under_simulation_is_a_run_on_the_shocked_price():
    basis = basis_on(ON, SINK)
    batch = batch_from_rows(MODEL.spec, [example(MODEL)], basis.parameters)
    stress = Stress(prices={"local-sink": 0.7}, rate_add=0.01, hazard_add=0.002)
    shocked = value(MODEL, batch, basis, stress=stress, simulation=SIMULATION)
    rerun = value(
        MODEL,
        batch,
        basis_on(ON, {"local-sink": Price(yuan=21.0, unit="yuan/tCO2e")}),
        stress=Stress(rate_add=0.01, hazard_add=0.002),
        simulation=SIMULATION,
    )
    assert shocked.low[0] == pytest.approx(rerun.low[0], rel=1e-9)
    assert shocked.high[0] == pytest.approx(rerun.high[0], rel=1e-9)


# ---------------------------------------------------------------------------
# Two prices in one asset, several approaches


def _scenarios(flows, basis, simulation=SIMULATION, hazard=0.0, seeds=None):
    exposure = Exposure(n=1, flows=flows, rate=Keyed.one(0.06, 1), hazard=Keyed.one(hazard, 1))
    holding = Holding(exposures=(exposure,), rows=1, seeds=seeds)
    return scenarios(holding, basis, simulation).quantiles[0]


def test_two_prices_in_one_asset_move_on_their_own_paths():
    """The band of the sum is narrower than the sum of the bands: the correlation is below one."""
    basis = basis_on(ON, {**SINK, "timber": Price(yuan=900.0, unit="yuan/m3")})
    sink = flow(np.ones(10), index="local-sink", quantity=np.array([10.0]))
    wood = flow(np.ones(10), index="timber", quantity=np.array([20.0]))
    both = _scenarios((sink, wood), basis)
    parts = _scenarios((sink,), basis) + _scenarios((wood,), basis)
    assert both[0] > parts[0]
    assert both[2] < parts[2]


def test_weights_count_before_the_sort():
    """Two approaches at half weight each over one price are that price once."""
    basis = basis_on(ON, SINK)
    sale = flow(np.ones(10), index="local-sink", quantity=np.array([10.0]))
    exposure = Exposure(n=1, flows=(sale,), rate=Keyed.one(0.06, 1), hazard=Keyed.one(0.0, 1))
    half = merged(exposure, np.array([0.5]), 1)
    twice = scenarios(Holding(exposures=(half, half), rows=1), basis, SIMULATION).quantiles[0]
    assert np.allclose(twice, _scenarios((sale,), basis), rtol=1e-12)


# ---------------------------------------------------------------------------
# Losses by path


LOSSY = replace(SIMULATION, hazard_paths=True)


def test_losses_by_path_leave_the_expected_value_alone():
    """No price moves: the mean over 50,000 paths of what stands is the expected survival."""
    basis = basis_on(ON, SINK)
    many = Simulation(paths=50_000, seed=2, hazard_paths=True)
    sale = flow(np.ones(20), at_risk=True, first=0.4)
    exposure = Exposure(n=1, flows=(sale,), rate=Keyed.one(0.06, 1), hazard=Keyed.one(0.05, 1))
    holding = Holding(exposures=(exposure,), rows=1, seeds=np.array([17], dtype=np.uint64))
    mean = portfolio_paths((holding,), basis, many).mean()
    assert mean == pytest.approx(worth(sale, 0.06, 0.05), rel=0.005)


def test_the_year_of_the_loss_is_geometric():
    drawn = lives(np.array([5], dtype=np.uint64), 1, 100_000)[0]
    for year in (1, 5, 20):
        assert (drawn < 0.95**year).mean() == pytest.approx(0.95**year, abs=0.005)


def test_low_quantiles_see_total_losses():
    """At 4 % a year a stand is lost early on 5 % of the paths: only what was paid before is left."""
    basis = basis_on(ON, SINK)
    sale = flow(np.ones(20), at_risk=True, index="local-sink")
    seeds = np.array([17], dtype=np.uint64)
    expected = _scenarios((sale,), basis, hazard=0.04)
    drawn = _scenarios((sale,), basis, LOSSY, hazard=0.04, seeds=seeds)
    assert drawn[0] < 0.5 * expected[0]


def test_losses_of_a_row_depend_on_its_inputs_and_the_seed_only():
    rows = _areas(40)
    together = _value(rows, simulation=LOSSY)
    turned = _value(rows[::-1], simulation=replace(LOSSY, threads=2))
    alone = _value([rows[17]], simulation=LOSSY)
    assert together.cohorts == 40
    assert [to_fen(entry) for entry in together.low] == [
        to_fen(entry) for entry in turned.low[::-1]
    ]
    assert to_fen(alone.low[0]) == to_fen(together.low[17])
    other = _value([rows[17]], simulation=replace(LOSSY, seed=12))
    assert other.low[0] != alone.low[0]


def test_two_rows_with_other_inputs_are_lost_in_other_years():
    parameters = basis_on(ON, SINK).parameters
    seeds = row_seeds(batch_from_rows(MODEL.spec, [*_areas(50), _areas(1)[0]], parameters))
    assert len(set(seeds.tolist())) == 50
    assert seeds[0] == seeds[50]


def test_losses_need_the_seeds_of_the_rows():
    with pytest.raises(ValueError, match="seeds"):
        _scenarios((flow(np.ones(3), at_risk=True),), basis_on(ON, SINK), LOSSY, hazard=0.01)


def test_what_is_not_at_risk_is_never_lost():
    band = _scenarios((flow(np.ones(3)),), basis_on(ON, SINK), LOSSY, hazard=0.5)
    assert np.isnan(band).all()


# ---------------------------------------------------------------------------
# Portfolios


def _batch(rows, prices=SINK, model=MODEL):
    return batch_from_rows(model.spec, rows, basis_on(ON, prices).parameters)


def test_a_portfolio_of_one_row_has_its_quantiles():
    batch = _batch([example(MODEL)])
    whole = portfolio([(MODEL, batch)], basis_on(ON, SINK), SIMULATION)
    alone = _value([example(MODEL)])
    assert whole.value == pytest.approx(alone.value[0], rel=1e-12)
    assert (whole.low, whole.mid, whole.high) == pytest.approx(
        (alone.low[0], alone.mid[0], alone.high[0]), rel=1e-9
    )


@pytest.mark.parametrize("simulation", [SIMULATION, LOSSY], ids=["expected", "by path"])
def test_a_portfolio_is_never_wider_than_its_rows(simulation):
    prices = {**SINK, "ccer": Price(yuan=80.0, unit="yuan/tCO2e")}
    rows = [*_areas(5), *(example(MODEL, registration="ccer", area_mu=9_000) for _ in range(3))]
    basis = basis_on(ON, prices)
    whole = portfolio([(MODEL, _batch(rows, prices))], basis, simulation)
    by_row = _value(rows, prices, simulation)
    assert whole.rows == 8
    assert whole.low >= by_row.low.sum()
    assert whole.high <= by_row.high.sum()
    assert whole.low <= whole.mid <= whole.high


def test_a_portfolio_spans_models_and_leaves_refused_rows_out():
    wood = {"timber": Price(yuan=900.0, unit="yuan/m3")}
    basis = basis_on(ON, {**SINK, **wood})
    sinks = _batch([example(MODEL), example(MODEL, area_mu=-1)])
    forest = _batch([example(forest_right.MODEL)], wood, forest_right.MODEL)
    whole = portfolio([(MODEL, sinks), (forest_right.MODEL, forest)], basis, SIMULATION)
    assert (whole.rows, whole.refused) == (2, 1)
    parts = [
        portfolio([(model, batch)], basis, SIMULATION).value
        for model, batch in ((MODEL, sinks), (forest_right.MODEL, forest))
    ]
    assert whole.value == pytest.approx(sum(parts), rel=1e-12)


def test_the_order_of_a_portfolio_changes_no_fen():
    rows = _areas(60)
    basis = basis_on(ON, SINK)
    one = portfolio([(MODEL, _batch(rows))], basis, LOSSY)
    other = portfolio([(MODEL, _batch(rows[30:])), (MODEL, _batch(rows[29::-1]))], basis, LOSSY)
    assert [to_fen(entry) for entry in (one.low, one.mid, one.high)] == [
        to_fen(entry) for entry in (other.low, other.mid, other.high)
    ]


# ---------------------------------------------------------------------------
# The fan


def _fan(row, simulation=SIMULATION, basis=None, stress=None):
    return fan(MODEL, _batch([row]), basis or basis_on(ON, SINK), simulation, stress=stress)


def test_the_fan_has_every_year_and_opens():
    found = _fan(example(MODEL))
    assert found.years.tolist() == list(range(len(found.years)))
    assert (found.low <= found.mid).all()
    assert (found.mid <= found.high).all()
    assert found.low[0] == found.high[0] < 0.0
    assert np.ptp([found.low[-1], found.high[-1]]) > 0.0


def test_without_volatility_the_fan_is_one_line_that_adds_up_to_the_cash_flow():
    basis = basis_on(ON, SINK)
    still = replace(basis, parameters=basis.parameters.with_values({PROCESS: calm(basis)}))
    row = example(MODEL, discount_rate=0.06)
    found = _fan(row, basis=still)
    assert np.allclose(found.low, found.high)
    undiscounted = value(
        MODEL, _batch([row]), still, stress=Stress(rate_add=-0.06), simulation=SIMULATION
    )
    assert found.mid.sum() == pytest.approx(undiscounted.value[0], rel=1e-9)


def test_losses_by_path_lower_the_fan_of_late_years():
    row = example(MODEL, yearly_loss_share=0.05)
    expected, drawn = _fan(row), _fan(row, LOSSY)
    assert drawn.low[-1] < expected.low[-1]


def test_a_fan_under_stress_uses_the_shocked_price():
    calmer = _fan(example(MODEL))
    fallen = _fan(example(MODEL), stress=Stress(prices={"local-sink": 0.5}))
    assert (fallen.high <= calmer.high).all()
    assert fallen.high.sum() < calmer.high.sum()


def test_a_refused_row_has_no_years_in_its_fan():
    found = _fan(example(MODEL, area_mu=-1))
    assert len(found.years) == len(found.low) == 0


def test_a_fan_is_drawn_for_one_row():
    with pytest.raises(ValueError, match="one row"):
        fan(MODEL, _batch(_areas(2)), basis_on(ON, SINK), SIMULATION)
