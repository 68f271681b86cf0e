"""Student's t without a library of statistics: the quantile a sample's half-width is made of.

For whole degrees of freedom the distribution has a finite sum (Abramowitz and Stegun 26.7.3 and
26.7.4); far out, where that sum grows long, the expansion around the normal quantile (26.7.5) is
exact to more digits than a float keeps of any sample.
"""

import math
from functools import cache
from statistics import NormalDist
from typing import Final

__all__ = ["student_t"]

SUMMED_UP_TO: Final = 400
HALVINGS: Final = 200


def student_t(probability: float, freedom: float) -> float:
    """The value below which t lies with this probability, from 0.5 on, at whole freedom.

    Refused (ValueError) below one degree of freedom and outside [0.5, 1).
    """
    if not 0.5 <= probability < 1.0:
        raise ValueError(f"a probability from 0.5 to below 1 is needed, not {probability}")
    if freedom < 1.0 or freedom != math.floor(freedom):
        raise ValueError(f"whole degrees of freedom from 1 on are needed, not {freedom}")
    return _quantile(probability, int(freedom))


@cache
def _quantile(probability: float, freedom: int) -> float:
    if freedom > SUMMED_UP_TO:
        return _expanded(NormalDist().inv_cdf(probability), freedom)
    within = 2.0 * probability - 1.0
    low, high = 0.0, math.pi / 2.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if _within(middle, freedom) < within else (low, middle)
    return math.sqrt(freedom) * math.tan(low)


def _within(angle: float, freedom: int) -> float:
    """The probability that |t| stays below sqrt(freedom) x tan(angle)."""
    cosine, sine = math.cos(angle), math.sin(angle)
    odd = freedom % 2 == 1
    term = cosine if odd else 1.0
    total = term if freedom > 1 else 0.0
    for power in range(3 if odd else 2, freedom - 1, 2):
        term *= cosine * cosine * (power - 1.0) / power
        total += term
    return 2.0 / math.pi * (angle + sine * total) if odd else sine * total


def _expanded(z: float, freedom: int) -> float:
    return (
        z
        + (z**3 + z) / (4.0 * freedom)
        + (5.0 * z**5 + 16.0 * z**3 + 3.0 * z) / (96.0 * freedom**2)
        + (3.0 * z**7 + 19.0 * z**5 + 17.0 * z**3 - 15.0 * z) / (384.0 * freedom**3)
    )
