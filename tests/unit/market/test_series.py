"""A file of daily prices is read as it is, or says what is wrong with it."""

import pytest

from app.kernel.csv_rows import MAX_LINE_ERRORS, MAX_ROWS
from app.market.domain import read_series


@pytest.mark.parametrize("count", [MAX_LINE_ERRORS - 1, MAX_LINE_ERRORS, MAX_LINE_ERRORS + 1])
def test_a_file_with_many_wrong_lines_is_not_called_too_long(count):
    read = read_series("date,price\n" + "2024-01-02,x\n" * count)
    assert len(read.errors) == min(count, MAX_LINE_ERRORS)
    assert {each.detail for each in read.errors} == {
        "Write the price in digits without separators."
    }


@pytest.mark.parametrize(("count", "wrong"), [(MAX_ROWS, 0), (MAX_ROWS + 1, 1)])
def test_a_file_of_too_many_rows_says_so(count, wrong):
    read = read_series("date,price\n" + "2024-01-02,1\n" * count)
    assert len(read.errors) == wrong
    assert all("more than" in each.detail for each in read.errors)
