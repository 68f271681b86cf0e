"""Timber: what a felling or a thinning sells, and what cutting costs.

Revenue and costs are flows apart, so that a fall of the price leaves the costs alone.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.contract import Floats, Flow, Keyed, StepFunction
from risk_models.modelling import trimmed
from risk_models.models.forest_right import steps as told
from risk_models.models.forest_right.groups import TIMBER
from risk_models.models.forest_right.part import Part, given, or_else

__all__ = ["Cutting", "felled_now", "felled_then", "thinned"]


ASSORTED: Final[Mapping[str, Mapping[str, StepFunction[..., Floats]]]] = {
    "harvest_m3": {
        "harvest_at_market_m3": told.harvest_at_market_m3,
        "harvest_at_stated_m3": told.harvest_at_stated_m3,
    },
    "timber_now_m3": {
        "now_at_market_m3": told.now_at_market_m3,
        "now_at_stated_m3": told.now_at_stated_m3,
    },
}
"""The steps that divide timber between the market price and the prices of assortments."""


class Cutting:
    """What cutting a cubic metre costs, by row."""

    def __init__(self, part: Part) -> None:
        batch = part.batch
        self.felling = batch.numbers("felling_cost_yuan_per_m3")
        self.haul = part.steps(
            "haul_yuan_per_m3",
            told.haul_yuan_per_m3,
            haul_km=or_else(batch, "haul_km"),
            haul_cost_yuan_per_m3_km=or_else(batch, "haul_cost_yuan_per_m3_km"),
        )
        self.profit = part.steps(
            "profit_yuan_per_m3",
            told.profit_yuan_per_m3,
            felling_cost_yuan_per_m3=self.felling,
            haul_yuan_per_m3=self.haul,
            normal_profit_share=batch.numbers("normal_profit_share"),
        )

    def whole(self, part: Part) -> Floats:
        """All of it together, for a thinning or a later rotation."""
        return part.steps(
            "cutting_yuan_per_m3",
            told.cutting_yuan_per_m3,
            felling_cost_yuan_per_m3=self.felling,
            haul_yuan_per_m3=self.haul,
            profit_yuan_per_m3=self.profit,
        )


def felled_then(part: Part, adjusted: Floats) -> list[Flow]:
    """The felling at the rotation; one after the end of the right is not counted."""
    batch = part.batch
    timber = part.steps(
        "harvest_m3",
        told.harvest_m3,
        adjusted_area=adjusted,
        stock_at_harvest_m3_per_mu=batch.numbers("stock_at_harvest_m3_per_mu"),
        outturn_share=batch.numbers("outturn_share"),
        quota_share=part.quota,
    )
    sold = _sold(part, "harvest_m3", timber)
    return _felling(part, timber, *sold, first=part.left, at_risk=True)


def felled_now(part: Part) -> list[Flow]:
    """What the standing timber fetches today, less felling, haul and the feller's profit."""
    batch = part.batch
    timber = part.steps(
        "timber_now_m3",
        told.timber_now_m3,
        productive_area=part.area,
        stock_now_m3_per_mu=batch.numbers("stock_now_m3_per_mu"),
        outturn_share=batch.numbers("outturn_share"),
        quota_share=part.quota,
    )
    sold = _sold(part, "timber_now_m3", timber)
    return _felling(part, timber, *sold, first=0.0, at_risk=False)


def _sold(part: Part, name: str, timber: Floats) -> tuple[Floats, Floats | None]:
    """What of it is sold at the market price, and what at the stated prices of assortments."""
    if not given(part.batch, "assortment_outturn_shares").any():
        return timber, None
    share = part.steps(
        "market_share",
        told.market_share,
        assortment_outturn_shares=trimmed(part.batch.numbers("assortment_outturn_shares")),
        outturn_share=part.batch.numbers("outturn_share"),
    )
    at_market, at_stated = (
        part.steps(step, function, **{name: timber, "market_share": share})
        for step, function in ASSORTED[name].items()
    )
    return at_market, at_stated


def _felling(
    part: Part,
    timber: Floats,
    at_market: Floats,
    at_stated: Floats | None,
    *,
    first: Floats | float,
    at_risk: bool,
) -> list[Flow]:
    cutting = Cutting(part)
    parts: list[tuple[str, Floats, Floats | float, str | None]] = []
    at_market = np.where(part.worked, at_market, 0.0)
    if np.any(at_market != 0.0):
        price = part.basis.prices[TIMBER.id].yuan
        parts.append(("timber_sales", at_market, price, TIMBER.id))
    if at_stated is not None:
        parts.append(("timber_sales", np.where(part.worked, at_stated, 0.0), _stated(part), None))
    cut = -np.where(part.worked, timber, 0.0)
    parts += [("felling", cut, cutting.felling, None), ("profit", cut, cutting.profit, None)]
    if np.any(cutting.haul != 0.0):
        parts.append(("haul", cut, cutting.haul, None))
    return [
        part.lump(
            name,
            "m3",
            part.within_right(quantity, first),
            unit_price,
            first=first,
            at_risk=at_risk,
            index=index,
        )
        for name, quantity, unit_price, index in parts
    ]


def _stated(part: Part) -> Floats:
    return part.steps(
        "assortment_price",
        told.assortment_price,
        assortment_outturn_shares=trimmed(part.batch.numbers("assortment_outturn_shares")),
        assortment_prices_yuan_per_m3=trimmed(part.batch.numbers("assortment_prices_yuan_per_m3")),
    )


def thinned(part: Part, adjusted: Floats) -> list[Flow]:
    """The thinnings still to come in this rotation, sold below the price of timber."""
    batch = part.batch
    rows = np.flatnonzero(given(batch, "thinning_ages_years") & part.worked)
    if len(rows) == 0:
        return []
    profile, first = _by_age(part, rows)
    area = part.steps(
        "thinnable_area",
        told.thinnable_area,
        adjusted_area=adjusted,
        outturn_share=batch.numbers("outturn_share"),
        quota_share=part.quota,
    )
    price = part.steps(
        "thinning_price",
        told.thinning_price,
        price=np.full(batch.n, part.basis.prices[TIMBER.id].yuan),
        thinning_price_share=or_else(batch, "thinning_price_share"),
    )
    cost = Cutting(part).whole(part)
    return [
        Flow(
            name=name,
            unit="m3",
            profile=profile,
            first=first,
            quantity=quantity,
            unit_price=unit_price,
            at_risk=True,
            index=index,
            term=part.right,
        )
        for name, quantity, unit_price, index in (
            ("thinning_sales", area, price, TIMBER.id),
            ("thinning_costs", -area, cost, None),
        )
    ]


def _by_age(part: Part, rows: npt.NDArray[np.intp]) -> tuple[Keyed, Floats]:
    """What each year thins, a profile a row, and one of nothing for the rows without."""
    batch = part.batch.take(rows)
    age = part.age[rows]
    following = part.steps("next_age", told.next_age, age_years=age)
    first = part.steps("next_age_years", told.next_age_years, next_age=following, age_years=age)
    longest = float(np.max(part.left[rows], initial=0.0))
    profiles = part.steps(
        "thinnings",
        told.thinnings,
        thinning_stock_m3_per_mu=trimmed(batch.numbers("thinning_stock_m3_per_mu")),
        thinning_ages_years=trimmed(batch.numbers("thinning_ages_years")),
        next_age=following[:, np.newaxis],
        year=np.arange(max(int(longest) + 1, 1), dtype=np.float64)[np.newaxis],
        rotation_years=batch.numbers("rotation_years")[:, np.newaxis],
    )
    place = np.full(part.batch.n, len(rows), dtype=np.int32)
    place[rows] = np.arange(len(rows), dtype=np.int32)
    values = np.vstack([profiles, np.zeros((1, profiles.shape[1]))])
    return Keyed(values=values, key=place), np.append(first, 1.0)
