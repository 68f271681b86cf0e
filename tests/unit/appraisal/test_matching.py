"""Inputs beside the registered asset: an area in the other unit is asked about as such."""

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
)


@pytest.mark.parametrize(
    ("area_mu", "codes"),
    [
        ("3000", []),
        ("3150", []),
        ("3150.01", ["area-differs-from-asset"]),
        ("200", ["area-units-mixed"]),
        ("190", ["area-units-mixed"]),
        ("189.9", ["area-differs-from-asset"]),
        ("45000", ["area-units-mixed"]),
        ("47250", ["area-units-mixed"]),
        ("47251", ["area-differs-from-asset"]),
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
