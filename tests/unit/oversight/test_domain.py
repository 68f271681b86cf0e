"""Growth, shares and bases as pure rules."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.actor import Name
from app.oversight.domain import (
    PPM,
    SHARE_STEP_PPM,
    BaseKind,
    Cell,
    Dimension,
    Figures,
    Grouping,
    PublishedFigure,
    base_day,
    fold,
    level_code,
    month_end,
    months_back,
    reconcile,
)

ON = date(2023, 12, 31)
BASE = date(2022, 12, 31)
NAME = Name(zh="数", en="figure")


def _figures(balance, opening):
    return Figures(
        balance_fen=balance, opening_fen=opening, share_ppm=0, loans=1, non_performing_fen=0
    )


def _cell(balance, *, on=ON, category="4.1", region="620725", tier=None):
    return Cell(
        on=on,
        edition="2019",
        category=category,
        region_code=region,
        loan_class=tier,
        balance_fen=balance,
        loans=1,
    )


@pytest.mark.parametrize(
    ("balance", "opening", "growth"),
    [
        (13643, 9748, 399_569),
        (9748, 9748, 0),
        (0, 100, -1_000_000),
        (100, 0, None),
        (100, None, None),
    ],
)
def test_growth_needs_an_opening_balance(balance, opening, growth):
    assert _figures(balance, opening).growth_ppm == growth


def test_the_two_bases_are_other_days():
    assert base_day(BaseKind.YEAR_ON_YEAR, date(2023, 9, 30)) == date(2022, 9, 30)
    assert base_day(BaseKind.YEAR_START, date(2023, 9, 30)) == BASE
    assert base_day(BaseKind.YEAR_ON_YEAR, date(2024, 2, 29)) == date(2023, 2, 28)
    assert base_day(BaseKind.YEAR_ON_YEAR, date(2024, 1, 2)) is None


def test_a_base_that_is_not_known_gives_no_growth_though_zero_would_be_read():
    grouping = Grouping(dimensions=(Dimension.CATEGORY,))
    without = fold([_cell(100)], grouping, ON, known=[ON])
    assert without.base_on is None
    assert without.total.change_fen is None
    known = fold([_cell(100)], grouping, ON, known=[ON, BASE])
    assert (known.total.opening_fen, known.total.change_fen) == (0, 100)
    assert known.total.growth_ppm is None


def test_a_row_that_fell_to_zero_stays_as_long_as_it_has_an_opening_balance():
    cells = [_cell(100), _cell(70, on=BASE, category="5.1")]
    rows = fold(cells, Grouping(dimensions=(Dimension.CATEGORY,)), ON, known=[ON, BASE]).rows
    assert {row.key.category: row.figures.growth_ppm for row in rows} == {"4": None, "5": -PPM}


def test_non_performing_is_over_the_whole_balance():
    cells = [_cell(900, tier="normal"), _cell(60, tier="substandard"), _cell(40)]
    assert fold(cells, Grouping(dimensions=()), ON, known=[ON]).total.non_performing_ppm == 60_000


@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=12))
def test_rows_and_their_printed_shares_add_exactly(amounts):
    cells = [_cell(fen, region=f"6207{index:02d}") for index, fen in enumerate(amounts)]
    balances = fold(cells, Grouping(dimensions=(Dimension.REGION,)), ON, known=[ON])
    assert sum(row.figures.balance_fen for row in balances.rows) == balances.total.balance_fen
    shares = [row.figures.share_ppm for row in balances.rows]
    assert all(share % SHARE_STEP_PPM == 0 for share in shares)
    assert sum(shares) == balances.total.share_ppm == PPM


LEAST = 3
SPLITS = [
    (Dimension.BANK,),
    (Dimension.CATEGORY, Dimension.REGION),
    (Dimension.CATEGORY, Dimension.REGION, Dimension.BANK),
    (Dimension.BANK, Dimension.MONTH),
]
CELLS = st.lists(
    st.builds(
        Cell,
        on=st.sampled_from([ON, BASE]),
        edition=st.just("2019"),
        category=st.sampled_from(["4.1", "4.2", "5.1"]),
        region_code=st.sampled_from(["620702", "620725"]),
        bank_id=st.sampled_from([UUID(int=number) for number in range(1, 4)]),
        loan_class=st.sampled_from(["normal", "loss"]),
        balance_fen=st.integers(1, 10**9),
        loans=st.integers(1, 4),
    ),
    min_size=1,
    max_size=25,
)


def _folded(cells, split, level=1):
    grouping = Grouping(dimensions=split, level=level)
    return fold(cells, grouping, ON, [ON, BASE], months=[ON], least=LEAST)


@given(CELLS, st.sampled_from(SPLITS), st.integers(1, 2))
def test_no_row_of_fewer_loans_remains_and_the_sums_stay(cells, split, level):
    now = [cell for cell in cells if cell.on == ON]
    balances = _folded(cells, split, level)
    if 0 < sum(cell.loans for cell in now) < LEAST:
        assert balances.withheld
        assert balances.rows == ()
        return
    assert sum(row.figures.loans for row in balances.rows) == sum(cell.loans for cell in now)
    assert sum(row.figures.balance_fen for row in balances.rows) == balances.total.balance_fen
    openings = [row.figures.opening_fen for row in balances.rows]
    if balances.total.opening_fen is not None:
        assert sum(openings) == balances.total.opening_fen
    else:
        assert set(openings) <= {None}
    assert all(row.figures.loans == 0 or row.figures.loans >= LEAST for row in balances.rows)
    assert len([row for row in balances.rows if row.key.merged]) <= 1


@given(CELLS)
def test_what_is_withheld_cannot_be_told_from_a_coarser_table(cells):
    """The rows of a bank less those of the bank's regions that are shown: nothing, or enough loans."""
    banks = {row.key.bank: row.figures for row in _folded(cells, (Dimension.BANK,)).rows}
    finer = _folded(cells, (Dimension.REGION, Dimension.BANK)).rows
    for bank, figures in banks.items():
        shown = [row for row in finer if row.key.bank == bank and bank]
        left = figures.loans - sum(row.figures.loans for row in shown)
        assert left == 0 or left >= LEAST or not bank


@given(CELLS)
def test_a_non_performing_part_of_fewer_loans_is_silent(cells):
    balances = _folded(cells, (Dimension.BANK,))
    bad = {}
    for cell in cells:
        if cell.on == ON and cell.loan_class == "loss":
            bad[str(cell.bank_id)] = bad.get(str(cell.bank_id), 0) + cell.loans
    for row in balances.rows:
        if 0 < bad.get(row.key.bank, 0) < LEAST:
            assert row.figures.non_performing_fen is None
    silent = [row for row in balances.rows if row.figures.non_performing_fen is None]
    if balances.total.non_performing_fen is not None and silent:
        shown = sum(row.figures.non_performing_fen or 0 for row in balances.rows)
        assert balances.total.non_performing_fen > shown
        alone = [row.key.bank for row in balances.rows if row not in silent and row.key.bank]
        assert sum(bad.values()) - sum(bad.get(bank, 0) for bank in alone) >= LEAST


def test_who_may_see_single_loans_reads_every_cell():
    cells = [_cell(100, region="620702"), _cell(70, region="620725")]
    rows = fold(cells, Grouping(dimensions=(Dimension.REGION,)), ON, known=[ON]).rows
    assert [(row.key.region_code, row.figures.loans) for row in rows] == [
        ("620702", 1),
        ("620725", 1),
    ]


def test_levels_of_a_code():
    assert level_code("4.1.3", 1) == "4"
    assert level_code("4.1.3", 2) == "4.1"
    assert level_code("4", 2) == "4"


@given(st.dates(date(2001, 1, 1), date(2099, 12, 31)), st.integers(0, 60))
def test_going_back_by_months_always_lands_on_a_month_end(day, months):
    back = months_back(day, months)
    assert back == month_end(back)
    assert (day.year * 12 + day.month) - (back.year * 12 + back.month) == months


def test_a_printed_figure_that_differs_is_flagged_and_left_as_it_is():
    total = _figures(1_364_300_000_000, 974_800_000_000)
    printed = [
        PublishedFigure(id=kind, on=ON, title=NAME, kind=kind, printed=text, unit="yi", source=NAME)
        for kind, text in (("balance", "136.43"), ("growth", "39.95"), ("printed-only", "283.90"))
    ]
    found = reconcile(printed, total)
    assert [each.agrees for each in found] == [True, False, None]
    assert [each.figure.printed for each in found] == ["136.43", "39.95", "283.90"]
    assert found[1].ours == "39.96"
