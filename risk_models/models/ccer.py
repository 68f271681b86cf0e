"""Certified emission reductions (CCER): a holding when issued, else an amount still to come.

What is issued is sold now. What is only registered or validated is counted by the share that is
usually issued in the end, discounted to the expected day of the issue, and at risk until then.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.batches import distinct, finding, findings
from risk_models.contract import (
    Basis,
    Batch,
    Exposure,
    Field,
    Finding,
    Floats,
    Keyed,
    ModelSpec,
    Recorder,
    step,
)
from risk_models.credit_prices import CCER_MEANS
from risk_models.fields import day, discount_rate, number, part, share, yearly_loss_share
from risk_models.modelling import Days, as_day, rate_findings, years
from risk_models.tradable import (
    NOT_ADDITIVE,
    SHARED_PARAMETERS,
    PricesByLevel,
    Sale,
    holding_findings,
    implied_findings,
    lost_to_sale,
    market_findings,
    price_uses,
    priced_rows,
    reference_price,
    sale_flows,
    sale_terms,
    ten_thousands,
)
from risk_models.tradable_fields import (
    daily_volume_field,
    frozen_field,
    high_price_field,
    needed_field,
    statement_field,
)
from risk_models.words import Text

__all__ = ["MODEL", "Ccer"]

STATE: Final = "ccer.state"
SCHEME: Final = "ccer.scheme"
OFFSET: Final = "ccer.offset_share"
BASE_DISCOUNT: Final = "ccer.base_discount"
QUANTITY_LOW: Final = "ccer.quantity_low"
QUANTITY_HIGH: Final = "ccer.quantity_high"
IMPLIED_LOW: Final = "ccer.implied_low"
IMPLIED_HIGH: Final = "ccer.implied_high"
RATE_LOW: Final = "ccer.discount_rate_low"
RATE_HIGH: Final = "ccer.discount_rate_high"

TONNE: Final = "tCO2e"
COMING: Final = ("state", frozenset({"registered-not-issued", "validated"}))
"""When something is needed only because the reductions are not issued yet."""

WORDS: Final[dict[str, Text]] = {
    "scheme-ended": Text(
        en="Reductions of this scheme can no longer be surrendered; they have no market.",
        zh="该类减排量已不能用于抵销清缴，没有市场。",
    ),
    "double-use": Text(
        en="Green certificates were issued for the same electricity. It cannot count twice.",
        zh="同一电量已核发绿证，不得重复计算。",
    ),
    "issue-passed": Text(
        en="The expected day of the issue has passed. Say issued, or state the new day.",
        zh="预计签发日已过。请改为已签发，或填写新的预计签发日。",
    ),
    "issue-soon": Text(
        en="The issue is expected in %(given).2f years; such reductions usually wait %(limit).2f.",
        zh="预计%(given).2f年后签发，而此阶段通常至少需%(limit).2f年。",
    ),
    "expected-share-high": Text(
        en="%(given)p of the quantity is expected to be issued, above the usual %(limit)p.",
        zh="预计签发比例%(given)p高于通常的%(limit)p。",
    ),
    "above-offset-share": Text(
        en="%(free).6g t exceed what the buyers may offset (%(limit).6g t). Name more buyers.",
        zh="%(free).6g吨超过买方可抵销的%(limit).6g吨，请补充买方。",
    ),
}


# ---------------------------------------------------------------------------
# Steps


@step(unit=TONNE, zh="已签发数量")
def issued_quantity(*, quantity_held: Floats) -> Floats:
    """Reductions issued: quantity_held."""
    return quantity_held


@step(unit=TONNE, zh="预计签发数量")
def coming_quantity(*, quantity_held: Floats, expected_share: Floats) -> Floats:
    """Reductions expected to be issued: quantity_held * expected_share."""
    return quantity_held * expected_share


@step(unit=TONNE, zh="可用数量")
def free_quantity(
    *, expected_quantity: Floats, quantity_needed: Floats, frozen_quantity: Floats
) -> Floats:
    """Reductions free to pledge: max(0, expected_quantity - quantity_needed - frozen_quantity)."""
    return np.maximum(0.0, expected_quantity - quantity_needed - frozen_quantity)


@step(unit="year", zh="距签发年数")
def years_to_issue(*, valuation_on: Days, issue_expected_on: Days) -> Floats:
    """Years to the expected issue: years(valuation_on, issue_expected_on)."""
    return years(valuation_on, issue_expected_on)


# ---------------------------------------------------------------------------
# Model


class Ccer:
    """The model. It keeps no state."""

    @property
    def spec(self) -> ModelSpec:
        return SPEC

    def check(self, batch: Batch, basis: Basis) -> list[Finding]:
        """The scheme, double use, the day of the issue, the market and the holding."""
        parameters = basis.parameters
        held = batch.numbers("quantity_held")
        free = _free(batch, basis, Recorder())
        return [
            *market_findings(batch, basis, field="state", markets=_markets(batch)),
            *_refusals(batch, basis),
            *_issue_findings(batch, basis),
            *_offset_findings(batch, basis, free),
            *_rate_findings(batch, basis),
            *holding_findings(
                batch,
                basis,
                held=held,
                free=free,
                reference=_reference(batch, basis, Recorder()),
                base_discount=BASE_DISCOUNT,
                field="quantity_held",
            ),
            *ten_thousands(
                "quantity_held",
                held,
                low=parameters.number(QUANTITY_LOW),
                high=parameters.number(QUANTITY_HIGH),
            ),
        ]

    def exposures(self, batch: Batch, basis: Basis, steps: Recorder) -> Mapping[str, Exposure]:
        """Sold when issued at the lower mean of today, less what selling it loses."""
        free = _free(batch, basis, steps)
        _reference(batch, basis, steps)
        terms = sale_terms(basis, steps, base_discount=BASE_DISCOUNT)
        lost = lost_to_sale(batch, basis, steps, free=free, terms=terms, unit=TONNE)
        (first,), key = distinct(_wait(batch, basis, steps))
        sale = replace(
            Sale.now(TONNE, batch.n),
            profile=Keyed(values=np.ones((len(first), 1)), key=key),
            first=first,
            at_risk=True,
        )
        flows = sale_flows(
            sale,
            {"holding": free, "liquidity": -lost},
            priced_rows(batch, basis, field="state", markets=_markets(batch)),
            basis.prices,
        )
        market = Exposure(
            n=batch.n,
            flows=tuple(flows),
            # What is issued already waits for nothing, so neither counts for it.
            rate=Keyed.of(np.nan_to_num(batch.numbers("discount_rate"))),
            hazard=Keyed.of(np.nan_to_num(batch.numbers("yearly_loss_share"))),
        )
        return {"market": market}

    def review(
        self,
        batch: Batch,  # noqa: ARG002 - the contract gives it.
        basis: Basis,
        value: Floats,
        quantities: Mapping[str, tuple[Floats, str]],
    ) -> list[Finding]:
        """Value per tonne beside the market."""
        return implied_findings(
            value,
            quantities["holding"][0],
            low=basis.parameters.number(IMPLIED_LOW),
            high=basis.parameters.number(IMPLIED_HIGH),
        )


def _markets(batch: Batch) -> PricesByLevel:
    return dict.fromkeys(batch.levels["state"], (CCER_MEANS,))


def _reference(batch: Batch, basis: Basis, steps: Recorder) -> Floats:
    return reference_price(batch, basis, steps, field="state", markets=_markets(batch))


def _by_state(batch: Batch, basis: Basis, column: str) -> Floats:
    table = basis.parameters.table(STATE)
    return batch.by_level("state", table.column(column, batch.levels["state"]))


def _coming(batch: Batch, basis: Basis) -> npt.NDArray[np.bool_]:
    """Which rows are not issued yet."""
    return _by_state(batch, basis, "is_issued") <= 0.0


def _free(batch: Batch, basis: Basis, steps: Recorder) -> Floats:
    issued = ~_coming(batch, basis)
    held, expected = batch.numbers("quantity_held"), np.zeros(batch.n)
    if issued.any():
        whole = steps("expected_quantity", issued_quantity, quantity_held=held)
        expected[issued] = whole[issued]
    if not issued.all():
        part_of_it = steps(
            "expected_quantity",
            coming_quantity,
            quantity_held=held,
            expected_share=batch.numbers("expected_share"),
        )
        expected[~issued] = part_of_it[~issued]
    return steps(
        "free_quantity",
        free_quantity,
        expected_quantity=expected,
        quantity_needed=batch.numbers("quantity_needed"),
        frozen_quantity=np.nan_to_num(batch.numbers("frozen_quantity")),
    )


def _wait(batch: Batch, basis: Basis, steps: Recorder) -> Floats:
    """Years to the issue [n], none for what is issued."""
    coming = _coming(batch, basis)
    if not coming.any():
        return np.zeros(batch.n)
    on = np.full(batch.n, as_day(basis.on))
    expected_on = batch.days("issue_expected_on")
    waited = steps(
        "years_to_issue",
        years_to_issue,
        valuation_on=on,
        issue_expected_on=np.where(coming, expected_on, on),
    )
    return np.where(coming, waited, 0.0)


# ---------------------------------------------------------------------------
# Findings


def _refusals(batch: Batch, basis: Basis) -> list[Finding]:
    table = basis.parameters.table(SCHEME)
    usable = batch.by_level("scheme", table.column("usable", batch.levels["scheme"]))
    twice = batch.numbers("green_certificates_issued") > 0.0
    passed = _coming(batch, basis) & (batch.days("issue_expected_on") <= as_day(basis.on))
    refused = {
        "scheme-ended": ("scheme", usable <= 0.0),
        "double-use": ("green_certificates_issued", twice),
        "issue-passed": ("issue_expected_on", passed),
    }
    return findings("refuse", refused, WORDS)


def _issue_findings(batch: Batch, basis: Basis) -> list[Finding]:
    coming = _coming(batch, basis)
    given = _wait(batch, basis, Recorder())
    least = _by_state(batch, basis, "issue_years_low")
    expected, most = batch.numbers("expected_share"), _by_state(batch, basis, "expected_high")
    return [
        *finding(
            "issue-soon",
            "issue_expected_on",
            coming & (given > 0.0) & (given < least),
            severity="ask",
            detail=WORDS["issue-soon"],
            given=given,
            limit=least,
        ),
        *finding(
            "expected-share-high",
            "expected_share",
            coming & (expected > most),
            severity="ask",
            detail=WORDS["expected-share-high"],
            given=expected,
            limit=most,
        ),
    ]


def _offset_findings(batch: Batch, basis: Basis, free: Floats) -> list[Finding]:
    limit = basis.parameters.number(OFFSET) * batch.numbers("buyer_emissions_tco2e")
    return finding(
        "above-offset-share",
        "buyer_emissions_tco2e",
        free > limit,
        severity="ask",
        detail=WORDS["above-offset-share"],
        free=free,
        limit=limit,
    )


def _rate_findings(batch: Batch, basis: Basis) -> list[Finding]:
    """The rate of what is issued is empty and lies outside no band."""
    parameters = basis.parameters
    return rate_findings(batch, low=parameters.number(RATE_LOW), high=parameters.number(RATE_HIGH))


# ---------------------------------------------------------------------------
# Passport

FIELDS: Final = (
    Field(
        name="state",
        title=Text(en="State", zh="所处阶段"),
        help=Text(
            en="Only what is issued counts as a holding.", zh="只有已签发的减排量才按持有量计。"
        ),
        kind="choice",
        unit="",
        choices_from=STATE,
        example="issued",
        group="holding",
    ),
    Field(
        name="scheme",
        title=Text(en="Rules it was filed under", zh="适用规则"),
        help=Text(
            en="It decides until when the reductions can be surrendered.",
            zh="决定减排量可用于清缴的截止日。",
        ),
        kind="choice",
        unit="",
        choices_from=SCHEME,
        example="new",
        group="holding",
    ),
    number(
        "quantity_held",
        Text(en="Reductions held or claimed", zh="持有或申报的减排量"),
        Text(
            en="By the registry's statement; what is not issued as in the filed documents.",
            zh="已签发的以登记机构证明为准，未签发的以申报文件为准。",
        ),
        unit=TONNE,
        example=60_000.0,
        group="holding",
        vary=(55_000.0, 65_000.0),
    ),
    needed_field(
        TONNE,
        Text(
            en="What the holder will surrender itself or has promised to others.",
            zh="持有人自用于抵销或已承诺他人的部分。",
        ),
        example=8_000.0,
        vary=(6_000.0, 10_000.0),
    ),
    frozen_field(TONNE, example=2_000.0),
    Field(
        name="green_certificates_issued",
        title=Text(en="Green certificates issued for it", zh="是否已就同一电量核发绿证"),
        help=Text(
            en="Whether the same electricity also got green certificates.",
            zh="同一电量是否同时取得绿证。",
        ),
        kind="flag",
        unit="",
        example=False,
        group="holding",
    ),
    number(
        "buyer_emissions_tco2e",
        Text(en="Verified emissions of the named buyers", zh="意向买方核查排放量"),
        Text(
            en="If buyers are named; they may offset only a share of it.",
            zh="如有意向买方；其抵销量不得超过一定比例。",
        ),
        unit=TONNE,
        example=1_500_000.0,
        group="market",
        required=False,
    ),
    day(
        "issue_expected_on",
        Text(en="Issue expected on", zh="预计签发日"),
        Text(en="If not issued: the day it is expected on.", zh="未签发的，填写预计签发日。"),
        example="2024-09-30",
        needed_when=COMING,
    ),
    share(
        "expected_share",
        Text(en="Share expected to be issued", zh="预计签发比例"),
        Text(
            en="If not issued: what verification usually leaves of the claim.",
            zh="未签发的，核查后通常得到确认的比例。",
        ),
        example=0.85,
        group="holding",
        needed_when=COMING,
        vary=(0.7, 0.95),
    ),
    statement_field(example="2023-12-20"),
    daily_volume_field(TONNE, example=30_000.0, vary=(15_000.0, 45_000.0)),
    high_price_field(TONNE, example=78.0),
    replace(
        yearly_loss_share(
            Text(en="Yearly hazard of no issue", zh="未获签发的年概率"),
            Text(
                en="If not issued: the chance a year that it falls through.",
                zh="未签发的，落空的年概率。",
            ),
            example=0.05,
        ),
        required=False,
        needed_when=COMING,
    ),
    replace(discount_rate(example=0.08, vary=(0.06, 0.12)), required=False, needed_when=COMING),
)

SPEC: Final = ModelSpec(
    id="ccer",
    version="1.1.0",
    title=Text(en="Certified emission reductions (CCER)", zh="国家核证自愿减排量（CCER）"),
    help=Text(
        en="Free reductions at the lower of two mean prices, less what a sale loses; what is not"
        " issued yet is discounted to its issue.",
        zh="可用减排量乘以两个均价中的较低者，扣减变现折扣；未签发的折现至预计签发日。",
    ),
    value_kind="market",
    per="once",
    asset_kinds=("carbon-credit",),
    fields=FIELDS,
    components=(
        part("holding", "Free reductions at reference price", "可用减排量按参考价"),
        part("liquidity", "Liquidity discount", "流动性折扣"),
    ),
    approaches=(part("market", "Market approach", "市场法"),),
    parameters=(
        STATE,
        SCHEME,
        OFFSET,
        BASE_DISCOUNT,
        QUANTITY_LOW,
        QUANTITY_HIGH,
        IMPLIED_LOW,
        IMPLIED_HIGH,
        RATE_LOW,
        RATE_HIGH,
        *SHARED_PARAMETERS,
    ),
    prices=price_uses({"": (CCER_MEANS,)}),
    standards=("Practice standards of asset appraisal",),
    limits=(
        NOT_ADDITIVE,
        Text(
            en="A project's future reductions are an income right, not a holding.",
            zh="项目未来年度的减排量属收益权，不属本模型的持有量。",
        ),
    ),
)

MODEL: Final = Ccer()
