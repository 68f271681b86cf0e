"""The statement as a workbook: the whole life of a loan, each yuan once, or a refusal."""

from io import BytesIO

import openpyxl
import pytest
import sqlalchemy as sa

from app.kernel.ids import new_id
from app.loans.models import Repayment
from app.loans.queries import MAX_LISTED_ROWS
from app.loans.refusals import StatementTooLong
from app.loans.repayments.statement_workbook import statement_xlsx
from app.loans.services import Repay, repay
from tests.integration.loans.conftest import FIRST_DAY


def rows_of(bank, loan_id, **options):
    """The rows of the sheet of repayments below its head, in yuan."""
    with bank.database.read() as session:
        content = statement_xlsx(session, bank.actor, loan_id, **options)
    book = openpyxl.load_workbook(BytesIO(content))
    sheet = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]
    head = next(at for at, row in enumerate(sheet) if row[0] == "Repayment")
    return sheet[head + 1 :]


def test_money_out_of_suspense_is_no_new_money(bank, drawn):
    with bank.database.write() as session:
        repay(session, bank.actor, drawn, Repay(amount_fen=40_00))
        waiting = Repay(amount_fen=40_00, from_suspense=True, prepay=True)
        repay(session, bank.actor, drawn, waiting)
    first, second, total = rows_of(bank, drawn)
    assert (first[3], first[4], first[9], first[10]) == ("Repayment", 0, 40, 40)
    assert (second[3], second[4], second[9], second[10]) == ("Out of suspense", 40, -40, 0)
    assert (total[4], total[9], total[10]) == (40, 0, 40)
    assert first[1].date() == first[2].date() == FIRST_DAY


def test_every_repayment_is_in_the_sheet_and_in_its_sum(bank, drawn):
    with bank.database.write() as session:
        repay(session, bank.actor, drawn, Repay(amount_fen=40_00))
        row = session.execute(sa.select(Repayment)).scalar_one()
        copied = {name: getattr(row, name) for name in Repayment.model_fields}
        more = [
            {**copied, "id": new_id(), "number": f"C-{number}", "key": f"k{number}"}
            for number in range(MAX_LISTED_ROWS)
        ]
        session.execute(sa.insert(Repayment), more)
    bank.tampered = True
    rows = rows_of(bank, drawn)
    assert len(rows) == MAX_LISTED_ROWS + 2
    assert rows[-1][10] == (MAX_LISTED_ROWS + 1) * 40


def test_a_journal_too_long_is_refused_and_not_cut(bank, drawn):
    bank.close(FIRST_DAY)
    assert rows_of(bank, drawn, max_lines=2) is not None
    with pytest.raises(StatementTooLong) as refused:
        rows_of(bank, drawn, max_lines=1)
    assert refused.value.facts["lines"] == 2
