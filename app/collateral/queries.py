"""Which pledges and cases an actor sees, and the pool behind a loan."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.assets.kinds import kind_info
from app.assets.models import Asset
from app.collateral.domain.cover import Cover, Debt, Lines, PoolAsset, measure_cover
from app.collateral.domain.states import Level, PledgeState
from app.collateral.models import (
    Guarantee,
    LoanCover,
    LtvObservation,
    MarginCall,
    Pledge,
    RecognisedValue,
)
from app.kernel.actor import Actor
from app.loans.domain.states import LtvBasis
from app.loans.models import Loan, LoanStateRow
from app.loans.queries import visible_loans

ACTIVE = (PledgeState.CONTRACTED, PledgeState.REGISTERED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A loan with its debt, its lines, the assets behind it and its guarantees."""

    loan_id: UUID
    bank_id: UUID
    state_version: int
    debt: Debt
    lines: Lines
    assets: tuple[PoolAsset, ...]
    guaranteed_fen: int

    def cover(self) -> Cover:
        """The cover of the debt by the pool."""
        eco = tuple(asset for asset in self.assets if asset.ecological)
        return measure_cover(
            self.debt, eco or self.assets, self.lines, guaranteed_fen=self.guaranteed_fen
        )

    def stands_without(self, asset_id: UUID) -> bool:
        """Whether the debt is settled, or stays below the warning line and covered without one asset."""
        if self.debt.exposure_fen == 0:
            return True
        rest = tuple(asset for asset in self.assets if asset.asset_id != asset_id)
        left = measure_cover(self.debt, rest, self.lines, guaranteed_fen=self.guaranteed_fen)
        covered = left.lendable_fen + left.guaranteed_fen >= self.debt.exposure_fen
        return covered and left.level in {Level.NORMAL, Level.NONE}


def visible_pledges(session: Session, actor: Actor) -> sa.Select[Pledge, Asset]:
    """Pledges with their assets: of loans that the actor sees as bank or borrower. Regulators see sums elsewhere."""
    statement = sa.select(Pledge, Asset).join(Asset, col(Asset.id) == col(Pledge.asset_id))
    return statement.where(_of_visible_loans(session, actor, col(Pledge.loan_id)))


def visible_margin_calls(session: Session, actor: Actor) -> sa.Select[MarginCall]:
    """Top-up cases of loans that the actor sees as bank, or as borrower once the notice is issued."""
    statement = sa.select(MarginCall).where(
        _of_visible_loans(session, actor, col(MarginCall.loan_id))
    )
    if actor.organisation_kind == "enterprise":
        return statement.where(col(MarginCall.issued_on).is_not(None))
    return statement


def _of_visible_loans(session: Session, actor: Actor, loan_id: Any) -> sa.ColumnElement[bool]:
    if actor.sees("collateral") != "own" and actor.sees("*") != "all":
        return sa.false()
    loans = visible_loans(session, actor).with_only_columns(col(Loan.id)).order_by(None)
    visible: sa.ColumnElement[bool] = loan_id.in_(loans)
    return visible


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
    guarantees = _guaranteed(session, loan_ids)
    return [
        Pool(
            loan_id=loan.id,
            bank_id=loan.bank_id,
            state_version=state.version,
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


def _guaranteed(session: Session, loan_ids: Iterable[UUID]) -> dict[UUID, int]:
    statement = (
        sa.select(col(Guarantee.loan_id), sa.func.sum(Guarantee.covered_fen))
        .where(col(Guarantee.loan_id).in_(list(loan_ids)), col(Guarantee.released_on).is_(None))
        .group_by(col(Guarantee.loan_id))
    )
    return {loan_id: int(total) for loan_id, total in session.execute(statement).all()}


def cover_of_loan(session: Session, loan_id: UUID) -> LoanCover | None:
    """The latest observation of a loan."""
    return session.get(LoanCover, loan_id, populate_existing=True)


def observations(session: Session, loan_id: UUID, limit: int = 60) -> list[LtvObservation]:
    """The last observations of a loan, oldest first."""
    statement = (
        sa.select(LtvObservation)
        .where(col(LtvObservation.loan_id) == loan_id)
        .order_by(col(LtvObservation.on).desc(), col(LtvObservation.id).desc())
        .limit(limit)
    )
    return list(reversed(session.execute(statement).scalars().all()))
