"""Tables of the oversight room."""

from datetime import datetime
from uuid import UUID

from app.db.base import Table, check
from app.db.types import link, text


class DrillDown(Table, table=True):
    """A look from aggregates into single loans: by whom, what for, how far, until when. Never edited."""

    __tablename__ = "drill_down"
    __table_args__ = (check("valid_after_opened", "valid_until > opened_at"),)

    person_id: UUID = link("person.id", index=True)
    organisation_id: UUID = link("organisation.id")
    purpose: str = text(500)
    scope: str = text(200)
    """The beginning of the region codes that the look covers."""
    opened_at: datetime
    valid_until: datetime
