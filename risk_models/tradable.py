"""What the models of tradable units share: a cautious price, what a sale loses, and their checks.

The price is the lower of the volume-weighted means of 20 and of 250 trading days, never the last
trade. A holding that is large beside the market takes days to sell, and each unit loses by the day
of its own sale: more is never worth less, but two holdings together are worth less than alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.batches import finding
from risk_models.contract import (
    Basis,
    Batch,
    Finding,
    Floats,
    Flow,
    Keyed,
    Prices,
    PriceUse,
    Recorder,
    step,
)
from risk_models.modelling import PRICE_AGE, as_day, per_unit, price_findings, single, slipped
from risk_models.words import Text

__all__ = [
    "NOT_ADDITIVE",
    "PARTICIPATION",
    "SHARED_PARAMETERS",
    "Means",
    "PricesByLevel",
    "Sale",
    "dear_sale",
    "holding_findings",
    "implied_findings",
    "liquidity_share",
    "lost_to_sale",
    "market_findings",
    "means_of",
    "pace",
    "price_uses",
    "priced_rows",
    "reference_price",
    "sale_flows",
    "sale_terms",
    "slow_sale",
    "ten_thousands",
]

PARTICIPATION: Final = "tradable.participation_share"
DISCOUNT_PER_DAY: Final = "tradable.discount_per_day"
ORDERLY_DAYS: Final = "tradable.orderly_days"
SALE_DAYS_HIGH: Final = "tradable.sale_days_high"
DISCOUNT_HIGH: Final = "tradable.discount_high"
STATEMENT_AGE: Final = "tradable.statement_age_days"

SHARED_PARAMETERS: Final = (
    PARTICIPATION,
    DISCOUNT_PER_DAY,
    ORDERLY_DAYS,
    SALE_DAYS_HIGH,
    DISCOUNT_HIGH,
    STATEMENT_AGE,
    PRICE_AGE,
)
"""What every model that uses this module declares."""

NOT_ADDITIVE: Final = Text(
    en="Not additive: two holdings together take longer to sell than each alone.",
    zh="不可相加：合并持仓的变现时间长于各自持仓。",
)
"""A limit of every model that takes off what a sale loses."""

TEN_THOUSAND: Final = 10_000.0
"""Reports count in units of 10,000 (万), registries in single units."""

WORDS: Final[dict[str, Text]] = {
    "average-missing": Text(
        en="Of the means of 20 and of 250 trading days only %(price)s is known.",
        zh="20日与250日成交均价中仅有%(price)s。",
    ),
    "nothing-free": Text(
        en="Nothing is left after compliance and what is frozen; there is nothing to pledge.",
        zh="扣除履约需要与已冻结部分后没有可质押的余量。",
    ),
    "frozen-above-held": Text(
        en="More is frozen (%(frozen).6g) than held (%(held).6g). Correct one of them.",
        zh="冻结数量（%(frozen).6g）超过持有数量（%(held).6g），请更正。",
    ),
    "slow-sale": Text(
        en="Selling it takes %(days).1f trading days, above %(limit).0f. Check the quantities, or say"
        " how it is disposed of.",
        zh="变现需%(days).1f个交易日，超过%(limit).0f个，请核对数量或说明处置方式。",
    ),
    "dear-sale": Text(
        en="Its sale takes away %(share).1f%% of the value: the market needs %(days).0f trading"
        " days for so much, and every day beyond an orderly sale lowers what it fetches. Pledge less,"
        " or say how it is disposed of.",
        zh="变现折价占价值的%(share).1f%%：市场消化该数量需%(days).0f个交易日，超过有序处置期后每日折价递增。"
        "请减少质押数量或说明处置方式。",
    ),
    "statement-old": Text(
        en="The registry statement is %(age).0f days old, above %(limit).0f. Get a new one.",
        zh="登记机构持仓证明已有%(age).0f天，超过%(limit).0f天，请重新取得。",
    ),
    "statement-after-valuation-day": Text(
        en="The registry statement is dated after the valuation day. Say what moved in between.",
        zh="登记机构持仓证明晚于评估基准日，请说明其间的变动。",
    ),
    "price-above-percentile": Text(
        en="The reference price %(price).4g exceeds %(limit).4g, the 95th percentile of a year.",
        zh="参考价%(price).4g高于近一年第95百分位%(limit).4g。",
    ),
    "units-mixed-ten-thousand": Text(
        en="%(subject)s: %(given).6g lies outside %(low).6g to %(high).6g; as %(meant).6g it would"
        " lie inside. Check whether units and units of 10,000 were taken for each other.",
        zh="%(subject)s：%(given).6g超出%(low).6g至%(high).6g，而%(meant).6g在此区间内。"
        "请核对是否以“万”为单位。",
    ),
    "implied-value-outside-band": Text(
        en="Value over quantity is %(implied).4g yuan, outside %(low).4g to %(high).4g.",
        zh="价值除以数量为%(implied).4g元，超出%(low).4g至%(high).4g元的区间。",
    ),
}


# ---------------------------------------------------------------------------
# Prices


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """The two volume-weighted means of one market."""

    short: PriceUse
    long: PriceUse

    def stated(self, prices: Prices) -> list[PriceUse]:
        return [use for use in (self.short, self.long) if use.id in prices]

    def known(self, basis: Basis) -> list[PriceUse]:
        """The means that had not ended before the day; one that had counts as missing."""
        limit = basis.parameters.number(PRICE_AGE)
        return [use for use in self.stated(basis.prices) if _age(use, basis) <= limit]


def _age(use: PriceUse, basis: Basis) -> int:
    priced_on = basis.prices[use.id].priced_on
    return 0 if priced_on is None else (basis.on - priced_on).days


PricesByLevel = Mapping[str, Sequence[Means]]
"""The markets a level of a choice is priced in; the first with a known mean counts."""


def means_of(market: str, title: Text, unit: str) -> Means:
    """The means of a market under the ids `<market>-vwap-20d` and `<market>-vwap-250d`."""
    short, long = (_mean(market, days, title, unit) for days in (20, 250))
    return Means(short=short, long=long)


def _mean(market: str, days: int, title: Text, unit: str) -> PriceUse:
    return PriceUse(
        id=f"{market}-vwap-{days}d",
        title=Text(
            en=f"{title.en}, volume-weighted mean of {days} trading days",
            zh=f"{title.zh}近{days}个交易日成交量加权均价",
        ),
        unit=f"yuan/{unit}",
        # Either mean will do; `market_findings` refuses where neither is known.
        needed=False,
    )


def price_uses(markets: PricesByLevel) -> tuple[PriceUse, ...]:
    """Every price of some markets once, for a passport."""
    uses = {
        use.id: use
        for listed in markets.values()
        for means in listed
        for use in (means.short, means.long)
    }
    return tuple(uses.values())


def _known(listed: Sequence[Means], basis: Basis) -> list[PriceUse]:
    """The known means of the first market that has one."""
    return next((known for means in listed if (known := means.known(basis))), [])


def _lower(listed: Sequence[Means], basis: Basis) -> PriceUse | None:
    """The lower of the known means."""
    return min(_known(listed, basis), key=lambda use: basis.prices[use.id].yuan, default=None)


def _asked_for(listed: Sequence[Means], basis: Basis) -> PriceUse:
    """The mean a row is priced at, or else the one whose absence or age refuses it."""
    lower = _lower(listed, basis)
    if lower is not None:
        return lower
    ended = [use for means in listed for use in means.stated(basis.prices)]
    return ended[0] if ended else _either(listed)


def _either(listed: Sequence[Means]) -> PriceUse:
    """A price that is missing, named with all that would do in its place."""
    titles = [use.title for means in listed for use in (means.short, means.long)]
    named = Text(
        en="” or “".join(title.en for title in titles), zh="”或“".join(title.zh for title in titles)
    )
    return replace(listed[-1].long, title=named)


@step(unit="yuan/unit", zh="20日成交均价")
def short_mean(*, price: Floats) -> Floats:
    """Mean of 20 trading days: price."""
    return price


@step(unit="yuan/unit", zh="250日成交均价")
def long_mean(*, price: Floats) -> Floats:
    """Mean of 250 trading days: price."""
    return price


@step(unit="yuan/unit", zh="参考价")
def lower_mean(*, short_mean: Floats, long_mean: Floats) -> Floats:
    """Reference price, the lower of two means: min(short_mean, long_mean)."""
    return np.minimum(short_mean, long_mean)


@step(unit="yuan/unit", zh="参考价（仅有一个均价）")
def only_mean(*, price: Floats) -> Floats:
    """Reference price, the only mean known: price."""
    return price


def reference_price(
    batch: Batch, basis: Basis, steps: Recorder, *, field: str, markets: PricesByLevel
) -> Floats:
    """The price of each row in yuan per unit, NaN where its market has none."""
    yuan = np.full(batch.n, np.nan)
    for level, listed in markets.items():
        rows = batch.is_level(field, level)
        known = _known(listed, basis)
        if known and rows.any():
            yuan[rows] = _printed_mean(known, basis.prices, steps)
    return yuan


def _printed_mean(known: Sequence[PriceUse], prices: Prices, steps: Recorder) -> float:
    yuan = [np.array(prices[use.id].yuan) for use in known]
    unit = known[0].unit
    if len(yuan) == 1:
        return float(steps("reference_price", replace(only_mean, unit=unit), price=yuan[0]))
    short = steps("short_mean", replace(short_mean, unit=unit), price=yuan[0])
    long = steps("long_mean", replace(long_mean, unit=unit), price=yuan[1])
    lower = replace(lower_mean, unit=unit)
    return float(steps("reference_price", lower, short_mean=short, long_mean=long))


def priced_rows(
    batch: Batch, basis: Basis, *, field: str, markets: PricesByLevel
) -> dict[str, npt.NDArray[np.bool_]]:
    """Which rows [n] are sold at which price id."""
    found: dict[str, npt.NDArray[np.bool_]] = {}
    for level, listed in markets.items():
        use = _lower(listed, basis)
        rows = batch.is_level(field, level)
        if use is not None and rows.any():
            found[use.id] = rows | found.get(use.id, False)
    return found


# ---------------------------------------------------------------------------
# What a sale loses


@step(unit="day", zh="变现所需交易日")
def days_to_sell(
    *, free_quantity: Floats, participation_share: Floats, daily_volume: Floats
) -> Floats:
    """Trading days to sell them: free_quantity / (participation_share * daily_volume)."""
    return np.asarray(free_quantity / (participation_share * daily_volume))


@step(unit="day", zh="折价至零的交易日")
def worthless_day(
    *, base_discount: Floats, discount_per_day: Floats, orderly_days: Floats
) -> Floats:
    """Day of a sale from which on nothing is fetched.

    Formula: orderly_days + (1 - base_discount) / discount_per_day.
    """
    return np.asarray(orderly_days + (1.0 - base_discount) / discount_per_day)


@step(unit="ratio", zh="各变现日平均折价率")
def liquidity_share(
    *,
    base_discount: Floats,
    discount_per_day: Floats,
    days_to_sell: Floats,
    orderly_days: Floats,
    worthless_day: Floats,
) -> Floats:
    """Share lost by selling, the mean over the days of the sale.

    Formula: base_discount + (discount_per_day * max(0, min(days_to_sell, worthless_day)
    - orderly_days) ** 2 / 2 + (1 - base_discount) * max(0, days_to_sell - worthless_day))
    / max(days_to_sell, orderly_days).
    """
    falling = np.maximum(0.0, np.minimum(days_to_sell, worthless_day) - orderly_days)
    in_vain = np.maximum(0.0, days_to_sell - worthless_day)
    late = discount_per_day * falling**2 / 2.0 + (1.0 - base_discount) * in_vain
    return np.asarray(base_discount + late / np.maximum(days_to_sell, orderly_days))


@step(unit="unit", zh="变现折损数量")
def lost_quantity(*, free_quantity: Floats, liquidity_share: Floats) -> Floats:
    """Units lost to selling: free_quantity * liquidity_share."""
    return free_quantity * liquidity_share


def sale_terms(
    basis: Basis,
    steps: Recorder,
    *,
    base_discount: str,
    discount_per_day: str = DISCOUNT_PER_DAY,
    orderly_days: str = ORDERLY_DAYS,
) -> dict[str, Floats]:
    """What any sale loses and each day beyond an orderly one, by the ids of the dated parameters."""
    named = {
        "base_discount": base_discount,
        "discount_per_day": discount_per_day,
        "orderly_days": orderly_days,
    }
    terms = {name: np.array(basis.parameters.number(key)) for name, key in named.items()}
    return {**terms, "worthless_day": steps("worthless_day", worthless_day, **terms)}


def pace(batch: Batch, basis: Basis) -> dict[str, Floats]:
    """How fast a holding [n] sells; the column `daily_volume` says the market's depth."""
    return {
        "participation_share": np.array(basis.parameters.number(PARTICIPATION)),
        # A row without a holding needs no volume; its zero units sell in no time at any.
        "daily_volume": np.nan_to_num(batch.numbers("daily_volume"), nan=1.0),
    }


def lost_to_sale(
    batch: Batch,
    basis: Basis,
    steps: Recorder,
    *,
    free: Floats,
    terms: Mapping[str, Floats],
    unit: str,
) -> Floats:
    """Units [n] that selling the free ones loses.

    Beyond an orderly sale a unit loses by each day that it waits. The discount is an amount of its
    own, because it depends on the whole holding.
    """
    days = steps("days_to_sell", days_to_sell, free_quantity=free, **pace(batch, basis))
    share = steps("liquidity_share", liquidity_share, days_to_sell=days, **terms)
    lost = replace(lost_quantity, unit=unit)
    return steps("lost_quantity", lost, free_quantity=free, liquidity_share=share)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sale:
    """When some units are sold: at once, or one unit of the profile from `first` on."""

    unit: str
    profile: Keyed
    first: float | Floats = 0.0
    at_risk: bool = False
    term: Floats | None = None

    @classmethod
    def now(cls, unit: str, rows: int) -> "Sale":
        return cls(unit=unit, profile=single(rows))


def sale_flows(
    sale: Sale,
    quantities: Mapping[str, Floats],
    rows_by_price: Mapping[str, npt.NDArray[np.bool_]],
    prices: Prices,
) -> list[Flow]:
    """One flow for each component and price: the component's quantity [n] of the rows so priced."""
    return [
        Flow(
            name=name,
            unit=sale.unit,
            profile=sale.profile,
            first=sale.first,
            quantity=np.where(rows, quantity, 0.0),
            unit_price=prices[price_id].yuan,
            index=price_id,
            at_risk=sale.at_risk,
            term=sale.term,
        )
        for price_id, rows in rows_by_price.items()
        for name, quantity in quantities.items()
    ]


# ---------------------------------------------------------------------------
# Findings


def market_findings(
    batch: Batch, basis: Basis, *, field: str, markets: PricesByLevel
) -> list[Finding]:
    """Means that are missing or ended: both missing, or the one used too old, refuse the row."""
    wanted = {level: _asked_for(listed, basis) for level, listed in markets.items()}
    found = price_findings(
        batch,
        basis,
        field=field,
        price_of=wanted,
    )
    for level, listed in markets.items():
        known = _known(listed, basis)
        if len(known) == 1:
            found += finding(
                "average-missing",
                "",
                batch.is_level(field, level),
                severity="note",
                detail=WORDS["average-missing"].about(price=known[0].title),
                price=np.array(known[0].id),
            )
    return found


def _noted(
    code: str,
    field: str,
    rows: npt.NDArray[np.bool_],
    severity: str,
    **facts: npt.NDArray[np.generic],
) -> list[Finding]:
    return finding(code, field, rows, severity=severity, detail=WORDS[code], **facts)


def holding_findings(
    batch: Batch,
    basis: Basis,
    *,
    held: Floats,
    free: Floats,
    reference: Floats,
    base_discount: str,
    field: str,
    sold: Floats | None = None,
) -> list[Finding]:
    """What a reviewer must know of a holding [n]: nothing free, frozen too much, slow, stale, dear.

    `field` is the input that says how much is held, `base_discount` the parameter of what any sale
    loses, `sold` how much of what is free the market has to take, by default all. Rows that hold
    nothing are passed over.
    """
    parameters = basis.parameters
    frozen = np.nan_to_num(batch.numbers("frozen_quantity"))
    per_day = parameters.number(PARTICIPATION) * np.nan_to_num(
        batch.numbers("daily_volume"), nan=np.inf
    )
    days = (free if sold is None else sold) / per_day
    limit = parameters.number(SALE_DAYS_HIGH)
    high = batch.numbers("high_price_yuan")
    has = held > 0.0
    return [
        *_noted("nothing-free", field, has & (free <= 0.0), "note"),
        *_noted(
            "frozen-above-held",
            "frozen_quantity",
            frozen > held,
            "refuse",
            frozen=frozen,
            held=held,
        ),
        *slow_sale(field, days, limit=limit),
        *dear_sale(
            field,
            days,
            terms=sale_terms(basis, Recorder(), base_discount=base_discount),
            limit=parameters.number(DISCOUNT_HIGH),
        ),
        *_noted(
            "price-above-percentile",
            "high_price_yuan",
            reference > high,
            "ask",
            price=reference,
            limit=high,
        ),
        *_statement_findings(batch, basis, has),
    ]


def slow_sale(field: str, days: Floats, *, limit: float) -> list[Finding]:
    """Asks about a quantity whose sale takes more trading days [n] than a quick collateral's."""
    return _noted("slow-sale", field, days > limit, "ask", days=days, limit=np.array(limit))


def dear_sale(
    field: str, days: Floats, *, terms: Mapping[str, Floats], limit: float
) -> list[Finding]:
    """Asks about a quantity whose days of sale [n] lower its value by the limit or more.

    What any sale loses is no question of the quantity, and so is left out of what the limit is
    compared with.
    """
    share = liquidity_share(days_to_sell=days, **terms)
    rows = share - terms["base_discount"] >= limit
    return _noted("dear-sale", field, rows, "ask", share=100.0 * share, days=days)


def _statement_findings(batch: Batch, basis: Basis, has: npt.NDArray[np.bool_]) -> list[Finding]:
    stated = batch.days("statement_on")
    age = (as_day(basis.on) - stated).astype("timedelta64[D]").astype(np.float64)
    age = np.where(np.isnat(stated), 0.0, age)
    limit = basis.parameters.number(STATEMENT_AGE)
    return [
        *_noted(
            "statement-old",
            "statement_on",
            has & (age > limit),
            "ask",
            age=age,
            limit=np.array(limit),
        ),
        *_noted("statement-after-valuation-day", "statement_on", has & (age < 0.0), "ask"),
    ]


def ten_thousands(
    field: str, given: Floats, *, low: Floats | float, high: Floats | float
) -> list[Finding]:
    """Asks about a quantity [n] outside its usual band that lies inside it times or over 10,000."""
    code = "units-mixed-ten-thousand"
    return slipped(
        code,
        field,
        np.where(given > 0.0, given, np.nan),
        low=np.asarray(low),
        high=np.asarray(high),
        factor=TEN_THOUSAND,
        detail=WORDS[code],
    )


def implied_findings(
    value: Floats, quantity: Floats, *, low: float, high: float, field: str = ""
) -> list[Finding]:
    """Value over quantity [n] outside the band of the market. No quantity, no implied value."""
    implied = per_unit(value, quantity)
    return _noted(
        "implied-value-outside-band",
        field,
        (implied < low) | (implied > high),
        "ask",
        implied=implied,
        low=np.array(low),
        high=np.array(high),
    )
