"""Trial balance, split of a recovery and digest of a month, without a database."""

import hashlib
from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.loans.domain.journal import (
    Account,
    Posting,
    fee_postings,
    pledge_postings,
    recovery_postings,
    refund_postings,
)
from app.loans.domain.ledger import (
    COLUMNS,
    ENTRY,
    INSTEAD,
    REVERSIBLE,
    EntryEvent,
    EntryState,
    ManualKind,
    PairSum,
    PostingDigest,
    Split,
    account_lines,
    column_totals,
    manual_postings,
    month_of,
    split_recovery,
)
from app.loans.domain.states import EntryKind

FEN = st.integers(min_value=0, max_value=10**15)
SHEET = [account for account in Account if not account.off_balance]
MEMO = [account for account in Account if account.off_balance]
PAIRS = [(a, b) for side in (SHEET, MEMO) for a, b in product(side, side) if a is not b]


@given(st.lists(st.tuples(st.sampled_from(PAIRS), FEN, FEN)))
def test_each_pair_of_columns_has_one_total(moves):
    sums = [
        PairSum(debit=pair[0], credit=pair[1], before_fen=before, amount_fen=amount)
        for pair, before, amount in moves
    ]
    for lines in (
        account_lines(sums),
        [line for line in account_lines(sums) if line.account.off_balance],
    ):
        totals = column_totals(lines)
        assert totals["opening_debit_fen"] == totals["opening_credit_fen"]
        assert totals["debit_fen"] == totals["credit_fen"]
        assert totals["closing_debit_fen"] == totals["closing_credit_fen"]
    assert set(column_totals(())) == set(COLUMNS)


def test_a_line_closes_with_what_stood_there_and_what_moved():
    sums = [
        PairSum(debit=Account.PRINCIPAL, credit=Account.CASH, before_fen=500, amount_fen=20),
        PairSum(debit=Account.CASH, credit=Account.PRINCIPAL, before_fen=100, amount_fen=50),
    ]
    cash, principal = account_lines(sums)
    assert (principal.opening_fen, principal.debit_fen, principal.credit_fen) == (400, 20, 50)
    assert (principal.closing_debit_fen, principal.closing_credit_fen) == (370, 0)
    assert (cash.closing_debit_fen, cash.closing_credit_fen) == (0, 370)


def test_memorandum_and_balance_sheet_are_never_posted_against_each_other():
    with pytest.raises(ValueError, match="apart"):
        Posting(debit=Account.MEMO_INTEREST, credit=Account.CASH, amount_fen=1)


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (1, (1, 0, 0)),
        (1_000, (1_000, 0, 0)),
        (1_001, (1_000, 1, 0)),
        (1_300, (1_000, 300, 0)),
        (1_301, (1_000, 300, 1)),
    ],
)
def test_a_recovery_takes_principal_then_interest_and_the_rest_waits(amount, expected):
    split = split_recovery(amount, principal_fen=1_000, interest_fen=300)
    assert (split.principal_fen, split.interest_fen, split.suspense_fen) == expected


@pytest.mark.parametrize(
    ("amount", "expected"), [(49, (49, 0)), (50, (50, 0)), (51, (50, 1)), (1_051, (50, 1_000))]
)
def test_a_recovery_settles_a_fee_that_is_owed_first(amount, expected):
    split = split_recovery(amount, fee_fen=50, principal_fen=1_000, interest_fen=300)
    assert (split.fee_fen, split.principal_fen) == expected


@given(FEN.filter(bool), FEN, FEN, FEN)
def test_the_parts_of_a_recovery_sum_to_the_money(amount, fee, principal, interest):
    split = split_recovery(amount, fee_fen=fee, principal_fen=principal, interest_fen=interest)
    parts = split.fee_fen + split.principal_fen + split.interest_fen + split.suspense_fen
    assert parts == amount
    assert split.fee_fen <= fee
    assert split.principal_fen <= principal
    assert split.interest_fen <= interest


def test_a_recovery_is_income_and_lowers_the_claim_in_the_memorandum():
    lines = recovery_postings(fee_fen=3, principal_fen=70, interest_fen=20, suspense_fen=5)
    assert [(each.debit, each.credit, each.amount_fen) for each in lines] == [
        (Account.CASH, Account.FEE_RECEIVABLE, 3),
        (Account.CASH, Account.RECOVERY_INCOME, 90),
        (Account.MEMO_CONTRA, Account.MEMO_WRITTEN_OFF, 70),
        (Account.MEMO_CONTRA, Account.MEMO_INTEREST, 20),
        (Account.CASH, Account.SUSPENSE, 5),
    ]


def test_fee_refund_and_security_move_between_their_two_accounts():
    nothing = Split(principal_fen=0, interest_fen=0, suspense_fen=0)
    assert manual_postings(ManualKind.FEE, 7, nothing) == fee_postings(7)
    assert manual_postings(ManualKind.REFUND, 7, nothing) == refund_postings(7)
    (taken,), (ended,) = pledge_postings(9), pledge_postings(-9)
    assert (taken.debit, taken.credit) == (ended.credit, ended.debit)
    assert ended.amount_fen == 9
    with pytest.raises(ValueError, match="mirrors"):
        manual_postings(ManualKind.REVERSAL, 7, nothing)


def test_each_kind_is_reversed_by_hand_or_says_what_to_do_instead():
    assert set(REVERSIBLE) & set(INSTEAD) == set()
    assert set(REVERSIBLE) | set(INSTEAD) >= {
        EntryKind.ACCRUAL,
        EntryKind.DRAWDOWN,
        EntryKind.REPAYMENT,
        EntryKind.REVERSAL,
        EntryKind.NON_ACCRUAL,
        EntryKind.WRITE_OFF,
        EntryKind.PLEDGE,
        EntryKind.FEE,
        EntryKind.REFUND,
        EntryKind.RECOVERY,
    }


def test_only_what_waits_is_decided():
    listed = set(ENTRY.table)
    assert listed == {
        (EntryState.PROPOSED, EntryEvent.BOOK),
        (EntryState.PROPOSED, EntryEvent.REFUSE),
    }
    assert ENTRY.final_states() == {EntryState.BOOKED, EntryState.REFUSED}


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        (date(2024, 2, 1), date(2024, 2, 1), date(2024, 2, 29)),
        (date(2024, 2, 29), date(2024, 2, 1), date(2024, 2, 29)),
        (date(2023, 12, 31), date(2023, 12, 1), date(2023, 12, 31)),
    ],
)
def test_a_period_is_a_whole_month(day, first, last):
    assert month_of(day) == (first, last)


def test_the_digest_differs_when_a_line_is_changed_or_left_out():
    def digest(*amounts):
        made = PostingDigest()
        for amount in amounts:
            made.add("cash", None, amount_fen=amount)
        return made.hexdigest(), made.count, made.amount_fen

    whole = digest(1, 2, 3)
    assert whole[1:] == (3, 6)
    written = "cash||1\ncash||2\ncash||3\n"  # As `keep-the-books` tells auditors.
    assert whole[0] == hashlib.sha256(written.encode()).hexdigest()
    assert len({whole[0], digest(1, 2)[0], digest(1, 2, 4)[0], digest(2, 1, 3)[0]}) == 4
