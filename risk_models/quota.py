"""What rights granted by quota share: rights to take water, to discharge and to use energy.

Each ends on a day, may be bought and sold among few, and is worth at most what its remaining term
allows. Three approaches are tried (income, market, remaining share of what was paid); one that
lacks its inputs does not apply, and the dated weights are spread over those that do.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.batches import finding, findings
from risk_models.comparables import COMPARABLES, SERIES, comparable_findings, comparable_price
from risk_models.contract import (
    Basis,
    Batch,
    Choice,
    Codes,
    Exposure,
    Field,
    Finding,
    Floats,
    Flow,
    ModelSpec,
    PriceUse,
    Recorder,
    step,
)
from risk_models.fields import day, number, yuan
from risk_models.modelling import (
    Days,
    as_day,
    empty_exposure,
    ended_findings,
    on_the_day,
    paid_today,
    single,
    years,
    years_left,
)
from risk_models.words import Text

__all__ = [
    "PRICED",
    "Rows",
    "Term",
    "exposures_of",
    "fee_fields",
    "fee_flow",
    "group_findings",
    "has_all",
    "holding_fields",
    "market_basis_field",
    "market_flows",
    "no_approach",
    "reconciled",
    "right_findings",
    "term_fields",
    "term_of",
    "unpaid_flow",
]

PRICED: Final = "price"
NO_MARKET: Final = "none"

WORDS: Final[Mapping[str, Text]] = {
    "right-not-begun": Text(
        en="The right is granted after the valuation day. Value it from that day on.",
        zh="权利在评估基准日尚未取得，请自取得之日起评估。",
    ),
    "consent-missing": Text(
        en="The authority has not agreed to pledge and transfer. Obtain its consent before the"
        " right secures a loan.",
        zh="主管部门尚未同意质押与转让，设定质押前须取得其同意。",
    ),
    "single-buyer": Text(
        en="One buyer only: a forced sale takes the price that buyer names.",
        zh="仅有一个潜在受让方，强制处置时价格由其决定。",
    ),
    "loan-outlasts-right": Text(
        en="The loan ends %(days)d days after the years of the right that count.",
        zh="贷款到期日晚于可计入的权利期限%(days)d天。",
    ),
    "term-capped": Text(
        en="The right lasts %(left).1f more years; only %(cap).1f of them count.",
        zh="权利剩余%(left).1f年，仅计入其中%(cap).1f年。",
    ),
    "approach-incomplete": Text(
        en="Other inputs of the same approach are given. Give this one too, or leave all empty.",
        zh="同一评估方法的其他数据已填写，请补充此项，或将其全部留空。",
    ),
    "no-approach": Text(
        en="No approach has its inputs: give those of one at least.",
        zh="没有一种评估方法的数据是完整的，请至少填写一种方法的数据。",
    ),
}

# ---------------------------------------------------------------------------
# Fields


def term_fields(*, granted_on: str, right_ends_on: str, loan_ends_on: str) -> tuple[Field, ...]:
    """From when to when the right lasts, and the loan it secures."""
    return (
        day(
            "granted_on",
            Text(en="Granted on", zh="取得日期"),
            Text(en="First day of the term that was paid for.", zh="有偿取得期限的起始日。"),
            example=granted_on,
        ),
        day(
            "right_ends_on",
            Text(en="Right ends on", zh="权利到期日"),
            Text(en="Last day of the permit or certificate.", zh="许可证或权证的最后一天。"),
            example=right_ends_on,
        ),
        day(
            "loan_ends_on",
            Text(en="Loan ends on", zh="贷款到期日"),
            Text(
                en="Where known: no loan should outlast the right.",
                zh="如已确定：贷款期限不应超过权利有效期。",
            ),
            example=loan_ends_on,
            required=False,
        ),
    )


def holding_fields(*, buyers_help: Text, cost_due_now_yuan: float) -> tuple[Field, ...]:
    """Who could buy, whether the authority agrees, and what is still owed."""
    return (
        Field(
            name="buyers",
            title=Text(en="Possible buyers", zh="潜在受让方"),
            help=buyers_help,
            kind="choice",
            unit="",
            choices=(
                Choice(id="several", title=Text(en="Several", zh="多个")),
                Choice(id="single", title=Text(en="One", zh="一个")),
            ),
            example="several",
            group="holding",
        ),
        Field(
            name="authority_consents",
            title=Text(en="The authority consents", zh="主管部门同意"),
            help=Text(
                en="Written consent to freeze, pledge and transfer.",
                zh="对冻结、质押及转让的书面同意。",
            ),
            kind="flag",
            unit="",
            example=True,
            group="holding",
        ),
        yuan(
            "cost_due_now_yuan",
            Text(en="Unpaid fees", zh="欠缴费用"),
            Text(
                en="Fees owed on the valuation day; a buyer would have to pay them.",
                zh="评估基准日欠缴的规费，受让方须代为缴清。",
            ),
            example=cost_due_now_yuan,
            group="holding",
        ),
    )


def market_basis_field(*, levels: Sequence[str], example: str) -> Field:
    """What the market approach rests on."""
    titles = {
        NO_MARKET: Text(en="No market", zh="无市场"),
        COMPARABLES: Text(en="Comparable trades", zh="可比交易"),
        PRICED: Text(en="Price of the day", zh="基准日价格"),
    }
    return Field(
        name="market_basis",
        title=Text(en="Basis of the market approach", zh="市场法依据"),
        help=Text(
            en="Trades entered here, a price series, or no market at all.",
            zh="在此填写的交易、价格序列，或不采用市场法。",
        ),
        kind="choice",
        unit="",
        choices=tuple(Choice(id=level, title=titles[level]) for level in levels),
        example=example,
        group="market",
    )


def fee_fields(*, fee_paid_yuan: float, fee_index: float) -> tuple[Field, ...]:
    """What was paid for the whole term, and how prices moved since."""
    return (
        yuan(
            "fee_paid_yuan",
            Text(en="Paid for the right", zh="有偿取得费用"),
            Text(
                en="Paid to the government or the seller for the whole term; empty when granted"
                " free of charge.",
                zh="为整个期限向政府或出让方支付的费用；无偿取得的留空。",
            ),
            example=fee_paid_yuan,
            group="fee",
            low_open=True,
            required=False,
        ),
        number(
            "fee_index",
            Text(en="Price index since payment", zh="缴费以来价格指数"),
            Text(
                en="Price level of the valuation day over that of the payment.",
                zh="评估基准日与缴费日价格水平之比。",
            ),
            unit="1",
            example=fee_index,
            group="fee",
            low=0.2,
            high=5.0,
            required=False,
        ),
    )


# ---------------------------------------------------------------------------
# Steps


@step(unit="year", zh="可计入年限")
def counted_years(*, right_years: Floats, term_cap_years: Floats) -> Floats:
    """Years that count: min(right_years, term_cap_years)."""
    return np.minimum(right_years, term_cap_years)


@step(unit="year", zh="权利总年限")
def total_years(*, granted_on: Days, right_ends_on: Days) -> Floats:
    """Years of the whole term: years(granted_on, right_ends_on)."""
    return years(granted_on, right_ends_on)


@step(unit="ratio", zh="剩余期限比例")
def remaining_share(*, counted_years: Floats, total_years: Floats) -> Floats:
    """Share of the term that is left and counts: counted_years / total_years."""
    return counted_years / total_years


# ---------------------------------------------------------------------------
# The term


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Term:
    """How long the right lasts [n], how much of that counts, and which share of the whole it is."""

    right: Floats
    counted: Floats
    share: Floats


def term_of(batch: Batch, basis: Basis, steps: Recorder, *, term_cap_years: Floats) -> Term:
    """The term of each row under a dated cap."""
    ends = batch.days("right_ends_on")
    right = years_left(batch, basis, steps)
    counted = steps(
        "counted_years", counted_years, right_years=right, term_cap_years=term_cap_years
    )
    whole = steps(
        "total_years", total_years, granted_on=batch.days("granted_on"), right_ends_on=ends
    )
    share = steps("remaining_share", remaining_share, counted_years=counted, total_years=whole)
    return Term(right=right, counted=counted, share=share)


# ---------------------------------------------------------------------------
# What speaks against a right


def right_findings(batch: Batch, basis: Basis, *, term_cap_years: Floats) -> list[Finding]:
    """Expiry, consent, buyers, the loan's end and the shape of the comparables."""
    on = as_day(basis.on)
    refused = {"right-not-begun": ("granted_on", batch.days("granted_on") > on)}
    asked = {
        "consent-missing": ("authority_consents", batch.numbers("authority_consents") == 0.0),
        "single-buyer": ("buyers", batch.is_level("buyers", "single")),
    }
    return [
        *ended_findings(batch, basis.on),
        *findings("refuse", refused, WORDS),
        *findings("ask", asked, WORDS),
        *_term_findings(batch, basis, term_cap_years),
        *_loan_findings(batch, on, term_cap_years),
        *comparable_findings(batch),
    ]


def _term_findings(batch: Batch, basis: Basis, cap: Floats) -> list[Finding]:
    """Years beyond the dated cap are left out, and that is said."""
    left = years(np.full(batch.n, as_day(basis.on)), batch.days("right_ends_on"))
    code = "term-capped"
    return finding(
        code, "right_ends_on", left > cap, severity="note", detail=WORDS[code], left=left, cap=cap
    )


def _loan_findings(batch: Batch, on: np.datetime64, term_cap_years: Floats) -> list[Finding]:
    ends = batch.days("right_ends_on")
    months = np.round(np.broadcast_to(term_cap_years, batch.n) * 12.0).astype("timedelta64[M]")
    begun = on.astype("datetime64[M]")
    cap = (begun + months).astype("datetime64[D]") + (on - begun.astype("datetime64[D]"))
    loan = batch.days("loan_ends_on")
    late = (loan - np.minimum(ends, cap)).astype("timedelta64[D]").astype(np.float64)
    late = np.where(np.isnat(loan), 0.0, late)
    code = "loan-outlasts-right"
    return finding(code, "loan_ends_on", late > 0.0, severity="ask", detail=WORDS[code], days=late)


def _given(batch: Batch, name: str) -> npt.NDArray[np.bool_]:
    column = batch.columns[name]
    if np.issubdtype(column.dtype, np.datetime64):
        return np.asarray(~np.isnat(column))
    return np.asarray(~np.isnan(batch.numbers(name)))


def has_all(batch: Batch, names: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Rows that give every one of the named inputs."""
    return np.asarray(np.logical_and.reduce([_given(batch, name) for name in names]), np.bool_)


def group_findings(batch: Batch, names: Sequence[str]) -> list[Finding]:
    """Rows that give some inputs of an approach and not the others."""
    given = {name: _given(batch, name) for name in names}
    begun = np.logical_or.reduce(list(given.values()))
    code = "approach-incomplete"
    return [
        entry
        for name in names
        for entry in finding(
            code, name, begun & ~given[name], severity="refuse", detail=WORDS[code]
        )
    ]


def no_approach(applies: Mapping[str, npt.NDArray[np.bool_]]) -> list[Finding]:
    """Rows that no approach can value; `applies` says which rows each of them can."""
    code = "no-approach"
    none = ~np.logical_or.reduce(list(applies.values()))
    return finding(code, "market_basis", none, severity="refuse", detail=WORDS[code])


# ---------------------------------------------------------------------------
# Flows and approaches


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """The rows of one approach."""

    batch: Batch
    rows: Codes

    @classmethod
    def where(cls, batch: Batch, mask: npt.NDArray[np.bool_]) -> "Rows":
        rows = np.flatnonzero(mask).astype(np.int32)
        # A book that is valued alike throughout is not copied.
        return cls(batch=batch if len(rows) == batch.n else batch.take(rows), rows=rows)

    def today(self, flows: Sequence[Flow]) -> Exposure:
        """An approach that gives its value on the day."""
        return on_the_day(flows, self.batch.n, self.rows)


def exposures_of(
    batch: Batch,
    applies: Mapping[str, npt.NDArray[np.bool_]],
    approaches: Mapping[str, Callable[[Rows], Exposure]],
) -> dict[str, Exposure]:
    """Each approach on the rows it applies to; one that applies to none values nothing."""
    return {
        name: valued(Rows.where(batch, applies[name])) if applies[name].any() else empty_exposure()
        for name, valued in approaches.items()
    }


def unpaid_flow(batch: Batch) -> Flow:
    """What is owed today lowers every approach alike."""
    return paid_today("unpaid", -batch.numbers("cost_due_now_yuan"))


def fee_flow(worth: Floats) -> Flow:
    """What the payment is still worth today."""
    return paid_today("fee", worth)


def market_flows(
    batch: Batch, basis: Basis, steps: Recorder, use: PriceUse, parts: Mapping[str, Floats]
) -> list[Flow]:
    """Named quantities [n] at the comparables' price or at the price of the day, by row."""
    flows: list[Flow] = []
    compared = batch.is_level("market_basis", COMPARABLES)
    unit = use.unit.removeprefix("yuan/")
    if compared.any():
        price = steps(
            "comparable_price",
            replace(comparable_price, unit=use.unit),
            **{name: _ones_elsewhere(batch, name, compared) for name in SERIES},
        )
        flows += [
            _sold(name, unit, np.where(compared, amount, 0.0), price, None)
            for name, amount in parts.items()
        ]
    if not compared.all():
        price = np.full(batch.n, basis.prices[use.id].yuan)
        flows += [
            _sold(name, unit, np.where(compared, 0.0, amount), price, use.id)
            for name, amount in parts.items()
        ]
    return flows


def _ones_elsewhere(batch: Batch, name: str, rows: npt.NDArray[np.bool_]) -> Floats:
    """A series, with ones on rows that do not use it: their weight would else divide by zero."""
    return np.where(rows[:, np.newaxis], batch.numbers(name), 1.0)


def _sold(name: str, unit: str, quantity: Floats, price: Floats, index: str | None) -> Flow:
    return Flow(
        name=name,
        unit=unit,
        profile=single(len(quantity)),
        first=0.0,
        quantity=quantity,
        unit_price=price,
        index=index,
        at_risk=False,
    )


def reconciled(
    spec: ModelSpec, values: Mapping[str, Floats], weights: Mapping[str, Floats | float]
) -> tuple[dict[str, Floats], npt.NDArray[np.int8], tuple[Text, ...]]:
    """The dated weights, by row or for all, over the approaches that apply; the reason names these."""
    applies = {name: ~np.isnan(column) for name, column in values.items()}
    kept = {name: np.where(applies[name], weights[name], 0.0) for name in values}
    total = np.add.reduce(list(kept.values()))
    shares = {name: np.asarray(weight / total) for name, weight in kept.items()}
    code = np.add.reduce([applies[name] * 2**place for place, name in enumerate(values)])
    titles = [next(part.title for part in spec.approaches if part.name == name) for name in values]
    return shares, (code - 1).astype(np.int8), tuple(_reasons(titles))


def _reasons(titles: Sequence[Text]) -> list[Text]:
    """A reason for each combination of approaches, the first one the lowest bit."""
    found = []
    for code in range(1, 2 ** len(titles)):
        used = [title for place, title in enumerate(titles) if code >> place & 1]
        en, zh = ", ".join(title.en for title in used), "、".join(title.zh for title in used)
        found.append(
            Text(
                en=f"Weights of the dated table over the approaches that have their inputs: {en}.",
                zh=f"按现行参数表的权重，采用数据完整的方法：{zh}。",
            )
        )
    return found
