"""Who may see which people and organisations, and the views of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.db.engine import today
from app.identity import domain
from app.identity.models import ApiToken, AuthorityLimit, Membership, Organisation, Person
from app.kernel.actor import Actor, Name
from app.kernel.errors import NotFound
from app.web.paging import Page, PageRequest, fetch_page


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationView:
    """An organisation as programs and pages see it."""

    id: UUID
    code: str
    kind: domain.OrganisationKind
    name_zh: str
    name_en: str
    uscc: str | None
    region_code: str
    note: str
    synthetic: bool
    version: int
    created_at: datetime

    @property
    def name(self) -> Name:
        """The name in both languages."""
        return Name(zh=self.name_zh, en=self.name_en)


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryEntry:
    """What every signed-in caller may know of a body of the public directory."""

    id: UUID
    code: str
    kind: domain.OrganisationKind
    name_zh: str
    name_en: str
    region_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleHeld:
    """A role of a person in an organisation."""

    organisation_id: UUID
    organisation: Name
    role: str
    role_title: Name
    valid_from: date
    valid_until: date | None
    ceiling_fen: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityHeld:
    """What a person may approve in an organisation, now or from a day to come; `*` is every product."""

    organisation_id: UUID
    organisation: Name
    product: str
    ceiling_fen: int
    valid_from: date
    valid_until: date | None
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """A person with the roles that the reader may see."""

    id: UUID
    login: str
    name_zh: str
    name_en: str
    state: domain.PersonState
    events: tuple[str, ...]
    roles: tuple[RoleHeld, ...]
    authorities: tuple[AuthorityHeld, ...]
    version: int
    created_at: datetime

    @property
    def number(self) -> str:
        """People are known by their login."""
        return self.login

    @property
    def name(self) -> Name:
        """The name in both languages."""
        return Name(zh=self.name_zh, en=self.name_en)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenView:
    """A token without its secret."""

    id: UUID
    title: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


def sees_everyone(actor: Actor, thing: str) -> bool:
    """Whether the actor's sight of a thing has no border."""
    return "all" in {actor.sees(thing), actor.sees("*")}


def visible_organisations(session: Session, actor: Actor) -> sa.Select[Any]:  # noqa: ARG001 - as in every room
    """The organisations that the actor sees whole."""
    statement = sa.select(Organisation)
    if sees_everyone(actor, "organisation"):
        return statement
    if actor.sees("organisation") == "own":
        return statement.where(col(Organisation.id) == actor.organisation_id)
    return statement.where(sa.false())


def known_organisations(session: Session, actor: Actor) -> sa.Select[Any]:
    """What the actor sees whole, and the bodies of the public directory."""
    visible = visible_organisations(session, actor).whereclause
    statement = sa.select(Organisation)
    if visible is None or not sees_everyone(actor, "directory"):
        return visible_organisations(session, actor)
    return statement.where(
        sa.or_(visible, col(Organisation.kind).in_(sorted(domain.DIRECTORY_KINDS)))
    )


def visible_people(session: Session, actor: Actor) -> sa.Select[Any]:  # noqa: ARG001 - as in every room
    """The people that the actor may know of."""
    statement = sa.select(Person)
    if sees_everyone(actor, "people"):
        return statement
    if actor.sees("people") == "own":
        colleagues = sa.select(col(Membership.person_id)).where(
            col(Membership.organisation_id) == actor.organisation_id
        )
        return statement.where(col(Person.id).in_(colleagues))
    return statement.where(sa.false())


def get_organisation(
    session: Session, actor: Actor, organisation_id: UUID
) -> OrganisationView | DirectoryEntry:
    """One organisation as the actor may know it, or `NotFound`."""
    statement = known_organisations(session, actor).where(col(Organisation.id) == organisation_id)
    row = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise NotFound
    return _known_view(actor, row)


def _known_view(actor: Actor, row: Organisation) -> OrganisationView | DirectoryEntry:
    sight = actor.sees("organisation")
    own = sight == "own" and row.id == actor.organisation_id
    if own or sees_everyone(actor, "organisation"):
        return organisation_view(row)
    return DirectoryEntry(
        **{name: getattr(row, name) for name in DirectoryEntry.__dataclass_fields__}
    )


def list_known_organisations(
    session: Session, actor: Actor, wanted: PageRequest, *, kind: str = ""
) -> Page[OrganisationView | DirectoryEntry]:
    """A page of the organisations that the actor may know of, by code."""
    statement = known_organisations(session, actor).order_by(col(Organisation.code))
    if kind:
        statement = statement.where(col(Organisation.kind) == kind)
    page = fetch_page(session, statement, wanted)
    return page.holding([_known_view(actor, row) for row in page.items])


def list_organisations(
    session: Session, actor: Actor, wanted: PageRequest, *, kind: str = ""
) -> Page[OrganisationView]:
    """A page of organisations by code."""
    statement = visible_organisations(session, actor).order_by(col(Organisation.code))
    if kind:
        statement = statement.where(col(Organisation.kind) == kind)
    page = fetch_page(session, statement, wanted)
    return page.holding([organisation_view(row) for row in page.items])


def organisation_view(row: Organisation) -> OrganisationView:
    """The view of a row."""
    return OrganisationView(
        **{name: getattr(row, name) for name in OrganisationView.__dataclass_fields__}
    )


def get_person(session: Session, actor: Actor, person_id: UUID) -> PersonView:
    """One person, or `NotFound`."""
    statement = visible_people(session, actor).where(col(Person.id) == person_id)
    row = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise NotFound
    return person_views(session, actor, [row])[0]


def list_people(
    session: Session, actor: Actor, wanted: PageRequest, *, search: str = ""
) -> Page[PersonView]:
    """A page of people by login; `search` is a part of login or name."""
    statement = visible_people(session, actor).order_by(col(Person.login))
    if search:
        parts = [col(Person.login), col(Person.name_zh), col(Person.name_en)]
        statement = statement.where(
            sa.or_(*(part.icontains(search, autoescape=True) for part in parts))
        )
    page = fetch_page(session, statement, wanted)
    return page.holding(person_views(session, actor, page.items))


def person_views(session: Session, actor: Actor, rows: Sequence[Person]) -> list[PersonView]:
    """The views of some people, with roles and authorities in two more queries."""
    ids = [row.id for row in rows]
    held = _roles_by_person(session, actor, ids)
    granted = _authorities_by_person(session, actor, ids)
    return [_person_view(actor, row, held.get(row.id, ()), granted.get(row.id, ())) for row in rows]


def _person_view(
    actor: Actor,
    row: Person,
    held: tuple[RoleHeld, ...],
    granted: tuple[AuthorityHeld, ...],
) -> PersonView:
    state = domain.PersonState.DISABLED if row.disabled_at else domain.PersonState.ACTIVE
    return PersonView(
        id=row.id,
        login=row.login,
        name_zh=row.name_zh,
        name_en=row.name_en,
        state=state,
        events=tuple(event.value for event in domain.PERSON.events_for(state, actor)),
        roles=held,
        authorities=granted,
        version=row.version,
        created_at=row.created_at,
    )


def _roles_by_person(
    session: Session, actor: Actor, people: Sequence[UUID]
) -> dict[UUID, tuple[RoleHeld, ...]]:
    day = today(session)
    ended = col(AuthorityLimit.valid_until) < day
    ceiling = (
        sa.select(sa.func.max(col(AuthorityLimit.ceiling_fen)))
        .where(
            col(AuthorityLimit.membership_id) == col(Membership.id),
            col(AuthorityLimit.valid_from) <= day,
            sa.or_(col(AuthorityLimit.valid_until).is_(None), sa.not_(ended)),
        )
        .scalar_subquery()
    )
    statement = (
        sa.select(Membership, Organisation, ceiling)
        .join(Organisation, col(Organisation.id) == col(Membership.organisation_id))
        .where(col(Membership.person_id).in_(people))
        .order_by(col(Organisation.code), col(Membership.role))
    )
    if not sees_everyone(actor, "people"):
        statement = statement.where(col(Organisation.id) == actor.organisation_id)
    found: dict[UUID, tuple[RoleHeld, ...]] = {}
    for membership, organisation, ceiling_fen in session.execute(statement):
        held = _role_held(membership, organisation, ceiling_fen)
        found[membership.person_id] = (*found.get(membership.person_id, ()), held)
    return found


def _authorities_by_person(
    session: Session, actor: Actor, people: Sequence[UUID]
) -> dict[UUID, tuple[AuthorityHeld, ...]]:
    """Every ceiling that has not ended, those to come included."""
    statement = (
        sa.select(AuthorityLimit, Membership, Organisation)
        .join(Membership, col(Membership.id) == col(AuthorityLimit.membership_id))
        .join(Organisation, col(Organisation.id) == col(Membership.organisation_id))
        .where(
            col(Membership.person_id).in_(people),
            sa.or_(
                col(AuthorityLimit.valid_until).is_(None),
                col(AuthorityLimit.valid_until) >= today(session),
            ),
        )
        .order_by(
            col(Organisation.code), col(AuthorityLimit.product), col(AuthorityLimit.valid_from)
        )
    )
    if not sees_everyone(actor, "people"):
        statement = statement.where(col(Organisation.id) == actor.organisation_id)
    found: dict[UUID, tuple[AuthorityHeld, ...]] = {}
    for limit, membership, organisation in session.execute(statement):
        held = AuthorityHeld(
            organisation_id=organisation.id,
            organisation=Name(zh=organisation.name_zh, en=organisation.name_en),
            product=limit.product,
            ceiling_fen=limit.ceiling_fen,
            valid_from=limit.valid_from,
            valid_until=limit.valid_until,
            basis=limit.basis,
        )
        found[membership.person_id] = (*found.get(membership.person_id, ()), held)
    return found


def _role_held(
    membership: Membership, organisation: Organisation, ceiling_fen: int | None
) -> RoleHeld:
    known = domain.roles().get(membership.role)
    return RoleHeld(
        organisation_id=organisation.id,
        organisation=Name(zh=organisation.name_zh, en=organisation.name_en),
        role=membership.role,
        role_title=known.title if known else Name(zh=membership.role, en=membership.role),
        valid_from=membership.valid_from,
        valid_until=membership.valid_until,
        ceiling_fen=ceiling_fen,
    )


def profile_of(session: Session, actor: Actor) -> dict[str, Any]:
    """Who the actor is, as the API tells it."""
    organisation = session.get_one(Organisation, actor.organisation_id)
    return {
        "person_id": actor.person_id,
        "login": actor.login,
        "name_zh": actor.display_name.zh,
        "name_en": actor.display_name.en,
        "organisation": organisation_view(organisation),
        "roles": sorted(actor.roles),
        "permissions": sorted(permission.value for permission in actor.permissions),
    }


def list_own_tokens(session: Session, actor: Actor, wanted: PageRequest) -> Page[TokenView]:
    """The actor's own tokens, newest first."""
    statement = (
        sa.select(ApiToken)
        .where(col(ApiToken.person_id) == actor.person_id)
        .order_by(col(ApiToken.created_at).desc(), col(ApiToken.id).desc())
    )
    page = fetch_page(session, statement, wanted)
    return page.holding([token_view(row) for row in page.items])


def token_view(row: ApiToken) -> TokenView:
    """The view of a token's row."""
    return TokenView(
        id=row.id,
        title=row.title,
        scopes=tuple(row.scopes),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )


def find_person_by_login(session: Session, login: str) -> Person | None:
    """The person with a login, disabled or not."""
    statement = sa.select(Person).where(col(Person.login) == login)
    return session.execute(statement).scalar_one_or_none()


def desks_of(session: Session, person_id: UUID, day: date) -> list[OrganisationView]:
    """The organisations that a person may act for on a day, by code."""
    statement = (
        sa.select(Organisation)
        .join(Membership, col(Membership.organisation_id) == col(Organisation.id))
        .where(
            col(Membership.person_id) == person_id,
            col(Membership.valid_from) <= day,
            sa.or_(col(Membership.valid_until).is_(None), col(Membership.valid_until) >= day),
        )
        .order_by(col(Organisation.code))
        .distinct()
    )
    return [organisation_view(row) for row in session.execute(statement).scalars()]
