"""What several models share: days as years, common findings, the flows of a price by choice."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.batches import finding
from risk_models.contract import (
    Basis,
    Batch,
    Codes,
    Exposure,
    Finding,
    Floats,
    Flow,
    Keyed,
    PriceUse,
    Recorder,
    step,
)
from risk_models.price_checks import MISSING
from risk_models.trace import DAYS_A_YEAR
from risk_models.words import Text

__all__ = [
    "MU_A_HECTARE",
    "PRICE_AGE",
    "REMOVALS_ABOVE",
    "SINGLE_PAYER",
    "Days",
    "area_findings",
    "as_day",
    "discounted",
    "due_now",
    "empty_exposure",
    "ended_findings",
    "income_growth_findings",
    "mixed_units",
    "not_asked_of",
    "on_the_day",
    "ones",
    "over_area",
    "paid_today",
    "per_unit",
    "price_findings",
    "price_growth_findings",
    "rate_findings",
    "single",
    "slipped",
    "term_findings",
    "trimmed",
    "worked_out",
    "years",
    "years_left",
]

Days = npt.NDArray[np.datetime64]

MU_A_HECTARE: Final = 15.0
"""One hectare is fifteen mu, by definition."""

PRICE_AGE: Final = "price.age_limit_days"
"""How old a price may be; a model that checks its prices lists it among its parameters."""

ENDED: Text = Text(
    en="The price “%(price)s” ends on %(priced_on)s, more than %(limit)d days before the valuation"
    " day. Import newer prices, or state the price with its source.",
    zh="“%(price)s”的数据止于%(priced_on)s，早于评估基准日超过%(limit)d天。请导入新价格，或注明来源后自行填写。",
)
MIXED_UNITS: Text = Text(
    en="%(subject)s: %(given).6g lies outside %(low).6g to %(high).6g; as %(meant).6g it would lie"
    " inside. One hectare is 15 mu: was the figure meant for the other unit?",
    zh="%(subject)s：%(given).6g超出%(low).6g至%(high).6g，而%(meant).6g在此区间内。1公顷等于15亩，请核对是否用错面积单位。",
)
MIXED_OVER_AREA: Text = Text(
    en="%(subject)s: %(given).6g lies outside %(low).6g to %(high).6g; as %(meant).6g it would lie"
    " inside. One hectare is 15 mu: check the unit of the area; where the area is right, check"
    " %(others)s.",
    zh="%(subject)s：%(given).6g超出%(low).6g至%(high).6g，而%(meant).6g在此区间内。1公顷等于15亩，"
    "请核对面积的单位；面积无误的，请核对%(others)s。",
)
MIXED_WORKED_OUT: Text = Text(
    en="%(subject)s: %(given).6g lies outside %(low).6g to %(high).6g; as %(meant).6g it would lie"
    " inside. One hectare is 15 mu: check the figures it is worked out from, and their units:"
    " %(others)s.",
    zh="%(subject)s：%(given).6g超出%(low).6g至%(high).6g，而%(meant).6g在此区间内。1公顷等于15亩，"
    "请核对计算所依据的各项及其单位：%(others)s。",
)
NO_AREA: Text = Text(
    en="The area is zero, so nothing is valued. Enter the area of the right.",
    zh="面积为零，没有可评估的内容，请填写权利面积。",
)
AREA_ABOVE: Text = Text(
    en="The area of %(area).0f mu lies above the usual %(high).0f. Check it against the certificate.",
    zh="面积%(area).0f亩高于通常上限%(high).0f亩，请与权证核对。",
)
SINGLE_PAYER: Text = Text(
    en="One company pays it all; its default ends the income.",
    zh="收入全部来自单一企业，其违约将使收入中断。",
)
RIGHT_ENDED: Text = Text(
    en="The right has ended on the valuation day.", zh="权利在评估基准日已到期。"
)
TERM_LONG: Text = Text(
    en="The right lasts %(years).1f more years, above the usual %(limit).0f. Check its last day.",
    zh="权利剩余%(years).1f年，长于通常的%(limit).0f年，请核对到期日。",
)
GROWTH_ABOVE: Text = Text(
    en="The income is taken to grow by %(growth)p a year, above %(limit)p.",
    zh="假定收入每年增长%(growth)p，高于%(limit)p。",
)
PRICE_GROWTH_ABOVE: Text = Text(
    en="The price is taken to grow by %(growth)p a year, above %(limit)p.",
    zh="假定价格每年增长%(growth)p，高于%(limit)p。",
)
REMOVALS_ABOVE: Text = Text(
    en="%(rate).4f tCO2e per mu and year exceeds the usual %(limit).4f; ask for evidence.",
    zh="每亩每年%(rate).4f吨，高于通常的%(limit).4f吨，请补充依据。",
)
RATE_OUTSIDE: Text = Text(
    en="The discount rate %(rate)p lies outside the usual %(low)p to %(high)p.",
    zh="折现率%(rate)p超出通常区间%(low)p至%(high)p。",
)


def as_day(on: date) -> np.datetime64:
    return np.datetime64(on.isoformat(), "D")


def years(since: Days, until: Days) -> Floats:
    """Years between days, smooth from day to day: days / 365.25."""
    return np.asarray(
        (until - since).astype("timedelta64[D]", copy=False).astype(np.float64) / DAYS_A_YEAR
    )


def ones(longest: float) -> Floats:
    """A profile of one unit a year, long enough for the longest term."""
    return np.ones((1, max(int(np.ceil(longest)), 1) + 1))


def trimmed(series: Floats) -> Floats:
    """A series column cut after the longest series of the batch."""
    used = np.flatnonzero(~np.isnan(series).all(axis=0))
    return series[:, : int(used.max(initial=0)) + 1]


def single(rows: int) -> Keyed:
    """One payment of one unit."""
    return Keyed.one(np.ones(1), rows)


def per_unit(amount: Floats, units: Floats) -> Floats:
    """An amount over its units [n]; NaN where there are none, which no band encloses or leaves out."""
    nothing = np.full(len(units), np.nan)
    return np.asarray(np.divide(amount, units, out=nothing, where=units > 0.0))


@step(unit="year", zh="权利剩余年限")
def right_years(*, valuation_on: Days, right_ends_on: Days) -> Floats:
    """Years the right still lasts: years(valuation_on, right_ends_on)."""
    return years(valuation_on, right_ends_on)


def years_left(batch: Batch, basis: Basis, steps: Recorder) -> Floats:
    """Years [n] that the right of each row still lasts."""
    return steps(
        "right_years",
        right_years,
        valuation_on=np.full(batch.n, as_day(basis.on)),
        right_ends_on=batch.days("right_ends_on"),
    )


@step(unit="yuan", zh="评估日应付费用")
def outlay(*, area_mu: Floats, cost_due_now_yuan: Floats) -> Floats:
    """Cost due on the valuation day, none where there is no area.

    Formula: (area_mu > 0) * cost_due_now_yuan.
    """
    return np.asarray((area_mu > 0.0) * cost_due_now_yuan)


def due_now(batch: Batch, steps: Recorder) -> Flow:
    """What must be paid on the valuation day for an area."""
    owed = steps(
        "outlay",
        outlay,
        area_mu=batch.numbers("area_mu"),
        cost_due_now_yuan=batch.numbers("cost_due_now_yuan"),
    )
    return paid_today("due_now", -owed)


def paid_today(name: str, yuan: Floats) -> Flow:
    """An amount [n] received on the valuation day, certain to come; below zero it is owed."""
    return Flow(
        name=name,
        unit="yuan",
        profile=single(len(yuan)),
        first=0.0,
        quantity=yuan,
        unit_price=1.0,
        at_risk=False,
    )


def price_findings(
    batch: Batch, basis: Basis, *, field: str, price_of: Mapping[str, PriceUse]
) -> list[Finding]:
    """A missing price, or one that ended long before the day, refuses the rows that need it.

    `price_of` names the price of each level of the choice `field`; no input is at fault.
    """
    limit = basis.parameters.number(PRICE_AGE)
    found: list[Finding] = []
    for level, use in price_of.items():
        rows = batch.is_level(field, level)
        if use.id not in basis.prices:
            found += finding(
                "price-missing",
                "",
                rows,
                severity="refuse",
                detail=MISSING.about(price=use.title),
                price=np.array(use.id),
            )
            continue
        priced_on = basis.prices[use.id].priced_on
        if priced_on is not None and (basis.on - priced_on).days > limit:
            found += finding(
                "price-ended",
                "",
                rows,
                severity="refuse",
                detail=ENDED.about(price=use.title),
                price=np.array(use.id),
                priced_on=np.array(priced_on.isoformat()),
                limit=np.array(limit),
            )
    return found


def slipped(
    code: str,
    field: str,
    given: Floats,
    *,
    low: Floats,
    high: Floats,
    factor: float,
    detail: Text,
) -> list[Finding]:
    """Asks about a figure [n] outside its usual band that lies inside it times or over a factor."""
    outside = (given < low) | (given > high)
    if not outside.any():
        return []
    meant = np.where(given > high, given / factor, given * factor)
    return finding(
        code,
        field,
        outside & (meant >= low) & (meant <= high),
        severity="ask",
        detail=detail,
        given=given,
        meant=meant,
        low=low,
        high=high,
    )


def mixed_units(
    field: str, given: Floats, *, low: Floats, high: Floats, detail: Text = MIXED_UNITS
) -> list[Finding]:
    """Asks about a figure [n] outside its usual band that would lie inside it in the other unit.

    `low` and `high` are the band by row, in the unit of the field, whether it is an area or a
    figure per area: mu and hectare lie a factor of 15 apart either way. A field is named by the
    runner; a figure that is no field by a `detail` of its own, such as `over_area` gives.
    """
    return slipped(
        "units-mixed", field, given, low=low, high=high, factor=MU_A_HECTARE, detail=detail
    )


def over_area(subject: Text, others: Text) -> Text:
    """The question about several inputs over the area: either they or the area may be at fault."""
    return MIXED_OVER_AREA.about(subject=subject, others=others)


def worked_out(subject: Text, others: Text) -> Text:
    """The question about a figure per area that is worked out from other inputs."""
    return MIXED_WORKED_OUT.about(subject=subject, others=others)


def not_asked_of(found: Sequence[Finding], rows: int) -> npt.NDArray[np.bool_]:
    """The rows [n] that no finding of these is about, so that one slip is asked about once."""
    free = np.ones(rows, dtype=np.bool_)
    for entry in found:
        free[entry.rows] = False
    return free


def area_findings(batch: Batch, *, low: float, high: float) -> list[Finding]:
    """Asks about an `area_mu` of nothing, one above the usual, and one meant in hectares."""
    area = batch.numbers("area_mu")
    mixed = mixed_units("area_mu", area, low=np.full(batch.n, low), high=np.full(batch.n, high))
    return [
        *finding("area-zero", "area_mu", area == 0.0, severity="ask", detail=NO_AREA),
        *finding(
            "area-above-band",
            "area_mu",
            (area > high) & not_asked_of(mixed, batch.n),
            severity="ask",
            detail=AREA_ABOVE,
            area=area,
            high=np.array(high),
        ),
        *mixed,
    ]


def ended_findings(
    batch: Batch, on: date, rows: npt.NDArray[np.bool_] | None = None
) -> list[Finding]:
    """Refuses a right whose last day, `right_ends_on`, is the valuation day or lies before it.

    `rows` [n] are those that have such a right; None: all.
    """
    ended = batch.days("right_ends_on") <= as_day(on)
    if rows is not None:
        ended &= rows
    return finding("right-ended", "right_ends_on", ended, severity="refuse", detail=RIGHT_ENDED)


def term_findings(batch: Batch, on: date, *, limit_years: float) -> list[Finding]:
    """Asks about a right that lasts longer than rights do: a slip in the year of its end."""
    left = years(np.full(batch.n, as_day(on)), batch.days("right_ends_on"))
    return finding(
        "term-above-band",
        "right_ends_on",
        left > limit_years,
        severity="ask",
        detail=TERM_LONG,
        years=left,
        limit=np.array(limit_years),
    )


def income_growth_findings(batch: Batch, *, limit: float) -> list[Finding]:
    """A growth of the income, `growth_share`, above the usual asks for its reason."""
    growth = batch.numbers("growth_share")
    return finding(
        "growth-above-band",
        "growth_share",
        growth > limit,
        severity="ask",
        detail=GROWTH_ABOVE,
        growth=growth,
        limit=np.array(limit),
    )


def price_growth_findings(
    basis: Basis, *, rows_by_price: Mapping[str, npt.NDArray[np.bool_]], limit: float
) -> list[Finding]:
    """A price known to grow by more than is usual asks for its reason in the rows sold at it."""
    return [
        entry
        for price_id, rows in rows_by_price.items()
        if price_id in basis.prices and basis.prices[price_id].growth > limit
        for entry in finding(
            "price-growth-above-band",
            "",
            rows,
            severity="ask",
            detail=PRICE_GROWTH_ABOVE,
            growth=np.array(basis.prices[price_id].growth),
            limit=np.array(limit),
        )
    ]


def rate_findings(batch: Batch, *, low: float, high: float) -> list[Finding]:
    """A discount rate outside the usual band asks for its reason."""
    rate = batch.numbers("discount_rate")
    outside = (rate < low) | (rate > high)
    return finding(
        "rate-outside-band",
        "discount_rate",
        outside,
        severity="ask",
        detail=RATE_OUTSIDE,
        rate=rate,
        low=np.array(low),
        high=np.array(high),
    )


def discounted(batch: Batch, flows: Sequence[Flow], rows: Codes | None = None) -> Exposure:
    """Flows under the rate and the hazard that the fields of the same names give by row [n]."""
    return Exposure(
        n=batch.n,
        flows=tuple(flows),
        rate=Keyed.of(batch.numbers("discount_rate")),
        hazard=Keyed.of(batch.numbers("yearly_loss_share")),
        rows=rows,
    )


def on_the_day(flows: Sequence[Flow], n: int, rows: Codes | None = None) -> Exposure:
    """Flows that give their value on the day [n]: nothing to discount, nothing at risk."""
    nothing = Keyed.one(0.0, n)
    return Exposure(n=n, flows=tuple(flows), rate=nothing, hazard=nothing, rows=rows)


def empty_exposure() -> Exposure:
    """An approach that values no row of the batch."""
    return on_the_day((), 0, np.zeros(0, dtype=np.int32))
