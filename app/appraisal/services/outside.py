"""Filing the report that an agency made outside of the platform, beside the model's value."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from app.appraisal.domain import APPRAISAL, AppraisalKind, AppraisalState
from app.appraisal.domain.findings import named
from app.appraisal.domain.kinds import (
    OUTSIDE_DIFFERENCE,
    OUTSIDE_DIFFERS,
    OutsideReport,
    outside_findings,
)
from app.appraisal.models import Appraisal
from app.appraisal.services.orders import load_appraisal, own_appraisal, say
from app.appraisal.services.views import AppraisalView, appraisal_view
from app.db.engine import today
from app.documents.models import Document
from app.documents.services import UploadFile, document_content, upload_document
from app.kernel.actor import Actor
from app.kernel.errors import InvalidInput, NotFound
from app.kernel.permissions import Permission
from app.kernel.text import N_, Coded
from app.reference.services import policy_for

PDF: Final = "application/pdf"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOutsideReport:
    """What the agency's own report says, and the file."""

    report: OutsideReport
    file: UploadFile


def file_outside_report(
    session: Session, actor: Actor, appraisal_id: UUID, command: FileOutsideReport
) -> AppraisalView:
    """Keep the agency's own report with the appraisal it prepares; filed again, the last one counts.

    Refuses another state than in preparation, internal appraisals, a day to come, and files that
    are no PDF.
    """
    row = own_appraisal(session, actor, appraisal_id)
    actor.require(Permission.PREPARE_APPRAISAL)
    if row.state is not AppraisalState.PREPARING or row.kind is not AppraisalKind.EXTERNAL:
        raise APPRAISAL.refusal(row.state, Coded("file-report", N_("File the agency's report")))
    if command.report.reported_on > today(session):
        raise InvalidInput.at("/reported_on", N_("This day has not come yet."))
    first, second = command.report.signers
    if first.qualification == second.qualification:
        raise InvalidInput.at(
            "/second_qualification", N_("Two different appraisers sign a report.")
        )
    document = upload_document(session, actor, command.file)
    if document.media_type != PDF:
        raise InvalidInput.at("/file", N_("Send the signed report as PDF."))
    row.outside = command.report.as_json(file_name=document.name, sha256=document.sha256)
    row.outside_document_id = document.id
    if row.result and row.value_fen is not None:
        row.result = _found_again(session, row, row.result, row.value_fen)
    session.add(row)
    session.flush()
    say(session, actor, "appraisal.outside-report", row, sha256=document.sha256)
    return appraisal_view(session, actor, row)


def _found_again(
    session: Session, row: Appraisal, result: dict[str, Any], value_fen: int
) -> dict[str, Any]:
    others = [each for each in result["findings"] if each["code"] != OUTSIDE_DIFFERS]
    return {**result, "findings": named([*others, *against_outside(session, row, value_fen)])}


def against_outside(session: Session, row: Appraisal, value_fen: int) -> list[dict[str, Any]]:
    """What the filed report makes the appraiser explain beside the model's value."""
    limit = policy_for(session, row.bank_id, today(session)).ratio(OUTSIDE_DIFFERENCE)
    return outside_findings(row.outside, value_fen, limit)


def outside_content(session: Session, actor: Actor, appraisal_id: UUID) -> tuple[str, bytes]:
    """Name and bytes of the agency's own report; NotFound when none is filed."""
    actor.require(Permission.READ_APPRAISALS)
    row = load_appraisal(session, actor, appraisal_id)
    document = None
    if row.outside_document_id is not None:
        document = session.get(Document, row.outside_document_id)
    if document is None:
        raise NotFound
    return document.name, document_content(session, document)
