"""Careless inputs of carbon sinks are asked about, at the input they stand in."""

import pytest

from risk_models.contract import Price
from risk_models.models.carbon_sink_income import MODEL
from tests.risk_models.helpers import SINK, codes, example, run

DEALS = {
    "other_evidence": "comparables",
    "comparable_prices_yuan": [26.0, 31.0, 34.0],
    "comparable_factors": [1.0, 1.0, 1.0],
    "comparable_weights": [1.0, 1.0, 1.0],
}
PLOTS = {"precision_basis": "plots", "strata_means": [45.0], "strata_spreads": [12.0]}


def found(**changes):
    return run(MODEL, [example(MODEL, **changes)], SINK)


def fields_of(result, code) -> set[str]:
    return {each.field for each in result.findings if each.code == code}


@pytest.mark.parametrize(
    ("choice", "left_out"),
    [
        ("baseline_basis", {"baseline_growth_m3_per_ha": 0.02}),
        ("permanence_basis", {"loss_per_event": "5-to-25"}),
        ("precision_basis", {"half_width_share": 0.4}),
        ("precision_basis", {"strata_means": [45.0]}),
        ("development_cost", {"development_cost_yuan": 45_000.0}),
        ("other_evidence", {"costs_by_year_yuan_per_mu": [21.0]}),
    ],
)
def test_a_choice_left_empty_beside_its_inputs_is_asked_about(choice, left_out):
    bare = {
        each.name: None
        for each in MODEL.spec.fields
        if each.needed_when is not None and each.needed_when[0] == choice
    }
    stated = {"baseline_share": 0.04, "buffer_share": 0.1} | {choice: None}
    asked = found(**{**bare, **stated, **left_out})
    assert fields_of(asked, "choice-left-empty") == {choice}
    assert "choice-left-empty" not in codes(found(**{**bare, **stated}))


def test_an_answered_choice_leaves_other_inputs_aside_without_a_question():
    assert "choice-left-empty" not in codes(found())


def test_a_hazard_above_the_usual_is_asked_about():
    assert "hazard-above-band" in codes(found(yearly_loss_share=0.051), severity="ask")
    assert "hazard-above-band" not in codes(found(yearly_loss_share=0.05))


def test_tonnes_beyond_what_the_plan_can_give_are_asked_about():
    # 29,600 mu x 0.174688 x 20 years x 0.96 x 0.99 x 0.9 are 88,460 t from first to last.
    assert "tonnes-above-plan" in codes(found(**DEALS, tonnes_for_sale_tco2e=89_000.0))
    assert "tonnes-above-plan" not in codes(found(**DEALS, tonnes_for_sale_tco2e=88_000.0))


@pytest.mark.parametrize(
    ("strata", "asked"),
    [
        (30_000.0, {"strata-above-area"}),
        (29_700.0, set()),
        (29_310.0, set()),
        (29_300.0, {"strata-below-area"}),
        (100.0, {"strata-below-area"}),
    ],
)
def test_strata_that_are_not_the_whole_sink_are_asked_about(strata, asked):
    told = codes(found(**PLOTS, strata_plots=[30.0], strata_areas_mu=[strata]))
    assert {code for code in told if code.startswith("strata-")} == asked


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"removals_tco2e_per_mu": 1.0}, "removals_tco2e_per_mu"),
        (
            {"removal_basis": "validated-table", "removals_by_year_tco2e_per_mu": [0.5, 1.0]},
            "removals_by_year_tco2e_per_mu",
        ),
        ({"removal_basis": "gain-loss", "growth_t_per_ha": 6.0}, "growth_t_per_ha"),
        (
            {"removal_basis": "own-curve", "curve_a_m3_per_ha": 300.0, "curve_k": 0.15},
            "removal_basis",
        ),
    ],
)
def test_removals_above_the_band_are_asked_about_where_they_are_stated(changes, field):
    assert fields_of(found(**changes), "removals-above-band") == {field}


def test_hazard_and_rate_stand_together_in_the_form():
    names = [each.name for each in MODEL.spec.fields]
    at = names.index("discount_rate")
    assert names[at : at + 3] == ["discount_rate", "hazard_treatment", "yearly_loss_share"]


@pytest.mark.parametrize("factor", [15.0, 1 / 15])
def test_an_area_in_the_other_unit_is_asked_about_by_what_its_care_costs(factor):
    area = example(MODEL)["area_mu"]
    assert "area_mu" not in fields_of(found(), "units-mixed")
    result = found(area_mu=area * factor)
    assert "area_mu" in fields_of(result, "units-mixed")
    assert "care-outside-band" not in codes(result)
    (told,) = (each for each in result.findings if each.code == "units-mixed")
    for name in ("monitoring_cost_yuan", "verification_cost_yuan"):
        title = MODEL.spec.field(name).title
        assert title.en in told.detail.en
        assert title.zh in told.detail.zh


@pytest.mark.parametrize("factor", [1_000.0, 0.001])
def test_an_area_beyond_any_unit_is_asked_about_as_well(factor):
    result = found(area_mu=example(MODEL)["area_mu"] * factor)
    assert fields_of(result, "care-outside-band") == {"area_mu"}
    assert "area_mu" not in fields_of(result, "units-mixed")


@pytest.mark.parametrize(
    ("yuan_per_mu", "asked"), [(0.0699, True), (0.0701, False), (2.999, False), (3.001, True)]
)
def test_care_is_asked_about_on_either_side_of_its_band(yuan_per_mu, asked):
    area = example(MODEL)["area_mu"]
    costs = {"monitoring_cost_yuan": yuan_per_mu * area, "verification_cost_yuan": 0.0}
    told = codes(found(**costs))
    assert bool(told & {"units-mixed", "care-outside-band"}) == asked


def test_a_sink_without_any_costs_is_not_judged_by_them():
    free = {"monitoring_cost_yuan": 0.0, "verification_cost_yuan": 0.0}
    assert not codes(found(**free)) & {"units-mixed", "care-outside-band"}


def test_what_is_found_of_a_price_stands_at_no_input():
    growing = {"local-sink": Price(yuan=30.0, unit="yuan/tCO2e", growth=0.2)}
    grown = run(MODEL, [example(MODEL)], growing)
    assert fields_of(grown, "price-growth-above-band") == {""}
    missing = run(MODEL, [example(MODEL)])
    assert fields_of(missing, "price-missing") == {""}
