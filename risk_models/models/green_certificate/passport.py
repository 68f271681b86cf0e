"""The passport of the green-certificate model."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from risk_models.contract import (
    Choice,
    Field,
    ModelSpec,
)
from risk_models.fields import (
    asked_only,
    day,
    discount_rate,
    number,
    part,
    share,
    yearly_loss_share,
    yuan,
)
from risk_models.payments import payment_day_field
from risk_models.tradable import NOT_ADDITIVE, SHARED_PARAMETERS, Means, means_of, price_uses
from risk_models.tradable_fields import (
    daily_volume_field,
    frozen_field,
    high_price_field,
    needed_field,
    statement_field,
)
from risk_models.words import Text

__all__ = [
    "ALL_KINDS",
    "BASE_DISCOUNT",
    "GENERATION",
    "GROWTH_HIGH",
    "HOLDING",
    "IMPLIED_HIGH",
    "IMPLIED_LOW",
    "MWH",
    "OWN_MARKET",
    "PIECE",
    "QUANTITY_HIGH",
    "QUANTITY_LOW",
    "RATE_HIGH",
    "RATE_LOW",
    "SPEC",
    "STREAM",
    "TRADING_DAYS",
    "VALID_YEARS",
    "WORDS",
]

GENERATION: Final = "green_certificate.generation"
BASE_DISCOUNT: Final = "green_certificate.base_discount"
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
    "running-year-counted-twice": Text(
        en="The next payment is for the whole running year: leave certificates of it out of those"
        " held.",
        zh="下一次支付对应整个当前年度，持有数量中应剔除当前年度已核发的绿证。",
    ),
    "market-too-thin": Text(
        en="%(yearly).6g certificates a year exceed the %(taken).6g that one seller can sell.",
        zh="每年%(yearly).6g个绿证超过单一卖方一年可售的%(taken).6g个。",
    ),
}


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
        Text(en="By the issuer's account, 1 MWh each.", zh="以核发机构账户为准，每个对应1兆瓦时。"),
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
        Text(
            en="Issue and trading fees of a year. Empty: none.",
            zh="每年的核发与交易费用。不填为无。",
        ),
        example=20_000.0,
        group="stream",
        required=False,
    ),
    yuan(
        "cost_due_now_yuan",
        Text(en="Cost due now", zh="评估日应付费用"),
        Text(
            en="What must be paid on the valuation day. Empty: nothing.",
            zh="评估基准日应支付的费用。不填为无。",
        ),
        example=5_000.0,
        group="market",
        required=False,
    ),
    payment_day_field(
        Text(
            en="Certificates of a year are paid on the anniversaries of this day.",
            zh="各年绿证收入于该日的周年日支付。",
        ),
        example="2023-07-17",
        needed_when=STREAM,
        required=False,
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
    version="1.1.0",
    title=Text(en="Green electricity certificates (GEC)", zh="绿色电力证书（绿证）"),
    help=Text(
        en="Certificates held at the lower of two mean prices less what a sale loses, and the present"
        " value of those of the years to come.",
        zh="现有绿证乘以两个均价中的较低者并扣减变现折扣，加未来各年绿证的现值。",
    ),
    value_kind="market",
    per="once",
    asset_kinds=("green-certificate",),
    fields=asked_only(
        FIELDS,
        {
            "frozen_quantity": (HOLDING,),
            "yearly_cost_yuan": (STREAM,),
        },
    ),
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
        BASE_DISCOUNT,
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
    prices=(
        *(
            replace(use, when=(("generation", frozenset({kind})),))
            for kind, means in OWN_MARKET.items()
            for use in price_uses({kind: (means,)})
        ),
        *price_uses({"": (ALL_KINDS,)}),
    ),
    standards=("Practice standards of asset appraisal",),
    limits=(
        NOT_ADDITIVE,
        Text(
            en="Certificates of the years to come are paid once a year and lose nothing by a sale.",
            zh="未来各年绿证按每年支付一次计，不计变现折扣。",
        ),
    ),
)
