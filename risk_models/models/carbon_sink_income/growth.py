"""Removals from the growth of stock: age, stock, biomass, carbon, verification by verification.

Stock comes from a curve V = A (1 - exp(-k t)) ^ c, by group of trees or with own figures, or from a
yield table. What turns stock into biomass differs by conversion; a gain of stock is converted with
the factors of the stock it has grown to, so that a step between classes never makes carbon vanish.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.batches import alike
from risk_models.columns import picked
from risk_models.contract import Basis, Batch, Floats, Keyed, Recorder, step
from risk_models.modelling import Days, trimmed, years
from risk_models.models.carbon_sink_income.calendar import Calendar
from risk_models.models.carbon_sink_income.names import (
    BIOMASS,
    CURVE,
    GOLD_STANDARD,
    REGRESSION,
    SPECIES,
    STOCK_FACTORS,
)
from risk_models.trace import interpolated

__all__ = ["CONVERSIONS", "OWN_CURVE", "Stands", "curve_stock", "curves_of", "grown"]

OWN_CURVE: Final = ("curve_a_m3_per_ha", "curve_k", "curve_c")

# ---------------------------------------------------------------------------
# Age and stock


@step(unit="year", zh="计入期开始时林龄")
def age_at_start(*, planted_on: Days, crediting_starts_on: Days) -> Floats:
    """Age of the trees when crediting starts: years(planted_on, crediting_starts_on)."""
    return years(planted_on, crediting_starts_on)


@step(unit="year", zh="各次核证期末林龄")
def age_until(*, age_at_start: Floats, accrued_until: Floats, crediting_years: Floats) -> Floats:
    """Age that a verification reaches up to.

    Formula: age_at_start + min(accrued_until, crediting_years).
    """
    return np.asarray(age_at_start + np.minimum(accrued_until, crediting_years))


@step(unit="year", zh="各次核证期初林龄")
def age_since(*, age_at_start: Floats, accrued_since: Floats, crediting_years: Floats) -> Floats:
    """Age that a verification begins from.

    Formula: age_at_start + min(max(accrued_since, 0), crediting_years).
    """
    return np.asarray(age_at_start + np.minimum(np.maximum(accrued_since, 0.0), crediting_years))


def curve_stock(asymptote: Floats, speed: Floats, shape: Floats, age: Floats) -> Floats:
    """Stock in m3/ha at an age by Chapman and Richards."""
    return np.asarray(asymptote * (1.0 - np.exp(-speed * age)) ** shape)


@step(unit="m3/ha", zh="期末蓄积量")
def curve_until(
    *, asymptote_m3_per_ha: Floats, growth_k: Floats, shape_c: Floats, age_until: Floats
) -> Floats:
    """Stock at the end of a verification.

    Formula: asymptote_m3_per_ha * (1 - exp(-growth_k * age_until)) ** shape_c.
    """
    return curve_stock(asymptote_m3_per_ha, growth_k, shape_c, age_until)


@step(unit="m3/ha", zh="期初蓄积量")
def curve_since(
    *, asymptote_m3_per_ha: Floats, growth_k: Floats, shape_c: Floats, age_since: Floats
) -> Floats:
    """Stock at the beginning of a verification.

    Formula: asymptote_m3_per_ha * (1 - exp(-growth_k * age_since)) ** shape_c.
    """
    return curve_stock(asymptote_m3_per_ha, growth_k, shape_c, age_since)


@step(unit="m3/ha", zh="期末蓄积量")
def own_curve_until(
    *, curve_a_m3_per_ha: Floats, curve_k: Floats, curve_c: Floats, age_until: Floats
) -> Floats:
    """Stock at the end of a verification.

    Formula: curve_a_m3_per_ha * (1 - exp(-curve_k * age_until)) ** curve_c.
    """
    return curve_stock(curve_a_m3_per_ha, curve_k, curve_c, age_until)


@step(unit="m3/ha", zh="期初蓄积量")
def own_curve_since(
    *, curve_a_m3_per_ha: Floats, curve_k: Floats, curve_c: Floats, age_since: Floats
) -> Floats:
    """Stock at the beginning of a verification.

    Formula: curve_a_m3_per_ha * (1 - exp(-curve_k * age_since)) ** curve_c.
    """
    return curve_stock(curve_a_m3_per_ha, curve_k, curve_c, age_since)


@step(unit="m3/ha", zh="期末蓄积量")
def table_until(
    *, stock_by_age_m3_per_ha: Floats, yield_step_years: Floats, age_until: Floats
) -> Floats:
    """Stock at the end of a verification.

    Formula: interpolated(stock_by_age_m3_per_ha, age_until / yield_step_years).
    """
    return interpolated(stock_by_age_m3_per_ha, age_until / yield_step_years)


@step(unit="m3/ha", zh="期初蓄积量")
def table_since(
    *, stock_by_age_m3_per_ha: Floats, yield_step_years: Floats, age_since: Floats
) -> Floats:
    """Stock at the beginning of a verification.

    Formula: interpolated(stock_by_age_m3_per_ha, age_since / yield_step_years).
    """
    return interpolated(stock_by_age_m3_per_ha, age_since / yield_step_years)


# ---------------------------------------------------------------------------
# Biomass and carbon


@step(unit="t/ha", zh="生物量增量", reference="ChinaXiv 201803.01069V1")
def gain_by_regression(
    *, regression_a: Floats, regression_b: Floats, stock_until: Floats, stock_since: Floats
) -> Floats:
    """Gain of live biomass, roots included.

    Formula: (regression_a * stock_until + regression_b)
    - (regression_a * stock_since + regression_b).
    """
    until = regression_a * stock_until + regression_b
    return until - (regression_a * stock_since + regression_b)


@step(unit="t/ha", zh="生物量增量")
def gain_by_expansion(
    *,
    stock_until: Floats,
    stock_since: Floats,
    wood_density: Floats,
    expansion_factor: Floats,
    root_ratio: Floats,
) -> Floats:
    """Gain of live biomass with roots.

    Formula: (stock_until - stock_since) * wood_density * expansion_factor * (1 + root_ratio).
    """
    return (stock_until - stock_since) * wood_density * expansion_factor * (1.0 + root_ratio)


@step(unit="t/m3", zh="蓄积级的转换扩展系数", reference="IPCC 2006, volume 4, table 4.5")
def stock_factor(
    *,
    stock_until: Floats,
    bcef_to_20: Floats,
    bcef_to_40: Floats,
    bcef_to_100: Floats,
    bcef_to_200: Floats,
    bcef_above_200: Floats,
) -> Floats:
    """Conversion of the class of stock.

    Formula: bcef_to_20 + (bcef_to_40 - bcef_to_20) * (stock_until > 20)
    + (bcef_to_100 - bcef_to_40) * (stock_until > 40)
    + (bcef_to_200 - bcef_to_100) * (stock_until > 100)
    + (bcef_above_200 - bcef_to_200) * (stock_until > 200).
    """
    return np.asarray(
        bcef_to_20
        + (bcef_to_40 - bcef_to_20) * (stock_until > 20.0)
        + (bcef_to_100 - bcef_to_40) * (stock_until > 40.0)
        + (bcef_to_200 - bcef_to_100) * (stock_until > 100.0)
        + (bcef_above_200 - bcef_to_200) * (stock_until > 200.0)
    )


@step(unit="ratio", zh="根茎比", reference="IPCC 2006, volume 4, table 4.4")
def root_share(
    *,
    stock_until: Floats,
    stock_factor: Floats,
    root_thin: Floats,
    root_middle: Floats,
    root_dense: Floats,
    middle_from: Floats,
    dense_from: Floats,
) -> Floats:
    """Roots over shoots of the class of biomass above ground.

    Formula: root_thin + (root_middle - root_thin) * (stock_until * stock_factor >= middle_from)
    + (root_dense - root_middle) * (stock_until * stock_factor > dense_from).
    """
    above = stock_until * stock_factor
    middle = (root_middle - root_thin) * (above >= middle_from)
    return np.asarray(root_thin + middle + (root_dense - root_middle) * (above > dense_from))


@step(unit="t/ha", zh="生物量增量", reference="IPCC 2006, volume 4")
def gain_by_stock_factor(
    *, stock_until: Floats, stock_since: Floats, stock_factor: Floats, root_share: Floats
) -> Floats:
    """Gain of live biomass with roots.

    Formula: (stock_until - stock_since) * stock_factor * (1 + root_share).
    """
    return (stock_until - stock_since) * stock_factor * (1.0 + root_share)


@step(unit="tCO2e/mu", zh="各次核证签发量")
def growth_credited(
    *, verification_due: Floats, biomass_gain: Floats, carbon_fraction: Floats
) -> Floats:
    """Removals of the growth each verification credits.

    Formula: verification_due * max(0, biomass_gain) * carbon_fraction * 44 / 12 / 15.
    """
    gained = verification_due * np.maximum(0.0, biomass_gain)
    return np.asarray(gained * carbon_fraction * 44.0 / 12.0 / 15.0)


# ---------------------------------------------------------------------------
# Factors of the tables

CONVERSIONS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "regression": (REGRESSION, ("regression_a", "regression_b")),
    "stock-factors": (
        STOCK_FACTORS,
        (
            *("bcef_to_20", "bcef_to_40", "bcef_to_100", "bcef_to_200", "bcef_above_200"),
            *("root_thin", "root_middle", "root_dense", "middle_from", "dense_from"),
        ),
    ),
    "expansion": (BIOMASS, ("wood_density", "expansion_factor", "root_ratio")),
    "gold-standard": (GOLD_STANDARD, ("wood_density", "expansion_factor", "root_ratio")),
}
"""The table of each conversion and the columns it takes."""

PROJECT: Final = "project"


@dataclass(frozen=True, slots=True)
class Stands:
    """Distinct stands: what converts their growth, by the code of species and conversion."""

    basis: Basis
    species: tuple[str, ...]
    conversions: tuple[str, ...]

    @classmethod
    def of(cls, batch: Batch, basis: Basis) -> "Stands":
        return cls(basis, batch.levels["species"], batch.levels["conversion"])

    def factors(self, conversion: str, species: npt.NDArray[np.integer]) -> dict[str, Floats]:
        """The factors of one conversion for stands [P] by code of species, as columns [P, 1]."""
        parameter, columns = CONVERSIONS[conversion]
        table = self.basis.parameters.table(parameter)
        rows = self.species if conversion != "gold-standard" else (PROJECT,) * len(self.species)
        return {name: table.column_or_nan(name, rows)[species][:, np.newaxis] for name in columns}

    def carbon(self, species: npt.NDArray[np.integer]) -> Floats:
        table = self.basis.parameters.table(SPECIES)
        return np.asarray(table.column("carbon_fraction", self.species)[species][:, np.newaxis])

    def gain(
        self,
        conversion: npt.NDArray[np.integer],
        species: npt.NDArray[np.integer],
        until: Floats,
        since: Floats,
        steps: Recorder,
    ) -> Floats:
        """Gain of biomass [P, T] in t/ha from one stock to another, each by its conversion."""
        gained = np.zeros(until.shape)
        for code in np.unique(conversion):
            hit = conversion == code
            chosen = self.conversions[int(code)]
            gained[hit] = _gain(
                chosen, self.factors(chosen, species[hit]), until[hit], since[hit], steps
            )
        return gained


def _gain(
    conversion: str, factors: dict[str, Floats], until: Floats, since: Floats, steps: Recorder
) -> Floats:
    stock = {"stock_until": until, "stock_since": since}
    if conversion == "regression":
        return steps("biomass_gain", gain_by_regression, **factors, **stock)
    if conversion != "stock-factors":
        return steps("biomass_gain", gain_by_expansion, **factors, **stock)
    classes = {name: given for name, given in factors.items() if name.startswith("bcef")}
    roots = {name: given for name, given in factors.items() if name not in classes}
    factor = steps("stock_factor", stock_factor, stock_until=until, **classes)
    share = steps("root_share", root_share, stock_until=until, stock_factor=factor, **roots)
    return steps(
        "biomass_gain", gain_by_stock_factor, **stock, stock_factor=factor, root_share=share
    )


def curves_of(
    batch: Batch, basis: Basis, species: npt.NDArray[np.integer]
) -> tuple[Floats, Floats, Floats]:
    """A, k and c of the curve of some groups of trees, by their codes."""
    table = basis.parameters.table(CURVE)
    levels = batch.levels["species"]
    asymptote, speed, shape = (
        np.asarray(table.column(name, levels)[species])
        for name in ("asymptote_m3_per_ha", "growth_k", "shape_c")
    )
    return asymptote, speed, shape


# ---------------------------------------------------------------------------
# Profiles


def grown(
    batch: Batch, basis: Basis, steps: Recorder, calendar: Calendar, stated: str
) -> tuple[Keyed, Floats]:
    """What each verification credits per mu of the rows that state removals in one such way."""
    rows = picked(batch.is_level("removal_basis", stated))
    which, key = alike(
        rows,
        calendar.key,
        *(batch.days(name).view(np.int64) for name in ("planted_on", "crediting_starts_on")),
        *(batch.codes(name) for name in ("species", "conversion")),
        *_shapes(batch, stated),
    )
    place, species = calendar.key[which], batch.codes("species")[which]
    starts = steps(
        "age_at_start",
        age_at_start,
        planted_on=batch.days("planted_on")[which],
        crediting_starts_on=batch.days("crediting_starts_on")[which],
    )
    told = calendar.at(place)
    ages = {
        "age_until": steps(
            "age_until",
            age_until,
            age_at_start=starts[:, np.newaxis],
            accrued_until=told["accrued_until"],
            crediting_years=told["crediting_years"],
        ),
        "age_since": steps(
            "age_since",
            age_since,
            age_at_start=starts[:, np.newaxis],
            accrued_since=told["accrued_since"],
            crediting_years=told["crediting_years"],
        ),
    }
    until, since = _stock(batch, basis, stated, which, ages, steps)
    stands = Stands.of(batch, basis)
    gain = stands.gain(batch.codes("conversion")[which], species, until, since, steps)
    profiles = steps(
        "growth_credited",
        growth_credited,
        verification_due=told["verification_due"],
        biomass_gain=gain,
        carbon_fraction=stands.carbon(species),
    )
    return calendar.spread(profiles, place, rows, key)


def _shapes(batch: Batch, stated: str) -> tuple[npt.NDArray[np.generic], ...]:
    """What tells one stock from another besides species and age: own figures, or the row of its table."""
    match stated:
        case "growth-curve":
            return ()
        case "own-curve":
            return tuple(batch.numbers(name) for name in OWN_CURVE)
        case _:
            return (np.arange(batch.n),)


def _stock(
    batch: Batch,
    basis: Basis,
    stated: str,
    which: npt.NDArray[np.integer],
    ages: dict[str, Floats],
    steps: Recorder,
) -> tuple[Floats, Floats]:
    """Stock [P, T] of some rows at the end and at the beginning of each verification."""
    if stated == "growth-curve":
        figures = curves_of(batch, basis, batch.codes("species")[which])
        columns = [figure[:, np.newaxis] for figure in figures]
        curve = dict(zip(("asymptote_m3_per_ha", "growth_k", "shape_c"), columns, strict=True))
        return (
            steps("stock_until", curve_until, **curve, age_until=ages["age_until"]),
            steps("stock_since", curve_since, **curve, age_since=ages["age_since"]),
        )
    if stated == "own-curve":
        own = {name: batch.numbers(name)[which][:, np.newaxis] for name in OWN_CURVE}
        return (
            steps("stock_until", own_curve_until, **own, age_until=ages["age_until"]),
            steps("stock_since", own_curve_since, **own, age_since=ages["age_since"]),
        )
    table = {
        "stock_by_age_m3_per_ha": trimmed(batch.numbers("stock_by_age_m3_per_ha")[which]),
        "yield_step_years": batch.numbers("yield_step_years")[which][:, np.newaxis],
    }
    return (
        steps("stock_until", table_until, **table, age_until=ages["age_until"]),
        steps("stock_since", table_since, **table, age_since=ages["age_since"]),
    )
