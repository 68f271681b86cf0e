"""The forest-right model: the approach the age of the stand calls for, to its closed formula."""

from datetime import date

import pytest

from risk_models.contract import Price
from risk_models.models.forest_right import MODEL
from risk_models.trace import DAYS_A_YEAR
from tests.risk_models.helpers import ON, codes, example, run

TIMBER = {"timber": Price(yuan=900.0, unit="yuan/m3")}
PLAIN = {"cost_due_now_yuan": 0.0, "yearly_loss_share": 0.0, "quality_k": 0.9, "area_mu": 100.0}
RATE = 0.075


def _age(planted: str) -> float:
    return (ON - date.fromisoformat(planted)).days / DAYS_A_YEAR


def test_young_stand_is_worth_what_it_cost_to_raise():
    """K times the sum of C_i (1 + P) ^ (n - i + 1) over the years begun."""
    row = example(
        MODEL,
        **PLAIN,
        category="commercial-timber",
        age_group="young",
        planted_on="2021-04-01",
        costs_by_year_yuan_per_mu=[600.0, 200.0, 150.0, 999.0],
    )
    age = _age("2021-04-01")
    assert 2.0 < age < 3.0
    closed = (
        0.9
        * 100
        * sum(cost * (1 + RATE) ** (age - year) for year, cost in enumerate((600.0, 200.0, 150.0)))
    )
    result = run(MODEL, [row])
    assert result.value[0] == pytest.approx(closed, rel=1e-12)
    assert result.weights["replacement"][0] == 1.0


def test_middle_aged_stand_is_worth_its_discounted_harvest():
    row = example(
        MODEL,
        **PLAIN,
        category="commercial-timber",
        age_group="middle",
        planted_on="2005-04-01",
        rotation_years=30,
    )
    left = 30.0 - _age("2005-04-01")
    volume = 100 * 0.9 * 9.5 * 0.68
    harvest = volume * (900.0 - 260.0 * 1.15) * (1 + RATE) ** -left
    whole, part = int(left + 1), (left + 1) % 1
    tending = (
        22.0
        * 100
        * (
            sum((1 + RATE) ** -year for year in range(1, whole + 1))
            + part * (1 + RATE) ** -(whole + 1)
        )
    )
    result = run(MODEL, [row], TIMBER)
    assert result.value[0] == pytest.approx(harvest - tending, rel=1e-12)
    assert result.quantities["timber_sales"][0][0] == pytest.approx(volume)


def test_mature_stand_is_worth_the_market_less_cost_and_profit():
    row = example(MODEL, **PLAIN, category="commercial-timber", age_group="mature")
    closed = 100 * 7.2 * 0.68 * (900.0 - 260.0 - 260.0 * 0.15)
    assert run(MODEL, [row], TIMBER).value[0] == pytest.approx(closed, rel=1e-12)


def test_near_mature_stand_weighs_harvest_and_market_alike():
    row = example(
        MODEL,
        **PLAIN,
        category="commercial-timber",
        age_group="near-mature",
        planted_on="2002-04-01",
        rotation_years=26,
    )
    result = run(MODEL, [row], TIMBER)
    both = [result.approaches[name][0] for name in ("harvest", "market")]
    assert result.value[0] == pytest.approx(sum(both) / 2, rel=1e-12)
    assert "same" in result.reasons[result.reason[0]].en


def test_bearing_orchard_is_worth_its_yield_until_right_or_trees_end():
    row = example(MODEL, **PLAIN, net_yield_yuan_per_mu=300.0, rotation_years=25)
    left = 25.0 - _age("2012-04-01")
    whole, part = int(left), left % 1
    annuity = sum((1 + RATE) ** -year for year in range(1, whole + 1))
    annuity += part * (1 + RATE) ** -(whole + 1)
    assert run(MODEL, [row]).value[0] == pytest.approx(100 * 0.9 * 300.0 * annuity, rel=1e-12)


@pytest.mark.parametrize("category", ["protection", "special-use"])
def test_forest_that_cannot_be_mortgaged_is_refused(category):
    found = codes(run(MODEL, [example(MODEL, category=category)]), severity="refuse")
    assert found == {"category-not-mortgageable"}


@pytest.mark.parametrize("category", ["commercial-timber", "economic", "fuel"])
def test_forest_that_can_be_mortgaged_is_valued(category):
    assert run(MODEL, [example(MODEL, category=category)]).valid[0]


def test_timber_without_a_price_is_refused_and_an_orchard_needs_none():
    rows = [example(MODEL, age_group="mature", category="commercial-timber"), example(MODEL)]
    result = run(MODEL, rows)
    assert list(result.valid) == [False, True]
    assert "price-missing" in codes(result)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"planted_on": "2023-12-27"}, "planted-after-valuation-day"),
        ({"right_ends_on": "2023-12-26"}, "right-ended"),
        ({"rotation_years": 11}, "past-economic-life"),
        ({"age_group": "middle", "right_ends_on": "2040-01-01"}, "right-ends-before-harvest"),
        ({"net_yield_yuan_per_mu": None}, "missing-field"),
    ],
)
def test_contradictory_inputs_are_refused(changes, code):
    result = run(MODEL, [example(MODEL, **changes)], TIMBER)
    assert code in codes(result, severity="refuse")


def test_value_per_mu_outside_the_band_asks():
    assert "implied-value-outside-band" in codes(run(MODEL, [example(MODEL, area_mu=10)]))
    assert codes(run(MODEL, [example(MODEL)])) == set()
