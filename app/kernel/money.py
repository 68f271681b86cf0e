"""Money as whole fen, and the only places where amounts are rounded.

Amounts are contracted in fen and never pass through floats. Rounding is half-up
(ties away from zero) unless a function says its direction in its name.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final, Self

# The text form has thirteen digits before the point, so parsed money stays under this.
MAX_FEN: Final = 10**15

LARGEST_FEN: Final = MAX_FEN - 1
"""The largest amount that text can carry."""

_TOO_LONG: Final = re.compile(r"-?[0-9]{14,}(?:\.[0-9]{1,2})?")
_YUAN_TEXT: Final = re.compile(r"(-?)([0-9]{1,13})(?:\.([0-9]{1,2}))?")


class TooLongError(ValueError):
    """An amount in good form with more digits than any that is kept here."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of yuan, held as a whole number of fen."""

    fen: int

    def __post_init__(self) -> None:
        # A bool is an int to Python, and a float that looks whole may already be wrong.
        if type(self.fen) is not int:
            raise TypeError(f"Money takes whole fen as int, not {type(self.fen).__name__}.")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "1234", "-0.5" or "1234.56"; ValueError for "+1", " 1", "1,000", "1e3", "1.005"."""
        match = _YUAN_TEXT.fullmatch(text)
        if match is None:
            if _TOO_LONG.fullmatch(text):
                raise TooLongError("Not an amount with at most thirteen digits before the point.")
            raise ValueError(f"Not an amount in yuan with at most two decimals: {text[:40]!r}.")
        sign, whole, decimals = match.groups()
        fen = int(whole) * 100 + int((decimals or "").ljust(2, "0"))
        return cls(-fen if sign else fen)

    @property
    def yuan(self) -> str:
        """The amount in yuan with exactly two decimals, as files and answers carry it."""
        whole, rest = divmod(abs(self.fen), 100)
        return f"{'-' if self.fen < 0 else ''}{whole}.{rest:02d}"

    def __str__(self) -> str:
        return self.yuan


def round_half_up(numerator: int, denominator: int) -> int:
    """Divide exactly and round to the nearest whole number, ties away from zero."""
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    if numerator < 0:
        return -((denominator - 2 * numerator) // (2 * denominator))
    return (2 * numerator + denominator) // (2 * denominator)


def floor_div(numerator: int, denominator: int) -> int:
    """Divide and round down: for limits of what may be lent."""
    return numerator // denominator


def ceil_div(numerator: int, denominator: int) -> int:
    """Divide and round up: for top-ups that must be enough."""
    return -(-numerator // denominator)


def fen_half_up(exact_fen: Decimal | Fraction) -> int:
    """Round an exact number of fen (not yuan) to whole fen, ties away from zero."""
    return round_half_up(*exact_fen.as_integer_ratio())


def split_largest_remainder(total_fen: int, weights: Sequence[int]) -> list[int]:
    """Split a total by weights into whole fen that sum to it exactly.

    Every part is its exact share rounded down; the fen left over go to the largest
    remainders, the earlier part first where remainders are equal. A negative total is the
    mirror image of the positive one.
    """
    weight_sum = sum(weights)
    if weight_sum <= 0 or any(weight < 0 for weight in weights):
        raise ValueError("Weights must not be negative and must not all be zero.")
    if total_fen < 0:
        return [-part for part in split_largest_remainder(-total_fen, weights)]
    shares = [divmod(total_fen * weight, weight_sum) for weight in weights]
    parts = [whole for whole, _ in shares]
    by_remainder = sorted(range(len(parts)), key=lambda index: -shares[index][1])
    for index in by_remainder[: total_fen - sum(parts)]:
        parts[index] += 1
    return parts
