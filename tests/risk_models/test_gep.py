"""Gross ecosystem product: ways to a quantity, what a norm counts, and what is refused."""

import numpy as np
import pytest

from risk_models.contract import Price
from risk_models.models.gep import MODEL
from risk_models.models.gep.passport import WAYS
from tests.risk_models.helpers import codes, run

UNIT = {
    "norm_profile": "garze-2010",
    "price_table": "garze-2010",
    "ecosystem": "evergreen-conifer",
    "area": 1_000.0,
    "area_unit": "ha",
    "account_year": 2010,
}
BALANCE = {
    "water_basis": "balance",
    "rainfall_mm": 600.0,
    "runoff_mm": 50.0,
    "evapotranspiration_mm": 350.0,
}
WIND = {
    "weather_factor": 24.0,
    "sand_percent": 48.0,
    "silt_percent": 36.0,
    "clay_percent": 12.0,
    "organic_percent": 1.6,
    "carbonate_percent": 3.2,
    "roughness_factor": 0.83,
    "cover_percent": 34.0,
    "wind_distance_m": 50.0,
}


def _unit(**changes):
    return {**UNIT, **changes}


def _part(component, prices=None, **inputs):
    return run(MODEL, [_unit(**inputs)], prices).components[component][0]


def test_every_way_is_worked_out():
    choices = {field.name: {c.id for c in field.choices} for field in MODEL.spec.fields}
    for basis, levels in WAYS.values():
        assert set(levels) | {"given"} == choices[basis]


def test_water_balance_is_area_times_what_stays():
    worth = _part("water_retention", **BALANCE)
    assert worth == pytest.approx(1_000 * 10_000 * 0.2 * 7.06)


@pytest.mark.parametrize(("unit", "area"), [("mu", 15_000.0), ("ha", 1_000.0), ("km2", 10.0)])
def test_units_of_area_mean_the_same_land(unit, area):
    worth = _part("water_retention", area=area, area_unit=unit, **BALANCE)
    assert worth == pytest.approx(14_120_000.0)


def test_runoff_share_is_the_ecosystems():
    inputs = {**BALANCE, "water_basis": "runoff-share"}
    kept = 600.0 * (1 - 0.0302) - 350.0
    assert _part("water_retention", **inputs) == pytest.approx(1e7 * kept * 1e-3 * 7.06)


def test_an_ecosystem_without_a_coefficient_is_refused():
    inputs = {**BALANCE, "water_basis": "runoff-share", "ecosystem": "desert"}
    result = run(MODEL, [_unit(**inputs)])
    assert codes(result, severity="refuse") == {"coefficient-missing"}


def test_more_evaporation_than_rain_is_refused_and_not_zero():
    result = run(MODEL, [_unit(**{**BALANCE, "evapotranspiration_mm": 700.0})])
    assert codes(result, severity="refuse") == {"negative-quantity"}
    assert np.isnan(result.value[0])


@pytest.mark.parametrize(("water", "refused"), [(5_999_999.0, False), (6_000_001.0, True)])
def test_water_above_the_rain_is_refused(water, refused):
    result = run(MODEL, [_unit(water_retained_m3=water, rainfall_mm=600.0)])
    assert ("water-above-rain" in codes(result, severity="refuse")) is refused


def test_short_and_long_wind_erosion_both_hold_sand():
    long = _part("sand_fixation", sand_basis="rweq", **WIND)
    short = _part("sand_fixation", sand_basis="rweq-short", **WIND)
    assert short > 0.0
    assert long > 0.0


def test_texture_above_the_whole_is_refused():
    result = run(MODEL, [_unit(sand_basis="rweq", **{**WIND, "sand_percent": 60.0})])
    assert "texture-above-whole" in codes(result, severity="refuse")


def test_oxygen_is_not_forced_to_follow_carbon():
    row = _unit(carbon_basis="nep", nep_tc=100.0, oxygen_basis="npp", npp_t=900.0)
    result = run(MODEL, [row], trace=True)
    steps = {step.name: step.value for step in result.trace}
    assert steps["carbon_fixed_tco2"] == pytest.approx(366.6667, rel=1e-6)
    assert steps["oxygen_released_t"] == pytest.approx(1_071.0)


def test_curve_number_holds_what_does_not_run_off():
    inputs = {"storm_basis": "curve-number", "curve_number": 72.0, "storm_rain_mm": 88.0}
    room = 25_400 / 72 - 254
    runoff = (88 - 0.2 * room) ** 2 / (88 + 0.8 * room)
    assert _part("flood_mitigation", **inputs) == pytest.approx(1e4 * (88 - runoff) * 7.06)


def test_a_small_storm_runs_off_not_at_all():
    inputs = {"storm_basis": "curve-number", "curve_number": 72.0, "storm_rain_mm": 10.0}
    assert _part("flood_mitigation", **inputs) == pytest.approx(1e4 * 10 * 7.06)


def test_lenders_profile_counts_neither_oxygen_nor_climate():
    row = _unit(
        norm_profile="exchange-value",
        storage_yearly_share=0.04,
        storage_upkeep_yuan_per_m3=0.1,
        oxygen_released_t=100.0,
        cooling_kwh=1e6,
        carbon_fixed_tco2=500.0,
    )
    result = run(MODEL, [row], {"gep.carbon": Price(yuan=70.0, unit="yuan/tCO2")})
    assert result.value[0] == pytest.approx(35_000.0)
    outside = [each.field for each in result.findings if each.code == "service-outside-norm"]
    assert set(outside) == {"oxygen_released_t", "cooling_kwh"}


def test_lenders_profile_refuses_the_shadow_price_of_carbon():
    row = _unit(
        norm_profile="exchange-value",
        storage_yearly_share=0.04,
        storage_upkeep_yuan_per_m3=0.1,
        carbon_fixed_tco2=500.0,
    )
    assert "market-price-missing" in codes(run(MODEL, [row]), severity="refuse")


def test_storage_at_its_yearly_cost_is_a_small_part_of_its_capital_cost():
    capital = _part("water_retention", water_retained_m3=1e6)
    inputs = {"storage_yearly_share": 0.04, "storage_upkeep_yuan_per_m3": 0.11}
    yearly = _part("water_retention", norm_profile="ndrc-2022", water_retained_m3=1e6, **inputs)
    assert capital == pytest.approx(7.06e6)
    assert yearly == pytest.approx(1e6 * (7.06 * 0.04 + 0.11))


def test_the_yearly_cost_is_asked_for_where_the_norm_needs_it():
    result = run(MODEL, [_unit(norm_profile="ndrc-2022", water_retained_m3=1e6)])
    assert codes(result, severity="refuse") == {"missing-field"}


@pytest.mark.parametrize(("basis", "worth"), [("net", 100.0), ("gross", 58.0)])
def test_gross_output_becomes_net_where_the_norm_wants_it(basis, worth):
    inputs = {"farming_yuan": 100.0, "output_basis": basis, "value_added_share": 0.58}
    assert _part("provisioning", **inputs) == pytest.approx(worth)


def test_net_output_under_a_gross_norm_is_refused():
    row = _unit(
        norm_profile="ndrc-2022",
        storage_yearly_share=0.04,
        storage_upkeep_yuan_per_m3=0.11,
        farming_yuan=100.0,
    )
    assert codes(run(MODEL, [row]), severity="refuse") == {"gross-output-needed"}
    assert run(MODEL, [{**row, "output_basis": "gross", "value_added_share": 0.5}]).valid[0]


def test_consumer_surplus_counts_only_where_the_norm_says_so():
    visit = {
        "visits": 10.0,
        "visit_basis": "travel-cost",
        "visit_spend_yuan": 500.0,
        "visit_days": 2.0,
        "daily_wage_yuan": 200.0,
        "visit_surplus_yuan": 90.0,
    }
    assert _part("cultural", **visit) == pytest.approx(10 * (500 + 120 + 90))
    lender = _part(
        "cultural",
        norm_profile="exchange-value",
        storage_yearly_share=0.04,
        storage_upkeep_yuan_per_m3=0.1,
        **visit,
    )
    assert lender == pytest.approx(10 * (500 + 120))


def test_a_table_without_the_price_is_refused():
    result = run(MODEL, [_unit(price_table="ly-t-1721-2005", visits=10.0)])
    assert codes(result, severity="refuse") == {"price-missing"}


def test_a_given_price_stands_before_the_table():
    prices = {"gep.visit": Price(yuan=120.0, unit="yuan/visit")}
    assert _part("cultural", prices, price_table="ly-t-1721-2005", visits=10.0) == 1_200.0


def test_prices_of_another_year_are_named_and_the_factor_moves_them():
    result = run(MODEL, [_unit(account_year=2023, price_factor=1.36, visits=10.0)])
    assert "price-year-differs" in codes(result, severity="note")
    assert result.value[0] == pytest.approx(19_701.9 * 1.36)
    assert "price-year-differs" not in codes(run(MODEL, [_unit(visits=10.0)]))


def test_species_are_priced_in_the_same_year_as_what_stands_beside_them():
    counted = {"norm_profile": "open", "biodiversity_ha": 100.0, "biodiversity_class": "class-3"}
    assert _part("biodiversity", **counted) == 3_000_000.0
    assert _part("biodiversity", **counted, price_factor=1.5) == 4_500_000.0


@pytest.mark.parametrize(("rate", "asked"), [(2.0, False), (31.0, True)])
def test_a_carbon_rate_by_mu_is_asked_about(rate, asked):
    result = run(MODEL, [_unit(carbon_basis="rate", carbon_rate_tco2_per_ha=rate)])
    assert ("units-mixed" in codes(result, severity="ask")) is asked


def test_reader_is_told_what_nobody_pays_for_and_what_decides():
    found = codes(run(MODEL, [_unit(water_retained_m3=1e6, water_farm_m3=1e6)]), severity="note")
    assert {"share-without-payer", "service-decides", "water-overlap"} <= found
