"""Income right: a yearly net income that someone owes, until the right ends.

Compensation for public-welfare forest, income of an eco-product with a payer, ticket or tariff
receivables, green certificates sold for years ahead.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from risk_models.batches import distinct, finding
from risk_models.contract import (
    Basis,
    Batch,
    Exposure,
    Finding,
    Floats,
    Flow,
    Keyed,
    ModelSpec,
    Recorder,
    step,
)
from risk_models.modelling import Days, as_day, rate_findings, years
from risk_models.models.income_right.passport import GROWTH_HIGH, RATE_HIGH, RATE_LOW, SPEC, WORDS

__all__ = ["MODEL", "IncomeRight"]


@step(unit="year", zh="已收付年数")
def paid_years(*, paid_each_year_since: Days, valuation_on: Days) -> Floats:
    """Years since payments began: years(paid_each_year_since, valuation_on)."""
    return years(paid_each_year_since, valuation_on)


@step(unit="year", zh="距下次收付年数")
def next_payment_years(*, paid_years: Floats) -> Floats:
    """Years to the next anniversary: floor(paid_years) + 1 - paid_years."""
    return np.floor(paid_years) + 1.0 - paid_years


@step(unit="year", zh="权利剩余年限")
def right_years(*, valuation_on: Days, right_ends_on: Days) -> Floats:
    """Years the right still lasts: years(valuation_on, right_ends_on)."""
    return years(valuation_on, right_ends_on)


@step(unit="1", zh="各年收益增长倍数")
def growth_path(*, growth_share: Floats, year: Floats) -> Floats:
    """Income of a year over that of the next: (1 + growth_share) ** year."""
    return np.asarray((1.0 + growth_share) ** year)


class IncomeRight:
    """The model. It keeps no state."""

    @property
    def spec(self) -> ModelSpec:
        return SPEC

    def check(self, batch: Batch, basis: Basis) -> list[Finding]:
        """An ended right, a single payer, growth and rate out of the usual."""
        parameters = basis.parameters
        limit = parameters.number(GROWTH_HIGH)
        growth = batch.numbers("growth_share")
        ended = batch.days("right_ends_on") <= as_day(basis.on)
        single = batch.is_level("payer", "single-company")
        return [
            *finding(
                "right-ended",
                "right_ends_on",
                ended,
                severity="refuse",
                detail=WORDS["right-ended"],
            ),
            *finding("single-payer", "payer", single, severity="ask", detail=WORDS["single-payer"]),
            *finding(
                "growth-above-band",
                "growth_share",
                growth > limit,
                severity="ask",
                detail=WORDS["growth-above-band"],
                growth=growth,
                limit=np.array(limit),
            ),
            *rate_findings(
                batch, low=parameters.number(RATE_LOW), high=parameters.number(RATE_HIGH)
            ),
        ]

    def exposures(self, batch: Batch, basis: Basis, steps: Recorder) -> Mapping[str, Exposure]:
        """Income and cost on each anniversary the right still covers."""
        on = np.full(batch.n, as_day(basis.on))
        paid = steps(
            "paid_years",
            paid_years,
            paid_each_year_since=batch.days("paid_each_year_since"),
            valuation_on=on,
        )
        coming = steps("next_payment_years", next_payment_years, paid_years=paid)
        right = steps(
            "right_years",
            right_years,
            valuation_on=on,
            right_ends_on=batch.days("right_ends_on"),
        )
        (growth, first), key = distinct(batch.numbers("growth_share"), coming)
        longest = int(np.max(right - coming, initial=0.0))
        path = steps(
            "growth_path",
            growth_path,
            growth_share=growth[:, np.newaxis],
            year=np.arange(max(longest + 1, 1), dtype=np.float64)[np.newaxis],
        )
        profile = Keyed(values=path, key=key)
        flows = (
            Flow(
                name="income",
                unit="year",
                profile=profile,
                first=first,
                quantity=batch.numbers("collection_share"),
                unit_price=batch.numbers("yearly_income_yuan"),
                at_risk=True,
                term=right,
            ),
            Flow(
                name="cost",
                unit="year",
                profile=profile,
                first=first,
                quantity=np.full(batch.n, -1.0),
                unit_price=batch.numbers("yearly_cost_yuan"),
                at_risk=True,
                term=right,
            ),
        )
        capitalised = Exposure(
            n=batch.n,
            flows=flows,
            rate=Keyed.of(batch.numbers("discount_rate")),
            hazard=Keyed.of(batch.numbers("yearly_loss_share")),
        )
        return {"capitalised": capitalised}


MODEL: Final = IncomeRight()
