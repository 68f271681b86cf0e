"""Speed of repayment schedules beside rows in Decimal, measured in pairs in the same run.

Run with `pytest -m benchmark -s tests/benchmarks/test_schedules.py`.
"""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal, getcontext
from statistics import median
from time import perf_counter

import numpy as np
import pytest

from app.kernel.daycount import DayCount
from app.kernel.schedule_dates import Every
from app.loans.domain.bulk import level_schedules
from app.loans.domain.schedule import make_schedule
from app.loans.domain.terms import Method, Terms
from tests.benchmarks.conftest import slope

pytestmark = pytest.mark.benchmark

LOANS, PERIODS, ROUNDS, SAMPLE = 10_000, 360, 5, 60
FEN = Decimal("0.01")


@pytest.fixture(scope="module")
def book():
    """Whole ten-thousands of yuan and rates by 5 basis points, as books have them."""
    generator = np.random.default_rng(20240102)
    principal = generator.integers(10, 5000, LOANS) * 1_000_000
    rate = 30_000 + 500 * generator.integers(0, 60, LOANS)
    return principal, rate


def decimal_rows(principal_fen, rate_ppm):
    """The textbook: P * r * (1 + r)^n / ((1 + r)^n - 1), then row by row, half-up to fen."""
    getcontext().prec = 40
    balance = Decimal(int(principal_fen)) / 100
    ppm, rate = Decimal(int(rate_ppm)), Decimal(int(rate_ppm)) / 12_000_000
    growth = (1 + rate) ** PERIODS
    level = (balance * rate * growth / (growth - 1)).quantize(FEN, ROUND_HALF_UP)
    rows = []
    for number in range(1, PERIODS + 1):
        # Divided last: a twelfth cut to 40 digits would push ties to the wrong side.
        interest = (balance * ppm / 12_000_000).quantize(FEN, ROUND_HALF_UP)
        principal = balance if number == PERIODS else level - interest
        balance -= principal
        rows.append((principal, interest, balance))
    return rows


def single_rows(principal_fen, rate_ppm):
    return make_schedule(
        Terms(
            principal_fen=int(principal_fen),
            rate_ppm=int(rate_ppm),
            start_on=date(2024, 1, 15),
            periods=PERIODS,
            every=Every(months=1),
            method=Method.EQUAL_INSTALMENT,
            day_count=DayCount.THIRTY_360,
        )
    ).instalments


def seconds(work):
    began = perf_counter()
    answer = work()
    return perf_counter() - began, answer


def figures(loans_per_second, ratios):
    low, high = min(ratios), max(ratios)
    return (
        f"{loans_per_second:,.0f} loans/s of {PERIODS} rows;"
        f" {median(ratios):.1f} times Decimal rows ({low:.1f} to {high:.1f} in {ROUNDS} pairs)"
    )


def test_bulk_schedules_beside_decimal_rows(book, say):
    principal, rate = book
    ratios, speeds = [], []
    for turn in range(ROUNDS):
        chosen = range(turn * SAMPLE, (turn + 1) * SAMPLE)
        bulk_s, bulk = seconds(lambda: level_schedules(principal, rate, periods=PERIODS))
        decimal_s, rows = seconds(
            lambda loans=chosen: [decimal_rows(principal[loan], rate[loan]) for loan in loans]
        )
        ratios.append((decimal_s / SAMPLE) / (bulk_s / LOANS))
        speeds.append(LOANS / bulk_s)
        assert_equal_to_decimal(bulk, chosen, rows)
        assert (bulk.principal_fen.sum(axis=0) == principal).all()
    say(f"schedules, {LOANS:,} in bulk", figures(median(speeds), ratios))
    assert median(ratios) > 5


def assert_equal_to_decimal(bulk, chosen, rows):
    for loan, expected in zip(chosen, rows, strict=True):
        columns = (bulk.principal_fen, bulk.interest_fen, bulk.balance_fen)
        drawn = list(zip(*(column[:, loan].tolist() for column in columns), strict=True))
        assert drawn == [tuple(int(100 * amount) for amount in row) for row in expected]


def test_single_schedules_beside_decimal_rows(book, say):
    """Drawn with due days, numbers and days, which the rows in Decimal do without."""
    principal, rate = book
    ratios, speeds = [], []
    for turn in range(ROUNDS):
        chosen = range(turn * SAMPLE, (turn + 1) * SAMPLE)
        single_s, drawn = seconds(
            lambda loans=chosen: [single_rows(principal[loan], rate[loan]) for loan in loans]
        )
        decimal_s, rows = seconds(
            lambda loans=chosen: [decimal_rows(principal[loan], rate[loan]) for loan in loans]
        )
        ratios.append(decimal_s / single_s)
        speeds.append(SAMPLE / single_s)
        for instalments, expected in zip(drawn, rows, strict=True):
            assert [row.principal_fen for row in instalments] == [
                int(100 * principal_part) for principal_part, _, _ in expected
            ]
    say("schedules, one by one with days", figures(median(speeds), ratios))


def test_bulk_schedules_grow_in_proportion(say):
    sizes = (1_000, 10_000, 100_000)
    generator = np.random.default_rng(20240102)
    took = []
    for size in sizes:
        principal = generator.integers(10, 5000, size) * 1_000_000
        rate = 30_000 + 500 * generator.integers(0, 60, size)
        fastest = min(
            seconds(lambda p=principal, r=rate: level_schedules(p, r, periods=PERIODS))[0]
            for _ in range(3)
        )
        took.append(fastest)
    say(
        "schedules, growth",
        f"slope {slope(sizes, took):.2f} over {sizes[0]:,} to {sizes[-1]:,} loans",
    )
    assert took[-1] > took[0]
