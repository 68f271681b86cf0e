"""Use cases of identity: organisations, people, roles, passwords, tokens, authority."""

import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.services import record
from app.db.engine import Database, database_of, now, today
from app.identity import domain, queries, sessions
from app.identity.models import ApiToken, AuthorityLimit, Membership, Organisation, Person
from app.identity.passwords import MAX_LENGTH, MIN_LENGTH, hash_password, password_matches
from app.kernel.actor import Actor
from app.kernel.errors import InvalidInput, NotFound, RuleViolation
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.reference.services import require_region

MAX_TOKEN_DAYS: Final = 366
"""A token is renewed at least yearly, with the review of roles."""


class RoleConflict(RuleViolation):
    """Two roles that one person may not hold together."""

    code = "role-conflict"
    title = N_("These roles exclude each other")
    detail = N_(
        "One person may not hold “%(held)s” and “%(wanted)s” in one organisation: "
        "the maker of a step never approves it."
    )


class RoleNotForKind(RuleViolation):
    """A role that this kind of organisation does not have."""

    code = "role-not-for-kind"
    title = N_("This role does not exist in such an organisation")
    detail = N_("Choose a role of this kind of organisation: %(roles)s.")


class OwnRoles(RuleViolation):
    """Nobody administers themselves."""

    code = "own-roles"
    title = N_("Not for yourself")
    detail = N_("Your own roles and access are kept by another administrator. Ask a colleague.")


class RoleHeldAlready(RuleViolation):
    """The person holds the role."""

    code = "role-held-already"
    title = N_("This role is held already")
    detail = N_("The person holds the role “%(role)s” in this organisation.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddOrganisation:
    """A new organisation; `code` is its short name in files."""

    kind: domain.OrganisationKind
    code: str
    name_zh: str
    region_code: str
    name_en: str = ""
    uscc: str | None = None
    note: str = ""
    synthetic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPerson:
    """A person with a first role in an organisation."""

    login: str
    name_zh: str
    password: str
    organisation_id: UUID
    role: str
    name_en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRole:
    """One more role of a person, in the actor's own organisation unless another is named."""

    role: str
    organisation_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DisablePerson:
    """Why a person's access ends."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnablePerson:
    """Why a person comes back."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePassword:
    """The password that was, and the one that shall be."""

    current_password: str
    new_password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantAuthority:
    """What a member may approve: product code or `*`, ceiling in fen, from a day on; today without one.

    Without an organisation it is the actor's own.
    """

    ceiling_fen: int
    basis: str
    product: str = "*"
    organisation_id: UUID | None = None
    valid_from: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueToken:
    """A token for a program; scopes are permission codes, `*` for all of the person's own."""

    title: str
    days: int = 90
    scopes: tuple[str, ...] = ("*",)


def add_organisation(session: Session, actor: Actor, command: AddOrganisation) -> Organisation:
    """Add an organisation; refuses a code or registration code that exists and a region that does not."""
    actor.require(Permission.MANAGE_ORGANISATIONS)
    require_region(session, command.region_code)
    if _taken(session, Organisation.code, command.code):
        raise InvalidInput.at("/code", N_("This code is taken."))
    if command.uscc and _taken(session, Organisation.uscc, command.uscc):
        raise InvalidInput.at("/uscc", N_("Another organisation has this code."))
    row = Organisation(
        **{name: getattr(command, name) for name in command.__dataclass_fields__},
        created_at=now(session),
    )
    session.add(row)
    session.flush()
    record(
        session,
        actor,
        "organisation.add",
        subject_kind="organisation",
        subject_id=row.id,
        code=row.code,
        kind=row.kind,
    )
    return row


def _taken(session: Session, column: object, value: str) -> bool:
    return session.execute(sa.select(col(column)).where(col(column) == value)).first() is not None


def add_person(session: Session, actor: Actor, command: AddPerson) -> Person:
    """Add a person with a first role; the password is hashed before the first statement takes a lock."""
    actor.require(Permission.MANAGE_PEOPLE)
    _require_password(command.password, "/password")
    password_hash = hash_password(command.password)
    organisation = _manageable(session, actor, command.organisation_id)
    login = command.login.strip().lower()
    if _taken(session, Person.login, login):
        raise InvalidInput.at("/login", N_("This login is taken."))
    person = Person(
        login=login,
        name_zh=command.name_zh,
        name_en=command.name_en,
        password_hash=password_hash,
        created_at=now(session),
    )
    session.add(person)
    session.flush()
    record(session, actor, "person.add", subject_kind="person", subject_id=person.id, login=login)
    _grant(session, actor, person_id=person.id, organisation=organisation, role=command.role)
    return person


def grant_role(
    session: Session, actor: Actor, command: GrantRole, *, person_id: UUID
) -> Membership:
    """Give a person a role; refuses conflicting pairs and roles that the organisation's kind lacks.

    Nobody gives a role to themselves.
    """
    actor.require(Permission.MANAGE_PEOPLE)
    organisation = _manageable(session, actor, command.organisation_id or actor.organisation_id)
    person = _other_person(session, actor, person_id)
    return _grant(session, actor, person_id=person.id, organisation=organisation, role=command.role)


def _grant(
    session: Session, actor: Actor, *, person_id: UUID, organisation: Organisation, role: str
) -> Membership:
    _require_role_fits(organisation, role)
    held = set(session.execute(_roles_of(person_id, organisation.id)).scalars())
    if role in held:
        raise RoleHeldAlready(role=role)
    for pair in domain.conflicts():
        if role in pair and held & (pair - {role}):
            raise RoleConflict(held=next(iter(held & pair)), wanted=role)
    membership = Membership(
        person_id=person_id, organisation_id=organisation.id, role=role, valid_from=today(session)
    )
    session.add(membership)
    session.flush()
    record(
        session,
        actor,
        "role.grant",
        subject_kind="person",
        subject_id=person_id,
        role=role,
        organisation=organisation.id,
    )
    return membership


def disable_person(
    session: Session, actor: Actor, person_id: UUID, command: DisablePerson
) -> queries.PersonView:
    """End a person's access: sessions end, tokens are revoked, sign-in is refused."""
    actor.require(Permission.MANAGE_PEOPLE)
    person = _other_person(session, actor, person_id)
    person.disabled_at = now(session)
    session.add(person)
    sessions.end_all_sessions(session, person.id)
    _revoke_all_tokens(session, person.id)
    record(
        session,
        actor,
        "person.disable",
        subject_kind="person",
        subject_id=person.id,
        reason=command.reason,
    )
    session.flush()
    return queries.get_person(session, actor, person.id)


def enable_person(
    session: Session, actor: Actor, person_id: UUID, command: EnablePerson
) -> queries.PersonView:
    """Let a disabled person sign in again; tokens stay revoked."""
    actor.require(Permission.MANAGE_PEOPLE)
    person = _other_person(session, actor, person_id)
    person.disabled_at = None
    session.add(person)
    record(
        session,
        actor,
        "person.enable",
        subject_kind="person",
        subject_id=person.id,
        reason=command.reason,
    )
    session.flush()
    return queries.get_person(session, actor, person.id)


def change_password(session: Session, actor: Actor, command: ChangePassword) -> str:
    """Change the actor's own password; all sessions end and a new one begins, whose secret is given.

    Hashing comes before the first statement of the unit of work, so that nobody waits for it.
    """
    _require_password(command.new_password, "/new_password")
    _require_current_password(database_of(session), actor, command.current_password)
    password_hash = hash_password(command.new_password)
    person = session.get_one(Person, actor.person_id, with_for_update=True)
    person.password_hash = password_hash
    session.add(person)
    sessions.end_all_sessions(session, person.id)
    record(session, actor, "password.change", subject_kind="person", subject_id=person.id)
    return sessions.open_session(session, person.id, actor.organisation_id)


def _require_current_password(database: Database, actor: Actor, password: str) -> None:
    """Refuse a wrong password; guesses are counted like those at sign-in."""
    with database.read() as reading:
        sessions.require_attempts_left(reading, actor.login, "password-change")
        person = reading.get_one(Person, actor.person_id)
    if password_matches(person.password_hash, password):
        return
    with database.write() as writing:
        sessions.note_failure(writing, actor.login, "password-change")
    raise InvalidInput.at("/current_password", N_("This is not your current password."))


def grant_authority(
    session: Session, actor: Actor, command: GrantAuthority, *, person_id: UUID
) -> AuthorityLimit:
    """Set what a member may approve from a day on; what was granted before for the product ends the day before.

    A second grant from the same day, today or later, replaces the first. Nobody gives an authority to themselves.
    """
    actor.require(Permission.MANAGE_PEOPLE)
    organisation = _manageable(session, actor, command.organisation_id or actor.organisation_id)
    person = _other_person(session, actor, person_id)
    since = command.valid_from or today(session)
    memberships = _memberships(session, person.id, organisation.id)
    _end_authority(session, memberships, command.product, since)
    row = AuthorityLimit(
        membership_id=memberships[0],
        product=command.product,
        ceiling_fen=command.ceiling_fen,
        valid_from=since,
        basis=command.basis,
    )
    session.add(row)
    record_authority(session, actor, person.id, row)
    return row


def _memberships(session: Session, person_id: UUID, organisation_id: UUID) -> list[UUID]:
    """The memberships of a person in an organisation, those that approve first."""
    approving = [
        role.id
        for role in domain.roles().values()
        if Permission.APPROVE_APPLICATION in role.permissions
    ]
    statement = (
        sa.select(col(Membership.id))
        .where(
            col(Membership.person_id) == person_id,
            col(Membership.organisation_id) == organisation_id,
        )
        .order_by(col(Membership.role).not_in(approving), col(Membership.id))
    )
    found = list(session.execute(statement).scalars())
    if not found:
        raise InvalidInput.at(
            "/organisation_id", N_("This person has no role there. Give a role first.")
        )
    return found


def _end_authority(session: Session, memberships: list[UUID], product: str, since: date) -> None:
    statement = sa.select(AuthorityLimit).where(
        col(AuthorityLimit.membership_id).in_(memberships),
        col(AuthorityLimit.product) == product,
        sa.or_(col(AuthorityLimit.valid_until).is_(None), col(AuthorityLimit.valid_until) >= since),
    )
    for row in session.execute(statement).scalars():
        if row.valid_from == since >= today(session):
            # A grant that has not yet held for a whole day is put right; the journal keeps both.
            session.delete(row)
            continue
        if row.valid_from >= since:
            raise InvalidInput.at(
                "/valid_from",
                N_("An authority from this day or a later one exists. Choose a later day."),
            )
        row.valid_until = since - timedelta(days=1)


def record_authority(session: Session, actor: Actor, person_id: UUID, row: AuthorityLimit) -> None:
    """Tell the journal what a member may approve; `verify` compares the row with it."""
    record(
        session,
        actor,
        "authority.grant",
        subject_kind="person",
        subject_id=person_id,
        limit=row.id,
        ceiling_fen=row.ceiling_fen,
        product=row.product,
    )


def authority_ceiling_fen(session: Session, actor: Actor, product: str, day: date) -> int:
    """The highest amount that the actor may approve for a product on a day, in fen; 0 when none is granted."""
    return ceiling_of_person_fen(session, actor.person_id, actor.organisation_id, product, day)


def ceiling_of_person_fen(
    session: Session, person_id: UUID, organisation_id: UUID, product: str, day: date
) -> int:
    """The same of a person of an organisation, also of one who is not acting now."""
    statement = (
        sa.select(sa.func.max(AuthorityLimit.ceiling_fen))
        .join(Membership, col(Membership.id) == col(AuthorityLimit.membership_id))
        .where(
            col(Membership.person_id) == person_id,
            col(Membership.organisation_id) == organisation_id,
            col(AuthorityLimit.product).in_((product, "*")),
            col(AuthorityLimit.valid_from) <= day,
            sa.or_(
                col(AuthorityLimit.valid_until).is_(None), col(AuthorityLimit.valid_until) >= day
            ),
        )
    )
    return session.execute(statement).scalar_one() or 0


def issue_token(session: Session, actor: Actor, command: IssueToken) -> tuple[ApiToken, str]:
    """A token for the actor's own person and organisation; the secret is given once and stored as a digest."""
    actor.require(Permission.MANAGE_OWN_TOKENS)
    unknown = [scope for scope in command.scopes if scope != "*" and scope not in actor.permissions]
    if unknown or not 1 <= command.days <= MAX_TOKEN_DAYS:
        raise InvalidInput.at(
            "/scopes" if unknown else "/days",
            N_("Choose scopes among your own permissions, and 1 to 366 days."),
        )
    secret = "gp_" + secrets.token_urlsafe(32)
    row = ApiToken(
        token_sha256=sessions.secret_sha256(secret),
        title=command.title,
        person_id=actor.person_id,
        organisation_id=actor.organisation_id,
        scopes=_scopes_within(actor, command.scopes),
        created_at=now(session),
        expires_at=now(session) + timedelta(days=command.days),
    )
    session.add(row)
    session.flush()
    record(
        session,
        actor,
        "token.issue",
        subject_kind="token",
        subject_id=row.id,
        title=command.title,
        days=command.days,
    )
    return row, secret


def _scopes_within(actor: Actor, scopes: tuple[str, ...]) -> list[str]:
    """`*` of an actor whose own token is narrow is no more than what that token may do."""
    whole = actor.roles <= domain.roles().keys() and domain.permissions_of(actor.roles)
    if "*" in scopes and whole and actor.permissions != whole:
        return sorted(permission.value for permission in actor.permissions)
    return list(scopes)


def revoke_token(session: Session, actor: Actor, token_id: UUID) -> None:
    """Revoke one of the actor's own tokens."""
    actor.require(Permission.MANAGE_OWN_TOKENS)
    row = session.get(ApiToken, token_id)
    if row is None or row.person_id != actor.person_id:
        raise NotFound
    row.revoked_at = row.revoked_at or now(session)
    session.add(row)
    record(session, actor, "token.revoke", subject_kind="token", subject_id=row.id)


def _manageable(session: Session, actor: Actor, organisation_id: UUID) -> Organisation:
    """The organisation when the actor may manage its people: the own one, or all for the platform."""
    everywhere = queries.sees_everyone(actor, "people")
    organisation = session.get(Organisation, organisation_id)
    if organisation is None or not (everywhere or organisation_id == actor.organisation_id):
        raise NotFound
    return organisation


def _require_role_fits(organisation: Organisation, role: str) -> None:
    fitting = [each.id for each in domain.roles().values() if organisation.kind in each.kinds]
    if role not in fitting:
        raise RoleNotForKind(role=role, roles=fitting)


def _other_person(session: Session, actor: Actor, person_id: UUID) -> Person:
    """A person whom the actor may know of, locked against parallel grants; nobody administers themselves."""
    statement = queries.visible_people(session, actor).where(col(Person.id) == person_id)
    person: Person | None = session.execute(statement.with_for_update()).scalar_one_or_none()
    if person is None:
        raise NotFound
    if person.id == actor.person_id:
        raise OwnRoles
    return person


def _revoke_all_tokens(session: Session, person_id: UUID) -> None:
    statement = (
        sa.update(ApiToken)
        .where(col(ApiToken.person_id) == person_id, col(ApiToken.revoked_at).is_(None))
        .values(revoked_at=now(session))
        .execution_options(synchronize_session=False)
    )
    session.execute(statement)


def _require_password(password: str, pointer: str) -> None:
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise InvalidInput.at(
            pointer,
            N_("Choose a password of %(low)s to %(high)s characters."),
            low=MIN_LENGTH,
            high=MAX_LENGTH,
        )


def _roles_of(person_id: UUID, organisation_id: UUID) -> sa.Select[str]:
    return sa.select(col(Membership.role)).where(
        col(Membership.person_id) == person_id, col(Membership.organisation_id) == organisation_id
    )
