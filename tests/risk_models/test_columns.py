"""A column whose rows are all alike becomes one row told for all; no other one does."""

import numpy as np
import pytest

from risk_models.batches import finding
from risk_models.columns import constant, is_constant, picked, told_once
from risk_models.contract import Recorder, step
from risk_models.words import Text

NOT_A_DAY = np.datetime64("NaT", "D")
ROWS = 500

ALIKE = {
    "numbers": np.full(ROWS, 0.06),
    "empty": np.full(ROWS, np.nan),
    "codes": np.full(ROWS, 3, dtype=np.int32),
    "days": np.full(ROWS, np.datetime64("2023-12-26", "D")),
    "no days": np.full(ROWS, NOT_A_DAY),
    "series": np.tile([1.0, 2.0, np.nan], (ROWS, 1)),
}


@pytest.mark.parametrize("column", ALIKE.values(), ids=ALIKE)
def test_rows_alike_are_told_once(column):
    told = told_once(column)
    assert is_constant(told)
    assert told.dtype == column.dtype
    assert told.tobytes() == column.tobytes()
    assert told_once(told) is told


@pytest.mark.parametrize("column", ALIKE.values(), ids=ALIKE)
def test_one_other_row_keeps_a_column_as_it_is(column):
    other = column.copy()
    other[-1] = np.array(1, dtype="datetime64[D]") if column.dtype.kind == "M" else 1
    assert told_once(other) is other


def test_nothing_and_minus_nothing_are_two():
    column = np.zeros(ROWS)
    column[ROWS - 1] = -0.0
    assert told_once(column) is column


@pytest.mark.parametrize("rows", [0, 1])
def test_too_short_a_column_is_left_as_it_is(rows):
    column = np.zeros(rows)
    assert told_once(column) is column
    assert not is_constant(column)


def test_a_number_for_all_rows():
    column = constant(0.5, ROWS)
    assert is_constant(column)
    assert column.tolist() == [0.5] * ROWS


def test_all_rows_are_a_slice_and_some_are_listed():
    assert picked(np.array([True, True])) == slice(None)
    assert np.asarray(picked(np.array([False, True]))).tolist() == [1]


@step(unit="t", zh="逐年产量")
def yearly_t(*, area_mu, t_per_mu):
    """Harvests of two years: area_mu * t_per_mu."""
    return (area_mu * t_per_mu)[:, np.newaxis] * np.array([1.0, 0.5])


@step(unit="t", zh="合计产量")
def whole_t(*, area_mu, t_per_mu):
    """Harvest of all rows: sum(area_mu * t_per_mu)."""
    return np.sum(area_mu * t_per_mu)


def test_a_step_of_rows_alike_has_the_shape_of_its_result():
    inputs = {"area_mu": constant(10.0, ROWS), "t_per_mu": constant(0.5, ROWS)}
    found = Recorder()("yearly_t", yearly_t, **inputs)
    assert found.shape == (ROWS, 2)
    assert np.array_equal(found, np.tile([5.0, 2.5], (ROWS, 1)))
    assert Recorder()("whole_t", whole_t, **inputs) == pytest.approx(5.0 * ROWS)


def test_facts_of_a_finding_are_told_by_row_or_once_for_all():
    rows = np.array([False, True, True])
    told = {"by_row": np.array([1.0, 2.0, 3.0]), "listed": [4.0, 5.0, 6.0]}
    once = {"bare": np.array(7.0), "one": np.array([8.0]), "number": 9.0}
    words = Text(en="Look at it.", zh="请核对。")
    (found,) = finding("odd", "", rows, severity="ask", detail=words, **told, **once)
    assert {name: fact.tolist() for name, fact in found.facts.items()} == {
        "by_row": [2.0, 3.0],
        "listed": [5.0, 6.0],
        "bare": [7.0, 7.0],
        "one": [8.0, 8.0],
        "number": [9.0, 9.0],
    }
