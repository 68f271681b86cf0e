"""Forest right: timber, fuel, bamboo and economic forest, valued as the age of the stand calls for.

Young stands by what they cost to raise, middle-aged ones by the harvest to come, mature ones by
today's market less costs and profit, what bears every year by its yields, cleared land by the
rotations to come, any of them besides by comparable rights. The same trees are felled, kept for
carbon, or run by one plan for both: they are never counted twice.
"""

from collections.abc import Callable, Mapping, Sequence
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
    Recorder,
    Text,
)
from risk_models.modelling import discounted, due_now, empty_exposure, trimmed
from risk_models.models.forest_right import checks
from risk_models.models.forest_right import steps as told
from risk_models.models.forest_right.groups import (
    AGE_GROUP,
    BAMBOO,
    BARE,
    BEARING,
    CREDIT_PRICES,
    HARVESTED,
    PLANTED,
    STANDING,
)
from risk_models.models.forest_right.land import land
from risk_models.models.forest_right.part import Part, given, narrowed, or_else
from risk_models.models.forest_right.passport import SPEC
from risk_models.models.forest_right.timber import felled_now, felled_then, thinned
from risk_models.models.forest_right.words import COMPARED, REASONS

__all__ = ["MODEL", "ForestRight"]

SERIES: Final = tuple(field.name for field in SPEC.fields if field.kind == "series")


class ForestRight:
    """The model. It keeps no state."""

    @property
    def spec(self) -> ModelSpec:
        return SPEC

    def check(self, batch: Batch, basis: Basis) -> list[Finding]:
        """Category, dates, what the age group needs, the price of timber and the rate."""
        return checks.check(batch, basis)

    def exposures(self, batch: Batch, basis: Basis, steps: Recorder) -> Mapping[str, Exposure]:
        """Each approach over the rows whose age group calls for it."""
        approaches: dict[str, tuple[npt.NDArray[np.bool_], Callable[[Part], list[Flow]]]] = {
            "replacement": (batch.is_level("age_group", *PLANTED), _replacement),
            "harvest": (batch.is_level("age_group", *HARVESTED), _harvest),
            "market": (batch.is_level("age_group", *STANDING), _market),
            "annuity": (batch.is_level("age_group", *BEARING), _annuity),
            "land_expectation": (batch.is_level("age_group", *BARE), _bare),
            "comparables": (given(batch, "comparable_prices_yuan_per_mu"), _comparables),
        }
        narrow = narrowed(batch, SERIES)
        found: dict[str, Exposure] = {}
        for name, (wanted, flows_of) in approaches.items():
            rows = np.flatnonzero(wanted).astype(np.int32)
            if len(rows) == 0:
                found[name] = empty_exposure()
                continue
            part = Part(narrow.take(rows), basis, steps)
            beside = _beside(part, compared=name == "comparables")
            found[name] = discounted(part.batch, [*flows_of(part), *beside], rows)
        return found

    def reconcile(
        self, batch: Batch, basis: Basis, values: Mapping[str, Floats]
    ) -> tuple[Mapping[str, Floats], npt.NDArray[np.int8], Sequence[Text]]:
        """Weights by age group, from the dated table; comparables take their share where stated."""
        table = basis.parameters.table(AGE_GROUP)
        levels = batch.levels["age_group"]
        compared = given(batch, "comparable_prices_yuan_per_mu")
        share = compared * batch.by_level("age_group", table.column("comparables_weight", levels))
        weights = {
            name: (1.0 - share)
            * batch.by_level("age_group", table.column(f"{name}_weight", levels))
            for name in values
            if name != "comparables"
        }
        reason = batch.codes("age_group") + np.where(compared & (share > 0.0), len(levels), 0)
        reasons = [REASONS[level] for level in levels]
        with_sales = [
            Text(en=f"{said.en}{COMPARED.en}", zh=f"{said.zh}{COMPARED.zh}") for said in reasons
        ]
        weights["comparables"] = share
        return weights, reason.astype(np.int8), (*reasons, *with_sales)

    def review(
        self,
        batch: Batch,
        basis: Basis,
        value: Floats,
        quantities: Mapping[str, tuple[Floats, str]],  # noqa: ARG002 - the area judges it here.
    ) -> list[Finding]:
        """Value over area against the band of the category."""
        return checks.implied_value(batch, basis, value)


# ---------------------------------------------------------------------------
# Approaches


def _replacement(part: Part) -> list[Flow]:
    """K times the costs of each year begun, compounded from the start of that year to today."""
    costs = trimmed(part.batch.numbers("costs_by_year_yuan_per_mu"))
    spent = part.steps(
        "costs_spent",
        told.costs_spent,
        costs_by_year_yuan_per_mu=costs,
        year=np.arange(costs.shape[1], dtype=np.float64)[np.newaxis],
        age_years=part.age[:, np.newaxis],
    )
    return [
        Flow(
            name="raising",
            unit="yuan",
            profile=Keyed(values=spent, key=part.each()),
            first=-part.age,
            quantity=np.where(part.worked, part.adjusted(), 0.0),
            unit_price=1.0,
            at_risk=False,
        )
    ]


def _harvest(part: Part) -> list[Flow]:
    """Thinnings and the felling to come, less the tending until then; then the land, if counted."""
    adjusted = part.adjusted()
    tended = part.steps(
        "tending_years",
        told.tending_years,
        years_to_rotation=part.left,
        right_years=part.right,
    )
    tending = part.yearly(
        "tending",
        "mu",
        -part.area,
        part.batch.numbers("tending_cost_yuan_per_mu"),
        term=tended,
        at_risk=False,
    )
    return [
        *felled_then(part, adjusted),
        *thinned(part, adjusted),
        tending,
        *_carbon(part, fellable=np.ones(part.batch.n, dtype=np.bool_)),
        *land(part, felled_now=False),
    ]


def _market(part: Part) -> list[Flow]:
    """What the standing timber fetches today; its credits are given back with the felling."""
    return [*felled_now(part), *_released(part, 0.0, _joint(part)), *land(part, felled_now=True)]


def _annuity(part: Part) -> list[Flow]:
    """K times the net yearly yields until the right or the trees end."""
    bearing, adjusted = _bearing_years(part), np.where(part.worked, part.adjusted(), 0.0)
    flows: list[Flow] = []
    stated = given(part.batch, "yields_by_year_yuan_per_mu")
    stated &= part.batch.is_level("age_group", "early-yield", "declining")
    if stated.any():
        yields = trimmed(part.batch.numbers("yields_by_year_yuan_per_mu"))
        flows.append(
            Flow(
                name="net_yield",
                unit="yuan",
                profile=Keyed(values=np.nan_to_num(yields), key=part.each()),
                first=1.0,
                quantity=np.where(stated, adjusted, 0.0),
                unit_price=1.0,
                at_risk=True,
                term=bearing,
                even=True,
            )
        )
    if not part.batch.is_level("age_group", "declining").all():
        flows.append(_level_yield(part, bearing, adjusted, stated))
    trees = ~part.batch.is_level("age_group", *BAMBOO)
    return [*flows, *_carbon(part, fellable=trees)]


def _level_yield(
    part: Part, bearing: Floats, adjusted: Floats, stated: npt.NDArray[np.bool_]
) -> Flow:
    """The same yield each year, after the years whose yields are stated one by one."""
    levelled = ~part.batch.is_level("age_group", "declining")
    told_years = (~np.isnan(part.batch.numbers("yields_by_year_yuan_per_mu"))).sum(axis=1)
    years_before, key = np.unique(np.where(stated, told_years, 0), return_inverse=True)
    longest = max(int(np.ceil(np.max(bearing, initial=0.0))), 1) + 1
    profile = np.arange(longest)[np.newaxis] >= years_before[:, np.newaxis]
    return Flow(
        name="net_yield",
        unit="mu",
        profile=Keyed(values=profile.astype(np.float64), key=key.astype(np.int32)),
        first=1.0,
        quantity=np.where(levelled, adjusted, 0.0),
        unit_price=or_else(part.batch, "net_yield_yuan_per_mu"),
        at_risk=True,
        term=bearing,
        even=True,
    )


def _bearing_years(part: Part) -> Floats:
    """Until trees or right end; bamboo renews itself, so only the right ends it."""
    bamboo = part.batch.is_level("age_group", *BAMBOO)
    found = np.zeros(part.batch.n)
    trees, culms = np.flatnonzero(~bamboo), np.flatnonzero(bamboo)
    if len(trees):
        found[trees] = part.steps(
            "yield_years",
            told.yield_years,
            years_to_rotation=part.left[trees],
            right_years=part.right[trees],
        )
    if len(culms):
        found[culms] = part.steps("yield_years", told.bamboo_years, right_years=part.right[culms])
    return found


def _bare(part: Part) -> list[Flow]:
    """Cleared land: the rotations to come until the right ends."""
    return land(part, felled_now=True)


def _comparables(part: Part) -> list[Flow]:
    """The mean price of comparable rights, each adjusted to this one."""
    price = part.steps(
        "comparable_price",
        told.comparable_price,
        comparable_prices_yuan_per_mu=trimmed(part.batch.numbers("comparable_prices_yuan_per_mu")),
        comparable_factors=trimmed(part.batch.numbers("comparable_factors")),
        comparable_weights=trimmed(part.batch.numbers("comparable_weights")),
    )
    return [part.lump("comparable_sales", "mu", np.where(part.worked, part.area, 0.0), price)]


# ---------------------------------------------------------------------------
# Carbon on the same trees


def _joint(part: Part) -> npt.NDArray[np.bool_]:
    return part.batch.is_level("plan", "joint")


def _carbon(part: Part, *, fellable: npt.NDArray[np.bool_]) -> list[Flow]:
    """Credits each year until the felling, and what the felling gives back."""
    joint = _joint(part)
    if not joint.any():
        return []
    if fellable.all():
        until = part.steps(
            "carbon_years",
            told.carbon_years,
            years_to_rotation=part.left,
            right_years=part.right,
        )
    else:
        until = np.where(fellable, np.minimum(part.left, part.right), part.right)
    tonnes = part.steps(
        "carbon_tco2e",
        told.carbon_tco2e,
        productive_area=part.area,
        carbon_tco2e_per_mu=or_else(part.batch, "carbon_tco2e_per_mu"),
    )
    sales = [
        part.yearly(
            "carbon_sales",
            "tCO2e",
            np.where(rows, tonnes, 0.0),
            part.basis.prices[price_id].yuan,
            term=until,
            at_risk=True,
            index=price_id,
        )
        for price_id, rows in _sold_at(part, joint)
    ]
    cost = part.yearly(
        "carbon_costs",
        "mu",
        -np.where(joint, part.area, 0.0),
        or_else(part.batch, "carbon_cost_yuan_per_mu"),
        term=until,
        at_risk=False,
    )
    felled_in = np.maximum(np.nan_to_num(part.left), 0.0)
    return [*sales, cost, *_released(part, felled_in, joint & fellable)]


def _released(part: Part, first: Floats | float, rows: npt.NDArray[np.bool_]) -> list[Flow]:
    """Credits given back when the trees come down, whether felled as planned or lost before."""
    if not rows.any():
        return []
    tonnes = part.steps(
        "release_tco2e",
        told.release_tco2e,
        productive_area=part.area,
        release_tco2e_per_mu=or_else(part.batch, "release_tco2e_per_mu"),
    )
    return [
        part.lump(
            "carbon_release",
            "tCO2e",
            -part.within_right(np.where(sold, tonnes, 0.0), first),
            part.basis.prices[price_id].yuan,
            first=first,
            index=price_id,
        )
        for price_id, sold in _sold_at(part, rows)
    ]


def _sold_at(part: Part, rows: npt.NDArray[np.bool_]) -> list[tuple[str, npt.NDArray[np.bool_]]]:
    """The rows by the price their credits follow; a price no row follows is not read."""
    by_price = [
        (price_id, rows & part.batch.is_level("credit_price", price_id))
        for price_id in CREDIT_PRICES
    ]
    return [(price_id, sold) for price_id, sold in by_price if sold.any()]


# ---------------------------------------------------------------------------
# Beside every approach


def _beside(part: Part, *, compared: bool) -> list[Flow]:
    """Compensation, income beside the timber and costs, which no approach works out itself.

    The price of comparable rights already holds what the area it pays for yields and costs.
    """
    batch = part.batch
    welfare = part.steps(
        "welfare_area",
        told.welfare_area,
        area_mu=batch.numbers("area_mu"),
        public_welfare_share=or_else(batch, "public_welfare_share"),
    )
    paid_for = part.worked & compared
    area = np.where(paid_for, welfare, batch.numbers("area_mu"))
    yearly = (
        ("compensation", welfare, "compensation_yuan_per_mu", True),
        ("nontimber", area, "nontimber_yuan_per_mu", True),
        ("management", -area, "management_cost_yuan_per_mu", False),
    )
    flows = [due_now(batch, part.steps)]
    for name, quantity, field, at_risk in yearly:
        unit_price = or_else(batch, field)
        if np.any(unit_price != 0.0):
            flows.append(_each_year(part, name, quantity, unit_price, at_risk=at_risk))
    return [*flows, *_silviculture(part, np.where(paid_for, 0.0, part.area))]


def _each_year(
    part: Part, name: str, quantity: Floats, unit_price: Floats, *, at_risk: bool
) -> Flow:
    """Paid at each year's end while the right lasts."""
    return part.yearly(name, "mu", quantity, unit_price, term=part.right, at_risk=at_risk)


def _silviculture(part: Part, area: Floats) -> list[Flow]:
    if not given(part.batch, "coming_costs_by_year_yuan_per_mu").any():
        return []
    costs = trimmed(part.batch.numbers("coming_costs_by_year_yuan_per_mu"))
    return [
        Flow(
            name="silviculture",
            unit="yuan",
            profile=Keyed(values=np.nan_to_num(costs), key=part.each()),
            first=1.0,
            quantity=-area,
            unit_price=1.0,
            at_risk=False,
            term=part.right,
        )
    ]


MODEL: Final[ForestRight] = ForestRight()
