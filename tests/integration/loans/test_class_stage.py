"""The class stage of a close: looked at outside write transactions, written only where nothing moved."""

from contextlib import contextmanager
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from app.loans.classes.changes import DecideChange, JudgeClass, confirm_change, judge_class
from app.loans.classes.classifying import has_moved, look_at_classes, write_classes
from app.loans.domain.classification import LoanClass, class_rules
from app.loans.models import LoanClassification, LoanStateRow
from app.loans.services import Drawn, PostDrawdown, Repaid, Repay, repay
from app.reference.services import policy_for
from tests.support.databases import listening
from tests.support.many_loans import FIRST, ONE_DAY, fill

DAY = date(2024, 3, 1)
BAD = LoanClass.SUBSTANDARD


def lend(bank, *events, **terms):
    loan_id = bank.sign(**terms)
    command = PostDrawdown(loan_id=loan_id, amount_fen=3_000_000_00)
    bank.take_over(loan_id, Drawn(on=date(2023, 12, 26), command=command), *events)
    return loan_id


def judge(bank, loan_id, tier):
    with bank.database.write() as session:
        command = JudgeClass(loan_class=tier, reason="现场核查")
        return judge_class(session, bank.world.actor("a-risk"), loan_id, command)


def judged_back(bank, loan_id):
    """A bad loan judged normal again: nothing but its record of payment may hold it."""
    made = judge(bank, loan_id, LoanClass.NORMAL)
    with bank.database.write() as session:
        actor = bank.world.actor("a-approve")
        confirm_change(session, actor, made.id, DecideChange(note="同意"))


@contextmanager
def watching(database):
    """Each statement of a block, with its parameters and whether the transaction may write."""
    seen = []

    def note(connection, _cursor, statement, parameters, *_rest):
        writes = not connection.get_execution_options().get("greenpledge_read_only", False)
        seen.append((statement, parameters, writes))

    with listening(database.engine, "before_cursor_execute", note):
        yield seen


def look(bank, session, on=DAY):
    rules = class_rules(policy_for(session, bank.id, on))
    return look_at_classes(session, bank.id, on, rules=rules)


def test_the_reasons_of_normal_loans_are_never_read_and_none_inside_a_write_transaction(bank):
    bank.open(FIRST)
    fill(bank, 20, classified=True)
    bank.tampered = True  # Written past the services.
    bank.close(FIRST)
    held = bank.sign(starts_on=FIRST, borrower_id=bank.world.organisation("C2"))
    bank.draw(held, 1_000_000_00)
    judge(bank, held, BAD)
    bank.close(FIRST + ONE_DAY)
    with watching(bank.database) as seen:
        bank.close(FIRST + 2 * ONE_DAY)
    read = [each for each in seen if "classification.reasons" in each[0]]
    assert read
    assert not any(writes for _, _, writes in read)
    assert all(len(parameters) == 1 for _, parameters, _ in read), "of the one held loan alone"


def test_due_days_of_all_waiting_loans_are_read_together(bank):
    """Arrears of March were paid in June: two due days and six months are not met by December."""
    on = date(2024, 12, 19)
    bank.open(on)
    paid = [Repaid(on=date(2024, month, 21)) for month in (6, 9)]
    loans = [lend(bank, *paid, matures_on=date(2026, 12, 25)) for _ in range(3)]
    for loan_id in loans:
        judge(bank, loan_id, BAD)
    bank.close(on)
    for loan_id in loans:
        judged_back(bank, loan_id)
    with bank.database.read() as session, watching(bank.database) as seen:
        changes = look(bank, session, on + ONE_DAY).changes
    assert {each.found.loan_class for each in changes} == {BAD}
    assert all("upgrade-waits" in each.codes for each in changes)
    assert len(changes) == len(loans)
    assert len([each for each, _, _ in seen if "FROM loan_due" in each]) == 1


@pytest.mark.parametrize("moved", ["paid", "judged", "nothing"])
def test_a_loan_that_moved_since_the_look_is_left_for_the_next_round(bank, moved):
    bank.open(DAY)
    first, second = lend(bank), lend(bank)
    for each in (first, second):
        judge(bank, each, BAD)
    with bank.database.read() as session:
        looked = look(bank, session)
    assert len(looked.changes) == 2
    if moved == "paid":
        with bank.database.write() as session:
            repay(session, bank.actor, first, Repay(amount_fen=100))
    if moved == "judged":
        judge(bank, first, LoanClass.DOUBTFUL)
    with bank.database.write() as session:
        assert has_moved(session, looked) is (moved != "nothing")
        written = write_classes(session, looked, looked.changes)
    assert written == (2 if moved == "nothing" else 1)
    view = bank.close(DAY)
    assert view.state == "finished"
    expected = LoanClass.DOUBTFUL if moved == "judged" else BAD
    assert [bank.view(each).loan_class for each in (first, second)] == [expected, BAD]


def test_classes_written_in_chunks_are_those_written_at_once_and_once_a_day(bank):
    bank.open(DAY)
    loans = [lend(bank) for _ in range(5)]
    judge(bank, loans[0], BAD)
    bank.close(DAY, chunk_loans=2)
    assert {bank.view(each).loan_class for each in loans} == {BAD}
    taken = sa.select(sa.func.count()).where(LoanClassification.on == DAY)
    states = sa.select(sa.func.count()).where(LoanStateRow.loan_class == BAD)
    with bank.database.read() as session:
        assert session.execute(taken).scalar_one() == session.execute(states).scalar_one() == 5
        assert look(bank, session).changes == ()
    bank.close(DAY + timedelta(days=1))
