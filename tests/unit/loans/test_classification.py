from dataclasses import replace
from datetime import date
from functools import partial

import pytest

from app import policy
from app.loans.domain import classification
from app.loans.domain.classification import KnownFact, LoanClass, Trigger, class_rules, worst_of
from app.loans.domain.debtor import (
    ClaimOnDebtor,
    FactInForce,
    debtor_reason,
    own_classification,
    reasons_to_json,
    so_far,
    spread,
    taken_class,
)
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
        (Trigger.OVERDUE_ELSEWHERE, LoanClass.SUBSTANDARD),
    ],
)
def test_each_trigger_sets_its_floor(trigger, floor):
    found = classify(days_overdue=0, facts=[KnownFact(trigger=trigger)])
    assert found.loan_class is floor
    assert found.reasons[0].code == trigger.value


def test_the_worst_reason_decides_and_all_are_kept():
    found = classify(
        days_overdue=271,
        facts=[KnownFact(trigger=Trigger.RESTRUCTURED)],
        judged=LoanClass.SUBSTANDARD,
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
    facts = [KnownFact(trigger=each) for each in Trigger]
    facts += [KnownFact(trigger=each.trigger, share_ppm=300_000) for each in facts]
    for reason in classify(days_overdue=days, facts=facts).reasons:
        assert (reason.detail % reason.facts).endswith(".")


def test_floors_of_another_day_replace_those_of_today():
    rules = replace(RULES, floors=((60, LoanClass.LOSS), (30, LoanClass.SUBSTANDARD)))
    assert classify(days_overdue=30, rules=rules).loan_class is LoanClass.NORMAL
    assert classify(days_overdue=31, rules=rules).loan_class is LoanClass.SUBSTANDARD
    assert classify(days_overdue=61, rules=rules).loan_class is LoanClass.LOSS


@pytest.mark.parametrize(
    ("days", "expected"),
    [(1, LoanClass.NORMAL), (7, LoanClass.NORMAL), (8, LoanClass.SPECIAL_MENTION)],
)
def test_a_technical_delay_lowers_no_class_up_to_the_days_of_the_rules(days, expected):
    facts = [FactInForce(fact=LoanFact.TECHNICAL_DELAY)]
    assert own_classification(days_overdue=days, facts=facts, rules=RULES).loan_class is expected
    plain = own_classification(days_overdue=days, facts=[], rules=RULES)
    assert plain.loan_class is LoanClass.SPECIAL_MENTION


def test_non_performing_begins_with_substandard():
    expected = [False, False, True, True, True]
    assert [each.is_non_performing for each in LoanClass] == expected


IMPAIRED, ELSEWHERE = Trigger.CREDIT_IMPAIRED, Trigger.OVERDUE_ELSEWHERE


@pytest.mark.parametrize(
    ("trigger", "share_ppm", "floor"),
    [
        (IMPAIRED, 0, LoanClass.SUBSTANDARD),
        (IMPAIRED, 499_999, LoanClass.SUBSTANDARD),
        (IMPAIRED, 500_000, LoanClass.DOUBTFUL),
        (IMPAIRED, 899_999, LoanClass.DOUBTFUL),
        (IMPAIRED, 900_000, LoanClass.LOSS),
        (ELSEWHERE, 200_000, LoanClass.SPECIAL_MENTION),
        (ELSEWHERE, 200_001, LoanClass.SUBSTANDARD),
    ],
)
def test_a_fact_with_a_share_sets_the_floor_of_its_share(trigger, share_ppm, floor):
    found = classify(days_overdue=0, facts=[KnownFact(trigger=trigger, share_ppm=share_ppm)])
    assert found.loan_class is floor


def claims(*parts):
    return [ClaimOnDebtor(loan_class=tier, balance_fen=fen) for tier, fen in parts]


GOOD, BAD = LoanClass.NORMAL, LoanClass.SUBSTANDARD


def test_a_tenth_of_the_claims_non_performing_leaves_the_others_performing():
    """V-CL-10: 10.0 of 100 million is not more than a tenth; one fen more is."""
    tenth = debtor_reason(claims((GOOD, 90_000_000_00), (BAD, 10_000_000_00)), RULES)
    assert tenth.floor is LoanClass.SPECIAL_MENTION
    more = debtor_reason(claims((GOOD, 90_000_000_00), (BAD, 10_000_000_01)), RULES)
    assert (more.code, more.floor) == ("debtor-non-performing", LoanClass.SUBSTANDARD)


def test_claims_that_are_all_normal_say_nothing_about_each_other():
    assert debtor_reason(claims((GOOD, 5), (GOOD, 0)), RULES) is None


def test_an_adverse_claim_makes_its_siblings_special_mention():
    found = debtor_reason(claims((GOOD, 5), (LoanClass.SPECIAL_MENTION, 5)), RULES)
    assert (found.code, found.floor) == ("debtor-worst", LoanClass.SPECIAL_MENTION)


def test_a_recognised_enhancement_leaves_special_mention_on_both_sides_of_the_tenth():
    reason = debtor_reason(claims((GOOD, 50), (BAD, 50)), RULES)
    below = debtor_reason(claims((GOOD, 90), (BAD, 10)), RULES)
    assert (reason.code, below.code) == ("debtor-non-performing", "debtor-worst")
    for each in (reason, below):
        assert spread(GOOD, each, enhanced=True) == below
        assert spread(LoanClass.SPECIAL_MENTION, each, enhanced=True) is None
    assert spread(GOOD, None, enhanced=True) is None
    assert spread(GOOD, reason, enhanced=False) is reason
    assert spread(LoanClass.DOUBTFUL, reason, enhanced=False) is None


def test_judgement_stands_beside_the_rules_and_never_above_them():
    own = own_classification(days_overdue=91, facts=[], rules=RULES)
    assert so_far(own.loan_class, LoanClass.NORMAL) is LoanClass.SUBSTANDARD
    assert so_far(own.loan_class, LoanClass.LOSS) is LoanClass.LOSS
    found = taken_class(own, LoanClass.LOSS, [None])
    assert [each["code"] for each in reasons_to_json(found.reasons)] == [
        "judged",
        "overdue-more-than-90-days",
    ]
