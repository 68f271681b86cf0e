"""Green electricity certificates: those held now, and those that come each year from generation.

Certificates held are sold now and lose by it; those to come are sold through the year as they are
issued, are at risk, and end with the right. One certificate stands for 1 MWh.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.batches import finding
from risk_models.contract import (
    Basis,
    Batch,
    Choice,
    Exposure,
    Field,
    Finding,
    Floats,
    Flow,
    Keyed,
    ModelSpec,
    Recorder,
    step,
)
from risk_models.fields import day, discount_rate, number, part, share, yearly_loss_share, yuan
from risk_models.modelling import as_day, rate_findings, single, years
from risk_models.payments import Anniversaries, anniversaries
from risk_models.tradable import (
    SHARED_PARAMETERS,
    Means,
    PricesByLevel,
    Sale,
    daily_volume_field,
    frozen_field,
    high_price_field,
    holding_findings,
    implied_findings,
    lost_to_sale,
    market_findings,
    means_of,
    needed_field,
    price_uses,
    priced_rows,
    reference_price,
    sale_flows,
    statement_field,
    ten_thousands,
)
from risk_models.words import Text

__all__ = ["MODEL", "GreenCertificate"]

GENERATION: Final = "green_certificate.generation"
MWH: Final = "green_certificate.mwh_per_certificate"
VALID_YEARS: Final = "green_certificate.valid_years"
TRADING_DAYS: Final = "green_certificate.trading_days"
GROWTH_HIGH: Final = "green_certificate.price_growth_high"
QUANTITY_LOW: Final = "green_certificate.quantity_low"
QUANTITY_HIGH: Final = "green_certificate.quantity_high"
IMPLIED_LOW: Final = "green_certificate.implied_low"
IMPLIED_HIGH: Final = "green_certificate.implied_high"
RATE_LOW: Final = "green_certificate.discount_rate_low"
RATE_HIGH: Final = "green_certificate.discount_rate_high"
PARTICIPATION: Final = "tradable.participation_share"

PIECE: Final = "certificate"
HOLDING: Final = ("certificates", frozenset({"held", "both"}))
STREAM: Final = ("certificates", frozenset({"yearly", "both"}))
"""When an input is needed: for certificates held now, or for those of the years to come."""

ALL_KINDS: Final = means_of("gec", Text(en="Green certificates", zh="绿证"), PIECE)
OWN_MARKET: Final[Mapping[str, Means]] = {
    "wind": means_of("gec-wind", Text(en="Green certificates of wind", zh="风电绿证"), PIECE),
    "solar": means_of("gec-solar", Text(en="Green certificates of solar", zh="光伏绿证"), PIECE),
}
"""Kinds with prices of their own; without them, as for all others, the market as a whole counts."""

WORDS: Final[dict[str, Text]] = {
    "not-tradable": Text(
        en="Certificates of this generation are not traded, so there is no value.",
        zh="该类发电的绿证不可交易，因此无法得出价值。",
    ),
    "double-use": Text(
        en="Emission reductions are claimed for the same electricity. It cannot count twice.",
        zh="同一电量已申请减排量，不得重复计算。",
    ),
    "vintage-expired": Text(
        en="The certificates are from %(age).2f years ago and valid for %(valid).0f.",
        zh="绿证对应电量已生产%(age).2f年，而有效期为%(valid).0f年。",
    ),
    "generated-after-valuation-day": Text(
        en="The certificates held come from generation after the valuation day. Correct the day.",
        zh="所持绿证的发电日晚于评估基准日，请更正。",
    ),
    "right-ended": Text(
        en="The right has ended on the valuation day.", zh="权利在评估基准日已到期。"
    ),
    "market-too-thin": Text(
        en="%(yearly).6g certificates a year exceed the %(taken).6g that one seller can sell.",
        zh="每年%(yearly).6g张绿证超过单一卖方一年可售的%(taken).6g张。",
    ),
    "price-growth-above-band": Text(
        en="The price is taken to grow by %(growth).4f a year, above %(limit).4f.",
        zh="假定价格每年增长%(growth).4f，高于%(limit).4f。",
    ),
}


# ---------------------------------------------------------------------------
# Steps


@step(unit=PIECE, zh="可用绿证数量")
def free_quantity(
    *, quantity_held: Floats, quantity_needed: Floats, frozen_quantity: Floats
) -> Floats:
    """Certificates free to pledge: max(0, quantity_held - quantity_needed - frozen_quantity)."""
    return np.maximum(0.0, quantity_held - quantity_needed - frozen_quantity)


@step(unit="certificate/year", zh="年绿证数量")
def yearly_certificates(
    *, yearly_generation_mwh: Floats, certificate_share: Floats, mwh_per_certificate: Floats
) -> Floats:
    """Certificates a year to sell.

    Formula: yearly_generation_mwh * certificate_share / mwh_per_certificate.
    """
    return np.asarray(yearly_generation_mwh * certificate_share / mwh_per_certificate)


# ---------------------------------------------------------------------------
# Model


class GreenCertificate:
    """The model. It keeps no state."""

    @property
    def spec(self) -> ModelSpec:
        return SPEC

    def check(self, batch: Batch, basis: Basis) -> list[Finding]:
        """Kind, double use, age, the market, the holding and the years to come."""
        parameters = basis.parameters
        held = _held(batch)
        usual = {
            "low": parameters.number(QUANTITY_LOW),
            "high": parameters.number(QUANTITY_HIGH),
        }
        return [
            *market_findings(batch, basis, field="generation", markets=_markets(batch)),
            *_refusals(batch, basis),
            *_vintage_findings(batch, basis),
            *_stream_findings(batch, basis),
            *_growth_findings(batch, basis),
            *rate_findings(
                batch, low=parameters.number(RATE_LOW), high=parameters.number(RATE_HIGH)
            ),
            *holding_findings(
                batch,
                basis,
                held=held,
                free=_free(batch, Recorder()),
                reference=_reference(batch, basis, Recorder()),
                field="quantity_held",
            ),
            *ten_thousands("quantity_held", held, **usual),
            *ten_thousands(
                "yearly_generation_mwh",
                np.where(_of(batch, STREAM), batch.numbers("yearly_generation_mwh"), 0.0),
                **usual,
            ),
        ]

    def exposures(self, batch: Batch, basis: Basis, steps: Recorder) -> Mapping[str, Exposure]:
        """What is held is sold now; what is issued each year is sold then, less its cost."""
        _reference(batch, basis, steps)
        flows = [
            *_held_flows(batch, basis, steps),
            *_stream_flows(batch, basis, steps),
            Flow(
                name="outlay",
                unit="time",
                profile=single(batch.n),
                first=0.0,
                quantity=np.full(batch.n, -1.0),
                unit_price=np.nan_to_num(batch.numbers("cost_due_now_yuan")),
                at_risk=False,
            ),
        ]
        market = Exposure(
            n=batch.n,
            flows=tuple(flows),
            # What is held is sold now, so neither counts for it.
            rate=Keyed.of(np.nan_to_num(batch.numbers("discount_rate"))),
            hazard=Keyed.of(np.nan_to_num(batch.numbers("yearly_loss_share"))),
        )
        return {"market": market}

    def review(
        self,
        batch: Batch,
        basis: Basis,
        value: Floats,
        quantities: Mapping[str, tuple[Floats, str]],
    ) -> list[Finding]:
        """Value per certificate, held and to come, beside the market."""
        pieces = [
            quantities[name][0] if name in quantities else np.zeros(batch.n)
            for name in ("holding", "stream")
        ]
        return implied_findings(
            value,
            np.asarray(sum(pieces)),
            low=basis.parameters.number(IMPLIED_LOW),
            high=basis.parameters.number(IMPLIED_HIGH),
        )


def _markets(batch: Batch) -> PricesByLevel:
    """The kind's own market where there is one, then the market as a whole."""
    return {
        kind: (OWN_MARKET[kind], ALL_KINDS) if kind in OWN_MARKET else (ALL_KINDS,)
        for kind in batch.levels["generation"]
    }


def _reference(batch: Batch, basis: Basis, steps: Recorder) -> Floats:
    return reference_price(batch, basis, steps, field="generation", markets=_markets(batch))


def _of(batch: Batch, needed: tuple[str, frozenset[str]]) -> npt.NDArray[np.bool_]:
    """Which rows have certificates held, or certificates to come."""
    return batch.is_level(needed[0], *needed[1])


def _held(batch: Batch) -> Floats:
    return np.where(_of(batch, HOLDING), batch.numbers("quantity_held"), 0.0)


def _by_kind(batch: Batch, basis: Basis, column: str) -> Floats:
    table = basis.parameters.table(GENERATION)
    return batch.by_level("generation", table.column(column, batch.levels["generation"]))


# ---------------------------------------------------------------------------
# Flows


def _free(batch: Batch, steps: Recorder) -> Floats:
    """Certificates free to pledge [n], none where none are held."""
    rows = _of(batch, HOLDING)
    if not rows.any():
        return np.zeros(batch.n)
    free = steps(
        "free_quantity",
        free_quantity,
        quantity_held=batch.numbers("quantity_held"),
        quantity_needed=batch.numbers("quantity_needed"),
        frozen_quantity=np.where(rows, np.nan_to_num(batch.numbers("frozen_quantity")), 0.0),
    )
    return np.where(rows, free, 0.0)


def _held_flows(batch: Batch, basis: Basis, steps: Recorder) -> list[Flow]:
    if not _of(batch, HOLDING).any():
        return []
    free = _free(batch, steps)
    _, lost = lost_to_sale(
        batch, basis, steps, free=free, base_discount=_by_kind(batch, basis, "base_discount")
    )
    return sale_flows(
        Sale.now(PIECE, batch.n),
        {"holding": free, "liquidity": -lost},
        priced_rows(batch, basis, field="generation", markets=_markets(batch)),
        basis.prices,
    )


def _stream_flows(batch: Batch, basis: Basis, steps: Recorder) -> list[Flow]:
    rows = _of(batch, STREAM)
    if not rows.any():
        return []
    due = _due(batch, basis, steps, rows)
    yearly = np.where(rows, _yearly(batch, basis, steps), 0.0)
    sale = Sale(unit=PIECE, profile=due.profile, first=due.first, at_risk=True, term=due.term)
    cost = Flow(
        name="cost",
        unit="year",
        profile=due.profile,
        first=due.first,
        quantity=np.where(rows, -1.0, 0.0),
        unit_price=np.nan_to_num(batch.numbers("yearly_cost_yuan")),
        at_risk=True,
        term=due.term,
    )
    priced = priced_rows(batch, basis, field="generation", markets=_markets(batch))
    return [*sale_flows(sale, {"stream": yearly}, priced, basis.prices), cost]


def _yearly(batch: Batch, basis: Basis, steps: Recorder) -> Floats:
    return steps(
        "yearly_certificates",
        yearly_certificates,
        yearly_generation_mwh=batch.numbers("yearly_generation_mwh"),
        certificate_share=batch.numbers("certificate_share"),
        mwh_per_certificate=np.array(basis.parameters.number(MWH)),
    )


def _due(batch: Batch, basis: Basis, steps: Recorder, rows: npt.NDArray[np.bool_]) -> Anniversaries:
    """When certificates are paid. A row without any has days only so that it can be counted."""
    on = as_day(basis.on)
    return anniversaries(
        steps,
        paid_each_year_since=np.where(rows, batch.days("paid_each_year_since"), on),
        valuation_on=on,
        right_ends_on=np.where(rows, batch.days("right_ends_on"), on),
    )


# ---------------------------------------------------------------------------
# Findings


def _refusals(batch: Batch, basis: Basis) -> list[Finding]:
    ended = _of(batch, STREAM) & (batch.days("right_ends_on") <= as_day(basis.on))
    refused = {
        "not-tradable": ("generation", _by_kind(batch, basis, "tradable") <= 0.0),
        "double-use": ("reductions_claimed", batch.numbers("reductions_claimed") > 0.0),
        "right-ended": ("right_ends_on", ended),
        "generated-after-valuation-day": (
            "generated_on",
            _of(batch, HOLDING) & (batch.days("generated_on") > as_day(basis.on)),
        ),
    }
    return [
        entry
        for code, (field, rows) in refused.items()
        for entry in finding(code, field, rows, severity="refuse", detail=WORDS[code])
    ]


def _vintage_findings(batch: Batch, basis: Basis) -> list[Finding]:
    rows = _of(batch, HOLDING)
    on = np.full(batch.n, as_day(basis.on))
    age = years(np.where(rows, batch.days("generated_on"), on), on)
    valid = basis.parameters.number(VALID_YEARS)
    return finding(
        "vintage-expired",
        "generated_on",
        rows & (age >= valid),
        severity="refuse",
        detail=WORDS["vintage-expired"],
        age=age,
        valid=np.array(valid),
    )


def _stream_findings(batch: Batch, basis: Basis) -> list[Finding]:
    """More certificates a year than one seller can sell in the days of a year."""
    parameters = basis.parameters
    yearly = _yearly(batch, basis, Recorder())
    a_year = parameters.number(PARTICIPATION) * parameters.number(TRADING_DAYS)
    taken = a_year * batch.numbers("daily_volume")
    return finding(
        "market-too-thin",
        "yearly_generation_mwh",
        _of(batch, STREAM) & (yearly > taken),
        severity="ask",
        detail=WORDS["market-too-thin"],
        yearly=yearly,
        taken=taken,
    )


def _growth_findings(batch: Batch, basis: Basis) -> list[Finding]:
    limit = basis.parameters.number(GROWTH_HIGH)
    priced = priced_rows(batch, basis, field="generation", markets=_markets(batch))
    return [
        entry
        for price_id, rows in priced.items()
        if (growth := basis.prices[price_id].growth) > limit
        for entry in finding(
            "price-growth-above-band",
            "generation",
            rows & _of(batch, STREAM),
            severity="ask",
            detail=WORDS["price-growth-above-band"],
            growth=np.array(growth),
            limit=np.array(limit),
        )
    ]


# ---------------------------------------------------------------------------
# Passport

CLAIMS: Final = (
    Choice(id="held", title=Text(en="Certificates held now", zh="现有绿证")),
    Choice(id="yearly", title=Text(en="Certificates of the years to come", zh="未来各年绿证收益")),
    Choice(id="both", title=Text(en="Both", zh="两者")),
)

FIELDS: Final = (
    Field(
        name="certificates",
        title=Text(en="What is valued", zh="评估对象"),
        help=Text(
            en="Certificates in the account, those that generation will bring, or both.",
            zh="账户中现有绿证、未来发电所得绿证，或两者兼有。",
        ),
        kind="choice",
        unit="",
        choices=CLAIMS,
        example="both",
        group="holding",
    ),
    Field(
        name="generation",
        title=Text(en="Kind of generation", zh="发电类型"),
        help=Text(
            en="It decides the price and whether the certificates are traded.",
            zh="决定适用的价格以及绿证可否交易。",
        ),
        kind="choice",
        unit="",
        choices_from=GENERATION,
        example="solar",
        group="holding",
    ),
    Field(
        name="reductions_claimed",
        title=Text(en="Emission reductions claimed for it", zh="是否已就同一电量申请减排量"),
        help=Text(
            en="Whether CCER or other reductions are claimed for the same electricity.",
            zh="同一电量是否申请国家核证自愿减排量或其他减排量。",
        ),
        kind="flag",
        unit="",
        example=False,
        group="holding",
    ),
    number(
        "quantity_held",
        Text(en="Certificates held", zh="持有绿证数量"),
        Text(en="By the issuer's account, 1 MWh each.", zh="以核发机构账户为准，每张对应1兆瓦时。"),
        unit=PIECE,
        example=60_000.0,
        group="holding",
        vary=(55_000.0, 65_000.0),
        needed_when=HOLDING,
    ),
    needed_field(
        PIECE,
        Text(
            en="Certificates for own consumption duties or promised to others.",
            zh="自身消纳责任所需或已承诺他人的绿证。",
        ),
        example=10_000.0,
        vary=(8_000.0, 12_000.0),
        needed_when=HOLDING,
    ),
    frozen_field(PIECE, example=2_000.0),
    day(
        "generated_on",
        Text(en="Oldest generated on", zh="最早发电日"),
        Text(
            en="Of the certificates held, the day of the oldest generation; they lose validity by it.",
            zh="所持绿证中最早的发电日，有效期由此起算。",
        ),
        example="2023-05-31",
        needed_when=HOLDING,
    ),
    statement_field(example="2023-12-20", needed_when=HOLDING),
    daily_volume_field(PIECE, example=60_000.0, vary=(40_000.0, 90_000.0)),
    high_price_field(PIECE, example=40.0),
    number(
        "yearly_generation_mwh",
        Text(en="Generation a year", zh="年上网电量"),
        Text(en="Metered output a year of the plant.", zh="电站每年计量上网电量。"),
        unit="MWh/year",
        example=80_000.0,
        group="stream",
        vary=(70_000.0, 88_000.0),
        needed_when=STREAM,
    ),
    share(
        "certificate_share",
        Text(en="Share that yields certificates to sell", zh="可售绿证占电量比例"),
        Text(
            en="Electricity sold together with its certificate yields none to sell apart.",
            zh="随绿电交易一并转让绿证的电量不再单独计入。",
        ),
        example=0.95,
        group="stream",
        vary=(0.8, 1.0),
        needed_when=STREAM,
    ),
    yuan(
        "yearly_cost_yuan",
        Text(en="Cost a year", zh="年成本"),
        Text(en="Issue and trading fees of a year.", zh="每年的核发与交易费用。"),
        example=20_000.0,
        group="stream",
        required=False,
    ),
    yuan(
        "cost_due_now_yuan",
        Text(en="Cost due now", zh="评估日应付费用"),
        Text(en="What must be paid on the valuation day.", zh="评估基准日应支付的费用。"),
        example=5_000.0,
        group="market",
        required=False,
    ),
    day(
        "paid_each_year_since",
        Text(en="Paid each year since", zh="每年支付的起算日"),
        Text(
            en="Certificates of a year are paid on the anniversaries of this day.",
            zh="各年绿证收入于该日的周年日支付。",
        ),
        example="2023-07-17",
        needed_when=STREAM,
    ),
    day(
        "right_ends_on",
        Text(en="Right ends on", zh="权利到期日"),
        Text(
            en="Certificates after this day belong to others.", zh="该日之后的绿证不再归属该权利。"
        ),
        example="2028-12-31",
        needed_when=STREAM,
    ),
    replace(
        yearly_loss_share(
            Text(en="Yearly hazard of loss", zh="年损失概率"),
            Text(
                en="Chance a year that the certificates end for good.",
                zh="绿证收入永久中断的年概率。",
            ),
            example=0.01,
        ),
        required=False,
        needed_when=STREAM,
    ),
    replace(discount_rate(example=0.08, vary=(0.06, 0.12)), required=False, needed_when=STREAM),
)

SPEC: Final = ModelSpec(
    id="green-certificate",
    version="1.0.0",
    title=Text(en="Green electricity certificates (GEC)", zh="绿色电力证书（绿证）"),
    help=Text(
        en="Certificates held at the lower of two mean prices less what a sale loses, and the present"
        " value of those of the years to come.",
        zh="现有绿证乘以两个均价中的较低者并扣减变现折扣，加未来各年绿证的现值。",
    ),
    value_kind="market",
    per="once",
    asset_kinds=("green-certificate",),
    fields=FIELDS,
    components=(
        part("holding", "Certificates held at reference price", "现有绿证按参考价"),
        part("liquidity", "Liquidity discount", "流动性折扣"),
        part("stream", "Certificates of the years to come", "未来各年绿证"),
        part("cost", "Yearly cost", "年成本"),
        part("outlay", "Cost due now", "评估日应付费用"),
    ),
    approaches=(part("market", "Market approach", "市场法"),),
    parameters=(
        GENERATION,
        MWH,
        VALID_YEARS,
        TRADING_DAYS,
        GROWTH_HIGH,
        QUANTITY_LOW,
        QUANTITY_HIGH,
        IMPLIED_LOW,
        IMPLIED_HIGH,
        RATE_LOW,
        RATE_HIGH,
        *SHARED_PARAMETERS,
    ),
    prices=price_uses({kind: (means,) for kind, means in OWN_MARKET.items()} | {"": (ALL_KINDS,)}),
    standards=("资产评估执业准则",),
    limits=(
        Text(
            en="Not additive: two holdings together take longer to sell than each alone.",
            zh="不可相加：合并持仓的变现时间长于各自持仓。",
        ),
        Text(
            en="Certificates of the years to come are paid once a year and lose nothing by a sale.",
            zh="未来各年绿证按每年支付一次计，不计变现折扣。",
        ),
    ),
)

MODEL: Final = GreenCertificate()
