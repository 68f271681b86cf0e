"""What falls due over many loans: which part of it is looked at, its sums, and a month of days."""

from calendar import Calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Final, Self

from app.kernel.text import N_

DAYS_OF_A_WEEK: Final = 7


class DuePart(StrEnum):
    """Which part of what falls due is looked at."""

    OPEN = "open"
    OVERDUE = "overdue"
    DUE = "due"
    TO_COME = "to-come"
    PAID = "paid"
    ALL = "all"


DUE_PART_TITLES: Final[Mapping[DuePart, str]] = {
    DuePart.OPEN: N_("Not yet paid"),
    DuePart.OVERDUE: N_("Overdue"),
    DuePart.DUE: N_("Due today"),
    DuePart.TO_COME: N_("To come"),
    DuePart.PAID: N_("Paid"),
    DuePart.ALL: N_("All of them"),
}

BILLED_PARTS: Final = frozenset(
    {DuePart.OPEN, DuePart.OVERDUE, DuePart.DUE, DuePart.PAID, DuePart.ALL}
)
COMING_PARTS: Final = frozenset({DuePart.OPEN, DuePart.TO_COME, DuePart.ALL})


@dataclass(frozen=True, slots=True, kw_only=True)
class DueSums:
    """Payments and what is left of them, in fen."""

    count: int = 0
    principal_fen: int = 0
    interest_fen: int = 0
    left_fen: int = 0
    overdue_count: int = 0
    overdue_fen: int = 0
    """What is left of bills whose day has passed."""

    @property
    def payment_fen(self) -> int:
        """Principal and interest together."""
        return self.principal_fen + self.interest_fen

    def __add__(self, other: Self) -> "DueSums":
        names = [each.name for each in fields(self)]
        return DueSums(**{name: getattr(self, name) + getattr(other, name) for name in names})


NOTHING: Final = DueSums()


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDay:
    """A day of a month with what falls due on it."""

    on: date
    sums: DueSums = NOTHING


def weeks_of(
    year: int, month: int, sums: Mapping[date, DueSums]
) -> tuple[tuple[DueDay | None, ...], ...]:
    """The weeks of a month from Monday to Sunday; None where a day belongs to another month."""
    days = [
        DueDay(on=day, sums=sums.get(day, NOTHING)) if day.month == month else None
        for day in Calendar().itermonthdates(year, month)
    ]
    return tuple(
        tuple(days[start : start + DAYS_OF_A_WEEK]) for start in range(0, len(days), DAYS_OF_A_WEEK)
    )


def sums_by_day(parts: Iterable[tuple[date, DueSums]]) -> dict[date, DueSums]:
    """The sums of each day."""
    found: dict[date, DueSums] = {}
    for day, sums in parts:
        found[day] = found.get(day, NOTHING) + sums
    return found


def total_of(parts: Iterable[DueSums]) -> DueSums:
    """All sums together."""
    total = NOTHING
    for each in parts:
        total = total + each
    return total
