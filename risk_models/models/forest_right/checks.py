"""What speaks against the inputs, or against the value, of a forest right."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.batches import finding, findings
from risk_models.contract import Basis, Batch, Finding, Floats, PriceUse
from risk_models.modelling import (
    area_findings,
    as_day,
    ended_findings,
    mixed_units,
    not_asked_of,
    over_area,
    per_unit,
    price_findings,
    rate_findings,
    term_findings,
    years,
)
from risk_models.models.forest_right.asked import ASKED_FIELDS
from risk_models.models.forest_right.groups import (
    AGE_LIMITS,
    AREA_HIGH,
    AREA_LOW,
    BAMBOO,
    BARE,
    BEARING,
    BEARING_AGES,
    CATEGORY,
    COMPARABLES_LEAST,
    CREDIT_PRICES,
    CUT,
    FRUIT,
    HARVESTED,
    JOINABLE,
    OUTTURN_HIGH,
    PLANTED,
    RATE_HIGH,
    RATE_LOW,
    RENEWED,
    ROTATION_SHARES,
    STANDING,
    STOCK_HIGH,
    STOCK_LOW,
    STOCKING,
    TERM_HIGH,
    TIMBER,
)
from risk_models.models.forest_right.part import given, kept_for_carbon, or_else
from risk_models.models.forest_right.words import NO_YOUNGER, WORDS
from risk_models.words import Text

__all__ = ["check", "implied_value"]

Mask = npt.NDArray[np.bool_]

LIMITED: Final = ("young", "middle", "near-mature", "mature", "over-mature")
"""Age groups in their order; each but the last has a last year of age."""


def check(batch: Batch, basis: Basis) -> list[Finding]:
    """Category, dates, what the age group needs, plausibility, prices and the rate."""
    parameters = basis.parameters
    return [
        *_category_findings(batch, basis),
        *_date_findings(batch, basis),
        *ended_findings(batch, basis.on),
        *_quality_findings(batch, basis),
        *_series_findings(batch, basis),
        *_land_findings(batch),
        *_plan_findings(batch),
        *_timber_findings(batch, basis),
        *_stand_findings(batch, basis),
        *_bearing_findings(batch, basis),
        *_price_findings(batch, basis),
        *area_findings(batch, low=parameters.number(AREA_LOW), high=parameters.number(AREA_HIGH)),
        *term_findings(batch, basis.on, limit_years=parameters.number(TERM_HIGH)),
        *rate_findings(batch, low=parameters.number(RATE_LOW), high=parameters.number(RATE_HIGH)),
    ]


def _told(
    severity: str, of: Mapping[str, tuple[str, Mask]], **facts: npt.NDArray[np.generic]
) -> list[Finding]:
    return findings(severity, of, WORDS, **facts)


def _category_findings(batch: Batch, basis: Basis) -> list[Finding]:
    table = basis.parameters.table(CATEGORY)
    allowed = batch.by_level("category", table.column("mortgageable", batch.levels["category"]))
    economic = batch.is_level("category", "economic")
    fruit = batch.is_level("age_group", *FRUIT)
    # Bamboo shoots are economic forest, bamboo culms timber forest: both categories have it.
    strange = (economic != fruit) & ~batch.is_level("age_group", *BAMBOO)
    welfare = or_else(batch, "public_welfare_share")
    paid = or_else(batch, "compensation_yuan_per_mu")
    return [
        *_told("refuse", {"category-not-mortgageable": ("category", allowed == 0.0)}),
        *_told(
            "ask",
            {
                "group-not-of-category": ("age_group", strange),
                "compensation-without-welfare": (
                    "compensation_yuan_per_mu",
                    (paid > 0.0) & (welfare == 0.0),
                ),
            },
        ),
        *_told("note", {"public-welfare-share": ("public_welfare_share", welfare > 0.0)}),
    ]


def _date_findings(batch: Batch, basis: Basis) -> list[Finding]:
    on = np.full(batch.n, as_day(basis.on))
    planted, right = batch.days("planted_on"), batch.days("right_ends_on")
    left = batch.numbers("rotation_years") - years(planted, on)
    harvested = batch.is_level("age_group", *HARVESTED)
    planted_or_bearing = batch.is_level("age_group", *((PLANTED | BEARING) - BAMBOO))
    short = left - years(on, right)
    return [
        *_told(
            "refuse",
            {
                "planted-after-valuation-day": ("planted_on", planted > on),
                "past-economic-life": (
                    "rotation_years",
                    (left <= 0.0) & (harvested | planted_or_bearing),
                ),
            },
        ),
        *_told(
            "ask",
            {"right-ends-before-harvest": ("right_ends_on", harvested & (short > 0.0))},
            short=short,
        ),
    ]


def _quality_findings(batch: Batch, basis: Basis) -> list[Finding]:
    """K is needed where it counts; below the limit of survival it is nothing."""
    measured = batch.is_level("quality_basis", "height", "diameter", "volume")
    counts = batch.is_level("age_group", *(PLANTED | HARVESTED | BEARING))
    table = basis.parameters.table(STOCKING)
    limit = batch.by_level(
        "planting_zone", table.column("replant_below_share", batch.levels["planting_zone"])
    )
    missing = counts & ~measured & np.isnan(batch.numbers("quality_k"))
    return [
        *_told("refuse", {"quality-missing": ("quality_k", missing)}),
        *_told(
            "ask",
            {
                "must-replant": (
                    "survival_share",
                    counts & measured & (batch.numbers("survival_share") < limit),
                )
            },
        ),
    ]


# ---------------------------------------------------------------------------
# Lists that belong together

PAIRS: Final = (
    ("thinning_ages_years", "thinning_stock_m3_per_mu"),
    ("assortment_outturn_shares", "assortment_prices_yuan_per_m3"),
    ("comparable_prices_yuan_per_mu", "comparable_factors"),
    ("comparable_prices_yuan_per_mu", "comparable_weights"),
)


TITLES: Final = {field.name: field.title for field in ASKED_FIELDS}


def _series_findings(batch: Batch, basis: Basis) -> list[Finding]:
    lengths = {
        name: (~np.isnan(batch.numbers(name))).sum(axis=1) for pair in PAIRS for name in pair
    }
    found = [
        entry
        for one, other in PAIRS
        for entry in finding(
            "series-differ-in-length",
            other,
            lengths[one] != lengths[other],
            severity="refuse",
            detail=WORDS["series-differ-in-length"].about(other=TITLES[one]),
        )
    ]
    compared = given(batch, "comparable_prices_yuan_per_mu")
    weighed = np.nansum(batch.numbers("comparable_weights"), axis=1)
    thinning = given(batch, "thinning_ages_years") & batch.is_level("age_group", *RENEWED)
    price = np.isnan(batch.numbers("thinning_price_share"))
    least = basis.parameters.number(COMPARABLES_LEAST)
    count = lengths["comparable_prices_yuan_per_mu"]
    return [
        *found,
        *_told(
            "refuse",
            {
                "needed-with-thinnings": ("thinning_price_share", thinning & price),
                "comparables-without-weight": ("comparable_weights", compared & (weighed <= 0.0)),
            },
        ),
        *_told(
            "ask",
            {"few-comparables": ("comparable_prices_yuan_per_mu", compared & (count < least))},
            count=count,
            least=np.array(least),
        ),
    ]


# ---------------------------------------------------------------------------
# Land and plan


def _land_findings(batch: Batch) -> list[Finding]:
    wanted = batch.is_level("land_basis", "expectation")
    bare = batch.is_level("age_group", *BARE)
    counted = batch.is_level("age_group", *RENEWED) & ~kept_for_carbon(batch)
    return [
        *_told("refuse", {"needed-for-land": ("land_basis", bare & ~wanted)}),
        *_told("note", {"land-not-counted": ("land_basis", wanted & ~counted)}),
    ]


def _plan_findings(batch: Batch) -> list[Finding]:
    """The same trees are never felled and credited by two plans."""
    elsewhere = or_else(batch, "credited_elsewhere") == 1.0
    joint, carbon = batch.is_level("plan", "joint"), batch.is_level("plan", "carbon")
    felled = ~joint & ~carbon & batch.is_level("age_group", *CUT)
    able = batch.is_level("age_group", *JOINABLE)
    return [
        *_told(
            "refuse",
            {
                "trees-credited": ("plan", elsewhere & felled),
                "no-joint-plan": ("plan", joint & ~able),
            },
        ),
        *_told("ask", {"carbon-counted-twice": ("credited_elsewhere", elsewhere & joint)}),
        *_told("note", {"kept-for-carbon": ("plan", kept_for_carbon(batch))}),
    ]


# ---------------------------------------------------------------------------
# Timber


def _timber_findings(batch: Batch, basis: Basis) -> list[Finding]:
    parameters = basis.parameters
    later = batch.is_level("age_group", *HARVESTED)
    now = batch.is_level("age_group", *STANDING)
    timber = later | now | batch.is_level("age_group", *BARE)
    if not timber.any():
        return []
    outturn = batch.numbers("outturn_share")
    assorted = np.nansum(batch.numbers("assortment_outturn_shares"), axis=1)
    stock_then, stock_now = (
        np.where(rows, batch.numbers(name), np.nan)
        for name, rows in (("stock_at_harvest_m3_per_mu", later), ("stock_now_m3_per_mu", now))
    )
    at_market = timber & (assorted < outturn) & batch.is_level("category", "fuel")
    high = np.array(parameters.number(OUTTURN_HIGH))
    return [
        *_told(
            "refuse",
            {
                "assortments-above-outturn": (
                    "assortment_outturn_shares",
                    timber & (assorted > outturn),
                )
            },
        ),
        *_told(
            "ask",
            {"outturn-above-band": ("outturn_share", timber & (outturn > high))},
            outturn=outturn,
            high=high,
        ),
        *_told(
            "ask",
            {
                "stock-falls": ("stock_at_harvest_m3_per_mu", stock_then < stock_now),
                "fuel-at-timber-price": ("category", at_market & ~kept_for_carbon(batch)),
            },
        ),
        *_told(
            "note",
            {"quota-below-timber": ("quota_share", timber & (batch.numbers("quota_share") < 1.0))},
        ),
        *_stock_findings("stock_at_harvest_m3_per_mu", stock_then, basis),
        *_stock_findings("stock_now_m3_per_mu", stock_now, basis),
    ]


def _stock_findings(field: str, stock: Floats, basis: Basis) -> list[Finding]:
    """Above the most seen on good land, or meant by the hectare."""
    low = np.full(len(stock), basis.parameters.number(STOCK_LOW))
    high = np.full(len(stock), basis.parameters.number(STOCK_HIGH))
    mixed = mixed_units(field, stock, low=low, high=high)
    return [
        *mixed,
        *_told(
            "ask",
            {"stock-above-band": (field, (stock > high) & not_asked_of(mixed, len(stock)))},
            stock=stock,
            high=high,
        ),
    ]


def _stand_findings(batch: Batch, basis: Basis) -> list[Finding]:
    """The age of a stand beside its age group: by its species where known, else by its rotation."""
    if not batch.is_level("age_group", *LIMITED).any():
        return []
    by_species = _age_findings(batch, basis)
    spared = not_asked_of(by_species, batch.n)
    return [*by_species, *_rotation_findings(batch, basis, spared)]


def _rotation_findings(batch: Batch, basis: Basis, rows: Mask) -> list[Finding]:
    """The age over the rotation against the share at which the age group begins and ends."""
    table = basis.parameters.table(ROTATION_SHARES)
    groups = batch.levels["age_group"]
    begins, ends = (
        batch.by_level("age_group", table.column_or_nan(name, groups)) for name in ("least", "most")
    )
    age = years(batch.days("planted_on"), np.full(batch.n, as_day(basis.on)))
    rotation = batch.numbers("rotation_years")
    share = per_unit(age, rotation)
    told = {"age": age, "rotation": rotation, "share": 100.0 * share}
    young = {"young-for-rotation": ("age_group", rows & (share >= 0.0) & (share < begins))}
    old = {"old-for-rotation": ("age_group", rows & (share > ends))}
    return [
        *_told("ask", young, limit=100.0 * begins, **told),
        *_told("ask", old, limit=100.0 * ends, **told),
    ]


def _age_findings(batch: Batch, basis: Basis) -> list[Finding]:
    """The whole years of age against those of the age group, for the group of species."""
    table = basis.parameters.table(AGE_LIMITS)
    species = batch.levels["species_group"]
    ends = {
        group: batch.by_level(
            "species_group", table.column(f"{group.replace('-', '_')}_until", species)
        )
        for group in LIMITED[:-1]
    }
    on = np.full(batch.n, as_day(basis.on))
    age = np.floor(years(batch.days("planted_on"), on))
    found: list[Finding] = []
    low = np.zeros(batch.n)
    for group in LIMITED:
        high = ends.get(group, np.full(batch.n, np.inf))
        rows = batch.is_level("age_group", group) & ((age < low) | (age > high))
        code = "age-outside-group"
        facts = {"age": age, "low": low}
        words = NO_YOUNGER
        if group in ends:
            facts, words = {**facts, "high": high}, WORDS[code]
        found += finding(code, "age_group", rows, severity="ask", detail=words, **facts)
        low = high + 1.0
    return found


def _bearing_findings(batch: Batch, basis: Basis) -> list[Finding]:
    """Fruit trees too young to bear as they are said to, or of another age than such trees have."""
    if not batch.is_level("age_group", *FRUIT).any():
        return []
    table = basis.parameters.table(BEARING_AGES)
    age = years(batch.days("planted_on"), np.full(batch.n, as_day(basis.on)))
    found: list[Finding] = []
    for group in sorted(FRUIT):
        least, low, high = (
            table.number(group, each) for each in ("least_years", "usual_from", "usual_until")
        )
        stated = batch.is_level("age_group", group) & (age >= 0.0)
        young = stated & (age < least)
        other = stated & ~young & ((age < low) | (age > high))
        ages = {"age": age, "low": np.array(low), "high": np.array(high)}
        found += [
            *_told(
                "refuse",
                {"too-young-to-bear": ("planted_on", young)},
                age=age,
                least=np.array(least),
            ),
            *_told("ask", {"bearing-age-unusual": ("planted_on", other)}, **ages),
        ]
    return found


# ---------------------------------------------------------------------------
# Prices


def _price_findings(batch: Batch, basis: Basis) -> list[Finding]:
    """Each price is needed only where something is sold at it."""
    felled = batch.is_level("age_group", *(HARVESTED | STANDING)) & ~kept_for_carbon(batch)
    assorted = np.nansum(batch.numbers("assortment_outturn_shares"), axis=1)
    thinned = given(batch, "thinning_ages_years") & batch.is_level("age_group", *HARVESTED)
    at_market = (assorted < batch.numbers("outturn_share")) | thinned
    joint = batch.is_level("plan", "joint") & batch.is_level("age_group", *JOINABLE)
    return [
        *_price_of(
            batch,
            basis,
            felled & at_market,
            "age_group",
            dict.fromkeys(sorted(HARVESTED | STANDING), TIMBER),
        ),
        *_price_of(batch, basis, joint, "credit_price", CREDIT_PRICES),
    ]


def _price_of(
    batch: Batch, basis: Basis, rows: Mask, field: str, price_of: Mapping[str, PriceUse]
) -> list[Finding]:
    at = np.flatnonzero(rows)
    if at.size == 0:
        # A day before the rule of how old a price may be is no obstacle where nothing is sold at one.
        return []
    column = batch.codes(field)[at]
    found = price_findings(
        Batch(n=len(at), columns={field: column}, levels=batch.levels),
        basis,
        field=field,
        price_of=price_of,
    )
    return [entry.moved(at) for entry in found]


IMPLIED: Final = Text(en="Value per mu (yuan/mu)", zh="每亩价值（元/亩）")
VALUED: Final = Text(en="the volumes, yields, prices and costs", zh="蓄积量、产量、价格与成本")


def implied_value(batch: Batch, basis: Basis, value: Floats) -> list[Finding]:
    """Value over area outside the band of the category."""
    table = basis.parameters.table(CATEGORY)
    levels = batch.levels["category"]
    low = batch.by_level("category", table.column("implied_low", levels))
    high = batch.by_level("category", table.column("implied_high", levels))
    implied = per_unit(value, batch.numbers("area_mu"))
    code = "implied-value-outside-band"
    mixed = mixed_units("", implied, low=low, high=high, detail=over_area(IMPLIED, VALUED))
    outside = finding(
        code,
        "",
        (implied < low) | (implied > high),
        severity="ask",
        detail=WORDS[code],
        implied=implied,
        low=low,
        high=high,
    )
    return [*outside, *mixed]
