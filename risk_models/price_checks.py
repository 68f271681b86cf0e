"""Prices that rows cannot do without: refused where missing or in another unit, before a model runs."""

from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.batches import finding
from risk_models.contract import Basis, Batch, Finding, ModelSpec, PriceUse
from risk_models.words import Text

__all__ = ["MISSING", "price_refusals", "using"]

MISSING: Final = Text(
    en="The price “%(price)s” is not known on the valuation day, so there is no value. Import newer"
    " prices, or state the price with its source.",
    zh="评估基准日没有“%(price)s”的数据，因此无法得出价值。请导入新价格，或注明来源后自行填写。",
)
WRONG_UNIT: Final = Text(
    en="The price of “%(price)s” comes in %(given)s; the model needs %(needed)s. State it in that"
    " unit, with its source.",
    zh="“%(price)s”的单位为%(given)s，模型需要%(needed)s。请按该单位填写，并注明来源。",
)


def price_refusals(spec: ModelSpec, batch: Batch, basis: Basis) -> list[Finding]:
    """Refuses the rows that use a price which is missing or comes in another unit.

    A missing price that rows can do without, or whose rows only the model can tell, is left to
    the model's `check`.
    """
    return [each for use in spec.prices for each in _refusals(use, batch, basis)]


def _refusals(use: PriceUse, batch: Batch, basis: Basis) -> list[Finding]:
    rows = using(use, batch)
    if use.id not in basis.prices:
        if not use.needed:
            return []
        detail = MISSING.about(price=use.title)
        return finding(
            "price-missing", "", rows, severity="refuse", detail=detail, price=np.array(use.id)
        )
    given = basis.prices[use.id].unit
    if given == use.unit:
        return []
    return finding(
        "price-unit",
        "",
        rows,
        severity="refuse",
        detail=WRONG_UNIT.about(price=use.title),
        given=np.array(given),
        needed=np.array(use.unit),
    )


def using(use: PriceUse, batch: Batch) -> npt.NDArray[np.bool_]:
    """The rows [n] that can use a price: all where it names no condition."""
    rows = np.ones(batch.n, dtype=np.bool_)
    for field, levels in use.when:
        rows &= batch.is_level(field, *levels)
    return rows
