"""The passport of the income-right model."""

from typing import Final

from risk_models.contract import Choice, Field, ModelSpec
from risk_models.fields import discount_rate, part, share, yearly_loss_share, yuan
from risk_models.modelling import SINGLE_PAYER
from risk_models.payments import growth_field, income_end_field, payment_day_field
from risk_models.words import Text

__all__ = ["GROWTH_HIGH", "KIND", "RATE_HIGH", "RATE_LOW", "SPEC", "TERM_HIGH", "WORDS"]

KIND: Final = "income_right.kind"
RATE_LOW: Final = "income_right.discount_rate_low"
RATE_HIGH: Final = "income_right.discount_rate_high"
GROWTH_HIGH: Final = "income_right.growth_high"
TERM_HIGH: Final = "income_right.term_years_high"

WORDS: Final[dict[str, Text]] = {
    "single-payer": SINGLE_PAYER,
}

PAYERS: Final = (
    Choice(id="fiscal", title=Text(en="Public budget", zh="财政资金")),
    Choice(id="state-company", title=Text(en="State-owned company", zh="国有企业")),
    Choice(id="single-company", title=Text(en="One company", zh="单一企业")),
    Choice(id="many-customers", title=Text(en="Many customers", zh="众多用户")),
)

FIELDS: Final = (
    Field(
        name="income_kind",
        title=Text(en="Kind of income", zh="收益类型"),
        help=Text(en="What the payer pays for.", zh="付费方所支付的对象。"),
        kind="choice",
        unit="",
        choices_from=KIND,
        example="tickets",
        group="income",
    ),
    Field(
        name="payer",
        title=Text(en="Payer", zh="付费方"),
        help=Text(en="Who owes the income.", zh="谁负有支付义务。"),
        kind="choice",
        unit="",
        choices=PAYERS,
        example="many-customers",
        group="income",
    ),
    yuan(
        "yearly_income_yuan",
        Text(en="Income of the next year", zh="下一年度收入"),
        Text(
            en="What the contract or the tariff yields in a year.", zh="按合同或收费标准的年收入。"
        ),
        example=138_000.0,
        group="income",
        market=True,
        vary=(124_200.0, 151_800.0),
    ),
    yuan(
        "yearly_cost_yuan",
        Text(en="Cost of the next year", zh="下一年度成本"),
        Text(en="What must be spent to earn it.", zh="取得该收入所需的支出。"),
        example=9_000.0,
        group="income",
    ),
    share(
        "collection_share",
        Text(en="Share collected", zh="回收率"),
        Text(en="Income received over income billed.", zh="实收与应收之比。"),
        example=0.98,
        group="income",
        vary=(0.9, 1.0),
    ),
    growth_field(
        Text(
            en="Growth of income and cost after the next year; negative when they shrink.",
            zh="下一年度之后收入与成本的年增长率，下降为负。",
        ),
        vary=(-0.02, 0.03),
    ),
    payment_day_field(example="2023-12-31"),
    income_end_field(example="2038-12-31"),
    yearly_loss_share(
        Text(en="Yearly hazard of loss", zh="年损失概率"),
        Text(en="Chance a year that the income ends for good.", zh="收入永久中断的年概率。"),
        example=0.004,
    ),
    discount_rate(example=0.06, vary=(0.05, 0.08)),
)

SPEC: Final = ModelSpec(
    id="income-right",
    version="1.0.0",
    title=Text(en="Income right with a payer", zh="有付费方的收益权"),
    help=Text(
        en="Present value of a yearly net income until the right ends.",
        zh="权利期限内年净收益的现值。",
    ),
    value_kind="market",
    per="once",
    asset_kinds=(
        "operating-income",
        "tariff-income",
        "grassland-right",
        "equipment-and-buildings",
    ),
    fields=FIELDS,
    components=(part("income", "Income", "收入"), part("cost", "Cost", "成本")),
    approaches=(part("capitalised", "Income approach", "收益法"),),
    parameters=(KIND, RATE_LOW, RATE_HIGH, GROWTH_HIGH, TERM_HIGH),
    prices=(),
    standards=("Practice standards of asset appraisal",),
    limits=(
        Text(en="One payment a year.", zh="每年支付一次。"),
        Text(
            en="The income is as the contract states; it is not forecast here.",
            zh="收入以合同为准，不作预测。",
        ),
    ),
)
