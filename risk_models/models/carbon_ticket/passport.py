"""The passport of the carbon-ticket model."""

from typing import Final

from risk_models.contract import (
    Choice,
    Field,
    ModelSpec,
)
from risk_models.fields import day, number, part
from risk_models.modelling import REMOVALS_ABOVE
from risk_models.reconciling import APART
from risk_models.tradable import (
    NOT_ADDITIVE,
    SHARED_PARAMETERS,
    PricesByLevel,
    means_of,
    price_uses,
)
from risk_models.tradable_fields import (
    daily_volume_field,
    frozen_field,
    high_price_field,
    statement_field,
)
from risk_models.words import Text

__all__ = [
    "AREA_HIGH",
    "AREA_LOW",
    "ASK",
    "ASK_BELOW",
    "BASE_DISCOUNT",
    "FACTORS",
    "IMPLIED_HIGH",
    "IMPLIED_LOW",
    "MARKETS",
    "PERIOD_HIGH",
    "QUANTITY_HIGH",
    "QUANTITY_LOW",
    "REASONS",
    "REFUSE",
    "SPEC",
    "STOCK",
    "TONNE",
    "WORDS",
]

FACTORS: Final = "carbon_ticket.factors"
ASK: Final = "carbon_ticket.removals_ask"
REFUSE: Final = "carbon_ticket.removals_refuse"
ASK_BELOW: Final = "carbon_ticket.removals_low"
PERIOD_HIGH: Final = "carbon_ticket.period_years_high"
BASE_DISCOUNT: Final = "carbon_ticket.base_discount"
QUANTITY_LOW: Final = "carbon_ticket.quantity_low"
QUANTITY_HIGH: Final = "carbon_ticket.quantity_high"
AREA_LOW: Final = "carbon_ticket.area_low"
AREA_HIGH: Final = "carbon_ticket.area_high"
IMPLIED_LOW: Final = "carbon_ticket.implied_low"
IMPLIED_HIGH: Final = "carbon_ticket.implied_high"

TONNE: Final = "tCO2e"
STOCK: Final = "stock-change"
BY_STOCK: Final = ("quantity_basis", frozenset({STOCK}))
BY_TICKET: Final = ("quantity_basis", frozenset({"as-issued"}))

LOCAL: Final = means_of("carbon-ticket", Text(en="Carbon tickets", zh="碳票"), TONNE)
MARKETS: Final[PricesByLevel] = {STOCK: (LOCAL,), "as-issued": (LOCAL,)}

REASONS: Final = (
    Text(
        en="The local market pays more, or nobody buys back.", zh="本地市场价更高，或无回购安排。"
    ),
    Text(en="The buy-back price is the floor.", zh="以回购价为下限。"),
)

WORDS: Final[dict[str, Text]] = {
    "period-reversed": Text(
        en="The monitoring period ends before it starts. Correct one of the days.",
        zh="监测期结束日早于开始日，请更正。",
    ),
    "period-not-over": Text(
        en="The monitoring period ends after the valuation day; a ticket certifies the past.",
        zh="监测期结束日晚于评估基准日，而碳票只证明已发生的碳汇。",
    ),
    "no-growth": Text(
        en="The standing volume did not grow in the period, so nothing was removed.",
        zh="监测期内蓄积量没有增长，没有碳汇量。",
    ),
    "whole-stock-counted": Text(
        en="The volume at the start is zero: the whole stock would count, not its growth.",
        zh="期初蓄积量为零，等于把全部蓄积计为碳汇量，而非增长量。",
    ),
    "removals-above-band": REMOVALS_ABOVE,
    "removals-below-band": Text(
        en="%(rate).4f tCO2e per mu and year lies below the usual %(limit).4f. Check area, volumes"
        " and tonnes: was one of them meant by the hectare?",
        zh="每亩每年%(rate).4f吨，低于通常的%(limit).4f吨。请核对面积、蓄积与碳汇量是否误按公顷填写。",
    ),
    "period-long": Text(
        en="The monitoring period lasts %(passed).1f years, above the usual %(limit).0f. Check both"
        " days.",
        zh="监测期长达%(passed).1f年，超过通常的%(limit).0f年，请核对起止日期。",
    ),
    "removals-not-credible": Text(
        en="%(rate).4f tCO2e per mu and year exceeds %(limit).4f, the most a forest shows.",
        zh="每亩每年%(rate).4f吨，超过森林可信的上限%(limit).4f吨。",
    ),
    "issued-twice": Text(
        en="Other tickets, or judicial or voluntary purchases, cover the same period and plots, and"
        " no tonne is issued twice. Take theirs out of this ticket, then leave this unticked.",
        zh="同一地块同一监测期另有碳票或司法、自愿认购，同一吨不得重复签发。请先从本碳票中剔除，再取消勾选此项。",
    ),
    "ccer-same-trees": Text(
        en="A CCER project covers the same trees, and no removal counts in both. Say which were taken"
        " out.",
        zh="同一林木已纳入国家核证自愿减排量项目，同一碳汇量不得两处计入，请说明如何剔除。",
    ),
    "buyback-incomplete": Text(
        en="A buy-back needs both its tonnes and its price.", zh="回购须同时填写数量与价格。"
    ),
}


BASES: Final = (
    Choice(id=STOCK, title=Text(en="Growth of the standing volume", zh="按蓄积增长量计算")),
    Choice(id="as-issued", title=Text(en="Tonnes on the tickets", zh="按碳票载明数量")),
)


def _flag(name: str, title: Text, help_: Text) -> Field:
    return Field(
        name=name, title=title, help=help_, kind="flag", unit="", example=False, group="ticket"
    )


FIELDS: Final = (
    Field(
        name="quantity_basis",
        title=Text(en="How the tonnes are found", zh="碳汇量依据"),
        help=Text(
            en="From the volume at both ends of the monitoring period, or from the tickets.",
            zh="按监测期初末蓄积量计算，或以碳票载明数量为准。",
        ),
        kind="choice",
        unit="",
        choices=BASES,
        example=STOCK,
        group="ticket",
    ),
    number(
        "monitored_area_mu",
        Text(en="Monitored area", zh="监测面积"),
        Text(en="Area of the plots the tickets stand for.", zh="碳票对应地块的面积。"),
        unit="mu",
        example=3_200.0,
        high=1e8,
        low_open=True,
        group="ticket",
        vary=(2_900.0, 3_500.0),
    ),
    number(
        "ticket_tonnes",
        Text(en="Tonnes on the tickets", zh="碳票载明碳汇量"),
        Text(en="The sum of all tickets valued.", zh="所评估碳票的合计数量。"),
        unit=TONNE,
        example=12_700.0,
        group="ticket",
        vary=(11_500.0, 13_900.0),
        needed_when=BY_TICKET,
    ),
    Field(
        name="species",
        title=Text(en="Main species", zh="优势树种"),
        help=Text(en="It decides how volume becomes carbon.", zh="决定蓄积量折算碳储量的系数。"),
        kind="choice",
        unit="",
        choices_from=FACTORS,
        example="spruce",
        required=False,
        needed_when=BY_STOCK,
        group="ticket",
    ),
    number(
        "stock_start_m3_per_mu",
        Text(en="Volume at the start", zh="期初亩均蓄积量"),
        Text(en="Standing volume at the start of the period.", zh="监测期初的蓄积量。"),
        unit="m3/mu",
        example=6.4,
        high=100.0,
        group="ticket",
        vary=(6.2, 6.6),
        needed_when=BY_STOCK,
    ),
    number(
        "stock_end_m3_per_mu",
        Text(en="Volume at the end", zh="期末亩均蓄积量"),
        Text(en="Standing volume at the end of the period.", zh="监测期末的蓄积量。"),
        unit="m3/mu",
        example=8.6,
        high=100.0,
        group="ticket",
        vary=(8.2, 9.0),
        needed_when=BY_STOCK,
    ),
    day(
        "monitored_from",
        Text(en="Monitoring period from", zh="监测期开始日"),
        Text(en="First day of the period of the tickets.", zh="碳票所载监测期的开始日。"),
        example="2018-01-01",
    ),
    day(
        "monitored_until",
        Text(en="Monitoring period until", zh="监测期结束日"),
        Text(en="Last day of the period of the tickets.", zh="碳票所载监测期的结束日。"),
        example="2022-12-31",
    ),
    _flag(
        "issued_elsewhere",
        Text(en="Issued or bought elsewhere too", zh="是否另行签发或认购"),
        Text(
            en="Other tickets, judicial or voluntary purchases of the same period and plots.",
            zh="同一地块同一监测期的其他碳票、司法或自愿认购。",
        ),
    ),
    _flag(
        "ccer_same_trees",
        Text(en="CCER project on the same trees", zh="同一林木是否有CCER项目"),
        Text(
            en="Whether a CCER project covers these trees.",
            zh="该林木是否纳入国家核证自愿减排量项目。",
        ),
    ),
    frozen_field(TONNE, example=700.0),
    statement_field(example="2023-12-20"),
    daily_volume_field(TONNE, example=4_000.0, vary=(2_000.0, 6_000.0)),
    number(
        "buyback_quantity",
        Text(en="Tonnes under a buy-back", zh="回购数量"),
        Text(
            en="What a storage company undertook in writing to buy; empty when none did.",
            zh="收储公司书面承诺回购的数量，没有则不填。",
        ),
        unit=TONNE,
        example=5_000.0,
        group="market",
        required=False,
    ),
    number(
        "buyback_price_yuan",
        Text(en="Buy-back price", zh="回购价"),
        Text(en="The price of that undertaking.", zh="该承诺的单价。"),
        unit=f"yuan/{TONNE}",
        example=10.0,
        high=1_000.0,
        group="market",
        vary=(4.0, 16.0),
        required=False,
    ),
    high_price_field(TONNE, example=15.0),
)

SPEC: Final = ModelSpec(
    id="carbon-ticket",
    version="1.1.0",
    title=Text(en="Carbon tickets", zh="碳票"),
    help=Text(
        en="Tonnes of a past period at the lower of two local mean prices, less what a sale in a thin"
        " market loses, not below a written buy-back.",
        zh="过往监测期碳汇量乘以本地两个均价中的较低者，扣减变现折扣，不低于书面回购价。",
    ),
    value_kind="market",
    per="once",
    asset_kinds=("carbon-ticket",),
    fields=FIELDS,
    components=(
        part("holding", "Tonnes at reference price", "碳汇量按参考价"),
        part("liquidity", "Liquidity discount", "流动性折扣"),
        part("buyback", "Tonnes bought back", "回购部分"),
    ),
    approaches=(
        part("market", "Local market", "市场法（本地市场）"),
        part("with_buyback", "Buy-back and local market", "市场法（回购与本地市场）"),
    ),
    parameters=(
        APART,
        FACTORS,
        ASK,
        REFUSE,
        ASK_BELOW,
        PERIOD_HIGH,
        BASE_DISCOUNT,
        QUANTITY_LOW,
        QUANTITY_HIGH,
        AREA_LOW,
        AREA_HIGH,
        IMPLIED_LOW,
        IMPLIED_HIGH,
        *SHARED_PARAMETERS,
    ),
    prices=price_uses(MARKETS),
    standards=("Practice standards of asset appraisal",),
    limits=(
        Text(en="Not usable in the national market.", zh="不可用于全国市场。"),
        Text(
            en="Past growth only; the growth to come is an income right.",
            zh="仅限过往增长，未来增长属收益权。",
        ),
        NOT_ADDITIVE,
    ),
)
