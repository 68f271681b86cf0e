"""Pages of origination: applications, their pool, their documents; drawdowns."""

from dataclasses import fields
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request
from flask_babel import gettext
from sqlmodel import Session

from app.assets.kinds import kind_info
from app.collateral.domain.states import SECURITY_KIND_TITLES
from app.collateral.refusals import OBSTACLES
from app.documents.downloads import attachment
from app.documents.services import document_content
from app.identity.domain import OrganisationKind
from app.kernel.actor import Actor
from app.kernel.errors import Refusal
from app.kernel.money import Money
from app.kernel.permissions import Permission
from app.loans.domain.repricing import RESET_TITLES, TENOR_TITLES
from app.loans.queries import loan_view
from app.origination.domain import states
from app.origination.domain.checks import OUTCOME_TITLES
from app.origination.domain.states import ApplicationState
from app.origination.events import APPLICATION_EVENTS, DRAWDOWN_EVENTS
from app.origination.schemas import (
    ApplicationQuery,
    AttachDocumentSchema,
    BorrowerDraftSchema,
    ChangeDraftSchema,
    ComposePoolSchema,
    DrawdownQuery,
    OfficerDraftSchema,
    PreviewPoolSchema,
    RequestDrawdownSchema,
)
from app.origination.services import choices, drafts, drawdowns, lists, pool
from app.origination.services.views import ApplicationView, get_application
from app.web.access import access, check_version, current_actor, current_session, tell
from app.web.forms import form_page, read_form
from app.web.language import current_language
from app.web.paging import page_request
from app.web.problems import fill, problem_of
from app.web.reading import load_schema
from app.web.shell import words

applications = Blueprint("application_pages", __name__, url_prefix="/loan-applications")
drawdown_pages = Blueprint("drawdown_pages", __name__, url_prefix="/drawdowns")
of_loans = Blueprint("loan_drawdown_pages", __name__, url_prefix="/loans")
BLUEPRINTS = (applications, drawdown_pages, of_loans)

Answer = Response | str | tuple[str, int]

_S = ApplicationState
FILTERS = ("q", "state", "product", "mine", "sort")
PATH = (
    _S.SUBMITTED,
    _S.INVESTIGATING,
    _S.HALF_INVESTIGATED,
    _S.INVESTIGATED,
    _S.REVIEWED,
    _S.APPROVED,
    _S.CONTRACTED,
)
TONES = {
    _S.DRAFT: "grey",
    _S.CONTRACTED: "green",
    _S.APPROVED: "green",
    _S.RETURNED: "orange",
    _S.REJECTED: "red",
    _S.WITHDRAWN: "grey",
}
DRAWDOWN_TONES = {"requested": "amber", "checked": "amber", "posted": "green", "refused": "red"}


def words_of_origination() -> dict[str, Any]:
    """Titles that the templates of this room look up."""
    return {
        "states": states,
        "tones": TONES,
        "drawdown_tones": DRAWDOWN_TONES,
        "outcome_titles": OUTCOME_TITLES,
        "security_titles": SECURITY_KIND_TITLES,
        "obstacles": OBSTACLES,
        "kind_words": lambda kind: words(kind_info(kind).title),
        "words": words,
    }


# --- Applications ---


@applications.get("")
@access(Permission.READ_APPLICATIONS)
def application_list() -> str:
    """The applications in sight, by state, product and words."""
    session, actor = current_session(), current_actor()
    asked: dict[str, Any] = {name: request.args[name] for name in FILTERS if request.args.get(name)}
    wanted = load_schema(
        ApplicationQuery(), {**asked, **({"mine": True} if "mine" in asked else {})}
    )
    return render_template(
        "origination/applications.html",
        page=lists.application_page(session, actor, page_request(), wanted),
        asked=asked,
        products=choices.all_products(session, current_language()),
        may_apply=actor.may(Permission.APPLY_FOR_LOAN),
        **words_of_origination(),
    )


@applications.route("/new", methods=["GET", "POST"])
@access(Permission.APPLY_FOR_LOAN)
def new_application() -> Answer:
    """A draft: by the borrower, or by an officer on its behalf."""
    session, actor = current_session(), current_actor()
    own = actor.organisation_kind == OrganisationKind.ENTERPRISE

    def submit(command: drafts.OpenDraft) -> Response:
        view = drafts.open_draft(session, actor, command)
        tell(
            "ok",
            gettext(
                "Draft %(number)s is stored. Submit it when it is complete.", number=view.number
            ),
        )
        return _to(view.id)

    return form_page(
        BorrowerDraftSchema() if own else OfficerDraftSchema(),
        title=gettext("New application"),
        submit=submit,
        back="/loan-applications",
        submit_title=gettext("Save the draft"),
        choices=_draft_choices(session, actor, own=own),
        row_titles=_row_titles(),
    )


def _draft_choices(session: Session, actor: Actor, *, own: bool) -> dict[str, Any]:
    language = current_language()
    found: dict[str, Any] = {
        "region_code": choices.regions(session, language),
        "guarantor_id": choices.organisations(session, OrganisationKind.GUARANTOR, language),
    }
    if own:
        found["bank_id"] = choices.banks(session, language)
        found["product"] = choices.all_products(session, language)
        found["asset_id"] = choices.assets(session, actor, actor.organisation_id)
    else:
        found["borrower_id"] = choices.organisations(session, OrganisationKind.ENTERPRISE, language)
        found["product"] = choices.products(session, actor.organisation_id, language)
    return found


def _row_titles() -> dict[str, str]:
    return {"assets": gettext("Assets offered"), "guarantees": gettext("Guarantees offered")}


@applications.get("/<uuid:application_id>")
@access(Permission.READ_APPLICATIONS)
def application_page(application_id: UUID) -> str:
    """An application: facts, way, pool with its value chain, opinions, evidence."""
    session, actor = current_session(), current_actor()
    view = get_application(session, actor, application_id)
    return render_template(
        "origination/application.html",
        application=view,
        steps=_steps(view),
        pool=lists.pool_of(session, actor, application_id),
        checks=_checks(session, actor, view),
        buttons=APPLICATION_EVENTS.buttons(view),
        inside=actor.organisation_id == view.bank_id,
        may_edit=view.state in pool.BY_BORROWER and actor.may(Permission.APPLY_FOR_LOAN),
        may_compose=_may_compose(actor, view),
        may_prove=any(actor.may(each) for each in drafts.MAY_PROVE),
        tenor_titles=TENOR_TITLES,
        reset_titles=RESET_TITLES,
        **words_of_origination(),
    )


def _checks(session: Session, actor: Actor, view: ApplicationView) -> list[dict[str, Any]]:
    if view.state not in pool.BY_BORROWER:
        return []
    found = drafts.checks_before_submit(session, actor, view.id)
    return [
        {
            "title": gettext(check.title),
            "done": check.done,
            "hint": "" if check.done else fill(check.hint, check.facts),
        }
        for check in found
    ]


def _may_compose(actor: Actor, view: ApplicationView) -> bool:
    if view.state in pool.BY_BORROWER:
        return actor.may(Permission.APPLY_FOR_LOAN)
    return view.state in pool.BY_BANK and actor.may(Permission.COMPOSE_POOL)


def _steps(view: ApplicationView) -> list[dict[str, Any]]:
    """The way of the file: what was done when, where it stands, what is to come."""
    reached: dict[ApplicationState, date] = {act.after: act.on for act in view.acts}
    steps = []
    for state in PATH:
        passed = view.state in PATH and PATH.index(state) < PATH.index(view.state)
        ended = state is view.state is _S.CONTRACTED
        how = "done" if passed or ended else ("now" if state is view.state else "todo")
        day = reached.get(state) if how != "todo" else None
        steps.append(
            {"title": gettext(states.APPLICATION_STATE_TITLES[state]), "day": day, "state": how}
        )
    if view.state in TONES and view.state not in PATH:
        title = gettext(states.APPLICATION_STATE_TITLES[view.state])
        alarm = "alarm" if view.state in {_S.RETURNED, _S.REJECTED} else "now"
        steps.insert(0, {"title": title, "day": reached.get(view.state), "state": alarm})
    return steps


@applications.route("/<uuid:application_id>/edit", methods=["GET", "POST"])
@access(Permission.APPLY_FOR_LOAN)
def edit_application(application_id: UUID) -> Answer:
    """Change a draft or a returned application."""
    session, actor = current_session(), current_actor()
    view = get_application(session, actor, application_id)
    language = current_language()

    def submit(command: drafts.ChangeDraft) -> Response:
        check_version(drafts.held_version(session, actor, application_id))
        drafts.change_draft(session, actor, application_id, command)
        tell("ok", gettext("The application is stored."))
        return _to(application_id)

    return form_page(
        ChangeDraftSchema(),
        title=gettext("Change the application"),
        subtitle=f"{view.number} · {words(view.borrower)}",
        submit=submit,
        back=f"/loan-applications/{application_id}",
        submit_title=gettext("Save"),
        version=view.version,
        values=_draft_values(view),
        choices={
            "product": choices.products(session, view.bank_id, language),
            "region_code": choices.regions(session, language),
        },
    )


def _draft_values(view: ApplicationView) -> dict[str, str]:
    shown = {each.name: getattr(view, each.name) for each in fields(drafts.ChangeDraft)}
    shown["amount_yuan"] = Money(shown.pop("amount_fen")).yuan
    shown["credit_consent"] = "true" if view.credit_consent else ""
    return {name: str(value) for name, value in shown.items()}


@applications.route("/<uuid:application_id>/pool", methods=["GET", "POST"])
@access(Permission.APPLY_FOR_LOAN, Permission.COMPOSE_POOL)
def edit_pool(application_id: UUID) -> Answer:
    """Compose the pool; what it lends is shown beside while it changes."""
    session, actor = current_session(), current_actor()
    view = get_application(session, actor, application_id)
    language = current_language()

    def submit(command: pool.ComposePool) -> Response:
        check_version(drafts.held_version(session, actor, application_id))
        drafts.set_pool(session, actor, application_id, command)
        tell("ok", gettext("The pool is stored."))
        return _to(application_id)

    return form_page(
        ComposePoolSchema(),
        title=gettext("Compose the pool"),
        subtitle=f"{view.number} · {words(view.borrower)}",
        help_text=gettext(
            "An application reserves nothing; the values are taken when the contract is signed."
        ),
        submit=submit,
        back=f"/loan-applications/{application_id}",
        submit_title=gettext("Save the pool"),
        version=view.version,
        values=_pool_values(view),
        choices={
            "asset_id": choices.assets(session, actor, view.borrower_id),
            "guarantor_id": choices.organisations(session, OrganisationKind.GUARANTOR, language),
        },
        row_titles=_row_titles(),
        template="origination/pool_form.html",
        application=view,
        pool=lists.pool_of(session, actor, application_id),
        refusal=None,
        **words_of_origination(),
    )


def _pool_values(view: ApplicationView) -> dict[str, str]:
    values = {}
    for index, line in enumerate(view.assets):
        values[f"assets-{index}-asset_id"] = str(line.asset_id)
        values[f"assets-{index}-secured_yuan"] = Money(line.secured_fen).yuan
    for index, each in enumerate(view.guarantees):
        values[f"guarantees-{index}-guarantor_id"] = str(each.guarantor_id)
        values[f"guarantees-{index}-covered_yuan"] = Money(each.covered_fen).yuan
    return values


@applications.post("/<uuid:application_id>/pool/preview")
@access(Permission.APPLY_FOR_LOAN, Permission.COMPOSE_POOL)
def preview_pool(application_id: UUID) -> str:
    """What the pool in the form would lend, as a fragment; stores nothing."""
    session, actor = current_session(), current_actor()
    try:
        command = load_schema(PreviewPoolSchema(), read_form(PreviewPoolSchema()))
        found, refusal = drafts.what_if(session, actor, application_id, command), None
    except Refusal as refused:
        found, refusal = lists.pool_of(session, actor, application_id), problem_of(refused)
    return render_template(
        "origination/pool_preview.html", pool=found, refusal=refusal, **words_of_origination()
    )


@applications.route("/<uuid:application_id>/documents", methods=["GET", "POST"])
@access(*drafts.MAY_PROVE, upload=True)
def add_document(application_id: UUID) -> Answer:
    """Add a file as evidence."""
    session, actor = current_session(), current_actor()
    view = get_application(session, actor, application_id)

    def submit(command: drafts.AttachDocument) -> Response:
        drafts.attach_document(session, actor, application_id, command)
        tell("ok", gettext("The file is stored."))
        return _to(application_id)

    return form_page(
        AttachDocumentSchema(),
        title=gettext("Add a file"),
        subtitle=f"{view.number} · {words(view.borrower)}",
        submit=submit,
        back=f"/loan-applications/{application_id}",
    )


@applications.get("/<uuid:application_id>/documents/<uuid:document_id>")
@access(Permission.READ_APPLICATIONS)
def download_document(application_id: UUID, document_id: UUID) -> Response:
    """A file of an application, as an attachment."""
    session, actor = current_session(), current_actor()
    row = drafts.document_of(session, actor, application_id, document_id)
    return attachment(document_content(session, row), name=row.name, media_type=row.media_type)


def _to(application_id: UUID) -> Response:
    return redirect(f"/loan-applications/{application_id}", 303)  # type: ignore[return-value]


# --- Drawdowns ---


@drawdown_pages.get("")
@access(Permission.READ_LOANS)
def drawdown_list() -> str:
    """The drawdowns in sight, the newest first."""
    session, actor = current_session(), current_actor()
    asked = {"state": request.args["state"]} if request.args.get("state") else {}
    wanted = load_schema(DrawdownQuery(), asked)
    return render_template(
        "origination/drawdowns.html",
        page=lists.drawdown_page(session, actor, page_request(), wanted.get("state")),
        asked=asked,
        **words_of_origination(),
    )


@drawdown_pages.get("/<uuid:drawdown_id>")
@access(Permission.READ_LOANS)
def drawdown_page(drawdown_id: UUID) -> str:
    """A drawdown with its checklist."""
    view = drawdowns.drawdown_view(current_session(), current_actor(), drawdown_id)
    return render_template(
        "origination/drawdown.html",
        drawdown=view,
        buttons=DRAWDOWN_EVENTS.buttons(view),
        checks=[
            {
                "title": gettext(check.title),
                "done": check.done,
                "hint": gettext(OUTCOME_TITLES[check.outcome])
                if check.done
                else fill(check.hint, check.facts),
            }
            for check in view.checks
        ],
        **words_of_origination(),
    )


@of_loans.route("/<uuid:loan_id>/drawdowns/new", methods=["GET", "POST"])
@access(Permission.REQUEST_DRAWDOWN)
def new_drawdown(loan_id: UUID) -> Answer:
    """Ask for money of a signed loan."""
    session, actor = current_session(), current_actor()
    loan = loan_view(session, actor, loan_id)

    def submit(command: drawdowns.RequestDrawdown) -> Response:
        view = drawdowns.request_drawdown(session, actor, loan_id, command)
        tell("ok", gettext("Drawdown %(number)s waits for its check.", number=view.number))
        return redirect(f"/drawdowns/{view.id}", 303)  # type: ignore[return-value]

    return form_page(
        RequestDrawdownSchema(),
        title=gettext("Request a drawdown"),
        subtitle=f"{loan.number} · {words(loan.name)}",
        submit=submit,
        back=f"/loans/{loan_id}",
    )


APPLICATION_EVENTS.register_pages(applications)
DRAWDOWN_EVENTS.register_pages(drawdown_pages)
