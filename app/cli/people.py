"""`organisation add` and `open-books`, `user add`, `token issue`: a bank is brought in without the demo world."""

import secrets
import sys
from dataclasses import replace
from datetime import date
from typing import Final, TypedDict, Unpack
from uuid import UUID

import click
import sqlalchemy as sa
from sqlmodel import Session, col

from app.cli.opening import current_database, platform_actor
from app.cli.seeding import PLATFORM_CODE
from app.cli.terminal import DAY, as_json_option, echo_json, echo_pairs
from app.identity import services
from app.identity.domain import OrganisationKind, roles
from app.identity.models import Membership, Organisation, Person
from app.identity.sessions import actor_for
from app.jobs.sequence import bank_actor
from app.kernel.actor import Actor
from app.kernel.errors import InvalidInput, RuleViolation
from app.kernel.text import N_
from app.loans.services import open_business_day
from app.origination.services.products import load_products

__all__ = ["commands"]

_PASSWORD_BYTES: Final = 15
"""Twenty letters and digits: long enough to be written down once and changed at first sign-in."""


class NoRole(RuleViolation):
    """A person without a role in force there cannot act."""

    code = "no-role"
    title = N_("This person has no role there")
    detail = N_("Name an organisation in which the person holds a role today.")


class Text(click.ParamType[str]):
    """Text that fits its column on every engine."""

    name = "text"

    def __init__(self, longest: int) -> None:
        self.longest = longest

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """The text without spaces around it, or a usage error."""
        text = str(value).strip()
        if not text or len(text) > self.longest:
            self.fail(f"1 to {self.longest} characters are needed.", param, ctx)
        if not text.isprintable() or not _encodable(text):
            self.fail("Control characters and broken characters are not taken.", param, ctx)
        return text


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@click.group("organisation")
def organisation() -> None:
    """Organisations: banks, enterprises, agencies, desks."""


class _OrganisationOptions(TypedDict):
    code: str
    name_zh: str
    name_en: str
    region_code: str
    uscc: str | None


@organisation.command("add")
@click.option("--code", type=Text(20), required=True, help="Short name in files, such as A.")
@click.option("--kind", type=click.Choice([each.value for each in OrganisationKind]), required=True)
@click.option("--name-zh", type=Text(120), required=True)
@click.option("--name-en", type=Text(160), default="-", help="English name.")
@click.option("--region", "region_code", type=Text(6), required=True, help="GB/T 2260, six digits.")
@click.option("--uscc", type=Text(18), help="Unified social credit code.")
@as_json_option
def add_organisation(*, kind: str, as_json: bool, **options: Unpack[_OrganisationOptions]) -> None:
    """Add an organisation."""
    command = services.AddOrganisation(kind=OrganisationKind(kind), **options)
    command = replace(command, name_en="" if command.name_en == "-" else command.name_en)
    with current_database() as store, store.write() as session:
        row = services.add_organisation(session, platform_actor(), command)
        answer = {"id": str(row.id), "code": row.code, "kind": kind}
    _show(answer, as_json=as_json)


@organisation.command("open-books")
@click.option("--code", type=Text(20), required=True, help="Code of the bank.")
@click.option("--on", type=DAY, required=True, help="Its first business day.")
@click.option(
    "--product", "products", multiple=True, help="Code; may be repeated. The catalogue if none."
)
@as_json_option
def open_books(*, code: str, on: date, products: tuple[str, ...], as_json: bool) -> None:
    """Open a bank's books here; from that day it offers loan products of the catalogue."""
    with current_database() as store, store.write() as session:
        bank = _organisation(session, code)
        if bank.kind is not OrganisationKind.BANK:
            raise InvalidInput.at("--code", N_("Only a bank keeps books here."))
        actor = bank_actor(bank)
        open_business_day(session, actor, bank.id, on)
        offered = load_products(session, actor, bank.id, valid_from=on, codes=products or None)
        answer = {"code": code, "on": on.isoformat()}
        answer["products"] = " ".join(each.code for each in offered)
    _show(answer, as_json=as_json)


@click.group("user")
def user() -> None:
    """People and their roles."""


class _PersonOptions(TypedDict):
    login: str
    name_zh: str
    name_en: str
    role: str


@user.command("add")
@click.option("--login", type=Text(60), required=True)
@click.option("--name-zh", type=Text(60), required=True)
@click.option("--name-en", type=Text(80), default="-", help="English name.")
@click.option("--organisation", "code", type=Text(20), default=PLATFORM_CODE, help="Its code.")
@click.option("--role", type=click.Choice(list(roles())), required=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@as_json_option
def add_user(
    *, code: str, password_stdin: bool, as_json: bool, **options: Unpack[_PersonOptions]
) -> None:
    """Add a person with a first role; prints the password unless it was given."""
    given = sys.stdin.readline().rstrip("\n") if password_stdin else ""
    password = given or secrets.token_urlsafe(_PASSWORD_BYTES)
    with current_database() as store, store.write() as session:
        command = services.AddPerson(
            organisation_id=_organisation(session, code).id, password=password, **options
        )
        command = replace(command, name_en="" if command.name_en == "-" else command.name_en)
        row = services.add_person(session, platform_actor(), command)
        answer = {"id": str(row.id), "login": row.login, "role": options["role"]}
    _show(answer if password_stdin else {**answer, "password": password}, as_json=as_json)


@click.group("token")
def token() -> None:
    """Tokens for programs."""


@token.command("issue")
@click.option("--user", "login", type=Text(60), required=True, help="Login of the person.")
@click.option("--organisation", "code", type=Text(20), help="Where the person acts for several.")
@click.option("--title", type=Text(80), default="cli", help="What the token is for.")
@click.option("--days", type=click.IntRange(1, services.MAX_TOKEN_DAYS), default=90)
@click.option("--scope", "scopes", multiple=True, help="Permission; may be repeated. All if none.")
@as_json_option
def issue_token(
    *, login: str, code: str | None, title: str, days: int, scopes: tuple[str, ...], as_json: bool
) -> None:
    """Issue a token for a person acting for one organisation; its secret is shown once."""
    command = services.IssueToken(title=title, days=days, scopes=scopes or ("*",))
    with current_database() as store, store.write() as session:
        row, secret = services.issue_token(session, _person_actor(session, login, code), command)
        answer = {"id": str(row.id), "token": secret, "expires_at": row.expires_at.isoformat()}
    _show(answer, as_json=as_json)


def _show(answer: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        echo_json(answer)
    else:
        echo_pairs([(_LABELS[name], value) for name, value in answer.items()])


_LABELS: Final = {
    "id": N_("Id"),
    "code": N_("Code"),
    "kind": N_("Kind"),
    "on": N_("Business day"),
    "products": N_("Products"),
    "login": N_("Login"),
    "role": N_("Role"),
    "password": N_("Password"),
    "token": N_("Token"),
    "expires_at": N_("Expires at"),
}


def _organisation(session: Session, code: str) -> Organisation:
    statement = sa.select(Organisation).where(col(Organisation.code) == code)
    row: Organisation | None = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise InvalidInput.at("--organisation", N_("There is no organisation with this code."))
    return row


def _person_actor(session: Session, login: str, code: str | None) -> Actor:
    """The person as actor, for the organisation named or the only one."""
    statement = sa.select(col(Person.id)).where(col(Person.login) == login.lower())
    person_id: UUID | None = session.execute(statement).scalar_one_or_none()
    if person_id is None:
        raise InvalidInput.at("--user", N_("There is no person with this login."))
    organisation_id = (
        _organisation(session, code).id if code else _only_organisation(session, person_id)
    )
    actor = actor_for(session, person_id, organisation_id)
    if actor is None:
        raise NoRole
    return actor


def _only_organisation(session: Session, person_id: UUID) -> UUID:
    statement = sa.select(col(Membership.organisation_id)).where(
        col(Membership.person_id) == person_id
    )
    found: set[UUID] = set(session.execute(statement).scalars())
    if len(found) > 1:
        raise InvalidInput.at(
            "--organisation", N_("The person acts for several organisations. Name one by its code.")
        )
    if not found:
        raise NoRole
    return found.pop()


commands: list[click.Command] = [organisation, user, token]
