"""Organisations and people of the demonstration, each with a login, a password and a token."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session

from app.db.engine import now
from app.demo.files import rows, wan_to_fen
from app.identity.domain import OrganisationKind
from app.identity.models import ApiToken, AuthorityLimit, Membership, Organisation, Person
from app.identity.passwords import hash_password
from app.identity.services import record_authority
from app.identity.sessions import actor_for, secret_sha256
from app.kernel.actor import PLATFORM_ORGANISATION_ID, Actor, system_actor
from app.kernel.ids import new_id

PASSWORD: Final = "greenpledge-demo"  # noqa: S105 - the demonstration is refused in production
SINCE: Final = date(2020, 1, 1)
TOKEN_DAYS: Final = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What a demo person needs to sign in or to call the API."""

    login: str
    password: str
    role: str
    organisation: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who exists: ids by code and login, and what each needs to sign in."""

    organisations: dict[str, UUID]
    people: dict[str, UUID]
    home: dict[str, str]
    logins: tuple[Login, ...]

    def actor(self, session: Session, login: str) -> Actor:
        """A person of the demonstration as services take it."""
        actor = actor_for(session, self.people[login], self.organisations[self.home[login]])
        if actor is None:
            raise LookupError(f"{login} has no role in the demonstration")
        return actor

    def of(self, session: Session, bank: str, desk: str) -> Actor:
        """A desk of a bank, such as `officer` of A."""
        return self.actor(session, f"{bank.lower()}-{desk}")


def add_cast(session: Session) -> Cast:
    """Add every organisation and person of the files."""
    organisations = {
        row["org_id"]: _add_organisation(session, row) for row in rows("organisations")
    }
    organisations["PLATFORM"] = PLATFORM_ORGANISATION_ID
    password_hash = hash_password(PASSWORD)
    session.flush()
    people: dict[str, UUID] = {}
    logins = []
    home = {}
    for row in rows("people"):
        login = row["login"]
        people[login] = _add_person(session, row, password_hash)
        home[login] = row["org_id"]
        session.flush()
        _add_role(session, row, people[login], organisations[row["org_id"]])
        token = _add_token(session, people[login], organisations[row["org_id"]], login)
        logins.append(
            Login(
                login=login,
                password=PASSWORD,
                role=row["role"],
                organisation=row["org_id"],
                token=token,
            )
        )
    session.flush()
    return Cast(organisations=organisations, people=people, home=home, logins=tuple(logins))


def _add_organisation(session: Session, row: Mapping[str, str]) -> UUID:
    organisation = Organisation(
        kind=OrganisationKind(row["kind"])
        if row["kind"] != "borrower-no-login"
        else OrganisationKind.ENTERPRISE,
        code=row["org_id"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        uscc=row["uscc"] or None,
        region_code=row["region_code"],
        note=row["note_zh"],
        synthetic=row["mark"] == "synthetic",
        created_at=now(session),
    )
    session.add(organisation)
    return organisation.id


def _add_person(session: Session, row: Mapping[str, str], password_hash: str) -> UUID:
    person = Person(
        login=row["login"],
        name_zh=row["display_name"],
        name_en=f"{row['role_en']} ({row['login']})",
        password_hash=password_hash,
        created_at=now(session),
    )
    session.add(person)
    return person.id


def _add_role(
    session: Session, row: Mapping[str, str], person_id: UUID, organisation_id: UUID
) -> None:
    membership = Membership(
        person_id=person_id, organisation_id=organisation_id, role=row["role"], valid_from=SINCE
    )
    session.add(membership)
    session.flush()
    if row["authority_limit_wan"]:
        limit = AuthorityLimit(
            membership_id=membership.id,
            product="*",
            ceiling_fen=wan_to_fen(row["authority_limit_wan"]),
            valid_from=SINCE,
            basis=f"{row['role_zh']}（合成示例）",
        )
        session.add(limit)
        bank = system_actor(organisation_id=organisation_id, organisation_kind="bank")
        record_authority(session, bank, person_id, limit)


def _add_token(session: Session, person_id: UUID, organisation_id: UUID, login: str) -> str:
    secret = f"gp_demo_{login}_{new_id().hex}"
    session.add(
        ApiToken(
            token_sha256=secret_sha256(secret),
            title="demo",
            person_id=person_id,
            organisation_id=organisation_id,
            scopes=["*"],
            created_at=now(session),
            expires_at=now(session) + timedelta(days=TOKEN_DAYS),
        )
    )
    return secret
