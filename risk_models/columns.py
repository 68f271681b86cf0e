"""Columns whose rows all say the same: one row told for all, which costs no more than one."""

from collections.abc import Iterable
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

__all__ = ["Picked", "constant", "is_constant", "picked", "rows_alike", "told_once"]

Picked = slice | npt.NDArray[np.integer]

C = TypeVar("C", bound=np.generic)

FEW: Final = 64
"""Rows that are compared before all are: where rows differ, that is nearly always seen here."""


def is_constant(column: npt.NDArray[np.generic]) -> bool:
    """Whether a column is one row told for all."""
    return len(column) > 1 and column.strides[0] == 0


def constant(value: float, rows: int) -> npt.NDArray[np.float64]:
    """A column of one number, told once and not to be written to."""
    return np.broadcast_to(np.float64(value), (rows,))


def told_once(column: npt.NDArray[C]) -> npt.NDArray[C]:
    """The column as one row told for all where all its rows have the same bits, else as it is."""
    if len(column) < 2 or column.strides[0] == 0:
        return column
    bits = column.view(f"u{column.itemsize}")
    if not ((bits[:FEW] == bits[0]).all() and (bits == bits[0]).all()):
        return column
    return np.broadcast_to(column[:1], column.shape)


def picked(rows: npt.NDArray[np.bool_]) -> Picked:
    """The rows where a mask holds; all of them are a slice, so that nothing is copied."""
    return slice(None) if rows.all() else np.flatnonzero(rows)


def rows_alike(inputs: Iterable[object]) -> int:
    """How many rows some inputs tell once for all; 0 where any of them tells rows one by one."""
    rows = {
        len(each) if isinstance(each, np.ndarray) and each.ndim == 1 and is_constant(each) else 0
        for each in inputs
    }
    return rows.pop() if len(rows) == 1 else 0
