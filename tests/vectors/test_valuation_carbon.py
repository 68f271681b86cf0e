"""The carbon-sink model and the discount engine give the published figures of carbon sinks."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from risk_models.contract import Price
from risk_models.modelling import MU_A_HECTARE
from risk_models.models.carbon_sink_income import MODEL
from tests.risk_models.helpers import codes, example, flow, run, worth

VECTORS = yaml.safe_load((Path(__file__).parent / "valuation_carbon.yaml").read_text("utf-8"))
PLAIN = {
    "baseline_share": 0.0,
    "leakage_share": 0.0,
    "buffer_share": 0.0,
    "yearly_loss_share": 0.0,
    "tax_share": 0.0,
    "monitoring_cost_yuan": 0.0,
    "verification_cost_yuan": 0.0,
    "cost_due_now_yuan": 0.0,
}
PRICES = ("local-sink", "ccer", "pilot-sink", "carbon-ticket")


def _named(entries):
    return [pytest.param(each, id=each["id"]) for each in entries]


def _result(inputs, yuan=30.0):
    prices = {name: Price(yuan=yuan, unit="yuan/tCO2e") for name in PRICES}
    row = example(MODEL, **{**PLAIN, **inputs})
    return run(MODEL, [row], prices, on=date(2023, 12, 26), trace=True)


@pytest.mark.parametrize("case", _named(VECTORS["flows"]))
def test_storage_valued_as_flows(case):
    """A tonne stored spreads evenly over the years and is paid at the start of each."""
    years = int(case["years"])
    change = 1.0 / (1.0 + float(case["price_change"])) - 1.0
    price = Price(yuan=float(case["price"]), unit="yuan/t", growth=change)
    spread = flow(
        [float(case["quantity"]) / years] * years,
        first=0.0,
        unit_price=price.yuan,
        index="carbon",
    )
    found = worth(spread, float(case["discount_rate"]), prices={"carbon": price})
    assert found == pytest.approx(float(case["value"]), rel=float(case["tolerance"]))


@pytest.mark.parametrize("case", _named(VECTORS["cases"]))
def test_published_figure_is_reproduced(case):
    per_ha = {name: given / MU_A_HECTARE for name, given in case.get("inputs_per_ha", {}).items()}
    result = _result({**case["inputs"], **per_ha})
    assert result.valid[0], codes(result, severity="refuse")
    tolerance = float(case["tolerance"])
    steps = {step.name: step.value for step in result.trace}
    for name, published in case.get("steps", {}).items():
        assert steps[name] == pytest.approx(published, rel=tolerance)
    for name, published in case.get("steps_per_ha", {}).items():
        assert steps[name] * MU_A_HECTARE == pytest.approx(published, rel=tolerance)
    for name, published in case.get("quantities", {}).items():
        assert result.quantities[name][0][0] == pytest.approx(published, rel=tolerance)
    for name, published in case.get("approaches", {}).items():
        assert result.approaches[name][0] == pytest.approx(published, rel=tolerance)


@pytest.mark.parametrize("case", _named(VECTORS["warnings"]))
def test_published_claim_is_asked_about_or_refused(case):
    result = _result(case["inputs"], float(case["price"]))
    assert bool(result.valid[0]) == case["valued"]
    assert set(case["codes"]) <= codes(result)
    if not case["codes"]:
        assert not {"removals-above-band", "removals-not-credible"} & codes(result)


def test_every_case_names_its_source():
    listed = [*VECTORS["flows"], *VECTORS["cases"], *VECTORS["warnings"]]
    assert all(case["source"] for case in listed)
