"""Real threads on PostgreSQL: order is kept, nothing is paid twice, one closer at a time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
import sqlalchemy as sa

from app.kernel.errors import Busy
from app.loans.refusals import ContractExceeded
from app.loans.services import PostDrawdown, Repay, post_drawdown, repay

WRITERS = 8


def together(work):
    """Run `work(number)` in threads that start at once; gives answers or refusals."""
    barrier = Barrier(WRITERS)

    def run(number):
        barrier.wait()
        try:
            return work(number)
        except (Busy, ContractExceeded) as refusal:
            return refusal

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(run, range(WRITERS)))


def test_parallel_repayments_settle_the_bill_once_and_lose_nothing(bank, due):
    def pay(number):
        with bank.database.write() as session:
            return repay(session, bank.actor, due, Repay(amount_fen=10_000_00, key=f"k{number}"))

    views = together(pay)
    assert sum(view.interest_fen for view in views) == 31_891_67
    assert sum(view.suspense_fen for view in views) == WRITERS * 10_000_00 - 31_891_67
    assert len({view.number for view in views}) == WRITERS
    in_order = sorted(views, key=lambda view: view.number)
    assert [view.suspense_fen > 0 for view in in_order] == [False] * 3 + [True] * 5
    assert bank.view(due).suspense_fen == WRITERS * 10_000_00 - 31_891_67


def test_parallel_calls_with_one_key_are_one_repayment(bank, due):
    def pay(_number):
        with bank.database.write() as session:
            return repay(session, bank.actor, due, Repay(amount_fen=1_00, key="the same"))

    assert len({view.number for view in together(pay)}) == 1
    assert bank.view(due).accrued_fen == 31_891_67 - 1_00


def test_parallel_drawdowns_never_exceed_the_contract(bank):
    bank.open(date(2023, 12, 26))
    loan_id = bank.sign()

    def draw(_number):
        command = PostDrawdown(loan_id=loan_id, amount_fen=1_000_000_00)
        with bank.database.write() as session:
            return post_drawdown(session, bank.actor, command)

    answers = together(draw)
    assert sum(isinstance(each, ContractExceeded) for each in answers) == WRITERS - 3
    assert bank.view(loan_id).principal_fen == 3_000_000_00


@pytest.mark.one_engine("postgres")
def test_a_close_and_repayments_at_once_leave_true_figures(bank, due):
    """Whatever comes first: the day's postings and the payments add up in the end."""
    bank.set_clock(date(2024, 3, 21))

    def work(number):
        if number == 0:
            return bank.close(date(2024, 3, 21))
        with bank.database.write() as session:
            return repay(session, bank.actor, due, Repay(amount_fen=1_000_00, key=f"k{number}"))

    together(work)
    bank.close(date(2024, 3, 21))
    with bank.database.read() as session:
        paid = session.execute(sa.text("SELECT sum(amount_fen) FROM repayment")).scalar_one() or 0
    assert bank.view(due).principal_fen == 3_000_000_00
    assert int(paid) % 1_000_00 == 0
