"""The scenario engine: shared paths, stated quantiles, the same seed the same figures."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from risk_models.appraise import basis_on
from risk_models.batches import batch_from_rows
from risk_models.engines.paths import PROCESS
from risk_models.engines.scenarios import Simulation
from risk_models.models import carbon_sink_income, forest_right
from risk_models.runner import value
from tests.risk_models.helpers import ON, SINK, example

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


def test_what_no_price_moves_has_one_figure():
    result = _value([example(forest_right.MODEL)], {}, model=forest_right.MODEL)
    assert result.low[0] == result.high[0] == pytest.approx(result.value[0])


@pytest.mark.parametrize(("paths", "seed"), [(1, 0), (100_001, 0), (10, -1)])
def test_a_simulation_out_of_bounds_is_refused(paths, seed):
    with pytest.raises(ValueError, match=r"paths|seed"):
        Simulation(paths=paths, seed=seed)
