"""The own page of an enterprise: its loans with what is owed next, and its assets with their values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal.models import AssetValue
from app.assets.models import Asset
from app.assets.queries import AssetSummary, summaries, visible_assets
from app.collateral.models import LoanCover
from app.kernel.actor import Actor
from app.kernel.permissions import Permission
from app.loans.domain.states import LoanState
from app.loans.due.next_payments import NextPayment, next_payments
from app.loans.models import Loan, LoanDue
from app.loans.queries import LoanFilter, LoanView, list_loans, view_of

MAX_ROWS: Final = 20
"""What fits on a screen."""

ENDED: Final = (LoanState.SETTLED, LoanState.RELEASED, LoanState.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLoan:
    """A loan as its borrower sees it first."""

    loan: LoanView
    next_payment: NextPayment | None
    unpaid_fen: int
    cover: LoanCover | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAsset:
    """An asset as its owner sees it first."""

    asset: AssetSummary
    value: AssetValue | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Loans that run and assets in the registry."""

    loans: tuple[OwnLoan, ...]
    assets: tuple[OwnAsset, ...]

    @property
    def principal_fen(self) -> int:
        """What is owed in principal."""
        return sum(own.loan.principal_fen for own in self.loans)

    @property
    def unpaid_fen(self) -> int:
        """What has fallen due and is not paid."""
        return sum(own.unpaid_fen for own in self.loans)

    @property
    def next_payment(self) -> NextPayment | None:
        """The next day on which something falls due, with what all loans ask for on it."""
        coming = [own.next_payment for own in self.loans if own.next_payment]
        due_on = min((each.due_on for each in coming), default=None)
        if due_on is None:
            return None
        amount_fen = sum(each.amount_fen for each in coming if each.due_on == due_on)
        return NextPayment(due_on=due_on, amount_fen=amount_fen)

    @property
    def current_fen(self) -> int:
        """The current values of all assets that have one."""
        return sum(own.value.current_fen or 0 for own in self.assets if own.value)


def overview(session: Session, actor: Actor) -> Overview:
    """Read the overview: nine queries whatever the number of rows."""
    loans = _loans(session, actor) if actor.may(Permission.READ_LOANS) else ()
    assets = _assets(session, actor) if actor.may(Permission.READ_ASSETS) else ()
    return Overview(loans=tuple(loans), assets=tuple(assets))


def _loans(session: Session, actor: Actor) -> Sequence[OwnLoan]:
    statement = list_loans(actor, LoanFilter(), "-created_at")
    rows = session.execute(statement.where(col(Loan.state).not_in(ENDED)).limit(MAX_ROWS)).all()
    views = [view_of(row) for row in rows]
    ids = [view.id for view in views]
    following, unpaid = next_payments(session, ids), _unpaid(session, ids)
    covers = _covers(session, ids)
    return [
        OwnLoan(
            loan=view,
            next_payment=following.get(view.id),
            unpaid_fen=unpaid.get(view.id, 0),
            cover=covers.get(view.id),
        )
        for view in views
    ]


def _unpaid(session: Session, ids: Sequence[UUID]) -> dict[UUID, int]:
    left = (
        col(LoanDue.principal_fen)
        + col(LoanDue.interest_fen)
        - col(LoanDue.paid_principal_fen)
        - col(LoanDue.paid_interest_fen)
    )
    statement = (
        sa.select(col(LoanDue.loan_id), sa.func.sum(left))
        .where(col(LoanDue.loan_id).in_(ids), col(LoanDue.settled).is_(False))
        .group_by(col(LoanDue.loan_id))
    )
    return {loan_id: int(total) for loan_id, total in session.execute(statement).all()}


def _covers(session: Session, ids: Sequence[UUID]) -> dict[UUID, LoanCover]:
    rows = session.execute(sa.select(LoanCover).where(col(LoanCover.loan_id).in_(ids))).scalars()
    return {row.loan_id: row for row in rows}


def _assets(session: Session, actor: Actor) -> Sequence[OwnAsset]:
    statement = visible_assets(session, actor).order_by(col(Asset.number).desc()).limit(MAX_ROWS)
    views = summaries(session, actor, session.execute(statement).scalars().all())
    found = session.execute(
        sa.select(AssetValue).where(col(AssetValue.asset_id).in_([view.id for view in views]))
    ).scalars()
    values = {row.asset_id: row for row in found}
    return [OwnAsset(asset=view, value=values.get(view.id)) for view in views]
