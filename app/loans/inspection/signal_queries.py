"""Lists and read models of warning signals; `visible_signals` is the only way to rows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.documents.models import Document
from app.kernel.actor import Actor, Name
from app.kernel.errors import NotFound
from app.loans.domain.causes import (
    Trigger,
    TriggerWords,
    figure_words,
    told_by_system,
    trigger_words,
)
from app.loans.domain.signals import (
    OPEN_SIGNALS,
    SIGNAL,
    SignalEvent,
    SignalState,
    fact_to_consider,
    levels,
)
from app.loans.domain.states import LoanFact
from app.loans.inspection.models import (
    LoanOfficer,
    SignalAct,
    SignalCause,
    SignalFile,
    SignalMeasure,
    WarningSignal,
)
from app.loans.inspection.queries import LoanWords, in_sight, words_of_loans
from app.loans.loan_officers import names_of_people
from app.loans.models import LoanFactRow

MAX_LOAN_SIGNALS: Final = 200
"""Signals of one loan: more than one a month over its life."""

MAX_MEASURES: Final = 40
"""Measures of one signal: more means that the signal is several."""

MAX_SIGNAL_FILES: Final = 40
"""Evidence of one signal."""

_UNKNOWN: Final = Name(zh="", en="")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalFilter:
    """What a list of signals is narrowed to.

    open: those that still want work; over: open ones whose cause has ended; mine: of loans of the actor.
    """

    state: SignalState | None = None
    level: str | None = None
    kind: str | None = None
    number: str = ""
    source: str | None = None
    loan_id: UUID | None = None
    open: bool = False
    over: bool = False
    mine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureView:
    """A task of a signal."""

    seq: int
    task: str
    due_on: date
    person_id: UUID
    person_name: Name
    done_on: date | None
    done_note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActView:
    """What was done about a signal."""

    seq: int
    event: str
    level: str
    on: date
    note: str
    person_name: Name
    by_system: bool = False

    @property
    def words(self) -> Name:
        """What was said: by the system in each language, by a person in theirs."""
        return told_by_system(self.note) if self.by_system else Name(zh=self.note, en=self.note)


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureView:
    """A figure that led to a signal; the end of its code is its unit."""

    code: str
    value: int | str | None

    @property
    def name(self) -> str:
        """The code as callers read it: amounts in yuan, shares plain."""
        return self.code.replace("_fen", "_yuan").removesuffix("_ppm")

    @property
    def words(self) -> Name:
        """The figure as people read it."""
        return figure_words(self.code, self.value)

    @property
    def text(self) -> str | None:
        """Yuan with two decimals, a share of one, a day or a count."""
        if isinstance(self.value, int) and self.code.endswith("_fen"):
            return f"{self.value // 100}.{self.value % 100:02d}"
        if isinstance(self.value, int) and self.code.endswith("_ppm"):
            return f"{self.value // 1_000_000}.{self.value % 1_000_000:06d}"
        return None if self.value is None else str(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseView:
    """What the system saw: since when it holds by its facts, when it was seen, its figures, whether it ended."""

    trigger: Trigger
    level: str
    began_on: date
    seen_on: date
    ended_on: date | None
    figures: tuple[FigureView, ...]

    @property
    def words(self) -> TriggerWords:
        """The trigger as people read it."""
        return trigger_words()[self.trigger]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalFileView:
    """Evidence of a signal."""

    id: UUID
    document_id: UUID
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    note: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalView:
    """A signal; `fact` is what the officer of classification looks at, `fact_recorded` whether it is entered."""

    id: UUID
    number: str
    state: SignalState
    events: tuple[str, ...]
    version: int
    created_at: datetime
    loan_id: UUID
    loan_number: str
    loan_title: Name
    borrower_name: Name
    bank_id: UUID
    inspection_id: UUID | None
    level: str
    kind: str
    source: str
    description: str
    raised_on: date
    raised_by: UUID
    raised_name: Name
    closed_on: date | None
    closed_name: Name
    closing_note: str
    fact: LoanFact | None
    fact_recorded: bool = False
    cause: CauseView | None = None
    """None of a signal that a person raised."""
    measures: tuple[MeasureView, ...] = ()
    acts: tuple[ActView, ...] = ()
    files: tuple[SignalFileView, ...] = ()

    @property
    def open_measures(self) -> tuple[MeasureView, ...]:
        """Tasks that are not completed."""
        return tuple(each for each in self.measures if each.done_on is None)


def visible_signals(actor: Actor) -> sa.Select[Any]:
    """The signals in the actor's sight; a borrower sees none."""
    return sa.select(WarningSignal).where(
        in_sight(actor, col(WarningSignal.bank_id), col(WarningSignal.loan_id))
    )


def find_signal(session: Session, actor: Actor, signal_id: UUID) -> WarningSignal:
    """A signal in sight; `NotFound` otherwise."""
    statement = visible_signals(actor).where(col(WarningSignal.id) == signal_id)
    row: WarningSignal | None = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


def rank_of_level() -> sa.Case[Any]:
    """The rank of a level as a column, for sorting."""
    return sa.case(
        {code: level.rank for code, level in levels().items()},
        value=col(WarningSignal.level),
        else_=0,
    )


def list_signals(actor: Actor, wanted: SignalFilter) -> sa.Select[Any]:
    """The rows of a list of signals, the open and the gravest first; give them to `signal_views`."""
    statement = visible_signals(actor)
    for column, value in (
        (WarningSignal.state, wanted.state),
        (WarningSignal.level, wanted.level),
        (WarningSignal.kind, wanted.kind),
        (WarningSignal.source, wanted.source),
        (WarningSignal.number, wanted.number or None),
        (WarningSignal.loan_id, wanted.loan_id),
    ):
        if value is not None:
            statement = statement.where(col(column) == value)
    if wanted.open:
        statement = statement.where(col(WarningSignal.state).in_(OPEN_SIGNALS))
    if wanted.over:
        statement = statement.where(is_over(), col(WarningSignal.state).in_(OPEN_SIGNALS))
    if wanted.mine:
        statement = statement.where(officer_of_signal() == actor.person_id)
    closed = sa.case((col(WarningSignal.state).in_(OPEN_SIGNALS), 0), else_=1)
    return statement.order_by(
        closed, rank_of_level().desc(), col(WarningSignal.raised_on), col(WarningSignal.number)
    )


def is_over() -> sa.ColumnElement[bool]:
    """Whether the system raised a signal and its cause has ended."""
    return sa.exists().where(
        col(SignalCause.signal_id) == col(WarningSignal.id), col(SignalCause.ended_on).is_not(None)
    )


def officer_of_signal() -> sa.ScalarSelect[Any]:
    """Who looks after the loan of a signal now, as a column."""
    return (
        sa.select(col(LoanOfficer.person_id))
        .where(col(LoanOfficer.loan_id) == col(WarningSignal.loan_id))
        .order_by(col(LoanOfficer.seq).desc())
        .limit(1)
        .correlate(WarningSignal)
        .scalar_subquery()
    )


def signals_over(session: Session, ids: Collection[UUID]) -> set[UUID]:
    """Those of some signals whose cause has ended."""
    statement = sa.select(col(SignalCause.signal_id)).where(
        col(SignalCause.signal_id).in_(ids), col(SignalCause.ended_on).is_not(None)
    )
    return set(session.execute(statement).scalars())


def signals_of_loan(session: Session, actor: Actor, loan_id: UUID) -> tuple[SignalView, ...]:
    """The signals of a loan in sight, the open and the gravest first."""
    statement = list_signals(actor, SignalFilter(loan_id=loan_id)).limit(MAX_LOAN_SIGNALS)
    return signal_views(session, actor, session.execute(statement).scalars().all())


def worst_levels(session: Session, actor: Actor, loan_ids: Collection[UUID]) -> Mapping[UUID, str]:
    """The gravest open level of each of some loans that has an open signal."""
    if not loan_ids:
        return {}
    statement = visible_signals(actor).where(
        col(WarningSignal.loan_id).in_(loan_ids), col(WarningSignal.state).in_(OPEN_SIGNALS)
    )
    pairs = statement.with_only_columns(col(WarningSignal.loan_id), col(WarningSignal.level))
    found: dict[UUID, str] = {}
    known = levels()
    for loan_id, level in session.execute(pairs):
        if loan_id not in found or known[level].rank > known[found[loan_id]].rank:
            found[loan_id] = level
    return found


def signal_view(session: Session, actor: Actor, signal_id: UUID) -> SignalView:
    """One signal in sight with its measures, acts and evidence."""
    return whole_signal(session, actor, find_signal(session, actor, signal_id))


def whole_signal(session: Session, actor: Actor, row: WarningSignal) -> SignalView:
    """The view of one row with all that hangs on it."""
    (view,) = signal_views(session, actor, [row])
    return replace(
        view,
        fact_recorded=view.fact is not None and _is_recorded(session, row, view.fact),
        measures=_measures(session, row.id),
        acts=_acts(session, row.id),
        files=_files(session, row.id),
    )


_WORKED_OUT: Final = {
    "events",
    "loan_number",
    "loan_title",
    "borrower_name",
    "raised_name",
    "closed_name",
    "fact",
    "fact_recorded",
    "cause",
    "measures",
    "acts",
    "files",
}
_COPIED: Final = tuple(name for name in SignalView.__dataclass_fields__ if name not in _WORKED_OUT)


def signal_views(
    session: Session, actor: Actor, rows: Sequence[WarningSignal]
) -> tuple[SignalView, ...]:
    """The views of some rows, without what hangs on them: a constant number of queries."""
    loans = words_of_loans(session, {row.loan_id for row in rows})
    people = names_of_people(
        session, [each for row in rows for each in (row.raised_by, row.closed_by)]
    )
    completed = who_completed(session, [row.id for row in rows])
    causes = _causes(session, [row.id for row in rows])
    return tuple(
        replace(
            _view(row, loans[row.loan_id], people),
            cause=causes.get(row.id),
            events=_events(row, actor, completed[row.id], causes.get(row.id)),
        )
        for row in rows
    )


def _causes(session: Session, ids: Collection[UUID]) -> Mapping[UUID, CauseView]:
    statement = sa.select(SignalCause).where(col(SignalCause.signal_id).in_(ids))
    return {row.signal_id: _cause(row) for row in session.execute(statement).scalars()}


def _cause(row: SignalCause) -> CauseView:
    return CauseView(
        trigger=row.trigger,
        level=row.level,
        began_on=row.began_on,
        seen_on=row.seen_on,
        ended_on=row.ended_on,
        figures=tuple(
            FigureView(code=code, value=row.figures.get(code))
            for code in trigger_words()[row.trigger].figures
        ),
    )


def who_completed(session: Session, ids: Collection[UUID]) -> Mapping[UUID, set[UUID]]:
    """The people who completed measures of each of some signals."""
    found: dict[UUID, set[UUID]] = {signal_id: set() for signal_id in ids}
    statement = sa.select(col(SignalMeasure.signal_id), col(SignalMeasure.done_by)).where(
        col(SignalMeasure.signal_id).in_(ids), col(SignalMeasure.done_by).is_not(None)
    )
    for signal_id, person_id in session.execute(statement):
        found[signal_id].add(person_id)
    return found


def _view(row: WarningSignal, loan: LoanWords, people: Mapping[UUID, Name]) -> SignalView:
    return SignalView(
        events=(),
        loan_number=loan.number,
        loan_title=loan.title,
        borrower_name=loan.borrower,
        raised_name=people.get(row.raised_by, _UNKNOWN),
        closed_name=people.get(row.closed_by, _UNKNOWN) if row.closed_by else _UNKNOWN,
        fact=fact_to_consider(row.kind, row.level),
        **{name: getattr(row, name) for name in _COPIED},
    )


def _events(
    row: WarningSignal, actor: Actor, completed: Collection[UUID], cause: CauseView | None
) -> tuple[str, ...]:
    """The legal steps of the actor: who raised a signal does not end it, nor who completed a measure resolve it.

    The highest level is not raised. What nobody handled is resolved only after its cause has ended.
    """
    unhandled = row.state is SignalState.OPEN and (cause is None or cause.ended_on is None)
    highest = levels()[row.level].rank == len(levels()) - 1
    own = row.raised_by == actor.person_id
    left_out = {
        event
        for event, out in (
            (SignalEvent.DISMISS, own),
            (SignalEvent.RESOLVE, own or unhandled or actor.person_id in completed),
            (SignalEvent.ESCALATE, highest),
        )
        if out
    }
    return tuple(each for each in SIGNAL.events_for(row.state, actor) if each not in left_out)


def _is_recorded(session: Session, row: WarningSignal, fact: LoanFact) -> bool:
    """Whether the fact counts on the loan on the day of the signal or later."""
    statement = (
        sa.select(col(LoanFactRow.id))
        .where(
            col(LoanFactRow.loan_id) == row.loan_id,
            col(LoanFactRow.fact) == fact,
            sa.or_(col(LoanFactRow.until_on).is_(None), col(LoanFactRow.until_on) >= row.raised_on),
        )
        .limit(1)
    )
    return session.execute(statement).first() is not None


def _measures(session: Session, signal_id: UUID) -> tuple[MeasureView, ...]:
    statement = (
        sa.select(SignalMeasure)
        .where(col(SignalMeasure.signal_id) == signal_id)
        .order_by(col(SignalMeasure.seq))
    )
    rows = session.execute(statement).scalars().all()
    people = names_of_people(session, [row.person_id for row in rows])
    return tuple(
        MeasureView(
            seq=row.seq,
            task=row.task,
            due_on=row.due_on,
            person_id=row.person_id,
            person_name=people.get(row.person_id, _UNKNOWN),
            done_on=row.done_on,
            done_note=row.done_note,
        )
        for row in rows
    )


def _acts(session: Session, signal_id: UUID) -> tuple[ActView, ...]:
    statement = (
        sa.select(SignalAct)
        .where(col(SignalAct.signal_id) == signal_id)
        .order_by(col(SignalAct.seq))
    )
    rows = session.execute(statement).scalars().all()
    people = names_of_people(session, [row.person_id for row in rows])
    return tuple(
        ActView(
            seq=row.seq,
            event=row.event,
            level=row.level,
            on=row.on,
            note=row.note,
            person_name=people.get(row.person_id, _UNKNOWN),
            by_system=row.look_id is not None,
        )
        for row in rows
    )


def _files(session: Session, signal_id: UUID) -> tuple[SignalFileView, ...]:
    statement = (
        sa.select(SignalFile, Document)
        .join(Document, col(Document.id) == col(SignalFile.document_id))
        .where(col(SignalFile.signal_id) == signal_id)
        .order_by(col(SignalFile.created_at), col(SignalFile.id))
    )
    return tuple(
        SignalFileView(
            id=row.id,
            document_id=row.document_id,
            name=document.name,
            media_type=document.media_type,
            size_bytes=document.size_bytes,
            sha256=document.sha256,
            note=row.note,
            created_at=row.created_at,
        )
        for row, document in session.execute(statement)
    )
