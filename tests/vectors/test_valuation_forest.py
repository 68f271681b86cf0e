"""Published cases of forest valuation, one by one."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from risk_models.dated import load_folder
from risk_models.models.forest_right import MODEL
from tests.risk_models.helpers import codes, run

CASES = yaml.safe_load(
    Path(__file__).with_name("valuation_forest.yaml").read_text(encoding="utf-8")
)
CAPS = Path(__file__).resolve().parents[2] / "app" / "policy" / "parameters" / "collateral"
ROW = {
    "category": "commercial-timber",
    "area_mu": 1.0,
    "planted_on": "2020-01-01",
    "rotation_years": 80,
    "right_ends_on": "9999-12-31",
    "quality_k": 1.0,
    "cost_due_now_yuan": 0.0,
    "yearly_loss_share": 0.0,
}


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["id"])
def test_published_value_is_reached(case):
    row = {**ROW, **case["inputs"], "discount_rate": case["rate"]}
    found = run(MODEL, [row]).value[0]
    assert found == pytest.approx(case["value"], rel=case["tolerance"])
    assert found * case["rate"] == pytest.approx(case["yearly"], rel=1e-3)


@pytest.mark.parametrize("case", CASES["bands"], ids=lambda case: case["id"])
def test_a_disclosed_value_per_mu_is_judged_by_the_band(case):
    row = {
        **ROW,
        "category": case["category"],
        "age_group": "bamboo-yield",
        "right_ends_on": "2024-12-25",
        "nontimber_yuan_per_mu": case["value_per_mu"] * 1.06,
        "net_yield_yuan_per_mu": 0.0,
        "discount_rate": 0.06,
    }
    asked = "implied-value-outside-band" in codes(run(MODEL, [row]), severity="ask")
    assert asked == case["asks"]


@pytest.mark.parametrize("case", CASES["rules"], ids=lambda case: case["id"])
def test_no_cap_in_force_lies_above_the_published_rule(case):
    caps = load_folder(CAPS)
    for day in (date(2020, 1, 1), date(2023, 12, 26), date(2026, 11, 22)):
        assert caps.on(day).number(case["parameter"]) <= case["at_most"]
