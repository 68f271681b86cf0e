"""Allowances: what compliance and carry-over leave, at the lower mean, less a slow sale."""

from datetime import date

import pytest

from risk_models.contract import Price
from risk_models.models.carbon_allowance import MODEL
from tests.risk_models.helpers import codes, example, run

UNIT = "yuan/tCO2e"
PRICES = {
    "cea-vwap-20d": Price(yuan=70.0, unit=UNIT),
    "cea-vwap-250d": Price(yuan=60.0, unit=UNIT),
}
PLAIN = {"daily_volume": 1e9, "frozen_quantity": None, "net_sold_quantity": None}


def _run(rows, prices=PRICES, **changes):
    return run(MODEL, rows, prices, **changes)


def _row(**changes):
    return example(MODEL, **{**PLAIN, **changes})


def _worth(prices=PRICES, **changes):
    return _run([_row(**changes)], prices).value[0]


def test_lower_of_the_two_means_counts_whichever_it_is():
    turned = {"cea-vwap-20d": PRICES["cea-vwap-250d"], "cea-vwap-250d": PRICES["cea-vwap-20d"]}
    free = 540_000.0 - 200_000.0
    assert _worth() == pytest.approx(free * 60.0)
    assert _worth(turned) == pytest.approx(free * 60.0)


@pytest.mark.parametrize("known", ["cea-vwap-20d", "cea-vwap-250d"])
def test_a_single_mean_counts_and_is_noted(known):
    # No mean of any year is on file for this day.
    row = _row(oldest_vintage=2020, quantities_by_vintage=[300_000.0], statement_on="2021-03-01")
    result = _run([row], {known: PRICES[known]}, on=date(2021, 3, 1))
    assert result.value[0] == pytest.approx(100_000.0 * PRICES[known].yuan)
    assert "average-missing" in codes(result, severity="note")


def test_without_any_mean_there_is_no_value():
    row = _row(oldest_vintage=2020, quantities_by_vintage=[300_000.0])
    result = _run([row], {}, on=date(2021, 3, 1))
    assert not result.valid[0]
    assert "price-missing" in codes(result, severity="refuse")


def test_a_mean_that_ended_counts_as_missing_and_if_it_is_the_only_one_refuses():
    ended = Price(yuan=20.0, unit=UNIT, priced_on=date(2023, 10, 26))
    fresh = Price(yuan=20.0, unit=UNIT, priced_on=date(2023, 10, 27))
    both = {"cea-vwap-20d": PRICES["cea-vwap-20d"], "cea-vwap-250d": ended}
    assert _worth(both) == pytest.approx(340_000.0 * 70.0)
    assert _worth({**both, "cea-vwap-250d": fresh}) == pytest.approx(340_000.0 * 20.0)
    only = _run([_row()], {"cea-vwap-20d": ended, "cea-vwap-250d": ended})
    assert codes(only, severity="refuse") == {"price-ended"}


def test_selling_beyond_ten_orderly_days_costs_by_the_day():
    """340,000 t at a fifth of 85,000 t a day take 20 days: half of them lose 1 % in the mean."""
    result = _run([_row(daily_volume=85_000.0)])
    assert result.components["liquidity"][0] == pytest.approx(-0.01 * 170_000.0 * 60.0)
    at_the_limit = _run([_row(daily_volume=170_000.0)])
    assert at_the_limit.components["liquidity"][0] == 0.0


def test_two_holdings_together_are_worth_less_than_each_alone():
    half = _row(daily_volume=85_000.0, quantities_by_vintage=[270_000.0], quantity_needed=100_000.0)
    whole = _row(daily_volume=85_000.0, quantities_by_vintage=[540_000.0])
    result = _run([half, whole])
    assert 2 * result.value[0] > result.value[1]


def test_frozen_and_needed_allowances_are_not_free():
    assert _worth(frozen_quantity=40_000.0) == pytest.approx(300_000.0 * 60.0)
    nothing = _run([_row(quantity_needed=540_000.0)])
    assert nothing.value[0] == 0.0
    assert "nothing-free" in codes(nothing, severity="note")
    assert "frozen-above-held" in codes(_run([_row(frozen_quantity=540_001.0)]), severity="refuse")


CARRY = date(2025, 3, 3)


@pytest.mark.parametrize(
    ("on", "sold", "needed", "free"),
    [
        (date(2024, 9, 30), 0.0, 0.0, 500_000.0),
        (date(2024, 10, 1), 0.0, 0.0, 10_000.0),
        (CARRY, 100_000.0, 0.0, 160_000.0),
        (CARRY, 100_000.0, 400_000.0, 100_000.0),
        (CARRY, 1e6, 0.0, 500_000.0),
    ],
)
def test_old_vintages_count_up_to_what_can_be_carried_over(on, sold, needed, free):
    row = _row(
        oldest_vintage=2023,
        quantities_by_vintage=[500_000.0],
        net_sold_quantity=sold,
        quantity_needed=needed,
    )
    assert _run([row], on=on).value[0] == pytest.approx(free * 60.0)


def test_obligation_is_met_from_old_vintages_first():
    row = _row(
        oldest_vintage=2024,
        quantities_by_vintage=[150_000.0, 300_000.0],
        quantity_needed=150_000.0,
    )
    result = _run([row], on=CARRY)
    assert result.value[0] == pytest.approx(300_000.0 * 60.0)
    assert "carry-over-limited" not in codes(result)


def test_expired_vintages_are_refused_when_all_are_and_noted_when_some_are():
    late = date(2026, 2, 2)
    all_old = _row(oldest_vintage=2023, quantities_by_vintage=[1_000.0, 1_000.0])
    assert "vintage-expired" in codes(_run([all_old], on=late), severity="refuse")
    some = _row(oldest_vintage=2024, quantities_by_vintage=[9_000.0, 300_000.0])
    result = _run([some], on=late)
    assert result.value[0] == pytest.approx(100_000.0 * 60.0)
    assert "vintage-partly-expired" in codes(result, severity="note")


def test_a_vintage_of_a_year_to_come_is_refused():
    row = _row(oldest_vintage=2023)
    assert "vintage-in-future" in codes(_run([row]), severity="refuse")


@pytest.mark.parametrize(("on", "season"), [(date(2023, 9, 30), False), (date(2023, 10, 1), True)])
def test_compliance_season_is_noted(on, season):
    row = _row(statement_on=on.isoformat())
    assert ("compliance-season" in codes(_run([row], on=on))) is season


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"statement_on": "2023-11-25"}, "statement-old"),
        ({"statement_on": "2023-12-27"}, "statement-after-valuation-day"),
        ({"daily_volume": 28_000.0}, "slow-sale"),
        ({"high_price_yuan": 59.0}, "price-above-percentile"),
        (
            {"quantities_by_vintage": [54.0], "quantity_needed": 20.0},
            "units-mixed-ten-thousand",
        ),
    ],
)
def test_what_an_appraiser_must_explain(changes, code):
    assert code in codes(_run([_row(**changes)]), severity="ask")


def test_a_slip_of_ten_thousand_names_the_input_and_its_unit():
    found = _run([_row(quantities_by_vintage=[54.0], quantity_needed=20.0)]).findings
    (told,) = [each for each in found if each.code == "units-mixed-ten-thousand"]
    assert told.detail.zh.startswith("各年度配额持有量（吨CO2e）：")
    assert told.detail.en.startswith("Allowances by vintage (tCO2e): ")
    assert "as %(meant).6g it would lie inside" in told.detail.en


@pytest.mark.parametrize(
    "changes",
    [
        {"statement_on": "2023-11-26"},
        {"statement_on": "2023-12-26"},
        {"daily_volume": 29_000.0},
        {"high_price_yuan": 60.0},
    ],
)
def test_just_inside_a_limit_nothing_is_asked(changes):
    assert codes(_run([_row(**changes)]), severity="ask") == set()


def test_a_price_outside_the_band_of_the_market_is_asked_about():
    dear = {key: Price(yuan=91.0, unit=UNIT) for key in PRICES}
    assert "implied-value-outside-band" in codes(_run([_row()], dear), severity="ask")
