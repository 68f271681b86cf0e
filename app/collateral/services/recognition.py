"""Recognised values: an officer confirms them, and they follow the current value down at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal.models import AssetValue
from app.assets.models import Asset
from app.assets.queries import visible_assets
from app.audit.services import record
from app.collateral.domain.kept import RECOGNITION_FIGURES, figures_of
from app.collateral.domain.states import RecognitionReason
from app.collateral.models import LoanCover, Pledge, RecognisedValue, Recognition
from app.collateral.queries import ACTIVE, valid_fen
from app.collateral.refusals import NoCurrentValue, RecognisedAboveCurrent
from app.db.engine import now
from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.kernel.money import Money
from app.kernel.permissions import Permission
from app.loans.services import lending_day

UNSEEN = 0
"""The version in a cover that never equals a loan's, so that the watch takes the loan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmRecognised:
    """What the collateral officer confirms for the bank, in fen, with the reason."""

    recognised_fen: int
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognitionView:
    """The values of an asset side by side for a bank, in fen; None where there is none."""

    asset_id: UUID
    appraised_fen: int | None
    valuation_fen: int | None
    current_fen: int | None
    valid_until: date | None
    recognised_fen: int | None
    recognised_on: date | None
    version: int


def confirm_recognised_value(
    session: Session, actor: Actor, asset_id: UUID, command: ConfirmRecognised
) -> RecognitionView:
    """Set what the actor's bank recognises for an asset: at most its current value.

    Refuses assets that the bank does not see, assets without a valid appraisal, and figures above the value.
    """
    actor.require(Permission.CONFIRM_RECOGNISED_VALUE)
    _require_visible(session, actor, asset_id)
    day = lending_day(session, actor.organisation_id)
    current = current_fen(session, asset_id, day, lock=True)
    if current is None:
        raise NoCurrentValue
    if command.recognised_fen > current:
        raise RecognisedAboveCurrent(current=Money(current))
    change = _Change(
        bank_id=actor.organisation_id,
        asset_id=asset_id,
        after_fen=command.recognised_fen,
        current_fen=current,
        reason=RecognitionReason.CONFIRMATION,
        note=command.note,
    )
    _apply(session, actor, change, on=day)
    return recognition_view(session, actor, asset_id)


def recognition_view(session: Session, actor: Actor, asset_id: UUID) -> RecognitionView:
    """The value chain of an asset as the actor's bank sees it."""
    _require_visible(session, actor, asset_id)
    value = session.get(AssetValue, asset_id)
    recognised = session.get(RecognisedValue, (actor.organisation_id, asset_id))
    return RecognitionView(
        asset_id=asset_id,
        appraised_fen=value.appraised_fen if value else None,
        valuation_fen=value.valuation_fen if value else None,
        current_fen=current_fen(session, asset_id, lending_day(session, actor.organisation_id)),
        valid_until=value.valid_until if value else None,
        recognised_fen=recognised.recognised_fen if recognised else None,
        recognised_on=recognised.recognised_on if recognised else None,
        version=recognised.version if recognised else 0,
    )


def held_version(session: Session, actor: Actor, asset_id: UUID) -> int:
    """The version of what the actor's bank recognises for an asset, held from here on: nobody else changes it.

    The value is held too: before the first recognition there is no row to hold but that one.
    """
    _require_visible(session, actor, asset_id)
    session.get(AssetValue, asset_id, with_for_update=True, populate_existing=True)
    row = _held_recognition(session, actor.organisation_id, asset_id)
    return row.version if row else 0


def _held_recognition(session: Session, bank_id: UUID, asset_id: UUID) -> RecognisedValue | None:
    return session.get(
        RecognisedValue, (bank_id, asset_id), with_for_update=True, populate_existing=True
    )


def current_fen(session: Session, asset_id: UUID, day: date, *, lock: bool = False) -> int | None:
    """The current value of an asset on a day; None without a valid appraisal. `lock` holds it for the transaction."""
    value = session.get(AssetValue, asset_id, with_for_update=lock, populate_existing=lock)
    return valid_fen(value, day)


def follow_down(
    session: Session,
    actor: Actor,
    bank_id: UUID,
    on: date,
    *,
    assets: Sequence[UUID] | None = None,
) -> list[UUID]:
    """Lower every recognised value of a bank that stands above its asset's current value; gives the assets.

    A value that lapsed (no valid appraisal) takes its recognition with it: the asset is then unpriced.
    assets: look at these only.
    """
    statement = (
        sa.select(RecognisedValue, AssetValue)
        .join(AssetValue, col(AssetValue.asset_id) == col(RecognisedValue.asset_id), isouter=True)
        .where(
            col(RecognisedValue.bank_id) == bank_id,
            col(RecognisedValue.recognised_fen).is_not(None),
        )
        .where(
            sa.or_(
                col(AssetValue.current_fen).is_(None),
                col(AssetValue.valid_until) < on,
                col(AssetValue.current_fen) < col(RecognisedValue.recognised_fen),
            )
        )
        .order_by(col(RecognisedValue.asset_id))
        .with_for_update(of=RecognisedValue)
        .execution_options(populate_existing=True)
    )
    if assets is not None:
        statement = statement.where(col(RecognisedValue.asset_id).in_(assets))
    changed = []
    for recognised, value in session.execute(statement).all():
        current = valid_fen(value, on)
        reason = RecognitionReason.LAPSE if current is None else RecognitionReason.FALL
        change = _Change(
            bank_id=bank_id,
            asset_id=recognised.asset_id,
            after_fen=current,
            current_fen=current,
            reason=reason,
            note="",
        )
        _apply(session, actor, change, on=on)
        changed.append(recognised.asset_id)
    return changed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    bank_id: UUID
    asset_id: UUID
    after_fen: int | None
    current_fen: int | None
    reason: RecognitionReason
    note: str


def _apply(session: Session, actor: Actor, change: _Change, *, on: date) -> None:
    row = _held_recognition(session, change.bank_id, change.asset_id)
    before = row.recognised_fen if row else None
    row = row or RecognisedValue(
        bank_id=change.bank_id, asset_id=change.asset_id, recognised_on=on, version=0
    )
    row.recognised_fen, row.recognised_on = change.after_fen, on
    row.version += 1
    session.add(row)
    history = Recognition(
        bank_id=change.bank_id,
        asset_id=change.asset_id,
        seq=row.version,
        on=on,
        at=now(session),
        reason=change.reason,
        before_fen=before,
        after_fen=change.after_fen,
        current_fen=change.current_fen,
        person_id=actor.person_id,
        note=change.note,
    )
    session.add(history)
    session.flush()
    look_again(session, change.asset_id)
    record(
        session,
        actor,
        "recognised-value.change",
        subject_kind="asset",
        subject_id=change.asset_id,
        organisation_id=change.bank_id,
        recognition=history.id,
        reason=change.reason,
        **figures_of(history, RECOGNITION_FIGURES),
    )


def look_again(session: Session, asset_id: UUID) -> None:
    """Something of an asset's pool changed: the watch measures the loans that it secures anew, whoever lent."""
    loans = sa.select(col(Pledge.loan_id)).where(
        col(Pledge.asset_id) == asset_id,
        col(Pledge.state).in_(ACTIVE),
    )
    statement = (
        sa.update(LoanCover)
        .where(col(LoanCover.loan_id).in_(loans))
        .values(seen_version=UNSEEN)
        .execution_options(synchronize_session=False)
    )
    session.execute(statement)


def _require_visible(session: Session, actor: Actor, asset_id: UUID) -> None:
    statement = visible_assets(session, actor).where(col(Asset.id) == asset_id)
    if session.execute(statement).first() is None:
        raise NotFound
