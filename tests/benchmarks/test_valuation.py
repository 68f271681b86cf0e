"""Speed of the carbon-sink model over a portfolio beside plain Python asset by asset, in pairs.

Two portfolios, as a benchmark with only the second would flatter the engine: rich keys (each asset
with days of its own) and coarse keys (assets that share calendars, rates and hazards).
Run with `pytest -m benchmark -s tests/benchmarks/test_valuation.py`.
"""

import math
from datetime import date
from statistics import median
from time import perf_counter

import numpy as np
import pytest

from risk_models.appraise import basis_on
from risk_models.contract import Batch, Price
from risk_models.engines.scenarios import Simulation
from risk_models.models.carbon_sink_income import MODEL
from risk_models.runner import value
from tests.benchmarks.conftest import slope

pytestmark = pytest.mark.benchmark

ASSETS, ROUNDS, SAMPLE = 100_000, 5, 400
ON, YUAN, YEAR = date(2023, 12, 26), 30.0, 365.25
DAY = np.datetime64(ON.isoformat(), "D")
SLOWEST_RATIO = 3.0
"""Below this the batch would not be worth its arrays; measured ratios are far above."""


def portfolio(*, rich: bool) -> Batch:
    """Assets by the recipe of the notes: skewed areas, spread rates, hazards by region."""
    rng = np.random.default_rng(20260101)
    ends = rng.integers(15 * 365, 40 * 365, ASSETS) if rich else 365 * rng.choice([20, 30], ASSETS)
    verified = rng.integers(1, 700, ASSETS) if rich else 30 * rng.integers(1, 13, ASSETS)
    rates = rng.choice([0.06, 0.07, 0.08, 0.09, 0.10, 0.12] if rich else [0.06, 0.08, 0.1], ASSETS)
    hazards = rng.choice(np.linspace(0.001, 0.015, 31 if rich else 4), ASSETS)
    started = DAY - 800
    columns = {
        "sink_kind": np.zeros(ASSETS, dtype=np.int32),
        "registration": np.zeros(ASSETS, dtype=np.int32),
        "removal_basis": np.zeros(ASSETS, dtype=np.int32),
        "area_mu": rng.lognormal(6.2, 1.1, ASSETS),
        "removals_tco2e_per_mu": rng.uniform(0.05, 0.5, ASSETS),
        "removals_by_year_tco2e_per_mu": np.full((ASSETS, 60), np.nan),
        "baseline_share": rng.uniform(0.0, 0.1, ASSETS),
        "leakage_share": rng.uniform(0.0, 0.05, ASSETS),
        "buffer_share": rng.choice([0.10, 0.15, 0.20, 0.25], ASSETS),
        "yearly_loss_share": hazards,
        "crediting_starts_on": np.full(ASSETS, started),
        "crediting_ends_on": started + 365 * rng.choice([20, 30, 40], ASSETS),
        "last_verified_on": DAY - verified,
        "right_ends_on": DAY + ends,
        "verification_every_years": rng.choice([1.0, 2.0, 3.0, 5.0], ASSETS),
        "monitoring_cost_yuan": rng.uniform(500.0, 5_000.0, ASSETS),
        "verification_cost_yuan": rng.uniform(2_000.0, 9_000.0, ASSETS),
        "cost_due_now_yuan": rng.uniform(0.0, 2_000.0, ASSETS),
        "tax_share": rng.choice([0.0, 0.05, 0.25], ASSETS),
        "discount_rate": rates,
    }
    levels = {
        "sink_kind": ("forest", "bamboo", "shrub", "grassland"),
        "registration": ("local-filing", "ccer", "pilot", "carbon-ticket"),
        "removal_basis": ("yearly-rate", "validated-table"),
    }
    return Batch(n=ASSETS, columns=columns, levels=levels)


def plain_rows(batch: Batch, rows: range) -> list[dict]:
    """Each asset as a plain dictionary, before the clock starts."""
    numbers = {
        name: column.tolist()
        for name, column in batch.columns.items()
        if column.ndim == 1 and column.dtype.kind == "f"
    }
    days = {
        name: ((column - DAY).astype(int) / YEAR).tolist()
        for name, column in batch.columns.items()
        if column.dtype.kind == "M"
    }
    return [{name: column[row] for name, column in {**numbers, **days}.items()} for row in rows]


def plain_value(asset: dict) -> float:
    """One asset, verification by verification and year by year."""
    every, right = asset["verification_every_years"], asset["right_ends_on"]
    growth, kept = 1.0 + asset["discount_rate"], 1.0 - asset["yearly_loss_share"]
    verified = asset["last_verified_on"] - asset["crediting_starts_on"]
    crediting = asset["crediting_ends_on"] - asset["crediting_starts_on"]
    due = math.floor(-asset["last_verified_on"] / every) + 1
    net = 1.0 - asset["tax_share"]
    yearly = asset["area_mu"] * asset["removals_tco2e_per_mu"]
    for share in ("baseline_share", "leakage_share", "buffer_share"):
        yearly *= 1.0 - asset[share]
    total, at, since = (
        -asset["cost_due_now_yuan"],
        due * every + asset["last_verified_on"],
        verified,
    )
    until = verified + due * every
    while at <= right + 1e-9:
        credited = max(0.0, min(until, crediting) - since)
        if credited > 0.0:
            total += yearly * credited * YUAN * net * (kept / growth) ** at
            total -= asset["verification_cost_yuan"] * net * growth**-at
        since, until, at = until, until + every, at + every
    watched = max(0.0, min(right, crediting + asset["crediting_starts_on"]))
    for year in range(math.ceil(watched)):
        share = min(watched - year, 1.0)
        total -= asset["monitoring_cost_yuan"] * net * share * growth ** -(year + 0.5)
    return total


def seconds(work):
    began = perf_counter()
    answer = work()
    return perf_counter() - began, answer


def basis():
    return basis_on(ON, {"local-sink": Price(yuan=YUAN, unit="yuan/tCO2e")})


@pytest.mark.parametrize("rich", [True, False], ids=["rich-keys", "coarse-keys"])
def test_portfolio_beside_plain_python(rich, say):
    batch, ratios, speeds = portfolio(rich=rich), [], []
    for turn in range(ROUNDS):
        rows = range(turn * SAMPLE, (turn + 1) * SAMPLE)
        assets = plain_rows(batch, rows)
        batch_s, result = seconds(lambda: value(MODEL, batch, basis()))
        plain_s, expected = seconds(lambda chosen=assets: [plain_value(one) for one in chosen])
        assert result.valid.all()
        assert np.allclose(result.value[rows.start : rows.stop], expected, rtol=1e-9, atol=1e-6)
        ratios.append((plain_s / SAMPLE) / (batch_s / ASSETS))
        speeds.append(ASSETS / batch_s)
    low, high = min(ratios), max(ratios)
    say(
        f"valuation of {ASSETS:,} sinks, {'rich' if rich else 'coarse'} keys",
        f"{median(speeds):,.0f} assets/s; {median(ratios):.1f} times plain Python"
        f" ({low:.1f} to {high:.1f} in {ROUNDS} pairs)",
    )
    assert median(ratios) > SLOWEST_RATIO


def test_quantiles_over_shared_paths(say):
    """A tenth of the portfolio over 1,000 paths; the middle of the paths brackets the value."""
    rows = np.arange(ASSETS // 10)
    batch = portfolio(rich=True).take(rows)
    simulation = Simulation(paths=1_000, seed=1)
    took, result = seconds(lambda: value(MODEL, batch, basis(), simulation=simulation))
    say("valuation, P5 to P95 over 1,000 paths", f"{len(rows) / took:,.0f} assets/s")
    assert (result.low <= result.mid).all()
    assert (result.mid <= result.high).all()


def test_valuation_grows_in_proportion(say):
    whole, sizes, took = portfolio(rich=True), (1_000, 10_000, 100_000), []
    for size in sizes:
        batch = whole.take(np.arange(size))
        took.append(
            min(seconds(lambda some=batch: value(MODEL, some, basis()))[0] for _ in range(3))
        )
    say(
        "valuation, growth",
        f"slope {slope(sizes, took):.2f} over {sizes[0]:,} to {sizes[-1]:,} assets",
    )
    assert took[-1] > took[0]
