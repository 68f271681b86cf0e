"""Where causes of warning signals hold: one statement for each trigger, which reads no loan on which nothing happened.

A statement gives the loans of a bank that are new or on a higher level than their cause shows; another the
causes that hold no more.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.loans.domain.causes import Finding, Trigger, TriggerRule, trigger_words
from app.loans.domain.classification import LoanClass
from app.loans.domain.inspection import MADE, FilePurpose, InspectionState
from app.loans.domain.signals import levels
from app.loans.domain.states import OPEN_STATES, Kept
from app.loans.inspection.models import Inspection, InspectionFile, SignalCause
from app.loans.models import Loan, LoanClassification, LoanDue, LoanNote, LoanStateRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where and when a look is taken; since_on: the day of the last one, none before the first."""

    bank_id: UUID
    on: date
    since_on: date | None
    books_since_on: date


def news(place: Place, rule: TriggerRule, *, after: UUID | None, limit: int) -> sa.Select[Any]:
    """The loans on which the cause is new or graver than known, from the first after one on."""
    found = _FOUND[rule.trigger](place, rule).subquery()
    held = _held(place.bank_id, rule.trigger).subquery()
    statement = (
        sa.select(found)
        .outerjoin(held, held.c.loan_id == found.c.loan_id)
        .where(found.c.rank >= 0, found.c.rank > sa.func.coalesce(held.c.rank, -1))
        .order_by(found.c.loan_id)
        .limit(limit)
    )
    return statement if after is None else statement.where(found.c.loan_id > after)


def finding_of(row: Any, rule: TriggerRule, place: Place) -> Finding:
    """A row of `news` as a finding, with its figures in the order in which people read them."""
    figures = dict(row._mapping)  # noqa: SLF001 - the columns of a row by name, as SQLAlchemy offers them
    loan_id, began_on = figures.pop("loan_id"), figures.pop("began_on")
    figures.pop("rank")
    if rule.trigger in _BY_DAYS:
        figures[trigger_words()[rule.trigger].measure] = (place.on - began_on).days
    return Finding(loan_id=loan_id, began_on=began_on, figures=figures)


def endings(place: Place, rule: TriggerRule, *, after: UUID | None, limit: int) -> sa.Select[Any]:
    """The causes of a bank that hold no more, from the first loan after one on."""
    held = holding(place.bank_id, rule.trigger).limit(limit)
    if after is not None:
        held = held.where(col(SignalCause.loan_id) > after)
    if rule.trigger is Trigger.CLASS_WORSE:
        return held.where(~_classed(place, rule))
    found = _FOUND[rule.trigger](place, rule).subquery()
    still = sa.select(found.c.loan_id).where(found.c.rank >= 0)
    return held.where(col(SignalCause.loan_id).not_in(still))


def holding(bank_id: UUID, trigger: Trigger) -> sa.Select[Any]:
    """The causes of a bank that have not ended."""
    return (
        sa.select(SignalCause)
        .where(
            col(SignalCause.bank_id) == bank_id,
            col(SignalCause.trigger) == trigger,
            col(SignalCause.ended_on).is_(None),
        )
        .order_by(col(SignalCause.loan_id))
    )


def _held(bank_id: UUID, trigger: Trigger) -> sa.Select[Any]:
    """By loan the rank of the cause that has not ended."""
    ranks = {code: level.rank for code, level in levels().items()}
    rank = sa.case(ranks, value=col(SignalCause.level), else_=-1).label("rank")
    return (
        holding(bank_id, trigger).with_only_columns(col(SignalCause.loan_id), rank).order_by(None)
    )


def _of_bank(bank_id: UUID) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(Loan.bank_id) == bank_id,
        col(Loan.kept) == Kept.SERVICED,
        col(Loan.state).in_(OPEN_STATES),
    )


def _rank(rule: TriggerRule, reached: Callable[[int], sa.ColumnElement[bool]]) -> Any:
    """The rank of the gravest level whose first measure is reached; -1 below all."""
    steps = [(reached(start), levels()[level].rank) for level, start in reversed(rule.steps)]
    return sa.case(*steps, else_=-1).label("rank")


def _days_before(on: date, since: Any) -> Callable[[int], sa.ColumnElement[bool]]:
    return lambda days: since <= on - timedelta(days=days)


def _overdue(place: Place, rule: TriggerRule) -> sa.Select[Any]:
    left = (
        col(LoanDue.principal_fen) + col(LoanDue.interest_fen)
        - col(LoanDue.paid_principal_fen) - col(LoanDue.paid_interest_fen)
    )  # fmt: skip
    late = _unpaid(place, left).subquery()
    return _of_late(
        place, late, late.c.amount_fen, _rank(rule, _days_before(place.on, late.c.began_on))
    )


def _interest_unpaid(place: Place, rule: TriggerRule) -> sa.Select[Any]:
    left = col(LoanDue.interest_fen) - col(LoanDue.paid_interest_fen)
    late = _unpaid(place, left).where(left > 0).subquery()
    return _of_late(
        place,
        late,
        late.c.amount_fen,
        late.c.periods,
        _rank(rule, lambda count: late.c.periods >= count),
    )


def _unpaid(place: Place, left: Any) -> sa.Select[Any]:
    """By loan what is left of bills past their day: few of all bills, and found by their own index."""
    statement: Any = (
        sa.select(
            col(LoanDue.loan_id),
            sa.func.min(LoanDue.due_on).label("began_on"),
            sa.cast(sa.func.sum(left), sa.BigInteger).label("amount_fen"),
            sa.func.count(sa.distinct(col(LoanDue.due_on))).label("periods"),
        )
        .where(sa.text("NOT loan_due.settled"), col(LoanDue.due_on) < place.on)
        .group_by(col(LoanDue.loan_id))
    )
    return statement  # type: ignore[no-any-return]


def _of_late(place: Place, late: sa.Subquery, *columns: Any) -> sa.Select[Any]:
    """Those of one bank: asked of each late loan, so that no other loan is read."""
    own = sa.exists().where(col(Loan.id) == late.c.loan_id, *_of_bank(place.bank_id))
    return sa.select(late.c.loan_id, late.c.began_on, *columns).where(own)


def _tier(column: Any) -> sa.Case[Any]:
    return sa.case(*((column == each, each.severity) for each in LoanClass), else_=None)


def _class_worse(place: Place, rule: TriggerRule) -> sa.Select[Any]:
    """Loans that took a worse class than the one before since the last look, and bear a bad one still."""
    before = sa.orm.aliased(LoanClassification)
    former = (
        sa.select(_tier(col(before.loan_class)))
        .where(
            col(before.loan_id) == col(LoanClassification.loan_id),
            col(before.on) < col(LoanClassification.on),
        )
        .order_by(col(before.on).desc())
        .limit(1)
        .scalar_subquery()
    )
    present = _tier(sa.func.max(LoanStateRow.loan_class))
    statement: Any = (
        sa.select(
            col(LoanClassification.loan_id),
            sa.func.max(LoanClassification.on).label("began_on"),
            sa.func.max(LoanStateRow.overdue_days).label("days_overdue"),
            present.label("tier"),
            _rank(rule, lambda tier: present >= tier),
        )
        .join(Loan, col(Loan.id) == col(LoanClassification.loan_id))
        .join(LoanStateRow, col(LoanStateRow.loan_id) == col(Loan.id))
        .where(
            col(LoanClassification.bank_id) == place.bank_id,
            _tier(col(LoanClassification.loan_class)) > former,
            *_of_bank(place.bank_id),
        )
        .group_by(col(LoanClassification.loan_id))
    )
    if place.since_on is not None:
        statement = statement.where(col(LoanClassification.on) >= place.since_on)
    return statement  # type: ignore[no-any-return]


def _classed(place: Place, rule: TriggerRule) -> sa.Exists:
    """Whether the loan of a cause still bears a bad class."""
    return (
        sa.exists()
        .where(
            col(LoanStateRow.loan_id) == col(SignalCause.loan_id),
            col(Loan.id) == col(SignalCause.loan_id),
            _tier(col(LoanStateRow.loan_class)) >= rule.first,
            *_of_bank(place.bank_id),
        )
        .correlate(SignalCause)
    )


def _check_late(place: Place, rule: TriggerRule) -> sa.Select[Any]:
    since = sa.func.min(Inspection.due_on)
    statement: Any = (
        sa.select(
            col(Inspection.loan_id),
            since.label("began_on"),
            _rank(rule, _days_before(place.on, since)),
        )
        .join(Loan, col(Loan.id) == col(Inspection.loan_id))
        .where(
            col(Inspection.bank_id) == place.bank_id,
            col(Inspection.state).in_((InspectionState.PLANNED, InspectionState.DRAFT)),
            col(Inspection.due_on) < place.on,
            *_of_bank(place.bank_id),
        )
        .group_by(col(Inspection.loan_id))
    )
    return statement  # type: ignore[no-any-return]


_FOUND: Final[Mapping[Trigger, Callable[[Place, TriggerRule], sa.Select[Any]]]] = {
    Trigger.OVERDUE: _overdue,
    Trigger.INTEREST_UNPAID: _interest_unpaid,
    Trigger.CLASS_WORSE: _class_worse,
    Trigger.CHECK_LATE: _check_late,
}
FOUND_HERE: Final = tuple(_FOUND)
"""Triggers of which a statement knows all loans."""

_BY_DAYS: Final = (Trigger.OVERDUE, Trigger.CHECK_LATE)


def loans_to_prove(session: Session, place: Place, rule: TriggerRule) -> Sequence[UUID]:
    """Loans of which a drawing came to one of the days of the rule since the last look, or whose proof was missing.

    What was drawn so long before the bank's books were opened here was proved elsewhere.
    """
    latest = place.on - timedelta(days=rule.first)
    earliest = _taken_over_on(place, rule)
    if place.since_on is not None:
        earliest = max(earliest, place.since_on - timedelta(days=rule.steps[-1][1]))
    drawn = (
        sa.select(col(LoanNote.loan_id))
        .join(Loan, col(Loan.id) == col(LoanNote.loan_id))
        .where(col(LoanNote.drawn_on).between(earliest, latest), *_of_bank(place.bank_id))
    )
    missing = holding(place.bank_id, rule.trigger).with_only_columns(col(SignalCause.loan_id))
    found = {*session.execute(drawn).scalars(), *session.execute(missing).scalars()}
    return sorted(found)


def _taken_over_on(place: Place, rule: TriggerRule) -> date:
    return place.books_since_on - timedelta(days=rule.first)


def proofs_missing(
    session: Session, place: Place, rule: TriggerRule, loan_ids: Sequence[UUID]
) -> Iterator[Finding]:
    """Those of some loans whose proofs do not reach what was drawn so many days ago.

    A renewal without repayment pays no money out: none of its use is to be proved.
    """
    statement = (
        sa.select(
            col(LoanNote.loan_id),
            sa.func.min(LoanNote.drawn_on).label("began_on"),
            sa.cast(sa.func.sum(LoanNote.amount_fen), sa.BigInteger).label("drawn_fen"),
        )
        .join(Loan, col(Loan.id) == col(LoanNote.loan_id))
        .where(
            col(LoanNote.loan_id).in_(loan_ids),
            col(LoanNote.drawn_on) >= _taken_over_on(place, rule),
            col(LoanNote.drawn_on) <= place.on - timedelta(days=rule.first),
            col(Loan.renews_id).is_(None),
            *_of_bank(place.bank_id),
        )
        .group_by(col(LoanNote.loan_id))
        .order_by(col(LoanNote.loan_id))
    )
    proved = _proved(session, loan_ids)
    for row in session.execute(statement):
        proved_fen = proved.get(row.loan_id, 0)
        if proved_fen < row.drawn_fen:
            yield Finding(
                loan_id=row.loan_id,
                began_on=row.began_on,
                figures={
                    "drawn_fen": row.drawn_fen,
                    "proved_fen": proved_fen,
                    "days_since": (place.on - row.began_on).days,
                },
            )


def _proved(session: Session, loan_ids: Sequence[UUID]) -> dict[UUID, int]:
    statement = (
        sa.select(col(InspectionFile.loan_id), sa.func.sum(InspectionFile.amount_fen))
        .join(Inspection, col(Inspection.id) == col(InspectionFile.inspection_id))
        .where(
            col(InspectionFile.loan_id).in_(loan_ids),
            col(InspectionFile.purpose) == FilePurpose.USE_OF_FUNDS,
            col(InspectionFile.withdrawn_at).is_(None),
            col(Inspection.state).in_(MADE),
        )
        .group_by(col(InspectionFile.loan_id))
    )
    return {loan_id: int(total) for loan_id, total in session.execute(statement)}
