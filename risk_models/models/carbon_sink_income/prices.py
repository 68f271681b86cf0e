"""Which price a registration is sold at: the day's, or the lower of the averages a market keeps."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from risk_models.contract import Basis, Batch, PriceUse
from risk_models.modelling import PRICE_AGE
from risk_models.models.carbon_sink_income.names import AVERAGES, PRICE_OF

__all__ = ["averages_wanted", "sold_at"]


def averages_wanted(batch: Batch) -> npt.NDArray[np.bool_]:
    """Rows that want the lower of the averages."""
    return batch.is_level("price_basis", "lower-average")


def sold_at(batch: Batch, basis: Basis) -> Iterator[tuple[PriceUse, npt.NDArray[np.bool_]]]:
    """Each price that some rows [n] are sold at, known or not, and these rows; its growth is theirs too.

    Where averages are wanted that is the mean of 20 days or the mean of 250 days, whichever is lower,
    never the last trade alone; a market without them is taken at the price on the day.
    """
    wanted = averages_wanted(batch)
    for level, spot in PRICE_OF.items():
        rows = batch.is_level("registration", level)
        lower = _lower(basis, level) if wanted.any() else spot
        parts = (
            [(spot, rows)] if lower is spot else [(lower, rows & wanted), (spot, rows & ~wanted)]
        )
        for use, part in parts:
            if part.any():
                yield use, part


def _lower(basis: Basis, level: str) -> PriceUse:
    """The lower of the averages; with one of them missing, the price on the day stands in for it."""
    spot, pair = PRICE_OF[level], AVERAGES.get(level, ())
    known = [use for use in pair if use.id in basis.prices]
    if not known:
        return spot
    if len(known) < len(pair) and _is_fresh(spot, basis):
        known.append(spot)
    return min(known, key=lambda use: basis.prices[use.id].yuan)


def _is_fresh(use: PriceUse, basis: Basis) -> bool:
    """Whether it is known and did not end long before the day."""
    if use.id not in basis.prices:
        return False
    priced_on = basis.prices[use.id].priced_on
    age = 0 if priced_on is None else (basis.on - priced_on).days
    return age <= basis.parameters.number(PRICE_AGE)
