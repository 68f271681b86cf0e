"""Printed steps can be worked out again from what is printed, by a reader or by this module."""

import ast
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.contract import Step, Traced
from risk_models.student import student_t
from risk_models.words import plain

__all__ = [
    "DAYS_A_YEAR",
    "DIGITS",
    "FormulaError",
    "cumulative",
    "evaluate",
    "interpolated",
    "placed",
    "recompute",
    "whole_years",
]

DAYS_A_YEAR: Final = 365.25
"""Years between two days, as everywhere in the models: days / 365.25, smooth from day to day."""

TOLERANCE: Final = 1e-9
"""Relative gap between a printed value and its formula worked out again."""

DIGITS: Final = 12
"""Digits of a figure in the words of a gap: the gaps that count show in them."""

SMALLEST: Final = 1e-9
"""Below this a printed value is nothing but rounding."""

Number = float | npt.NDArray[np.float64] | str

BINARY: Final[Mapping[type[ast.operator], Callable[[Number, Number], Number]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
COMPARED: Final[Mapping[type[ast.cmpop], Callable[[Number, Number], object]]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def cumulative(
    yearly: npt.NDArray[np.float64], at: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """What has added up after `at` years [P, T], each year of `yearly` [P, Y] adding up evenly.

    Nothing adds up before year 0 or after the series ends; NaN counts as ended.
    """
    amounts = np.nan_to_num(yearly)
    total = np.zeros(at.shape)
    for year in range(amounts.shape[1]):
        total = total + amounts[:, year, np.newaxis] * np.clip(at - year, 0.0, 1.0)
    return np.asarray(total)


def interpolated(
    entries: npt.NDArray[np.float64], at: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """A table [P, E] read at places [P, T]: nothing at 0, its first entry at 1, straight between.

    After the last entry it stays flat; NaN counts as ended.
    """
    return cumulative(np.diff(entries, axis=1, prepend=0.0), at)


def placed(
    amounts: npt.NDArray[np.float64], at: npt.NDArray[np.float64], year: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """The amounts [P, K] by year [P, T]: each counts in the year that equals its `at` [P, K].

    NaN counts as no amount.
    """
    total = np.zeros(np.broadcast_shapes((len(amounts), 1), year.shape))
    for column in range(amounts.shape[1]):
        due = year == at[:, column, np.newaxis]
        total = total + due * np.nan_to_num(amounts[:, column, np.newaxis])
    return np.asarray(total)


def whole_years(
    since: npt.NDArray[np.datetime64], until: npt.NDArray[np.datetime64]
) -> npt.NDArray[np.float64]:
    """Calendar years completed between days [n]: anniversaries of `since` up to and with `until`.

    Below zero when `until` lies before. 29 February has its anniversary on 1 March.
    """
    begun = until.astype("datetime64[Y]").astype(np.int64)
    begun = begun - since.astype("datetime64[Y]").astype(np.int64)
    return np.asarray(begun - (_place(until) < _place(since)), dtype=np.float64)


def _place(day: npt.NDArray[np.datetime64]) -> npt.NDArray[np.int64]:
    """A number that orders the days within any year."""
    month = day.astype("datetime64[M]")
    number = (month - day.astype("datetime64[Y]").astype("datetime64[M]")).astype(np.int64)
    return np.asarray(number * 31 + (day - month.astype("datetime64[D]")).astype(np.int64))


class FormulaError(ValueError):
    """A formula that is not plain arithmetic over its named inputs."""


def _years(since: str, until: str) -> float:
    return (date.fromisoformat(until) - date.fromisoformat(since)).days / DAYS_A_YEAR


def _whole_years(since: str, until: str) -> float:
    return float(
        whole_years(np.array([since], "datetime64[D]"), np.array([until], "datetime64[D]"))[0]
    )


def _cumulative(
    yearly: npt.NDArray[np.float64], at: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    table = np.atleast_1d(yearly)[np.newaxis]
    return np.asarray(cumulative(table, np.atleast_1d(at)[np.newaxis])[0], dtype=np.float64)


def _placed(
    amounts: npt.NDArray[np.float64], at: npt.NDArray[np.float64], year: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    rows = [np.atleast_1d(entry)[np.newaxis] for entry in (amounts, at, year)]
    return np.asarray(placed(*rows)[0], dtype=np.float64)


def _interpolated(
    entries: npt.NDArray[np.float64], at: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    table = np.atleast_1d(entries)[np.newaxis]
    return np.asarray(interpolated(table, np.atleast_1d(at)[np.newaxis])[0], dtype=np.float64)


FUNCTIONS: Final[Mapping[str, Callable[..., Number]]] = {
    "sum": lambda values: float(np.sum(values)),
    "min": np.minimum,
    "max": np.maximum,
    "floor": np.floor,
    "exp": np.exp,
    "years": _years,
    "whole_years": _whole_years,
    "cumulative": _cumulative,
    "interpolated": _interpolated,
    "student_t": lambda probability, freedom: student_t(float(probability), float(freedom)),
    "placed": _placed,
}


def evaluate(formula: str, inputs: Mapping[str, Traced]) -> Number:
    """Works a formula out of numbers, lists and days; anything but arithmetic is refused."""
    names = {
        name: np.asarray(value) if isinstance(value, list) else value
        for name, value in inputs.items()
    }
    try:
        return _evaluate(ast.parse(formula, mode="eval").body, names)
    except (SyntaxError, TypeError) as problem:
        raise FormulaError(f"{formula}: {problem}") from problem


def _evaluate(node: ast.expr, names: Mapping[str, Number]) -> Number:
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return np.negative(np.asarray(_evaluate(inner, names), dtype=np.float64))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in BINARY:
            return BINARY[type(op)](_evaluate(left, names), _evaluate(right, names))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARED:
            held = COMPARED[type(op)](_evaluate(left, names), _evaluate(right, names))
            return np.asarray(held, dtype=np.float64)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in FUNCTIONS:
            return FUNCTIONS[name](*(_evaluate(argument, names) for argument in args))
        case _:
            raise FormulaError(f"{ast.unparse(node)}: not arithmetic over the printed inputs")


def recompute(trace: Sequence[Step]) -> list[str]:
    """What does not follow from the printed inputs: nothing, when the trace is sound."""
    return [problem for step in trace for problem in _problems(step)]


def _problems(step: Step) -> list[str]:
    try:
        again = np.asarray(evaluate(step.formula, step.inputs), dtype=np.float64).reshape(-1)
    except FormulaError as problem:
        return [f"{step.name}: {problem}"]
    printed = np.asarray(step.value, dtype=np.float64).reshape(-1)
    if len(again) == 1 and len(printed) > 1:
        again = np.broadcast_to(again, printed.shape)
    if again.shape != printed.shape:
        return [f"{step.name}: {len(printed)} values printed, {len(again)} worked out"]
    gaps = np.abs(again - printed) > TOLERANCE * np.maximum(np.abs(printed), _unit_of(step))
    worst = int(np.argmax(np.abs(again - printed))) if len(printed) else 0
    if not np.any(gaps):
        return []
    told, found = (plain(float(each[worst]), DIGITS) for each in (printed, again))
    return [f"{step.name}: printed {told}, {step.formula} gives {found}"]


def _unit_of(step: Step) -> float:
    """A plain sum that cancels is judged against its largest term, not against its small total."""
    if any(sign in step.formula for sign in "*/("):
        return SMALLEST
    sizes = [abs(value) for value in step.inputs.values() if isinstance(value, float)]
    return max([SMALLEST, *(size for size in sizes if math.isfinite(size))])
