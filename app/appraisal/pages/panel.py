"""The panel of agencies."""

from uuid import UUID

from flask import Blueprint, Response, redirect, render_template
from flask_babel import gettext
from sqlmodel import Session

from app.appraisal import queries, services
from app.appraisal.schemas import AddPanelMemberSchema, EndPanelMemberSchema
from app.kernel.permissions import Permission
from app.web.access import access, current_actor, current_session, tell
from app.web.forms import form_page
from app.web.paging import fetch_page, page_request
from app.web.shell import words

blueprint = Blueprint("panel_pages", __name__, url_prefix="/panel")

Answer = Response | str | tuple[str, int]


@blueprint.get("")
@access(Permission.READ_APPRAISALS)
def panel() -> str:
    """The places in sight."""
    session, actor = current_session(), current_actor()
    page = fetch_page(session, queries.list_panel(session, actor), page_request())
    return render_template(
        "appraisal/panel.html",
        page=page.holding(services.panel_views(session, list(page.items))),
        may_manage=actor.may(Permission.MANAGE_PANEL),
        own_id=actor.organisation_id,
        words=words,
    )


@blueprint.route("/new", methods=["GET", "POST"])
@access(Permission.MANAGE_PANEL)
def add_member() -> Answer:
    """Put an agency on the own bank's panel."""
    session = current_session()

    def submit(command: services.AddPanelMember) -> Response:
        services.add_panel_member(session, current_actor(), command)
        tell("ok", gettext("The agency is on the panel."))
        return redirect("/panel", 303)  # type: ignore[return-value]

    return form_page(
        AddPanelMemberSchema(),
        title=gettext("Add an agency"),
        back="/panel",
        choices={"agency_id": _agencies(session)},
        submit=submit,
    )


def _agencies(session: Session) -> list[tuple[str, str]]:
    return [(str(key), words(name)) for key, name in queries.appraisal_agencies(session).items()]


@blueprint.route("/<uuid:member_id>/end", methods=["GET", "POST"])
@access(Permission.MANAGE_PANEL)
def end_member(member_id: UUID) -> Answer:
    """Set the last day of an agency on the panel."""
    session, actor = current_session(), current_actor()
    view = services.get_panel_member(session, actor, member_id)

    def submit(command: services.EndPanelMember) -> Response:
        services.end_panel_member(session, actor, member_id, command)
        tell("ok", gettext("The place on the panel ends."))
        return redirect("/panel", 303)  # type: ignore[return-value]

    return form_page(
        EndPanelMemberSchema(),
        title=gettext("End the place on the panel"),
        subtitle=words(view.agency),
        back="/panel",
        tone="danger",
        submit=submit,
    )
