"""What the carbon-sink model asks about baseline, leakage, reversal and precision."""

from typing import Final

from risk_models.contract import Field
from risk_models.fields import choice, number, pick, series, share
from risk_models.models.carbon_sink_income.input_kinds import row_of, when
from risk_models.models.carbon_sink_income.names import AFOLU_LOSS, AFOLU_MITIGATION
from risk_models.words import Text

__all__ = ["DEDUCTIONS", "PRECISION"]

MOST_STRATA: Final = 12

DEDUCTIONS: Final = (
    choice(
        "baseline_basis",
        Text(en="Baseline stated as", zh="基线的表述方式"),
        Text(
            en="What the land would have removed without the project.",
            zh="没有项目时土地本会产生的碳汇量。",
        ),
        pick("share", "Share of the removals", "占碳汇量的比例"),
        pick("crown-cover", "Trees by crown cover", "散生木郁闭度"),
        pick("stock-growth", "Growth of stock", "蓄积生长量"),
        group="deductions",
    ),
    share(
        "baseline_share",
        Text(en="Baseline share", zh="基线占比"),
        Text(
            en="Share of removals that would have happened without the project.",
            zh="没有项目也会发生的碳汇量所占比例。",
        ),
        example=0.04,
        needed_when=when("baseline_basis", "share", ""),
        group="deductions",
        vary=(0.0, 0.08),
    ),
    share(
        "baseline_cover_share",
        Text(en="Crown cover of the baseline", zh="基线散生木郁闭度"),
        Text(
            en="Share of the ground under crowns of trees when the project began.",
            zh="项目开始时乔木冠层覆盖地面的比例。",
        ),
        example=0.03,
        needed_when=when("baseline_basis", "crown-cover"),
        group="deductions",
    ),
    number(
        "forest_growth_t_per_ha",
        Text(en="Growth of full forest", zh="当地郁闭森林年生长量"),
        Text(
            en="Dry matter above ground that full forest of the region gains per hectare and year.",
            zh="当地郁闭森林每公顷每年增加的地上干物质。",
        ),
        unit="t/ha",
        high=50.0,
        example=1.6,
        needed_when=when("baseline_basis", "crown-cover"),
        group="deductions",
    ),
    number(
        "baseline_growth_m3_per_ha",
        Text(en="Stock growth of the baseline", zh="基线蓄积年生长量"),
        Text(
            en="Stock per hectare and year without the project, in every year credited; turned into"
            " carbon by conservative factors.",
            zh="没有项目时每公顷每年的蓄积生长量，计入期内各年均扣除，按保守因子换算。",
        ),
        unit="m3/ha",
        high=50.0,
        example=0.02,
        needed_when=when("baseline_basis", "stock-growth"),
        group="deductions",
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
    choice(
        "permanence_basis",
        Text(en="Deduction for reversal by", zh="非持久性扣减方式"),
        Text(
            en="How much is withheld against the removals being undone.",
            zh="为应对碳汇逆转而扣留的比例如何确定。",
        ),
        pick("given-share", "Given share", "自定比例"),
        pick("k-risk", "National methodology", "国家方法学固定比例"),
        pick("gold-standard", "Gold Standard", "黄金标准固定比例"),
        pick("risk-table", "Risk table", "风险评分表"),
        group="deductions",
    ),
    share(
        "buffer_share",
        Text(en="Buffer share", zh="非持久性扣减比例"),
        Text(
            en="Share withheld against the removals being reversed.",
            zh="为应对碳汇逆转而扣留的比例。",
        ),
        example=0.1,
        needed_when=when("permanence_basis", "given-share", ""),
        group="deductions",
        vary=(0.1, 0.2),
    ),
    row_of(
        "loss_per_event",
        Text(en="Loss per event", zh="单次灾害损失程度"),
        Text(
            en="Share of the stock that the gravest likely event destroys.",
            zh="最严重的可能灾害损毁的碳储量比例。",
        ),
        table=AFOLU_LOSS,
        example="5-to-25",
        group="deductions",
        needed_when=when("permanence_basis", "risk-table"),
    ),
    number(
        "loss_return_years",
        Text(en="Years between events", zh="灾害重现期"),
        Text(en="How often such an event comes back.", zh="此类灾害平均多少年发生一次。"),
        unit="year",
        low=1.0,
        high=1_000.0,
        example=20.0,
        needed_when=when("permanence_basis", "risk-table"),
        group="deductions",
    ),
    row_of(
        "loss_mitigation",
        Text(en="Mitigation", zh="风险缓解措施"),
        Text(
            en="Measures in force against it, such as fire breaks and patrols.",
            zh="已采取的措施，如防火带与巡护。",
        ),
        table=AFOLU_MITIGATION,
        example="one-measure",
        group="deductions",
        needed_when=when("permanence_basis", "risk-table"),
    ),
    number(
        "other_risk_points",
        Text(en="Points of other risks", zh="其他风险分值"),
        Text(
            en="Internal and external risk by the same tool: management, finance, tenure.",
            zh="同一评分工具下的内部与外部风险：管理、资金、权属等。",
        ),
        unit="point",
        high=100.0,
        example=11.0,
        needed_when=when("permanence_basis", "risk-table"),
        group="deductions",
    ),
)

PRECISION: Final = (
    choice(
        "precision_basis",
        Text(en="Precision of the sample", zh="抽样精度"),
        Text(
            en="How sure the measured stock is; an imprecise sample is credited for less.",
            zh="实测碳储量的可靠程度，精度不足时相应扣减。",
        ),
        pick("not-stated", "Not stated", "不说明"),
        pick("plots", "From the plots", "由样地计算"),
        pick("half-width", "Half-width given", "给定置信半宽"),
        group="precision",
    ),
    Field(
        name="precision_rule",
        title=Text(en="Rule of the deduction", zh="精度扣减规则"),
        help=Text(en="What an imprecise sample takes off.", zh="精度不足时按何规则扣减。"),
        kind="choice",
        unit="",
        choices=(
            pick("ar-tool14", "Steps of AR-TOOL14", "AR-TOOL14分级扣减"),
            pick("gold-standard", "Above 20 %, Gold Standard", "超过20%部分扣减（黄金标准）"),
        ),
        example="ar-tool14",
        required=False,
        needed_when=when("precision_basis", "plots", "half-width"),
        group="precision",
    ),
    share(
        "half_width_share",
        Text(en="Half-width at 90 %", zh="90%置信半宽"),
        Text(
            en="Half of the 90 % confidence interval over the mean.",
            zh="90%置信区间半宽与均值之比。",
        ),
        example=0.13,
        needed_when=when("precision_basis", "half-width"),
        group="precision",
    ),
    series(
        "strata_areas_mu",
        Text(en="Areas of the strata", zh="各层面积"),
        Text(
            en="Area by stratum; a stratum weighs by its area.", zh="各层面积，按面积确定各层权重。"
        ),
        unit="mu",
        low_open=True,
        high=1e8,
        example=(17_400.0, 12_200.0),
        max_length=MOST_STRATA,
        group="precision",
        needed_when=when("precision_basis", "plots"),
    ),
    series(
        "strata_means",
        Text(en="Means of the strata", zh="各层均值"),
        Text(en="Mean biomass of the plots by stratum.", zh="各层样地生物量均值。"),
        unit="t/ha",
        high=1e6,
        low_open=True,
        example=(45.328, 31.5),
        max_length=MOST_STRATA,
        group="precision",
        needed_when=when("precision_basis", "plots"),
    ),
    series(
        "strata_spreads",
        Text(en="Standard deviations of the strata", zh="各层标准差"),
        Text(
            en="Standard deviation of the sample by stratum (divided by n - 1).",
            zh="各层样本标准差（除以n-1）。",
        ),
        unit="t/ha",
        high=1e6,
        example=(12.776, 9.1),
        max_length=MOST_STRATA,
        group="precision",
        needed_when=when("precision_basis", "plots"),
    ),
    series(
        "strata_plots",
        Text(en="Plots of the strata", zh="各层样地数"),
        Text(en="Number of plots by stratum, two or more.", zh="各层样地个数，不少于2。"),
        unit="1",
        low=2.0,
        high=10_000.0,
        example=(34.0, 21.0),
        max_length=MOST_STRATA,
        group="precision",
        needed_when=when("precision_basis", "plots"),
    ),
)
