"""What the forest-right model refuses, asks about and notes, on both sides of each border."""

from datetime import date, timedelta

import pytest

from risk_models.contract import Price
from risk_models.dated import ParameterNotInForce
from risk_models.models.forest_right import MODEL
from risk_models.registry import science_parameters
from tests.risk_models.forest_rows import MATURE, MIDDLE, ORCHARD, PLAIN, TIMBER
from tests.risk_models.helpers import ON, codes, example, run


def _codes(row, severity="ask", prices=None):
    return codes(run(MODEL, [row], TIMBER if prices is None else prices), severity=severity)


# ---------------------------------------------------------------------------
# Eligibility


@pytest.mark.parametrize("category", ["protection", "special-use"])
def test_forest_that_cannot_be_mortgaged_is_refused_and_told_what_can_be(category):
    result = run(MODEL, [{**ORCHARD, "category": category}])
    assert codes(result, severity="refuse") == {"category-not-mortgageable"}
    told = next(found.detail for found in result.findings if found.severity == "refuse")
    assert "compensation income" in told.en
    assert "carbon-sink income" in told.en
    assert "补偿收益权" in told.zh


@pytest.mark.parametrize("category", ["commercial-timber", "economic", "fuel"])
def test_forest_that_can_be_mortgaged_is_valued(category):
    assert run(MODEL, [example(MODEL, category=category)]).valid[0]


def test_eligibility_counts_from_its_day():
    parameters = science_parameters()
    table = parameters.on(date(2013, 7, 5)).table("forest_right.category")
    assert table.number("commercial-timber", "mortgageable") == 1
    assert table.number("protection", "mortgageable") == 0
    with pytest.raises(ParameterNotInForce):
        parameters.on(date(2013, 7, 4)).table("forest_right.category")


def test_age_groups_weigh_from_the_day_of_the_norm():
    parameters = science_parameters()
    table = parameters.on(date(2015, 5, 1)).table("forest_right.age_group")
    for group in table:
        weights = table[group]
        assert sum(weights.values()) - weights["comparables_weight"] == 1.0
    with pytest.raises(ParameterNotInForce):
        parameters.on(date(2015, 4, 30)).table("forest_right.age_group")


def test_a_valuation_before_the_norm_is_refused():
    with pytest.raises(ParameterNotInForce, match=r"forest_right\.age_group"):
        run(MODEL, [{**ORCHARD, "planted_on": "2010-01-01"}], on=date(2015, 4, 30))


@pytest.mark.parametrize(
    ("category", "row", "asked"),
    [
        ("economic", ORCHARD, False),
        ("commercial-timber", ORCHARD, True),
        ("economic", MATURE, True),
        ("fuel", MATURE, False),
        ("economic", {**ORCHARD, "age_group": "bamboo-yield"}, False),
        ("commercial-timber", {**ORCHARD, "age_group": "bamboo-yield"}, False),
    ],
)
def test_age_group_must_suit_the_category(category, row, asked):
    assert ("group-not-of-category" in _codes({**row, "category": category})) == asked


# ---------------------------------------------------------------------------
# Dates


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"planted_on": "2023-12-27"}, "planted-after-valuation-day"),
        ({"right_ends_on": "2023-12-26"}, "right-ended"),
        ({"rotation_years": 11}, "past-economic-life"),
        ({"net_yield_yuan_per_mu": None}, "missing-field"),
        ({"quality_k": None}, "quality-missing"),
        ({"quality_basis": "diameter"}, "missing-field"),
        ({"age_group": "early-yield"}, "missing-field"),
        ({"area_mu": -1}, "below-minimum"),
        ({"comparable_prices_yuan_per_mu": [1.0, 2.0]}, "series-differ-in-length"),
        (
            {
                "comparable_prices_yuan_per_mu": [1.0],
                "comparable_factors": [1.0],
                "comparable_weights": [0.0],
            },
            "comparables-without-weight",
        ),
    ],
)
def test_contradictory_inputs_are_refused(changes, code):
    assert code in _codes({**ORCHARD, **changes}, "refuse")


def test_lists_of_two_lengths_name_each_other():
    found = run(MODEL, [{**ORCHARD, "comparable_prices_yuan_per_mu": [1.0, 2.0]}]).findings
    (told,) = {each.detail for each in found if each.code == "series-differ-in-length"}
    assert told.en == "This list must be as long as “Prices of comparable rights”."
    assert told.zh == "该列表须与“可比案例单价”等长。"


def test_a_stand_planted_on_the_day_and_a_right_of_one_day_are_valued():
    row = {
        **PLAIN,
        "age_group": "young",
        "planted_on": ON.isoformat(),
        "right_ends_on": (ON + timedelta(days=1)).isoformat(),
        "costs_by_year_yuan_per_mu": [600.0],
    }
    assert run(MODEL, [row]).value[0] == pytest.approx(0.9 * 100 * 600.0)


def test_a_mature_stand_needs_no_quality_factor():
    assert run(MODEL, [{**MATURE, "quality_k": None}], TIMBER).valid[0]


# ---------------------------------------------------------------------------
# Age against age group


@pytest.mark.parametrize(
    ("planted", "group", "asked"),
    [
        ("2012-12-27", "young", False),  # 10 whole years
        ("2012-12-25", "young", True),  # 11
        ("2012-12-25", "middle", False),
        ("2012-12-27", "middle", True),
        ("2007-12-25", "near-mature", False),  # 16
        ("2002-12-25", "near-mature", True),  # 21
        ("2002-12-25", "mature", False),
        ("1992-12-24", "mature", True),  # 31
        ("1992-12-24", "over-mature", False),
        ("1993-12-27", "over-mature", True),
    ],
)
def test_age_is_compared_with_the_group_of_the_species(planted, group, asked):
    """Planted poplar: young until 10, middle until 15, near-mature until 20, mature until 30."""
    row = {
        **MIDDLE,
        "age_group": group,
        "planted_on": planted,
        "rotation_years": 50,
        "species_group": "poplar-planted",
        "stock_now_m3_per_mu": 7.2,
        "costs_by_year_yuan_per_mu": [600.0],
    }
    assert ("age-outside-group" in _codes(row)) == asked
    assert "age-outside-group" not in _codes({**row, "species_group": None})


def test_the_last_age_group_has_no_last_year():
    row = {**MATURE, "age_group": "over-mature", "species_group": "poplar-planted"}
    (told,) = [each for each in run(MODEL, [row]).findings if each.code == "age-outside-group"]
    assert "应为%(low)d年以上" in told.detail.zh
    assert "high" not in told.facts


@pytest.mark.parametrize(
    ("planted", "group", "asked"),
    [
        ("2020-03-28", "over-mature", "young-for-rotation"),  # 3.75 of 35 years
        ("1995-04-01", "young", "old-for-rotation"),  # 28.75
        ("1995-04-01", "over-mature", None),
        ("2020-03-28", "young", None),
        ("2002-12-20", "mature", None),  # 21.02, just 60 %
        ("2003-01-20", "mature", "young-for-rotation"),
        ("2002-12-20", "young", "old-for-rotation"),
        ("2003-01-20", "young", None),
        ("1953-12-01", "mature", "old-for-rotation"),  # Twice the rotation.
        ("2003-01-20", "middle", None),
    ],
)
@pytest.mark.parametrize("species", [None, "larch-planted"])
def test_age_is_compared_with_the_rotation_whether_the_species_is_known_or_not(
    planted, group, asked, species
):
    row = {
        **MIDDLE,
        "age_group": group,
        "planted_on": planted,
        "rotation_years": 35,
        "species_group": species,
        "stock_now_m3_per_mu": 7.2,
        "costs_by_year_yuan_per_mu": [600.0],
    }
    told = _codes(row) & {"young-for-rotation", "old-for-rotation", "age-outside-group"}
    if species is None:
        assert told == ({asked} if asked else set())
    else:
        # One slip is asked about once.
        assert len(told) <= 1
        assert told or not asked


def test_age_limits_rise_from_group_to_group():
    table = science_parameters().on(ON).table("forest_right.age_limits")
    for species in table:
        limits = list(table[species].values())
        assert limits == sorted(set(limits))


# ---------------------------------------------------------------------------
# Stock, outturn, price


@pytest.mark.parametrize(
    ("stock", "expected"),
    [
        (40.0, set()),
        (40.1, {"units-mixed"}),
        (150.0, {"units-mixed"}),
        (0.5, set()),
        (0.4, {"units-mixed"}),
    ],
)
def test_a_stock_by_the_hectare_is_asked_about(stock, expected):
    found = _codes({**MATURE, "stock_now_m3_per_mu": stock, "planted_on": "1990-01-01"})
    assert found & {"stock-above-band", "units-mixed"} >= expected
    assert bool(found & {"stock-above-band"}) == ("stock-above-band" in expected)


def test_a_stock_that_counts_nowhere_is_not_judged():
    assert "stock-above-band" not in _codes({**ORCHARD, "stock_now_m3_per_mu": 150.0})


@pytest.mark.parametrize(("outturn", "asked"), [(0.85, False), (0.86, True)])
def test_an_outturn_above_the_usual_is_asked_about(outturn, asked):
    assert ("outturn-above-band" in _codes({**MATURE, "outturn_share": outturn})) == asked


def test_a_stand_that_loses_stock_until_felling_is_asked_about():
    row = {**MIDDLE, "age_group": "near-mature", "stock_now_m3_per_mu": 9.6}
    assert "stock-falls" in _codes(row)
    assert "stock-falls" not in _codes({**row, "stock_now_m3_per_mu": 9.5})


def test_assortments_above_the_outturn_are_refused():
    row = {**MATURE, "assortment_prices_yuan_per_m3": [900.0, 500.0]}
    exact = {**row, "outturn_share": 0.75, "assortment_outturn_shares": [0.5, 0.25]}
    assert run(MODEL, [exact], TIMBER).valid[0]
    over = {**exact, "assortment_outturn_shares": [0.5, 0.26]}
    assert _codes(over, "refuse") == {"assortments-above-outturn"}


def test_fuelwood_at_the_price_of_timber_is_asked_about():
    row = {**MATURE, "category": "fuel"}
    assert "fuel-at-timber-price" in _codes(row)
    stated = {
        "assortment_outturn_shares": [0.68],
        "assortment_prices_yuan_per_m3": [320.0],
    }
    assert "fuel-at-timber-price" not in _codes({**row, **stated})


@pytest.mark.parametrize(("count", "asked"), [(2, True), (3, False)])
def test_fewer_comparables_than_usual_are_asked_about(count, asked):
    row = {
        **ORCHARD,
        "comparable_prices_yuan_per_mu": [2_000.0] * count,
        "comparable_factors": [1.0] * count,
        "comparable_weights": [1.0] * count,
    }
    assert ("few-comparables" in _codes(row)) == asked


def test_thinnings_without_their_price_are_refused():
    row = {**MIDDLE, "thinning_ages_years": [25], "thinning_stock_m3_per_mu": [1.0]}
    assert _codes(row, "refuse") == {"needed-with-thinnings"}


def test_timber_without_a_price_is_refused_and_an_orchard_needs_none():
    result = run(MODEL, [MATURE, ORCHARD])
    assert list(result.valid) == [False, True]
    assert "price-missing" in codes(result)


def test_a_price_that_ended_long_ago_is_refused():
    old = {"timber": Price(yuan=900.0, unit="yuan/m3", priced_on=date(2020, 1, 1))}
    assert _codes(MATURE, "refuse", old) == {"price-ended"}
    assert _codes({**MATURE, "plan": "carbon"}, "refuse", old) == set()


# ---------------------------------------------------------------------------
# What is noted


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"quota_share": 0.9}, "quota-below-timber"),
        ({"public_welfare_share": 0.2}, "public-welfare-share"),
        ({"plan": "carbon"}, "kept-for-carbon"),
    ],
)
def test_what_is_left_out_is_noted(changes, code):
    assert code in _codes({**MATURE, **changes}, "note")
    assert code not in _codes(MATURE, "note")


def test_compensation_needs_public_welfare_forest():
    row = {**MATURE, "compensation_yuan_per_mu": 15.0}
    assert "compensation-without-welfare" in _codes(row)
    assert "compensation-without-welfare" not in _codes({**row, "public_welfare_share": 0.1})


def test_value_per_mu_outside_the_band_asks():
    assert "implied-value-outside-band" in codes(run(MODEL, [example(MODEL, area_mu=10)]))
    assert codes(run(MODEL, [example(MODEL)]), severity="ask") == set()


# ---------------------------------------------------------------------------
# Area and term


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"area_mu": 0.0}, {"area-zero"}),
        ({"area_mu": 2_600.0 / 15}, {"units-mixed"}),
        ({"area_mu": 200.0}, set()),
        ({"area_mu": 30_000.0}, set()),
        ({"area_mu": 2_600.0 * 15}, {"units-mixed"}),
        ({"area_mu": 500_000.0}, {"area-above-band"}),
        ({"right_ends_on": "2093-12-20"}, set()),
        ({"right_ends_on": "2094-01-20"}, {"term-above-band"}),
        ({"right_ends_on": "9999-12-31"}, {"term-above-band"}),
    ],
)
def test_an_area_by_the_hectare_and_a_slip_in_the_year_are_asked_about(changes, asked):
    told = {"area-zero", "units-mixed", "area-above-band", "term-above-band"}
    row = {**ORCHARD, "area_mu": 2_600.0, "right_ends_on": "2060-12-31", **changes}
    assert _codes(row) & told == asked


@pytest.mark.parametrize(
    ("group", "category"), [("young", "commercial-timber"), ("pre-yield", "economic")]
)
@pytest.mark.parametrize(("planted", "past"), [("1993-12-20", True), ("1994-01-20", False)])
def test_a_stand_past_its_rotation_is_not_worth_what_it_cost(group, category, planted, past):
    """Costs of thirty years ago would only grow with interest."""
    row = {**PLAIN, "category": category, "age_group": group, "planted_on": planted}
    row |= {"costs_by_year_yuan_per_mu": [300.0]}
    assert ("past-economic-life" in _codes(row, severity="refuse")) == past


@pytest.mark.parametrize(
    ("group", "planted", "told"),
    [
        ("full-yield", "2023-12-01", "too-young-to-bear"),
        ("full-yield", "2022-01-05", "too-young-to-bear"),
        ("full-yield", "2021-12-05", "bearing-age-unusual"),
        ("full-yield", "2020-01-05", "bearing-age-unusual"),
        ("full-yield", "2019-12-05", None),
        ("pre-yield", "2016-01-05", None),
        ("pre-yield", "2015-12-05", "bearing-age-unusual"),
        ("pre-yield", "1995-04-01", "bearing-age-unusual"),
        ("early-yield", "2023-01-05", "too-young-to-bear"),
        ("early-yield", "2020-04-01", None),
        ("declining", "2020-04-01", "too-young-to-bear"),
        ("declining", "2014-01-05", "bearing-age-unusual"),
        ("declining", "2013-12-05", None),
    ],
)
def test_trees_bear_at_the_ages_at_which_trees_bear(group, planted, told):
    row = {**ORCHARD, "age_group": group, "planted_on": planted, "rotation_years": 60}
    row |= {"costs_by_year_yuan_per_mu": [300.0], "yields_by_year_yuan_per_mu": [100.0, 150.0]}
    severity = "refuse" if told == "too-young-to-bear" else "ask"
    found = run(MODEL, [row]).findings
    ages = {"too-young-to-bear", "bearing-age-unusual"}
    stated = {(each.code, each.field, each.severity) for each in found if each.code in ages}
    assert stated == ({(told, "planted_on", severity)} if told else set())
