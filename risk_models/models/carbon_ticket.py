"""Carbon tickets: local certificates of what a forest removed in a past monitoring period.

The tonnes are those printed on the tickets, or follow from the growth of the standing volume. A
local market is thin, so a sale loses half; a storage company that undertakes to buy back sets a
floor under the tonnes of its undertaking. No additionality is tested: a ticket is not a CCER.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

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
    Keyed,
    ModelSpec,
    Recorder,
    step,
)
from risk_models.fields import day, number, part
from risk_models.modelling import Days, as_day, mixed_units, single, years
from risk_models.tradable import (
    SHARED_PARAMETERS,
    PricesByLevel,
    Sale,
    daily_volume_field,
    frozen_field,
    high_price_field,
    holding_findings,
    implied_findings,
    lost_to_sale,
    market_findings,
    means_of,
    price_uses,
    priced_rows,
    reference_price,
    sale_flows,
    statement_field,
    ten_thousands,
)
from risk_models.words import Text

__all__ = ["MODEL", "CarbonTicket"]

FACTORS: Final = "carbon_ticket.factors"
ASK: Final = "carbon_ticket.removals_ask"
REFUSE: Final = "carbon_ticket.removals_refuse"
BASE_DISCOUNT: Final = "carbon_ticket.base_discount"
QUANTITY_LOW: Final = "carbon_ticket.quantity_low"
QUANTITY_HIGH: Final = "carbon_ticket.quantity_high"
AREA_LOW: Final = "carbon_ticket.area_low"
AREA_HIGH: Final = "carbon_ticket.area_high"
IMPLIED_LOW: Final = "carbon_ticket.implied_low"
IMPLIED_HIGH: Final = "carbon_ticket.implied_high"

TONNE: Final = "tCO2e"
CO2_PER_CARBON: Final = 44.0 / 12.0
STOCK: Final = "stock-change"
BY_STOCK: Final = ("quantity_basis", frozenset({STOCK}))
BY_TICKET: Final = ("quantity_basis", frozenset({"as-issued"}))
MARKET, BUYBACK = 0, 1

LOCAL: Final = means_of("carbon-ticket", Text(en="Carbon tickets", zh="碳票"), TONNE)
MARKETS: Final[PricesByLevel] = {STOCK: (LOCAL,), "as-issued": (LOCAL,)}

REASONS: Final = (
    Text(
        en="The local market pays more, or nobody buys back.", zh="本地市场价更高，或无回购安排。"
    ),
    Text(en="The buy-back price is the floor.", zh="以回购价为下限。"),
)

WORDS: Final[dict[str, Text]] = {
    "period-reversed": Text(
        en="The monitoring period ends before it starts. Correct one of the days.",
        zh="监测期结束日早于开始日，请更正。",
    ),
    "period-not-over": Text(
        en="The monitoring period ends after the valuation day; a ticket certifies the past.",
        zh="监测期结束日晚于评估基准日，而碳票只证明已发生的碳汇。",
    ),
    "no-growth": Text(
        en="The standing volume did not grow in the period, so nothing was removed.",
        zh="监测期内蓄积量没有增长，没有碳汇量。",
    ),
    "whole-stock-counted": Text(
        en="The volume at the start is zero: the whole stock would count, not its growth.",
        zh="期初蓄积量为零，等于把全部蓄积计为碳汇量，而非增长量。",
    ),
    "removals-above-band": Text(
        en="%(rate).4f tCO2e per mu and year exceeds the usual %(limit).4f; ask for evidence.",
        zh="每亩每年%(rate).4f吨，高于通常的%(limit).4f吨，请补充依据。",
    ),
    "removals-not-credible": Text(
        en="%(rate).4f tCO2e per mu and year exceeds %(limit).4f, the most a forest shows.",
        zh="每亩每年%(rate).4f吨，超过森林可信的上限%(limit).4f吨。",
    ),
    "issued-twice": Text(
        en="Other tickets, or judicial or voluntary purchases, cover the same period and plots.",
        zh="同一地块同一监测期另有碳票或司法、自愿认购。",
    ),
    "ccer-same-trees": Text(
        en="A CCER project covers the same trees. Say which removals were taken out.",
        zh="同一林木已纳入国家核证自愿减排量项目，请说明如何剔除。",
    ),
    "buyback-incomplete": Text(
        en="A buy-back needs both its tonnes and its price.", zh="回购须同时填写数量与价格。"
    ),
}


# ---------------------------------------------------------------------------
# Steps


@step(unit=TONNE, zh="按蓄积增长计算的碳汇量", reference="IPCC 2006, volume 4, chapter 4")
def stock_tonnes(
    *,
    monitored_area_mu: Floats,
    stock_start_m3_per_mu: Floats,
    stock_end_m3_per_mu: Floats,
    expansion_factor: Floats,
    wood_density: Floats,
    root_ratio: Floats,
    carbon_fraction: Floats,
) -> Floats:
    """Removals by growth of the standing volume.

    Formula: monitored_area_mu * (stock_end_m3_per_mu - stock_start_m3_per_mu) * expansion_factor
    * wood_density * (1 + root_ratio) * carbon_fraction * 44 / 12.
    """
    growth = monitored_area_mu * (stock_end_m3_per_mu - stock_start_m3_per_mu)
    biomass = growth * expansion_factor * wood_density * (1.0 + root_ratio)
    return np.asarray(biomass * carbon_fraction * CO2_PER_CARBON)


@step(unit=TONNE, zh="碳票载明的碳汇量")
def issued_tonnes(*, ticket_tonnes: Floats) -> Floats:
    """Removals printed on the tickets: ticket_tonnes."""
    return ticket_tonnes


@step(unit=TONNE, zh="可用碳汇量")
def free_quantity(*, tonnes: Floats, frozen_quantity: Floats) -> Floats:
    """Tonnes free to pledge: max(0, tonnes - frozen_quantity)."""
    return np.maximum(0.0, tonnes - frozen_quantity)


@step(unit=TONNE, zh="回购数量")
def bought_back(*, free_quantity: Floats, buyback_quantity: Floats) -> Floats:
    """Tonnes bought back: min(free_quantity, buyback_quantity)."""
    return np.minimum(free_quantity, buyback_quantity)


@step(unit=TONNE, zh="回购之外的数量")
def rest_quantity(*, free_quantity: Floats, bought_back: Floats) -> Floats:
    """Tonnes left for the market: free_quantity - bought_back."""
    return free_quantity - bought_back


@step(unit=TONNE, zh="回购之外的变现折损数量")
def rest_lost_quantity(*, rest_quantity: Floats, liquidity_share: Floats) -> Floats:
    """Tonnes of them lost to selling: rest_quantity * liquidity_share."""
    return rest_quantity * liquidity_share


# ---------------------------------------------------------------------------
# Model


class CarbonTicket:
    """The model. It keeps no state."""

    @property
    def spec(self) -> ModelSpec:
        return SPEC

    def check(self, batch: Batch, basis: Basis) -> list[Finding]:
        """The period, the growth, double issue, the market and the holding."""
        parameters = basis.parameters
        tonnes = _tonnes(batch, basis, Recorder())
        area = batch.numbers("monitored_area_mu")
        return [
            *market_findings(batch, basis, field="quantity_basis", markets=MARKETS),
            *_period_findings(batch, basis),
            *_growth_findings(batch, tonnes),
            *_removal_findings(batch, basis, tonnes),
            *_claim_findings(batch),
            *holding_findings(
                batch,
                basis,
                held=np.maximum(tonnes, 0.0),
                free=_free(batch, Recorder(), tonnes),
                reference=_reference(batch, basis, Recorder()),
                field=_TONNES_FIELD,
            ),
            *ten_thousands(
                _TONNES_FIELD,
                tonnes,
                low=parameters.number(QUANTITY_LOW),
                high=parameters.number(QUANTITY_HIGH),
            ),
            *mixed_units(
                "monitored_area_mu",
                area,
                low=np.full(batch.n, parameters.number(AREA_LOW)),
                high=np.full(batch.n, parameters.number(AREA_HIGH)),
            ),
        ]

    def exposures(self, batch: Batch, basis: Basis, steps: Recorder) -> Mapping[str, Exposure]:
        """Everything sold in the local market, or what is undertaken bought back and the rest sold."""
        free = _free(batch, steps, _tonnes(batch, basis, steps))
        _reference(batch, basis, steps)
        share, lost = lost_to_sale(
            batch,
            basis,
            steps,
            free=free,
            base_discount=np.array(basis.parameters.number(BASE_DISCOUNT)),
        )
        exposures = {"market": _now(_sold(batch, basis, free, lost), batch.n)}
        rows = np.flatnonzero(_has_buyback(batch)).astype(np.int32)
        if len(rows):
            some = batch.take(rows)
            flows = _bought(some, basis, steps, free[rows], share[rows])
            exposures["with_buyback"] = replace(_now(flows, len(rows)), rows=rows)
        return exposures

    def reconcile(
        self,
        batch: Batch,
        basis: Basis,  # noqa: ARG002 - the contract gives it.
        values: Mapping[str, Floats],
    ) -> tuple[Mapping[str, Floats], npt.NDArray[np.int8], Sequence[Text]]:
        """The higher of the two: nobody sells below a price at which others must buy."""
        market = values["market"]
        floor = values.get("with_buyback", np.full(batch.n, np.nan))
        bought = np.nan_to_num(floor, nan=-np.inf) > market
        weights = {"market": np.where(bought, 0.0, 1.0)}
        if "with_buyback" in values:
            weights["with_buyback"] = np.where(bought, 1.0, 0.0)
        return weights, np.where(bought, BUYBACK, MARKET).astype(np.int8), REASONS

    def review(
        self,
        batch: Batch,
        basis: Basis,
        value: Floats,
        quantities: Mapping[str, tuple[Floats, str]],  # noqa: ARG002 - the contract gives it.
    ) -> list[Finding]:
        """Value per free tonne beside the market."""
        return implied_findings(
            value,
            _free(batch, Recorder(), _tonnes(batch, basis, Recorder())),
            low=basis.parameters.number(IMPLIED_LOW),
            high=basis.parameters.number(IMPLIED_HIGH),
        )


_TONNES_FIELD: Final = "ticket_tonnes"


def _reference(batch: Batch, basis: Basis, steps: Recorder) -> Floats:
    return reference_price(batch, basis, steps, field="quantity_basis", markets=MARKETS)


def _tonnes(batch: Batch, basis: Basis, steps: Recorder) -> Floats:
    """Tonnes [n] by growth or as printed; below zero where the stock shrank."""
    by_stock = batch.is_level("quantity_basis", STOCK)
    found = np.zeros(batch.n)
    if by_stock.any():
        grown = steps("tonnes", stock_tonnes, **_growth_inputs(batch, basis))
        found[by_stock] = grown[by_stock]
    if not by_stock.all():
        printed = steps("tonnes", issued_tonnes, ticket_tonnes=batch.numbers("ticket_tonnes"))
        found[~by_stock] = printed[~by_stock]
    return found


def _growth_inputs(batch: Batch, basis: Basis) -> dict[str, Floats]:
    table, species = basis.parameters.table(FACTORS), batch.levels["species"]
    fields = ("monitored_area_mu", "stock_start_m3_per_mu", "stock_end_m3_per_mu")
    factors = ("expansion_factor", "wood_density", "root_ratio", "carbon_fraction")
    return {name: batch.numbers(name) for name in fields} | {
        name: batch.by_level("species", table.column(name, species)) for name in factors
    }


def _free(batch: Batch, steps: Recorder, tonnes: Floats) -> Floats:
    return steps(
        "free_quantity",
        free_quantity,
        tonnes=tonnes,
        frozen_quantity=np.nan_to_num(batch.numbers("frozen_quantity")),
    )


def _has_buyback(batch: Batch) -> npt.NDArray[np.bool_]:
    return np.asarray(
        (batch.numbers("buyback_quantity") > 0.0) & (batch.numbers("buyback_price_yuan") > 0.0)
    )


# ---------------------------------------------------------------------------
# Flows


def _now(flows: Sequence[Flow], rows: int) -> Exposure:
    nothing = Keyed.one(0.0, rows)
    return Exposure(n=rows, flows=tuple(flows), rate=nothing, hazard=nothing)


def _sold(batch: Batch, basis: Basis, quantity: Floats, lost: Floats) -> list[Flow]:
    return sale_flows(
        Sale.now(TONNE, batch.n),
        {"holding": quantity, "liquidity": -lost},
        priced_rows(batch, basis, field="quantity_basis", markets=MARKETS),
        basis.prices,
    )


def _bought(batch: Batch, basis: Basis, steps: Recorder, free: Floats, share: Floats) -> list[Flow]:
    back = steps(
        "bought_back",
        bought_back,
        free_quantity=free,
        buyback_quantity=batch.numbers("buyback_quantity"),
    )
    rest = steps("rest_quantity", rest_quantity, free_quantity=free, bought_back=back)
    lost = steps(
        "rest_lost_quantity", rest_lost_quantity, rest_quantity=rest, liquidity_share=share
    )
    undertaken = Flow(
        name="buyback",
        unit=TONNE,
        profile=single(batch.n),
        first=0.0,
        quantity=back,
        unit_price=batch.numbers("buyback_price_yuan"),
        at_risk=False,
    )
    return [undertaken, *_sold(batch, basis, rest, lost)]


# ---------------------------------------------------------------------------
# Findings


def _period_findings(batch: Batch, basis: Basis) -> list[Finding]:
    starts, ends = batch.days("monitored_from"), batch.days("monitored_until")
    refused = {
        "period-reversed": ("monitored_until", ends <= starts),
        "period-not-over": ("monitored_until", ends > as_day(basis.on)),
    }
    return [
        entry
        for code, (field, rows) in refused.items()
        for entry in finding(code, field, rows, severity="refuse", detail=WORDS[code])
    ]


def _growth_findings(batch: Batch, tonnes: Floats) -> list[Finding]:
    by_stock = batch.is_level("quantity_basis", STOCK)
    return [
        *finding(
            "no-growth",
            "stock_end_m3_per_mu",
            by_stock & (tonnes <= 0.0),
            severity="refuse",
            detail=WORDS["no-growth"],
        ),
        *finding(
            "whole-stock-counted",
            "stock_start_m3_per_mu",
            by_stock & (batch.numbers("stock_start_m3_per_mu") <= 0.0),
            severity="ask",
            detail=WORDS["whole-stock-counted"],
        ),
    ]


def _removal_findings(batch: Batch, basis: Basis, tonnes: Floats) -> list[Finding]:
    """Tonnes per mu and year above what forests show, however the tonnes were found."""
    starts: Days = batch.days("monitored_from")
    passed = years(starts, batch.days("monitored_until"))
    mu_years = batch.numbers("monitored_area_mu") * passed
    rate = np.divide(tonnes, mu_years, out=np.zeros(batch.n), where=mu_years > 0.0)
    ask, refuse = basis.parameters.number(ASK), basis.parameters.number(REFUSE)
    return [
        *finding(
            "removals-above-band",
            "monitored_area_mu",
            (rate > ask) & (rate <= refuse),
            severity="ask",
            detail=WORDS["removals-above-band"],
            rate=rate,
            limit=np.array(ask),
        ),
        *finding(
            "removals-not-credible",
            "monitored_area_mu",
            rate > refuse,
            severity="refuse",
            detail=WORDS["removals-not-credible"],
            rate=rate,
            limit=np.array(refuse),
        ),
    ]


def _claim_findings(batch: Batch) -> list[Finding]:
    stated = [~np.isnan(batch.numbers(name)) for name in ("buyback_quantity", "buyback_price_yuan")]
    told = {
        "issued-twice": ("issued_elsewhere", batch.numbers("issued_elsewhere") > 0.0, "ask"),
        "ccer-same-trees": ("ccer_same_trees", batch.numbers("ccer_same_trees") > 0.0, "ask"),
        "buyback-incomplete": ("buyback_price_yuan", stated[0] != stated[1], "refuse"),
    }
    return [
        entry
        for code, (field, rows, severity) in told.items()
        for entry in finding(code, field, rows, severity=severity, detail=WORDS[code])
    ]


# ---------------------------------------------------------------------------
# Passport

BASES: Final = (
    Choice(id=STOCK, title=Text(en="Growth of the standing volume", zh="按蓄积增长量计算")),
    Choice(id="as-issued", title=Text(en="Tonnes on the tickets", zh="按碳票载明数量")),
)


def _flag(name: str, title: Text, help_: Text) -> Field:
    return Field(
        name=name, title=title, help=help_, kind="flag", unit="", example=False, group="ticket"
    )


FIELDS: Final = (
    Field(
        name="quantity_basis",
        title=Text(en="How the tonnes are found", zh="碳汇量依据"),
        help=Text(
            en="From the volume at both ends of the monitoring period, or from the tickets.",
            zh="按监测期初末蓄积量计算，或以碳票载明数量为准。",
        ),
        kind="choice",
        unit="",
        choices=BASES,
        example=STOCK,
        group="ticket",
    ),
    number(
        "monitored_area_mu",
        Text(en="Monitored area", zh="监测面积"),
        Text(en="Area of the plots the tickets stand for.", zh="碳票对应地块的面积。"),
        unit="mu",
        example=3_200.0,
        high=1e8,
        low_open=True,
        group="ticket",
        vary=(2_900.0, 3_500.0),
    ),
    number(
        "ticket_tonnes",
        Text(en="Tonnes on the tickets", zh="碳票载明碳汇量"),
        Text(en="The sum of all tickets valued.", zh="所评估碳票的合计数量。"),
        unit=TONNE,
        example=12_700.0,
        group="ticket",
        vary=(11_500.0, 13_900.0),
        needed_when=BY_TICKET,
    ),
    Field(
        name="species",
        title=Text(en="Main species", zh="优势树种"),
        help=Text(en="It decides how volume becomes carbon.", zh="决定蓄积量折算碳储量的系数。"),
        kind="choice",
        unit="",
        choices_from=FACTORS,
        example="spruce",
        required=False,
        needed_when=BY_STOCK,
        group="ticket",
    ),
    number(
        "stock_start_m3_per_mu",
        Text(en="Volume at the start", zh="期初亩均蓄积量"),
        Text(en="Standing volume at the start of the period.", zh="监测期初的蓄积量。"),
        unit="m3/mu",
        example=6.4,
        high=100.0,
        group="ticket",
        vary=(6.2, 6.6),
        needed_when=BY_STOCK,
    ),
    number(
        "stock_end_m3_per_mu",
        Text(en="Volume at the end", zh="期末亩均蓄积量"),
        Text(en="Standing volume at the end of the period.", zh="监测期末的蓄积量。"),
        unit="m3/mu",
        example=8.6,
        high=100.0,
        group="ticket",
        vary=(8.2, 9.0),
        needed_when=BY_STOCK,
    ),
    day(
        "monitored_from",
        Text(en="Monitoring period from", zh="监测期开始日"),
        Text(en="First day of the period of the tickets.", zh="碳票所载监测期的开始日。"),
        example="2018-01-01",
    ),
    day(
        "monitored_until",
        Text(en="Monitoring period until", zh="监测期结束日"),
        Text(en="Last day of the period of the tickets.", zh="碳票所载监测期的结束日。"),
        example="2022-12-31",
    ),
    _flag(
        "issued_elsewhere",
        Text(en="Issued or bought elsewhere too", zh="是否另行签发或认购"),
        Text(
            en="Other tickets, judicial or voluntary purchases of the same period and plots.",
            zh="同一地块同一监测期的其他碳票、司法或自愿认购。",
        ),
    ),
    _flag(
        "ccer_same_trees",
        Text(en="CCER project on the same trees", zh="同一林木是否有CCER项目"),
        Text(
            en="Whether a CCER project covers these trees.",
            zh="该林木是否纳入国家核证自愿减排量项目。",
        ),
    ),
    frozen_field(TONNE, example=700.0),
    statement_field(example="2023-12-20"),
    daily_volume_field(TONNE, example=4_000.0, vary=(2_000.0, 6_000.0)),
    number(
        "buyback_quantity",
        Text(en="Tonnes under a buy-back", zh="回购数量"),
        Text(
            en="What a storage company undertook in writing to buy; empty when none did.",
            zh="收储公司书面承诺回购的数量，没有则不填。",
        ),
        unit=TONNE,
        example=5_000.0,
        group="market",
        required=False,
    ),
    number(
        "buyback_price_yuan",
        Text(en="Buy-back price", zh="回购价"),
        Text(en="The price of that undertaking.", zh="该承诺的单价。"),
        unit=f"yuan/{TONNE}",
        example=10.0,
        high=1_000.0,
        group="market",
        vary=(4.0, 16.0),
        required=False,
    ),
    high_price_field(TONNE, example=15.0),
)

SPEC: Final = ModelSpec(
    id="carbon-ticket",
    version="1.0.0",
    title=Text(en="Carbon tickets", zh="碳票"),
    help=Text(
        en="Tonnes of a past period at the lower of two local mean prices, less what a sale in a thin"
        " market loses, not below a written buy-back.",
        zh="过往监测期碳汇量乘以本地两个均价中的较低者，扣减变现折扣，不低于书面回购价。",
    ),
    value_kind="market",
    per="once",
    asset_kinds=("carbon-ticket",),
    fields=FIELDS,
    components=(
        part("holding", "Tonnes at reference price", "碳汇量按参考价"),
        part("liquidity", "Liquidity discount", "流动性折扣"),
        part("buyback", "Tonnes bought back", "回购部分"),
    ),
    approaches=(
        part("market", "Local market", "本地市场"),
        part("with_buyback", "Buy-back and local market", "回购加本地市场"),
    ),
    parameters=(
        FACTORS,
        ASK,
        REFUSE,
        BASE_DISCOUNT,
        QUANTITY_LOW,
        QUANTITY_HIGH,
        AREA_LOW,
        AREA_HIGH,
        IMPLIED_LOW,
        IMPLIED_HIGH,
        *SHARED_PARAMETERS,
    ),
    prices=price_uses(MARKETS),
    standards=("资产评估执业准则",),
    limits=(
        Text(en="Not usable in the national market.", zh="不可用于全国市场。"),
        Text(
            en="Past growth only; the growth to come is an income right.",
            zh="仅限过往增长，未来增长属收益权。",
        ),
        Text(
            en="Not additive: two holdings together take longer to sell than each alone.",
            zh="不可相加：合并持仓的变现时间长于各自持仓。",
        ),
    ),
)

MODEL: Final = CarbonTicket()
