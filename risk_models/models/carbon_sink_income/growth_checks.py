"""What speaks against the way removals are stated: age, species, factors, and too much of them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.batches import alike, finding
from risk_models.columns import Picked, picked
from risk_models.contract import Basis, Batch, Codes, Finding, Floats, Recorder
from risk_models.modelling import mixed_units, per_unit, worked_out, years
from risk_models.models.carbon_sink_income.balance_inputs import BALANCE
from risk_models.models.carbon_sink_income.gain_loss import net_carbon
from risk_models.models.carbon_sink_income.growth import (
    CONVERSIONS,
    OWN_CURVE,
    Stands,
    curve_stock,
    curves_of,
)
from risk_models.models.carbon_sink_income.names import (
    CURVE,
    DRY_LAND,
    GOLD_STANDARD,
    GRASSLAND,
    GROWING,
    GROWTH_MARGIN,
    KIND,
    LEAST_COVER,
    STOCK_BAND,
)
from risk_models.models.carbon_sink_income.rates import shrub_removals, soil_removals
from risk_models.models.carbon_sink_income.rotation import rotation_removals, whole_crediting_years
from risk_models.models.carbon_sink_income.sink_inputs import REMOVALS
from risk_models.models.carbon_sink_income.words import RATE, WORDS
from risk_models.trace import interpolated
from risk_models.words import Text

__all__ = ["growth_findings", "yearly_removals"]

Mask = npt.NDArray[np.bool_]
OFF: Final = Recorder()

STATED: Final = {
    "removals_tco2e_per_mu": ("yearly-rate", "rotation"),
    "removals_by_year_tco2e_per_mu": ("validated-table",),
}
"""The input that states removals, by how they are stated."""

WORKED_OUT: Final = {
    "yield-table": ("stock_by_age_m3_per_ha", "yield_step_years"),
    "crown-cover": ("forest_biomass_t_per_ha", "cover_before_share", "cover_after_share"),
    "soil-carbon": ("soil_carbon_t_per_ha", "grassland_before", "grassland_after"),
    "gain-loss": (
        "growth_t_per_ha",
        "wood_removed_m3",
        "fuelwood_m3",
        "disturbed_biomass_t_per_ha",
    ),
}
"""What removals are worked out from where nobody states them, the figure per hectare first."""

TITLES: Final = {field.name: field.title for field in (*REMOVALS, *BALANCE)}

LEAP_DAYS: Final = 0.01
"""Years by which a period of whole calendar years may differ from them, its last day left out or not."""


def growth_findings(batch: Batch, basis: Basis) -> list[Finding]:
    """All findings on how removals are stated."""
    grown = _Growing.of(batch, basis)
    return [
        *_kind_findings(batch),
        *_stand_findings(batch, basis, grown),
        *_state_findings(batch, basis),
        *_rotation_findings(batch),
        *_balance_findings(batch),
        *_length_findings(batch),
        *_rate_findings(batch, basis, grown),
        *_bound_findings(batch, basis),
    ]


def _refused(code: str, field: str, rows: Mask) -> list[Finding]:
    return finding(code, field, rows, severity="refuse", detail=WORDS[code])


def _kind_findings(batch: Batch) -> list[Finding]:
    """Curves are for forest, crown cover for shrub, soil carbon for grassland."""
    wrong = (
        (batch.is_level("removal_basis", *GROWING) & ~batch.is_level("sink_kind", "forest"))
        | (batch.is_level("removal_basis", "crown-cover") & ~batch.is_level("sink_kind", "shrub"))
        | (
            batch.is_level("removal_basis", "soil-carbon")
            & ~batch.is_level("sink_kind", "grassland")
        )
        | (
            batch.is_level("removal_basis", "rotation", "gain-loss")
            & batch.is_level("sink_kind", "grassland")
        )
    )
    return _refused("basis-not-for-kind", "removal_basis", wrong)


def _rotation_findings(batch: Batch) -> list[Finding]:
    """Rotations that do not end within the crediting period, or that leave nothing standing."""
    rows = batch.is_level("removal_basis", "rotation")
    if not rows.any():
        return []
    starts, ends = batch.days("crediting_starts_on"), batch.days("crediting_ends_on")
    whole = whole_crediting_years(crediting_years=years(starts, ends))
    every = batch.numbers("rotation_years")
    long_enough = rows & (whole > every)
    hit = np.flatnonzero(long_enough)
    nothing = np.zeros(batch.n, dtype=np.bool_)
    if len(hit):
        nothing[hit] = rotation_removals(batch, hit, years(starts, ends)[hit], OFF) <= 0.0
    code = "rotation-not-within-crediting"
    return [
        *finding(
            code,
            "rotation_years",
            rows & ~long_enough & (ends > starts),
            severity="refuse",
            detail=WORDS[code],
            whole=whole,
            every=every,
        ),
        *_refused("rotation-stores-nothing", "cleared_tco2e_per_mu", nothing),
    ]


def _balance_findings(batch: Batch) -> list[Finding]:
    """Losses that eat up the growth, or that are stated twice."""
    rows = batch.is_level("removal_basis", "gain-loss")
    hit = np.flatnonzero(rows)
    if not len(hit):
        return []
    area, disturbed = batch.numbers("area_mu"), batch.numbers("disturbed_area_mu")
    nothing = np.zeros(batch.n, dtype=np.bool_)
    nothing[hit] = net_carbon(batch, hit, OFF) <= 0.0
    hazard = np.nan_to_num(batch.numbers("yearly_loss_share")) > 0.0
    code = "disturbance-and-hazard"
    return [
        *_refused("losses-above-growth", "growth_t_per_ha", nothing & (area > 0.0)),
        *_refused(
            "disturbed-above-area", "disturbed_area_mu", rows & (disturbed > area) & (area > 0.0)
        ),
        *finding(
            code,
            "disturbed_area_mu",
            rows & (disturbed > 0.0) & hazard,
            severity="ask",
            detail=WORDS[code],
        ),
    ]


def _ages(batch: Batch, rows: npt.NDArray[np.integer]) -> tuple[Floats, Floats]:
    """Age of the trees of some rows when crediting starts, and at its end or that of the right."""
    planted = batch.days("planted_on")[rows]
    ends = np.minimum(batch.days("crediting_ends_on")[rows], batch.days("right_ends_on")[rows])
    return years(planted, batch.days("crediting_starts_on")[rows]), years(planted, ends)


def _oldest(batch: Batch, basis: Basis, rows: npt.NDArray[np.integer]) -> Floats:
    """The oldest age that the curve or the yield table of some rows is made for."""
    table = basis.parameters.table(CURVE).column("oldest_age", batch.levels["species"])
    oldest = np.append(table, np.nan)[batch.codes("species")[rows]]
    tabled = batch.is_level("removal_basis", "yield-table")[rows]
    if tabled.any():
        which = rows[tabled]
        entries = np.sum(~np.isnan(batch.numbers("stock_by_age_m3_per_ha")[which]), axis=1)
        oldest[tabled] = entries * batch.numbers("yield_step_years")[which]
    return np.asarray(oldest)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Growing:
    """The rows read from a curve or a yield table, NaN in a column where it is not known.

    Ages are those when crediting starts and when it or the right ends, and the oldest that curve
    or table is made for; `rate` is the mean of the removals a year and mu.
    """

    rows: Mask
    started: Floats
    ended: Floats
    oldest: Floats
    rate: Floats

    @classmethod
    def of(cls, batch: Batch, basis: Basis) -> "_Growing | None":
        """None where no row is so read. Rows that grow alike are worked out once."""
        growing = batch.is_level("removal_basis", *GROWING)
        if not growing.any():
            return None
        known = growing & (batch.codes("species") >= 0) & ~np.isnat(batch.days("planted_on"))
        hit = picked(known)
        rows, key = _grown_alike(batch, hit)
        started, ended = _ages(batch, rows)
        rate = np.full(len(rows), np.nan)
        readable = np.flatnonzero((batch.codes("conversion")[rows] >= 0) & (started >= 0.0))
        if len(readable):
            span = np.maximum(ended - started, 1.0)[readable]
            rate[readable] = _gained(batch, basis, rows[readable]) / span
        found = (started, ended, _oldest(batch, basis, rows), rate)
        started, ended, oldest, rate = (_placed(each[key], hit, batch.n) for each in found)
        return cls(rows=growing, started=started, ended=ended, oldest=oldest, rate=rate)


def _placed(figures: Floats, rows: Picked, n: int) -> Floats:
    """Figures [r] of some rows as a column [n], NaN elsewhere."""
    if isinstance(rows, slice):
        return figures
    column = np.full(n, np.nan)
    column[rows] = figures
    return column


def _grown_alike(batch: Batch, rows: Picked) -> tuple[npt.NDArray[np.integer], Codes]:
    """Of some rows one for all that grow alike, and which of them each row is like."""
    ends = np.minimum(batch.days("crediting_ends_on"), batch.days("right_ends_on"))
    days = (batch.days("planted_on"), batch.days("crediting_starts_on"), ends)
    columns: list[npt.NDArray[np.generic]] = [each.view(np.int64) for each in days]
    columns += [batch.codes(each) for each in ("species", "conversion", "removal_basis")]
    if batch.is_level("removal_basis", "own-curve").any():
        columns += [batch.numbers(each) for each in OWN_CURVE]
    tabled = batch.is_level("removal_basis", "yield-table")
    if tabled.any():
        columns.append(np.where(tabled, np.arange(batch.n), 0))
    return alike(rows, *columns)


def _stand_findings(batch: Batch, basis: Basis, grown: _Growing | None) -> list[Finding]:
    """Species, planting, age and factors of rows that are read from a curve or a yield table."""
    if grown is None:
        return []
    growing = grown.rows
    return [
        *_refused("species-needed", "species", growing & (batch.codes("species") < 0)),
        *_refused("planting-needed", "planted_on", growing & np.isnat(batch.days("planted_on"))),
        *_refused("planted-after-crediting", "planted_on", grown.started < 0.0),
        *finding(
            "age-outside-table",
            "planted_on",
            grown.ended > grown.oldest,
            severity="refuse",
            detail=WORDS["age-outside-table"],
            age=grown.ended,
            oldest=grown.oldest,
        ),
        *_refused("conversion-not-for-species", "conversion", growing & _without(batch, basis)),
        *_table_findings(batch),
        *_curve_findings(batch, basis),
    ]


def _without(batch: Batch, basis: Basis) -> Mask:
    """Mask whose group of trees has no factors of the conversion they chose."""
    found = np.zeros(batch.n, dtype=np.bool_)
    for name, (parameter, columns) in CONVERSIONS.items():
        rows = batch.is_level("conversion", name)
        if parameter == GOLD_STANDARD or not rows.any():
            continue
        table = basis.parameters.table(parameter)
        factor = table.column_or_nan(columns[0], batch.levels["species"])
        found |= rows & (batch.codes("species") >= 0) & np.isnan(batch.by_level("species", factor))
    return found


def _table_findings(batch: Batch) -> list[Finding]:
    rows = batch.is_level("removal_basis", "yield-table")
    falls = np.zeros(batch.n, dtype=np.bool_)
    stock = batch.numbers("stock_by_age_m3_per_ha")[rows]
    falls[rows] = (np.diff(stock, axis=1) < 0.0).any(axis=1)
    return _refused("yield-table-falls", "stock_by_age_m3_per_ha", falls)


def _curve_findings(batch: Batch, basis: Basis) -> list[Finding]:
    """Stock given by the mu where it is wanted by the hectare."""
    rows = batch.is_level("removal_basis", "own-curve")
    given = np.where(rows, batch.numbers("curve_a_m3_per_ha"), np.nan)
    band = basis.parameters.table(STOCK_BAND)["old-stand"]
    low, high = (np.full(batch.n, band[name]) for name in ("stock_low", "stock_high"))
    return mixed_units("curve_a_m3_per_ha", given, low=low, high=high)


def _state_findings(batch: Batch, basis: Basis) -> list[Finding]:
    """Cover or soil that does not gain anything."""
    still = np.zeros(batch.n, dtype=np.bool_)
    shrubs = batch.is_level("removal_basis", "crown-cover")
    if shrubs.any():
        least = basis.parameters.number(LEAST_COVER)
        before, after = batch.numbers("cover_before_share"), batch.numbers("cover_after_share")
        still |= shrubs & (after * (after >= least) <= before * (before >= least))
    soils = batch.is_level("removal_basis", "soil-carbon")
    if soils.any():
        table = basis.parameters.table(GRASSLAND)
        levels = batch.levels["grassland_before"]
        names = ("land_use_factor", "management_factor", "input_factor")
        factor = np.prod([table.column(name, levels) for name in names], axis=0)
        still |= soils & (
            batch.by_level("grassland_after", factor) <= batch.by_level("grassland_before", factor)
        )
    return _refused("no-growth", "removal_basis", still)


def _length_findings(batch: Batch) -> list[Finding]:
    """A validated table that ends before the crediting period, or the right, does.

    What it does not reach counts as no removals, while verification and monitoring are still paid.
    """
    rows = batch.is_level("removal_basis", "validated-table")
    if not rows.any():
        return []
    ends = np.minimum(batch.days("crediting_ends_on"), batch.days("right_ends_on"))
    needed = np.ceil(years(batch.days("crediting_starts_on"), ends) - LEAP_DAYS)
    stated = batch.numbers("removals_by_year_tco2e_per_mu")
    covered = np.where(rows, np.sum(~np.isnan(stated), axis=1), np.nan)
    code = "table-too-short"
    return finding(
        code,
        "removals_by_year_tco2e_per_mu",
        # A table left out altogether is refused as missing.
        (covered > 0.0) & (covered < needed),
        severity="ask",
        detail=WORDS[code],
        covered=covered,
        needed=needed,
    )


def _rate_findings(batch: Batch, basis: Basis, grown: _Growing | None) -> list[Finding]:
    """Removals a year beyond what such land has ever been validated for, or far below it."""
    table = basis.parameters.table(KIND)
    levels = batch.levels["sink_kind"]
    below, ask, refuse = (
        batch.by_level("sink_kind", table.column(column, levels))
        for column in ("ask_below", "ask_above", "refuse_above")
    )
    is_dry = batch.numbers("dry_land") == 1.0
    # Read only for dry land: a result lists the parameters it read.
    dry = basis.parameters.number(DRY_LAND) if is_dry.any() else np.inf
    rate = _yearly_rate(batch, basis, grown)
    too_dry = is_dry & (rate > dry) & (rate <= refuse)
    wordy = (
        ("removals-above-band", "ask", (rate > ask) & (rate <= refuse) & ~too_dry, ask),
        ("removals-below-band", "ask", (rate > 0.0) & (rate < below), below),
        ("removals-not-credible", "refuse", rate > refuse, refuse),
        ("dry-land-not-credible", "refuse", too_dry, np.array(dry)),
    )
    found: list[Finding] = []
    for field, stated in _stated_in(batch):
        found += [
            entry
            for code, severity, rows, limit in wordy
            for entry in finding(
                code,
                field,
                rows & stated,
                severity=severity,
                detail=WORDS[code],
                rate=rate,
                limit=limit,
            )
        ]
    return [*found, *_mixed_findings(batch, rate, low=below, high=ask)]


def _mixed_findings(batch: Batch, rate: Floats, *, low: Floats, high: Floats) -> list[Finding]:
    """Removals by the hectare, asked about where they are stated or what they are worked out from."""

    def judged(rows: Mask) -> Floats:
        return np.where((rate > 0.0) & rows, rate, np.nan)

    found = [
        entry
        for field, levels in STATED.items()
        for entry in mixed_units(
            field, judged(batch.is_level("removal_basis", *levels)), low=low, high=high
        )
    ]
    for level, names in WORKED_OUT.items():
        rows = batch.is_level("removal_basis", level)
        if rows.any():
            detail = worked_out(RATE, _listed(names))
            found += mixed_units(names[0], judged(rows), low=low, high=high, detail=detail)
    return found


def _listed(names: tuple[str, ...]) -> Text:
    """The titles of some inputs in quotes."""
    return Text(
        en=", ".join(f"“{TITLES[name].en}”" for name in names),
        zh="".join(f"“{TITLES[name].zh}”" for name in names),
    )


def _stated_in(batch: Batch) -> list[tuple[str, Mask]]:
    """The input that states the removals, where a question about them belongs, and its rows."""
    rated, tabled = (batch.is_level("removal_basis", *levels) for levels in STATED.values())
    if rated.all():
        return [("removals_tco2e_per_mu", rated)]
    grown = batch.is_level("removal_basis", "gain-loss")
    return [
        *zip(STATED, (rated, tabled), strict=True),
        ("growth_t_per_ha", grown),
        ("removal_basis", ~(rated | tabled | grown)),
    ]


def yearly_removals(batch: Batch, basis: Basis) -> Floats:
    """Removals [n] in tCO2e a year before deductions: as stated, the most of a table, a curve's mean.

    NaN where they cannot be worked out from what is given.
    """
    rate = _yearly_rate(batch, basis, _Growing.of(batch, basis))
    return np.asarray(batch.numbers("area_mu") * rate)


def _yearly_rate(batch: Batch, basis: Basis, grown: _Growing | None) -> Floats:
    """Removals per mu and year as stated, the highest of a table, the mean of a curve."""
    stated = batch.is_level("removal_basis", "yearly-rate", "rotation")
    rate = batch.numbers("removals_tco2e_per_mu")
    if stated.all():
        return rate
    rate = np.where(stated, rate, np.nan)
    tabled = batch.is_level("removal_basis", "validated-table")
    if tabled.any():
        rows = batch.numbers("removals_by_year_tco2e_per_mu")[tabled]
        rate[tabled] = np.nan_to_num(rows).max(axis=1, initial=0.0)
    for level, removals in (("crown-cover", shrub_removals), ("soil-carbon", soil_removals)):
        hit = np.flatnonzero(batch.is_level("removal_basis", level))
        if len(hit):
            rate[hit] = removals(batch, basis, hit, OFF)[0]
    hit = np.flatnonzero(batch.is_level("removal_basis", "gain-loss"))
    if len(hit):
        area = batch.numbers("area_mu")[hit]
        kept = net_carbon(batch, hit, OFF) * 44.0 / 12.0
        rate[hit] = per_unit(kept, area)
    return rate if grown is None else np.where(grown.rows, grown.rate, rate)


def _readable(batch: Batch) -> Mask:
    """Mask with what a growth of stock is read by."""
    return (
        (batch.codes("species") >= 0)
        & (batch.codes("conversion") >= 0)
        & ~np.isnat(batch.days("planted_on"))
        & (years(batch.days("planted_on"), batch.days("crediting_starts_on")) >= 0.0)
    )


def _gained(batch: Batch, basis: Basis, rows: npt.NDArray[np.integer]) -> Floats:
    """Removals per mu over the crediting period, by the stock the rows state themselves."""
    started, ended = _ages(batch, rows)
    until, since = (_stock_at(batch, basis, rows, age) for age in (ended, started))
    stands = Stands.of(batch, basis)
    species = batch.codes("species")[rows].astype(np.int64)
    conversion = batch.codes("conversion")[rows].astype(np.int64)
    gain = stands.gain(conversion, species, until, since, OFF)
    return np.asarray((gain * stands.carbon(species) * 44.0 / 12.0 / 15.0)[:, 0])


def _stock_at(batch: Batch, basis: Basis, rows: npt.NDArray[np.integer], age: Floats) -> Floats:
    """Stock [r, 1] of some rows at an age each."""
    stock = curve_stock(*curves_of(batch, basis, batch.codes("species")[rows]), age)
    own = batch.is_level("removal_basis", "own-curve")[rows]
    if own.any():
        asymptote, speed, shape = (batch.numbers(name)[rows[own]] for name in OWN_CURVE)
        stock[own] = curve_stock(asymptote, speed, shape, age[own])
    tabled = batch.is_level("removal_basis", "yield-table")[rows]
    if tabled.any():
        places = age[tabled] / batch.numbers("yield_step_years")[rows][tabled]
        entries = batch.numbers("stock_by_age_m3_per_ha")[rows][tabled]
        stock[tabled] = interpolated(entries, places[:, np.newaxis])[:, 0]
    return np.asarray(stock[:, np.newaxis])


def _bound_findings(batch: Batch, basis: Basis) -> list[Finding]:
    """Removals over the crediting period beyond what the curve of such trees can give.

    Judged where a group of trees and a planting day are known: own curves, yield tables, and
    validated tables of forest.
    """
    judged = (
        batch.is_level("removal_basis", "own-curve", "yield-table", "validated-table")
        & batch.is_level("sink_kind", "forest")
        & _dated(batch)
    )
    hit = np.flatnonzero(judged)
    if not len(hit):
        return []
    started, ended = _ages(batch, hit)
    curve = curves_of(batch, basis, batch.codes("species")[hit])
    stock = curve_stock(*curve, np.maximum(ended, 0.0)) - curve_stock(*curve, started)
    margin = basis.parameters.number(GROWTH_MARGIN)
    limit, given = np.full(batch.n, np.nan), np.full(batch.n, np.nan)
    limit[hit] = margin * stock * _carbon_of_stock(batch, basis, hit) / 15.0
    given[hit] = _claimed(batch, basis, hit)
    code = "removals-above-growth"
    return finding(
        code,
        "removal_basis",
        given > limit,
        severity="ask",
        detail=WORDS[code],
        given=given,
        limit=limit,
        times=np.array(margin),
    )


def _dated(batch: Batch) -> Mask:
    planted = batch.days("planted_on")
    return (
        (batch.codes("species") >= 0)
        & ~np.isnat(planted)
        & (planted <= batch.days("crediting_starts_on"))
    )


def _carbon_of_stock(batch: Batch, basis: Basis, rows: npt.NDArray[np.integer]) -> Floats:
    """tCO2e per m3 of stock gained, by the most generous conversion of each group of trees."""
    stands = Stands.of(batch, basis)
    species = batch.codes("species")[rows].astype(np.int64)
    regression = stands.factors("regression", species)["regression_a"]
    expansion = np.prod(
        [
            stands.factors("expansion", species)[name] + (name == "root_ratio")
            for name in ("wood_density", "expansion_factor", "root_ratio")
        ],
        axis=0,
    )
    best = np.fmax(regression, expansion) * stands.carbon(species) * 44.0 / 12.0
    return np.asarray(best[:, 0])


def _claimed(batch: Batch, basis: Basis, rows: npt.NDArray[np.integer]) -> Floats:
    """Removals per mu over the crediting period as the rows claim them."""
    claimed = np.full(len(rows), np.nan)
    tabled = batch.is_level("removal_basis", "validated-table")[rows]
    stated = batch.numbers("removals_by_year_tco2e_per_mu")[rows[tabled]]
    claimed[tabled] = np.nansum(stated, axis=1)
    grown = rows[~tabled & _readable(batch)[rows]]
    if len(grown):
        claimed[np.isin(rows, grown)] = _gained(batch, basis, grown)
    return claimed
