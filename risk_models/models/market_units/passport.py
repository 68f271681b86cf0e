"""The passport of the market-units model."""

from typing import Final

from risk_models.contract import Field, ModelSpec, PriceUse
from risk_models.fields import number, part
from risk_models.words import Text

__all__ = [
    "DISCOUNT_PER_DAY",
    "KIND",
    "ORDERLY_DAYS",
    "PARTICIPATION",
    "PRICES_OF",
    "PRICE_AGE",
    "SPEC",
    "UNIT_OF",
    "WORDS",
]

KIND: Final = "market_units.kind"
PARTICIPATION: Final = "market_units.participation_share"
DISCOUNT_PER_DAY: Final = "market_units.discount_per_day"
ORDERLY_DAYS: Final = "market_units.orderly_days"
PRICE_AGE: Final = "price.age_limit_days"

UNIT_OF: Final[dict[str, str]] = {
    "cea": "tCO2e",
    "ccer": "tCO2e",
    "carbon-ticket": "tCO2e",
    "gec": "certificate",
}

NAMES: Final[dict[str, Text]] = {
    "cea": Text(en="National carbon allowances", zh="全国碳排放配额"),
    "ccer": Text(en="National certified emission reductions", zh="国家核证自愿减排量"),
    "carbon-ticket": Text(en="Carbon tickets", zh="碳票"),
    "gec": Text(en="Green electricity certificates", zh="绿证"),
}


def _average(kind: str, days: int) -> PriceUse:
    name = NAMES[kind]
    return PriceUse(
        id=f"{kind}-vwap-{days}d",
        title=Text(en=f"{name.en}, mean of {days} days", zh=f"{name.zh}{days}日均价"),
        unit=f"yuan/{UNIT_OF[kind]}",
    )


PRICES_OF: Final[dict[str, tuple[PriceUse, PriceUse]]] = {
    kind: (_average(kind, 20), _average(kind, 250)) for kind in UNIT_OF
}

WORDS: Final[dict[str, Text]] = {
    "price-missing": Text(
        en="There is no average price of %(kind)s on the valuation day, so there is no value.",
        zh="评估基准日没有%(kind)s的均价，因此无法得出价值。",
    ),
    "average-missing": Text(
        en="Only one of the two averages of %(kind)s is known.",
        zh="%(kind)s的两个均价仅有其一。",
    ),
    "nothing-free": Text(
        en="Compliance needs all units; none is free to pledge.",
        zh="全部用于履约，没有可质押的余量。",
    ),
}

FIELDS: Final = (
    Field(
        name="unit_kind",
        title=Text(en="Kind of unit", zh="单位种类"),
        help=Text(en="What the registry account holds.", zh="登记账户中持有的单位。"),
        kind="choice",
        unit="",
        choices_from=KIND,
        example="cea",
        group="holding",
    ),
    number(
        "quantity_held",
        Text(en="Units held", zh="持有数量"),
        Text(en="By the registry's statement.", zh="以登记机构的持仓证明为准。"),
        unit="unit",
        example=520_000.0,
        group="holding",
        vary=(500_000.0, 540_000.0),
    ),
    number(
        "quantity_needed",
        Text(en="Units needed for compliance", zh="履约所需数量"),
        Text(en="To be surrendered before a disposal could end.", zh="处置完成之前须清缴的数量。"),
        unit="unit",
        example=200_000.0,
        group="holding",
        vary=(180_000.0, 230_000.0),
    ),
    number(
        "daily_volume",
        Text(en="Units traded a day", zh="日均成交量"),
        Text(en="Average of the last 250 trading days.", zh="近250个交易日的平均值。"),
        unit="unit/day",
        example=95_000.0,
        group="market",
        low_open=True,
        vary=(60_000.0, 120_000.0),
    ),
)

SPEC: Final = ModelSpec(
    id="market-units",
    version="1.0.0",
    title=Text(en="Tradable units", zh="可交易环境权益单位"),
    help=Text(
        en="Free units at the lower of two average prices, less what a forced sale loses.",
        zh="可处置数量乘以两个均价中的较低者，扣减变现折扣。",
    ),
    value_kind="market",
    per="once",
    asset_kinds=("carbon-allowance", "carbon-credit", "green-certificate", "carbon-ticket"),
    fields=FIELDS,
    components=(
        part("holding", "Free units at reference price", "可处置数量按参考价"),
        part("liquidity", "Liquidity discount", "流动性折扣"),
    ),
    approaches=(part("market", "Market approach", "市场法"),),
    parameters=(KIND, PARTICIPATION, DISCOUNT_PER_DAY, ORDERLY_DAYS, PRICE_AGE),
    prices=tuple(use for pair in PRICES_OF.values() for use in pair),
    standards=("碳排放权交易管理暂行条例",),
    limits=(
        Text(
            en="Not additive: two holdings together take longer to sell than each alone.",
            zh="不可相加：合并持仓的变现时间长于各自持仓。",
        ),
        Text(en="Vintage and carry-over limits are not modelled.", zh="未考虑年份与结转限制。"),
    ),
)
