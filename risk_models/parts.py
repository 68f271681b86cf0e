"""A long batch is valued in parts, side by side: what lies between stays near the processor."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.columns import constant, is_constant
from risk_models.contract import Batch, Finding, Floats, Result
from risk_models.words import Text

__all__ = ["PART", "joined", "parts_of", "side_by_side"]

PART: Final = 1 << 18
"""Rows of a part: a column of them is two megabytes, and what a part costs whatever its length is
a hundredth of its time."""


def parts_of(batch: Batch, size: int = PART) -> Iterator[Batch]:
    """The rows of a batch in their order, `size` at once."""
    for start in range(0, batch.n, size):
        columns = {name: column[start : start + size] for name, column in batch.columns.items()}
        yield Batch(n=min(size, batch.n - start), columns=columns, levels=batch.levels)


def side_by_side(value: Callable[[Batch], Result], batch: Batch, size: int = PART) -> Result:
    """What a valuation gives for a batch, its parts on all cores.

    Arrays are worked on without a lock. What the caller set for its context holds in every part.
    """
    parts = list(parts_of(batch, size))
    with ThreadPoolExecutor(min(len(parts), os.cpu_count() or 1)) as pool:
        running = [pool.submit(copy_context().run, value, part) for part in parts]
        return joined([each.result() for each in running])


def joined(results: Sequence[Result]) -> Result:
    """What one run over all rows gives; none of them has a trace or quantiles."""
    reasons = tuple(dict.fromkeys(told for part in results for told in part.reasons))
    join = _Joins()
    return Result(
        value=join([part.value for part in results]),
        components=_columns(results, join, lambda part: part.components),
        quantities=_quantities(results, join),
        approaches=_columns(results, join, lambda part: part.approaches),
        weights=_columns(results, join, lambda part: part.weights),
        reason=np.concatenate([_renumbered(part, reasons) for part in results]),
        reasons=reasons,
        findings=_findings(results),
        valid=np.concatenate([part.valid for part in results]),
    )


class _Joins:
    """Joins columns part by part: one that has several names once, and what is told once stays so."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], tuple[Sequence[Floats], Floats]] = {}

    def __call__(self, parts: Sequence[Floats]) -> Floats:
        names = tuple(map(id, parts))
        if names not in self._known:
            # The parts are kept beside, so that no other array takes their names.
            self._known[names] = parts, _joined(parts)
        return self._known[names][1]


def _joined(parts: Sequence[Floats]) -> Floats:
    first = parts[0][0]
    if all(is_constant(part) and part[0].tobytes() == first.tobytes() for part in parts):
        return constant(first, sum(map(len, parts)))
    return np.concatenate(parts)


def _columns(
    results: Sequence[Result], join: _Joins, kind: Callable[[Result], Mapping[str, Floats]]
) -> dict[str, Floats]:
    """Columns by name; NaN in a part that has none of a name."""
    names = dict.fromkeys(name for part in results for name in kind(part))
    return {
        name: join([kind(part).get(name, constant(np.nan, len(part.value))) for part in results])
        for name in names
    }


def _quantities(results: Sequence[Result], join: _Joins) -> dict[str, tuple[Floats, str]]:
    """Quantities by name; a part without one has nothing of it where it has a value."""
    units = {name: unit for part in results for name, (_, unit) in part.quantities.items()}
    return {
        name: (join([_quantity(part, name) for part in results]), unit)
        for name, unit in units.items()
    }


def _quantity(part: Result, name: str) -> Floats:
    if name in part.quantities:
        return part.quantities[name][0]
    return np.where(part.valid, 0.0, np.nan)


def _renumbered(part: Result, reasons: tuple[Text, ...]) -> npt.NDArray[np.int8]:
    """The reasons of a part by their places among those of all; none stays none."""
    places = np.array([*map(reasons.index, part.reasons), -1], dtype=np.int8)
    return np.asarray(places[part.reason])


def _findings(results: Sequence[Result]) -> tuple[Finding, ...]:
    """Findings that say the same of rows of several parts are one."""
    alike: dict[tuple[object, ...], list[Finding]] = {}
    before = 0
    for part in results:
        for found in part.findings:
            moved = replace(found, rows=found.rows + np.int32(before))
            key = (found.code, found.field, found.severity, found.detail, tuple(found.facts))
            alike.setdefault(key, []).append(moved)
        before += len(part.value)
    return tuple(_one(same) for same in alike.values())


def _one(same: Sequence[Finding]) -> Finding:
    facts = {name: np.concatenate([each.facts[name] for each in same]) for name in same[0].facts}
    return replace(same[0], rows=np.concatenate([each.rows for each in same]), facts=facts)
