"""The valuation contract: what an appraisal model is given, and what it gives back.

Everything is written for arrays, one row an asset; a single asset is a batch of one. Shapes use
n rows of a batch, m rows of one exposure, P profiles, L keyed values and T columns. All money in
here is unrounded yuan in float64; it becomes whole fen once, at the border (`appraise.py`).
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as made_by
from datetime import date
from pathlib import Path
from typing import Final, Generic, Literal, ParamSpec, Protocol, TypeVar, cast, runtime_checkable

import numpy as np
import numpy.typing as npt

from risk_models.columns import is_constant, rows_alike, told_once
from risk_models.dated import Parameters, UndeclaredParameter
from risk_models.keys import distinct_values
from risk_models.words import Text

__all__ = [
    "CONTRACT",
    "Basis",
    "Batch",
    "BringingParameters",
    "Choice",
    "Codes",
    "Component",
    "Condition",
    "Exposure",
    "Field",
    "Finding",
    "Floats",
    "Flow",
    "Keyed",
    "Model",
    "ModelSpec",
    "Price",
    "PriceUse",
    "Prices",
    "Recorder",
    "Result",
    "Reviewing",
    "Several",
    "Step",
    "StepFunction",
    "Stress",
    "Text",
    "Traced",
    "step",
]

CONTRACT: Final = 1
"""The number of this contract. A model says which one it was written for."""

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int32]
Traced = float | str | list[float]
"""What a trace prints: a number, a day as ISO text, or a list of numbers."""

Kind = Literal["number", "integer", "choice", "flag", "date", "series"]
Severity = Literal["refuse", "ask", "note"]
Condition = tuple[str, frozenset[str]]
"""A choice and the levels of it that are meant; "" is the choice left empty."""

P = ParamSpec("P")
R = TypeVar("R", bound=np.ndarray)


# ---------------------------------------------------------------------------
# The passport of a model


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    id: str
    title: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One input. Form, JSON schema, import template and reference page are drawn from it alone.

    `needed_when` asks for the input beside some levels of a choice only, and needs it there.
    `shown_when` asks for it only where each of its conditions holds, and lets it be left out.
    """

    name: str
    title: Text
    help: Text
    kind: Kind
    unit: str
    example: float | str | bool | tuple[float, ...] | None
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    choices: tuple[Choice, ...] = ()
    choices_from: str | None = None
    required: bool = True
    needed_when: Condition | None = None
    shown_when: tuple[Condition, ...] = ()
    max_length: int = 0
    group: str = "general"
    vary: tuple[float, float] | None = None
    market: bool = False
    """A price or an income, not a cost: it falls when a scenario says that prices and incomes fall."""
    reference: str = ""

    @property
    def asked_when(self) -> tuple[Condition, ...]:
        """All that must hold for the input to be asked for at all; nothing where it always is."""
        return (*self.shown_when, *(() if self.needed_when is None else (self.needed_when,)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A named part of the value: a bar of the waterfall."""

    name: str
    title: Text
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceUse:
    """A price the model may read, with the unit it must come in.

    Only rows for which each condition of `when` holds can use it; none: every row. Each of them
    is refused where the price is missing, unless `needed` says that a row may do without it; then
    the model's `check` refuses what cannot.
    """

    id: str
    title: Text
    unit: str
    when: tuple[Condition, ...] = ()
    needed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """What a model is, before it is run."""

    id: str
    version: str
    title: Text
    help: Text
    value_kind: Literal["market", "ecological"]
    per: Literal["once", "year"]
    asset_kinds: tuple[str, ...]
    fields: tuple[Field, ...]
    components: tuple[Component, ...]
    approaches: tuple[Component, ...]
    parameters: tuple[str, ...]
    prices: tuple[PriceUse, ...]
    standards: tuple[str, ...]
    """In English, or by their number; the built-in ones have their Chinese in the catalogue."""
    limits: tuple[Text, ...]
    contract: int = CONTRACT

    def field(self, name: str) -> Field:
        return next(entry for entry in self.fields if entry.name == name)

    @property
    def price_ids(self) -> tuple[str, ...]:
        return tuple(use.id for use in self.prices)


# ---------------------------------------------------------------------------
# What a model is given


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """Inputs by column.

    number, integer and flag: float64[n]; date: datetime64[D][n]; choice: int32[n], a code into
    `levels`, -1 where empty; series: float64[n, max_length], NaN after its end. A column whose rows
    are all alike may be one row told for all; no column is to be written to.
    """

    n: int
    columns: Mapping[str, npt.NDArray[np.generic]]
    levels: Mapping[str, tuple[str, ...]]

    def numbers(self, name: str) -> Floats:
        """A number, integer or flag column [n], or a series [n, max_length]."""
        return np.asarray(self.columns[name], dtype=np.float64)

    def codes(self, name: str) -> Codes:
        return np.asarray(self.columns[name], dtype=np.int32)

    def days(self, name: str) -> npt.NDArray[np.datetime64]:
        return np.asarray(self.columns[name], dtype="datetime64[D]")

    def is_level(self, name: str, *wanted: str) -> npt.NDArray[np.bool_]:
        """Which rows chose one of the wanted levels; "" stands for a choice left empty."""
        if is_constant(self.columns[name]):
            return np.full(self.n, self.level_of_all(name) in wanted)
        picked = np.array([level in wanted for level in self.levels[name]] + ["" in wanted])
        return np.asarray(picked[self.codes(name)], dtype=np.bool_)

    def level_of_all(self, name: str) -> str | None:
        """The level that all rows chose, "" where it was left empty; None where rows may differ."""
        if not is_constant(self.columns[name]):
            return None
        code = int(self.codes(name)[0])
        return self.levels[name][code] if code >= 0 else ""

    def by_level(self, name: str, values: Floats) -> Floats:
        """Values given by level, spread over the rows; NaN where the choice is empty."""
        known, codes = np.append(values, np.nan), self.codes(name)
        return np.full(self.n, known[codes[0]]) if is_constant(codes) else known[codes]

    def take(self, rows: npt.NDArray[np.integer]) -> "Batch":
        columns = {
            name: np.broadcast_to(column[:1], (len(rows), *column.shape[1:]))
            if is_constant(column)
            else column[rows]
            for name, column in self.columns.items()
        }
        return Batch(n=len(rows), columns=columns, levels=self.levels)

    def told_once(self) -> "Batch":
        """The same rows, a column whose rows are all alike being one row told for all."""
        columns = {name: told_once(column) for name, column in self.columns.items()}
        return Batch(n=self.n, columns=columns, levels=self.levels)

    def is_constant(self, name: str) -> bool:
        """Whether a column is one row told for all."""
        return is_constant(self.columns[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A price on the valuation day, and how it is expected to move.

    `growth` is a yearly rate; `curve` instead gives the price of year 0, 1, 2 ... relative to
    the day and stays flat after its end.
    """

    yuan: float
    unit: str
    growth: float = 0.0
    curve: tuple[float, ...] | None = None
    source: str = ""
    priced_on: date | None = None


class Prices:
    """The snapshot of prices a valuation relies on."""

    __slots__ = ("_allowed", "_by_id")

    def __init__(self, by_id: Mapping[str, Price], allowed: Collection[str] | None = None) -> None:
        self._by_id = dict(by_id)
        self._allowed = allowed

    def __getitem__(self, price_id: str) -> Price:
        self._require(price_id)
        return self._by_id[price_id]

    def __contains__(self, price_id: str) -> bool:
        self._require(price_id)
        return price_id in self._by_id

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def _require(self, price_id: str) -> None:
        if self._allowed is not None and price_id not in self._allowed:
            raise UndeclaredParameter(f"price {price_id}")

    def scaled(self, factors: Mapping[str, float]) -> "Prices":
        """The same prices, some multiplied: a shock."""
        scaled = {
            key: replace(price, yuan=price.yuan * factors.get(key, 1.0))
            for key, price in self._by_id.items()
        }
        return Prices(scaled, self._allowed)

    def only(self, allowed: Collection[str]) -> "Prices":
        """The same prices, but reading any other id is refused."""
        return Prices(self._by_id, frozenset(allowed))

    @property
    def digest(self) -> str:
        plain = {
            key: [repr(price.yuan), price.unit, repr(price.growth), price.curve, price.source]
            for key, price in self._by_id.items()
        }
        return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Basis:
    """The whole "as of": the valuation day, the parameters in force on it, the prices."""

    on: date
    parameters: Parameters
    prices: Prices

    @property
    def digest(self) -> str:
        parts = (self.on.isoformat(), self.parameters.digest, self.prices.digest)
        return hashlib.sha256("|".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stress:
    """A change of the world under which a model is run again. Results are never multiplied."""

    prices: Mapping[str, float] = made_by(default_factory=dict)
    parameters: Mapping[str, float] = made_by(default_factory=dict)
    entered: float = 1.0
    """The factor on what was entered in the fields that a market moves."""
    rate_add: float = 0.0
    hazard_add: float = 0.0
    loss: tuple[float, float] | None = None
    """(years from the day, share lost): flows at risk after it are cut by the share."""


# ---------------------------------------------------------------------------
# What a model gives back


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Keyed:
    """Values shared by rows: row i has `values[key[i]]`."""

    values: Floats
    key: Codes

    @classmethod
    def one(cls, values: Floats | float, rows: int) -> "Keyed":
        """The same value, or the same profile, for every row."""
        table = np.atleast_1d(np.asarray(values, dtype=np.float64))
        return cls(values=table[np.newaxis] if np.ndim(values) else table, key=_zeros(rows))

    @classmethod
    def of(cls, column: Floats) -> "Keyed":
        """Distinct numbers of a column and the key of each row."""
        values, key = distinct_values(column)
        return cls(values=values, key=key.astype(np.int32, copy=False))


def _zeros(rows: int) -> Codes:
    return np.zeros(rows, dtype=np.int32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flow:
    """Money of one component over time.

    `profile` [P, T] holds units per 1.0 of quantity in year first + j. `first` counts in years
    from the valuation day (0 now, 1 year-end, 0.5 mid-year, negative = past and compounds) and
    may differ by profile. `unit_price` is yuan per unit on the day; `index` names the price that
    moves it. `at_risk` says whether survival applies. Columns after `term` (years, by row) do not
    count; with `even` a broken last year counts in part. `repeat` (years, by profile) starts
    the same rotation again without end.
    """

    name: str
    unit: str
    profile: Keyed
    first: float | Floats
    quantity: Floats
    unit_price: Floats | float
    at_risk: bool
    index: str | None = None
    term: Floats | None = None
    even: bool = False
    repeat: Floats | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Exposure:
    """One approach to the value of m rows: a sum of flows under a rate and a hazard."""

    n: int
    flows: tuple[Flow, ...]
    rate: Keyed
    hazard: Keyed
    rows: Codes | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Finding:
    """Something a reader must know about some rows. `refuse` stops their valuation."""

    code: str
    field: str
    rows: Codes
    severity: Severity
    detail: Text
    facts: Mapping[str, npt.NDArray[np.generic]] = made_by(default_factory=dict)

    def moved(self, rows: npt.NDArray[np.integer]) -> "Finding":
        """The same finding, its rows counted in the batch that `rows` was taken from."""
        return replace(self, rows=rows[self.rows].astype(np.int32))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One printed step: the formula computes `value` from `inputs`."""

    name: str
    title: Text
    formula: str
    unit: str
    reference: str
    inputs: Mapping[str, Traced]
    value: Traced


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Result:
    """Values of n rows in unrounded yuan, NaN where refused.

    `low`, `mid` and `high` come from a simulation only, as does `cohorts`: how many rows were
    simulated for them, fewer than n where rows share one.
    """

    value: Floats
    components: Mapping[str, Floats]
    quantities: Mapping[str, tuple[Floats, str]]
    approaches: Mapping[str, Floats]
    weights: Mapping[str, Floats]
    reason: npt.NDArray[np.int8]
    reasons: tuple[Text, ...]
    findings: tuple[Finding, ...]
    valid: npt.NDArray[np.bool_]
    low: Floats | None = None
    mid: Floats | None = None
    high: Floats | None = None
    cohorts: int | None = None
    trace: tuple[Step, ...] = ()


# ---------------------------------------------------------------------------
# Steps


@dataclass(frozen=True, slots=True)
class StepFunction(Generic[P, R]):
    """A function of a model that prints itself: its docstring ends with its formula."""

    function: Callable[P, R]
    title: Text
    formula: str
    unit: str
    reference: str

    def __call__(self, *args: P.args, **inputs: P.kwargs) -> R:
        return self.function(*args, **inputs)


def step(
    *, unit: str, zh: str, reference: str = ""
) -> Callable[[Callable[P, R]], StepFunction[P, R]]:
    """Marks a step of a model. Its docstring reads "What it is: formula.", `zh` says it in Chinese.

    A long formula begins a paragraph of its own with "Formula:".
    """

    def mark(function: Callable[P, R]) -> StepFunction[P, R]:
        told, colon, formula = " ".join((function.__doc__ or "").split()).partition(": ")
        if not colon:
            raise ValueError(f"{function.__name__}: its docstring must end with its formula")
        title = Text(en=told.removesuffix(" Formula").removesuffix("."), zh=zh)
        return StepFunction(function, title, formula.removesuffix("."), unit, reference)

    return mark


class Recorder:
    """Runs steps; on, for a batch of one, it keeps what was computed.

    A step whose columns each tell one row for all is worked out on that row.
    """

    __slots__ = ("_on", "steps")

    def __init__(self, *, on: bool = False) -> None:
        self._on = on
        self.steps: list[Step] = []

    def __call__(
        self, name: str, function: StepFunction[P, R], /, *args: P.args, **inputs: P.kwargs
    ) -> R:
        rows = 0 if args else rows_alike(inputs.values())
        if rows:
            columns = cast("Mapping[str, npt.NDArray[np.generic]]", inputs)
            of_one = cast("Callable[..., R]", function)
            first = np.asarray(of_one(**{key: column[:1] for key, column in columns.items()}))
            if first.shape[:1] == (1,):
                return cast("R", np.broadcast_to(first, (rows, *first.shape[1:])))
        value = function(*args, **inputs)
        if self._on:
            self.add(name, function, inputs, value)
        return value

    def add(
        self,
        name: str,
        function: StepFunction[..., R],
        inputs: Mapping[str, object],
        value: npt.NDArray[np.generic],
    ) -> None:
        printed = {key: traced(entry) for key, entry in inputs.items()}
        self.steps.append(
            Step(
                name=name,
                title=function.title,
                formula=function.formula,
                unit=function.unit,
                reference=function.reference,
                inputs=printed,
                value=traced(value),
            )
        )


def traced(value: object) -> Traced:
    """One row's value as a trace prints it; of a list what is a figure."""
    if isinstance(value, date):
        return value.isoformat()
    array = np.asarray(value)
    if np.issubdtype(array.dtype, np.datetime64):
        return str(array.reshape(-1)[0])
    numbers = np.asarray(array, dtype=np.float64)
    if numbers.size == 1:
        return float(numbers.reshape(-1)[0])
    flat = numbers.reshape(-1)
    return [float(entry) for entry in flat[np.isfinite(flat)]]


# ---------------------------------------------------------------------------
# Protocols


class Model(Protocol):
    """An appraisal model: an instance in a module, without state between calls."""

    @property
    def spec(self) -> ModelSpec: ...

    def check(self, batch: Batch, basis: Basis) -> list[Finding]:
        """What stands against the inputs. A row with a refusal is dropped."""
        ...

    def exposures(self, batch: Batch, basis: Basis, steps: Recorder) -> Mapping[str, Exposure]:
        """The flows by approach. Rows refused before are never seen here."""
        ...


class Several(Protocol):
    """What a model with several approaches has besides."""

    def reconcile(
        self, batch: Batch, basis: Basis, values: Mapping[str, Floats]
    ) -> tuple[Mapping[str, Floats], npt.NDArray[np.int8], Sequence[Text]]:
        """Weights by approach (they sum to one), the reason code by row, the reasons."""
        ...


@runtime_checkable
class BringingParameters(Protocol):
    """What a model of another package has whose dated parameters come with it."""

    @property
    def parameter_folder(self) -> Path:
        """The folder of its YAML files, in the form of the built-in ones."""
        ...


@runtime_checkable
class Reviewing(Protocol):
    """What a model has that looks at the finished value, such as an implied price."""

    def review(
        self,
        batch: Batch,
        basis: Basis,
        value: Floats,
        quantities: Mapping[str, tuple[Floats, str]],
    ) -> list[Finding]: ...
