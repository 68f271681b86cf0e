"""A file of repayments as it was filled in: the template, and each row read from its cells."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO
from typing import Any, Final
from uuid import UUID

import xlsxwriter

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
    require_workbook,
)
from app.kernel.actor import Actor, Name
from app.kernel.csv_rows import Line, LineError, clipped, read_rows
from app.kernel.errors import FieldError, InvalidInput
from app.kernel.money import LARGEST_FEN, Money, TooLongError
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.loans.domain.importing import RowState
from app.reference.services import import_text

MAX_BATCH_ROWS: Final = 5_000
"""A month's instalments of a bank's loans in a city; more comes in several files."""

MAX_KEY_CHARACTERS: Final = 120
"""A reference of a transfer has at most half of it."""

EXACT_BELOW: Final = 10**15
"""From here on a spreadsheet replaces the last digits of a number by zeros."""

REQUIRED: Final = ("loan_number", "amount_yuan", "key")
OPTIONAL: Final = ("value_on", "prepay", "payer")
WORDS: Final = N_("%(words)s")
_WRONG_CELLS: Final[Mapping[str, Name]] = {
    **CELL_WORDS,
    "unit": Name(
        en="Write the number without its unit: the name of the column has it.",
        zh="请只填数字，不带单位；单位见列名。",
    ),
}

TITLES: Final[Mapping[str, Name]] = {
    "loan_number": Name(zh="贷款编号", en="Loan number"),
    "amount_yuan": Name(zh="金额（元）", en="Amount, yuan"),
    "key": Name(zh="交易流水号", en="Transfer reference"),
    "value_on": Name(zh="起息日", en="Value day"),
    "prepay": Name(zh="余款提前还本", en="Rest repays principal"),
    "payer": Name(zh="付款人", en="Payer"),
}
EXAMPLE: Final[Mapping[str, str | Name]] = {
    "loan_number": "L-2024-000001",
    "amount_yuan": "1200.50",
    "key": "EXAMPLE",
    "value_on": "2024-01-31",
    "prepay": "no",
    "payer": Name(zh="示例付款人", en="Example payer"),
}
SHEET: Final = Name(zh="还款", en="Repayments")
HEAD_ROWS: Final = 2
"""Titles, then the names of the columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRepayments:
    """A file of repayments, to be checked only or to be booked."""

    content: bytes
    file_name: str
    dry_run: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    """One row: what it asks for, what became of it, what stands against it."""

    line: int
    loan_number: str
    amount_fen: int | None = None
    value_on: date | None = None
    prepay: bool = False
    key: str = ""
    payer: str = ""
    state: RowState = RowState.WAITING
    repayment_number: str = ""
    problems: tuple[LineError, ...] = ()
    loan_id: UUID | None = None


@dataclass(slots=True, kw_only=True)
class RawRow:
    """Cells of a row as they stand, and what cannot be read of them."""

    line: int
    cells: dict[str, Any] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)
    problems: list[LineError] = field(default_factory=list)

    def refuse(self, column: str, detail: str, **facts: object) -> None:
        """Note what stands against a cell, beside what was typed into it."""
        typed = self.typed.get(column, "")
        error = LineError(line=self.line, column=column, detail=detail, facts=facts, typed=typed)
        self.problems.append(error)


def read_file(command: ImportRepayments) -> list[RawRow]:
    """The rows of an XLSX or CSV file; a file that is no table of repayments is refused."""
    if command.file_name.lower().endswith(".csv"):
        rows = list(_csv_rows(command))
    elif command.file_name.lower().endswith(".xlsx"):
        require_workbook(command.file_name, command.content)
        rows = list(_workbook_rows(command.content))
    else:
        raise InvalidInput.at("/file", N_("Send the repayments as an XLSX workbook or a CSV file."))
    if not rows:
        raise InvalidInput.at("/file", N_("The file has no rows."))
    if len(rows) > MAX_BATCH_ROWS:
        raise InvalidInput.at(
            "/file", N_("The file has more than %(limit)s rows. Divide it."), limit=MAX_BATCH_ROWS
        )
    return rows


def _csv_rows(command: ImportRepayments) -> Iterator[RawRow]:
    text = import_text(command.file_name, command.content)
    found = read_rows(text, required=REQUIRED, optional=OPTIONAL, max_rows=MAX_BATCH_ROWS)
    wrong = [each for each in found.errors if each.line == 1]
    if wrong:
        raise InvalidInput.at("/file", wrong[0].detail, **wrong[0].facts)
    if not found.whole:
        raise _cut_off(found.errors[-1])
    for error in found.errors:
        yield RawRow(line=error.line, problems=[error])
    for line in found.lines:
        yield _from_line(line)


def _cut_off(last: LineError) -> InvalidInput:
    """A file of which only a part was read is not booked in part."""
    words = N_("The file was not read beyond line %(line)s. Correct it and send it whole.")
    return InvalidInput(
        errors=(
            FieldError(pointer="/file", detail=words, facts={"line": last.line}),
            FieldError(pointer="/file", detail=last.detail, facts=last.facts),
        )
    )


def _from_line(line: Line) -> RawRow:
    cells = {name: text or None for name, text in line.cells.items()}
    typed = {name: clipped(text) for name, text in line.cells.items()}
    return RawRow(line=line.number, cells=cells, typed=typed)


def _workbook_rows(content: bytes) -> Iterator[RawRow]:
    book = open_book(content)
    try:
        sheet = book[book.sheetnames[0]]
        # What the file says of its own size may be a lie that pads every row.
        sheet.reset_dimensions()
        names: dict[int, str] = {}
        for number, cells in filled_lines(sheet, len(TITLES) + HEAD_ROWS):
            if number < HEAD_ROWS:
                continue
            if number == HEAD_ROWS:
                names = _columns(cells)
                continue
            yield _from_cells(number, cells, names)
            if number > MAX_BATCH_ROWS + HEAD_ROWS:
                return
    finally:
        book.close()
    if not names:
        _columns([])


def _columns(cells: Sequence[Cell]) -> dict[int, str]:
    names = {at: str(cell.value) for at, cell in enumerate(cells) if cell.value is not None}
    found = set(names.values())
    if not set(REQUIRED) <= found <= set(TITLES) or len(found) != len(names):
        raise InvalidInput.at(
            "/file",
            N_("The second row must name the columns: %(columns)s."),
            columns=", ".join([*REQUIRED, *(f"[{name}]" for name in OPTIONAL)]),
        )
    return names


def _from_cells(number: int, cells: Sequence[Cell], names: Mapping[int, str]) -> RawRow:
    raw = RawRow(line=number)
    for at, name in names.items():
        cell = cells[at] if at < len(cells) else Cell(None)
        raw.typed[name] = clipped(_typed(cell.value))
        try:
            require_plain(cell)
        except WrongCell as wrong:
            raw.refuse(name, WORDS, words=_WRONG_CELLS[str(wrong)])
        else:
            raw.cells[name] = cell.value
    return raw


def parse_row(raw: RawRow) -> BatchRow:
    """The cells as values; an amount has at most two decimals, a day is a day."""
    for name in ("loan_number", "key"):
        _refuse_rounded(raw, name)
    texts = {name: _text(raw.cells.get(name)) for name in ("loan_number", "key", "payer")}
    for name in ("loan_number", "key"):
        if not texts[name] and not _has_problem(raw, name):
            raw.refuse(name, N_("Enter a value."))
    if len(texts["key"]) > MAX_KEY_CHARACTERS:
        raw.refuse("key", N_("At most %(limit)s characters."), limit=MAX_KEY_CHARACTERS)
    if texts["key"] == EXAMPLE["key"]:
        raw.refuse(
            "key", N_("This is the example of the template. Delete the row or write over it.")
        )
    return BatchRow(
        line=raw.line,
        loan_number=texts["loan_number"][:60],
        amount_fen=_amount(raw),
        value_on=_read_cell(raw, "value_on", _as_day),
        prepay=bool(_read_cell(raw, "prepay", read_flag)),
        key=texts["key"][:MAX_KEY_CHARACTERS],
        payer=texts["payer"][:160],
    )


def _has_problem(raw: RawRow, column: str) -> bool:
    return any(each.column in ("", column) for each in raw.problems)


def _refuse_rounded(raw: RawRow, name: str) -> None:
    """A spreadsheet keeps fifteen digits of a number: references that differ after them are one."""
    value = raw.cells.get(name)
    if isinstance(value, int | float) and abs(value) >= EXACT_BELOW:
        raw.cells[name] = None
        raw.refuse(
            name, N_("The cell holds a number of which digits may be lost. Format it as text.")
        )


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value)


def _typed(value: Any) -> str:
    """A cell as its program shows it; a day has no hours."""
    if isinstance(value, datetime) and value.time() == time(0):
        return value.date().isoformat()
    return _text(value)


def _as_day(value: Any) -> date:
    return date.fromisoformat(read_day(value))


def _read_cell(raw: RawRow, name: str, read: Any) -> Any:
    value = raw.cells.get(name)
    if value is None:
        return None
    try:
        return read(value)
    except WrongCell as wrong:
        raw.refuse(name, WORDS, words=_WRONG_CELLS[str(wrong)])
        return None


def _amount(raw: RawRow) -> int | None:
    value = raw.cells.get("amount_yuan")
    if value is None:
        if not _has_problem(raw, "amount_yuan"):
            raw.refuse("amount_yuan", N_("Enter a value."))
        return None
    digits = _read_cell(raw, "amount_yuan", _digits_of)
    if digits is None:
        return None
    try:
        fen = Money.parse(digits).fen
    except TooLongError:
        raw.refuse(
            "amount_yuan", N_("Enter an amount of at most %(high)s yuan."), high=Money(LARGEST_FEN)
        )
        return None
    except ValueError:
        raw.refuse(
            "amount_yuan",
            N_("Enter an amount in yuan with at most two decimals, such as 1200.50."),
        )
        return None
    if fen <= 0:
        raw.refuse("amount_yuan", N_("Enter an amount above 0.00 yuan."))
        return None
    return fen


def _digits_of(value: Any) -> str:
    if isinstance(value, bool):
        raise WrongCell("not-a-number")
    if isinstance(value, int | float):
        return format(Decimal(repr(value)), "f").removesuffix(".0")
    return plain_digits(str(value))


def repayment_template(actor: Actor, language: str) -> bytes:
    """The workbook to fill in, with an example row that is written over."""
    actor.require(Permission.POST_REPAYMENT)
    out = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(out, options)
    sheet = book.add_worksheet(SHEET.in_language(language))
    bold = book.add_format({"bold": True, "bg_color": "#E8F1ED", "text_wrap": True})
    plain = book.add_format({"font_color": "#5C6B66", "bottom": 1})
    text = book.add_format({"num_format": "@"})
    for column, name in enumerate((*REQUIRED, *OPTIONAL)):
        sheet.set_column(column, column, 22, text if name != "amount_yuan" else None)
        sheet.write_string(0, column, TITLES[name].in_language(language), bold)
        sheet.write_string(1, column, name, plain)
        shown = EXAMPLE[name]
        example = shown.in_language(language) if isinstance(shown, Name) else shown
        sheet.write_string(HEAD_ROWS, column, example)
    sheet.freeze_panes(HEAD_ROWS, 0)
    book.close()
    return out.getvalue()
