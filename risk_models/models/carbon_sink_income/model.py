"""Expected income right of a forest, bamboo, shrub or grassland carbon sink.

The right yields money only when removals are verified: every few years a lump of credits is sold
at the price of the registration the project has. Monitoring and verification cost the same
whatever the price, so a fall of the price lowers the value by more than its own share.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.batches import distinct
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
    step,
)
from risk_models.modelling import Days, as_day, ones, single, trimmed, years
from risk_models.models.carbon_sink_income import checks
from risk_models.models.carbon_sink_income.passport import (
    PER_TONNE,
    PRICE_OF,
    SPEC,
    TONNE,
)
from risk_models.trace import cumulative

__all__ = ["MODEL", "CarbonSinkIncome"]

# ---------------------------------------------------------------------------
# Steps


@step(unit="year", zh="已核证计入年数")
def verified_years(*, crediting_starts_on: Days, last_verified_on: Days) -> Floats:
    """Crediting years verified so far: years(crediting_starts_on, last_verified_on)."""
    return years(crediting_starts_on, last_verified_on)


@step(unit="year", zh="计入期长度")
def crediting_years(*, crediting_starts_on: Days, crediting_ends_on: Days) -> Floats:
    """Length of the crediting period: years(crediting_starts_on, crediting_ends_on)."""
    return years(crediting_starts_on, crediting_ends_on)


@step(unit="year", zh="距上次核证年数")
def unverified_years(*, last_verified_on: Days, valuation_on: Days) -> Floats:
    """Years since the last verification: years(last_verified_on, valuation_on)."""
    return years(last_verified_on, valuation_on)


@step(unit="year", zh="权利剩余年限")
def right_years(*, valuation_on: Days, right_ends_on: Days) -> Floats:
    """Years the right still lasts: years(valuation_on, right_ends_on)."""
    return years(valuation_on, right_ends_on)


@step(unit="period", zh="下次核证覆盖期数")
def periods_due(*, unverified_years: Floats, verification_every_years: Floats) -> Floats:
    """Periods the next verification covers.

    Formula: floor(unverified_years / verification_every_years) + 1.
    """
    return np.asarray(np.floor(unverified_years / verification_every_years) + 1.0)


@step(unit="year", zh="距下次核证年数")
def next_verification_years(
    *, periods_due: Floats, verification_every_years: Floats, unverified_years: Floats
) -> Floats:
    """Years to the next verification: periods_due * verification_every_years - unverified_years."""
    return periods_due * verification_every_years - unverified_years


@step(unit="1", zh="有核证的年份")
def verification_due(*, year: Floats, verification_every_years: Floats) -> Floats:
    """Whether a year after the next verification has one.

    Formula: year - floor(year / verification_every_years) * verification_every_years < 0.5.
    """
    passed = np.floor(year / verification_every_years) * verification_every_years
    return np.asarray((year - passed < 0.5).astype(np.float64))


@step(unit="year", zh="核证截至的计入年数")
def accrued_until(
    *, verified_years: Floats, verification_every_years: Floats, periods_due: Floats, year: Floats
) -> Floats:
    """Crediting years a verification reaches up to.

    Formula: verified_years + verification_every_years * periods_due + year.
    """
    return verified_years + verification_every_years * periods_due + year


@step(unit="year", zh="核证起自的计入年数")
def accrued_since(
    *, accrued_until: Floats, verification_every_years: Floats, periods_due: Floats, year: Floats
) -> Floats:
    """Crediting years a verification begins from, the first one making up for missed ones.

    Formula: accrued_until - verification_every_years * (1 + (periods_due - 1) * (year < 0.5)).
    """
    missed = (periods_due - 1.0) * (year < 0.5)
    return accrued_until - verification_every_years * (1.0 + missed)


@step(unit="year", zh="各次核证签发年数")
def years_credited(
    *,
    verification_due: Floats,
    accrued_until: Floats,
    accrued_since: Floats,
    crediting_years: Floats,
) -> Floats:
    """Years of removals each verification credits.

    Formula: verification_due * max(0, min(accrued_until, crediting_years) - max(accrued_since, 0)).
    """
    span = np.minimum(accrued_until, crediting_years) - np.maximum(accrued_since, 0.0)
    return np.asarray(verification_due * np.maximum(0.0, span))


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
    """Verifications that are paid for: years_credited > 0."""
    return np.asarray((years_credited > 0.0).astype(np.float64))


@step(unit="1", zh="可售比例")
def sellable_share(
    *, baseline_share: Floats, leakage_share: Floats, buffer_share: Floats
) -> Floats:
    """Share of removals that can be sold.

    Formula: (1 - baseline_share) * (1 - leakage_share) * (1 - buffer_share).
    """
    return (1.0 - baseline_share) * (1.0 - leakage_share) * (1.0 - buffer_share)


@step(unit="tCO2e/year", zh="年减排量")
def credits_per_year(
    *, area_mu: Floats, removals_tco2e_per_mu: Floats, sellable_share: Floats
) -> Floats:
    """Credits a year: area_mu * removals_tco2e_per_mu * sellable_share."""
    return area_mu * removals_tco2e_per_mu * sellable_share


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
        """Sales of credits in lumps, verification with each, monitoring by year, cost due now."""
        calendar = _Calendar(batch, basis, steps)
        flows = [
            *_sales(batch, basis, steps, calendar),
            *_costs(batch, steps, calendar),
        ]
        income = Exposure(
            n=batch.n,
            flows=tuple(flows),
            rate=Keyed.of(batch.numbers("discount_rate")),
            hazard=Keyed.of(batch.numbers("yearly_loss_share")),
        )
        return {"income": income}

    def review(
        self,
        batch: Batch,
        basis: Basis,
        value: Floats,
        quantities: Mapping[str, tuple[Floats, str]],
    ) -> list[Finding]:
        """The implied price, against what such credits have ever fetched."""
        tonnes, _ = quantities["credit_sales"]
        return checks.implied_price(batch, basis, value, tonnes)


class _Calendar:
    """Verifications to come: when, and what each credits, by distinct calendar."""

    def __init__(self, batch: Batch, basis: Basis, steps: Recorder) -> None:
        on = np.full(batch.n, as_day(basis.on))
        self.verified = steps(
            "verified_years",
            verified_years,
            crediting_starts_on=batch.days("crediting_starts_on"),
            last_verified_on=batch.days("last_verified_on"),
        )
        self.crediting = steps(
            "crediting_years",
            crediting_years,
            crediting_starts_on=batch.days("crediting_starts_on"),
            crediting_ends_on=batch.days("crediting_ends_on"),
        )
        self.unverified = steps(
            "unverified_years",
            unverified_years,
            last_verified_on=batch.days("last_verified_on"),
            valuation_on=on,
        )
        self.right = steps(
            "right_years",
            right_years,
            valuation_on=on,
            right_ends_on=batch.days("right_ends_on"),
        )
        self._lay_out(batch, steps)

    def _lay_out(self, batch: Batch, steps: Recorder) -> None:
        (every, unverified, verified, crediting), self.key = distinct(
            batch.numbers("verification_every_years"),
            self.unverified,
            self.verified,
            self.crediting,
        )
        every, unverified = every[:, np.newaxis], unverified[:, np.newaxis]
        due = steps(
            "periods_due", periods_due, unverified_years=unverified, verification_every_years=every
        )
        first = steps(
            "next_verification_years",
            next_verification_years,
            periods_due=due,
            verification_every_years=every,
            unverified_years=unverified,
        )
        self.first = first[:, 0]
        longest = float(np.max(self.right, initial=0.0) - np.min(self.first, initial=0.0))
        year = np.arange(max(int(longest) + 1, 1), dtype=np.float64)[np.newaxis]
        self.due = steps(
            "verification_due", verification_due, year=year, verification_every_years=every
        )
        self.until = steps(
            "accrued_until",
            accrued_until,
            verified_years=verified[:, np.newaxis],
            verification_every_years=every,
            periods_due=due,
            year=year,
        )
        self.since = steps(
            "accrued_since",
            accrued_since,
            accrued_until=self.until,
            verification_every_years=every,
            periods_due=due,
            year=year,
        )
        self.crediting_by_key = crediting[:, np.newaxis]
        self.credited = steps(
            "years_credited",
            years_credited,
            verification_due=self.due,
            accrued_until=self.until,
            accrued_since=self.since,
            crediting_years=self.crediting_by_key,
        )

    def table_profiles(
        self, table: Floats, rows: npt.NDArray[np.bool_], steps: Recorder
    ) -> tuple[Keyed, Floats]:
        """What each verification credits of a validated table, a profile a row, and its start."""
        hit = np.flatnonzero(rows)
        keys = self.key[hit]
        profiles = steps(
            "tonnes_credited",
            tonnes_credited,
            verification_due=self.due[keys],
            removals_by_year_tco2e_per_mu=table[hit],
            accrued_until=self.until[keys],
            accrued_since=self.since[keys],
            crediting_years=self.crediting_by_key[keys],
        )
        place = np.full(len(rows), len(hit), dtype=np.int32)
        place[hit] = np.arange(len(hit), dtype=np.int32)
        # Rows without a table see one more profile, of nothing.
        values = np.vstack([profiles, np.zeros((1, profiles.shape[1]))])
        return Keyed(values=values, key=place), np.append(self.first[keys], 1.0)


def _sales(batch: Batch, basis: Basis, steps: Recorder, calendar: _Calendar) -> list[Flow]:
    """One flow for each price and each way of stating removals that occurs in the batch."""
    share = steps(
        "sellable_share",
        sellable_share,
        baseline_share=batch.numbers("baseline_share"),
        leakage_share=batch.numbers("leakage_share"),
        buffer_share=batch.numbers("buffer_share"),
    )
    tabled = batch.is_level("removal_basis", "validated-table")
    sources: list[tuple[npt.NDArray[np.bool_], Floats, Keyed, Floats]] = []
    if not tabled.all():
        yearly = steps(
            "credits_per_year",
            credits_per_year,
            area_mu=batch.numbers("area_mu"),
            removals_tco2e_per_mu=batch.numbers("removals_tco2e_per_mu"),
            sellable_share=share,
        )
        by_calendar = Keyed(values=calendar.credited, key=calendar.key)
        sources.append((~tabled, yearly, by_calendar, calendar.first))
    if tabled.any():
        area = steps(
            "sellable_area", sellable_area, area_mu=batch.numbers("area_mu"), sellable_share=share
        )
        table = trimmed(batch.numbers("removals_by_year_tco2e_per_mu"))
        sources.append((tabled, area, *calendar.table_profiles(table, tabled, steps)))
    return [
        flow
        for level, use in PRICE_OF.items()
        for flow in _sales_at(batch, basis, steps, calendar, use, level, sources)
    ]


def _sales_at(
    batch: Batch,
    basis: Basis,
    steps: Recorder,
    calendar: _Calendar,
    use: PriceUse,
    level: str,
    sources: list[tuple[npt.NDArray[np.bool_], Floats, Keyed, Floats]],
) -> list[Flow]:
    registered = batch.is_level("registration", level)
    if not registered.any():
        return []
    price = steps(
        "net_price",
        net_price,
        price=np.full(batch.n, basis.prices[use.id].yuan),
        tax_share=batch.numbers("tax_share"),
    )
    return [
        Flow(
            name="credit_sales",
            unit=TONNE,
            profile=profile,
            first=first,
            quantity=np.where(rows & registered, quantity, 0.0),
            unit_price=price,
            index=use.id,
            at_risk=True,
            term=calendar.right,
        )
        for rows, quantity, profile, first in sources
        if (rows & registered).any()
    ]


def _costs(batch: Batch, steps: Recorder, calendar: _Calendar) -> list[Flow]:
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
    return [verification, monitoring, due_now]


MODEL: Final = CarbonSinkIncome()
