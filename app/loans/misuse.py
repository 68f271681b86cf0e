"""Principal that was used for something else: recorded from its day, and put right again."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.services import record
from app.db.engine import now
from app.kernel.actor import Actor
from app.kernel.errors import InvalidInput
from app.kernel.money import Money
from app.kernel.permissions import Permission
from app.kernel.text import N_, Coded
from app.loans.books import LoanLedger, NoteLedger, open_books, require_current
from app.loans.domain.states import OPEN_STATES, STATE_TITLES, LoanFact
from app.loans.models import LoanFactRow
from app.loans.rates.models import NoteMisuse
from app.loans.rates.refusals import MisuseNotAgreed, NothingMisused
from app.loans.refusals import NotDrawn


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMisuse:
    """The principal of a note that is misused from a day on; zero when it was put right."""

    note_number: str
    amount_fen: int
    from_on: date
    reason: str


def record_misuse(
    session: Session, actor: Actor, loan_id: UUID, command: RecordMisuse
) -> NoteMisuse:
    """Record it; the next close works out the surcharge from its day, and the class looks at it.

    Until that close the loan is not paid off: it would never be closed again.

    Refuses a contract without a surcharge for misuse, a day outside the note, more than is left of it.
    """
    actor.require(Permission.REVIEW_WARNING)
    ledger, day = open_books(session, actor, loan_id)
    require_current(ledger, day)
    note = _require_possible(ledger, command, day)
    _require_news(session, note, command)
    row = NoteMisuse(
        note_id=note.note.id,
        loan_id=loan_id,
        number=_count(session, note.note.id) + 1,
        from_on=command.from_on,
        amount_fen=command.amount_fen,
        reason=command.reason,
        booked_on=day,
        person_id=actor.person_id,
        created_at=now(session),
    )
    session.add(row)
    if command.amount_fen:
        session.add(_fact(actor, session, loan_id, command))
    session.flush()
    record(
        session,
        actor,
        "loan.misuse",
        subject_kind="loan",
        subject_id=loan_id,
        organisation_id=ledger.loan.bank_id,
        note=note.note.number,
        amount_fen=command.amount_fen,
        from_on=command.from_on,
        day=day,
        reason=command.reason,
    )
    return row


def _require_possible(ledger: LoanLedger, command: RecordMisuse, day: date) -> NoteLedger:
    loan = ledger.loan
    if loan.state not in OPEN_STATES:
        raise NotDrawn(number=loan.number, state=Coded(loan.state, STATE_TITLES[loan.state]))
    if loan.misuse_ppm is None:
        raise MisuseNotAgreed(number=loan.number)
    found = [each for each in ledger.notes if each.note.number == command.note_number]
    if not found:
        raise InvalidInput.at("/note_number", N_("Choose a note of this loan."))
    (note,) = found
    if not note.note.drawn_on <= command.from_on <= day:
        raise InvalidInput.at(
            "/from_on",
            N_("Enter a day from %(first)s to %(last)s."),
            first=note.note.drawn_on,
            last=day,
        )
    left_fen = note.state.unbilled_fen + note.state.overdue_principal_fen
    if command.amount_fen > left_fen:
        raise InvalidInput.at(
            "/amount_yuan",
            N_("At most %(left)s yuan are left of this note."),
            left=Money(left_fen),
        )
    if not command.amount_fen and note.misuse is None:
        raise NothingMisused(note=note.note.number).about("/amount_yuan")
    return note


def _require_news(session: Session, note: NoteLedger, command: RecordMisuse) -> None:
    """Refuse what was said last of the same day: told twice it would be one misuse and two facts."""
    statement = (
        sa.select(NoteMisuse)
        .where(col(NoteMisuse.note_id) == note.note.id, col(NoteMisuse.from_on) == command.from_on)
        .order_by(col(NoteMisuse.number).desc())
    )
    known = session.execute(statement.limit(1)).scalar_one_or_none()
    if known is not None and known.amount_fen == command.amount_fen:
        raise InvalidInput.at(
            "/amount_yuan",
            N_("This is on file: %(amount)s yuan from %(day)s on."),
            amount=Money(known.amount_fen),
            day=known.from_on,
        )


def _count(session: Session, note_id: UUID) -> int:
    statement = (
        sa.select(sa.func.count()).select_from(NoteMisuse).where(col(NoteMisuse.note_id) == note_id)
    )
    return int(session.execute(statement).scalar_one())


def _fact(actor: Actor, session: Session, loan_id: UUID, command: RecordMisuse) -> LoanFactRow:
    return LoanFactRow(
        loan_id=loan_id,
        fact=LoanFact.FUNDS_MISUSED,
        from_on=command.from_on,
        reason=command.reason,
        person_id=actor.person_id,
        created_at=now(session),
    )
