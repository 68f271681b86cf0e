"""Compensation income: the yearly standard until the right ends, to its closed formula."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_models.conformance import random_rows
from risk_models.models.forest_compensation_income import MODEL
from risk_models.registry import science_parameters
from risk_models.trace import recompute
from tests.risk_models.helpers import ON, codes, example, run
from tests.support.examples import examples

ON_PAYMENT = date(2023, 12, 31)
PLAIN = {
    "paid_by": "central",
    "area_mu": 8_600.0,
    "compensation_yuan_per_mu": 15.0,
    "collection_share": 0.97,
    "management_cost_share": 0.2,
    "growth_share": 0.0,
    "cost_due_now_yuan": 0.0,
    "paid_each_year_since": "2023-12-31",
    "right_ends_on": "2038-12-31",
    "yearly_loss_share": 0.0,
    "discount_rate": 0.05,
}
GRANTED = 8_600 * 15.0
NET = GRANTED * (0.97 - 0.2)


def _value(**changes) -> float:
    result = run(MODEL, [{**PLAIN, **changes}], on=ON_PAYMENT, trace=True)
    assert recompute(result.trace) == []
    return float(result.value[0])


def test_fifteen_payments_are_an_annuity_in_arrears():
    annuity = (1 - 1.05**-15) / 0.05
    assert _value() == pytest.approx(NET * annuity, rel=1e-4)


def test_payments_come_on_the_anniversaries_and_are_discounted_to_the_day():
    """Each of the fifteen comes that many whole years after the last, 2023-12-31 being day zero."""
    closed = sum(NET * 1.05**-year for year in range(1, 16))
    assert _value() == pytest.approx(closed, rel=1e-12)


def test_compensation_and_care_grow_together():
    closed = sum(NET * 1.02 ** (year - 1) * 1.05**-year for year in range(1, 16))
    assert _value(growth_share=0.02) == pytest.approx(closed, rel=1e-12)


def test_the_hazard_ends_compensation_and_care_alike():
    kept = 0.99
    closed = sum(NET * kept**year * 1.05**-year for year in range(1, 16))
    assert _value(yearly_loss_share=0.01) == pytest.approx(closed, rel=1e-12)


def test_cost_due_now_is_taken_off_whole():
    assert _value(cost_due_now_yuan=800.0) == pytest.approx(_value() - 800.0, rel=1e-12)


def test_what_is_not_received_is_lost_and_the_care_is_not():
    result = run(MODEL, [{**PLAIN, "collection_share": 0.9}], on=ON_PAYMENT)
    full = run(MODEL, [{**PLAIN, "collection_share": 1.0}], on=ON_PAYMENT)
    received = result.components["compensation"][0] / full.components["compensation"][0]
    assert received == pytest.approx(0.9, rel=1e-12)
    assert result.components["care"][0] == full.components["care"][0]


@pytest.mark.parametrize(
    ("ends", "payments"),
    [("2024-12-30", 0), ("2024-12-31", 1), ("2025-12-30", 1), ("2025-12-31", 2)],
)
def test_a_payment_on_the_last_day_of_the_right_counts(ends, payments):
    closed = sum(NET * 1.05**-year for year in range(1, payments + 1))
    assert _value(right_ends_on=ends) == pytest.approx(closed, rel=1e-12, abs=1e-9)
    asked = codes(run(MODEL, [{**PLAIN, "right_ends_on": ends}], on=ON_PAYMENT), severity="ask")
    assert ("no-payment-left" in asked) == (payments == 0)


@pytest.mark.parametrize(("ends", "ended"), [("2023-12-31", True), ("2024-01-01", False)])
def test_a_right_that_has_ended_is_refused(ends, ended):
    result = run(MODEL, [{**PLAIN, "right_ends_on": ends}], on=ON_PAYMENT)
    assert ("right-ended" in codes(result, severity="refuse")) == ended


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"paid_by": "local"}, "local-budget"),
        ({"compensation_yuan_per_mu": 60.1}, "standard-outside-band"),
        ({"compensation_yuan_per_mu": 2.9}, "standard-outside-band"),
        ({"compensation_yuan_per_mu": 225.0}, "units-mixed"),
        ({"collection_share": 0.84}, "collection-below-band"),
        ({"growth_share": 0.021}, "growth-above-band"),
        ({"discount_rate": 0.039}, "rate-outside-band"),
        ({"discount_rate": 0.091}, "rate-outside-band"),
        ({"area_mu": 0.0}, "area-zero"),
        ({"area_mu": 8_600.0 * 15}, "units-mixed"),
        ({"area_mu": 8_600.0 / 15}, "units-mixed"),
        ({"area_mu": 100_001.0}, "units-mixed"),
        ({"area_mu": 1_500_001.0}, "area-above-band"),
        ({"right_ends_on": "2094-02-01"}, "term-above-band"),
    ],
)
def test_what_is_unusual_is_asked_about(changes, code):
    assert code in codes(run(MODEL, [{**PLAIN, **changes}]), severity="ask")


@pytest.mark.parametrize(
    "changes",
    [
        {"compensation_yuan_per_mu": 60.0},
        {"compensation_yuan_per_mu": 3.0},
        {"collection_share": 0.85},
        {"growth_share": 0.02},
        {"discount_rate": 0.04},
        {"discount_rate": 0.09},
        {"area_mu": 600.0},
        {"area_mu": 100_000.0},
        {"right_ends_on": "2093-12-01"},
    ],
)
def test_the_border_of_the_usual_is_usual(changes):
    assert codes(run(MODEL, [{**PLAIN, **changes}])) == set()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"area_mu": None}, "missing-field"),
        ({"compensation_yuan_per_mu": -1.0}, "below-minimum"),
        ({"collection_share": 1.01}, "above-maximum"),
        ({"discount_rate": 0.0}, "below-minimum"),
    ],
)
def test_bad_input_is_refused(changes, code):
    assert code in codes(run(MODEL, [{**PLAIN, **changes}]), severity="refuse")


@examples(30)
@given(
    seed=st.integers(min_value=0, max_value=10_000), factor=st.floats(min_value=1.0, max_value=5.0)
)
def test_more_area_is_worth_as_much_more(seed, factor):
    row = random_rows(MODEL.spec, science_parameters().on(ON), 1, seed)[0]
    row = {**row, "cost_due_now_yuan": 0.0}
    one, more = run(MODEL, [row, {**row, "area_mu": row["area_mu"] * factor}]).value
    assert more == pytest.approx(factor * one, rel=1e-9)


@examples(30)
@given(seed=st.integers(min_value=0, max_value=10_000))
def test_a_higher_rate_or_hazard_never_raises_the_value(seed):
    row = random_rows(MODEL.spec, science_parameters().on(ON), 1, seed)[0]
    dear = {**row, "discount_rate": row["discount_rate"] + 0.02}
    risky = {**row, "yearly_loss_share": row["yearly_loss_share"] + 0.01}
    base, at_rate, at_risk = run(MODEL, [row, dear, risky]).value
    assert at_rate <= base
    assert at_risk <= base


def test_the_example_is_valued_without_a_question():
    result = run(MODEL, [example(MODEL)])
    assert result.valid[0]
    assert codes(result) == set()
