"""Warning signals: raised, handled by measures, ended by the right person, never deleted."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from app.desk.worklist import worklist
from app.documents.services import UploadFile
from app.kernel.errors import DutiesApart, Forbidden, IllegalEvent, InvalidInput, NotFound
from app.loans.domain.inspection import Answer, Conclusion, Finding
from app.loans.domain.signals import SignalState
from app.loans.domain.states import LoanFact, Security
from app.loans.inspection.invariants import inspection_violations
from app.loans.inspection.planning import plan_bank
from app.loans.inspection.queries import inspections_of_loan
from app.loans.inspection.refusals import LevelNotHigher, MeasureDone, MeasuresOpen
from app.loans.inspection.services import RecordFindings, record_findings
from app.loans.inspection.signal_queries import (
    SignalFilter,
    list_signals,
    signal_view,
    worst_levels,
)
from app.loans.inspection.signals import (
    AddEvidence,
    CloseSignal,
    CompleteMeasure,
    PlanMeasure,
    RaiseLevel,
    RaiseSignal,
    add_evidence,
    complete_measure,
    dismiss_signal,
    plan_measure,
    raise_level,
    raise_signal,
    resolve_signal,
)
from app.loans.services import RecordFact, record_fact
from tests.factories.samples import PICTURE
from tests.support.once import built_once

OPENED = date(2024, 1, 2)


@pytest.fixture
@built_once
def loan_id(bank):
    """A drawn loan of bank A."""
    bank.open(OPENED)
    loan_id = bank.sign(starts_on=OPENED, matures_on=date(2025, 1, 2), security=Security.MORTGAGE)
    bank.draw(loan_id, 3_000_000_00)
    return loan_id


def act(bank, use_case, login, *args):
    with bank.database.write() as session:
        return use_case(session, bank.world.actor(login), *args)


def raised(bank, loan_id, login="a-officer", **given):
    known = {
        "loan_id": loan_id,
        "level": "yellow",
        "kind": "price-fall",
        "source": "price-watch",
        "description": "红枣收购价三周下跌一成",
    }
    return act(bank, raise_signal, login, RaiseSignal(**{**known, **given}))


def measure(bank, login="a-risk", due_on=OPENED, task="要求补充押品"):
    return PlanMeasure(task=task, due_on=due_on, person_id=bank.world.person(login))


def test_a_signal_is_handled_by_measures_and_resolved_when_all_are_done(bank, loan_id):
    signal = raised(bank, loan_id)
    assert (signal.number, signal.state, signal.raised_on) == (
        "WS-2024-000001",
        SignalState.OPEN,
        OPENED,
    )
    act(bank, plan_measure, "a-risk", signal.id, measure(bank))
    view = act(bank, plan_measure, "a-risk", signal.id, measure(bank, task="复评押品"))
    assert (view.state, [each.seq for each in view.measures]) == (SignalState.HANDLING, [1, 2])
    act(bank, complete_measure, "a-risk", signal.id, CompleteMeasure(measure=2, note="已复评"))
    with pytest.raises(MeasuresOpen) as refused:
        act(bank, resolve_signal, "a-preserve", signal.id, CloseSignal(note="价格回升"))
    assert refused.value.facts["count"] == 1
    with pytest.raises(MeasureDone):
        act(bank, complete_measure, "a-risk", signal.id, CompleteMeasure(measure=2, note="再报"))
    act(bank, complete_measure, "a-risk", signal.id, CompleteMeasure(measure=1, note="已补"))
    done = act(bank, resolve_signal, "a-preserve", signal.id, CloseSignal(note="价格回升"))
    assert (done.state, done.closed_on, done.events) == (SignalState.RESOLVED, OPENED, ())
    assert [each.event for each in done.acts] == [
        "raise",
        "plan",
        "plan",
        "complete",
        "complete",
        "resolve",
    ]


def test_each_step_moves_the_version_that_the_next_one_must_name(bank, loan_id):
    signal = raised(bank, loan_id)
    first = act(bank, plan_measure, "a-risk", signal.id, measure(bank))
    second = act(bank, plan_measure, "a-risk", signal.id, measure(bank))
    assert signal.version < first.version < second.version


def test_who_raised_a_signal_does_not_dismiss_it(bank, loan_id):
    signal = raised(bank, loan_id, "a-risk")
    assert "dismiss" not in signal.events
    with pytest.raises(DutiesApart):
        act(bank, dismiss_signal, "a-risk", signal.id, CloseSignal(note="误报"))
    done = act(bank, dismiss_signal, "a-approve", signal.id, CloseSignal(note="误报"))
    assert (done.state, done.closing_note) == (SignalState.DISMISSED, "误报")


def test_who_raised_a_signal_or_completed_its_measures_does_not_resolve_it(bank, loan_id):
    signal = raised(bank, loan_id)
    act(bank, plan_measure, "a-officer", signal.id, measure(bank))
    act(bank, complete_measure, "a-risk", signal.id, CompleteMeasure(measure=1, note="已补"))
    for login in ("a-officer", "a-risk"):
        assert "resolve" not in act(bank, signal_view, login, signal.id).events
        with pytest.raises(DutiesApart):
            act(bank, resolve_signal, login, signal.id, CloseSignal(note="价格回升"))
    assert "resolve" in act(bank, signal_view, "a-preserve", signal.id).events
    done = act(bank, resolve_signal, "a-preserve", signal.id, CloseSignal(note="价格回升"))
    assert done.state is SignalState.RESOLVED


def test_an_officer_may_not_dismiss_and_an_ended_signal_moves_no_more(bank, loan_id):
    signal = raised(bank, loan_id)
    with pytest.raises(Forbidden):
        act(bank, dismiss_signal, "a-officer", signal.id, CloseSignal(note="误报"))
    act(bank, dismiss_signal, "a-risk", signal.id, CloseSignal(note="误报"))
    with pytest.raises(IllegalEvent):
        act(bank, plan_measure, "a-risk", signal.id, measure(bank))


def test_a_level_is_raised_and_never_lowered(bank, loan_id):
    signal = raised(bank, loan_id, level="orange")
    for level in ("yellow", "orange"):
        with pytest.raises(LevelNotHigher):
            act(bank, raise_level, "a-risk", signal.id, RaiseLevel(level=level, note="回落"))
    view = act(bank, raise_level, "a-risk", signal.id, RaiseLevel(level="red", note="连续下跌"))
    assert (view.level, [each.level for each in view.acts]) == ("red", ["orange", "red"])
    assert "escalate" not in view.events


def test_a_signal_from_a_report_names_a_check_of_the_loan_that_was_made(bank, loan_id):
    plan_bank(bank.database, bank.actor, bank.id)
    (check,) = act(bank, inspections_of_loan, "a-officer", loan_id)
    with pytest.raises(InvalidInput):
        raised(bank, loan_id, source="inspection", inspection_id=check.id)
    found = RecordFindings(
        checked_on=OPENED,
        place="示例林场",
        present="李青禾",
        findings=(Finding(item="fire", answer=Answer.CONCERN, note="火烧迹地两亩"),),
        conclusion=Conclusion.ACT,
        summary="局部过火",
    )
    act(bank, record_findings, "a-officer", check.id, found)
    signal = raised(bank, loan_id, kind="collateral-damage", inspection_id=check.id)
    assert signal.inspection_id == check.id


def test_a_code_that_the_tables_do_not_list_is_refused(bank, loan_id):
    for field in ("level", "kind", "source"):
        with pytest.raises(InvalidInput) as refused:
            raised(bank, loan_id, **{field: "purple"})
        assert refused.value.errors[0].pointer == f"/{field}"


def test_measures_are_given_to_colleagues_who_handle_signals_and_not_for_yesterday(bank, loan_id):
    signal = raised(bank, loan_id)
    for command in (
        measure(bank, "a-ops"),
        measure(bank, "b-officer"),
        measure(bank, due_on=OPENED - timedelta(days=1)),
        measure(bank, due_on=OPENED + timedelta(days=367)),
    ):
        with pytest.raises(InvalidInput):
            act(bank, plan_measure, "a-risk", signal.id, command)
    last = measure(bank, due_on=OPENED + timedelta(days=366))
    act(bank, plan_measure, "a-risk", signal.id, last)


def test_signals_are_not_found_by_others_and_not_by_the_borrower(bank, loan_id):
    signal = raised(bank, loan_id)
    for login in ("b-officer", "c1-fin", "x-1"):
        with pytest.raises(NotFound):
            act(bank, signal_view, login, signal.id)


def test_evidence_is_kept_with_its_digest(bank, loan_id):
    signal = raised(bank, loan_id)
    file = UploadFile(name="price.png", content=PICTURE)
    view = act(bank, add_evidence, "a-officer", signal.id, AddEvidence(file=file, note="报价"))
    assert [(each.note, len(each.sha256)) for each in view.files] == [("报价", 64)]


def test_a_misuse_signal_points_to_its_fact_until_the_officer_enters_it(bank, loan_id):
    signal = raised(bank, loan_id, kind="misuse", source="outside")
    assert (signal.fact, signal.fact_recorded) == (LoanFact.FUNDS_MISUSED, False)
    fact = RecordFact(
        loan_id=loan_id, fact=LoanFact.FUNDS_MISUSED, from_on=OPENED, reason="核实属实"
    )
    act(bank, record_fact, "a-risk", fact)
    assert act(bank, signal_view, "a-officer", signal.id).fact_recorded


def test_the_worst_open_level_stands_for_a_loan_and_grave_signals_come_first(bank, loan_id):
    raised(bank, loan_id)
    red = raised(bank, loan_id, level="red")
    ended = raised(bank, loan_id, level="red", kind="overdue")
    act(bank, dismiss_signal, "a-risk", ended.id, CloseSignal(note="误报"))
    with bank.database.read() as session:
        actor = bank.world.actor("a-officer")
        assert worst_levels(session, actor, [loan_id]) == {loan_id: "red"}
        rows = session.execute(list_signals(actor, SignalFilter())).scalars().all()
        assert [row.level for row in rows] == ["red", "yellow", "red"]
        assert rows[0].id == red.id
        borrower = bank.world.actor("c1-fin")
        assert worst_levels(session, borrower, [loan_id]) == {}


def whats(bank, login):
    with bank.database.read() as session:
        return {task.number: task.what for task in worklist(session, bank.world.actor(login))}


def test_signals_measures_and_checks_stand_in_the_worklist_of_their_people(bank, loan_id):
    signal = raised(bank, loan_id)
    plan_bank(bank.database, bank.actor, bank.id)
    officer = whats(bank, "a-officer")
    assert officer[signal.number] == "Handle the warning signal"
    assert officer["PI-2024-000001"] == "Make the post-loan check"
    act(bank, plan_measure, "a-risk", signal.id, measure(bank, "a-preserve"))
    assert whats(bank, "a-preserve")[signal.number] == "Carry out the measure: %(task)s"
    assert signal.number not in whats(bank, "a-officer")
    assert "PI-2024-000001" not in whats(bank, "b-officer")


TAMPERED = {
    "UPDATE warning_signal SET level = 'red'": "signal-acts",
    "UPDATE warning_signal SET kind = 'rumour'": "signal-codes",
    "UPDATE signal_act SET event = 'plan' WHERE seq = 1": "signal-acts",
    "DELETE FROM signal_act": "signal-acts",
}


def test_a_changed_signal_is_found(bank, loan_id):
    raised(bank, loan_id)
    for statement, invariant in TAMPERED.items():
        with Session(bank.database.engine) as session:
            session.execute(sa.text(statement))
            assert invariant in {each.invariant for each in inspection_violations(session)}
            session.rollback()


def test_the_database_itself_refuses_a_signal_dismissed_by_who_raised_it(bank, loan_id):
    raised(bank, loan_id)
    with pytest.raises(sa.exc.IntegrityError):
        bank.sql(
            "UPDATE warning_signal SET state = 'dismissed', closed_on = raised_on,"
            " closed_by = raised_by"
        )
    bank.tampered = False
