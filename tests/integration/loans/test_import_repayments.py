"""Files of repayments: every wrong row named, good rows booked once, whatever is sent again."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from io import BytesIO
from time import sleep

import openpyxl
import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.desk.worklist import worklist
from app.kernel.csv_rows import MAX_LINE_ERRORS
from app.kernel.errors import Forbidden, InvalidInput
from app.loans.domain.importing import BatchState, RowState
from app.loans.models import LoanStateRow
from app.loans.queries import list_repayments
from app.loans.repayments.batches import batch_view, list_rows, row_views
from app.loans.repayments.import_files import EXAMPLE, ImportRepayments, repayment_template
from app.loans.repayments.importing import (
    import_repayments,
    run_batch,
    run_waiting_batches,
)
from app.loans.services import Repay, Reverse, repay, reverse
from tests.support.once import built_once

TODAY = date(2024, 1, 3)
HEAD = "loan_number,amount_yuan,key,value_on,prepay,payer"


@pytest.fixture
@built_once
def loans(bank):
    """Two loans drawn on 2024-01-02, on 2024-01-03."""
    bank.open(date(2024, 1, 2))
    loan_ids = [bank.sign(starts_on=date(2024, 1, 2)) for _ in range(2)]
    for loan_id in loan_ids:
        bank.draw(loan_id, 3_000_000_00)
    bank.close(date(2024, 1, 2))
    bank.set_clock(TODAY)
    return [bank.view(loan_id) for loan_id in loan_ids]


@pytest.fixture
def loan(loans):
    """The first of them."""
    return loans[0]


def csv(*lines, head=HEAD):
    return "\n".join([head, *lines, ""]).encode()


def send(bank, content, *, dry_run=False, name="repayments.csv", actor=None):
    command = ImportRepayments(content=content, file_name=name, dry_run=dry_run)
    with bank.database.write() as session:
        return import_repayments(session, actor or bank.actor, command)


def look(bank, batch):
    with bank.database.read() as session:
        rows = row_views(session.execute(list_rows(session, bank.actor, batch.id)).all())
        in_order = tuple(sorted(rows, key=lambda row: row.line))
        return replace(batch_view(session, bank.actor, batch.id), rows=in_order)


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


def test_a_row_that_the_books_cannot_take_holds_up_no_other(bank, loans):
    bad, good = loans
    batch = send(bank, csv(f"{bad.number},100.00,k1,,,", f"{good.number},100.00,k2,,,"))
    bank.sql("UPDATE loan SET every = 'never' WHERE number = :number", number=bad.number)
    assert run_waiting_batches(bank.database) == 1
    done = look(bank, batch)
    assert [row.state for row in done.rows] == [RowState.REFUSED, RowState.BOOKED]
    assert done.state is BatchState.FINISHED
    assert done.rows[0].problems[0].facts == {"problem": "ValueError"}


def test_a_row_that_breaks_a_constraint_is_refused_and_the_batch_ends(bank, loan):
    with bank.database.write() as session:
        repay(session, bank.actor, loan.id, Repay(amount_fen=1_00, key="k0"))
    batch = send(bank, csv(f"{loan.number},100.00,k1,,,"))
    bank.sql("UPDATE number_series SET last = 0 WHERE series = 'C'")
    assert run_waiting_batches(bank.database) == 0
    done = look(bank, batch)
    assert (done.state, done.refused) == (BatchState.FINISHED, 1)
    assert done.rows[0].problems[0].facts == {"problem": "IntegrityError"}
    assert paid(bank, loan) == [1_00]


def test_a_batch_that_fails_holds_up_no_other_and_waits(bank, loan):
    first = send(bank, csv(f"{loan.number},100.00,k1,,,"))
    second = send(bank, csv(f"{loan.number},200.00,k2,,,"))
    bank.sql(
        "UPDATE repayment_batch SET refused = total WHERE number = :number", number=first.number
    )
    assert run_waiting_batches(bank.database) == 1
    assert look(bank, first).rows[0].state is RowState.WAITING
    assert look(bank, second).state is BatchState.FINISHED
    assert run_waiting_batches(bank.database) == 0
    failure = look(bank, first).failure
    assert (failure.runs, failure.problem) == (2, "IntegrityError")
    bank.sql("UPDATE repayment_batch SET refused = 0 WHERE number = :number", number=first.number)
    assert run_waiting_batches(bank.database) == 1
    assert look(bank, first).failure is None


class Overtaken:
    """The database of a run: before its second writing another process books what waits."""

    def __init__(self, bank):
        self.bank, self.writings = bank, 0

    def read(self):
        return self.bank.database.read()

    def write(self):
        self.writings += 1
        if self.writings == 2:
            self.bank.sql("UPDATE repayment_batch SET refused = 0")
            assert run_waiting_batches(self.bank.database) == 1
        return self.bank.database.write()


def test_a_run_that_failed_is_not_counted_after_another_finished_the_batch(bank, loan):
    batch = send(bank, csv(f"{loan.number},100.00,k1,,,"))
    bank.sql("UPDATE repayment_batch SET refused = total")
    assert run_waiting_batches(Overtaken(bank)) == 0
    done = look(bank, batch)
    assert (done.state, done.failure) == (BatchState.FINISHED, None)
    assert bank.broken() == []


def test_a_batch_that_fails_waits_on_the_desk_of_who_sent_it(bank, loan):
    sender = bank.world.actor("a-ops")
    batch = send(bank, csv(f"{loan.number},100.00,k1,,,"), actor=sender)

    def tasks(login):
        with bank.database.read() as session:
            found = worklist(session, bank.world.actor(login))
        return [task.href for task in found if task.number == batch.number]

    assert tasks("a-ops") == []
    bank.sql("UPDATE repayment_batch SET refused = total")
    run_waiting_batches(bank.database)
    assert tasks("a-ops") == [f"/repayment-batches/{batch.id}"]
    assert tasks("a-officer") == []
    bank.sql("UPDATE repayment_batch SET refused = 0")
    run_waiting_batches(bank.database)
    assert tasks("a-ops") == []


def test_a_transfer_taken_back_is_refused_and_one_booked_again_is_known(bank, loan):
    bank.close(TODAY)
    with bank.database.write() as session:
        gone = repay(session, bank.actor, loan.id, Repay(amount_fen=100_00, key="k1"))
        kept = repay(session, bank.actor, loan.id, Repay(amount_fen=200_00, key="k2"))
    content = csv(f"{loan.number},100.00,k1,,,", f"{loan.number},200.00,k2,,,")
    waiting = send(bank, csv(f"{loan.number},300.00,k3,,,"))
    with bank.database.write() as session:
        third = repay(session, bank.actor, loan.id, Repay(amount_fen=300_00, key="k3"))
        by = reverse(session, bank.actor, Reverse(entry_id=gone.entry_id, reason="退汇"))
    again = send(bank, content)
    assert [row.state for row in again.rows] == [RowState.REFUSED, RowState.KNOWN]
    assert again.rows[0].problems[0].facts == {"number": gone.number, "by": by.number}
    shown = send(bank, content, dry_run=True)
    assert shown.rows[1].repayment_number not in {"", kept.number}
    with bank.database.write() as session:
        (entry,) = (
            each.entry_id
            for each in list_repayments(session, bank.actor, loan.id)
            if each.amount_fen == 300_00 and each.number > third.number and not each.reverses_id
        )
        reverse(session, bank.actor, Reverse(entry_id=entry, reason="退汇"))
    assert run_waiting_batches(bank.database) == 0
    assert look(bank, waiting).rows[0].state is RowState.REFUSED


def test_a_known_transfer_with_another_amount_day_or_use_is_refused(bank, loan):
    with bank.database.write() as session:
        repay(session, bank.actor, loan.id, Repay(amount_fen=100_00, key="k1"))
    for row in ("100.00,k1,2024-01-02,,", "100.00,k1,,yes,", "100.01,k1,,,"):
        found = send(bank, csv(f"{loan.number},{row}"), dry_run=True)
        assert [each.column for each in found.rows[0].problems] == ["key"], row
    same = send(bank, csv(f"{loan.number},100.00,k1,2024-01-03,no,"), dry_run=True)
    assert same.rows[0].state is RowState.KNOWN


@pytest.mark.one_engine("sqlite")
def test_a_longer_file_is_judged_by_no_more_statements(bank, loans, queries):
    def asked(rows):
        lines = [f"{loans[at % 2].number},1.00,k{at},2024-01-03,," for at in range(rows)]
        with queries() as seen:
            found = send(bank, csv(*lines), dry_run=True)
        assert {row.state for row in found.rows} == {RowState.WAITING}
        return len(seen)

    assert asked(30) == asked(2)


@pytest.mark.one_engine("sqlite")
def test_a_reference_stands_once_in_a_file_whatever_the_loan(bank, loans):
    one, other = loans
    rows = [f"{one.number},100.00,TX-1,,,", f"{other.number},100.00,TX-1,,,"]
    rows += [f"{other.number},{yuan},TX-{yuan},,," for yuan in ("10000000000000.00", "90000000.00")]
    found = send(bank, csv(*rows), dry_run=True)
    columns = [[each.column for each in row.problems] for row in found.rows]
    assert sorted(columns) == [[], ["amount_yuan"], ["amount_yuan"], ["key"]]
    (refused,) = [row for row in found.rows if row.key == "TX-1" and row.problems]
    assert "another loan" in refused.problems[0].detail


def test_a_reference_like_those_given_here_is_refused(bank, loan):
    for key in ("reversal:1", "replay:1"):
        found = send(bank, csv(f"{loan.number},100.00,{key},,,"), dry_run=True)
        assert [each.column for each in found.rows[0].problems] == ["key"], key


@pytest.mark.one_engine("postgres")
def test_a_chunk_takes_its_loans_in_the_order_of_a_close(bank, loans):
    """While the loan of lower id is held, the one that the file names first is still free."""
    low, high = sorted(loans, key=lambda each: each.id)
    batch = send(bank, csv(f"{high.number},100.00,k1,,,", f"{low.number},100.00,k2,,,"))
    held = sa.select(col(LoanStateRow.loan_id)).with_for_update(nowait=True)
    waits = sa.text(
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN"
        " (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
    )
    with ThreadPoolExecutor(1) as pool:
        with bank.database.write() as session:
            session.execute(held.where(col(LoanStateRow.loan_id) == low.id)).one()
            running = pool.submit(run_batch, bank.database, bank.actor, batch.id)
            for _ in range(200):
                with bank.database.read() as watcher:
                    if watcher.execute(waits).scalar_one():
                        break
                sleep(0.01)
            session.execute(held.where(col(LoanStateRow.loan_id) == high.id)).one()
        assert running.result(timeout=10) == 2


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


def test_a_reference_kept_as_a_long_number_is_refused_and_as_text_taken(bank, loan):
    """A spreadsheet writes 1234567890123456 as 1234567890123450."""
    blank = repayment_template(bank.actor, "zh")
    rows = [
        (loan.number, 1, 999_999_999_999_999, "2024-01-03"),
        (loan.number, 1, 10**15),
        (loan.number, 1, 1.2e18),
        (10**15, 1, "k4"),
        (loan.number, 1, "1234567890123456"),
    ]
    found = send(bank, filled(rows, blank), name="repayments.xlsx", dry_run=True)
    assert [[each.column for each in row.problems] for row in found.rows] == [
        [],
        ["key"],
        ["key"],
        ["loan_number"],
        [],
    ]
    assert (found.rows[0].key, found.rows[4].key) == ("999999999999999", "1234567890123456")


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        ([',,,,,"not closed'], 3),
        (["too few"] * MAX_LINE_ERRORS, MAX_LINE_ERRORS + 2),
    ],
)
def test_a_broken_file_is_not_booked_in_part(bank, loan, broken, line):
    good = f"{loan.number},100.00,k1,,,"
    with pytest.raises(InvalidInput) as refused:
        send(bank, csv(good, *broken, good))
    first, _ = refused.value.errors
    assert first.pointer == "/file"
    assert first.facts["line"] >= line
    named = csv(good, *["too few"] * (MAX_LINE_ERRORS - 1))
    assert send(bank, named, dry_run=True).refused == MAX_LINE_ERRORS - 1


def test_the_example_of_the_template_is_not_booked(bank, loan):
    found = send(bank, repayment_template(bank.actor, "en"), name="t.xlsx", dry_run=True)
    assert found.rows[0].state is RowState.REFUSED
    assert EXAMPLE["key"] == found.rows[0].key


def test_a_file_that_is_no_table_of_repayments_is_refused(bank, loan):
    for name, content in (
        ("a.csv", csv()),
        ("a.csv", csv("1", head="loan")),
        ("a.xlsx", b"no workbook"),
        ("a.csv", b"\xff\xfe\x00"),
    ):
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


@pytest.mark.one_engine("sqlite")
def test_verify_finds_a_batch_that_was_changed(bank, loan):
    send(bank, csv(f"{loan.number},100.00,k1,,,"))
    run_waiting_batches(bank.database)
    for change in (
        "UPDATE repayment_batch SET booked_fen = 1",
        "UPDATE repayment_batch SET amount_fen = amount_fen + 1",
        "UPDATE repayment_batch SET state = 'waiting'",
        "UPDATE repayment_batch SET failed_runs = 1",
        "UPDATE repayment_batch_row SET amount_fen = 1",
    ):
        assert "repayment-batch" in bank.broken_by(change), change


def test_money_for_a_loan_written_off_is_pointed_to_its_recovery(bank, loan):
    bank.sql("UPDATE loan SET state = 'written-off'")
    found = send(bank, csv(f"{loan.number},100.00,a1,,,"), dry_run=True)
    ((problem,),) = (row.problems for row in found.rows)
    assert "book the money as a recovery" in problem.detail
