"""Named, dated stress scenarios: reviewable data that say how the world changes.

A scenario becomes a `Stress` for one model, which is then run again. Which entered figures are
prices and incomes, the fields of the model say. Nothing here multiplies a result.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

from risk_models import data_files as files
from risk_models.contract import ModelSpec, Stress
from risk_models.data_files import DataFileError, Reference, Status
from risk_models.dated import Parameters
from risk_models.words import Text

__all__ = ["Scenario", "load_scenarios", "scenarios"]

FILE: Final = Path(__file__).parent / "stress" / "scenarios.yaml"
ALL: Final = "*"
CHANGES: Final = frozenset({"prices", "entered", "parameters", "rate_add", "hazard_add", "loss"})
KEYS: Final = CHANGES | {"id", "title", "help", "from", "status", "checked_on", "reference"}

MOST_TIMES: Final = 10.0
"""No price rises more than tenfold at once; more is a slip of the unit."""

MOST_RATE: Final = 0.5
"""A rate moves by a half at most; more is a per cent taken for a share."""

MOST_YEARS: Final = 100.0
"""No right that is valued lasts longer."""

MOST: Final = 1e12
"""As of every input: a larger parameter is a slip of the unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One scenario. Factors multiply prices and entered prices and incomes, never values."""

    id: str
    title: Text
    help: Text
    since: date
    status: Status
    checked_on: date
    reference: Reference
    prices: Mapping[str, float] = field(default_factory=dict)
    entered: float = 1.0
    parameters: Mapping[str, float] = field(default_factory=dict)
    rate_add: float = 0.0
    hazard_add: float = 0.0
    loss: tuple[float, float] | None = None

    def stress_for(self, spec: ModelSpec, parameters: Parameters) -> Stress:
        """The change as one model meets it: only what the model reads and what is in force."""
        everywhere = self.prices.get(ALL, 1.0)
        factors = {price_id: self.prices.get(price_id, everywhere) for price_id in spec.price_ids}
        moved = {
            key: number
            for key, number in self.parameters.items()
            if key in spec.parameters and key in parameters
        }
        return Stress(
            prices={key: factor for key, factor in factors.items() if factor != 1.0},
            parameters=moved,
            entered=self.entered,
            rate_add=self.rate_add,
            hazard_add=self.hazard_add,
            loss=self.loss,
        )


@cache
def scenarios() -> Mapping[str, Scenario]:
    """The scenarios that come with the models, by id."""
    return load_scenarios(FILE)


def load_scenarios(path: Path) -> Mapping[str, Scenario]:
    """The scenarios of a file in their order; refused with the file's name when the shape is wrong."""
    with files.named(path.name):
        found = [_scenario(files.mapping(each, "scenario")) for each in _listed(path)]
        by_id = {each.id: each for each in found}
        if len(by_id) != len(found):
            raise DataFileError("an id stands twice")
        return by_id


def _listed(path: Path) -> Sequence[object]:
    match files.documents(path):
        case [[_, *_] as listed]:
            return listed
        case _:
            raise DataFileError("a list of scenarios is needed")


def _scenario(raw: Mapping[str, object]) -> Scenario:
    scenario_id = files.text(raw, "id")
    with files.named(scenario_id):
        files.require_known(raw, KEYS)
        if not set(raw) & CHANGES:
            raise DataFileError("it changes nothing")
        return Scenario(
            id=scenario_id,
            title=files.words(raw.get("title")),
            help=files.words(raw.get("help"), "help"),
            since=files.day(files.text(raw, "from")),
            status=files.status(raw),
            checked_on=files.day(files.text(raw, "checked_on")),
            reference=files.reference(raw.get("reference")),
            prices=_numbers(raw, "prices", 0.0, MOST_TIMES),
            entered=_within(raw.get("entered", "1"), "entered", 0.0, MOST_TIMES),
            parameters=_numbers(raw, "parameters", -MOST, MOST),
            rate_add=_within(raw.get("rate_add", "0"), "rate_add", -MOST_RATE, MOST_RATE),
            hazard_add=_within(raw.get("hazard_add", "0"), "hazard_add", 0.0, 1.0),
            loss=_loss(raw.get("loss")),
        )


def _within(raw: object, what: str, low: float, high: float) -> float:
    with files.named(what):
        number = float(files.number(raw))
        if not low <= number <= high:
            raise DataFileError(f"a number from {low} to {high} is needed")
        return number


def _numbers(raw: Mapping[str, object], key: str, low: float, high: float) -> dict[str, float]:
    entries = files.mapping(raw.get(key, {}), key)
    return {name: _within(entry, f"{key}.{name}", low, high) for name, entry in entries.items()}


def _loss(raw: object) -> tuple[float, float] | None:
    if raw is None:
        return None
    if not isinstance(raw, list) or len(raw) != 2:
        raise DataFileError("loss: years and share are needed")
    return _within(raw[0], "loss years", 0.0, MOST_YEARS), _within(raw[1], "loss share", 0.0, 1.0)
