"""When each flow of a model is paid and what it bears, seen by valuing random rows of its own ranges."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import numpy as np

from risk_models.batches import batch_from_rows
from risk_models.conformance import as_asked, random_rows
from risk_models.contract import Basis, Exposure, Flow, Model, Price, Prices
from risk_models.registry import science_parameters
from risk_models.runner import value

__all__ = ["FlowKind", "flows_of"]

ON: Final = date(2023, 12, 26)
PLACES: Final = {0.0: "at its start", 0.5: "in its middle", 1.0: "at its end"}

ROWS: Final = 400
SEED: Final = 20_231_226


@dataclass(slots=True)
class FlowKind:
    """What all flows of one component in one approach were seen to be."""

    approach: str
    component: str
    paid: set[str] = field(default_factory=set)
    survives: set[bool] = field(default_factory=set)
    ends: set[str] = field(default_factory=set)
    prices: set[str] = field(default_factory=set)


def flows_of(model: Model) -> list[FlowKind]:
    """The flows of a model by approach and component, in the order of its passport."""
    watched: Any = _Watched(model)
    parameters = science_parameters().on(ON)
    drawn = random_rows(model.spec, parameters, ROWS, SEED)
    example = {entry.name: entry.example for entry in model.spec.fields}
    rows = [example, *(as_asked(model.spec, row) for row in drawn)]
    prices = Prices({use.id: Price(yuan=23.0, unit=use.unit) for use in model.spec.prices})
    basis = Basis(on=ON, parameters=parameters, prices=prices)
    with np.errstate(all="ignore"):
        value(watched, batch_from_rows(model.spec, rows, parameters), basis)
    order = [part.name for part in (*model.spec.approaches, *model.spec.components)]
    return sorted(
        watched.kinds.values(),
        key=lambda kind: (order.index(kind.approach), order.index(kind.component)),
    )


class _Watched:
    """A model whose exposures are looked at on their way to the engine."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.kinds: dict[tuple[str, str], FlowKind] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def exposures(self, *given: Any) -> Mapping[str, Exposure]:
        found = self._model.exposures(*given)
        for approach, exposure in found.items():
            for flow in exposure.flows if exposure.n else ():
                key = (approach, flow.name)
                _seen(self.kinds.setdefault(key, FlowKind(*key)), flow)
        return found


def _seen(kind: FlowKind, flow: Flow) -> None:
    kind.paid |= set(_paid(flow))
    kind.survives.add(flow.at_risk)
    kind.ends.add(_end(flow))
    if flow.index is not None:
        kind.prices.add(flow.index)


def _paid(flow: Flow) -> Iterator[str]:
    """When a flow pays; a first payment that steps count may fall on a whole year by chance."""
    firsts = np.unique(np.asarray(flow.first, dtype=np.float64))
    once = flow.profile.values.shape[1] == 1
    if (firsts < 0.0).any():
        yield "in years past"
    elif once:
        yield "once, on the day" if not firsts.any() else "once, when its steps say"
    elif len(firsts) == 1 and firsts[0] in PLACES:
        yield f"each year, {PLACES[firsts[0]]}"
    else:
        yield "each year, from when its steps say"


def _end(flow: Flow) -> str:
    if flow.repeat is not None:
        return "repeats without end"
    if flow.term is None:
        return "none"
    return "a broken last year counts in part" if flow.even else "nothing after it"
