"""What a loan is not taken back over: money used since; and the class of each day."""

from datetime import date

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.loans.domain.states import InterestStyle
from app.loans.domain.terms import Method
from app.loans.domain.waterfall import PERFORMING
from app.loans.queries import list_dues
from app.loans.repayments.models import RepaymentOrder
from app.loans.repayments.rewinding_refusals import SuspenseUsedSince
from app.loans.services import Drawn, PostDrawdown, Repay, Reverse, repay, reverse
from tests.support.once import built_once

FIRST = date(2024, 1, 2)


def day(number):
    return date(2024, 1, number)


def taken_over(bank, **terms):
    given = {
        "contract_fen": 90_000_00,
        "rate_ppm": 60_000,
        "starts_on": FIRST,
        "matures_on": date(2024, 4, 30),
        "every": "7d",
        "interest_style": InterestStyle.SCHEDULE,
        "method": Method.EQUAL_INSTALMENT,
    }
    loan_id = bank.sign(**{**given, **terms})
    command = PostDrawdown(loan_id=loan_id, amount_fen=90_000_00)
    bank.take_over(loan_id, Drawn(on=FIRST, command=command))
    return loan_id


@pytest.fixture
@built_once
def weekly(bank):
    """90,000.00 falling due every seven days, on 2024-01-20; the bills of the 9th and 16th are unpaid."""
    bank.open(day(20))
    return taken_over(bank)


def write(bank, service, *args):
    with bank.database.write() as session:
        return service(session, *args)


def pay(bank, loan_id, amount_fen, **extra):
    return write(bank, repay, bank.actor, loan_id, Repay(amount_fen=amount_fen, **extra))


def take_back(bank, repayment):
    command = Reverse(entry_id=repayment.entry_id, reason="银行退汇")
    return write(bank, reverse, bank.actor, command)


def owed_fen(bank, loan_id):
    with bank.database.read() as session:
        return sum(each.left_fen for each in list_dues(session, bank.actor, loan_id))


@pytest.fixture
def used(bank, weekly):
    """1,000.00 waited from the 20th on and was used on the 24th; with the repayment that left it."""
    left = pay(bank, weekly, owed_fen(bank, weekly) + 1_000_00)
    waiting_fen = bank.view(weekly).suspense_fen
    bank.close_until(day(20), day(23))
    return left, pay(bank, weekly, waiting_fen, from_suspense=True)


def test_money_that_waited_and_was_used_is_not_taken_back_beneath_its_use(bank, weekly, used):
    left, use = used
    with pytest.raises(SuspenseUsedSince) as refused:
        take_back(bank, left)
    assert refused.value.facts["repayment"] == use.number
    take_back(bank, use)
    take_back(bank, left)
    assert bank.view(weekly).suspense_fen == 0


def test_money_that_waited_needs_a_debt_when_it_is_used_again(bank, weekly, used):
    _, use = used
    with pytest.raises(SuspenseUsedSince) as refused:
        pay(bank, weekly, 20_000_00, value_on=day(23))
    assert refused.value.facts["repayment"] == use.number
    take_back(bank, use)
    assert pay(bank, weekly, 20_000_00, value_on=day(23)).amount_fen == 20_000_00


def test_money_dated_back_is_split_by_the_class_of_its_day(bank):
    """Non-performing from the 91st day overdue on, 12 April: principal first, which it was not before."""
    bank.open(date(2024, 4, 8))
    terms = {"method": Method.BULLET, "matures_on": day(12), "every": "1m"}
    known, late = (taken_over(bank, **terms) for _ in range(2))
    bank.close_until(date(2024, 4, 8), date(2024, 4, 9))
    at_once = pay(bank, known, 5_000_00)
    bank.close_until(date(2024, 4, 10), date(2024, 4, 14))
    today = pay(bank, known, 1_00)
    assert (today.principal_fen, at_once.penalty_fen > 0) == (1_00, True)
    dated_back = pay(bank, late, 5_000_00, value_on=date(2024, 4, 10))
    assert parts(dated_back) == parts(at_once)
    # What is booked again keeps the order that split it.
    earlier = pay(bank, known, 1_00, value_on=date(2024, 4, 9))
    assert earlier.principal_fen == 0
    with bank.database.read() as session:
        again = sa.select(RepaymentOrder).where(col(RepaymentOrder.replays_id) == at_once.id)
        assert session.execute(again).scalar_one().waterfall == PERFORMING


def parts(row):
    return row.principal_fen, row.interest_fen, row.penalty_fen, row.compound_fen, row.fee_fen
