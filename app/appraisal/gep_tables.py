"""A stored GEP account as tables in the reader's language, for the page and the workbook."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext

from app.appraisal.services.gep_accounts import GepAccountView, GivenPrice
from app.appraisal.units import unit_title
from app.documents.tables import ColumnKind, ExportColumn, ExportTable, table_xlsx
from app.kernel.actor import Name
from app.web.shell import words
from risk_models.account_json import account_json
from risk_models.accounts import CLASSES, Account
from risk_models.models.gep import MODEL
from risk_models.registry import science_parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountTables:
    """Titles of ecosystems, lines of services with a figure for each, totals, regions, differences."""

    ecosystems: Sequence[str]
    lines: Sequence[tuple[str, Sequence[int | None], int]]
    totals: Sequence[int]
    total: int
    regions: Sequence[tuple[str, int]]
    differences: Sequence[tuple[str, str, int, int, int]]
    boundaries: Sequence[tuple[str, Decimal, Decimal]]
    quantities: Sequence[tuple[str, Decimal, str]]


def fen_of(yuan: str) -> int:
    """Whole fen of yuan with two decimals; exact, unlike a float."""
    return int(yuan.replace(".", ""))


def exact(figure: float) -> Decimal:
    """A stored figure as it is written."""
    return Decimal(repr(figure))


def in_order(found: Iterable[str], order: Iterable[str]) -> list[str]:
    """Keys in an order of their own: one database keeps that of a document, the other does not."""
    places = {name: at for at, name in enumerate(order)}
    return sorted(found, key=lambda name: (places.get(name, len(places)), name))


def tables_of(result: Mapping[str, Any], names: Mapping[str, Name]) -> AccountTables:
    """The tables of what `account_json` answered."""
    keys = in_order(result["by_ecosystem"], science_parameters()["gep.ecosystem"].rows)
    matrix = result["matrix"]
    fields = [each.name for each in MODEL.spec.fields]
    return AccountTables(
        ecosystems=[ecosystem_title(key) for key in keys],
        lines=[
            (service_title(service), [_cell(line, key) for key in keys], fen_of(whole))
            for service in in_order(matrix, CLASSES)
            for line in [matrix[service]]
            for whole in [result["by_service"][service]]
        ],
        totals=[fen_of(result["by_ecosystem"][key]) for key in keys],
        total=fen_of(result["total_yuan"]),
        regions=[
            (region_title(code, names), fen_of(yuan))
            for code, yuan in sorted(result["by_region"].items())
        ],
        differences=[
            (
                region_title(each["region"], names),
                service_title(each["service"]),
                fen_of(each["own_yuan"]),
                fen_of(each["sum_yuan"]),
                fen_of(each["difference_yuan"]),
            )
            for each in result["differences"]
        ],
        boundaries=[
            (region_title(each["region"], names), exact(each["own_ha"]), exact(each["sum_ha"]))
            for each in result["boundaries"]
        ],
        quantities=[
            (words(MODEL.spec.field(name).title), exact(each["value"]), each["unit"])
            for name in in_order(result["quantities"], fields)
            for each in [result["quantities"][name]]
        ],
    )


def tables_of_account(account: Account, names: Mapping[str, Name]) -> AccountTables:
    """The tables of an account that is not stored."""
    return tables_of(account_json(account, language=None), names)


def account_xlsx(view: GepAccountView) -> bytes:
    """Services by ecosystem with their totals."""
    found = tables_of(view.result, {})
    return table_xlsx(
        ExportTable(
            title=view.title,
            facts=[
                (gettext("Year of the account"), str(view.year)),
                (gettext("Region"), words(view.region)),
                (gettext("Norm"), row_title("gep.norm_profile", view.norm_profile)),
                (gettext("Price table"), row_title("gep.price_table", view.price_table)),
                (gettext("Source"), view.source),
                *((words(each.title), price_words(each)) for each in view.prices),
                ("SHA-256", view.digest),
            ],
            columns=[
                ExportColumn(title=gettext("Service")),
                *(ExportColumn(title=each, kind=ColumnKind.YUAN) for each in found.ecosystems),
                ExportColumn(title=gettext("Total (yuan)"), kind=ColumnKind.YUAN),
            ],
            rows=[[title, *cells, whole] for title, cells, whole in found.lines],
            total=[gettext("Total"), *found.totals, found.total],
        )
    )


def price_words(given: GivenPrice) -> str:
    """A price of the account with its unit and source."""
    return f"{given.yuan} {unit_title(given.unit)} · {given.source}"


def file_name(view: GepAccountView) -> str:
    """The file name of the workbook."""
    return f"gep-{view.region_code}-{view.year}.xlsx"


def _cell(line: Mapping[str, str], key: str) -> int | None:
    return fen_of(line[key]) if key in line else None


def service_title(key: str) -> str:
    """A service of the account in the reader's language."""
    return words(CLASSES[key])


def ecosystem_title(key: str) -> str:
    """A type of ecosystem in the reader's language; what the table does not have stays as written."""
    return row_title("gep.ecosystem", key)


def row_title(table: str, row: str | None) -> str:
    """A row of a table of parameters in the reader's language; what the table has not stays as written."""
    titles = science_parameters()[table].rows
    return words(titles[row]) if row and row in titles else row or ""


def region_title(code: str, names: Mapping[str, Name]) -> str:
    """A region by its name; a code of no region stays as it is."""
    return words(names[code]) if code in names else code
