"""What `verify` asks of the prices: above zero, revisions without gaps, corrections with a reason."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlmodel import Session, col

from app.db.invariants import Violation
from app.market.models import PriceImport, PricePoint


def violations(session: Session) -> Iterator[Violation]:
    """Each broken point of a series, and each import that lost points."""
    statement = sa.select(PricePoint).order_by(
        col(PricePoint.series_code), col(PricePoint.on), col(PricePoint.revision)
    )
    former: PricePoint | None = None
    for point in session.execute(statement.execution_options(yield_per=2000)).scalars():
        yield from _check(point, former)
        former = point
    yield from _imports(session)


def _check(point: PricePoint, former: PricePoint | None) -> Iterator[Violation]:
    same_day = former is not None and (former.series_code, former.on) == (
        point.series_code,
        point.on,
    )
    expected = former.revision + 1 if former is not None and same_day else 1
    if point.revision != expected:
        yield _violation("price-revisions", point, f"revision {expected} is missing")
    if not point.value.is_finite() or point.value <= 0:
        yield _violation("price-above-zero", point, f"the value is {point.value}")


def _imports(session: Session) -> Iterator[Violation]:
    counts = (
        sa.select(col(PricePoint.import_id), sa.func.count().label("points"))
        .group_by(col(PricePoint.import_id))
        .subquery()
    )
    statement = sa.select(PriceImport, counts.c.points).outerjoin(
        counts, counts.c.import_id == col(PriceImport.id)
    )
    for made, found in session.execute(statement):
        if made.points != (found or 0):
            yield Violation(
                invariant="price-import",
                subject=f"price import {made.id}",
                detail=f"{made.points} points were imported, {found or 0} are left",
            )


def _violation(invariant: str, point: PricePoint, detail: str) -> Violation:
    return Violation(
        invariant=invariant, subject=f"price {point.series_code} {point.on}", detail=detail
    )
