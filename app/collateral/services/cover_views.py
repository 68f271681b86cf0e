"""The cover of a loan as callers see it: the last figures of the watch beside the lines of the contract."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlmodel import Session, col

from app.collateral.domain.cover import Debt, cure_of
from app.collateral.domain.states import Level
from app.collateral.models import LoanCover
from app.collateral.queries import lines_of, visible_covers
from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.loans.domain.states import LtvBasis


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverView:
    """What the watch saw last. Ratios are None when an asset has no recognised value, or the loan no security.

    repay_fen and add_recognised_fen: what would bring the loan to the target of a cure; 0 when it is there.
    """

    loan_id: UUID
    observed_on: date
    level: Level
    basis: LtvBasis
    principal_fen: int
    exposure_fen: int
    recognised_fen: int | None
    lendable_fen: int
    guaranteed_fen: int
    ltv_ppm: int | None
    risk_ltv_ppm: int | None
    warning_ppm: int
    top_up_ppm: int
    disposal_ppm: int
    target_ppm: int
    repay_fen: int
    add_recognised_fen: int


def cover_of_loan(session: Session, actor: Actor, loan_id: UUID) -> CoverView:
    """The cover of a loan in sight; `NotFound` for one that the watch does not measure."""
    statement = visible_covers(session, actor).where(col(LoanCover.loan_id) == loan_id)
    found = session.execute(statement).first()
    if found is None:
        raise NotFound
    row, loan = found
    lines = lines_of(loan)
    seen = Debt(principal_fen=row.principal_fen, accrued_fen=row.exposure_fen - row.principal_fen)
    cure = cure_of(seen, row.recognised_fen, lines)
    unsecured = row.level is Level.NONE
    return CoverView(
        loan_id=loan_id,
        observed_on=row.observed_on,
        level=row.level,
        basis=lines.basis,
        principal_fen=row.principal_fen,
        exposure_fen=row.exposure_fen,
        recognised_fen=row.recognised_fen,
        lendable_fen=row.lendable_fen,
        guaranteed_fen=row.guaranteed_fen,
        ltv_ppm=row.ltv_ppm,
        risk_ltv_ppm=row.risk_ltv_ppm,
        warning_ppm=lines.warning_ppm,
        top_up_ppm=lines.top_up_ppm,
        disposal_ppm=lines.disposal_ppm,
        target_ppm=lines.cure_ppm,
        repay_fen=0 if unsecured else cure.repay_fen,
        add_recognised_fen=0 if unsecured else cure.add_recognised_fen,
    )
