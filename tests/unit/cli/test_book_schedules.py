"""A book of loans at the terminal: rows as published, bad rows by field, files that cannot be used."""

import csv
import json
import resource
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

from app.cli.book_schedules import commands
from app.loans.domain.book_schedules import draw_book, read_book

GROUP = click.Group(commands={command.name: command for command in commands})
VECTORS = Path(__file__).parents[2] / "vectors" / "lending_schedules.yaml"
HEAD = "loan_number,principal_yuan,rate,periods\n"
OURS = {"every": "1m", "method": "equal-instalment", "day_count": "30/360"}
GIVEN = {"principal_yuan", "rate", "periods", "start_on"}


@pytest.fixture(autouse=True)
def english_terminal(monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_GB.UTF-8")


@pytest.fixture
def run(tmp_path):
    """Writes a book, runs the command over it, and gives its result and the rows that it wrote."""

    def draw(book, *options):
        source, target = tmp_path / "book.csv", tmp_path / "rows.csv"
        source.write_bytes(book if isinstance(book, bytes) else book.encode())
        result = CliRunner().invoke(GROUP, ["schedule-book", str(source), str(target), *options])
        if not target.exists():
            return result, []
        with target.open(encoding="utf-8-sig", newline="") as file:
            return result, list(csv.reader(file))

    return draw


def published():
    """Published cases of level monthly loans whose months all count whole."""
    cases = yaml.safe_load(VECTORS.read_text(encoding="utf-8"))
    return [
        each
        for each in cases
        if OURS.items() <= each["terms"].items() and set(each["terms"]) <= {*OURS, *GIVEN}
    ]


def test_a_book_of_published_cases_has_their_rows_in_its_order(run):
    cases = published()
    lines = [
        ",".join([each["id"], *(str(each["terms"][name]) for name in HEAD.strip().split(",")[1:])])
        for each in cases
    ]
    result, (head, *rows) = run(HEAD + "\n".join(lines), "--json")
    assert result.exit_code == 0, result.output
    assert head == [
        "loan_number", "number", "payment_yuan", "principal_yuan", "interest_yuan", "balance_yuan",
    ]  # fmt: skip
    assert [row[0] for row in rows if row[1] == "1"] == [each["id"] for each in cases]
    drawn = {(row[0], int(row[1])): f"{row[4]}/{row[3]}/{row[5]}" for row in rows}
    for case in cases:
        expected = {(case["id"], number): text for number, text in case["rows"].items()}
        assert {key: drawn[key] for key in expected} == expected
    assert len(cases) > 5


def test_the_answer_counts_and_sums(run):
    result, rows = run(HEAD + "L-1,100,0.12,6\nL-2,3.00,0,2\n", "--json")
    assert json.loads(result.stdout) == {
        "loans": 2,
        "instalments": 8,
        "total_principal_yuan": "103.00",
        "total_interest_yuan": "3.53",
        "total_payment_yuan": "106.53",
    }
    assert rows[1] == ["L-1", "1", "17.25", "16.25", "1.00", "83.75"]
    assert rows[6] == ["L-1", "6", "17.28", "17.11", "0.17", "0.00"]
    assert len(rows) == 9


def test_rows_that_are_refused_are_named_by_field_and_the_others_drawn(run):
    book = (
        "L-1,100,0.12,6\n"
        ",1.005,4.35%,six\n"
        "L-3,0,1.000001,0\n"
        "L-1,100,0.12,6\n"
        "L-5,100\n"
        f"{'L' * 41},100,0.12,1201\n"
        "L-7,100,0.12,1\n"
    )
    result, rows = run(HEAD + book, "--json")
    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["code"], answer["loans"]) == (1, "input-refused", 2)
    assert [each["pointer"] for each in answer["errors"]] == [
        "/file/3/loan_number", "/file/3/principal_yuan", "/file/3/rate", "/file/3/periods",
        "/file/4/principal_yuan", "/file/4/rate",
        "/file/5/loan_number",
        "/file/6",
        "/file/7/loan_number", "/file/7/periods",
    ]  # fmt: skip
    assert answer["errors"][6]["detail"] == "This loan stands in line 2 already."
    assert [row[0] for row in rows[1:]] == ["L-1"] * 6 + ["L-7"]


def test_people_read_the_sums_and_then_what_is_refused(run):
    result, _rows = run(HEAD + "L-1,100,0.12,6\nL-2,100,0.12,0\n")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[0] == "Loans: 1"
    assert "/file/3/periods: The number of periods must be from 1 to 1200." in result.stderr


@pytest.mark.parametrize(
    ("book", "told"),
    [
        ("number,amount\n1,2\n", "must name the columns"),
        (HEAD + 'L-1,"100,0.12,6\n', "a quote is not closed"),
        (b"\x00\x01", "book.csv: The text is neither UTF-8 nor GB 18030."),
    ],
)
def test_a_file_that_cannot_be_read_ends_with_2_and_nothing_is_written(run, book, told):
    result, rows = run(book)
    assert (result.exit_code, rows) == (2, [])
    assert told in result.stderr


def test_a_file_that_is_there_is_not_written_over(run):
    assert run(HEAD + "L-1,100,0.12,6\n")[0].exit_code == 0
    result, rows = run(HEAD)
    assert (result.exit_code, len(rows)) == (2, 7)
    assert "rows.csv: The file cannot be written" in result.stderr


@pytest.fixture
def small_files():
    """No file of this process may grow beyond a thousand bytes, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("periods", [40, 360])
def test_rows_that_cannot_be_written_whole_are_removed(run, small_files, periods):
    result, rows = run(f"{HEAD}L-1,1000000,0.12,{periods}\n")
    assert (result.exit_code, rows) == (2, [])
    assert "rows.csv: The file cannot be written: File too large." in result.stderr


def test_a_number_that_looks_like_a_formula_is_written_as_text(run):
    _result, rows = run(HEAD + "=1+1,100,0,1\n")
    assert rows[1][0] == "'=1+1"


def test_loans_too_large_for_64_bits_are_drawn_as_exactly_as_others():
    """The largest alone does not fit; the next two fit alone, not together."""
    book = read_book(HEAD + "A,9999999999999.99,1,2\nB,46000000000,0.04,2\nC,1,1,2\nD,0.03,0,2\n")
    drawn = {loan.number: rows for loan, rows in draw_book(book.loans)}
    assert drawn["A"][0][1] == round((10**15 - 1) / 12)
    assert drawn["D"] == [(2, 0, 1), (1, 0, 0)]
    for number, principal_fen in (("A", 10**15 - 1), ("B", 46 * 10**11), ("C", 100)):
        assert sum(row[0] for row in drawn[number]) == principal_fen
    assert drawn["B"][0][1] == 46 * 10**11 * 4 // 1200


@pytest.mark.parametrize("chunk", [2, 5, 6])
def test_a_book_longer_than_a_chunk_keeps_its_order(chunk):
    lines = [f"L-{place},100,0.12,{1 + place % 3}\n" for place in range(5)]
    drawn = list(draw_book(read_book(HEAD + "".join(lines)).loans, chunk=chunk))
    assert [loan.number for loan, _rows in drawn] == [f"L-{place}" for place in range(5)]
    assert [len(rows) for _loan, rows in drawn] == [1, 2, 3, 1, 2]
