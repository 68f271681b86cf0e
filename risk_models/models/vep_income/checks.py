"""What stands against the contracts of a parcel, and what their reader must know."""

from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.batches import finding
from risk_models.contract import Basis, Batch, Finding, Floats
from risk_models.modelling import (
    SINGLE_PAYER,
    Days,
    as_day,
    ended_findings,
    income_growth_findings,
    rate_findings,
)
from risk_models.models.vep_income.passport import (
    GROWTH_HIGH,
    PAID,
    RATE_HIGH,
    RATE_LOW,
    SERVICES,
)
from risk_models.words import Text

__all__ = ["check", "contract_ends", "under_contract"]

Mask = npt.NDArray[np.bool_]
NAMES: Final = tuple(name for name, *_ in SERVICES)
TITLES: Final = {name: Text(en=en, zh=zh) for name, en, zh, *_ in SERVICES}

WORDS: Final[dict[str, Text]] = {
    "no-contract": Text(
        en="No service has a payer and a contract, so there is no income to value. Ecological"
        " value alone is none.",
        zh="没有任何服务具备付费方与合同，无收益可评估；生态价值本身不构成收益。",
    ),
    "income-without-payer": Text(
        en="%(service)s: an income needs a payer. Name who owes it, or leave it out.",
        zh="%(service)s：收入须有付费方。请填明付费方，否则不计此项。",
    ),
    "contract-ended": Text(
        en="%(service)s: the contract has ended on the valuation day. Leave this service out.",
        zh="%(service)s：合同在评估基准日已到期，请不计此项服务。",
    ),
    "contract-ends-early": Text(
        en="%(service)s: the contract ends before the right; income after it is not counted.",
        zh="%(service)s：合同先于权利到期，其后的收入不计。",
    ),
    "single-payer": SINGLE_PAYER,
    "value-without-payer": Text(
        en="%(unpaid).1f%% of the parcel's ecological value has no payer; usually %(low).1f to"
        " %(high).1f%% has none.",
        zh="地块生态价值中%(unpaid).1f%%无付费方；通常为%(low).1f%%至%(high).1f%%。",
    ),
    "income-above-band": Text(
        en="Income is %(paid).1f%% of the parcel's ecological value, above the usual"
        " %(limit).1f%%. Is the ecological value that of the same parcel and in yuan?",
        zh="收入占地块生态价值%(paid).1f%%，高于通常的%(limit).1f%%。请核对是否同一地块、单位是否为元。",
    ),
}


def under_contract(batch: Batch, name: str) -> Mask:
    """Which rows have a payer for a service."""
    return np.asarray(batch.codes(f"{name}_payer") >= 0)


def contract_ends(batch: Batch, name: str) -> Days:
    """The end of a contract; rows without one get the end of the right, which takes nothing away."""
    ends = batch.days(f"{name}_contract_ends_on")
    return np.where(np.isnat(ends), batch.days("right_ends_on"), ends)


def check(batch: Batch, basis: Basis) -> list[Finding]:
    """Everything known before valuing."""
    parameters = basis.parameters
    return [
        *_contract_findings(batch, basis),
        *_payer_findings(batch),
        *income_growth_findings(batch, limit=parameters.number(GROWTH_HIGH)),
        *rate_findings(batch, low=parameters.number(RATE_LOW), high=parameters.number(RATE_HIGH)),
        *_share_findings(batch, *(parameters.number(key) for key in PAID)),
    ]


def _told(
    code: str, field: str, rows: Mask, severity: str, **facts: npt.NDArray[np.generic]
) -> list[Finding]:
    return finding(code, field, rows, severity=severity, detail=WORDS[code], **facts)


def _told_of(name: str, code: str, field: str, rows: Mask, severity: str) -> list[Finding]:
    """A finding that names its service."""
    detail = WORDS[code].about(service=TITLES[name])
    return finding(code, field, rows, severity=severity, detail=detail)


def _contract_findings(batch: Batch, basis: Basis) -> list[Finding]:
    on = as_day(basis.on)
    right = batch.days("right_ends_on")
    paid = {name: under_contract(batch, name) for name in NAMES}
    anyone = np.any(list(paid.values()), axis=0)
    found = _told("no-contract", "", ~anyone, "refuse")
    found += ended_findings(batch, basis.on)
    for name, rows in paid.items():
        ends = contract_ends(batch, name)
        field = f"{name}_contract_ends_on"
        unpaid = ~rows & ~np.isnan(batch.numbers(f"{name}_income_yuan"))
        found += _told_of(name, "income-without-payer", f"{name}_payer", unpaid, "refuse")
        found += _told_of(name, "contract-ended", field, rows & (ends <= on), "refuse")
        found += _told_of(name, "contract-ends-early", field, rows & (ends < right), "ask")
    return found


def _payer_findings(batch: Batch) -> list[Finding]:
    """One company behind every contract; several such companies cannot be told from one here."""
    paid = [under_contract(batch, name) for name in NAMES]
    company = [batch.is_level(f"{name}_payer", "single-company") for name in NAMES]
    contracts = np.sum(paid, axis=0)
    alone = (contracts > 0) & (np.sum(company, axis=0) == contracts)
    return _told("single-payer", f"{NAMES[0]}_payer", alone, "ask")


def _share_findings(batch: Batch, low: float, high: float) -> list[Finding]:
    gep = batch.numbers("parcel_gep_yuan")
    income: Floats = np.sum(
        [np.nan_to_num(batch.numbers(f"{name}_income_yuan")) for name in NAMES], axis=0
    )
    paid = np.nan_to_num(income / gep)
    return [
        *_told(
            "value-without-payer",
            "parcel_gep_yuan",
            ~np.isnan(gep),
            "note",
            unpaid=100.0 * np.maximum(0.0, 1.0 - paid),
            low=np.array(100.0 * (1.0 - high)),
            high=np.array(100.0 * (1.0 - low)),
        ),
        *_told(
            "income-above-band",
            "parcel_gep_yuan",
            paid > high,
            "ask",
            paid=100.0 * paid,
            limit=np.array(100.0 * high),
        ),
    ]
