"""Top-up cases: a person reviews, another with authority issues the notice, service is proved, the case ends."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, col

from app.audit.services import record
from app.collateral.domain.cover import Lines
from app.collateral.domain.kept import CALL_FIGURES, figures_of
from app.collateral.domain.states import MARGIN_CALL, CallEvent, CallState, Level
from app.collateral.models import MarginCall
from app.collateral.queries import lines_of, pool_of_loan, visible_margin_calls
from app.collateral.services.notice import issue_notice
from app.collateral.services.watch import watch_loan
from app.documents.models import Document, IssuedDocument
from app.documents.queries import get_document, visible_documents
from app.documents.services import UploadFile, document_content, upload_document
from app.kernel.actor import Actor, Name
from app.kernel.errors import DutiesApart, InvalidInput, NotFound
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.loans.domain.states import LtvBasis
from app.loans.models import Loan
from app.loans.services import business_day
from app.loans.titles import loan_title
from app.notices.services import Notify, notify
from app.reference.services import business_calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewCall:
    """What the officer found."""

    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueNotice:
    """The words of the notice; the last day to cure is the contract's unless a later one is given."""

    note: str = ""
    due_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeNotice:
    """Proof of service: how, to whom, when."""

    served_on: date
    served_to: str
    method: str
    document_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeWithReceipt:
    """Proof of service with the receipt itself."""

    served_on: date
    served_to: str
    method: str
    file: UploadFile | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendCall:
    """More time, with the reason."""

    due_on: date
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseCall:
    """Why a case is dismissed, waived or declared in default."""

    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginCallView:
    """A top-up case; amounts are those of `measured_on`: today's until the notice is issued, then the notice's.

    What the bank wrote for itself is empty for others.
    """

    id: UUID
    number: str
    state: CallState
    events: tuple[str, ...]
    version: int
    created_at: datetime
    loan_id: UUID
    loan_number: str
    loan_title: Name
    level: Level
    basis: LtvBasis
    opened_on: date
    measured_on: date
    exposure_fen: int
    recognised_fen: int | None
    ratio_ppm: int | None
    line_ppm: int
    target_ppm: int
    repay_fen: int
    add_recognised_fen: int
    review_note: str
    issued_on: date | None
    due_on: date | None
    notice_id: UUID | None
    served_on: date | None
    served_to: str
    service_method: str
    service_document_id: UUID | None
    closed_on: date | None
    closing_note: str


def review_call(
    session: Session, actor: Actor, call_id: UUID, command: ReviewCall
) -> MarginCallView:
    """The officer confirms the breach and proposes the notice."""
    call = _move(session, actor, call_id, CallEvent.REVIEW)
    call.reviewer_id, call.review_note = actor.person_id, command.note
    day = business_day(session, call.bank_id)
    return _done(session, actor, call, CallEvent.REVIEW, note=command.note, day=day)


def issue_call(
    session: Session, actor: Actor, call_id: UUID, command: IssueNotice
) -> MarginCallView:
    """A person with authority, not the reviewer, issues the notice as a numbered document.

    The loan is measured first: a case that is cured by now has no notice, and the notice states today's figures.
    """
    call = _call(session, actor, call_id)
    actor.require(Permission.ISSUE_TOP_UP_NOTICE)
    if call.reviewer_id == actor.person_id:
        raise DutiesApart
    watch_loan(session, actor, call.loan_id)
    call.state = MARGIN_CALL.next(call.state, CallEvent.ISSUE)
    loan = session.get_one(Loan, call.loan_id)
    today = business_day(session, call.bank_id)
    call.issuer_id, call.issued_on = actor.person_id, today
    call.due_on = command.due_on or _last_day(session, today, loan.cure_days or 0)
    if call.due_on <= today:
        raise InvalidInput.at("/due_on", N_("The last day to cure must lie after today."))
    call.notice_id = issue_notice(
        session, actor, call, pool_of_loan(session, call.loan_id), command.note
    )
    _tell_borrower(session, loan, call)
    return _done(session, actor, call, CallEvent.ISSUE, due_on=call.due_on)


def _last_day(session: Session, today: date, days: int) -> date:
    """The days of the contract; a last day on which banks are closed moves to the next open one."""
    return business_calendar(session).on_or_after(today + timedelta(days=days))


def _tell_borrower(session: Session, loan: Loan, call: MarginCall) -> None:
    if loan.borrower_id is not None:
        command = Notify(
            organisation_id=loan.borrower_id,
            kind="top-up-notice",
            template=N_("Notice to top up security for loan %(loan)s"),
            facts={"loan": loan.number},
            href=f"/margin-calls/{call.id}",
        )
        notify(session, command)


def serve_call(
    session: Session, actor: Actor, call_id: UUID, command: ServeNotice
) -> MarginCallView:
    """Record how and when the borrower received the notice."""
    call = _move(session, actor, call_id, CallEvent.SERVE)
    if call.issued_on is not None and command.served_on < call.issued_on:
        raise InvalidInput.at("/served_on", N_("The notice cannot be served before it is issued."))
    if command.served_on > business_day(session, call.bank_id):
        raise InvalidInput.at("/served_on", N_("This day lies in the future."))
    if command.document_id is not None:
        get_document(session, actor, command.document_id)
    call.served_on, call.served_to = command.served_on, command.served_to
    call.service_method, call.service_document_id = command.method, command.document_id
    return _done(
        session, actor, call, CallEvent.SERVE, served_on=command.served_on, method=command.method
    )


def serve_with_receipt(
    session: Session, actor: Actor, call_id: UUID, command: ServeWithReceipt
) -> MarginCallView:
    """Record the proof of service and keep its receipt."""
    document = upload_document(session, actor, command.file) if command.file else None
    served = ServeNotice(
        served_on=command.served_on,
        served_to=command.served_to,
        method=command.method,
        document_id=document.id if document else None,
    )
    return serve_call(session, actor, call_id, served)


def find_receipt(session: Session, actor: Actor, view: MarginCallView) -> Document | None:
    """The receipt of the notice, for the organisation that keeps it."""
    statement = visible_documents(actor).where(col(Document.id) == view.service_document_id)
    receipt: Document | None = session.execute(statement).scalar_one_or_none()
    return receipt


def extend_call(
    session: Session, actor: Actor, call_id: UUID, command: ExtendCall
) -> MarginCallView:
    """Give more time to cure."""
    call = _move(session, actor, call_id, CallEvent.EXTEND)
    if call.due_on is not None and command.due_on <= call.due_on:
        raise InvalidInput.at("/due_on", N_("The new day must lie after the present one."))
    call.due_on = command.due_on
    return _done(session, actor, call, CallEvent.EXTEND, due_on=command.due_on, note=command.note)


def close_call(
    session: Session, actor: Actor, call_id: UUID, event: CallEvent, command: CloseCall
) -> MarginCallView:
    """End a case without cure: dismissed, waived, or in default; the reason is kept."""
    call = _move(session, actor, call_id, event)
    if (
        event is CallEvent.DEFAULT
        and call.due_on is not None
        and business_day(session, call.bank_id) <= call.due_on
    ):
        raise InvalidInput.at("/event", N_("The time to cure has not run out yet."))
    call.closed_on, call.closing_note = business_day(session, call.bank_id), command.note
    return _done(session, actor, call, event, note=command.note)


def margin_call_view(session: Session, actor: Actor, call_id: UUID) -> MarginCallView:
    """One case in the actor's sight."""
    call = _call(session, actor, call_id)
    return view_of(call, session.get_one(Loan, call.loan_id), actor)


def notice_content(session: Session, actor: Actor, call_id: UUID) -> tuple[str, bytes]:
    """Name and bytes of the notice of a case in sight; `NotFound` before it is issued."""
    call = _call(session, actor, call_id)
    issued = session.get(IssuedDocument, call.notice_id) if call.notice_id else None
    if issued is None:
        raise NotFound
    return f"{call.number}.pdf", document_content(session, issued)


def lines_of_call(session: Session, view: MarginCallView) -> Lines:
    """The lines of the contract behind a case that was read in sight."""
    return lines_of(session.get_one(Loan, view.loan_id))


def view_of(call: MarginCall, loan: Loan, actor: Actor) -> MarginCallView:
    """The view of a case with its loan."""
    own: dict[str, Any] = {name: getattr(call, name) for name in _COPIED}
    if actor.organisation_id != call.bank_id and actor.sees("*") != "all":
        own |= dict.fromkeys(INTERNAL, "")
    return MarginCallView(
        events=tuple(MARGIN_CALL.events_for(call.state, actor)),
        loan_number=loan.number,
        loan_title=loan_title(loan.title),
        **own,
    )


INTERNAL = ("review_note", "closing_note")
"""Words of the bank that are not for the borrower."""

_COPIED = tuple(
    name
    for name in MarginCallView.__dataclass_fields__
    if name not in {"events", "loan_number", "loan_title"}
)


def _call(session: Session, actor: Actor, call_id: UUID) -> MarginCall:
    statement = visible_margin_calls(session, actor).where(col(MarginCall.id) == call_id)
    call: MarginCall | None = session.execute(statement).scalar_one_or_none()
    if call is None:
        raise NotFound
    return call


def _move(session: Session, actor: Actor, call_id: UUID, event: CallEvent) -> MarginCall:
    call = _call(session, actor, call_id)
    actor.require(MARGIN_CALL.permissions[event])
    call.state = MARGIN_CALL.next(call.state, event)
    return call


def _done(
    session: Session, actor: Actor, call: MarginCall, event: CallEvent, **facts: object
) -> MarginCallView:
    session.add(call)
    session.flush()
    record(
        session,
        actor,
        f"margin-call.{event.value}",
        subject_kind="margin-call",
        subject_id=call.id,
        organisation_id=call.bank_id,
        number=call.number,
        state=call.state,
        figures=figures_of(call, CALL_FIGURES),
        **facts,
    )
    return view_of(call, session.get_one(Loan, call.loan_id), actor)
