"""The class that each loan of a bank takes at the close of a day: own facts, judgement, debtor, way back.

Looked at in a reading session, for the debtors that are not wholly normal; the rest of a bank's loans are never
loaded. What changes is written in chunks, each only as far as nothing moved since the look.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache
from itertools import chain
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.db.bulk import insert_rows, pieces, update_rows
from app.kernel.ids import new_id
from app.loans.books import Booking, lines_of, lock_ledger, owed_by_claim, post_entry
from app.loans.classes.models import ClassChange, LoanObservation
from app.loans.domain.class_changes import ChangeKind, ChangeState
from app.loans.domain.classification import Classification, ClassRules, LoanClass, Reason
from app.loans.domain.debtor import (
    ClaimOnDebtor,
    FactInForce,
    debtor_reason,
    in_force,
    own_classification,
    reasons_to_json,
    so_far,
    spread,
    taken_class,
)
from app.loans.domain.payment_record import (
    DueDay,
    Trial,
    observation,
    upgrade_reason,
    upgrade_trial,
)
from app.loans.domain.standing import switch_postings
from app.loans.domain.states import OPEN_STATES, EntryKind, LoanFact
from app.loans.models import (
    Loan,
    LoanClassification,
    LoanDue,
    LoanFactRow,
    LoanStateRow,
    RepaymentLine,
)

_ONE_DAY = timedelta(days=1)


READ_LOANS: Final = 500
"""So many loans' bills, or reasons, are read at a time: the memory that a look takes stays small."""

_NO_HISTORY = frozenset({"not-overdue"})
"""The reasons of a loan that never took a class but normal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What the classes of a bank's loans on a day follow from, as it was read."""

    bank_id: UUID
    on: date
    rules: ClassRules
    judged: dict[UUID, LoanClass] = field(default_factory=dict)
    touched: set[UUID] = field(default_factory=set)
    facts: dict[UUID, frozenset[FactInForce]] = field(default_factory=dict)
    rows: tuple[Any, ...] = ()

    def own(self, row: Any) -> Classification:
        """The class of a loan by its own days and facts."""
        facts = self.facts.get(row.loan_id, frozenset())
        return own_classification(days_overdue=row.overdue_days, facts=facts, rules=self.rules)

    def is_enhanced(self, loan_id: UUID) -> bool:
        """Whether a credit enhancement is recognised for a loan."""
        facts = self.facts.get(loan_id, frozenset())
        return any(each.fact is LoanFact.CREDIT_ENHANCED for each in facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """A loan whose class is taken today."""

    row: Any
    own: Classification
    judged: LoanClass | None
    reached: Reason | None
    waits: Reason | None = None

    @property
    def found(self) -> Classification:
        """The class by everything that is known of the loan and its debtor."""
        more = [self.reached] if self.waits is None else [self.reached, self.waits]
        return taken_class(self.own, self.judged, more)

    @property
    def codes(self) -> frozenset[str]:
        """The reasons looked at, by their codes."""
        return frozenset(each.code for each in self.found.reasons)

    @property
    def may_rise(self) -> bool:
        """Whether nothing but its record of payment may hold a non-performing loan."""
        held = self.row.loan_class is not None and self.row.loan_class.is_non_performing
        return held and not self.found.loan_class.is_non_performing


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassLook:
    """The classes that change at the close of a day, and what they were worked out from."""

    seen: _Seen
    changes: tuple[_Taken, ...]


def classify_debtors(session: Session, bank_id: UUID, on: date, *, rules: ClassRules) -> int:
    """Write the classes that changed, or whose reasons did, in one transaction; how many were written."""
    session.flush()
    look = look_at_classes(session, bank_id, on, rules=rules)
    return write_classes(session, look, look.changes)


def look_at_classes(session: Session, bank_id: UUID, on: date, *, rules: ClassRules) -> ClassLook:
    """What changes; a loan takes a class once a day, one changed after that waits for the next close."""
    seen = _seen(session, bank_id, on, rules)
    by_debtor: dict[UUID, list[Any]] = {}
    for row in seen.rows:
        by_debtor.setdefault(row.borrower_id, []).append(row)
    found: list[_Taken] = []
    for own in by_debtor.values():
        found += (each for each in _of_debtor(own, seen) if not each.row.is_taken)
    found = _with_waits(session, found, seen)
    last = _last_codes(session, [each.row.loan_id for each in found if _stays(each)])
    changed = (
        each
        for each in found
        if not _stays(each) or each.codes != last.get(each.row.loan_id, _NO_HISTORY)
    )
    return ClassLook(seen=seen, changes=tuple(sorted(changed, key=lambda each: each.row.loan_id)))


def has_moved(session: Session, look: ClassLook) -> bool:
    """Whether anything that the classes follow from changed since they were looked at."""
    seen = look.seen
    return _seen(session, seen.bank_id, seen.on, seen.rules) != seen


def write_classes(session: Session, look: ClassLook, changes: Sequence[_Taken]) -> int:
    """Write some of the classes that change; a loan that changed since the look is left for the next."""
    bank_id, on = look.seen.bank_id, look.seen.on
    changes = _unmoved(session, look.seen, changes)
    insert_rows(
        session,
        _table(LoanClassification),
        ("id", "loan_id", "bank_id", "on", "loan_class", "own_class", "overdue_days", "reasons"),
        [_classification(each, bank_id, on) for each in changes],
    )
    update_rows(
        session,
        _table(LoanStateRow),
        "loan_id",
        ("loan_class", "version"),
        [(each.row.loan_id, each.found.loan_class, each.row.version + 1) for each in changes],
    )
    for each in changes:
        off = each.found.loan_class.is_non_performing
        if each.row.off_balance != off:
            switch_accrual(session, each.row.loan_id, on, off=off)
    return len(changes)


def _unmoved(session: Session, seen: _Seen, changes: Sequence[_Taken]) -> list[_Taken]:
    """The loans, locked, of which neither a figure nor a fact nor a judgement is another than was seen."""
    found: list[_Taken] = []
    for some in pieces(changes, READ_LOANS):
        ids = [each.row.loan_id for each in some]
        locked = (
            sa.select(col(LoanStateRow.loan_id), col(LoanStateRow.version))
            .where(col(LoanStateRow.loan_id).in_(ids))
            .order_by(col(LoanStateRow.loan_id))
            .with_for_update()
        )
        versions = {row.loan_id: row.version for row in session.execute(locked)}
        judged = _judged(_changes(session, seen.bank_id, seen.on, ids))
        facts = _in_force(_facts(session, seen.bank_id, ids), seen.on)
        found += (
            each
            for each in some
            if versions.get(each.row.loan_id) == each.row.version
            and judged.get(each.row.loan_id) == each.judged
            and facts.get(each.row.loan_id) == seen.facts.get(each.row.loan_id)
        )
    return found


def _classification(taken: _Taken, bank_id: UUID, on: date) -> tuple[Any, ...]:
    row, found = taken.row, taken.found
    return (
        new_id(), row.loan_id, bank_id, on, found.loan_class, taken.own.loan_class,
        row.overdue_days, reasons_to_json(found.reasons),
    )  # fmt: skip


def _stays(taken: _Taken) -> bool:
    return taken.row.loan_class is taken.found.loan_class


def _of_debtor(rows: Sequence[Any], seen: _Seen) -> list[_Taken]:
    own = {row.loan_id: seen.own(row) for row in rows if row.own_class is not None}
    first = {
        loan_id: so_far(found.loan_class, seen.judged.get(loan_id))
        for loan_id, found in own.items()
    }
    claims = [
        ClaimOnDebtor(loan_class=first[row.loan_id], balance_fen=row.principal_fen)
        for row in rows
        if row.loan_id in own
    ]
    shared = debtor_reason(claims, seen.rules)
    return [
        _Taken(
            row=row,
            own=own[row.loan_id],
            judged=seen.judged.get(row.loan_id),
            reached=spread(first[row.loan_id], shared, enhanced=seen.is_enhanced(row.loan_id)),
        )
        for row in rows
        if row.loan_id in own
    ]


def _with_waits(session: Session, found: Sequence[_Taken], seen: _Seen) -> list[_Taken]:
    """With why a non-performing loan does not perform yet although nothing else holds it."""
    waits: dict[UUID, Reason] = {}
    rising = [each.row.loan_id for each in found if each.may_rise]
    for ids in pieces(rising, READ_LOANS):
        days = due_days_of(session, ids, until_on=seen.on)
        for loan_id in ids:
            trial = upgrade_trial(days[loan_id], on=seen.on, rules=seen.rules.upgrade)
            if trial is not None and not trial.is_over:
                waits[loan_id] = upgrade_reason(trial)
    return [
        replace(each, waits=waits[each.row.loan_id]) if each.row.loan_id in waits else each
        for each in found
    ]


def due_days(session: Session, loan_id: UUID, *, until_on: date) -> list[DueDay]:
    """What fell due of a loan up to a day, and from when it counts as paid."""
    return due_days_of(session, (loan_id,), until_on=until_on)[loan_id]


def due_days_of(
    session: Session, loan_ids: Sequence[UUID], *, until_on: date
) -> dict[UUID, list[DueDay]]:
    """What fell due of some loans up to a day, read together."""
    dues = (
        session.execute(
            sa.select(LoanDue).where(
                col(LoanDue.loan_id).in_(loan_ids), col(LoanDue.due_on) <= until_on
            )
        )
        .scalars()
        .all()
    )
    lines = lines_of(session, list({due.note_id for due in dues}))
    found: dict[UUID, list[DueDay]] = {loan_id: [] for loan_id in loan_ids}
    for due in dues:
        paid_on = _paid_on(lines.get(due.id, ())) if due.settled else None
        found[due.loan_id].append(DueDay(due_on=due.due_on, paid_on=paid_on))
    return found


def _paid_on(lines: Iterable[RepaymentLine]) -> date | None:
    """The value day of the last payment that was not taken back."""
    standing: list[tuple[int, date]] = []
    for line in sorted(lines, key=lambda each: each.id):
        if line.paid_fen > 0:
            standing.append((line.paid_fen, line.value_on))
        else:
            standing = _taken_back(standing, -line.paid_fen)
    return max((value_on for _, value_on in standing), default=None)


def _taken_back(standing: list[tuple[int, date]], back_fen: int) -> list[tuple[int, date]]:
    """The payments left: without the one of this amount, or else without the newest that cover it."""
    same = [place for place, (fen, _) in enumerate(standing) if fen == back_fen]
    if same:
        return [*standing[: same[-1]], *standing[same[-1] + 1 :]]
    left = list(standing)
    while left and back_fen:
        fen, value_on = left.pop()
        if fen > back_fen:
            left.append((fen - back_fen, value_on))
        back_fen -= min(fen, back_fen)
    return left


# --- Reading ---


def _seen(session: Session, bank_id: UUID, on: date, rules: ClassRules) -> _Seen:
    given = {"of_bank": bank_id, "of_day": on}
    if not session.execute(_anything_asked(), given).scalar_one():
        return _Seen(bank_id=bank_id, on=on, rules=rules)
    changes, facts = _changes(session, bank_id, on), _facts(session, bank_id)
    judged, touched = _judged(changes), _touched(changes, facts, on)
    return _Seen(
        bank_id=bank_id,
        on=on,
        rules=rules,
        judged=judged,
        touched=touched,
        facts=_in_force(facts, on),
        rows=tuple(_rows(session, bank_id, on, {*judged, *touched})),
    )


@cache
def _anything_asked() -> sa.Select[Any]:
    """Whether any open loan is not normal, or anybody said anything of one: mostly not."""
    loans = sa.select(sa.literal(1)).select_from(LoanStateRow)
    loans = loans.join(Loan, col(Loan.id) == col(LoanStateRow.loan_id))
    facts = sa.select(sa.literal(1)).select_from(LoanFactRow)
    facts = facts.join(Loan, col(Loan.id) == col(LoanFactRow.loan_id))
    return sa.select(
        sa.or_(
            loans.where(*_open_here(), _not_normal()).exists(),
            facts.where(*_open_here()).exists(),
            sa.exists().where(*_deciding()),
        )
    )


def _open_here() -> tuple[sa.ColumnElement[bool], ...]:
    return (col(Loan.bank_id) == _BANK, col(Loan.state).in_(OPEN_STATES))


def _not_normal() -> sa.ColumnElement[bool]:
    """By its own days and facts, or by the class that it took; or it took none yet."""
    return sa.or_(
        col(LoanStateRow.own_class) != LoanClass.NORMAL,
        col(LoanStateRow.loan_class) != LoanClass.NORMAL,
        col(LoanStateRow.loan_class).is_(None),
    )


def _deciding() -> tuple[sa.ColumnElement[bool], ...]:
    """What people decided that holds: judgements, and what else counts from the day."""
    judged = col(ClassChange.kind) == ChangeKind.JUDGE
    return (
        col(ClassChange.bank_id) == _BANK,
        col(ClassChange.state) == ChangeState.IN_FORCE,
        sa.or_(judged, col(ClassChange.decided_on) == _DAY),
    )


def _rows(session: Session, bank_id: UUID, on: date, named: set[UUID]) -> Sequence[Any]:
    """The open loans of debtors of whom some claim is not normal, or was changed by somebody."""
    given = {"of_bank": bank_id, "of_day": on, "named": list(named)}
    return session.execute(_rows_asked(), given).all()


@cache
def _rows_asked() -> sa.Select[*tuple[Any, ...]]:
    taken = sa.select(col(LoanClassification.loan_id)).where(
        col(LoanClassification.bank_id) == _BANK, col(LoanClassification.on) == _DAY
    )
    unsettled = sa.or_(_not_normal(), col(LoanStateRow.loan_id).in_(_NAMED))
    # Found once: as a condition of each loan PostgreSQL may look for the debtors anew.
    debtors = (
        sa.select(col(Loan.borrower_id))
        .join(LoanStateRow, col(LoanStateRow.loan_id) == col(Loan.id))
        .where(*_open_here(), unsettled)
        .distinct()
        .cte("debtors")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    return (
        sa.select(
            col(LoanStateRow.loan_id),
            col(Loan.borrower_id),
            col(LoanStateRow.own_class),
            col(LoanStateRow.loan_class),
            col(LoanStateRow.overdue_days),
            col(LoanStateRow.principal_fen),
            col(LoanStateRow.off_balance),
            col(LoanStateRow.version),
            col(LoanStateRow.loan_id).in_(taken).label("is_taken"),
        )
        .join(Loan, col(Loan.id) == col(LoanStateRow.loan_id))
        .join(debtors, debtors.c.borrower_id == col(Loan.borrower_id))
        .where(*_open_here())
        .order_by(col(LoanStateRow.loan_id))
    )


_BANK: Final = sa.bindparam("of_bank", type_=sa.Uuid)
_DAY: Final = sa.bindparam("of_day", type_=sa.Date)
_NAMED: Final = sa.bindparam("named", type_=sa.Uuid, expanding=True)


def _changes(
    session: Session, bank_id: UUID, on: date, among: Sequence[UUID] | None = None
) -> Sequence[Any]:
    """Judgements in force of a bank's loans, or of those named, and what else people decided for the day."""
    given = {"of_bank": bank_id, "of_day": on, "named": among or ()}
    return session.execute(_changes_asked(named=among is not None), given).all()


@cache
def _changes_asked(*, named: bool) -> sa.Select[*tuple[Any, ...]]:
    statement = (
        sa.select(
            col(ClassChange.loan_id),
            col(ClassChange.kind),
            col(ClassChange.judged_class),
            col(ClassChange.decided_on),
        )
        .where(*_deciding())
        .order_by(col(ClassChange.decided_on), col(ClassChange.id))
    )
    return _of_named(statement, col(ClassChange.loan_id)) if named else statement


def _of_named(statement: sa.Select[*tuple[Any, ...]], loan_id: Any) -> sa.Select[*tuple[Any, ...]]:
    return statement.where(loan_id.in_(_NAMED))


def _judged(changes: Iterable[Any]) -> dict[UUID, LoanClass]:
    """The judgement in force of each loan; normal means none."""
    last = {row.loan_id: row.judged_class for row in changes if row.kind is ChangeKind.JUDGE}
    return {
        loan_id: judged
        for loan_id, judged in last.items()
        if judged is not None and judged is not LoanClass.NORMAL
    }


def _touched(changes: Iterable[Any], facts: Iterable[Any], on: date) -> set[UUID]:
    """Loans of which a fact began, or ended the day before, or a person's decision counts from today."""
    decided = (row for row in changes if row.decided_on == on)
    moved = (row for row in facts if row.from_on == on or row.until_on == on - _ONE_DAY)
    return {row.loan_id for row in chain(decided, moved)}


def _facts(session: Session, bank_id: UUID, among: Sequence[UUID] | None = None) -> Sequence[Any]:
    """The facts of a bank's open loans, or of those named."""
    given = {"of_bank": bank_id, "named": among or ()}
    return session.execute(_facts_asked(named=among is not None), given).all()


@cache
def _facts_asked(*, named: bool) -> sa.Select[*tuple[Any, ...]]:
    statement = (
        sa.select(
            col(LoanFactRow.loan_id),
            col(LoanFactRow.fact),
            col(LoanFactRow.share_ppm),
            col(LoanFactRow.from_on),
            col(LoanFactRow.until_on),
        )
        .join(Loan, col(Loan.id) == col(LoanFactRow.loan_id))
        .where(*_open_here())
    )
    return _of_named(statement, col(LoanFactRow.loan_id)) if named else statement


def _in_force(facts: Iterable[Any], on: date) -> dict[UUID, frozenset[FactInForce]]:
    """The facts that hold on a day, by loan."""
    rows: dict[UUID, list[Any]] = {}
    for fact in facts:
        rows.setdefault(fact.loan_id, []).append(fact)
    return {loan_id: in_force(found, on) for loan_id, found in rows.items()}


def _last_codes(session: Session, loan_ids: Sequence[UUID]) -> dict[UUID, frozenset[str]]:
    """The codes of the reasons that some loans took last."""
    found: dict[UUID, frozenset[str]] = {}
    for ids in pieces(loan_ids, READ_LOANS):
        for loan_id, reasons in session.execute(_last_asked(), {"named": ids}):
            found[loan_id] = frozenset(each["code"] for each in reasons)
    return found


@cache
def _last_asked() -> sa.Select[*tuple[Any, ...]]:
    newest = (
        sa.select(col(LoanClassification.loan_id), sa.func.max(LoanClassification.on).label("on"))
        .where(col(LoanClassification.loan_id).in_(_NAMED))
        .group_by(col(LoanClassification.loan_id))
        .subquery()
    )
    last = sa.and_(
        newest.c.loan_id == col(LoanClassification.loan_id),
        newest.c.on == col(LoanClassification.on),
    )
    reasons = sa.select(col(LoanClassification.loan_id), col(LoanClassification.reasons))
    return reasons.join(newest, last)


# --- Restructured loans ---


def end_observations(session: Session, bank_id: UUID, on: date, *, rules: ClassRules) -> int:
    """End the observations whose conditions are all met; the fact counts through the day."""
    ended = 0
    for rows in pieces(open_observations(session, bank_id), READ_LOANS):
        days = due_days_of(session, [row.loan_id for row in rows], until_on=on)
        for row in rows:
            if _trial(days[row.loan_id], row, on, rules).is_over:
                row.ended_on = on
                session.get_one(LoanFactRow, row.fact_id).until_on = on
                ended += 1
    session.flush()
    return ended


def open_observations(session: Session, bank_id: UUID) -> Sequence[LoanObservation]:
    """The observations of a bank that are not over."""
    return session.execute(_observations_asked(), {"of_bank": bank_id}).scalars().all()


@cache
def _observations_asked() -> sa.Select[LoanObservation]:
    return (
        sa.select(LoanObservation)
        .join(Loan, col(Loan.id) == col(LoanObservation.loan_id))
        .where(
            col(Loan.bank_id) == _BANK,
            col(Loan.state).in_(OPEN_STATES),
            col(LoanObservation.ended_on).is_(None),
        )
        .order_by(col(LoanObservation.loan_id), col(LoanObservation.id))
    )


def observation_trial(session: Session, row: LoanObservation, on: date, rules: ClassRules) -> Trial:
    """How far the observation of a restructured loan has come by the close of a day."""
    return _trial(due_days(session, row.loan_id, until_on=on), row, on, rules)


def _trial(days: Sequence[DueDay], row: LoanObservation, on: date, rules: ClassRules) -> Trial:
    return observation(days, first_due_on=row.first_due_on, on=on, rules=rules.observation)


# --- Income ---


def switch_accrual(session: Session, loan_id: UUID, on: date, *, off: bool) -> None:
    """Move unpaid interest out of income into the memorandum, or back."""
    ledger = lock_ledger(session, loan_id)
    if ledger.state.off_balance == off:
        return
    ledger.state.off_balance = off
    ledger.state.version += 1
    postings = switch_postings(owed_by_claim(ledger), off_balance=off)
    if postings:
        booking = Booking(kind=EntryKind.NON_ACCRUAL, booked_on=on, value_on=on)
        post_entry(session, ledger.loan, postings, booking)


def _table(model: Any) -> sa.Table:
    table: sa.Table = model.__table__
    return table
