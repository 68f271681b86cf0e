"""What the rules leave to a bank that appraises an asset itself, asked at the order and again when it would hold."""

from decimal import Decimal
from uuid import UUID

from sqlmodel import Session

from app.appraisal import queries
from app.appraisal.domain import AppraisalKind
from app.appraisal.domain.kinds import (
    INTERNAL,
    LOAN_BELOW,
    is_secured_too_high,
    may_appraise_itself,
)
from app.appraisal.services.errors import (
    InternalAboveSecured,
    InternalAfterAgency,
    InternalNotAllowed,
)
from app.assets.models import Asset
from app.db.engine import today
from app.kernel.actor import Name
from app.kernel.money import Money
from app.policy import Policy
from app.reference.services import policy_for
from risk_models.dated import Table


def require_internal(session: Session, *, bank_id: UUID, asset: Asset, loan_fen: int) -> None:
    """Refuse what an agency must appraise: by kind and loan, by all that is secured, by the report in force.

    A loan is small only with all that the asset secures already; and the report of an agency behind a
    security gives way to an agency's only.
    """
    table = policy_for(session, bank_id, today(session)).table(INTERNAL)
    limit = _loan_below(table, asset)
    if limit is None or not may_appraise_itself(loan_fen=loan_fen, loan_below_yuan=limit):
        raise InternalNotAllowed(
            kinds=[Name(zh=table.rows[each].zh, en=table.rows[each].en) for each in table],
            limit=", ".join(f"{table.decimal(each, LOAN_BELOW):,.2f}" for each in table),
        )
    secured = queries.secured_fen(session, asset.id)
    if is_secured_too_high(loan_fen=loan_fen, secured_fen=secured, loan_below_yuan=limit):
        raise InternalAboveSecured(loan=Money(loan_fen), limit=f"{limit:,.2f}")
    if secured and _agency_vouches(session, asset.id):
        raise InternalAfterAgency


def leaves_to_bank(policy: Policy, asset: Asset, *, loan_fen: int, secured_fen: int) -> bool:
    """Whether kind and amounts leave an asset without a report to the bank."""
    limit = _loan_below(policy.table(INTERNAL), asset)
    return (
        limit is not None
        and may_appraise_itself(loan_fen=loan_fen, loan_below_yuan=limit)
        and not is_secured_too_high(
            loan_fen=loan_fen, secured_fen=secured_fen, loan_below_yuan=limit
        )
    )


def _loan_below(table: Table, asset: Asset) -> Decimal | None:
    """Below which yuan a loan on such an asset is small; None of a kind that an agency always appraises."""
    kind = asset.kind.value
    return table.decimal(kind, LOAN_BELOW) if table.has(kind, LOAN_BELOW) else None


def _agency_vouches(session: Session, asset_id: UUID) -> bool:
    row = queries.valid_appraisal(session, asset_id)
    return (
        row is not None
        and row.kind is AppraisalKind.EXTERNAL
        and queries.covers(row, today(session))
    )
