"""The report of a workbook in the reader's language, for pages, programs and the workbook of results."""

from collections.abc import Sequence
from dataclasses import replace

from flask_babel import gettext

from app.appraisal.services.importing import ImportReport
from app.appraisal.workbooks.layout import REF, REF_TITLE
from app.appraisal.workbooks.results import ResultLine, ResultSheet, results_xlsx
from app.kernel.csv_rows import LineError
from app.web.problems import lines_in_words
from app.web.shell import words
from risk_models.contract import ModelSpec


def in_words(report: ImportReport) -> ImportReport:
    """The same report, problems and findings in the reader's language."""
    rows = [
        replace(row, problems=lines_in_words(row.problems), findings=lines_in_words(row.findings))
        for row in report.rows
    ]
    return replace(report, rows=tuple(rows))


def report_xlsx(spec: ModelSpec, report: ImportReport) -> bytes:
    """The results as a workbook with native numbers."""
    told = in_words(report)
    sheet = ResultSheet(
        title=words(spec.title),
        facts=_facts(spec, report),
        heads=[
            gettext("Line"),
            gettext("Number"),
            gettext("Value, yuan"),
            gettext("Column"),
        ],
        components={each.name: words(each.title) for each in spec.components},
        sheets=(gettext("Valued rows"), gettext("Problems"), gettext("Questions and notes")),
        reasons=(gettext("What is wrong"), gettext("Question or note")),
        total=gettext("Total"),
        negative=gettext("Of which below zero: %(count)s", count=report.negative),
        lines=[
            ResultLine(
                number=row.line,
                ref=row.ref,
                value_fen=row.value_fen,
                components=row.components,
                problems=_told(spec, row.problems),
                findings=_told(spec, row.findings),
            )
            for row in told.rows
        ],
    )
    return results_xlsx(sheet)


def _facts(spec: ModelSpec, report: ImportReport) -> list[tuple[str, str]]:
    """The head of the values; a yearly ecological value says that it is one."""
    facts = [
        (gettext("Model"), f"{spec.id} {spec.version}"),
        (gettext("Valuation day"), report.valued_on.isoformat()),
    ]
    if spec.value_kind == "ecological":
        never = gettext("It is shown beside assets and never lent on.")
        facts.append((gettext("A yearly ecological value"), never))
    return facts


def _told(spec: ModelSpec, lines: Sequence[LineError]) -> list[tuple[str, str]]:
    """Each line under the title of its column, with the name that the template has."""
    known = {REF: REF_TITLE} | {each.name: each.title for each in spec.fields}
    titles = {name: f"{words(title)} ({name})" for name, title in known.items()}
    return [
        (titles.get(line.column, line.column) or gettext("Row %(row)s", row=line.line), line.detail)
        for line in lines
    ]


def template_name(spec: ModelSpec) -> str:
    """The file name of a template."""
    return f"{spec.id}-template.xlsx"


def results_name(report: ImportReport) -> str:
    """The file name of results."""
    return f"{report.model_id}-{report.valued_on.isoformat()}.xlsx"
