"""What the carbon-sink model asks about term, price, costs and other evidence."""

from typing import Final

from risk_models.contract import Field
from risk_models.fields import choice, day, discount_rate, number, pick, series, share, yuan
from risk_models.models.carbon_sink_income.input_kinds import when
from risk_models.words import Text

__all__ = ["EVIDENCE", "MONEY", "TERM"]

MOST_COMPARABLES: Final = 10
MOST_YEARS: Final = 40

TERM: Final = (
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
        "first_issuance_on",
        Text(en="First issuance not before", zh="首次签发不早于"),
        Text(
            en="Where the first issuance takes longer, the next verification waits until this day"
            " and covers what has grown until then.",
            zh="首次签发需时较长的，下一次核证推迟至该日之后，一并覆盖此前的碳汇量。",
        ),
        example="2024-06-01",
        required=False,
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
)

MONEY: Final = (
    choice(
        "price_basis",
        Text(en="Price taken", zh="价格取值"),
        Text(
            en="Where a market keeps averages, the lower of 20 and 250 days is steadier than the"
            " price on the day.",
            zh="市场有均价的，取20日与250日均价的较低者比当日价格稳健。",
        ),
        pick("market-price", "Price on the day", "评估基准日价格"),
        pick("lower-average", "Lower of the averages", "均价较低者"),
        group="price",
    ),
    number(
        "usual_price_yuan",
        Text(en="Price not exceeded on 95 % of days", zh="近期95%交易日未超过的价格"),
        Text(
            en="Of the last 250 days of trading, if known; a price above it must be explained.",
            zh="近250个交易日的水平，如已知；高于该价须说明。",
        ),
        unit="yuan/tCO2e",
        low_open=True,
        high=10_000.0,
        example=62.0,
        required=False,
        group="price",
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
    choice(
        "development_cost",
        Text(en="Development of the project", zh="项目开发费用"),
        Text(
            en="Design, validation and registration: paid already, which counts no more, or still"
            " to be paid.",
            zh="设计、审定与登记费用：已支付的不再计入，尚未支付的予以扣除。",
        ),
        pick("sunk", "Paid already", "已支付"),
        pick("to-be-paid", "Still to be paid", "尚未支付"),
        group="costs",
    ),
    yuan(
        "development_cost_yuan",
        Text(en="Development still to be paid", zh="尚未支付的开发费用"),
        Text(en="What is left to pay for it.", zh="尚需支付的金额。"),
        example=45_000.0,
        group="costs",
        needed_when=when("development_cost", "to-be-paid"),
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
    choice(
        "hazard_treatment",
        Text(en="Hazard of loss counted", zh="损失风险的计入方式"),
        Text(
            en="In the flows as survival, or in the discount rate; never in both.",
            zh="按存活概率计入收益，或计入折现率，不得重复。",
        ),
        pick("survival", "As survival", "按存活概率"),
        pick("in-rate", "In the discount rate", "计入折现率"),
        group="rate",
    ),
    share(
        "yearly_loss_share",
        Text(en="Yearly hazard of loss", zh="年损失概率"),
        Text(
            en="Chance a year that the stand is lost to fire, pests or drought.",
            zh="因火灾、病虫害或干旱损失林分的年概率。",
        ),
        example=0.005,
        high=0.5,
        needed_when=when("hazard_treatment", "survival", ""),
        group="rate",
        vary=(0.0, 0.015),
    ),
)

EVIDENCE: Final = (
    choice(
        "other_evidence",
        Text(en="Evidence beside income", zh="收益法以外的资料"),
        Text(
            en="Comparable deals bring in the market approach, costs the cost approach.",
            zh="有可比案例时采用市场法，有营造成本时采用成本法佐证。",
        ),
        pick("income-only", "None", "无"),
        pick("comparables", "Comparable deals", "可比案例"),
        pick("costs", "Costs of raising the sink", "营造成本"),
        pick("both", "Both", "两者均有"),
        group="evidence",
    ),
    number(
        "tonnes_for_sale_tco2e",
        Text(en="Tonnes for sale", zh="可售碳汇量"),
        Text(
            en="Issued and unsold, or due under a validated plan, after deductions.",
            zh="已签发未售或按审定计划应签发的数量，已作扣减。",
        ),
        unit="tCO2e",
        high=1e9,
        example=12_723.0,
        group="evidence",
        needed_when=when("other_evidence", "comparables", "both"),
    ),
    series(
        "comparable_prices_yuan",
        Text(en="Prices of comparable deals", zh="可比案例单价"),
        Text(en="Yuan per tonne of each deal.", zh="各案例每吨成交价。"),
        unit="yuan/tCO2e",
        low_open=True,
        high=10_000.0,
        example=(26.0, 31.0, 34.0),
        max_length=MOST_COMPARABLES,
        group="evidence",
        market=True,
        needed_when=when("other_evidence", "comparables", "both"),
    ),
    series(
        "comparable_factors",
        Text(en="Adjustments of the deals", zh="案例修正系数"),
        Text(
            en="For time, quality and place together, 1 where nothing differs.",
            zh="时间、质量与区位的综合修正，无差异为1。",
        ),
        unit="ratio",
        low_open=True,
        high=10.0,
        example=(1.05, 0.97, 0.92),
        max_length=MOST_COMPARABLES,
        group="evidence",
        needed_when=when("other_evidence", "comparables", "both"),
    ),
    series(
        "comparable_weights",
        Text(en="Weights of the deals", zh="案例权重"),
        Text(
            en="How much each deal counts, such as its tonnes.",
            zh="各案例所占分量，如其成交量。",
        ),
        unit="1",
        high=1e9,
        example=(2.0, 3.0, 1.0),
        max_length=MOST_COMPARABLES,
        group="evidence",
        needed_when=when("other_evidence", "comparables", "both"),
    ),
    series(
        "costs_by_year_yuan_per_mu",
        Text(en="Costs by year", zh="逐年营造成本"),
        Text(
            en="What raising the sink costs at today's prices, by year; the last is the year just"
            " ended.",
            zh="按现行价格逐年填写每亩营造成本，最后一项为刚结束的年度。",
        ),
        unit="yuan/mu",
        high=100_000.0,
        example=(21.0, 6.0, 4.0, 3.0),
        max_length=MOST_YEARS,
        group="evidence",
        needed_when=when("other_evidence", "costs", "both"),
    ),
    number(
        "quality_k",
        Text(en="Quality factor K", zh="质量调整系数K"),
        Text(
            en="Stocking and growth against a stand as it should be.",
            zh="成活与生长相对于标准林分的调整。",
        ),
        unit="ratio",
        high=2.0,
        example=0.9,
        group="evidence",
        needed_when=when("other_evidence", "costs", "both"),
    ),
)
