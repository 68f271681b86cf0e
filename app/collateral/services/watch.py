"""The watch: values fall at once, cover is measured anew, cases open by rule and close when the target is met."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.services import record
from app.collateral.domain.cover import Cover, cure_of, is_cured, needs_case
from app.collateral.domain.states import OPEN_CALL_STATES, CallState, Level
from app.collateral.models import LoanCover, LtvObservation, MarginCall, Pledge
from app.collateral.queries import ACTIVE, Pool, pools_of_loans
from app.collateral.services.recognition import follow_down
from app.db.engine import now
from app.db.numbers import next_number
from app.kernel.actor import Actor
from app.loans.domain.states import LoanState, LtvBasis
from app.loans.models import Loan, LoanStateRow
from app.loans.services import business_day

CHUNK_LOANS = 500
"""Loans measured with one set of queries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchReport:
    """What a look at a bank's loans found."""

    assets_lowered: int
    loans_measured: int
    cases_opened: int
    cases_cured: int


def watch_bank(
    session: Session, actor: Actor, bank_id: UUID, *, everything: bool = False
) -> WatchReport:
    """Follow values down and measure the loans of a bank that changed since they were last seen.

    `everything` measures all loans with security, as after a close of day. Running it again changes nothing.
    """
    on = business_day(session, bank_id)
    lowered = follow_down(session, actor, bank_id, on)
    loan_ids = _changed_loans(session, bank_id, lowered, everything=everything)
    opened = cured = 0
    for chunk in _chunks(loan_ids):
        for pool in pools_of_loans(session, chunk):
            event = _observe(session, actor, pool, on)
            opened += event == "opened"
            cured += event == "cured"
    return WatchReport(
        assets_lowered=len(lowered),
        loans_measured=len(loan_ids),
        cases_opened=opened,
        cases_cured=cured,
    )


def watch_loan(session: Session, actor: Actor, loan_id: UUID) -> None:
    """Measure one loan now, in the transaction of what changed it (a repayment, a new pledge)."""
    loan = session.get_one(Loan, loan_id)
    if loan.state is LoanState.MIRRORED:
        return
    on = business_day(session, loan.bank_id)
    session.flush()
    for pool in pools_of_loans(session, [loan_id]):
        _observe(session, actor, pool, on)


def _changed_loans(
    session: Session, bank_id: UUID, lowered: Sequence[UUID], *, everything: bool
) -> list[UUID]:
    statement = (
        sa.select(col(Pledge.loan_id))
        .join(LoanStateRow, col(LoanStateRow.loan_id) == col(Pledge.loan_id))
        .join(LoanCover, col(LoanCover.loan_id) == col(Pledge.loan_id), isouter=True)
        .where(col(Pledge.bank_id) == bank_id, col(Pledge.state).in_(ACTIVE))
        .distinct()
        .order_by(col(Pledge.loan_id))
    )
    if not everything:
        unseen = col(LoanCover.seen_version).is_distinct_from(col(LoanStateRow.version))
        statement = statement.where(sa.or_(unseen, col(Pledge.asset_id).in_(lowered)))
    return list(session.execute(statement).scalars())


def _observe(session: Session, actor: Actor, pool: Pool, on: date) -> str:
    cover = pool.cover()
    row = session.get(LoanCover, pool.loan_id, with_for_update=True)
    _keep(session, pool, cover, on, row)
    return _judge(session, actor, pool, cover, on)


def _keep(session: Session, pool: Pool, cover: Cover, on: date, row: LoanCover | None) -> None:
    figures: dict[str, Any] = {
        "principal_fen": pool.debt.principal_fen,
        "exposure_fen": pool.debt.exposure_fen,
        "recognised_fen": cover.recognised_fen,
        "lendable_fen": cover.lendable_fen,
        "ltv_ppm": cover.ltv_ppm,
        "risk_ltv_ppm": cover.risk_ltv_ppm,
        "level": cover.level,
    }
    changed = row is None or any(getattr(row, name) != value for name, value in figures.items())
    row = row or LoanCover(loan_id=pool.loan_id, observed_on=on, **figures)
    for name, value in figures.items():
        setattr(row, name, value)
    row.observed_on, row.seen_version, row.guaranteed_fen = (
        on,
        pool.state_version,
        cover.guaranteed_fen,
    )
    session.add(row)
    if changed:
        session.add(LtvObservation(loan_id=pool.loan_id, on=on, at=now(session), **figures))
    session.flush()


def _judge(session: Session, actor: Actor, pool: Pool, cover: Cover, on: date) -> str:
    statement = (
        sa.select(MarginCall)
        .where(col(MarginCall.loan_id) == pool.loan_id, col(MarginCall.state).in_(OPEN_CALL_STATES))
        .with_for_update()
    )
    call = session.execute(statement).scalar_one_or_none()
    if call is None:
        return _open(session, actor, pool, cover, on) if needs_case(cover, pool.debt) else ""
    if is_cured(cover, pool.debt, pool.lines):
        return _cure(session, actor, call, cover, on)
    if call.state is CallState.OPEN:
        _restate(session, call, pool, cover)
    return ""


def _open(session: Session, actor: Actor, pool: Pool, cover: Cover, on: date) -> str:
    """A new case, with the figures of the day that opened it."""
    call = MarginCall(
        number=next_number(session, "M", on.year),
        loan_id=pool.loan_id,
        bank_id=pool.bank_id,
        state=CallState.OPEN,
        basis=pool.lines.basis,
        opened_on=on,
        created_at=now(session),
        **_figures(pool, cover),
    )
    session.add(call)
    session.flush()
    record(
        session,
        actor,
        "margin-call.open",
        subject_kind="margin-call",
        subject_id=call.id,
        organisation_id=pool.bank_id,
        number=call.number,
        loan=pool.loan_id,
        level=cover.level,
        ratio_ppm=call.ratio_ppm,
        repay_fen=call.repay_fen,
        add_recognised_fen=call.add_recognised_fen,
    )
    return "opened"


def _restate(session: Session, call: MarginCall, pool: Pool, cover: Cover) -> None:
    """Until somebody reviews it, a case speaks of today."""
    for name, value in _figures(pool, cover).items():
        setattr(call, name, value)
    session.add(call)


def _figures(pool: Pool, cover: Cover) -> dict[str, Any]:
    cure = cure_of(pool.debt, cover.recognised_fen, pool.lines)
    by_principal = pool.lines.basis is LtvBasis.PRINCIPAL
    return {
        "level": cover.level,
        "exposure_fen": pool.debt.basis_fen(pool.lines.basis),
        "recognised_fen": cover.recognised_fen,
        "ratio_ppm": cover.ltv_ppm if by_principal else cover.risk_ltv_ppm,
        "line_ppm": pool.lines.disposal_ppm
        if cover.level is Level.DISPOSAL
        else pool.lines.top_up_ppm,
        "target_ppm": pool.lines.cure_ppm,
        "repay_fen": cure.repay_fen,
        "add_recognised_fen": cure.add_recognised_fen,
    }


def _cure(session: Session, actor: Actor, call: MarginCall, cover: Cover, on: date) -> str:
    call.state, call.closed_on = CallState.CURED, on
    session.add(call)
    session.flush()
    record(
        session,
        actor,
        "margin-call.cure",
        subject_kind="margin-call",
        subject_id=call.id,
        organisation_id=call.bank_id,
        number=call.number,
        ltv_ppm=cover.ltv_ppm,
        risk_ltv_ppm=cover.risk_ltv_ppm,
    )
    return "cured"


def _chunks(ids: Sequence[UUID]) -> Iterable[Sequence[UUID]]:
    for start in range(0, len(ids), CHUNK_LOANS):
        yield ids[start : start + CHUNK_LOANS]
