"""Forest right: timber, fuel and economic forest, valued as the age of the stand calls for.

Young stands by what they cost to raise, middle-aged ones by the harvest to come, mature ones by
today's market less costs and profit, bearing orchards by their yearly yield.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.contract import (
    Basis,
    Batch,
    Codes,
    Exposure,
    Finding,
    Floats,
    Flow,
    Keyed,
    ModelSpec,
    Recorder,
    Text,
    step,
)
from risk_models.modelling import Days, as_day, empty_exposure, ones, single, trimmed, years
from risk_models.models.forest_right import checks
from risk_models.models.forest_right.passport import (
    AGE_GROUP,
    HARVESTED,
    PLANTED,
    REASONS,
    SPEC,
    STANDING,
    TIMBER,
    YIELDING,
)

__all__ = ["MODEL", "ForestRight"]


# ---------------------------------------------------------------------------
# Steps


@step(unit="year", zh="林龄")
def age_years(*, planted_on: Days, valuation_on: Days) -> Floats:
    """Age of the stand: years(planted_on, valuation_on)."""
    return years(planted_on, valuation_on)


@step(unit="year", zh="权利剩余年限")
def right_years(*, valuation_on: Days, right_ends_on: Days) -> Floats:
    """Years the right still lasts: years(valuation_on, right_ends_on)."""
    return years(valuation_on, right_ends_on)


@step(unit="year", zh="距主伐或盛产期末年数")
def years_to_rotation(*, rotation_years: Floats, age_years: Floats) -> Floats:
    """Years to felling, or to the end of bearing: rotation_years - age_years."""
    return rotation_years - age_years


@step(unit="year", zh="管护年数")
def tending_years(*, years_to_rotation: Floats) -> Floats:
    """Years of tending until felling, both ends counted: years_to_rotation + 1."""
    return years_to_rotation + 1.0


@step(unit="year", zh="权利内收益年数")
def yield_years(*, years_to_rotation: Floats, right_years: Floats) -> Floats:
    """Years of yield that belong to the right: min(years_to_rotation, right_years)."""
    return np.minimum(years_to_rotation, right_years)


@step(unit="mu", zh="按林分质量调整后的面积")
def adjusted_area(*, area_mu: Floats, quality_k: Floats) -> Floats:
    """Area at reference quality: area_mu * quality_k."""
    return area_mu * quality_k


@step(unit="yuan/mu", zh="已投入营林成本")
def costs_spent(*, costs_by_year_yuan_per_mu: Floats, year: Floats, age_years: Floats) -> Floats:
    """Raising costs of the years begun so far: costs_by_year_yuan_per_mu * (year <= age_years)."""
    return np.nan_to_num(costs_by_year_yuan_per_mu * (year <= age_years))


@step(unit="m3", zh="主伐出材量", reference="LY/T 2407-2015")
def harvest_m3(
    *, adjusted_area: Floats, stock_at_harvest_m3_per_mu: Floats, outturn_share: Floats
) -> Floats:
    """Timber at felling: adjusted_area * stock_at_harvest_m3_per_mu * outturn_share."""
    return adjusted_area * stock_at_harvest_m3_per_mu * outturn_share


@step(unit="m3", zh="现有出材量", reference="LY/T 2407-2015")
def timber_now_m3(*, area_mu: Floats, stock_now_m3_per_mu: Floats, outturn_share: Floats) -> Floats:
    """Timber standing today: area_mu * stock_now_m3_per_mu * outturn_share."""
    return area_mu * stock_now_m3_per_mu * outturn_share


@step(unit="yuan/m3", zh="木材采运正常利润")
def profit_yuan_per_m3(*, felling_cost_yuan_per_m3: Floats, normal_profit_share: Floats) -> Floats:
    """Normal profit of felling: felling_cost_yuan_per_m3 * normal_profit_share."""
    return felling_cost_yuan_per_m3 * normal_profit_share


@step(unit="yuan", zh="评估日应付费用")
def outlay(*, area_mu: Floats, cost_due_now_yuan: Floats) -> Floats:
    """Cost due on the valuation day, none where there is no area.

    Formula: (area_mu > 0) * cost_due_now_yuan.
    """
    return np.asarray((area_mu > 0.0) * cost_due_now_yuan)


# ---------------------------------------------------------------------------
# Model


class ForestRight:
    """The model. It keeps no state."""

    @property
    def spec(self) -> ModelSpec:
        return SPEC

    def check(self, batch: Batch, basis: Basis) -> list[Finding]:
        """Category, dates, the price of timber and the rate."""
        return checks.check(batch, basis)

    def exposures(self, batch: Batch, basis: Basis, steps: Recorder) -> Mapping[str, Exposure]:
        """Each approach over the rows whose age group calls for it."""
        approaches = {
            "replacement": (PLANTED, _replacement),
            "harvest": (HARVESTED, _harvest),
            "market": (STANDING, _market),
            "annuity": (YIELDING, _annuity),
        }
        found: dict[str, Exposure] = {}
        for name, (groups, flows_of) in approaches.items():
            rows = np.flatnonzero(batch.is_level("age_group", *groups)).astype(np.int32)
            if len(rows) == 0:
                found[name] = empty_exposure()
                continue
            part = _Part(batch.take(rows), basis, steps)
            flows = [*flows_of(part), _due_now(part)]
            found[name] = _exposure(part.batch, flows, rows)
        return found

    def reconcile(
        self, batch: Batch, basis: Basis, values: Mapping[str, Floats]
    ) -> tuple[Mapping[str, Floats], npt.NDArray[np.int8], Sequence[Text]]:
        """Weights by age group, from the dated table; the reason is that of the group."""
        table = basis.parameters.table(AGE_GROUP)
        levels = batch.levels["age_group"]
        weights = {
            name: batch.by_level("age_group", table.column(f"{name}_weight", levels))
            for name in values
        }
        reasons = tuple(REASONS[level] for level in levels)
        return weights, batch.codes("age_group").astype(np.int8), reasons

    def review(
        self,
        batch: Batch,
        basis: Basis,
        value: Floats,
        quantities: Mapping[str, tuple[Floats, str]],  # noqa: ARG002 - the area judges it here.
    ) -> list[Finding]:
        """Value over area against the band of the category."""
        return checks.implied_value(batch, basis, value)


class _Part:
    """The rows of one approach with the steps every approach begins with."""

    def __init__(self, batch: Batch, basis: Basis, steps: Recorder) -> None:
        self.batch = batch
        self.basis = basis
        self.steps = steps
        self.on = np.full(batch.n, as_day(basis.on))
        self.age = steps(
            "age_years", age_years, planted_on=batch.days("planted_on"), valuation_on=self.on
        )

    def left(self) -> Floats:
        return self.steps(
            "years_to_rotation",
            years_to_rotation,
            rotation_years=self.batch.numbers("rotation_years"),
            age_years=self.age,
        )

    def adjusted(self) -> Floats:
        return self.steps(
            "adjusted_area",
            adjusted_area,
            area_mu=self.batch.numbers("area_mu"),
            quality_k=self.batch.numbers("quality_k"),
        )


def _exposure(batch: Batch, flows: list[Flow], rows: Codes) -> Exposure:
    return Exposure(
        n=batch.n,
        flows=tuple(flows),
        rate=Keyed.of(batch.numbers("discount_rate")),
        hazard=Keyed.of(batch.numbers("yearly_loss_share")),
        rows=rows,
    )


def _due_now(part: _Part) -> Flow:
    owed = part.steps(
        "outlay",
        outlay,
        area_mu=part.batch.numbers("area_mu"),
        cost_due_now_yuan=part.batch.numbers("cost_due_now_yuan"),
    )
    return Flow(
        name="due_now",
        unit="yuan",
        profile=single(part.batch.n),
        first=0.0,
        quantity=-owed,
        unit_price=1.0,
        at_risk=False,
    )


def _replacement(part: _Part) -> list[Flow]:
    """K times the costs of each year begun, compounded from the start of that year to today."""
    costs = trimmed(part.batch.numbers("costs_by_year_yuan_per_mu"))
    year = np.arange(costs.shape[1], dtype=np.float64)[np.newaxis]
    spent = part.steps(
        "costs_spent",
        costs_spent,
        costs_by_year_yuan_per_mu=costs,
        year=year,
        age_years=part.age[:, np.newaxis],
    )
    return [
        Flow(
            name="raising",
            unit="yuan",
            profile=Keyed(values=spent, key=np.arange(part.batch.n, dtype=np.int32)),
            first=-part.age,
            quantity=part.adjusted(),
            unit_price=1.0,
            at_risk=False,
        )
    ]


def _harvest(part: _Part) -> list[Flow]:
    """The harvest at the rotation, less the tending until then."""
    left = part.left()
    batch = part.batch
    when, key = np.unique(left, return_inverse=True)
    timber = part.steps(
        "harvest_m3",
        harvest_m3,
        adjusted_area=part.adjusted(),
        stock_at_harvest_m3_per_mu=batch.numbers("stock_at_harvest_m3_per_mu"),
        outturn_share=batch.numbers("outturn_share"),
    )
    at_felling = Keyed(values=np.ones((len(when), 1)), key=key.astype(np.int32))
    tended = part.steps("tending_years", tending_years, years_to_rotation=left)
    tending = Flow(
        name="tending",
        unit="mu",
        profile=Keyed.one(ones(float(tended.max()))[0], batch.n),
        first=1.0,
        quantity=-batch.numbers("area_mu"),
        unit_price=batch.numbers("tending_cost_yuan_per_mu"),
        at_risk=False,
        term=tended,
        even=True,
    )
    return [*_timber_flows(part, timber, at_felling, when, at_risk=True), tending]


def _market(part: _Part) -> list[Flow]:
    """What the standing timber fetches today, less felling and the feller's profit."""
    timber = part.steps(
        "timber_now_m3",
        timber_now_m3,
        area_mu=part.batch.numbers("area_mu"),
        stock_now_m3_per_mu=part.batch.numbers("stock_now_m3_per_mu"),
        outturn_share=part.batch.numbers("outturn_share"),
    )
    return _timber_flows(part, timber, single(part.batch.n), 0.0, at_risk=False)


def _timber_flows(
    part: _Part, timber: Floats, when: Keyed, first: float | Floats, *, at_risk: bool
) -> list[Flow]:
    """Revenue and costs apart, so that a fall of the price leaves the costs alone."""
    felling = part.batch.numbers("felling_cost_yuan_per_m3")
    profit = part.steps(
        "profit_yuan_per_m3",
        profit_yuan_per_m3,
        felling_cost_yuan_per_m3=felling,
        normal_profit_share=part.batch.numbers("normal_profit_share"),
    )
    price = np.full(part.batch.n, part.basis.prices[TIMBER.id].yuan)
    parts: list[tuple[str, Floats, Floats, str | None]] = [
        ("timber_sales", timber, price, TIMBER.id),
        ("felling", -timber, felling, None),
        ("profit", -timber, profit, None),
    ]
    return [
        Flow(
            name=name,
            unit="m3",
            profile=when,
            first=first,
            quantity=quantity,
            unit_price=unit_price,
            at_risk=at_risk,
            index=index,
        )
        for name, quantity, unit_price, index in parts
    ]


def _annuity(part: _Part) -> list[Flow]:
    """K times the net yearly yield until the right or the trees end."""
    right = part.steps(
        "right_years",
        right_years,
        valuation_on=part.on,
        right_ends_on=part.batch.days("right_ends_on"),
    )
    bearing = part.steps(
        "yield_years", yield_years, years_to_rotation=part.left(), right_years=right
    )
    return [
        Flow(
            name="net_yield",
            unit="mu",
            profile=Keyed.one(ones(float(bearing.max()))[0], part.batch.n),
            first=1.0,
            quantity=part.adjusted(),
            unit_price=part.batch.numbers("net_yield_yuan_per_mu"),
            at_risk=True,
            term=bearing,
            even=True,
        )
    ]


MODEL: Final = ForestRight()
