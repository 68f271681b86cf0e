"""The forest-right model: the approach the age of the stand calls for, to its closed formula."""

from datetime import date

import numpy as np
import pytest

from risk_models.models.forest_right import MODEL
from risk_models.models.forest_right.groups import AGE_GROUP, ROTATED
from risk_models.registry import science_parameters
from risk_models.trace import DAYS_A_YEAR, evaluate, placed, recompute
from tests.risk_models.forest_rows import (
    GROVE,
    LEFT,
    MATURE,
    MIDDLE,
    ORCHARD,
    PLAIN,
    RATE,
    TIMBER,
    Q,
    age_on_day,
    annuity,
)
from tests.risk_models.helpers import ON, SINK, run


def _value(row, prices=None) -> float:
    result = run(MODEL, [row], TIMBER if prices is None else prices, trace=True)
    assert recompute(result.trace) == []
    return float(result.value[0])


# ---------------------------------------------------------------------------
# Replacement cost


@pytest.mark.parametrize("group", ["young", "pre-yield", "bamboo-new"])
def test_what_does_not_earn_yet_is_worth_what_it_cost_to_raise(group):
    """K times the sum of C_i (1 + P) ^ (n - i + 1) over the years begun."""
    row = {
        **PLAIN,
        "age_group": group,
        "planted_on": "2021-04-01",
        "costs_by_year_yuan_per_mu": [600.0, 200.0, 150.0, 999.0],
    }
    age = age_on_day("2021-04-01")
    assert 2.0 < age < 3.0
    spent = sum(cost * (1 + RATE) ** (age - year) for year, cost in enumerate((600, 200, 150)))
    result = run(MODEL, [row])
    assert result.value[0] == pytest.approx(0.9 * 100 * spent, rel=1e-12)
    assert result.weights["replacement"][0] == 1.0


# ---------------------------------------------------------------------------
# Harvest present value


def test_middle_aged_stand_is_worth_its_discounted_harvest():
    volume = 100 * 0.9 * 9.5 * 0.68
    harvest = volume * (900.0 - 260.0 * 1.15) * Q**LEFT
    result = run(MODEL, [MIDDLE], TIMBER)
    closed = harvest - 2_200.0 * annuity(LEFT + 1)
    assert result.value[0] == pytest.approx(closed, rel=1e-12)
    assert result.quantities["timber_sales"][0][0] == pytest.approx(volume)


def test_only_thinnings_still_to_come_are_added():
    """K [A_u + D_a (1 + P) ^ (u - a)] / (1 + P) ^ (u - n), at the price of thinned timber."""
    row = {
        **MIDDLE,
        "thinning_ages_years": [10, 20, 25, 31],
        "thinning_stock_m3_per_mu": [5.0, 0.9, 1.2, 7.0],
        "thinning_price_share": 0.6,
    }
    age = age_on_day("2005-04-01")
    net = 0.6 * 900.0 - 260.0 * 1.15
    closed = 90 * 0.68 * net * (0.9 * Q ** (20 - age) + 1.2 * Q ** (25 - age))
    assert _value(row) - _value(MIDDLE) == pytest.approx(closed, rel=1e-9)


def test_a_harvest_after_the_right_has_ended_is_not_counted_and_asked_about():
    late = {**MIDDLE, "right_ends_on": "2030-12-31"}
    result = run(MODEL, [late], TIMBER)
    right = (date(2030, 12, 31) - ON).days / DAYS_A_YEAR
    assert result.components["timber_sales"][0] == 0.0
    assert result.value[0] == pytest.approx(-2_200.0 * annuity(right + 1), rel=1e-12)
    assert "right-ends-before-harvest" in {found.code for found in result.findings}


def test_a_right_that_ends_on_the_day_of_the_felling_keeps_the_harvest():
    row = {**MIDDLE, "rotation_years": (date(2030, 4, 1) - date(2005, 4, 1)).days / DAYS_A_YEAR}
    on_time, early = (
        run(MODEL, [{**row, "right_ends_on": day}], TIMBER).components["timber_sales"][0]
        for day in ("2030-04-01", "2030-03-31")
    )
    assert on_time > 0.0
    assert early == 0.0


# ---------------------------------------------------------------------------
# Market price back-off


@pytest.mark.parametrize("group", ["mature", "over-mature"])
def test_mature_stand_is_worth_the_market_less_cost_and_profit(group):
    closed = 100 * 7.2 * 0.68 * (900.0 - 260.0 - 260.0 * 0.15)
    assert _value({**MATURE, "age_group": group}) == pytest.approx(closed, rel=1e-12)


def test_haul_adds_to_the_cost_and_to_the_profit_on_it():
    row = {**MATURE, "haul_km": 40.0, "haul_cost_yuan_per_m3_km": 0.9}
    closed = 100 * 7.2 * 0.68 * (900.0 - (260.0 + 36.0) * 1.15)
    assert _value(row) == pytest.approx(closed, rel=1e-12)


def test_timber_beyond_the_quota_is_not_counted():
    assert _value({**MATURE, "quota_share": 0.4}) == pytest.approx(0.4 * _value(MATURE), rel=1e-12)
    assert _value({**MATURE, "quota_share": 1.0}) == _value(MATURE)


def test_assortments_have_their_prices_and_the_rest_that_of_timber():
    row = {
        **MATURE,
        "assortment_outturn_shares": [0.3, 0.2],
        "assortment_prices_yuan_per_m3": [1_100.0, 500.0],
    }
    sales = 100 * 7.2 * (0.3 * 1_100.0 + 0.2 * 500.0 + 0.18 * 900.0)
    closed = sales - 100 * 7.2 * 0.68 * 260.0 * 1.15
    assert _value(row) == pytest.approx(closed, rel=1e-12)


def test_assortments_that_are_all_of_the_outturn_need_no_price_of_timber():
    row = {
        **MATURE,
        "assortment_outturn_shares": [0.68],
        "assortment_prices_yuan_per_m3": [700.0],
    }
    closed = 100 * 7.2 * 0.68 * (700.0 - 260.0 * 1.15)
    assert _value(row, {}) == pytest.approx(closed, rel=1e-12)


def test_near_mature_stand_weighs_harvest_and_market_alike():
    row = {**MIDDLE, "age_group": "near-mature", "stock_now_m3_per_mu": 7.2}
    result = run(MODEL, [row], TIMBER)
    both = [result.approaches[name][0] for name in ("harvest", "market")]
    assert both == [pytest.approx(_value(MIDDLE)), pytest.approx(_value(MATURE))]
    assert result.value[0] == pytest.approx(sum(both) / 2, rel=1e-12)
    assert "same" in result.reasons[result.reason[0]].en


# ---------------------------------------------------------------------------
# Yields


def test_bearing_orchard_is_worth_its_yield_until_right_or_trees_end():
    closed = 90 * 300.0 * annuity(25.0 - age_on_day("2012-04-01"))
    assert _value(ORCHARD) == pytest.approx(closed, rel=1e-12)


def test_an_orchard_that_begins_to_bear_has_its_rising_yields_first():
    row = {
        **ORCHARD,
        "age_group": "early-yield",
        "yields_by_year_yuan_per_mu": [50.0, 120.0, 210.0],
    }
    rising = 50.0 * Q + 120.0 * Q**2 + 210.0 * Q**3
    full = 300.0 * (annuity(25.0 - age_on_day("2012-04-01")) - annuity(3))
    assert _value(row) == pytest.approx(90 * (rising + full), rel=1e-12)


def test_an_orchard_past_its_best_has_its_falling_yields_only():
    row = {**ORCHARD, "age_group": "declining", "yields_by_year_yuan_per_mu": [150.0, 90.0, 30.0]}
    falling = 150.0 * Q + 90.0 * Q**2 + 30.0 * Q**3
    assert _value(row) == pytest.approx(90 * falling, rel=1e-12)


def test_falling_yields_end_with_the_trees():
    """Of the years stated those after the end of the trees do not count, the last in part."""
    end = age_on_day("2012-04-01") + 1.5
    row = {
        **ORCHARD,
        "age_group": "declining",
        "rotation_years": end,
        "yields_by_year_yuan_per_mu": [150.0, 90.0, 30.0],
    }
    assert _value(row) == pytest.approx(90 * (150.0 * Q + 0.5 * 90.0 * Q**2), rel=1e-9)


def test_bamboo_renews_itself_so_only_the_right_ends_its_yield():
    right = (date(2093, 12, 31) - ON).days / DAYS_A_YEAR
    assert _value(GROVE) == pytest.approx(90 * 300.0 * annuity(right), rel=1e-12)
    assert _value({**GROVE, "rotation_years": 1}) == _value(GROVE)


def test_bamboo_is_not_asked_for_a_rotation_and_all_that_is_felled_or_given_up_is():
    culms = {**GROVE, "age_group": "bamboo-new", "costs_by_year_yuan_per_mu": [800.0]}
    assert _value(culms) > 0.0
    rows = [GROVE, culms, *({**GROVE, "age_group": group} for group in sorted(ROTATED))]
    result = run(MODEL, rows, TIMBER)
    missing = {
        int(row)
        for found in result.findings
        if (found.code, found.field) == ("missing-field", "rotation_years")
        for row in found.rows
    }
    assert missing == set(range(2, len(rows)))
    (asked,) = [field for field in MODEL.spec.fields if field.name == "rotation_years"]
    assert asked.needed_when is not None
    levels = set(science_parameters().on(ON).table(AGE_GROUP))
    assert asked.needed_when[1] | {"bamboo-new", "bamboo-yield"} == levels


def test_bamboo_by_one_plan_with_carbon_has_no_felling_to_wait_for():
    joint = {
        "plan": "joint",
        "credit_price": "local-sink",
        "carbon_tco2e_per_mu": 0.4,
        "release_tco2e_per_mu": 5.0,
        "carbon_cost_yuan_per_mu": 1.5,
    }
    rows = [{**GROVE, **joint}, {**GROVE, **joint, "rotation_years": 40.0}, {**ORCHARD, **joint}]
    together = run(MODEL, rows, {**TIMBER, **SINK})
    alone = [run(MODEL, [row], {**TIMBER, **SINK}, trace=True) for row in rows]
    assert [recompute(each.trace) for each in alone] == [[], [], []]
    assert list(together.value) == pytest.approx([each.value[0] for each in alone], rel=1e-12)
    assert together.value[0] == together.value[1]


# ---------------------------------------------------------------------------
# Comparables


def test_comparables_weigh_in_at_any_age_with_their_factors():
    row = {
        **ORCHARD,
        "comparable_prices_yuan_per_mu": [1_900.0, 2_100.0, 2_250.0],
        "comparable_factors": [1.05, 0.97, 0.92],
        "comparable_weights": [5, 3, 2],
    }
    mean = 0.5 * 1_900.0 * 1.05 + 0.3 * 2_100.0 * 0.97 + 0.2 * 2_250.0 * 0.92
    result = run(MODEL, [row])
    assert result.approaches["comparables"][0] == pytest.approx(100 * mean, rel=1e-12)
    half = (result.approaches["comparables"][0] + _value(ORCHARD)) / 2
    assert result.value[0] == pytest.approx(half, rel=1e-12)
    assert "Comparable" in result.reasons[result.reason[0]].en


def test_the_price_of_comparables_holds_what_their_area_yields_and_costs():
    """Beside it only the public-welfare share, which the price does not pay for, counts."""
    sold = {
        "comparable_prices_yuan_per_mu": [2_000.0],
        "comparable_factors": [1.0],
        "comparable_weights": [1.0],
        "right_ends_on": "2033-12-26",
    }
    beside = {
        "nontimber_yuan_per_mu": 8.0,
        "management_cost_yuan_per_mu": 3.0,
        "coming_costs_by_year_yuan_per_mu": [12.0, 9.0],
    }
    rows = [
        {**ORCHARD, **sold, **more, "public_welfare_share": share}
        for share in (0.0, 0.3)
        for more in ({}, beside)
    ]
    plain, priced, part, part_beside = run(MODEL, rows).approaches["comparables"]
    years = (date(2033, 12, 26) - ON).days / DAYS_A_YEAR
    assert priced == plain == 200_000.0
    assert part_beside - part == pytest.approx(30 * (8.0 - 3.0) * annuity(years), rel=1e-9)


# ---------------------------------------------------------------------------
# Quality


@pytest.mark.parametrize(
    ("zone", "survival", "k1"),
    [
        ("humid", 0.85, 1.0),
        ("humid", 0.99, 1.0),
        ("humid", 0.68, 0.8),
        ("humid", 0.41, 0.41 / 0.85),
        ("humid", 0.409, 0.0),
        ("arid", 0.70, 1.0),
        ("arid", 0.63, 0.9),
    ],
)
def test_stocking_is_full_from_the_standard_on_and_nothing_below_the_limit(zone, survival, k1):
    row = {
        **ORCHARD,
        "quality_k": None,
        "quality_basis": "height",
        "planting_zone": zone,
        "survival_share": survival,
        "height_m": 4.0,
        "height_reference_m": 5.0,
    }
    closed = 100 * k1 * 0.8 * 300.0 * annuity(25.0 - age_on_day("2012-04-01"))
    assert _value(row) == pytest.approx(closed, rel=1e-12, abs=1e-9)
    asked = {found.code for found in run(MODEL, [row]).findings}
    assert ("must-replant" in asked) == (k1 == 0.0)


@pytest.mark.parametrize(
    ("basis", "size", "k3"),
    [
        ("diameter", {"dbh_cm": 11.4, "dbh_reference_cm": 12.0}, 0.95),
        ("volume", {"volume_m3_per_mu": 5.4, "volume_reference_m3_per_mu": 6.0}, 0.9),
    ],
)
def test_k_is_the_product_of_stocking_height_and_size(basis, size, k3):
    row = {
        **ORCHARD,
        "quality_basis": basis,
        "planting_zone": "humid",
        "survival_share": 0.68,
        "height_m": 7.2,
        "height_reference_m": 8.0,
        **size,
    }
    closed = 100 * 0.8 * 0.9 * k3 * 300.0 * annuity(25.0 - age_on_day("2012-04-01"))
    assert _value(row) == pytest.approx(closed, rel=1e-12)


# ---------------------------------------------------------------------------
# Income and costs beside the timber


def test_public_welfare_forest_earns_compensation_and_non_timber_income_only():
    row = {
        **MATURE,
        "public_welfare_share": 0.4,
        "compensation_yuan_per_mu": 15.0,
        "nontimber_yuan_per_mu": 6.0,
        "right_ends_on": "2033-12-26",
    }
    right = (date(2033, 12, 26) - ON).days / DAYS_A_YEAR
    beside = (40 * 15.0 + 100 * 6.0) * annuity(right)
    assert _value(row) == pytest.approx(0.6 * _value(MATURE) + beside, rel=1e-12)
    whole = {**row, "public_welfare_share": 1.0}
    assert run(MODEL, [whole], TIMBER).components["timber_sales"][0] == 0.0
    assert _value(whole) == pytest.approx((1_500.0 + 600.0) * annuity(right), rel=1e-12)


def test_management_and_silviculture_are_paid_while_the_right_lasts():
    row = {
        **ORCHARD,
        "management_cost_yuan_per_mu": 4.0,
        "coming_costs_by_year_yuan_per_mu": [12.0, 9.0],
    }
    right = (date(2093, 12, 31) - ON).days / DAYS_A_YEAR
    spent = 400.0 * annuity(right) + 100 * (12.0 * Q + 9.0 * Q**2)
    assert _value(row) == pytest.approx(_value(ORCHARD) - spent, rel=1e-12)


def test_a_mixed_batch_values_each_row_as_it_is_alone():
    rows = [
        MIDDLE,
        MATURE,
        ORCHARD,
        {**MIDDLE, "thinning_ages_years": [25], "thinning_stock_m3_per_mu": [1.0]}
        | {"thinning_price_share": 0.5},
        {**ORCHARD, "age_group": "declining", "yields_by_year_yuan_per_mu": [150.0]},
        GROVE,
    ]
    together = run(MODEL, rows, TIMBER).value
    alone = [run(MODEL, [row], TIMBER).value[0] for row in rows]
    assert np.allclose(together, alone, rtol=1e-12)


def test_amounts_are_placed_in_the_year_they_fall_due():
    found = placed(
        np.array([[0.9, 1.2, np.nan]]),
        np.array([[20.0, 25.0, np.nan]]),
        np.arange(19.0, 26.0)[None],
    )
    assert found.tolist() == [[0, 0.9, 0, 0, 0, 0, 1.2]]
    assert evaluate("placed(a, b, year)", {"a": 2.0, "b": 3.0, "year": [3.0, 4.0]})[0] == 2.0


def test_only_the_quality_factor_names_the_norm_it_was_read_in():
    row = {**MIDDLE, "land_basis": "expectation", "thinning_ages_years": [22.0]}
    row |= {
        "thinning_stock_m3_per_mu": [1.0],
        "thinning_price_share": 0.7,
        "long_run_price_yuan_per_m3": 820.0,
        "next_stock_m3_per_mu": 9.0,
        "next_costs_by_year_yuan_per_mu": [560.0],
        "land_cost_yuan_per_mu": 14.0,
        "quality_basis": "height",
        "planting_zone": "arid",
        "survival_share": 0.66,
        "height_m": 7.6,
        "height_reference_m": 8.0,
    }
    trace = run(MODEL, [row], TIMBER, trace=True).trace
    named = {step.name for step in trace if step.reference}
    assert named == {"stocking_k", "height_k", "quality"}
