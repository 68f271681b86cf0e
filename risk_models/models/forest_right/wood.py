"""What the forest-right model asks of timber, land, the plan for the trees and comparables."""

from typing import Final

from risk_models.contract import Choice, Field
from risk_models.fields import choice, number, pick, series, share
from risk_models.models.forest_right.groups import HARVESTED, RENEWED, STANDING, YEARS_AT_MOST
from risk_models.words import Text

__all__ = ["COMPARABLES", "FELLED", "LAND", "PLAN", "WOOD"]

JOINT: Final = ("plan", frozenset({"joint"}))
WITH_LAND: Final = ("land_basis", frozenset({"expectation"}))
FELLED: Final = ("age_group", RENEWED)
"""Stands that are felled now, later or after a first rotation; they may be thinned before."""

THINNINGS_AT_MOST: Final = 6
ASSORTMENTS_AT_MOST: Final = 8
COMPARABLES_AT_MOST: Final = 12

WOOD: Final = (
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
        low_open=True,
        needed_when=FELLED,
        vary=(0.6, 0.72),
    ),
    series(
        "assortment_outturn_shares",
        Text(en="Outturn by assortment", zh="各材种出材率"),
        Text(
            en="Share of the standing volume in each assortment that has a price of its own;"
            " the rest of the outturn is sold at the price of timber. Empty: all of it.",
            zh="单独定价的各材种占蓄积的比例，其余出材按木材价格计。不填则全部按木材价格计。",
        ),
        unit="ratio",
        example=(0.3, 0.15),
        group="timber",
        high=1.0,
        max_length=ASSORTMENTS_AT_MOST,
    ),
    series(
        "assortment_prices_yuan_per_m3",
        Text(en="Price by assortment", zh="各材种价格"),
        Text(
            en="In the same order. These prices do not move with the price of timber.",
            zh="与出材率同序。该价格不随木材价格变动。",
        ),
        unit="yuan/m3",
        example=(980.0, 640.0),
        group="timber",
        market=True,
        high=1e6,
        max_length=ASSORTMENTS_AT_MOST,
    ),
    number(
        "felling_cost_yuan_per_m3",
        Text(en="Felling cost", zh="采伐成本"),
        Text(
            en="Felling, skidding, fees and taxes for each m3; haulage unless it is given by km.",
            zh="每立方米木材的采伐、集材与税费；未按公里填写运费时含运输。",
        ),
        unit="yuan/m3",
        example=260.0,
        group="timber",
        high=1e5,
        needed_when=FELLED,
        vary=(220.0, 300.0),
    ),
    number(
        "haul_km",
        Text(en="Haul distance", zh="运输距离"),
        Text(
            en="From the stand to where the price is paid. Empty: none.",
            zh="由林地至交货地。不填为无。",
        ),
        unit="km",
        example=35.0,
        group="timber",
        high=3_000.0,
        required=False,
    ),
    number(
        "haul_cost_yuan_per_m3_km",
        Text(en="Haul cost per km", zh="每公里运费"),
        Text(en="For each m3 and kilometre. Empty: none.", zh="每立方米每公里。不填为无。"),
        unit="yuan/m3/km",
        example=0.9,
        group="timber",
        high=1_000.0,
        required=False,
    ),
    share(
        "normal_profit_share",
        Text(en="Normal profit on costs", zh="成本利润率"),
        Text(
            en="Profit a feller expects on felling and haul.",
            zh="采伐经营者在采伐与运输成本上的正常利润率。",
        ),
        example=0.15,
        group="timber",
        needed_when=FELLED,
    ),
    share(
        "quota_share",
        Text(en="Felling quota", zh="采伐限额比例"),
        Text(
            en="Share of the timber the quota lets fell; the rest is not counted. Empty: all.",
            zh="采伐限额内可采伐的木材比例，其余不计。不填为全部。",
        ),
        example=0.9,
        group="timber",
        required=False,
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
    series(
        "thinning_ages_years",
        Text(en="Ages of thinnings", zh="间伐林龄"),
        Text(
            en="In whole years, a part of one left out. Only those to come count. Empty: none.",
            zh="按整数年计，不足一年舍去。仅计尚未进行的间伐。不填为无间伐。",
        ),
        unit="year",
        example=(20.0, 27.0),
        group="timber",
        high=200.0,
        max_length=THINNINGS_AT_MOST,
    ),
    series(
        "thinning_stock_m3_per_mu",
        Text(en="Stock thinned", zh="间伐蓄积"),
        Text(
            en="Taken at each of these ages, in the same order.",
            zh="各次间伐的每亩蓄积，与林龄同序。",
        ),
        unit="m3/mu",
        example=(0.9, 1.2),
        group="timber",
        high=200.0,
        max_length=THINNINGS_AT_MOST,
    ),
    share(
        "thinning_price_share",
        Text(en="Price of thinned timber", zh="间伐材价格比例"),
        Text(
            en="Over the price of timber; needed with thinnings.",
            zh="与木材价格之比；有间伐时必填。",
        ),
        example=0.7,
        group="timber",
        required=False,
    ),
)

LAND: Final = (
    choice(
        "land_basis",
        Text(en="Value of the land", zh="林地价值"),
        Text(
            en="Left out, or the rotations that follow until the right ends. Empty: left out.",
            zh="不计，或计入权利到期前的后续轮伐期。不填为不计。",
        ),
        pick("none", "Left out", "不计"),
        pick("expectation", "Land expectation value", "林地期望价"),
        group="land",
    ),
    number(
        "long_run_price_yuan_per_m3",
        Text(en="Long-run price of timber", zh="木材长期价格"),
        Text(
            en="Flat, at today's money: rotations without end have no other.",
            zh="按现值计的不变价格；无限轮伐期仅适用不变价格。",
        ),
        unit="yuan/m3",
        example=820.0,
        group="land",
        market=True,
        high=1e6,
        needed_when=WITH_LAND,
        vary=(650.0, 950.0),
    ),
    number(
        "next_stock_m3_per_mu",
        Text(en="Stock at later fellings", zh="后续轮伐期主伐蓄积"),
        Text(en="Standing volume at the rotation age.", zh="轮伐期龄的每亩蓄积。"),
        unit="m3/mu",
        example=9.0,
        group="land",
        high=200.0,
        needed_when=WITH_LAND,
    ),
    series(
        "next_costs_by_year_yuan_per_mu",
        Text(en="Raising costs of a rotation", zh="轮伐期逐年营林成本"),
        Text(
            en="Cost per mu at the start of year 1, 2, 3 of each later rotation.",
            zh="后续各轮伐期第1、2、3……年初的每亩成本。",
        ),
        unit="yuan/mu",
        example=(560.0, 190.0, 150.0),
        group="land",
        high=1e5,
        max_length=YEARS_AT_MOST,
        needed_when=WITH_LAND,
    ),
    number(
        "land_cost_yuan_per_mu",
        Text(en="Yearly cost of the land", zh="林地年费用"),
        Text(
            en="Rent, care and administration of each year without end.",
            zh="地租、管护与管理，每年发生。",
        ),
        unit="yuan/mu/year",
        example=14.0,
        group="land",
        high=1e5,
        needed_when=WITH_LAND,
    ),
)

PLAN: Final = (
    choice(
        "plan",
        Text(en="Plan for the trees", zh="林木经营方案"),
        Text(
            en="The same trees are felled, kept for carbon, or both by one plan. Empty: felled.",
            zh="同一林木只能采伐、保留固碳，或按统一方案兼顾。不填为采伐。",
        ),
        pick("timber", "Felled for timber", "采伐利用"),
        pick("carbon", "Kept for carbon", "不采伐固碳"),
        pick("joint", "Timber and carbon", "木材与碳汇联合经营"),
        group="plan",
    ),
    Field(
        name="credited_elsewhere",
        title=Text(en="Credits are issued on these trees", zh="该林木已用于碳汇项目"),
        help=Text(
            en="Another asset or project counts the carbon of these trees.",
            zh="其他资产或项目已计入该林木的碳汇。",
        ),
        kind="flag",
        unit="",
        example=False,
        required=False,
        group="plan",
    ),
    Field(
        name="credit_price",
        title=Text(en="Credits are sold at", zh="碳汇出售价格"),
        help=Text(
            en="The price the tonnes of the joint plan follow.", zh="联合方案碳汇采用的价格。"
        ),
        kind="choice",
        unit="",
        choices=(
            Choice(id="local-sink", title=Text(en="Local sink price", zh="地方林草碳汇价格")),
            Choice(id="ccer", title=Text(en="National credits", zh="国家核证自愿减排量")),
        ),
        example="local-sink",
        required=False,
        needed_when=JOINT,
        group="plan",
    ),
    number(
        "carbon_tco2e_per_mu",
        Text(en="Credits a year until felling", zh="主伐前年碳汇量"),
        Text(
            en="Sellable tonnes per mu after baseline, leakage and buffer.",
            zh="扣除基线、泄漏与缓冲后每亩可售吨数。",
        ),
        unit="tCO2e/mu/year",
        example=0.4,
        group="plan",
        high=10.0,
        needed_when=JOINT,
    ),
    number(
        "release_tco2e_per_mu",
        Text(en="Credits given back at felling", zh="主伐时归还碳汇量"),
        Text(
            en="Tonnes per mu credited by then, earlier ones too, that the felling releases.",
            zh="至主伐时已签发（含此前）且因采伐释放的每亩吨数。",
        ),
        unit="tCO2e/mu",
        example=5.5,
        group="plan",
        high=1_000.0,
        needed_when=JOINT,
    ),
    number(
        "carbon_cost_yuan_per_mu",
        Text(en="Cost of carbon a year", zh="年碳汇管理成本"),
        Text(en="Monitoring, verification and registry, per mu.", zh="每亩监测、核证与登记费用。"),
        unit="yuan/mu/year",
        example=1.5,
        group="plan",
        high=1e4,
        needed_when=JOINT,
    ),
)

COMPARABLES: Final = (
    series(
        "comparable_prices_yuan_per_mu",
        Text(en="Prices of comparable rights", zh="可比案例单价"),
        Text(
            en="Yuan per mu of rights sold lately. With them the comparables weigh in. Empty: none.",
            zh="近期成交林权的每亩价格；填写后计入市场比较法。不填为无。",
        ),
        unit="yuan/mu",
        example=(1_900.0, 2_100.0, 2_250.0),
        group="comparables",
        market=True,
        high=1e6,
        max_length=COMPARABLES_AT_MOST,
    ),
    series(
        "comparable_factors",
        Text(en="Adjustment of each comparable", zh="可比案例调整系数"),
        Text(
            en="Time, quality and place of this stand over those of the comparable.",
            zh="时间、林分质量与区位修正系数的乘积。",
        ),
        unit="1",
        example=(1.05, 0.97, 0.92),
        group="comparables",
        high=5.0,
        max_length=COMPARABLES_AT_MOST,
    ),
    series(
        "comparable_weights",
        Text(en="Weight of each comparable", zh="可比案例权重"),
        Text(en="They are brought to a sum of one.", zh="按合计为1折算。"),
        unit="1",
        example=(0.5, 0.3, 0.2),
        group="comparables",
        high=1_000.0,
        max_length=COMPARABLES_AT_MOST,
    ),
)
