"""Drill-down: a purpose is stated and kept, and every loan that is then looked at is written down."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.services import record
from app.collateral.domain.states import Level, PledgeState
from app.collateral.models import Pledge
from app.collateral.queries import ACTIVE, cover_of_loan, guaranteed_fen
from app.db.engine import database_of, now
from app.kernel.actor import Actor
from app.kernel.errors import Forbidden, NotFound
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.loans.domain.states import LoanState
from app.loans.models import Loan, LoanMonthEnd, LoanStateRow
from app.loans.queries import LoanFilter, LoanView, list_loans, region_prefix, view_of
from app.oversight.domain import DRILL_DOWN_HOURS
from app.oversight.models import DrillDown
from app.oversight.queries import in_sight
from app.web.paging import Page, PageRequest, fetch_page


class PurposeNeeded(Forbidden):
    """Single loans are shown only under a purpose stated by the same person within the last hours."""

    code = "purpose-needed"
    title = N_("State a purpose first")
    detail = N_(
        "Single loans are shown only after their purpose is stated. State it; it holds for eight hours."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDrillDown:
    """What the regulator wants to look at single loans for."""

    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillDownView:
    """An open look into single loans."""

    id: UUID
    purpose: str
    scope: str
    opened_at: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CollateralSummary:
    """What stands behind a loan, as counts and sums only."""

    pledges: int
    registered: int
    secured_fen: int
    recognised_fen: int | None
    guaranteed_fen: int
    ltv_ppm: int | None
    risk_ltv_ppm: int | None
    level: Level | None
    observed_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanDetail:
    """A loan as a regulator sees it. Of a published card nothing stands here that was not published."""

    loan: LoanView
    month_ends: tuple[tuple[date, int], ...]
    collateral: CollateralSummary | None


def open_drill_down(session: Session, actor: Actor, command: OpenDrillDown) -> DrillDownView:
    """State the purpose; it holds for this person and eight hours."""
    actor.require(Permission.READ_BALANCE_DETAIL)
    at = now(session)
    row = DrillDown(
        person_id=actor.person_id,
        organisation_id=actor.organisation_id,
        purpose=command.purpose,
        scope=region_prefix(actor.region_code),
        opened_at=at,
        valid_until=at + DRILL_DOWN_HOURS,
    )
    session.add(row)
    session.flush()
    record(
        session,
        actor,
        "drill-down.open",
        subject_kind="drill-down",
        subject_id=row.id,
        purpose=row.purpose,
        scope=row.scope,
        valid_until=row.valid_until.isoformat(),
    )
    return _view(row)


def find_drill_down(session: Session, actor: Actor) -> DrillDownView | None:
    """The look that the person has open now."""
    at = now(session)
    statement = (
        sa.select(DrillDown)
        .where(
            col(DrillDown.person_id) == actor.person_id,
            col(DrillDown.organisation_id) == actor.organisation_id,
            col(DrillDown.opened_at) <= at,
            col(DrillDown.valid_until) > at,
        )
        .order_by(col(DrillDown.opened_at).desc(), col(DrillDown.id).desc())
        .limit(1)
    )
    row = session.execute(statement).scalar_one_or_none()
    return None if row is None else _view(row)


def require_drill_down(session: Session, actor: Actor) -> DrillDownView:
    """The look that is open; `PurposeNeeded` otherwise."""
    actor.require(Permission.READ_BALANCE_DETAIL)
    found = find_drill_down(session, actor)
    if found is None:
        raise PurposeNeeded
    return found


def look_at_loans(
    session: Session, actor: Actor, wanted: LoanFilter, page: PageRequest, *, sort: str
) -> Page[LoanView]:
    """Loans in the region, each of them written down as looked at before the answer is given."""
    drill_down = require_drill_down(session, actor)
    found = fetch_page(session, list_loans(actor, wanted, sort), page)
    views = [view_of(row) for row in found.items]
    _write_down(session, actor, drill_down, views, "list")
    return found.holding(views)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The loans that a desk may look at, by whether its balances count them."""

    green: int
    """Green, with a balance: what the balances count."""
    other: int
    """With a balance, and not green."""
    empty: int
    """Without a balance: not drawn, settled, cancelled or written off."""

    @property
    def total(self) -> int:
        """All of them."""
        return self.green + self.other + self.empty


def counted_loans(session: Session, actor: Actor) -> Counted:
    """Why the balances count fewer loans than the list of single ones shows."""
    actor.require(Permission.READ_BALANCE_DETAIL)
    owed = col(LoanStateRow.principal_fen) > 0
    cases = (sa.and_(owed, col(Loan.green)), sa.and_(owed, sa.not_(col(Loan.green))), sa.not_(owed))
    sums = [sa.func.coalesce(sa.func.sum(sa.case((each, 1), else_=0)), 0) for each in cases]
    statement = (
        sa.select(*sums)
        .join_from(Loan, LoanStateRow, col(LoanStateRow.loan_id) == col(Loan.id))
        .where(in_sight(actor))
    )
    green, other, empty = session.execute(statement).one()
    return Counted(green=int(green), other=int(other), empty=int(empty))


def look_at_loan(session: Session, actor: Actor, loan_id: UUID) -> LoanDetail:
    """One loan in the region, written down as looked at before the answer is given."""
    drill_down = require_drill_down(session, actor)
    row = session.execute(
        list_loans(actor, LoanFilter()).where(col(Loan.id) == loan_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    loan = view_of(row)
    _write_down(session, actor, drill_down, [loan], "detail")
    return LoanDetail(
        loan=loan,
        month_ends=_month_ends(session, loan_id),
        collateral=None if loan.state is LoanState.MIRRORED else _collateral(session, loan_id),
    )


def _write_down(
    session: Session, actor: Actor, drill_down: DrillDownView, loans: Sequence[LoanView], how: str
) -> None:
    """A short transaction of its own, so that reading stays reading; if it fails, nothing is shown."""
    with database_of(session).write() as writing:
        for loan in loans:
            record(
                writing,
                actor,
                "drill-down.view",
                subject_kind="loan",
                subject_id=loan.id,
                number=loan.number,
                drill_down=drill_down.id,
                purpose=drill_down.purpose,
                how=how,
            )


def _month_ends(session: Session, loan_id: UUID) -> tuple[tuple[date, int], ...]:
    statement = (
        sa.select(col(LoanMonthEnd.month_end_on), col(LoanMonthEnd.principal_fen))
        .where(col(LoanMonthEnd.loan_id) == loan_id)
        .order_by(col(LoanMonthEnd.month_end_on).desc())
        .limit(25)
    )
    return tuple((day, fen) for day, fen in reversed(session.execute(statement).all()))


def _collateral(session: Session, loan_id: UUID) -> CollateralSummary:
    registered = sa.func.sum(sa.case((col(Pledge.state) == PledgeState.REGISTERED, 1), else_=0))
    sums = session.execute(
        sa.select(sa.func.count(), registered, sa.func.sum(Pledge.secured_fen)).where(
            col(Pledge.loan_id) == loan_id, col(Pledge.state).in_(ACTIVE)
        )
    ).one()
    cover = cover_of_loan(session, loan_id)
    return CollateralSummary(
        pledges=int(sums[0]),
        registered=int(sums[1] or 0),
        secured_fen=int(sums[2] or 0),
        recognised_fen=cover.recognised_fen if cover else None,
        guaranteed_fen=guaranteed_fen(session, [loan_id]).get(loan_id, 0),
        ltv_ppm=cover.ltv_ppm if cover else None,
        risk_ltv_ppm=cover.risk_ltv_ppm if cover else None,
        level=cover.level if cover else None,
        observed_on=cover.observed_on if cover else None,
    )


def _view(row: DrillDown) -> DrillDownView:
    return DrillDownView(
        id=row.id,
        purpose=row.purpose,
        scope=row.scope,
        opened_at=row.opened_at,
        valid_until=row.valid_until,
    )
