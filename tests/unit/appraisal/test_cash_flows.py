"""The years of a flow are told as the steps keep them, and add up to what the flow is worth."""

import json
from datetime import date
from pathlib import Path

import pytest

from app.appraisal.domain.cash_flows import FACTORS, whole_quantities, yearly_flows
from app.appraisal.domain.valuing import appraise_one
from risk_models.registry import BUILT_INS

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
ON = date(2023, 12, 26)
ONCE = {"carbon-allowance", "carbon-ticket", "ccer", "discharge-right", "energy-use-right", "gep"}
"""Their example is sold or counted at once: there are no years to tell."""


@pytest.mark.parametrize("model", BUILT_INS, ids=lambda model: model.spec.id)
def test_the_years_add_up_to_their_flow(model):
    example = json.loads((EXAMPLES / f"{model.spec.id}.json").read_text(encoding="utf-8"))
    prices = {use.id: {"yuan": "35", "unit": use.unit} for use in model.spec.prices}
    result = appraise_one(model, example["inputs"], prices, ON).result
    flows = list(yearly_flows(result))
    assert bool(flows) is (model.spec.id not in ONCE)
    for flow in flows:
        assert len(flow.years) > 1
        assert all(len(factors) == len(FACTORS) for factors, _yuan in flow.years)
        assert sum(yuan for _, yuan in flow.years) == pytest.approx(flow.yuan, abs=0.005)


def test_a_flow_has_the_unit_of_its_component_where_it_is_alone_in_it():
    def units(model_id, **more):
        (model,) = (each for each in BUILT_INS if each.spec.id == model_id)
        example = json.loads((EXAMPLES / f"{model_id}.json").read_text(encoding="utf-8"))
        prices = {use.id: {"yuan": "35", "unit": use.unit} for use in model.spec.prices}
        result = appraise_one(model, {**example["inputs"], **more}, prices, ON).result
        return {flow.name: flow.unit for flow in yearly_flows(result)}

    assert units("carbon-sink-income")["income.credit_sales"] == "tCO2e"
    assert units("forest-right") == {"annuity.net_yield": "mu"}
    both = units(
        "forest-right", age_group="early-yield", yields_by_year_yuan_per_mu=[100, 200, 300]
    )
    assert set(both.values()) == {""}
    assert len(both) > 1


def test_years_of_nothing_are_not_told():
    ones = ["1.0", "1.0"]
    factors = {"year": ["1.0", "2.0"], "index": ones, "survival": ones, "discount": ones}
    flow = {
        "name": "income.costs",
        "title": {"en": "Costs", "zh": "成本"},
        "inputs": {"units": ones, "unit_price": "0.0", "rotations": "1.0", **factors},
        "value": "0.0",
    }
    assert list(yearly_flows({"trace": [flow]})) == []


def test_a_flow_paid_once_and_a_plain_step_have_no_years():
    factors = {"units": "5.0", "index": "1.0", "survival": "1.0", "discount": "1.0"}
    once = {
        "name": "income.due_now",
        "title": {"en": "Due now", "zh": "当前应付"},
        "inputs": {"year": "0.0", "unit_price": "2.0", "rotations": "1.0", **factors},
        "value": "10.0",
    }
    plain = {
        "name": "price",
        "title": {"en": "Price", "zh": "价格"},
        "inputs": {"price": "30.0"},
        "value": "30.0",
    }
    assert list(yearly_flows({"trace": [once, plain]})) == []


def test_quantities_are_told_whole_whatever_their_approach_weighs():
    def flow(name: str) -> dict:
        one = dict.fromkeys((*FACTORS, "unit_price", "rotations"), "1.0")
        return {"name": name, "inputs": one, "title": {}, "value": "1.0"}

    counted = {
        "sales": "15.0",
        "cutting": "-4.0",
        "care": "3.0",
        "deals": "0.0",
        "none": None,
        "left": "2.0",
    }
    result = {
        "trace": [
            *map(flow, ("income.sales", "income.cutting", "income.cutting__2", "market.deals")),
            *map(flow, ("income.care", "cost.care")),
        ],
        "approaches": {
            "income": {"weight": "0.5"},
            "market": {"weight": "0.0"},
            "cost": {"weight": None},
        },
        "quantities": {name: {"value": told, "unit": "t"} for name, told in counted.items()},
    }
    found = {name: each["value"] for name, each in whole_quantities(result).items()}
    assert found == {**counted, "sales": "30.0", "cutting": "-8.0"}
    assert all(each["unit"] == "t" for each in whole_quantities(result).values())
