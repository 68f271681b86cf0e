"""Dated parameters: numbers of law, science and practice, each with its day, source and status.

A file holds one parameter, or several divided by `---`. A value counts from its day until the
next one; `null` repeals it. Nothing has a default and nothing is simply "current": a reader says
the day, and a parameter that is unknown, not yet in force or repealed is refused.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models import data_files as files
from risk_models.data_files import DataFileError, Reference, Status
from risk_models.words import Text

__all__ = [
    "Column",
    "DatedParameter",
    "ParameterNotInForce",
    "ParameterSet",
    "Parameters",
    "Reference",
    "Table",
    "UndeclaredParameter",
    "load_folder",
]

PPM: Final = 1_000_000

Cells = Mapping[str, Mapping[str, Decimal]]
Value = Decimal | Cells


class ParameterNotInForce(LookupError):  # noqa: N818 - the name states the refusal, as the others do.
    """A parameter that has no value on the day it was asked for; `detail` says what to do."""

    def __init__(self, parameter_id: str, on: date, why: str, detail: Text | None = None) -> None:
        super().__init__(f"{parameter_id} on {on.isoformat()}: {why}")
        self.parameter_id = parameter_id
        self.on = on
        self.why = why
        self.detail = detail or Text(
            en=f"The parameter {parameter_id} cannot be used on {on.isoformat()}: {why}. "
            "Choose another day.",
            zh=f"参数{parameter_id}在{on.isoformat()}不可用（{why}），请选择其他日期。",
        )


class UndeclaredParameter(LookupError):  # noqa: N818 - the name states the refusal, as the others do.
    """A parameter or price that a model read without listing it in its specification."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table: its title, unit and the factors between which a tornado moves it."""

    title: Text
    unit: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A parameter with rows and columns. `table[row][column]` is a number."""

    id: str
    on: date
    cells: Cells
    rows: Mapping[str, Text]
    columns: Mapping[str, Column]

    def __getitem__(self, row: str) -> Mapping[str, float]:
        return {column: float(cell) for column, cell in self._row(row).items()}

    def __contains__(self, row: object) -> bool:
        return row in self.cells

    def __iter__(self) -> Iterator[str]:
        return iter(self.cells)

    def __len__(self) -> int:
        return len(self.cells)

    def _row(self, row: str) -> Mapping[str, Decimal]:
        try:
            return self.cells[row]
        except KeyError:
            raise ParameterNotInForce(self.id, self.on, f"no row {row!r}") from None

    def decimal(self, row: str, column: str) -> Decimal:
        """The exact cell; refused when the table has no such cell on the day."""
        try:
            return self._row(row)[column]
        except KeyError:
            raise ParameterNotInForce(self.id, self.on, f"no cell {row!r}, {column!r}") from None

    def number(self, row: str, column: str) -> float:
        return float(self.decimal(row, column))

    def has(self, row: str, column: str) -> bool:
        return column in self.cells.get(row, {})

    def column(self, column: str, rows: Sequence[str]) -> npt.NDArray[np.float64]:
        """The column as an array over the named rows, so that a choice code indexes it."""
        return np.array([self.number(row, column) for row in rows], dtype=np.float64)

    def column_or_nan(self, column: str, rows: Sequence[str]) -> npt.NDArray[np.float64]:
        """The same, NaN where the table has no such cell."""
        cells = [self.number(row, column) if self.has(row, column) else np.nan for row in rows]
        return np.array(cells, dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedParameter:
    """One parameter with all its days. A value of None repeals the one before."""

    id: str
    title: Text
    unit: str
    status: Status
    checked_on: date
    values: Mapping[date, Value | None]
    references: Mapping[date, Reference]
    rows: Mapping[str, Text] = field(default_factory=dict)
    columns: Mapping[str, Column] = field(default_factory=dict)
    low: float | None = None
    high: float | None = None
    bounds: tuple[Decimal, Decimal] | None = None
    """Between which numbers a house may set its own; none: what its unit allows."""

    def since(self, on: date) -> date | None:
        """The day whose value counts on `on`, or None before the first."""
        return max((day for day in self.values if day <= on), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """A parameter's value on a day, and the day it counts from."""

    parameter: DatedParameter
    since: date
    value: Value

    @property
    def reference(self) -> Reference:
        return self.parameter.references[self.since]

    def table(self, on: date) -> Table:
        if isinstance(self.value, Decimal):
            raise ParameterNotInForce(self.parameter.id, on, "is a number, not a table")
        return Table(
            id=self.parameter.id,
            on=on,
            cells=self.value,
            rows=self.parameter.rows,
            columns=self.parameter.columns,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """Why a parameter that is known has no value on a day, and what to do."""

    why: str
    detail: Text


def _not_yet(parameter: DatedParameter) -> Gone:
    first = min(parameter.values).isoformat()
    return Gone(
        why=f"not in force before {first}",
        detail=Text(
            en=f"The parameter “{parameter.title.en}” ({parameter.id}) counts from {first} on; "
            "before that day it has no value. Choose that day or a later one.",
            zh=f"参数“{parameter.title.zh}”（{parameter.id}）自{first}起生效，此前无值，"
            "请选择该日或其后的日期。",
        ),
    )


def _repealed(parameter: DatedParameter, since: date) -> Gone:
    last = since.isoformat()
    return Gone(
        why=f"repealed on {last}",
        detail=Text(
            en=f"The parameter “{parameter.title.en}” ({parameter.id}) was repealed on {last}. "
            "Choose an earlier day.",
            zh=f"参数“{parameter.title.zh}”（{parameter.id}）已于{last}废止，请选择此前的日期。",
        ),
    )


class Parameters:
    """All parameters in force on one day."""

    __slots__ = ("_allowed", "_digest", "_gone", "_in_force", "_seen", "on")

    def __init__(
        self,
        on: date,
        in_force: Mapping[str, InForce],
        gone: Mapping[str, Gone] | None = None,
        allowed: frozenset[str] | None = None,
        seen: set[str] | None = None,
    ) -> None:
        self.on = on
        self._in_force = in_force
        self._gone = gone or {}
        self._allowed = allowed
        self._seen = seen
        self._digest: str | None = None

    def __getitem__(self, parameter_id: str) -> float | Table:
        found = self.in_force(parameter_id)
        return float(found.value) if isinstance(found.value, Decimal) else found.table(self.on)

    def __contains__(self, parameter_id: object) -> bool:
        return parameter_id in self._in_force

    def __iter__(self) -> Iterator[str]:
        return iter(self._in_force)

    def in_force(self, parameter_id: str) -> InForce:
        """Value, first day, unit, status and reference; refused when not in force."""
        if self._allowed is not None and parameter_id not in self._allowed:
            raise UndeclaredParameter(parameter_id)
        if self._seen is not None:
            self._seen.add(parameter_id)
        try:
            return self._in_force[parameter_id]
        except KeyError:
            gone = self._gone.get(parameter_id)
            why, detail = ("unknown", None) if gone is None else (gone.why, gone.detail)
            raise ParameterNotInForce(parameter_id, self.on, why, detail) from None

    def decimal(self, parameter_id: str) -> Decimal:
        """The exact scalar value."""
        value = self.in_force(parameter_id).value
        if not isinstance(value, Decimal):
            raise ParameterNotInForce(parameter_id, self.on, "is a table, not a number")
        return value

    def number(self, parameter_id: str) -> float:
        return float(self.decimal(parameter_id))

    def ratio(self, parameter_id: str) -> Decimal:
        """A scalar whose unit is `ratio`, such as 0.60."""
        self._require_unit(parameter_id, "ratio")
        return self.decimal(parameter_id)

    def ppm(self, parameter_id: str) -> int:
        """A ratio in whole parts per million; refused when it is finer than that."""
        scaled = self.ratio(parameter_id) * PPM
        if scaled != scaled.to_integral_value():
            raise ParameterNotInForce(parameter_id, self.on, "is finer than a millionth")
        return int(scaled)

    def whole(self, parameter_id: str) -> int:
        """A scalar that is a whole number, such as days or months."""
        value = self.decimal(parameter_id)
        if value != value.to_integral_value():
            raise ParameterNotInForce(parameter_id, self.on, "is not a whole number")
        return int(value)

    def table(self, parameter_id: str) -> Table:
        return self.in_force(parameter_id).table(self.on)

    def _require_unit(self, parameter_id: str, unit: str) -> None:
        found = self.in_force(parameter_id).parameter.unit
        if found != unit:
            raise ParameterNotInForce(parameter_id, self.on, f"unit is {found}, not {unit}")

    def with_values(self, values: Mapping[str, float | Decimal | Cells]) -> "Parameters":
        """The same day with some values replaced: a stress, never an edit of the files."""
        changed = dict(self._in_force)
        for parameter_id, value in values.items():
            exact = Decimal(repr(value)) if isinstance(value, float) else value
            changed[parameter_id] = replace(self.in_force(parameter_id), value=exact)
        return Parameters(self.on, changed, self._gone, self._allowed, self._seen)

    def only(self, allowed: Collection[str], seen: set[str] | None = None) -> "Parameters":
        """The same values, but reading any other id is refused; `seen` collects what was read."""
        return Parameters(self.on, self._in_force, self._gone, frozenset(allowed), seen)

    @property
    def digest(self) -> str:
        """SHA-256 over every id, first day and value in force."""
        if self._digest is None:
            plain = [
                [key, entry.since.isoformat(), _plain(entry.value)]
                for key, entry in sorted(self._in_force.items())
            ]
            self._digest = hashlib.sha256(_canonical([self.on.isoformat(), plain])).hexdigest()
        return self._digest


class ParameterSet:
    """All parameters with all their days."""

    __slots__ = ("_by_id", "_days")

    def __init__(self, parameters: Iterable[DatedParameter]) -> None:
        self._by_id: dict[str, DatedParameter] = {}
        for parameter in parameters:
            if parameter.id in self._by_id:
                raise DataFileError(f"{parameter.id}: defined twice")
            self._by_id[parameter.id] = parameter
        self._days: dict[date, Parameters] = {}

    def __iter__(self) -> Iterator[DatedParameter]:
        return iter(self._by_id.values())

    def __getitem__(self, parameter_id: str) -> DatedParameter:
        return self._by_id[parameter_id]

    def __contains__(self, parameter_id: object) -> bool:
        return parameter_id in self._by_id

    def on(self, day: date) -> Parameters:
        """What is in force on the day."""
        if day not in self._days:
            self._days[day] = self._collect(day)
        return self._days[day]

    def _collect(self, day: date) -> Parameters:
        in_force: dict[str, InForce] = {}
        gone: dict[str, Gone] = {}
        for parameter in self._by_id.values():
            since = parameter.since(day)
            if since is None:
                gone[parameter.id] = _not_yet(parameter)
                continue
            value = parameter.values[since]
            if value is None:
                gone[parameter.id] = _repealed(parameter, since)
            else:
                in_force[parameter.id] = InForce(parameter=parameter, since=since, value=value)
        return Parameters(day, in_force, gone)

    def laid_over(self, rows: Iterable[DatedParameter]) -> "ParameterSet":
        """A house's own dated rows over the files: theirs count on the days they have a value."""
        merged = dict(self._by_id)
        for row in rows:
            if row.id not in merged:
                raise DataFileError(f"{row.id}: cannot lie over an unknown parameter")
            merged[row.id] = _merged(merged[row.id], row)
        return ParameterSet(merged.values())


def _merged(base: DatedParameter, over: DatedParameter) -> DatedParameter:
    days = sorted({*base.values, *over.values})
    values: dict[date, Value | None] = {}
    references: dict[date, Reference] = {}
    for day in days:
        own = over.since(day)
        source = over if own is not None and over.values[own] is not None else base
        since = source.since(day)
        if since is not None:
            values[day] = source.values[since]
            references[day] = source.references[since]
    return replace(base, values=values, references=references)


# ---------------------------------------------------------------------------
# Files


def load_folder(path: Path) -> ParameterSet:
    """Every parameter in the `*.yaml` files of a folder and the folders below it."""
    return ParameterSet(each for file in sorted(path.rglob("*.yaml")) for each in load_file(file))


def load_file(path: Path) -> list[DatedParameter]:
    """The parameters of one file; refused with the file's name when the shape is wrong."""
    with files.named(path.name):
        return [_parameter(files.mapping(each, "document")) for each in files.documents(path)]


KEYS: Final = frozenset(
    {"id", "title", "unit", "status", "checked_on", "values", "references"}
    | {"rows", "columns", "vary", "bounds", "note"}
)


def _parameter(raw: Mapping[str, object]) -> DatedParameter:
    files.require_known(raw, KEYS)
    parameter_id = files.text(raw, "id")
    with files.named(parameter_id):
        low, high = _vary(raw.get("vary"))
        parameter = DatedParameter(
            id=parameter_id,
            title=files.words(raw.get("title")),
            unit=files.text(raw, "unit"),
            status=files.status(raw),
            checked_on=files.day(files.text(raw, "checked_on")),
            values=_values(raw.get("values")),
            references=_references(raw.get("references")),
            rows={row: files.words(told) for row, told in _optional(raw, "rows").items()},
            columns={key: _column(entry) for key, entry in _optional(raw, "columns").items()},
            low=low,
            high=high,
            bounds=_bounds(raw.get("bounds")),
        )
        _check_days(parameter)
        _check_titles(parameter)
        _check_bounds(parameter)
        return parameter


def _optional(raw: Mapping[str, object], key: str) -> Mapping[str, object]:
    return files.mapping(raw[key], key) if key in raw else {}


def _value(raw: object) -> Value | None:
    if raw is None:
        return None
    if not isinstance(raw, dict):
        return files.number(raw)
    return {
        row: {column: files.number(cell) for column, cell in files.mapping(cells, row).items()}
        for row, cells in files.mapping(raw, "table").items()
    }


def _values(raw: object) -> dict[date, Value | None]:
    by_day = {files.day(day): _value(value) for day, value in files.mapping(raw, "values").items()}
    if not by_day:
        raise DataFileError("values: at least one day is needed")
    return by_day


def _references(raw: object) -> dict[date, Reference]:
    return {
        files.day(day): files.reference(entry)
        for day, entry in files.mapping(raw, "references").items()
    }


def _vary(raw: object) -> tuple[float | None, float | None]:
    if raw is None:
        return None, None
    if not isinstance(raw, list) or len(raw) != 2:
        raise DataFileError("vary: two factors are needed")
    low, high = (float(files.number(entry)) for entry in raw)
    if low > high:
        raise DataFileError("vary: the lower factor comes first")
    return low, high


def _bounds(raw: object) -> tuple[Decimal, Decimal] | None:
    if raw is None:
        return None
    if not isinstance(raw, list) or len(raw) != 2:
        raise DataFileError("bounds: two numbers are needed")
    low, high = (files.number(entry) for entry in raw)
    return low, high


def _column(raw: object) -> Column:
    entry = files.mapping(raw, "column")
    low, high = _vary(entry.get("vary"))
    return Column(title=files.words(entry), unit=files.text(entry, "unit"), low=low, high=high)


def _check_days(parameter: DatedParameter) -> None:
    days = list(parameter.values)
    if days != sorted(days):
        raise DataFileError("values: the days must ascend")
    if set(days) != set(parameter.references):
        raise DataFileError("references: every day needs one, and no other day has one")


def _check_titles(parameter: DatedParameter) -> None:
    for value in parameter.values.values():
        if value is None or isinstance(value, Decimal):
            continue
        columns = {column for cells in value.values() for column in cells}
        nameless = sorted((set(value) - set(parameter.rows)) | (columns - set(parameter.columns)))
        if nameless:
            raise DataFileError(f"rows or columns without a title: {', '.join(nameless)}")


def _check_bounds(parameter: DatedParameter) -> None:
    if parameter.bounds is None:
        return
    low, high = parameter.bounds
    for value in parameter.values.values():
        if value is not None and not (isinstance(value, Decimal) and low <= value <= high):
            raise DataFileError("bounds: every value must be a number within them")


def _plain(value: Value) -> object:
    if isinstance(value, Decimal):
        return str(value.normalize())
    return {
        row: {column: str(cell.normalize()) for column, cell in sorted(cells.items())}
        for row, cells in sorted(value.items())
    }


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
