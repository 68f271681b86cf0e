"""Comparable trades: their prices, adjusted and weighted to one price."""

from typing import Final

import numpy as np

from risk_models.batches import finding
from risk_models.contract import Batch, Field, Finding, Floats, step
from risk_models.fields import series
from risk_models.words import Text

__all__ = [
    "COMPARABLES",
    "SERIES",
    "adjusted_mean",
    "comparable_fields",
    "comparable_findings",
    "comparable_price",
]

COMPARABLES: Final = "comparables"
"""The level of `market_basis` under which the trades are needed."""

SERIES: Final = ("comparable_prices_yuan", "comparable_factors", "comparable_weights")
"""The fields of the trades, each a series [n, trades] ended by NaN."""

UNEVEN: Final = Text(
    en="Each comparable needs a price, a factor and a weight, and the weights may not all be zero.",
    zh="每个可比案例须同时填写价格、修正系数和权重，且权重不得全为零。",
)


def comparable_fields(
    *, unit: str, prices: tuple[float, ...], factors: tuple[float, ...], weights: tuple[float, ...]
) -> tuple[Field, ...]:
    """Comparable trades: a price, a factor for time, place and quality, and a weight of each."""
    return (
        _comparable(
            "comparable_prices_yuan",
            Text(en="Prices of comparable trades", zh="可比交易价格"),
            Text(
                en="Price of one unit in each trade, tax included.", zh="各交易的单位价格（含税）。"
            ),
            unit=f"yuan/{unit}",
            high=1e6,
            example=prices,
        ),
        _comparable(
            "comparable_factors",
            Text(en="Factors of comparable trades", zh="可比交易修正系数"),
            Text(
                en="What time, place and quality change, multiplied together.",
                zh="交易时间、区位与品质修正系数之积。",
            ),
            unit="1",
            high=5.0,
            example=factors,
        ),
        _comparable(
            "comparable_weights",
            Text(en="Weights of comparable trades", zh="可比交易权重"),
            Text(
                en="Weight of each trade; they are taken relative to their sum.",
                zh="各交易的权重，按其占合计的比例计算。",
            ),
            unit="1",
            high=100.0,
            example=weights,
        ),
    )


def _comparable(
    name: str, title: Text, help_: Text, *, unit: str, high: float, example: tuple[float, ...]
) -> Field:
    return series(
        name,
        title,
        help_,
        unit=unit,
        high=high,
        example=example,
        needed_when=("market_basis", frozenset({COMPARABLES})),
        max_length=12,
        group="market",
        market=name == SERIES[0],
    )


def adjusted_mean(prices: Floats, factors: Floats, weights: Floats) -> Floats:
    """The weighted mean [n] of prices x factors [n, trades], NaN after the last trade."""
    return np.asarray(np.nansum(prices * factors * weights, axis=-1) / np.nansum(weights, axis=-1))


@step(unit="yuan/unit", zh="可比交易修正均价")
def comparable_price(
    *, comparable_prices_yuan: Floats, comparable_factors: Floats, comparable_weights: Floats
) -> Floats:
    """Adjusted price of the comparables.

    Formula: sum(comparable_prices_yuan * comparable_factors * comparable_weights)
    / sum(comparable_weights).
    """
    return adjusted_mean(comparable_prices_yuan, comparable_factors, comparable_weights)


def comparable_findings(batch: Batch) -> list[Finding]:
    """Refuses trades of rows [n] that lack a price, a factor or a weight, or have no weight at all."""
    if SERIES[0] not in batch.columns:
        return []
    wanted = batch.is_level("market_basis", COMPARABLES)
    lengths = {name: np.sum(~np.isnan(batch.numbers(name)), axis=1) for name in SERIES}
    wrong = {name: lengths[name] != lengths[SERIES[0]] for name in SERIES[1:]}
    wrong[SERIES[2]] |= np.nansum(batch.numbers(SERIES[2]), axis=1) <= 0.0
    return [
        entry
        for name, rows in wrong.items()
        for entry in finding(
            "comparables-uneven", name, wanted & rows, severity="refuse", detail=UNEVEN
        )
    ]
