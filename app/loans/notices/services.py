"""Use cases of notices to borrowers: where to write to, sending again, reading the document."""

import re
from dataclasses import dataclass
from typing import Final, cast
from uuid import UUID

from sqlmodel import Session, col

from app.audit.services import record
from app.db.engine import now
from app.documents.models import IssuedDocument
from app.documents.services import document_content
from app.kernel.actor import Actor
from app.kernel.errors import Conflict, InvalidInput, NotFound, RuleViolation
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.loans.domain.notices import Language, NoticeState, letter_of
from app.loans.domain.states import Kept
from app.loans.models import Loan
from app.loans.notices.models import LoanNotice, NoticeContact
from app.loans.notices.queries import (
    ContactView,
    LoanNoticeView,
    MailStanding,
    contact_view,
    contacts_of,
    get_loan_notice,
    newest_contact,
    visible_loan_notices,
)
from app.loans.queries import visible_loans
from app.loans.refusals import LoanNotServiced
from app.notices.services import SendLetter, send_letter

ADDRESS_PATTERN: Final = (
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+"
)
"""What the HTML standard takes for a mail address, with a dot in its domain."""

MAX_CONTACTS_LISTED: Final = 20
"""The newest counts; older ones show what was used before."""


class NoAddress(RuleViolation):
    """Nobody wrote down where the borrower reads mail."""

    code = "no-notice-address"
    title = N_("There is no address to write to")
    detail = N_("Record an address of the borrower of %(number)s first.")


class NoticeNotIssued(Conflict):
    """A notice that was dropped is not sent."""

    code = "notice-not-issued"
    title = N_("This notice was not issued")
    detail = N_(
        "It is still to be printed, or was no longer needed when it was. There is nothing to send."
    )


class MailOnItsWay(Conflict):
    """The last letter is still being tried."""

    code = "mail-on-its-way"
    title = N_("The mail is still on its way")
    detail = N_("It was tried %(attempts)s times and is tried again by itself.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordContact:
    """Where a borrower is written to from now on, and in which language."""

    address: str
    language: Language = Language.ZH


def record_contact(
    session: Session, actor: Actor, loan_id: UUID, command: RecordContact
) -> ContactView:
    """Keep an address of the borrower of a visible loan, for all notices of the bank to it."""
    actor.require(Permission.SEND_NOTICES)
    loan = _serviced(session, actor, loan_id)
    if re.fullmatch(ADDRESS_PATTERN, command.address, re.ASCII) is None:
        raise InvalidInput.at("/address", N_("Enter a mail address, such as name@example.com."))
    row = NoticeContact(
        bank_id=loan.bank_id,
        borrower_id=cast(UUID, loan.borrower_id),
        address=command.address,
        language=command.language,
        person_id=actor.person_id,
        created_at=now(session),
    )
    session.add(row)
    session.flush()
    record(
        session,
        actor,
        "notice-contact.record",
        subject_kind="loan",
        subject_id=loan.id,
        organisation_id=loan.bank_id,
        language=command.language,
    )
    return contact_view(row)


def list_contacts(session: Session, actor: Actor, loan_id: UUID) -> tuple[ContactView, ...]:
    """The addresses of the borrower of a visible loan, the one that counts first."""
    actor.require(Permission.READ_LOANS)
    loan = _serviced(session, actor, loan_id)
    statement = contacts_of(loan.bank_id, loan.borrower_id).limit(MAX_CONTACTS_LISTED)
    return tuple(contact_view(row) for row in session.execute(statement).scalars())


def _serviced(session: Session, actor: Actor, loan_id: UUID) -> Loan:
    statement = visible_loans(session, actor).where(col(Loan.id) == loan_id)
    loan: Loan | None = session.execute(statement).scalar_one_or_none()
    if loan is None:
        raise NotFound
    if loan.kept is Kept.MIRRORED:
        raise LoanNotServiced(number=loan.number)
    return loan


def send_notice_again(session: Session, actor: Actor, notice_id: UUID) -> LoanNoticeView:
    """Send an issued notice to the address that counts now; one that could not be printed is tried again.

    Refused while a letter is still on its way, where no address is on file, and of a notice that was dropped.
    """
    actor.require(Permission.SEND_NOTICES)
    row = _own_notice(session, actor, notice_id)
    if row.state is NoticeState.FAILED:
        row.state, row.detail = NoticeState.WAITING, ""
        session.add(row)
    else:
        _send(session, actor, row)
    record(
        session,
        actor,
        "loan-notice.repeat",
        subject_kind="loan",
        subject_id=row.loan_id,
        organisation_id=row.bank_id,
        number=row.number,
        about_on=row.about_on,
    )
    session.flush()
    return get_loan_notice(session, actor, notice_id)


def _own_notice(session: Session, actor: Actor, notice_id: UUID) -> LoanNotice:
    statement = (
        visible_loan_notices(session, actor)
        .where(col(LoanNotice.id) == notice_id)
        .with_for_update(of=LoanNotice)
    )
    found = session.execute(statement).one_or_none()
    if found is None:
        raise NotFound
    row: LoanNotice = found[0]
    return row


def _send(session: Session, actor: Actor, row: LoanNotice) -> None:
    view = get_loan_notice(session, actor, row.id)
    if row.facts is None or row.message_id is None:
        raise NoticeNotIssued
    if view.mail is MailStanding.WAITING:
        raise MailOnItsWay(attempts=view.attempts)
    loan = session.get_one(Loan, row.loan_id)
    contact = newest_contact(session, row.bank_id, loan.borrower_id)
    if contact is None:
        raise NoAddress(number=loan.number)
    letter = letter_of(row.kind, row.language, row.facts)
    command = SendLetter(
        notice_id=row.message_id,
        address=contact.address,
        subject=letter.subject,
        body=letter.body,
        document_id=row.document_id,
    )
    send_letter(session, command)


def notice_content(session: Session, actor: Actor, notice_id: UUID) -> tuple[str, bytes]:
    """Name and bytes of a visible notice; `NotFound` before it is issued."""
    actor.require(Permission.READ_LOANS)
    statement = visible_loan_notices(session, actor).where(col(LoanNotice.id) == notice_id)
    found = session.execute(statement).one_or_none()
    if found is None or found[0].document_id is None:
        raise NotFound
    issued = session.get_one(IssuedDocument, found[0].document_id)
    return f"{issued.number}.pdf", document_content(session, issued)
