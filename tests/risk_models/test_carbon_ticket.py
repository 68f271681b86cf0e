"""Carbon tickets: past growth in a thin local market, with a buy-back as its floor."""

import pytest

from risk_models.contract import Price
from risk_models.models.carbon_ticket import MODEL
from tests.risk_models.helpers import codes, example, run

UNIT = "yuan/tCO2e"
PRICES = {f"carbon-ticket-vwap-{days}d": Price(yuan=12.0, unit=UNIT) for days in (20, 250)}
NO_BUYBACK = {"buyback_quantity": None, "buyback_price_yuan": None}
PRINTED = {
    "quantity_basis": "as-issued",
    "species": None,
    "stock_start_m3_per_mu": None,
    "stock_end_m3_per_mu": None,
}


def _row(**changes):
    return example(MODEL, **{"daily_volume": 1e9, "frozen_quantity": None, **changes})


def _run(row, prices=PRICES):
    return run(MODEL, [row], prices)


def test_growth_of_the_volume_becomes_tonnes():
    """dV x BEF x D x (1 + R) x CF x 44/12, spruce."""
    tonnes = 3_200.0 * (8.6 - 6.4) * 1.734 * 0.342 * 1.224 * 0.47 * 44 / 12
    result = _run(_row(**NO_BUYBACK))
    assert result.value[0] == pytest.approx(tonnes * 12.0 * 0.5, rel=1e-12)


def test_printed_tonnes_count_as_printed():
    result = _run(_row(**NO_BUYBACK, **PRINTED))
    assert result.value[0] == pytest.approx(12_700.0 * 12.0 * 0.5, rel=1e-12)


@pytest.mark.parametrize(
    ("price", "value", "weight"),
    [
        (10.0, 5_000 * 10.0 + 7_700 * 6.0, 1.0),
        (6.01, 5_000 * 6.01 + 7_700 * 6.0, 1.0),
        (6.0, 12_700 * 6.0, 0.0),
        (5.0, 12_700 * 6.0, 0.0),
    ],
)
def test_a_buy_back_is_a_floor_and_not_a_ceiling(price, value, weight):
    result = _run(_row(**PRINTED, buyback_price_yuan=price))
    assert result.value[0] == pytest.approx(value, rel=1e-12)
    assert result.weights["with_buyback"][0] == weight


@pytest.mark.parametrize(
    ("price", "days"),
    [
        # What is bought back needs no sale: 7,700 t at 60 a day, not 12,700.
        (10.0, 7_700 / 60),
        # Nobody uses so poor an undertaking: the market has to take all.
        (0.5, 12_700 / 60),
    ],
)
def test_only_what_is_sold_takes_days_to_sell(price, days):
    """Each day beyond ten costs 0.2 % of that day's 60 tonnes, above the half that any sale costs."""
    result = _run(_row(**PRINTED, daily_volume=300.0, buyback_price_yuan=price))
    sold = 60.0 * 12.0 * (0.5 * days - 0.001 * (days - 10.0) ** 2)
    assert result.value[0] == pytest.approx(sold + (5_000 * price if price > 1 else 0.0), rel=1e-12)
    (slow,) = [found for found in result.findings if found.code == "slow-sale"]
    assert slow.facts["days"][0] == pytest.approx(days)


def test_no_more_is_bought_back_than_there_is():
    result = _run(_row(**PRINTED, buyback_quantity=50_000.0))
    assert result.value[0] == pytest.approx(12_700 * 10.0, rel=1e-12)


def test_a_mixed_batch_is_each_alone():
    rows = [_row(), _row(**NO_BUYBACK), _row(**PRINTED), _row(**PRINTED, **NO_BUYBACK)]
    together = run(MODEL, rows, PRICES)
    assert list(together.value) == pytest.approx([_run(row).value[0] for row in rows], rel=1e-12)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"stock_end_m3_per_mu": 6.4}, "no-growth"),
        ({"monitored_until": "2018-01-01"}, "period-reversed"),
        ({"monitored_until": "2023-12-27"}, "period-not-over"),
        ({"buyback_price_yuan": None}, "buyback-incomplete"),
        ({"stock_end_m3_per_mu": 14.6}, "removals-not-credible"),
        ({"species": None}, "missing-field"),
        ({"issued_elsewhere": True}, "issued-twice"),
    ],
)
def test_what_has_no_value_is_refused(changes, code):
    assert code in codes(_run(_row(**changes)), severity="refuse")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"stock_start_m3_per_mu": 0.0, "stock_end_m3_per_mu": 2.2}, "whole-stock-counted"),
        ({"stock_end_m3_per_mu": 10.5}, "removals-above-band"),
        ({"ccer_same_trees": True}, "ccer-same-trees"),
        ({"monitored_area_mu": 213.0}, "units-mixed"),
        ({"monitored_from": "2008-01-01"}, "period-long"),
        ({"monitored_from": "0001-01-01"}, "period-long"),
        (
            {"stock_start_m3_per_mu": 6.4 / 15, "stock_end_m3_per_mu": 8.6 / 15},
            "removals-below-band",
        ),
        (
            {**PRINTED, "monitored_area_mu": 3_200.0 * 15, "ticket_tonnes": 9_000.0},
            "removals-below-band",
        ),
        ({**PRINTED, "ticket_tonnes": 1.27}, "units-mixed-ten-thousand"),
    ],
)
def test_what_an_appraiser_must_explain(changes, code):
    assert code in codes(_run(_row(**changes)), severity="ask")


def test_a_plain_ticket_raises_no_question():
    assert codes(_run(_row())) == set()


def test_tickets_priced_like_national_credits_are_asked_about():
    dear = {key: Price(yuan=80.0, unit=UNIT) for key in PRICES}
    assert "implied-value-outside-band" in codes(_run(_row(), dear), severity="ask")


def test_ten_years_and_the_least_usual_removals_raise_no_question():
    row = _row(**PRINTED, monitored_area_mu=3_200.0, ticket_tonnes=1_610.0, **NO_BUYBACK)
    row |= {"monitored_from": "2013-01-01", "monitored_until": "2023-01-01"}
    assert codes(_run(row), severity="ask") == set()


@pytest.mark.parametrize("missing", ["buyback_quantity", "buyback_price_yuan"])
def test_the_missing_half_of_a_buy_back_is_the_one_that_is_named(missing):
    found = _run(_row(**{missing: None})).findings
    told = {(entry.code, entry.field) for entry in found if entry.severity == "refuse"}
    assert told == {("buyback-incomplete", missing)}


def test_a_formula_from_memory_names_no_norm():
    trace = run(MODEL, [_row()], PRICES, trace=True).trace
    assert {step.reference for step in trace} == {""}
