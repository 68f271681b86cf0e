"""Which rows of a table stay unnamed for those who may not see single loans: a pure rule.

A row of too few loans would show a loan. So would a sum that holds it beside the rows around it: what is withheld
must have enough loans in the whole, and within every row of a coarser table that the same reader can ask for.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

SMALLEST_CELL: Final = "oversight.smallest_cell"
"""The parameter: fewer loans than this are never a row of their own."""

EVERY_CELL: Final = 1
"""For those who may see single loans."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many loans stand behind a row, and their balance."""

    loans: int
    fen: int

    def __add__(self, other: "Size") -> "Size":
        """Both together."""
        return Size(loans=self.loans + other.loans, fen=self.fen + other.fen)


K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, kw_only=True)
class Table(Generic[K]):
    """A table over the same cells. `above`: the places of the coarser tables that it refines."""

    row_of: Callable[[K], Hashable]
    above: tuple[int, ...] = ()


Rows = Mapping[Hashable, Size]
Parents = Mapping[Hashable, Hashable]


def too_few(loans: int, least: int) -> bool:
    """Whether a sum over so many loans would show one of them. Nothing at all shows nobody."""
    return 0 < loans < least


def withheld(
    sizes: Mapping[K, Size], least: int, tables: Sequence[Table[K]]
) -> frozenset[Hashable]:
    """The rows of the last table that stay unnamed.

    tables: from the whole down. What a coarser table withholds is withheld in each finer one.
    """
    found: list[frozenset[Hashable]] = []
    for table in tables:
        rows = _rows(sizes, table)
        parents = [
            {table.row_of(key): tables[at].row_of(key) for key in sizes} for at in table.above
        ]
        lost = [found[at] for at in table.above]
        hidden = {
            row
            for row, size in rows.items()
            if too_few(size.loans, least)
            or any(up[row] in gone for up, gone in zip(parents, lost, strict=True))
        }
        found.append(_closed(rows, hidden, parents, least))
    return found[-1]


def _rows(sizes: Mapping[K, Size], table: Table[K]) -> Rows:
    rows: dict[Hashable, Size] = {}
    for key, size in sizes.items():
        row = table.row_of(key)
        rows[row] = rows[row] + size if row in rows else size
    return rows


def _closed(
    rows: Rows, hidden: set[Hashable], parents: Sequence[Parents], least: int
) -> frozenset[Hashable]:
    """Take the smallest further row until no sum above tells what is hidden in it."""
    while more := {row for up in parents for row in _lacking(rows, hidden, up, least)}:
        hidden = hidden | more
    return frozenset(hidden)


def _lacking(rows: Rows, hidden: set[Hashable], up: Parents, least: int) -> set[Hashable]:
    inside: dict[Hashable, int] = {}
    outside: dict[Hashable, list[Hashable]] = {}
    for row, size in rows.items():
        if row in hidden:
            inside[up[row]] = inside.get(up[row], 0) + size.loans
        elif size.loans:
            outside.setdefault(up[row], []).append(row)
    return {
        min(outside[parent], key=lambda row: (rows[row].fen, rows[row].loans, str(row)))
        for parent, loans in inside.items()
        if too_few(loans, least) and parent in outside
    }
