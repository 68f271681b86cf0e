"""The books of one loan for a single step: rows loaded under a lock, postings written in order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.db.engine import pretended_day, today
from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.kernel.ids import new_id
from app.kernel.schedule_dates import Every
from app.loans.domain.accrual import RateFrom
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.burden import Misuse
from app.loans.domain.journal import Posting
from app.loans.domain.notes import NoteTerms, plan_from_json
from app.loans.domain.servicing import NoteBook
from app.loans.domain.spreading import Spread
from app.loans.domain.states import OPEN_STATES, EntryKind, Kept
from app.loans.domain.waterfall import Claim
from app.loans.ledger.models import LedgerPeriod
from app.loans.models import (
    BankDay,
    Loan,
    LoanDue,
    LoanNote,
    LoanPosting,
    LoanStateRow,
    NotePlan,
    NoteStateRow,
    RepaymentLine,
)
from app.loans.queries import visible_loans
from app.loans.rates.queries import Bearing, bearing_of, has_rates, moved_from_json
from app.loans.refusals import ClosedPeriod, DayClosing, DayNotOpened, LoanBehind, LoanNotServiced

ONE_DAY = timedelta(days=1)


@dataclass(slots=True, kw_only=True)
class NoteLedger:
    """A note with its running figures, its plan in force and its bills."""

    loan: Loan
    note: LoanNote
    state: NoteStateRow
    terms: NoteTerms
    plan: tuple[DatedAmount, ...]
    plan_number: int
    dues: list[LoanDue]
    misuse: Misuse | None = None

    def owed_fen(self, claim: Claim) -> int:
        """Penalty or compound interest posted and not paid."""
        if claim is Claim.PENALTY:
            return self.state.penalty_fen - self.state.penalty_paid_fen
        return self.state.compound_fen - self.state.compound_paid_fen

    @property
    def grown_fen(self) -> int:
        """Interest posted that has neither fallen due nor been paid ahead."""
        return self.state.interest_fen - self.state.ahead_fen + self.state.odd_fen

    def interest_owed_fen(self) -> int:
        """Interest posted and not paid, billed or not."""
        billed = sum(due.interest_fen - due.paid_interest_fen for due in self.dues)
        return billed + self.grown_fen


@dataclass(slots=True, kw_only=True)
class LoanLedger:
    """A loan under lock with everything that a booking may change."""

    loan: Loan
    state: LoanStateRow
    notes: list[NoteLedger]

    @property
    def dues(self) -> list[tuple[NoteLedger, LoanDue]]:
        """All bills of all notes."""
        return [(ledger, due) for ledger in self.notes for due in ledger.dues]


def business_day(session: Session, bank_id: UUID) -> date:
    """The open business day of a bank; `DayNotOpened` when its books were never opened."""
    return _opened(find_business_day(session, bank_id))


def hold_business_day(session: Session, bank_id: UUID) -> date:
    """The open business day, which cannot end before this booking is committed."""
    statement = (
        sa.select(col(BankDay.open_on)).where(col(BankDay.bank_id) == bank_id)
    ).with_for_update(read=True)
    return _opened(session.execute(statement).scalar_one_or_none())


def _opened(day: date | None) -> date:
    if day is None:
        raise DayNotOpened
    return day


def find_business_day(session: Session, bank_id: UUID) -> date | None:
    """The open business day of a bank, if its books are kept here."""
    return session.execute(_day_asked(), {"of_bank": bank_id}).scalar_one_or_none()


@cache
def _day_asked() -> sa.Select[Any]:
    of_bank = sa.bindparam("of_bank", type_=sa.Uuid)
    return sa.select(col(BankDay.open_on)).where(col(BankDay.bank_id) == of_bank)


def lending_day(session: Session, bank_id: UUID) -> date:
    """The day of which a bank's lending speaks: its open business day; the civil day while its books were never opened.

    Contract, liens and recognised values of a bank use it alike; assets and appraisals use the civil day.
    History that is taken over happens on its own day.
    """
    past = pretended_day(session)
    return past or find_business_day(session, bank_id) or today(session)


def open_books(session: Session, actor: Actor, loan_id: UUID) -> tuple[LoanLedger, date]:
    """The ledger of a visible, serviced loan under lock, at its bank's open business day."""
    statement = visible_loans(session, actor).where(col(Loan.id) == loan_id)
    loan = session.execute(statement).scalar_one_or_none()
    if loan is None:
        raise NotFound
    if loan.kept is Kept.MIRRORED:
        raise LoanNotServiced(number=loan.number)
    day = hold_business_day(session, loan.bank_id)
    return lock_ledger(session, loan_id), day


def require_current(ledger: LoanLedger, day: date) -> None:
    """Refuse a booking while the day closes for an open loan, or when a close left it behind."""
    closed_on = ledger.state.closed_on
    if ledger.loan.state not in OPEN_STATES or closed_on is None or closed_on == day - ONE_DAY:
        return
    if closed_on >= day:
        raise DayClosing(day=day, retry_after=2)
    raise LoanBehind(number=ledger.loan.number, closed_on=closed_on, day=day)


def lock_ledger(session: Session, loan_id: UUID) -> LoanLedger:
    """Lock the loan's figures, then read everything beside them as it is now."""
    fresh: dict[str, Any] = {"populate_existing": True}
    state = session.execute(
        sa.select(LoanStateRow)
        .where(col(LoanStateRow.loan_id) == loan_id)
        .with_for_update()
        .execution_options(**fresh)
    ).scalar_one()
    loan = session.execute(
        sa.select(Loan).where(col(Loan.id) == loan_id).execution_options(**fresh)
    ).scalar_one()
    rows = session.execute(
        sa.select(LoanNote, NoteStateRow)
        .join(NoteStateRow, col(NoteStateRow.note_id) == col(LoanNote.id))
        .where(col(LoanNote.loan_id) == loan_id)
        .order_by(col(LoanNote.drawn_on), col(LoanNote.number))
        .execution_options(**fresh)
    ).all()
    dues = (
        session.execute(
            sa.select(LoanDue)
            .where(col(LoanDue.loan_id) == loan_id)
            .order_by(col(LoanDue.due_on), col(LoanDue.note_id), col(LoanDue.number))
            .execution_options(**fresh)
        )
        .scalars()
        .all()
    )
    plans = latest_plans(session, [note.id for note, _ in rows])
    bearing = bearing_of_loans(session, [(loan, note) for note, _ in rows])
    notes = [
        note_ledger(
            loan,
            note,
            note_state,
            plan=plans[note.id],
            dues=[due for due in dues if due.note_id == note.id],
            bearing=bearing,
        )
        for note, note_state in rows
    ]
    return LoanLedger(loan=loan, state=state, notes=notes)


def bearing_of_loans(session: Session, rows: Sequence[tuple[Loan, LoanNote]]) -> Bearing:
    """Rates and misuse of the notes of some loans."""
    floating = [note.id for loan, note in rows if has_rates(loan)]
    return bearing_of(session, [note for _, note in rows], floating=floating)


def note_ledger(
    loan: Loan,
    note: LoanNote,
    state: NoteStateRow,
    *,
    plan: NotePlan,
    dues: list[LoanDue],
    bearing: Bearing,
) -> NoteLedger:
    """A note with everything that a step may need of it."""
    return NoteLedger(
        loan=loan,
        note=note,
        state=state,
        terms=note_terms(loan, note, bearing.rates.get(note.id, ())),
        plan=plan_from_json(plan.plan),
        plan_number=plan.number,
        dues=dues,
        misuse=bearing.misuse.get(note.id),
    )


def owed_by_claim(ledger: LoanLedger) -> dict[Claim, int]:
    """Interest, penalty and compound interest grown and not paid."""
    return {
        Claim.INTEREST: sum(note.interest_owed_fen() for note in ledger.notes),
        Claim.PENALTY: sum(note.owed_fen(Claim.PENALTY) for note in ledger.notes),
        Claim.COMPOUND: sum(note.owed_fen(Claim.COMPOUND) for note in ledger.notes),
    }


def latest_plans(session: Session, note_ids: Sequence[UUID]) -> dict[UUID, NotePlan]:
    """The plan in force of each note."""
    if not note_ids:
        return {}
    plans = session.execute(_plans_asked(), {"notes": note_ids}).scalars()
    return {plan.note_id: plan for plan in plans}


@cache
def _plans_asked() -> sa.Select[NotePlan]:
    notes = sa.bindparam("notes", type_=sa.Uuid, expanding=True)
    return (
        sa.select(NotePlan)
        .where(col(NotePlan.note_id).in_(notes))
        .order_by(col(NotePlan.note_id), col(NotePlan.number))
    )


def note_terms(loan: Any, note: Any, rates: tuple[RateFrom, ...] = ()) -> NoteTerms:
    """The terms of a note, from its own row and its contract's; `rates` of a floating one."""
    return NoteTerms(
        amount_fen=note.amount_fen,
        drawn_on=note.drawn_on,
        matures_on=note.matures_on,
        rate_ppm=note.rate_ppm,
        method=loan.method,
        every=Every.parse(loan.every),
        day_count=loan.day_count,
        style=loan.interest_style,
        contract_starts_on=loan.starts_on,
        first_due_on=loan.first_due_on,
        plan=plan_from_json(loan.plan),
        grace_principal=loan.grace_principal,
        month_end=loan.month_end,
        odd_days=loan.odd_days,
        moved=moved_from_json(loan.moved_days),
        extended_from_on=loan.extended_from_on,
        rates=rates,
    )


def note_book(ledger: NoteLedger) -> NoteBook:
    """The pure working copy of a note's figures."""
    loan, state = ledger.loan, ledger.state
    return NoteBook(
        rate_ppm=ledger.terms.rate_ppm,
        surcharge_ppm=loan.penalty_ppm,
        misuse_ppm=loan.misuse_ppm or 0,
        misuse=ledger.misuse,
        rates=ledger.terms.rates,
        day_count=loan.day_count,
        ends_on=ledger.terms.ends_on,
        unbilled_fen=state.unbilled_fen,
        period_number=state.period_number,
        period_starts_on=state.period_starts_on,
        period_due_on=state.period_due_on,
        whole_months=state.whole_months,
        interest_fen=state.interest_fen,
        ahead_fen=state.ahead_fen,
        spread=Spread(left_fen=state.odd_fen, part_fen=state.odd_part_fen),
        penalty_fen=state.penalty_fen,
        compound_fen=state.compound_fen,
        next_due_on=state.next_due_on,
        steps=steps_from_json(state.steps),
        terms=ledger.terms,
        plan=ledger.plan,
    )


def steps_from_json(steps: Sequence[Sequence[Any]] | None) -> tuple[tuple[date, int], ...]:
    """Balance steps as they were stored."""
    return tuple((date.fromisoformat(day), int(fen)) for day, fen in steps or ())


def steps_to_json(steps: Iterable[tuple[date, int]]) -> list[list[Any]] | None:
    """Balance steps as they are stored; None for the common single balance."""
    return [[day.isoformat(), fen] for day, fen in steps] or None


def add_plan(
    session: Session,
    ledger: NoteLedger,
    plan: tuple[DatedAmount, ...],
    *,
    from_on: date,
    reason: str,
    repayment_id: UUID | None = None,
    extension_id: UUID | None = None,
    repeats: int | None = None,
) -> NotePlan:
    """A new plan in force; the ones before it stay on file."""
    ledger.plan_number += 1
    ledger.plan = plan
    row = NotePlan(
        note_id=ledger.note.id,
        number=ledger.plan_number,
        from_on=from_on,
        plan=[{"on": each.on.isoformat(), "fen": each.amount_fen} for each in plan],
        reason=reason,
        repayment_id=repayment_id,
        extension_id=extension_id,
        repeats=repeats,
    )
    session.add(row)
    return row


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """When and why an entry is booked."""

    kind: EntryKind
    booked_on: date
    value_on: date
    words: str = ""
    reverses_id: UUID | None = None


def require_open_period(session: Session, bank_id: UUID, day: date) -> None:
    """Refuse to book into a month that was closed."""
    closed_on = last_closed_on(session, bank_id)
    if closed_on is not None and day <= closed_on:
        raise ClosedPeriod(first=closed_on + ONE_DAY, value_on=day)


def last_closed_on(session: Session, bank_id: UUID) -> date | None:
    """The last day of the last month that a bank closed."""
    statement = sa.select(sa.func.max(LedgerPeriod.ends_on)).where(
        col(LedgerPeriod.bank_id) == bank_id
    )
    found: date | None = session.execute(statement).scalar_one()
    return found


def post_entry(
    session: Session,
    loan: Loan,
    postings: Sequence[Posting],
    booking: Booking,
    *,
    note_id: UUID | None = None,
) -> UUID:
    """Write one entry; its lines are numbered from 1. Gives its id. Refuses a day in a closed month."""
    require_open_period(session, loan.bank_id, min(booking.booked_on, booking.value_on))
    entry_id = new_id()
    for seq, each in enumerate(postings, start=1):
        session.add(
            LoanPosting(
                entry_id=entry_id,
                seq=seq,
                bank_id=loan.bank_id,
                loan_id=loan.id,
                note_id=note_id,
                debit=each.debit,
                credit=each.credit,
                amount_fen=each.amount_fen,
                booked_on=booking.booked_on,
                value_on=booking.value_on,
                kind=booking.kind,
                text=booking.words,
                reverses_id=booking.reverses_id,
            )
        )
    return entry_id


def lines_of(session: Session, note_ids: Sequence[UUID]) -> dict[UUID, list[RepaymentLine]]:
    """What was paid, by bill, for notes that need their whole past."""
    if not note_ids:
        return {}
    found: dict[UUID, list[RepaymentLine]] = {}
    for line in session.execute(_lines_asked(), {"notes": note_ids}).scalars():
        if line.due_id is not None:
            found.setdefault(line.due_id, []).append(line)
    return found


@cache
def _lines_asked() -> sa.Select[RepaymentLine]:
    notes = sa.bindparam("notes", type_=sa.Uuid, expanding=True)
    return sa.select(RepaymentLine).where(
        col(RepaymentLine.note_id).in_(notes), col(RepaymentLine.due_id).is_not(None)
    )
