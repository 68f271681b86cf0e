"""Pages of the reference room: catalogue, parameters, calendar, a bank's own policy, catalogue imports."""

from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask_babel import gettext, ngettext

from app import policy
from app.db.engine import today
from app.kernel.permissions import Permission
from app.kernel.units import per_cent, unit_name
from app.reference import domain, queries, services
from app.reference.browsing import every_parameter
from app.reference.events import ITEM_EVENTS, OVERRIDE_EVENTS
from app.reference.parameter_pages import blueprint as single
from app.reference.parameter_schemas import ParameterListQuery
from app.reference.parameters import ParameterView, parameters_in_force
from app.reference.schemas import (
    CalendarQuery,
    ImportItemsSchema,
    ProposeOverrideSchema,
)
from app.web.access import access, current_actor, current_session, tell
from app.web.forms import form_page
from app.web.language import current_language
from app.web.paging import fetch_page, page_request
from app.web.problems import lines_in_words
from app.web.reading import load_schema
from app.web.shell import said

blueprint = Blueprint("reference_pages", __name__, url_prefix="/reference")
overrides = Blueprint("policy_pages", __name__, url_prefix="/reference/policy")
imports = Blueprint("catalogue_import_pages", __name__, url_prefix="/reference/imports")
BLUEPRINTS = (blueprint, single, overrides, imports)

Answer = Response | str | tuple[str, int]


def _common() -> dict[str, Any]:
    """Titles that every page of the room looks up, and whose tabs are shown."""
    actor = current_actor()
    return {
        "zh": current_language().startswith("zh"),
        "statuses": {code: gettext(title) for code, title in domain.STATUS_TITLES.items()},
        "states": {
            state.value: gettext(title) for state, title in domain.PROPOSAL_STATE_TITLES.items()
        },
        "sees_policy": actor.may(Permission.PROPOSE_POLICY) or actor.may(Permission.ACCEPT_POLICY),
        "may_propose": actor.may(Permission.PROPOSE_POLICY),
        "may_import": actor.may(Permission.IMPORT_CATALOGUE),
        "sees_imports": actor.may(Permission.IMPORT_CATALOGUE)
        or actor.may(Permission.ACCEPT_CATALOGUE),
    }


@blueprint.get("")
@access(Permission.READ_REFERENCE)
def catalogue() -> str:
    """The green catalogue by edition."""
    session = current_session()
    editions = queries.editions(session)
    edition = queries.get_edition(session, request.args.get("edition") or editions[0].edition)
    return render_template(
        "reference/catalogue.html",
        editions=editions,
        edition=edition,
        page=fetch_page(session, queries.catalogue_items(edition.edition), page_request()),
        **_common(),
    )


@blueprint.get("/parameters")
@access(Permission.READ_REFERENCE)
def parameters() -> str:
    """The parameters in force on a day, with source and status."""
    session, actor = current_session(), current_actor()
    asked = {name: request.args.get(name, "") for name in ("on", "area", "status", "q")}
    query = load_schema(ParameterListQuery(), {name: text for name, text in asked.items() if text})
    day = query.get("on") or today(session)
    bank_id = actor.organisation_id if actor.organisation_kind == "bank" else None
    return render_template(
        "reference/parameters.html",
        rows=parameters_in_force(session, bank_id, day, ParameterListQuery.narrowed(query)),
        day=day,
        asked=asked,
        shown=_shown,
        said=said,
        areas=[
            (area, gettext(domain.AREA_TITLES.get(area, area)))
            for area in sorted({policy.area_of(each) for each in every_parameter()})
        ],
        taken={name: text for name, text in asked.items() if text},
        **_common(),
    )


def _counted(value: str, unit: str) -> str:
    """So many of a unit that is counted."""
    one = 1 if value == "1" else 2
    match unit:
        case "day":
            return ngettext("%(value)s day", "%(value)s days", one, value=value)
        case "person":
            return ngettext("%(value)s person", "%(value)s people", one, value=value)
        case "loan":
            return ngettext("%(value)s loan", "%(value)s loans", one, value=value)
        case _:
            return f"{value} {unit_name(unit).in_language(current_language())}".strip()


def _shown(row: ParameterView) -> str:
    """The value with its unit: shares in per cent."""
    if row.unit == "ratio":
        return f"{per_cent(row.value or '0')}%"
    return _counted(row.value or "", row.unit)


@blueprint.get("/calendar")
@access(Permission.READ_REFERENCE)
def calendar() -> str:
    """The business calendar of a year: what differs from the week."""
    session = current_session()
    year = today(session).year
    asked = {
        "from": request.args.get("from") or f"{year}-01-01",
        "to": request.args.get("to") or f"{year}-12-31",
    }
    query = load_schema(CalendarQuery(), asked)
    first, last = query["from_on"], min(query["to_on"], _plus_years(query["from_on"]))
    days = services.calendar_days(session, first, max(first, last))
    return render_template(
        "reference/calendar.html",
        days=[day for day in days if day.kind not in {"weekday", "weekend"}],
        business_days=sum(day.is_business_day for day in days),
        official=all(day.is_official for day in days),
        asked=asked,
        **_common(),
    )


def _plus_years(day: date) -> date:
    return date(day.year + 2, 12, 31)


# --- A bank's own policy ---


@overrides.get("")
@access(Permission.PROPOSE_POLICY, Permission.ACCEPT_POLICY)
def override_list() -> str:
    """The bank's own rows, decided or not."""
    session, actor = current_session(), current_actor()
    page = fetch_page(session, queries.visible_overrides(actor), page_request())
    views = [services.override_view(row, actor) for row in page.items]
    return render_template(
        "reference/overrides.html",
        page=page,
        rows=[(view, OVERRIDE_EVENTS.buttons(view)) for view in views],
        titles={each.id: each.title for each in policy.parameter_set()},
        **_common(),
    )


@overrides.get("/<uuid:override_id>")
@access(Permission.PROPOSE_POLICY, Permission.ACCEPT_POLICY)
def override_page(override_id: UUID) -> str:
    """One row of the bank's own policy."""
    view = services.get_override(current_session(), current_actor(), override_id)
    return render_template(
        "reference/override.html",
        row=view,
        buttons=OVERRIDE_EVENTS.buttons(view),
        title=policy.parameter_set()[view.parameter_id].title,
        **_common(),
    )


@overrides.route("/new", methods=["GET", "POST"])
@access(Permission.PROPOSE_POLICY)
def propose_override() -> Answer:
    """Propose the bank's own value of a parameter."""

    def submit(command: services.ProposeOverride) -> Response:
        view = services.propose_override(current_session(), current_actor(), command)
        tell("ok", gettext("Proposed. A colleague decides."))
        return redirect(f"/reference/policy/{view.id}", 303)  # type: ignore[return-value]

    zh = current_language().startswith("zh")
    offered = [
        (each.id, each.title.zh if zh else each.title.en)
        for each in policy.parameter_set()
        if each.unit != "table" and each.status != "sourced"
    ]
    return form_page(
        ProposeOverrideSchema(),
        title=gettext("Propose an own value"),
        submit=submit,
        back="/reference/policy",
        choices={"parameter_id": offered},
    )


# --- Deeper levels of a catalogue ---


@imports.get("")
@access(Permission.IMPORT_CATALOGUE, Permission.ACCEPT_CATALOGUE)
def import_list() -> str:
    """Proposed items, the newest first."""
    page = fetch_page(current_session(), queries.catalogue_imports(), page_request())
    return render_template("reference/imports.html", page=page, **_common())


@imports.get("/<uuid:import_id>")
@access(Permission.IMPORT_CATALOGUE, Permission.ACCEPT_CATALOGUE)
def import_page(import_id: UUID) -> str:
    """A proposal with its items."""
    view = services.get_import_view(current_session(), current_actor(), import_id)
    return render_template(
        "reference/import.html",
        view=view,
        buttons=ITEM_EVENTS.buttons(view),
        errors=[],
        **_common(),
    )


@imports.route("/new/<string:edition>", methods=["GET", "POST"])
@access(Permission.IMPORT_CATALOGUE, upload=True)
def propose_items(edition: str) -> Answer:
    """Check or propose a file of items for an edition."""
    session, actor = current_session(), current_actor()
    queries.get_edition(session, edition)
    schema = ImportItemsSchema()

    def submit(data: dict[str, Any]) -> Response:
        view = services.propose_items(session, actor, schema.command_for(edition, data))
        if view.id is None:
            return _checked(view)
        tell("ok", gettext("Proposed. A colleague decides."))
        return redirect(f"/reference/imports/{view.id}", 303)  # type: ignore[return-value]

    return form_page(
        schema, title=gettext("Propose items"), subtitle=edition, submit=submit, back="/reference"
    )


def _checked(view: services.CatalogueImportView) -> Response:
    errors = [(each.line, each.detail) for each in lines_in_words(view.errors)]
    return make_response(
        render_template("reference/import.html", view=view, buttons=[], errors=errors, **_common())
    )


OVERRIDE_EVENTS.register_pages(overrides)
ITEM_EVENTS.register_pages(imports)
