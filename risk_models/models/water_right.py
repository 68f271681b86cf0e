"""Water right: a permitted yearly quantity of water, worth what it earns, trades at, or has cost.

Only water that the holder's own quota leaves free can be sold. It earns the price of the buyer
less the cost of bringing it, in the share of years' water that really arrives, until the permit
or the dated cap ends; or it sells today for the exchange price of each m3 of the years left; or
it is worth what was paid for it, in the share of the permit that is valued and of the term left.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.batches import finding
from risk_models.comparables import COMPARABLES, comparable_fields
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
    PriceUse,
    Recorder,
    Text,
    step,
)
from risk_models.fields import discount_rate, number, part, share, yearly_loss_share
from risk_models.modelling import (
    PRICE_AGE,
    as_day,
    discounted,
    income_growth_findings,
    per_unit,
    price_findings,
    rate_findings,
)
from risk_models.payments import (
    Anniversaries,
    anniversaries,
    growth_field,
    never_paid,
    payment_day_field,
)
from risk_models.quota import (
    PRICED,
    Rows,
    Term,
    exposures_of,
    fee_fields,
    fee_flow,
    group_findings,
    has_all,
    holding_fields,
    market_basis_field,
    market_flows,
    no_approach,
    reconciled,
    right_findings,
    term_fields,
    term_of,
    unpaid_flow,
)
from risk_models.reconciling import APART

__all__ = ["MODEL", "WaterRight"]

USE_CLASS: Final = "water_right.use_class"
WEIGHT: Final = "water_right.approach_weight"
RATE_LOW: Final = "water_right.discount_rate_low"
RATE_HIGH: Final = "water_right.discount_rate_high"
GROWTH_HIGH: Final = "water_right.growth_high"
TRADED_HIGH: Final = "water_right.traded_price_high"

WATER: Final = PriceUse(
    id="water",
    title=Text(en="Traded price of a cubic metre of water", zh="水权交易价格（每立方米）"),
    unit="yuan/m3",
    when=(("market_basis", frozenset({PRICED})),),
)

INCOME: Final = (
    "water_price_yuan_per_m3",
    "water_cost_yuan_per_m3",
    "delivery_share",
    "growth_share",
    "paid_each_year_since",
)
FEE: Final = ("fee_paid_yuan", "fee_index")

WORDS: Final[Mapping[str, Text]] = {
    "water-not-saved": Text(
        en="%(tradable).0f m3 are to be sold, but the permit leaves only %(free).0f m3 above the"
        " holder's own quota.",
        zh="拟转让水量%(tradable).0f立方米，但许可水量扣除自用定额后仅余%(free).0f立方米。",
    ),
    "over-allocated": Text(
        en="The district has granted more water than its limit; no right of it is valued until that"
        " is settled.",
        zh="所在区域已许可水量超过用水总量控制指标，超许可解除前不予评估。",
    ),
    "groundwater": Text(
        en="Groundwater usually changes hands only inside its own area, and not where it is"
        " over-drawn. Confirm with the water authority.",
        zh="地下水通常仅在同一区域内转让，超采区一般不得转让，请向水行政主管部门核实。",
    ),
    "price-above-trades": Text(
        en="The value is %(implied).2f yuan for each m3 of the years left; trades reach"
        " %(limit).2f. State what the buyer would pay this for.",
        zh="折合剩余年限内每立方米%(implied).2f元，而交易价格不超过%(limit).2f元，请说明受让方愿付此价的理由。",
    ),
}

FIELDS: Final = (
    Field(
        name="water_source",
        title=Text(en="Source of the water", zh="水源类型"),
        help=Text(en="As the permit states.", zh="以取水许可证为准。"),
        kind="choice",
        unit="",
        choices=(
            Choice(id="surface", title=Text(en="Surface water", zh="地表水")),
            Choice(id="ground", title=Text(en="Groundwater", zh="地下水")),
        ),
        example="surface",
        group="water",
    ),
    Field(
        name="use_class",
        title=Text(en="Class of use", zh="用水类别"),
        help=Text(
            en="It decides the longest term that counts and how the approaches weigh.",
            zh="决定可计入的最长年限和各方法的权重。",
        ),
        kind="choice",
        unit="",
        choices_from=USE_CLASS,
        example="industry",
        group="water",
    ),
    number(
        "permit_m3",
        Text(en="Permitted water a year", zh="年许可取水量"),
        Text(en="Quantity of the permit in a year.", zh="取水许可证载明的年取水量。"),
        unit="m3",
        example=1_200_000.0,
        group="water",
        low_open=True,
    ),
    number(
        "own_quota_m3",
        Text(en="Own use by quota", zh="定额内自用水量"),
        Text(
            en="What the holder needs in a year under the quota of its trade or its fields.",
            zh="按行业或灌溉定额，权利人一年所需的水量。",
        ),
        unit="m3",
        example=250_000.0,
        group="water",
        vary=(200_000.0, 280_000.0),
    ),
    number(
        "tradable_m3",
        Text(en="Water valued a year", zh="年可交易水量"),
        Text(
            en="Saved water that can be sold in a year; at most the permit less own use.",
            zh="一年可转让的节余水量，不超过许可水量减自用水量。",
        ),
        unit="m3",
        example=900_000.0,
        group="water",
        vary=(810_000.0, 910_000.0),
    ),
    share(
        "district_use_share",
        Text(en="Water granted in the district over its limit", zh="区域许可水量占总量控制指标"),
        Text(
            en="Above 1 the district is over-allocated and nothing of it is valued.",
            zh="大于1表示该区域超许可，不予评估。",
        ),
        example=0.93,
        group="water",
        high=5.0,
        vary=(0.85, 0.99),
    ),
    *holding_fields(
        buyers_help=Text(
            en="Who could take the water: users of the same basin or irrigation district.",
            zh="可受让水量的用水户，限于同一流域或同一灌区。",
        ),
        cost_due_now_yuan=36_000.0,
    ),
    number(
        "water_price_yuan_per_m3",
        Text(en="Price of the water", zh="水价"),
        Text(en="What a buyer pays for each m3 delivered.", zh="受让方对每立方米到位水量的付价。"),
        unit="yuan/m3",
        example=0.75,
        group="income",
        market=True,
        high=1_000.0,
        required=False,
        vary=(0.6, 0.85),
    ),
    number(
        "water_cost_yuan_per_m3",
        Text(en="Cost of the water", zh="供水成本"),
        Text(
            en="Water fee, lifting and conveyance for each m3 delivered.",
            zh="每立方米到位水量的水资源税费、提水和输水成本。",
        ),
        unit="yuan/m3",
        example=0.14,
        group="income",
        high=1_000.0,
        required=False,
    ),
    share(
        "delivery_share",
        Text(en="Water that arrives", zh="供水保证率"),
        Text(
            en="Share of the yearly quantity that really arrives, over wet and dry years.",
            zh="多年平均实际到位水量占年水量的比例。",
        ),
        example=0.88,
        group="income",
        required=False,
        vary=(0.75, 0.95),
    ),
    growth_field(
        Text(
            en="Growth of price and cost after the next year; negative when they shrink.",
            zh="下一年度之后水价与成本的年增长率，下降为负。",
        ),
        vary=(-0.02, 0.03),
        required=False,
    ),
    payment_day_field(
        Text(
            en="The water of a year is paid for on the anniversaries of this day.",
            zh="每年于该日的周年日结算水费。",
        ),
        example="2023-11-15",
        required=False,
    ),
    market_basis_field(levels=("none", COMPARABLES, PRICED), example=COMPARABLES),
    *comparable_fields(
        unit="m3", prices=(1.2, 0.62, 0.55), factors=(0.7, 1.05, 0.98), weights=(0.2, 0.5, 0.3)
    ),
    *fee_fields(fee_paid_yuan=3_466_666.67, fee_index=1.06),
    *term_fields(granted_on="2022-01-01", right_ends_on="2031-12-31", loan_ends_on="2026-12-20"),
    yearly_loss_share(
        Text(en="Yearly hazard of loss", zh="年损失概率"),
        Text(
            en="Chance a year that the permit is cut or recalled for good.",
            zh="取水许可被核减或收回的年概率。",
        ),
        example=0.004,
    ),
    discount_rate(example=0.07, vary=(0.05, 0.09)),
)

SPEC: Final = ModelSpec(
    id="water-right",
    version="1.0.0",
    title=Text(en="Water abstraction right", zh="取水权"),
    help=Text(
        en="Saved water of a permit by income, market and remaining-term cost.",
        zh="按收益法、市场法和剩余期限成本法评估许可内的节余水量。",
    ),
    value_kind="market",
    per="once",
    asset_kinds=("water-right",),
    fields=FIELDS,
    components=(
        part("sales", "Water sales", "水费收入"),
        part("supply", "Cost of supply", "供水成本"),
        part("exchange", "Exchange of the water", "水量转让价款"),
        part("fee", "Remaining share of the fee", "剩余期限费用"),
        part("unpaid", "Unpaid fees", "欠缴费用"),
    ),
    approaches=(
        part("income", "Income approach", "收益法"),
        part("market", "Market approach", "市场法"),
        part("remaining_term", "Remaining-term cost", "剩余期限成本法"),
    ),
    parameters=(USE_CLASS, WEIGHT, RATE_LOW, RATE_HIGH, GROWTH_HIGH, TRADED_HIGH, PRICE_AGE, APART),
    prices=(WATER,),
    standards=("Practice standards of asset appraisal",),
    limits=(
        Text(
            en="The yearly quantity is as permitted; it is not forecast from the hydrology.",
            zh="年水量以许可为准，不作水文预测。",
        ),
        Text(
            en="The right serves as covenant and priority where the loan far exceeds the price at"
            " which water trades.",
            zh="贷款远高于水权交易价格时，水权仅起约束与优先受偿作用。",
        ),
    ),
)


@step(unit="m3", zh="年到位水量")
def delivered_m3(*, tradable_m3: Floats, delivery_share: Floats) -> Floats:
    """Water that arrives in a year: tradable_m3 * delivery_share."""
    return tradable_m3 * delivery_share


@step(unit="year", zh="计入售水收入的截止年数")
def last_sale_years(*, last_payment_years: Floats, counted_years: Floats) -> Floats:
    """Years until which sales count: min(last_payment_years, counted_years)."""
    return np.minimum(last_payment_years, counted_years)


@step(unit="m3", zh="剩余年限水量")
def remaining_m3(*, tradable_m3: Floats, counted_years: Floats) -> Floats:
    """Water of the years left: tradable_m3 * counted_years."""
    return tradable_m3 * counted_years


@step(unit="ratio", zh="拟转让水量占许可水量比例")
def valued_share(*, tradable_m3: Floats, permit_m3: Floats) -> Floats:
    """Share of the permit that is valued: tradable_m3 / permit_m3."""
    return tradable_m3 / permit_m3


@step(unit="yuan", zh="拟转让水量剩余期限应分摊费用")
def paid_valued(
    *, fee_paid_yuan: Floats, fee_index: Floats, remaining_share: Floats, valued_share: Floats
) -> Floats:
    """Payment for the water valued and the term left, at today's prices.

    Formula: fee_paid_yuan * fee_index * remaining_share * valued_share.
    """
    return fee_paid_yuan * fee_index * remaining_share * valued_share


class WaterRight:
    """The model. It keeps no state."""

    @property
    def spec(self) -> ModelSpec:
        return SPEC

    def check(self, batch: Batch, basis: Basis) -> list[Finding]:
        """Saved water, the district's limit, the right itself, prices, growth and rate."""
        parameters = basis.parameters
        return [
            *_water_findings(batch),
            *right_findings(batch, basis, term_cap_years=_term_cap(batch, basis)),
            *group_findings(batch, INCOME),
            *never_paid(batch, as_day(basis.on), has_all(batch, INCOME)),
            *group_findings(batch, FEE),
            *no_approach(_applies(batch)),
            *price_findings(
                batch,
                basis,
                field="market_basis",
                price_of={PRICED: WATER},
            ),
            *income_growth_findings(batch, limit=parameters.number(GROWTH_HIGH)),
            *rate_findings(
                batch, low=parameters.number(RATE_LOW), high=parameters.number(RATE_HIGH)
            ),
        ]

    def exposures(self, batch: Batch, basis: Basis, steps: Recorder) -> Mapping[str, Exposure]:
        """Each approach on the rows that have its inputs."""
        term = term_of(batch, basis, steps, term_cap_years=_term_cap(batch, basis))
        approaches: dict[str, Callable[[Rows], Exposure]] = {
            "income": lambda rows: _income(rows, basis, steps, term),
            "market": lambda rows: _market(rows, basis, steps, term),
            "remaining_term": lambda rows: _remaining_term(rows, steps, term),
        }
        return exposures_of(batch, _applies(batch), approaches)

    def reconcile(
        self, batch: Batch, basis: Basis, values: Mapping[str, Floats]
    ) -> tuple[Mapping[str, Floats], npt.NDArray[np.int8], Sequence[Text]]:
        """Weights by class of use over the approaches that apply; the reason names these."""
        table = basis.parameters.table(WEIGHT)
        levels = batch.levels["use_class"]
        weights = {
            name: batch.by_level("use_class", table.column(f"{name}_weight", levels))
            for name in values
        }
        return reconciled(SPEC, values, weights)

    def review(
        self,
        batch: Batch,
        basis: Basis,
        value: Floats,
        quantities: Mapping[str, tuple[Floats, str]],  # noqa: ARG002 - the water judges it here.
    ) -> list[Finding]:
        """Value over the m3 of all years left, against what water trades at."""
        water = batch.numbers("tradable_m3") * _counted(batch, basis)
        implied = per_unit(value, water)
        limit = basis.parameters.number(TRADED_HIGH)
        code = "price-above-trades"
        return finding(
            code,
            "",
            implied > limit,
            severity="ask",
            detail=WORDS[code],
            implied=implied,
            limit=np.array(limit),
        )


def _term_cap(batch: Batch, basis: Basis) -> Floats:
    table = basis.parameters.table(USE_CLASS)
    return batch.by_level("use_class", table.column("term_cap_years", batch.levels["use_class"]))


def _counted(batch: Batch, basis: Basis) -> Floats:
    return term_of(batch, basis, Recorder(), term_cap_years=_term_cap(batch, basis)).counted


def _applies(batch: Batch) -> dict[str, npt.NDArray[np.bool_]]:
    return {
        "income": has_all(batch, INCOME),
        "market": batch.is_level("market_basis", COMPARABLES, PRICED),
        "remaining_term": has_all(batch, FEE),
    }


def _water_findings(batch: Batch) -> list[Finding]:
    tradable = batch.numbers("tradable_m3")
    free = np.maximum(0.0, batch.numbers("permit_m3") - batch.numbers("own_quota_m3"))
    over = batch.numbers("district_use_share") > 1.0
    unsaved, district, ground = "water-not-saved", "over-allocated", "groundwater"
    return [
        *finding(
            unsaved,
            "tradable_m3",
            tradable > free,
            severity="refuse",
            detail=WORDS[unsaved],
            tradable=tradable,
            free=free,
        ),
        *finding(district, "district_use_share", over, severity="refuse", detail=WORDS[district]),
        *finding(
            ground,
            "water_source",
            batch.is_level("water_source", "ground"),
            severity="note",
            detail=WORDS[ground],
        ),
    ]


def _income(rows: Rows, basis: Basis, steps: Recorder, term: Term) -> Exposure:
    """Sales less the cost of supply on each yearly settlement that the term still covers."""
    batch = rows.batch
    due = anniversaries(
        steps,
        paid_each_year_since=batch.days("paid_each_year_since"),
        valuation_on=as_day(basis.on),
        right_ends_on=batch.days("right_ends_on"),
        growth_share=batch.numbers("growth_share"),
    )
    until = _sold_until(due, term.counted[rows.rows], term.right[rows.rows], steps)
    water = steps(
        "delivered_m3",
        delivered_m3,
        tradable_m3=batch.numbers("tradable_m3"),
        delivery_share=batch.numbers("delivery_share"),
    )
    priced = {
        "sales": (water, "water_price_yuan_per_m3"),
        "supply": (-water, "water_cost_yuan_per_m3"),
    }
    flows = [
        Flow(
            name=name,
            unit="m3",
            profile=due.profile,
            first=due.first,
            quantity=quantity,
            unit_price=batch.numbers(price),
            at_risk=True,
            term=until,
        )
        for name, (quantity, price) in priced.items()
    ]
    return discounted(batch, [*flows, unpaid_flow(batch)], rows.rows)


def _sold_until(due: Anniversaries, counted: Floats, right: Floats, steps: Recorder) -> Floats:
    """The last settlement that counts: that of the right, or where fewer years count, their end."""
    capped = counted < right
    if not capped.any():
        return due.term
    until = steps(
        "last_sale_years", last_sale_years, last_payment_years=due.term, counted_years=counted
    )
    return np.where(capped, until, due.term)


def _market(rows: Rows, basis: Basis, steps: Recorder, term: Term) -> Exposure:
    """Every m3 of the years left, sold today."""
    batch = rows.batch
    water = steps(
        "remaining_m3",
        remaining_m3,
        tradable_m3=batch.numbers("tradable_m3"),
        counted_years=term.counted[rows.rows],
    )
    flows = market_flows(batch, basis, steps, WATER, {"exchange": water})
    return rows.today([*flows, unpaid_flow(batch)])


def _remaining_term(rows: Rows, steps: Recorder, term: Term) -> Exposure:
    """The share of the payment that the water valued and the remaining term stand for."""
    batch = rows.batch
    part_valued = steps(
        "valued_share",
        valued_share,
        tradable_m3=batch.numbers("tradable_m3"),
        permit_m3=batch.numbers("permit_m3"),
    )
    worth = steps(
        "paid_valued",
        paid_valued,
        fee_paid_yuan=batch.numbers("fee_paid_yuan"),
        fee_index=batch.numbers("fee_index"),
        remaining_share=term.share[rows.rows],
        valued_share=part_valued,
    )
    return rows.today([fee_flow(worth), unpaid_flow(batch)])


MODEL: Final = WaterRight()
