"""Income right: a yearly net income that someone owes, until the right ends.

Receivables from tickets, from tariffs for water, heat and power, from operating land or grassland,
and others. What has a model of its own is not valued here.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from risk_models.batches import finding
from risk_models.contract import (
    Basis,
    Batch,
    Exposure,
    Finding,
    Flow,
    ModelSpec,
    Recorder,
)
from risk_models.modelling import (
    as_day,
    discounted,
    ended_findings,
    income_growth_findings,
    rate_findings,
    term_findings,
)
from risk_models.models.income_right.passport import (
    GROWTH_HIGH,
    RATE_HIGH,
    RATE_LOW,
    SPEC,
    TERM_HIGH,
    WORDS,
)
from risk_models.payments import anniversaries, never_paid

__all__ = ["MODEL", "IncomeRight"]


class IncomeRight:
    """The model. It keeps no state."""

    @property
    def spec(self) -> ModelSpec:
        return SPEC

    def check(self, batch: Batch, basis: Basis) -> list[Finding]:
        """An ended right, a single payer, growth and rate out of the usual."""
        parameters = basis.parameters
        single = batch.is_level("payer", "single-company")
        return [
            *ended_findings(batch, basis.on),
            *never_paid(batch, as_day(basis.on)),
            *term_findings(batch, basis.on, limit_years=parameters.number(TERM_HIGH)),
            *finding("single-payer", "payer", single, severity="ask", detail=WORDS["single-payer"]),
            *income_growth_findings(batch, limit=parameters.number(GROWTH_HIGH)),
            *rate_findings(
                batch, low=parameters.number(RATE_LOW), high=parameters.number(RATE_HIGH)
            ),
        ]

    def exposures(self, batch: Batch, basis: Basis, steps: Recorder) -> Mapping[str, Exposure]:
        """Income and cost on each anniversary the right still covers."""
        due = anniversaries(
            steps,
            paid_each_year_since=batch.days("paid_each_year_since"),
            valuation_on=as_day(basis.on),
            right_ends_on=batch.days("right_ends_on"),
            growth_share=batch.numbers("growth_share"),
        )
        flows = (
            Flow(
                name="income",
                unit="year",
                profile=due.profile,
                first=due.first,
                quantity=batch.numbers("collection_share"),
                unit_price=batch.numbers("yearly_income_yuan"),
                at_risk=True,
                term=due.term,
            ),
            Flow(
                name="cost",
                unit="year",
                profile=due.profile,
                first=due.first,
                quantity=np.full(batch.n, -1.0),
                unit_price=batch.numbers("yearly_cost_yuan"),
                at_risk=True,
                term=due.term,
            ),
        )
        return {"capitalised": discounted(batch, flows)}


MODEL: Final = IncomeRight()
