"""Signing in: who it is, and for which organisation they act."""

from uuid import UUID

from sqlmodel import Session

from app.audit.services import record
from app.db.engine import Database, today
from app.identity import queries, sessions
from app.identity.models import Person
from app.identity.passwords import password_matches
from app.identity.queries import OrganisationView
from app.kernel.actor import Actor


def authenticate(
    database: Database, *, login: str, password: str, address: str
) -> tuple[Person, list[OrganisationView]]:
    """The person and the organisations to act for; hashing happens outside any write transaction.

    Unknown login, wrong password, disabled person and no organisation are one refusal.
    """
    with database.read() as reading:
        sessions.require_attempts_left(reading, login, address)
        person = queries.find_person_by_login(reading, login)
        desks = queries.desks_of(reading, person.id, today(reading)) if person else []
    right = password_matches(person.password_hash if person else None, password)
    if person is None or not right or person.disabled_at is not None or not desks:
        with database.write() as writing:
            sessions.note_failure(writing, login, address)
        raise sessions.SignInFailed
    return person, desks


def chosen_desk(desks: list[OrganisationView], wanted: str) -> OrganisationView | None:
    """The only organisation, or the one that was chosen; None when a choice is still to be made."""
    if len(desks) == 1:
        return desks[0]
    return next((desk for desk in desks if str(desk.id) == wanted), None)


def leave(session: Session, actor: Actor, secret: str) -> None:
    """End a browser session; its cookie is dead at once."""
    sessions.end_session(session, secret)
    record(session, actor, "session.end", subject_kind="person", subject_id=actor.person_id)


def enter(
    session: Session, person_id: UUID, organisation_id: UUID, *, login: str, address: str
) -> str:
    """Open a browser session; gives the secret for its cookie."""
    actor = sessions.actor_for(session, person_id, organisation_id)
    if actor is None:
        raise sessions.SignInFailed
    sessions.forget_failures(session, login, address)
    secret = sessions.open_session(session, person_id, organisation_id)
    record(
        session,
        actor,
        "session.open",
        subject_kind="person",
        subject_id=person_id,
        address=address,
    )
    return secret
