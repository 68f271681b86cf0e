"""Asking a model: inputs and prices in, whole fen and a printable result out. Pure and picklable."""

import hashlib
import json
import logging
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

import numpy as np

from app.appraisal.domain.catalogue import find_model, parameters_on
from app.appraisal.domain.findings import named
from app.kernel.money import Money
from app.kernel.units import facts_named
from risk_models.appraise import component_fen, to_fen
from risk_models.batches import InvalidInputs, batch_from_rows
from risk_models.contract import Basis, Finding, Model, ModelSpec, Price, Prices, Result
from risk_models.dated import InForce, ParameterNotInForce
from risk_models.registry import science_parameters
from risk_models.runner import MOST_YUAN, value
from risk_models.words import Text, with_facts

LOGGER: Final = logging.getLogger(__name__)

Inputs = Mapping[str, Any]
PriceFacts = Mapping[str, Any]
"""A price as it is stored: `yuan`, `unit`, `growth` as text, `priced_on`, `source`."""

NO_MODEL: Final = Text(en="The model %(model)s is not installed.", zh="未安装评估模型%(model)s。")
NO_VALUE: Final = Text(en="The model gave no value.", zh="模型未给出价值。")
BROKEN: Final = Text(
    en="The model failed on these inputs (%(kind)s). Ask the maintainers.",
    zh="模型无法处理这些输入（%(kind)s），请联系维护人员。",
)
MAX_VALUE_FEN: Final = to_fen(MOST_YUAN)
"""Ten trillion yuan, the most that a model gives: more is a slip of the unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why there is no value: the code, the input, and words in both languages."""

    code: str
    field: str
    en: str
    zh: str

    def as_json(self) -> dict[str, str]:
        """As it is stored with the asset of a run."""
        return {"code": self.code, "field": self.field, "en": self.en, "zh": self.zh}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A question to one model: rows of inputs on a day under one snapshot of prices."""

    model_id: str
    on: date
    rows: Sequence[Inputs]
    prices: Mapping[str, PriceFacts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Whole fen by row, None where a problem says why."""

    model_version: str
    basis_digest: str
    value_fen: Sequence[int | None]
    problems: Mapping[int, Problem]


@dataclass(frozen=True, slots=True, kw_only=True)
class Appraised:
    """One asset's value with all that a reader of the report needs."""

    model_version: str
    basis_digest: str
    value_fen: int | None
    result: dict[str, Any]
    refusals: Sequence[Problem] = field(default_factory=tuple)


# ---------------------------------------------------------------------------
# What is stored: exact texts, one digest


def canonical(value: Any) -> str:
    """JSON with one spelling."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(value: Any) -> str:
    """SHA-256 over the one spelling."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def stored_inputs(spec: ModelSpec, inputs: Inputs) -> dict[str, Any]:
    """Inputs as they are stored: numbers as text, empty ones left out, so that no engine respells them."""
    numbers = {each.name for each in spec.fields if each.kind in {"number", "integer"}}
    series = {each.name for each in spec.fields if each.kind == "series"}
    kept: dict[str, Any] = {}
    for name, given in inputs.items():
        if given is None or given in ("", []):
            continue
        if name in numbers:
            kept[name] = _number_text(given)
        elif name in series and isinstance(given, list | tuple):
            kept[name] = [_number_text(each) for each in given]
        else:
            kept[name] = given
    return kept


def _number_text(given: Any) -> Any:
    if isinstance(given, bool) or not isinstance(given, int | float | Decimal):
        return given
    return f"{given:f}" if isinstance(given, Decimal) else repr(given)


def price_facts(price: Price) -> dict[str, Any]:
    """A price as it is stored."""
    return {
        "yuan": repr(price.yuan),
        "unit": price.unit,
        "growth": repr(price.growth),
        "curve": None if price.curve is None else [repr(each) for each in price.curve],
        "source": price.source,
        "priced_on": None if price.priced_on is None else price.priced_on.isoformat(),
    }


def price_of(facts: PriceFacts) -> Price:
    """The price that was stored."""
    curve, priced_on = facts.get("curve"), facts.get("priced_on")
    return Price(
        yuan=float(facts["yuan"]),
        unit=facts["unit"],
        growth=float(facts.get("growth") or 0.0),
        curve=None if curve is None else tuple(float(each) for each in curve),
        source=facts.get("source", ""),
        priced_on=None if priced_on is None else date.fromisoformat(priced_on),
    )


def basis_on(spec: ModelSpec, on: date, prices: Mapping[str, PriceFacts]) -> Basis:
    """The whole "as of" of a valuation, with only the prices that the model may read."""
    known = {key: price_of(facts) for key, facts in prices.items() if key in spec.price_ids}
    return Basis(on=on, parameters=parameters_on(on), prices=Prices(known))


def money_text(fen: int) -> str:
    """Whole fen as they are stored: yuan with two decimals."""
    return Money(fen).yuan


def fen_of(yuan: str | None) -> int | None:
    """Stored yuan as whole fen; None stays what it is."""
    return None if yuan is None else Money.parse(yuan).fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What was recorded of an asset from a day on."""

    id: str
    valid_from: date
    overrides: Inputs


def laid_over(
    base: Inputs, recorded: Sequence[Recorded], *, valued_on: date, on: date
) -> tuple[dict[str, Any], list[str]]:
    """The inputs of an appraisal with what was recorded after its day and up to a day, in that order.

    Gives also the ids of the records that count. What the appraiser saw on his day is in his inputs.
    """
    used = [each for each in recorded if valued_on < each.valid_from <= on]
    merged = dict(base)
    for each in sorted(used, key=lambda record: (record.valid_from, record.id)):
        merged |= each.overrides
    return merged, [each.id for each in used]


# ---------------------------------------------------------------------------
# Many assets


def value_many(ask: Ask) -> Answer:
    """Values every row by one call of the model; a row that fails carries its problem and stops no other."""
    model = find_model(ask.model_id)
    if model is None:
        problem = told_problem("no-model", "", NO_MODEL, {"model": ask.model_id})
        return _all_failed(ask, problem, version="", basis_digest="")
    basis = basis_on(model.spec, ask.on, ask.prices)
    figures: dict[int, int] = {}
    problems: dict[int, Problem] = {}
    _value_rows(model, basis, ask.rows, list(range(len(ask.rows))), figures, problems)
    return Answer(
        model_version=model.spec.version,
        basis_digest=basis.digest,
        value_fen=[figures.get(row) for row in range(len(ask.rows))],
        problems=problems,
    )


def _all_failed(ask: Ask, problem: Problem, *, version: str, basis_digest: str) -> Answer:
    return Answer(
        model_version=version,
        basis_digest=basis_digest,
        value_fen=[None] * len(ask.rows),
        problems=dict.fromkeys(range(len(ask.rows)), problem),
    )


def _value_rows(
    model: Model,
    basis: Basis,
    rows: Sequence[Inputs],
    places: list[int],
    figures: dict[int, int],
    problems: dict[int, Problem],
) -> None:
    """Value the rows at some places; unreadable rows leave first, a failing model is asked for halves."""
    try:
        batch = batch_from_rows(model.spec, [rows[place] for place in places], basis.parameters)
    except InvalidInputs as refusal:
        for each in refusal.problems:
            problems.setdefault(
                places[each.row], told_problem(each.code, each.field, each.detail, {})
            )
        rest = [place for place in places if place not in problems]
        if rest:
            _value_rows(model, basis, rows, rest, figures, problems)
        return
    except ParameterNotInForce as failure:
        problems.update(dict.fromkeys(places, failure_problem(failure)))
        return
    try:
        with np.errstate(all="ignore"):
            result = value(model, batch, basis)
    except Exception as failure:  # noqa: BLE001 - one asset that breaks a model must not stop the others
        if len(places) == 1:
            problems[places[0]] = failure_problem(failure)
            return
        half = len(places) // 2
        _value_rows(model, basis, rows, places[:half], figures, problems)
        _value_rows(model, basis, rows, places[half:], figures, problems)
        return
    _collect(result, places, figures, problems)


def _collect(
    result: Result, places: list[int], figures: dict[int, int], problems: dict[int, Problem]
) -> None:
    for found in result.findings:
        if found.severity == "refuse":
            for at, row in enumerate(found.rows):
                problems.setdefault(places[int(row)], found_problem(found, at))
    for row, place in enumerate(places):
        if place in problems:
            continue
        yuan = float(result.value[row])
        if not math.isfinite(yuan):
            problems[place] = told_problem("no-value", "", NO_VALUE, {})
        else:
            figures[place] = to_fen(yuan)


def failure_problem(failure: Exception) -> Problem:
    """Why a model gave nothing at all: a parameter without a value on the day, or a fault of its own."""
    if isinstance(failure, ParameterNotInForce):
        return told_problem("parameter-not-in-force", "", failure.detail, {})
    return told_problem("model-failed", "", BROKEN, {"kind": type(failure).__name__})


def told_problem(code: str, name: str, words: Text, facts: Mapping[str, object]) -> Problem:
    """A problem at a field with its words filled in."""
    en, zh = (
        _filled(template, facts_named(facts, language))
        for template, language in ((words.en, "en"), (words.zh, "zh"))
    )
    return Problem(code=code, field=name, en=en, zh=zh)


def found_problem(found: Finding, at: int) -> Problem:
    """A finding about one of its rows."""
    return told_problem(found.code, found.field, found.detail, finding_facts(found, at))


def finding_facts(found: Finding, at: int) -> dict[str, object]:
    """The facts of a finding for one of its rows, as plain values."""
    return {name: values[at].item() for name, values in found.facts.items()}


def _filled(template: str, facts: Mapping[str, object]) -> str:
    """Words with their facts; a template that does not fit stays readable."""
    try:
        return with_facts(template, facts)
    except KeyError:
        return template


# ---------------------------------------------------------------------------
# One asset, with everything a reader needs


def appraise_one(
    model: Model, inputs: Inputs, prices: Mapping[str, PriceFacts], on: date
) -> Appraised:
    """Value one asset and keep its steps, components, findings and the parameters it stood on."""
    spec = model.spec
    basis, read = basis_on(spec, on, prices), set[str]()
    # What no longer or not yet counts on the day is known all the same, and refused as such.
    watched = basis.parameters.only([each.id for each in science_parameters()], read)
    try:
        batch = batch_from_rows(spec, [inputs], basis.parameters)
        with np.errstate(all="ignore"):
            result = value(model, batch, replace(basis, parameters=watched), trace=True)
    except InvalidInputs as refusal:
        found = [told_problem(each.code, each.field, each.detail, {}) for each in refusal.problems]
        return _refused(spec, basis, found)
    except ParameterNotInForce as failure:
        return _refused(spec, basis, [failure_problem(failure)])
    except Exception as failure:
        # What breaks a model is told as in a batch; who mends the model needs the trace.
        LOGGER.exception("the model %s failed", spec.id)
        return _refused(spec, basis, [failure_problem(failure)])
    refusals = [found_problem(each, 0) for each in result.findings if each.severity == "refuse"]
    if refusals or not math.isfinite(result.value[0]):
        return _refused(spec, basis, refusals or [told_problem("no-value", "", NO_VALUE, {})])
    return Appraised(
        model_version=spec.version,
        basis_digest=basis.digest,
        value_fen=to_fen(result.value[0]),
        result=result_json(spec, basis, result, rows_read(spec, inputs, read)),
    )


def rows_read(spec: ModelSpec, inputs: Inputs, read: Collection[str]) -> dict[str, str]:
    """The parameters that a run read, in their order; of a table that a choice names a row of, that row."""
    chosen = {each.choices_from: inputs.get(each.name) for each in spec.fields if each.choices_from}
    return {each: str(chosen.get(each) or "") for each in spec.parameters if each in read}


def _refused(spec: ModelSpec, basis: Basis, refusals: Iterable[Problem]) -> Appraised:
    return Appraised(
        model_version=spec.version,
        basis_digest=basis.digest,
        value_fen=None,
        result={},
        refusals=tuple(refusals),
    )


def result_json(
    spec: ModelSpec, basis: Basis, result: Result, rows: Mapping[str, str]
) -> dict[str, Any]:
    """The result of one row as it is stored and shown; money as text, other figures as the model gave them.

    `rows` are the parameters that it stands on, each with the row of its table where that is known.
    """
    return {
        "model": spec.id,
        "version": spec.version,
        "valued_on": basis.on.isoformat(),
        "basis_digest": basis.digest,
        "value_yuan": money_text(to_fen(result.value[0])),
        "components": {name: money_text(part) for name, part in component_fen(result).items()},
        "approaches": {name: _approach(result, name) for name in result.approaches},
        "quantities": {
            name: {"value": _plain(column[0]), "unit": unit}
            for name, (column, unit) in result.quantities.items()
        },
        "findings": named([_finding_json(each) for each in result.findings]),
        "trace": [_step_json(each) for each in result.trace],
        "parameters": [
            _parameter_json(basis, each, row)
            for each, row in rows.items()
            if each in basis.parameters
        ],
    }


def with_findings(found: Appraised, more: Sequence[Mapping[str, str]]) -> Appraised:
    """A result with findings that the model cannot make."""
    findings = named([*found.result["findings"], *more])
    return replace(found, result={**found.result, "findings": findings})


def with_more(found: Appraised, more: Mapping[str, Any]) -> Appraised:
    """A result with what is kept beside the value, such as its band."""
    return replace(found, result={**found.result, **more})


def _approach(result: Result, name: str) -> dict[str, Any]:
    worth, weight = result.approaches[name][0], result.weights[name][0]
    code = int(result.reason[0])
    reason = result.reasons[code] if 0 <= code < len(result.reasons) else None
    return {
        "value_yuan": money_text(to_fen(worth)) if math.isfinite(worth) else None,
        "weight": _plain(weight),
        "reason": None if reason is None else {"en": reason.en, "zh": reason.zh},
    }


def _plain(figure: float) -> str | None:
    return repr(float(figure)) if math.isfinite(figure) else None


def _finding_json(found: Finding) -> dict[str, Any]:
    facts = finding_facts(found, 0) if found.rows.size else {}
    return {
        "code": found.code,
        "field": found.field,
        "severity": found.severity,
        "en": _filled(found.detail.en, facts_named(facts, "en")),
        "zh": _filled(found.detail.zh, facts_named(facts, "zh")),
    }


def _step_json(each: Any) -> dict[str, Any]:
    return {
        "name": each.name,
        "title": {"en": each.title.en, "zh": each.title.zh},
        "formula": each.formula,
        "unit": each.unit,
        "reference": each.reference,
        "inputs": {name: _traced(given) for name, given in each.inputs.items()},
        "value": _traced(each.value),
    }


def _traced(given: Any) -> Any:
    if isinstance(given, list):
        return [repr(each) for each in given]
    return given if isinstance(given, str) else repr(given)


def traced_figure(stored: Any) -> float | str | list[float]:
    """A figure of a stored step: a number, a row of numbers, or words such as a day."""
    if isinstance(stored, list):
        return [float(each) for each in stored]
    try:
        return float(stored)
    except (TypeError, ValueError):
        return str(stored)


def _parameter_json(basis: Basis, parameter_id: str, row: str) -> dict[str, Any]:
    found = basis.parameters.in_force(parameter_id)
    scalar = isinstance(found.value, Decimal)
    return {
        **_row_json(found, row),
        "id": parameter_id,
        "en": found.parameter.title.en,
        "zh": found.parameter.title.zh,
        "value": f"{found.value:f}" if scalar else None,
        "unit": found.parameter.unit,
        "status": found.parameter.status,
        "since": found.since.isoformat(),
        "reference": found.reference.title,
        "source": found.reference.source,
    }


def _row_json(found: InForce, row: str) -> dict[str, Any]:
    """The row of a table that a choice named, with its cells; nothing for a number."""
    parameter, cells = found.parameter, found.value
    if isinstance(cells, Decimal) or row not in cells:
        return {}
    titles = {name: parameter.columns[name] for name in cells[row]}
    return {
        "row": {"en": parameter.rows[row].en, "zh": parameter.rows[row].zh},
        "cells": [
            {
                "en": titles[name].title.en,
                "zh": titles[name].title.zh,
                "value": f"{cell:f}",
                "unit": titles[name].unit,
            }
            for name, cell in cells[row].items()
        ],
    }
