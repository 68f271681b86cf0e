"""Write-offs: proposed by asset preservation, decided, carried out in the books; both engines."""

from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa

from app.collateral.models import LoanCover
from app.collateral.services.watch import watch_bank
from app.desk.loan_page import loan_page
from app.desk.worklist import worklist
from app.identity.models import AuthorityLimit
from app.kernel.errors import DutiesApart, Forbidden, NotFound
from app.kernel.permissions import Permission
from app.loans.domain.classification import LoanClass
from app.loans.domain.journal import Account
from app.loans.domain.states import LoanState
from app.loans.ledger.entries import Recover, claim_left, recover
from app.loans.models import LoanStateRow
from app.loans.queries import trial_balance
from app.loans.refusals import LoanBehind
from app.loans.services import Drawn, PostDrawdown, Repay, repay
from app.origination.domain.changes import ChangeKind, ChangeState
from app.origination.domain.write_off import WriteOffGround
from app.origination.invariants import violations
from app.origination.refusals import ChangeAboveAuthority, ChangeWaiting, WriteOffRefused
from app.origination.services.changes import (
    CarryOut,
    DecideChange,
    ProposeChange,
    propose_change,
)
from app.origination.services.write_offs import (
    ProposeWriteOff,
    approve_write_off,
    carry_out_write_off,
    propose_write_off,
    refuse_write_off,
    withdraw_write_off,
    write_off_view,
)
from tests.support.bank import Bank, broken
from tests.support.once import built_once

FIRST_DAY = date(2023, 12, 26)
DAY = date(2025, 3, 1)
"""After 345 days overdue: nothing was paid since the first interest of 2024-03-21."""
PRINCIPAL_FEN = 3_000_000_00
AGREED = DecideChange(note="同意核销")


@pytest.fixture
def bank(database, world, clock):
    made = Bank(database, world, clock).open(DAY)
    yield made
    if not made.tampered:
        with database.read() as session:
            assert [*broken(database), *violations(session)] == []


@pytest.fixture
@built_once
def loan_id(bank):
    """Drawn in full, matured, nothing paid: doubtful."""
    made = bank.sign()
    drawn = PostDrawdown(loan_id=made, amount_fen=PRINCIPAL_FEN)
    bank.take_over(made, Drawn(on=FIRST_DAY, command=drawn))
    bank.close(DAY)
    assert bank.view(made).loan_class is LoanClass.DOUBTFUL
    return made


def act(bank, service, login, *args):
    with bank.database.write() as session:
        return service(session, bank.world.actor(login), *args)


def propose(bank, loan_id, **given):
    terms = {
        "ground": WriteOffGround.ENFORCEMENT,
        "reason": "无财产可供执行",
        "evidence": "（2025）甘07执12号终结执行裁定书",
        **given,
    }
    return act(bank, propose_write_off, "a-preserve", loan_id, ProposeWriteOff(**terms))


def balances(bank, loan_id):
    with bank.database.read() as session:
        lines = trial_balance(session, bank.actor, loan_id=loan_id)
    return {line.account: line.balance_fen for line in lines if line.balance_fen}


def test_a_write_off_is_decided_by_another_person_and_leaves_the_balance_sheet(bank, loan_id):
    owed = bank.view(loan_id)
    made = propose(bank, loan_id)
    assert (made.number, made.state) == ("WO-2025-000001", ChangeState.PROPOSED)
    assert (made.principal_fen, made.interest_fen) == (PRINCIPAL_FEN, owed.accrued_fen)
    with pytest.raises(Forbidden):
        act(bank, approve_write_off, "a-preserve", made.id, AGREED)
    with pytest.raises(NotFound):
        act(bank, approve_write_off, "b-approve", made.id, AGREED)
    act(bank, approve_write_off, "a-approve", made.id, AGREED)
    assert bank.view(loan_id).state is LoanState.OVERDUE
    done = act(bank, carry_out_write_off, "a-preserve", made.id, CarryOut())
    gone = bank.view(loan_id)
    assert (done.state, gone.state) == (ChangeState.CARRIED_OUT, LoanState.WRITTEN_OFF)
    assert (gone.principal_fen, gone.overdue_fen, gone.overdue_days) == (0, 0, 0)
    assert balances(bank, loan_id) == {
        Account.CASH: -PRINCIPAL_FEN,
        Account.WRITE_OFF: PRINCIPAL_FEN,
        Account.MEMO_WRITTEN_OFF: PRINCIPAL_FEN,
        Account.MEMO_INTEREST: owed.accrued_fen,
        Account.MEMO_CONTRA: -PRINCIPAL_FEN - owed.accrued_fen,
    }
    with bank.database.read() as session:
        page = loan_page(session, bank.world.actor("a-preserve"), loan_id)
    assert page.written_off.on == done.carried_out_on == page.steps[-1].day
    assert page.written_off.claim_fen == PRINCIPAL_FEN + owed.accrued_fen


def test_recovery_goes_on_and_nothing_is_written_off_twice(bank, loan_id):
    made = propose(bank, loan_id)
    act(bank, approve_write_off, "a-approve", made.id, AGREED)
    act(bank, carry_out_write_off, "a-preserve", made.id, CarryOut())
    act(bank, recover, "a-ops", loan_id, Recover(amount_fen=100_000_00, reason="执行到位"))
    with bank.database.read() as session:
        assert claim_left(session, loan_id)[0] == PRINCIPAL_FEN - 100_000_00
    with pytest.raises(WriteOffRefused) as refused:
        propose(bank, loan_id)
    assert "loan-open" in refused.value.facts["codes"]


def test_each_condition_that_is_not_met_is_named(bank, loan_id):
    in_order = bank.sign()
    cases = (
        (
            loan_id,
            {"ground": WriteOffGround.COLLECTION},
            {"class-bad-enough", "overdue-long-enough"},
        ),
        (loan_id, {"evidence": " "}, {"evidence-named"}),
        (in_order, {}, {"loan-open", "class-bad-enough"}),
    )
    for wanted, given, codes in cases:
        with pytest.raises(WriteOffRefused) as refused:
            propose(bank, wanted, **given)
        assert set(refused.value.facts["codes"]) == codes


def test_money_that_comes_in_meanwhile_asks_for_a_new_proposal(bank, loan_id):
    """The refusal says what was proposed and what is owed now; the day's interest alone changes nothing."""
    made = propose(bank, loan_id)
    act(bank, approve_write_off, "a-approve", made.id, AGREED)
    act(bank, repay, "a-ops", loan_id, Repay(amount_fen=1_000_00))
    with pytest.raises(WriteOffRefused) as refused:
        act(bank, carry_out_write_off, "a-preserve", made.id, CarryOut())
    (error,) = refused.value.errors
    assert error.facts["principal"].fen == PRINCIPAL_FEN
    assert error.facts["principal_now"].fen == bank.view(loan_id).principal_fen < PRINCIPAL_FEN
    act(bank, withdraw_write_off, "a-preserve", made.id, DecideChange(note="有还款"))
    again = propose(bank, loan_id)
    bank.close(DAY.replace(day=2))
    act(bank, approve_write_off, "a-approve", again.id, AGREED)
    act(bank, carry_out_write_off, "a-preserve", again.id, CarryOut())
    assert claim(bank, loan_id)[1] > again.interest_fen


def claim(bank, loan_id):
    with bank.database.read() as session:
        return claim_left(session, loan_id)


def test_one_change_of_a_loan_waits_at_a_time(bank, loan_id):
    made = propose(bank, loan_id)
    terms = ProposeChange(kind=ChangeKind.EXTENSION, reason="展期", matures_on=date(2026, 1, 1))
    with pytest.raises(ChangeWaiting):
        act(bank, propose_change, "a-officer", loan_id, terms)
    with pytest.raises(ChangeWaiting):
        propose(bank, loan_id)
    with bank.database.read() as session:
        waits = {each.number for each in worklist(session, bank.world.actor("a-approve"))}
    assert made.number in waits
    act(bank, refuse_write_off, "a-approve", made.id, DecideChange(note="仍有财产线索"))
    propose(bank, loan_id)


def test_authority_is_that_of_the_approver_and_duties_stay_apart(bank, loan_id):
    made = propose(bank, loan_id)
    limit(bank, PRINCIPAL_FEN - 1)
    with pytest.raises(ChangeAboveAuthority):
        act(bank, approve_write_off, "a-approve", made.id, AGREED)
    limit(bank, PRINCIPAL_FEN)
    plain = bank.world.actor("a-approve")
    both = replace(plain, permissions=plain.permissions | {Permission.WRITE_OFF_LOAN})
    with bank.database.write() as session:
        approve_write_off(session, both, made.id, AGREED)
        assert "carry-out" not in write_off_view(session, both, made.id).events
        with pytest.raises(DutiesApart):
            carry_out_write_off(session, both, made.id, CarryOut())


def limit(bank, ceiling_fen):
    with bank.database.write() as session:
        session.execute(sa.update(AuthorityLimit).values(ceiling_fen=ceiling_fen))


def test_a_loan_left_behind_by_a_close_is_not_judged(bank, loan_id):
    made = propose(bank, loan_id)
    bank.sql("UPDATE loan_state SET closed_on = '2025-02-27'")
    with pytest.raises(LoanBehind):
        act(bank, approve_write_off, "a-approve", made.id, AGREED)
    assert bank.view(loan_id).state is LoanState.OVERDUE


def test_a_loan_left_behind_by_a_close_is_refused(bank, loan_id):
    made = propose(bank, loan_id)
    act(bank, approve_write_off, "a-approve", made.id, AGREED)
    bank.sql("UPDATE loan_state SET closed_on = '2025-02-27'")
    with pytest.raises(LoanBehind):
        act(bank, carry_out_write_off, "a-preserve", made.id, CarryOut())


CHANGED = {
    "UPDATE loan_write_off SET principal_fen = 1": "loan-write-off",
    "UPDATE loan_write_off SET evidence = ''": "loan-write-off",
    "UPDATE loan_write_off SET carried_out_by_id = NULL": "duties-apart",
    "UPDATE loan SET state = 'overdue'": "loan-write-off-books",
    "DELETE FROM loan_posting WHERE kind = 'write-off'": "loan-write-off-books",
}


@pytest.mark.one_engine("sqlite")
def test_what_somebody_changes_past_the_service_is_found(bank, loan_id):
    made = propose(bank, loan_id)
    act(bank, approve_write_off, "a-approve", made.id, AGREED)
    act(bank, carry_out_write_off, "a-preserve", made.id, CarryOut())
    for statement, invariant in CHANGED.items():
        assert invariant in bank.broken_by(statement, violations), statement


def test_security_that_is_left_must_be_accounted_for(lending):
    """A pledged loan: each pledge that stands asks why it brings nothing more."""
    drawdown = lending.drawn(lending.main_pool())
    session, officer = lending.session, lending.staff("preserve")
    terms = {"ground": WriteOffGround.ENFORCEMENT, "reason": "样本", "evidence": "裁定书"}
    for note, missing in (("", True), ("两次流拍，抵债不成", False)):
        command = ProposeWriteOff(**terms, security_note=note)
        with pytest.raises(WriteOffRefused) as refused:
            propose_write_off(session, officer, drawdown.loan_id, command)
        assert ("security-exhausted" in refused.value.facts["codes"]) is missing


def test_the_cover_of_a_loan_written_off_is_not_measured_against_what_is_left_on_the_books(lending):
    loan_id = lending.drawn(lending.main_pool()).loan_id
    session, officer = lending.session, lending.staff("preserve")
    watch_bank(session, lending.staff("risk"), lending.bank_id, everything=True)
    before = session.get_one(LoanCover, loan_id).ltv_ppm
    session.get_one(LoanStateRow, loan_id).loan_class = LoanClass.DOUBTFUL
    command = ProposeWriteOff(
        ground=WriteOffGround.ENFORCEMENT,
        reason="无财产可供执行",
        evidence="终结执行裁定书",
        security_note="两次流拍，抵债不成",
    )
    made = propose_write_off(session, officer, loan_id, command)
    approve_write_off(session, lending.staff("approve"), made.id, AGREED)
    carry_out_write_off(session, officer, made.id, CarryOut())
    seen = watch_bank(session, lending.staff("risk"), lending.bank_id, everything=True)
    assert (seen.loans_measured, session.get_one(LoanCover, loan_id).ltv_ppm) == (0, before)
