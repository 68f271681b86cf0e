"""Tables of a bank's ledger: closed periods with their totals, entries booked by hand."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.base import Table, Versioned, check, one_of
from app.db.types import choice, fen, link, text
from app.loans.domain.journal import Account
from app.loans.domain.ledger import EntryState, ManualKind


class LedgerPeriod(Table, table=True):
    """A closed month of a bank: nothing is booked into it any more."""

    __tablename__ = "ledger_period"
    __table_args__ = (
        sa.UniqueConstraint("bank_id", "ends_on"),
        check("days_ascend", "starts_on < ends_on"),
        check("figures_not_negative", "postings >= 0 AND amount_fen >= 0"),
    )

    bank_id: UUID = link("organisation.id")
    starts_on: date
    ends_on: date
    postings: int
    amount_fen: int = fen()
    """The sum of all lines of the month: the total of its debits, and of its credits."""
    sha256: str = text(64)
    closed_at: datetime


class LedgerPeriodTotal(SQLModel, table=True):
    """What moved from one account to another until a month began, and in it."""

    __tablename__ = "ledger_period_total"
    __table_args__ = (
        check("two_accounts", "debit <> credit"),
        check("figures_not_negative", "before_fen >= 0 AND amount_fen >= 0"),
    )

    period_id: UUID = Field(primary_key=True, foreign_key="ledger_period.id")
    debit: Account = choice(Account, "debit", primary_key=True)
    credit: Account = choice(Account, "credit", primary_key=True)
    before_fen: int = fen()
    amount_fen: int = fen()


class ManualEntry(Versioned, table=True):
    """A fee, a refund, a recovery or the reversal of one: who asked for it, who booked it."""

    __tablename__ = "manual_entry"
    __table_args__ = (
        sa.Index("ix_manual_entry_bank", "bank_id", "state"),
        one_of(
            "uq_manual_entry_reverses",
            ("reverses_id",),
            where="reverses_id IS NOT NULL AND state <> 'refused'",
        ),
        check("amount_positive", "amount_fen > 0"),
        check(
            "parts_sum",
            "fee_fen >= 0 AND principal_fen >= 0 AND interest_fen >= 0 AND suspense_fen >= 0 AND"
            " fee_fen + principal_fen + interest_fen + suspense_fen IN (0, amount_fen)",
        ),
        check("reversal_names", "(kind = 'reversal') = (reverses_id IS NOT NULL)"),
        check("booked_complete", "(state = 'booked') = (entry_id IS NOT NULL)"),
        check("two_persons", "checker_id IS NULL OR checker_id <> maker_id"),
        check("checked", "state = 'proposed' OR kind = 'recovery' OR checker_id IS NOT NULL"),
    )

    number: str = text(20, unique=True)
    loan_id: UUID = link("loan.id", index=True)
    bank_id: UUID = link("organisation.id")
    kind: ManualKind = choice(ManualKind, "kind")
    state: EntryState = choice(EntryState, "state", default=EntryState.PROPOSED)
    amount_fen: int = fen()
    fee_fen: int = fen(default=0)
    """Of a recovery: what settled fees still owed."""
    principal_fen: int = fen(default=0)
    """Of a recovery: what lowered the principal in the memorandum."""
    interest_fen: int = fen(default=0)
    suspense_fen: int = fen(default=0)
    party: str = text(160, default="")
    """Who paid, or who is paid."""
    reason: str = text(300)
    reverses_id: UUID | None = link("manual_entry.id", nullable=True)
    entry_id: UUID | None = None
    booked_on: date | None = None
    maker_id: UUID
    checker_id: UUID | None = None
    note: str = text(300, default="")
    created_at: datetime
    decided_at: datetime | None = None
