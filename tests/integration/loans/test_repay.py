"""Repayments: the waterfall, prepayment, suspense, refusals, keys and reversals."""

from datetime import date

import pytest

from app.kernel.errors import Forbidden, NotFound
from app.loans.queries import journal, list_dues, list_repayments, trial_balance
from app.loans.refusals import (
    AlreadyReversed,
    AmountNotPositive,
    ClosedPeriod,
    KeyTaken,
    LaterRepaymentStands,
    LoanBehind,
    NotDrawn,
    PrepaymentNotToday,
    ValueDayInFuture,
)
from app.loans.services import Repay, Reverse, loan_view, repay, reverse

START = date(2023, 12, 26)


def pay(bank, loan_id, amount_fen, actor=None, **extra):
    with bank.database.write() as session:
        command = Repay(amount_fen=amount_fen, **extra)
        return repay(session, actor or bank.actor, loan_id, command)


def take_back(bank, repayment, reason="银行退汇"):
    with bank.database.write() as session:
        return reverse(session, bank.actor, Reverse(entry_id=repayment.entry_id, reason=reason))


def view_of(bank, loan_id):
    with bank.database.read() as session:
        return loan_view(session, bank.actor, loan_id)


@pytest.fixture
def loan_id(bank):
    bank.open(START)
    loan_id = bank.sign()
    bank.draw(loan_id, 3_000_000_00)
    return loan_id


def test_a_loan_runs_from_drawdown_to_settlement_to_the_fen(bank, loan_id):
    """Interest of 86, 92, 92, 91 and 4 days, each rounded once, and the principal at the end."""
    last = START
    paid = []
    for due_on in (
        date(2024, 3, 21),
        date(2024, 6, 21),
        date(2024, 9, 21),
        date(2024, 12, 21),
        date(2024, 12, 25),
    ):
        bank.close_until(last, date.fromordinal(due_on.toordinal() - 1))
        last = due_on
        with bank.database.read() as session:
            (due,) = list_dues(session, bank.actor, loan_id, unpaid_only=True)
        assert due.due_on == due_on
        paid.append(pay(bank, loan_id, due.left_fen))
    days = [86, 92, 92, 91, 4]
    expected = [(3_000_000_00 * 44_500 * n * 2 + 360_000_000) // 720_000_000 for n in days]
    assert [each.interest_fen for each in paid] == expected
    assert expected[0] == 31_891_67
    assert [each.principal_fen for each in paid] == [0, 0, 0, 0, 3_000_000_00]
    view = view_of(bank, loan_id)
    assert view.state == "settled"
    assert (view.principal_fen, view.accrued_fen, view.suspense_fen) == (0, 0, 0)


def test_the_journal_balances_and_accounts_close(bank, loan_id):
    bank.close_until(START, date(2024, 3, 20))
    pay(bank, loan_id, 31_891_67)
    with bank.database.read() as session:
        balances = {each.account.value: each for each in trial_balance(session, bank.actor)}
        assert sum(each.balance_fen for each in balances.values()) == 0
        assert balances["interest-receivable"].balance_fen == 0
        assert balances["interest-income"].balance_fen == -31_891_67
        assert balances["cash"].balance_fen == 31_891_67 - 3_000_000_00
        page = journal(session, bank.actor, loan_id, size=10)
        seen = [each.id for each in page.items]
        while page.next_cursor:
            page = journal(session, bank.actor, loan_id, size=10, cursor=page.next_cursor)
            seen += [each.id for each in page.items]
    assert len(seen) == len(set(seen)) == 1 + 86 + 1


def test_what_no_debt_needs_waits_in_suspense_and_is_used_later(bank, loan_id):
    bank.close_until(START, date(2024, 3, 20))
    first = pay(bank, loan_id, 40_000_00)
    assert (first.interest_fen, first.suspense_fen) == (31_891_67, 8_108_33)
    assert view_of(bank, loan_id).suspense_fen == 8_108_33
    bank.close_until(date(2024, 3, 21), date(2024, 6, 20))
    used = pay(bank, loan_id, 8_108_33, from_suspense=True)
    assert used.interest_fen == 8_108_33
    assert view_of(bank, loan_id).suspense_fen == 0


def test_an_overdue_loan_pays_penalty_and_compound_interest_first(bank, world):
    """Principal of 900,000.00 and interest unpaid for five days: both grow at 4.45 % * 1.5."""
    bank.open(date(2024, 1, 2))
    loan_id = bank.sign(
        contract_fen=900_000_00, starts_on=date(2024, 1, 2), matures_on=date(2024, 1, 12)
    )
    bank.draw(loan_id, 900_000_00)
    bank.close_until(date(2024, 1, 2), date(2024, 1, 16))
    view = view_of(bank, loan_id)
    assert (view.state, view.overdue_days) == ("overdue", 5)
    interest = 1_112_50  # 900,000.00 * 4.45 % * 10 / 360
    penalty, compound = 834_38, 1_03  # 900,000.00 and 1,112.50 * 6.675 % * 5 / 360
    assert view.accrued_fen == interest + penalty + compound
    paid = pay(bank, loan_id, 2_000_00)
    assert paid.penalty_fen == penalty
    assert paid.compound_fen == compound
    assert paid.interest_fen == interest
    assert paid.principal_fen == 2_000_00 - penalty - compound - interest
    rest = view_of(bank, loan_id)
    pay(bank, loan_id, rest.principal_fen)
    assert view_of(bank, loan_id).state == "settled"


def test_a_payment_dated_back_owes_only_what_had_grown_then(bank):
    bank.open(date(2024, 1, 2))
    loan_id = bank.sign(
        contract_fen=900_000_00, starts_on=date(2024, 1, 2), matures_on=date(2024, 1, 12)
    )
    bank.draw(loan_id, 900_000_00)
    bank.close_until(date(2024, 1, 2), date(2024, 1, 16))
    paid = pay(bank, loan_id, 901_112_50, value_on=date(2024, 1, 12))
    assert (paid.penalty_fen, paid.compound_fen) == (0, 0)
    assert view_of(bank, loan_id).accrued_fen == 835_41
    bank.close(date(2024, 1, 17))
    view = view_of(bank, loan_id)
    assert (view.state, view.accrued_fen) == ("settled", 0)


def test_a_partial_prepayment_lowers_principal_and_later_interest(bank, loan_id):
    bank.close_until(START, date(2024, 1, 9))
    paid = pay(bank, loan_id, 1_000_000_00, prepay=True)
    assert paid.principal_fen == 1_000_000_00
    bank.close_until(date(2024, 1, 10), date(2024, 3, 20))
    with bank.database.read() as session:
        (due,) = list_dues(session, bank.actor, loan_id)
    exact_days = 3_000_000_00 * 15 + 2_000_000_00 * 71
    assert due.interest_fen == (exact_days * 44_500 * 2 + 360_000_000) // 720_000_000


def test_enough_money_prepaid_settles_the_loan_and_the_excess_waits(bank, loan_id):
    bank.close_until(START, date(2024, 1, 9))
    view = view_of(bank, loan_id)
    paid = pay(bank, loan_id, view.principal_fen + view.accrued_fen + 5, prepay=True)
    assert paid.suspense_fen == 5
    after = view_of(bank, loan_id)
    assert (after.state, after.principal_fen, after.accrued_fen) == ("settled", 0, 0)
    bank.close(date(2024, 1, 10))
    assert view_of(bank, loan_id) == after


def test_a_settling_repayment_taken_back_opens_the_loan_and_grows_the_days_between(bank, loan_id):
    bank.close_until(START, date(2024, 1, 9))
    view = view_of(bank, loan_id)
    paid = pay(bank, loan_id, view.principal_fen + view.accrued_fen, prepay=True)
    bank.close_until(date(2024, 1, 10), date(2024, 1, 14))
    take_back(bank, paid)
    assert view_of(bank, loan_id).state == "performing"
    bank.close(date(2024, 1, 15))
    after = view_of(bank, loan_id)
    assert after.principal_fen == 3_000_000_00
    assert after.accrued_fen == (3_000_000_00 * 44_500 * 21 * 2 + 360_000_000) // 720_000_000


def test_a_reversal_names_what_it_takes_back_and_happens_once(bank, loan_id):
    bank.close_until(START, date(2024, 3, 20))
    before = view_of(bank, loan_id)
    first, second = pay(bank, loan_id, 10_000_00), pay(bank, loan_id, 5_000_00)
    with pytest.raises(LaterRepaymentStands) as refused:
        take_back(bank, first)
    assert refused.value.facts["later"] == second.number
    back = take_back(bank, second)
    assert back.reverses_id == second.id
    with pytest.raises(AlreadyReversed):
        take_back(bank, second)
    take_back(bank, first)
    after = view_of(bank, loan_id)
    assert after.accrued_fen == before.accrued_fen
    assert after.overdue_fen == before.overdue_fen
    with bank.database.read() as session:
        assert len(list_repayments(session, bank.actor, loan_id)) == 4


def test_a_repayment_is_refused_before_the_drawdown(bank):
    bank.open(START)
    loan_id = bank.sign()
    with pytest.raises(NotDrawn):
        pay(bank, loan_id, 1_00)


@pytest.mark.parametrize(
    ("amount_fen", "value_on", "refusal"),
    [
        (0, None, AmountNotPositive),
        (-1, None, AmountNotPositive),
        (100, date(2024, 1, 11), ValueDayInFuture),
        (100, date(2023, 12, 31), ClosedPeriod),
    ],
)
def test_a_repayment_is_refused_outside_its_borders(bank, loan_id, amount_fen, value_on, refusal):
    bank.close_until(START, date(2024, 1, 9))
    with pytest.raises(refusal):
        pay(bank, loan_id, amount_fen, value_on=value_on)
    assert pay(bank, loan_id, 1, value_on=date(2024, 1, 10)).suspense_fen == 1
    assert pay(bank, loan_id, 1, value_on=date(2024, 1, 1)).suspense_fen == 1


def test_a_prepayment_counts_from_the_business_day_only(bank, loan_id):
    bank.close_until(START, date(2024, 1, 9))
    with pytest.raises(PrepaymentNotToday):
        pay(bank, loan_id, 1_00, prepay=True, value_on=date(2024, 1, 9))


def test_the_same_key_is_the_same_repayment(bank, loan_id):
    first = pay(bank, loan_id, 100, key="transfer-1")
    again = pay(bank, loan_id, 100, key="transfer-1")
    assert again.number == first.number
    with pytest.raises(KeyTaken):
        pay(bank, loan_id, 101, key="transfer-1")
    assert view_of(bank, loan_id).suspense_fen == 100


def test_a_repayment_needs_the_permission_and_the_own_bank(bank, loan_id, world):
    with pytest.raises(Forbidden):
        pay(bank, loan_id, 100, actor=world.actor("a-officer"))
    with pytest.raises(NotFound):
        pay(bank, loan_id, 100, actor=world.actor("b-ops"))
    assert pay(bank, loan_id, 100, actor=world.actor("a-ops")).suspense_fen == 100


def test_a_loan_left_behind_takes_no_repayment(bank, loan_id):
    import sqlalchemy as sa

    with bank.database.write() as session:
        session.execute(sa.text("UPDATE loan_state SET closed_on = '2023-12-24'"))
    with pytest.raises(LoanBehind):
        pay(bank, loan_id, 100)
