"""The top-up notice (追加担保通知书) as a document: a frozen view in, bytes out.

It says what crossed which line, the two ways to cure with their amounts, and by when; its last
page is the proof of service that the receiver signs. No figure is computed here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from app.documents.pdf import (
    Block,
    Cell,
    Column,
    DocumentLayout,
    Grid,
    Heading,
    KeyValues,
    LineChart,
    PageBreak,
    Row,
    Series,
    Signature,
    Signatures,
    Text,
    Words,
    render,
)
from app.documents.wording import both_days, day, day_en, day_zh, percent_ppm, yuan
from app.kernel.capital_amounts import amount_in_words_zh

Basis = Literal["principal", "exposure"]

BASIS_WORDS = {
    "principal": Words(zh="本金余额 ÷ 认定价值", en="principal / recognised value"),
    "exposure": Words(
        zh="（本金＋应计利息＋费用）÷ 认定价值",
        en="(principal + accrued interest + fees) / recognised value",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticePartyView:
    """The bank or the borrower."""

    name: Words
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgedAssetView:
    """One asset of the pool: what was recognised at contract, and what is recognised now."""

    number: str
    title: Words
    relied_fen: int | None
    recognised_fen: int | None
    cap_ppm: int
    lendable_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LtvPointView:
    """The ratio of a day."""

    on: date
    ratio_ppm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUpNoticeView:
    """Everything a top-up notice says.

    Lines and target are those of the contract; `basis` says which figure moves them.
    `repay_fen` and `add_recognised_fen` lead to the target, each alone.
    """

    number: str
    issued_on: date
    as_of: date
    due_on: date
    check_url: str
    digest_text: str
    bank: NoticePartyView
    borrower: NoticePartyView
    loan_number: str
    basis: Basis
    principal_fen: int
    accrued_fen: int
    fees_fen: int
    exposure_fen: int
    recognised_fen: int
    ratio_ppm: int
    warning_ppm: int
    top_up_ppm: int
    disposal_ppm: int
    target_ppm: int
    crossed: Words
    assets: Sequence[PledgedAssetView]
    repay_fen: int
    add_recognised_fen: int
    cause: Words
    contact: str
    consequences: Sequence[Words]
    issuer_name: str
    issuer_post: Words
    daily_interest_fen: int | None = None
    history: Sequence[LtvPointView] = ()
    notice: Words | None = None


def top_up_notice(view: TopUpNoticeView) -> bytes:
    """The notice and its proof of service as PDF; the same view gives the same bytes."""
    layout = DocumentLayout(
        title_zh="追加担保通知书",
        title_en="Notice to top up security",
        number=view.number,
        issued_on=view.issued_on,
        check_url=view.check_url,
        digest_text=view.digest_text,
        party=view.borrower.name.zh,
        issuer=_both(view.bank.name),
        notice=view.notice,
        confidentiality=Words(zh="机密 · 仅供收件人使用", en="Confidential · addressees only"),
    )
    blocks: list[Block] = [
        *_address(view),
        *_what_crossed(view),
        *_assets(view),
        *_ways_to_cure(view),
        *_consequences(view),
        *_proof_of_service(view),
    ]
    return render(layout, blocks)


def _both(words: Words) -> str:
    return f"{words.zh} {words.en}".strip()


def _row(zh: str, en: str, value: str, *, note: str = "", strong: bool = False) -> Row:
    return Row(label=Words(zh=zh, en=en), value=value, note=note, strong=strong)


def _heading(zh: str, en: str) -> Heading:
    return Heading(words=Words(zh=zh, en=en))


def _column(zh: str, en: str, width: float, *, number: bool = False) -> Column:
    title = Words(zh=zh, en=en)
    return Column(title=title, width=width, align="right" if number else "left")


def _address(view: TopUpNoticeView) -> list[Block]:
    borrower = view.borrower
    rows = [
        _row("致", "To", _both(borrower.name), strong=True, note=borrower.code),
        _row("借款合同", "Contract No.", view.loan_number),
        _row("补足期限", "Cure by", both_days(view.due_on), strong=True),
    ]
    return [KeyValues(rows=rows)]


def _what_crossed(view: TopUpNoticeView) -> list[Block]:
    ratio = percent_ppm(view.ratio_ppm)
    words = Words(
        zh=f"按 {day_zh(view.as_of)} 的计量，贵方上述贷款的抵质押率为 {ratio}，"
        f"已触及合同约定的{view.crossed.zh}。原因：{view.cause.zh}",
        en=f"As measured on {day_en(view.as_of)}, the loan-to-value of this loan was {ratio}; "
        f"it crossed the {view.crossed.en} of the contract. Cause: {view.cause.en}",
    )
    return [
        _heading("一、触及情况", "What crossed which line"),
        Text(words=words),
        KeyValues(rows=_ratio_rows(view)),
        _lines(view),
        *_history(view),
    ]


def _ratio_rows(view: TopUpNoticeView) -> list[Row]:
    return [
        _row("本金余额（元）", "Principal, CNY", yuan(view.principal_fen)),
        _row("应计利息（元）", "Accrued interest, CNY", yuan(view.accrued_fen)),
        _row("费用（元）", "Fees, CNY", yuan(view.fees_fen)),
        _row("风险敞口（元）", "Exposure, CNY", yuan(view.exposure_fen)),
        _row("认定价值（元）", "Recognised, CNY", yuan(view.recognised_fen)),
        _row(
            "抵质押率",
            "Loan-to-value",
            percent_ppm(view.ratio_ppm),
            note=_both(BASIS_WORDS[view.basis]),
            strong=True,
        ),
    ]


def _lines(view: TopUpNoticeView) -> Grid:
    columns = [
        _column("合同约定的线", "Line of the contract", 6),
        _column("抵质押率", "LTV", 2, number=True),
        _column("是否触及", "Crossed", 3),
    ]
    lines = (
        ("预警线 Early-warning line", view.warning_ppm),
        ("追加线 Top-up line", view.top_up_ppm),
        ("处置线 Disposal line", view.disposal_ppm),
    )
    rows = [
        [name, percent_ppm(line_ppm), "是 yes" if view.ratio_ppm > line_ppm else "否 no"]
        for name, line_ppm in lines
    ]
    target = ["补足目标 Target after cure", percent_ppm(view.target_ppm), ""]
    return Grid(columns=columns, rows=rows, total=target)


def _history(view: TopUpNoticeView) -> list[Block]:
    if len(view.history) < 2:
        return []
    ratios = tuple(Decimal(point.ratio_ppm) / 10_000 for point in view.history)
    line = tuple(Decimal(view.top_up_ppm) / 10_000 for _ in view.history)
    return [
        LineChart(
            title=Words(zh="抵质押率走势（%）", en="Loan-to-value, %"),
            labels=[day(point.on)[2:] for point in view.history],
            series=[
                Series(name="抵质押率 LTV", values=ratios),
                Series(name="追加线 Top-up line", values=line),
            ],
        )
    ]


def _assets(view: TopUpNoticeView) -> list[Block]:
    columns = [
        _column("押品", "Collateral", 4),
        _column("签约时认定价值（元）", "Recognised at contract, CNY", 3, number=True),
        _column("现认定价值（元）", "Recognised now, CNY", 3, number=True),
        _column("上限", "Cap", 1.6, number=True),
        _column("可担保金额（元）", "Lendable, CNY", 3, number=True),
    ]
    rows: list[list[str | Cell]] = [
        [
            Cell(text=_both(each.title), note=each.number),
            yuan(each.relied_fen),
            yuan(each.recognised_fen),
            percent_ppm(each.cap_ppm),
            yuan(each.lendable_fen),
        ]
        for each in view.assets
    ]
    return [Grid(columns=columns, rows=rows, caption=Words(zh="押品池", en="Pool of the contract"))]


def _ways_to_cure(view: TopUpNoticeView) -> list[Block]:
    target = percent_ppm(view.target_ppm)
    intro = Words(
        zh=f"请在 {day_zh(view.due_on)} 前（含当日）以下列任一方式补足，"
        f"使抵质押率不高于 {target}；两种方式也可以并用，以补足后的抵质押率为准。",
        en=f"Please cure by {day_en(view.due_on)} (included) in either way, so that the "
        f"loan-to-value is not above {target}; both ways may be combined.",
    )
    return [
        _heading("二、补足方式", "Two ways to cure"),
        Text(words=intro),
        _cure_grid(view),
        *_accrual_note(view),
        KeyValues(rows=[_row("联系人", "Contact", view.contact)]),
    ]


def _cure_grid(view: TopUpNoticeView) -> Grid:
    columns = [
        _column("方式", "Way", 5),
        _column("金额（元）", "Amount, CNY", 3, number=True),
        _column("大写", "In words", 5),
    ]
    ways = (
        ("（一）提前归还部分贷款 Repay part of the loan, at least", view.repay_fen),
        (
            "（二）追加担保，增加认定价值不少于 Add security with a recognised value of at least",
            view.add_recognised_fen,
        ),
    )
    rows = [[way, yuan(fen), f"人民币{amount_in_words_zh(fen)}"] for way, fen in ways]
    caption = Words(
        zh="追加的押品须可登记、无在先权利，并按其自身的抵质押率上限另行核定可担保金额。",
        en="Added security must be registrable and free of earlier rights; "
        "its lendable value is tested at its own cap.",
    )
    return Grid(columns=columns, rows=rows, caption=caption)


def _accrual_note(view: TopUpNoticeView) -> list[Block]:
    if view.daily_interest_fen is None:
        return []
    per_day = yuan(view.daily_interest_fen)
    words = Words(
        zh=f"以上金额按 {day_zh(view.as_of)} 计算；此后每日另计利息约 {per_day} 元。",
        en=f"Amounts as of {day_en(view.as_of)}; interest of about CNY {per_day} a day follows.",
    )
    return [Text(words=words)]


def _consequences(view: TopUpNoticeView) -> list[Block]:
    title = Words(zh="三、逾期未补足", en="If it is not cured in time")
    made: list[Block] = [Heading(words=title, before_signatures=True)]
    for at, words in enumerate(view.consequences, start=1):
        english = f"{at}. {words.en}" if words.en else ""
        made.append(Text(words=Words(zh=f"{at}．{words.zh}", en=english)))
    issuer = Signature(
        role=Words(zh="签发人", en="Issued by"),
        name=view.issuer_name,
        detail=_both(view.issuer_post),
        signed_on=view.issued_on,
    )
    return [*made, Signatures(places=[issuer], seal=view.bank.name)]


def _proof_of_service(view: TopUpNoticeView) -> list[Block]:
    """A form that is filled in by hand when the notice is handed over."""
    rows = [
        _row("送达文书", "Document", f"追加担保通知书 {view.number}"),
        _row("受送达人", "Addressee", _both(view.borrower.name)),
        _row("送达地址", "Address", ""),
        _row("送达方式", "Method", _METHODS),
        _row("签收人", "Received by", ""),
        _row("签收日期", "Received on", ""),
        _row("凭证", "Proof", ""),
        _row("拒收、留置情况", "Refused or left", ""),
    ]
    places = [
        Signature(role=Words(zh="受送达人", en="Addressee")),
        Signature(role=Words(zh="送达人", en="Served by")),
        Signature(role=Words(zh="见证人", en="Witness")),
    ]
    return [
        PageBreak(),
        _heading("送达回执", "Proof of service"),
        KeyValues(rows=rows),
        Signatures(places=places),
    ]


_METHODS = "□ 直接送达 in person　□ 邮寄 by post　□ 电子送达 electronic　□ 公证 notarised"
