"""The watch: values fall at once, cover is measured anew, cases open by rule and close when the target is met."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.services import record
from app.collateral.domain.cover import Cover, is_cured, is_new_breach, needs_case
from app.collateral.domain.kept import CALL_FIGURES, figures_of, observations_digest
from app.collateral.domain.states import OPEN_CALL_STATES, CallState, Level
from app.collateral.models import LoanCover, LtvObservation, MarginCall, Pledge
from app.collateral.queries import (
    ACTIVE,
    Pool,
    asset_ids_of_loan,
    call_figures,
    pools_of_loans,
)
from app.collateral.services.alarms import tell_cover, tell_registrations
from app.collateral.services.recognition import follow_down
from app.db.engine import now
from app.db.numbers import next_number
from app.kernel.actor import Actor
from app.kernel.ids import new_id
from app.loans.domain.states import LoanState
from app.loans.models import Loan, LoanStateRow
from app.loans.services import business_day
from app.reference.services import policy_for

CHUNK_LOANS = 500
"""Loans measured with one set of queries."""

_UNWATCHED = (LoanState.MIRRORED, LoanState.WRITTEN_OFF)
"""What is owed stands in another bank's books, or in the memorandum: their last cover stays as it was."""


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
    loan_ids = _changed_loans(session, bank_id, everything=everything)
    events: Counter[str] = Counter()
    policy = policy_for(session, bank_id, on)
    for chunk in _chunks(loan_ids):
        events += _measure(session, actor, bank_id, chunk, on)
        tell_cover(session, actor, bank_id, on, policy, chunk)
    if everything:
        tell_registrations(session, actor, bank_id, on, policy)
    return WatchReport(
        assets_lowered=len(lowered),
        loans_measured=len(loan_ids),
        cases_opened=events["opened"],
        cases_cured=events["cured"],
    )


def watch_loan(session: Session, actor: Actor, loan_id: UUID) -> None:
    """Measure one loan now, in the transaction of what changed it (a repayment, a new pledge)."""
    loan = session.get_one(Loan, loan_id)
    if loan.state in _UNWATCHED:
        return
    on = business_day(session, loan.bank_id)
    session.flush()
    follow_down(session, actor, loan.bank_id, on, assets=asset_ids_of_loan(session, loan_id))
    _measure(session, actor, loan.bank_id, [loan_id], on)


def _measure(
    session: Session, actor: Actor, bank_id: UUID, loan_ids: Sequence[UUID], on: date
) -> Counter[str]:
    """Measure loans, keep what differs under the digest of this look, and judge each.

    Covers and cases are locked before the debts are read, so that of two looks the later one has the last word.
    """
    covers, calls = _locked_covers(session, loan_ids), _locked_calls(session, loan_ids)
    events: Counter[str] = Counter()
    watch_id, kept = new_id(), []
    for pool in pools_of_loans(session, loan_ids):
        measured = _Measured(pool=pool, cover=pool.cover(), on=on)
        row, observation = _observe(session, measured, covers.get(pool.loan_id), watch_id)
        kept += [observation] if observation else []
        events[_judge(session, actor, measured, row, calls.get(pool.loan_id))] += 1
    session.flush()
    if kept:
        record(
            session,
            actor,
            "loan-cover.observe",
            subject_kind="watch",
            subject_id=watch_id,
            organisation_id=bank_id,
            count=len(kept),
            sha256=observations_digest(kept),
        )
    return events


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """A pool with its cover, as it stands on a day."""

    pool: Pool
    cover: Cover
    on: date

    @property
    def figures(self) -> dict[str, Any]:
        """What is stored of it."""
        debt, cover = self.pool.debt, self.cover
        return {
            "principal_fen": debt.principal_fen,
            "exposure_fen": debt.exposure_fen,
            "recognised_fen": cover.recognised_fen,
            "lendable_fen": cover.lendable_fen,
            "ltv_ppm": cover.ltv_ppm,
            "risk_ltv_ppm": cover.risk_ltv_ppm,
            "level": cover.level,
        }


def _locked_covers(session: Session, loan_ids: Sequence[UUID]) -> dict[UUID, LoanCover]:
    statement = (
        sa.select(LoanCover)
        .where(col(LoanCover.loan_id).in_(loan_ids))
        .order_by(col(LoanCover.loan_id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.loan_id: row for row in session.execute(statement).scalars()}


def _locked_calls(session: Session, loan_ids: Sequence[UUID]) -> dict[UUID, MarginCall]:
    statement = (
        sa.select(MarginCall)
        .where(col(MarginCall.loan_id).in_(loan_ids), col(MarginCall.state).in_(OPEN_CALL_STATES))
        .order_by(col(MarginCall.loan_id))
        .with_for_update()
    )
    return {call.loan_id: call for call in session.execute(statement).scalars()}


def _changed_loans(session: Session, bank_id: UUID, *, everything: bool) -> list[UUID]:
    statement = (
        sa.select(col(Pledge.loan_id))
        .join(LoanStateRow, col(LoanStateRow.loan_id) == col(Pledge.loan_id))
        .join(Loan, col(Loan.id) == col(Pledge.loan_id))
        .join(LoanCover, col(LoanCover.loan_id) == col(Pledge.loan_id), isouter=True)
        .where(
            col(Pledge.bank_id) == bank_id,
            col(Pledge.state).in_(ACTIVE),
            col(Loan.state).not_in(_UNWATCHED),
        )
        .distinct()
        .order_by(col(Pledge.loan_id))
    )
    if not everything:
        unseen = col(LoanCover.seen_version).is_distinct_from(col(LoanStateRow.version))
        statement = statement.where(unseen)
    return list(session.execute(statement).scalars())


def _observe(
    session: Session, measured: _Measured, row: LoanCover | None, watch_id: UUID
) -> tuple[LoanCover, LtvObservation | None]:
    """Write the cover of a loan; gives also the new row of its history when a figure differs."""
    loan_id, figures = measured.pool.loan_id, measured.figures
    changed = row is None or any(getattr(row, name) != value for name, value in figures.items())
    row = row or LoanCover(loan_id=loan_id, observed_on=measured.on, **figures)
    for name, value in figures.items():
        setattr(row, name, value)
    row.observed_on, row.seen_version = measured.on, measured.pool.state_version
    row.guaranteed_fen = measured.cover.guaranteed_fen
    session.add(row)
    if not changed:
        return row, None
    made = LtvObservation(
        loan_id=loan_id, watch_id=watch_id, on=measured.on, at=now(session), **figures
    )
    session.add(made)
    return row, made


def _judge(
    session: Session, actor: Actor, measured: _Measured, row: LoanCover, call: MarginCall | None
) -> str:
    """Open, restate or cure the case of a loan by rule; gives what happened."""
    pool, cover, on = measured.pool, measured.cover, measured.on
    breach = needs_case(cover, pool.debt)
    if not breach:
        row.breach_call_id = None
    if call is not None:
        if is_cured(cover, pool.debt, pool.lines):
            return _cure(session, actor, call, cover, on)
        if call.state in {CallState.OPEN, CallState.REVIEWED}:
            _restate(session, call, pool, cover, on)
        return ""
    if breach and is_new_breach(cover.level, _answered(session, row)):
        row.breach_call_id = _open(session, actor, pool, cover, on)
        return "opened"
    return ""


def _answered(session: Session, row: LoanCover) -> Level | None:
    """The level of the case that ended without cure while the present breach lasts."""
    if row.breach_call_id is None:
        return None
    former = session.get_one(MarginCall, row.breach_call_id)
    # After default the security is enforced: a further fall needs no further notice.
    return row.level if former.state is CallState.DEFAULTED else former.level


def _open(session: Session, actor: Actor, pool: Pool, cover: Cover, on: date) -> UUID:
    """A new case, with the figures of the day that opened it."""
    call = MarginCall(
        number=next_number(session, "M", on.year),
        loan_id=pool.loan_id,
        bank_id=pool.bank_id,
        state=CallState.OPEN,
        opened_on=on,
        created_at=now(session),
        **call_figures(pool, cover, on),
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
        state=call.state,
        figures=figures_of(call, CALL_FIGURES),
    )
    return call.id


def _restate(session: Session, call: MarginCall, pool: Pool, cover: Cover, on: date) -> None:
    """Until its notice is issued, a case speaks of today."""
    figures = call_figures(pool, cover, on)
    if any(getattr(call, name) != value for name, value in figures.items()):
        for name, value in figures.items():
            setattr(call, name, value)
        session.add(call)


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
        state=call.state,
        figures=figures_of(call, CALL_FIGURES),
    )
    return "cured"


def _chunks(ids: Sequence[UUID]) -> Iterable[Sequence[UUID]]:
    for start in range(0, len(ids), CHUNK_LOANS):
        yield ids[start : start + CHUNK_LOANS]
