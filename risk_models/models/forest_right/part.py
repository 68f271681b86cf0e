"""The rows one approach values, with the steps every approach begins with."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from risk_models.contract import Basis, Batch, Codes, Floats, Flow, Keyed, Recorder
from risk_models.engines.discount import ON_TIME
from risk_models.modelling import as_day, ones, single, trimmed, years_left
from risk_models.models.forest_right import steps as told
from risk_models.models.forest_right.groups import CUT, STOCKING

__all__ = ["Part", "given", "kept_for_carbon", "narrowed", "or_else"]


def or_else(batch: Batch, name: str, instead: float = 0.0) -> Floats:
    """A number column, empty cells standing for what the field says an empty one means."""
    column = batch.numbers(name)
    return np.asarray(np.where(np.isnan(column), instead, column))


def given(batch: Batch, name: str) -> npt.NDArray[np.bool_]:
    """Which rows state a series."""
    return np.asarray(~np.isnan(batch.numbers(name)[:, 0]))


def narrowed(batch: Batch, series: Iterable[str]) -> Batch:
    """The same rows, each series cut after its longest entry: empty cells are not copied about."""
    cut = {name: trimmed(batch.numbers(name)) for name in series}
    return replace(batch, columns={**batch.columns, **cut})


def kept_for_carbon(batch: Batch) -> npt.NDArray[np.bool_]:
    """Which rows would earn by being cut, but keep their trees for carbon."""
    return np.asarray(batch.is_level("plan", "carbon") & batch.is_level("age_group", *CUT))


class Part:
    """Rows of one approach; what several flows need is worked out once."""

    def __init__(self, batch: Batch, basis: Basis, steps: Recorder) -> None:
        self.batch = batch
        self.basis = basis
        self.steps = steps
        on = np.full(batch.n, as_day(basis.on))
        self.age = steps(
            "age_years", told.age_years, planted_on=batch.days("planted_on"), valuation_on=on
        )
        self.right = years_left(batch, basis, steps)
        rotation = batch.numbers("rotation_years")
        # Bamboo has no rotation, and so no years to it.
        self.left = (
            steps(
                "years_to_rotation",
                told.years_to_rotation,
                rotation_years=rotation,
                age_years=self.age,
            )
            if not np.isnan(rotation).all()
            else rotation
        )
        self.area = steps(
            "productive_area",
            told.productive_area,
            area_mu=batch.numbers("area_mu"),
            public_welfare_share=or_else(batch, "public_welfare_share"),
        )
        self.worked = ~kept_for_carbon(batch)
        self.quota = or_else(batch, "quota_share", 1.0)

    def adjusted(self) -> Floats:
        """The area at reference quality: times K."""
        return self.steps(
            "adjusted_area",
            told.adjusted_area,
            productive_area=self.area,
            quality=quality(self.batch, self.basis, self.steps),
        )

    def each(self) -> Codes:
        """A profile for every row."""
        return np.arange(self.batch.n, dtype=np.int32)

    def lump(
        self,
        name: str,
        unit: str,
        quantity: Floats,
        unit_price: Floats | float,
        *,
        first: Floats | float = 0.0,
        at_risk: bool = False,
        index: str | None = None,
    ) -> Flow:
        """One payment of each row, `first` years from the day."""
        if isinstance(first, np.ndarray):
            first, key = np.unique(first, return_inverse=True)
            profile = Keyed(values=np.ones((len(first), 1)), key=key.astype(np.int32))
        else:
            profile = single(self.batch.n)
        return Flow(
            name=name,
            unit=unit,
            profile=profile,
            first=first,
            quantity=quantity,
            unit_price=unit_price,
            at_risk=at_risk,
            index=index,
        )

    def within_right(self, quantity: Floats, first: Floats | float) -> Floats:
        """Nothing where a payment comes after the right has ended."""
        return np.asarray(np.where(first <= self.right + ON_TIME, quantity, 0.0))

    def yearly(
        self,
        name: str,
        unit: str,
        quantity: Floats,
        unit_price: Floats | float,
        *,
        term: Floats,
        at_risk: bool,
        index: str | None = None,
    ) -> Flow:
        """One payment at each year's end until `term`, the broken last year in part."""
        return Flow(
            name=name,
            unit=unit,
            profile=Keyed.one(ones(float(np.max(term, initial=0.0)))[0], self.batch.n),
            first=1.0,
            quantity=quantity,
            unit_price=unit_price,
            at_risk=at_risk,
            index=index,
            term=term,
            even=True,
        )


def quality(batch: Batch, basis: Basis, steps: Recorder) -> Floats:
    """K of each row: stated, or stocking, height and size of the measured stand."""
    found = np.full(batch.n, np.nan)
    measured = batch.is_level("quality_basis", "height", "diameter", "volume")
    stated = np.flatnonzero(~measured)
    if len(stated):
        column = batch.take(stated).numbers("quality_k")
        found[stated] = steps("quality", told.stated_quality, quality_k=column)
    for basis_of_k in ("height", "diameter", "volume"):
        rows = np.flatnonzero(batch.is_level("quality_basis", basis_of_k))
        if len(rows):
            found[rows] = _measured(batch.take(rows), basis, steps, basis_of_k)
    return found


def _measured(batch: Batch, basis: Basis, steps: Recorder, basis_of_k: str) -> Floats:
    table = basis.parameters.table(STOCKING)
    zones = batch.levels["planting_zone"]
    stocking = steps(
        "stocking_k",
        told.stocking_k,
        survival_share=batch.numbers("survival_share"),
        standard_share=batch.by_level("planting_zone", table.column("standard_share", zones)),
        replant_below_share=batch.by_level(
            "planting_zone", table.column("replant_below_share", zones)
        ),
    )
    height = steps(
        "height_k",
        told.height_k,
        height_m=batch.numbers("height_m"),
        height_reference_m=batch.numbers("height_reference_m"),
    )
    if basis_of_k == "height":
        return steps("quality", told.young_quality, stocking_k=stocking, height_k=height)
    size = (
        steps(
            "size_k",
            told.diameter_k,
            dbh_cm=batch.numbers("dbh_cm"),
            dbh_reference_cm=batch.numbers("dbh_reference_cm"),
        )
        if basis_of_k == "diameter"
        else steps(
            "size_k",
            told.volume_k,
            volume_m3_per_mu=batch.numbers("volume_m3_per_mu"),
            volume_reference_m3_per_mu=batch.numbers("volume_reference_m3_per_mu"),
        )
    )
    return steps(
        "quality", told.measured_quality, stocking_k=stocking, height_k=height, size_k=size
    )
