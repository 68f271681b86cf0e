"""The close of a bank's day as a process of its own, in small chunks, so that it can be killed in its midst.

python -m tests.support.closing_process URL BANK_ID DAY
"""

import sys
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID

from app.audit.services import watch
from app.db.engine import Database
from app.kernel.actor import system_actor
from app.kernel.clock import FixedClock
from app.loans.services import close_day
from tests.support.databases import skip_fsync

CHUNK_LOANS: Final = 25


def main(url: str, bank: str, day: str) -> None:
    """Close the day; the clock stands at noon of it."""
    on = date.fromisoformat(day)
    clock = FixedClock(datetime(on.year, on.month, on.day, 4, tzinfo=UTC))
    database = Database(url, clock=clock)
    watch(database)
    skip_fsync(database.engine)
    actor = system_actor(organisation_id=UUID(bank), organisation_kind="bank")
    close_day(database, actor, UUID(bank), on, chunk_loans=CHUNK_LOANS)
    database.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
