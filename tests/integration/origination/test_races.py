"""Two people at once: one outcome, one edge in the log, the other is told."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col

from app.kernel.errors import Conflict, Refusal, StaleVersion
from app.loans.models import LoanNote
from app.origination.domain.states import ApplicationState
from app.origination.models import Application, ApplicationAct
from app.origination.services import decisions, drawdowns
from tests.factories.lending import LOAN_FEN

WORDS = decisions.GiveOpinion(opinion="同意")
APPROVE = decisions.Approve(amount_fen=LOAN_FEN, opinion="同意")


def at_once(database, *steps: Callable[[Session], Any]) -> list[Any]:
    """Run steps in units of work that begin together; gives results or refusals."""
    gate = threading.Barrier(len(steps))
    results: list[Any] = [None] * len(steps)

    def run(index: int, step: Callable[[Session], Any]) -> None:
        gate.wait()
        try:
            with database.write() as session:
                results[index] = step(session)
        except (Refusal, sa.orm.exc.StaleDataError) as refusal:
            results[index] = refusal

    threads = [threading.Thread(target=run, args=(index, step)) for index, step in enumerate(steps)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results


def outcomes(results: list[Any]) -> tuple[int, int]:
    refused = [each for each in results if isinstance(each, Exception)]
    assert all(
        isinstance(each, Conflict | StaleVersion | sa.orm.exc.StaleDataError) for each in refused
    )
    return len(results) - len(refused), len(refused)


@pytest.mark.parametrize("rival", ["approve", "reject", "return"])
def test_two_decisions_at_once_leave_one(lending, database, commit, world, rival) -> None:
    view = lending.reviewed(lending.main_pool())
    commit()
    first, second = world.actor("a-approve"), world.actor("a-committee3")
    other = {
        "approve": lambda s: decisions.approve(s, second, view.id, APPROVE),
        "reject": lambda s: decisions.reject(s, second, view.id, WORDS),
        "return": lambda s: decisions.send_back(s, second, view.id, WORDS),
    }[rival]
    results = at_once(database, lambda s: decisions.approve(s, first, view.id, APPROVE), other)
    assert outcomes(results) == (1, 1)
    with database.read() as seen:
        acts = (
            seen.execute(
                sa.select(ApplicationAct).where(
                    col(ApplicationAct.before) == ApplicationState.REVIEWED
                )
            )
            .scalars()
            .all()
        )
        row = seen.get_one(Application, view.id)
        assert [act.after for act in acts] == [row.state]


def test_two_contracts_at_once_make_one_loan(lending, database, commit, world) -> None:
    from app.loans.models import Loan
    from app.origination.services import contract

    view = lending.approved(lending.main_pool())
    commit()
    officer = world.actor("a-officer")
    sign = contract.SignContract()
    results = at_once(database, *([lambda s: contract.contract(s, officer, view.id, sign)] * 3))
    assert outcomes(results) == (1, 2)
    with database.read() as seen:
        assert seen.execute(sa.select(sa.func.count()).select_from(Loan)).scalar_one() == 1


def test_one_drawdown_is_posted_however_many_press(lending, database, commit, world) -> None:
    view = lending.contracted(lending.main_pool())
    lending.register(view.loan_id)
    waiting = lending.request(view.loan_id)
    checker = world.actor("a-drawdown")
    drawdowns.check_drawdown(lending.session, checker, waiting.id, drawdowns.CheckDrawdown())
    commit()
    ops = world.actor("a-ops")
    results = at_once(
        database,
        *([lambda s: drawdowns.post_checked(s, ops, waiting.id, drawdowns.PostChecked())] * 3),
    )
    assert outcomes(results) == (1, 2)
    with database.read() as seen:
        assert seen.execute(sa.select(sa.func.sum(LoanNote.amount_fen))).scalar_one() == LOAN_FEN


def test_contracts_over_one_value_never_take_more_than_it_has(
    lending, database, commit, world
) -> None:
    from app.collateral.models import AssetLien
    from app.origination.services import contract
    from app.origination.services.pool import OfferedAsset

    forest = lending.asset(recognised_fen=5_600_000_00)
    files = [
        lending.approved(
            (OfferedAsset(asset_id=forest, secured_fen=2_000_000_00),),
            product="forest-right-loan",
            amount_fen=500_000_00,
        )
        for _ in range(4)
    ]
    commit()
    officer, sign = world.actor("a-officer"), contract.SignContract()

    def step(application_id):
        return lambda s: contract.contract(s, officer, application_id, sign)

    results = at_once(database, *(step(each.id) for each in files))
    assert outcomes(results) == (2, 2)
    with database.read() as seen:
        assert seen.get_one(AssetLien, forest).secured_fen == 4_000_000_00
