"""The demonstration's appraisals: each model gives the printed value of its asset to the fen."""

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from risk_models.appraise import appraise

DATA = Path(__file__).resolve().parents[3] / "app" / "demo" / "data"
APPRAISALS = yaml.safe_load((DATA / "appraisals.yaml").read_text(encoding="utf-8"))
ASSETS = {
    row["asset_id"]: row
    for row in csv.DictReader((DATA / "assets.csv").read_text(encoding="utf-8").splitlines())
}


def test_every_asset_has_an_appraisal():
    assert set(APPRAISALS) == set(ASSETS)


@pytest.mark.parametrize("asset_id", sorted(APPRAISALS))
def test_model_gives_the_printed_appraised_value(asset_id):
    row = APPRAISALS[asset_id]
    document = {"inputs": row["inputs"], "prices": row.get("prices", {})}
    found = appraise(row["model"], document, date.fromisoformat(row["valued_on"]))
    assert found["value_yuan"] == row["value_yuan"]
    assert Decimal(row["value_yuan"]) == Decimal(ASSETS[asset_id]["appraised_wan"]) * 10_000


@pytest.mark.parametrize("asset_id", [key for key, row in APPRAISALS.items() if "overrides" in row])
def test_what_was_found_later_leaves_just_the_recognised_value(asset_id):
    row = APPRAISALS[asset_id]
    document = {
        "inputs": row["inputs"] | row["overrides"],
        "prices": row.get("prices_later", row.get("prices", {})),
    }
    found = appraise(row["model"], document, date.fromisoformat(row["later_on"]))
    assert found["value_yuan"] == row["later_value_yuan"]
    recognised = Decimal(ASSETS[asset_id]["recognised_wan"]) * 10_000
    assert recognised <= Decimal(row["later_value_yuan"]) <= recognised * Decimal("1.01")
