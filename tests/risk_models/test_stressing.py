"""Scenarios: read from data, refused when malformed, and told to a model as far as it reads them."""

from datetime import date

import pytest

from risk_models.models import carbon_sink_income, forest_right
from risk_models.registry import BUILT_INS, science_parameters
from risk_models.stressing import ScenarioFileError, load_scenarios, scenarios

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


def load(tmp_path, text):
    path = tmp_path / "scenarios.yaml"
    path.write_text(text, encoding="utf-8")
    return load_scenarios(path)


def test_the_scenarios_that_ship_say_all_that_is_asked_of_data():
    assert {"price-fall-30", "fire-year", "rate-up-100", "methodology-change"} <= set(scenarios())
    read = {each for model in BUILT_INS for each in model.spec.parameters}
    priced = {each for model in BUILT_INS for each in model.spec.price_ids}
    fields = {each.name for model in BUILT_INS for each in model.spec.fields}
    for scenario in scenarios().values():
        assert scenario.title.complete
        assert scenario.help.complete
        assert set(scenario.parameters) <= read
        assert set(scenario.prices) - {"*"} <= priced
        assert set(scenario.inputs) <= fields


def test_a_model_is_told_only_what_it_reads():
    fall = scenarios()["price-fall-30"]
    stress = fall.stress_for(carbon_sink_income.MODEL.spec, PARAMETERS)
    assert set(stress.prices) == set(carbon_sink_income.MODEL.spec.price_ids)
    assert set(stress.prices.values()) == {0.7}
    change = scenarios()["methodology-change"]
    assert change.stress_for(forest_right.MODEL.spec, PARAMETERS).parameters == {}
    told = change.stress_for(carbon_sink_income.MODEL.spec, PARAMETERS)
    assert told.parameters == {"carbon_sink.k_risk": 0.2}


def test_entered_prices_are_moved_and_nothing_else():
    spec = forest_right.MODEL.spec
    given = {"net_yield_yuan_per_mu": "200", "area_mu": "2600"}
    moved = scenarios()["price-fall-30"].changed(spec, given)
    assert moved == {"net_yield_yuan_per_mu": pytest.approx(140.0), "area_mu": "2600"}
    assert scenarios()["price-fall-30"].changed(spec, {"area_mu": "1"}) == {"area_mu": "1"}


def test_a_good_file_is_read(tmp_path):
    assert load(tmp_path, GOOD)["a"].rate_add == 0.01


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('rate_add: "0.01"', "rate_add: 0.01"),
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
        ("- id: a", "- id: 3"),
        ('{title: "T", source: "S"}', "none"),
    ],
)
def test_a_malformed_file_is_refused_with_its_name(tmp_path, old, new):
    assert old in GOOD
    with pytest.raises(ScenarioFileError, match=r"scenarios\.yaml"):
        load(tmp_path, GOOD.replace(old, new, 1))


def test_an_id_that_stands_twice_is_refused(tmp_path):
    with pytest.raises(ScenarioFileError):
        load(tmp_path, GOOD + GOOD)
    with pytest.raises(ScenarioFileError):
        load(tmp_path, "[]")
