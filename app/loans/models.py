"""Tables of the loans room.

Hot figures stand in narrow tables (`loan_state`, `note_state`); history is only added to.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.base import Table, Versioned, check, one_of
from app.db.types import FEN_RANGE, choice, fen, json_column, link, text
from app.kernel.daycount import DayCount
from app.kernel.schedule_dates import MonthEnd
from app.loans.domain.classification import LoanClass
from app.loans.domain.journal import Account
from app.loans.domain.repricing import LprTenor, ResetRule
from app.loans.domain.states import (
    AccrualKind,
    CloseState,
    EntryKind,
    InterestStyle,
    Kept,
    LoanFact,
    LoanState,
    LtvBasis,
    Security,
)
from app.loans.domain.terms import DayRoll, Method, OddDays
from app.loans.domain.waterfall import Claim


class Loan(Versioned, table=True):
    """A loan contract with every term copied in; a mirrored loan has balances only."""

    __tablename__ = "loan"
    __table_args__ = (
        sa.UniqueConstraint("bank_id", "number"),
        sa.Index("ix_loan_bank_state", "bank_id", "state"),
        check("contract_range", f"contract_fen {FEN_RANGE}"),
        check("rate_range", "rate_ppm BETWEEN 0 AND 1000000"),
        check("penalty_range", "penalty_ppm BETWEEN 0 AND 1000000"),
        check("mirrored_state", "(kept = 'mirrored') = (state = 'mirrored')"),
        check("serviced_complete", "kept = 'mirrored' OR borrower_id IS NOT NULL"),
        check("published_mirrored", "NOT published OR kept = 'mirrored'"),
        one_of("uq_loan_renews", ("renews_id",), where="renews_id IS NOT NULL"),
    )

    number: str = text(40, index=True)
    bank_id: UUID = link("organisation.id")
    borrower_id: UUID | None = link("organisation.id", nullable=True, index=True)
    borrower_name: str = text(160, default="")
    """Of a mirrored loan, whose borrower has no organisation here."""
    application_id: UUID | None = Field(default=None, index=True)
    product: str = text(60, default="")
    title: str = text(120)
    contract_fen: int = fen()
    rate_ppm: int = Field(default=0, nullable=False)
    penalty_ppm: int = Field(default=0, nullable=False)
    """Surcharge on the rate while overdue: 500,000 is half as much again."""
    method: Method = choice(Method, "method", default=Method.BULLET)
    every: str = text(6, default="3m")
    day_count: DayCount = choice(DayCount, "day_count", default=DayCount.ACT_360)
    interest_style: InterestStyle = choice(
        InterestStyle, "interest_style", default=InterestStyle.QUARTERLY
    )
    starts_on: date | None = None
    matures_on: date | None = None
    first_due_on: date | None = None
    plan: list[dict[str, Any]] | None = json_column(nullable=True)
    """For the method `plan`: dated principal amounts of the whole contract."""
    region_code: str = text(6, index=True)
    green: bool = Field(default=False, nullable=False)
    catalogue_edition: str = text(20, default="")
    catalogue_code: str = text(20, default="")
    security: Security | None = choice(Security, "security", nullable=True)
    warning_ppm: int | None = None
    top_up_ppm: int | None = None
    disposal_ppm: int | None = None
    cure_ppm: int | None = None
    cure_days: int | None = None
    ltv_basis: LtvBasis = choice(LtvBasis, "ltv_basis", default=LtvBasis.PRINCIPAL)
    kept: Kept = choice(Kept, "kept", default=Kept.SERVICED)
    published: bool = Field(default=False, nullable=False)
    """A card of published facts about a real loan: nothing is ever added to it."""
    synthetic: bool = Field(default=False, nullable=False)
    state: LoanState = choice(LoanState, "state", default=LoanState.SIGNED)
    signed_on: date | None = None
    extended_from_on: date | None = None
    """The maturity that was signed, once it was extended."""
    lpr_tenor: LprTenor | None = choice(LprTenor, "lpr_tenor", nullable=True, checked=False)
    """Of a floating rate; without it the rate is fixed."""
    lpr_bp: int | None = None
    reset_rule: ResetRule | None = choice(ResetRule, "reset_rule", nullable=True, checked=False)
    lpr_lag_days: int | None = None
    """The LPR that counts was published so many days before the day on which the rate is set, or earlier."""
    misuse_ppm: int | None = None
    """Surcharge on the rate of misused principal; none when the contract is silent."""
    grace_principal: int = Field(
        default=0, nullable=False, sa_column_kwargs={"server_default": "0"}
    )
    month_end: MonthEnd = choice(
        MonthEnd,
        "month_end",
        default=MonthEnd.CLAMP,
        checked=False,
        sa_column_kwargs={"server_default": MonthEnd.CLAMP.value},
    )
    odd_days: OddDays = choice(
        OddDays,
        "odd_days",
        default=OddDays.JOINED,
        checked=False,
        sa_column_kwargs={"server_default": OddDays.JOINED.value},
    )
    roll: DayRoll = choice(
        DayRoll,
        "roll",
        default=DayRoll.NONE,
        checked=False,
        sa_column_kwargs={"server_default": DayRoll.NONE.value},
    )
    moved_days: list[list[str]] | None = json_column(nullable=True)
    """Due days that the roll moved, by the calendar known at contract: [day, day it goes to]."""
    created_at: datetime
    renews_id: UUID | None = link("loan.id", nullable=True)
    """The loan that this one renewed without repayment; each is renewed at most once."""
    repriced: bool = Field(
        default=False, nullable=False, sa_column_kwargs={"server_default": sa.false()}
    )
    """A change of terms set the rate anew, so that a fixed rate too has a history by day."""


class LoanNote(Table, table=True):
    """A drawdown's note with its own number, rate and maturity."""

    __tablename__ = "loan_note"
    __table_args__ = (
        check("amount_range", f"amount_fen {FEN_RANGE} AND amount_fen > 0"),
        check("matures_after_draw", "matures_on > drawn_on"),
    )

    number: str = text(40, unique=True)
    loan_id: UUID = link("loan.id", index=True)
    amount_fen: int = fen()
    drawn_on: date = Field(index=True)
    rate_ppm: int
    """The rate in force; the ones before it are rows of their own."""
    matures_on: date


class NotePlan(Table, table=True):
    """The principal that falls due from a day on, as dated amounts; a prepayment adds a row."""

    __tablename__ = "note_plan"
    __table_args__ = (sa.UniqueConstraint("note_id", "number"),)

    note_id: UUID = link("loan_note.id")
    number: int
    from_on: date
    plan: list[dict[str, Any]] = json_column()
    reason: str = text(200, default="")
    repayment_id: UUID | None = None
    """The repayment that made it; none for what the contract or an extension says."""
    extension_id: UUID | None = None
    """The extension that made it."""
    repeats: int | None = None
    """The earlier plan that counts again, after what came later was taken back."""


class LoanExtension(Table, table=True):
    """A later maturity and the due days that the roll moved then, with what held before."""

    __tablename__ = "loan_extension"
    __table_args__ = (
        sa.UniqueConstraint("loan_id", "number"),
        check("later", "before_on < matures_on"),
        check("number_positive", "number >= 1"),
    )

    loan_id: UUID = link("loan.id")
    number: int
    booked_on: date
    before_on: date
    """The maturity before."""
    matures_on: date
    before_moved: list[list[str]] | None = json_column(nullable=True)
    moved: list[list[str]] | None = json_column(nullable=True)
    reason: str = text(300)


class LoanStateRow(SQLModel, table=True):
    """The figures of a loan: as the close of `closed_on` left them, and what was paid since."""

    __tablename__ = "loan_state"
    __table_args__ = (
        check("principal_range", f"principal_fen {FEN_RANGE}"),
        check("suspense_not_negative", "suspense_fen >= 0"),
        check("overdue_not_negative", "overdue_days >= 0 AND overdue_fen >= 0"),
    )

    loan_id: UUID = Field(primary_key=True, foreign_key="loan.id")
    principal_fen: int = fen(default=0)
    accrued_fen: int = fen(default=0)
    """Interest, penalty and compound interest grown and not paid, on and off the balance sheet."""
    overdue_days: int = Field(default=0, nullable=False)
    overdue_fen: int = fen(default=0)
    suspense_fen: int = fen(default=0)
    fees_fen: int = fen(default=0)
    own_class: LoanClass | None = choice(LoanClass, "own_class", nullable=True)
    """By the facts of this loan alone."""
    loan_class: LoanClass | None = choice(LoanClass, "loan_class", nullable=True)
    """By the worst loan of the debtor at the bank."""
    off_balance: bool = Field(default=False, nullable=False)
    """Interest is counted in the memorandum, no income."""
    closed_on: date | None = Field(default=None, index=True)
    version: int = Field(default=1, nullable=False)


class NoteStateRow(SQLModel, table=True):
    """The running interest period of a note."""

    __tablename__ = "note_state"

    note_id: UUID = Field(primary_key=True, foreign_key="loan_note.id")
    loan_id: UUID = link("loan.id", index=True)
    unbilled_fen: int = fen()
    """Principal that has not yet fallen due: it bears the contract rate."""
    overdue_principal_fen: int = fen(default=0)
    """Principal billed and not paid: it bears the penalty rate."""
    period_number: int
    period_starts_on: date
    period_due_on: date
    whole_months: int = Field(default=0, nullable=False)
    steps: list[list[Any]] | None = json_column(nullable=True)
    """Balances since the start of the period when there was more than one: [day, fen]."""
    interest_fen: int = fen(default=0)
    """Posted in the running period."""
    ahead_fen: int = fen(default=0)
    """Interest of the running period that was paid before it fell due."""
    odd_fen: int = Field(
        default=0,
        sa_type=sa.BigInteger,
        nullable=False,
        sa_column_kwargs={"server_default": "0"},
    )
    """Interest of odd days, posted before the running period, that falls due in parts; what is left of it."""
    odd_part_fen: int = Field(
        default=0,
        sa_type=sa.BigInteger,
        nullable=False,
        sa_column_kwargs={"server_default": "0"},
    )
    """What of it falls due with each instalment but the last."""
    penalty_fen: int = fen(default=0)
    """Penalty posted since the note was drawn."""
    penalty_paid_fen: int = fen(default=0)
    compound_fen: int = fen(default=0)
    """Compound interest posted since the note was drawn."""
    compound_paid_fen: int = fen(default=0)
    next_due_on: date | None = Field(default=None, index=True)
    """The next day on which interest or principal falls due; none when all is billed."""
    bills: int = Field(default=0, nullable=False)
    """How often something fell due."""
    next_reset_on: date | None = Field(default=None)
    """The next day on which a floating rate is set; none when it will not be."""


class LoanPosting(Table, table=True):
    """One debit and one credit of the same amount."""

    __tablename__ = "loan_posting"
    __table_args__ = (
        sa.UniqueConstraint("entry_id", "seq"),
        one_of("uq_loan_posting_reverses", ("reverses_id", "seq"), where="reverses_id IS NOT NULL"),
        sa.Index("ix_loan_posting_loan", "loan_id", "booked_on", "id"),
        # All that a trial balance reads, so that it never touches the rows themselves.
        sa.Index("ix_loan_posting_bank", "bank_id", "booked_on", "debit", "credit", "amount_fen"),
        # Lines of a bank, and those of one kind, in the order in which they are listed.
        sa.Index("ix_loan_posting_listed", "bank_id", "booked_on", "id"),
        sa.Index("ix_loan_posting_kind", "bank_id", "kind", "booked_on", "id"),
        check("amount_positive", "amount_fen > 0"),
        check("two_accounts", "debit <> credit"),
        check("memo_apart", "(substr(debit, 1, 5) = 'memo-') = (substr(credit, 1, 5) = 'memo-')"),
    )

    entry_id: UUID
    seq: int
    bank_id: UUID = link("organisation.id")
    loan_id: UUID = link("loan.id")
    note_id: UUID | None = link("loan_note.id", nullable=True)
    debit: Account = choice(Account, "debit")
    credit: Account = choice(Account, "credit")
    amount_fen: int = fen()
    booked_on: date
    value_on: date
    kind: EntryKind = choice(EntryKind, "kind")
    text: str = text(200, default="")
    reverses_id: UUID | None = None


class LoanAccrual(SQLModel, table=True):
    """What a note earned on a day, once for each kind."""

    __tablename__ = "loan_accrual"
    __table_args__ = (sa.Index("ix_loan_accrual_loan", "loan_id", "on"),)

    note_id: UUID = Field(primary_key=True, foreign_key="loan_note.id")
    on: date = Field(primary_key=True)
    kind: AccrualKind = choice(AccrualKind, "kind", primary_key=True)
    loan_id: UUID = link("loan.id")
    amount_fen: int = fen()
    cumulative_fen: int = fen()
    """Interest: of the running period. Penalty and compound interest: since the note was drawn."""
    off_balance: bool = Field(default=False, nullable=False)


class LoanDue(Table, table=True):
    """What fell due of a note on a day, and how much of it is paid."""

    __tablename__ = "loan_due"
    __table_args__ = (
        sa.UniqueConstraint("note_id", "number"),
        sa.Index("ix_loan_due_loan", "loan_id", "due_on"),
        one_of("uq_loan_due_open", ("loan_id", "note_id", "number"), where="NOT settled"),
        check("paid_principal_range", "paid_principal_fen BETWEEN 0 AND principal_fen"),
        check("paid_interest_range", "paid_interest_fen BETWEEN 0 AND interest_fen"),
    )

    loan_id: UUID = link("loan.id")
    note_id: UUID = link("loan_note.id")
    number: int
    due_on: date
    principal_fen: int = fen()
    interest_fen: int = fen()
    paid_principal_fen: int = fen(default=0)
    paid_interest_fen: int = fen(default=0)
    settled: bool = Field(default=False, nullable=False)


class Repayment(Table, table=True):
    """Money received for a loan, split by what it settled; a reversal names what it takes back."""

    __tablename__ = "repayment"
    __table_args__ = (
        sa.UniqueConstraint("loan_id", "key"),
        sa.UniqueConstraint("reverses_id"),
        sa.Index("ix_repayment_loan", "loan_id", "booked_on"),
        check("amount_positive", "amount_fen > 0"),
        check(
            "parts_sum",
            "amount_fen = principal_fen + interest_fen + penalty_fen + compound_fen + fee_fen"
            " + suspense_fen",
        ),
    )

    number: str = text(40, unique=True)
    loan_id: UUID = link("loan.id")
    bank_id: UUID = link("organisation.id")
    entry_id: UUID
    amount_fen: int = fen()
    principal_fen: int = fen(default=0)
    interest_fen: int = fen(default=0)
    penalty_fen: int = fen(default=0)
    compound_fen: int = fen(default=0)
    fee_fen: int = fen(default=0)
    suspense_fen: int = fen(default=0)
    """What no debt needed."""
    used_suspense: bool = Field(default=False, nullable=False)
    """Paid out of money that waited, not by new money."""
    booked_on: date
    value_on: date
    key: str = text(255)
    """The caller's key: the same key is the same repayment."""
    payer: str = text(160, default="")
    reverses_id: UUID | None = link("repayment.id", nullable=True)
    reason: str = text(300, default="")
    person_id: UUID
    created_at: datetime


class RepaymentLine(Table, table=True):
    """What one debt took of a repayment; negative when it is taken back."""

    __tablename__ = "repayment_line"
    __table_args__ = (
        sa.Index("ix_repayment_line_note", "note_id", "value_on"),
        check("paid_not_zero", "paid_fen <> 0"),
        check("due_of_kind", "due_id IS NULL OR claim IN ('interest', 'principal')"),
    )

    repayment_id: UUID = link("repayment.id", index=True)
    seq: int
    note_id: UUID = link("loan_note.id")
    due_id: UUID | None = link("loan_due.id", nullable=True)
    """None for what had not fallen due, and for penalty and compound interest."""
    claim: Claim = choice(Claim, "claim")
    paid_fen: int = fen()
    value_on: date
    place: int | None = None
    """Of its kind in the order of claims that split the repayment."""
    owed_fen: int | None = fen(nullable=True)
    """What was owed of the debt just before."""


class LoanFactRow(Table, table=True):
    """A fact that bears on the class of a loan, from a day to a day."""

    __tablename__ = "loan_fact"
    __table_args__ = (check("share_range", "share_ppm BETWEEN 0 AND 1000000"),)

    loan_id: UUID = link("loan.id", index=True)
    fact: LoanFact = choice(LoanFact, "fact")
    from_on: date
    until_on: date | None = None
    share_ppm: int | None = None
    """Of the balance, the expected loss; of the debtor's debts at all banks, what is overdue."""
    reason: str = text(300)
    person_id: UUID
    created_at: datetime


class LoanClassification(Table, table=True):
    """The class that a loan took on a day, with every reason looked at."""

    __tablename__ = "classification"
    __table_args__ = (
        sa.UniqueConstraint("loan_id", "on"),
        sa.Index("ix_classification_bank", "bank_id", "on"),
    )

    loan_id: UUID = link("loan.id", index=True)
    bank_id: UUID = link("organisation.id")
    on: date
    """The day closed: the class holds from the opening of the next."""
    loan_class: LoanClass = choice(LoanClass, "loan_class")
    own_class: LoanClass = choice(LoanClass, "own_class")
    overdue_days: int
    reasons: list[dict[str, Any]] = json_column()


class BankDay(SQLModel, table=True):
    """The open business day of a bank."""

    __tablename__ = "bank_day"

    bank_id: UUID = Field(primary_key=True, foreign_key="organisation.id")
    open_on: date
    opened_at: datetime


class DayClose(Table, table=True):
    """The close of one day of one bank."""

    __tablename__ = "day_close"
    __table_args__ = (
        sa.UniqueConstraint("bank_id", "on"),
        check("counters", "done >= 0 AND failed >= 0 AND done + failed <= total"),
    )

    bank_id: UUID = link("organisation.id")
    on: date
    state: CloseState = choice(CloseState, "state", default=CloseState.REQUESTED, index=True)
    total: int = Field(default=0, nullable=False)
    done: int = Field(default=0, nullable=False)
    failed: int = Field(default=0, nullable=False)
    accrued_fen: int = fen(default=0)
    """Posted by this close: interest, penalty and compound interest."""
    billed_fen: int = fen(default=0)
    fence: int = Field(default=0, nullable=False)
    person_id: UUID
    requested_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    version: int = Field(default=1, nullable=False)


class DayCloseError(Table, table=True):
    """A loan that a close had to leave behind, and why."""

    __tablename__ = "day_close_error"
    __table_args__ = (sa.UniqueConstraint("close_id", "loan_id"),)

    close_id: UUID = link("day_close.id")
    loan_id: UUID = link("loan.id")
    detail: str = text(300)


class LoanMonthEnd(SQLModel, table=True):
    """Principal and class of a loan at the end of a month; read by the regulator's balances."""

    __tablename__ = "loan_month_end"
    __table_args__ = (
        sa.Index("ix_loan_month_end_on", "month_end_on"),
        check("principal_range", f"principal_fen {FEN_RANGE}"),
    )

    loan_id: UUID = Field(primary_key=True, foreign_key="loan.id")
    month_end_on: date = Field(primary_key=True)
    principal_fen: int = fen()
    loan_class: LoanClass | None = choice(LoanClass, "loan_class", nullable=True)
    provision_fen: int | None = fen(nullable=True)
    """What is set aside by the class, kept by the close of the month; none for loans kept elsewhere."""
