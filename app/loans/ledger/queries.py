"""Read models of a bank's ledger: trial balance on a day, its lines, closed periods, entries by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.identity.models import Person
from app.kernel.actor import Actor, Name
from app.kernel.errors import InvalidInput, MalformedRequest, NotFound
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.loans.books import find_business_day, lending_day
from app.loans.domain.journal import Account
from app.loans.domain.ledger import (
    ENTRY,
    AccountLine,
    EntryState,
    ManualKind,
    PairSum,
    account_lines,
    column_totals,
)
from app.loans.domain.states import EntryKind
from app.loans.ledger.models import LedgerPeriod, LedgerPeriodTotal, ManualEntry
from app.loans.models import Loan, LoanPosting

MAX_LEDGER_ROWS: Final = 100
"""Lines of one answer of the ledger; a cursor asks for the next."""

_debit, _credit = col(LoanPosting.debit), col(LoanPosting.credit)
_booked_on, _amount = col(LoanPosting.booked_on), col(LoanPosting.amount_fen)


# --- Trial balance ---


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialBalance:
    """The accounts of a bank over some days, on the balance sheet and off it."""

    bank_id: UUID
    from_on: date
    on: date
    open_on: date | None
    """The open business day: what is booked on it may still grow."""
    lines: tuple[AccountLine, ...]

    @property
    def balance_sheet(self) -> tuple[AccountLine, ...]:
        """The accounts on the balance sheet."""
        return tuple(line for line in self.lines if not line.account.off_balance)

    @property
    def memorandum(self) -> tuple[AccountLine, ...]:
        """The accounts off the balance sheet."""
        return tuple(line for line in self.lines if line.account.off_balance)

    @property
    def totals(self) -> Mapping[str, int]:
        """The total of each column."""
        return column_totals(self.lines)


def bank_trial_balance(
    session: Session, actor: Actor, *, on: date | None = None, from_on: date | None = None
) -> TrialBalance:
    """The trial balance of the actor's bank: of one day, or from a day to a day; none of a day to come.

    Opening is what stood before the first day. Works at any past day: the last period closed before
    gives its totals, and only the lines booked since are summed.
    """
    actor.require(Permission.READ_LEDGER)
    open_on = find_business_day(session, actor.organisation_id)
    today = lending_day(session, actor.organisation_id)
    day = on or today
    if day > today:
        raise InvalidInput.at(
            "/on", N_("The business day is %(day)s; this day is to come."), day=today
        )
    first = from_on or day
    if first > day:
        raise InvalidInput.at("/from_on", N_("The first day lies after the last."))
    sums = pair_sums(session, actor.organisation_id, first, day)
    return TrialBalance(
        bank_id=actor.organisation_id,
        from_on=first,
        on=day,
        open_on=open_on,
        lines=account_lines(sums),
    )


def pair_sums(
    session: Session, bank_id: UUID, from_on: date, until_on: date, *, stored: bool = True
) -> list[PairSum]:
    """What moved between each two accounts, before the days and in them.

    `stored=False` sums every line ever booked and trusts no closed period.
    """
    base, after_on = _closed_before(session, bank_id, from_on) if stored else ({}, None)
    found: dict[tuple[Account, Account], list[int]] = {
        pair: [before_fen, 0] for pair, before_fen in base.items()
    }
    statement = pair_statement(bank_id, from_on, until_on, after_on)
    for debit, credit, before_fen, amount_fen in session.execute(statement):
        sums = found.setdefault((debit, credit), [0, 0])
        sums[0] += int(before_fen or 0)
        sums[1] += int(amount_fen or 0)
    return [
        PairSum(debit=debit, credit=credit, before_fen=before_fen, amount_fen=amount_fen)
        for (debit, credit), (before_fen, amount_fen) in found.items()
    ]


def pair_statement(
    bank_id: UUID, from_on: date, until_on: date, after_on: date | None
) -> sa.Select[*tuple[Any, ...]]:
    """One pass over the index `ix_loan_posting_bank`, which holds all that is read."""
    before = sa.case((_booked_on < from_on, _amount), else_=0)
    within = sa.case((_booked_on >= from_on, _amount), else_=0)
    statement = (
        sa.select(_debit, _credit, sa.func.sum(before), sa.func.sum(within))
        .where(col(LoanPosting.bank_id) == bank_id, _booked_on <= until_on)
        .group_by(_debit, _credit)
    )
    return statement if after_on is None else statement.where(_booked_on > after_on)


def _closed_before(
    session: Session, bank_id: UUID, day: date
) -> tuple[dict[tuple[Account, Account], int], date | None]:
    """What the last period closed before a day says of everything booked up to its end."""
    statement = (
        sa.select(LedgerPeriod)
        .where(col(LedgerPeriod.bank_id) == bank_id, col(LedgerPeriod.ends_on) < day)
        .order_by(col(LedgerPeriod.ends_on).desc())
        .limit(1)
    )
    period = session.execute(statement).scalar_one_or_none()
    if period is None:
        return {}, None
    totals = sa.select(LedgerPeriodTotal).where(col(LedgerPeriodTotal.period_id) == period.id)
    base = {
        (row.debit, row.credit): row.before_fen + row.amount_fen
        for row in session.execute(totals).scalars()
    }
    return base, period.ends_on


# --- Lines ---


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """One line of the journal of a bank, with the loan it belongs to."""

    id: UUID
    entry_id: UUID
    loan_id: UUID
    loan_number: str
    booked_on: date
    value_on: date
    kind: EntryKind
    debit: Account
    credit: Account
    amount_fen: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerPage:
    """Lines of a bank's journal, newest first, and where the next ones begin."""

    items: Sequence[LedgerLine]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFilter:
    """What the lines of a bank are narrowed to."""

    account: Account | None = None
    kind: EntryKind | None = None
    from_on: date | None = None
    on: date | None = None


def ledger_lines(
    session: Session,
    actor: Actor,
    wanted: LineFilter,
    *,
    cursor: str = "",
    size: int = 50,
) -> LedgerPage:
    """The lines behind a trial balance of the actor's bank, newest first."""
    actor.require(Permission.READ_LEDGER)
    size = min(size, MAX_LEDGER_ROWS)
    statement = lines_statement(actor, wanted, cursor)
    rows = session.execute(statement.limit(size + 1)).all()
    items = [_ledger_line(posting, number) for posting, number in rows[:size]]
    last = items[-1] if len(rows) > size else None
    following = f"{last.booked_on.isoformat()}.{last.id}" if last else None
    return LedgerPage(items=items, next_cursor=following)


def lines_statement(actor: Actor, wanted: LineFilter, cursor: str) -> Any:
    """The lines after a cursor, in the order of an index: no day is sorted as a whole."""
    statement = (
        _narrowed(sa.select(LoanPosting, col(Loan.number)), actor, wanted)
        .join(Loan, col(Loan.id) == col(LoanPosting.loan_id))
        .order_by(_booked_on.desc(), col(LoanPosting.id).desc())
    )
    return statement.where(_after(cursor)) if cursor else statement


def _narrowed(statement: Any, actor: Actor, wanted: LineFilter) -> Any:
    found = statement.where(col(LoanPosting.bank_id) == actor.organisation_id)
    if wanted.account is not None:
        found = found.where(sa.or_(_debit == wanted.account, _credit == wanted.account))
    if wanted.kind is not None:
        found = found.where(col(LoanPosting.kind) == wanted.kind)
    if wanted.from_on is not None:
        found = found.where(_booked_on >= wanted.from_on)
    if wanted.on is not None:
        found = found.where(_booked_on <= wanted.on)
    return found


def _after(cursor: str) -> sa.ColumnElement[bool]:
    day, _, posting_id = cursor.partition(".")
    try:
        on, last = date.fromisoformat(day), UUID(posting_id)
    except ValueError:
        raise MalformedRequest(reason=N_("the cursor is not one that the service gave")) from None
    earlier = sa.or_(_booked_on < on, col(LoanPosting.id) < last)
    return sa.and_(_booked_on <= on, earlier)


def _ledger_line(posting: LoanPosting, loan_number: str) -> LedgerLine:
    names = (name for name in LedgerLine.__dataclass_fields__ if name != "loan_number")
    return LedgerLine(loan_number=loan_number, **{name: getattr(posting, name) for name in names})


# --- Periods ---


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodView:
    """A closed month with its totals."""

    id: UUID
    starts_on: date
    ends_on: date
    postings: int
    amount_fen: int
    sha256: str
    closed_at: datetime


def list_periods(session: Session, actor: Actor) -> sa.Select[LedgerPeriod]:  # noqa: ARG001 - the shape of all lists
    """The closed months of the actor's bank, the latest first."""
    actor.require(Permission.READ_LEDGER)
    return (
        sa.select(LedgerPeriod)
        .where(col(LedgerPeriod.bank_id) == actor.organisation_id)
        .order_by(col(LedgerPeriod.ends_on).desc())
    )


def period_view(row: LedgerPeriod) -> PeriodView:
    """The view of a closed month."""
    return PeriodView(**{name: getattr(row, name) for name in PeriodView.__dataclass_fields__})


# --- Entries by hand ---


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualEntryView:
    """An entry by hand with its people."""

    id: UUID
    number: str
    state: EntryState
    events: tuple[str, ...]
    version: int
    created_at: datetime
    loan_id: UUID
    loan_number: str
    kind: ManualKind
    amount_fen: int
    fee_fen: int
    principal_fen: int
    interest_fen: int
    suspense_fen: int
    party: str
    reason: str
    reverses_number: str
    reversed_by: str
    entry_id: UUID | None
    booked_on: date | None
    maker: Name
    checker: Name | None
    note: str
    decided_at: datetime | None


_DERIVED: Final = {"events", "loan_number", "reverses_number", "reversed_by", "maker", "checker"}


def visible_entries(session: Session, actor: Actor) -> sa.Select[ManualEntry]:  # noqa: ARG001 - the contract of all rooms
    """The entries by hand that the actor may see: those of the own bank."""
    statement = sa.select(ManualEntry)
    if actor.sees("*") == "all":
        return statement
    return statement.where(col(ManualEntry.bank_id) == actor.organisation_id)


def list_entries(
    session: Session, actor: Actor, state: EntryState | None = None
) -> sa.Select[ManualEntry]:
    """The entries by hand in sight, the newest first."""
    actor.require(Permission.READ_LEDGER)
    statement = visible_entries(session, actor).order_by(col(ManualEntry.number).desc())
    return statement if state is None else statement.where(col(ManualEntry.state) == state)


def entry_view(session: Session, actor: Actor, entry_id: UUID) -> ManualEntryView:
    """One entry by hand in sight; `NotFound` otherwise."""
    actor.require(Permission.READ_LEDGER)
    statement = visible_entries(session, actor).where(col(ManualEntry.id) == entry_id)
    row = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise NotFound
    return entry_views(session, actor, [row])[0]


def entry_views(
    session: Session, actor: Actor, rows: Sequence[ManualEntry]
) -> list[ManualEntryView]:
    """Views of entries by hand: four queries whatever their number."""
    people = _people(session, rows)
    loans = _numbers(session, Loan, {row.loan_id for row in rows})
    others = _numbers(session, ManualEntry, {row.reverses_id for row in rows if row.reverses_id})
    by = _reversals(session, [row.id for row in rows])
    copied = [name for name in ManualEntryView.__dataclass_fields__ if name not in _DERIVED]
    return [
        ManualEntryView(
            events=tuple(event.value for event in legal_events(actor, row)),
            loan_number=loans[row.loan_id],
            reverses_number=others[row.reverses_id] if row.reverses_id else "",
            reversed_by=by.get(row.id, ""),
            maker=people[row.maker_id],
            checker=people[row.checker_id] if row.checker_id else None,
            **{name: getattr(row, name) for name in copied},
        )
        for row in rows
    ]


def legal_events(actor: Actor, row: ManualEntry) -> tuple[Any, ...]:
    """What this actor may do with an entry; who proposed it is left out."""
    return () if actor.person_id == row.maker_id else ENTRY.events_for(row.state, actor)


def _people(session: Session, rows: Sequence[ManualEntry]) -> dict[UUID, Name]:
    ids = {each for row in rows for each in (row.maker_id, row.checker_id) if each is not None}
    statement = sa.select(Person).where(col(Person.id).in_(ids))
    known = {
        row.id: Name(zh=row.name_zh, en=row.name_en) for row in session.execute(statement).scalars()
    }
    return {each: known.get(each, Name(zh="系统", en="System")) for each in ids}


def _numbers(session: Session, model: Any, ids: set[UUID]) -> dict[UUID, str]:
    statement = sa.select(model.id, model.number).where(model.id.in_(ids))
    return {row[0]: row[1] for row in session.execute(statement)}


def _reversals(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    statement = sa.select(col(ManualEntry.reverses_id), col(ManualEntry.number)).where(
        col(ManualEntry.reverses_id).in_(ids), col(ManualEntry.state) == EntryState.BOOKED
    )
    return {row[0]: row[1] for row in session.execute(statement) if row[0] is not None}
