"""The income right: yearly payments by an annuity, its payer, and what has a model of its own."""

import pytest

from risk_models.appraise import basis_on
from risk_models.batches import InvalidInputs, batch_from_rows
from risk_models.contract import Stress
from risk_models.models.income_right import MODEL
from tests.risk_models.helpers import ON, codes, example, run

ANNUITY = {
    "yearly_income_yuan": 120_000.0,
    "yearly_cost_yuan": 20_000.0,
    "collection_share": 0.9,
    "growth_share": 0.0,
    "paid_each_year_since": "2023-12-26",
    "right_ends_on": "2033-12-26",
    "yearly_loss_share": 0.0,
    "discount_rate": 0.06,
}


def _row(**changes):
    return example(MODEL, **{**ANNUITY, **changes})


def test_value_is_the_annuity_of_the_net_income():
    expected = (120_000 * 0.9 - 20_000) * (1 - 1.06**-10) / 0.06
    assert run(MODEL, [_row()]).value[0] == pytest.approx(expected)


def test_growth_counts_from_the_second_payment():
    net = 120_000 * 0.9 - 20_000
    expected = net / 1.06 + net * 1.02 / 1.06**2
    row = _row(growth_share=0.02, right_ends_on="2025-12-26")
    assert run(MODEL, [row]).value[0] == pytest.approx(expected)


def test_hazard_thins_out_later_payments():
    row = _row(yearly_loss_share=0.1, right_ends_on="2025-12-26")
    net = 120_000 * 0.9 - 20_000
    expected = net * 0.9 / 1.06 + net * 0.81 / 1.06**2
    assert run(MODEL, [row]).value[0] == pytest.approx(expected)
    shaken = run(MODEL, [_row(right_ends_on="2025-12-26")], stress=Stress(hazard_add=0.1))
    assert shaken.value[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("changes", "code", "severity"),
    [
        ({"right_ends_on": "2023-12-26"}, "right-ended", "refuse"),
        ({"payer": "single-company"}, "single-payer", "ask"),
        ({"growth_share": 0.031}, "growth-above-band", "ask"),
        ({"discount_rate": 0.126}, "rate-outside-band", "ask"),
        ({"collection_share": 1.1}, "above-maximum", "refuse"),
    ],
)
def test_what_speaks_against_the_inputs_is_said(changes, code, severity):
    result = run(MODEL, [_row(**changes), _row()])
    assert codes(result, severity=severity) == {code}
    assert codes(result, 1) == set()


@pytest.mark.parametrize(
    "kind", ["compensation", "eco-product", "water-abstraction", "green-certificates"]
)
def test_what_has_a_model_of_its_own_is_not_valued_here(kind):
    with pytest.raises(InvalidInputs):
        batch_from_rows(MODEL.spec, [_row(income_kind=kind)], basis_on(ON, {}).parameters)


def test_a_higher_rate_never_raises_the_value():
    values = run(MODEL, [_row(discount_rate=rate) for rate in (0.05, 0.06, 0.09, 0.12)]).value
    assert list(values) == sorted(values, reverse=True)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"paid_each_year_since": "2040-01-01"}, "no-payment-left"),
        ({"paid_each_year_since": "2023-12-26", "right_ends_on": "2024-12-25"}, "no-payment-left"),
        ({"right_ends_on": "2053-12-28"}, "term-above-band"),
    ],
)
def test_a_slip_in_a_year_is_asked_about(changes, code):
    assert code in codes(run(MODEL, [_row(**changes)]), severity="ask")


@pytest.mark.parametrize(
    "changes",
    [
        {"paid_each_year_since": "2033-12-26"},
        {"right_ends_on": "2024-12-26"},
        {"right_ends_on": "2053-12-24"},
    ],
)
def test_one_payment_and_thirty_years_raise_no_question(changes):
    assert codes(run(MODEL, [_row(**changes)]), severity="ask") == set()
