"""Classes by facts, by people, by the debtor, and on the way back; both engines."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.kernel.errors import DutiesApart, Forbidden, IllegalEvent, InvalidInput, NotFound
from app.kernel.permissions import Permission
from app.loans.classes.changes import (
    DecideChange,
    EndFact,
    JudgeClass,
    RecordClassFact,
    changes_of_loan,
    class_change_view,
    confirm_change,
    judge_class,
    propose_end,
    record_class_fact,
    refuse_change,
)
from app.loans.classes.refusals import (
    ClassChangeWaiting,
    ClassHeldByRule,
    ClassUnchanged,
    DelayNotPossible,
    FactByDecision,
    FactNotInForce,
    FactRecordedAlready,
    LoanNotClassified,
)
from app.loans.classes.taken import classes_taken
from app.loans.classes.views import class_record
from app.loans.domain.classification import LoanClass
from app.loans.domain.states import LoanFact
from app.loans.queries import list_dues
from app.loans.services import Drawn, PostDrawdown, Repaid, Repay, repay
from tests.support.once import built_once

DAY = date(2024, 3, 1)
FIRST_DAY = date(2023, 12, 26)
SPECIAL, BAD = LoanClass.SPECIAL_MENTION, LoanClass.SUBSTANDARD


@pytest.fixture
@built_once
def loan_id(bank):
    """A loan whose books stand on 2024-03-01, weeks before its first interest falls due."""
    bank.open(DAY)
    made = bank.sign()
    bank.take_over(made, drawn(made))
    return made


@pytest.fixture
@built_once
def due_id(bank):
    """A loan whose first interest falls due tomorrow, on 2024-03-21."""
    bank.open(date(2024, 3, 20))
    made = bank.sign()
    bank.take_over(made, drawn(made))
    return made


def drawn(loan_id, amount_fen=3_000_000_00):
    return Drawn(on=FIRST_DAY, command=PostDrawdown(loan_id=loan_id, amount_fen=amount_fen))


def act(bank, service, login, *args):
    with bank.database.write() as session:
        return service(session, bank.world.actor(login), *args)


def judge(bank, loan_id, tier, login="a-risk"):
    return act(bank, judge_class, login, loan_id, JudgeClass(loan_class=tier, reason="现场核查"))


def note(bank, loan_id, fact, share_ppm=None):
    command = RecordClassFact(fact=fact, share_ppm=share_ppm, reason="核查记录")
    return act(bank, record_class_fact, "a-risk", loan_id, command).id


def agree(bank, loan_id, fact):
    """One person proposes a fact to the debtor's advantage, another confirms it."""
    command = RecordClassFact(fact=fact, reason="核查记录")
    made = act(bank, record_class_fact, "a-risk", loan_id, command).change
    return act(bank, confirm_change, "a-approve", made.id, DecideChange(note="属实"))


def codes(bank, loan_id):
    with bank.database.read() as session:
        (last, *_) = classes_taken(session, bank.actor, loan_id)
    return {each["code"] for each in last.reasons}


def test_one_person_lowers_the_class_from_the_close_of_the_day(bank, loan_id):
    made = judge(bank, loan_id, BAD)
    assert (made.state, made.for_better, made.decided_on) == ("in-force", False, DAY)
    assert bank.view(loan_id).loan_class is LoanClass.NORMAL
    bank.close(DAY)
    assert bank.view(loan_id).loan_class is BAD
    assert codes(bank, loan_id) == {"judged", "not-overdue"}


def test_a_better_class_takes_a_second_person(bank, loan_id):
    judge(bank, loan_id, BAD)
    bank.close(DAY)
    bank.set_clock(DAY + timedelta(days=1))
    made = judge(bank, loan_id, SPECIAL)
    assert (made.state, made.events) == ("proposed", ())
    with pytest.raises(ClassChangeWaiting):
        judge(bank, loan_id, LoanClass.NORMAL)
    with pytest.raises(Forbidden):
        act(bank, confirm_change, "a-risk", made.id, DecideChange(note="同意"))
    with pytest.raises(NotFound):
        act(bank, confirm_change, "b-approve", made.id, DecideChange(note="同意"))
    bank.close(DAY + timedelta(days=1))
    assert bank.view(loan_id).loan_class is BAD
    done = act(bank, confirm_change, "a-approve", made.id, DecideChange(note="同意"))
    assert done.state == "in-force"
    bank.close(DAY + timedelta(days=2))
    assert bank.view(loan_id).loan_class is SPECIAL


def test_a_judgement_of_the_same_day_is_not_lifted_alone(bank, loan_id):
    judge(bank, loan_id, LoanClass.LOSS)
    with pytest.raises(ClassUnchanged):
        judge(bank, loan_id, LoanClass.LOSS)
    made = judge(bank, loan_id, SPECIAL, "a-officer")
    assert (made.state, made.for_better, made.held_class) == ("proposed", True, LoanClass.LOSS)
    bank.close(DAY)
    assert bank.view(loan_id).loan_class is LoanClass.LOSS


@pytest.mark.parametrize("login", ["a-risk", "a-officer"])
def test_a_proposal_for_the_better_keeps_nobody_from_lowering_the_class(bank, loan_id, login):
    judge(bank, loan_id, SPECIAL)
    bank.close(DAY)
    waits = judge(bank, loan_id, LoanClass.NORMAL)
    lowered = judge(bank, loan_id, BAD, login)
    assert (lowered.state, lowered.for_better) == ("in-force", False)
    with bank.database.read() as session:
        refused = class_change_view(session, bank.world.actor("a-risk"), waits.id)
    assert (refused.state, refused.note) == ("refused", lowered.reason)
    with pytest.raises(IllegalEvent):
        act(bank, confirm_change, "a-approve", waits.id, DecideChange(note="同意"))
    bank.close(DAY + timedelta(days=1))
    assert bank.view(loan_id).loan_class is BAD
    assert bank.broken() == []


@pytest.mark.one_engine("sqlite")
def test_a_fact_that_waits_is_left_waiting_by_a_lower_class(bank, loan_id):
    command = RecordClassFact(fact=LoanFact.CREDIT_ENHANCED, reason="省担保公司连带责任")
    waits = act(bank, record_class_fact, "a-risk", loan_id, command).change
    judge(bank, loan_id, BAD)
    with bank.database.read() as session:
        view = class_change_view(session, bank.world.actor("a-risk"), waits.id)
    assert view.state == "proposed"


@pytest.mark.one_engine("sqlite")
def test_a_larger_share_is_recorded_beside_the_old_one_and_counts(bank, loan_id):
    note(bank, loan_id, LoanFact.CREDIT_IMPAIRED, 100_000)
    bank.close(DAY)
    assert bank.view(loan_id).loan_class is BAD
    for share_ppm in (99_999, 100_000):
        with pytest.raises(FactRecordedAlready):
            note(bank, loan_id, LoanFact.CREDIT_IMPAIRED, share_ppm)
    note(bank, loan_id, LoanFact.CREDIT_IMPAIRED, 900_000)
    bank.close(DAY + timedelta(days=1))
    assert bank.view(loan_id).loan_class is LoanClass.LOSS
    with pytest.raises(FactRecordedAlready):
        note(bank, loan_id, LoanFact.CREDIT_IMPAIRED, 500_000)


def test_nobody_confirms_the_own_proposal(bank, loan_id, world):
    """Somebody with both duties, which no role has, is refused all the same."""
    judge(bank, loan_id, BAD)
    bank.close(DAY)
    both = replace(
        world.actor("a-approve"),
        permissions=world.actor("a-approve").permissions | {Permission.JUDGE_CLASS},
    )
    command = JudgeClass(loan_class=LoanClass.NORMAL, reason="现场核查")
    with bank.database.write() as session:
        made = judge_class(session, both, loan_id, command)
        assert made.events == ()
        with pytest.raises(DutiesApart):
            confirm_change(session, both, made.id, DecideChange(note="同意"))
    with bank.database.read() as session:
        view = class_change_view(session, world.actor("a-committee3"), made.id)
    assert set(view.events) == {"confirm", "refuse"}


def test_a_refused_change_leaves_the_class(bank, loan_id):
    judge(bank, loan_id, SPECIAL)
    bank.close(DAY)
    made = judge(bank, loan_id, LoanClass.NORMAL)
    done = act(bank, refuse_change, "a-approve", made.id, DecideChange(note="依据不足"))
    assert (done.state, done.note) == ("refused", "依据不足")
    bank.close(DAY + timedelta(days=1))
    assert bank.view(loan_id).loan_class is SPECIAL


def test_no_person_lifts_a_class_above_the_rules(bank, due_id):
    loan_id = due_id
    bank.close_until(date(2024, 3, 20), date(2024, 3, 22))
    assert bank.view(loan_id).loan_class is SPECIAL
    with pytest.raises(ClassHeldByRule) as refused:
        judge(bank, loan_id, LoanClass.NORMAL)
    assert refused.value.facts["floor"] == "special-mention"
    (error,) = refused.value.errors
    assert (error.pointer, error.facts["days"]) == ("/class", 1)
    with pytest.raises(ClassUnchanged):
        judge(bank, loan_id, SPECIAL)


@pytest.mark.parametrize(
    ("fact", "share_ppm", "expected"),
    [
        (LoanFact.FUNDS_MISUSED, None, SPECIAL),
        (LoanFact.DEBTOR_EVADES, None, SPECIAL),
        (LoanFact.CREDIT_WEAKENED, None, SPECIAL),
        (LoanFact.CREDIT_IMPAIRED, 600_000, LoanClass.DOUBTFUL),
        (LoanFact.OVERDUE_ELSEWHERE, 200_001, BAD),
    ],
)
@pytest.mark.one_engine("sqlite")
def test_a_fact_counts_from_the_close_of_its_day(bank, loan_id, fact, share_ppm, expected):
    note(bank, loan_id, fact, share_ppm)
    bank.close(DAY)
    assert bank.view(loan_id).loan_class is expected
    assert fact.value in codes(bank, loan_id)


@pytest.mark.one_engine("sqlite")
def test_facts_are_refused_with_their_reason(bank, loan_id):
    with pytest.raises(FactByDecision):
        note(bank, loan_id, LoanFact.RESTRUCTURED)
    with pytest.raises(InvalidInput):
        note(bank, loan_id, LoanFact.FUNDS_MISUSED, 100)
    with pytest.raises(InvalidInput) as needed:
        note(bank, loan_id, LoanFact.CREDIT_IMPAIRED)
    assert needed.value.errors[0].detail == "This fact needs its share."
    note(bank, loan_id, LoanFact.FUNDS_MISUSED)
    with pytest.raises(FactRecordedAlready):
        note(bank, loan_id, LoanFact.FUNDS_MISUSED)
    with pytest.raises(DelayNotPossible):
        note(bank, loan_id, LoanFact.TECHNICAL_DELAY)
    signed = bank.sign()
    with pytest.raises(LoanNotClassified):
        note(bank, signed, LoanFact.FUNDS_MISUSED)


def test_the_end_of_a_fact_takes_two_people_and_lifts_the_class(bank, loan_id):
    fact_id = note(bank, loan_id, LoanFact.FUNDS_MISUSED)
    bank.close(DAY)
    made = act(bank, propose_end, "a-risk", loan_id, EndFact(fact_id=fact_id, reason="已归还"))
    act(bank, confirm_change, "a-approve", made.id, DecideChange(note="已核"))
    bank.close(DAY + timedelta(days=1))
    assert bank.view(loan_id).loan_class is LoanClass.NORMAL
    with pytest.raises(FactNotInForce):
        act(bank, propose_end, "a-risk", loan_id, EndFact(fact_id=fact_id, reason="再次"))


def test_a_technical_delay_is_declared_for_seven_days_and_no_longer(bank, due_id):
    loan_id = due_id
    bank.close_until(date(2024, 3, 20), date(2024, 3, 21))
    agree(bank, loan_id, LoanFact.TECHNICAL_DELAY)
    with bank.database.read() as session:
        record = class_record(session, bank.world.actor("a-risk"), loan_id)
    (fact,) = record.facts
    assert (fact.from_on, fact.until_on) == (date(2024, 3, 21), date(2024, 3, 28))
    bank.close_until(date(2024, 3, 22), date(2024, 3, 27))
    assert (bank.view(loan_id).overdue_days, bank.view(loan_id).loan_class) == (7, "normal")
    bank.close(date(2024, 3, 28))
    assert (bank.view(loan_id).overdue_days, bank.view(loan_id).loan_class) == (8, SPECIAL)


def test_a_fact_to_the_debtors_advantage_counts_once_a_second_person_confirmed_it(bank, due_id):
    bank.close_until(date(2024, 3, 20), date(2024, 3, 21))
    command = RecordClassFact(fact=LoanFact.TECHNICAL_DELAY, reason="清算系统中断")
    made = act(bank, record_class_fact, "a-officer", due_id, command)
    waits = made.change
    assert made.id is None
    assert (waits.state, waits.kind, waits.fact) == ("proposed", "better-fact", "technical-delay")
    for login, refusal in (
        ("a-officer", Forbidden),
        ("a-risk", Forbidden),
        ("b-approve", NotFound),
    ):
        with pytest.raises(refusal):
            act(bank, confirm_change, login, waits.id, DecideChange(note="属实"))
    bank.close(date(2024, 3, 22))
    assert bank.view(due_id).loan_class is SPECIAL
    done = act(bank, confirm_change, "a-approve", waits.id, DecideChange(note="属实"))
    assert (done.state, done.fact) == ("in-force", "technical-delay")
    bank.close(date(2024, 3, 23))
    assert bank.view(due_id).loan_class is LoanClass.NORMAL
    assert bank.broken() == []


@pytest.mark.one_engine("sqlite")
def test_a_delay_that_grew_too_long_is_confirmed_no_more(bank, due_id):
    bank.close_until(date(2024, 3, 20), date(2024, 3, 21))
    command = RecordClassFact(fact=LoanFact.TECHNICAL_DELAY, reason="清算系统中断")
    waits = act(bank, record_class_fact, "a-risk", due_id, command).change
    bank.close_until(date(2024, 3, 22), date(2024, 3, 28))
    with pytest.raises(DelayNotPossible):
        act(bank, confirm_change, "a-approve", waits.id, DecideChange(note="属实"))


@pytest.mark.one_engine("sqlite")
def test_a_refused_fact_is_not_recorded(bank, loan_id):
    command = RecordClassFact(fact=LoanFact.CREDIT_ENHANCED, reason="省担保公司连带责任")
    waits = act(bank, record_class_fact, "a-risk", loan_id, command).change
    act(bank, refuse_change, "a-approve", waits.id, DecideChange(note="担保未生效"))
    with bank.database.read() as session:
        record = class_record(session, bank.world.actor("a-risk"), loan_id)
    assert (record.facts, [each.state for each in record.changes]) == ([], ["refused"])
    assert bank.broken() == []


@pytest.mark.one_engine("sqlite")
def test_a_fact_for_the_better_that_is_not_the_one_agreed_on_is_found(bank, loan_id):
    agree(bank, loan_id, LoanFact.CREDIT_ENHANCED)
    assert bank.broken() == []
    bank.sql("UPDATE loan_fact SET fact = 'funds-misused'")
    assert "better-fact" in {each.invariant for each in bank.broken()}


def test_a_delay_that_nobody_declared_lowers_the_class_on_its_first_day(bank, due_id):
    bank.close_until(date(2024, 3, 20), date(2024, 3, 21))
    assert (bank.view(due_id).overdue_days, bank.view(due_id).loan_class) == (1, SPECIAL)


def test_more_than_a_tenth_of_a_debtor_makes_all_its_loans_non_performing(bank):
    bank.open(DAY)
    large, small = bank.sign(contract_fen=9_000_00), bank.sign(contract_fen=1_000_00)
    bank.take_over(large, drawn(large, 9_000_00))
    bank.take_over(small, drawn(small, 1_000_00))
    judge(bank, small, BAD)
    bank.close(DAY)
    assert (bank.view(large).loan_class, bank.view(small).loan_class) == (SPECIAL, BAD)
    third = bank.sign(contract_fen=1)
    bank.draw(third, 1)
    judge(bank, third, BAD)
    bank.close(DAY + timedelta(days=1))
    assert [bank.view(each).loan_class for each in (large, small, third)] == [BAD] * 3
    assert "debtor-non-performing" in codes(bank, large)


def test_a_recognised_enhancement_keeps_a_loan_performing(bank):
    bank.open(DAY)
    first, second = bank.sign(), bank.sign()
    for each in (first, second):
        bank.take_over(each, drawn(each))
    agree(bank, first, LoanFact.CREDIT_ENHANCED)
    judge(bank, second, BAD)
    bank.close(DAY)
    assert (bank.view(first).loan_class, bank.view(second).loan_class) == (SPECIAL, BAD)
    assert "debtor-worst" in codes(bank, first)


def test_a_non_performing_loan_waits_for_two_due_days_and_six_months(bank):
    """Arrears of March paid on 21 June: it performs again once the due days of September and December are met."""
    bank.open(date(2024, 12, 19))
    loan_id = bank.sign(matures_on=date(2026, 12, 25))
    paid = (Repaid(on=date(2024, month, 21)) for month in (6, 9))
    bank.take_over(loan_id, drawn(loan_id), *paid)
    judge(bank, loan_id, BAD)
    bank.close(date(2024, 12, 19))
    made = judge(bank, loan_id, LoanClass.NORMAL)
    act(bank, confirm_change, "a-approve", made.id, DecideChange(note="同意"))
    bank.close(date(2024, 12, 20))
    assert (bank.view(loan_id).loan_class, "upgrade-waits" in codes(bank, loan_id)) == (BAD, True)
    with bank.database.read() as session:
        trial = class_record(session, bank.world.actor("a-risk"), loan_id).upgrade
    assert (trial.since_on, trial.met, trial.is_over) == (date(2024, 6, 21), 1, False)
    act(bank, repay, "a-ops", loan_id, Repay(amount_fen=dues_fen(bank, loan_id)))
    bank.close(date(2024, 12, 21))
    assert bank.view(loan_id).loan_class is LoanClass.NORMAL


def dues_fen(bank, loan_id):
    with bank.database.read() as session:
        dues = list_dues(session, bank.actor, loan_id, unpaid_only=True)
    return sum(each.left_fen for each in dues)


def test_the_record_is_for_the_bank_alone(bank, loan_id, world):
    note(bank, loan_id, LoanFact.DEBTOR_EVADES)
    judge(bank, loan_id, SPECIAL)
    with bank.database.read() as session:
        borrower = class_record(session, world.actor("c1-fin"), loan_id)
        own = class_record(session, world.actor("a-risk"), loan_id)
        assert changes_of_loan(session, world.actor("c1-fin"), loan_id) == []
    assert (borrower.inside, borrower.facts, borrower.provision_fen) == (False, (), None)
    assert (own.provision_fen, len(own.facts), len(own.changes)) == (30_000_00, 1, 1)


def test_what_somebody_changes_past_the_service_is_found(bank, loan_id):
    judge(bank, loan_id, SPECIAL)
    bank.close(DAY)
    made = judge(bank, loan_id, LoanClass.NORMAL)
    assert bank.broken() == []
    bank.sql("UPDATE class_change SET judged_class = 'loss' WHERE for_better = :yes", yes=True)
    assert made.number in {each.subject.rsplit(" ", 1)[1] for each in bank.broken()}
