"""The loan statement (贷款对账单) as a document: a frozen view in, bytes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.documents.pdf import (
    Block,
    Cell,
    Column,
    DocumentLayout,
    Grid,
    Heading,
    KeyValues,
    LineChart,
    Row,
    Series,
    Signature,
    Signatures,
    Text,
    Words,
    render,
)
from app.documents.wording import both_days, day, day_en, day_zh, rate, yuan


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementNoteView:
    """One loan note (借据)."""

    number: str
    drawn_on: date
    matures_on: date
    amount_fen: int
    balance_fen: int
    rate_ppm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalmentView:
    """One row of the schedule; `state` says billed, paid, overdue or to come."""

    number: int
    due_on: date
    days: int
    principal_fen: int
    interest_fen: int
    payment_fen: int
    balance_fen: int
    state: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class RepaymentView:
    """One repayment, or its correction with the sign turned, as it was posted."""

    number: str
    booked_on: date
    value_on: date
    kind: Words
    principal_fen: int
    interest_fen: int
    penalty_fen: int
    suspense_fen: int
    total_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementView:
    """Everything a loan statement says about a loan from a day to a day."""

    number: str
    issued_on: date
    from_on: date
    until_on: date
    check_url: str
    digest_text: str
    bank_name: Words
    borrower_name: Words
    borrower_code: str
    loan_number: str
    contract_number: str
    product: Words
    state: Words
    method: Words
    day_count: Words
    rate_ppm: int
    contract_fen: int
    drawn_on: date | None
    matures_on: date
    opening_fen: int
    drawn_fen: int
    repaid_fen: int
    written_off_fen: int
    closing_fen: int
    interest_paid_fen: int
    penalty_paid_fen: int
    accrued_fen: int
    suspense_fen: int
    overdue_principal_fen: int
    overdue_interest_fen: int
    surcharges_fen: int
    """Penalty, compound interest and fees that are unpaid."""
    notes: Sequence[StatementNoteView]
    schedule: Sequence[InstalmentView]
    repayments: Sequence[RepaymentView]
    prepared_by: str = ""
    notice: Words | None = None


def loan_statement(view: StatementView) -> bytes:
    """The statement as PDF; the same view gives the same bytes."""
    layout = DocumentLayout(
        title_zh="贷款对账单",
        title_en="Loan statement",
        number=view.number,
        issued_on=view.issued_on,
        check_url=view.check_url,
        digest_text=view.digest_text,
        party=view.borrower_name.zh,
        issuer=_both(view.bank_name),
        notice=view.notice,
        confidentiality=Words(
            zh="机密 · 仅供借贷双方使用", en="Confidential · lender and borrower"
        ),
    )
    return render(layout, _blocks(view))


def _blocks(view: StatementView) -> list[Block]:
    period = Words(
        zh=f"对账期间：{day_zh(view.from_on)}至{day_zh(view.until_on)}。金额单位：元。",
        en=f"Period: {day_en(view.from_on)} to {day_en(view.until_on)}. Amounts in CNY.",
    )
    return [
        Text(words=period),
        _heading("一、贷款", "Loan"),
        KeyValues(rows=_loan_rows(view)),
        *_notes(view),
        _heading("二、期间变动", "Movements of the period"),
        *_movements(view),
        _heading("三、还款计划", "Schedule"),
        _schedule(view),
        *_balance_chart(view),
        _heading("四、还款明细", "Repayments"),
        _repayments(view),
        *_closing(view),
    ]


def _both(words: Words) -> str:
    return f"{words.zh} {words.en}".strip()


def _row(zh: str, en: str, value: str, *, note: str = "") -> Row:
    return Row(label=Words(zh=zh, en=en), value=value, note=note)


def _heading(zh: str, en: str) -> Heading:
    return Heading(words=Words(zh=zh, en=en))


def _column(zh: str, en: str, width: float, *, number: bool = False) -> Column:
    title = Words(zh=zh, en=en)
    return Column(title=title, width=width, align="right" if number else "left")


def _loan_rows(view: StatementView) -> list[Row]:
    return [
        _row("借款人", "Borrower", _both(view.borrower_name), note=view.borrower_code),
        _row("贷款编号", "Loan No.", view.loan_number),
        _row("合同编号", "Contract No.", view.contract_number),
        _row("产品", "Product", _both(view.product)),
        _row("状态", "State", _both(view.state)),
        _row("合同金额", "Contract amount", yuan(view.contract_fen)),
        _row("执行利率（年）", "Rate a year", rate(view.rate_ppm), note=_both(view.day_count)),
        _row("还款方式", "Repayment method", _both(view.method)),
        _row("首次放款日", "First drawn on", both_days(view.drawn_on)),
        _row("到期日", "Matures on", both_days(view.matures_on)),
    ]


def _notes(view: StatementView) -> list[Block]:
    if not view.notes:
        return []
    columns = [
        _column("借据", "Note", 3),
        _column("放款日", "Drawn on", 2),
        _column("到期日", "Matures on", 2),
        _column("利率", "Rate", 1.5, number=True),
        _column("金额", "Amount", 3, number=True),
        _column("余额", "Balance", 3, number=True),
    ]
    rows = [
        [
            note.number,
            day(note.drawn_on),
            day(note.matures_on),
            rate(note.rate_ppm),
            yuan(note.amount_fen),
            yuan(note.balance_fen),
        ]
        for note in view.notes
    ]
    amount = yuan(sum(note.amount_fen for note in view.notes))
    balance = yuan(sum(note.balance_fen for note in view.notes))
    return [Grid(columns=columns, rows=rows, total=["合计 Total", "", "", "", amount, balance])]


def _movements(view: StatementView) -> list[Block]:
    columns = [_column("本金变动", "Principal", 6), _column("金额", "Amount", 3, number=True)]
    items = (
        ("期初本金余额 Opening balance", view.opening_fen),
        ("本期发放 Drawn", view.drawn_fen),
        ("本期归还 Repaid", -view.repaid_fen),
        ("本期核销 Written off", -view.written_off_fen),
    )
    rows = [[name, yuan(amount_fen)] for name, amount_fen in items]
    total = ["期末本金余额 Closing balance", yuan(view.closing_fen)]
    beside = [
        _row("本期收到利息", "Interest received", yuan(view.interest_paid_fen)),
        _row("本期收到罚息、复利", "Penalty received", yuan(view.penalty_paid_fen)),
        _row("应计未到期利息", "Interest accrued, not yet due", yuan(view.accrued_fen)),
        _row("期末挂账金额", "Money in suspense", yuan(view.suspense_fen)),
        _row("逾期本金", "Overdue principal", yuan(view.overdue_principal_fen)),
        _row("逾期利息", "Overdue interest", yuan(view.overdue_interest_fen)),
        _row("未付罚息、复利、费用", "Penalty, compound interest, fees", yuan(view.surcharges_fen)),
    ]
    return [Grid(columns=columns, rows=rows, total=total), KeyValues(rows=beside)]


def _schedule(view: StatementView) -> Grid:
    columns = [
        _column("期", "No.", 1, number=True),
        _column("到期日", "Due on", 2.2),
        _column("天数", "Days", 1.2, number=True),
        _column("本金", "Principal", 2.8, number=True),
        _column("利息", "Interest", 2.6, number=True),
        _column("应还合计", "Payment", 2.8, number=True),
        _column("剩余本金", "Balance", 2.8, number=True),
        _column("状态", "State", 2.7),
    ]
    rows = [
        [
            str(each.number),
            day(each.due_on),
            str(each.days),
            yuan(each.principal_fen),
            yuan(each.interest_fen),
            yuan(each.payment_fen),
            yuan(each.balance_fen),
            _both(each.state),
        ]
        for each in view.schedule
    ]
    sums = [
        yuan(sum(each.principal_fen for each in view.schedule)),
        yuan(sum(each.interest_fen for each in view.schedule)),
        yuan(sum(each.payment_fen for each in view.schedule)),
    ]
    return Grid(columns=columns, rows=rows, total=["", "合计 Total", "", *sums, "", ""])


def _balance_chart(view: StatementView) -> list[Block]:
    if len(view.schedule) < 3:
        return []
    # Drawn in 万元, so that the axis stays readable; the exact figures stand in the table.
    balances = tuple(Decimal(each.balance_fen) / 1_000_000 for each in view.schedule)
    return [
        LineChart(
            title=Words(zh="剩余本金（万元）", en="Balance, CNY 10k"),
            labels=[day(each.due_on)[2:7] for each in view.schedule],
            series=[Series(name="剩余本金 Balance", values=balances)],
        )
    ]


def _repayments(view: StatementView) -> Grid:
    columns = [
        _column("记账日", "Booked on", 2.2),
        _column("业务", "Kind", 3.2),
        _column("本金", "Principal", 2.7, number=True),
        _column("利息", "Interest", 2.3, number=True),
        _column("罚息、复利、费用", "Penalty, fees", 2.3, number=True),
        _column("挂账", "Suspense", 2.3, number=True),
        _column("合计", "Total", 2.7, number=True),
    ]
    rows: list[list[str | Cell]] = [
        [
            Cell(text=day(each.booked_on), note=_value_day(each)),
            Cell(text=_both(each.kind), note=each.number),
            yuan(each.principal_fen),
            yuan(each.interest_fen),
            yuan(each.penalty_fen),
            yuan(each.suspense_fen),
            yuan(each.total_fen),
        ]
        for each in view.repayments
    ]
    empty = Words(zh="本期无还款", en="No repayment in the period")
    sums = (
        sum(each.principal_fen for each in view.repayments),
        sum(each.interest_fen for each in view.repayments),
        sum(each.penalty_fen for each in view.repayments),
        sum(each.suspense_fen for each in view.repayments),
        sum(each.total_fen for each in view.repayments),
    )
    total = ["合计 Total", "", *(yuan(amount_fen) for amount_fen in sums)]
    return Grid(columns=columns, rows=rows, total=total, empty=empty)


def _value_day(repayment: RepaymentView) -> str:
    if repayment.value_on == repayment.booked_on:
        return ""
    return f"起息 {day(repayment.value_on)}"


def _closing(view: StatementView) -> list[Block]:
    words = Words(
        zh="本对账单依据记账明细生成。如有异议，请及时书面提出。",
        en="This statement is drawn from the journal. Objections are welcome in writing.",
    )
    places = [Signature(role=Words(zh="借款人确认", en="Confirmed by the borrower"))]
    if view.prepared_by:
        maker = Signature(role=Words(zh="经办", en="Prepared by"), name=view.prepared_by)
        places.insert(0, maker)
    return [Text(words=words), Signatures(places=places, seal=view.bank_name)]
