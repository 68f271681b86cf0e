from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from app import policy
from app.origination.domain.changes import LOAN_CHANGE, ChangeEvent, ChangeKind, ChangeState
from app.origination.domain.checks import Outcome
from app.origination.domain.extension import (
    ChangeFacts,
    RateFacts,
    decide_change,
    extension_limits,
    longest_extension_months,
    longest_maturity,
    tenor_months,
)
from app.policy import Policy


def limits_on(day):
    return extension_limits(Policy(parameters=policy.on(day)))


OLD, NEW = limits_on(date(2024, 6, 30)), limits_on(date(2024, 7, 1))


@pytest.mark.parametrize(
    ("tenor", "expected"),
    [(6, 6), (12, 12), (13, Fraction(13, 2)), (36, 18), (60, 30), (61, 36), (120, 36)],
)
def test_the_rule_of_1996_by_tenor(tenor, expected):
    """V-EX-01 to V-EX-07."""
    assert longest_extension_months(Fraction(tenor), OLD) == expected


@pytest.mark.parametrize(
    ("tenor", "expected"), [(6, 6), (12, 12), (13, Fraction(13, 2)), (60, 30), (61, Fraction(61, 2)), (120, 60)]
)  # fmt: skip
def test_the_rule_since_july_2024_by_tenor(tenor, expected):
    assert longest_extension_months(Fraction(tenor), NEW) == expected


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "expected"),
    [
        (date(2023, 12, 26), date(2024, 12, 26), 12),
        (date(2023, 12, 26), date(2024, 12, 25), 12),
        (date(2023, 12, 26), date(2024, 12, 24), 11 + Fraction(28, 30)),
        (date(2023, 12, 26), date(2024, 12, 27), 12 + Fraction(1, 30)),
        (date(2024, 3, 1), date(2025, 2, 28), 12),
        (date(2024, 1, 31), date(2024, 2, 28), 1),
        (date(2024, 1, 31), date(2024, 2, 27), Fraction(27, 30)),
        (date(2020, 1, 1), date(2024, 12, 31), 60),
        (date(2020, 1, 1), date(2025, 1, 2), 60 + Fraction(1, 30)),
        (date(2023, 1, 31), date(2023, 2, 28), 1),
        (date(2023, 1, 31), date(2023, 3, 1), 1 + Fraction(1, 30)),
        (date(2023, 1, 15), date(2024, 2, 15), 13),
    ],
)
def test_tenors_in_months(starts_on, ends_on, expected):
    assert tenor_months(starts_on, ends_on) == expected


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "limits", "expected"),
    [
        (date(2024, 1, 10), date(2024, 7, 10), OLD, date(2025, 1, 10)),
        (date(2023, 1, 15), date(2024, 2, 15), OLD, date(2024, 8, 30)),
        (date(2014, 3, 31), date(2024, 3, 31), OLD, date(2027, 3, 31)),
        (date(2024, 3, 11), date(2025, 3, 9), OLD, date(2026, 3, 7)),
        (date(2024, 3, 11), date(2025, 3, 10), OLD, date(2026, 3, 10)),
        (date(2024, 3, 11), date(2025, 3, 11), OLD, date(2026, 3, 11)),
        (date(2022, 10, 18), date(2023, 10, 17), OLD, date(2024, 10, 17)),
        (date(2024, 3, 1), date(2025, 2, 28), OLD, date(2026, 2, 28)),
        (date(2024, 9, 1), date(2025, 2, 28), NEW, date(2025, 8, 31)),
        (date(2024, 3, 1), date(2024, 8, 31), OLD, date(2025, 2, 28)),
        (date(2022, 8, 31), date(2025, 8, 30), NEW, date(2027, 2, 28)),
        (date(2023, 1, 15), date(2024, 2, 14), OLD, date(2024, 8, 29)),
        (date(2014, 3, 31), date(2024, 3, 31), NEW, date(2029, 3, 31)),
    ],
)
def test_the_longest_maturity_permitted(starts_on, ends_on, limits, expected):
    assert longest_maturity(starts_on, ends_on, limits) == expected


FACTS = ChangeFacts(
    kind=ChangeKind.EXTENSION,
    starts_on=date(2023, 12, 26),
    before_on=date(2024, 12, 25),
    matures_on=date(2025, 6, 25),
    longest_on=date(2025, 12, 24),
    today=date(2024, 12, 1),
    performing=True,
    open=True,
    secured=True,
    pledged=True,
    consent="抵押人同意函",
    registered_until=date(2025, 6, 25),
    financial_difficulty=False,
    has_plan=False,
    rate_border_months=60,
    rate=RateFacts(floating=False, low_ppm=44_500, high_ppm=44_500),
    restructured_until_on=date(2035, 1, 1),
)


def new_rate(after_ppm, low_ppm=44_500, *, floating=False):
    return RateFacts(
        floating=floating, low_ppm=low_ppm, high_ppm=44_500, after_ppm=after_ppm, made="x"
    )


def unmet(**changed):
    checks = decide_change(replace(FACTS, **changed))
    return {each.code for each in checks if each.outcome is Outcome.UNMET}


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        ({}, set()),
        ({"performing": False}, {"performing"}),
        ({"has_plan": True}, {"plan-as-it-stands"}),
        ({"matures_on": date(2024, 12, 25)}, {"later-maturity"}),
        ({"longest_on": date(2025, 6, 25)}, set()),
        ({"longest_on": date(2025, 6, 24)}, {"within-extension-limit"}),
        ({"consent": " "}, {"security-consents"}),
        ({"consent": " ", "secured": False}, set()),
        ({"registered_until": date(2025, 6, 24)}, {"registration-runs"}),
        ({"registered_until": None}, {"registration-runs"}),
        ({"registered_until": None, "pledged": False}, set()),
        ({"today": date(2024, 12, 24)}, set()),
        ({"today": date(2024, 12, 25)}, {"before-maturity"}),
        ({"rate_border_months": 17}, {"rate-of-cumulative-tenor"}),
        ({"rate_border_months": 17, "rate": new_rate(44_500)}, set()),
        ({"rate_border_months": 17, "rate": new_rate(44_499)}, {"rate-not-lower"}),
        ({"rate_border_months": 18, "rate": new_rate(44_499)}, {"rate-not-lower"}),
        ({"rate_border_months": 18, "rate": new_rate(44_500)}, set()),
    ],
)
def test_each_condition_of_an_extension(changed, codes):
    assert unmet(**changed) == codes


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        ({"financial_difficulty": True}, set()),
        ({}, {"debtor-in-difficulty"}),
        ({"financial_difficulty": True, "matures_on": date(2035, 1, 1), "rate_border_months": 600,
          "registered_until": date(2035, 1, 1)}, set()),
        ({"financial_difficulty": True, "matures_on": date(2035, 1, 2), "rate_border_months": 600,
          "registered_until": date(2035, 1, 2)}, {"within-restructuring-limit"}),
        ({"financial_difficulty": True, "matures_on": date(2024, 12, 25)}, {"terms-eased"}),
        ({"financial_difficulty": True, "matures_on": date(2024, 12, 25), "has_plan": True}, set()),
        ({"financial_difficulty": True, "matures_on": date(2024, 12, 25), "rate": new_rate(44_499)}, set()),
        ({"financial_difficulty": True, "matures_on": date(2024, 12, 25), "rate": new_rate(44_500)},
         {"terms-eased"}),
        ({"financial_difficulty": True, "matures_on": date(2024, 12, 25),
          "rate": new_rate(44_499, low_ppm=44_400)}, {"terms-eased"}),
        ({"financial_difficulty": True, "rate_border_months": 17}, {"rate-of-cumulative-tenor"}),
        ({"financial_difficulty": True, "rate_border_months": 17, "rate": new_rate(30_000)}, set()),
        ({"financial_difficulty": True, "performing": False}, set()),
        ({"financial_difficulty": True, "open": False}, {"loan-open"}),
    ],
)  # fmt: skip
def test_each_condition_of_a_restructuring(changed, codes):
    assert unmet(kind=ChangeKind.RESTRUCTURING, **changed) == codes


def test_the_table_of_a_change_lists_every_step():
    ends = {ChangeState.CARRIED_OUT, ChangeState.REFUSED, ChangeState.WITHDRAWN}
    assert LOAN_CHANGE.final_states() == ends
    assert {event for _state, event in LOAN_CHANGE.table} == set(ChangeEvent)
    assert (ChangeState.PROPOSED, ChangeEvent.CARRY_OUT) not in LOAN_CHANGE.table


def test_a_restructuring_is_advised_only_while_terms_can_still_be_changed():
    def hint(today):
        checks = decide_change(replace(FACTS, performing=False, today=today))
        return next(each.hint for each in checks if each.code == "performing")

    assert "restructuring" in hint(date(2024, 12, 24))
    assert "restructuring" not in hint(date(2024, 12, 25))


@pytest.mark.parametrize(
    ("longest_on", "words"),
    [
        (date(2024, 12, 25), "No extension is possible any more"),
        (date(2024, 12, 26), "The longest maturity permitted is"),
    ],
)
def test_a_limit_before_the_present_maturity_is_not_offered(longest_on, words):
    checks = decide_change(replace(FACTS, longest_on=longest_on))
    (limit,) = (each for each in checks if each.code == "within-extension-limit")
    assert (limit.outcome, limit.hint.startswith(words)) == (Outcome.UNMET, True)


@pytest.mark.parametrize(
    ("border", "said", "needed"),
    [
        (18, "At most %(months)s months in all, as before", Outcome.NOT_NEEDED),
        (17, "More than %(months)s months in all: %(made)s", Outcome.MET),
        (12, "More than %(months)s months in all: %(made)s", Outcome.MET),
        (11, "More than %(months)s months in all, as before", Outcome.NOT_NEEDED),
    ],
)
def test_the_check_of_the_rate_says_where_the_whole_tenor_lies(border, said, needed):
    """Twelve months extended to eighteen, with a rate proposed: only across the border is it asked for."""
    facts = replace(FACTS, rate_border_months=border, rate=new_rate(44_500))
    found = {check.code: check for check in decide_change(facts)}
    tenor = found["rate-of-cumulative-tenor"]
    assert (tenor.found.startswith(said), tenor.outcome) == (True, needed)
    still = {
        check.code: check for check in decide_change(replace(FACTS, rate_border_months=border))
    }
    assert still["rate-not-lower"].found == ""
