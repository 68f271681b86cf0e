"""What falls due next of a loan, with its amount; and what waits in suspense beside a late bill."""

from datetime import date

import pytest

from app.desk.worklist import worklist
from app.loans.due.next_payments import NextPayment, next_payments
from app.loans.schedules import InstalmentState, loan_schedule
from app.loans.services import Drawn, PostDrawdown, Repaid, Repay, repay
from tests.integration.loans.conftest import DUE_DAY, FIRST_DAY


def coming(bank, *loan_ids):
    with bank.database.read() as session:
        return next_payments(session, loan_ids)


def test_all_notes_that_fall_due_on_the_next_day_count(bank):
    bank.open(FIRST_DAY)
    loan_id = bank.sign()
    bank.draw(loan_id, 1_000_000_00)
    bank.draw(loan_id, 2_000_000_00)
    with bank.database.read() as session:
        rows = loan_schedule(session, bank.actor, loan_id).instalments
    due_fen = sum(row.payment_fen for row in rows if row.due_on == DUE_DAY)
    assert coming(bank, loan_id) == {loan_id: NextPayment(due_on=DUE_DAY, amount_fen=due_fen)}


@pytest.mark.one_engine("sqlite")
def test_the_next_payment_is_that_of_the_schedule_once_a_bill_is_made(bank, due):
    with bank.database.read() as session:
        rows = loan_schedule(session, bank.actor, due).instalments
    first = next(row for row in rows if row.state is InstalmentState.TO_COME)
    assert first.due_on > DUE_DAY
    expected = NextPayment(due_on=first.due_on, amount_fen=first.payment_fen)
    assert coming(bank, due) == {due: expected}


@pytest.mark.one_engine("sqlite")
def test_a_loan_that_is_not_drawn_has_no_next_payment(bank):
    bank.open(FIRST_DAY)
    assert coming(bank, bank.sign()) == {}
    assert coming(bank) == {}


@pytest.mark.one_engine("sqlite")
def test_as_many_loans_are_read_with_as_many_statements_as_one(bank, queries):
    bank.open(FIRST_DAY)
    loan_ids = [bank.sign() for _ in range(3)]
    for each in loan_ids:
        bank.draw(each, 1_000_000_00)

    def asked(ids):
        with bank.database.read() as session, queries() as seen:
            next_payments(session, ids)
        return len(seen)

    assert asked(loan_ids) == asked(loan_ids[:1])


def waiting(bank, login="a-ops"):
    with bank.database.read() as session:
        tasks = worklist(session, bank.world.actor(login))
    return [task for task in tasks if "suspense" in task.what]


def test_money_that_waits_beside_a_late_bill_is_a_task_of_who_books_repayments(bank):
    """1,000.00 came before the bill of June: they wait, and settle nothing by themselves."""
    second = date(2024, 6, 21)
    bank.open(date(2024, 6, 20))
    loan_id = bank.sign()
    drawn = Drawn(on=FIRST_DAY, command=PostDrawdown(loan_id=loan_id, amount_fen=3_000_000_00))
    bank.take_over(loan_id, drawn, Repaid(on=DUE_DAY))
    pay(bank, loan_id, 1_000_00)
    bank.close(date(2024, 6, 20))
    assert waiting(bank) == []
    bank.close(second)
    (task,) = waiting(bank)
    number = bank.view(loan_id).number
    assert (task.number, task.amount_fen, task.due_on) == (number, 1_000_00, second)
    assert waiting(bank, "a-officer") == waiting(bank, "b-ops") == []
    pay(bank, loan_id, 100_000_00)
    assert waiting(bank) == []


def pay(bank, loan_id, amount_fen):
    with bank.database.write() as session:
        command = Repay(amount_fen=amount_fen, key=f"paid-{amount_fen}")
        repay(session, bank.world.actor("a-ops"), loan_id, command)
