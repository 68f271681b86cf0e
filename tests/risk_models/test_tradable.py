"""A quantity too large for its market is not valued at little or nothing without a word."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_models.appraise import finding_detail
from risk_models.conformance import random_rows
from risk_models.contract import Price
from risk_models.models import (
    carbon_allowance,
    carbon_ticket,
    ccer,
    energy_use_right,
    green_certificate,
)
from risk_models.registry import science_parameters
from risk_models.tradable import dear_sale, liquidity_share, worthless_day
from tests.risk_models.helpers import ON, codes, example, run
from tests.support.examples import examples

CCER = {f"ccer-vwap-{days}d": Price(yuan=73.5, unit="yuan/tCO2e") for days in (20, 250)}


def _terms(base_discount):
    plain = {
        "base_discount": np.array(base_discount),
        "discount_per_day": np.array(0.002),
        "orderly_days": np.array(10.0),
    }
    return {**plain, "worthless_day": worthless_day(**plain)}


@pytest.mark.parametrize("base_discount", [0.0, 0.05, 0.5])
@pytest.mark.parametrize("days", [0.0, 0.5, 10.0, 11.0, 100.0, 259.0, 261.0, 511.0, 5_000.0])
def test_each_unit_loses_by_the_day_of_its_own_sale(days, base_discount):
    """The share is the mean, over small steps of the sale, of what the unit sold there loses."""
    share = liquidity_share(days_to_sell=np.array(days), **_terms(base_discount))
    steps = (np.arange(100_000) + 0.5) * days / 100_000
    lost = np.minimum(1.0, base_discount + 0.002 * np.maximum(0.0, steps - 10.0))
    assert float(share) == pytest.approx(lost.mean(), abs=1e-6)


@pytest.mark.parametrize(
    ("base_discount", "days"),
    [
        # 0.001 * (days - 10)^2 / days reaches 0.30.
        (0.0, 319.69),
        (0.05, 319.69),
        # After 260 days a unit fetches nothing: 62.5 + 0.5 * (days - 260) reaches 0.30 * days.
        (0.5, 337.5),
    ],
)
def test_only_what_the_days_of_a_sale_take_is_asked_about(base_discount, days):
    both = np.array([days - 1.0, days + 1.0])
    (found,) = dear_sale("quantity_held", both, terms=_terms(base_discount), limit=0.30)
    assert list(found.rows) == [1]


def _prices(model, yuan=30.0):
    return {use.id: Price(yuan=yuan, unit=use.unit) for use in model.spec.prices}


PRINTED = {"quantity_basis": "as-issued"}
GROWN = {"quantity_basis": "stock-change"}
GROWS = [
    (carbon_allowance.MODEL, ("quantities_by_vintage",), "daily_volume", {}),
    (ccer.MODEL, ("quantity_held",), "daily_volume", {}),
    (green_certificate.MODEL, ("quantity_held",), "daily_volume", {"certificates": "held"}),
    (carbon_ticket.MODEL, ("monitored_area_mu",), "daily_volume", GROWN),
    (carbon_ticket.MODEL, ("ticket_tonnes", "monitored_area_mu"), "daily_volume", PRINTED),
    (energy_use_right.MODEL, ("quantity_tce",), "daily_volume_tce", {}),
]
"""A model, what is more of its holding, what the market takes a day, and answers to ask for it."""


@pytest.mark.parametrize(("model", "names", "volume", "fixed"), GROWS)
@examples(20)
@given(
    seed=st.integers(0, 10_000),
    thin=st.floats(1e-4, 1.0),
    factors=st.lists(st.floats(1.0, 300.0), min_size=1, max_size=4),
)
def test_more_of_a_holding_is_never_worth_less(model, names, volume, fixed, seed, thin, factors):
    """However thin its market: what nobody buys adds nothing, and takes nothing away."""
    row = random_rows(model.spec, science_parameters().on(ON), 1, seed)[0]
    row |= {volume: row[volume] * thin, **fixed}
    rows = [
        row | {name: (np.array(row[name]) * factor).tolist() for name in names}
        for factor in (1.0, *sorted(factors))
    ]
    result = run(model, rows, _prices(model))
    worth = result.value[result.valid]
    gross = np.abs(result.components.get("holding", np.zeros(1))[result.valid]).max(initial=1.0)
    assert np.all(np.diff(worth) >= -1e-9 * gross)


def test_a_holding_that_its_discount_makes_nearly_worthless_says_why():
    """6,008 t a day: ten days in full, 475 more at half of 95 % in the mean, the rest for nothing."""
    held = {"quantity_held": 9_000_000.0, "quantity_needed": 0.0, "frozen_quantity": None}
    row = example(ccer.MODEL, **held, daily_volume=30_040.0)
    result = run(ccer.MODEL, [row], CCER)
    assert result.value[0] == pytest.approx(6_008 * 73.5 * 0.95 * (10 + 475 / 2))
    (found,) = [each for each in result.findings if each.code == "dear-sale"]
    assert (found.field, found.severity) == ("quantity_held", "ask")
    told = finding_detail(found, 0)
    assert "84.3%" in told.en
    assert "1,498 trading days" in told.en
    assert "1,498个交易日" in told.zh


@pytest.mark.parametrize(
    ("model", "volume", "prices"),
    [
        (
            carbon_allowance.MODEL,
            "daily_volume",
            {f"cea-vwap-{days}d": Price(yuan=80.0, unit="yuan/tCO2e") for days in (20, 250)},
        ),
        (
            energy_use_right.MODEL,
            "daily_volume_tce",
            {"energy-use": Price(yuan=200.0, unit="yuan/tce")},
        ),
    ],
)
def test_a_market_that_is_too_thin_is_asked_about_by_each_model(model, volume, prices):
    deep, thin = (example(model, **{volume: a_day}) for a_day in (1e9, 10.0))
    assert "dear-sale" not in codes(run(model, [deep], prices))
    assert "dear-sale" in codes(run(model, [thin], prices), severity="ask")


@pytest.mark.parametrize(
    ("model", "price", "unit"),
    [
        (carbon_allowance, "cea-vwap-20d", "tCO2e"),
        (carbon_ticket, "carbon-ticket-vwap-20d", "tCO2e"),
        (ccer, "ccer-vwap-20d", "tCO2e"),
        (green_certificate, "gec-vwap-20d", "certificate"),
    ],
)
def test_steps_of_a_sale_are_told_in_the_unit_of_the_model(model, price, unit):
    prices = {price: Price(yuan=13.0, unit=f"yuan/{unit}")}
    found = run(model.MODEL, [example(model.MODEL)], prices, trace=True)
    units = {each.name: each.unit for each in found.trace}
    assert units["reference_price"] == f"yuan/{unit}"
    assert units["lost_quantity"] == unit
