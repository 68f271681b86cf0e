"""Inputs beside the registered asset: an area in the other unit is asked about as such."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.appraisal.domain.matching import RegisteredAsset, asset_findings

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
