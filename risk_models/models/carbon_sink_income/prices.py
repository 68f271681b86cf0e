"""Which price a registration is sold at: the day's, or the lower of the averages a market keeps."""

import numpy as np
import numpy.typing as npt

from risk_models.contract import Basis, Batch, Floats
from risk_models.models.carbon_sink_income.names import AVERAGES, PRICE_OF

__all__ = ["averages_wanted", "reference_price"]


def averages_wanted(batch: Batch) -> npt.NDArray[np.bool_]:
    """Rows that want the lower of the averages."""
    return batch.is_level("price_basis", "lower-average")


def reference_price(batch: Batch, basis: Basis, level: str) -> Floats:
    """Yuan per tonne of one registration by row.

    P = min(mean of 20 days, mean of 250 days), never the last trade alone, where averages are
    wanted; a market without them is taken at the price on the day.
    """
    prices = basis.prices
    spot = prices[PRICE_OF[level].id].yuan
    wanted = averages_wanted(batch)
    known = [prices[use.id].yuan for use in AVERAGES.get(level, ()) if use.id in prices]
    if not wanted.any() or not known:
        return np.full(batch.n, spot)
    # With one average missing, the price on the day stands in for it.
    lower = min(known) if len(known) == len(AVERAGES[level]) else min(*known, spot)
    return np.where(wanted, lower, spot)
