"""`gep-account` at the terminal: JSON and workbook in, totals, differences and effects out."""

import json
from datetime import date
from io import BytesIO
from pathlib import Path

import click
import openpyxl
import pytest
from click.testing import CliRunner

from app.appraisal.gep_workbook import account_template
from app.cli.accounts import _print_note, commands
from risk_models.registry import science_parameters

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "gep-account.json"
GROUP = click.Group(commands=commands)
NAMES = 2
FIRST = 4


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def call(*arguments):
        return CliRunner().invoke(GROUP, ["gep-account", *(str(each) for each in arguments)])

    return call


def _workbook(folder, *rows):
    book = openpyxl.load_workbook(
        BytesIO(account_template(science_parameters().on(date(2023, 12, 26)), "en"))
    )
    sheet = book.worksheets[0]
    places = {cell.value: cell.column for cell in sheet[NAMES]}
    sheet.delete_rows(FIRST)
    for at, row in enumerate(rows):
        for name, given in {"ref": f"r{at}", **row}.items():
            sheet.cell(FIRST + at, places[name], given)
    path = folder / "account.xlsx"
    book.save(path)
    return path


def test_answers_totals_and_effects_as_json(terminal):
    answer = terminal(EXAMPLE, "--on", "2023-12-26", "--base-year", "2021", "--json")
    assert answer.exit_code == 0
    found = json.loads(answer.output)
    assert found["total_yuan"] == "15892928970.63"
    assert found["adds_up"] is True
    whole = found["comparison"]["whole"]
    assert whole["at_base_prices_yuan"] < whole["before_yuan"]


def test_prints_for_people_in_their_language(terminal, monkeypatch):
    assert "Provisioning: 760000000.00" in terminal(EXAMPLE, "--on", "2023-12-26").output
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "物质供给: 760000000.00" in terminal(EXAMPLE, "--on", "2023-12-26").output


def test_years_of_other_units_are_told_of(terminal, tmp_path):
    stated = {"year": 2021, "parent": "620700", "stated_yuan": {"undivided": 5}}
    rows = [{**stated, "region": code} for code in ("620702", "620721")]
    rows += [{**stated, "year": 2023, "region": "620721"}]
    path = tmp_path / "account.json"
    path.write_text(json.dumps({"rows": rows}), encoding="utf-8")
    told = terminal(path, "--on", "2023-12-26", "--base-year", "2021").output
    assert "Only in 2021: Ganzhou District (620702)." in told
    assert "Only in 2023" not in told
    told = terminal(EXAMPLE, "--on", "2023-12-26", "--base-year", "2021").output
    assert "same units" not in told


def test_a_note_names_its_first_rows(terminal):
    told = terminal(EXAMPLE, "--on", "2023-12-26").output
    assert "times, rows " in told
    noted = [line for line in told.splitlines() if "times, rows" in line]
    rows = [line.split("rows ")[1].split("]")[0].split(", ") for line in noted]
    assert all(row.isdigit() or row == "…" for line in rows for row in line)
    assert all(1 < len(set(line)) == len(line) <= 6 for line in rows)


def test_a_note_on_one_row_names_it_once(capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    _print_note("Odd.", [5, 5, 5])
    _print_note("Odd.", [5, 6, 5])
    assert capsys.readouterr().out == "[Note, row 5] Odd.\n[Note, 3 times, rows 5, 6] Odd.\n"


def test_a_filled_in_template_is_an_account(terminal, tmp_path):
    stated = {"account_year": 2023, "stated_undivided_yuan": 4.0}
    path = _workbook(
        tmp_path,
        {"region_code": 620700, "account_year": 2023, "stated_undivided_yuan": 20_000.0},
        {**stated, "region_code": 620702, "parent_code": 620700},
        {
            "region_code": 620721,
            "parent_code": 620700,
            "account_year": 2023,
            "norm_profile": "garze-2010",
            "price_table": "garze-2010",
            "ecosystem": "meadow",
            "area": 12.0,
            "area_unit": "km2",
            "visits": 10.0,
        },
    )
    answer = terminal(path, "--on", "2023-12-26", "--json")
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.output)
    assert found["by_region"] == {
        "620702": "4.00",
        "620721": "19701.90",
        "620700": "19705.90",
    }
    assert found["differences"][0]["difference_yuan"] == "294.10"


def test_a_refused_row_exits_with_one(terminal, tmp_path):
    document = json.loads(EXAMPLE.read_text("utf-8"))
    document["rows"][0]["inputs"]["visits"] = -1
    path = tmp_path / "account.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    answer = terminal(path, "--on", "2023-12-26", "--year", "2021")
    assert answer.exit_code == 1
    assert "Row 1, Visits (visits): " in answer.output
    assert "Total" not in answer.output
    told = json.loads(terminal(path, "--on", "2023-12-26", "--year", "2021", "--json").output)
    assert told["code"] == "input-refused"
    assert told["errors"][0]["pointer"] == "/rows/0/inputs/visits"


def test_a_year_without_rows_is_read_and_refused(terminal, monkeypatch):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    answer = terminal(EXAMPLE, "--on", "2023-12-26", "--year", "2019")
    assert answer.exit_code == 1
    assert "没有2019年的行" in answer.output


def test_a_region_with_parts_is_told_as_their_sum(terminal):
    lines = terminal(EXAMPLE, "--on", "2023-12-26").output.splitlines()
    whole = next(place for place, line in enumerate(lines) if "sum of its parts" in line)
    assert lines[whole].endswith("15892928970.63")
    assert lines[whole + 1].startswith("    ")
    assert any(line.strip().startswith("Evergreen conifer forest") for line in lines)


@pytest.mark.parametrize("content", ["", "[]", '{"rows": []}', "[" * 100_000])
def test_what_is_no_account_is_a_usage_error(terminal, tmp_path, content):
    path = tmp_path / "account.json"
    path.write_text(content, encoding="utf-8")
    assert terminal(path, "--json").exit_code == 2
    assert terminal(tmp_path / "none.json").exit_code == 2


def test_a_place_of_a_file_is_told_in_words(terminal, tmp_path, monkeypatch):
    path = tmp_path / "account.json"
    for rows, words in (
        ([], "  rows: A list of at least one row"),
        ([{"region": "620721", "year": 1, "stated_yuan": {}}], "  row 1: year: Here a year"),
    ):
        path.write_text(json.dumps({"rows": rows}), encoding="utf-8")
        told = terminal(path, "--on", "2023-12-26").output
        assert words in told
        assert "/rows" not in told
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "第1行: year: " in terminal(path, "--on", "2023-12-26").output


def test_a_unit_that_stands_twice_in_a_workbook_is_read_and_refused_at_both_lines(
    terminal, tmp_path
):
    unit = {"region_code": 620702, "account_year": 2023, "stated_undivided_yuan": 4.0}
    other = {**unit, "region_code": 620721}
    answer = terminal(_workbook(tmp_path, unit, other, unit), "--on", "2023-12-26")
    assert answer.exit_code == 1
    assert answer.output.count("Lines 4 and 6 are the same unit: Ganzhou District (620702)") == 2


def test_a_region_below_two_others_is_refused_at_its_lines_and_an_unread_parent_is_none(
    terminal, tmp_path
):
    unit = {"region_code": 620702, "account_year": 2023, "stated_undivided_yuan": 4.0}
    rows = (
        {**unit, "parent_code": 620700},
        {**unit, "parent_code": "n/a", "account_year": 2022},
        {**unit, "parent_code": 620700, "account_year": 2021},
    )
    read = terminal(_workbook(tmp_path, *rows), "--on", "2023-12-26")
    assert "different regions above" not in read.output
    apart = ({**unit, "parent_code": 620000, "account_year": 2020}, *rows)
    told = terminal(_workbook(tmp_path, *apart), "--on", "2023-12-26").output
    assert told.count("Lines 4, 5 and 7 name different regions above Ganzhou District") == 3
