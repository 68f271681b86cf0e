"""Removals by curve, yield table, crown cover and soil, worked out by hand and by plain Python."""

import math
from datetime import date

import pytest

from risk_models.appraise import basis_on
from risk_models.batches import batch_from_rows
from risk_models.contract import Price
from risk_models.engines.scenarios import Simulation
from risk_models.models import forest_right
from risk_models.models.carbon_sink_income import MODEL
from risk_models.runner import value as worth
from risk_models.trace import DAYS_A_YEAR
from tests.risk_models.helpers import SINK, codes, example, run

PLAIN = {
    "area_mu": 1_500.0,
    "baseline_share": 0.0,
    "leakage_share": 0.0,
    "buffer_share": 0.1,
    "yearly_loss_share": 0.0,
    "tax_share": 0.0,
    "monitoring_cost_yuan": 0.0,
    "verification_cost_yuan": 0.0,
    "cost_due_now_yuan": 0.0,
}
STARTED, ENDED, PLANTED = date(2022, 7, 1), date(2042, 7, 1), date(2018, 4, 15)
VERIFIED, ON = date(2023, 7, 1), date(2023, 12, 26)
EVERY = 2


def between(since: date, until: date) -> float:
    return (until - since).days / DAYS_A_YEAR


def income(stored, limit=math.inf) -> float:
    """Money of lumps of 1,500 mu, from what is stored per mu after some crediting years."""
    whole, since = between(STARTED, ENDED), between(STARTED, VERIFIED)
    at, total = EVERY - between(VERIFIED, ON), 0.0
    right = between(ON, date(2043, 12, 31))
    while at <= right:
        until = since + EVERY
        tonnes = stored(min(until, whole, limit)) - stored(min(since, whole, limit))
        total += 1_500 * 0.9 * max(0.0, tonnes) * 30.0 / 1.08**at
        since, at = until, at + EVERY
    return total


def sink(**changes):
    return example(MODEL, **{**PLAIN, **changes})


def value(**changes) -> float:
    result = run(MODEL, [sink(**changes)], SINK, trace=True)
    assert result.valid[0], codes(result, severity="refuse")
    return result.value[0]


AGE = between(PLANTED, STARTED)


def curve(a, k, c):
    return lambda crediting: a * (1.0 - math.exp(-k * (AGE + crediting))) ** c


CARBON = 0.4927 * 44 / 12 / 15


def test_a_growth_curve_is_turned_into_carbon_by_regression():
    stock = curve(240, 0.045, 2.2)
    found = value(removal_basis="growth-curve", species="larch", conversion="regression")
    expected = income(lambda crediting: (0.6079 * stock(crediting) + 17.062) * CARBON)
    assert found == pytest.approx(expected, rel=1e-10)


def test_density_expansion_and_roots_multiply():
    stock = curve(240, 0.045, 2.2)
    found = value(removal_basis="growth-curve", species="larch", conversion="expansion")
    factor = 0.490 * 1.416 * 1.212 * CARBON
    assert found == pytest.approx(income(lambda at: stock(at) * factor), rel=1e-10)


def test_conservative_factors_count_least():
    stock = curve(240, 0.045, 2.2)
    changes = {"removal_basis": "growth-curve", "species": "larch"}
    found = value(**changes, conversion="gold-standard")
    factor = 0.3 * 1.1 * 1.2 * CARBON
    assert found == pytest.approx(income(lambda at: stock(at) * factor), rel=1e-10)
    others = [value(**changes, conversion=each) for each in ("regression", "expansion")]
    assert found < min(others)


def test_own_figures_make_their_own_curve():
    stock = curve(210, 0.05, 2.1)
    found = value(removal_basis="own-curve", species="larch", conversion="regression")
    expected = income(lambda crediting: (0.6079 * stock(crediting)) * CARBON)
    assert found == pytest.approx(expected, rel=1e-10)


def test_the_curve_of_the_table_equals_the_same_own_figures():
    same = {"curve_a_m3_per_ha": 240, "curve_k": 0.045, "curve_c": 2.2}
    rows = [
        sink(removal_basis="growth-curve", species="larch", conversion="stock-factors"),
        sink(removal_basis="own-curve", species="larch", conversion="stock-factors", **same),
    ]
    result = run(MODEL, rows, SINK)
    assert result.value[0] == pytest.approx(result.value[1], rel=1e-12)


def test_a_yield_table_is_read_at_the_age_of_the_trees():
    table = (0.0, 5.0, 12.0, 25.0, 50.0, 100.0)

    def stock(crediting):
        place = (AGE + crediting) / 6.0
        low = int(place)
        return table[low] + (table[min(low + 1, 5)] - table[low]) * (place - low)

    found = value(removal_basis="yield-table", species="chinese-pine", conversion="regression")
    expected = income(lambda at: 0.7709 * stock(at) * CARBON)
    assert found == pytest.approx(expected, rel=1e-10)


def test_classes_of_stock_take_the_factors_of_the_stock_grown_to():
    """At 60 m3 a conifer other than pine has 1.0 t/m3 and, at 60 t/ha, roots of 0.29."""
    steps = {
        step.name: step.value
        for step in run(
            MODEL,
            [sink(removal_basis="own-curve", species="larch", conversion="stock-factors")],
            SINK,
            trace=True,
        ).trace
    }
    for stock, factor, roots in zip(
        steps["stock_until"], steps["stock_factor"], steps["root_share"], strict=True
    ):
        above = next(
            bcef
            for bound, bcef in ((20, 3.0), (40, 1.4), (100, 1.0), (200, 0.75), (math.inf, 0.7))
            if stock <= bound
        )
        assert factor == pytest.approx(above)
        biomass = stock * above
        expected = 0.40 if biomass < 50 else 0.29 if biomass <= 150 else 0.20
        assert roots == pytest.approx(expected)
    assert min(steps["growth_credited"]) >= 0.0


def test_shrubs_gain_by_cover_until_it_is_reached():
    found = value(sink_kind="shrub", removal_basis="crown-cover")
    yearly = 44 / 12 * 0.47 * 1.4 * 0.10 * 130.0 * (0.65 - 0.12) / 15.0 / 15.0
    assert found == pytest.approx(income(lambda at: yearly * at, limit=15.0), rel=1e-10)


@pytest.mark.parametrize(("cover", "counted"), [(0.0499, 0.0), (0.05, 0.05)])
def test_thin_shrubs_count_as_nothing(cover, counted):
    found = value(sink_kind="shrub", removal_basis="crown-cover", cover_before_share=cover)
    yearly = 44 / 12 * 0.47 * 1.4 * 0.10 * 130.0 * (0.65 - counted) / 15.0 / 15.0
    assert found == pytest.approx(income(lambda at: yearly * at, limit=15.0), rel=1e-10)


def test_soil_carbon_comes_to_its_new_level_in_twenty_years():
    found = value(sink_kind="grassland", removal_basis="soil-carbon")
    yearly = 44 / 12 * 50.0 * (1.14 - 0.7) / 20.0 / 15.0
    assert found == pytest.approx(income(lambda at: yearly * at, limit=20.0), rel=1e-10)


def test_growth_after_the_soil_is_full_earns_nothing():
    longer = {"crediting_ends_on": "2062-07-01", "right_ends_on": "2062-07-01"}
    row = sink(sink_kind="grassland", removal_basis="soil-carbon", **longer)
    result = run(MODEL, [row], SINK)
    tonnes, _ = result.quantities["credit_sales"]
    yearly = 44 / 12 * 50.0 * (1.14 - 0.7) / 20.0 / 15.0
    since = between(STARTED, VERIFIED)
    assert tonnes[0] == pytest.approx(1_500 * 0.9 * yearly * (20.0 - since), rel=1e-10)


def test_a_mixed_batch_gives_what_each_row_gives_alone():
    ways = {
        "yearly-rate": "forest",
        "validated-table": "forest",
        "growth-curve": "forest",
        "own-curve": "forest",
        "yield-table": "forest",
        "crown-cover": "shrub",
        "soil-carbon": "grassland",
    }
    rows = [sink(removal_basis=basis, sink_kind=kind) for basis, kind in ways.items()]
    together = run(MODEL, rows, SINK)
    assert together.valid.all()
    for place, row in enumerate(rows):
        assert run(MODEL, [row], SINK).value[0] == pytest.approx(together.value[place], rel=1e-12)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"removal_basis": "growth-curve", "sink_kind": "bamboo"}, "basis-not-for-kind"),
        ({"removal_basis": "crown-cover"}, "basis-not-for-kind"),
        ({"removal_basis": "soil-carbon", "sink_kind": "shrub"}, "basis-not-for-kind"),
        ({"removal_basis": "growth-curve", "species": None}, "species-needed"),
        ({"removal_basis": "growth-curve", "planted_on": None}, "planting-needed"),
        ({"removal_basis": "growth-curve", "planted_on": "2022-07-02"}, "planted-after-crediting"),
        (
            {"removal_basis": "growth-curve", "species": "birch", "conversion": "regression"},
            "conversion-not-for-species",
        ),
        (
            {"removal_basis": "growth-curve", "species": "oak", "conversion": "expansion"},
            "conversion-not-for-species",
        ),
        (
            {
                "removal_basis": "growth-curve",
                "species": "conifer-broadleaf",
                "conversion": "stock-factors",
            },
            "conversion-not-for-species",
        ),
        ({"removal_basis": "growth-curve", "conversion": None}, "missing-field"),
        (
            {"removal_basis": "growth-curve", "species": "poplar", "planted_on": "2002-06-30"},
            "age-outside-table",
        ),
        (
            {"removal_basis": "yield-table", "planted_on": "2012-06-20"},
            "age-outside-table",
        ),
        (
            {"removal_basis": "yield-table", "stock_by_age_m3_per_ha": (5, 12, 11, 50, 90)},
            "yield-table-falls",
        ),
        (
            {"sink_kind": "shrub", "removal_basis": "crown-cover", "cover_after_share": 0.12},
            "no-growth",
        ),
        (
            {
                "sink_kind": "grassland",
                "removal_basis": "soil-carbon",
                "grassland_after": "severely-degraded",
            },
            "no-growth",
        ),
        ({"dry_land": True, "removals_tco2e_per_mu": 0.6668}, "dry-land-not-credible"),
        ({"removal_basis": "own-curve", "curve_k": 0.0}, "below-minimum"),
    ],
)
def test_what_cannot_be_read_is_refused_by_row(changes, code):
    result = run(MODEL, [sink(**changes), sink()], SINK)
    assert code in codes(result, severity="refuse")
    assert list(result.valid) == [False, True]
    assert math.isnan(result.value[0])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"removal_basis": "growth-curve", "planted_on": "2022-07-01"}, "planted-after-crediting"),
        (
            {"removal_basis": "growth-curve", "species": "poplar", "planted_on": "2002-07-02"},
            "age-outside-table",
        ),
        (
            {"removal_basis": "yield-table", "planted_on": "2012-07-02"},
            "age-outside-table",
        ),
        ({"dry_land": True, "removals_tco2e_per_mu": 0.6667}, "dry-land-not-credible"),
        ({"dry_land": False, "removals_tco2e_per_mu": 0.6668}, "dry-land-not-credible"),
    ],
)
def test_the_other_side_of_the_border_is_accepted(changes, code):
    assert code not in codes(run(MODEL, [sink(**changes)], SINK))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"removals_tco2e_per_mu": 0.0199}, "removals-below-band"),
        ({"removals_tco2e_per_mu": 0.0116}, "units-mixed"),
        ({"removal_basis": "own-curve", "curve_a_m3_per_ha": 14.0}, "units-mixed"),
        (
            {
                "removal_basis": "validated-table",
                "removals_by_year_tco2e_per_mu": [0.6] * 20,
                "species": "cypress",
            },
            "removals-above-growth",
        ),
        (
            {"removal_basis": "own-curve", "curve_a_m3_per_ha": 600.0, "curve_k": 0.06},
            "removals-above-growth",
        ),
        ({"also_valued_for_timber": True}, "two-plans"),
    ],
)
def test_what_is_odd_is_asked_about_and_still_valued(changes, code):
    result = run(MODEL, [sink(**changes)], SINK)
    assert result.valid[0], codes(result, severity="refuse")
    assert code in codes(result, severity="ask")


@pytest.mark.parametrize(
    ("changes", "field", "inputs"),
    [
        (
            {
                "sink_kind": "grassland",
                "removal_basis": "soil-carbon",
                "soil_carbon_t_per_ha": 300.0,
            },
            "soil_carbon_t_per_ha",
            "“土壤有机碳参考值”“项目前草地状态”“项目后草地状态”",
        ),
        (
            {
                "sink_kind": "shrub",
                "removal_basis": "crown-cover",
                "forest_biomass_t_per_ha": 1.3,
                "cover_before_share": 0.3,
            },
            "forest_biomass_t_per_ha",
            "“当地郁闭森林生物量”“期初覆盖度”“目标覆盖度”",
        ),
        ({"removal_basis": "gain-loss", "growth_t_per_ha": 50.0}, "growth_t_per_ha", "“地上生物量"),
    ],
)
def test_removals_worked_out_are_named_with_their_unit_and_with_what_they_come_from(
    changes, field, inputs
):
    found = run(MODEL, [sink(**changes)], SINK).findings
    (told,) = [each for each in found if each.code == "units-mixed"]
    assert told.field == field
    assert told.detail.zh.startswith("每亩每年碳汇量（吨CO2e/亩·年）：")
    assert told.detail.en.startswith("Removals per mu and year (tCO2e/mu/year): ")
    assert inputs in told.detail.zh


def test_trees_valued_for_felling_as_well_are_sent_to_the_plans_of_the_forest_right():
    (told,) = [
        each
        for each in run(MODEL, [sink(also_valued_for_timber=True)], SINK).findings
        if each.code == "two-plans"
    ]
    plans = next(field for field in forest_right.MODEL.spec.fields if field.name == "plan").choices
    assert {choice.id for choice in plans} == {"timber", "carbon", "joint"}
    assert "never do both values count" in told.detail.en
    assert "不得同时计入" in told.detail.zh
    for words in ("不采伐固碳", "联合经营"):
        assert any(words in choice.title.zh for choice in plans)
        assert words in told.detail.zh


@pytest.mark.parametrize(
    ("given", "changes", "covered"),
    [
        (20, {}, None),
        (21, {}, None),
        (19, {}, (19.0, 20.0)),
        (6, {}, (6.0, 20.0)),
        (20, {"crediting_ends_on": "2039-01-10"}, (20.0, 21.0)),
        (20, {"crediting_ends_on": "2038-12-31"}, None),
        (16, {"right_ends_on": "2035-01-01"}, None),
        (15, {"right_ends_on": "2035-01-01"}, (15.0, 16.0)),
    ],
)
def test_a_validated_table_shorter_than_what_is_credited_is_asked_about(given, changes, covered):
    table = {"removal_basis": "validated-table", "removals_by_year_tco2e_per_mu": [0.15] * given}
    dates = {"crediting_starts_on": "2019-01-01", "crediting_ends_on": "2039-01-01"}
    ends = {"right_ends_on": "2049-01-01"}
    result = run(
        MODEL, [example(MODEL, **{**table, **dates, **ends, **changes}), example(MODEL)], SINK
    )
    assert result.valid.all()
    found = [each for each in result.findings if each.code == "table-too-short"]
    told = [
        (
            each.field,
            each.severity,
            each.rows.tolist(),
            each.facts["covered"][0],
            each.facts["needed"][0],
        )
        for each in found
    ]
    at = "removals_by_year_tco2e_per_mu"
    assert told == ([] if covered is None else [(at, "ask", [0], *covered)])


def test_a_validated_table_without_a_group_of_trees_is_not_judged_by_growth():
    changes = {"removal_basis": "validated-table", "removals_by_year_tco2e_per_mu": [0.6] * 20}
    for other in ({"species": None}, {"species": "cypress", "sink_kind": "bamboo"}):
        assert "removals-above-growth" not in codes(run(MODEL, [sink(**changes, **other)], SINK))


@pytest.mark.parametrize(
    "basis", ["growth-curve", "own-curve", "yield-table", "crown-cover", "soil-carbon"]
)
def test_value_grows_with_area_and_price_and_is_nothing_without_area(basis):
    kind = {"crown-cover": "shrub", "soil-carbon": "grassland"}.get(basis, "forest")
    rows = [
        sink(removal_basis=basis, sink_kind=kind, area_mu=area) for area in (0.0, 100.0, 1_000.0)
    ]
    cheap = run(MODEL, rows, SINK).value
    dear = run(MODEL, rows, {"local-sink": Price(yuan=45.0, unit="yuan/tCO2e")}).value
    assert cheap[0] == 0.0
    assert 0.0 < cheap[1] < cheap[2]
    assert (dear[1:] > cheap[1:]).all()
    assert dear[2] == pytest.approx(1.5 * cheap[2])


@pytest.mark.parametrize("evidence", ["income-only", "both"])
def test_quantiles_keep_their_order_whatever_the_evidence(evidence):
    basis = basis_on(date(2023, 12, 26), SINK)
    row = sink(removal_basis="growth-curve", other_evidence=evidence, baseline_basis="crown-cover")
    batch = batch_from_rows(MODEL.spec, [row, row], basis.parameters)
    found = worth(MODEL, batch, basis, simulation=Simulation(paths=200, seed=3))
    assert found.valid.all()
    assert (found.low < found.mid).all()
    assert (found.mid < found.high).all()
