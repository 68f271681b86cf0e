"""Speed of repayment schedules beside rows in Decimal, pyxirr and QuantLib, measured in pairs in the same run.

Rows in Decimal are rounded as ours and must be equal to the fen; the other peers round nothing, so that their rows
lie a little beside, while the instalment must be the same.

Run with `pytest -m benchmark -s tests/benchmarks/test_schedules.py`.
"""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal, getcontext
from itertools import pairwise
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
UNROUNDED_FEN = {"Decimal rows": 0, "pyxirr": 4, "QuantLib": 4}
"""Half a fen of each instalment grows to a few hundred fen of balance; so much is a month's interest on them."""


@pytest.fixture(scope="module")
def book():
    """Whole ten-thousands of yuan and rates by 5 basis points, as books have them.

    Drawn a few times first, so that no turn pays for memory that the process takes once.
    """
    generator = np.random.default_rng(20240102)
    principal = generator.integers(10, 5000, LOANS) * 1_000_000
    rate = 30_000 + 500 * generator.integers(0, 60, LOANS)
    for _ in range(ROUNDS):
        level_schedules(principal, rate, periods=PERIODS)
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


def figures(peer, loans_per_second, ratios, gaps):
    low, high = min(ratios), max(ratios)
    return (
        f"{loans_per_second:,.0f} loans/s of {PERIODS} rows;"
        f" {median(ratios):.1f} times {peer} ({low:.1f} to {high:.1f} in {ROUNDS} pairs);"
        f" differs by at most {max(gaps):.2g} fen"
    )


def pyxirr_rows(principal_fen, rate_ppm):
    """Its financial functions over all periods at once; it rounds nothing."""
    import pyxirr

    periods, rate = range(1, PERIODS + 1), int(rate_ppm) / 12_000_000
    principal = pyxirr.ppmt(rate, periods, PERIODS, -int(principal_fen))
    interest = pyxirr.ipmt(rate, periods, PERIODS, -int(principal_fen))
    return list(zip(principal, interest, strict=True))


def quantlib_rows(principal_fen, rate_ppm):
    """A leg over sinking notionals, with due days as ours one by one; it rounds nothing."""
    import QuantLib as ql  # noqa: N813 - only the benchmark needs it, by its usual name

    rate = int(rate_ppm) / 1_000_000
    length = ql.Period(PERIODS, ql.Months)
    notionals = ql.sinkingNotionals(length, ql.Monthly, rate, float(principal_fen))
    start = ql.Date(15, 1, 2024)
    days = ql.Schedule(
        start, start + length, ql.Period(1, ql.Months), ql.NullCalendar(), ql.Unadjusted,
        ql.Unadjusted, ql.DateGeneration.Forward, False,
    )  # fmt: skip
    leg = ql.FixedRateLeg(days, ql.Thirty360(ql.Thirty360.BondBasis), notionals[:-1], [rate])
    paid = (before - after for before, after in pairwise(notionals))
    return list(zip(paid, (each.amount() for each in leg), strict=True))


PEERS = {"Decimal rows": decimal_rows, "pyxirr": pyxirr_rows, "QuantLib": quantlib_rows}


def gap_fen(peer, ours, theirs):
    """The largest difference of the amounts of a loan; 0 where the peer rounds as the law of the contract asks."""
    if peer == "Decimal rows":
        rows = [tuple(int(100 * amount) for amount in row[:2]) for row in theirs]
        return max(
            abs(x - y) for a, b in zip(ours, rows, strict=True) for x, y in zip(a, b, strict=True)
        )
    # The instalment is the same to the fen; what rounding it leaves over the years falls into the last.
    assert round(sum(theirs[0])) == sum(ours[0])
    gaps = (
        abs(x - y)
        for a, b in zip(ours, theirs, strict=True)
        for x, y in zip(a[1:], b[1:], strict=True)
    )
    return max(gaps)


@pytest.mark.parametrize("peer", PEERS)
def test_bulk_schedules_beside_their_peers(book, say, peer):
    principal, rate = book
    ratios, speeds, gaps = [], [], []
    for turn in range(ROUNDS):
        chosen = range(turn * SAMPLE, (turn + 1) * SAMPLE)
        bulk_s, bulk = seconds(lambda: level_schedules(principal, rate, periods=PERIODS))
        peer_s, rows = seconds(
            lambda loans=chosen: [PEERS[peer](principal[loan], rate[loan]) for loan in loans]
        )
        ratios.append((peer_s / SAMPLE) / (bulk_s / LOANS))
        speeds.append(LOANS / bulk_s)
        gaps += (
            gap_fen(peer, bulk_rows(bulk, loan), row)
            for loan, row in zip(chosen, rows, strict=True)
        )
        assert (bulk.principal_fen.sum(axis=0) == principal).all()
    say(f"schedules, {LOANS:,} in bulk, beside {peer}", figures(peer, median(speeds), ratios, gaps))
    assert max(gaps) <= UNROUNDED_FEN[peer]
    assert median(ratios) > 5


def bulk_rows(bulk, loan):
    return list(
        zip(bulk.principal_fen[:, loan].tolist(), bulk.interest_fen[:, loan].tolist(), strict=True)
    )


@pytest.mark.parametrize("read", [False, True], ids=["drawn", "read"])
@pytest.mark.parametrize("peer", PEERS)
def test_single_schedules_beside_their_peers(book, say, peer, read):
    """Drawn with due days, numbers and days, which all but QuantLib do without.

    Drawing works out every amount and due day; a row is put together with its days when it is read.
    """
    principal, rate = book
    draw = (lambda *loan: list(single_rows(*loan))) if read else single_rows
    ratios, speeds, gaps = [], [], []
    for turn in range(ROUNDS):
        chosen = range(turn * SAMPLE, (turn + 1) * SAMPLE)
        single_s, drawn = seconds(
            lambda loans=chosen: [draw(principal[loan], rate[loan]) for loan in loans]
        )
        peer_s, rows = seconds(
            lambda loans=chosen: [PEERS[peer](principal[loan], rate[loan]) for loan in loans]
        )
        ratios.append(peer_s / single_s)
        speeds.append(SAMPLE / single_s)
        for instalments, expected in zip(drawn, rows, strict=True):
            ours = [(row.principal_fen, row.interest_fen) for row in instalments]
            gaps.append(gap_fen(peer, ours, expected))
    say(
        f"schedules, one by one with days{', each row read' if read else ''}, beside {peer}",
        figures(peer, median(speeds), ratios, gaps),
    )
    assert max(gaps) <= UNROUNDED_FEN[peer]


def test_bulk_schedules_beside_writing_them(book, say):
    """The limit: the memory that the rows take, copied once."""
    principal, rate = book
    shares = []
    for _ in range(ROUNDS):
        bulk_s, bulk = seconds(lambda: level_schedules(principal, rate, periods=PERIODS))
        columns = (bulk.principal_fen, bulk.interest_fen, bulk.balance_fen)
        copy_s, copies = seconds(lambda of=columns: [column.copy() for column in of])
        assert len(copies) == len(columns)
        shares.append(copy_s / bulk_s)
    say(
        f"schedules, {LOANS:,} in bulk, share of the limit",
        f"{median(shares):.0%} of the speed of copying its rows",
    )


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
