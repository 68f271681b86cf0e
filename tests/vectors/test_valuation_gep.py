"""The GEP model reproduces a published account from its own quantities."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from risk_models.appraise import basis_on
from risk_models.batches import batch_from_rows
from risk_models.contract import Result
from risk_models.models.gep import MODEL
from risk_models.runner import value

ON = date(2023, 12, 26)
VECTORS = yaml.safe_load((Path(__file__).parent / "valuation_gep.yaml").read_text("utf-8"))
CASES = VECTORS["cases"]


def _numbers(entries):
    return {name: float(number) for name, number in entries.items()}


def _account(case) -> Result:
    basis = basis_on(ON, {})
    row = {"price_table": "garze-2010", **_numbers(case["inputs"])}
    return value(MODEL, batch_from_rows(MODEL.spec, [row], basis.parameters), basis, trace=True)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_published_account_is_reproduced(case):
    result = _account(case)
    tolerance = float(case["tolerance"])
    assert result.valid[0]
    for name, published in _numbers(case.get("components", {})).items():
        assert result.components[name][0] == pytest.approx(published, rel=tolerance)
    steps = {step.name: step.value for step in result.trace}
    for name, published in _numbers(case.get("steps", {})).items():
        assert steps[name] == pytest.approx(published, rel=tolerance)
    if "total" in case:
        assert result.value[0] == pytest.approx(float(case["total"]), rel=tolerance)


def test_parts_of_the_soil_case_are_reproduced_one_by_one():
    """Siltation and phosphorus are printed apart; nitrogen is the rest of the printed total."""
    case = next(case for case in CASES if case["id"] == "V02-V04")
    trace = {step.name: step for step in _account(case).trace}
    silt = trace["accounting.soil_retention"].value
    phosphorus = trace["accounting.soil_retention__3"].value
    published = _numbers(case["flows"])
    assert silt == pytest.approx(published["siltation"], rel=5e-4)
    assert phosphorus == pytest.approx(published["phosphorus"], rel=5e-4)


def test_a_service_that_was_not_measured_is_a_note_and_not_a_zero():
    result = _account(CASES[0])
    notes = {found.field for found in result.findings if found.code == "service-not-accounted"}
    assert "soil_retained_t" in notes
    assert "water_retained_m3" not in notes


def test_zero_measured_is_told_apart_from_not_measured():
    case = {"inputs": {"water_retained_m3": 1.0e6, "visits": 0.0}}
    notes = {found.field for found in _account(case).findings}
    assert "visits" not in notes
    assert "dust_t" in notes


def test_an_account_without_any_quantity_is_refused():
    result = _account({"inputs": {}})
    assert not result.valid[0]
    assert "nothing-accounted" in {found.code for found in result.findings}


def test_source_of_the_cases_is_named():
    assert "Acta Ecologica Sinica" in VECTORS["source"]
