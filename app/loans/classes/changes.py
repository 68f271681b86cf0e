"""What people record and decide about the class of a loan: facts, a technical delay, down by one, up by two."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.services import record
from app.db.engine import now
from app.db.numbers import next_number
from app.identity.models import Organisation, Person
from app.kernel.actor import Actor, Name
from app.kernel.errors import DutiesApart, FieldError, InvalidInput, NotFound
from app.kernel.permissions import Permission
from app.kernel.text import N_, Coded
from app.loans.books import LoanLedger, open_books, require_current
from app.loans.classes.models import ClassChange, LoanObservation
from app.loans.classes.refusals import (
    ClassChangeWaiting,
    ClassHeldByRule,
    ClassUnchanged,
    DelayNotPossible,
    FactByDecision,
    FactNotInForce,
    FactRecordedAlready,
    LoanNotClassified,
    ObservationRuns,
)
from app.loans.contracts import RecordFact, record_fact
from app.loans.domain.class_changes import (
    BY_DECISION_ONLY,
    CLASS_CHANGE,
    FOR_BETTER,
    ChangeEvent,
    ChangeKind,
    ChangeState,
    holding_reasons,
    is_upgrade,
)
from app.loans.domain.classification import CLASS_TITLES, LoanClass, class_rules
from app.loans.domain.debtor import SHARED_FACTS, so_far
from app.loans.domain.states import OPEN_STATES, LoanFact
from app.loans.models import Loan, LoanClassification, LoanFactRow
from app.loans.queries import visible_loans
from app.reference.services import policy_for

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordClassFact:
    """A fact that counts from the open business day; `share_ppm` where it speaks of a share."""

    fact: LoanFact
    reason: str
    share_ppm: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeClass:
    """The class that a person finds right; normal lifts an earlier judgement."""

    loan_class: LoanClass
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndFact:
    """A fact that no longer holds."""

    fact_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideChange:
    """What the second person says."""

    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassChangeView:
    """A change of a class; for the bank only."""

    id: UUID
    number: str
    state: ChangeState
    events: tuple[str, ...]
    version: int
    created_at: datetime
    loan_id: UUID
    loan_number: str
    borrower: Name
    kind: ChangeKind
    judged_class: LoanClass | None
    fact: LoanFact | None
    held_class: LoanClass
    for_better: bool
    reason: str
    note: str
    proposed_by: Name | None
    proposed_on: date
    decided_by: Name | None
    decided_on: date | None
    replaced_by: str
    """The later judgement that counts instead of this one; empty for all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRecorded:
    """The fact that counts, or the change that waits for a second person."""

    id: UUID | None = None
    change: ClassChangeView | None = None


def record_class_fact(
    session: Session, actor: Actor, loan_id: UUID, command: RecordClassFact
) -> FactRecorded:
    """Record a fact that bears on the class, with its reason; it counts from the next close.

    A fact to the debtor's advantage is proposed: it counts once a second person confirmed it.
    """
    actor.require(Permission.JUDGE_CLASS)
    ledger, day = _open_loan(session, actor, loan_id)
    if command.fact in BY_DECISION_ONLY:
        raise FactByDecision
    _require_share(command)
    _require_new(session, loan_id, command.fact, day, share_ppm=command.share_ppm)
    if command.fact in FOR_BETTER:
        return FactRecorded(change=_propose_fact(session, actor, ledger, day, command))
    fact_id = record_fact(
        session,
        actor,
        RecordFact(
            loan_id=loan_id,
            fact=command.fact,
            from_on=day,
            share_ppm=command.share_ppm,
            reason=command.reason,
        ),
    )
    return FactRecorded(id=fact_id)


def _propose_fact(
    session: Session, actor: Actor, ledger: LoanLedger, day: date, command: RecordClassFact
) -> ClassChangeView:
    _days_of_fact(session, ledger, command.fact, day)
    row = _new_change(session, actor, ledger, day, reason=command.reason, for_better=True)
    row.kind, row.better_fact = ChangeKind.BETTER_FACT, command.fact
    return _stored(session, actor, row)


def _days_of_fact(
    session: Session, ledger: LoanLedger, fact: LoanFact, day: date
) -> tuple[date, date | None]:
    """A technical delay counts from the oldest unpaid due day, as many days as the rules allow."""
    return _delay(session, ledger, day) if fact is LoanFact.TECHNICAL_DELAY else (day, None)


def _require_new(
    session: Session, loan_id: UUID, fact: LoanFact, day: date, *, share_ppm: int | None = None
) -> None:
    """A fact stands once; beside one with a share a larger share may be recorded, which is worse."""
    known = _fact_in_force(session, loan_id, fact, day)
    if known is not None and (share_ppm or 0) <= (known.share_ppm or 0):
        raise FactRecordedAlready(since=known.from_on)


def _require_share(command: RecordClassFact) -> None:
    needed, given = command.fact in SHARED_FACTS, command.share_ppm is not None
    if needed and not given:
        raise InvalidInput.at("/share", N_("This fact needs its share."))
    if given and not needed:
        raise InvalidInput.at(
            "/share",
            N_("A share belongs to expected losses and to debts at all banks, not to this fact."),
        )


def _fact_in_force(
    session: Session, loan_id: UUID, fact: LoanFact, day: date
) -> LoanFactRow | None:
    statement = sa.select(LoanFactRow).where(
        col(LoanFactRow.loan_id) == loan_id,
        col(LoanFactRow.fact) == fact,
        sa.or_(col(LoanFactRow.until_on).is_(None), col(LoanFactRow.until_on) >= day),
    )
    largest = statement.order_by(sa.func.coalesce(LoanFactRow.share_ppm, 0).desc())
    return session.execute(largest.limit(1)).scalars().first()


def _delay(session: Session, ledger: LoanLedger, day: date) -> tuple[date, date]:
    """From the oldest unpaid due day, for the days of the rules."""
    limit = class_rules(policy_for(session, ledger.loan.bank_id, day)).technical_delay_days
    unpaid = [due.due_on for _, due in ledger.dues if not due.settled and due.due_on < day]
    days = (day - min(unpaid)).days if unpaid else 0
    if not 0 < days <= limit:
        raise DelayNotPossible(number=ledger.loan.number, days=days, limit=limit)
    return min(unpaid), min(unpaid) + timedelta(days=limit)


def judge_class(
    session: Session, actor: Actor, loan_id: UUID, command: JudgeClass
) -> ClassChangeView:
    """Lower the class at once, or propose a better one for a second person to confirm.

    Refuses a class that the loan has, and one that is better than the rules allow.
    """
    actor.require(Permission.JUDGE_CLASS)
    ledger, day = _open_loan(session, actor, loan_id)
    held = _held(session, ledger)
    if command.loan_class is held:
        raise ClassUnchanged(number=ledger.loan.number)
    better = is_upgrade(held, command.loan_class)
    if better:
        _require_rules_allow(session, loan_id, command.loan_class)
    else:
        _refuse_waiting_judgement(session, actor, loan_id, day, command.reason)
    row = _new_change(session, actor, ledger, day, reason=command.reason, for_better=better)
    row.kind, row.judged_class = ChangeKind.JUDGE, command.loan_class
    return _stored(session, actor, row)


def _held(session: Session, ledger: LoanLedger) -> LoanClass:
    """The class of the last close, or a worse one judged since."""
    taken = ledger.state.loan_class or LoanClass.NORMAL
    judged = (
        sa.select(col(ClassChange.judged_class))
        .where(
            col(ClassChange.loan_id) == ledger.loan.id,
            col(ClassChange.kind) == ChangeKind.JUDGE,
            col(ClassChange.state) == ChangeState.IN_FORCE,
        )
        .order_by(col(ClassChange.decided_on).desc(), col(ClassChange.id).desc())
        .limit(1)
    )
    return so_far(taken, session.execute(judged).scalar_one_or_none())


def _refuse_waiting_judgement(
    session: Session, actor: Actor, loan_id: UUID, day: date, reason: str
) -> None:
    """Who lowers a class refuses the better one that waits, also the own one: it lifts nothing."""
    waiting = _waiting(session, loan_id)
    if waiting is not None and waiting.kind is ChangeKind.JUDGE:
        _decide(session, actor, waiting, ChangeEvent.REFUSE, day, reason)


def _require_rules_allow(session: Session, loan_id: UUID, wanted: LoanClass) -> None:
    last = (
        session.execute(
            sa.select(LoanClassification)
            .where(col(LoanClassification.loan_id) == loan_id)
            .order_by(col(LoanClassification.on).desc())
            .limit(1)
        )
        .scalars()
        .first()
    )
    held = holding_reasons(last.reasons, wanted) if last else ()
    if held:
        floor = LoanClass(held[0]["floor"])
        raise ClassHeldByRule(
            errors=tuple(
                FieldError(pointer="/class", detail=each["detail"], facts=each["facts"])
                for each in held
            ),
            floor=Coded(floor, CLASS_TITLES[floor]),
            codes=[each["code"] for each in held],
        )


def propose_end(session: Session, actor: Actor, loan_id: UUID, command: EndFact) -> ClassChangeView:
    """Propose that a recorded fact ends; a second person confirms, as it may lift the class."""
    actor.require(Permission.JUDGE_CLASS)
    ledger, day = _open_loan(session, actor, loan_id)
    fact = session.get(LoanFactRow, command.fact_id)
    if fact is None or fact.loan_id != loan_id or not _counts(fact, day):
        raise FactNotInForce
    _require_no_observation(session, fact)
    row = _new_change(session, actor, ledger, day, reason=command.reason, for_better=True)
    row.kind, row.fact_id = ChangeKind.END_FACT, fact.id
    return _stored(session, actor, row)


def _counts(fact: LoanFactRow, day: date) -> bool:
    return fact.until_on is None or fact.until_on >= day


def _require_no_observation(session: Session, fact: LoanFactRow) -> None:
    running = sa.select(col(LoanObservation.id)).where(
        col(LoanObservation.fact_id) == fact.id, col(LoanObservation.ended_on).is_(None)
    )
    if session.execute(running).first() is not None:
        raise ObservationRuns


def _open_loan(session: Session, actor: Actor, loan_id: UUID) -> tuple[LoanLedger, date]:
    ledger, day = open_books(session, actor, loan_id)
    if ledger.loan.state not in OPEN_STATES:
        raise LoanNotClassified(number=ledger.loan.number)
    require_current(ledger, day)
    return ledger, day


def _new_change(
    session: Session,
    actor: Actor,
    ledger: LoanLedger,
    day: date,
    *,
    reason: str,
    for_better: bool,
) -> ClassChange:
    loan = ledger.loan
    waiting = _waiting(session, loan.id) if for_better else None
    if waiting is not None:
        raise ClassChangeWaiting(number=waiting.number)
    return ClassChange(
        number=next_number(session, "K", day.year),
        loan_id=loan.id,
        bank_id=loan.bank_id,
        kind=ChangeKind.JUDGE,
        held_class=_held(session, ledger),
        for_better=for_better,
        state=ChangeState.PROPOSED if for_better else ChangeState.IN_FORCE,
        reason=reason,
        proposed_by_id=actor.person_id,
        proposed_on=day,
        decided_on=None if for_better else day,
        created_at=now(session),
    )


def _waiting(session: Session, loan_id: UUID) -> ClassChange | None:
    statement = sa.select(ClassChange).where(
        col(ClassChange.loan_id) == loan_id, col(ClassChange.state) == ChangeState.PROPOSED
    )
    found: ClassChange | None = session.execute(statement).scalar_one_or_none()
    return found


def _stored(session: Session, actor: Actor, row: ClassChange) -> ClassChangeView:
    session.add(row)
    session.flush()
    _record(session, actor, row, "propose" if row.for_better else "lower", reason=row.reason)
    return class_change_view(session, actor, row.id)


def confirm_change(
    session: Session, actor: Actor, change_id: UUID, command: DecideChange
) -> ClassChangeView:
    """A second person confirms: the better class, the fact or its end counts from the close of the day."""
    row = _begin(session, actor, change_id, ChangeEvent.CONFIRM)
    ledger, day = _open_loan(session, actor, row.loan_id)
    if row.kind is ChangeKind.END_FACT:
        _end_fact(session, row, day)
    elif row.better_fact is not None:
        row.fact_id = _begin_fact(session, ledger, row, row.better_fact, day)
    elif row.judged_class is not None:
        _require_rules_allow(session, row.loan_id, row.judged_class)
    return _decide(session, actor, row, ChangeEvent.CONFIRM, day, command.note)


def _begin_fact(
    session: Session, ledger: LoanLedger, row: ClassChange, fact: LoanFact, day: date
) -> UUID:
    """The fact in the name of the person who proposed it; a delay as it stands on the day."""
    _require_new(session, row.loan_id, fact, day)
    from_on, until_on = _days_of_fact(session, ledger, fact, day)
    begun = LoanFactRow(
        loan_id=row.loan_id,
        fact=fact,
        from_on=from_on,
        until_on=until_on,
        reason=row.reason,
        person_id=row.proposed_by_id,
        created_at=now(session),
    )
    session.add(begun)
    # Before the change, which refers to it.
    session.flush()
    return begun.id


def _end_fact(session: Session, row: ClassChange, day: date) -> None:
    fact = session.get_one(LoanFactRow, row.fact_id)
    if not _counts(fact, day):
        raise FactNotInForce
    fact.until_on = day - _ONE_DAY


def refuse_change(
    session: Session, actor: Actor, change_id: UUID, command: DecideChange
) -> ClassChangeView:
    """A second person refuses; the class stays."""
    row = _begin(session, actor, change_id, ChangeEvent.REFUSE)
    _ledger, day = open_books(session, actor, row.loan_id)
    return _decide(session, actor, row, ChangeEvent.REFUSE, day, command.note)


def _begin(session: Session, actor: Actor, change_id: UUID, event: ChangeEvent) -> ClassChange:
    statement = visible_class_changes(session, actor).where(col(ClassChange.id) == change_id)
    held = statement.with_for_update().execution_options(populate_existing=True)
    row: ClassChange | None = session.execute(held).scalar_one_or_none()
    if row is None:
        raise NotFound
    actor.require(CLASS_CHANGE.permissions[event])
    CLASS_CHANGE.next(row.state, event)
    if actor.person_id == row.proposed_by_id:
        raise DutiesApart
    return row


def _decide(
    session: Session, actor: Actor, row: ClassChange, event: ChangeEvent, day: date, note: str
) -> ClassChangeView:
    row.state = CLASS_CHANGE.next(row.state, event)
    row.note, row.decided_by_id, row.decided_on = note, actor.person_id, day
    session.flush()
    _record(session, actor, row, event.value, note=note)
    return class_change_view(session, actor, row.id)


def _record(session: Session, actor: Actor, row: ClassChange, what: str, **facts: object) -> None:
    record(
        session,
        actor,
        f"class-change.{what}",
        subject_kind="class-change",
        subject_id=row.id,
        organisation_id=row.bank_id,
        number=row.number,
        kind=row.kind.value,
        state=row.state.value,
        judged_class=row.judged_class.value if row.judged_class else None,
        better_fact=row.better_fact.value if row.better_fact else None,
        proposed_by=row.proposed_by_id,
        decided_by=row.decided_by_id,
        **facts,
    )


# --- Reading ---


def visible_class_changes(session: Session, actor: Actor) -> sa.Select[ClassChange]:
    """The changes of the actor's bank; to everybody else they are unknown."""
    if actor.sees("loan") != "own" and actor.sees("*") != "all":
        return sa.select(ClassChange).where(sa.false())
    loans = visible_loans(session, actor).with_only_columns(col(Loan.id)).order_by(None)
    statement = sa.select(ClassChange).where(col(ClassChange.loan_id).in_(loans))
    if actor.sees("*") == "all":
        return statement
    return statement.where(col(ClassChange.bank_id) == actor.organisation_id)


def class_change_view(session: Session, actor: Actor, change_id: UUID) -> ClassChangeView:
    """One change in sight."""
    statement = visible_class_changes(session, actor).where(col(ClassChange.id) == change_id)
    row = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise NotFound
    return class_change_views(session, actor, [row])[0]


def changes_of_loan(session: Session, actor: Actor, loan_id: UUID) -> list[ClassChangeView]:
    """The changes of a loan in sight, the newest first."""
    statement = visible_class_changes(session, actor).where(col(ClassChange.loan_id) == loan_id)
    rows = session.execute(statement.order_by(col(ClassChange.id).desc())).scalars().all()
    return class_change_views(session, actor, rows)


def class_change_views(
    session: Session, actor: Actor, rows: Sequence[ClassChange]
) -> list[ClassChangeView]:
    """Views of changes: four queries whatever their number."""
    loans = (
        sa.select(Loan, Organisation)
        .join(Organisation, col(Organisation.id) == col(Loan.borrower_id))
        .where(col(Loan.id).in_({row.loan_id for row in rows}))
    )
    known = {
        loan.id: (loan.number, Name(zh=firm.name_zh, en=firm.name_en))
        for loan, firm in session.execute(loans)
    }
    facts = sa.select(LoanFactRow).where(col(LoanFactRow.id).in_({row.fact_id for row in rows}))
    ended = {fact.id: fact.fact for fact in session.execute(facts).scalars()}
    people = person_names(
        session, [each for row in rows for each in (row.proposed_by_id, row.decided_by_id) if each]
    )
    counting = _counting_judgements(session, known)
    return [
        ClassChangeView(
            replaced_by=_replaced_by(row, counting.get(row.loan_id)),
            events=_events(actor, row),
            loan_number=known[row.loan_id][0],
            borrower=known[row.loan_id][1],
            fact=row.better_fact or (ended.get(row.fact_id) if row.fact_id else None),
            proposed_by=people.get(row.proposed_by_id),
            decided_by=people.get(row.decided_by_id) if row.decided_by_id else None,
            **{name: getattr(row, name) for name in _COPIED},
        )
        for row in rows
    ]


def _counting_judgements(
    session: Session, loan_ids: Iterable[UUID]
) -> dict[UUID, tuple[UUID, str]]:
    """The newest judgement in force of each loan: only this one counts."""
    statement = (
        sa.select(col(ClassChange.loan_id), col(ClassChange.id), col(ClassChange.number))
        .where(
            col(ClassChange.loan_id).in_(set(loan_ids)),
            col(ClassChange.kind) == ChangeKind.JUDGE,
            col(ClassChange.state) == ChangeState.IN_FORCE,
        )
        .order_by(col(ClassChange.decided_on), col(ClassChange.id))
    )
    return {loan: (change, number) for loan, change, number in session.execute(statement)}


def _replaced_by(row: ClassChange, counting: tuple[UUID, str] | None) -> str:
    judged = row.kind is ChangeKind.JUDGE and row.state is ChangeState.IN_FORCE
    if not judged or counting is None or counting[0] == row.id:
        return ""
    return counting[1]


_DERIVED = {"replaced_by", "events", "loan_number", "borrower", "fact", "proposed_by", "decided_by"}
_COPIED = tuple(name for name in ClassChangeView.__dataclass_fields__ if name not in _DERIVED)


def _events(actor: Actor, row: ClassChange) -> tuple[str, ...]:
    if actor.person_id == row.proposed_by_id:
        return ()
    return tuple(event.value for event in CLASS_CHANGE.events_for(row.state, actor))


def person_names(session: Session, ids: Iterable[UUID]) -> dict[UUID, Name]:
    """Names of the people who acted in rows that are in sight already."""
    statement = sa.select(Person).where(col(Person.id).in_(set(ids)))
    return {
        row.id: Name(zh=row.name_zh, en=row.name_en) for row in session.execute(statement).scalars()
    }
