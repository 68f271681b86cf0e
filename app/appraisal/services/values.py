"""The value of an asset: kept hot in one narrow row, always recomputable from appraisals and valuations."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlmodel import Session

from app.appraisal import queries
from app.appraisal.domain.valuing import Ask, Problem, Recorded, digest, laid_over, value_many
from app.appraisal.models import Appraisal, AssetValue, Valuation
from app.appraisal.services.errors import NoValidAppraisal
from app.appraisal.services.inputs import field_error, get_spec, require_past
from app.appraisal.services.prices import market_facts
from app.appraisal.services.views import AssetValueView, ValuationView, valuation_view
from app.assets.queries import load_asset
from app.audit.services import record
from app.db.engine import now, today
from app.kernel.actor import Actor
from app.kernel.errors import InvalidInput
from app.kernel.permissions import Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class RevalueAsset:
    """A revaluation of one asset on a day."""

    on: date


def asset_value(session: Session, actor: Actor, asset_id: UUID, day: date) -> AssetValueView:
    """Appraised, valued and current value of an asset in the actor's sight on a day that has come."""
    actor.require(Permission.READ_APPRAISALS)
    require_past(session, day, pointer="/on")
    load_asset(session, actor, asset_id)
    past = day < today(session)
    row = queries.value_on(session, asset_id, day) if past else queries.value_row(session, asset_id)
    valid = row is not None and row.valid_until is not None and row.valid_until >= day
    if row is None or not valid:
        return _no_value(asset_id, day, row)
    return AssetValueView(
        asset_id=asset_id,
        on=day,
        appraised_fen=row.appraised_fen,
        appraised_on=row.appraised_on,
        valid_until=row.valid_until,
        valuation_fen=row.valuation_fen,
        valued_on=row.valued_on,
        current_fen=row.current_fen,
    )


def _no_value(asset_id: UUID, day: date, row: AssetValue | None) -> AssetValueView:
    return AssetValueView(
        asset_id=asset_id,
        on=day,
        appraised_fen=None,
        appraised_on=None,
        valid_until=None if row is None else row.valid_until,
        valuation_fen=None if row is None else row.valuation_fen,
        valued_on=None if row is None else row.valued_on,
        current_fen=None,
    )


def refresh_asset_value(session: Session, asset_id: UUID) -> None:
    """Bring the hot row to what the valid appraisal and the latest valuation on its inputs say."""
    session.flush()
    row = session.get(AssetValue, asset_id, with_for_update=True, populate_existing=True)
    wanted = queries.expected_value(session, asset_id)
    if row is None:
        row = AssetValue(asset_id=asset_id, version=0)
    elif all(getattr(row, name) == value for name, value in wanted.items()):
        return
    for name, value in wanted.items():
        setattr(row, name, value)
    row.version += 1
    session.add(row)
    session.flush()


def revalue_asset(
    session: Session, actor: Actor, asset_id: UUID, command: RevalueAsset
) -> ValuationView:
    """Value one asset again on a day, on its appraisal's inputs and what was recorded since.

    Refuses a day to come, a day without a valid appraisal, and when the model refuses. Asked again
    with nothing changed, it answers the figure there is.
    """
    actor.require(Permission.RUN_REVALUATION)
    require_past(session, command.on, pointer="/on")
    asset = load_asset(session, actor, asset_id)
    appraisal = queries.valid_appraisal(session, asset.id)
    if appraisal is None or not queries.covers(appraisal, command.on):
        raise NoValidAppraisal(day=command.on)
    found = queries.recorded_inputs(session, [asset.id]).get(asset.id, [])
    row = _valued(session, appraisal, queries.recorded_of(found), command.on)
    known = queries.latest_valuation(session, asset.id, appraisal.id, command.on)
    if known is not None and _same(known, row):
        return valuation_view(known)
    session.add(row)
    refresh_asset_value(session, asset.id)
    record(
        session,
        actor,
        "asset.revalue",
        subject_kind="asset",
        subject_id=asset.id,
        on=command.on,
        value_fen=row.value_fen,
    )
    return valuation_view(row)


def _valued(
    session: Session, appraisal: Appraisal, recorded: list[Recorded], on: date
) -> Valuation:
    inputs, used = laid_over(
        appraisal.inputs or {}, recorded, valued_on=appraisal.valued_on or on, on=on
    )
    prices = market_facts(session, get_spec(appraisal.model_id).price_ids, on)
    answer = value_many(Ask(model_id=appraisal.model_id, on=on, rows=[inputs], prices=prices))
    value_fen = answer.value_fen[0]
    if value_fen is None:
        raise _cannot_value(answer.problems[0])
    return Valuation(
        asset_id=appraisal.asset_id,
        on=on,
        model_id=appraisal.model_id,
        model_version=answer.model_version,
        value_fen=value_fen,
        inputs_digest=digest(inputs),
        basis_digest=answer.basis_digest,
        prices=prices,
        recorded=used,
        appraisal_id=appraisal.id,
        created_at=now(session),
    )


def _cannot_value(problem: Problem) -> InvalidInput:
    return InvalidInput(errors=(field_error(problem),))


def _same(known: Valuation, row: Valuation) -> bool:
    names = ("model_version", "value_fen", "inputs_digest", "basis_digest")
    return all(getattr(known, name) == getattr(row, name) for name in names)
