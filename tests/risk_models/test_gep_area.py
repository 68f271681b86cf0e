"""The area of an accounting unit in another unit than it says is asked about."""

import json
from datetime import date
from pathlib import Path

import pytest

from risk_models.appraise import finding_detail
from risk_models.models.gep import MODEL
from tests.risk_models.helpers import codes, run

ON = date(2023, 12, 26)
EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
UNIT = json.loads((EXAMPLES / "gep.json").read_text(encoding="utf-8"))["inputs"]
AREA = {"units-mixed", "part-above-area", "parts-above-area", "stated-value-outside-band"}
FOREST, GRASS, MARSH = (
    UNIT[name] for name in ("forest_self_healed_ha", "grass_self_healed_ha", "marsh_km2")
)


def found(**changes):
    return run(MODEL, [{**UNIT, **changes}], on=ON)


def asked(**changes):
    result = found(**changes)
    assert result.valid[0]
    return codes(result, severity="ask") & AREA


def test_the_example_is_not_asked_about():
    assert asked() == set()
    assert asked(area=UNIT["area"] * 15, area_unit="mu") == set()
    assert asked(area=UNIT["area"] / 100, area_unit="km2") == set()


def test_hectares_called_mu_are_asked_about_at_each_part_that_is_too_large():
    result = found(area_unit="mu")
    parts = [each for each in result.findings if each.code == "part-above-area"]
    assert {each.field for each in parts} == {"forest_self_healed_ha", "grass_self_healed_ha"}
    assert "148,000 ha are more than the 20,666.7 ha" in " ".join(
        finding_detail(each, 0).en for each in parts
    )
    assert "units-mixed" in codes(result, severity="ask")


@pytest.mark.parametrize("factor", [15, 100])
def test_an_area_too_large_for_what_is_stated_is_asked_about(factor):
    (told,) = [
        each
        for each in found(area=UNIT["area"] * factor).findings
        if each.code == "units-mixed" and each.field == "area"
    ]
    assert "1,500 to 200,000" in finding_detail(told, 0).en


def test_an_area_beyond_any_unit_is_asked_about():
    assert "stated-value-outside-band" in asked(area=UNIT["area"] * 1_000)


@pytest.mark.parametrize(("spare", "told"), [(1.0, False), (0.98, True)])
def test_parts_together_are_no_more_than_the_whole(spare, told):
    whole = FOREST + GRASS + 100.0 * MARSH
    assert ("parts-above-area" in asked(area=whole * spare)) == told


@pytest.mark.parametrize(("spare", "told"), [(1.0, False), (0.98, True)])
def test_a_part_is_no_more_than_the_whole(spare, told):
    alone = {"forest_self_healed_ha": None, "marsh_km2": None}
    assert ("part-above-area" in asked(**alone, area=GRASS * spare)) == told


def test_one_ecosystem_of_a_unit_is_not_judged_by_the_value_of_a_whole():
    lone = {"ecosystem": "mixed-forest", "area": UNIT["area"] * 15}
    assert not asked(**lone) & {"units-mixed", "stated-value-outside-band"}
