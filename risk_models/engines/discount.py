"""The deterministic engine: quantity x price x profile x index x survival x discount, summed.

float64 throughout. Factors run by recurrence from year to year and columns are summed in their
order, so that a row has the same bits alone and in a batch. Rows that share profile, rate and
hazard share one cell, which is valued once; where the term of a row ends is read from the running
sum of its cell.
"""

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.contract import (
    Exposure,
    Floats,
    Flow,
    Keyed,
    Price,
    Prices,
    Step,
    Stress,
    Text,
    traced,
)
from risk_models.keys import distinct_values, joint

__all__ = [
    "ON_TIME",
    "Assessment",
    "Cells",
    "Column",
    "assess",
    "discount",
    "year_table",
]

ON_TIME: Final = 1e-9
"""A payment this many years after the term still counts: it is the rounding of a day count."""

BLOCK: Final = 1 << 14
"""Cells valued at once: their columns of 128 KiB stay in the processor's cache."""

NO_STRESS: Final = Stress()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Column:
    """One year of a flow, by cell."""

    year: int
    at: Floats
    units: Floats
    index: Floats
    survival: Floats
    discount: Floats

    @property
    def worth(self) -> Floats:
        """Present value of the year per unit of quantity."""
        return self.units * self.index * self.survival * self.discount

    def part(self, at: npt.NDArray[np.int64], share: Floats) -> "Column":
        """The same year for some cells, of which a share of the units counts."""
        return Column(
            year=self.year,
            at=self.at[at],
            units=self.units[at] * share,
            index=self.index[at],
            survival=self.survival[at],
            discount=self.discount[at],
        )


class Cells:
    """The distinct (profile, rate, hazard, term) of one flow, and the cell of each row."""

    __slots__ = (
        "_by_year",
        "_flow",
        "_hazard",
        "_length",
        "_pays",
        "_price",
        "_rate",
        "_stress",
        "_term",
        "first",
        "of_row",
        "profile",
    )

    def __init__(self, exposure: Exposure, flow: Flow, prices: Prices, stress: Stress) -> None:
        self._flow = flow
        self._by_year = np.ascontiguousarray(flow.profile.values.T)
        self._pays = np.asarray(self._by_year.any(axis=1))
        self._stress = stress
        self._price = prices[flow.index] if flow.index is not None else None
        profile, rate, hazard = flow.profile, exposure.rate, exposure.hazard
        if not flow.at_risk:
            # Whatever the hazard, such a flow is the same.
            hazard = Keyed.one(0.0, exposure.n)
        terms, term_key = _distinct_terms(flow, exposure.n)
        (of_profile, of_rate, of_hazard, of_term), self.of_row = joint(
            (profile.key, rate.key, hazard.key, term_key),
            (len(profile.values), len(rate.values), len(hazard.values), len(terms)),
        )
        first = np.broadcast_to(np.asarray(flow.first, dtype=np.float64), (len(profile.values),))
        self.profile = of_profile
        self.first = first[of_profile]
        self._rate = rate.values[of_rate] + stress.rate_add
        self._hazard = (hazard.values[of_hazard] + stress.hazard_add) * flow.at_risk
        self._term = terms[of_term]
        self._length = _length_of_first_period(self.first)

    def blocks(self) -> Iterator[tuple[slice, "Cells"]]:
        """The cells in parts that fit the cache."""
        for start in range(0, len(self.profile), BLOCK):
            here = slice(start, start + BLOCK)
            part = copy(self)
            for name in ("profile", "first", "_rate", "_hazard", "_term", "_length"):
                setattr(part, name, getattr(self, name)[here])
            yield here, part

    def columns(self) -> Iterator[Column]:
        """The years in their order, discount, survival and index carried from one to the next.

        A year in which no profile has a unit is passed over.
        """
        per_year = 1.0 / (1.0 + self._rate)
        discounted = (1.0 + self._rate) ** -self.first
        survival = _Path(1.0 - self._hazard, self.first)
        index = _Path(1.0 + self._growth(), self.first)
        for year, units in enumerate(self._by_year):
            at = self.first + year
            if self._pays[year]:
                yield Column(
                    year=year,
                    at=at,
                    units=units[self.profile] * self._counted(at),
                    index=curve_at(self._price, at) if self._has_curve else index.value,
                    survival=survival.value * self._kept(at),
                    discount=discounted,
                )
            discounted = discounted * per_year
            survival.forward(at)
            index.forward(at)

    def rotations(self) -> Floats:
        """What repeating the rotation without end multiplies a cell by."""
        if self._flow.repeat is None:
            return np.ones(len(self.profile))
        if self._has_curve or np.any(self._growth() != 0.0):
            raise ValueError(f"{self._flow.name}: a repeated rotation needs a flat price")
        yearly = (1.0 - self._hazard) / (1.0 + self._rate)
        return np.asarray(1.0 / (1.0 - yearly ** self._flow.repeat[self.profile]))

    @property
    def _has_curve(self) -> bool:
        return self._price is not None and self._price.curve is not None

    def _growth(self) -> Floats:
        growth = self._price.growth if self._price is not None else 0.0
        return np.full(len(self.profile), growth)

    def _kept(self, at: Floats) -> Floats | float:
        """What a loss in a given year leaves of the flows at risk after it."""
        if self._stress.loss is None or not self._flow.at_risk:
            return 1.0
        year, share = self._stress.loss
        return np.asarray(np.where(at > year, 1.0 - share, 1.0))

    def _counted(self, at: Floats) -> Floats | float:
        if self._flow.term is None:
            return 1.0
        if not self._flow.even:
            return (at <= self._term + ON_TIME).astype(np.float64)
        begins = at - self._length
        return np.asarray(np.clip(self._term - begins, 0.0, 1.0))


class _Path:
    """A yearly factor carried forward: 1 up to the valuation day, then base to the years passed."""

    __slots__ = ("_base", "_moves", "_past", "_start", "value")

    def __init__(self, base: Floats, first: Floats) -> None:
        self._base = base
        self._moves = bool(np.any(base != 1.0))
        self._past = bool(np.any(first < 0.0))
        # A flow that begins in the past meets the day between two of its payments.
        self._start = base ** (first - np.floor(first)) if self._past else base
        self.value = np.where(first > 0.0, base ** np.maximum(first, 0.0), 1.0)

    def forward(self, at: Floats) -> None:
        if not self._moves:
            return
        if not self._past:
            self.value = self.value * self._base
            return
        following = at + 1.0
        crossing = (at < 0.0) & (following > 0.0)
        carried = np.where(crossing, self._start, self.value * self._base)
        self.value = np.where(following > 0.0, carried, 1.0)


def _length_of_first_period(first: Floats) -> Floats:
    """A flow at 0 pays in advance (0), at 1 in arrears (1), at 0.5 in the middle (0.5)."""
    return np.where(first > 0.0, first - np.ceil(first) + 1.0, 0.0)


def curve_at(price: Price | None, at: Floats) -> Floats:
    """The relative price at fractional years, 1 before the day and flat after the curve's end."""
    curve = price.curve if price is not None and price.curve is not None else (1.0,)
    years = np.arange(len(curve), dtype=np.float64)
    return np.asarray(np.interp(at, years, np.asarray(curve)))


def _distinct_terms(flow: Flow, rows: int) -> tuple[Floats, npt.NDArray[np.int64]]:
    if flow.term is None:
        return np.array([np.inf]), np.zeros(rows, dtype=np.int64)
    return distinct_values(flow.term)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Assessment:
    """What one pass over an exposure gives: yuan by row, whole and by component, and units."""

    value: Floats
    components: Mapping[str, Floats]
    quantities: Mapping[str, tuple[Floats, str]]


def assess(exposure: Exposure, prices: Prices, stress: Stress | None = None) -> Assessment:
    """Values every flow once. Units are undiscounted, inside the term; money is no unit."""
    value = np.zeros(exposure.n)
    components: dict[str, Floats] = {}
    units: dict[str, tuple[Floats, str]] = {}
    for flow in exposure.flows:
        worth, amount = _flow_value(exposure, flow, prices, stress or NO_STRESS)
        components[flow.name] = components.get(flow.name, np.zeros(exposure.n)) + worth
        value = value + worth
        if flow.unit != "yuan":
            before, _ = units.get(flow.name, (np.zeros(exposure.n), flow.unit))
            units[flow.name] = (before + amount, flow.unit)
    return Assessment(value=value, components=components, quantities=units)


def discount(
    exposure: Exposure, prices: Prices, stress: Stress | None = None
) -> tuple[Floats, Mapping[str, Floats]]:
    """Yuan by row of the exposure, whole and by component."""
    found = assess(exposure, prices, stress)
    return found.value, found.components


def _flow_value(
    exposure: Exposure, flow: Flow, prices: Prices, stress: Stress
) -> tuple[Floats, Floats]:
    """Yuan and undiscounted units of one flow by row."""
    if _few_cells(exposure, flow):
        per_unit, units = _by_cell(Cells(exposure, flow, prices, stress))
    else:
        # The term is left to `_Ends`, so that rows of other terms share their cells.
        cells = Cells(exposure, replace(flow, term=None), prices, stress)
        per_unit, units = _by_end(cells, _Ends(flow, cells))
    return flow.quantity * flow.unit_price * per_unit, flow.quantity * units


def _few_cells(exposure: Exposure, flow: Flow) -> bool:
    """Whether there are fewer combinations, term and all, than rows."""
    terms = 1 if flow.term is None else len(_distinct_terms(flow, exposure.n)[0])
    hazards = len(exposure.hazard.values) if flow.at_risk else 1
    combinations = len(flow.profile.values) * len(exposure.rate.values) * hazards * terms
    return combinations <= exposure.n


def _by_cell(cells: Cells) -> tuple[Floats, Floats]:
    """Present value per unit of quantity and undiscounted units by row, each cell valued once."""
    per_unit, units = np.zeros(len(cells.profile)), np.zeros(len(cells.profile))
    for here, part in cells.blocks():
        for column in part.columns():
            per_unit[here] += column.worth
            units[here] += column.units
        per_unit[here] *= part.rotations()
    return per_unit[cells.of_row], units[cells.of_row]


def _by_end(cells: Cells, ends: "_Ends") -> tuple[Floats, Floats]:
    """The same, each row read from the running sum of its cell where its term ends."""
    per_unit, units = np.zeros(len(cells.of_row)), np.zeros(len(cells.of_row))
    for block, (here, part) in enumerate(cells.blocks()):
        worth_so_far, units_so_far = np.zeros(len(part.profile)), np.zeros(len(part.profile))
        for column in part.columns():
            if ends.over(block, column.year):
                break
            rows, share = ends.within(block, column.year)
            if len(rows):
                at = cells.of_row[rows] - here.start
                last = column.part(at, share)
                per_unit[rows] = worth_so_far[at] + last.worth
                units[rows] = units_so_far[at] + last.units
            worth_so_far += column.worth
            units_so_far += column.units
        rows = ends.beyond(block)
        at = cells.of_row[rows] - here.start
        per_unit[rows], units[rows] = worth_so_far[at], units_so_far[at]
    return per_unit * cells.rotations()[cells.of_row], units


class _Ends:
    """Where the term of each row ends among the years of its flow, by block of cells.

    A row's last year is the number of its years that count whole; of the next one, `share` counts.
    """

    __slots__ = ("_after", "_last", "_order", "_share", "_starts", "_years")

    def __init__(self, flow: Flow, cells: Cells) -> None:
        self._years = flow.profile.values.shape[1]
        last, self._share = _last_years(flow, cells)
        self._last = np.clip(last, 0, self._years).astype(np.int64)
        blocks = -(-len(cells.profile) // BLOCK)
        number = cells.of_row // BLOCK * (self._years + 1) + self._last
        # Small whole numbers are sorted by counting.
        small = np.min_scalar_type(max(blocks * (self._years + 1), 1))
        self._order = np.argsort(number.astype(small), kind="stable")
        counts = np.bincount(number, minlength=blocks * (self._years + 1))
        self._starts = np.concatenate([[0], np.cumsum(counts)])
        self._after = np.zeros(blocks, dtype=np.int64)

    def over(self, block: int, year: int) -> bool:
        """Whether no row of the block counts any of the year or of a later one."""
        return bool(self._start(block, max(year, self._after[block])) == self._start(block + 1, 0))

    def within(self, block: int, year: int) -> tuple[npt.NDArray[np.int64], Floats]:
        """The rows whose last whole year lies before this one, and how much of this one counts."""
        rows = self._order[self._start(block, self._after[block]) : self._start(block, year + 1)]
        self._after[block] = year + 1
        return rows, self._share[rows] * (self._last[rows] == year)

    def beyond(self, block: int) -> npt.NDArray[np.int64]:
        """The rows that count every year seen."""
        return self._order[self._start(block, self._after[block]) : self._start(block + 1, 0)]

    def _start(self, block: int, year: int) -> int:
        return int(self._starts[block * (self._years + 1) + year])


def _last_years(flow: Flow, cells: Cells) -> tuple[Floats, Floats]:
    """How many years of a flow count whole by row, unbounded, and the share of the next one."""
    rows = len(cells.of_row)
    if flow.term is None:
        return np.full(rows, np.inf), np.zeros(rows)
    first = cells.first[cells.of_row]
    if not flow.even:
        return np.floor(flow.term - first + ON_TIME) + 1.0, np.zeros(rows)
    whole = flow.term - first + _length_of_first_period(first)
    return np.floor(whole), np.where(whole > 0.0, whole - np.floor(whole), 0.0)


def year_table(
    approach: str,
    exposure: Exposure,
    prices: Prices,
    stress: Stress | None,
    titles: Mapping[str, Text],
) -> list[Step]:
    """The years of each flow and their sum, for an exposure of one row.

    `titles` names the approach and each component.
    """
    names = _step_names(exposure.flows)
    tables = [
        _flow_table(
            f"{approach}.{name}", _titled(flow, titles), exposure, flow, prices, stress or NO_STRESS
        )
        for name, flow in zip(names, exposure.flows, strict=True)
    ]
    inputs = {name: table.value for name, table in zip(names, tables, strict=True)}
    total = discount(exposure, prices, stress)[0]
    formula = " + ".join(names) or "0"
    whole = Step(
        name=approach,
        title=titles[approach],
        formula=formula,
        unit="yuan",
        reference="",
        inputs=inputs,
        value=traced(total),
    )
    return [*tables, whole]


def _titled(flow: Flow, titles: Mapping[str, Text]) -> Text:
    """A flow that is no component keeps its name; conformance names it."""
    return titles.get(flow.name, Text(en=flow.name, zh=flow.name))


def _step_names(flows: tuple[Flow, ...]) -> list[str]:
    names: list[str] = []
    for flow in flows:
        earlier = sum(name == flow.name or name.startswith(f"{flow.name}__") for name in names)
        names.append(f"{flow.name}__{earlier + 1}" if earlier else flow.name)
    return names


def _flow_table(
    name: str, title: Text, exposure: Exposure, flow: Flow, prices: Prices, stress: Stress
) -> Step:
    cells = Cells(exposure, flow, prices, stress)
    rows = [column for column in cells.columns() if column.units[0] != 0.0]
    inputs: Mapping[str, list[float] | float] = {
        "year": [float(row.at[0]) for row in rows],
        "units": [float(flow.quantity[0] * row.units[0]) for row in rows],
        "unit_price": float(np.atleast_1d(flow.unit_price)[0]),
        "index": [float(row.index[0]) for row in rows],
        "survival": [float(row.survival[0]) for row in rows],
        "discount": [float(row.discount[0]) for row in rows],
        "rotations": float(cells.rotations()[0]),
    }
    return Step(
        name=name,
        title=title,
        formula="sum(units * unit_price * index * survival * discount) * rotations",
        unit="yuan",
        reference="",
        inputs=inputs,
        value=traced(_flow_value(exposure, flow, prices, stress)[0]),
    )
