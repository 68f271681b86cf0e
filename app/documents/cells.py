"""Cells of workbooks that people filled in: read one by one, so that what cannot be read is told at its cell.

Only openpyxl's streaming reader is used; the archive itself was checked before (`content_types`):
parts, size unpacked, programs.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from io import BytesIO
from typing import Any, Final

import openpyxl
from openpyxl.utils.datetime import from_excel

from app.documents.content_types import UploadRefused, check_upload
from app.kernel.actor import Name
from app.kernel.calendar import FIRST_DAY, LAST_DAY
from app.kernel.errors import InvalidInput
from app.kernel.text import N_

MAX_TEXT_CHARACTERS: Final = 200
"""Of one cell: the longest choice has a third of it."""

YES: Final = Name(en="yes", zh="是")
NO: Final = Name(en="no", zh="否")

CELL_WORDS: Final[Mapping[str, Name]] = {
    "formula": Name(
        en="A formula is not taken. Paste its value.", zh="不接受公式，请粘贴其计算结果。"
    ),
    "cell-error": Name(
        en="The cell holds an error such as #DIV/0!.", zh="单元格为错误值，如#DIV/0!。"
    ),
    "not-a-number": Name(
        en="A number is needed: digits with a point, without words or units.",
        zh="须为数字，可带小数点，不带文字或单位。",
    ),
    "unit": Name(
        en="Write the number without its unit: that stands in the third row, or has a column.",
        zh="请只填数字，不带单位；单位见第三行，或另列填写。",
    ),
    "comma": Name(
        en="Write the number with a point; commas only part thousands.",
        zh="小数点请用“.”；逗号只用于千分位。",
    ),
    "not-a-day": Name(en="A day such as 2024-01-02 is needed.", zh="须为日期，如2024-01-02。"),
    "far-day": Name(
        en="The day lies outside 1949-10-01 to 2199-12-31.",
        zh="日期须在1949-10-01至2199-12-31之间。",
    ),
    "not-a-flag": Name(en="Answer yes or no.", zh="请填是或否。"),
    "too-long": Name(en="The cell holds too many characters.", zh="单元格内容过长。"),
}
"""What is wrong with a cell, by the code of `WrongCell`."""

_GROUPED: Final = re.compile(r"[+-]?[0-9]{1,3}([,，][0-9]{3})+(\.[0-9]+)?")
_DIGITS: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_WITH_UNIT: Final = re.compile(r"[+-]?[0-9][0-9,，.]*\s*[^0-9,，.\s].*")
_DAY: Final = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
_YES: Final = frozenset({YES.en, YES.zh, "true"})
_NO: Final = frozenset({NO.en, NO.zh, "false"})


class WrongCell(ValueError):  # noqa: N818 - carries the code of a problem from a cell to its row
    """A cell that cannot be read."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell holds, without blanks around a text."""

    value: Any
    formula: bool = False


def require_workbook(file_name: str, content: bytes) -> None:
    """Refuse a file that is no sound XLSX workbook."""
    if not file_name.lower().endswith(".xlsx"):
        raise InvalidInput.at("/file", N_("Send the template as an XLSX workbook."))
    try:
        check_upload(filename=file_name, content=content)
    except UploadRefused as refused:
        raise InvalidInput.at("/file", refused.detail, **refused.facts) from refused


def open_book(content: bytes) -> Any:
    """The workbook for streaming; refused when openpyxl cannot read it."""
    try:
        return openpyxl.load_workbook(BytesIO(content), read_only=True, keep_links=False)
    except Exception as failure:
        raise _damaged() from failure


def _damaged() -> InvalidInput:
    return InvalidInput.at("/file", N_("The workbook cannot be read. Save it anew as XLSX."))


def filled_lines(sheet: Any, width: int) -> Iterator[tuple[int, list[Cell]]]:
    """Lines with something in them, and their number as the program shows it."""
    for number, line in enumerate(_streamed(sheet.iter_rows(max_col=width)), start=1):
        cells = [_cell(each) for each in line]
        if any(cell.value is not None for cell in cells):
            yield number, cells


def _streamed(lines: Iterator[Any]) -> Iterator[Any]:
    """What openpyxl reads; it meets damaged XML only on the way, and fails in many ways."""
    while True:
        try:
            line = next(lines)
        except StopIteration:
            return
        except Exception as failure:
            raise _damaged() from failure
        yield line


def _cell(read: Any) -> Cell:
    value = read.value
    if isinstance(value, str):
        value = value.strip() or None
    return Cell(value, formula=getattr(read, "data_type", "") == "f")


def require_plain(cell: Cell) -> None:
    """Refuse a formula, an error, and a text that is too long."""
    if cell.formula:
        raise WrongCell("formula")
    value = cell.value
    if not isinstance(value, str):
        return
    if len(value) > MAX_TEXT_CHARACTERS:
        raise WrongCell("too-long")
    if value.startswith("#") and value.endswith(("!", "?", "A")):
        raise WrongCell("cell-error")


def plain_digits(text: str) -> str:
    """The digits of a number typed as text; commas count only where they part thousands."""
    if _GROUPED.fullmatch(text):
        return text.replace(",", "").replace("，", "")
    if _DIGITS.fullmatch(text) and math.isfinite(float(text)):
        return text
    if _WITH_UNIT.fullmatch(text) and not _DIGITS.fullmatch(text):
        raise WrongCell("unit")
    raise WrongCell("comma" if "," in text or "，" in text else "not-a-number")


def read_flag(value: Any) -> bool:
    """Yes or no in either language."""
    word = str(value).strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise WrongCell("not-a-flag")


def read_day(value: Any) -> str:
    """ISO text of a date cell, an Excel serial, or a day typed as text."""
    found = _as_date(value)
    if not FIRST_DAY <= found <= LAST_DAY:
        raise WrongCell("far-day")
    return found.isoformat()


def _as_date(value: Any) -> date:
    if isinstance(value, datetime):
        if value.time() != time(0):
            raise WrongCell("not-a-day")
        return value.date()
    if isinstance(value, str):
        match = _DAY.fullmatch(value)
        if match is None:
            raise WrongCell("not-a-day")
        try:
            return date(*(int(part) for part in match.groups()))
        except ValueError:
            raise WrongCell("not-a-day") from None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != math.floor(value):
        raise WrongCell("not-a-day")
    try:
        read = from_excel(value)
    except (ValueError, OverflowError, TypeError):
        raise WrongCell("not-a-day") from None
    if not isinstance(read, datetime):
        raise WrongCell("not-a-day")
    return read.date()
