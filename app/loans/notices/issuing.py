"""Filed notices printed, numbered, kept and sent: a few at a time, each once.

A notice takes its number first, is then printed outside of any writing transaction, and is issued in
a last one with its message to the borrower and its mail. A run that was cut off is taken up again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final, cast
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal.services.reporting import INVENTED
from app.db.engine import Database, now
from app.documents.files import check_address
from app.documents.pdf import Words
from app.documents.services import DocumentIdentity, IssueDocument, issue_document, new_identity
from app.documents.wording import day as day_text
from app.documents.wording import rate as rate_text
from app.documents.wording import yuan
from app.identity.models import Organisation
from app.kernel.actor import Actor, Name
from app.kernel.errors import Refusal
from app.kernel.text import N_
from app.loans.books import NoteLedger, lending_day, note_book
from app.loans.domain.accrual import overdue_rate_ppm
from app.loans.domain.notices import (
    DAY_PASSED,
    NO_CHANGE,
    NOT_DUE,
    NOTICE_TITLES,
    PAID_BEFORE,
    Language,
    NoticeKind,
    NoticeState,
    days_late,
    letter_of,
)
from app.loans.domain.repricing import RateReason
from app.loans.domain.waterfall import Claim
from app.loans.models import Loan, LoanDue, LoanNote, LoanStateRow
from app.loans.notices.models import LoanNotice
from app.loans.notices.pdf import NoticeView, notice_pdf
from app.loans.notices.queries import newest_contact
from app.loans.rates.models import NoteRate
from app.loans.schedules import InstalmentView, read_ledgers, to_come
from app.notices.services import Notify, notify

MAX_NOTICES_AT_ONCE: Final = 50
"""Printed between two looks of the scheduler: some seconds of work, written in a tenth of one."""

DOCUMENT_KIND: Final = "loan-notice"

_MESSAGES: Final = {
    NoticeKind.DUE: N_("Loan %(loan)s: %(amount)s yuan fall due on %(day)s"),
    NoticeKind.OVERDUE: N_("Loan %(loan)s: %(amount)s yuan due on %(day)s are overdue"),
    NoticeKind.RATE_CHANGE: N_("Loan %(loan)s: the rate is %(rate)s from %(day)s"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedNotices:
    """What a run came to."""

    issued: int = 0
    dropped: int = 0
    failed: int = 0

    @property
    def taken(self) -> int:
        """How many notices were dealt with."""
        return self.issued + self.dropped + self.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnNotice:
    """A notice as it is to be issued: its view and bytes, or why there is none."""

    notice_id: UUID
    view: NoticeView | None = None
    content: bytes = b""
    reason: str = ""
    failed: bool = False


def waiting_notices() -> sa.Select[Any]:
    """Ids of the notices that are to be printed, the oldest first."""
    return (
        sa.select(col(LoanNotice.id))
        .where(col(LoanNotice.state) == NoticeState.WAITING)
        .order_by(col(LoanNotice.filed_on), col(LoanNotice.id))
    )


def issue_notices(
    database: Database, actor: Actor, *, limit: int = MAX_NOTICES_AT_ONCE
) -> IssuedNotices:
    """Print and issue what waits, at most so many; what a killed run left is taken up."""
    with database.write() as session:
        ids = session.execute(waiting_notices().limit(limit)).scalars().all()
        take_numbers(session, ids)
    with database.read() as session:
        drawn = draw_notices(session, ids)
    printed = [print_notice(each) for each in drawn]
    with database.write() as session:
        return keep_notices(session, actor, printed)


def take_numbers(session: Session, ids: Sequence[UUID]) -> None:
    """Number, code and language are given once, so that a second try prints the same notice."""
    for row in _still_waiting(session, ids):
        if row.number:
            continue
        identity = new_identity(session, year=lending_day(session, row.bank_id).year)
        loan = session.get_one(Loan, row.loan_id)
        contact = newest_contact(session, row.bank_id, loan.borrower_id)
        row.number, row.code = identity.number, identity.code
        row.language = contact.language if contact else Language.ZH
        session.add(row)


def _still_waiting(session: Session, ids: Sequence[UUID]) -> Sequence[LoanNotice]:
    """The notices among some that wait, under lock."""
    statement = (
        sa.select(LoanNotice)
        .where(col(LoanNotice.id).in_(ids), col(LoanNotice.state) == NoticeState.WAITING)
        .order_by(col(LoanNotice.filed_on), col(LoanNotice.id))
        .with_for_update()
    )
    return session.execute(statement).scalars().all()


# --- What it says ---


_UNWORKABLE: Final = (ValueError, ArithmeticError, LookupError, TypeError, Refusal)
"""What a loan whose figures do not work out comes to; its notice fails, the others go on."""


def draw_notices(session: Session, ids: Sequence[UUID]) -> list[DrawnNotice]:
    """What each of some notices says now, or why there is none: not needed any more, or not to be worked out."""
    return [_try_to_draw(session, notice_id) for notice_id in ids]


def _try_to_draw(session: Session, notice_id: UUID) -> DrawnNotice:
    try:
        return _draw(session, notice_id)
    except _UNWORKABLE as problem:
        return DrawnNotice(notice_id=notice_id, reason=_reason(problem), failed=True)


def _reason(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}"[:300]


def _draw(session: Session, notice_id: UUID) -> DrawnNotice:
    row = session.get_one(LoanNotice, notice_id)
    (ledger,) = read_ledgers(session, col(LoanNote.id) == row.note_id, bills=True)
    figures = _FIGURES[row.kind](session, row, ledger)
    if isinstance(figures, str):
        return DrawnNotice(notice_id=notice_id, reason=figures)
    return DrawnNotice(notice_id=notice_id, view=_view(session, row, ledger, figures))


def _view(
    session: Session, row: LoanNotice, ledger: NoteLedger, figures: dict[str, Any]
) -> NoticeView:
    loan = ledger.loan
    bank = session.get_one(Organisation, loan.bank_id)
    borrower = session.get_one(Organisation, loan.borrower_id)
    rate_ppm = ledger.note.rate_ppm
    given: dict[str, Any] = {
        "rate_ppm": rate_ppm,
        "overdue_ppm": overdue_rate_ppm(rate_ppm, surcharge_ppm=loan.penalty_ppm),
        **figures,
    }
    return NoticeView(
        kind=row.kind,
        language=row.language,
        number=row.number,
        code=row.code,
        check_url=check_address(row.code),
        issued_on=lending_day(session, loan.bank_id),
        bank=Name(zh=bank.name_zh, en=bank.name_en),
        borrower=Name(zh=borrower.name_zh, en=borrower.name_en),
        borrower_code=borrower.uscc or "",
        loan_number=loan.number,
        note_number=ledger.note.number,
        about_on=row.about_on,
        notice=INVENTED if loan.synthetic or borrower.synthetic else None,
        **given,
    )


def _due(session: Session, row: LoanNotice, ledger: NoteLedger) -> dict[str, Any] | str:
    """The payment that falls due today or later; once its day has passed nobody is reminded of it."""
    figures = _payment_of(row, ledger)
    passed = row.about_on < lending_day(session, row.bank_id)
    return DAY_PASSED if passed and not isinstance(figures, str) else figures


def _payment_of(row: LoanNotice, ledger: NoteLedger) -> dict[str, Any] | str:
    """The payment as it is to come, or what is left of it where it was billed meanwhile."""
    coming = _payment_on(ledger, row.about_on)
    if coming is not None:
        return {
            "principal_fen": coming.principal_fen,
            "interest_fen": coming.interest_fen,
            "balance_fen": coming.balance_fen,
        }
    if not any(due.due_on == row.about_on for due in ledger.dues):
        return NOT_DUE
    left = _left_of(ledger, row.about_on)
    return {**left, "balance_fen": ledger.state.unbilled_fen} if any(left.values()) else PAID_BEFORE


def _payment_on(ledger: NoteLedger, on: date) -> InstalmentView | None:
    rows = to_come(ledger, ledger.note.drawn_on, on)
    return next((each for each in rows if each.due_on == on), None)


def _left_of(ledger: NoteLedger, on: date) -> dict[str, int]:
    dues: list[LoanDue] = [due for due in ledger.dues if due.due_on == on]
    return {
        "principal_fen": sum(due.principal_fen - due.paid_principal_fen for due in dues),
        "interest_fen": sum(due.interest_fen - due.paid_interest_fen for due in dues),
    }


def _overdue(session: Session, row: LoanNotice, ledger: NoteLedger) -> dict[str, Any] | str:
    left = _left_of(ledger, row.about_on)
    if not any(left.values()):
        return PAID_BEFORE
    day = lending_day(session, row.bank_id)
    return {
        **left,
        "penalty_fen": ledger.owed_fen(Claim.PENALTY),
        "compound_fen": ledger.owed_fen(Claim.COMPOUND),
        "compound_ppm": note_book(ledger).burden.unpaid_ppm(day) if ledger.misuse is None else None,
        "days_late": days_late(row.about_on, day),
        "suspense_fen": session.get_one(LoanStateRow, row.loan_id).suspense_fen,
    }


def _rate_change(session: Session, row: LoanNotice, ledger: NoteLedger) -> dict[str, Any] | str:
    statement = (
        sa.select(NoteRate)
        .where(col(NoteRate.note_id) == row.note_id, col(NoteRate.from_on) <= row.about_on)
        .order_by(col(NoteRate.number).desc())
        .limit(2)
    )
    rates = session.execute(statement).scalars().all()
    if not rates or rates[0].from_on != row.about_on:
        return NO_CHANGE
    coming = next(to_come(ledger, ledger.note.drawn_on), None)
    return {
        "rate_ppm": rates[0].rate_ppm,
        "before_ppm": rates[1].rate_ppm if len(rates) > 1 else None,
        "agreed": rates[0].reason is RateReason.CHANGE,
        "basis": _basis(ledger.loan, rates[0]),
        "next_due_on": coming.due_on if coming else None,
        "principal_fen": coming.principal_fen if coming else 0,
        "interest_fen": coming.interest_fen if coming else 0,
    }


def _basis(loan: Loan, found: NoteRate) -> Words | None:
    if found.lpr_ppm is None or found.lpr_on is None:
        return None
    bp, lpr = loan.lpr_bp or 0, rate_text(found.lpr_ppm)
    published = day_text(found.lpr_on)
    return Words(
        zh=f"{published} 公布的 LPR {lpr}，{'加' if bp >= 0 else '减'} {abs(bp)} BP",
        en=f"LPR {lpr} as published on {published}, {'+' if bp >= 0 else '-'}{abs(bp)} BP",
    )


_FIGURES: Final[Mapping[NoticeKind, Callable[[Session, LoanNotice, NoteLedger], Any]]] = {
    NoticeKind.DUE: _due,
    NoticeKind.OVERDUE: _overdue,
    NoticeKind.RATE_CHANGE: _rate_change,
}


def print_notice(drawn: DrawnNotice) -> DrawnNotice:
    """The bytes of a notice; one that cannot be drawn is reported and stops no other."""
    if drawn.view is None:
        return drawn
    try:
        return replace(drawn, content=notice_pdf(drawn.view))
    except _UNWORKABLE as problem:
        return replace(drawn, view=None, reason=_reason(problem), failed=True)


# --- Issuing ---


def keep_notices(session: Session, actor: Actor, drawn: Sequence[DrawnNotice]) -> IssuedNotices:
    """Issue what was printed, with its message and its mail; one that somebody else dealt with is passed over."""
    waiting = {row.id: row for row in _still_waiting(session, [each.notice_id for each in drawn])}
    counts = dict.fromkeys(NoticeState, 0)
    for each in drawn:
        row = waiting.get(each.notice_id)
        if row is None:
            continue
        if each.view is None:
            row.state = NoticeState.FAILED if each.failed else NoticeState.DROPPED
            row.detail = each.reason
        else:
            _issue(session, actor, row, each.view, each.content)
        counts[row.state] += 1
        session.add(row)
    return IssuedNotices(
        issued=counts[NoticeState.ISSUED],
        dropped=counts[NoticeState.DROPPED],
        failed=counts[NoticeState.FAILED],
    )


def _issue(
    session: Session, actor: Actor, row: LoanNotice, view: NoticeView, content: bytes
) -> None:
    document = issue_document(
        session,
        actor,
        IssueDocument(
            identity=DocumentIdentity(number=row.number, code=row.code),
            kind=DOCUMENT_KIND,
            title=NOTICE_TITLES[row.kind],
            issued_on=view.issued_on,
            subject_kind="loan",
            subject_id=row.loan_id,
            content=content,
            issuer_id=row.bank_id,
            issuer=view.bank,
        ),
    )
    row.facts = facts_of(view)
    loan = session.get_one(Loan, row.loan_id)
    row.document_id, row.issued_at = document.id, now(session)
    row.state, row.detail = NoticeState.ISSUED, ""
    contact = newest_contact(session, row.bank_id, loan.borrower_id)
    letter = letter_of(row.kind, row.language, row.facts)
    message = notify(
        session,
        Notify(
            organisation_id=cast(UUID, loan.borrower_id),
            kind=DOCUMENT_KIND,
            template=_MESSAGES[row.kind],
            facts=_message_facts(row.facts),
            href=f"/loans/{row.loan_id}",
            addresses=(contact.address,) if contact else (),
            letter_subject=letter.subject,
            letter_body=letter.body,
            document_id=document.id,
        ),
    )
    row.message_id = message.id


def facts_of(view: NoticeView) -> dict[str, Any]:
    """What a notice says, as it is kept beside it: figures in fen, and the words of its letter."""
    return {
        "loan": view.loan_number,
        "note": view.note_number,
        "number": view.number,
        "code": view.code,
        "check_url": view.check_url,
        "about_on": view.about_on.isoformat(),
        "borrower": asdict(view.borrower),
        "bank": asdict(view.bank),
        "principal_fen": view.principal_fen,
        "interest_fen": view.interest_fen,
        "penalty_fen": view.penalty_fen,
        "rate_ppm": view.rate_ppm,
        "amount": yuan(view.payment_fen),
        "suspense": yuan(view.suspense_fen) if view.suspense_fen else "",
        "rate": rate_text(view.rate_ppm),
    }


def _message_facts(facts: Mapping[str, Any]) -> dict[str, object]:
    return {
        "loan": facts["loan"],
        "amount": facts["amount"],
        "rate": facts["rate"],
        "day": facts["about_on"],
    }
