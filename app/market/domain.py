"""Reading price points from a file, what makes a price usable on a day, and how a price moves."""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from io import StringIO
from typing import Final

from app.kernel.actor import Name
from app.kernel.csv_rows import MAX_LINE_ERRORS, MAX_ROWS, LineError, read_rows
from app.kernel.errors import RuleViolation
from app.kernel.text import N_
from risk_models.dated import Parameters
from risk_models.engines.calibration import (
    FEWEST_POINTS,
    Calibration,
    InvalidSeries,
    calibrate,
)
from risk_models.engines.haircuts import haircuts
from risk_models.engines.outliers import rule_in_force
from risk_models.engines.paths import PROCESS, STRESS_VOLATILITY, Process, process_of

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


# ---------------------------------------------------------------------------
# How a price moves

DAY_NAMES: Final = ("date", "on", "day", "日期", "交易日期", "时间")
PRICE_NAMES: Final = ("price", "value", "close", "价格", "收盘价", "成交均价", "均价")
"""Names of the two columns of a series file, those before others counting first."""

_SERIES_DAY: Final = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})")
_SERIES_PRICE: Final = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,12})?")

FIGURE_PLACES: Final = Decimal("0.000001")
"""Figures of a calibration are told to a millionth; the series never knows them that well."""


class SeriesNotCalibrated(RuleViolation):
    """A series of prices that says nothing of how its price moves."""

    code = "series-not-calibrated"
    title = N_("The series cannot be calibrated")
    detail = N_("The reason: %(reason)s")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesRead:
    """Days and prices of a file in its order, and its wrong lines."""

    days: tuple[date, ...]
    prices: tuple[float, ...]
    errors: tuple[LineError, ...]


def read_series(text: str) -> SeriesRead:
    """Read a file with a column of days and one of prices; other columns are passed over.

    Days are written 2023-02-20 or 2023/2/20. Order and signs are for the calibration to judge.
    """
    reader = csv.reader(StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    days: list[date] = []
    prices: list[float] = []
    errors: list[LineError] = []
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        places = _series_columns(header)
        if places is None:
            return SeriesRead(days=(), prices=(), errors=(_no_columns(),))
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            read = _series_line(cells, places)
            if isinstance(read, tuple):
                days.append(read[0])
                prices.append(read[1])
            else:
                errors.append(LineError(line=reader.line_num, column="", detail=read))
            if len(errors) == MAX_LINE_ERRORS:
                break
            if len(days) > MAX_ROWS:
                errors.append(_too_long(reader.line_num))
                break
    except csv.Error:
        detail = N_("This line cannot be read: a quote is not closed or stands alone.")
        errors.append(LineError(line=reader.line_num, column="", detail=detail))
    return SeriesRead(days=tuple(days), prices=tuple(prices), errors=tuple(errors))


def _series_columns(header: Sequence[str]) -> tuple[int, int] | None:
    found = [
        next((header.index(name) for name in names if name in header), None)
        for names in (DAY_NAMES, PRICE_NAMES)
    ]
    day, price = found
    return None if day is None or price is None else (day, price)


def _series_line(cells: Sequence[str], places: tuple[int, int]) -> tuple[date, float] | str:
    if len(cells) <= max(places):
        return N_("This line has fewer cells than the first line.")
    day, price = (cells[place].strip() for place in places)
    written = _SERIES_DAY.fullmatch(day)
    try:
        on = date(*(int(part) for part in written.groups())) if written else None
    except ValueError:
        on = None
    if on is None:
        return N_("Write the day as YYYY-MM-DD.")
    if not _SERIES_PRICE.fullmatch(price):
        return N_("Write the price in digits without separators.")
    return on, float(price)


def _no_columns() -> LineError:
    return LineError(
        line=1,
        column="",
        detail=N_("The first line must name the columns: %(columns)s."),
        facts={"columns": "date, price / 日期, 收盘价"},
    )


def _too_long(line: int) -> LineError:
    detail = N_("The file has more than %(limit)s rows. Divide it.")
    return LineError(line=line, column="", detail=detail, facts={"limit": MAX_ROWS})


def calibration_of(
    days: Sequence[date], prices: Sequence[float], parameters: Parameters
) -> Calibration:
    """How the prices of a series move; refused in words when it says nothing of it.

    Days whose prices look like slips by the rule of the parameters are named in the warnings.
    """
    if not days:
        raise SeriesNotCalibrated(reason=NO_POINTS)
    try:
        return calibrate(days, prices, rule_in_force(parameters))
    except InvalidSeries as refused:
        reason = Name(zh=refused.detail.zh, en=refused.detail.en)
        raise SeriesNotCalibrated(reason=reason) from refused


NO_POINTS: Final = Name(
    en="The period has no points. Choose a longer one.", zh="所选期间没有数据点，请选择更长的期间。"
)


def require_points(found: int, up_to_day: int, later: int, day: date) -> None:
    """Refuse a period with too few points: how many lie in it up to the day, which are not used, what helps."""
    if found >= FEWEST_POINTS:
        return
    on, least = day.isoformat(), FEWEST_POINTS
    enough = up_to_day >= FEWEST_POINTS
    en = f"Points up to {on} in the period: {found}; {least} are needed."
    zh = f"所选期间截至{on}有{found}个数据点，至少须有{least}个。"
    if later:
        en += f" Points after {on}, which are not used: {later}."
        zh += f"{on}之后的{later}个数据点不予采用。"
    en += " Choose a longer period." if enough else " Import more prices."
    zh += "请选择更长的期间。" if enough else "请导入更多价格。"
    raise SeriesNotCalibrated(reason=Name(en=en, zh=zh))


def require_period(first: date | None, last: date | None) -> None:
    """Refuse a period that ends before it begins."""
    if first is not None and last is not None and last < first:
        begins, ends = first.isoformat(), last.isoformat()
        raise SeriesNotCalibrated(
            reason=Name(
                en=f"The period ends on {ends}, before it begins on {begins}. Exchange the two days.",
                zh=f"期间的截止日{ends}早于起始日{begins}，请对调两个日期。",
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HaircutLine:
    """The haircut of one volatility over some years at one confidence.

    `basis` says where the volatility is from: `measured` in the series as of a random walk,
    `reverting` where the series shows a return to a mean, `in-use` by the models, or `stress`.
    """

    basis: str
    volatility: Decimal
    years: Decimal
    confidence: Decimal
    share: Decimal


def haircut_lines(
    found: Calibration, price_id: str | None, parameters: Parameters
) -> tuple[HaircutLine, ...]:
    """The haircuts of the series as measured, as the models take the price, and under stress."""
    bases = {"measured": found.process}
    reverting = found.reverting_process
    if reverting is not None:
        bases["reverting"] = reverting
    if price_id is not None and price_id in parameters.table(PROCESS):
        in_use = process_of(parameters, price_id)
        if in_use.jumps_per_year == 0.0:
            bases["in-use"] = in_use
    bases["stress"] = Process(volatility=parameters.number(STRESS_VOLATILITY))
    return tuple(
        HaircutLine(
            basis=basis,
            volatility=exact(process.volatility),
            years=exact(cell.years),
            confidence=exact(cell.confidence),
            share=exact(cell.share),
        )
        for basis, process in bases.items()
        for cell in haircuts(process)
    )


def exact(figure: float) -> Decimal:
    """A computed figure as it is told, rounded half-up."""
    return Decimal(repr(float(figure))).quantize(FIGURE_PLACES, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesCalibration:
    """The report on a series as API and page tell it; what does not apply is None."""

    series_code: str
    course: tuple[tuple[date, Decimal], ...]
    report: Calibration
    haircuts: tuple[HaircutLine, ...]

    def warnings_in(self, language: str) -> list[dict[str, str]]:
        """Code and words of what makes the figures weak."""
        return [
            {"code": warned.code, "detail": warned.detail.in_language(language)}
            for warned in self.report.warnings
        ]
