"""A notice to a borrower as a document: a frozen view in, bytes out.

Chinese is the text that counts; a borrower who is written to in English reads both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.documents.pdf import (
    Block,
    DocumentLayout,
    Heading,
    KeyValues,
    Row,
    Text,
    Words,
    render,
)
from app.documents.wording import both_days, day_en, day_zh, rate, yuan
from app.kernel.actor import Name
from app.kernel.capital_amounts import amount_in_words_zh
from app.loans.domain.notices import NOTICE_TITLES, Language, NoticeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeView:
    """Everything a notice says; figures of another kind are None."""

    kind: NoticeKind
    language: Language
    number: str
    code: str
    check_url: str
    issued_on: date
    bank: Name
    borrower: Name
    borrower_code: str
    loan_number: str
    note_number: str
    about_on: date
    principal_fen: int
    interest_fen: int
    penalty_fen: int = 0
    """Penalty interest of the note grown up to the day of the notice and not paid."""
    compound_fen: int = 0
    """The same of compound interest."""
    compound_ppm: int | None = None
    """The rate of unpaid interest on that day; none where misuse mixes it."""
    balance_fen: int = 0
    """Principal of the note that has not fallen due."""
    days_late: int = 0
    suspense_fen: int = 0
    """Money of the loan that waits and settles nothing of it yet."""
    rate_ppm: int = 0
    before_ppm: int | None = None
    overdue_ppm: int = 0
    agreed: bool = False
    """Whether a change agreement set the rate, not the rule of the contract."""
    basis: Words | None = None
    """How a floating rate was made."""
    next_due_on: date | None = None
    notice: Words | None = None

    @property
    def payment_fen(self) -> int:
        """Principal and interest that are asked for."""
        return self.principal_fen + self.interest_fen

    @property
    def total_fen(self) -> int:
        """What is asked for with all that has grown on it."""
        return self.payment_fen + self.penalty_fen + self.compound_fen


def notice_pdf(view: NoticeView) -> bytes:
    """The notice as PDF; the same view gives the same bytes."""
    title = NOTICE_TITLES[view.kind]
    layout = DocumentLayout(
        title_zh=title.zh,
        title_en=title.en,
        number=view.number,
        issued_on=view.issued_on,
        check_url=view.check_url,
        digest_text=view.code,
        party=view.borrower.zh,
        issuer=_both(view, view.bank),
        notice=view.notice,
        confidentiality=Words(
            zh="机密 · 仅供借贷双方使用", en="Confidential · lender and borrower"
        ),
    )
    return render(layout, [_greeting(view), *_body(view)])


def _said(view: NoticeView, zh: str, en: str) -> Words:
    return Words(zh=zh, en=en if view.language is Language.EN else "")


def _both(view: NoticeView, name: Name) -> str:
    english = name.en if view.language is Language.EN and name.en != name.zh else ""
    return f"{name.zh} {english}".strip()


def _row(
    view: NoticeView, zh: str, en: str, value: str, *, note: str = "", strong: bool = False
) -> Row:
    return Row(label=_said(view, zh, en), value=value, note=note, strong=strong)


def _greeting(view: NoticeView) -> Text:
    said = (
        _AGREED if view.agreed else Words(zh=_GREETINGS_ZH[view.kind], en=_GREETINGS_EN[view.kind])
    )
    zh = f"{view.borrower.zh}：{said.zh.format(day=day_zh(view.about_on), loan=view.loan_number)}"
    name = view.borrower.en or view.borrower.zh
    en = f"To {name}: {said.en.format(day=day_en(view.about_on), loan=view.loan_number)}"
    return Text(words=_said(view, zh, en))


_AGREED = Words(
    zh="依双方签订的变更协议，贵方贷款 {loan} 的执行利率自{day}起调整。",
    en="As the change agreement provides, the rate of loan {loan} changes on {day}.",
)


_GREETINGS_ZH = {
    NoticeKind.DUE: "贵方贷款 {loan} 将于{day}到期还款，请于当日前将足额款项存入还款账户。",
    NoticeKind.OVERDUE: "贵方贷款 {loan} 于{day}到期的款项尚未足额归还，请立即偿付。",
    NoticeKind.RATE_CHANGE: "依合同约定，贵方贷款 {loan} 的执行利率自{day}起调整。",
}
_GREETINGS_EN = {
    NoticeKind.DUE: "A payment of loan {loan} falls due on {day}. Please keep the amount ready in the"
    " account from which it is paid.",
    NoticeKind.OVERDUE: "A payment of loan {loan} that fell due on {day} has not been made in full."
    " Please pay at once.",
    NoticeKind.RATE_CHANGE: "As the contract provides, the rate of loan {loan} changes on {day}.",
}


def _body(view: NoticeView) -> Sequence[Block]:
    rows = [
        _row(view, "借款人", "Borrower", _both(view, view.borrower), note=view.borrower_code),
        _row(view, "贷款编号", "Loan No.", view.loan_number),
        _row(view, "借据编号", "Note No.", view.note_number),
    ]
    figures = {
        NoticeKind.DUE: _due_rows,
        NoticeKind.OVERDUE: _overdue_rows,
        NoticeKind.RATE_CHANGE: _rate_rows,
    }[view.kind](view)
    return [
        Heading(words=_said(view, "贷款", "Loan")),
        KeyValues(rows=rows),
        Heading(words=_said(view, *_HEADINGS[view.kind])),
        KeyValues(rows=figures),
        Text(words=_said(view, *_CLOSINGS[view.kind])),
    ]


_HEADINGS = {
    NoticeKind.DUE: ("应还款项（元）", "To be paid, CNY"),
    NoticeKind.OVERDUE: ("尚欠款项（元）", "Left to pay, CNY"),
    NoticeKind.RATE_CHANGE: ("利率", "Rate"),
}
_CLOSINGS = {
    NoticeKind.DUE: (
        "如已足额还款，请忽略本通知。金额按出具日的账面计算，其后的还款将使其减少。",
        "If you have paid, please disregard this notice. A payment after the day of issue lowers the amounts.",
    ),
    NoticeKind.OVERDUE: (
        "罚息、复利依合同逐日计收，直至清偿。如已足额还款，请忽略本通知。",
        "Penalty and compound interest grow by the day until all is paid. If it is, please disregard this notice.",
    ),
    NoticeKind.RATE_CHANGE: (
        "调整后的各期应还金额以还款计划为准。",
        "The schedule of the loan shows the payments at the new rate.",
    ),
}


def _due_rows(view: NoticeView) -> list[Row]:
    return [
        _row(view, "还款日", "Due on", both_days(view.about_on), strong=True),
        _row(view, "应还本金", "Principal", yuan(view.principal_fen)),
        _row(view, "应还利息", "Interest", yuan(view.interest_fen), note=rate(view.rate_ppm)),
        _total(view, "应还合计", "Payment"),
        _row(view, "还款后未到期本金", "Principal after it", yuan(view.balance_fen)),
    ]


def _overdue_rows(view: NoticeView) -> list[Row]:
    return [
        _row(view, "到期日", "Fell due on", both_days(view.about_on), strong=True),
        _row(view, "逾期天数", "Days late", str(view.days_late)),
        _row(view, "尚欠本金", "Principal", yuan(view.principal_fen)),
        _row(view, "尚欠利息", "Interest", yuan(view.interest_fen)),
        _row(view, "尚欠本息", "Principal and interest", yuan(view.payment_fen)),
        _row(
            view,
            "该借据已计罚息",
            "Penalty interest of the note",
            yuan(view.penalty_fen),
            note=rate(view.overdue_ppm),
        ),
        _row(
            view,
            "该借据已计复利",
            "Compound interest of the note",
            yuan(view.compound_fen),
            note=rate(view.compound_ppm) if view.compound_ppm is not None else "",
        ),
        _row(
            view,
            "应付总额",
            "To be paid in all",
            yuan(view.total_fen),
            note=amount_in_words_zh(view.total_fen),
            strong=True,
        ),
        *_waiting_rows(view),
    ]


def _waiting_rows(view: NoticeView) -> list[Row]:
    if not view.suspense_fen:
        return []
    note = _said(view, "上列金额未抵扣挂账款项", "not taken off the amounts above")
    return [
        _row(
            view,
            "该贷款挂账金额",
            "Money of the loan in suspense",
            yuan(view.suspense_fen),
            note=f"{note.zh} {note.en}".strip(),
        )
    ]


def _total(view: NoticeView, zh: str, en: str) -> Row:
    words = amount_in_words_zh(view.payment_fen)
    return _row(view, zh, en, yuan(view.payment_fen), note=words, strong=True)


def _rate_rows(view: NoticeView) -> list[Row]:
    before = rate(view.before_ppm) if view.before_ppm is not None else "—"
    rows = [
        _row(view, "调整日", "Counts from", both_days(view.about_on), strong=True),
        _row(view, "原执行利率（年）", "Rate before", before),
        _row(view, "调整后执行利率（年）", "Rate from then on", rate(view.rate_ppm), strong=True),
    ]
    if view.basis is not None:
        rows.append(_row(view, "定价依据", "How it is made", view.basis.zh, note=view.basis.en))
    if view.next_due_on is not None:
        rows.append(_row(view, "下一还款日", "Next due on", both_days(view.next_due_on)))
        rows.append(
            _row(view, "届时应还本息（元）", "To be paid then, CNY", yuan(view.payment_fen))
        )
    return rows
