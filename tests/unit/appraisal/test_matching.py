"""Inputs beside the registered asset: an area in the other unit is asked about as such."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.appraisal.domain.catalogue import parameters_on
from app.appraisal.domain.matching import RegisteredAsset, asset_findings, worked_out_removals

ASSET = RegisteredAsset(
    area_mu=Decimal(3000),
    quantity=None,
    quantity_unit="",
    right_ends_on=date(2043, 12, 31),
    area_tolerance=Decimal("0.05"),
    area_above=Decimal("0.10"),
    quantity_above=Decimal("0.10"),
)


def said(inputs, asset=ASSET):
    return [(each["code"], each["severity"]) for each in asset_findings(inputs, asset)]


@pytest.mark.parametrize(
    ("area_mu", "codes"),
    [
        ("3000", []),
        ("3150", []),
        ("3150.01", ["area-differs-from-asset"]),
        ("3300", ["area-differs-from-asset"]),
        ("200", ["area-units-mixed"]),
        ("190", ["area-units-mixed"]),
        ("189.9", ["area-differs-from-asset"]),
    ],
)
def test_an_area_off_by_fifteen_is_asked_about_as_a_unit(area_mu, codes):
    found = asset_findings({"area_mu": area_mu}, ASSET)
    assert [each["code"] for each in found] == codes
    assert all(each["severity"] == "ask" for each in found)


@pytest.mark.parametrize(("area_mu", "factor"), [("200", "1/15"), ("45000", "15")])
def test_the_question_names_both_areas_and_the_factor(area_mu, factor):
    (found,) = asset_findings({"area_mu": area_mu}, ASSET)
    assert "3,000 mu" in found["en"]
    assert f"{factor} times" in found["en"]
    assert "1公顷等于15亩" in found["zh"]


@pytest.mark.parametrize(
    ("area_mu", "code"),
    [
        ("3300.01", "area-above-registered"),
        ("10050", "area-above-registered"),
        ("45000", "area-units-mixed"),
        ("47250", "area-units-mixed"),
        ("47251", "area-above-registered"),
    ],
)
def test_land_that_the_register_does_not_give_is_refused_by_field(area_mu, code):
    (found,) = asset_findings({"area_mu": area_mu}, ASSET)
    assert (found["code"], found["field"], found["severity"]) == (code, "area_mu", "refuse")
    assert "register corrected first" in found["en"]
    assert "登记更正" in found["zh"]


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        ("0.272", []),
        ("0.28", [("removals-above-measured", "ask")]),
        ("0.2992", [("removals-above-measured", "ask")]),
        ("0.2996", [("removals-above-certified", "refuse")]),
        ("1.72", [("removals-above-certified", "refuse")]),
    ],
)
def test_removals_far_above_the_certified_quantity_are_refused(rate, expected):
    asset = replace(ASSET, quantity=Decimal(816), quantity_unit="tCO2e/year")
    assert said({"area_mu": "3000", "removals_tco2e_per_mu": rate}, asset) == expected


def test_the_refusal_stands_at_the_table_that_gives_the_removals():
    asset = replace(ASSET, quantity=Decimal(816), quantity_unit="tCO2e/year")
    inputs = {
        "area_mu": "3000",
        "removal_basis": "validated-table",
        "removals_by_year_tco2e_per_mu": ["0.1", "1.72"],
    }
    (found,) = asset_findings(inputs, asset)
    assert found["field"] == "removals_by_year_tco2e_per_mu"
    assert "532.4% more" in found["en"]


def test_a_right_is_not_valued_past_its_registered_end():
    assert said({"right_ends_on": "2043-12-31"}) == []
    assert said({"right_ends_on": "2044-01-01"}) == [("right-ends-after-registered", "refuse")]


GROWN = {
    "sink_kind": "forest",
    "registration": "local-filing",
    "area_mu": 3000,
    "species": "larch",
    "planted_on": "2010-04-15",
    "crediting_starts_on": "2023-01-01",
    "crediting_ends_on": "2043-01-01",
    "last_verified_on": "2023-01-01",
    "right_ends_on": "2043-12-31",
    "conversion": "regression",
}
ON = date(2023, 12, 26)
FILED = replace(ASSET, quantity=Decimal(816), quantity_unit="tCO2e/year")


@pytest.mark.parametrize(
    "more",
    [
        {"removal_basis": "growth-curve"},
        {
            "removal_basis": "own-curve",
            "curve_a_m3_per_ha": 240,
            "curve_k": 0.045,
            "curve_c": 2.2,
        },
        {
            "removal_basis": "yield-table",
            "stock_by_age_m3_per_ha": [5, 60, 120, 180, 220, 240],
            "yield_step_years": 6,
        },
    ],
    ids=lambda more: more["removal_basis"],
)
def test_removals_of_a_curve_or_a_table_are_held_against_what_was_filed(more):
    inputs = {**GROWN, **more}
    found = worked_out_removals("carbon-sink-income", inputs, ON, parameters_on(ON))
    assert found is not None
    assert found > FILED.quantity * Decimal("1.1")
    (refused,) = asset_findings(inputs, FILED, found)
    assert (refused["code"], refused["field"]) == ("removals-above-certified", "removal_basis")
    assert refused["severity"] == "refuse"
    assert asset_findings(inputs, replace(FILED, quantity=found + 1), found) == []


def test_what_is_stated_or_of_another_model_is_not_worked_out():
    rated = {**GROWN, "removal_basis": "yearly-rate", "removals_tco2e_per_mu": 0.2}
    known = parameters_on(ON)
    assert worked_out_removals("carbon-sink-income", rated, ON, known) is None
    assert worked_out_removals("forest-right", {**GROWN}, ON, known) is None
    unread = {**GROWN, "removal_basis": "growth-curve", "planted_on": "soon"}
    assert worked_out_removals("carbon-sink-income", unread, ON, known) is None
    undated = {**GROWN, "removal_basis": "growth-curve", "planted_on": None}
    assert worked_out_removals("carbon-sink-income", undated, ON, known) is None
