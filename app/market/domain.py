"""Reading price points from a file, and what makes a price usable on a day."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from app.kernel.csv_rows import LineError, read_rows
from app.kernel.text import N_

FIRST_DAY: Final = date(1990, 1, 1)
"""No market of the trade is older."""

MAX_VALUE: Final = Decimal(10) ** 12
"""A price above this is a slip of the unit."""

VALUE_PATTERN: Final = r"[0-9]{1,13}(\.[0-9]{1,6})?"
POINT_COLUMNS: Final = ("on", "value")
POINT_OPTIONAL: Final = ("source",)
"""A price of which nobody can say where it comes from is no price."""

CHANGE_PLACES: Final = Decimal("0.000001")
"""A change is told in whole parts per million."""

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPoint:
    """A price on a day as it is sent in."""

    on: date
    value: Decimal
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsRead:
    """Points of a file in its order, and what is wrong with it by line."""

    points: tuple[tuple[int, NewPoint], ...]
    errors: tuple[LineError, ...]


def read_points(text: str, *, today: date, source: str = "") -> PointsRead:
    """Read `on,value[,source]`; each wrong line is named and none of its values is guessed.

    `source` is that of the rows that name none themselves.
    """
    rows = read_rows(text, required=POINT_COLUMNS, optional=POINT_OPTIONAL)
    points: list[tuple[int, NewPoint]] = []
    errors = list(rows.errors)
    lines_by_day: dict[date, int] = {}
    for line in rows.lines:
        point = _point(line.cells, source)
        wrong = _wrong_point(point, lines_by_day, today) if isinstance(point, NewPoint) else point
        if isinstance(point, NewPoint) and wrong is None:
            lines_by_day[point.on] = line.number
            points.append((line.number, point))
        elif wrong is not None:
            column, detail, facts = wrong
            error = LineError(line=line.number, column=column, detail=detail, facts=dict(facts))
            errors.append(error)
    return PointsRead(points=tuple(points), errors=tuple(errors))


Wrong = tuple[str, str, Mapping[str, object]]


def _point(cells: Mapping[str, str], source: str) -> NewPoint | Wrong:
    try:
        on = date.fromisoformat(cells["on"]) if _DAY.fullmatch(cells["on"]) else None
    except ValueError:
        on = None
    if on is None:
        return "on", N_("Write the day as YYYY-MM-DD."), {}
    if not re.fullmatch(VALUE_PATTERN, cells["value"], re.ASCII):
        detail = N_("Write the value as digits with at most six decimals, without separators.")
        return "value", detail, {}
    own = cells.get("source", "")
    if len(own) > 300:
        return "source", N_("Write at most %(limit)s characters."), {"limit": 300}
    return NewPoint(on=on, value=Decimal(cells["value"]), source=own or source)


def status_of(source: str, *, synthetic: bool) -> str:
    """How far a price can be relied on: what names no source is to be confirmed, what was invented stays so."""
    if synthetic:
        return "synthetic"
    return "sourced" if source else "to-confirm"


def point_error(point: NewPoint, *, today: date) -> Wrong | None:
    """What is wrong with a point: a day outside of the market's time, or a value that is no price."""
    if not FIRST_DAY <= point.on <= today:
        facts = {"first": FIRST_DAY.isoformat(), "last": today.isoformat()}
        return "on", N_("The day lies outside of %(first)s to %(last)s."), facts
    if not 0 < point.value <= MAX_VALUE:
        return (
            "value",
            N_("A price is above zero and at most %(high)s."),
            {"high": f"{MAX_VALUE:f}"},
        )
    return None


def _wrong_point(point: NewPoint, lines_by_day: Mapping[date, int], today: date) -> Wrong | None:
    return point_error(point, today=today) or _twice(point, lines_by_day)


def _twice(point: NewPoint, lines_by_day: Mapping[date, int]) -> Wrong | None:
    former = lines_by_day.get(point.on)
    if former is None:
        return None
    return "on", N_("The same day stands in line %(former)s."), {"former": former}


def is_fresh(priced_on: date, *, day: date, max_age_days: int) -> bool:
    """Whether a price counts on a day: not later than it and at most so many days old."""
    return priced_on <= day <= priced_on + timedelta(days=max_age_days)


@dataclass(frozen=True, slots=True, kw_only=True)
class PointChange:
    """What an import does with a point: `new`, `same` (already there) or `correction`.

    `former_value` is what the day has now; `previous_value` is the price of the last day before, in the series or
    in the same file.
    """

    line: int
    point: NewPoint
    change: str
    former_value: Decimal | None = None
    previous_on: date | None = None
    previous_value: Decimal | None = None

    @property
    def change_ratio(self) -> Decimal | None:
        """The change over the value that the day has now, or else over the previous price."""
        base = self.previous_value if self.former_value is None else self.former_value
        if base is None:
            return None
        return (self.point.value / base - 1).quantize(CHANGE_PLACES, ROUND_HALF_UP)


def compare(
    points: Sequence[tuple[int, NewPoint]],
    known: Mapping[date, Decimal],
    before: Mapping[date, Decimal] | None = None,
) -> tuple[PointChange, ...]:
    """Set points beside those known: equal ones change nothing, others correct.

    `known` holds the days between the first and the last of the points, `before` the last day ahead of them.
    """
    course = {**(before or {}), **known, **{point.on: point.value for _, point in points}}
    days = sorted(course)
    earlier = dict(zip(days[1:], days, strict=False))
    return tuple(
        _change(line, point, known.get(point.on), earlier.get(point.on), course)
        for line, point in points
    )


def _change(
    line: int,
    point: NewPoint,
    former: Decimal | None,
    previous_on: date | None,
    course: Mapping[date, Decimal],
) -> PointChange:
    known = "same" if former == point.value else "correction"
    return PointChange(
        line=line,
        point=point,
        change="new" if former is None else known,
        former_value=former,
        previous_on=previous_on,
        previous_value=None if previous_on is None else course[previous_on],
    )
