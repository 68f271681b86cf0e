"""What the carbon-sink model asks about the sink and its removals."""

from dataclasses import replace
from typing import Final

from risk_models.contract import Field
from risk_models.fields import day, number, pick, series, share
from risk_models.models.carbon_sink_income.input_kinds import flag, row_of, when
from risk_models.models.carbon_sink_income.names import (
    GRASSLAND,
    GROWING,
    KIND,
    REGISTRATION,
    SPECIES,
)
from risk_models.words import Text

__all__ = ["REMOVALS", "SINK"]

MOST_AGES: Final = 40

SINK: Final = (
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
    flag(
        "dry_land",
        Text(en="Dry land", zh="干旱区"),
        Text(
            en="Land with little rain, where high removals are not taken without evidence.",
            zh="降水稀少的土地，过高的碳汇量无依据不予认可。",
        ),
        group="sink",
    ),
    flag(
        "also_valued_for_timber",
        Text(en="Also valued for timber", zh="同一林木另按采伐计价"),
        Text(
            en="Whether the same trees are valued for felling in another appraisal.",
            zh="同一林木是否在其他评估中按采伐计价。",
        ),
        group="sink",
    ),
)

REMOVALS: Final = (
    Field(
        name="removal_basis",
        title=Text(en="Removals stated as", zh="碳汇量的表述方式"),
        help=Text(
            en="How the removals to come are known; a validated table is the best evidence.",
            zh="未来碳汇量的依据，以经审定的逐年表为最佳。",
        ),
        kind="choice",
        unit="",
        choices=(
            pick("yearly-rate", "Yearly rate", "年均值"),
            pick("validated-table", "Validated table", "审定表"),
            pick("growth-curve", "Growth curve of the trees", "树种生长曲线"),
            pick("own-curve", "Growth curve with own figures", "自定参数生长曲线"),
            pick("yield-table", "Yield table", "收获表"),
            pick("crown-cover", "Crown cover of shrubs", "灌木覆盖度"),
            pick("soil-carbon", "Soil carbon of grassland", "草原土壤有机碳"),
            pick("rotation", "Rotation, up to its mean stock", "轮伐经营（以长期平均碳储量为限）"),
            pick("gain-loss", "Gains and losses of biomass", "生物量增减法"),
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
        needed_when=when("removal_basis", "yearly-rate", "rotation"),
        group="removals",
        vary=(0.15, 0.18),
    ),
    series(
        "removals_by_year_tco2e_per_mu",
        Text(en="Removals by year", zh="逐年碳汇量"),
        Text(
            en="Gross removals per mu of crediting year 1, 2, 3 and so on.",
            zh="计入期第1、2、3……年每亩的总碳汇量。",
        ),
        unit="tCO2e/mu",
        high=10.0,
        example=(0.05, 0.09, 0.13, 0.16, 0.18, 0.19, 0.19, 0.18, 0.17, 0.16),
        needed_when=when("removal_basis", "validated-table"),
        max_length=60,
        group="removals",
    ),
    row_of(
        "species",
        Text(en="Group of trees", zh="树种（组）"),
        Text(
            en="Needed for curves and yield tables; beside a validated table it lets the growth"
            " be checked.",
            zh="采用生长曲线或收获表时必填；采用审定表时用于核对生长量。",
        ),
        table=SPECIES,
        example="larch",
        group="removals",
    ),
    replace(
        day(
            "planted_on",
            Text(en="Planted on", zh="造林日期"),
            Text(
                en="Needed for curves and yield tables: growth is read at the age of the trees.",
                zh="采用生长曲线或收获表时必填，生长量按林龄取值。",
            ),
            example="2018-04-15",
            required=False,
        ),
        group="removals",
    ),
    Field(
        name="conversion",
        title=Text(en="From stock to biomass", zh="蓄积量换算生物量的方法"),
        help=Text(
            en="The regression has the roots in it; the factors add them.",
            zh="回归式已含地下部分，因子法另加地下部分。",
        ),
        kind="choice",
        unit="",
        choices=(
            pick("regression", "Regression on volume", "蓄积量回归"),
            pick("stock-factors", "Factors by class of stock", "按蓄积级的转换扩展系数"),
            pick("expansion", "Density, expansion and roots", "密度、扩展因子与根茎比"),
            pick("gold-standard", "Conservative factors", "保守因子（黄金标准）"),
        ),
        example="regression",
        required=False,
        needed_when=("removal_basis", GROWING),
        group="removals",
    ),
    number(
        "curve_a_m3_per_ha",
        Text(en="Stock in the end, A", zh="蓄积上限A"),
        Text(en="Stock per hectare that an old stand comes to.", zh="成熟林分每公顷蓄积的上限。"),
        unit="m3/ha",
        low=0.0,
        low_open=True,
        high=2_000.0,
        example=210.0,
        needed_when=when("removal_basis", "own-curve"),
        group="removals",
        vary=(168.0, 252.0),
    ),
    number(
        "curve_k",
        Text(en="Speed of growth, k", zh="生长速率k"),
        Text(en="k of V = A (1 - exp(-k t)) ^ c.", zh="V=A(1-exp(-kt))^c中的k。"),
        unit="1/year",
        low_open=True,
        high=1.0,
        example=0.05,
        needed_when=when("removal_basis", "own-curve"),
        group="removals",
        vary=(0.04, 0.06),
    ),
    number(
        "curve_c",
        Text(en="Shape, c", zh="形状参数c"),
        Text(en="c of V = A (1 - exp(-k t)) ^ c.", zh="V=A(1-exp(-kt))^c中的c。"),
        unit="1",
        low=0.5,
        high=10.0,
        example=2.1,
        needed_when=when("removal_basis", "own-curve"),
        group="removals",
        vary=(1.9, 2.3),
    ),
    series(
        "stock_by_age_m3_per_ha",
        Text(en="Stock by age", zh="各林龄蓄积量"),
        Text(
            en="Stock per hectare at equal steps of age: after the first step, the second and so on.",
            zh="按等距林龄逐一填写每公顷蓄积：第一个间隔、第二个间隔……。",
        ),
        unit="m3/ha",
        high=2_000.0,
        example=(5.0, 12.0, 25.0, 50.0, 100.0),
        needed_when=when("removal_basis", "yield-table"),
        max_length=MOST_AGES,
        group="removals",
    ),
    Field(
        name="yield_step_years",
        title=Text(en="Years between the ages", zh="林龄间隔年数"),
        help=Text(
            en="Years from one figure of the yield table to the next.",
            zh="收获表相邻两项之间的年数。",
        ),
        kind="integer",
        unit="year",
        low=1.0,
        high=20.0,
        example=6.0,
        required=False,
        needed_when=when("removal_basis", "yield-table"),
        group="removals",
    ),
    number(
        "forest_biomass_t_per_ha",
        Text(en="Biomass of full forest", zh="当地郁闭森林生物量"),
        Text(
            en="Dry matter above ground per hectare of full forest in the region; shrubs have a"
            " tenth of it.",
            zh="当地郁闭森林每公顷地上干物质，灌木按其十分之一计。",
        ),
        unit="t/ha",
        low_open=True,
        high=1_000.0,
        example=130.0,
        needed_when=when("removal_basis", "crown-cover"),
        group="removals",
    ),
    share(
        "cover_before_share",
        Text(en="Crown cover at the start", zh="期初覆盖度"),
        Text(
            en="Share of the ground under crowns of shrubs; below 5 % it counts as nothing.",
            zh="灌木冠层覆盖地面的比例，低于5%不计。",
        ),
        example=0.12,
        needed_when=when("removal_basis", "crown-cover"),
        group="removals",
    ),
    share(
        "cover_after_share",
        Text(en="Crown cover aimed at", zh="目标覆盖度"),
        Text(
            en="Share of the ground under crowns once the shrubs have closed.",
            zh="灌木成型后覆盖地面的比例。",
        ),
        example=0.65,
        needed_when=when("removal_basis", "crown-cover"),
        group="removals",
    ),
    number(
        "cover_years",
        Text(en="Years until then", zh="达到目标的年数"),
        Text(
            en="Crediting years in which the cover grows evenly from one to the other.",
            zh="覆盖度在计入期内均匀增长所需年数。",
        ),
        unit="year",
        low=1.0,
        high=60.0,
        example=15.0,
        needed_when=when("removal_basis", "crown-cover"),
        group="removals",
    ),
    number(
        "soil_carbon_t_per_ha",
        Text(en="Reference soil carbon", zh="土壤有机碳参考值"),
        Text(
            en="Organic carbon of undisturbed soil, 0 to 30 cm, per hectare.",
            zh="未扰动土壤0至30厘米每公顷有机碳。",
        ),
        unit="tC/ha",
        low_open=True,
        high=300.0,
        example=50.0,
        needed_when=when("removal_basis", "soil-carbon"),
        group="removals",
    ),
    row_of(
        "grassland_before",
        Text(en="Grassland before", zh="项目前草地状态"),
        Text(en="State of the grassland without the project.", zh="没有项目时的草地状态。"),
        table=GRASSLAND,
        example="severely-degraded",
        group="removals",
        needed_when=when("removal_basis", "soil-carbon"),
    ),
    row_of(
        "grassland_after",
        Text(en="Grassland after", zh="项目后草地状态"),
        Text(en="State the project brings it to.", zh="项目实施后的草地状态。"),
        table=GRASSLAND,
        example="improved",
        group="removals",
        needed_when=when("removal_basis", "soil-carbon"),
    ),
)
