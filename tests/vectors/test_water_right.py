"""Published trades of water are reproduced, and loans far above them are asked about."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from risk_models.models.water_right import MODEL
from tests.risk_models.helpers import codes, example, run

VECTORS = yaml.safe_load((Path(__file__).parent / "water_right.yaml").read_text("utf-8"))
MARKET_ONLY = dict.fromkeys(
    (
        "water_price_yuan_per_m3",
        "water_cost_yuan_per_m3",
        "delivery_share",
        "growth_share",
        "paid_each_year_since",
        "fee_paid_yuan",
        "fee_index",
        "loan_ends_on",
    )
)


def _traded(m3_a_year, yuan_per_m3, granted_on, ends_on):
    row = example(
        MODEL,
        **MARKET_ONLY,
        permit_m3=m3_a_year,
        own_quota_m3=0.0,
        tradable_m3=m3_a_year,
        cost_due_now_yuan=0.0,
        market_basis="comparables",
        comparable_prices_yuan=[yuan_per_m3],
        comparable_factors=[1.0],
        comparable_weights=[1.0],
        granted_on=granted_on,
        right_ends_on=ends_on,
    )
    return run(MODEL, [row], on=date.fromisoformat(granted_on))


@pytest.mark.parametrize("case", VECTORS["trades"], ids=lambda case: case["id"])
def test_published_trade_is_reproduced(case):
    terms = case["yuan_per_m3"], case["granted_on"], case["ends_on"]
    result = _traded(case["m3_a_year"], *terms)
    assert result.value[0] == pytest.approx(case["value_yuan"], rel=case["tolerance"])
    assert codes(result) == set()


@pytest.mark.parametrize("case", VECTORS["loans"], ids=lambda case: case["id"])
@pytest.mark.parametrize("years", [1, 3, 5])
def test_a_right_worth_its_published_loan_is_asked_about(case, years):
    """Even spread over five years, the loan lies far above what water trades at."""
    price = case["loan_yuan"] / (case["m3_a_year"] * years)
    result = _traded(case["m3_a_year"], price, "2025-01-01", f"{2025 + years}-01-01")
    assert result.value[0] == pytest.approx(case["loan_yuan"], rel=2e-3)
    assert codes(result, severity="ask") == {"price-above-trades"}
    assert case["loan_yuan"] / case["m3_a_year"] == pytest.approx(case["yuan_per_m3"], rel=5e-3)


def test_sources_of_the_cases_are_named():
    assert "People's Daily" in VECTORS["source"]
    assert VECTORS["without_quantity"] == ["P14"]
