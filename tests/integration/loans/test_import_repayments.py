"""Files of repayments: every wrong row named, good rows booked once, whatever is sent again."""

from datetime import date
from io import BytesIO

import openpyxl
import pytest

from app.kernel.errors import Forbidden, InvalidInput
from app.loans.domain.importing import BatchState, RowState
from app.loans.import_files import EXAMPLE, ImportRepayments, repayment_template
from app.loans.importing import batch_view, import_repayments, run_batch, run_waiting_batches
from app.loans.queries import list_repayments
from app.loans.services import Repay, repay

TODAY = date(2024, 1, 3)
HEAD = "loan_number,amount_yuan,key,value_on,prepay,payer"


@pytest.fixture
def loan(bank):
    """A loan drawn on 2024-01-02, on 2024-01-03."""
    bank.open(date(2024, 1, 2))
    loan_id = bank.sign(starts_on=date(2024, 1, 2))
    bank.draw(loan_id, 3_000_000_00)
    bank.close(date(2024, 1, 2))
    bank.set_clock(TODAY)
    return bank.view(loan_id)


def csv(*lines, head=HEAD):
    return "\n".join([head, *lines, ""]).encode()


def send(bank, content, *, dry_run=False, name="repayments.csv", actor=None):
    command = ImportRepayments(content=content, file_name=name, dry_run=dry_run)
    with bank.database.write() as session:
        return import_repayments(session, actor or bank.actor, command)


def look(bank, batch):
    with bank.database.read() as session:
        return batch_view(session, bank.actor, batch.id)


def paid(bank, loan):
    with bank.database.read() as session:
        return [each.amount_fen for each in list_repayments(session, bank.actor, loan.id)]


def test_every_wrong_row_is_named_and_nothing_is_stored_by_a_check(bank, loan):
    number = loan.number
    found = send(
        bank,
        csv(
            f"{number},100.00,a1,,,",
            "L-0000-000000,100.00,a2,,,",
            f"{number},100.005,a3,,,",
            f"{number},0.00,a4,,,",
            f"{number},-5.00,a5,,,",
            f"{number},100.00,a6,2024-01-04,,",
            f"{number},100.00,a7,2023-12-31,,",
            f"{number},100.00,a8,2024-01-01,,",
            f"{number},100.00,a1,,,",
            f"{number},100.00,,,,",
            f"{number},100.00,a9,soon,maybe,",
            f"{number},10000000000000.01,a10,,,",
        ),
        dry_run=True,
    )
    assert found.rows[0].state is RowState.WAITING
    problems = {row.line: [each.column for each in row.problems] for row in found.rows[1:]}
    assert problems == {
        3: ["loan_number"],
        4: ["amount_yuan"],
        5: ["amount_yuan"],
        6: ["amount_yuan"],
        7: ["value_on"],
        8: ["value_on"],
        9: ["value_on"],
        10: ["key"],
        11: ["key"],
        12: ["value_on", "prepay"],
        13: ["amount_yuan"],
    }
    assert (found.total, found.refused, found.amount_fen, found.number) == (12, 11, 100_00, "")
    assert paid(bank, loan) == []


def test_good_rows_are_booked_in_chunks_and_a_file_sent_again_books_nothing(bank, loan):
    content = csv(
        *(f"{loan.number},{at}.50,k{at},2024-01-03,no,Payer" for at in range(1, 6)),
        "L-0000-000000,1.00,k9,,,",
    )
    batch = send(bank, content)
    assert (batch.state, batch.refused, batch.amount_fen) == (BatchState.WAITING, 1, 17_50)
    assert paid(bank, loan) == []
    assert run_waiting_batches(bank.database, chunk_rows=2) == 5
    done = look(bank, batch)
    assert (done.state, done.booked, done.booked_fen) == (BatchState.FINISHED, 5, 17_50)
    again = send(bank, content)
    assert (again.state, again.known, again.refused) == (BatchState.FINISHED, 5, 1)
    assert run_waiting_batches(bank.database) == 0
    assert sorted(paid(bank, loan)) == [1_50, 2_50, 3_50, 4_50, 5_50]


def test_a_key_with_another_amount_is_refused_and_one_booked_meanwhile_is_known(bank, loan):
    with bank.database.write() as session:
        repay(session, bank.actor, loan.id, Repay(amount_fen=100_00, key="k1"))
    batch = send(bank, csv(f"{loan.number},200.00,k1,,,", f"{loan.number},300.00,k2,,,"))
    assert [row.state for row in batch.rows] == [RowState.REFUSED, RowState.WAITING]
    with bank.database.write() as session:
        repay(session, bank.actor, loan.id, Repay(amount_fen=300_00, key="k2"))
    assert run_batch(bank.database, bank.actor, batch.id) == 0
    assert look(bank, batch).rows[1].state is RowState.KNOWN


def test_a_row_that_the_loan_no_longer_takes_is_refused_with_its_reason(bank, loan):
    batch = send(bank, csv(f"{loan.number},100.00,k1,,,"))
    bank.sql("UPDATE loan SET state = 'written-off'")
    assert run_batch(bank.database, bank.actor, batch.id) == 0
    (row,) = look(bank, batch).rows
    assert (row.state, row.problems[0].facts["state"]) == (RowState.REFUSED, "written-off")


def test_rows_wait_while_the_day_closes(bank, loan):
    batch = send(bank, csv(f"{loan.number},100.00,k1,,,"))
    bank.sql("UPDATE loan_state SET closed_on = '2024-01-03'")
    assert run_batch(bank.database, bank.actor, batch.id) == 0
    assert look(bank, batch).rows[0].state is RowState.WAITING
    bank.sql("UPDATE loan_state SET closed_on = '2024-01-02'")
    assert run_waiting_batches(bank.database) == 1


def filled(rows, head=None):
    book = openpyxl.load_workbook(BytesIO(head))
    sheet = book.active
    for at, row in enumerate(rows, start=3):
        for column, value in enumerate(row, start=1):
            sheet.cell(at, column).value = value
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def test_the_template_filled_in_is_taken(bank, loan):
    blank = repayment_template(bank.actor, "zh")
    rows = [
        (loan.number, 1200.5, "k1", "2024年1月3日", "是", "付款人"),
        (loan.number, "1,000.25", 77, date(2024, 1, 3), "no", None),
        (loan.number, "=1+1", "k3", None, None, None),
    ]
    found = send(bank, filled(rows, blank), name="repayments.xlsx", dry_run=True)
    first, second, third = found.rows
    assert (first.amount_fen, first.prepay, first.value_on) == (1_200_50, True, TODAY)
    assert (second.amount_fen, second.key, second.value_on) == (1_000_25, "77", TODAY)
    assert [each.column for each in third.problems] == ["amount_yuan"]


def test_the_example_of_the_template_is_not_booked(bank, loan):
    found = send(bank, repayment_template(bank.actor, "en"), name="t.xlsx", dry_run=True)
    assert found.rows[0].state is RowState.REFUSED
    assert EXAMPLE["key"] == found.rows[0].key


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", csv()),
        ("a.csv", csv("1", head="loan")),
        ("a.xlsx", b"no workbook"),
        ("a.csv", b"\xff\xfe\x00"),
    ],
)
def test_a_file_that_is_no_table_of_repayments_is_refused(bank, loan, name, content):
    with pytest.raises(InvalidInput):
        send(bank, content, name=name)


def test_a_file_needs_the_permission(bank, loan, world):
    with pytest.raises(Forbidden):
        send(bank, csv(f"{loan.number},1.00,k1,,,"), actor=world.actor("a-officer"))
    assert send(bank, csv(f"{loan.number},1.00,k1,,,"), actor=world.actor("a-ops")).total == 1


def test_another_bank_s_loan_is_unknown(bank, loan, world):
    with bank.database.write() as session:
        from app.loans.services import open_business_day

        open_business_day(session, world.system("B"), world.organisation("B"), TODAY)
    content = csv(f"{loan.number},1.00,k1,,,")
    found = send(bank, content, dry_run=True, actor=world.actor("b-ops"))
    assert [each.column for each in found.rows[0].problems] == ["loan_number"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE repayment_batch SET booked_fen = 1",
        "UPDATE repayment_batch SET amount_fen = amount_fen + 1",
        "UPDATE repayment_batch SET state = 'waiting'",
        "UPDATE repayment_batch_row SET amount_fen = 1",
    ],
)
@pytest.mark.one_engine("sqlite")
def test_verify_finds_a_batch_that_was_changed(bank, loan, statement):
    send(bank, csv(f"{loan.number},100.00,k1,,,"))
    run_waiting_batches(bank.database)
    assert bank.broken() == []
    bank.sql(statement)
    assert "repayment-batch" in {each.invariant for each in bank.broken()}
