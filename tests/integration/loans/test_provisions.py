"""Provisions of a bank, live and at the close of a day, on both engines."""

from collections import defaultdict
from datetime import date

import pytest
import sqlalchemy as sa

from app.kernel.errors import Forbidden
from app.kernel.rates import PPM
from app.loans.classes.changes import JudgeClass, judge_class
from app.loans.classes.provisions import (
    ProvisionDayUnknown,
    at_close,
    list_provisions,
    loan_provision,
    provision_sql,
    provision_view,
)
from app.loans.domain.classification import LoanClass
from app.loans.domain.journal import Account
from app.loans.domain.provision import provision_fen
from app.loans.models import LoanMonthEnd, LoanPosting
from app.loans.services import Drawn, PostDrawdown, Repay, repay
from tests.support.once import built_once
from tests.support.query_plans import plan_of

DAY = date(2024, 3, 30)
FIRST_DAY = date(2024, 3, 21)


@pytest.fixture
@built_once
def books(bank):
    """Two loans of two debtors on 30 March, of 3,000,000.00 and 1,000,000.01; the second is doubtful."""
    bank.open(DAY)
    ids = []
    for fen, borrower in ((3_000_000_00, "C1"), (1_000_000_01, "C2")):
        loan_id = bank.sign(
            contract_fen=fen,
            starts_on=FIRST_DAY,
            matures_on=date(2025, 3, 20),
            borrower_id=bank.world.organisation(borrower),
        )
        drawn = PostDrawdown(loan_id=loan_id, amount_fen=fen)
        bank.take_over(loan_id, Drawn(on=FIRST_DAY, command=drawn))
        ids.append(loan_id)
    with bank.database.write() as session:
        command = JudgeClass(loan_class=LoanClass.DOUBTFUL, reason="现场核查")
        judge_class(session, bank.world.actor("a-risk"), ids[1], command)
    bank.close_until(DAY, date(2024, 3, 31))
    return ids


def view(bank, on=None, login="a-risk"):
    with bank.database.read() as session:
        return provision_view(session, bank.world.actor(login), on)


def test_sums_by_class_stand_for_the_open_day(bank, books):
    found = view(bank)
    assert (found.on, found.is_open) == (date(2024, 4, 1), True)
    by_class = {each.loan_class.value: each for each in found.provision.classes}
    assert by_class["normal"].provision_fen == 30_000_00
    assert by_class["doubtful"].provision_fen == 500_000_01
    assert found.provision.provision_fen == 530_000_01
    assert found.provision.non_performing_ppm == 250_000


def test_a_past_day_is_worked_out_from_the_journal_and_the_classes_of_that_day(bank, books):
    before, after = view(bank, DAY), view(bank, date(2024, 3, 31))
    assert not before.is_open
    assert before.provision == after.provision == view(bank).provision
    for day in (date(2024, 3, 29), date(2024, 4, 2)):
        with pytest.raises(ProvisionDayUnknown):
            view(bank, day)


def journal_until(bank, day):
    """Principal of each loan by all that was booked up to a day."""
    owed = defaultdict(int)
    with bank.database.read() as session:
        for line in session.execute(sa.select(LoanPosting)).scalars():
            moved = {line.debit: line.amount_fen, line.credit: -line.amount_fen}
            if line.booked_on <= day:
                owed[line.loan_id] += moved.get(Account.PRINCIPAL, 0)
    return {loan_id: fen for loan_id, fen in owed.items() if fen}


def test_each_past_day_has_the_principal_of_the_journal_up_to_it(bank, books):
    """Over the end of a month: prepaid on 1 April, drawn and settled on the 2nd, money dated back."""
    ops = bank.world.actor("a-ops")
    with bank.database.write() as session:
        early = Repay(amount_fen=100_000_00, prepay=True, key="early")
        repay(session, ops, books[0], early)
    bank.close(date(2024, 4, 1))
    bank.set_clock(date(2024, 4, 2))
    third = bank.sign(starts_on=date(2024, 4, 2), matures_on=date(2025, 4, 1))
    bank.draw(third, 3_000_000_00)
    with bank.database.write() as session:
        whole = Repay(amount_fen=2_000_000_00, prepay=True, key="whole")
        repay(session, ops, books[1], whole)
        back = Repay(amount_fen=1_00, value_on=date(2024, 4, 1), prepay=True, key="back")
        repay(session, ops, books[0], back)
    bank.close_until(date(2024, 4, 2), date(2024, 4, 3))
    for on in (date(2024, 3, 30), *(date(2024, 4, day) for day in (1, 2, 3))):
        with bank.database.read() as session:
            rows = session.execute(at_close(bank.id, on, date(2024, 4, 4))).all()
        assert {row.loan_id: row.balance_fen for row in rows if row.balance_fen} == journal_until(
            bank, on
        )
    assert books[1] not in journal_until(bank, date(2024, 4, 2))


@pytest.mark.fresh_copy
@pytest.mark.parametrize("day", [date(2024, 3, 10), date(2024, 3, 31), date(2024, 4, 2)])
def test_a_past_day_reads_a_month_of_the_journal_by_its_index(database, world, day):
    statement = at_close(world.organisation("A"), day, date(2024, 4, 4))
    with database.read() as session:
        said = plan_of(session, statement)
    assert "ix_loan_posting_kind" in said or "ix_loan_posting_bank" in said
    assert "uq_classification_loan_id_on" in said or "classification USING INDEX" in said
    assert "SCAN loan_posting" not in said
    assert "Seq Scan" not in said


def test_the_loans_behind_the_sums_are_listed_by_class(bank, books):
    with bank.database.read() as session:
        actor = bank.world.actor("a-risk")
        rows = session.execute(list_provisions(session, actor))
        found = [loan_provision(row) for row in rows]
        only = list_provisions(session, actor, DAY, LoanClass.NORMAL)
        normal = session.execute(only).all()
    assert [each.loan_id for each in found] == [books[1], books[0]]
    assert (found[0].rate_ppm, found[0].provision_fen) == (500_000, 500_000_01)
    assert [row.loan_id for row in normal] == [books[0]]


def test_a_month_end_keeps_the_provision_and_verify_works_it_out_again(bank, books):
    with bank.database.read() as session:
        rows = session.execute(
            sa.select(LoanMonthEnd.provision_fen).where(
                LoanMonthEnd.month_end_on == date(2024, 3, 31)
            )
        ).scalars()
        assert sorted(rows) == [30_000_00, 500_000_01]
    assert bank.broken() == []
    bank.sql("UPDATE loan_month_end SET provision_fen = provision_fen + 1")
    assert {each.invariant for each in bank.broken()} == {"loan-provision"}


def test_a_loan_whose_first_close_failed_at_the_month_end_has_the_provision_of_a_normal_one(bank):
    day = date(2024, 3, 31)
    bank.open(day)
    loan_id = bank.sign(starts_on=day)
    bank.draw(loan_id, 3_000_000_00)
    bank.sql("UPDATE note_state SET period_due_on = '2024-03-31'")
    assert bank.close(day).failed == 1
    with bank.database.read() as session:
        (row,) = session.execute(sa.select(LoanMonthEnd)).scalars()
    assert (row.loan_class, row.provision_fen) == (LoanClass.NORMAL, 30_000_00)
    assert view(bank).provision.provision_fen == 30_000_00


def test_the_provision_is_for_those_who_may_read_it(bank, books):
    with pytest.raises(Forbidden):
        view(bank, login="a-ops")
    assert view(bank, login="a-audit").provision.loans == 2


@pytest.mark.parametrize("balance", [0, 49, 50, 149, 150, 999_999_999_999_999, 10**15])
def test_the_database_rounds_as_the_rule_does(bank, balance):
    rates = dict.fromkeys(LoanClass, 15_000) | {LoanClass.LOSS: PPM}
    with bank.database.read() as session:
        for tier in (LoanClass.NORMAL, LoanClass.LOSS):
            asked = provision_sql(
                sa.literal(balance, sa.BigInteger), sa.literal(tier.value, sa.String), rates
            )
            found = session.execute(sa.select(asked)).scalar_one()
            assert found == provision_fen(balance, rates[tier])
