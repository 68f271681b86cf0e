"""The passport of the forest-right model."""

from typing import Final

from risk_models.contract import Field, ModelSpec, PriceUse
from risk_models.fields import day, discount_rate, number, part, share, yearly_loss_share, yuan
from risk_models.words import Text

__all__ = [
    "AGE_GROUP",
    "CATEGORY",
    "HARVESTED",
    "PLANTED",
    "PRICE_AGE",
    "RATE_HIGH",
    "RATE_LOW",
    "REASONS",
    "SPEC",
    "STANDING",
    "TIMBER",
    "WORDS",
    "YIELDING",
]

CATEGORY: Final = "forest_right.category"
AGE_GROUP: Final = "forest_right.age_group"
RATE_LOW: Final = "forest_right.discount_rate_low"
RATE_HIGH: Final = "forest_right.discount_rate_high"
PRICE_AGE: Final = "price.age_limit_days"

PLANTED: Final = frozenset({"young", "pre-yield"})
"""Valued by what it cost to raise."""

HARVESTED: Final = frozenset({"middle", "near-mature"})
"""Valued by the harvest to come."""

STANDING: Final = frozenset({"near-mature", "mature", "over-mature"})
"""Valued by what the standing timber fetches today."""

YIELDING: Final = frozenset({"full-yield"})
"""Valued by the yearly net yield of fruit, nuts or leaves."""

TIMBER: Final = PriceUse(
    id="timber", title=Text(en="Timber at the forest road", zh="木材到场价格"), unit="yuan/m3"
)

WORDS: Final[dict[str, Text]] = {
    "category-not-mortgageable": Text(
        en="This category of forest cannot be mortgaged; it enters by its income rights.",
        zh="该类森林不得抵押，可通过收益权纳入。",
    ),
    "planted-after-valuation-day": Text(
        en="The planting day lies after the valuation day.", zh="造林日期晚于评估基准日。"
    ),
    "right-ended": Text(
        en="The right has ended on the valuation day.", zh="权利在评估基准日已到期。"
    ),
    "past-economic-life": Text(
        en="The trees are past their rotation; nothing is left to yield.",
        zh="林木已超过经营周期，没有后续收益。",
    ),
    "right-ends-before-harvest": Text(
        en="The right ends before the harvest.", zh="权利先于采伐到期。"
    ),
    "implied-value-outside-band": Text(
        en="The value is %(implied).2f yuan/mu, outside %(low).2f to %(high).2f.",
        zh="每亩价值%(implied).2f元，超出%(low).2f至%(high).2f元的区间。",
    ),
}

REASONS: Final[dict[str, Text]] = {
    "young": Text(
        en="Young timber has no market yet: what it cost to raise.",
        zh="幼龄林尚无市场，采用重置成本法。",
    ),
    "middle": Text(
        en="Felling is years away: the harvest, discounted.",
        zh="距采伐尚有年数，采用收获现值法。",
    ),
    "near-mature": Text(
        en="Close to felling: the harvest and today's market weigh the same.",
        zh="接近采伐，收获现值法与市场价倒算法各占一半。",
    ),
    "mature": Text(
        en="Ready to fell: the market price less costs and normal profit.",
        zh="可供采伐，采用木材市场价倒算法。",
    ),
    "over-mature": Text(
        en="Past its best: the market price less costs and normal profit.",
        zh="已过成熟期，采用木材市场价倒算法。",
    ),
    "pre-yield": Text(
        en="Not bearing yet: what it cost to raise.", zh="尚未投产，采用重置成本法。"
    ),
    "full-yield": Text(
        en="Bears every year: the net yield until right or trees end.",
        zh="盛产期逐年有收益，采用收益现值法。",
    ),
}

FIELDS: Final = (
    Field(
        name="category",
        title=Text(en="Category of forest", zh="林种"),
        help=Text(
            en="Only categories mortgageable on the valuation day are valued.",
            zh="仅对评估基准日可抵押的林种估值。",
        ),
        kind="choice",
        unit="",
        choices_from=CATEGORY,
        example="economic",
        group="stand",
    ),
    Field(
        name="age_group",
        title=Text(en="Age group", zh="龄组"),
        help=Text(
            en="It decides which approaches apply and how they weigh.",
            zh="决定适用的评估方法及其权重。",
        ),
        kind="choice",
        unit="",
        choices_from=AGE_GROUP,
        example="full-yield",
        group="stand",
    ),
    number(
        "area_mu",
        Text(en="Area", zh="面积"),
        Text(en="Area of the sub-compartments of the right.", zh="权利所含小班的面积。"),
        unit="mu",
        example=2_600.0,
        group="stand",
        high=1e8,
        vary=(2_470.0, 2_600.0),
    ),
    day(
        "planted_on",
        Text(en="Planted on", zh="造林日期"),
        Text(en="Age counts from this day.", zh="林龄自该日起算。"),
        example="2012-04-01",
    ),
    number(
        "rotation_years",
        Text(en="Rotation", zh="经营周期"),
        Text(
            en="Age at felling, or the age at which an orchard stops bearing.",
            zh="主伐年龄，或经济林停止产出的年龄。",
        ),
        unit="year",
        example=35.0,
        group="term",
        high=200.0,
        low_open=True,
    ),
    day(
        "right_ends_on",
        Text(en="Right ends on", zh="权利到期日"),
        Text(en="Last day of the right in the certificate.", zh="权证载明的最后一天。"),
        example="2043-12-31",
    ),
    number(
        "quality_k",
        Text(en="Quality factor K", zh="质量调整系数K"),
        Text(
            en="Observed stand over reference stand: stocking, height, diameter.",
            zh="实测林分与参照林分之比：株数、树高、胸径。",
        ),
        unit="1",
        example=0.95,
        group="stand",
        high=2.0,
        vary=(0.85, 1.0),
        reference="LY/T 2407-2015, appendix C",
    ),
    number(
        "net_yield_yuan_per_mu",
        Text(en="Net yearly yield", zh="年净收益"),
        Text(
            en="Sales of fruit, nuts or leaves less yearly costs, per mu.",
            zh="每亩果品、坚果或叶用产品销售额减去年度费用。",
        ),
        unit="yuan/mu/year",
        example=234.4,
        group="yield",
        high=1e5,
        needed_when=("age_group", YIELDING),
        vary=(160.0, 260.0),
    ),
    Field(
        name="costs_by_year_yuan_per_mu",
        title=Text(en="Raising costs by year", zh="逐年营造林成本"),
        help=Text(
            en="Cost per mu of year 1, 2, 3 and so on since planting, at today's prices.",
            zh="造林后第1、2、3……年每亩的重置成本，按现行价格。",
        ),
        kind="series",
        unit="yuan/mu",
        low=0.0,
        high=1e5,
        example=(620.0, 210.0, 180.0, 120.0, 90.0),
        required=False,
        needed_when=("age_group", PLANTED),
        max_length=60,
        group="costs",
    ),
    number(
        "stock_at_harvest_m3_per_mu",
        Text(en="Stock at felling", zh="主伐时蓄积"),
        Text(en="Expected standing volume at the rotation.", zh="主伐时预计的每亩蓄积。"),
        unit="m3/mu",
        example=9.5,
        group="timber",
        high=200.0,
        needed_when=("age_group", HARVESTED),
        vary=(8.0, 10.5),
    ),
    number(
        "stock_now_m3_per_mu",
        Text(en="Stock now", zh="现有蓄积"),
        Text(en="Measured standing volume.", zh="实测的每亩蓄积。"),
        unit="m3/mu",
        example=7.2,
        group="timber",
        high=200.0,
        needed_when=("age_group", STANDING),
        vary=(6.5, 7.6),
    ),
    share(
        "outturn_share",
        Text(en="Outturn", zh="出材率"),
        Text(en="Saleable timber over standing volume.", zh="可售木材占蓄积的比例。"),
        example=0.68,
        group="timber",
        needed_when=("age_group", HARVESTED | STANDING),
        vary=(0.6, 0.72),
    ),
    number(
        "felling_cost_yuan_per_m3",
        Text(en="Felling cost", zh="采伐成本"),
        Text(
            en="Felling, skidding, haulage and fees for each m3 of timber.",
            zh="每立方米木材的采伐、集材、运输及规费。",
        ),
        unit="yuan/m3",
        example=260.0,
        group="timber",
        high=1e5,
        needed_when=("age_group", HARVESTED | STANDING),
        vary=(220.0, 300.0),
    ),
    share(
        "normal_profit_share",
        Text(en="Normal profit on costs", zh="成本利润率"),
        Text(
            en="Profit a feller expects on the felling cost.", zh="采伐经营者在成本上的正常利润率。"
        ),
        example=0.15,
        group="timber",
        needed_when=("age_group", HARVESTED | STANDING),
    ),
    number(
        "tending_cost_yuan_per_mu",
        Text(en="Tending cost a year", zh="年管护成本"),
        Text(en="Care of the stand until felling, per mu.", zh="主伐前每亩每年的管护费用。"),
        unit="yuan/mu/year",
        example=22.0,
        group="timber",
        high=1e5,
        needed_when=("age_group", HARVESTED),
    ),
    yuan(
        "cost_due_now_yuan",
        Text(en="Cost due now", zh="当前应付费用"),
        Text(
            en="What must be paid on the valuation day to keep or restore the stand.",
            zh="为维持或恢复林分在评估基准日须支付的费用。",
        ),
        example=23_487.73,
        group="costs",
    ),
    yearly_loss_share(
        Text(en="Yearly hazard of loss", zh="年损失概率"),
        Text(
            en="Chance a year that the stand is lost to fire, frost, pests or drought.",
            zh="因火灾、霜冻、病虫害或干旱损失林分的年概率。",
        ),
        example=0.006,
    ),
    discount_rate(example=0.075, vary=(0.06, 0.10)),
)

SPEC: Final = ModelSpec(
    id="forest-right",
    version="1.0.0",
    title=Text(en="Forest right", zh="林权"),
    help=Text(
        en="Value of timber, fuel and economic forest by the approach its age calls for.",
        zh="按龄组对应的方法评估用材林、能源林与经济林的价值。",
    ),
    value_kind="market",
    per="once",
    asset_kinds=("forest-right",),
    fields=FIELDS,
    components=(
        part("raising", "Raising cost", "营造林成本"),
        part("timber_sales", "Timber sales", "木材销售收入"),
        part("felling", "Felling", "采伐费用"),
        part("profit", "Normal profit", "正常利润"),
        part("tending", "Tending", "管护费用"),
        part("net_yield", "Net yield", "经济林净收益"),
        part("due_now", "Due now", "当前应付"),
    ),
    approaches=(
        part("replacement", "Replacement cost", "重置成本法"),
        part("harvest", "Harvest present value", "收获现值法"),
        part("market", "Market back-off", "市场价倒算法"),
        part("annuity", "Yield annuity", "收益现值法"),
    ),
    parameters=(CATEGORY, AGE_GROUP, RATE_LOW, RATE_HIGH, PRICE_AGE),
    prices=(TIMBER,),
    standards=("LY/T 2407-2015",),
    limits=(
        Text(
            en="No thinnings, no second rotation, no land value.",
            zh="不计间伐、第二轮伐期与林地价值。",
        ),
        Text(
            en="Protection and special-use forest is not valued here.",
            zh="不适用于防护林与特种用途林。",
        ),
        Text(
            en="Yield and costs stay at today's prices; the rate must match.",
            zh="收益与成本按现行价格，折现率须与之一致。",
        ),
    ),
)
