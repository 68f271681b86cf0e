"""Carbon allowances of the national market: what compliance leaves free, at a cautious price.

Holdings are told by vintage, because old vintages lapse. The obligation is met from the oldest
vintages first; of what is left of vintages under a carry-over limit only the limit counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.batches import finding
from risk_models.contract import (
    Basis,
    Batch,
    Exposure,
    Field,
    Finding,
    Floats,
    ModelSpec,
    Recorder,
    step,
)
from risk_models.fields import number, part, series
from risk_models.modelling import on_the_day, trimmed
from risk_models.tradable import (
    SHARED_PARAMETERS,
    PricesByLevel,
    Sale,
    holding_findings,
    implied_findings,
    lost_to_sale,
    market_findings,
    means_of,
    price_uses,
    priced_rows,
    reference_price,
    sale_flows,
    sale_terms,
    ten_thousands,
)
from risk_models.tradable_fields import (
    daily_volume_field,
    frozen_field,
    high_price_field,
    needed_field,
    statement_field,
)
from risk_models.words import Text

__all__ = ["MODEL", "CarbonAllowance"]

SECTOR: Final = "carbon_allowance.sector"
CARRY_OVER: Final = "carbon_allowance.carry_over"
BASE_DISCOUNT: Final = "carbon_allowance.base_discount"
SEASON: Final = "carbon_allowance.season_first_month"
IMPLIED_LOW: Final = "carbon_allowance.implied_low"
IMPLIED_HIGH: Final = "carbon_allowance.implied_high"

NATION: Final = "national"
TONNE: Final = "tCO2e"
NATIONAL: Final = means_of("cea", Text(en="National carbon allowances", zh="全国碳排放配额"), TONNE)

WORDS: Final[dict[str, Text]] = {
    "vintage-expired": Text(
        en="All vintages held lie before %(oldest)d and cannot be surrendered any more.",
        zh="所持配额年度均早于%(oldest)d年，已不能用于清缴。",
    ),
    "vintage-partly-expired": Text(
        en="%(expired).6g t of vintages before %(oldest)d are not counted.",
        zh="%(oldest)d年之前的%(expired).6g吨配额不计入。",
    ),
    "vintage-in-future": Text(
        en="The newest vintage, %(newest)d, lies after the year of the valuation day.",
        zh="最新配额年度%(newest)d晚于评估基准日所在年份。",
    ),
    "carry-over-limited": Text(
        en="%(lapsing).6g t exceed what can be carried over and are not counted.",
        zh="%(lapsing).6g吨超过可结转量，不计入。",
    ),
    "compliance-season": Text(
        en="The valuation day lies in the compliance season: prices are squeezed until the surrender"
        " at the year's end. Banks usually lend less on allowances now.",
        zh="评估基准日处于履约季，价格在年末清缴前易受挤压，银行通常降低配额质押率。",
    ),
}


# ---------------------------------------------------------------------------
# Steps


@step(unit=TONNE, zh="可用于清缴的数量")
def usable_quantity(
    *, quantities_by_vintage: Floats, oldest_vintage: Floats, year: Floats, oldest_usable: Floats
) -> Floats:
    """Allowances of vintages that still count.

    Formula: sum(quantities_by_vintage * (oldest_vintage + year >= oldest_usable)).
    """
    counted = quantities_by_vintage * (oldest_vintage + year >= oldest_usable)
    return np.asarray(np.nan_to_num(counted).sum(axis=1))


@step(unit=TONNE, zh="受结转上限约束的数量")
def limited_quantity(
    *,
    quantities_by_vintage: Floats,
    oldest_vintage: Floats,
    year: Floats,
    oldest_usable: Floats,
    limited_through: Floats,
) -> Floats:
    """Those of them under the carry-over limit.

    Formula: sum(quantities_by_vintage * (oldest_vintage + year >= oldest_usable)
    * (oldest_vintage + year <= limited_through)).
    """
    vintage = oldest_vintage + year
    counted = quantities_by_vintage * (vintage >= oldest_usable) * (vintage <= limited_through)
    return np.asarray(np.nan_to_num(counted).sum(axis=1))


@step(unit=TONNE, zh="可结转量")
def carry_over_quantity(
    *, carry_over_base: Floats, net_sale_multiple: Floats, net_sold_quantity: Floats
) -> Floats:
    """What can be carried over: carry_over_base + net_sale_multiple * net_sold_quantity."""
    return np.asarray(carry_over_base + net_sale_multiple * net_sold_quantity)


@step(unit=TONNE, zh="不可结转数量")
def lapsing_quantity(
    *, limited_quantity: Floats, quantity_needed: Floats, carry_over_quantity: Floats
) -> Floats:
    """What lapses after the obligation is met from old vintages.

    Formula: max(0, max(0, limited_quantity - quantity_needed) - carry_over_quantity).
    """
    left = np.maximum(0.0, limited_quantity - quantity_needed)
    return np.maximum(0.0, left - carry_over_quantity)


@step(unit=TONNE, zh="履约外可用数量")
def free_quantity(
    *,
    usable_quantity: Floats,
    lapsing_quantity: Floats,
    quantity_needed: Floats,
    frozen_quantity: Floats,
) -> Floats:
    """Allowances free to pledge.

    Formula: max(0, usable_quantity - lapsing_quantity - quantity_needed - frozen_quantity).
    """
    taken = lapsing_quantity + quantity_needed + frozen_quantity
    return np.maximum(0.0, usable_quantity - taken)


# ---------------------------------------------------------------------------
# Model


class CarbonAllowance:
    """The model. It keeps no state."""

    @property
    def spec(self) -> ModelSpec:
        return SPEC

    def check(self, batch: Batch, basis: Basis) -> list[Finding]:
        """Vintages, the season, the unit, the market and the holding."""
        held = np.nansum(batch.numbers("quantities_by_vintage"), axis=1)
        account = _account(batch, basis, Recorder())
        reference = reference_price(
            batch, basis, Recorder(), field="sector", markets=_markets(batch)
        )
        levels = batch.levels["sector"]
        table = basis.parameters.table(SECTOR)
        return [
            *market_findings(batch, basis, field="sector", markets=_markets(batch)),
            *_vintage_findings(batch, basis, held, account),
            *_season_findings(batch, basis),
            *holding_findings(
                batch,
                basis,
                held=held,
                free=account.free,
                reference=reference,
                base_discount=BASE_DISCOUNT,
                field="quantities_by_vintage",
            ),
            *ten_thousands(
                "quantities_by_vintage",
                held,
                low=batch.by_level("sector", table.column("quantity_low", levels)),
                high=batch.by_level("sector", table.column("quantity_high", levels)),
            ),
        ]

    def exposures(self, batch: Batch, basis: Basis, steps: Recorder) -> Mapping[str, Exposure]:
        """Everything free is sold now at the lower mean, less what selling it loses."""
        free = _account(batch, basis, steps).free
        reference_price(batch, basis, steps, field="sector", markets=_markets(batch))
        terms = sale_terms(basis, steps, base_discount=BASE_DISCOUNT)
        lost = lost_to_sale(batch, basis, steps, free=free, terms=terms, unit=TONNE)
        flows = sale_flows(
            Sale.now(TONNE, batch.n),
            {"holding": free, "liquidity": -lost},
            priced_rows(batch, basis, field="sector", markets=_markets(batch)),
            basis.prices,
        )
        return {"market": on_the_day(flows, batch.n)}

    def review(
        self,
        batch: Batch,  # noqa: ARG002 - the contract gives it.
        basis: Basis,
        value: Floats,
        quantities: Mapping[str, tuple[Floats, str]],
    ) -> list[Finding]:
        """Value per free tonne beside the market."""
        return implied_findings(
            value,
            quantities["holding"][0],
            low=basis.parameters.number(IMPLIED_LOW),
            high=basis.parameters.number(IMPLIED_HIGH),
        )


def _markets(batch: Batch) -> PricesByLevel:
    """One market for every sector that the dated table lists."""
    return dict.fromkeys(batch.levels["sector"], (NATIONAL,))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Account:
    """What of a holding counts, lapses and is free, in tonnes by row."""

    usable: Floats
    lapsing: Floats
    free: Floats


def _account(batch: Batch, basis: Basis, steps: Recorder) -> _Account:
    needed = batch.numbers("quantity_needed")
    usable, limited = _by_vintage(batch, basis, steps)
    rule = basis.parameters.table(CARRY_OVER)
    carried = steps(
        "carry_over_quantity",
        carry_over_quantity,
        carry_over_base=np.array(rule.number(NATION, "carry_over_base")),
        net_sale_multiple=np.array(rule.number(NATION, "net_sale_multiple")),
        net_sold_quantity=np.nan_to_num(batch.numbers("net_sold_quantity")),
    )
    lapsing = steps(
        "lapsing_quantity",
        lapsing_quantity,
        limited_quantity=limited,
        quantity_needed=needed,
        carry_over_quantity=carried,
    )
    free = steps(
        "free_quantity",
        free_quantity,
        usable_quantity=usable,
        lapsing_quantity=lapsing,
        quantity_needed=needed,
        frozen_quantity=np.nan_to_num(batch.numbers("frozen_quantity")),
    )
    return _Account(usable=usable, lapsing=lapsing, free=free)


def _by_vintage(batch: Batch, basis: Basis, steps: Recorder) -> tuple[Floats, Floats]:
    rule = basis.parameters.table(CARRY_OVER)
    held = trimmed(batch.numbers("quantities_by_vintage"))
    oldest = batch.numbers("oldest_vintage")[:, np.newaxis]
    year = np.arange(held.shape[1], dtype=np.float64)[np.newaxis]
    oldest_usable = np.array(rule.number(NATION, "oldest_usable"))
    usable = steps(
        "usable_quantity",
        usable_quantity,
        quantities_by_vintage=held,
        oldest_vintage=oldest,
        year=year,
        oldest_usable=oldest_usable,
    )
    limited = steps(
        "limited_quantity",
        limited_quantity,
        quantities_by_vintage=held,
        oldest_vintage=oldest,
        year=year,
        oldest_usable=oldest_usable,
        limited_through=np.array(rule.number(NATION, "limited_through")),
    )
    return usable, limited


def _vintage_findings(batch: Batch, basis: Basis, held: Floats, account: _Account) -> list[Finding]:
    rule = basis.parameters.table(CARRY_OVER)
    oldest = np.array(rule.number(NATION, "oldest_usable"))
    length = (~np.isnan(batch.numbers("quantities_by_vintage"))).sum(axis=1)
    newest = batch.numbers("oldest_vintage") + length - 1
    expired = held - account.usable
    lost = (held > 0.0) & (account.usable <= 0.0)
    told: list[tuple[str, str, npt.NDArray[np.bool_], dict[str, npt.NDArray[np.generic]]]] = [
        ("vintage-expired", "refuse", lost, {"oldest": oldest}),
        (
            "vintage-partly-expired",
            "note",
            ~lost & (expired > 0.0),
            {"oldest": oldest, "expired": expired},
        ),
        ("vintage-in-future", "refuse", newest > basis.on.year, {"newest": newest}),
        ("carry-over-limited", "note", account.lapsing > 0.0, {"lapsing": account.lapsing}),
    ]
    return [
        entry
        for code, severity, rows, facts in told
        for entry in finding(
            code, "oldest_vintage", rows, severity=severity, detail=WORDS[code], **facts
        )
    ]


def _season_findings(batch: Batch, basis: Basis) -> list[Finding]:
    first = basis.parameters.number(SEASON)
    return finding(
        "compliance-season",
        "",
        np.full(batch.n, basis.on.month >= first),
        severity="note",
        detail=WORDS["compliance-season"],
    )


# ---------------------------------------------------------------------------
# Passport

FIELDS: Final = (
    Field(
        name="sector",
        title=Text(en="Sector", zh="行业"),
        help=Text(
            en="The sector under which the holder must surrender; the table says which are covered.",
            zh="持有人承担清缴义务的行业，以当日覆盖行业表为准。",
        ),
        kind="choice",
        unit="",
        choices_from=SECTOR,
        example="power",
        group="holding",
    ),
    Field(
        name="oldest_vintage",
        title=Text(en="Oldest vintage held", zh="所持最早配额年度"),
        help=Text(
            en="The year of the first of the quantities below.",
            zh="下列数量中第一项所属的配额年度。",
        ),
        kind="integer",
        unit="year",
        example=2022,
        low=2015,
        high=2100,
        vary=(2021, 2022),
        group="holding",
    ),
    series(
        "quantities_by_vintage",
        Text(en="Allowances by vintage", zh="各年度配额持有量"),
        Text(
            en="By the registry's statement: the oldest vintage, the year after it, and so on.",
            zh="以登记机构的持仓证明为准，自最早年度起逐年填写。",
        ),
        unit=TONNE,
        high=1e10,
        example=(120_000.0, 420_000.0),
        max_length=10,
        required=True,
        group="holding",
    ),
    needed_field(
        TONNE,
        Text(
            en="Obligations of all years to be met before a disposal could end, promised sales too.",
            zh="处置完成之前须清缴的各年度履约量，含已承诺出售的部分。",
        ),
        example=200_000.0,
        vary=(180_000.0, 230_000.0),
    ),
    frozen_field(TONNE, example=20_000.0),
    number(
        "net_sold_quantity",
        Text(en="Sold net in the carry-over period", zh="结转期内净卖出量"),
        Text(
            en="Allowances sold less bought; it decides how much of old vintages is carried over."
            " Empty: none.",
            zh="卖出量减买入量，决定旧年度配额的可结转量。不填为无。",
        ),
        unit=TONNE,
        example=30_000.0,
        group="holding",
        required=False,
    ),
    statement_field(example="2023-12-20"),
    daily_volume_field(TONNE, example=95_000.0, vary=(60_000.0, 120_000.0)),
    high_price_field(TONNE, example=81.0),
)

SPEC: Final = ModelSpec(
    id="carbon-allowance",
    version="1.1.0",
    title=Text(en="Carbon allowances", zh="碳排放配额"),
    help=Text(
        en="Allowances that compliance leaves free, at the lower of two mean prices, less what a"
        " sale loses.",
        zh="履约之外可用的配额乘以两个均价中的较低者，扣减变现折扣。",
    ),
    value_kind="market",
    per="once",
    asset_kinds=("carbon-allowance",),
    fields=FIELDS,
    components=(
        part("holding", "Free allowances at reference price", "可用配额按参考价"),
        part("liquidity", "Liquidity discount", "流动性折扣"),
    ),
    approaches=(part("market", "Market approach", "市场法"),),
    parameters=(
        SECTOR,
        CARRY_OVER,
        BASE_DISCOUNT,
        SEASON,
        IMPLIED_LOW,
        IMPLIED_HIGH,
        *SHARED_PARAMETERS,
    ),
    prices=price_uses({"": (NATIONAL,)}),
    standards=("Interim regulations on carbon emissions trading",),
    limits=(
        Text(
            en="Not additive: two holdings together take longer to sell than each alone.",
            zh="不可相加：合并持仓的变现时间长于各自持仓。",
        ),
        Text(
            en="The pledge must be frozen in the registry; a freeze by agreement alone is not valued.",
            zh="质押须在登记机构办理冻结；仅有约定的不在本模型假定之内。",
        ),
        Text(en="Pilot markets are not covered.", zh="不含地方试点市场配额。"),
    ),
)

MODEL: Final = CarbonAllowance()
