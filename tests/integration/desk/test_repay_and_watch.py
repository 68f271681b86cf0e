"""A repayment that cures closes its case in the same transaction; one that is refused changes nothing."""

from datetime import date

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.collateral.domain.states import CallState
from app.collateral.models import LoanCover, MarginCall, Pledge
from app.collateral.services.watch import watch_bank
from app.desk.services import repay_and_watch
from app.kernel.errors import Forbidden
from app.loans.models import LoanStateRow
from app.loans.services import Repay
from tests.factories.lending import Lending


@pytest.fixture
def case(session, world):
    """A loan whose values fell below the top-up line."""
    lending = Lending(session, world)
    lending.open_bank()
    loan_id = lending.drawn(lending.main_pool()).loan_id
    pledges = sa.select(Pledge).where(col(Pledge.loan_id) == loan_id)
    for pledge in session.execute(pledges).scalars().all():
        lending.value(pledge.asset_id, pledge.relied_current_fen * 6 // 10, date(2024, 12, 1))
    watch_bank(session, world.system("A"), world.organisation("A"))
    return session.execute(sa.select(MarginCall)).scalar_one()


def test_the_amount_of_the_notice_cures_and_one_fen_less_does_not(session, world, case):
    ops = world.actor("a-ops")
    short = Repay(amount_fen=case.repay_fen - 1, prepay=True, key="short")
    repay_and_watch(session, ops, case.loan_id, short)
    assert case.state is CallState.OPEN
    repay_and_watch(session, ops, case.loan_id, Repay(amount_fen=1, prepay=True, key="rest"))
    assert case.state is CallState.CURED
    cover = session.get(LoanCover, case.loan_id)
    assert cover.seen_version == session.get(LoanStateRow, case.loan_id).version
    assert cover.risk_ltv_ppm <= 600_000


def test_who_may_not_book_repayments_changes_nothing(session, world, case):
    with pytest.raises(Forbidden):
        repay_and_watch(
            session, world.actor("a-officer"), case.loan_id, Repay(amount_fen=case.repay_fen)
        )
    assert case.state is CallState.OPEN
