"""The figures of notes worked out again: balances, accruals, bills, what is overdue."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.db.invariants import Violation
from app.loans.books import note_terms
from app.loans.closing.models import DayCloseRepeat
from app.loans.domain.classification import ClassRules, LoanClass, class_rules
from app.loans.domain.debtor import in_force, own_classification
from app.loans.domain.notes import plan_from_json
from app.loans.domain.recomputed import (
    AsOf,
    BilledBefore,
    BilledDue,
    MisusedFrom,
    NotePast,
    PaidLine,
    PlanFrom,
)
from app.loans.domain.servicing import overdue_on
from app.loans.domain.states import AccrualKind, EntryKind, LoanState
from app.loans.domain.waterfall import Claim
from app.loans.models import (
    BankDay,
    DayClose,
    Loan,
    LoanAccrual,
    LoanDue,
    LoanFactRow,
    LoanNote,
    LoanPosting,
    LoanStateRow,
    NotePlan,
    NoteStateRow,
    Repayment,
    RepaymentLine,
)
from app.loans.rates.queries import misuse_rows, overpaid_of_notes, rates_of_notes
from app.loans.repayments.models import AccrualCorrection, DueChange
from app.reference.services import policy_for

_ONE_DAY = timedelta(days=1)
Row = TypeVar("Row")
_Posted = dict[tuple[UUID, date, AccrualKind], tuple[int, AsOf]]

_KIND_OF_ACCOUNT = {
    "interest-receivable": AccrualKind.INTEREST,
    "penalty-receivable": AccrualKind.PENALTY,
    "compound-receivable": AccrualKind.COMPOUND,
}


def note_violations(
    session: Session, loans: Sequence[tuple[Loan, LoanStateRow]]
) -> Iterator[Violation]:
    """Each figure of the notes of some loans that does not come out."""
    loan_ids = [loan.id for loan, _ in loans]
    notes = _by_loan(_all(session, LoanNote, LoanNote.loan_id, loan_ids), "loan_id")
    states = {
        row.note_id: row for row in _all(session, NoteStateRow, NoteStateRow.loan_id, loan_ids)
    }
    pasts = _pasts(session, loans, notes)
    accruals = _by_loan(_all(session, LoanAccrual, LoanAccrual.loan_id, loan_ids), "note_id")
    posted = _posted(session, loan_ids)
    corrections = _by_loan(
        _all(session, AccrualCorrection, AccrualCorrection.loan_id, loan_ids), "note_id"
    )
    over = overpaid_of_notes(session, list(states))
    facts = _by_loan(_all(session, LoanFactRow, LoanFactRow.loan_id, loan_ids), "loan_id")
    opened = _first_days(session)
    closed_days = {state.closed_on for _, state in loans if state.closed_on}
    begun, repeats = _begun(session, closed_days), _repeats(session, closed_days)

    @cache
    def rules_on(bank_id: UUID, day: date) -> ClassRules:
        return class_rules(policy_for(session, bank_id, day))

    for loan, state in loans:
        own = notes.get(loan.id, [])
        for note in own:
            past, running = pasts[note.id], states[note.id]
            if loan.state is not LoanState.WRITTEN_OFF:
                yield from _balance(note, running, past)
                yield from _principal(note, past, state.closed_on)
            corrected = corrections.get(note.id, [])
            grown = accruals.get(note.id, [])
            yield from _running(note, running, grown, corrected, past, over)
            yield from _accruals(note, grown, corrected, posted, past)
            yield from _bills(note, past, state.closed_on, written_off=_ended(loan))
        past_of_loan = [pasts[note.id] for note in own]
        yield from _overdue(loan, state, past_of_loan)
        if state.closed_on is not None and loan.state is not LoanState.WRITTEN_OFF:
            first = opened.get(loan.bank_id, state.closed_on)
            rules = rules_on(loan.bank_id, max(state.closed_on, first))
            rows = [
                row
                for note in own
                for row in accruals.get(note.id, [])
                if row.on == state.closed_on
            ]
            known = _Known(
                facts=facts.get(loan.id, []),
                until=begun.get((loan.bank_id, state.closed_on)),
                moments=_closed_through(
                    state.closed_on,
                    rows,
                    posted,
                    past_of_loan,
                    repeats.get((loan.bank_id, state.closed_on), []),
                ),
            )
            yield from _own_class(loan, state, past_of_loan, known, rules)


def _first_days(session: Session) -> dict[UUID, date]:
    """The first business day of each bank: history before it was classified by its rules."""
    closes = sa.select(col(DayClose.bank_id), sa.func.min(DayClose.on)).group_by(
        col(DayClose.bank_id)
    )
    found = {row.bank_id: row.open_on for row in session.execute(sa.select(BankDay)).scalars()}
    return found | {row[0]: row[1] for row in session.execute(closes)}


def _begun(session: Session, days: set[date]) -> dict[tuple[UUID, date], datetime]:
    """When the closes of some days began, by bank and day."""
    statement = sa.select(col(DayClose.bank_id), col(DayClose.on), col(DayClose.started_at)).where(
        col(DayClose.on).in_(days), col(DayClose.started_at).is_not(None)
    )
    return {(bank_id, on): at for bank_id, on, at in session.execute(statement)}


def _repeats(session: Session, days: set[date]) -> dict[tuple[UUID, date], list[UUID]]:
    """The repeats of the closes of some days, by bank and day."""
    statement = (
        sa.select(col(DayClose.bank_id), col(DayClose.on), col(DayCloseRepeat.id))
        .join(DayClose, col(DayClose.id) == col(DayCloseRepeat.close_id))
        .where(col(DayClose.on).in_(days))
    )
    found: dict[tuple[UUID, date], list[UUID]] = defaultdict(list)
    for bank_id, on, repeat_id in session.execute(statement):
        found[bank_id, on].append(repeat_id)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """The facts of a loan, and when the close of its last day began; unknown of days before the books."""

    facts: Sequence[LoanFactRow]
    until: datetime | None
    moments: Sequence[AsOf]
    """When the loan may have been closed through its last day."""


def _ended(loan: Loan) -> bool:
    return loan.state in (LoanState.WRITTEN_OFF, LoanState.SETTLED, LoanState.RELEASED)


def _balance(note: LoanNote, state: NoteStateRow, past: NotePast) -> Iterator[Violation]:
    overdue = sum(due.principal_fen - due.paid_principal_fen for due in past.dues)
    for name, stored, found in (
        ("unbilled principal", state.unbilled_fen, past.unbilled_fen()),
        ("overdue principal", state.overdue_principal_fen, overdue),
        ("number of bills", state.bills, len(past.dues)),
    ):
        if stored != found:
            yield _broken("note-figures", note, f"{name} is {stored}, its bills say {found}")


def _principal(note: LoanNote, past: NotePast, closed_on: date | None) -> Iterator[Violation]:
    """All that is owed of a note is due, or falls due on a day to come: none of it is without a day."""
    stands_on = closed_on + _ONE_DAY if closed_on is not None else note.drawn_on
    due = sum(each.principal_fen - each.paid_principal_fen for each in past.dues)
    owed = past.owed_principal_fen()
    to_come = sum(each.amount_fen for each in past.plan if each.on > stands_on)
    if owed != due + to_come:
        detail = (
            f"{owed} fen of principal are owed; {due} are due, {to_come} fall due after {stands_on}"
        )
        yield _broken("note-principal", note, detail)
    for each in past.plan:
        if each.amount_fen < 0:
            detail = f"its plan asks for {each.amount_fen} fen of principal on {each.on}"
            yield _broken("note-principal", note, detail)


def _running(
    note: LoanNote,
    state: NoteStateRow,
    accruals: Sequence[LoanAccrual],
    corrections: Sequence[AccrualCorrection],
    past: NotePast,
    over: Mapping[tuple[UUID, Claim], int],
) -> Iterator[Violation]:
    def total(kind: AccrualKind, since: date) -> int:
        grown = sum(row.amount_fen for row in accruals if row.kind is kind and row.on >= since)
        corrected = (
            row for row in corrections if row.kind is kind and row.period_starts_on >= since
        )
        return grown + sum(row.amount_fen for row in corrected)

    def paid(claim: Claim) -> int:
        return past.paid_fen(claim) - over.get((note.id, claim), 0)

    first = note.drawn_on
    spread, ahead = past.paid_ahead(state.period_starts_on)
    for name, stored, found in (
        ("interest", state.interest_fen, total(AccrualKind.INTEREST, state.period_starts_on)),
        ("interest paid ahead", state.ahead_fen, ahead),
        ("interest of odd days", state.odd_fen, spread.left_fen),
        ("part of odd days", state.odd_part_fen, spread.part_fen),
        ("penalty", state.penalty_fen, total(AccrualKind.PENALTY, first)),
        ("compound interest", state.compound_fen, total(AccrualKind.COMPOUND, first)),
        ("penalty paid", state.penalty_paid_fen, paid(Claim.PENALTY)),
        ("compound interest paid", state.compound_paid_fen, paid(Claim.COMPOUND)),
    ):
        if stored != found:
            yield _broken("note-figures", note, f"{name} is {stored} fen, its rows say {found}")


def _accruals(
    note: LoanNote,
    rows: Sequence[LoanAccrual],
    corrections: Sequence[AccrualCorrection],
    posted: _Posted,
    past: NotePast,
) -> Iterator[Violation]:
    sums: dict[tuple[AccrualKind, date], int] = defaultdict(int)

    def corrected(kind: AccrualKind, since: date, as_of: AsOf) -> int:
        return sum(
            each.amount_fen
            for each in corrections
            if (each.kind, each.period_starts_on) == (kind, since)
            and as_of.knows(each.booked_on, each.id)
        )

    for row in sorted(rows, key=lambda each: each.on):
        key = (row.note_id, row.on, row.kind)
        amount, as_of = posted.get(key, (0, AsOf(on=row.on)))
        if amount != row.amount_fen:
            detail = f"{row.kind} of {row.on} is {row.amount_fen} fen, posted are {amount}"
            yield _broken("accrual-posting", note, detail)
        try:
            found = past.cumulative_fen(row.kind, row.on, as_of)
            since = past.period_on(row.on).starts_on if row.kind is AccrualKind.INTEREST else None
        except ValueError as problem:
            yield _broken("accrual-formula", note, f"{row.kind} of {row.on}: {problem}")
            continue
        span = (row.kind, since or note.drawn_on)
        sums[span] += row.amount_fen
        if not row.cumulative_fen == found == sums[span] + corrected(*span, as_of):
            detail = (
                f"{row.kind} through {row.on} is {row.cumulative_fen} fen, the terms say {found}"
            )
            yield _broken("accrual-formula", note, detail)


def _posted_as_of(rows: Sequence[LoanAccrual], posted: _Posted) -> dict[date, AsOf]:
    """What was known when that which grew on a day was posted."""
    keys = ((row.note_id, row.on, row.kind) for row in rows)
    return {key[1]: posted[key][1] for key in keys if key in posted}


def _closed_through(
    on: date,
    rows: Sequence[LoanAccrual],
    posted: _Posted,
    pasts: Sequence[NotePast],
    repeats: Sequence[UUID],
) -> list[AsOf]:
    """When a loan may have been closed through its last day: what grew on it was posted then.

    Where nothing grew, it was on the day itself, or, if all principal was paid by then, perhaps in a repeat
    of that close which brought the loan up as it was opened again: what else it owed then is not looked at,
    as bills of days that the repeat closed were not made yet.
    """
    told = _posted_as_of(rows, posted).get(on)
    if told is not None:
        return [told]
    then = AsOf(on=on)
    if not all(past.principal_is_paid(then) for past in pasts):
        return [then]
    return [then, *(AsOf(on=on, last_id=each) for each in repeats)]


def _bills(
    note: LoanNote,
    past: NotePast,
    closed_on: date | None,
    *,
    written_off: bool,
) -> Iterator[Violation]:
    billed = {due.due_on: due for due in past.dues}
    for due in past.dues:
        planned = past.planned_fen(due.due_on)
        if due.principal_fen != planned:
            detail = (
                f"principal due {due.due_on} is {due.principal_fen} fen, the plan says {planned}"
            )
            yield _broken("due-principal", note, detail)
        yield from _paid(note, past, due)
    if closed_on is None or written_off:
        return
    expected = {each.on: each.amount_fen for each in past.expected_bills(closed_on + _ONE_DAY)}
    for day in sorted(billed.keys() | expected.keys()):
        found = billed[day].interest_fen if day in billed else 0
        if found != expected.get(day, 0):
            detail = f"interest due {day} is {found} fen, the terms say {expected.get(day, 0)}"
            yield _broken("due-interest", note, detail)


def _paid(note: LoanNote, past: NotePast, due: BilledDue) -> Iterator[Violation]:
    for name, claim, stored in (
        ("principal", Claim.PRINCIPAL, due.paid_principal_fen),
        ("interest", Claim.INTEREST, due.paid_interest_fen),
    ):
        found = past.paid_on_due(due.number, claim)
        if stored != found:
            detail = f"paid {name} due {due.due_on} is {stored} fen, repayments say {found}"
            yield _broken("due-paid", note, detail)
    paid = due.paid_principal_fen + due.paid_interest_fen
    if due.settled != (paid == due.principal_fen + due.interest_fen):
        yield _broken("due-paid", note, f"the mark “settled” of the bill due {due.due_on} is wrong")


def _overdue(loan: Loan, state: LoanStateRow, pasts: Sequence[NotePast]) -> Iterator[Violation]:
    subject = f"loan {loan.number}"
    if state.closed_on is None or loan.state is LoanState.WRITTEN_OFF:
        expected = LoanClass.NORMAL if state.closed_on is None else LoanClass.LOSS
        if state.own_class is not expected:
            detail = f"class by its own facts is {state.own_class}, not {expected}"
            yield Violation(invariant="loan-own-class", subject=subject, detail=detail)
        return
    day = state.closed_on + _ONE_DAY
    now = overdue_on([each for past in pasts for each in past.unpaid(AsOf(on=date.max))], day)
    if (state.overdue_days, state.overdue_fen) != (now.days, now.amount_fen):
        detail = (
            f"overdue by {state.overdue_days} days and {state.overdue_fen} fen,"
            f" its bills say {now.days} and {now.amount_fen}"
        )
        yield Violation(invariant="loan-overdue", subject=subject, detail=detail)


def _own_class(
    loan: Loan,
    state: LoanStateRow,
    pasts: Sequence[NotePast],
    known: _Known,
    rules: ClassRules,
) -> Iterator[Violation]:
    closed_on = state.closed_on or date.min
    possible: list[LoanClass] = []
    for as_of in known.moments:
        unpaid = [each for past in pasts for each in past.unpaid(as_of)]
        closed = overdue_on(unpaid, closed_on + _ONE_DAY)
        possible += _own_classes(closed.days, known, closed_on, rules)
    if state.own_class not in possible:
        said = " or ".join(dict.fromkeys(possible))
        detail = f"class by its own facts is {state.own_class}, they say {said}"
        yield Violation(invariant="loan-own-class", subject=f"loan {loan.number}", detail=detail)


def _own_classes(days: int, known: _Known, closed_on: date, rules: ClassRules) -> list[LoanClass]:
    """The classes that the close may have found: a fact recorded since it began may count from the next one."""
    ordered = sorted(known.facts, key=lambda fact: (fact.created_at, fact.id))
    before = sum(known.until is not None and fact.created_at < known.until for fact in ordered)
    return [
        own_classification(
            days_overdue=days, facts=in_force(ordered[:count], closed_on), rules=rules
        ).loan_class
        for count in range(before, len(ordered) + 1)
    ]


# --- Reading ---


def _all(
    session: Session, model: type[Row], column: Any, loan_ids: Sequence[UUID]
) -> Sequence[Row]:
    return session.execute(sa.select(model).where(col(column).in_(loan_ids))).scalars().all()


def _by_loan(rows: Sequence[Row], name: str) -> dict[UUID, list[Row]]:
    found: dict[UUID, list[Row]] = defaultdict(list)
    for row in rows:
        found[getattr(row, name)].append(row)
    return found


def _pasts(
    session: Session,
    loans: Sequence[tuple[Loan, LoanStateRow]],
    notes: dict[UUID, list[LoanNote]],
) -> dict[UUID, NotePast]:
    by_id = {loan.id: loan for loan, _ in loans}
    note_ids = [note.id for own in notes.values() for note in own]
    dues = _all(session, LoanDue, LoanDue.note_id, note_ids)
    due_numbers = {due.id: due.number for due in dues}
    changes = _changes(session, note_ids)
    dues_of = _by_loan(dues, "note_id")
    plans_of = _by_loan(_all(session, NotePlan, NotePlan.note_id, note_ids), "note_id")
    lines_of = _lines(session, note_ids, due_numbers)
    rates, misused = rates_of_notes(session, note_ids), _misused(session, note_ids)
    return {
        note.id: NotePast(
            terms=note_terms(by_id[note.loan_id], note, rates.get(note.id, ())),
            surcharge_ppm=by_id[note.loan_id].penalty_ppm,
            misuse_ppm=by_id[note.loan_id].misuse_ppm or 0,
            misused=tuple(misused.get(note.id, ())),
            plans=tuple(
                PlanFrom(from_on=row.from_on, plan=plan_from_json(row.plan))
                for row in sorted(plans_of.get(note.id, []), key=lambda each: each.number)
            ),
            dues=tuple(
                _billed(due, changes.get(due.id, []))
                for due in sorted(dues_of.get(note.id, []), key=lambda d: d.number)
            ),
            lines=tuple(lines_of.get(note.id, [])),
        )
        for own in notes.values()
        for note in own
    }


def _misused(session: Session, note_ids: Sequence[UUID]) -> dict[UUID, list[MisusedFrom]]:
    found: dict[UUID, list[MisusedFrom]] = defaultdict(list)
    for row in misuse_rows(session, note_ids):
        found[row.note_id].append(
            MisusedFrom(
                id=row.id, from_on=row.from_on, amount_fen=row.amount_fen, booked_on=row.booked_on
            )
        )
    return found


def _billed(due: LoanDue, changes: Sequence[DueChange]) -> BilledDue:
    names = [name for name in BilledDue.__dataclass_fields__ if name != "changes"]
    before = tuple(
        BilledBefore(
            id=each.id,
            booked_on=each.booked_on,
            principal_fen=each.principal_fen,
            interest_fen=each.interest_fen,
        )
        for each in changes
    )
    return BilledDue(**{name: getattr(due, name) for name in names}, changes=before)


def _changes(session: Session, note_ids: Sequence[UUID]) -> dict[UUID, list[DueChange]]:
    statement = (
        sa.select(DueChange)
        .join(LoanDue, col(LoanDue.id) == col(DueChange.due_id))
        .where(col(LoanDue.note_id).in_(note_ids))
        .order_by(col(DueChange.id))
    )
    return _by_loan(session.execute(statement).scalars().all(), "due_id")


def _lines(
    session: Session, note_ids: Sequence[UUID], due_numbers: dict[UUID, int]
) -> dict[UUID, list[PaidLine]]:
    statement = (
        sa.select(RepaymentLine, col(Repayment.booked_on))
        .join(Repayment, col(Repayment.id) == col(RepaymentLine.repayment_id))
        .where(col(RepaymentLine.note_id).in_(note_ids))
        .order_by(col(RepaymentLine.id))
    )
    found: dict[UUID, list[PaidLine]] = defaultdict(list)
    for line, booked_on in session.execute(statement):
        found[line.note_id].append(
            PaidLine(
                id=line.id,
                claim=line.claim,
                due_number=due_numbers.get(line.due_id) if line.due_id else None,
                paid_fen=line.paid_fen,
                value_on=line.value_on,
                booked_on=booked_on,
            )
        )
    return found


def _posted(session: Session, loan_ids: Sequence[UUID]) -> _Posted:
    """What the journal holds of each accrual: its amount with sign, and what was known when it was booked.

    Off the balance sheet all kinds share one account; there the accrual rows give the kind.
    """
    statement = sa.select(LoanPosting).where(
        col(LoanPosting.loan_id).in_(loan_ids), col(LoanPosting.kind) == EntryKind.ACCRUAL
    )
    found: _Posted = {}
    memo: dict[tuple[UUID, date], list[tuple[int, AsOf]]] = defaultdict(list)
    for row in session.execute(statement).scalars():
        if row.note_id is None:
            continue
        kind, sign = _kind_and_sign(row)
        late = row.booked_on > row.value_on
        as_of = (
            AsOf(on=row.booked_on - _ONE_DAY, last_id=row.id) if late else AsOf(on=row.booked_on)
        )
        if kind is None:
            memo[row.note_id, row.value_on].append((sign * row.amount_fen, as_of))
        else:
            found[row.note_id, row.value_on, kind] = (sign * row.amount_fen, as_of)
    if memo:
        _match_memo(session, loan_ids, memo, found)
    return found


def _kind_and_sign(row: LoanPosting) -> tuple[AccrualKind | None, int]:
    for account, sign in ((row.debit, 1), (row.credit, -1)):
        if account.value in _KIND_OF_ACCOUNT:
            return _KIND_OF_ACCOUNT[account.value], sign
    return None, 1 if row.debit.value == "memo-interest" else -1


def _match_memo(
    session: Session,
    loan_ids: Sequence[UUID],
    memo: dict[tuple[UUID, date], list[tuple[int, AsOf]]],
    found: _Posted,
) -> None:
    statement = sa.select(LoanAccrual).where(
        col(LoanAccrual.loan_id).in_(loan_ids), col(LoanAccrual.off_balance)
    )
    for row in session.execute(statement).scalars():
        candidates = memo.get((row.note_id, row.on), [])
        match = next((each for each in candidates if each[0] == row.amount_fen), None)
        if match is not None:
            candidates.remove(match)
            found[row.note_id, row.on, row.kind] = match


def _broken(invariant: str, note: LoanNote, detail: str) -> Violation:
    return Violation(invariant=invariant, subject=f"note {note.number}", detail=detail)
