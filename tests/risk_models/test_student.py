"""The quantile of Student's t, against printed tables and against itself."""

import math

import numpy as np
import pytest

from risk_models.student import student_t
from risk_models.trace import evaluate, interpolated

PRINTED = {1: 6.3138, 2: 2.9200, 5: 2.0150, 10: 1.8125, 33: 1.6924, 60: 1.6706, 120: 1.6577}
"""One-sided 5 %, as every table of t has it."""


@pytest.mark.parametrize(("freedom", "printed"), list(PRINTED.items()))
def test_quantile_is_that_of_the_printed_table(freedom, printed):
    assert student_t(0.95, freedom) == pytest.approx(printed, abs=5e-5)


def test_one_and_two_degrees_have_closed_forms():
    for probability in (0.6, 0.9, 0.975, 0.999):
        cauchy = math.tan(math.pi * (probability - 0.5))
        assert student_t(probability, 1) == pytest.approx(cauchy, rel=1e-12)
        spread = 2.0 * probability - 1.0
        of_two = spread * math.sqrt(2.0 / (1.0 - spread**2))
        assert student_t(probability, 2) == pytest.approx(of_two, rel=1e-12)


def test_the_sum_and_the_expansion_meet():
    assert student_t(0.95, 400) == pytest.approx(student_t(0.95, 401), rel=1e-5)
    falling = [student_t(0.95, freedom) for freedom in (398, 399, 400, 401, 402, 100_000)]
    assert falling == sorted(falling, reverse=True)
    assert student_t(0.95, 10**7) == pytest.approx(1.6448536, abs=1e-6)


def test_the_middle_is_zero():
    assert student_t(0.5, 7) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(("probability", "freedom"), [(0.49, 5), (1.0, 5), (0.95, 0), (0.95, 2.5)])
def test_what_has_no_quantile_is_refused(probability, freedom):
    with pytest.raises(ValueError, match="needed"):
        student_t(probability, freedom)


def test_a_formula_may_name_it():
    found = evaluate("student_t(0.95, freedom) * 2", {"freedom": 33.0})
    assert float(found) == pytest.approx(3.3847, abs=1e-4)


def test_a_table_is_read_straight_between_its_entries():
    table = np.array([[10.0, 30.0, np.nan]])
    at = np.array([[0.0, 0.5, 1.0, 1.5, 2.0, 9.0]])
    assert interpolated(table, at)[0] == pytest.approx([0.0, 5.0, 10.0, 20.0, 30.0, 30.0])
    found = evaluate("interpolated(stock, age / 5)", {"stock": [10.0, 30.0], "age": [2.5, 7.5]})
    assert np.asarray(found) == pytest.approx([5.0, 20.0])
