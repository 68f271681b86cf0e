"""Scenarios: read from data, refused when malformed, and told to a model as far as it reads them."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from risk_models.batches import batch_from_rows
from risk_models.contract import Basis, Price, Prices, Stress
from risk_models.data_files import DataFileError
from risk_models.models import carbon_sink_income, forest_right
from risk_models.registry import BUILT_INS, science_parameters
from risk_models.runner import entered, value
from risk_models.stressing import load_scenarios, scenarios
from risk_models.tornado import tornado

PARAMETERS = science_parameters().on(date(2024, 3, 20))
GOOD = """
- id: a
  title: {en: "A", zh: "甲"}
  help: {en: "A.", zh: "甲。"}
  from: "2020-01-01"
  rate_add: "0.01"
  status: judgement
  checked_on: "2026-11-22"
  reference: {title: "T", source: "S"}
"""

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def example(model_id):
    return json.loads((EXAMPLES / f"{model_id}.json").read_text(encoding="utf-8"))


def load(tmp_path, text):
    path = tmp_path / "scenarios.yaml"
    path.write_text(text, encoding="utf-8")
    return load_scenarios(path)


def test_the_scenarios_that_ship_say_all_that_is_asked_of_data():
    assert {"price-fall-30", "fire-year", "rate-up-100", "methodology-change"} <= set(scenarios())
    read = {each for model in BUILT_INS for each in model.spec.parameters}
    priced = {each for model in BUILT_INS for each in model.spec.price_ids}
    for scenario in scenarios().values():
        assert scenario.title.complete
        assert scenario.help.complete
        assert set(scenario.parameters) <= read
        assert set(scenario.prices) - {"*"} <= priced


def test_moves_at_one_time_are_milder_than_alone_and_the_scenario_says_so():
    told = scenarios()
    combined, fall, fire = told["combined"], told["price-fall-30"], told["fire-year"]
    assert fall.prices["*"] < combined.prices["*"] < 1.0
    assert fall.entered < combined.entered < 1.0
    assert 0.0 < combined.rate_add < told["rate-up-100"].rate_add
    assert combined.loss[0] > fire.loss[0]
    assert 0.0 < combined.loss[1] < fire.loss[1]
    for words in (combined.title, combined.help):
        assert "milder" in words.en
        assert "小" in words.zh


def test_a_model_is_told_only_what_it_reads():
    fall = scenarios()["price-fall-30"]
    stress = fall.stress_for(carbon_sink_income.MODEL.spec, PARAMETERS)
    assert set(stress.prices) == set(carbon_sink_income.MODEL.spec.price_ids)
    assert set(stress.prices.values()) == {0.7}
    change = scenarios()["methodology-change"]
    assert change.stress_for(forest_right.MODEL.spec, PARAMETERS).parameters == {}
    told = change.stress_for(carbon_sink_income.MODEL.spec, PARAMETERS)
    assert told.parameters == {"carbon_sink.k_risk": 0.2}


def stressed_example(model, *names):
    """An example's batch with some inputs given, as a fall of prices by 30 % leaves them."""
    inputs = example(model.spec.id)["inputs"]
    batch = batch_from_rows(model.spec, [inputs], PARAMETERS)
    return [(batch.numbers(each), entered(model.spec, batch, 0.7).numbers(each)) for each in names]


@pytest.mark.parametrize(
    ("model_id", "names"),
    [
        ("vep-income", ["tourism_income_yuan", "compensation_income_yuan"]),
        ("forest-compensation-income", ["compensation_yuan_per_mu"]),
        ("income-right", ["yearly_income_yuan"]),
        ("water-right", ["water_price_yuan_per_m3", "comparable_prices_yuan"]),
        ("energy-use-right", ["comparable_prices_yuan"]),
        ("forest-right", ["net_yield_yuan_per_mu", "assortment_prices_yuan_per_m3"]),
    ],
)
def test_every_entered_price_and_income_falls_with_prices(model_id, names):
    model = next(each for each in BUILT_INS if each.spec.id == model_id)
    for before, after in stressed_example(model, *names):
        np.testing.assert_allclose(after, before * 0.7)


def test_what_is_a_cost_or_a_quantity_stays_as_it_was_entered():
    model = next(each for each in BUILT_INS if each.spec.id == "vep-income")
    moved = {each.name for each in model.spec.fields if each.market}
    rest = [e.name for e in model.spec.fields if e.kind == "number" and e.name not in moved]
    for before, after in stressed_example(model, *rest):
        np.testing.assert_array_equal(after, before)


def test_a_stress_of_the_runner_moves_the_entered_incomes():
    model = next(each for each in BUILT_INS if each.spec.id == "income-right")
    inputs = example("income-right")["inputs"]
    batch = batch_from_rows(model.spec, [inputs], PARAMETERS)
    less = {**inputs, "yearly_income_yuan": float(inputs["yearly_income_yuan"]) * 0.7}
    basis = Basis(on=date(2024, 3, 20), parameters=PARAMETERS, prices=Prices({}))
    under = value(model, batch, basis, stress=Stress(entered=0.7))
    typed = value(model, batch_from_rows(model.spec, [less], PARAMETERS), basis)
    assert under.value[0] == pytest.approx(typed.value[0])


def test_a_good_file_is_read(tmp_path):
    assert load(tmp_path, GOOD)["a"].rate_add == 0.01


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('rate_add: "0.01"', 'rate_add: "many"'),
        ('rate_add: "0.01"', 'rate_add: "nan"'),
        ('rate_add: "0.01"', 'rate_add: "0.51"'),
        ('rate_add: "0.01"', 'loss: ["1"]'),
        ('rate_add: "0.01"', 'loss: ["1", "1.01"]'),
        ('rate_add: "0.01"', 'prices: {a: "-0.1"}'),
        ('rate_add: "0.01"', "prices: []"),
        ('  rate_add: "0.01"\n', ""),
        ('rate_add: "0.01"', 'rate_ad: "0.01"'),
        ("status: judgement", "status: sure"),
        ('from: "2020-01-01"', 'from: "2020-13-01"'),
        ('zh: "甲"}', 'zh: ""}'),
        ("- id: a", "- id: []"),
        ("- id: a", "- id: a\n  id: b"),
        ('{title: "T", source: "S"}', "none"),
    ],
)
def test_a_malformed_file_is_refused_with_its_name(tmp_path, old, new):
    assert old in GOOD
    with pytest.raises(DataFileError, match=r"scenarios\.yaml"):
        load(tmp_path, GOOD.replace(old, new, 1))


def test_an_id_that_stands_twice_is_refused(tmp_path):
    with pytest.raises(DataFileError):
        load(tmp_path, GOOD + GOOD)
    with pytest.raises(DataFileError):
        load(tmp_path, "[]")


def test_a_tornado_moves_a_list_of_prices_as_a_whole():
    model = next(each for each in BUILT_INS if each.spec.id == "water-right")
    document = example("water-right")
    given = {key: Price(yuan=e["yuan"], unit=e["unit"]) for key, e in document["prices"].items()}
    basis = Basis(on=date(2024, 3, 20), parameters=PARAMETERS, prices=Prices(given))
    row = batch_from_rows(model.spec, [document["inputs"]], PARAMETERS)
    base, bars = tornado(model, row, basis)
    found = {bar.name: bar for bar in bars}["comparable_prices_yuan"]
    assert (found.kind, found.low, found.high) == ("list", 0.9, 1.1)
    assert found.value_at_low < base < found.value_at_high
