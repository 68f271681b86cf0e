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


def line_violations(session: Session) -> Iterator[Violation]:
    """Each line that took more than was owed, left a debt before the next, or states another debt."""
    changed = _said_before(session)
    for loan_id, found in groupby(_lines(session), key=lambda line: line.loan_id):
        # Numbers are given in order; a later one may have a digit more.
        lines = sorted(found, key=lambda line: (len(line.number), line.number, line.seq))
        yield from _in_turn(lines)
        yield from _as_owed(lines, changed, _bills(session, loan_id) if _early(lines) else ())


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


def _as_owed(lines: Sequence[_Line], changed: _Said, bills: Sequence[Any]) -> Iterator[Violation]:
    for at, line in enumerate(lines):
        if line.owed_fen is None or line.reverses:
            continue
        possible = _owed(line, lines[:at], changed, bills)
        if possible is not None and line.owed_fen not in possible:
            words = " or ".join(str(each) for each in sorted(possible))
            yield _violation(line, f"the bills and what was paid before say {words}")


def _owed(
    line: _Line, before: Sequence[_Line], changed: _Said, bills: Sequence[Any]
) -> set[int] | None:
    """What may have been owed; None for what grew by the day, which is only held against what was paid."""
    if line.due_id is not None:
        at = 0 if line.claim is Claim.PRINCIPAL else 1
        now = (line.due_principal_fen or 0, line.due_interest_fen or 0)
        stated = {each[at] for each in (now, *changed.get(line.due_id, ()))}
        return {fen - _paid(line, before) for fen in stated}
    if line.claim is not Claim.PRINCIPAL or line.is_quoted:
        return None
    own = [bill for bill in bills if bill.note_id == line.note_id]
    if any(bill.id in changed for bill in own):
        return None
    billed = sum(bill.principal_fen for bill in own if bill.due_on <= line.value_on)
    return {line.note_fen - billed - _paid(line, before)}


def _paid(line: _Line, before: Sequence[_Line]) -> int:
    """What the same debt had taken by the day: of its bill, or early of its note."""
    wanted = (line.note_id, line.due_id, line.claim)
    return sum(
        each.paid_fen
        for each in before
        if (each.note_id, each.due_id, each.claim) == wanted and each.value_on <= line.value_on
    )


def _violation(line: _Line, detail: str) -> Violation:
    return Violation(
        invariant="repayment-owed",
        subject=f"repayment {line.number}",
        detail=f"{line.claim.value} owed is {line.owed_fen} fen, {detail}",
    )
