"""What several models share: days as years, common findings, the flows of a price by choice."""

from datetime import date

import numpy as np
import numpy.typing as npt

from risk_models.batches import finding
from risk_models.contract import Basis, Batch, Exposure, Finding, Floats, Keyed, PriceUse
from risk_models.trace import DAYS_A_YEAR
from risk_models.words import Text

__all__ = [
    "Days",
    "as_day",
    "empty_exposure",
    "ones",
    "price_findings",
    "rate_findings",
    "single",
    "trimmed",
    "years",
]

Days = npt.NDArray[np.datetime64]

MISSING: Text = Text(
    en="There is no price %(price)s on the valuation day, so there is no value.",
    zh="评估基准日没有价格%(price)s，因此无法得出价值。",
)
OLD: Text = Text(
    en="The price %(price)s is of %(priced_on)s, older than %(limit)d days.",
    zh="价格%(price)s的日期为%(priced_on)s，已超过%(limit)d天。",
)
RATE_OUTSIDE: Text = Text(
    en="The discount rate %(rate).4f lies outside the usual %(low).4f to %(high).4f.",
    zh="折现率%(rate).4f超出通常区间%(low).4f至%(high).4f。",
)


def as_day(on: date) -> np.datetime64:
    return np.datetime64(on.isoformat(), "D")


def years(since: Days, until: Days) -> Floats:
    """Years between days, smooth from day to day: days / 365.25."""
    return np.asarray((until - since).astype("timedelta64[D]").astype(np.float64) / DAYS_A_YEAR)


def ones(longest: float) -> Floats:
    """A profile of one unit a year, long enough for the longest term."""
    return np.ones((1, max(int(np.ceil(longest)), 1) + 1))


def trimmed(series: Floats) -> Floats:
    """A series column cut after the longest series of the batch."""
    used = np.flatnonzero(~np.isnan(series).all(axis=0))
    return series[:, : int(used.max(initial=0)) + 1]


def single(rows: int) -> Keyed:
    """One payment of one unit."""
    return Keyed.one(np.ones(1), rows)


def price_findings(
    batch: Batch, basis: Basis, *, field: str, price_of: dict[str, PriceUse], age_limit_days: float
) -> list[Finding]:
    """A missing price refuses the rows that need it; an old one asks. Neither becomes zero."""
    found: list[Finding] = []
    for level, use in price_of.items():
        rows = batch.is_level(field, level)
        told = np.array(use.id)
        if use.id not in basis.prices:
            found += finding(
                "price-missing", field, rows, severity="refuse", detail=MISSING, price=told
            )
            continue
        priced_on = basis.prices[use.id].priced_on
        if priced_on is not None and (basis.on - priced_on).days > age_limit_days:
            found += finding(
                "price-old",
                field,
                rows,
                severity="ask",
                detail=OLD,
                price=told,
                priced_on=np.array(priced_on.isoformat()),
                limit=np.array(age_limit_days),
            )
    return found


def rate_findings(batch: Batch, *, low: float, high: float) -> list[Finding]:
    """A discount rate outside the usual band asks for its reason."""
    rate = batch.numbers("discount_rate")
    outside = (rate < low) | (rate > high)
    return finding(
        "rate-outside-band",
        "discount_rate",
        outside,
        severity="ask",
        detail=RATE_OUTSIDE,
        rate=rate,
        low=np.array(low),
        high=np.array(high),
    )


def empty_exposure() -> Exposure:
    """An approach that values no row of the batch."""
    nothing = Keyed(values=np.zeros(1), key=np.zeros(0, dtype=np.int32))
    rows = np.zeros(0, dtype=np.int32)
    return Exposure(n=0, flows=(), rate=nothing, hazard=nothing, rows=rows)
