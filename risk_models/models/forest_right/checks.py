"""What speaks against the inputs, or against the value, of a forest right."""

import numpy as np

from risk_models.batches import finding
from risk_models.contract import Basis, Batch, Finding, Floats
from risk_models.modelling import as_day, price_findings, rate_findings, years
from risk_models.models.forest_right.passport import (
    CATEGORY,
    HARVESTED,
    PRICE_AGE,
    RATE_HIGH,
    RATE_LOW,
    STANDING,
    TIMBER,
    WORDS,
    YIELDING,
)

__all__ = ["check", "implied_value"]


def check(batch: Batch, basis: Basis) -> list[Finding]:
    """Category, dates, the price of timber and the rate."""
    parameters = basis.parameters
    return [
        *_category_findings(batch, basis),
        *_date_findings(batch, basis),
        *price_findings(
            batch,
            basis,
            field="age_group",
            price_of=dict.fromkeys(sorted(HARVESTED | STANDING), TIMBER),
            age_limit_days=parameters.number(PRICE_AGE),
        ),
        *rate_findings(batch, low=parameters.number(RATE_LOW), high=parameters.number(RATE_HIGH)),
    ]


def _category_findings(batch: Batch, basis: Basis) -> list[Finding]:
    table = basis.parameters.table(CATEGORY)
    allowed = batch.by_level("category", table.column("mortgageable", batch.levels["category"]))
    code = "category-not-mortgageable"
    return finding(code, "category", allowed == 0.0, severity="refuse", detail=WORDS[code])


def _date_findings(batch: Batch, basis: Basis) -> list[Finding]:
    on = np.full(batch.n, as_day(basis.on))
    planted, right = batch.days("planted_on"), batch.days("right_ends_on")
    left = batch.numbers("rotation_years") - years(planted, on)
    harvested = batch.is_level("age_group", *HARVESTED)
    refusals = {
        "planted-after-valuation-day": ("planted_on", planted > on),
        "right-ended": ("right_ends_on", right <= on),
        "past-economic-life": (
            "rotation_years",
            (left <= 0.0) & (harvested | batch.is_level("age_group", *YIELDING)),
        ),
        "right-ends-before-harvest": (
            "right_ends_on",
            harvested & (years(on, right) < left) & (right > on),
        ),
    }
    return [
        entry
        for code, (field, rows) in refusals.items()
        for entry in finding(code, field, rows, severity="refuse", detail=WORDS[code])
    ]


def implied_value(batch: Batch, basis: Basis, value: Floats) -> list[Finding]:
    """Value over area outside the band of the category."""
    table = basis.parameters.table(CATEGORY)
    levels = batch.levels["category"]
    low = batch.by_level("category", table.column("implied_low", levels))
    high = batch.by_level("category", table.column("implied_high", levels))
    area = batch.numbers("area_mu")
    implied = np.divide(value, area, out=np.full(batch.n, np.nan), where=area > 0.0)
    code = "implied-value-outside-band"
    return finding(
        code,
        "",
        (implied < low) | (implied > high),
        severity="ask",
        detail=WORDS[code],
        implied=implied,
        low=low,
        high=high,
    )
