from datetime import date
from functools import partial

import pytest

from app import policy
from app.loans.domain import classification
from app.loans.domain.classification import ClassRules, LoanClass, Trigger, class_rules, worst_of
from app.loans.domain.debtor import own_classification
from app.loans.domain.states import LoanFact
from app.policy import Policy

RULES = class_rules(Policy(parameters=policy.on(date(2024, 1, 2))))
classify = partial(classification.classify, rules=RULES)
days_reason = partial(classification.days_reason, rules=RULES)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0, LoanClass.NORMAL),
        (1, LoanClass.SPECIAL_MENTION),
        (90, LoanClass.SPECIAL_MENTION),
        (91, LoanClass.SUBSTANDARD),
        (270, LoanClass.SUBSTANDARD),
        (271, LoanClass.DOUBTFUL),
        (360, LoanClass.DOUBTFUL),
        (361, LoanClass.LOSS),
        (3650, LoanClass.LOSS),
    ],
)
def test_days_overdue_set_the_best_class_possible(days, expected):
    found = classify(days_overdue=days)
    assert found.loan_class is expected
    assert found.reasons[0].floor is expected


def test_days_overdue_are_not_negative():
    with pytest.raises(ValueError, match="negative"):
        days_reason(-1)


@pytest.mark.parametrize(
    ("trigger", "floor"),
    [
        (Trigger.FUNDS_MISUSED, LoanClass.SPECIAL_MENTION),
        (Trigger.RESTRUCTURED, LoanClass.SPECIAL_MENTION),
        (Trigger.REFINANCED, LoanClass.SPECIAL_MENTION),
        (Trigger.DEBTOR_EVADES, LoanClass.SPECIAL_MENTION),
        (Trigger.CREDIT_WEAKENED, LoanClass.SPECIAL_MENTION),
        (Trigger.CREDIT_IMPAIRED, LoanClass.SUBSTANDARD),
        (Trigger.DEBTOR_NON_PERFORMING, LoanClass.SUBSTANDARD),
        (Trigger.OVERDUE_ELSEWHERE, LoanClass.SUBSTANDARD),
    ],
)
def test_each_trigger_sets_its_floor(trigger, floor):
    found = classify(days_overdue=0, triggers=[trigger])
    assert found.loan_class is floor
    assert found.reasons[0].code == trigger.value


def test_the_worst_reason_decides_and_all_are_kept():
    found = classify(
        days_overdue=271, triggers=[Trigger.RESTRUCTURED], judged=LoanClass.SUBSTANDARD
    )
    assert found.loan_class is LoanClass.DOUBTFUL
    codes = [reason.code for reason in found.reasons]
    assert codes == ["overdue-more-than-270-days", "judged", "restructured"]


def test_judgement_only_lowers_the_class():
    assert classify(days_overdue=91, judged=LoanClass.NORMAL).loan_class is LoanClass.SUBSTANDARD
    assert classify(days_overdue=0, judged=LoanClass.LOSS).loan_class is LoanClass.LOSS


def test_reasons_can_be_combined_over_the_notes_of_a_debtor():
    combined = worst_of([days_reason(0), days_reason(12)])
    assert combined.loan_class is LoanClass.SPECIAL_MENTION


@pytest.mark.parametrize("days", [0, 1, 91, 271, 361])
def test_every_reason_reads_as_a_sentence(days):
    for reason in classify(days_overdue=days, triggers=Trigger).reasons:
        assert (reason.detail % reason.facts).endswith(".")


def test_floors_of_another_day_replace_those_of_today():
    rules = ClassRules(
        floors=((60, LoanClass.LOSS), (30, LoanClass.SUBSTANDARD)), technical_delay_days=0
    )
    assert classify(days_overdue=30, rules=rules).loan_class is LoanClass.NORMAL
    assert classify(days_overdue=31, rules=rules).loan_class is LoanClass.SUBSTANDARD
    assert classify(days_overdue=61, rules=rules).loan_class is LoanClass.LOSS


@pytest.mark.parametrize(
    ("days", "expected"),
    [(1, LoanClass.NORMAL), (7, LoanClass.NORMAL), (8, LoanClass.SPECIAL_MENTION)],
)
def test_a_technical_delay_lowers_no_class_up_to_the_days_of_the_rules(days, expected):
    facts = [LoanFact.TECHNICAL_DELAY]
    assert own_classification(days_overdue=days, facts=facts, rules=RULES).loan_class is expected
    plain = own_classification(days_overdue=days, facts=[], rules=RULES)
    assert plain.loan_class is LoanClass.SPECIAL_MENTION


def test_non_performing_begins_with_substandard():
    expected = [False, False, True, True, True]
    assert [each.is_non_performing for each in LoanClass] == expected
