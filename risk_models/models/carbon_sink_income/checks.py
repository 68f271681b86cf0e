"""What speaks against the inputs, or against the value, of an expected carbon-sink income."""

import numpy as np

from risk_models.batches import finding
from risk_models.contract import Basis, Batch, Finding, Floats
from risk_models.modelling import as_day, price_findings, rate_findings, years
from risk_models.models.carbon_sink_income.passport import (
    BUFFER_LOW,
    GROWTH_HIGH,
    IMPLIED,
    KIND,
    PRICE_AGE,
    PRICE_OF,
    RATE_HIGH,
    RATE_LOW,
    REGISTRATION,
    WORDS,
)

__all__ = ["check", "implied_price"]


def check(batch: Batch, basis: Basis) -> list[Finding]:
    """Dates that contradict each other, missing prices, and what a reviewer must look at."""
    parameters = basis.parameters
    return [
        *price_findings(
            batch,
            basis,
            field="registration",
            price_of=PRICE_OF,
            age_limit_days=parameters.number(PRICE_AGE),
        ),
        *_date_findings(batch, basis),
        *_removal_findings(batch, basis),
        *rate_findings(batch, low=parameters.number(RATE_LOW), high=parameters.number(RATE_HIGH)),
        *_growth_findings(batch, basis),
        *_buffer_findings(batch, basis),
    ]


def implied_price(batch: Batch, basis: Basis, value: Floats, tonnes: Floats) -> list[Finding]:
    """Value over tonnes outside the band of such credits. No tonnes, no implied price."""
    table = basis.parameters.table(REGISTRATION)
    levels = batch.levels["registration"]
    low = batch.by_level("registration", table.column("implied_price_low", levels))
    high = batch.by_level("registration", table.column("implied_price_high", levels))
    implied = np.divide(value, tonnes, out=np.full(batch.n, np.nan), where=tonnes > 0.0)
    return finding(
        "implied-price-outside-band",
        "",
        (implied < low) | (implied > high),
        severity="ask",
        detail=IMPLIED,
        implied=implied,
        low=low,
        high=high,
    )


def _date_findings(batch: Batch, basis: Basis) -> list[Finding]:
    on = as_day(basis.on)
    starts, ends = batch.days("crediting_starts_on"), batch.days("crediting_ends_on")
    verified, right = batch.days("last_verified_on"), batch.days("right_ends_on")
    every = batch.numbers("verification_every_years")
    refusals = {
        "crediting-ends-before-it-starts": ("crediting_ends_on", ends <= starts),
        "verified-before-crediting": ("last_verified_on", verified < starts),
        "verified-after-valuation-day": ("last_verified_on", verified > on),
        "right-ended": ("right_ends_on", right <= on),
        "crediting-ended": ("crediting_ends_on", (verified >= ends) & (ends > starts)),
    }
    found = [
        entry
        for code, (field, rows) in refusals.items()
        for entry in finding(code, field, rows, severity="refuse", detail=WORDS[code])
    ]
    return [
        *found,
        *finding(
            "right-ends-before-crediting",
            "right_ends_on",
            right < ends,
            severity="note",
            detail=WORDS["right-ends-before-crediting"],
        ),
        *finding(
            "verification-overdue",
            "last_verified_on",
            years(verified, np.full(batch.n, on)) > every,
            severity="ask",
            detail=WORDS["verification-overdue"],
        ),
    ]


def _removal_findings(batch: Batch, basis: Basis) -> list[Finding]:
    """Removals above what such land has ever been validated for."""
    table = basis.parameters.table(KIND)
    levels = batch.levels["sink_kind"]
    ask = batch.by_level("sink_kind", table.column("ask_above", levels))
    refuse = batch.by_level("sink_kind", table.column("refuse_above", levels))
    tabled = batch.is_level("removal_basis", "validated-table")
    rate = batch.numbers("removals_tco2e_per_mu").copy()
    table_rows = batch.numbers("removals_by_year_tco2e_per_mu")[tabled]
    rate[tabled] = np.nan_to_num(table_rows).max(axis=1, initial=0.0)
    field = "removals_tco2e_per_mu"
    return [
        *finding(
            "removals-above-band",
            field,
            (rate > ask) & (rate <= refuse),
            severity="ask",
            detail=WORDS["removals-above-band"],
            rate=rate,
            limit=ask,
        ),
        *finding(
            "removals-not-credible",
            field,
            rate > refuse,
            severity="refuse",
            detail=WORDS["removals-not-credible"],
            rate=rate,
            limit=refuse,
        ),
    ]


def _growth_findings(batch: Batch, basis: Basis) -> list[Finding]:
    limit = basis.parameters.number(GROWTH_HIGH)
    return [
        entry
        for level, use in PRICE_OF.items()
        if use.id in basis.prices and basis.prices[use.id].growth > limit
        for entry in finding(
            "price-growth-above-band",
            "registration",
            batch.is_level("registration", level),
            severity="ask",
            detail=WORDS["price-growth-above-band"],
            growth=np.array(basis.prices[use.id].growth),
            limit=np.array(limit),
        )
    ]


def _buffer_findings(batch: Batch, basis: Basis) -> list[Finding]:
    floor = basis.parameters.number(BUFFER_LOW)
    buffer = batch.numbers("buffer_share")
    return finding(
        "buffer-below-floor",
        "buffer_share",
        buffer < floor,
        severity="ask",
        detail=WORDS["buffer-below-floor"],
        buffer=buffer,
        floor=np.array(floor),
    )
