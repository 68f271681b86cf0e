"""Every wrong line of a file is named, each for what is wrong with it."""

from app.kernel.csv_rows import MAX_LINE_CHARACTERS, MAX_LINE_ERRORS, read_rows


def read(*lines: str, **options):
    return read_rows("\n".join(lines), required=("on", "value"), **options)


def test_lines_are_read_by_the_names_of_their_columns():
    found = read("value,on", "1, 2024-01-02 ", "", "2,2024-01-03")
    assert [(each.number, each.cells["on"]) for each in found.lines] == [
        (2, "2024-01-02"),
        (4, "2024-01-03"),
    ]
    assert found.errors == ()


def test_a_line_with_other_cells_and_a_line_too_long_are_told_apart():
    found = read("on,value", "1,2,3", f"1,{'2' * MAX_LINE_CHARACTERS}", f"1,{'2' * 9_999}")
    short, long = found.errors
    assert (short.line, short.facts) == (2, {"found": 3, "wanted": 2})
    assert (long.line, long.facts) == (3, {"limit": MAX_LINE_CHARACTERS})
    assert [each.number for each in found.lines] == [4]


def test_no_more_rows_and_no_more_errors_than_their_limits():
    found = read("on,value", "1,2", "1,2", max_rows=1)
    assert [each.line for each in found.errors] == [3]
    assert len(read("on,value", *["1"] * (MAX_LINE_ERRORS + 9)).errors) == MAX_LINE_ERRORS


def test_unknown_missing_and_repeated_columns_are_refused():
    for header in ("on", "on,value,more", "on,value,on", ""):
        assert [each.line for each in read(header, "1,2").errors] == [1]
