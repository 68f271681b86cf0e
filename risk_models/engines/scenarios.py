"""The scenario engine: quantiles of the value over shared price paths.

Every row sees the same paths, so that a portfolio stays coherent. A path is a geometric Brownian
motion of the relative price, rescaled year by year so that its mean is the forward curve the
deterministic engine uses. Different prices move independently. float64; the same seed gives the
same paths, and a quantile is an order statistic, not an interpolation: of S sorted values the
one at round(q * (S - 1)).
"""

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.contract import Basis, Exposure, Floats, Flow, Price, Stress
from risk_models.dated import Parameters
from risk_models.engines.discount import NO_STRESS, Cells, curve_at

__all__ = ["QUANTILES", "VOLATILITY", "Simulation", "merged", "price_paths", "scenarios"]

QUANTILES: Final = (0.05, 0.50, 0.95)
VOLATILITY: Final = "price.volatility"
"""The dated table of yearly volatilities by price id."""

BLOCK: Final = 4_000
"""Rows simulated at once: 4,000 x 1,000 float64 are 32 MB, and larger blocks were not faster."""

MOST_PATHS: Final = 100_000
"""Beyond this a run takes minutes and the quantiles move by less than the price's last digit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """How many paths, and from which seed."""

    paths: int
    seed: int
    quantiles: tuple[float, float, float] = QUANTILES

    def __post_init__(self) -> None:
        if not 2 <= self.paths <= MOST_PATHS:
            raise ValueError(f"paths: between 2 and {MOST_PATHS}")
        if self.seed < 0:
            raise ValueError("seed: not below 0")


def price_paths(
    price: Price, price_id: str, years: int, volatility: float, simulation: Simulation
) -> Floats:
    """Relative prices [years + 1, paths]: 1 in year 0, each year's mean on the forward curve."""
    stream = np.random.SeedSequence([simulation.seed, zlib.crc32(price_id.encode())])
    shocks = np.random.Generator(np.random.PCG64(stream)).standard_normal((years, simulation.paths))
    steps = -0.5 * volatility**2 + volatility * shocks
    walk = np.vstack([np.zeros(simulation.paths), np.cumsum(steps, axis=0)])
    relative = np.exp(walk)
    forward = _forward(price, years)
    return np.asarray(relative / relative.mean(axis=1, keepdims=True) * forward[:, np.newaxis])


def _forward(price: Price, years: int) -> Floats:
    at = np.arange(years + 1, dtype=np.float64)
    return curve_at(price, at) if price.curve is not None else (1.0 + price.growth) ** at


def merged(exposure: Exposure, weight: Floats, rows: int) -> Exposure:
    """One approach over all rows of the batch, its quantities multiplied by its weight."""
    places = np.arange(rows, dtype=np.int32) if exposure.rows is None else exposure.rows
    flows = tuple(replace(flow, quantity=flow.quantity * weight[places]) for flow in exposure.flows)
    return replace(exposure, flows=flows, rows=places)


def scenarios(
    exposures: Sequence[Exposure],
    rows: int,
    basis: Basis,
    simulation: Simulation,
    stress: Stress | None = None,
) -> Floats:
    """Quantiles [rows, 3] of the sum of weighted exposures, as `merged` makes them."""
    fixed = np.zeros(rows)
    moving: dict[str, Floats] = {}
    for exposure in exposures:
        places = np.arange(rows) if exposure.rows is None else exposure.rows
        for flow in exposure.flows:
            cells = Cells(exposure, flow, basis.prices, stress or NO_STRESS)
            grid = _yearly(cells, flow)
            worth = (flow.quantity * flow.unit_price)[:, np.newaxis] * grid[cells.of_row]
            if flow.index is None or not worth[:, 1:].any():
                # What is paid today is paid at today's price.
                fixed[places] += worth.sum(axis=1)
            else:
                before = moving.get(flow.index, np.zeros((rows, 1)))
                moving[flow.index] = _added(before, worth, places)
    return _over_paths(fixed, moving, basis, simulation)


def _yearly(cells: Cells, flow: Flow) -> Floats:
    """Present units by cell and whole year; a payment between two years leans on both."""
    if flow.repeat is not None and flow.index is not None:
        raise ValueError(f"{flow.name}: a repeated rotation has no price path")
    columns = list(cells.columns())
    years = max((int(np.ceil(column.at.max())) for column in columns), default=0)
    grid = np.zeros((len(cells.profile), max(years, 0) + 2))
    here = np.arange(len(cells.profile))
    for column in columns:
        at = np.maximum(column.at, 0.0)
        year = np.floor(at).astype(np.int64)
        units = column.units * column.survival * column.discount
        grid[here, year] += units * (1.0 - (at - year))
        grid[here, year + 1] += units * (at - year)
    return np.asarray(grid * cells.rotations()[:, np.newaxis])


def _added(before: Floats, worth: Floats, places: npt.NDArray[np.integer]) -> Floats:
    years = max(before.shape[1], worth.shape[1])
    total = np.zeros((len(before), years))
    total[:, : before.shape[1]] = before
    total[places, : worth.shape[1]] += worth
    return total


def _over_paths(
    fixed: Floats, moving: Mapping[str, Floats], basis: Basis, simulation: Simulation
) -> Floats:
    paths = {
        price_id: price_paths(
            basis.prices[price_id],
            price_id,
            grid.shape[1] - 1,
            _volatility(basis.parameters, price_id),
            simulation,
        )
        for price_id, grid in moving.items()
    }
    found = np.empty((len(fixed), len(simulation.quantiles)))
    for start in range(0, len(fixed), BLOCK):
        block = slice(start, start + BLOCK)
        drawn = np.broadcast_to(
            fixed[block, np.newaxis], (len(fixed[block]), simulation.paths)
        ).copy()
        for price_id, grid in moving.items():
            drawn += grid[block] @ paths[price_id]
        drawn.sort(axis=1)
        found[block] = drawn[:, _places(simulation)]
    return found


def _places(simulation: Simulation) -> list[int]:
    return [math.floor(q * (simulation.paths - 1) + 0.5) for q in simulation.quantiles]


def _volatility(parameters: Parameters, price_id: str) -> float:
    return parameters.table(VOLATILITY).number(price_id, "volatility")
