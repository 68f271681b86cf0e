"""The carbon-sink income model: money in lumps, costs that stay, prices that must exist."""

import math
from datetime import date, timedelta
from itertools import pairwise

import pytest

from risk_models.contract import Price
from risk_models.models.carbon_sink_income import MODEL
from risk_models.trace import DAYS_A_YEAR
from tests.risk_models.helpers import ON, SINK, codes, example, run

PLAIN = {
    "baseline_share": 0.0,
    "leakage_share": 0.0,
    "buffer_share": 0.2,
    "yearly_loss_share": 0.0,
    "tax_share": 0.0,
    "monitoring_cost_yuan": 0.0,
    "verification_cost_yuan": 0.0,
    "cost_due_now_yuan": 0.0,
}


def test_sales_equal_their_closed_form():
    """Every two years 29,600 mu x 0.174688 t x 2 years x 0.8, until July 2042."""
    result = run(MODEL, [example(MODEL, **PLAIN)], SINK)
    first = 2.0 - (ON - date(2023, 7, 1)).days / DAYS_A_YEAR
    yearly = 29_600 * 0.174688 * 0.8
    since = (date(2023, 7, 1) - date(2022, 7, 1)).days / DAYS_A_YEAR
    total = (date(2042, 7, 1) - date(2022, 7, 1)).days / DAYS_A_YEAR
    credited = [
        min(since + 2 * (turn + 1), total) - min(since + 2 * turn, total) for turn in range(10)
    ]
    closed = sum(
        30.0 * yearly * share * 1.08 ** -(first + 2 * turn) for turn, share in enumerate(credited)
    )
    assert result.value[0] == pytest.approx(closed, rel=1e-12)
    tonnes, unit = result.quantities["credit_sales"]
    assert unit == "tCO2e"
    assert tonnes[0] == pytest.approx(yearly * (total - since), rel=1e-12)


def test_a_validated_table_of_equal_years_equals_the_yearly_rate():
    by_rate = example(MODEL, removals_tco2e_per_mu=0.15)
    by_table = example(
        MODEL,
        removal_basis="validated-table",
        removals_by_year_tco2e_per_mu=[0.15] * 20,
    )
    result = run(MODEL, [by_rate, by_table], SINK)
    assert result.value[1] == pytest.approx(result.value[0], rel=1e-9)


def test_a_growing_table_pays_later_than_its_mean():
    growing = [0.02 * year for year in range(1, 21)]
    mean = sum(growing) / 20
    result = run(
        MODEL,
        [
            example(MODEL, removals_tco2e_per_mu=mean),
            example(MODEL, removal_basis="validated-table", removals_by_year_tco2e_per_mu=growing),
        ],
        SINK,
    )
    assert result.value[1] < result.value[0]


def test_a_fall_of_the_price_lowers_the_value_by_more_than_its_share():
    row = example(MODEL)
    full = run(MODEL, [row], SINK)
    low = run(MODEL, [row], {"local-sink": Price(yuan=21.0, unit="yuan/tCO2e")})
    assert low.value[0] < 0.7 * full.value[0]
    assert low.components["credit_sales"][0] == pytest.approx(
        0.7 * full.components["credit_sales"][0]
    )
    for cost in ("verification", "monitoring", "due_now"):
        assert low.components[cost][0] == full.components[cost][0]


def test_a_missing_price_is_refused_and_never_zero():
    result = run(MODEL, [example(MODEL)], {})
    assert codes(result, severity="refuse") == {"price-missing"}
    assert not result.valid[0]
    assert math.isnan(result.value[0])


def test_national_credits_have_no_price_on_the_first_business_day_of_2024():
    result = run(MODEL, [example(MODEL, registration="ccer")], SINK, on=date(2024, 1, 2))
    assert "price-missing" in codes(result, severity="refuse")


def test_only_the_rows_without_a_price_are_refused():
    rows = [example(MODEL), example(MODEL, registration="ccer"), example(MODEL)]
    result = run(MODEL, rows, SINK)
    assert list(result.valid) == [True, False, True]
    assert result.value[0] == result.value[2]


def test_a_price_that_ended_long_before_the_day_is_refused():
    def refused(day):
        price = Price(yuan=30.0, unit="yuan/tCO2e", priced_on=day)
        return codes(run(MODEL, [example(MODEL)], {"local-sink": price}), severity="refuse")

    assert refused(ON - timedelta(days=60)) == set()
    assert refused(ON - timedelta(days=61)) == {"price-ended"}


def test_a_price_of_another_unit_is_refused():
    price = {"local-sink": Price(yuan=30.0, unit="yuan/tC")}
    assert codes(run(MODEL, [example(MODEL)], price), severity="refuse") == {"price-unit"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"right_ends_on": "2023-12-26"}, "right-ended"),
        ({"last_verified_on": "2023-12-27"}, "verified-after-valuation-day"),
        ({"last_verified_on": "2022-06-30"}, "verified-before-crediting"),
        ({"crediting_ends_on": "2022-07-01"}, "crediting-ends-before-it-starts"),
        ({"crediting_ends_on": "2023-07-01"}, "crediting-ended"),
        ({"removals_tco2e_per_mu": 1.3334}, "removals-not-credible"),
        ({"removals_tco2e_per_mu": None}, "missing-field"),
        ({"area_mu": -1}, "below-minimum"),
        ({"verification_every_years": 2.5}, "not-whole"),
    ],
)
def test_contradictory_inputs_are_refused(changes, code):
    assert code in codes(run(MODEL, [example(MODEL, **changes)], SINK), severity="refuse")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"right_ends_on": "2023-12-27"}, "right-ended"),
        ({"last_verified_on": "2023-12-26"}, "verified-after-valuation-day"),
        ({"last_verified_on": "2022-07-01"}, "verified-before-crediting"),
        ({"removals_tco2e_per_mu": 1.3333}, "removals-not-credible"),
    ],
)
def test_the_day_and_the_figure_at_the_border_are_accepted(changes, code):
    assert code not in codes(run(MODEL, [example(MODEL, **changes)], SINK))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"removals_tco2e_per_mu": 0.67}, "removals-above-band"),
        ({"discount_rate": 0.1201}, "rate-outside-band"),
        ({"discount_rate": 0.0599}, "rate-outside-band"),
        ({"buffer_share": 0.0999}, "buffer-below-floor"),
        ({"right_ends_on": "2042-06-30"}, "right-ends-before-crediting"),
        ({"last_verified_on": "2021-12-25", "crediting_starts_on": "2021-01-01"},
         "verification-overdue"),
        ({"cost_due_now_yuan": 9e6}, "negative-value"),
        ({"cost_due_now_yuan": 9e6}, "implied-price-outside-band"),
    ],
)  # fmt: skip
def test_what_a_reviewer_must_look_at_is_found_and_still_valued(changes, code):
    result = run(MODEL, [example(MODEL, **changes)], SINK)
    assert result.valid[0]
    assert code in codes(result)


def test_the_example_gives_no_finding():
    assert codes(run(MODEL, [example(MODEL)], SINK)) == set()


def test_steep_growth_of_the_price_asks():
    price = {"local-sink": Price(yuan=30.0, unit="yuan/tCO2e", growth=0.031)}
    assert "price-growth-above-band" in codes(run(MODEL, [example(MODEL)], price))


def test_revaluation_day_by_day_makes_no_saw_tooth():
    """Between verifications the value creeps up by about a day of interest, at month ends too."""
    row = example(MODEL)
    days = [date(2024, 5, 1) + timedelta(days=step) for step in range(400)]
    values = [run(MODEL, [row], SINK, on=day).value[0] for day in days]
    moves = [after / before - 1.0 for before, after in pairwise(values)]
    assert min(moves) > 0.0
    assert max(moves) < 2.0 * 0.085 / DAYS_A_YEAR


def test_a_missed_verification_is_made_up_by_the_next():
    late = example(MODEL, crediting_starts_on="2019-07-01", last_verified_on="2019-07-01")
    trace = {step.name: step.value for step in run(MODEL, [late], SINK, trace=True).trace}
    assert trace["periods_due"] == 3.0
    assert trace["years_credited"][0] == pytest.approx(6.0)
    assert trace["years_credited"][2] == pytest.approx(2.0)


def test_no_area_costs_nothing_and_is_worth_nothing():
    assert run(MODEL, [example(MODEL, area_mu=0)], SINK).value[0] == 0.0
