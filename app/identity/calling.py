"""How a request becomes an actor: cookie of a browser session, or bearer token."""

from datetime import timedelta
from typing import Final

from flask import current_app, g, request
from sqlmodel import Session

from app.identity import sessions
from app.kernel.actor import Actor
from app.web.dispatch import database

COOKIE: Final = "greenpledge_session"


def find_actor(session: Session) -> Actor | None:
    """The actor of the current request; None when nobody is signed in."""
    header = request.headers.get("Authorization")
    if header is not None:
        g.bearer = True
        scheme, _, secret = header.partition(" ")
        return sessions.actor_by_token(
            session, secret.strip() if scheme.lower() == "bearer" else ""
        )
    secret = request.cookies.get(COOKIE, "")
    return _by_cookie(session, secret) if secret else None


def _by_cookie(session: Session, secret: str) -> Actor | None:
    settings = current_app.extensions["settings"]
    idle = timedelta(minutes=settings.session_idle_minutes)
    found = sessions.actor_by_session(
        session, secret, idle=idle, longest=timedelta(hours=settings.session_hours)
    )
    if found is None:
        return None
    actor, renew = found
    g.session_mark = sessions.secret_sha256(secret)
    if renew:
        session.rollback()
        with database().write() as writing:
            sessions.touch_session(writing, secret)
    return actor
