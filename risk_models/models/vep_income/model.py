"""Ecological-product income right: what payers owe for the services of a parcel, contract by contract.

A service counts from its payer and its contract, never from its ecological value; that figure is
an input shown beside the value.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from risk_models.contract import (
    Basis,
    Batch,
    Exposure,
    Finding,
    Floats,
    Flow,
    ModelSpec,
    Recorder,
    StepFunction,
)
from risk_models.modelling import Days, as_day, discounted
from risk_models.models.vep_income import checks
from risk_models.models.vep_income.passport import SERVICES, SPEC
from risk_models.payments import Anniversaries, anniversaries
from risk_models.trace import whole_years
from risk_models.words import Text

__all__ = ["MODEL", "VepIncome"]


def _left(name: str, en: str, zh: str) -> StepFunction[..., Floats]:
    """The step that counts the payments of one contract; its inputs carry the service's name."""
    ends = f"{name}_contract_ends_on"

    def count(
        *,
        paid_each_year_since: Days,
        payments_made: Floats,
        payments_left: Floats,
        **contract: Days,
    ) -> Floats:
        until_end = whole_years(paid_each_year_since, contract[ends])
        return np.minimum(payments_left, np.maximum(0.0, until_end - payments_made))

    return StepFunction(
        count,
        Text(en=f"{en}: payments left", zh=f"{zh}：剩余收付次数"),
        f"min(payments_left, max(0, whole_years(paid_each_year_since, {ends}) - payments_made))",
        "payment",
        "",
    )


def _last(name: str, en: str, zh: str) -> StepFunction[..., Floats]:
    """The step that says when the last payment of one contract comes."""
    left = f"{name}_payments"

    def last(*, next_payment_years: Floats, **contract: Floats) -> Floats:
        return next_payment_years + contract[left] - 1.0

    return StepFunction(
        last,
        Text(en=f"{en}: years to the last payment", zh=f"{zh}：距末次收付年数"),
        f"next_payment_years + {left} - 1",
        "year",
        "",
    )


STEPS: Final = {name: (_left(name, en, zh), _last(name, en, zh)) for name, en, zh, *_ in SERVICES}


class VepIncome:
    """The model. It keeps no state."""

    @property
    def spec(self) -> ModelSpec:
        return SPEC

    def check(self, batch: Batch, basis: Basis) -> list[Finding]:
        """Services without a contract, contracts that have ended or end early, a single payer."""
        return checks.check(batch, basis)

    def exposures(self, batch: Batch, basis: Basis, steps: Recorder) -> Mapping[str, Exposure]:
        """Income and cost of each contract on the anniversaries it still covers."""
        due = anniversaries(
            steps,
            paid_each_year_since=batch.days("paid_each_year_since"),
            valuation_on=as_day(basis.on),
            right_ends_on=batch.days("right_ends_on"),
            growth_share=batch.numbers("growth_share"),
        )
        flows = [flow for name, *_ in SERVICES for flow in _contract_flows(batch, steps, due, name)]
        return {"capitalised": discounted(batch, flows)}


def _contract_flows(
    batch: Batch, steps: Recorder, due: Anniversaries, name: str
) -> tuple[Flow, ...]:
    rows = checks.under_contract(batch, name)
    if not rows.any():
        return ()
    left, last = STEPS[name]
    payments = steps(
        f"{name}_payments",
        left,
        paid_each_year_since=batch.days("paid_each_year_since"),
        payments_made=due.made,
        payments_left=due.left,
        **{f"{name}_contract_ends_on": checks.contract_ends(batch, name)},
    )
    term = steps(
        f"{name}_last_payment_years",
        last,
        next_payment_years=due.coming,
        **{f"{name}_payments": payments},
    )
    collected = np.where(rows, batch.numbers("collection_share"), 0.0)
    spent = np.where(rows, -1.0, 0.0)
    return (
        _flow(due, name, collected, _yuan(batch, f"{name}_income_yuan"), term),
        _flow(due, "cost", spent, _yuan(batch, f"{name}_cost_yuan"), term),
    )


def _yuan(batch: Batch, field: str) -> Floats:
    return np.nan_to_num(batch.numbers(field))


def _flow(due: Anniversaries, name: str, quantity: Floats, yuan: Floats, term: Floats) -> Flow:
    return Flow(
        name=name,
        unit="year",
        profile=due.profile,
        first=due.first,
        quantity=quantity,
        unit_price=yuan,
        at_risk=True,
        term=term,
    )


MODEL: Final = VepIncome()
