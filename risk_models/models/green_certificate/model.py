"""Green electricity certificates: those held now, and those that come each year from generation.

Certificates held are sold now and lose by it; those to come are sold through the year as they are
issued, are at risk, and end with the right. One certificate stands for 1 MWh.
"""

from collections.abc import Mapping
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
    Keyed,
    ModelSpec,
    Recorder,
    step,
)
from risk_models.modelling import (
    as_day,
    ended_findings,
    price_growth_findings,
    rate_findings,
    single,
    years,
)
from risk_models.models.green_certificate.passport import (
    ALL_KINDS,
    BASE_DISCOUNT,
    GENERATION,
    GROWTH_HIGH,
    HOLDING,
    IMPLIED_HIGH,
    IMPLIED_LOW,
    MWH,
    OWN_MARKET,
    PIECE,
    QUANTITY_HIGH,
    QUANTITY_LOW,
    RATE_HIGH,
    RATE_LOW,
    SPEC,
    STREAM,
    TRADING_DAYS,
    VALID_YEARS,
    WORDS,
)
from risk_models.payments import Anniversaries, anniversaries, never_paid
from risk_models.tradable import (
    PARTICIPATION,
    PricesByLevel,
    Sale,
    holding_findings,
    implied_findings,
    lost_to_sale,
    market_findings,
    priced_rows,
    reference_price,
    sale_flows,
    sale_terms,
    ten_thousands,
)

__all__ = ["MODEL", "GreenCertificate"]


# ---------------------------------------------------------------------------
# Steps


@step(unit=PIECE, zh="可用绿证数量")
def free_quantity(
    *, quantity_held: Floats, quantity_needed: Floats, frozen_quantity: Floats
) -> Floats:
    """Certificates free to pledge: max(0, quantity_held - quantity_needed - frozen_quantity)."""
    return np.maximum(0.0, quantity_held - quantity_needed - frozen_quantity)


@step(unit="certificate/year", zh="年绿证数量")
def yearly_certificates(
    *, yearly_generation_mwh: Floats, certificate_share: Floats, mwh_per_certificate: Floats
) -> Floats:
    """Certificates a year to sell.

    Formula: yearly_generation_mwh * certificate_share / mwh_per_certificate.
    """
    return np.asarray(yearly_generation_mwh * certificate_share / mwh_per_certificate)


# ---------------------------------------------------------------------------
# Model


class GreenCertificate:
    """The model. It keeps no state."""

    @property
    def spec(self) -> ModelSpec:
        return SPEC

    def check(self, batch: Batch, basis: Basis) -> list[Finding]:
        """Kind, double use, age, the market, the holding and the years to come."""
        parameters = basis.parameters
        held = _held(batch)
        usual = {
            "low": parameters.number(QUANTITY_LOW),
            "high": parameters.number(QUANTITY_HIGH),
        }
        return [
            *market_findings(batch, basis, field="generation", markets=_markets(batch)),
            *_refusals(batch, basis),
            *ended_findings(batch, basis.on, _of(batch, STREAM)),
            *_vintage_findings(batch, basis),
            *never_paid(batch, as_day(basis.on), _of(batch, STREAM)),
            *_counted_twice(batch, basis),
            *_stream_findings(batch, basis),
            *_growth_findings(batch, basis),
            *rate_findings(
                batch, low=parameters.number(RATE_LOW), high=parameters.number(RATE_HIGH)
            ),
            *holding_findings(
                batch,
                basis,
                held=held,
                free=_free(batch, Recorder()),
                reference=_reference(batch, basis, Recorder()),
                base_discount=BASE_DISCOUNT,
                field="quantity_held",
            ),
            *ten_thousands("quantity_held", held, **usual),
            *ten_thousands(
                "yearly_generation_mwh",
                np.where(_of(batch, STREAM), batch.numbers("yearly_generation_mwh"), 0.0),
                **usual,
            ),
        ]

    def exposures(self, batch: Batch, basis: Basis, steps: Recorder) -> Mapping[str, Exposure]:
        """What is held is sold now; what is issued each year is sold then, less its cost."""
        _reference(batch, basis, steps)
        flows = [
            *_held_flows(batch, basis, steps),
            *_stream_flows(batch, basis, steps),
            Flow(
                name="outlay",
                unit="time",
                profile=single(batch.n),
                first=0.0,
                quantity=np.full(batch.n, -1.0),
                unit_price=np.nan_to_num(batch.numbers("cost_due_now_yuan")),
                at_risk=False,
            ),
        ]
        market = Exposure(
            n=batch.n,
            flows=tuple(flows),
            # What is held is sold now, so neither counts for it.
            rate=Keyed.of(np.nan_to_num(batch.numbers("discount_rate"))),
            hazard=Keyed.of(np.nan_to_num(batch.numbers("yearly_loss_share"))),
        )
        return {"market": market}

    def review(
        self,
        batch: Batch,
        basis: Basis,
        value: Floats,
        quantities: Mapping[str, tuple[Floats, str]],
    ) -> list[Finding]:
        """Value per certificate, held and to come, beside the market."""
        pieces = [
            quantities[name][0] if name in quantities else np.zeros(batch.n)
            for name in ("holding", "stream")
        ]
        return implied_findings(
            value,
            np.asarray(sum(pieces)),
            low=basis.parameters.number(IMPLIED_LOW),
            high=basis.parameters.number(IMPLIED_HIGH),
        )


def _markets(batch: Batch) -> PricesByLevel:
    """The kind's own market where there is one, then the market as a whole."""
    return {
        kind: (OWN_MARKET[kind], ALL_KINDS) if kind in OWN_MARKET else (ALL_KINDS,)
        for kind in batch.levels["generation"]
    }


def _reference(batch: Batch, basis: Basis, steps: Recorder) -> Floats:
    return reference_price(batch, basis, steps, field="generation", markets=_markets(batch))


def _of(batch: Batch, needed: tuple[str, frozenset[str]]) -> npt.NDArray[np.bool_]:
    """Which rows have certificates held, or certificates to come."""
    return batch.is_level(needed[0], *needed[1])


def _held(batch: Batch) -> Floats:
    return np.where(_of(batch, HOLDING), batch.numbers("quantity_held"), 0.0)


def _is_tradable(batch: Batch, basis: Basis) -> npt.NDArray[np.bool_]:
    table = basis.parameters.table(GENERATION)
    column = table.column("tradable", batch.levels["generation"])
    return batch.by_level("generation", column) > 0.0


# ---------------------------------------------------------------------------
# Flows


def _free(batch: Batch, steps: Recorder) -> Floats:
    """Certificates free to pledge [n], none where none are held."""
    rows = _of(batch, HOLDING)
    if not rows.any():
        return np.zeros(batch.n)
    free = steps(
        "free_quantity",
        free_quantity,
        quantity_held=batch.numbers("quantity_held"),
        quantity_needed=batch.numbers("quantity_needed"),
        frozen_quantity=np.where(rows, np.nan_to_num(batch.numbers("frozen_quantity")), 0.0),
    )
    return np.where(rows, free, 0.0)


def _held_flows(batch: Batch, basis: Basis, steps: Recorder) -> list[Flow]:
    if not _of(batch, HOLDING).any():
        return []
    free = _free(batch, steps)
    terms = sale_terms(basis, steps, base_discount=BASE_DISCOUNT)
    lost = lost_to_sale(batch, basis, steps, free=free, terms=terms, unit=PIECE)
    return sale_flows(
        Sale.now(PIECE, batch.n),
        {"holding": free, "liquidity": -lost},
        priced_rows(batch, basis, field="generation", markets=_markets(batch)),
        basis.prices,
    )


def _stream_flows(batch: Batch, basis: Basis, steps: Recorder) -> list[Flow]:
    rows = _of(batch, STREAM)
    if not rows.any():
        return []
    due = _due(batch, basis, steps, rows)
    yearly = np.where(rows, _yearly(batch, basis, steps), 0.0)
    sale = Sale(unit=PIECE, profile=due.profile, first=due.first, at_risk=True, term=due.term)
    cost = Flow(
        name="cost",
        unit="year",
        profile=due.profile,
        first=due.first,
        quantity=np.where(rows, -1.0, 0.0),
        unit_price=np.nan_to_num(batch.numbers("yearly_cost_yuan")),
        at_risk=True,
        term=due.term,
    )
    priced = priced_rows(batch, basis, field="generation", markets=_markets(batch))
    return [*sale_flows(sale, {"stream": yearly}, priced, basis.prices), cost]


def _yearly(batch: Batch, basis: Basis, steps: Recorder) -> Floats:
    return steps(
        "yearly_certificates",
        yearly_certificates,
        yearly_generation_mwh=batch.numbers("yearly_generation_mwh"),
        certificate_share=batch.numbers("certificate_share"),
        mwh_per_certificate=np.array(basis.parameters.number(MWH)),
    )


def _due(batch: Batch, basis: Basis, steps: Recorder, rows: npt.NDArray[np.bool_]) -> Anniversaries:
    """When certificates are paid. A row without any has days only so that it can be counted."""
    on = as_day(basis.on)
    return anniversaries(
        steps,
        paid_each_year_since=np.where(rows, batch.days("paid_each_year_since"), on),
        valuation_on=on,
        right_ends_on=np.where(rows, batch.days("right_ends_on"), on),
    )


# ---------------------------------------------------------------------------
# Findings


def _refusals(batch: Batch, basis: Basis) -> list[Finding]:
    refused = {
        "not-tradable": ("generation", ~_is_tradable(batch, basis)),
        "double-use": ("reductions_claimed", batch.numbers("reductions_claimed") > 0.0),
        "generated-after-valuation-day": (
            "generated_on",
            _of(batch, HOLDING) & (batch.days("generated_on") > as_day(basis.on)),
        ),
    }
    return findings("refuse", refused, WORDS)


def _vintage_findings(batch: Batch, basis: Basis) -> list[Finding]:
    rows = _of(batch, HOLDING)
    on = np.full(batch.n, as_day(basis.on))
    age = years(np.where(rows, batch.days("generated_on"), on), on)
    valid = basis.parameters.number(VALID_YEARS)
    return finding(
        "vintage-expired",
        "generated_on",
        rows & (age >= valid),
        severity="refuse",
        detail=WORDS["vintage-expired"],
        age=age,
        valid=np.array(valid),
    )


def _counted_twice(batch: Batch, basis: Basis) -> list[Finding]:
    """Held certificates of the year whose payment is still to come would be sold twice.

    Only where a payment was made already is the running year known to have begun with it.
    """
    both = _of(batch, HOLDING) & _of(batch, STREAM)
    on = as_day(basis.on)
    since = np.where(both, batch.days("paid_each_year_since"), on)
    return finding(
        "running-year-counted-twice",
        "quantity_held",
        both & (since < on) & (batch.numbers("quantity_held") > 0.0),
        severity="note",
        detail=WORDS["running-year-counted-twice"],
    )


def _stream_findings(batch: Batch, basis: Basis) -> list[Finding]:
    """More certificates a year than one seller can sell in the days of a year."""
    parameters = basis.parameters
    yearly = _yearly(batch, basis, Recorder())
    a_year = parameters.number(PARTICIPATION) * parameters.number(TRADING_DAYS)
    taken = a_year * batch.numbers("daily_volume")
    return finding(
        "market-too-thin",
        "yearly_generation_mwh",
        _of(batch, STREAM) & (yearly > taken),
        severity="ask",
        detail=WORDS["market-too-thin"],
        yearly=yearly,
        taken=taken,
    )


def _growth_findings(batch: Batch, basis: Basis) -> list[Finding]:
    """Only what is still to come is sold at a price that has grown."""
    coming = _of(batch, STREAM)
    priced = priced_rows(batch, basis, field="generation", markets=_markets(batch))
    return price_growth_findings(
        basis,
        rows_by_price={price_id: rows & coming for price_id, rows in priced.items()},
        limit=basis.parameters.number(GROWTH_HIGH),
    )


MODEL: Final = GreenCertificate()
