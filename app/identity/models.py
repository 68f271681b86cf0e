"""Tables of the identity room."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.base import Table, Versioned, check
from app.db.types import choice, fen, json_column, link, text
from app.identity.domain import OrganisationKind


class Organisation(Versioned, table=True):
    """A bank, enterprise, agency, desk or the platform."""

    __tablename__ = "organisation"
    __table_args__ = (sa.UniqueConstraint("uscc"),)

    kind: OrganisationKind = choice(OrganisationKind, "kind", index=True)
    code: str = text(20, unique=True)
    name_zh: str = text(120)
    name_en: str = text(160, default="")
    uscc: str | None = text(18, nullable=True)
    region_code: str = text(6, index=True)
    note: str = text(300, default="")
    synthetic: bool = Field(default=False, nullable=False)
    created_at: datetime


class Person(Versioned, table=True):
    """A natural person with one login."""

    __tablename__ = "person"

    login: str = text(60, unique=True)
    name_zh: str = text(60)
    name_en: str = text(80, default="")
    password_hash: str = text(200)
    disabled_at: datetime | None = None
    created_at: datetime


class Membership(Table, table=True):
    """A role of a person in an organisation from a day to a day."""

    __tablename__ = "membership"
    __table_args__ = (sa.UniqueConstraint("person_id", "organisation_id", "role"),)

    person_id: UUID = link("person.id", index=True)
    organisation_id: UUID = link("organisation.id", index=True)
    role: str = text(40)
    valid_from: date
    valid_until: date | None = None


class AuthorityLimit(Table, table=True):
    """What a member may approve: a ceiling by product from a day to a day."""

    __tablename__ = "authority_limit"
    __table_args__ = (check("ceiling_positive", "ceiling_fen > 0"),)

    membership_id: UUID = link("membership.id", index=True)
    product: str = text(40, default="*")
    ceiling_fen: int = fen()
    valid_from: date
    valid_until: date | None = None
    basis: str = text(200, default="")


class LoginSession(SQLModel, table=True):
    """A signed-in browser; the cookie holds the secret whose SHA-256 is the key."""

    __tablename__ = "login_session"

    token_sha256: str = Field(primary_key=True, max_length=64)
    person_id: UUID = link("person.id", index=True)
    organisation_id: UUID = link("organisation.id")
    created_at: datetime
    seen_at: datetime
    ended_at: datetime | None = None


class ApiToken(Table, table=True):
    """A token for programs, for one person acting for one organisation, within scopes, until a day."""

    __tablename__ = "api_token"

    token_sha256: str = text(64, unique=True)
    title: str = text(80)
    person_id: UUID = link("person.id", index=True)
    organisation_id: UUID = link("organisation.id")
    scopes: list[str] = json_column()
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


class LoginAttempts(SQLModel, table=True):
    """Failed sign-ins by account and address since an instant."""

    __tablename__ = "login_attempts"

    key: str = Field(primary_key=True, max_length=200)
    since: datetime
    failures: int = Field(default=0, nullable=False)
