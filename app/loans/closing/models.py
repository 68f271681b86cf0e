"""The table of repeats: loans that a close left behind, or passed by as settled, closed afterwards on their own."""

from datetime import date, datetime
from uuid import UUID

from app.db.base import Table, check
from app.db.types import fen, link


class DayCloseRepeat(Table, table=True):
    """One try at loans behind a close; what it posted is booked on the day open then."""

    __tablename__ = "day_close_repeat"
    __table_args__ = (check("counters", "done >= 0 AND failed >= 0 AND done + failed > 0"),)

    close_id: UUID = link("day_close.id", index=True)
    bank_id: UUID = link("organisation.id")
    booked_on: date
    done: int
    failed: int
    accrued_fen: int = fen()
    billed_fen: int = fen()
    person_id: UUID
    created_at: datetime
