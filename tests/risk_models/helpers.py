"""Small builders for the tests of the appraisal models."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from risk_models.appraise import basis_on
from risk_models.batches import batch_from_rows
from risk_models.contract import Exposure, Flow, Keyed, Model, Price, Prices, Result, Stress
from risk_models.engines.discount import discount
from risk_models.runner import value

ON = date(2023, 12, 26)
SINK = {"local-sink": Price(yuan=30.0, unit="yuan/tCO2e")}


def example(model: Model, **changes: Any) -> dict[str, Any]:
    """The passport's example row with some inputs changed."""
    return {**{field.name: field.example for field in model.spec.fields}, **changes}


def run(
    model: Model,
    rows: Sequence[Mapping[str, Any]],
    prices: Mapping[str, Price] | None = None,
    *,
    on: date = ON,
    stress: Stress | None = None,
    trace: bool = False,
) -> Result:
    basis = basis_on(on, prices or {})
    batch = batch_from_rows(model.spec, rows, basis.parameters)
    return value(model, batch, basis, stress=stress, trace=trace)


BESIDE = frozenset({"not-asked", "approaches-apart"})
"""An example has every input, and the figures of its approaches come from different sources."""


def codes(result: Result, row: int = 0, severity: str | None = None) -> set[str]:
    """The findings of a row, without those that an example raises whatever is tried on it."""
    return {
        found.code
        for found in result.findings
        if row in found.rows and severity in (None, found.severity) and found.code not in BESIDE
    }


def flow(profile: Sequence[float] | np.ndarray, **changes: Any) -> Flow:
    """A plain flow of one row."""
    plain: dict[str, Any] = {
        "name": "income",
        "unit": "t",
        "profile": Keyed.one(np.asarray(profile, dtype=np.float64), 1),
        "first": 1.0,
        "quantity": np.ones(1),
        "unit_price": 1.0,
        "at_risk": False,
    }
    return Flow(**{**plain, **changes})


def worth(
    flows: Flow | Sequence[Flow],
    rate: float,
    hazard: float = 0.0,
    prices: Mapping[str, Price] | None = None,
    stress: Stress | None = None,
) -> float:
    listed = (flows,) if isinstance(flows, Flow) else tuple(flows)
    exposure = Exposure(n=1, flows=listed, rate=Keyed.one(rate, 1), hazard=Keyed.one(hazard, 1))
    return float(discount(exposure, Prices(prices or {}), stress)[0][0])
