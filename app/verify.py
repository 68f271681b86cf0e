"""Every invariant of every room, asked in one snapshot."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import sqlalchemy as sa
from sqlmodel import Session

from app.appraisal import invariants as appraisal
from app.assets import invariants as assets
from app.audit import invariants as audit
from app.collateral import invariants as collateral
from app.db.engine import Database
from app.db.invariants import Violation
from app.documents import invariants as documents
from app.identity import invariants as identity
from app.loans import invariants as loans
from app.market import invariants as market
from app.notices import invariants as notices
from app.origination import invariants as origination
from app.oversight import invariants as oversight
from app.reference import invariants as reference

Checker = Callable[[Session], Iterable[Violation]]

CHECKERS: Final[tuple[tuple[str, Checker], ...]] = (
    ("audit", audit.violations),
    ("documents", documents.violations),
    ("notices", notices.violations),
    ("reference", reference.violations),
    ("identity", identity.violations),
    ("market", market.violations),
    ("assets", assets.violations),
    ("appraisal", appraisal.violations),
    ("loans", loans.violations),
    ("collateral", collateral.violations),
    ("origination", origination.violations),
    ("oversight", oversight.violations),
)
"""Room and what it asks, lowest room first."""

BROKEN: Final = "checker-broken"


def verify(
    database: Database, checkers: Iterable[tuple[str, Checker]] = CHECKERS
) -> list[Violation]:
    """All violations; a checker that fails counts as one of its room, and stops no other."""
    with database.read() as session:
        _take_snapshot(session)
        return [found for room, checker in checkers for found in _asked(session, room, checker)]


def _take_snapshot(session: Session) -> None:
    """One state of the database for all rooms, however long they take.

    SQLite's readers have a snapshot from their first statement.
    """
    if session.get_bind().dialect.name == "sqlite":
        session.execute(sa.text("SELECT 1"))
        return
    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    session.execute(sa.text("SET LOCAL statement_timeout = 0"))


def _asked(session: Session, room: str, checker: Checker) -> Iterator[Violation]:
    found: list[Violation] = []
    try:
        with session.begin_nested():
            found.extend(checker(session))
    except Exception as error:  # noqa: BLE001 - data that nobody thought of must not hide the other rooms
        reason = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        found.append(Violation(invariant=BROKEN, subject=f"room {room}", detail=reason[:300]))
    yield from found
