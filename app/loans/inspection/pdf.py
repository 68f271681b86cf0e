"""The report of a post-loan check (贷后检查报告) as a document: a frozen view in, bytes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.documents.pdf import (
    Block,
    Column,
    DocumentLayout,
    Grid,
    Heading,
    KeyValues,
    Picture,
    Pictures,
    Row,
    Signature,
    Signatures,
    Text,
    Words,
    render,
)
from app.documents.wording import both_days, yuan


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    """A point of the checklist with its answer."""

    item: Words
    answer: Words
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceLine:
    """A file of the report; its digest lets anybody compare the file with the paper."""

    purpose: Words
    name: str
    amount_fen: int | None
    payee: str
    note: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoLine:
    """A photograph of the check; `jpeg` is None where its file cannot be shown."""

    name: str
    note: str
    jpeg: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """Everything that the printed report says."""

    number: str
    issued_on: date
    check_url: str
    digest_text: str
    bank: Words
    borrower: Words
    loan_number: str
    loan_title: Words
    kind: Words
    reason: str
    """Why a special check was ordered."""
    due_on: date
    checked_on: date
    place: str
    present: str
    findings: Sequence[FindingLine]
    drawn_fen: int
    proved_fen: int
    open_fen: int
    over_fen: int
    """Proved beyond what was drawn."""
    evidence: Sequence[EvidenceLine]
    conclusion: Words
    summary: str
    next_step: str
    inspector: str
    reviewer: str
    submitted_on: date | None
    review_note: str
    notice: Words | None = None
    photos: Sequence[PhotoLine] = ()
    photos_left_out: int = 0
    """Photographs that stand in the list of evidence only."""


def inspection_report(view: ReportView) -> bytes:
    """The report as PDF; the same view gives the same bytes."""
    layout = DocumentLayout(
        title_zh="贷后检查报告",
        title_en="Report of a post-loan check",
        number=view.number,
        issued_on=view.issued_on,
        check_url=view.check_url,
        digest_text=view.digest_text,
        party=view.borrower.zh,
        issuer=_both(view.bank),
        notice=view.notice,
        confidentiality=Words(zh="机密 · 仅供行内使用", en="Confidential · internal use"),
    )
    return render(layout, _blocks(view))


def _blocks(view: ReportView) -> list[Block]:
    return [
        _heading("一、检查概况", "The check"),
        KeyValues(rows=_facts(view)),
        _heading("二、检查情况", "Findings"),
        _findings(view),
        _heading("三、资金用途核对", "Use of funds"),
        KeyValues(rows=_funds(view)),
        _evidence(view),
        *_photos(view),
        _heading("四、结论与后续措施", "Conclusion and next step"),
        KeyValues(rows=[_row("结论", "Conclusion", _both(view.conclusion))]),
        Text(words=Words(zh=view.summary, en="")),
        KeyValues(
            rows=[
                _row("后续措施", "Next step", view.next_step or "—"),
                _row("复核意见", "Reviewer's words", view.review_note or "—"),
            ]
        ),
        Signatures(
            places=[
                Signature(
                    role=Words(zh="检查人", en="Inspector"),
                    name=view.inspector,
                    signed_on=view.submitted_on,
                ),
                Signature(
                    role=Words(zh="复核人", en="Reviewer"),
                    name=view.reviewer,
                    signed_on=view.issued_on,
                ),
            ]
        ),
    ]


def _both(words: Words) -> str:
    return f"{words.zh} {words.en}".strip()


def _heading(zh: str, en: str) -> Heading:
    return Heading(words=Words(zh=zh, en=en))


def _row(zh: str, en: str, value: str) -> Row:
    return Row(label=Words(zh=zh, en=en), value=value)


def _facts(view: ReportView) -> list[Row]:
    return [
        _row("检查种类", "Kind of check", _both(view.kind)),
        *([_row("事由", "Reason", view.reason)] if view.reason else []),
        _row("借款人", "Borrower", _both(view.borrower)),
        _row("贷款", "Loan", f"{view.loan_number} {_both(view.loan_title)}"),
        _row("应检查日", "Due on", both_days(view.due_on)),
        _row("检查日", "Checked on", both_days(view.checked_on)),
        _row("地点", "Place", view.place),
        _row("在场人员", "Present", view.present),
    ]


def _column(zh: str, en: str, width: float, *, number: bool = False) -> Column:
    return Column(title=Words(zh=zh, en=en), width=width, align="right" if number else "left")


def _findings(view: ReportView) -> Grid:
    return Grid(
        columns=[
            _column("检查项", "Point", 5),
            _column("情况", "Answer", 2),
            _column("说明", "Words", 6),
        ],
        rows=[[_both(each.item), _both(each.answer), each.note or "—"] for each in view.findings],
    )


def _funds(view: ReportView) -> list[Row]:
    return [
        _row("累计放款（元）", "Drawn (CNY)", yuan(view.drawn_fen)),
        _row("已提供凭证（元）", "Proved (CNY)", yuan(view.proved_fen)),
        _row("尚缺凭证（元）", "Not proved yet (CNY)", yuan(view.open_fen)),
        *(
            [_row("凭证超出放款（元）", "Proved beyond what was drawn (CNY)", yuan(view.over_fen))]
            if view.over_fen
            else []
        ),
    ]


def _evidence(view: ReportView) -> Grid:
    return Grid(
        columns=[
            _column("佐证", "Evidence", 3),
            _column("文件", "File", 3),
            _column("金额", "Amount", 2.5, number=True),
            _column("收款人", "Payee", 2),
            _column("说明", "Words", 3),
            _column("SHA-256（前16位）", "SHA-256, first 16", 3),
        ],
        rows=[
            [
                _both(each.purpose),
                each.name,
                yuan(each.amount_fen),
                each.payee,
                each.note,
                each.sha256[:16],
            ]
            for each in view.evidence
        ],
    )


def _photos(view: ReportView) -> list[Block]:
    if not view.photos:
        return []
    heading = Heading(words=Words(zh="现场照片", en="Photographs"), level=2)
    return [heading, Pictures(items=[_photo(each) for each in view.photos]), *_left_out(view)]


def _photo(photo: PhotoLine) -> Picture:
    missing = "" if photo.jpeg else "照片无法显示，请查阅原文件。 Cannot be shown; see the file."
    return Picture(title=photo.name, notes=(photo.note, missing), jpeg=photo.jpeg)


def _left_out(view: ReportView) -> list[Block]:
    if not view.photos_left_out:
        return []
    zh = f"另有照片 {view.photos_left_out} 张，见佐证清单。"
    en = f"Photographs listed above and not printed: {view.photos_left_out}."
    return [Text(words=Words(zh=zh, en=en))]
