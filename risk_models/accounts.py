"""GEP accounts: accounting units put together by service, ecosystem and region, and years compared.

A row is one unit with the inputs of the `gep` model, or figures stated without quantities. Cells
are rounded to fen once and totals are sums of cells, so that totals by service, by ecosystem and
by region agree. Where a region states figures of its own beside those of its parts, both are kept
and their difference is named, never corrected.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np

from risk_models.account_rows import (
    CLASSES,
    UNDIVIDED,
    AccountDocument,
    AccountRow,
    InvalidAccount,
    document_from,
    regions_above,
)
from risk_models.appraise import basis_on, finding_detail, to_fen
from risk_models.batches import read_rows
from risk_models.contract import Basis, Finding, Result
from risk_models.models.gep import MODEL
from risk_models.models.gep.checks import YEAR_AHEAD
from risk_models.models.gep.model import measured_quantities
from risk_models.models.gep.services import COMPONENTS
from risk_models.runner import value
from risk_models.words import Text

__all__ = [
    "CLASSES",
    "UNDIVIDED",
    "Account",
    "AccountDocument",
    "AccountRow",
    "AreaDifference",
    "Cell",
    "Change",
    "Comparison",
    "Difference",
    "InvalidAccount",
    "RowProblem",
    "account",
    "compare",
    "document_from",
    "units_of",
]

SAME_AREA: Final = 1e-6
"""Relative gap below which two areas are one; only rounding of units lies below it."""

PRICED: Final = frozenset(
    {"price_table", "price_factor", "product_yuan_per_t", "evaporation_yuan_per_m3"}
    | {"storage_yearly_share", "storage_upkeep_yuan_per_m3", "visit_spend_yuan", "visit_days"}
    | {"daily_wage_yuan", "visit_surplus_yuan", "premium_yuan_per_m2", "willing_yuan_per_month"}
)
"""Inputs that are prices, or stand for one: constant prices take them from the base year."""

Place = tuple[str, str]
"""A unit: its region and its ecosystem."""

Figures = Callable[["Account"], Mapping[str, int]]
Lines = Callable[[Place, Mapping[str, str]], Iterable[str]]
"""The lines of a breakdown that a unit counts for, by the parents of regions."""

NO_UNITS: Final[frozenset[Place]] = frozenset()

TABLED: Final = frozenset({"price_table", "price_factor"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """Why a row was refused, or what its reader must know: severity refuse, ask or note."""

    row: int
    field: str
    code: str
    severity: str
    detail: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The value of one service of one unit."""

    row: int
    region: str
    ecosystem: str
    service: str
    fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A region's own figure against the sum of its parts: `own_fen` - `sum_fen` is what is open."""

    region: str
    service: str
    own_fen: int
    sum_fen: int

    @property
    def fen(self) -> int:
        return self.own_fen - self.sum_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaDifference:
    """A region whose own area is not that of its parts: the boundaries do not agree."""

    region: str
    own_ha: float
    sum_ha: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One year. Totals hold the regions without parts; a region's own figures only differ."""

    year: int
    cells: tuple[Cell, ...]
    own: tuple[Cell, ...]
    """What regions with parts state for themselves."""
    parents: Mapping[str, str]
    differences: tuple[Difference, ...]
    problems: tuple[RowProblem, ...]
    quantities: Mapping[str, tuple[float, str]]
    area_ha: Mapping[str, float]
    boundaries: tuple[AreaDifference, ...]

    @property
    def total_fen(self) -> int:
        return sum(cell.fen for cell in self.cells)

    @property
    def by_service(self) -> dict[str, int]:
        return _summed((cell.service, cell.fen) for cell in self.cells)

    @property
    def by_ecosystem(self) -> dict[str, int]:
        return _summed((cell.ecosystem, cell.fen) for cell in self.cells)

    @property
    def by_region(self) -> dict[str, int]:
        """Regions without parts, then every region above them with the sum of its parts."""
        found = _summed((cell.region, cell.fen) for cell in self.cells)
        for cell in self.cells:
            for above in regions_above(cell.region, self.parents):
                found[above] = found.get(above, 0) + cell.fen
        return found

    @property
    def matrix(self) -> dict[str, dict[str, int]]:
        """Fen by service, then by ecosystem."""
        found: dict[str, dict[str, int]] = {}
        for cell in self.cells:
            line = found.setdefault(cell.service, {})
            line[cell.ecosystem] = line.get(cell.ecosystem, 0) + cell.fen
        return found

    @property
    def refused(self) -> tuple[RowProblem, ...]:
        return tuple(each for each in self.problems if each.severity == "refuse")

    @property
    def adds_up(self) -> bool:
        return not self.differences and not self.boundaries


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How a figure moved. At constant prices only where quantities are known on both sides."""

    name: str
    before_fen: int | None
    """None where the year accounts no unit of it: that is not zero."""
    after_fen: int | None
    constant_fen: int | None
    """The later quantities at the earlier prices."""
    shared_fen: tuple[int, int] | None = None
    """Of the units that both years account: the base, and what it grew to."""
    same_units: bool = True

    @property
    def quantity_fen(self) -> int | None:
        """None where the years account other units: what a unit adds is no effect of quantities."""
        if self.constant_fen is None or self.before_fen is None or not self.same_units:
            return None
        return self.constant_fen - self.before_fen

    @property
    def price_fen(self) -> int | None:
        if self.constant_fen is None or self.after_fen is None:
            return None
        return self.after_fen - self.constant_fen

    @property
    def growth(self) -> float | None:
        """Growth of the units of both years, in constant prices where they are known, else in current ones."""
        if self.shared_fen is None:
            return None
        before, after = self.shared_fen
        return None if before == 0 else after / before - 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two years: the whole, by service, ecosystem and region; units that only one of them has."""

    before: Account
    after: Account
    whole: Change
    by_service: tuple[Change, ...]
    by_ecosystem: tuple[Change, ...]
    by_region: tuple[Change, ...]
    only_before: tuple[Place, ...]
    only_after: tuple[Place, ...]

    @property
    def same_units(self) -> bool:
        """Whether both years account the same units, regions with parts left out."""
        return self.whole.same_units


# ---------------------------------------------------------------------------
# One year


def account(document: AccountDocument, on: date, year: int | None = None) -> Account:
    """The account of a year of the document, its last one when none is named."""
    wanted = document.years[-1] if year is None else year
    rows = [row for row in document.rows if row.year == wanted]
    if not rows:
        years = ", ".join(str(each) for each in document.years)
        raise InvalidAccount.at(
            "/rows",
            en=f"There are no rows of {wanted}; the document has {years}.",
            zh=f"没有{wanted}年的行，文件包含的年度：{years}。",
            was_read=True,
        )
    return _Counting(basis_on(on, document.prices), rows, wanted).account()


class _Counting:
    """Rows of one year valued on a basis, cells first."""

    def __init__(self, basis: Basis, rows: Sequence[AccountRow], year: int) -> None:
        self.basis = basis
        self.rows = rows
        self.year = year
        self.problems: list[RowProblem] = []
        self.quantities: dict[str, tuple[float, str]] = {}
        self.area_ha: dict[str, float] = {}
        self.parts: set[str] = {row.parent for row in rows if row.parent}
        self.parents = {row.region: row.parent for row in rows}

    def account(self) -> Account:
        stated = [cell for row in self.rows for cell in _stated_cells(row)]
        cells = sorted([*stated, *self._valued()], key=lambda cell: cell.row)
        leaves = tuple(cell for cell in cells if cell.region not in self.parts)
        own = [cell for cell in cells if cell.region in self.parts]
        return Account(
            year=self.year,
            cells=leaves,
            own=tuple(own),
            parents=self.parents,
            differences=tuple(self._differences(leaves, own)),
            problems=tuple(self.problems),
            quantities=self.quantities,
            area_ha=self.area_ha,
            boundaries=tuple(self._boundaries()),
        )

    def _boundaries(self) -> Iterator[AreaDifference]:
        for region in sorted(self.parts & set(self.area_ha)):
            below = [
                area
                for name, area in self.area_ha.items()
                if name not in self.parts and region in regions_above(name, self.parents)
            ]
            own = self.area_ha[region]
            if below and abs(sum(below) - own) > SAME_AREA * own:
                yield AreaDifference(region=region, own_ha=own, sum_ha=sum(below))

    def _differences(self, leaves: Sequence[Cell], own: Sequence[Cell]) -> Iterator[Difference]:
        """Where a region states a class, against the same class of its parts; wholes always."""
        regions = dict.fromkeys(cell.region for cell in own)
        for region in regions:
            mine = _summed((c.service, c.fen) for c in own if c.region == region)
            below = [c for c in leaves if region in regions_above(c.region, self.parents)]
            parts = _summed((c.service, c.fen) for c in below)
            names = mine if set(mine) == set(parts) else {}
            for service in names:
                if mine[service] != parts[service]:
                    yield Difference(
                        region=region,
                        service=service,
                        own_fen=mine[service],
                        sum_fen=parts[service],
                    )
            whole, together = sum(mine.values()), sum(parts.values())
            if not names and whole != together:
                yield Difference(region=region, service=UNDIVIDED, own_fen=whole, sum_fen=together)

    def _valued(self) -> list[Cell]:
        """Cells of the rows with inputs; a row that cannot be read or is refused has none."""
        rows = [row for row in self.rows if row.inputs]
        self.problems += [each for row in self.rows if not row.inputs for each in self._early(row)]
        read = read_rows(MODEL.spec, [row.inputs for row in rows], self.basis.parameters)
        self.problems += [
            RowProblem(
                row=rows[place].number,
                field=each.field,
                code=each.code,
                severity="refuse",
                detail=each.detail,
            )
            for place, problems in read.problems.items()
            for each in problems
        ]
        batch, readable = read.batch, [rows[place] for place in read.rows]
        if not readable:
            return []
        result = value(MODEL, batch, self.basis)
        self.problems += [
            problem for found in result.findings for problem in _problems(found, readable)
        ]
        standing = np.flatnonzero(result.valid)
        units, areas = measured_quantities(batch.take(standing), self.basis)
        for name, (amount, unit) in units.items():
            leaf = [readable[place].region not in self.parts for place in standing]
            self.quantities[name] = float(np.sum(amount[leaf])), unit
        for place, area in zip(standing, areas, strict=True):
            region = readable[place].region
            self.area_ha[region] = self.area_ha.get(region, 0.0) + float(area)
        return [cell for place in standing for cell in _cells(readable[place], result, int(place))]

    def _early(self, row: AccountRow) -> Iterator[RowProblem]:
        """A row of stated figures is asked what the model asks of the others."""
        if row.year > self.basis.on.year:
            facts: dict[str, object] = {"account": row.year, "day": self.basis.on.year}
            yield RowProblem(
                row=row.number,
                field="account_year",
                code="account-year-ahead",
                severity="ask",
                detail=YEAR_AHEAD.filled(facts),
            )


def _stated_cells(row: AccountRow) -> list[Cell]:
    return [_cell(row, service, fen) for service, fen in row.stated_fen.items()]


def _cells(row: AccountRow, result: Result, place: int) -> list[Cell]:
    return [
        _cell(row, service, fen)
        for service, *_ in COMPONENTS
        if (fen := to_fen(float(result.components[service][place])))
    ]


def _cell(row: AccountRow, service: str, fen: int) -> Cell:
    return Cell(
        row=row.number, region=row.region, ecosystem=row.ecosystem, service=service, fen=fen
    )


def _problems(found: Finding, rows: Sequence[AccountRow]) -> Iterator[RowProblem]:
    for place in found.rows:
        yield RowProblem(
            row=rows[int(place)].number,
            field=found.field,
            code=found.code,
            severity=found.severity,
            detail=finding_detail(found, int(place)),
        )


def _summed(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, fen in pairs:
        found[name] = found.get(name, 0) + fen
    return found


# ---------------------------------------------------------------------------
# Two years


def compare(
    document: AccountDocument,
    base: AccountDocument,
    on: date,
    *,
    base_on: date | None = None,
    year: int | None = None,
    base_year: int | None = None,
) -> Comparison:
    """A year against an earlier one: what quantities did at the earlier prices, what prices did.

    `on` is the day whose norms, tables and coefficients count for the year, `base_on` that of the
    base. Constant prices are those of the base: its table, factor, given prices and day.
    """
    then = on if base_on is None else base_on
    after = account(document, on, year)
    before = account(base, then, base_year)
    ours = {row.place: row for row in document.rows if row.year == after.year}
    theirs = {row.place: row for row in base.rows if row.year == before.year}
    _require_one_norm(ours.values(), theirs.values())
    sums = _Sums(
        before=before,
        after=after,
        constant=_at_base_prices(ours, theirs, base, then, after.year),
        units=(units_of(theirs.values()), units_of(ours.values())),
    )
    stated = any(row.stated_fen for row in (*ours.values(), *theirs.values()))
    (whole,) = sums.changes(lambda each: {"": each.total_fen}, lambda _, __: ("",))
    return Comparison(
        before=before,
        after=after,
        whole=whole,
        # A stated figure says nothing of the services that it does not name.
        by_service=sums.changes(
            lambda each: each.by_service, lambda _, __: CLASSES, missing=None if stated else 0
        ),
        by_ecosystem=sums.changes(lambda each: each.by_ecosystem, lambda place, _: place[1:]),
        by_region=sums.changes(
            lambda each: each.by_region,
            lambda place, parents: (place[0], *regions_above(place[0], parents)),
        ),
        only_before=tuple(sorted(set(theirs) - set(ours))),
        only_after=tuple(sorted(set(ours) - set(theirs))),
    )


def units_of(rows: Iterable[AccountRow]) -> frozenset[Place]:
    """The units that a total is summed of: those of regions without parts."""
    listed = list(rows)
    parts = {row.parent for row in listed}
    return frozenset(row.place for row in listed if row.region not in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    """Both years, the later at base prices where it can be, and the units of each."""

    before: Account
    after: Account
    constant: Account | None
    units: tuple[frozenset[Place], frozenset[Place]]

    def changes(
        self, figures: Figures, lines: Lines, *, missing: int | None = 0
    ) -> tuple[Change, ...]:
        """A change for each line; `missing` is the figure of a line that has units and no cell."""
        shared = self.units[0] & self.units[1]
        grown = self.constant or self.after
        before, after, both, both_after = (
            figures(each)
            for each in (self.before, self.after, _of(self.before, shared), _of(grown, shared))
        )
        constant = None if self.constant is None else figures(self.constant)
        first = _by_line(self.units[0], lines, self.before.parents)
        then = _by_line(self.units[1], lines, self.after.parents)
        found = []
        for name in dict.fromkeys([*before, *after]):
            mine, theirs = then.get(name, NO_UNITS), first.get(name, NO_UNITS)
            found.append(
                Change(
                    name=name,
                    before_fen=before.get(name, missing) if theirs else None,
                    after_fen=after.get(name, missing) if mine else None,
                    constant_fen=None
                    if constant is None or not mine
                    else constant.get(name, missing),
                    shared_fen=_pair(both.get(name, missing), both_after.get(name, missing))
                    if mine & theirs
                    else None,
                    same_units=mine == theirs,
                )
            )
        return tuple(found)


def _pair(before: int | None, after: int | None) -> tuple[int, int] | None:
    return None if before is None or after is None else (before, after)


def _by_line(
    units: Iterable[Place], lines: Lines, parents: Mapping[str, str]
) -> dict[str, set[Place]]:
    """The units of each line."""
    found: dict[str, set[Place]] = {}
    for place in units:
        for name in lines(place, parents):
            found.setdefault(name, set()).add(place)
    return found


def _of(whole: Account, places: frozenset[Place]) -> Account:
    """The account of some of its units."""
    cells = (cell for cell in whole.cells if (cell.region, cell.ecosystem) in places)
    return replace(whole, cells=tuple(cells))


def _require_one_norm(ours: Iterable[AccountRow], theirs: Iterable[AccountRow]) -> None:
    norms = {row.inputs["norm_profile"] for row in (*ours, *theirs) if "norm_profile" in row.inputs}
    if len(norms) > 1:
        raise InvalidAccount.at(
            "/rows",
            en="The years follow different norms and cannot be compared.",
            zh="两个年度采用的核算规范不同，不能比较。",
            was_read=True,
        )


def _at_base_prices(
    ours: Mapping[tuple[str, str], AccountRow],
    theirs: Mapping[tuple[str, str], AccountRow],
    base: AccountDocument,
    on: date,
    year: int,
) -> Account | None:
    """The later quantities at the prices of the base; None where a row has no quantities."""
    rows = [*ours.values(), *theirs.values()]
    if not all(row.inputs for row in rows):
        return None
    anyone = next(iter(theirs.values()))
    moved = []
    for place, row in ours.items():
        earlier = theirs.get(place)
        # A new unit has no earlier prices of its own; those of the table it shares with all.
        taken = TABLED if earlier is None else PRICED
        source = (anyone if earlier is None else earlier).inputs
        plain = {name: given for name, given in row.inputs.items() if name not in taken}
        priced = {name: given for name, given in source.items() if name in taken}
        moved.append(replace(row, inputs={**plain, **priced}))
    found = _Counting(basis_on(on, base.prices), moved, year).account()
    return None if found.refused else found
