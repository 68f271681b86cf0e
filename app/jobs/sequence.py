"""What belongs together across rooms: a close or a revaluation, then a look at every loan's cover."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeVar
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlmodel import Session, col

from app.appraisal.services.executors import Executor, executor_for, require_executor
from app.appraisal.services.revaluation import (
    RequestRevaluation,
    find_settled_run,
    request_revaluation,
)
from app.appraisal.services.revaluation import run_revaluation as run_one
from app.appraisal.services.views import RunView
from app.collateral.services.watch import WatchReport, watch_bank
from app.db.engine import Database
from app.identity.models import Organisation
from app.kernel.actor import Actor, system_actor
from app.loans.closing.days import close_day
from app.loans.closing.queries import DayCloseView
from app.loans.inspection.looking import look_at_bank
from app.loans.inspection.planning import plan_bank
from app.loans.models import BankDay

log = structlog.get_logger("greenpledge.jobs")

_Done = TypeVar("_Done")


def banks_with_books(session: Session) -> list[Organisation]:
    """Banks that have an open business day here, in the order of their codes."""
    statement = (
        sa.select(Organisation)
        .join(BankDay, col(BankDay.bank_id) == col(Organisation.id))
        .order_by(col(Organisation.code))
    )
    return list(session.execute(statement).scalars())


def bank_actor(bank: Organisation) -> Actor:
    """The system acting for a bank."""
    return system_actor(
        organisation_id=bank.id, organisation_kind=bank.kind.value, region_code=bank.region_code
    )


def close_and_watch(database: Database, bank: Organisation, on: date) -> DayCloseView:
    """Close a bank's open day, then measure all its secured loans, plan its checks and look for warning signals."""
    view = close_day(database, bank_actor(bank), bank.id, on)
    watch_all(database, [bank])
    plan_all(database, [bank])
    look_all(database, [bank])
    return view


def revalue_and_watch(database: Database, actor: Actor, command: RequestRevaluation) -> RunView:
    """Value every appraised asset in the actor's sight on a day, then measure the loans that changed.

    What is to do the work is opened before the run is filed, so that a refusal leaves nothing behind.
    A finished run that nothing has come after answers its day and needs nobody to work.
    """
    with database.read() as session:
        known = find_settled_run(session, actor, command.on)
    if known is not None:
        return finish_run(database, actor, known.id)
    require_executor(command.executor)
    with executor_for(command.executor) as opened:
        with database.write() as session:
            filed = request_revaluation(session, actor, command)
        return finish_run(database, actor, filed.id, executor=command.executor, opened=opened)


def finish_run(
    database: Database,
    actor: Actor,
    run_id: UUID,
    *,
    executor: str | None = None,
    opened: Executor | None = None,
) -> RunView:
    """Run what is left of a revaluation, then measure the loans that changed."""
    view = run_one(database, actor, run_id, executor=executor, opened=opened)
    with database.read() as session:
        banks = banks_with_books(session)
    for bank in banks:
        with database.write() as session:
            watch_bank(session, bank_actor(bank), bank.id)
    return view


def plan_all(database: Database, banks: Sequence[Organisation]) -> int:
    """Plan the post-loan checks of some banks, in chunks; gives how many were planned."""
    return sum(_of_each(banks, lambda bank: plan_bank(database, bank_actor(bank), bank.id).planned))


def look_all(database: Database, banks: Sequence[Organisation]) -> int:
    """Look for what raises warning signals at some banks, in chunks; gives how many were raised."""
    return sum(_of_each(banks, lambda bank: look_at_bank(database, bank_actor(bank), bank.id)))


def watch_all(database: Database, banks: Sequence[Organisation]) -> list[WatchReport]:
    """Measure every secured loan of some banks, one transaction a bank."""

    def watch(bank: Organisation) -> WatchReport:
        with database.write() as session:
            return watch_bank(session, bank_actor(bank), bank.id, everything=True)

    return _of_each(banks, watch)


def _of_each(banks: Sequence[Organisation], step: Callable[[Organisation], _Done]) -> list[_Done]:
    """Take a step for each bank; one that fails stops no other, the first failure is raised at the end."""
    done: list[_Done] = []
    failures: list[Exception] = []
    for bank in banks:
        try:
            done.append(step(bank))
        except Exception as error:
            log.exception("bank failed", bank=bank.code)
            failures.append(error)
    if failures:
        raise failures[0]
    return done
