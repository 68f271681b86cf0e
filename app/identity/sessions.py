"""Who is calling: browser sessions kept on the server, bearer tokens, and the throttling of sign-ins."""

import hashlib
import secrets
from datetime import timedelta
from functools import cache
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.db.engine import now, today
from app.db.numbers import insert_ignoring
from app.identity.domain import OrganisationKind, permissions_of, roles, sight_of
from app.identity.models import (
    ApiToken,
    LoginAttempts,
    LoginSession,
    Membership,
    Organisation,
    Person,
)
from app.kernel.actor import Actor, Name
from app.kernel.errors import TooManyRequests, Unauthenticated
from app.kernel.text import N_

ATTEMPT_WINDOW: Final = timedelta(minutes=15)
"""Long enough to stop guessing, short enough to wait for."""

FAILURES_PER_ACCOUNT_AND_ADDRESS: Final = 5
"""A person mistypes a few times."""

FAILURES_PER_ACCOUNT: Final = 50
"""High, so that a stranger cannot lock a colleague out from elsewhere."""
FAILURES_PER_ADDRESS: Final = 100
"""An office of many people shares one address."""

SEEN_EVERY: Final = timedelta(minutes=1)
"""The last-seen time is renewed at most this often, so that reading seldom writes."""


class SignInFailed(Unauthenticated):
    """Login or password is wrong; which of the two is not said."""

    code = "sign-in-failed"
    title = N_("Sign-in failed")
    detail = N_("Login or password is not right. Check both and try again.")


def secret_sha256(secret: str) -> str:
    """The digest under which a session or token is stored."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def actor_for(
    session: Session, person_id: UUID, organisation_id: UUID, scopes: list[str] | None = None
) -> Actor | None:
    """The actor of a person for an organisation today; None when disabled or without a role there."""
    asked = {"person": person_id, "organisation": organisation_id, "day": today(session)}
    found = session.execute(_memberships_asked(), asked).all()
    if not found:
        return None
    return _actor(found[0][0], found[0][1], [row[2] for row in found], scopes)


@cache
def _memberships_asked() -> sa.Select[Person, Organisation, Membership]:
    """Asked by every request: made once."""
    day = sa.bindparam("day", type_=sa.Date)
    return (
        sa.select(Person, Organisation, Membership)
        .join(Membership, col(Membership.person_id) == col(Person.id))
        .join(Organisation, col(Organisation.id) == col(Membership.organisation_id))
        .where(
            col(Person.id) == sa.bindparam("person", type_=sa.Uuid),
            col(Organisation.id) == sa.bindparam("organisation", type_=sa.Uuid),
            col(Person.disabled_at).is_(None),
            col(Membership.valid_from) <= day,
            sa.or_(col(Membership.valid_until).is_(None), col(Membership.valid_until) >= day),
        )
    )


def _actor(
    person: Person,
    organisation: Organisation,
    memberships: list[Membership],
    scopes: list[str] | None,
) -> Actor:
    held = frozenset(membership.role for membership in memberships)
    granted = permissions = permissions_of(held)
    if scopes is not None and "*" not in scopes:
        # A scope of an older version, whose permission no longer exists, opens nothing.
        permissions = frozenset(each for each in permissions if each.value in scopes)
    titles = [roles()[role].title for role in sorted(held)]
    return Actor(
        person_id=person.id,
        membership_id=memberships[0].id,
        organisation_id=organisation.id,
        organisation_kind=organisation.kind.value,
        region_code=organisation.region_code,
        roles=held,
        permissions=permissions,
        withheld=granted - permissions,
        sight=sight_of(OrganisationKind(organisation.kind)),
        login=person.login,
        display_name=Name(zh=person.name_zh, en=person.name_en or person.login),
        organisation_name=Name(zh=organisation.name_zh, en=organisation.name_en),
        role_title=Name(zh="、".join(t.zh for t in titles), en=", ".join(t.en for t in titles)),
    )


def actor_by_session(
    session: Session, secret: str, *, idle: timedelta, longest: timedelta
) -> tuple[Actor, bool] | None:
    """The actor of a live browser session, and whether its last-seen time should be renewed."""
    row = session.get(LoginSession, secret_sha256(secret))
    instant = now(session)
    if (
        row is None
        or row.ended_at is not None
        or row.seen_at + idle < instant
        or row.created_at + longest < instant
    ):
        return None
    actor = actor_for(session, row.person_id, row.organisation_id)
    return None if actor is None else (actor, row.seen_at + SEEN_EVERY < instant)


def actor_by_token(session: Session, secret: str) -> Actor:
    """The actor of a bearer token; `Unauthenticated` when unknown, revoked or expired."""
    row = session.execute(_token_asked(), {"digest": secret_sha256(secret)}).scalar_one_or_none()
    if row is None or row.revoked_at is not None or row.expires_at < now(session):
        raise Unauthenticated
    actor = actor_for(session, row.person_id, row.organisation_id, list(row.scopes))
    if actor is None:
        raise Unauthenticated
    return actor


@cache
def _token_asked() -> sa.Select[ApiToken]:
    return sa.select(ApiToken).where(col(ApiToken.token_sha256) == sa.bindparam("digest"))


def open_session(session: Session, person_id: UUID, organisation_id: UUID) -> str:
    """A new browser session; gives the secret for the cookie."""
    secret = secrets.token_urlsafe(32)
    instant = now(session)
    session.add(
        LoginSession(
            token_sha256=secret_sha256(secret),
            person_id=person_id,
            organisation_id=organisation_id,
            created_at=instant,
            seen_at=instant,
        )
    )
    return secret


def end_session(session: Session, secret: str) -> None:
    """End a browser session; its cookie is dead at once."""
    row = session.get(LoginSession, secret_sha256(secret))
    if row is not None and row.ended_at is None:
        row.ended_at = now(session)
        session.add(row)


def end_all_sessions(session: Session, person_id: UUID) -> None:
    """End every browser session of a person (password changed, disabled)."""
    statement = (
        sa.update(LoginSession)
        .where(col(LoginSession.person_id) == person_id, col(LoginSession.ended_at).is_(None))
        .values(ended_at=now(session))
        .execution_options(synchronize_session=False)
    )
    session.execute(statement)


def touch_session(session: Session, secret: str) -> None:
    """Renew the last-seen time."""
    statement = (
        sa.update(LoginSession)
        .where(col(LoginSession.token_sha256) == secret_sha256(secret))
        .values(seen_at=now(session))
        .execution_options(synchronize_session=False)
    )
    session.execute(statement)


def _limits(login: str, address: str) -> list[tuple[str, int]]:
    account = login.strip().lower()[:60]
    return [
        (f"both:{account}@{address}"[:200], FAILURES_PER_ACCOUNT_AND_ADDRESS),
        (f"account:{account}"[:200], FAILURES_PER_ACCOUNT),
        (f"address:{address}"[:200], FAILURES_PER_ADDRESS),
    ]


def require_attempts_left(session: Session, login: str, address: str) -> None:
    """Refuse with `TooManyRequests` while an account or address has failed too often."""
    instant = now(session)
    for key, limit in _limits(login, address):
        row = session.get(LoginAttempts, key)
        if row is not None and row.failures >= limit and row.since + ATTEMPT_WINDOW > instant:
            raise TooManyRequests(retry_after=_seconds(row.since + ATTEMPT_WINDOW - instant))


def note_failure(session: Session, login: str, address: str) -> None:
    """Count a failed sign-in for the account, the address and both."""
    instant = now(session)
    for key, _limit in _limits(login, address):
        # Guesses that come at once meet at the row, whoever of them makes it.
        first = {"key": key, "since": instant, "failures": 0}
        insert_ignoring(session, LoginAttempts.__table__, first)  # type: ignore[attr-defined]
        row = session.get_one(LoginAttempts, key, with_for_update=True)
        if row.since + ATTEMPT_WINDOW < instant:
            row.since, row.failures = instant, 0
        row.failures += 1
        session.add(row)


def forget_failures(session: Session, login: str, address: str) -> None:
    """After a successful sign-in: the pair of account and address starts anew."""
    row = session.get(LoginAttempts, _limits(login, address)[0][0])
    if row is not None:
        session.delete(row)


def _seconds(span: timedelta) -> int:
    return max(int(span.total_seconds()), 1)
