"""Yearly removals that last for some years: shrubs by crown cover, soil of grassland, baselines."""

import numpy as np
import numpy.typing as npt

from risk_models.contract import Basis, Batch, Floats, Recorder, step
from risk_models.models.carbon_sink_income.names import (
    BASELINE_YEARS,
    CROWN_COVER,
    GOLD_STANDARD,
    GRASSLAND,
    LEAST_COVER,
    SOIL_YEARS,
    SPECIES,
)

__all__ = ["baseline_removals", "shrub_removals", "soil_removals"]

Rows = npt.NDArray[np.integer]


# ---------------------------------------------------------------------------
# Steps


@step(unit="ratio", zh="覆盖度增量", reference="CDM AR-TOOL14 v04.2")
def cover_gain(
    *, cover_before_share: Floats, cover_after_share: Floats, least_crown_cover: Floats
) -> Floats:
    """Gain of crown cover, cover below the least counting as nothing.

    Formula: cover_after_share * (cover_after_share >= least_crown_cover)
    - cover_before_share * (cover_before_share >= least_crown_cover).
    """
    after = cover_after_share * (cover_after_share >= least_crown_cover)
    return np.asarray(after - cover_before_share * (cover_before_share >= least_crown_cover))


@step(unit="tCO2e/mu/year", zh="灌木年碳汇量", reference="CDM AR-TOOL14 v04.2")
def removals_of_shrubs(
    *,
    dry_matter_carbon: Floats,
    root_ratio: Floats,
    forest_biomass_share: Floats,
    forest_biomass_t_per_ha: Floats,
    cover_gain: Floats,
    cover_years: Floats,
) -> Floats:
    """Removals a year while the cover grows.

    Formula: 44 / 12 * dry_matter_carbon * (1 + root_ratio) * forest_biomass_share
    * forest_biomass_t_per_ha * cover_gain / cover_years / 15.
    """
    carbon = 44.0 / 12.0 * dry_matter_carbon * (1.0 + root_ratio) * forest_biomass_share
    return carbon * forest_biomass_t_per_ha * cover_gain / cover_years / 15.0


@step(unit="year", zh="增长持续年数")
def years_of_cover(*, cover_years: Floats) -> Floats:
    """Crediting years in which removals go on: cover_years."""
    return cover_years


@step(unit="ratio", zh="项目前土壤碳因子")
def soil_factor_before(
    *, land_use_factor: Floats, management_factor: Floats, input_factor: Floats
) -> Floats:
    """Soil carbon over the reference, before: land_use_factor * management_factor * input_factor."""
    return land_use_factor * management_factor * input_factor


@step(unit="ratio", zh="项目后土壤碳因子")
def soil_factor_after(
    *, land_use_factor: Floats, management_factor: Floats, input_factor: Floats
) -> Floats:
    """Soil carbon over the reference, after: land_use_factor * management_factor * input_factor."""
    return land_use_factor * management_factor * input_factor


@step(unit="tCO2e/mu/year", zh="土壤年碳汇量", reference="IPCC 2006, volume 4")
def removals_of_soil(
    *,
    soil_carbon_t_per_ha: Floats,
    soil_factor_before: Floats,
    soil_factor_after: Floats,
    soil_years: Floats,
) -> Floats:
    """Removals a year while the soil comes to its new level.

    Formula: 44 / 12 * soil_carbon_t_per_ha * (soil_factor_after - soil_factor_before)
    / soil_years / 15.
    """
    gained = 44.0 / 12.0 * soil_carbon_t_per_ha * (soil_factor_after - soil_factor_before)
    return gained / soil_years / 15.0


@step(unit="year", zh="增长持续年数")
def years_of_soil(*, soil_years: Floats) -> Floats:
    """Crediting years in which removals go on: soil_years."""
    return soil_years


@step(unit="tCO2e/mu/year", zh="基线年碳汇量", reference="CDM AR-TOOL14 v04.2")
def baseline_by_cover(
    *,
    dry_matter_carbon: Floats,
    root_ratio: Floats,
    forest_biomass_share: Floats,
    forest_growth_t_per_ha: Floats,
    baseline_cover_share: Floats,
) -> Floats:
    """Removals a year without the project.

    Formula: 44 / 12 * dry_matter_carbon * (1 + root_ratio) * forest_biomass_share
    * forest_growth_t_per_ha * baseline_cover_share / 15.
    """
    carbon = 44.0 / 12.0 * dry_matter_carbon * (1.0 + root_ratio) * forest_biomass_share
    return carbon * forest_growth_t_per_ha * baseline_cover_share / 15.0


@step(unit="tCO2e/mu/year", zh="基线年碳汇量", reference="Gold Standard 403 v2.1")
def baseline_by_stock(
    *,
    baseline_growth_m3_per_ha: Floats,
    wood_density: Floats,
    expansion_factor: Floats,
    root_ratio: Floats,
    carbon_fraction: Floats,
) -> Floats:
    """Removals a year without the project, by factors that overstate them.

    Formula: baseline_growth_m3_per_ha * wood_density * expansion_factor * (1 + root_ratio)
    * carbon_fraction * 44 / 12 / 15.
    """
    grown = baseline_growth_m3_per_ha * wood_density * expansion_factor * (1.0 + root_ratio)
    return grown * carbon_fraction * 44.0 / 12.0 / 15.0


# ---------------------------------------------------------------------------
# What the model takes


def shrub_removals(
    batch: Batch, basis: Basis, rows: Rows, steps: Recorder
) -> tuple[Floats, Floats]:
    """Removals a year per mu of shrubs [r], and the crediting years they go on for."""
    gain = steps(
        "cover_gain",
        cover_gain,
        cover_before_share=batch.numbers("cover_before_share")[rows],
        cover_after_share=batch.numbers("cover_after_share")[rows],
        least_crown_cover=np.array(basis.parameters.number(LEAST_COVER)),
    )
    lasting = batch.numbers("cover_years")[rows]
    yearly = steps(
        "yearly_removals",
        removals_of_shrubs,
        **_cover_factors(basis, "shrubs"),
        forest_biomass_t_per_ha=batch.numbers("forest_biomass_t_per_ha")[rows],
        cover_gain=gain,
        cover_years=lasting,
    )
    return yearly, steps("growth_years", years_of_cover, cover_years=lasting)


def soil_removals(batch: Batch, basis: Basis, rows: Rows, steps: Recorder) -> tuple[Floats, Floats]:
    """Removals a year per mu of soil [r], and the crediting years they go on for."""
    lasting = np.array(basis.parameters.number(SOIL_YEARS))
    before = steps("soil_factor_before", soil_factor_before, **_soil(batch, basis, "before", rows))
    after = steps("soil_factor_after", soil_factor_after, **_soil(batch, basis, "after", rows))
    yearly = steps(
        "yearly_removals",
        removals_of_soil,
        soil_carbon_t_per_ha=batch.numbers("soil_carbon_t_per_ha")[rows],
        soil_factor_before=before,
        soil_factor_after=after,
        soil_years=lasting,
    )
    years = steps("growth_years", years_of_soil, soil_years=lasting)
    return yearly, np.full(len(rows), float(years))


def baseline_removals(
    batch: Batch, basis: Basis, rows: Rows, stated: str, steps: Recorder
) -> tuple[Floats, float | None]:
    """Removals a year per mu of the baseline [r], and how many crediting years they go on for.

    Only what is told by crown cover has a norm that says when it ends.
    """
    parameters = basis.parameters
    if stated == "crown-cover":
        yearly = steps(
            "baseline_removals",
            baseline_by_cover,
            **_cover_factors(basis, "trees"),
            forest_growth_t_per_ha=batch.numbers("forest_growth_t_per_ha")[rows],
            baseline_cover_share=batch.numbers("baseline_cover_share")[rows],
        )
        return yearly, parameters.number(BASELINE_YEARS)
    levels = batch.levels["species"]
    fractions = parameters.table(SPECIES).column("carbon_fraction", levels)
    # Without a group of trees the richest in carbon counts: a baseline is never understated.
    known = np.append(fractions, fractions.max())
    yearly = steps(
        "baseline_removals",
        baseline_by_stock,
        baseline_growth_m3_per_ha=batch.numbers("baseline_growth_m3_per_ha")[rows],
        **{
            name: np.array(parameters.table(GOLD_STANDARD).number("baseline", name))
            for name in ("wood_density", "expansion_factor", "root_ratio")
        },
        carbon_fraction=known[batch.codes("species")[rows]],
    )
    return yearly, None


def _cover_factors(basis: Basis, what: str) -> dict[str, Floats]:
    row = basis.parameters.table(CROWN_COVER)[what]
    return {name: np.array(given) for name, given in row.items()}


def _soil(batch: Batch, basis: Basis, when: str, rows: Rows) -> dict[str, Floats]:
    table = basis.parameters.table(GRASSLAND)
    field = f"grassland_{when}"
    codes = batch.codes(field)[rows]
    return {
        name: table.column(name, batch.levels[field])[codes]
        for name in ("land_use_factor", "management_factor", "input_factor")
    }
