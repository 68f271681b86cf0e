"""Page tokens: every form carries one bound to its session; a token of an API client needs none."""

import hashlib
import hmac
from typing import Final

from flask import Response, current_app, g, request

from app.kernel.actor import Actor
from app.kernel.errors import Forbidden
from app.kernel.ids import new_id
from app.kernel.text import N_

VISITOR_COOKIE: Final = "greenpledge_visitor"
SAME_SITE: Final = frozenset({"same-origin", "none"})


class PageTokenWrong(Forbidden):
    """The form's token is missing or of another session."""

    code = "page-token-wrong"
    title = N_("The page is out of date")
    detail = N_("Load the page again and repeat. Your session may have ended in between.")


def page_token() -> str:
    """The token for forms of this session; makes a visitor mark where nobody is signed in."""
    return _token(_subject())


def require(actor: Actor | None) -> None:
    """Refuse a browser's write without the right token. Bearer tokens are exempt: no cookie is involved."""
    if g.get("bearer", False) or (actor is None and request.path.startswith("/api/")):
        return
    sent = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
    fetch_site = request.headers.get("Sec-Fetch-Site", "none")
    if fetch_site not in SAME_SITE or not hmac.compare_digest(
        sent.encode(), _token(_subject()).encode()
    ):
        raise PageTokenWrong


def keep_visitor(response: Response) -> Response:
    """After each request: set the visitor's mark when one was made."""
    mark = g.get("new_visitor")
    if mark:
        secure = current_app.config["SESSION_COOKIE_SECURE"]
        response.set_cookie(
            VISITOR_COOKIE, mark, httponly=True, samesite="Lax", secure=secure, max_age=86_400
        )
    return response


def _subject() -> str:
    session_mark: str | None = g.get("session_mark")
    if session_mark:
        return session_mark
    mark = request.cookies.get(VISITOR_COOKIE) or g.get("new_visitor")
    if not mark:
        mark = new_id().hex
        g.new_visitor = mark
    return "visitor:" + mark[:64]


def _token(subject: str) -> str:
    key = current_app.config["SECRET_KEY"].encode()
    return hmac.new(
        key, b"page-token:" + subject.encode("utf-8", "replace"), hashlib.sha256
    ).hexdigest()
