"""A long batch is valued in parts, so that all between inputs and values stays in the cache."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.contract import Batch, Finding, Floats, Result
from risk_models.words import Text

__all__ = ["PART", "joined", "parts_of"]

PART: Final = 1 << 17
"""Rows of a part: a column of them is a megabyte."""


def parts_of(batch: Batch, size: int = PART) -> Iterator[Batch]:
    """The rows of a batch in their order, `size` at once."""
    for start in range(0, batch.n, size):
        columns = {name: column[start : start + size] for name, column in batch.columns.items()}
        yield Batch(n=min(size, batch.n - start), columns=columns, levels=batch.levels)


def joined(results: Sequence[Result]) -> Result:
    """What one run over all rows gives; none of them has a trace or quantiles."""
    reasons = tuple(dict.fromkeys(told for part in results for told in part.reasons))
    return Result(
        value=np.concatenate([part.value for part in results]),
        components=_columns(results, lambda part: part.components),
        quantities=_quantities(results),
        approaches=_columns(results, lambda part: part.approaches),
        weights=_columns(results, lambda part: part.weights),
        reason=np.concatenate([_renumbered(part, reasons) for part in results]),
        reasons=reasons,
        findings=_findings(results),
        valid=np.concatenate([part.valid for part in results]),
    )


def _columns(
    results: Sequence[Result], kind: Callable[[Result], Mapping[str, Floats]]
) -> dict[str, Floats]:
    """Columns by name; NaN in a part that has none of a name."""
    names = dict.fromkeys(name for part in results for name in kind(part))
    return {
        name: np.concatenate(
            [kind(part).get(name, np.full(len(part.value), np.nan)) for part in results]
        )
        for name in names
    }


def _quantities(results: Sequence[Result]) -> dict[str, tuple[Floats, str]]:
    """Quantities by name; a part without one has nothing of it where it has a value."""
    units = {name: unit for part in results for name, (_, unit) in part.quantities.items()}
    return {
        name: (
            np.concatenate(
                [
                    part.quantities.get(name, (np.where(part.valid, 0.0, np.nan), unit))[0]
                    for part in results
                ]
            ),
            unit,
        )
        for name, unit in units.items()
    }


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
