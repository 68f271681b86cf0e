"""`schedule-book`: the schedules of all loans of a file, written to another, without a database.

Exit 0 when all are drawn, 1 when rows are refused and the others drawn, 2 when a file cannot be read or written.
"""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

import click

from app.cli.terminal import (
    REFUSED,
    InputRefused,
    InputUnreadable,
    as_json_option,
    echo_json,
    echo_pairs,
    problem_of,
    refusals_shown,
    show_refusal,
    text_of,
)
from app.documents.tables import safe_text
from app.kernel.csv_rows import LineError
from app.kernel.errors import FieldError
from app.kernel.money import Money
from app.kernel.text import N_
from app.loans.domain.book_schedules import BookLoan, LoanBook, draw_book, read_book

__all__ = ["commands"]

MOST_BYTES: Final = 10_000_000
"""A hundred thousand rows of a hundred characters."""

_WRITTEN: Final = (
    "loan_number",
    "number",
    "payment_yuan",
    "principal_yuan",
    "interest_yuan",
    "balance_yuan",
)


@click.command("schedule-book")
@click.argument("book", metavar="BOOK.csv", type=click.Path(path_type=Path))
@click.argument("rows", metavar="ROWS.csv", type=click.Path(path_type=Path))
@as_json_option
def schedule_book(*, book: Path, rows: Path, as_json: bool) -> None:
    """Draw the schedules of a book of loans with equal monthly instalments under 30/360.

    BOOK.csv has at most 10,000,000 bytes and 100,000 rows with the columns loan_number, principal_yuan,
    rate and periods. ROWS.csv gets a row for each instalment; it must not be there yet. Rows of the book
    that are refused are listed by field, and the others are drawn.
    """
    with refusals_shown(as_json=as_json):
        read = _read(book)
        answer = _written(rows, read.loans)
    refused = InputRefused(errors=tuple(_wrong(each) for each in read.errors))
    if as_json:
        echo_json({**answer, **problem_of(refused)} if refused.errors else answer)
        raise click.exceptions.Exit(REFUSED if refused.errors else 0)
    echo_pairs([(_LABELS[name], told) for name, told in answer.items()])
    if refused.errors:
        show_refusal(refused, as_json=False)


_LABELS: Final = {
    "loans": N_("Loans"),
    "instalments": N_("Instalments"),
    "total_principal_yuan": N_("Principal, yuan"),
    "total_interest_yuan": N_("Interest, yuan"),
    "total_payment_yuan": N_("Instalments, yuan"),
}


def _read(path: Path) -> LoanBook:
    """The book; a file of which not every line could be looked at is refused as a whole."""
    read = read_book(text_of(path, most_bytes=MOST_BYTES))
    if not read.whole:
        raise InputUnreadable(errors=tuple(_wrong(each) for each in read.errors))
    return read


def _wrong(error: LineError) -> FieldError:
    pointer = f"/file/{error.line}/{error.column}".removesuffix("/")
    return FieldError(pointer=pointer, detail=error.detail, facts=dict(error.facts))


def _written(path: Path, loans: Sequence[BookLoan]) -> dict[str, object]:
    """Write a row for each instalment; gives counts and sums. A file that cannot be written whole is removed."""
    try:
        with path.open("x", encoding="utf-8-sig", newline="") as file, _whole_or_gone(path):
            answer = _write(file, loans)
            file.flush()
            return answer
    except OSError as problem:
        words = N_("The file cannot be written: %(reason)s.")
        raise InputUnreadable.at(path.name, words, reason=problem.strerror) from problem


@contextmanager
def _whole_or_gone(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError:
        path.unlink()
        raise


def _write(file: TextIO, loans: Sequence[BookLoan]) -> dict[str, object]:
    writer = csv.writer(file)
    writer.writerow(_WRITTEN)
    count = principal_fen = interest_fen = 0
    for loan, rows in draw_book(loans):
        number = safe_text(loan.number)
        for place, (principal, interest, balance) in enumerate(rows, start=1):
            amounts = (principal + interest, principal, interest, balance)
            writer.writerow([number, place, *(Money(fen).yuan for fen in amounts)])
            interest_fen += interest
        count += len(rows)
        principal_fen += loan.principal_fen
    return {
        "loans": len(loans),
        "instalments": count,
        "total_principal_yuan": Money(principal_fen).yuan,
        "total_interest_yuan": Money(interest_fen).yuan,
        "total_payment_yuan": Money(principal_fen + interest_fen).yuan,
    }


commands: list[click.Command] = [schedule_book]
