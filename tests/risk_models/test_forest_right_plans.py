"""Land and carbon beside the timber: rotations without end, and one plan for the same trees."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_models.contract import Price, Stress
from risk_models.models.forest_right import MODEL
from risk_models.trace import DAYS_A_YEAR, recompute
from tests.risk_models.forest_rows import (
    FAR,
    FELLING,
    LEFT,
    MATURE,
    MIDDLE,
    ORCHARD,
    PLAIN,
    RATE,
    TIMBER,
    Q,
    annuity,
)
from tests.risk_models.helpers import ON, codes, run
from tests.support.examples import examples

LAND = {
    "land_basis": "expectation",
    "long_run_price_yuan_per_m3": 820.0,
    "next_stock_m3_per_mu": 9.0,
    "next_costs_by_year_yuan_per_mu": [560.0, 190.0, 150.0],
    "land_cost_yuan_per_mu": 14.0,
}
BARE = {**PLAIN, **FELLING, **LAND, "age_group": "bare", "right_ends_on": FAR}
THINNED = {
    "thinning_ages_years": [12, 20],
    "thinning_stock_m3_per_mu": [0.8, 1.5],
    "thinning_price_share": 0.6,
}
CARBON = {
    "plan": "joint",
    "credit_price": "local-sink",
    "carbon_tco2e_per_mu": 0.4,
    "release_tco2e_per_mu": 5.0,
    "carbon_cost_yuan_per_mu": 1.5,
}
BOTH = {**TIMBER, "local-sink": Price(yuan=30.0, unit="yuan/tCO2e")}


def _value(row, prices=BOTH) -> float:
    result = run(MODEL, [row], prices, trace=True)
    assert recompute(result.trace) == []
    return float(result.value[0])


def _expected_land(u: float, thinnings=(), p: float = RATE) -> float:
    """[A_u + D_a (1+P)^(u-a) - sum C_i (1+P)^(u-i+1)] / [(1+P)^u - 1] - v/P, for one mu."""
    cutting = 260.0 * 1.15
    felled = 9.0 * 0.68 * (820.0 - cutting)
    felled += sum(
        stock * 0.68 * (0.6 * 820.0 - cutting) * (1 + p) ** (u - age) for age, stock in thinnings
    )
    raised = sum(
        cost * (1 + p) ** (u - year + 1) for year, cost in enumerate((560.0, 190.0, 150.0), 1)
    )
    return (felled - raised) / ((1 + p) ** u - 1) - 14.0 / p


# ---------------------------------------------------------------------------
# Land


def test_cleared_land_is_worth_faustmann_s_rotations_without_end():
    assert _value(BARE, {}) == pytest.approx(100 * _expected_land(30), rel=1e-12)


def test_thinnings_of_each_rotation_are_in_the_land():
    closed = 100 * _expected_land(30, [(12, 0.8), (20, 1.5)])
    assert _value({**BARE, **THINNED}, {}) == pytest.approx(closed, rel=1e-12)


@pytest.mark.parametrize("rotation", [18.5, 30, 60])
def test_the_land_follows_the_rotation_that_is_stated(rotation):
    row = {**BARE, "rotation_years": rotation}
    assert _value(row, {}) == pytest.approx(100 * _expected_land(rotation), rel=1e-12)


def test_the_hazard_of_loss_adds_to_the_rate_of_the_land():
    """Discount and survival together: (1 - h) / (1 + i) is 1 / (1 + p)."""
    together = (1 + RATE) / (1 - 0.01) - 1
    row = {**BARE, "yearly_loss_share": 0.01}
    assert _value(row, {}) == pytest.approx(100 * _expected_land(30, p=together), rel=1e-12)


def test_land_goes_back_when_the_right_ends():
    row = {**BARE, "right_ends_on": "2043-12-26"}
    right = (date(2043, 12, 26) - ON).days / DAYS_A_YEAR
    closed = 100 * _expected_land(30) * (1 - Q**right)
    assert _value(row, {}) == pytest.approx(closed, rel=1e-12)


def test_a_stand_that_is_felled_later_frees_its_land_later():
    """FV = (H + LEV) / (1 + i) ^ (t - n)."""
    row = {**MIDDLE, **LAND, "right_ends_on": FAR}
    bare = 100 * _expected_land(30) * Q**LEFT
    alone = _value({**MIDDLE, "right_ends_on": FAR})
    assert _value(row) - alone == pytest.approx(bare, rel=1e-9)
    ripe = {**MATURE, **LAND, "right_ends_on": FAR}
    assert _value(ripe) - _value(MATURE) == pytest.approx(100 * _expected_land(30), rel=1e-9)


def test_land_that_is_free_only_after_the_right_has_ended_counts_nothing():
    late = {**MIDDLE, "right_ends_on": "2030-12-31"}
    assert _value({**late, **LAND}) == _value(late)


def test_a_price_shock_leaves_the_costs_of_the_land_alone():
    """Price and costs are flows apart: at a flat price 30 % lower only the sales fall."""
    dear = run(MODEL, [BARE])
    cheap = run(MODEL, [{**BARE, "long_run_price_yuan_per_m3": 820.0 * 0.7}])
    assert cheap.components["land_sales"][0] == pytest.approx(
        0.7 * dear.components["land_sales"][0]
    )
    assert cheap.components["land_costs"][0] == dear.components["land_costs"][0]


def test_a_growing_price_of_timber_does_not_reach_the_rotations_without_end():
    growing = {"timber": Price(yuan=900.0, unit="yuan/m3", growth=0.02)}
    row = {**MIDDLE, **LAND}
    land = ("land_sales", "land_costs", "land_returned")
    flat, moved = run(MODEL, [row], TIMBER), run(MODEL, [row], growing)
    assert [flat.components[name][0] for name in land] == [
        moved.components[name][0] for name in land
    ]
    assert moved.components["timber_sales"][0] > flat.components["timber_sales"][0]


def test_cleared_land_without_its_rotations_is_refused():
    row = {**BARE, "land_basis": "none"}
    assert codes(run(MODEL, [row]), severity="refuse") == {"needed-for-land"}


@pytest.mark.parametrize("name", [name for name in LAND if name != "land_basis"])
def test_what_the_land_needs_is_refused_where_missing(name):
    result = run(MODEL, [{**BARE, name: None}])
    assert codes(result, severity="refuse") == {"missing-field"}


# ---------------------------------------------------------------------------
# One plan for the same trees


def test_trees_kept_for_carbon_earn_no_timber_and_say_what_values_them():
    for row in (MIDDLE, MATURE, {**BARE, "thinning_ages_years": None}):
        result = run(MODEL, [{**row, "plan": "carbon"}], BOTH)
        earned = ("timber_sales", "land_sales", "thinning_sales", "felling")
        assert [result.components[name][0] for name in earned] == [0.0] * 4
        assert codes(result, severity="note") >= {"kept-for-carbon"}


def test_fruit_is_picked_whether_or_not_the_trees_are_kept():
    assert _value({**ORCHARD, "plan": "carbon"}) == _value(ORCHARD)


def test_joint_plan_adds_carbon_until_the_felling_and_gives_it_back_then():
    row = {**MIDDLE, **CARBON}
    income = 100 * (0.4 * 30.0 - 1.5) * annuity(LEFT)
    release = 100 * 5.0 * 30.0 * Q**LEFT
    assert _value(row) == pytest.approx(_value(MIDDLE) + income - release, rel=1e-12)


def test_joint_plan_that_is_felled_today_gives_its_credits_back_today():
    assert _value({**MATURE, **CARBON}) == pytest.approx(_value(MATURE) - 15_000.0, rel=1e-12)


def test_joint_plan_of_an_orchard_gives_back_when_the_trees_end():
    left = 25.0 - (ON - date(2012, 4, 1)).days / DAYS_A_YEAR
    closed = 100 * ((0.4 * 30.0 - 1.5) * annuity(left) - 150.0 * Q**left)
    assert _value({**ORCHARD, **CARBON}) == pytest.approx(_value(ORCHARD) + closed, rel=1e-12)


def test_joint_plan_is_less_than_both_values_together():
    """The timber of one plan plus the carbon of never felling is more than any plan can earn."""
    carbon_alone = 100 * (0.4 * 30.0 - 1.5) * annuity(70)
    assert _value({**MIDDLE, **CARBON}) < _value(MIDDLE) + carbon_alone


def test_credits_follow_the_price_that_was_chosen():
    dear = {**BOTH, "ccer": Price(yuan=80.0, unit="yuan/tCO2e")}
    row = {**MIDDLE, **CARBON, "credit_price": "ccer"}
    sold = run(MODEL, [row], dear).components["carbon_sales"][0]
    assert sold == pytest.approx(100 * 0.4 * 80.0 * annuity(LEFT), rel=1e-12)
    assert codes(run(MODEL, [row], BOTH), severity="refuse") == {"price-missing"}


def test_a_fall_of_the_carbon_price_moves_sales_and_release_alike():
    stress = Stress(prices={"local-sink": 0.7})
    row = {**MIDDLE, **CARBON}
    calm, fallen = run(MODEL, [row], BOTH), run(MODEL, [row], BOTH, stress=stress)
    for name in ("carbon_sales", "carbon_release"):
        assert fallen.components[name][0] == pytest.approx(0.7 * calm.components[name][0])
    assert fallen.components["carbon_costs"][0] == calm.components["carbon_costs"][0]


@pytest.mark.parametrize(
    ("plan", "severity", "code"),
    [
        ("timber", "refuse", "trees-credited"),
        (None, "refuse", "trees-credited"),
        ("joint", "ask", "carbon-counted-twice"),
        ("carbon", None, None),
    ],
)
def test_trees_credited_elsewhere_are_not_felled_as_well(plan, severity, code):
    row = {**MIDDLE, **CARBON, "plan": plan, "credited_elsewhere": True}
    result = run(MODEL, [row], BOTH)
    expected = {code} if code else set()
    assert codes(result, severity=severity) & {"trees-credited", "carbon-counted-twice"} == expected
    assert result.valid[0] == (severity != "refuse")


@pytest.mark.parametrize("group", ["young", "pre-yield", "bamboo-new", "bare"])
def test_a_joint_plan_needs_something_to_come(group):
    row = {**BARE, **CARBON, "age_group": group, "costs_by_year_yuan_per_mu": [500.0]}
    assert codes(run(MODEL, [row], BOTH), severity="refuse") == {"no-joint-plan"}


def test_a_joint_plan_without_credits_is_the_timber_plan():
    nothing = {"carbon_tco2e_per_mu": 0, "release_tco2e_per_mu": 0, "carbon_cost_yuan_per_mu": 0}
    assert _value({**MIDDLE, **CARBON, **nothing}) == _value({**MIDDLE, "plan": "timber"})


# ---------------------------------------------------------------------------
# Properties


@examples(30)
@given(rate=st.floats(min_value=0.02, max_value=0.2), rotation=st.integers(10, 120))
def test_land_expectation_value_is_faustmann_s_at_every_rate_and_rotation(rate, rotation):
    row = {**BARE, "discount_rate": rate, "rotation_years": rotation}
    row["right_ends_on"] = "9999-12-31"
    closed = 100 * _expected_land(rotation, p=rate)
    assert run(MODEL, [row]).value[0] == pytest.approx(closed, rel=1e-9, abs=1e-6)


@examples(30)
@given(
    price=st.floats(min_value=0.0, max_value=3_000.0), more=st.floats(min_value=1.0, max_value=3.0)
)
def test_dearer_timber_never_lowers_the_value(price, more):
    row = {**MIDDLE, **THINNED, **LAND, "age_group": "near-mature", "stock_now_m3_per_mu": 7.2}
    cheap, dear = (
        run(MODEL, [row], {"timber": Price(yuan=yuan, unit="yuan/m3")}).value[0]
        for yuan in (price, price * more)
    )
    assert dear >= cheap


@examples(30)
@given(share=st.floats(min_value=0.0, max_value=1.0))
def test_public_welfare_forest_takes_just_its_share_of_the_timber(share):
    row = {**MIDDLE, **THINNED, **LAND, "public_welfare_share": share}
    whole = run(MODEL, [{**row, "public_welfare_share": 0.0}], TIMBER).value[0]
    assert run(MODEL, [row], TIMBER).value[0] == pytest.approx((1 - share) * whole, abs=1e-6)


@examples(30)
@given(area=st.floats(min_value=1.0, max_value=1e6))
def test_every_mu_of_a_stand_is_worth_the_same(area):
    row = {**MIDDLE, **THINNED, **LAND, **CARBON}
    one, other = run(MODEL, [row, {**row, "area_mu": area}], BOTH).value
    assert other == pytest.approx(one * area / 100.0, rel=1e-9)


def test_later_felling_within_the_right_counts_and_is_worth_less_today():
    near, far = (_value({**MIDDLE, "rotation_years": years}) for years in (25, 40))
    assert far < near
