"""GEP accounts: checked, stored as a draft, published, read."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
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
    one_norm,
    top_region,
)
from app.appraisal.gep_workbook import (
    AccountRows,
    account_rows,
    account_template,
    column_title,
)
from app.appraisal.models import GepAccount
from app.appraisal.services.importing import not_in_force
from app.appraisal.services.inputs import require_past
from app.assets.queries import organisation_names
from app.audit.services import record
from app.db.engine import now, today
from app.documents.cells import require_workbook
from app.kernel.actor import Actor, Name
from app.kernel.errors import Conflict, FieldError, InvalidInput, NotFound, RuleViolation
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
from risk_models.words import Text

CARBON_PRICE: Final = "gep.carbon"
"""The one price that no table states for a norm that values carbon at the market."""

REASONS_SHOWN: Final = 20
"""Refused rows that a refusal names; one mistake often stands in all of them."""


class AccountNotSound(InvalidInput):
    """Rows that were refused keep an account from being stored."""

    code = "gep-account-not-sound"
    title = N_("The account has refused rows")
    detail = N_("Refused rows: %(count)s. Mend them and send the account again.")


class AccountPublished(Conflict):
    """A published account stands."""

    code = "gep-account-published"
    title = N_("The account is published")
    detail = N_("A published account is never changed.")


class AccountOfYearPublished(Conflict):
    """A region has one published account of a year under a norm."""

    code = "gep-account-of-year-published"
    title = N_("An account of this region and year is published")
    detail = N_(
        "“%(title)s” of %(year)s by %(organisation)s is published for this region. A region has one"
        " published account of a year under a norm, and one without a norm stands for all of them."
    )


class OwnAccount(RuleViolation):
    """Who stored an account may not publish it."""

    code = "gep-account-own"
    title = N_("Another officer publishes")
    detail = N_("You stored this account. Another officer of your organisation publishes it.")


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
    document: Mapping[str, Any]
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
class GepAccountSummary:
    """A stored account as lists show it, without its rows and what they gave."""

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
    created_at: datetime
    published_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GepAccountView(GepAccountSummary):
    """A stored account with its totals and the prices of its own."""

    result: Mapping[str, Any]
    prices: tuple[GivenPrice, ...]
    may_publish: bool
    other_publishes: bool
    """The reader stored this draft, so another officer publishes it."""


OWN_FACTS: Final = tuple(
    name
    for name in GepAccountSummary.__dataclass_fields__
    if name not in {"region", "organisation"}
)
"""What a summary takes from its row as it stands there."""


def gep_template(session: Session, actor: Actor, language: str) -> bytes:
    """The workbook to fill in, its choices those of today."""
    actor.require(Permission.KEEP_GEP_ACCOUNTS)
    return account_template(parameters_on(today(session)), language)


def check_workbook(session: Session, actor: Actor, command: AccountWorkbook) -> CheckedAccount:
    """Read and count a workbook; rows with problems are listed, nothing is stored."""
    actor.require(Permission.KEEP_GEP_ACCOUNTS)
    require_past(session, command.accounted_on)
    read = _read(command)
    if not read.rows:
        raise _not_sound(read.problems, lambda _: "/file")
    document = {"rows": read.rows, **({"prices": command.prices} if command.prices else {})}
    found = _counted(_in_sheet(document, read), command.accounted_on, None)
    problems = [*read.problems, *(read.in_sheet(each) for each in found.problems)]
    problems.sort(key=lambda each: each.row)
    return CheckedAccount(account=found, problems=tuple(problems), document=document)


def take_workbook(
    session: Session,
    actor: Actor,
    command: AccountWorkbook,
    checked: CheckedAccount | None = None,
) -> CheckedAccount:
    """Check a workbook, and store it unless this is a dry run; rows with problems are listed.

    What was checked before the transaction is not counted again.
    """
    actor.require(Permission.KEEP_GEP_ACCOUNTS)
    ready = checked or check_workbook(session, actor, command)
    if command.dry_run:
        return ready
    refused = [each for each in ready.problems if each.severity == "refuse"]
    if refused:
        raise _not_sound(refused, lambda _: "/file")
    wanted = StoreAccount(
        title=command.title,
        source=command.source,
        accounted_on=command.accounted_on,
        document=ready.document,
    )
    return replace(ready, stored_id=_stored(session, actor, wanted, ready.account).id)


def count_account(session: Session, actor: Actor, command: StoreAccount) -> Account:
    """The account of a document; refuses one with refused rows."""
    actor.require(Permission.KEEP_GEP_ACCOUNTS)
    require_past(session, command.accounted_on)
    found = _counted(_document(command.document), command.accounted_on, command.year)
    if found.refused:
        raise _not_sound(found.refused, _place)
    return found


def store_account(
    session: Session, actor: Actor, command: StoreAccount, counted: Account | None = None
) -> GepAccountView:
    """Store an account as a draft; refuses one with refused rows.

    What was counted before the transaction is not counted again.
    """
    actor.require(Permission.KEEP_GEP_ACCOUNTS)
    found = counted or count_account(session, actor, command)
    return account_views(session, actor, [_stored(session, actor, command, found)])[0]


def _stored(session: Session, actor: Actor, command: StoreAccount, found: Account) -> GepAccount:
    if found.total_fen > MOST_FEN:
        raise InvalidInput.at("/document", N_("The total is too large."))
    document = _document(command.document)
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
    return row


def publish_account(session: Session, actor: Actor, account_id: UUID) -> GepAccountView:
    """Publish a draft of the own organisation; it is then seen by every reader and never changed.

    Refuses who stored it, and a second account of the region and year under its norm.
    """
    actor.require(Permission.KEEP_GEP_ACCOUNTS)
    row = load_gep_account(session, actor, account_id)
    if row.organisation_id != actor.organisation_id:
        raise NotFound
    _require_alone(session, row)
    if row.stored_by_id == actor.person_id:
        raise OwnAccount
    row.state = GepAccountState.PUBLISHED
    row.published_by_id = actor.person_id
    row.published_at = now(session)
    session.add(row)
    session.flush()
    _record(session, actor, "gep-account.publish", row)
    return account_views(session, actor, [row])[0]


def _require_alone(session: Session, row: GepAccount) -> None:
    """Locks all accounts of the region and year, so that of two published at once one is refused."""
    beside = session.execute(queries.gep_accounts_beside(row).with_for_update()).all()
    if any(each.id == row.id and each.state is GepAccountState.PUBLISHED for each in beside):
        raise AccountPublished
    standing = _standing(session, row, beside)
    if standing is not None:
        raise standing


def standing_account(
    session: Session, actor: Actor, account_id: UUID
) -> AccountOfYearPublished | None:
    """The refusal that publishing an account would meet while another of its year is published."""
    row = load_gep_account(session, actor, account_id)
    return _standing(session, row, session.execute(queries.gep_accounts_beside(row)).all())


def _standing(
    session: Session, row: GepAccount, beside: Iterable[Any]
) -> AccountOfYearPublished | None:
    for other in beside:
        if other.state is not GepAccountState.PUBLISHED or other.id == row.id:
            continue
        if row.region_code and one_norm(row.norm_profile, other.norm_profile):
            names = organisation_names(session, {other.organisation_id})
            return AccountOfYearPublished(
                title=other.title, year=row.year, organisation=names[other.organisation_id]
            )
    return None


def get_gep_account(session: Session, actor: Actor, account_id: UUID) -> GepAccountView:
    """One account in sight; `NotFound` otherwise."""
    actor.require(Permission.READ_GEP_ACCOUNTS)
    return account_views(session, actor, [load_gep_account(session, actor, account_id)])[0]


def load_gep_account(session: Session, actor: Actor, account_id: UUID) -> GepAccount:
    """The row, or NotFound."""
    statement = queries.visible_gep_accounts(session, actor).where(col(GepAccount.id) == account_id)
    row: GepAccount | None = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


def account_summaries(session: Session, rows: Sequence[GepAccount]) -> list[GepAccountSummary]:
    """Accounts as lists show them, with one query for all names."""
    return [GepAccountSummary(**facts) for facts in _facts(session, rows)]


def account_views(
    session: Session, actor: Actor, rows: Sequence[GepAccount]
) -> list[GepAccountView]:
    """Views of accounts with one query for all names."""
    return [
        GepAccountView(
            **facts,
            result=row.result,
            prices=tuple(_price_view(each) for each in row.result.get("prices", [])),
            may_publish=_publishes(actor, row) and row.stored_by_id != actor.person_id,
            other_publishes=_publishes(actor, row) and row.stored_by_id == actor.person_id,
        )
        for row, facts in zip(rows, _facts(session, rows), strict=True)
    ]


def _publishes(actor: Actor, row: GepAccount) -> bool:
    return (
        row.state is GepAccountState.DRAFT
        and row.organisation_id == actor.organisation_id
        and actor.may(Permission.KEEP_GEP_ACCOUNTS)
    )


def _facts(session: Session, rows: Sequence[GepAccount]) -> Iterator[dict[str, Any]]:
    names = organisation_names(session, {row.organisation_id for row in rows})
    regions = queries.region_names(session, {row.region_code for row in rows})
    for row in rows:
        yield {
            **{name: getattr(row, name) for name in OWN_FACTS},
            "region": regions.get(row.region_code, Name(zh=row.region_code, en=row.region_code)),
            "organisation": names[row.organisation_id],
        }


def _given_prices(document: Mapping[str, Any]) -> Iterable[GivenPrice]:
    uses = {use.id: use for use in MODEL.spec.prices}
    for price_id, given in document.get("prices", {}).items():
        use = uses[price_id]
        yield GivenPrice(
            id=price_id,
            title=_named(use.title),
            yuan=str(given["yuan"]),
            unit=use.unit,
            source=given["source"],
        )


def _price_view(kept: Mapping[str, Any]) -> GivenPrice:
    return GivenPrice(**{**kept, "title": Name(**kept["title"])})


def _not_sound(
    problems: Iterable[RowProblem], place: Callable[[RowProblem], str]
) -> AccountNotSound:
    """The refusal with its first reasons, such as a price that is missing."""
    listed = sorted(problems, key=lambda each: each.row)
    errors = tuple(
        FieldError(
            pointer=place(each),
            detail=N_("Row %(row)s, %(field)s: %(reason)s"),
            facts={
                "row": each.row,
                "field": _named(column_title(each.field)) if each.field else "—",
                "reason": _named(each.detail),
            },
        )
        for each in listed[:REASONS_SHOWN]
    )
    return AccountNotSound(errors=errors, count=len({each.row for each in listed}))


def _named(words: Text) -> Name:
    return Name(zh=words.zh, en=words.en)


def _place(problem: RowProblem) -> str:
    """The row of the document that was sent, and the input in it."""
    row = f"/document/rows/{problem.row - 1}"
    return f"{row}/inputs/{problem.field}" if problem.field else row


def _read(command: AccountWorkbook) -> AccountRows:
    require_workbook(command.file_name, command.content)
    try:
        return account_rows(command.content, parameters_on(command.accounted_on))
    except ParameterNotInForce as refusal:
        raise not_in_force(refusal, "/accounted_on") from refusal


def _document(raw: Mapping[str, Any]) -> AccountDocument:
    try:
        return document_from(dict(raw))
    except InvalidAccount as refused:
        raise _no_account(refused) from refused


def _in_sheet(document: Mapping[str, Any], read: AccountRows) -> AccountDocument:
    """The document of a workbook; what is wrong with its rows is told at their lines of the sheet."""
    try:
        return document_from(dict(document))
    except InvalidAccount as refused:
        at_rows = list(_at_rows(refused))
        if not at_rows:
            raise _no_account(refused) from refused
        problems = [*read.problems, *(read.in_sheet(each) for each in at_rows)]
        raise _not_sound(problems, lambda _: "/file") from refused


def _at_rows(refused: InvalidAccount) -> Iterator[RowProblem]:
    for each in refused.problems:
        place = each.pointer.split("/")
        if place[1:2] == ["rows"] and place[2:]:
            yield RowProblem(
                row=int(place[2]) + 1,
                field="",
                code="not-sound",
                severity="refuse",
                detail=each.detail,
            )


def _counted(document: AccountDocument, on: date, year: int | None) -> Account:
    try:
        return account(document, on, year)
    except ParameterNotInForce as refusal:
        raise not_in_force(refusal, "/accounted_on") from refusal
    except InvalidAccount as refused:
        raise _no_account(refused) from refused


def _no_account(refused: InvalidAccount) -> InvalidInput:
    return InvalidInput.at(
        "/document", N_("This is no account: %(reason)s."), reason=_named(refused.detail)
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
