"""Equal numbers found fast: the distinct ones of a column, and which of them each row has.

Sorting a million numbers takes longer than valuing what they belong to. Here each number falls into
a slot of a table by the bits it is made of; the few that meet another number in their slot are
sorted. The result depends on the numbers alone.
"""

import math
from collections.abc import Sequence
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from risk_models.columns import is_constant, told_once

__all__ = ["combined", "distinct_values", "joint"]

N = TypeVar("N", bound=np.generic)
Places = npt.NDArray[np.integer]

SMALL: Final = 4_096
"""Up to so many rows a sort is as fast."""

SLOT_BITS: Final = 15
"""Slots that stay in the processor's cache: a quarter of a megabyte."""

MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)
"""Spreads neighbouring bit patterns over the slots: 2**64 over the golden ratio (Knuth)."""

FIRST_INT64: Final = 1 << 31
"""From here on a number of a combination does not fit an int32."""

LEAST_BYTES, BITS_BYTES = 4, 8
"""Whole numbers of so many bytes hold the span of a column; numbers of the others have 64 bits."""

LARGEST_SPACE: Final = 1 << 62
"""Combinations beyond this would not fit an int64."""

MOST_STRAYS: Final = 0.25
"""With more rows than this outside their slots, nearly all numbers differ and one sort is faster."""


def distinct_values(column: npt.NDArray[N]) -> tuple[npt.NDArray[N], Places]:
    """The distinct numbers of a column [n], in no certain order, and the place of each row's among them.

    Numbers are equal when their bits are: NaN equals itself, 0.0 and -0.0 are two.
    """
    column = told_once(column)
    if is_constant(column):
        return column[:1].copy(), np.zeros(len(column), np.int32)
    if column.dtype.kind == "i" and column.itemsize >= LEAST_BYTES:
        return _whole(column)
    if column.dtype.kind not in "fM" or column.itemsize != BITS_BYTES:
        return _sorted(column)
    bits = np.ascontiguousarray(column).view(np.int64)
    values, place = _hashed(bits) or _sorted(bits)
    return values.view(column.dtype), place


def _whole(column: npt.NDArray[N]) -> tuple[npt.NDArray[N], Places]:
    """The same for whole numbers: where they lie close, each has a slot of its own."""
    if len(column) <= SMALL:
        return _sorted(column)
    lowest = column.min()
    span = int(column.max()) - int(lowest) + 1
    if span > 4 * len(column):
        bits = column.astype(np.int64)
        values, place = _hashed(bits) or _sorted(bits)
        return values.astype(column.dtype), place
    used, place = _used((column - lowest).astype(np.int32, copy=False), span)
    return (used + lowest).astype(column.dtype), place


def _sorted(bits: npt.NDArray[N]) -> tuple[npt.NDArray[N], Places]:
    values, place = np.unique(bits, return_inverse=True)
    return values, place.astype(np.int32)


def _hashed(bits: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], Places] | None:
    """The same through a table of slots; None where a sort is faster."""
    if len(bits) <= SMALL:
        return None
    spread = bits.view(np.uint64) * MULTIPLIER
    spread >>= np.uint64(64 - SLOT_BITS)
    slot = spread.view(np.int64)
    held, taken = np.zeros(1 << SLOT_BITS, np.int64), np.zeros(1 << SLOT_BITS, np.bool_)
    held[slot] = bits
    taken[slot] = True
    strays = np.flatnonzero(held[slot] != bits)
    if len(strays) > MOST_STRAYS * len(bits):
        return None
    used = np.flatnonzero(taken)
    rank = np.empty(1 << SLOT_BITS, np.int32)
    rank[used] = np.arange(len(used))
    place = rank[slot]
    if len(strays) == 0:
        return held[used], place
    more, place_of_stray = np.unique(bits[strays], return_inverse=True)
    place[strays] = len(used) + place_of_stray
    return np.concatenate([held[used], more]), place


def combined(
    *columns: npt.NDArray[np.generic],
) -> tuple[tuple[npt.NDArray[np.generic], ...], Places]:
    """The distinct combinations of some columns [n], column by column, and the one of each row."""
    parts = [distinct_values(column) for column in columns]
    found, place = joint([key for _, key in parts], [len(values) for values, _ in parts])
    return tuple(values[at] for (values, _), at in zip(parts, found, strict=True)), place


def joint(
    keys: Sequence[npt.NDArray[np.integer]], sizes: Sequence[int]
) -> tuple[tuple[Places, ...], Places]:
    """The combinations of keys that occur, key by key, and the one of each row.

    Row i has keys[0][i], keys[1][i] and so on, each below its size. Where nearly every row has a
    combination of its own, looking for equal ones does not pay, and each row keeps its own.
    """
    space = math.prod(sizes)
    if space > LARGEST_SPACE:
        # Two keys become one, so that no number outgrows an int64.
        pair, place = joint(keys[:2], sizes[:2])
        found, of_row = joint([place, *keys[2:]], [len(pair[0]), *sizes[2:]])
        return (*(part[found[0]] for part in pair), *found[1:]), of_row
    number: Places = np.zeros(len(keys[0]), dtype=np.int32 if space < FIRST_INT64 else np.int64)
    for key, size in zip(keys, sizes, strict=True):
        if size > 1:
            np.multiply(number, size, out=number)
            np.add(number, key, out=number)
    used, of_row = _used(number, space)
    return tuple(part.astype(np.int64) for part in np.unravel_index(used, tuple(sizes))), of_row


def _used(numbers: Places, space: int) -> tuple[Places, Places]:
    """The whole numbers below `space` that occur, and the place of each row's among them."""
    if space == 1:
        return np.zeros(min(len(numbers), 1), np.int32), numbers
    if space > max(1 << SLOT_BITS, 4 * len(numbers)):
        if len(numbers) <= SMALL:
            return _sorted(numbers)
        return _hashed(numbers.astype(np.int64, copy=False)) or (numbers, np.arange(len(numbers)))
    seen = np.zeros(space, dtype=np.bool_)
    seen[numbers] = True
    used = np.flatnonzero(seen)
    place_of = np.empty(space, dtype=np.int32)
    place_of[used] = np.arange(len(used))
    return used, place_of[numbers]
