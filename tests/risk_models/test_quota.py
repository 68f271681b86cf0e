"""Properties of the rights granted by quota: more of one is not worth less, and time runs evenly."""

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_models.appraise import appraise
from risk_models.conformance import random_rows
from risk_models.contract import Price
from risk_models.models import discharge_right, energy_use_right, water_right
from risk_models.registry import science_parameters
from tests.risk_models.helpers import ON, example, run
from tests.support.examples import examples

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
MODELS = [water_right.MODEL, discharge_right.MODEL, energy_use_right.MODEL]
FREE = {
    "water-right": ("tradable_m3", 1.0),
    "discharge-right": ("so2_t", 1.0),
    "energy-use-right": ("needed_tce", -1.0),
}
"""By model, what is more of it, and which way that is."""


def _prices(model, yuan=30.0):
    return {use.id: Price(yuan=yuan, unit=use.unit) for use in model.spec.prices}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.spec.id)
@examples(40)
@given(seed=st.integers(0, 10_000), part=st.floats(0.5, 1.0))
def test_less_of_a_right_is_never_worth_more(model, seed, part):
    row = random_rows(model.spec, science_parameters().on(ON), 1, seed)[0]
    name, way = FREE[model.spec.id]
    if model.spec.id == "water-right":
        row |= {"water_cost_yuan_per_m3": 0.1}
    less = {**row, name: row[name] * (part if way > 0 else 2.0 - part)}
    result = run(model, [less, row], _prices(model))
    if result.valid.all():
        assert result.value[0] <= result.value[1] + 1e-6


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.spec.id)
def test_value_without_payments_runs_out_evenly_from_day_to_day(model):
    """No leap at a birthday of the right: each day takes the same amount as the day before."""
    if model.spec.id == "water-right":
        income = ("water_price_yuan_per_m3", "water_cost_yuan_per_m3", "delivery_share")
        row = example(model) | dict.fromkeys((*income, "growth_share", "paid_each_year_since"))
    else:
        row = example(model)
    since = date.fromisoformat(str(row["granted_on"]))
    days = [since.replace(year=2024) + timedelta(days=shift) for shift in range(-5, 6)]
    values = [run(model, [row], _prices(model), on=day).value[0] for day in days]
    steps = np.diff(values)
    assert steps == pytest.approx(steps[0], abs=1e-6 * abs(values[0]))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.spec.id)
@examples(20)
@given(seed=st.integers(0, 10_000), owed=st.floats(0.0, 1e6))
def test_unpaid_fees_come_off_in_full_whatever_the_approaches(model, seed, owed):
    row = random_rows(model.spec, science_parameters().on(ON), 1, seed)[0]
    rows = [{**row, "cost_due_now_yuan": owed}, {**row, "cost_due_now_yuan": 0.0}]
    result = run(model, rows, _prices(model))
    if result.valid.all():
        assert result.value[1] - result.value[0] == pytest.approx(owed, abs=1e-3)


GOLDEN = {
    "water-right": "3299279.80",
    "discharge-right": "454678.80",
    "energy-use-right": "757822.41",
}
"""Values of the documentation's examples, worked out once by hand from the printed formulas."""


@pytest.mark.parametrize("model_id", sorted(GOLDEN))
def test_the_example_keeps_its_value_to_the_fen(model_id):
    document = json.loads((EXAMPLES / f"{model_id}.json").read_text(encoding="utf-8"))
    assert appraise(model_id, document, ON)["value_yuan"] == GOLDEN[model_id]
