"""The passport of the model of expected carbon-sink income."""

from dataclasses import replace
from typing import Final

from risk_models.contract import ModelSpec
from risk_models.fields import asked_only, part
from risk_models.models.carbon_sink_income.balance_inputs import BALANCE
from risk_models.models.carbon_sink_income.deduction_inputs import DEDUCTIONS, PRECISION
from risk_models.models.carbon_sink_income.money_inputs import EVIDENCE, MONEY, TERM
from risk_models.models.carbon_sink_income.names import AVERAGES, GROWING, PARAMETERS, PRICE_OF
from risk_models.models.carbon_sink_income.sink_inputs import REMOVALS, SINK
from risk_models.reconciling import APART
from risk_models.words import Text

__all__ = ["SPEC"]

FOREST: Final = ("sink_kind", frozenset({"forest"}))
TREES: Final = ("removal_basis", GROWING | {"validated-table"})
"""Removals that come from trees of an age, or that the growth of such trees can be held against."""

FIELDS: Final = asked_only(
    (*SINK, *REMOVALS, *BALANCE, *DEDUCTIONS, *PRECISION, *TERM, *MONEY, *EVIDENCE),
    {"species": (FOREST,), "planted_on": (FOREST, TREES)},
)

AVERAGED: Final = ("price_basis", frozenset({"lower-average"}))
PRICES: Final = (
    *(
        replace(use, when=(("registration", frozenset({level})),))
        for level, use in PRICE_OF.items()
    ),
    *(
        replace(use, when=(("registration", frozenset({level})), AVERAGED))
        for level, pair in AVERAGES.items()
        for use in pair
    ),
)

SPEC: Final = ModelSpec(
    id="carbon-sink-income",
    version="1.4.0",
    title=Text(en="Carbon-sink expected income right", zh="林草碳汇预期收益权"),
    help=Text(
        en="Present value of the net income from verified removals until the right ends,"
        " supported by comparable deals and costs where they are known.",
        zh="权利期限内经核证碳汇净收益的现值，有可比案例或成本资料时予以佐证。",
    ),
    value_kind="market",
    per="once",
    asset_kinds=("carbon-sink-income",),
    fields=FIELDS,
    components=(
        part("credit_sales", "Sales of credits", "减排量销售收入"),
        part("baseline", "Baseline removals", "基线碳汇量"),
        part("verification", "Verification", "核证费用"),
        part("monitoring", "Monitoring", "监测费用"),
        part("development", "Development", "项目开发费用"),
        part("due_now", "Due now", "当前应付"),
        part("comparable_sales", "Comparable deals", "可比案例价值"),
        part("raising", "Costs of raising", "营造成本"),
    ),
    approaches=(
        part("income", "Income approach", "收益法"),
        part("market", "Market approach", "市场法"),
        part("cost", "Cost approach", "成本法"),
    ),
    parameters=(*PARAMETERS, APART),
    prices=PRICES,
    standards=("CCER-14-001-V01", "GB/T 41198-2021"),
    limits=(
        Text(
            en="Removals after the last verification within the right are not valued.",
            zh="权利期限内最后一次核证之后的碳汇量不计价。",
        ),
        Text(
            en="Trees credited here must not be valued for felling at the same time, unless the"
            " removals are stated as a rotation, which credits no more than its mean stock.",
            zh="已计碳汇的林木不得同时按采伐计价；按轮伐经营表述、以长期平均碳储量为限的除外。",
        ),
        Text(en="The rate and the price growth are nominal.", zh="折现率与价格增长率均为名义值。"),
        Text(
            en="Growth curves are coarse until a local yield table takes their place.",
            zh="生长曲线较为粗略，宜以当地收获表替代。",
        ),
        Text(
            en="Comparable deals and costs of raising stay as given when the carbon price moves.",
            zh="碳价变动时，可比案例与营造成本按填写值不变。",
        ),
    ),
)
