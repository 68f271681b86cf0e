"""What `verify` asks of post-loan checks and warning signals."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.models import AuditEvent
from app.db.invariants import Violation
from app.documents.models import Document
from app.loans.domain.causes import CauseNote
from app.loans.domain.inspection import (
    Conclusion,
    InspectionKind,
    InspectionState,
    concluded_too_well,
    gaps,
)
from app.loans.domain.signals import (
    RAISE,
    SIGNAL,
    SignalEvent,
    SignalState,
    levels,
    signal_kinds,
    sources,
)
from app.loans.domain.states import LoanState
from app.loans.inspection.invariants_causes import cause_violations
from app.loans.inspection.models import (
    Inspection,
    InspectionFile,
    SignalAct,
    SignalMeasure,
    WarningSignal,
)
from app.loans.inspection.planning import plan_digest, terms_digest
from app.loans.inspection.queries import findings_of
from app.loans.inspection.seal import seal_of
from app.loans.models import Loan, LoanNote

_REPORTS = (InspectionState.SUBMITTED, InspectionState.REVIEWED)


def inspection_violations(session: Session) -> Iterator[Violation]:
    """Each broken invariant of checks, their files and plans, and of signals."""
    files = _files(session)
    yield from _reports(session, files)
    yield from _plans(session)
    yield from _ordered(session)
    yield from _loans(session)
    yield from _strange_files(session)
    yield from _amounts(session)
    yield from _signals(session)
    yield from cause_violations(session)


def _files(session: Session) -> dict[UUID, list[InspectionFile]]:
    found: dict[UUID, list[InspectionFile]] = defaultdict(list)
    for row in session.execute(sa.select(InspectionFile)).scalars():
        found[row.inspection_id].append(row)
    return found


def _reports(session: Session, files: dict[UUID, list[InspectionFile]]) -> Iterator[Violation]:
    """A submitted report is whole, its figures follow from its rows, and a reviewed one bears its seal."""
    statement = (
        sa.select(Inspection)
        .where(col(Inspection.state).in_(_REPORTS))
        .order_by(col(Inspection.loan_id), col(Inspection.number))
    )
    reports: dict[UUID, list[Inspection]] = defaultdict(list)
    for row in session.execute(statement).scalars():
        reports[row.loan_id].append(row)
    drawn = _drawn(session)
    for loan_id, rows in reports.items():
        for row in rows:
            yield from _report(row, files[row.id])
            days = drawn.get(loan_id, [])
            yield from _funds(row, rows, files, days)


def _drawn(session: Session) -> dict[UUID, list[tuple[Any, int]]]:
    found: dict[UUID, list[tuple[Any, int]]] = defaultdict(list)
    noted = sa.select(col(Inspection.loan_id))
    statement = sa.select(
        col(LoanNote.loan_id), col(LoanNote.drawn_on), col(LoanNote.amount_fen)
    ).where(col(LoanNote.loan_id).in_(noted))
    for loan_id, on, amount in session.execute(statement):
        found[loan_id].append((on, amount))
    return found


def _report(row: Inspection, files: list[InspectionFile]) -> Iterator[Violation]:
    subject = f"inspection {row.number}"
    findings = findings_of(row)
    conclusion = row.conclusion if isinstance(row.conclusion, Conclusion) else None
    if gaps(findings, row.security) or concluded_too_well(findings, conclusion):
        detail = "a submitted report leaves points open or concludes too well"
        yield Violation(invariant="inspection-complete", subject=subject, detail=detail)
    if row.state is InspectionState.REVIEWED and seal_of(row, files) != row.sealed_sha256:
        detail = "the content differs from what was reviewed"
        yield Violation(invariant="inspection-sealed", subject=subject, detail=detail)


def _funds(
    row: Inspection,
    rows: list[Inspection],
    files: dict[UUID, list[InspectionFile]],
    drawn: list[tuple[Any, int]],
) -> Iterator[Violation]:
    """Drawn by the day of the check; proofs of this report, and of those reviewed until it was submitted."""
    subject = f"inspection {row.number}"
    paid = sum(amount for on, amount in drawn if row.checked_on and on <= row.checked_on)
    if row.drawn_fen != paid:
        detail = f"drawn {row.drawn_fen} fen stated, {paid} by the notes"
        yield Violation(invariant="inspection-drawn", subject=subject, detail=detail)
    own = _proved(files[row.id])
    low = high = own
    for other in rows:
        if other.id == row.id or other.reviewed_at is None or row.submitted_at is None:
            continue
        high += _proved(files[other.id]) if other.reviewed_at <= row.submitted_at else 0
        low += _proved(files[other.id]) if other.reviewed_at < row.submitted_at else 0
    if row.proved_fen is None or not low <= row.proved_fen <= high:
        detail = f"proofs of {row.proved_fen} fen stated, {high} by the files"
        yield Violation(invariant="inspection-proofs", subject=subject, detail=detail)


def _proved(files: list[InspectionFile]) -> int:
    return sum(each.amount_fen or 0 for each in files if each.withdrawn_at is None)


def _plans(session: Session) -> Iterator[Violation]:
    """What a pass of the plan wrote is what the journal says it wrote."""
    statement = sa.select(AuditEvent).where(col(AuditEvent.action) == "inspection.plan")
    for event in session.execute(statement).scalars():
        facts = event.facts
        rows = session.execute(
            sa.select(
                col(Inspection.number),
                col(Inspection.loan_id),
                col(Inspection.kind),
                col(Inspection.due_on),
                col(Inspection.loan_class),
                col(Inspection.security),
                col(Inspection.months),
            )
            .where(col(Inspection.number).between(facts["first"], facts["last"]))
            .order_by(col(Inspection.number))
        ).all()
        subject = f"inspections {facts['first']} to {facts['last']}"
        if plan_digest((row[0], row[1], row[2], row[3]) for row in rows) != facts["sha256"]:
            detail = "the checks differ from those that the journal says were planned"
            yield Violation(invariant="inspection-plan", subject=subject, detail=detail)
        # An event of earlier versions says nothing of what its days were planned by.
        terms = facts.get("terms_sha256")
        if terms and terms_digest((row[0], row[4], row[5], row[6]) for row in rows) != terms:
            detail = "the class, security or months that they were planned by were changed"
            yield Violation(invariant="inspection-plan", subject=subject, detail=detail)


def _ordered(session: Session) -> Iterator[Violation]:
    """A special check bears the class that the loan had when it was ordered."""
    events = sa.select(AuditEvent).where(col(AuditEvent.action) == "inspection.order")
    ordered = {event.subject_id: event.facts for event in session.execute(events).scalars()}
    statement = sa.select(
        col(Inspection.id), col(Inspection.number), col(Inspection.loan_class)
    ).where(col(Inspection.kind) == InspectionKind.SPECIAL)
    for inspection_id, number, loan_class in session.execute(statement):
        found = loan_class.value if loan_class else None
        # An event of earlier versions says nothing of the class.
        said = ordered.get(str(inspection_id), {}).get("loan_class", found)
        if said != found:
            detail = f"class is {found}, it was ordered with {said}"
            yield Violation(
                invariant="inspection-plan", subject=f"inspection {number}", detail=detail
            )


def _loans(session: Session) -> Iterator[Violation]:
    """Checks and signals are of a loan of their bank that was signed here."""
    for model, name in ((Inspection, "inspection"), (WarningSignal, "warning signal")):
        table: Any = model
        statement = (
            sa.select(col(table.number))
            .join(Loan, col(Loan.id) == col(table.loan_id))
            .where(
                sa.or_(
                    col(Loan.bank_id) != col(table.bank_id),
                    col(Loan.state) == LoanState.MIRRORED,
                )
            )
        )
        for number in session.execute(statement).scalars():
            yield Violation(
                invariant="inspection-of-own-loan",
                subject=f"{name} {number}",
                detail="its loan belongs to another bank, or is kept elsewhere",
            )


def _strange_files(session: Session) -> Iterator[Violation]:
    """A file of a check was uploaded by the bank of the check, and belongs to the loan of the check."""
    statement = (
        sa.select(col(Inspection.number))
        .join(InspectionFile, col(InspectionFile.inspection_id) == col(Inspection.id))
        .join(Document, col(Document.id) == col(InspectionFile.document_id))
        .where(
            sa.or_(
                col(Document.organisation_id) != col(Inspection.bank_id),
                col(InspectionFile.loan_id) != col(Inspection.loan_id),
            )
        )
    )
    for number in session.execute(statement).scalars():
        yield Violation(
            invariant="inspection-file",
            subject=f"inspection {number}",
            detail="a file belongs to another bank or loan",
        )


def _amounts(session: Session) -> Iterator[Violation]:
    """A file proves the amount that the journal keeps of its upload, also in a report not yet submitted."""
    events = sa.select(col(AuditEvent.subject_id), col(AuditEvent.facts)).where(
        col(AuditEvent.action) == "inspection.file"
    )
    said = {
        (subject, facts.get("sha256"), facts.get("amount_fen"))
        for subject, facts in session.execute(events)
    }
    statement = (
        sa.select(
            col(Inspection.id),
            col(Inspection.number),
            col(Document.sha256),
            col(InspectionFile.amount_fen),
        )
        .join(InspectionFile, col(InspectionFile.inspection_id) == col(Inspection.id))
        .join(Document, col(Document.id) == col(InspectionFile.document_id))
        .order_by(col(Inspection.number))
    )
    for inspection_id, number, sha256, amount_fen in session.execute(statement):
        if (str(inspection_id), sha256, amount_fen) not in said:
            detail = f"the journal says nothing of a file that proves {amount_fen} fen"
            yield Violation(
                invariant="inspection-file", subject=f"inspection {number}", detail=detail
            )


def _signals(session: Session) -> Iterator[Violation]:
    """The state and the level of a signal follow from its acts; a resolved one has no open measure."""
    acts: dict[UUID, list[SignalAct]] = defaultdict(list)
    for act in session.execute(sa.select(SignalAct).order_by(col(SignalAct.seq))).scalars():
        acts[act.signal_id].append(act)
    left = sa.select(col(SignalMeasure.signal_id)).where(col(SignalMeasure.done_on).is_(None))
    undone = set(session.execute(left).scalars())
    for row in session.execute(sa.select(WarningSignal)).scalars():
        subject = f"warning signal {row.number}"
        if (
            row.level not in levels()
            or row.kind not in signal_kinds()
            or row.source not in sources()
        ):
            detail = "a level, kind or source that the tables do not list"
            yield Violation(invariant="signal-codes", subject=subject, detail=detail)
        if not _follows(row, acts[row.id]):
            detail = "state or level do not follow from what was done"
            yield Violation(invariant="signal-acts", subject=subject, detail=detail)
        if row.state is SignalState.RESOLVED and row.id in undone:
            detail = "resolved while a measure is not completed"
            yield Violation(invariant="signal-measures", subject=subject, detail=detail)


_NOTES = frozenset(each.value for each in CauseNote)
"""What the system adds moves no state."""


def _follows(row: WarningSignal, acts: list[SignalAct]) -> bool:
    if not acts or acts[0].event != RAISE or acts[-1].level != row.level:
        return False
    if [each.seq for each in acts] != list(range(1, len(acts) + 1)):
        return False
    state = SIGNAL.initial
    for act in acts[1:]:
        if act.event in _NOTES:
            continue
        known = {each.value: each for each in SignalEvent}
        state = SIGNAL.table.get((state, known.get(act.event)))
        if state is None:
            return False
    return bool(state == row.state)
