"""An appraisal beside the last one of its asset, as far as the reader may see that one."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session

from app.appraisal import queries
from app.appraisal.domain.comparing import Comparison, Side, compared
from app.appraisal.domain.kinds import FORMER_DIFFERENCE, former_findings
from app.appraisal.models import Appraisal
from app.appraisal.services.orders import load_appraisal
from app.db.engine import today
from app.kernel.actor import Actor
from app.kernel.permissions import Permission
from app.reference.services import policy_for


def compare_appraisal(session: Session, actor: Actor, appraisal_id: UUID) -> Comparison | None:
    """The split of the difference to the last appraisal in the actor's sight; None without one."""
    actor.require(Permission.READ_APPRAISALS)
    row = load_appraisal(session, actor, appraisal_id)
    return _compared(session, row, queries.visible_appraisals(session, actor))


def agency_comparison(session: Session, row: Appraisal) -> Comparison | None:
    """The same for the report: beside the last appraisal of the same maker, whose figures it knows."""
    return _compared(session, row, queries.appraisals_made_by(row.agency_id))


def against_former(
    session: Session, row: Appraisal, on: date, value_fen: int
) -> list[dict[str, Any]]:
    """What the last appraisal by the same maker makes the appraiser explain beside the new value."""
    sight = queries.appraisals_made_by(row.agency_id)
    former = queries.former_appraisal(session, row, sight, on)
    if former is None or former.value_fen is None or former.valued_on is None:
        return []
    limit = policy_for(session, row.bank_id, today(session)).ratio(FORMER_DIFFERENCE)
    return former_findings(former.number, former.valued_on, former.value_fen, value_fen, limit)


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
