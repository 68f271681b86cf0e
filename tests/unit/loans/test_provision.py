from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import policy
from app.loans.domain.classification import LoanClass
from app.loans.domain.provision import by_class, provision_fen, provision_rates
from app.policy import Policy

RATES = provision_rates(Policy(parameters=policy.on(date(2024, 1, 2))))
YUAN = 100
BALANCES = (1000, 100, 40, 20, 10)


def sums(balances):
    rows = [
        (tier, 1, yuan * YUAN, provision_fen(yuan * YUAN, RATES[tier]))
        for tier, yuan in zip(LoanClass, balances, strict=True)
    ]
    return by_class(rows, RATES)


def test_the_table_of_rates_sets_aside_forty_two_of_eleven_hundred_and_seventy():
    """V-CL-14: 1000 normal, 100 special mention, 40 substandard, 20 doubtful, 10 loss."""
    assert sums(BALANCES).provision_fen == 42 * YUAN


def test_three_two_and_one_of_a_thousand_are_a_ratio_of_six_tenths_of_a_per_cent():
    """V-CL-13: (3 + 2 + 1) / 1000 = 0.60 %."""
    found = sums((994, 0, 3, 2, 1))
    assert (found.balance_fen, found.non_performing_fen) == (1000 * YUAN, 6 * YUAN)
    assert found.non_performing_ppm == 6_000


def test_nothing_lent_has_no_ratio():
    found = by_class([], RATES)
    assert (found.loans, found.non_performing_ppm, found.cover_ppm) == (0, None, None)
    assert [each.loan_class for each in found.classes] == list(LoanClass)


@pytest.mark.parametrize(("balance", "expected"), [(149, 1), (150, 2), (50, 1), (49, 0)])
def test_a_provision_is_rounded_half_up_to_the_fen(balance, expected):
    assert provision_fen(balance, RATES[LoanClass.NORMAL]) == expected


@given(
    balance=st.integers(0, 10**15),
    worse=st.sampled_from(tuple(zip(tuple(LoanClass), tuple(LoanClass)[1:], strict=False))),
)
def test_a_worse_class_never_sets_aside_less(balance, worse):
    better, worse_tier = worse
    assert provision_fen(balance, RATES[better]) <= provision_fen(balance, RATES[worse_tier])
