"""Entries by hand: a fee, a refund, the reversal of one, by two persons; recoveries of loans written off."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.services import record
from app.db.engine import now
from app.db.numbers import next_number
from app.kernel.actor import Actor
from app.kernel.errors import DutiesApart, InvalidInput, NotFound
from app.kernel.money import Money
from app.kernel.permissions import Permission
from app.kernel.text import N_, Coded
from app.loans.books import Booking, LoanLedger, open_books, post_entry, require_current
from app.loans.domain.journal import Account, Posting, reversal_postings
from app.loans.domain.ledger import (
    ENTRY,
    ENTRY_KINDS,
    INSTEAD,
    OTHERWISE,
    REVERSIBLE,
    EntryEvent,
    EntryState,
    ManualKind,
    Split,
    manual_postings,
    split_recovery,
)
from app.loans.domain.standing import standing
from app.loans.domain.states import OPEN_STATES, STATE_TITLES, LoanState
from app.loans.ledger.models import ManualEntry
from app.loans.ledger.moving import move_by_entry
from app.loans.ledger.queries import ManualEntryView, entry_view, visible_entries
from app.loans.models import Loan, LoanPosting
from app.loans.refusals import (
    AlreadyReversed,
    AmountNotPositive,
    EntryNotReversible,
    FeeNotPossible,
    FeePaid,
    FeeTooLarge,
    LoanNotWrittenOff,
    NothingToRecover,
    ReversalWaits,
    SuspenseTooSmall,
)
from app.loans.repayments.repaying import require_misuse_worked_out, require_plausible
from app.reference.services import policy_for


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeFee:
    """A fee that the customer owes from the day on which it is booked."""

    amount_fen: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeRefund:
    """Money that waits in suspense, to be paid back."""

    amount_fen: int
    reason: str
    party: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeReversal:
    """An entry of the journal that was wrong, and why."""

    entry_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recover:
    """Money received for a loan that was written off, and where it came from."""

    amount_fen: int
    reason: str
    party: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookEntry:
    """The second person agrees."""

    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseEntry:
    """The second person does not agree, and says why."""

    note: str


# --- The first person ---


def propose_fee(
    session: Session, actor: Actor, loan_id: UUID, command: ProposeFee
) -> ManualEntryView:
    """Ask for a fee on an open loan; it is owed once a second person booked it."""
    ledger, day = _begin(session, actor, loan_id, Permission.PROPOSE_ENTRY)
    _require_amount(command.amount_fen)
    _require_open(ledger.loan)
    _require_fee_limit(session, ledger, command.amount_fen, day)
    row = _new(session, actor, ledger.loan, day, kind=ManualKind.FEE, command=command)
    return _proposed(session, actor, row)


def propose_refund(
    session: Session, actor: Actor, loan_id: UUID, command: ProposeRefund
) -> ManualEntryView:
    """Ask to pay back money that waits in suspense; refuses more than waits."""
    ledger, day = _begin(session, actor, loan_id, Permission.PROPOSE_ENTRY)
    _require_amount(command.amount_fen)
    _require_suspense(ledger, command.amount_fen)
    row = _new(session, actor, ledger.loan, day, kind=ManualKind.REFUND, command=command)
    row.party = command.party
    return _proposed(session, actor, row)


def propose_reversal(
    session: Session, actor: Actor, loan_id: UUID, command: ProposeReversal
) -> ManualEntryView:
    """Ask to take back a fee, a refund or a recovery; once only.

    What the service books by itself is refused with what to do instead.
    """
    ledger, day = _begin(session, actor, loan_id, Permission.PROPOSE_ENTRY)
    found = _reversible(session, loan_id, command.entry_id)
    row = _new(
        session,
        actor,
        ledger.loan,
        day,
        kind=ManualKind.REVERSAL,
        command=command,
        amount_fen=found.amount_fen,
    )
    row.fee_fen, row.principal_fen = found.fee_fen, found.principal_fen
    row.interest_fen, row.suspense_fen = found.interest_fen, found.suspense_fen
    row.party, row.reverses_id = found.party, found.id
    _require_bookable(ledger, row, found.kind, -1)
    return _proposed(session, actor, row)


def _begin(
    session: Session, actor: Actor, loan_id: UUID, permission: Permission
) -> tuple[LoanLedger, date]:
    actor.require(permission)
    return open_books(session, actor, loan_id)


def _require_amount(amount_fen: int) -> None:
    if amount_fen <= 0:
        raise AmountNotPositive().about("/amount_yuan")


def _require_open(loan: Loan) -> None:
    if loan.state not in OPEN_STATES:
        raise FeeNotPossible(number=loan.number, state=_title(loan))


def _title(loan: Loan) -> Coded:
    return Coded(loan.state, STATE_TITLES[loan.state])


def _require_fee_limit(session: Session, ledger: LoanLedger, amount_fen: int, day: date) -> None:
    """All fees owed together are at most a share of the contract, so that a slip is not booked."""
    loan, owed_fen = ledger.loan, ledger.state.fees_fen
    share = policy_for(session, loan.bank_id, day).ratio("loans.fee_limit")
    limit = Money(int(loan.contract_fen * share))
    if owed_fen + amount_fen > limit.fen:
        raise FeeTooLarge(number=loan.number, limit=limit, owed=Money(owed_fen)).about(
            "/amount_yuan"
        )


def _require_suspense(ledger: LoanLedger, amount_fen: int) -> None:
    if amount_fen > ledger.state.suspense_fen:
        waiting = Money(ledger.state.suspense_fen)
        raise SuspenseTooSmall(suspense=waiting).about("/amount_yuan")


def _reversible(session: Session, loan_id: UUID, entry_id: UUID) -> ManualEntry:
    kinds = sa.select(col(LoanPosting.kind)).where(
        col(LoanPosting.entry_id) == entry_id, col(LoanPosting.loan_id) == loan_id
    )
    kind = session.execute(kinds).scalars().first()
    if kind is None:
        raise InvalidInput.at("/entry_id", N_("Choose an entry of this loan."))
    if kind not in REVERSIBLE:
        raise EntryNotReversible(kind=kind.value, instead=Coded(kind, INSTEAD.get(kind, OTHERWISE)))
    statement = sa.select(ManualEntry).where(col(ManualEntry.entry_id) == entry_id)
    found: ManualEntry = session.execute(statement).scalar_one()
    taken = sa.select(ManualEntry).where(
        col(ManualEntry.reverses_id) == found.id, col(ManualEntry.state) != EntryState.REFUSED
    )
    by = session.execute(taken).scalar_one_or_none()
    if by is not None:
        refused = ReversalWaits if by.state is EntryState.PROPOSED else AlreadyReversed
        raise refused(number=found.number, by=by.number)
    return found


def _new(
    session: Session,
    actor: Actor,
    loan: Loan,
    day: date,
    *,
    kind: ManualKind,
    command: Any,
    amount_fen: int | None = None,
) -> ManualEntry:
    return ManualEntry(
        number=next_number(session, "E", day.year),
        loan_id=loan.id,
        bank_id=loan.bank_id,
        kind=kind,
        amount_fen=command.amount_fen if amount_fen is None else amount_fen,
        reason=command.reason,
        maker_id=actor.person_id,
        created_at=now(session),
    )


def _proposed(session: Session, actor: Actor, row: ManualEntry) -> ManualEntryView:
    session.add(row)
    session.flush()
    _record(session, actor, row, "propose", reason=row.reason)
    return entry_view(session, actor, row.id)


# --- The second person ---


def book_entry(
    session: Session, actor: Actor, entry_id: UUID, command: BookEntry
) -> ManualEntryView:
    """Check what a colleague proposed, and book it on the open business day."""
    row = _decide(session, actor, entry_id, EntryEvent.BOOK, command.note)
    ledger, day = open_books(session, actor, row.loan_id)
    if ledger.loan.state in OPEN_STATES:
        require_current(ledger, day)
    _book(session, ledger, row, day)
    session.flush()
    _record(session, actor, row, EntryEvent.BOOK.value, note=row.note)
    return entry_view(session, actor, row.id)


def refuse_entry(
    session: Session, actor: Actor, entry_id: UUID, command: RefuseEntry
) -> ManualEntryView:
    """Refuse what a colleague proposed, with the reason; nothing is booked."""
    row = _decide(session, actor, entry_id, EntryEvent.REFUSE, command.note)
    row.state = EntryState.REFUSED
    session.flush()
    _record(session, actor, row, EntryEvent.REFUSE.value, note=row.note)
    return entry_view(session, actor, row.id)


def _decide(
    session: Session, actor: Actor, entry_id: UUID, event: EntryEvent, note: str
) -> ManualEntry:
    statement = visible_entries(session, actor).where(col(ManualEntry.id) == entry_id)
    locked = statement.with_for_update().execution_options(populate_existing=True)
    row: ManualEntry | None = session.execute(locked).scalar_one_or_none()
    if row is None:
        raise NotFound
    actor.require(ENTRY.permissions[event])
    ENTRY.next(row.state, event)
    if actor.person_id == row.maker_id:
        raise DutiesApart
    row.checker_id, row.note, row.decided_at = actor.person_id, note, now(session)
    return row


# --- Booking ---


def _book(session: Session, ledger: LoanLedger, row: ManualEntry, day: date) -> None:
    """Post the entry and move the figures of the loan."""
    kind, sign = row.kind, 1
    reverses: ManualEntry | None = None
    if row.reverses_id is not None:
        reverses = session.get_one(ManualEntry, row.reverses_id)
        kind, sign = reverses.kind, -1
    _require_bookable(ledger, row, kind, sign)
    if kind is ManualKind.FEE and sign > 0:
        _require_fee_limit(session, ledger, row.amount_fen, day)
    postings = manual_postings(kind, row.amount_fen, split_of(row))
    row.entry_id = _post(session, ledger.loan, row, postings, reverses, day)
    row.state, row.booked_on = EntryState.BOOKED, day
    _move(ledger, row, kind, sign)
    if ledger.loan.state is LoanState.SETTLED:
        require_misuse_worked_out(session, ledger, day)


def split_of(row: ManualEntry) -> Split:
    """The parts of a recovery."""
    return Split(
        fee_fen=row.fee_fen,
        principal_fen=row.principal_fen,
        interest_fen=row.interest_fen,
        suspense_fen=row.suspense_fen,
    )


def _require_bookable(ledger: LoanLedger, row: ManualEntry, kind: ManualKind, sign: int) -> None:
    """What was possible when it was proposed is asked again."""
    if kind is ManualKind.FEE and sign > 0:
        _require_open(ledger.loan)
    if kind is ManualKind.FEE and sign < 0 and row.amount_fen > ledger.state.fees_fen:
        raise FeePaid(owed=Money(ledger.state.fees_fen))
    taken = {
        ManualKind.REFUND: sign * row.amount_fen,
        ManualKind.RECOVERY: -sign * row.suspense_fen,
    }
    _require_suspense(ledger, taken.get(kind, 0))


def _post(
    session: Session,
    loan: Loan,
    row: ManualEntry,
    postings: tuple[Posting, ...],
    reverses: ManualEntry | None,
    day: date,
) -> UUID:
    booking = Booking(
        kind=ENTRY_KINDS[row.kind],
        booked_on=day,
        value_on=day,
        words=row.number,
        reverses_id=reverses.entry_id if reverses else None,
    )
    return post_entry(session, loan, reversal_postings(postings) if reverses else postings, booking)


def _move(ledger: LoanLedger, row: ManualEntry, kind: ManualKind, sign: int) -> None:
    state = ledger.state
    move_by_entry(state, row, kind, sign=sign)
    owed_fen = state.principal_fen + abs(state.accrued_fen) + state.fees_fen
    ledger.loan.state = standing(
        ledger.loan.state, owed_fen=owed_fen, overdue_days=state.overdue_days
    )
    state.version += 1


# --- Recovery ---


def recover(session: Session, actor: Actor, loan_id: UUID, command: Recover) -> ManualEntryView:
    """Book money received for a loan written off: income, while the claim leaves the memorandum.

    A fee that is still owed first, then principal, then interest; what is left when nothing more is
    claimed waits in suspense. Refuses a loan that was not written off, and one recovered in full.
    """
    ledger, day = _begin(session, actor, loan_id, Permission.POST_REPAYMENT)
    _require_amount(command.amount_fen)
    if ledger.loan.state is not LoanState.WRITTEN_OFF:
        raise LoanNotWrittenOff(number=ledger.loan.number, state=_title(ledger.loan))
    principal_fen, interest_fen = claim_left(session, loan_id)
    fee_fen = ledger.state.fees_fen
    claim_fen = fee_fen + principal_fen + interest_fen
    if claim_fen <= 0:
        raise NothingToRecover(number=ledger.loan.number)
    require_plausible(session, ledger.loan, command.amount_fen, day, owed_fen=claim_fen)
    split = split_recovery(
        command.amount_fen,
        fee_fen=fee_fen,
        principal_fen=principal_fen,
        interest_fen=interest_fen,
    )
    row = _new(session, actor, ledger.loan, day, kind=ManualKind.RECOVERY, command=command)
    row.fee_fen, row.principal_fen = split.fee_fen, split.principal_fen
    row.interest_fen, row.suspense_fen = split.interest_fen, split.suspense_fen
    row.party = command.party
    row.decided_at = row.created_at
    _book(session, ledger, row, day)
    session.add(row)
    session.flush()
    _record(session, actor, row, "recover", reason=row.reason)
    return entry_view(session, actor, row.id)


def claim_left(session: Session, loan_id: UUID) -> tuple[int, int]:
    """Principal and interest of a loan written off that still stand in the memorandum."""
    return (
        _balance(session, loan_id, Account.MEMO_WRITTEN_OFF),
        _balance(session, loan_id, Account.MEMO_INTEREST),
    )


def _balance(session: Session, loan_id: UUID, account: Account) -> int:
    signed = sa.case(
        (col(LoanPosting.debit) == account, col(LoanPosting.amount_fen)),
        else_=-col(LoanPosting.amount_fen),
    )
    statement = sa.select(sa.func.coalesce(sa.func.sum(signed), 0)).where(
        col(LoanPosting.loan_id) == loan_id,
        sa.or_(col(LoanPosting.debit) == account, col(LoanPosting.credit) == account),
    )
    return int(session.execute(statement).scalar_one())


FIGURES = ("kind", "amount_fen", "fee_fen", "principal_fen", "interest_fen", "suspense_fen")
"""What the audit journal keeps of an entry; `verify` compares it with the row."""


def _record(session: Session, actor: Actor, row: ManualEntry, what: str, **facts: object) -> None:
    record(
        session,
        actor,
        f"entry.{what}",
        subject_kind="manual-entry",
        subject_id=row.id,
        organisation_id=row.bank_id,
        number=row.number,
        loan=row.loan_id,
        state=row.state,
        **{name: getattr(row, name) for name in FIGURES},
        **facts,
    )
