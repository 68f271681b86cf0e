"""Energy-use right: tonnes of coal equivalent a pilot province lets its holder use or sell.

Only what compliance leaves free counts. It trades in few provinces and the pilots are turning into
the control of carbon, so only the next years of the right count, and the pledge rate stays low.
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
    Exposure,
    Field,
    Finding,
    Floats,
    ModelSpec,
    PriceUse,
    Recorder,
    Text,
    step,
)
from risk_models.fields import number, part
from risk_models.modelling import PRICE_AGE, per_unit, price_findings
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
from risk_models.tradable import DISCOUNT_HIGH, dear_sale, liquidity_share, sale_terms, slow_sale

__all__ = ["MODEL", "EnergyUseRight"]

PILOT: Final = "energy_use_right.pilot"
TERM_CAP: Final = "energy_use_right.term_cap_years"
BASE_DISCOUNT: Final = "energy_use_right.base_discount"
DISCOUNT_PER_DAY: Final = "energy_use_right.discount_per_day"
ORDERLY_DAYS: Final = "energy_use_right.orderly_days"
PARTICIPATION: Final = "energy_use_right.participation_share"
SALE_DAYS_HIGH: Final = "energy_use_right.sale_days_high"
IMPLIED_HIGH: Final = "energy_use_right.implied_high"
WEIGHT: Final = "energy_use_right.approach_weight"

ENERGY: Final = PriceUse(
    id="energy-use",
    title=Text(en="Traded price of energy use", zh="用能权交易价格"),
    unit="yuan/tce",
    when=(("market_basis", frozenset({PRICED})),),
)
FEE: Final = ("fee_paid_yuan", "fee_index")

WORDS: Final[Mapping[str, Text]] = {
    "nothing-free": Text(
        en="Compliance needs all of it; nothing is free to pledge.",
        zh="全部用于履约，没有可质押的余量。",
    ),
    "implied-value-above-band": Text(
        en="The value is %(implied).2f yuan for each free tce, above %(limit).2f. Check the price.",
        zh="折合每吨标准煤可用余量%(implied).2f元，高于%(limit).2f元，请核对价格。",
    ),
    "volume-missing": Text(
        en="Nothing is traded in a day, so the right cannot be sold; leave out the market approach.",
        zh="日成交量为零，无法变现，请不采用市场法。",
    ),
}

FIELDS: Final = (
    Field(
        name="province",
        title=Text(en="Pilot province", zh="试点省份"),
        help=Text(
            en="Energy-use rights exist in the pilots of the valuation day only.",
            zh="用能权仅存在于评估基准日的试点省份。",
        ),
        kind="choice",
        unit="",
        choices_from=PILOT,
        example="zhejiang",
        group="holding",
    ),
    number(
        "quantity_tce",
        Text(en="Energy use held", zh="持有用能权"),
        Text(en="Quantity in the registry account.", zh="登记账户中的数量。"),
        unit="tce",
        example=26_000.0,
        group="holding",
        high=1e9,
        low_open=True,
        vary=(23_400.0, 26_000.0),
    ),
    number(
        "needed_tce",
        Text(en="Needed for compliance", zh="履约所需数量"),
        Text(
            en="What the holder must surrender before the right could be sold.",
            zh="处置之前权利人须清缴的数量。",
        ),
        unit="tce",
        example=20_500.0,
        group="holding",
        high=1e9,
        vary=(19_000.0, 21_500.0),
    ),
    *holding_fields(
        buyers_help=Text(
            en="Who could take it: firms under the same pilot.",
            zh="可受让用能权的企业，限于同一试点。",
        ),
        cost_due_now_yuan=8_000.0,
    ),
    market_basis_field(levels=("none", COMPARABLES, PRICED), example=PRICED),
    *comparable_fields(unit="tce", prices=(210.0, 185.0), factors=(0.95, 1.02), weights=(0.6, 0.4)),
    number(
        "daily_volume_tce",
        Text(en="Volume of a trading day", zh="日均成交量"),
        Text(en="Mean of the last year on the exchange.", zh="交易所近一年日均成交量。"),
        unit="tce",
        example=900.0,
        group="market",
        high=1e9,
        needed_when=("market_basis", frozenset({COMPARABLES, PRICED})),
        vary=(450.0, 1_800.0),
    ),
    *fee_fields(fee_paid_yuan=620_000.0, fee_index=1.03),
    *term_fields(granted_on="2022-07-01", right_ends_on="2026-06-30", loan_ends_on="2024-12-20"),
)

SPEC: Final = ModelSpec(
    id="energy-use-right",
    version="1.2.0",
    title=Text(en="Energy-use right", zh="用能权"),
    help=Text(
        en="Free tonnes of coal equivalent by market, less what a slow sale costs, and by"
        " remaining-term cost.",
        zh="按扣除变现折价的市场法与剩余期限成本法评估可用余量。",
    ),
    value_kind="market",
    per="once",
    asset_kinds=("energy-use-right",),
    fields=FIELDS,
    components=(
        part("holding", "Free holding", "可用持有量"),
        part("liquidity", "Discount of a sale", "变现折价"),
        part("fee", "Remaining share of the fee", "剩余期限费用"),
        part("unpaid", "Unpaid fees", "欠缴费用"),
    ),
    approaches=(
        part("market", "Market approach", "市场法"),
        part("remaining_term", "Remaining-term cost", "剩余期限成本法"),
    ),
    parameters=(
        APART,
        PILOT,
        TERM_CAP,
        BASE_DISCOUNT,
        DISCOUNT_PER_DAY,
        ORDERLY_DAYS,
        PARTICIPATION,
        SALE_DAYS_HIGH,
        DISCOUNT_HIGH,
        IMPLIED_HIGH,
        WEIGHT,
        PRICE_AGE,
    ),
    prices=(ENERGY,),
    standards=("Practice standards of asset appraisal",),
    limits=(
        Text(
            en="What a pilot's right becomes under the control of carbon is not valued.",
            zh="不评估试点用能权转入碳排放双控后的权益。",
        ),
        Text(
            en="Energy saved by new equipment is not forecast.", zh="不预测技术改造形成的节能量。"
        ),
    ),
)


@step(unit="tce", zh="履约外可用数量")
def free_tce(*, quantity_tce: Floats, needed_tce: Floats) -> Floats:
    """Energy use that compliance leaves free: max(0, quantity_tce - needed_tce)."""
    return np.maximum(0.0, quantity_tce - needed_tce)


@step(unit="day", zh="变现所需交易日")
def days_to_sell(
    *, free_tce: Floats, participation_share: Floats, daily_volume_tce: Floats
) -> Floats:
    """Trading days to sell it: free_tce / (participation_share * daily_volume_tce)."""
    return free_tce / (participation_share * daily_volume_tce)


@step(unit="tce", zh="变现折损数量")
def lost_tce(*, free_tce: Floats, liquidity_share: Floats) -> Floats:
    """Energy use lost to selling: free_tce * liquidity_share."""
    return free_tce * liquidity_share


@step(unit="ratio", zh="可用比例")
def free_share(*, free_tce: Floats, quantity_tce: Floats) -> Floats:
    """Share of the holding that is free: free_tce / quantity_tce."""
    return free_tce / quantity_tce


@step(unit="yuan", zh="可用部分剩余期限应分摊费用")
def paid_free(
    *, fee_paid_yuan: Floats, fee_index: Floats, remaining_share: Floats, free_share: Floats
) -> Floats:
    """Payment for what is left and free, at today's prices.

    Formula: fee_paid_yuan * fee_index * remaining_share * free_share.
    """
    return fee_paid_yuan * fee_index * remaining_share * free_share


class EnergyUseRight:
    """The model. It keeps no state."""

    @property
    def spec(self) -> ModelSpec:
        return SPEC

    def check(self, batch: Batch, basis: Basis) -> list[Finding]:
        """The right itself, what compliance leaves, and whether it can be sold."""
        return [
            *right_findings(batch, basis, term_cap_years=_term_cap(batch, basis)),
            *_holding_findings(batch, basis),
            *group_findings(batch, FEE),
            *no_approach(_applies(batch)),
            *price_findings(
                batch,
                basis,
                field="market_basis",
                price_of={PRICED: ENERGY},
            ),
        ]

    def exposures(self, batch: Batch, basis: Basis, steps: Recorder) -> Mapping[str, Exposure]:
        """Each approach on the rows that have its inputs."""
        term = term_of(batch, basis, steps, term_cap_years=_term_cap(batch, basis))
        free = steps(
            "free_tce",
            free_tce,
            quantity_tce=batch.numbers("quantity_tce"),
            needed_tce=batch.numbers("needed_tce"),
        )
        approaches: dict[str, Callable[[Rows], Exposure]] = {
            "market": lambda rows: _market(rows, basis, steps, free),
            "remaining_term": lambda rows: _remaining_term(rows, steps, term, free),
        }
        return exposures_of(batch, _applies(batch), approaches)

    def reconcile(
        self,
        batch: Batch,  # noqa: ARG002 - the contract gives it.
        basis: Basis,
        values: Mapping[str, Floats],
    ) -> tuple[Mapping[str, Floats], npt.NDArray[np.int8], Sequence[Text]]:
        """The dated weights over the approaches that apply; the reason names these."""
        table = basis.parameters.table(WEIGHT)
        return reconciled(SPEC, values, {name: table.number(name, "weight") for name in values})

    def review(
        self,
        batch: Batch,
        basis: Basis,
        value: Floats,
        quantities: Mapping[str, tuple[Floats, str]],  # noqa: ARG002 - what is free judges it here.
    ) -> list[Finding]:
        """Value over the free tonnes beside what they trade at."""
        free = _free(batch)
        implied = per_unit(value, free)
        limit = basis.parameters.number(IMPLIED_HIGH)
        code = "implied-value-above-band"
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
    return np.full(batch.n, basis.parameters.number(TERM_CAP))


def _applies(batch: Batch) -> dict[str, npt.NDArray[np.bool_]]:
    return {
        "market": batch.is_level("market_basis", COMPARABLES, PRICED),
        "remaining_term": has_all(batch, FEE),
    }


def _terms(basis: Basis, steps: Recorder) -> dict[str, Floats]:
    return sale_terms(
        basis,
        steps,
        base_discount=BASE_DISCOUNT,
        discount_per_day=DISCOUNT_PER_DAY,
        orderly_days=ORDERLY_DAYS,
    )


def _free(batch: Batch) -> Floats:
    return free_tce(
        quantity_tce=batch.numbers("quantity_tce"), needed_tce=batch.numbers("needed_tce")
    )


def _holding_findings(batch: Batch, basis: Basis) -> list[Finding]:
    """Nothing free, or nothing traded in which to sell it, or too little of that."""
    parameters = basis.parameters
    free, a_day = _free(batch), batch.numbers("daily_volume_tce")
    sold = batch.is_level("market_basis", COMPARABLES, PRICED)
    days = np.where(sold, per_unit(free, parameters.number(PARTICIPATION) * a_day), np.nan)
    nothing, volume = "nothing-free", "volume-missing"
    return [
        *finding(nothing, "needed_tce", free <= 0.0, severity="note", detail=WORDS[nothing]),
        *slow_sale("quantity_tce", days, limit=parameters.number(SALE_DAYS_HIGH)),
        *dear_sale(
            "quantity_tce",
            days,
            terms=_terms(basis, Recorder()),
            limit=parameters.number(DISCOUNT_HIGH),
        ),
        *finding(
            volume,
            "daily_volume_tce",
            sold & (a_day == 0.0),
            severity="refuse",
            detail=WORDS[volume],
        ),
    ]


def _market(rows: Rows, basis: Basis, steps: Recorder, free: Floats) -> Exposure:
    """What is free, sold today, less what a sale of that size loses."""
    batch = rows.batch
    holding = free[rows.rows]
    days = steps(
        "days_to_sell",
        days_to_sell,
        free_tce=holding,
        participation_share=np.array(basis.parameters.number(PARTICIPATION)),
        daily_volume_tce=batch.numbers("daily_volume_tce"),
    )
    lost = steps("liquidity_share", liquidity_share, days_to_sell=days, **_terms(basis, steps))
    away = steps("lost_tce", lost_tce, free_tce=holding, liquidity_share=lost)
    parts = {"holding": holding, "liquidity": -away}
    flows = market_flows(batch, basis, steps, ENERGY, parts)
    return rows.today([*flows, unpaid_flow(batch)])


def _remaining_term(rows: Rows, steps: Recorder, term: Term, free: Floats) -> Exposure:
    """The payment for what is free, in the share of the term that is left and counts."""
    batch = rows.batch
    part_free = steps(
        "free_share",
        free_share,
        free_tce=free[rows.rows],
        quantity_tce=batch.numbers("quantity_tce"),
    )
    worth = steps(
        "paid_free",
        paid_free,
        fee_paid_yuan=batch.numbers("fee_paid_yuan"),
        fee_index=batch.numbers("fee_index"),
        remaining_share=term.share[rows.rows],
        free_share=part_free,
    )
    return rows.today([fee_flow(worth), unpaid_flow(batch)])


MODEL: Final = EnergyUseRight()
