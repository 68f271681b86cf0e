"""The annexes of the appraisal report: what repeats the figures, how far they may move, what changed."""

from collections.abc import Iterator, Sequence

from app.appraisal.report_parts import both, column, heading, label, row, unit_cell
from app.appraisal.report_views import (
    AppraisalReportView,
    BandView,
    BarView,
    ChangeView,
    ComparisonView,
    IndicatorView,
    OutsideView,
    SubjectAnnexView,
)
from app.documents.pdf import Block, Cell, Grid, Heading, KeyValues, Row, Text, Words
from app.documents.wording import BLANK, day, yuan
from app.kernel.units import per_cent


def annexes(view: AppraisalReportView) -> list[Block]:
    """All annexes in their order; what a report does not have, it leaves out or says so."""
    return [
        heading("附件", "Annex"),
        _level("（一）模型与复算", "Model, to repeat the figures"),
        KeyValues(rows=_model(view)),
        _level("（二）敏感性分析", "What moves the value"),
        *_tornado(view.bars),
        _level("（三）情景分析", "Scenarios"),
        *_scenarios(view.band),
        _level("（四）与上次评估比较", "Compared with the last appraisal"),
        *_comparison(view.comparison),
        _level("（五）依据的文件", "Evidence"),
        _evidence(view),
        *_outside(view.outside),
        *_subject(view.subject_annex),
    ]


def _level(zh: str, en: str) -> Heading:
    return Heading(words=label(zh, en), level=2)


def _model(view: AppraisalReportView) -> list[Row]:
    band = view.band
    drawn = BLANK if band is None else f"{band.paths:,} / {band.seed}"
    return [
        row("模型", "Model", both(view.model.title), note=f"{view.model.id} {view.model.version}"),
        row("输入摘要", "Inputs digest", view.model.inputs_digest),
        row("参数与价格摘要", "Basis digest", view.model.basis_digest),
        row("价格路径数 / 种子", "Price paths / seed", drawn),
    ]


def _evidence(view: AppraisalReportView) -> Grid:
    columns = [column("文件", "File", 4), column("SHA-256", "", 6)]
    return Grid(columns=columns, rows=[[each.title, each.digest] for each in view.evidence])


# -- How far the value may move -------------------------------------------------------------------


def _tornado(bars: Sequence[BarView]) -> list[Block]:
    if not bars:
        words = Words(
            zh="没有规定变动范围的数据、价格或参数。", en="No input has a range to be moved in."
        )
        return [Text(words=words)]
    columns = [
        column("单独变动项", "Moved alone", 5),
        column("单位", "Unit", 2),
        column("下限", "Lower end", 2, number=True),
        column("价值（元）", "Value, CNY", 3, number=True),
        column("上限", "Upper end", 2, number=True),
        column("价值（元）", "Value, CNY", 3, number=True),
    ]
    told = Words(
        zh="每次只变动一项，其余不变，重新运行模型。数据的上下限由模型规定，参数的上下限列于参数旁；"
        "市场价格上下浮动五分之一，填报的价格和数列上下浮动十分之一。“不予评估”表示模型不接受该取值。",
        en="One at a time, all else as appraised; the model is run again. The ends are stated by the "
        "model for an input and beside a parameter; prices are taken a fifth lower and higher, "
        "figures entered in a list or as a price a tenth. “refused”: the model takes no such figure.",
    )
    return [Text(words=told), Grid(columns=columns, rows=[_bar_row(each) for each in bars])]


def _bar_row(bar: BarView) -> list[str | Cell]:
    return [
        Cell(text=bar.title.zh, note=bar.title.en),
        unit_cell(bar.unit) if bar.unit != "%" else Cell(text="%"),
        bar.low,
        _value_or_refused(bar.at_low_fen),
        bar.high,
        _value_or_refused(bar.at_high_fen),
    ]


def _value_or_refused(fen: int | None) -> str | Cell:
    return Cell(text="不予评估", note="refused") if fen is None else yuan(fen)


def _scenarios(band: BandView | None) -> list[Block]:
    if band is None:
        words = Words(
            zh="本价值不含评估基准日之后按波动率变动的价格，故无情景区间。",
            en="No price of a later day that moves on a stated volatility counts in this value: "
            "there is no band.",
        )
        return [Text(words=words)]
    tail, rest = per_cent(f"{band.tail:g}"), per_cent(f"{1 - band.tail:g}")
    told = Words(
        zh=f"在{band.paths:,}条价格路径中，{tail}%的路径价值低于 P{tail}，{tail}%高于 P{rest}，"
        "P50 居中。评估值按远期价格计算，不取自这些分位数。",
        en=f"Of {band.paths:,} price paths {tail} % lie below P{tail}, {tail} % above P{rest}, half "
        "on either side of P50. The conclusion stands on the forward prices, not on them.",
    )
    names = (f"P{tail}", "P50", f"P{rest}")
    rows = [
        Row(label=Words(zh=name), value=f"CNY {yuan(fen)}")
        for name, fen in zip(names, (band.low_fen, band.mid_fen, band.high_fen), strict=True)
    ]
    return [Text(words=told), KeyValues(rows=rows), *_years(band, names)]


def _years(band: BandView, names: tuple[str, str, str]) -> list[Block]:
    if not band.years:
        return []
    columns = [
        column("距基准日（年）", "Years on", 2),
        *(column(name, "CNY", 3, number=True) for name in names),
    ]
    rows = [
        [str(each.year), yuan(each.low_fen), yuan(each.mid_fen), yuan(each.high_fen)]
        for each in band.years
    ]
    caption = label(
        "各年净现金流（未折现，各方法按权重计入）",
        "Net cash flow of each year, undiscounted, approaches by their weights",
    )
    return [Grid(columns=columns, rows=rows, caption=caption)]


# -- What changed ---------------------------------------------------------------------------------


def _comparison(found: ComparisonView | None) -> list[Block]:
    if found is None:
        words = Words(
            zh="本评估方此前未对该资产出具评估。",
            en="Who appraises here has not appraised this asset before.",
        )
        return [Text(words=words)]
    told = Words(
        zh=f"上次评估 {found.then_number}（{day(found.then_on)}）：￥{yuan(found.then_fen)}。"
        "依次换用现行模型、新基准日、价格、参数和各项数据逐步重算，每步保留前面各步，各项金额之和等于差额。",
        en=f"Last appraisal {found.then_number} ({day(found.then_on)}): CNY {yuan(found.then_fen)}. "
        "It is valued again by the model of today, then on the new day, at the new prices, under "
        "the new parameters, on the new inputs; the amounts sum to the difference.",
    )
    columns = [
        column("变化项", "What changed", 5),
        column("上次", "Last time", 3, number=True),
        column("本次", "This time", 3, number=True),
        column("影响（元）", "Effect, CNY", 3, number=True),
    ]
    rows = [line for each in found.changes for line in _change_rows(each)]
    total = ["差额 Difference", "", "", yuan(found.difference_fen)]
    return [Text(words=told), Grid(columns=columns, rows=rows, total=total)]


def _change_rows(change: ChangeView) -> Iterator[list[str | Cell]]:
    amount = _amount_or_next(change.amount_fen)
    yield [Cell(text=change.title.zh, note=change.title.en), "", "", amount]
    for each in change.items:
        effect = "" if each.amount_fen is None else yuan(each.amount_fen)
        yield [Cell(text=f"　{each.title.zh}", note=each.title.en), each.old, each.new, effect]


def _amount_or_next(fen: int | None) -> str | Cell:
    return Cell(text="计入下一步", note="with the next step") if fen is None else yuan(fen)


# -- The agency's own report, and what a kind of asset brings -------------------------------------


def _outside(found: OutsideView | None) -> list[Block]:
    if found is None:
        return []
    rows = [
        row("机构报告编号", "Report No. of the agency", found.number),
        row("报告日", "Report date", day(found.reported_on)),
        row("报告载明的价值", "Value stated", f"CNY {yuan(found.value_fen)}"),
        row("签字评估师", "Signed by", "；".join(found.signers)),
        row("SHA-256", "", found.digest),
    ]
    return [_level("（六）机构自出报告", "The agency's own report"), KeyValues(rows=rows)]


def _subject(found: SubjectAnnexView | None) -> list[Block]:
    if found is None:
        return []
    facts = [Row(label=each.label, value=each.value or BLANK) for each in found.facts]
    blocks: list[Block] = [Heading(words=found.title, level=2), KeyValues(rows=facts)]
    return [*blocks, *_indicators(found.indicators)]


def _indicators(indicators: Sequence[IndicatorView]) -> list[Block]:
    if not indicators:
        return []
    columns = [
        column("类别", "Class", 2.5),
        column("指标", "Service", 4),
        column("实物量", "Quantity", 3, number=True),
        column("单价", "Unit price", 3, number=True),
        column("价值（元）", "Value, CNY", 3, number=True),
    ]
    rows: list[list[str | Cell]] = [
        [
            Cell(text=each.group.zh, note=each.group.en),
            Cell(text=each.title.zh, note=each.title.en),
            each.quantity or BLANK,
            each.price or BLANK,
            yuan(each.value_fen),
        ]
        for each in indicators
    ]
    return [Grid(columns=columns, rows=rows)]
