"""GEP accounts: checked, stored as a draft, published, read."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session, col

from app.appraisal import queries
from app.appraisal.domain.catalogue import parameters_on
from app.appraisal.domain.gep import (
    MOST_FEN,
    GepAccountState,
    account_digest,
    named,
    top_region,
)
from app.appraisal.gep_workbook import AccountRows, account_rows, account_template
from app.appraisal.models import GepAccount
from app.appraisal.services.inputs import require_past
from app.assets.queries import organisation_names
from app.audit.services import record
from app.db.engine import now, today
from app.documents.content_types import UploadRefused, check_upload
from app.kernel.actor import Actor, Name
from app.kernel.errors import Conflict, FieldError, InvalidInput, NotFound
from app.kernel.permissions import Permission
from app.kernel.text import N_
from risk_models.account_json import account_json
from risk_models.accounts import (
    Account,
    AccountDocument,
    InvalidAccount,
    RowProblem,
    account,
    document_from,
)
from risk_models.dated import ParameterNotInForce
from risk_models.models.gep import MODEL

CARBON_PRICE: Final = "gep.carbon"
"""The one price that no table states for a norm that values carbon at the market."""

REASONS_SHOWN: Final = 20
"""Refused rows that a refusal names; one mistake often stands in all of them."""


class AccountNotSound(Conflict):
    """Rows that were refused keep an account from being stored."""

    code = "gep-account-not-sound"
    title = N_("The account has refused rows")
    detail = N_("%(count)s rows are refused. Check the workbook and mend them first.")


class AccountPublished(Conflict):
    """A published account stands."""

    code = "gep-account-published"
    title = N_("The account is published")
    detail = N_("A published account is never changed. Store a new one beside it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreAccount:
    """An account to be stored as a draft; `document`, with its prices, is as `document_from` reads it."""

    title: str
    source: str
    accounted_on: date
    document: Mapping[str, Any]
    year: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountWorkbook:
    """A filled-in workbook; with `dry_run` it is only checked."""

    title: str
    source: str
    accounted_on: date
    content: bytes
    file_name: str
    dry_run: bool
    prices: Mapping[str, Any] = field(default_factory=dict)
    """Prices with their source, as a document states them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedAccount:
    """What a workbook holds: the account of its last year and what was refused, nothing stored."""

    account: Account
    problems: tuple[RowProblem, ...]
    stored_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenPrice:
    """A price of the account's own, frozen with it."""

    id: str
    title: Name
    yuan: str
    unit: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GepAccountView:
    """A stored account."""

    id: UUID
    version: int
    title: str
    source: str
    region_code: str
    region: Name
    year: int
    state: GepAccountState
    accounted_on: date
    norm_profile: str
    price_table: str
    model_version: str
    organisation: Name
    total_fen: int
    digest: str
    result: Mapping[str, Any]
    prices: tuple[GivenPrice, ...]
    created_at: datetime
    published_at: datetime | None
    may_publish: bool


def gep_template(session: Session, actor: Actor, language: str) -> bytes:
    """The workbook to fill in, its choices those of today."""
    actor.require(Permission.KEEP_GEP_ACCOUNTS)
    return account_template(parameters_on(today(session)), language)


def take_workbook(session: Session, actor: Actor, command: AccountWorkbook) -> CheckedAccount:
    """Check a workbook, and store it unless this is a dry run; rows with problems are listed."""
    actor.require(Permission.KEEP_GEP_ACCOUNTS)
    require_past(session, command.accounted_on)
    read = _read(command)
    if not read.rows:
        raise InvalidInput.at("/file", N_("No row of the workbook can be read."))
    document = {"rows": read.rows, **({"prices": command.prices} if command.prices else {})}
    found = _counted(_document(document), command.accounted_on, None)
    problems = (*read.problems, *(read.in_sheet(each) for each in found.problems))
    if command.dry_run:
        return CheckedAccount(account=found, problems=problems)
    refused = [each for each in problems if each.severity == "refuse"]
    if refused:
        raise _not_sound(refused)
    stored = store_account(
        session,
        actor,
        StoreAccount(
            title=command.title,
            source=command.source,
            accounted_on=command.accounted_on,
            document=document,
        ),
    )
    return CheckedAccount(account=found, problems=problems, stored_id=stored.id)


def store_account(session: Session, actor: Actor, command: StoreAccount) -> GepAccountView:
    """Store an account as a draft; refuses one with refused rows."""
    actor.require(Permission.KEEP_GEP_ACCOUNTS)
    require_past(session, command.accounted_on)
    document = _document(command.document)
    found = _counted(document, command.accounted_on, command.year)
    if found.refused:
        raise _not_sound(found.refused)
    if found.total_fen > MOST_FEN:
        raise InvalidInput.at("/document", N_("The total is too large."))
    prices = [asdict(each) for each in _given_prices(command.document)]
    result = {**account_json(found, language=None), "prices": prices}
    row = GepAccount(
        organisation_id=actor.organisation_id,
        title=command.title,
        source=command.source,
        region_code=top_region(document.rows),
        year=found.year,
        state=GepAccountState.DRAFT,
        accounted_on=command.accounted_on,
        norm_profile=named(document, "norm_profile"),
        price_table=named(document, "price_table"),
        model_version=MODEL.spec.version,
        document=dict(command.document),
        result=result,
        digest=account_digest(command.accounted_on, MODEL.spec.version, command.document, result),
        total_fen=found.total_fen,
        stored_by_id=actor.person_id,
        created_at=now(session),
    )
    session.add(row)
    session.flush()
    _record(session, actor, "gep-account.store", row)
    return account_views(session, actor, [row])[0]


def publish_account(session: Session, actor: Actor, account_id: UUID) -> GepAccountView:
    """Publish a draft of the own organisation; it is then seen by every reader and never changed."""
    actor.require(Permission.KEEP_GEP_ACCOUNTS)
    statement = queries.visible_gep_accounts(session, actor).where(
        col(GepAccount.id) == account_id,
        col(GepAccount.organisation_id) == actor.organisation_id,
    )
    row: GepAccount | None = session.execute(statement.with_for_update()).scalar_one_or_none()
    if row is None:
        raise NotFound
    if row.state is GepAccountState.PUBLISHED:
        raise AccountPublished
    row.state = GepAccountState.PUBLISHED
    row.published_by_id = actor.person_id
    row.published_at = now(session)
    session.add(row)
    session.flush()
    _record(session, actor, "gep-account.publish", row)
    return account_views(session, actor, [row])[0]


def get_gep_account(session: Session, actor: Actor, account_id: UUID) -> GepAccountView:
    """One account in sight; `NotFound` otherwise."""
    statement = queries.visible_gep_accounts(session, actor).where(col(GepAccount.id) == account_id)
    row: GepAccount | None = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise NotFound
    return account_views(session, actor, [row])[0]


def account_views(session: Session, actor: Actor, rows: list[GepAccount]) -> list[GepAccountView]:
    """Views of accounts with one query for all names."""
    names = organisation_names(session, {row.organisation_id for row in rows})
    regions = queries.region_names(session, {row.region_code for row in rows})
    return [
        GepAccountView(
            id=row.id,
            version=row.version,
            title=row.title,
            source=row.source,
            region_code=row.region_code,
            region=regions.get(row.region_code, Name(zh=row.region_code, en=row.region_code)),
            year=row.year,
            state=row.state,
            accounted_on=row.accounted_on,
            norm_profile=row.norm_profile,
            price_table=row.price_table,
            model_version=row.model_version,
            organisation=names[row.organisation_id],
            total_fen=row.total_fen,
            digest=row.digest,
            result=row.result,
            prices=tuple(_price_view(each) for each in row.result.get("prices", [])),
            created_at=row.created_at,
            published_at=row.published_at,
            may_publish=row.state is GepAccountState.DRAFT
            and row.organisation_id == actor.organisation_id
            and actor.may(Permission.KEEP_GEP_ACCOUNTS),
        )
        for row in rows
    ]


def _given_prices(document: Mapping[str, Any]) -> Iterable[GivenPrice]:
    uses = {use.id: use for use in MODEL.spec.prices}
    for price_id, given in document.get("prices", {}).items():
        use = uses[price_id]
        yield GivenPrice(
            id=price_id,
            title=Name(zh=use.title.zh, en=use.title.en),
            yuan=str(given["yuan"]),
            unit=use.unit,
            source=given["source"],
        )


def _price_view(kept: Mapping[str, Any]) -> GivenPrice:
    return GivenPrice(**{**kept, "title": Name(**kept["title"])})


def _not_sound(problems: Iterable[RowProblem]) -> AccountNotSound:
    """The refusal with its first reasons, such as a price that is missing."""
    listed = list(problems)
    errors = tuple(
        FieldError(
            pointer="/document/rows",
            detail=N_("Row %(row)s, %(field)s: %(reason)s"),
            facts={
                "row": each.row,
                "field": each.field or "-",
                "reason": Name(zh=each.detail.zh, en=each.detail.en),
            },
        )
        for each in listed[:REASONS_SHOWN]
    )
    return AccountNotSound(errors=errors, count=len({each.row for each in listed}))


def _read(command: AccountWorkbook) -> AccountRows:
    try:
        accepted = check_upload(filename=command.file_name, content=command.content)
    except UploadRefused as refused:
        raise InvalidInput.at("/file", refused.detail, **refused.facts) from refused
    if accepted.kind != "xlsx":
        raise InvalidInput.at("/file", N_("Send the template as an XLSX workbook."))
    try:
        return account_rows(command.content, parameters_on(command.accounted_on))
    except ParameterNotInForce as refusal:
        raise _not_in_force(refusal) from refusal


def _document(raw: Mapping[str, Any]) -> AccountDocument:
    try:
        return document_from(dict(raw))
    except InvalidAccount as refused:
        raise InvalidInput.at(
            "/document",
            N_("This is no account: %(reason)s."),
            reason=Name(en=refused.detail.en, zh=refused.detail.zh),
        ) from refused


def _counted(document: AccountDocument, on: date, year: int | None) -> Account:
    try:
        return account(document, on, year)
    except ParameterNotInForce as refusal:
        raise _not_in_force(refusal) from refusal
    except InvalidAccount as refused:
        raise InvalidInput.at(
            "/document",
            N_("This is no account: %(reason)s."),
            reason=Name(en=refused.detail.en, zh=refused.detail.zh),
        ) from refused


def _not_in_force(refusal: ParameterNotInForce) -> InvalidInput:
    return InvalidInput.at(
        "/accounted_on",
        N_("The parameter %(parameter)s is not in force on this day."),
        parameter=refusal.parameter_id,
    )


def _record(session: Session, actor: Actor, action: str, row: GepAccount) -> None:
    record(
        session,
        actor,
        action,
        subject_kind="gep-account",
        subject_id=row.id,
        region_code=row.region_code,
        year=row.year,
        digest=row.digest,
    )
