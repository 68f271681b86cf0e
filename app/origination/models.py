"""Tables of the origination room."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.collateral.domain.states import SecurityKind
from app.db.base import Table, Versioned, check, one_of
from app.db.types import choice, fen, json_column, link, text
from app.loans.domain.repricing import LprTenor, ResetRule
from app.origination.domain.states import ApplicationEvent, ApplicationState, DrawdownState, Payment


class Product(SQLModel, table=True):
    """A loan product of a bank: its words, limits and terms; copied into each loan at contract."""

    __tablename__ = "product"

    bank_id: UUID = link("organisation.id", primary_key=True)
    code: str = Field(primary_key=True, max_length=40)
    title_zh: str = text(80)
    title_en: str = text(120)
    terms: dict[str, Any] = json_column()
    valid_from: date
    valid_until: date | None = None


class Application(Versioned, table=True):
    """A loan application; its pool lines reserve nothing."""

    __tablename__ = "application"
    __table_args__ = (
        check("amount_positive", "amount_fen > 0"),
        check("term_range", "term_months BETWEEN 1 AND 600"),
    )

    number: str = text(20, unique=True)
    bank_id: UUID = link("organisation.id", index=True)
    borrower_id: UUID = link("organisation.id", index=True)
    product: str = text(40)
    amount_fen: int = fen()
    term_months: int
    purpose: str = text(500)
    region_code: str = text(6)
    catalogue_edition: str | None = text(10, nullable=True)
    catalogue_code: str | None = text(20, nullable=True)
    green_evidence: str = text(500, default="")
    repayment_source: str = text(500, default="")
    credit_consent: bool = Field(default=False, nullable=False)
    """Written consent to query the credit bureau."""
    rate_ppm: int | None = None
    """A fixed rate as proposed; of a floating one, what it was on the day of the investigation."""
    lpr_tenor: LprTenor | None = choice(LprTenor, "lpr_tenor", nullable=True, checked=False)
    lpr_bp: int | None = None
    reset_rule: ResetRule | None = choice(ResetRule, "reset_rule", nullable=True, checked=False)
    grace_principal: int | None = None
    method: str = text(40, default="")
    financial_difficulty: bool | None = None
    state: ApplicationState = choice(ApplicationState, "state")
    officer_id: UUID | None = None
    approved_fen: int | None = fen(nullable=True)
    approved_until: date | None = None
    conditions: str = text(1000, default="")
    loan_id: UUID | None = link("loan.id", nullable=True)
    due_on: date | None = None
    """By when the present step should be taken."""
    submitted_on: date | None = None
    created_by_id: UUID
    created_for_id: UUID = link("organisation.id")
    """The organisation for which the draft was opened: the borrower, or the bank on its behalf."""
    created_at: datetime


class PoolLine(Table, table=True):
    """An asset offered in an application, with the amount it shall secure."""

    __tablename__ = "application_pool_line"
    __table_args__ = (
        sa.UniqueConstraint("application_id", "asset_id"),
        check("secured_positive", "secured_fen > 0"),
    )

    application_id: UUID = link("application.id", index=True)
    seq: int
    """The order in which the assets were named."""
    asset_id: UUID = link("asset.id")
    security: SecurityKind = choice(SecurityKind, "security")
    secured_fen: int = fen()


class ProposedGuarantee(Table, table=True):
    """A guarantee offered in an application."""

    __tablename__ = "application_guarantee"
    __table_args__ = (check("covered_positive", "covered_fen > 0"),)

    application_id: UUID = link("application.id", index=True)
    seq: int
    guarantor_id: UUID = link("organisation.id")
    covered_fen: int = fen()


class ApplicationDocument(Table, table=True):
    """An evidence file of an application."""

    __tablename__ = "application_document"
    __table_args__ = (sa.UniqueConstraint("application_id", "document_id"),)

    application_id: UUID = link("application.id", index=True)
    document_id: UUID = link("document.id")
    title: str = text(120)
    added_by_id: UUID
    added_for_id: UUID = link("organisation.id")
    added_at: datetime


class ApplicationAct(Table, table=True):
    """One step of the file: who did what when, with the opinion given. Never edited."""

    __tablename__ = "application_act"
    __table_args__ = (sa.UniqueConstraint("application_id", "seq"),)

    application_id: UUID = link("application.id", index=True)
    seq: int
    event: ApplicationEvent = choice(ApplicationEvent, "event")
    before: ApplicationState = choice(ApplicationState, "before")
    after: ApplicationState = choice(ApplicationState, "after")
    person_id: UUID
    organisation_id: UUID
    opinion: str = text(2000, default="")
    facts: dict[str, Any] = json_column()
    at: datetime
    on: date
    """The day of the bank's lending: its open business day, however late the clock."""


class Drawdown(Versioned, table=True):
    """A request to draw: checked by one person, posted by another, neither of them the one who asked."""

    __tablename__ = "drawdown"
    __table_args__ = (
        check("amount_positive", "amount_fen > 0"),
        check("duties_apart", "checked_by_id IS NULL OR checked_by_id <> requested_by_id"),
        check(
            "posting_apart",
            "posted_by_id IS NULL OR (posted_by_id <> checked_by_id AND posted_by_id <> requested_by_id)",
        ),
        check("posted_has_note", "(state = 'posted') = (note_id IS NOT NULL)"),
        one_of("uq_drawdown_waiting_loan", ("loan_id",), where="state IN ('requested', 'checked')"),
    )

    number: str = text(20, unique=True)
    loan_id: UUID = link("loan.id", index=True)
    bank_id: UUID = link("organisation.id", index=True)
    amount_fen: int = fen()
    payee: str = text(120)
    payment: Payment = choice(Payment, "payment")
    state: DrawdownState = choice(DrawdownState, "state")
    requested_by_id: UUID
    checked_by_id: UUID | None = None
    posted_by_id: UUID | None = None
    conditions_evidence: str = text(1000, default="")
    search_number: str = text(60, default="")
    """Of the search certificate made after the last registration."""
    searched_on: date | None = None
    checks: list[dict[str, Any]] = json_column()
    """What the last look at the conditions found."""
    note: str = text(500, default="")
    note_id: UUID | None = link("loan_note.id", nullable=True)
    created_at: datetime
