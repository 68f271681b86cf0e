"""What each line of a repayment says was owed, worked out again from bills, plans and the lines before it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.db.invariants import Violation
from app.loans.domain.running_sums import SumsByDay
from app.loans.domain.waterfall import Claim
from app.loans.models import LoanDue, LoanNote, Repayment, RepaymentLine
from app.loans.repayments.models import DueChange, RepaymentOrder

_FETCHED = 2_000
_Said = Mapping[UUID, Sequence[tuple[int, int]]]
"""What bills said before they were changed: principal and interest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line with the money that it is of, and its bill."""

    number: str
    booked_on: date
    is_quoted: bool
    seq: int
    suspense_fen: int
    reverses: bool
    loan_id: UUID
    note_id: UUID
    note_fen: int
    due_id: UUID | None
    due_principal_fen: int | None
    due_interest_fen: int | None
    claim: Claim
    paid_fen: int
    owed_fen: int | None
    value_on: date

    @property
    def debt(self) -> tuple[UUID, UUID | None, Claim]:
        """What took the money: a bill's part, or the note before anything fell due."""
        return (self.note_id, self.due_id, self.claim)


def line_violations(session: Session) -> Iterator[Violation]:
    """Each line that took more than was owed, left a debt before the next, or states another debt."""
    changed = _said_before(session)
    for loan_id, found in groupby(_lines(session), key=lambda line: line.loan_id):
        # Numbers are given in order; a later one may have a digit more.
        lines = sorted(found, key=lambda line: (len(line.number), line.number, line.seq))
        yield from _in_turn(lines)
        bills = _bills(session, loan_id) if _early(lines) else ()
        yield from _as_owed(lines, changed, _Billed(bills, changed))


def _lines(session: Session) -> Iterator[_Line]:
    quoted = col(RepaymentOrder.early_fen).is_not(None)
    statement = (
        sa.select(
            col(Repayment.number),
            col(Repayment.booked_on),
            sa.case((quoted, True), else_=False).label("is_quoted"),
            col(RepaymentLine.seq),
            col(Repayment.suspense_fen),
            col(Repayment.reverses_id).is_not(None).label("reverses"),
            col(Repayment.loan_id),
            col(RepaymentLine.note_id),
            col(LoanNote.amount_fen).label("note_fen"),
            col(RepaymentLine.due_id),
            col(LoanDue.principal_fen).label("due_principal_fen"),
            col(LoanDue.interest_fen).label("due_interest_fen"),
            col(RepaymentLine.claim),
            col(RepaymentLine.paid_fen),
            col(RepaymentLine.owed_fen),
            col(RepaymentLine.value_on),
        )
        .join(Repayment, col(Repayment.id) == col(RepaymentLine.repayment_id))
        .join(LoanNote, col(LoanNote.id) == col(RepaymentLine.note_id))
        .outerjoin(LoanDue, col(LoanDue.id) == col(RepaymentLine.due_id))
        .outerjoin(RepaymentOrder, col(RepaymentOrder.repayment_id) == col(Repayment.id))
        .order_by(col(Repayment.loan_id))
        .execution_options(yield_per=_FETCHED)
    )
    for row in session.execute(statement).mappings():
        yield _Line(**{str(name): value for name, value in row.items()})


def _said_before(session: Session) -> _Said:
    said: dict[UUID, list[tuple[int, int]]] = defaultdict(list)
    for row in session.execute(sa.select(DueChange)).scalars():
        said[row.due_id].append((row.principal_fen, row.interest_fen))
    return said


def _early(lines: Sequence[_Line]) -> bool:
    return any(line.due_id is None and line.claim is Claim.PRINCIPAL for line in lines)


def _bills(session: Session, loan_id: UUID) -> Sequence[Any]:
    statement = sa.select(
        col(LoanDue.id), col(LoanDue.note_id), col(LoanDue.due_on), col(LoanDue.principal_fen)
    ).where(col(LoanDue.loan_id) == loan_id)
    return session.execute(statement).all()


def _in_turn(lines: Sequence[_Line]) -> Iterator[Violation]:
    """A debt takes no more than is owed, and all of it before the next one takes anything."""
    stated = (line for line in lines if line.owed_fen is not None)
    for _, found in groupby(stated, key=lambda line: line.number):
        own = list(found)
        for line in own:
            owed_fen, whole = line.owed_fen or 0, line is not own[-1] or line.suspense_fen
            if line.paid_fen > owed_fen or (whole and line.paid_fen != owed_fen):
                yield _violation(line, f"{line.paid_fen} fen taken before the next debt")


class _Billed:
    """Principal that the bills of notes asked for by a day; what a changed bill said before may still hold."""

    def __init__(self, bills: Sequence[Any], changed: _Said) -> None:
        self._sums = SumsByDay()
        self._either: dict[UUID, list[tuple[date, set[int]]]] = defaultdict(list)
        for bill in bills:
            if bill.id in changed:
                said = {bill.principal_fen, *(before for before, _ in changed[bill.id])}
                self._either[bill.note_id].append((bill.due_on, said))
            else:
                self._sums.add(bill.note_id, bill.due_on, bill.principal_fen)

    def until(self, note_id: UUID, day: date) -> set[int] | None:
        """All sums that may have been asked for; None where changed bills leave too many."""
        possible = {self._sums.until(note_id, day)}
        for due_on, said in self._either[note_id]:
            if due_on <= day:
                possible = {fen + each for fen in possible for each in said}
            if len(possible) > _TOO_MANY:
                return None
        return possible


_TOO_MANY = 64
"""Sums of changed bills beyond which no line is judged by them."""


def _as_owed(lines: Sequence[_Line], changed: _Said, billed: _Billed) -> Iterator[Violation]:
    paid = SumsByDay()
    for line in lines:
        if line.owed_fen is not None and not line.reverses:
            possible = _owed(line, paid.until(line.debt, line.value_on), changed, billed)
            if possible is not None and line.owed_fen not in possible:
                words = " or ".join(str(each) for each in sorted(possible))
                yield _violation(line, f"the bills and what was paid before say {words}")
        paid.add(line.debt, line.value_on, line.paid_fen)


def _owed(line: _Line, paid_fen: int, changed: _Said, billed: _Billed) -> set[int] | None:
    """What may have been owed; None for what grew by the day, which is only held against what was paid.

    paid_fen: what the same debt had taken by the day of the line.
    """
    if line.due_id is not None:
        at = 0 if line.claim is Claim.PRINCIPAL else 1
        now = (line.due_principal_fen or 0, line.due_interest_fen or 0)
        stated = {each[at] for each in (now, *changed.get(line.due_id, ()))}
        return {fen - paid_fen for fen in stated}
    if line.claim is not Claim.PRINCIPAL or line.is_quoted:
        return None
    asked = billed.until(line.note_id, line.value_on)
    return None if asked is None else {line.note_fen - fen - paid_fen for fen in asked}


def _violation(line: _Line, detail: str) -> Violation:
    return Violation(
        invariant="repayment-owed",
        subject=f"repayment {line.number}",
        detail=f"{line.claim.value} owed is {line.owed_fen} fen, {detail}",
    )
