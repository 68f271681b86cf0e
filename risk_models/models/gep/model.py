"""Gross ecosystem product of a year: the quantity of each service times its price.

The figure is ecological, a yearly flow at replacement cost. A service that was not measured is
left out with a note, never counted as zero.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.batches import finding
from risk_models.contract import (
    Basis,
    Batch,
    Exposure,
    Finding,
    Floats,
    Flow,
    Keyed,
    ModelSpec,
    Recorder,
    StepFunction,
    step,
)
from risk_models.modelling import single
from risk_models.models.gep.passport import DERIVED, PRICE_TABLE, SERVICES, SPEC, WORDS, Service

__all__ = ["MODEL", "Gep"]

GARZE: Final = "Acta Ecologica Sinica 37(19) 6302, Garze 2010"


@step(unit="m3", zh="减少泥沙淤积量", reference=GARZE)
def siltation_m3(
    *, soil_retained_t: Floats, siltation_share: Floats, soil_density: Floats
) -> Floats:
    """Silt kept out of reservoirs: soil_retained_t * siltation_share / soil_density."""
    return soil_retained_t * siltation_share / soil_density


@step(unit="t", zh="减少氮面源污染量", reference=GARZE)
def nitrogen_t(*, soil_retained_t: Floats, nitrogen_share: Floats) -> Floats:
    """Nitrogen kept out of rivers: soil_retained_t * nitrogen_share."""
    return soil_retained_t * nitrogen_share


@step(unit="t", zh="减少磷面源污染量", reference=GARZE)
def phosphorus_t(*, soil_retained_t: Floats, phosphorus_share: Floats) -> Floats:
    """Phosphorus kept out of rivers: soil_retained_t * phosphorus_share."""
    return soil_retained_t * phosphorus_share


@step(unit="m2", zh="减少沙化土地面积", reference=GARZE)
def sand_m2(*, sand_fixed_t: Floats, sand_density: Floats, sand_depth: Floats) -> Floats:
    """Land kept free of sand: sand_fixed_t / (sand_density * sand_depth)."""
    return sand_fixed_t / (sand_density * sand_depth)


@step(unit="m3", zh="沼泽调蓄水量", reference=GARZE)
def marsh_storage_m3(*, marsh_km2: Floats, marsh_storage: Floats) -> Floats:
    """Flood storage of marsh: marsh_km2 * marsh_storage."""
    return marsh_km2 * marsh_storage


STEPS: Final[Mapping[str, StepFunction[..., Floats]]] = {
    "siltation_m3": siltation_m3,
    "nitrogen_t": nitrogen_t,
    "phosphorus_t": phosphorus_t,
    "sand_m2": sand_m2,
    "marsh_storage_m3": marsh_storage_m3,
}


class Gep:
    """The model. It keeps no state."""

    @property
    def spec(self) -> ModelSpec:
        return SPEC

    def check(self, batch: Batch, basis: Basis) -> list[Finding]:
        """What was not measured, and what has no price."""
        measured = {entry.field: entry for entry in SERVICES}
        given = {name: ~np.isnan(batch.numbers(name)) for name in measured}
        nothing = ~np.any(np.stack(list(given.values())), axis=0)
        code = "nothing-accounted"
        found = finding(code, "", nothing, severity="refuse", detail=WORDS[code])
        code = "service-not-accounted"
        for name, present in given.items():
            missing = ~present & ~nothing
            found += finding(code, name, missing, severity="note", detail=WORDS[code])
        for entry in SERVICES:
            found += _price_findings(batch, basis, entry, given[entry.field])
        return found

    def exposures(self, batch: Batch, basis: Basis, steps: Recorder) -> Mapping[str, Exposure]:
        """One payment now for each service; the year is not discounted."""
        flows = [
            _flow(batch, basis, entry, quantity)
            for entry in SERVICES
            if (quantity := _quantity(batch, basis, steps, entry)) is not None
        ]
        free = Keyed(values=np.zeros(1), key=np.zeros(batch.n, dtype=np.int32))
        accounting = Exposure(n=batch.n, flows=tuple(flows), rate=free, hazard=free)
        return {"accounting": accounting}


def _quantity(batch: Batch, basis: Basis, steps: Recorder, entry: Service) -> Floats | None:
    """The priced quantity, or None where no row measured it."""
    measured = batch.numbers(entry.field)
    if np.isnan(measured).all():
        return None
    quantity = np.nan_to_num(measured)
    if entry.derived is None:
        return quantity
    coefficients = {
        parameter_id.partition(".")[2]: np.array(basis.parameters.number(parameter_id))
        for parameter_id in DERIVED[entry.derived]
    }
    return steps(entry.derived, STEPS[entry.derived], **{entry.field: quantity, **coefficients})


def _flow(batch: Batch, basis: Basis, entry: Service, quantity: Floats) -> Flow:
    own_price = entry.price_id is not None and entry.price_id in basis.prices
    return Flow(
        name=entry.component,
        unit=entry.priced_unit,
        profile=single(batch.n),
        first=0.0,
        quantity=quantity,
        unit_price=_unit_price(batch, basis, entry),
        index=entry.price_id if own_price else None,
        at_risk=False,
    )


def _unit_price(batch: Batch, basis: Basis, entry: Service) -> Floats | float:
    """A price of the snapshot counts before the table; output in yuan counts as it is."""
    if entry.column is None or entry.price_id is None:
        return 1.0
    if entry.price_id in basis.prices:
        return np.full(batch.n, basis.prices[entry.price_id].yuan)
    table = basis.parameters.table(PRICE_TABLE)
    by_level = [
        table.number(level, entry.column) if table.has(level, entry.column) else 0.0
        for level in batch.levels["price_table"]
    ]
    return batch.by_level("price_table", np.array(by_level))


def _price_findings(
    batch: Batch, basis: Basis, entry: Service, given: npt.NDArray[np.bool_]
) -> list[Finding]:
    if entry.column is None or entry.price_id is None or entry.price_id in basis.prices:
        return []
    table = basis.parameters.table(PRICE_TABLE)
    levels = batch.levels["price_table"]
    unpriced = [level for level in levels if not table.has(level, entry.column)]
    rows = batch.is_level("price_table", *unpriced) & given
    code = "price-missing"
    return finding(
        code,
        entry.field,
        rows,
        severity="refuse",
        detail=WORDS[code],
        price=np.array(entry.column),
    )


MODEL: Final = Gep()
