"""Baseline, reversal, precision, hazard, price and the approaches beside income, by hand."""

from datetime import date

import numpy as np
import pytest

from risk_models.appraise import basis_on
from risk_models.batches import batch_from_rows
from risk_models.contract import Batch, Price
from risk_models.models.carbon_sink_income import MODEL
from risk_models.registry import science_parameters
from risk_models.runner import value
from risk_models.trace import DAYS_A_YEAR
from tests.risk_models.helpers import ON, SINK, codes, example, run

PLAIN = {
    "area_mu": 1_500.0,
    "removals_tco2e_per_mu": 0.2,
    "baseline_share": 0.0,
    "leakage_share": 0.0,
    "buffer_share": 0.0,
    "yearly_loss_share": 0.0,
    "tax_share": 0.0,
    "monitoring_cost_yuan": 0.0,
    "verification_cost_yuan": 0.0,
    "cost_due_now_yuan": 0.0,
}
TONNE = "yuan/tCO2e"


def sink(**changes):
    return example(MODEL, **{**PLAIN, **changes})


def worth(prices=None, **changes) -> float:
    result = run(MODEL, [sink(**changes)], prices or SINK)
    assert result.valid[0], codes(result, severity="refuse")
    return result.value[0]


WHOLE = worth()
"""Nothing deducted: every other share is read against it."""


def kept(**changes) -> float:
    return worth(**changes) / WHOLE


# ---------------------------------------------------------------------------
# Reversal


def test_reversal_by_methodology_and_by_gold_standard_is_flat():
    assert kept(permanence_basis="k-risk") == pytest.approx(0.90)
    assert kept(permanence_basis="gold-standard") == pytest.approx(0.80)


def test_an_empty_choice_means_the_given_share():
    assert kept(permanence_basis=None, buffer_share=0.15) == pytest.approx(0.85)
    assert kept(permanence_basis="given-share", buffer_share=0.15) == pytest.approx(0.85)


POINTS = {
    "above-70": (None, 30, 20, 5, 4),
    "50-to-70": (30, 20, 5, 4, 3),
    "25-to-50": (20, 5, 4, 3, 2),
    "5-to-25": (5, 4, 3, 2, 1),
    "below-5": (4, 3, 2, 1, 1),
}
RETURNS = ((5, 9.9), (10, 24.9), (25, 49.9), (50, 99.9), (100, 500))


@pytest.mark.parametrize("loss", POINTS)
@pytest.mark.parametrize(("column", "edges"), list(enumerate(RETURNS)))
def test_every_cell_of_the_risk_table(loss, column, edges):
    """Other risks of 20 points keep the sum above the floor of 12."""
    points = POINTS[loss][column]
    for years in edges:
        changes = {
            "permanence_basis": "risk-table",
            "loss_per_event": loss,
            "loss_return_years": years,
            "loss_mitigation": "none",
            "other_risk_points": 20.0,
        }
        result = run(MODEL, [sink(**changes)], SINK)
        if points is None:
            assert codes(result, severity="refuse") == {"risk-failed"}
        else:
            assert result.value[0] / WHOLE == pytest.approx(1.0 - (points + 20.0) / 100.0)


@pytest.mark.parametrize(
    ("mitigation", "factor"),
    [("none", 1.0), ("one-measure", 0.5), ("prevention-and-containment", 0.25)],
)
def test_mitigation_lowers_natural_risk(mitigation, factor):
    share = kept(
        permanence_basis="risk-table",
        loss_per_event="above-70",
        loss_return_years=20,
        loss_mitigation=mitigation,
        other_risk_points=10.0,
    )
    assert share == pytest.approx(1.0 - (30.0 * factor + 10.0) / 100.0)


def test_the_risk_table_has_a_floor():
    share = kept(
        permanence_basis="risk-table",
        loss_per_event="below-5",
        loss_return_years=200,
        loss_mitigation="none",
        other_risk_points=0.0,
    )
    assert share == pytest.approx(0.88)


@pytest.mark.parametrize(("other", "refused"), [(30.0, False), (30.1, True)])
def test_more_than_sixty_points_fail(other, refused):
    changes = {
        "permanence_basis": "risk-table",
        "loss_per_event": "above-70",
        "loss_return_years": 20,
        "loss_mitigation": "none",
        "other_risk_points": other,
    }
    found = codes(run(MODEL, [sink(**changes)], SINK), severity="refuse")
    assert found == ({"risk-failed"} if refused else set())


def test_mitigation_does_not_bring_a_failed_risk_back():
    changes = {
        "permanence_basis": "risk-table",
        "loss_per_event": "above-70",
        "loss_return_years": 9.0,
        "loss_mitigation": "prevention-and-containment",
    }
    assert codes(run(MODEL, [sink(**changes)], SINK), severity="refuse") == {"risk-failed"}


def test_the_floor_of_a_given_buffer_is_asked_about_only_where_it_counts():
    assert "buffer-below-floor" in codes(run(MODEL, [sink()], SINK))
    assert "buffer-below-floor" not in codes(run(MODEL, [sink(permanence_basis="k-risk")], SINK))


# ---------------------------------------------------------------------------
# Baseline and leakage


def test_shares_of_baseline_leakage_and_buffer_multiply():
    share = kept(baseline_share=0.05, leakage_share=0.02, buffer_share=0.1)
    assert share == pytest.approx(0.95 * 0.98 * 0.9)


FROM, UNTIL = date(2022, 7, 1), date(2052, 7, 1)


@pytest.mark.parametrize(
    ("baseline", "yearly", "years"),
    [
        ({"baseline_basis": "crown-cover"}, 44 / 12 * 0.47 * 1.25 * 1.6 * 0.03 / 15, 20.0),
        (
            {"baseline_basis": "stock-growth", "species": "birch"},
            0.02 * 0.7 * 3.5 * 1.8 * 0.4682 * 44 / 12 / 15,
            (UNTIL - FROM).days / DAYS_A_YEAR,
        ),
    ],
)
def test_only_a_baseline_by_crown_cover_stops_after_year_twenty(baseline, yearly, years):
    changes = {
        "crediting_starts_on": FROM.isoformat(),
        "crediting_ends_on": UNTIL.isoformat(),
        "right_ends_on": "2053-07-01",
        "leakage_share": 0.02,
        "buffer_share": 0.1,
    }
    row = sink(**baseline, **changes)
    result = run(MODEL, [row], SINK)
    since = (date(2023, 7, 1) - FROM).days / DAYS_A_YEAR
    tonnes, unit = result.quantities["baseline"]
    assert unit == "tCO2e"
    assert tonnes[0] == pytest.approx(-1_500 * yearly * 0.98 * 0.9 * (years - since), rel=1e-9)
    assert result.components["baseline"][0] < 0.0
    gross = run(MODEL, [sink(**changes)], SINK)
    sold = result.components["credit_sales"][0]
    assert sold == pytest.approx(gross.components["credit_sales"][0], rel=1e-12)


def test_a_baseline_by_stock_overstates_what_grows():
    result = run(MODEL, [sink(baseline_basis="stock-growth", species="larch")], SINK, trace=True)
    steps = {step.name: step.value for step in result.trace}
    yearly = 0.02 * 0.7 * 3.5 * 1.8 * 0.4927 * 44 / 12 / 15
    assert steps["baseline_removals"] == pytest.approx(yearly)
    unknown = run(MODEL, [sink(baseline_basis="stock-growth", species=None)], SINK)
    assert unknown.value[0] < result.value[0]


def test_a_baseline_above_the_project_is_asked_about():
    row = sink(baseline_basis="crown-cover", baseline_cover_share=0.9, forest_growth_t_per_ha=8.0)
    result = run(MODEL, [row], SINK)
    assert result.valid[0]
    assert {"removals-below-baseline", "negative-value"} <= codes(result, severity="ask")


# ---------------------------------------------------------------------------
# Precision


@pytest.mark.parametrize(
    ("half", "taken"),
    [
        (0.0, 0.0),
        (0.10, 0.0),
        (0.1001, 0.25),
        (0.15, 0.25),
        (0.1501, 0.5),
        (0.20, 0.5),
        (0.2001, 0.75),
        (0.30, 0.75),
        (0.3001, 1.0),
        (1.0, 1.0),
    ],
)
def test_the_ladder_takes_off_a_share_of_the_half_width(half, taken):
    share = kept(precision_basis="half-width", half_width_share=half)
    assert share == pytest.approx(1.0 - half * taken, abs=1e-12)


@pytest.mark.parametrize(("half", "left"), [(0.2, 1.0), (0.23, 0.97), (0.5, 0.7)])
def test_gold_standard_takes_off_what_is_above_twenty_per_cent(half, left):
    share = kept(
        precision_basis="half-width", precision_rule="gold-standard", half_width_share=half
    )
    assert share == pytest.approx(left)


def test_strata_are_weighted_by_their_area():
    """b = 0.6 x 40 + 0.4 x 20; the error by hand, t at 90 % with 26 degrees is 1.7056."""
    row = sink(
        precision_basis="plots",
        strata_areas_mu=(600.0, 400.0),
        strata_means=(40.0, 20.0),
        strata_spreads=(12.0, 9.0),
        strata_plots=(18, 10),
    )
    steps = {step.name: step.value for step in run(MODEL, [row], SINK, trace=True).trace}
    error = ((0.6 * 12) ** 2 / 18 + (0.4 * 9) ** 2 / 10) ** 0.5
    assert steps["sample_mean"] == pytest.approx(32.0)
    assert steps["sample_error"] == pytest.approx(error)
    assert steps["sample_freedom"] == 26.0
    assert steps["half_width"] == pytest.approx(1.70562 * error / 32.0, rel=1e-5)
    assert steps["accountable_share"] == pytest.approx(1.0 - 0.25 * steps["half_width"])


def test_an_imprecise_sample_is_asked_about():
    def found(half):
        return codes(run(MODEL, [sink(precision_basis="half-width", half_width_share=half)], SINK))

    assert "sample-imprecise" in found(0.3001)
    assert "sample-imprecise" not in found(0.30)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"strata_means": (45.0,)}, "strata-unequal"),
        ({"strata_plots": (34,)}, "strata-unequal"),
        ({"strata_plots": (34, 1)}, "below-minimum"),
        ({"strata_areas_mu": None}, "missing-field"),
        ({"precision_rule": None}, "missing-field"),
        ({"precision_basis": "half-width", "half_width_share": None}, "missing-field"),
    ],
)
def test_samples_that_do_not_fit_together_are_refused(changes, code):
    result = run(MODEL, [sink(**{"precision_basis": "plots", **changes})], SINK)
    assert code in codes(result, severity="refuse")


# ---------------------------------------------------------------------------
# Hazard, first issuance, development


def test_the_hazard_counts_once():
    as_survival = worth(yearly_loss_share=0.01)
    in_rate = worth(hazard_treatment="in-rate", yearly_loss_share=None, discount_rate=0.09)
    assert as_survival < WHOLE
    assert in_rate < WHOLE
    assert worth(hazard_treatment="in-rate", yearly_loss_share=0) == pytest.approx(WHOLE)
    twice = run(MODEL, [sink(hazard_treatment="in-rate", yearly_loss_share=0.01)], SINK)
    assert codes(twice, severity="refuse") == {"hazard-twice"}


@pytest.mark.parametrize("treatment", ["survival", None])
def test_survival_needs_its_hazard(treatment):
    row = sink(hazard_treatment=treatment, yearly_loss_share=None)
    assert codes(run(MODEL, [row], SINK), severity="refuse") == {"missing-field"}


def test_the_first_issuance_waits_and_covers_what_grew():
    def steps(day):
        result = run(MODEL, [sink(first_issuance_on=day)], SINK, trace=True)
        return {step.name: step.value for step in result.trace}

    soon, waiting = steps("2025-06-30"), steps("2025-07-10")
    assert soon["periods_due"] == 1.0
    assert waiting["periods_due"] == 2.0
    assert waiting["next_verification_years"] == pytest.approx(
        soon["next_verification_years"] + 2.0
    )
    assert waiting["years_credited"][0] == pytest.approx(4.0)
    assert worth(first_issuance_on="2025-07-10") < WHOLE
    assert worth(first_issuance_on=None) == pytest.approx(WHOLE)
    assert worth(first_issuance_on="2020-01-01") == pytest.approx(WHOLE)


def test_development_counts_until_it_is_paid():
    assert worth(development_cost="sunk") == WHOLE
    owed = worth(development_cost="to-be-paid", development_cost_yuan=45_000)
    assert owed == pytest.approx(WHOLE - 45_000)


# ---------------------------------------------------------------------------
# Price


def ccer(spot, *averages):
    ids = ("ccer-vwap-20d", "ccer-vwap-250d")
    known = {"ccer": spot, **dict(zip(ids, averages, strict=False))}
    return {name: Price(yuan=yuan, unit=TONNE) for name, yuan in known.items()}


def test_the_lower_of_the_averages_counts_and_not_the_last_trade():
    row = {"registration": "ccer", "price_basis": "lower-average"}
    spot = worth(ccer(88.0), registration="ccer")
    assert worth(ccer(88.0, 80.0, 70.0), **row) == pytest.approx(spot * 70 / 88)
    assert worth(ccer(60.0, 80.0, 70.0), **row) == pytest.approx(spot * 70 / 88)
    assert worth(ccer(88.0, 80.0, 70.0), registration="ccer") == pytest.approx(spot)


def test_a_missing_average_is_asked_about_and_the_lowest_known_price_counts():
    row = {"registration": "ccer", "price_basis": "lower-average"}
    spot = worth(ccer(88.0), registration="ccer")
    result = run(MODEL, [sink(**row)], ccer(60.0, 80.0))
    assert "average-missing" in codes(result, severity="ask")
    assert result.value[0] == pytest.approx(spot * 60 / 88)
    whole = run(MODEL, [sink(**row)], ccer(60.0, 80.0, 70.0))
    assert "average-missing" not in codes(whole)
    local = run(MODEL, [sink(price_basis="lower-average")], SINK)
    assert "average-missing" in codes(local, severity="ask")
    assert local.value[0] == pytest.approx(WHOLE)


def test_an_average_that_ended_is_refused_where_it_is_wanted():
    prices = ccer(88.0, 80.0, 70.0)
    prices["ccer-vwap-250d"] = Price(yuan=70.0, unit=TONNE, priced_on=date(2023, 1, 1))
    rows = [sink(registration="ccer", price_basis=basis) for basis in ("lower-average", None)]
    result = run(MODEL, rows, prices)
    assert codes(result, 0, severity="refuse") == {"price-ended"}
    assert list(result.valid) == [False, True]


@pytest.mark.parametrize(("usual", "asked"), [(29.99, True), (30.0, False), (None, False)])
def test_a_price_above_its_usual_height_is_asked_about(usual, asked):
    found = codes(run(MODEL, [sink(usual_price_yuan=usual)], SINK))
    assert ("price-above-usual" in found) == asked


@pytest.mark.parametrize("usual", [None, 90.0])
@pytest.mark.parametrize(
    ("yuan", "asked"), [(95.0, False), (95.01, True), (200.0, True), (300.0, True)]
)
def test_a_price_above_every_market_is_asked_about_once(yuan, asked, usual):
    # Waiting for the verifications, a tonne of 157 yuan is worth less than the highest price of the band.
    found = codes(run(MODEL, [sink(registration="ccer", usual_price_yuan=usual)], ccer(yuan)))
    of_prices = {code for code in found if "price" in code}
    kept = {"price-above-usual"} if usual and not asked else set()
    assert of_prices == ({"price-above-band"} if asked else kept)


def test_the_price_claimed_for_wuning_is_asked_about():
    plot = {"area_mu": 20_800.0, "removals_tco2e_per_mu": 6_370.0 / 20_800.0}
    claimed = run(MODEL, [sink(registration="ccer", **plot)], ccer(157.0))
    (told,) = [each for each in claimed.findings if each.code == "price-above-band"]
    assert (told.severity, told.facts["price"][0], told.facts["limit"][0]) == ("ask", 157.0, 95.0)
    assert "price-above-band" not in codes(
        run(MODEL, [sink(registration="ccer", **plot)], ccer(88.0))
    )


def test_the_growth_of_the_mean_that_counts_is_the_growth_of_the_row():
    row = sink(registration="ccer", price_basis="lower-average")
    means = {
        "ccer-vwap-20d": Price(yuan=80.0, unit=TONNE, growth=0.01),
        "ccer-vwap-250d": Price(yuan=75.0, unit=TONNE, growth=0.04),
    }
    spot = sink(registration="ccer")
    grown = run(MODEL, [spot], {"ccer": Price(yuan=75.0, unit=TONNE, growth=0.04)})
    # Neither without the price of the day, nor with one that ended long ago and is not used.
    for beside in ({}, {"ccer": Price(yuan=60.0, unit=TONNE, priced_on=date(2023, 1, 1))}):
        result = run(MODEL, [row], {**means, **beside})
        assert not codes(result, severity="refuse")
        assert result.value[0] == pytest.approx(grown.value[0], rel=1e-12)
        assert "price-growth-above-band" in codes(result, severity="ask")
    mixed = run(MODEL, [row, spot], {**means, "ccer": Price(yuan=75.0, unit=TONNE)})
    alone = run(MODEL, [spot], {"ccer": Price(yuan=75.0, unit=TONNE)})
    assert mixed.value == pytest.approx([grown.value[0], alone.value[0]], rel=1e-12)


def test_one_mean_alone_counts_and_without_any_the_price_of_the_day_is_needed():
    row = sink(registration="ccer", price_basis="lower-average")
    one = run(MODEL, [row], {"ccer-vwap-20d": Price(yuan=80.0, unit=TONNE)})
    assert "average-missing" in codes(one, severity="ask")
    assert one.value[0] == pytest.approx(worth(ccer(80.0), registration="ccer"))
    assert codes(run(MODEL, [row], {}), severity="refuse") == {"price-missing"}


# ---------------------------------------------------------------------------
# Market and cost


DEALS = {
    "tonnes_for_sale_tco2e": 1_000.0,
    "comparable_prices_yuan": (20.0, 30.0, 40.0),
    "comparable_factors": (1.1, 1.0, 0.9),
    "comparable_weights": (1.0, 2.0, 1.0),
}
PER_TONNE = (22.0 + 2 * 30.0 + 36.0) / 4.0


def test_income_stands_alone_without_other_evidence():
    for evidence in ("income-only", None):
        result = run(MODEL, [sink(other_evidence=evidence, **DEALS)], SINK)
        assert result.weights["income"][0] == 1.0
        assert np.isnan(result.approaches["market"][0])
        assert np.isnan(result.approaches["cost"][0])
        assert "nothing to rest on" in result.reasons[result.reason[0]].en


def test_comparable_deals_bring_in_the_market():
    result = run(MODEL, [sink(other_evidence="comparables", **DEALS)], SINK)
    assert result.approaches["market"][0] == pytest.approx(1_000 * PER_TONNE)
    assert result.weights["market"][0] == 0.3
    assert result.weights["cost"][0] == 0.0
    assert result.value[0] == pytest.approx(0.7 * WHOLE + 0.3 * 1_000 * PER_TONNE)
    assert result.components["comparable_sales"][0] == pytest.approx(0.3 * 1_000 * PER_TONNE)
    assert "cost approach does not apply" in result.reasons[result.reason[0]].en


def test_costs_compound_from_the_start_of_their_year():
    """K = 0.9: 21 for four years, 6 for three, 4 for two, 3 for one, at 8 %."""
    result = run(MODEL, [sink(other_evidence="costs")], SINK)
    per_mu = sum(
        cost * 1.08**years for cost, years in zip((21, 6, 4, 3), (4, 3, 2, 1), strict=True)
    )
    assert result.approaches["cost"][0] == pytest.approx(0.9 * 1_500 * per_mu)
    assert result.weights["cost"][0] == 0.2
    assert "market approach does not apply" in result.reasons[result.reason[0]].en


@pytest.mark.parametrize(
    ("registration", "market", "cost"),
    [
        ("local-filing", 0.3, 0.2),
        ("ccer", 0.4, 0.1),
        ("pilot", 0.4, 0.1),
        ("carbon-ticket", 0.6, 0.1),
    ],
)
def test_weights_follow_the_registration(registration, market, cost):
    prices = {
        name: Price(yuan=30.0, unit=TONNE)
        for name in ("local-sink", "ccer", "pilot-sink", "carbon-ticket")
    }
    row = sink(registration=registration, other_evidence="both", **DEALS)
    result = run(MODEL, [row], prices)
    found = {name: float(weight[0]) for name, weight in result.weights.items()}
    assert found == pytest.approx({"income": 1.0 - market - cost, "market": market, "cost": cost})
    assert sum(found.values()) == pytest.approx(1.0)


def test_the_implied_price_is_not_moved_by_costs_without_tonnes():
    """Costs carry no tonnes; the sink is not taken for dearer because of them."""
    row = sink(other_evidence="costs", quality_k=1.0, costs_by_year_yuan_per_mu=(20.0,))
    assert "implied-price-outside-band" not in codes(run(MODEL, [row], SINK))


@pytest.mark.parametrize(
    ("changes", "code", "severity"),
    [
        ({"comparable_factors": (1.0, 1.0)}, "comparables-unequal", "refuse"),
        ({"comparable_weights": (0.0, 0.0, 0.0)}, "comparables-without-weight", "refuse"),
        ({"tonnes_for_sale_tco2e": None}, "missing-field", "refuse"),
        ({"comparable_factors": (1.0, 1.51, 1.0)}, "comparable-far", "ask"),
        ({"comparable_factors": (1.0, 0.49, 1.0)}, "comparable-far", "ask"),
        (
            {
                "comparable_prices_yuan": (20.0, 30.0),
                "comparable_factors": (1.0, 1.0),
                "comparable_weights": (1.0, 1.0),
            },
            "comparables-few",
            "ask",
        ),
    ],
)
def test_deals_that_do_not_hold_are_named(changes, code, severity):
    row = sink(**{"other_evidence": "comparables", **DEALS, **changes})
    assert code in codes(run(MODEL, [row], SINK), severity=severity)


def test_deals_at_the_border_are_not_asked_about():
    row = sink(other_evidence="comparables", **{**DEALS, "comparable_factors": (0.5, 1.0, 1.5)})
    assert not {"comparable-far", "comparables-few"} & codes(run(MODEL, [row], SINK))


# ---------------------------------------------------------------------------
# Columns told once


def test_inputs_no_row_has_are_told_once_for_all():
    needed = {
        name: given
        for name, given in sink().items()
        if name in {*PLAIN, "sink_kind", "registration", "removal_basis", "crediting_starts_on"}
        or name in {"crediting_ends_on", "last_verified_on", "right_ends_on", "discount_rate"}
        or name == "verification_every_years"
    }
    parameters = science_parameters().on(ON)
    batch = batch_from_rows(MODEL.spec, [needed, {**needed, "area_mu": 150.0}], parameters)
    assert batch.is_constant("strata_plots")
    assert batch.is_constant("species")
    assert not batch.is_constant("area_mu")
    taken = batch.take(np.array([1, 0, 1]))
    assert taken.is_constant("strata_plots")
    assert taken.columns["strata_plots"].shape == (3, 12)
    one = batch_from_rows(MODEL.spec, [needed], parameters)
    assert not one.is_constant("species")
    found = run(MODEL, [needed, {**needed, "area_mu": 150.0}], SINK)
    assert found.value[0] == pytest.approx(WHOLE)
    assert found.value[1] == pytest.approx(WHOLE / 10)


def test_a_constant_column_of_a_real_input_counts_for_every_row():
    """A bound broken by the one row that is told for all refuses all."""
    parameters = science_parameters().on(ON)
    rows = [sink(), sink()]
    batch = batch_from_rows(MODEL.spec, rows, parameters)
    columns = {**batch.columns, "area_mu": np.broadcast_to(np.array([-1.0]), (2,))}
    wrong = Batch(n=2, columns=columns, levels=batch.levels)
    assert not value(MODEL, wrong, basis_on(ON, SINK)).valid.any()
