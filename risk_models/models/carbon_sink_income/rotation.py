"""Removals of forests that are felled and planted again: no more than their mean stock is sold.

The stock of every year of the crediting period is laid out, nothing standing in a year of felling.
Its mean is what lasts; it is credited evenly over the crediting period.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.contract import Batch, Floats, Recorder, step

__all__ = ["rotation_removals", "whole_crediting_years"]

SOURCE: Final = "Gold Standard 403 v2.1"


@step(unit="year", zh="计入期整年数")
def whole_crediting_years(*, crediting_years: Floats) -> Floats:
    """Whole years of the crediting period: floor(crediting_years + 0.5)."""
    return np.floor(crediting_years + 0.5)


@step(unit="year", zh="各年距上次采伐年数", reference=SOURCE)
def years_since_felling(
    *, year: Floats, rotation_years: Floats, whole_crediting_years: Floats
) -> Floats:
    """Years of growth standing at the end of each year, the last year having no felling.

    Formula: year - rotation_years * floor(min(year, whole_crediting_years - 1) / rotation_years).
    """
    before = np.minimum(year, whole_crediting_years - 1.0)
    return np.asarray(year - rotation_years * np.floor(before / rotation_years))


@step(unit="tCO2e/mu", zh="各年净碳储量", reference=SOURCE)
def net_stock(
    *,
    year: Floats,
    whole_crediting_years: Floats,
    removals_tco2e_per_mu: Floats,
    years_since_felling: Floats,
    cleared_tco2e_per_mu: Floats,
    rotation_years: Floats,
) -> Floats:
    """Stock of each year over what was cleared for the first rotation.

    Formula: (year <= whole_crediting_years) * (removals_tco2e_per_mu * years_since_felling
    - cleared_tco2e_per_mu * (year < rotation_years)).
    """
    cleared = cleared_tco2e_per_mu * (year < rotation_years)
    standing = removals_tco2e_per_mu * years_since_felling - cleared
    return np.asarray((year <= whole_crediting_years) * standing)


@step(unit="tCO2e/mu", zh="长期平均净碳储量", reference=SOURCE)
def long_term_mean(*, net_stock: Floats, whole_crediting_years: Floats) -> Floats:
    """Mean stock over the crediting period: sum(net_stock) / whole_crediting_years."""
    return np.asarray(np.sum(net_stock, axis=-1) / whole_crediting_years)


@step(unit="tCO2e/mu/year", zh="年均计入量", reference=SOURCE)
def evened_removals(*, long_term_mean: Floats, whole_crediting_years: Floats) -> Floats:
    """Removals a year up to the mean stock: max(0, long_term_mean) / whole_crediting_years."""
    return np.asarray(np.maximum(0.0, long_term_mean) / whole_crediting_years)


def rotation_removals(
    batch: Batch, rows: npt.NDArray[np.integer], crediting_years: Floats, steps: Recorder
) -> Floats:
    """Removals a year per mu [r] that some rows are credited with; their crediting years are [r]."""
    whole = steps("whole_crediting_years", whole_crediting_years, crediting_years=crediting_years)
    year = np.arange(1.0, max(float(np.max(whole, initial=1.0)), 1.0) + 1.0)[np.newaxis]
    every = batch.numbers("rotation_years")[rows][:, np.newaxis]
    column = whole[:, np.newaxis]
    standing = steps(
        "years_since_felling",
        years_since_felling,
        year=year,
        rotation_years=every,
        whole_crediting_years=column,
    )
    stock = steps(
        "net_stock",
        net_stock,
        year=year,
        whole_crediting_years=column,
        removals_tco2e_per_mu=batch.numbers("removals_tco2e_per_mu")[rows][:, np.newaxis],
        years_since_felling=standing,
        cleared_tco2e_per_mu=batch.numbers("cleared_tco2e_per_mu")[rows][:, np.newaxis],
        rotation_years=every,
    )
    mean = steps("long_term_mean", long_term_mean, net_stock=stock, whole_crediting_years=whole)
    return steps(
        "yearly_removals", evened_removals, long_term_mean=mean, whole_crediting_years=whole
    )
