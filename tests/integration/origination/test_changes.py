"""Extensions and restructurings: proposed, decided, carried out; both engines."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from app.db.engine import now
from app.desk.worklist import worklist
from app.identity.models import AuthorityLimit
from app.kernel.errors import DutiesApart, Forbidden, IllegalEvent, InvalidInput, NotFound
from app.kernel.permissions import Permission
from app.loans.classes.changes import JudgeClass, judge_class
from app.loans.classes.models import LoanObservation
from app.loans.classes.views import class_record
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.classification import LoanClass
from app.loans.domain.states import LoanFact
from app.loans.models import Loan, LoanFactRow
from app.loans.queries import list_dues
from app.loans.schedules import loan_schedule
from app.loans.services import Drawn, PostDrawdown, Repaid, Repay, repay
from app.origination.domain.changes import ChangeKind
from app.origination.invariants import violations
from app.origination.refusals import (
    ChangeAboveAuthority,
    ChangeNotPossible,
    ChangeRefused,
    ChangeWaiting,
)
from app.origination.services.changes import (
    CarryOut,
    DecideChange,
    ProposeChange,
    approve_change,
    carry_out_change,
    change_view,
    propose_change,
    refuse_change,
    withdraw_change,
)
from tests.support.bank import Bank, broken
from tests.support.once import built_once

DAY = date(2024, 3, 1)
FIRST_DAY = date(2023, 12, 26)
END = date(2024, 12, 25)
EXTENSION, RESTRUCTURING = ChangeKind.EXTENSION, ChangeKind.RESTRUCTURING


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
    """3,000,000.00 without security, from 2023-12-26 to 2024-12-25."""
    made = bank.sign()
    drawn = PostDrawdown(loan_id=made, amount_fen=3_000_000_00)
    bank.take_over(made, Drawn(on=FIRST_DAY, command=drawn))
    return made


def act(bank, service, login, *args):
    with bank.database.write() as session:
        return service(session, bank.world.actor(login), *args)


def propose(bank, loan_id, kind=EXTENSION, **terms):
    command = ProposeChange(kind=kind, reason="销售回款延后", **terms)
    return act(bank, propose_change, "a-officer", loan_id, command)


def carried_out(bank, loan_id, kind=EXTENSION, **terms):
    made = propose(bank, loan_id, kind, **terms)
    act(bank, approve_change, "a-approve", made.id, DecideChange(note="同意"))
    return act(bank, carry_out_change, "a-officer", made.id, CarryOut())


def test_an_extension_is_decided_by_another_person_and_carried_out(bank, loan_id):
    later = date(2025, 6, 25)
    made = propose(bank, loan_id, matures_on=later)
    assert (made.state, made.longest_on) == ("proposed", date(2025, 12, 25))
    assert made.number == "T-2024-000001"
    with pytest.raises(IllegalEvent):
        act(bank, carry_out_change, "a-officer", made.id, CarryOut())
    with pytest.raises(Forbidden):
        act(bank, approve_change, "a-officer", made.id, DecideChange(note="同意"))
    with pytest.raises(NotFound):
        act(bank, approve_change, "b-approve", made.id, DecideChange(note="同意"))
    with pytest.raises(ChangeWaiting):
        propose(bank, loan_id, matures_on=later)
    act(bank, approve_change, "a-approve", made.id, DecideChange(note="同意"))
    assert bank.view(loan_id).matures_on == END
    done = act(bank, carry_out_change, "a-officer", made.id, CarryOut())
    assert (done.state, done.carried_out_on) == ("carried-out", DAY)
    assert bank.view(loan_id).matures_on == later
    bank.close(DAY)
    assert bank.view(loan_id).loan_class is LoanClass.NORMAL


def test_an_extension_past_its_limit_names_the_longest_maturity(bank, loan_id):
    with pytest.raises(ChangeRefused) as refused:
        propose(bank, loan_id, matures_on=date(2025, 12, 26))
    (error,) = refused.value.errors
    assert (error.pointer, error.facts["longest"]) == ("/matures_on", date(2025, 12, 25))
    propose(bank, loan_id, matures_on=date(2025, 12, 25))


def test_a_second_extension_counts_from_the_maturity_that_was_signed(bank, loan_id):
    carried_out(bank, loan_id, matures_on=date(2025, 6, 25))
    with pytest.raises(ChangeRefused):
        propose(bank, loan_id, matures_on=date(2025, 12, 26))
    again = propose(bank, loan_id, matures_on=date(2025, 12, 25))
    assert (again.signed_until_on, again.before_on) == (END, date(2025, 6, 25))


def test_security_asks_for_consent_and_registration(lending):
    """A mortgaged loan: consent of its owner, and a registration that runs to the new maturity."""
    drawdown = lending.drawn(lending.main_pool())
    session, officer = lending.session, lending.staff("officer")
    signed_until = session.get_one(Loan, drawdown.loan_id).matures_on
    later = signed_until + timedelta(days=30)
    terms = {"kind": EXTENSION, "reason": "延期", "matures_on": later}
    with pytest.raises(ChangeRefused) as refused:
        propose_change(session, officer, drawdown.loan_id, ProposeChange(**terms))
    assert set(refused.value.facts["codes"]) == {"security-consents", "registration-runs"}


def test_nobody_decides_above_the_own_authority(bank, loan_id):
    made = propose(bank, loan_id, matures_on=date(2025, 6, 25))
    with bank.database.write() as session:
        session.execute(sa.update(AuthorityLimit).values(ceiling_fen=2_999_999_99))
    with pytest.raises(ChangeAboveAuthority):
        act(bank, approve_change, "a-approve", made.id, DecideChange(note="同意"))


def limit(bank, ceiling_fen):
    with bank.database.write() as session:
        session.execute(sa.update(AuthorityLimit).values(ceiling_fen=ceiling_fen))


@pytest.mark.parametrize("drawn_fen", [1_000_000_00, 3_000_000_00])
def test_authority_is_asked_for_what_is_drawn_and_what_can_be(bank, drawn_fen):
    """A contract of 3,000,000.00: what is not drawn yet counts like what is owed."""
    partly = bank.sign()
    drawn = PostDrawdown(loan_id=partly, amount_fen=drawn_fen)
    bank.take_over(partly, Drawn(on=FIRST_DAY, command=drawn))
    made = propose(bank, partly, matures_on=date(2025, 6, 25))
    limit(bank, 2_999_999_99)
    with pytest.raises(ChangeAboveAuthority) as refused:
        act(bank, approve_change, "a-approve", made.id, DecideChange(note="同意"))
    assert refused.value.facts["owed"].fen == 3_000_000_00
    limit(bank, 3_000_000_00)
    act(bank, approve_change, "a-approve", made.id, DecideChange(note="同意"))


def test_the_authority_of_who_approved_is_asked_again_when_it_is_carried_out(bank, loan_id):
    made = propose(bank, loan_id, matures_on=date(2025, 6, 25))
    act(bank, approve_change, "a-approve", made.id, DecideChange(note="同意"))
    limit(bank, 2_999_999_99)
    with pytest.raises(ChangeAboveAuthority):
        act(bank, carry_out_change, "a-officer", made.id, CarryOut())
    limit(bank, 3_000_000_00)
    act(bank, carry_out_change, "a-officer", made.id, CarryOut())


def test_who_decided_does_not_carry_out(bank, loan_id):
    made = propose(bank, loan_id, matures_on=date(2025, 6, 25))
    plain = bank.world.actor("a-approve")
    both = replace(plain, permissions=plain.permissions | {Permission.SIGN_CONTRACT})
    with bank.database.write() as session:
        approve_change(session, both, made.id, DecideChange(note="同意"))
        assert "carry-out" not in change_view(session, both, made.id).events
        with pytest.raises(DutiesApart):
            carry_out_change(session, both, made.id, CarryOut())


@pytest.mark.one_engine("sqlite")
def test_a_refused_or_withdrawn_change_leaves_the_loan(bank, loan_id):
    made = propose(bank, loan_id, matures_on=date(2025, 6, 25))
    act(bank, refuse_change, "a-approve", made.id, DecideChange(note="还款来源不明"))
    again = propose(bank, loan_id, matures_on=date(2025, 6, 25))
    act(bank, approve_change, "a-approve", again.id, DecideChange(note="同意"))
    done = act(bank, withdraw_change, "a-officer", again.id, DecideChange(note="已还款"))
    assert (done.state, bank.view(loan_id).matures_on) == ("withdrawn", END)
    assert (done.note, done.decided_on) == ("同意", DAY)
    assert (done.withdrawn_note, done.withdrawn_on) == ("已还款", DAY)
    assert done.withdrawn_by == done.proposed_by != done.decided_by


def test_an_extension_of_a_debtor_in_difficulty_is_a_restructuring_for_its_class(bank, loan_id):
    done = carried_out(bank, loan_id, matures_on=date(2025, 6, 25), financial_difficulty=True)
    bank.close(DAY)
    assert bank.view(loan_id).loan_class is LoanClass.SPECIAL_MENTION
    with bank.database.read() as session:
        record = class_record(session, bank.world.actor("a-risk"), loan_id)
    (watched,) = record.observations
    assert (watched.change_number, watched.first_due_on) == (done.number, date(2024, 3, 21))
    assert watched.trial.lasts_until_on == date(2025, 3, 21)


PLAN = (
    DatedAmount(on=date(2024, 9, 21), amount_fen=1_000_000_00),
    DatedAmount(on=date(2025, 6, 21), amount_fen=2_000_000_00),
)


def test_a_restructuring_plans_what_has_not_fallen_due_anew(bank, loan_id):
    until = date(2025, 6, 21)
    carried_out(
        bank, loan_id, RESTRUCTURING, matures_on=until, financial_difficulty=True, plan=PLAN
    )
    with bank.database.read() as session:
        rows = loan_schedule(session, bank.actor, loan_id).instalments
    due = [(row.due_on, row.principal_fen) for row in rows if row.principal_fen]
    assert due == [(each.on, each.amount_fen) for each in PLAN]


@pytest.mark.one_engine("sqlite")
@pytest.mark.parametrize(
    "plan",
    [
        (DatedAmount(on=date(2024, 9, 21), amount_fen=2_999_999_99),),
        (DatedAmount(on=DAY, amount_fen=3_000_000_00),),
        (DatedAmount(on=date(2024, 12, 26), amount_fen=3_000_000_00),),
        tuple(reversed(PLAN)),
    ],
)
def test_a_plan_that_does_not_repay_what_is_left_is_refused(bank, loan_id, plan):
    with pytest.raises(InvalidInput):
        propose(bank, loan_id, RESTRUCTURING, financial_difficulty=True, plan=plan)


def test_the_observation_ends_by_rule_after_a_year_of_due_days_met(database, world, clock):
    """Observed since its first due day, 21 March 2024; the due day of 21 March 2025 is the last it needs."""
    bank = Bank(database, world, clock).open(date(2025, 3, 20))
    loan_id = bank.sign(matures_on=date(2026, 12, 25))
    drawn = PostDrawdown(loan_id=loan_id, amount_fen=3_000_000_00)
    paid = (Repaid(on=date(2024, month, 21)) for month in (3, 6, 9, 12))
    bank.take_over(loan_id, Drawn(on=FIRST_DAY, command=drawn), *paid)
    observe(bank, loan_id)
    bank.close(date(2025, 3, 20))
    assert bank.view(loan_id).loan_class is LoanClass.SPECIAL_MENTION
    act(bank, repay, "a-ops", loan_id, Repay(amount_fen=dues_fen(bank, loan_id)))
    bank.close_until(date(2025, 3, 21), date(2025, 3, 22))
    with bank.database.read() as session:
        (watched,) = class_record(session, bank.world.actor("a-risk"), loan_id).observations
    assert watched.ended_on == date(2025, 3, 21)
    assert bank.view(loan_id).loan_class is LoanClass.NORMAL
    assert broken(database) == []
    bank.sql("UPDATE loan_observation SET first_due_on = '2024-06-21'")
    assert {each.invariant for each in bank.broken()} == {"observation-ended"}


def observe(bank, loan_id):
    """An observation that began a year ago, as a change carried out then would have left it."""
    with bank.database.write() as session:
        fact = LoanFactRow(
            loan_id=loan_id,
            fact=LoanFact.RESTRUCTURED,
            from_on=FIRST_DAY,
            reason="重组",
            person_id=bank.world.person("a-officer"),
            created_at=now(session),
        )
        session.add(fact)
        session.flush()
        row = LoanObservation(
            loan_id=loan_id,
            fact_id=fact.id,
            change_number="T-2023-000001",
            first_due_on=date(2024, 3, 21),
            started_on=FIRST_DAY,
        )
        session.add(row)


def dues_fen(bank, loan_id):
    with bank.database.read() as session:
        dues = list_dues(session, bank.actor, loan_id, unpaid_only=True)
    return sum(each.left_fen for each in dues)


CHANGED = {
    "UPDATE loan_change SET matures_on = '2026-01-01'": "extension-limit",
    "UPDATE loan_change SET longest_on = '2026-01-01'": "loan-change",
    "UPDATE loan SET matures_on = '2024-12-25'": "loan-change-books",
    "DELETE FROM loan_observation": "loan-change-books",
    "UPDATE loan_change SET carried_out_by_id = NULL": "duties-apart",
}


@pytest.mark.one_engine("sqlite")
def test_what_somebody_changes_past_the_service_is_found(bank, loan_id):
    carried_out(bank, loan_id, matures_on=date(2025, 6, 25), financial_difficulty=True)
    for statement, invariant in CHANGED.items():
        assert invariant in bank.broken_by(statement, violations), statement


def test_what_waits_for_a_second_person_stands_in_the_worklist(bank, loan_id):
    change = propose(bank, loan_id, matures_on=date(2025, 6, 25))
    lower = JudgeClass(loan_class=LoanClass.SPECIAL_MENTION, reason="现场核查")
    act(bank, judge_class, "a-risk", loan_id, lower)
    bank.close(DAY)
    lift = JudgeClass(loan_class=LoanClass.NORMAL, reason="已改善")
    better = act(bank, judge_class, "a-risk", loan_id, lift)
    with bank.database.read() as session:
        tasks = worklist(session, bank.world.actor("a-approve"))
        waits = {task.number for task in tasks}
        own = {task.number for task in worklist(session, bank.world.actor("a-officer"))}
    assert {change.number, better.number} <= waits
    # It has waited since it was proposed; the maturity of the loan is no limit for the decision.
    assert [task.due_on for task in tasks if task.number == change.number] == [DAY]
    assert not {change.number, better.number} & own
    act(bank, approve_change, "a-approve", change.id, DecideChange(note="同意"))
    with bank.database.read() as session:
        own = {task.number for task in worklist(session, bank.world.actor("a-officer"))}
    assert change.number in own


def test_a_settled_loan_is_not_said_to_be_in_arrears(bank, loan_id):
    owed = bank.view(loan_id)
    all_fen = owed.principal_fen + owed.accrued_fen
    act(bank, repay, "a-ops", loan_id, Repay(amount_fen=all_fen, prepay=True))
    with pytest.raises(ChangeNotPossible) as refused:
        propose(bank, loan_id, matures_on=date(2025, 6, 25))
    assert refused.value.facts["state"] == "settled"
