"""Applications as callers see them; what the bank writes for itself stays with the bank."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.identity.models import Organisation
from app.kernel.actor import Actor, Name
from app.kernel.errors import NotFound
from app.loans.domain.repricing import LprTenor, ResetRule
from app.origination.domain.duties import Duty, Part, decide_duty, duty_of
from app.origination.domain.states import (
    APPLICATION,
    RETURNS_FROM,
    ApplicationEvent,
    ApplicationState,
)
from app.origination.models import Application, ApplicationAct, Product
from app.origination.queries import (
    acts_of,
    documents_of,
    guarantees_of,
    lines_of,
    organisations_by_id,
    person_names,
    visible_applications,
)
from app.reference.models import Region
from app.reference.queries import find_item


@dataclass(frozen=True, slots=True, kw_only=True)
class ActView:
    """One step of a file. Person, opinion and facts are shown to the bank only."""

    event: ApplicationEvent
    before: ApplicationState
    after: ApplicationState
    at: datetime
    on: date
    person: Name | None
    opinion: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedLine:
    """An asset of the pool as it is stored."""

    asset_id: UUID
    security: str
    secured_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GuaranteeView:
    """A guarantee offered."""

    guarantor_id: UUID
    guarantor: Name
    covered_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLink:
    """An evidence file of the application."""

    document_id: UUID
    title: str
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationSummary:
    """An application in a list."""

    id: UUID
    number: str
    state: ApplicationState
    events: tuple[str, ...]
    version: int
    created_at: datetime
    bank_id: UUID
    bank: Name
    borrower_id: UUID
    borrower: Name
    product: str
    product_title: Name
    amount_fen: int
    term_months: int
    submitted_on: date | None
    due_on: date | None
    approved_fen: int | None
    loan_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationView(ApplicationSummary):
    """An application with everything that its file holds."""

    purpose: str
    repayment_source: str
    credit_consent: bool
    region_code: str
    region: Name
    catalogue_edition: str | None
    catalogue_code: str | None
    green_item: Name | None
    green_evidence: str
    rate_ppm: int | None
    lpr_tenor: LprTenor | None
    lpr_bp: int | None
    reset_rule: ResetRule | None
    grace_principal: int | None
    method: str
    financial_difficulty: bool | None
    approved_until: date | None
    conditions: str
    assets: tuple[OfferedLine, ...]
    guarantees: tuple[GuaranteeView, ...]
    acts: tuple[ActView, ...]
    documents: tuple[DocumentLink, ...]


def get_application(session: Session, actor: Actor, application_id: UUID) -> ApplicationView:
    """One application in the actor's sight."""
    return application_view(session, actor, load_application(session, actor, application_id))


def load_application(
    session: Session, actor: Actor, application_id: UUID, *, lock: bool = False
) -> Application:
    """The row of an application in sight; `lock` holds it, freshly read, for the transaction."""
    statement = visible_applications(session, actor).where(col(Application.id) == application_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row: Application | None = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


def application_view(session: Session, actor: Actor, row: Application) -> ApplicationView:
    """The whole view of an application that is in sight."""
    acts = acts_of(session, [row.id]).get(row.id, [])
    guarantees = guarantees_of(session, [row.id]).get(row.id, [])
    names = _names(session, [row], extra=[each.guarantor_id for each in guarantees])
    product = session.get_one(Product, (row.bank_id, row.product))
    inside = sees_inside(actor, row)
    known = [act for act in acts if inside or act.organisation_id == actor.organisation_id]
    people = person_names(session, {act.person_id for act in known})
    doers = {act.id: people.get(act.person_id) for act in known}
    return ApplicationView(
        **_head(actor, row, product, acts, names),
        purpose=row.purpose,
        repayment_source=row.repayment_source,
        credit_consent=row.credit_consent,
        region_code=row.region_code,
        region=_region(session, row.region_code),
        catalogue_edition=row.catalogue_edition,
        catalogue_code=row.catalogue_code,
        green_item=_green_item(session, row),
        green_evidence=row.green_evidence,
        rate_ppm=row.rate_ppm,
        lpr_tenor=row.lpr_tenor,
        lpr_bp=row.lpr_bp,
        reset_rule=row.reset_rule,
        grace_principal=row.grace_principal,
        method=row.method,
        financial_difficulty=row.financial_difficulty if inside else None,
        approved_until=row.approved_until,
        conditions=row.conditions,
        assets=tuple(
            OfferedLine(
                asset_id=line.asset_id, security=line.security.value, secured_fen=line.secured_fen
            )
            for line in lines_of(session, [row.id]).get(row.id, [])
        ),
        guarantees=tuple(
            GuaranteeView(
                guarantor_id=each.guarantor_id,
                guarantor=_name(names[each.guarantor_id]),
                covered_fen=each.covered_fen,
            )
            for each in guarantees
        ),
        acts=tuple(_act(act, doers.get(act.id), inside=inside) for act in acts),
        documents=tuple(
            DocumentLink(document_id=each.document_id, title=each.title, added_at=each.added_at)
            for each in documents_of(session, row.id)
        ),
    )


def summaries(
    session: Session, actor: Actor, rows: Sequence[Application]
) -> list[ApplicationSummary]:
    """Applications of a list: three queries whatever their number."""
    acts, names, products = (
        acts_of(session, [row.id for row in rows]),
        _names(session, rows),
        _products(session, rows),
    )
    return [
        ApplicationSummary(
            **_head(actor, row, products[row.bank_id, row.product], acts.get(row.id, []), names)
        )
        for row in rows
    ]


def sees_inside(actor: Actor, row: Application) -> bool:
    """Whether the actor is of the bank, which sees opinions and values as it recognises them."""
    return actor.organisation_id == row.bank_id or actor.sees("*") == "all"


def parts_of(row: Application, acts: Sequence[ApplicationAct]) -> list[Part]:
    """The parts that people had in a file, the opening of the draft included."""
    opened = Part(person_id=row.created_by_id, duty=Duty.APPLY)
    return [
        opened,
        *(Part(person_id=act.person_id, duty=duty_of(act.event, act.before)) for act in acts),
    ]


def legal_events(
    actor: Actor, row: Application, acts: Sequence[ApplicationAct]
) -> tuple[ApplicationEvent, ...]:
    """The events that this actor may take now: listed, permitted, and of a duty that is still open to them."""
    parts = parts_of(row, acts)
    return tuple(
        event
        for event in APPLICATION.events_for(row.state, actor)
        if _is_turn(actor, row, event)
        and decide_duty(parts, person_id=actor.person_id, duty=duty_of(event, row.state))
    )


def _is_turn(actor: Actor, row: Application, event: ApplicationEvent) -> bool:
    if event is ApplicationEvent.RETURN:
        return actor.may(RETURNS_FROM[row.state])
    return True


def _head(
    actor: Actor,
    row: Application,
    product: Product,
    acts: Sequence[ApplicationAct],
    names: dict[UUID, Organisation],
) -> dict[str, Any]:
    return {
        "id": row.id,
        "number": row.number,
        "state": row.state,
        "events": tuple(event.value for event in legal_events(actor, row, acts)),
        "version": row.version,
        "created_at": row.created_at,
        "bank_id": row.bank_id,
        "bank": _name(names[row.bank_id]),
        "borrower_id": row.borrower_id,
        "borrower": _name(names[row.borrower_id]),
        "product": row.product,
        "product_title": Name(zh=product.title_zh, en=product.title_en),
        "amount_fen": row.amount_fen,
        "term_months": row.term_months,
        "submitted_on": row.submitted_on,
        "due_on": row.due_on,
        "approved_fen": row.approved_fen,
        "loan_id": row.loan_id,
    }


def _products(session: Session, rows: Sequence[Application]) -> dict[tuple[UUID, str], Product]:
    statement = sa.select(Product).where(
        col(Product.bank_id).in_({row.bank_id for row in rows}),
        col(Product.code).in_({row.product for row in rows}),
    )
    return {(each.bank_id, each.code): each for each in session.execute(statement).scalars()}


def _names(
    session: Session, rows: Sequence[Application], extra: Sequence[UUID] = ()
) -> dict[UUID, Organisation]:
    ids = {each for row in rows for each in (row.bank_id, row.borrower_id)}
    return organisations_by_id(session, ids | set(extra))


def _region(session: Session, code: str) -> Name:
    region = session.get(Region, code)
    return Name(zh=region.name_zh, en=region.name_en) if region else Name(zh=code, en=code)


def _green_item(session: Session, row: Application) -> Name | None:
    if row.catalogue_edition is None or row.catalogue_code is None:
        return None
    item = find_item(session, row.catalogue_edition, row.catalogue_code)
    return Name(zh=item.name_zh, en=item.name_en) if item else None


def _name(row: Organisation) -> Name:
    return Name(zh=row.name_zh, en=row.name_en)


def _act(act: ApplicationAct, person: Name | None, *, inside: bool) -> ActView:
    return ActView(
        event=act.event,
        before=act.before,
        after=act.after,
        at=act.at,
        on=act.on,
        person=person,
        opinion=act.opinion if inside or act.event in _TOLD_TO_BORROWER else "",
        facts=act.facts if inside else {},
    )


_TOLD_TO_BORROWER = frozenset(
    {ApplicationEvent.RETURN, ApplicationEvent.REJECT, ApplicationEvent.SUBMIT}
)
