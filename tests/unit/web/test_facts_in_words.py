"""Facts in sentences: amounts bear their thousands, whether money or text as facts are stored."""

import pytest

from app.kernel.errors import MalformedRequest
from app.kernel.money import Money
from app.origination.refusals import ChangeRefused
from app.web.problems import problem_of, show


@pytest.mark.one_engine("sqlite")
@pytest.mark.parametrize(
    ("fact", "shown"),
    [
        (Money(50_000_000), "500,000.00"),
        ("500000.00", "500,000.00"),
        ("-1234567.89", "-1,234,567.89"),
        ("999.99", "999.99"),
        ("1000.00", "1,000.00"),
        ("0.00", "0.00"),
        (Money(-5), "-0.05"),
        (1000, 1000),
    ],
)
def test_an_amount_is_shown_with_its_thousands(app, fact, shown):
    with app.test_request_context("/"):
        assert show(fact) == shown


@pytest.mark.one_engine("sqlite")
@pytest.mark.parametrize("words", ["1234.5", "1234.567", "0001.00", "L-2024-000001"])
def test_what_is_no_amount_stays_as_it_is(app, words):
    with app.test_request_context("/"):
        assert show(words) == words


@pytest.mark.one_engine("sqlite")
@pytest.mark.parametrize(
    ("language", "plain", "divided"),
    [("zh-CN", "甲、乙", "甲、乙；丙"), ("en", "甲, 乙", "甲、乙; 丙")],
)
def test_a_list_is_joined_in_the_signs_of_the_reader(app, language, plain, divided):
    """A part that is a list itself is told apart from the next one."""
    with app.test_request_context("/", headers={"Accept-Language": language}):
        assert show(["甲", "乙"]) == plain
        assert show(["甲、乙", "丙"]) == divided


@pytest.mark.one_engine("sqlite")
@pytest.mark.parametrize(
    ("language", "reason", "check"),
    [
        ("zh-CN", "JSON 键重复出现", "债务人发生财务困难"),
        ("en", "a JSON key stands twice", "The debtor is in financial difficulty"),
    ],
)
def test_facts_that_are_words_are_in_the_language_of_the_reader(app, language, reason, check):
    """Programs read the sentence and the words beside it in one language; codes are the same in each."""
    with app.test_request_context("/", headers={"Accept-Language": language}):
        malformed = problem_of(MalformedRequest(reason="a JSON key stands twice"))
        title = "The debtor is in financial difficulty"
        refused = problem_of(ChangeRefused(checks=[title], codes=["debtor-in-difficulty"]))
    assert (malformed["reason"], refused["checks"]) == (reason, [check])
    assert reason in malformed["detail"]
    assert check in refused["detail"]
    assert refused["codes"] == ["debtor-in-difficulty"]
