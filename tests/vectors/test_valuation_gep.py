"""The GEP model reproduces published accounts from their own quantities."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from risk_models.appraise import basis_on
from risk_models.batches import batch_from_rows
from risk_models.contract import Result, Stress
from risk_models.models.gep import MODEL
from risk_models.runner import value

ON = date(2023, 12, 26)
VECTORS = yaml.safe_load((Path(__file__).parent / "valuation_gep.yaml").read_text("utf-8"))
CASES = VECTORS["cases"]
TEXTS = {field.name for field in MODEL.spec.fields if field.kind == "choice"}


def _numbers(entries):
    return {name: float(number) for name, number in entries.items()}


def _inputs(entries):
    return {
        name: given if name in TEXTS or isinstance(given, bool) else float(given)
        for name, given in entries.items()
    }


def _account(case) -> Result:
    basis = basis_on(ON, {})
    row = _inputs({**VECTORS["defaults"], **case["inputs"]})
    stress = Stress(parameters=_numbers(case.get("parameters", {})))
    batch = batch_from_rows(MODEL.spec, [row], basis.parameters)
    return value(MODEL, batch, basis, stress=stress, trace=True)


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


STEPS = [
    pytest.param(case, given, published, id=f"{case['id']}-{place}")
    for case in VECTORS["steps"]
    for place, (given, published) in enumerate(case["rows"])
]


@pytest.mark.parametrize(("case", "given", "published"), STEPS)
def test_published_step_is_reproduced(case, given, published):
    named = dict(zip(case["names"], given, strict=True))
    # The quantity itself may be refused, such as a yield of no water; its steps are asked for.
    result = _account({**case, "inputs": {**case["inputs"], **named, "visits": 1.0}})
    assert result.valid[0]
    steps = {step.name: step.value for step in result.trace}
    assert steps[case["field"]] == pytest.approx(published, rel=float(case["tolerance"]))


@pytest.mark.parametrize("case", VECTORS["totals"], ids=lambda case: case["id"])
def test_published_totals_agree(case):
    tolerance = float(case["tolerance"])
    assert sum(case["by_service"]) == pytest.approx(case["total"], rel=tolerance)
    assert sum(case["by_ecosystem"]) == pytest.approx(case["total"], rel=tolerance)


def test_parts_of_the_soil_case_are_reproduced_one_by_one():
    """Siltation and phosphorus are printed apart; nitrogen is the rest of the printed total."""
    case = next(case for case in CASES if case["id"] == "V02-V04")
    trace = {step.name: step for step in _account(case).trace}
    silt = trace["accounting.soil_retention"].value
    phosphorus = trace["accounting.soil_retention__3"].value
    published = _numbers(case["flows"])
    assert silt == pytest.approx(published["siltation"], rel=5e-4)
    assert phosphorus == pytest.approx(published["phosphorus"], rel=5e-4)


def test_the_pest_case_expects_what_was_published_and_tells_how_far_it_is():
    case = next(case for case in CASES if case["id"] == "V11")
    (expected,) = _numbers(case["components"]).values()
    assert expected == pytest.approx((5.925 + 8.0003) * 1e8, rel=1e-12)
    ours = _account(case).value[0]
    assert ours == pytest.approx(13.9252125e8, rel=1e-12)
    assert 1e6 * (1 - ours / expected) == pytest.approx(6.3, abs=0.05)


def test_willingness_of_the_three_groups_adds_up():
    groups = [case for case in CASES if case["id"].startswith("V20")]
    total = sum(_account(case).value[0] for case in groups)
    assert total == pytest.approx(0.98e8, abs=0.005e8)


def test_a_service_that_was_not_measured_is_a_note_and_not_a_zero():
    result = _account(CASES[0])
    notes = {found.field for found in result.findings if found.code == "service-not-accounted"}
    assert "soil_retained_t" in notes
    assert "water_retained_m3" not in notes
    # Each names its service, so that no two read alike.
    left = [found for found in result.findings if found.code == "service-not-accounted"]
    for words in ([found.detail.en for found in left], [found.detail.zh for found in left]):
        assert len(set(words)) == len(words) > 1
        assert not any("%(" in each for each in words)


def test_zero_measured_is_told_apart_from_not_measured():
    case = {"inputs": {"water_retained_m3": 1.0e6, "visits": 0.0}}
    notes = {
        found.field
        for found in _account(case).findings
        if found.code in {"service-not-accounted", "service-outside-norm"}
    }
    assert "visits" not in notes
    assert "dust_t" in notes


def test_an_account_without_any_quantity_is_refused():
    result = _account({"inputs": {}})
    assert not result.valid[0]
    assert "nothing-accounted" in {found.code for found in result.findings}


def test_every_case_has_its_own_name_source_and_tolerance():
    listed = [case for part in ("cases", "steps", "totals", "growth") for case in VECTORS[part]]
    assert len({case["id"] for case in listed}) == len(listed)
    garze = {"V01", "V02-V04", "V06", "V07", "V08", "V09", "V11", "V12", "V13", "V14", "V15"}
    assert {case["id"] for case in listed if "source" not in case} == {*garze, "V14-total"}
    assert all(0.0 < float(case["tolerance"]) <= 0.01 for case in listed)
    assert "Acta Ecologica Sinica" in VECTORS["source"]
