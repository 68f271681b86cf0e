"""The passport of the ecological-product income model: a contract for each service."""

from dataclasses import replace
from typing import Final

from risk_models.contract import Choice, Field, ModelSpec
from risk_models.fields import day, discount_rate, part, share, yearly_loss_share, yuan
from risk_models.payments import growth_field, income_end_field, payment_day_field
from risk_models.words import Text

__all__ = ["GROWTH_HIGH", "PAID", "RATE_HIGH", "RATE_LOW", "SERVICES", "SPEC"]

RATE_LOW: Final = "vep_income.discount_rate_low"
RATE_HIGH: Final = "vep_income.discount_rate_high"
GROWTH_HIGH: Final = "vep_income.growth_high"
PAID: Final = ("vep_income.paid_share_low", "vep_income.paid_share_high")

SERVICES: Final = (
    ("water_supply", "Water supply", "供水", "state-company", 96_000.0, 14_000.0, "2033-06-30"),
    ("carbon", "Carbon credits", "碳汇", "single-company", 41_000.0, 9_500.0, "2030-12-31"),
    (
        "tourism",
        "Tourism and landscape",
        "文旅与景观",
        "many-customers",
        180_000.0,
        46_000.0,
        "2036-09-30",
    ),
    (
        "forest_products",
        "Forest products",
        "林下产品",
        "single-company",
        74_000.0,
        31_000.0,
        "2029-12-31",
    ),
    ("compensation", "Compensation", "生态补偿", "fiscal", 52_000.0, 2_000.0, "2037-12-31"),
    (
        "other_service",
        "Other service",
        "其他服务",
        "state-company",
        23_000.0,
        4_000.0,
        "2031-03-31",
    ),
)
"""Services that can have a payer, with an example of payer, yearly income, cost and contract end."""

PAYERS: Final = (
    Choice(id="fiscal", title=Text(en="Public budget", zh="财政资金")),
    Choice(id="state-company", title=Text(en="State-owned company", zh="国有企业")),
    Choice(id="single-company", title=Text(en="One company", zh="单一企业")),
    Choice(id="many-customers", title=Text(en="Many customers", zh="众多用户")),
)
PAID_BY_ANYONE: Final = frozenset(choice.id for choice in PAYERS)


def _service(
    name: str, en: str, zh: str, payer: str, income: float, cost: float, ends_on: str
) -> tuple[Field, ...]:
    paid = (f"{name}_payer", PAID_BY_ANYONE)
    return (
        Field(
            name=f"{name}_payer",
            title=Text(en=f"{en}: payer", zh=f"{zh}：付费方"),
            help=Text(
                en="Who owes the income under a contract; empty when there is no contract.",
                zh="按合同负有付费义务的一方；无合同的留空。",
            ),
            kind="choice",
            unit="",
            choices=PAYERS,
            required=False,
            example=payer,
            group=name,
        ),
        yuan(
            f"{name}_income_yuan",
            Text(en=f"{en}: income of the next year", zh=f"{zh}：下一年度收入"),
            Text(en="What the contract yields in a year.", zh="按合同的年收入。"),
            example=income,
            group=name,
            market=True,
            needed_when=paid,
            vary=(0.9 * income, 1.1 * income),
        ),
        yuan(
            f"{name}_cost_yuan",
            Text(en=f"{en}: cost of the next year", zh=f"{zh}：下一年度成本"),
            Text(en="What must be spent to earn it.", zh="取得该收入所需的支出。"),
            example=cost,
            group=name,
            needed_when=paid,
        ),
        replace(
            day(
                f"{name}_contract_ends_on",
                Text(en=f"{en}: contract ends on", zh=f"{zh}：合同到期日"),
                Text(en="A renewal is not counted.", zh="不计续签。"),
                example=ends_on,
                needed_when=paid,
            ),
            group=name,
        ),
    )


TERM_FIELDS: Final = (
    share(
        "collection_share",
        Text(en="Share collected", zh="回收率"),
        Text(en="Income received over income billed.", zh="实收与应收之比。"),
        example=0.96,
        group="income",
        vary=(0.9, 1.0),
    ),
    growth_field(
        Text(
            en="Growth of income and cost after the next year, as the contracts say.",
            zh="下一年度之后收入与成本的年增长率，以合同约定为准。",
        ),
        vary=(-0.02, 0.03),
    ),
    payment_day_field(example="2023-10-26"),
    income_end_field(example="2037-12-31"),
    yearly_loss_share(
        Text(en="Yearly hazard of loss", zh="年损失概率"),
        Text(en="Chance a year that the income ends for good.", zh="收入永久中断的年概率。"),
        example=0.006,
    ),
    discount_rate(example=0.08, vary=(0.06, 0.1)),
    yuan(
        "parcel_gep_yuan",
        Text(en="Ecological value of the parcel a year", zh="地块年生态产品总值"),
        Text(
            en="Gross ecosystem product of the parcel, shown beside the value. It never enters it.",
            zh="地块的生态产品总值，仅作并列展示，不计入价值。",
        ),
        example=5.4e7,
        group="ecological_value",
        high=1e12,
        low_open=True,
        required=False,
    ),
)

SPEC: Final = ModelSpec(
    id="vep-income",
    version="1.0.0",
    title=Text(
        en="Ecological product income right of a parcel", zh="特定地域单元生态产品收益权（VEP）"
    ),
    help=Text(
        en="Present value of what payers owe under contracts for the services of a parcel.",
        zh="特定地域单元内有付费方、有合同的生态产品年净收益的现值。",
    ),
    value_kind="market",
    per="once",
    asset_kinds=("gep-income",),
    fields=(*(field for entry in SERVICES for field in _service(*entry)), *TERM_FIELDS),
    components=(
        *(part(name, en, zh) for name, en, zh, *_ in SERVICES),
        part("cost", "Cost", "成本"),
    ),
    approaches=(part("capitalised", "Income approach", "收益法"),),
    parameters=(RATE_LOW, RATE_HIGH, GROWTH_HIGH, *PAID),
    prices=(),
    standards=("Practice standards of asset appraisal",),
    limits=(
        Text(
            en="Only services with a payer and a contract count; ecological value does not.",
            zh="仅计有付费方且有合同的服务，生态价值不计入。",
        ),
        Text(
            en="Income stops with its contract or with the right, whichever is earlier.",
            zh="收入以合同与权利中先到期者为限。",
        ),
        Text(en="One payment a year for each contract.", zh="各合同每年支付一次。"),
    ),
)
