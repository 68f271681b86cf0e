"""Rows of a CSV import: the header is checked once, every wrong line is named, sizes are bounded."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import TYPE_CHECKING, Final

from app.kernel.text import N_

if TYPE_CHECKING:
    from _csv import Reader

MAX_ROWS: Final = 20_000
"""Sixty years of daily prices; more comes in several files."""

MAX_LINE_CHARACTERS: Final = 10_000
"""A row of ten long texts; longer means that a quote was not closed."""

MAX_LINE_ERRORS: Final = 200
"""A person mends a file after the first errors; the rest repeat them."""


MAX_TYPED_CHARACTERS: Final = 120
"""Of a refused cell that is shown again: enough to find it in the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineError:
    """One wrong line of a file: its number, counted as an editor does, and words with their facts."""

    line: int
    column: str
    detail: str
    facts: dict[str, object] = field(default_factory=dict)
    typed: str = ""
    """The cell as it was typed, or the whole line where its cells cannot be told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line with its cells by column."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvRows:
    """What was read: lines, and what is wrong with the file itself."""

    lines: tuple[Line, ...]
    errors: tuple[LineError, ...]
    whole: bool = True
    """Whether every line was looked at; the last error says why the rest was not."""


def read_rows(
    text: str, *, required: Sequence[str], optional: Sequence[str] = (), max_rows: int = MAX_ROWS
) -> CsvRows:
    """Read comma-separated text with a header; columns may stand in any order, none may be unknown."""
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        wrong = _header_error(header, required, optional)
        if wrong is not None:
            return CsvRows(lines=(), errors=(wrong,), whole=False)
        return _read_lines(reader, header, max_rows)
    except csv.Error:
        problem = LineError(
            line=reader.line_num,
            column="",
            detail=N_("This line cannot be read: a quote is not closed or stands alone."),
        )
        return CsvRows(lines=(), errors=(problem,), whole=False)


def clipped(typed: str) -> str:
    """What was typed, cut where it is long; a character that cannot be seen shows as one that can."""
    cut = typed if len(typed) <= MAX_TYPED_CHARACTERS else f"{typed[: MAX_TYPED_CHARACTERS - 1]}…"
    return "".join(each if each.isprintable() else "\ufffd" for each in cut)


def _header_error(
    header: Sequence[str], required: Sequence[str], optional: Sequence[str]
) -> LineError | None:
    known = {*required, *optional}
    if set(required) <= set(header) <= known and len(set(header)) == len(header):
        return None
    return LineError(
        line=1,
        column="",
        detail=N_("The first line must name the columns: %(columns)s."),
        facts={"columns": ", ".join([*required, *(f"[{name}]" for name in optional)])},
    )


def _line_error(number: int, cells: Sequence[str], *, wanted: int) -> LineError | None:
    if len(cells) != wanted:
        detail = N_("This line has %(found)s cells; the first line names %(wanted)s.")
        facts: dict[str, object] = {"found": len(cells), "wanted": wanted}
        typed = clipped(", ".join(cells))
        return LineError(line=number, column="", detail=detail, facts=facts, typed=typed)
    if sum(map(len, cells)) > MAX_LINE_CHARACTERS:
        detail = N_("This line has more than %(limit)s characters. A quote may not be closed.")
        return LineError(
            line=number, column="", detail=detail, facts={"limit": MAX_LINE_CHARACTERS}
        )
    return None


def _read_lines(reader: "Reader", header: Sequence[str], max_rows: int) -> CsvRows:
    lines: list[Line] = []
    errors: list[LineError] = []
    whole = True
    for cells in reader:
        number = reader.line_num
        if not any(cell.strip() for cell in cells):
            continue
        if len(lines) == max_rows:
            detail = N_("The file has more than %(limit)s rows. Divide it.")
            errors.append(
                LineError(line=number, column="", detail=detail, facts={"limit": max_rows})
            )
            whole = False
            break
        wrong = _line_error(number, cells, wanted=len(header))
        if wrong is not None:
            errors.append(wrong)
            if len(errors) == MAX_LINE_ERRORS:
                whole = False
                break
            continue
        stripped = (cell.strip() for cell in cells)
        lines.append(Line(number=number, cells=dict(zip(header, stripped, strict=True))))
    return CsvRows(lines=tuple(lines), errors=tuple(errors), whole=whole)
