"""What speaks against the inputs, or against the value, of an expected carbon-sink income."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.batches import finding, findings
from risk_models.comparables import SERIES
from risk_models.contract import Basis, Batch, Finding, Floats, Recorder
from risk_models.modelling import (
    as_day,
    ended_findings,
    mixed_units,
    not_asked_of,
    over_area,
    per_unit,
    price_findings,
    price_growth_findings,
    rate_findings,
    years,
)
from risk_models.models.carbon_sink_income.approaches import COMPARED, weights_of
from risk_models.models.carbon_sink_income.deduction_inputs import DEDUCTIONS as DEDUCTION_FIELDS
from risk_models.models.carbon_sink_income.deduction_inputs import PRECISION as SAMPLE_FIELDS
from risk_models.models.carbon_sink_income.deductions import half_width, loss_scores
from risk_models.models.carbon_sink_income.growth_checks import growth_findings
from risk_models.models.carbon_sink_income.money_inputs import EVIDENCE as EVIDENCE_FIELDS
from risk_models.models.carbon_sink_income.money_inputs import MONEY as MONEY_FIELDS
from risk_models.models.carbon_sink_income.names import (
    AFOLU_LIMITS,
    AFOLU_MITIGATION,
    AVERAGES,
    BUFFER_LOW,
    CARE_HIGH,
    CARE_LOW,
    COMPARABLES,
    GROWTH_HIGH,
    HAZARD_HIGH,
    PRECISION,
    PRICE_OF,
    RATE_HIGH,
    RATE_LOW,
    REGISTRATION,
)
from risk_models.models.carbon_sink_income.prices import averages_wanted, sold_at
from risk_models.models.carbon_sink_income.words import CARE, CARE_COSTS, IMPLIED, WORDS

__all__ = ["check", "review"]

OFF: Final = Recorder()

ASIDE: Final = {
    choice.name: tuple(
        field.name
        for field in (*DEDUCTION_FIELDS, *SAMPLE_FIELDS, *MONEY_FIELDS, *EVIDENCE_FIELDS)
        if field.needed_when is not None
        and field.needed_when[0] == choice.name
        and "" not in field.needed_when[1]
    )
    for choice in (*DEDUCTION_FIELDS, *SAMPLE_FIELDS, *MONEY_FIELDS, *EVIDENCE_FIELDS)
    if choice.kind == "choice" and not choice.required and choice.needed_when is None
}
"""By choice that may be left empty: the inputs that an empty answer leaves out."""

WHOLE: Final = 1.01
"""Areas of strata are rounded: their sum and the whole may lie this far apart, either way."""

STRATA: Final = ("strata_areas_mu", "strata_means", "strata_spreads", "strata_plots")


def check(batch: Batch, basis: Basis) -> list[Finding]:
    """Dates that contradict each other, missing prices, and what a reviewer must look at."""
    parameters = basis.parameters
    return [
        *_spot_findings(batch, basis),
        *_date_findings(batch, basis),
        *_care_findings(batch, basis),
        *growth_findings(batch, basis),
        *rate_findings(batch, low=parameters.number(RATE_LOW), high=parameters.number(RATE_HIGH)),
        *price_growth_findings(
            basis,
            rows_by_price={use.id: rows for use, rows in sold_at(batch, basis)},
            limit=parameters.number(GROWTH_HIGH),
        ),
        *_average_findings(batch, basis),
        *_high_price_findings(batch, basis),
        *_buffer_findings(batch, basis),
        *_risk_findings(batch, basis),
        *_hazard_findings(batch, basis),
        *_sample_findings(batch, basis),
        *_empty_choice_findings(batch),
        *_deal_findings(batch, basis),
    ]


def review(
    batch: Batch, basis: Basis, value: Floats, quantities: Mapping[str, tuple[Floats, str]]
) -> list[Finding]:
    """The implied price, and removals that the baseline eats up."""
    nothing = (np.zeros(batch.n), "")
    tonnes = sum(
        (quantities.get(name, nothing)[0] for name in ("credit_sales", "comparable_sales")),
        quantities.get("baseline", nothing)[0],
    )
    cost = weights_of(batch, basis)[0]["cost"]
    # Costs carry no tonnes: the tonnes of the other approaches stand for their share as well.
    whole = np.asarray(tonnes) / (1.0 - cost)
    planned = quantities.get("credit_sales", nothing)[0] + quantities.get("baseline", nothing)[0]
    code = "removals-below-baseline"
    return [
        *_implied_price(batch, basis, value, whole),
        *_tonnes_findings(batch, basis, np.asarray(planned)),
        *finding(code, "baseline_basis", whole < 0.0, severity="ask", detail=WORDS[code]),
    ]


def _tonnes_findings(batch: Batch, basis: Basis, planned: Floats) -> list[Finding]:
    """Tonnes beside comparable deals beyond what the plan gives from first to last.

    `planned` are the tonnes still to come as the income approach weighs them. Those verified so
    far may be issued and unsold: at the same pace they are in the ratio of the years.
    """
    compared = batch.is_level("other_evidence", *COMPARED)
    if not compared.any():
        return []
    starts, ends = batch.days("crediting_starts_on"), batch.days("crediting_ends_on")
    left = years(batch.days("last_verified_on"), ends)
    to_come = planned / weights_of(batch, basis)[0]["income"]
    limit = to_come * years(starts, ends) / left
    given = batch.numbers("tonnes_for_sale_tco2e")
    code = "tonnes-above-plan"
    return finding(
        code,
        "tonnes_for_sale_tco2e",
        compared & (given > limit) & (limit > 0.0),
        severity="ask",
        detail=WORDS[code],
        given=given,
        limit=limit,
    )


def _empty_choice_findings(batch: Batch) -> list[Finding]:
    """A choice left empty beside inputs that count only under another of its answers."""
    found: list[Finding] = []
    for name, fields in ASIDE.items():
        told = [field for field in fields if _is_told(batch, field)]
        empty = batch.is_level(name, "")
        if not told or not empty.any():
            continue
        given = np.any([_has(batch.columns[field]) for field in told], axis=0)
        code = "choice-left-empty"
        found += finding(code, name, given & empty, severity="ask", detail=WORDS[code])
    return found


def _is_told(batch: Batch, field: str) -> bool:
    """Whether any row may have the input: not where one empty row is told for all."""
    if not batch.is_constant(field):
        return True
    return bool(_has(batch.columns[field][:1])[0])


def _has(column: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
    """Rows of a column of choices, numbers or series that are not empty."""
    first = np.asarray(column if column.ndim == 1 else column[:, 0], dtype=np.float64)
    return np.asarray(first >= 0.0)


def _implied_price(batch: Batch, basis: Basis, value: Floats, tonnes: Floats) -> list[Finding]:
    """Value over tonnes outside the band of such credits. No tonnes, no implied price.

    Where the price itself lies above the band, that is asked about and not its consequence.
    """
    low, high = _band(batch, basis)
    implied = per_unit(value, tonnes)
    above = (implied > high) & ~(_price(batch, basis) > high)
    return finding(
        "implied-price-outside-band",
        "",
        (implied < low) | above,
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
        "crediting-ended": ("crediting_ends_on", (verified >= ends) & (ends > starts)),
    }
    return [
        *findings("refuse", refusals, WORDS),
        *ended_findings(batch, basis.on),
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


def _care_findings(batch: Batch, basis: Basis) -> list[Finding]:
    """Care a year over the area outside the usual: a slip of the area, or of the costs.

    Value and removals grow with the area, and so look alike at any; its costs do not. No costs at
    all are a statement of their own and are not judged.
    """
    verified = batch.numbers("verification_cost_yuan") / batch.numbers("verification_every_years")
    care = per_unit(batch.numbers("monitoring_cost_yuan") + verified, batch.numbers("area_mu"))
    care = np.where(care > 0.0, care, np.nan)
    low, high = (np.full(batch.n, basis.parameters.number(key)) for key in (CARE_LOW, CARE_HIGH))
    mixed = mixed_units("area_mu", care, low=low, high=high, detail=over_area(CARE, CARE_COSTS))
    code = "care-outside-band"
    outside = ((care < low) | (care > high)) & not_asked_of(mixed, batch.n)
    told = finding(
        code,
        "area_mu",
        outside,
        severity="ask",
        detail=WORDS[code],
        care=care,
        low=low,
        high=high,
    )
    return [*mixed, *told]


def _average_findings(batch: Batch, basis: Basis) -> list[Finding]:
    """Averages that are wanted but not known, or that ended long before the day."""
    wanted = averages_wanted(batch)
    if not wanted.any():
        return []
    found: list[Finding] = []
    code = "average-missing"
    for level in PRICE_OF:
        pair = AVERAGES.get(level, ())
        known = [use for use in pair if use.id in basis.prices]
        hit = np.flatnonzero(wanted & batch.is_level("registration", level))
        part = batch.take(hit)
        if len(hit) and (not pair or len(known) < len(pair)):
            everyone = np.ones(part.n, dtype=np.bool_)
            found += [
                entry.moved(hit)
                for entry in finding(
                    code, "price_basis", everyone, severity="ask", detail=WORDS[code]
                )
            ]
        found += [
            entry.moved(hit)
            for use in known
            for entry in price_findings(part, basis, field="registration", price_of={level: use})
        ]
    return found


def _spot_findings(batch: Batch, basis: Basis) -> list[Finding]:
    """A price of the day that rows are sold at and that is missing or ended; averages do without it."""
    averaged = {use.id for pair in AVERAGES.values() for use in pair}
    spared = np.zeros(batch.n, dtype=np.bool_)
    for use, rows in sold_at(batch, basis):
        if use.id in averaged:
            spared |= rows
    if not spared.any():
        return price_findings(batch, basis, field="registration", price_of=PRICE_OF)
    hit = np.flatnonzero(~spared)
    found = price_findings(batch.take(hit), basis, field="registration", price_of=PRICE_OF)
    return [entry.moved(hit) for entry in found]


def _high_price_findings(batch: Batch, basis: Basis) -> list[Finding]:
    """A price above any such credits fetched; else above what it did not exceed on 95 % of days."""
    price = _price(batch, basis)
    _, high = _band(batch, basis)
    usual = batch.numbers("usual_price_yuan")
    above = price > high
    told = {
        "price-above-band": ("", above, high),
        "price-above-usual": ("usual_price_yuan", (price > usual) & ~above, usual),
    }
    return [
        entry
        for code, (field, rows, limit) in told.items()
        for entry in finding(
            code, field, rows, severity="ask", detail=WORDS[code], price=price, limit=limit
        )
    ]


def _price(batch: Batch, basis: Basis) -> Floats:
    """Yuan per tonne that each row is sold at, NaN where that is not known."""
    price = np.full(batch.n, np.nan)
    for use, rows in sold_at(batch, basis):
        if use.id in basis.prices:
            price[rows] = basis.prices[use.id].yuan
    return price


def _band(batch: Batch, basis: Basis) -> tuple[Floats, Floats]:
    """Lowest and highest price of credits registered as those of each row."""
    table = basis.parameters.table(REGISTRATION)
    levels = batch.levels["registration"]
    low, high = (
        batch.by_level("registration", table.column(column, levels))
        for column in ("implied_price_low", "implied_price_high")
    )
    return low, high


def _buffer_findings(batch: Batch, basis: Basis) -> list[Finding]:
    floor = basis.parameters.number(BUFFER_LOW)
    buffer = batch.numbers("buffer_share")
    return finding(
        "buffer-below-floor",
        "buffer_share",
        (buffer < floor) & batch.is_level("permanence_basis", "given-share", ""),
        severity="ask",
        detail=WORDS["buffer-below-floor"],
        buffer=buffer,
        floor=np.array(floor),
    )


def _risk_findings(batch: Batch, basis: Basis) -> list[Finding]:
    """A risk of loss that fails the table, before or after mitigation."""
    rows = batch.is_level("permanence_basis", "risk-table")
    if not rows.any():
        return []
    limits = basis.parameters.table(AFOLU_LIMITS)["points"]
    table = basis.parameters.table(AFOLU_MITIGATION)
    factor = table.column("mitigation_factor", batch.levels["loss_mitigation"])
    score = loss_scores(batch, basis, OFF)
    total = score * batch.by_level("loss_mitigation", factor) + batch.numbers("other_risk_points")
    code = "risk-failed"
    failed = (score > limits["most_natural_points"]) | (total > limits["most_points"])
    return finding(code, "loss_per_event", rows & failed, severity="refuse", detail=WORDS[code])


def _hazard_findings(batch: Batch, basis: Basis) -> list[Finding]:
    """The hazard in the rate and in the flows, or beyond the usual, and trees two plans count."""
    hazard = batch.numbers("yearly_loss_share")
    limit = basis.parameters.number(HAZARD_HIGH)
    in_rate = batch.is_level("hazard_treatment", "in-rate")
    twice = in_rate & (np.nan_to_num(hazard) > 0.0)
    plans = batch.numbers("also_valued_for_timber") == 1.0
    # A rotation is the joint plan: it credits no more than the mean stock between its fellings.
    plans &= ~batch.is_level("removal_basis", "rotation")
    return [
        *finding(
            "hazard-twice",
            "yearly_loss_share",
            twice,
            severity="refuse",
            detail=WORDS["hazard-twice"],
        ),
        *finding(
            "hazard-above-band",
            "yearly_loss_share",
            (hazard > limit) & ~in_rate,
            severity="ask",
            detail=WORDS["hazard-above-band"],
            hazard=hazard,
            limit=np.array(limit),
        ),
        *finding(
            "two-plans",
            "also_valued_for_timber",
            plans,
            severity="ask",
            detail=WORDS["two-plans"],
        ),
    ]


def _counts(batch: Batch, names: tuple[str, ...]) -> tuple[Floats, Floats]:
    """Fewest and most entries by row over some series."""
    counts = np.array([np.sum(~np.isnan(batch.numbers(name)), axis=1) for name in names])
    return counts.min(axis=0).astype(np.float64), counts.max(axis=0).astype(np.float64)


def _sample_findings(batch: Batch, basis: Basis) -> list[Finding]:
    """Strata that do not fit together, and samples that are not precise."""
    measured = np.flatnonzero(batch.is_level("precision_basis", "plots", "half-width"))
    if not len(measured):
        return []
    part = batch.take(measured)
    plots = part.is_level("precision_basis", "plots")
    fewest, most = _counts(part, STRATA)
    unequal = plots & (fewest != most)
    sound = np.flatnonzero(~unequal)
    half = np.full(part.n, np.nan)
    if len(sound):
        half[sound] = half_width(part.take(sound), OFF)
    limit = basis.parameters.table(PRECISION).number("ar-tool14", "from_4")
    strata = np.nansum(part.numbers("strata_areas_mu"), axis=1)
    found = [
        *finding(
            "strata-unequal",
            "strata_plots",
            unequal,
            severity="refuse",
            detail=WORDS["strata-unequal"],
        ),
        *finding(
            "strata-above-area",
            "strata_areas_mu",
            plots & (strata > part.numbers("area_mu") * WHOLE),
            severity="ask",
            detail=WORDS["strata-above-area"],
            strata=strata,
            area=part.numbers("area_mu"),
        ),
        *finding(
            "strata-below-area",
            "strata_areas_mu",
            plots & (strata * WHOLE < part.numbers("area_mu")),
            severity="ask",
            detail=WORDS["strata-below-area"],
            strata=strata,
            area=part.numbers("area_mu"),
        ),
        *finding(
            "sample-imprecise",
            "precision_basis",
            half > limit,
            severity="ask",
            detail=WORDS["sample-imprecise"],
            half=half,
            limit=np.array(limit),
        ),
    ]
    return [entry.moved(measured) for entry in found]


def _deal_findings(batch: Batch, basis: Basis) -> list[Finding]:
    """Comparable deals that do not fit together, are few, or are not comparable."""
    compared = np.flatnonzero(batch.is_level("other_evidence", "comparables", "both"))
    if not len(compared):
        return []
    part = batch.take(compared)
    fewest, most = _counts(part, SERIES)
    usual = basis.parameters.table(COMPARABLES)["usual"]
    factors = part.numbers("comparable_factors")
    far = ((factors < usual["factor_low"]) | (factors > usual["factor_high"])).any(axis=1)
    weightless = np.nansum(part.numbers("comparable_weights"), axis=1) <= 0.0
    told: dict[str, tuple[str, str, npt.NDArray[np.bool_], dict[str, Floats]]] = {
        "comparables-unequal": ("comparable_prices_yuan", "refuse", fewest != most, {}),
        "comparables-without-weight": ("comparable_weights", "refuse", weightless, {}),
        "comparables-few": (
            "comparable_prices_yuan",
            "ask",
            most < usual["fewest"],
            {"given": most, "fewest": np.array(usual["fewest"])},
        ),
        "comparable-far": (
            "comparable_factors",
            "ask",
            np.asarray(far),
            {"low": np.array(usual["factor_low"]), "high": np.array(usual["factor_high"])},
        ),
    }
    return [
        entry.moved(compared)
        for code, (field, severity, rows, facts) in told.items()
        for entry in finding(code, field, rows, severity=severity, detail=WORDS[code], **facts)
    ]
