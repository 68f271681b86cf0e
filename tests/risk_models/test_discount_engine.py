"""The discount engine against closed forms and published cases."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_models.contract import Exposure, Keyed, Price, Prices, Stress, Text
from risk_models.engines.discount import assess, discount, year_table
from risk_models.trace import recompute
from tests.risk_models.helpers import flow, worth

RATE = st.floats(min_value=0.005, max_value=0.3)


def test_perpetuity_of_a_published_account_v27():
    """11.6 bn USD a year at 3 % is published as 387 bn."""
    perpetual = flow([1.0], repeat=np.ones(1), quantity=np.array([11.6e9]))
    assert worth(perpetual, 0.03) == pytest.approx(387e9, rel=1e-3)
    assert worth(perpetual, 0.03) == pytest.approx(11.6e9 / 0.03, rel=1e-12)


def test_land_expectation_value_of_a_textbook_case_v33():
    """NPV 800 an acre, rotation 80 years, 7 %: LEV 803.58, a yearly 56.25."""
    rotation = flow([1.0], first=0.0, repeat=np.array([80.0]), quantity=np.array([800.0]))
    assert worth(rotation, 0.07) == pytest.approx(803.58, abs=0.005)
    assert worth(rotation, 0.07) * 0.07 == pytest.approx(56.25, abs=0.005)


def test_carbon_value_of_a_published_tool_v28():
    """Three years at 50 % with a price falling by 5 %: 40.873016."""
    price = {"carbon": Price(yuan=50.0, unit="yuan/t", growth=1 / 1.05 - 1)}
    paid = flow([1.0, 1.0], first=0.0, index="carbon", quantity=np.full(1, 0.5), unit_price=50.0)
    assert worth(paid, 0.5, prices=price) == pytest.approx(40.873016, rel=1e-7)


def test_carbon_value_of_a_published_tool_v29():
    """58 t/ha lost from 2016 to 2030 at 43, discount -7.1 %, price change 2.8 %: -3422.079."""
    price = {"carbon": Price(yuan=43.0, unit="yuan/t", growth=1 / 1.028 - 1)}
    paid = flow(
        np.ones(14),
        first=0.0,
        index="carbon",
        quantity=np.array([-58.0 / 14.0]),
        unit_price=43.0,
    )
    assert worth(paid, -0.071, prices=price) == pytest.approx(-3422.079, rel=1e-6)
    assert worth(paid, 0.0, prices={"carbon": Price(yuan=43.0, unit="yuan/t")}) == pytest.approx(
        -2494.0, rel=1e-12
    )


@given(rate=RATE, years=st.integers(min_value=1, max_value=60))
def test_annuity_in_arrears_equals_its_closed_form(rate, years):
    closed = (1.0 - (1.0 + rate) ** -years) / rate
    assert worth(flow(np.ones(years)), rate) == pytest.approx(closed, rel=1e-11)


@given(rate=RATE, years=st.integers(min_value=1, max_value=60))
def test_annuity_in_advance_is_worth_a_year_more(rate, years):
    late = worth(flow(np.ones(years)), rate)
    assert worth(flow(np.ones(years), first=0.0), rate) == pytest.approx(
        late * (1 + rate), rel=1e-11
    )


@given(rate=RATE, hazard=st.floats(min_value=0.0, max_value=0.2))
def test_survival_multiplies_what_is_at_risk_and_nothing_else(rate, hazard):
    at_risk = worth(flow(np.ones(30), at_risk=True), rate, hazard)
    joint = (1.0 + rate) / (1.0 - hazard) - 1.0
    assert at_risk == pytest.approx(worth(flow(np.ones(30)), joint), rel=1e-10)
    assert worth(flow(np.ones(30)), rate, hazard) == worth(flow(np.ones(30)), rate)


def test_faustmann_equals_the_sum_of_many_rotations():
    """Planting now, thinning in year 15, felling in year 30, again and again."""
    rate, length = 0.05, 30.0
    parts = [(-600.0, 0.0), (150.0, 15.0), (4000.0, 30.0)]
    flows = [
        flow([1.0], first=at, quantity=np.array([amount]), repeat=np.array([length]))
        for amount, at in parts
    ]
    many = sum(
        amount * (1 + rate) ** -(at + length * turn) for amount, at in parts for turn in range(400)
    )
    assert worth(flows, rate) == pytest.approx(many, rel=1e-12)


def test_a_rotation_at_risk_repeats_less():
    once = flow([1.0], first=20.0, at_risk=True, repeat=np.array([20.0]))
    yearly = (1.0 - 0.01) / 1.05
    assert worth(once, 0.05, 0.01) == pytest.approx(yearly**20 / (1 - yearly**20), rel=1e-12)


def test_a_repeated_rotation_refuses_a_moving_price():
    price = {"timber": Price(yuan=1.0, unit="yuan/t", growth=0.01)}
    repeated = flow([1.0], index="timber", repeat=np.array([20.0]))
    with pytest.raises(ValueError, match="flat price"):
        worth(repeated, 0.05, prices=price)


def test_costs_of_the_past_compound_and_never_die():
    """Costs at the start of years 1, 2 and 3 of a stand of three years."""
    costs = np.array([100.0, 40.0, 20.0])
    spent = flow(costs, first=-3.0, at_risk=True)
    closed = 100 * 1.06**3 + 40 * 1.06**2 + 20 * 1.06
    assert worth(spent, 0.06) == pytest.approx(closed, rel=1e-12)
    assert worth(spent, 0.06, 0.05) == pytest.approx(closed, rel=1e-12)


def test_a_flow_that_begins_in_the_past_survives_from_the_valuation_day_on():
    across = flow(np.ones(4), first=-1.5, at_risk=True)
    when = np.array([-1.5, -0.5, 0.5, 1.5])
    closed = (1.06**-when * np.where(when > 0, 0.9**when, 1.0)).sum()
    assert worth(across, 0.06, 0.1) == pytest.approx(closed, rel=1e-12)


def test_a_price_curve_is_read_between_its_years_and_stays_flat_after_them():
    price = {"carbon": Price(yuan=10.0, unit="yuan/t", curve=(1.0, 1.2, 0.9))}
    paid = flow(np.ones(4), first=0.5, index="carbon", unit_price=10.0)
    closed = sum(
        10.0 * index * 1.05**-at for at, index in ((0.5, 1.1), (1.5, 1.05), (2.5, 0.9), (3.5, 0.9))
    )
    assert worth(paid, 0.05, prices=price) == pytest.approx(closed, rel=1e-12)


def test_a_lump_after_the_term_does_not_count_and_one_on_its_day_does():
    lumps = [1.0, 0.0, 1.0]
    assert worth(flow(lumps, term=np.array([3.0])), 0.0) == 2.0
    assert worth(flow(lumps, term=np.array([2.999])), 0.0) == 1.0


def test_a_broken_last_year_of_an_even_flow_counts_in_part():
    yearly = flow(np.ones(6), term=np.array([4.25]), even=True)
    assert worth(yearly, 0.0) == pytest.approx(4.25)
    middle = flow(np.ones(6), first=0.5, term=np.array([4.25]), even=True)
    assert worth(middle, 0.0) == pytest.approx(4.25)
    advance = flow(np.ones(6), first=0.0, term=np.array([4.25]), even=True)
    assert worth(advance, 0.0) == pytest.approx(4.25)


@given(term=st.floats(min_value=0.0, max_value=20.0))
def test_an_even_flow_moves_smoothly_with_its_term(term):
    """A day less of the term takes a day of income, at whole years as well."""

    def at(years):
        return worth(flow(np.ones(25), term=np.array([years]), even=True), 0.07)

    day = 1.0 / 365.25
    assert 0.0 <= at(term + day) - at(term) <= day


def test_stress_adds_to_rate_and_hazard_and_cuts_after_a_loss():
    yearly = flow(np.ones(10), at_risk=True)
    assert worth(yearly, 0.05, 0.01, stress=Stress(rate_add=0.02)) == worth(yearly, 0.07, 0.01)
    assert worth(yearly, 0.05, 0.01, stress=Stress(hazard_add=0.02)) == worth(yearly, 0.05, 0.03)
    lost = worth(flow(np.ones(10), at_risk=True), 0.0, stress=Stress(loss=(4.0, 0.5)))
    assert lost == pytest.approx(4 + 6 * 0.5)


def _random_exposure(rows: int, seed: int) -> Exposure:
    rng = np.random.default_rng(seed)
    profiles = rng.uniform(0.0, 2.0, (7, 12))
    one = replace(
        flow(profiles[0]),
        profile=Keyed(values=profiles, key=rng.integers(0, 7, rows).astype(np.int32)),
        first=rng.uniform(-2.0, 3.0, 7),
        quantity=rng.uniform(1.0, 9.0, rows),
        unit_price=rng.uniform(1.0, 9.0, rows),
        term=rng.choice([3.0, 7.5, 12.0], rows),
        even=True,
        at_risk=True,
    )
    rate = Keyed.of(rng.choice([0.04, 0.06, 0.08], rows))
    hazard = Keyed.of(rng.choice([0.0, 0.01], rows))
    return Exposure(n=rows, flows=(one,), rate=rate, hazard=hazard)


def _row(exposure: Exposure, row: int) -> Exposure:
    at = np.array([row])
    flows = tuple(
        replace(
            entry,
            profile=replace(entry.profile, key=entry.profile.key[at]),
            quantity=entry.quantity[at],
            unit_price=np.asarray(entry.unit_price)[at],
            term=entry.term[at],
        )
        for entry in exposure.flows
    )
    keyed = {
        name: replace(getattr(exposure, name), key=getattr(exposure, name).key[at])
        for name in ("rate", "hazard")
    }
    return replace(exposure, n=1, flows=flows, **keyed)


def test_a_row_has_the_same_value_alone_and_among_others():
    exposure = _random_exposure(300, 3)
    together = discount(exposure, Prices({}))[0]
    alone = [discount(_row(exposure, row), Prices({}))[0][0] for row in range(300)]
    assert np.allclose(together, alone, rtol=1e-13, atol=0.0)


def test_components_sum_to_the_value_and_quantities_are_undiscounted():
    exposure = _random_exposure(50, 5)
    value, components = discount(exposure, Prices({}))
    assert np.array_equal(sum(components.values()), value)
    units, unit = assess(exposure, Prices({})).quantities["income"]
    assert unit == "t"
    assert np.all(units * np.asarray(exposure.flows[0].unit_price) > 0.0)


def test_the_year_table_multiplies_out_to_the_value():
    exposure = _row(_random_exposure(20, 8), 4)
    titles = dict.fromkeys(("income_approach", "income"), Text(en="Income", zh="收益"))
    table = year_table("income_approach", exposure, Prices({}), None, titles)
    assert recompute(table) == []
    assert table[-1].value == pytest.approx(discount(exposure, Prices({}))[0][0], rel=1e-12)


@pytest.mark.parametrize("even", [True, False])
def test_a_row_has_the_same_bits_however_many_stand_beside_it(even):
    """Alone a row is its own cell; among many it is read from the running sum of a shared one."""
    rng = np.random.default_rng(7)
    profiles = rng.uniform(0.0, 2.0, (40, 30)) * (rng.random((40, 30)) < 0.6)
    rows = 3_000
    one = replace(
        flow(np.ones(1)),
        profile=Keyed(values=profiles, key=rng.integers(0, 40, rows).astype(np.int32)),
        first=rng.uniform(-3.0, 2.0, 40),
        unit_price=np.full(rows, 3.0),
        quantity=rng.uniform(1.0, 5.0, rows),
        term=rng.uniform(0.0, 35.0, rows),
        even=even,
        at_risk=True,
    )
    whole = Exposure(
        n=rows,
        flows=(one,),
        rate=Keyed.of(rng.choice([0.05, 0.08], rows)),
        hazard=Keyed.of(rng.choice([0.0, 0.01], rows)),
    )
    together = assess(whole, Prices({}))
    for row in rng.integers(0, rows, 200):
        alone = assess(_row(whole, int(row)), Prices({}))
        assert alone.value[0] == together.value[row]
        assert alone.quantities["income"][0][0] == together.quantities["income"][0][row]


def of_rows(profile: Keyed, rates: Keyed, **changes: object) -> Exposure:
    """Rows that share keyed profiles and rates."""
    n = len(profile.key)
    paid = replace(flow([1.0]), profile=profile, quantity=np.ones(n), **changes)
    return Exposure(n=n, flows=(paid,), rate=rates, hazard=Keyed.one(0.0, n))


def test_the_years_of_a_row_are_its_own_where_its_table_has_more_than_it_needs():
    """A table of profiles or of rates may have rows that nobody uses."""
    titles = {"income": Text(en="Income", zh="收益法")}
    profile = Keyed(values=np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]), key=np.array([2]))
    rates = Keyed(values=np.array([0.05, 0.08]), key=np.array([1]))
    table, whole = year_table("income", of_rows(profile, rates), Prices({}), None, titles)
    assert table.inputs["units"] == [3.0, 3.0]
    assert table.inputs["discount"] == pytest.approx([1 / 1.08, 1 / 1.08**2])
    assert recompute([table, whole]) == []
    assert whole.value == pytest.approx(3.0 / 1.08 + 3.0 / 1.08**2)


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": np.array([2, 2]), "unit_price": np.array([3, 3])},
        {"quantity": np.array([2.0]), "unit_price": 3.0},
        {"quantity": np.array([2.0, 2.0]), "unit_price": 3.0, "term": np.array([9.0])},
    ],
    ids=["whole numbers", "one quantity for all", "one term for all"],
)
def test_whole_numbers_and_what_is_told_once_are_valued_too(changes):
    profile = Keyed(values=np.array([[1, 1]]), key=np.array([0, 0]))
    rates = Keyed(values=np.array([0.05, 0.10]), key=np.array([0, 1]))
    exposure = of_rows(profile, rates)
    exposure = replace(exposure, flows=(replace(exposure.flows[0], **changes),))
    found = assess(exposure, Prices({})).value
    assert found == pytest.approx([6 / 1.05 + 6 / 1.05**2, 6 / 1.1 + 6 / 1.1**2])


def test_a_price_on_the_day_is_read_where_it_is_paid_at_once():
    priced = flow([1.0], first=0.0, index="carbon", unit_price=10.0)
    falling = {"carbon": Price(yuan=10.0, unit="yuan/t", curve=(0.9, 1.0))}
    assert worth(priced, 0.05, prices=falling) == pytest.approx(9.0)
    with pytest.raises(KeyError):
        worth(priced, 0.05)
