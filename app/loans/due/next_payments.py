"""What falls due next of some loans: the day, and what all notes of a loan ask for on it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import Session, col

from app.loans.books import NoteLedger
from app.loans.models import LoanNote
from app.loans.queries import LoanView, view_of
from app.loans.schedules import read_ledgers, to_come


@dataclass(frozen=True, slots=True, kw_only=True)
class NextPayment:
    """The next day of a loan, with principal and interest of that day when all before is paid in time."""

    due_on: date
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanAhead(LoanView):
    """A loan, and what falls due of it next; none when nothing does, or nothing is known."""

    next_payment: NextPayment | None = None


def loans_ahead(session: Session, rows: Iterable[Any]) -> list[LoanAhead]:
    """The rows of `list_loans`, each with its next payment."""
    views = [view_of(row) for row in rows]
    coming = next_payments(session, [view.id for view in views])
    return [
        LoanAhead(
            **{name: getattr(view, name) for name in LoanView.__dataclass_fields__},
            next_payment=coming.get(view.id),
        )
        for view in views
    ]


def next_payments(session: Session, loan_ids: Sequence[UUID]) -> dict[UUID, NextPayment]:
    """The next payment of each loan that has one: the same few queries whatever their number."""
    if not loan_ids:
        return {}
    notes: dict[UUID, list[NoteLedger]] = {}
    for note in read_ledgers(session, col(LoanNote.loan_id).in_(loan_ids)):
        if note.state.next_due_on is not None:
            notes.setdefault(note.note.loan_id, []).append(note)
    return {loan_id: _next_of(own) for loan_id, own in notes.items()}


def _next_of(notes: Sequence[NoteLedger]) -> NextPayment:
    due_on = min(each.state.next_due_on for each in notes if each.state.next_due_on is not None)
    rows = (row for each in notes for row in to_come(each, each.note.drawn_on, due_on))
    return NextPayment(due_on=due_on, amount_fen=sum(row.payment_fen for row in rows))
