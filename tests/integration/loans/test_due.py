"""What falls due over all loans: the bills as they stand, and what is to come as the schedules have it."""

from datetime import date, timedelta

import pytest

from app.kernel.errors import InvalidInput
from app.loans.domain.due import DuePart
from app.loans.domain.terms import Method
from app.loans.due import services as due_list
from app.loans.due.services import MAX_AHEAD, DueFilter, coming_notes, due_month, list_due
from app.loans.models import NoteStateRow
from app.loans.schedules import InstalmentState, loan_schedule
from app.loans.services import Repay, repay
from tests.integration.loans.conftest import DUE_DAY, FIRST_DAY
from tests.support.query_plans import plan_of

YEAR_END = date(2025, 1, 31)


@pytest.fixture
def two(bank, due):
    """The loan of `due` on its due day, and one of C2 in equal instalments drawn that day."""
    other = bank.sign(
        borrower_id=bank.world.organisation("C2"),
        contract_fen=1_200_000_00,
        method=Method.EQUAL_INSTALMENT,
        every="1m",
        interest_style="schedule",
        starts_on=DUE_DAY,
        matures_on=date(2025, 3, 21),
    )
    bank.draw(other, 1_200_000_00)
    return due, other


@pytest.fixture
def look(bank):
    def look(actor=None, *, offset=0, size=100, **wanted):
        with bank.database.read() as session:
            return list_due(
                session, actor or bank.actor, DueFilter(**wanted), offset=offset, size=size
            )

    return look


def instalments(bank, loan_id):
    with bank.database.read() as session:
        return loan_schedule(session, bank.actor, loan_id).instalments


@pytest.mark.fresh_copy
@pytest.mark.parametrize(
    ("login", "index"),
    [
        ("a-ops", "ix_note_state_next_due_on"),
        ("pbc-1", "ix_note_state_next_due_on"),
        ("c1-fin", "ix_loan_borrower_id"),
    ],
)
def test_next_days_are_found_by_their_index_and_those_of_a_debtor_by_its_loans(
    database, world, login, index
):
    with database.read() as session:
        statement = coming_notes(session, world.actor(login), DueFilter(), YEAR_END)
        in_order = statement.order_by(NoteStateRow.next_due_on).limit(10)
        assert index in plan_of(session, statement if login == "c1-fin" else in_order)


def test_what_is_to_come_equals_the_schedules_of_all_loans(bank, two, look):
    found = look(bank.world.actor("a-ops"), until_on=YEAR_END, part=DuePart.TO_COME)
    expected = sorted(
        (each.due_on, each.note_number, each.principal_fen, each.interest_fen)
        for loan_id in two
        for each in instalments(bank, loan_id)
        if each.state is InstalmentState.TO_COME and each.due_on <= YEAR_END
    )
    rows = [
        (each.due_on, each.note_number, each.principal_fen, each.interest_fen)
        for each in found.items
    ]
    assert rows == expected
    assert len(rows) == 3 + 10 + 1
    assert found.complete
    assert found.sums.payment_fen == sum(row[2] + row[3] for row in expected)


def test_a_bill_is_due_on_its_day_and_overdue_from_the_next(bank, two, look):
    (today,) = look(bank.world.actor("a-ops"), part=DuePart.DUE).items
    assert (today.due_on, today.left_fen, today.days_late) == (DUE_DAY, 31_891_67, 0)
    assert look(bank.world.actor("a-ops"), part=DuePart.OVERDUE).items == []
    bank.close(DUE_DAY)
    found = look(bank.world.actor("a-ops"), part=DuePart.OVERDUE)
    (late,) = found.items
    assert (late.state, late.days_late) == (InstalmentState.OVERDUE, 1)
    assert (found.sums.overdue_count, found.sums.overdue_fen) == (1, 31_891_67)


def test_a_paid_bill_leaves_the_list_and_is_found_among_the_paid(bank, due, look):
    officer = bank.world.actor("a-ops")
    with bank.database.write() as session:
        repay(session, officer, due, Repay(amount_fen=20_000_00, key="first"))
    assert look(officer, part=DuePart.DUE).sums.left_fen == 11_891_67
    with bank.database.write() as session:
        repay(session, officer, due, Repay(amount_fen=11_891_67, key="second"))
    assert look(officer, part=DuePart.DUE).items == []
    (paid,) = look(officer, part=DuePart.PAID).items
    assert (paid.state, paid.left_fen) == (InstalmentState.PAID, 0)


def test_the_first_and_the_last_day_belong_to_the_window(bank, due, look):
    officer = bank.world.actor("a-ops")
    day = timedelta(days=1)
    assert look(officer, from_on=DUE_DAY, until_on=DUE_DAY).total == 1
    assert look(officer, from_on=DUE_DAY + day, until_on=DUE_DAY + day).total == 0
    coming = date(2024, 6, 21)
    assert look(officer, from_on=coming, until_on=coming).total == 1
    assert look(officer, from_on=coming - day, until_on=coming - day).total == 0


def test_pages_join_what_was_billed_and_what_is_to_come(bank, two, look):
    officer = bank.world.actor("a-ops")
    whole = look(officer, until_on=YEAR_END).items
    pages = [
        row
        for offset in range(0, len(whole), 4)
        for row in look(officer, until_on=YEAR_END, offset=offset, size=4).items
    ]
    assert pages == list(whole)
    assert look(officer, until_on=YEAR_END, offset=99, size=4).items == []


def test_each_sees_its_own(bank, two, look):
    world = bank.world
    assert {row.loan_id for row in look(world.actor("c2-fin"), until_on=YEAR_END).items} == {two[1]}
    assert look(world.actor("b-ops"), until_on=YEAR_END).total == 0
    assert {row.loan_id for row in look(world.actor("c1-fin")).items} == {two[0]}


def test_filters_narrow_by_words_class_and_county(bank, two, look):
    officer = bank.world.actor("a-ops")
    assert {row.loan_id for row in look(officer, until_on=YEAR_END, q="枣业").items} == {two[1]}
    assert look(officer, until_on=YEAR_END, region_code="620702").total == 0
    assert look(officer, until_on=YEAR_END, region_code="620700").total > 0
    number = bank.view(two[0]).number
    assert {row.loan_id for row in look(officer, until_on=YEAR_END, number=number).items} == {
        two[0]
    }


def test_past_the_limit_the_next_payment_of_each_note_is_listed_and_nothing_is_summed(
    bank, two, look, monkeypatch
):
    """Eleven months ahead, two notes: twenty-two payments at most."""
    officer = bank.world.actor("a-ops")
    monkeypatch.setattr(due_list, "MAX_DRAWN_PAYMENTS", 22)
    assert look(officer, until_on=YEAR_END).complete
    monkeypatch.setattr(due_list, "MAX_DRAWN_PAYMENTS", 21)
    found = look(officer, until_on=YEAR_END, part=DuePart.TO_COME)
    assert (found.complete, found.sums, found.total) == (False, None, 2)
    assert [row.due_on for row in found.items] == [date(2024, 4, 21), date(2024, 6, 21)]
    assert [row.interest_fen > 0 for row in found.items] == [True, True]
    monkeypatch.setattr(due_list, "MAX_DRAWN_PAYMENTS", 0)
    with bank.database.read() as session:
        month = due_month(session, officer, date(2024, 4, 1))
    assert (month.complete, month.sums.count, month.sums.payment_fen) == (False, 1, 0)


def test_a_month_sums_its_days_past_and_to_come(bank, two):
    officer = bank.world.actor("a-ops")
    with bank.database.read() as session:
        march, april = (due_month(session, officer, date(2024, month, 9)) for month in (3, 4))
    assert [(day.on, day.sums.payment_fen) for day in march.days] == [(DUE_DAY, 31_891_67)]
    (day,) = april.days
    first = next(each for each in instalments(bank, two[1]))
    assert (day.on, day.sums.payment_fen) == (date(2024, 4, 21), first.payment_fen)


def test_the_last_day_lies_after_the_first_and_within_reach(bank, due, look):
    officer = bank.world.actor("a-ops")
    farthest = DUE_DAY + MAX_AHEAD
    assert look(officer, until_on=farthest).until_on == farthest
    with pytest.raises(InvalidInput) as refused:
        look(officer, until_on=farthest + timedelta(days=1))
    assert refused.value.errors[0].pointer == "/until"
    with pytest.raises(InvalidInput):
        look(officer, from_on=DUE_DAY, until_on=FIRST_DAY)


def test_a_month_is_looked_at_as_far_ahead_as_the_list(bank, due):
    officer = bank.world.actor("a-ops")
    farthest = DUE_DAY + MAX_AHEAD
    with bank.database.read() as session:
        assert due_month(session, officer, farthest).first_on == farthest.replace(day=1)
        with pytest.raises(InvalidInput) as refused:
            due_month(session, officer, farthest + timedelta(days=31))
    assert refused.value.errors[0].pointer == "/day"
