"""Carbon tickets: local certificates of what a forest removed in a past monitoring period.

The tonnes are those printed on the tickets, or follow from the growth of the standing volume. A
local market is thin, so a sale loses half; a storage company that undertakes to buy back sets a
floor under the tonnes of its undertaking. No additionality is tested: a ticket is not a CCER.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.batches import finding, findings
from risk_models.contract import (
    Basis,
    Batch,
    Exposure,
    Finding,
    Floats,
    Flow,
    ModelSpec,
    Recorder,
    step,
)
from risk_models.modelling import Days, as_day, mixed_units, on_the_day, per_unit, single, years
from risk_models.models.carbon_ticket.passport import (
    AREA_HIGH,
    AREA_LOW,
    ASK,
    ASK_BELOW,
    BASE_DISCOUNT,
    FACTORS,
    IMPLIED_HIGH,
    IMPLIED_LOW,
    MARKETS,
    PERIOD_HIGH,
    QUANTITY_HIGH,
    QUANTITY_LOW,
    REASONS,
    REFUSE,
    SPEC,
    STOCK,
    TONNE,
    WORDS,
)
from risk_models.tradable import (
    Sale,
    holding_findings,
    implied_findings,
    liquidity_share,
    lost_to_sale,
    market_findings,
    pace,
    priced_rows,
    reference_price,
    sale_flows,
    sale_terms,
    ten_thousands,
)
from risk_models.words import Text

__all__ = ["MODEL", "CarbonTicket"]

CO2_PER_CARBON: Final = 44.0 / 12.0
MARKET, BUYBACK = 0, 1

# ---------------------------------------------------------------------------
# Steps


@step(unit=TONNE, zh="按蓄积增长计算的碳汇量")
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


@step(unit="day", zh="回购之外的变现所需交易日")
def rest_days_to_sell(
    *, rest_quantity: Floats, participation_share: Floats, daily_volume: Floats
) -> Floats:
    """Trading days to sell what is left: rest_quantity / (participation_share * daily_volume)."""
    return np.asarray(rest_quantity / (participation_share * daily_volume))


@step(unit="ratio", zh="回购之外的各变现日平均折价率")
def rest_liquidity_share(
    *,
    base_discount: Floats,
    discount_per_day: Floats,
    rest_days_to_sell: Floats,
    orderly_days: Floats,
    worthless_day: Floats,
) -> Floats:
    """Share of what is left lost by selling, the mean over the days of the sale.

    Formula: base_discount + (discount_per_day * max(0, min(rest_days_to_sell, worthless_day)
    - orderly_days) ** 2 / 2 + (1 - base_discount) * max(0, rest_days_to_sell - worthless_day))
    / max(rest_days_to_sell, orderly_days).
    """
    return liquidity_share(
        base_discount=base_discount,
        discount_per_day=discount_per_day,
        days_to_sell=rest_days_to_sell,
        orderly_days=orderly_days,
        worthless_day=worthless_day,
    )


@step(unit=TONNE, zh="回购之外的变现折损数量")
def rest_lost_quantity(*, rest_quantity: Floats, rest_liquidity_share: Floats) -> Floats:
    """Tonnes of them lost to selling: rest_quantity * rest_liquidity_share."""
    return rest_quantity * rest_liquidity_share


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
        free = _free(batch, Recorder(), tonnes)
        reference = _reference(batch, basis, Recorder())
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
                free=free,
                reference=reference,
                base_discount=BASE_DISCOUNT,
                field=_TONNES_FIELD,
                sold=_market_takes(batch, basis, free, reference),
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
        terms = sale_terms(basis, steps, base_discount=BASE_DISCOUNT)
        lost = lost_to_sale(batch, basis, steps, free=free, terms=terms, unit=TONNE)
        exposures = {"market": on_the_day(_sold(batch, basis, free, lost), batch.n)}
        rows = np.flatnonzero(_has_buyback(batch)).astype(np.int32)
        if len(rows):
            some = batch.take(rows)
            flows = _bought(some, basis, steps, free[rows], terms)
            exposures["with_buyback"] = on_the_day(flows, len(rows), rows)
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


def _sold(batch: Batch, basis: Basis, quantity: Floats, lost: Floats) -> list[Flow]:
    return sale_flows(
        Sale.now(TONNE, batch.n),
        {"holding": quantity, "liquidity": -lost},
        priced_rows(batch, basis, field="quantity_basis", markets=MARKETS),
        basis.prices,
    )


def _bought(
    batch: Batch, basis: Basis, steps: Recorder, free: Floats, terms: Mapping[str, Floats]
) -> list[Flow]:
    back, rest, lost = _split(batch, basis, steps, free, terms)
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


def _split(
    batch: Batch, basis: Basis, steps: Recorder, free: Floats, terms: Mapping[str, Floats]
) -> tuple[Floats, Floats, Floats]:
    """Tonnes [n] bought back, left for the market, and lost of these: only they need days to sell."""
    back = steps(
        "bought_back",
        bought_back,
        free_quantity=free,
        buyback_quantity=batch.numbers("buyback_quantity"),
    )
    rest = steps("rest_quantity", rest_quantity, free_quantity=free, bought_back=back)
    days = steps("rest_days_to_sell", rest_days_to_sell, rest_quantity=rest, **pace(batch, basis))
    share = steps("rest_liquidity_share", rest_liquidity_share, rest_days_to_sell=days, **terms)
    lost = steps(
        "rest_lost_quantity", rest_lost_quantity, rest_quantity=rest, rest_liquidity_share=share
    )
    return back, rest, lost


def _market_takes(batch: Batch, basis: Basis, free: Floats, reference: Floats) -> Floats:
    """Tonnes [n] that the market has to take: less by what is bought back where that pays more."""
    terms = sale_terms(basis, Recorder(), base_discount=BASE_DISCOUNT)
    lost = lost_to_sale(batch, basis, Recorder(), free=free, terms=terms, unit=TONNE)
    back, rest, rest_lost = _split(batch, basis, Recorder(), free, terms)
    with_buyback = back * batch.numbers("buyback_price_yuan") + (rest - rest_lost) * reference
    # Nothing is bought back at a price or for a quantity that is missing: no number is greater.
    return np.where(with_buyback > (free - lost) * reference, rest, free)


# ---------------------------------------------------------------------------
# Findings


def _period_findings(batch: Batch, basis: Basis) -> list[Finding]:
    starts, ends = batch.days("monitored_from"), batch.days("monitored_until")
    refused = {
        "period-reversed": ("monitored_until", ends <= starts),
        "period-not-over": ("monitored_until", ends > as_day(basis.on)),
    }
    return findings("refuse", refused, WORDS)


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
    """Tonnes per mu and year beside what forests show, however the tonnes were found."""
    starts: Days = batch.days("monitored_from")
    passed = years(starts, batch.days("monitored_until"))
    mu_years = batch.numbers("monitored_area_mu") * passed
    rate = per_unit(tonnes, mu_years)
    ask, refuse = basis.parameters.number(ASK), basis.parameters.number(REFUSE)
    low, longest = basis.parameters.number(ASK_BELOW), basis.parameters.number(PERIOD_HIGH)
    return [
        *finding(
            "period-long",
            "monitored_from",
            passed > longest,
            severity="ask",
            detail=WORDS["period-long"],
            passed=passed,
            limit=np.array(longest),
        ),
        *finding(
            "removals-below-band",
            "monitored_area_mu",
            (tonnes > 0.0) & (passed > 0.0) & (rate < low),
            severity="ask",
            detail=WORDS["removals-below-band"],
            rate=rate,
            limit=np.array(low),
        ),
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
    tonnes, price = (
        ~np.isnan(batch.numbers(name)) for name in ("buyback_quantity", "buyback_price_yuan")
    )
    twice = {"issued-twice": ("issued_elsewhere", batch.numbers("issued_elsewhere") > 0.0)}
    asked = {"ccer-same-trees": ("ccer_same_trees", batch.numbers("ccer_same_trees") > 0.0)}
    half = "buyback-incomplete"
    missing = {"buyback_price_yuan": tonnes & ~price, "buyback_quantity": price & ~tonnes}
    return [
        *findings("refuse", twice, WORDS),
        *findings("ask", asked, WORDS),
        *(
            entry
            for field, rows in missing.items()
            for entry in finding(half, field, rows, severity="refuse", detail=WORDS[half])
        ),
    ]


MODEL: Final = CarbonTicket()
