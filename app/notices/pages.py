"""The page behind the bell: messages to the own organisation."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, g, redirect, render_template

from app.notices import queries, services
from app.notices.models import Notice
from app.web.access import access, current_actor, current_session
from app.web.csrf import page_token
from app.web.paging import fetch_page, page_request
from app.web.problems import fill
from app.web.shell import local_target

blueprint = Blueprint("notices_pages", __name__, url_prefix="/notices")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A notice in the reader's language."""

    id: UUID
    text: str
    href: str
    created_at: datetime
    read: bool


@blueprint.app_context_processor
def bell() -> dict[str, int]:
    """Unread messages, for the bell of every page; none where a problem page has no session."""
    actor, session = g.get("actor"), g.get("session")
    return {"notice_count": queries.unread_count(session, actor) if actor and session else 0}


@blueprint.get("")
@access()
def notice_list() -> str:
    """Messages, the newest first."""
    page = fetch_page(current_session(), queries.visible_notices(current_actor()), page_request())
    return render_template(
        "notices/list.html",
        page=page,
        messages_shown=[_message(row) for row in page.items],
        csrf_token=page_token(),
    )


def _message(row: Notice) -> Message:
    text = fill(row.template, row.facts)
    return Message(
        id=row.id,
        text=text,
        href=row.href,
        created_at=row.created_at,
        read=row.read_at is not None,
    )


@blueprint.post("/<uuid:notice_id>/read")
@access()
def read_notice(notice_id: UUID) -> Response:
    """Mark a message as read and go to what it is about."""
    row = services.mark_read(current_session(), current_actor(), notice_id)
    return redirect(local_target(row.href, "/notices"), 303)  # type: ignore[return-value]
