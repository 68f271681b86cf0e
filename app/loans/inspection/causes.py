"""What becomes of causes that the system sees: a signal once an episode, and facts added to it as they change.

A rule passed down: who knows a figure (the close, the watch of collateral) says which loans it holds for; this
module alone writes. Nothing here ends a signal: that is for people.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import Session, col

from app.audit.services import record
from app.db.bulk import insert_rows, pieces
from app.db.engine import now
from app.db.numbers import insert_ignoring, take_numbers
from app.kernel.actor import SYSTEM_PERSON_ID, Actor, Name
from app.kernel.ids import new_id
from app.loans.domain.causes import (
    SYSTEM_SOURCE,
    CauseNote,
    Finding,
    LastCause,
    Move,
    Trigger,
    TriggerRule,
    both,
    cause_told,
    decide,
    trigger_words,
)
from app.loans.domain.signals import (
    OPEN_SIGNALS,
    RAISE,
    SignalEvent,
    SignalState,
    is_raised,
)
from app.loans.domain.states import LoanState
from app.loans.inspection.cause_queries import holding
from app.loans.inspection.models import SignalAct, SignalCause, SignalLook, WarningSignal
from app.loans.inspection.signals import SERIES
from app.loans.models import Loan

SURPASSED: Final = Name(zh="由更重的预警接续", en="Goes on in a graver signal")

MAX_TOLD: Final = 1_000
"""Causes read and written together: their loans are named in one statement."""

_SIGNAL_COLUMNS: Final = (
    "id", "version", "number", "loan_id", "bank_id", "level", "kind", "source", "state",
    "description", "raised_on", "raised_by", "closing_note", "created_at",
)  # fmt: skip
_CAUSE_COLUMNS: Final = (
    "id", "signal_id", "loan_id", "bank_id", "trigger", "level", "began_on", "seen_on", "figures",
)  # fmt: skip
_ACT_COLUMNS: Final = (
    "id", "signal_id", "seq", "event", "level", "on", "note", "person_id", "look_id", "created_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a look saw of one trigger: where it holds, and the causes that ended with why."""

    rule: TriggerRule
    findings: Sequence[Finding] = ()
    ended: Sequence[tuple[SignalCause, CauseNote]] = ()


@dataclass(slots=True, kw_only=True)
class _Writes:
    """Rows of one look, and the acts as its digest counts them."""

    bank_id: UUID
    on: date
    look_id: UUID = field(default_factory=new_id)
    signals: list[tuple[Any, ...]] = field(default_factory=list)
    causes: list[tuple[Any, ...]] = field(default_factory=list)
    acts: list[tuple[Any, ...]] = field(default_factory=list)
    told: list[tuple[str, int, str, str, date, str]] = field(default_factory=list)
    seqs: dict[UUID, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    cause: SignalCause
    signal: WarningSignal

    @property
    def last(self) -> LastCause:
        return LastCause(
            level=self.cause.level, ended_on=self.cause.ended_on, state=self.signal.state
        )


def hold_looks(session: Session, bank_id: UUID) -> SignalLook:
    """The row of a bank's looks, held: of two looks at once the second waits for the first."""
    table: Any = SignalLook.__table__  # type: ignore[attr-defined]
    insert_ignoring(session, table, {"bank_id": bank_id, "looked_on": None})
    return session.get_one(SignalLook, bank_id, with_for_update=True, populate_existing=True)


def take_findings(
    session: Session,
    actor: Actor,
    place: tuple[UUID, date],
    rule: TriggerRule,
    findings: Iterable[Finding],
    *,
    among: Collection[UUID] | None = None,
) -> int:
    """Where a trigger holds among some loans of a bank today, or among all; gives how many signals were raised.

    place: the bank and its business day. A loan looked at of which nothing is said holds no more.
    """
    bank_id = place[0]
    holds = {each.loan_id: each for each in findings}
    statement = holding(bank_id, rule.trigger)
    if among is not None:
        statement = statement.where(col(SignalCause.loan_id).in_(among))
    held = {cause.loan_id: cause for cause in session.execute(statement).scalars()}
    news = [each for each in holds.values() if _is_news(rule, each, held.get(each.loan_id))]
    over = [(cause, CauseNote.OVER) for key, cause in held.items() if key not in holds]
    if not news and not over:
        return 0
    hold_looks(session, bank_id)
    raised = 0
    for some in pieces(news, MAX_TOLD):
        raised += write_seen(session, actor, place, Seen(rule=rule, findings=some))
    for ended in pieces(over, MAX_TOLD):
        write_seen(session, actor, place, Seen(rule=rule, ended=ended))
    return raised


def _is_news(rule: TriggerRule, finding: Finding, held: SignalCause | None) -> bool:
    """Whether a finding is new, or graver than the cause that holds."""
    level = _level(rule, finding)
    return level is not None and (held is None or is_raised(held.level, level))


def _level(rule: TriggerRule, finding: Finding) -> str | None:
    measure = finding.figures[trigger_words()[rule.trigger].measure]
    return rule.level_of(int(measure or 0))


def write_seen(session: Session, actor: Actor, place: tuple[UUID, date], seen: Seen) -> int:
    """Raise, worsen, resume and end; the caller holds the looks of the bank. Gives how many signals were raised."""
    bank_id, on = place
    session.flush()
    writes = _Writes(bank_id=bank_id, on=on)
    known = _known(session, seen)
    writes.seqs = _last_seqs(session, [each.signal.id for each in known.values()])
    fresh = [
        (finding, level)
        for finding in seen.findings
        if (level := _carry_on(session, writes, seen.rule, finding, known)) is not None
    ]
    written_off = _written_off(session, [cause.loan_id for cause, _ in seen.ended])
    for cause, ended in seen.ended:
        now_known = known[cause.loan_id]
        why = CauseNote.WRITTEN_OFF if cause.loan_id in written_off else ended
        if now_known.cause.ended_on is None:
            # Else another look ended it between the reading and the holding.
            _end(writes, now_known, why, _words_of_end(seen.rule.trigger, why))
    _raise(session, writes, seen.rule.trigger, fresh)
    _write(session, actor, writes, seen.rule.trigger, raised=len(fresh))
    return len(fresh)


def _known(session: Session, seen: Seen) -> Mapping[UUID, _Known]:
    """The newest cause of each loan that is spoken of, with its signal; both held."""
    loans = [each.loan_id for each in seen.findings] + [each.loan_id for each, _ in seen.ended]
    statement = (
        sa.select(SignalCause, WarningSignal)
        .join(WarningSignal, col(WarningSignal.id) == col(SignalCause.signal_id))
        .where(col(SignalCause.loan_id).in_(loans), col(SignalCause.trigger) == seen.rule.trigger)
        .order_by(col(SignalCause.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {
        cause.loan_id: _Known(cause=cause, signal=signal)
        for cause, signal in session.execute(statement)
    }


def _written_off(session: Session, loan_ids: Sequence[UUID]) -> set[UUID]:
    statement = sa.select(col(Loan.id)).where(
        col(Loan.id).in_(loan_ids), col(Loan.state) == LoanState.WRITTEN_OFF
    )
    return set(session.execute(statement).scalars()) if loan_ids else set()


def _last_seqs(session: Session, signal_ids: Sequence[UUID]) -> dict[UUID, int]:
    statement = (
        sa.select(col(SignalAct.signal_id), sa.func.max(SignalAct.seq))
        .where(col(SignalAct.signal_id).in_(signal_ids))
        .group_by(col(SignalAct.signal_id))
    )
    return {signal_id: int(seq) for signal_id, seq in session.execute(statement)}


def _carry_on(
    session: Session,
    writes: _Writes,
    rule: TriggerRule,
    finding: Finding,
    known: Mapping[UUID, _Known],
) -> str | None:
    """What holds is told to the signal of its episode; the level of a new signal when it needs one."""
    level = _level(rule, finding)
    if level is None:
        return None
    before = known.get(finding.loan_id)
    move = decide(rule, before.last if before else None, level, on=writes.on)
    if move is Move.RAISE:
        if before is not None and before.cause.ended_on is None:
            _end(writes, before, CauseNote.OVER, SURPASSED)
            session.flush()
        return level
    if before is not None and move is not Move.KEEP:
        _go_on(writes, before, finding, level, back=move is Move.RESUME)
    return None


def _go_on(writes: _Writes, known: _Known, finding: Finding, level: str, *, back: bool) -> None:
    """The same episode, again or graver: an open signal is raised with it, on a closed one it is noted alone."""
    cause, signal = known.cause, known.signal
    words = cause_told(trigger_words()[cause.trigger].name, finding.figures)
    cause.ended_on, cause.figures, cause.seen_on = None, dict(finding.figures), writes.on
    cause.began_on = min(finding.began_on, writes.on)
    worse = is_raised(cause.level, level)
    if worse:
        cause.level = level
    if back:
        _tell(writes, signal, CauseNote.BACK, words)
    if not worse:
        return
    if signal.state in OPEN_SIGNALS and is_raised(signal.level, level):
        signal.level = level
        _tell(writes, signal, SignalEvent.ESCALATE, words)
    else:
        _tell(writes, signal, CauseNote.WORSE, words)


def _end(writes: _Writes, known: _Known, why: CauseNote, words: Name) -> None:
    known.cause.ended_on = writes.on
    _tell(writes, known.signal, why, words)


UNDONE: Final = Name(
    zh="按其后的记账，该情形自始不成立", en="By what was booked since, there was none"
)


WRITTEN_OFF: Final = Name(
    zh="贷款已核销，债权未清偿，不再监测该情形",
    en="The loan was written off; the claim stands, the cause is no longer watched",
)


def _words_of_end(trigger: Trigger, why: CauseNote) -> Name:
    if why is CauseNote.WRITTEN_OFF:
        return WRITTEN_OFF
    return UNDONE if why is CauseNote.UNDONE else trigger_words()[trigger].over


def _tell(writes: _Writes, signal: WarningSignal, event: str, words: Name) -> None:
    """Add to the history of a signal that is there; its version moves, as with what people do."""
    seq = writes.seqs[signal.id] = writes.seqs[signal.id] + 1
    _add_act(writes, (signal.id, signal.number, seq), event, signal.level, both(words))
    flag_modified(signal, "state")


def _add_act(
    writes: _Writes, of: tuple[UUID, str, int], event: str, level: str, words: str
) -> None:
    signal_id, number, seq = of
    note = words[:500]
    writes.told.append((number, seq, str(event), level, writes.on, note))
    writes.acts.append(
        (
            new_id(), signal_id, seq, str(event), level, writes.on, note, SYSTEM_PERSON_ID,
            writes.look_id, None,
        )
    )  # fmt: skip


def _raise(
    session: Session, writes: _Writes, trigger: Trigger, fresh: Sequence[tuple[Finding, str]]
) -> None:
    if not fresh:
        return
    words, at = trigger_words()[trigger], now(session)
    numbers = take_numbers(session, SERIES, writes.on.year, len(fresh))
    for (finding, level), number in zip(fresh, numbers, strict=True):
        signal_id = new_id()
        told = both(cause_told(words.name, finding.figures))
        writes.signals.append(
            (
                signal_id, 1, number, finding.loan_id, writes.bank_id, level, words.kind,
                SYSTEM_SOURCE, SignalState.OPEN, told, writes.on, SYSTEM_PERSON_ID, "", at,
            )
        )  # fmt: skip
        writes.causes.append(
            (
                new_id(), signal_id, finding.loan_id, writes.bank_id, trigger, level,
                finding.began_on, writes.on, dict(finding.figures),
            )
        )  # fmt: skip
        _add_act(writes, (signal_id, number, 1), RAISE, level, told)


def _write(
    session: Session, actor: Actor, writes: _Writes, trigger: Trigger, *, raised: int
) -> None:
    if not writes.acts:
        return
    session.flush()
    at = now(session)
    insert_rows(session, _table(WarningSignal), _SIGNAL_COLUMNS, writes.signals)
    insert_rows(session, _table(SignalCause), _CAUSE_COLUMNS, writes.causes)
    insert_rows(session, _table(SignalAct), _ACT_COLUMNS, ((*row[:-1], at) for row in writes.acts))
    record(
        session,
        actor,
        "warning-signal.look",
        subject_kind="signal-look",
        subject_id=writes.look_id,
        organisation_id=writes.bank_id,
        on=writes.on,
        trigger=trigger,
        raised=raised,
        count=len(writes.acts),
        sha256=acts_digest(writes.told),
    )


def acts_digest(rows: Iterable[tuple[str, int, str, str, date, str]]) -> str:
    """SHA-256 over number, place, event, level, day and words of what a look wrote, by number and place."""
    lines = sorted("\t".join(str(value) for value in row) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _table(model: Any) -> sa.Table:
    table: sa.Table = model.__table__
    return table
