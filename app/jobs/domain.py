"""Jobs as data, and which of their ticks are due. A tick is the planned slot, never the time a run began."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import yaml

from app.kernel.actor import Name
from app.kernel.clock import CIVIL_ZONE
from app.kernel.text import N_

MAX_ATTEMPTS: Final = 5
"""A day that failed so often needs a person; the job page shows it."""

FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(minutes=30)
_LOOK: Final = "look"
_DAY_LENGTH: Final = len("2024-01-02")


class RunState(StrEnum):
    """How far a run is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


RUN_STATE_TITLES: Final = {
    RunState.RUNNING: N_("Running"),
    RunState.DONE: N_("Done"),
    RunState.FAILED: N_("Failed"),
}


FACT_TITLES: Final = {
    "assets_lowered": N_("Recognised values lowered"),
    "loans_measured": N_("Loans measured"),
    "cases_opened": N_("Cases opened"),
    "cases_cured": N_("Cases cured"),
    "closed": N_("Banks closed"),
    "checks_planned": N_("Post-loan checks planned"),
    "signals_raised": N_("Warning signals raised"),
    "runs": N_("Revaluation runs"),
    "number": N_("Revaluation run"),
    "done": N_("Valued"),
    "failed": N_("Failed"),
    "printed": N_("Reports printed"),
    "waiting": N_("Waiting"),
    "not_printed": N_("Could not be printed"),
    "expired": N_("Appraisals expired"),
    "sent": N_("Notices sent"),
    "written": N_("Notices written to a folder, not sent"),
    "booked": N_("Repayments booked"),
    "issued": N_("Notices issued"),
    "dropped": N_("Notices no longer needed"),
    "files": N_("Files removed"),
    "keys": N_("Keys removed"),
    "sessions": N_("Sessions removed"),
    "attempts": N_("Sign-in attempts removed"),
    "old_runs": N_("Old runs removed"),
}
"""What a run that is done says of its work."""


class Scope(StrEnum):
    """Whom a run is for."""

    PLATFORM = "platform"
    BANK = "bank"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRule:
    """When a job runs: every so many seconds, or daily at a time in Asia/Shanghai; never both."""

    name: str
    title: Name
    scope: Scope = Scope.PLATFORM
    every_seconds: int | None = None
    daily_at: time | None = None
    lease_seconds: int = 30
    catch_up_days: int = 1

    def __post_init__(self) -> None:
        """Exactly one rhythm, and a lease that outlives a heartbeat."""
        if (self.every_seconds is None) == (self.daily_at is None):
            raise ValueError(f"{self.name}: either every_seconds or daily_at")
        if self.lease_seconds < 1 or self.catch_up_days < 1:
            raise ValueError(f"{self.name}: lease and catch-up are at least 1")

    @property
    def daily(self) -> bool:
        """Whether a missed tick is made up for; the next look does the work of a missed look."""
        return self.daily_at is not None


def slot_of(tick: str) -> date | datetime:
    """The planned slot behind a tick: a day of a daily job, else the instant at which the slot begins."""
    return date.fromisoformat(tick) if len(tick) == _DAY_LENGTH else datetime.fromisoformat(tick)


def due_ticks(rule: JobRule, instant: datetime, known: Sequence[str]) -> list[str]:
    """The ticks due at an instant that have no run yet, oldest first.

    `known` are the ticks that have one. A job that never ran begins with the present slot.
    """
    if rule.every_seconds is not None:
        tick = _slot(instant, rule.every_seconds)
        return [] if tick in known else [tick]
    last_on = _last_day(rule, instant)
    missed = _days_missed(rule, last_on, known)
    return [day.isoformat() for day in missed if day.isoformat() not in known]


def _slot(instant: datetime, seconds: int) -> str:
    """The beginning of the slot that an instant lies in: the same for every process."""
    start = int(instant.timestamp()) // seconds * seconds
    return datetime.fromtimestamp(start, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _last_day(rule: JobRule, instant: datetime) -> date:
    """The latest day whose time has come."""
    local = instant.astimezone(CIVIL_ZONE)
    come = rule.daily_at is not None and local.time() >= rule.daily_at
    return local.date() if come else local.date() - timedelta(days=1)


def _days_missed(rule: JobRule, last_on: date, known: Sequence[str]) -> list[date]:
    if not known:
        return [last_on]
    oldest = last_on - timedelta(days=rule.catch_up_days - 1)
    first_on = max(date.fromisoformat(min(known)), oldest)
    return [first_on + timedelta(days=n) for n in range((last_on - first_on).days + 1)]


def wait_after(attempt: int) -> timedelta:
    """How long a failed day rests before it is tried again: doubling from half a minute to half an hour."""
    wait: timedelta = min(FIRST_WAIT * 2 ** (attempt - 1), LONGEST_WAIT)
    return wait


def read_rules(look_seconds: int) -> tuple[JobRule, ...]:
    """The jobs of `jobs.yaml`."""
    path = Path(__file__).resolve().parent / "jobs.yaml"
    table: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return tuple(_rule(row, look_seconds) for row in table["jobs"])


def _rule(row: dict[str, Any], look_seconds: int) -> JobRule:
    seconds, at = row.get("every_seconds"), row.get("daily_at")
    return JobRule(
        name=row["name"],
        title=Name(zh=row["zh"], en=row["en"]),
        scope=Scope(row["scope"]),
        every_seconds=look_seconds if seconds == _LOOK else seconds,
        daily_at=time.fromisoformat(at) if at else None,
        lease_seconds=row.get("lease_seconds", 30),
        catch_up_days=row.get("catch_up_days", 1),
    )
