"""Expected income right of a forest, bamboo, shrub or grassland carbon sink.

The right yields money only when removals are verified: every few years a lump of credits is sold
at the price of the registration the project has. Monitoring and verification cost the same
whatever the price, so a fall of the price lowers the value by more than its own share.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.contract import (
    Basis,
    Batch,
    Exposure,
    Finding,
    Floats,
    Flow,
    Keyed,
    ModelSpec,
    PriceUse,
    Recorder,
    Text,
    step,
)
from risk_models.modelling import ones, single, trimmed
from risk_models.models.carbon_sink_income import checks
from risk_models.models.carbon_sink_income.approaches import by_comparables, by_costs, weights_of
from risk_models.models.carbon_sink_income.calendar import Calendar
from risk_models.models.carbon_sink_income.deductions import kept_shares
from risk_models.models.carbon_sink_income.gain_loss import net_carbon
from risk_models.models.carbon_sink_income.growth import grown
from risk_models.models.carbon_sink_income.names import GROWING, PER_TONNE, TONNE
from risk_models.models.carbon_sink_income.passport import SPEC
from risk_models.models.carbon_sink_income.prices import sold_at
from risk_models.models.carbon_sink_income.rates import (
    baseline_removals,
    shrub_removals,
    soil_removals,
)
from risk_models.models.carbon_sink_income.rotation import rotation_removals
from risk_models.trace import cumulative

__all__ = ["MODEL", "CarbonSinkIncome"]

# ---------------------------------------------------------------------------
# Steps


@step(unit="tCO2e/mu", zh="各次核证签发量")
def tonnes_credited(
    *,
    verification_due: Floats,
    removals_by_year_tco2e_per_mu: Floats,
    accrued_until: Floats,
    accrued_since: Floats,
    crediting_years: Floats,
) -> Floats:
    """Removals of the validated table each verification credits.

    Formula: verification_due * max(0, cumulative(removals_by_year_tco2e_per_mu,
    min(accrued_until, crediting_years))
    - cumulative(removals_by_year_tco2e_per_mu, max(accrued_since, 0))).
    """
    until = cumulative(removals_by_year_tco2e_per_mu, np.minimum(accrued_until, crediting_years))
    since = cumulative(removals_by_year_tco2e_per_mu, np.maximum(accrued_since, 0.0))
    return np.asarray(verification_due * np.maximum(0.0, until - since))


@step(unit="1", zh="付费核证次数")
def verifications(*, years_credited: Floats) -> Floats:
    """Verifications that are paid for, none for less than half a day: years_credited > 0.001."""
    return np.asarray((years_credited > 0.001).astype(np.float64))


@step(unit="tCO2e/year", zh="年减排量")
def credits_per_year(
    *, area_mu: Floats, removals_tco2e_per_mu: Floats, sellable_share: Floats
) -> Floats:
    """Credits a year: area_mu * removals_tco2e_per_mu * sellable_share."""
    return area_mu * removals_tco2e_per_mu * sellable_share


@step(unit="tCO2e/year", zh="年减排量")
def credits_of_growth(
    *, area_mu: Floats, yearly_removals: Floats, sellable_share: Floats
) -> Floats:
    """Credits a year: area_mu * yearly_removals * sellable_share."""
    return area_mu * yearly_removals * sellable_share


@step(unit="tCO2e/year", zh="年减排量")
def credits_of_balance(*, net_gain: Floats, sellable_share: Floats) -> Floats:
    """Credits a year: net_gain * 44 / 12 * sellable_share."""
    return net_gain * 44.0 / 12.0 * sellable_share


@step(unit="tCO2e/year", zh="基线年扣减量")
def baseline_per_year(*, area_mu: Floats, baseline_removals: Floats, kept_share: Floats) -> Floats:
    """Credits a year that the baseline takes off: area_mu * baseline_removals * kept_share."""
    return area_mu * baseline_removals * kept_share


@step(unit="mu", zh="可售面积")
def sellable_area(*, area_mu: Floats, sellable_share: Floats) -> Floats:
    """Area whose removals can be sold: area_mu * sellable_share."""
    return area_mu * sellable_share


@step(unit=PER_TONNE, zh="税后价格")
def net_price(*, price: Floats, tax_share: Floats) -> Floats:
    """Price after tax: price * (1 - tax_share)."""
    return price * (1.0 - tax_share)


@step(unit="yuan", zh="税后核证费用")
def net_verification_cost(*, verification_cost_yuan: Floats, tax_share: Floats) -> Floats:
    """Verification after tax: verification_cost_yuan * (1 - tax_share)."""
    return verification_cost_yuan * (1.0 - tax_share)


@step(unit="yuan/year", zh="税后监测费用")
def net_monitoring_cost(*, monitoring_cost_yuan: Floats, tax_share: Floats) -> Floats:
    """Monitoring after tax: monitoring_cost_yuan * (1 - tax_share)."""
    return monitoring_cost_yuan * (1.0 - tax_share)


@step(unit="project", zh="是否有项目")
def projects(*, area_mu: Floats) -> Floats:
    """A plot of no area is no project and costs nothing: area_mu > 0."""
    return np.asarray((area_mu > 0.0).astype(np.float64))


@step(unit="yuan", zh="评估日应付费用")
def outlay(*, projects: Floats, cost_due_now_yuan: Floats) -> Floats:
    """Cost due on the valuation day: projects * cost_due_now_yuan."""
    return projects * cost_due_now_yuan


@step(unit="yuan", zh="尚未支付的开发费用")
def development_outlay(*, projects: Floats, development_cost_yuan: Floats) -> Floats:
    """Development still to be paid: projects * development_cost_yuan."""
    return projects * development_cost_yuan


@step(unit="year", zh="尚需监测年数")
def monitored_years(
    *,
    right_years: Floats,
    crediting_years: Floats,
    verified_years: Floats,
    unverified_years: Floats,
) -> Floats:
    """Years that are still monitored.

    Formula: max(0, min(right_years, crediting_years - verified_years - unverified_years)).
    """
    left = crediting_years - verified_years - unverified_years
    return np.asarray(np.maximum(0.0, np.minimum(right_years, left)))


# ---------------------------------------------------------------------------
# Model


class CarbonSinkIncome:
    """The model. It keeps no state."""

    @property
    def spec(self) -> ModelSpec:
        return SPEC

    def check(self, batch: Batch, basis: Basis) -> list[Finding]:
        """Dates that contradict each other, missing prices, and what a reviewer must look at."""
        return checks.check(batch, basis)

    def exposures(self, batch: Batch, basis: Basis, steps: Recorder) -> Mapping[str, Exposure]:
        """Income of every row; deals and costs where they are given."""
        calendar = Calendar(batch, basis, steps)
        flows = [
            *_sales(batch, basis, steps, calendar),
            *_costs(batch, steps, calendar),
        ]
        income = Exposure(
            n=batch.n,
            flows=tuple(flows),
            rate=Keyed.of(batch.numbers("discount_rate")),
            hazard=Keyed.of(_hazard(batch)),
        )
        return {
            "income": income,
            "market": by_comparables(batch, steps),
            "cost": by_costs(batch, steps),
        }

    def reconcile(
        self,
        batch: Batch,
        basis: Basis,
        values: Mapping[str, Floats],  # noqa: ARG002 - the evidence decides, not the values.
    ) -> tuple[Mapping[str, Floats], npt.NDArray[np.int8], Sequence[Text]]:
        """Income alone, unless there are comparable deals or costs."""
        return weights_of(batch, basis)

    def review(
        self,
        batch: Batch,
        basis: Basis,
        value: Floats,
        quantities: Mapping[str, tuple[Floats, str]],
    ) -> list[Finding]:
        """The implied price, against what such credits have ever fetched."""
        return checks.review(batch, basis, value, quantities)


def _hazard(batch: Batch) -> Floats:
    """The yearly hazard, none where the discount rate has it in it."""
    stated = batch.numbers("yearly_loss_share")
    in_rate = batch.is_level("hazard_treatment", "in-rate")
    return np.where(in_rate, 0.0, stated) if in_rate.any() else stated


@dataclass(frozen=True, slots=True, eq=False)
class _Source:
    """Credits of some rows: how many, and what each verification has of them."""

    name: str
    rows: npt.NDArray[np.bool_]
    quantity: Floats
    profile: Keyed
    first: Floats


def _sales(batch: Batch, basis: Basis, steps: Recorder, calendar: Calendar) -> list[Flow]:
    """One flow for each price and each way of stating removals that occurs in the batch."""
    share, kept = kept_shares(batch, basis, steps)
    sources = [
        *_of_rate(batch, steps, calendar, share),
        *_of_rotation(batch, steps, calendar, share),
        *_of_balance(batch, steps, calendar, share),
        *_of_area(batch, basis, steps, calendar, share),
        *_of_growth_years(batch, basis, steps, calendar, share),
        *_of_baseline(batch, basis, steps, calendar, kept),
    ]
    return [
        flow
        for use, rows in sold_at(batch, basis)
        for flow in _sales_at(batch, basis, steps, calendar, use, rows, sources)
    ]


def _of_rate(batch: Batch, steps: Recorder, calendar: Calendar, share: Floats) -> list[_Source]:
    """Rows with a yearly rate: the credits of a year, times the years each verification covers."""
    rated = batch.is_level("removal_basis", "yearly-rate")
    if not rated.any():
        return []
    yearly = steps(
        "credits_per_year",
        credits_per_year,
        area_mu=batch.numbers("area_mu"),
        removals_tco2e_per_mu=batch.numbers("removals_tco2e_per_mu"),
        sellable_share=share,
    )
    by_calendar = Keyed(values=calendar.credited, key=calendar.key)
    return [_Source("credit_sales", rated, yearly, by_calendar, calendar.first)]


def _of_rotation(batch: Batch, steps: Recorder, calendar: Calendar, share: Floats) -> list[_Source]:
    """Rows that are felled and planted again: their mean stock, evened over the crediting period."""
    rows = batch.is_level("removal_basis", "rotation")
    if not rows.any():
        return []
    hit = np.flatnonzero(rows)
    quantity = np.zeros(batch.n)
    quantity[hit] = steps(
        "credits_per_year",
        credits_of_growth,
        area_mu=batch.numbers("area_mu")[hit],
        yearly_removals=rotation_removals(batch, hit, calendar.crediting[hit], steps),
        sellable_share=share[hit],
    )
    by_calendar = Keyed(values=calendar.credited, key=calendar.key)
    return [_Source("credit_sales", rows, quantity, by_calendar, calendar.first)]


def _of_balance(batch: Batch, steps: Recorder, calendar: Calendar, share: Floats) -> list[_Source]:
    """Rows of gains and losses of biomass: what is left of a year, times the years covered."""
    rows = batch.is_level("removal_basis", "gain-loss")
    if not rows.any():
        return []
    hit = np.flatnonzero(rows)
    quantity = np.zeros(batch.n)
    quantity[hit] = steps(
        "credits_per_year",
        credits_of_balance,
        net_gain=net_carbon(batch, hit, steps),
        sellable_share=share[hit],
    )
    by_calendar = Keyed(values=calendar.credited, key=calendar.key)
    return [_Source("credit_sales", rows, quantity, by_calendar, calendar.first)]


def _of_area(
    batch: Batch, basis: Basis, steps: Recorder, calendar: Calendar, share: Floats
) -> list[_Source]:
    """Rows with a table or a curve: the area, times what each verification has per mu."""
    tabled = batch.is_level("removal_basis", "validated-table")
    stated = [each for each in sorted(GROWING) if batch.is_level("removal_basis", each).any()]
    if not tabled.any() and not stated:
        return []
    area = steps(
        "sellable_area", sellable_area, area_mu=batch.numbers("area_mu"), sellable_share=share
    )
    found = []
    if tabled.any():
        profile, first = _table_profiles(batch, tabled, steps, calendar)
        found.append(_Source("credit_sales", tabled, area, profile, first))
    for each in stated:
        profile, first = grown(batch, basis, steps, calendar, each)
        rows = batch.is_level("removal_basis", each)
        found.append(_Source("credit_sales", rows, area, profile, first))
    return found


def _table_profiles(
    batch: Batch, rows: npt.NDArray[np.bool_], steps: Recorder, calendar: Calendar
) -> tuple[Keyed, Floats]:
    """What each verification credits of a validated table, a profile a row, and its start."""
    hit = np.flatnonzero(rows)
    keys = calendar.key[hit]
    profiles = steps(
        "tonnes_credited",
        tonnes_credited,
        **calendar.at(keys),
        removals_by_year_tco2e_per_mu=trimmed(batch.numbers("removals_by_year_tco2e_per_mu"))[hit],
    )
    return calendar.spread(profiles, keys, hit, np.arange(len(hit), dtype=np.int32))


def _of_growth_years(
    batch: Batch, basis: Basis, steps: Recorder, calendar: Calendar, share: Floats
) -> list[_Source]:
    """Rows of shrubs by crown cover and of soil: a rate that lasts for some years."""
    found = []
    for stated, removals in (("crown-cover", shrub_removals), ("soil-carbon", soil_removals)):
        rows = batch.is_level("removal_basis", stated)
        if not rows.any():
            continue
        hit = np.flatnonzero(rows)
        yearly, lasting = removals(batch, basis, hit, steps)
        quantity = np.zeros(batch.n)
        quantity[hit] = steps(
            "credits_per_year",
            credits_of_growth,
            area_mu=batch.numbers("area_mu")[hit],
            yearly_removals=yearly,
            sellable_share=share[hit],
        )
        profile, first = calendar.growing(hit, lasting, steps)
        found.append(_Source("credit_sales", rows, quantity, profile, first))
    return found


def _of_baseline(
    batch: Batch, basis: Basis, steps: Recorder, calendar: Calendar, kept: Floats
) -> list[_Source]:
    """What the land would have removed anyway, where it is no share of the removals."""
    found = []
    for stated in ("crown-cover", "stock-growth"):
        rows = batch.is_level("baseline_basis", stated)
        if not rows.any():
            continue
        hit = np.flatnonzero(rows)
        yearly, lasting = baseline_removals(batch, basis, hit, stated, steps)
        quantity = np.zeros(batch.n)
        quantity[hit] = -steps(
            "baseline_per_year",
            baseline_per_year,
            area_mu=batch.numbers("area_mu")[hit],
            baseline_removals=yearly,
            kept_share=kept[hit],
        )
        profile, first = calendar.baseline(hit, lasting, steps)
        found.append(_Source("baseline", rows, quantity, profile, first))
    return found


def _sales_at(
    batch: Batch,
    basis: Basis,
    steps: Recorder,
    calendar: Calendar,
    use: PriceUse,
    rows: npt.NDArray[np.bool_],
    sources: list[_Source],
) -> list[Flow]:
    """The sales of some rows, all at one price, which moves and grows as it does itself."""
    price = steps(
        "net_price",
        net_price,
        price=np.full(batch.n, basis.prices[use.id].yuan),
        tax_share=batch.numbers("tax_share"),
    )
    return [
        Flow(
            name=source.name,
            unit=TONNE,
            profile=source.profile,
            first=source.first,
            quantity=np.where(source.rows & rows, source.quantity, 0.0),
            unit_price=price,
            index=use.id,
            at_risk=True,
            term=calendar.right,
        )
        for source in sources
        if (source.rows & rows).any()
    ]


def _costs(batch: Batch, steps: Recorder, calendar: Calendar) -> list[Flow]:
    """Costs stay when the stand is lost and when the price falls: none of them is at risk."""
    tax = batch.numbers("tax_share")
    count = steps("projects", projects, area_mu=batch.numbers("area_mu"))
    watched = steps(
        "monitored_years",
        monitored_years,
        right_years=calendar.right,
        crediting_years=calendar.crediting,
        verified_years=calendar.verified,
        unverified_years=calendar.unverified,
    )
    verification = Flow(
        name="verification",
        unit="verification",
        profile=Keyed(
            values=steps("verifications", verifications, years_credited=calendar.credited),
            key=calendar.key,
        ),
        first=calendar.first,
        quantity=-count,
        unit_price=steps(
            "net_verification_cost",
            net_verification_cost,
            verification_cost_yuan=batch.numbers("verification_cost_yuan"),
            tax_share=tax,
        ),
        at_risk=False,
        term=calendar.right,
    )
    monitoring = Flow(
        name="monitoring",
        unit="year",
        profile=Keyed.one(ones(float(np.max(watched, initial=0.0)))[0], batch.n),
        first=0.5,
        quantity=-count,
        unit_price=steps(
            "net_monitoring_cost",
            net_monitoring_cost,
            monitoring_cost_yuan=batch.numbers("monitoring_cost_yuan"),
            tax_share=tax,
        ),
        at_risk=False,
        term=watched,
        even=True,
    )
    due_now = Flow(
        name="due_now",
        unit="yuan",
        profile=single(batch.n),
        first=0.0,
        quantity=-steps(
            "outlay",
            outlay,
            projects=count,
            cost_due_now_yuan=batch.numbers("cost_due_now_yuan"),
        ),
        unit_price=1.0,
        at_risk=False,
    )
    return [verification, monitoring, *_development(batch, steps, count), due_now]


def _development(batch: Batch, steps: Recorder, count: Floats) -> list[Flow]:
    """Development that is not paid yet; what is paid counts no more."""
    open_ = batch.is_level("development_cost", "to-be-paid")
    if not open_.any():
        return []
    owed = steps(
        "development_outlay",
        development_outlay,
        projects=count,
        development_cost_yuan=batch.numbers("development_cost_yuan"),
    )
    return [
        Flow(
            name="development",
            unit="yuan",
            profile=single(batch.n),
            first=0.0,
            quantity=-np.where(open_, owed, 0.0),
            unit_price=1.0,
            at_risk=False,
        )
    ]


MODEL: Final = CarbonSinkIncome()
