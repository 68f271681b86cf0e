"""Pages of appraisals: the list, an order, an appraisal with its result, its inputs, its report."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request
from flask_babel import gettext
from sqlmodel import Session, col

from app.appraisal import queries, services
from app.appraisal.domain import KIND_TITLES, STATE_TITLES, AppraisalKind, AppraisalState
from app.appraisal.domain.catalogue import all_specs, find_spec, parameters_on
from app.appraisal.domain.examples import example_of
from app.appraisal.domain.price_use import price_source, used_prices
from app.appraisal.events import EVENTS
from app.appraisal.input_forms import (
    example_texts,
    input_fields,
    input_groups,
    price_fields,
    read_inputs,
    read_prices,
    shown_inputs,
)
from app.appraisal.models import Appraisal
from app.appraisal.pages import signing
from app.appraisal.pages.charts import comparison_shown, spread_shown
from app.appraisal.pages.shown import grouped, inputs_shown, result_shown, room_words
from app.appraisal.schemas import (
    AppraisalQuery,
    OrderAppraisalSchema,
    RecordHeadSchema,
    ValuedOnSchema,
)
from app.assets.domain import AssetState
from app.assets.kinds import models_for
from app.assets.models import Asset
from app.assets.queries import load_asset, visible_assets
from app.db.engine import today
from app.documents.downloads import attachment
from app.identity.domain import OrganisationKind
from app.kernel.actor import Actor, Name
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.kernel.permissions import Permission
from app.web.access import (
    access,
    check_version,
    current_actor,
    current_session,
    prepared_as,
    start_over,
    tell,
)
from app.web.csrf import page_token
from app.web.forms import FormField, errors_by_field, form_page, with_titles
from app.web.paging import fetch_page, page_request
from app.web.problems import problem_of, status_of
from app.web.reading import load_schema
from app.web.shell import words
from risk_models.contract import ModelSpec

blueprint = Blueprint("appraisal_pages", __name__, url_prefix="/appraisals")

Answer = Response | str | tuple[str, int]
Choices = dict[str, list[tuple[str, str]]]
MAX_CHOICES = 200
"""Assets that the form of an order offers; more are ordered from the asset's own page."""


@blueprint.get("")
@access(Permission.READ_APPRAISALS)
def appraisal_list() -> str:
    """The appraisals in sight, by state."""
    session, actor = current_session(), current_actor()
    asked = {name: request.args.get(name, "") for name in ("state", "number")}
    wanted = load_schema(AppraisalQuery(), {name: text for name, text in asked.items() if text})
    page = fetch_page(session, queries.list_appraisals(session, actor, wanted), page_request())
    return render_template(
        "appraisal/list.html",
        page=page.holding(services.summaries(session, actor, page.items)),
        asked=asked,
        states=[(state.value, gettext(STATE_TITLES[state])) for state in AppraisalState],
        may_order=actor.may(Permission.ORDER_APPRAISAL),
        **room_words(),
    )


@blueprint.route("/new", methods=["GET", "POST"])
@access(Permission.ORDER_APPRAISAL)
def new_order() -> Answer:
    """Order an appraisal; `?asset_id=` chooses the asset."""
    session, actor = current_session(), current_actor()

    def submit(command: services.OrderAppraisal) -> Response:
        view = services.order_appraisal(session, actor, command)
        tell("ok", gettext("Ordered: %(number)s.", number=view.number))
        return redirect(f"/appraisals/{view.id}", 303)  # type: ignore[return-value]

    return form_page(
        OrderAppraisalSchema(),
        title=gettext("Order an appraisal"),
        help_text=_order_help(actor),
        back="/appraisals",
        choices=_order_choices(session, actor),
        needed_when={
            "agency_id": ("kind", ["", AppraisalKind.EXTERNAL.value]),
            "loan_yuan": ("kind", [AppraisalKind.INTERNAL.value]),
        },
        values={"kind": AppraisalKind.EXTERNAL.value},
        submit=submit,
    )


def _order_help(actor: Actor) -> str:
    """How a bank begins an internal appraisal; others cannot order one."""
    if actor.organisation_kind != OrganisationKind.BANK:
        return ""
    return gettext(
        "The list holds assets that their owners have offered to the bank. An internal appraisal "
        "begins with the loan: once the owner has submitted an application that names the asset, "
        "it can be ordered here."
    )


def _order_choices(session: Session, actor: Actor) -> Choices:
    places = services.agencies_in_force(session, actor, today(session))
    wanted = request.args.get("asset_id", "")
    assets = (
        visible_assets(session, actor)
        .where(col(Asset.state).not_in([AssetState.DRAFT, AssetState.WITHDRAWN]))
        .order_by(col(Asset.created_at).desc(), col(Asset.id))
        .limit(MAX_CHOICES)
    )
    rows = session.execute(assets).scalars().all()
    kinds = [row.kind for row in rows if not wanted or str(row.id) == wanted]
    legal = {model_id for kind in set(kinds) for model_id in models_for(kind)}
    banks = {str(place.bank_id): words(place.bank) for place in places}
    kinds_offered = [AppraisalKind.EXTERNAL]
    if actor.organisation_kind == OrganisationKind.BANK:
        kinds_offered.append(AppraisalKind.INTERNAL)
        banks = {str(actor.organisation_id): words(actor.organisation_name)}
    return {
        "asset_id": [(str(row.id), f"{row.number} {_title(row)}") for row in rows],
        "bank_id": list(banks.items()),
        "kind": [(each.value, gettext(KIND_TITLES[each])) for each in kinds_offered],
        "agency_id": _agencies(places),
        "model_id": [(spec.id, words(spec.title)) for spec in all_specs() if spec.id in legal],
    }


def _title(row: Asset) -> str:
    return words(Name(zh=row.title, en=row.title_en))


def _agencies(places: list[services.PanelMemberView]) -> list[tuple[str, str]]:
    """Each agency once, with the banks that accept it."""
    banks: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for place in places:
        names[str(place.agency_id)] = words(place.agency)
        banks.setdefault(str(place.agency_id), []).append(words(place.bank))
    return [(key, f"{name} ({gettext(', ').join(banks[key])})") for key, name in names.items()]


@blueprint.get("/<uuid:appraisal_id>")
@access(Permission.READ_APPRAISALS)
def appraisal_page(appraisal_id: UUID) -> str:
    """An appraisal with its value, components, steps, findings and signatures."""
    view = services.get_appraisal(current_session(), current_actor(), appraisal_id)
    compared = services.compare_appraisal(current_session(), current_actor(), appraisal_id)
    comparison = comparison_shown(compared, find_spec(view.model_id))
    return render_template(
        "appraisal/appraisal.html", comparison=comparison, **appraisal_context(view)
    )


def appraisal_context(view: services.AppraisalView) -> dict[str, Any]:
    """What the page of an appraisal shows; the desk uses the same parts."""
    spec = find_spec(view.model_id)
    shown: Mapping[str, Any] | None = None
    if view.result and view.valued_on is not None:
        shown = {
            **result_shown(spec, view.result, view.inputs or {}, view.valued_on),
            **spread_shown(view.result),
        }
    return {
        "appraisal": view,
        "result": shown,
        "prices": _prices(spec, used_prices(spec, view.inputs or {}, view.prices or {})),
        "buttons": EVENTS.buttons(view),
        "printing": view.state in queries.FINISHED_STATES and view.report_id is None,
        **room_words(),
    }


def _prices(spec: ModelSpec | None, prices: Mapping[str, Any]) -> list[dict[str, Any]]:
    titles = {use.id: words(use.title) for use in spec.prices} if spec else {}
    return [
        {
            **facts,
            "title": titles.get(key, key),
            "yuan": grouped(facts["yuan"]),
            "source": words(price_source(facts.get("source") or "")),
        }
        for key, facts in prices.items()
    ]


@blueprint.get("/<uuid:appraisal_id>/report.pdf")
@access(Permission.READ_APPRAISALS)
def report(appraisal_id: UUID) -> Response:
    """The signed report."""
    session = current_session()
    row = services.load_appraisal(session, current_actor(), appraisal_id)
    name, content = services.report_content(session, row)
    return attachment(content, name=name, media_type="application/pdf")


# ---------------------------------------------------------------------------
# Inputs


def _value_inputs(appraisal_id: UUID) -> services.ValuedInputs:
    session, actor = current_session(), current_actor()
    spec = services.get_spec(services.get_preparing(session, actor, appraisal_id).model_id)
    return services.value_inputs(session, actor, appraisal_id, _typed_inputs(spec))


@blueprint.route("/<uuid:appraisal_id>/inputs", methods=["GET", "POST"])
@access(Permission.PREPARE_APPRAISAL, ahead=_value_inputs)
def edit_inputs(appraisal_id: UUID) -> Answer:
    """The form of the model; posting runs it. `?example=1` fills in the model's example."""
    session, actor = current_session(), current_actor()
    view = services.get_preparing(session, actor, appraisal_id)
    spec = services.get_spec(view.model_id)

    def submit() -> Response:
        check_version(view.version)
        command, valued = _typed_inputs(spec), prepared_as(services.ValuedInputs)
        services.save_inputs(session, actor, appraisal_id, command, valued)
        tell("ok", gettext("The model has run. Check the steps, then sign."))
        return redirect(f"/appraisals/{appraisal_id}", 303)  # type: ignore[return-value]

    return model_form(
        spec,
        title=gettext("Enter inputs"),
        subtitle=f"{view.number} · {words(view.asset_title)}",
        back=f"/appraisals/{appraisal_id}",
        version=view.version,
        first=_first_values(session, view, spec),
        submit=submit,
    )


def _typed_inputs(spec: ModelSpec) -> services.SaveInputs:
    """The command that the posted form stands for."""
    return services.SaveInputs(
        valued_on=typed_day(),
        inputs=read_inputs(spec, request.form),
        prices=read_prices(spec, request.form),
    )


def typed_day() -> date:
    """The valuation day of the posted form."""
    day = request.form.get("valued_on", "").strip()
    found: date = load_schema(ValuedOnSchema(), {"valued_on": day} if day else {})["valued_on"]
    return found


def _first_values(
    session: Session, view: services.AppraisalView, spec: ModelSpec
) -> dict[str, str]:
    """What the form begins with: saved inputs, else what the registry knows, or the model's example."""
    values = {"valued_on": (view.valued_on or today(session)).isoformat()}
    if wants_example():
        return values | filled_example(session, spec)
    if view.inputs:
        return values | shown_inputs(spec, view.inputs)
    asset = session.get_one(Asset, view.asset_id)
    known = {"area_mu": asset.area_mu, "right_ends_on": asset.right_ends_on}
    return values | shown_inputs(spec, {name: given for name, given in known.items() if given})


def wants_example() -> bool:
    """Whether the form is to open with the example of its model."""
    return request.method == "GET" and request.args.get("example") == "1"


def filled_example(session: Session, spec: ModelSpec) -> dict[str, str]:
    """The example of the model; its prices only where the market has none, under a source that says so."""
    known = services.market_facts(session, spec.price_ids, today(session))
    return example_texts(spec, example_of(spec), known, gettext("Example"))


def model_form(  # noqa: PLR0913 - a page has this many parts
    spec: ModelSpec,
    *,
    title: str,
    subtitle: str,
    back: str,
    version: int | None,
    first: Mapping[str, str],
    submit: Callable[[], Response],
    submit_title: str = "",
    asks_losses: bool = False,
) -> Answer:
    """A form drawn from a model: GET shows it, POST submits it or shows it again with what was typed."""
    parameters = parameters_on(today(current_session()))

    def show_form(values: Mapping[str, str], refusal: Refusal | None) -> str:
        errors = errors_by_field(refusal)
        inputs = input_fields(spec, parameters, values, errors)
        prices, day = price_fields(spec, values, errors), _day_field(values, errors)
        return render_template(
            "appraisal/inputs.html",
            title=title,
            subtitle=subtitle,
            back=back,
            version=version,
            groups=input_groups(spec, inputs),
            price_fields=prices,
            day_field=day,
            problem=_problem(refusal, [day, *inputs, *prices]),
            submit_title=submit_title or gettext("Run the model"),
            is_example=wants_example(),
            asks_losses=asks_losses,
            draws_losses=values.get("losses") == "1",
            spec=spec,
            csrf_token=page_token(),
            idempotency_key=str(new_id()),
            **room_words(),
        )

    return _answer(show_form, first, submit)


ShowForm = Callable[[Mapping[str, str], Refusal | None], str]


def _answer(
    show_form: ShowForm, first: Mapping[str, str], submit: Callable[[], Response]
) -> Answer:
    """GET shows the form as it begins; a refused POST shows it again with what was typed."""
    if request.method == "GET":
        return show_form(first, None)
    try:
        return submit()
    except Refusal as refusal:
        start_over()
        return show_form(request.form, refusal), status_of(refusal)


def _problem(refusal: Refusal | None, fields: Sequence[FormField]) -> dict[str, Any] | None:
    """What is wrong, each error under the label of its field."""
    if refusal is None:
        return None
    return with_titles(problem_of(refusal), {each.id: each.label for each in fields})


def _day_field(values: Mapping[str, str], errors: Mapping[str, str]) -> FormField:
    return FormField(
        name="valued_on",
        id="valued_on",
        kind="date",
        label=gettext("Valuation day"),
        value=values.get("valued_on", ""),
        error=errors.get("valued_on", ""),
    )


# ---------------------------------------------------------------------------
# What was seen on the ground


@blueprint.route("/assets/<uuid:asset_id>/record", methods=["GET", "POST"])
@access(Permission.RECORD_VALUATION_INPUTS)
def record_inputs(asset_id: UUID) -> Answer:
    """Record changed inputs of an asset with a valid appraisal; only what is filled in changes."""
    session, actor = current_session(), current_actor()
    asset = load_asset(session, actor, asset_id)
    appraisal = services.appraisal_in_force(session, asset.id)
    spec = services.get_spec(appraisal.model_id)

    def submit() -> Response:
        services.record_inputs(session, actor, asset_id, _recorded(spec))
        tell("ok", gettext("Recorded. The next revaluation takes it up."))
        return redirect(request.path, 303)  # type: ignore[return-value]

    first = {"valid_from": today(session).isoformat()}
    return _answer(partial(_record_form, asset, appraisal, spec), first, submit)


def _record_form(
    asset: Asset,
    appraisal: Appraisal,
    spec: ModelSpec,
    values: Mapping[str, str],
    refusal: Refusal | None,
) -> str:
    session = current_session()
    day, errors = today(session), errors_by_field(refusal)
    fields = input_fields(
        spec, parameters_on(day), values, errors, changes_only=True, prefix="overrides-"
    )
    return render_template(
        "appraisal/record.html",
        asset=asset,
        known=inputs_shown(spec, appraisal.inputs or {}, appraisal.valued_on or day),
        records=queries.latest_records(session, asset.id),
        fields=fields,
        values=values,
        errors=errors,
        problem=_problem(refusal, fields),
        csrf_token=page_token(),
        idempotency_key=str(new_id()),
        back=f"/assets/{asset.id}",
        title=_title(asset),
        input_titles={each.name: words(each.title) for each in spec.fields},
        **room_words(),
    )


def _recorded(spec: ModelSpec) -> services.RecordInputs:
    """The command that the posted form stands for."""
    typed = {name: request.form.get(name, "").strip() for name in ("valid_from", "reason")}
    head = load_schema(RecordHeadSchema(), {name: text for name, text in typed.items() if text})
    overrides = read_inputs(spec, request.form, changes_only=True, prefix="overrides-")
    return services.RecordInputs(overrides=overrides, **head)


signing.register(blueprint)
EVENTS.register_pages(blueprint)
