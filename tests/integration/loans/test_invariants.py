"""Whoever changes a figure by SQL is found out, and the row is named."""

from datetime import date

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from app.loans.invariants import violations
from app.loans.invariants_lines import line_violations
from app.loans.models import RepaymentLine
from app.loans.services import Repay, repay

NOTE = "UPDATE note_state SET {} = {} + 1"


@pytest.fixture
def behind(bank, due):
    """A loan with accruals, a bill and a repayment of a part of it."""
    with bank.database.write() as session:
        repay(session, bank.actor, due, Repay(amount_fen=10_000_00))
    bank.close(date(2024, 3, 21))
    return bank


@pytest.fixture
def busy(behind):
    """The same with a closed month."""
    behind.close_until(date(2024, 3, 22), date(2024, 3, 31))
    return behind


CHANGES = [
    ("UPDATE loan_state SET principal_fen = principal_fen + 1", "loan-figures"),
    ("UPDATE loan_state SET accrued_fen = accrued_fen - 1", "loan-figures"),
    ("UPDATE loan_state SET suspense_fen = suspense_fen + 1", "loan-figures"),
    ("UPDATE loan_state SET overdue_days = overdue_days + 1", "loan-overdue"),
    ("UPDATE loan_state SET overdue_fen = overdue_fen + 1", "loan-overdue"),
    ("UPDATE loan_state SET loan_class = 'normal'", "loan-class"),
    ("UPDATE loan_state SET own_class = 'normal'", "loan-own-class"),
    ("UPDATE loan_state SET loan_class = 'loss'", "loan-class"),
    ("UPDATE classification SET loan_class = 'doubtful'", "loan-class"),
    (NOTE.format("unbilled_fen", "unbilled_fen"), "note-figures"),
    (NOTE.format("overdue_principal_fen", "overdue_principal_fen"), "note-figures"),
    (NOTE.format("interest_fen", "interest_fen"), "note-figures"),
    (NOTE.format("penalty_fen", "penalty_fen"), "note-figures"),
    (NOTE.format("compound_paid_fen", "compound_paid_fen"), "note-figures"),
    (NOTE.format("ahead_fen", "ahead_fen"), "note-figures"),
    (NOTE.format("odd_fen", "odd_fen"), "note-figures"),
    (NOTE.format("odd_part_fen", "odd_part_fen"), "note-figures"),
    (NOTE.format("bills", "bills"), "note-figures"),
    ("UPDATE loan_note SET amount_fen = amount_fen + 1", "note-figures"),
    ("UPDATE loan_note SET rate_ppm = rate_ppm + 100", "note-rate"),
    ("UPDATE note_rate SET rate_ppm = rate_ppm + 100", "accrual-formula"),
    ("DELETE FROM note_rate", "note-rate"),
    ("UPDATE loan_accrual SET cumulative_fen = cumulative_fen + 1", "accrual-formula"),
    ("UPDATE loan_accrual SET amount_fen = amount_fen + 1", "accrual-posting"),
    ("DELETE FROM loan_accrual WHERE kind = 'interest'", "note-figures"),
    ("UPDATE loan_due SET interest_fen = interest_fen + 1", "due-interest"),
    ("UPDATE loan_due SET principal_fen = principal_fen + 1", "due-principal"),
    ("UPDATE loan_due SET paid_interest_fen = paid_interest_fen + 1", "due-paid"),
    ("UPDATE loan_posting SET amount_fen = amount_fen + 1", "loan-figures"),
    ("DELETE FROM loan_posting WHERE kind = 'repayment'", "loan-figures"),
    ("UPDATE repayment_line SET paid_fen = paid_fen - 1", "repayment-lines"),
    ("UPDATE repayment_line SET owed_fen = owed_fen + 1", "repayment-owed"),
    ("UPDATE repayment_line SET owed_fen = owed_fen - 1", "repayment-owed"),
    (
        "UPDATE repayment SET interest_fen = interest_fen + 1, amount_fen = amount_fen + 1",
        "repayment-entry",
    ),
    ("UPDATE loan_month_end SET principal_fen = principal_fen + 1", "loan-month-end"),
    ("UPDATE day_close SET accrued_fen = accrued_fen + 1", "day-close-accrued"),
    ("UPDATE day_close SET billed_fen = billed_fen + 1", "day-close-billed"),
    ("UPDATE day_close SET failed = 1, done = 0", "day-close-failed"),
    ("UPDATE day_close SET total = total + 1", "day-close-total"),
    ("UPDATE bank_day SET open_on = '2024-04-03'", "business-day"),
]
"""What SQL may do, and the invariant that it breaks."""


@pytest.mark.one_engine("sqlite")
def test_a_changed_figure_is_named(busy):
    assert busy.broken() == []
    for statement, invariant in CHANGES:
        with Session(busy.database.engine) as session:
            session.execute(sa.text(statement))
            found = list(violations(session))
            session.rollback()
        assert invariant in {each.invariant for each in found}, statement
        assert all(each.subject for each in found), statement
    assert busy.broken() == []


def test_a_pair_of_postings_changed_together_breaks_the_digest_of_the_close(behind):
    """Someone clever changes a day's accrual everywhere it is stored; the audit journal knows."""
    found = behind.broken_by(
        "UPDATE loan_posting SET amount_fen = amount_fen + 5"
        " WHERE kind = 'accrual' AND booked_on = '2024-03-21'"
    )
    assert "day-close-digest" in found


@pytest.fixture
def split(bank, due):
    """A bill paid in two parts, then principal before its day."""
    for amount_fen in (10_000_00, 5_000_00):
        with bank.database.write() as session:
            repay(session, bank.actor, due, Repay(amount_fen=amount_fen))
    bank.close_until(date(2024, 3, 21), date(2024, 3, 22))
    for amount_fen in (500_000_00, 100_000_00):
        with bank.database.write() as session:
            repay(session, bank.actor, due, Repay(amount_fen=amount_fen, prepay=True))
    return bank


def test_what_a_line_says_was_owed_follows_from_bills_and_the_lines_before(split):
    assert split.broken() == []
    with Session(split.database.engine) as session:
        lines = session.execute(sa.select(RepaymentLine.id)).scalars().all()
        assert len(lines) == 6
        for line_id in lines:
            for more_fen in (1, -1, 100_000_000):
                row = session.get_one(RepaymentLine, line_id)
                row.owed_fen += more_fen
                found = list(line_violations(session))
                assert {each.invariant for each in found} == {"repayment-owed"}
                assert found[0].subject.startswith("repayment C-2024-")
                session.rollback()


def test_the_row_is_named_by_its_number(behind):
    behind.sql("UPDATE loan_state SET principal_fen = principal_fen + 1")
    (found,) = [each for each in behind.broken() if each.invariant == "loan-figures"]
    assert found.subject == "loan L-2023-000001"
    assert found.detail == "principal is 300000001 fen, the journal says 300000000"
