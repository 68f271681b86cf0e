"""The plan of post-loan checks: made for all drawn loans of a bank at once, never twice for one day.

Every loan in life has one check of the plan before it. Its day follows from the first drawdown, or
from the last check by class and security; a class that worsened brings it forward.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
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
from app.loans.inspection_models import Inspection
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


def plan_bank(database: Database, actor: Actor, bank_id: UUID) -> PlanReport:
    """Plan every check of a bank, a chunk a transaction, until nothing is left to do."""
    planned = forward = dropped = 0
    while True:
        with database.write() as session:
            found = plan_inspections(session, actor, bank_id)
        if found.idle:
            return PlanReport(planned=planned, brought_forward=forward, dropped=dropped)
        planned, forward = planned + found.planned, forward + found.brought_forward
        dropped += found.dropped


def plan_inspections(
    session: Session, actor: Actor, bank_id: UUID, *, limit: int = PLAN_CHUNK
) -> PlanReport:
    """One pass over a bank on its open business day, of at most `limit` new checks.

    Checks of loans that ended are dropped; loans whose class worsened come forward; loans without a
    check before them get their next one. A second pass finds nothing to do.
    """
    actor.require(Permission.CLOSE_DAY)
    if find_business_day(session, bank_id) is None:
        return PlanReport(planned=0, brought_forward=0, dropped=0)
    day = business_day(session, bank_id)
    rules = plan_rules(policy_for(session, bank_id, day))
    dropped = _drop_ended(session, actor, bank_id, day)
    forward = _bring_forward(session, bank_id, day, rules, limit)
    _write(session, actor, bank_id, day, forward)
    missing = _missing(session, bank_id, day, rules, limit - len(forward))
    _write(session, actor, bank_id, day, missing)
    return PlanReport(
        planned=len(forward) + len(missing), brought_forward=len(forward), dropped=dropped
    )


def _drop_ended(session: Session, actor: Actor, bank_id: UUID, day: date) -> int:
    """Checks that nobody began, of loans that are settled, written off or cancelled."""
    ended = sa.select(col(Loan.id)).where(
        col(Loan.bank_id) == bank_id, col(Loan.state).not_in(OPEN_STATES)
    )
    condition = sa.and_(
        col(Inspection.bank_id) == bank_id,
        col(Inspection.state) == InspectionState.PLANNED,
        col(Inspection.loan_id).in_(ended),
    )
    count = _drop(session, condition, day, ENDED)
    if count:
        record(
            session,
            actor,
            "inspection.drop-ended",
            subject_kind="bank",
            subject_id=bank_id,
            organisation_id=bank_id,
            on=day,
            count=count,
        )
    return count


def _drop(session: Session, condition: sa.ColumnElement[bool], day: date, reason: str) -> int:
    statement = (
        sa.update(Inspection)
        .where(condition)
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


def _bring_forward(
    session: Session, bank_id: UUID, day: date, rules: PlanRules, limit: int
) -> list[_NewCheck]:
    """Regular checks not begun, of loans whose class is another one now than when they were planned."""
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
            col(Inspection.bank_id) == bank_id,
            col(Inspection.state) == InspectionState.PLANNED,
            col(Inspection.kind) == InspectionKind.REGULAR,
            col(LoanStateRow.loan_class) != col(Inspection.loan_class),
        )
        .order_by(col(Inspection.due_on), col(Inspection.id))
    )
    found: list[_NewCheck] = []
    for row in session.execute(statement):
        earlier = brought_forward_on(row.due_on, row.loan_class, row.present, rules, on=day)
        if earlier is not None and len(found) < limit:
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
    if found:
        replaced = [each.replaces_id for each in found]
        _drop(session, col(Inspection.id).in_(replaced), day, BROUGHT_FORWARD)
    return found


def _missing(
    session: Session, bank_id: UUID, day: date, rules: PlanRules, limit: int
) -> list[_NewCheck]:
    """The next check of each drawn loan that has none before it."""
    since_on = _books_since(session, bank_id, day)
    found = []
    for row in session.execute(_without_check(bank_id).limit(limit)):
        loan = LoanToCheck(
            first_drawn_on=row.first_drawn_on,
            loan_class=row.loan_class,
            security=row.security,
            first_made=bool(row.first_made),
            last_checked_on=row.last_checked_on,
        )
        check = next_check(loan, rules, books_since_on=since_on)
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


def _books_since(session: Session, bank_id: UUID, day: date) -> date:
    """The first business day of a bank's books here: days are closed in order and none is skipped."""
    first = sa.select(sa.func.min(DayClose.on)).where(col(DayClose.bank_id) == bank_id)
    found: date | None = session.execute(first).scalar_one()
    return found or day


def _without_check(bank_id: UUID) -> sa.Select[Any]:
    of_loan = col(Inspection.loan_id) == col(Loan.id)
    made = col(Inspection.state).in_(MADE)
    before = sa.exists().where(
        of_loan,
        col(Inspection.state).in_(OPEN_INSPECTIONS),
        col(Inspection.kind) != InspectionKind.SPECIAL,
    )
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


def _write(
    session: Session, actor: Actor, bank_id: UUID, day: date, checks: Sequence[_NewCheck]
) -> None:
    """Store the checks in one go; the journal has one event for them, with a digest."""
    if not checks:
        return
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
        actor,
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
