"""Volume-weighted means of a market, worked out from its daily prices and volumes.

A model asks for `cea-vwap-20d`: the mean over the last 20 trading days of the series that is read as
`cea`, weighted by the volumes of the series whose code ends in -VOLUME. Days without trade are
passed over. A mean is missing, never guessed, where there are fewer trading days, where they are
spread too thin, or where the last one is too old.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import sqlalchemy as sa
from sqlmodel import Session, col

from app.market import domain, queries
from app.market.models import PriceSeries
from risk_models.contract import Price

__all__ = ["VOLUME", "TradedDay", "mean_prices", "vwap"]

VOLUME: Final = "-VOLUME"
"""What the code of a series of daily volumes ends with; before it stands the code of its prices."""

DAYS_A_TRADING_DAY: Final = 3
"""Twice the calendar days that trading days take: a market that trades on fewer than half has no mean."""

PLACES: Final = Decimal("0.000001")

_MEAN: Final = re.compile(r"(?P<market>[a-z0-9-]+)-vwap-(?P<days>[1-9][0-9]{0,2})d")


@dataclass(frozen=True, slots=True, kw_only=True)
class TradedDay:
    """A day's price and how much was traded at it."""

    on: date
    price: Decimal
    volume: Decimal


def vwap(traded: Sequence[TradedDay], days: int) -> Decimal | None:
    """The mean of the last `days` days with trade, the latest given first.

    None where they are too few, or spread over too long a time.
    """
    counted = traded[:days]
    if len(counted) < days:
        return None
    span = (counted[0].on - counted[-1].on).days
    if span > days * DAYS_A_TRADING_DAY:
        return None
    turnover = sum((each.price * each.volume for each in counted), Decimal(0))
    volume = sum((each.volume for each in counted), Decimal(0))
    return (turnover / volume).quantize(PLACES, ROUND_HALF_UP)


def mean_prices(
    session: Session,
    ids: Collection[str],
    day: date,
    max_age: Callable[[PriceSeries], int],
) -> dict[str, Price]:
    """The means among some ids that the stored days allow on a day, by id."""
    wanted = {price_id: asked for price_id in ids if (asked := _MEAN.fullmatch(price_id))}
    markets = {asked["market"] for asked in wanted.values()}
    statement = sa.select(PriceSeries).where(col(PriceSeries.price_id).in_(sorted(markets)))
    series = {row.price_id: row for row in session.execute(statement).scalars()}
    longest = max((int(asked["days"]) for asked in wanted.values()), default=0)
    traded = {
        market: _traded(session, row, day, longest, max_age(row)) for market, row in series.items()
    }
    found: dict[str, Price] = {}
    for price_id, asked in wanted.items():
        days = traded.get(asked["market"], [])
        price = _price(series[asked["market"]], days, int(asked["days"])) if days else None
        found |= {price_id: price} if price else {}
    return found


def _traded(
    session: Session, series: PriceSeries, day: date, days: int, max_age_days: int
) -> list[TradedDay]:
    """The days with trade up to a day, the latest first; none when the last of them is too old."""
    first = day - timedelta(days=max_age_days + days * DAYS_A_TRADING_DAY)
    prices = queries.points(series.code, first=first, last=day).order_by(None).subquery()
    volumes = queries.points(series.code + VOLUME, first=first, last=day).order_by(None).subquery()
    statement = (
        sa.select(prices.c.on, prices.c.value, volumes.c.value)
        .join(volumes, prices.c.on == volumes.c.on)
        .order_by(prices.c.on.desc())
    )
    rows = session.execute(statement).all()
    found = [TradedDay(on=on, price=price, volume=volume) for on, price, volume in rows if volume]
    fresh = found and domain.is_fresh(found[0].on, day=day, max_age_days=max_age_days)
    return found if fresh else []


def _price(series: PriceSeries, traded: Sequence[TradedDay], days: int) -> Price | None:
    yuan = vwap(traded, days)
    if yuan is None:
        return None
    first, last = traded[days - 1].on, traded[0].on
    return Price(
        yuan=float(yuan),
        unit=series.unit,
        source=f"{series.code} {first.isoformat()}/{last.isoformat()}: VWAP {days}",
        priced_on=last,
    )
