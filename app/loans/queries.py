"""Lists and read models of loans; `visible_loans` is the only way to rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, cast
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm
from sqlmodel import Session, col

from app.identity.models import Organisation
from app.kernel.actor import Actor, Name
from app.kernel.errors import InvalidInput, MalformedRequest, NotFound
from app.kernel.schedule_dates import MonthEnd
from app.kernel.text import N_
from app.loans.domain.classification import LoanClass
from app.loans.domain.journal import Account
from app.loans.domain.repricing import LprTenor, ResetRule
from app.loans.domain.states import EntryKind, InterestStyle, Kept, LoanState, LtvBasis, Security
from app.loans.domain.terms import DayRoll, Method, OddDays
from app.loans.models import (
    Loan,
    LoanDue,
    LoanNote,
    LoanPosting,
    LoanStateRow,
    NoteStateRow,
    Repayment,
)
from app.loans.titles import loan_title

MAX_JOURNAL_ROWS: Final = 100
"""Rows of one answer of the journal; a cursor asks for the next."""

MAX_LISTED_ROWS: Final = 1_000
"""Repayments or classes of a loan, errors of a close: eighty years of months, and more errors than anyone reads."""


def visible_loans(session: Session, actor: Actor) -> sa.Select[Loan]:  # noqa: ARG001 - the contract of all rooms
    """The loans that the actor may see, by the rule that the sight table names."""
    return sa.select(Loan).where(_visible(actor))


def _visible(actor: Actor) -> sa.ColumnElement[bool]:
    if actor.sees("*") == "all":
        return sa.true()
    rule = actor.sees("loan")
    if rule == "all":
        return sa.true()
    if rule == "own" and actor.organisation_kind == "enterprise":
        return col(Loan.borrower_id) == actor.organisation_id
    if rule == "own":
        return col(Loan.bank_id) == actor.organisation_id
    if rule == "region":
        return col(Loan.region_code).startswith(region_prefix(actor.region_code), autoescape=True)
    return sa.false()


def drawn_fen(session: Session, loan_id: UUID) -> int:
    """What was drawn of a contract so far, whatever of it was paid back."""
    statement = sa.select(sa.func.coalesce(sa.func.sum(LoanNote.amount_fen), 0)).where(
        col(LoanNote.loan_id) == loan_id
    )
    return int(session.execute(statement).scalar_one())


def region_prefix(code: str) -> str:
    """A region code without its trailing pairs of zeros: 620700 covers all that begins with 6207."""
    while len(code) > 2 and code.endswith("00"):
        code = code[:-2]
    return code


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanFilter:
    """What a list of loans is narrowed to; `q` looks in number and borrower."""

    q: str = ""
    state: LoanState | None = None
    loan_class: LoanClass | None = None
    product: str = ""
    region_code: str = ""
    kept: Kept | None = None
    number: str = ""


SORTS: Final[Mapping[str, Any]] = {
    "number": col(Loan.number),
    "matures_on": col(Loan.matures_on),
    "principal": col(LoanStateRow.principal_fen),
    "overdue_days": col(LoanStateRow.overdue_days),
    "created_at": col(Loan.created_at),
}
"""What a list of loans may be sorted by; a leading minus turns the order."""

DEFAULT_SORT: Final = "-created_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanView:
    """A loan with its figures at the opening of the business day, and what was paid since."""

    id: UUID
    number: str
    state: LoanState
    events: tuple[str, ...]
    version: int
    created_at: datetime
    bank_id: UUID
    bank_name: Name
    borrower_id: UUID | None
    borrower_name: Name
    application_id: UUID | None
    product: str
    title: str
    title_en: str
    contract_fen: int
    principal_fen: int
    accrued_fen: int
    fees_fen: int
    overdue_days: int
    overdue_fen: int
    suspense_fen: int
    loan_class: LoanClass | None
    renews_id: UUID | None
    """The loan that this one renewed without repayment."""
    rate_ppm: int
    penalty_ppm: int
    method: Method
    every: str
    day_count: str
    interest_style: InterestStyle
    starts_on: date | None
    matures_on: date | None
    first_due_on: date | None
    region_code: str
    green: bool
    catalogue_edition: str
    catalogue_code: str
    security: Security | None
    warning_ppm: int | None
    top_up_ppm: int | None
    disposal_ppm: int | None
    cure_ppm: int | None
    cure_days: int | None
    ltv_basis: LtvBasis
    lpr_tenor: LprTenor | None
    lpr_bp: int | None
    reset_rule: ResetRule | None
    lpr_lag_days: int | None
    misuse_ppm: int | None
    grace_principal: int
    month_end: MonthEnd
    odd_days: OddDays
    roll: DayRoll
    kept: Kept
    published: bool
    synthetic: bool
    closed_on: date | None

    @property
    def name(self) -> Name:
        """The title in both languages."""
        return Name(zh=self.title, en=self.title_en)

    @property
    def exposure_fen(self) -> int:
        """Principal, interest grown and fees."""
        return self.principal_fen + self.accrued_fen + self.fees_fen


_BANK: Any = sa.orm.aliased(Organisation, name="bank")
_BORROWER: Any = sa.orm.aliased(Organisation, name="borrower")


def list_loans(actor: Actor, wanted: LoanFilter, sort: str = DEFAULT_SORT) -> sa.Select[Any]:
    """The rows of a list of visible loans; give each to `loan_view`."""
    statement = _with_names(_visible(actor))
    if wanted.q:
        statement = statement.where(_matches(wanted.q))
    if wanted.number:
        statement = statement.where(col(Loan.number) == wanted.number)
    for column, value in (
        (Loan.state, wanted.state),
        (LoanStateRow.loan_class, wanted.loan_class),
        (Loan.product, wanted.product or None),
        (Loan.kept, wanted.kept),
    ):
        if value is not None:
            statement = statement.where(col(column) == value)
    if wanted.region_code:
        prefix = region_prefix(wanted.region_code)
        statement = statement.where(col(Loan.region_code).startswith(prefix, autoescape=True))
    return statement.order_by(_order(sort), col(Loan.id))


def _with_names(condition: sa.ColumnElement[bool]) -> sa.Select[Any]:
    statement: Any = (
        sa.select(Loan, LoanStateRow, _BANK, _BORROWER)
        .join(LoanStateRow, col(LoanStateRow.loan_id) == col(Loan.id))
        .join(_BANK, _BANK.id == col(Loan.bank_id))
        .outerjoin(_BORROWER, _BORROWER.id == col(Loan.borrower_id))
        .where(condition)
    )
    return cast("sa.Select[Any]", statement)


def _matches(words: str) -> sa.ColumnElement[bool]:
    return sa.or_(
        col(Loan.number).icontains(words, autoescape=True),
        col(Loan.borrower_name).icontains(words, autoescape=True),
        _BORROWER.name_zh.icontains(words, autoescape=True),
        _BORROWER.name_en.icontains(words, autoescape=True),
    )


def _order(sort: str) -> Any:
    column = SORTS.get(sort.removeprefix("-"))
    if column is None:
        raise InvalidInput.at("/sort", N_("Choose one of: %(choices)s."), choices=", ".join(SORTS))
    return column.desc().nulls_last() if sort.startswith("-") else column.asc().nulls_last()


def loan_view(session: Session, actor: Actor, loan_id: UUID) -> LoanView:
    """One visible loan; `NotFound` otherwise."""
    statement = _with_names(_visible(actor)).where(col(Loan.id) == loan_id)
    row = session.execute(statement).one_or_none()
    if row is None:
        raise NotFound
    return view_of(row)


def view_of(row: Any) -> LoanView:
    """The view of a row of `list_loans`; a card of published facts carries no judgement."""
    loan, state, bank, borrower = row
    return LoanView(
        events=(),
        # Both only grow: whatever moves the terms or the figures moves the version of what is shown.
        version=loan.version + state.version,
        bank_name=Name(zh=bank.name_zh, en=bank.name_en),
        borrower_name=_borrower_name(loan, borrower),
        title_en=loan_title(loan.title).en,
        loan_class=None if loan.published else state.loan_class,
        day_count=loan.day_count.value,
        **{name: getattr(state, name) for name in _FIGURES},
        **{name: getattr(loan, name) for name in _TERMS},
    )


_FIGURES: Final = (
    "principal_fen",
    "accrued_fen",
    "fees_fen",
    "overdue_days",
    "overdue_fen",
    "suspense_fen",
    "closed_on",
)
_DERIVED: Final = {
    "events",
    "version",
    "bank_name",
    "borrower_name",
    "title_en",
    "loan_class",
    "day_count",
}
_TERMS: Final = tuple(
    name for name in LoanView.__dataclass_fields__ if name not in {*_FIGURES, *_DERIVED}
)


def _borrower_name(loan: Loan, borrower: Organisation | None) -> Name:
    if borrower is not None:
        return Name(zh=borrower.name_zh, en=borrower.name_en)
    return Name(zh=loan.borrower_name, en=loan.borrower_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingView:
    """One line of the journal."""

    id: UUID
    entry_id: UUID
    seq: int
    booked_on: date
    value_on: date
    kind: EntryKind
    debit: Account
    credit: Account
    amount_fen: int
    note_number: str
    text: str
    reverses_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalPage:
    """Lines of the journal, newest first, and where the next ones begin."""

    items: Sequence[PostingView]
    next_cursor: str | None


def journal(
    session: Session,
    actor: Actor,
    loan_id: UUID,
    *,
    cursor: str = "",
    size: int = 50,
    kind: EntryKind | None = None,
) -> JournalPage:
    """The journal of a visible loan, newest first, by cursor."""
    loan_view(session, actor, loan_id)
    size = min(size, MAX_JOURNAL_ROWS)
    statement = (
        sa.select(LoanPosting, col(LoanNote.number))
        .outerjoin(LoanNote, col(LoanNote.id) == col(LoanPosting.note_id))
        .where(col(LoanPosting.loan_id) == loan_id)
        .order_by(col(LoanPosting.booked_on).desc(), col(LoanPosting.id).desc())
        .limit(size + 1)
    )
    if kind is not None:
        statement = statement.where(col(LoanPosting.kind) == kind)
    if cursor:
        day, posting_id = _read_cursor(cursor)
        statement = statement.where(
            sa.or_(
                col(LoanPosting.booked_on) < day,
                sa.and_(col(LoanPosting.booked_on) == day, col(LoanPosting.id) < posting_id),
            )
        )
    rows = session.execute(statement).all()
    items = [_posting_view(posting, number) for posting, number in rows[:size]]
    last = items[-1] if len(rows) > size else None
    following = f"{last.booked_on.isoformat()}.{last.id}" if last else None
    return JournalPage(items=items, next_cursor=following)


def _read_cursor(cursor: str) -> tuple[date, UUID]:
    day, _, posting_id = cursor.partition(".")
    try:
        return date.fromisoformat(day), UUID(posting_id)
    except ValueError:
        raise MalformedRequest(reason=N_("the cursor is not one that the service gave")) from None


def _posting_view(posting: LoanPosting, note_number: str | None) -> PostingView:
    return PostingView(
        id=posting.id,
        entry_id=posting.entry_id,
        seq=posting.seq,
        booked_on=posting.booked_on,
        value_on=posting.value_on,
        kind=posting.kind,
        debit=posting.debit,
        credit=posting.credit,
        amount_fen=posting.amount_fen,
        note_number=note_number or "",
        text=posting.text,
        reverses_id=posting.reverses_id,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountBalance:
    """Debits, credits and their difference on one account."""

    account: Account
    debit_fen: int
    credit_fen: int

    @property
    def balance_fen(self) -> int:
        """Debits less credits."""
        return self.debit_fen - self.credit_fen


def trial_balance(
    session: Session, actor: Actor, *, loan_id: UUID | None = None, until_on: date | None = None
) -> tuple[AccountBalance, ...]:
    """The balances of all accounts of the visible loans, or of one; debits and credits agree."""
    sums: dict[Account, list[int]] = {}
    for side, position in ((LoanPosting.debit, 0), (LoanPosting.credit, 1)):
        statement = (
            sa.select(col(side), sa.func.sum(LoanPosting.amount_fen))
            .where(col(LoanPosting.loan_id).in_(sa.select(col(Loan.id)).where(_visible(actor))))
            .group_by(col(side))
        )
        if loan_id is not None:
            statement = statement.where(col(LoanPosting.loan_id) == loan_id)
        if until_on is not None:
            statement = statement.where(col(LoanPosting.booked_on) <= until_on)
        for account, total in session.execute(statement):
            sums.setdefault(account, [0, 0])[position] = int(total)
    return tuple(
        AccountBalance(account=account, debit_fen=sums[account][0], credit_fen=sums[account][1])
        for account in Account
        if account in sums
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DueView:
    """A bill and what is left of it."""

    id: UUID
    note_number: str
    number: int
    due_on: date
    principal_fen: int
    interest_fen: int
    paid_principal_fen: int
    paid_interest_fen: int
    settled: bool

    @property
    def left_fen(self) -> int:
        """What is still to be paid."""
        billed = self.principal_fen + self.interest_fen
        return billed - self.paid_principal_fen - self.paid_interest_fen


def list_dues(
    session: Session, actor: Actor, loan_id: UUID, *, unpaid_only: bool = False
) -> tuple[DueView, ...]:
    """The bills of a visible loan in the order of their days."""
    loan_view(session, actor, loan_id)
    statement = (
        sa.select(LoanDue, col(LoanNote.number))
        .join(LoanNote, col(LoanNote.id) == col(LoanDue.note_id))
        .where(
            col(LoanDue.loan_id) == loan_id,
            # A bill that a change of an earlier day took back stays on file and says nothing.
            col(LoanDue.principal_fen) + col(LoanDue.interest_fen) > 0,
        )
        .order_by(col(LoanDue.due_on), col(LoanNote.number))
    )
    if unpaid_only:
        statement = statement.where(col(LoanDue.settled).is_(False))
    return tuple(
        DueView(
            id=due.id,
            note_number=number,
            number=due.number,
            due_on=due.due_on,
            principal_fen=due.principal_fen,
            interest_fen=due.interest_fen,
            paid_principal_fen=due.paid_principal_fen,
            paid_interest_fen=due.paid_interest_fen,
            settled=due.settled,
        )
        for due, number in session.execute(statement)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideBills:
    """What has grown on late money and fees, in fen: due at once, and settled with the bills."""

    penalty_fen: int
    compound_fen: int
    fees_fen: int

    @property
    def total_fen(self) -> int:
        return self.penalty_fen + self.compound_fen + self.fees_fen


def due_beside_bills(session: Session, actor: Actor, loan_id: UUID) -> BesideBills:
    """Penalty, compound interest and fees of a visible loan that are unpaid as of the last close."""
    view = loan_view(session, actor, loan_id)
    grown = (NoteStateRow.penalty_fen, NoteStateRow.compound_fen)
    paid = (NoteStateRow.penalty_paid_fen, NoteStateRow.compound_paid_fen)
    left = [
        sa.func.coalesce(sa.func.sum(col(one) - col(other)), 0)
        for one, other in zip(grown, paid, strict=True)
    ]
    statement = sa.select(*left).where(col(NoteStateRow.loan_id) == loan_id)
    penalty_fen, compound_fen = session.execute(statement).one()
    return BesideBills(
        penalty_fen=int(penalty_fen), compound_fen=int(compound_fen), fees_fen=view.fees_fen
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RepaymentView:
    """Money received, and what it settled."""

    id: UUID
    number: str
    loan_id: UUID
    entry_id: UUID
    amount_fen: int
    principal_fen: int
    interest_fen: int
    penalty_fen: int
    compound_fen: int
    fee_fen: int
    suspense_fen: int
    used_suspense: bool
    booked_on: date
    value_on: date
    payer: str
    reverses_id: UUID | None
    reason: str
    created_at: datetime


def repayment_view(row: Repayment) -> RepaymentView:
    """The view of a stored repayment."""
    return RepaymentView(
        **{name: getattr(row, name) for name in RepaymentView.__dataclass_fields__}
    )


def list_repayments(session: Session, actor: Actor, loan_id: UUID) -> tuple[RepaymentView, ...]:
    """The repayments of a visible loan, newest first; the last thousand."""
    loan_view(session, actor, loan_id)
    statement = _repayments(loan_id).limit(MAX_LISTED_ROWS)
    return tuple(repayment_view(row) for row in session.execute(statement).scalars())


def whole_repayments(session: Session, actor: Actor, loan_id: UUID) -> tuple[RepaymentView, ...]:
    """Every repayment of a visible loan, oldest first: what sums over its life are made of."""
    loan_view(session, actor, loan_id)
    rows = session.execute(_repayments(loan_id)).scalars().all()
    return tuple(repayment_view(row) for row in reversed(rows))


def _repayments(loan_id: UUID) -> sa.Select[Repayment]:
    return (
        sa.select(Repayment)
        .where(col(Repayment.loan_id) == loan_id)
        .order_by(col(Repayment.booked_on).desc(), col(Repayment.id).desc())
    )
