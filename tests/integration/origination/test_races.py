"""Two people at once: one outcome, one edge in the log, the other is told."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col

from app.assets.queries import load_asset
from app.collateral.models import AssetLien
from app.collateral.refusals import StillSecures
from app.collateral.services.lists import pledges_of_loan
from app.collateral.services.pledging import release_pledge
from app.kernel.errors import Conflict, Refusal, StaleVersion
from app.loans.models import Loan, LoanNote
from app.origination.domain.states import ApplicationState
from app.origination.models import Application, ApplicationAct
from app.origination.refusals import DrawdownRefused
from app.origination.services import contract, decisions, drawdowns
from app.origination.services.pool import OfferedAsset
from tests.factories.lending import FOREST_FEN, LOAN_FEN

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


def test_money_and_release_at_once_never_leave_a_debt_uncovered(
    lending, database, commit, world
) -> None:
    """Drawing the rest needs both securities; releasing one needs the rest undrawn."""
    view = lending.contracted(lending.main_pool())
    lending.register(view.loan_id)
    for amount in (LOAN_FEN // 10, LOAN_FEN - LOAN_FEN // 10):
        waiting = lending.request(view.loan_id, amount)
        command = drawdowns.CheckDrawdown()
        drawdowns.check_drawdown(lending.session, world.actor("a-drawdown"), waiting.id, command)
        if amount == LOAN_FEN // 10:
            ops = world.actor("a-ops")
            drawdowns.post_checked(lending.session, ops, waiting.id, drawdowns.PostChecked())
    (_forest, carbon) = pledges_of_loan(lending.session, world.actor("a-officer"), view.loan_id)
    commit()
    approver = world.actor("a-approve")
    results = at_once(
        database,
        lambda s: (drawdowns.post_checked(s, ops, waiting.id, drawdowns.PostChecked()), slow()),
        lambda s: (release_pledge(s, approver, carbon.id, "客户要求"), slow()),
    )
    refused = [type(each) for each in results if isinstance(each, Refusal)]
    assert refused in ([DrawdownRefused], [StillSecures])


def slow() -> None:
    """Let the other step come as far as it can before this one commits."""
    time.sleep(0.1)


@pytest.mark.one_engine("postgres")
def test_a_contract_that_waits_for_an_asset_keeps_the_number_from_nobody(
    lending, database, commit, world
) -> None:
    """On SQLite all writers wait for each other anyway."""
    held, free = (
        lending.approved(
            (OfferedAsset(asset_id=lending.asset(recognised_fen=FOREST_FEN)),),
            product="forest-right-loan",
            amount_fen=500_000_00,
        )
        for _ in range(2)
    )
    commit()
    officer, sign = world.actor("a-officer"), contract.SignContract()

    def signed(application_id: UUID) -> None:
        with database.write() as writing:
            contract.contract(writing, officer, application_id, sign)

    with ThreadPoolExecutor(2) as pool:
        with database.write() as other:
            load_asset(other, officer, held.assets[0].asset_id, lock=True)
            waits = pool.submit(signed, held.id)
            time.sleep(0.5)
            pool.submit(signed, free.id).result(timeout=10)
            assert not waits.done()
        waits.result(timeout=10)
