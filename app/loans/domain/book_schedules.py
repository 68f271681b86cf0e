"""A whole book of level monthly loans as a file tells it, and the schedules of all its loans.

A regular month under `30/360` is a twelfth of a year, so that the amounts depend on no day. A row that
is refused is named by its fields; the others go on.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias

import numpy as np

from app.kernel.csv_rows import Line, LineError, read_rows
from app.kernel.daycount import DayCount
from app.kernel.money import Money
from app.kernel.rates import parse_fraction
from app.kernel.schedule_dates import Every
from app.kernel.text import N_
from app.loans.domain.bulk import level_schedules
from app.loans.domain.schedule import make_schedule
from app.loans.domain.terms import Method, ScheduleError, Terms, require_possible

COLUMNS: Final = ("loan_number", "principal_yuan", "rate", "periods")

MAX_BOOK_ROWS: Final = 100_000
"""The loans of a city's largest bank; more come in several files."""

MAX_NUMBER_CHARACTERS: Final = 40
"""As long as the numbers of loans kept here."""

CHUNK_LOANS: Final = 1_000
"""Schedules of a hundred years drawn together take 30 megabytes."""

_ANY_DAY: Final = date(2000, 1, 1)
_WHOLE: Final = re.compile(r"[0-9]{1,9}")

Amounts: TypeAlias = tuple[int, int, int]
"""Principal, interest and the balance left of an instalment, in fen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookLoan:
    """A loan of equal instalments, one a month."""

    line: int
    number: str
    principal_fen: int
    rate_ppm: int
    periods: int

    @property
    def terms(self) -> Terms:
        """The same as terms of a schedule, from any day on."""
        return Terms(
            principal_fen=self.principal_fen,
            rate_ppm=self.rate_ppm,
            periods=self.periods,
            start_on=_ANY_DAY,
            every=Every(months=1),
            method=Method.EQUAL_INSTALMENT,
            day_count=DayCount.THIRTY_360,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanBook:
    """The loans of a file, and what is wrong with its other rows."""

    loans: tuple[BookLoan, ...]
    errors: tuple[LineError, ...]
    whole: bool
    """Whether every line was looked at; the last error says why the rest was not."""


# --- Reading ---


def read_book(text: str) -> LoanBook:
    """The loans of comma-separated text whose first line names the columns, in any order."""
    found = read_rows(text, required=COLUMNS, max_rows=MAX_BOOK_ROWS)
    loans: list[BookLoan] = []
    errors = list(found.errors)
    lines: dict[str, int] = {}
    for line in found.lines:
        read = _read(line, lines)
        if isinstance(read, BookLoan):
            loans.append(read)
        else:
            errors += read
    if found.whole:
        errors.sort(key=lambda each: each.line)
    return LoanBook(loans=tuple(loans), errors=tuple(errors), whole=found.whole)


def _read(line: Line, lines: dict[str, int]) -> BookLoan | list[LineError]:
    """The loan of a line, or everything that is wrong with it; notes where its number stands."""
    number = line.cells["loan_number"]
    errors = list(_number_problems(line, number, lines))
    lines.setdefault(number, line.number)
    values: dict[str, int] = {}
    for column, (parse, words) in _FIGURES.items():
        try:
            values[column] = parse(line.cells[column])
        except ValueError:
            errors.append(LineError(line=line.number, column=column, detail=words))
    if len(values) < len(_FIGURES):
        return errors
    loan = BookLoan(
        line=line.number,
        number=number,
        principal_fen=values["principal_yuan"],
        rate_ppm=values["rate"],
        periods=values["periods"],
    )
    errors += _term_problems(loan)
    return errors or loan


def _number_problems(line: Line, number: str, lines: Mapping[str, int]) -> Iterator[LineError]:
    def problem(detail: str, **facts: object) -> LineError:
        return LineError(line=line.number, column="loan_number", detail=detail, facts=facts)

    if not number:
        yield problem(N_("Enter a value."))
    elif len(number) > MAX_NUMBER_CHARACTERS:
        yield problem(N_("At most %(limit)s characters."), limit=MAX_NUMBER_CHARACTERS)
    elif number in lines:
        yield problem(N_("This loan stands in line %(line)s already."), line=lines[number])


def _whole(text: str) -> int:
    if _WHOLE.fullmatch(text) is None:
        raise ValueError(text)
    return int(text)


_FIGURES: Final[Mapping[str, tuple[Callable[[str], int], str]]] = {
    "principal_yuan": (
        lambda text: Money.parse(text).fen,
        N_("Enter an amount in yuan with at most two decimals, such as 1200.50."),
    ),
    "rate": (
        parse_fraction,
        N_("Enter a fraction with at most six decimals, such as 0.0435."),
    ),
    "periods": (_whole, N_("Enter a whole number.")),
}


def _term_problems(loan: BookLoan) -> list[LineError]:
    try:
        require_possible(loan.terms)
    except ScheduleError as refused:
        return [
            LineError(
                line=loan.line,
                column=each.pointer.removeprefix("/"),
                detail=each.detail,
                facts=dict(each.facts),
            )
            for each in refused.errors
        ]
    return []


# --- Drawing ---


def draw_book(
    loans: Sequence[BookLoan], *, chunk: int = CHUNK_LOANS
) -> Iterator[tuple[BookLoan, Sequence[Amounts]]]:
    """The instalments of each loan, in the order of the loans; those of equal length move together."""
    for first in range(0, len(loans), chunk):
        some = loans[first : first + chunk]
        by_length: dict[int, list[BookLoan]] = {}
        for loan in some:
            by_length.setdefault(loan.periods, []).append(loan)
        drawn = {loan.line: rows for same in by_length.values() for loan, rows in _draw(same)}
        yield from ((loan, drawn[loan.line]) for loan in some)


def _draw(same: Sequence[BookLoan]) -> Iterator[tuple[BookLoan, Sequence[Amounts]]]:
    """Loans of one length; those that do not fit 64 bits together are drawn in halves, one at last alone."""
    principal = np.array([loan.principal_fen for loan in same], np.int64)
    rate = np.array([loan.rate_ppm for loan in same], np.int64)
    try:
        drawn = level_schedules(principal, rate, periods=same[0].periods)
    except ValueError:
        if len(same) == 1:
            yield same[0], _drawn_alone(same[0])
            return
        half = len(same) // 2
        yield from _draw(same[:half])
        yield from _draw(same[half:])
        return
    columns = (drawn.principal_fen.T, drawn.interest_fen.T, drawn.balance_fen.T)
    for place, loan in enumerate(same):
        yield loan, list(zip(*(column[place].tolist() for column in columns), strict=True))


def _drawn_alone(loan: BookLoan) -> list[Amounts]:
    rows = make_schedule(loan.terms).instalments
    return [(row.principal_fen, row.interest_fen, row.balance_fen) for row in rows]
