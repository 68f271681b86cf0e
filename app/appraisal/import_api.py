"""The API of workbooks: template, portfolio values, import into appraisals in preparation."""

from typing import Any

from flask import Response, request

from app.appraisal.import_schemas import (
    ImportWorkbookSchema,
    PortfolioWorkbookSchema,
    WorkbookReportSchema,
)
from app.appraisal.import_views import in_words, report_xlsx, results_name, template_name
from app.appraisal.services import get_spec
from app.appraisal.services.importing import (
    ImportWorkbook,
    PreparedImport,
    import_template,
    import_workbook,
    prepare_import,
    value_workbook,
)
from app.documents.downloads import attachment
from app.documents.tables import XLSX_TYPE
from app.kernel.permissions import Permission
from app.web.access import access, current_actor, current_session, prepared_as
from app.web.language import current_language
from app.web.openapi import ApiBlueprint
from app.web.uploads import multipart_body, read_multipart

JSON = "application/json"
BINARY = {"type": "string", "format": "binary"}

blueprint = ApiBlueprint(
    "appraisal-workbooks",
    __name__,
    url_prefix="/api/v1/appraisal-models",
    description="Workbooks of appraisal models: template, portfolio values, import",
)


@blueprint.route("/<model_id>/template.xlsx", methods=["GET"])
@access(Permission.READ_APPRAISALS)
@blueprint.response(200, BINARY, content_type=XLSX_TYPE)
def get_template(model_id: str) -> Response:
    """The workbook to fill in, in the language asked for."""
    content = import_template(current_session(), current_actor(), model_id, current_language())
    return attachment(content, name=template_name(get_spec(model_id)), media_type=XLSX_TYPE)


@blueprint.route("/<model_id>/portfolio-valuations", methods=["POST"])
@access(Permission.READ_APPRAISALS, upload=True, reads=True)
@blueprint.doc(
    requestBody=multipart_body(PortfolioWorkbookSchema),
    responses={200: {"content": {XLSX_TYPE: {"schema": BINARY}}}},
)
@blueprint.response(200, WorkbookReportSchema)
def value_portfolio(model_id: str) -> Any:
    """The value of each row of a workbook; nothing is stored.

    As JSON, or with the media type of XLSX in `Accept` as a workbook with native numbers.
    """
    schema = PortfolioWorkbookSchema()
    command = schema.command_for(read_multipart(schema))
    report = value_workbook(current_session(), current_actor(), model_id, command)
    if request.accept_mimetypes.best_match([JSON, XLSX_TYPE], default=JSON) == XLSX_TYPE:
        content = report_xlsx(get_spec(model_id), report)
        return attachment(content, name=results_name(report), media_type=XLSX_TYPE)
    return in_words(report)


def _import_command() -> ImportWorkbook:
    schema = ImportWorkbookSchema()
    return schema.command_for(read_multipart(schema))


def _prepare_rows(model_id: str) -> PreparedImport:
    return prepare_import(current_session(), current_actor(), model_id, _import_command())


@blueprint.route("/<model_id>/imports", methods=["POST"])
@access(Permission.PREPARE_APPRAISAL, idempotent=True, upload=True, ahead=_prepare_rows)
@blueprint.doc(requestBody=multipart_body(ImportWorkbookSchema))
@blueprint.response(201, WorkbookReportSchema)
@blueprint.alt_response(200, schema=WorkbookReportSchema, success=True)
def import_rows(model_id: str) -> Any:
    """Take rows into appraisals in preparation; 200 when nothing was stored, as by a dry run."""
    session, actor, command = current_session(), current_actor(), _import_command()
    report = import_workbook(session, actor, model_id, command, prepared_as(PreparedImport))
    return in_words(report), 201 if report.stored else 200
