"""Signals that the system raises: once an episode, with their figures, ended by facts and by people."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col

from app.desk.worklist import worklist
from app.documents.services import UploadFile
from app.kernel.errors import InvalidInput
from app.loans.domain.causes import CauseNote, Trigger, trigger_rule
from app.loans.domain.inspection import Answer, Conclusion, FilePurpose, Finding
from app.loans.domain.signals import SignalState
from app.loans.inspection.cause_queries import holding
from app.loans.inspection.causes import Seen, hold_looks, write_seen
from app.loans.inspection.invariants import inspection_violations
from app.loans.inspection.looking import look_at_bank, look_once
from app.loans.inspection.planning import plan_bank
from app.loans.inspection.queries import inspections_of_loan
from app.loans.inspection.refusals import SignalNotHandled
from app.loans.inspection.services import (
    AddFile,
    RecordFindings,
    Said,
    add_file,
    record_findings,
    submit_report,
)
from app.loans.inspection.signal_queries import (
    SignalFilter,
    list_signals,
    signal_view,
    signal_views,
)
from app.loans.inspection.signals import (
    CloseSignal,
    PlanMeasure,
    RaiseSignal,
    dismiss_signal,
    plan_measure,
    raise_signal,
    resolve_signal,
)
from app.loans.loan_officers import NameOfficer, name_officer
from app.loans.models import Repayment
from app.loans.services import (
    Drawn,
    PostDrawdown,
    Repay,
    Reverse,
    WriteOff,
    repay,
    reverse,
    write_off,
)
from app.reference.services import policy_for
from tests.factories.samples import PICTURE
from tests.integration.loans.conftest import DUE_DAY, FIRST_DAY
from tests.support.once import built_once

ONE_DAY = timedelta(days=1)
INTEREST_FEN = 31_891_67


@pytest.fixture
@built_once
def late(bank, due):
    """The loan of 3,000,000.00 whose interest of 2024-03-21 was not paid that day."""
    bank.close(DUE_DAY)
    bank.set_clock(DUE_DAY + ONE_DAY)
    return due


def drawn_before(bank):
    """A loan of 3,000,000.00 drawn on the first day, of which nothing was paid since."""
    loan_id = bank.sign()
    drawing = PostDrawdown(loan_id=loan_id, amount_fen=3_000_000_00)
    bank.take_over(loan_id, Drawn(on=FIRST_DAY, command=drawing))
    return loan_id


def unpaid(bank, until_on):
    """The same on the day after one on which the books were opened and closed."""
    bank.open(until_on)
    drawn_before(bank)
    bank.close(until_on)


def look(bank, **options):
    return look_at_bank(bank.database, bank.actor, bank.id, **options)


def look_in_one_transaction(bank, **options):
    with bank.database.write() as session:
        return look_once(session, bank.actor, bank.id, **options)


def signals(bank, login="a-officer", **wanted):
    with bank.database.read() as session:
        actor = bank.world.actor(login)
        rows = session.execute(list_signals(actor, SignalFilter(**wanted))).scalars().all()
        return [signal_view(session, actor, row.id) for row in rows]


def act(bank, use_case, login, *args):
    with bank.database.write() as session:
        return use_case(session, bank.world.actor(login), *args)


def pay(bank, loan_id, amount_fen=INTEREST_FEN, value_on=None):
    command = Repay(amount_fen=amount_fen, value_on=value_on)
    with bank.database.write() as session:
        return repay(session, bank.actor, loan_id, command)


def take_back(bank, loan_id):
    statement = sa.select(col(Repayment.entry_id)).where(col(Repayment.loan_id) == loan_id)
    with bank.database.write() as session:
        found = session.execute(statement.order_by(col(Repayment.id).desc())).scalars().first()
        reverse(session, bank.actor, Reverse(entry_id=found, reason="支票退票"))


def events(view):
    return [each.event for each in view.acts]


def test_the_first_day_overdue_raises_one_signal_with_its_figures(bank, late):
    assert look(bank) == 1
    (view,) = signals(bank)
    assert (view.level, view.kind, view.source) == ("yellow", "overdue", "system")
    assert (view.raised_on, view.cause.trigger) == (DUE_DAY + ONE_DAY, Trigger.OVERDUE)
    assert (view.cause.began_on, view.cause.ended_on) == (DUE_DAY, None)
    assert {each.name: each.text for each in view.cause.figures} == {
        "amount_yuan": "31891.67",
        "days_overdue": "1",
    }
    assert "31,891.67" in view.description


def test_the_day_before_raises_nothing(bank, due):
    assert look(bank) == 0
    assert signals(bank) == []


def test_a_second_look_and_one_days_later_raise_nothing_twice(bank, late):
    assert (look(bank), look(bank)) == (1, 0)
    bank.close_until(DUE_DAY + ONE_DAY, DUE_DAY + 5 * ONE_DAY)
    assert look(bank) == 0
    assert [events(each) for each in signals(bank)] == [["raise"]]


def test_a_look_that_comes_days_later_finds_the_same(bank, late):
    bank.close_until(DUE_DAY + ONE_DAY, DUE_DAY + 5 * ONE_DAY)
    assert look(bank) == 1
    (view,) = signals(bank)
    assert (view.cause.began_on, view.cause.figures[-1].value) == (DUE_DAY, 6)


def test_paid_is_noted_on_the_open_signal_and_the_officer_ends_it(bank, late):
    look(bank)
    (view,) = signals(bank)
    with pytest.raises(SignalNotHandled):
        act(bank, resolve_signal, "a-officer", view.id, CloseSignal(note="已还"))
    pay(bank, late, INTEREST_FEN + 100_00)
    look(bank)
    (view,) = signals(bank)
    assert (view.state, events(view)) == (SignalState.OPEN, ["raise", CauseNote.OVER])
    assert view.cause.ended_on == DUE_DAY + ONE_DAY
    assert "resolve" in view.events
    done = act(bank, resolve_signal, "a-officer", view.id, CloseSignal(note="已还清逾期利息"))
    assert done.state is SignalState.RESOLVED
    assert look(bank) == 0


def test_a_cause_that_two_looks_saw_ending_ends_once(bank, late):
    look(bank)
    with bank.database.read() as session:
        (seen,) = session.execute(holding(bank.id, Trigger.OVERDUE)).scalars().all()
        rule = trigger_rule(policy_for(session, bank.id, DUE_DAY), Trigger.OVERDUE)
    pay(bank, late, INTEREST_FEN + 100_00)
    look(bank)
    with bank.database.write() as session:
        hold_looks(session, bank.id)
        ended = Seen(rule=rule, ended=[(seen, CauseNote.OVER)])
        write_seen(session, bank.actor, (bank.id, DUE_DAY + ONE_DAY), ended)
    (view,) = signals(bank)
    assert events(view) == ["raise", CauseNote.OVER]


def test_a_written_off_loan_ends_the_watch_and_not_the_claim(bank, late):
    look(bank)
    with bank.database.write() as session:
        write_off(session, bank.actor, WriteOff(loan_id=late, reason="终结执行"))
    look(bank)
    (view,) = signals(bank)
    assert events(view) == ["raise", CauseNote.WRITTEN_OFF]
    assert (view.cause.ended_on, "贷款已核销" in view.acts[-1].note) == (DUE_DAY + ONE_DAY, True)
    tasks = act(bank, worklist, "a-officer")
    assert "End the signal: the loan was written off" in {each.what for each in tasks}


def test_money_dated_back_to_the_due_day_undoes_the_cause_and_deletes_nothing(bank, late):
    look(bank)
    pay(bank, late, value_on=DUE_DAY)
    look(bank)
    (view,) = signals(bank)
    assert events(view) == ["raise", CauseNote.UNDONE]
    done = act(bank, dismiss_signal, "a-risk", view.id, CloseSignal(note="款项在到期日已到账"))
    assert done.state is SignalState.DISMISSED


def test_a_payment_taken_back_brings_the_cause_back_to_the_same_signal(bank, late):
    look(bank)
    pay(bank, late, INTEREST_FEN + 100_00)
    look(bank)
    take_back(bank, late)
    assert look(bank) == 0
    (view,) = signals(bank)
    assert events(view) == ["raise", CauseNote.OVER, CauseNote.BACK]
    assert view.cause.ended_on is None


@pytest.mark.parametrize(
    ("end", "login", "raised"), [(resolve_signal, "a-officer", 1), (dismiss_signal, "a-risk", 0)]
)
def test_a_returning_cause_is_raised_anew_after_a_signal_was_resolved_and_not_when_ruled_out(
    bank, late, end, login, raised
):
    look(bank)
    pay(bank, late, INTEREST_FEN + 100_00)
    look(bank)
    (view,) = signals(bank)
    act(bank, end, login, view.id, CloseSignal(note="已还"))
    take_back(bank, late)
    assert look(bank) == raised
    assert len(signals(bank)) == 1 + raised


def test_a_month_overdue_raises_the_level_of_the_open_signal(bank):
    unpaid(bank, DUE_DAY + 29 * ONE_DAY)
    look(bank)
    assert signals(bank)[0].level == "yellow"
    bank.close(DUE_DAY + 30 * ONE_DAY)
    look(bank)
    (view,) = signals(bank)
    assert (view.level, events(view)) == ("orange", ["raise", "escalate"])
    assert view.cause.figures[-1].value == 31


def test_a_graver_cause_of_a_closed_signal_raises_another(bank):
    unpaid(bank, DUE_DAY + 29 * ONE_DAY)
    look(bank)
    (first,) = signals(bank)
    act(bank, dismiss_signal, "a-risk", first.id, CloseSignal(note="系统原因"))
    bank.close(DUE_DAY + 30 * ONE_DAY)
    assert look(bank) == 1
    second, first = signals(bank)
    assert (second.level, events(first)[-1]) == ("orange", CauseNote.OVER)
    assert first.cause.ended_on == second.raised_on


def test_a_second_period_of_unpaid_interest_and_a_worse_class_raise_signals_of_their_own(bank):
    unpaid(bank, date(2024, 6, 18))
    bank.close(date(2024, 6, 19))
    bank.close(date(2024, 6, 20))
    look(bank)
    assert {each.cause.trigger for each in signals(bank)} == {
        Trigger.OVERDUE,
        Trigger.CLASS_WORSE,
    }
    bank.close(date(2024, 6, 21))
    assert look(bank) == 1
    found = {each.cause.trigger: each for each in signals(bank)}
    unpaid_twice = found[Trigger.INTEREST_UNPAID]
    assert (unpaid_twice.level, unpaid_twice.cause.figures[-1].value) == ("orange", 2)
    worse = found[Trigger.CLASS_WORSE]
    assert (worse.level, worse.fact, worse.cause.figures[-1].value) == ("red", None, 2)


def test_a_check_overdue_by_its_plan_is_seen_the_day_after_and_ends_when_it_was_made(bank):
    due_on = FIRST_DAY + timedelta(days=15)
    bank.open(due_on)
    loan_id = drawn_before(bank)
    plan_bank(bank.database, bank.actor, bank.id)
    assert look(bank) == 0
    bank.close(due_on)
    assert look(bank) == 1
    (view,) = signals(bank)
    assert (view.kind, view.cause.trigger, view.fact) == ("check-late", Trigger.CHECK_LATE, None)
    _make_check(bank, loan_id, checked_on=due_on)
    look(bank)
    assert events(signals(bank)[0])[-1] == CauseNote.UNDONE


def _make_check(bank, loan_id, *, checked_on, proof_fen=0):
    (check, *_) = act(bank, inspections_of_loan, "a-officer", loan_id)
    found = RecordFindings(
        checked_on=checked_on,
        place="示例林场",
        present="李青禾",
        findings=tuple(
            Finding(item=code, answer=Answer.FINE)
            for code in ("use-of-funds", "operation", "repayment-source")
        ),
        conclusion=Conclusion.SOUND,
        summary="正常",
    )
    act(bank, record_findings, "a-officer", check.id, found)
    if proof_fen:
        file = UploadFile(name="invoice.png", content=PICTURE)
        proof = AddFile(file=file, purpose=FilePurpose.USE_OF_FUNDS, amount_fen=proof_fen)
        act(bank, add_file, "a-officer", check.id, proof)
    act(bank, submit_report, "a-officer", check.id, Said())


@pytest.mark.parametrize(
    ("books_days", "short_fen", "count"),
    [
        pytest.param(30, 1, 1, id="short by a fen"),
        pytest.param(30, 0, 0, id="proved in full"),
        pytest.param(32, 1, 0, id="over before the books were opened here"),
    ],
)
def test_proofs_that_do_not_reach_the_drawing_are_missing_after_their_days(
    bank, books_days, short_fen, count
):
    opened = FIRST_DAY + books_days * ONE_DAY
    bank.open(opened)
    loan_id = drawn_before(bank)
    plan_bank(bank.database, bank.actor, bank.id)
    _make_check(bank, loan_id, checked_on=opened, proof_fen=3_000_000_00 - short_fen)
    assert look(bank) == 0
    bank.close(opened)
    assert look(bank) == count
    assert [each.cause.trigger for each in signals(bank)] == [Trigger.PROOF_MISSING] * count


def test_a_renewal_paid_nothing_out_whose_use_is_to_be_proved(bank):
    opened = FIRST_DAY + 31 * ONE_DAY
    bank.open(opened)
    old, new = drawn_before(bank), drawn_before(bank)
    bank.sql(
        "UPDATE loan SET renews_id = (SELECT id FROM loan WHERE number = :old) WHERE number = :new",
        old=bank.view(old).number,
        new=bank.view(new).number,
    )
    assert look(bank) == 1
    assert [each.loan_id for each in signals(bank)] == [old]


@pytest.mark.parametrize("chunk", [2, 3])
@pytest.mark.parametrize("looking", [look, look_in_one_transaction])
def test_loans_are_looked_at_in_chunks_to_the_last_one(bank, looking, chunk):
    bank.open(DUE_DAY)
    loan_ids = [drawn_before(bank) for _ in range(3)]
    bank.close(DUE_DAY)
    assert looking(bank, chunk=chunk) == 3
    assert len({each.number for each in signals(bank)}) == 3
    for loan_id in loan_ids:
        pay(bank, loan_id, 100_000_00)
    assert looking(bank, chunk=chunk) == 0
    assert [each.cause.ended_on for each in signals(bank)] == [DUE_DAY + ONE_DAY] * 3


def test_nobody_raises_a_signal_in_the_name_of_the_system(bank, late):
    command = RaiseSignal(
        loan_id=late, level="red", kind="overdue", source="system", description="冒名"
    )
    with pytest.raises(InvalidInput) as refused:
        act(bank, raise_signal, "a-officer", command)
    assert refused.value.errors[0].pointer == "/source"


def test_a_signal_of_the_system_is_handled_by_measures_as_any_other(bank, late):
    look(bank)
    (view,) = signals(bank)
    measure = PlanMeasure(
        task="约谈借款人", due_on=DUE_DAY + ONE_DAY, person_id=bank.world.person("a-officer")
    )
    planned = act(bank, plan_measure, "a-officer", view.id, measure)
    assert planned.state is SignalState.HANDLING
    assert planned.version > view.version


def whats(bank, login):
    with bank.database.read() as session:
        return {task.number: task.what for task in worklist(session, bank.world.actor(login))}


def test_a_signal_of_the_system_waits_for_the_officer_of_the_loan(bank, late):
    look(bank)
    number = signals(bank)[0].number
    assert number in whats(bank, "a-officer")
    assert number in whats(bank, "a-preserve")
    named = NameOfficer(person_id=bank.world.person("a-officer"), reason="分工")
    act(bank, name_officer, "a-approve", late, named)
    assert whats(bank, "a-officer")[number] == "Handle the warning signal"
    assert number not in whats(bank, "a-preserve")
    pay(bank, late, INTEREST_FEN + 100_00)
    look(bank)
    assert whats(bank, "a-officer")[number] == "End the signal: its cause has ended"
    assert [each.number for each in signals(bank, mine=True, over=True)] == [number]
    assert signals(bank, "a-preserve", mine=True) == []
    assert signals(bank, source="outside") == []


def test_views_of_many_signals_need_a_constant_number_of_queries(bank, late):
    look(bank)
    with bank.database.read() as session:
        actor = bank.world.actor("a-officer")
        rows = session.execute(list_signals(actor, SignalFilter())).scalars().all()
        assert [each.cause is not None for each in signal_views(session, actor, rows)] == [True]


TAMPERED = {
    "DELETE FROM signal_cause": "signal-cause",
    "UPDATE warning_signal SET source = 'outside'": "signal-cause",
    "UPDATE signal_cause SET ended_on = seen_on": "signal-cause-end",
    "UPDATE signal_cause SET began_on = '2024-03-20'": "signal-cause-fact",
    "UPDATE signal_act SET note = ''": "signal-look",
    "UPDATE signal_act SET look_id = NULL": "signal-look",
}


def test_a_changed_cause_is_found(bank, late):
    look(bank)
    for statement, invariant in TAMPERED.items():
        with Session(bank.database.engine) as session:
            session.execute(sa.text(statement))
            assert invariant in {each.invariant for each in inspection_violations(session)}
            session.rollback()


def test_the_database_itself_refuses_a_second_cause_that_holds(bank, late):
    look(bank)
    with pytest.raises(sa.exc.IntegrityError), Session(bank.database.engine) as session:
        session.execute(
            sa.text(
                "INSERT INTO signal_cause"
                " (id, signal_id, loan_id, bank_id, trigger, level, began_on, seen_on, figures)"
                " SELECT bank_id, loan_id, loan_id, bank_id, trigger, level, began_on, seen_on,"
                " figures FROM signal_cause"
            )
        )
