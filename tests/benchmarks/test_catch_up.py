"""A bank catches up after days off: the workload of Fineract's own harness, which publishes no figures.

A thousand loans of 24 monthly equal instalments that nobody pays, closed over 1, 7, 30, 100, 300 and 700 days.
"""

import os
from datetime import date, timedelta
from time import perf_counter

import pytest

from app.kernel.daycount import DayCount
from app.loans.domain.states import InterestStyle
from app.loans.domain.terms import Method
from app.loans.services import OpenLoan, PostDrawdown, close_through, open_loan, post_drawdown
from tests.support.bank import Bank, broken

LOANS = 1_000
FIRST = date(2024, 1, 2)
LONGEST = int(os.environ.get("GREENPLEDGE_BENCHMARK_DAYS", "100"))
"""All of the harness with `GREENPLEDGE_BENCHMARK_DAYS=700`."""

DAYS = tuple(days for days in (1, 7, 30, 100, 300, 700) if days <= LONGEST)


def draw_all(bank):
    for number in range(LOANS):
        with bank.database.write() as session:
            terms = OpenLoan(
                bank_id=bank.id,
                borrower_id=bank.world.organisation("C1"),
                title="林权抵押贷款",
                contract_fen=1_000_000_00 + 37 * number,
                rate_ppm=44_500,
                penalty_ppm=500_000,
                method=Method.EQUAL_INSTALMENT,
                interest_style=InterestStyle.SCHEDULE,
                every="1m",
                day_count=DayCount.ACT_360,
                starts_on=FIRST,
                matures_on=date(2026, 1, 2),
                region_code="620725",
            )
            loan_id = open_loan(session, bank.actor, terms)
            drawn = PostDrawdown(loan_id=loan_id, amount_fen=terms.contract_fen)
            post_drawdown(session, bank.actor, drawn)


@pytest.mark.benchmark
def test_a_thousand_loans_catch_up(database, world, clock, say):
    bank = Bank(database, world, clock).open(FIRST)
    draw_all(bank)
    closed = 0
    for days in DAYS:
        bank.set_clock(FIRST + timedelta(days=days))
        start = perf_counter()
        views = close_through(database, bank.actor, bank.id, FIRST + timedelta(days=days - 1))
        seconds = perf_counter() - start
        assert [view.failed for view in views] == [0] * (days - closed)
        rate = LOANS * (days - closed) / seconds
        say(
            f"catch-up of {LOANS:,} loans to day {days}, {database.engine.dialect.name}",
            f"{seconds:.1f} s for {days - closed} days; {rate:,.0f} days of loans a second",
        )
        closed = days
    assert broken(database) == []
