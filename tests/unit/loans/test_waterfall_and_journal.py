from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.loans.domain.journal import (
    Account,
    Posting,
    accrual_postings,
    balance_fen,
    drawdown_postings,
    overpaid_postings,
    repayment_postings,
    reversal_postings,
    write_off_postings,
)
from app.loans.domain.waterfall import Claim, Debt, Order
from app.loans.domain.waterfall import allocate as allocate_by

PLACES = (Claim.FEE, Claim.PENALTY, Claim.COMPOUND, Claim.INTEREST, Claim.PRINCIPAL)
ORDER = Order(row="performing", places={claim: at for at, claim in enumerate(PLACES, start=1)})


def allocate(amount_fen, debts):
    return allocate_by(amount_fen, debts, ORDER)


def debt(claim, owed_fen, due_on=date(2024, 3, 21)):
    return Debt(claim=claim, due_on=due_on, owed_fen=owed_fen)


DEBTS = (
    debt(Claim.PRINCIPAL, 100_000),
    debt(Claim.INTEREST, 2_000),
    debt(Claim.INTEREST, 1_000, date(2023, 12, 21)),
    debt(Claim.COMPOUND, 30),
    debt(Claim.PENALTY, 400),
    debt(Claim.FEE, 50),
)


def paid(allocation):
    return [(line.debt.claim, line.paid_fen) for line in allocation.lines]


def test_repayment_settles_fees_then_penalty_compound_interest_and_principal():
    allocation = allocate(5_000, DEBTS)
    assert paid(allocation) == [
        (Claim.FEE, 50),
        (Claim.PENALTY, 400),
        (Claim.COMPOUND, 30),
        (Claim.INTEREST, 1_000),
        (Claim.INTEREST, 2_000),
        (Claim.PRINCIPAL, 1_520),
    ]
    assert allocation.suspense_fen == 0


def test_oldest_debt_of_a_kind_comes_first():
    allocation = allocate(1_480, DEBTS)
    interests = [line for line in allocation.lines if line.debt.claim is Claim.INTEREST]
    assert [(line.debt.due_on.year, line.paid_fen) for line in interests] == [
        (2023, 1_000),
        (2024, 0),
    ]


def test_excess_goes_to_suspense():
    owed = sum(each.owed_fen for each in DEBTS)
    assert allocate(owed, DEBTS).suspense_fen == 0
    assert allocate(owed + 1, DEBTS).suspense_fen == 1
    assert allocate(7, ()).suspense_fen == 7


@pytest.mark.parametrize(("amount", "owed"), [(0, 1), (-1, 1), (1, 0), (1, -1)])
def test_amounts_of_a_repayment_are_positive(amount, owed):
    with pytest.raises(ValueError, match="above zero"):
        allocate(amount, (debt(Claim.FEE, owed),))


debts = st.lists(
    st.builds(
        Debt,
        claim=st.sampled_from(Claim),
        due_on=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
        owed_fen=st.integers(1, 10**9),
    )
)


@given(st.integers(1, 10**10), debts)
def test_parts_and_suspense_sum_to_the_repayment(amount, owed):
    allocation = allocate(amount, owed)
    assert sum(line.paid_fen for line in allocation.lines) + allocation.suspense_fen == amount
    assert all(0 <= line.paid_fen <= line.debt.owed_fen for line in allocation.lines)
    if allocation.suspense_fen:
        assert all(line.paid_fen == line.debt.owed_fen for line in allocation.lines)


@given(st.integers(1, 10**10), debts)
def test_a_later_debt_is_paid_only_when_all_before_it_are(amount, owed):
    lines = allocate(amount, owed).lines
    is_full = [line.paid_fen == line.debt.owed_fen for line in lines]
    for index, line in enumerate(lines):
        assert line.paid_fen == 0 or all(is_full[:index])


@given(st.integers(1, 10**10), debts)
def test_repayment_postings_move_the_amount_out_of_cash_and_into_its_claims(amount, owed):
    allocation = allocate(amount, owed)
    postings = repayment_postings(allocation)
    assert balance_fen(postings, Account.CASH) == amount
    assert balance_fen(postings, Account.PRINCIPAL) == -allocation.paid_fen(Claim.PRINCIPAL)
    assert balance_fen(postings, Account.SUSPENSE) == -allocation.suspense_fen
    assert sum(balance_fen(postings, account) for account in Account) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"debit": Account.CASH, "credit": Account.PRINCIPAL, "amount_fen": 0},
        {"debit": Account.CASH, "credit": Account.PRINCIPAL, "amount_fen": -1},
        {"debit": Account.CASH, "credit": Account.CASH, "amount_fen": 1},
    ],
)
def test_a_posting_moves_a_positive_amount_between_two_accounts(wrong):
    with pytest.raises(ValueError, match="positive amount"):
        Posting(**wrong)


def moved(postings):
    return [(each.debit, each.credit, each.amount_fen) for each in postings]


def test_drawdown_owes_principal_for_cash():
    assert moved(drawdown_postings(5)) == [(Account.PRINCIPAL, Account.CASH, 5)]


@pytest.mark.parametrize(
    ("claim", "receivable", "income"),
    [
        (Claim.FEE, Account.FEE_RECEIVABLE, Account.FEE_INCOME),
        (Claim.PENALTY, Account.PENALTY_RECEIVABLE, Account.PENALTY_INCOME),
        (Claim.COMPOUND, Account.COMPOUND_RECEIVABLE, Account.COMPOUND_INCOME),
        (Claim.INTEREST, Account.INTEREST_RECEIVABLE, Account.INTEREST_INCOME),
    ],
)
def test_accrual_earns_income_and_takes_back_what_was_too_much(claim, receivable, income):
    assert moved(accrual_postings(5, claim=claim)) == [(receivable, income, 5)]
    assert moved(accrual_postings(-5, claim=claim)) == [(income, receivable, 5)]
    assert accrual_postings(0, claim=claim) == ()


def test_interest_of_a_non_performing_loan_stays_off_the_balance_sheet():
    postings = accrual_postings(5, off_balance=True)
    assert moved(postings) == [(Account.MEMO_INTEREST, Account.MEMO_CONTRA, 5)]


def test_off_balance_interest_becomes_income_when_it_is_paid():
    allocation = allocate(10, (debt(Claim.INTEREST, 10),))
    postings = repayment_postings(allocation, off_balance=frozenset({Claim.INTEREST}))
    assert balance_fen(postings, Account.INTEREST_INCOME) == -10
    assert balance_fen(postings, Account.INTEREST_RECEIVABLE) == 0
    assert balance_fen(postings, Account.MEMO_INTEREST) == -10


def test_money_in_suspense_is_used_and_its_rest_stays():
    allocation = allocate(10, (debt(Claim.INTEREST, 4),))
    postings = repayment_postings(allocation, source=Account.SUSPENSE)
    assert moved(postings) == [(Account.SUSPENSE, Account.INTEREST_RECEIVABLE, 4)]


def test_write_off_keeps_the_claim_on_file():
    postings = write_off_postings(80)
    assert balance_fen(postings, Account.PRINCIPAL) == -80
    assert balance_fen(postings, Account.MEMO_WRITTEN_OFF) == 80


def test_reversal_undoes_every_posting():
    postings = (*drawdown_postings(5), *accrual_postings(2))
    undone = (*postings, *reversal_postings(postings))
    assert all(balance_fen(undone, account) == 0 for account in Account)


def test_what_was_overpaid_moves_to_suspense_from_where_it_was_booked():
    on = overpaid_postings(70, claim=Claim.PENALTY, off_balance=False)
    assert on == (
        Posting(debit=Account.PENALTY_RECEIVABLE, credit=Account.SUSPENSE, amount_fen=70),
    )
    off = overpaid_postings(70, claim=Claim.COMPOUND, off_balance=True)
    assert sorted((each.debit, each.credit, each.amount_fen) for each in off) == [
        (Account.COMPOUND_INCOME, Account.SUSPENSE, 70),
        (Account.MEMO_INTEREST, Account.MEMO_CONTRA, 70),
    ]
