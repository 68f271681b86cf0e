"""A loan taken back to an earlier day of the open month, and brought forward again.

What came after that day is taken back by reversals, the ledger is worked out for the day from
what was stored, the change is booked there, and each later repayment is booked again on its own
day by the same rules. Bills between are corrected with what they said before kept on file;
interest posted too much or too little is posted as a difference. So the loan stands as if
everything had been known on its day, and every row that was written stays.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.db.engine import now
from app.db.numbers import next_number
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
from app.loans.domain.accrual import accrued_fen
from app.loans.domain.burden import compound_to, penalty_to
from app.loans.domain.journal import (
    INCOMES,
    RECEIVABLES,
    Posting,
    accrual_postings,
    reversal_postings,
)
from app.loans.domain.ledger import EntryState
from app.loans.domain.notes import interest_periods, plan_from_json
from app.loans.domain.servicing import Bill, NoteBook, stepped
from app.loans.domain.standing import GROWING_CLAIMS, switch_postings
from app.loans.domain.states import AccrualKind, EntryKind
from app.loans.domain.waterfall import Claim
from app.loans.ledger.models import ManualEntry
from app.loans.models import (
    Loan,
    LoanAccrual,
    LoanDue,
    LoanPosting,
    NotePlan,
    Repayment,
    RepaymentLine,
)
from app.loans.rates.queries import misuse_of_notes, overpaid_of_notes
from app.loans.refusals import ChangedSince, SuspenseTooSmall
from app.loans.repayments.applying import Wish, mark_settled, move_figures, place
from app.loans.repayments.models import AccrualCorrection, DueChange, RepaymentOrder
from app.loans.repayments.rewinding_refusals import BookedSince, SuspenseUsedSince

_CLAIMS = {
    AccrualKind.INTEREST: Claim.INTEREST,
    AccrualKind.PENALTY: Claim.PENALTY,
    AccrualKind.COMPOUND: Claim.COMPOUND,
}

_REVERSAL = "reversal:"
_REPLAY = "replay:"

RENEWAL_KEY: Final = "renewal:"
"""Of what a new loan pays off."""

OWN_KEYS: Final = (_REVERSAL, _REPLAY, RENEWAL_KEY)
"""How the keys of bookings begin that no caller asked for."""

_Grown = dict[tuple[UUID, AccrualKind, date], int]


def standing_repayments(session: Session, loan_id: UUID) -> list[Repayment]:
    """The repayments of a loan that were not taken back, in the order in which they count."""
    statement = sa.select(Repayment).where(col(Repayment.loan_id) == loan_id)
    rows = session.execute(statement).scalars().all()
    gone = {row.reverses_id for row in rows}
    return sorted(
        (row for row in rows if row.reverses_id is None and row.id not in gone),
        key=lambda row: (row.value_on, row.id),
    )


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
    taken_back: list[tuple[Repayment, Repayment]] = field(default_factory=list)
    """Each later repayment with its reversal, in the order in which they count."""
    aside: dict[UUID, dict[date, LoanDue]] = field(default_factory=dict)
    """Bills made after the day, by note."""
    grown: _Grown = field(default_factory=dict)
    """Interest as it should have grown, by note, kind and period."""
    posted: _Grown = field(default_factory=dict)
    """Penalty and compound interest as they were posted."""
    changes: list[tuple[LoanDue, int, int]] = field(default_factory=list)
    """Bills that changed, with what they said."""

    def go_back(self, later: Sequence[Repayment]) -> None:
        """Take back what came after, then stand at the day: its bills made, its payments counted."""
        self.require_only_repayments()
        self.require_no_entries(self.on)
        for row in reversed(later):
            self.set_aside(row)
        self.stand_back()

    def set_aside(self, row: Repayment) -> None:
        """Take back a later repayment, to be booked again; the last one comes first."""
        taken = self.take_back(row, value_on=row.value_on, reason=self.reason)
        self.taken_back.insert(0, (row, taken))

    def stand_back(self) -> None:
        """Work out the notes as they were on the day, from what was stored."""
        self.session.flush()
        for note in self.ledger.notes:
            self._rewind(note)
        self.session.flush()

    def go_forward(self, cause: Repayment) -> None:
        """Book what was taken back again, each on its day; then correct bills and interest posted."""
        at = self.on
        for row, taken in self.taken_back:
            self._advance(at, row.value_on)
            at = row.value_on
            again = self._place(row)
            self._order(again).cause_id = cause.id
            self.session.add(RepaymentOrder(repayment_id=taken.id, cause_id=cause.id))
        self._advance(at, self.until)
        self._drop_bills()
        self._keep_changes(cause)
        self._correct(cause)
        for note in self.ledger.notes:
            note.state.restate = False
        self.session.flush()

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

    def require_only_repayments(self) -> None:
        """Refuse to go back over a change of terms: its decision was made on the figures of its day."""
        for note in self.ledger.notes:
            statement = sa.select(NotePlan).where(
                col(NotePlan.note_id) == note.note.id,
                col(NotePlan.number) > 1,
                col(NotePlan.from_on) > self.on,
                col(NotePlan.repayment_id).is_(None),
                col(NotePlan.repeats).is_(None),
            )
            changed = self.session.execute(statement).scalars().first()
            if changed is not None:
                raise ChangedSince(number=self.ledger.loan.number, on=changed.from_on)

    def require_no_entries(self, placed_on: date) -> None:
        """Refuse to split money on a day before fees and refunds: they are not taken back with it."""
        statement = (
            sa.select(ManualEntry)
            .where(
                col(ManualEntry.loan_id) == self.ledger.loan.id,
                col(ManualEntry.state) == EntryState.BOOKED,
                col(ManualEntry.booked_on) > placed_on,
            )
            .order_by(col(ManualEntry.booked_on), col(ManualEntry.number))
        )
        row = self.session.execute(statement).scalars().first()
        if row is not None:
            raise BookedSince(entry=row.number, number=self.ledger.loan.number, on=row.booked_on)

    def take_back(
        self, row: Repayment, *, value_on: date, reason: str, number: str = ""
    ) -> Repayment:
        """The same amounts the other way: row, lines, entry, figures of the loan; notes are worked out after."""
        if not row.used_suspense and row.suspense_fen > self.ledger.state.suspense_fen:
            raise SuspenseTooSmall(suspense=Money(self.ledger.state.suspense_fen))
        taken = _reversal(self.session, self.actor, row, value_on, self.day, reason, number)
        for line in self.session.execute(
            sa.select(RepaymentLine)
            .where(col(RepaymentLine.repayment_id) == row.id)
            .order_by(col(RepaymentLine.seq))
        ).scalars():
            self.session.add(
                RepaymentLine(
                    repayment_id=taken.id,
                    seq=line.seq,
                    note_id=line.note_id,
                    due_id=line.due_id,
                    claim=line.claim,
                    paid_fen=-line.paid_fen,
                    value_on=taken.value_on,
                    place=line.place,
                )
            )
        taken.entry_id = _post_reversal(self.session, self.ledger.loan, row, taken)
        self._keep_income(row, taken)
        move_figures(self.ledger, taken, sign=1)
        return taken

    def _keep_income(self, row: Repayment, taken: Repayment) -> None:
        """Interest owed again stands where the loan's income stands now, on the balance sheet or off it."""
        off = self.ledger.state.off_balance
        settled = INCOMES if not off else RECEIVABLES
        owed: dict[Claim, int] = {}
        for posting in _postings_of(self.session, row):
            for claim in GROWING_CLAIMS:
                if posting.credit is settled[claim]:
                    owed[claim] = owed.get(claim, 0) + posting.amount_fen
        postings = switch_postings(owed, off_balance=off)
        if postings:
            booking = Booking(
                kind=EntryKind.NON_ACCRUAL,
                booked_on=self.day,
                value_on=taken.value_on,
                words=taken.number,
            )
            post_entry(self.session, self.ledger.loan, postings, booking)

    def _rewind(self, note: NoteLedger) -> None:
        """The figures of a note at the opening of the day with what was paid up to it."""
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
        self._plan_before(note, on)
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

    def _plan_before(self, note: NoteLedger, on: date) -> None:
        """The plan in force on the day without what was taken back; drawn up again where it is not the last."""
        rows = self.session.execute(
            sa.select(NotePlan)
            .where(col(NotePlan.note_id) == note.note.id)
            .order_by(col(NotePlan.number))
        ).scalars()
        plans = list(rows)
        standing = {row.id for row in standing_repayments(self.session, note.loan.id)}
        base = [
            each
            for each in plans
            if each.from_on <= on and (each.repayment_id is None or each.repayment_id in standing)
        ][-1]
        note.plan, note.plan_number = plan_from_json(base.plan), plans[-1].number
        if base.number != plans[-1].number:
            add_plan(
                self.session,
                note,
                note.plan,
                from_on=on,
                reason=self.reason,
                repayment_id=base.repayment_id,
                repeats=base.number,
            )

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
        state.ahead_fen = sum(
            line.paid_fen
            for line in lines
            if _early(line, Claim.INTEREST) and line.value_on >= starts_on
        )

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

    def _bill(self, note: NoteLedger, bill: Bill) -> None:
        """The bill of a day: the one made then, corrected where it says something else, or a new one."""
        known = self.aside[note.note.id].pop(bill.due_on, None)
        if known is None:
            known = LoanDue(
                id=new_id(),
                loan_id=note.loan.id,
                note_id=note.note.id,
                number=note.state.bills + 1,
                due_on=bill.due_on,
                principal_fen=0,
                interest_fen=0,
            )
            note.state.bills += 1
            self.session.add(known)
        self._change(known, bill.principal_fen, bill.interest_fen)
        note.dues.append(known)
        note.state.overdue_principal_fen += bill.principal_fen

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


def _reversal(
    session: Session,
    actor: Actor,
    row: Repayment,
    value_on: date,
    day: date,
    reason: str,
    number: str,
) -> Repayment:
    copied = (
        "loan_id bank_id amount_fen principal_fen interest_fen penalty_fen compound_fen fee_fen"
        " suspense_fen used_suspense payer"
    )
    taken = Repayment(
        **{name: getattr(row, name) for name in copied.split()},
        number=number or next_number(session, "C", day.year),
        entry_id=new_id(),
        booked_on=day,
        value_on=value_on,
        key=f"{_REVERSAL}{row.id}",
        reverses_id=row.id,
        reason=reason,
        person_id=actor.person_id,
        created_at=now(session),
    )
    session.add(taken)
    session.flush()
    return taken


def _postings_of(session: Session, row: Repayment) -> list[Posting]:
    statement = (
        sa.select(LoanPosting)
        .where(col(LoanPosting.entry_id) == row.entry_id)
        .order_by(col(LoanPosting.seq))
    )
    return [
        Posting(debit=each.debit, credit=each.credit, amount_fen=each.amount_fen)
        for each in session.execute(statement).scalars()
    ]


def _post_reversal(session: Session, loan: Loan, row: Repayment, taken: Repayment) -> UUID:
    postings = _postings_of(session, row)
    booking = Booking(
        kind=EntryKind.REVERSAL,
        booked_on=taken.booked_on,
        value_on=taken.value_on,
        words=taken.number,
        reverses_id=row.entry_id,
    )
    return post_entry(session, loan, reversal_postings(postings), booking)


__all__ = ["OWN_KEYS", "RENEWAL_KEY", "Replay", "standing_repayments"]
