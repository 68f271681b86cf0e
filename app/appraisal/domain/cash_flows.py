"""The years of the flows of a result, as its steps keep them."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["FACTORS", "YearlyFlow", "is_flow", "whole_quantities", "yearly_flows"]

FACTORS: Final = ("year", "units", "index", "survival", "discount")
"""What a flow tells of each year: when, how much, and what stands between that and its worth today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class YearlyFlow:
    """One flow of several years.

    `name` is that of its step: approach and flow; `unit` that of its units, empty where steps do not
    tell it: in yuan, or beside another flow of its component. A year has its factors [5] in the order of
    `FACTORS` and what it is worth today in yuan: units, index, survival and discount times
    `unit_price` times `rotations`. The years add up to `yuan`.
    """

    name: str
    unit: str
    unit_price: float
    rotations: float
    years: Sequence[tuple[tuple[float, ...], float]]
    yuan: float


def is_flow(step: Mapping[str, Any]) -> bool:
    """Whether a step is the sum of the years of a flow."""
    return {*FACTORS, "unit_price", "rotations"} <= set(step["inputs"])


def yearly_flows(result: Mapping[str, Any]) -> Iterator[YearlyFlow]:
    """The flows of a result of more than one year that are worth anything in one of them."""
    flows = [step for step in result.get("trace", []) if is_flow(step)]
    units = _units(result, flows)
    for step in flows:
        columns = [_listed(step["inputs"][name]) for name in FACTORS]
        if len(columns[0]) > 1:
            price, rotations = (float(step["inputs"][name]) for name in ("unit_price", "rotations"))
            years = [
                (year, price * rotations * math.prod(year[1:]))
                for year in zip(*columns, strict=True)
            ]
            if any(yuan for _, yuan in years):
                yield YearlyFlow(
                    name=step["name"],
                    unit=units.get(_component(step["name"]), ""),
                    unit_price=price,
                    rotations=rotations,
                    years=years,
                    yuan=float(step["value"]),
                )


def _units(result: Mapping[str, Any], flows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The units of components that one flow makes up; several flows of one may count in several units."""
    made_of = Counter(_component(step["name"]) for step in flows)
    quantities = result.get("quantities", {})
    return {name: each["unit"] for name, each in quantities.items() if made_of[name] == 1}


def _component(name: str) -> str:
    """The component of a flow by the name of its step; the second one is named after it, with a number."""
    return name.partition(".")[2].partition("__")[0]


def whole_quantities(result: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The quantities of a result as their approach has them, not as its weight lets them count.

    A component that several approaches have stays as it counts in the value.
    """
    trace = result.get("trace", [])
    owners: dict[str, set[str]] = {}
    for step in filter(is_flow, trace):
        approach = step["name"].partition(".")[0]
        owners.setdefault(_component(step["name"]), set()).add(approach)
    weights = {name: each.get("weight") for name, each in result.get("approaches", {}).items()}
    found = {}
    for name, each in result.get("quantities", {}).items():
        own = owners.get(name, set())
        weight = float(weights.get(next(iter(own))) or 0.0) if len(own) == 1 else 0.0
        told = each["value"]
        if told is not None and weight:
            told = repr(float(told) / weight)
        found[name] = {**each, "value": told}
    return found


def _listed(given: Any) -> list[float]:
    return [float(each) for each in (given if isinstance(given, list) else [given])]
