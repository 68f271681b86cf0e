"""Warning signals: raised by a person, handled by measures, resolved, or dismissed by a second person."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import Session, col

from app.audit.services import record
from app.db.engine import now
from app.db.numbers import next_number
from app.documents.models import Document
from app.documents.services import UploadFile, document_content, upload_document
from app.kernel.actor import Actor
from app.kernel.errors import DutiesApart, FieldError, InvalidInput, NotFound
from app.kernel.permissions import Permission
from app.kernel.text import N_, Coded
from app.loans.books import lending_day
from app.loans.domain.causes import told_sources
from app.loans.domain.inspection import InspectionState, tables
from app.loans.domain.signals import (
    RAISE,
    SIGNAL,
    SignalEvent,
    SignalState,
    is_raised,
    levels,
    signal_kinds,
)
from app.loans.domain.states import Kept
from app.loans.inspection.models import SignalAct, SignalFile, SignalMeasure, WarningSignal
from app.loans.inspection.queries import find_inspection
from app.loans.inspection.refusals import (
    LevelNotHigher,
    MeasureDone,
    MeasuresOpen,
    SignalNotHandled,
)
from app.loans.inspection.signal_queries import (
    MAX_MEASURES,
    MAX_SIGNAL_FILES,
    SignalView,
    find_signal,
    signals_over,
    who_completed,
    whole_signal,
)
from app.loans.loan_officers import colleagues
from app.loans.models import Loan
from app.loans.queries import visible_loans
from app.loans.refusals import LoanNotServiced
from app.reference.services import policy_for

SERIES = "WS"
"""Numbers of signals begin with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseSignal:
    """A sign that a loan may go wrong; with a check when a report found it."""

    loan_id: UUID
    level: str
    kind: str
    source: str
    description: str
    inspection_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanMeasure:
    """A task with its day and who answers for it."""

    task: str
    due_on: date
    person_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteMeasure:
    """What came of a task."""

    measure: int
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseLevel:
    """A higher level, and why."""

    level: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseSignal:
    """Why a signal is resolved or dismissed."""

    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddEvidence:
    """A file that shows it."""

    file: UploadFile
    note: str = ""


def raise_signal(session: Session, actor: Actor, command: RaiseSignal) -> SignalView:
    """Raise a signal on a loan of the bank, by hand or from a report."""
    actor.require(Permission.RAISE_SIGNAL)
    loan = _loan(session, actor, command.loan_id)
    _require_known(command)
    if command.inspection_id is not None:
        _require_made(session, actor, command)
    day = lending_day(session, loan.bank_id)
    row = WarningSignal(
        number=next_number(session, SERIES, day.year),
        loan_id=loan.id,
        bank_id=loan.bank_id,
        inspection_id=command.inspection_id,
        level=command.level,
        kind=command.kind,
        source=command.source,
        description=command.description,
        raised_on=day,
        raised_by=actor.person_id,
        created_at=now(session),
    )
    session.add(row)
    session.flush()
    return _done(session, actor, row, RAISE, command.description)


def _loan(session: Session, actor: Actor, loan_id: UUID) -> Loan:
    statement = visible_loans(session, actor).where(col(Loan.id) == loan_id)
    loan: Loan | None = session.execute(statement).scalar_one_or_none()
    if loan is None or not _keeps(actor, loan.bank_id):
        raise NotFound
    if loan.kept is Kept.MIRRORED:
        raise LoanNotServiced(number=loan.number)
    return loan


def _keeps(actor: Actor, bank_id: UUID) -> bool:
    return actor.organisation_id == bank_id or actor.sees("*") == "all"


def _require_known(command: RaiseSignal) -> None:
    errors = tuple(
        FieldError(
            pointer=f"/{name}",
            detail=N_("Choose one of: %(choices)s."),
            facts={"choices": ", ".join(known)},
        )
        for name, value, known in (
            ("level", command.level, levels()),
            ("kind", command.kind, signal_kinds()),
            ("source", command.source, told_sources()),
        )
        if value not in known
    )
    if errors:
        raise InvalidInput(errors=errors)


def _require_made(session: Session, actor: Actor, command: RaiseSignal) -> None:
    """The check that found it is one of this loan, and was begun."""
    check = find_inspection(session, actor, command.inspection_id or command.loan_id)
    unmade = check.state in {InspectionState.PLANNED, InspectionState.DROPPED}
    if check.loan_id != command.loan_id or unmade:
        raise InvalidInput.at("/inspection_id", N_("Choose a check of this loan that was made."))


def _require_due_day(session: Session, row: WarningSignal, due_on: date) -> None:
    day = lending_day(session, row.bank_id)
    if due_on < day:
        raise InvalidInput.at("/due_on", N_("This day lies in the past."))
    policy = policy_for(session, row.bank_id, day)
    last = day + timedelta(days=policy.whole("loans.signals.longest_measure"))
    if due_on > last:
        raise InvalidInput.at(
            "/due_on", N_("A measure is done by %(last)s at the latest."), last=last
        )


def plan_measure(
    session: Session, actor: Actor, signal_id: UUID, command: PlanMeasure
) -> SignalView:
    """Give somebody of the bank a task with a day."""
    row, after = _begin(session, actor, signal_id, SignalEvent.PLAN)
    _require_due_day(session, row, command.due_on)
    allowed = {key for key, _name in colleagues(session, row.bank_id, Permission.HANDLE_SIGNAL)}
    if command.person_id not in allowed:
        raise InvalidInput.at(
            "/person_id", N_("Choose a colleague whose role includes handling warnings.")
        )
    seq = _next(session, SignalMeasure, row.id)
    if seq > MAX_MEASURES:
        raise InvalidInput.at(
            "/task", N_("A signal has at most %(limit)s measures."), limit=MAX_MEASURES
        )
    session.add(
        SignalMeasure(
            signal_id=row.id,
            seq=seq,
            task=command.task,
            due_on=command.due_on,
            person_id=command.person_id,
            created_at=now(session),
        )
    )
    row.state = after
    return _done(session, actor, row, SignalEvent.PLAN, command.task)


def complete_measure(
    session: Session, actor: Actor, signal_id: UUID, command: CompleteMeasure
) -> SignalView:
    """Say what came of a task."""
    row, after = _begin(session, actor, signal_id, SignalEvent.COMPLETE)
    statement = sa.select(SignalMeasure).where(
        col(SignalMeasure.signal_id) == row.id, col(SignalMeasure.seq) == command.measure
    )
    measure = session.execute(statement).scalar_one_or_none()
    if measure is None:
        raise InvalidInput.at("/measure", N_("Choose an existing entry."))
    if measure.done_on is not None:
        raise MeasureDone(seq=measure.seq, day=measure.done_on)
    measure.done_on = lending_day(session, row.bank_id)
    measure.done_by, measure.done_note = actor.person_id, command.note
    session.add(measure)
    row.state = after
    return _done(session, actor, row, SignalEvent.COMPLETE, command.note)


def raise_level(session: Session, actor: Actor, signal_id: UUID, command: RaiseLevel) -> SignalView:
    """Escalate: a higher level with its reason; a level is never lowered."""
    row, after = _begin(session, actor, signal_id, SignalEvent.ESCALATE)
    if command.level not in levels():
        choices = ", ".join(levels())
        raise InvalidInput.at("/level", N_("Choose one of: %(choices)s."), choices=choices)
    if not is_raised(row.level, command.level):
        raise LevelNotHigher(level=Coded(row.level, tables()["levels"][row.level]["en"]))
    row.level, row.state = command.level, after
    return _done(session, actor, row, SignalEvent.ESCALATE, command.note)


def resolve_signal(
    session: Session, actor: Actor, signal_id: UUID, command: CloseSignal
) -> SignalView:
    """End a signal whose measures are all completed; by another person than raised it or completed one.

    One that nobody handled is resolved only when it was the system that raised it and its cause has ended.
    """
    row, after = _begin(session, actor, signal_id, SignalEvent.RESOLVE)
    if row.state is SignalState.OPEN and row.id not in signals_over(session, [row.id]):
        raise SignalNotHandled(number=row.number)
    if actor.person_id in {row.raised_by} | who_completed(session, [row.id])[row.id]:
        raise DutiesApart
    left = sa.select(sa.func.count(col(SignalMeasure.id))).where(
        col(SignalMeasure.signal_id) == row.id, col(SignalMeasure.done_on).is_(None)
    )
    count = session.execute(left).scalar_one()
    if count:
        raise MeasuresOpen(count=count)
    return _close(session, actor, row, after, SignalEvent.RESOLVE, command.note)


def dismiss_signal(
    session: Session, actor: Actor, signal_id: UUID, command: CloseSignal
) -> SignalView:
    """End a signal that was none, with the reason; by another person than raised it."""
    actor.require(Permission.DISMISS_SIGNAL)
    row, after = _begin(session, actor, signal_id, SignalEvent.DISMISS)
    if row.raised_by == actor.person_id:
        raise DutiesApart
    return _close(session, actor, row, after, SignalEvent.DISMISS, command.note)


def _close(
    session: Session,
    actor: Actor,
    row: WarningSignal,
    after: SignalState,
    event: SignalEvent,
    note: str,
) -> SignalView:
    row.closed_on = lending_day(session, row.bank_id)
    row.closed_by, row.closing_note, row.state = actor.person_id, note, after
    return _done(session, actor, row, event, note)


def add_evidence(
    session: Session, actor: Actor, signal_id: UUID, command: AddEvidence
) -> SignalView:
    """Store a file with a signal; it stays."""
    actor.require(Permission.RAISE_SIGNAL)
    row = find_signal(session, actor, signal_id)
    count = sa.select(sa.func.count(col(SignalFile.id))).where(col(SignalFile.signal_id) == row.id)
    if session.execute(count).scalar_one() >= MAX_SIGNAL_FILES:
        raise InvalidInput.at(
            "/file", N_("A signal has at most %(limit)s files."), limit=MAX_SIGNAL_FILES
        )
    document = upload_document(session, actor, command.file)
    session.add(
        SignalFile(
            signal_id=row.id,
            document_id=document.id,
            note=command.note,
            person_id=actor.person_id,
            created_at=now(session),
        )
    )
    flag_modified(row, "state")
    session.flush()
    _record(session, actor, row, "file", sha256=document.sha256)
    return whole_signal(session, actor, row)


def evidence_content(
    session: Session, actor: Actor, signal_id: UUID, file_id: UUID
) -> tuple[Document, bytes]:
    """A file of a signal in sight."""
    row = find_signal(session, actor, signal_id)
    file = session.get(SignalFile, file_id)
    if file is None or file.signal_id != row.id:
        raise NotFound
    document = session.get_one(Document, file.document_id)
    return document, document_content(session, document)


def _begin(
    session: Session, actor: Actor, signal_id: UUID, event: SignalEvent
) -> tuple[WarningSignal, SignalState]:
    """A signal in sight, and the state to which the event takes it."""
    row = find_signal(session, actor, signal_id)
    actor.require(SIGNAL.permissions[event])
    return row, SIGNAL.next(row.state, event)


def _next(session: Session, table: type[SignalAct | SignalMeasure], signal_id: UUID) -> int:
    statement = sa.select(sa.func.max(col(table.seq))).where(col(table.signal_id) == signal_id)
    return (session.execute(statement).scalar_one() or 0) + 1


def _done(session: Session, actor: Actor, row: WarningSignal, event: str, note: str) -> SignalView:
    """Add the act to the history of the signal, and to the journal."""
    act = SignalAct(
        signal_id=row.id,
        seq=_next(session, SignalAct, row.id),
        event=str(event),
        level=row.level,
        on=lending_day(session, row.bank_id),
        note=note[:500],
        person_id=actor.person_id,
        created_at=now(session),
    )
    session.add_all([row, act])
    # Also what hangs on a signal moves its version: who saw less works on an older one.
    flag_modified(row, "state")
    session.flush()
    _record(session, actor, row, str(event), seq=act.seq, note=act.note)
    return whole_signal(session, actor, row)


def _record(session: Session, actor: Actor, row: WarningSignal, step: str, **facts: object) -> None:
    record(
        session,
        actor,
        f"warning-signal.{step}",
        subject_kind="warning-signal",
        subject_id=row.id,
        organisation_id=row.bank_id,
        number=row.number,
        loan=row.loan_id,
        state=row.state,
        level=row.level,
        **facts,
    )
