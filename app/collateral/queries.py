"""Which pledges and cases an actor sees, and the pool behind a loan."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal.models import AssetValue
from app.assets.burdens import Burden
from app.assets.domain import EncumbranceKind
from app.assets.kinds import kind_info
from app.assets.models import Asset
from app.audit.models import AuditEvent
from app.collateral.domain.cover import (
    Cover,
    Debt,
    Lines,
    PoolAsset,
    cure_of,
    lendable_fen,
    measure_cover,
    moving_ppm,
)
from app.collateral.domain.states import (
    OPEN_CALL_STATES,
    CallEvent,
    CallState,
    Level,
    PledgeState,
    RegistrationKind,
)
from app.collateral.models import (
    Guarantee,
    LoanCover,
    LtvObservation,
    MarginCall,
    Pledge,
    RecognisedValue,
    Registration,
)
from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.loans.domain.states import LoanState, LtvBasis
from app.loans.models import Loan, LoanStateRow
from app.loans.queries import visible_loans

ACTIVE = (PledgeState.CONTRACTED, PledgeState.REGISTERED)
"""States in which a pledge takes a part of its asset's value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A loan with its debt, its lines, the assets behind it and its guarantees.

    committed_fen: the contract while nothing is drawn of it; then 0, as each drawdown tests its own cover.
    """

    loan_id: UUID
    bank_id: UUID
    state_version: int
    committed_fen: int
    debt: Debt
    lines: Lines
    assets: tuple[PoolAsset, ...]
    guaranteed_fen: int

    def cover(self) -> Cover:
        """The cover of the debt by the pool."""
        return self._measure(self.debt, self.assets)

    def stands_without(self, asset_id: UUID) -> bool:
        """Whether the debt is settled, or stays below the warning line and covered without one asset."""
        debt = replace(self.debt, principal_fen=self.debt.principal_fen + self.committed_fen)
        if debt.exposure_fen == 0:
            return True
        rest = tuple(asset for asset in self.assets if asset.asset_id != asset_id)
        lendable = sum(lendable_fen(asset) for asset in rest)
        covered = lendable + self.guaranteed_fen >= debt.exposure_fen
        return covered and self._measure(debt, rest).level in {Level.NORMAL, Level.NONE}

    def _measure(self, debt: Debt, assets: tuple[PoolAsset, ...]) -> Cover:
        """Lines apply to the ecological part of a pool; without one, to the whole."""
        eco = tuple(asset for asset in assets if asset.ecological)
        return measure_cover(debt, eco or assets, self.lines, guaranteed_fen=self.guaranteed_fen)


def call_figures(pool: Pool, cover: Cover, on: date) -> dict[str, Any]:
    """What a case says of its loan on a day."""
    cure = cure_of(pool.debt, cover.recognised_fen, pool.lines)
    return {
        "level": cover.level,
        "basis": pool.lines.basis,
        "measured_on": on,
        "exposure_fen": pool.debt.basis_fen(pool.lines.basis),
        "recognised_fen": cover.recognised_fen,
        "ratio_ppm": moving_ppm(cover, pool.lines.basis),
        "line_ppm": pool.lines.disposal_ppm
        if cover.level is Level.DISPOSAL
        else pool.lines.top_up_ppm,
        "target_ppm": pool.lines.cure_ppm,
        "repay_fen": cure.repay_fen,
        "add_recognised_fen": cure.add_recognised_fen,
    }


def visible_pledges(session: Session, actor: Actor) -> sa.Select[Pledge, Asset]:
    """Pledges with their assets: of loans that the actor sees as bank or borrower. Regulators see sums elsewhere."""
    statement = sa.select(Pledge, Asset).join(Asset, col(Asset.id) == col(Pledge.asset_id))
    return statement.where(_of_visible_loans(session, actor, col(Pledge.loan_id)))


def waits_for_registry() -> sa.ColumnElement[bool]:
    """Pledges without a complete registration, and those of a renewed loan that none names anew."""
    named = sa.exists().where(
        col(Registration.pledge_id) == col(Pledge.id),
        col(Registration.kind) == RegistrationKind.CHANGE,
    )
    carried = sa.and_(
        col(Pledge.state) == PledgeState.REGISTERED, col(Pledge.carries_id).is_not(None), ~named
    )
    return sa.or_(col(Pledge.state) == PledgeState.CONTRACTED, carried)


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeFilter:
    """What the register is asked for."""

    state: PledgeState | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """What the list of top-up cases is asked for."""

    state: CallState | None = None
    number: str | None = None


def list_pledges(session: Session, actor: Actor, wanted: PledgeFilter) -> sa.Select[Pledge, Asset]:
    """The register in sight, the newest first."""
    statement = visible_pledges(session, actor).order_by(col(Pledge.number).desc())
    if wanted.state:
        statement = statement.where(col(Pledge.state) == wanted.state)
    if wanted.number:
        statement = statement.where(col(Pledge.number) == wanted.number)
    return statement


def list_margin_calls(session: Session, actor: Actor, wanted: CallFilter) -> sa.Select[MarginCall]:
    """Top-up cases in sight: open ones first, the nearest last day to cure on top."""
    is_open = sa.case((col(MarginCall.state).in_(OPEN_CALL_STATES), 0), else_=1)
    due = sa.func.coalesce(col(MarginCall.due_on), sa.literal(date.max, sa.Date()))
    statement = visible_margin_calls(session, actor).order_by(
        is_open, due, col(MarginCall.number).desc()
    )
    if wanted.state:
        statement = statement.where(col(MarginCall.state) == wanted.state)
    if wanted.number:
        statement = statement.where(col(MarginCall.number) == wanted.number)
    return statement


def visible_margin_calls(session: Session, actor: Actor) -> sa.Select[MarginCall]:
    """Top-up cases of loans that the actor sees as bank, or as borrower once the notice is issued."""
    statement = sa.select(MarginCall).where(
        _of_visible_loans(session, actor, col(MarginCall.loan_id))
    )
    if actor.organisation_kind == "enterprise":
        return statement.where(col(MarginCall.issued_on).is_not(None))
    return statement


def visible_covers(session: Session, actor: Actor) -> sa.Select[LoanCover, Loan]:
    """The cover of each loan that the actor sees as bank or borrower, with the loan."""
    statement = sa.select(LoanCover, Loan).join(Loan, col(Loan.id) == col(LoanCover.loan_id))
    return statement.where(_of_visible_loans(session, actor, col(LoanCover.loan_id)))


def _of_visible_loans(session: Session, actor: Actor, loan_id: Any) -> sa.ColumnElement[bool]:
    if actor.sees("collateral") != "own" and actor.sees("*") != "all":
        return sa.false()
    loans = visible_loans(session, actor).with_only_columns(col(Loan.id)).order_by(None)
    visible: sa.ColumnElement[bool] = loan_id.in_(loans)
    return visible


def valid_fen(value: AssetValue | None, day: date) -> int | None:
    """The current value of an asset on a day; None without an appraisal that is valid then."""
    if value is None or value.valid_until is None or value.valid_until < day:
        return None
    return value.current_fen


def load_loan(session: Session, actor: Actor, loan_id: UUID) -> Loan:
    """The loan when it is in sight, else `NotFound`."""
    statement = visible_loans(session, actor).where(col(Loan.id) == loan_id)
    loan: Loan | None = session.execute(statement).scalar_one_or_none()
    if loan is None:
        raise NotFound
    return loan


def loans_by_id(session: Session, ids: Iterable[UUID]) -> dict[UUID, Loan]:
    """Loans by their ids; of rows that are in sight already."""
    rows = session.execute(sa.select(Loan).where(col(Loan.id).in_(set(ids)))).scalars()
    return {loan.id: loan for loan in rows}


def pool_of_loan(session: Session, loan_id: UUID, *, active: bool = False) -> Pool:
    """The pool of one loan. `active` counts contracted pledges too; else only registered ones stand."""
    return pools_of_loans(session, [loan_id], active=active)[0]


def pools_of_loans(
    session: Session, loan_ids: Sequence[UUID], *, active: bool = False
) -> list[Pool]:
    """The pools of loans in the order of their ids: five queries whatever their number."""
    rows = session.execute(
        sa.select(Loan, LoanStateRow)
        .join(LoanStateRow, col(LoanStateRow.loan_id) == col(Loan.id))
        .where(col(Loan.id).in_(loan_ids))
        .order_by(col(Loan.id))
        .execution_options(populate_existing=True)
    ).all()
    states = ACTIVE if active else (PledgeState.REGISTERED,)
    assets = _assets(session, loan_ids, states)
    guarantees = guaranteed_fen(session, loan_ids)
    return [
        Pool(
            loan_id=loan.id,
            bank_id=loan.bank_id,
            state_version=state.version,
            committed_fen=loan.contract_fen if loan.state is LoanState.SIGNED else 0,
            debt=debt_of(state),
            lines=lines_of(loan),
            assets=tuple(assets.get(loan.id, ())),
            guaranteed_fen=guarantees.get(loan.id, 0),
        )
        for loan, state in rows
    ]


def debt_of(state: LoanStateRow) -> Debt:
    """What is owed on a loan, from its hot row."""
    return Debt(
        principal_fen=state.principal_fen, accrued_fen=state.accrued_fen, fees_fen=state.fees_fen
    )


def lines_of(loan: Loan) -> Lines:
    """The lines that the contract fixed."""
    return Lines(
        warning_ppm=loan.warning_ppm or 0,
        top_up_ppm=loan.top_up_ppm or 0,
        disposal_ppm=loan.disposal_ppm or 0,
        cure_ppm=loan.cure_ppm or loan.warning_ppm or 1,
        basis=LtvBasis(loan.ltv_basis),
    )


def _assets(
    session: Session, loan_ids: Iterable[UUID], states: Sequence[PledgeState]
) -> dict[UUID, list[PoolAsset]]:
    senior = sa.orm.aliased(Pledge)
    before = (
        sa.select(sa.func.coalesce(sa.func.sum(senior.secured_fen), 0))
        .where(
            col(senior.asset_id) == col(Pledge.asset_id),
            col(senior.state).in_(ACTIVE),
            col(senior.rank) < col(Pledge.rank),
        )
        .correlate(Pledge)
        .scalar_subquery()
    )
    statement = (
        sa.select(Pledge, col(Asset.kind), col(RecognisedValue.recognised_fen), before)
        .join(Asset, col(Asset.id) == col(Pledge.asset_id))
        .join(
            RecognisedValue,
            sa.and_(
                col(RecognisedValue.asset_id) == col(Pledge.asset_id),
                col(RecognisedValue.bank_id) == col(Pledge.bank_id),
            ),
            isouter=True,
        )
        .where(col(Pledge.loan_id).in_(list(loan_ids)), col(Pledge.state).in_(states))
        .order_by(col(Pledge.number))
    )
    found: dict[UUID, list[PoolAsset]] = {}
    for pledge, kind, recognised, senior_fen in session.execute(statement).all():
        asset = PoolAsset(
            asset_id=pledge.asset_id,
            recognised_fen=recognised,
            cap_ppm=pledge.cap_ppm,
            secured_fen=pledge.secured_fen,
            senior_fen=int(senior_fen),
            ecological=kind_info(kind).ecological,
        )
        found.setdefault(pledge.loan_id, []).append(asset)
    return found


def guaranteed_fen(session: Session, loan_ids: Iterable[UUID]) -> dict[UUID, int]:
    """What guarantees in force cover of each loan; a loan without any is left out."""
    statement = (
        sa.select(col(Guarantee.loan_id), sa.func.sum(Guarantee.covered_fen))
        .where(col(Guarantee.loan_id).in_(list(loan_ids)), col(Guarantee.released_on).is_(None))
        .group_by(col(Guarantee.loan_id))
    )
    return {loan_id: int(total) for loan_id, total in session.execute(statement).all()}


def asset_ids_of_loan(session: Session, loan_id: UUID) -> list[UUID]:
    """The assets that secure a loan now."""
    statement = sa.select(col(Pledge.asset_id)).where(
        col(Pledge.loan_id) == loan_id, col(Pledge.state).in_(ACTIVE)
    )
    return list(session.execute(statement).scalars())


def reviewed_on(session: Session, call_id: UUID) -> date | None:
    """The business day on which a top-up case was reviewed, as the journal keeps it; None before."""
    statement = (
        sa.select(col(AuditEvent.facts))
        .where(
            col(AuditEvent.subject_kind) == "margin-call",
            col(AuditEvent.subject_id) == str(call_id),
            col(AuditEvent.action) == f"margin-call.{CallEvent.REVIEW.value}",
        )
        .order_by(col(AuditEvent.seq).desc())
        .limit(1)
    )
    facts = session.execute(statement).scalar_one_or_none()
    return None if facts is None else date.fromisoformat(facts["day"])


def cover_of_loan(session: Session, loan_id: UUID) -> LoanCover | None:
    """The latest observation of a loan."""
    return session.get(LoanCover, loan_id, populate_existing=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cured:
    """How a loan stood when a case opened, and when it was cured."""

    opening: LtvObservation
    cure: LtvObservation
    basis: LtvBasis

    @property
    def opening_ppm(self) -> int | None:
        """The ratio that opened the case."""
        return moving_ppm(self.opening, self.basis)

    @property
    def cure_ppm(self) -> int | None:
        """The ratio that ended it."""
        return moving_ppm(self.cure, self.basis)

    @property
    def paid_fen(self) -> int:
        """By how much the principal fell in between."""
        return max(self.opening.principal_fen - self.cure.principal_fen, 0)

    @property
    def added_fen(self) -> int | None:
        """By how much the recognised value rose in between; None when one of both was missing."""
        before, after = self.opening.recognised_fen, self.cure.recognised_fen
        return None if before is None or after is None else max(after - before, 0)


def cured_of(session: Session, call_id: UUID) -> Cured | None:
    """Both ends of a case that was cured, from the history of the loan; None for any other case."""
    call = session.get_one(MarginCall, call_id)
    if call.state is not CallState.CURED or call.closed_on is None:
        return None
    statement = (
        sa.select(LtvObservation)
        .where(col(LtvObservation.loan_id) == call.loan_id)
        .where(col(LtvObservation.on).between(call.opened_on, call.closed_on))
        .order_by(col(LtvObservation.at), col(LtvObservation.id))
    )
    rows = session.execute(statement).scalars().all()
    above = [row for row in rows if _is_above(moving_ppm(row, call.basis), call.line_ppm)]
    return Cured(opening=above[0], cure=rows[-1], basis=call.basis) if above else None


def _is_above(ratio: int | None, line_ppm: int) -> bool:
    """A missing value never counts as cover."""
    return ratio is None or ratio > line_ppm


def observations(session: Session, loan_id: UUID, limit: int = 60) -> list[LtvObservation]:
    """The last observation of each of the last days on which one was kept, oldest first."""
    newest = (col(LtvObservation.at).desc(), col(LtvObservation.id).desc())
    of_day = sa.func.row_number().over(partition_by=col(LtvObservation.on), order_by=newest)
    ranked = (
        sa.select(col(LtvObservation.id), of_day.label("place"))
        .where(col(LtvObservation.loan_id) == loan_id)
        .subquery()
    )
    statement = (
        sa.select(LtvObservation)
        .join(ranked, ranked.c.id == col(LtvObservation.id))
        .where(ranked.c.place == 1)
        .order_by(col(LtvObservation.on).desc())
        .limit(limit)
    )
    return list(reversed(session.execute(statement).scalars().all()))


def burdens_in_force(session: Session, asset_id: UUID) -> list[Burden]:
    """The mortgages and pledges that stand on an asset, of whichever bank, by rank."""
    statement = (
        sa.select(Pledge)
        .where(col(Pledge.asset_id) == asset_id, col(Pledge.state).in_(ACTIVE))
        .order_by(col(Pledge.rank))
    )
    return [
        Burden(
            kind=EncumbranceKind(row.security.value),
            bank_id=row.bank_id,
            rank=row.rank,
            secured_fen=row.secured_fen,
            contracted_on=row.contracted_on,
            registered=row.state is PledgeState.REGISTERED,
        )
        for row in session.execute(statement).scalars()
    ]
