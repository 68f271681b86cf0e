"""The examples of the documentation give the figures of the demonstration, to the fen.

The same inputs on a later day, with what changed in between (the price, the yield), give the
figures after the fall of the carbon price and after the spring frost.
"""

import json
from copy import deepcopy
from datetime import date
from pathlib import Path

import pytest

from risk_models.appraise import appraise
from risk_models.registry import BUILT_INS

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
START, LATER = date(2023, 12, 26), date(2024, 3, 20)

FIGURES = [
    ("carbon-sink-income", START, {}, {}, "880000.00"),
    ("carbon-sink-income", LATER, {}, {"local-sink": 21.0}, "545600.00"),
    ("forest-right", START, {}, {}, "5600000.00"),
    ("forest-right", LATER, {"net_yield_yuan_per_mu": 159.331429}, {}, "3780000.00"),
]
"""Model, day, inputs that changed, prices that changed (30 x 0.7 = 21), value in yuan."""


def _example(model_id: str) -> dict:
    return json.loads((EXAMPLES / f"{model_id}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("model_id", "on", "inputs", "prices", "expected"), FIGURES)
def test_example_gives_the_figure_of_the_demonstration(model_id, on, inputs, prices, expected):
    document = deepcopy(_example(model_id))
    document["inputs"].update(inputs)
    for price_id, yuan in prices.items():
        document["prices"][price_id]["yuan"] = yuan
    assert appraise(model_id, document, on)["value_yuan"] == expected


def test_green_certificates_are_worth_their_published_annuity():
    """80,000 certificates a year at 22 yuan for five years at 8 %: 7.027 million."""
    document = {
        "inputs": {
            "certificates": "yearly",
            "generation": "solar",
            "reductions_claimed": False,
            "daily_volume": 200_000,
            "yearly_generation_mwh": 80_000,
            "certificate_share": 1,
            "paid_each_year_since": "2023-12-31",
            "right_ends_on": "2028-12-31",
            "yearly_loss_share": 0,
            "discount_rate": 0.08,
        },
        "prices": {
            f"gec-vwap-{days}d": {"yuan": 22, "unit": "yuan/certificate"} for days in (20, 250)
        },
    }
    value = appraise("green-certificate", document, date(2023, 12, 31))["value_yuan"]
    assert float(value) == pytest.approx(7_027_000, rel=1e-4)


def test_free_allowances_are_worth_the_mean_price_of_the_year():
    """320,000 t free of compliance at 68.15 yuan: 21.808 million before the liquidity discount."""
    document = {
        "inputs": {
            "sector": "power",
            "oldest_vintage": 2022,
            "quantities_by_vintage": [120_000, 400_000],
            "quantity_needed": 200_000,
            "statement_on": "2023-12-29",
            "daily_volume": 850_000,
        }
    }
    answer = appraise("carbon-allowance", document, date(2024, 1, 2))
    assert answer["value_yuan"] == "21808000.00"
    assert [found["code"] for found in answer["findings"]] == ["average-missing"]


@pytest.mark.parametrize("model", BUILT_INS, ids=lambda model: model.spec.id)
def test_every_model_has_an_example_taken_from_its_passport(model):
    inputs = _example(model.spec.id)["inputs"]
    for name, given in inputs.items():
        shown = model.spec.field(name).example
        assert given == (list(shown) if isinstance(shown, tuple) else shown)
    assert appraise(model.spec.id, _example(model.spec.id), START)["value_yuan"] is not None
