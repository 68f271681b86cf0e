"""Equal numbers are found among many, and every row leads back to its own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from risk_models.keys import SMALL, combined, distinct_values, joint

MANY = 20 * SMALL
RNG = np.random.default_rng(20231226)

COLUMNS = {
    "few": RNG.choice([0.06, 0.08, 0.1], MANY),
    "years": RNG.integers(0, 9_000, MANY) / 365.25,
    "all-different": RNG.random(MANY),
    "one": np.full(MANY, 0.05),
    "with-empty": RNG.choice([np.nan, 0.0, 1.0], MANY),
    "small": RNG.choice([1.0, 2.0], 30),
    "none": np.zeros(0),
    "days-of-a-calendar": RNG.integers(8_000, 20_000, MANY),
    "codes": RNG.integers(-1, 12, MANY).astype(np.int32),
    "far-apart": RNG.choice([-(2**60), 0, 2**60], MANY),
    "all-different-and-far": RNG.integers(-(2**62), 2**62, MANY),
    "answers": RNG.choice([True, False], MANY),
    "few-answers": np.array([True, False, True]),
    "short-numbers": RNG.choice([0.25, 1.5], MANY).astype(np.float32),
    "short-whole-numbers": RNG.integers(-100, 101, MANY).astype(np.int8),
    "counts": RNG.integers(0, 200, MANY).astype(np.uint8),
    "least-whole-number": RNG.choice(np.array([-(2**31), 0, 2**31 - 1], dtype=np.int32), MANY),
    "days": np.datetime64("2020-01-01") + RNG.integers(0, 400, MANY),
}


@pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)
def test_each_row_leads_back_to_its_own_number(column):
    values, place = distinct_values(column)
    assert np.array_equal(values[place], column, equal_nan=column.dtype.kind == "f")
    assert len(values) == len(np.unique(column))
    assert values.dtype == column.dtype


@given(arrays(np.float64, st.integers(0, 40), elements=st.floats(allow_nan=False)))
def test_numbers_are_equal_by_their_bits(column):
    values, place = distinct_values(column)
    assert values[place].tobytes() == column.tobytes()
    assert len(set(values.view(np.int64).tolist())) == len(values)


def test_combinations_occur_once_and_lead_back():
    columns = COLUMNS["few"], COLUMNS["years"], COLUMNS["with-empty"]
    found, place = combined(*columns)
    for values, column in zip(found, columns, strict=True):
        assert np.array_equal(values[place], column, equal_nan=True)
    bits = np.column_stack([column.view(np.int64) for column in columns])
    assert len(found[0]) == len(np.unique(bits, axis=0))


def test_keys_of_any_size_are_joined():
    """Four keys of a million values each do not fit one number of 64 bits."""
    sizes = [10**6] * 4
    keys = [RNG.integers(0, size, 500) for size in sizes]
    found, place = joint(keys, sizes)
    for part, key in zip(found, keys, strict=True):
        assert np.array_equal(part[place], key)
