"""Pages of collateral: the register of pledges, a pledge, top-up cases, recognised values."""

from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request
from flask_babel import gettext

from app.assets.kinds import registry_names
from app.assets.queries import load_asset
from app.collateral import events
from app.collateral.domain import states
from app.collateral.queries import cured_of, load_loan, reviewed_on
from app.collateral.schemas import (
    CallQuery,
    ConfirmRecognisedSchema,
    PledgeLineSchema,
    PledgeQuery,
)
from app.collateral.services import calls, lists, pledge_views, pledging, recognition
from app.collateral.services.choices import assets_to_pledge
from app.collateral.stress_pages import blueprint as stress
from app.documents.downloads import attachment
from app.kernel.actor import Name
from app.kernel.permissions import Permission
from app.loans.titles import loan_title
from app.web.access import access, check_version, current_actor, current_session, tell
from app.web.forms import form_page
from app.web.paging import page_request
from app.web.reading import load_schema
from app.web.shell import words

pledges = Blueprint("pledge_pages", __name__, url_prefix="/pledges")
margin_calls = Blueprint("margin_call_pages", __name__, url_prefix="/margin-calls")
values = Blueprint("recognition_pages", __name__)


@pledges.get("")
@access(Permission.READ_COLLATERAL)
def pledge_list() -> str:
    """The register of pledges and mortgages."""
    asked = _asked()
    filtered = load_schema(PledgeQuery(), asked)
    page = lists.pledge_page(current_session(), current_actor(), filtered, page_request())
    return render_template(
        "collateral/pledges.html", page=page, states=states, asked=asked, words=words
    )


@pledges.get("/<uuid:pledge_id>")
@access(Permission.READ_COLLATERAL)
def pledge_page(pledge_id: UUID) -> str:
    """A pledge or mortgage with its registrations."""
    view = pledge_views.pledge_view(current_session(), current_actor(), pledge_id)
    return render_template(
        "collateral/pledge.html",
        pledge=view,
        words=words,
        registries={code: words(name) for code, name in registry_names().items()},
        buttons=events.PLEDGE_EVENTS.buttons(view),
        states=states,
    )


@margin_calls.get("")
@access(Permission.READ_COLLATERAL)
def margin_call_list() -> str:
    """Top-up cases, the open ones first."""
    asked = _asked()
    filtered = load_schema(CallQuery(), asked)
    page = lists.margin_call_page(current_session(), current_actor(), filtered, page_request())
    return render_template(
        "collateral/margin_calls.html", page=page, states=states, asked=asked, words=words
    )


def _asked() -> dict[str, str]:
    """The filters in the address that hold something."""
    given = {name: request.args.get(name, "") for name in ("state", "number")}
    return {name: text for name, text in given.items() if text}


@margin_calls.get("/<uuid:call_id>")
@access(Permission.READ_COLLATERAL)
def margin_call_page(call_id: UUID) -> str:
    """A top-up case: what crossed which line, both ways to cure, notice, service."""
    view = calls.margin_call_view(current_session(), current_actor(), call_id)
    return render_template(
        "collateral/margin_call.html",
        call=view,
        course=_course(view, reviewed_on(current_session(), call_id)),
        cured=cured_of(current_session(), view.id),
        words=words,
        lines=calls.lines_of_call(current_session(), view),
        receipt=calls.find_receipt(current_session(), current_actor(), view),
        buttons=events.CALL_EVENTS.buttons(view),
        states=states,
    )


@margin_calls.get("/<uuid:call_id>/notice.pdf")
@access(Permission.READ_COLLATERAL)
def notice(call_id: UUID) -> Response:
    """The notice as PDF."""
    name, content = calls.notice_content(current_session(), current_actor(), call_id)
    return attachment(content, name=name, media_type="application/pdf")


def _course(call: calls.MarginCallView, review_on: date | None) -> list[dict[str, Any]]:
    """The way of a case for the timeline: steps taken with their days, the one that waits, the end."""
    state = call.state
    closed, served = call.closed_on is not None, call.served_on is not None
    issued = call.issued_on is not None
    reviewed = issued or review_on is not None
    steps: list[tuple[str, bool, date | None]] = [
        (gettext("Warning opened"), True, call.opened_on),
        (gettext("Warning reviewed"), reviewed, review_on),
        (gettext("Notice issued"), issued, call.issued_on),
        (gettext("Notice served"), served, call.served_on),
    ]
    if closed:
        title = gettext(states.CALL_STATE_TITLES[state])
        tone = "alarm" if state is states.CallState.DEFAULTED else "done"
        taken = [{"title": name, "day": day, "state": "done"} for name, done, day in steps if done]
        return [*taken, {"title": title, "day": call.closed_on, "state": tone}]
    steps.append((gettext("Cure by"), False, call.due_on))
    waiting = next(name for name, done, _ in steps if not done)
    return [
        {
            "title": name,
            "day": day,
            "state": "done" if done else "now" if name == waiting else "todo",
        }
        for name, done, day in steps
    ]


@values.route("/assets/<uuid:asset_id>/recognised-value", methods=["GET", "POST"])
@access(Permission.CONFIRM_RECOGNISED_VALUE)
def confirm_recognised(asset_id: UUID) -> Response | str | tuple[str, int]:
    """Confirm what the bank recognises for an asset."""
    session, actor = current_session(), current_actor()
    view = recognition.recognition_view(session, actor, asset_id)
    asset = load_asset(session, actor, asset_id)

    def submit(command: recognition.ConfirmRecognised) -> Response:
        check_version(recognition.held_version(session, actor, asset_id))
        recognition.confirm_recognised_value(session, actor, asset_id, command)
        tell("ok", gettext("The recognised value is confirmed."))
        return redirect(f"/assets/{asset_id}", 303)  # type: ignore[return-value]

    return form_page(
        ConfirmRecognisedSchema(),
        title=gettext("Confirm the recognised value"),
        subtitle=f"{asset.number} · {words(Name(zh=asset.title, en=asset.title_en))}",
        submit=submit,
        back=f"/assets/{asset_id}",
        version=view.version,
        template="collateral/recognise.html",
        chain=view,
    )


@values.route("/loans/<uuid:loan_id>/pledges/new", methods=["GET", "POST"])
@access(Permission.SIGN_CONTRACT)
def add_pledge(loan_id: UUID) -> Response | str | tuple[str, int]:
    """Take one more asset for a loan."""
    session, actor = current_session(), current_actor()
    loan = load_loan(session, actor, loan_id)

    def submit(command: pledging.PledgeLine) -> Response:
        view = pledging.add_collateral(session, actor, loan_id, command)
        tell("ok", gettext("The asset is taken as security. Register it where it belongs."))
        return redirect(f"/pledges/{view.id}", 303)  # type: ignore[return-value]

    return form_page(
        PledgeLineSchema(),
        title=gettext("Add security"),
        subtitle=f"{loan.number} · {words(loan_title(loan.title))}",
        submit=submit,
        back=f"/loans/{loan_id}",
        choices={"asset_id": assets_to_pledge(session, actor, loan)},
    )


BLUEPRINTS = (pledges, margin_calls, values, stress)

events.PLEDGE_EVENTS.register_pages(pledges)
events.CALL_EVENTS.register_pages(margin_calls)
