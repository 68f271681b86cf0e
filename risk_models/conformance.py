"""What every model must keep, built-in or from outside, tried on random rows that are not neutral.

A tax of 0 or a factor of 1 hides a missing step, so rows are drawn from the ranges the passport
gives, and batches are mixed. The answer is a list of problems; an empty one means conformance.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Final, cast

import numpy as np
import numpy.typing as npt

from risk_models.batches import batch_from_rows, choices_of
from risk_models.contract import (
    CONTRACT,
    Basis,
    Batch,
    Condition,
    Exposure,
    Field,
    Flow,
    Model,
    ModelSpec,
    Price,
    Prices,
    PriceUse,
    Recorder,
    Result,
    Step,
    Stress,
    Traced,
    traced,
)
from risk_models.dated import ParameterNotInForce, Parameters, UndeclaredParameter
from risk_models.engines.discount import discount
from risk_models.price_checks import using
from risk_models.registry import outside_models, science_parameters
from risk_models.runner import value
from risk_models.trace import DIGITS, recompute
from risk_models.units import IRREGULAR, PARTS, find_unit_words
from risk_models.words import Text, plain

__all__ = ["as_asked", "conformance", "outside_problems", "random_rows"]

ON: Final = date(2023, 12, 26)
ROWS: Final = 48
SEED: Final = 20_231_226
SAME: Final = 1e-9
"""Relative gap below which two figures are one."""

SHOCK: Final = 0.7
TRACED_ROWS: Final = 12
ALIKE_ROWS: Final = 4
COPIES: Final = 3
COUNTED: Final = "year"
"""The one input of a step that is neither a field nor stated by the basis: a count of years."""

KEBAB: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
SNAKE: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
SEMVER: Final = re.compile(r"\d+\.\d+\.\d+")


def conformance(
    model: Model, *, on: date = ON, parameters: Parameters | None = None, seed: int = SEED
) -> list[str]:
    """Everything the model does not keep, in words; nothing when it conforms."""
    in_force = parameters or science_parameters().on(on)
    problems = list(_passport_problems(model.spec, in_force))
    if problems:
        # Without a sound passport no rows can be drawn.
        return problems
    try:
        return list(_Trial(model, _basis(model.spec, in_force, on), seed).problems())
    except UndeclaredParameter as problem:
        return [f"reads {problem} without declaring it"]
    except Exception as failure:  # noqa: BLE001 - a stranger's model may fail in any way.
        return [f"raises {failure!r}"]


@cache
def outside_problems() -> Mapping[str, Sequence[str]]:
    """What the models of installed packages do not keep, by model id; tried once a process."""
    tried = {model.spec.id: conformance(model) for model in outside_models()}
    return {model_id: problems for model_id, problems in tried.items() if problems}


def _basis(spec: ModelSpec, parameters: Parameters, on: date) -> Basis:
    prices = {
        use.id: Price(yuan=23.0 + 7.5 * (place % 5), unit=use.unit, growth=0.01)
        for place, use in enumerate(spec.prices)
    }
    return Basis(
        on=on,
        parameters=parameters.only(spec.parameters),
        prices=Prices(prices).only(spec.price_ids),
    )


# ---------------------------------------------------------------------------
# The passport


def _passport_problems(spec: ModelSpec, parameters: Parameters) -> Iterator[str]:
    if not KEBAB.fullmatch(spec.id):
        yield f"id {spec.id!r} is not kebab-case"
    if not SEMVER.fullmatch(spec.version):
        yield f"version {spec.version!r} is not major.minor.patch"
    if spec.contract != CONTRACT:
        yield f"contract {spec.contract}, not {CONTRACT}"
    names = [field.name for field in spec.fields]
    names += [part.name for part in (*spec.components, *spec.approaches)]
    yield from (f"name {name!r} is not snake_case" for name in names if not SNAKE.fullmatch(name))
    yield from (f"name {name!r} is used twice" for name in _twice(names))
    for field in spec.fields:
        yield from _field_problems(spec, field)
    yield from (f"{what}: a wording is empty" for what, text in _texts(spec) if not text.complete)
    for use in spec.prices:
        yield from _price_problems(spec, use)
    for parameter_id in spec.parameters:
        yield from _parameter_problems(parameter_id, parameters)


def _price_problems(spec: ModelSpec, use: PriceUse) -> Iterator[str]:
    for other, _ in use.when:
        if other not in {field.name for field in spec.fields}:
            yield f"price {use.id}: used when {other}, which is no field"
    yield from _unit_problems(f"price {use.id}", use.unit)


def _unit_problems(what: str, unit: str) -> Iterator[str]:
    """A unit without words would stand in signs on a Chinese page."""
    if find_unit_words(unit) is None:
        known = ", ".join((*PARTS, *IRREGULAR))
        yield f"{what}: the unit {unit!r} has no words; write it with / and * of: {known}"


def _twice(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _field_problems(spec: ModelSpec, field: Field) -> Iterator[str]:
    known = {entry.name for entry in spec.fields}
    if field.kind == "choice" and not field.choices and field.choices_from not in spec.parameters:
        yield f"{field.name}: a choice needs choices or a declared table"
    if field.kind == "series" and field.max_length < 1:
        yield f"{field.name}: a series needs a length"
    if field.needed_when is not None and field.needed_when[0] not in known:
        yield f"{field.name}: needed when {field.needed_when[0]}, which is no field"
    for other, _ in field.shown_when:
        if other not in known:
            yield f"{field.name}: shown when {other}, which is no field"
    if field.shown_when and field.required:
        yield f"{field.name}: shown for some answers only, and yet always required"
    if field.kind in ("number", "integer") and (field.low is None or field.high is None):
        yield f"{field.name}: a number needs both bounds"
    yield from _unit_problems(field.name, field.unit)


def _texts(spec: ModelSpec) -> Iterator[tuple[str, Text]]:
    yield "title", spec.title
    yield "help", spec.help
    for field in spec.fields:
        yield field.name, field.title
        yield f"{field.name} help", field.help
        yield from ((f"{field.name}.{choice.id}", choice.title) for choice in field.choices)
    for part in (*spec.components, *spec.approaches):
        yield part.name, part.title
    yield from ((use.id, use.title) for use in spec.prices)
    yield from (("limits", limit) for limit in spec.limits)


def _parameter_problems(parameter_id: str, parameters: Parameters) -> Iterator[str]:
    try:
        entry = parameters.in_force(parameter_id).parameter
    except ParameterNotInForce as problem:
        yield str(problem)
        return
    titles = [entry.title, *entry.rows.values(), *(c.title for c in entry.columns.values())]
    if not all(title.complete for title in titles):
        yield f"{parameter_id}: a wording is empty"
    yield from _unit_problems(parameter_id, entry.unit)
    for name, column in entry.columns.items():
        yield from _unit_problems(f"{parameter_id}.{name}", column.unit)


# ---------------------------------------------------------------------------
# Random rows


def random_rows(
    spec: ModelSpec, parameters: Parameters, rows: int, seed: int
) -> list[dict[str, object]]:
    """Rows drawn from the ranges of the passport, each input away from its neutral value."""
    rng = np.random.default_rng(seed)
    return [
        {field.name: _draw(field, parameters, rng) for field in spec.fields} for _ in range(rows)
    ]


def as_asked(spec: ModelSpec, row: Mapping[str, object]) -> dict[str, object]:
    """A row as its form would leave it: without inputs that its other answers do not ask for."""
    asked = dict(row)
    conditions = {field.name: field.asked_when for field in spec.fields}
    while stray := [name for name in asked if not _hold(conditions[name], asked)]:
        # What a choice left out would ask for is left out with it.
        asked = {name: given for name, given in asked.items() if name not in stray}
    return asked


def _hold(conditions: Sequence[Condition], row: Mapping[str, object]) -> bool:
    return all(row.get(other, "") in levels for other, levels in conditions)


def _draw(field: Field, parameters: Parameters, rng: np.random.Generator) -> object:
    example = field.example
    match field.kind:
        case "choice":
            listed = [choice.id for choice in choices_of(field, parameters)]
            return str(rng.choice(listed))
        case "flag":
            return bool(rng.integers(2))
        case "date":
            return date.fromisoformat(str(example)) + timedelta(days=int(rng.integers(-150, 151)))
        case "series":
            numbers = cast("tuple[float, ...]", example)
            return [float(number * rng.uniform(0.8, 1.2)) for number in numbers]
        case "number" | "integer":
            return _draw_number(field, rng)


def _draw_number(field: Field, rng: np.random.Generator) -> float:
    example = float(cast("float", field.example))
    low, high = field.vary or (0.8 * example, 1.2 * example)
    drawn = float(rng.uniform(min(low, high), max(low, high)))
    drawn = max(min(drawn, cast("float", field.high)), cast("float", field.low))
    return float(round(drawn)) if field.kind == "integer" else drawn


# ---------------------------------------------------------------------------
# The trial


@dataclass(frozen=True, slots=True)
class _Trial:
    """One model on one basis with rows from one seed."""

    model: Model
    basis: Basis
    seed: int

    def problems(self) -> Iterator[str]:
        spec = self.model.spec
        example = {field.name: field.example for field in spec.fields}
        drawn = [
            row if place % 2 else as_asked(spec, row)
            for place, row in enumerate(random_rows(spec, self.basis.parameters, ROWS, self.seed))
        ]
        batch = batch_from_rows(spec, [example, *drawn], self.basis.parameters)
        result = value(self.model, batch, self.basis)
        if not result.valid[0]:
            refused = [entry.code for entry in result.findings if 0 in entry.rows]
            yield f"the example is refused: {', '.join(refused)}"
        if int(result.valid.sum()) * 4 < batch.n:
            yield f"only {int(result.valid.sum())} of {batch.n} rows from its own ranges are valued"
        checks = (
            self._sums,
            self._repeats,
            self._alone,
            self._alike,
            self._shocks,
            self._without_prices,
            self._empty_area,
            self._traces,
        )
        for check in checks:
            try:
                yield from check(batch, result)
            except UndeclaredParameter:
                raise
            except Exception as failure:  # noqa: BLE001 - a stranger's model may fail in any way.
                yield f"{check.__name__.strip('_')}: raises {failure!r}"

    def _sums(self, batch: Batch, result: Result) -> Iterator[str]:
        valid = result.valid
        total = sum(result.components.values(), np.zeros(batch.n))
        if not _same(total[valid], result.value[valid]):
            yield "the components do not add up to the value"
        if not np.isnan(result.value[~valid]).all():
            yield "a refused row has a value"
        if not np.isfinite(result.value[valid]).all():
            yield "a row that was not refused has no finite value"
        weights = sum(result.weights.values(), np.zeros(batch.n))
        if not _same(weights[valid], np.ones(int(valid.sum()))):
            yield "the weights of the approaches do not add up to one"

    def _repeats(self, batch: Batch, result: Result) -> Iterator[str]:
        if not np.array_equal(
            value(self.model, batch, self.basis).value, result.value, equal_nan=True
        ):
            yield "a second run gives another value: the model keeps state"
        back = np.arange(batch.n)[::-1]
        turned = value(self.model, batch.take(back), self.basis).value
        if not np.allclose(turned, result.value[back], rtol=SAME, atol=0.0, equal_nan=True):
            yield "the order of the rows changes their values"

    def _alone(self, batch: Batch, result: Result) -> Iterator[str]:
        for row in range(batch.n):
            alone = value(self.model, batch.take(np.array([row])), self.basis).value[0]
            if not np.isclose(alone, result.value[row], rtol=SAME, atol=0.0, equal_nan=True):
                both = plain(float(alone), DIGITS), plain(float(result.value[row]), DIGITS)
                yield f"row {row} alone is {both[0]}, in the batch {both[1]}"
                return

    def _alike(self, batch: Batch, result: Result) -> Iterator[str]:
        """Columns whose rows are all alike are told once, which neither changes a figure nor breaks a model."""
        for row in np.flatnonzero(result.valid)[:ALIKE_ROWS]:
            many = value(self.model, batch.take(np.full(COPIES, row)), self.basis).value
            wanted = np.full(COPIES, result.value[row])
            if not np.allclose(many, wanted, rtol=SAME, atol=0.0):
                yield f"row {row} among rows alike is {many[0]:.{DIGITS}g}, else {wanted[0]:.{DIGITS}g}"
                return

    def _shocks(self, batch: Batch, result: Result) -> Iterator[str]:
        """Flows that name their price, multiplied, must equal a run on the multiplied price."""
        ids = self.model.spec.price_ids
        if not ids:
            return
        stress = Stress(prices=dict.fromkeys(ids, SHOCK))
        rerun = value(self.model, batch, self.basis, stress=stress)
        both = np.flatnonzero(result.valid & rerun.valid)
        shocked = self._shocked_flows(batch.take(both), rerun, both)
        for name, part in shocked.items():
            if name in rerun.components and not _same(part, rerun.components[name][both]):
                yield f"{name}: a price shock on its flows is not what a run on the price gives"

    def _shocked_flows(
        self, batch: Batch, rerun: Result, rows: npt.NDArray[np.integer]
    ) -> dict[str, npt.NDArray[np.float64]]:
        found: dict[str, npt.NDArray[np.float64]] = {}
        exposures = self.model.exposures(batch, self.basis, Recorder())
        for approach, exposure in exposures.items():
            moved = replace(exposure, flows=tuple(_shocked(flow) for flow in exposure.flows))
            places = np.arange(batch.n) if exposure.rows is None else exposure.rows
            weight = rerun.weights[approach][rows][places]
            for name, part in discount(moved, self.basis.prices)[1].items():
                whole = found.setdefault(name, np.zeros(batch.n))
                whole[places] += part * weight
        return found

    def _without_prices(self, batch: Batch, result: Result) -> Iterator[str]:
        """A missing price refuses rows or is done without; who does not use it keeps his value."""
        uses = self.model.spec.prices
        for missing in ([use] for use in uses):
            yield from self._without(missing, batch, result)
        if len(uses) > 1:
            yield from self._without(uses, batch, result)

    def _without(self, missing: Sequence[PriceUse], batch: Batch, result: Result) -> Iterator[str]:
        gone = {use.id for use in missing}
        named = "prices" if len(missing) > 1 else f"price {missing[0].id}"
        known = {key: self.basis.prices[key] for key in self.basis.prices if key not in gone}
        basis = replace(self.basis, prices=Prices(known).only(self.model.spec.price_ids))
        try:
            found = value(self.model, batch, basis)
        except UndeclaredParameter:
            raise
        except Exception as failure:  # noqa: BLE001 - a stranger's model may fail in any way.
            yield f"without the {named}: raises {failure!r}"
            return
        if not np.isfinite(found.value[found.valid]).all():
            yield f"without the {named}: a row that was not refused has no finite value"
        others = ~np.any([using(use, batch) for use in missing], axis=0)
        had, has = result.value[others], found.value[others]
        if not np.allclose(has, had, rtol=SAME, atol=0.0, equal_nan=True):
            yield f"without the {named}: a row that does not use it has another value"

    def _empty_area(self, batch: Batch, result: Result) -> Iterator[str]:
        if "area_mu" not in batch.columns:
            return
        rows = batch.take(np.flatnonzero(result.valid))
        nothing = replace(rows, columns={**rows.columns, "area_mu": np.zeros(rows.n)})
        worth = value(self.model, nothing, self.basis)
        if np.any(worth.value[worth.valid] != 0.0) or not worth.valid.any():
            yield "no area still has a value"

    def _traces(self, batch: Batch, result: Result) -> Iterator[str]:
        for row in np.flatnonzero(result.valid)[:TRACED_ROWS]:
            one = batch.take(np.array([row]))
            trace = value(self.model, one, self.basis, trace=True).trace
            problems = [*recompute(trace), *self._origins(one)]
            if problems:
                yield from problems
                return

    def _origins(self, one: Batch) -> Iterator[str]:
        """Every input of a step, quantity, price and profile has a named origin."""
        recorder = Recorder(on=True)
        exposures = self.model.exposures(one, self.basis, recorder)
        known: dict[str, Traced] = {
            name: traced(column) for name, column in one.columns.items() if name not in one.levels
        }
        stated = self._stated()
        for step in recorder.steps:
            yield from _unit_problems(f"step {step.name}", step.unit)
            yield from _chain_problems(step, known, stated)
            known[step.name] = step.value
        for exposure in exposures.values():
            yield from self._flow_problems(exposure, list(known.values()), stated["price"])

    def _stated(self) -> dict[str, list[Traced]]:
        """What the basis states, by the name under which a step may print it.

        A dated figure in yuan per unit is a price as well.
        """
        stated: dict[str, list[Traced]] = {
            "price": [self.basis.prices[price_id].yuan for price_id in self.basis.prices],
            "valuation_on": [self.basis.on.isoformat()],
        }
        for name, unit, figures in self._dated():
            stated.setdefault(name, []).extend(figures)
            if unit.startswith("yuan/"):
                stated["price"].extend(figures)
        return stated

    def _dated(self) -> Iterator[tuple[str, str, list[float]]]:
        """Name, unit and figures of each declared parameter, or of each column of a table."""
        for parameter_id in self.model.spec.parameters:
            entry = self.basis.parameters.in_force(parameter_id).parameter
            if not entry.columns:
                number = self.basis.parameters.number(parameter_id)
                yield parameter_id.rpartition(".")[2], entry.unit, [number]
                continue
            table = self.basis.parameters.table(parameter_id)
            for name, column in entry.columns.items():
                cells = [table.number(row, name) for row in table if table.has(row, name)]
                yield name, column.unit, cells

    def _flow_problems(
        self, exposure: Exposure, known: list[Traced], prices: list[Traced]
    ) -> Iterator[str]:
        listed = {part.name for part in self.model.spec.components}
        for flow in exposure.flows:
            if flow.name not in listed:
                yield f"flow {flow.name} is no component of the passport"
            yield from _unit_problems(f"flow {flow.name}", flow.unit)
            if flow.index is not None:
                unit = self.basis.prices[flow.index].unit
                if unit != f"yuan/{flow.unit}":
                    yield f"flow {flow.name}: {flow.unit} times {unit} is not yuan"
            price = float(np.atleast_1d(flow.unit_price)[0])
            if not _has_origin(price, [*known, *prices]):
                yield f"flow {flow.name}: its price is no step, no field and no price of the day"
            if not _has_origin(abs(float(flow.quantity[0])), known):
                yield f"flow {flow.name}: its quantity is no step and no field"
            profile = flow.profile.values[flow.profile.key[0]]
            if not set(profile) <= {0.0, 1.0} and not _has_origin(list(profile), known):
                yield f"flow {flow.name}: its profile is no step and no field"


def _shocked(flow: Flow) -> Flow:
    return flow if flow.index is None else replace(flow, unit_price=flow.unit_price * SHOCK)


def _chain_problems(
    step: Step, known: Mapping[str, Traced], stated: Mapping[str, list[Traced]]
) -> Iterator[str]:
    for name, given in step.inputs.items():
        if name in known:
            if not _equal(given, known[name]):
                yield f"step {step.name}: {name} is not what was printed under that name"
        elif name in stated:
            if not all(_has_origin(each, stated[name]) for each in _each(given)):
                yield f"step {step.name}: {name} is not what the basis states under that name"
        elif name != COUNTED:
            yield f"step {step.name}: {name} has no named origin"


def _each(given: Traced) -> Sequence[Traced]:
    return given if isinstance(given, list) else [given]


def _has_origin(given: Traced, known: list[Traced]) -> bool:
    return given in (0.0, 1.0) or any(_equal(given, entry) for entry in known)


def _equal(one: Traced, other: Traced) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    # Asked for each input of each step against all that is known: arrays would take most of the time.
    left, right = _each(one), _each(other)
    return len(left) == len(right) and all(map(_alike, left, right))


def _alike(one: Traced, other: Traced) -> bool:
    return math.isclose(cast("float", one), cast("float", other), rel_tol=SAME)


def _same(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> bool:
    size = np.maximum(np.abs(one), np.abs(other)).max(initial=1.0)
    return bool(np.allclose(one, other, rtol=SAME, atol=SAME * size))
