"""Repayments taken back when their notes had ended: what comes back is due at once."""

from datetime import date
from fractions import Fraction

import pytest

from app.kernel.daycount import DayCount
from app.kernel.money import fen_half_up
from app.loans.domain.early import QuoteKind
from app.loans.queries import list_dues
from app.loans.repayments.quoting import CarryOut, QuoteEarly, carry_out, quote_early
from app.loans.schedules import InstalmentState, loan_schedule
from app.loans.services import Drawn, PostDrawdown, Repay, Reverse, repay, reverse

START = date(2024, 1, 2)
PAID_ON = date(2024, 2, 27)
FIRST_OPEN = date(2024, 3, 1)
TODAY = date(2024, 3, 5)


def write(bank, service, *args):
    with bank.database.write() as session:
        return service(session, bank.actor, *args)


def pay(bank, loan_id, amount_fen, **extra):
    return write(bank, repay, loan_id, Repay(amount_fen=amount_fen, **extra))


def take_back(bank, repayment):
    return write(bank, reverse, Reverse(entry_id=repayment.entry_id, reason="银行退汇"))


def taken_over(bank, matures_on):
    """110,000.00 at 4 %, overdue at 6 %, due whole at its end."""
    loan_id = bank.sign(
        contract_fen=110_000_00,
        rate_ppm=40_000,
        starts_on=START,
        matures_on=matures_on,
        day_count=DayCount.ACT_360,
    )
    command = PostDrawdown(loan_id=loan_id, amount_fen=110_000_00)
    bank.take_over(loan_id, Drawn(on=START, command=command))
    return loan_id


def prepaid(bank, loan_id, principal_fen):
    """Principal repaid early by a quote, with the interest grown up to the day."""
    asked = QuoteEarly(kind=QuoteKind.PREPAYMENT, principal_fen=principal_fen)
    quote = write(bank, quote_early, loan_id, asked)
    return write(bank, carry_out, loan_id, CarryOut(quote_id=quote.id))


def bills(bank, loan_id):
    with bank.database.read() as session:
        rows = list_dues(session, bank.actor, loan_id)
        return [(each.due_on, each.principal_fen, each.interest_fen) for each in rows]


ENDS = {
    date(2024, 2, 29): [(date(2024, 2, 29), 70_000_00), (FIRST_OPEN, 40_000_00)],
    FIRST_OPEN: [(FIRST_OPEN, 110_000_00)],
}
"""The bills after 40,000.00 came back, by the maturity: on its day in its bill, after it in their own."""


@pytest.mark.parametrize("matures_on", ENDS)
def test_principal_taken_back_after_the_end_is_due_at_once_and_bears_the_penalty_rate(
    bank, matures_on
):
    bank.open(PAID_ON)
    loan_id = taken_over(bank, matures_on)
    early = pay(bank, loan_id, 40_000_00, prepay=True)
    bank.close_until(PAID_ON, date(2024, 3, 4))
    grown = bank.view(loan_id).accrued_fen
    back = take_back(bank, early)
    assert back.value_on == FIRST_OPEN
    billed = [(on, principal_fen) for on, principal_fen, _ in bills(bank, loan_id)]
    assert billed == ENDS[matures_on]
    view = bank.view(loan_id)
    assert (view.principal_fen, view.overdue_fen) == (110_000_00, sum_of(bills(bank, loan_id)))
    four_days = fen_half_up(Fraction(40_000_00 * 4 * 6, 100 * 360))
    assert view.accrued_fen - grown in {four_days - 1, four_days, four_days + 1}
    with bank.database.read() as session:
        rows = loan_schedule(session, bank.actor, loan_id).instalments
    assert {row.state for row in rows} == {
        InstalmentState.EARLY,
        InstalmentState.TAKEN_BACK,
        InstalmentState.OVERDUE,
    }
    assert (rows[-1].balance_fen, min(row.balance_fen for row in rows)) == (0, 0)
    assert bank.broken() == []
    bank.close(TODAY)
    assert bank.view(loan_id).overdue_days == (date(2024, 3, 6) - matures_on).days


def sum_of(found):
    return sum(principal_fen + interest_fen for _, principal_fen, interest_fen in found)


@pytest.mark.parametrize("matures_on", ENDS)
def test_interest_paid_ahead_and_taken_back_after_the_end_is_due_with_its_principal(
    bank, matures_on
):
    bank.open(PAID_ON)
    loan_id = taken_over(bank, matures_on)
    ahead, early = prepaid(bank, loan_id, 40_000_00), pay(bank, loan_id, 20_000_00, prepay=True)
    assert ahead.interest_fen > 0
    bank.close_until(PAID_ON, date(2024, 3, 4))
    before = sum_of(bills(bank, loan_id))
    take_back(bank, ahead)
    assert sum_of(bills(bank, loan_id)) - before == 40_000_00 + ahead.interest_fen
    assert bank.broken() == []
    # Gone back to the same day again and again: money of that day, its reversal, another reversal.
    dated_back = {"amount_fen": 50_000_00, "value_on": FIRST_OPEN, "key": "dated back"}
    pay(bank, loan_id, **dated_back)
    assert bank.broken() == []
    take_back(bank, early)
    assert bank.broken() == []
    take_back(bank, pay(bank, loan_id, **dated_back))
    assert sum_of(bills(bank, loan_id)) - before == 60_000_00 + ahead.interest_fen
    assert bank.broken() == []
    bank.close(TODAY)
    view = bank.view(loan_id)
    pay(bank, loan_id, view.principal_fen + view.accrued_fen)
    assert bank.view(loan_id).state == "settled"


@pytest.mark.one_engine("sqlite")
def test_verify_finds_principal_that_falls_due_on_no_day(bank):
    bank.open(PAID_ON)
    taken_over(bank, FIRST_OPEN)
    assert bank.broken() == []
    passed = '[{"on": "2024-02-01", "fen": 11000000}]'
    assert "note-principal" in bank.broken_by(f"UPDATE note_plan SET plan = '{passed}'")
    split = '[{"on": "2024-03-01", "fen": 15000000}, {"on": "2024-03-01", "fen": -4000000}]'
    assert "note-principal" in bank.broken_by(f"UPDATE note_plan SET plan = '{split}'")
