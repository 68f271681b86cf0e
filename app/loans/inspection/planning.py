"""The plan of post-loan checks: made for all drawn loans of a bank at once, never two ahead of one loan.

Every loan in life has one check of the plan before it. Its day follows from the first drawdown, or
from the last check by class and security; a class that worsened brings it forward.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.services import record
from app.db.bulk import insert_rows
from app.db.engine import Database, now
from app.db.numbers import take_numbers
from app.kernel.actor import Actor
from app.kernel.ids import new_id
from app.kernel.permissions import Permission
from app.loans.books import business_day, find_business_day
from app.loans.domain.classification import LoanClass
from app.loans.domain.inspection import (
    MADE,
    OPEN_INSPECTIONS,
    InspectionKind,
    InspectionState,
    LoanToCheck,
    PlanRules,
    brought_forward_on,
    next_check,
    plan_rules,
)
from app.loans.domain.states import OPEN_STATES, Kept, Security
from app.loans.inspection.models import Inspection
from app.loans.loan_officers import officers_now
from app.loans.models import DayClose, Loan, LoanNote, LoanStateRow
from app.reference.services import policy_for

PLAN_CHUNK: Final = 2_000
"""Checks planned in one transaction: written in less than half a second."""

SERIES: Final = "PI"
"""Numbers of checks begin with it."""

BROUGHT_FORWARD: Final = "分类下调，检查提前 · Class worsened, check brought forward"
ENDED: Final = "贷款已结束 · The loan has ended"
"""Words that the plan itself writes; both languages, as nobody chose one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReport:
    """What one pass did: checks planned, brought forward among them, and dropped with their loans."""

    planned: int
    brought_forward: int
    dropped: int

    @property
    def idle(self) -> bool:
        """Whether nothing was left to do."""
        return not (self.planned or self.dropped)


@dataclass(frozen=True, slots=True, kw_only=True)
class _NewCheck:
    loan_id: UUID
    kind: InspectionKind
    due_on: date
    loan_class: Any
    security: Any
    months: int | None
    reason: str = ""
    replaces_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pass:
    """What one pass over a bank goes by; at most `limit` rows are changed in one transaction."""

    actor: Actor
    bank_id: UUID
    day: date
    rules: PlanRules
    since_on: date
    limit: int


_IDLE: Final = PlanReport(planned=0, brought_forward=0, dropped=0)


def plan_bank(
    database: Database, actor: Actor, bank_id: UUID, *, limit: int = PLAN_CHUNK
) -> PlanReport:
    """Plan every check of a bank, a chunk a transaction; what has no check is read outside of them."""
    actor.require(Permission.CLOSE_DAY)
    with database.read() as session:
        plan = _pass(session, actor, bank_id, limit)
    if plan is None:
        return _IDLE
    dropped = _in_chunks(database, plan, _drop_ended)
    forward = _in_chunks(database, plan, _bring_forward)
    return PlanReport(
        planned=forward + _plan_missing(database, plan), brought_forward=forward, dropped=dropped
    )


def _in_chunks(database: Database, plan: _Pass, step: Callable[[Session, _Pass], int]) -> int:
    """Repeat a step until it finds less than a chunk; gives how many rows it changed."""
    total = 0
    while True:
        with database.write() as session:
            count = step(session, plan)
        total += count
        if count < plan.limit:
            return total


def _plan_missing(database: Database, plan: _Pass) -> int:
    """The next checks of the loans that have none, from the first loan to the last."""
    total, last = 0, None
    while True:
        with database.read() as session:
            found = _missing(session, plan, after=last)
        if not found:
            return total
        last = found[-1].loan_id
        with database.write() as session:
            total += _write(session, plan, _still_missing(session, found))


def plan_inspections(
    session: Session, actor: Actor, bank_id: UUID, *, limit: int = PLAN_CHUNK
) -> PlanReport:
    """One pass over a bank on its open business day, in a transaction of the caller.

    Checks of loans that ended are dropped; loans whose class worsened come forward; loans without a
    check before them get their next one: at most `limit` of each. A second pass finds nothing to do.
    """
    actor.require(Permission.CLOSE_DAY)
    plan = _pass(session, actor, bank_id, limit)
    if plan is None:
        return _IDLE
    dropped = _drop_ended(session, plan)
    forward = _bring_forward(session, plan)
    planned = _write(session, plan, _missing(session, plan))
    return PlanReport(planned=forward + planned, brought_forward=forward, dropped=dropped)


def _pass(session: Session, actor: Actor, bank_id: UUID, limit: int) -> _Pass | None:
    """None before a bank has opened its books."""
    if find_business_day(session, bank_id) is None:
        return None
    day = business_day(session, bank_id)
    return _Pass(
        actor=actor,
        bank_id=bank_id,
        day=day,
        rules=plan_rules(policy_for(session, bank_id, day)),
        since_on=books_since(session, bank_id, day),
        limit=limit,
    )


def _drop_ended(session: Session, plan: _Pass) -> int:
    """Checks that nobody began, of loans that are settled, written off or cancelled."""
    statement = (
        sa.select(col(Inspection.id))
        .join(Loan, col(Loan.id) == col(Inspection.loan_id))
        .where(
            col(Inspection.bank_id) == plan.bank_id,
            col(Inspection.state) == InspectionState.PLANNED,
            col(Loan.state).not_in(OPEN_STATES),
        )
        .order_by(col(Inspection.id))
        .limit(plan.limit)
        .with_for_update(of=Inspection)
    )
    count = _drop(session, session.execute(statement).scalars().all(), plan.day, ENDED)
    if count:
        record(
            session,
            plan.actor,
            "inspection.drop-ended",
            subject_kind="bank",
            subject_id=plan.bank_id,
            organisation_id=plan.bank_id,
            on=plan.day,
            count=count,
        )
    return count


def _drop(session: Session, ids: Sequence[UUID], day: date, reason: str) -> int:
    if not ids:
        return 0
    statement = (
        sa.update(Inspection)
        .where(col(Inspection.id).in_(ids))
        .values(
            state=InspectionState.DROPPED,
            dropped_on=day,
            drop_reason=reason,
            version=col(Inspection.version) + 1,
        )
        .execution_options(synchronize_session=False)
    )
    result: Any = session.execute(statement)
    return int(result.rowcount)


def _bring_forward(session: Session, plan: _Pass) -> int:
    """Regular checks not begun, of loans whose class is a worse one now than when they were planned."""
    found = []
    for row in session.execute(_worsened(plan)):
        earlier = brought_forward_on(
            row.due_on, row.loan_class, row.present, plan.rules, on=plan.day
        )
        if earlier is not None:
            found.append(
                _NewCheck(
                    loan_id=row.loan_id,
                    kind=InspectionKind.REGULAR,
                    due_on=earlier,
                    loan_class=row.present,
                    security=row.security,
                    months=row.months,
                    reason=BROUGHT_FORWARD,
                    replaces_id=row.id,
                )
            )
    replaced = [each.replaces_id for each in found if each.replaces_id is not None]
    _drop(session, replaced, plan.day, BROUGHT_FORWARD)
    return _write(session, plan, found)


def _worsened(plan: _Pass) -> sa.Select[Any]:
    """The checks that the rule brings forward, the next ones first; read no further than a chunk."""
    earlier = plan.day + timedelta(days=plan.rules.after_downgrade_days)
    statement: Any = (
        sa.select(
            col(Inspection.id),
            col(Inspection.loan_id),
            col(Inspection.due_on),
            col(Inspection.loan_class),
            col(Inspection.security),
            col(Inspection.months),
            col(LoanStateRow.loan_class).label("present"),
        )
        .join(LoanStateRow, col(LoanStateRow.loan_id) == col(Inspection.loan_id))
        .where(
            col(Inspection.bank_id) == plan.bank_id,
            col(Inspection.state) == InspectionState.PLANNED,
            col(Inspection.kind) == InspectionKind.REGULAR,
            col(Inspection.due_on) > earlier,
            _severity(col(LoanStateRow.loan_class)) > _severity(col(Inspection.loan_class)),
        )
        .order_by(col(Inspection.due_on), col(Inspection.id))
        .limit(plan.limit)
        .with_for_update(of=Inspection)
    )
    return statement  # type: ignore[no-any-return]


def _severity(column: Any) -> sa.Case[Any]:
    """The severity of a class as a column; a loan without one counts as normal."""
    return sa.case(
        *((column == tier, tier.severity) for tier in LoanClass), else_=LoanClass.NORMAL.severity
    )


def _missing(session: Session, plan: _Pass, *, after: UUID | None = None) -> list[_NewCheck]:
    """The next check of each drawn loan that has none before it, of the loans after one."""
    statement = _without_check(plan.bank_id).limit(plan.limit)
    if after is not None:
        statement = statement.where(col(Loan.id) > after)
    found = []
    for row in session.execute(statement):
        loan = LoanToCheck(
            first_drawn_on=row.first_drawn_on,
            loan_class=row.loan_class,
            security=row.security,
            first_made=bool(row.first_made),
            last_checked_on=row.last_checked_on,
        )
        check = next_check(loan, plan.rules, books_since_on=plan.since_on)
        found.append(
            _NewCheck(
                loan_id=row.id,
                kind=check.kind,
                due_on=check.due_on,
                loan_class=row.loan_class,
                security=row.security,
                months=check.months,
            )
        )
    return found


def _still_missing(session: Session, found: Sequence[_NewCheck]) -> list[_NewCheck]:
    """Those of some checks whose loan got none since they were found."""
    statement = sa.select(col(Inspection.loan_id)).where(
        col(Inspection.loan_id).in_([each.loan_id for each in found]), _IS_NEXT
    )
    planned = set(session.execute(statement).scalars())
    return [each for each in found if each.loan_id not in planned]


_IS_NEXT: Final = sa.and_(
    col(Inspection.state).in_(OPEN_INSPECTIONS), col(Inspection.kind) != InspectionKind.SPECIAL
)
"""Checks of the plan that are still to be made or reviewed: a loan has one at most."""


def books_since(session: Session, bank_id: UUID, day: date) -> date:
    """The first business day of a bank's books here: days are closed in order and none is skipped."""
    first = sa.select(sa.func.min(DayClose.on)).where(col(DayClose.bank_id) == bank_id)
    found: date | None = session.execute(first).scalar_one()
    return found or day


def _without_check(bank_id: UUID) -> sa.Select[Any]:
    of_loan = col(Inspection.loan_id) == col(Loan.id)
    made = col(Inspection.state).in_(MADE)
    before = sa.exists().where(of_loan, _IS_NEXT)
    first = sa.exists().where(of_loan, made, col(Inspection.kind) == InspectionKind.FIRST)
    last = sa.select(sa.func.max(Inspection.checked_on)).where(of_loan, made).scalar_subquery()
    drawn = (
        sa.select(sa.func.min(LoanNote.drawn_on))
        .where(col(LoanNote.loan_id) == col(Loan.id))
        .scalar_subquery()
    )
    return (
        sa.select(
            col(Loan.id),
            col(Loan.security),
            col(LoanStateRow.loan_class),
            drawn.label("first_drawn_on"),
            last.label("last_checked_on"),
            sa.case((first, 1), else_=0).label("first_made"),
        )
        .join(LoanStateRow, col(LoanStateRow.loan_id) == col(Loan.id))
        .where(
            col(Loan.bank_id) == bank_id,
            col(Loan.kept) == Kept.SERVICED,
            col(Loan.state).in_(OPEN_STATES),
            ~before,
            drawn.is_not(None),
        )
        .order_by(col(Loan.id))
    )


_COLUMNS: Final = (
    "id",
    "version",
    "number",
    "loan_id",
    "bank_id",
    "kind",
    "state",
    "due_on",
    "planned_on",
    "officer_id",
    "loan_class",
    "security",
    "months",
    "reason",
    "replaces_id",
    "created_at",
)
_EMPTY: Final = (
    "drop_reason",
    "place",
    "present",
    "summary",
    "next_step",
    "return_reason",
    "review_note",
    "sealed_sha256",
)
"""What the report fills in."""


def _write(session: Session, plan: _Pass, checks: Sequence[_NewCheck]) -> int:
    """Store the checks in one go; the journal has one event for them, with a digest. Gives their count."""
    if not checks:
        return 0
    bank_id, day = plan.bank_id, plan.day
    session.flush()
    officers = officers_now(session, [each.loan_id for each in checks])
    numbers = take_numbers(session, SERIES, day.year, len(checks))
    rows = [
        (
            new_id(),
            1,
            number,
            each.loan_id,
            bank_id,
            each.kind,
            InspectionState.PLANNED,
            each.due_on,
            day,
            officers.get(each.loan_id),
            each.loan_class,
            each.security,
            each.months,
            each.reason,
            each.replaces_id,
            now(session),
            *[""] * len(_EMPTY),
        )
        for number, each in zip(numbers, checks, strict=True)
    ]
    table: Any = Inspection.__table__  # type: ignore[attr-defined]
    insert_rows(session, table, (*_COLUMNS, *_EMPTY), rows)
    record(
        session,
        plan.actor,
        "inspection.plan",
        subject_kind="bank",
        subject_id=bank_id,
        organisation_id=bank_id,
        on=day,
        count=len(rows),
        first=numbers[0],
        last=numbers[-1],
        sha256=plan_digest(
            (number, each.loan_id, each.kind, each.due_on)
            for number, each in zip(numbers, checks, strict=True)
        ),
        terms_sha256=terms_digest(
            (number, each.loan_class, each.security, each.months)
            for number, each in zip(numbers, checks, strict=True)
        ),
    )
    return len(checks)


def plan_digest(rows: Iterable[tuple[str, UUID, InspectionKind, date]]) -> str:
    """SHA-256 over number, loan, kind and day of planned checks, in the order of their numbers."""
    digest = hashlib.sha256()
    for number, loan_id, kind, due_on in rows:
        digest.update(f"{number} {loan_id} {kind.value} {due_on.isoformat()}\n".encode())
    return digest.hexdigest()


def terms_digest(
    rows: Iterable[tuple[str, LoanClass | None, Security | None, int | None]],
) -> str:
    """SHA-256 over what the days of checks were planned by: class, security and months, by number."""
    digest = hashlib.sha256()
    for number, loan_class, security, months in rows:
        words = (number, loan_class or "-", security or "-", "-" if months is None else months)
        digest.update(f"{' '.join(str(word) for word in words)}\n".encode())
    return digest.hexdigest()
