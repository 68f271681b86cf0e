"""The comparison of two GEP accounts as tables in the reader's language, for the page and the workbook."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from flask_babel import gettext

from app.appraisal.gep_tables import ecosystem_title, fen_of, region_title, service_title
from app.appraisal.services.gep_accounts import GepAccountSummary
from app.appraisal.services.gep_comparison import GepComparisonView
from app.documents.tables import ColumnKind, ExportColumn, ExportTable, table_xlsx
from app.kernel.actor import Name
from app.web.shell import words

__all__ = [
    "ChangeLine",
    "ChangeTables",
    "changes_of",
    "comparison_name",
    "comparison_xlsx",
    "places",
    "scope_words",
]

PPM: Final = 1_000_000
MAX_UNITS_NAMED: Final = 6
"""Units of one year that a warning names; the others stand in the table below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """One figure: in the base, this year at base prices, the effects in fen, this year, growth in ppm.

    None where a year accounts no unit of it.
    """

    title: str
    before: int | None
    constant: int | None
    quantity: int | None
    after: int | None
    price: int | None
    growth: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTables:
    """The whole, then the breakdowns with their titles; units that one year alone has."""

    whole: ChangeLine
    parts: Sequence[tuple[str, Sequence[ChangeLine]]]
    only_before: Sequence[str]
    only_after: Sequence[str]
    same_units: bool

    def needs_total(self, lines: Sequence[ChangeLine]) -> bool:
        """Whether no line is the whole itself, as a region with all others below it is."""
        return all(replace(line, title=self.whole.title) != self.whole for line in lines)

    @property
    def constant_known(self) -> bool:
        return self.whole.constant is not None


def places(comparison: Mapping[str, Any] | None) -> set[str]:
    """The codes of all regions that the comparison names."""
    if comparison is None:
        return set()
    units = (*comparison["only_before"], *comparison["only_after"])
    return {*comparison["by_region"], *(region for region, _ecosystem in units)}


def changes_of(comparison: Mapping[str, Any], names: Mapping[str, Name]) -> ChangeTables:
    """The tables of what `comparison_json` answered."""
    return ChangeTables(
        whole=_line(gettext("Total"), comparison["whole"]),
        parts=[
            (gettext("By service"), list(_lines(comparison["by_service"], service_title))),
            (gettext("By ecosystem"), list(_lines(comparison["by_ecosystem"], ecosystem_title))),
            (
                gettext("By region"),
                list(_lines(comparison["by_region"], lambda code: region_title(code, names))),
            ),
        ],
        only_before=_units(comparison["only_before"], names),
        only_after=_units(comparison["only_after"], names),
        same_units=comparison["whole"]["same_units"],
    )


def _lines(found: Mapping[str, Any], title: Callable[[str], str]) -> Iterator[ChangeLine]:
    for key, change in found.items():
        yield _line(title(key), change)


def _line(title: str, change: Mapping[str, Any]) -> ChangeLine:
    growth = change["growth"]
    return ChangeLine(
        title=title,
        before=_known(change["before_yuan"]),
        constant=_known(change["at_base_prices_yuan"]),
        quantity=_known(change["quantity_effect_yuan"]),
        after=_known(change["after_yuan"]),
        price=_known(change["price_effect_yuan"]),
        growth=None if growth is None else round(growth * PPM),
    )


def _known(yuan: str | None) -> int | None:
    return None if yuan is None else fen_of(yuan)


def _units(found: Sequence[Sequence[str]], names: Mapping[str, Name]) -> list[str]:
    return [f"{region_title(code, names)} · {ecosystem_title(key)}" for code, key in found]


def scope_words(found: ChangeTables, account: GepAccountSummary, base: GepAccountSummary) -> str:
    """The first units that one of the years alone accounts."""
    told = []
    for year, units in ((base.year, found.only_before), (account.year, found.only_after)):
        if units:
            more = "…" if units[MAX_UNITS_NAMED:] else ""
            named = "; ".join(units[:MAX_UNITS_NAMED]) + more
            told.append(gettext("Only in %(year)s: %(units)s.", year=year, units=named))
    return " ".join(told)


def comparison_xlsx(view: GepComparisonView, names: Mapping[str, Name]) -> bytes:
    """Every figure of the comparison; without a base there are no rows."""
    account, base = view.account, view.base
    found = None if view.comparison is None else changes_of(view.comparison, names)
    return table_xlsx(
        ExportTable(
            title=account.title,
            facts=[*_facts(account, base), *_scope(found, account, base)],
            columns=_columns(account, base),
            rows=[] if found is None else [row for part in found.parts for row in _rows(*part)],
            total=[] if found is None else ["", *_cells(found.whole)],
        )
    )


def _facts(account: GepAccountSummary, base: GepAccountSummary | None) -> list[tuple[str, str]]:
    return [
        (gettext("Region"), words(account.region)),
        (gettext("Year of the account"), str(account.year)),
        (gettext("Source"), account.source),
        ("SHA-256", account.digest),
        *(
            []
            if base is None
            else [
                (gettext("Compared with"), f"{base.title} · {base.year}"),
                (gettext("Source of the base"), base.source),
                (gettext("SHA-256 of the base"), base.digest),
            ]
        ),
    ]


def _scope(
    found: ChangeTables | None, account: GepAccountSummary, base: GepAccountSummary | None
) -> list[tuple[str, str]]:
    if found is None or base is None or found.same_units:
        return []
    return [(gettext("Units that only one year has"), scope_words(found, account, base))]


def _columns(account: GepAccountSummary, base: GepAccountSummary | None) -> list[ExportColumn]:
    amounts = [
        "—" if base is None else gettext("%(year)s (yuan)", year=base.year),
        gettext("%(year)s at base prices (yuan)", year=account.year),
        gettext("Effect of quantities (yuan)"),
        gettext("%(year)s (yuan)", year=account.year),
        gettext("Effect of prices (yuan)"),
    ]
    return [
        ExportColumn(title=gettext("Breakdown")),
        ExportColumn(title=gettext("Title")),
        *(ExportColumn(title=each, kind=ColumnKind.YUAN) for each in amounts),
        ExportColumn(title=gettext("Growth"), kind=ColumnKind.PERCENT),
    ]


def _rows(part: str, lines: Sequence[ChangeLine]) -> Iterator[list[str | int | None]]:
    for line in lines:
        yield [part, *_cells(line)]


def _cells(line: ChangeLine) -> list[str | int | None]:
    amounts = (line.before, line.constant, line.quantity, line.after, line.price)
    return [line.title, *amounts, line.growth]


def comparison_name(view: GepComparisonView) -> str:
    """The file name of the workbook."""
    account, base = view.account, view.base
    years = str(account.year) if base is None else f"{base.year}-{account.year}"
    return f"gep-{account.region_code}-{years}-comparison.xlsx"
