"""An appraisal beside the last one of its asset, as far as the reader may see that one."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session

from app.appraisal import queries
from app.appraisal.domain.comparing import Comparison, Side, compared
from app.appraisal.models import Appraisal
from app.appraisal.services.orders import load_appraisal
from app.kernel.actor import Actor
from app.kernel.permissions import Permission


def compare_appraisal(session: Session, actor: Actor, appraisal_id: UUID) -> Comparison | None:
    """The split of the difference to the last appraisal in the actor's sight; None without one."""
    actor.require(Permission.READ_APPRAISALS)
    row = load_appraisal(session, actor, appraisal_id)
    return _compared(session, row, queries.visible_appraisals(session, actor))


def agency_comparison(session: Session, row: Appraisal) -> Comparison | None:
    """The same for the report: beside the last appraisal of the same maker, whose figures it knows."""
    return _compared(session, row, queries.appraisals_made_by(row.agency_id))


def _compared(session: Session, row: Appraisal, sight: sa.Select[Any]) -> Comparison | None:
    now = _side(row)
    former = None if now is None else queries.former_appraisal(session, row, sight)
    then = None if former is None else _side(former)
    return None if now is None or then is None else compared(then, now)


def _side(row: Appraisal) -> Side | None:
    if row.valued_on is None or row.value_fen is None:
        return None
    return Side(
        number=row.number,
        model_id=row.model_id,
        model_version=row.model_version,
        on=row.valued_on,
        inputs=row.inputs or {},
        prices=row.prices or {},
        value_fen=row.value_fen,
    )
