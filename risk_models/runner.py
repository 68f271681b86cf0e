"""Runs a model: validate, drop refused rows, check, value, reconcile, spread back.

A model never sees a refused row; it comes back as NaN, never as zero.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, cast

import numpy as np
import numpy.typing as npt

from risk_models.batches import choices_of, finding, validate
from risk_models.columns import constant, is_constant, told_once
from risk_models.contract import (
    Basis,
    Batch,
    Exposure,
    Field,
    Finding,
    Floats,
    Model,
    ModelSpec,
    Recorder,
    Result,
    Reviewing,
    Several,
    Step,
    Stress,
    traced,
)
from risk_models.engines.discount import Assessment, assess, year_table
from risk_models.engines.fans import Fan, yearly_fan
from risk_models.engines.hazards import row_seeds
from risk_models.engines.scenarios import (
    Holding,
    Simulation,
    merged,
    portfolio_scenarios,
    scenarios,
)
from risk_models.parts import PART, side_by_side
from risk_models.price_checks import price_refusals
from risk_models.reconciling import apart_findings
from risk_models.units import unit_words
from risk_models.words import Text

__all__ = [
    "MOST_YUAN",
    "Fan",
    "NoTrace",
    "Portfolio",
    "fan",
    "portfolio",
    "stressed",
    "value",
]

NO_REASON: Final = np.int8(-1)

MOST_UNITS: Final = np.finfo(np.float64).max
"""Any quantity but one without end lies below."""

MOST_YUAN: Final = 1e13
"""Beyond this a figure is a slip of a unit, and its fen would no longer be exact."""

SINGLE: Final = Text(en="The only approach of the model.", zh="该模型仅有一种评估方法。")

NOT_A_CHOICE: Final = Text(
    en="This choice is not in the table in force on the valuation day.",
    zh="该选项不在评估基准日有效的表内。",
)
VALUE: Final = Text(en="Value", zh="价值")
TOO_LARGE: Final = Text(
    en="The figures are too large. Check the units of the inputs, the prices, what they grow by and"
    " the term.",
    zh="数值过大，请核对输入项的单位、价格及其增长率与期限。",
)
NEGATIVE: Final = Text(
    en="The value is negative: costs exceed income.", zh="价值为负：成本超过收益。"
)


class NoTrace(ValueError):  # noqa: N818 - the name states the refusal, as the others do.
    """A trace was asked for more than one row."""


def value(
    model: Model,
    batch: Batch,
    basis: Basis,
    *,
    stress: Stress | None = None,
    simulation: Simulation | None = None,
    trace: bool = False,
) -> Result:
    """Values every row of a batch on a basis."""
    if trace and batch.n != 1:
        raise NoTrace("a trace is kept for a batch of one")
    if batch.n > PART and simulation is None:
        return side_by_side(lambda part: value(model, part, basis, stress=stress), batch)
    # What overflows is refused as too large, so that it needs no warning beside.
    with np.errstate(over="ignore", invalid="ignore"):
        run = _checked(model, batch, basis, stress)
        return run.refused(simulation) if run.batch.n == 0 else run.valued(simulation, trace=trace)


def fan(
    model: Model,
    row: Batch,
    basis: Basis,
    simulation: Simulation,
    *,
    stress: Stress | None = None,
) -> Fan:
    """Quantiles of the undiscounted net cash flow of each whole year of one row, in yuan.

    Approaches count with their weights. A refused row has no years.
    """
    run = _checked(model, row, basis, stress)
    if run.batch.n == 0:
        return yearly_fan(Holding(exposures=(), rows=row.n), run.basis, simulation)
    holding, _ = run.held(simulation)
    return yearly_fan(holding, run.basis, simulation, stress)


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """What a set of rows is worth together in yuan, and how many rows count in it."""

    value: float
    low: float
    mid: float
    high: float
    rows: int
    refused: int


def portfolio(
    parts: Sequence[tuple[Model, Batch]],
    basis: Basis,
    simulation: Simulation,
    *,
    stress: Stress | None = None,
) -> Portfolio:
    """Value and quantiles of all rows of some batches together, over the same paths.

    Refused rows are left out and counted.
    """
    runs = [_checked(model, batch, basis, stress) for model, batch in parts]
    standing = [run.held(simulation) for run in runs if run.batch.n]
    holdings = [holding for holding, _ in standing]
    low, mid, high = portfolio_scenarios(holdings, stressed(basis, stress), simulation, stress)
    return Portfolio(
        value=float(sum(values.sum() for _, values in standing)),
        low=float(low),
        mid=float(mid),
        high=float(high),
        rows=sum(run.batch.n for run in runs),
        refused=sum(run.whole.n - run.batch.n for run in runs),
    )


def _checked(model: Model, batch: Batch, basis: Basis, stress: Stress | None) -> "_Run":
    """A run whose refused rows are left behind."""
    batch = batch.told_once()
    given = batch if stress is None else entered(model.spec, batch, stress.entered)
    run = _Run(model, given, stressed(basis, stress), stress)
    run.drop(validate(model.spec, batch))
    run.drop(_border_findings(model.spec, run.batch, run.basis))
    if run.batch.n:
        run.drop(model.check(run.batch, run.basis))
    return run


def stressed(basis: Basis, stress: Stress | None) -> Basis:
    """The basis a stress describes. Rate, hazard and loss are left to the engine."""
    if stress is None:
        return basis
    return replace(
        basis,
        prices=basis.prices.scaled(stress.prices),
        parameters=basis.parameters.with_values(stress.parameters),
    )


def entered(spec: ModelSpec, batch: Batch, factor: float) -> Batch:
    """The batch with the prices and incomes entered in it times a factor."""
    names = [field.name for field in spec.fields if field.market]
    if factor == 1.0 or not names:
        return batch
    moved = {name: _times(batch, name, factor) for name in names}
    return replace(batch, columns={**batch.columns, **moved})


def _times(batch: Batch, name: str, factor: float) -> Floats:
    """A column times a factor; one row told for all stays one row told for all."""
    column = batch.numbers(name)
    if batch.is_constant(name):
        return np.broadcast_to(column[:1] * factor, column.shape)
    return column * factor


class _Run:
    """One valuation: the rows still standing, and what was found about all of them."""

    def __init__(self, model: Model, batch: Batch, basis: Basis, stress: Stress | None) -> None:
        self.model = model
        self.whole = batch
        self.batch = batch
        self.basis = basis
        self.stress = stress
        self.rows = np.arange(batch.n, dtype=np.int32)
        self.findings: list[Finding] = []

    def drop(self, found: Sequence[Finding]) -> None:
        """Keeps the findings and leaves the refused rows behind."""
        moved = [_named(self.model.spec, entry.moved(self.rows)) for entry in found]
        self.findings.extend(moved)
        refused = [entry.rows for entry in moved if entry.severity == "refuse"]
        if refused:
            standing = self._standing()
            standing[np.concatenate(refused)] = False
            self.rows = np.flatnonzero(standing).astype(np.int32)
            self.batch = self.whole.take(self.rows)

    def refused(self, simulation: Simulation | None) -> Result:
        nothing = np.full(self.whole.n, np.nan)
        quantile = nothing if simulation is not None else None
        return Result(
            value=nothing,
            components={entry.name: nothing.copy() for entry in self.model.spec.components},
            quantities={},
            approaches={entry.name: nothing.copy() for entry in self.model.spec.approaches},
            weights={entry.name: nothing.copy() for entry in self.model.spec.approaches},
            reason=np.full(self.whole.n, NO_REASON),
            reasons=(),
            findings=tuple(self.findings),
            valid=np.zeros(self.whole.n, dtype=np.bool_),
            low=quantile,
            mid=quantile,
            high=quantile,
            cohorts=None if simulation is None else 0,
        )

    def valued(self, simulation: Simulation | None, *, trace: bool) -> Result:
        recorder = Recorder(on=trace)
        exposures = self.model.exposures(self.batch, self.basis, recorder)
        assessed = {
            name: assess(exposure, self.basis.prices, self.stress)
            for name, exposure in exposures.items()
        }
        values, parts = self._discounted(exposures, assessed)
        weights, reason, reasons = _weights(self.model, self.batch, self.basis, values)
        amounts = self._quantities(exposures, assessed, weights)
        total = _weighted(values, weights, self.batch.n)
        components = dict(self._parts(parts, weights))
        beyond = _beyond([total, *components.values(), *values.values()], amounts)
        if beyond.any():
            self.drop(finding("too-large", "", beyond, severity="refuse", detail=TOO_LARGE))
            return (
                self.valued(simulation, trace=trace) if len(self.rows) else self.refused(simulation)
            )
        self._reviewed(total, amounts)
        apart = apart_findings(self.model.spec, self.basis, values, weights)
        self.findings.extend(entry.moved(self.rows) for entry in apart)
        result = Result(
            value=self._spread(total),
            components={name: self._spread(part) for name, part in components.items()},
            quantities={name: (self._spread(q), unit) for name, (q, unit) in amounts.items()},
            approaches={name: self._spread(worth) for name, worth in values.items()},
            weights={name: self._spread(weight) for name, weight in weights.items()},
            reason=self._reason(reason),
            reasons=tuple(reasons),
            findings=tuple(self.findings),
            valid=self._standing(),
            trace=self._trace(recorder, exposures, values, weights, total) if trace else (),
        )
        return self._with_quantiles(result, exposures, weights, simulation)

    def _discounted(
        self, exposures: Mapping[str, Exposure], assessed: Mapping[str, Assessment]
    ) -> tuple[dict[str, Floats], dict[str, dict[str, Floats]]]:
        values: dict[str, Floats] = {}
        parts: dict[str, dict[str, Floats]] = {}
        for name, exposure in exposures.items():
            values[name] = self._placed(exposure, assessed[name].value)
            parts[name] = {
                key: self._placed(exposure, part) for key, part in assessed[name].components.items()
            }
        return values, parts

    def _placed(self, exposure: Exposure, column: Floats) -> Floats:
        """A column of an exposure on the rows of the batch, NaN where it values none."""
        if exposure.rows is None:
            return column
        if len(exposure.rows) == 0:
            return constant(np.nan, self.batch.n)
        placed = np.full(self.batch.n, np.nan)
        placed[exposure.rows] = column
        return placed

    def _quantities(
        self,
        exposures: Mapping[str, Exposure],
        assessed: Mapping[str, Assessment],
        weights: Mapping[str, Floats],
    ) -> dict[str, tuple[Floats, str]]:
        total: dict[str, tuple[Floats, str]] = {}
        for name, exposure in exposures.items():
            for key, (amount, unit) in assessed[name].quantities.items():
                placed = self._placed(exposure, amount)
                counted = _weighted({name: placed}, weights, self.batch.n)
                if exposure.rows is not None:
                    counted = np.where(np.isnan(counted), 0.0, counted)
                before = total.get(key)
                total[key] = (counted if before is None else before[0] + counted, unit)
        return total

    def _parts(
        self, parts: Mapping[str, Mapping[str, Floats]], weights: Mapping[str, Floats]
    ) -> list[tuple[str, Floats]]:
        found = []
        for component in self.model.spec.components:
            columns = {
                approach: entry[component.name]
                for approach, entry in parts.items()
                if component.name in entry
            }
            found.append((component.name, _weighted(columns, weights, self.batch.n)))
        return found

    def _reviewed(self, total: Floats, amounts: Mapping[str, tuple[Floats, str]]) -> None:
        found = finding("negative-value", "", total < 0.0, severity="ask", detail=NEGATIVE)
        if isinstance(self.model, Reviewing):
            found += self.model.review(self.batch, self.basis, total, amounts)
        self.findings.extend(_named(self.model.spec, entry.moved(self.rows)) for entry in found)

    def _standing(self) -> npt.NDArray[np.bool_]:
        standing = np.zeros(self.whole.n, dtype=np.bool_)
        standing[self.rows] = True
        return standing

    def _reason(self, reason: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
        spread = np.full(self.whole.n, NO_REASON)
        spread[self.rows] = reason
        return spread

    def _spread(self, column: Floats) -> Floats:
        if len(self.rows) == self.whole.n:
            return column
        spread = np.full(self.whole.n, np.nan)
        spread[self.rows] = column
        return spread

    def _trace(
        self,
        recorder: Recorder,
        exposures: Mapping[str, Exposure],
        values: Mapping[str, Floats],
        weights: Mapping[str, Floats],
        total: Floats,
    ) -> tuple[Step, ...]:
        spec = self.model.spec
        parts = (*spec.components, *spec.approaches)
        titles = {part.name: part.title for part in parts}
        tables = [
            row
            for name, exposure in exposures.items()
            if exposure.n
            for row in year_table(name, exposure, self.basis.prices, self.stress, titles)
        ]
        return (*recorder.steps, *tables, _weighting(values, weights, total))

    def _with_quantiles(
        self,
        result: Result,
        exposures: Mapping[str, Exposure],
        weights: Mapping[str, Floats],
        simulation: Simulation | None,
    ) -> Result:
        if simulation is None:
            return result
        holding = self._holding(exposures, weights, simulation)
        found = scenarios(holding, self.basis, simulation, self.stress)
        low, mid, high = (self._spread(column) for column in found.quantiles.T)
        return replace(result, low=low, mid=mid, high=high, cohorts=found.cohorts)

    def _holding(
        self,
        exposures: Mapping[str, Exposure],
        weights: Mapping[str, Floats],
        simulation: Simulation,
    ) -> Holding:
        rows = self.batch.n
        whole = [merged(exposures[name], weights[name], rows) for name in exposures]
        seeds = row_seeds(self.batch) if simulation.hazard_paths else None
        return Holding(exposures=whole, rows=rows, seeds=seeds)

    def held(self, simulation: Simulation) -> tuple[Holding, Floats]:
        """The rows as the scenario engine takes them, approaches weighted, and their values."""
        exposures = self.model.exposures(self.batch, self.basis, Recorder())
        values = {
            name: self._placed(exposure, assess(exposure, self.basis.prices, self.stress).value)
            for name, exposure in exposures.items()
        }
        weights, _, _ = _weights(self.model, self.batch, self.basis, values)
        total = _weighted(values, weights, self.batch.n)
        return self._holding(exposures, weights, simulation), total


def _named(spec: ModelSpec, found: Finding) -> Finding:
    """The finding with the title and the unit of its field where its words ask for a subject."""
    if "%(subject)s" not in found.detail.zh or not found.field:
        return found
    field = spec.field(found.field)
    unit = unit_words(field.unit)
    subject = Text(en=f"{field.title.en} ({unit.en})", zh=f"{field.title.zh}（{unit.zh}）")
    return replace(found, detail=found.detail.about(subject=subject))


def _border_findings(spec: ModelSpec, batch: Batch, basis: Basis) -> list[Finding]:
    """What the specification and the basis together refuse: choices of the day, prices, their units."""
    found = [entry for field in spec.fields for entry in _stale_choices(field, batch, basis)]
    return [*found, *price_refusals(spec, batch, basis)]


def _stale_choices(field: Field, batch: Batch, basis: Basis) -> list[Finding]:
    if field.choices_from is None or not (batch.codes(field.name) >= 0).any():
        return []
    today = {choice.id for choice in choices_of(field, basis.parameters)}
    gone = [level for level in batch.levels[field.name] if level not in today]
    mask = batch.is_level(field.name, *gone)
    return finding("unknown-choice", field.name, mask, severity="refuse", detail=NOT_A_CHOICE)


def _weights(
    model: Model, batch: Batch, basis: Basis, values: Mapping[str, Floats]
) -> tuple[Mapping[str, Floats], npt.NDArray[np.int8], Sequence[Text]]:
    if len(model.spec.approaches) == 1:
        only = model.spec.approaches[0].name
        return {only: constant(1.0, batch.n)}, np.zeros(batch.n, dtype=np.int8), (SINGLE,)
    weights, reason, reasons = cast("Several", model).reconcile(batch, basis, values)
    return {name: told_once(weight) for name, weight in weights.items()}, reason, reasons


def _weighted(columns: Mapping[str, Floats], weights: Mapping[str, Floats], rows: int) -> Floats:
    """The weighted sum, a weight of zero leaving out what that approach could not value."""
    used = [name for name in columns if weights[name].any()]
    if len(used) == 1 and _is_whole(weights[used[0]]):
        return columns[used[0]]
    total = constant(0.0, rows)
    for name in used:
        weight = weights[name]
        total = total + np.where(weight == 0.0, 0.0, weight * columns[name])
    return total


def _is_whole(weight: Floats) -> bool:
    """Whether an approach counts alone in all rows."""
    return bool(weight[0] == 1.0) and (len(weight) == 1 or is_constant(weight))


def _beyond(
    money: Sequence[Floats], amounts: Mapping[str, tuple[Floats, str]]
) -> npt.NDArray[np.bool_]:
    """Rows with a figure in yuan that no right is worth, or a quantity without end."""
    beyond = np.zeros(len(money[0]), dtype=np.bool_)
    for column in money:
        if not _within(column, MOST_YUAN):
            beyond |= np.abs(column) > MOST_YUAN
    for amount, _unit in amounts.values():
        if not _within(amount, MOST_UNITS):
            beyond |= np.isinf(amount)
    return beyond


def _within(column: Floats, most: float) -> bool:
    """Whether all figures surely lie within a limit either way; NaN says no."""
    some = column[:1] if is_constant(column) else column
    return bool(some.max() <= most and some.min() >= -most)


def _weighting(values: Mapping[str, Floats], weights: Mapping[str, Floats], total: Floats) -> Step:
    used = [name for name in values if weights[name][0] != 0.0]
    inputs = {name: traced(values[name]) for name in used}
    inputs |= {f"{name}_weight": traced(weights[name]) for name in used}
    return Step(
        name="value",
        title=VALUE,
        formula=" + ".join(f"{name} * {name}_weight" for name in used) or "0",
        unit="yuan",
        reference="",
        inputs=inputs,
        value=traced(total),
    )
