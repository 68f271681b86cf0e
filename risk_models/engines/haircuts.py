"""Haircuts: how far a price may fall before the collateral is sold.

A haircut of confidence c over T years is the fall that the price exceeds with probability 1 - c,
its logarithm taken without drift: nobody lends on a rise that is only expected.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

from risk_models.contract import Floats
from risk_models.engines.paths import Process

__all__ = [
    "CONFIDENCES",
    "HORIZONS",
    "Haircut",
    "haircut",
    "haircuts",
    "loss_quantile",
    "simulated_haircut",
]

HORIZONS: Final = (0.25, 0.5, 1.0)
"""Years it may take to sell a seized right: a quarter where there is a market, a year in court."""

CONFIDENCES: Final = (0.95, 0.99)


@dataclass(frozen=True, slots=True, kw_only=True)
class Haircut:
    """One cell of the table."""

    years: float
    confidence: float
    share: float


def haircut(process: Process, *, years: float, confidence: float) -> float:
    """The share a price without jumps may lose: 1 - exp(-z * deviation).

    Without return to a mean the deviation is volatility * sqrt(years): 30 % a year, half a year
    and 99 % give 39 %. Jumps have no closed form and are refused.
    """
    _check(years, confidence)
    if process.jumps_per_year > 0.0:
        raise ValueError("a price that jumps has no closed haircut; simulate it")
    z = NormalDist().inv_cdf(confidence)
    return max(0.0, -math.expm1(-z * process.deviation(years)))


def simulated_haircut(
    process: Process, *, years: float, confidence: float, paths: int, seed: int
) -> float:
    """The same from one exact step over the whole time by path, jumps included."""
    _check(years, confidence)
    stream = np.random.Generator(np.random.PCG64(seed))
    logarithm = process.deviation(years) * stream.standard_normal(paths)
    logarithm += process.jumps(stream, paths, years)
    return loss_quantile(np.exp(logarithm), confidence)


def loss_quantile(relative: Floats, confidence: float) -> float:
    """The loss, as a share, that simulated values relative to today [paths] exceed with 1 - c.

    An order statistic: of S sorted values the one at round((1 - c) * (S - 1)). A gain is no loss.
    """
    _check(1.0, confidence)
    place = math.floor((1.0 - confidence) * (len(relative) - 1) + 0.5)
    return max(0.0, 1.0 - float(np.sort(relative)[place]))


def haircuts(
    process: Process,
    *,
    horizons: Sequence[float] = HORIZONS,
    confidences: Sequence[float] = CONFIDENCES,
) -> tuple[Haircut, ...]:
    """The table of a process without jumps, by horizon and confidence."""
    return tuple(
        Haircut(
            years=years,
            confidence=confidence,
            share=haircut(process, years=years, confidence=confidence),
        )
        for years in horizons
        for confidence in confidences
    )


def _check(years: float, confidence: float) -> None:
    if not 0.0 < years < math.inf:
        raise ValueError("years: above 0")
    if not 0.5 <= confidence < 1.0:
        raise ValueError("confidence: from 0.5 to below 1")
