"""Use cases of the registry: draft, register, measure, certify, file, withdraw; what hangs on an asset."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import Session, col

from app.assets import queries
from app.assets.domain import (
    ASSET,
    AssetEvent,
    AssetKind,
    AssetState,
    EncumbranceKind,
    ForestCategory,
    GrantReason,
    MrvAct,
    geometry,
    registration,
)
from app.assets.kinds import kind_info, models_for
from app.assets.models import (
    KEPT_OF_ENCUMBRANCE,
    Asset,
    AssetEncumbrance,
    AssetEvidence,
    AssetGrant,
    AssetMeasurement,
    AssetParcel,
)
from app.assets.overlap import require_free_land
from app.assets.queries import AssetView, asset_view, load_asset
from app.audit.services import record
from app.db.engine import now, today
from app.db.numbers import insert_ignoring, next_number
from app.documents.queries import get_document
from app.documents.services import UploadFile, upload_document
from app.identity.domain import OrganisationKind
from app.identity.models import Organisation
from app.kernel.actor import Actor
from app.kernel.errors import Forbidden, InvalidInput, NotFound
from app.kernel.ids import new_id
from app.kernel.permissions import Permission
from app.kernel.text import N_, Coded
from app.reference.services import policy_for, require_county

MAX_EVIDENCE: Final = 50
"""Files of one asset; a report joins what more there is."""

_MRV_KINDS: Final = frozenset(
    {OrganisationKind.MRV_MEASURE, OrganisationKind.MRV_VERIFY, OrganisationKind.LOCAL_REGISTRY}
)
PROVING: Final = (
    Permission.REGISTER_ASSET,
    Permission.MEASURE_ASSET,
    Permission.CERTIFY_ASSET,
    Permission.FILE_ASSET,
)
"""Who adds files to an asset in sight."""

ENCUMBERING: Final = (Permission.REGISTER_ASSET, Permission.REGISTER_PLEDGE)
"""Who records rights of third parties over an asset in sight."""


# ---------------------------------------------------------------------------
# Drafts and registration


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterAsset:
    """A right with its certificate, its land as GeoJSON, and the centres it is sent to.

    `as_draft` keeps it a draft, to be completed and registered later.
    """

    kind: AssetKind
    title: str
    region_code: str
    certificate_registry: str
    certificate_number: str
    right_starts_on: date
    right_ends_on: date
    title_en: str = ""
    forest_category: ForestCategory | None = None
    area_mu: Decimal | None = None
    quantity: Decimal | None = None
    quantity_unit: str = ""
    model_id: str | None = None
    note: str = ""
    parcels: dict[str, Any] | None = None
    send_to: tuple[UUID, ...] = ()
    as_draft: bool = False
    synthetic: bool = False


def register_asset(session: Session, actor: Actor, command: RegisterAsset) -> AssetView:
    """Register a right of the actor's organisation, or keep it as a draft.

    Refuses land without parcels, areas that do not fit, forest that may not be mortgaged as a forest right,
    certificates and land that another active asset has.
    """
    actor.require(Permission.REGISTER_ASSET)
    parcels = geometry.read_parcels(command.parcels) if command.parcels is not None else ()
    _require_dates(command)
    _require_model(command)
    require_county(session, command.region_code)
    row = _add_draft(session, actor, command)
    _add_parcels(session, row, parcels)
    for organisation_id in command.send_to:
        send_asset(session, actor, row.id, organisation_id)
    if not command.as_draft:
        _register(session, actor, row)
    return asset_view(session, actor, row)


def _require_dates(command: RegisterAsset) -> None:
    if command.right_ends_on <= command.right_starts_on:
        raise InvalidInput.at("/right_ends_on", N_("The right must end after it starts."))
    if (command.quantity is None) != (not command.quantity_unit):
        raise InvalidInput.at("/quantity", N_("Give quantity and unit together."))


def _require_model(command: RegisterAsset) -> None:
    fitting = models_for(command.kind)
    if command.model_id is not None and command.model_id not in fitting:
        raise InvalidInput.at(
            "/model_id", N_("Choose one of: %(choices)s."), choices=", ".join(fitting)
        )


def _add_draft(session: Session, actor: Actor, command: RegisterAsset) -> Asset:
    given = {
        name: getattr(command, name)
        for name in RegisterAsset.__dataclass_fields__
        if name not in {"parcels", "send_to", "as_draft", "model_id"}
    }
    row = Asset(
        **given,
        number=next_number(session, "A", today(session).year),
        owner_id=actor.organisation_id,
        state=ASSET.initial,
        model_id=command.model_id or kind_info(command.kind).model_id,
        created_by=actor.person_id,
        created_at=now(session),
    )
    _require_free_certificate(session, row)
    session.add(row)
    session.flush()
    _record(session, actor, "asset.draft", row, certificate=row.certificate_number)
    return row


def _require_free_certificate(session: Session, row: Asset) -> None:
    taken = sa.select(col(Asset.id)).where(
        col(Asset.certificate_registry) == row.certificate_registry,
        col(Asset.certificate_number) == row.certificate_number,
        col(Asset.state) != AssetState.WITHDRAWN,
    )
    if session.execute(taken).first() is not None:
        raise registration.CertificateTaken(
            certificate=row.certificate_number, registry=row.certificate_registry
        )


def add_parcels(
    session: Session, actor: Actor, asset_id: UUID, parcels: dict[str, Any]
) -> AssetView:
    """Draw more parcels of a draft; a registered asset keeps the land it was registered with."""
    row = _own_asset(session, actor, asset_id)
    if row.state is not AssetState.DRAFT:
        raise registration.LandDrawn(state=Coded(row.state, ASSET.state_titles[row.state]))
    _add_parcels(session, row, geometry.read_parcels(parcels))
    _touch(session, row)
    _record(session, actor, "asset.draw", row)
    return asset_view(session, actor, row)


def _add_parcels(session: Session, row: Asset, parcels: Sequence[geometry.Parcel]) -> None:
    first = len(_parcel_rows(session, row.id)) + 1
    if first + len(parcels) - 1 > geometry.MAX_PARCELS:
        raise InvalidInput.at(
            "/parcels", N_("At most %(limit)s parcels are taken."), limit=geometry.MAX_PARCELS
        )
    for seq, parcel in enumerate(parcels, start=first):
        west, south, east, north = parcel.box
        session.add(
            AssetParcel(
                asset_id=row.id,
                seq=seq,
                name=parcel.name,
                geometry=parcel.geometry,
                area_mu=parcel.area_mu,
                stated_area_mu=parcel.stated_area_mu,
                vertices=parcel.vertices,
                west_e7=west,
                south_e7=south,
                east_e7=east,
                north_e7=north,
            )
        )
    session.flush()


def _parcel_rows(session: Session, asset_id: UUID) -> list[AssetParcel]:
    statement = (
        sa.select(AssetParcel)
        .where(col(AssetParcel.asset_id) == asset_id)
        .order_by(col(AssetParcel.seq))
    )
    return list(session.execute(statement).scalars())


def register_draft(
    session: Session, actor: Actor, asset_id: UUID, _command: object = None
) -> AssetView:
    """Register a draft that is complete."""
    row = _own_asset(session, actor, asset_id)
    _register(session, actor, row)
    return asset_view(session, actor, row)


def _register(session: Session, actor: Actor, row: Asset) -> None:
    state = ASSET.next(row.state, AssetEvent.REGISTER)
    parcels = _parcel_rows(session, row.id)
    policy = policy_for(session, None, today(session))
    facts = registration.RegistrationFacts(
        kind=row.kind,
        land=kind_info(row.kind).land,
        forest_category=row.forest_category,
        mortgageable=policy.flags("assets.forest_category", "mortgageable"),
        right_ends_on=row.right_ends_on,
        area_mu=row.area_mu,
        parcels=[(each.name, each.area_mu, each.stated_area_mu) for each in parcels],
        area_tolerance=policy.ratio("assets.area_tolerance"),
        today=today(session),
    )
    registration.require_registrable(facts)
    require_free_land(session, actor, row, parcels, policy.ratio("assets.overlap_tolerance"))
    row.state, row.registered_on = state, today(session)
    session.add(row)
    session.flush()
    _record(session, actor, "asset.register", row, kind=row.kind, area_mu=row.area_mu)


# ---------------------------------------------------------------------------
# Measurement, certification, filing


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAct:
    """What a body measured, certified or filed: its own number, day and quantity."""

    number: str
    on: date
    quantity: Decimal
    unit: str
    document_id: UUID | None = None


def measure_asset(session: Session, actor: Actor, asset_id: UUID, command: RecordAct) -> AssetView:
    """The measurement centre records what it measured."""
    actor.require(Permission.MEASURE_ASSET)
    return _record_act(session, actor, asset_id, MrvAct.MEASURE, command)


def certify_asset(session: Session, actor: Actor, asset_id: UUID, command: RecordAct) -> AssetView:
    """The certification centre records what it certified of what was measured."""
    actor.require(Permission.CERTIFY_ASSET)
    return _record_act(session, actor, asset_id, MrvAct.CERTIFY, command)


def file_asset(session: Session, actor: Actor, asset_id: UUID, command: RecordAct) -> AssetView:
    """The filing centre enters what was certified; the asset may then secure a loan."""
    actor.require(Permission.FILE_ASSET)
    return _record_act(session, actor, asset_id, MrvAct.FILE, command)


def _record_act(
    session: Session, actor: Actor, asset_id: UUID, act: MrvAct, command: RecordAct
) -> AssetView:
    row = load_asset(session, actor, asset_id)
    if command.document_id is not None:
        get_document(session, actor, command.document_id)
    row.state = registration.decide_act(_act_facts(session, actor, row, act, command))
    session.add(
        AssetMeasurement(
            asset_id=row.id,
            act=act,
            organisation_id=actor.organisation_id,
            person_id=actor.person_id,
            number=command.number,
            on=command.on,
            quantity=command.quantity,
            unit=command.unit,
            document_id=command.document_id,
            recorded_at=now(session),
        )
    )
    row.quantity, row.quantity_unit = command.quantity, command.unit
    session.add(row)
    session.flush()
    _record(session, actor, f"asset.{act.value}", row, act_number=command.number, on=command.on)
    return asset_view(session, actor, row)


def _act_facts(
    session: Session, actor: Actor, row: Asset, act: MrvAct, command: RecordAct
) -> registration.ActFacts:
    return registration.ActFacts(
        act=act,
        state=row.state,
        needs_mrv=kind_info(row.kind).needs_mrv,
        owner_id=row.owner_id,
        organisation_id=actor.organisation_id,
        on=command.on,
        quantity=command.quantity,
        unit=command.unit,
        former=[
            registration.FormerAct(
                act=each.act,
                organisation_id=each.organisation_id,
                on=each.on,
                quantity=each.quantity,
                unit=each.unit,
            )
            for each in queries.acts_of(session, row.id)
        ],
        right_starts_on=row.right_starts_on,
        today=today(session),
    )


# ---------------------------------------------------------------------------
# Withdrawal and sight


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawAsset:
    """Why an asset leaves the registry."""

    reason: str


def withdraw_asset(
    session: Session, actor: Actor, asset_id: UUID, command: WithdrawAsset
) -> AssetView:
    """Take an own asset out of the registry; refused while it secures a loan, or is just being taken for one."""
    row = _own_asset(session, actor, asset_id, lock=True)
    state = ASSET.next(row.state, AssetEvent.WITHDRAW)
    pledged = sa.select(col(AssetGrant.id)).where(
        col(AssetGrant.asset_id) == row.id, col(AssetGrant.reason) == GrantReason.PLEDGED
    )
    if session.execute(pledged).first() is not None:
        raise registration.AssetInUse(asset=row.number)
    row.state = state
    session.add(row)
    session.flush()
    _record(session, actor, "asset.withdraw", row, reason=command.reason)
    return asset_view(session, actor, row)


def send_asset(session: Session, actor: Actor, asset_id: UUID, organisation_id: UUID) -> None:
    """Let a centre see an own asset, so that it can measure, certify or file it."""
    row = _own_asset(session, actor, asset_id)
    receiver = session.get(Organisation, organisation_id)
    if receiver is None or receiver.kind not in _MRV_KINDS:
        raise InvalidInput.at("/send_to", N_("Choose a centre that measures, certifies or files."))
    share_asset(session, asset_id=row.id, organisation_id=organisation_id, reason=GrantReason.SENT)
    _record(session, actor, "asset.send", row, receiver=organisation_id)


def share_asset(
    session: Session, *, asset_id: UUID, organisation_id: UUID, reason: GrantReason | str
) -> None:
    """Let another organisation see an asset; the rooms above call it when they offer, order or pledge."""
    values: dict[str, object] = {
        "id": new_id(),
        "asset_id": asset_id,
        "organisation_id": organisation_id,
        "reason": GrantReason(reason),
        "granted_at": now(session),
    }
    insert_ignoring(session, AssetGrant.__table__, values)  # type: ignore[attr-defined]


def unshare_asset(
    session: Session, *, asset_id: UUID, organisation_id: UUID, reason: GrantReason | str
) -> None:
    """Take one reason of sight away, such as `pledged` when the security is released."""
    statement = sa.delete(AssetGrant).where(
        col(AssetGrant.asset_id) == asset_id,
        col(AssetGrant.organisation_id) == organisation_id,
        col(AssetGrant.reason) == GrantReason(reason),
    )
    session.execute(statement.execution_options(synchronize_session=False))


# ---------------------------------------------------------------------------
# Evidence and encumbrances


@dataclass(frozen=True, slots=True, kw_only=True)
class AddEvidence:
    """A file with a title that says what it proves."""

    title: str
    file: UploadFile


def add_evidence(session: Session, actor: Actor, asset_id: UUID, command: AddEvidence) -> AssetView:
    """Add a file to an asset: by its owner, or by a centre that it was sent to."""
    actor.require_any(*PROVING)
    row = load_asset(session, actor, asset_id, lock=True)
    count = sa.select(sa.func.count(col(AssetEvidence.id))).where(
        col(AssetEvidence.asset_id) == row.id
    )
    if session.execute(count).scalar_one() >= MAX_EVIDENCE:
        raise InvalidInput.at(
            "/file", N_("An asset has at most %(limit)s files."), limit=MAX_EVIDENCE
        )
    document = upload_document(session, actor, command.file)
    session.add(
        AssetEvidence(
            asset_id=row.id,
            document_id=document.id,
            title=command.title,
            added_by=actor.person_id,
            added_at=now(session),
        )
    )
    session.flush()
    _record(session, actor, "asset.evidence", row, sha256=document.sha256)
    return asset_view(session, actor, row)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddEncumbrance:
    """A third party's right over an asset."""

    kind: EncumbranceKind
    holder: str
    since_on: date
    secured_fen: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndEncumbrance:
    """When a third party's right ended."""

    ended_on: date


def add_encumbrance(
    session: Session, actor: Actor, asset_id: UUID, command: AddEncumbrance
) -> AssetView:
    """Record a third party's right: by the owner, or by a bank that found it in a search."""
    row = _encumbering(session, actor, asset_id)
    if command.since_on > today(session):
        raise _wrong_day("/since_on")
    right = AssetEncumbrance(
        asset_id=row.id,
        kind=command.kind,
        holder=command.holder,
        secured_fen=command.secured_fen,
        since_on=command.since_on,
        note=command.note,
        recorded_by=actor.person_id,
        recorded_at=now(session),
    )
    session.add(right)
    session.flush()
    kept = {name: getattr(right, name) for name in KEPT_OF_ENCUMBRANCE}
    _record(session, actor, "asset.encumber", row, encumbrance=right.id, **kept)
    return asset_view(session, actor, row)


def end_encumbrance(
    session: Session, actor: Actor, asset_id: UUID, encumbrance_id: UUID, command: EndEncumbrance
) -> AssetView:
    """Record that a third party's right ended; the row stays.

    For whoever recorded it and its colleagues, and for a bank to which the asset is pledged.
    """
    row = _encumbering(session, actor, asset_id)
    found = session.get(AssetEncumbrance, encumbrance_id, populate_existing=True)
    if found is None or found.asset_id != row.id:
        raise NotFound
    if found.ended_on is not None:
        raise registration.EncumbranceEnded(ended_on=found.ended_on)
    if not queries.may_end_encumbrance(session, actor, found):
        raise registration.EncumbranceOfOthers
    if not found.since_on <= command.ended_on <= today(session):
        raise _wrong_day("/ended_on")
    found.ended_on = command.ended_on
    session.add(found)
    session.flush()
    _record(session, actor, "asset.unencumber", row, encumbrance=found.id, on=command.ended_on)
    return asset_view(session, actor, row)


def _encumbering(session: Session, actor: Actor, asset_id: UUID) -> Asset:
    """The asset, held, so that a right over it ends once and is known when it is pledged."""
    actor.require_any(*ENCUMBERING)
    return load_asset(session, actor, asset_id, lock=True)


def _wrong_day(pointer: str) -> InvalidInput:
    return InvalidInput.at(pointer, N_("The day lies before the right began, or in the future."))


# ---------------------------------------------------------------------------
# Shared


def get_asset(session: Session, actor: Actor, asset_id: UUID) -> AssetView:
    """One asset in the actor's sight."""
    actor.require(Permission.READ_ASSETS)
    return asset_view(session, actor, load_asset(session, actor, asset_id))


def _own_asset(session: Session, actor: Actor, asset_id: UUID, *, lock: bool = False) -> Asset:
    """The row for its owner only; others who see it may not change it."""
    actor.require(Permission.REGISTER_ASSET)
    row = load_asset(session, actor, asset_id, lock=lock)
    if row.owner_id != actor.organisation_id and actor.sees("*") != "all":
        raise Forbidden(permission=Permission.REGISTER_ASSET.value)
    return row


def _touch(session: Session, row: Asset) -> None:
    """What hangs on a draft changed: its version grows, so that a stale page is refused."""
    flag_modified(row, "note")
    session.add(row)
    session.flush()


def _record(session: Session, actor: Actor, action: str, row: Asset, **facts: Any) -> None:
    record(
        session,
        actor,
        action,
        subject_kind="asset",
        subject_id=row.id,
        number=row.number,
        **facts,
    )
