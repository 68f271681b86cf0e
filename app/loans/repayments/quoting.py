"""Quotes of early repayment: what it costs on each of a few days, and the plan that follows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.audit.services import record
from app.db.engine import now
from app.db.numbers import next_number
from app.kernel.actor import Actor
from app.kernel.errors import InvalidInput, NotFound
from app.kernel.money import Money
from app.kernel.permissions import Permission
from app.kernel.text import N_, Coded
from app.loans.books import (
    LoanLedger,
    NoteLedger,
    business_day,
    lines_of,
    note_book,
    open_books,
    require_current,
)
from app.loans.closing.loans import open_due
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.early import Keep, QuotedDay, QuoteKind, QuoteState, plan_kept
from app.loans.domain.notes import plan_to_json
from app.loans.domain.servicing import NoteBook
from app.loans.domain.spreading import Spread
from app.loans.domain.states import OPEN_STATES, STATE_TITLES
from app.loans.models import Loan, LoanNote, LoanStateRow, Repayment
from app.loans.queries import MAX_LISTED_ROWS, RepaymentView, loan_view, repayment_view
from app.loans.refusals import (
    KeyTaken,
    NotDrawn,
    NothingEarly,
    QuoteExpired,
    QuoteOutdated,
    QuoteUsed,
)
from app.loans.repayments.applying import due_debts
from app.loans.repayments.models import RepaymentOrder, RepaymentQuote
from app.loans.repayments.repaying import (
    Repay,
    book_repayment,
    find_by_key,
    require_misuse_worked_out,
)
from app.loans.schedules import InstalmentView, last_due_on, read_ledgers, to_come
from app.reference.services import policy_for

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteEarly:
    """Ask what paying early costs: part of the principal, or all that is owed.

    `keep` says what stays of the plan. Without `valid_until` the quote counts as long as it may.
    """

    kind: QuoteKind
    principal_fen: int | None = None
    keep: Keep = Keep.TENOR
    valid_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteView:
    """A quote with its days and the instalments that follow when it is carried out at once."""

    id: UUID
    number: str
    loan_id: UUID
    kind: QuoteKind
    keep: Keep
    principal_fen: int
    quoted_on: date
    valid_until: date
    days: tuple[QuotedDay, ...]
    before: tuple[InstalmentView, ...]
    after: tuple[InstalmentView, ...]
    created_at: datetime
    repayment_number: str
    """The repayment that carried it out; empty while none did."""
    state: QuoteState
    suspense_fen: int
    """What waits in suspense of the loan now: no part of what is to be paid, nor used for it."""

    @property
    def counts(self) -> bool:
        """Whether it may still be carried out."""
        return self.state is QuoteState.COUNTS

    def total_on(self, day: date) -> int | None:
        """What is to be paid on a day; None on a day that it does not name."""
        return next((each.total_fen for each in self.days if each.on == day), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteRow:
    """A quote in a list."""

    id: UUID
    number: str
    kind: QuoteKind
    keep: Keep
    principal_fen: int
    quoted_on: date
    valid_until: date
    state: QuoteState


@dataclass(frozen=True, slots=True, kw_only=True)
class CarryOut:
    """Carry out a quote with the money that it names for the business day."""

    quote_id: UUID
    payer: str = ""
    key: str = ""


def quote_early(session: Session, actor: Actor, loan_id: UUID, command: QuoteEarly) -> QuoteView:
    """Work out a quote on the business day and keep it; nothing is booked."""
    actor.require(Permission.POST_REPAYMENT)
    ledger, day = open_books(session, actor, loan_id)
    require_current(ledger, day)
    _require_open(ledger)
    if command.kind is QuoteKind.PAYOFF:
        require_misuse_worked_out(session, ledger, day)
    principal_fen = _principal(ledger, command)
    valid_until = _valid_until(session, ledger, command, day)
    row = RepaymentQuote(
        number=next_number(session, "Q", day.year),
        loan_id=loan_id,
        bank_id=ledger.loan.bank_id,
        kind=command.kind,
        keep=command.keep,
        principal_fen=principal_fen,
        quoted_on=day,
        valid_until=valid_until,
        days=_days_to_json(_days(session, ledger, day, valid_until, principal_fen)),
        plans=_plans_to_json(_plans(ledger, day, principal_fen, command.keep)),
        person_id=actor.person_id,
        created_at=now(session),
    )
    session.add(row)
    session.flush()
    record(
        session,
        actor,
        "loan.quote",
        subject_kind="loan",
        subject_id=loan_id,
        organisation_id=ledger.loan.bank_id,
        number=row.number,
        kind=row.kind.value,
        keep=row.keep.value,
        principal_fen=principal_fen,
        valid_until=valid_until,
    )
    return _view(session, ledger, row, day)


def carry_out(session: Session, actor: Actor, loan_id: UUID, command: CarryOut) -> RepaymentView:
    """Book the repayment that a quote names, and the plan that it showed; exactly, or not at all."""
    actor.require(Permission.POST_REPAYMENT)
    ledger, day = open_books(session, actor, loan_id)
    quote = _quote_row(session, loan_id, command.quote_id)
    known = find_by_key(session, loan_id, command.key)
    order = session.get(RepaymentOrder, known.id) if known is not None else None
    if known is not None:
        if order is None or order.quote_id != quote.id:
            raise KeyTaken(number=known.number)
        return repayment_view(known)
    require_current(ledger, day)
    _require_open(ledger)
    used = carried_out_as(session, quote.id)
    if used:
        raise QuoteUsed(number=quote.number, repayment=used)
    if day > quote.valid_until:
        raise QuoteExpired(number=quote.number, valid_until=quote.valid_until, day=day)
    total_fen = _require_unchanged(session, ledger, quote, day)
    repaying = Repay(
        amount_fen=total_fen,
        prepay=True,
        keep=quote.keep,
        payer=command.payer,
        key=command.key,
        early_fen=quote.principal_fen,
        quote_id=quote.id,
    )
    return book_repayment(session, actor, ledger, repaying, day)


def get_quote(session: Session, actor: Actor, loan_id: UUID, quote_id: UUID) -> QuoteView:
    """A quote of a visible loan."""
    actor.require(Permission.POST_REPAYMENT)
    view = loan_view(session, actor, loan_id)
    day = business_day(session, view.bank_id)
    return _view(session, _ledger(session, loan_id), _quote_row(session, loan_id, quote_id), day)


def _ledger(session: Session, loan_id: UUID) -> LoanLedger:
    """The books of a loan for reading, without a lock."""
    return LoanLedger(
        loan=session.get_one(Loan, loan_id),
        state=session.get_one(LoanStateRow, loan_id),
        notes=read_ledgers(session, col(LoanNote.loan_id) == loan_id, bills=True),
    )


def list_quotes(session: Session, actor: Actor, loan_id: UUID) -> tuple[QuoteRow, ...]:
    """The quotes of a visible loan, the newest first."""
    actor.require(Permission.POST_REPAYMENT)
    view = loan_view(session, actor, loan_id)
    statement = (
        sa.select(RepaymentQuote)
        .where(col(RepaymentQuote.loan_id) == loan_id)
        .order_by(col(RepaymentQuote.id).desc())
        .limit(MAX_LISTED_ROWS)
    )
    quotes = session.execute(statement).scalars().all()
    if not quotes:
        return ()
    ledger, day = _ledger(session, loan_id), business_day(session, view.bank_id)
    plain = "id number kind keep principal_fen quoted_on valid_until"
    return tuple(
        QuoteRow(
            **{name: getattr(quote, name) for name in plain.split()},
            state=_state(session, ledger, quote, day),
        )
        for quote in quotes
    )


def _state(session: Session, ledger: LoanLedger, quote: RepaymentQuote, day: date) -> QuoteState:
    if carried_out_as(session, quote.id):
        return QuoteState.CARRIED_OUT
    if day > quote.valid_until or ledger.loan.state not in OPEN_STATES:
        return QuoteState.OVER
    quoted, found, alike = _compared(session, ledger, quote, day)
    return QuoteState.COUNTS if alike and quoted == found else QuoteState.OUTDATED


def carried_out_as(session: Session, quote_id: UUID) -> str:
    """The number of the standing repayment that carried a quote out; empty when none did."""
    reversal = aliased(Repayment)
    taken_back = sa.exists().where(col(reversal.reverses_id) == col(Repayment.id))
    statement = (
        sa.select(col(Repayment.number))
        .join(RepaymentOrder, col(RepaymentOrder.repayment_id) == col(Repayment.id))
        .where(col(RepaymentOrder.quote_id) == quote_id, sa.not_(taken_back))
    )
    return session.execute(statement).scalars().first() or ""


def _quote_row(session: Session, loan_id: UUID, quote_id: UUID) -> RepaymentQuote:
    quote = session.get(RepaymentQuote, quote_id)
    if quote is None or quote.loan_id != loan_id:
        raise NotFound
    return quote


def _require_open(ledger: LoanLedger) -> None:
    loan = ledger.loan
    if loan.state not in OPEN_STATES:
        raise NotDrawn(number=loan.number, state=Coded(loan.state, STATE_TITLES[loan.state]))


def _unbilled_fen(ledger: LoanLedger) -> int:
    return sum(note.state.unbilled_fen for note in ledger.notes)


def _principal(ledger: LoanLedger, command: QuoteEarly) -> int:
    unbilled = _unbilled_fen(ledger)
    if not unbilled:
        raise NothingEarly(number=ledger.loan.number)
    if command.kind is QuoteKind.PAYOFF:
        if command.principal_fen is not None:
            raise InvalidInput.at(
                "/principal_yuan", N_("A payoff is of all that is owed: leave the amount out.")
            )
        return unbilled
    wanted = command.principal_fen or 0
    if not 0 < wanted < unbilled:
        raise InvalidInput.at(
            "/principal_yuan",
            N_("Enter an amount above 0.00 and below the %(left)s yuan not yet due."),
            left=Money(unbilled),
        )
    return wanted


def _valid_until(session: Session, ledger: LoanLedger, command: QuoteEarly, day: date) -> date:
    """Not over a day on which something falls due or a rate is set: the figures would be others."""
    policy = policy_for(session, ledger.loan.bank_id, day)
    dues = [note.state.next_due_on for note in ledger.notes if note.state.next_due_on]
    longest = day + timedelta(days=policy.whole("loans.early_quote_days"))
    # The interest of a day is added by its close: the day itself still has the old rate's figures.
    resets = [note.state.next_reset_on for note in ledger.notes if note.state.next_reset_on]
    last = min([longest, *(due - _ONE_DAY for due in dues), *resets])
    wanted = command.valid_until or last
    if not day <= wanted <= last:
        raise InvalidInput.at(
            "/valid_until",
            N_(
                "This quote counts from %(day)s on, until %(last)s at most:"
                " not over a due day or a change of the rate."
            ),
            day=day,
            last=last,
        )
    return wanted


def _days(
    session: Session, ledger: LoanLedger, day: date, valid_until: date, principal_fen: int
) -> Iterator[QuotedDay]:
    """The books run forward day by day, nothing falling due on the way."""
    books = [(note, _book(session, note)) for note in ledger.notes]
    fixed = sum(each.owed_fen for each in due_debts(ledger, day))
    posted = sum(book.penalty_fen + book.compound_fen for _, book in books)
    on = day
    while True:
        grown = sum(book.penalty_fen + book.compound_fen for _, book in books) - posted
        interest = sum(max(book.grown_fen, 0) for _, book in books)
        yield QuotedDay(
            on=on, due_fen=fixed + grown, interest_fen=interest, principal_fen=principal_fen
        )
        if on == valid_until:
            return
        for _, book in books:
            book.close(on)
        on += _ONE_DAY


def _book(session: Session, note: NoteLedger) -> NoteBook:
    lines = lines_of(session, [note.note.id])
    book = note_book(note)
    book.dues = [open_due(due, lines.get(due.id, ())) for due in note.dues]
    book.is_overdue = True
    return book


def _plans(
    ledger: LoanLedger, day: date, principal_fen: int, keep: Keep
) -> dict[str, tuple[DatedAmount, ...]]:
    """The plan of each note, the principal taken note by note."""
    plans, left = {}, principal_fen
    for note in ledger.notes:
        part = min(note.state.unbilled_fen, left)
        left -= part
        plans[note.note.number] = _plan_after(note, day, part, keep)
    return plans


def _plan_after(note: NoteLedger, day: date, part_fen: int, keep: Keep) -> tuple[DatedAmount, ...]:
    unbilled = note.state.unbilled_fen
    if not part_fen:
        return tuple(each for each in note.plan if each.on > day)
    return plan_kept(
        note.terms,
        note.plan,
        after_on=day,
        before_fen=unbilled,
        balance_fen=unbilled - part_fen,
        keep=keep,
    )


def _require_unchanged(
    session: Session, ledger: LoanLedger, quote: RepaymentQuote, day: date
) -> int:
    """The total of the day, when the loan would give the same figures and plans now."""
    quoted, found, alike = _compared(session, ledger, quote, day)
    if found != quoted or not alike:
        raise QuoteOutdated(
            number=quote.number,
            quoted=Money(quoted.total_fen),
            found=Money(found.total_fen),
            change=_what_changed(quoted, found),
        )
    return quoted.total_fen


def _what_changed(quoted: QuotedDay, found: QuotedDay) -> Coded:
    if quoted.total_fen != found.total_fen:
        return Coded("sum", N_("What is to be paid changed."))
    if quoted != found:
        return Coded("parts", N_("The sum is the same, what it is made of changed."))
    return Coded("plan", N_("The sum is the same, the instalments that follow changed."))


def _compared(
    session: Session, ledger: LoanLedger, quote: RepaymentQuote, day: date
) -> tuple[QuotedDay, QuotedDay, bool]:
    """The day as quoted and as it would be now, and whether the plans that follow are alike."""
    quoted = next(each for each in _days_from_json(quote.days) if each.on == day)
    (found,) = _days(session, ledger, day, day, quote.principal_fen)
    plans = _plans_to_json(_plans(ledger, day, quote.principal_fen, quote.keep))
    fits = quote.kind is QuoteKind.PREPAYMENT or _unbilled_fen(ledger) == quote.principal_fen
    return quoted, found, fits and plans == quote.plans


def _view(session: Session, ledger: LoanLedger, quote: RepaymentQuote, day: date) -> QuoteView:
    state = _state(session, ledger, quote, day)
    before: tuple[InstalmentView, ...] = ()
    after: tuple[InstalmentView, ...] = ()
    if state is QuoteState.COUNTS:
        before = _joined(to_come(note, last_due_on(note)) for note in ledger.notes)
        after = _joined(_preview(ledger, quote, day))
    plain = "id number loan_id kind keep principal_fen quoted_on valid_until created_at"
    return QuoteView(
        **{name: getattr(quote, name) for name in plain.split()},
        days=_days_from_json(quote.days),
        before=before,
        after=after,
        repayment_number=carried_out_as(session, quote.id),
        state=state,
        suspense_fen=ledger.state.suspense_fen,
    )


def _preview(
    ledger: LoanLedger, quote: RepaymentQuote, day: date
) -> Iterator[Iterator[InstalmentView]]:
    """The books of each note with the quote carried out on the day, run to their end."""
    left = quote.principal_fen
    for note in ledger.notes:
        part = min(note.state.unbilled_fen, left)
        left -= part
        book = note_book(note)
        book.plan = _plan_after(note, day, part, quote.keep)
        book.change(day, -part)
        book.ahead_fen, book.spread = max(book.interest_fen, book.ahead_fen), Spread()
        book.next_due_on = book.next_due(day)
        yield to_come(note, last_due_on(note), book=book)


def _joined(parts: Any) -> tuple[InstalmentView, ...]:
    rows = [row for part in parts for row in part]
    return tuple(sorted(rows, key=lambda each: (each.due_on, each.note_number)))


def _days_to_json(days: Iterator[QuotedDay]) -> list[dict[str, Any]]:
    return [
        {
            "on": each.on.isoformat(),
            "due": each.due_fen,
            "interest": each.interest_fen,
            "principal": each.principal_fen,
        }
        for each in days
    ]


def _days_from_json(rows: Sequence[Mapping[str, Any]]) -> tuple[QuotedDay, ...]:
    return tuple(
        QuotedDay(
            on=date.fromisoformat(row["on"]),
            due_fen=row["due"],
            interest_fen=row["interest"],
            principal_fen=row["principal"],
        )
        for row in rows
    )


def _plans_to_json(plans: Mapping[str, Sequence[DatedAmount]]) -> dict[str, Any]:
    return {number: plan_to_json(plan) for number, plan in plans.items()}
