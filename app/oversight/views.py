"""What pages, API and exports show of balances, drawn from the same report."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from sqlmodel import Session

from app.documents.tables import ColumnKind, ExportColumn, ExportTable
from app.kernel.actor import Actor, Name
from app.loans.domain.states import Kept
from app.loans.queries import LoanFilter, LoanView
from app.oversight.domain import (
    BASE_TITLES,
    DIMENSION_TITLES,
    Dimension,
    Figures,
)
from app.oversight.queries import (
    ABSENCE_WORDS,
    Absence,
    Line,
    Report,
    category_names,
    region_names,
)
from app.oversight.services import LoanDetail
from app.web.shell import words


def answer(report: Report) -> dict[str, Any]:
    """The report as the API's schema reads it."""
    return {
        "as_of": report.as_of or report.on,
        "on": report.on,
        "live": report.live,
        "mirrored_on": report.mirrored_on,
        "base": report.base,
        "base_on": report.base_on,
        "unit": "CNY",
        "rows": [_answer_row(line, report) for line in report.lines],
        "total": None if report.absence is Absence.TOO_FEW else report.total,
        "message": gettext(ABSENCE_WORDS[report.absence]) if report.absence else "",
    }


def _answer_row(line: Line, report: Report) -> dict[str, Any]:
    wanted, key, figures = report.group_by, line.key, line.figures
    by_category, by_bank = Dimension.CATEGORY in wanted, Dimension.BANK in wanted
    by_region = Dimension.REGION in wanted
    return {
        "merged": key.merged,
        "category": key.category if by_category and not key.merged else None,
        "category_edition": key.edition if by_category and not key.merged else None,
        "category_name": (words(line.category_name) or None) if by_category else None,
        "region": key.region_code if by_region and not key.merged else None,
        "region_name": (words(line.region_name) or None) if by_region else None,
        "bank": line.bank_code if by_bank and not key.merged else None,
        "bank_name": (words(line.bank_name) or None) if by_bank else None,
        "month": key.month.strftime("%Y-%m") if key.month else None,
        **{name: getattr(figures, name) for name in FIGURES},
    }


FIGURES = (
    "balance_fen",
    "opening_fen",
    "change_fen",
    "growth_ppm",
    "share_ppm",
    "non_performing_fen",
    "loans",
)

_WORDS: dict[Dimension, Callable[[Line], str]] = {
    Dimension.CATEGORY: lambda line: f"{line.key.category} {words(line.category_name)}".strip(),
    Dimension.REGION: lambda line: words(line.region_name),
    Dimension.BANK: lambda line: words(line.bank_name),
    Dimension.MONTH: lambda line: line.key.month.strftime("%Y-%m") if line.key.month else "",
}


def export_table(report: Report, actor: Actor) -> ExportTable:
    """The report as a table that can be read away from the service: day, scope, filters, unit and source inside."""
    dimensions = [gettext(DIMENSION_TITLES[each]) for each in report.group_by]
    columns = [*(ExportColumn(title=title) for title in dimensions), *_figure_columns()]
    rows = [
        [*(_WORDS[each](line) for each in report.group_by), *_figure_values(line.figures)]
        for line in report.lines
    ]
    head = [gettext("Total"), *("" for _ in report.group_by[1:])]
    silent = [None] * len(FIGURES)
    return ExportTable(
        title=gettext("Green loan balances"),
        facts=facts_of(report, actor, dimensions),
        columns=columns,
        rows=rows,
        total=[
            *head,
            *(silent if report.absence is Absence.TOO_FEW else _figure_values(report.total)),
        ],
    )


def file_name(report: Report, ending: str) -> str:
    """The name of a file, with the day that its figures speak of."""
    on = f"-{report.on}" if report.on else ""
    return f"green-loan-balances{on}.{ending}"


def facts_of(report: Report, actor: Actor, dimensions: Sequence[str]) -> list[tuple[str, str]]:
    """What a reader of the file must know."""
    none = gettext("none")
    facts = [
        (gettext("Data date"), report.on.isoformat() if report.on else none),
        (gettext("Prepared for"), words(actor.organisation_name)),
        (gettext("Grouped by"), gettext(", ").join(dimensions)),
        (
            gettext("Base of growth"),
            f"{gettext(BASE_TITLES[report.base])} ({report.base_on or none})",
        ),
        (gettext("Unit"), gettext("Amounts in yuan, ratios in per cent")),
        (gettext("Source"), gettext("Month-end balances of serviced and mirrored loans")),
    ]
    if report.absence:
        facts.append((gettext("Note"), gettext(ABSENCE_WORDS[report.absence])))
    if report.mirrored_on:
        facts.append((gettext("Mirrored loans as at"), report.mirrored_on.isoformat()))
    return facts


def _figure_columns() -> list[ExportColumn]:
    yuan, percent = ColumnKind.YUAN, ColumnKind.PERCENT
    return [
        ExportColumn(title=gettext("Balance (CNY)"), kind=yuan),
        ExportColumn(title=gettext("Opening balance (CNY)"), kind=yuan),
        ExportColumn(title=gettext("Change (CNY)"), kind=yuan),
        ExportColumn(title=gettext("Growth (per cent)"), kind=percent),
        ExportColumn(title=gettext("Share (per cent)"), kind=ColumnKind.SHARE),
        ExportColumn(title=gettext("Non-performing (CNY)"), kind=yuan),
        ExportColumn(title=gettext("Loans"), kind=ColumnKind.WHOLE),
    ]


def _figure_values(figures: Figures) -> list[int | None]:
    return [getattr(figures, name) for name in FIGURES]


def loan_answer(loan: LoanView) -> dict[str, Any]:
    """A single loan as the API shows it: what was published of a card, what its bank reports of a mirrored loan."""
    known = not loan.published
    kept_here = loan.kept is Kept.SERVICED
    return {
        **{name: getattr(loan, name) for name in _SHARED},
        "bank": words(loan.bank_name),
        "borrower": words(loan.borrower_name),
        "loan_class": loan.loan_class if known else None,
        "contract_fen": loan.contract_fen if known and kept_here else None,
        "rate_ppm": loan.rate_ppm if known and loan.rate_ppm else None,
        "overdue_days": loan.overdue_days if known and kept_here else None,
    }


_SHARED = (
    "id",
    "number",
    "state",
    "kept",
    "published",
    "synthetic",
    "green",
    "catalogue_edition",
    "catalogue_code",
    "region_code",
    "principal_fen",
    "starts_on",
    "matures_on",
)


def detail_answer(detail: LoanDetail) -> dict[str, Any]:
    """One loan with its summary of collateral."""
    return {**loan_answer(detail.loan), "collateral": detail.collateral}


def loan_answers(loans: Iterable[LoanView]) -> list[dict[str, Any]]:
    """Single loans as the API shows them."""
    return [loan_answer(loan) for loan in loans]


def loan_filter(asked: Mapping[str, Any]) -> LoanFilter:
    """The filter of a list of single loans."""
    names = ("q", "loan_class", "region_code", "kept")
    return LoanFilter(**{name: asked[name] for name in names if name in asked})


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanNames:
    """Region and catalogue item of a loan in words."""

    region: Name
    category: Name


def loan_names(session: Session, loan: LoanView) -> LoanNames:
    """The names of one loan."""
    return _names(session, [loan])[0]


def loan_rows(session: Session, loans: Sequence[LoanView]) -> list[tuple[LoanView, LoanNames]]:
    """Loans with their names: two queries for a page."""
    return list(zip(loans, _names(session, loans), strict=True))


def _names(session: Session, loans: Sequence[LoanView]) -> list[LoanNames]:
    regions = region_names(session, {loan.region_code for loan in loans})
    keys = [(loan.catalogue_edition, loan.catalogue_code) for loan in loans]
    categories = category_names(session, keys)
    return [
        LoanNames(
            region=regions[loan.region_code],
            category=categories.get(key, categories["", ""]) if loan.green else Name(zh="", en=""),
        )
        for loan, key in zip(loans, keys, strict=True)
    ]
