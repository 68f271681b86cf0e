"""The results of a workbook as a workbook: native numbers, a sheet of refusals, one of what is asked."""

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
    """(field, words): why the row has no value."""
    findings: Sequence[tuple[str, str]] = ()
    """(field, words): what a valued row is asked or told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultSheet:
    """What is written: words of the head, titles of the parts, lines."""

    title: str
    facts: Sequence[tuple[str, str]]
    heads: Sequence[str]
    """Row, reference, value, field: in the reader's language."""
    components: Mapping[str, str]
    lines: Sequence[ResultLine]
    sheets: tuple[str, str, str]
    """Names of the sheets of values, of problems and of findings."""
    reasons: tuple[str, str]
    """The heads of the words of a problem and of a finding."""
    total: str
    """The word before the sum of the values."""
    negative: str
    """The words before the sum of those below zero."""


def results_xlsx(sheet: ResultSheet) -> bytes:
    """Values in the first sheet, one row an asset; problems in the second, findings in the third, one row each."""
    out = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(out, options)
    bold = book.add_format({"bold": True, "bg_color": "#E8F1ED", "text_wrap": True})
    money = book.add_format({"num_format": YUAN})
    _values(book.add_worksheet(sheet.sheets[0]), sheet, bold, money)
    told = ([each.problems for each in sheet.lines], [each.findings for each in sheet.lines])
    for name, reason, words in zip(sheet.sheets[1:], sheet.reasons, told, strict=True):
        _told(
            book.add_worksheet(name), sheet, [*sheet.heads[:2], sheet.heads[3], reason], words, bold
        )
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
    below = [fen for line in valued if (fen := line.value_fen or 0) < 0]
    if below:
        page.write_string(at + 1, 1, sheet.negative)
        page.write_number(at + 1, 2, sum(below) / 100, money)


def _told(
    page: Any,
    sheet: ResultSheet,
    titles: Sequence[str],
    told: Sequence[Sequence[tuple[str, str]]],
    bold: Any,
) -> None:
    """A sheet of what is told of the lines, `told` beside each of them."""
    for column, title in enumerate(titles):
        page.write_string(0, column, title, bold)
    found = [(line, *each) for line, row in zip(sheet.lines, told, strict=True) for each in row]
    for at, (line, name, words) in enumerate(found, start=1):
        page.write_number(at, 0, line.number)
        page.write_string(at, 1, line.ref)
        page.write_string(at, 2, name)
        page.write_string(at, 3, words)
    page.set_column(1, 2, 24)
    page.set_column(3, 3, 80)
    page.freeze_panes(1, 0)
