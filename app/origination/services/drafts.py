"""Drafts: opened by the borrower, or by a loan officer on its behalf; changed and submitted."""

from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.assets.models import Asset
from app.audit.services import record
from app.db.engine import now
from app.db.numbers import next_number
from app.documents.models import Document
from app.documents.services import UploadFile, upload_document
from app.identity.domain import OrganisationKind
from app.identity.models import Organisation
from app.kernel.actor import Actor
from app.kernel.errors import InvalidInput, NotFound
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.loans.services import lending_day
from app.origination.domain.application import SubmitFacts, decide_submit
from app.origination.domain.checks import Check
from app.origination.domain.products import read_terms
from app.origination.domain.states import APPLICATION, ApplicationEvent, ApplicationState
from app.origination.models import Application, ApplicationDocument, Product
from app.origination.queries import documents_of, guarantees_of, lines_of
from app.origination.refusals import DraftClosed, require_met
from app.origination.services.acts import begin_step, finish_step
from app.origination.services.pool import (
    BY_BORROWER,
    ComposePool,
    OfferedAsset,
    OfferedGuarantee,
    PoolPreview,
    PreviewPool,
    compose_pool,
    preview_pool,
    share_pool,
)
from app.origination.services.products import products_of, require_offered
from app.origination.services.views import (
    ApplicationView,
    application_view,
    get_application,
    load_application,
)
from app.reference.models import Region

ENDED = (ApplicationState.REJECTED, ApplicationState.WITHDRAWN)
"""A contracted file still takes papers: signed contracts, receipts."""

MAY_PROVE = (Permission.APPLY_FOR_LOAN, Permission.INVESTIGATE, Permission.CONFIRM_INVESTIGATION)
MAX_DOCUMENTS = 50
"""A file that needs more binds them into one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDraft:
    """What a borrower asks for. An officer names the borrower, a borrower the bank."""

    product: str
    amount_fen: int
    term_months: int
    purpose: str
    region_code: str
    repayment_source: str = ""
    credit_consent: bool = False
    bank_id: UUID | None = None
    borrower_id: UUID | None = None
    assets: tuple[OfferedAsset, ...] = ()
    guarantees: tuple[OfferedGuarantee, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDraft:
    """New values of a draft; what is left out stays."""

    product: str | None = None
    amount_fen: int | None = None
    term_months: int | None = None
    purpose: str | None = None
    region_code: str | None = None
    repayment_source: str | None = None
    credit_consent: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitApplication:
    """Words that go with the application."""

    opinion: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachDocument:
    """A file as evidence, with what it shows."""

    title: str
    file: UploadFile


def open_draft(session: Session, actor: Actor, command: OpenDraft) -> ApplicationView:
    """A draft, with the assets and guarantees offered so far."""
    actor.require(Permission.APPLY_FOR_LOAN)
    bank_id, borrower_id = _sides(session, actor, command)
    day = lending_day(session, bank_id)
    require_offered(session, bank_id, command.product, day)
    _require_region(session, command.region_code)
    row = Application(
        number=next_number(session, "AP", day.year),
        bank_id=bank_id,
        borrower_id=borrower_id,
        state=APPLICATION.initial,
        created_by_id=actor.person_id,
        created_for_id=actor.organisation_id,
        created_at=now(session),
        **{name: getattr(command, name) for name in _COPIED},
    )
    session.add(row)
    session.flush()
    _record(session, actor, row, "open", **asked_of(row))
    if command.assets or command.guarantees:
        pool = ComposePool(assets=command.assets, guarantees=command.guarantees)
        compose_pool(session, actor, row, pool)
    return application_view(session, actor, row)


def asked_of(row: Application) -> dict[str, object]:
    """What a borrower asks for, as the journal keeps it; `verify` compares the row with it."""
    return {name: getattr(row, name) for name in ("product", "amount_fen", "term_months")}


_COPIED = tuple(each.name for each in fields(ChangeDraft))


def change_draft(
    session: Session, actor: Actor, application_id: UUID, command: ChangeDraft
) -> ApplicationView:
    """Change a draft or a returned application."""
    actor.require(Permission.APPLY_FOR_LOAN)
    row = load_application(session, actor, application_id, lock=True)
    if row.state not in BY_BORROWER:
        raise DraftClosed
    given = {name: getattr(command, name) for name in _COPIED}
    changed = {name: value for name, value in given.items() if value is not None}
    if command.product is not None:
        require_offered(session, row.bank_id, command.product, lending_day(session, row.bank_id))
    if command.region_code is not None:
        _require_region(session, command.region_code)
    for name, value in changed.items():
        setattr(row, name, value)
    session.add(row)
    session.flush()
    _record(session, actor, row, "change", fields=sorted(changed), **asked_of(row))
    return application_view(session, actor, row)


def held_version(session: Session, actor: Actor, application_id: UUID) -> int:
    """The version of an application, which is held from here on: nobody changes it before the caller does."""
    return load_application(session, actor, application_id, lock=True).version


def set_pool(
    session: Session, actor: Actor, application_id: UUID, command: ComposePool
) -> ApplicationView:
    """Replace assets and guarantees of an application; its version moves, so that two editors collide."""
    row = load_application(session, actor, application_id, lock=True)
    compose_pool(session, actor, row, command)
    sa.orm.attributes.flag_modified(row, "due_on")
    session.flush()
    return application_view(session, actor, row)


def what_if(
    session: Session, actor: Actor, application_id: UUID, command: PreviewPool
) -> PoolPreview:
    """What another pool would lend; stores nothing."""
    return preview_pool(session, actor, load_application(session, actor, application_id), command)


def submit(
    session: Session, actor: Actor, application_id: UUID, command: SubmitApplication
) -> ApplicationView:
    """Send a complete application to the bank, which sees the offered assets from then on."""
    row = begin_step(session, actor, application_id, ApplicationEvent.SUBMIT)
    require_met(submit_checks(session, row))
    row.submitted_on = lending_day(session, row.bank_id)
    share_pool(session, row)
    return finish_step(
        session,
        actor,
        row,
        ApplicationEvent.SUBMIT,
        opinion=command.opinion,
        **asked_of(row),
    )


def submit_checks(session: Session, row: Application) -> tuple[Check, ...]:
    """Completeness of an application now."""
    lines = lines_of(session, [row.id]).get(row.id, [])
    guarantees = guarantees_of(session, [row.id]).get(row.id, [])
    kinds = sa.select(col(Asset.kind)).where(col(Asset.id).in_([each.asset_id for each in lines]))
    offered = products_of(session, row.bank_id, lending_day(session, row.bank_id))
    product = session.get_one(Product, (row.bank_id, row.product))
    facts = SubmitFacts(
        terms=read_terms(product.terms),
        offered=row.product in {each.code for each in offered},
        term_months=row.term_months,
        purpose=row.purpose,
        repayment_source=row.repayment_source,
        credit_consent=row.credit_consent,
        asset_kinds=tuple(session.execute(kinds).scalars()),
        guaranteed_fen=sum(each.covered_fen for each in guarantees),
    )
    return decide_submit(facts)


def checks_before_submit(session: Session, actor: Actor, application_id: UUID) -> tuple[Check, ...]:
    """The checklist of a draft in sight."""
    return submit_checks(session, load_application(session, actor, application_id))


def attach_document(
    session: Session, actor: Actor, application_id: UUID, command: AttachDocument
) -> ApplicationView:
    """Add evidence while the application is under way; borrower and bank see each other's."""
    actor.require_any(*MAY_PROVE)
    row = load_application(session, actor, application_id, lock=True)
    if row.state in ENDED:
        raise DraftClosed
    if len(documents_of(session, row.id)) >= MAX_DOCUMENTS:
        raise InvalidInput.at("/file", N_("An application has at most 50 files."))
    document = upload_document(session, actor, command.file)
    session.add(
        ApplicationDocument(
            application_id=row.id,
            document_id=document.id,
            title=command.title,
            added_by_id=actor.person_id,
            added_for_id=actor.organisation_id,
            added_at=now(session),
        )
    )
    session.flush()
    _record(session, actor, row, "document", sha256=document.sha256, title=command.title)
    return get_application(session, actor, application_id)


def document_of(
    session: Session, actor: Actor, application_id: UUID, document_id: UUID
) -> Document:
    """A file of an application in sight."""
    row = load_application(session, actor, application_id)
    if document_id not in {each.document_id for each in documents_of(session, row.id)}:
        raise NotFound
    return session.get_one(Document, document_id)


def _sides(session: Session, actor: Actor, command: OpenDraft) -> tuple[UUID, UUID]:
    """Bank and borrower: the actor's own organisation is one of them, the other is named."""
    if actor.organisation_kind == OrganisationKind.ENTERPRISE:
        return (
            _named(session, command.bank_id, OrganisationKind.BANK, "/bank_id"),
            actor.organisation_id,
        )
    borrower = _named(session, command.borrower_id, OrganisationKind.ENTERPRISE, "/borrower_id")
    return actor.organisation_id, borrower


def _named(
    session: Session, organisation_id: UUID | None, kind: OrganisationKind, pointer: str
) -> UUID:
    found = session.get(Organisation, organisation_id) if organisation_id else None
    if found is None or found.kind is not kind:
        raise InvalidInput.at(pointer, N_("Choose an existing entry."))
    return found.id


def _require_region(session: Session, code: str) -> None:
    if session.get(Region, code) is None:
        raise InvalidInput.at("/region_code", N_("Choose a value from the list."))


def _record(session: Session, actor: Actor, row: Application, what: str, **facts: Any) -> None:
    record(
        session,
        actor,
        f"application.{what}",
        subject_kind="application",
        subject_id=row.id,
        organisation_id=row.bank_id,
        number=row.number,
        **facts,
    )
