"""The close of a day of many loans beside the ways of an ORM, of executemany, and the bare limit of the database.

All sides close the same loans on the same day and must come to the same fen. The ratios and the slope
are printed; the absolute figures belong to the machine.
"""

import os
from datetime import timedelta
from statistics import median
from time import perf_counter

import pytest
import sqlalchemy as sa

from app.kernel.ids import new_id
from app.kernel.money import round_half_up
from app.loans.domain.journal import Account
from app.loans.domain.states import AccrualKind, EntryKind
from app.loans.models import (
    Loan,
    LoanAccrual,
    LoanNote,
    LoanPosting,
    LoanStateRow,
    NoteStateRow,
)
from tests.benchmarks.conftest import slope
from tests.support.bank import Bank
from tests.support.many_loans import FIRST, ONE_DAY, fill

SIZES = tuple(
    size
    for size in (10_000, 100_000, 1_000_000)
    if size <= int(os.environ.get("GREENPLEDGE_BENCHMARK_LOANS", "100000"))
)
"""A million loans are closed where `GREENPLEDGE_BENCHMARK_LOANS=1000000` asks for them."""

BASELINE_LOANS, SENT_LOANS = 500, 5_000
"""So many loans the slow peers close in a turn."""

PAIRS = 3
MIN_RATIO = 4
MIN_SHARE = 0.25
"""Of the speed of the bare statements; a third is aimed at, and a loaded machine moves either side."""


def close_row_by_row(bank, day):
    """The way an ORM invites to: load a loan, add rows, change it, flush; gives seconds and fen."""
    earned = {}
    with bank.database.write() as session:
        ids = (
            session.execute(
                sa.select(LoanStateRow.loan_id).order_by(LoanStateRow.loan_id).limit(BASELINE_LOANS)
            )
            .scalars()
            .all()
        )
        start = perf_counter()
        for loan_id in ids:
            state = session.get_one(LoanStateRow, loan_id)
            loan = session.get_one(Loan, loan_id)
            for running in session.execute(
                sa.select(NoteStateRow).where(NoteStateRow.loan_id == loan_id)
            ).scalars():
                note = session.get_one(LoanNote, running.note_id)
                units = (day + timedelta(days=1) - running.period_starts_on).days
                total = round_half_up(running.unbilled_fen * note.rate_ppm * units, 360_000_000)
                amount = total - running.interest_fen
                running.interest_fen = total
                session.add(
                    LoanAccrual(
                        note_id=note.id,
                        on=day,
                        kind=AccrualKind.INTEREST,
                        loan_id=loan_id,
                        amount_fen=amount,
                        cumulative_fen=total,
                    )
                )
                session.add(
                    LoanPosting(
                        entry_id=new_id(),
                        seq=1,
                        bank_id=loan.bank_id,
                        loan_id=loan_id,
                        note_id=note.id,
                        debit=Account.INTEREST_RECEIVABLE,
                        credit=Account.INTEREST_INCOME,
                        amount_fen=amount,
                        booked_on=day,
                        value_on=day,
                        kind=EntryKind.ACCRUAL,
                    )
                )
                state.accrued_fen += amount
                earned[loan_id] = amount
            state.closed_on = day
            session.flush()
        seconds = perf_counter() - start
        session.rollback()
    return seconds, earned


def posted(bank, day, loan_ids):
    with bank.database.read() as session:
        rows = session.execute(
            sa.select(LoanAccrual.loan_id, LoanAccrual.amount_fen).where(
                LoanAccrual.on == day, LoanAccrual.loan_id.in_(loan_ids)
            )
        )
        return {row.loan_id: row.amount_fen for row in rows}


def close_by_executemany(bank, day):
    """What a close writes, worked out row by row in Python and sent by SQLAlchemy's executemany."""
    statement = (
        sa.select(NoteStateRow.__table__, LoanNote.rate_ppm, LoanStateRow.accrued_fen)
        .join(LoanNote, LoanNote.id == NoteStateRow.note_id)
        .join(LoanStateRow, LoanStateRow.loan_id == NoteStateRow.loan_id)
        .order_by(NoteStateRow.loan_id)
        .limit(SENT_LOANS)
    )
    with bank.database.write() as session:
        start = perf_counter()
        accruals, postings, notes, loans = [], [], [], []
        for row in session.execute(statement):
            units = (day + ONE_DAY - row.period_starts_on).days
            total = round_half_up(row.unbilled_fen * row.rate_ppm * units, 360_000_000)
            amount = total - row.interest_fen
            of = {"note_id": row.note_id, "loan_id": row.loan_id, "amount_fen": amount}
            accruals.append(
                {**of, "on": day, "kind": AccrualKind.INTEREST, "cumulative_fen": total}
                | {"off_balance": False}
            )
            postings.append(
                {**of, "id": new_id(), "entry_id": new_id(), "seq": 1, "bank_id": bank.id}
                | {"debit": Account.INTEREST_RECEIVABLE, "credit": Account.INTEREST_INCOME}
                | {"booked_on": day, "value_on": day, "kind": EntryKind.ACCRUAL, "text": ""}
            )
            notes.append({"key": row.note_id, "total": total})
            loans.append({"key": row.loan_id, "accrued": row.accrued_fen + amount})
        session.execute(sa.insert(LoanAccrual.__table__), accruals)
        session.execute(sa.insert(LoanPosting.__table__), postings)
        running, state = NoteStateRow.__table__, LoanStateRow.__table__
        connection = session.connection()
        connection.execute(
            sa.update(running)
            .where(running.c.note_id == sa.bindparam("key"))
            .values(interest_fen=sa.bindparam("total")),
            notes,
        )
        connection.execute(
            sa.update(state)
            .where(state.c.loan_id == sa.bindparam("key"))
            .values(accrued_fen=sa.bindparam("accrued"), closed_on=day),
            loans,
        )
        seconds = perf_counter() - start
        session.rollback()
    return seconds, {row["loan_id"]: row["amount_fen"] for row in accruals}


TOTAL = "(n.unbilled_fen * b.rate_ppm * :units * 2 + 360000000) / 720000000"
FROM = "FROM note_state n JOIN loan_note b ON b.id = n.note_id"


ACCRUE = f"""
INSERT INTO loan_accrual
  (note_id, "on", kind, loan_id, amount_fen, cumulative_fen, off_balance)
SELECT n.note_id, :day, 'interest', n.loan_id, {TOTAL} - n.interest_fen, {TOTAL}, false
{FROM}
"""
POST = f"""
INSERT INTO loan_posting
  (id, entry_id, seq, bank_id, loan_id, note_id, debit, credit, amount_fen, booked_on, value_on, kind, text)
SELECT FRESH, FRESH, 1, l.bank_id, n.loan_id, n.note_id, 'interest-receivable', 'interest-income',
  {TOTAL} - n.interest_fen, :day, :day, 'accrual', ''
{FROM} JOIN loan l ON l.id = n.loan_id
"""
MOVE_LOANS = """
UPDATE loan_state SET accrued_fen = accrued_fen + a.amount_fen, closed_on = :day, version = version + 1
FROM loan_accrual a WHERE a.loan_id = loan_state.loan_id AND a."on" = :day
"""
MOVE_NOTES = """
UPDATE note_state SET interest_fen = a.cumulative_fen
FROM loan_accrual a WHERE a.note_id = note_state.note_id AND a."on" = :day
"""


def statements(*, sqlite):
    """The bare limit: the same rows by statements that leave the database nothing but writing."""
    fresh = "lower(hex(randomblob(16)))" if sqlite else "gen_random_uuid()"
    return (ACCRUE, POST.replace("FRESH", fresh), MOVE_LOANS, MOVE_NOTES)


def close_in_the_database(bank, day):
    """Seconds of the bare statements, and the fen they come to; taken back afterwards."""
    values = {"day": day, "units": (day + ONE_DAY - FIRST).days}
    with bank.database.write() as session:
        if not bank.database.is_sqlite:
            # One statement over a million rows takes longer than a request may.
            session.execute(sa.text("SET LOCAL statement_timeout = 0"))
        start = perf_counter()
        for statement in statements(sqlite=bank.database.is_sqlite):
            session.execute(
                sa.text(statement).bindparams(*typed(statement)), named(statement, values)
            )
        seconds = perf_counter() - start
        statement = sa.select(sa.func.sum(LoanAccrual.amount_fen)).where(LoanAccrual.on == day)
        earned = session.execute(statement).scalar_one()
        session.rollback()
    return seconds, int(earned)


def named(statement, values):
    return {name: value for name, value in values.items() if f":{name}" in statement}


def typed(statement):
    return [sa.bindparam("day", type_=sa.Date)] if ":day" in statement else []


def gather_statistics(bank):
    """What PostgreSQL does by itself a minute after so many rows came."""
    if bank.database.is_sqlite:
        return
    by_itself = bank.database.engine.execution_options(isolation_level="AUTOCOMMIT")
    with by_itself.connect() as connection:
        connection.execute(sa.text("ANALYZE"))


def measured_close(bank, day, loans):
    start = perf_counter()
    view = bank.close(day)
    seconds = perf_counter() - start
    assert (view.done, view.failed) == (loans, 0)
    return seconds, view.accrued_fen


@pytest.mark.benchmark
def test_a_close_beside_its_peers_and_its_limit(database, world, clock, say):
    """Each size closes days of its own; all sides come to the same fen of the same day."""
    bank = Bank(database, world, clock).open(FIRST)
    engine, day, filled, took = database.engine.dialect.name, FIRST, 0, []
    for loans in SIZES:
        fill(bank, loans, first=filled, closed_on=day - ONE_DAY, classified=True)
        gather_statistics(bank)
        filled = loans
        found = {"rows by ORM": [], "executemany": [], "INSERT-SELECT": []}
        rates = []
        for _ in range(PAIRS):
            one_s, one = close_row_by_row(bank, day)
            many_s, many = close_by_executemany(bank, day)
            bare_s, earned = close_in_the_database(bank, day)
            seconds, accrued = measured_close(bank, day, loans)
            assert accrued == earned
            assert posted(bank, day, list(one)) == one
            assert posted(bank, day, list(many)[:BASELINE_LOANS]) == dict(
                list(many.items())[:BASELINE_LOANS]
            )
            rates.append(loans / seconds)
            found["rows by ORM"].append(rates[-1] * one_s / len(one))
            found["executemany"].append(rates[-1] * many_s / len(many))
            found["INSERT-SELECT"].append(bare_s / seconds)
            day += ONE_DAY
        took.append(loans / median(rates))
        beside = "; ".join(f"{median(each):.2f} times {peer}" for peer, each in found.items())
        say(f"day close of {loans:,} loans, {engine}", f"{median(rates):,.0f} loans/s; {beside}")
        assert median(found["rows by ORM"]) >= MIN_RATIO
        assert median(found["INSERT-SELECT"]) >= MIN_SHARE
    if len(SIZES) == 1:
        return
    sizes = f"{SIZES[0]:,} to {SIZES[-1]:,} loans"
    say(f"day close, growth, {engine}", f"slope {slope(SIZES, took):.2f} over {sizes}")
