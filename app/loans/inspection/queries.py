"""Lists and read models of post-loan checks; `visible_inspections` is the only way to rows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.models import AuditEvent
from app.documents.models import Document
from app.identity.models import Organisation
from app.kernel.actor import Actor, Name
from app.kernel.errors import NotFound
from app.loans.books import lending_day
from app.loans.domain.classification import LoanClass
from app.loans.domain.inspection import (
    OPEN_INSPECTIONS,
    Answer,
    CheckItem,
    Conclusion,
    FilePurpose,
    Finding,
    InspectionEvent,
    InspectionKind,
    InspectionState,
    UseOfFunds,
    checklist,
    machine_for,
)
from app.loans.domain.states import Security
from app.loans.inspection.models import Inspection, InspectionFile
from app.loans.loan_officers import names_of_people
from app.loans.models import Loan, LoanNote
from app.loans.queries import region_prefix
from app.loans.titles import loan_title

MAX_FILES: Final = 60
"""Files of one check: a photo of each parcel and the papers of every payee."""

MAX_LOAN_INSPECTIONS: Final = 400
"""Checks of one loan: monthly for thirty years."""

_UNKNOWN: Final = Name(zh="", en="")


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionFilter:
    """What a list of checks is narrowed to; late: due before today and not carried out."""

    state: InspectionState | None = None
    kind: InspectionKind | None = None
    number: str = ""
    loan_id: UUID | None = None
    late: bool = False
    mine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """A photo or a proof, and whether it was withdrawn."""

    id: UUID
    document_id: UUID
    purpose: FilePurpose
    amount_fen: int | None
    payee: str
    note: str
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    person: Name
    created_at: datetime
    withdrawn_at: datetime | None
    withdrawn_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionView:
    """A check and its report; `use` are the figures of the day until the report is submitted, then the report's."""

    id: UUID
    number: str
    state: InspectionState
    events: tuple[str, ...]
    version: int
    created_at: datetime
    loan_id: UUID
    loan_number: str
    loan_title: Name
    borrower_name: Name
    bank_id: UUID
    kind: InspectionKind
    due_on: date
    planned_on: date
    officer_id: UUID | None
    officer_name: Name
    loan_class: LoanClass | None
    security: Security | None
    months: int | None
    reason: str
    replaces_id: UUID | None
    dropped_on: date | None
    drop_reason: str
    checked_on: date | None
    place: str
    present: str
    findings: tuple[Finding, ...]
    conclusion: Conclusion | None
    summary: str
    next_step: str
    inspector_name: Name
    submitted_by: UUID | None
    submitted_name: Name
    submitted_at: datetime | None
    submitted_on: date | None
    drawn_fen: int | None
    proved_fen: int | None
    return_reason: str
    reviewed_name: Name
    reviewed_on: date | None
    review_note: str
    document_id: UUID | None
    sealed_sha256: str
    files: tuple[FileView, ...] = ()

    @property
    def use(self) -> UseOfFunds | None:
        """Proofs beside what was drawn."""
        if self.drawn_fen is None or self.proved_fen is None:
            return None
        return UseOfFunds(drawn_fen=self.drawn_fen, proved_fen=self.proved_fen)

    @property
    def points(self) -> tuple[CheckItem, ...]:
        """The points that a report still to be written is asked for; none once it is submitted."""
        if self.state not in (InspectionState.PLANNED, InspectionState.DRAFT):
            return ()
        return tuple(item for item in checklist() if item.applies_to(self.security))

    @property
    def standing_files(self) -> tuple[FileView, ...]:
        """The files that were not withdrawn."""
        return tuple(each for each in self.files if each.withdrawn_at is None)

    def is_late(self, day: date) -> bool:
        """Whether its day has passed and it was not carried out."""
        return self.state in {InspectionState.PLANNED, InspectionState.DRAFT} and self.due_on < day


def in_sight(actor: Actor, bank: Any, loan: Any) -> sa.ColumnElement[bool]:
    """The rows of checks and signals that an actor sees, by the columns of bank and loan."""
    if actor.sees("*") == "all":
        return sa.true()
    rule = actor.sees("inspection")
    if rule == "own":
        return bank == actor.organisation_id  # type: ignore[no-any-return]
    if rule == "region":
        prefix = region_prefix(actor.region_code)
        within = sa.select(col(Loan.id)).where(
            col(Loan.region_code).startswith(prefix, autoescape=True)
        )
        return loan.in_(within)  # type: ignore[no-any-return]
    return sa.false()


def visible_inspections(actor: Actor) -> sa.Select[Any]:
    """The checks in the actor's sight."""
    return sa.select(Inspection).where(
        in_sight(actor, col(Inspection.bank_id), col(Inspection.loan_id))
    )


def find_inspection(session: Session, actor: Actor, inspection_id: UUID) -> Inspection:
    """A check in sight; `NotFound` otherwise."""
    statement = visible_inspections(actor).where(col(Inspection.id) == inspection_id)
    row: Inspection | None = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


def list_inspections(session: Session, actor: Actor, wanted: InspectionFilter) -> sa.Select[Any]:
    """The rows of a list of checks, what still wants work first; give them to `inspection_views`."""
    statement = visible_inspections(actor)
    for column, value in (
        (Inspection.state, wanted.state),
        (Inspection.kind, wanted.kind),
        (Inspection.number, wanted.number or None),
        (Inspection.loan_id, wanted.loan_id),
    ):
        if value is not None:
            statement = statement.where(col(column) == value)
    if wanted.late:
        day = lending_day(session, actor.organisation_id)
        statement = statement.where(late_on(day))
    if wanted.mine:
        statement = statement.where(col(Inspection.officer_id) == actor.person_id)
    done = sa.case((col(Inspection.state).in_(OPEN_INSPECTIONS), 0), else_=1)
    return statement.order_by(done, col(Inspection.due_on), col(Inspection.number))


def late_on(day: date) -> sa.ColumnElement[bool]:
    """Checks whose day lies before a day and that were not carried out."""
    waiting = (InspectionState.PLANNED, InspectionState.DRAFT)
    return sa.and_(col(Inspection.state).in_(waiting), col(Inspection.due_on) < day)


def inspections_of_loan(
    session: Session, actor: Actor, loan_id: UUID
) -> tuple[InspectionView, ...]:
    """The checks of a loan in sight, the latest day first; what was brought forward shows once."""
    statement = (
        visible_inspections(actor)
        .where(col(Inspection.loan_id) == loan_id, col(Inspection.state) != InspectionState.DROPPED)
        .order_by(col(Inspection.due_on).desc(), col(Inspection.number).desc())
        .limit(MAX_LOAN_INSPECTIONS)
    )
    return inspection_views(session, actor, session.execute(statement).scalars().all())


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanWords:
    """How lists name a loan."""

    number: str
    title: Name
    borrower: Name


def words_of_loans(session: Session, ids: Collection[UUID]) -> Mapping[UUID, LoanWords]:
    """Number, title and borrower of some loans."""
    if not ids:
        return {}
    statement = (
        sa.select(Loan, Organisation)
        .outerjoin(Organisation, col(Organisation.id) == col(Loan.borrower_id))
        .where(col(Loan.id).in_(ids))
    )
    return {
        loan.id: LoanWords(
            number=loan.number,
            title=loan_title(loan.title),
            borrower=Name(zh=firm.name_zh, en=firm.name_en)
            if firm
            else Name(zh=loan.borrower_name, en=loan.borrower_name),
        )
        for loan, firm in session.execute(statement)
    }


def inspection_view(session: Session, actor: Actor, inspection_id: UUID) -> InspectionView:
    """One check in sight with its files and the use of funds."""
    return whole_view(session, actor, find_inspection(session, actor, inspection_id))


def whole_view(session: Session, actor: Actor, row: Inspection) -> InspectionView:
    """The view of one row with files; until it is submitted, with the figures of the day."""
    (view,) = inspection_views(session, actor, [row])
    whole = replace(view, files=files_of(session, row.id))
    if row.state is not InspectionState.DRAFT:
        return whole
    use = use_of_funds(session, row)
    return replace(whole, drawn_fen=use.drawn_fen, proved_fen=use.proved_fen)


def inspection_views(
    session: Session, actor: Actor, rows: Sequence[Inspection]
) -> tuple[InspectionView, ...]:
    """The views of some rows, without files: a constant number of queries."""
    loans = words_of_loans(session, {row.loan_id for row in rows})
    who = [
        each
        for row in rows
        for each in (row.officer_id, row.inspector_id, row.submitted_by, row.reviewed_by)
    ]
    people = names_of_people(session, who)
    writers = writers_of(session, rows)
    return tuple(
        replace(_view(row, loans[row.loan_id], people), events=_events(row, actor, writers[row.id]))
        for row in rows
    )


_WORKED_OUT: Final = {
    "events",
    "loan_number",
    "loan_title",
    "borrower_name",
    "officer_name",
    "findings",
    "inspector_name",
    "submitted_name",
    "reviewed_name",
    "files",
}
_COPIED: Final = tuple(
    name for name in InspectionView.__dataclass_fields__ if name not in _WORKED_OUT
)


def _view(row: Inspection, loan: LoanWords, people: Mapping[UUID, Name]) -> InspectionView:
    def name(person_id: UUID | None) -> Name:
        return people.get(person_id, _UNKNOWN) if person_id else _UNKNOWN

    return InspectionView(
        events=(),
        loan_number=loan.number,
        loan_title=loan.title,
        borrower_name=loan.borrower,
        officer_name=name(row.officer_id),
        findings=findings_of(row),
        inspector_name=name(row.inspector_id),
        submitted_name=name(row.submitted_by),
        reviewed_name=name(row.reviewed_by),
        **{key: getattr(row, key) for key in _COPIED},
    )


def writers_of(session: Session, rows: Sequence[Inspection]) -> Mapping[UUID, set[UUID]]:
    """Who has a part in each of some reports that wait for their review.

    Who recorded findings since it was last returned, by the journal, as each draft replaces the one
    before; who handed it in; and who added a file that stands.
    """
    found: dict[UUID, set[UUID]] = {row.id: set() for row in rows}
    waiting = [row for row in rows if row.state is InspectionState.SUBMITTED]
    if not waiting:
        return found
    for inspection_id, action, person_id in session.execute(_written(waiting)):
        people = found[UUID(inspection_id)]
        if action == _RETURNED:
            people.clear()
        else:
            people.add(person_id)
    files = sa.select(col(InspectionFile.inspection_id), col(InspectionFile.person_id)).where(
        col(InspectionFile.inspection_id).in_([row.id for row in waiting]),
        col(InspectionFile.withdrawn_at).is_(None),
    )
    for inspection_id, person_id in session.execute(files):
        found[inspection_id].add(person_id)
    for row in waiting:
        found[row.id] |= {each for each in (row.inspector_id, row.submitted_by) if each}
    return found


_RECORDED: Final = f"inspection.{InspectionEvent.RECORD}"
_RETURNED: Final = f"inspection.{InspectionEvent.RETURN}"


def _written(rows: Sequence[Inspection]) -> sa.Select[Any]:
    """Findings recorded and reports returned, in the order of the journal."""
    statement: Any = (
        sa.select(col(AuditEvent.subject_id), col(AuditEvent.action), col(AuditEvent.person_id))
        .where(
            col(AuditEvent.subject_kind) == "inspection",
            col(AuditEvent.subject_id).in_([str(row.id) for row in rows]),
            col(AuditEvent.action).in_((_RECORDED, _RETURNED)),
        )
        .order_by(col(AuditEvent.seq))
    )
    return statement  # type: ignore[no-any-return]


def _events(row: Inspection, actor: Actor, writers: Collection[UUID]) -> tuple[str, ...]:
    """The legal steps of the actor; nobody reviews a report in which they have a part."""
    own = {InspectionEvent.REVIEW, InspectionEvent.RETURN}
    return tuple(
        event
        for event in machine_for(row.kind).events_for(row.state, actor)
        if not (event in own and actor.person_id in writers)
    )


def findings_of(row: Inspection) -> tuple[Finding, ...]:
    """The stored answers of a report."""
    return tuple(
        Finding(item=each["item"], answer=Answer(each["answer"]), note=each["note"])
        for each in row.findings or ()
    )


def files_of(session: Session, inspection_id: UUID) -> tuple[FileView, ...]:
    """The files of a check in the order in which they were added."""
    statement = (
        sa.select(InspectionFile, Document)
        .join(Document, col(Document.id) == col(InspectionFile.document_id))
        .where(col(InspectionFile.inspection_id) == inspection_id)
        .order_by(col(InspectionFile.created_at), col(InspectionFile.id))
    )
    rows = session.execute(statement).all()
    people = names_of_people(session, [row.person_id for row, _document in rows])
    return tuple(
        FileView(
            **{key: getattr(row, key) for key in _OF_FILE},
            name=document.name,
            media_type=document.media_type,
            size_bytes=document.size_bytes,
            sha256=document.sha256,
            person=people.get(row.person_id, _UNKNOWN),
        )
        for row, document in rows
    )


_OF_FILE: Final = (
    "id",
    "document_id",
    "purpose",
    "amount_fen",
    "payee",
    "note",
    "created_at",
    "withdrawn_at",
    "withdrawn_reason",
)


def file_rows(session: Session, inspection_id: UUID) -> Sequence[InspectionFile]:
    """The rows of the files of a check, those withdrawn too."""
    statement = sa.select(InspectionFile).where(col(InspectionFile.inspection_id) == inspection_id)
    return session.execute(statement).scalars().all()


def use_of_funds(session: Session, row: Inspection) -> UseOfFunds:
    """Drawn by the day of the check, and proofs of this report and of those reviewed before."""
    drawn = sa.select(sa.func.coalesce(sa.func.sum(LoanNote.amount_fen), 0)).where(
        col(LoanNote.loan_id) == row.loan_id
    )
    if row.checked_on is not None:
        drawn = drawn.where(col(LoanNote.drawn_on) <= row.checked_on)
    reviewed = sa.select(col(Inspection.id)).where(
        col(Inspection.loan_id) == row.loan_id, col(Inspection.state) == InspectionState.REVIEWED
    )
    if row.submitted_at is not None and row.state in {
        InspectionState.SUBMITTED,
        InspectionState.REVIEWED,
    }:
        reviewed = reviewed.where(col(Inspection.reviewed_at) <= row.submitted_at)
    proved = sa.select(sa.func.coalesce(sa.func.sum(InspectionFile.amount_fen), 0)).where(
        col(InspectionFile.withdrawn_at).is_(None),
        sa.or_(
            col(InspectionFile.inspection_id) == row.id,
            col(InspectionFile.inspection_id).in_(reviewed),
        ),
    )
    return UseOfFunds(
        drawn_fen=int(session.execute(drawn).scalar_one()),
        proved_fen=int(session.execute(proved).scalar_one()),
    )
