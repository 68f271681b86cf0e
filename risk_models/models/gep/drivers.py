"""Quantities worked out from what drives them: rain, slope, wind, growth, heat and visits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from risk_models.contract import Basis, Batch, Floats, Recorder, StepFunction
from risk_models.models.gep import formulas as f
from risk_models.models.gep.passport import ECOSYSTEM, WAYS

__all__ = ["Drivers"]


@dataclass(slots=True, kw_only=True, eq=False)
class Drivers:
    """The rows of a batch with what drives their quantities. Rows of another way see ones."""

    batch: Batch
    basis: Basis
    steps: Recorder
    _done: dict[tuple[str, str], Floats] = field(default_factory=dict)

    def measured(self, name: str) -> Floats:
        """The quantity [n] of a field, given or worked out; NaN where neither."""
        quantity = self.batch.numbers(name)
        basis_field, levels = WAYS.get(name, ("", ()))
        for level in levels:
            rows = self.batch.is_level(basis_field, level)
            if rows.any():
                quantity = np.where(rows, COMPUTED[name, level](self), quantity)
        return quantity

    def given(self, name: str) -> Floats:
        """A driver, with ones where the row has none."""
        column = self.batch.numbers(name)
        return np.where(np.isnan(column), 1.0, column)

    def of_ecosystem(self, column: str) -> Floats:
        """A coefficient of the row's ecosystem; rows that need one the table lacks are refused."""
        table = self.basis.parameters.table(ECOSYSTEM)
        cells = table.column_or_nan(column, self.batch.levels["ecosystem"])
        return np.nan_to_num(self.batch.by_level("ecosystem", cells))

    def parameter(self, name: str) -> Floats:
        return np.array(self.basis.parameters.number(f"gep.{name}"))

    def step(self, name: str, function: StepFunction[..., Floats], **inputs: Floats) -> Floats:
        """A step, taken once however many quantities need it.

        What works out a quantity prints under the name of its field, whichever way is taken.
        """
        key = name, function.formula
        if key not in self._done:
            self._done[key] = self.steps(name, function, **inputs)
        return self._done[key]

    def inputs(self, *names: str) -> dict[str, Floats]:
        return {name: self.given(name) for name in names}

    def area_ha(self) -> Floats:
        table = self.basis.parameters.table("gep.area_unit")
        units = table.column("units_per_ha", self.batch.levels["area_unit"])
        return self.step(
            "area_ha",
            f.area_ha,
            area=self.given("area"),
            units_per_ha=self.batch.by_level("area_unit", units),
        )


def _plain(
    name: str, function: StepFunction[..., Floats], *drivers: str, area: bool = True
) -> Callable[[Drivers], Floats]:
    """A quantity that is one step over drivers of the row, and its area."""

    def computed(d: Drivers) -> Floats:
        surface = {"area_ha": d.area_ha()} if area else {}
        return d.step(name, function, **surface, **d.inputs(*drivers))

    return computed


def _runoff(d: Drivers) -> Floats:
    return d.step(
        "water_retained_m3",
        f.water_after_runoff_m3,
        area_ha=d.area_ha(),
        runoff_share=d.of_ecosystem("runoff_share"),
        **d.inputs("rainfall_mm", "evapotranspiration_mm"),
    )


def _water_yield(d: Drivers) -> Floats:
    potential = d.step(
        "potential_mm",
        f.potential_mm,
        **d.inputs("crop_coefficient", "reference_evapotranspiration_mm"),
    )
    holding = d.step(
        "available_water_mm",
        f.available_water_mm,
        **d.inputs("root_depth_mm", "soil_depth_mm", "available_water_share"),
    )
    shape = d.step(
        "dryness_shape",
        f.dryness_shape,
        available_water_mm=holding,
        **d.inputs("seasonality", "rainfall_mm"),
    )
    share = d.step(
        "evaporated_share",
        f.evaporated_share,
        potential_mm=potential,
        dryness_shape=shape,
        **d.inputs("rainfall_mm", "vegetated"),
    )
    return d.step(
        "water_retained_m3",
        f.water_yield_m3,
        area_ha=d.area_ha(),
        evaporated_share=share,
        **d.inputs("rainfall_mm"),
    )


RUSLE: Final = ("rainfall_erosivity", "soil_erodibility", "cover_factor", "practice_factor")


def _rusle(d: Drivers) -> Floats:
    return d.step(
        "soil_retained_t",
        f.soil_kept_t,
        area_ha=d.area_ha(),
        **d.inputs(*RUSLE, "slope_factor"),
    )


def _rusle_slope(d: Drivers) -> Floats:
    slope = d.inputs("slope_percent")
    sine = d.step("slope_sine", f.slope_sine, **slope)
    steepness = d.step("steepness_factor", f.steepness_factor, slope_sine=sine, **slope)
    ratio = d.step("rill_ratio", f.rill_ratio, slope_sine=sine)
    exponent = d.step("length_exponent", f.length_exponent, rill_ratio=ratio, **slope)
    upslope = d.step("upslope_m", f.upslope_m, **d.inputs("upslope_pixels", "pixel_m"))
    length = d.step(
        "length_factor",
        f.length_factor,
        upslope_m=upslope,
        length_exponent=exponent,
        slope_sine=sine,
        length_factor_cap=d.parameter("length_factor_cap"),
        **d.inputs("pixel_m"),
    )
    factor = d.step(
        "slope_length_factor",
        f.slope_length_factor,
        length_factor=length,
        steepness_factor=steepness,
    )
    return d.step(
        "soil_retained_t",
        f.soil_kept_on_slope_t,
        area_ha=d.area_ha(),
        slope_length_factor=factor,
        **d.inputs(*RUSLE),
    )


def _wind(d: Drivers) -> tuple[Floats, Floats]:
    """The transport of bare soil, and what plants leave of it."""
    soil = d.inputs("sand_percent", "silt_percent", "clay_percent", "organic_percent")
    erodible = d.step("erodible_share", f.erodible_share, **soil, **d.inputs("carbonate_percent"))
    crust = d.step("crust_factor", f.crust_factor, **d.inputs("clay_percent", "organic_percent"))
    bare = d.step(
        "bare_factor",
        f.bare_factor,
        erodible_share=erodible,
        crust_factor=crust,
        **d.inputs("weather_factor", "roughness_factor"),
    )
    left = d.step(
        "wind_cover_factor",
        f.wind_cover_factor,
        cover_slope=d.of_ecosystem("cover_slope"),
        **d.inputs("cover_percent"),
    )
    return bare, left


def _rweq(d: Drivers) -> Floats:
    bare, left = _wind(d)
    covered = d.step("covered_factor", f.covered_factor, bare_factor=bare, wind_cover_factor=left)
    distance = d.inputs("wind_distance_m")
    losses = {}
    for name, given in (("bare", bare), ("covered", covered)):
        length = d.step(
            f"{name}_length_m",
            f.bare_length_m if name == "bare" else f.covered_length_m,
            **{f"{name}_factor": given},
        )
        losses[f"{name}_loss_kg_per_m2"] = d.step(
            f"{name}_loss_kg_per_m2",
            f.bare_loss_kg_per_m2 if name == "bare" else f.covered_loss_kg_per_m2,
            **{f"{name}_factor": given, f"{name}_length_m": length},
            **distance,
        )
    return d.step("sand_fixed_t", f.sand_kept_t, area_ha=d.area_ha(), **losses)


def _rweq_short(d: Drivers) -> Floats:
    bare, left = _wind(d)
    return d.step(
        "sand_fixed_t",
        f.sand_kept_short_t,
        area_ha=d.area_ha(),
        bare_factor=bare,
        wind_cover_factor=left,
    )


def _lake(d: Drivers) -> Floats:
    return d.step(
        "lake_storage_m3",
        f.lake_by_area_m3,
        lake_constant=d.parameter("lake_constant"),
        lake_exponent=d.parameter("lake_exponent"),
        **d.inputs("lake_km2", "lake_exchanges"),
    )


def _reservoir(d: Drivers) -> Floats:
    return d.step(
        "reservoir_storage_m3",
        f.reservoir_by_capacity_m3,
        reservoir_share=d.parameter("reservoir_share"),
        **d.inputs("reservoir_capacity_m3"),
    )


def _curve_number(d: Drivers) -> Floats:
    room = d.step("soil_room_mm", f.soil_room_mm, **d.inputs("curve_number"))
    runoff = d.step(
        "curve_runoff_mm", f.curve_runoff_mm, soil_room_mm=room, **d.inputs("storm_rain_mm")
    )
    return d.step(
        "vegetation_storage_m3",
        f.storm_held_by_curve_m3,
        area_ha=d.area_ha(),
        curve_runoff_mm=runoff,
        **d.inputs("storm_rain_mm"),
    )


def _capacity(
    name: str, function: StepFunction[..., Floats], column: str
) -> Callable[[Drivers], Floats]:
    def computed(d: Drivers) -> Floats:
        return d.step(name, function, area_ha=d.area_ha(), **{column: d.of_ecosystem(column)})

    return computed


def _growth(
    name: str, function: StepFunction[..., Floats], parameter: str
) -> Callable[[Drivers], Floats]:
    def computed(d: Drivers) -> Floats:
        return d.step(name, function, **d.inputs("npp_t"), **{parameter: d.parameter(parameter)})

    return computed


def _plants(d: Drivers) -> Floats:
    return d.step(
        "cooling_kwh",
        f.plant_cooling_kwh,
        area_ha=d.area_ha(),
        cooling_efficiency=d.parameter("cooling_efficiency"),
        **d.inputs("plant_heat_kj_per_m2_day", "cooling_days"),
    )


def _water_cooling(d: Drivers) -> Floats:
    return d.step(
        "cooling_kwh",
        f.water_cooling_kwh,
        evaporation_heat=d.parameter("evaporation_heat"),
        humidifier=d.parameter("humidifier"),
        **d.inputs("evaporation_m3"),
    )


COMPUTED: Final[Mapping[tuple[str, str], Callable[[Drivers], Floats]]] = {
    ("water_retained_m3", "balance"): _plain(
        "water_retained_m3",
        f.water_balance_m3,
        "rainfall_mm",
        "runoff_mm",
        "evapotranspiration_mm",
    ),
    ("water_retained_m3", "runoff-share"): _runoff,
    ("water_retained_m3", "water-yield"): _water_yield,
    ("soil_retained_t", "rusle"): _rusle,
    ("soil_retained_t", "rusle-slope"): _rusle_slope,
    ("sand_fixed_t", "rweq"): _rweq,
    ("sand_fixed_t", "rweq-short"): _rweq_short,
    ("lake_storage_m3", "lake-area"): _lake,
    ("lake_storage_m3", "level-change"): _plain(
        "lake_storage_m3", f.lake_by_level_m3, "lake_peaks_m3", "lake_troughs_m3", area=False
    ),
    ("reservoir_storage_m3", "capacity"): _reservoir,
    ("vegetation_storage_m3", "storm-balance"): _plain(
        "vegetation_storage_m3", f.storm_held_m3, "storm_rain_mm", "storm_runoff_mm"
    ),
    ("vegetation_storage_m3", "curve-number"): _curve_number,
    ("sulphur_dioxide_t", "capacity"): _capacity(
        "sulphur_dioxide_t", f.sulphur_by_capacity_t, "sulphur_capacity"
    ),
    ("dust_t", "capacity"): _capacity("dust_t", f.dust_by_capacity_t, "dust_capacity"),
    ("cod_t", "capacity"): _plain("cod_t", f.cod_by_capacity_t, "cod_kg_per_ha"),
    ("ammonia_t", "capacity"): _plain("ammonia_t", f.ammonia_by_capacity_t, "ammonia_kg_per_ha"),
    ("carbon_fixed_tco2", "nep"): _plain(
        "carbon_fixed_tco2", f.carbon_by_nep_tco2, "nep_tc", area=False
    ),
    ("carbon_fixed_tco2", "npp"): _growth("carbon_fixed_tco2", f.carbon_by_npp_tco2, "co2_per_npp"),
    ("carbon_fixed_tco2", "rate"): _plain(
        "carbon_fixed_tco2", f.carbon_by_rate_tco2, "carbon_rate_tco2_per_ha"
    ),
    ("oxygen_released_t", "npp"): _growth("oxygen_released_t", f.oxygen_by_npp_t, "oxygen_per_npp"),
    ("oxygen_released_t", "photosynthesis"): _growth(
        "oxygen_released_t", f.oxygen_by_photosynthesis_t, "oxygen_photosynthesis"
    ),
    ("cooling_kwh", "plants"): _plants,
    ("cooling_kwh", "water"): _water_cooling,
    ("landscape_premium_yuan", "area"): _plain(
        "landscape_premium_yuan",
        f.landscape_by_area_yuan,
        "premium_m2",
        "premium_yuan_per_m2",
        area=False,
    ),
    ("non_use_yuan", "willingness"): _plain(
        "non_use_yuan",
        f.willingness_yuan,
        "willing_yuan_per_month",
        "willing_share",
        "people",
        area=False,
    ),
}
"""How each quantity is worked out, by its field and the way the row chose."""
