"""The close of a set of loans: read together, worked out one by one, written in bulk.

A loan whose figures do not work out is left as it was and reported; the others go on.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.db.bulk import insert_rows, update_rows
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.loans.books import latest_plans, lines_of, note_terms, steps_from_json, steps_to_json
from app.loans.closing.quiet import QuietClose, close_quiet
from app.loans.closing.rates import (
    RateWrites,
    Repricing,
    collect_rates,
    is_repriced,
    load_repricing,
    resets_of,
    write_rates,
)
from app.loans.closing.rows import (
    ACCRUAL_COLUMNS,
    POSTING_COLUMNS,
    Earner,
    accrual_row,
    overpaid_rows,
    posted_of,
    posting_digest,
    posting_row,
)
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.burden import OpenDue
from app.loans.domain.classification import ClassRules, LoanClass
from app.loans.domain.debtor import FactInForce, in_force, own_classification
from app.loans.domain.notes import plan_from_json
from app.loans.domain.repricing import RateSet
from app.loans.domain.servicing import NoteBook, NoteDay, Overdue, overdue_on
from app.loans.domain.spreading import Spread
from app.loans.domain.standing import standing
from app.loans.domain.states import AccrualKind, LoanState
from app.loans.domain.waterfall import Claim
from app.loans.models import (
    Loan,
    LoanAccrual,
    LoanDue,
    LoanFactRow,
    LoanNote,
    LoanPosting,
    LoanStateRow,
    NotePlan,
    NoteStateRow,
    RepaymentLine,
)
from app.loans.rates.queries import Bearing, has_rates, moved_from_json

_ONE_DAY = timedelta(days=1)

_OwnClass = Callable[[int, frozenset[FactInForce]], LoanClass]

DaysAfter = Callable[[date], Sequence[date]]
"""From the last day closed for a loan to the days to close now."""

_DUE_COLUMNS = (
    "id", "loan_id", "note_id", "number", "due_on", "principal_fen", "interest_fen",
    "paid_principal_fen", "paid_interest_fen", "settled",
)  # fmt: skip
_NOTE_COLUMNS = ("interest_fen", "penalty_fen", "compound_fen")
_BILLED_COLUMNS = (
    *_NOTE_COLUMNS, "unbilled_fen", "overdue_principal_fen", "period_number", "period_starts_on",
    "period_due_on", "whole_months", "ahead_fen", "odd_fen", "odd_part_fen", "next_due_on", "bills",
)  # fmt: skip
_LOAN_COLUMNS = ("accrued_fen", "overdue_days", "overdue_fen", "own_class", "closed_on", "version")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """What the close of a set of loans came to."""

    done: int
    failed: tuple[tuple[UUID, str], ...]
    earned_fen: int
    billed_fen: int
    sha256: str
    """Over what was posted, in the order of the loans."""
    first_posting: str = ""
    last_posting: str = ""
    """Ids grow with time: between these two lies what was posted, and nothing of another set."""

    @property
    def posted(self) -> dict[str, str]:
        """What the audit journal keeps of the postings."""
        return {
            "sha256": self.sha256,
            "first_posting": self.first_posting,
            "last_posting": self.last_posting,
        }


@dataclass(slots=True, kw_only=True)
class _NoteWork:
    row: Any
    book: NoteBook
    overdue_principal_fen: int
    bills: int
    plan_number: int = 0
    billed: bool = False


@dataclass(slots=True, kw_only=True)
class _LoanWork:
    row: Any
    repricing: Repricing | None = None
    notes: list[_NoteWork] = field(default_factory=list)
    unpaid: list[DatedAmount] = field(default_factory=list)
    facts: list[Any] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class _Writes:
    """Rows collected over the loans of a set."""

    accruals: list[tuple[Any, ...]] = field(default_factory=list)
    postings: list[tuple[Any, ...]] = field(default_factory=list)
    dues: list[tuple[Any, ...]] = field(default_factory=list)
    notes: list[tuple[Any, ...]] = field(default_factory=list)
    billed: list[tuple[Any, ...]] = field(default_factory=list)
    steps: list[tuple[UUID, Any]] = field(default_factory=list)
    loans: list[tuple[Any, ...]] = field(default_factory=list)
    states: list[tuple[UUID, LoanState]] = field(default_factory=list)
    rates: RateWrites = field(default_factory=RateWrites)
    overpaid: list[tuple[UUID, UUID, Claim, int]] = field(default_factory=list)
    """Note, loan, claim and amount of what was paid and is no longer owed."""
    moved: list[tuple[Any, ...]] = field(default_factory=list)
    """Its postings; those of interest are counted by the digest alone."""
    earned_fen: int = 0
    billed_fen: int = 0

    def add(self, other: "_Writes") -> None:
        """Take over the rows of one loan that worked out."""
        for name in _LISTS:
            getattr(self, name).extend(getattr(other, name))
        self.rates.add(other.rates)
        self.earned_fen += other.earned_fen
        self.billed_fen += other.billed_fen


_LISTS = (
    "accruals", "postings", "dues", "notes", "billed", "steps", "loans", "states", "overpaid",
    "moved",
)  # fmt: skip


def close_loans(
    session: Session,
    loan_ids: Sequence[UUID],
    days_after: DaysAfter,
    *,
    last_on: date,
    booked_on: date | None,
    rules: ClassRules,
) -> BatchResult:
    """Close the days of each loan up to `last_on`; bookings carry `booked_on`, or the day itself.

    rules: by which the loans are classified on `last_on`.
    """
    session.flush()
    own_class, quiet = _classifier(rules), QuietClose(left=loan_ids)
    if booked_on is not None and own_class(0, _NO_FACTS) is LoanClass.NORMAL:
        quiet = close_quiet(session, loan_ids, last_on, booked_on=booked_on)
    writes, failed = _Writes(earned_fen=quiet.earned_fen), []
    for work in _load(session, quiet.left, last_on):
        try:
            writes.add(_close_loan(work, days_after(work.row.closed_on), booked_on, own_class))
        except (ValueError, ArithmeticError, LookupError, TypeError, Refusal) as problem:
            failed.append((work.row.loan_id, f"{type(problem).__name__}: {problem}"[:300]))
    _write(session, writes)
    posted = [*quiet.posted, *map(posted_of, writes.postings)]
    return BatchResult(
        done=quiet.done + len(writes.loans),
        failed=tuple(failed),
        earned_fen=writes.earned_fen,
        billed_fen=writes.billed_fen,
        sha256=posting_digest(line for _, line in posted),
        first_posting=min((posting_id for posting_id, _ in posted), default=""),
        last_posting=max((posting_id for posting_id, _ in posted), default=""),
    )


# --- Reading ---


def _load(session: Session, loan_ids: Sequence[UUID], last_on: date) -> list[_LoanWork]:
    if not loan_ids:
        return []
    works = {row.loan_id: _LoanWork(row=row) for row in _loan_rows(session, loan_ids)}
    for due in _unsettled(session, loan_ids):
        left = due.principal_fen + due.interest_fen - due.paid_principal_fen - due.paid_interest_fen
        works[due.loan_id].unpaid.append(DatedAmount(on=due.due_on, amount_fen=left))
    for fact in _fact_rows(session, loan_ids):
        works[fact.loan_id].facts.append(fact)
    notes = _note_rows(session, loan_ids)
    floating = [row.note_id for row in notes if has_rates(works[row.loan_id].row)]
    repricing = load_repricing(session, notes, floating, last_on)
    misused = repricing.bearing.misuse
    late = {row.note_id for row in notes if _needs_past(row, works[row.loan_id].unpaid, last_on)}
    moving = [row for row in notes if _falls_due(row, last_on) or is_repriced(row, last_on)]
    plans = latest_plans(session, [row.note_id for row in moving])
    past = _past_dues(session, sorted(late | misused.keys()))
    for row in notes:
        work, plan = works[row.loan_id], plans.get(row.note_id)
        work.repricing = repricing
        work.notes.append(
            _NoteWork(
                row=row,
                book=_book(work.row, row, plan, past.get(row.note_id), repricing.bearing),
                overdue_principal_fen=row.overdue_principal_fen,
                bills=row.bills,
                plan_number=plan.number if plan else 0,
            )
        )
    return [works[key] for key in sorted(works)]


def _loan_rows(session: Session, loan_ids: Sequence[UUID]) -> Sequence[Any]:
    return session.execute(_loans_asked(), {"loans": loan_ids}).all()


@cache
def _loans_asked() -> sa.Select[Any]:
    return (
        sa.select(_table(LoanStateRow), *(_LOAN_TABLE.c[name] for name in _LOAN_TERMS))
        .join(_LOAN_TABLE, col(LoanStateRow.loan_id) == _LOAN_TABLE.c.id)
        .where(col(LoanStateRow.loan_id).in_(_LOANS))
        .order_by(col(LoanStateRow.loan_id))
        .with_for_update(of=LoanStateRow)
    )


_LOANS: Final = sa.bindparam("loans", type_=sa.Uuid, expanding=True)
_LOAN_TABLE: sa.Table = Loan.__table__  # type: ignore[attr-defined]
_LOAN_TERMS = (
    "bank_id", "state", "penalty_ppm", "method", "every", "day_count", "interest_style",
    "starts_on", "first_due_on", "plan", "lpr_tenor", "lpr_bp", "reset_rule", "lpr_lag_days",
    "misuse_ppm", "grace_principal", "month_end", "odd_days", "moved_days", "repriced",
    "extended_from_on",
)  # fmt: skip


def _note_rows(session: Session, loan_ids: Sequence[UUID]) -> Sequence[Any]:
    return session.execute(_notes_asked(), {"loans": loan_ids}).all()


@cache
def _notes_asked() -> sa.Select[Any]:
    note = _table(LoanNote)
    terms = ("amount_fen", "drawn_on", "rate_ppm", "matures_on")
    return (
        sa.select(_table(NoteStateRow), *(note.c[name] for name in terms))
        .join(note, col(NoteStateRow.note_id) == note.c.id)
        .where(col(NoteStateRow.loan_id).in_(_LOANS))
        .order_by(col(NoteStateRow.loan_id), col(NoteStateRow.note_id))
    )


def _unsettled(session: Session, loan_ids: Sequence[UUID]) -> Sequence[Any]:
    return session.execute(_unsettled_asked(), {"loans": loan_ids}).all()


@cache
def _unsettled_asked() -> sa.Select[Any]:
    return sa.select(_table(LoanDue)).where(
        col(LoanDue.loan_id).in_(_LOANS), sa.not_(col(LoanDue.settled))
    )


def _fact_rows(session: Session, loan_ids: Sequence[UUID]) -> Sequence[Any]:
    return session.execute(_facts_asked(), {"loans": loan_ids}).all()


@cache
def _facts_asked() -> sa.Select[Any]:
    return sa.select(_table(LoanFactRow)).where(col(LoanFactRow.loan_id).in_(_LOANS))


def _falls_due(row: Any, last_on: date) -> bool:
    """Whether something falls due on the days to close, or odd days end whose interest is spread."""
    if row.next_due_on is None:
        return False
    return bool(min(row.next_due_on, row.period_due_on) <= last_on + _ONE_DAY)


def _needs_past(row: Any, unpaid: Sequence[DatedAmount], last_on: date) -> bool:
    """Whether penalty or compound interest may grow on the days to close."""
    if row.next_due_on is not None and row.next_due_on <= last_on:
        return True
    return any(each.on <= last_on for each in unpaid)


def _past_dues(session: Session, note_ids: Sequence[UUID]) -> dict[UUID, list[OpenDue]]:
    """Every bill of the notes with what was paid on it and when."""
    found: dict[UUID, list[OpenDue]] = {note_id: [] for note_id in note_ids}
    if not note_ids:
        return found
    lines = lines_of(session, note_ids)
    for due in session.execute(_past_asked(), {"notes": note_ids}):
        found[due.note_id].append(open_due(due, lines.get(due.id, ())))
    return found


@cache
def _past_asked() -> sa.Select[Any]:
    notes = sa.bindparam("notes", type_=sa.Uuid, expanding=True)
    return (
        sa.select(_table(LoanDue))
        .where(col(LoanDue.note_id).in_(notes))
        .order_by(col(LoanDue.due_on), col(LoanDue.number))
    )


def open_due(due: Any, lines: Sequence[RepaymentLine]) -> OpenDue:
    """A bill with its payments, as the pure rules take it."""
    return OpenDue(
        due_on=due.due_on,
        principal_fen=due.principal_fen,
        interest_fen=due.interest_fen,
        paid_principal=_paid(lines, Claim.PRINCIPAL),
        paid_interest=_paid(lines, Claim.INTEREST),
    )


def _paid(lines: Sequence[RepaymentLine], claim: Claim) -> tuple[DatedAmount, ...]:
    return tuple(
        DatedAmount(on=line.value_on, amount_fen=line.paid_fen)
        for line in lines
        if line.claim is claim
    )


def _book(
    loan: Any, row: Any, plan: NotePlan | None, dues: list[OpenDue] | None, bearing: Bearing
) -> NoteBook:
    rates = bearing.rates.get(row.note_id, ())
    return NoteBook(
        rate_ppm=row.rate_ppm,
        surcharge_ppm=loan.penalty_ppm,
        misuse_ppm=loan.misuse_ppm or 0,
        misuse=bearing.misuse.get(row.note_id),
        rates=rates,
        day_count=loan.day_count,
        ends_on=dict(moved_from_json(loan.moved_days)).get(row.matures_on, row.matures_on),
        unbilled_fen=row.unbilled_fen,
        period_number=row.period_number,
        period_starts_on=row.period_starts_on,
        period_due_on=row.period_due_on,
        whole_months=row.whole_months,
        interest_fen=row.interest_fen,
        ahead_fen=row.ahead_fen,
        spread=Spread(left_fen=row.odd_fen, part_fen=row.odd_part_fen),
        penalty_fen=row.penalty_fen,
        compound_fen=row.compound_fen,
        next_due_on=row.next_due_on,
        steps=steps_from_json(row.steps) if row.steps else (),
        terms=note_terms(loan, row, rates) if plan is not None else None,
        plan=plan_from_json(plan.plan) if plan is not None else (),
        dues=dues or [],
        is_overdue=dues is not None,
    )


# --- One loan ---


def _close_loan(
    work: _LoanWork, days: Sequence[date], booked_on: date | None, own_class: _OwnClass
) -> _Writes:
    writes = _Writes()
    resets = [_resets(work, note, days) for note in work.notes]
    for day in days:
        for note in work.notes:
            found = note.book.close(day)
            if found.earned_fen or found.bill or found.penalty_fen or found.compound_fen:
                _collect(writes, work, note, found, booked_on or day)
    for note, set_rates in zip(work.notes, resets, strict=True):
        _collect_note(writes, note)
        collect_rates(writes.rates, work.row, note.row, note.book, set_rates, note.plan_number)
    if days:
        for note in work.notes:
            _collect_overpaid(writes, work, note, days[-1], booked_on or days[-1])
        _collect_loan(writes, work, days[-1], own_class)
    return writes


def _resets(work: _LoanWork, note: _NoteWork, days: Sequence[date]) -> tuple[RateSet, ...]:
    """The rates to be set on the days; the book of the note sets them."""
    if work.repricing is None or not days:
        return ()
    found = resets_of(work.repricing, work.row, note.row, note.book.ends_on, days[-1])
    note.book.resets = found
    return found


def _collect(
    writes: _Writes, work: _LoanWork, note: _NoteWork, found: NoteDay, booked_on: date
) -> None:
    earner = _earner(work, note)
    for kind, amount, cumulative in (
        (AccrualKind.INTEREST, found.interest_fen, found.interest_cumulative_fen),
        (AccrualKind.PENALTY, found.penalty_fen, found.penalty_cumulative_fen),
        (AccrualKind.COMPOUND, found.compound_fen, found.compound_cumulative_fen),
    ):
        if not amount:
            continue
        writes.accruals.append(
            accrual_row(earner, kind, found.on, amount_fen=amount, cumulative_fen=cumulative)
        )
        writes.postings.append(
            posting_row(earner, kind, found.on, amount_fen=amount, booked_on=booked_on)
        )
    writes.earned_fen += found.earned_fen
    if found.bill is not None:
        _collect_bill(writes, work, note, found)


def _earner(work: _LoanWork, note: _NoteWork) -> Earner:
    row = work.row
    return Earner(
        bank_id=row.bank_id,
        loan_id=row.loan_id,
        note_id=note.row.note_id,
        off_balance=row.off_balance,
    )


def _collect_overpaid(
    writes: _Writes, work: _LoanWork, note: _NoteWork, on: date, booked_on: date
) -> None:
    """What was paid on penalty or compound interest that did not grow after all waits in suspense."""
    row, book = note.row, note.book
    for claim, over_fen in (
        (Claim.PENALTY, row.penalty_paid_fen - book.penalty_fen),
        (Claim.COMPOUND, row.compound_paid_fen - book.compound_fen),
    ):
        if over_fen > 0:
            writes.overpaid.append((row.note_id, row.loan_id, claim, over_fen))
            writes.moved += overpaid_rows(
                _earner(work, note), claim, on, amount_fen=over_fen, booked_on=booked_on
            )


def _collect_bill(writes: _Writes, work: _LoanWork, note: _NoteWork, found: NoteDay) -> None:
    bill = found.bill
    if bill is None:
        return
    note.bills += 1
    note.overdue_principal_fen += bill.principal_fen
    amount = bill.principal_fen + bill.interest_fen
    writes.dues.append(
        (
            new_id(), work.row.loan_id, note.row.note_id, note.bills, bill.due_on,
            bill.principal_fen, bill.interest_fen, 0, 0, False,
        )
    )  # fmt: skip
    writes.billed_fen += amount
    work.unpaid.append(DatedAmount(on=bill.due_on, amount_fen=amount))


def _collect_note(writes: _Writes, note: _NoteWork) -> None:
    row, book = note.row, note.book
    steps = steps_to_json(book.steps) if book.steps else None
    if steps != row.steps:
        writes.steps.append((row.note_id, steps))
    moved = (row.note_id, book.interest_fen, book.penalty_fen, book.compound_fen)
    if (book.next_due_on, book.period_starts_on) == (row.next_due_on, row.period_starts_on):
        writes.notes.append(moved)
        return
    writes.billed.append(
        (
            *moved, book.unbilled_fen, note.overdue_principal_fen, book.period_number,
            book.period_starts_on, book.period_due_on, book.whole_months, book.ahead_fen,
            book.spread.left_fen, book.spread.part_fen, book.next_due_on, note.bills,
        )
    )  # fmt: skip


def _collect_loan(writes: _Writes, work: _LoanWork, last_on: date, own_class: _OwnClass) -> None:
    row = work.row
    overdue = overdue_on(work.unpaid, last_on + _ONE_DAY) if work.unpaid else _NOTHING_OVERDUE
    accrued = row.accrued_fen + writes.earned_fen + sum(each[-1] for each in writes.overpaid)
    found = own_class(overdue.days, in_force(work.facts, last_on) if work.facts else _NO_FACTS)
    writes.loans.append(
        (
            row.loan_id, accrued, overdue.days, overdue.amount_fen, found, last_on,
            row.version + 1,
        )
    )  # fmt: skip
    state = standing(
        row.state,
        owed_fen=row.principal_fen + row.fees_fen + abs(accrued),
        overdue_days=overdue.days,
    )
    if state is not row.state:
        writes.states.append((row.loan_id, state))


_NOTHING_OVERDUE = Overdue(days=0, amount_fen=0)
_NO_FACTS: frozenset[FactInForce] = frozenset()


def _classifier(rules: ClassRules) -> _OwnClass:
    """The class by days overdue and facts; most loans of a set share a few answers."""

    @cache
    def own_class(days_overdue: int, facts: frozenset[FactInForce]) -> LoanClass:
        return own_classification(days_overdue=days_overdue, facts=facts, rules=rules).loan_class

    return own_class


# --- Writing ---


def _write(session: Session, writes: _Writes) -> None:
    insert_rows(session, _table(LoanAccrual), ACCRUAL_COLUMNS, writes.accruals)
    insert_rows(session, _table(LoanPosting), POSTING_COLUMNS, writes.postings)
    insert_rows(session, _table(LoanPosting), POSTING_COLUMNS, writes.moved)
    insert_rows(session, _table(LoanDue), _DUE_COLUMNS, writes.dues)
    update_rows(session, _table(NoteStateRow), "note_id", _NOTE_COLUMNS, writes.notes)
    update_rows(session, _table(NoteStateRow), "note_id", _BILLED_COLUMNS, writes.billed)
    update_rows(session, _table(LoanStateRow), "loan_id", _LOAN_COLUMNS, writes.loans)
    write_rates(session, writes.rates)
    for statement in _rare_updates(writes):
        session.execute(statement, execution_options={"synchronize_session": False})


def _rare_updates(writes: _Writes) -> Iterator[sa.Update]:
    for note_id, steps in writes.steps:
        value = sa.null() if steps is None else steps
        yield (
            sa.update(NoteStateRow).where(col(NoteStateRow.note_id) == note_id).values(steps=value)
        )
    for note_id, loan_id, claim, over_fen in writes.overpaid:
        paid = "penalty_paid_fen" if claim is Claim.PENALTY else "compound_paid_fen"
        yield (
            sa.update(NoteStateRow)
            .where(col(NoteStateRow.note_id) == note_id)
            .values({paid: getattr(NoteStateRow, paid) - over_fen})
        )
        yield (
            sa.update(LoanStateRow)
            .where(col(LoanStateRow.loan_id) == loan_id)
            .values(suspense_fen=col(LoanStateRow.suspense_fen) + over_fen)
        )
    for loan_id, state in writes.states:
        yield (
            sa.update(Loan)
            .where(col(Loan.id) == loan_id)
            .values(state=state, version=col(Loan.version) + 1)
        )


def _table(model: Any) -> sa.Table:
    table: sa.Table = model.__table__
    return table
