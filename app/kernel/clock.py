"""The clock port: instants are aware UTC, the civil day is that of Asia/Shanghai."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

CIVIL_ZONE = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """What time it is, asked only at the shell."""

    def now(self) -> datetime:
        """The instant, aware, in UTC."""

    def today(self) -> date:
        """The civil day in Asia/Shanghai."""


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """The instant, aware, in UTC."""
        return datetime.now(UTC)

    def today(self) -> date:
        """The civil day in Asia/Shanghai."""
        return civil_day(self.now())


@dataclass(slots=True)
class FixedClock:
    """A clock that stands still until it is set: for tests and the demo world."""

    instant: datetime

    def now(self) -> datetime:
        """The instant it was set to."""
        return self.instant

    def today(self) -> date:
        """The civil day of that instant."""
        return civil_day(self.instant)


def civil_day(instant: datetime) -> date:
    """The day in Asia/Shanghai on which an aware instant falls."""
    return instant.astimezone(CIVIL_ZONE).date()
