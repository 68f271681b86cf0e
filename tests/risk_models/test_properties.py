"""Properties that hold for every asset: more area, a higher price, parts and batches."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_models.appraise import basis_on, to_fen
from risk_models.batches import batch_from_rows
from risk_models.conformance import random_rows
from risk_models.contract import Price, Stress
from risk_models.registry import BUILT_INS, science_parameters
from risk_models.runner import NoTrace, value
from risk_models.tornado import tornado
from tests.risk_models.helpers import ON, SINK, example, run
from tests.support.examples import examples

BY_ID = {model.spec.id: model for model in BUILT_INS}
CARBON, FOREST = BY_ID["carbon-sink-income"], BY_ID["forest-right"]
ROWS = st.integers(min_value=0, max_value=10_000)


def _drawn(model, seed):
    return random_rows(model.spec, science_parameters().on(ON), 1, seed)[0]


def _prices(model, yuan=35.0):
    return {use.id: Price(yuan=yuan, unit=use.unit) for use in model.spec.prices}


@pytest.mark.parametrize("model_id", ["carbon-sink-income", "forest-right"])
@examples(40)
@given(seed=ROWS, factor=st.floats(min_value=1.0, max_value=5.0))
def test_more_area_never_lowers_a_value_that_earns(model_id, seed, factor):
    """Where an acre earns more than it costs, more of them are not worth less."""
    model = BY_ID[model_id]
    row = {**_drawn(model, seed), "age_group": "full-yield"}
    row = {name: row[name] for name in row if name in {f.name for f in model.spec.fields}}
    more = {**row, "area_mu": row["area_mu"] * factor}
    result = run(model, [row, more], _prices(model))
    if result.valid.all():
        assert result.value[1] >= result.value[0] - 1e-6


@examples(40)
@given(seed=ROWS, factor=st.floats(min_value=1.0, max_value=3.0))
def test_a_higher_carbon_price_never_lowers_the_value(seed, factor):
    row = _drawn(CARBON, seed)
    one = run(CARBON, [row], _prices(CARBON))
    dear = run(CARBON, [row], _prices(CARBON, 35.0 * factor))
    if one.valid[0]:
        assert dear.value[0] >= one.value[0] - 1e-6


@examples(30)
@given(seed=ROWS)
def test_a_higher_rate_never_raises_the_value_of_future_income(seed):
    row = {**_drawn(FOREST, seed), "age_group": "full-yield", "discount_rate": 0.06}
    dear = {**row, "discount_rate": 0.09}
    result = run(FOREST, [row, dear])
    if result.valid.all():
        assert result.value[1] <= result.value[0]


@pytest.mark.parametrize("model", [CARBON, FOREST], ids=lambda model: model.spec.id)
def test_parts_of_a_holding_sum_to_the_whole_where_no_cost_is_fixed(model):
    """Two halves of the area are worth the whole; tradable units are not additive, and say so."""
    free = {
        name: 0.0
        for name in ("monitoring_cost_yuan", "verification_cost_yuan", "cost_due_now_yuan")
        if name in {field.name for field in model.spec.fields}
    }
    whole = example(model, **free)
    half = {**whole, "area_mu": whole["area_mu"] / 2}
    result = run(model, [whole, half], _prices(model))
    assert 2 * result.value[1] == pytest.approx(result.value[0], rel=1e-12)


def test_the_batch_and_the_single_asset_agree_to_the_fen():
    parameters = science_parameters().on(ON)
    for model in BUILT_INS:
        rows = random_rows(model.spec, parameters, 60, seed=3)
        together = run(model, rows, _prices(model))
        for place, row in enumerate(rows):
            alone = run(model, [row], _prices(model))
            assert alone.valid[0] == together.valid[place]
            if alone.valid[0]:
                assert to_fen(alone.value[0]) == to_fen(together.value[place])


def test_a_trace_of_more_than_one_row_is_refused():
    with pytest.raises(NoTrace):
        run(CARBON, [example(CARBON)] * 2, SINK, trace=True)


def test_a_stress_is_a_new_run_and_leaves_the_basis_alone():
    basis = basis_on(ON, SINK)
    batch = batch_from_rows(CARBON.spec, [example(CARBON)], basis.parameters)
    digest = basis.digest
    stressed = value(CARBON, batch, basis, stress=Stress(prices={"local-sink": 0.7}))
    cheaper = {"local-sink": Price(yuan=21.0, unit="yuan/tCO2e")}
    assert stressed.value[0] == pytest.approx(run(CARBON, [example(CARBON)], cheaper).value[0])
    assert basis.digest == digest


def test_the_digest_of_a_basis_moves_with_day_and_price():
    basis = basis_on(ON, SINK)
    assert basis.digest == basis_on(ON, SINK).digest
    assert basis.digest != basis_on(date(2023, 12, 27), SINK).digest
    other = {"local-sink": Price(yuan=30.01, unit="yuan/tCO2e")}
    assert basis.digest != basis_on(ON, other).digest


def test_tornado_sorts_its_bars_and_brackets_the_base():
    basis = basis_on(ON, SINK)
    batch = batch_from_rows(CARBON.spec, [example(CARBON)], basis.parameters)
    base, bars = tornado(CARBON, batch, basis)
    widths = [bar.width for bar in bars]
    assert widths == sorted(widths, reverse=True)
    price = next(bar for bar in bars if bar.kind == "price")
    assert price.value_at_low < base < price.value_at_high


def test_tornado_moves_parameters_by_their_own_range():
    model = BY_ID["gep"]
    basis = basis_on(ON, {})
    batch = batch_from_rows(model.spec, [example(model)], basis.parameters)
    base, bars = tornado(model, batch, basis)
    silt = next(bar for bar in bars if bar.name == "gep.siltation_share")
    assert (silt.low, silt.high) == (pytest.approx(0.192), pytest.approx(0.288))
    assert silt.value_at_low < base < silt.value_at_high


def test_a_batch_without_rows_has_no_values():
    result = run(CARBON, [], SINK)
    assert result.value.shape == (0,)
    assert np.array_equal(result.valid, np.zeros(0, dtype=bool))
