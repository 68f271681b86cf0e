"""What `verify` asks of notices to borrowers: each is about something of its own loan, and its paper stands."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlmodel import Session, col

from app.db.invariants import Violation
from app.documents.models import IssuedDocument
from app.loans.domain.notices import NoticeKind, NoticeState, fits_state
from app.loans.models import Loan, LoanDue, LoanNote
from app.loans.notices.models import LoanNotice
from app.loans.rates.models import NoteRate


def notice_violations(session: Session) -> Iterator[Violation]:
    """Notices of another loan or bank, without their subject, or whose document says another number."""
    yield from _elsewhere(session)
    yield from _about_nothing(session)
    yield from _papers(session)
    yield from _without_reason(session)


def _elsewhere(session: Session) -> Iterator[Violation]:
    statement = (
        sa.select(col(LoanNotice.id), col(Loan.number))
        .join(LoanNote, col(LoanNote.id) == col(LoanNotice.note_id))
        .join(Loan, col(Loan.id) == col(LoanNotice.loan_id))
        .where(
            sa.or_(
                col(LoanNote.loan_id) != col(LoanNotice.loan_id),
                col(Loan.bank_id) != col(LoanNotice.bank_id),
            )
        )
    )
    for notice_id, number in session.execute(statement):
        yield _violation(notice_id, f"its note or its bank is not that of loan {number}")


def _about_nothing(session: Session) -> Iterator[Violation]:
    """A reminder may outlive its payment, which was made ahead; a demand or a rate stays on file."""
    billed = sa.select(sa.literal(1)).where(
        col(LoanDue.note_id) == col(LoanNotice.note_id),
        col(LoanDue.due_on) == col(LoanNotice.about_on),
    )
    rated = sa.select(sa.literal(1)).where(
        col(NoteRate.note_id) == col(LoanNotice.note_id),
        col(NoteRate.from_on) == col(LoanNotice.about_on),
    )
    statement = sa.select(LoanNotice).where(
        sa.or_(
            sa.and_(col(LoanNotice.kind) == NoticeKind.OVERDUE, sa.not_(billed.exists())),
            sa.and_(col(LoanNotice.kind) == NoticeKind.RATE_CHANGE, sa.not_(rated.exists())),
        )
    )
    for row in session.execute(statement).scalars():
        yield _violation(
            row.id, f"{row.kind.value} on {row.about_on}: the note has nothing on that day"
        )


def _papers(session: Session) -> Iterator[Violation]:
    statement = (
        sa.select(LoanNotice, IssuedDocument)
        .join(IssuedDocument, col(IssuedDocument.id) == col(LoanNotice.document_id))
        .where(
            sa.or_(
                col(IssuedDocument.number) != col(LoanNotice.number),
                col(IssuedDocument.code) != col(LoanNotice.code),
                col(IssuedDocument.subject_id) != col(LoanNotice.loan_id),
                col(IssuedDocument.issuer_id) != col(LoanNotice.bank_id),
            )
        )
    )
    for notice, issued in session.execute(statement):
        yield _violation(notice.id, f"its document is {issued.number}, another one's")


def _without_reason(session: Session) -> Iterator[Violation]:
    """What was dropped or failed says why; what waits or was issued does not."""
    statement = (
        sa.select(LoanNotice, col(LoanNote.number))
        .join(LoanNote, col(LoanNote.id) == col(LoanNotice.note_id))
        .where(
            sa.or_(
                col(LoanNotice.state).in_((NoticeState.DROPPED, NoticeState.FAILED)),
                col(LoanNotice.detail) != "",
            )
        )
    )
    for row, number in session.execute(statement):
        if not fits_state(row.kind, row.state, row.detail):
            subject = f"{row.kind.value} notice of note {number} about {row.about_on}"
            detail = f"state is {row.state.value}, the reason given is “{row.detail}”"
            yield Violation(invariant="loan-notice", subject=subject, detail=detail)


def _violation(notice_id: object, detail: str) -> Violation:
    return Violation(invariant="loan-notice", subject=f"notice {notice_id}", detail=detail)
