"""Green certificates: a holding now, a yearly stream, or both."""

import pytest

from risk_models.contract import Price
from risk_models.models.green_certificate import MODEL
from risk_models.trace import DAYS_A_YEAR
from tests.risk_models.helpers import codes, example, run

UNIT = "yuan/certificate"
PRICES = {f"gec-vwap-{days}d": Price(yuan=20.0, unit=UNIT) for days in (20, 250)}
STREAM_ONLY = {
    "quantity_held": None,
    "quantity_needed": None,
    "frozen_quantity": None,
    "generated_on": None,
    "statement_on": None,
}
HELD_ONLY = {
    "yearly_generation_mwh": None,
    "certificate_share": None,
    "paid_each_year_since": None,
    "right_ends_on": None,
    "yearly_loss_share": None,
    "discount_rate": None,
    "yearly_cost_yuan": None,
}


def _row(**changes):
    plain = {"daily_volume": 1e9, "cost_due_now_yuan": None, "frozen_quantity": None}
    return example(MODEL, **{**plain, **changes})


def _held(**changes):
    return _row(**{"certificates": "held", **HELD_ONLY, **changes})


def _yearly(**changes):
    return _row(**{"certificates": "yearly", **STREAM_ONLY, **changes})


def _run(row, prices=PRICES):
    return run(MODEL, [row], prices)


def test_certificates_held_are_sold_now_and_lose_a_fifth():
    assert _run(_held()).value[0] == pytest.approx(50_000.0 * 20.0 * 0.8, rel=1e-12)


def test_certificates_to_come_are_an_annuity_at_risk_less_their_cost():
    row = _yearly(paid_each_year_since="2023-12-26", right_ends_on="2028-12-26")
    closed = sum(
        (76_000.0 * 20.0 - 20_000.0) * 0.99**year / 1.08**year
        for year in ((365 * t + t // 4 + (t % 4 > 0)) / DAYS_A_YEAR for t in range(1, 6))
    )
    assert _run(row).value[0] == pytest.approx(closed, rel=1e-3)


def test_both_together_are_the_sum_and_a_mixed_batch_is_each_alone():
    rows = [_held(), _yearly(), _row()]
    together = run(MODEL, rows, PRICES)
    assert together.value[2] == pytest.approx(together.value[0] + together.value[1], rel=1e-12)
    alone = [_run(row).value[0] for row in rows]
    assert list(together.value) == pytest.approx(alone, rel=1e-12)


def test_cost_due_now_is_taken_off():
    plain, charged = _run(_held()).value[0], _run(_held(cost_due_now_yuan=5_000.0)).value[0]
    assert plain - charged == pytest.approx(5_000.0)


def test_a_kind_with_its_own_market_is_priced_there():
    own = {"gec-solar-vwap-20d": Price(yuan=30.0, unit=UNIT)}
    assert _run(_held(), {**PRICES, **own}).value[0] == pytest.approx(50_000.0 * 30.0 * 0.8)
    assert _run(_held(generation="wind"), {**PRICES, **own}).value[0] == pytest.approx(
        50_000.0 * 20.0 * 0.8
    )
    assert not _run(_held(generation="wind"), own).valid[0]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (_held(generation="old-hydro"), "not-tradable"),
        (_held(reductions_claimed=True), "double-use"),
        (_held(generated_on="2021-12-25"), "vintage-expired"),
        (_held(generated_on="2023-12-27"), "generated-after-valuation-day"),
        (_yearly(right_ends_on="2023-12-26"), "right-ended"),
        (_held(quantity_held=None), "missing-field"),
        (_yearly(yearly_generation_mwh=None), "missing-field"),
    ],
)
def test_what_has_no_value_is_refused(row, code):
    assert code in codes(_run(row), severity="refuse")


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (_yearly(daily_volume=1_519.0), "market-too-thin"),
        (_held(quantity_held=6.0, quantity_needed=0.0), "units-mixed-ten-thousand"),
        (_yearly(yearly_generation_mwh=8.0), "units-mixed-ten-thousand"),
        (_held(statement_on="2023-11-25"), "statement-old"),
        (_yearly(discount_rate=0.05), "rate-outside-band"),
        (_yearly(paid_each_year_since="2029-01-01"), "no-payment-left"),
        (_yearly(right_ends_on="2024-07-16"), "no-payment-left"),
    ],
)
def test_what_an_appraiser_must_explain(row, code):
    assert code in codes(_run(row), severity="ask")


@pytest.mark.parametrize(
    "row",
    [_row(), _held(generated_on="2021-12-27"), _yearly(daily_volume=1_521.0), _held()],
)
def test_just_inside_a_limit_nothing_is_asked(row):
    assert codes(_run(row), severity="ask") == set()


def test_a_price_taken_to_grow_is_asked_about_only_where_it_matters():
    growing = {key: Price(yuan=20.0, unit=UNIT, growth=0.01) for key in PRICES}
    assert "price-growth-above-band" in codes(_run(_yearly(), growing), severity="ask")
    assert "price-growth-above-band" not in codes(_run(_held(), growing))


def test_certificates_of_the_running_year_are_not_to_be_counted_among_those_held():
    """The next payment is for the whole year: held ones of it would be sold twice."""
    code = "running-year-counted-twice"
    assert code in codes(_run(_row()), severity="note")
    fresh = _row(paid_each_year_since="2023-12-26")
    assert all(code not in codes(_run(row)) for row in (_held(), _yearly(), fresh))
