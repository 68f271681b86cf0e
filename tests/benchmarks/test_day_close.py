"""The close of a day of 10,000 loans against a row-by-row baseline, in the same run per engine.

Both sides close the same loans on the same kind of day and must come to the same fen. The
ratio is printed and gated; the absolute figures are only printed.
"""

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
from tests.support.bank import Bank
from tests.support.many_loans import FIRST, fill

LOANS = 10_000
BASELINE_LOANS = 500
PAIRS = 5
MIN_RATIO = 4


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


@pytest.mark.benchmark
def test_the_close_is_many_times_faster_than_row_by_row(database, world, clock, say):
    bank = Bank(database, world, clock).open(FIRST)
    fill(bank, LOANS)
    ratios, rates = [], []
    for number in range(PAIRS):
        day = FIRST + timedelta(days=number)
        baseline_seconds, expected = close_row_by_row(bank, day)
        start = perf_counter()
        view = bank.close(day)
        seconds = perf_counter() - start
        assert (view.done, view.failed) == (LOANS, 0)
        assert posted(bank, day, list(expected)) == expected
        rates.append(LOANS / seconds)
        ratios.append(rates[-1] / (BASELINE_LOANS / baseline_seconds))
    say(
        f"day close of {LOANS:,} loans, {database.engine.dialect.name}",
        f"{median(rates):,.0f} loans/s; {median(ratios):.1f} times rows by ORM"
        f" ({min(ratios):.1f} to {max(ratios):.1f} in {PAIRS} pairs)",
    )
    assert median(ratios) >= MIN_RATIO
