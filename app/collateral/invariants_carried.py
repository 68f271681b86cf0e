"""What `verify` asks of security that passed to a renewing loan: no gap, nothing lost, nothing added."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.collateral.domain.states import PledgeState
from app.collateral.models import Guarantee, Pledge
from app.db.invariants import Violation
from app.loans.models import Loan

_SAME = ("asset_id", "bank_id", "security", "rank", "secured_fen")


def carried_violations(session: Session) -> Iterator[Violation]:
    """Each pledge that ended by a renewal without another in its place, and the other way round."""
    before = aliased(Pledge)
    statement = (
        sa.select(Pledge, before, Loan)
        .join(Loan, col(Loan.id) == col(Pledge.loan_id))
        .outerjoin(before, col(before.id) == col(Pledge.carries_id))
        .where(col(Pledge.carries_id).is_not(None))
        .order_by(col(Pledge.number))
    )
    carried = set()
    for pledge, former, loan in session.execute(statement).all():
        carried.add(pledge.carries_id)
        for detail in _passed(pledge, former, loan):
            yield _broken(f"pledge {pledge.number}", detail)
    ended = sa.select(Pledge).where(col(Pledge.state) == PledgeState.CARRIED_OVER)
    for pledge in session.execute(ended.order_by(col(Pledge.number))).scalars():
        if pledge.id not in carried:
            yield _broken(f"pledge {pledge.number}", "passed to no other pledge")
    yield from _left_behind(session)


def _passed(pledge: Pledge, former: Pledge | None, loan: Loan) -> Iterator[str]:
    if former is None or former.state is not PledgeState.CARRIED_OVER:
        yield "carries on a pledge that did not end by it"
        return
    for name in _SAME:
        if getattr(pledge, name) != getattr(former, name):
            yield f"{name} differs from {former.number}"
    if former.released_on != pledge.contracted_on:
        yield f"from {pledge.contracted_on}, while {former.number} ended {former.released_on}"
    if loan.renews_id != former.loan_id:
        yield f"secures {loan.number}, which does not renew the loan of {former.number}"


def _left_behind(session: Session) -> Iterator[Violation]:
    """A loan that was renewed is secured by nothing any more."""
    renewed = sa.select(col(Loan.renews_id)).where(col(Loan.renews_id).is_not(None))
    active = (PledgeState.CONTRACTED, PledgeState.REGISTERED)
    pledges = sa.select(Pledge).where(
        col(Pledge.loan_id).in_(renewed), col(Pledge.state).in_(active)
    )
    for pledge in session.execute(pledges.order_by(col(Pledge.number))).scalars():
        yield _broken(f"pledge {pledge.number}", "still secures a loan that was renewed")
    guarantees = (
        sa.select(col(Loan.number))
        .join(Guarantee, col(Guarantee.loan_id) == col(Loan.id))
        .where(col(Loan.id).in_(renewed), col(Guarantee.released_on).is_(None))
    )
    for number in session.execute(guarantees.order_by(col(Loan.number))).scalars():
        yield _broken(f"loan {number}", "still guaranteed, although it was renewed")


def _broken(subject: str, detail: str) -> Violation:
    return Violation(invariant="security-carried-over", subject=subject, detail=detail)
