"""The close of a bank's day: in order, in chunks, resumable, once.

Each chunk of loans is one transaction that also counts it; a run that was cut off is taken
up where it stopped. The next day opens at the very end, in the transaction that finishes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.services import record
from app.db.bulk import pieces
from app.db.engine import Database, move_demonstration, now, today
from app.db.leases import claim, release
from app.identity.models import Organisation
from app.kernel.actor import Actor, system_actor
from app.kernel.errors import Busy, NotFound, Refusal
from app.kernel.ids import new_id
from app.kernel.permissions import Permission
from app.loans.books import business_day
from app.loans.classes.classifying import (
    ClassLook,
    classify_debtors,
    end_observations,
    has_moved,
    look_at_classes,
    write_classes,
)
from app.loans.classes.provisions import provision_sql
from app.loans.closing.loans import close_loans
from app.loans.closing.queries import DayCloseView, close_view, day_close_view, lease_of
from app.loans.domain.classification import ClassRules, LoanClass, class_rules
from app.loans.domain.notices import notice_days
from app.loans.domain.provision import provision_rates
from app.loans.domain.states import OPEN_STATES, CloseState, Kept
from app.loans.ledger.periods import close_due_periods, close_month
from app.loans.models import (
    BankDay,
    DayClose,
    DayCloseError,
    Loan,
    LoanMonthEnd,
    LoanStateRow,
)
from app.loans.notices.filing import file_notices
from app.loans.refusals import DayAlreadyOpened, DayIsClosed, DayNotOver, DaySkipped
from app.policy import Policy
from app.reference.services import policy_for

CHUNK_LOANS: Final = 2_000
"""A chunk this large stays under half a second on the embedded database."""

LEASE_SECONDS: Final = 120
"""Longer than any chunk takes; a run that died is taken over after it."""

_ONE_DAY = timedelta(days=1)
_BUSY_SECONDS: Final = 5
_BEFORE_ALL: Final = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestClose:
    """The day to close."""

    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    close_id: UUID
    bank_id: UUID
    on: date
    owner: str
    actor: Actor
    policy: Policy
    """Of the day, asked once: what a bank decides while its day closes counts from the next."""
    rules: ClassRules

    @property
    def lease(self) -> str:
        return lease_of(self.bank_id)


def open_business_day(session: Session, actor: Actor, bank_id: UUID, on: date) -> None:
    """Open a bank's books here with a first business day; once."""
    actor.require(Permission.CLOSE_DAY)
    _require_own_bank(actor, bank_id)
    held = session.get(BankDay, bank_id)
    if held is not None:
        raise DayAlreadyOpened(day=held.open_on)
    session.add(BankDay(bank_id=bank_id, open_on=on, opened_at=now(session)))
    session.flush()
    record(
        session,
        actor,
        "business-day.open",
        subject_kind="bank",
        subject_id=bank_id,
        organisation_id=bank_id,
        day=on,
    )


def finish_history(session: Session, actor: Actor, bank_id: UUID) -> None:
    """After the past of a bank's loans was loaded: the class of each debtor, for the first day.

    The class also goes to the last month end on file, which reports read, with its provision. The month before the
    first open one is closed: its totals are what the bank's ledger begins with.
    """
    actor.require(Permission.CLOSE_DAY)
    _require_own_bank(actor, bank_id)
    last_on = business_day(session, bank_id) - _ONE_DAY
    rules = class_rules(policy_for(session, bank_id, last_on))
    classify_debtors(session, bank_id, last_on, rules=rules)
    session.flush()
    session.expire_all()
    month_end_on = (last_on + _ONE_DAY).replace(day=1) - _ONE_DAY
    rates = provision_rates(policy_for(session, bank_id, month_end_on))
    taken = (
        sa.select(col(LoanStateRow.loan_class))
        .where(col(LoanStateRow.loan_id) == col(LoanMonthEnd.loan_id))
        .scalar_subquery()
    )
    of_bank = sa.select(col(Loan.id)).where(
        col(Loan.bank_id) == bank_id, col(Loan.kept) == Kept.SERVICED
    )
    newest = (
        sa.select(sa.func.max(LoanMonthEnd.month_end_on))
        .where(col(LoanMonthEnd.loan_id).in_(of_bank))
        .scalar_subquery()
    )
    session.execute(
        sa.update(LoanMonthEnd)
        .where(col(LoanMonthEnd.month_end_on) == newest, col(LoanMonthEnd.loan_id).in_(of_bank))
        .values(
            loan_class=taken,
            provision_fen=provision_sql(col(LoanMonthEnd.principal_fen), taken, rates),
        ),
        execution_options={"synchronize_session": False},
    )
    close_month(session, actor, bank_id, month_end_on)


def request_close(session: Session, actor: Actor, command: RequestClose) -> DayCloseView:
    """File the close of the actor's bank's open day; the scheduler runs it."""
    actor.require(Permission.CLOSE_DAY)
    close = find_close(session, actor.organisation_id, command.on)
    if close is None:
        _require_next(session, actor.organisation_id, command.on)
        close = file_close(session, actor, actor.organisation_id, command.on)
    return close_view(session, actor, close.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedCloses:
    """What became of the closes that waited."""

    views: tuple[DayCloseView, ...]
    refused: tuple[Refusal, ...]


def run_requested_closes(database: Database) -> RequestedCloses:
    """Run what was requested or cut off; what another process is running is left to it.

    A bank whose close is refused, or run elsewhere, stops no other; its later days wait for the next look.
    """
    with database.read() as session:
        waiting = _waiting(session)
    views: list[DayCloseView] = []
    refused: list[Refusal] = []
    stopped: set[UUID] = set()
    for bank_id, kind, region, on in waiting:
        if bank_id in stopped:
            continue
        actor = system_actor(organisation_id=bank_id, organisation_kind=kind, region_code=region)
        try:
            views.append(close_day(database, actor, bank_id, on))
        except Refusal as refusal:
            stopped.add(bank_id)
            if not isinstance(refusal, Busy):
                refused.append(refusal)
    return RequestedCloses(views=tuple(views), refused=tuple(refused))


def _waiting(session: Session) -> list[tuple[UUID, str, str, date]]:
    statement = (
        sa.select(DayClose, Organisation)
        .join(Organisation, col(Organisation.id) == col(DayClose.bank_id))
        .where(col(DayClose.state) != CloseState.FINISHED)
        .order_by(col(DayClose.on), col(DayClose.id))
    )
    return [
        (close.bank_id, bank.kind.value, bank.region_code, close.on)
        for close, bank in session.execute(statement)
    ]


def close_day(
    database: Database,
    actor: Actor,
    bank_id: UUID,
    on: date,
    *,
    chunk_loans: int = CHUNK_LOANS,
    after_chunk: Callable[[int], None] | None = None,
) -> DayCloseView:
    """Close a bank's open day; a day closed before is answered, not closed again.

    Refuses a later day (`DaySkipped`), a day to come (`DayNotOver`), and with `Busy` while
    another process closes. `after_chunk` is told how many loans each chunk took.
    """
    actor.require(Permission.CLOSE_DAY)
    _require_own_bank(actor, bank_id)
    owner = str(new_id())
    with database.write() as session:
        run = _begin(session, actor, bank_id, on, owner)
    if run is not None:
        _run(database, run, chunk_loans, after_chunk)
    close_due_periods(database, actor, bank_id)
    with database.read() as session:
        return day_close_view(session, _seeing(actor, bank_id), bank_id, on)


def _run(
    database: Database, run: _Run, chunk_loans: int, after_chunk: Callable[[int], None] | None
) -> None:
    """Close all loans, classify, finish; a failure gives the lease back, a killed run keeps it."""
    try:
        _run_chunks(database, run, chunk_loans, after_chunk)
        _finish_when_all_done(database, run, chunk_loans, after_chunk)
    except Exception:
        with database.write() as session:
            release(session, run.lease, run.owner)
        raise


def close_through(
    database: Database, actor: Actor, bank_id: UUID, until_on: date
) -> tuple[DayCloseView, ...]:
    """Close every open day up to and with a day, in order."""
    views: list[DayCloseView] = []
    while True:
        with database.read() as session:
            day = business_day(session, bank_id)
        if day > until_on:
            return tuple(views)
        views.append(close_day(database, actor, bank_id, day))


def _seeing(actor: Actor, bank_id: UUID) -> Actor:
    return system_actor(organisation_id=bank_id, organisation_kind=actor.organisation_kind)


def _require_own_bank(actor: Actor, bank_id: UUID) -> None:
    if actor.organisation_id != bank_id and actor.sees("*") != "all":
        raise NotFound


def find_close(session: Session, bank_id: UUID, on: date) -> DayClose | None:
    """The close of a day, filed or further on."""
    given = {"of_bank": bank_id, "of_day": on}
    return session.execute(_find_asked(), given).scalar_one_or_none()


@cache
def _find_asked() -> sa.Select[DayClose]:
    return sa.select(DayClose).where(col(DayClose.bank_id) == _BANK, col(DayClose.on) == _DAY)


_BANK: Final = sa.bindparam("of_bank", type_=sa.Uuid)
_DAY: Final = sa.bindparam("of_day", type_=sa.Date)


def _require_next(session: Session, bank_id: UUID, on: date) -> None:
    day = business_day(session, bank_id)
    if on < day:
        raise DayIsClosed(open=day, day=on)
    if on > day:
        raise DaySkipped(open=day, day=on)
    if on > today(session):
        raise DayNotOver(today=today(session), day=on)


def file_close(session: Session, actor: Actor, bank_id: UUID, on: date) -> DayClose:
    """Write down that a day is to be closed."""
    close = DayClose(bank_id=bank_id, on=on, person_id=actor.person_id, requested_at=now(session))
    session.add(close)
    record(
        session,
        actor,
        "day-close.request",
        subject_kind="day-close",
        subject_id=close.id,
        organisation_id=bank_id,
        day=on,
    )
    return close


def _begin(session: Session, actor: Actor, bank_id: UUID, on: date, owner: str) -> _Run | None:
    close = find_close(session, bank_id, on)
    if close is not None and close.state is CloseState.FINISHED:
        return None
    _require_next(session, bank_id, on)
    fence = _hold_lease(session, bank_id, owner)
    policy = policy_for(session, bank_id, on)
    if close is None or close.state is CloseState.REQUESTED:
        total = _count_open(session, bank_id, on)
        close = close or file_close(session, actor, bank_id, on)
        close.total, close.state, close.started_at = total, CloseState.RUNNING, now(session)
    else:
        # Loans that an interrupted run could not close are tried again.
        session.execute(sa.delete(DayCloseError).where(col(DayCloseError.close_id) == close.id))
    close.fence, close.failed = fence, 0
    close.version += 1
    return _Run(
        close_id=close.id,
        bank_id=bank_id,
        on=on,
        owner=owner,
        actor=actor,
        policy=policy,
        rules=class_rules(policy),
    )


def _hold_lease(session: Session, bank_id: UUID, owner: str) -> int:
    fence = claim(session, lease_of(bank_id), owner, LEASE_SECONDS)
    if fence is None:
        raise Busy(retry_after=_BUSY_SECONDS)
    return fence


def _still_open() -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(Loan.bank_id) == _BANK,
        col(Loan.state).in_(OPEN_STATES),
        col(LoanStateRow.closed_on) < _DAY,
    )


def _count_open(session: Session, bank_id: UUID, on: date) -> int:
    given = {"of_bank": bank_id, "of_day": on}
    return int(session.execute(_count_asked(), given).scalar_one())


@cache
def _count_asked() -> sa.Select[Any]:
    return (
        sa.select(sa.func.count())
        .select_from(LoanStateRow)
        .join(Loan, col(Loan.id) == col(LoanStateRow.loan_id))
        .where(*_still_open())
    )


def _run_chunks(
    database: Database, run: _Run, chunk_loans: int, after_chunk: Callable[[int], None] | None
) -> None:
    last = _BEFORE_ALL
    while True:
        with database.write() as session:
            _hold_lease(session, run.bank_id, run.owner)
            # After the last: those before it are closed, and need not be passed over again.
            loan_ids = _next_loans(session, run, chunk_loans, after=last)
            if loan_ids:
                _close_chunk(session, run, loan_ids)
        if loan_ids and after_chunk is not None:
            after_chunk(len(loan_ids))
        if len(loan_ids) < chunk_loans:
            return
        last = loan_ids[-1]


def _close_chunk(session: Session, run: _Run, loan_ids: Sequence[UUID]) -> None:
    result = close_loans(
        session,
        loan_ids,
        lambda closed_on: days_between(closed_on, run.on),
        last_on=run.on,
        booked_on=run.on,
        rules=run.rules,
    )
    file_notices(session, loan_ids, run.on + _ONE_DAY, notice_days(run.policy))
    for loan_id, detail in result.failed:
        session.add(DayCloseError(close_id=run.close_id, loan_id=loan_id, detail=detail))
    given = {
        "of_close": run.close_id,
        "more_done": result.done,
        "more_failed": len(result.failed),
        "more_accrued": result.earned_fen,
        "more_billed": result.billed_fen,
        "in_chunk": len(loan_ids),
    }
    session.execute(_count_chunk(), given)
    record(
        session,
        run.actor,
        "day-close.chunk",
        subject_kind="day-close",
        subject_id=run.close_id,
        organisation_id=run.bank_id,
        day=run.on,
        first=str(loan_ids[0]),
        last=str(loan_ids[-1]),
        count=result.done,
        **result.posted,
    )


@cache
def _count_chunk() -> sa.Update:
    close, of_close = _CLOSES.c, sa.bindparam("of_close", type_=sa.Uuid)
    reached = close.done + close.failed + _more("in_chunk")
    return (
        sa.update(_CLOSES)
        .where(close.id == of_close)
        .values(
            done=close.done + _more("more_done"),
            failed=close.failed + _more("more_failed"),
            # A loan drawn while the day was being closed joins it.
            total=sa.case((close.total < reached, reached), else_=close.total),
            accrued_fen=close.accrued_fen + _more("more_accrued"),
            billed_fen=close.billed_fen + _more("more_billed"),
            version=close.version + 1,
        )
    )


def _more(name: str) -> sa.ColumnElement[int]:
    return sa.bindparam(name, type_=sa.BigInteger)


_CLOSES: Final[sa.Table] = DayClose.__table__  # type: ignore[attr-defined]


def _next_loans(
    session: Session, run: _Run, limit: int, *, after: UUID = _BEFORE_ALL
) -> Sequence[UUID]:
    given = {
        "of_bank": run.bank_id,
        "of_day": run.on,
        "of_close": run.close_id,
        "after": after,
        "most": limit,
    }
    return session.execute(_next_asked(), given).scalars().all()


@cache
def _next_asked() -> sa.Select[Any]:
    left_behind = sa.select(col(DayCloseError.loan_id)).where(
        col(DayCloseError.close_id) == sa.bindparam("of_close", type_=sa.Uuid)
    )
    return (
        sa.select(col(LoanStateRow.loan_id))
        .join(Loan, col(Loan.id) == col(LoanStateRow.loan_id))
        .where(
            *_still_open(),
            col(LoanStateRow.loan_id).not_in(left_behind),
            col(LoanStateRow.loan_id) > sa.bindparam("after", type_=sa.Uuid),
        )
        .order_by(col(LoanStateRow.loan_id))
        .limit(sa.bindparam("most", type_=sa.Integer))
    )


def days_between(closed_on: date, on: date) -> Sequence[date]:
    """Mostly one day; more for a loan that was left behind."""
    return [closed_on + timedelta(days=number) for number in range(1, (on - closed_on).days + 1)]


def _finish_when_all_done(
    database: Database, run: _Run, chunk_loans: int, after_chunk: Callable[[int], None] | None
) -> None:
    """Classify, then finish; a loan drawn at the last moment is closed first."""
    while True:
        with database.read() as session:
            look = look_at_classes(session, run.bank_id, run.on, rules=run.rules)
        for some in pieces(look.changes, chunk_loans):
            with database.write() as session:
                _hold_lease(session, run.bank_id, run.owner)
                write_classes(session, look, some)
        if not look.changes:
            with database.write() as session:
                _hold_lease(session, run.bank_id, run.owner)
                if _finish(session, run, look):
                    return
        _run_chunks(database, run, chunk_loans, after_chunk)


def _finish(session: Session, run: _Run, look: ClassLook) -> bool:
    """Month end, next day, done; False when bookings came in since nothing was left to classify."""
    held = session.execute(_hold_asked(), {"of_bank": run.bank_id}).scalar_one()
    if _next_loans(session, run, 1) or has_moved(session, look):
        return False
    end_observations(session, run.bank_id, run.on, rules=run.rules)
    following = run.on + _ONE_DAY
    if following.month != run.on.month:
        _write_month_end(session, run)
    held.open_on, held.opened_at = following, now(session)
    move_demonstration(session, following)
    close = session.get_one(DayClose, run.close_id, populate_existing=True)
    close.state, close.finished_at = CloseState.FINISHED, now(session)
    close.version += 1
    release(session, run.lease, run.owner)
    record(
        session,
        run.actor,
        "day-close.finish",
        subject_kind="day-close",
        subject_id=close.id,
        organisation_id=run.bank_id,
        day=run.on,
        done=close.done,
        failed=close.failed,
        accrued_fen=close.accrued_fen,
    )
    return True


@cache
def _hold_asked() -> sa.Select[BankDay]:
    return sa.select(BankDay).where(col(BankDay.bank_id) == _BANK).with_for_update()


def _write_month_end(session: Session, run: _Run) -> None:
    """Keep principal, class and provision of every loan that owes anything at the end of the month."""
    session.flush()
    rates = provision_rates(run.policy)
    principal = col(LoanStateRow.principal_fen)
    # A loan whose first close failed has taken no class yet.
    tier = sa.func.coalesce(col(LoanStateRow.loan_class), LoanClass.NORMAL)
    known = sa.select(col(LoanMonthEnd.loan_id)).where(col(LoanMonthEnd.month_end_on) == run.on)
    rows = (
        sa.select(
            col(LoanStateRow.loan_id),
            sa.literal(run.on, sa.Date),
            principal,
            tier,
            provision_sql(principal, tier, rates),
        )
        .join(Loan, col(Loan.id) == col(LoanStateRow.loan_id))
        .where(
            col(Loan.bank_id) == run.bank_id,
            col(Loan.kept) == Kept.SERVICED,
            col(LoanStateRow.principal_fen) > 0,
            col(LoanStateRow.loan_id).not_in(known),
        )
    )
    names = ["loan_id", "month_end_on", "principal_fen", "loan_class", "provision_fen"]
    session.execute(sa.insert(LoanMonthEnd).from_select(names, rows))
