"""The API of appraisals, models, values, panels and revaluation runs."""

from typing import Any
from uuid import UUID

from flask import Response

from app.appraisal import queries, run_queries, services
from app.appraisal.domain import ItemState
from app.appraisal.domain.catalogue import all_specs, parameters_on
from app.appraisal.events import EVENTS
from app.appraisal.import_api import blueprint as workbooks
from app.appraisal.schemas import (
    AddPanelMemberSchema,
    AppraisalModelSchema,
    AppraisalModelsSchema,
    AppraisalQuery,
    AppraisalSchema,
    AppraisalSummarySchema,
    AssetValueQuery,
    AssetValueSchema,
    ComparisonAnswerSchema,
    EndPanelMemberSchema,
    FileOutsideReportSchema,
    OrderAppraisalSchema,
    PanelMemberSchema,
    RecordedInputsSchema,
    RecordInputsSchema,
    RequestRevaluationSchema,
    RevaluationRunSchema,
    RevaluationRunSummarySchema,
    RevalueAssetSchema,
    RunItemQuery,
    RunItemSchema,
    RunProblemSchema,
    SaveAppraisalInputsSchema,
    ValuationSchema,
    WhatIfResultSchema,
    WhatIfSchema,
)
from app.assets.queries import load_asset
from app.db.engine import today
from app.documents.downloads import attachment
from app.kernel.permissions import Permission
from app.web.access import (
    access,
    check_version,
    current_actor,
    current_session,
    prepared_as,
    tagged,
)
from app.web.openapi import ApiBlueprint
from app.web.paging import fetch_page, page_request
from app.web.reading import load_schema, read_body
from app.web.schemas import ListQuery, page_of
from app.web.uploads import multipart_body, read_multipart
from risk_models.appraise import spec_json

READERS = (Permission.READ_APPRAISALS,)

blueprint = ApiBlueprint(
    "appraisals", __name__, url_prefix="/api/v1/appraisals", description="Appraisals by agencies"
)
models = ApiBlueprint(
    "appraisal-models",
    __name__,
    url_prefix="/api/v1/appraisal-models",
    description="Appraisal models: their inputs, parameters and what-if values",
)
runs = ApiBlueprint(
    "revaluation-runs",
    __name__,
    url_prefix="/api/v1/revaluation-runs",
    description="Revaluation of all assets in sight",
)
panels = ApiBlueprint(
    "panel-members",
    __name__,
    url_prefix="/api/v1/panel-members",
    description="Panels of appraisal agencies",
)
values = ApiBlueprint(
    "asset-appraisals", __name__, url_prefix="/api/v1/assets", description="Values of assets"
)
AppraisalPageSchema = page_of(AppraisalSummarySchema)
BLUEPRINTS = (blueprint, models, workbooks, runs, panels, values)


# ---------------------------------------------------------------------------
# Appraisals


@blueprint.route("", methods=["GET"])
@access(*READERS)
@blueprint.arguments(AppraisalQuery, location="query")
@blueprint.response(200, AppraisalPageSchema)
def list_appraisals(wanted: dict[str, Any]) -> Any:
    """The appraisals in sight, the newest first."""
    session, actor = current_session(), current_actor()
    page = fetch_page(session, queries.list_appraisals(session, actor, wanted), page_request())
    return page.holding(services.summaries(session, actor, page.items))


@blueprint.route("", methods=["POST"])
@access(Permission.ORDER_APPRAISAL, idempotent=True)
@blueprint.arguments(OrderAppraisalSchema)
@blueprint.response(201, AppraisalSchema)
def order_appraisal(command: services.OrderAppraisal) -> Any:
    """Order an appraisal from an agency on a bank's panel."""
    view = services.order_appraisal(current_session(), current_actor(), command)
    return tagged(view), 201, {"Location": f"/api/v1/appraisals/{view.id}"}


@blueprint.route("/<uuid:appraisal_id>", methods=["GET"])
@access(*READERS)
@blueprint.response(200, AppraisalSchema)
def get_appraisal(appraisal_id: UUID) -> Any:
    """An appraisal with inputs, prices, result, steps and signatures."""
    return tagged(services.get_appraisal(current_session(), current_actor(), appraisal_id))


def _value_inputs(appraisal_id: UUID) -> services.ValuedInputs:
    command = load_schema(SaveAppraisalInputsSchema(), read_body())
    return services.value_inputs(current_session(), current_actor(), appraisal_id, command)


@blueprint.route("/<uuid:appraisal_id>/inputs", methods=["PUT"])
@access(Permission.PREPARE_APPRAISAL, idempotent=True, versioned=True, ahead=_value_inputs)
@blueprint.arguments(SaveAppraisalInputsSchema)
@blueprint.response(200, AppraisalSchema)
def save_inputs(command: services.SaveInputs, appraisal_id: UUID) -> Any:
    """Run the model on what is sent and keep inputs, prices and result."""
    session, actor = current_session(), current_actor()
    check_version(services.get_appraisal(session, actor, appraisal_id).version)
    valued = prepared_as(services.ValuedInputs)
    return tagged(services.save_inputs(session, actor, appraisal_id, command, valued))


@blueprint.route("/<uuid:appraisal_id>/comparison", methods=["GET"])
@access(*READERS)
@blueprint.response(200, ComparisonAnswerSchema)
def get_comparison(appraisal_id: UUID) -> Any:
    """The last appraisal of the asset in sight, and what changed since; null without one.

    The former value is valued again by the model of today, on the new day, at the new prices, under
    the new parameters and on the new inputs, in that order; the amounts sum to the difference.
    """
    found = services.compare_appraisal(current_session(), current_actor(), appraisal_id)
    return {"comparison": found}


@blueprint.route("/<uuid:appraisal_id>/outside-report", methods=["POST"])
@access(Permission.PREPARE_APPRAISAL, idempotent=True, versioned=True, upload=True)
@blueprint.doc(requestBody=multipart_body(FileOutsideReportSchema))
@blueprint.response(200, AppraisalSchema)
def file_outside_report(appraisal_id: UUID) -> Any:
    """Keep the agency's own report, made elsewhere, with the appraisal in preparation."""
    session, actor = current_session(), current_actor()
    command = read_multipart(FileOutsideReportSchema())
    check_version(services.get_appraisal(session, actor, appraisal_id).version)
    return tagged(services.file_outside_report(session, actor, appraisal_id, command))


@blueprint.route("/<uuid:appraisal_id>/outside-report.pdf", methods=["GET"])
@access(*READERS)
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
def get_outside_report(appraisal_id: UUID) -> Response:
    """The agency's own report as it was filed."""
    name, content = services.outside_content(current_session(), current_actor(), appraisal_id)
    return attachment(content, name=name, media_type="application/pdf")


@blueprint.route("/<uuid:appraisal_id>/report.pdf", methods=["GET"])
@access(*READERS)
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
def get_report(appraisal_id: UUID) -> Response:
    """The signed report."""
    session = current_session()
    row = services.load_appraisal(session, current_actor(), appraisal_id)
    name, content = services.report_content(session, row)
    return attachment(content, name=name, media_type="application/pdf")


@blueprint.route("/<uuid:appraisal_id>/draft.pdf", methods=["GET"])
@access(Permission.SIGN_APPRAISAL)
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
def get_draft(appraisal_id: UUID) -> Response:
    """The report between its two signatures, marked as a draft; for those who make it."""
    name, content = services.draft_content(current_session(), current_actor(), appraisal_id)
    return attachment(content, name=name, media_type="application/pdf")


EVENTS.register_api(blueprint)


# ---------------------------------------------------------------------------
# Models


@models.route("", methods=["GET"])
@access(*READERS)
@models.response(200, AppraisalModelsSchema)
def list_models() -> Any:
    """All models with their fields, components, parameters and limits."""
    day = today(current_session())
    return {"items": [spec_json(spec, parameters_on(day)) for spec in all_specs()]}


@models.route("/<model_id>", methods=["GET"])
@access(*READERS)
@models.response(200, AppraisalModelSchema)
def get_model(model_id: str) -> Any:
    """One model; choices of dated tables are those of today."""
    return spec_json(services.get_spec(model_id), parameters_on(today(current_session())))


@models.route("/<model_id>/valuations", methods=["POST"])
@access(*READERS, reads=True)
@models.arguments(WhatIfSchema)
@models.response(200, WhatIfResultSchema)
def value_what_if(command: services.WhatIf, model_id: str) -> Any:
    """The value of some inputs on a day, with every step; nothing is stored.

    `scenario` in the answer is the band of the value: `low_yuan`, `mid_yuan` and `high_yuan` with the `paths` and
    the `seed` that they were drawn on and the share `tail` beyond each end; null where nothing moves the value.
    `paths` and `seed` in the request draw it on others than an appraisal does; with `losses` each path also draws
    the year in which the stand is lost, where it is otherwise expected.
    """
    found = services.what_if(current_session(), current_actor(), model_id, command)
    spec = services.get_spec(model_id)
    return {**found, "value_kind": spec.value_kind, "per": spec.per}


# ---------------------------------------------------------------------------
# Revaluation runs


@runs.route("", methods=["GET"])
@access(Permission.RUN_REVALUATION)
@runs.arguments(ListQuery, location="query")
@runs.response(200, page_of(RevaluationRunSummarySchema))
def list_runs(_query: dict[str, Any]) -> Any:
    """The own runs and those of the platform, the newest first."""
    session, actor = current_session(), current_actor()
    page = fetch_page(session, run_queries.list_runs(session, actor), page_request())
    return page.holding(services.run_summaries(actor, page.items))


@runs.route("", methods=["POST"])
@access(Permission.RUN_REVALUATION, idempotent=True)
@runs.arguments(RequestRevaluationSchema)
@runs.response(201, RevaluationRunSchema)
@runs.alt_response(200, schema=RevaluationRunSchema, success=True)
def request_revaluation(command: services.RequestRevaluation) -> Any:
    """File a run; the scheduler works on it.

    201 answers with the run that was filed now. 200 answers with the run that the day has already: it is
    not finished, or nothing failed in it and no price, record or report that counts on the day came since.
    A finished run whose day was revalued again is `cancelled`: its figures stay.
    """
    found = services.file_revaluation(current_session(), current_actor(), command)
    address = {"Location": f"/api/v1/revaluation-runs/{found.view.id}"}
    return tagged(found.view), 201 if found.filed else 200, address


@runs.route("/<uuid:run_id>", methods=["GET"])
@access(Permission.RUN_REVALUATION)
@runs.response(200, RevaluationRunSchema)
def get_run(run_id: UUID) -> Any:
    """How far a run is; of the platform's run the assets in sight are counted."""
    return tagged(services.get_run(current_session(), current_actor(), run_id))


@runs.route("/<uuid:run_id>/problems", methods=["GET"])
@access(Permission.RUN_REVALUATION)
@runs.arguments(ListQuery, location="query")
@runs.response(200, page_of(RunProblemSchema))
def list_problems(_query: dict[str, Any], run_id: UUID) -> Any:
    """The assets that could not be valued, and why."""
    return _items(run_id, ItemState.FAILED)


@runs.route("/<uuid:run_id>/items", methods=["GET"])
@access(Permission.RUN_REVALUATION)
@runs.arguments(RunItemQuery, location="query")
@runs.response(200, page_of(RunItemSchema))
def list_items(wanted: dict[str, Any], run_id: UUID) -> Any:
    """Every asset of a run by number: its figure of the day, its current value before and after."""
    return _items(run_id, wanted.get("state"))


def _items(run_id: UUID, state: ItemState | None) -> Any:
    session, actor = current_session(), current_actor()
    services.load_run(session, actor, run_id)
    page = fetch_page(session, run_queries.run_items(session, actor, run_id, state), page_request())
    return page.holding(services.item_views(page.items))


# ---------------------------------------------------------------------------
# Panels


@panels.route("", methods=["GET"])
@access(*READERS)
@panels.arguments(ListQuery, location="query")
@panels.response(200, page_of(PanelMemberSchema))
def list_panel(_query: dict[str, Any]) -> Any:
    """The panels in sight: a bank's own, an agency's places, all for owners."""
    session, actor = current_session(), current_actor()
    page = fetch_page(session, queries.list_panel(session, actor), page_request())
    return page.holding(services.panel_views(session, list(page.items)))


@panels.route("", methods=["POST"])
@access(Permission.MANAGE_PANEL, idempotent=True)
@panels.arguments(AddPanelMemberSchema)
@panels.response(201, PanelMemberSchema)
def add_panel_member(command: services.AddPanelMember) -> Any:
    """Put an agency on the own bank's panel."""
    return services.add_panel_member(current_session(), current_actor(), command), 201


@panels.route("/<uuid:member_id>/end", methods=["POST"])
@access(Permission.MANAGE_PANEL, idempotent=True)
@panels.arguments(EndPanelMemberSchema)
@panels.response(200, PanelMemberSchema)
def end_panel_member(command: services.EndPanelMember, member_id: UUID) -> Any:
    """Set the last day of an agency on the panel."""
    return services.end_panel_member(current_session(), current_actor(), member_id, command)


# ---------------------------------------------------------------------------
# Values of an asset


@values.route("/<uuid:asset_id>/appraisals", methods=["GET"])
@access(*READERS)
@values.arguments(ListQuery, location="query")
@values.response(200, AppraisalPageSchema)
def list_asset_appraisals(_query: dict[str, Any], asset_id: UUID) -> Any:
    """The appraisals of an asset that are in sight."""
    session, actor = current_session(), current_actor()
    asset = load_asset(session, actor, asset_id)
    wanted = queries.list_appraisals(session, actor, {"asset_id": asset.id})
    page = fetch_page(session, wanted, page_request())
    return page.holding(services.summaries(session, actor, page.items))


@values.route("/<uuid:asset_id>/value", methods=["GET"])
@access(*READERS)
@values.arguments(AssetValueQuery, location="query")
@values.response(200, AssetValueSchema)
def get_asset_value(wanted: dict[str, Any], asset_id: UUID) -> Any:
    """Appraised, valued and current value of an asset."""
    session = current_session()
    day = wanted.get("on", today(session))
    return services.asset_value(session, current_actor(), asset_id, day)


@values.route("/<uuid:asset_id>/valuations", methods=["GET"])
@access(*READERS)
@values.arguments(ListQuery, location="query")
@values.response(200, page_of(ValuationSchema))
def list_valuations(_query: dict[str, Any], asset_id: UUID) -> Any:
    """All figures of an asset, the newest day first."""
    session = current_session()
    asset = load_asset(session, current_actor(), asset_id)
    page = fetch_page(session, queries.valuation_history(asset.id), page_request())
    return page.holding([services.valuation_view(row) for row in page.items])


@values.route("/<uuid:asset_id>/valuations", methods=["POST"])
@access(Permission.RUN_REVALUATION, idempotent=True)
@values.arguments(RevalueAssetSchema)
@values.response(200, ValuationSchema)
def revalue_asset(command: services.RevalueAsset, asset_id: UUID) -> Any:
    """Value one asset again on a day."""
    return services.revalue_asset(current_session(), current_actor(), asset_id, command)


@values.route("/<uuid:asset_id>/valuation-inputs", methods=["GET"])
@access(*READERS)
@values.arguments(ListQuery, location="query")
@values.response(200, page_of(RecordedInputsSchema))
def list_recorded_inputs(_query: dict[str, Any], asset_id: UUID) -> Any:
    """What was recorded of an asset, the latest day first."""
    session = current_session()
    asset = load_asset(session, current_actor(), asset_id)
    page = fetch_page(session, queries.records_of(asset.id), page_request())
    return page.holding([services.recorded_view(row) for row in page.items])


@values.route("/<uuid:asset_id>/valuation-inputs", methods=["POST"])
@access(Permission.RECORD_VALUATION_INPUTS, idempotent=True)
@values.arguments(RecordInputsSchema)
@values.response(201, RecordedInputsSchema)
def record_inputs(command: services.RecordInputs, asset_id: UUID) -> Any:
    """Record what was seen of an asset from a day on; revaluations take it up."""
    view = services.record_inputs(current_session(), current_actor(), asset_id, command)
    return view, 201, {"Location": f"/api/v1/assets/{asset_id}/valuation-inputs"}
