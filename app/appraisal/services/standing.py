"""Whether an issued report still counts, for anybody who checks its code: state and day, no value."""

from datetime import date
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal.domain import AppraisalState, SignatureRole
from app.appraisal.models import Appraisal, AppraisalSignature
from app.audit.models import AuditEvent
from app.db.engine import today
from app.documents.standing import Standing
from app.kernel.actor import Name
from app.kernel.clock import civil_day

TITLES: Final = {
    AppraisalState.VALID: Name(zh="有效", en="in force"),
    AppraisalState.EXPIRED: Name(zh="已过期", en="expired"),
    AppraisalState.SUPERSEDED: Name(zh="已被后来的报告取代", en="superseded by a later report"),
    AppraisalState.REVOKED: Name(zh="已撤销", en="revoked"),
}


def report_standing(session: Session, appraisal_id: UUID) -> Standing | None:
    """The state of a report today; a report past its last day has expired even before the day closes."""
    row = session.get(Appraisal, appraisal_id)
    if row is None or row.state not in TITLES:
        return None
    over = row.valid_until is not None and row.valid_until < today(session)
    state = AppraisalState.EXPIRED if row.state is AppraisalState.VALID and over else row.state
    return Standing(
        state=state.value,
        title=TITLES[state],
        in_force=state is AppraisalState.VALID,
        on=_day(session, row, state),
    )


def _day(session: Session, row: Appraisal, state: AppraisalState) -> date | None:
    if state is AppraisalState.SUPERSEDED:
        return _superseded_on(session, row)
    return _revoked_on(session, row) if state is AppraisalState.REVOKED else row.valid_until


def _superseded_on(session: Session, row: Appraisal) -> date | None:
    """The day on which the next report of the asset was countersigned."""
    own = _countersigned(row.id)
    statement = (
        sa.select(col(AppraisalSignature.on))
        .join(Appraisal, col(Appraisal.id) == col(AppraisalSignature.appraisal_id))
        .where(
            col(Appraisal.asset_id) == row.asset_id,
            col(Appraisal.id) != row.id,
            col(AppraisalSignature.role) == SignatureRole.REVIEWER,
            col(AppraisalSignature.at) >= own,
        )
        .order_by(col(AppraisalSignature.at), col(AppraisalSignature.id))
        .limit(1)
    )
    found: date | None = session.execute(statement).scalar_one_or_none()
    return found


def _countersigned(appraisal_id: UUID) -> Any:
    return (
        sa.select(sa.func.max(col(AppraisalSignature.at)))
        .where(
            col(AppraisalSignature.appraisal_id) == appraisal_id,
            col(AppraisalSignature.role) == SignatureRole.REVIEWER,
        )
        .scalar_subquery()
    )


def _revoked_on(session: Session, row: Appraisal) -> date | None:
    """The civil day that the journal keeps of the revocation, else that of its instant."""
    statement = (
        sa.select(AuditEvent)
        .where(
            col(AuditEvent.subject_kind) == "appraisal",
            col(AuditEvent.subject_id) == str(row.id),
            col(AuditEvent.action) == "appraisal.revoke",
        )
        .limit(1)
    )
    event: AuditEvent | None = session.execute(statement).scalar_one_or_none()
    if event is None:
        return None
    said = event.facts.get("on")
    return date.fromisoformat(said) if said else civil_day(event.at)
