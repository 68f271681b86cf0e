"""The report of a check as a document: printed once it is reviewed, outside of any writing transaction.

The document bears the number of the check. The review seals the content; once the report is printed
the seal covers the document too.
"""

from collections.abc import Sequence
from dataclasses import replace
from threading import Event
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal.services.reporting import INVENTED
from app.db.engine import Database
from app.documents.files import check_address, store_of
from app.documents.pdf import Words
from app.documents.pdf_pictures import PRINTABLE_TYPES, printable_jpeg
from app.documents.printing import PrintRun, print_each
from app.documents.services import DocumentIdentity, IssueDocument, issue_document, new_code
from app.documents.store import DamagedFile, FileStore, UnknownFile
from app.identity.models import Organisation
from app.kernel.actor import Actor, Name
from app.loans.domain.inspection import (
    FilePurpose,
    InspectionState,
    UseOfFunds,
    checklist,
    name_in,
)
from app.loans.inspection.models import Inspection
from app.loans.inspection.pdf import (
    EvidenceLine,
    FindingLine,
    PhotoLine,
    ReportView,
    inspection_report,
)
from app.loans.inspection.queries import FileView, InspectionView, file_rows, whole_view
from app.loans.inspection.seal import seal_of
from app.loans.models import Loan

KIND: Final = "inspection-report"

MAX_PHOTOS: Final = 12
"""Photographs printed in one report; the list of evidence names all of them."""


def issue_report(database: Database, actor: Actor, inspection_id: UUID) -> UUID | None:
    """Print the report of a reviewed check, keep its bytes and open its public check, once.

    Gives the issued document; None when there is nothing to print, or its content is not the reviewed one.
    """
    with database.read() as session:
        row = session.get(Inspection, inspection_id)
        if row is None or row.document_id is not None:
            return None if row is None else row.document_id
        if not _is_as_reviewed(session, row):
            return None
        view = whole_view(session, actor, row)
        printed, store = _printed(session, view, new_code()), store_of(session)
    content = inspection_report(_with_photos(store, printed, view.standing_files))
    with database.write() as session:
        return _keep_report(session, actor, inspection_id, printed, content)


def issue_missing_reports(
    database: Database, actor: Actor, *, stop: Event | None = None
) -> PrintRun:
    """Print every report that was reviewed and is not there yet, until the wish to stop."""
    with database.read() as session:
        missing = [(row.id, row.number) for row in session.execute(without_report())]
    return print_each(missing, lambda each: issue_report(database, actor, each), stop=stop)


def without_report() -> sa.Select[UUID, str]:
    """Ids and numbers of checks that were reviewed and whose report is not printed yet, oldest first."""
    return (
        sa.select(col(Inspection.id), col(Inspection.number))
        .where(
            col(Inspection.state) == InspectionState.REVIEWED, col(Inspection.document_id).is_(None)
        )
        .order_by(col(Inspection.id))
    )


def _is_as_reviewed(session: Session, row: Inspection) -> bool:
    return row.state is InspectionState.REVIEWED and row.sealed_sha256 == seal_of(
        row, file_rows(session, row.id)
    )


def _keep_report(
    session: Session, actor: Actor, inspection_id: UUID, printed: ReportView, content: bytes
) -> UUID | None:
    row = session.get_one(Inspection, inspection_id, with_for_update=True)
    if row.document_id is not None or not _is_as_reviewed(session, row):
        return row.document_id
    issued = issue_document(
        session,
        actor,
        IssueDocument(
            identity=DocumentIdentity(number=printed.number, code=printed.digest_text),
            kind=KIND,
            title=Name(zh="贷后检查报告", en="Report of a post-loan check"),
            issued_on=printed.issued_on,
            subject_kind="inspection",
            subject_id=row.id,
            content=content,
            issuer_id=row.bank_id,
            issuer=Name(zh=printed.bank.zh, en=printed.bank.en),
        ),
    )
    # Not an edit of the check: its version stays, so that the reviewer's page is not out of date.
    statement = (
        sa.update(Inspection)
        .where(col(Inspection.id) == row.id)
        .values(
            document_id=issued.id,
            sealed_sha256=seal_of(row, file_rows(session, row.id), document_id=issued.id),
        )
        .execution_options(synchronize_session=False)
    )
    session.execute(statement)
    return issued.id


def _printed(session: Session, view: InspectionView, code: str) -> ReportView:
    bank = session.get_one(Organisation, view.bank_id)
    loan = session.get_one(Loan, view.loan_id)
    use = view.use or UseOfFunds(drawn_fen=0, proved_fen=0)
    issued_on = view.reviewed_on or view.due_on
    return ReportView(
        number=view.number,
        issued_on=issued_on,
        check_url=check_address(code),
        digest_text=code,
        bank=Words(zh=bank.name_zh, en=bank.name_en),
        borrower=_words(view.borrower_name),
        loan_number=view.loan_number,
        loan_title=_words(view.loan_title),
        kind=_words(name_in("kinds", view.kind.value)),
        reason=view.reason,
        due_on=view.due_on,
        checked_on=view.checked_on or view.due_on,
        place=view.place,
        present=view.present,
        findings=_findings(view),
        drawn_fen=use.drawn_fen,
        proved_fen=use.proved_fen,
        open_fen=use.open_fen,
        over_fen=use.over_fen,
        evidence=_evidence(view),
        conclusion=_words(name_in("conclusions", view.conclusion.value))
        if view.conclusion
        else Words(zh="", en=""),
        summary=view.summary,
        next_step=view.next_step,
        inspector=view.submitted_name.zh,
        reviewer=view.reviewed_name.zh,
        submitted_on=view.submitted_on,
        review_note=view.review_note,
        notice=INVENTED if loan.synthetic else None,
    )


def _words(name: Name) -> Words:
    return Words(zh=name.zh, en=name.en if name.en != name.zh else "")


def _findings(view: InspectionView) -> list[FindingLine]:
    names = {item.code: item.name for item in checklist()}
    return [
        FindingLine(
            item=_words(names[each.item]),
            answer=_words(name_in("answers", each.answer.value)),
            note=each.note,
        )
        for each in view.findings
    ]


def _evidence(view: InspectionView) -> list[EvidenceLine]:
    return [
        EvidenceLine(
            purpose=_words(name_in("purposes", each.purpose.value)),
            name=each.name,
            amount_fen=each.amount_fen,
            payee=each.payee,
            note=each.note,
            sha256=each.sha256,
        )
        for each in view.standing_files
    ]


def _with_photos(store: FileStore, view: ReportView, files: Sequence[FileView]) -> ReportView:
    """The report with the first photographs of the check, each read and scaled by itself."""
    photos = [each for each in files if each.purpose is FilePurpose.PHOTO]
    return replace(
        view,
        photos=[
            PhotoLine(name=each.name, note=each.note, jpeg=_jpeg_of(store, each))
            for each in photos[:MAX_PHOTOS]
        ],
        photos_left_out=len(photos[MAX_PHOTOS:]),
    )


def _jpeg_of(store: FileStore, file: FileView) -> bytes | None:
    """None of a file that is no picture, is damaged, or is missing: the report says so."""
    if file.media_type not in PRINTABLE_TYPES:
        return None
    try:
        return printable_jpeg(store.get(file.sha256))
    except (UnknownFile, DamagedFile):
        return None
