"""A quantity too large for its market is not valued at little or nothing without a word."""

import numpy as np
import pytest

from risk_models.appraise import finding_detail
from risk_models.contract import Price
from risk_models.models import carbon_allowance, ccer, energy_use_right
from risk_models.tradable import dear_sale
from tests.risk_models.helpers import codes, example, run

CCER = {f"ccer-vwap-{days}d": Price(yuan=73.5, unit="yuan/tCO2e") for days in (20, 250)}
LIMIT_DAYS = 160.0
"""At 0.002 a day beyond 10 orderly days, 0.30 is reached after 150 more."""


def _asked(days, base_discount):
    found = dear_sale(
        "quantity_held",
        np.array([days]),
        base_discount=base_discount,
        discount_per_day=0.002,
        orderly_days=10.0,
        limit=0.30,
    )
    return bool(found)


@pytest.mark.parametrize("base_discount", [0.0, 0.05, 0.5])
@pytest.mark.parametrize(("days", "asked"), [(LIMIT_DAYS - 1, False), (LIMIT_DAYS + 1, True)])
def test_only_what_the_days_of_a_sale_take_is_asked_about(days, asked, base_discount):
    assert _asked(days, base_discount) == asked


def test_a_holding_that_its_discount_makes_worthless_says_why():
    held = {"quantity_held": 9_000_000.0, "quantity_needed": 0.0, "frozen_quantity": None}
    row = example(ccer.MODEL, **held, daily_volume=30_040.0)
    result = run(ccer.MODEL, [row], CCER)
    assert result.value[0] == 0.0
    (found,) = [each for each in result.findings if each.code == "dear-sale"]
    assert (found.field, found.severity) == ("quantity_held", "ask")
    told = finding_detail(found, 0)
    assert "100.0%" in told.en
    assert "1,498 trading days" in told.en
    assert "1,498个交易日" in told.zh


@pytest.mark.parametrize(
    ("model", "volume", "prices"),
    [
        (
            carbon_allowance.MODEL,
            "daily_volume",
            {f"cea-vwap-{days}d": Price(yuan=80.0, unit="yuan/tCO2e") for days in (20, 250)},
        ),
        (
            energy_use_right.MODEL,
            "daily_volume_tce",
            {"energy-use": Price(yuan=200.0, unit="yuan/tce")},
        ),
    ],
)
def test_a_market_that_is_too_thin_is_asked_about_by_each_model(model, volume, prices):
    deep, thin = (example(model, **{volume: a_day}) for a_day in (1e9, 10.0))
    assert "dear-sale" not in codes(run(model, [deep], prices))
    assert "dear-sale" in codes(run(model, [thin], prices), severity="ask")
