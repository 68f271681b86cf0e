"""Land: the rotations that follow, without end, less those after the right has ended.

Land belongs to its owner again when the right ends. So the rotations without end that begin when
the land is free are counted, and those that begin when the right ends are taken off. They are at
risk as a whole: with the yearly hazard the rotation is discounted at rate and hazard together.
"""

import numpy as np

from risk_models.contract import Floats, Flow, Keyed
from risk_models.modelling import trimmed
from risk_models.models.forest_right import steps as told
from risk_models.models.forest_right.groups import RENEWED
from risk_models.models.forest_right.part import Part, given, or_else
from risk_models.models.forest_right.timber import Cutting

__all__ = ["land"]


def land(part: Part, *, felled_now: bool) -> list[Flow]:
    """Land expectation value of the rows that count it, from the day the stand is off."""
    counted = part.batch.is_level("land_basis", "expectation") & part.worked
    counted &= part.batch.is_level("age_group", *RENEWED)
    if not counted.any():
        return []
    if felled_now:
        starts = part.steps("land_starts_years", told.land_free_now, productive_area=part.area)
    else:
        starts = part.steps(
            "land_starts_years", told.land_starts_years, years_to_rotation=part.left
        )
    ends = part.steps(
        "land_after_right_years",
        told.land_after_right_years,
        land_starts_years=starts,
        right_years=part.right,
    )
    area = part.steps(
        "land_area",
        told.land_area,
        productive_area=part.area,
        land_starts_years=starts,
        right_years=part.right,
    )
    return _Rotations(part, np.where(counted, area, 0.0), starts, ends).flows()


class _Rotations:
    """Rotations without end on `area` from `starts`, taken off again from `ends`.

    All in yuan: their price is a flat one that the appraiser states, so no market price moves it.
    """

    def __init__(self, part: Part, area: Floats, starts: Floats, ends: Floats) -> None:
        self.part = part
        self.area = area
        self.starts = starts
        self.ends = ends
        self.rotation = part.batch.numbers("rotation_years")
        self.price = or_else(part.batch, "long_run_price_yuan_per_m3")
        self.cutting = Cutting(part).whole(part)

    def flows(self) -> list[Flow]:
        return [*self._fellings(), *self._thinnings(), *self._raising(), *self._care()]

    def _fellings(self) -> list[Flow]:
        timber = self.part.steps(
            "next_harvest_m3",
            told.next_harvest_m3,
            land_area=self.area,
            next_stock_m3_per_mu=or_else(self.part.batch, "next_stock_m3_per_mu"),
            outturn_share=self.part.batch.numbers("outturn_share"),
            quota_share=self.part.quota,
        )
        sales = self.part.steps(
            "next_sales_yuan",
            told.next_sales_yuan,
            next_harvest_m3=timber,
            long_run_price_yuan_per_m3=self.price,
        )
        costs = self.part.steps(
            "next_cutting_yuan",
            told.next_cutting_yuan,
            next_harvest_m3=timber,
            cutting_yuan_per_m3=self.cutting,
        )
        felled = np.ones((self.part.batch.n, 1))
        return [
            *self._repeated("land_sales", felled, sales, after=self.rotation),
            *self._repeated("land_costs", felled, -costs, after=self.rotation),
        ]

    def _care(self) -> list[Flow]:
        """The cost of each year without end: v / P at the start."""
        care = self.part.steps(
            "next_care_yuan",
            told.next_care_yuan,
            land_area=self.area,
            land_cost_yuan_per_mu=or_else(self.part.batch, "land_cost_yuan_per_mu"),
        )
        every_year = np.ones(self.part.batch.n)
        paid = np.ones((self.part.batch.n, 1))
        return self._repeated("land_costs", paid, -care, after=every_year, every=every_year)

    def _raising(self) -> list[Flow]:
        costs = trimmed(self.part.batch.numbers("next_costs_by_year_yuan_per_mu"))
        by_year = self.part.steps(
            "next_costs",
            told.next_costs,
            next_costs_by_year_yuan_per_mu=costs,
            year=np.arange(costs.shape[1], dtype=np.float64)[np.newaxis],
            rotation_years=self.rotation[:, np.newaxis],
        )
        return self._repeated("land_costs", by_year, -self.area)

    def _thinnings(self) -> list[Flow]:
        batch = self.part.batch
        if not given(batch, "thinning_ages_years").any():
            return []
        ages = trimmed(batch.numbers("thinning_ages_years"))
        by_year = self.part.steps(
            "next_thinnings",
            told.next_thinnings,
            thinning_stock_m3_per_mu=trimmed(batch.numbers("thinning_stock_m3_per_mu")),
            thinning_ages_years=ages,
            year=np.arange(int(np.nanmax(ages)) + 1, dtype=np.float64)[np.newaxis],
            rotation_years=self.rotation[:, np.newaxis],
        )
        sales = self.part.steps(
            "next_thinning_sales",
            told.next_thinning_sales,
            land_area=self.area,
            outturn_share=batch.numbers("outturn_share"),
            quota_share=self.part.quota,
            long_run_price_yuan_per_m3=self.price,
            thinning_price_share=or_else(batch, "thinning_price_share"),
        )
        costs = self.part.steps(
            "next_thinning_costs",
            told.next_thinning_costs,
            land_area=self.area,
            outturn_share=batch.numbers("outturn_share"),
            quota_share=self.part.quota,
            cutting_yuan_per_m3=self.cutting,
        )
        return [
            *self._repeated("land_sales", by_year, sales),
            *self._repeated("land_costs", by_year, -costs),
        ]

    def _repeated(
        self,
        name: str,
        profile: Floats,
        quantity: Floats,
        *,
        after: Floats | float = 0.0,
        every: Floats | None = None,
    ) -> list[Flow]:
        """The profile of one rotation, repeated from the start and taken off from the end."""
        return [
            Flow(
                name=component,
                unit="yuan",
                profile=Keyed(values=profile, key=self.part.each()),
                first=begins + after,
                quantity=signed,
                unit_price=1.0,
                at_risk=True,
                repeat=self.rotation if every is None else every,
            )
            for component, begins, signed in (
                (name, self.starts, quantity),
                ("land_returned", self.ends, -quantity),
            )
        ]
