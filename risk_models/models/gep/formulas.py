"""The steps of an account, each with its formula and where it comes from."""

from typing import Final

import numpy as np

from risk_models.contract import Floats, step

GARZE: Final = "Acta Ecologica Sinica 37(19) 6302, Garze 2010"
INVEST: Final = "natcap/invest"
RWEQ: Final = "Revised wind erosion equation, ChinaXiv 201706.00467V1"
GUIDE: Final = "Accounting guides, from memory"
HILL_LENGTH_M: Final = 22.13
"""The unit plot of the soil loss equation, by definition."""


@step(unit="ha", zh="核算面积")
def area_ha(*, area: Floats, units_per_ha: Floats) -> Floats:
    """Area of the unit: area / units_per_ha."""
    return area / units_per_ha


# ---------------------------------------------------------------------------
# From the measured quantity to the priced one


@step(unit="m3", zh="减少泥沙淤积量", reference=GARZE)
def siltation_m3(
    *, soil_retained_t: Floats, siltation_share: Floats, soil_density: Floats
) -> Floats:
    """Silt kept out of reservoirs: soil_retained_t * siltation_share / soil_density."""
    return soil_retained_t * siltation_share / soil_density


@step(unit="t", zh="减少氮面源污染量", reference=GARZE)
def nitrogen_t(*, soil_retained_t: Floats, nitrogen_share: Floats) -> Floats:
    """Nitrogen kept out of rivers: soil_retained_t * nitrogen_share."""
    return soil_retained_t * nitrogen_share


@step(unit="t", zh="减少磷面源污染量", reference=GARZE)
def phosphorus_t(*, soil_retained_t: Floats, phosphorus_share: Floats) -> Floats:
    """Phosphorus kept out of rivers: soil_retained_t * phosphorus_share."""
    return soil_retained_t * phosphorus_share


@step(unit="ha", zh="减少土地废弃面积", reference="ChinaXiv 201711.00109V1")
def land_kept_ha(*, soil_retained_t: Floats, soil_density: Floats, soil_depth: Floats) -> Floats:
    """Land kept from being given up: soil_retained_t / (soil_density * soil_depth) / 10000."""
    return soil_retained_t / (soil_density * soil_depth) / 10_000.0


@step(unit="m2", zh="减少沙化土地面积", reference=GARZE)
def sand_m2(*, sand_fixed_t: Floats, sand_density: Floats, sand_depth: Floats) -> Floats:
    """Land kept free of sand: sand_fixed_t / (sand_density * sand_depth)."""
    return sand_fixed_t / (sand_density * sand_depth)


@step(unit="m3", zh="沼泽调蓄水量", reference=GARZE)
def marsh_storage_m3(*, marsh_km2: Floats, marsh_storage: Floats) -> Floats:
    """Flood storage of marsh: marsh_km2 * marsh_storage."""
    return marsh_km2 * marsh_storage


@step(unit="yuan", zh="折为净产出的产值")
def net_farming_yuan(*, farming_yuan: Floats, value_added_share: Floats) -> Floats:
    """Net output of farming: farming_yuan * value_added_share."""
    return farming_yuan * value_added_share


@step(unit="yuan", zh="折为净产出的林业产值")
def net_forestry_yuan(*, forestry_yuan: Floats, value_added_share: Floats) -> Floats:
    """Net output of forestry: forestry_yuan * value_added_share."""
    return forestry_yuan * value_added_share


@step(unit="yuan", zh="折为净产出的畜牧业产值")
def net_livestock_yuan(*, livestock_yuan: Floats, value_added_share: Floats) -> Floats:
    """Net output of livestock: livestock_yuan * value_added_share."""
    return livestock_yuan * value_added_share


@step(unit="yuan", zh="折为净产出的渔业产值")
def net_fishery_yuan(*, fishery_yuan: Floats, value_added_share: Floats) -> Floats:
    """Net output of fishery: fishery_yuan * value_added_share."""
    return fishery_yuan * value_added_share


@step(unit="yuan/m3", zh="库容年折旧价格", reference=GUIDE)
def yearly_storage_price(*, price: Floats, storage_yearly_share: Floats) -> Floats:
    """Storage used up in the year, without its upkeep: price * storage_yearly_share."""
    return price * storage_yearly_share


# ---------------------------------------------------------------------------
# Water


@step(unit="m3", zh="水源涵养量（水量平衡）", reference=GARZE)
def water_balance_m3(
    *, area_ha: Floats, rainfall_mm: Floats, runoff_mm: Floats, evapotranspiration_mm: Floats
) -> Floats:
    """Water retained by the water balance.

    Formula: area_ha * 10 * (rainfall_mm - runoff_mm - evapotranspiration_mm).
    """
    return area_ha * 10.0 * (rainfall_mm - runoff_mm - evapotranspiration_mm)


@step(unit="m3", zh="水源涵养量（径流系数）", reference=GARZE)
def water_after_runoff_m3(
    *, area_ha: Floats, rainfall_mm: Floats, runoff_share: Floats, evapotranspiration_mm: Floats
) -> Floats:
    """Water retained with the runoff share of the ecosystem.

    Formula: area_ha * 10 * (rainfall_mm * (1 - runoff_share) - evapotranspiration_mm).
    """
    return area_ha * 10.0 * (rainfall_mm * (1.0 - runoff_share) - evapotranspiration_mm)


@step(unit="mm", zh="潜在蒸散量", reference=INVEST)
def potential_mm(*, crop_coefficient: Floats, reference_evapotranspiration_mm: Floats) -> Floats:
    """Water that could evaporate: crop_coefficient * reference_evapotranspiration_mm."""
    return crop_coefficient * reference_evapotranspiration_mm


@step(unit="mm", zh="植物有效含水量", reference=INVEST)
def available_water_mm(
    *, root_depth_mm: Floats, soil_depth_mm: Floats, available_water_share: Floats
) -> Floats:
    """Water that roots can reach: min(root_depth_mm, soil_depth_mm) * available_water_share."""
    return np.asarray(np.minimum(root_depth_mm, soil_depth_mm) * available_water_share)


@step(unit="1", zh="气候土壤参数w", reference=INVEST)
def dryness_shape(
    *, seasonality: Floats, available_water_mm: Floats, rainfall_mm: Floats
) -> Floats:
    """Shape of the evaporation curve: min(5, seasonality * available_water_mm / rainfall_mm + 1.25)."""
    return np.asarray(np.minimum(5.0, seasonality * available_water_mm / rainfall_mm + 1.25))


@step(unit="ratio", zh="实际蒸散占降水比例", reference=INVEST)
def evaporated_share(
    *, potential_mm: Floats, rainfall_mm: Floats, dryness_shape: Floats, vegetated: Floats
) -> Floats:
    """Share of the rain that evaporates, from plants or from bare ground and water.

    Formula: vegetated * min(potential_mm / rainfall_mm, 1 + potential_mm / rainfall_mm
    - (1 + (potential_mm / rainfall_mm) ** dryness_shape) ** (1 / dryness_shape))
    + (1 - vegetated) * min(potential_mm / rainfall_mm, 1).
    """
    dryness = potential_mm / rainfall_mm
    curve = 1.0 + dryness - (1.0 + dryness**dryness_shape) ** (1.0 / dryness_shape)
    plants = np.minimum(dryness, curve)
    return np.asarray(vegetated * plants + (1.0 - vegetated) * np.minimum(dryness, 1.0))


@step(unit="m3", zh="产水量", reference=INVEST)
def water_yield_m3(*, area_ha: Floats, rainfall_mm: Floats, evaporated_share: Floats) -> Floats:
    """Yearly water yield: area_ha * 10 * rainfall_mm * (1 - evaporated_share)."""
    return area_ha * 10.0 * rainfall_mm * (1.0 - evaporated_share)


# ---------------------------------------------------------------------------
# Soil


@step(unit="1", zh="坡度正弦", reference=INVEST)
def slope_sine(*, slope_percent: Floats) -> Floats:
    """Sine of the slope: slope_percent / 100 / (1 + (slope_percent / 100) ** 2) ** 0.5."""
    return np.asarray(slope_percent / 100.0 / (1.0 + (slope_percent / 100.0) ** 2) ** 0.5)


@step(unit="1", zh="坡度因子", reference=INVEST)
def steepness_factor(*, slope_sine: Floats, slope_percent: Floats) -> Floats:
    """Steepness factor S.

    Formula: (slope_percent < 9) * (10.8 * slope_sine + 0.03)
    + (slope_percent >= 9) * (16.8 * slope_sine - 0.5).
    """
    steep = slope_percent >= 9.0
    return np.where(steep, 16.8 * slope_sine - 0.5, 10.8 * slope_sine + 0.03)


@step(unit="1", zh="细沟侵蚀比", reference=INVEST)
def rill_ratio(*, slope_sine: Floats) -> Floats:
    """Ratio of rill to interrill erosion: slope_sine / 0.0896 / (3 * slope_sine ** 0.8 + 0.56)."""
    return np.asarray(slope_sine / 0.0896 / (3.0 * slope_sine**0.8 + 0.56))


@step(unit="1", zh="坡长指数", reference=INVEST)
def length_exponent(*, slope_percent: Floats, rill_ratio: Floats) -> Floats:
    """Exponent of the slope length.

    Formula: 0.2 + 0.1 * (slope_percent > 1) + 0.1 * (slope_percent > 3.5)
    + 0.1 * (slope_percent > 5) + (slope_percent > 9) * (rill_ratio / (1 + rill_ratio) - 0.5).
    """
    gentle = 0.2 + sum(0.1 * (slope_percent > border) for border in (1.0, 3.5, 5.0))
    steep = (slope_percent > 9.0) * (rill_ratio / (1.0 + rill_ratio) - 0.5)
    return np.asarray(gentle + steep)


@step(unit="m", zh="上游汇水边长", reference=INVEST)
def upslope_m(*, upslope_pixels: Floats, pixel_m: Floats) -> Floats:
    """Side of the area upslope, the pixel itself left out: (upslope_pixels - 1) ** 0.5 * pixel_m."""
    return np.asarray((upslope_pixels - 1.0) ** 0.5 * pixel_m)


@step(unit="1", zh="坡长因子", reference=INVEST)
def length_factor(
    *,
    upslope_m: Floats,
    pixel_m: Floats,
    length_exponent: Floats,
    slope_sine: Floats,
    length_factor_cap: Floats,
) -> Floats:
    """Slope-length factor L, not above its cap.

    Formula: min(length_factor_cap, ((upslope_m + pixel_m ** 2) ** (length_exponent + 1)
    - upslope_m ** (length_exponent + 1)) / (pixel_m ** (length_exponent + 2)
    * (slope_sine + (1 - slope_sine ** 2) ** 0.5) ** length_exponent * 22.13 ** length_exponent)).
    """
    power = length_exponent + 1.0
    gained = (upslope_m + pixel_m**2) ** power - upslope_m**power
    turned = (slope_sine + (1.0 - slope_sine**2) ** 0.5) ** length_exponent
    plot = pixel_m ** (length_exponent + 2.0) * turned * HILL_LENGTH_M**length_exponent
    return np.asarray(np.minimum(length_factor_cap, gained / plot))


@step(unit="1", zh="坡长坡度因子", reference=INVEST)
def slope_length_factor(*, length_factor: Floats, steepness_factor: Floats) -> Floats:
    """Slope and length factor LS: length_factor * steepness_factor."""
    return length_factor * steepness_factor


@step(unit="t", zh="土壤保持量（RUSLE）", reference=GARZE)
def soil_kept_t(
    *,
    area_ha: Floats,
    rainfall_erosivity: Floats,
    soil_erodibility: Floats,
    slope_factor: Floats,
    cover_factor: Floats,
    practice_factor: Floats,
) -> Floats:
    """Soil that plants and works hold.

    Formula: area_ha * rainfall_erosivity * soil_erodibility * slope_factor
    * (1 - cover_factor * practice_factor).
    """
    loss = area_ha * rainfall_erosivity * soil_erodibility * slope_factor
    return loss * (1.0 - cover_factor * practice_factor)


@step(unit="t", zh="土壤保持量（RUSLE，坡度推算）", reference=GARZE)
def soil_kept_on_slope_t(
    *,
    area_ha: Floats,
    rainfall_erosivity: Floats,
    soil_erodibility: Floats,
    slope_length_factor: Floats,
    cover_factor: Floats,
    practice_factor: Floats,
) -> Floats:
    """Soil that plants and works hold on the slope.

    Formula: area_ha * rainfall_erosivity * soil_erodibility * slope_length_factor
    * (1 - cover_factor * practice_factor).
    """
    loss = area_ha * rainfall_erosivity * soil_erodibility * slope_length_factor
    return loss * (1.0 - cover_factor * practice_factor)


# ---------------------------------------------------------------------------
# Sand


@step(unit="ratio", zh="土壤可蚀因子", reference=GUIDE)
def erodible_share(
    *,
    sand_percent: Floats,
    silt_percent: Floats,
    clay_percent: Floats,
    organic_percent: Floats,
    carbonate_percent: Floats,
) -> Floats:
    """Share of the soil the wind can carry.

    Formula: (29.09 + 0.31 * sand_percent + 0.17 * silt_percent
    + 0.33 * sand_percent / clay_percent - 2.59 * organic_percent
    - 0.95 * carbonate_percent) / 100.
    """
    texture = 29.09 + 0.31 * sand_percent + 0.17 * silt_percent + 0.33 * sand_percent / clay_percent
    return (texture - 2.59 * organic_percent - 0.95 * carbonate_percent) / 100.0


@step(unit="1", zh="土壤结皮因子", reference=GUIDE)
def crust_factor(*, clay_percent: Floats, organic_percent: Floats) -> Floats:
    """Crust of the soil: 1 / (1 + 0.0066 * clay_percent ** 2 + 0.021 * organic_percent ** 2)."""
    return np.asarray(1.0 / (1.0 + 0.0066 * clay_percent**2 + 0.021 * organic_percent**2))


@step(unit="kg/m", zh="裸地风蚀因子积", reference=RWEQ)
def bare_factor(
    *,
    weather_factor: Floats,
    erodible_share: Floats,
    crust_factor: Floats,
    roughness_factor: Floats,
) -> Floats:
    """Wind erosion of bare soil: weather_factor * erodible_share * crust_factor * roughness_factor."""
    return weather_factor * erodible_share * crust_factor * roughness_factor


@step(unit="1", zh="植被覆盖因子", reference=GUIDE)
def wind_cover_factor(*, cover_slope: Floats, cover_percent: Floats) -> Floats:
    """What plants leave of the wind: exp(cover_slope * cover_percent)."""
    return np.asarray(np.exp(cover_slope * cover_percent))


@step(unit="kg/m", zh="有植被风蚀因子积", reference=RWEQ)
def covered_factor(*, bare_factor: Floats, wind_cover_factor: Floats) -> Floats:
    """Wind erosion under plants: bare_factor * wind_cover_factor."""
    return bare_factor * wind_cover_factor


@step(unit="m", zh="裸地关键地块长度", reference=RWEQ)
def bare_length_m(*, bare_factor: Floats) -> Floats:
    """Length at which bare soil feeds the wind: 150.71 * bare_factor ** (-0.3711)."""
    return np.asarray(150.71 * bare_factor ** (-0.3711))


@step(unit="m", zh="有植被关键地块长度", reference=RWEQ)
def covered_length_m(*, covered_factor: Floats) -> Floats:
    """Length at which covered soil feeds the wind: 150.71 * covered_factor ** (-0.3711)."""
    return np.asarray(150.71 * covered_factor ** (-0.3711))


@step(unit="kg/m2", zh="潜在风蚀量", reference=RWEQ)
def bare_loss_kg_per_m2(
    *, wind_distance_m: Floats, bare_length_m: Floats, bare_factor: Floats
) -> Floats:
    """Soil the wind would take without plants.

    Formula: 2 * wind_distance_m / bare_length_m ** 2 * 109.8 * bare_factor
    * exp(-((wind_distance_m / bare_length_m) ** 2)).
    """
    reach = wind_distance_m / bare_length_m**2
    fading = np.exp(-((wind_distance_m / bare_length_m) ** 2))
    return np.asarray(2.0 * reach * 109.8 * bare_factor * fading)


@step(unit="kg/m2", zh="实际风蚀量", reference=RWEQ)
def covered_loss_kg_per_m2(
    *, wind_distance_m: Floats, covered_length_m: Floats, covered_factor: Floats
) -> Floats:
    """Soil the wind takes under plants.

    Formula: 2 * wind_distance_m / covered_length_m ** 2 * 109.8 * covered_factor
    * exp(-((wind_distance_m / covered_length_m) ** 2)).
    """
    reach = wind_distance_m / covered_length_m**2
    fading = np.exp(-((wind_distance_m / covered_length_m) ** 2))
    return np.asarray(2.0 * reach * 109.8 * covered_factor * fading)


@step(unit="t", zh="防风固沙量（RWEQ）", reference=RWEQ)
def sand_kept_t(
    *, area_ha: Floats, bare_loss_kg_per_m2: Floats, covered_loss_kg_per_m2: Floats
) -> Floats:
    """Sand that plants hold: area_ha * 10 * (bare_loss_kg_per_m2 - covered_loss_kg_per_m2)."""
    return area_ha * 10.0 * (bare_loss_kg_per_m2 - covered_loss_kg_per_m2)


@step(unit="t", zh="防风固沙量（简式）", reference=GUIDE)
def sand_kept_short_t(*, area_ha: Floats, bare_factor: Floats, wind_cover_factor: Floats) -> Floats:
    """Sand that plants hold, short form.

    Formula: area_ha * 10 * 0.1699 * bare_factor ** 1.3711 * (1 - wind_cover_factor ** 1.3711).
    """
    moved = area_ha * 10.0 * 0.1699 * bare_factor**1.3711
    return np.asarray(moved * (1.0 - wind_cover_factor**1.3711))


# ---------------------------------------------------------------------------
# Flood


@step(unit="m3", zh="湖泊调蓄量（按面积）", reference=GARZE)
def lake_by_area_m3(
    *, lake_constant: Floats, lake_km2: Floats, lake_exponent: Floats, lake_exchanges: Floats
) -> Floats:
    """Storage of lakes by their area.

    Formula: 10000 * exp(lake_constant) * lake_km2 ** lake_exponent * lake_exchanges.
    """
    return np.asarray(10_000.0 * np.exp(lake_constant) * lake_km2**lake_exponent * lake_exchanges)


@step(unit="m3", zh="湖泊调蓄量（按水位）", reference="ChinaXiv 201704.00322V1")
def lake_by_level_m3(*, lake_peaks_m3: Floats, lake_troughs_m3: Floats) -> Floats:
    """Storage of lakes by their rises: lake_peaks_m3 - lake_troughs_m3."""
    return lake_peaks_m3 - lake_troughs_m3


@step(unit="m3", zh="水库调蓄量（按库容）", reference=GARZE)
def reservoir_by_capacity_m3(*, reservoir_share: Floats, reservoir_capacity_m3: Floats) -> Floats:
    """Flood storage of reservoirs: reservoir_share * reservoir_capacity_m3."""
    return reservoir_share * reservoir_capacity_m3


@step(unit="m3", zh="植被调蓄量（暴雨平衡）", reference=GUIDE)
def storm_held_m3(*, area_ha: Floats, storm_rain_mm: Floats, storm_runoff_mm: Floats) -> Floats:
    """Storm water that plants hold: area_ha * 10 * (storm_rain_mm - storm_runoff_mm)."""
    return area_ha * 10.0 * (storm_rain_mm - storm_runoff_mm)


@step(unit="mm", zh="最大入渗量S", reference=INVEST)
def soil_room_mm(*, curve_number: Floats) -> Floats:
    """Room for water in the soil: 25400 / curve_number - 254."""
    return 25_400.0 / curve_number - 254.0


@step(unit="mm", zh="暴雨径流量（曲线数法）", reference=INVEST)
def curve_runoff_mm(*, storm_rain_mm: Floats, soil_room_mm: Floats) -> Floats:
    """Storm water that runs off.

    Formula: max(0, storm_rain_mm - 0.2 * soil_room_mm) ** 2 / (storm_rain_mm + 0.8 * soil_room_mm).
    """
    above = np.maximum(0.0, storm_rain_mm - 0.2 * soil_room_mm)
    return np.asarray(above**2 / (storm_rain_mm + 0.8 * soil_room_mm))


@step(unit="m3", zh="植被调蓄量（曲线数法）", reference=INVEST)
def storm_held_by_curve_m3(
    *, area_ha: Floats, storm_rain_mm: Floats, curve_runoff_mm: Floats
) -> Floats:
    """Storm water that does not run off: area_ha * 10 * (storm_rain_mm - curve_runoff_mm)."""
    return area_ha * 10.0 * (storm_rain_mm - curve_runoff_mm)


# ---------------------------------------------------------------------------
# Air, water quality, carbon, oxygen


@step(unit="t", zh="二氧化硫净化量（按能力）", reference="ChinaXiv 201711.00109V1")
def sulphur_by_capacity_t(*, area_ha: Floats, sulphur_capacity: Floats) -> Floats:
    """Sulphur dioxide taken up: area_ha * sulphur_capacity / 1000."""
    return area_ha * sulphur_capacity / 1_000.0


@step(unit="t", zh="滞尘量（按能力）", reference="ChinaXiv 201711.00109V1")
def dust_by_capacity_t(*, area_ha: Floats, dust_capacity: Floats) -> Floats:
    """Dust held: area_ha * dust_capacity / 1000."""
    return area_ha * dust_capacity / 1_000.0


@step(unit="t", zh="化学需氧量净化量（按能力）", reference=GUIDE)
def cod_by_capacity_t(*, area_ha: Floats, cod_kg_per_ha: Floats) -> Floats:
    """COD taken up: area_ha * cod_kg_per_ha / 1000."""
    return area_ha * cod_kg_per_ha / 1_000.0


@step(unit="t", zh="氨氮净化量（按能力）", reference=GUIDE)
def ammonia_by_capacity_t(*, area_ha: Floats, ammonia_kg_per_ha: Floats) -> Floats:
    """Ammonia nitrogen taken up: area_ha * ammonia_kg_per_ha / 1000."""
    return area_ha * ammonia_kg_per_ha / 1_000.0


@step(unit="tCO2", zh="固碳量（按NEP）", reference=GARZE)
def carbon_by_nep_tco2(*, nep_tc: Floats) -> Floats:
    """Carbon dioxide fixed by net ecosystem production: nep_tc * 44 / 12."""
    return nep_tc * 44.0 / 12.0


@step(unit="tCO2", zh="固碳量（按NPP）", reference="ChinaXiv 201711.00109V1")
def carbon_by_npp_tco2(*, npp_t: Floats, co2_per_npp: Floats) -> Floats:
    """Carbon dioxide fixed by growth: npp_t * co2_per_npp."""
    return npp_t * co2_per_npp


@step(unit="tCO2", zh="固碳量（按速率）", reference=GUIDE)
def carbon_by_rate_tco2(*, area_ha: Floats, carbon_rate_tco2_per_ha: Floats) -> Floats:
    """Carbon dioxide fixed at the rate of the ecosystem: area_ha * carbon_rate_tco2_per_ha."""
    return area_ha * carbon_rate_tco2_per_ha


@step(unit="t", zh="释氧量（按NPP）", reference="ChinaXiv 201711.00109V1")
def oxygen_by_npp_t(*, npp_t: Floats, oxygen_per_npp: Floats) -> Floats:
    """Oxygen released by growth: npp_t * oxygen_per_npp."""
    return npp_t * oxygen_per_npp


@step(unit="t", zh="释氧量（光合方程）", reference="ChinaXiv 201704.00322V1")
def oxygen_by_photosynthesis_t(*, npp_t: Floats, oxygen_photosynthesis: Floats) -> Floats:
    """Oxygen released by photosynthesis: npp_t * oxygen_photosynthesis."""
    return npp_t * oxygen_photosynthesis


# ---------------------------------------------------------------------------
# Climate, culture


@step(unit="kWh", zh="植被蒸腾降温能耗", reference=GARZE)
def plant_cooling_kwh(
    *,
    plant_heat_kj_per_m2_day: Floats,
    area_ha: Floats,
    cooling_days: Floats,
    cooling_efficiency: Floats,
) -> Floats:
    """Electricity that plants spare.

    Formula: plant_heat_kj_per_m2_day * area_ha * 10000 * cooling_days
    / (3600 * cooling_efficiency).
    """
    heat = plant_heat_kj_per_m2_day * area_ha * 10_000.0 * cooling_days
    return heat / (3_600.0 * cooling_efficiency)


@step(unit="kWh", zh="水面蒸发降温增湿能耗", reference=GARZE)
def water_cooling_kwh(
    *, evaporation_m3: Floats, evaporation_heat: Floats, humidifier: Floats
) -> Floats:
    """Electricity that evaporation spares.

    Formula: evaporation_m3 * 1000 * evaporation_heat / 3600 + evaporation_m3 * humidifier.
    """
    return evaporation_m3 * 1_000.0 * evaporation_heat / 3_600.0 + evaporation_m3 * humidifier


@step(unit="yuan/ha", zh="核算年度物种保育单价")
def species_price(*, biodiversity_price: Floats, price_factor: Floats) -> Floats:
    """Value of a hectare with species, in the account's year: biodiversity_price * price_factor."""
    return biodiversity_price * price_factor


@step(unit="yuan/visit", zh="人均旅行费用", reference="ChinaXiv 201704.00322V1")
def visit_cost_yuan(
    *,
    visit_spend_yuan: Floats,
    visit_days: Floats,
    daily_wage_yuan: Floats,
    time_wage_share: Floats,
    visit_surplus_yuan: Floats,
    counts_surplus: Floats,
) -> Floats:
    """Travel cost of a visit; consumer surplus only where the norm counts it.

    Formula: visit_spend_yuan + visit_days * daily_wage_yuan * time_wage_share
    + visit_surplus_yuan * counts_surplus.
    """
    time = visit_days * daily_wage_yuan * time_wage_share
    return visit_spend_yuan + time + visit_surplus_yuan * counts_surplus


@step(unit="yuan", zh="景观增值", reference=GUIDE)
def landscape_by_area_yuan(*, premium_m2: Floats, premium_yuan_per_m2: Floats) -> Floats:
    """Landscape premium: premium_m2 * premium_yuan_per_m2."""
    return premium_m2 * premium_yuan_per_m2


@step(unit="yuan", zh="支付意愿价值", reference="ChinaXiv 201704.00322V1")
def willingness_yuan(
    *, willing_yuan_per_month: Floats, willing_share: Floats, people: Floats
) -> Floats:
    """What people would pay in a year: willing_yuan_per_month * 12 * willing_share * people."""
    return willing_yuan_per_month * 12.0 * willing_share * people
