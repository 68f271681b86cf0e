"""Named, dated stress scenarios: reviewable data that say how the world changes.

A scenario becomes a `Stress` for one model, which is then run again. Which entered figures are
prices and incomes, the fields of the model say. Nothing here multiplies a result.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final, cast, get_args

import yaml

from risk_models.contract import ModelSpec, Stress
from risk_models.dated import Parameters, Reference, Status
from risk_models.words import Text

__all__ = ["Scenario", "ScenarioFileError", "load_scenarios", "scenarios"]

FILE: Final = Path(__file__).parent / "stress" / "scenarios.yaml"
ALL: Final = "*"
KEYS: Final = frozenset(
    {"id", "title", "help", "from", "status", "checked_on", "reference"}
    | {"prices", "entered", "parameters", "rate_add", "hazard_add", "loss"}
)
CHANGES: Final = ("prices", "entered", "parameters", "rate_add", "hazard_add", "loss")


class ScenarioFileError(ValueError):
    """A file of scenarios that does not have the agreed shape."""


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
    try:
        found = _all(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ScenarioFileError, yaml.YAMLError) as problem:
        raise ScenarioFileError(f"{path.name}: {problem}") from problem
    by_id = {each.id: each for each in found}
    if len(by_id) != len(found):
        raise ScenarioFileError(f"{path.name}: an id stands twice")
    return by_id


def _all(raw: object) -> list[Scenario]:
    if not isinstance(raw, list) or not raw:
        raise ScenarioFileError("a list of scenarios is needed")
    return [_scenario(_mapping(entry, "scenario")) for entry in raw]


def _scenario(raw: Mapping[str, Any]) -> Scenario:
    scenario_id = _text(raw, "id")
    unknown = sorted(set(raw) - KEYS)
    if unknown:
        raise ScenarioFileError(f"{scenario_id}: unknown keys: {', '.join(unknown)}")
    if not set(raw) & set(CHANGES):
        raise ScenarioFileError(f"{scenario_id}: it changes nothing")
    try:
        return _read(scenario_id, raw)
    except ScenarioFileError as problem:
        raise ScenarioFileError(f"{scenario_id}: {problem}") from problem


def _read(scenario_id: str, raw: Mapping[str, Any]) -> Scenario:
    reference = _mapping(raw.get("reference"), "reference")
    return Scenario(
        id=scenario_id,
        title=_words(raw, "title"),
        help=_words(raw, "help"),
        since=_day(raw, "from"),
        status=_status(raw),
        checked_on=_day(raw, "checked_on"),
        reference=Reference(title=_text(reference, "title"), source=_text(reference, "source")),
        prices=_factors(raw, "prices"),
        entered=_within(raw.get("entered", "1"), "entered", 0.0, 10.0),
        parameters=_numbers(raw, "parameters"),
        rate_add=_within(raw.get("rate_add", "0"), "rate_add", -0.5, 0.5),
        hazard_add=_within(raw.get("hazard_add", "0"), "hazard_add", 0.0, 1.0),
        loss=_loss(raw.get("loss")),
    )


def _mapping(raw: object, what: str) -> Mapping[str, Any]:
    if not isinstance(raw, dict) or not all(isinstance(key, str) for key in raw):
        raise ScenarioFileError(f"{what}: a mapping is needed")
    return raw


def _text(raw: Mapping[str, Any], key: str) -> str:
    value = raw.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ScenarioFileError(f"{key}: a text is needed")
    return value


def _words(raw: Mapping[str, Any], key: str) -> Text:
    both = _mapping(raw.get(key), key)
    return Text(en=_text(both, "en"), zh=_text(both, "zh"))


def _day(raw: Mapping[str, Any], key: str) -> date:
    try:
        return date.fromisoformat(_text(raw, key))
    except ValueError as problem:
        raise ScenarioFileError(f"{key}: a day is needed") from problem


def _status(raw: Mapping[str, Any]) -> Status:
    status = _text(raw, "status")
    if status not in get_args(Status):
        raise ScenarioFileError(f"status: {status!r} is none of {', '.join(get_args(Status))}")
    return cast("Status", status)


def _within(raw: object, what: str, low: float, high: float) -> float:
    """A number written as text, so that the file says it exactly."""
    try:
        number = float(raw) if isinstance(raw, str) else math.nan
    except ValueError:
        number = math.nan
    if not low <= number <= high:
        raise ScenarioFileError(f"{what}: a quoted number from {low} to {high} is needed")
    return number


def _factors(raw: Mapping[str, Any], key: str) -> dict[str, float]:
    entries = _mapping(raw.get(key, {}), key)
    return {name: _within(entry, f"{key}.{name}", 0.0, 10.0) for name, entry in entries.items()}


def _numbers(raw: Mapping[str, Any], key: str) -> dict[str, float]:
    entries = _mapping(raw.get(key, {}), key)
    return {name: _within(entry, f"{key}.{name}", -1e12, 1e12) for name, entry in entries.items()}


def _loss(raw: object) -> tuple[float, float] | None:
    if raw is None:
        return None
    if not isinstance(raw, list) or len(raw) != 2:
        raise ScenarioFileError("loss: years and share are needed")
    return _within(raw[0], "loss years", 0.0, 100.0), _within(raw[1], "loss share", 0.0, 1.0)
