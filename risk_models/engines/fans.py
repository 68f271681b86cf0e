"""The fan of one asset: its undiscounted net cash flow by whole year over the price paths.

A payment belongs to the year it ends in: one at 0 years to year 0, one after 0.5 years to year 1.
Between two years it takes its part of both (`paths.between`). Of a rotation that repeats without end the fan
shows the first.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from risk_models.contract import Basis, Exposure, Floats, Flow, Stress
from risk_models.engines.discount import NO_STRESS, Cells
from risk_models.engines.hazards import lives
from risk_models.engines.paths import Simulation
from risk_models.engines.scenarios import Holding, between_years, legs_of, paths_of

__all__ = ["Fan", "yearly_fan"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fan:
    """Whole years from the valuation day and, by year, quantiles of the net cash flow in yuan."""

    years: npt.NDArray[np.int64]
    low: Floats
    mid: Floats
    high: Floats


def yearly_fan(
    holding: Holding, basis: Basis, simulation: Simulation, stress: Stress | None = None
) -> Fan:
    """The fan of a holding of one row, from year 0 to its last payment. No flow gives no years."""
    if holding.rows != 1:
        raise ValueError("a fan is drawn for one row")
    world = stress or NO_STRESS
    legs, _ = legs_of(holding, basis, simulation, world)
    paths = paths_of(legs, basis, simulation)
    by_year: dict[int, Floats] = {}
    for exposure in holding.exposures:
        for flow in exposure.flows if exposure.n else ():
            _add(by_year, _Payments(exposure, flow, basis, holding, simulation, world), paths)
    years = np.arange(max(by_year, default=-1) + 1)
    drawn = np.zeros((len(years), simulation.paths))
    for year, paid in by_year.items():
        drawn[year] = paid
    drawn.sort(axis=1)
    low, mid, high = drawn[:, simulation.places].T
    return Fan(years=years, low=low, mid=mid, high=high)


class _Payments:
    """The payments of one flow of one row, as they fall due."""

    def __init__(
        self,
        exposure: Exposure,
        flow: Flow,
        basis: Basis,
        holding: Holding,
        simulation: Simulation,
        stress: Stress,
    ) -> None:
        cells = Cells(exposure, flow, basis.prices, stress)
        self.index = flow.index
        self.basis = basis
        yuan = float((flow.quantity * flow.unit_price)[0])
        own = cells.of_row[:1]
        paid = yuan * (cells.units(own) * cells.survival(own))[0]
        self.due = list(zip(np.maximum(cells.at(own)[0], 0.0).tolist(), paid.tolist(), strict=True))
        self.kept, self.drawn = 1.0, np.zeros(simulation.paths)
        if simulation.hazard_paths and flow.at_risk and flow.repeat is None:
            if holding.seeds is None:
                raise ValueError("losses by path need the seeds of the rows")
            self.kept = 1.0 - float(exposure.hazard.values[exposure.hazard.key[0]])
            self.kept -= stress.hazard_add
            self.drawn = lives(holding.seeds, simulation.seed, simulation.paths)[0]

    def price(self, at: float, paths: Mapping[str, Floats]) -> Floats | float:
        """Relative prices [paths] at a moment; 1 where nothing moves the flow."""
        course = paths.get(self.index) if self.index is not None else None
        if course is None:
            return 1.0
        year = int(at)
        early, late = between_years(self.index, self.basis)(np.array(at))
        later = course[min(year + 1, len(course) - 1)]
        return np.asarray(course[year] * early + later * late)

    def stands(self, at: float) -> Floats | float:
        """The loss by path: its expected survival, which the units hold, divided out."""
        chance = self.kept**at
        return (self.drawn < chance) / chance if chance > 0.0 else 0.0


def _add(by_year: dict[int, Floats], payments: _Payments, paths: Mapping[str, Floats]) -> None:
    for at, yuan in payments.due:
        if yuan == 0.0:
            continue
        year = int(np.ceil(at))
        paid = yuan * payments.price(at, paths) * payments.stands(at)
        by_year[year] = by_year.get(year, np.zeros(payments.drawn.shape)) + paid
