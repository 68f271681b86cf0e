"""Balances of the demo tape: the published totals come out, and sight borders hold."""

from datetime import date, timedelta

import pytest

from app.kernel.errors import InvalidInput
from app.loans.models import BankDay, LoanMonthEnd
from app.oversight import dashboard, queries
from app.oversight.domain import BaseKind, Dimension
from tests.factories.tape import load_tape
from tests.factories.world import OPENED_AT, TODAY

YEAR_END = date(2023, 12, 31)
WAN = 1_000_000


@pytest.fixture
def queries_seen(request):
    """The fixture of the harness, whose name the module under test has too."""
    return request.getfixturevalue("queries")


@pytest.fixture
def tape(session, world):
    return load_tape(session, world)


def _report(session, actor, *group_by, **more):
    wanted = queries.Wanted(as_of=YEAR_END, group_by=group_by or (Dimension.CATEGORY,), **more)
    return queries.report(session, actor, wanted)


@pytest.mark.parametrize("base", list(BaseKind))
def test_the_published_totals_come_out_on_both_bases(session, world, tape, base):
    total = _report(session, world.actor("pbc-1"), base=base).total
    assert total.balance_fen == 1_364_300 * WAN
    assert total.change_fen == 389_500 * WAN
    assert total.growth_ppm == 399_569


def test_categories_counties_and_banks_add_up_to_the_total(session, world, tape):
    expected = {"1": 75200, "2": 23600, "3": 640340, "4": 213595, "5": 402365, "6": 9200}
    report = _report(session, world.actor("pbc-1"))
    assert {line.key.category: line.figures.balance_fen // WAN for line in report.lines} == expected
    regions = _report(session, world.actor("pbc-1"), Dimension.REGION)
    found = {line.key.region_code: line.figures.balance_fen // WAN for line in regions.lines}
    assert found == {
        "620700": 191905,
        "620702": 416600,
        "620721": 105275,
        "620722": 109140,
        "620723": 127685,
        "620724": 253710,
        "620725": 159985,
    }
    names = {line.key.region_code: line.region_name.zh for line in regions.lines}
    assert names["620700"] == "市本级"
    banks = _report(session, world.actor("pbc-1"), Dimension.BANK)
    assert {line.bank_code: line.figures.balance_fen // WAN for line in banks.lines}["B"] == 34490


def test_months_carry_growth_only_from_the_month_that_has_a_base(session, world, tape):
    report = _report(session, world.actor("pbc-1"), Dimension.MONTH)
    growth = {line.key.month: line.figures.growth_ppm for line in report.lines}
    assert len(growth) == 24
    assert growth[date(2022, 11, 30)] is None
    assert growth[date(2022, 12, 31)] == 396_562
    assert growth[date(2023, 12, 31)] == 399_569


def test_a_month_known_of_serviced_loans_alone_is_neither_shown_nor_a_base(session, world, tape):
    for day, wan in ((date(2021, 11, 30), 100), (date(2024, 1, 31), 480)):
        row = LoanMonthEnd(loan_id=tape["S01"], month_end_on=day, principal_fen=wan * WAN)
        session.add(row)
    session.flush()
    months = queries.report(
        session, world.actor("pbc-1"), queries.Wanted(group_by=(Dimension.MONTH,))
    )
    assert months.on == YEAR_END
    growth = {line.key.month: line.figures.growth_ppm for line in months.lines}
    assert growth[date(2022, 11, 30)] is None


@pytest.mark.parametrize("login", ["x-1", "c1-fin", "sys-1"])
def test_who_has_no_sight_of_the_region_gets_no_rows_and_zero(session, world, tape, login):
    report = _report(session, world.actor(login))
    assert report.empty
    assert report.lines == ()
    assert report.total.balance_fen == 0


def test_a_county_desk_sees_its_county_and_a_bank_its_own_loans(session, world, tape):
    county = _report(session, world.actor("725-1"), Dimension.REGION)
    assert county.total.balance_fen == 159_985 * WAN
    assert [line.key.region_code for line in county.lines] == ["620725"]
    bank = _report(session, world.actor("b-stat"), Dimension.BANK)
    assert bank.total.balance_fen == 34_490 * WAN
    assert [line.bank_code for line in bank.lines] == ["B"]


SPLIT = (Dimension.CATEGORY, Dimension.REGION, Dimension.BANK)


@pytest.mark.parametrize("split", [(Dimension.BANK,), SPLIT, (Dimension.BANK, Dimension.MONTH)])
def test_who_sees_sums_only_reads_no_cell_of_fewer_than_three_loans(session, world, tape, split):
    seen = _report(session, world.actor("fo-1"), *split, level=2)
    assert seen.lines[-1].key.merged
    assert min(line.figures.loans for line in seen.lines if line.figures.loans) >= 3
    every = _report(session, world.actor("pbc-1"), *split, level=2)
    assert not [line for line in every.lines if line.key.merged]
    assert min(line.figures.loans for line in every.lines) < 3
    assert seen.total.balance_fen == every.total.balance_fen
    of_day = [line for line in seen.lines if line.key.month in {None, YEAR_END}]
    assert sum(line.figures.balance_fen for line in of_day) == seen.total.balance_fen
    assert sum(line.figures.share_ppm for line in of_day) == 1_000_000


def test_classes_of_fewer_loans_stand_together_for_who_sees_sums_only(session, world, tape):
    board = dashboard.dashboard(session, world.actor("fo-1"), None)
    assert min(line.loans for line in board.classes if line.loans) >= 3
    assert sum(line.balance_fen for line in board.classes) == 1_364_300 * WAN
    assert {line.loan_class for line in board.classes} >= {"normal", dashboard.MERGED}


def test_what_stands_now_is_not_set_beside_the_balances_of_another_time(session, world, tape):
    past = dashboard.dashboard(session, world.actor("pbc-1"), date(2023, 6, 30))
    assert past.watch is None
    assert past.latest.on == YEAR_END
    assert dashboard.dashboard(session, world.actor("pbc-1"), YEAR_END).watch is not None


def test_a_day_to_come_is_refused_and_one_before_the_first_balances_is_told_apart(
    session, world, tape
):
    desk = world.actor("pbc-1")
    known = queries.report(session, desk, queries.Wanted(as_of=TODAY))
    assert (known.as_of, known.on) == (YEAR_END, YEAR_END)
    for look in (
        lambda on: queries.report(session, desk, queries.Wanted(as_of=on)),
        lambda on: dashboard.dashboard(session, desk, on),
    ):
        with pytest.raises(InvalidInput) as refused:
            look(TODAY + timedelta(days=1))
        assert refused.value.errors[0].pointer == "/as_of"
        assert refused.value.errors[0].facts == {"day": TODAY}
    early = queries.report(session, desk, queries.Wanted(as_of=date(2010, 12, 31)))
    assert early.absence is queries.Absence.NO_DAY
    assert dashboard.dashboard(session, desk, date(2010, 12, 31)) is queries.Absence.NO_DAY


def test_the_dashboard_says_quality_pledges_and_what_was_printed(
    session, world, tape, queries_seen
):
    with queries_seen() as seen:
        board = dashboard.dashboard(session, world.actor("pbc-1"), None)
    assert len(seen) <= 14
    assert board.days.on == YEAR_END
    assert board.year_on_year.total.non_performing_fen == 6_645 * WAN
    assert board.year_on_year.total.non_performing_ppm == 4_871
    classes = {line.loan_class: line.balance_fen // WAN for line in board.classes}
    assert classes == {
        "normal": 1326180,
        "special-mention": 31075,
        "substandard": 6550,
        "doubtful": 95,
        "loss": 0,
        None: 400,
    }
    assert sum(line.share_ppm for line in board.classes) == 1_000_000
    agreed = {each.figure.id: each.agrees for each in board.reconciliations}
    assert agreed == {"balance": True, "change": True, "growth": True, "line": None, "issued": None}


def test_the_open_month_reads_serviced_loans_live_and_says_how_old_the_mirrored_ones_are(
    session, world, tape
):
    for code in ("A", "B"):
        day = BankDay(
            bank_id=world.organisation(code), open_on=date(2024, 1, 2), opened_at=OPENED_AT
        )
        session.add(day)
    session.flush()
    wanted = queries.Wanted(as_of=date(2024, 1, 2), base=BaseKind.YEAR_START)
    report = queries.report(session, world.actor("pbc-1"), wanted)
    assert report.live
    assert report.on == date(2024, 1, 2)
    assert report.mirrored_on == YEAR_END
    assert report.base_on == YEAR_END
    assert report.total.balance_fen == 1_364_300 * WAN
    yearly = queries.report(session, world.actor("pbc-1"), queries.Wanted(as_of=date(2024, 1, 2)))
    assert yearly.total.growth_ppm is None


def test_a_day_inside_a_closed_month_speaks_of_the_month_end_before(session, world, tape):
    report = queries.report(session, world.actor("pbc-1"), queries.Wanted(as_of=date(2023, 12, 30)))
    assert report.on == date(2023, 11, 30)
    assert report.total.balance_fen == 1_338_962 * WAN
