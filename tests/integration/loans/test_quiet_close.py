"""Loans on which nothing happens are closed by a shorter way that comes to the same figures."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from app.kernel.daycount import DayCount
from app.kernel.money import MAX_FEN
from app.loans.closing.loans import close_loans
from app.loans.closing.quiet import close_quiet
from app.loans.domain.classification import class_rules
from app.loans.domain.states import LoanFact
from app.loans.models import LoanAccrual, LoanPosting, LoanStateRow, NoteStateRow
from app.loans.services import (
    Drawn,
    PostDrawdown,
    RecordFact,
    Repay,
    record_fact,
    repay,
)
from app.reference.services import policy_for

START = date(2023, 12, 26)
DUE = date(2024, 3, 21)
DAY = timedelta(days=1)


def quiet_on(bank, loan_id, day):
    with bank.database.write() as session:
        found = close_quiet(session, [loan_id], day, booked_on=day)
        session.rollback()
    return loan_id not in found.left


def figures(session, loan_id):
    """Everything a close changes, without the ids that each run makes anew."""
    found = []
    for model, keys in (
        (LoanAccrual, ("note_id", "on", "kind", "amount_fen", "cumulative_fen", "off_balance")),
        (LoanPosting, ("note_id", "debit", "credit", "amount_fen", "booked_on", "value_on")),
        (NoteStateRow, ("interest_fen", "next_due_on", "unbilled_fen")),
        (LoanStateRow, ("accrued_fen", "overdue_days", "own_class", "closed_on", "version")),
    ):
        rows = session.execute(sa.select(model.__table__).where(model.loan_id == loan_id)).all()
        found.append(sorted(tuple(str(getattr(row, key)) for key in keys) for row in rows))
    return found


def closed(bank, loan_id, day, *, shortly):
    """What a close of the day comes to, taken back afterwards."""
    with bank.database.write() as session:
        result = close_loans(
            session,
            [loan_id],
            lambda _closed_on: [day],
            last_on=day,
            booked_on=day if shortly else None,
            rules=class_rules(policy_for(session, bank.id, day)),
        )
        found = figures(session, loan_id)
        session.rollback()
    return (result.done, result.failed, result.earned_fen, result.sha256), found


def taken_over(bank, loan_id):
    """Drawn in full on the first day, which the bank has behind it."""
    command = PostDrawdown(loan_id=loan_id, amount_fen=3_000_000_00)
    bank.take_over(loan_id, Drawn(on=START, command=command))


@pytest.mark.deep_on("postgres")
@pytest.mark.parametrize("day_count", [DayCount.ACT_360, DayCount.ACT_365, DayCount.ACT_ACT])
@pytest.mark.parametrize("days", [2, 30])
def test_both_ways_come_to_the_same_rows(bank, day_count, days):
    day = START + DAY * days
    bank.open(day - DAY)
    loan_id = bank.sign(day_count=day_count)
    taken_over(bank, loan_id)
    bank.close(day - DAY)
    assert quiet_on(bank, loan_id, day)
    shortly, fully = (closed(bank, loan_id, day, shortly=way) for way in (True, False))
    assert shortly == fully
    assert shortly[0][2] > 0


@pytest.mark.parametrize("day_count", [DayCount.ACT_365, DayCount.ACT_ACT])
def test_the_largest_loan_is_worked_out_without_a_float(bank, day_count):
    """Its principal times its rate alone does not fit 64 bits."""
    bank.open(START)
    loan_id = bank.sign(contract_fen=MAX_FEN, day_count=day_count, rate_ppm=239_999)
    bank.draw(loan_id, MAX_FEN - 1)
    bank.close_until(START, START + DAY)
    day = START + 2 * DAY
    shortly, fully = (closed(bank, loan_id, day, shortly=way) for way in (True, False))
    assert shortly == fully
    assert shortly[0][2] > 0


def test_interest_posted_too_much_is_taken_back(bank, drawn):
    bank.close(START)
    bank.sql("UPDATE note_state SET interest_fen = interest_fen + 10000000")
    day = START + DAY
    assert quiet_on(bank, drawn, day)
    shortly, fully = (closed(bank, drawn, day, shortly=way) for way in (True, False))
    assert shortly == fully
    assert shortly[0][2] < 0


def test_several_notes_are_worked_out_together(bank):
    bank.open(START)
    loan_id = bank.sign()
    bank.draw(loan_id, 1_000_000_01)
    bank.close(START)
    bank.draw(loan_id, 7)
    day = START + DAY
    assert quiet_on(bank, loan_id, day)
    assert closed(bank, loan_id, day, shortly=True) == closed(bank, loan_id, day, shortly=False)


@pytest.mark.deep_on("postgres")
def test_the_day_before_something_falls_due_is_not_quiet(bank):
    bank.open(DUE - 4 * DAY)
    loan_id = bank.sign()
    taken_over(bank, loan_id)
    bank.close_until(DUE - 4 * DAY, DUE - 3 * DAY)
    assert quiet_on(bank, loan_id, DUE - 2 * DAY)
    bank.close(DUE - 2 * DAY)
    assert not quiet_on(bank, loan_id, DUE - DAY)


def test_an_unpaid_bill_is_not_quiet_and_a_paid_one_is(bank, due):
    assert not quiet_on(bank, due, DUE)
    with bank.database.write() as session:
        repay(session, bank.actor, due, Repay(amount_fen=31_891_67))
    assert quiet_on(bank, due, DUE)


def test_a_changed_balance_is_not_quiet_within_its_period(bank, drawn):
    bank.close(START)
    assert quiet_on(bank, drawn, START + DAY)
    with bank.database.write() as session:
        repay(session, bank.actor, drawn, Repay(amount_fen=1_000_00, prepay=True))
    assert not quiet_on(bank, drawn, START + DAY)


def test_a_fact_about_the_loan_is_looked_at_in_full(bank, drawn):
    bank.close(START)
    with bank.database.write() as session:
        record_fact(
            session,
            bank.actor,
            RecordFact(
                loan_id=drawn, fact=LoanFact.CREDIT_WEAKENED, from_on=START, reason="订单减少"
            ),
        )
    assert not quiet_on(bank, drawn, START + DAY)


def test_months_of_thirty_days_take_the_full_way(bank):
    bank.open(START)
    loan_id = bank.sign(day_count=DayCount.THIRTY_360)
    bank.draw(loan_id, 3_000_000_00)
    bank.close(START)
    assert not quiet_on(bank, loan_id, START + DAY)


def test_a_loan_left_behind_takes_the_full_way(bank, drawn):
    bank.close(START)
    assert not quiet_on(bank, drawn, START + 2 * DAY)
