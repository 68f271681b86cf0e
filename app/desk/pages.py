"""Pages over several rooms: home, worklist, a loan, an asset, search."""

from dataclasses import replace
from uuid import UUID

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext

from app.appraisal.domain import STATE_TITLES as APPRAISAL_STATE_TITLES
from app.appraisal.pages.shown import model_title
from app.assets.kinds import kind_info
from app.assets.pages import asset_context
from app.assets.services import get_asset
from app.collateral.domain import states as cover_states
from app.desk import domain, overview, services, shown
from app.desk.asset_page import asset_page
from app.desk.links import href
from app.desk.loan_actions import loan_actions
from app.desk.loan_care import loan_care
from app.desk.loan_page import loan_page
from app.desk.menu_count import count_waiting
from app.desk.schemas import FallsSchema, SearchQuery
from app.desk.search import search
from app.desk.worklist import working_day, worklist
from app.kernel.actor import Actor
from app.kernel.ids import new_id
from app.kernel.money import Money
from app.kernel.permissions import Permission
from app.loans.domain import states as loan_states
from app.loans.inspection.pages import words_of_inspections
from app.loans.pages import words_of_loans
from app.loans.queries import due_beside_bills, list_dues, loan_view
from app.loans.repayments.explaining import preview_repayment
from app.loans.repayments.pages import split_page
from app.loans.repayments.schemas import RepayFormSchema
from app.loans.schemas import ACCOUNT_TITLES
from app.loans.services import Repay
from app.web import idempotency
from app.web.access import access, current_actor, current_session, tell
from app.web.fields import Rate
from app.web.forms import form_page
from app.web.reading import load_schema
from app.web.shell import words

blueprint = Blueprint("desk_pages", __name__)

WORKERS = (
    Permission.READ_APPLICATIONS,
    Permission.PREPARE_APPRAISAL,
    Permission.MEASURE_ASSET,
    Permission.CERTIFY_ASSET,
    Permission.FILE_ASSET,
    Permission.REGISTER_PLEDGE,
    Permission.CLOSE_DAY,
    Permission.INSPECT_LOANS,
    Permission.REVIEW_INSPECTION,
    Permission.HANDLE_SIGNAL,
)
"""Whoever has work that can wait for them."""


@blueprint.get("/")
@access()
def home() -> Response:
    """The first page of each role."""
    return redirect(_first_page(current_actor()), 303)  # type: ignore[return-value]


def _first_page(actor: Actor) -> str:
    if actor.organisation_kind == "enterprise":
        return url_for("desk_pages.enterprise")
    if any(actor.may(each) for each in WORKERS):
        return url_for("desk_pages.waiting")
    firsts = (
        (Permission.READ_BALANCES, "oversight_pages.balances"),
        (Permission.READ_JOBS, "jobs_pages.jobs"),
        (Permission.MANAGE_PEOPLE, "identity_pages.people"),
        (Permission.READ_AUDIT, "audit_pages.events"),
        (Permission.READ_LOANS, "loans_pages.loan_list"),
    )
    found = (href(endpoint) for permission, endpoint in firsts if actor.may(permission))
    return next((each for each in found if each), url_for("identity_pages.profile"))


@blueprint.get("/worklist")
@access(*WORKERS)
def waiting() -> str:
    """What waits for the actor, the most urgent first."""
    session, actor = current_session(), current_actor()
    tasks, day = worklist(session, actor), working_day(session, actor)
    g.waiting_count = len(tasks)
    return render_template(
        "desk/worklist.html",
        tasks=tasks,
        day=day,
        soon=domain.late_or_soon(tasks, day),
        what=shown.task_words,
        words=words,
    )


def waiting_count() -> int:
    """How many things wait, for the menu; nothing is read where no transaction is open."""
    if "waiting_count" not in g:
        session, actor = g.get("session"), g.get("actor")
        ready = session is not None and actor is not None and session.in_transaction()
        g.waiting_count = count_waiting(session, actor) if ready else 0
    count: int = g.waiting_count
    return count


@blueprint.get("/overview")
@access(Permission.APPLY_FOR_LOAN, Permission.REGISTER_ASSET)
def enterprise() -> str:
    """An enterprise's own page: what is asked of it, its loans, the next payment, its assets."""
    session, actor = current_session(), current_actor()
    tasks = worklist(session, actor)
    g.waiting_count = len(tasks)
    return render_template(
        "desk/overview.html",
        tasks=tasks,
        own=overview.overview(session, actor),
        day=working_day(session, actor),
        what=shown.task_words,
        href=href,
        state_titles=loan_states.STATE_TITLES,
        state_tones=shown.STATE_TONES,
        level_titles=cover_states.LEVEL_TITLES,
        level_tones=shown.LEVEL_TONES,
        kind_of=kind_info,
        words=words,
    )


@blueprint.get("/search")
@access()
def find() -> Response | str:
    """Loans, enterprises, assets, files and appraisals by number, name, code or certificate.

    Who reads single loans for a stated purpose alone is led to where the purpose is asked for.
    """
    sent = {"q": request.args["q"]} if request.args.get("q", "").strip() else {}
    asked = load_schema(SearchQuery(), sent)["q"]
    session, actor = current_session(), current_actor()
    if actor.may(Permission.READ_BALANCE_DETAIL) and not actor.may(Permission.READ_LOANS):
        return redirect(url_for("oversight_pages.loans", q=asked or None), 303)  # type: ignore[return-value]
    groups = search(session, actor, asked)
    return render_template("desk/search.html", q=asked, groups=groups, words=words)


@blueprint.get("/loans/<uuid:loan_id>")
@access(Permission.READ_LOANS)
def loan(loan_id: UUID) -> str:
    """A loan with its debt, security, cases, schedule, journal and documents."""
    session, actor = current_session(), current_actor()
    page = loan_page(session, actor, loan_id)
    falls, what_if = _falls(loan_id) if page.collateral and page.collateral.lines else (None, None)
    return render_template(
        "desk/loan.html",
        page=page,
        loan=page.loan,
        care=loan_care(session, actor, page.loan),
        actions=loan_actions(actor, page),
        may_refund=actor.may(Permission.PROPOSE_ENTRY),
        falls=falls,
        what_if=what_if,
        ltv_chart=shown.ltv_chart(page),
        parcel_map=shown.parcel_map(page),
        kind_of=kind_info,
        states=cover_states,
        loan_states=loan_states,
        account_titles=ACCOUNT_TITLES,
        shown=shown,
        href=href,
        **words_of_inspections(),
    )


def _falls(loan_id: UUID) -> tuple[services.Falls, domain.WhatIf | None]:
    """Falls asked for in the address, in per cent."""
    schema = FallsSchema()
    sent = {
        wire: field.from_form(request.args[wire])
        for wire, field in (
            (field.data_key or name, field) for name, field in schema.load_fields.items()
        )
        if isinstance(field, Rate) and request.args.get(wire)
    }
    falls: services.Falls = load_schema(schema, sent)
    if not falls.asked:
        return falls, None
    return falls, services.try_falls(current_session(), current_actor(), loan_id, falls)


@blueprint.route("/loans/<uuid:loan_id>/repayments/new", methods=["GET", "POST"])
@access(Permission.POST_REPAYMENT)
def repay(loan_id: UUID) -> Response | str | tuple[str, int]:
    """Book money received, with what is due beside the form; the loan's cover is measured with it."""
    session, actor = current_session(), current_actor()
    view = loan_view(session, actor, loan_id)
    dues = list_dues(session, actor, loan_id, unpaid_only=True)
    beside = due_beside_bills(session, actor, loan_id)
    owed_fen = sum(due.left_fen for due in dues) + beside.total_fen
    back = url_for("desk_pages.loan", loan_id=loan_id)

    def submit(sent: tuple[Repay, bool]) -> Response:
        command, look = sent
        if look:
            found = preview_repayment(session, actor, loan_id, command)
            return make_response(split_page(view, found, preview=True))
        keyed = replace(command, key=idempotency.key_of(request) or str(new_id()))
        done = services.repay_and_watch(session, actor, loan_id, keyed)
        tell("ok", gettext("%(number)s is booked.", number=done.number))
        return redirect(back, 303)  # type: ignore[return-value]

    return form_page(
        RepayFormSchema(),
        title=gettext("Book a repayment"),
        subtitle=f"{view.number} · {words(view.borrower_name)}",
        submit=submit,
        back=back,
        submit_title=gettext("Book the repayment"),
        template="loans/repayment.html",
        values={"amount_yuan": Money(owed_fen).yuan} if owed_fen else {},
        loan=view,
        dues=dues,
        beside=beside,
        **words_of_loans(),
    )


@blueprint.get("/assets/<uuid:asset_id>")
@access(Permission.READ_ASSETS)
def asset(asset_id: UUID) -> str:
    """An asset with its registry, values, appraisals and liens."""
    session, actor = current_session(), current_actor()
    view = get_asset(session, actor, asset_id)
    page = asset_page(session, actor, view)
    return render_template(
        "desk/asset.html",
        page=page,
        chain=shown.chain_chart(page),
        values_chart=shown.value_chart(page),
        appraisal_titles=APPRAISAL_STATE_TITLES,
        model_title=model_title,
        may_confirm=actor.may(Permission.CONFIRM_RECOGNISED_VALUE),
        may_order=actor.may(Permission.ORDER_APPRAISAL),
        may_record=actor.may(Permission.RECORD_VALUATION_INPUTS),
        may_revalue=actor.may(Permission.RUN_REVALUATION),
        href=href,
        **asset_context(view),
    )
