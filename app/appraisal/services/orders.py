"""Ordering an appraisal, accepting or declining the order."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal import queries
from app.appraisal.domain import (
    APPRAISAL,
    AppraisalEvent,
    AppraisalKind,
    AppraisalState,
)
from app.appraisal.domain.catalogue import find_spec
from app.appraisal.models import Appraisal
from app.appraisal.services.errors import (
    AgencyNotOnPanel,
    AssetNotAppraisable,
    FrontOfficeAppraisal,
    MadeByAnother,
    ModelNotForAsset,
)
from app.appraisal.services.internal import require_internal
from app.appraisal.services.views import AppraisalView, appraisal_view, is_front_office
from app.assets.domain import AssetState, GrantReason
from app.assets.kinds import models_for
from app.assets.models import Asset
from app.assets.queries import load_asset, organisation_names
from app.assets.services import share_asset
from app.audit.services import record
from app.db.engine import now, today
from app.db.numbers import next_number
from app.identity.domain import OrganisationKind
from app.identity.models import Organisation
from app.kernel.actor import Actor, Name
from app.kernel.errors import InvalidInput, NotFound
from app.kernel.permissions import Permission
from app.kernel.text import N_

SERIES: Final = "V"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAppraisal:
    """An order to an agency of a bank's panel, or of a bank to itself for a small loan.

    Without a model, the one that fits the asset is taken. An internal appraisal names the loan and
    no agency, an external one the agency.
    """

    asset_id: UUID
    bank_id: UUID
    purpose: str
    agency_id: UUID | None = None
    kind: AppraisalKind = AppraisalKind.EXTERNAL
    loan_fen: int | None = None
    model_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseNote:
    """Why an order is declined, a report returned or revoked."""

    note: str


def order_appraisal(session: Session, actor: Actor, command: OrderAppraisal) -> AppraisalView:
    """Order an appraisal, as owner of the asset or as the bank it was offered to.

    The agency must be on that bank's panel today; it then sees the asset. A bank appraises itself
    what the rules of the day leave to it. Refuses assets that are not registered and models that do
    not value this kind.
    """
    actor.require(Permission.ORDER_APPRAISAL)
    asset = _orderable_asset(session, actor, command)
    day = today(session)
    _require_bank(session, actor, command.bank_id)
    internal = command.kind is AppraisalKind.INTERNAL
    agency_id = (
        _own_bank(session, actor, command, asset)
        if internal
        else _panel_agency(session, command, day)
    )
    row = Appraisal(
        number=next_number(session, SERIES, day.year),
        asset_id=asset.id,
        ordered_by_id=actor.organisation_id,
        bank_id=command.bank_id,
        agency_id=agency_id,
        kind=command.kind,
        purpose=command.purpose,
        loan_fen=command.loan_fen,
        state=AppraisalState.ORDERED,
        model_id=chosen_model(asset, command.model_id),
        created_at=now(session),
    )
    session.add(row)
    session.flush()
    if not internal:
        share_asset(
            session, asset_id=asset.id, organisation_id=agency_id, reason=GrantReason.ORDERED
        )
    say(session, actor, "appraisal.order", row, asset_id=asset.id, agency_id=row.agency_id)
    return appraisal_view(session, actor, row)


def _panel_agency(session: Session, command: OrderAppraisal, day: date) -> UUID:
    """The agency of the order, which the bank accepts on the day."""
    if command.agency_id is None:
        raise InvalidInput.at("/agency_id", N_("Choose an agency of the panel."))
    if command.loan_fen is not None:
        raise InvalidInput.at("/loan_yuan", N_("Only an internal appraisal names a loan."))
    if not queries.is_on_panel(
        session, bank_id=command.bank_id, agency_id=command.agency_id, day=day
    ):
        raise AgencyNotOnPanel(agency=_agency_name(session, command.agency_id), day=day)
    return command.agency_id


def _own_bank(session: Session, actor: Actor, command: OrderAppraisal, asset: Asset) -> UUID:
    """The bank as its own appraiser, where the rule of the day allows it for the asset and the loan."""
    if actor.organisation_id != command.bank_id:
        raise InvalidInput.at("/kind", N_("Only a bank orders an internal appraisal, of itself."))
    if command.agency_id is not None:
        raise InvalidInput.at("/agency_id", N_("An internal appraisal names no agency."))
    if command.loan_fen is None:
        raise InvalidInput.at("/loan_yuan", N_("Enter the loan that the appraisal stands behind."))
    require_internal(session, bank_id=command.bank_id, asset=asset, loan_fen=command.loan_fen)
    return command.bank_id


def chosen_model(asset: Asset, wanted: str | None) -> str:
    """The model asked for when it values this kind of asset, else the first that does."""
    legal = models_for(asset.kind, asset.model_id)
    if wanted is None:
        return legal[0]
    if wanted not in legal:
        choices = [_model_name(each) for each in legal]
        named = _model_name(wanted)
        raise ModelNotForAsset(model=wanted, models=list(legal), named=named, choices=choices)
    return wanted


def _model_name(model_id: str) -> Name:
    """What a model is called; one that is not installed is its id."""
    spec = find_spec(model_id)
    title = spec.title if spec else None
    return Name(zh=title.zh, en=title.en) if title else Name(zh=model_id, en=model_id)


def accept_order(session: Session, actor: Actor, appraisal_id: UUID) -> AppraisalView:
    """The agency takes the order."""
    row = move(session, actor, appraisal_id, AppraisalEvent.ACCEPT)
    say(session, actor, "appraisal.accept", row)
    return appraisal_view(session, actor, row)


def decline_order(
    session: Session, actor: Actor, appraisal_id: UUID, command: CloseNote
) -> AppraisalView:
    """The agency does not take the order, and says why."""
    row = move(session, actor, appraisal_id, AppraisalEvent.DECLINE)
    row.closing_note = command.note
    say(session, actor, "appraisal.decline", row, note=command.note)
    return appraisal_view(session, actor, row)


def move(session: Session, actor: Actor, appraisal_id: UUID, event: AppraisalEvent) -> Appraisal:
    """Load for the agency, check permission and state table, and set the next state (flushed)."""
    row = own_appraisal(session, actor, appraisal_id)
    actor.require(APPRAISAL.permissions[event])
    row.state = APPRAISAL.next(row.state, event)
    session.add(row)
    session.flush()
    return row


def get_appraisal(session: Session, actor: Actor, appraisal_id: UUID) -> AppraisalView:
    """One appraisal in the actor's sight."""
    actor.require(Permission.READ_APPRAISALS)
    return appraisal_view(session, actor, load_appraisal(session, actor, appraisal_id))


def load_appraisal(session: Session, actor: Actor, appraisal_id: UUID) -> Appraisal:
    """The row, or NotFound."""
    statement = queries.visible_appraisals(session, actor).where(col(Appraisal.id) == appraisal_id)
    row: Appraisal | None = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


def own_appraisal(session: Session, actor: Actor, appraisal_id: UUID) -> Appraisal:
    """The row, for members of its agency (and the system) only; others who see it may not move it."""
    row = load_appraisal(session, actor, appraisal_id)
    if actor.organisation_id != row.agency_id and actor.sees("*") != "all":
        if not actor.may(Permission.SIGN_APPRAISAL):
            actor.require(Permission.PREPARE_APPRAISAL)
        raise MadeByAnother
    require_back_office(row, actor)
    return row


def require_back_office(row: Appraisal, actor: Actor) -> None:
    """Refuse who handles customers' applications, where the bank appraises for itself."""
    if is_front_office(row, actor):
        raise FrontOfficeAppraisal


def appraisal_in_force(session: Session, asset_id: UUID) -> Appraisal:
    """The valid appraisal of an asset, or NotFound."""
    row = queries.valid_appraisal(session, asset_id)
    if row is None:
        raise NotFound
    return row


def _orderable_asset(session: Session, actor: Actor, command: OrderAppraisal) -> Asset:
    asset = load_asset(session, actor, command.asset_id)
    if asset.state in {AssetState.DRAFT, AssetState.WITHDRAWN}:
        raise AssetNotAppraisable(state=asset.state.value)
    return asset


def _require_bank(session: Session, actor: Actor, bank_id: UUID) -> None:
    """A bank orders on its own panel; an owner on that of any bank."""
    bank = session.execute(
        sa.select(Organisation).where(
            col(Organisation.id) == bank_id, col(Organisation.kind) == OrganisationKind.BANK
        )
    ).scalar_one_or_none()
    other = actor.organisation_kind == OrganisationKind.BANK and bank_id != actor.organisation_id
    if bank is None or other:
        raise InvalidInput.at(
            "/bank_id", N_("Choose your own bank, or as owner any bank of the platform.")
        )


def _agency_name(session: Session, agency_id: UUID) -> Name | str:
    return organisation_names(session, {agency_id}).get(agency_id, str(agency_id))


def say(session: Session, actor: Actor, action: str, row: Appraisal, **facts: Any) -> None:
    """Record a step of an appraisal."""
    record(
        session,
        actor,
        action,
        subject_kind="appraisal",
        subject_id=row.id,
        number=row.number,
        **facts,
    )
