"""Numbers that people see, such as L-2026-000417, taken late in the transaction that uses them."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from app.db.models import NumberSeries

_DIGITS = 6


def next_number(session: Session, series: str, year: int) -> str:
    """The next number of a series: `SERIES-YEAR-NNNNNN`, unique also between parallel writers."""
    return take_numbers(session, series, year, 1)[0]


def take_numbers(session: Session, series: str, year: int, count: int) -> list[str]:
    """A range of `count` numbers in one statement, for bulk work."""
    last = _advance(session, series, year, count)
    if last is None:
        _open_series(session, series, year)
        last = _advance(session, series, year, count)
    if last is None:
        raise RuntimeError(f"number series {series}-{year} could not be opened")
    return [f"{series}-{year}-{number:0{_DIGITS}d}" for number in range(last - count + 1, last + 1)]


def _advance(session: Session, series: str, year: int, count: int) -> int | None:
    statement = (
        sa.update(NumberSeries)
        .where(col(NumberSeries.series) == series, col(NumberSeries.year) == year)
        .values(last=NumberSeries.last + count)
        .returning(col(NumberSeries.last))
        .execution_options(synchronize_session=False)
    )
    return session.execute(statement).scalar_one_or_none()


def _open_series(session: Session, series: str, year: int) -> None:
    insert_ignoring(session, NumberSeries.__table__, {"series": series, "year": year, "last": 0})  # type: ignore[attr-defined]


def insert_ignoring(session: Session, table: sa.Table, row: dict[str, object]) -> bool:
    """INSERT … ON CONFLICT DO NOTHING; whether the row was inserted (RETURNING, as rowcount is -1 on psycopg)."""
    sqlite_session = session.get_bind().dialect.name == "sqlite"
    insert = sqlite.insert(table) if sqlite_session else postgresql.insert(table)
    keys = list(table.primary_key.columns)
    statement = insert.values(**row).on_conflict_do_nothing().returning(*keys)
    return session.execute(statement).first() is not None
