"""Compensation income: what public-welfare forest is paid each year for not being felled.

Protection and special-use forest cannot be mortgaged; the compensation it is paid can be pledged
as a receivable to come. The standard is an input from the notice that grants it: it differs by
province, ownership and year, and this model holds none of its own.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from risk_models.batches import finding
from risk_models.contract import (
    Basis,
    Batch,
    Choice,
    Exposure,
    Field,
    Finding,
    Floats,
    Flow,
    ModelSpec,
    Recorder,
    step,
)
from risk_models.fields import discount_rate, number, part, share, yearly_loss_share, yuan
from risk_models.modelling import (
    area_findings,
    as_day,
    discounted,
    due_now,
    ended_findings,
    income_growth_findings,
    mixed_units,
    rate_findings,
    term_findings,
)
from risk_models.payments import (
    Anniversaries,
    anniversaries,
    growth_field,
    income_end_field,
    never_paid,
    payment_day_field,
)
from risk_models.words import Text

__all__ = ["MODEL", "ForestCompensationIncome"]

RATE_LOW: Final = "forest_compensation_income.discount_rate_low"
RATE_HIGH: Final = "forest_compensation_income.discount_rate_high"
GROWTH_HIGH: Final = "forest_compensation_income.growth_high"
STANDARD_LOW: Final = "forest_compensation_income.standard_low"
STANDARD_HIGH: Final = "forest_compensation_income.standard_high"
COLLECTION_LOW: Final = "forest_compensation_income.collection_low"
AREA_LOW: Final = "forest_compensation_income.area_low"
AREA_HIGH: Final = "forest_compensation_income.area_high"
TERM_HIGH: Final = "forest_compensation_income.term_years_high"

WORDS: Final[dict[str, Text]] = {
    "local-budget": Text(
        en="A county budget pays, which may pay late or less; attach its budget line.",
        zh="由县级财政支付，可能延迟或减少，请附预算安排。",
    ),
    "standard-outside-band": Text(
        en="%(standard).2f yuan/mu a year lies outside the usual %(low).2f to %(high).2f."
        " Attach the notice that grants it.",
        zh="每亩每年%(standard).2f元，超出通常区间%(low).2f至%(high).2f元，请附补偿文件。",
    ),
    "collection-below-band": Text(
        en="Only %(collected)p of the compensation is received, below %(low)p.",
        zh="补偿到位率%(collected)p，低于%(low)p。",
    ),
}

BUDGETS: Final = (
    Choice(id="central", title=Text(en="Central budget", zh="中央财政")),
    Choice(id="provincial", title=Text(en="Provincial budget", zh="省级财政")),
    Choice(id="local", title=Text(en="City or county budget", zh="市县财政")),
)

FIELDS: Final = (
    Field(
        name="paid_by",
        title=Text(en="Paid by", zh="补偿资金来源"),
        help=Text(en="The budget that bears the larger part.", zh="承担主要部分的财政层级。"),
        kind="choice",
        unit="",
        choices=BUDGETS,
        example="central",
        group="income",
    ),
    number(
        "area_mu",
        Text(en="Compensated area", zh="补偿面积"),
        Text(
            en="Public-welfare forest of the notice that belongs to the right.",
            zh="补偿文件所列、归属该权利的公益林面积。",
        ),
        unit="mu",
        example=8_600.0,
        group="income",
        high=1e8,
        vary=(8_170.0, 8_600.0),
    ),
    number(
        "compensation_yuan_per_mu",
        Text(en="Compensation of the next year", zh="下一年度补偿标准"),
        Text(
            en="Central, provincial and local parts together, as the notice grants them.",
            zh="按补偿文件合计中央、省级与市县部分。",
        ),
        unit="yuan/mu/year",
        example=15.0,
        group="income",
        market=True,
        high=1e4,
        vary=(13.0, 18.0),
    ),
    share(
        "collection_share",
        Text(en="Share received", zh="补偿到位率"),
        Text(
            en="Compensation received by the holder over what is granted.",
            zh="权利人实收补偿与核定补偿之比。",
        ),
        example=0.97,
        group="income",
        vary=(0.9, 1.0),
    ),
    share(
        "management_cost_share",
        Text(en="Spent on care of the forest", zh="管护支出比例"),
        Text(
            en="Rangers, fire watch and pests, over the compensation granted.",
            zh="护林员、防火与病虫害防治支出占核定补偿的比例。",
        ),
        example=0.2,
        group="income",
        vary=(0.05, 0.35),
    ),
    growth_field(
        Text(
            en="Growth of compensation and care after the next year; negative when they shrink.",
            zh="下一年度之后补偿与管护支出的年增长率，下降为负。",
        ),
        vary=(-0.02, 0.02),
    ),
    yuan(
        "cost_due_now_yuan",
        Text(en="Cost due now", zh="当前应付费用"),
        Text(
            en="What must be paid on the valuation day before compensation is received.",
            zh="取得补偿前在评估基准日须支付的费用。",
        ),
        example=800.0,
        group="income",
    ),
    payment_day_field(example="2023-12-31"),
    income_end_field(example="2038-12-31"),
    yearly_loss_share(
        Text(en="Yearly hazard of loss", zh="年损失概率"),
        Text(
            en="Chance a year that the forest leaves the scheme or the scheme ends.",
            zh="林地调出公益林或补偿政策终止的年概率。",
        ),
        example=0.004,
    ),
    discount_rate(example=0.055, vary=(0.045, 0.075)),
)

SPEC: Final = ModelSpec(
    id="forest-compensation-income",
    version="1.0.0",
    title=Text(en="Forest compensation income right", zh="公益林补偿收益权"),
    help=Text(
        en="Present value of the yearly compensation of public-welfare forest, less its care,"
        " until the right ends.",
        zh="权利期限内公益林年度补偿扣除管护支出后的现值。",
    ),
    value_kind="market",
    per="once",
    asset_kinds=("compensation-income",),
    fields=FIELDS,
    components=(
        part("compensation", "Compensation", "补偿收入"),
        part("care", "Care of the forest", "管护支出"),
        part("due_now", "Due now", "当前应付"),
    ),
    approaches=(part("capitalised", "Income approach", "收益法"),),
    parameters=(
        RATE_LOW,
        RATE_HIGH,
        GROWTH_HIGH,
        STANDARD_LOW,
        STANDARD_HIGH,
        COLLECTION_LOW,
        AREA_LOW,
        AREA_HIGH,
        TERM_HIGH,
    ),
    prices=(),
    standards=("Practice standards of asset appraisal",),
    limits=(
        Text(en="One payment a year.", zh="每年支付一次。"),
        Text(
            en="The standard is as the notice grants it; changes of policy are not forecast.",
            zh="补偿标准以文件为准，不预测政策调整。",
        ),
        Text(en="No timber: public-welfare forest is not felled.", zh="不计木材：公益林不得采伐。"),
    ),
)


# ---------------------------------------------------------------------------
# Steps


@step(unit="mu", zh="补偿到位面积")
def paid_area(*, area_mu: Floats, collection_share: Floats) -> Floats:
    """Area whose compensation is received: area_mu * collection_share."""
    return area_mu * collection_share


@step(unit="yuan/mu/year", zh="每亩管护支出")
def care_yuan_per_mu(*, compensation_yuan_per_mu: Floats, management_cost_share: Floats) -> Floats:
    """Care of the forest a mu: compensation_yuan_per_mu * management_cost_share."""
    return compensation_yuan_per_mu * management_cost_share


# ---------------------------------------------------------------------------
# Model


class ForestCompensationIncome:
    """The model. It keeps no state."""

    @property
    def spec(self) -> ModelSpec:
        return SPEC

    def check(self, batch: Batch, basis: Basis) -> list[Finding]:
        """An ended right, a weak payer, a standard or a rate out of the usual."""
        parameters = basis.parameters
        return [
            *_term_findings(batch, basis),
            *_income_findings(batch, basis),
            *area_findings(
                batch, low=parameters.number(AREA_LOW), high=parameters.number(AREA_HIGH)
            ),
            *rate_findings(
                batch, low=parameters.number(RATE_LOW), high=parameters.number(RATE_HIGH)
            ),
        ]

    def exposures(self, batch: Batch, basis: Basis, steps: Recorder) -> Mapping[str, Exposure]:
        """Compensation and care on each anniversary the right still covers, cost due now."""
        due = anniversaries(
            steps,
            paid_each_year_since=batch.days("paid_each_year_since"),
            valuation_on=as_day(basis.on),
            right_ends_on=batch.days("right_ends_on"),
            growth_share=batch.numbers("growth_share"),
        )
        flows = [*_yearly(batch, steps, due), due_now(batch, steps)]
        return {"capitalised": discounted(batch, flows)}


def _yearly(batch: Batch, steps: Recorder, due: Anniversaries) -> list[Flow]:
    """Care is paid while the compensation is, so both end with a loss."""
    area, standard = batch.numbers("area_mu"), batch.numbers("compensation_yuan_per_mu")
    received = steps(
        "paid_area",
        paid_area,
        area_mu=area,
        collection_share=batch.numbers("collection_share"),
    )
    care = steps(
        "care_yuan_per_mu",
        care_yuan_per_mu,
        compensation_yuan_per_mu=standard,
        management_cost_share=batch.numbers("management_cost_share"),
    )
    return [
        Flow(
            name=name,
            unit="mu",
            profile=due.profile,
            first=due.first,
            quantity=quantity,
            unit_price=unit_price,
            at_risk=True,
            term=due.term,
        )
        for name, quantity, unit_price in (
            ("compensation", received, standard),
            ("care", -area, care),
        )
    ]


# ---------------------------------------------------------------------------
# Checks


def _term_findings(batch: Batch, basis: Basis) -> list[Finding]:
    return [
        *ended_findings(batch, basis.on),
        *never_paid(batch, as_day(basis.on)),
        *term_findings(batch, basis.on, limit_years=basis.parameters.number(TERM_HIGH)),
    ]


def _income_findings(batch: Batch, basis: Basis) -> list[Finding]:
    parameters = basis.parameters
    standard = batch.numbers("compensation_yuan_per_mu")
    collected = batch.numbers("collection_share")
    low = np.full(batch.n, parameters.number(STANDARD_LOW))
    high = np.full(batch.n, parameters.number(STANDARD_HIGH))
    least = parameters.number(COLLECTION_LOW)
    return [
        *finding(
            "local-budget",
            "paid_by",
            batch.is_level("paid_by", "local"),
            severity="ask",
            detail=WORDS["local-budget"],
        ),
        *finding(
            "standard-outside-band",
            "compensation_yuan_per_mu",
            (standard < low) | (standard > high),
            severity="ask",
            detail=WORDS["standard-outside-band"],
            standard=standard,
            low=low,
            high=high,
        ),
        *mixed_units("compensation_yuan_per_mu", standard, low=low, high=high),
        *finding(
            "collection-below-band",
            "collection_share",
            collected < least,
            severity="ask",
            detail=WORDS["collection-below-band"],
            collected=collected,
            low=np.array(least),
        ),
        *income_growth_findings(batch, limit=parameters.number(GROWTH_HIGH)),
    ]


MODEL: Final = ForestCompensationIncome()
