"""Speed of the quantiles of many carbon sinks over 1,000 shared price paths, beside their peers.

The limit is the matrix product alone, without the quantiles.
Run with `pytest -m benchmark -s tests/benchmarks/test_scenarios.py`.
"""

import math
from dataclasses import replace
from functools import cache
from statistics import median

import numpy as np
import pytest

from risk_models.contract import Batch, Result
from risk_models.engines.paths import (
    Simulation,
    between,
    correlation_in_force,
    price_paths,
    process_of,
)
from risk_models.models.carbon_sink_income import MODEL
from risk_models.runner import value
from tests.benchmarks.conftest import Portfolio, slope
from tests.benchmarks.peers import YUAN, Asset, Peers, basis, plain_rows, seconds

pytestmark = pytest.mark.benchmark

ASSETS, MANY, PATHS, ROUNDS = 100_000, 1_000_000, 1_000, 5
ARRAYS, PLAIN = 2_000, 5
"""So many assets the slow peers value in a turn: a vector product each, and three loops each."""

YEARS = 48
PORTFOLIO = Simulation(paths=PATHS, seed=1, precision="float32", threads=2)
STORED = replace(PORTFOLIO, precision="float64", threads=1)
FLOAT32 = 2e-4
"""Relative gap of quantiles in float32, measured against the median value."""


def paths() -> np.ndarray:
    """Relative prices by year and path, as the model sees them."""
    world = basis()
    return price_paths(
        world.prices["local-sink"],
        "local-sink",
        YEARS - 1,
        process_of(world.parameters, "local-sink"),
        STORED,
        correlation=correlation_in_force(world.parameters),
    )


@cache
def lean(at: float) -> tuple[float, float]:
    """What a payment takes of the year before it and of the year after, as the engine has it."""
    world = basis()
    process = process_of(world.parameters, "local-sink")
    early, late = between(world.prices["local-sink"], process, np.array(at))
    return float(early), float(late)


def by_year(peers: Peers, asset: Asset) -> tuple[np.ndarray, float]:
    """Present value of an asset's sales by whole year at today's price, and that of its costs."""
    growth = 1.0 + asset["discount_rate"]
    sales = np.zeros(YEARS)
    for at, sold in peers.sales(asset):
        year = math.floor(at)
        early, late = lean(at)
        sales[year] += sold * growth**-at * early
        sales[year + 1] += sold * growth**-at * late
    costs = sum(amount * growth**-at for at, amount in peers.costs(asset))
    return sales, costs - asset["cost_due_now_yuan"]


def quantiles_of(values: np.ndarray) -> np.ndarray:
    return np.quantile(values, STORED.quantiles, method="nearest")


def plain_quantiles(sales: list[float], costs: float, course: list[list[float]]) -> list[float]:
    """One asset in three loops: paths, years, order."""
    worth = sorted(
        sum(amount * year[path] for amount, year in zip(sales, course, strict=True)) + costs
        for path in range(PATHS)
    )
    return [worth[place] for place in STORED.places]


def simulated(batch: Batch, simulation: Simulation) -> Result:
    return value(MODEL, batch, basis(), simulation=simulation)


def quantiles(result: Result) -> np.ndarray:
    return np.stack([result.low, result.mid, result.high], axis=1)


@pytest.fixture(scope="module")
def batch(portfolio: Portfolio) -> Batch:
    return portfolio.of(ASSETS)


def test_quantiles_beside_their_peers(portfolio, batch, say):
    course = paths()
    peers = portfolio.peers
    rows = [by_year(peers, asset) for asset in plain_rows(peers, batch, range(ARRAYS))]
    listed = [[float(entry) for entry in year] for year in course]
    ratios: dict[str, list[float]] = {"NumPy per asset": [], "plain Python": []}
    speeds = []
    for turn in range(ROUNDS):
        took, result = seconds(lambda: simulated(batch, PORTFOLIO))
        arrays_s, arrays = seconds(
            lambda: np.array([quantiles_of(sales @ course + costs) for sales, costs in rows])
        )
        few = [(sales.tolist(), costs) for sales, costs in rows[turn * PLAIN : (turn + 1) * PLAIN]]
        plain_s, plain = seconds(
            lambda some=few: [plain_quantiles(sales, costs, listed) for sales, costs in some]
        )
        size = np.abs(arrays).max(axis=1, keepdims=True)
        assert (np.abs(quantiles(result)[:ARRAYS] - arrays) < FLOAT32 * size).all()
        assert np.allclose(plain, arrays[turn * PLAIN : (turn + 1) * PLAIN], rtol=1e-9)
        ratios["NumPy per asset"].append(arrays_s / ARRAYS / (took / ASSETS))
        ratios["plain Python"].append(plain_s / PLAIN / (took / ASSETS))
        speeds.append(ASSETS / took)
    cohorts = result.cohorts
    for peer, found in ratios.items():
        say(
            f"quantiles of {ASSETS:,} {portfolio.name}, over {PATHS:,} paths, beside {peer}",
            f"{median(speeds):,.0f} assets/s, {cohorts:,} cohorts; {median(found):.1f} times {peer}"
            f" ({min(found):.1f} to {max(found):.1f} in {ROUNDS} pairs)",
        )
        assert median(found) > 1.0


def test_share_of_the_matrix_product(portfolio, batch, say):
    """Sales by year times paths for every asset, in blocks, without sorting anything."""
    course = paths().astype(np.float32)
    peers = portfolio.peers
    one, _costs = by_year(peers, plain_rows(peers, batch, range(1))[0])
    grid = np.tile(one.astype(np.float32), (4_000, 1)) * YUAN
    shares = []
    for _ in range(ROUNDS):
        product_s, product = seconds(
            lambda: [(grid @ course)[0, 0] for _ in range(ASSETS // 4_000)]
        )
        took, result = seconds(lambda: simulated(batch, replace(PORTFOLIO, threads=1)))
        assert np.isfinite(product).all()
        assert result.valid.all()
        shares.append(product_s / took)
    say(
        f"quantiles of {ASSETS:,} {portfolio.name}, over {PATHS:,} paths, share of the matrix product",
        f"{median(shares):.0%} of the speed of the product alone, one thread",
    )
    assert median(shares) > 0.0


def test_each_cohort_is_simulated_once(portfolio, say):
    """Beside the same rows with rates so little apart that none shares a cohort."""
    batch = portfolio.of(MANY)
    rates = batch.numbers("discount_rate") + np.arange(batch.n) * 1e-13
    apart = replace(batch, columns={**batch.columns, "discount_rate": rates})
    ratios = []
    for _ in range(ROUNDS):
        shared_s, shared = seconds(lambda: simulated(batch, PORTFOLIO))
        alone_s, alone = seconds(lambda: simulated(apart, PORTFOLIO))
        size = np.abs(quantiles(alone)).max(axis=1, keepdims=True)
        assert (np.abs(quantiles(shared) - quantiles(alone)) < FLOAT32 * size).all()
        ratios.append(alone_s / shared_s)
    say(
        f"quantiles of {MANY:,} {portfolio.name}, cohorts beside none",
        f"{median(ratios):.1f} times for {batch.n / (shared.cohorts or 1):.1f} rows a cohort",
    )
    assert alone.cohorts == batch.n


def test_quantiles_grow_in_proportion(portfolio, batch, say):
    sizes, took = (1_000, 10_000, 100_000), []
    for size in sizes:
        rows = batch.take(np.arange(size))
        took.append(min(seconds(lambda some=rows: simulated(some, PORTFOLIO))[0] for _ in range(3)))
    say(
        f"quantiles, growth, {portfolio.name}",
        f"slope {slope(sizes, took):.2f} over {sizes[0]:,} to {sizes[-1]:,} assets",
    )
    assert took[-1] > took[0]
