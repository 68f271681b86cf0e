"""The page of the audit journal."""

from urllib.parse import urlencode

from flask import Blueprint, render_template, request

from app.audit import queries
from app.audit.schemas import EventQuery
from app.desk.journal import (
    action_choices,
    actions_meant,
    event_lines,
    kind_choices,
    subject_of,
)
from app.kernel.permissions import Permission
from app.web.access import access, current_actor, current_session
from app.web.reading import load_schema

blueprint = Blueprint("audit_pages", __name__, url_prefix="/audit")

FILTERS = ("action", "subject_kind", "subject_id", "first_on", "last_on")


@blueprint.get("")
@access(Permission.READ_AUDIT)
def events() -> str:
    """The journal, newest first."""
    session, actor = current_session(), current_actor()
    asked = {name: request.args[name] for name in (*FILTERS, "cursor") if request.args.get(name)}
    cursor = asked.pop("cursor", "")
    sent = {**asked, "cursor": int(cursor)} if cursor.isdecimal() and len(cursor) < 16 else asked
    if "subject_id" in asked:
        sent = {**sent, "subject_id": subject_of(session, asked["subject_id"])}
    wanted = actions_meant(load_schema(EventQuery(), sent))
    page = queries.list_events(session, actor, wanted)
    older = urlencode({**asked, "cursor": page.next_cursor}) if page.next_cursor else ""
    return render_template(
        "audit/events.html",
        lines=event_lines(session, actor, page.items),
        actions=action_choices(asked.get("action", "")),
        kinds=kind_choices(),
        asked=asked,
        older=older,
    )
