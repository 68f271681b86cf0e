"""How far a value may lie elsewhere: the band of its price scenarios and the bars of its tornado. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import numpy as np

from app.appraisal.domain.valuing import (
    Inputs,
    PriceFacts,
    basis_on,
    digest,
    money_text,
)
from app.kernel.units import RATIO
from risk_models.appraise import to_fen
from risk_models.batches import batch_from_rows
from risk_models.contract import Basis, Batch, Model, ModelSpec, Result
from risk_models.dated import ParameterNotInForce
from risk_models.engines.scenarios import Simulation
from risk_models.runner import fan, value
from risk_models.tornado import Bar, tornado
from risk_models.words import Text

PATHS: Final = "scenario.paths"
TAIL: Final = "scenario.tail"
SEED_DIGITS: Final = 8
"""Hexadecimal digits of the inputs' digest that make the seed: the same inputs draw the same paths."""

MAX_SEED: Final = 2**32 - 1
"""The seeds of stored bands are as long."""

UNNAMED: Final = Text(en="", zh="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """How a band is drawn where that is asked for: what is None, as a stored one is.

    With `losses` each path draws the year in which the stand is lost; otherwise losses are expected.
    """

    paths: int | None = None
    seed: int | None = None
    losses: bool = False


STORED: Final = Draw()


def spread(
    model: Model,
    inputs: Inputs,
    prices: Mapping[str, PriceFacts],
    on: date,
    draw: Draw = STORED,
) -> dict[str, Any]:
    """Band and bars of one asset that its model values, as they are stored beside the value."""
    basis = basis_on(model.spec, on, prices)
    row = batch_from_rows(model.spec, [inputs], basis.parameters)
    simulation = _drawn(simulation_of(basis, inputs), draw)
    with np.errstate(all="ignore"):
        band = scenario(model, row, basis, simulation)
        return {
            "scenario": with_fan(band, model, row, basis, simulation),
            "tornado": bars(model, row, basis),
        }


def scenario_of(
    model: Model, inputs: Inputs, prices: Mapping[str, PriceFacts], on: date
) -> dict[str, Any] | None:
    """The band alone, as it was stored: the same inputs, prices and day draw the same paths."""
    basis = basis_on(model.spec, on, prices)
    row = batch_from_rows(model.spec, [inputs], basis.parameters)
    with np.errstate(all="ignore"):
        return scenario(model, row, basis, simulation_of(basis, inputs))


def simulation_of(basis: Basis, inputs: Inputs) -> Simulation | None:
    """How many paths of which seed, and which quantiles; None on a day without the rule."""
    if PATHS not in basis.parameters or TAIL not in basis.parameters:
        return None
    tail = basis.parameters.number(TAIL)
    return Simulation(
        paths=basis.parameters.whole(PATHS),
        seed=int(digest(inputs)[:SEED_DIGITS], 16),
        quantiles=(tail, 0.5, 1.0 - tail),
    )


def _drawn(simulation: Simulation | None, draw: Draw) -> Simulation | None:
    if simulation is None:
        return None
    return replace(
        simulation,
        paths=simulation.paths if draw.paths is None else draw.paths,
        seed=simulation.seed if draw.seed is None else draw.seed,
        hazard_paths=draw.losses,
    )


def scenario(
    model: Model, row: Batch, basis: Basis, simulation: Simulation | None
) -> dict[str, Any] | None:
    """The quantiles of the value over price paths; None where no price that moves counts."""
    if simulation is None:
        return None
    try:
        result = value(model, row, basis, simulation=simulation)
    except ParameterNotInForce:
        # A price whose volatility nobody has stated has no paths; the value stands without them.
        return None
    quantiles = _quantiles(result)
    if quantiles is None:
        return None
    low, mid, high = quantiles
    losses = {"losses": True} if simulation.hazard_paths else {}
    return {
        **losses,
        "paths": simulation.paths,
        "seed": simulation.seed,
        "tail": repr(simulation.quantiles[0]),
        "low_yuan": money_text(low),
        "mid_yuan": money_text(mid),
        "high_yuan": money_text(high),
    }


def with_fan(
    found: dict[str, Any] | None,
    model: Model,
    row: Batch,
    basis: Basis,
    simulation: Simulation | None,
) -> dict[str, Any] | None:
    """A band with the undiscounted net cash flow of each whole year over the same paths."""
    if found is None or simulation is None:
        return found
    drawn = fan(model, row, basis, simulation)
    years = [
        {"year": int(year), "low": _money(low), "mid": _money(mid), "high": _money(high)}
        for year, low, mid, high in zip(drawn.years, drawn.low, drawn.mid, drawn.high, strict=True)
    ]
    return {**found, "fan": years}


def _quantiles(result: Result) -> tuple[int, int, int] | None:
    """Whole fen; None when all paths give the same value."""
    if result.low is None or result.mid is None or result.high is None:
        return None
    ends = (result.low[0], result.mid[0], result.high[0])
    if not np.isfinite(ends).all():
        return None
    low, mid, high = (to_fen(float(each)) for each in ends)
    return None if low == high else (low, mid, high)


def bars(model: Model, row: Batch, basis: Basis) -> list[dict[str, Any]]:
    """The value when one field, price or parameter moves alone, the widest first; what moves nothing is left out."""
    _, found = tornado(model, row, basis)
    return [_bar(model.spec, basis, each) for each in found if each.width > 0.0]


def _bar(spec: ModelSpec, basis: Basis, bar: Bar) -> dict[str, Any]:
    title, unit = _titled(spec, basis, bar)
    return {
        "kind": bar.kind,
        "name": bar.name,
        "en": title.en or bar.name,
        "zh": title.zh or bar.name,
        "unit": unit,
        "low": repr(bar.low),
        "high": repr(bar.high),
        "value_at_low_yuan": _money(bar.value_at_low),
        "value_at_high_yuan": _money(bar.value_at_high),
    }


def _titled(spec: ModelSpec, basis: Basis, bar: Bar) -> tuple[Text, str]:
    if bar.kind == "field":
        field = spec.field(bar.name)
        return field.title, field.unit
    if bar.kind == "list":
        return spec.field(bar.name).title, RATIO
    if bar.kind == "price":
        use = next(each for each in spec.prices if each.id == bar.name)
        return use.title, use.unit
    if bar.name in basis.parameters:
        parameter = basis.parameters.in_force(bar.name).parameter
        return parameter.title, parameter.unit
    return UNNAMED, ""


def _money(yuan: float) -> str | None:
    return money_text(to_fen(yuan)) if np.isfinite(yuan) else None
