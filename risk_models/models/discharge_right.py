"""Discharge right: tonnes a year of a pollutant that its holder paid for the right to discharge.

What was paid counts for the share of the term that is left; where the right is traded often
enough, its price counts as well. Only rights acquired against payment qualify, and none of a firm
that exceeds its limits, is rated badly or had an accident of late.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.batches import distinct, finding, findings
from risk_models.contract import (
    Basis,
    Batch,
    Exposure,
    Field,
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
from risk_models.fields import day, number, part, share
from risk_models.modelling import PRICE_AGE, as_day, price_findings, slipped, years
from risk_models.quota import (
    PRICED,
    Rows,
    Term,
    exposures_of,
    holding_fields,
    market_basis_field,
    no_approach,
    reconciled,
    right_findings,
    term_fields,
    term_of,
    unpaid_flow,
)
from risk_models.reconciling import APART
from risk_models.trace import whole_years

__all__ = ["MODEL", "DischargeRight"]

ACQUIRED: Final = "discharge_right.acquisition"
RATING: Final = "discharge_right.rating"
ACCIDENT_YEARS: Final = "discharge_right.accident_years"
TERM_CAP: Final = "discharge_right.term_cap_years"
ACTIVE_TRADES: Final = "discharge_right.active_trades"
PRICE_RATIO: Final = "discharge_right.price_ratio_high"
WEIGHT: Final = "discharge_right.approach_weight"
QUANTITY: Final = "discharge_right.quantity_band"

KILOGRAMS: Final = 1_000.0
"""A tonne, as meters and permits of small sources count it."""

NAMES: Final[Mapping[str, Text]] = {
    "so2": Text(en="Sulphur dioxide", zh="二氧化硫"),
    "nox": Text(en="Nitrogen oxides", zh="氮氧化物"),
    "cod": Text(en="Chemical oxygen demand", zh="化学需氧量"),
    "nh3n": Text(en="Ammonia nitrogen", zh="氨氮"),
}

PRICES: Final[Mapping[str, PriceUse]] = {
    key: PriceUse(
        id=f"discharge-{key}",
        title=Text(
            en=f"Traded discharge right: {name.en.lower()}", zh=f"排污权交易价格：{name.zh}"
        ),
        unit="yuan/t",
        when=(("market_basis", frozenset({PRICED})),),
        # Only what is discharged, and traded often enough, is sold at it.
        needed=False,
    )
    for key, name in NAMES.items()
}

EXAMPLES: Final[Mapping[str, tuple[float, float]]] = {
    "so2": (42.0, 4_800.0),
    "nox": (65.0, 5_200.0),
    "cod": (18.0, 11_500.0),
    "nh3n": (2.4, 26_000.0),
}
"""Tonnes a year and yuan a tonne of the example, by pollutant."""

WORDS: Final[Mapping[str, Text]] = {
    "granted-free": Text(
        en="Only rights acquired against payment can be pledged.",
        zh="只有有偿取得的排污权才可质押。",
    ),
    "over-limit": Text(
        en="The firm discharges more than it may; its right cannot be pledged until it keeps the"
        " limit again.",
        zh="企业超标或超总量排放，恢复达标前其排污权不得质押。",
    ),
    "badly-rated": Text(
        en="With this environmental rating the right cannot be pledged.",
        zh="该环境信用等级的企业，其排污权不得质押。",
    ),
    "recent-accident": Text(
        en="The last environmental accident was less than %(limit)d years ago.",
        zh="最近一次环境事故距今不足%(limit)d年。",
    ),
    "accident-ahead": Text(
        en="The accident lies after the valuation day.", zh="事故日期晚于评估基准日。"
    ),
    "price-paid-missing": Text(
        en="Give the price paid for this pollutant as for the others, or for none.",
        zh="其他污染物已填写取得价格，请补充该污染物的取得价格，或全部留空。",
    ),
    "quantity-missing": Text(
        en="A price is given without its quantity.", zh="已填写价格，但缺少相应的数量。"
    ),
    "units-mixed-thousand": Text(
        en="%(subject)s: %(given).6g lies outside %(low).6g to %(high).6g; as %(meant).6g it would"
        " lie inside. One tonne is 1,000 kg: check the unit of the permit.",
        zh="%(subject)s：%(given).6g超出%(low).6g至%(high).6g，而%(meant).6g在此区间内。"
        "1吨等于1000千克，请核对许可量的单位。",
    ),
    "prices-far-apart": Text(
        en="The traded price of %(traded).6g yuan/t and the %(paid).6g paid lie more than %(limit).0f"
        " times apart for the same years. Check both.",
        zh="交易价格每吨%(traded).6g元与取得价格每吨%(paid).6g元按相同年限相差超过%(limit).0f倍，请核对。",
    ),
    "market-inactive": Text(
        en="%(trades)d trades in the last year are fewer than %(limit)d; the market approach does"
        " not apply.",
        zh="近一年交易%(trades)d笔，少于%(limit)d笔，不适用市场法。",
    ),
}


def _quantity_field(key: str) -> Field:
    name = NAMES[key]
    example, _ = EXAMPLES[key]
    return number(
        f"{key}_t",
        Text(en=f"{name.en}, t a year", zh=f"{name.zh}年许可量"),
        Text(
            en="Permitted discharge in a year; empty when the right is not for it.",
            zh="一年的许可排放量；权利不含该污染物的留空。",
        ),
        unit="t",
        example=example,
        group="pollutants",
        high=1e6,
        required=False,
        vary=(0.9 * example, example),
    )


def _price_field(key: str) -> Field:
    name = NAMES[key]
    _, example = EXAMPLES[key]
    return number(
        f"{key}_price_yuan_per_t",
        Text(en=f"Paid for {name.en.lower()}", zh=f"{name.zh}取得价格"),
        Text(
            en="Base fee or auction price of one tonne a year for the whole term.",
            zh="整个期限内每吨年许可量的基准价或竞拍价。",
        ),
        unit="yuan/t",
        example=example,
        group="fee",
        low_open=True,
        high=1e6,
        required=False,
        vary=(0.8 * example, 1.2 * example),
        market=True,
    )


FIELDS: Final = (
    Field(
        name="acquired_by",
        title=Text(en="Acquired by", zh="取得方式"),
        help=Text(
            en="Only rights acquired against payment qualify.", zh="仅有偿取得的排污权可质押。"
        ),
        kind="choice",
        unit="",
        choices_from=ACQUIRED,
        example="auction",
        group="holding",
    ),
    Field(
        name="environmental_rating",
        title=Text(en="Environmental rating of the firm", zh="企业环境信用等级"),
        help=Text(
            en="The latest rating by the ecology authority.", zh="生态环境主管部门最近一次评定。"
        ),
        kind="choice",
        unit="",
        choices_from=RATING,
        example="green",
        group="holding",
    ),
    share(
        "discharged_share",
        Text(en="Discharged over permitted", zh="实际排放量占许可量"),
        Text(
            en="Highest share among the pollutants in the last year; above 1 the limit is broken.",
            zh="近一年各污染物中的最高比例；大于1表示超标。",
        ),
        example=0.82,
        group="holding",
        high=10.0,
        vary=(0.6, 0.98),
    ),
    day(
        "last_accident_on",
        Text(en="Last environmental accident", zh="最近一次环境事故日期"),
        Text(en="Empty when there was none.", zh="未发生过事故的留空。"),
        example="2018-06-30",
        required=False,
    ),
    *holding_fields(
        buyers_help=Text(
            en="Who could take the right: firms of the same basin or airshed.",
            zh="可受让排污权的企业，限于同一流域或同一大气控制区。",
        ),
        cost_due_now_yuan=12_000.0,
    ),
    *(_quantity_field(key) for key in NAMES),
    *(_price_field(key) for key in NAMES),
    market_basis_field(levels=("none", PRICED), example=PRICED),
    number(
        "trades_last_year",
        Text(en="Trades in the last year", zh="近一年交易笔数"),
        Text(
            en="Trades of such rights in the same market in the last twelve months.",
            zh="同一市场近十二个月同类排污权的交易笔数。",
        ),
        unit="1",
        example=9.0,
        group="market",
        high=1e6,
        needed_when=("market_basis", frozenset({PRICED})),
    ),
    number(
        "price_term_years",
        Text(en="Term the traded price covers", zh="交易价格对应年限"),
        Text(
            en="Years of use that one tonne at the traded price gives.",
            zh="按交易价格取得的一吨指标可使用的年数。",
        ),
        unit="year",
        example=5.0,
        group="market",
        low=0.0,
        low_open=True,
        high=50.0,
        needed_when=("market_basis", frozenset({PRICED})),
    ),
    *term_fields(granted_on="2021-11-01", right_ends_on="2026-10-31", loan_ends_on="2025-12-20"),
)

SPEC: Final = ModelSpec(
    id="discharge-right",
    version="1.0.0",
    title=Text(en="Discharge right", zh="排污权"),
    help=Text(
        en="Paid-for tonnes of four pollutants by remaining-term cost and, where active, the"
        " market.",
        zh="按剩余期限成本法评估四种污染物的有偿指标，市场活跃时兼用市场法。",
    ),
    value_kind="market",
    per="once",
    asset_kinds=("discharge-right",),
    fields=FIELDS,
    components=(
        *(part(key, name.en, name.zh) for key, name in NAMES.items()),
        part("unpaid", "Unpaid fees", "欠缴费用"),
    ),
    approaches=(
        part("remaining_term", "Remaining-term cost", "剩余期限成本法"),
        part("market", "Market approach", "市场法"),
    ),
    parameters=(
        APART,
        ACQUIRED,
        RATING,
        ACCIDENT_YEARS,
        TERM_CAP,
        ACTIVE_TRADES,
        PRICE_RATIO,
        WEIGHT,
        QUANTITY,
        PRICE_AGE,
    ),
    prices=tuple(PRICES.values()),
    standards=("Practice standards of asset appraisal",),
    limits=(
        Text(
            en="Quantities are as permitted; savings by new equipment are not forecast.",
            zh="数量以许可为准，不预测新增治理设施形成的富余指标。",
        ),
        Text(
            en="Nothing is earned by holding the right, so there is no income approach.",
            zh="持有排污权本身不产生收益，不采用收益法。",
        ),
    ),
)


@step(unit="1", zh="交易价格折算期数")
def market_terms(*, counted_years: Floats, price_term_years: Floats) -> Floats:
    """Terms of the traded price that are left: counted_years / price_term_years."""
    return counted_years / price_term_years


class DischargeRight:
    """The model. It keeps no state."""

    @property
    def spec(self) -> ModelSpec:
        return SPEC

    def check(self, batch: Batch, basis: Basis) -> list[Finding]:
        """Exclusions of the firm, the right itself, quantities with their prices."""
        return [
            *_firm_findings(batch, basis),
            *right_findings(batch, basis, term_cap_years=_term_cap(batch, basis)),
            *_quantity_findings(batch),
            *_unit_findings(batch, basis),
            *_market_findings(batch, basis),
            *_ratio_findings(batch, basis),
            *no_approach(_applies(batch, basis)),
        ]

    def exposures(self, batch: Batch, basis: Basis, steps: Recorder) -> Mapping[str, Exposure]:
        """Each approach on the rows that have its inputs."""
        term = term_of(batch, basis, steps, term_cap_years=_term_cap(batch, basis))
        approaches: dict[str, Callable[[Rows], Exposure]] = {
            "remaining_term": lambda rows: _remaining_term(rows, term),
            "market": lambda rows: _market(rows, basis, steps, term),
        }
        return exposures_of(batch, _applies(batch, basis), approaches)

    def reconcile(
        self,
        batch: Batch,  # noqa: ARG002 - the contract gives it.
        basis: Basis,
        values: Mapping[str, Floats],
    ) -> tuple[Mapping[str, Floats], npt.NDArray[np.int8], Sequence[Text]]:
        """The dated weights over the approaches that apply; the reason names these."""
        table = basis.parameters.table(WEIGHT)
        return reconciled(SPEC, values, {name: table.number(name, "weight") for name in values})


def _term_cap(batch: Batch, basis: Basis) -> Floats:
    return np.full(batch.n, basis.parameters.number(TERM_CAP))


def _has(batch: Batch, name: str) -> npt.NDArray[np.bool_]:
    return np.asarray(~np.isnan(batch.numbers(name)))


def _any(batch: Batch, suffix: str) -> npt.NDArray[np.bool_]:
    given = [_has(batch, f"{key}_{suffix}") for key in NAMES]
    return np.asarray(np.logical_or.reduce(given), dtype=np.bool_)


def _applies(batch: Batch, basis: Basis) -> dict[str, npt.NDArray[np.bool_]]:
    active = batch.numbers("trades_last_year") >= basis.parameters.number(ACTIVE_TRADES)
    quantified = _any(batch, "t")
    return {
        "remaining_term": quantified & _any(batch, "price_yuan_per_t"),
        "market": quantified & active & batch.is_level("market_basis", PRICED),
    }


def _firm_findings(batch: Batch, basis: Basis) -> Iterator[Finding]:
    """What the dated tables and the last year exclude."""
    parameters = basis.parameters
    paid = parameters.table(ACQUIRED).column("paid", batch.levels["acquired_by"])
    bad = parameters.table(RATING).column("excluded", batch.levels["environmental_rating"])
    excluded = {
        "granted-free": ("acquired_by", batch.by_level("acquired_by", paid) == 0.0),
        "over-limit": ("discharged_share", batch.numbers("discharged_share") > 1.0),
        "badly-rated": (
            "environmental_rating",
            batch.by_level("environmental_rating", bad) == 1.0,
        ),
    }
    yield from findings("refuse", excluded, WORDS)
    yield from _accident_findings(batch, basis)


def _accident_findings(batch: Batch, basis: Basis) -> Iterator[Finding]:
    limit = basis.parameters.number(ACCIDENT_YEARS)
    accident = batch.days("last_accident_on")
    on = np.full(batch.n, as_day(basis.on))
    known = ~np.isnat(accident)
    # A day that is missing is no accident; any day long past stands for it here.
    since = whole_years(np.where(known, accident, np.datetime64("1900-01-01")), on)
    code = "recent-accident"
    yield from finding(
        code,
        "last_accident_on",
        known & (accident <= on) & (since < limit),
        severity="refuse",
        detail=WORDS[code],
        limit=np.array(limit),
    )
    code = "accident-ahead"
    yield from finding(
        code, "last_accident_on", known & (accident > on), severity="refuse", detail=WORDS[code]
    )


def _quantity_findings(batch: Batch) -> Iterator[Finding]:
    priced = _any(batch, "price_yuan_per_t")
    for key in NAMES:
        quantity, price = f"{key}_t", f"{key}_price_yuan_per_t"
        missing = {
            "price-paid-missing": (price, priced & _has(batch, quantity) & ~_has(batch, price)),
            "quantity-missing": (quantity, _has(batch, price) & ~_has(batch, quantity)),
        }
        yield from findings("refuse", missing, WORDS)


def _unit_findings(batch: Batch, basis: Basis) -> Iterator[Finding]:
    """Kilograms typed as tonnes, or thousands of tonnes."""
    table = basis.parameters.table(QUANTITY)
    code = "units-mixed-thousand"
    for key in NAMES:
        low, high = (np.array(table.number(key, each)) for each in ("low", "high"))
        given = batch.numbers(f"{key}_t")
        yield from slipped(
            code,
            f"{key}_t",
            np.where(given > 0.0, given, np.nan),
            low=low,
            high=high,
            factor=KILOGRAMS,
            detail=WORDS[code],
        )


def _market_findings(batch: Batch, basis: Basis) -> Iterator[Finding]:
    limit = basis.parameters.number(ACTIVE_TRADES)
    trades = batch.numbers("trades_last_year")
    wanted = batch.is_level("market_basis", PRICED)
    code = "market-inactive"
    yield from finding(
        code,
        "trades_last_year",
        wanted & (trades < limit),
        severity="note",
        detail=WORDS[code],
        trades=trades,
        limit=np.array(limit),
    )
    for key, use in PRICES.items():
        rows = np.flatnonzero(_has(batch, f"{key}_t") & (trades >= limit))
        found = price_findings(
            batch.take(rows),
            basis,
            field="market_basis",
            price_of={PRICED: use},
        )
        yield from (entry.moved(rows) for entry in found)


def _ratio_findings(batch: Batch, basis: Basis) -> Iterator[Finding]:
    """The traded price and the price paid, each by the year it covers, far from each other."""
    limit = basis.parameters.number(PRICE_RATIO)
    whole = years(batch.days("granted_on"), batch.days("right_ends_on"))
    traded_rows = _applies(batch, basis)["market"]
    for key, use in PRICES.items():
        if use.id not in basis.prices:
            continue
        traded, paid = basis.prices[use.id].yuan, batch.numbers(f"{key}_price_yuan_per_t")
        per_year = traded * whole / batch.numbers("price_term_years")
        apart = (per_year > limit * paid) | (limit * per_year < paid)
        yield from finding(
            "prices-far-apart",
            f"{key}_price_yuan_per_t",
            traded_rows & (paid > 0.0) & (batch.numbers(f"{key}_t") > 0.0) & apart,
            severity="ask",
            detail=WORDS["prices-far-apart"],
            traded=np.array(traded),
            paid=paid,
            limit=np.array(limit),
        )


def _tonnes(batch: Batch, key: str) -> Floats:
    return np.nan_to_num(batch.numbers(f"{key}_t"))


def _share_profile(shares: Floats) -> Keyed:
    """One payment of the share, today."""
    (values,), key = distinct(shares)
    return Keyed(values=values[:, np.newaxis], key=key)


def _flow(
    key: str, batch: Batch, shares: Floats, price: Floats | float, index: str | None = None
) -> Flow:
    return Flow(
        name=key,
        unit="t",
        profile=_share_profile(shares),
        first=0.0,
        quantity=_tonnes(batch, key),
        unit_price=price,
        index=index,
        at_risk=False,
    )


def _remaining_term(rows: Rows, term: Term) -> Exposure:
    """What was paid, for the share of the term that is left."""
    batch = rows.batch
    flows = [
        _flow(
            key,
            batch,
            term.share[rows.rows],
            np.nan_to_num(batch.numbers(f"{key}_price_yuan_per_t")),
        )
        for key in NAMES
    ]
    return rows.today([*flows, unpaid_flow(batch)])


def _market(rows: Rows, basis: Basis, steps: Recorder, term: Term) -> Exposure:
    """The traded price, for the terms of it that are left."""
    batch = rows.batch
    left = steps(
        "market_terms",
        market_terms,
        counted_years=term.counted[rows.rows],
        price_term_years=batch.numbers("price_term_years"),
    )
    flows = [
        _flow(key, batch, left, basis.prices[use.id].yuan, use.id)
        for key, use in PRICES.items()
        if _has(batch, f"{key}_t").any()
    ]
    return rows.today([*flows, unpaid_flow(batch)])


MODEL: Final = DischargeRight()
