"""What a write-off asks for: each condition on both sides of its border."""

from dataclasses import replace
from datetime import date

import pytest

from app import policy
from app.loans.domain.classification import LoanClass
from app.origination.domain.checks import unmet
from app.origination.domain.write_off import (
    Owed,
    WriteOffFacts,
    WriteOffGround,
    decide_write_off,
    ground_rule,
)
from app.policy import Policy

OWED = Owed(principal_fen=100_00, interest_fen=5_00, fees_fen=2_00, repayments=2)
LAID_DOWN = Policy(parameters=policy.on(date(2024, 1, 2)))
FACTS = WriteOffFacts(
    open=True,
    loan_class=LoanClass.LOSS,
    overdue_days=720,
    provision_fen=100_00,
    suspense_fen=0,
    pledges=0,
    guarantees=0,
    open_cases=0,
    security_note="",
    evidence="终结执行裁定书",
    rule=ground_rule(LAID_DOWN, WriteOffGround.COLLECTION),
    proposed=OWED,
    owed=OWED,
)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({}, None),
        ({"open": False}, "loan-open"),
        ({"loan_class": LoanClass.DOUBTFUL}, "class-bad-enough"),
        ({"overdue_days": 719}, "overdue-long-enough"),
        ({"pledges": 1}, "security-exhausted"),
        ({"guarantees": 1}, "security-exhausted"),
        ({"pledges": 1, "security_note": "两次流拍"}, None),
        ({"open_cases": 1}, "no-top-up-case"),
        ({"evidence": " "}, "evidence-named"),
        ({"suspense_fen": 1}, "no-money-waits"),
        ({"provision_fen": 0}, None),
        ({"owed": replace(OWED, principal_fen=99_99)}, "owed-as-proposed"),
        ({"owed": replace(OWED, interest_fen=4_99)}, "owed-as-proposed"),
        ({"owed": replace(OWED, repayments=3)}, "owed-as-proposed"),
        ({"owed": replace(OWED, interest_fen=5_01)}, None),
    ],
)
def test_each_condition_stands_alone(changed, code):
    found = [each.code for each in unmet(decide_write_off(replace(FACTS, **changed)))]
    assert found == ([code] if code else [])


@pytest.mark.parametrize(
    ("provision_fen", "beyond"),
    [(0, "100.00"), (99_99, "0.01"), (100_00, "0.00"), (100_01, "0.00")],
)
def test_what_the_provision_does_not_bear_is_charged_to_the_year(provision_fen, beyond):
    checks = decide_write_off(replace(FACTS, provision_fen=provision_fen))
    (held,) = [each for each in checks if each.code == "provision-held"]
    assert held.facts["beyond"].yuan == beyond


@pytest.mark.parametrize("ground", WriteOffGround)
def test_every_ground_has_a_rule_for_a_loan_that_is_doubtful_at_best(ground):
    assert ground_rule(LAID_DOWN, ground).best_class.severity >= LoanClass.DOUBTFUL.severity


@pytest.mark.parametrize(
    ("best", "said"), [(LoanClass.DOUBTFUL, "%(best)s or worse."), (LoanClass.LOSS, "%(best)s.")]
)
def test_no_class_is_worse_than_the_last(best, said):
    rule = replace(FACTS.rule, best_class=best)
    checks = decide_write_off(replace(FACTS, rule=rule))
    (asked,) = [each for each in checks if each.code == "class-bad-enough"]
    assert asked.hint.endswith(said)
    assert asked.found.endswith(said)


@pytest.mark.parametrize(
    ("ground", "words"),
    [
        (WriteOffGround.COLLECTION, "Overdue for 720 days; the ground asks for 720."),
        (WriteOffGround.BANKRUPTCY, "Overdue for 720 days."),
    ],
)
def test_a_ground_that_asks_for_no_days_names_none(ground, words):
    checks = decide_write_off(replace(FACTS, rule=ground_rule(LAID_DOWN, ground)))
    (late,) = [each for each in checks if each.code == "overdue-long-enough"]
    assert late.found % late.facts == words
