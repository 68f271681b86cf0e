"""Exports: text is never a formula, figures stay numbers."""

from datetime import date
from io import BytesIO

import openpyxl
import pytest

from app.documents.tables import (
    ColumnKind,
    ExportColumn,
    ExportTable,
    safe_text,
    table_csv,
    table_xlsx,
)

TABLE = ExportTable(
    title="=cmd()",
    facts=[("Data date", "2023-12-31"), ("Scope", "@SUM(A1)")],
    columns=[
        ExportColumn(title="Bank"),
        ExportColumn(title="Balance", kind=ColumnKind.YUAN),
        ExportColumn(title="Growth", kind=ColumnKind.PERCENT),
        ExportColumn(title="Loans", kind=ColumnKind.WHOLE),
    ],
    rows=[["=HYPERLINK(1)", -12345, -5_000, 3], ["银行", 0, None, 0]],
    total=["Total", -12345, None, 3],
)


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx"])
def test_text_that_looks_like_a_formula_is_quoted(text):
    assert safe_text(text) == f"'{text}"
    assert safe_text(f"a{text}") == f"a{text}"


def test_csv_has_a_bom_and_negative_amounts_stay_numbers():
    lines = table_csv(TABLE).decode("utf-8").split("\r\n")
    assert lines[0] == "\ufeff'=cmd()"
    assert lines[2] == "Scope,'@SUM(A1)"
    assert lines[5] == "'=HYPERLINK(1),-123.45,-0.5000,3"
    assert lines[6] == "银行,0.00,,0"


def test_the_workbook_freezes_its_header_and_holds_no_formula():
    sheet = openpyxl.load_workbook(BytesIO(table_xlsx(TABLE))).active
    assert sheet.freeze_panes == "A6"
    cells = [cell for row in sheet.rows for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert [cell.value for cell in list(sheet.rows)[5]] == ["=HYPERLINK(1)", -123.45, -0.005, 3]
    assert sheet.cell(row=8, column=1).font.bold


def test_days_are_days_and_a_sheet_bears_its_title():
    table = ExportTable(
        title="Loans [a/b]: " + "x" * 40,
        facts=[("On", date(2024, 2, 29))],
        columns=[ExportColumn(title="Due on", kind=ColumnKind.DAY)],
        rows=[[date(2024, 3, 1)], [None]],
        total=["Total"],
    )
    book = openpyxl.load_workbook(BytesIO(table_xlsx(table)))
    assert book.sheetnames == ["Loans  a b   " + "x" * 18]
    cells = [book.active.cell(row=line, column=at) for line, at in ((2, 2), (5, 1))]
    assert [cell.value.date() for cell in cells] == [date(2024, 2, 29), date(2024, 3, 1)]
    assert table_csv(table).decode("utf-8").split("\r\n")[4] == "2024-03-01"
