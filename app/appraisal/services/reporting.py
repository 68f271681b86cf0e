"""The appraisal report: its facts gathered from the rooms below, printed and issued."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from threading import Event
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal import queries
from app.appraisal.domain import APPRAISAL, AppraisalState, SignatureRole
from app.appraisal.domain.cash_flows import is_flow, whole_quantities, yearly_flows
from app.appraisal.domain.catalogue import find_spec
from app.appraisal.domain.formulas import (
    flow_title,
    formula_in_words,
    names_told,
    numbered,
    steps_told,
    title_of,
)
from app.appraisal.domain.price_use import price_source, used_prices
from app.appraisal.domain.valuing import fen_of, traced_figure
from app.appraisal.models import Appraisal
from app.appraisal.report_parts import with_unit_name
from app.appraisal.report_tables import YES_NO, table_told
from app.appraisal.report_views import (
    AppraisalReportView,
    ApproachView,
    ComponentView,
    EvidenceView,
    Figure,
    FindingView,
    FlowView,
    InputView,
    MeasurementView,
    ModelView,
    ObjectView,
    ParameterView,
    ParcelView,
    PartyView,
    SignerView,
    StepView,
)
from app.appraisal.reports import appraisal_report
from app.appraisal.services.annexes import (
    band_view,
    bar_views,
    choice_words,
    comparison_view,
    outside_view,
    subject_annex,
)
from app.appraisal.services.comparison import agency_comparison
from app.appraisal.services.orders import own_appraisal
from app.appraisal.services.signing import last_day
from app.assets.burdens import Burden, burdens_of
from app.assets.domain import EncumbranceKind, ForestCategory, MrvAct
from app.assets.kinds import kind_info
from app.assets.models import (
    Asset,
    AssetEncumbrance,
    AssetEvidence,
    AssetMeasurement,
    AssetParcel,
)
from app.assets.queries import organisation_names
from app.db.engine import Database, today
from app.documents.files import check_address
from app.documents.models import Document, IssuedDocument
from app.documents.pdf_blocks import Words
from app.documents.printing import PrintRun, print_each
from app.documents.services import (
    DocumentIdentity,
    IssueDocument,
    document_content,
    issue_document,
    new_code,
)
from app.documents.wording import yuan
from app.identity.models import Organisation, Person
from app.kernel.actor import Actor, Name
from app.kernel.catalogue import in_both
from app.kernel.errors import Busy, NotFound
from app.kernel.text import N_, Coded
from app.reference.services import region_name
from risk_models.contract import Field, ModelSpec
from risk_models.words import Text

MARKET_VALUE: Final = Words(zh="市场价值", en="Market value")
ECOLOGICAL_VALUE: Final = Words(zh="生态价值", en="Ecological value")
NO_PLACE: Final = Words(zh="林草地", en="Forest and grass land")

KIND: Final = "appraisal-report"
DRAFT_CODE: Final = ""
DRAFT: Final = Words(
    zh="草稿，复核评估师尚未签字，不得使用",
    en="Draft: not countersigned, not to be used",
)
TITLE: Final = Name(zh="生态资产评估报告", en="Ecological asset appraisal report")
INVENTED: Final = Words(
    zh="演示数据，均属虚构",
    en="Demo data, all invented",
)
FOREST_CATEGORIES: Final[Mapping[ForestCategory, Words]] = {
    ForestCategory.TIMBER: Words(zh="用材林", en="Timber forest"),
    ForestCategory.ECONOMIC: Words(zh="经济林", en="Economic forest"),
    ForestCategory.FUEL: Words(zh="能源林", en="Fuel forest"),
    ForestCategory.PROTECTION: Words(zh="防护林", en="Protection forest"),
    ForestCategory.SPECIAL_USE: Words(zh="特种用途林", en="Special-use forest"),
}
MRV_ACTS: Final[Mapping[MrvAct, Words]] = {
    MrvAct.MEASURE: Words(zh="计量监测", en="Measured"),
    MrvAct.CERTIFY: Words(zh="审核认证", en="Certified"),
    MrvAct.FILE: Words(zh="备案登记", en="Filed"),
}
ENCUMBRANCES: Final[Mapping[EncumbranceKind, Words]] = {
    EncumbranceKind.MORTGAGE: Words(zh="抵押", en="Mortgage"),
    EncumbranceKind.PLEDGE: Words(zh="质押", en="Pledge"),
    EncumbranceKind.LEASE: Words(zh="租赁", en="Lease"),
    EncumbranceKind.SEIZURE: Words(zh="查封", en="Seizure"),
    EncumbranceKind.FREEZE: Words(zh="冻结", en="Freeze"),
    EncumbranceKind.OTHER: Words(zh="其他权利", en="Other right"),
}

USE_LIMITS: Final = (
    Words(
        zh="本报告只能由报告载明的使用人用于载明的评估目的。",
        en="Only the named users may use this report, and only for the stated purpose.",
    ),
    Words(
        zh="银行认定价值和抵质押率由银行另行确定。",
        en="The bank sets its recognised value and pledge rate separately.",
    ),
)
ASSUMPTIONS: Final = (
    Words(
        zh="权利在剩余期限内持续有效，计量、审核和备案数据真实。",
        en="The right holds for its remaining term; measured, certified and filed data are true.",
    ),
    Words(
        zh="评估基准日之后的价格只按所列参数变动。",
        en="After the valuation day prices move only as the listed parameters say.",
    ),
)


class ReportNotReady(Busy):
    """A report is printed right after the second signature, outside of its transaction."""

    code = "report-not-ready"
    title = N_("The report is being printed")
    detail = N_("The report is not there yet. Wait %(retry_after)s seconds and try again.")


def issue_report(database: Database, actor: Actor, appraisal_id: UUID) -> UUID | None:
    """Print the report of a countersigned appraisal, keep its bytes and open its public check, once.

    Printing takes some tenths of a second and holds no lock. Gives the issued document, or None
    when there is nothing to report.
    """
    code = new_code()
    with database.read() as session:
        row = session.get(Appraisal, appraisal_id)
        if row is None or row.state not in queries.FINISHED_STATES or row.report_id is not None:
            return None if row is None else row.report_id
        view = report_view(session, row, code)
    content = appraisal_report(view)
    with database.write() as session:
        return _keep_report(session, actor, appraisal_id, code, view.issued_on, content)


def issue_missing_reports(
    database: Database, actor: Actor, *, stop: Event | None = None
) -> PrintRun:
    """Print every report that was signed twice and is not there yet, until the wish to stop."""
    with database.read() as session:
        missing = [(row.id, row.number) for row in session.execute(queries.without_report())]
    return print_each(missing, lambda each: issue_report(database, actor, each), stop=stop)


def _keep_report(
    session: Session, actor: Actor, appraisal_id: UUID, code: str, issued_on: date, content: bytes
) -> UUID | None:
    row = session.get_one(Appraisal, appraisal_id, with_for_update=True)
    if row.report_id is not None:
        return row.report_id
    issued = issue_document(
        session,
        actor,
        IssueDocument(
            identity=DocumentIdentity(number=row.number, code=code),
            kind=KIND,
            title=TITLE,
            issued_on=issued_on,
            subject_kind="appraisal",
            subject_id=row.id,
            content=content,
            issuer_id=row.agency_id,
            issuer=organisation_names(session, {row.agency_id})[row.agency_id],
        ),
    )
    # Not an edit of the appraisal: its version stays, so that the signer's page is not out of date.
    statement = (
        sa.update(Appraisal)
        .where(col(Appraisal.id) == row.id)
        .values(report_id=issued.id)
        .execution_options(synchronize_session=False)
    )
    session.execute(statement)
    return issued.id


def report_content(session: Session, row: Appraisal) -> tuple[str, bytes]:
    """Name and bytes of the report; NotFound before the second signature."""
    if row.state not in queries.FINISHED_STATES:
        raise NotFound
    issued = None if row.report_id is None else session.get(IssuedDocument, row.report_id)
    if issued is None:
        raise ReportNotReady(retry_after=5)
    return f"{row.number}.pdf", document_content(session, issued)


def draft_content(session: Session, actor: Actor, appraisal_id: UUID) -> tuple[str, bytes]:
    """The report as the reviewer would sign it, marked as a draft; for its makers, between the signatures."""
    row = own_appraisal(session, actor, appraisal_id)
    if row.state is not AppraisalState.SIGNED:
        raise APPRAISAL.refusal(row.state, Coded("read-draft", N_("Read the draft")))
    view = report_view(session, row, DRAFT_CODE)
    return f"{row.number}-draft.pdf", appraisal_report(replace(view, notice=DRAFT))


def report_view(session: Session, row: Appraisal, code: str) -> AppraisalReportView:
    """Everything that the report of a signed appraisal says; before the second signature its day is today."""
    asset = session.get_one(Asset, row.asset_id)
    spec = find_spec(row.model_id)
    result = row.result or {}
    if spec is None or row.valued_on is None or row.value_fen is None:
        raise ValueError("a report needs a valued appraisal of an installed model")
    signers = _signers(session, row)
    issued_on = signers[SignatureRole.REVIEWER].signed_on or today(session)
    return AppraisalReportView(
        number=row.number,
        issued_on=issued_on,
        valued_on=row.valued_on,
        valid_until=row.valid_until or last_day(session, row, row.valued_on),
        check_url=check_address(code or row.number),
        digest_text=code,
        agency=_party(session, row.agency_id),
        client=_party(session, row.ordered_by_id),
        owner=_party(session, asset.owner_id),
        users=[_party(session, row.bank_id)],
        purpose=Words(zh=row.purpose),
        object=_object(session, asset, row.bank_id, issued_on),
        value_type=ECOLOGICAL_VALUE if spec.value_kind == "ecological" else MARKET_VALUE,
        is_ecological=spec.value_kind == "ecological",
        value_fen=row.value_fen,
        model=ModelView(
            id=row.model_id,
            version=row.model_version,
            title=_words(spec.title),
            inputs_digest=row.inputs_digest,
            basis_digest=row.basis_digest,
        ),
        maker=signers[SignatureRole.MAKER],
        reviewer=signers[SignatureRole.REVIEWER],
        basis=[_words(in_both(each)) for each in spec.standards],
        approaches=_approaches(spec, result),
        inputs=_inputs(spec, row.inputs or {}, row.valued_on),
        steps=_steps(spec, result),
        flows=_flows(spec, result),
        parameters=_parameters(
            spec, result, used_prices(spec, row.inputs or {}, row.prices or {}), row.valued_on
        ),
        assumptions=ASSUMPTIONS,
        findings=[_finding(each) for each in result.get("findings", [])],
        components=_components(spec, result),
        special_matters=[_words(limit) for limit in spec.limits],
        use_limits=USE_LIMITS,
        evidence=_evidence(session, asset.id),
        loan_fen=row.loan_fen,
        outside=outside_view(row),
        band=band_view(result),
        bars=bar_views(result),
        comparison=comparison_view(agency_comparison(session, row), spec),
        subject_annex=subject_annex(session, asset, row, spec),
        notice=INVENTED if _is_invented(session, row, asset) else None,
    )


def _is_invented(session: Session, row: Appraisal, asset: Asset) -> bool:
    """Whether the asset, or one of those the report names, belongs to a demonstration.

    What a person of an invented organisation registers at the keyboard is no less invented.
    """
    parties = {asset.owner_id, row.ordered_by_id, row.agency_id, row.bank_id}
    return asset.synthetic or any(session.get_one(Organisation, each).synthetic for each in parties)


def _words(text: Text | Name) -> Words:
    return Words(zh=text.zh, en=text.en)


def _party(session: Session, organisation_id: UUID) -> PartyView:
    row = session.get_one(Organisation, organisation_id)
    return PartyView(name=Words(zh=row.name_zh, en=row.name_en), code=row.uscc or "")


def _signers(session: Session, row: Appraisal) -> dict[SignatureRole, SignerView]:
    found = {each.role: each for each in queries.signatures(session, row.id)}
    people = {SignatureRole.MAKER: row.maker_id, SignatureRole.REVIEWER: row.reviewer_id}
    return {
        role: SignerView(
            name=session.get_one(Person, person_id).name_zh if person_id else "",
            signed_on=found[role].on if role in found else None,
            qualification=found[role].qualification if role in found else "",
        )
        for role, person_id in people.items()
    }


def _object(session: Session, asset: Asset, bank_id: UUID, issued_on: date) -> ObjectView:
    """The asset as it was known on the day of the report, whenever that is printed."""
    category = asset.forest_category
    parcels = sorted(_rows(session, AssetParcel, asset.id), key=lambda each: each.seq)
    return ObjectView(
        number=asset.number,
        title=Words(zh=asset.title, en=asset.title_en),
        kind=_words(kind_info(asset.kind).title),
        region=_words(region_name(session, asset.region_code)),
        certificate_number=asset.certificate_number,
        right_ends_on=asset.right_ends_on,
        area_mu="" if asset.area_mu is None else f"{asset.area_mu:,f}",
        forest_category=None if category is None else FOREST_CATEGORIES[category],
        parcels=[_parcel(each) for each in parcels],
        measurements=_measurements(session, asset.id, issued_on),
        encumbrances=_encumbrances(session, asset.id),
        liens=_liens(session, asset.id, bank_id, issued_on),
    )


def _rows(session: Session, table: Any, asset_id: UUID) -> list[Any]:
    statement = sa.select(table).where(table.asset_id == asset_id).order_by(table.id)
    return list(session.execute(statement).scalars())


def _parcel(row: AssetParcel) -> ParcelView:
    return ParcelView(
        number=str(row.seq),
        name="" if row.name == str(row.seq) else row.name,
        area_mu=f"{row.area_mu:,f}",
        land_use=NO_PLACE,
    )


def _measurements(session: Session, asset_id: UUID, issued_on: date) -> list[MeasurementView]:
    rows: list[AssetMeasurement] = _rows(session, AssetMeasurement, asset_id)
    names = organisation_names(session, {row.organisation_id for row in rows})
    return [
        MeasurementView(
            act=MRV_ACTS[row.act],
            body=names[row.organisation_id].zh,
            number=row.number,
            on=row.on,
            quantity=with_unit_name(f"{row.quantity:,f}", row.unit),
        )
        for row in sorted(rows, key=lambda each: each.on)
        if row.on <= issued_on
    ]


def _encumbrances(session: Session, asset_id: UUID) -> list[Words]:
    """The rights of third parties that have not ended, by kind and holder."""
    rows: list[AssetEncumbrance] = _rows(session, AssetEncumbrance, asset_id)
    return [
        Words(
            zh=f"{ENCUMBRANCES[row.kind].zh}（{row.holder}）",
            en=f"{ENCUMBRANCES[row.kind].en} ({row.holder})",
        )
        for row in rows
        if row.ended_on is None
    ]


def _liens(session: Session, asset_id: UUID, bank_id: UUID, issued_on: date) -> list[Words] | None:
    """Mortgages and pledges of this platform's register, as the report's bank may see them; None when unread."""
    found = burdens_of(session, asset_id)
    if found is None:
        return None
    names = organisation_names(session, {bank_id})
    return [
        _lien(each, names[bank_id] if each.bank_id == bank_id else None)
        for each in found
        if each.contracted_on <= issued_on
    ]


def _lien(burden: Burden, holder: Name | None) -> Words:
    """Of another bank's right the report's users learn its kind, rank and state, not who holds it nor how much."""
    kind = ENCUMBRANCES[burden.kind]
    on = burden.contracted_on.isoformat()
    state = ("已登记", "registered") if burden.registered else ("未登记", "not yet registered")
    zh = f"{kind.zh}，第{burden.rank}顺位，{on} 签约，{state[0]}"
    en = f"{kind.en}, rank {burden.rank}, contracted {on}, {state[1]}"
    if holder is None:
        return Words(
            zh=f"{zh}；权利人为其他机构，名称和金额不披露",
            en=f"{en}; held by another institution, name and amount not disclosed",
        )
    amount = yuan(burden.secured_fen)
    return Words(
        zh=f"{zh}；权利人 {holder.zh}，担保金额 {amount} 元",
        en=f"{en}; held by {holder.en or holder.zh}, secured amount CNY {amount}",
    )


def _evidence(session: Session, asset_id: UUID) -> list[EvidenceView]:
    statement = (
        sa.select(col(AssetEvidence.title), col(Document.sha256))
        .join(Document, col(Document.id) == col(AssetEvidence.document_id))
        .where(col(AssetEvidence.asset_id) == asset_id)
        .order_by(col(AssetEvidence.id))
    )
    return [
        EvidenceView(title=title, digest=sha256) for title, sha256 in session.execute(statement)
    ]


def _approaches(spec: ModelSpec, result: Mapping[str, Any]) -> list[ApproachView]:
    titles = {each.name: each.title for each in spec.approaches}
    return [
        ApproachView(
            title=_words(titles[name]),
            value_fen=fen_of(each["value_yuan"]),
            weight=_weight(each["weight"]),
            reason=Words(**(each["reason"] or {"zh": "", "en": ""})),
        )
        for name, each in result.get("approaches", {}).items()
        if each["value_yuan"] is not None
    ]


def _weight(text: str | None) -> str:
    return "—" if text is None else f"{float(text):.0%}"


def _inputs(spec: ModelSpec, inputs: Mapping[str, Any], on: date) -> list[InputView]:
    return [
        InputView(
            title=_words(each.title), value=_shown(each, inputs[each.name], on), unit=each.unit
        )
        for each in spec.fields
        if each.name in inputs
    ]


def _shown(field: Field, given: Any, on: date) -> Figure | Words:
    if isinstance(given, list):
        return [float(each) for each in given]
    if field.kind == "choice":
        return choice_words(field, given, on)
    if isinstance(given, bool):
        return YES_NO[given]
    return float(given) if field.kind in {"number", "integer"} else str(given)


def _steps(spec: ModelSpec, result: Mapping[str, Any]) -> list[StepView]:
    yearly = {flow.name for flow in yearly_flows(result)}
    return [
        replace(_step(each, told), has_table=each["name"] in yearly)
        for each, told in steps_told(spec, result.get("trace", []))
    ]


def _flows(spec: ModelSpec, result: Mapping[str, Any]) -> list[FlowView]:
    told = names_told(spec)
    return [
        FlowView(
            title=_words(flow_title(flow.name, told)),
            unit=flow.unit,
            unit_price=flow.unit_price,
            rotations=flow.rotations,
            years=[[*factors, yuan] for factors, yuan in flow.years],
            yuan=flow.yuan,
        )
        for flow in yearly_flows(result)
    ]


def _step(each: Mapping[str, Any], told: Mapping[str, Text]) -> StepView:
    titles = {name: title_of(name, told) for name in each["inputs"]}
    return StepView(
        title=_words(numbered(Text(**each["title"]), each["name"])),
        name=each["name"],
        formula=each["formula"],
        told=_words(formula_in_words(each["formula"], told)),
        is_flow=is_flow(each),
        titles={name: _words(title) for name, title in titles.items() if title is not None},
        inputs={name: traced_figure(given) for name, given in each["inputs"].items()},
        value=traced_figure(each["value"]),
        unit=each["unit"],
        reference=_words(in_both(each["reference"])),
    )


def _parameters(
    spec: ModelSpec, result: Mapping[str, Any], prices: Mapping[str, Any], on: date
) -> list[ParameterView]:
    titles = {use.id: use.title for use in spec.prices}
    found = [_price(titles[price_id], price_id, facts) for price_id, facts in prices.items()]
    return [*found, *(_parameter(each, on) for each in result.get("parameters", []))]


def _price(title: Text, price_id: str, facts: Mapping[str, Any]) -> ParameterView:
    return ParameterView(
        id=price_id,
        title=_words(title),
        value=facts["yuan"],
        unit=facts["unit"],
        source=_words(price_source(facts.get("source", ""))),
        status="",
        in_force_from=_day(facts.get("priced_on")),
    )


def _parameter(each: Mapping[str, Any], on: date) -> ParameterView:
    return ParameterView(
        id=each["id"],
        title=Words(zh=each["zh"], en=each["en"]),
        value=each["value"] or table_told(each, on),
        unit=each["unit"] if each["value"] else "",
        source=_cited(each["reference"], each["source"]),
        status=each["status"],
        in_force_from=_day(each["since"]),
    )


def _cited(reference: str, source: str) -> Words:
    """What a parameter says of its basis, and where that is written."""
    told = [in_both(each) for each in (reference, source) if each]
    return Words(
        zh="；".join(each.zh for each in told), en="; ".join(each.en for each in told if each.en)
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _finding(each: Mapping[str, Any]) -> FindingView:
    return FindingView(
        code=each["code"],
        severity=each["severity"],
        words=Words(zh=each["zh"], en=each["en"]),
        explanation=each.get("explanation", ""),
    )


def _components(spec: ModelSpec, result: Mapping[str, Any]) -> list[ComponentView]:
    """The bars of the value, which sum to the whole in fen."""
    amounts = {name: fen_of(text) or 0 for name, text in result.get("components", {}).items()}
    quantities = whole_quantities(result)
    return [
        ComponentView(
            title=_words(each.title),
            value_fen=amounts[each.name],
            quantity=_quantity(quantities.get(each.name)),
        )
        for each in spec.components
        if amounts.get(each.name)
    ]


def _quantity(found: Mapping[str, Any] | None) -> str:
    if found is None or found["value"] is None:
        return ""
    # Costs count in negative units; how many they are is told without the sign.
    return with_unit_name(f"{abs(float(found['value'])):,.2f}", found["unit"])
