"""Rotations up to their mean stock, and gains and losses of biomass, by hand."""

import pytest

from risk_models.models.carbon_sink_income import MODEL
from tests.risk_models.helpers import SINK, codes, example, run

SPAN = {
    "crediting_starts_on": "2023-07-01",
    "last_verified_on": "2023-07-01",
    "crediting_ends_on": "2043-07-01",
    "right_ends_on": "2043-12-31",
    "baseline_share": 0.0,
    "leakage_share": 0.0,
    "buffer_share": 0.0,
}
ROTATION = {**SPAN, "removal_basis": "rotation", "removals_tco2e_per_mu": 0.3}
BALANCE = {**SPAN, "removal_basis": "gain-loss", "yearly_loss_share": 0.0}


def sink(**changes):
    return run(MODEL, [example(MODEL, **changes)], SINK, trace=True)


def tonnes(**changes) -> float:
    result = sink(**changes)
    assert result.valid[0], codes(result, severity="refuse")
    return result.quantities["credit_sales"][0][0]


def by_hand(gain: float, cleared: float, every: int, span: int) -> float:
    """Mean over the years, the stock and what was cleared both gone in a year of felling."""
    stock, rows = 0.0, []
    for year in range(1, span + 1):
        stock += gain - (cleared if year == 1 else 0.0)
        if year % every == 0 and year < span:
            stock = 0.0
        rows.append(stock)
    return sum(rows) / span


@pytest.mark.parametrize("every", [2, 7, 10, 12, 19])
def test_a_rotation_is_credited_with_its_mean_stock(every):
    found = tonnes(**ROTATION, area_mu=1_000.0, rotation_years=every, cleared_tco2e_per_mu=0.04)
    assert found == pytest.approx(1_000.0 * by_hand(0.3, 0.04, every, 20), rel=1e-9)


@pytest.mark.parametrize(("every", "valued"), [(19, True), (20, False), (30, False)])
def test_a_rotation_must_end_within_the_crediting_period(every, valued):
    result = sink(**ROTATION, rotation_years=every, cleared_tco2e_per_mu=0.0)
    assert result.valid[0] == valued
    assert ("rotation-not-within-crediting" in codes(result, severity="refuse")) != valued


def test_a_rotation_that_stores_no_more_than_was_cleared_has_nothing_to_sell():
    result = sink(**ROTATION, rotation_years=19, cleared_tco2e_per_mu=4.0)
    assert "rotation-stores-nothing" in codes(result, severity="refuse")


def test_a_rotation_is_credited_less_than_trees_that_stay():
    stays = tonnes(**{**ROTATION, "removal_basis": "yearly-rate"})
    assert tonnes(**ROTATION, rotation_years=10, cleared_tco2e_per_mu=0.0) < 0.5 * stays


def test_trees_of_a_rotation_may_be_valued_for_timber_too():
    plan = {"rotation_years": 10, "cleared_tco2e_per_mu": 0.0, "also_valued_for_timber": True}
    assert "two-plans" not in codes(sink(**ROTATION, **plan))
    assert "two-plans" in codes(sink(**{**ROTATION, **plan, "removal_basis": "yearly-rate"}))


def test_gains_less_losses_are_credited():
    found = tonnes(**BALANCE, area_mu=30_000.0)
    gained = 2_000.0 * 1.4 * 1.29 * 0.47
    lost = 180.0 * 1.11 * 1.39 * 0.47 + 90.0 * 1.11 * 1.29 * 0.47
    burnt = 20.0 * 22.0 * 1.29 * 0.47 * 0.3
    assert found == pytest.approx((gained - lost - burnt) * 44.0 / 12.0 * 20.0, rel=1e-4)


@pytest.mark.parametrize(("wood_m3", "valued"), [(1_300.0, True), (1_340.0, False)])
def test_losses_as_great_as_growth_leave_nothing(wood_m3, valued):
    # 957 ha at 1.4 t are 1,339.8 t, as much as 1,339.8 m3 of one tonne each.
    plain = {"fuelwood_m3": 0.0, "disturbed_area_mu": 0.0, "bark_share": 0.0, "removal_bcef": 1.0}
    found = sink(**BALANCE, **plain, area_mu=14_355.0, growth_t_per_ha=1.4, wood_removed_m3=wood_m3)
    assert found.valid[0] == valued
    assert ("losses-above-growth" in codes(found, severity="refuse")) != valued


def test_no_more_than_the_whole_area_is_disturbed():
    assert "disturbed-above-area" in codes(sink(**BALANCE, disturbed_area_mu=29_601.0))
    assert "disturbed-above-area" not in codes(sink(**BALANCE, disturbed_area_mu=29_600.0))


def test_a_disturbed_area_beside_a_hazard_is_asked_about():
    code = "disturbance-and-hazard"
    assert code in codes(sink(**{**BALANCE, "yearly_loss_share": 0.005}), severity="ask")
    assert code not in codes(sink(**BALANCE))
    alone = {"yearly_loss_share": 0.005, "disturbed_area_mu": 0.0}
    assert code not in codes(sink(**{**BALANCE, **alone}))


@pytest.mark.parametrize("basis", ["rotation", "gain-loss"])
def test_grassland_has_neither_rotation_nor_biomass_balance(basis):
    result = sink(**{**SPAN, "removal_basis": basis}, sink_kind="grassland")
    assert "basis-not-for-kind" in codes(result, severity="refuse")


def test_no_area_has_no_losses_either():
    result = sink(**BALANCE, area_mu=0.0, disturbed_area_mu=0.0)
    assert result.valid[0]
    assert result.value[0] == 0.0
