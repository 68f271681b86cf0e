"""The energy-use-right model: pilots only, free quantity, the cost of a slow sale and a short term."""

from datetime import date

import pytest

from risk_models.appraise import basis_on
from risk_models.batches import InvalidInputs, batch_from_rows
from risk_models.contract import Price, Stress
from risk_models.models.energy_use_right import MODEL, WEIGHT
from risk_models.registry import science_parameters
from tests.risk_models.helpers import ON, codes, example, run

PRICE = {"energy-use": Price(yuan=195.0, unit="yuan/tce", priced_on=date(2023, 12, 20))}


def _row(**changes):
    return example(MODEL, **changes)


def _market(**changes):
    """No fee was paid: only the market values the right."""
    plain = {"fee_paid_yuan": None, "fee_index": None, "cost_due_now_yuan": 0.0}
    return _row(**{**plain, **changes})


def test_a_sale_within_the_orderly_days_loses_nothing():
    row = _market(quantity_tce=2_800.0, needed_tce=1_000.0, daily_volume_tce=900.0)
    result = run(MODEL, [row], PRICE)
    assert result.value[0] == pytest.approx(1_800 * 195)


def test_a_slow_sale_loses_more_by_the_day():
    """5,400 t at a fifth of 900 t a day take 30 days; those of the last 20 lose 2 % in the mean."""
    row = _market(quantity_tce=6_400.0, needed_tce=1_000.0, daily_volume_tce=900.0)
    result = run(MODEL, [row], PRICE)
    assert result.value[0] == pytest.approx(195 * (1_800 + 3_600 * (1 - 20 * 0.001)))


def test_a_tonne_never_loses_more_than_all_and_takes_nothing_from_the_others():
    """2 t a day: those of the orderly ten days, and of 500 more that lose half in the mean."""
    row = _market(quantity_tce=1e6, daily_volume_tce=10.0)
    assert run(MODEL, [row], PRICE).value[0] == pytest.approx(2 * 195 * (10 + 500 / 2))


def test_what_was_paid_counts_for_the_free_share_of_the_years_that_count():
    """Of ten years paid eight are left, but only three count."""
    row = _row(
        market_basis="none",
        daily_volume_tce=None,
        quantity_tce=10_000.0,
        needed_tce=7_500.0,
        granted_on="2021-12-26",
        right_ends_on="2031-12-26",
        fee_paid_yuan=400_000.0,
        fee_index=1.05,
        cost_due_now_yuan=1_000.0,
    )
    expected = 400_000 * 1.05 * 0.3 * 0.25 - 1_000
    assert run(MODEL, [row]).value[0] == pytest.approx(expected, rel=1e-3)


def test_comparables_stand_in_for_a_price_of_the_day():
    row = _market(
        market_basis="comparables",
        comparable_prices_yuan=[200.0, 180.0],
        comparable_factors=[1.0, 1.1],
        comparable_weights=[1.0, 1.0],
        quantity_tce=1_100.0,
        needed_tce=1_000.0,
    )
    assert run(MODEL, [row]).value[0] == pytest.approx(100 * 199)


def test_a_province_without_a_pilot_is_refused():
    with pytest.raises(InvalidInputs) as refused:
        batch_from_rows(MODEL.spec, [_row(province="gansu")], basis_on(ON, PRICE).parameters)
    assert [problem.code for problem in refused.value.problems] == ["unknown-choice"]


@pytest.mark.parametrize("province", ["zhejiang", "fujian", "henan", "sichuan"])
def test_each_pilot_is_valued(province):
    assert codes(run(MODEL, [_row(province=province)], PRICE)) == set()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"right_ends_on": "2023-12-26"}, "right-ended"),
        ({"daily_volume_tce": 0.0}, "volume-missing"),
        ({"daily_volume_tce": None}, "missing-field"),
        ({"fee_index": None}, "approach-incomplete"),
        (
            {"market_basis": "none", "fee_paid_yuan": None, "fee_index": None},
            "no-approach",
        ),
        ({"quantity_tce": 0.0}, "below-minimum"),
    ],
)
def test_inputs_that_cannot_be_valued_are_refused(changes, code):
    result = run(MODEL, [_row(**changes), _row()], PRICE)
    assert code in codes(result, severity="refuse")
    assert list(result.valid) == [False, True]


def test_a_missing_price_is_refused_and_not_taken_as_nothing():
    assert codes(run(MODEL, [_row()])) == {"price-missing"}


def test_a_loan_beyond_the_years_that_count_is_asked_about():
    rows = [_row(right_ends_on="2030-06-30", loan_ends_on=f"2026-12-{day}") for day in (27, 26)]
    result = run(MODEL, rows, PRICE)
    assert codes(result, 0, "ask") == {"loan-outlasts-right"}
    assert codes(result, 1, "ask") == set()
    assert codes(result, 1, "note") == {"term-capped"}


def test_a_holding_that_compliance_needs_whole_is_worth_what_is_owed():
    result = run(MODEL, [_market(needed_tce=26_000.0, cost_due_now_yuan=0.0)], PRICE)
    assert (result.value[0], codes(result)) == (0.0, {"nothing-free"})


def test_a_fall_of_the_price_moves_holding_and_discount_alike():
    half = run(MODEL, [_market()], PRICE, stress=Stress(prices={"energy-use": 0.5}))
    assert half.value[0] == pytest.approx(run(MODEL, [_market()], PRICE).value[0] / 2)


def test_weights_sum_to_one():
    table = science_parameters().on(ON).table(WEIGHT)
    assert sum(table.number(row, "weight") for row in table) == pytest.approx(1.0)


@pytest.mark.parametrize(("free", "asked"), [(10_800.0, False), (10_801.0, True)])
def test_a_sale_of_more_than_sixty_days_is_asked_about(free, asked):
    row = _market(quantity_tce=free, needed_tce=0.0, daily_volume_tce=900.0)
    assert ("slow-sale" in codes(run(MODEL, [row], PRICE), severity="ask")) == asked


@pytest.mark.parametrize(("yuan", "asked"), [(999.0, False), (1_001.0, True), (1.95e6, True)])
def test_a_price_no_tonne_of_coal_costs_is_asked_about(yuan, asked):
    """The limit is 1,000 yuan for each free tonne."""
    row = _market(quantity_tce=2_800.0, needed_tce=1_000.0, daily_volume_tce=900.0)
    result = run(MODEL, [row], {"energy-use": Price(yuan=yuan, unit="yuan/tce")})
    assert ("implied-value-above-band" in codes(result, severity="ask")) == asked
