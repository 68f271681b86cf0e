"""Speed of the carbon-sink model over a portfolio beside its peers, in pairs.

The model reads, checks, reviews and explains each asset; the peers only work out its value.
Run with `pytest -m benchmark -s tests/benchmarks/test_valuation.py`.
"""

import resource
from functools import partial
from statistics import median

import numpy as np
import pytest

from risk_models.contract import Batch, Result
from risk_models.models.carbon_sink_income import MODEL
from risk_models.runner import value
from tests.benchmarks.conftest import Portfolio, slope
from tests.benchmarks.peers import (
    basis,
    numpy_values,
    one_by_one,
    plain_rows,
    quantlib_value,
    seconds,
)

pytestmark = pytest.mark.benchmark

ASSETS, ROUNDS = 1_000_000, 5
PLAIN, ARRAYS = 2_000, 100_000
"""So many assets the slow peers value in a turn: one by one, and as arrays."""

SAME_DAY = 2e-3
"""QuantLib counts whole days, the model fractions of a year."""

SLOWEST_RATIO = 3.0
"""Below this the batch would not be worth its arrays; measured ratios are far above."""


def valued(batch: Batch) -> Result:
    return value(MODEL, batch, basis())


@pytest.fixture(scope="module")
def batch(portfolio: Portfolio) -> Batch:
    return portfolio.of(ASSETS)


def test_a_million_assets_beside_their_peers(portfolio, batch, say):
    peers, leg = portfolio.peers, partial(quantlib_value, portfolio.peers)
    valued(batch)
    ratios: dict[str, list[float]] = {"plain Python": [], "QuantLib": [], "NumPy": []}
    speeds: list[float] = []
    for turn in range(ROUNDS):
        some = plain_rows(peers, batch, range(turn * PLAIN, (turn + 1) * PLAIN))
        columns = peers.told(batch.take(np.arange(turn * ARRAYS, (turn + 1) * ARRAYS)))
        batch_s, result = seconds(lambda: valued(batch))
        plain_s, plain = seconds(lambda listed=some: one_by_one(listed, peers.plain_value))
        leg_s, legs = seconds(lambda listed=some: one_by_one(listed, leg))
        array_s, arrays = seconds(lambda rows=columns: numpy_values(peers, rows))
        assert result.valid.all()
        here = result.value[turn * PLAIN : (turn + 1) * PLAIN]
        assert np.allclose(here, plain, rtol=1e-9, atol=1e-6)
        assert np.allclose(here, legs, rtol=SAME_DAY, atol=SAME_DAY * np.abs(here).max())
        assert np.allclose(
            result.value[turn * ARRAYS : (turn + 1) * ARRAYS], arrays, rtol=1e-8, atol=1e-6
        )
        each = batch_s / ASSETS
        ratios["plain Python"].append(plain_s / PLAIN / each)
        ratios["QuantLib"].append(leg_s / PLAIN / each)
        ratios["NumPy"].append(array_s / ARRAYS / each)
        speeds.append(1.0 / each)
    for peer, found in ratios.items():
        say(
            f"valuation of {ASSETS:,} {portfolio.name}, beside {peer}",
            f"{median(speeds):,.0f} assets/s; {median(found):.1f} times {peer}"
            f" ({min(found):.1f} to {max(found):.1f} in {ROUNDS} pairs)",
        )
        assert median(found) > (1.0 if peer == "NumPy" else SLOWEST_RATIO)


def test_share_of_the_memory_limit_and_memory_held(portfolio, batch, say):
    """The limit: reading each input that is used once and writing each result once."""
    used = [column for name, column in batch.columns.items() if not batch.is_constant(name)]
    result = valued(batch)
    written = [result.value, *result.components.values()]
    shares = []
    for _ in range(ROUNDS):
        limit_s, _copied = seconds(lambda: [column.copy() for column in [*used, *written]])
        took, again = seconds(lambda: valued(batch))
        assert np.array_equal(again.value, result.value)
        shares.append(limit_s / took)
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    say(
        f"valuation of {ASSETS:,} {portfolio.name}, memory",
        f"{median(shares):.1%} of the speed of copying its columns; process at most {held:,.0f} MB",
    )
    assert median(shares) > 0.0


def test_valuation_grows_in_proportion(portfolio, batch, say):
    sizes, took = (10_000, 100_000, 1_000_000), []
    for size in sizes:
        rows = batch.take(np.arange(size))
        took.append(min(seconds(lambda some=rows: valued(some))[0] for _ in range(ROUNDS)))
    say(
        f"valuation, growth, {portfolio.name}",
        f"slope {slope(sizes, took):.2f} over {sizes[0]:,} to {sizes[-1]:,} assets",
    )
    assert took[-1] > took[0]
