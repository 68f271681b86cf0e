"""The facts of the report's annexes: band, bars, comparison, and what a carbon sink or an account brings."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal.domain.catalogue import parameters_on
from app.appraisal.domain.comparing import CHANGE_TITLES, TABLE, ChangeKind, Comparison, Item
from app.appraisal.domain.price_use import price_source, used_prices
from app.appraisal.domain.valuing import fen_of
from app.appraisal.models import Appraisal
from app.appraisal.report_parts import both, figure, is_calendar_year, with_unit_name
from app.appraisal.report_tables import YES_NO
from app.appraisal.report_views import (
    BandView,
    BarView,
    ChangedView,
    ChangeView,
    ComparisonView,
    FactView,
    IndicatorView,
    OutsideView,
    SubjectAnnexView,
    YearBandView,
)
from app.assets.domain import AssetKind, MrvAct
from app.assets.models import Asset, AssetMeasurement
from app.assets.queries import organisation_names
from app.documents.pdf_blocks import Words
from app.documents.wording import BLANK
from app.kernel.actor import Name
from app.kernel.catalogue import in_both
from app.kernel.money import Money
from app.kernel.units import RATIO, per_cent
from risk_models.batches import choices_of
from risk_models.contract import Field, ModelSpec
from risk_models.words import Text

CARBON: Final = frozenset({AssetKind.CARBON_SINK_INCOME})
CULTURE: Final = frozenset({"cultural", "non_use"})
PROVISION: Final = frozenset({"provisioning"})
CLASSES: Final[Mapping[str, Words]] = {
    "provision": Words(zh="物质产品", en="Provisioning"),
    "regulation": Words(zh="调节服务", en="Regulating"),
    "culture": Words(zh="文化服务", en="Cultural"),
}
SPECIES: Final = ("species", "tree_species", "sink_kind", "ecosystem")
OWNED: Final = ("owned_share", "owner_share")
CASHED: Final = ("cash_share", "realised_share", "collection_share")


def band_view(result: Mapping[str, Any]) -> BandView | None:
    """The stored band for the report."""
    found = result.get("scenario")
    if not found:
        return None
    return BandView(
        paths=found["paths"],
        seed=found["seed"],
        tail=float(found["tail"]),
        low_fen=Money.parse(found["low_yuan"]).fen,
        mid_fen=Money.parse(found["mid_yuan"]).fen,
        high_fen=Money.parse(found["high_yuan"]).fen,
        years=[
            YearBandView(
                year=each["year"],
                low_fen=fen_of(each["low"]),
                mid_fen=fen_of(each["mid"]),
                high_fen=fen_of(each["high"]),
            )
            for each in found.get("fan", [])
        ],
    )


def bar_views(result: Mapping[str, Any]) -> list[BarView]:
    """The stored bars for the report, shares in per cent."""
    return [
        BarView(
            title=Words(zh=each["zh"], en=each["en"]),
            low=_end(each["low"], each["unit"]),
            high=_end(each["high"], each["unit"]),
            unit="%" if each["unit"] == RATIO else each["unit"],
            at_low_fen=fen_of(each["value_at_low_yuan"]),
            at_high_fen=fen_of(each["value_at_high_yuan"]),
        )
        for each in result.get("tornado", [])
    ]


def _end(stored: str, unit: str) -> str:
    number = float(stored)
    return per_cent(f"{number:.6g}") if unit == RATIO else figure(number)


def outside_view(row: Appraisal) -> OutsideView | None:
    """The agency's own report that was filed."""
    found = row.outside
    if not found:
        return None
    return OutsideView(
        number=found["number"],
        reported_on=date.fromisoformat(found["reported_on"]),
        value_fen=Money.parse(found["value_yuan"]).fen,
        signers=[f"{each['name']}（{each['qualification']}）" for each in found["signers"]],
        digest=found["sha256"],
    )


# ---------------------------------------------------------------------------
# Comparison


def comparison_view(found: Comparison | None, spec: ModelSpec) -> ComparisonView | None:
    """The split against the former appraisal for the report."""
    if found is None:
        return None
    return ComparisonView(
        then_number=found.then.number,
        then_on=found.then.on,
        then_fen=found.then.value_fen,
        difference_fen=found.difference_fen,
        changes=[
            ChangeView(
                title=_words(in_both(CHANGE_TITLES[change.kind])),
                amount_fen=change.amount_fen,
                items=[_changed(each, change.kind, spec, found) for each in change.items],
            )
            for change in found.changes
        ],
    )


def _changed(item: Item, kind: ChangeKind, spec: ModelSpec, found: Comparison) -> ChangedView:
    old, new = item.old, item.new
    field = spec.field(item.name) if kind is ChangeKind.INPUTS else None
    if field is not None:
        old = None if old is None else shown(field, old, found.then.on)
        new = None if new is None else shown(field, new, found.now.on)
    elif item.unit == TABLE:
        old, new = (None if each is None else "表 table" for each in (old, new))
    elif item.unit == RATIO:
        old, new = (None if each is None else f"{per_cent(each)}%" for each in (old, new))
    return ChangedView(
        title=_words(item.title),
        old=BLANK if old is None else str(old),
        new=BLANK if new is None else str(new),
        amount_fen=item.amount_fen,
    )


def shown(field: Field, given: Any, on: date) -> str:
    """One stored input with its unit, as the report prints it: what is words, in both languages."""
    if isinstance(given, list):
        return figure([float(each) for each in given])
    if field.kind == "choice":
        return both(choice_words(field, given, on))
    if isinstance(given, bool):
        return both(YES_NO[given])
    if field.kind not in {"number", "integer"} or is_calendar_year(given, field.unit):
        return str(given).removesuffix(".0")
    if field.unit == RATIO:
        return f"{per_cent(given)}%"
    return with_unit_name(figure(float(given)).removesuffix(".00"), field.unit)


def choice_words(field: Field, given: Any, on: date) -> Words:
    """The title of a choice; what the day's list does not have stays as it was given."""
    listed = choices_of(field, parameters_on(on))
    return next((_words(each.title) for each in listed if each.id == given), Words(zh=str(given)))


def _words(text: Text | Name) -> Words:
    return Words(zh=text.zh, en=text.en)


# ---------------------------------------------------------------------------
# What a kind of asset brings


def subject_annex(
    session: Session, asset: Asset, row: Appraisal, spec: ModelSpec
) -> SubjectAnnexView | None:
    """The carbon-sink annex, or that of an ecological account; None for other assets."""
    given = _Given(spec, row)
    acts = _acts(session, asset)
    if asset.kind in CARBON:
        title = Words(zh="（附）碳汇项目表", en="Carbon-sink annex")
        return SubjectAnnexView(title=title, facts=_carbon(asset, given, acts))
    if spec.value_kind == "ecological" or asset.kind is AssetKind.GEP_INCOME:
        title = Words(zh="（附）生态产品价值核算表", en="GEP annex")
        return SubjectAnnexView(
            title=title,
            facts=_account(asset, given, acts),
            indicators=_indicators(spec, row.result or {})
            if spec.value_kind == "ecological"
            else (),
        )
    return None


class _Given:
    """What the appraisal took in, printed by field; what the model does not ask stays empty."""

    def __init__(self, spec: ModelSpec, row: Appraisal) -> None:
        self.spec = spec
        self.fields = {each.name: each for each in spec.fields}
        self.inputs = row.inputs or {}
        self.prices = row.prices or {}
        self.on = row.valued_on or date.min
        self.trace = (row.result or {}).get("trace", [])

    def __call__(self, *names: str) -> str:
        """The first of the named inputs that was given."""
        for name in names:
            if name in self.inputs and name in self.fields:
                return shown(self.fields[name], self.inputs[name], self.on)
        return ""

    def worked_out(self, step: str) -> str:
        """A share that a step of the model gave, in per cent; empty where it has no such step."""
        found = [each["value"] for each in self.trace if each["name"] == step]
        return f"{per_cent(f'{float(found[0]):.6g}')}%" if found else ""

    def day(self, name: str) -> date | None:
        given = self.inputs.get(name)
        return None if not given else date.fromisoformat(str(given))

    def period(self, first: str, last: str) -> str:
        days = [str(self.inputs[name]) for name in (first, last) if self.inputs.get(name)]
        return " — ".join(days)


Acts = Mapping[MrvAct, tuple[AssetMeasurement, str]]
"""The acts of measurement, certification and filing with the names of their bodies."""


def _acts(session: Session, asset: Asset) -> Acts:
    statement = sa.select(AssetMeasurement).where(col(AssetMeasurement.asset_id) == asset.id)
    rows = list(session.execute(statement).scalars())
    names = organisation_names(session, {row.organisation_id for row in rows})
    return {row.act: (row, names[row.organisation_id].zh) for row in rows}


def _act(acts: Acts, act: MrvAct, name: str) -> str:
    found = acts.get(act)
    if found is None:
        return ""
    row, body = found
    return body if name == "body" else str(getattr(row, name))


def _carbon(asset: Asset, given: _Given, acts: Acts) -> list[FactView]:
    ends = given.day("crediting_ends_on") or asset.right_ends_on
    return _facts(
        ("项目编号", "Project id", _act(acts, MrvAct.FILE, "number") or asset.number),
        ("方法学", "Methodology", given("methodology") or _standards(given)),
        ("面积", "Area", given("area_mu", "area") or _area(asset)),
        ("树种或植被", "Species", given(*SPECIES)),
        ("基线扣减", "Baseline", given("baseline_share")),
        ("监测期", "Monitoring period", _monitored(given)),
        ("计入期", "Crediting period", given.period("crediting_starts_on", "crediting_ends_on")),
        ("年碳汇量", "Removals a year", _removals(given, acts)),
        ("非持久性扣减", "Buffer", given("buffer_share") or given.worked_out("withheld_share")),
        ("审核机构", "Verification body", _act(acts, MrvAct.CERTIFY, "body")),
        ("审核意见编号", "Opinion No.", _act(acts, MrvAct.CERTIFY, "number")),
        ("价格依据", "Price basis", _price_basis(given)),
        ("折现率", "Discount rate", given("discount_rate")),
        ("收益年限", "Years", f"{(ends - given.on).days / 365.25:.1f}"),
    )


def _facts(*rows: tuple[str, str, str]) -> list[FactView]:
    return [FactView(label=Words(zh=zh, en=en), value=value) for zh, en, value in rows]


def _area(asset: Asset) -> str:
    return "" if asset.area_mu is None else with_unit_name(f"{asset.area_mu:,f}", "mu")


def _standards(given: _Given) -> str:
    return "；".join(in_both(each).zh for each in given.spec.standards)


def _monitored(given: _Given) -> str:
    return given.period("monitored_from", "monitored_until") or given.period(
        "crediting_starts_on", "last_verified_on"
    )


def _removals(given: _Given, acts: Acts) -> str:
    stated = given("removals_tco2e_per_mu", "removals_by_year_tco2e_per_mu")
    measured = acts.get(MrvAct.CERTIFY) or acts.get(MrvAct.MEASURE)
    shown_acts = "" if measured is None else _quantity(measured[0])
    return "；".join(part for part in (shown_acts, stated) if part)


def _quantity(row: AssetMeasurement) -> str:
    return with_unit_name(f"{row.quantity.normalize():,f}", row.unit)


def _price_basis(given: _Given) -> str:
    titles = {use.id: both(_words(use.title)) for use in given.spec.prices}
    return "；".join(
        f"{titles.get(price_id, price_id)} {with_unit_name(facts['yuan'], facts['unit'])}"
        f"（{both(_words(price_source(facts.get('source', '')))) or BLANK}，"
        f"{facts.get('priced_on') or BLANK}）"
        for price_id, facts in used_prices(given.spec, given.inputs, given.prices).items()
    )


def _account(asset: Asset, given: _Given, acts: Acts) -> list[FactView]:
    edition = given("norm_profile", "standard_edition")
    sources = [f"{body} {row.number}" for row, body in acts.values()]
    return _facts(
        ("面积", "Area", given("area", "area_mu") or _area(asset)),
        ("核算年度", "Account year", given("account_year") or str(given.on.year)),
        ("核算规范", "Standard edition", edition or _standards(given)),
        ("价格表", "Price table", given("price_table")),
        ("数据来源", "Data sources", "；".join(sources)),
        ("借款人所有份额", "Share owned by the borrower", given(*OWNED)),
        ("可变现份额", "Cash-realising share", given(*CASHED)),
    )


def _indicators(spec: ModelSpec, result: Mapping[str, Any]) -> Sequence[IndicatorView]:
    quantities = result.get("quantities", {})
    found = []
    for component in spec.components:
        fen = fen_of(result.get("components", {}).get(component.name))
        if fen:
            quantity = quantities.get(component.name)
            found.append(
                IndicatorView(
                    group=CLASSES[_class(component.name)],
                    title=_words(component.title),
                    quantity=_amount(quantity),
                    price=_unit_price(fen, quantity),
                    value_fen=fen,
                )
            )
    return found


def _class(component: str) -> str:
    if component in PROVISION:
        return "provision"
    return "culture" if component in CULTURE else "regulation"


def _amount(quantity: Mapping[str, Any] | None) -> str:
    if quantity is None or quantity["value"] is None:
        return ""
    return with_unit_name(f"{float(quantity['value']):,.2f}", quantity["unit"])


def _unit_price(fen: int, quantity: Mapping[str, Any] | None) -> str:
    """Value by physical quantity: the price that the account comes to for the whole of a service."""
    if quantity is None or not quantity["value"] or quantity["unit"].startswith("yuan"):
        return ""
    amount = float(quantity["value"])
    return with_unit_name(f"{fen / 100 / amount:,.4g}", f"yuan/{quantity['unit']}")
