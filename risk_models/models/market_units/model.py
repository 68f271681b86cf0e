"""Tradable units: allowances, credits, certificates and tickets at a cautious market price.

Only what compliance does not need counts. The price is the lower of a short and a long average,
never the last trade. A holding that is large beside the market loses by the days it takes to sell.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

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
    Prices,
    PriceUse,
    Recorder,
    step,
)
from risk_models.modelling import price_findings, single
from risk_models.models.market_units.passport import (
    DISCOUNT_PER_DAY,
    KIND,
    ORDERLY_DAYS,
    PARTICIPATION,
    PRICE_AGE,
    PRICES_OF,
    SPEC,
    UNIT_OF,
    WORDS,
)

__all__ = ["MODEL", "MarketUnits"]


@step(unit="unit", zh="履约外可用数量")
def free_quantity(*, quantity_held: Floats, quantity_needed: Floats) -> Floats:
    """Units that compliance does not need: max(0, quantity_held - quantity_needed)."""
    return np.maximum(0.0, quantity_held - quantity_needed)


@step(unit="day", zh="变现所需交易日")
def days_to_sell(
    *, free_quantity: Floats, participation_share: Floats, daily_volume: Floats
) -> Floats:
    """Trading days to sell them: free_quantity / (participation_share * daily_volume)."""
    return free_quantity / (participation_share * daily_volume)


@step(unit="ratio", zh="变现折价率")
def liquidity_share(
    *, base_discount: Floats, discount_per_day: Floats, days_to_sell: Floats, orderly_days: Floats
) -> Floats:
    """Share lost by selling.

    Formula: min(1, base_discount + discount_per_day * max(0, days_to_sell - orderly_days)).
    """
    late = np.maximum(0.0, days_to_sell - orderly_days)
    return np.minimum(1.0, base_discount + discount_per_day * late)


@step(unit="unit", zh="变现折损数量")
def lost_quantity(*, free_quantity: Floats, liquidity_share: Floats) -> Floats:
    """Units lost to selling: free_quantity * liquidity_share."""
    return free_quantity * liquidity_share


class MarketUnits:
    """The model. It keeps no state."""

    @property
    def spec(self) -> ModelSpec:
        return SPEC

    def check(self, batch: Batch, basis: Basis) -> list[Finding]:
        """Averages that are missing or old, and holdings that compliance needs whole."""
        free = batch.numbers("quantity_held") > batch.numbers("quantity_needed")
        code = "nothing-free"
        found = finding(code, "quantity_needed", ~free, severity="note", detail=WORDS[code])
        for kind, pair in PRICES_OF.items():
            known = [use for use in pair if use.id in basis.prices]
            if len(known) == len(pair):
                continue
            code, severity = ("average-missing", "ask") if known else ("price-missing", "refuse")
            found += finding(
                code,
                "unit_kind",
                batch.is_level("unit_kind", kind),
                severity=severity,
                detail=WORDS[code],
                kind=np.array(kind),
            )
        found += price_findings(
            batch,
            basis,
            field="unit_kind",
            price_of={kind: use for kind in PRICES_OF if (use := _lower(kind, basis.prices))},
            age_limit_days=basis.parameters.number(PRICE_AGE),
        )
        return found

    def exposures(self, batch: Batch, basis: Basis, steps: Recorder) -> Mapping[str, Exposure]:
        """Everything free is sold now at the lower average, less what selling it loses."""
        free = steps(
            "free_quantity",
            free_quantity,
            quantity_held=batch.numbers("quantity_held"),
            quantity_needed=batch.numbers("quantity_needed"),
        )
        lost = _lost(batch, basis, steps, free)
        flows = [
            flow
            for kind in PRICES_OF
            if (rows := batch.is_level("unit_kind", kind)).any()
            for flow in _flows(
                kind, basis.prices, np.where(rows, free, 0.0), np.where(rows, lost, 0.0)
            )
        ]
        now = Keyed(values=np.zeros(1), key=np.zeros(batch.n, dtype=np.int32))
        return {"market": Exposure(n=batch.n, flows=tuple(flows), rate=now, hazard=now)}


def _lower(kind: str, prices: Prices) -> PriceUse | None:
    """The lower of the averages that are known."""
    known = [use for use in PRICES_OF[kind] if use.id in prices]
    return min(known, key=lambda use: prices[use.id].yuan, default=None)


def _lost(batch: Batch, basis: Basis, steps: Recorder, free: Floats) -> Floats:
    parameters = basis.parameters
    days = steps(
        "days_to_sell",
        days_to_sell,
        free_quantity=free,
        participation_share=np.array(parameters.number(PARTICIPATION)),
        daily_volume=batch.numbers("daily_volume"),
    )
    table = parameters.table(KIND)
    share = steps(
        "liquidity_share",
        liquidity_share,
        base_discount=batch.by_level(
            "unit_kind", table.column("base_discount", batch.levels["unit_kind"])
        ),
        discount_per_day=np.array(parameters.number(DISCOUNT_PER_DAY)),
        days_to_sell=days,
        orderly_days=np.array(parameters.number(ORDERLY_DAYS)),
    )
    return steps("lost_quantity", lost_quantity, free_quantity=free, liquidity_share=share)


def _flows(kind: str, prices: Prices, free: Floats, lost: Floats) -> list[Flow]:
    use = _lower(kind, prices)
    if use is None:
        return []
    return [
        Flow(
            name=name,
            unit=UNIT_OF[kind],
            profile=single(len(quantity)),
            first=0.0,
            quantity=quantity,
            unit_price=prices[use.id].yuan,
            index=use.id,
            at_risk=False,
        )
        for name, quantity in (("holding", free), ("liquidity", -lost))
    ]


MODEL: Final = MarketUnits()
