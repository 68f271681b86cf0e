"""All dated parameters of the installation with all their days: policy, science and prices."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Final

from app import policy
from app.kernel.errors import NotFound
from risk_models.contract import ModelSpec
from risk_models.dated import Cells, DatedParameter, Parameters, Value
from risk_models.engines.paths import CORRELATION, PROCESS, process_row
from risk_models.registry import installed_models, science_parameters
from risk_models.words import Text

NO_CELLS: Final[Cells] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedValue:
    """What counts from a day on: a number, a table, or neither where the parameter was repealed."""

    since: date
    value: str | None
    rows: Mapping[str, Mapping[str, str]] | None
    repealed: bool
    reference: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A model that reads a parameter."""

    id: str
    title: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class TableColumn:
    """A column of a table: its name, words and unit."""

    name: str
    title: Text
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterHistory:
    """A parameter with every dated value, the newest first, and who reads it."""

    id: str
    area: str
    title: Text
    unit: str
    status: str
    checked_on: date
    values: tuple[DatedValue, ...]
    row_titles: Mapping[str, Text]
    columns: tuple[TableColumn, ...]
    models: tuple[Reader, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterChange:
    """One figure that differs between two days; None where it does not count."""

    id: str
    title: Text
    row: Text | None
    column: Text | None
    unit: str
    before: str | None
    after: str | None


@cache
def every_parameter() -> Mapping[str, DatedParameter]:
    """Policy and science by id."""
    both = [*policy.parameter_set(), *science_parameters()]
    return MappingProxyType({each.id: each for each in sorted(both, key=lambda each: each.id)})


def history_of(parameter_id: str) -> ParameterHistory:
    """One parameter with all its days, or NotFound."""
    found = every_parameter().get(parameter_id)
    if found is None:
        raise NotFound
    return ParameterHistory(
        id=found.id,
        area=policy.area_of(found.id),
        title=found.title,
        unit=found.unit,
        status=found.status,
        checked_on=found.checked_on,
        values=tuple(_dated(found, day) for day in sorted(found.values, reverse=True)),
        row_titles=found.rows,
        columns=tuple(
            TableColumn(name=name, title=column.title, unit=column.unit)
            for name, column in found.columns.items()
        ),
        models=tuple(Reader(id=spec.id, title=spec.title) for spec in _readers(found.id)),
    )


def _readers(parameter_id: str) -> list[ModelSpec]:
    specs = [model.spec for model in installed_models().values()]
    return sorted((spec for spec in specs if _reads(spec, parameter_id)), key=lambda spec: spec.id)


def _reads(spec: ModelSpec, parameter_id: str) -> bool:
    prices = {f"price.{price_id}" for price_id in spec.price_ids}
    tables = {field.choices_from for field in spec.fields}
    return parameter_id in {*spec.parameters, *prices, *tables, *_read_for_band(spec)}


def _read_for_band(spec: ModelSpec) -> frozenset[str]:
    """What the band of a value stands on, where a price of the model moves."""
    rows = every_parameter()[PROCESS].rows
    moves = any(process_row(price_id) in rows for price_id in spec.price_ids)
    return frozenset({PROCESS, CORRELATION}) if moves else frozenset()


def _dated(parameter: DatedParameter, day: date) -> DatedValue:
    value, reference = parameter.values[day], parameter.references[day]
    return DatedValue(
        since=day,
        value=f"{value:f}" if isinstance(value, Decimal) else None,
        rows=table_texts(value),
        repealed=value is None,
        reference=reference.title,
        source=reference.source,
    )


def table_texts(value: Value | None) -> dict[str, dict[str, str]] | None:
    """The cells of a table as text; None for a number."""
    if value is None or isinstance(value, Decimal):
        return None
    return {
        row: {name: f"{cell:f}" for name, cell in cells.items()} for row, cells in value.items()
    }


# ---------------------------------------------------------------------------
# Between two days


def changes_between(before: date, after: date) -> list[ParameterChange]:
    """Every figure of the files that differs between two days, by parameter, row and column."""
    policies = (policy.parameter_set().on(before), policy.parameter_set().on(after))
    science = (science_parameters().on(before), science_parameters().on(after))
    return [
        change
        for parameter in every_parameter().values()
        for change in _changes(
            parameter, *(policies if parameter.id in policy.parameter_set() else science)
        )
    ]


def _changes(
    parameter: DatedParameter, before: Parameters, after: Parameters
) -> Iterator[ParameterChange]:
    old, new = _value(parameter.id, before), _value(parameter.id, after)
    if old == new:
        return
    if not isinstance(old, Decimal) and not isinstance(new, Decimal):
        yield from _cells(parameter, old or NO_CELLS, new or NO_CELLS)
        return
    yield ParameterChange(
        id=parameter.id,
        title=parameter.title,
        row=None,
        column=None,
        unit=parameter.unit,
        before=_text(old),
        after=_text(new),
    )


def _value(parameter_id: str, parameters: Parameters) -> Value | None:
    return parameters.in_force(parameter_id).value if parameter_id in parameters else None


def _text(value: Value | None) -> str | None:
    return f"{value:f}" if isinstance(value, Decimal) else None


def _cells(parameter: DatedParameter, old: Cells, new: Cells) -> Iterator[ParameterChange]:
    for row in dict.fromkeys([*old, *new]):
        then, now = old.get(row, {}), new.get(row, {})
        for column in dict.fromkeys([*then, *now]):
            if then.get(column) != now.get(column):
                yield ParameterChange(
                    id=parameter.id,
                    title=parameter.title,
                    row=parameter.rows[row],
                    column=parameter.columns[column].title,
                    unit=parameter.columns[column].unit,
                    before=_text(then.get(column)),
                    after=_text(now.get(column)),
                )
