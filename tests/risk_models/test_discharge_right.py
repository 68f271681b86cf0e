"""The discharge-right model: paid tonnes, exclusions of the firm, and the market where active."""

from datetime import date

import pytest

from risk_models.contract import Price
from risk_models.models.discharge_right import MODEL, NAMES, WEIGHT
from risk_models.registry import science_parameters
from tests.risk_models.helpers import ON, codes, example, run

PRICES = {
    f"discharge-{key}": Price(yuan=yuan, unit="yuan/t", priced_on=date(2023, 12, 20))
    for key, yuan in {"so2": 5_100.0, "nox": 5_600.0, "cod": 10_900.0, "nh3n": 25_000.0}.items()
}


def _row(**changes):
    return example(MODEL, **changes)


def _sulphur(**changes):
    """Sulphur dioxide only, half of an eight-year term left, no market."""
    empty = {f"{key}_{end}": None for key in NAMES for end in ("t", "price_yuan_per_t")}
    plain = {
        **empty,
        "so2_t": 40.0,
        "so2_price_yuan_per_t": 5_000.0,
        "granted_on": "2019-12-26",
        "right_ends_on": "2027-12-26",
        "cost_due_now_yuan": 0.0,
        "market_basis": "none",
        "trades_last_year": None,
        "price_term_years": None,
    }
    return _row(**{**plain, **changes})


def test_remaining_term_is_quantity_times_price_times_the_share_left():
    assert run(MODEL, [_sulphur()]).value[0] == pytest.approx(40 * 5_000 * 0.5, rel=1e-3)


def _slips(row):
    found = run(MODEL, [row], PRICES).findings
    return {each.field: each for each in found if each.code == "units-mixed-thousand"}


def test_kilograms_typed_as_tonnes_are_asked_about():
    quantities = [f"{key}_t" for key in NAMES]
    plain = _row()
    assert _slips(plain) == {}
    found = _slips({**plain, **{name: 1_000.0 * plain[name] for name in quantities}})
    assert list(found) == quantities
    told = found["so2_t"]
    assert told.facts["meant"][0] == pytest.approx(plain["so2_t"])
    assert told.detail.zh.startswith("二氧化硫年许可量（吨）：")


@pytest.mark.parametrize(
    ("tonnes", "asked"),
    [(3_000.0, False), (3_000.1, True), (0.005, False), (0.0049, True), (0.0, False)],
)
def test_tonnes_that_such_firms_discharge_are_not_asked_about(tonnes, asked):
    assert bool(_slips(_sulphur(so2_t=tonnes))) is asked


def test_pollutants_add_up():
    both = _sulphur(cod_t=10.0, cod_price_yuan_per_t=12_000.0)
    result = run(MODEL, [_sulphur(), both])
    assert result.components["cod"][1] == pytest.approx(10 * 12_000 * 0.5, rel=1e-3)
    assert result.value[1] - result.value[0] == pytest.approx(result.components["cod"][1])


def test_the_market_counts_where_it_is_active():
    busy = _sulphur(market_basis="price", trades_last_year=4.0, price_term_years=5.0)
    quiet = {**busy, "trades_last_year": 3.0}
    result = run(MODEL, [busy, quiet], PRICES)
    assert result.weights["market"][0] == pytest.approx(0.4)
    assert result.weights["market"][1] == 0.0
    assert codes(result, 1) == {"market-inactive"}
    market = 40 * 5_100 * 4 / 5
    assert result.approaches["market"][0] == pytest.approx(market, rel=1e-3)


def test_the_market_alone_values_a_right_whose_price_is_not_known():
    row = _sulphur(
        so2_price_yuan_per_t=None,
        market_basis="price",
        trades_last_year=12.0,
        price_term_years=5.0,
    )
    result = run(MODEL, [row], PRICES)
    assert result.weights["market"][0] == 1.0
    assert result.value[0] == pytest.approx(40 * 5_100 * 4 / 5, rel=1e-3)


def test_only_prices_of_the_pollutants_held_are_needed():
    row = _sulphur(market_basis="price", trades_last_year=9.0, price_term_years=5.0)
    only = {"discharge-so2": PRICES["discharge-so2"]}
    assert run(MODEL, [row], only).valid[0]
    other = {"discharge-cod": PRICES["discharge-cod"]}
    assert codes(run(MODEL, [row], other)) == {"price-missing"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"acquired_by": "free"}, "granted-free"),
        ({"discharged_share": 1.001}, "over-limit"),
        ({"environmental_rating": "red"}, "badly-rated"),
        ({"environmental_rating": "black"}, "badly-rated"),
        ({"last_accident_on": "2020-12-27"}, "recent-accident"),
        ({"last_accident_on": "2023-12-26"}, "recent-accident"),
        ({"last_accident_on": "2023-12-27"}, "accident-ahead"),
        ({"right_ends_on": "2023-12-26"}, "right-ended"),
        ({"cod_price_yuan_per_t": None}, "price-paid-missing"),
        ({"cod_t": None}, "quantity-missing"),
        ({f"{key}_t": None for key in NAMES}, "no-approach"),
        ({"so2_t": -1.0}, "below-minimum"),
    ],
)
def test_rights_that_may_not_be_pledged_or_valued_are_refused(changes, code):
    result = run(MODEL, [_row(**changes), _row()], PRICES)
    assert code in codes(result, severity="refuse")
    assert list(result.valid) == [False, True]


@pytest.mark.parametrize(
    "changes",
    [
        {"acquired_by": "base-fee"},
        {"acquired_by": "exchange"},
        {"discharged_share": 1.0},
        {"environmental_rating": "yellow"},
        {"last_accident_on": "2020-12-26"},
        {"last_accident_on": None},
        {"loan_ends_on": "2026-10-31"},
    ],
)
def test_what_the_rules_just_allow_is_valued_without_a_word(changes):
    assert codes(run(MODEL, [_row(**changes)], PRICES)) == set()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"loan_ends_on": "2026-11-01"}, "loan-outlasts-right"),
        ({"buyers": "single"}, "single-buyer"),
        ({"authority_consents": False}, "consent-missing"),
    ],
)
def test_what_needs_an_explanation_is_asked(changes, code):
    assert codes(run(MODEL, [_row(**changes)], PRICES), severity="ask") == {code}


def test_the_loan_may_not_outlast_the_years_that_count():
    """Nine years are left, five count: the loan is measured against the five."""
    long = _row(granted_on="2022-12-26", right_ends_on="2032-12-26", loan_ends_on="2029-06-30")
    result = run(MODEL, [long], PRICES)
    assert codes(result, severity="ask") == {"loan-outlasts-right"}
    assert codes(result, severity="note") == {"term-capped"}


def test_weights_sum_to_one():
    table = science_parameters().on(ON).table(WEIGHT)
    assert sum(table.number(row, "weight") for row in table) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("traded", "apart"), [(49_999.0, False), (50_001.0, True), (501.0, False), (499.0, True)]
)
def test_a_traded_price_ten_times_what_was_paid_for_the_same_years_is_asked_about(traded, apart):
    market = {"market_basis": "price", "trades_last_year": 9.0, "price_term_years": 8.0}
    row = _sulphur(granted_on="2019-12-26", right_ends_on="2027-12-26", **market)
    price = Price(yuan=traded, unit="yuan/t", priced_on=date(2023, 12, 20))
    result = run(MODEL, [row], {"discharge-so2": price})
    assert codes(result, severity="refuse") == set()
    assert ("prices-far-apart" in codes(result, severity="ask")) == apart


def test_a_paid_price_of_nothing_is_refused():
    result = run(MODEL, [_row(so2_price_yuan_per_t=0.0)], PRICES)
    assert "below-minimum" in codes(result, severity="refuse")
