"""What a loan is not taken back over: fees, refunds, money used since; and the class of each day."""

from datetime import date

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.loans.domain.states import InterestStyle
from app.loans.domain.terms import Method
from app.loans.domain.waterfall import PERFORMING
from app.loans.ledger.entries import (
    BookEntry,
    ProposeFee,
    ProposeRefund,
    book_entry,
    propose_fee,
    propose_refund,
)
from app.loans.queries import list_dues
from app.loans.repayments.models import RepaymentOrder
from app.loans.repayments.rewinding_refusals import BookedSince, SuspenseUsedSince
from app.loans.services import Drawn, PostDrawdown, Repay, Reverse, repay, reverse

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


def book(bank, world, loan_id, propose, command):
    entry = write(bank, propose, world.actor("a-ops"), loan_id, command)
    return write(bank, book_entry, world.actor("a-drawdown"), entry.id, BookEntry())


def charge(bank, world, loan_id):
    return book(bank, world, loan_id, propose_fee, ProposeFee(amount_fen=500_00, reason="律师费"))


def owed_fen(bank, loan_id):
    with bank.database.read() as session:
        return sum(each.left_fen for each in list_dues(session, bank.actor, loan_id))


def test_a_fee_is_not_paid_by_money_dated_before_it(bank, world, weekly):
    entry = charge(bank, world, weekly)
    bank.close(day(20))
    with pytest.raises(BookedSince) as refused:
        pay(bank, weekly, 1_000_00, value_on=day(19))
    assert refused.value.facts["entry"] == entry.number
    assert pay(bank, weekly, 1_000_00, value_on=day(20)).fee_fen == 500_00


def test_a_repayment_is_taken_back_over_a_fee_when_none_between_is_split_again(bank, world, weekly):
    first = pay(bank, weekly, 1_000_00)
    bank.close(day(20))
    second = pay(bank, weekly, 1_000_00)
    bank.close(day(21))
    charge(bank, world, weekly)
    third = pay(bank, weekly, 1_000_00)
    assert third.fee_fen == 500_00
    with pytest.raises(BookedSince):
        take_back(bank, first)
    take_back(bank, second)
    take_back(bank, first)
    view = bank.view(weekly)
    assert (view.fees_fen, view.suspense_fen) == (0, 0)
    bank.close(day(22))


def test_money_given_back_stays_given_back(bank, world, weekly):
    pay(bank, weekly, owed_fen(bank, weekly) + 1_000_00)
    waiting_fen = bank.view(weekly).suspense_fen
    refund = ProposeRefund(amount_fen=waiting_fen, reason="多付", party="果业公司")
    book(bank, world, weekly, propose_refund, refund)
    with pytest.raises(BookedSince):
        pay(bank, weekly, 1_00, value_on=day(19))
    assert bank.view(weekly).suspense_fen == 0


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
