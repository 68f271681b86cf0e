"""Sign-in and sign-out."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
)
from sqlmodel import Session, col

from app.audit.services import record
from app.identity import sessions
from app.identity.calling import COOKIE
from app.identity.models import Membership, Organisation, Person
from app.identity.passwords import password_matches
from app.kernel.actor import Name
from app.kernel.errors import Refusal
from app.web.access import access, current_actor, current_session, public
from app.web.dispatch import database
from app.web.problems import problem_of, status_of
from app.web.shell import local_target, words

blueprint = Blueprint("identity", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """An organisation that a person may act for."""

    organisation_id: UUID
    name: Name


@blueprint.get("/sign-in")
@public
def sign_in_form() -> Response | str:
    """The sign-in page."""
    if g.actor is not None:
        return redirect(local_target(request.args.get("next"), "/"), 303)  # type: ignore[return-value]
    return render_template(
        "identity/sign_in.html", problem=None, login="", desks=[], next=request.args.get("next", "")
    )


@blueprint.post("/sign-in")
@public
def sign_in() -> Response | tuple[str, int]:
    """Check login and password; a person of several organisations then chooses one."""
    login, address = request.form.get("login", "").strip().lower()[:60], request.remote_addr or "-"
    try:
        person, desks = _authenticate(login, request.form.get("password", ""), address)
    except Refusal as refusal:
        page = render_template(
            "identity/sign_in.html",
            problem=problem_of(refusal),
            login=login,
            desks=[],
            next=request.form.get("next", ""),
        )
        return page, status_of(refusal)
    chosen = _chosen(desks, request.form.get("organisation", ""))
    if chosen is None:
        shown = [(str(desk.organisation_id), words(desk.name)) for desk in desks]
        page = render_template(
            "identity/sign_in.html",
            problem=None,
            login=login,
            desks=shown,
            next=request.form.get("next", ""),
        )
        return page, 200
    return _enter(person, chosen, login, address)


@blueprint.post("/sign-out")
@access()
def sign_out() -> Response:
    """End the session; its cookie is dead at once."""
    actor, session = current_actor(), current_session()
    sessions.end_session(session, request.cookies.get(COOKIE, ""))
    record(session, actor, "session.end", subject_kind="person", subject_id=actor.person_id)
    response = make_response(redirect("/sign-in", 303))
    response.delete_cookie(COOKIE)
    return response


def _authenticate(login: str, password: str, address: str) -> tuple[Person, list[Desk]]:
    """The person and the organisations to act for; hashing happens outside any write transaction."""
    with database().read() as session:
        sessions.require_attempts_left(session, login, address)
        person = session.execute(
            sa.select(Person).where(col(Person.login) == login)
        ).scalar_one_or_none()
        desks = _desks(session, person)
    right = password_matches(person.password_hash if person else None, password)
    if person is None or not right or person.disabled_at is not None or not desks:
        with database().write() as session:
            sessions.note_failure(session, login, address)
        raise sessions.SignInFailed
    return person, desks


def _desks(session: Session, person: Person | None) -> list[Desk]:
    if person is None:
        return []
    statement = (
        sa.select(Organisation)
        .join(Membership, col(Membership.organisation_id) == col(Organisation.id))
        .where(col(Membership.person_id) == person.id)
        .order_by(col(Organisation.code))
        .distinct()
    )
    rows = session.execute(statement).scalars()
    return [Desk(organisation_id=row.id, name=Name(zh=row.name_zh, en=row.name_en)) for row in rows]


def _chosen(desks: list[Desk], wanted: str) -> Desk | None:
    if len(desks) == 1:
        return desks[0]
    return next((desk for desk in desks if str(desk.organisation_id) == wanted), None)


def _enter(person: Person, desk: Desk, login: str, address: str) -> Response:
    session = current_session()
    actor = sessions.actor_for(session, person.id, desk.organisation_id)
    if actor is None:
        raise sessions.SignInFailed
    sessions.forget_failures(session, login, address)
    secret = sessions.open_session(session, person.id, desk.organisation_id)
    record(
        session, actor, "session.open", subject_kind="person", subject_id=person.id, address=address
    )
    response = make_response(redirect(local_target(request.form.get("next"), "/"), 303))
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    response.set_cookie(COOKIE, secret, httponly=True, samesite="Lax", secure=secure)
    return response
