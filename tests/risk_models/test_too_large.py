"""Figures that no right is worth are refused row by row: never an overflow, never an infinite value."""

import json
import math
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from risk_models.appraise import appraise
from risk_models.models.income_right import MODEL
from tests.risk_models.helpers import codes, example, run

ON = date(2023, 12, 26)
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"

BEYOND = {
    "carbon-allowance": ({}, 1e22),
    "discharge-right": ({"price_term_years": 1e-20}, None),
    "income-right": ({"growth_share": 0.1, "right_ends_on": "9999-12-31"}, None),
    "forest-compensation-income": ({"right_ends_on": "9999-12-31", "growth_share": 0.2}, None),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("model_id", BEYOND)
def test_what_lies_beyond_all_worth_is_refused_with_words(model_id):
    changes, yuan = BEYOND[model_id]
    document = json.loads((EXAMPLES / f"{model_id}.json").read_text(encoding="utf-8"))
    document["inputs"] |= changes
    for price in document.get("prices", {}).values():
        price["yuan"] = yuan or price["yuan"]
    found = appraise(model_id, document, ON)
    assert found["value_yuan"] is None
    refusals = [each["code"] for each in found["findings"] if each["severity"] == "refuse"]
    assert refusals == ["too-large"]
    assert "Infinity" not in json.dumps(found, allow_nan=False)


def test_a_row_beyond_all_worth_stops_no_other():
    endless = {"growth_share": 0.1, "right_ends_on": "9999-12-31"}
    rows = [example(MODEL), example(MODEL, **endless), example(MODEL)]
    found = run(MODEL, rows)
    assert found.valid.tolist() == [True, False, True]
    assert codes(found, 1, "refuse") == {"too-large"}
    assert math.isnan(found.value[1])
    assert np.array_equal(found.value[[0, 2]], run(MODEL, rows[:1]).value.repeat(2))
    assert all(math.isnan(part[1]) for part in found.components.values())


def test_years_after_the_last_payment_may_overflow_without_a_word():
    """The price of water grows on, the income is cut off long before."""
    document = json.loads((EXAMPLES / "water-right.json").read_text(encoding="utf-8"))
    document["inputs"] |= {"right_ends_on": "9999-12-31", "growth_share": 0.2}
    found = appraise("water-right", document, ON)
    assert found["value_yuan"] is not None
    assert json.loads(json.dumps(found, allow_nan=False)) == found
