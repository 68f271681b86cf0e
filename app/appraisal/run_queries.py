"""Revaluation runs and their assets; `visible_runs` is the only way to their rows."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal.domain import AppraisalState, ItemState, RunState, SignatureRole
from app.appraisal.models import (
    Appraisal,
    AppraisalSignature,
    RevaluationItem,
    RevaluationRun,
    Valuation,
    ValuationInput,
)
from app.assets.models import Asset
from app.assets.queries import visible_assets
from app.kernel.actor import PLATFORM_ORGANISATION_ID, Actor


def visible_runs(session: Session, actor: Actor) -> sa.Select[Any]:  # noqa: ARG001
    """An organisation sees its own runs and those of the platform, in which its assets are valued too."""
    statement = sa.select(RevaluationRun)
    if actor.sees("*") == "all":
        return statement
    scopes = (actor.organisation_id, PLATFORM_ORGANISATION_ID)
    return statement.where(col(RevaluationRun.scope_id).in_(scopes))


def list_runs(session: Session, actor: Actor) -> sa.Select[Any]:
    """The runs in sight, the newest day first."""
    order = (col(RevaluationRun.on).desc(), col(RevaluationRun.id).desc())
    return visible_runs(session, actor).order_by(*order)


def records_came_since(session: Session, run: RevaluationRun, instant: datetime) -> bool:
    """Whether something that counts on the day of a run was recorded of its assets after an instant."""
    of_run = sa.select(col(RevaluationItem.asset_id)).where(col(RevaluationItem.run_id) == run.id)
    statement = (
        sa.select(col(ValuationInput.id))
        .where(
            col(ValuationInput.valid_from) <= run.on,
            col(ValuationInput.created_at) > instant,
            col(ValuationInput.asset_id).in_(of_run),
        )
        .limit(1)
    )
    return session.execute(statement).first() is not None


def reports_came_since(session: Session, actor: Actor, day: date, instant: datetime) -> bool:
    """Whether a report on an asset in sight that covers a day became valid after an instant."""
    seen = visible_assets(session, actor).with_only_columns(col(Asset.id)).order_by(None)
    statement = (
        sa.select(col(Appraisal.id))
        .join(AppraisalSignature, col(AppraisalSignature.appraisal_id) == col(Appraisal.id))
        .where(
            col(Appraisal.state) == AppraisalState.VALID,
            col(Appraisal.valued_on) <= day,
            col(Appraisal.valid_until) >= day,
            col(AppraisalSignature.role) == SignatureRole.REVIEWER,
            col(AppraisalSignature.at) > instant,
            col(Appraisal.asset_id).in_(seen),
        )
        .limit(1)
    )
    return session.execute(statement).first() is not None


def run_items(
    session: Session, actor: Actor, run_id: UUID, state: ItemState | None = None
) -> sa.Select[RevaluationItem, str, str, str, int]:
    """The assets of a run in the actor's sight by number, all or those in a state.

    Each with number, titles and the figure that the run gave it. An asset whose owner withdrew it from
    sight is left out, also of an own run, which still counts it.
    """
    columns = (
        RevaluationItem,
        col(Asset.number),
        col(Asset.title),
        col(Asset.title_en),
        col(Valuation.value_fen),
    )
    figure = sa.and_(
        col(Valuation.run_id) == run_id,
        col(Valuation.asset_id) == col(RevaluationItem.asset_id),
    )
    statement = (
        _items_in_sight(session, actor, run_id)
        .with_only_columns(*columns)
        .outerjoin(Valuation, figure)
        .order_by(col(Asset.number))
    )
    return statement if state is None else statement.where(col(RevaluationItem.state) == state)


def run_falls(
    session: Session, actor: Actor, run_id: UUID
) -> sa.Select[RevaluationItem, str, str, str, int]:
    """The assets of `run_items` whose current value fell, the largest fall first."""
    fall = col(RevaluationItem.before_fen) - col(RevaluationItem.after_fen)
    valued = run_items(session, actor, run_id, ItemState.DONE).where(fall > 0)
    return valued.order_by(None).order_by(fall.desc(), col(Asset.number))


def run_counts(session: Session, actor: Actor, run_id: UUID) -> Mapping[ItemState, int]:
    """How many of the assets of `run_items` stand in each state."""
    state = col(RevaluationItem.state)
    statement = (
        _items_in_sight(session, actor, run_id)
        .with_only_columns(state, sa.func.count())
        .group_by(state)
    )
    return {each: int(count) for each, count in session.execute(statement)}


def unvalued_assets(session: Session, actor: Actor, run: RevaluationRun) -> int:
    """How many assets in sight a run could not value and nobody has valued for its day or a later one since."""
    since = (
        sa.select(sa.literal(1))
        .where(
            col(Valuation.asset_id) == col(RevaluationItem.asset_id),
            col(Valuation.on) >= run.on,
            col(Valuation.created_at) > run.started_at,
        )
        .exists()
    )
    statement = (
        _items_in_sight(session, actor, run.id)
        .with_only_columns(sa.func.count())
        .where(col(RevaluationItem.state) == ItemState.FAILED, ~since)
    )
    return int(session.execute(statement).scalar_one())


def last_finished_run(session: Session, actor: Actor) -> RevaluationRun | None:
    """The run in sight that finished for the latest day, of one day the one that was filed last."""
    statement = (
        list_runs(session, actor).where(col(RevaluationRun.state) == RunState.FINISHED).limit(1)
    )
    row: RevaluationRun | None = session.execute(statement).scalar_one_or_none()
    return row


def _items_in_sight(session: Session, actor: Actor, run_id: UUID) -> sa.Select[Any]:
    """Assets in the actor's sight beside their items of a run."""
    of_run = sa.and_(
        col(RevaluationItem.asset_id) == col(Asset.id), col(RevaluationItem.run_id) == run_id
    )
    return visible_assets(session, actor).join(RevaluationItem, of_run)
