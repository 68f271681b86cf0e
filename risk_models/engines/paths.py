"""Price paths: how prices may move from year to year, shared by every row of a run.

A path is the price relative to the day. The logarithm x of a price moves in exact yearly steps:

- geometric Brownian motion: x moves by s z, with volatility s and a standard normal z;
- mean reversion at speed k (Ornstein-Uhlenbeck on x): what x stands away from its curve shrinks to
  exp(-k) of it in a year, and s sqrt((1 - exp(-2k)) / 2k) z is added;
- jumps (Merton): a Poisson number of normal jumps, each at a moment of its own, shrinking from
  there on when the price reverts.

Each year is then rescaled so that the mean of its paths is the forward curve the deterministic
engine uses. Drift, the -s^2/2 of the exact step and the compensation of jumps are the same for
all paths of a year, so the rescaling holds them all, without the noise of the sample.

Prices move together through one common factor: two prices have the correlation
`price.correlation` in their normal shocks, whatever the pair; jumps belong to one price alone.
A year of a price has a random stream of its own, so a longer horizon leaves its first years alone.

A payment between two whole years takes parts of both (`between`): its price has the mean of the
forward curve and, of a price that nothing draws back and in the first year of any, the spread of
the exact step to its moment. In later years a price that returns spreads up to a sixth less there
than it would, as years next to each other are less alike.
"""

import math
import re
import zlib
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from risk_models.contract import Floats, Price
from risk_models.dated import Parameters
from risk_models.engines.discount import curve_at

__all__ = [
    "CORRELATION",
    "PROCESS",
    "QUANTILES",
    "STRESS_VOLATILITY",
    "Process",
    "Simulation",
    "between",
    "correlation_in_force",
    "price_paths",
    "process_of",
    "process_row",
]

QUANTILES: Final = (0.05, 0.50, 0.95)

PROCESS: Final = "price.process"
"""The dated table of how each price moves, by price id. A model of another package, whose prices are
not in it, brings a table of its own named after the price, such as `price.process.dry-reed`."""

CORRELATION: Final = "price.correlation"
STRESS_VOLATILITY: Final = "price.stress_volatility"

COMMON: Final = "the common factor of all prices"
"""The name of the stream behind the shocks that all prices share."""

AVERAGE: Final = re.compile(r"-vwap-[0-9]+d$")
"""An average over days moves as the price it averages, on the same paths."""

MOST_PATHS: Final = 100_000
"""Beyond this a run takes minutes and the quantiles move by less than the price's last digit."""

MOST_THREADS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """How many paths, from which seed, and what they hold.

    `hazard_paths` lets the stand of a row be lost in a year of its own on each path, so that low
    quantiles see total losses; otherwise survival is its expectation. `stressed` lets no price
    move less than `price.stress_volatility`. `precision` "float64" is for an appraisal that is
    kept, "float32" for runs over whole portfolios (within 2e-5 of the value). `threads` changes
    no figure.
    """

    paths: int
    seed: int
    quantiles: tuple[float, float, float] = QUANTILES
    hazard_paths: bool = False
    stressed: bool = False
    precision: Literal["float64", "float32"] = "float64"
    threads: int = 1

    def __post_init__(self) -> None:
        if not 2 <= self.paths <= MOST_PATHS:
            raise ValueError(f"paths: between 2 and {MOST_PATHS}")
        if self.seed < 0:
            raise ValueError("seed: not below 0")
        if list(self.quantiles) != sorted(self.quantiles) or not (
            self.quantiles[0] >= 0.0 and self.quantiles[-1] <= 1.0
        ):
            raise ValueError("quantiles: ascending, between 0 and 1")
        if not 1 <= self.threads <= MOST_THREADS:
            raise ValueError(f"threads: between 1 and {MOST_THREADS}")

    @property
    def places(self) -> list[int]:
        """Of S sorted values a quantile is the one at round(q * (S - 1)), never a mixture."""
        return [math.floor(q * (self.paths - 1) + 0.5) for q in self.quantiles]


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """How one price moves: yearly figures of its logarithm.

    A reversion speed of 0 is a geometric Brownian motion, no jumps a year is a path without them.
    """

    volatility: float
    reversion_speed: float = 0.0
    jumps_per_year: float = 0.0
    jump_mean: float = 0.0
    jump_volatility: float = 0.0

    def __post_init__(self) -> None:
        for name in ("volatility", "reversion_speed", "jumps_per_year", "jump_volatility"):
            if not 0.0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name}: a number not below 0")
        if not math.isfinite(self.jump_mean):
            raise ValueError("jump_mean: a finite number")

    def kept(self, years: float = 1.0) -> float:
        """The part of a distance from the curve that is left after some years."""
        return math.exp(-self.reversion_speed * years)

    def deviation(self, years: float = 1.0) -> float:
        """Standard deviation of the normal part of the logarithm's step over some years."""
        if self.reversion_speed == 0.0:
            return self.volatility * math.sqrt(years)
        twice = 2.0 * self.reversion_speed
        return self.volatility * math.sqrt(-math.expm1(-twice * years) / twice)

    def lean(self, at: Floats) -> Floats:
        """The part w of the later year in the price at moments between two whole years.

        What a mixture (1 - w) S + w S' adds to the spread of the year before is then, to first
        order, what the exact step to the moment adds; where nothing draws the price back, w is the
        root of the part of the year passed. Before the day nothing spreads, and w is that part.
        """
        part = at - np.floor(at)
        added = np.sqrt(part)
        if self.reversion_speed > 0.0:
            twice = 2.0 * self.reversion_speed
            added = np.sqrt(np.expm1(-twice * part) / math.expm1(-twice))
        return np.asarray(np.where(at < 0.0, part, added))

    def jumps(self, stream: np.random.Generator, paths: int) -> Floats:
        """The jumps of a year by path, each shrunk over the part of the year left after it."""
        counts = stream.poisson(self.jumps_per_year, paths)
        total = int(counts.sum())
        sizes = stream.normal(self.jump_mean, self.jump_volatility, total)
        sizes *= np.exp(-self.reversion_speed * stream.random(total))
        owner = np.repeat(np.arange(paths), counts)
        return np.bincount(owner, weights=sizes, minlength=paths).astype(np.float64)


def process_row(price_id: str) -> str:
    """The row of the process table that a price moves by."""
    return AVERAGE.sub("", price_id)


def process_of(parameters: Parameters, price_id: str, *, stressed: bool = False) -> Process:
    """The process in force for a price; refused when no table has a row for it."""
    row = process_row(price_id)
    own = f"{PROCESS}.{row}"
    table = parameters.table(own if own in parameters else PROCESS)
    volatility = table.number(row, "volatility")
    if stressed:
        volatility = max(volatility, parameters.number(STRESS_VOLATILITY))
    return Process(
        volatility=volatility,
        reversion_speed=table.number(row, "reversion_speed"),
        jumps_per_year=table.number(row, "jumps_per_year"),
        jump_mean=table.number(row, "jump_mean"),
        jump_volatility=table.number(row, "jump_volatility"),
    )


def correlation_in_force(parameters: Parameters) -> float:
    """The correlation of any two prices."""
    return parameters.number(CORRELATION)


def price_paths(
    price: Price,
    price_id: str,
    years: int,
    process: Process,
    simulation: Simulation,
    *,
    correlation: float,
) -> Floats:
    """Relative prices [years + 1, paths]: 1 in year 0, each year's mean on the forward curve."""
    if not 0.0 <= correlation <= 1.0:
        raise ValueError(f"{CORRELATION}: between 0 and 1")
    relative = np.ones((years + 1, simulation.paths))
    away = np.zeros(simulation.paths)
    for year in range(1, years + 1):
        away = process.kept() * away + _shock(price_id, year, process, simulation, correlation)
        # Any common factor goes in the rescaling; this one keeps the exponential finite.
        relative[year] = np.exp(away - away.max())
    scale = _forward(price, np.arange(years + 1.0)) / relative.mean(axis=1)
    return np.asarray(relative * scale[:, np.newaxis])


def _shock(
    price_id: str, year: int, process: Process, simulation: Simulation, correlation: float
) -> Floats:
    name = process_row(price_id)
    own = _stream(simulation.seed, name, year)
    common = _stream(simulation.seed, COMMON, year)
    alone = own.standard_normal(simulation.paths)
    shared = common.standard_normal(simulation.paths)
    normal = math.sqrt(correlation) * shared + math.sqrt(1.0 - correlation) * alone
    return process.deviation() * normal + process.jumps(own, simulation.paths)


def _stream(seed: int, name: str, year: int) -> np.random.Generator:
    sequence = np.random.SeedSequence([seed, zlib.crc32(name.encode()), year])
    return np.random.Generator(np.random.PCG64(sequence))


def between(price: Price, process: Process, at: Floats) -> tuple[Floats, Floats]:
    """What the price at some moments takes of the whole year before each and of the year after.

    Their sum over any paths has the mean of the forward curve at the moment.
    """
    lean, year = process.lean(at), np.floor(at)
    early, late = _forward(price, year), _forward(price, year + 1.0)
    scale = _forward(price, at) / ((1.0 - lean) * early + lean * late)
    return scale * (1.0 - lean), scale * lean


def _forward(price: Price, at: Floats) -> Floats:
    """The forward curve at some moments, 1 up to the day."""
    at = np.maximum(at, 0.0)
    return curve_at(price, at) if price.curve is not None else (1.0 + price.growth) ** at
