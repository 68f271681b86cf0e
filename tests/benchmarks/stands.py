"""Growing stands that verify every year: species, ages, regions, rates and terms as a city has them.

With rich keys terms and rates are spread, so that hardly two of a hundred thousand stands share
all of group of trees, age, region, rate and term; with coarse keys there are one term and three
rates. Peers value every stand for itself: growth by its curve, every year by powers.
"""

import math
from typing import Final

import numpy as np

from risk_models.contract import Batch
from risk_models.models.carbon_sink_income.names import CURVE, REGRESSION, SPECIES
from tests.benchmarks.peers import (
    DAY,
    GROWN,
    YEAR,
    YUAN,
    Asset,
    Payments,
    basis,
    filled,
    in_years,
)

REGIONS, OLDEST, LONGEST = 31, 59, 40

FIGURES: Final = ("asymptote_m3_per_ha", "growth_k", "shape_c")

TO_CREDITS: Final = 44.0 / 12.0 / 15.0
"""From carbon by the hectare to carbon dioxide by the mu."""


def portfolio(assets: int, *, rich: bool) -> Batch:
    """Stands of few frequent groups of trees, mostly young; areas lognormal; hazards by region."""
    rng = np.random.default_rng(20260101)
    groups, oldest = groups_of_trees()
    frequent = 1.0 / np.arange(1, len(groups) + 1)
    group = rng.choice(len(groups), assets, p=frequent / frequent.sum())
    age = np.minimum(rng.geometric(0.06, assets), np.minimum(OLDEST, oldest - LONGEST - 1)[group])
    region = rng.integers(0, REGIONS, assets)
    classes = np.linspace(0.06, 0.12, 6 if rich else 3)
    term = rng.integers(20, LONGEST + 1, assets) if rich else np.full(assets, 30)
    area, site = rng.lognormal(3.5, 1.1, assets), rng.uniform(0.6, 1.4, assets)
    hazard = np.random.default_rng(8).uniform(0.001, 0.015, REGIONS)
    columns = {
        # What grows by its site is sold; what is watched is watched by the hectare.
        "area_mu": area * 15.0 * site,
        "planted_on": DAY - days(age),
        "baseline_share": np.zeros(assets),
        "leakage_share": np.zeros(assets),
        "buffer_share": rng.choice([0.10, 0.15, 0.20, 0.25], assets),
        "yearly_loss_share": hazard[region],
        "crediting_starts_on": np.full(assets, DAY),
        "crediting_ends_on": np.full(assets, DAY + days(LONGEST)),
        "last_verified_on": np.full(assets, DAY),
        "right_ends_on": DAY + days(term),
        "verification_every_years": np.ones(assets),
        "monitoring_cost_yuan": area * rng.uniform(2.0, 25.0, assets),
        "verification_cost_yuan": np.zeros(assets),
        "cost_due_now_yuan": np.zeros(assets),
        "tax_share": np.zeros(assets),
        "discount_rate": classes[rng.integers(0, len(classes), assets)],
    }
    chosen = {
        "sink_kind": "forest",
        "registration": "local-filing",
        "removal_basis": "growth-curve",
        "conversion": "regression",
    }
    batch = filled(assets, columns, chosen)
    codes = np.array([batch.levels["species"].index(each) for each in groups], dtype=np.int32)
    return Batch(n=assets, columns={**batch.columns, "species": codes[group]}, levels=batch.levels)


def groups_of_trees() -> tuple[tuple[str, ...], np.ndarray]:
    """Groups with a regression of biomass and a curve for the longest term, and where it ends."""
    regressions = tuple(basis().parameters.table(REGRESSION))
    oldest = basis().parameters.table(CURVE).column("oldest_age", regressions)
    lasting = np.flatnonzero(oldest > LONGEST + 1)
    return tuple(regressions[at] for at in lasting), oldest[lasting]


def days(count: "int | np.ndarray") -> np.ndarray:
    """So many years in whole days, none of them cut."""
    return np.ceil(np.asarray(count) * YEAR).astype("timedelta64[D]")


def told(batch: Batch) -> dict[str, np.ndarray]:
    """What the peers read of a batch, with the figures of each group of trees."""
    levels, codes = batch.levels["species"], batch.codes("species")
    curve, species = basis().parameters.table(CURVE), basis().parameters.table(SPECIES)
    biomass = basis().parameters.table(REGRESSION).column_or_nan("regression_a", levels)
    carbon = species.column("carbon_fraction", levels)
    figures = {name: curve.column(name, levels)[codes] for name in FIGURES}
    return {**in_years(batch), **figures, "tco2e_per_m3": (biomass * carbon * TO_CREDITS)[codes]}


def plain_value(asset: Asset) -> float:
    """One stand, year by year."""
    growth, kept = 1.0 + asset["discount_rate"], 1.0 - asset["yearly_loss_share"]
    right, moved = asset["right_ends_on"], kept * GROWN / growth
    credit = asset["area_mu"] * (1.0 - asset["buffer_share"]) * asset["tco2e_per_m3"]
    age, year, sold, watched = -asset["planted_on"], 0, 0.0, 0.0
    before = stock(asset, age)
    while year + 1 <= right + 1e-9:
        year += 1
        after = stock(asset, age + year)
        sold += (after - before) * moved**year
        watched += growth ** (0.5 - year)
        before = after
    watched += (right - year) * growth ** -(year + 0.5)
    return credit * YUAN * sold - asset["monitoring_cost_yuan"] * watched


def stock(asset: Asset, age: float) -> float:
    """Stock in m3/ha by Chapman and Richards."""
    grown = 1.0 - math.exp(-asset["growth_k"] * age)
    return asset["asymptote_m3_per_ha"] * grown ** asset["shape_c"]


def numpy_block(columns: dict[str, np.ndarray]) -> np.ndarray:
    """Every year of every stand in one matrix."""
    a = {name: column[:, None] for name, column in columns.items()}
    growth, kept, right = 1.0 + a["discount_rate"], 1.0 - a["yearly_loss_share"], a["right_ends_on"]
    year = np.arange(right.max() + 1.0)[None]
    age = year - a["planted_on"]
    grown = a["asymptote_m3_per_ha"] * (1.0 - np.exp(-a["growth_k"] * age)) ** a["shape_c"]
    at = year[:, 1:]
    gained = np.diff(grown, axis=1) * (at <= right + 1e-9)
    sold = (gained * (kept * GROWN / growth) ** at).sum(axis=1)
    watched = (np.clip(right - year, 0.0, 1.0) * growth ** -(year + 0.5)).sum(axis=1)
    credit = columns["area_mu"] * (1.0 - columns["buffer_share"]) * columns["tco2e_per_m3"]
    return credit * YUAN * sold - columns["monitoring_cost_yuan"] * watched


def sales(asset: Asset) -> Payments:
    """Sales at the price of the day, as far as the stand is expected to be there."""
    kept, age = 1.0 - asset["yearly_loss_share"], -asset["planted_on"]
    credit = asset["area_mu"] * (1.0 - asset["buffer_share"]) * asset["tco2e_per_m3"]
    ages = [stock(asset, age + year) for year in range(math.floor(asset["right_ends_on"]) + 1)]
    return [
        (float(year), credit * (ages[year] - ages[year - 1]) * YUAN * kept**year)
        for year in range(1, len(ages))
    ]


def costs(asset: Asset) -> Payments:
    """Monitoring, below zero."""
    right = asset["right_ends_on"]
    return [
        (year + 0.5, -asset["monitoring_cost_yuan"] * min(right - year, 1.0))
        for year in range(math.ceil(right))
    ]
