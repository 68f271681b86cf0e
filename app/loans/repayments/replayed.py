"""What a booking of an earlier day replayed, counted and under one digest for the audit journal."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.domain import canonical, json_value
from app.loans.models import Repayment
from app.loans.repayments.models import AccrualCorrection, DueChange, RepaymentOrder

Rows = Mapping[UUID, list[list[Any]]]
"""For each cause the rows that it brought, each with its kind first, in the order of their ids."""


def replay_facts(session: Session, cause: Repayment) -> dict[str, object]:
    """How many rows a booking replayed and their digest; nothing for one of the open day."""
    rows = replayed_rows(session, {cause.id}).get(cause.id)
    return {"replayed": len(rows), "replayed_sha256": replay_digest(rows)} if rows else {}


def replay_digest(rows: Iterable[list[Any]]) -> str:
    """SHA-256 over rows of `replayed_rows`."""
    return hashlib.sha256(canonical(json_value(list(rows))).encode()).hexdigest()


def replayed_rows(session: Session, cause_ids: Collection[UUID] | None = None) -> Rows:
    """Repayments taken back and booked again, corrections of interest, and bills as they were, by their cause.

    cause_ids: of all bookings where none are named.
    """
    found: dict[UUID, list[list[Any]]] = defaultdict(list)
    for kind, cause, statement in (
        ("repayment", col(RepaymentOrder.cause_id), _repayments()),
        ("correction", col(AccrualCorrection.repayment_id), _corrections()),
        ("bill", col(DueChange.repayment_id), _bills()),
    ):
        wanted = cause.is_not(None) if cause_ids is None else cause.in_(cause_ids)
        for cause_id, *values in session.execute(statement.where(wanted)):
            found[cause_id].append([kind, *values])
    return found


def _repayments() -> sa.Select[Any]:
    statement: Any = (
        sa.select(
            col(RepaymentOrder.cause_id),
            col(Repayment.number),
            col(Repayment.amount_fen),
            col(Repayment.principal_fen),
            col(Repayment.interest_fen),
            col(Repayment.penalty_fen),
            col(Repayment.compound_fen),
            col(Repayment.fee_fen),
            col(Repayment.suspense_fen),
            col(Repayment.value_on),
            col(Repayment.reverses_id),
        )
        .join(Repayment, col(Repayment.id) == col(RepaymentOrder.repayment_id))
        .order_by(col(Repayment.id))
    )
    return statement  # type: ignore[no-any-return]


def _corrections() -> sa.Select[Any]:
    statement: Any = sa.select(
        col(AccrualCorrection.repayment_id),
        col(AccrualCorrection.note_id),
        col(AccrualCorrection.kind),
        col(AccrualCorrection.period_starts_on),
        col(AccrualCorrection.amount_fen),
        col(AccrualCorrection.off_balance),
    ).order_by(col(AccrualCorrection.id))
    return statement  # type: ignore[no-any-return]


def _bills() -> sa.Select[Any]:
    statement: Any = sa.select(
        col(DueChange.repayment_id),
        col(DueChange.due_id),
        col(DueChange.principal_fen),
        col(DueChange.interest_fen),
    ).order_by(col(DueChange.id))
    return statement  # type: ignore[no-any-return]
