"""A loan from its contract to its end: signed, drawn, extended, written off, released."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.services import record
from app.db.engine import now
from app.db.numbers import next_number
from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.kernel.money import Money
from app.kernel.permissions import Permission
from app.loans.books import (
    ONE_DAY,
    Booking,
    LoanLedger,
    NoteLedger,
    note_terms,
    open_books,
    owed_by_claim,
    post_entry,
    require_current,
)
from app.loans.closing.rates import rate_row
from app.loans.contract_terms import (
    OpenLoan,
    contract_terms,
    drawn_rate,
    first_reset_on,
    moved_after_extension,
)
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.classification import LoanClass
from app.loans.domain.journal import Account, drawdown_postings, write_off_postings
from app.loans.domain.notes import (
    NoteTerms,
    completing_plan,
    first_due_on,
    interest_periods,
    plan_to_json,
    principal_plan,
)
from app.loans.domain.standing import switch_postings
from app.loans.domain.states import (
    LOAN,
    EntryKind,
    LoanEvent,
    LoanFact,
    LoanState,
)
from app.loans.domain.terms import Method
from app.loans.extending import carry_extension
from app.loans.models import (
    Loan,
    LoanExtension,
    LoanFactRow,
    LoanNote,
    LoanStateRow,
    NotePlan,
    NoteStateRow,
)
from app.loans.queries import visible_loans
from app.loans.rates.models import NoteRate
from app.loans.rates.queries import moved_from_json
from app.loans.refusals import (
    AmountNotPositive,
    ContractExceeded,
    DrawdownAfterMaturity,
    ExtensionRefused,
)
from app.loans.repricing import NewRate, reprice


@dataclass(frozen=True, slots=True, kw_only=True)
class PostDrawdown:
    """Money paid out under a contract; the note takes the contract's rate unless given."""

    loan_id: UUID
    amount_fen: int
    rate_ppm: int | None = None
    plan: tuple[DatedAmount, ...] = ()
    """Principal of this note alone, where it differs from its share of the contract's plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteView:
    """A note and what is left of it."""

    id: UUID
    number: str
    loan_id: UUID
    amount_fen: int
    balance_fen: int
    drawn_on: date
    rate_ppm: int
    matures_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendLoan:
    """A later maturity, decided before; with a rate where that of a longer tenor counts."""

    loan_id: UUID
    matures_on: date
    reason: str
    rate: NewRate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOff:
    """A loan that leaves the balance sheet; the claim is kept on file."""

    loan_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFact:
    """A fact that bears on the class of a loan, from a day to a day."""

    loan_id: UUID
    fact: LoanFact
    from_on: date
    reason: str
    until_on: date | None = None
    share_ppm: int | None = None


def open_loan(session: Session, actor: Actor, command: OpenLoan) -> UUID:
    """Sign a contract: the loan stands with principal 0 until it is drawn. Gives its id."""
    actor.require(Permission.SIGN_CONTRACT)
    if actor.organisation_id != command.bank_id and actor.sees("*") != "all":
        raise NotFound
    loan = Loan(
        **contract_terms(session, command),
        number=next_number(session, "L", (command.signed_on or command.starts_on).year),
        created_at=now(session),
    )
    session.add(loan)
    session.flush()
    session.add(
        LoanStateRow(loan_id=loan.id, own_class=LoanClass.NORMAL, loan_class=LoanClass.NORMAL)
    )
    session.flush()
    record(
        session,
        actor,
        "loan.open",
        subject_kind="loan",
        subject_id=loan.id,
        organisation_id=loan.bank_id,
        number=loan.number,
        **{name: getattr(loan, name) for name in KEPT_TERMS},
    )
    return loan.id


KEPT_TERMS: Final = (
    "contract_fen",
    "rate_ppm",
    "penalty_ppm",
    "method",
    "every",
    "day_count",
    "interest_style",
    "starts_on",
    "matures_on",
    "first_due_on",
    "plan",
    "region_code",
    "green",
    "security",
    "warning_ppm",
    "top_up_ppm",
    "disposal_ppm",
    "cure_ppm",
    "cure_days",
    "ltv_basis",
    "lpr_tenor",
    "lpr_bp",
    "reset_rule",
    "lpr_lag_days",
    "misuse_ppm",
    "grace_principal",
    "month_end",
    "odd_days",
    "roll",
    "moved_days",
    "renews_id",
)
"""The terms of a contract that the journal keeps; `verify` compares them with the loan."""


def post_drawdown(session: Session, actor: Actor, command: PostDrawdown) -> NoteView:
    """Pay out under a contract on the business day: a note, its plan, its postings."""
    actor.require(Permission.POST_DRAWDOWN)
    ledger, day = open_books(session, actor, command.loan_id)
    require_current(ledger, day)
    return draw(session, actor, ledger, command, day)


def draw(
    session: Session,
    actor: Actor,
    ledger: LoanLedger,
    command: PostDrawdown,
    day: date,
    *,
    source: Account = Account.CASH,
) -> NoteView:
    """Book a drawdown on a day into a ledger under lock; `source` is what the principal comes from."""
    loan = ledger.loan
    next_state = LOAN.next(loan.state, LoanEvent.DRAW)
    matures_on = _require_drawable(ledger, command, day)
    rate = drawn_rate(session, loan, day, given_ppm=command.rate_ppm)
    note = LoanNote(
        number=next_number(session, "N", day.year),
        loan_id=loan.id,
        amount_fen=command.amount_fen,
        drawn_on=day,
        rate_ppm=rate.rate_ppm,
        matures_on=matures_on,
    )
    terms = _note_terms(loan, note, command)
    plan = _plan_of(ledger, terms, command)
    first = interest_periods(terms)[0]
    session.add(note)
    session.flush()
    state = NoteStateRow(
        note_id=note.id,
        loan_id=loan.id,
        unbilled_fen=note.amount_fen,
        period_number=1,
        period_starts_on=first.starts_on,
        period_due_on=first.due_on,
        whole_months=first.whole_months,
        next_due_on=first_due_on(terms, plan),
        next_reset_on=first_reset_on(loan, note, ends_on=terms.ends_on),
    )
    session.add(state)
    session.add(NoteRate(**rate_row(note.id, 1, rate)))
    session.add(NotePlan(note_id=note.id, number=1, from_on=day, plan=plan_to_json(plan)))
    booking = Booking(kind=EntryKind.DRAWDOWN, booked_on=day, value_on=day, words=note.number)
    postings = drawdown_postings(note.amount_fen, source=source)
    post_entry(session, loan, postings, booking, note_id=note.id)
    ledger.notes.append(
        NoteLedger(
            loan=loan, note=note, state=state, terms=terms, plan=plan, plan_number=1, dues=[]
        )
    )
    loan.state = next_state
    ledger.state.principal_fen += note.amount_fen
    ledger.state.closed_on = ledger.state.closed_on or day - ONE_DAY
    ledger.state.version += 1
    session.flush()
    record(
        session,
        actor,
        "loan.drawdown",
        subject_kind="loan",
        subject_id=loan.id,
        organisation_id=loan.bank_id,
        note=note.number,
        amount_fen=note.amount_fen,
        day=day,
    )
    return note_view(ledger.notes[-1])


def note_view(ledger: NoteLedger) -> NoteView:
    """A note with its balance: what has not fallen due, and what did and is not paid."""
    return _note_view(ledger.note, ledger.state)


def _note_view(note: LoanNote, state: NoteStateRow) -> NoteView:
    return NoteView(
        id=note.id,
        number=note.number,
        loan_id=note.loan_id,
        amount_fen=note.amount_fen,
        balance_fen=state.unbilled_fen + state.overdue_principal_fen,
        drawn_on=note.drawn_on,
        rate_ppm=note.rate_ppm,
        matures_on=note.matures_on,
    )


def _require_drawable(ledger: LoanLedger, command: PostDrawdown, day: date) -> date:
    loan = ledger.loan
    if command.amount_fen <= 0:
        raise AmountNotPositive().about("/amount_yuan")
    drawn = sum(each.note.amount_fen for each in ledger.notes)
    if drawn + command.amount_fen > loan.contract_fen:
        raise ContractExceeded(
            drawn=Money(drawn), contract=Money(loan.contract_fen), amount=Money(command.amount_fen)
        )
    starts_on, matures_on = loan.starts_on, loan.matures_on
    if starts_on is None or matures_on is None or day < starts_on:
        raise _outside_term(loan, day)
    require_time_to_draw(loan, day)
    return matures_on


def require_time_to_draw(loan: Loan, day: date) -> None:
    """Refuse a drawdown on the day on which the loan falls due, or after it."""
    last_on = _last_day_to_draw(loan)
    if last_on is not None and day > last_on:
        raise _outside_term(loan, day)


def _outside_term(loan: Loan, day: date) -> DrawdownAfterMaturity:
    return DrawdownAfterMaturity(day=day, starts_on=loan.starts_on, last_on=_last_day_to_draw(loan))


def _last_day_to_draw(loan: Loan) -> date | None:
    """The day before the maturity, or before the day before it on which it falls due."""
    matures_on = loan.matures_on
    if matures_on is None:
        return None
    moved_on = dict(moved_from_json(loan.moved_days)).get(matures_on, matures_on)
    return min(matures_on, moved_on) - ONE_DAY


def _note_terms(loan: Loan, note: LoanNote, command: PostDrawdown) -> NoteTerms:
    terms = note_terms(loan, note)
    return replace(terms, plan=command.plan) if command.plan else terms


def _plan_of(
    ledger: LoanLedger, terms: NoteTerms, command: PostDrawdown
) -> tuple[DatedAmount, ...]:
    """The note's own plan; the last note of a planned contract takes what the others leave."""
    drawn = sum(each.note.amount_fen for each in ledger.notes) + terms.amount_fen
    if terms.method is Method.PLAN and not command.plan and drawn == ledger.loan.contract_fen:
        others = [each for note in ledger.notes for each in note.plan]
        found = completing_plan(terms, others)
        if found is not None:
            return found
    return principal_plan(terms)


def cancel_loan(session: Session, actor: Actor, loan_id: UUID) -> None:
    """Give up a contract that was never drawn."""
    actor.require(Permission.SIGN_CONTRACT)
    ledger, _day = open_books(session, actor, loan_id)
    ledger.loan.state = LOAN.next(ledger.loan.state, LoanEvent.CANCEL)
    _recorded(session, actor, ledger.loan, "loan.cancel")


def release_loan(session: Session, actor: Actor, loan_id: UUID) -> None:
    """The security of a settled loan was given back."""
    actor.require(Permission.RELEASE_PLEDGE)
    ledger, _day = open_books(session, actor, loan_id)
    ledger.loan.state = LOAN.next(ledger.loan.state, LoanEvent.RELEASE)
    _recorded(session, actor, ledger.loan, "loan.release")


def extend_loan(session: Session, actor: Actor, command: ExtendLoan) -> None:
    """Move the maturity of a loan that is not overdue; what was due at the end moves with it.

    Whether it may be extended, and for how long, is decided above.
    """
    actor.require(Permission.SIGN_CONTRACT)
    ledger, day = open_books(session, actor, command.loan_id)
    require_current(ledger, day)
    extend(session, actor, ledger, command, day)


def extend(
    session: Session, actor: Actor, ledger: LoanLedger, command: ExtendLoan, day: date
) -> None:
    """Book an extension on a day into a ledger under lock."""
    loan = ledger.loan
    if loan.state is not LoanState.PERFORMING or loan.matures_on is None:
        raise ExtensionRefused(number=loan.number)
    ended = all(each.state.next_due_on is None for each in ledger.notes) or any(
        each.note.matures_on <= day for each in ledger.notes
    )
    if ended or command.matures_on <= loan.matures_on:
        raise ExtensionRefused(number=loan.number)
    move_maturity(session, actor, ledger, command.matures_on, day, reason=command.reason)
    if command.rate is not None:
        reprice(session, actor, ledger, command.rate, day)


def move_maturity(
    session: Session,
    actor: Actor,
    ledger: LoanLedger,
    matures_on: date,
    day: date,
    *,
    reason: str,
) -> None:
    """Move the maturity of an open loan, and what was due at the end with it."""
    loan = ledger.loan
    old_end_on, old_moved = loan.matures_on or day, loan.moved_days
    loan.extended_from_on = loan.extended_from_on or old_end_on
    loan.matures_on = matures_on
    _extend_moved_days(session, ledger, old_end_on=old_end_on)
    extension = LoanExtension(
        loan_id=loan.id,
        number=_extensions(session, loan) + 1,
        booked_on=day,
        before_on=old_end_on,
        matures_on=matures_on,
        before_moved=old_moved,
        moved=loan.moved_days,
        reason=reason[:300],
    )
    session.add(extension)
    for each in ledger.notes:
        _extend_note(session, each, extension)
    ledger.state.version += 1
    _recorded(
        session,
        actor,
        loan,
        "loan.extend",
        until=matures_on,
        moved_days=loan.moved_days,
        reason=reason,
    )


def _extend_moved_days(session: Session, ledger: LoanLedger, *, old_end_on: date) -> None:
    loan = ledger.loan
    if loan.matures_on is not None and ledger.notes:
        whole = replace(ledger.notes[0].terms, matures_on=loan.matures_on)
        loan.moved_days = moved_after_extension(session, loan, whole, old_end_on=old_end_on)


def _extensions(session: Session, loan: Loan) -> int:
    statement = sa.select(sa.func.count()).where(col(LoanExtension.loan_id) == loan.id)
    return int(session.execute(statement).scalar_one())


def _extend_note(session: Session, ledger: NoteLedger, extension: LoanExtension) -> None:
    ledger.note.matures_on = extension.matures_on
    carry_extension(session, ledger, extension)
    last = ledger.terms.rates[-1].from_on if ledger.terms.rates else None
    ledger.state.next_reset_on = first_reset_on(
        ledger.loan, ledger.note, ends_on=ledger.terms.ends_on, after_on=last
    )


def write_off(session: Session, actor: Actor, command: WriteOff) -> None:
    """Take a loan off the balance sheet; principal and interest are kept in the memorandum.

    Who decides it, and with which evidence, is settled above.
    """
    actor.require(Permission.WRITE_OFF_LOAN)
    ledger, day = open_books(session, actor, command.loan_id)
    require_current(ledger, day)
    book_write_off(session, actor, ledger, command, day)


def book_write_off(
    session: Session, actor: Actor, ledger: LoanLedger, command: WriteOff, day: date
) -> None:
    """Book a write-off on a day into a ledger under lock."""
    loan, state = ledger.loan, ledger.state
    loan.state = LOAN.next(loan.state, LoanEvent.WRITE_OFF)
    postings = write_off_postings(state.principal_fen)
    if not state.off_balance:
        postings = (*switch_postings(owed_by_claim(ledger), off_balance=True), *postings)
    booking = Booking(
        kind=EntryKind.WRITE_OFF, booked_on=day, value_on=day, words=command.reason[:200]
    )
    post_entry(session, loan, postings, booking)
    facts = {"principal_fen": state.principal_fen, "reason": command.reason}
    for each in ledger.notes:
        each.state.unbilled_fen = each.state.overdue_principal_fen = 0
        each.state.next_due_on, each.state.steps = None, None
    state.off_balance = True
    state.principal_fen = state.overdue_fen = state.overdue_days = 0
    state.own_class = state.loan_class = LoanClass.LOSS
    state.version += 1
    _recorded(session, actor, loan, "loan.write-off", **facts)


def record_fact(session: Session, actor: Actor, command: RecordFact) -> UUID:
    """Record a fact for the classification of the next closes."""
    actor.require(Permission.REVIEW_WARNING)
    ledger, _day = open_books(session, actor, command.loan_id)
    row = LoanFactRow(
        loan_id=command.loan_id,
        fact=command.fact,
        from_on=command.from_on,
        until_on=command.until_on,
        share_ppm=command.share_ppm,
        reason=command.reason,
        person_id=actor.person_id,
        created_at=now(session),
    )
    session.add(row)
    _recorded(
        session, actor, ledger.loan, "loan.fact", fact=command.fact.value, reason=command.reason
    )
    return row.id


def _recorded(session: Session, actor: Actor, loan: Loan, action: str, **facts: object) -> None:
    session.flush()
    record(
        session,
        actor,
        action,
        subject_kind="loan",
        subject_id=loan.id,
        organisation_id=loan.bank_id,
        number=loan.number,
        **facts,
    )


def list_notes(session: Session, actor: Actor, loan_id: UUID) -> tuple[NoteView, ...]:
    """The notes of a visible loan in the order of their drawdown."""
    visible = visible_loans(session, actor).where(col(Loan.id) == loan_id)
    if session.execute(visible).scalar_one_or_none() is None:
        raise NotFound
    statement = (
        sa.select(LoanNote, NoteStateRow)
        .join(NoteStateRow, col(NoteStateRow.note_id) == col(LoanNote.id))
        .where(col(LoanNote.loan_id) == loan_id)
        .order_by(col(LoanNote.drawn_on), col(LoanNote.number))
    )
    return tuple(_note_view(note, state) for note, state in session.execute(statement))
