"""The scenario engine: quantiles of the value over shared price paths.

Every row sees the same paths (`paths.py`), so that a portfolio stays coherent: rows are first
summed and then sorted. A quantile is an order statistic, not an interpolation: of S sorted values
the one at round(q * (S - 1)). The same seed gives the same paths.

Rows are simulated once by cohort where that is exact. Quantiles move with a constant and with a
factor above zero, so rows that share profile, rate, hazard, term and price need one simulation;
this holds for a row that one price moves through one flow with a quantity not below zero. All
other rows, and all rows when the hazard is drawn by path, are simulated one by one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.columns import Picked, picked
from risk_models.contract import Basis, Exposure, Floats, Flow, Stress
from risk_models.engines.discount import NO_STRESS, Cells, assess
from risk_models.engines.hazards import Seeds, lives
from risk_models.engines.paths import (
    QUANTILES,
    Simulation,
    between,
    correlation_in_force,
    price_paths,
    process_of,
)
from risk_models.keys import distinct_values, joint

__all__ = [
    "QUANTILES",
    "Holding",
    "Leg",
    "Scenarios",
    "Simulation",
    "between_years",
    "legs_of",
    "merged",
    "paths_of",
    "portfolio_paths",
    "portfolio_scenarios",
    "scenarios",
]

BLOCK: Final = 4_000
"""Rows simulated at once: 4,000 x 1,000 float64 are 32 MB, and larger blocks were not faster."""

HAZARD_BLOCK: Final = 500
"""Rows at once when each has losses of its own: three arrays of the block stand side by side."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Holding:
    """Rows of one model as the engine sees them: exposures weighted as `merged` makes them.

    `seeds` [rows] draw the losses by path; they are needed when the simulation asks for them.
    """

    exposures: Sequence[Exposure]
    rows: int
    seeds: Seeds | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scenarios:
    """Quantiles [rows, 3] in yuan, and how many rows or cohorts were simulated for them."""

    quantiles: Floats
    cohorts: int


def merged(exposure: Exposure, weight: Floats, rows: int) -> Exposure:
    """One approach over all rows of the batch, its quantities multiplied by its weight."""
    places = np.arange(rows, dtype=np.int32) if exposure.rows is None else exposure.rows
    flows = tuple(replace(flow, quantity=flow.quantity * weight[places]) for flow in exposure.flows)
    return replace(exposure, flows=flows, rows=places)


# ---------------------------------------------------------------------------
# Legs


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Leg:
    """One flow that something moves, by whole years.

    Row `places[i]` has `scale[i]` times the years of its cell, in yuan of the day. `index` names
    the price that moves it, None when only losses do. `hazard` [i] is the yearly loss share to be
    drawn by path, None when survival is in the years and stays there. `between` says what a payment
    takes of the two whole years around its moment.
    """

    places: npt.NDArray[np.integer]
    scale: Floats
    years: "YearlyCells"
    index: str | None
    hazard: Floats | None
    between: "Between"

    def present(self, some: Picked) -> Floats:
        """Present units of some cells by year [c, years]."""
        return self.years.present(some, self.between)

    def rows(self, picked: npt.NDArray[np.integer]) -> Floats:
        """Yuan of the day by year [len(picked), years] of some of its rows."""
        by_row = self.present(self.years.cells.of_row[picked])
        return np.asarray(self.scale[picked, np.newaxis] * by_row)


Between = Callable[[Floats], tuple[Floats, Floats]]


def evenly(at: Floats) -> tuple[Floats, Floats]:
    """What a moment between two whole years takes of them in a straight line."""
    part = at - np.floor(at)
    return 1.0 - part, part


class YearlyCells:
    """The cells of a flow by whole year from the day on, `count` of them."""

    __slots__ = ("_before", "cells", "count")

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        begins = np.floor(cells.first)
        self._before = int(max(0.0, -begins.min(initial=0.0)))
        last = int(begins.max(initial=0.0)) + cells.at(slice(0, 1)).shape[1]
        self.count = last + 1

    def moves(self) -> bool:
        """Whether anything is paid after the day."""
        starts = range(0, len(self.cells), BLOCK)
        return any(self.present(slice(at, at + BLOCK), evenly)[:, 1:].any() for at in starts)

    def present(self, some: Picked, between: Between) -> Floats:
        """Present units of some cells [c, count]; a payment between two years takes parts of both.

        What was paid before the day counts on the day.
        """
        cells, before = self.cells, self._before
        units = cells.units(some)
        units *= cells.survival(some)
        units *= cells.discount(some)
        if cells.repeats:
            units *= cells.rotations(some)[:, np.newaxis]
        firsts, of_first = distinct_values(cells.first[some])
        early, late = between(firsts[:, np.newaxis] + np.arange(float(units.shape[1])))
        begins = np.floor(firsts)
        grid = np.zeros((len(units), before + self.count))
        for begin in np.unique(begins):
            mine, at = picked(begins[of_first] == begin), before + int(begin)
            for year, part in ((at, early), (at + 1, late)):
                if part.any():
                    shares = part if len(firsts) == 1 else part[of_first[mine]]
                    grid[mine, year : year + units.shape[1]] += units[mine] * shares
        grid[:, before] += grid[:, :before].sum(axis=1)
        return grid[:, before:]


def legs_of(
    holding: Holding, basis: Basis, simulation: Simulation, stress: Stress
) -> tuple[list[Leg], Floats]:
    """The flows of a holding that something moves, and the present value of the others by row.

    What is paid today moves with nothing.
    """
    legs, fixed = [], np.zeros(holding.rows)
    for exposure in holding.exposures:
        places = np.arange(holding.rows) if exposure.rows is None else exposure.rows
        for flow in exposure.flows:
            leg = _leg(exposure, flow, places, basis, simulation, stress)
            if leg is not None:
                legs.append(leg)
                continue
            still = replace(exposure, flows=(replace(flow, index=None),))
            fixed[places] += assess(still, basis.prices, stress).value
    return legs, fixed


def _leg(
    exposure: Exposure,
    flow: Flow,
    places: npt.NDArray[np.integer],
    basis: Basis,
    simulation: Simulation,
    stress: Stress,
) -> Leg | None:
    if flow.repeat is not None and flow.index is not None:
        raise ValueError(f"{flow.name}: a repeated rotation has no price path")
    hazard = _hazard(exposure, flow, simulation, stress)
    if flow.index is None and hazard is None:
        return None
    years = YearlyCells(Cells(exposure, flow, basis.prices, stress))
    if not years.moves():
        return None
    return Leg(
        places=places,
        scale=np.asarray(flow.quantity * flow.unit_price),
        years=years,
        index=flow.index,
        hazard=hazard,
        between=between_years(flow.index, basis),
    )


def between_years(index: str | None, basis: Basis) -> Between:
    """How the price that moves a flow lies between two whole years; refused without its process."""
    if index is None:
        return evenly
    return partial(between, basis.prices[index], process_of(basis.parameters, index))


def _hazard(
    exposure: Exposure, flow: Flow, simulation: Simulation, stress: Stress
) -> Floats | None:
    """A rotation repeated without end keeps its expected survival: no path is that long."""
    if not (simulation.hazard_paths and flow.at_risk) or flow.repeat is not None:
        return None
    return np.asarray(exposure.hazard.values[exposure.hazard.key] + stress.hazard_add)


def paths_of(legs: Sequence[Leg], basis: Basis, simulation: Simulation) -> Mapping[str, Floats]:
    """The paths [years, paths] of each price that moves a leg; refused without its process."""
    years: dict[str, int] = {}
    for leg in legs:
        if leg.index is not None:
            years[leg.index] = max(years.get(leg.index, 0), leg.years.count - 1)
    return {
        price_id: price_paths(
            basis.prices[price_id],
            price_id,
            last,
            process_of(basis.parameters, price_id, stressed=simulation.stressed),
            simulation,
            correlation=correlation_in_force(basis.parameters),
        )
        for price_id, last in years.items()
    }


# ---------------------------------------------------------------------------
# Quantiles by row


def scenarios(
    holding: Holding, basis: Basis, simulation: Simulation, stress: Stress | None = None
) -> Scenarios:
    """Quantiles of the value of each row; NaN where nothing that is simulated moves it."""
    moving, fixed = legs_of(holding, basis, simulation, stress or NO_STRESS)
    paths = paths_of(moving, basis, simulation)
    found = np.repeat(fixed[:, np.newaxis], len(simulation.quantiles), axis=1)
    apart = _not_by_cohort(moving, holding.rows)
    cohorts = sum(_by_cohort(leg, apart, found, paths, simulation) for leg in moving)
    alone = np.flatnonzero(apart)
    if len(alone):
        run = _RowByRow(moving, alone, fixed, holding.seeds, paths, simulation)
        found[alone] = run.quantiles()
    found[~_moved(moving, holding.rows)] = np.nan
    return Scenarios(quantiles=found, cohorts=cohorts + len(alone))


def _moved(moving: Sequence[Leg], rows: int) -> npt.NDArray[np.bool_]:
    """Rows whose value some price or loss by path moves."""
    moved = np.zeros(rows, dtype=np.bool_)
    for leg in moving:
        moved[leg.places[leg.scale != 0.0]] = True
    return moved


def _not_by_cohort(moving: Sequence[Leg], rows: int) -> npt.NDArray[np.bool_]:
    """Rows that several flows move, or one with a quantity below zero, or losses by path."""
    flows = np.zeros(rows, dtype=np.int64)
    apart = np.zeros(rows, dtype=np.bool_)
    for leg in moving:
        flows[leg.places] += leg.scale != 0.0
        apart[leg.places] |= (leg.scale < 0.0) | (leg.hazard is not None)
    return np.asarray(apart | (flows > 1))


def _by_cohort(
    leg: Leg,
    apart: npt.NDArray[np.bool_],
    found: Floats,
    paths: Mapping[str, Floats],
    simulation: Simulation,
) -> int:
    """Adds the quantiles of the rows only this leg moves; gives how many it simulated."""
    mine = np.flatnonzero((leg.scale > 0.0) & ~apart[leg.places])
    if leg.index is None or len(mine) == 0:
        return 0
    years = leg.years
    (used,), cohort = joint((years.cells.of_row[mine],), (len(years.cells),))
    course = _cast(paths[leg.index][: years.count], simulation)

    def drawn(block: slice) -> Floats:
        return _product(_cast(leg.present(used[block]), simulation), course)

    by_cohort = _sorted(drawn, len(used), BLOCK, simulation)
    found[leg.places[mine]] += leg.scale[mine, np.newaxis] * by_cohort[cohort]
    return len(used)


def _cast(values: Floats, simulation: Simulation) -> Floats:
    return values.astype(simulation.precision, copy=False)


def _product(grid: Floats, course: Floats) -> Floats:
    """A block of one row goes through the same routine as all others, and so gets their bits."""
    if len(grid) == 1:
        return (np.repeat(grid, 2, axis=0) @ course)[:1]
    return np.asarray(grid @ course)


def _sorted(
    drawn: Callable[[slice], Floats], rows: int, size: int, simulation: Simulation
) -> Floats:
    """The order statistics of rows drawn block by block [rows, 3]."""
    blocks = [slice(start, min(start + size, rows)) for start in range(0, rows, size)]

    def quantiles(block: slice) -> Floats:
        values = drawn(block)
        values.sort(axis=1)
        return np.asarray(values[:, simulation.places], dtype=np.float64)

    if simulation.threads == 1:
        parts = list(map(quantiles, blocks))
    else:
        with ThreadPoolExecutor(simulation.threads) as pool:
            parts = list(pool.map(quantiles, blocks))
    return np.concatenate(parts)


# ---------------------------------------------------------------------------
# Rows simulated one by one


@dataclass(frozen=True, slots=True, eq=False)
class _Lossy:
    """What a loss may take: yuan by year of each row if it stands, its price, its yearly kept part."""

    grid: Floats
    index: str | None
    kept: Floats


class _RowByRow:
    """Some rows of a holding, each with its own sum of flows."""

    def __init__(
        self,
        moving: Sequence[Leg],
        rows: npt.NDArray[np.integer],
        fixed: Floats,
        seeds: Seeds | None,
        paths: Mapping[str, Floats],
        simulation: Simulation,
    ) -> None:
        self._fixed = fixed[rows]
        self._paths = {index: _cast(course, simulation) for index, course in paths.items()}
        self._simulation = simulation
        self._plain: dict[str, Floats] = {}
        self._lossy: list[_Lossy] = []
        self._seeds = seeds[rows] if seeds is not None else None
        for leg in moving:
            self._add(leg, rows, len(fixed))

    def _add(self, leg: Leg, rows: npt.NDArray[np.integer], whole: int) -> None:
        place = np.full(whole, -1)
        place[rows] = np.arange(len(rows))
        picked = np.flatnonzero(place[leg.places] >= 0)
        grid = np.zeros((len(rows), leg.years.count))
        grid[place[leg.places[picked]]] = leg.rows(picked)
        if leg.hazard is None:
            if leg.index is not None:
                self._plain[leg.index] = _summed(self._plain.get(leg.index), grid)
            return
        if self._seeds is None:
            raise ValueError("losses by path need the seeds of the rows")
        kept = np.ones(len(rows))
        kept[place[leg.places[picked]]] = 1.0 - leg.hazard[picked]
        self._lossy.append(_Lossy(grid, leg.index, kept))

    @property
    def block(self) -> int:
        return HAZARD_BLOCK if self._lossy else BLOCK

    def quantiles(self) -> Floats:
        return _sorted(self.drawn, len(self._fixed), self.block, self._simulation)

    def drawn(self, block: slice) -> Floats:
        """The value of each row of a block on each path."""
        fixed = self._fixed[block]
        values = np.repeat(fixed[:, np.newaxis], self._simulation.paths, axis=1)
        values = _cast(values, self._simulation)
        for index, grid in self._plain.items():
            course = self._paths[index][: grid.shape[1]]
            values += _product(_cast(grid[block], self._simulation), course)
        if self._lossy and self._seeds is not None:
            drawn = lives(self._seeds[block], self._simulation.seed, self._simulation.paths)
            for lossy in self._lossy:
                self._add_while_it_stands(values, drawn, lossy, block)
        return values

    def _add_while_it_stands(
        self, values: Floats, drawn: Floats, lossy: _Lossy, block: slice
    ) -> None:
        """The grid holds expected survival; on a path it is divided out while the stand lives.

        A sum over paths has the expected value unchanged, whatever the share of a year.
        """
        for year in range(lossy.grid.shape[1]):
            chance = lossy.kept[block] ** year
            units = np.divide(
                lossy.grid[block, year], chance, out=np.zeros_like(chance), where=chance > 0.0
            )
            if not units.any():
                continue
            stands = drawn < chance[:, np.newaxis]
            price = 1.0 if lossy.index is None else self._paths[lossy.index][year]
            values += stands * _cast(units, self._simulation)[:, np.newaxis] * price


def _summed(before: Floats | None, grid: Floats) -> Floats:
    if before is None:
        return grid
    years = max(before.shape[1], grid.shape[1])
    total = np.zeros((len(grid), years))
    total[:, : before.shape[1]] += before
    total[:, : grid.shape[1]] += grid
    return total


# ---------------------------------------------------------------------------
# Portfolios


def portfolio_scenarios(
    holdings: Sequence[Holding],
    basis: Basis,
    simulation: Simulation,
    stress: Stress | None = None,
) -> Floats:
    """Quantiles [3] of the sum of all rows of all holdings."""
    total = portfolio_paths(holdings, basis, simulation, stress)
    return np.sort(total)[simulation.places]


def portfolio_paths(
    holdings: Sequence[Holding],
    basis: Basis,
    simulation: Simulation,
    stress: Stress | None = None,
) -> Floats:
    """The value [paths] of all rows of all holdings on each path, in float64."""
    total = np.zeros(simulation.paths)
    for holding in holdings:
        legs, fixed = legs_of(holding, basis, simulation, stress or NO_STRESS)
        total += fixed.sum()
        paths = paths_of(legs, basis, simulation)
        for leg in legs:
            if leg.hazard is None and leg.index is not None:
                total += _sum_of(leg, paths[leg.index])
        for part in _lossy_sums(
            [leg for leg in legs if leg.hazard is not None], holding, paths, simulation
        ):
            total += part
    return total


def _sum_of(leg: Leg, course: Floats) -> Floats:
    """Rows are added before the product with the paths: years x paths, not rows x paths."""
    cells, by_year = leg.years.cells, np.zeros(leg.years.count)
    by_cell = np.bincount(cells.of_row, weights=leg.scale, minlength=len(cells))
    for start in range(0, len(cells), BLOCK):
        some = slice(start, start + BLOCK)
        by_year += by_cell[some] @ leg.present(some)
    return np.asarray(by_year @ course[: len(by_year)])


def _lossy_sums(
    legs: Sequence[Leg], holding: Holding, paths: Mapping[str, Floats], simulation: Simulation
) -> Iterator[Floats]:
    """Rows are lost one by one, so each is drawn, added and forgotten."""
    if not legs:
        return
    exact = replace(simulation, precision="float64")
    everyone = np.arange(holding.rows)
    run = _RowByRow(legs, everyone, np.zeros(holding.rows), holding.seeds, paths, exact)
    for start in range(0, holding.rows, run.block):
        yield run.drawn(slice(start, start + run.block)).sum(axis=0)
