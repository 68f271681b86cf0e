"""Urgency of tasks and falls of values as pure rules."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.collateral.domain.cover import Debt, Lines, PoolAsset
from app.collateral.domain.states import Level
from app.desk.domain import (
    FallenAsset,
    Task,
    by_urgency,
    follow_down,
    late_or_soon,
    lowered_fen,
    what_if,
)
from app.loans.domain.states import LtvBasis

TODAY = date(2024, 1, 2)
FOREST, CARBON = UUID(int=1), UUID(int=2)
LINES = Lines(
    warning_ppm=600_000,
    top_up_ppm=700_000,
    disposal_ppm=800_000,
    cure_ppm=600_000,
    basis=LtvBasis.PRINCIPAL,
)
DEBT = Debt(principal_fen=3_000_000_00)


def _task(number, due_on=None, amount=None):
    return Task(what="x", number=number, href="/", due_on=due_on, amount_fen=amount)


def test_the_nearest_last_day_comes_first_and_amounts_break_ties():
    tasks = [
        _task("none-small", amount=1),
        _task("late", date(2023, 12, 31)),
        _task("none-large", amount=9),
        _task("soon", date(2024, 1, 4)),
    ]
    assert [task.number for task in by_urgency(tasks)] == [
        "late",
        "soon",
        "none-large",
        "none-small",
    ]


@pytest.mark.parametrize(("day", "soon"), [(4, 1), (5, 0)])
def test_two_days_ahead_is_soon_and_three_is_not(day, soon):
    assert late_or_soon([_task("a", date(2024, 1, day)), _task("b")], TODAY) == soon


def _pool(forest, carbon):
    return [
        PoolAsset(asset_id=FOREST, recognised_fen=forest, cap_ppm=500_000, secured_fen=10**12),
        PoolAsset(asset_id=CARBON, recognised_fen=carbon, cap_ppm=300_000, secured_fen=10**12),
    ]


def _fallen(asset_id, before, after):
    return FallenAsset(asset_id=asset_id, before_fen=before, after_fen=after, priced=True)


def test_the_fall_of_one_asset_leaves_the_others_as_they_are():
    fall = _fallen(CARBON, 880_000_00, 545_600_00)
    found = what_if(DEBT, _pool(5_600_000_00, 880_000_00), LINES, [fall])
    assert (found.before.ltv_ppm, found.after.ltv_ppm) == (462_963, 488_155)
    assert found.after.level is Level.NORMAL


def test_an_asset_that_can_no_longer_be_valued_leaves_the_loan_unpriced():
    fall = _fallen(CARBON, 880_000_00, None)
    found = what_if(DEBT, _pool(5_600_000_00, 880_000_00), LINES, [fall])
    assert found.after.level is Level.UNPRICED
    assert found.after.ltv_ppm is None


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_a_recognised_value_follows_down_and_never_up(recognised, current):
    assert follow_down(recognised, current) == min(recognised, current)
    assert follow_down(None, current) is None
    assert follow_down(recognised, None) is None


@given(st.integers(0, 10**14), st.integers(0, 1_000_000), st.integers(0, 1_000_000))
def test_a_deeper_fall_never_leaves_more(value, first, second):
    low, high = sorted((first, second))
    assert lowered_fen(value, high) <= lowered_fen(value, low) <= value
    assert lowered_fen(value, 0) == value
    assert lowered_fen(value, 1_000_000) == 0
