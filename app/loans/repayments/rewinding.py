"""A loan taken back to an earlier day of the open month, and brought forward again.

Repayments that came after that day are taken back by reversals, the ledger is worked out for the
day from what was stored, the change is booked there, and each later repayment is booked again on
its own day by the same rules. What else happened is met again on its day: a fee is owed and a
refund given from the day on which it was booked, an extension moves the maturity to where it was
decided, a rate set by the contract or by a change of terms draws equal instalments anew, and a
plan that a change decided is kept from its beginning; their entries stay as they are. Bills
between are corrected with what they said before kept on file; interest posted too much or too
little is posted as a difference. So the loan stands as if everything had been known on its day,
and every row that was written stays.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.kernel.actor import Actor
from app.kernel.ids import new_id
from app.kernel.money import Money
from app.loans.books import (
    ONE_DAY,
    Booking,
    LoanLedger,
    NoteLedger,
    add_plan,
    lines_of,
    note_book,
    post_entry,
    steps_to_json,
)
from app.loans.closing.loans import open_due
from app.loans.domain.accrual import accrued_fen, held
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.burden import compound_to, penalty_to
from app.loans.domain.journal import accrual_postings
from app.loans.domain.ledger import ManualKind
from app.loans.domain.notes import (
    interest_periods,
    plan_from_json,
    rates_of,
    spread_period,
    spread_steps,
)
from app.loans.domain.repricing import RateReason, RateSet
from app.loans.domain.servicing import Bill, NoteBook, stepped
from app.loans.domain.spreading import Spread
from app.loans.domain.states import AccrualKind, EntryKind
from app.loans.domain.waterfall import Claim
from app.loans.extending import carry_extension, is_extended, set_maturity
from app.loans.ledger.models import ManualEntry
from app.loans.ledger.moving import move_by_entry
from app.loans.models import (
    LoanAccrual,
    LoanDue,
    LoanExtension,
    NotePlan,
    Repayment,
    RepaymentLine,
)
from app.loans.rates.queries import misuse_of_notes, overpaid_of_notes
from app.loans.refusals import SuspenseTooSmall
from app.loans.repayments.applying import Wish, mark_settled, place
from app.loans.repayments.decided_changes import DecidedChange, carry_decided
from app.loans.repayments.models import AccrualCorrection, DueChange, RepaymentOrder
from app.loans.repayments.replayed_plans import (
    known_rates,
    plan_at_end_of,
    plan_on,
    plans_by_note,
)
from app.loans.repayments.rewinding_refusals import RefundedSince, SuspenseUsedSince
from app.loans.repayments.taking_back import REVERSAL_KEY, take_back
from app.loans.repayments.timeline import Happened, What, standing_repayments

_CLAIMS = {
    AccrualKind.INTEREST: Claim.INTEREST,
    AccrualKind.PENALTY: Claim.PENALTY,
    AccrualKind.COMPOUND: Claim.COMPOUND,
}

_REPLAY = "replay:"

RENEWAL_KEY: Final = "renewal:"
"""Of what a new loan pays off."""

OWN_KEYS: Final = (REVERSAL_KEY, _REPLAY, RENEWAL_KEY)
"""How the keys of bookings begin that no caller asked for."""

_Grown = dict[tuple[UUID, AccrualKind, date], int]


@dataclass(slots=True, kw_only=True)
class Replay:
    """A ledger on its way back to `on` and forward to `until`; bookings carry the business day."""

    session: Session
    actor: Actor
    ledger: LoanLedger
    on: date
    until: date
    day: date
    reason: str
    """The number of the booking that makes it necessary."""
    taken_back: dict[UUID, Repayment] = field(default_factory=dict)
    """The reversals of later repayments, by what they take back."""
    later: list[Happened] = field(default_factory=list)
    """What came after, in its order."""
    plans: dict[UUID, list[NotePlan]] = field(default_factory=dict)
    """Every plan up to the one drawn up again for the day, by note."""
    resets: dict[UUID, tuple[RateSet, ...]] = field(default_factory=dict)
    """Rates that closes set after the day, by note."""
    aside: dict[UUID, dict[date, LoanDue]] = field(default_factory=dict)
    """Bills made after the day, by note."""
    grown: _Grown = field(default_factory=dict)
    """Interest as it should have grown, by note, kind and period."""
    posted: _Grown = field(default_factory=dict)
    """Penalty and compound interest as they were posted."""
    changes: list[tuple[LoanDue, int, int]] = field(default_factory=list)
    """Bills that changed, with what they said."""

    def go_back(self, later: Sequence[Happened]) -> None:
        """Undo what came after, the last first; `stand_back` then stands at the day."""
        self.plans = plans_by_note(self.session, [each.note.id for each in self.ledger.notes])
        self.later = list(later)
        for each in reversed(self.later):
            self._undo(each.what)

    def _undo(self, what: What) -> None:
        if isinstance(what, Repayment):
            taken = take_back(
                self.session,
                self.actor,
                self.ledger,
                what,
                value_on=what.value_on,
                day=self.day,
                reason=self.reason,
            )
            self.taken_back[what.id] = taken
        elif isinstance(what, ManualEntry):
            move_by_entry(self.ledger.state, what, what.kind, sign=-1)
        elif isinstance(what, LoanExtension):
            for note in self.ledger.notes:
                if is_extended(note, what):
                    set_maturity(note, what.before_on, what.before_moved)

    def stand_back(self) -> None:
        """Work out the notes as they were on the day, from what was stored."""
        self.session.flush()
        standing = {row.id for row in standing_repayments(self.session, self.ledger.loan.id)}
        for note in self.ledger.notes:
            self._rewind(note, standing)
        self.session.flush()

    def fall_due(self, taken: Repayment) -> None:
        """What comes back to a note that has ended is due on the day: in its bill of the day, or in one of its own."""
        early: dict[tuple[UUID, Claim], int] = defaultdict(int)
        lines = sa.select(RepaymentLine).where(
            col(RepaymentLine.repayment_id) == taken.id, col(RepaymentLine.due_id).is_(None)
        )
        for line in self.session.execute(lines).scalars():
            early[line.note_id, line.claim] -= line.paid_fen
        for note in self.ledger.notes:
            if note.terms.ends_on <= self.on:
                principal_fen = early[note.note.id, Claim.PRINCIPAL]
                self._add_due(note, principal_fen, early[note.note.id, Claim.INTEREST])

    def _add_due(self, note: NoteLedger, principal_fen: int, interest_fen: int) -> None:
        if not principal_fen and not interest_fen:
            return
        due = next((each for each in note.dues if each.due_on == self.on), None)
        if due is None:
            due = self._new_bill(note, self.on)
            note.dues.append(due)
        self._change(due, due.principal_fen + principal_fen, due.interest_fen + interest_fen)
        note.state.unbilled_fen -= principal_fen
        note.state.overdue_principal_fen += principal_fen
        note.state.steps = None

    def go_forward(self, cause: Repayment) -> None:
        """Meet again what came after, each on its day; then correct bills and interest posted."""
        at = self.on
        for each in self.later:
            self._advance(at, each.on)
            at = each.on
            self._meet(each.what, cause)
        self._advance(at, self.until)
        self._drop_bills()
        self._keep_changes(cause)
        self._correct(cause)
        self.session.flush()

    def _meet(self, what: What, cause: Repayment) -> None:
        if isinstance(what, Repayment):
            again = self._place(what)
            self._order(again).cause_id = cause.id
            taken = self.taken_back[what.id]
            self.session.add(RepaymentOrder(repayment_id=taken.id, cause_id=cause.id))
        elif isinstance(what, ManualEntry):
            self._require_waiting(what)
            move_by_entry(self.ledger.state, what, what.kind, sign=1)
        elif isinstance(what, LoanExtension):
            for note in self.ledger.notes:
                if is_extended(note, what):
                    carry_extension(self.session, note, what)
        else:
            for note in self.ledger.notes:
                carry_decided(self.session, note, what)

    def _require_waiting(self, entry: ManualEntry) -> None:
        """A refund stays given: the money must have waited on its day."""
        waiting_fen = self.ledger.state.suspense_fen
        if entry.kind is ManualKind.REFUND and entry.amount_fen > waiting_fen:
            raise RefundedSince(
                entry=entry.number, amount=Money(entry.amount_fen), on=entry.booked_on
            )

    def _place(self, row: Repayment) -> Repayment:
        """Book a later repayment again; one out of money that waited needs that money, and debts for it."""
        wish = self._wish(row)
        used = SuspenseUsedSince(
            repayment=row.number, amount=Money(row.amount_fen), on=row.value_on
        )
        if wish.from_suspense and wish.amount_fen > self.ledger.state.suspense_fen:
            raise used
        try:
            return place(
                self.session, self.actor, self.ledger, wish, value_on=row.value_on, day=self.day
            )
        except SuspenseTooSmall as error:
            raise used from error

    def _wish(self, row: Repayment) -> Wish:
        order = self._order(row)
        return Wish(
            amount_fen=row.amount_fen,
            prepay=order.prepay,
            keep=order.keep,
            early_fen=order.early_fen,
            from_suspense=row.used_suspense,
            payer=row.payer,
            key=f"{_REPLAY}{row.id}",
            quote_id=order.quote_id,
            replays_id=row.id,
            waterfall=order.waterfall,
        )

    def _order(self, row: Repayment) -> RepaymentOrder:
        return self.session.get_one(RepaymentOrder, row.id)

    # --- Back ---

    def _rewind(self, note: NoteLedger, standing: Collection[UUID]) -> None:
        """The figures of a note at the opening of the day with what was paid up to it.

        standing: the repayments that were not taken back.
        """
        state, on = note.state, max(self.on, note.note.drawn_on)
        self.posted[note.note.id, AccrualKind.PENALTY, note.note.drawn_on] = state.penalty_fen
        self.posted[note.note.id, AccrualKind.COMPOUND, note.note.drawn_on] = state.compound_fen
        lines = self._lines(note)
        self.aside[note.note.id] = {due.due_on: due for due in note.dues if due.due_on > on}
        for due in note.dues:
            counted = due.due_on <= on
            due.paid_principal_fen = _paid(lines, Claim.PRINCIPAL, due) if counted else 0
            due.paid_interest_fen = _paid(lines, Claim.INTEREST, due) if counted else 0
            mark_settled(due)
        note.dues = [due for due in note.dues if due.due_on <= on]
        state.overdue_principal_fen = sum(
            due.principal_fen - due.paid_principal_fen for due in note.dues
        )
        # What closes moved to suspense stays there.
        over = overpaid_of_notes(self.session, [note.note.id])
        state.penalty_paid_fen = _paid(lines, Claim.PENALTY) - over[note.note.id, Claim.PENALTY]
        state.compound_paid_fen = _paid(lines, Claim.COMPOUND) - over[note.note.id, Claim.COMPOUND]
        self._rates_before(note, on)
        self._plan_before(note, on, standing)
        self._period_at(note, lines, on)
        book = self._book(note)
        state.penalty_fen = penalty_to(book.dues, on, book.burden)
        state.compound_fen = compound_to(book.dues, on, book.burden)
        if book.period_starts_on < book.period_due_on:
            state.interest_fen = accrued_fen(book.period, book.balances(), on)
        state.next_due_on = note_book(note).next_due(on)

    def _lines(self, note: NoteLedger) -> list[RepaymentLine]:
        statement = sa.select(RepaymentLine).where(
            col(RepaymentLine.note_id) == note.note.id, col(RepaymentLine.value_on) <= self.on
        )
        return list(self.session.execute(statement).scalars())

    def _plan_before(self, note: NoteLedger, on: date, standing: Collection[UUID]) -> None:
        """The plan in force on the day without what was taken back; drawn up again where it is not the last."""
        rows = self.plans[note.note.id]
        base = plan_on(rows, on, standing=standing, undone=self._undone())
        note.plan, note.plan_number = plan_from_json(base.plan), rows[-1].number
        if base.number != rows[-1].number:
            again = add_plan(
                self.session,
                note,
                note.plan,
                from_on=on,
                reason=self.reason,
                repayment_id=base.repayment_id,
                extension_id=base.extension_id,
                repeats=base.number,
            )
            rows.append(again)

    def _undone(self) -> set[UUID | str]:
        """What came after: changes of terms by their numbers, all else by ids."""
        return {
            each.what.change_number if isinstance(each.what, DecidedChange) else each.what.id
            for each in self.later
        }

    def _rates_before(self, note: NoteLedger, on: date) -> None:
        """The rates known on the day; those set later are set again on their days."""
        changed = {
            each.on
            for each in self.later
            if isinstance(each.what, DecidedChange) and each.what.rate_ppm is not None
        }
        known, resets = known_rates(self.session, note.note.id, on, undone=changed)
        self.resets[note.note.id] = resets
        if note.terms.rates:
            note.terms = replace(note.terms, rates=known, rate_ppm=known[-1].rate_ppm)

    def _period_at(self, note: NoteLedger, lines: Sequence[RepaymentLine], on: date) -> None:
        """The interest period that runs on the day, with the balances since its start."""
        state, periods = note.state, interest_periods(note.terms)
        at = next((at for at, each in enumerate(periods) if on < each.due_on), len(periods) - 1)
        period = periods[at]
        starts_on = min(period.due_on, on) if on >= period.due_on else period.starts_on
        moves = [(due.due_on, -due.principal_fen) for due in note.dues]
        moves += [
            (line.value_on, -line.paid_fen) for line in lines if _early(line, Claim.PRINCIPAL)
        ]
        state.unbilled_fen = note.note.amount_fen + sum(fen for _, fen in moves)
        state.period_number, state.period_starts_on = at + 1, starts_on
        state.period_due_on, state.whole_months = period.due_on, period.whole_months
        state.steps = steps_to_json(_steps(note, moves, starts_on))
        state.interest_fen = 0
        spread, state.ahead_fen = self._paid_ahead(note, moves, lines, starts_on)
        state.odd_fen, state.odd_part_fen = spread.left_fen, spread.part_fen

    def _paid_ahead(
        self,
        note: NoteLedger,
        moves: Sequence[tuple[date, int]],
        lines: Sequence[RepaymentLine],
        starts_on: date,
    ) -> tuple[Spread, int]:
        """Interest of odd days that had not fallen due in a period, and what was paid ahead of its own."""
        early = [
            DatedAmount(on=line.value_on, amount_fen=line.paid_fen)
            for line in lines
            if _early(line, Claim.INTEREST)
        ]
        if starts_on >= note.terms.ends_on:
            # What came back after the end was due at once.
            return Spread(), 0
        odd = spread_period(note.terms)
        if odd is not None:
            rows = self.plans[note.note.id]
            plan = plan_from_json(plan_at_end_of(rows, odd.due_on).plan)
            drawn_on = note.note.drawn_on
            steps = _steps(note, moves, drawn_on) or ((drawn_on, note.note.amount_fen),)
            balances = held(steps, rates_of(note.terms))
            for step in spread_steps(note.terms, plan, balances, early):
                if step.period.starts_on == starts_on:
                    return step.spread, step.ahead_fen
        return Spread(), sum(each.amount_fen for each in early if each.on >= starts_on)

    # --- Forward ---

    def _book(self, note: NoteLedger) -> NoteBook:
        """The working copy of a note with all its bills, so that penalty is worked out each day."""
        self.session.flush()
        lines = lines_of(self.session, [note.note.id])
        book = note_book(note)
        book.dues = [open_due(due, lines.get(due.id, ())) for due in note.dues]
        book.is_overdue = True
        if book.misuse is not None:
            # What was repaid early may have been taken back since the ledger was read.
            book.misuse = misuse_of_notes(self.session, [note.note]).get(note.note.id)
        return book

    def _advance(self, from_on: date, until_on: date) -> None:
        """Close the days from one up to another in the books, without posting."""
        for note in self.ledger.notes:
            start = max(from_on, note.note.drawn_on)
            if start < until_on:
                self._advance_note(note, start, until_on)

    def _advance_note(self, note: NoteLedger, from_on: date, until_on: date) -> None:
        book, day = self._book(note), from_on
        book.resets = self.resets[note.note.id]
        while day < until_on:
            starts_on = book.period_starts_on
            found = book.close(day)
            if book.period_starts_on != starts_on:
                key = (note.note.id, AccrualKind.INTEREST, starts_on)
                self.grown[key] = found.interest_cumulative_fen
            if found.bill is not None:
                self._bill(note, found.bill)
            day += ONE_DAY
        state = note.state
        for name in _MOVED:
            setattr(state, name, getattr(book, name))
        state.steps = steps_to_json(book.steps)
        state.odd_fen, state.odd_part_fen = book.spread.left_fen, book.spread.part_fen
        self.resets[note.note.id] = book.resets
        if book.rates:
            note.terms = replace(note.terms, rates=book.rates, rate_ppm=book.rate_ppm)
        for on, plan in book.replans:
            add_plan(self.session, note, plan, from_on=on, reason=RateReason.RESET)

    def _bill(self, note: NoteLedger, bill: Bill) -> None:
        """The bill of a day: the one made then, corrected where it says something else, or a new one."""
        known = self.aside[note.note.id].pop(bill.due_on, None)
        known = known or self._new_bill(note, bill.due_on)
        self._change(known, bill.principal_fen, bill.interest_fen)
        note.dues.append(known)
        note.state.overdue_principal_fen += bill.principal_fen

    def _new_bill(self, note: NoteLedger, due_on: date) -> LoanDue:
        """A bill that asks for nothing yet."""
        note.state.bills += 1
        due = LoanDue(
            id=new_id(),
            loan_id=note.loan.id,
            note_id=note.note.id,
            number=note.state.bills,
            due_on=due_on,
            principal_fen=0,
            interest_fen=0,
        )
        self.session.add(due)
        return due

    def _change(self, due: LoanDue, principal_fen: int, interest_fen: int) -> None:
        if (due.principal_fen, due.interest_fen) != (principal_fen, interest_fen):
            self.changes.append((due, due.principal_fen, due.interest_fen))
        due.principal_fen, due.interest_fen = principal_fen, interest_fen
        mark_settled(due)

    def _drop_bills(self) -> None:
        """Bills that would not have been made say nothing any more; they stay on file."""
        for note in self.ledger.notes:
            for due in self.aside[note.note.id].values():
                self._change(due, 0, 0)
                note.dues.append(due)

    def _keep_changes(self, cause: Repayment) -> None:
        self.session.flush()
        for due, principal_fen, interest_fen in self.changes:
            self.session.add(
                DueChange(
                    due_id=due.id,
                    repayment_id=cause.id,
                    booked_on=self.day,
                    principal_fen=principal_fen,
                    interest_fen=interest_fen,
                )
            )

    def _correct(self, cause: Repayment) -> None:
        """Post the difference between the interest that was posted and what has grown."""
        for note in self.ledger.notes:
            key, state = note.note.id, note.state
            for period in interest_periods(note.terms):
                if period.due_on > self.on and period.starts_on < self.until:
                    # A note that ended earlier earns nothing in the periods that had run.
                    self.grown.setdefault((key, AccrualKind.INTEREST, period.starts_on), 0)
            self.grown[key, AccrualKind.INTEREST, state.period_starts_on] = state.interest_fen
            self.grown[key, AccrualKind.PENALTY, note.note.drawn_on] = state.penalty_fen
            self.grown[key, AccrualKind.COMPOUND, note.note.drawn_on] = state.compound_fen
            for (note_id, kind, starts_on), grown_fen in self.grown.items():
                if note_id == key:
                    posted_fen = self._posted(note, kind, starts_on)
                    self._post(cause, note, kind, starts_on, grown_fen - posted_fen)

    def _posted(self, note: NoteLedger, kind: AccrualKind, starts_on: date) -> int:
        """What was posted so far: of a period of interest, of the rest since the drawdown."""
        if kind is not AccrualKind.INTEREST:
            return self.posted[note.note.id, kind, starts_on]
        ends = [each.due_on for each in interest_periods(note.terms) if each.due_on > starts_on]
        accrual = sa.select(sa.func.sum(LoanAccrual.amount_fen)).where(
            col(LoanAccrual.note_id) == note.note.id,
            col(LoanAccrual.kind) == kind,
            col(LoanAccrual.on) >= starts_on,
            col(LoanAccrual.on) < (ends[0] if ends else date.max),
        )
        corrected = sa.select(sa.func.sum(AccrualCorrection.amount_fen)).where(
            col(AccrualCorrection.note_id) == note.note.id,
            col(AccrualCorrection.kind) == kind,
            col(AccrualCorrection.period_starts_on) == starts_on,
        )
        return sum(
            int(self.session.execute(each).scalar_one() or 0) for each in (accrual, corrected)
        )

    def _post(
        self, cause: Repayment, note: NoteLedger, kind: AccrualKind, starts_on: date, fen: int
    ) -> None:
        if not fen:
            return
        off = self.ledger.state.off_balance
        self.session.add(
            AccrualCorrection(
                note_id=note.note.id,
                loan_id=note.loan.id,
                repayment_id=cause.id,
                kind=kind,
                period_starts_on=starts_on,
                booked_on=self.day,
                amount_fen=fen,
                off_balance=off,
            )
        )
        booking = Booking(
            kind=EntryKind.REVERSAL, booked_on=self.day, value_on=self.on, words=cause.number
        )
        postings = accrual_postings(fen, claim=_CLAIMS[kind], off_balance=off)
        post_entry(self.session, note.loan, postings, booking, note_id=note.note.id)
        self.ledger.state.accrued_fen += fen


_MOVED = (
    "unbilled_fen", "period_number", "period_starts_on", "period_due_on", "whole_months",
    "interest_fen", "ahead_fen", "penalty_fen", "compound_fen", "next_due_on",
)  # fmt: skip


def _early(line: RepaymentLine, claim: Claim) -> bool:
    return line.due_id is None and line.claim is claim


def _paid(lines: Iterable[RepaymentLine], claim: Claim, due: LoanDue | None = None) -> int:
    wanted = due.id if due else None
    return sum(line.paid_fen for line in lines if line.claim is claim and line.due_id == wanted)


def _steps(
    note: NoteLedger, moves: Sequence[tuple[date, int]], starts_on: date
) -> tuple[tuple[date, int], ...]:
    """Balances since the start of a period; none where it had only one, and one rate."""
    by_day: dict[date, int] = {}
    for day, fen in moves:
        by_day[day] = by_day.get(day, 0) + fen
    billed = {due.due_on: due.principal_fen for due in note.dues}
    # A bill on the first day of the period lowered the balance before it began.
    first_fen = billed.get(starts_on, 0)
    before = sum(fen for day, fen in by_day.items() if day < starts_on) - first_fen
    steps: tuple[tuple[date, int], ...] = ((starts_on, note.note.amount_fen + before),)
    # Kept, too, where the rate was set in the period: it is worked out by both rates.
    changed = any(each.from_on > starts_on for each in note.terms.rates)
    for day in sorted(by_day):
        fen = by_day[day] + (first_fen if day == starts_on else 0)
        if day >= starts_on and fen:
            steps, changed = stepped(steps, day, fen), True
    return steps if changed else ()


__all__ = ["OWN_KEYS", "RENEWAL_KEY", "Replay"]
