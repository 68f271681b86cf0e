"""The API of prices."""

from dataclasses import replace
from typing import Any

from flask import request

from app.kernel.permissions import Permission
from app.market import queries, services
from app.market.schemas import (
    AddPointsSchema,
    CalibrationQuery,
    CalibrationSchema,
    ImportFileSchema,
    ImportReportSchema,
    PointSchema,
    PointsQuery,
    SeriesSchema,
)
from app.web.access import access, current_actor, current_session
from app.web.language import current_language
from app.web.openapi import ApiBlueprint
from app.web.paging import fetch_page, page_request
from app.web.problems import lines_in_words
from app.web.reading import load_schema, read_body
from app.web.schemas import ListQuery, page_of
from app.web.uploads import read_multipart

blueprint = ApiBlueprint(
    "price-series", __name__, url_prefix="/api/v1/price-series", description="Prices and rates"
)

_BODY = {
    "required": True,
    "content": {
        "application/json": {"schema": AddPointsSchema},
        "multipart/form-data": {"schema": ImportFileSchema},
    },
}


@blueprint.route("", methods=["GET"])
@access(Permission.READ_PRICES)
@blueprint.arguments(ListQuery, location="query")
@blueprint.response(200, page_of(SeriesSchema))
def list_series(_query: dict[str, Any]) -> Any:
    """The series by code."""
    return fetch_page(current_session(), queries.visible_series(current_actor()), page_request())


@blueprint.route("/<string:code>", methods=["GET"])
@access(Permission.READ_PRICES)
@blueprint.response(200, SeriesSchema)
def get_series(code: str) -> Any:
    """A series."""
    return queries.get_series(current_session(), current_actor(), code)


@blueprint.route("/<string:code>/points", methods=["GET"])
@access(Permission.READ_PRICES)
@blueprint.arguments(PointsQuery, location="query")
@blueprint.response(200, page_of(PointSchema))
def list_points(query: dict[str, Any], code: str) -> Any:
    """The points of a series, the latest first; with `history` also the corrected ones."""
    session = current_session()
    series = queries.get_series(session, current_actor(), code)
    statement = queries.points(
        series.code,
        first=query.get("first_on"),
        last=query.get("last_on"),
        history=query.get("history", False),
    )
    return fetch_page(session, statement, page_request())


@blueprint.route("/<string:code>/calibration", methods=["GET"])
@access(Permission.READ_PRICES)
@blueprint.arguments(CalibrationQuery, location="query")
@blueprint.response(200, CalibrationSchema)
def get_calibration(query: dict[str, Any], code: str) -> Any:
    """How the prices of a series moved in a period: volatility, return to a mean, haircuts."""
    command = services.CalibrateSeries(code=code, **query)
    found = services.calibrate_series(current_session(), current_actor(), command)
    return {
        "series_code": found.series_code,
        "report": found.report,
        "haircuts": found.haircuts,
        "warnings": found.warnings_in(current_language()),
    }


@blueprint.route("/<string:code>/points", methods=["POST"])
@access(Permission.IMPORT_PRICES, idempotent=True, upload=True)
@blueprint.doc(requestBody=_BODY)
@blueprint.response(201, ImportReportSchema)
@blueprint.alt_response(200, schema=ImportReportSchema, success=True)
def add_points(code: str) -> Any:
    """Take in points as JSON rows or a CSV file; a dry run stores nothing and answers 200."""
    session, actor = current_session(), current_actor()
    if request.mimetype == "multipart/form-data":
        files = ImportFileSchema()
        report = services.import_points(
            session, actor, files.command_for(code, read_multipart(files))
        )
    else:
        rows = AddPointsSchema()
        command = rows.command_for(code, load_schema(rows, read_body()))
        report = services.add_points(session, actor, command)
    return replace(report, errors=lines_in_words(report.errors)), 200 if report.dry_run else 201
