"""The border: plain documents in, plain documents out, money rounded to fen here and only here."""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import numpy as np

from risk_models.batches import InvalidInputs, batch_from_rows, choices_of, finding
from risk_models.contract import (
    Basis,
    Batch,
    Condition,
    Field,
    Finding,
    Floats,
    Model,
    ModelSpec,
    Price,
    Prices,
    Result,
    Step,
)
from risk_models.dated import ParameterNotInForce, Parameters
from risk_models.documents import DocumentProblem, InvalidDocument, object_at, require_known, shown
from risk_models.engines.paths import MOST_PATHS
from risk_models.engines.scenarios import Simulation
from risk_models.readings import MOST_SOURCE, is_plain_text, read_day, read_number
from risk_models.registry import get_model, science_parameters
from risk_models.runner import value
from risk_models.units import unit_words
from risk_models.words import Text

__all__ = [
    "LEAST_PATHS",
    "InvalidDocument",
    "ModelFailed",
    "appraise",
    "basis_on",
    "component_fen",
    "fen_text",
    "finding_detail",
    "prices_in_force",
    "result_json",
    "spec_json",
    "to_fen",
    "yuan_text",
]

CENT: Final = Decimal("0.01")
PRICE_PREFIX: Final = "price."
MOST_TOLD: Final = 20
"""Wrong fields named at once; who corrects them sees the next."""

LEAST_PATHS: Final = 100
"""Below it fewer than five paths lie under the 5 % quantile, and another seed gives another band."""

NOTHING_MOVES: Final = Text(
    en="Paths move prices of days after the valuation day, and none of those counts in this value;"
    " prices of the day itself stand as they are. So there is no low, middle and high value.",
    zh="路径只影响评估基准日之后的价格，该价值不含此类价格（当日价格按原值计入），因此没有低、中、高值。",
)
UNKNOWN_MOVE: Final = Text(
    en="There is no low, middle and high value, since it is not stated how a price moves. %(reason)s",
    zh="未规定某一价格如何波动，因此没有低、中、高值。%(reason)s",
)

MOST_GROWTH: Final = 0.5
"""A price that grows by half each year is a slip of the unit, not an expectation."""


def to_fen(yuan: float) -> int:
    """Whole fen, rounded half-up, away from zero."""
    return int(Decimal(repr(float(yuan))).scaleb(2).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def fen_text(fen: int) -> str:
    """Whole fen as yuan with two decimals."""
    return str((Decimal(fen) / 100).quantize(CENT))


def yuan_text(yuan: float) -> str | None:
    """Yuan with two decimals, or None for a refused row."""
    return None if math.isnan(yuan) else fen_text(to_fen(yuan))


# ---------------------------------------------------------------------------
# The basis


def prices_in_force(parameters: Parameters) -> dict[str, Price]:
    """The prices the parameter files state for the day: ids `price.<price id>` in yuan."""
    found: dict[str, Price] = {}
    for parameter_id in parameters:
        entry = parameters.in_force(parameter_id)
        if parameter_id.startswith(PRICE_PREFIX) and entry.parameter.unit.startswith("yuan/"):
            found[parameter_id.removeprefix(PRICE_PREFIX)] = Price(
                yuan=parameters.number(parameter_id),
                unit=entry.parameter.unit,
                source=entry.reference.title,
                priced_on=entry.since,
            )
    return found


def basis_on(on: date, prices: Mapping[str, Price], parameters: Parameters | None = None) -> Basis:
    """The basis of a day; prices not given come from the parameter files."""
    in_force = parameters or science_parameters().on(on)
    return Basis(on=on, parameters=in_force, prices=Prices({**prices_in_force(in_force), **prices}))


def _prices(spec: ModelSpec, raw: object, on: date) -> dict[str, Price]:
    entries = object_at(raw, "/prices")
    strangers = sorted(set(entries) - set(spec.price_ids))
    if strangers:
        reads = ", ".join(spec.price_ids)
        raise InvalidDocument.at(
            "/prices",
            en=f"{spec.id} reads no price {shown(strangers)}; "
            + (f"it reads {reads}." if reads else "it reads none."),
            zh=f"{spec.title.zh}不使用价格{shown(strangers)}，"
            + (f"可用：{reads}。" if reads else "且不使用任何价格。"),
        )
    return {price_id: _price(price_id, entry, on) for price_id, entry in entries.items()}


def _price(price_id: str, raw: object, on: date) -> Price:
    """A stated price; without a day of its own it is that of the valuation day."""
    here = f"/prices/{price_id}"
    entry = object_at(raw, here)
    require_known(entry, ("yuan", "unit", "growth", "source", "priced_on"), here)
    unit = entry.get("unit")
    if not isinstance(unit, str):
        raise InvalidDocument.at(
            f"{here}/unit", en="A text such as yuan/t is needed.", zh="须为文字，如yuan/t。"
        )
    yuan = _number(entry.get("yuan"), f"{here}/yuan")
    growth = _number(entry.get("growth", 0.0), f"{here}/growth")
    problems = []
    if yuan <= 0.0:
        words = Text(en="A price is above 0 yuan.", zh="价格须大于0元。")
        problems.append(DocumentProblem(pointer=f"{here}/yuan", detail=words, was_read=True))
    if abs(growth) > MOST_GROWTH:
        words = Text(
            en=f"The yearly growth lies within -{MOST_GROWTH:g} and {MOST_GROWTH:g}.",
            zh=f"年增长率须在-{MOST_GROWTH:g}至{MOST_GROWTH:g}之间。",
        )
        problems.append(DocumentProblem(pointer=f"{here}/growth", detail=words, was_read=True))
    if problems:
        raise InvalidDocument(problems)
    return Price(
        yuan=yuan,
        unit=unit,
        growth=growth,
        source=_source(entry.get("source", ""), f"{here}/source"),
        priced_on=_priced_on(entry.get("priced_on"), f"{here}/priced_on", on),
    )


def _source(raw: object, pointer: str) -> str:
    if not isinstance(raw, str) or not is_plain_text(raw, MOST_SOURCE):
        raise InvalidDocument.at(
            pointer,
            en=f"State where the price comes from in one line of at most {MOST_SOURCE} characters.",
            zh=f"请用一行文字注明价格来源，最多{MOST_SOURCE}个字符，不含控制字符。",
        )
    return raw


def _priced_on(raw: object, pointer: str, on: date) -> date:
    if raw is None:
        return on
    try:
        day = read_day(raw)
    except ValueError:
        raise InvalidDocument.at(
            pointer, en="A day such as 2023-12-26 is needed.", zh="须为日期，如2023-12-26。"
        ) from None
    if day > on:
        raise InvalidDocument.at(
            pointer,
            en="The price is of a day after the valuation day.",
            zh="该价格日期晚于评估基准日。",
            was_read=True,
        )
    return day


def _number(raw: object, pointer: str) -> float:
    try:
        return read_number(raw)
    except ValueError:
        raise InvalidDocument.at(pointer, en="A number is needed.", zh="须为数字。") from None


# ---------------------------------------------------------------------------
# Appraise


class ModelFailed(RuntimeError):  # noqa: N818 - the name states the refusal, as the others do.
    """A model broke on inputs that it should have valued or refused; `__cause__` says how."""


def appraise(
    model_id: str,
    document: object,
    on: date,
    paths: int | None = None,
    seed: int | None = None,
    *,
    losses: bool = False,
    language: str = "en",
) -> dict[str, object]:
    """Values one asset given as `{"inputs": {...}, "prices": {...}}` on a day, with its trace.

    With `losses` each of the paths draws the year in which the stand is lost; the value stays expected.
    Raises InvalidDocument, ParameterNotInForce, and ModelFailed where the model itself breaks.
    """
    model = get_model(model_id)
    whole = object_at(document, "/document")
    require_known(whole, ("inputs", "prices"), "/document")
    stated = _prices(model.spec, whole.get("prices", {}), on)
    basis = basis_on(on, stated)
    inputs = object_at(whole.get("inputs", {}), "/inputs")
    try:
        batch = batch_from_rows(model.spec, [inputs], basis.parameters)
    except InvalidInputs as problem:
        raise InvalidDocument(_problems(problem)) from problem
    simulation = _simulation(paths, seed, losses=losses)
    try:
        result = _valued(model, batch, basis, simulation)
    except ParameterNotInForce:
        raise
    except Exception as failure:
        raise ModelFailed(model_id) from failure
    answer = result_json(model.spec, result, on, language=language)
    return {**answer, "prices": _prices_json(model.spec, basis, stated)}


def _valued(model: Model, batch: Batch, basis: Basis, simulation: Simulation | None) -> Result:
    """The value of one row; where paths were asked for and give no band, a note says why."""
    if simulation is None:
        return value(model, batch, basis, trace=True)
    try:
        result = value(model, batch, basis, simulation=simulation, trace=True)
    except ParameterNotInForce as unknown:
        # A price whose movement nobody has stated has no paths; the value stands without them.
        result = value(model, batch, basis, trace=True)
        words = UNKNOWN_MOVE.about(reason=unknown.detail)
        return _noted(result, "no-band", words)
    bare = result.low is None or math.isnan(result.low[0])
    return _noted(result, "no-band", NOTHING_MOVES) if bare and result.valid[0] else result


def _noted(result: Result, code: str, words: Text) -> Result:
    note = finding(code, "", np.ones(1, dtype=np.bool_), severity="note", detail=words)
    return replace(result, findings=(*result.findings, *note))


def _prices_json(
    spec: ModelSpec, basis: Basis, stated: Mapping[str, Price]
) -> dict[str, dict[str, object]]:
    """The prices a model was given, with their day and source."""
    return {
        price_id: {
            "yuan": basis.prices[price_id].yuan,
            "unit": basis.prices[price_id].unit,
            "growth": basis.prices[price_id].growth,
            "priced_on": None if day is None else day.isoformat(),
            "source": basis.prices[price_id].source,
            "stated": price_id in stated,
        }
        for price_id in spec.price_ids
        if price_id in basis.prices
        for day in (basis.prices[price_id].priced_on,)
    }


def _simulation(paths: int | None, seed: int | None, *, losses: bool) -> Simulation | None:
    if paths is None:
        return None
    try:
        # Fewer than the least are none: `Simulation` refuses them as it refuses too many.
        return Simulation(
            paths=paths if paths >= LEAST_PATHS else 0,
            seed=0 if seed is None else seed,
            hazard_paths=losses,
        )
    except ValueError as problem:
        raise InvalidDocument.at(
            "",
            en=f"The paths are from {LEAST_PATHS} to {MOST_PATHS:,}, and the seed is 0 or above.",
            zh=f"路径数须为{LEAST_PATHS}至{MOST_PATHS:,}，随机种子不得小于0。",
            was_read=True,
        ) from problem


def _problems(refusal: InvalidInputs) -> list[DocumentProblem]:
    return [
        DocumentProblem(pointer=f"/inputs/{shown([each.field])[1:-1]}", detail=each.detail)
        for each in refusal.problems[:MOST_TOLD]
    ]


def result_json(
    spec: ModelSpec, result: Result, on: date, *, row: int = 0, language: str = "en"
) -> dict[str, object]:
    """One row of a result as the stable JSON of the `appraise` command."""
    return {
        "model": spec.id,
        "version": spec.version,
        "valued_on": on.isoformat(),
        "value_yuan": yuan_text(result.value[row]),
        "low_yuan": _quantile(result.low, row),
        "mid_yuan": _quantile(result.mid, row),
        "high_yuan": _quantile(result.high, row),
        "approaches": _approaches(result, row, language),
        "components": _components(result, row),
        "quantities": {
            name: {"value": _plain(amount[row]), "unit": unit}
            for name, (amount, unit) in result.quantities.items()
        },
        "trace": [_step_json(step) for step in result.trace],
        "findings": [
            _finding_json(finding, row, language)
            for finding in result.findings
            if row in finding.rows
        ],
    }


def component_fen(result: Result, row: int = 0) -> dict[str, int]:
    """The parts of one row's value in whole fen, which sum to the value in fen.

    The fen that rounding each leaves over go to the parts whose rounding took most, so that a part
    of whole fen stays what it is. A refused row has no parts.
    """
    if math.isnan(result.value[row]):
        return {}
    exact = {name: float(column[row]) for name, column in result.components.items()}
    parts = {name: to_fen(yuan) for name, yuan in exact.items()}
    left = to_fen(result.value[row]) - sum(parts.values())
    return _shared_out(parts, exact, left) if parts and left else parts


def _shared_out(parts: Mapping[str, int], exact: Mapping[str, float], left: int) -> dict[str, int]:
    """The parts with the fen left over, more or less, by largest remainder, then the largest part."""
    way = 1 if left > 0 else -1

    def taken(name: str) -> tuple[Decimal, int, str]:
        rounded_off = Decimal(repr(exact[name])).scaleb(2) - parts[name]
        return way * rounded_off, abs(parts[name]), name

    each, more = divmod(abs(left), len(parts))
    favoured = set(sorted(parts, key=taken, reverse=True)[:more])
    return {name: fen + way * (each + (name in favoured)) for name, fen in parts.items()}


def _components(result: Result, row: int) -> dict[str, str | None]:
    parts = component_fen(result, row)
    return {name: fen_text(parts[name]) if parts else None for name in result.components}


def _quantile(column: Floats | None, row: int) -> str | None:
    return None if column is None else yuan_text(column[row])


def _plain(number: float) -> float | None:
    return None if math.isnan(number) else float(number)


def _approaches(result: Result, row: int, language: str) -> dict[str, object]:
    """The approaches that value this row; one without a value is left out."""
    code = int(result.reason[row])
    reason = result.reasons[code].in_language(language) if code >= 0 else ""
    return {
        name: {
            "value_yuan": yuan_text(worth[row]),
            "weight": _plain(result.weights[name][row]),
            "reason": reason,
        }
        for name, worth in result.approaches.items()
        if not math.isnan(worth[row])
    }


def _step_json(step: Step) -> dict[str, object]:
    return {
        "name": step.name,
        "title": _words(step.title),
        "formula": step.formula,
        "unit": step.unit,
        "reference": step.reference,
        "inputs": dict(step.inputs),
        "value": step.value,
    }


def _finding_json(finding: Finding, row: int, language: str) -> dict[str, object]:
    return {
        "code": finding.code,
        "field": finding.field,
        "severity": finding.severity,
        "detail": finding_detail(finding, row).in_language(language),
    }


def finding_detail(finding: Finding, row: int) -> Text:
    """The words of a finding for one of its rows, facts filled in."""
    at = list(finding.rows).index(row)
    facts: dict[str, object] = {name: fact[at].item() for name, fact in finding.facts.items()}
    unit = unit_words(str(facts.get("unit", "")))
    return finding.detail.about(unit=unit).filled(facts)


# ---------------------------------------------------------------------------
# The passport as JSON


def spec_json(spec: ModelSpec, parameters: Parameters | None = None) -> dict[str, object]:
    """The passport; with parameters, choices that come from a dated table are listed."""
    return {
        "id": spec.id,
        "version": spec.version,
        "contract": spec.contract,
        "title": _words(spec.title),
        "help": _words(spec.help),
        "value_kind": spec.value_kind,
        "per": spec.per,
        "asset_kinds": list(spec.asset_kinds),
        "fields": [_field_json(field, parameters) for field in spec.fields],
        "components": [
            {"name": entry.name, "title": _words(entry.title), "unit": entry.unit}
            for entry in spec.components
        ],
        "approaches": [
            {"name": entry.name, "title": _words(entry.title)} for entry in spec.approaches
        ],
        "parameters": list(spec.parameters),
        "prices": [
            {
                "id": use.id,
                "title": _words(use.title),
                "unit": use.unit,
                "when": [_condition_json(each) for each in use.when],
            }
            for use in spec.prices
        ],
        "standards": list(spec.standards),
        "limits": [_words(limit) for limit in spec.limits],
    }


def _words(text: Text) -> dict[str, str]:
    return {"en": text.en, "zh": text.zh}


def _condition_json(condition: Condition) -> dict[str, object]:
    return {"field": condition[0], "in": sorted(condition[1])}


def _field_json(field: Field, parameters: Parameters | None) -> dict[str, object]:
    listed = field if parameters is None else replace(field, choices=choices_of(field, parameters))
    needed = None if field.needed_when is None else _condition_json(field.needed_when)
    return {
        "name": field.name,
        "title": _words(field.title),
        "help": _words(field.help),
        "kind": field.kind,
        "unit": field.unit,
        "low": field.low,
        "high": field.high,
        "low_open": field.low_open,
        "choices": [{"id": choice.id, "title": _words(choice.title)} for choice in listed.choices],
        "choices_from": field.choices_from,
        "required": field.required,
        "needed_when": needed,
        "shown_when": [_condition_json(each) for each in field.shown_when],
        "market": field.market,
        "max_length": field.max_length,
        "group": field.group,
        "example": list(field.example) if isinstance(field.example, tuple) else field.example,
        "vary": None if field.vary is None else list(field.vary),
        "reference": field.reference,
    }
