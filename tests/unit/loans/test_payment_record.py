from datetime import date
from uuid import UUID

import pytest

from app import policy
from app.loans.classes.classifying import _paid_on
from app.loans.domain.classification import LoanClass, class_rules
from app.loans.domain.payment_record import DueDay, observation, upgrade_reason, upgrade_trial
from app.loans.domain.waterfall import Claim
from app.loans.models import RepaymentLine
from app.policy import Policy

RULES = class_rules(Policy(parameters=policy.on(date(2024, 1, 2))))
QUARTERS = [
    date(2024, 3, 21),
    date(2024, 6, 21),
    date(2024, 9, 21),
    date(2024, 12, 21),
    date(2025, 3, 21),
    date(2025, 6, 21),
]


def kept(*days, late=()):
    """Due days paid on their day, or on the day that `late` gives; None is not paid."""
    paid = dict(late)
    return [DueDay(due_on=day, paid_on=paid.get(day, day)) for day in days]


def test_a_loan_that_never_missed_a_day_waits_for_nothing():
    assert upgrade_trial(kept(*QUARTERS), on=QUARTERS[-1], rules=RULES.upgrade) is None


def test_a_loan_with_something_overdue_has_not_begun_to_recover():
    days = kept(*QUARTERS[:2], late={QUARTERS[0]: None}.items())
    found = upgrade_trial(days, on=date(2024, 7, 1), rules=RULES.upgrade)
    assert (found.since_on, found.is_over) == (None, False)
    assert upgrade_reason(found).floor is LoanClass.SUBSTANDARD


@pytest.mark.parametrize(("on", "over"), [(date(2024, 11, 9), False), (date(2024, 11, 10), True)])
def test_two_due_days_met_wait_for_the_end_of_six_months(on, over):
    """Arrears of March paid on 10 May; June and September are met before six months are over."""
    days = kept(*QUARTERS[:3], late={QUARTERS[0]: date(2024, 5, 10)}.items())
    found = upgrade_trial(days, on=on, rules=RULES.upgrade)
    assert (found.since_on, found.met, found.is_over) == (date(2024, 5, 10), 2, over)


def test_six_months_wait_for_the_second_due_day():
    """With yearly due days the longer of the two conditions is the due days."""
    years = [date(2024, 3, 21), date(2025, 3, 21), date(2026, 3, 21)]
    days = kept(*years, late={years[0]: date(2024, 4, 1)}.items())
    before = upgrade_trial(days[:2], on=date(2026, 3, 20), rules=RULES.upgrade)
    after = upgrade_trial(days, on=date(2026, 3, 21), rules=RULES.upgrade)
    assert ((before.met, before.is_over), (after.met, after.is_over)) == ((1, False), (2, True))


@pytest.mark.parametrize(("on", "over"), [(date(2025, 3, 20), False), (date(2025, 3, 21), True)])
def test_an_observation_lasts_a_year_from_the_first_adjusted_due_day(on, over):
    found = observation(
        kept(*QUARTERS[:5]), first_due_on=QUARTERS[0], on=on, rules=RULES.observation
    )
    assert (found.since_on, found.is_over) == (QUARTERS[0], over)


def test_what_fell_due_before_the_change_does_not_count():
    days = kept(*QUARTERS[:2], late={QUARTERS[0]: date(2024, 5, 1)}.items())
    found = observation(days, first_due_on=QUARTERS[1], on=QUARTERS[1], rules=RULES.observation)
    assert (found.since_on, found.met) == (QUARTERS[1], 1)


def test_a_miss_restarts_the_observation_from_the_day_missed():
    days = kept(*QUARTERS, late={QUARTERS[1]: date(2024, 6, 22)}.items())
    found = observation(
        days, first_due_on=QUARTERS[0], on=date(2025, 6, 20), rules=RULES.observation
    )
    assert (found.since_on, found.met, found.is_over) == (QUARTERS[1], 3, False)
    over = observation(
        days, first_due_on=QUARTERS[0], on=date(2025, 6, 21), rules=RULES.observation
    )
    assert over.is_over


def test_an_unpaid_day_holds_the_observation_however_long_ago_it_was():
    days = kept(*QUARTERS, late={QUARTERS[1]: None}.items())
    found = observation(
        days, first_due_on=QUARTERS[0], on=date(2026, 1, 1), rules=RULES.observation
    )
    assert (found.met, found.is_over) == (0, False)


def test_bills_of_one_day_count_once_and_only_when_all_are_paid():
    days = [*kept(QUARTERS[0]), *kept(QUARTERS[0], late={QUARTERS[0]: date(2024, 4, 2)}.items())]
    found = observation(
        days, first_due_on=QUARTERS[0], on=date(2024, 5, 1), rules=RULES.observation
    )
    assert (found.since_on, found.met) == (QUARTERS[0], 0)


def line(number, fen, day):
    return RepaymentLine(
        id=UUID(int=number),
        repayment_id=UUID(int=1),
        seq=number,
        note_id=UUID(int=1),
        claim=Claim.INTEREST,
        paid_fen=fen,
        value_on=day,
    )


@pytest.mark.parametrize(
    ("payments", "expected"),
    [
        ([(5, QUARTERS[0])], QUARTERS[0]),
        ([(2, QUARTERS[0]), (3, QUARTERS[1])], QUARTERS[1]),
        ([(5, QUARTERS[0]), (-5, QUARTERS[1])], None),
        ([(5, QUARTERS[1]), (-5, QUARTERS[1]), (5, QUARTERS[0])], QUARTERS[0]),
        ([(2, QUARTERS[0]), (3, QUARTERS[1]), (-2, QUARTERS[2])], QUARTERS[1]),
        ([(2, QUARTERS[0]), (3, QUARTERS[1]), (-4, QUARTERS[2])], QUARTERS[0]),
        ([(2, QUARTERS[0]), (3, QUARTERS[1]), (-1, QUARTERS[2])], QUARTERS[1]),
    ],
)
def test_a_bill_is_paid_from_the_last_payment_that_was_not_taken_back(payments, expected):
    lines = [line(number, fen, day) for number, (fen, day) in enumerate(payments, start=1)]
    assert _paid_on(lines) == expected
