"""Balances and their growth: pure folding of month-end cells into rows, shares and flags.

Amounts are whole fen, ratios whole ppm. Year on year and since year start are two bases: each is computed from its
own day, neither from the other. A base that does not exist gives no growth; it is never zero.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import chain, combinations, product
from typing import Final
from uuid import UUID

from app.kernel.actor import Name
from app.kernel.money import round_half_up, split_largest_remainder
from app.kernel.rates import PPM
from app.kernel.text import N_
from app.loans.domain.classification import LoanClass
from app.oversight.disclosure import EVERY_CELL, Size, Table, too_few, withheld

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
    merged: bool = False
    """The one row of all cells of too few loans."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A balance with its growth on one base. None where the base does not exist, or would show a single loan."""

    balance_fen: int
    opening_fen: int | None
    share_ppm: int
    loans: int
    non_performing_fen: int | None

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
        if self.balance_fen == 0 or self.non_performing_fen is None:
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
    withheld: bool = False
    """So few loans stand behind the whole that not even the total is shown."""


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


def shares_ppm(parts_fen: Sequence[int]) -> list[int]:
    """Shares as they are printed: by largest remainder, so that they add to the whole."""
    if sum(parts_fen) == 0:
        return [0] * len(parts_fen)
    steps = split_largest_remainder(PPM // SHARE_STEP_PPM, parts_fen)
    return [step * SHARE_STEP_PPM for step in steps]


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

    def above(self, key: Key) -> Key:
        """The row of this table that a row of a finer one is part of."""
        wanted = self.dimensions
        by_category = Dimension.CATEGORY in wanted
        return Key(
            edition=key.edition if by_category else "",
            category=level_code(key.category, self.level) if by_category else "",
            region_code=key.region_code if Dimension.REGION in wanted else "",
            bank=key.bank if Dimension.BANK in wanted else "",
        )

    def tables(self) -> tuple[Table[Key], ...]:
        """The tables whose rows add to each other within a month: from the whole down to this one."""
        within = tuple(each for each in self.dimensions if each is not Dimension.MONTH)
        sets = chain.from_iterable(combinations(within, size) for size in range(len(within) + 1))
        found: list[Grouping] = []
        for dimensions, level in product(sets, range(1, self.level + 1)):
            if level == 1 or Dimension.CATEGORY in dimensions:
                found.append(replace(self, dimensions=dimensions, level=level))
        return tuple(
            Table(
                row_of=each.above,
                above=tuple(at for at, other in enumerate(found[:place]) if other.covers(each)),
            )
            for place, each in enumerate(found)
        )

    def covers(self, finer: "Grouping") -> bool:
        """Whether every row of the finer table lies in one row of this one."""
        return set(self.dimensions) <= set(finer.dimensions) and self.level <= finer.level


def fold(
    cells: Iterable[Cell],
    grouping: Grouping,
    on: date,
    known: Iterable[date],
    months: Sequence[date] = (),
    least: int = EVERY_CELL,
) -> Balances:
    """Rows of the day `on`, or of each of `months` when grouped by month.

    known: the days of which balances exist at all. A base outside of them is no base, whatever a cell holds.
    least: cells of fewer loans stand in one merged row; a day of fewer loans is neither shown nor a base.
    """
    by_day: dict[date, list[Cell]] = {}
    for cell in cells:
        by_day.setdefault(cell.on, []).append(cell)
    few = {day for day, found in by_day.items() if too_few(size_of(found).loans, least)}
    days = frozenset(known) - few
    shown = tuple(months) if Dimension.MONTH in grouping.dimensions else (on,)
    tables = [_rows_of(by_day, grouping, month, days, least) for month in shown if month not in few]
    base_on = _known_base(grouping.base, on, days)
    now = by_day.get(on, ())
    total = _figures(now, _opening(by_day, base_on), PPM if now else 0)
    return Balances(
        on=on,
        base=grouping.base,
        base_on=base_on,
        rows=tuple(chain.from_iterable(tables)),
        total=_silent(total) if too_few(size_of(_bad(now)).loans, least) else total,
        withheld=on in few,
    )


def _rows_of(
    by_day: Mapping[date, Sequence[Cell]],
    grouping: Grouping,
    month: date,
    known: frozenset[date],
    least: int,
) -> list[Row]:
    """A row stands alone only if it could on the day and on the base, so that neither day's table tells the other's."""
    base_on = _known_base(grouping.base, month, known)
    now = _by_key(by_day.get(month, ()), grouping, month)
    before = _by_key(by_day.get(base_on, ()), grouping, month) if base_on else {}
    together = _withheld(now, grouping, least) | _withheld(before, grouping, least)
    bad = _withheld({key: _bad(cells) for key, cells in now.items()}, grouping, least)
    merged = Key(month=month if Dimension.MONTH in grouping.dimensions else None, merged=True)
    silent = bad | {merged} if bad & together and bad - together else bad
    now, before = _merge(now, together, merged), _merge(before, together, merged)
    keys = sorted(now.keys() | before.keys(), key=lambda key: (key.merged, key))
    shares = shares_ppm([size_of(now.get(key, ())).fen for key in keys])
    rows = []
    for key, share in zip(keys, shares, strict=True):
        opening = size_of(before.get(key, ())).fen if base_on else None
        figures = _figures(now.get(key, ()), opening, share)
        if figures.balance_fen or figures.opening_fen:
            rows.append(Row(key=key, figures=_silent(figures) if key in silent else figures))
    return rows


def _withheld(
    found: Mapping[Key, Sequence[Cell]], grouping: Grouping, least: int
) -> frozenset[Key]:
    """The keys whose cells do not stand alone."""
    sizes = {key: size_of(cells) for key, cells in found.items()}
    if not any(too_few(size.loans, least) for size in sizes.values()):
        return frozenset()
    rows = withheld(sizes, least, grouping.tables())
    return frozenset(key for key in found if grouping.above(key) in rows)


def _merge(
    found: Mapping[Key, list[Cell]], together: frozenset[Key], merged: Key
) -> dict[Key, list[Cell]]:
    rows = {key: cells for key, cells in found.items() if key not in together}
    gone = [cell for key, cells in found.items() if key in together for cell in cells]
    return {**rows, merged: gone} if gone else rows


def size_of(cells: Iterable[Cell]) -> Size:
    """Loans and balance of some cells."""
    sizes = (Size(loans=cell.loans, fen=cell.balance_fen) for cell in cells)
    return sum(sizes, Size(loans=0, fen=0))


def _bad(cells: Iterable[Cell]) -> list[Cell]:
    return [cell for cell in cells if cell.loan_class in NON_PERFORMING]


def _silent(figures: Figures) -> Figures:
    return replace(figures, non_performing_fen=None)


def _by_key(cells: Iterable[Cell], grouping: Grouping, month: date) -> dict[Key, list[Cell]]:
    found: dict[Key, list[Cell]] = {}
    for cell in cells:
        found.setdefault(grouping.key_of(cell, month), []).append(cell)
    return found


def _figures(cells: Sequence[Cell], opening_fen: int | None, share: int) -> Figures:
    size = size_of(cells)
    return Figures(
        balance_fen=size.fen,
        opening_fen=opening_fen,
        share_ppm=share,
        loans=size.loans,
        non_performing_fen=size_of(_bad(cells)).fen,
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
