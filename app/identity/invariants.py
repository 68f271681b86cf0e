"""What `verify` asks of identity: known roles that fit, no conflicting pair, sound ceilings and tokens."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.models import AuditEvent
from app.db.engine import today
from app.db.invariants import Violation
from app.identity import domain
from app.identity.models import (
    ApiToken,
    AuthorityLimit,
    LoginSession,
    Membership,
    Organisation,
    Person,
)
from app.kernel.permissions import Permission


def violations(session: Session) -> Iterator[Violation]:
    """Everything that no longer holds of people, roles, ceilings, sessions and tokens."""
    yield from _roles(session)
    yield from _conflicting_pairs(session)
    yield from _ceilings(session)
    yield from _ended_access(session)
    yield from _scopes(session)


def _roles(session: Session) -> Iterator[Violation]:
    statement = (
        sa.select(Person, Organisation, Membership)
        .join(Membership, col(Membership.person_id) == col(Person.id))
        .join(Organisation, col(Organisation.id) == col(Membership.organisation_id))
    )
    known = domain.roles()
    for person, organisation, membership in session.execute(statement):
        role = known.get(membership.role)
        if role is None:
            yield _of(person, "role-known", f"the role {membership.role} does not exist")
        elif organisation.kind not in role.kinds:
            detail = f"the role {role.id} does not exist in a {organisation.kind.value}"
            yield _of(person, "role-fits", detail)


def _conflicting_pairs(session: Session) -> Iterator[Violation]:
    """Two roles that exclude each other, held on the same day in one organisation."""
    day = today(session)
    statement = (
        sa.select(Person, Membership)
        .join(Membership, col(Membership.person_id) == col(Person.id))
        .where(sa.or_(col(Membership.valid_until).is_(None), col(Membership.valid_until) >= day))
        .order_by(col(Person.login), col(Membership.role))
    )
    held: dict[Any, tuple[Person, set[str]]] = {}
    for person, membership in session.execute(statement):
        key = (person.id, membership.organisation_id)
        held.setdefault(key, (person, set()))[1].add(membership.role)
    excluded = set(domain.conflicts())
    for person, found in held.values():
        for pair in combinations(sorted(found), 2):
            if frozenset(pair) in excluded:
                yield _of(person, "roles-exclude", f"holds {pair[0]} and {pair[1]}")


def _ceilings(session: Session) -> Iterator[Violation]:
    statement = (
        sa.select(Person, AuthorityLimit)
        .join(Membership, col(Membership.person_id) == col(Person.id))
        .join(AuthorityLimit, col(AuthorityLimit.membership_id) == col(Membership.id))
    )
    granted = _granted(session)
    for person, limit in session.execute(statement):
        facts = granted.get(str(limit.id))
        given = (limit.ceiling_fen, limit.product)
        if facts is not None and given != (facts["ceiling_fen"], facts["product"]):
            detail = f"a ceiling of {limit.ceiling_fen} fen, {facts['ceiling_fen']} were granted"
            yield _of(person, "ceiling-as-granted", detail)
        if limit.ceiling_fen <= 0:
            yield _of(person, "ceiling-positive", f"a ceiling of {limit.ceiling_fen} fen")
        if limit.valid_until is not None and limit.valid_until < limit.valid_from:
            yield _of(person, "ceiling-term", f"ends on {limit.valid_until}, before it begins")


def _granted(session: Session) -> dict[str, dict[str, Any]]:
    """What the journal kept of each ceiling."""
    statement = sa.select(col(AuditEvent.facts)).where(col(AuditEvent.action) == "authority.grant")
    found = session.execute(statement).scalars()
    return {facts["limit"]: facts for facts in found if "limit" in facts}


def _ended_access(session: Session) -> Iterator[Violation]:
    """A disabled person has no live session and no valid token."""
    for table, end in ((LoginSession, "ended_at"), (ApiToken, "revoked_at")):
        statement = (
            sa.select(Person)
            .join(table, col(table.person_id) == col(Person.id))
            .where(col(Person.disabled_at).is_not(None), col(getattr(table, end)).is_(None))
            .distinct()
        )
        for person in session.execute(statement).scalars():
            yield _of(person, "access-ended", f"is disabled but has a live {table.__tablename__}")


def _scopes(session: Session) -> Iterator[Violation]:
    known = {"*", *(permission.value for permission in Permission)}
    statement = sa.select(Person, ApiToken).join(
        ApiToken, col(ApiToken.person_id) == col(Person.id)
    )
    for person, token in session.execute(statement):
        for scope in token.scopes:
            if scope not in known:
                yield _of(person, "scope-known", f"the token {token.title} has the scope {scope}")
        if token.expires_at <= token.created_at:
            yield _of(person, "token-term", f"the token {token.title} expires before it begins")


def _of(person: Person, invariant: str, detail: str) -> Violation:
    return Violation(invariant=invariant, subject=f"person {person.login}", detail=detail)
