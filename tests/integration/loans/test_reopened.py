"""A settling repayment taken back: the loan is open again, with its books at the open day, in any month."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from app.kernel.daycount import DayCount
from app.loans.domain.classification import LoanClass
from app.loans.domain.states import InterestStyle
from app.loans.domain.terms import Method
from app.loans.models import LoanStateRow
from app.loans.repayments.rewinding_refusals import NotReopened
from app.loans.schedules import loan_schedule
from app.loans.services import Drawn, PostDrawdown, Repaid, Repay, Reverse, repay, reverse
from tests.integration.loans.test_replay import books
from tests.integration.loans.test_replay_over import FLOATS, lpr  # noqa: F401 - a fixture

START = date(2023, 1, 29)
LENT_FEN = 90_000_00
KINDS = (
    {"method": Method.EQUAL_INSTALMENT, "every": "7d"},
    {"method": Method.EQUAL_INSTALMENT, **FLOATS},
    {"method": Method.BULLET, "interest_style": InterestStyle.QUARTERLY},
    {"method": Method.BULLET, "matures_on": date(2024, 2, 1)},
    {"method": Method.BULLET, "matures_on": date(2024, 1, 31)},
)
"""The floating one has its rate set again on 2024-01-29; the last ones end in these days."""


def write(bank, service, *args):
    with bank.database.write() as session:
        return service(session, bank.actor, *args)


def taken_over(bank, today, **terms):
    """90,000.00 drawn on 2023-01-29, with all paid that had fallen due."""
    given = {
        "contract_fen": LENT_FEN,
        "rate_ppm": 60_000,
        "starts_on": START,
        "matures_on": date(2024, 6, 11),
        "every": "1m",
        "day_count": DayCount.ACT_365,
        "interest_style": InterestStyle.SCHEDULE,
    }
    loan_id = bank.sign(**{**given, **terms})
    with bank.database.read() as session:
        rows = loan_schedule(session, bank.actor, loan_id).instalments
    days = [row.due_on for row in rows if row.due_on < today]
    command = PostDrawdown(loan_id=loan_id, amount_fen=LENT_FEN)
    bank.take_over(loan_id, Drawn(on=START, command=command), *(Repaid(on=day) for day in days))
    return loan_id


def pay_off(bank, loan_id):
    view = bank.view(loan_id)
    owed_fen = view.principal_fen + view.accrued_fen
    paid = write(bank, repay, loan_id, Repay(amount_fen=owed_fen, prepay=True))
    assert bank.view(loan_id).state == "settled"
    return paid


def take_back(bank, repayment):
    return write(bank, reverse, Reverse(entry_id=repayment.entry_id, reason="银行退汇"))


def test_a_loan_open_again_stands_at_once_as_if_it_had_never_been_settled(lpr):  # noqa: F811
    bank, first = lpr, date(2024, 1, 24)
    bank.open(first)
    pairs = [[taken_over(bank, first, **terms) for _ in range(2)] for terms in KINDS]
    paid = [pay_off(bank, settled) for settled, _ in pairs]
    bank.close_until(first, date(2024, 1, 30))
    for repayment, (settled, other) in zip(paid, pairs, strict=True):
        assert take_back(bank, repayment).value_on == first
        assert books(bank, settled) == books(bank, other)
        assert bank.view(settled).closed_on == date(2024, 1, 30)
    assert bank.broken() == []
    money = Repay(amount_fen=3_000_00, prepay=True, value_on=date(2024, 1, 26))
    for settled, other in pairs:
        for each in (settled, other):
            write(bank, repay, each, money)
        assert books(bank, settled) == books(bank, other)
    assert bank.broken() == []
    bank.close_until(date(2024, 1, 31), date(2024, 2, 2))
    for settled, other in pairs:
        assert books(bank, settled) == books(bank, other)


def test_a_settling_repayment_of_a_closed_month_is_taken_back_on_the_first_open_day(lpr):  # noqa: F811
    bank, first = lpr, date(2024, 1, 24)
    bank.open(first)
    loans = [taken_over(bank, first, **terms) for terms in KINDS]
    paid = [pay_off(bank, each) for each in loans]
    bank.close_until(first, date(2024, 2, 4))
    for loan_id, repayment in zip(loans, paid, strict=True):
        back = take_back(bank, repayment)
        assert (back.value_on, back.booked_on) == (date(2024, 2, 1), date(2024, 2, 5))
        view = bank.view(loan_id)
        assert (view.principal_fen, view.closed_on) == (repayment.principal_fen, date(2024, 2, 4))
        # From the first open day on, not for the days on which nothing was owed.
        assert 0 < view.accrued_fen - repayment.interest_fen < LENT_FEN * 5 * 9 // 36500
        assert bank.broken() == []
    # Those that had ended are due since that day; a week of the first one ended on the 4th.
    assert [bank.view(each).overdue_days for each in loans] == [1, 0, 0, 4, 4]
    bank.close_until(date(2024, 2, 5), date(2024, 2, 6))
    for loan_id in loans:
        pay_off(bank, loan_id)
    assert bank.broken() == []
    bank.close(date(2024, 2, 7))


def test_a_loan_whose_days_do_not_close_stays_settled(lpr):  # noqa: F811
    bank, first = lpr, date(2024, 1, 24)
    bank.open(first)
    loan_id = taken_over(bank, first, **KINDS[1])
    paid = pay_off(bank, loan_id)
    bank.close_until(first, date(2024, 1, 30))
    bank.sql("DELETE FROM price_point")
    with pytest.raises(NotReopened) as refused:
        take_back(bank, paid)
    assert refused.value.facts["last"] == date(2024, 1, 30)
    assert bank.view(loan_id).state == "settled"


@pytest.mark.one_engine("sqlite")
def test_what_a_loan_open_again_earned_is_held_against_the_journal(bank):
    bank.open(date(2024, 1, 24))
    paid = pay_off(bank, taken_over(bank, date(2024, 1, 24), **KINDS[2]))
    bank.close_until(date(2024, 1, 24), date(2024, 1, 24) + timedelta(days=1))
    take_back(bank, paid)
    assert bank.broken() == []
    with bank.database.read() as session:
        assert session.execute(sa.text("SELECT count(*) FROM day_close_repeat")).scalar_one() == 1
    changed = "UPDATE day_close_repeat SET accrued_fen = accrued_fen + 1"
    assert "day-close-accrued" in bank.broken_by(changed)


OVERDUE_ON = date(2024, 6, 19)
"""The last day of 90 on which the first bill of a loan drawn on 2024-01-02 is overdue."""


def tiny_loan(bank, *, closed_through, fen=1_00, **terms):
    """A loan on which nothing grows on most days, with all nights closed through a day."""
    first = date(2024, 1, 2)
    bank.open(first)
    given = {"starts_on": first, "matures_on": date(2024, 5, 15), **terms}
    loan_id = bank.sign(contract_fen=fen, **given)
    bank.draw(loan_id, fen)
    bank.close_until(first, closed_through)
    return loan_id


def open_again(bank, loan_id):
    """Paid off on its last day of 90, and taken back on the next one: its books are brought up."""
    assert bank.view(loan_id).overdue_days == 90
    paid = pay_off(bank, loan_id)
    bank.close(OVERDUE_ON)
    bank.set_clock(OVERDUE_ON + timedelta(days=1))
    take_back(bank, paid)
    with bank.database.read() as session:
        state = session.get_one(LoanStateRow, loan_id)
        assert (state.overdue_days, state.own_class) == (91, LoanClass.SUBSTANDARD)
    assert bank.broken() == []


def test_a_loan_on_which_nothing_grew_is_classed_by_what_was_known_as_it_was_opened_again(bank):
    loan_id = tiny_loan(bank, closed_through=OVERDUE_ON - timedelta(days=1))
    open_again(bank, loan_id)
    wrong = "UPDATE loan_state SET own_class = 'doubtful'"
    assert "loan-own-class" in bank.broken_by(wrong)
    write(bank, repay, loan_id, Repay(amount_fen=1))
    assert bank.broken() == []
    assert "loan-own-class" in bank.broken_by(wrong)


def test_bills_that_the_repeat_of_a_close_made_do_not_count_before_it(bank):
    due_on = OVERDUE_ON + timedelta(days=1)
    terms = {"matures_on": due_on, "every": "3m", "method": Method.EQUAL_PRINCIPAL}
    open_again(
        bank, tiny_loan(bank, closed_through=OVERDUE_ON - timedelta(days=1), fen=2_00, **terms)
    )


def test_what_is_paid_after_a_close_does_not_change_the_class_that_it_found(bank):
    pay_off(bank, tiny_loan(bank, closed_through=OVERDUE_ON))
    assert bank.broken() == []
    assert "loan-own-class" in bank.broken_by("UPDATE loan_state SET own_class = 'normal'")
