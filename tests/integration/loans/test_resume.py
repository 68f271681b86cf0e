"""A close that is cut off goes on to the same end; a loan that cannot be closed waits."""

import hashlib
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from app.audit.services import watch
from app.db.engine import Database
from app.db.leases import claim
from app.kernel.errors import Busy
from app.kernel.ids import new_id
from app.loans.closing.days import file_close
from app.loans.models import DayClose, LoanStateRow
from app.loans.refusals import DayClosing
from app.loans.services import Repay, close_through, repay, run_requested_closes
from tests.support.bank import Bank

FIRST = date(2023, 12, 26)
LOANS = """
    SELECT l.number, s.principal_fen, s.accrued_fen, s.overdue_days, s.loan_class, s.closed_on
    FROM loan l JOIN loan_state s ON s.loan_id = l.id ORDER BY l.number"""
ACCRUALS = """
    SELECT l.number, a."on", a.kind, a.amount_fen, a.cumulative_fen
    FROM loan l JOIN loan_accrual a ON a.loan_id = l.id ORDER BY l.number, a."on", a.kind"""
POSTINGS = """
    SELECT l.number, p.debit, p.credit, p.amount_fen, p.booked_on, p.value_on
    FROM loan l JOIN loan_posting p ON p.loan_id = l.id
    ORDER BY l.number, p.value_on, p.debit, p.amount_fen"""
CLOSES = """
    SELECT "on", state, done, failed, total, accrued_fen FROM day_close ORDER BY "on" """
SEEN = (LOANS, ACCRUALS, POSTINGS, CLOSES, "SELECT open_on FROM bank_day")


def content(bank):
    """A digest of all figures, without the ids that each run makes anew."""
    digest = hashlib.sha256()
    with bank.database.read() as session:
        for statement in SEEN:
            for row in session.execute(sa.text(statement)):
                digest.update(repr([str(value) for value in row]).encode())
    return digest.hexdigest()


def draw_seven(bank):
    bank.open(FIRST)
    for number in range(1, 8):
        loan_id = bank.sign(contract_fen=number * 1_000_003)
        bank.draw(loan_id, number * 1_000_003)
    return bank


@pytest.fixture
def seven(bank):
    """Seven loans of different amounts drawn on the first day."""
    return draw_seven(bank)


@pytest.fixture
def through(engine_name, templates, engines, world, clock):
    """The same seven loans in a database of their own."""
    with templates(engine_name).copy() as url, engines.lent(url) as engine:
        database = Database(url, clock=clock, engine=engine)
        watch(database)
        yield draw_seven(Bank(database, world, clock))


class KilledError(BaseException):
    """The process is gone: nothing after this line runs, the lease is not given back."""


def kill(_count):
    raise KilledError


def fail(_count):
    raise OSError


def test_a_close_cut_off_after_each_chunk_ends_like_one_that_ran_through(seven, through):
    for number in range(3):
        with pytest.raises(KilledError):
            seven.close(FIRST, chunk_loans=2, after_chunk=kill, minutes=3 * number)
    with pytest.raises(Busy):
        seven.close(FIRST, chunk_loans=2, minutes=7)
    cut = seven.close(FIRST, chunk_loans=2, minutes=9)
    whole = through.close(FIRST)
    assert (cut.done, cut.total, cut.accrued_fen) == (7, 7, whole.accrued_fen)
    assert content(seven) == content(through)


def test_the_day_stays_open_until_the_very_end(seven):
    with pytest.raises(KilledError):
        seven.close(FIRST, chunk_loans=2, after_chunk=kill)
    with seven.database.read() as session:
        assert session.execute(sa.text("SELECT open_on FROM bank_day")).scalar_one() in (
            FIRST,
            FIRST.isoformat(),
        )
        states = session.execute(sa.text("SELECT state, done FROM day_close")).all()
    assert [tuple(row) for row in states] == [("running", 2)]


def test_a_loan_already_closed_takes_no_booking_until_the_next_day_opens(seven):
    with pytest.raises(KilledError):
        seven.close(FIRST, chunk_loans=2, after_chunk=kill)
    with seven.database.read() as session:
        closed = (
            session.execute(sa.select(LoanStateRow.loan_id).where(LoanStateRow.closed_on == FIRST))
            .scalars()
            .first()
        )
    with pytest.raises(DayClosing), seven.database.write() as session:
        repay(session, seven.actor, closed, Repay(amount_fen=100))
    seven.close(FIRST, minutes=3)
    with seven.database.write() as session:
        assert repay(session, seven.actor, closed, Repay(amount_fen=100)).suspense_fen == 100


def test_the_scheduler_takes_up_a_close_that_was_cut_off(seven, clock):
    with pytest.raises(KilledError):
        seven.close(FIRST, chunk_loans=2, after_chunk=kill)
    assert run_requested_closes(seven.database).views == ()
    clock.instant += timedelta(minutes=5)
    (view,) = run_requested_closes(seven.database).views
    assert (view.state, view.done) == ("finished", 7)


def test_a_bank_whose_close_is_refused_stops_no_other(seven, clock, world):
    with pytest.raises(KilledError):
        seven.close(FIRST, chunk_loans=2, after_chunk=kill)
    other = Bank(seven.database, world, clock, code="B")
    seven.tampered = True
    with seven.database.write() as session:
        filed = DayClose(
            bank_id=other.id,
            on=FIRST - timedelta(days=1),
            person_id=new_id(),
            requested_at=clock.instant,
        )
        session.add(filed)
    clock.instant += timedelta(minutes=5)
    ran = run_requested_closes(seven.database)
    assert [each.bank_id for each in ran.views] == [seven.id]
    assert [each.code for each in ran.refused] == ["business-day-missing"]
    with seven.database.read() as session:
        states = dict(session.execute(sa.select(DayClose.bank_id, DayClose.state)).all())
    assert states == {seven.id: "finished", other.id: "requested"}


def test_the_later_days_of_a_bank_that_another_process_closes_wait(seven, clock):
    """Tried, they would be refused: the day before them is still open."""
    with seven.database.write() as session:
        for on in (FIRST, FIRST + timedelta(days=1)):
            file_close(session, seven.actor, seven.id, on)
        assert claim(session, f"day-close:{seven.id}", "somebody else", 60)
    clock.instant += timedelta(days=1)
    with seven.database.write() as session:
        assert claim(session, f"day-close:{seven.id}", "somebody else", 60)
    ran = run_requested_closes(seven.database)
    assert (ran.views, ran.refused) == ((), ())
    clock.instant += timedelta(minutes=5)
    ran = run_requested_closes(seven.database)
    assert [each.on for each in ran.views] == [FIRST, FIRST + timedelta(days=1)]


def test_a_close_that_fails_gives_its_lease_back(seven):
    with pytest.raises(OSError):  # noqa: PT011 - any failure of the machine
        seven.close(FIRST, chunk_loans=2, after_chunk=fail)
    assert seven.close(FIRST).done == 7


def test_two_closers_exclude_each_other(seven):
    with seven.database.write() as session:
        assert claim(session, f"day-close:{seven.id}", "somebody else", 60)
    with pytest.raises(Busy):
        seven.close(FIRST)


def test_catching_up_closes_every_day_in_order(seven, through):
    last = FIRST + timedelta(days=6)
    seven.set_clock(last)
    views = close_through(seven.database, seven.actor, seven.id, last)
    assert [view.on for view in views] == [FIRST + timedelta(days=n) for n in range(7)]
    through.close_until(FIRST, last)
    assert content(seven) == content(through)
    with seven.database.read() as session:
        months = session.execute(
            sa.text("SELECT count(*), sum(principal_fen) FROM loan_month_end")
        ).one()
    assert tuple(months) == (7, 28 * 1_000_003)


def test_a_loan_that_cannot_be_closed_is_listed_and_caught_up_when_mended(seven, through):
    broken = "UPDATE note_state SET period_due_on = '2023-12-26' WHERE unbilled_fen = 3000009"
    seven.sql(broken)
    view = seven.close(FIRST)
    assert (view.state, view.done, view.failed, view.total) == ("finished", 6, 1, 7)
    assert view.errors[0].loan_number == "L-2023-000003"
    assert "2023-12-26" in view.errors[0].detail
    mended = "UPDATE note_state SET period_due_on = '2024-03-21' WHERE unbilled_fen = 3000009"
    seven.sql(mended)
    assert seven.close(FIRST + timedelta(days=1)).done == 7
    through.close_until(FIRST, FIRST + timedelta(days=1))
    assert accruals(seven) == accruals(through)
    assert seven.broken() == []


def accruals(bank):
    with bank.database.read() as session:
        return [tuple(row) for row in session.execute(sa.text(ACCRUALS))]
