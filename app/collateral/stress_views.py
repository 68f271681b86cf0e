"""Portfolio stress as pages, programs and workbooks show it."""

from typing import Any, Final

from flask_babel import gettext

from app.collateral.domain.states import LEVEL_TITLES
from app.collateral.services.stressing import StressReport
from app.documents.tables import ColumnKind, ExportColumn, ExportTable, Value
from app.web.shell import said, words
from risk_models.stressing import Scenario

MAX_LISTED_LOANS: Final = 1_000
"""Loans and unvalued assets of one answer of the API; the workbook has all."""


def scenario_answer(scenario: Scenario) -> dict[str, Any]:
    """A scenario for programs."""
    return {
        "id": scenario.id,
        "title": scenario.title,
        "help": scenario.help,
        "since": scenario.since,
        "status": scenario.status,
        "checked_on": scenario.checked_on,
        "reference": scenario.reference.title,
        "source": scenario.reference.source,
    }


def report_answer(report: StressReport) -> dict[str, Any]:
    """A report for programs, its lists bounded."""
    return {
        "scenario": scenario_answer(report.scenario),
        "on": report.on,
        "total": report.total,
        "kinds": report.kinds,
        "banks": report.banks,
        "loans": report.loans[:MAX_LISTED_LOANS],
        "unvalued": report.unvalued[:MAX_LISTED_LOANS],
    }


def loans_table(report: StressReport) -> ExportTable:
    """Every loan before and after, for a workbook."""
    money, ratio = ColumnKind.YUAN, ColumnKind.PERCENT
    columns = [
        ExportColumn(title=gettext("Loan")),
        ExportColumn(title=gettext("Exposure, yuan"), kind=money),
        ExportColumn(title=gettext("Recognised before, yuan"), kind=money),
        ExportColumn(title=gettext("Recognised after, yuan"), kind=money),
        ExportColumn(title=gettext("LTV before"), kind=ratio),
        ExportColumn(title=gettext("LTV after"), kind=ratio),
        ExportColumn(title=gettext("Level before")),
        ExportColumn(title=gettext("Level after")),
        ExportColumn(title=gettext("Guarantees close the gap")),
        ExportColumn(title=gettext("Shortfall, yuan"), kind=money),
    ]
    rows: list[list[Value]] = [
        [
            loan.number,
            loan.exposure_fen,
            loan.recognised_before_fen,
            loan.recognised_after_fen,
            loan.ltv_before_ppm,
            loan.ltv_after_ppm,
            gettext(LEVEL_TITLES[loan.level_before]),
            gettext(LEVEL_TITLES[loan.level_after]),
            gettext("Yes") if loan.guarantees_close_after else "",
            loan.shortfall_fen,
        ]
        for loan in report.loans
    ]
    total = report.total
    return ExportTable(
        title=words(report.scenario.title),
        facts=[
            (gettext("Scenario"), words(report.scenario.help)),
            (gettext("Day"), report.on.isoformat()),
            (gettext("Basis of the figure"), said(report.scenario.reference.title)),
            (gettext("Source"), said(report.scenario.reference.source)),
        ],
        columns=columns,
        rows=rows,
        total=[
            gettext("Total"),
            total.exposure_fen,
            total.before_fen,
            total.after_fen,
            *(None, None, "", "", ""),
            total.shortfall_fen,
        ],
    )


def file_name(report: StressReport) -> str:
    """The name of the workbook."""
    return f"stress-{report.scenario.id}-{report.on.isoformat()}.xlsx"
