"""The passport of the forest-right model."""

from typing import Final

from risk_models.contract import ModelSpec
from risk_models.fields import part
from risk_models.modelling import PRICE_AGE
from risk_models.models.forest_right.asked import ASKED_FIELDS, PRICES
from risk_models.models.forest_right.groups import (
    AGE_GROUP,
    AGE_LIMITS,
    AREA_HIGH,
    AREA_LOW,
    BEARING_AGES,
    CATEGORY,
    COMPARABLES_LEAST,
    OUTTURN_HIGH,
    RATE_HIGH,
    RATE_LOW,
    ROTATION_SHARES,
    STOCK_HIGH,
    STOCK_LOW,
    STOCKING,
    TERM_HIGH,
)
from risk_models.reconciling import APART
from risk_models.words import Text

__all__ = ["SPEC"]

SPEC: Final = ModelSpec(
    id="forest-right",
    version="1.0.0",
    title=Text(en="Forest right", zh="林权"),
    help=Text(
        en="Value of timber, fuel, bamboo and economic forest by the approach its age calls for.",
        zh="按龄组对应的方法评估用材林、能源林、竹林与经济林的价值。",
    ),
    value_kind="market",
    per="once",
    asset_kinds=("forest-right",),
    fields=ASKED_FIELDS,
    components=(
        part("raising", "Raising cost", "营造林成本"),
        part("timber_sales", "Timber sales", "木材销售收入"),
        part("thinning_sales", "Thinning sales", "间伐收入"),
        part("felling", "Felling", "采伐费用"),
        part("haul", "Haul", "运输费用"),
        part("profit", "Normal profit", "正常利润"),
        part("thinning_costs", "Cost of thinnings", "间伐费用"),
        part("tending", "Tending", "管护费用"),
        part("silviculture", "Silviculture", "营林支出"),
        part("management", "Management", "经营管理费"),
        part("net_yield", "Net yield", "年产出净收益"),
        part("compensation", "Compensation", "公益林补偿"),
        part("nontimber", "Non-timber income", "非木质收益"),
        part("comparable_sales", "Comparable rights", "可比案例价值"),
        part("land_sales", "Later rotations, sales", "后续轮伐期收入"),
        part("land_costs", "Later rotations, costs", "后续轮伐期成本"),
        part("land_returned", "Rotations after the right", "权利到期后的轮伐期"),
        part("carbon_sales", "Credits sold", "碳汇销售收入"),
        part("carbon_release", "Credits given back", "采伐释放归还"),
        part("carbon_costs", "Cost of carbon", "碳汇管理成本"),
        part("due_now", "Due now", "当前应付"),
    ),
    approaches=(
        part("replacement", "Replacement cost", "重置成本法"),
        part("harvest", "Harvest present value", "收获现值法"),
        part("market", "Market back-off", "市场价倒算法"),
        part("annuity", "Yield annuity", "收益现值法"),
        part("land_expectation", "Land expectation value", "林地期望价法"),
        part("comparables", "Comparable sales", "市场成交价比较法"),
    ),
    parameters=(
        APART,
        CATEGORY,
        AGE_GROUP,
        AGE_LIMITS,
        BEARING_AGES,
        ROTATION_SHARES,
        STOCKING,
        RATE_LOW,
        RATE_HIGH,
        STOCK_LOW,
        STOCK_HIGH,
        AREA_LOW,
        AREA_HIGH,
        TERM_HIGH,
        OUTTURN_HIGH,
        COMPARABLES_LEAST,
        PRICE_AGE,
    ),
    prices=PRICES,
    standards=("LY/T 2407-2015",),
    limits=(
        Text(
            en="The rotation is an input with its reason; the best one is not sought here.",
            zh="轮伐期为输入并须说明理由，不在此求最优。",
        ),
        Text(
            en="Later rotations have one flat price that is stated; no market price moves them.",
            zh="后续轮伐期采用填写的不变价格，不随市场价格变动。",
        ),
        Text(
            en="Protection and special-use forest is not valued here.",
            zh="不适用于防护林与特种用途林。",
        ),
        Text(
            en="Yield and costs stay at today's prices; the rate must match.",
            zh="收益与成本按现行价格，折现率须与之一致。",
        ),
        Text(
            en="A joint plan gives back its credits when the trees come down, felled or lost.",
            zh="联合方案在采伐或灭失时归还已签发的碳汇。",
        ),
        Text(
            en="The price of comparable rights holds what their area yields and costs: beside it,"
            " non-timber income and management count on the public-welfare share alone, and coming"
            " silviculture not at all.",
            zh="可比案例价格已包含其面积的收益与成本：在市场成交价比较法下，非木质收益与经营管理费仅按公益林"
            "面积计入，未来营林支出不再计入。",
        ),
        Text(
            en="Compensation and non-timber income counted here must not secure a loan a second"
            " time as an income right.",
            zh="已计入的补偿与非木质收益，不得再作为收益权重复担保。",
        ),
    ),
)
