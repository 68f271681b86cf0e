"""What runs on the notes of a loan after the last close, worked out line by line."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.loans.books import NoteLedger, lines_of, note_book
from app.loans.closing.loans import open_due
from app.loans.domain.growth import Growth, Posted, growth
from app.loans.domain.servicing import NoteBook
from app.loans.domain.states import OPEN_STATES, AccrualKind, Kept
from app.loans.models import Loan, LoanAccrual, LoanNote, LoanStateRow, RepaymentLine
from app.loans.queries import visible_loans
from app.loans.repayments.models import AccrualCorrection
from app.loans.schedules import read_ledgers

_Kind = tuple[UUID, AccrualKind]
_Corrected = tuple[UUID, AccrualKind, date]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningNote:
    """What runs on a note, by kind."""

    note_number: str
    ahead_fen: int
    """Interest of the running period that was paid before it fell due."""
    odd_fen: int
    """Interest of odd days that is still to fall due in parts."""
    growths: Sequence[Growth]


def running_interest(session: Session, actor: Actor, loan_id: UUID) -> tuple[RunningNote, ...]:
    """The notes of a visible loan on which something runs; none of a loan that is not kept here or not open."""
    statement = (
        visible_loans(session, actor)
        .add_columns(col(LoanStateRow.closed_on))
        .outerjoin(LoanStateRow, col(LoanStateRow.loan_id) == col(Loan.id))
        .where(col(Loan.id) == loan_id)
    )
    found = session.execute(statement).one_or_none()
    if found is None:
        raise NotFound
    loan, closed_on = found
    if loan.kept is Kept.MIRRORED or loan.state not in OPEN_STATES or closed_on is None:
        return ()
    ledgers = read_ledgers(session, col(LoanNote.loan_id) == loan.id, bills=True)
    lines = lines_of(session, [ledger.note.id for ledger in ledgers])
    posted = _posted_on(session, loan.id, closed_on)
    corrected = _corrected_since(session, loan.id, closed_on)
    notes = (_of_note(ledger, closed_on, lines, posted, corrected) for ledger in ledgers)
    return tuple(note for note in notes if note.growths)


def _of_note(
    ledger: NoteLedger,
    closed_on: date,
    lines: Mapping[UUID, Sequence[RepaymentLine]],
    posted: Mapping[_Kind, int],
    corrected: Mapping[_Corrected, int],
) -> RunningNote:
    book, note = note_book(ledger), ledger.note
    book.dues = [open_due(due, lines.get(due.id, ())) for due in ledger.dues]
    return RunningNote(
        note_number=note.number,
        ahead_fen=ledger.state.ahead_fen,
        odd_fen=ledger.state.odd_fen,
        growths=growth(
            book,
            closed_on,
            {
                kind: Posted(
                    day_fen=posted[note.id, kind],
                    corrected_fen=corrected[note.id, kind, _since(book, note, kind)],
                )
                for kind in AccrualKind
            },
        ),
    )


def _since(book: NoteBook, note: LoanNote, kind: AccrualKind) -> date:
    """The day from which what runs is counted."""
    return book.period_starts_on if kind is AccrualKind.INTEREST else note.drawn_on


def _posted_on(session: Session, loan_id: UUID, on: date) -> Mapping[_Kind, int]:
    statement = sa.select(LoanAccrual).where(
        col(LoanAccrual.loan_id) == loan_id, col(LoanAccrual.on) == on
    )
    rows = session.execute(statement).scalars()
    return Counter({(row.note_id, row.kind): row.amount_fen for row in rows})


def _corrected_since(session: Session, loan_id: UUID, on: date) -> Mapping[_Corrected, int]:
    """What was booked on a day or later to correct days before, by the day from which it is counted."""
    statement = sa.select(AccrualCorrection).where(
        col(AccrualCorrection.loan_id) == loan_id, col(AccrualCorrection.booked_on) >= on
    )
    found: Counter[_Corrected] = Counter()
    for row in session.execute(statement).scalars():
        found[row.note_id, row.kind, row.period_starts_on] += row.amount_fen
    return found
