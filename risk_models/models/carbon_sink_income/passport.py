"""The passport of the model of expected carbon-sink income."""

from typing import Final

from risk_models.contract import Choice, Field, ModelSpec, PriceUse
from risk_models.fields import day, discount_rate, number, part, share, yearly_loss_share, yuan
from risk_models.words import Text

__all__ = [
    "BUFFER_LOW",
    "GROWTH_HIGH",
    "IMPLIED",
    "KIND",
    "PER_TONNE",
    "PRICE_AGE",
    "PRICE_OF",
    "RATE_HIGH",
    "RATE_LOW",
    "REGISTRATION",
    "SPEC",
    "TONNE",
    "WORDS",
]

KIND: Final = "carbon_sink.kind"
REGISTRATION: Final = "carbon_sink.registration"
RATE_LOW: Final = "carbon_sink.discount_rate_low"
RATE_HIGH: Final = "carbon_sink.discount_rate_high"
GROWTH_HIGH: Final = "carbon_sink.price_growth_high"
BUFFER_LOW: Final = "carbon_sink.buffer_low"
PRICE_AGE: Final = "price.age_limit_days"

TONNE: Final = "tCO2e"
PER_TONNE: Final = "yuan/tCO2e"

PRICE_OF: Final[dict[str, PriceUse]] = {
    "local-filing": PriceUse(
        id="local-sink",
        title=Text(en="Local forest and grass sink price", zh="地方林草碳汇价格"),
        unit=PER_TONNE,
    ),
    "ccer": PriceUse(
        id="ccer",
        title=Text(en="National certified emission reductions", zh="国家核证自愿减排量价格"),
        unit=PER_TONNE,
    ),
    "pilot": PriceUse(
        id="pilot-sink",
        title=Text(en="Sink credits of a pilot market", zh="试点市场碳汇减排量价格"),
        unit=PER_TONNE,
    ),
    "carbon-ticket": PriceUse(
        id="carbon-ticket",
        title=Text(en="Carbon tickets", zh="碳票价格"),
        unit=PER_TONNE,
    ),
}


IMPLIED: Final = Text(
    en="Value over tonnes is %(implied).2f yuan/tCO2e, outside %(low).2f to %(high).2f.",
    zh="价值除以碳汇量为每吨%(implied).2f元，超出%(low).2f至%(high).2f元的区间。",
)

WORDS: Final[dict[str, Text]] = {
    "crediting-ends-before-it-starts": Text(
        en="The crediting period ends before it starts.", zh="计入期的结束日早于开始日。"
    ),
    "verified-before-crediting": Text(
        en="The last verification lies before the crediting period.",
        zh="最近一次核证早于计入期开始日。",
    ),
    "verified-after-valuation-day": Text(
        en="The last verification lies after the valuation day.",
        zh="最近一次核证晚于评估基准日。",
    ),
    "right-ended": Text(
        en="The right has ended on the valuation day.", zh="权利在评估基准日已到期。"
    ),
    "crediting-ended": Text(
        en="All removals of the crediting period are verified; nothing is left to sell.",
        zh="计入期内的碳汇量已全部核证，没有可售部分。",
    ),
    "right-ends-before-crediting": Text(
        en="The right ends before the crediting period; later removals are not counted.",
        zh="权利先于计入期到期，其后的碳汇量不计入。",
    ),
    "verification-overdue": Text(
        en="A verification is overdue; the next one is taken to make up for it.",
        zh="核证已逾期，假定下一次核证一并补足。",
    ),
    "removals-above-band": Text(
        en="%(rate).4f tCO2e per mu and year exceeds the usual %(limit).4f; ask for evidence.",
        zh="每亩每年%(rate).4f吨，高于通常的%(limit).4f吨，请补充依据。",
    ),
    "removals-not-credible": Text(
        en="%(rate).4f tCO2e per mu and year exceeds %(limit).4f, the most such land can show.",
        zh="每亩每年%(rate).4f吨，超过此类土地可信的上限%(limit).4f吨。",
    ),
    "price-growth-above-band": Text(
        en="The price is taken to grow by %(growth).4f a year, above %(limit).4f.",
        zh="假定价格每年增长%(growth).4f，高于%(limit).4f。",
    ),
    "buffer-below-floor": Text(
        en="The buffer of %(buffer).4f is below %(floor).4f.",
        zh="非持久性扣减%(buffer).4f低于%(floor).4f。",
    ),
}


FIELDS: Final = (
    Field(
        name="sink_kind",
        title=Text(en="Kind of sink", zh="碳汇类型"),
        help=Text(en="The vegetation that removes the carbon.", zh="产生碳汇的植被类型。"),
        kind="choice",
        unit="",
        choices_from=KIND,
        example="forest",
        group="sink",
    ),
    Field(
        name="registration",
        title=Text(en="Registration", zh="登记状态"),
        help=Text(
            en="Where the credits are filed; it decides which price applies.",
            zh="减排量在何处登记，决定适用的价格。",
        ),
        kind="choice",
        unit="",
        choices_from=REGISTRATION,
        example="local-filing",
        group="sink",
    ),
    number(
        "area_mu",
        Text(en="Area", zh="面积"),
        Text(en="Area of the verified plots.", zh="经核证地块的面积。"),
        unit="mu",
        high=1e8,
        example=29_600.0,
        group="sink",
        vary=(26_640.0, 29_600.0),
    ),
    Field(
        name="removal_basis",
        title=Text(en="Removals stated as", zh="碳汇量的表述方式"),
        help=Text(
            en="One validated rate a year, or a validated table by crediting year.",
            zh="经审定的年均值，或按计入期年份的审定表。",
        ),
        kind="choice",
        unit="",
        choices=(
            Choice(id="yearly-rate", title=Text(en="Yearly rate", zh="年均值")),
            Choice(id="validated-table", title=Text(en="Validated table", zh="审定表")),
        ),
        example="yearly-rate",
        group="removals",
    ),
    number(
        "removals_tco2e_per_mu",
        Text(en="Removals a year", zh="年碳汇量"),
        Text(
            en="Gross removals per mu and year, before deductions.",
            zh="每亩每年的总碳汇量，未作扣减。",
        ),
        unit="tCO2e/mu/year",
        high=10.0,
        example=0.174688,
        needed_when=("removal_basis", frozenset({"yearly-rate"})),
        group="removals",
        vary=(0.15, 0.18),
    ),
    Field(
        name="removals_by_year_tco2e_per_mu",
        title=Text(en="Removals by year", zh="逐年碳汇量"),
        help=Text(
            en="Gross removals per mu of crediting year 1, 2, 3 and so on.",
            zh="计入期第1、2、3……年每亩的总碳汇量。",
        ),
        kind="series",
        unit="tCO2e/mu",
        low=0.0,
        high=10.0,
        example=(0.05, 0.09, 0.13, 0.16, 0.18, 0.19, 0.19, 0.18, 0.17, 0.16),
        required=False,
        needed_when=("removal_basis", frozenset({"validated-table"})),
        max_length=60,
        group="removals",
    ),
    share(
        "baseline_share",
        Text(en="Baseline share", zh="基线占比"),
        Text(
            en="Share of removals that would have happened without the project.",
            zh="没有项目也会发生的碳汇量所占比例。",
        ),
        example=0.04,
        group="deductions",
        vary=(0.0, 0.08),
    ),
    share(
        "leakage_share",
        Text(en="Leakage share", zh="泄漏占比"),
        Text(
            en="Share of removals undone elsewhere because of the project.",
            zh="因项目在别处造成的排放所占比例。",
        ),
        example=0.01,
        group="deductions",
        vary=(0.0, 0.02),
    ),
    share(
        "buffer_share",
        Text(en="Buffer share", zh="非持久性扣减比例"),
        Text(
            en="Share withheld against the removals being reversed.",
            zh="为应对碳汇逆转而扣留的比例。",
        ),
        example=0.1,
        group="deductions",
        vary=(0.1, 0.2),
    ),
    yearly_loss_share(
        Text(en="Yearly hazard of loss", zh="年损失概率"),
        Text(
            en="Chance a year that the stand is lost to fire, pests or drought.",
            zh="因火灾、病虫害或干旱损失林分的年概率。",
        ),
        example=0.005,
    ),
    day(
        "crediting_starts_on",
        Text(en="Crediting starts on", zh="计入期开始日"),
        Text(en="First day of the crediting period.", zh="计入期的第一天。"),
        example="2022-07-01",
    ),
    day(
        "crediting_ends_on",
        Text(en="Crediting ends on", zh="计入期结束日"),
        Text(en="Removals after this day are not credited.", zh="该日之后的碳汇量不再计入。"),
        example="2042-07-01",
    ),
    day(
        "last_verified_on",
        Text(en="Verified up to", zh="已核证至"),
        Text(
            en="Removals up to this day are verified and sold; the first day of crediting if none.",
            zh="该日之前的碳汇量已核证并出售；尚未核证的填计入期开始日。",
        ),
        example="2023-07-01",
    ),
    day(
        "right_ends_on",
        Text(en="Right ends on", zh="权利到期日"),
        Text(en="Last day on which sales belong to the right.", zh="收益归属该权利的最后一天。"),
        example="2043-12-31",
    ),
    Field(
        name="verification_every_years",
        title=Text(en="Years between verifications", zh="核证间隔年数"),
        help=Text(
            en="Credits are issued and paid only at a verification.",
            zh="只有核证后才签发并取得收入。",
        ),
        kind="integer",
        unit="year",
        low=1.0,
        high=10.0,
        example=2.0,
        group="term",
    ),
    yuan(
        "monitoring_cost_yuan",
        Text(en="Monitoring cost a year", zh="年监测费用"),
        Text(
            en="Patrol, plots and reports, the same whatever the price.",
            zh="巡护、样地与报告费用，不随价格变动。",
        ),
        example=13_987.61,
        group="costs",
        vary=(11_190.0, 16_785.0),
    ),
    yuan(
        "verification_cost_yuan",
        Text(en="Cost of a verification", zh="每次核证费用"),
        Text(en="Verification and issuance, each time.", zh="每次核证与签发的费用。"),
        example=28_000.0,
        group="costs",
        vary=(22_400.0, 33_600.0),
    ),
    yuan(
        "cost_due_now_yuan",
        Text(en="Cost due now", zh="当前应付费用"),
        Text(
            en="What must be paid on the valuation day to keep the right.",
            zh="为保有该权利在评估基准日须支付的费用。",
        ),
        example=20_071.62,
        group="costs",
    ),
    share(
        "tax_share",
        Text(en="Tax share", zh="税负比例"),
        Text(
            en="Share of net income paid as tax; costs are deductible.",
            zh="净收益中缴纳税款的比例，费用可扣除。",
        ),
        high=0.6,
        example=0.05,
        group="costs",
        vary=(0.0, 0.25),
    ),
    discount_rate(example=0.08, vary=(0.06, 0.12)),
)


SPEC: Final = ModelSpec(
    id="carbon-sink-income",
    version="1.0.0",
    title=Text(en="Carbon-sink expected income right", zh="林草碳汇预期收益权"),
    help=Text(
        en="Present value of the net income from verified removals until the right ends.",
        zh="权利期限内经核证碳汇净收益的现值。",
    ),
    value_kind="market",
    per="once",
    asset_kinds=("forestry-carbon-income", "grassland-carbon-income"),
    fields=FIELDS,
    components=(
        part("credit_sales", "Sales of credits", "减排量销售收入"),
        part("verification", "Verification", "核证费用"),
        part("monitoring", "Monitoring", "监测费用"),
        part("due_now", "Due now", "当前应付"),
    ),
    approaches=(part("income", "Income approach", "收益法"),),
    parameters=(KIND, REGISTRATION, RATE_LOW, RATE_HIGH, GROWTH_HIGH, BUFFER_LOW, PRICE_AGE),
    prices=tuple(PRICE_OF.values()),
    standards=("CCER-14-001-V01", "GB/T 41198-2021"),
    limits=(
        Text(
            en="Removals after the last verification within the right are not valued.",
            zh="权利期限内最后一次核证之后的碳汇量不计价。",
        ),
        Text(
            en="Trees credited here must not be valued for felling at the same time.",
            zh="已计碳汇的林木不得同时按采伐计价。",
        ),
        Text(en="The rate and the price growth are nominal.", zh="折现率与价格增长率均为名义值。"),
    ),
)
