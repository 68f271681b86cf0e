"""Loans that a close left behind, closed on their own while the next day is open; and days filed ahead.

A repeat closes each of its loans through the day before the open one. Its bookings carry the open
day, since the days before are closed, and count from the days that they belong to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.services import record
from app.db.engine import demonstration_day, now, today
from app.db.leases import claim, release
from app.kernel.actor import Actor
from app.kernel.errors import Busy, Conflict, InvalidInput, RuleViolation
from app.kernel.ids import new_id
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.loans.books import business_day
from app.loans.closing.days import (
    LEASE_SECONDS,
    RequestClose,
    days_between,
    file_close,
    find_close,
    request_close,
)
from app.loans.closing.loans import BatchResult, close_loans
from app.loans.closing.models import DayCloseRepeat
from app.loans.closing.queries import DayCloseView, close_view, lease_of
from app.loans.domain.classification import class_rules
from app.loans.domain.notices import notice_days
from app.loans.domain.states import OPEN_STATES, CloseState
from app.loans.models import DayCloseError, Loan, LoanStateRow
from app.loans.notices.filing import file_notices
from app.loans.refusals import DayNotOver
from app.reference.services import policy_for

MAX_REPEATED_LOANS: Final = 200
"""Closed in one transaction well under half a second; more are repeated in turns."""

MAX_DAYS_AHEAD: Final = 62
"""Days filed at once after a standstill: the longest holiday and the weeks around it."""

_ONE_DAY: Final = timedelta(days=1)
_BUSY_SECONDS: Final = 5


class NothingLeftBehind(RuleViolation):
    """A repeat of a close that left no loan behind, or whose loans were caught up since."""

    code = "nothing-left-behind"
    title = N_("No loan is left behind")
    detail = N_("The close of %(day)s left no loan behind that stands there still.")


class CloseNotFinished(Conflict):
    """A close that runs or was cut off tries its loans again by itself."""

    code = "close-not-finished"
    title = N_("This close is not finished")
    detail = N_(
        "The close of %(day)s is not finished. What it left behind is tried again when it is taken up."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatLoans:
    """The loans to close on their own, by number; none named means all that were left behind."""

    loan_numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCloses:
    """The open day to close, and the day up to which those after it are to be closed."""

    on: date
    until_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledCloses:
    """The last close that was filed now; where all of them stood already, none was and it is that of the first day."""

    view: DayCloseView
    days: int
    """How many were filed now."""

    @property
    def filed(self) -> bool:
        """Whether any was."""
        return self.days > 0


def request_closes(session: Session, actor: Actor, command: RequestCloses) -> FiledCloses:
    """File the close of the open day, and of each day after it up to the last; they run in order.

    Refuses a last day that has not come. In a demonstration each close moves the day, so the last may lie ahead.
    """
    actor.require(Permission.CLOSE_DAY)
    bank_id = actor.organisation_id
    days = int(find_close(session, bank_id, command.on) is None)
    view = request_close(session, actor, RequestClose(on=command.on))
    if command.until_on is None:
        return FiledCloses(view=view, days=days)
    _require_last_day(session, command.on, command.until_on)
    later = [
        file_close(session, actor, bank_id, day)
        for day in days_between(command.on, command.until_on)
        if find_close(session, bank_id, day) is None
    ]
    last = close_view(session, actor, later[-1].id) if later else view
    return FiledCloses(view=last, days=days + len(later))


def _require_last_day(session: Session, on: date, until_on: date) -> None:
    if until_on < on:
        raise InvalidInput.at("/until_on", N_("The last day lies before the first."))
    if (until_on - on).days > MAX_DAYS_AHEAD:
        raise InvalidInput.at(
            "/until_on",
            N_("File at most %(most)s days at once, up to %(last)s."),
            most=MAX_DAYS_AHEAD,
            last=on + timedelta(days=MAX_DAYS_AHEAD),
        )
    if until_on > today(session) and demonstration_day(session) is None:
        raise DayNotOver(today=today(session), day=until_on)


def repeat_loans(
    session: Session, actor: Actor, close_id: UUID, command: RepeatLoans
) -> DayCloseView:
    """Close loans that a finished close left behind, up to the open day; those that fail again stay locked.

    At most `MAX_REPEATED_LOANS` at once. `Busy` while a day of the bank is being closed.
    """
    actor.require(Permission.CLOSE_DAY)
    view = close_view(session, actor, close_id)
    if view.state != CloseState.FINISHED.value:
        raise CloseNotFinished(day=view.on)
    owner, lease = str(new_id()), lease_of(view.bank_id)
    if claim(session, lease, owner, LEASE_SECONDS) is None:
        raise Busy(retry_after=_BUSY_SECONDS)
    loan_ids = _left_behind(session, view, command)
    if not loan_ids:
        raise NothingLeftBehind(day=view.on)
    _repeat(session, actor, view, loan_ids)
    release(session, lease, owner)
    session.flush()
    return close_view(session, actor, close_id)


def _left_behind(session: Session, view: DayCloseView, command: RepeatLoans) -> Sequence[UUID]:
    statement = (
        sa.select(col(Loan.id))
        .join(DayCloseError, col(DayCloseError.loan_id) == col(Loan.id))
        .join(LoanStateRow, col(LoanStateRow.loan_id) == col(Loan.id))
        .where(
            col(DayCloseError.close_id) == view.id,
            col(LoanStateRow.closed_on) < view.on,
            col(Loan.state).in_(OPEN_STATES),
        )
        .order_by(col(Loan.id))
        .limit(MAX_REPEATED_LOANS)
    )
    if command.loan_numbers:
        statement = statement.where(col(Loan.number).in_(command.loan_numbers))
    return session.execute(statement).scalars().all()


def _repeat(session: Session, actor: Actor, view: DayCloseView, loan_ids: Sequence[UUID]) -> None:
    result = close_behind(session, actor, view.id, view.bank_id, loan_ids)
    for loan_id, detail in result.failed:
        _say_why(session, view.id, loan_id, detail)


def close_behind(
    session: Session, actor: Actor, close_id: UUID, bank_id: UUID, loan_ids: Sequence[UUID]
) -> BatchResult:
    """Close loans through the day before the open one, as a repeat of a close; gives what it came to."""
    open_on = business_day(session, bank_id)
    last_on = open_on - _ONE_DAY
    policy = policy_for(session, bank_id, last_on)
    result = close_loans(
        session,
        loan_ids,
        lambda closed_on: days_between(closed_on, last_on),
        last_on=last_on,
        booked_on=open_on,
        rules=class_rules(policy),
    )
    file_notices(session, loan_ids, open_on, notice_days(policy))
    _keep(session, actor, close_id, bank_id, result, open_on)
    return result


def _say_why(session: Session, close_id: UUID, loan_id: UUID, detail: str) -> None:
    session.execute(
        sa.update(DayCloseError)
        .where(col(DayCloseError.close_id) == close_id, col(DayCloseError.loan_id) == loan_id)
        .values(detail=detail),
        execution_options={"synchronize_session": False},
    )


def _keep(
    session: Session,
    actor: Actor,
    close_id: UUID,
    bank_id: UUID,
    result: BatchResult,
    booked_on: date,
) -> None:
    session.add(
        DayCloseRepeat(
            close_id=close_id,
            bank_id=bank_id,
            booked_on=booked_on,
            done=result.done,
            failed=len(result.failed),
            accrued_fen=result.earned_fen,
            billed_fen=result.billed_fen,
            person_id=actor.person_id,
            created_at=now(session),
        )
    )
    record(
        session,
        actor,
        "day-close.repeat",
        subject_kind="day-close",
        subject_id=close_id,
        organisation_id=bank_id,
        day=booked_on,
        count=result.done,
        failed=len(result.failed),
        **result.posted,
    )
