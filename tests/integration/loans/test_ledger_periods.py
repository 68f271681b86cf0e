"""A month is summed before the bank's day is held for it, and only once its last day is closed."""

from datetime import date

import pytest
import sqlalchemy as sa

from app.loans.ledger.models import LedgerPeriod
from app.loans.ledger.periods import close_due_periods, close_month
from tests.support.databases import listening


@pytest.fixture
def closing(bank):
    """3,000,000.00 drawn on 2024-01-29; the month ends with the close of the 31st."""
    bank.open(date(2024, 1, 29))
    loan_id = bank.sign()
    bank.draw(loan_id, 3_000_000_00)
    return loan_id


def test_a_month_is_summed_before_the_banks_day_is_held(bank, closing):
    """Under the lock its lines are only counted, from the index."""
    bank.close_until(date(2024, 1, 29), date(2024, 1, 30))
    seen = []

    def note(connection, _cursor, statement, *_rest):
        writes = not connection.get_execution_options().get("greenpledge_read_only", False)
        if writes and "FROM loan_posting" in statement:
            seen.append(statement)

    with listening(bank.database.engine, "before_cursor_execute", note):
        close_due_periods(bank.database, bank.actor, bank.id)
        assert seen == []
        bank.close(date(2024, 1, 31))
    assert [each for each in seen if "sum(" in each or "loan_posting.text" in each] == []
    assert [each for each in seen if "count(" in each] != []


def test_a_month_whose_last_day_is_open_has_no_period(bank, closing):
    bank.close_until(date(2024, 1, 29), date(2024, 1, 30))
    with bank.database.write() as session:
        close_month(session, bank.actor, bank.id, date(2024, 1, 31))
        assert session.execute(sa.select(LedgerPeriod)).all() == []
    bank.close(date(2024, 1, 31))
    with bank.database.write() as session:
        close_month(session, bank.actor, bank.id, date(2024, 1, 31))
        assert len(session.execute(sa.select(LedgerPeriod)).all()) == 1
