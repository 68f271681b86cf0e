"""The pool of an application: assets and guarantees offered, their value chain, and what they lend."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal.models import AssetValue
from app.appraisal.queries import internal_limits
from app.appraisal.services.internal import leaves_to_bank
from app.assets.kinds import kind_info
from app.assets.models import Asset, AssetEncumbrance
from app.assets.queries import visible_assets
from app.assets.services import share_asset
from app.audit.services import record
from app.collateral.domain.cover import pledge_obstacle
from app.collateral.domain.states import SecurityKind
from app.collateral.models import AssetLien, Pledge, RecognisedValue
from app.collateral.queries import ACTIVE, valid_fen
from app.collateral.refusals import OBSTACLES
from app.collateral.services.pledging import SecurityAsked, pledge_facts
from app.identity.domain import OrganisationKind
from app.identity.models import Organisation
from app.kernel.actor import Actor
from app.kernel.errors import FieldError, InvalidInput
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.loans.services import lending_day
from app.origination.domain.application import matures_on
from app.origination.domain.pool import PoolTotals, PoolValue, carried_fen, measure_pool
from app.origination.domain.products import ProductTerms
from app.origination.domain.states import ApplicationState
from app.origination.models import Application, PoolLine, ProposedGuarantee
from app.origination.queries import guarantees_of, lines_of, organisations_by_id
from app.origination.refusals import LineRefused, PoolClosed
from app.origination.services.products import terms_of
from app.policy import Policy
from app.reference.services import policy_for

MAX_LINES = 50
"""Assets of one pool; a form shows as many rows."""

WAITING = frozenset(
    {
        "not-ready",
        "no-valid-appraisal",
        "appraisal-expired",
        "appraised-for-less",
        "not-recognised",
    }
)
"""Obstacles that the course of a file removes: an asset may enter the pool with them, lending nothing yet."""

BY_BORROWER = (ApplicationState.DRAFT, ApplicationState.RETURNED)
"""States in which the borrower holds the file: it may change and compose it."""

BY_BANK = (ApplicationState.SUBMITTED, ApplicationState.INVESTIGATING)
"""States in which the bank composes the pool, until the investigation is signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedAsset:
    """An asset offered as security; without an amount it secures the loan as far as its value goes."""

    asset_id: UUID
    secured_fen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedGuarantee:
    """A guarantee of part of the loan."""

    guarantor_id: UUID
    covered_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposePool:
    """All assets and guarantees of an application, in place of those before."""

    assets: tuple[OfferedAsset, ...] = ()
    guarantees: tuple[OfferedGuarantee, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewPool:
    """What a pool would lend; `amount_fen` in place of the amount asked."""

    assets: tuple[OfferedAsset, ...] = ()
    guarantees: tuple[OfferedGuarantee, ...] = ()
    amount_fen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolPreview:
    """A pool valued on a day: each asset, the totals, and the totals of what is stored."""

    on: date
    values: tuple[PoolValue, ...]
    totals: PoolTotals
    stored: PoolTotals


def compose_pool(
    session: Session, actor: Actor, application: Application, command: ComposePool
) -> None:
    """Replace the pool of an application that the caller has locked.

    The borrower composes drafts, the officer until the investigation is signed. Every asset that a rule keeps
    out is named with its reason; none is stored then.
    """
    _require_open(actor, application)
    values = _values_of(session, actor, application, command.assets)
    _require_allowed(values, terms_of(session, application.bank_id, application.product))
    _require_guarantors(session, command.guarantees)
    _replace(session, application, values, command.guarantees)
    if application.state in BY_BANK:
        share_pool(session, application)
    record(
        session,
        actor,
        "application.pool",
        subject_kind="application",
        subject_id=application.id,
        organisation_id=application.bank_id,
        number=application.number,
        assets=[[value.number, value.secured_fen] for value in values],
        guarantees=[[str(each.guarantor_id), each.covered_fen] for each in command.guarantees],
    )


def _require_open(actor: Actor, application: Application) -> None:
    if application.state in BY_BORROWER:
        actor.require(Permission.APPLY_FOR_LOAN)
    elif application.state in BY_BANK:
        actor.require(Permission.COMPOSE_POOL)
    else:
        raise PoolClosed


def share_pool(session: Session, application: Application) -> None:
    """Let the bank see the assets that are offered to it."""
    for line in lines_of(session, [application.id]).get(application.id, ()):
        share_asset(
            session,
            asset_id=line.asset_id,
            organisation_id=application.bank_id,
            reason="offered",
        )


def preview_pool(
    session: Session, actor: Actor, application: Application, command: PreviewPool
) -> PoolPreview:
    """Value a pool that nobody stored, beside the one that is stored."""
    values = _values_of(session, actor, application, command.assets)
    asked = command.amount_fen or application.amount_fen
    return PoolPreview(
        on=lending_day(session, application.bank_id),
        values=values,
        totals=_totals(session, application, values, command.guarantees, asked),
        stored=stored_pool(session, application).totals,
    )


def stored_pool(session: Session, application: Application) -> PoolPreview:
    """The pool of an application as it stands today."""
    lines = lines_of(session, [application.id]).get(application.id, [])
    guarantees = guarantees_of(session, [application.id]).get(application.id, [])
    wanted = {line.asset_id: line.secured_fen for line in lines}
    values = _values(session, application, wanted, _assets(session, list(wanted)))
    asked = application.approved_fen or application.amount_fen
    totals = _totals(session, application, values, guarantees, asked)
    on = lending_day(session, application.bank_id)
    return PoolPreview(on=on, values=values, totals=totals, stored=totals)


def _totals(
    session: Session,
    application: Application,
    values: Sequence[PoolValue],
    guarantees: Sequence[OfferedGuarantee] | Sequence[ProposedGuarantee],
    asked_fen: int,
) -> PoolTotals:
    """The totals against an amount; a product that may be lent on credit is, where nothing secures it."""
    guaranteed = sum(each.covered_fen for each in guarantees)
    credit = terms_of(session, application.bank_id, application.product).credit
    on_credit = credit and not values and not guaranteed
    return measure_pool(values, guaranteed_fen=guaranteed, asked_fen=asked_fen, on_credit=on_credit)


def _values_of(
    session: Session, actor: Actor, application: Application, offered: Sequence[OfferedAsset]
) -> tuple[PoolValue, ...]:
    """The values of assets that the actor sees and the borrower may offer; unknown ones are named."""
    wanted = {each.asset_id: each.secured_fen for each in offered}
    if len(wanted) != len(offered):
        raise InvalidInput.at("/assets", N_("Name each asset once."))
    statement = visible_assets(session, actor).where(col(Asset.id).in_(wanted))
    seen = {asset.id: asset for asset in session.execute(statement).scalars()}
    errors = tuple(
        FieldError(pointer=f"/assets/{index}/asset_id", detail=N_("Choose an existing entry."))
        for index, each in enumerate(offered)
        if each.asset_id not in seen
    )
    if errors:
        raise InvalidInput(errors=errors)
    return _values(session, application, wanted, seen)


def _assets(session: Session, ids: Sequence[UUID]) -> dict[UUID, Asset]:
    statement = sa.select(Asset).where(col(Asset.id).in_(ids))
    return {asset.id: asset for asset in session.execute(statement).scalars()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What is stored about the assets of a pool, read in a constant number of queries."""

    values: Mapping[UUID, AssetValue]
    recognised: Mapping[UUID, int | None]
    senior_fen: Mapping[UUID, int]
    appraised_for_fen: Mapping[UUID, int]
    encumbered: frozenset[UUID]
    policy: Policy
    day: date
    matures_on: date


def _values(
    session: Session,
    application: Application,
    wanted: Mapping[UUID, int | None],
    assets: Mapping[UUID, Asset],
) -> tuple[PoolValue, ...]:
    known = _known(session, application, list(wanted))
    return tuple(
        _value(application, assets[asset_id], secured, known)
        for asset_id, secured in wanted.items()
    )


def _known(session: Session, application: Application, ids: Sequence[UUID]) -> _Known:
    day = lending_day(session, application.bank_id)
    values = sa.select(AssetValue).where(col(AssetValue.asset_id).in_(ids))
    recognised = sa.select(RecognisedValue).where(
        col(RecognisedValue.bank_id) == application.bank_id, col(RecognisedValue.asset_id).in_(ids)
    )
    third = sa.select(col(AssetEncumbrance.asset_id)).where(
        col(AssetEncumbrance.asset_id).in_(ids), col(AssetEncumbrance.ended_on).is_(None)
    )
    return _Known(
        values={row.asset_id: row for row in session.execute(values).scalars()},
        recognised={
            row.asset_id: row.recognised_fen for row in session.execute(recognised).scalars()
        },
        senior_fen=_senior(session, application, ids),
        appraised_for_fen=internal_limits(session, ids),
        encumbered=frozenset(session.execute(third).scalars()),
        policy=policy_for(session, application.bank_id, day),
        day=day,
        matures_on=matures_on(day, application.term_months),
    )


def _senior(session: Session, application: Application, ids: Sequence[UUID]) -> dict[UUID, int]:
    """What other loans secure on the assets; the lien of this file's own loan is not before itself."""
    liens = sa.select(AssetLien).where(col(AssetLien.asset_id).in_(ids))
    secured = {row.asset_id: row.secured_fen for row in session.execute(liens).scalars()}
    own = sa.select(Pledge).where(
        col(Pledge.asset_id).in_(ids),
        col(Pledge.loan_id) == application.loan_id,
        col(Pledge.state).in_(ACTIVE),
    )
    for pledge in session.execute(own).scalars() if application.loan_id else ():
        secured[pledge.asset_id] -= pledge.secured_fen
    return secured


def _value(
    application: Application, asset: Asset, secured_fen: int | None, known: _Known
) -> PoolValue:
    row = known.values.get(asset.id)
    current = valid_fen(row, known.day)
    info = kind_info(asset.kind)
    secured = secured_fen or _default_secured(application.amount_fen, current)
    senior = known.senior_fen.get(asset.id, 0)
    return PoolValue(
        asset_id=asset.id,
        number=asset.number,
        title=asset.title,
        kind=asset.kind.value,
        security=SecurityKind(info.security),
        secured_fen=secured,
        appraised_fen=row.appraised_fen if row else None,
        valuation_fen=row.valuation_fen if row else None,
        current_fen=current,
        valid_until=row.valid_until if row else None,
        recognised_fen=carried_fen(current, known.recognised.get(asset.id)),
        cap_ppm=known.policy.ppm(info.cap_parameter),
        senior_fen=senior,
        unsecured_fen=max((current or 0) - senior, 0),
        obstacle=_obstacle(application, asset, secured, known),
        may_appraise=leaves_to_bank(
            known.policy, asset, loan_fen=application.amount_fen, secured_fen=senior
        ),
    )


def _default_secured(amount_fen: int, current_fen: int | None) -> int:
    return min(amount_fen, current_fen or amount_fen)


def _obstacle(
    application: Application, asset: Asset, secured_fen: int, known: _Known
) -> str | None:
    """The rule that keeps the asset out for good, else the one that still keeps it from being pledged."""
    facts = pledge_facts(
        asset,
        known.values.get(asset.id),
        known.policy,
        SecurityAsked(
            borrower_id=application.borrower_id,
            loan_fen=application.amount_fen,
            security=SecurityKind(kind_info(asset.kind).security),
            secured_fen=secured_fen,
            matures_on=known.matures_on,
        ),
        encumbered=asset.id in known.encumbered,
        recognised_fen=known.recognised.get(asset.id),
        appraised_for_fen=known.appraised_for_fen.get(asset.id),
        today=known.day,
    )
    expired = facts.valid_until is None or facts.valid_until < known.day
    lasting = replace(
        facts,
        ready=True,
        current_fen=secured_fen if expired else facts.current_fen,
        valid_until=None,
        recognised_fen=0,
    )
    return pledge_obstacle(lasting) or pledge_obstacle(facts)


def _require_allowed(values: Sequence[PoolValue], terms: ProductTerms) -> None:
    """Refuse all assets that a rule or the product keeps out, each with its reason."""
    errors = []
    for index, value in enumerate(values):
        pointer = f"/assets/{index}/asset_id"
        if value.obstacle is not None and value.obstacle not in WAITING:
            errors.append(FieldError(pointer=pointer, detail=OBSTACLES[value.obstacle]))
        elif not terms.takes(value.kind):
            detail = N_("The product does not take this kind of asset.")
            errors.append(FieldError(pointer=pointer, detail=detail))
    if errors:
        raise LineRefused(errors=tuple(errors))


def _require_guarantors(session: Session, guarantees: Sequence[OfferedGuarantee]) -> None:
    found = organisations_by_id(session, [each.guarantor_id for each in guarantees])
    for index, each in enumerate(guarantees):
        guarantor: Organisation | None = found.get(each.guarantor_id)
        if guarantor is None or guarantor.kind is not OrganisationKind.GUARANTOR:
            raise InvalidInput.at(
                f"/guarantees/{index}/guarantor_id", N_("Choose a guarantee company of the list.")
            )
    if len(found) != len(guarantees):
        raise InvalidInput.at("/guarantees", N_("Name each guarantor once."))


def _replace(
    session: Session,
    application: Application,
    values: Sequence[PoolValue],
    guarantees: Sequence[OfferedGuarantee],
) -> None:
    for table in (PoolLine, ProposedGuarantee):
        statement = sa.delete(table).where(col(table.application_id) == application.id)
        session.execute(statement.execution_options(synchronize_session=False))
    session.add_all(
        PoolLine(
            application_id=application.id,
            seq=seq,
            asset_id=value.asset_id,
            security=value.security,
            secured_fen=value.secured_fen,
        )
        for seq, value in enumerate(values, start=1)
    )
    session.add_all(
        ProposedGuarantee(
            application_id=application.id,
            seq=seq,
            guarantor_id=each.guarantor_id,
            covered_fen=each.covered_fen,
        )
        for seq, each in enumerate(guarantees, start=1)
    )
    session.flush()
