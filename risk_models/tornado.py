"""The tornado of one row: its value when one input, price or parameter moves alone."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from risk_models.contract import Basis, Batch, Field, Floats, Model, Stress
from risk_models.runner import value

__all__ = ["ENTERED_FACTORS", "PRICE_FACTORS", "Bar", "tornado"]

PRICE_FACTORS: Final = (0.8, 1.2)
"""How far a tornado moves each price: a fifth, about the yearly move of a calm carbon market."""

ENTERED_FACTORS: Final = (0.9, 1.1)
"""How far a tornado moves an entered price or income without a range of its own: a tenth."""


SHARE_DIGITS: Final = 4
"""Digits of the shares by which a range moves: it is stated in whole figures around its example."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar of a tornado: the value when one input, price or parameter moves alone.

    `kind` is field, price, parameter, or list: a series moved as a whole, whose ends are factors.
    """

    kind: str
    name: str
    low: float
    high: float
    value_at_low: float
    value_at_high: float

    @property
    def width(self) -> float:
        return abs(self.value_at_high - self.value_at_low)


def tornado(model: Model, row: Batch, basis: Basis) -> tuple[float, tuple[Bar, ...]]:
    """The base value of one row and a bar for each field, price and parameter that may vary."""
    base = float(value(model, row, basis).value[0])
    bars = [*_field_bars(model, row, basis), *_price_bars(model, row, basis)]
    bars += _parameter_bars(model, row, basis)
    return base, tuple(sorted(bars, key=lambda bar: -np.nan_to_num(bar.width)))


def _field_bars(model: Model, row: Batch, basis: Basis) -> list[Bar]:
    """Both ends of all fields as rows of one batch: a run costs the same for one row as for many."""
    moves = [_move(field, row) for field in model.spec.fields if _may_move(field, row)]
    if not moves:
        return []
    batch = row.take(np.zeros(2 * len(moves), dtype=np.int32))
    columns = dict(batch.columns)
    for place, (field, _ends, pair) in enumerate(moves):
        column = np.array(columns[field.name], dtype=np.float64)
        column[2 * place : 2 * place + 2] = pair
        columns[field.name] = column
    values = value(model, replace(batch, columns=columns), basis).value.reshape(-1, 2)
    return [
        _bar("list" if field.kind == "series" else "field", field.name, ends, at_low, at_high)
        for (field, ends, _pair), (at_low, at_high) in zip(moves, values, strict=True)
    ]


def _may_move(field: Field, row: Batch) -> bool:
    """Whether a field has a range or is taken from the market, and is given."""
    return bool((field.vary or field.market) and not np.isnan(row.numbers(field.name).flat[0]))


def _move(field: Field, row: Batch) -> tuple[Field, tuple[float, float], Floats]:
    """A field, its ends as its bar shows them, and what it is at both."""
    given = row.numbers(field.name)
    if field.kind == "series":
        return field, ENTERED_FACTORS, given * np.array(ENTERED_FACTORS)[:, np.newaxis]
    ends = _ends(field, float(given[0]))
    return field, ends, np.array(ends)


def _ends(field: Field, given: float) -> tuple[float, float]:
    """The range of a field around what is given.

    A range is stated around the field's example. What lies outside of it, such as the area of a
    smaller forest, moves by the same shares as the example does.
    """
    low, high = field.vary or (given * ENTERED_FACTORS[0], given * ENTERED_FACTORS[1])
    example = field.example
    if low <= given <= high or isinstance(example, str) or not isinstance(example, int | float):
        return low, high
    if not example:
        return low, high
    return given * round(low / example, SHARE_DIGITS), given * round(high / example, SHARE_DIGITS)


def _price_bars(model: Model, row: Batch, basis: Basis) -> list[Bar]:
    bars = []
    for price_id in model.spec.price_ids:
        if price_id not in basis.prices:
            continue
        ends = [
            value(model, row, basis, stress=Stress(prices={price_id: factor})).value[0]
            for factor in PRICE_FACTORS
        ]
        yuan = basis.prices[price_id].yuan
        low, high = (yuan * factor for factor in PRICE_FACTORS)
        bars.append(_bar("price", price_id, (low, high), *ends))
    return bars


def _parameter_bars(model: Model, row: Batch, basis: Basis) -> list[Bar]:
    bars = []
    for parameter_id in model.spec.parameters:
        parameter = basis.parameters.in_force(parameter_id).parameter
        if parameter.low is None or parameter.high is None:
            continue
        number = basis.parameters.number(parameter_id)
        low, high = number * parameter.low, number * parameter.high
        ends = [
            value(model, row, basis, stress=Stress(parameters={parameter_id: moved})).value[0]
            for moved in (low, high)
        ]
        bars.append(_bar("parameter", parameter_id, (low, high), *ends))
    return bars


def _bar(kind: str, name: str, ends: tuple[float, float], at_low: float, at_high: float) -> Bar:
    return Bar(
        kind=kind,
        name=name,
        low=ends[0],
        high=ends[1],
        value_at_low=float(at_low),
        value_at_high=float(at_high),
    )
