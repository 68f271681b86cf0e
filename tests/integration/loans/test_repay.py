"""Repayments: the waterfall, prepayment, suspense, refusals, keys and reversals."""

from datetime import date, timedelta

import pytest

from app.kernel.errors import Forbidden, NotFound
from app.kernel.money import MAX_FEN, round_half_up
from app.loans.queries import (
    due_beside_bills,
    journal,
    list_dues,
    list_repayments,
    loan_view,
    trial_balance,
)
from app.loans.refusals import (
    AlreadyReversed,
    AmountNotPositive,
    AmountTooLarge,
    BeforeDrawdown,
    ClosedPeriod,
    KeyTaken,
    LoanBehind,
    NotDrawn,
    ValueDayInFuture,
)
from app.loans.repayments.statements import statement_pdf
from app.loans.services import Drawn, PostDrawdown, Repay, Reverse, repay, reverse
from app.web.formats import money_yuan
from tests.support.documents import text_of
from tests.support.once import built_once

START = date(2023, 12, 26)


def pay(bank, loan_id, amount_fen, actor=None, **extra):
    with bank.database.write() as session:
        command = Repay(amount_fen=amount_fen, **extra)
        return repay(session, actor or bank.actor, loan_id, command)


def take_back(bank, repayment, reason="银行退汇"):
    with bank.database.write() as session:
        return reverse(session, bank.actor, Reverse(entry_id=repayment.entry_id, reason=reason))


def drawn_before(bank, loan_id, on, fen, closing):
    """The loan drawn on a past day of the bank's, whose first close is that of the day named."""
    command = PostDrawdown(loan_id=loan_id, amount_fen=fen)
    bank.take_over(loan_id, Drawn(on=on, command=command))
    bank.close(closing)
    bank.set_clock(closing + timedelta(days=1))
    return loan_id


@pytest.fixture
@built_once
def fortnight(bank):
    """3,000,000.00 at 4.45 % drawn on 2023-12-26, fifteen days ago."""
    bank.open(date(2024, 1, 9))
    return drawn_before(bank, bank.sign(), START, 3_000_000_00, date(2024, 1, 9))


@pytest.fixture
@built_once
def matured(bank):
    """900,000.00 at 4.45 % drawn on 2024-01-02 for ten days, unpaid for five more."""
    first = date(2024, 1, 2)
    bank.open(date(2024, 1, 16))
    loan_id = bank.sign(contract_fen=900_000_00, starts_on=first, matures_on=date(2024, 1, 12))
    return drawn_before(bank, loan_id, first, 900_000_00, date(2024, 1, 16))


def test_a_loan_runs_from_drawdown_to_settlement_to_the_fen(bank):
    """Interest of 86 and 4 days, each rounded once, and the principal at the end."""
    bank.open(date(2024, 3, 20))
    loan_id = bank.sign(matures_on=date(2024, 3, 25))
    command = PostDrawdown(loan_id=loan_id, amount_fen=3_000_000_00)
    bank.take_over(loan_id, Drawn(on=START, command=command))
    bank.close(date(2024, 3, 20))
    first = pay(bank, loan_id, 31_891_67)
    assert (first.interest_fen, first.suspense_fen) == (31_891_67, 0)
    bank.close_until(date(2024, 3, 21), date(2024, 3, 24))
    with bank.database.read() as session:
        (last,) = list_dues(session, bank.actor, loan_id, unpaid_only=True)
    assert (last.due_on, last.interest_fen) == (date(2024, 3, 25), 1_483_33)
    second = pay(bank, loan_id, last.left_fen)
    assert second.principal_fen == 3_000_000_00
    view = bank.view(loan_id)
    assert view.state == "settled"
    assert (view.principal_fen, view.accrued_fen, view.suspense_fen) == (0, 0, 0)


def test_the_journal_balances_and_accounts_close(bank, due):
    pay(bank, due, 31_891_67)
    with bank.database.read() as session:
        balances = {each.account.value: each for each in trial_balance(session, bank.actor)}
        assert sum(each.balance_fen for each in balances.values()) == 0
        assert balances["interest-receivable"].balance_fen == 0
        assert balances["interest-income"].balance_fen == -31_891_67
        assert balances["cash"].balance_fen == 31_891_67 - 3_000_000_00
        page = journal(session, bank.actor, due, size=10)
        seen = [each.id for each in page.items]
        while page.next_cursor:
            page = journal(session, bank.actor, due, size=10, cursor=page.next_cursor)
            seen += [each.id for each in page.items]
    assert len(seen) == len(set(seen)) == 1 + 4 + 1 + 1


def test_what_no_debt_needs_waits_in_suspense_and_is_used_later(bank, due):
    first = pay(bank, due, 40_000_00)
    assert (first.interest_fen, first.suspense_fen) == (31_891_67, 8_108_33)
    assert bank.view(due).suspense_fen == 8_108_33
    used = pay(bank, due, 8_108_33, from_suspense=True, prepay=True)
    assert used.principal_fen == 8_108_33
    assert bank.view(due).suspense_fen == 0


def test_an_overdue_loan_pays_penalty_and_compound_interest_first(bank, matured):
    """Principal of 900,000.00 and interest unpaid for five days: both grow at 4.45 % * 1.5."""
    view = bank.view(matured)
    assert (view.state, view.overdue_days) == ("overdue", 5)
    interest = 1_112_50  # 900,000.00 * 4.45 % * 10 / 360
    penalty, compound = 834_38, 1_03  # 900,000.00 and 1,112.50 * 6.675 % * 5 / 360
    assert view.accrued_fen == interest + penalty + compound
    paid = pay(bank, matured, 2_000_00)
    assert paid.penalty_fen == penalty
    assert paid.compound_fen == compound
    assert paid.interest_fen == interest
    assert paid.principal_fen == 2_000_00 - penalty - compound - interest
    rest = bank.view(matured)
    pay(bank, matured, rest.principal_fen)
    assert bank.view(matured).state == "settled"


def test_a_payment_dated_back_owes_only_what_had_grown_then(bank, matured):
    paid = pay(bank, matured, 901_112_50, value_on=date(2024, 1, 12))
    assert (paid.penalty_fen, paid.compound_fen) == (0, 0)
    view = bank.view(matured)
    assert (view.state, view.accrued_fen, view.overdue_days) == ("settled", 0, 0)
    bank.close(date(2024, 1, 17))
    assert bank.view(matured) == view


def test_a_partial_prepayment_lowers_principal_and_later_interest(bank, fortnight):
    paid = pay(bank, fortnight, 1_000_000_00, prepay=True)
    assert paid.principal_fen == 1_000_000_00
    bank.close_until(date(2024, 1, 10), date(2024, 1, 14))
    exact_days = 3_000_000_00 * 15 + 2_000_000_00 * 5
    accrued = (exact_days * 44_500 * 2 + 360_000_000) // 720_000_000
    assert bank.view(fortnight).accrued_fen == accrued


def test_enough_money_prepaid_settles_the_loan_and_the_excess_waits(bank, fortnight):
    view = bank.view(fortnight)
    paid = pay(bank, fortnight, view.principal_fen + view.accrued_fen + 5, prepay=True)
    assert paid.suspense_fen == 5
    after = bank.view(fortnight)
    assert (after.state, after.principal_fen, after.accrued_fen) == ("settled", 0, 0)
    bank.close(date(2024, 1, 10))
    assert bank.view(fortnight) == after


def test_a_settling_repayment_taken_back_opens_the_loan_and_grows_the_days_between(bank, fortnight):
    view = bank.view(fortnight)
    paid = pay(bank, fortnight, view.principal_fen + view.accrued_fen, prepay=True)
    bank.close_until(date(2024, 1, 10), date(2024, 1, 14))
    take_back(bank, paid)
    assert bank.view(fortnight).state == "performing"
    bank.close(date(2024, 1, 15))
    after = bank.view(fortnight)
    assert after.principal_fen == 3_000_000_00
    assert after.accrued_fen == (3_000_000_00 * 44_500 * 21 * 2 + 360_000_000) // 720_000_000


def test_a_reversal_names_what_it_takes_back_and_happens_once(bank, due):
    before = bank.view(due)
    first, second = pay(bank, due, 10_000_00), pay(bank, due, 5_000_00)
    back = take_back(bank, second)
    assert back.reverses_id == second.id
    with pytest.raises(AlreadyReversed):
        take_back(bank, second)
    take_back(bank, first)
    after = bank.view(due)
    assert after.accrued_fen == before.accrued_fen
    assert after.overdue_fen == before.overdue_fen
    with bank.database.read() as session:
        assert len(list_repayments(session, bank.actor, due)) == 4


def test_a_repayment_is_refused_before_the_drawdown(bank):
    bank.open(START)
    loan_id = bank.sign()
    with pytest.raises(NotDrawn):
        pay(bank, loan_id, 1_00)


def test_a_repayment_is_refused_outside_its_borders(bank, fortnight):
    for amount_fen, value_on, refusal in (
        (0, None, AmountNotPositive),
        (-1, None, AmountNotPositive),
        (100, date(2024, 1, 11), ValueDayInFuture),
        (100, date(2023, 12, 31), ClosedPeriod),
        (100, date(2023, 12, 25), BeforeDrawdown),
        (MAX_FEN + 1, None, AmountTooLarge),
    ):
        with pytest.raises(refusal):
            pay(bank, fortnight, amount_fen, value_on=value_on)
    assert pay(bank, fortnight, 1, value_on=date(2024, 1, 10)).suspense_fen == 1
    assert pay(bank, fortnight, 1, value_on=date(2024, 1, 1)).suspense_fen == 1
    assert bank.view(fortnight).suspense_fen == 2


def test_the_same_key_is_the_same_repayment(bank, drawn):
    first = pay(bank, drawn, 100, key="transfer-1")
    again = pay(bank, drawn, 100, key="transfer-1")
    assert again.number == first.number
    with pytest.raises(KeyTaken):
        pay(bank, drawn, 101, key="transfer-1")
    assert bank.view(drawn).suspense_fen == 100


def test_a_repayment_needs_the_permission_and_the_own_bank(bank, drawn, world):
    with pytest.raises(Forbidden):
        pay(bank, drawn, 100, actor=world.actor("a-officer"))
    with pytest.raises(NotFound):
        pay(bank, drawn, 100, actor=world.actor("b-ops"))
    assert pay(bank, drawn, 100, actor=world.actor("a-ops")).suspense_fen == 100


def test_a_loan_left_behind_takes_no_repayment(bank, drawn):
    bank.sql("UPDATE loan_state SET closed_on = '2023-12-24'")
    with pytest.raises(LoanBehind):
        pay(bank, drawn, 100)


def test_a_statement_keeps_apart_what_is_due_what_grows_and_what_came_on_top(bank, due, tmp_path):
    """31,891.67 fell due on 21 March; ten days later penalty interest has grown beside the new interest."""
    bank.close_until(date(2024, 3, 21), date(2024, 3, 30))
    with bank.database.read() as session:
        text = text_of(statement_pdf(session, bank.actor, due), tmp_path)
        assert "未出具" in text
        assert "核验" not in text, "nothing that could be verified was issued"
        beside = due_beside_bills(session, bank.actor, due)
        grown_fen = loan_view(session, bank.actor, due).accrued_fen - 31_891_67 - beside.total_fen
    assert grown_fen == round_half_up(3_000_000_00 * 44_500 * 10, 360_000_000)
    assert beside.total_fen > 0
    for amount in map(money_yuan, (31_891_67, grown_fen, beside.total_fen)):
        assert amount in text
