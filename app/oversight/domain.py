"""Balances and their growth: pure folding of month-end cells into rows, shares and flags.

Amounts are whole fen, ratios whole ppm. Year on year and since year start are two bases: each is computed from its
own day, neither from the other. A base that does not exist gives no growth; it is never zero.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.kernel.actor import Name
from app.kernel.money import round_half_up
from app.kernel.rates import PPM
from app.kernel.text import N_
from app.loans.domain.classification import LoanClass

SHARE_STEP_PPM: Final = 100
"""Shares are printed with two decimals of a per cent."""

MONTHS_SHOWN: Final = 24
MONTHS_READ: Final = MONTHS_SHOWN + 13
"""The months shown and the year before the first of them, which may be its base."""

MIN_PURPOSE: Final = 10
"""Characters of a purpose; shorter says nothing that an auditor could check."""

DRILL_DOWN_HOURS: Final = timedelta(hours=8)
"""A working day; the next day the purpose is stated anew."""

NON_PERFORMING: Final = frozenset(tier.value for tier in LoanClass if tier.is_non_performing)


class Dimension(StrEnum):
    """What balances may be grouped by."""

    CATEGORY = "category"
    REGION = "region"
    BANK = "bank"
    MONTH = "month"


class BaseKind(StrEnum):
    """What a growth is measured from."""

    YEAR_ON_YEAR = "year-on-year"
    YEAR_START = "year-start"


BASE_TITLES: Final[Mapping[BaseKind, str]] = {
    BaseKind.YEAR_ON_YEAR: N_("year on year"),
    BaseKind.YEAR_START: N_("since year start"),
}
DIMENSION_TITLES: Final[Mapping[Dimension, str]] = {
    Dimension.CATEGORY: N_("Category"),
    Dimension.REGION: N_("Region"),
    Dimension.BANK: N_("Bank"),
    Dimension.MONTH: N_("Month"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A sum of balances over loans that share a day, a tag, a region, a bank and a class."""

    on: date
    edition: str = ""
    category: str = ""
    region_code: str = ""
    bank_id: UUID | None = None
    loan_class: str | None = None
    balance_fen: int
    loans: int


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Key:
    """Where a row stands; a dimension that is not grouped by stays empty."""

    month: date | None = None
    edition: str = ""
    category: str = ""
    region_code: str = ""
    bank: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A balance with its growth on one base. None where the base does not exist."""

    balance_fen: int
    opening_fen: int | None
    share_ppm: int
    loans: int
    non_performing_fen: int

    @property
    def change_fen(self) -> int | None:
        """Balance less opening balance."""
        return None if self.opening_fen is None else self.balance_fen - self.opening_fen

    @property
    def growth_ppm(self) -> int | None:
        """Change over opening balance; None from nothing."""
        if not self.opening_fen:
            return None
        return round_half_up((self.balance_fen - self.opening_fen) * PPM, self.opening_fen)

    @property
    def non_performing_ppm(self) -> int | None:
        """Substandard, doubtful and loss over the whole balance, loans without a class included below."""
        if self.balance_fen == 0:
            return None
        return round_half_up(self.non_performing_fen * PPM, self.balance_fen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a table of balances."""

    key: Key
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Balances:
    """Rows and their total on a day, with the base that the growth is measured from."""

    on: date
    base: BaseKind
    base_on: date | None
    rows: tuple[Row, ...]
    total: Figures

    @property
    def share_difference_ppm(self) -> int:
        """What the printed shares of the day are above or below one; said, never corrected."""
        shares = [row.figures.share_ppm for row in self.rows if row.key.month in {None, self.on}]
        return sum(shares) - PPM if shares and self.total.balance_fen else 0


def month_end(day: date) -> date:
    """The last day of a month."""
    first = day.replace(day=1)
    return (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def months_back(day: date, months: int) -> date:
    """The month end some months before the month of a day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return month_end(date(year, month + 1, 1))


def base_day(kind: BaseKind, on: date) -> date | None:
    """The day that a growth on `on` is measured from. Between month ends there is none a year before."""
    if kind is BaseKind.YEAR_START:
        return date(on.year - 1, 12, 31)
    return months_back(on, 12) if on == month_end(on) else None


def level_code(code: str, level: int) -> str:
    """The code of an item's ancestor: 4.1.3 on level 2 is 4.1."""
    return ".".join(code.split(".")[:level])


def share_ppm(part_fen: int, whole_fen: int) -> int:
    """A share as it is printed, rounded on its own."""
    if whole_fen == 0:
        return 0
    return round_half_up(part_fen * (PPM // SHARE_STEP_PPM), whole_fen) * SHARE_STEP_PPM


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """By what, on which catalogue level, from which base, and how a region is named."""

    dimensions: tuple[Dimension, ...]
    base: BaseKind = BaseKind.YEAR_ON_YEAR
    level: int = 1
    fold_region: Callable[[str], str] = str

    def key_of(self, cell: Cell, month: date) -> Key:
        """The row of a cell; `month` is the month that the row speaks of."""
        wanted = self.dimensions
        by_category = Dimension.CATEGORY in wanted
        return Key(
            month=month if Dimension.MONTH in wanted else None,
            edition=cell.edition if by_category else "",
            category=level_code(cell.category, self.level) if by_category else "",
            region_code=self.fold_region(cell.region_code) if Dimension.REGION in wanted else "",
            bank=str(cell.bank_id) if Dimension.BANK in wanted and cell.bank_id else "",
        )


def fold(
    cells: Iterable[Cell],
    grouping: Grouping,
    on: date,
    known: Iterable[date],
    months: Sequence[date] = (),
) -> Balances:
    """Rows of the day `on`, or of each of `months` when grouped by month.

    known: the days of which balances exist at all. A base outside of them is no base, whatever a cell holds.
    """
    by_day: dict[date, list[Cell]] = {}
    for cell in cells:
        by_day.setdefault(cell.on, []).append(cell)
    days = frozenset(known)
    shown = tuple(months) if Dimension.MONTH in grouping.dimensions else (on,)
    rows = [row for month in shown for row in _rows_of(by_day, grouping, month, days)]
    base_on = _known_base(grouping.base, on, days)
    total = _figures(by_day.get(on, ()), _opening(by_day, base_on), None)
    return Balances(on=on, base=grouping.base, base_on=base_on, rows=tuple(rows), total=total)


def _rows_of(
    by_day: Mapping[date, Sequence[Cell]], grouping: Grouping, month: date, known: frozenset[date]
) -> list[Row]:
    base_on = _known_base(grouping.base, month, known)
    now = _by_key(by_day.get(month, ()), grouping, month)
    before = _by_key(by_day.get(base_on, ()), grouping, month) if base_on else None
    whole = sum(cell.balance_fen for cell in by_day.get(month, ()))
    keys = sorted(now.keys() | (before or {}).keys())
    rows = []
    for key in keys:
        opening = None if before is None else sum(cell.balance_fen for cell in before.get(key, ()))
        figures = _figures(now.get(key, ()), opening, whole)
        if figures.balance_fen or figures.opening_fen:
            rows.append(Row(key=key, figures=figures))
    return rows


def _by_key(cells: Iterable[Cell], grouping: Grouping, month: date) -> dict[Key, list[Cell]]:
    found: dict[Key, list[Cell]] = {}
    for cell in cells:
        found.setdefault(grouping.key_of(cell, month), []).append(cell)
    return found


def _figures(cells: Sequence[Cell], opening_fen: int | None, whole_fen: int | None) -> Figures:
    balance = sum(cell.balance_fen for cell in cells)
    bad = sum(cell.balance_fen for cell in cells if cell.loan_class in NON_PERFORMING)
    return Figures(
        balance_fen=balance,
        opening_fen=opening_fen,
        share_ppm=share_ppm(balance, balance if whole_fen is None else whole_fen),
        loans=sum(cell.loans for cell in cells),
        non_performing_fen=bad,
    )


def _known_base(kind: BaseKind, on: date, known: frozenset[date]) -> date | None:
    base_on = base_day(kind, on)
    return base_on if base_on in known else None


def _opening(by_day: Mapping[date, Sequence[Cell]], base_on: date | None) -> int | None:
    return None if base_on is None else sum(cell.balance_fen for cell in by_day.get(base_on, ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFigure:
    """A figure as it was printed elsewhere: a balance or growth on a day, with its source."""

    id: str
    on: date
    title: Name
    kind: str
    printed: str
    unit: str
    source: Name
    note: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """A printed figure beside ours, both as printed text; `agrees` is None where nothing can be compared."""

    figure: PublishedFigure
    ours: str | None
    agrees: bool | None


def reconcile(figures: Iterable[PublishedFigure], total: Figures) -> tuple[Reconciliation, ...]:
    """Compare each printed figure with the tape at the precision in which it was printed."""
    return tuple(
        Reconciliation(
            figure=each, ours=ours, agrees=None if ours is None else ours == each.printed
        )
        for each in figures
        for ours in (_ours(each, total),)
    )


def _ours(figure: PublishedFigure, total: Figures) -> str | None:
    places = len(figure.printed.partition(".")[2])
    match figure.kind:
        case "balance":
            return _text(total.balance_fen, 10, places)
        case "change":
            return None if total.change_fen is None else _text(total.change_fen, 10, places)
        case "growth":
            if not total.opening_fen or total.change_fen is None:
                return None
            scaled = round_half_up(total.change_fen * 10 ** (places + 2), total.opening_fen)
            return _decimal(scaled, places)
        case _:
            return None


def _text(fen: int, power: int, places: int) -> str:
    """An amount in units of 10 ** power fen (10: a hundred million yuan), half-up."""
    return _decimal(round_half_up(fen * 10**places, 10**power), places)


def _decimal(scaled: int, places: int) -> str:
    sign, digits = "-" if scaled < 0 else "", str(abs(scaled)).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"
