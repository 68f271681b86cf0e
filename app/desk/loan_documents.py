"""All papers of a loan in one list: what was issued, with number and public code, and the files of its application."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.collateral.services.lists import calls_of_loan
from app.documents.models import Document, IssuedDocument
from app.documents.services import document_content
from app.kernel.actor import Actor, Name
from app.kernel.clock import civil_day
from app.kernel.errors import NotFound
from app.kernel.permissions import Permission
from app.loans.domain.states import Kept
from app.loans.queries import LoanView, loan_view
from app.origination.models import ApplicationDocument

MAX_LOAN_DOCUMENTS: Final = 500
"""Papers of a loan: a notice a month for thirty years, and what came before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanDocument:
    """A paper of a loan; files of the application have no number and no code."""

    id: UUID
    title: Name
    kind: str
    number: str
    code: str
    issued_on: date
    sha256: str

    @property
    def issued(self) -> bool:
        """Whether it was made here, so that anybody may check its code."""
        return bool(self.code)


def loan_documents(
    session: Session, actor: Actor, loan_id: UUID, *, limit: int = MAX_LOAN_DOCUMENTS
) -> tuple[LoanDocument, ...]:
    """The papers of a visible loan, the latest first: statements, notices, and the files of its contract."""
    actor.require(Permission.READ_LOANS)
    view = loan_view(session, actor, loan_id)
    if view.kept is Kept.MIRRORED:
        return ()
    found = [*_issued(session, actor, view, limit), *_files(session, actor, view, limit)]
    latest = sorted(found, key=lambda each: (each.issued_on, each.number), reverse=True)
    return tuple(latest[:limit])


def loan_document_content(
    session: Session, actor: Actor, loan_id: UUID, document_id: UUID
) -> tuple[str, str, bytes]:
    """Name, media type and bytes of a paper in the list of a visible loan; `NotFound` otherwise."""
    known = {each.id: each for each in loan_documents(session, actor, loan_id)}
    listed = known.get(document_id)
    if listed is None:
        raise NotFound
    if listed.issued:
        issued = session.get_one(IssuedDocument, document_id)
        return f"{issued.number}.pdf", "application/pdf", document_content(session, issued)
    file = session.get_one(Document, document_id)
    return file.name, file.media_type, document_content(session, file)


def _issued(session: Session, actor: Actor, view: LoanView, limit: int) -> Sequence[LoanDocument]:
    reads_cases = actor.may(Permission.READ_COLLATERAL)
    calls = calls_of_loan(session, actor, view.id) if reads_cases else ()
    statement = (
        sa.select(IssuedDocument)
        .where(col(IssuedDocument.subject_id).in_([view.id, *(call.id for call in calls)]))
        .order_by(col(IssuedDocument.created_at).desc())
        .limit(limit)
    )
    return [
        LoanDocument(
            id=row.id,
            title=Name(zh=row.title_zh, en=row.title_en),
            kind=row.kind,
            number=row.number,
            code=row.code,
            issued_on=row.issued_on,
            sha256=row.sha256,
        )
        for row in session.execute(statement).scalars()
    ]


def _files(session: Session, actor: Actor, view: LoanView, limit: int) -> Sequence[LoanDocument]:
    """Files of the application that led to the contract, for those who read applications."""
    if view.application_id is None or not actor.may(Permission.READ_APPLICATIONS):
        return ()
    statement: Any = (
        sa.select(ApplicationDocument, col(Document.sha256))
        .join(Document, col(Document.id) == col(ApplicationDocument.document_id))
        .where(col(ApplicationDocument.application_id) == view.application_id)
        .order_by(col(ApplicationDocument.added_at).desc())
        .limit(limit)
    )
    return [
        LoanDocument(
            id=row.document_id,
            title=Name(zh=row.title, en=row.title),
            kind="application-file",
            number="",
            code="",
            issued_on=civil_day(row.added_at),
            sha256=sha256,
        )
        for row, sha256 in session.execute(statement)
    ]
