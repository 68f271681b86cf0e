"""Post-loan checks: ordered, recorded with evidence, submitted, reviewed by another person, printed."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import Session, col

from app.appraisal.services.reporting import ReportNotReady
from app.audit.services import record
from app.db.engine import now
from app.db.numbers import next_number
from app.documents.models import Document, IssuedDocument
from app.documents.services import UploadFile, document_content, upload_document
from app.kernel.actor import Actor
from app.kernel.errors import DutiesApart, InvalidInput, NotFound
from app.kernel.permissions import Permission
from app.kernel.text import N_, Coded
from app.loans.books import lending_day
from app.loans.domain.inspection import (
    INSPECTION,
    Conclusion,
    FilePurpose,
    Finding,
    InspectionEvent,
    InspectionKind,
    InspectionState,
    checklist,
    concluded_too_well,
    gaps,
    machine_for,
)
from app.loans.domain.states import OPEN_STATES, Kept
from app.loans.inspection.models import Inspection, InspectionFile
from app.loans.inspection.planning import SERIES
from app.loans.inspection.queries import (
    MAX_FILES,
    InspectionView,
    file_rows,
    find_inspection,
    findings_of,
    use_of_funds,
    whole_view,
    writers_of,
)
from app.loans.inspection.refusals import (
    ConclusionTooGood,
    FilesClosed,
    FileWithdrawn,
    InspectionTwice,
    LoanNotDrawn,
    ReportIncomplete,
)
from app.loans.inspection.seal import seal_of
from app.loans.loan_officers import officers_now
from app.loans.models import Loan, LoanNote, LoanStateRow
from app.loans.queries import visible_loans
from app.loans.refusals import LoanNotServiced


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderInspection:
    """A special check of a loan by a day, and why."""

    loan_id: UUID
    due_on: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFindings:
    """What a check found: when, where, who was there, each point, and what follows from it.

    A draft may leave points, conclusion and summary open; a report that is submitted may not.
    """

    checked_on: date
    place: str
    present: str
    findings: tuple[Finding, ...]
    conclusion: Conclusion | None = None
    summary: str = ""
    next_step: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddFile:
    """A photo or a paper of a check; a proof of the use of funds says how much and to whom."""

    file: UploadFile
    purpose: FilePurpose
    amount_fen: int | None = None
    payee: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Why a report is returned, a check dropped or a file withdrawn; what a reviewer adds."""

    note: str = ""


def order_inspection(session: Session, actor: Actor, command: OrderInspection) -> InspectionView:
    """Order a special check of a drawn loan beside its plan."""
    actor.require(Permission.INSPECT_LOANS)
    loan = _drawn_loan(session, actor, command.loan_id)
    day = lending_day(session, loan.bank_id)
    if command.due_on < day:
        raise InvalidInput.at("/due_on", N_("This day lies in the past."))
    _require_free(session, loan, command.due_on)
    row = Inspection(
        number=next_number(session, SERIES, day.year),
        loan_id=loan.id,
        bank_id=loan.bank_id,
        kind=InspectionKind.SPECIAL,
        due_on=command.due_on,
        planned_on=day,
        officer_id=officers_now(session, [loan.id]).get(loan.id),
        loan_class=session.get_one(LoanStateRow, loan.id).loan_class,
        security=loan.security,
        reason=command.reason,
        ordered_by=actor.person_id,
        created_at=now(session),
    )
    session.add(row)
    planned_by = row.loan_class.value if row.loan_class else None
    return _done(
        session,
        actor,
        row,
        "order",
        due_on=row.due_on,
        reason=row.reason,
        loan_class=planned_by,
    )


def _drawn_loan(session: Session, actor: Actor, loan_id: UUID) -> Loan:
    statement = visible_loans(session, actor).where(col(Loan.id) == loan_id)
    loan: Loan | None = session.execute(statement).scalar_one_or_none()
    if loan is None:
        raise NotFound
    if loan.kept is Kept.MIRRORED:
        raise LoanNotServiced(number=loan.number)
    notes = sa.select(col(LoanNote.id)).where(col(LoanNote.loan_id) == loan_id).limit(1)
    if loan.state not in OPEN_STATES or session.execute(notes).first() is None:
        raise LoanNotDrawn(number=loan.number)
    return loan


def _require_free(session: Session, loan: Loan, due_on: date) -> None:
    statement = sa.select(col(Inspection.number)).where(
        col(Inspection.loan_id) == loan.id,
        col(Inspection.kind) == InspectionKind.SPECIAL,
        col(Inspection.due_on) == due_on,
        col(Inspection.state) != InspectionState.DROPPED,
    )
    number = session.execute(statement).scalar_one_or_none()
    if number is not None:
        raise InspectionTwice(loan=loan.number, day=due_on, number=number)


def record_findings(
    session: Session, actor: Actor, inspection_id: UUID, command: RecordFindings
) -> InspectionView:
    """Write what was found, or write it anew: the draft is whole each time."""
    row, after = _begin(session, actor, inspection_id, InspectionEvent.RECORD)
    if command.checked_on > lending_day(session, row.bank_id):
        raise InvalidInput.at("/checked_on", N_("This day lies in the future."))
    first = sa.select(sa.func.min(LoanNote.drawn_on)).where(col(LoanNote.loan_id) == row.loan_id)
    drawn_on: date | None = session.execute(first).scalar_one()
    if drawn_on is not None and command.checked_on < drawn_on:
        raise InvalidInput.at("/checked_on", N_("The loan was not drawn yet on this day."))
    _require_known(command.findings)
    row.checked_on, row.place, row.present = command.checked_on, command.place, command.present
    row.findings = [
        {"item": each.item, "answer": each.answer.value, "note": each.note}
        for each in command.findings
    ]
    row.conclusion, row.summary = command.conclusion, command.summary
    row.next_step, row.inspector_id = command.next_step, actor.person_id
    row.state = after
    return _done(session, actor, row, InspectionEvent.RECORD, checked_on=row.checked_on)


def _require_known(findings: tuple[Finding, ...]) -> None:
    """Each point of the checklist at most once, and no other."""
    known = [item.code for item in checklist()]
    given = [each.item for each in findings]
    for place, code in enumerate(given):
        if code not in known or code in given[:place]:
            raise InvalidInput.at(
                f"/findings/{place}/item",
                N_("Name each of these points at most once: %(choices)s."),
                choices=", ".join(known),
            )


def submit_report(
    session: Session, actor: Actor, inspection_id: UUID, _command: object
) -> InspectionView:
    """Hand the report to a reviewer; the figures of the use of funds are kept with it."""
    row, after = _begin(session, actor, inspection_id, InspectionEvent.SUBMIT)
    findings = findings_of(row)
    items = [
        *(Coded(each.item.code, each.item.name.en) for each in gaps(findings, row.security)),
        *_unsaid(row),
    ]
    if items:
        raise ReportIncomplete(items=items)
    if concluded_too_well(findings, row.conclusion):
        raise ConclusionTooGood
    row.submitted_on = lending_day(session, row.bank_id)
    row.submitted_by, row.submitted_at, row.return_reason = actor.person_id, now(session), ""
    row.state = after
    use = use_of_funds(session, row)
    row.drawn_fen, row.proved_fen = use.drawn_fen, use.proved_fen
    return _done(
        session,
        actor,
        row,
        InspectionEvent.SUBMIT,
        drawn_fen=use.drawn_fen,
        proved_fen=use.proved_fen,
        conclusion=row.conclusion,
    )


def _unsaid(row: Inspection) -> list[Coded]:
    """What a draft left open beside its points."""
    open_parts = []
    if row.conclusion is None:
        open_parts.append(Coded("conclusion", N_("Conclusion")))
    if not row.summary.strip():
        open_parts.append(Coded("summary", N_("Summary")))
    return open_parts


def return_report(
    session: Session, actor: Actor, inspection_id: UUID, command: Said
) -> InspectionView:
    """Send a report back to be written again; by another person than its writer."""
    row, after = _reviewing(session, actor, inspection_id, InspectionEvent.RETURN)
    row.state, row.return_reason = after, command.note
    row.drawn_fen = row.proved_fen = None
    return _done(session, actor, row, InspectionEvent.RETURN, reason=command.note)


def review_report(
    session: Session, actor: Actor, inspection_id: UUID, command: Said
) -> InspectionView:
    """Confirm a report that another person wrote: it is sealed and never changes again.

    Printing follows outside of the transaction (`issue_report`).
    """
    row, after = _reviewing(session, actor, inspection_id, InspectionEvent.REVIEW)
    row.reviewed_on = lending_day(session, row.bank_id)
    row.reviewed_by, row.reviewed_at = actor.person_id, now(session)
    row.state, row.review_note = after, command.note
    row.sealed_sha256 = seal_of(row, file_rows(session, row.id))
    return _done(session, actor, row, InspectionEvent.REVIEW, sha256=row.sealed_sha256)


def drop_inspection(
    session: Session, actor: Actor, inspection_id: UUID, command: Said
) -> InspectionView:
    """Drop a special check that nobody began."""
    row, after = _begin(session, actor, inspection_id, InspectionEvent.DROP)
    row.dropped_on = lending_day(session, row.bank_id)
    row.state, row.drop_reason = after, command.note
    return _done(session, actor, row, InspectionEvent.DROP, reason=command.note)


def add_file(
    session: Session, actor: Actor, inspection_id: UUID, command: AddFile
) -> InspectionView:
    """Store a photo or a paper with a report that is being written."""
    actor.require(Permission.INSPECT_LOANS)
    row = _writing(session, actor, inspection_id)
    _require_amount(command)
    if len(file_rows(session, row.id)) >= MAX_FILES:
        raise InvalidInput.at("/file", N_("A check has at most %(limit)s files."), limit=MAX_FILES)
    document = upload_document(session, actor, command.file)
    added = InspectionFile(
        inspection_id=row.id,
        loan_id=row.loan_id,
        document_id=document.id,
        purpose=command.purpose,
        amount_fen=command.amount_fen,
        payee=command.payee,
        note=command.note,
        person_id=actor.person_id,
        created_at=now(session),
    )
    session.add(added)
    facts = {"purpose": command.purpose, "sha256": document.sha256}
    return _done(session, actor, row, "file", **facts, amount_fen=command.amount_fen)


def _require_amount(command: AddFile) -> None:
    proof = command.purpose is FilePurpose.USE_OF_FUNDS
    if proof and command.amount_fen is None:
        raise InvalidInput.at("/amount_yuan", N_("Enter the amount that the paper proves."))
    if not proof and command.amount_fen is not None:
        raise InvalidInput.at("/amount_yuan", N_("Only a proof of the use of funds has an amount."))


def withdraw_file(
    session: Session, actor: Actor, inspection_id: UUID, file_id: UUID, command: Said
) -> InspectionView:
    """Take a file out of a report that is being written; it stays on record with the reason."""
    actor.require(Permission.INSPECT_LOANS)
    row = _writing(session, actor, inspection_id)
    file = session.get(InspectionFile, file_id)
    if file is None or file.inspection_id != row.id:
        raise NotFound
    if file.withdrawn_at is not None:
        raise FileWithdrawn
    file.withdrawn_at, file.withdrawn_reason = now(session), command.note
    session.add(file)
    return _done(session, actor, row, "withdraw-file", file=file.id, reason=command.note)


def _writing(session: Session, actor: Actor, inspection_id: UUID) -> Inspection:
    row = find_inspection(session, actor, inspection_id)
    if row.state is not InspectionState.DRAFT:
        raise FilesClosed(number=row.number)
    return row


def file_content(
    session: Session, actor: Actor, inspection_id: UUID, file_id: UUID
) -> tuple[Document, bytes]:
    """A file of a check in sight, also one that was withdrawn."""
    row = find_inspection(session, actor, inspection_id)
    file = session.get(InspectionFile, file_id)
    if file is None or file.inspection_id != row.id:
        raise NotFound
    document = session.get_one(Document, file.document_id)
    return document, document_content(session, document)


def report_content(session: Session, actor: Actor, inspection_id: UUID) -> tuple[str, bytes]:
    """Name and bytes of the printed report; `NotFound` before it is reviewed."""
    row = find_inspection(session, actor, inspection_id)
    if row.state is not InspectionState.REVIEWED:
        raise NotFound
    if row.document_id is None:
        raise ReportNotReady(retry_after=5)
    issued = session.get_one(IssuedDocument, row.document_id)
    return f"{row.number}.pdf", document_content(session, issued)


def _begin(
    session: Session, actor: Actor, inspection_id: UUID, event: InspectionEvent
) -> tuple[Inspection, InspectionState]:
    """A check in sight, and the state to which the event takes it."""
    row = find_inspection(session, actor, inspection_id)
    machine = machine_for(row.kind)
    actor.require(INSPECTION.permissions[event])
    return row, machine.next(row.state, event)


def _reviewing(
    session: Session, actor: Actor, inspection_id: UUID, event: InspectionEvent
) -> tuple[Inspection, InspectionState]:
    row, after = _begin(session, actor, inspection_id, event)
    writers = writers_of(session, [row])[row.id]
    if actor.person_id in writers:
        raise DutiesApart
    return row, after


def _done(
    session: Session, actor: Actor, row: Inspection, step: str, **facts: object
) -> InspectionView:
    session.add(row)
    # Also what hangs on a check moves its version: who saw less works on an older one.
    flag_modified(row, "state")
    session.flush()
    record(
        session,
        actor,
        f"inspection.{step}",
        subject_kind="inspection",
        subject_id=row.id,
        organisation_id=row.bank_id,
        number=row.number,
        loan=row.loan_id,
        state=row.state,
        **facts,
    )
    return whole_view(session, actor, row)
