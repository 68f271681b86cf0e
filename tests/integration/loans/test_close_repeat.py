"""Loans that a close left behind are repeated alone; days after a standstill are closed in order."""

from datetime import date, timedelta

import pytest

from app.db.leases import claim
from app.kernel.errors import Busy, Forbidden, InvalidInput, NotFound
from app.loans.closing.queries import close_view, lease_of
from app.loans.closing.repeating import (
    CloseNotFinished,
    NothingLeftBehind,
    RepeatLoans,
    RequestCloses,
    repeat_loans,
    request_closes,
)
from app.loans.refusals import DayNotOver, DaySkipped, LoanBehind
from app.loans.services import Repay, business_day, close_day, repay, run_requested_closes
from tests.support.once import built_once

FIRST = date(2023, 12, 30)
BROKEN = "UPDATE note_state SET period_due_on = '2023-12-26' WHERE loan_id = :loan"
MENDED = "UPDATE note_state SET period_due_on = '2024-03-21' WHERE loan_id = :loan"


@pytest.fixture
@built_once
def three(bank):
    """Three loans of 1,000,000.00 drawn on 2023-12-30, by the order of their numbers."""
    bank.open(FIRST)
    loans = [bank.sign(contract_fen=1_000_000_00, starts_on=FIRST) for _ in range(3)]
    for loan_id in loans:
        bank.draw(loan_id, 1_000_000_00)
    return loans


@pytest.fixture
def breaks(bank, engine_name):
    """Make the books of a loan contradict themselves, or put them right again."""

    def breaks(loan_id, statement=BROKEN):
        given = loan_id.hex if engine_name == "sqlite" else str(loan_id)
        bank.sql(statement, loan=given)

    return breaks


@pytest.fixture
def repeat(bank):
    def repeat(close_id, *numbers, login="a-ops"):
        with bank.database.write() as session:
            command = RepeatLoans(loan_numbers=numbers)
            return repeat_loans(session, bank.world.actor(login), close_id, command)

    return repeat


def number_of(bank, loan_id):
    return bank.view(loan_id).number


def test_a_failed_loan_stays_locked_and_the_others_go_on(bank, three, breaks):
    breaks(three[1])
    view = bank.close(FIRST)
    assert (view.state, view.done, view.failed, view.behind) == ("finished", 2, 1, 1)
    (error,) = view.errors
    assert (error.loan_number, error.closed_on, error.behind) == (
        number_of(bank, three[1]),
        FIRST - timedelta(days=1),
        True,
    )
    money = Repay(amount_fen=1_00, key="locked", prepay=True)
    with bank.database.write() as session, pytest.raises(LoanBehind):
        repay(session, bank.world.actor("a-ops"), three[1], money)


def test_a_repeat_after_mending_comes_to_what_the_close_would_have(bank, three, breaks, repeat):
    breaks(three[1])
    view = bank.close(FIRST)
    breaks(three[1], MENDED)
    bank.set_clock(FIRST + timedelta(days=1))
    done = repeat(view.id)
    assert (done.behind, done.failed) == (0, 1)
    (tried,) = done.repeats
    assert (tried.done, tried.failed, tried.booked_on) == (1, 0, FIRST + timedelta(days=1))
    assert tried.accrued_fen == bank.view(three[0]).accrued_fen == bank.view(three[1]).accrued_fen
    assert bank.broken() == []
    bank.close(FIRST + timedelta(days=1))
    assert bank.view(three[1]).accrued_fen == bank.view(three[0]).accrued_fen
    assert bank.broken() == []


@pytest.mark.one_engine("sqlite")
@pytest.mark.parametrize("name", ["accrued", "billed"])
def test_what_a_repeat_says_is_held_against_the_journal_before_its_day_is_closed(
    bank, three, breaks, repeat, name
):
    breaks(three[1])
    view = bank.close(FIRST)
    breaks(three[1], MENDED)
    repeat(view.id)
    assert bank.broken() == []
    bank.sql(f"UPDATE day_close_repeat SET {name}_fen = {name}_fen + 1")
    assert {each.invariant for each in bank.broken()} == {f"day-close-{name}"}


def test_a_repeat_closes_one_that_is_named_and_leaves_the_others(bank, three, breaks, repeat):
    for loan_id in three[1:]:
        breaks(loan_id)
    view = bank.close(FIRST)
    for loan_id in three[1:]:
        breaks(loan_id, MENDED)
    done = repeat(view.id, number_of(bank, three[2]))
    assert [(each.loan_number, each.behind) for each in done.errors] == [
        (number_of(bank, three[1]), True),
        (number_of(bank, three[2]), False),
    ]
    with pytest.raises(NothingLeftBehind):
        repeat(view.id, number_of(bank, three[2]))
    assert bank.broken() == []


def test_what_fails_again_says_why_and_stays_locked(bank, three, breaks, repeat):
    breaks(three[1])
    view = bank.close(FIRST)
    breaks(three[1], "UPDATE note_state SET period_due_on = '2023-12-27' WHERE loan_id = :loan")
    done = repeat(view.id)
    assert (done.behind, done.repeats[-1].failed) == (1, 1)
    assert "2023-12-27" in done.errors[0].detail


def test_a_repeat_catches_up_several_days(bank, three, breaks, repeat):
    breaks(three[1])
    view = bank.close(FIRST)
    bank.close_until(FIRST + timedelta(days=1), FIRST + timedelta(days=3))
    breaks(three[1], MENDED)
    done = repeat(view.id)
    assert done.errors[0].closed_on == FIRST + timedelta(days=3)
    assert bank.view(three[1]).accrued_fen == bank.view(three[0]).accrued_fen
    assert bank.broken() == []


def test_a_loan_tried_again_by_a_run_that_was_cut_off_fits_the_journal(bank, three, breaks):
    """A retried loan lies between the loans of the chunk that first tried it."""
    breaks(three[1])

    def cut_off(_count):
        breaks(three[1], MENDED)
        raise RuntimeError("cut off")

    bank.set_clock(FIRST)
    with pytest.raises(RuntimeError):
        close_day(bank.database, bank.actor, bank.id, FIRST, after_chunk=cut_off)
    assert bank.close(FIRST).done == 3
    assert bank.broken() == []


def test_a_repeat_waits_while_a_day_is_being_closed(bank, three, breaks, repeat):
    breaks(three[1])
    view = bank.close(FIRST)
    with bank.database.write() as session:
        assert claim(session, lease_of(bank.id), "a closer", 60)
    with pytest.raises(Busy):
        repeat(view.id)


def test_a_repeat_belongs_to_operations_of_the_bank(bank, three, breaks, repeat):
    breaks(three[1])
    view = bank.close(FIRST)
    with pytest.raises(Forbidden):
        repeat(view.id, login="a-officer")
    with pytest.raises(NotFound):
        repeat(view.id, login="b-ops")
    breaks(three[1], MENDED)


def test_a_close_that_was_cut_off_says_so_and_is_not_repeated(bank, three, repeat):
    def stop(_count):
        with bank.database.read() as session:
            found = close_view(session, bank.actor, close_id(session))
            assert (found.state, found.interrupted) == ("running", False)
        raise KeyboardInterrupt

    def close_id(session):
        import sqlalchemy as sa

        from app.loans.models import DayClose

        return session.execute(sa.select(DayClose.id)).scalar_one()

    bank.set_clock(FIRST)
    with pytest.raises(KeyboardInterrupt):
        close_day(bank.database, bank.actor, bank.id, FIRST, chunk_loans=2, after_chunk=stop)
    bank.clock.instant += timedelta(minutes=5)
    with bank.database.read() as session:
        found = close_view(session, bank.actor, close_id(session))
    assert (found.state, found.interrupted, found.done) == ("running", True, 2)
    with pytest.raises(CloseNotFinished):
        repeat(found.id)
    assert bank.close(FIRST, minutes=10).interrupted is False


def request(bank, on, until_on=None):
    with bank.database.write() as session:
        command = RequestCloses(on=on, until_on=until_on)
        return request_closes(session, bank.world.actor("a-ops"), command).view


def open_day(bank):
    with bank.database.read() as session:
        return business_day(session, bank.id)


def test_days_after_a_standstill_are_filed_together_and_closed_in_order(bank, three):
    last = FIRST + timedelta(days=4)
    bank.set_clock(last)
    view = request(bank, FIRST, last)
    assert view.on == last
    assert [each.on for each in run_requested_closes(bank.database).views] == [
        FIRST + timedelta(days=number) for number in range(5)
    ]
    assert open_day(bank) == last + timedelta(days=1)
    assert bank.broken() == []


def test_the_last_day_of_several_has_come_and_lies_after_the_first(bank, three):
    bank.set_clock(FIRST + timedelta(days=2))
    with pytest.raises(DayNotOver):
        request(bank, FIRST, FIRST + timedelta(days=3))
    with pytest.raises(InvalidInput) as refused:
        request(bank, FIRST, FIRST - timedelta(days=1))
    assert refused.value.errors[0].pointer == "/until_on"
    with pytest.raises(DaySkipped):
        request(bank, FIRST + timedelta(days=1), FIRST + timedelta(days=2))
    bank.set_clock(FIRST + timedelta(days=90))
    with pytest.raises(InvalidInput):
        request(bank, FIRST, FIRST + timedelta(days=63))
    last = FIRST + timedelta(days=62)
    assert request(bank, FIRST, last).on == last


@pytest.mark.parametrize(("day", "ends"), [(date(2023, 12, 30), False), (date(2023, 12, 31), True)])
def test_the_last_day_of_a_month_is_marked(bank, three, day, ends):
    assert bank.close_until(FIRST, day).month_end is ends
