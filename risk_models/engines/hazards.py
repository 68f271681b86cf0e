"""The year in which a stand is lost, sampled by path.

The draws of a row follow from its inputs and the seed alone, by a counter and no state: neither
the order of a batch, nor its division into blocks, nor the number of threads changes them. Rows
with the same inputs are one cohort and are lost in the same years.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.contract import Batch, Floats

__all__ = ["Seeds", "lives", "row_seeds"]

Seeds = npt.NDArray[np.uint64]

GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
"""Steps of the counter: odd, and far from any small multiple of 2^64."""

FIRST_MIX: Final = np.uint64(0xBF58476D1CE4E5B9)
SECOND_MIX: Final = np.uint64(0x94D049BB133111EB)
TO_UNIT: Final = 2.0**-53


def row_seeds(batch: Batch) -> Seeds:
    """A number for each row [n] that depends on its inputs only."""
    seeds = np.full(batch.n, GOLDEN)
    for name in sorted(batch.columns):
        for column in _columns(batch, name):
            seeds = _mixed(seeds ^ column)
    return seeds


def _columns(batch: Batch, name: str) -> list[Seeds]:
    if name in batch.levels:
        # An empty choice has code -1 and so the last place; an id is its bytes, not its code.
        ids = [int.from_bytes(level.encode(), "big") % 2**64 for level in batch.levels[name]]
        return [np.array([*ids, 0], dtype=np.uint64)[batch.codes(name)]]
    column = batch.columns[name]
    if column.dtype.kind == "M":
        return [column.astype("datetime64[D]").astype(np.int64).view(np.uint64)]
    numbers = np.nan_to_num(batch.numbers(name), nan=-np.inf, posinf=np.inf, neginf=-np.inf) + 0.0
    flat = numbers.reshape(batch.n, -1)
    return [np.ascontiguousarray(flat[:, place]).view(np.uint64) for place in range(flat.shape[1])]


def lives(seeds: Seeds, seed: int, paths: int) -> Floats:
    """Uniform numbers in [0, 1) by row and path [n, paths].

    A stand with yearly loss share h still stands after t years where the number is below
    (1 - h)^t, which makes the year of the loss geometric.
    """
    own = _mixed(seeds ^ _mixed(np.full(1, seed % 2**64, dtype=np.uint64)))
    counter = np.arange(1, paths + 1, dtype=np.uint64) * GOLDEN
    bits = _mixed(own[:, np.newaxis] + counter)
    return np.asarray((bits >> np.uint64(11)).astype(np.float64) * TO_UNIT)


def _mixed(state: Seeds) -> Seeds:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
    state = (state ^ (state >> np.uint64(30))) * FIRST_MIX
    state = (state ^ (state >> np.uint64(27))) * SECOND_MIX
    return np.asarray(state ^ (state >> np.uint64(31)))
