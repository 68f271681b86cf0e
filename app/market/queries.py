"""Lists and look-ups of prices. The revision that counts is the highest of its day."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.market.models import PricePoint, PriceSeries


def visible_series(actor: Actor) -> sa.Select[Any]:
    """The series by code, for actors who see prices."""
    statement = sa.select(PriceSeries).order_by(col(PriceSeries.code))
    if "all" in {actor.sees("price"), actor.sees("*")}:
        return statement
    return statement.where(sa.false())


def get_series(session: Session, actor: Actor, code: str) -> PriceSeries:
    """A series, or NotFound."""
    statement = visible_series(actor).where(col(PriceSeries.code) == code)
    row: PriceSeries | None = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


def points(
    code: str, *, first: date | None = None, last: date | None = None, history: bool = False
) -> sa.Select[Any]:
    """The points of a series, the latest first; with `history` also the corrected ones."""
    statement = sa.select(PricePoint).where(col(PricePoint.series_code) == code)
    if not history:
        statement = statement.where(~_corrected())
    if first is not None:
        statement = statement.where(col(PricePoint.on) >= first)
    if last is not None:
        statement = statement.where(col(PricePoint.on) <= last)
    return statement.order_by(col(PricePoint.on).desc(), col(PricePoint.revision).desc())


def _corrected() -> sa.Exists:
    later = aliased(PricePoint)
    statement = sa.select(sa.literal(1)).where(
        later.series_code == PricePoint.series_code,  # type: ignore[arg-type]
        later.on == PricePoint.on,  # type: ignore[arg-type]
        later.revision > PricePoint.revision,  # type: ignore[arg-type]
    )
    return statement.exists()


def known_points(session: Session, code: str, days: Sequence[date]) -> dict[date, PricePoint]:
    """The points that count between the first and the last of some days."""
    if not days:
        return {}
    statement = points(code, first=min(days), last=max(days))
    return {row.on: row for row in session.execute(statement).scalars()}


def latest_points(session: Session, codes: Iterable[str], day: date) -> dict[str, PricePoint]:
    """The last point of each series on or before a day."""
    wanted = list(codes)
    last_days = (
        sa.select(col(PricePoint.series_code), sa.func.max(col(PricePoint.on)).label("last"))
        .where(col(PricePoint.series_code).in_(wanted), col(PricePoint.on) <= day)
        .group_by(col(PricePoint.series_code))
        .subquery()
    )
    statement = (
        sa.select(PricePoint)
        .join(
            last_days,
            sa.and_(
                col(PricePoint.series_code) == last_days.c.series_code,
                col(PricePoint.on) == last_days.c.last,
            ),
        )
        .order_by(col(PricePoint.revision))
    )
    return {row.series_code: row for row in session.execute(statement).scalars()}


def course(
    session: Session, code: str, *, first: date | None, last: date | None, limit: int
) -> list[tuple[date, Decimal]]:
    """The points that count in a period in the order of time, the last ones where there are more."""
    statement = points(code, first=first, last=last).limit(limit)
    rows = session.execute(statement).scalars().all()
    return [(row.on, row.value) for row in reversed(rows)]


def count_points(
    session: Session, code: str, *, first: date | None = None, last: date | None = None
) -> int:
    """How many points count in a period."""
    statement = points(code, first=first, last=last).order_by(None).subquery()
    found: int = session.execute(sa.select(sa.func.count()).select_from(statement)).scalar_one()
    return found


def chart_values(session: Session, code: str, *, limit: int) -> list[tuple[date, Decimal]]:
    """The last points of a series in the order of time."""
    rows = session.execute(points(code).limit(limit)).scalars().all()
    return [(row.on, row.value) for row in reversed(rows)]
