"""What the forest-right model asks of the stand, its yield and its costs, and in what order."""

from typing import Final

from risk_models.contract import Field
from risk_models.fields import (
    choice,
    day,
    discount_rate,
    number,
    pick,
    series,
    share,
    yearly_loss_share,
    yuan,
)
from risk_models.models.forest_right.groups import (
    AGE_GROUP,
    AGE_LIMITS,
    CATEGORY,
    PHASED,
    PLANTED,
    ROTATED,
    STOCKING,
    YEARS_AT_MOST,
    YIELDING,
)
from risk_models.models.forest_right.wood import COMPARABLES, LAND, PLAN, WOOD
from risk_models.words import Text

__all__ = ["FIELDS"]

MEASURED: Final = ("quality_basis", frozenset({"height", "diameter", "volume"}))
BY_DIAMETER: Final = ("quality_basis", frozenset({"diameter"}))
BY_VOLUME: Final = ("quality_basis", frozenset({"volume"}))

STAND: Final = (
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
    Field(
        name="species_group",
        title=Text(en="Group of species", zh="树种组"),
        help=Text(
            en="For timber: the age is compared with the ages of its age group. Empty: it is not.",
            zh="用于核对用材林林龄与龄组是否相符。不填则不核对。",
        ),
        kind="choice",
        unit="",
        choices_from=AGE_LIMITS,
        example="poplar-planted",
        required=False,
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
    share(
        "public_welfare_share",
        Text(en="Public-welfare forest, share of the area", zh="公益林面积占比"),
        Text(
            en="Nothing is felled there: only compensation and non-timber income count. Empty: none.",
            zh="该部分不得采伐，仅计补偿与非木质收益。不填为无。",
        ),
        example=0.08,
        group="stand",
        required=False,
    ),
    day(
        "planted_on",
        Text(en="Planted on", zh="造林日期"),
        Text(
            en="Age counts from this day; of cleared land, the day it was cleared.",
            zh="林龄自该日起算；采伐迹地填采伐日期。",
        ),
        example="2012-04-01",
    ),
    number(
        "rotation_years",
        Text(en="Rotation", zh="经营周期"),
        Text(
            en="Age at felling, or the age at which an orchard stops bearing. Bamboo has none.",
            zh="主伐年龄，或经济林停止产出的年龄。竹林不适用。",
        ),
        unit="year",
        example=35.0,
        group="term",
        high=200.0,
        low_open=True,
        needed_when=("age_group", ROTATED),
    ),
    day(
        "right_ends_on",
        Text(en="Right ends on", zh="权利到期日"),
        Text(en="Last day of the right in the certificate.", zh="权证载明的最后一天。"),
        example="2043-12-31",
    ),
)

QUALITY: Final = (
    choice(
        "quality_basis",
        Text(en="Quality factor K comes from", zh="调整系数K的来源"),
        Text(
            en="Stated, or worked out from stocking, height and diameter or volume. Empty: stated.",
            zh="直接填写，或由株数保存率、树高、胸径或蓄积计算。不填为直接填写。",
        ),
        pick("stated", "Stated", "直接填写"),
        pick("height", "Stocking and height", "保存率与树高"),
        pick("diameter", "Stocking, height and diameter", "保存率、树高与胸径"),
        pick("volume", "Stocking, height and volume", "保存率、树高与蓄积"),
        group="stand",
    ),
    number(
        "quality_k",
        Text(en="Quality factor K", zh="质量调整系数K"),
        Text(
            en="Observed stand over reference stand. Empty when it is worked out.",
            zh="实测林分与参照林分之比。由实测计算时不填。",
        ),
        unit="1",
        example=0.95,
        group="stand",
        high=2.0,
        required=False,
        vary=(0.85, 1.0),
        reference="LY/T 2407-2015, appendix C",
    ),
    Field(
        name="planting_zone",
        title=Text(en="Planting standard", zh="造林合格标准"),
        help=Text(
            en="Rainfall decides which survival passes and below which it must be replanted.",
            zh="按降水量确定合格保存率与须重造的下限。",
        ),
        kind="choice",
        unit="",
        choices_from=STOCKING,
        example="arid",
        required=False,
        needed_when=MEASURED,
        group="stand",
    ),
    share(
        "survival_share",
        Text(en="Survival", zh="株数保存率"),
        Text(en="Living stems over planted stems.", zh="现存株数与造林株数之比。"),
        example=0.66,
        group="stand",
        required=False,
        needed_when=MEASURED,
    ),
    number(
        "height_m",
        Text(en="Mean height", zh="平均树高"),
        Text(en="Measured mean height of the stand.", zh="林分实测平均树高。"),
        unit="m",
        example=7.6,
        group="stand",
        high=100.0,
        needed_when=MEASURED,
    ),
    number(
        "height_reference_m",
        Text(en="Reference height", zh="参照林分树高"),
        Text(en="Mean height of the reference stand at this age.", zh="同龄参照林分的平均树高。"),
        unit="m",
        example=8.0,
        group="stand",
        high=100.0,
        low_open=True,
        needed_when=MEASURED,
    ),
    number(
        "dbh_cm",
        Text(en="Mean diameter", zh="平均胸径"),
        Text(en="Measured mean diameter at breast height.", zh="林分实测平均胸径。"),
        unit="cm",
        example=11.8,
        group="stand",
        high=300.0,
        needed_when=BY_DIAMETER,
    ),
    number(
        "dbh_reference_cm",
        Text(en="Reference diameter", zh="参照林分胸径"),
        Text(en="Mean diameter of the reference stand at this age.", zh="同龄参照林分的平均胸径。"),
        unit="cm",
        example=12.0,
        group="stand",
        high=300.0,
        low_open=True,
        needed_when=BY_DIAMETER,
    ),
    number(
        "volume_m3_per_mu",
        Text(en="Measured volume", zh="实测蓄积"),
        Text(en="Standing volume today.", zh="评估日每亩活立木蓄积。"),
        unit="m3/mu",
        example=5.7,
        group="stand",
        high=200.0,
        needed_when=BY_VOLUME,
    ),
    number(
        "volume_reference_m3_per_mu",
        Text(en="Reference volume", zh="参照林分蓄积"),
        Text(en="Volume of the reference stand at this age.", zh="同龄参照林分的每亩蓄积。"),
        unit="m3/mu",
        example=6.0,
        group="stand",
        high=200.0,
        low_open=True,
        needed_when=BY_VOLUME,
    ),
)

YIELD: Final = (
    number(
        "net_yield_yuan_per_mu",
        Text(en="Net yearly yield", zh="年净收益"),
        Text(
            en="Sales of fruit, nuts, leaves or culms less yearly costs, per mu, once fully grown.",
            zh="盛产期每亩果品、坚果、叶用产品或竹材销售额减去年度费用。",
        ),
        unit="yuan/mu/year",
        example=234.4,
        group="yield",
        market=True,
        high=1e5,
        needed_when=("age_group", YIELDING),
        vary=(160.0, 260.0),
    ),
    series(
        "yields_by_year_yuan_per_mu",
        Text(en="Net yields of the coming years", zh="未来各年净收益"),
        Text(
            en="Early yield: each year until full yield. Declining: each year until the end.",
            zh="初产期填至盛产期前各年；衰产期填至终止各年。",
        ),
        unit="yuan/mu",
        example=(60.0, 110.0, 170.0),
        group="yield",
        market=True,
        high=1e5,
        max_length=YEARS_AT_MOST,
        needed_when=("age_group", PHASED),
    ),
    number(
        "compensation_yuan_per_mu",
        Text(en="Compensation a year", zh="年补偿标准"),
        Text(
            en="Paid for each mu of the public-welfare share. Empty: none.",
            zh="公益林部分每亩每年的补偿。不填为无。",
        ),
        unit="yuan/mu/year",
        example=15.0,
        group="yield",
        market=True,
        high=1e5,
        required=False,
    ),
    number(
        "nontimber_yuan_per_mu",
        Text(en="Non-timber income a year", zh="年非木质收益"),
        Text(
            en="Net income under or beside the trees, per mu of the whole area. Empty: none.",
            zh="林下经济等净收益，按全部面积每亩计。不填为无。",
        ),
        unit="yuan/mu/year",
        example=6.0,
        group="yield",
        market=True,
        high=1e5,
        required=False,
    ),
)

COSTS: Final = (
    series(
        "costs_by_year_yuan_per_mu",
        Text(en="Raising costs by year", zh="逐年营造林成本"),
        Text(
            en="Cost per mu of year 1, 2, 3 and so on since planting, at today's prices.",
            zh="造林后第1、2、3……年每亩的重置成本，按现行价格。",
        ),
        unit="yuan/mu",
        example=(620.0, 210.0, 180.0, 120.0, 90.0),
        group="costs",
        high=1e5,
        max_length=YEARS_AT_MOST,
        needed_when=("age_group", PLANTED),
    ),
    series(
        "coming_costs_by_year_yuan_per_mu",
        Text(en="Silviculture in the coming years", zh="未来各年营林支出"),
        Text(
            en="Planned cost per mu at the end of year 1, 2, 3 from today. Empty: none.",
            zh="自评估日起第1、2、3……年末计划的每亩支出。不填为无。",
        ),
        unit="yuan/mu",
        example=(12.0, 9.0),
        group="costs",
        high=1e5,
        max_length=YEARS_AT_MOST,
    ),
    number(
        "management_cost_yuan_per_mu",
        Text(en="Management cost a year", zh="年经营管理费"),
        Text(
            en="Administration, fire watch, land rent, per mu while the right lasts. Empty: none.",
            zh="权利期限内每亩的管理、防火与地租。不填为无。",
        ),
        unit="yuan/mu/year",
        example=3.0,
        group="costs",
        high=1e5,
        required=False,
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
)

FIELDS: Final = (
    *STAND,
    *QUALITY,
    *YIELD,
    *COSTS,
    *WOOD,
    *LAND,
    *PLAN,
    *COMPARABLES,
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
