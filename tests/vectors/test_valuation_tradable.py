"""The models of tradable units reproduce published trades from quantity and mean price."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from risk_models.appraise import basis_on
from risk_models.batches import batch_from_rows
from risk_models.contract import Price
from risk_models.registry import get_model
from risk_models.runner import value

VECTORS = yaml.safe_load((Path(__file__).parent / "valuation_tradable.yaml").read_text("utf-8"))
CASES = VECTORS["cases"]


def _valued(case):
    model = get_model(case["model"])
    units = {use.id: use.unit for use in model.spec.prices}
    prices = {
        price_id: Price(yuan=float(yuan), unit=units[price_id])
        for price_id, yuan in case["prices"].items()
    }
    basis = basis_on(date.fromisoformat(case["valued_on"]), prices)
    batch = batch_from_rows(model.spec, [case["inputs"]], basis.parameters)
    return value(model, batch, basis, trace=True)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_published_trade_is_reproduced(case):
    result = _valued(case)
    assert result.valid[0], [found.code for found in result.findings]
    tolerance = float(case["tolerance"])
    for name, published in case.get("components", {}).items():
        found = result.components[name][0]
        assert found == pytest.approx(float(published), rel=tolerance, abs=1e-6)
    steps = {step.name: step.value for step in result.trace}
    for name, published in case.get("steps", {}).items():
        assert steps[name] == pytest.approx(float(published), rel=tolerance)
    if "findings" in case:
        assert {found.code for found in result.findings} == set(case["findings"])


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_every_case_names_its_source_and_what_it_assumes(case):
    assert VECTORS["sources"][case["id"].partition("-")[0]]
    assert set(case["assumed"]) <= set(case["inputs"])
