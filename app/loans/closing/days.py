"""The close of a bank's day: in order, in chunks, resumable, once.

Each chunk of loans is one transaction that also counts it; a run that was cut off is taken
up where it stopped. The next day opens at the very end, in the transaction that finishes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
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
from app.loans.closing.queries import DayCloseView, close_view, lease_of
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
from app.reference.services import policy_for

CHUNK_LOANS: Final = 2_000
"""A chunk this large stays under half a second on the embedded database."""

LEASE_SECONDS: Final = 120
"""Longer than any chunk takes; a run that died is taken over after it."""

_ONE_DAY = timedelta(days=1)
_BUSY_SECONDS: Final = 5


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
        close = find_close(session, bank_id, on)
        if close is None:
            raise NotFound
        return close_view(session, _seeing(actor, bank_id), close.id)


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
    statement = sa.select(DayClose).where(col(DayClose.bank_id) == bank_id, col(DayClose.on) == on)
    return session.execute(statement).scalar_one_or_none()


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
    session.flush()
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
    close = close or file_close(session, actor, bank_id, on)
    run = _Run(close_id=close.id, bank_id=bank_id, on=on, owner=owner, actor=actor)
    close.fence = _hold_lease(session, run)
    if close.state is CloseState.REQUESTED:
        close.state = CloseState.RUNNING
        close.started_at = now(session)
        close.total = _count_open(session, bank_id, on)
    # Loans that an interrupted run could not close are tried again.
    session.execute(sa.delete(DayCloseError).where(col(DayCloseError.close_id) == close.id))
    close.failed = 0
    close.version += 1
    return run


def _hold_lease(session: Session, run: _Run) -> int:
    fence = claim(session, run.lease, run.owner, LEASE_SECONDS)
    if fence is None:
        raise Busy(retry_after=_BUSY_SECONDS)
    return fence


def _still_open(run_bank_id: UUID, on: date) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(Loan.bank_id) == run_bank_id,
        col(Loan.state).in_(OPEN_STATES),
        col(LoanStateRow.closed_on) < on,
    )


def _count_open(session: Session, bank_id: UUID, on: date) -> int:
    statement = (
        sa.select(sa.func.count())
        .select_from(LoanStateRow)
        .join(Loan, col(Loan.id) == col(LoanStateRow.loan_id))
        .where(*_still_open(bank_id, on))
    )
    return int(session.execute(statement).scalar_one())


def _run_chunks(
    database: Database, run: _Run, chunk_loans: int, after_chunk: Callable[[int], None] | None
) -> None:
    loan_ids: Sequence[UUID] = ()
    while True:
        with database.write() as session:
            _hold_lease(session, run)
            # After the last: those before it are closed, and need not be passed over again.
            loan_ids = _next_loans(session, run, chunk_loans, after=loan_ids[-1:])
            if loan_ids:
                _close_chunk(session, run, loan_ids)
        if loan_ids and after_chunk is not None:
            after_chunk(len(loan_ids))
        if len(loan_ids) < chunk_loans:
            return


def _close_chunk(session: Session, run: _Run, loan_ids: Sequence[UUID]) -> None:
    policy = policy_for(session, run.bank_id, run.on)
    result = close_loans(
        session,
        loan_ids,
        lambda closed_on: days_between(closed_on, run.on),
        last_on=run.on,
        booked_on=run.on,
        rules=class_rules(policy),
    )
    file_notices(session, loan_ids, run.on + _ONE_DAY, notice_days(policy))
    for loan_id, detail in result.failed:
        session.add(DayCloseError(close_id=run.close_id, loan_id=loan_id, detail=detail))
    reached = col(DayClose.done) + col(DayClose.failed) + len(loan_ids)
    session.execute(
        sa.update(DayClose)
        .where(col(DayClose.id) == run.close_id)
        .values(
            done=col(DayClose.done) + result.done,
            failed=col(DayClose.failed) + len(result.failed),
            # A loan drawn while the day was being closed joins it.
            total=sa.case((col(DayClose.total) < reached, reached), else_=col(DayClose.total)),
            accrued_fen=col(DayClose.accrued_fen) + result.earned_fen,
            billed_fen=col(DayClose.billed_fen) + result.billed_fen,
            version=col(DayClose.version) + 1,
        ),
        execution_options={"synchronize_session": False},
    )
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


def _rules(session: Session, run: _Run) -> ClassRules:
    return class_rules(policy_for(session, run.bank_id, run.on))


def _next_loans(
    session: Session, run: _Run, limit: int, *, after: Sequence[UUID] = ()
) -> Sequence[UUID]:
    left_behind = sa.select(col(DayCloseError.loan_id)).where(
        col(DayCloseError.close_id) == run.close_id
    )
    statement = (
        sa.select(col(LoanStateRow.loan_id))
        .join(Loan, col(Loan.id) == col(LoanStateRow.loan_id))
        .where(*_still_open(run.bank_id, run.on), col(LoanStateRow.loan_id).not_in(left_behind))
        .order_by(col(LoanStateRow.loan_id))
        .limit(limit)
    )
    if after:
        statement = statement.where(col(LoanStateRow.loan_id) > after[-1])
    return session.execute(statement).scalars().all()


def days_between(closed_on: date, on: date) -> Sequence[date]:
    """Mostly one day; more for a loan that was left behind."""
    return [closed_on + timedelta(days=number) for number in range(1, (on - closed_on).days + 1)]


def _finish_when_all_done(
    database: Database, run: _Run, chunk_loans: int, after_chunk: Callable[[int], None] | None
) -> None:
    """Classify, then finish; a loan drawn at the last moment is closed first."""
    while True:
        with database.read() as session:
            look = look_at_classes(session, run.bank_id, run.on, rules=_rules(session, run))
        for some in pieces(look.changes, chunk_loans):
            with database.write() as session:
                _hold_lease(session, run)
                write_classes(session, look, some)
        if not look.changes:
            with database.write() as session:
                _hold_lease(session, run)
                if _finish(session, run, look):
                    return
        _run_chunks(database, run, chunk_loans, after_chunk)


def _finish(session: Session, run: _Run, look: ClassLook) -> bool:
    """Month end, next day, done; False when bookings came in since nothing was left to classify."""
    held = session.execute(
        sa.select(BankDay).where(col(BankDay.bank_id) == run.bank_id).with_for_update()
    ).scalar_one()
    rules = _rules(session, run)
    if _next_loans(session, run, 1) or has_moved(session, look):
        return False
    end_observations(session, run.bank_id, run.on, rules=rules)
    following = run.on + _ONE_DAY
    if following.month != run.on.month:
        write_month_end(session, run.bank_id, run.on)
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


def write_month_end(session: Session, bank_id: UUID, month_end_on: date) -> None:
    """Keep principal, class and provision of every loan that owes anything at the end of the month."""
    session.flush()
    rates = provision_rates(policy_for(session, bank_id, month_end_on))
    principal = col(LoanStateRow.principal_fen)
    # A loan whose first close failed has taken no class yet.
    tier = sa.func.coalesce(col(LoanStateRow.loan_class), LoanClass.NORMAL)
    known = sa.select(col(LoanMonthEnd.loan_id)).where(
        col(LoanMonthEnd.month_end_on) == month_end_on
    )
    rows = (
        sa.select(
            col(LoanStateRow.loan_id),
            sa.literal(month_end_on, sa.Date),
            principal,
            tier,
            provision_sql(principal, tier, rates),
        )
        .join(Loan, col(Loan.id) == col(LoanStateRow.loan_id))
        .where(
            col(Loan.bank_id) == bank_id,
            col(Loan.kept) == Kept.SERVICED,
            col(LoanStateRow.principal_fen) > 0,
            col(LoanStateRow.loan_id).not_in(known),
        )
    )
    names = ["loan_id", "month_end_on", "principal_fen", "loan_class", "provision_fen"]
    session.execute(sa.insert(LoanMonthEnd).from_select(names, rows))
