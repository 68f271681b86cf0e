"""Gross ecosystem product of a year: the quantity of each service times its price.

The figure is ecological, a yearly flow. A service that was not measured is left out with a note,
never counted as zero; one that the norm does not count is left out as well.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.contract import (
    Basis,
    Batch,
    Exposure,
    Finding,
    Floats,
    Flow,
    ModelSpec,
    Recorder,
    StepFunction,
)
from risk_models.modelling import on_the_day, single
from risk_models.models.gep import checks
from risk_models.models.gep import formulas as f
from risk_models.models.gep.drivers import Drivers
from risk_models.models.gep.passport import (
    BIODIVERSITY,
    DERIVED,
    PRICE_TABLE,
    SPEC,
)
from risk_models.models.gep.services import OWN_PRICES, SERVICES, STORED, Service

__all__ = ["MODEL", "Gep", "measured_quantities"]

Mask = npt.NDArray[np.bool_]

STEPS: Final[Mapping[str, StepFunction[..., Floats]]] = {
    "siltation_m3": f.siltation_m3,
    "nitrogen_t": f.nitrogen_t,
    "phosphorus_t": f.phosphorus_t,
    "land_kept_ha": f.land_kept_ha,
    "sand_m2": f.sand_m2,
    "marsh_storage_m3": f.marsh_storage_m3,
}
NET: Final[Mapping[str, StepFunction[..., Floats]]] = {
    "farming_yuan": f.net_farming_yuan,
    "forestry_yuan": f.net_forestry_yuan,
    "livestock_yuan": f.net_livestock_yuan,
    "fishery_yuan": f.net_fishery_yuan,
}


class Gep:
    """The model. It keeps no state."""

    @property
    def spec(self) -> ModelSpec:
        return SPEC

    def check(self, batch: Batch, basis: Basis) -> list[Finding]:
        """What was not measured, has no price or coefficient, or cannot be."""
        drivers = Drivers(batch=batch, basis=basis, steps=Recorder())
        return checks.check(batch, basis, drivers)

    def exposures(self, batch: Batch, basis: Basis, steps: Recorder) -> Mapping[str, Exposure]:
        """One payment now for each service; the year is not discounted."""
        drivers = Drivers(batch=batch, basis=basis, steps=steps)
        flows = [flow for entry in SERVICES for flow in _flows(drivers, entry)]
        return {"accounting": on_the_day(flows, batch.n)}

    def review(
        self,
        batch: Batch,
        basis: Basis,
        value: Floats,
        quantities: Mapping[str, tuple[Floats, str]],  # noqa: ARG002 - part of the contract.
    ) -> list[Finding]:
        """What share nobody pays for, the service that decides, and value that does not fit the area."""
        worth = self._worth(batch, basis)
        area = {"area": 2.0 * batch.numbers("area")}
        doubled = self._worth(replace(batch, columns={**batch.columns, **area}), basis)
        # What is worked out by the area doubles with it; the rest is stated whatever the area.
        stated = 2.0 * sum(worth.values()) - sum(doubled.values())
        area_ha = Drivers(batch=batch, basis=basis, steps=Recorder()).area_ha()
        return [
            *checks.shares(basis, value, worth),
            *checks.stated_value(batch, basis, np.asarray(stated), area_ha),
        ]

    def _worth(self, batch: Batch, basis: Basis) -> dict[str, Floats]:
        """Value [n] by service."""
        worth: dict[str, Floats] = {}
        for flow in self.exposures(batch, basis, Recorder())["accounting"].flows:
            before = worth.get(flow.name, np.zeros(batch.n))
            worth[flow.name] = before + flow.quantity * flow.unit_price
        return worth


def measured_quantities(batch: Batch, basis: Basis) -> tuple[dict[str, tuple[Floats, str]], Floats]:
    """Physical quantities [n] with their unit by field, zero where not counted, and hectares [n]."""
    drivers = Drivers(batch=batch, basis=basis, steps=Recorder())
    found = {}
    for entry in SERVICES:
        inside = checks.counted(batch, basis, f"counts_{entry.component}")
        quantity = np.where(inside, np.nan_to_num(drivers.measured(entry.field)), 0.0)
        if quantity.any():
            found[entry.field] = quantity, entry.unit
    return found, drivers.area_ha()


def _flows(drivers: Drivers, entry: Service) -> list[Flow]:
    """The flows of one service: none where no row measured it or no norm counts it."""
    batch = drivers.batch
    counted = checks.counted(batch, drivers.basis, f"counts_{entry.component}")
    rows = counted & ~np.isnan(drivers.measured(entry.field))
    rows &= checks.priced(drivers, entry)
    if not rows.any():
        return []
    quantity = np.where(rows, _quantity(drivers, entry), 0.0)
    if entry.field == "visits":
        return _visits(drivers, entry, quantity, rows)
    flows = [_flow(drivers, entry, quantity, rows)]
    yearly = checks.counted(batch, drivers.basis, "annualised_storage") & rows
    if entry.column in STORED and yearly.any():
        upkeep = drivers.given("storage_upkeep_yuan_per_m3")
        flows.append(_plain(entry, np.where(yearly, quantity, 0.0), upkeep))
    return flows


def _visits(drivers: Drivers, entry: Service, quantity: Floats, rows: Mask) -> list[Flow]:
    """Visits at the price of the table, and visits at the travel cost of the row."""
    by_cost = drivers.batch.is_level("visit_basis", "travel-cost")
    flows = []
    if by_cost.any():
        flows.append(_plain(entry, np.where(by_cost, quantity, 0.0), _travel_cost(drivers)))
    if not by_cost.all():
        flows.append(_flow(drivers, entry, np.where(by_cost, 0.0, quantity), rows & ~by_cost))
    return flows


def _quantity(drivers: Drivers, entry: Service) -> Floats:
    """The priced quantity [n]; zero where it was not measured."""
    quantity = np.nan_to_num(drivers.measured(entry.field))
    if entry.derived is not None:
        coefficients = {name: drivers.parameter(name) for name in DERIVED[entry.derived]}
        return drivers.step(
            entry.derived, STEPS[entry.derived], **{entry.field: quantity, **coefficients}
        )
    if entry.field in NET:
        gross = drivers.batch.is_level("output_basis", "gross")
        gross &= checks.counted(drivers.batch, drivers.basis, "net_output")
        if gross.any():
            net = drivers.step(
                f"net_{entry.field}",
                NET[entry.field],
                **{entry.field: quantity},
                value_added_share=drivers.given("value_added_share"),
            )
            return np.where(gross, net, quantity)
    return quantity


def _flow(drivers: Drivers, entry: Service, quantity: Floats, rows: Mask) -> Flow:
    own_price = entry.price_id is not None and entry.price_id in drivers.basis.prices
    flow = _plain(entry, quantity, _unit_price(drivers, entry, rows))
    return replace(flow, index=entry.price_id) if own_price else flow


def _plain(entry: Service, quantity: Floats, unit_price: Floats | float) -> Flow:
    return Flow(
        name=entry.component,
        unit=entry.priced_unit,
        profile=single(len(quantity)),
        first=0.0,
        quantity=quantity,
        unit_price=unit_price,
        at_risk=False,
    )


def _unit_price(drivers: Drivers, entry: Service, rows: Mask) -> Floats | float:
    """A price of the snapshot counts before the table; output in yuan counts as it is."""
    batch, basis = drivers.batch, drivers.basis
    if entry.field in OWN_PRICES:
        return drivers.given(OWN_PRICES[entry.field])
    if entry.field == "biodiversity_ha":
        ladder = basis.parameters.table(BIODIVERSITY)
        by_class = ladder.column("biodiversity_price", batch.levels["biodiversity_class"])
        return drivers.step(
            "species_price",
            f.species_price,
            biodiversity_price=np.nan_to_num(batch.by_level("biodiversity_class", by_class)),
            price_factor=drivers.given("price_factor"),
        )
    if entry.column is None or entry.price_id is None:
        return 1.0
    if entry.price_id in basis.prices:
        price = np.full(batch.n, basis.prices[entry.price_id].yuan)
    else:
        price = _table_price(drivers, entry.column, rows)
    return _storage_price(drivers, price, entry.column) if entry.column in STORED else price


def _table_price(drivers: Drivers, column: str, rows: Mask) -> Floats:
    """Prices of the table on the rows counted [n]; one of them without a price is NaN, never free."""
    batch = drivers.batch
    table = drivers.basis.parameters.table(PRICE_TABLE)
    by_level = table.column_or_nan(column, batch.levels["price_table"])
    price = batch.by_level("price_table", by_level) * drivers.given("price_factor")
    return np.where(rows, price, 0.0)


def _storage_price(drivers: Drivers, price: Floats, column: str) -> Floats:
    """The capital cost of storage, or what of it the year uses up, as the norm says."""
    yearly = checks.counted(drivers.batch, drivers.basis, "annualised_storage")
    if not yearly.any():
        return price
    used_up = drivers.step(
        f"yearly_price_of_{column}",
        f.yearly_storage_price,
        price=price,
        storage_yearly_share=drivers.given("storage_yearly_share"),
    )
    return np.where(yearly, used_up, price)


def _travel_cost(drivers: Drivers) -> Floats:
    surplus = checks.counted(drivers.batch, drivers.basis, "counts_surplus")
    return drivers.step(
        "visit_cost_yuan",
        f.visit_cost_yuan,
        time_wage_share=drivers.parameter("time_wage_share"),
        counts_surplus=surplus.astype(np.float64),
        **drivers.inputs("visit_spend_yuan", "visit_days", "daily_wage_yuan", "visit_surplus_yuan"),
    )


MODEL: Final = Gep()
