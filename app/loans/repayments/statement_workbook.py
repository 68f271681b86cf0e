"""The statement of a loan as a workbook: repayments, bills and journal, numbers as numbers."""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from flask_babel import get_locale, gettext
from sqlmodel import Session, col

from app.documents.tables import ColumnKind, ExportColumn, ExportTable, Fact, Value, tables_xlsx
from app.kernel.actor import Actor
from app.loans.books import lending_day
from app.loans.domain.states import Kept
from app.loans.models import LoanNote, LoanPosting
from app.loans.queries import LoanView, RepaymentView, list_dues, loan_view, whole_repayments
from app.loans.refusals import LoanNotServiced, StatementTooLong
from app.loans.schemas import ACCOUNT_TITLES, ENTRY_TITLES

MAX_STATEMENT_LINES: Final = 200_000
"""Ten notes over thirty years with a line a day and kind; a sheet takes a million."""


def statement_xlsx(
    session: Session, actor: Actor, loan_id: UUID, *, max_lines: int = MAX_STATEMENT_LINES
) -> bytes:
    """The statement of a visible, serviced loan over its whole life, up to the business day.

    Refuses a journal of more lines than a workbook takes: a statement is whole or it is none.
    """
    view = loan_view(session, actor, loan_id)
    if view.kept is Kept.MIRRORED:
        raise LoanNotServiced(number=view.number)
    lines = _count_lines(session, loan_id)
    if lines > max_lines:
        raise StatementTooLong(number=view.number, lines=lines, limit=max_lines)
    day = lending_day(session, view.bank_id)
    facts: list[Fact] = [
        (gettext("Loan"), view.number),
        (gettext("Borrower"), view.borrower_name.in_language(str(get_locale() or "en"))),
        (gettext("Business day"), day),
        (gettext("Unit"), gettext("CNY")),
    ]
    return tables_xlsx(
        [
            _repayments(session, actor, view, facts),
            _bills(session, actor, view, facts),
            _journal(session, view, facts),
        ]
    )


def _text(title: str) -> ExportColumn:
    return ExportColumn(title=title)


def _day(title: str) -> ExportColumn:
    return ExportColumn(title=title, kind=ColumnKind.DAY)


def _yuan(title: str) -> ExportColumn:
    return ExportColumn(title=title, kind=ColumnKind.YUAN)


def _total(rows: Sequence[Sequence[Any]], columns: Sequence[ExportColumn]) -> list[Value]:
    """The sums of the columns of money, under a row that says so."""
    sums: list[Value] = [
        sum(row[at] or 0 for row in rows) if column.kind is ColumnKind.YUAN else None
        for at, column in enumerate(columns)
    ]
    return [gettext("Total"), *sums[1:]]


def _repayments(
    session: Session, actor: Actor, view: LoanView, facts: Sequence[Fact]
) -> ExportTable:
    columns = [
        _text(gettext("Repayment")),
        _day(gettext("Booked on")),
        _day(gettext("Value day")),
        _text(gettext("Kind")),
        _yuan(gettext("Principal")),
        _yuan(gettext("Interest")),
        _yuan(gettext("Penalty interest")),
        _yuan(gettext("Compound interest")),
        _yuan(gettext("Fees")),
        _yuan(gettext("Suspense")),
        _yuan(gettext("Amount")),
        _text(gettext("Payer")),
    ]
    rows = [_repayment(each) for each in whole_repayments(session, actor, view.id)]
    return ExportTable(
        title=gettext("Repayments"),
        facts=facts,
        columns=columns,
        rows=rows,
        total=_total(rows, columns),
    )


def _repayment(row: RepaymentView) -> list[Value]:
    """Money that waited brings nothing new: it leaves suspense for what it settles."""
    sign = -1 if row.reverses_id else 1
    kind = gettext("Out of suspense") if row.used_suspense else gettext("Repayment")
    new_fen = 0 if row.used_suspense else row.amount_fen
    parts = (
        row.principal_fen,
        row.interest_fen,
        row.penalty_fen,
        row.compound_fen,
        row.fee_fen,
        row.suspense_fen - row.amount_fen + new_fen,
        new_fen,
    )
    return [
        row.number,
        row.booked_on,
        row.value_on,
        gettext("Reversal") if row.reverses_id else kind,
        *(sign * part for part in parts),
        row.payer,
    ]


def _bills(session: Session, actor: Actor, view: LoanView, facts: Sequence[Fact]) -> ExportTable:
    columns = [
        _day(gettext("Due on")),
        _text(gettext("Loan note")),
        ExportColumn(title=gettext("No."), kind=ColumnKind.WHOLE),
        _yuan(gettext("Principal")),
        _yuan(gettext("Interest")),
        _yuan(gettext("Paid principal")),
        _yuan(gettext("Paid interest")),
        _yuan(gettext("Left to pay")),
    ]
    rows: list[list[Value]] = [
        [
            due.due_on,
            due.note_number,
            due.number,
            due.principal_fen,
            due.interest_fen,
            due.paid_principal_fen,
            due.paid_interest_fen,
            due.left_fen,
        ]
        for due in list_dues(session, actor, view.id)
    ]
    return ExportTable(
        title=gettext("Bills"),
        facts=facts,
        columns=columns,
        rows=rows,
        total=_total(rows, columns),
    )


def _journal(session: Session, view: LoanView, facts: Sequence[Fact]) -> ExportTable:
    columns = [
        _day(gettext("Booked on")),
        _day(gettext("Value day")),
        _text(gettext("Kind")),
        _text(gettext("Debit account")),
        _text(gettext("Credit account")),
        _yuan(gettext("Amount")),
        _text(gettext("Loan note")),
        _text(gettext("Text")),
    ]
    return ExportTable(
        title=gettext("Journal"), facts=facts, columns=columns, rows=list(_lines(session, view.id))
    )


def _count_lines(session: Session, loan_id: UUID) -> int:
    statement = (
        sa.select(sa.func.count())
        .select_from(LoanPosting)
        .where(col(LoanPosting.loan_id) == loan_id)
    )
    return int(session.execute(statement).scalar_one())


def _lines(session: Session, loan_id: UUID) -> Iterator[list[Value]]:
    statement = (
        sa.select(LoanPosting, col(LoanNote.number))
        .outerjoin(LoanNote, col(LoanNote.id) == col(LoanPosting.note_id))
        .where(col(LoanPosting.loan_id) == loan_id)
        .order_by(col(LoanPosting.booked_on), col(LoanPosting.id))
    )
    for line, note_number in session.execute(statement):
        yield [
            line.booked_on,
            line.value_on,
            gettext(ENTRY_TITLES[line.kind]),
            gettext(ACCOUNT_TITLES[line.debit]),
            gettext(ACCOUNT_TITLES[line.credit]),
            line.amount_fen,
            note_number or "",
            line.text,
        ]
