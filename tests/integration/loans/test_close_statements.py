"""What the close of a day asks of the database, however few loans there are: each thing once."""

from datetime import timedelta

import pytest

from app.loans.classes.changes import JudgeClass, judge_class
from app.loans.domain.classification import LoanClass
from tests.integration.loans.conftest import FIRST_DAY

ONE_DAY = timedelta(days=1)
MOST_STATEMENTS = 55
"""Of a close on whose day nothing happens but interest, for any number of loans up to a chunk."""


@pytest.fixture
def asked(bank, drawn, queries):
    """Closes a day and gives its statements."""
    bank.close_until(FIRST_DAY, FIRST_DAY + ONE_DAY)

    def close(day):
        with queries() as seen:
            bank.close(day)
        return seen

    return close


def test_a_close_on_which_nothing_happens_asks_little(asked):
    seen = asked(FIRST_DAY + 2 * ONE_DAY)
    assert len(seen) <= MOST_STATEMENTS


def test_what_a_bank_decided_is_asked_once(asked):
    seen = asked(FIRST_DAY + 2 * ONE_DAY)
    assert sum("FROM policy_override" in each for each in seen) == 1


def test_another_loan_takes_no_statement_more(bank, asked):
    first = asked(FIRST_DAY + 2 * ONE_DAY)
    bank.draw(bank.sign(starts_on=FIRST_DAY + 3 * ONE_DAY), 1_000_000_00)
    bank.close(FIRST_DAY + 3 * ONE_DAY)
    assert len(asked(FIRST_DAY + 4 * ONE_DAY)) == len(first)


def test_classes_are_read_only_where_a_loan_is_not_normal(bank, drawn, asked):
    named = "class_change.judged_class"
    assert not any(named in each for each in asked(FIRST_DAY + 2 * ONE_DAY))
    with bank.database.write() as session:
        command = JudgeClass(loan_class=LoanClass.SPECIAL_MENTION, reason="现场核查")
        judge_class(session, bank.world.actor("a-risk"), drawn, command)
    assert any(named in each for each in asked(FIRST_DAY + 3 * ONE_DAY))
    assert bank.view(drawn).loan_class is LoanClass.SPECIAL_MENTION
