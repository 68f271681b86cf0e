"""Reasons of a class: words that fit one day and many, also for rows stored with earlier ones."""

from datetime import date

import pytest

from app import policy
from app.loans.domain.class_changes import holding_reasons
from app.loans.domain.classification import LoanClass, class_rules, days_reason
from app.loans.domain.debtor import reason_read, reasons_to_json
from app.policy import Policy

EARLIER = "Overdue by %(days)s days, which is more than %(limit)s."
RULES = class_rules(Policy(parameters=policy.on(date(2024, 1, 2))))


@pytest.mark.parametrize("days", [1, 2, 91])
def test_days_overdue_are_said_without_a_plural(days):
    reason = days_reason(days, RULES)
    assert (reason.detail % reason.facts).startswith(f"Days overdue: {days}, more than ")


def test_a_reason_stored_with_earlier_words_is_read_in_those_of_today():
    (stored,) = reasons_to_json([days_reason(1, RULES)])
    earlier = {**stored, "detail": EARLIER}
    assert reason_read(earlier) == reason_read(stored) == stored


def test_a_reason_that_holds_a_class_down_is_told_in_the_words_of_today():
    (stored,) = reasons_to_json([days_reason(91, RULES)])
    assert holding_reasons([{**stored, "detail": EARLIER}], LoanClass.NORMAL) == (stored,)


def test_other_reasons_keep_their_words():
    (stored,) = reasons_to_json([days_reason(0, RULES)])
    assert reason_read(stored) == stored
