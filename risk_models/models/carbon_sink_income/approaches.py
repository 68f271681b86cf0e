"""The approaches beside income: comparable deals, and what the sink cost to raise."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.columns import constant
from risk_models.comparables import SERIES, comparable_price
from risk_models.contract import Basis, Batch, Exposure, Floats, Flow, Keyed, Recorder, step
from risk_models.modelling import empty_exposure, single, trimmed
from risk_models.models.carbon_sink_income.names import APPROACH_WEIGHT, PER_TONNE, TONNE
from risk_models.models.carbon_sink_income.words import REASONS
from risk_models.words import Text

__all__ = ["COMPARED", "by_comparables", "by_costs", "weights_of"]

COMPARED: Final = ("comparables", "both")
COSTED: Final = ("costs", "both")


COMPARABLE_PRICE: Final = replace(comparable_price, unit=PER_TONNE)


@step(unit=TONNE, zh="可售碳汇量")
def tonnes_compared(*, area_mu: Floats, tonnes_for_sale_tco2e: Floats) -> Floats:
    """Tonnes for sale; no area has none: (area_mu > 0) * tonnes_for_sale_tco2e."""
    return np.asarray((area_mu > 0.0) * tonnes_for_sale_tco2e)


@step(unit="mu", zh="按质量调整后的面积")
def adjusted_area(*, area_mu: Floats, quality_k: Floats) -> Floats:
    """Area at the quality it should have: area_mu * quality_k."""
    return area_mu * quality_k


@step(unit="year", zh="成本年数")
def years_of_costs(*, costs_by_year_yuan_per_mu: Floats) -> Floats:
    """Years the costs reach back: sum(costs_by_year_yuan_per_mu >= 0)."""
    return np.asarray(np.sum(costs_by_year_yuan_per_mu >= 0.0, axis=-1), dtype=np.float64)


def by_comparables(batch: Batch, steps: Recorder) -> Exposure:
    """Tonnes for sale at the adjusted price of the deals, on the rows that have them."""
    part, rows = _part(batch, COMPARED)
    if not part.n:
        return empty_exposure()
    flow = Flow(
        name="comparable_sales",
        unit=TONNE,
        profile=single(part.n),
        first=0.0,
        quantity=steps(
            "tonnes_compared",
            tonnes_compared,
            area_mu=part.numbers("area_mu"),
            tonnes_for_sale_tco2e=part.numbers("tonnes_for_sale_tco2e"),
        ),
        unit_price=steps(
            "comparable_price",
            COMPARABLE_PRICE,
            **{name: trimmed(part.numbers(name)) for name in SERIES},
        ),
        at_risk=False,
    )
    return _exposure(part, flow, rows)


def by_costs(batch: Batch, steps: Recorder) -> Exposure:
    """K times the costs of each year, compounded from the start of that year to today.

    V = K * sum of C_i (1 + P) ** (n - i + 1), P the discount rate, n the years of costs.
    """
    part, rows = _part(batch, COSTED)
    if not part.n:
        return empty_exposure()
    costs = trimmed(part.numbers("costs_by_year_yuan_per_mu"))
    flow = Flow(
        name="raising",
        unit="yuan",
        profile=Keyed(values=np.nan_to_num(costs), key=np.arange(part.n, dtype=np.int32)),
        first=-steps("years_of_costs", years_of_costs, costs_by_year_yuan_per_mu=costs),
        quantity=steps(
            "adjusted_area",
            adjusted_area,
            area_mu=part.numbers("area_mu"),
            quality_k=part.numbers("quality_k"),
        ),
        unit_price=1.0,
        at_risk=False,
    )
    return _exposure(part, flow, rows)


def _part(batch: Batch, answers: tuple[str, ...]) -> tuple[Batch, npt.NDArray[np.int32]]:
    rows = np.flatnonzero(batch.is_level("other_evidence", *answers)).astype(np.int32)
    return (batch.take(rows) if len(rows) else Batch(n=0, columns={}, levels={})), rows


def _exposure(part: Batch, flow: Flow, rows: npt.NDArray[np.int32]) -> Exposure:
    return Exposure(
        n=part.n,
        flows=(flow,),
        rate=Keyed.of(part.numbers("discount_rate")),
        hazard=Keyed.one(0.0, part.n),
        rows=rows,
    )


def weights_of(
    batch: Batch, basis: Basis
) -> tuple[Mapping[str, Floats], npt.NDArray[np.int8], Sequence[Text]]:
    """Weights by registration, of the approaches whose evidence is there; income has the rest."""
    market, cost = (
        _weight(batch, basis, column, answers)
        for column, answers in (("market_weight", COMPARED), ("cost_weight", COSTED))
    )
    levels = batch.levels["other_evidence"]
    # A choice left empty means that there is nothing beside income.
    of_level = np.array([*map(list(REASONS).index, levels), 0], dtype=np.int8)
    reason = of_level[batch.codes("other_evidence")]
    alone = not market.any() and not cost.any()
    income = constant(1.0, batch.n) if alone else 1.0 - market - cost
    return {"income": income, "market": market, "cost": cost}, reason, tuple(REASONS.values())


def _weight(batch: Batch, basis: Basis, column: str, answers: tuple[str, ...]) -> Floats:
    rows = batch.is_level("other_evidence", *answers)
    if not rows.any():
        return constant(0.0, batch.n)
    levels = batch.levels["registration"]
    table = basis.parameters.table(APPROACH_WEIGHT)
    return np.where(rows, batch.by_level("registration", table.column(column, levels)), 0.0)
