"""The water-right model: three approaches, saved water, the term that counts, and refusals."""

from datetime import date

import pytest

from risk_models.contract import Price
from risk_models.models.water_right import FIELDS, MODEL, WEIGHT
from risk_models.registry import science_parameters
from tests.risk_models.helpers import ON, codes, example, run

WATER = {"water": Price(yuan=0.65, unit="yuan/m3", priced_on=date(2023, 12, 1))}
INCOME = (
    "water_price_yuan_per_m3",
    "water_cost_yuan_per_m3",
    "delivery_share",
    "growth_share",
    "paid_each_year_since",
)
FEE = ("fee_paid_yuan", "fee_index")


def _row(**changes):
    return example(MODEL, **changes)


def _only(approach, **changes):
    """A row with the inputs of one approach."""
    empty = dict.fromkeys((*INCOME, *FEE))
    kept = {"income": INCOME, "remaining_term": FEE, "market": ()}[approach]
    shown = {field.name: field.example for field in FIELDS}
    basis = "comparables" if approach == "market" else "none"
    given = {name: shown[name] for name in kept}
    return _row(**{**empty, **given, "market_basis": basis, **changes})


def test_income_is_the_sum_of_discounted_settlements():
    row = _only(
        "income",
        tradable_m3=100_000.0,
        water_price_yuan_per_m3=0.8,
        water_cost_yuan_per_m3=0.3,
        delivery_share=0.9,
        growth_share=0.0,
        paid_each_year_since="2023-12-26",
        right_ends_on="2026-12-26",
        yearly_loss_share=0.0,
        discount_rate=0.05,
        cost_due_now_yuan=500.0,
    )
    value = run(MODEL, [row]).value[0]
    yearly = 100_000 * 0.9 * (0.8 - 0.3)
    assert value == pytest.approx(sum(yearly / 1.05**year for year in (1, 2, 3)) - 500.0, rel=1e-9)


def test_remaining_term_is_the_indexed_share_of_what_was_paid():
    row = _only(
        "remaining_term",
        granted_on="2019-12-26",
        right_ends_on="2027-12-26",
        fee_paid_yuan=800_000.0,
        fee_index=1.1,
        permit_m3=1_200_000.0,
        tradable_m3=900_000.0,
        cost_due_now_yuan=0.0,
    )
    paid = 800_000 * 1.1 * 0.5
    assert run(MODEL, [row]).value[0] == pytest.approx(paid * 900 / 1_200, rel=1e-3)


def test_what_was_paid_for_the_permit_counts_only_for_the_water_valued():
    fee = {"fee_paid_yuan": 800_000.0, "permit_m3": 1_000_000.0, "cost_due_now_yuan": 0.0}
    rows = [
        _only("remaining_term", **{**fee, "own_quota_m3": 0.0, "tradable_m3": water})
        for water in (1_000_000.0, 250_000.0, 0.0)
    ]
    whole, quarter, nothing = run(MODEL, rows).value
    assert quarter == pytest.approx(whole / 4)
    assert nothing == 0.0


def test_comparables_are_adjusted_and_weighted():
    row = _only(
        "market",
        right_ends_on="2025-12-26",
        tradable_m3=10_000.0,
        comparable_prices_yuan=[1.0, 0.5],
        comparable_factors=[0.9, 1.2],
        comparable_weights=[3.0, 1.0],
        cost_due_now_yuan=0.0,
    )
    price = (1.0 * 0.9 * 3 + 0.5 * 1.2) / 4
    expected = 10_000 * 2 * price
    assert run(MODEL, [row]).value[0] == pytest.approx(expected, rel=1e-3)


def test_weights_are_spread_over_the_approaches_that_have_their_inputs():
    whole = run(MODEL, [_row()])
    part = run(MODEL, [_row(fee_paid_yuan=None, fee_index=None)])
    assert whole.weights["income"][0] == pytest.approx(0.5)
    assert part.weights["income"][0] == pytest.approx(0.5 / 0.8)
    assert part.weights["remaining_term"][0] == 0.0
    assert "Remaining-term" not in part.reasons[part.reason[0]].en


def test_each_class_of_use_has_its_weights_and_they_sum_to_one():
    for use in ("farm", "industry", "domestic"):
        cells = science_parameters().on(ON).table(WEIGHT)[use]
        assert sum(cells.values()) == pytest.approx(1.0)
        assert min(cells.values()) > 0.0


def test_years_beyond_the_dated_cap_earn_nothing():
    ten = _row(granted_on="2023-12-26", right_ends_on="2033-12-26")
    twenty = _row(granted_on="2023-12-26", right_ends_on="2043-12-26", fee_paid_yuan=6_933_333.34)
    result = run(MODEL, [ten, twenty])
    assert result.value[1] == pytest.approx(result.value[0], rel=2e-3)


@pytest.mark.parametrize(("ends", "until"), [("2041-06-30", 10.0), ("2030-12-26", None)])
def test_the_cap_on_the_years_of_sales_is_a_step(ends, until):
    steps = run(MODEL, [_only("income", right_ends_on=ends)], trace=True).trace
    trace = {step.name.rpartition(".")[2]: step.value for step in steps}
    assert trace.get("last_sale_years") == until
    assert until is None or trace["last_payment_years"] > until


def test_the_price_of_the_day_moves_only_rows_that_use_it():
    rows = [_row(market_basis="price"), _row()]
    cheap = run(MODEL, rows, WATER)
    dear = run(MODEL, rows, {"water": Price(yuan=0.8, unit="yuan/m3")})
    assert dear.value[0] > cheap.value[0]
    assert dear.value[1] == cheap.value[1]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"right_ends_on": "2023-12-26"}, "right-ended"),
        ({"granted_on": "2023-12-27"}, "right-not-begun"),
        ({"tradable_m3": 950_001.0}, "water-not-saved"),
        ({"own_quota_m3": 1_300_000.0}, "water-not-saved"),
        ({"district_use_share": 1.001}, "over-allocated"),
        ({"comparable_factors": [1.0]}, "comparables-uneven"),
        ({"comparable_weights": [0.0, 0.0, 0.0]}, "comparables-uneven"),
        ({"water_price_yuan_per_m3": None}, "approach-incomplete"),
        ({"fee_index": None}, "approach-incomplete"),
        ({"market_basis": "price"}, "price-missing"),
        ({"water_cost_yuan_per_m3": -0.1}, "below-minimum"),
        (dict.fromkeys((*INCOME, *FEE)) | {"market_basis": "none"}, "no-approach"),
    ],
)
def test_inputs_that_cannot_be_valued_are_refused(changes, code):
    result = run(MODEL, [_row(**changes), _row()])
    assert code in codes(result, severity="refuse")
    assert list(result.valid) == [False, True]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"buyers": "single"}, "single-buyer"),
        ({"authority_consents": False}, "consent-missing"),
        ({"loan_ends_on": "2032-01-01"}, "loan-outlasts-right"),
        ({"growth_share": 0.031}, "growth-above-band"),
        ({"discount_rate": 0.101}, "rate-outside-band"),
    ],
)
def test_what_needs_an_explanation_is_asked(changes, code):
    result = run(MODEL, [_row(**changes), _row()])
    assert codes(result, severity="ask") == {code}
    assert codes(result, row=1) == set()
    assert result.valid.all()


def test_borders_are_on_the_side_of_the_holder():
    row = _row(
        tradable_m3=950_000.0,
        district_use_share=1.0,
        loan_ends_on="2031-12-31",
        growth_share=0.03,
        discount_rate=0.10,
    )
    assert codes(run(MODEL, [row])) == set()


def test_an_old_price_is_refused():
    old = {"water": Price(yuan=0.65, unit="yuan/m3", priced_on=date(2023, 10, 26))}
    assert "price-ended" in codes(run(MODEL, [_row(market_basis="price")], old))
    assert codes(run(MODEL, [_row(market_basis="price")], WATER)) == set()


def test_groundwater_is_noted():
    assert codes(run(MODEL, [_row(water_source="ground")])) == {"groundwater"}


def test_unpaid_fees_lower_the_value_by_their_amount_whatever_the_approaches():
    owed = [_row(cost_due_now_yuan=amount) for amount in (0.0, 100_000.0)]
    result = run(MODEL, owed)
    assert result.value[0] - result.value[1] == pytest.approx(100_000.0)
    assert result.components["unpaid"][1] == pytest.approx(-100_000.0)


def test_more_water_that_arrives_is_never_worth_less():
    rows = [_row(delivery_share=share) for share in (0.5, 0.7, 0.9, 1.0)]
    values = run(MODEL, rows).value
    assert list(values) == sorted(values)


@pytest.mark.parametrize(
    ("since", "asked"), [("2032-01-01", True), ("2031-12-31", False), ("2023-11-15", False)]
)
def test_income_that_is_never_paid_is_asked_about(since, asked):
    row = _row(paid_each_year_since=since, right_ends_on="2031-12-31")
    assert ("no-payment-left" in codes(run(MODEL, [row]), severity="ask")) == asked


def test_years_left_out_by_the_cap_are_told():
    rows = [_row(right_ends_on=day) for day in ("2033-12-24", "2034-06-30")]
    result = run(MODEL, rows)
    assert ["term-capped" in codes(result, row, "note") for row in (0, 1)] == [False, True]


@pytest.mark.parametrize("name", ["comparable_factors", "comparable_weights"])
def test_the_list_that_is_too_short_is_the_one_that_is_named(name):
    result = run(MODEL, [_row(**{name: [1.0]})])
    named = {found.field for found in result.findings if found.code == "comparables-uneven"}
    assert named == {name}


def test_a_payment_of_nothing_is_refused_since_what_is_free_is_left_empty():
    assert "below-minimum" in codes(run(MODEL, [_row(fee_paid_yuan=0.0)]), severity="refuse")
