"""Tables as CSV and XLSX: plain values in, bytes out. Figures stay numbers, text is never a formula."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from io import BytesIO, StringIO
from typing import Any, Final

import xlsxwriter

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet runs text that begins so."""

_NO_SHEET_NAME: Final = re.compile(r"[\[\]:*?/\\]")
_MOST_OF_SHEET_NAME: Final = 31
"""What spreadsheets take."""

BOM: Final = "\ufeff"


class ColumnKind(StrEnum):
    """How the values of a column are written."""

    TEXT = "text"
    DAY = "day"
    YUAN = "yuan"
    PERCENT = "percent"
    SHARE = "share"
    """Per cent that add to one hundred as printed: never more digits than are printed."""
    WHOLE = "whole"
    NUMBER = "number"
    """A figure of any unit, with the digits it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportColumn:
    """A column: its words with unit, and what its values are (fen, ppm, a count, a figure, or text)."""

    title: str
    kind: ColumnKind = ColumnKind.TEXT


Value = str | int | Decimal | date | None
Fact = tuple[str, str | date]
CSV_TYPE: Final = "text/csv; charset=utf-8"
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportTable:
    """What is written: a title, the facts that make it readable alone (day, filters, source), rows, a total if any."""

    title: str
    facts: Sequence[Fact]
    columns: Sequence[ExportColumn]
    rows: Sequence[Sequence[Value]]
    total: Sequence[Value] = ()


def table_csv(table: ExportTable) -> bytes:
    """UTF-8 with BOM, so that spreadsheets read Chinese; amounts in yuan, ratios in per cent, ungrouped."""
    out = StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([safe_text(table.title)])
    for label, value in table.facts:
        writer.writerow([safe_text(label), safe_text(str(value))])
    writer.writerow([])
    writer.writerow([safe_text(column.title) for column in table.columns])
    for row in _lines(table):
        writer.writerow(
            [_csv_cell(column, value) for column, value in zip(table.columns, row, strict=True)]
        )
    return (BOM + out.getvalue()).encode("utf-8")


def _lines(table: ExportTable) -> list[Sequence[Value]]:
    return [*table.rows, table.total] if table.total else list(table.rows)


def safe_text(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _csv_cell(column: ExportColumn, value: Value) -> str:
    if value is None:
        return ""
    if column.kind is ColumnKind.TEXT or isinstance(value, str | date):
        return safe_text(str(value))
    return format(_number(column, value), "f")


def _number(column: ExportColumn, value: int | Decimal) -> Decimal:
    """Yuan from fen; per cent from ppm; counts as they are."""
    match column.kind:
        case ColumnKind.YUAN:
            return Decimal(value).scaleb(-2)
        case ColumnKind.PERCENT:
            return Decimal(value).scaleb(-4)
        case ColumnKind.SHARE:
            return Decimal(value).scaleb(-4).quantize(Decimal("0.01"))
        case _:
            return Decimal(value)


_DAY_FORMAT: Final = "yyyy-mm-dd"
_FORMATS: Final = {
    ColumnKind.TEXT: "@",
    ColumnKind.DAY: _DAY_FORMAT,
    ColumnKind.YUAN: "#,##0.00",
    ColumnKind.PERCENT: "0.00%",
    ColumnKind.SHARE: "0.00%",
    ColumnKind.WHOLE: "#,##0",
    ColumnKind.NUMBER: "General",
}
_WIDTHS: Final = {
    ColumnKind.TEXT: 26,
    ColumnKind.DAY: 12,
    ColumnKind.YUAN: 20,
    ColumnKind.PERCENT: 12,
    ColumnKind.SHARE: 12,
    ColumnKind.WHOLE: 10,
    ColumnKind.NUMBER: 16,
}


def table_xlsx(table: ExportTable) -> bytes:
    """A workbook with native numbers, a frozen header and a total line; strings are never formulas or links."""
    return tables_xlsx([table])


def tables_xlsx(tables: Sequence[ExportTable]) -> bytes:
    """The same with a sheet for each table, which bears its title."""
    out = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(out, options)
    for table in tables:
        _sheet(book, book.add_worksheet(_sheet_name(table.title)), table)
    book.close()
    return out.getvalue()


def _sheet_name(title: str) -> str:
    """A title as spreadsheets take it for a sheet: short, without the signs of a reference."""
    return _NO_SHEET_NAME.sub(" ", title).strip("' ")[:_MOST_OF_SHEET_NAME].strip("' ") or "1"


def _sheet(book: Any, sheet: Any, table: ExportTable) -> None:
    first = _head(book, sheet, table)
    plain = {kind: book.add_format({"num_format": form}) for kind, form in _FORMATS.items()}
    bold = {
        kind: book.add_format({"num_format": form, "bold": True, "top": 1})
        for kind, form in _FORMATS.items()
    }
    for offset, row in enumerate(table.rows):
        _line(sheet, first + offset, table.columns, row, plain)
    if table.total:
        _line(sheet, first + len(table.rows), table.columns, table.total, bold)
    for index, column in enumerate(table.columns):
        sheet.set_column(index, index, _WIDTHS[column.kind])
    sheet.freeze_panes(first, 0)
    sheet.repeat_rows(first - 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _head(book: Any, sheet: Any, table: ExportTable) -> int:
    """Title, facts and header; gives the first line of the rows."""
    title = book.add_format({"bold": True, "font_size": 14})
    header = book.add_format({"bold": True, "bg_color": "#E8F1ED", "bottom": 1, "text_wrap": True})
    sheet.write_string(0, 0, table.title, title)
    day = book.add_format({"num_format": _DAY_FORMAT, "align": "left"})
    for offset, (label, value) in enumerate(table.facts):
        sheet.write_string(1 + offset, 0, label)
        if isinstance(value, date):
            sheet.write_datetime(1 + offset, 1, value, day)
        else:
            sheet.write_string(1 + offset, 1, value)
    line = len(table.facts) + 2
    for index, column in enumerate(table.columns):
        sheet.write_string(line, index, column.title, header)
    return line + 1


def _line(
    sheet: Any,
    line: int,
    columns: Sequence[ExportColumn],
    row: Sequence[Value],
    forms: dict[Any, Any],
) -> None:
    for index, (column, value) in enumerate(zip(columns, row, strict=True)):
        form = forms[column.kind]
        if value is None:
            sheet.write_blank(line, index, None, form)
        elif isinstance(value, str):
            sheet.write_string(line, index, value, form)
        elif isinstance(value, date):
            sheet.write_datetime(line, index, value, form)
        elif column.kind in {ColumnKind.PERCENT, ColumnKind.SHARE}:
            sheet.write_number(line, index, float(Decimal(value).scaleb(-6)), form)
        else:
            sheet.write_number(line, index, float(_number(column, value)), form)
