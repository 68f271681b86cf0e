"""What falls due or is overdue over all loans in sight, between two days.

What was billed is read from the bills, what is to come from the notes whose next day lies in the
window: only those are drawn forward, to the fen as their schedules have them. Past
`MAX_DRAWN_PAYMENTS` the next payment of each note is listed and the sums are left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final, cast
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm
from sqlmodel import Session, col

from app.db.engine import today
from app.identity.models import Organisation
from app.kernel.actor import Actor, Name
from app.kernel.errors import InvalidInput
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.loans.domain.classification import LoanClass
from app.loans.domain.due import (
    BILLED_PARTS,
    COMING_PARTS,
    DueDay,
    DuePart,
    DueSums,
    sums_by_day,
    total_of,
    weeks_of,
)
from app.loans.domain.states import OPEN_STATES
from app.loans.models import BankDay, Loan, LoanDue, LoanNote, LoanStateRow, NoteStateRow
from app.loans.queries import region_prefix, visible_loans
from app.loans.schedules import InstalmentState, read_ledgers, to_come
from app.loans.titles import loan_title
from app.reference.domain import DayKind
from app.reference.models import CalendarDay
from app.reference.official_calendar import holiday_weekends
from app.reference.queries import special_days

MAX_DRAWN_PAYMENTS: Final = 3_000
"""Drawn forward for one look within about a second; a note mostly has one for each month looked ahead."""

MAX_AHEAD: Final = timedelta(days=400)
"""How far ahead payments are looked for: a year and the month around its end."""

MAX_DUE_EXPORT_ROWS: Final = 10_000
"""Rows of one export; a file of more is asked for in parts, by days."""

DEFAULT_AHEAD: Final = timedelta(days=30)
"""What a reader who names no last day looks at."""

DAYS_OF_A_MONTH: Final = 31
TOO_FAR: Final = N_("Choose a day up to %(last)s: no farther ahead is looked.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DueFilter:
    """Which payments are looked at; without `from_on` everything earlier belongs to it."""

    from_on: date | None = None
    until_on: date | None = None
    part: DuePart = DuePart.OPEN
    q: str = ""
    number: str = ""
    region_code: str = ""
    loan_class: LoanClass | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRow:
    """A payment of a note: billed with what was paid on it, or still to come."""

    loan_id: UUID
    loan_number: str
    title: Name
    borrower_name: Name
    note_number: str
    number: int
    due_on: date
    principal_fen: int
    interest_fen: int
    paid_principal_fen: int
    paid_interest_fen: int
    state: InstalmentState
    days_late: int

    @property
    def payment_fen(self) -> int:
        """Principal and interest together."""
        return self.principal_fen + self.interest_fen

    @property
    def left_fen(self) -> int:
        """What is still to be paid."""
        return self.payment_fen - self.paid_principal_fen - self.paid_interest_fen

    @property
    def sums(self) -> DueSums:
        """The row as sums of one."""
        overdue = self.state is InstalmentState.OVERDUE
        return DueSums(
            count=1,
            principal_fen=self.principal_fen,
            interest_fen=self.interest_fen,
            left_fen=self.left_fen,
            overdue_count=int(overdue),
            overdue_fen=self.left_fen if overdue else 0,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DueList:
    """A page of payments in the order of their days, what was billed before what is to come."""

    items: Sequence[DueRow]
    total: int
    day: date
    from_on: date | None
    until_on: date
    sums: DueSums | None
    """Over all pages; None when too many notes would have to be drawn."""

    @property
    def complete(self) -> bool:
        """Whether every payment to come is listed, not only the next one of each note."""
        return self.sums is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class DueMonth:
    """A month of days with what falls due on each."""

    first_on: date
    day: date
    weeks: tuple[tuple[DueDay | None, ...], ...]
    sums: DueSums
    complete: bool
    """Whether amounts to come are summed; else the days only count them."""
    holidays: tuple[date, ...]
    """Days of the month within a named holiday, its weekend days too."""
    workdays: tuple[date, ...]
    """Weekend days of the month on which work is made up."""

    @property
    def days(self) -> tuple[DueDay, ...]:
        """The days of the month on which something falls due."""
        return tuple(each for week in self.weeks for each in week if each and each.sums.count)


def due_day(session: Session, actor: Actor) -> date:
    """The day from which lateness is counted: the open day of the bank; for others the earliest of their banks."""
    statement = sa.select(sa.func.min(BankDay.open_on))
    if actor.organisation_kind == "bank":
        statement = statement.where(col(BankDay.bank_id) == actor.organisation_id)
    else:
        banks = visible_loans(session, actor).with_only_columns(col(Loan.bank_id)).order_by(None)
        statement = statement.where(col(BankDay.bank_id).in_(banks))
    found: date | None = session.execute(statement).scalar_one()
    return found or today(session)


def list_due(
    session: Session, actor: Actor, wanted: DueFilter, *, offset: int, size: int
) -> DueList:
    """What falls due between two days, a page of it; the last day is at most `MAX_AHEAD` away."""
    actor.require(Permission.READ_LOANS)
    look = _look(session, actor, wanted)
    billed = look.count_billed()
    items = list(look.billed_rows(offset, size)) if offset < billed else []
    if len(items) < size:
        items.extend(look.coming_rows(max(offset - billed, 0), size - len(items)))
    return DueList(
        items=items,
        total=billed + look.count_coming(),
        day=look.day,
        from_on=wanted.from_on,
        until_on=look.until_on,
        sums=look.sums(),
    )


def due_month(session: Session, actor: Actor, first_on: date) -> DueMonth:
    """Everything that fell or falls due in a month, day by day."""
    actor.require(Permission.READ_LOANS)
    first_on = first_on.replace(day=1)
    last_on = (first_on + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    wanted = DueFilter(from_on=first_on, until_on=last_on, part=DuePart.ALL)
    day = due_day(session, actor)
    if first_on > day + MAX_AHEAD:
        raise InvalidInput.at("/day", TOO_FAR, last=day + MAX_AHEAD)
    look = _Look(session, actor, wanted, day, last_on)
    days = sums_by_day([*look.billed_by_day(), *look.coming_by_day()])
    special = special_days(session, first_on, last_on)
    return DueMonth(
        first_on=first_on,
        day=look.day,
        weeks=weeks_of(first_on.year, first_on.month, days),
        sums=total_of(days.values()),
        complete=look.draws,
        holidays=_holidays(special, first_on, last_on),
        workdays=_of_kind(special, DayKind.WORKDAY),
    )


def _holidays(
    special: Mapping[date, CalendarDay], first_on: date, last_on: date
) -> tuple[date, ...]:
    weekends = holiday_weekends(first_on, last_on) - set(_of_kind(special, DayKind.WORKDAY))
    return tuple(sorted({*_of_kind(special, DayKind.HOLIDAY), *weekends}))


def _of_kind(special: Mapping[date, CalendarDay], kind: DayKind) -> tuple[date, ...]:
    return tuple(sorted(day for day, row in special.items() if row.kind is kind))


def _look(session: Session, actor: Actor, wanted: DueFilter) -> "_Look":
    day = due_day(session, actor)
    until_on = wanted.until_on or day + DEFAULT_AHEAD
    if wanted.from_on is not None and wanted.from_on > until_on:
        raise InvalidInput.at("/until", N_("The last day lies before the first."))
    if until_on - day > MAX_AHEAD:
        raise InvalidInput.at("/until", TOO_FAR, last=day + MAX_AHEAD)
    return _Look(session, actor, wanted, day, until_on)


_BORROWER: Any = sa.orm.aliased(Organisation, name="due_borrower")
_LEFT: Any = (
    col(LoanDue.principal_fen)
    + col(LoanDue.interest_fen)
    - col(LoanDue.paid_principal_fen)
    - col(LoanDue.paid_interest_fen)
)


class _Look:
    """One look at what falls due: the statements that its filter comes to."""

    def __init__(
        self, session: Session, actor: Actor, wanted: DueFilter, day: date, until_on: date
    ) -> None:
        self.session, self.wanted, self.day, self.until_on = session, wanted, day, until_on
        self._visible = visible_loans(session, actor).with_only_columns(col(Loan.id)).order_by(None)
        self.actor = actor

    # --- What was billed ---

    def count_billed(self) -> int:
        if self.wanted.part not in BILLED_PARTS:
            return 0
        statement = self._billed(sa.func.count())
        return int(self.session.execute(statement).scalar_one())

    def billed_rows(self, offset: int, size: int) -> Iterator[DueRow]:
        statement = (
            self._billed(LoanDue, Loan, col(LoanNote.number), col(BankDay.open_on), _BORROWER)
            .order_by(col(LoanDue.due_on), col(LoanNote.number), col(LoanDue.number))
            .limit(size)
            .offset(offset)
        )
        for due, loan, note_number, open_on, borrower in self.session.execute(statement):
            yield _billed_row(due, loan, note_number, open_on, borrower)

    def billed_by_day(self) -> Iterator[tuple[date, DueSums]]:
        if self.wanted.part not in BILLED_PARTS:
            return
        statement = self._billed(col(LoanDue.due_on), *self._sum_columns()).group_by(
            col(LoanDue.due_on)
        )
        for due_on, *sums in self.session.execute(statement):
            yield due_on, _sums_of(sums)

    def _sum_columns(self) -> tuple[Any, ...]:
        late = self._is_late()
        return (
            sa.func.count(),
            sa.func.sum(LoanDue.principal_fen),
            sa.func.sum(LoanDue.interest_fen),
            sa.func.sum(_LEFT),
            sa.func.sum(sa.case((late, 1), else_=0)),
            sa.func.sum(sa.case((late, _LEFT), else_=0)),
        )

    def _billed(self, *columns: Any) -> sa.Select[Any]:
        statement = (
            sa.select(*columns)
            .select_from(LoanDue)
            .join(LoanNote, col(LoanNote.id) == col(LoanDue.note_id))
            .join(Loan, col(Loan.id) == col(LoanDue.loan_id))
            .join(BankDay, col(BankDay.bank_id) == col(Loan.bank_id))
            .outerjoin(_BORROWER, _BORROWER.id == col(Loan.borrower_id))
            .where(
                col(Loan.id).in_(self._visible),
                *_of_loans(self.wanted),
                self._of_part(),
                col(LoanDue.due_on) <= self.until_on,
            )
        )
        if self.wanted.from_on is not None:
            statement = statement.where(col(LoanDue.due_on) >= self.wanted.from_on)
        return statement

    def _of_part(self) -> sa.ColumnElement[bool]:
        """A bill of a loan that is no longer open, and not paid, waits for nobody."""
        settled = col(LoanDue.settled).is_(True)
        unpaid = sa.and_(sa.not_(settled), col(Loan.state).in_(OPEN_STATES))
        match self.wanted.part:
            case DuePart.PAID:
                return settled
            case DuePart.ALL:
                return sa.or_(settled, unpaid)
            case DuePart.OVERDUE:
                return self._is_late()
            case DuePart.DUE:
                return sa.and_(unpaid, col(LoanDue.due_on) >= col(BankDay.open_on))
            case _:
                return unpaid

    def _is_late(self) -> sa.ColumnElement[bool]:
        return sa.and_(
            sa.not_(col(LoanDue.settled)),
            col(Loan.state).in_(OPEN_STATES),
            col(LoanDue.due_on) < col(BankDay.open_on),
        )

    # --- What is to come ---

    @cached_property
    def draws(self) -> bool:
        """Whether few enough notes fall due to draw all of them forward."""
        return len(self._first_notes) <= self._most_notes

    @property
    def _most_notes(self) -> int:
        """Fewer notes where the window is long, since each has more payments in it."""
        months = -(-(self.until_on - self.day).days // DAYS_OF_A_MONTH)
        return MAX_DRAWN_PAYMENTS // max(months, 1)

    @cached_property
    def _first_notes(self) -> Sequence[UUID]:
        """Notes with a next day up to the last of the window, one more than are drawn."""
        if self.wanted.part not in COMING_PARTS:
            return ()
        statement = (
            self._coming(col(NoteStateRow.note_id))
            .order_by(col(NoteStateRow.next_due_on))
            .limit(self._most_notes + 1)
        )
        return self.session.execute(statement).scalars().all()

    def _coming(self, *columns: Any, from_on: date | None = None) -> sa.Select[Any]:
        """Notes by their next day; from a day on where only the next payment is listed."""
        statement = coming_notes(self.session, self.actor, self.wanted, self.until_on)
        if from_on is not None:
            statement = statement.where(col(NoteStateRow.next_due_on) >= from_on)
        return statement.with_only_columns(*columns)

    @cached_property
    def _drawn(self) -> list[DueRow]:
        rows = self._draw(self._first_notes)
        first_on = self.wanted.from_on or date.min
        inside = [row for row in rows if row.due_on >= first_on]
        return sorted(inside, key=lambda row: (row.due_on, row.note_number))

    def count_coming(self) -> int:
        if self.draws:
            return len(self._drawn)
        statement = self._coming(sa.func.count(), from_on=self.wanted.from_on)
        return int(self.session.execute(statement).scalar_one())

    def coming_rows(self, offset: int, size: int) -> Sequence[DueRow]:
        if self.draws:
            return self._drawn[offset : offset + size]
        statement = (
            self._coming(col(NoteStateRow.note_id), from_on=self.wanted.from_on)
            .order_by(col(NoteStateRow.next_due_on), col(LoanNote.number))
            .limit(size)
            .offset(offset)
        )
        rows = self._draw(self.session.execute(statement).scalars().all())
        return sorted(rows, key=lambda row: (row.due_on, row.note_number))

    def _draw(self, note_ids: Sequence[UUID]) -> Iterator[DueRow]:
        """The payments of some notes; only the next of each where there are too many to draw all."""
        if not note_ids:
            return
        ledgers = read_ledgers(self.session, col(LoanNote.id).in_(note_ids))
        names = _names_of(self.session, {each.loan.borrower_id for each in ledgers})
        for ledger in ledgers:
            loan = ledger.loan
            for row in to_come(ledger, ledger.note.drawn_on, self.until_on):
                yield DueRow(
                    loan_id=loan.id,
                    loan_number=loan.number,
                    title=loan_title(loan.title),
                    borrower_name=names.get(loan.borrower_id, _plain_name(loan)),
                    state=row.state,
                    days_late=0,
                    **{name: getattr(row, name) for name in _AMOUNTS},
                )
                if not self.draws:
                    break

    def coming_by_day(self) -> Iterator[tuple[date, DueSums]]:
        """Sums by day; without amounts where not all are drawn."""
        if self.draws:
            yield from ((row.due_on, row.sums) for row in self._drawn)
            return
        next_on = col(NoteStateRow.next_due_on)
        statement = self._coming(next_on, sa.func.count(), from_on=self.wanted.from_on)
        for due_on, count in self.session.execute(statement.group_by(next_on)):
            yield due_on, DueSums(count=count)

    def sums(self) -> DueSums | None:
        """All together; None when what is to come was not drawn."""
        if not self.draws:
            return None
        parts = [*self.billed_by_day(), *self.coming_by_day()]
        return total_of(sums for _, sums in parts)


def coming_notes(
    session: Session, actor: Actor, wanted: DueFilter, until_on: date
) -> sa.Select[Any]:
    """Notes in sight whose next day is not after a day."""
    return (
        sa.select(col(NoteStateRow.note_id))
        .select_from(NoteStateRow)
        .join(LoanNote, col(LoanNote.id) == col(NoteStateRow.note_id))
        .join(Loan, col(Loan.id) == col(NoteStateRow.loan_id))
        .outerjoin(_BORROWER, _BORROWER.id == col(Loan.borrower_id))
        .where(
            _coming_in_sight(session, actor),
            *_of_loans(wanted),
            col(Loan.state).in_(OPEN_STATES),
            col(NoteStateRow.next_due_on) <= until_on,
        )
    )


def _coming_in_sight(session: Session, actor: Actor) -> sa.ColumnElement[bool]:
    """A debtor's few loans lead to their notes; whoever sees many goes by the index of next days."""
    visible = visible_loans(session, actor).with_only_columns(col(Loan.id)).order_by(None)
    if actor.organisation_kind == "enterprise":
        return col(NoteStateRow.loan_id).in_(visible)
    seen = visible.subquery()
    return sa.exists().where(seen.c.id == col(NoteStateRow.loan_id))


def _of_loans(wanted: DueFilter) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wanted.number:
        found.append(col(Loan.number) == wanted.number)
    if wanted.region_code:
        prefix = region_prefix(wanted.region_code)
        found.append(col(Loan.region_code).startswith(prefix, autoescape=True))
    if wanted.loan_class is not None:
        of_class = sa.select(col(LoanStateRow.loan_id)).where(
            col(LoanStateRow.loan_class) == wanted.loan_class
        )
        found.append(col(Loan.id).in_(of_class))
    if wanted.q:
        found.append(_matches(wanted.q))
    return found


_AMOUNTS: Final = (
    "note_number",
    "number",
    "due_on",
    "principal_fen",
    "interest_fen",
    "paid_principal_fen",
    "paid_interest_fen",
)


def _billed_row(
    due: LoanDue, loan: Loan, note_number: str, open_on: date, borrower: Organisation | None
) -> DueRow:
    late = (open_on - due.due_on).days if not due.settled and due.due_on < open_on else 0
    return DueRow(
        loan_id=loan.id,
        loan_number=loan.number,
        title=loan_title(loan.title),
        borrower_name=_name_of(borrower) if borrower else _plain_name(loan),
        note_number=note_number,
        state=_state_of(due, open_on),
        days_late=late,
        **{name: getattr(due, name) for name in _AMOUNTS if name != "note_number"},
    )


def _state_of(due: LoanDue, open_on: date) -> InstalmentState:
    if due.settled:
        return InstalmentState.PAID
    return InstalmentState.OVERDUE if due.due_on < open_on else InstalmentState.DUE


def _sums_of(columns: Sequence[Any]) -> DueSums:
    count, principal, interest, left, late_count, late = (int(each or 0) for each in columns)
    return DueSums(
        count=count,
        principal_fen=principal,
        interest_fen=interest,
        left_fen=left,
        overdue_count=late_count,
        overdue_fen=late,
    )


def _matches(words: str) -> sa.ColumnElement[bool]:
    return sa.or_(
        col(Loan.number).icontains(words, autoescape=True),
        col(LoanNote.number).icontains(words, autoescape=True),
        _BORROWER.name_zh.icontains(words, autoescape=True),
        _BORROWER.name_en.icontains(words, autoescape=True),
    )


def _names_of(session: Session, ids: set[UUID | None]) -> dict[UUID | None, Name]:
    statement = sa.select(Organisation).where(col(Organisation.id).in_(ids - {None}))
    rows = session.execute(statement).scalars()
    return cast("dict[UUID | None, Name]", {row.id: _name_of(row) for row in rows})


def _name_of(row: Organisation) -> Name:
    return Name(zh=row.name_zh, en=row.name_en)


def _plain_name(loan: Loan) -> Name:
    return Name(zh=loan.borrower_name, en=loan.borrower_name)
