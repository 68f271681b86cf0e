"""Pages of workbooks: the template, a portfolio's values, import into appraisals in preparation."""

from typing import Any, Final

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext

from app.appraisal.import_schemas import ImportWorkbookSchema, PortfolioWorkbookSchema
from app.appraisal.import_views import in_words, report_xlsx, results_name, template_name
from app.appraisal.pages.shown import is_ecological
from app.appraisal.services import get_spec
from app.appraisal.services.importing import (
    ImportReport,
    PreparedImport,
    import_template,
    import_workbook,
    prepare_import,
    value_workbook,
)
from app.appraisal.workbooks.layout import REF, REF_TITLE
from app.db.engine import today
from app.documents.downloads import attachment
from app.documents.tables import XLSX_TYPE
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.web.access import access, current_actor, current_session, prepared_as
from app.web.fields import OneOf
from app.web.forms import form_page, read_form
from app.web.language import current_language
from app.web.reading import load_schema
from app.web.shell import words
from risk_models.contract import ModelSpec

MAX_SHOWN_ROWS: Final = 200
"""Rows on the page of a report; the workbook of results has all."""

AS_WORKBOOK: Final = "xlsx"

Answer = Response | str | tuple[str, int]

blueprint = Blueprint("appraisal_workbook_pages", __name__, url_prefix="/appraisal-models")


class PortfolioPageSchema(PortfolioWorkbookSchema):
    """The form of a portfolio: also how the answer is wanted."""

    answer = OneOf(required=True, title=N_("Answer"))


@blueprint.get("/<model_id>/template.xlsx")
@access(Permission.READ_APPRAISALS)
def template(model_id: str) -> Response:
    """The workbook to fill in."""
    content = import_template(current_session(), current_actor(), model_id, current_language())
    return attachment(content, name=template_name(get_spec(model_id)), media_type=XLSX_TYPE)


@blueprint.route("/<model_id>/portfolio", methods=["GET", "POST"])
@access(Permission.READ_APPRAISALS, upload=True, reads=True)
def portfolio(model_id: str) -> Answer:
    """The values of a workbook's rows; nothing is stored."""
    spec, session = get_spec(model_id), current_session()
    schema = PortfolioPageSchema()

    def submit(data: dict[str, Any]) -> Response:
        report = value_workbook(session, current_actor(), model_id, schema.command_for(data))
        if data["answer"] == AS_WORKBOOK:
            content = report_xlsx(spec, report)
            return attachment(content, name=results_name(report), media_type=XLSX_TYPE)
        return _shown(spec, report, importing=False)

    return form_page(
        schema,
        title=gettext("Value a portfolio"),
        subtitle=words(spec.title),
        help_text=gettext("Every row is valued by itself and nothing is stored."),
        back=f"/appraisal-models/{model_id}",
        values={"valued_on": today(session).isoformat(), "answer": AS_WORKBOOK},
        choices={
            "answer": [
                (AS_WORKBOOK, gettext("Workbook with the results")),
                ("page", gettext("Page")),
            ]
        },
        submit=submit,
        submit_title=gettext("Compute"),
    )


def _prepare_rows(model_id: str) -> PreparedImport:
    schema = ImportWorkbookSchema()
    command = schema.command_for(load_schema(schema, read_form(schema)))
    return prepare_import(current_session(), current_actor(), model_id, command)


@blueprint.route("/<model_id>/import", methods=["GET", "POST"])
@access(Permission.PREPARE_APPRAISAL, upload=True, ahead=_prepare_rows)
def take_in(model_id: str) -> Answer:
    """Take a workbook's rows into appraisals in preparation, or check it first."""
    spec, session = get_spec(model_id), current_session()
    schema = ImportWorkbookSchema()

    def submit(data: dict[str, Any]) -> Response:
        command = schema.command_for(data)
        ready = prepared_as(PreparedImport)
        report = import_workbook(session, current_actor(), model_id, command, ready)
        return _shown(spec, report, importing=True)

    return form_page(
        schema,
        title=gettext("Import inputs"),
        subtitle=words(spec.title),
        help_text=gettext(
            "Each good row is stored in the appraisal whose number it bears; the others are listed."
        ),
        back=f"/appraisal-models/{model_id}",
        values={"valued_on": today(session).isoformat(), "dry_run": "true"},
        submit=submit,
        submit_title=gettext("Import inputs"),
    )


def _shown(spec: ModelSpec, report: ImportReport, *, importing: bool) -> Response:
    """Rows with problems first, so that what is to be mended stands on the page."""
    rows = sorted(in_words(report).rows, key=lambda row: (not row.problems, row.line))
    page = render_template(
        "appraisal/workbook.html",
        spec=spec,
        report=report,
        rows=rows[:MAX_SHOWN_ROWS],
        titles={REF: words(REF_TITLE)} | {each.name: words(each.title) for each in spec.fields},
        importing=importing,
        is_ecological=is_ecological(spec),
        again=request.path,
        words=words,
    )
    return make_response(page)
