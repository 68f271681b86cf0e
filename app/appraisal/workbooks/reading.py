"""Reading a filled-in workbook: what is wrong with the file stops it, what is wrong with a row is listed.

Row by row, within the limits of `layout`; cells are read by `documents.cells`.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from app.appraisal.domain.valuing import Problem
from app.appraisal.workbooks.layout import (
    EXAMPLE_REF,
    FIRST_ROW,
    MAX_IMPORT_ROWS,
    MAX_REF_CHARACTERS,
    MAX_SERIES_ROWS,
    NAME_ROW,
    REF,
    VALUE,
    YEAR,
    columns_of,
    known_sheet_names,
    series_of,
)
from app.documents.cells import (
    CELL_WORDS,
    Cell,
    WrongCell,
    filled_lines,
    open_book,
    plain_digits,
    read_day,
    read_flag,
    require_plain,
)
from app.kernel.actor import Name
from app.kernel.errors import InvalidInput
from app.kernel.text import N_
from risk_models.batches import choices_of
from risk_models.contract import Field, ModelSpec
from risk_models.dated import Parameters
from risk_models.words import Text

__all__ = ["WorkbookRow", "read_workbook"]

WORDS: Final[Mapping[str, Text | Name]] = {
    **CELL_WORDS,
    "example-left": Text(
        en="This is the example of the template. Delete the row or write over it.",
        zh="这是模板中的示例行，请删除或用实际数据覆盖。",
    ),
    "no-ref": Text(en="Write the reference of the row.", zh="请填写本行的编号。"),
    "ref-twice": Text(
        en="This reference stands in an earlier row already.", zh="此编号在前面的行中已出现。"
    ),
    "ref-too-long": Text(en="The reference is too long.", zh="编号过长。"),
    "unknown-ref": Text(
        en="The first sheet has no such reference. The line is that of the sheet of these years.",
        zh="首个工作表中没有此编号。行号为该数列工作表中的行号。",
    ),
    "not-a-choice": Text(
        en="Choose a value from the list of the cell.", zh="请从单元格的下拉列表中选择。"
    ),
    "year": Text(
        en="The years of a reference begin with 1 and follow each other, each once.",
        zh="同一编号的年序从1开始逐年连续，不得重复。",
    ),
    "series-too-long": Text(
        en="There are more years than the model takes.", zh="年数超过模型上限。"
    ),
}

STRANGERS: Final = 20
"""Columns read beside the known ones, so that what was added on the right is seen."""


@dataclass(slots=True, kw_only=True)
class WorkbookRow:
    """One row: the line it stands in, its reference, its inputs, what cannot be read."""

    number: int
    ref: str
    inputs: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, code: str, name: str = "") -> None:
        """Note what is wrong with a cell of the row."""
        self.problems.append(problem(code, name))


def problem(code: str, name: str = "") -> Problem:
    """One of the words above at a field."""
    words = WORDS[code]
    return Problem(code=code, field=name, en=words.en, zh=words.zh)


def read_workbook(spec: ModelSpec, parameters: Parameters, content: bytes) -> list[WorkbookRow]:
    """The rows of a filled-in template, in order; empty ones are skipped.

    Refuses a file that openpyxl cannot read, a missing sheet, missing, unknown or repeated
    columns, a file without rows, and more rows than a workbook may have.
    """
    book = open_book(content)
    try:
        rows = _rows(spec, parameters, book)
        for series in series_of(spec):
            _read_series(spec, book, series, rows)
    finally:
        book.close()
    return rows


# ---------------------------------------------------------------------------
# Sheets


def _sheet(spec: ModelSpec, book: Any, name: str) -> Any:
    """The sheet of the inputs or of a series, whichever of its names it bears."""
    found = _found_name(spec, book, name)
    if found is None:
        zh, en, _ = known_sheet_names(spec, name)
        raise InvalidInput.at(
            "/file",
            N_("The workbook has no sheet “%(sheet)s”. Take the template of this model."),
            sheet=Name(zh=zh, en=en),
        )
    sheet = book[found]
    # What the file says of its own size may be a lie that pads every row.
    sheet.reset_dimensions()
    return sheet


def _found_name(spec: ModelSpec, book: Any, name: str) -> str | None:
    return next((each for each in known_sheet_names(spec, name) if each in book.sheetnames), None)


def _header(
    name: str, lines: Iterator[tuple[int, list[Cell]]], known: Sequence[str], needed: Sequence[str]
) -> dict[str, int]:
    """Where each column stands; refused when one is missing, unknown or there twice."""
    found: dict[str, int] = {}
    for number, cells in lines:
        if number > NAME_ROW:
            break
        if number == NAME_ROW:
            found = _columns(name, cells, known)
            break
    missing = [each for each in needed if each not in found]
    if missing:
        raise InvalidInput.at(
            "/file",
            N_("The sheet “%(sheet)s” lacks columns in its second row: %(columns)s."),
            sheet=name,
            columns=missing[:5],
        )
    return found


def _columns(sheet: str, cells: Sequence[Cell], known: Sequence[str]) -> dict[str, int]:
    names = [str(cell.value) for cell in cells if cell.value is not None]
    wrong = [name[:40] for name in names if name not in known or names.count(name) > 1]
    if wrong:
        raise InvalidInput.at(
            "/file",
            N_("The sheet “%(sheet)s” has columns that are unknown or there twice: %(columns)s."),
            sheet=sheet,
            columns=sorted(set(wrong))[:5],
        )
    return {str(cell.value): at for at, cell in enumerate(cells) if cell.value is not None}


def _rows(spec: ModelSpec, parameters: Parameters, book: Any) -> list[WorkbookRow]:
    sheet = _sheet(spec, book, spec.id)
    fields = columns_of(spec)
    readers = {field.name: _Reader(field, parameters) for field in fields}
    known = [REF, *readers]
    needed = [REF, *(field.name for field in fields if field.required)]
    lines = filled_lines(sheet, len(known) + STRANGERS)
    places = _header(sheet.title, lines, known, needed)
    rows: list[WorkbookRow] = []
    seen = set[str]()
    for number, cells in lines:
        if number < FIRST_ROW:
            continue
        if len(rows) == MAX_IMPORT_ROWS:
            raise _too_many(sheet.title, MAX_IMPORT_ROWS)
        rows.append(_row(number, cells, places, readers, seen))
    if not rows:
        raise InvalidInput.at("/file", N_("The sheet “%(sheet)s” has no rows."), sheet=sheet.title)
    return rows


def _too_many(sheet: str, limit: int) -> InvalidInput:
    return InvalidInput.at(
        "/file",
        N_("The sheet “%(sheet)s” has more than %(limit)s rows. Divide it."),
        sheet=sheet,
        limit=limit,
    )


def _row(
    number: int,
    cells: Sequence[Cell],
    places: Mapping[str, int],
    readers: Mapping[str, "_Reader"],
    seen: set[str],
) -> WorkbookRow:
    row = WorkbookRow(number=number, ref=_ref(cells[places[REF]]))
    if row.ref == EXAMPLE_REF:
        row.refuse("example-left", REF)
        return row
    _check_ref(row, seen)
    for name, reader in readers.items():
        if name not in places:
            continue
        try:
            given = reader.read(cells[places[name]])
        except WrongCell as wrong:
            row.refuse(str(wrong), name)
        else:
            if given is not None:
                row.inputs[name] = given
    return row


def _ref(cell: Cell) -> str:
    value = cell.value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None or cell.formula else str(value)


def _check_ref(row: WorkbookRow, seen: set[str]) -> None:
    if not row.ref:
        row.refuse("no-ref", REF)
    elif len(row.ref) > MAX_REF_CHARACTERS:
        row.ref = row.ref[:MAX_REF_CHARACTERS]
        row.refuse("ref-too-long", REF)
    elif row.ref in seen:
        row.refuse("ref-twice", REF)
    seen.add(row.ref)


# ---------------------------------------------------------------------------
# Series


def _read_series(spec: ModelSpec, book: Any, series: Field, rows: list[WorkbookRow]) -> None:
    """Give each row the years that its sheet holds of it; the sheet may be missing when not needed.

    Years of a reference that no row has are a row of their own, which is refused.
    """
    if _found_name(spec, book, series.name) is None and not series.required:
        return
    sheet = _sheet(spec, book, series.name)
    by_ref: dict[str, WorkbookRow] = {}
    for row in rows:
        by_ref.setdefault(row.ref, row)
    known = (REF, YEAR, VALUE)
    lines = filled_lines(sheet, len(known) + STRANGERS)
    places = _header(sheet.title, lines, known, known)
    reader = _Reader(series, None)
    years: dict[str, dict[int, float | str]] = {}
    for at, (number, cells) in enumerate(lines):
        if number < FIRST_ROW:
            continue
        if at >= MAX_SERIES_ROWS:
            raise _too_many(sheet.title, MAX_SERIES_ROWS)
        ref = _ref(cells[places[REF]])
        if ref == EXAMPLE_REF and ref not in by_ref:
            continue
        owner = by_ref.get(ref)
        if owner is None:
            if len(rows) == MAX_IMPORT_ROWS:
                raise _too_many(sheet.title, MAX_IMPORT_ROWS)
            owner = by_ref[ref] = WorkbookRow(number=number, ref=ref[:MAX_REF_CHARACTERS])
            owner.refuse("unknown-ref", series.name)
            rows.append(owner)
        _year(owner, series, reader, [cells[places[each]] for each in known], years)
    for ref, given in years.items():
        _set_series(by_ref[ref], series, given)


def _year(
    owner: WorkbookRow,
    series: Field,
    reader: "_Reader",
    cells: Sequence[Cell],
    years: dict[str, dict[int, float | str]],
) -> None:
    """Note the value of one year; what cannot be read stands against the owner's row."""
    given = years.setdefault(owner.ref, {})
    try:
        year, value = _year_of(reader, cells, given)
    except WrongCell as wrong:
        owner.refuse(str(wrong), series.name)
    else:
        given[year] = value


def _year_of(
    reader: "_Reader", cells: Sequence[Cell], given: Mapping[int, float | str]
) -> tuple[int, float | str]:
    year, value = _whole(cells[1]), reader.number(cells[2])
    if year in given:
        raise WrongCell("year")
    if value is None:
        raise WrongCell("not-a-number")
    return year, value


def _whole(cell: Cell) -> int:
    value = cell.value
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value[:6])
    if cell.formula or isinstance(value, bool) or not isinstance(value, int | float):
        raise WrongCell("year")
    if not 1 <= value <= MAX_SERIES_ROWS or value != int(value):
        raise WrongCell("year")
    return int(value)


def _set_series(row: WorkbookRow, series: Field, given: Mapping[int, float | str]) -> None:
    if any(each.field == series.name for each in row.problems):
        return
    if len(given) > series.max_length:
        row.refuse("series-too-long", series.name)
    elif sorted(given) != list(range(1, len(given) + 1)):
        row.refuse("year", series.name)
    else:
        row.inputs[series.name] = [given[year] for year in sorted(given)]


# ---------------------------------------------------------------------------
# Cells


class _Reader:
    """Reads the cells of one field."""

    def __init__(self, field: Field, parameters: Parameters | None) -> None:
        self.field = field
        self.answers: dict[str, str] = {}
        if parameters is not None and field.kind == "choice":
            for choice in choices_of(field, parameters):
                for word in (choice.title.en, choice.title.zh):
                    # A word that two choices share names neither; their codes do.
                    self.answers[word] = "" if word in self.answers else choice.id
            self.answers |= {choice.id: choice.id for choice in choices_of(field, parameters)}

    def read(self, cell: Cell) -> Any:
        """The value of a cell as the model's inputs have it; None when it is empty."""
        require_plain(cell)
        if cell.value is None:
            return None
        match self.field.kind:
            case "choice":
                return self._choice(cell.value)
            case "flag":
                return read_flag(cell.value)
            case "date":
                return read_day(cell.value)
            case "number" | "integer" | "series":
                return self.number(cell)

    def number(self, cell: Cell) -> float | str | None:
        """A number as it stands, or its digits when the cell holds text."""
        require_plain(cell)
        value = cell.value
        if value is None:
            return None
        if isinstance(value, str):
            return plain_digits(value)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            raise WrongCell("not-a-number")
        return cast("float", value)

    def _choice(self, value: Any) -> str:
        found = self.answers.get(str(value), "")
        if not found:
            raise WrongCell("not-a-choice")
        return found
