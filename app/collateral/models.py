"""Tables of the collateral room."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.collateral.domain.states import (
    CallState,
    Level,
    PledgeState,
    RecognitionReason,
    RegistrationKind,
    SecurityKind,
)
from app.db.base import Table, Versioned, check, one_of
from app.db.types import FEN_RANGE, choice, fen, link, text
from app.loans.domain.states import LtvBasis


class RecognisedValue(SQLModel, table=True):
    """What a bank recognises for an asset now; null once no valid appraisal stands behind it."""

    __tablename__ = "recognised_value"
    __table_args__ = (
        check("recognised_range", f"recognised_fen IS NULL OR recognised_fen {FEN_RANGE}"),
    )

    bank_id: UUID = link("organisation.id", primary_key=True)
    asset_id: UUID = link("asset.id", primary_key=True)
    recognised_fen: int | None = fen(nullable=True)
    recognised_on: date
    version: int = Field(default=1, nullable=False)


class Recognition(Table, table=True):
    """One change of a recognised value, kept for ever: by confirmation of an officer, or down with the value."""

    __tablename__ = "recognition"
    __table_args__ = (sa.UniqueConstraint("bank_id", "asset_id", "seq"),)

    bank_id: UUID = link("organisation.id")
    asset_id: UUID = link("asset.id")
    seq: int
    """The version that the recognised value took with this change."""
    on: date
    at: datetime
    reason: RecognitionReason = choice(RecognitionReason, "reason")
    before_fen: int | None = fen(nullable=True)
    after_fen: int | None = fen(nullable=True)
    current_fen: int | None = fen(nullable=True)
    person_id: UUID
    note: str = text(500, default="")


class AssetLien(SQLModel, table=True):
    """The lien ledger: what all active pledges of an asset secure together. Values may later fall below it."""

    __tablename__ = "asset_lien"
    __table_args__ = (check("secured_not_negative", "secured_fen >= 0"),)

    asset_id: UUID = link("asset.id", primary_key=True)
    secured_fen: int = fen(default=0)


class Pledge(Versioned, table=True):
    """A pledge or mortgage of one asset for one loan, with the values it relied on at contract."""

    __tablename__ = "pledge"
    __table_args__ = (
        check("secured_positive", "secured_fen > 0"),
        check("relied_covers", "secured_fen <= relied_current_fen"),
        check("rank_positive", "rank >= 1"),
        one_of(
            "uq_pledge_active_asset_loan",
            ("asset_id", "loan_id"),
            where="state IN ('contracted', 'registered')",
        ),
        one_of(
            "uq_pledge_active_rank",
            ("asset_id", "rank"),
            where="state IN ('contracted', 'registered')",
        ),
        one_of("uq_pledge_carries", ("carries_id",), where="carries_id IS NOT NULL"),
    )

    number: str = text(20, unique=True)
    loan_id: UUID = link("loan.id", index=True)
    asset_id: UUID = link("asset.id", index=True)
    bank_id: UUID = link("organisation.id", index=True)
    security: SecurityKind = choice(SecurityKind, "security")
    rank: int = Field(default=1, nullable=False)
    secured_fen: int = fen()
    cap_ppm: int
    relied_current_fen: int = fen()
    relied_recognised_fen: int = fen()
    relied_valid_until: date
    state: PledgeState = choice(PledgeState, "state")
    contracted_on: date
    released_on: date | None = None
    created_at: datetime
    carries_id: UUID | None = None
    """The security of the renewed loan that goes on in this one."""


class Registration(Table, table=True):
    """An act of a registry for a pledge or mortgage: number, day, term."""

    __tablename__ = "registration"
    __table_args__ = (sa.UniqueConstraint("registry_code", "number"),)

    pledge_id: UUID = link("pledge.id", index=True)
    kind: RegistrationKind = choice(RegistrationKind, "kind")
    registry_code: str = text(40)
    number: str = text(60)
    registered_on: date
    expires_on: date | None = Field(default=None, index=True)
    person_id: UUID
    created_at: datetime


class Guarantee(Table, table=True):
    """A guarantee of part of a loan; shown on its own line, never inside the value of assets."""

    __tablename__ = "guarantee"
    __table_args__ = (check("covered_positive", "covered_fen > 0"),)

    loan_id: UUID = link("loan.id", index=True)
    guarantor_id: UUID = link("organisation.id")
    covered_fen: int = fen()
    share_ppm: int
    contracted_on: date
    released_on: date | None = None


class LoanCover(SQLModel, table=True):
    """The latest observation of a loan's cover; hot, rewritten by the watch."""

    __tablename__ = "loan_cover"

    loan_id: UUID = link("loan.id", primary_key=True)
    seen_version: int = Field(default=0, nullable=False)
    observed_on: date
    principal_fen: int = fen()
    exposure_fen: int = fen()
    recognised_fen: int | None = fen(nullable=True)
    lendable_fen: int = fen(default=0)
    guaranteed_fen: int = fen(default=0)
    ltv_ppm: int | None = Field(default=None, sa_type=sa.BigInteger)
    risk_ltv_ppm: int | None = Field(default=None, sa_type=sa.BigInteger)
    level: Level = choice(Level, "level")
    breach_call_id: UUID | None = link("margin_call.id", nullable=True)
    """The case that answered the present breach, also after it ended without cure; null once no line is crossed."""


class LtvObservation(Table, table=True):
    """One observation that differed from the one before: the history behind the chart of a loan.

    The rows of one look of the watch share `watch_id`; the audit journal keeps their digest.
    """

    __tablename__ = "ltv_observation"
    __table_args__ = (sa.Index("ix_ltv_observation_loan", "loan_id", "on"),)

    loan_id: UUID = link("loan.id")
    watch_id: UUID
    on: date
    at: datetime
    principal_fen: int = fen()
    exposure_fen: int = fen()
    recognised_fen: int | None = fen(nullable=True)
    lendable_fen: int = fen(default=0)
    ltv_ppm: int | None = Field(default=None, sa_type=sa.BigInteger)
    risk_ltv_ppm: int | None = Field(default=None, sa_type=sa.BigInteger)
    level: Level = choice(Level, "level")


class MarginCall(Versioned, table=True):
    """A top-up case of a loan: warning, review, notice, service, cure. At most one is open for a loan."""

    __tablename__ = "margin_call"
    __table_args__ = (
        one_of(
            "uq_margin_call_open_loan",
            ("loan_id",),
            where="state IN ('open', 'reviewed', 'issued', 'served')",
        ),
        check("repay_not_negative", "repay_fen >= 0"),
        check("add_not_negative", "add_recognised_fen >= 0"),
    )

    number: str = text(20, unique=True)
    loan_id: UUID = link("loan.id", index=True)
    bank_id: UUID = link("organisation.id", index=True)
    state: CallState = choice(CallState, "state")
    level: Level = choice(Level, "level")
    basis: LtvBasis = choice(LtvBasis, "basis")
    opened_on: date
    measured_on: date
    """The day of the figures below: today's until the notice is issued, then that of the notice."""
    exposure_fen: int = fen()
    recognised_fen: int | None = fen(nullable=True)
    ratio_ppm: int | None = Field(default=None, sa_type=sa.BigInteger)
    line_ppm: int
    target_ppm: int
    repay_fen: int = fen()
    add_recognised_fen: int = fen()
    reviewer_id: UUID | None = None
    review_note: str = text(500, default="")
    issuer_id: UUID | None = None
    issued_on: date | None = None
    due_on: date | None = None
    notice_id: UUID | None = None
    served_on: date | None = None
    served_to: str = text(80, default="")
    service_method: str = text(40, default="")
    service_document_id: UUID | None = None
    closed_on: date | None = None
    closing_note: str = text(500, default="")
    created_at: datetime
