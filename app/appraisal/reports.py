"""The appraisal report as a document: a frozen view in, bytes out.

The sections are those of a statutory appraisal report, in the order readers of the trade expect.
Nothing is computed here: every figure comes with the view and is only put into words.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Final

from app.appraisal.report_annexes import annexes
from app.appraisal.report_parts import (
    below,
    both,
    cited,
    column,
    heading,
    label,
    row,
    with_unit,
)
from app.appraisal.report_steps import steps_of, whole_lists
from app.appraisal.report_views import (
    AppraisalReportView,
    FindingView,
    InputView,
    ObjectView,
    ParameterView,
    SignerView,
)
from app.documents.pdf import (
    Block,
    Cell,
    Cover,
    DocumentLayout,
    Grid,
    Heading,
    KeyValues,
    PageBreak,
    Row,
    Signature,
    Signatures,
    Text,
    Words,
    render,
)
from app.documents.wording import BLANK, both_days, day, day_zh, yuan
from app.kernel.capital_amounts import amount_in_words_zh
from app.kernel.catalogue import in_both
from app.reference.domain import STATUS_TITLES

LIENS_NOT_EXAMINED: Final = Words(
    zh="平台登记的抵押、质押未予核查",
    en="Mortgages and pledges registered on the platform were not examined",
)
NO_BURDEN: Final = Words(
    zh="截至报告日，平台登记中无在册的权利负担",
    en="On the report date nothing stands in the platform's register",
)
SEVERITY_WORDS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "refuse": Words(zh="不予评估", en="refused"),
        "ask": Words(zh="需说明", en="to explain"),
        "note": Words(zh="提示", en="note"),
    }
)


def appraisal_report(view: AppraisalReportView) -> bytes:
    """The bilingual report as PDF; the same view gives the same bytes."""
    return render(_layout(view), _blocks(view))


def _layout(view: AppraisalReportView) -> DocumentLayout:
    subject = "生态产品价值核算报告" if view.is_ecological else "生态资产评估报告"
    subject_en = (
        "Ecological Value Report" if view.is_ecological else "Ecological Asset Appraisal Report"
    )
    if view.loan_fen is not None:
        subject, subject_en = "押品内部评估报告", "Internal Appraisal Report"
    return DocumentLayout(
        title_zh=subject,
        title_en=subject_en,
        number=view.number,
        issued_on=view.issued_on,
        check_url=view.check_url,
        digest_text=view.digest_text,
        party=view.client.name.zh,
        issuer=both(view.agency.name),
        notice=view.notice,
        confidentiality=Words(
            zh="机密 · 仅供约定的使用人使用", en="Confidential · named users only"
        ),
    )


def _blocks(view: AppraisalReportView) -> list[Block]:
    return [
        _cover(view),
        *_declaration(view),
        *_summary(view),
        PageBreak(),
        *_parties_and_object(view),
        *_method(view),
        *_process(view),
        *_conclusion(view),
        *_limits_and_signatures(view),
        *annexes(view),
    ]


def _numbered(items: Sequence[Words]) -> list[Block]:
    if not items:
        return [Text(words=Words(zh="无。", en="None."))]
    return [
        Text(words=Words(zh=f"{at}．{words.zh}", en=f"{at}. {words.en}" if words.en else ""))
        for at, words in enumerate(items, start=1)
    ]


def _conclusion_row(view: AppraisalReportView) -> Row:
    return row(
        "评估结论",
        "Conclusion",
        _in_words(view.value_fen),
        note=f"CNY {yuan(view.value_fen)}" + (" / 年 a year" if view.is_ecological else ""),
        strong=True,
    )


def _in_words(value_fen: int) -> str:
    # A negative value is possible and is shown as it is; it has no capital numerals.
    if value_fen < 0:
        return f"人民币 {yuan(value_fen)} 元"
    return f"人民币{amount_in_words_zh(value_fen)}"


# -- Cover, declaration, summary ------------------------------------------------------------------


def _cover(view: AppraisalReportView) -> Cover:
    return Cover(
        rows=[
            row("委托人", "Client", both(view.client.name)),
            row("评估对象", "Subject", both(view.object.title), note=view.object.number),
            row("价值类型", "Type of value", both(view.value_type)),
            row("评估基准日", "Valuation date", both_days(view.valued_on)),
            row("评估方法", "Approaches", _approach_names(view)),
            _conclusion_row(view),
            row("有效期至", "Valid until", both_days(view.valid_until)),
        ]
    )


def _approach_names(view: AppraisalReportView) -> str:
    return "；".join(both(approach.title) for approach in view.approaches) or BLANK


_DECLARATION: Final = (
    Words(
        zh="本报告的分析、判断和结论受报告所列假设和限制条件约束，仅在评估基准日成立。",
        en="The analysis, opinion and conclusion hold on the valuation date only, "
        "under the assumptions and limits stated here.",
    ),
    Words(
        zh="签字的两名评估人员与委托人、权利人及评估对象没有现存或预期的利益关系。",
        en="The two signing appraisers have no present or expected interest in the client, "
        "the owner or the subject.",
    ),
    Words(
        zh="权属、面积、计量数据由委托人和登记、计量机构提供，评估人员作了核对，不对其真实性提供保证。",
        en="Title, area and measurements come from the client, the registry and the measuring "
        "bodies; they were checked, not guaranteed.",
    ),
    Words(
        zh="评估结论不等于可实现的价格，也不等于银行认定价值或可担保金额。",
        en="The conclusion is neither a realisable price nor what a bank recognises or lends on.",
    ),
)


_OWN_DECLARATION: Final = (
    Words(
        zh="本报告由银行自行评估，不是评估机构出具的评估报告；签字的两名人员均为该银行员工，"
        "不是独立第三方。",
        en="The bank made this appraisal itself; it is no report of an appraisal agency. Both who "
        "sign are employees of the bank, not independent of it.",
    ),
    Words(
        zh="该银行拟以评估对象担保其贷款；签字的两名人员与权利人及评估对象没有现存或预期的利益关系。",
        en="The bank means to secure its loan on the subject. The two who sign have no present or "
        "expected interest in the owner or the subject.",
    ),
)


def _declaration(view: AppraisalReportView) -> list[Block]:
    """What the signers declare; a bank's own staff is no third party to it."""
    first, disinterest, *rest = _DECLARATION
    who = (disinterest,) if view.loan_fen is None else _OWN_DECLARATION
    return [heading("声明", "Declaration"), *_numbered([first, *who, *rest])]


def _summary(view: AppraisalReportView) -> list[Block]:
    rows = [
        row("报告编号", "Report No.", view.number),
        _maker_row(view),
        row("评估目的", "Purpose", both(view.purpose)),
        row("评估对象", "Subject", both(view.object.title), note=both(view.object.kind)),
        row("评估基准日", "Valuation date", both_days(view.valued_on)),
        row("评估方法", "Approaches", _approach_names(view)),
        _conclusion_row(view),
        row("有效期至", "Valid until", both_days(view.valid_until)),
    ]
    return [heading("摘要", "Summary"), KeyValues(rows=rows)]


# -- Sections 1 to 5 ------------------------------------------------------------------------------


def _parties_and_object(view: AppraisalReportView) -> list[Block]:
    parties = [
        row("委托人", "Client", both(view.client.name), note=view.client.code),
        row("权利人", "Owner", both(view.owner.name), note=view.owner.code),
    ]
    parties.append(_maker_row(view))
    parties += [row("使用人", "User", both(user.name), note=user.code) for user in view.users]
    return [
        heading("一、委托人、权利人及报告使用人", "Client, owner and users"),
        KeyValues(rows=parties),
        heading("二、评估目的", "Purpose"),
        Text(words=view.purpose),
        heading("三、评估对象和范围", "Subject and scope"),
        KeyValues(rows=_object_rows(view.object)),
        *_parcels(view.object),
        *_measurements(view.object),
        heading("四、价值类型", "Type of value"),
        Text(words=view.value_type),
        *_ecological_warning(view),
        heading("五、评估基准日", "Valuation date"),
        Text(words=Words(zh=f"{day_zh(view.valued_on)}。", en=f"{view.valued_on.isoformat()}.")),
    ]


def _maker_row(view: AppraisalReportView) -> Row:
    """Who appraises: an agency, or the bank itself for a small loan."""
    if view.loan_fen is None:
        return row("评估机构", "Appraisal agency", both(view.agency.name), note=view.agency.code)
    return row(
        "评估方（银行自行评估）",
        "Made by the bank itself",
        both(view.agency.name),
        note=f"贷款金额 Loan: CNY {yuan(view.loan_fen)}",
    )


def _object_rows(subject: ObjectView) -> list[Row]:
    rows = [
        row("资产编号", "Asset No.", subject.number),
        row("权利种类", "Kind of right", both(subject.kind)),
        row("所在地", "Place", both(subject.region)),
        row("权证编号", "Certificate No.", subject.certificate_number or BLANK),
        row("权利期限至", "Right ends on", day(subject.right_ends_on)),
    ]
    if subject.area_mu:
        rows.append(row("面积（亩）", "Area, mu", subject.area_mu))
    if subject.forest_category:
        rows.append(row("森林类别", "Category of forest", both(subject.forest_category)))
    return [*rows, *_burden_rows(subject)]


def _burden_rows(subject: ObjectView) -> list[Row]:
    """What stands on the right; “none” only where the register was read and nothing stands in it."""
    found = [*subject.encumbrances, *(subject.liens or ())]
    if subject.liens is None:
        found.append(LIENS_NOT_EXAMINED)
    elif not found:
        found.append(NO_BURDEN)
    label_zh, label_en = "权利负担", "Encumbrances"
    rows = [row(label_zh, label_en, found[0].zh, note=found[0].en)]
    return rows + [row("", "", each.zh, note=each.en) for each in found[1:]]


def _parcels(subject: ObjectView) -> list[Block]:
    if not subject.parcels:
        return []
    columns = [
        column("地块", "Parcel", 2),
        column("名称", "Name", 4),
        column("地类", "Land use", 2),
        column("面积（亩）", "Area, mu", 2, number=True),
    ]
    rows = [[p.number, p.name or BLANK, both(p.land_use), p.area_mu] for p in subject.parcels]
    return [Grid(columns=columns, rows=rows)]


def _measurements(subject: ObjectView) -> list[Block]:
    if not subject.measurements:
        return []
    columns = [
        column("环节", "Act", 3),
        column("机构", "Body", 4),
        column("编号", "No.", 3),
        column("日期", "Day", 2),
        column("数量", "Quantity", 2, number=True),
    ]
    rows = [
        [both(each.act), each.body, each.number, day(each.on), each.quantity or BLANK]
        for each in subject.measurements
    ]
    caption = label("计量监测、审核认证、备案登记", "Measured, certified and filed")
    return [Grid(columns=columns, rows=rows, caption=caption)]


def _ecological_warning(view: AppraisalReportView) -> list[Block]:
    if not view.is_ecological:
        return []
    words = Words(
        zh="本报告所列为生态系统一年的服务价值，是流量，不是资产价格，不得作为抵质押价值使用。",
        en="The figure is the value of ecosystem services of one year: a flow, not the price of "
        "an asset. It must not be lent on.",
    )
    return [Text(words=words, strong=True)]


# -- Sections 6 to 9 ------------------------------------------------------------------------------


def _method(view: AppraisalReportView) -> list[Block]:
    columns = [
        column("方法", "Approach", 3),
        column("结果（元）", "Result, CNY", 3, number=True),
        column("权重", "Weight", 1.5, number=True),
        column("选用理由", "Reason", 6),
    ]
    rows = [
        [both(each.title), yuan(each.value_fen), each.weight, both(each.reason)]
        for each in view.approaches
    ]
    return [
        heading("六、评估依据", "Basis"),
        *_numbered(view.basis),
        heading("七、评估方法", "Approaches"),
        Grid(columns=columns, rows=rows),
    ]


def _process(view: AppraisalReportView) -> list[Block]:
    return [
        heading("八、评估过程", "Process"),
        Heading(words=label("（一）采用的数据", "Inputs"), level=2),
        _inputs_grid(view.inputs),
        *whole_lists((each.title, each.value) for each in view.inputs),
        *steps_of(view),
        heading("九、参数和价格", "Parameters and prices"),
        _parameters_grid(view.parameters),
        heading("十、评估假设", "Assumptions"),
        *_numbered(view.assumptions),
        heading("十一、核查发现", "Findings"),
        _findings_grid(view.findings),
    ]


def _inputs_grid(inputs: Sequence[InputView]) -> Grid:
    columns = [
        column("数据", "Input", 4),
        column("采用值", "Value", 3, number=True),
        column("单位", "Unit", 2),
    ]
    rows: list[list[str | Cell]] = [
        [Cell(text=i.title.zh, note=i.title.en), *with_unit(i.value, i.unit)] for i in inputs
    ]
    return Grid(columns=columns, rows=rows)


def _parameters_grid(parameters: Sequence[ParameterView]) -> Grid:
    columns = [
        column("参数", "Parameter", 6),
        column("采用值", "Value", 3.5, number=True),
        column("单位", "Unit", 2),
        column("来源", "Source", 5.1),
        column("状态", "Status", 2.4),
    ]
    rows: list[list[str | Cell]] = [
        [
            Cell(text=both(each.title) if each.title else each.id, note=_since(each.in_force_from)),
            *with_unit(each.value, each.unit),
            cited(each.source),
            below(_status(each.status)),
        ]
        for each in parameters
    ]
    return Grid(columns=columns, rows=rows)


def _since(on: date | None) -> str:
    return "" if on is None else f"自 {day(on)} 起 since {day(on)}"


def _status(status: str) -> Words:
    """How sure a figure is, in the words of the pages."""
    if status not in STATUS_TITLES:
        return Words(zh=status)
    title = in_both(STATUS_TITLES[status])
    return Words(zh=title.zh, en=title.en)


def _findings_grid(findings: Sequence[FindingView]) -> Grid:
    columns = [
        column("性质", "Kind", 2),
        column("内容", "Finding", 8),
        column("评估师说明", "Explanation by the appraiser", 6),
    ]
    rows: list[list[str | Cell]] = [
        [
            below(SEVERITY_WORDS.get(each.severity, Words(zh=each.severity))),
            Cell(text=each.words.zh, note=each.words.en),
            each.explanation or BLANK,
        ]
        for each in findings
    ]
    return Grid(
        columns=columns, rows=rows, empty=label("未发现需要说明的事项", "Nothing to report")
    )


# -- Sections 12 to 15 and annex ------------------------------------------------------------------


def _conclusion(view: AppraisalReportView) -> list[Block]:
    return [
        heading("十二、评估结论", "Conclusion"),
        Text(words=_conclusion_words(view), strong=True),
        _components_grid(view),
    ]


def _conclusion_words(view: AppraisalReportView) -> Words:
    per_year_zh, per_year_en = ("（每年）", " a year") if view.is_ecological else ("", "")
    value_type = view.value_type
    return Words(
        zh=f"在评估基准日 {day_zh(view.valued_on)}，评估对象的{value_type.zh}{per_year_zh}为："
        f"{_in_words(view.value_fen)}（￥{yuan(view.value_fen)}）。",
        en=f"On {view.valued_on.isoformat()} the {value_type.en.lower()} of the subject"
        f"{per_year_en} is CNY {yuan(view.value_fen)}.",
    )


def _components_grid(view: AppraisalReportView) -> Grid:
    columns = [
        column("构成", "Component", 5),
        column("数量", "Quantity", 3, number=True),
        column("价值（元）", "Value, CNY", 3, number=True),
    ]
    rows = [
        [both(each.title), each.quantity or BLANK, yuan(each.value_fen)] for each in view.components
    ]
    return Grid(columns=columns, rows=rows, total=["合计 Total", "", yuan(view.value_fen)])


def _limits_and_signatures(view: AppraisalReportView) -> list[Block]:
    validity = Words(
        zh=f"本报告自评估基准日起至 {day_zh(view.valid_until)} 有效；"
        "期内评估对象或市场发生重大变化的，应重新评估。",
        en=f"Valid from the valuation date to {view.valid_until.isoformat()}; "
        "a material change of the subject or the market calls for a new appraisal.",
    )
    places = _PLACES if view.loan_fen is None else _OWN_PLACES
    return [
        heading("十三、特别事项", "Special matters"),
        *_numbered(view.special_matters),
        heading("十四、使用限制与有效期", "Limits of use and validity"),
        *_numbered(view.use_limits),
        Text(words=validity),
        Heading(
            words=label("十五、报告日与签章", "Report date and signatures"), before_signatures=True
        ),
        Text(words=Words(zh=f"报告日：{day_zh(view.issued_on)}", en=view.issued_on.isoformat())),
        Signatures(
            places=[
                _signature(view, places[0], view.maker),
                _signature(view, places[1], view.reviewer),
            ],
            seal=view.agency.name,
        ),
    ]


_PLACES: Final = (
    label("承办评估师", "Appraiser"),
    label("复核评估师", "Reviewing appraiser"),
)
_OWN_PLACES: Final = (
    label("评估人员（银行员工）", "Made by, staff of the bank"),
    label("复核人员（银行员工）", "Reviewed by, staff of the bank"),
)


def _signature(view: AppraisalReportView, role: Words, signer: SignerView) -> Signature:
    return Signature(
        role=role,
        name=signer.name,
        detail=_number_of(view, signer),
        signed_on=signer.signed_on,
    )


def _number_of(view: AppraisalReportView, signer: SignerView) -> str:
    """The number beside a signature; a bank's own staff may have none, and then the report says so."""
    if view.loan_fen is None:
        return f"资格证号 No. {signer.qualification}" if signer.qualification else ""
    return f"工号 Staff No. {signer.qualification or '未载明 not stated'}"
