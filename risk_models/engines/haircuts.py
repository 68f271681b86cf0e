"""Haircuts: how far a price may fall before the collateral is sold.

A haircut of confidence c over T years is the fall that the price exceeds with probability 1 - c,
its logarithm taken without drift: nobody lends on a rise that is only expected.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

from risk_models.engines.paths import Process

__all__ = [
    "CONFIDENCES",
    "HORIZONS",
    "Haircut",
    "haircut",
    "haircuts",
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
        raise ValueError("a price that jumps has no closed haircut")
    z = NormalDist().inv_cdf(confidence)
    return max(0.0, -math.expm1(-z * process.deviation(years)))


def haircuts(process: Process) -> tuple[Haircut, ...]:
    """The table of a process without jumps, by horizon and confidence."""
    return tuple(
        Haircut(
            years=years,
            confidence=confidence,
            share=haircut(process, years=years, confidence=confidence),
        )
        for years in HORIZONS
        for confidence in CONFIDENCES
    )


def _check(years: float, confidence: float) -> None:
    if not 0.0 < years < math.inf:
        raise ValueError("years: above 0")
    if not 0.5 <= confidence < 1.0:
        raise ValueError("confidence: from 0.5 to below 1")
