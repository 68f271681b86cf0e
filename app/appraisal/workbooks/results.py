"""The results of a workbook as a workbook: native numbers, and a sheet of what was refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Final

import xlsxwriter

YUAN: Final = "#,##0.00"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultLine:
    """One row of the results: where it stood, its value and parts in fen, what was found."""

    number: int
    ref: str
    value_fen: int | None
    components: Mapping[str, int] = field(default_factory=dict)
    problems: Sequence[tuple[str, str]] = ()
    """(field, words), refusals and findings alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultSheet:
    """What is written: words of the head, titles of the parts, lines."""

    title: str
    facts: Sequence[tuple[str, str]]
    heads: Sequence[str]
    """Row, reference, value, field, reason: in the reader's language."""
    components: Mapping[str, str]
    lines: Sequence[ResultLine]
    sheets: tuple[str, str]
    """Names of the sheet of values and of that of problems."""
    total: str
    """The word before the sum of the values."""


def results_xlsx(sheet: ResultSheet) -> bytes:
    """Values in the first sheet, one row an asset; problems and findings in the second, one row each."""
    out = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(out, options)
    bold = book.add_format({"bold": True, "bg_color": "#E8F1ED", "text_wrap": True})
    money = book.add_format({"num_format": YUAN})
    _values(book.add_worksheet(sheet.sheets[0]), sheet, bold, money)
    _problems(book.add_worksheet(sheet.sheets[1]), sheet, bold)
    book.close()
    return out.getvalue()


def _values(page: Any, sheet: ResultSheet, bold: Any, money: Any) -> None:
    page.write_string(0, 0, sheet.title, bold)
    for at, (label, told) in enumerate(sheet.facts, start=1):
        page.write_string(at, 0, label)
        page.write_string(at, 1, told)
    head = len(sheet.facts) + 2
    for column, title in enumerate([*sheet.heads[:3], *sheet.components.values()]):
        page.write_string(head, column, title, bold)
    for at, line in enumerate(sheet.lines, start=head + 1):
        page.write_number(at, 0, line.number)
        page.write_string(at, 1, line.ref)
        amounts = [line.value_fen, *(line.components.get(name) for name in sheet.components)]
        for column, fen in enumerate(amounts, start=2):
            if fen is not None:
                page.write_number(at, column, fen / 100, money)
    _total(page, head + 1 + len(sheet.lines), sheet, bold, money)
    page.set_column(0, 0, 10)
    page.set_column(1, 2 + len(sheet.components), 20)
    page.freeze_panes(head + 1, 2)


def _total(page: Any, at: int, sheet: ResultSheet, bold: Any, money: Any) -> None:
    """What the rows with a value sum to, and each part of it."""
    valued = [line for line in sheet.lines if line.value_fen is not None]
    page.write_string(at, 1, sheet.total, bold)
    sums = [sum(line.value_fen or 0 for line in valued)]
    sums += [sum(line.components.get(name, 0) for line in valued) for name in sheet.components]
    for column, fen in enumerate(sums, start=2):
        page.write_number(at, column, fen / 100, money)


def _problems(page: Any, sheet: ResultSheet, bold: Any) -> None:
    titles = [sheet.heads[0], sheet.heads[1], *sheet.heads[3:]]
    for column, title in enumerate(titles):
        page.write_string(0, column, title, bold)
    found = [(line, *each) for line in sheet.lines for each in line.problems]
    for at, (line, name, words) in enumerate(found, start=1):
        page.write_number(at, 0, line.number)
        page.write_string(at, 1, line.ref)
        page.write_string(at, 2, name)
        page.write_string(at, 3, words)
    page.set_column(1, 2, 24)
    page.set_column(3, 3, 80)
    page.freeze_panes(1, 0)
