"""Many assets in one call of a model, with everything that stands against each row. Pure and picklable."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from app.appraisal.domain.catalogue import find_model
from app.appraisal.domain.valuing import (
    NO_MODEL,
    NO_VALUE,
    Inputs,
    PriceFacts,
    Problem,
    basis_on,
    failure_problem,
    found_problem,
    told_problem,
)
from risk_models.appraise import component_fen, to_fen
from risk_models.batches import read_rows
from risk_models.contract import Basis, Batch, Model, Result, Stress
from risk_models.dated import ParameterNotInForce
from risk_models.runner import value

__all__ = ["Portfolio", "RowValue", "value_portfolio"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """A question to one model about many assets on a day, in the world of a stress or as it is."""

    model_id: str
    on: date
    rows: Sequence[Inputs]
    prices: Mapping[str, PriceFacts]
    stress: Stress | None = None


@dataclass(slots=True, kw_only=True)
class RowValue:
    """What a model says of one row, in fen: a value with its parts, or why there is none.

    `findings` are what it asks for an explanation of or notes; they stop nothing.
    """

    value_fen: int | None = None
    components: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    findings: list[Problem] = field(default_factory=list)


def value_portfolio(asked: Portfolio) -> list[RowValue]:
    """Value every row by one call of the model; a row that cannot be valued stops no other."""
    found = [RowValue() for _ in asked.rows]
    model = find_model(asked.model_id)
    if model is None:
        return _failed(found, told_problem("no-model", "", NO_MODEL, {"model": asked.model_id}))
    basis = basis_on(model.spec, asked.on, asked.prices)
    try:
        read = read_rows(model.spec, asked.rows, basis.parameters)
    except ParameterNotInForce as failure:
        return _failed(found, failure_problem(failure))
    for row, problems in read.problems.items():
        found[row].problems = [
            told_problem(each.code, each.field, each.detail, {}) for each in problems
        ]
    _value(model, read.batch, basis, asked.stress, [found[row] for row in read.rows])
    return found


def _failed(found: list[RowValue], problem: Problem) -> list[RowValue]:
    for each in found:
        each.problems.append(problem)
    return found


def _value(
    model: Model, batch: Batch, basis: Basis, stress: Stress | None, found: list[RowValue]
) -> None:
    """Value a batch; one that breaks the model is asked for in halves until the broken row stands alone."""
    if not found:
        return
    try:
        with np.errstate(all="ignore"):
            result = value(model, batch, basis, stress=stress)
    except Exception as failure:  # noqa: BLE001 - one asset that breaks a model must not stop the others
        if len(found) == 1:
            found[0].problems.append(failure_problem(failure))
            return
        half = len(found) // 2
        rows = np.arange(len(found), dtype=np.int32)
        _value(model, batch.take(rows[:half]), basis, stress, found[:half])
        _value(model, batch.take(rows[half:]), basis, stress, found[half:])
        return
    _collect(result, found)


def _collect(result: Result, found: list[RowValue]) -> None:
    for each in result.findings:
        for at, row in enumerate(each.rows):
            kept = found[int(row)]
            listed = kept.problems if each.severity == "refuse" else kept.findings
            listed.append(found_problem(each, at))
    for row, kept in enumerate(found):
        yuan = float(result.value[row])
        if kept.problems:
            continue
        if not math.isfinite(yuan):
            kept.problems.append(told_problem("no-value", "", NO_VALUE, {}))
        else:
            kept.value_fen = to_fen(yuan)
            kept.components = component_fen(result, row)
